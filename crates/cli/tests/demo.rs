//! The one true thread, as a new user runs it: a simulated day against a real server, on both databases.

use std::{path::Path, process::Command};

use serde_json::Value;

/// A day of orders, reported.
fn demo(seed: u32, orders: u32, database: &str, report: &Path) -> Value {
    run(&["--orders", &orders.to_string(), "--seed", &seed.to_string()], database, report)
}

/// One day, reported, with laws that hold.
fn run(words: &[&str], database: &str, report: &Path) -> Value {
    let ended = Command::new(env!("CARGO_BIN_EXE_freshet"))
        .args(["demo", "--headless", "--days", "1"])
        .args(words)
        .args(["--database", database, "--report"])
        .arg(report)
        .output()
        .expect("the program runs");
    let told = String::from_utf8_lossy(&ended.stdout).into_owned() + &String::from_utf8_lossy(&ended.stderr);
    let report = std::fs::read_to_string(report).unwrap_or_else(|_| panic!("no report: {told}"));
    let report: Value = serde_json::from_str(&report).expect("the report is JSON");
    for law in report["verify"]["laws"].as_array().expect("laws") {
        assert_eq!(law["breaches"], Value::Array(Vec::new()), "{law}");
    }
    report
}

/// What must be the same for a seed: everything but the timing.
fn untimed(mut report: Value) -> Value {
    report.as_object_mut().expect("an object").remove("timing");
    report
}

#[test]
fn orders_reach_their_doors_and_the_books_balance() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let database = format!("sqlite:{}", folder.path().join("demo.sqlite").display());

    let report = demo(1, 50, &database, &folder.path().join("report.json"));

    let states = &report["run"]["order_states"];
    let handed_over = states["handed_over"].as_i64().expect("orders were handed over");
    assert!(handed_over >= 15, "{states}");
    let invoices = report["verify"]["laws"]
        .as_array()
        .expect("laws")
        .iter()
        .find(|law| law["law"] == "every order that left has its invoice");
    assert!(invoices.and_then(|law| law["checked"].as_i64()) >= Some(handed_over));
    assert!(report["run"]["counts"]["feedback"]["ratings"].as_i64() > Some(0), "customers rate what they got");
    assert_eq!(report["run"]["notice_sent_most_often"], 1, "no notice is sent twice");
    let counts = &report["run"]["counts"];
    let count = |chapter: &str, what: &str| counts[chapter][what].as_i64().unwrap_or(0);
    assert!(count("counting", "lines") > 0, "bins are counted at night: {counts}");
    assert!(count("disposal", "expiry") > 0, "what has run out is thrown away: {counts}");
    assert!(count("complaints", "made") > 0, "somebody complains: {counts}");
    assert_eq!(count("recall_drill", "balanced"), 1, "the drill finds every gram: {counts}");
    assert_eq!(count("recall", "balanced"), 1, "so does the recall: {counts}");
    assert_eq!(count("recall", "customers_reached") > 0, count("recall", "orders") > 0, "{counts}");
    assert_eq!((count("meetings", "held"), count("meetings", "actions")), (1, 1), "{counts}");
    assert!(count("market", "prices_observed") > 0, "the buyer looks before asking: {counts}");
    let webhook = &report["run"]["published"]["webhook"];
    assert!(webhook["events"].as_i64() > Some(0), "the partner is told what was sealed: {webhook}");
    assert_eq!(webhook["forged"], 0, "and every message is signed: {webhook}");
    let cases = &report["run"]["conformance"]["TPE"];
    for step in ["1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "2.2", "2.3", "2.4", "3.1", "4.2", "4.3"] {
        assert!(cases[step]["ended"].as_i64() > Some(0), "procedure {step} is held against no case: {cases}");
    }
}

#[test]
fn a_run_is_the_same_for_its_seed_on_either_database() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = |name: &str| folder.path().join(name);
    let embedded = |name: &str| format!("sqlite:{}", file(name).display());

    let first = untimed(demo(2, 25, &embedded("a.sqlite"), &file("a.json")));
    let again = untimed(demo(2, 25, &embedded("b.sqlite"), &file("b.json")));
    assert_eq!(first, again, "the same seed, the same day");

    let Ok(server) = std::env::var("TEST_POSTGRES_URL") else {
        println!("skipped: no TEST_POSTGRES_URL");
        return;
    };
    let database = Throwaway::on(&server);
    let elsewhere = untimed(demo(2, 25, &database.url, &file("c.json")));
    assert_eq!(first, elsewhere, "the same day on PostgreSQL");
}

/// Eggs by the piece and bread by the weight, for eight weeks and a day: the same every week.
fn demand() -> String {
    let first: kernel::Date = "2021-01-02".parse().expect("a date");
    let row = |nth: i64| {
        let day = first.saturating_add(jiff::Span::new().days(nth));
        format!("EGGS,{day},{}\n\"BREAD, DARK\",{day},{}.25\n", 6 + nth % 7, 8 + nth % 7)
    };
    let rows: Vec<String> = (0..57).map(row).collect();
    format!("unique_id,ds,y\n{}", rows.concat())
}

#[test]
fn what_a_file_wants_is_bought_ordered_and_handed_over() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (file, report) = (folder.path().join("demand.csv"), folder.path().join("report.json"));
    std::fs::write(&file, demand()).expect("a file");
    let database = format!("sqlite:{}", folder.path().join("demo.sqlite").display());

    let report = run(&["--demand", &file.display().to_string(), "--faults", "none"], &database, &report);

    let run = &report["run"];
    assert_eq!(run["counts"]["market"]["sales_days_recorded"], 2 * 56, "every day before the first is history");
    let told = &run["demand"];
    assert_eq!(
        (&told["from"], &told["pieces"]["wanted"], &told["grams"]["wanted"]),
        (&"2021-02-27".into(), &serde_json::json!([6]), &serde_json::json!([825]),)
    );
    let number = |unit: &str, what: &str| told[unit][what][0].as_i64().expect("a number");
    for unit in ["pieces", "grams"] {
        let (wanted, ordered, handed_over) =
            (number(unit, "wanted"), number(unit, "ordered"), number(unit, "handed_over"));
        assert!(0 < ordered && ordered <= wanted, "{told}");
        // A hand cuts bread near its weight, hardly ever on it.
        assert!(0 < handed_over && handed_over <= wanted * 11 / 10, "{told}");
    }
    assert_eq!(run["faults"]["told_and_not_planted"], serde_json::json!({}));
}

/// A database of its own on the test server, dropped afterwards.
struct Throwaway {
    server: String,
    name: String,
    url: String,
}

impl Throwaway {
    fn on(server: &str) -> Self {
        let name = format!("freshet_demo_{}", std::process::id());
        sql(server, &format!("CREATE DATABASE {name}"));
        let (base, _) = server.rsplit_once('/').expect("a URL with a database");
        Self { server: server.to_owned(), url: format!("{base}/{name}"), name }
    }
}

impl Drop for Throwaway {
    fn drop(&mut self) {
        sql(&self.server, &format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

fn sql(server: &str, statement: &str) {
    let done = Command::new("psql").args([server, "-qc", statement]).status().expect("psql runs");
    assert!(done.success(), "{statement}");
}
