//! A thousand rows (twenty thousand when asked) with 37 bad ones: every one is named and nothing is written; put right,
//! all are taken.

use std::time::Instant as Stopwatch;

use identity::Role;
use serde_json::Value;

use crate::{
    generator::{self, CUSTOMER_FAULTS, ORDER_FAULTS, PRODUCT_FAULTS, QUOTE_FAULTS, SALES_FAULTS, STOCK_FAULTS, Sheet},
    shop::{Answer, Shop, shops},
};

const BAD: usize = 37;

/// Sends the spoiled file in both formats, then the good one, then the good one again.
async fn spoiled_then_right(shop: &Shop, role: Role, kind: &str, good: &Sheet, faults: &[(&str, &str, &str)]) -> Value {
    let path = format!("/imports/{kind}");
    let mut bad = good.clone();
    let expected = bad.spoil(BAD, faults);
    let before = shop.told("file_imported").await;
    for (format, file) in [("csv", bad.csv()), ("xlsx", bad.xlsx())] {
        let watch = Stopwatch::now();
        let refused = shop.send(role, &path, &file).await;
        eprintln!("{kind} {format}: {BAD} bad of {} rows named in {:.1} s", good.len(), watch.elapsed().as_secs_f32());
        names_exactly(&refused, &expected);
    }
    assert_eq!(shop.told("file_imported").await, before, "nothing was written");

    let watch = Stopwatch::now();
    let rehearsed = shop.send(role, &format!("{path}?dry_run=true"), &good.xlsx()).await.ok();
    assert_eq!(rehearsed["keeping"], "rehearsed");
    assert_eq!(shop.told("file_imported").await, before, "a trial run writes nothing");
    let taken = shop.send(role, &path, &good.xlsx()).await.ok();
    eprintln!("{kind}: {} rows tried and taken in {:.1} s", good.len(), watch.elapsed().as_secs_f32());
    assert_eq!(taken["keeping"], "kept");
    assert_eq!((&taken["rows"], &taken["created"]), (&rehearsed["rows"], &rehearsed["created"]));

    let again = shop.send(role, &path, &good.csv()).await.ok();
    assert_eq!((&again["created"], &again["changed"]), (&Value::from(0), &Value::from(0)), "{again}");
    assert_eq!(again["same"], taken["created"]);
    taken
}

/// Every spoiled row by its column and its reason, and no other row.
fn names_exactly(refused: &Answer, expected: &[String]) {
    assert_eq!(refused.code(), "imports/bad-rows", "{}", String::from_utf8_lossy(&refused.bytes));
    let told = refused.faults();
    for fault in expected {
        assert!(told.contains(fault), "{fault} is not among {told:#?}");
    }
    let rows: std::collections::BTreeSet<&str> =
        told.iter().map(|fault| fault.split(['/', ' ']).nth(1).unwrap()).collect();
    assert_eq!(rows.len(), BAD, "{told:#?}");
    assert_eq!(refused.json()["params"]["bad"], BAD.to_string());
}

/// One shop moves in by file: its products, its customers, what it sold, what markets ask, its shelves, its orders.
#[tokio::test(flavor = "multi_thread")]
async fn a_shop_moves_in_with_large_files_of_each_kind() {
    for shop in shops().await {
        let rows = shop.many;
        let products = generator::products(rows);
        let taken = spoiled_then_right(&shop, Role::OperationsManager, "products", &products, PRODUCT_FAULTS).await;
        assert_eq!(taken["created"], rows);
        let customers = generator::customers(rows);
        let taken = spoiled_then_right(&shop, Role::OrderDesk, "customers", &customers, CUSTOMER_FAULTS).await;
        assert_eq!(taken["created"], rows);
        // Some weeks of some products; odd, so that no two spoiled rows speak of one product on one day.
        let sellers = (rows / 25) | 1;
        let sales = generator::sales(rows, sellers);
        let taken = spoiled_then_right(&shop, Role::Buyer, "sales", &sales, SALES_FAULTS).await;
        assert_eq!(taken["created"], rows);
        let quotes = generator::quotes(rows, sellers);
        let taken = spoiled_then_right(&shop, Role::Buyer, "quotes", &quotes, QUOTE_FAULTS).await;
        assert_eq!(taken["created"], rows);
        let stock = generator::stock(rows);
        let taken = spoiled_then_right(&shop, Role::OperationsManager, "stock", &stock, STOCK_FAULTS).await;
        assert_eq!(taken["created"], rows);
        let orders = generator::orders(rows, rows, rows);
        let taken = spoiled_then_right(&shop, Role::OrderDesk, "orders", &orders, ORDER_FAULTS).await;
        assert_eq!(taken["created"], rows / 4);

        let run = taken["run"].as_str().unwrap();
        let rows = shop.get(Role::OrderDesk, &format!("/imports/{run}/rows?limit=1")).await.ok();
        assert_eq!(rows["items"][0]["key"], "WEB-00000");
    }
}
