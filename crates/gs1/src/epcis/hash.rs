//! The event hash of the Core Business Vocabulary: two systems that saw the same thing give it the same name.
//!
//! The event's properties are written one behind the other in the order of the standard, each list sorted, times in
//! UTC to the millisecond, words and keys in one spelling, extensions last under their full names; SHA-256 of that is
//! the event's id.

use std::{collections::BTreeMap, fmt::Write as _};

use jiff::{Timestamp, Unit};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::uri::canonical;

/// What the prefixes of extension names stand for.
#[derive(Clone, Debug)]
pub struct Namespaces {
    prefixes: BTreeMap<String, String>,
    /// Properties of the sender's own book-keeping that are left out.
    ignored: Vec<String>,
}

/// Properties that say something about the record and not about what happened.
const ABOUT_THE_RECORD: [&str; 6] = ["type", "recordTime", "eventID", "errorDeclaration", "@context", "eventSeq"];

/// How a property is written.
#[derive(Clone, Copy)]
enum Kind {
    /// A value as it stands.
    Plain,
    Time,
    /// A word of the vocabulary under this stem.
    Word(&'static str),
    /// A list of values, each under this name.
    Each(&'static str, &'static Kind),
    /// An object with these properties first.
    Object(&'static [Property]),
    /// A list of objects, each under this name.
    Objects(&'static str, &'static [Property]),
    /// A list of objects whose properties are written without a name of their own.
    Bare(&'static [Property]),
}

type Property = (&'static str, Kind);

const BIZ_STEP: &str = "https://ref.gs1.org/cbv/BizStep-";
const DISPOSITION: &str = "https://ref.gs1.org/cbv/Disp-";
const TRANSACTION: &str = "https://ref.gs1.org/cbv/BTT-";
const PARTY: &str = "https://ref.gs1.org/cbv/SDT-";
const COMPONENT: &str = "https://ref.gs1.org/cbv/Comp-";
const GS1: &str = "https://gs1.org/voc/";

const EPCS: Kind = Kind::Each("epc", &Kind::Plain);
const QUANTITIES: Kind =
    Kind::Objects("quantityElement", &[("epcClass", Kind::Plain), ("quantity", Kind::Plain), ("uom", Kind::Plain)]);
const ID: Kind = Kind::Object(&[("id", Kind::Plain)]);

const METADATA: &[Property] = &[
    ("time", Kind::Time),
    ("startTime", Kind::Time),
    ("endTime", Kind::Time),
    ("deviceID", Kind::Plain),
    ("deviceMetadata", Kind::Plain),
    ("rawData", Kind::Plain),
    ("dataProcessingMethod", Kind::Plain),
    ("bizRules", Kind::Plain),
];

const REPORT: &[Property] = &[
    ("type", Kind::Word(GS1)),
    ("exception", Kind::Word(GS1)),
    ("deviceID", Kind::Plain),
    ("deviceMetadata", Kind::Plain),
    ("rawData", Kind::Plain),
    ("dataProcessingMethod", Kind::Plain),
    ("time", Kind::Time),
    ("microorganism", Kind::Plain),
    ("chemicalSubstance", Kind::Plain),
    ("value", Kind::Plain),
    ("component", Kind::Word(COMPONENT)),
    ("stringValue", Kind::Plain),
    ("booleanValue", Kind::Plain),
    ("hexBinaryValue", Kind::Plain),
    ("uriValue", Kind::Plain),
    ("minValue", Kind::Plain),
    ("maxValue", Kind::Plain),
    ("meanValue", Kind::Plain),
    ("sDev", Kind::Plain),
    ("percRank", Kind::Plain),
    ("percValue", Kind::Plain),
    ("uom", Kind::Plain),
    ("coordinateReferenceSystem", Kind::Plain),
];

/// The order of the standard.
const ORDER: &[Property] = &[
    ("eventTime", Kind::Time),
    ("eventTimeZoneOffset", Kind::Plain),
    ("certificationInfo", Kind::Each("", &Kind::Plain)),
    ("epcList", EPCS),
    ("parentID", Kind::Plain),
    ("inputEPCList", EPCS),
    ("childEPCs", EPCS),
    ("quantityList", QUANTITIES),
    ("childQuantityList", QUANTITIES),
    ("inputQuantityList", QUANTITIES),
    ("outputEPCList", EPCS),
    ("outputQuantityList", QUANTITIES),
    ("action", Kind::Plain),
    ("transformationID", Kind::Plain),
    ("bizStep", Kind::Word(BIZ_STEP)),
    ("disposition", Kind::Word(DISPOSITION)),
    (
        "persistentDisposition",
        Kind::Object(&[
            ("set", Kind::Each("", &Kind::Word(DISPOSITION))),
            ("unset", Kind::Each("", &Kind::Word(DISPOSITION))),
        ]),
    ),
    ("readPoint", ID),
    ("bizLocation", ID),
    ("bizTransactionList", Kind::Bare(&[("type", Kind::Word(TRANSACTION)), ("bizTransaction", Kind::Plain)])),
    ("destinationList", Kind::Bare(&[("type", Kind::Word(PARTY)), ("destination", Kind::Plain)])),
    ("sourceList", Kind::Bare(&[("type", Kind::Word(PARTY)), ("source", Kind::Plain)])),
    (
        "sensorElementList",
        Kind::Objects(
            "sensorElement",
            &[("sensorMetadata", Kind::Object(METADATA)), ("sensorReport", Kind::Objects("", REPORT))],
        ),
    ),
];

impl Namespaces {
    /// The prefixes that a document declares, over those that every document has.
    pub fn of(document: &Value) -> Self {
        let mut prefixes = BTreeMap::from([
            ("cbv".to_owned(), "https://ref.gs1.org/cbv/".to_owned()),
            ("cbvmda".to_owned(), "urn:epcglobal:cbv:mda:".to_owned()),
            ("gs1".to_owned(), GS1.to_owned()),
        ]);
        let context = document.get("@context");
        let declared = context.and_then(Value::as_array).into_iter().flatten().chain(context.filter(|c| c.is_object()));
        for (prefix, uri) in declared.filter_map(Value::as_object).flatten() {
            if let Some(uri) = uri.as_str() {
                prefixes.insert(prefix.clone(), uri.to_owned());
            }
        }
        let ignored = document.as_object().into_iter().flatten().filter(|(name, _)| name.ends_with(":ignoreFields"));
        let ignored = ignored.filter_map(|(_, fields)| fields.as_array()).flatten();
        let ignored = ignored.filter_map(|field| field.as_str().map(str::to_owned)).collect();
        Self { prefixes, ignored }
    }

    /// `example:myField` under its full name, `{https://ns.example.com/}myField`.
    fn expanded(&self, name: &str) -> String {
        match name.split_once(':').and_then(|(prefix, local)| Some((self.prefixes.get(prefix)?, local))) {
            Some((uri, local)) => format!("{{{uri}}}{local}"),
            None => name.to_owned(),
        }
    }

    /// A value that is written with a prefix, as `gs1:Temperature`, in full.
    fn in_full(&self, word: &str) -> Option<String> {
        let (prefix, local) = word.split_once(':')?;
        Some(format!("{}{local}", self.prefixes.get(prefix)?))
    }
}

/// The id that the standard gives to an event: `ni:///sha-256;…?ver=CBV2.0`.
pub fn event_hash(event: &Value, namespaces: &Namespaces) -> String {
    let mut id = String::from("ni:///sha-256;");
    for byte in Sha256::digest(pre_hash(event, namespaces)) {
        // Writing to a String cannot fail.
        let _ = write!(id, "{byte:02x}");
    }
    id.push_str("?ver=CBV2.0");
    id
}

/// The text under the hash.
pub fn pre_hash(event: &Value, namespaces: &Namespaces) -> String {
    let Some(properties) = event.as_object() else { return String::new() };
    let of = properties.get("type").and_then(Value::as_str).unwrap_or_default();
    format!("eventType={of}{}", object(properties, ORDER, namespaces, &ABOUT_THE_RECORD))
}

/// The known properties in their order, then the extensions, sorted.
fn object(properties: &Map<String, Value>, order: &[Property], namespaces: &Namespaces, without: &[&str]) -> String {
    let mut text = String::new();
    for (name, kind) in order {
        if let Some(value) = properties.get(*name) {
            text.push_str(&property(name, *kind, value, namespaces));
        }
    }
    let is_known = |name: &str| order.iter().any(|(known, _)| *known == name) || without.contains(&name);
    let mut rest: Vec<String> = properties
        .iter()
        .filter(|(name, _)| !is_known(name) && !namespaces.ignored.contains(name))
        .flat_map(|(name, value)| extension(&namespaces.expanded(name), value, namespaces))
        .collect();
    rest.sort();
    text.push_str(&rest.concat());
    text
}

fn property(name: &str, kind: Kind, value: &Value, namespaces: &Namespaces) -> String {
    let sorted = |mut texts: Vec<String>| {
        texts.sort();
        texts.concat()
    };
    let values = || value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
    let inside = match kind {
        Kind::Plain | Kind::Time | Kind::Word(_) => {
            let text = written(kind, value, namespaces);
            return if text.is_empty() { String::new() } else { format!("{name}={text}") };
        }
        Kind::Each("", each) => {
            return sorted(values().iter().map(|value| property(name, *each, value, namespaces)).collect());
        }
        Kind::Each(under, each) => {
            sorted(values().iter().map(|value| property(under, *each, value, namespaces)).collect())
        }
        Kind::Object(order) => value.as_object().map_or_else(String::new, |of| object(of, order, namespaces, &[])),
        Kind::Objects("", order) => {
            let each = values().iter().filter_map(Value::as_object);
            return sorted(each.map(|of| format!("{name}{}", object(of, order, namespaces, &[]))).collect());
        }
        Kind::Objects(under, order) => {
            let each = values().iter().filter_map(Value::as_object);
            sorted(each.map(|of| format!("{under}{}", object(of, order, namespaces, &[]))).collect())
        }
        Kind::Bare(order) => {
            let each = values().iter().filter_map(Value::as_object);
            sorted(each.map(|of| object(of, order, namespaces, &[])).collect())
        }
    };
    if inside.is_empty() { String::new() } else { format!("{name}{inside}") }
}

/// An extension is written as often as it stands there, with what is inside it.
fn extension(name: &str, value: &Value, namespaces: &Namespaces) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().flat_map(|value| extension(name, value, namespaces)).collect(),
        Value::Object(properties) => vec![format!("{name}{}", object(properties, &[], namespaces, &["@context"]))],
        Value::Null => Vec::new(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            vec![format!("{name}={}", written(Kind::Plain, value, namespaces))]
        }
    }
}

fn written(kind: Kind, value: &Value, namespaces: &Namespaces) -> String {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => return shortest(&number.to_string()),
        Value::Bool(yes) => return yes.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return String::new(),
    };
    match kind {
        Kind::Time => utc(&text),
        Kind::Word(stem) => word(stem, &text, namespaces),
        Kind::Plain | Kind::Each(..) | Kind::Object(_) | Kind::Objects(..) | Kind::Bare(_) => {
            canonical(&text).or_else(|| namespaces.in_full(&text)).unwrap_or_else(|| shortest(&text))
        }
    }
}

/// `shipping`, `cbv:BizStep-shipping` and `urn:epcglobal:cbv:bizstep:shipping` are one word.
fn word(stem: &str, text: &str, namespaces: &Namespaces) -> String {
    if let Some(old) = text.strip_prefix("urn:epcglobal:cbv:") {
        let (_, local) = old.split_once(':').unwrap_or(("", old));
        return format!("{stem}{local}");
    }
    if text.contains("://") {
        return text.to_owned();
    }
    namespaces
        .in_full(text)
        .unwrap_or_else(|| if text.contains(':') { text.to_owned() } else { format!("{stem}{text}") })
}

/// UTC to the millisecond, rounded half up; what is no time stays as it is.
fn utc(text: &str) -> String {
    let rounded = text.parse::<Timestamp>().and_then(|at| at.round(Unit::Millisecond));
    rounded.map_or_else(|_| text.to_owned(), |at| format!("{at:.3}"))
}

/// A number without leading plus and trailing zeros; anything else as it is.
fn shortest(text: &str) -> String {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = !whole.is_empty() && whole.bytes().chain(part.bytes()).all(|byte| byte.is_ascii_digit());
    if !is_number || (digits.contains('.') && part.is_empty()) {
        return text.to_owned();
    }
    let sign = if text.starts_with('-') { "-" } else { "" };
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let part = part.trim_end_matches('0');
    match (whole, part) {
        ("0", "") => "0".to_owned(),
        (whole, "") => format!("{sign}{whole}"),
        (whole, part) => format!("{sign}{whole}.{part}"),
    }
}
