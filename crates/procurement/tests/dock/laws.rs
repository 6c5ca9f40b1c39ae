//! What always holds, whatever the dock decides.

use ledger::PlaceKind;
use serde_json::{Value, json};

use crate::shop::shops;

/// A small generator of our own: the same stories on both engines.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from((self.0 >> 33) % below).unwrap()
    }
}

/// Every gram that the scale showed is in a part, every part's lot has it, and the books owe for what was taken.
#[tokio::test]
async fn nothing_is_lost_for_any_random_disposition() {
    for shop in shops().await {
        let mut dice = Dice(42);
        let mut owed = 0;
        for _ in 0..12 {
            let grams = 20_000 + dice.roll(10_000);
            let order = shop.order_of(&shop.berries, 30).await;
            let weighed = shop.receive(&order, grams, 30).await;
            let mut left = grams;
            let mut parts = Vec::new();
            for disposition in ["reject", "quarantine", "concession"] {
                let share = dice.roll(5_000);
                if share > 0 {
                    left -= share;
                    parts.push(
                        json!({ "disposition": disposition, "quantity": { "grams": share }, "reason": "as found" }),
                    );
                }
            }
            parts.push(json!({ "disposition": "accept", "quantity": { "grams": left } }));
            let verdict = shop.judge(&weighed, [0, 0, 0], Value::Array(parts)).await.done();

            let mut at_dock = 0;
            for part in verdict["parts"].as_array().unwrap() {
                let lies = shop.lies(&part["lot"]).await;
                assert_eq!(lies, [(PlaceKind::Dock, part["quantity"]["grams"].as_i64().unwrap())]);
                assert_eq!(shop.value(&part["lot"]).await, part["worth"].as_i64().unwrap());
                at_dock += lies[0].1;
            }
            assert_eq!(at_dock, grams);
            owed += verdict["worth"].as_i64().unwrap();
        }
        assert_eq!(shop.owed(accounts::Account::GoodsReceivedNotInvoiced).await, owed);
    }
}

#[tokio::test]
async fn every_statement_is_understood_by_its_engine() {
    for shop in shops().await {
        shop.db.prepare_all().await.unwrap();
    }
}
