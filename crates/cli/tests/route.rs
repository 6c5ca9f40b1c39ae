//! `freshet route` as somebody types it: plan, check, refuse.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const SPINACH: &str = "SPINACH

VEHICLE
NUMBER     CAPACITY
  3         20

CUSTOMER
CUST NO.  XCOORD.  YCOORD.  DEMAND  READY TIME  DUE DATE  SERVICE TIME

    0      40         50          0          0       1236          0
    1      45         68         10          0       1127         90
    2      45         70         10          0       1125         90
    3      42         66         10         65        546         90
    4      42         68         10        700        782         90
";

fn freshet(words: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_freshet")).args(words).current_dir(folder).output().expect("the program runs")
}

#[test]
fn what_solve_writes_check_accepts_and_a_change_it_refuses() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("spinach.txt"), SPINACH).unwrap();

    let words = ["route", "solve", "spinach.txt", "--iterations", "200", "--seed", "7", "--out"];
    for out in ["first.json", "second.json"] {
        let solved = freshet(&[&words[..], &[out]].concat(), folder.path());
        assert!(solved.status.success(), "{}", String::from_utf8_lossy(&solved.stderr));
    }

    let first = fs::read_to_string(folder.path().join("first.json")).unwrap();
    assert_eq!(first, fs::read_to_string(folder.path().join("second.json")).unwrap());
    assert!(freshet(&["route", "check", "spinach.txt", "first.json"], folder.path()).status.success());
    fs::write(folder.path().join("overloaded.json"), r#"{"routes":[[1,2,3,4]]}"#).unwrap();
    let refused = freshet(&["route", "check", "spinach.txt", "overloaded.json"], folder.path());
    assert!(!refused.status.success());
    let told = String::from_utf8_lossy(&refused.stdout).into_owned();
    assert!(told.contains("violated: vehicle 0 carries 40 in dimension 0 on trip 0, 20 fit"), "{told}");
}

#[test]
fn a_file_that_is_no_instance_is_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("cod.txt"), SPINACH.replacen("45 ", "NaN", 1)).unwrap();

    let refused = freshet(&["route", "solve", "cod.txt"], folder.path());

    assert!(!refused.status.success());
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(told.contains("cod.txt: line 11: \"NaN\" is not a number"), "{told}");
}

const BREAD: &str = r#"{
  "plan": { "jobs": [
    { "id": "rolls", "deliveries": [ { "places": [ { "location": { "index": 1 }, "duration": 60 } ], "demand": [3] } ] },
    { "id": "cake", "deliveries": [ { "places": [ { "location": { "index": 2 }, "duration": 60 } ], "demand": [3] } ] } ] },
  "fleet": { "profiles": [ { "name": "car" } ], "vehicles": [ { "typeId": "van", "vehicleIds": ["one", "two"],
    "profile": { "matrix": "car" }, "costs": { "fixed": 20, "distance": 0.5, "time": 0 }, "capacity": [6],
    "shifts": [ { "start": { "earliest": "2026-03-02T08:00:00Z", "location": { "index": 0 } },
                  "end": { "latest": "2026-03-02T18:00:00Z", "location": { "index": 0 } } } ] } ] }
}"#;

#[test]
fn the_file_of_another_planner_is_planned_by_its_matrix_and_its_costs() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bread.json"), BREAD).unwrap();
    let cells = "[0, 10, 20, 11, 0, 12, 21, 13, 0]";
    let matrix = format!(r#"{{ "profile": "car", "travelTimes": {cells}, "distances": {cells} }}"#);
    fs::write(folder.path().join("car.json"), matrix).unwrap();
    let solve = ["route", "solve", "bread.json", "--iterations", "100", "--format", "pragmatic-json"];

    let planned = freshet(&[&solve[..], &["--matrix", "car.json"]].concat(), folder.path());
    let without_matrix = freshet(&solve, folder.path());

    assert!(planned.status.success(), "{}", String::from_utf8_lossy(&planned.stderr));
    let solution: serde_json::Value = serde_json::from_slice(&planned.stdout).unwrap();
    // Out to the rolls, on to the cake and home, for half a coin a metre and twenty for the van.
    assert_eq!(solution["distance"], 43.0, "{solution}");
    assert_eq!(solution["cost"], 41.5, "{solution}");
    assert_eq!(solution["routes"], serde_json::json!([[1, 2]]));
    let told = String::from_utf8_lossy(&without_matrix.stderr).into_owned();
    assert!(told.contains("bread.json: a matrix for places that have an index is missing"), "{told}");
}
