//! Requests that are none: broken, of the wrong kind, too long, out of this world. Each is refused by name, and none of
//! them is a fault of ours.

use axum::{
    body::Body,
    http::{Request, header::CONTENT_TYPE},
};
use serde_json::{Value, json};
use testkit::{
    Answer, Login, Shop,
    api::{Document, Known, NOBODYS_ID, Operation, kind_of},
};

use crate::{
    company::Person,
    lists::{PUBLIC, holds, no_faults},
    strangers::duties_of,
    yesterday::{Yesterday, operation_of},
};

/// What must become of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Must {
    /// It cannot be meant: it is refused.
    BeRefused,
    /// It may be meant; if it is refused, then in our own voice, and it never breaks anything.
    NotBreak,
}

use Must::{BeRefused, NotBreak};

/// One request that is wrong in one way.
struct Nonsense {
    what: String,
    address: String,
    content_type: Option<&'static str>,
    key: Option<String>,
    body: Vec<u8>,
    must: Must,
}

/// How much is said. What cannot be meant is refused before anybody asks the books, whichever these are, and to say it all
/// a second time takes a minute; an engine has opinions of its own only about some texts, numbers and times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Everything,
    WhatEnginesTakeDifferently,
}

const TAKEN_DIFFERENTLY: [&str; 8] = [
    "with a nought",
    "\\0",
    "of another script",
    "before all time",
    "after all time",
    "a day before all",
    "the largest",
    "the smallest",
];

impl Said {
    fn includes(self, nonsense: &Nonsense) -> bool {
        self == Self::Everything || TAKEN_DIFFERENTLY.iter().any(|what| nonsense.what.ends_with(what))
    }

    const fn at_least(self) -> usize {
        match self {
            Self::Everything => 10_000,
            Self::WhatEnginesTakeDifferently => 2_000,
        }
    }
}

pub(crate) async fn nonsense_is_refused(yesterday: &Yesterday, people: &[Person], mut known: Known, said: Said) {
    let Yesterday { shop, document, commands, .. } = yesterday;
    let operations = document.operations();
    let duties = duties_of(shop, document, &operations, people).await;
    // Those who try are not shut out by what they try.
    known.only("UserId", vec![NOBODYS_ID.to_owned()]);

    let (mut faults, mut tried) = (Vec::new(), 0);
    for operation in &operations {
        let lived = commands.iter().find(|command| {
            operation_of(&operations, &command.method, &command.path)
                .is_some_and(|found| found.name() == operation.name())
        });
        let base = match (&operation.body, lived) {
            (None, _) => None,
            (Some(_), Some(command)) => Some(command.body.clone()),
            (Some((_, schema)), None) => Some(document.complete(schema, &known)),
        };
        let may: Vec<&Person> = match duties.get(&operation.name()) {
            Some(duty) => people.iter().filter(|person| person.holds(*duty)).collect(),
            None => people.iter().collect(),
        };
        let Some(who) = admitted(shop, document, operation, base.as_ref(), &may).await else {
            faults.push(format!("{} lets nobody in", operation.name()));
            continue;
        };
        let nonsenses = nonsenses(document, operation, &known, base.as_ref(), shop);
        for nonsense in nonsenses.into_iter().filter(|nonsense| said.includes(nonsense)) {
            let Nonsense { what, must, .. } = &nonsense;
            let (what, must) = (what.clone(), *must);
            let answer = say(shop, operation, who, nonsense).await;
            tried += 1;
            let refused = answer.status.is_client_error() && answer.is_problem();
            let fine = match must {
                BeRefused => refused,
                NotBreak => refused || answer.status.is_success(),
            };
            // Who is not let in has not been heard.
            let heard = !matches!(answer.code(), (401 | 403, "identity/sign-in-required" | "identity/not-allowed"));
            if !fine || !heard {
                faults.push(format!("{} given {what} answers {:?}", operation.name(), answer.code()));
            }
        }
    }
    assert!(tried > said.at_least(), "{tried} requests only");
    no_faults("nonsense", &faults);
}

