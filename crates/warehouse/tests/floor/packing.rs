//! Packing: what the bench and the lane are told.

use axum::http::StatusCode;
use edge::Sites;
use kernel::{LotId, ParcelId, Quantity, VehicleId};
use ledger::{LedgerRefusal, PlaceKind};
use serde_json::{Value, json};
use store::{Tx, testing::both};
use warehouse::{
    fulfilment::{self, FulfilmentRefusal, ParcelState},
    stock::AuditVerdict,
};

use crate::shop::{MIGRATIONS, Released, Shop, grams};

/// Spinach and cod in one tote, dumplings in another: one order of two classes, picked.
async fn picked(shop: &Shop) -> Released {
    shop.stock(&shop.spinach, "C-01", Quantity::grams(10_000), "2026-04-02").await;
    shop.stock(&shop.cod, "C-02", Quantity::weighing(6, 4_900), "2026-04-02").await;
    shop.stock(&shop.dumplings, "F-01", Quantity::pieces(20), "2026-09-01").await;
    let order = shop
        .claimed(&[
            (shop.spinach.id, Quantity::grams(500)),
            (shop.cod.id, Quantity::pieces(1)),
            (shop.dumplings.id, Quantity::pieces(2)),
        ])
        .await;
    for task in shop.tasks(&order).await {
        let scale = json!({ "device": "SC-1", "stable": true });
        let (tote, weighings) = match task["sku_code"].as_str().unwrap() {
            "SPINACH" => ("T001", grams(500)),
            "COD" => ("T001", json!([{ "pieces": 1, "grams": 850, "scale": scale }])),
            _ => ("T002", json!([{ "pieces": 2 }])),
        };
        let (status, body) = shop.pick(&task, tote, weighings).await;
        assert_eq!(status, StatusCode::OK, "{body}");
    }
    order
}

fn parcel(class: &str, packaging: &str, totes: &[&str], gross_grams: i64) -> Value {
    json!({ "class": class, "packaging": packaging, "totes": totes, "gross_grams": gross_grams })
}

#[tokio::test]
async fn an_order_leaves_in_a_parcel_per_class() {
    for db in both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        let order = picked(&shop).await;
        assert!(lines(&shop, &order).await.is_none(), "picked is not packed");

        let (status, cold) = shop.pack(&order, parcel("chilled", "BOX-C", &["T001"], 1_655)).await;
        assert_eq!(status, StatusCode::CREATED, "{cold}");
        assert_eq!(cold["code"], "347112345000000019");
        assert_eq!((&cold["net_grams"], &cold["contents"].as_array().unwrap().len()), (&json!(1_350), &2));
        assert!(lines(&shop, &order).await.is_none(), "the dumplings still wait");
        let (status, frozen) = shop.pack(&order, parcel("frozen", "BOX-F", &[], 1_310)).await;
        assert_eq!(status, StatusCode::CREATED, "{frozen}");

        let lines = lines(&shop, &order).await.expect("all packed");
        let sent: Vec<Quantity> =
            order.lines.iter().map(|id| lines.iter().find(|line| line.order_line == *id).unwrap().quantity).collect();
        assert_eq!(sent[0], Quantity::grams(500));
        assert_eq!(sent[1], Quantity::weighing(1, 850));
        assert_eq!((sent[2].pieces, sent[2].grams), (Some(2), Some(1_000)));
        assert!(lines.iter().all(|line| line.short.is_none()));
        assert_eq!(shop.audit().await.verdict, AuditVerdict::Clean);
    }
}

#[tokio::test]
async fn a_parcel_never_mixes_classes() {
    for db in both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        let order = picked(&shop).await;

        let (status, refused) = shop.pack(&order, parcel("chilled", "BOX-C", &["T001", "T002"], 2_655)).await;
        assert_eq!((status, &refused["code"]), (StatusCode::CONFLICT, &json!("fulfilment/mixed-classes")));
        assert_eq!(refused["params"], json!({ "wanted": "chilled", "found": "frozen", "sku": "DUMPLINGS" }));
        let (_, refused) = shop.pack(&order, parcel("chilled", "BOX-F", &["T001"], 1_655)).await;
        assert_eq!(refused["code"], "fulfilment/unsuited-packaging");
    }
}

