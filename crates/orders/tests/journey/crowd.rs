//! 3.2-3: many customers, few goods; never one too many, and never one too few.

use std::sync::Arc;

use kernel::Quantity;
use serde_json::json;

use crate::{
    company::{Person, enter},
    shop::{Who, shops},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn forty_orders_at_once_for_ten_boxes_of_eggs_sell_exactly_ten() {
    for shop in shops().await {
        let shop = Arc::new(shop);
        let people: Vec<Person> = shop
            .run(async |tx, stamp| {
                let mut people = Vec::new();
                for nth in 0..40 {
                    people.push(enter(tx, stamp, &format!("Customer {nth}"), &format!("09220000{nth:02}")).await);
                }
                people
            })
            .await;

        let mut orders = tokio::task::JoinSet::new();
        for person in people {
            let shop = Arc::clone(&shop);
            orders.spawn(async move {
                let basket = json!({
                    "address": person.address,
                    "window": { "start": shop.today(18), "end": shop.today(20) },
                    "lines": [
                        { "sku": shop.eggs.id, "quantity": { "pieces": 1 } },
                        { "sku": shop.spinach.id, "quantity": { "grams": 100 } },
                        { "sku": shop.fish.id, "quantity": { "pieces": 1 } },
                    ],
                    "payment_token": "sim:ok",
                });
                shop.post(Who::Customer(person.customer), "/orders", basket).await
            });
        }
        let mut accepted = 0;
        while let Some(answer) = orders.join_next().await {
            let answer = answer.unwrap();
            match answer.code() {
                (201, _) => {
                    assert_eq!(answer.body["state"], "accepted");
                    accepted += 1;
                }
                (409, "allocation/short-stock") => {}
                other => panic!("{other:?} {}", answer.body),
            }
        }

        assert_eq!(accepted, 10);
        assert_eq!(shop.available(shop.eggs.id).await, Quantity::pieces(0));
        let windows = shop.get(Who::Nobody, "/shop/windows?lat=25087000&lon=121575000").await.ok();
        assert_eq!(windows[1]["room"], 90, "each accepted order has one place, no refused one has any");
    }
}
