//! Blind counts, the second look, the third signature, and the way of what has run out.

use accounts::{
    Account,
    costing::{self, Booking, Goods},
    journal,
};
use axum::http::StatusCode;
use edge::Sites;
use kernel::{AdjustmentId, Currency, LotId, Money, Quantity, WriteOffId};
use ledger::PlaceKind;
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};
use store::{Tx, testing::both};
use warehouse::{
    counting::{self, Adjustment, AdjustmentReason, AdjustmentState, Approval, Authority, CountingRefusal, WriteOff},
    stock::{AuditVerdict, OpenedStock},
};

use crate::shop::{MIGRATIONS, Shop};

/// A sound lot on the shelf, in the books at what it cost.
async fn booked(shop: &Shop, sku: &catalog::Sku, bin: &str, quantity: Quantity, use_by: &str) -> OpenedStock {
    let opened = shop.stock(sku, bin, quantity, use_by).await;
    let (stamp, goods) = (shop.stamp("lead"), Goods { sku: opened.sku, lot: opened.lot, cost: opened.value });
    let booking = Booking { site: shop.site, currency: Currency::Twd, cause: accounts::Cause::of(opened.opening) };
    shop.app
        .db
        .write(async move |tx: &mut Tx| costing::goods_opened(tx, &stamp.again(), booking, &[goods]).await)
        .await
        .unwrap();
    opened
}

async fn sheet(shop: &Shop, bins: &[&str]) -> Value {
    let mut places = Vec::new();
    for bin in bins {
        places.push(shop.place(PlaceKind::Bin, bin).await);
    }
    let (status, sheet) = shop.post("lead", "/count-sheets", json!({ "site": shop.site, "places": places })).await;
    assert_eq!(status, StatusCode::CREATED, "{sheet}");
    sheet
}

async fn count(shop: &Shop, who: &str, sheet: &Value, lot: &OpenedStock, quantity: Value) -> (StatusCode, Value) {
    let path = format!("/count-sheets/{}/counts", sheet["id"].as_str().unwrap());
    let entry = json!({ "place": lot.place, "lot_code": lot.lot_code, "quantity": quantity });
    shop.post(who, &path, json!({ "counts": [entry] })).await
}

async fn proposed(shop: &Shop) -> Vec<Value> {
    let (status, page) = shop.get("lead", &format!("/adjustments?site={}", shop.site)).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    page["items"].as_array().unwrap().clone()
}

async fn approve(
    shop: &Shop,
    who: &str,
    authority: Authority,
    adjustment: &Value,
    reason: AdjustmentReason,
) -> Result<Adjustment, CountingRefusal> {
    let id: AdjustmentId = adjustment["id"].as_str().unwrap().parse().unwrap();
    let stamp = shop.stamp(who);
    let approval = Approval { reason, because: None };
    shop.app
        .db
        .write(async move |tx: &mut Tx| {
            counting::approve(tx, &stamp.again(), &Sites::All, authority, id, &approval).await
        })
        .await
}

async fn witness(shop: &Shop, who: &str, authority: Authority, write_off: &Value) -> Result<WriteOff, CountingRefusal> {
    let id: WriteOffId = write_off["id"].as_str().unwrap().parse().unwrap();
    let stamp = shop.stamp(who);
    shop.app
        .db
        .write(async move |tx: &mut Tx| counting::witness(tx, &stamp.again(), &Sites::All, authority, id).await)
        .await
}

async fn worth(shop: &Shop, lot: LotId) -> Money {
    shop.app.db.read(async move |tx: &mut Tx| journal::value_of_lot(tx, lot).await).await.unwrap()
}

async fn balance_of(shop: &Shop, account: Account) -> Money {
    let (site, day) = (shop.site, crate::shop::date("2026-03-28"));
    let lines = shop
        .app
        .db
        .read(async move |tx: &mut Tx| journal::trial_balance(tx, site, day, crate::shop::date("2026-04-30")).await)
        .await
        .unwrap();
    lines.iter().find(|line| line.account == account.code()).map_or(Money::ZERO, |line| line.balance)
}

