//! How a supplier did, computed from its receipts, and what follows from it.

use serde_json::{Value, json};

use crate::shop::{Shop, TODAY, shops, text};

async fn set_weights(shop: &Shop) {
    let shares = json!({ "quality_bp": 3_500, "delivery_bp": 3_000, "price_bp": 1_500, "service_bp": 1_000,
                         "safety_bp": 1_000 });
    shop.post("gm", "/scorecard-weights", json!({ "shares": shares, "valid_from": "2026-01-01" })).await.done();
}

async fn evaluate(shop: &Shop, who: &str) -> crate::shop::Answer {
    let path = format!("/suppliers/{}/scorecards", shop.farm);
    shop.post(who, &path, json!({ "period_from": "2026-03-01", "period_until": TODAY })).await
}

fn points(card: &Value, part: &str) -> Option<i64> {
    let scores = card["scores"].as_array().unwrap();
    scores.iter().find(|score| score["part"] == part).unwrap()["points_bp"].as_i64()
}

#[tokio::test]
async fn a_grade_is_computed_from_what_came() {
    for shop in shops().await {
        set_weights(&shop).await;
        // One load as ordered, one of which a fifth is taken with a cut and a fifth goes back.
        let good = shop.order_of(&shop.spinach, 50).await;
        let weighed = shop.receive(&good, 50_000, 30).await;
        shop.accept(&weighed).await;
        let mixed = shop.order_of(&shop.spinach, 50).await;
        let weighed = shop.receive(&mixed, 50_000, 30).await;
        let parts = json!([
            { "disposition": "accept", "quantity": { "grams": 30_000 } },
            { "disposition": "concession", "quantity": { "grams": 10_000 }, "cut_bp": 1_000, "reason": "wilted" },
            { "disposition": "reject", "quantity": { "grams": 10_000 }, "reason": "rotten" },
        ]);
        shop.judge(&weighed, [0, 0, 0], parts).await.done();
        // The market asked 50 for what we paid 60 for.
        let quote = json!({ "market": "台北一", "sku": shop.spinach.sku.id, "day": TODAY, "currency": "TWD",
                            "base": { "weight": "kilogram" }, "upper": 55, "middle": 50, "lower": 45,
                            "source": "行情" });
        shop.post("buyer", "/market/quotes", json!({ "rows": [quote] })).await.done();

        assert_eq!(evaluate(&shop, "head").await.slug(), "suppliers/period-not-over");
        shop.wait_minutes(24 * 60);
        assert_eq!(evaluate(&shop, "buyer").await.slug(), "identity/not-allowed");
        let card = evaluate(&shop, "head").await.done();

        assert_eq!(points(&card, "quality"), Some(i64::midpoint(10_000, 7_000)));
        assert_eq!(points(&card, "delivery"), Some(10_000));
        assert_eq!(points(&card, "price"), Some(8_000));
        assert_eq!(points(&card, "service"), Some(0));
        assert_eq!(points(&card, "safety"), Some(10_000));
        // 85 x .35 + 100 x .3 + 80 x .15 + 0 x .1 + 100 x .1
        assert_eq!((card["total_bp"].as_i64(), card["grade"].as_str()), (Some(8_175), Some("b")));
        assert_eq!(evaluate(&shop, "head").await.slug(), "suppliers/already-evaluated");
        let list = shop.get("auditor", &format!("/suppliers/{}/scorecards", shop.farm)).await.done();
        assert_eq!(list["items"][0], card);
        assert_eq!(shop.told("scorecard", &card["id"]).await, ["scorecard_computed"]);
    }
}

#[tokio::test]
async fn goods_that_nobody_may_take_fail_the_supplier() {
    for shop in shops().await {
        set_weights(&shop).await;
        let good = shop.order_of(&shop.spinach, 50).await;
        let weighed = shop.receive(&good, 50_000, 30).await;
        shop.accept(&weighed).await;
        let warm = shop.order_of(&shop.spinach, 50).await;
        let weighed = shop.receive(&warm, 50_000, 150).await;
        shop.reject(&weighed, [0, 0, 0]).await;
        shop.wait_minutes(24 * 60);

        let card = evaluate(&shop, "head").await.done();

        assert_eq!((card["critical_failures"].as_i64(), card["grade"].as_str()), (Some(1), Some("d")));
        assert!(card["total_bp"].as_i64().unwrap() <= 5_900);
        let farm = shop.get("buyer", &format!("/suppliers/{}", shop.farm)).await.done();
        assert_eq!(text(&farm, "standing"), "suspended");
        let price = json!({ "money": 60, "base": { "weight": "kilogram" } });
        let order = json!({ "site": shop.site.id, "supplier": shop.farm, "delivery_on": "2026-03-30", "lines": [
            { "sku": shop.spinach.sku.id, "quantity": { "grams": 50_000 }, "price": price }] });
        assert_eq!(shop.post("buyer", "/purchase-orders", order).await.slug(), "suppliers/suspended");
    }
}

#[tokio::test]
async fn weights_are_data_and_add_up() {
    for shop in shops().await {
        assert_eq!(evaluate(&shop, "head").await.slug(), "suppliers/period-not-over");
        shop.wait_minutes(24 * 60);
        assert_eq!(evaluate(&shop, "head").await.slug(), "suppliers/no-weights");
        set_weights(&shop).await;
        assert_eq!(evaluate(&shop, "head").await.slug(), "suppliers/nothing-to-judge");
        let shares = json!({ "quality_bp": 5_000, "delivery_bp": 3_000, "price_bp": 1_500, "service_bp": 1_000,
                             "safety_bp": 1_000 });
        let odd = json!({ "shares": shares, "valid_from": "2026-04-01" });
        assert_eq!(shop.post("gm", "/scorecard-weights", odd).await.slug(), "request/invalid");
        let shares = json!({ "quality_bp": 4_000, "delivery_bp": 2_500, "price_bp": 1_500, "service_bp": 1_000,
                             "safety_bp": 1_000 });
        let by_the_head = json!({ "shares": shares, "valid_from": "2026-04-01" });
        assert_eq!(shop.post("head", "/scorecard-weights", by_the_head).await.slug(), "identity/not-allowed");
        let early = json!({ "shares": shares, "valid_from": "2026-01-01" });
        assert_eq!(shop.post("gm", "/scorecard-weights", early).await.slug(), "suppliers/weights-begin");
    }
}
