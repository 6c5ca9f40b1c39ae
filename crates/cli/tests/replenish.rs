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

fn simulated(words: &[&str], folder: &Path) -> Value {
    let told = freshet(
        &[&["replenish", "simulate", "bread.csv", "--policy", "think", "--days", "62", "--json"], words].concat(),
        folder,
    );
    serde_json::from_slice(&told.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&told.stderr)))
}

#[test]
fn goods_that_come_late_twice_a_week_and_partly_bad_are_ordered_for_it() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bread.csv"), bread(240)).unwrap();
    let supply = ["--life", "6", "--deliveries", "mon,thu", "--late", "0.8,0.2", "--refused", "0.2"];

    let plain = simulated(&[], folder.path());
    let aware = simulated(&[&supply[..], &["--reasons"]].concat(), folder.path());
    let unaware = simulated(&[&supply[..], &["--unaware"]].concat(), folder.path());

    assert!(plain.get("supply").is_none() && plain.get("refused").is_none(), "{plain}");
    let cost = |report: &Value| report["by_series"][0]["cost"].as_f64().unwrap();
    assert!(cost(&aware) < cost(&unaware), "{aware} {unaware}");
    // Both met the same doors and vans.
    assert_eq!(aware["by_series"][0]["cost_last_week"], {
        let same = simulated(&supply, folder.path());
        same["by_series"][0]["cost_last_week"].clone()
    });
    assert!((0.1..0.3).contains(&aware["refused"].as_f64().unwrap()), "{aware}");
    let why = &aware["reasons"][0]["why"];
    assert!([4, 5].contains(&why["covers_days"].as_i64().unwrap()), "{aware}");
    assert!(why["refused"].as_f64().unwrap() > 0.0 && why["added_for_refusals"].is_i64(), "{why}");
}

#[test]
fn lateness_and_refusals_are_learnt_from_receipts() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bread.csv"), bread(240)).unwrap();
    let mut receipts = String::from("days_late,brought,refused\n");
    for nth in 0..96 {
        writeln!(receipts, "{},40,{}", i64::from(nth % 4 == 0), if nth % 2 == 0 { 8 } else { 0 }).unwrap();
    }
    fs::write(folder.path().join("receipts.csv"), receipts).unwrap();

    let learnt = simulated(&["--receipts", "receipts.csv"], folder.path());

    assert!((learnt["supply"]["late_days"].as_f64().unwrap() - 0.24).abs() < 1e-9, "{learnt}");
    assert!((learnt["supply"]["refused"].as_f64().unwrap() - 0.096).abs() < 1e-9, "{learnt}");
}

#[test]
fn orders_of_one_morning_share_a_budget_and_a_truck() {
    let folder = tempfile::tempdir().unwrap();
    let both =
        bread(240) + &bread(240).lines().skip(1).map(|row| row.replace("bread", "cake") + "\n").collect::<String>();
    fs::write(folder.path().join("bread.csv"), both).unwrap();
    fs::write(folder.path().join("goods.csv"), "unique_id,price,pack\ncake,4,6\n").unwrap();

    let free = simulated(&["--goods", "goods.csv"], folder.path());
    let scarce = simulated(&["--goods", "goods.csv", "--budget", "90"], folder.path());
    let narrow = simulated(&["--goods", "goods.csv", "--truck", "30"], folder.path());

    let sold = |report: &Value, series: usize| report["by_series"][series]["sold"].as_i64().unwrap();
    // Cake costs four times as much for the same trouble, so there is less of it.
    assert!(sold(&scarce, 1) < sold(&scarce, 0) && sold(&scarce, 1) < sold(&free, 1), "{scarce}");
    let ordered =
        |report: &Value| -> i64 { (0..2).map(|at| report["by_series"][at]["ordered"].as_i64().unwrap()).sum() };
    assert!(ordered(&narrow) <= 60 * 30, "{narrow}");
    assert_eq!(free["by_series"][1]["ordered"].as_i64().unwrap() % 6, 0);
}

#[test]
fn what_ends_is_marked_down_together_with_the_order() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bread.csv"), bread(240)).unwrap();

    let without = simulated(&["--issue", "lifo"], folder.path());
    let with = simulated(&["--issue", "lifo", "--mark-down", "0.2,0.4", "--reasons"], folder.path());

    let of = |report: &Value, what: &str| report["by_series"][0][what].as_f64().unwrap();
    assert!(of(&with, "cost") < of(&without, "cost") && of(&with, "outdated") < of(&without, "outdated"), "{with}");
    assert!(of(&with, "marked_down") >= of(&with, "drawn") && of(&with, "drawn") > 0.0, "{with}");
    assert!(with["reasons"][0]["why"]["cut"].is_f64(), "{with}");
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
    fs::write(folder.path().join("receipts.csv"), "days_late,brought,refused\n0,4,5\n").unwrap();
    fs::write(folder.path().join("goods.csv"), "unique_id,price\ncod,1\n").unwrap();
    for (words, told) in [
        (["--late", "0.5,0.2"], "--late: the chances of 0 through 14 days add up to 0.7, or one is no chance"),
        (["--refused", "0.95"], "--refused: refused share 0.95 straying by 1: 0 through 0.9, straying by 0 through 2"),
        (["--receipts", "receipts.csv"], "receipts.csv: row 2: refused 5 of 4 that were brought"),
        (["--goods", "goods.csv"], "goods.csv: row 2: cod is no series of the sales"),
        (["--budget", "NaN"], "--budget NaN: not below 0"),
        (["--mark-down", "1.5"], "--mark-down: a cut of 1.5: above 0 and below 1 of the price"),
        (["--pack", "0"], "--pack 0: 1 through 1000000"),
    ] {
        let answer = refused(&[&["simulate", "short.csv"], &words[..]].concat());
        assert!(answer.contains(told), "{words:?}: {answer}");
    }

    assert!(short.contains("bread: 40 days, the rehearsal needs 210"), "{short}");
    assert!(life.contains("--life 0: 1 through 60 days"), "{life}");
    assert!(case.contains("case.json: missing field `issue`"), "{case}");
}
