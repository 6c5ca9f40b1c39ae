//! Supplier invoices: matched against order and receipts, released and paid by different hands.

use accounts::Account;
use serde_json::{Value, json};

use crate::shop::{Shop, TODAY, shops, text};

fn invoice(order: &Value, number: &str, grams: i64, money: i64) -> Value {
    json!({ "purchase_order": order["id"], "number": number, "invoiced_on": TODAY, "lines": [
        { "purchase_order_line": order["lines"][0]["id"], "amount": grams,
          "price": { "money": money, "base": { "weight": "kilogram" } } }] })
}

async fn taken(shop: &Shop, kilos: i64, grams: i64) -> Value {
    let order = shop.order_of(&shop.spinach, kilos).await;
    let weighed = shop.receive(&order, grams, 30).await;
    shop.accept(&weighed).await;
    order
}

/// All of it, at a tenth less.
async fn concede(shop: &Shop, weighed: &Value) {
    let quantity = &weighed["line"]["received"];
    let part = json!({ "disposition": "concession", "quantity": quantity, "cut_bp": 1_000, "reason": "wilted" });
    shop.judge(weighed, [0, 0, 0], json!([part])).await.done();
}

fn variances(invoice: &Value) -> Vec<String> {
    let found = invoice["lines"][0]["variances"].as_array().unwrap();
    found.iter().map(|found| text(found, "variance")).collect()
}

#[tokio::test]
async fn what_was_accepted_is_paid_for_by_a_third_hand() {
    for shop in shops().await {
        let order = taken(&shop, 50, 50_000).await;
        assert_eq!(shop.owed(Account::GoodsReceivedNotInvoiced).await, 3_000);

        let booked = shop.post("clerk", "/supplier-invoices", invoice(&order, "AB-1", 50_000, 60)).await.done();
        let payment = format!("/supplier-invoices/{}/payment", text(&booked, "id"));
        assert_eq!(booked["state"], "approved");
        assert_eq!(shop.owed(Account::GoodsReceivedNotInvoiced).await, 0);
        assert_eq!(shop.owed(Account::SupplierPayable).await, 3_000);
        assert_eq!(shop.post("clerk", &payment, Value::Null).await.slug(), "identity/not-allowed");

        let paid = shop.post("cashier", &payment, Value::Null).await.done();
        assert_eq!(paid["state"], "paid");
        assert_eq!(shop.owed(Account::SupplierPayable).await, 0);
        assert_eq!(shop.post("cashier", &payment, Value::Null).await.slug(), "receiving/not-payable");
        let again = shop.post("clerk", "/supplier-invoices", invoice(&order, "AB-1", 50_000, 60)).await;
        assert_eq!(again.slug(), "receiving/invoice-known");
    }
}

#[tokio::test]
async fn an_invoice_above_the_receipt_is_blocked_and_the_clerk_does_not_release_it() {
    for shop in shops().await {
        let order = taken(&shop, 50, 49_000).await;
        let booked = shop.post("clerk", "/supplier-invoices", invoice(&order, "AB-1", 50_000, 60)).await.done();
        let path = format!("/supplier-invoices/{}", text(&booked, "id"));
        let reason = json!({ "reason": "one crate was miscounted on our side" });

        assert_eq!(booked["state"], "blocked");
        assert_eq!(variances(&booked), ["quantity_above_receipt"]);
        assert_eq!(shop.owed(Account::SupplierPayable).await, 0);
        assert_eq!(shop.post("cashier", &format!("{path}/payment"), Value::Null).await.slug(), "receiving/not-payable");
        let queue = format!("/supplier-invoices?site={}&state=blocked", shop.site.id);
        assert_eq!(shop.get("finance", &queue).await.done()["items"][0]["number"], "AB-1");
        let by_the_clerk = shop.post("clerk", &format!("{path}/release-quantity"), reason.clone()).await;
        assert_eq!(by_the_clerk.slug(), "identity/not-allowed");
        let not_a_price = shop.post("finance", &format!("{path}/release-price"), reason.clone()).await;
        assert_eq!(not_a_price.slug(), "receiving/nothing-to-release");

        let released = shop.post("buyer", &format!("{path}/release-quantity"), reason).await.done();
        assert_eq!(released["state"], "approved");
        assert_eq!(shop.owed(Account::SupplierPayable).await, 3_000);
        assert_eq!(shop.owed(Account::GoodsReceivedNotInvoiced).await, 0);
    }
}

#[tokio::test]
async fn one_person_with_every_role_still_needs_others() {
    for shop in shops().await {
        let order = taken(&shop, 50, 49_000).await;
        let booked = shop.post("everybody", "/supplier-invoices", invoice(&order, "AB-1", 50_000, 60)).await.done();
        let path = format!("/supplier-invoices/{}", text(&booked, "id"));
        let reason = json!({ "reason": "trust me" });
        let own_release = shop.post("everybody", &format!("{path}/release-quantity"), reason.clone()).await;
        assert_eq!(own_release.slug(), "receiving/excluded");
        shop.post("buyer", &format!("{path}/release-quantity"), reason).await.done();
        let own_payment = shop.post("everybody", &format!("{path}/payment"), Value::Null).await;
        assert_eq!(own_payment.slug(), "receiving/excluded");
        shop.post("cashier", &format!("{path}/payment"), Value::Null).await.done();
    }
}

