//! The API file in the tree is the one that the code describes.

use std::{collections::BTreeMap, path::Path};

/// `cargo run -p cli -- openapi > api/openapi.json` writes it anew; a changed line is a changed promise to clients.
#[test]
fn the_api_file_matches_the_code() {
    let kept = include_str!("../../../api/openapi.json");
    let described = server::openapi_json().expect("the description is JSON");
    assert!(kept.trim() == described.trim(), "api/openapi.json is stale");
}

/// Every reference inside the document leads somewhere: clients are generated from it.
#[test]
fn every_reference_of_the_api_file_resolves() {
    let document: serde_json::Value = serde_json::from_str(&server::openapi_json().expect("JSON")).expect("JSON");
    let mut open = vec![&document];
    while let Some(value) = open.pop() {
        if let Some(reference) = value.get("$ref").and_then(serde_json::Value::as_str) {
            let pointer = reference.trim_start_matches('#');
            assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
        }
        open.extend(value.as_object().into_iter().flat_map(serde_json::Map::values));
        open.extend(value.as_array().into_iter().flatten());
    }
}

/// Every context describes its own routes; in the file of all of them nobody may have overwritten another's words.
/// A name that two types claim says one thing here and another there, and clients are generated from the wrong one.
#[test]
fn no_context_overwrites_the_words_of_another() {
    let all = schemas(serde_json::from_str(&server::openapi_json().expect("JSON")).expect("JSON"));
    let contexts = [
        ("events", events::router()),
        ("identity", identity::router()),
        ("catalog", catalog::router()),
        ("customers", customers::router()),
        ("accounts", accounts::router()),
        ("procurement", procurement::router()),
        ("warehouse", warehouse::router()),
        ("orders", orders::router()),
        ("delivery", delivery::router()),
        ("procedures", procedures::router()),
        ("improvement", improvement::router()),
        ("flows", flows::router()),
    ];
    for (context, router) in contexts {
        for (name, own) in schemas(serde_json::to_value(router.into_openapi()).expect("JSON")) {
            assert_eq!(all.get(&name), Some(&own), "{context} means another {name} than the file says");
        }
    }
}

fn schemas(mut document: serde_json::Value) -> serde_json::Map<String, serde_json::Value> {
    match document.pointer_mut("/components/schemas").map(serde_json::Value::take) {
        Some(serde_json::Value::Object(schemas)) => schemas,
        Some(_) | None => serde_json::Map::new(),
    }
}

/// The same inside a context, where the documents cannot show it: every type that is described to clients has a name
/// of its own among all sources, its Rust name or the one it takes for the file (`#[schema(as = …)]`).
#[test]
fn every_described_type_has_a_name_of_its_own() {
    let mut owners: BTreeMap<String, String> = BTreeMap::new();
    let mut twice = Vec::new();
    for (path, text) in sources() {
        for name in described(&text) {
            if let Some(owner) = owners.insert(name.clone(), path.clone()) {
                twice.push(format!("{name}: {owner} and {path}"));
            }
        }
    }
    assert!(owners.len() > 400, "only {} described types were found", owners.len());
    assert!(twice.is_empty(), "names that two types claim:\n{}", twice.join("\n"));
}

/// The words of an enumeration in the file are those that are sent. The ones with capitals are codes of others.
#[test]
fn enumerated_words_are_spelt_as_they_are_sent() {
    const CODES_OF_OTHERS: [&str; 3] = ["Currency", "InspectionLevel", "Lang"];
    for (name, schema) in schemas(serde_json::from_str(&server::openapi_json().expect("JSON")).expect("JSON")) {
        let words = schema.get("enum").and_then(serde_json::Value::as_array).into_iter().flatten();
        for word in words.filter_map(serde_json::Value::as_str) {
            let plain = word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            assert!(plain || CODES_OF_OTHERS.contains(&name.as_str()), "{name} is described with the word {word}");
        }
    }
    let described = schemas(serde_json::from_str(&server::openapi_json().expect("JSON")).expect("JSON"));
    for (path, text) in sources() {
        for (name, codes) in coded(&text) {
            let Some((_, schema)) = described.iter().find(|(known, _)| **known == name) else { continue };
            // Another crate may have a type of that name which is no enumeration of words.
            let Some(words) = schema.get("enum") else { continue };
            assert_eq!(*words, serde_json::json!(codes), "{path}: {name} is described with other words");
        }
    }
}

/// Names of the types of a source that are described to clients.
fn described(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut taken: Option<String> = None;
    let (mut derived, mut in_codes) = (false, false);
    for line in text.lines() {
        let words = line.trim();
        in_codes = (in_codes || words == "codes! {") && line != "}";
        derived |= words.contains("ToSchema") && !words.starts_with("use ") && !words.starts_with("//");
        if let Some(name) = words.strip_prefix("#[schema(as = ").and_then(|rest| rest.strip_suffix(")]")) {
            taken = Some(name.to_owned());
        }
        let mut parts = words.split([' ', '<', '(', ';', '{']).filter(|part| !part.is_empty());
        let name = match parts.next() {
            Some("pub" | "pub(crate)" | "pub(super)") => {
                parts.next().filter(|word| matches!(*word, "struct" | "enum")).and_then(|_| parts.next())
            }
            Some("struct" | "enum") => parts.next(),
            Some(name) if in_codes && words.ends_with('{') && name.starts_with(char::is_uppercase) => {
                derived = true;
                Some(name)
            }
            Some(_) | None => None,
        };
        if let Some(name) = name {
            // A macro that declares types is no type; those that it declares are counted where they are.
            if derived && !name.starts_with('$') {
                names.push(taken.take().unwrap_or_else(|| name.to_owned()));
            }
            (derived, taken) = (false, None);
        }
    }
    names
}

/// The enumerations of `codes!` blocks, each with the codes that are sent.
fn coded(text: &str) -> Vec<(String, Vec<&str>)> {
    let (mut in_codes, mut taken) = (false, None);
    let mut coded: Vec<(String, Vec<&str>)> = Vec::new();
    for line in text.lines() {
        in_codes = (in_codes || line == "codes! {") && line != "}";
        let words = line.trim();
        if let Some(name) = words.strip_prefix("#[schema(as = ").and_then(|rest| rest.strip_suffix(")]")) {
            taken = Some(name.to_owned());
        }
        if !in_codes || words.starts_with("//") || words.starts_with('#') {
            continue;
        }
        if let Some((_, code)) = words.split_once(" = \"") {
            if let Some((_, codes)) = coded.last_mut() {
                codes.push(code.trim_end_matches("\","));
            }
        } else if let Some(name) = words.strip_suffix(" {").filter(|name| *name != "codes!") {
            coded.push((taken.take().unwrap_or_else(|| name.to_owned()), Vec::new()));
        }
    }
    coded
}

/// Every source file of the crates, by its path from the root.
fn sources() -> Vec<(String, String)> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("crates lie in a folder").to_owned();
    let mut open = vec![crates.clone()];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of sources") {
            let path = entry.expect("an entry of a folder").path();
            let name = path.strip_prefix(&crates).expect("below crates").display().to_string();
            if path.is_dir() {
                // Only what is built into the program: `crates/<name>/src`.
                if name.split('/').nth(1).is_none_or(|second| second == "src") {
                    open.push(path);
                }
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = std::fs::read_to_string(&path).expect("a source is text");
                found.push((name, text));
            }
        }
    }
    found.sort();
    found
}
