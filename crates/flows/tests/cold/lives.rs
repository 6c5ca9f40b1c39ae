//! Life runs by temperature.

use axum::http::StatusCode;
use kernel::Instant;
use serde_json::json;

use crate::shop::shops;

#[tokio::test]
async fn warm_hours_cost_life_and_cold_ones_never_extend_a_label() {
    for shop in shops().await {
        let probe = shop.probe("C-1", shop.cold_room).await;
        let lot = shop.stock(&shop.strawberries, "C-01", 20, "2026-04-04").await;
        let label = shop.lot(lot).await.usable_until.unwrap();
        let law = json!({ "reference": 40, "law": { "law": "q10", "q10_milli": 3000 } });
        let path = format!("/skus/{}/thermal-law", shop.strawberries.id);
        let (status, set) = shop.put("manager", &path, law).await;
        assert_eq!(status, StatusCode::OK, "{set}");

        shop.keep_at(&probe, 12 * 60, 20).await;
        assert_eq!(shop.lot(lot).await.usable_until, Some(label), "a label date is never extended");
        // Nine degrees above the reference, and no alarm: 6.5 °C is within the limits.
        shop.keep_at(&probe, 36 * 60, 65).await;

        let history = shop.read("inspector", &format!("/lots/{lot}/temperature")).await;
        let used = history["used_minutes"].as_i64().unwrap();
        // 12 h at 2 °C run at 3^−0.2, 36 h at 6.5 °C at 3^0.25; five minutes before the first word count in full.
        let expected = 715 * 8_027 / 10_000 + 36 * 60 * 13_161 / 10_000 + 5;
        assert!((used - expected).abs() <= 6, "{used} where {expected} belong");
        let end = shop.lot(lot).await.usable_until.unwrap();
        assert!(end.since(label) < 0, "two days at 6.5 °C are more than two days");
        let remaining = history["remaining_minutes"].as_i64().unwrap();
        let computed = shop.now().plus_minutes(remaining);
        assert!(computed.since(end).abs() < 7 * 60 * 60_000, "{end} against {computed}");
        assert!(shop.told("lot_life_shortened").await > 0);
    }
}

#[tokio::test]
async fn an_excursion_costs_life_when_it_is_decided_about() {
    for shop in shops().await {
        let probe = shop.probe("C-1", shop.cold_room).await;
        let lot = shop.stock(&shop.strawberries, "C-01", 20, "2026-04-04").await;
        let law = json!({ "reference": 20, "law": { "law": "q10", "q10_milli": 4000 } });
        shop.put("manager", &format!("/skus/{}/thermal-law", shop.strawberries.id), law).await;
        shop.keep_at(&probe, 30, 20).await;
        shop.keep_at(&probe, 100, 110).await;
        shop.keep_at(&probe, 10, 20).await;
        let before: Option<Instant> = shop.lot(lot).await.usable_until;

        let id = shop.excursions().await[0]["id"].as_str().unwrap().to_owned();
        shop.done("lead", &format!("/excursions/{id}/acknowledge"), json!({})).await;
        let note = json!({ "action": "technician_called", "note": "fan replaced" });
        shop.done("lead", &format!("/excursions/{id}/actions"), note).await;
        shop.done("lead", &format!("/excursions/{id}/close"), json!({ "cause": "unit_failure", "note": "fan" })).await;

        // 100 minutes at 4^0.9 are 348: four hours of life are gone beyond the clock, told in half-hours.
        let lost = before.unwrap().since(shop.lot(lot).await.usable_until.unwrap()) / 60_000;
        assert!((240..=270).contains(&lost), "{lost} minutes");
    }
}

#[tokio::test]
async fn a_law_that_is_no_law_is_refused() {
    for shop in shops().await {
        let path = format!("/skus/{}/thermal-law", shop.strawberries.id);
        let cases = [
            (json!({ "reference": 40, "law": { "law": "q10", "q10_milli": 900 } }), "law/q10_milli"),
            (json!({ "reference": 40, "law": { "law": "square_root", "floor": 50 } }), "law/floor"),
            (json!({ "reference": 40, "law": { "law": "bands", "bands": [] } }), "law/bands"),
        ];
        for (law, field) in cases {
            let (status, refused) = shop.put("manager", &path, law).await;
            assert_eq!((status, &refused["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)), "{refused}");
        }
        let (_, none) = shop.get("manager", &path).await;
        assert_eq!(none["code"], "coldchain/no-law");
        let bands = json!({ "reference": 0, "law": { "law": "bands", "bands": [
            { "from": 100, "q10_milli": 2500 }, { "from": 0, "q10_milli": 3000 },
        ] }, "chill": { "below": -10, "q10_milli": 2000 } });
        let (status, set) = shop.put("manager", &path, bands).await;
        assert_eq!((status, &set["law"]["law"]["bands"][0]["from"]), (StatusCode::OK, &json!(0)), "{set}");
    }
}
