//! 3.5: told once, in the customer's language, whatever the gateway does.

use std::sync::Mutex;

use identity::Role;
use orders::notices::{self, Delivery, Gateway, GatewayFault, Message, Performed, Post, TRIES_MAX, Template};
use serde_json::json;
use store::jobs;

use crate::shop::{Shop, Who, shops};

/// Takes messages, or does not.
#[derive(Default)]
struct Carrier {
    broken: Mutex<u32>,
    taken: Mutex<Vec<Message>>,
}

impl Gateway for Carrier {
    fn send<'a>(&'a self, message: &'a Message) -> Delivery<'a> {
        Box::pin(async move {
            let mut broken = self.broken.lock().unwrap();
            if *broken > 0 {
                *broken -= 1;
                return Err(GatewayFault("no signal".to_owned()));
            }
            self.taken.lock().unwrap().push(message.clone());
            Ok(())
        })
    }
}

impl Shop {
    /// Does the notices that are due now.
    async fn do_notices(&self, carrier: &Carrier) -> Vec<Performed> {
        let now = self.app.clock.now().millis();
        let due = self.run(async move |tx, _| jobs::claim(tx, notices::NOTICE, now, 1, 32).await.unwrap()).await;
        let post = Post { gateway: carrier, identity: &self.identity, address: "https://shop.example" };
        let mut done = Vec::new();
        for job in due {
            done.push(notices::perform(&self.app.db, &self.app.clock, &self.app.ids, post, &job).await.unwrap());
        }
        done
    }
}

#[tokio::test]
async fn a_confirmation_is_sent_once_with_a_link_that_opens_one_order() {
    for shop in shops().await {
        let carrier = Carrier::default();
        let order = shop.place(shop.ann, "sim:ok").await;

        assert_eq!(shop.do_notices(&carrier).await, [Performed::Sent]);
        assert_eq!(shop.do_notices(&carrier).await, []);

        let message = carrier.taken.lock().unwrap()[0].clone();
        assert_eq!((message.to.as_str(), message.template), ("+886912345678", Template::OrderConfirmed));
        assert_eq!(message.key, format!("order_confirmed:{}", order["id"].as_str().unwrap()));
        assert!(message.text.contains("SO-TPE-260328-1") && message.text.contains("TWD 811"), "{}", message.text);
        let link = message.text.split("https://shop.example").nth(1).unwrap();
        let seen = shop.get(Who::Nobody, link).await.ok();
        assert_eq!((&seen["number"], &seen["range"]["bound"]), (&order["number"], &json!(811)));
        let text = seen.to_string();
        assert!(!text.contains("Ann") && !text.contains("Ruiguang") && !text.contains("0912"), "{text}");
        assert_eq!(shop.get(Who::Nobody, "/track/forged").await.code(), (401, "identity/link-refused"));
    }
}

#[tokio::test]
async fn a_broken_gateway_is_tried_again_and_at_last_given_up() {
    for shop in shops().await {
        let carrier = Carrier::default();
        *carrier.broken.lock().unwrap() = 1;
        shop.place(shop.ann, "sim:ok").await;

        let first = shop.do_notices(&carrier).await;
        assert!(matches!(first[..], [Performed::Again { .. }]), "{first:?}");
        assert_eq!(shop.do_notices(&carrier).await, [], "not before its time");
        shop.app.clock.advance_to(shop.app.clock.now().plus_minutes(1));
        assert_eq!(shop.do_notices(&carrier).await, [Performed::Sent]);

        *carrier.broken.lock().unwrap() = u32::MAX;
        shop.place(shop.bob, "sim:ok").await;
        let mut tries = 0;
        loop {
            shop.app.clock.advance_to(shop.app.clock.now().plus_minutes(61));
            tries += 1;
            if let [Performed::Buried { .. }] = shop.do_notices(&carrier).await[..] {
                break;
            }
        }
        assert_eq!(tries, TRIES_MAX);
        let buried = shop.get(Who::Staff(Role::OrderDesk), "/notices?state=buried").await.ok();
        assert_eq!(buried["items"].as_array().unwrap().len(), 1);
    }
}
