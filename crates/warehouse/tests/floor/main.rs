//! The warehouse, driven through its API as handhelds and consoles drive it, on both engines.
#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

mod counting;
mod desk;
mod laws;
mod packing;
mod picking;
mod shop;

#[tokio::test]
async fn every_statement_fits_the_schema() {
    for db in store::testing::both(shop::MIGRATIONS).await {
        assert_eq!(db.prepare_all().await.err(), None);
    }
}
