//! Alarms stop goods, and inspectors decide about them.

use axum::http::StatusCode;
use kernel::{LotId, OrderLineId, Quantity, Stamp};
use ledger::{LotState, ReservationState, Want};
use serde_json::{Value, json};
use store::Tx;

use crate::shop::{Shop, shops};

/// A freezer above −12 °C for 90 minutes, with three lots: one there all the time, one brought in the middle, one in
/// the cold room beside it.
async fn warm_night(shop: &Shop) -> (LotId, LotId, LotId) {
    let probe = shop.probe("F-1", shop.freezer).await;
    let there = shop.stock(&shop.dumplings, "F-01", 20, "2026-12-31").await;
    let beside = shop.stock(&shop.strawberries, "C-01", 20, "2026-04-20").await;
    shop.keep_at(&probe, 30, -190).await;
    shop.keep_at(&probe, 65, -100).await;
    let brought = shop.stock(&shop.dumplings, "F-02", 20, "2026-12-31").await;
    shop.keep_at(&probe, 25, -100).await;
    shop.keep_at(&probe, 30, -190).await;
    (there, brought, beside)
}

async fn acknowledged(shop: &Shop) -> String {
    let id = shop.excursions().await[0]["id"].as_str().unwrap().to_owned();
    shop.done("lead", &format!("/excursions/{id}/acknowledge"), json!({})).await;
    id
}

#[tokio::test]
async fn lots_are_stopped_by_how_long_they_lay_in_the_warm() {
    for shop in shops().await {
        let probe = shop.probe("F-1", shop.freezer).await;
        let there = shop.stock(&shop.dumplings, "F-01", 20, "2026-12-31").await;
        let beside = shop.stock(&shop.strawberries, "C-01", 20, "2026-04-20").await;
        shop.keep_at(&probe, 30, -190).await;
        shop.keep_at(&probe, 5, -100).await;
        let id = acknowledged(&shop).await;
        shop.keep_at(&probe, 60, -100).await;
        let brought = shop.stock(&shop.dumplings, "F-02", 20, "2026-12-31").await;
        shop.keep_at(&probe, 25, -100).await;
        shop.keep_at(&probe, 30, -190).await;

        let sheet = shop.read("inspector", &format!("/excursions/{id}")).await;

        let dose = |lot: LotId| -> Option<&Value> {
            sheet["exposures"].as_array().unwrap().iter().find(|one| one["lot"] == json!(lot)).map(|one| &one["dose"])
        };
        assert_eq!(dose(there).unwrap()["far_minutes"], 90, "{sheet}");
        assert_eq!(dose(there).unwrap()["peak"], -100);
        assert_eq!(dose(brought).unwrap()["far_minutes"], 30);
        assert_eq!(dose(beside), None);
        let states = [shop.lot(there).await.state, shop.lot(brought).await.state, shop.lot(beside).await.state];
        assert_eq!(states, [LotState::Quarantined, LotState::Approved, LotState::Approved]);
        let quarantines = shop.quarantines().await;
        assert_eq!((quarantines.len(), &quarantines[0]["why"]), (1, &json!("over_limit")), "{quarantines:?}");
        assert_eq!((shop.told("quarantine_opened").await, shop.told("lot_quarantined").await), (1, 1));
    }
}

#[tokio::test]
async fn a_promise_on_stopped_goods_finds_others_or_is_uncovered() {
    for shop in shops().await {
        let probe = shop.probe("F-1", shop.freezer).await;
        shop.stock(&shop.dumplings, "F-01", 20, "2026-12-31").await;
        let (site, sku, deliver_by) = (shop.site, shop.dumplings.id, shop.now().plus_minutes(600));
        let stamp = Stamp::system(shop.now(), &shop.app.ids);
        let line = shop
            .app
            .db
            .write(async move |tx: &mut Tx| {
                let stamp = stamp.again();
                let order_line: OrderLineId = stamp.mint();
                let quantity = Quantity::pieces(8);
                let want = Want { order_line, site, sku, quantity, deliver_by, expires_at: None };
                ledger::promise(tx, &stamp, &[want]).await.map(|_| order_line)
            })
            .await
            .unwrap();
        let state = async |shop: &Shop| {
            let found = shop.app.db.read(async move |tx: &mut Tx| ledger::reservations_of(tx, line).await).await;
            found.unwrap()[0].state
        };

        shop.send(&probe, &[(5, -190), (0, -100)]).await;
        acknowledged(&shop).await;
        shop.keep_at(&probe, 70, -100).await;
        assert_eq!(state(&shop).await, ReservationState::Uncovered);
        shop.stock(&shop.dumplings, "F-03", 10, "2026-12-31").await;
        assert_eq!(state(&shop).await, ReservationState::Promised);
    }
}

