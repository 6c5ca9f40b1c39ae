//! Steps 2.4 and 2.1: counts signed and lots recalled through the API, where goods, money and orders move together.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::shop::{Shop, shops};

/// A sound lot of strawberries on a shelf and in the books: 100 boxes at 20.
async fn boxes(shop: &Shop) -> Value {
    let opening = json!({
        "place": shop.place("C-01").await, "sku": shop.strawberries.id, "quantity": { "pieces": 100 },
        "use_by": "2026-04-20", "unit_cost": { "money": 20, "base": "piece" },
    });
    shop.done("manager", "/stock/openings", opening).await
}

/// Counts the boxes as `who` sees them.
async fn count(shop: &Shop, who: &str, sheet: &Value, lot: &Value, pieces: i64) -> (StatusCode, Value) {
    let entry = json!({ "place": lot["place"], "lot_code": lot["lot_code"], "quantity": { "pieces": pieces } });
    let path = format!("/count-sheets/{}/counts", sheet["id"].as_str().unwrap());
    shop.post(who, &path, json!({ "counts": [entry] })).await
}

async fn proposed(shop: &Shop, lot: &Value, pieces: i64) -> String {
    let sheet = shop.done("signer", "/count-sheets", json!({ "site": shop.site, "places": [lot["place"]] })).await;
    assert!(!sheet.to_string().contains("pieces"), "the sheet is blind: {sheet}");
    for who in ["counter", "jack of all trades"] {
        let (status, body) = count(shop, who, &sheet, lot, pieces).await;
        assert_eq!(status, StatusCode::OK, "{body}");
    }
    let page = shop.read("signer", &format!("/adjustments?site={}", shop.site)).await;
    page["items"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_adjustment_is_signed_by_a_third_and_above_a_limit_by_finance() {
    for shop in shops().await {
        let lot = boxes(&shop).await;
        let adjustment = proposed(&shop, &lot, 40).await;
        let path = format!("/adjustments/{adjustment}/approve");
        let body = json!({ "reason": "theft" });

        let (status, refused) = shop.post("counter", &path, body.clone()).await;
        assert_eq!((status, &refused["code"]), (StatusCode::FORBIDDEN, &json!("identity/not-allowed")));
        let (status, refused) = shop.post("jack of all trades", &path, body.clone()).await;
        assert_eq!((status, &refused["code"]), (StatusCode::CONFLICT, &json!("counting/own-count")), "{refused}");
        let (status, _) = shop.post("stranger to the site", &path, body.clone()).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        let (status, refused) = shop.post("signer", &path, body.clone()).await;
        assert_eq!((status, &refused["code"]), (StatusCode::CONFLICT, &json!("counting/finance-needed")));
        let posted = shop.done("finance", &path, body.clone()).await;

        assert_eq!((&posted["state"], &posted["value"]), (&json!("posted"), &json!(1_200)), "{posted}");
        let shrink = shop.read("finance", &format!("/shrink?site={}&from=2026-03-28&to=2026-03-28", shop.site)).await;
        assert_eq!((&shrink["total"], &shrink["money"][0]["account"]), (&json!(1_200), &json!("waste_theft")));
        assert_eq!((&shrink["goods"][0]["quantity"]["pieces"], &shrink["unexplained_bp"]), (&json!(60), &json!(0)));
        let of_lot = format!("/stock?site={}&lot={}", shop.site, lot["lot"].as_str().unwrap());
        let stock = shop.read("counter", &of_lot).await;
        let bin = stock["items"].as_array().unwrap().iter().find(|line| line["place"] == lot["place"]).cloned();
        assert_eq!(bin.unwrap()["on_hand"]["pieces"], 40);
        let (_, again) = shop.post("finance", &path, body).await;
        assert_eq!(again["code"], "counting/adjustment-is");
    }
}

#[tokio::test]
async fn a_disposal_is_signed_by_a_witness_who_did_not_weigh() {
    for shop in shops().await {
        let lot = boxes(&shop).await;
        let new = json!({ "place": lot["place"], "lot": lot["lot"], "reason": "damage" });
        let write_off = shop.done("jack of all trades", "/write-offs", new.clone()).await;
        let (_, twice) = shop.post("counter", "/write-offs", new).await;
        assert_eq!(twice["code"], "counting/write-off-open");
        let path = |verb: &str| format!("/write-offs/{}/{verb}", write_off["id"].as_str().unwrap());
        shop.done("jack of all trades", &path("weigh"), json!({ "quantity": { "pieces": 10 }, "device": "hand" }))
            .await;

        let (_, own) = shop.post("jack of all trades", &path("witness"), json!({})).await;
        assert_eq!(own["code"], "counting/own-count", "{own}");
        let disposed = shop.done("signer", &path("witness"), json!({})).await;

        assert_eq!((&disposed["state"], &disposed["value"]), (&json!("disposed"), &json!(200)), "{disposed}");
        let (_, late) = shop.post("signer", &path("withdraw"), json!({ "because": "still good" })).await;
        assert_eq!(late["code"], "counting/write-off-is");
    }
}

#[tokio::test]
async fn a_recall_stops_the_lot_and_a_drill_does_not() {
    for shop in shops().await {
        let lot = boxes(&shop).await;
        let recall = |kind: &str| json!({ "lot": lot["lot"], "kind": kind, "reason": "residue above the limit" });
        let state = async || shop.lot(lot["lot"].as_str().unwrap().parse().unwrap()).await.state;

        let (status, _) = shop.post("signer", "/recalls", recall("real")).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        let (status, _) = shop.post("stranger recaller", "/recalls", recall("real")).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        let drill = shop.done("recaller", "/recalls", recall("drill")).await;
        assert_eq!((&drill["balanced"], state().await), (&json!(true), ledger::LotState::Approved), "{drill}");
        let real = shop.done("recaller", "/recalls", recall("real")).await;

        assert_eq!((&real["balanced"], state().await), (&json!(true), ledger::LotState::Recalled), "{real}");
        assert_eq!(real["lots"][0]["on_hand"]["pieces"], 100);
        let read = shop.read("recaller", &format!("/recalls/{}", real["id"].as_str().unwrap())).await;
        assert_eq!(read["lots"], real["lots"]);
        assert_eq!((shop.told("recall_started").await, shop.told("lot_recalled").await), (2, 1));
    }
}
