//! What belongs to others: people who have the right duty and no business with yesterday's things try everything that
//! was done to them, and to look at them.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::Method;
use edge::Duty;
use serde_json::{Value, json};
use sim::Acknowledged;
use testkit::{
    Answer, Login, Shop,
    api::{Document, Known, Operation},
};

use crate::{
    company::{Person, strangers},
    lists::{ANYONE, PUBLIC, SHARED, holds, no_faults},
    yesterday::{Yesterday, operation_of},
};

pub(crate) async fn strangers_meet_nothing(yesterday: &Yesterday, known: &Known) {
    let Yesterday { shop, phones, commands, document } = yesterday;
    let operations = document.operations();
    let people = strangers(shop, document, Some(phones)).await;
    let duties = duties_of(shop, document, &operations, &people).await;

    let mut faults = Vec::new();
    let mut refused: BTreeMap<String, usize> = BTreeMap::new();
    for Request { operation, address, bodies } in requests(document, &operations, known, commands) {
        let duty = duties.get(&operation.name()).copied();
        for person in people.iter().filter(|person| duty.is_none_or(|duty| person.holds(duty))) {
            let (name, mut heard) = (operation.name(), Vec::new());
            for body in &bodies {
                let answer = say(shop, &person.login, operation, &address, body.as_ref()).await;
                heard.push(verdict(known, &answer));
            }
            let told = heard.iter().find_map(|verdict| match verdict {
                Verdict::Told(what) => Some(what.as_str()),
                Verdict::Refused | Verdict::NothingTold | Verdict::NotUnderstood => None,
            });
            if let Some(what) = told {
                faults.push(format!("{name} answers a strange {} {what}", person.role.code()));
            } else if heard.contains(&Verdict::Refused) {
                *refused.entry(name).or_default() += 1;
            } else if heard.contains(&Verdict::NotUnderstood) {
                faults.push(format!("{name} was not understood from a strange {}", person.role.code()));
            }
        }
    }
    assert!(refused.len() > 60, "strangers were refused at {} doors only: {refused:?}", refused.len());
    faults.sort();
    faults.dedup();
    no_faults("strangers", &faults);
}

/// What a stranger learnt from an answer.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Refused,
    /// A list of their own, which is empty, or their own thing.
    NothingTold,
    /// The request itself was at fault, so that nobody looked for the thing; said with another body it is understood.
    NotUnderstood,
    Told(String),
}

fn verdict(known: &Known, answer: &Answer) -> Verdict {
    match answer.code() {
        (403 | 404, _) if answer.is_problem() => Verdict::Refused,
        (200, _) if !gives_away(known, &answer.body) => Verdict::NothingTold,
        (422, "request/invalid") | (400, "request/malformed") => Verdict::NotUnderstood,
        // Without the customer's own session there is nobody for whom to order.
        (422, "intake/customer-missing") => Verdict::Refused,
        // A file names its sites row by row, and is refused row by row.
        (422, "imports/bad-rows") if !gives_away(known, &answer.body) => Verdict::Refused,
        code => Verdict::Told(format!("{code:?} {}", shortened(&answer.body))),
    }
}

/// Whether an answer names anything that was there before the strangers came.
fn gives_away(known: &Known, answer: &Value) -> bool {
    match answer {
        Value::String(text) => known.has(text),
        Value::Array(items) => items.iter().any(|item| gives_away(known, item)),
        Value::Object(fields) => fields.values().any(|field| gives_away(known, field)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Asks as the day's people did: a file as its text, anything else as JSON.
async fn say(shop: &Shop, who: &Login, operation: &Operation, address: &str, body: Option<&Value>) -> Answer {
    match body {
        Some(file) if file.is_string() => shop.post_under(who, &shop.fresh_key(), address, file).await,
        Some(_) | None => shop.ask(who, operation.method.clone(), address, body).await,
    }
}

/// Which duty each operation wants, as it says itself to somebody who has none.
pub(crate) async fn duties_of(
    shop: &Shop,
    document: &Document,
    operations: &[Operation],
    people: &[Person],
) -> BTreeMap<String, Duty> {
    let nothing = Known::default();
    let mut duties = BTreeMap::new();
    // Whoever is tried with signing out asks nothing more.
    for operation in operations.iter().filter(|operation| !holds(PUBLIC, operation)) {
        let address =
            operation.address(&document.path_of(operation, &nothing), &document.query_of(operation, &nothing));
        for person in people.iter().filter(|person| person.role.duties().len() <= 2) {
            let answer = shop.ask(&person.login, operation.method.clone(), &address, None).await;
            let duty = answer.body["params"]["duty"].as_str().and_then(Duty::from_code);
            if let (403, Some(duty)) = (answer.status.as_u16(), duty) {
                duties.insert(operation.name(), duty);
            }
        }
    }
    duties
}

/// A request that names a thing of yesterday, with what may be said to it.
struct Request<'a> {
    operation: &'a Operation,
    address: String,
    bodies: Vec<Option<Value>>,
}

/// Everything that names a thing of yesterday: each command as it was given, once per operation, and each question.
fn requests<'a>(
    document: &Document,
    operations: &'a [Operation],
    known: &Known,
    commands: &[Acknowledged],
) -> Vec<Request<'a>> {
    let mut found = Vec::new();
    let concerns = |operation: &Operation| !holds(PUBLIC, operation) && !holds(SHARED, operation);
    let mut seen = BTreeSet::new();
    for command in commands {
        if let Some(operation) = operation_of(operations, &command.method, &command.path)
            && concerns(operation)
            && seen.insert(operation.name())
        {
            let (address, bodies) = (command.path.clone(), vec![Some(command.body.clone())]);
            found.push(Request { operation, address, bodies });
        }
    }
    for operation in operations.iter().filter(|operation| concerns(operation) && !seen.contains(&operation.name())) {
        let names_something = operation.parameters.iter().any(|parameter| is_known(document, &parameter.schema, known));
        let by_path = operation.in_path().next().is_none() || document.leads_somewhere(operation, known);
        // A list that asks for no site must know by itself whose it shows.
        let lists = operation.method == Method::GET && !holds(ANYONE, operation);
        if !(names_something || lists) || !by_path {
            continue;
        }
        let path = document.path_of(operation, known);
        let address = operation.address(&path, &document.query_of(operation, known));
        let bodies = match &operation.body {
            None => vec![None],
            Some(_) if sensible(operation).is_some() => vec![sensible(operation)],
            Some((_, schema)) => {
                vec![Some(document.complete(schema, known)), Some(document.plausible(schema, known))]
            }
        };
        found.push(Request { operation, address, bodies });
    }
    assert!(found.iter().any(|request| holds(ANYONE, request.operation)), "own things are asked for");
    found
}

/// What to say where a schema cannot tell what makes sense.
fn sensible(operation: &Operation) -> Option<Value> {
    match operation.name().as_str() {
        "POST /probes/{probe}/inhibits" => Some(json!({
            "kind": "door_open", "starts_at": "2026-03-02T10:00:00Z", "ends_at": "2026-03-02T10:10:00Z",
        })),
        "POST /probes/{probe}/reading-files" => Some(json!("2026-03-02T10:00:00Z,3.5\n")),
        _ => None,
    }
}

fn is_known(document: &Document, schema: &Value, known: &Known) -> bool {
    document.resolved(schema).1.is_some_and(|name| known.first(name).is_some())
}

fn shortened(body: &Value) -> String {
    body.to_string().chars().take(160).collect()
}
