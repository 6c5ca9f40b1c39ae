//! Suppliers and purchase orders: who may deliver, and what was agreed.

use axum::http::StatusCode;
use serde_json::json;

use crate::shop::{TODAY, shops, text};

#[tokio::test]
async fn who_enters_a_supplier_does_not_admit_it() {
    for shop in shops().await {
        let new = json!({
            "code": "ALONE", "name": "一個人的農場", "currency": "TWD", "lead_time_days": 1,
            "contact": { "person": "王", "phone": "1", "address": "宜蘭" },
        });
        let supplier = text(&shop.post("everybody", "/suppliers", new).await.done(), "id");
        let yes = json!({ "standing": "approved", "categories": ["leafy"], "reason": "I know them" });

        let path = format!("/suppliers/{supplier}/standing");
        let by_himself = shop.post("everybody", &path, yes.clone()).await;
        let by_the_buyer = shop.post("buyer", &path, yes.clone()).await;
        let by_the_head = shop.post("head", &path, yes).await;

        assert_eq!((by_himself.status, by_himself.slug()), (StatusCode::FORBIDDEN, "suppliers/own-supplier"));
        assert_eq!(by_the_buyer.slug(), "identity/not-allowed");
        assert_eq!(by_the_head.done()["standing"], "approved");
    }
}

#[tokio::test]
async fn an_order_goes_only_where_it_may_be_delivered_from() {
    for shop in shops().await {
        let spinach = shop.spinach.sku.id;
        let order = |on: &str, kilos: i64, sku| {
            json!({ "site": shop.site.id, "supplier": shop.farm, "delivery_on": on, "lines": [
                { "sku": sku, "quantity": { "grams": kilos * 1_000 },
                  "price": { "money": 60, "base": { "weight": "kilogram" } } }] })
        };
        let refused = async |body| shop.post("buyer", "/purchase-orders", body).await.slug().to_owned();

        assert_eq!(refused(order(TODAY, 1, spinach)).await, "contracts/below-minimum");
        assert_eq!(refused(order("2027-01-01", 50, spinach)).await, "suppliers/qualification-expired");
        assert_eq!(refused(order("2026-03-27", 50, spinach)).await, "contracts/too-soon");
        assert_eq!(refused(order(TODAY, 50, shop.eggs.sku.id)).await, "contracts/wrong-measure");
        let no = json!({ "standing": "suspended", "categories": ["leafy"], "reason": "warm trucks" });
        shop.post("head", &format!("/suppliers/{}/standing", shop.farm), no).await.done();
        assert_eq!(refused(order(TODAY, 50, spinach)).await, "suppliers/suspended");
        let fish_only = json!({ "standing": "probation", "categories": ["fish"], "reason": "begin again" });
        shop.post("head", &format!("/suppliers/{}/standing", shop.farm), fish_only).await.done();
        assert_eq!(refused(order(TODAY, 50, spinach)).await, "suppliers/category-not-approved");
    }
}

#[tokio::test]
async fn the_list_price_of_the_day_is_taken_when_none_is_named() {
    for shop in shops().await {
        let spinach = shop.spinach.sku.id;
        let new = json!({ "site": shop.site.id, "supplier": shop.farm, "delivery_on": TODAY,
                          "lines": [{ "sku": spinach, "quantity": { "grams": 60_000 } }] });
        let without = shop.post("buyer", "/purchase-orders", new.clone()).await;
        assert_eq!(without.slug(), "contracts/no-price");
        let list = format!("/suppliers/{}/prices", shop.farm);
        for (money, from) in [(50, "2026-01-01"), (54, "2026-03-01")] {
            let price = json!({ "money": money, "base": { "weight": "taiwan_jin" } });
            shop.post("buyer", &list, json!({ "sku": spinach, "price": price, "valid_from": from })).await.done();
        }

        let order = shop.post("buyer", "/purchase-orders", new).await.done();

        assert_eq!(order["lines"][0]["price"]["money"], 54);
        assert_eq!(order["value"], 5_400);
        assert_eq!(text(&order, "number"), "PO-TPE1-260328-1");
        let overlapping = json!({ "sku": spinach, "price": { "money": 1, "base": { "weight": "kilogram" } },
                                  "valid_from": "2026-02-01", "valid_until": "2026-02-02" });
        assert_eq!(shop.post("buyer", &list, overlapping).await.slug(), "suppliers/price-overlaps");
    }
}

