//! The stock desk: what is there, what is stopped, what is traced.

use axum::http::StatusCode;
use kernel::Quantity;
use serde_json::json;
use store::testing::both;
use warehouse::stock::AuditVerdict;

use crate::shop::{MIGRATIONS, Shop};

#[tokio::test]
async fn live_stock_tells_pieces_grams_life_and_what_can_be_sold() {
    for db in both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        shop.stock(&shop.spinach, "C-01", Quantity::grams(10_000), "2026-04-02").await;
        let fish = shop.stock(&shop.cod, "C-02", Quantity::weighing(6, 4_900), "2026-03-30").await;
        shop.release(&[(shop.spinach.id, Quantity::grams(500))]).await;

        let (status, page) = shop.get("lead", &format!("/stock?site={}&sku={}", shop.site, shop.spinach.id)).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        let line = &page["items"][0];
        assert_eq!((&line["on_hand"]["grams"], &line["bound"]["grams"]), (&json!(10_000), &json!(500)));
        assert_eq!((&line["sellable"]["grams"], &line["use_by"]), (&json!(9_500), &json!("2026-04-02")));
        assert!(line["life_left_hours"].as_i64().unwrap() > 100);
        let (_, skus) = shop.get("lead", &format!("/stock/skus?site={}", shop.site)).await;
        assert_eq!(skus["items"].as_array().unwrap().len(), 2);

        // The cod is good through the 30th; a day of life at the door makes the 31st too late.
        let ask = |day: &str| {
            format!("/stock/availability?site={}&sku={}&deliver_by={day}T10:00:00Z", shop.site, shop.cod.id)
        };
        let (_, today) = shop.get("lead", &ask("2026-03-28")).await;
        assert_eq!(today["available"]["pieces"], 6);
        let (_, late) = shop.get("lead", &ask("2026-03-30")).await;
        assert_eq!(late["available"]["pieces"], 0);

        let (_, sheet) = shop.get("lead", &format!("/lots/{}", fish.lot)).await;
        assert_eq!((&sheet["lot"]["code"], &sheet["turns"][0]["to"]), (&json!(fish.lot_code), &json!("approved")));
        let (_, found) = shop.get("lead", &format!("/lots/by-code/{}", fish.lot_code)).await;
        assert_eq!(found["lot"]["id"], json!(fish.lot));
        let (_, moves) = shop.get("lead", &format!("/lots/{}/movements", fish.lot)).await;
        assert_eq!(
            (&moves["items"][0]["from_kind"], &moves["items"][0]["to_code"]),
            (&json!("adjustment"), &json!("C-02"))
        );
        assert_eq!(moves["items"][0]["cause_noun"], "stock_opening");
        let (status, _) =
            shop.get("picker", &format!("/stock?site={}&sku={}&lot={}", shop.site, shop.cod.id, fish.lot)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        let (status, _) = shop.get("stranger", &format!("/stock?site={}", shop.site)).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        let (status, _) = shop.get("stranger", &format!("/lots/{}", fish.lot)).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn whoever_blocks_a_lot_does_not_lift_the_block() {
    for db in both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        let lot = shop.stock(&shop.spinach, "C-01", Quantity::grams(10_000), "2026-04-02").await.lot;
        let block = json!({ "flags": ["no_promise", "no_pick"], "reason": "smells odd" });

        let (status, own) = shop.post("inspector", &format!("/lots/{lot}/blocks"), block.clone()).await;
        assert_eq!((status, &own["flags"]), (StatusCode::CREATED, &json!(["no_promise", "no_pick"])));
        let path = format!("/blocks/{}/lift", own["id"].as_str().unwrap());
        let (status, refused) = shop.post("inspector", &path, json!({ "reason": "aired out" })).await;
        assert_eq!((status, &refused["code"]), (StatusCode::CONFLICT, &json!("stock/second-person-needed")));
        let (status, _) = shop.post("lead", &path, json!({ "reason": "aired out" })).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "the lead blocks but does not lift");

        let (_, others) = shop.post("lead", &format!("/lots/{lot}/blocks"), block).await;
        let path = format!("/blocks/{}/lift", others["id"].as_str().unwrap());
        let (status, _) = shop.post("inspector", &path, json!({ "reason": "tasted" })).await;
        assert_eq!(status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_quarantine_is_released_by_another_person() {
    for db in both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        let lot = shop.stock(&shop.spinach, "C-01", Quantity::grams(10_000), "2026-04-02").await.lot;
        let stop = json!({ "to": "quarantined", "reason": "cold room too warm" });

        shop.post("inspector", &format!("/lots/{lot}/state"), stop.clone()).await;
        let path = format!("/lots/{lot}/release");
        let (_, refused) = shop.post("inspector", &path, json!({ "reason": "probe was wrong" })).await;
        assert_eq!(refused["code"], "ledger/second-person-needed");
        let (_, refused) = shop.post("lead", &format!("/lots/{lot}/state"), stop).await;
        assert_eq!(refused["code"], "ledger/no-such-turn", "it is quarantined already");

        let other = shop.stock(&shop.spinach, "C-02", Quantity::grams(10_000), "2026-04-02").await.lot;
        let stop = json!({ "to": "quarantined", "reason": "label torn" });
        shop.post("lead", &format!("/lots/{other}/state"), stop).await;
        let (status, lot) =
            shop.post("inspector", &format!("/lots/{other}/release"), json!({ "reason": "label found" })).await;
        assert_eq!((status, &lot["state"]), (StatusCode::OK, &json!("approved")));
    }
}

#[tokio::test]
async fn bins_are_opened_in_a_zone_and_listed_on_the_way() {
    for db in both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        let (_, bins) = shop.get("lead", &format!("/places?site={}&kind=bin", shop.site)).await;
        let bins = bins["items"].as_array().unwrap().clone();
        assert_eq!((bins.len(), &bins[0]["code"], &bins[0]["class"]), (9, &json!("A-01"), &json!("ambient")));

        let new =
            json!({ "site": shop.site, "kind": "bin", "code": "A-00", "zone": bins[0]["zone"], "pick_sequence": 5 });
        let (status, opened) = shop.post("lead", "/places", new.clone()).await;
        assert_eq!((status, &opened["zone_code"]), (StatusCode::CREATED, &json!("A")), "{opened}");
        let (_, refused) = shop.post("lead", "/places", new).await;
        assert_eq!(refused["code"], "ledger/place-taken");
        let homeless = json!({ "site": shop.site, "kind": "bin", "code": "A-99" });
        let (status, _) = shop.post("lead", "/places", homeless).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);

        let mut seen = Vec::new();
        let mut path = format!("/places?site={}&limit=7", shop.site);
        loop {
            let (_, page) = shop.get("lead", &path).await;
            seen.extend(
                page["items"].as_array().unwrap().iter().map(|place| place["code"].as_str().unwrap().to_owned()),
            );
            let Some(next) = page["next"].as_str() else { break };
            path = format!("/places?site={}&limit=7&after={next}", shop.site);
        }
        assert_eq!(seen.len(), 9 + 1 + 2 + 1 + 9, "bins, lanes, dock and totes");
    }
}