#[tokio::test]
async fn a_forgotten_fish_is_found_by_the_scale() {
    for db in both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        let order = picked(&shop).await;

        let (status, refused) = shop.pack(&order, parcel("chilled", "BOX-C", &["T001"], 800)).await;
        assert_eq!((status, &refused["code"]), (StatusCode::CONFLICT, &json!("fulfilment/weight-check")));
        assert_eq!((&refused["params"]["expected"], &refused["params"]["measured"]), (&json!("1650"), &json!("800")));
        let (status, _) = shop.pack(&order, parcel("chilled", "BOX-C", &["T001"], 1_650)).await;
        assert_eq!(status, StatusCode::CREATED);
        let (_, refused) = shop.pack(&order, parcel("chilled", "BOX-C", &["T001"], 1_650)).await;
        assert_eq!(refused["code"], "fulfilment/nothing-to-pack");
    }
}

#[tokio::test]
async fn a_tote_serves_one_order_and_one_class_at_a_time() {
    for db in both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        let order = picked(&shop).await;
        let second =
            shop.claimed(&[(shop.spinach.id, Quantity::grams(300)), (shop.dumplings.id, Quantity::pieces(1))]).await;
        let tasks = shop.tasks(&second).await;
        let spinach = tasks.iter().find(|task| task["sku_code"] == "SPINACH").unwrap();
        let dumplings = tasks.iter().find(|task| task["sku_code"] == "DUMPLINGS").unwrap();

        let (_, refused) = shop.pick(spinach, "T001", grams(300)).await;
        assert_eq!(refused["code"], "fulfilment/tote-taken");
        let (status, _) = shop.pack(&order, parcel("chilled", "BOX-C", &["T001"], 1_650)).await;
        assert_eq!(status, StatusCode::CREATED);
        let (status, body) = shop.pick(spinach, "T001", grams(300)).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        let (_, refused) = shop.pick(dumplings, "T001", json!([{ "pieces": 1 }])).await;
        assert_eq!(refused["code"], "fulfilment/tote-of-other-class");
    }
}

#[tokio::test]
async fn a_parcel_goes_to_its_lane_onto_the_van_and_to_the_door() {
    for db in both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        let order = picked(&shop).await;
        let (_, cold) = shop.pack(&order, parcel("chilled", "BOX-C", &["T001"], 1_650)).await;
        let id: ParcelId = serde_json::from_value(cold["id"].clone()).unwrap();
        let van = van(&shop).await;
        let refused = load(&shop, id, van).await;
        assert!(matches!(refused, Err(FulfilmentRefusal::WrongStep(_))), "it is not staged yet");

        let path = format!("/parcels/{id}/stage");
        let (_, refused) = shop.post("packer", &path, json!({ "lane": "LANE-9" })).await;
        assert_eq!(refused["code"], "fulfilment/unknown-lane");
        let (status, staged) = shop.post("packer", &path, json!({ "lane": "LANE-2" })).await;
        assert_eq!((status, &staged["state"]), (StatusCode::OK, &json!("staged")));
        load(&shop, id, van).await.unwrap();
        let lots: Vec<LotId> = cold["contents"]
            .as_array()
            .unwrap()
            .iter()
            .map(|content| serde_json::from_value(content["lot"].clone()).unwrap())
            .collect();
        let on_the_van = Quantity::sum([shop.held(lots[0], van).await, shop.held(lots[1], van).await]).unwrap();
        assert_eq!(on_the_van.grams, Some(1_350));

        let stamp = shop.stamp("packer");
        let door = place(&shop, PlaceKind::Customer).await;
        let handed = shop
            .app
            .db
            .write(async move |tx: &mut Tx| {
                fulfilment::hand_over(tx, &stamp.again(), &[id], door).await?;
                fulfilment::parcel(tx, &Sites::All, id).await
            })
            .await
            .unwrap();
        assert_eq!(handed.state, ParcelState::HandedOver);
        assert_eq!(shop.held(lots[0], van).await, Quantity::NONE);
        let (_, trace) = shop.get("lead", &format!("/lots/{}/trace?direction=forward", lots[0])).await;
        assert_eq!(trace["unbalanced"], json!([]));
        assert_eq!(shop.audit().await.verdict, AuditVerdict::Clean);
    }
}

