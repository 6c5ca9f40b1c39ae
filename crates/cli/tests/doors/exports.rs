use std::{collections::BTreeMap, fs, path::Path, process::Command};

use gs1::epcis;
use serde_json::Value;

use crate::server::Databases;

fn freshet(words: &[&str]) -> (bool, String) {
    let ended = Command::new(env!("CARGO_BIN_EXE_freshet")).args(words).output().expect("the program runs");
    let told = String::from_utf8_lossy(&ended.stdout).into_owned() + &String::from_utf8_lossy(&ended.stderr);
    (ended.status.success(), told)
}

fn json(file: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(file).expect("a file")).expect("JSON")
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().unwrap_or_else(|| panic!("{name} is a list"))
}

/// Whether a document is what its schema says, if the public data is here.
#[expect(clippy::print_stdout, reason = "what was skipped is counted from the test's output")]
fn demand_valid(document: &Value, schema: &str) {
    let Ok(folder) = std::env::var("FRESHET_TEST_DATA") else {
        println!("skipped: no data");
        return;
    };
    let schema = json(&Path::new(&folder).join(schema));
    let schema = jsonschema::options().should_validate_formats(true).build(&schema).expect("the schema is one");
    let faults: Vec<String> =
        schema.iter_errors(document).map(|fault| format!("{} at {}", fault, fault.instance_path())).take(5).collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn a_day_of_trade_is_read_as_ocel_and_as_epcis() {
    let databases = Databases::new("exports");
    for database in databases.urls() {
        let report = databases.file("report.json");
        let (_, told) = freshet(&[
            "demo",
            "--headless",
            "--days",
            "1",
            "--orders",
            "12",
            "--seed",
            "4",
            "--database",
            &database,
            "--report",
            &report.display().to_string(),
        ]);
        assert!(report.exists(), "{told}");
        let published = &json(&report)["run"]["published"];

        let (ocel, epcis) = (databases.file("day.ocel.json"), databases.file("day.epcis.jsonld"));
        for (what, file) in [("ocel", &ocel), ("epcis", &epcis)] {
            let (done, told) = freshet(&["export", what, "--database", &database, &file.display().to_string()]);
            assert!(done, "{told}");
        }

        let document = json(&ocel);
        demand_valid(&document, "processmining/schema_ocel2.json");
        // The simulated auditor asked the server for the same document; the log has grown by their leaving at most.
        let events = i64::try_from(list(&document, "events").len()).expect("a number");
        let seen = published["ocel"]["events"].as_i64().expect("a number");
        assert!(seen > 100 && events >= seen && events - seen < 20, "{events} {seen}");
        let kinds: Vec<&str> = list(&document, "objectTypes").iter().filter_map(|of| of["name"].as_str()).collect();
        for noun in ["customer_order", "delivery_run", "lot", "parcel", "procedure", "release_note", "sku"] {
            assert!(kinds.contains(&noun), "{noun} in {kinds:?}");
        }
        every_relationship_leads_somewhere(&document);

        let document = json(&epcis);
        demand_valid(&document, "traceability/epcis/EPCIS-JSON-Schema.json");
        assert_eq!(epcis::faults(&document), []);
        let namespaces = epcis::Namespaces::of(&document);
        let mut steps: BTreeMap<&str, i64> = BTreeMap::new();
        for event in list(&document["epcisBody"], "eventList") {
            assert_eq!(event["eventID"].as_str(), Some(epcis::event_hash(event, &namespaces).as_str()));
            *steps.entry(event["bizStep"].as_str().expect("a step")).or_default() += 1;
        }
        for step in ["commissioning", "departing", "loading", "packing", "picking", "retail_selling", "storing"] {
            assert!(steps.get(step) > Some(&0), "{step} in {steps:?}");
        }
        assert_eq!(published["webhook"]["forged"], 0);
        let departed = published["epcis"]["departing"].as_i64();
        assert!(published["webhook"]["events"].as_i64() >= departed && departed > Some(0), "{published}");
    }
}

fn every_relationship_leads_somewhere(document: &Value) {
    let things: std::collections::BTreeSet<&str> =
        list(document, "objects").iter().filter_map(|thing| thing["id"].as_str()).collect();
    assert_eq!(things.len(), list(document, "objects").len(), "every thing stands there once");
    for of in list(document, "events").iter().chain(list(document, "objects")) {
        for relationship in list(of, "relationships") {
            let to = relationship["objectId"].as_str().expect("an id");
            assert!(things.contains(to), "{to}");
        }
    }
}

#[test]
fn kept_heads_are_found_again_and_a_changed_one_is_not() {
    let databases = Databases::new("heads");
    for database in databases.urls() {
        let (_, told) =
            freshet(&["demo", "--headless", "--days", "1", "--orders", "3", "--seed", "5", "--database", &database]);
        let kept = databases.file("heads.jsonl");
        let file = kept.display().to_string();
        let (done, exported) = freshet(&["heads", "export", "--database", &database, &file]);
        assert!(done, "{told} {exported}");

        assert!(freshet(&["heads", "check", &file]).0, "linked by themselves, offline");
        assert!(freshet(&["heads", "check", &file, "--database", &database]).0, "and still what the database shows");

        let text = fs::read_to_string(&kept).expect("heads");
        let mut heads: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("a head")).collect();
        assert!(heads.len() > 3);
        let changed = heads[1]["hash"].as_str().expect("a hash").replace(['0', '1'], "f");
        heads[1]["hash"] = Value::from(changed);
        let forged = databases.file("forged.jsonl");
        let lines: Vec<String> = heads.iter().map(Value::to_string).collect();
        fs::write(&forged, lines.join("\n")).expect("a file");
        let forged = forged.display().to_string();
        let (done, verdict) = freshet(&["heads", "check", &forged]);
        assert!(!done && verdict.contains("the chain is broken"), "{verdict}");
        assert!(!freshet(&["heads", "check", &file, &forged]).0);
        assert!(!freshet(&["heads", "check", &forged, "--database", &database]).0);
    }
}
