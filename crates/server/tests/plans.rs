//! What every statement of the program walks through on the embedded database.
//!
//! A shop keeps its books for years. What is asked for every order, pick or minute is found by an index; what may walk
//! through a table stands in `walks.txt` with the reason why it may.

use std::collections::BTreeSet;

use store::testing;

#[tokio::test]
async fn no_statement_walks_through_a_table_without_a_reason() {
    let may: BTreeSet<&str> = include_str!("walks.txt")
        .lines()
        .filter_map(|line| line.split('#').next().map(str::trim))
        .filter(|name| !name.is_empty())
        .collect();
    let db = testing::sqlite(server::MIGRATIONS).await;
    let plans = db.plans().await.expect("every statement has a plan");
    assert!(plans.len() > 500, "{} statements only", plans.len());
    let walks: Vec<String> = plans
        .iter()
        .filter(|(name, _)| !may.contains(name))
        .flat_map(|(name, steps)| steps.iter().filter(|step| walks(step)).map(move |step| format!("{name}: {step}")))
        .collect();
    assert!(walks.is_empty(), "no index serves\n{}", walks.join("\n"));
}

/// `SCAN CONSTANT ROW` walks through one row that the statement itself holds.
fn walks(step: &str) -> bool {
    step.starts_with("SCAN") && step != "SCAN CONSTANT ROW"
}
