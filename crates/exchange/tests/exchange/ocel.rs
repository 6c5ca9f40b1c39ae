use serde_json::{Value, json};

use crate::shop::{NOON, Shop, public};

fn list<'a>(document: &'a Value, name: &str) -> &'a [Value] {
    document[name].as_array().unwrap_or_else(|| panic!("{name} is a list"))
}

#[tokio::test]
async fn every_event_stands_there_with_what_it_touched() {
    for shop in Shop::both().await {
        shop.weigh(5_000, "dock-1").await;
        shop.weigh(4_900, "dock-1").await;

        let document = shop.json("/exports/ocel").await;

        let events = list(&document, "events");
        assert_eq!(events.len(), 2);
        assert_eq!(events[0]["type"], "lot_weighed");
        assert_eq!(events[0]["time"], NOON.to_string());
        let lot = format!("lot:{}", shop.lot);
        assert_eq!(
            events[0]["relationships"],
            json!([
                { "objectId": lot, "qualifier": "subject" },
                { "objectId": format!("purchase_order:{}", shop.order), "qualifier": "touched" },
                { "objectId": format!("site:{}", shop.site), "qualifier": "touched" },
                { "objectId": format!("staff:{}", shop.receiver), "qualifier": "actor" },
            ])
        );
        let objects = list(&document, "objects");
        let nouns: Vec<_> = objects.iter().map(|object| object["type"].as_str().unwrap_or_default()).collect();
        assert_eq!(nouns, ["lot", "purchase_order", "site", "staff"]);
        assert_eq!(objects[0]["id"], lot);
        let told: Vec<_> =
            list(&objects[0], "attributes").iter().map(|a| (a["name"].clone(), a["value"].clone())).collect();
        let of = |name: &str, value: &str| (Value::from(name), Value::from(value));
        // The second weight is a change, the second naming of the scale is none.
        assert_eq!(told, [of("quantity_grams", "5000"), of("scale", "dock-1"), of("quantity_grams", "4900")]);
        assert_eq!(list(&objects[0], "relationships").len(), 2);
        assert_eq!(document["objectTypes"][0]["attributes"][0], json!({ "name": "quantity_grams", "type": "integer" }));
    }
}

#[tokio::test]
async fn a_document_is_valid_and_a_function_of_the_log() {
    let schema = public("processmining/schema_ocel2.json");
    for shop in Shop::both().await {
        let empty = shop.json("/exports/ocel").await;
        for grams in 0..1_203 {
            shop.weigh(grams, "dock-2").await;
        }
        let (_, last, text) = shop.get("/exports/ocel", "auditor").await;
        let (_, _, again) = shop.get("/exports/ocel", "auditor").await;

        assert_eq!(last.as_deref(), Some("1203"));
        assert_eq!(text, again);
        let document: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(list(&document, "events").len(), 1_203);
        let Some(schema) = &schema else { continue };
        let schema = jsonschema::options().should_validate_formats(true).build(schema).expect("the schema is one");
        for document in [&document, &empty] {
            let faults: Vec<String> = schema.iter_errors(document).map(|fault| fault.to_string()).collect();
            assert!(faults.is_empty(), "{faults:?}");
        }
    }
}

#[tokio::test]
async fn documents_follow_each_other_without_gap_or_overlap() {
    for shop in Shop::both().await {
        for grams in 0..5 {
            shop.weigh(grams, "dock-1").await;
        }
        let (_, last, first) = shop.get("/exports/ocel?limit=3", "auditor").await;
        let (_, end, second) = shop.get("/exports/ocel?after=3&limit=3", "auditor").await;

        assert_eq!((last.as_deref(), end.as_deref()), (Some("3"), Some("5")));
        let positions = |text: &str| {
            let document: Value = serde_json::from_str(text).expect("JSON");
            let of = |event: &Value| {
                let attributes = list(event, "attributes").iter().find(|a| a["name"] == "log_position");
                attributes.and_then(|a| a["value"].as_str()).map(str::to_owned)
            };
            list(&document, "events").iter().filter_map(of).collect::<Vec<_>>()
        };
        assert_eq!([positions(&first), positions(&second)].concat(), ["1", "2", "3", "4", "5"]);
    }
}

#[tokio::test]
async fn the_log_is_exported_for_those_who_may_read_it() {
    for shop in Shop::both().await {
        assert_eq!(shop.get("/exports/ocel", "nobody").await.0, 401);
        assert_eq!(shop.get("/exports/ocel", "picker").await.0, 403);
        assert_eq!(shop.get("/exports/ocel?limit=0", "auditor").await.0, 422);
        assert_eq!(shop.get("/exports/ocel?after=-1", "auditor").await.0, 422);
        assert_eq!(shop.get("/exports/ocel?wanted=all", "auditor").await.0, 400);
    }
}
