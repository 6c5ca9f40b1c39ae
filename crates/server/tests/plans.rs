//! What every statement of the program walks through, on either database.
//!
//! A shop keeps its books for years. What is asked for every order, pick or minute is found by an index; what may walk
//! through a table stands in `walks.txt` with the reason why it may.

use std::collections::BTreeSet;

use store::{Db, testing};

#[tokio::test]
async fn no_statement_walks_through_a_table_without_a_reason() {
    let db = testing::sqlite(server::MIGRATIONS).await;
    let walks = without_reason(&db, |steps| steps.iter().filter(|step| walks(step)).cloned().collect()).await;
    assert!(walks.is_empty(), "no index serves\n{}", walks.join("\n"));
}

/// The server has ways of its own to read a whole table for one row.
#[tokio::test]
async fn no_statement_walks_on_the_server_either() {
    let Some(db) = testing::postgres(server::MIGRATIONS).await else { return };
    let walks = without_reason(&db, walks_of_the_server).await;
    assert!(walks.is_empty(), "no index serves\n{}", walks.join("\n"));
}

async fn without_reason(db: &Db, walks: impl Fn(&[String]) -> Vec<String>) -> Vec<String> {
    let may: BTreeSet<&str> = include_str!("walks.txt")
        .lines()
        .filter_map(|line| line.split('#').next().map(str::trim))
        .filter(|name| !name.is_empty())
        .collect();
    let plans = db.plans().await.expect("every statement has a plan");
    assert!(plans.len() > 500, "{} statements only", plans.len());
    plans
        .iter()
        .filter(|(name, _)| !may.contains(name))
        .flat_map(|(name, steps)| walks(steps).into_iter().map(move |step| format!("{name}: {step}")))
        .collect()
}

/// `SCAN CONSTANT ROW` walks through one row that the statement itself holds.
fn walks(step: &str) -> bool {
    step.starts_with("SCAN") && step != "SCAN CONSTANT ROW"
}

/// A table read from end to end, or the answer of a subquery hashed whole for the sake of a few rows.
fn walks_of_the_server(steps: &[String]) -> Vec<String> {
    steps.iter().filter(|step| step.contains("Seq Scan on") || step.contains("hashed SubPlan")).cloned().collect()
}