#[tokio::test]
async fn a_missing_kilogram_is_counted_twice_and_signed_by_a_third() {
    for db in both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        let spinach = booked(&shop, &shop.spinach, "C-01", Quantity::grams(10_000), "2026-04-02").await;
        let eggs = booked(&shop, &shop.eggs, "A-01", Quantity::pieces(30), "2026-04-20").await;
        let sheet = sheet(&shop, &["C-01", "A-01"]).await;
        assert!(!sheet.to_string().contains("10000"), "the sheet is blind: {sheet}");
        let (status, _) =
            shop.get("counter", &format!("/count-sheets/{}/variances", sheet["id"].as_str().unwrap())).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "who counts does not see the book");

        let (_, after) = count(&shop, "counter", &sheet, &spinach, json!({ "grams": 9_000 })).await;
        let of = |sheet: &Value, lot: &OpenedStock| {
            let lines = sheet["lines"].as_array().unwrap().clone();
            lines.into_iter().find(|line| line["lot"] == json!(lot.lot)).unwrap()["state"].clone()
        };
        assert_eq!(of(&after, &spinach), "recount", "{after}");
        let (_, refused) = count(&shop, "counter", &sheet, &spinach, json!({ "grams": 9_000 })).await;
        assert_eq!(refused["code"], "counting/own-recount");
        let path = format!("/count-sheets/{}/close", sheet["id"].as_str().unwrap());
        let (_, refused) = shop.post("lead", &path, json!({})).await;
        assert_eq!(refused["code"], "counting/not-all-counted");
        let (_, after) = count(&shop, "other counter", &sheet, &spinach, json!({ "grams": 9_010 })).await;
        assert_eq!(of(&after, &spinach), "differs");
        let (_, after) = count(&shop, "other counter", &sheet, &eggs, json!({ "pieces": 30 })).await;
        assert_eq!(of(&after, &eggs), "agreed");
        let (status, _) = shop.post("lead", &path, json!({})).await;
        assert_eq!(status, StatusCode::OK);

        let proposed = proposed(&shop).await;
        assert_eq!(proposed.len(), 1);
        assert_eq!((&proposed[0]["variance"]["grams"], &proposed[0]["value"]), (&json!(-990), &json!(79)));
        for own in ["counter", "other counter"] {
            let refused = approve(&shop, own, Authority::Lead, &proposed[0], AdjustmentReason::Count).await;
            assert!(matches!(refused, Err(CountingRefusal::OwnCount)), "{own} has counted");
        }
        let posted = approve(&shop, "lead", Authority::Lead, &proposed[0], AdjustmentReason::Spoilage).await.unwrap();

        assert_eq!((posted.state, posted.value), (AdjustmentState::Posted, Money(79)));
        assert!(posted.entry.is_some());
        assert_eq!(shop.held(spinach.lot, spinach.place).await, Quantity::grams(9_010));
        assert_eq!(worth(&shop, spinach.lot).await, Money(800 - 79));
        assert_eq!(balance_of(&shop, Account::Waste(accounts::WasteCause::Spoilage)).await, Money(79));
        let again = approve(&shop, "lead", Authority::Lead, &proposed[0], AdjustmentReason::Count).await;
        assert!(matches!(again, Err(CountingRefusal::AdjustmentIs { .. })));
        assert_eq!(shop.audit().await.verdict, AuditVerdict::Clean);
        let (status, shrink) =
            shop.get("lead", &format!("/shrink?site={}&from=2026-03-28&to=2026-03-28", shop.site)).await;
        assert_eq!(status, StatusCode::OK, "{shrink}");
        assert_eq!((&shrink["total"], &shrink["goods"][0]["reason"]), (&json!(79), &json!("spoilage")));
        assert_eq!(shrink["goods"][0]["quantity"]["grams"], 990);
    }
}

#[tokio::test]
async fn what_moves_while_it_is_counted_does_not_spoil_the_count() {
    for db in both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        let spinach = booked(&shop, &shop.spinach, "C-01", Quantity::grams(10_000), "2026-04-02").await;
        let sheet = sheet(&shop, &["C-01"]).await;
        let counted_at = shop.now();
        shop.app.clock.advance_to(shop.now().plus_minutes(5));
        let order = shop.claimed(&[(shop.spinach.id, Quantity::grams(2_000))]).await;
        let task = shop.tasks(&order).await.remove(0);
        let (status, body) = shop.pick(&task, "T001", crate::shop::grams(2_000)).await;
        assert_eq!(status, StatusCode::OK, "{body}");

        let path = format!("/count-sheets/{}/counts", sheet["id"].as_str().unwrap());
        let entry = json!({ "place": spinach.place, "lot_code": spinach.lot_code,
                            "quantity": { "grams": 10_000 }, "counted_at": counted_at });
        let (status, after) = shop.post("counter", &path, json!({ "counts": [entry] })).await;

        assert_eq!((status, &after["lines"][0]["state"]), (StatusCode::OK, &json!("agreed")), "{after}");
        let early = json!({ "place": spinach.place, "lot_code": spinach.lot_code,
                            "quantity": { "grams": 1 }, "counted_at": counted_at.plus_minutes(-60) });
        let (_, refused) = shop.post("counter", &path, json!({ "counts": [early] })).await;
        assert_eq!(refused["code"], "counting/counted-outside");
    }
}

