//! 3.2: what a rule doubts waits for a person, and not for ever.

use identity::Role;
use kernel::Quantity;
use serde_json::json;

use crate::shop::{Shop, Who, id_of, shops};

const DESK: Who = Who::Staff(Role::OrderDesk);

/// Ann's nervous finger: the same basket a minute later, under another key.
async fn doubled(shop: &Shop) -> serde_json::Value {
    shop.place(shop.ann, "sim:ok").await;
    shop.place(shop.ann, "sim:ok").await
}

#[tokio::test]
async fn a_doubled_order_waits_for_the_desk_and_goes_on() {
    for shop in shops().await {
        let order = doubled(&shop).await;
        assert_eq!((&order["state"], &order["reason"]), (&json!("held"), &json!("duplicate")));

        let path = format!("/orders/{}/release", order["id"].as_str().unwrap());
        let because = json!({ "because": "two parties tonight" });
        let forbidden = shop.post(Who::Customer(shop.ann.customer), &path, because.clone()).await;
        assert_eq!(forbidden.code(), (403, "identity/not-allowed"));
        let released = shop.post_once(DESK, &path, because.clone(), "release-1").await.ok();
        let replayed = shop.post_once(DESK, &path, because.clone(), "release-1").await.ok();

        assert_eq!((&released["state"], &released), (&json!("accepted"), &replayed));
        let last = released["review"].as_array().unwrap().last().unwrap();
        assert_eq!((&last["rule"], &last["fact"]), (&json!("desk"), &json!("two parties tonight")));
        let again = shop.post(DESK, &path, because).await;
        assert_eq!(again.code(), (409, "orders/not-ready"));
        assert_eq!(shop.told(id_of(&order)).await, ["order_placed", "order_held", "order_accepted"]);
    }
}

#[tokio::test]
async fn a_held_order_that_is_declined_gives_everything_back() {
    for shop in shops().await {
        let order = doubled(&shop).await;
        assert_eq!(shop.available(shop.fish.id).await, Quantity::pieces(6));

        let path = format!("/orders/{}/decline", order["id"].as_str().unwrap());
        let declined = shop.post(DESK, &path, json!({ "because": "she rang: once is enough" })).await.ok();
        shop.do_payments().await;

        assert_eq!((&declined["state"], &declined["reason"]), (&json!("declined"), &json!("by_desk")));
        assert_eq!(shop.available(shop.fish.id).await, Quantity::pieces(8));
        assert_eq!(shop.payment(id_of(&order)).await.state, accounts::payments::PaymentState::Voided);
    }
}

/// What the shop does every minute.
async fn sweep_if_due(shop: &Shop) {
    shop.run(async |tx, stamp| {
        if tx.any(&[orders::anything_to_sweep(stamp.at)]).await.unwrap() == [true] {
            orders::sweep(tx, stamp).await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn an_order_that_nobody_decides_about_ends_when_its_window_begins() {
    for shop in shops().await {
        let order = doubled(&shop).await;

        sweep_if_due(&shop).await;
        assert_eq!(shop.told(id_of(&order)).await.last().unwrap(), "order_held");
        shop.app.clock.advance_to(shop.today(18));
        sweep_if_due(&shop).await;

        let seen = shop.get(DESK, &format!("/orders/{}", order["id"].as_str().unwrap())).await.ok();
        assert_eq!((&seen["state"], &seen["reason"]), (&json!("declined"), &json!("not_reviewed_in_time")));
        assert_eq!(shop.available(shop.fish.id).await, Quantity::pieces(8));
    }
}

#[tokio::test]
async fn a_late_payment_answer_finds_the_order_or_its_end() {
    for shop in shops().await {
        let waiting = shop.place(shop.ann, "sim:late").await;
        assert_eq!(waiting["state"], "placed");
        let gone = shop.place(shop.bob, "sim:late").await;
        let cancel = format!("/orders/{}/cancel", gone["id"].as_str().unwrap());
        shop.post(Who::Customer(shop.bob.customer), &cancel, json!({})).await.ok();

        // The authorisation comes by itself, and so does the answer to the void that it leads to.
        for _ in 0..2 {
            shop.app.clock.advance_to(shop.app.clock.now().plus_minutes(2));
            shop.do_payments().await;
        }

        let accepted = shop.get(DESK, &format!("/orders/{}", waiting["id"].as_str().unwrap())).await.ok();
        assert_eq!(accepted["state"], "accepted");
        let cancelled = shop.get(DESK, &format!("/orders/{}", gone["id"].as_str().unwrap())).await.ok();
        assert_eq!(cancelled["state"], "cancelled");
        assert_eq!(shop.payment(id_of(&gone)).await.state, accounts::payments::PaymentState::Voided);
        assert_eq!(shop.available(shop.fish.id).await, Quantity::pieces(8));
    }
}

#[tokio::test]
async fn an_order_that_is_never_paid_gives_its_stock_back() {
    for shop in shops().await {
        let order = shop.place(shop.ann, "sim:late").await;

        shop.app.clock.advance_to(shop.app.clock.now().plus_minutes(orders::intake::UNPAID_MINUTES));
        sweep_if_due(&shop).await;

        let seen = shop.get(DESK, &format!("/orders/{}", order["id"].as_str().unwrap())).await.ok();
        assert_eq!((&seen["state"], &seen["reason"]), (&json!("cancelled"), &json!("payment_timed_out")));
        assert_eq!(shop.available(shop.fish.id).await, Quantity::pieces(10));
        for _ in 0..2 {
            shop.do_payments().await;
            shop.app.clock.advance_to(shop.app.clock.now().plus_minutes(2));
        }
        shop.do_payments().await;
        assert_eq!(shop.payment(id_of(&order)).await.state, accounts::payments::PaymentState::Voided);
    }
}

#[tokio::test]
async fn a_blocked_customer_is_declined_before_anything_is_taken() {
    for shop in shops().await {
        let customer = shop.ann.customer;
        shop.run(async move |tx, stamp| customers::block(tx, stamp, customer, "never pays").await.unwrap()).await;

        let order = shop.place(shop.ann, "sim:ok").await;

        assert_eq!((&order["state"], &order["reason"]), (&json!("declined"), &json!("customer_blocked")));
        assert_eq!(order["payment"], serde_json::Value::Null);
        assert_eq!(shop.available(shop.fish.id).await, Quantity::pieces(10));
        let own = shop.get(Who::Customer(customer), &format!("/orders/{}", order["id"].as_str().unwrap())).await.ok();
        assert_eq!(own["review"], json!([]), "who was caught by a rule is not told which");
    }
}

#[tokio::test]
async fn the_desk_takes_an_order_for_somebody_it_names() {
    for shop in shops().await {
        let mut basket = shop.basket(shop.bob, "sim:ok");
        let unnamed = shop.post(DESK, "/orders", basket.clone()).await;
        assert_eq!(unnamed.code(), (422, "intake/customer-missing"));

        basket["customer"] = json!(shop.bob.customer);
        let order = shop.post(DESK, "/orders", basket).await.ok();

        assert_eq!(order["state"], "accepted");
        let mine = shop.get(Who::Customer(shop.bob.customer), "/my/orders").await.ok();
        assert_eq!(mine["items"][0]["id"], order["id"]);
    }
}
