//! 3.1 and 3.2: what is taken, what is refused, and why.

use identity::Role;
use kernel::{Money, Quantity};
use serde_json::{Value, json};

use crate::{
    company::{Person, live_at},
    shop::{Shop, Who, id_of, shops},
};

fn ann(shop: &Shop) -> Who {
    Who::Customer(shop.ann.customer)
}

#[tokio::test]
async fn a_normal_order_is_accepted_without_a_hand() {
    for shop in shops().await {
        let order = shop.place(shop.ann, "sim:ok").await;

        assert_eq!(order["state"], "accepted");
        assert_eq!(order["number"], "SO-TPE-260328-1");
        // 2 fish of about 600 g at 300 a 台斤, eggs 85, a 台斤 of spinach 60; 10 % tolerance on what is weighed.
        assert_eq!(order["range"], json!({ "low": 679, "expected": 745, "bound": 811 }));
        assert_eq!(order["lines"][0]["estimated"], json!({ "pieces": 2, "grams": 1200, "exactness": "estimated" }));
        assert_eq!(order["cancel_until"], shop.today(14).to_string());
        let verdicts: Vec<&Value> = order["review"].as_array().unwrap().iter().map(|line| &line["verdict"]).collect();
        assert_eq!(verdicts, vec![&json!("pass"); 8]);

        let id = id_of(&order);
        assert_eq!(shop.told(id).await, ["order_placed", "order_accepted"]);
        assert_eq!(shop.payment(id).await.authorised, Money(811));
        assert_eq!(shop.available(shop.fish.id).await, Quantity::pieces(8));
        let seen = shop.get(ann(&shop), &format!("/orders/{id}")).await.ok();
        assert_eq!((&seen["contact"]["name"], &seen["contact"]["phone"]), (&json!("Ann"), &json!("0912345678")));
        let mine = shop.get(ann(&shop), "/my/orders").await.ok();
        assert_eq!(mine["items"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn the_same_key_gives_the_same_order() {
    for shop in shops().await {
        let basket = shop.basket(shop.ann, "sim:ok");

        let first = shop.post_once(ann(&shop), "/orders", basket.clone(), "ann-0001").await.ok();
        let again = shop.post_once(ann(&shop), "/orders", basket.clone(), "ann-0001").await.ok();
        let mut other = basket;
        other["note"] = json!("ring thrice");
        let reused = shop.post_once(ann(&shop), "/orders", other, "ann-0001").await;

        assert_eq!(first, again);
        assert_eq!(reused.code(), (422, "request/key-reused"));
        assert_eq!(shop.available(shop.fish.id).await, Quantity::pieces(8));
        let windows = shop.get(Who::Nobody, "/shop/windows?lat=25087000&lon=121575000").await.ok();
        assert_eq!(windows[1]["room"], 99);
    }
}

#[tokio::test]
async fn one_product_on_two_lines_becomes_one() {
    for shop in shops().await {
        let mut basket = shop.basket(shop.ann, "sim:ok");
        let lines = basket["lines"].as_array_mut().unwrap();
        lines.push(lines[0].clone());

        let order = shop.post(ann(&shop), "/orders", basket).await.ok();

        assert_eq!(order["lines"].as_array().unwrap().len(), 3);
        assert_eq!(order["lines"][0]["ordered"], json!({ "pieces": 4, "exactness": "exact" }));
        assert_eq!(shop.available(shop.fish.id).await, Quantity::pieces(6));
    }
}

#[tokio::test]
async fn a_declined_payment_declines_the_order_and_frees_everything() {
    for shop in shops().await {
        let order = shop.place(shop.ann, "sim:decline").await;

        assert_eq!((&order["state"], &order["reason"]), (&json!("declined"), &json!("payment_declined")));
        assert_eq!(shop.available(shop.fish.id).await, Quantity::pieces(10));
        let windows = shop.get(Who::Nobody, "/shop/windows?lat=25087000&lon=121575000").await.ok();
        assert_eq!(windows[1]["room"], 100);
        assert_eq!(shop.told(id_of(&order)).await, ["order_placed", "order_declined"]);
    }
}

/// Places Ann's basket after `change` and answers what the refusal says.
async fn refused(shop: &Shop, change: impl FnOnce(&mut Value)) -> (u16, String, Value) {
    let mut basket = shop.basket(shop.ann, "sim:ok");
    change(&mut basket);
    let answer = shop.post(ann(shop), "/orders", basket).await;
    let (status, code) = answer.code();
    (status, code.to_owned(), answer.body["params"].clone())
}

#[tokio::test]
async fn every_refusal_has_its_true_reason_and_leaves_nothing() {
    for shop in shops().await {
        let short = refused(&shop, |basket| basket["lines"][0]["quantity"]["pieces"] = json!(11)).await;
        assert_eq!(short.1, "allocation/short-stock");
        assert_eq!(short.2, json!({ "line": "1", "wanted": "11", "available": "10" }));

        let doubled = refused(&shop, |basket| {
            let fish = basket["lines"][0].clone();
            basket["lines"].as_array_mut().unwrap().extend(vec![fish; 5]);
        })
        .await;
        assert_eq!(doubled.2["wanted"], "12", "lines of one product are added up");

        let unknown = refused(&shop, |basket| basket["window"]["end"] = json!(shop.today(21))).await;
        assert_eq!(unknown.1, "allocation/window-unknown");

        shop.open_window(12, 1).await;
        let late = refused(&shop, |basket| {
            basket["window"] = json!({ "start": shop.today(12), "end": shop.today(14) });
        })
        .await;
        assert_eq!(late.1, "allocation/past-cut-off");

        let measure = refused(&shop, |basket| basket["lines"][0]["quantity"] = json!({ "grams": 500 })).await;
        assert_eq!((measure.0, measure.1.as_str()), (422, "intake/wrong-measure"));

        let small = refused(&shop, |basket| {
            basket["lines"] = json!([{ "sku": shop.eggs.id, "quantity": { "pieces": 1 } }]);
        })
        .await;
        assert_eq!(small.1, "intake/below-minimum");

        let nothing = refused(&shop, |basket| basket["lines"] = json!([])).await;
        assert_eq!((nothing.0, nothing.1.as_str()), (422, "request/invalid"));

        let stranger = refused(&shop, |basket| basket["address"] = json!(shop.bob.address)).await;
        assert_eq!((stranger.0, stranger.1.as_str()), (404, "request/not-found"));

        let customer = shop.ann.customer;
        let far = shop.run(async move |tx, stamp| live_at(tx, stamp, customer, 25_500_000).await).await;
        let away = refused(&shop, |basket| basket["address"] = json!(far)).await;
        assert_eq!(away.1, "allocation/out-of-area");

        assert_eq!(shop.available(shop.fish.id).await, Quantity::pieces(10));
        let none = shop.get(ann(&shop), "/my/orders").await.ok();
        assert_eq!(none["items"], json!([]));
    }
}

#[tokio::test]
async fn a_full_window_takes_nobody() {
    for shop in shops().await {
        let window = shop.open_window(20, 1).await;
        let at_eight = |who: Person| {
            let mut basket = shop.basket(who, "sim:ok");
            basket["window"] = json!({ "start": shop.today(20), "end": shop.today(22) });
            basket
        };

        let first = shop.post(ann(&shop), "/orders", at_eight(shop.ann)).await.ok();
        let second = shop.post(Who::Customer(shop.bob.customer), "/orders", at_eight(shop.bob)).await;
        assert_eq!(second.code(), (409, "allocation/window-full"));

        let path = format!("/windows/{window}/capacity");
        let fewer = shop.post(Who::Staff(Role::Dispatcher), &path, json!({ "capacity": 0 })).await;
        assert_eq!(fewer.code(), (409, "intake/capacity-below-taken"));
        let more =
            shop.post_once(Who::Staff(Role::Dispatcher), &path, json!({ "capacity": 2 }), "more-room").await.ok();
        let replay =
            shop.post_once(Who::Staff(Role::Dispatcher), &path, json!({ "capacity": 2 }), "more-room").await.ok();
        assert_eq!((&more["capacity"], &more), (&json!(2), &replay));
        shop.post(Who::Customer(shop.bob.customer), "/orders", at_eight(shop.bob)).await.ok();

        let cancel = format!("/orders/{}/cancel", first["id"].as_str().unwrap());
        shop.post(ann(&shop), &cancel, json!({})).await.ok();
        shop.post(ann(&shop), "/orders", at_eight(shop.ann)).await.ok();
    }
}

#[tokio::test]
async fn the_shop_shows_what_it_charges() {
    for shop in shops().await {
        let path = format!("/shop/products?site={}&deliver_by={}", shop.site, shop.today(20));
        let products = shop.get(Who::Nobody, &path).await.ok();

        let fish = products["items"].as_array().unwrap().iter().find(|one| one["code"] == "FISH").unwrap();
        assert_eq!(fish["unit"], json!({ "pieces": 1, "grams": 600, "exactness": "estimated" }));
        assert_eq!(fish["unit_range"], json!({ "low": 270, "expected": 300, "bound": 330 }));
        assert_eq!((&fish["available"]["pieces"], &fish["availability"]), (&json!(10), &json!("available")));
        let order = shop.place(shop.ann, "sim:ok").await;
        assert_eq!(order["lines"][0]["price_source"], fish["price_source"]);

        // The fish is good through tomorrow and no longer.
        let later = shop.time.at("2026-03-30".parse().unwrap(), 600);
        let path = format!("/shop/products?site={}&deliver_by={later}", shop.site);
        let products = shop.get(Who::Nobody, &path).await.ok();
        assert!(products["items"].as_array().unwrap().iter().all(|one| one["availability"] == "sold_out"));
    }
}

#[tokio::test]
async fn another_customers_order_is_no_order() {
    for shop in shops().await {
        let order = shop.place(shop.ann, "sim:ok").await;
        let path = format!("/orders/{}", order["id"].as_str().unwrap());
        let bob = Who::Customer(shop.bob.customer);

        for who in [bob, Who::Staff(Role::Courier), Who::Staff(Role::Buyer)] {
            assert_eq!(shop.get(who, &path).await.code(), (404, "request/not-found"), "{who:?}");
            assert_eq!(shop.get(who, &format!("{path}/settlement")).await.code().0, 404);
            assert_eq!(shop.post(who, &format!("{path}/cancel"), json!({})).await.code().0, 404);
        }
        assert_eq!(shop.get(Who::Nobody, &path).await.code().0, 401);
        assert_eq!(shop.get(bob, "/orders").await.code(), (403, "identity/not-allowed"));
        let basket = shop.basket(shop.ann, "sim:ok");
        let buyer = shop.post(Who::Staff(Role::Buyer), "/orders", basket.clone()).await;
        assert_eq!(buyer.code(), (403, "identity/not-allowed"));
        let mut for_ann = basket;
        for_ann["customer"] = json!(shop.ann.customer);
        assert_eq!(shop.post(bob, "/orders", for_ann).await.code().0, 404);

        let masked = shop.get(Who::Staff(Role::OrderDesk), &path).await.ok();
        assert_eq!((&masked["contact"]["name"], &masked["contact"]["address"]), (&json!("A••"), &Value::Null));
        let listed = shop.get(Who::Staff(Role::OrderDesk), "/orders?state=accepted").await.ok();
        assert_eq!(listed["items"].as_array().unwrap().len(), 1);
        let held = shop.get(Who::Staff(Role::OrderDesk), "/orders?state=held").await.ok();
        assert_eq!(held["items"], json!([]));
    }
}