#[tokio::test]
async fn a_dear_difference_is_signed_by_finance_and_a_find_has_no_other_cause() {
    for db in both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        let cod = booked(&shop, &shop.cod, "C-02", Quantity::weighing(30, 24_000), "2026-04-02").await;
        let dumplings = booked(&shop, &shop.dumplings, "F-01", Quantity::pieces(10), "2026-09-02").await;
        let sheet = sheet(&shop, &["C-02", "F-01"]).await;
        for who in ["counter", "other counter"] {
            count(&shop, who, &sheet, &cod, json!({ "pieces": 12, "grams": 9_700 })).await;
            count(&shop, who, &sheet, &dumplings, json!({ "pieces": 11 })).await;
        }
        let proposed = proposed(&shop).await;
        let of = |lot: LotId| proposed.iter().find(|found| found["lot"] == json!(lot)).unwrap();

        let refused = approve(&shop, "lead", Authority::Lead, of(cod.lot), AdjustmentReason::Theft).await;
        assert!(matches!(refused, Err(CountingRefusal::FinanceNeeded { .. })), "{refused:?}");
        let posted = approve(&shop, "finance", Authority::Finance, of(cod.lot), AdjustmentReason::Theft).await.unwrap();
        assert_eq!(posted.value, Money(1_144), "14.3 kg at 80");
        assert_eq!(shop.held(cod.lot, cod.place).await.pieces, Some(12));
        assert_eq!(shop.held(cod.lot, cod.place).await.grams, Some(9_700));

        let refused = approve(&shop, "lead", Authority::Lead, of(dumplings.lot), AdjustmentReason::Damage).await;
        assert!(matches!(refused, Err(CountingRefusal::ReasonUnsuited { .. })));
        approve(&shop, "lead", Authority::Lead, of(dumplings.lot), AdjustmentReason::Count).await.unwrap();
        assert_eq!(shop.held(dumplings.lot, dumplings.place).await.pieces, Some(11));
        assert_eq!(worth(&shop, dumplings.lot).await, Money(220));
        assert_eq!(shop.audit().await.verdict, AuditVerdict::Clean);
    }
}

#[tokio::test]
async fn what_has_run_out_is_found_and_thrown_away_before_a_witness() {
    for db in both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        let spinach = booked(&shop, &shop.spinach, "C-01", Quantity::grams(3_000), "2026-03-28").await;
        shop.app.clock.advance_to(shop.now().plus_minutes(24 * 60));
        let (site, stamp) = (shop.site, shop.stamp("lead"));
        shop.app
            .db
            .write(async move |tx: &mut Tx| {
                let stamp = stamp.again();
                let expired = ledger::expire_lots(tx, &stamp, stamp.at).await?;
                counting::propose_expired(tx, &stamp, &expired).await?;
                let site = catalog::site(tx, site).await?;
                let swept = counting::sweep_of_the_day(tx, &stamp, &site).await?.unwrap();
                assert_eq!((swept.lots, swept.write_offs), (1, 0), "proposed the minute it ran out");
                assert_eq!(counting::sweep_of_the_day(tx, &stamp, &site).await?, None, "once a day");
                Ok::<_, CountingRefusal>(())
            })
            .await
            .unwrap();

        let (_, page) = shop.get("counter", &format!("/write-offs?site={}", shop.site)).await;
        let write_off = page["items"][0].clone();
        assert_eq!((&write_off["reason"], &write_off["quantity"]["grams"]), (&json!("expiry"), &json!(3_000)));
        let path = format!("/write-offs/{}/weigh", write_off["id"].as_str().unwrap());
        let weigh = |grams: i64| json!({ "quantity": { "grams": grams }, "device": "SC-1" });
        let (status, _) = shop.post("lead", &path, weigh(3_000)).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "who signs does not weigh");
        let (_, refused) = shop.post("counter", &path, weigh(3_001)).await;
        assert_eq!(refused["code"], "counting/more-than-there");
        let unweighed = witness(&shop, "lead", Authority::Lead, &write_off).await;
        assert!(matches!(unweighed, Err(CountingRefusal::WriteOffIs { .. })));
        let (status, body) = shop.post("counter", &path, weigh(3_000)).await;
        assert_eq!((status, &body["state"]), (StatusCode::OK, &json!("weighed")), "{body}");
        let own = witness(&shop, "counter", Authority::Lead, &write_off).await;
        assert!(matches!(own, Err(CountingRefusal::OwnCount)));
        let disposed = witness(&shop, "lead", Authority::Lead, &write_off).await.unwrap();

        assert_eq!(disposed.value, Some(Money(240)));
        assert!(shop.held(spinach.lot, spinach.place).await.is_nothing());
        assert_eq!(worth(&shop, spinach.lot).await, Money::ZERO, "the last gram takes the last coin");
        assert_eq!(balance_of(&shop, Account::Waste(accounts::WasteCause::Expiry)).await, Money(240));
        let (_, sweeps) = shop.get("lead", &format!("/expiry-sweeps?site={}", shop.site)).await;
        assert_eq!(sweeps["items"][0]["lots"], 1);
        assert_eq!(shop.audit().await.verdict, AuditVerdict::Clean);
    }
}

