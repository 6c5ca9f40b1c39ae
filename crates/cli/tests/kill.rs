//! Killed at random moments of a day, the whole shop keeps what it has said yes to, once, on both databases.
//!
//! `freshet demo --headless --orders 120 --kill 50` is the long run of the same.

use std::process::Command;

use serde_json::{Value, json};
use store::testing::{self, Room};

const KILLS: u64 = 6;

fn killed_day(room: &Room, seed: u32) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let report = folder.path().join("report.json");
    let ended = Command::new(env!("CARGO_BIN_EXE_freshet"))
        .args(["demo", "--headless", "--days", "1", "--orders", "20", "--seed", &seed.to_string()])
        .args(["--kill", &KILLS.to_string(), "--database", &room.url(), "--report"])
        .arg(&report)
        .output()
        .expect("the program runs");
    let told = String::from_utf8_lossy(&ended.stdout).into_owned() + &String::from_utf8_lossy(&ended.stderr);
    let report = std::fs::read_to_string(report).unwrap_or_else(|_| panic!("no report: {told}"));
    let report: Value = serde_json::from_str(&report).expect("the report is JSON");

    let (kills, remembered) = (&report["kills"], &report["kills"]["remembered"]);
    assert_eq!(kills["killed"], KILLS, "{told}");
    assert_eq!(remembered["forgotten"], json!([]));
    assert!(remembered["commands"].as_u64() > Some(200), "{kills}");
    assert!(remembered["told"].as_u64() >= remembered["commands"].as_u64(), "{kills}");
    assert!(remembered["things"].as_u64() > Some(100), "{kills}");
    assert!(remembered["orders"].as_u64() > Some(10), "{kills}");
    assert!(remembered["notice_sent_most_often"].as_u64() <= Some(2), "{kills}");
    for law in report["verify"]["laws"].as_array().expect("laws") {
        assert_eq!(law["breaches"], json!([]), "{law}");
    }
}

#[test]
fn a_day_with_power_cuts_is_a_whole_day() {
    killed_day(&testing::sqlite_room(), 3);
}

#[tokio::test]
async fn a_day_with_power_cuts_is_a_whole_day_on_postgres() {
    let Some(room) = testing::postgres_room().await else { return };
    killed_day(&room, 3);
}
