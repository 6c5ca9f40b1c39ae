//! The API file in the tree is the one that the code describes.

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