/// Whatever is counted, the shelf then holds what the second count said, and neither a gram nor a coin has gone
/// anywhere but to the adjustment and to waste.
#[test]
fn a_signed_count_is_what_lies_there_to_the_gram_and_the_coin() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut runner = TestRunner::new(ProptestConfig { cases: 10, ..ProptestConfig::default() });
    let counts = proptest::collection::vec((0..14_000_i64, 0..40_i64, 300..1_500_i64, 0..25_i64), 1..4);
    runner
        .run(&counts, |counts| {
            runtime.block_on(counted_and_signed(&counts));
            Ok(())
        })
        .unwrap();
}

async fn counted_and_signed(rounds: &[(i64, i64, i64, i64)]) {
    for db in both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        let spinach = booked(&shop, &shop.spinach, "C-01", Quantity::grams(10_000), "2026-04-02").await;
        let eggs = booked(&shop, &shop.eggs, "A-01", Quantity::pieces(20), "2026-04-20").await;
        let cod = booked(&shop, &shop.cod, "C-02", Quantity::weighing(12, 9_600), "2026-04-02").await;
        for (grams, pieces, each, fish) in rounds {
            let sheet = sheet(&shop, &["C-01", "A-01", "C-02"]).await;
            for who in ["counter", "other counter"] {
                for (lot, quantity) in [
                    (&spinach, json!({ "grams": grams })),
                    (&eggs, json!({ "pieces": pieces })),
                    (&cod, json!({ "pieces": fish, "grams": fish * each })),
                ] {
                    // What is agreed after the first look is not counted again.
                    count(&shop, who, &sheet, lot, quantity).await;
                }
            }
            for adjustment in proposed(&shop).await {
                approve(&shop, "finance", Authority::Finance, &adjustment, AdjustmentReason::Count).await.unwrap();
            }
            let path = format!("/count-sheets/{}/close", sheet["id"].as_str().unwrap());
            let (status, body) = shop.post("lead", &path, json!({})).await;
            assert_eq!(status, StatusCode::OK, "{body}");
            assert_eq!(shop.held(spinach.lot, spinach.place).await.grams_or_zero(), *grams);
            assert_eq!(shop.held(eggs.lot, eggs.place).await.pieces_or_zero(), *pieces);
            let held = shop.held(cod.lot, cod.place).await;
            assert_eq!((held.pieces_or_zero(), held.grams_or_zero()), (*fish, fish * each));
            assert_eq!(shop.audit().await.verdict, AuditVerdict::Clean);
        }
        let mut stock = Money::ZERO;
        for lot in [&spinach, &eggs, &cod] {
            let worth = worth(&shop, lot.lot).await;
            assert!(worth >= Money::ZERO, "no lot owes money");
            stock += worth;
        }
        let lost = balance_of(&shop, Account::Waste(accounts::WasteCause::Unexplained)).await;
        let opened = [&spinach, &eggs, &cod].into_iter().map(|lot| lot.value).sum::<Money>();
        assert_eq!(stock + lost, opened, "every coin is in stock or in waste");
        for lot in [&spinach, &eggs, &cod] {
            let id = lot.lot;
            let trace = shop.app.db.read(async move |tx: &mut Tx| ledger::forward(tx, id).await).await.unwrap();
            assert!(trace.lots.iter().all(|traced| traced.mass.holds()), "{:?}", trace.lots[0].mass);
        }
    }
}
