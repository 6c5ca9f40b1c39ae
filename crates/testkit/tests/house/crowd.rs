//! 3.2-3: two hundred customers, fifty boxes, and a wire between them: fifty are sold, whoever is first.

use std::collections::BTreeMap;

use serde_json::json;
use store::testing;
use testkit::{Login, Opening, Shop};

const CUSTOMERS: u32 = 200;
const BOXES: i64 = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_customers_buy_exactly_fifty_boxes_on_sqlite() {
    fifty_are_sold(testing::sqlite_room()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_customers_buy_exactly_fifty_boxes_on_postgres() {
    let Some(room) = testing::postgres_room().await else { return };
    fifty_are_sold(room).await;
}

async fn fifty_are_sold(room: testing::Room) {
    let shop = Shop::open(room, Opening { sites: 1, ..Opening::default() }).await;
    let site = shop.sites().await.remove(0);
    let eggs = shop.sku("EGGS").await["id"].clone();
    shop.stock(&site, "EGGS", json!({ "pieces": BOXES })).await;
    shop.stock(&site, "RICE", json!({ "pieces": 10 * CUSTOMERS })).await;
    let rice = shop.sku("RICE").await["id"].clone();
    let window = shop.window(&site, 18, 20, i64::from(CUSTOMERS)).await;
    let mut residents = Vec::new();
    for nth in 0..CUSTOMERS {
        // So many sign-ins from one address within the hour would look like somebody who guesses.
        if nth % 100 == 99 {
            shop.go_to(shop.now().await.plus_minutes(61)).await;
        }
        residents.push(shop.resident(&site, nth).await);
    }
    let address = shop.listen().await;
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");

    let mut orders = tokio::task::JoinSet::new();
    for (nth, resident) in residents.into_iter().enumerate() {
        let order = json!({
            "address": resident.address, "payment_token": "sim:ok",
            "window": { "start": window.start, "end": window.end },
            "lines": [
                { "sku": eggs, "quantity": { "pieces": 1 } },
                { "sku": rice, "quantity": { "pieces": 2 } },
            ],
        });
        let Login::Session { cookie, csrf } = resident.login else { panic!("a customer has a session") };
        let request =
            client.post(format!("{address}/api/orders")).header("cookie", cookie).header("x-csrf-token", csrf);
        let request = request.header("idempotency-key", format!("crowd-{nth:06}")).json(&order);
        orders.spawn(async move {
            let answer = request.send().await.expect("an answer");
            let status = answer.status().as_u16();
            let body: serde_json::Value = answer.json().await.expect("JSON");
            let word = if status == 201 { &body["state"] } else { &body["code"] };
            (status, word.as_str().unwrap_or_default().to_owned())
        });
    }
    let mut answers: BTreeMap<(u16, String), i64> = BTreeMap::new();
    while let Some(answer) = orders.join_next().await {
        *answers.entry(answer.expect("no panic")).or_default() += 1;
    }

    let sold = BTreeMap::from([
        ((201, "accepted".to_owned()), BOXES),
        ((409, "allocation/short-stock".to_owned()), i64::from(CUSTOMERS) - BOXES),
    ]);
    assert_eq!(answers, sold);
    let manager = shop.staff("manager").await;
    let path = format!(
        "/api/stock/availability?site={}&sku={}&deliver_by={}",
        site.id,
        eggs.as_str().unwrap_or_default(),
        window.end
    );
    let left = shop.get(&manager, &path).await.ok();
    assert_eq!(left["available"]["pieces"], 0, "{left}");
    let findings = auditor::audit(&shop.database()).await.expect("an audit");
    assert!(findings.is_clean(), "{:?}", findings.laws);
}
