use serde_json::{Value, json};

use crate::{
    receiver::Receiver,
    server::{Databases, Server},
};

/// What a span says under a name.
fn said<'a>(span: &'a Value, name: &str) -> &'a Value {
    let attributes = span["attributes"].as_array().expect("attributes");
    attributes.iter().find(|one| one["key"] == name).map_or(&Value::Null, |one| &one["value"])
}

#[tokio::test]
async fn a_request_reaches_the_collector_as_a_span_with_its_route_and_its_id() {
    let databases = Databases::new("traces");
    let (collector, address) = Receiver::listen(0).await;
    let endpoint = format!("http://{address}/");
    let settings = [("FRESHET_TELEMETRY__OTLP_ENDPOINT", endpoint.as_str())];
    let server = Server::start(&databases.urls().remove(0), &settings).await;
    let admin = server.sign_in("admin").await;

    let (status, answered) = server.under("shelf-17", &admin, "/api/sites?limit=3").await;
    assert_eq!((status, answered.as_str()), (200, "shelf-17"));
    let missing = server.under("shelf-18", &admin, "/api/users/01890000-0000-7000-8000-000000000000").await;
    assert_eq!(missing.0, 404);
    server.stop().await;

    let messages = collector.messages();
    assert!(!messages.is_empty(), "what had not been sent is sent at the end");
    let mut spans = Vec::new();
    for message in &messages {
        assert_eq!(message.path, "/v1/traces");
        assert_eq!(message.headers.get("content-type").map(String::as_str), Some("application/json"));
        let told: Value = serde_json::from_str(&message.body).expect("JSON");
        for resource in told["resourceSpans"].as_array().expect("resources") {
            assert_eq!(said(&resource["resource"], "service.name"), &json!({ "stringValue": "freshet" }));
            let scopes = resource["scopeSpans"].as_array().expect("scopes");
            spans.extend(scopes.iter().flat_map(|scope| scope["spans"].as_array().expect("spans").clone()));
        }
    }
    let under = |id: &str| {
        let found = spans.iter().find(|span| said(span, "freshet.request_id")["stringValue"] == id);
        found.unwrap_or_else(|| panic!("no span of {id} among {}", spans.len()))
    };
    let sites = under("shelf-17");
    assert_eq!(said(sites, "http.route")["stringValue"], "/api/sites");
    assert_eq!(said(sites, "http.request.method")["stringValue"], "GET");
    assert_eq!(said(sites, "http.response.status_code")["intValue"], "200");
    assert_eq!(sites["traceId"].as_str().map(str::len), Some(32));
    assert_eq!(said(under("shelf-18"), "http.route")["stringValue"], "/api/users/{user}");
    assert_eq!(said(under("shelf-18"), "http.response.status_code")["intValue"], "404");
    let all = messages.iter().map(|message| message.body.as_str()).collect::<String>();
    assert!(!all.contains("limit=3") && !all.contains(server::DEMO_PASSWORD), "queries and bodies stay here");
}