#[tokio::test]
async fn a_dearer_invoice_waits_for_finance() {
    for shop in shops().await {
        let order = taken(&shop, 50, 50_000).await;
        let booked = shop.post("clerk", "/supplier-invoices", invoice(&order, "AB-1", 50_000, 63)).await.done();
        let path = format!("/supplier-invoices/{}/release-price", text(&booked, "id"));

        assert_eq!(variances(&booked), ["price_above_order"]);
        let by_the_buyer = shop.post("buyer", &path, json!({ "reason": "typhoon" })).await;
        assert_eq!(by_the_buyer.slug(), "identity/not-allowed");
        let released = shop.post("finance", &path, json!({ "reason": "typhoon surcharge agreed" })).await.done();
        assert_eq!(released["state"], "approved");
        // 3150 are owed, 3000 were booked with the goods, the rest is a variance.
        assert_eq!(shop.owed(Account::SupplierPayable).await, 3_150);
        assert_eq!(shop.owed(Account::GoodsReceivedNotInvoiced).await, 0);
    }
}

#[tokio::test]
async fn an_invoice_ahead_of_its_goods_waits_for_them() {
    for shop in shops().await {
        let order = shop.order_of(&shop.spinach, 50).await;
        let booked = shop.post("clerk", "/supplier-invoices", invoice(&order, "AB-1", 50_000, 60)).await.done();
        let path = format!("/supplier-invoices/{}", text(&booked, "id"));
        assert_eq!(variances(&booked), ["nothing_received"]);
        let early =
            shop.post("buyer", &format!("{path}/release-quantity"), json!({ "reason": "they need cash" })).await;
        assert_eq!(early.slug(), "receiving/nothing-to-release");

        let weighed = shop.receive(&order, 50_000, 30).await;
        shop.accept(&weighed).await;
        let matched = shop.post("clerk", &format!("{path}/match"), Value::Null).await.done();

        assert_eq!((&matched["state"], variances(&matched).is_empty()), (&json!("approved"), true));
    }
}

#[tokio::test]
async fn partial_invoices_clear_the_receipts_coin_by_coin() {
    for shop in shops().await {
        let order = taken(&shop, 50, 50_000).await;
        for (number, grams) in [("AB-1", 16_667), ("AB-2", 16_667), ("AB-3", 16_666)] {
            let booked = shop.post("clerk", "/supplier-invoices", invoice(&order, number, grams, 60)).await.done();
            assert_eq!(booked["state"], "approved", "{booked}");
        }
        assert_eq!(shop.owed(Account::GoodsReceivedNotInvoiced).await, 0);
        let closed = shop.get("buyer", &format!("/purchase-orders/{}", text(&order, "id"))).await.done();
        assert_eq!(closed["state"], "closed");
        let one_more = shop.post("clerk", "/supplier-invoices", invoice(&order, "AB-4", 1_000, 60)).await.done();
        assert_eq!(variances(&one_more), ["quantity_above_receipt"]);
    }
}

#[tokio::test]
async fn a_concession_that_the_invoice_forgets_is_blocked() {
    for shop in shops().await {
        let order = shop.order_of(&shop.spinach, 50).await;
        let weighed = shop.receive(&order, 50_000, 30).await;
        concede(&shop, &weighed).await;

        let full = shop.post("clerk", "/supplier-invoices", invoice(&order, "AB-1", 50_000, 60)).await.done();
        assert_eq!(variances(&full), ["price_above_order"]);
        let agreed = shop.order_of(&shop.spinach, 50).await;
        let weighed = shop.receive(&agreed, 50_000, 30).await;
        concede(&shop, &weighed).await;
        let cut = shop.post("clerk", "/supplier-invoices", invoice(&agreed, "AB-2", 50_000, 54)).await.done();
        assert_eq!(cut["state"], "approved");
    }
}

#[tokio::test]
async fn more_tax_than_the_law_knows_is_refused() {
    for shop in shops().await {
        let order = taken(&shop, 50, 50_000).await;
        let mut taxed = invoice(&order, "AB-1", 50_000, 60);
        taxed["tax"] = json!(150);
        assert_eq!(shop.post("clerk", "/supplier-invoices", taxed).await.slug(), "receiving/too-much-tax");
    }
}

#[tokio::test]
async fn a_wrong_invoice_goes_back_and_stands_in_nobodys_way() {
    for shop in shops().await {
        let order = taken(&shop, 50, 50_000).await;
        let wrong = shop.post("clerk", "/supplier-invoices", invoice(&order, "AB-1", 80_000, 60)).await.done();
        let path = format!("/supplier-invoices/{}/withdrawal", text(&wrong, "id"));
        let reason = json!({ "reason": "80 kg invoiced, 50 kg delivered" });

        let withdrawn = shop.post("clerk", &path, reason.clone()).await.done();
        let right = shop.post("clerk", "/supplier-invoices", invoice(&order, "AB-2", 50_000, 60)).await.done();

        assert_eq!((&withdrawn["state"], &right["state"]), (&json!("withdrawn"), &json!("approved")));
        assert_eq!(shop.post("clerk", &path, reason).await.slug(), "receiving/not-blocked");
        assert_eq!(shop.owed(Account::SupplierPayable).await, 3_000);
    }
}