#[tokio::test]
async fn the_audit_finds_a_balance_that_was_tampered_with() {
    for db in both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        let lot = shop.stock(&shop.spinach, "C-01", Quantity::grams(10_000), "2026-04-02").await;
        assert_eq!(shop.audit().await.verdict, AuditVerdict::Clean);

        tamper(&shop, lot.lot).await;
        let found = shop.audit().await;

        assert_eq!((found.verdict, found.balances_differing), (AuditVerdict::Breach, 1));
        assert_eq!(found.examples, [format!("balance C-01 {}", lot.lot_code)]);
        let (_, page) = shop.get("lead", &format!("/stock/audits?site={}", shop.site)).await;
        let verdicts: Vec<_> = page["items"].as_array().unwrap().iter().map(|audit| audit["verdict"].clone()).collect();
        assert_eq!(verdicts, ["breach", "clean"], "latest first");
    }
}

store::sql! {
    TAMPER = "UPDATE balance SET grams = grams - 7, amount = amount - 7 WHERE lot = $1 AND solid = 1";
}

async fn tamper(shop: &Shop, lot: kernel::LotId) {
    let changed = shop.app.db.write(async move |tx: &mut store::Tx| tx.execute(TAMPER, store::args![lot]).await);
    assert_eq!(changed.await.unwrap(), 1);
}
