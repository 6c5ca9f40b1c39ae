//! What the JSON schema of EPCIS lets pass and a partner's system does not: words outside the vocabulary, and
//! properties that the type of the event does not have.

use serde_json::Value;

use super::vocabulary::{BIZ_STEPS, BIZ_TRANSACTIONS, DISPOSITIONS, PARTIES};

/// One thing that is wrong with an event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("event {event}: {word} is no {kind} of the vocabulary")]
    Word { event: usize, kind: &'static str, word: String },
    #[error("event {event}: a {of} has no property {property}")]
    Property { event: usize, of: String, property: String },
    #[error("event {event}: {of} is no type of event")]
    Type { event: usize, of: String },
}

/// Properties that every event may have.
const SHARED: &[&str] = &[
    "@context",
    "type",
    "eventTime",
    "recordTime",
    "eventTimeZoneOffset",
    "eventID",
    "certificationInfo",
    "errorDeclaration",
    "bizStep",
    "disposition",
    "readPoint",
    "bizLocation",
    "bizTransactionList",
    "sourceList",
    "destinationList",
    "sensorElementList",
    "persistentDisposition",
];

/// Every fault of the events in a document, in their order.
pub fn faults(document: &Value) -> Vec<Fault> {
    let body = document.get("epcisBody");
    let list = body
        .and_then(|body| body.get("eventList"))
        .or_else(|| body.and_then(|body| body.get("queryResults"))?.get("resultsBody")?.get("eventList"));
    let mut faults = Vec::new();
    for (nth, event) in list.and_then(Value::as_array).into_iter().flatten().enumerate() {
        look_at(nth, event, &mut faults);
    }
    faults
}

fn look_at(event: usize, body: &Value, faults: &mut Vec<Fault>) {
    let of = body.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    let own: &[&str] = match of.as_str() {
        "ObjectEvent" => &["epcList", "quantityList", "action", "ilmd"],
        "AggregationEvent" | "AssociationEvent" => &["parentID", "childEPCs", "childQuantityList", "action"],
        "TransactionEvent" => &["parentID", "epcList", "quantityList", "action"],
        "TransformationEvent" => {
            &["inputEPCList", "inputQuantityList", "outputEPCList", "outputQuantityList", "transformationID", "ilmd"]
        }
        _ => {
            faults.push(Fault::Type { event, of });
            return;
        }
    };
    for property in body.as_object().into_iter().flat_map(serde_json::Map::keys) {
        // A name with a colon is an extension and has its own vocabulary.
        if !property.contains(':') && !SHARED.contains(&property.as_str()) && !own.contains(&property.as_str()) {
            faults.push(Fault::Property { event, of: of.clone(), property: property.clone() });
        }
    }
    let mut word = |kind: &'static str, known: &[&str], value: Option<&Value>| {
        let Some(word) = value.and_then(Value::as_str) else { return };
        if !word.contains(':') && !known.contains(&word) {
            faults.push(Fault::Word { event, kind, word: word.to_owned() });
        }
    };
    word("business step", BIZ_STEPS, body.get("bizStep"));
    word("disposition", DISPOSITIONS, body.get("disposition"));
    for (list, kind, known) in [
        ("bizTransactionList", "business transaction", BIZ_TRANSACTIONS),
        ("sourceList", "source", PARTIES),
        ("destinationList", "destination", PARTIES),
    ] {
        for entry in body.get(list).and_then(Value::as_array).into_iter().flatten() {
            word(kind, known, entry.get("type"));
        }
    }
}