#[tokio::test]
async fn an_inspector_releases_shortens_or_destroys() {
    for shop in shops().await {
        let probe = shop.probe("F-1", shop.freezer).await;
        let mut lots = Vec::new();
        for bin in ["F-01", "F-02", "F-03"] {
            lots.push(shop.stock(&shop.dumplings, bin, 20, "2026-12-31").await);
        }
        shop.send(&probe, &[(5, -190), (0, -100)]).await;
        acknowledged(&shop).await;
        shop.keep_at(&probe, 60, -100).await;
        let path = async |shop: &Shop, lot: LotId| {
            let quarantines = shop.quarantines().await;
            let of = quarantines.iter().find(|one| one["lot"] == json!(lot)).unwrap();
            format!("/quarantines/{}/decide", of["id"].as_str().unwrap())
        };
        let release = json!({ "decision": { "kind": "release" }, "reason": "core at -16.5, packaging sound" });
        let sooner = shop.now().plus_minutes(60 * 24 * 30);
        let shorten = json!({ "decision": { "kind": "shorten_life", "until": sooner }, "reason": "ice crystals" });
        let destroy = json!({ "decision": { "kind": "destroy" }, "reason": "thawed and refrozen" });

        let too_soon = shop.post("inspector", &path(&shop, lots[0]).await, release.clone()).await;
        shop.keep_at(&probe, 10, -190).await;
        let by_lead = shop.post("lead", &path(&shop, lots[0]).await, release.clone()).await;
        let released = shop.done("inspector", &path(&shop, lots[0]).await, release.clone()).await;
        let twice = shop.post("inspector", &path(&shop, lots[0]).await, release).await;
        let shortened = shop.done("inspector", &path(&shop, lots[1]).await, shorten).await;
        let destroyed = shop.done("inspector", &path(&shop, lots[2]).await, destroy).await;

        assert_eq!(too_soon.1["code"], "coldchain/still-running");
        assert_eq!(by_lead.0, StatusCode::FORBIDDEN);
        assert_eq!(twice.1["code"], "coldchain/already-decided");
        assert_eq!(
            (&released["state"], &shortened["state"], &destroyed["state"]),
            (&json!("released"), &json!("shortened"), &json!("destroyed"))
        );
        assert_eq!(shop.lot(lots[0]).await.state, LotState::Approved);
        assert_eq!(shop.lot(lots[1]).await.usable_until, Some(sooner));
        assert_eq!(shop.lot(lots[2]).await.state, LotState::Condemned);
        let lot = lots[2];
        let trace = shop.app.db.read(async move |tx: &mut Tx| ledger::forward(tx, lot).await).await.unwrap();
        assert!(trace.lots[0].mass.holds() && trace.lots[0].remains.is_empty(), "{trace:?}");
        let worth = shop.app.db.read(async move |tx: &mut Tx| accounts::journal::value_of_lot(tx, lot).await).await;
        assert_eq!(worth.unwrap(), kernel::Money::ZERO, "stock that was opened without its flow has no worth");
        assert_eq!(shop.told("quarantine_decided").await, 3);
    }
}

#[tokio::test]
async fn a_faulty_probe_is_voided_with_proof_and_its_lots_are_free() {
    for shop in shops().await {
        let (there, ..) = warm_night(&shop).await;
        let id = shop.excursions().await[0]["id"].as_str().unwrap().to_owned();
        assert_eq!(shop.lot(there).await.state, LotState::Quarantined);
        let path = format!("/excursions/{id}/void");

        let bare = shop.post("inspector", &path, json!({ "proof": "broken" })).await;
        let by_lead = shop.post("lead", &path, json!({ "proof": "second thermometer read -18.9 all night" })).await;
        let sheet = shop.done("inspector", &path, json!({ "proof": "second thermometer read -18.9 all night" })).await;

        assert_eq!(bare.1["field"], "proof");
        assert_eq!(by_lead.0, StatusCode::FORBIDDEN);
        assert_eq!(sheet["excursion"]["state"], "voided");
        assert!(sheet["quarantines"].as_array().unwrap().iter().all(|one| one["state"] == "voided"), "{sheet}");
        assert_eq!(shop.lot(there).await.state, LotState::Approved);
        let history = shop.read("inspector", &format!("/lots/{there}/temperature")).await;
        assert_eq!(history["exposures"], json!([]));
    }
}

#[tokio::test]
async fn short_excursions_add_up() {
    for shop in shops().await {
        let probe = shop.probe("F-1", shop.freezer).await;
        let lot = shop.stock(&shop.dumplings, "F-01", 20, "2026-12-31").await;
        // 45 minutes above −15 °C four times: each is borne, all of them are not.
        for nth in 0..4 {
            shop.keep_at(&probe, 10, -190).await;
            shop.keep_at(&probe, 45, -140).await;
            shop.keep_at(&probe, 5, -190).await;
            let state = shop.lot(lot).await.state;
            acknowledged(&shop).await;
            assert_eq!(state == LotState::Quarantined, nth == 3, "after {nth}");
        }
    }
}