/// Somebody whom the operation lets in: of those whom it does not refuse for their role, who is understood best.
async fn admitted<'a>(
    shop: &Shop,
    document: &Document,
    operation: &Operation,
    base: Option<&Value>,
    people: &[&'a Person],
) -> Option<&'a Login> {
    if holds(PUBLIC, operation) {
        return Some(&Login::Nobody);
    }
    let nothing = Known::default();
    let address = operation.address(&document.path_of(operation, &nothing), &document.query_of(operation, &nothing));
    let mut admitted = Vec::new();
    for person in people {
        let answer = shop.ask(&person.login, operation.method.clone(), &address, base).await;
        if !matches!(answer.code(), (401 | 403, "identity/sign-in-required" | "identity/not-allowed")) {
            admitted.push((answer.status, &person.login));
        }
    }
    admitted.into_iter().min_by_key(|(status, _)| *status).map(|(_, login)| login)
}

async fn say(shop: &Shop, operation: &Operation, who: &Login, nonsense: Nonsense) -> Answer {
    let mut request = Request::builder().method(operation.method.clone()).uri(nonsense.address);
    if let Some(key) = nonsense.key {
        request = request.header("idempotency-key", key);
    }
    if let Some(media) = nonsense.content_type {
        request = request.header(CONTENT_TYPE, media);
    }
    shop.send(who, request, Body::from(nonsense.body)).await
}

const JSON: Option<&str> = Some("application/json");

/// Everything that can be wrong with a request for this operation, one thing at a time.
fn nonsenses(
    document: &Document,
    operation: &Operation,
    known: &Known,
    base: Option<&Value>,
    shop: &Shop,
) -> Vec<Nonsense> {
    let (path, query) = (document.path_of(operation, known), document.query_of(operation, known));
    let right = operation.address(&path, &query);
    let body = base.map(|base| base.to_string().into_bytes()).unwrap_or_default();
    let media = base.and(JSON);
    let mut found = Vec::new();
    let mut add = |what: String, address: String, content_type, key, body, must| {
        found.push(Nonsense { what, address, content_type, key, body, must });
    };

    for parameter in operation.in_path() {
        let long = "9".repeat(3000);
        for wrong in
            ["x", "\u{0}", "null", "../../session", "0", "-", "%", "00000000-0000-0000-0000-00000000000g", &long]
        {
            let mut path = path.clone();
            path.insert(parameter.name.clone(), wrong.to_owned());
            let what = format!("{} = {}", parameter.name, shortened(wrong));
            add(what, operation.address(&path, &query), media, Some(shop.fresh_key()), body.clone(), BeRefused);
        }
    }
    for parameter in operation.in_query() {
        let others = || query.iter().filter(|(name, _)| *name != parameter.name).cloned().collect::<Vec<_>>();
        if parameter.required {
            let what = format!("no {}", parameter.name);
            add(what, operation.address(&path, &others()), None, None, Vec::new(), BeRefused);
        }
        for (wrong, must) in wrong_words(document, &parameter.name, &parameter.schema) {
            let what = format!("?{}={}", parameter.name, shortened(&wrong));
            let query = others().into_iter().chain([(parameter.name.clone(), wrong)]).collect::<Vec<_>>();
            add(what, operation.address(&path, &query), None, None, Vec::new(), must);
        }
    }
    if operation.in_query().next().is_some() {
        let query = query.iter().cloned().chain([("nonsense".to_owned(), "1".to_owned())]).collect::<Vec<_>>();
        add("?nonsense=1".to_owned(), operation.address(&path, &query), None, None, Vec::new(), BeRefused);
    }
    for header in operation.parameters.iter().filter(|parameter| parameter.place == "header" && parameter.required) {
        if header.name == "Idempotency-Key" {
            for key in [None, Some("short".to_owned()), Some("k".repeat(200)), Some("with a space in it".to_owned())] {
                let what = format!("the key {:?}", key.as_deref().map(shortened));
                add(what, right.clone(), media, key, body.clone(), BeRefused);
            }
        }
    }
    let (Some(base), Some((_, schema))) = (base, &operation.body) else { return found };

    let mut bodies: Vec<(String, Vec<u8>, Must)> = Vec::new();
    for wrong in ["", "{", "{\"", "[", "null", "\"text\"", "7", "[]", "[[]]", "{}}", "{\"a\":NaN}", "\u{feff}{}"] {
        bodies.push((format!("the body {wrong:?}"), wrong.into(), BeRefused));
    }
    bodies.push(("bytes that are no text".to_owned(), vec![0x22, 0xFF, 0xFE, 0x22], BeRefused));
    bodies.push(("a deep hole".to_owned(), "[".repeat(20_000).into_bytes(), BeRefused));
    bodies.push((
        "a far too long body".to_owned(),
        format!("{{\"a\":\"{}\"}}", "x".repeat(12 << 20)).into(),
        BeRefused,
    ));
    for (what, wrong, must) in mistaken(document, schema, base) {
        bodies.push((what, wrong.to_string().into_bytes(), must));
    }
    for (what, wrong, must) in bodies {
        add(what, right.clone(), JSON, Some(shop.fresh_key()), wrong, must);
    }
    for media in [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("multipart/form-data")] {
        add(format!("the type {media:?}"), right.clone(), media, Some(shop.fresh_key()), body.clone(), BeRefused);
    }
    found
}

