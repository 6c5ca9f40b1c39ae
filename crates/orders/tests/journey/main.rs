//! Orders from the shop window to the customer's door, on every engine that can be had here.
#![expect(clippy::unwrap_used, reason = "a story stops where it cannot go on")]

mod company;
mod crowd;
mod desk;
mod notices;
mod road;
mod shop;
mod till;

/// SQL is checked by the databases themselves, each statement and its set form.
#[tokio::test]
async fn every_statement_can_be_prepared() {
    for db in store::testing::both(shop::MIGRATIONS).await {
        db.prepare_all().await.unwrap_or_else(|wrong| panic!("{wrong:#?}"));
    }
}