#[tokio::test]
async fn a_supplier_signs_the_text_that_is_kept_and_only_its_own() {
    for shop in shops().await {
        let price = json!({ "money": 60, "base": { "weight": "kilogram" } });
        let new = json!({ "site": shop.site.id, "supplier": shop.farm, "delivery_on": TODAY, "lines": [
            { "sku": shop.spinach.sku.id, "quantity": { "grams": 50_000 }, "price": price }] });
        let order = shop.post("buyer", "/purchase-orders", new).await.done();
        let path = format!("/supplier/purchase-orders/{}", text(&order, "id"));
        let other = format!("supplier:{}", shop.admit("OTHER", &["leafy"]).await);
        let signed = |sha256: &str| json!({ "reply": { "answer": "accept" }, "signed_by": "林小姐", "sha256": sha256 });
        let sha256 = text(&shop.get(&shop.farmer(), &format!("{path}/contract")).await.done(), "sha256");

        let foreign = shop.post(&other, &format!("{path}/answer"), signed(&sha256)).await;
        let unread = shop.post(&shop.farmer(), &format!("{path}/answer"), signed(&"0".repeat(64))).await;
        let by_the_buyer = shop.post("buyer", &format!("{path}/answer"), signed(&sha256)).await;
        let accepted = shop.post(&shop.farmer(), &format!("{path}/answer"), signed(&sha256)).await.done();
        let twice = shop.post(&shop.farmer(), &format!("{path}/answer"), signed(&sha256)).await;

        assert_eq!(foreign.slug(), "contracts/no-such-order");
        assert_eq!(unread.slug(), "contracts/other-text");
        assert_eq!(by_the_buyer.slug(), "identity/not-allowed");
        assert_eq!(accepted["state"], "accepted");
        assert_eq!(twice.slug(), "contracts/no-such-turn");
        let contract = shop.get("buyer", &format!("/purchase-orders/{}/contract", text(&order, "id"))).await.done();
        assert_eq!(contract["answered"]["signed_by"], "林小姐");
        assert_eq!(contract["answered"]["by"]["kind"], "supplier");
        assert_eq!(shop.get(&other, "/supplier/purchase-orders").await.done()["items"], json!([]));
    }
}

#[tokio::test]
async fn an_order_is_called_off_before_its_answer_and_not_after() {
    for shop in shops().await {
        let order = shop.order_of(&shop.spinach, 50).await;
        let path = format!("/purchase-orders/{}/cancel", text(&order, "id"));
        let late = shop.post("buyer", &path, json!({ "reason": "changed our mind" })).await;
        assert_eq!(late.slug(), "contracts/no-such-turn");
    }
}

#[tokio::test]
async fn papers_that_end_soon_are_told_until_they_are_renewed() {
    for shop in shops().await {
        let papers = format!("/suppliers/{}/qualifications", shop.farm);
        let paper =
            |until| json!({ "kind": "organic", "number": "1", "valid_from": "2025-01-01", "valid_until": until });
        shop.post("buyer", &papers, paper("2026-04-10")).await.done();
        let soon = "/qualifications/expiring?on=2026-03-28&within_days=30";

        let before = shop.get("buyer", soon).await.done();
        shop.post("buyer", &papers, paper("2027-04-10")).await.done();
        let after = shop.get("buyer", soon).await.done();

        assert_eq!(before[0]["kind"], "organic");
        assert_eq!(after, json!([]));
    }
}

#[tokio::test]
async fn an_order_of_another_site_is_not_there() {
    for shop in shops().await {
        let order = shop.order_of(&shop.spinach, 50).await;
        let path = format!("/purchase-orders/{}", text(&order, "id"));
        assert_eq!(shop.get("stranger", &path).await.slug(), "request/not-found");
        let truck = json!({ "purchase_order": order["id"], "vehicle": "ABC" });
        assert_eq!(shop.post("stranger", "/arrivals", truck).await.slug(), "request/not-found");
    }
}