/// Words that do not belong into a parameter.
fn wrong_words(document: &Document, name: &str, schema: &Value) -> Vec<(String, Must)> {
    let (schema, _) = document.resolved(schema);
    let own = |words: &[&str], must| words.iter().map(|word| ((*word).to_owned(), must)).collect::<Vec<_>>();
    let long = "9".repeat(3000);
    if name == "after" {
        // Cursors that are none, and the folded `"\u0000"`, `[]`, `{}`, `[1,2,3,4,5]`, `["a","b"]`, `-9e99`.
        let mut words = own(&["?", "%%%", "abc", &long], BeRefused);
        words.extend(own(
            &[
                "IlwwMDAwIg",
                "W10",
                "e30",
                "WzEsMiwzLDQsNV0",
                "WyJhIiwiYiJd",
                "LTllOTk",
                "bnVsbA",
                "OTIyMzM3MjAzNjg1NDc3NTgwNw",
            ],
            NotBreak,
        ));
        return words;
    }
    let mut words = match kind_of(schema) {
        "integer" => own(&["x", "", "1.5", "99999999999999999999999", "null"], BeRefused),
        "boolean" => own(&["2", "maybe"], BeRefused),
        _ if schema["enum"].is_array() => own(&["x", "\u{0}", &long], BeRefused),
        _ => match schema["format"].as_str() {
            Some("uuid") => own(&["x", "1", "\u{0}", &long], BeRefused),
            Some("date") => own(&["x", "2026-02-30", "2026-13-01", "0", "\u{0}"], BeRefused),
            Some("date-time") => own(&["x", "2026-02-30T00:00:00Z", "0", "\u{0}"], BeRefused),
            Some(_) | None => own(&["\u{0}", &long], NotBreak),
        },
    };
    match (kind_of(schema), schema["format"].as_str()) {
        ("integer", _) => {
            words.extend(own(&["-1", "0", "-9223372036854775808", "9223372036854775807"], NotBreak));
            for (bound, step) in [("minimum", -1), ("maximum", 1)] {
                words.extend(schema[bound].as_i64().map(|bound| ((bound + step).to_string(), BeRefused)));
            }
        }
        (_, Some("date")) => words.extend(own(&["-009999-01-01", "9999-12-31", "0001-01-01"], NotBreak)),
        (_, Some("date-time")) => words.extend(own(
            &["-009999-01-02T00:00:00Z", "9999-12-30T22:00:00Z", "0001-01-01T00:00:00Z", "1969-12-31T23:59:59.999Z"],
            NotBreak,
        )),
        _ => {}
    }
    words
}

