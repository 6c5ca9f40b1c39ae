//! The public vectors: check digits, labels, the verdicts of the EPCIS schema, and the hashes of events.

use std::{
    fs,
    path::{Path, PathBuf},
};

use gs1::epcis::{self, Namespaces};
use serde_json::Value;

/// The folder of traceability data, if it is here.
#[expect(clippy::print_stdout, reason = "what was skipped is counted from the test's output")]
fn data() -> Option<PathBuf> {
    let found = std::env::var("FRESHET_TEST_DATA").ok().map(|folder| PathBuf::from(folder).join("traceability"));
    if found.is_none() {
        println!("skipped: no data");
    }
    found
}

fn json(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().unwrap_or_else(|| panic!("{name} is a list"))
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} is a text in {value}"))
}

#[test]
fn every_label_is_read_as_the_vectors_say() {
    let Some(folder) = data() else { return };
    let vectors = json(&folder.join("gs1_vectors.json"));

    for vector in list(&vectors, "check_digit") {
        assert_eq!(gs1::check_digit(text(vector, "body")), text(vector, "cd").chars().next(), "{vector}");
    }
    for vector in list(&vectors, "element_strings") {
        let (people, scanner) = (gs1::bracketed(text(vector, "raw")), gs1::scanned(text(vector, "scan")));
        if vector.get("error").is_some() {
            assert!(people.is_err() && scanner.is_err(), "{vector}: {people:?} {scanner:?}");
            continue;
        }
        let people = people.unwrap_or_else(|error| panic!("{vector}: {error}"));
        let expected = vector["ais"].as_object().expect("identifiers");
        assert_eq!(people.fields().count(), expected.len(), "{vector}");
        for (identifier, value) in expected {
            assert_eq!(people.get(identifier), value.as_str(), "{vector}");
        }
        if let Some(kilograms) = vector.get("net_kg").and_then(Value::as_f64) {
            let grams = people.net_grams().and_then(|grams| i32::try_from(grams).ok()).map(f64::from);
            assert_eq!(grams, Some(kilograms * 1000.0), "{vector}");
        }
        assert_eq!(scanner.as_ref(), Ok(&people), "{vector}");
    }
    for vector in list(&vectors, "ean13_weight") {
        let layout: gs1::Layout = vector["layout"].as_str().unwrap_or("PPIIIIIVVVVVC").parse().expect("a layout");
        match (layout.read(text(vector, "code")), vector.get("error")) {
            (Ok(label), None) => {
                assert_eq!(label.item, text(vector, "item"), "{vector}");
                assert_eq!(Some(label.grams), vector["grams"].as_i64(), "{vector}");
            }
            (Err(_), Some(_)) => {}
            (read, _) => panic!("{vector}: {read:?}"),
        }
    }
}

#[test]
fn the_schema_judges_as_expected_and_we_judge_what_it_lets_pass() {
    let Some(folder) = data() else { return };
    let schema = json(&folder.join("epcis/EPCIS-JSON-Schema.json"));
    // The verdicts were given by a validator that asserts times and knows no form of a URI. One that knows it finds a
    // word outside the vocabulary by itself, because such a word would have to be a URI.
    let strict = jsonschema::options().should_validate_formats(true).build(&schema).expect("the schema is one");
    let schema = jsonschema::options().should_validate_formats(true).with_format("uri", |_: &str| true).build(&schema);
    let schema = schema.expect("the schema is one");

    for (name, valid) in json(&folder.join("epcis/expected_validity.json")).as_object().expect("verdicts") {
        let example = json(&folder.join("epcis/examples").join(name));
        assert_eq!(Some(schema.is_valid(&example)), valid.as_bool(), "{name}");
    }

    let chain = json(&folder.join("epcis/own_chain_valid.json"));
    assert!(schema.is_valid(&chain) && strict.is_valid(&chain));
    assert_eq!(epcis::faults(&chain), []);

    for negative in json(&folder.join("epcis/own_negative.json")).as_array().expect("negatives") {
        let document = &negative["doc"];
        assert_eq!(Some(schema.is_valid(document)), negative["valid"].as_bool(), "{}", negative["name"]);
        let ours = epcis::faults(document);
        assert!(!schema.is_valid(document) || !ours.is_empty(), "{} passes unseen", negative["name"]);
        assert!(!strict.is_valid(document) || !ours.is_empty(), "{} passes unseen", negative["name"]);
    }
}

#[test]
fn events_hash_to_the_names_that_the_standard_gives_them() {
    let Some(folder) = data() else { return };
    let mut checked = 0;
    let folder = folder.join("epcis/hash");
    let mut files: Vec<PathBuf> =
        fs::read_dir(&folder).expect("a folder").map(|file| file.expect("a file").path()).collect();
    files.sort();
    let mut wrong = Vec::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "jsonld")) {
        let document = json(file);
        let namespaces = Namespaces::of(&document);
        let body = &document["epcisBody"];
        let events = body.get("eventList").unwrap_or(&body["queryResults"]["resultsBody"]["eventList"]);
        let events = events.as_array().expect("events");
        let hashes = fs::read_to_string(file.with_extension("hashes")).expect("hashes");
        for (event, expected) in events.iter().zip(hashes.split_whitespace()) {
            let found = epcis::event_hash(event, &namespaces);
            if found != expected {
                let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
                wrong.push(format!("{name}: {}", epcis::pre_hash(event, &namespaces)));
            }
            checked += 1;
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(checked, 21);
}
