//! `freshet replenish` as somebody types it: rehearse, solve, refuse.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn freshet(words: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_freshet")).args(words).current_dir(folder).output().expect("the program runs")
}

fn bread(days: i64) -> String {
    let mut text = String::from("unique_id,ds,y\n");
    for day in 0..days {
        let weekend = if day % 7 >= 5 { 18 } else { 0 };
        writeln!(text, "bread,{},{}", forecast::table::date(20_000 + day), 20 + weekend + day * 7_919 % 11)
            .expect("a text grows");
    }
    text
}

#[test]
fn the_tuned_buyer_costs_less_than_last_weeks_rule() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bread.csv"), bread(240)).unwrap();

    let told = freshet(&["replenish", "simulate", "bread.csv", "--days", "62", "--json"], folder.path());

    let report: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!((report["series"].as_u64(), report["wins"].as_u64()), (Some(1), Some(1)), "{report}");
    assert!(report["to_last_week"].as_f64().unwrap() < 1.0, "{report}");
    assert!(report["policy"].as_str().unwrap().starts_with("Think"), "{report}");
}

#[test]
fn the_published_case_is_solved() {
    let folder = tempfile::tempdir().unwrap();
    let case = r#"{"life": 2, "issue": "fifo", "discount": 0.99, "order_cost": 3, "shortage_cost": 5, "waste_cost": 7,
        "holding_cost": 1, "order_most": 10, "demand": {"gamma": {"mean": 4, "variation": 0.5}}}"#;
    fs::write(folder.path().join("case.json"), case).unwrap();

    let told = freshet(&["replenish", "exact", "case.json", "--json"], folder.path());

    let report: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert!((report["value_from_empty"].as_f64().unwrap() + 1_510.470).abs() < 0.01, "{report}");
    assert_eq!(report["base_stock"]["level"].as_i64(), Some(6));
    assert!(report["engine"]["gap"].as_f64().unwrap() < 0.002, "{report}");
}

#[test]
fn odd_wishes_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("short.csv"), bread(40)).unwrap();
    fs::write(folder.path().join("case.json"), r#"{"life": 2}"#).unwrap();
    let refused = |words: &[&str]| {
        let refused = freshet(&[&["replenish"], words].concat(), folder.path());
        assert!(!refused.status.success());
        String::from_utf8_lossy(&refused.stderr).into_owned()
    };

    let short = refused(&["simulate", "short.csv"]);
    let life = refused(&["simulate", "short.csv", "--life", "0"]);
    let case = refused(&["exact", "case.json"]);

    assert!(short.contains("bread: 40 days, the rehearsal needs 210"), "{short}");
    assert!(life.contains("--life 0: 1 through 60 days"), "{life}");
    assert!(case.contains("case.json: missing field `issue`"), "{case}");
}