/// The body with one field at a time taken away, of the wrong kind or out of this world.
fn mistaken(document: &Document, schema: &Value, base: &Value) -> Vec<(String, Value, Must)> {
    let mut found = Vec::new();
    for (pointer, value) in fields(base) {
        let mut put = |what: &str, wrong: Value, must| {
            let mut body = base.clone();
            if let Some(field) = body.pointer_mut(&pointer) {
                *field = wrong;
            }
            found.push((format!("{pointer} {what}"), body, must));
        };
        match &value {
            Value::String(_) => {
                put("as an object", json!({}), BeRefused);
                put("as a number", json!(7), BeRefused);
                put("as a list", json!(["a"]), BeRefused);
                put("empty", json!(""), NotBreak);
                put("with a nought", json!("a\u{0}b"), BeRefused);
                put("far too long", json!("x".repeat(100_000)), BeRefused);
                put("of another script", json!("鮮\u{202e}流\u{1F980}"), NotBreak);
                put("before all time", json!("-009999-01-02T00:00:00Z"), NotBreak);
                put("after all time", json!("9999-12-30T22:00:00Z"), NotBreak);
                put("a day before all", json!("-009999-01-01"), NotBreak);
                put("the last day", json!("9999-12-31"), NotBreak);
                put("an unknown id", json!(NOBODYS_ID), NotBreak);
            }
            Value::Number(_) => {
                put("as a text", json!("seven"), BeRefused);
                put("as an object", json!({}), BeRefused);
                put("broken", json!(1.5), BeRefused);
                put("astronomic", json!(1e300), BeRefused);
                put("minus one", json!(-1), NotBreak);
                put("nought", json!(0), NotBreak);
                put("the largest", json!(i64::MAX), NotBreak);
                put("the smallest", json!(i64::MIN), NotBreak);
                put("beyond the largest", json!(u64::MAX), BeRefused);
            }
            Value::Bool(_) => {
                put("as a text", json!("yes"), BeRefused);
                put("as a number", json!(1), BeRefused);
            }
            Value::Array(items) => {
                put("as an object", json!({}), BeRefused);
                put("as a number", json!(7), BeRefused);
                put("of nothing", json!([null]), BeRefused);
                put("empty", json!([]), NotBreak);
                if let Some(first) = items.first() {
                    put("twice the same", json!([first, first]), NotBreak);
                    put("far too long", Value::Array(vec![first.clone(); 20_000]), BeRefused);
                }
            }
            Value::Object(_) => {
                put("as a number", json!(7), BeRefused);
                put("as a list", json!([[]]), BeRefused);
                put("empty", json!({}), NotBreak);
            }
            Value::Null => {}
        }
    }
    let (schema, _) = document.resolved(schema);
    for field in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let mut body = base.clone();
        if let Some(fields) = body.as_object_mut() {
            fields.remove(field);
        }
        found.push((format!("without {field}"), body, BeRefused));
    }
    if let (Some(_), Some(false)) = (base.as_object(), schema["additionalProperties"].as_bool()) {
        let mut body = base.clone();
        body["nonsense"] = json!(1);
        found.push(("with a field that nobody knows".to_owned(), body, BeRefused));
    }
    found
}

/// Every field of a body with its pointer, the first of each list.
fn fields(base: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    let mut open = vec![(String::new(), base.clone())];
    while let Some((pointer, value)) = open.pop() {
        match &value {
            Value::Object(fields) => {
                for (name, field) in fields {
                    let name = name.replace('~', "~0").replace('/', "~1");
                    open.push((format!("{pointer}/{name}"), field.clone()));
                }
            }
            Value::Array(items) => {
                open.extend(items.first().map(|first| (format!("{pointer}/0"), first.clone())));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
        if !pointer.is_empty() {
            found.push((pointer, value));
        }
    }
    found
}

fn shortened(word: &str) -> String {
    word.escape_debug().take(40).collect()
}
