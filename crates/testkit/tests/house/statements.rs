//! The whole program's SQL against the whole program's tables.

use store::testing;

/// Each crate prepares its own; here all of them meet the tables that they share, the auditor's too.
#[tokio::test]
async fn every_statement_of_the_program_can_be_prepared() {
    for db in testing::both(server::MIGRATIONS).await {
        let count = db.prepare_all().await.unwrap_or_else(|wrong| panic!("{}", wrong.join("\n")));
        println!("{count} statements");
        assert!(count > 500, "{count} statements only");
    }
}