#[tokio::test]
async fn a_recalled_lot_does_not_get_onto_the_van() {
    for db in both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        let order = picked(&shop).await;
        let (_, cold) = shop.pack(&order, parcel("chilled", "BOX-C", &["T001"], 1_650)).await;
        let id: ParcelId = serde_json::from_value(cold["id"].clone()).unwrap();
        shop.post("packer", &format!("/parcels/{id}/stage"), json!({ "lane": "LANE-1" })).await;

        let lot = cold["contents"][0]["lot"].as_str().unwrap();
        let stop = json!({ "to": "recalled", "reason": "supplier called" });
        let (status, _) = shop.post("lead", &format!("/lots/{lot}/state"), stop).await;
        assert_eq!(status, StatusCode::OK);

        let refused = load(&shop, id, van(&shop).await).await;
        assert!(matches!(refused, Err(FulfilmentRefusal::Ledger(LedgerRefusal::LotUnusable { .. }))));
    }
}

#[tokio::test]
async fn what_is_stopped_in_the_tote_goes_back_and_others_are_fetched() {
    for db in both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        let order = picked(&shop).await;
        shop.stock(&shop.spinach, "C-03", Quantity::grams(2_000), "2026-04-04").await;
        let task = shop.tasks(&order).await.into_iter().find(|task| task["sku_code"] == "SPINACH").unwrap();
        let path = format!("/pick-tasks/{}/put-back", task["id"].as_str().unwrap());
        let (_, refused) = shop.post("packer", &path, json!({})).await;
        assert_eq!(refused["code"], "fulfilment/still-fit");

        let stop = json!({ "to": "quarantined", "reason": "pesticide report" });
        shop.post("lead", &format!("/lots/{}/state", task["lot"].as_str().unwrap()), stop).await;
        let (_, refused) = shop.pack(&order, parcel("chilled", "BOX-C", &["T001"], 1_650)).await;
        assert_eq!(refused["code"], "ledger/lot-not-approved");
        let (status, body) = shop.post("packer", &path, json!({})).await;

        assert_eq!((status, &body["outcome"]), (StatusCode::OK, &json!("rebound")), "{body}");
        let next = body["next"][0].clone();
        assert_eq!((&next["bin_code"], &next["quantity"]["grams"]), (&json!("C-03"), &json!(500)));
        let (_, wave) = shop.get("lead", &format!("/waves/{}", order.wave)).await;
        assert_eq!((&wave["state"], &wave["tasks_open"]), (&json!("open"), &json!(1)));
        shop.post("picker", &format!("/waves/{}/claim", order.wave), json!({ "orders_max": 1 })).await;
        let (status, body) = shop.pick(&next, "T003", grams(490)).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        let (_, record) = shop.get("lead", &format!("/order-lines/{}/scale-record", order.lines[0])).await;
        assert_eq!((record["weighings"].as_array().unwrap().len(), &record["total"]["grams"]), (2, &json!(490)));
        assert!(record["weighings"][0]["put_back_at"].is_string());

        let (status, body) = shop.pack(&order, parcel("chilled", "BOX-C", &["T001", "T003"], 1_640)).await;
        assert_eq!(status, StatusCode::CREATED, "{body}");
        assert_eq!(shop.audit().await.verdict, AuditVerdict::Clean);
        let of_order = order.order;
        let parcels = shop.app.db.read(async move |tx: &mut Tx| fulfilment::parcels_of(tx, of_order).await).await;
        assert_eq!(parcels.unwrap().len(), 1);
    }
}

async fn lines(shop: &Shop, order: &Released) -> Option<Vec<fulfilment::PackedLine>> {
    let note = order.note;
    shop.app.db.read(async move |tx: &mut Tx| fulfilment::packed(tx, note).await).await.unwrap()
}

async fn van(shop: &Shop) -> kernel::PlaceId {
    place(shop, PlaceKind::Vehicle).await
}

async fn place(shop: &Shop, kind: PlaceKind) -> kernel::PlaceId {
    let (stamp, site) = (shop.stamp("lead"), shop.site);
    let van: VehicleId = shop.stamp("lead").mint();
    let opened =
        shop.app.db.write(async move |tx: &mut Tx| ledger::place_for(tx, &stamp.again(), site, kind, van).await);
    opened.await.unwrap().id
}

async fn load(shop: &Shop, id: ParcelId, van: kernel::PlaceId) -> Result<(), FulfilmentRefusal> {
    let stamp = shop.stamp("packer");
    let loaded = shop.app.db.write(async move |tx: &mut Tx| {
        fulfilment::parcel(tx, &Sites::All, id).await?;
        fulfilment::load(tx, &stamp.again(), id, van).await
    });
    loaded.await.map(|sheet| assert_eq!(sheet.state, ParcelState::Loaded))
}
