//! What every statement of the program walks through.

use store::testing;

#[tokio::test]
async fn no_statement_walks_through_a_table_that_grows() {
    let db = testing::sqlite(server::MIGRATIONS).await;
    let plans = db.plans().await.expect("plans");
    for (name, steps) in plans {
        for step in steps {
            if step.starts_with("SCAN") {
                println!("{name}: {step}");
            }
        }
    }
}
