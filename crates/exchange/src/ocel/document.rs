//! The text of an OCEL 2.0 JSON document, piece by piece. Pure.

use std::collections::{BTreeMap, btree_map::Entry};

use events::{Link, SealedEvent};
use serde::Serialize;
use serde_json::Value;

/// Fields that lie deeper in a body than this are somebody else's document.
const DEPTH_MAX: usize = 3;

/// What has been written so far, and what must stand at the end.
#[derive(Default)]
pub(super) struct Document {
    written: Written,
    things: BTreeMap<Link, Thing>,
    kinds: BTreeMap<String, BTreeMap<String, Type>>,
    nouns: BTreeMap<String, BTreeMap<String, Type>>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Written {
    #[default]
    Nothing,
    /// The list of events is open and holds none yet.
    NoEvent,
    Events,
    /// The list of things is open and holds none yet.
    NoThing,
    Things,
}

/// One thing, as its own events told it.
#[derive(Default)]
struct Thing {
    /// What its first event touched beside it: the site of a lot, the customer of an order.
    related: Vec<Link>,
    met: Met,
    /// The last value of each attribute, and all of them with their times.
    last: BTreeMap<String, String>,
    told: Vec<Attribute>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Met {
    /// Others have spoken of it.
    #[default]
    InPassing,
    /// An event was about it.
    ItSelf,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    Integer,
    Boolean,
    Text,
}

#[derive(Serialize)]
struct OcelEvent<'a> {
    id: String,
    #[serde(rename = "type")]
    kind: &'a str,
    time: String,
    attributes: Vec<Attribute>,
    relationships: Vec<Relationship<'a>>,
}

#[derive(Serialize)]
struct OcelObject<'a> {
    id: String,
    #[serde(rename = "type")]
    noun: &'a str,
    attributes: Vec<Attribute>,
    relationships: Vec<Relationship<'a>>,
}

#[derive(Clone, Serialize)]
struct Attribute {
    name: String,
    value: String,
    /// Only the attributes of things have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Relationship<'a> {
    object_id: String,
    qualifier: &'a str,
}

#[derive(Serialize)]
struct TypeRow<'a> {
    name: &'a str,
    attributes: Vec<AttributeType<'a>>,
}

#[derive(Serialize)]
struct AttributeType<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    of: &'static str,
}

impl Document {
    /// Writes a page of events.
    pub(super) fn events(&mut self, page: &[SealedEvent]) -> String {
        let mut text = String::new();
        if self.written == Written::Nothing {
            text.push_str("{\"events\":[");
            self.written = Written::NoEvent;
        }
        for event in page {
            if self.written == Written::Events {
                text.push(',');
            }
            self.written = Written::Events;
            text.push('\n');
            text.push_str(&self.event(event));
        }
        text
    }

    fn event(&mut self, event: &SealedEvent) -> String {
        let fields = fields_of(event);
        let time = event.at.to_string();
        let attributes: Vec<Attribute> = fields
            .iter()
            .map(|(name, (_, value))| Attribute { name: name.clone(), value: value.clone(), time: None })
            .collect();
        let types = self.kinds.entry(event.kind.clone()).or_default();
        for (name, (of, _)) in &fields {
            agree(types, name, *of);
        }

        let subject = Link { noun: event.subject.noun.clone(), id: event.subject.id };
        let actor = event.actor.uuid().map(|id| Link { noun: event.actor.noun().to_owned(), id });
        for link in event.also.iter().chain(&actor) {
            self.things.entry(link.clone()).or_default();
            self.nouns.entry(link.noun.clone()).or_default();
        }
        let types = self.nouns.entry(subject.noun.clone()).or_default();
        let thing = self.things.entry(subject.clone()).or_default();
        if thing.met == Met::InPassing {
            thing.met = Met::ItSelf;
            thing.related.clone_from(&event.also);
        }
        for (name, (of, value)) in fields.into_iter().filter(|(name, _)| !ABOUT_THE_RECORD.contains(&name.as_str())) {
            agree(types, &name, of);
            let changed = match thing.last.entry(name.clone()) {
                Entry::Occupied(mut known) => known.insert(value.clone()) != value,
                Entry::Vacant(free) => {
                    free.insert(value.clone());
                    true
                }
            };
            if changed {
                thing.told.push(Attribute { name, value, time: Some(time.clone()) });
            }
        }

        let mut relationships = vec![Relationship { object_id: id_of(&subject), qualifier: "subject" }];
        relationships
            .extend(event.also.iter().map(|link| Relationship { object_id: id_of(link), qualifier: "touched" }));
        relationships.extend(actor.iter().map(|link| Relationship { object_id: id_of(link), qualifier: "actor" }));
        json(&OcelEvent { id: event.id.to_string(), kind: &event.kind, time, attributes, relationships })
    }

    /// Writes up to so many things; `None` when all are written.
    pub(super) fn things(&mut self, most: usize) -> Option<String> {
        let mut text = String::new();
        if matches!(self.written, Written::Nothing | Written::NoEvent | Written::Events) {
            text.push_str(if self.written == Written::Nothing { "{\"events\":[],\n" } else { "],\n" });
            text.push_str("\"objects\":[");
            self.written = Written::NoThing;
        } else if self.things.is_empty() {
            return None;
        }
        for _ in 0..most {
            let Some((link, thing)) = self.things.pop_first() else { break };
            if self.written == Written::Things {
                text.push(',');
            }
            self.written = Written::Things;
            let related = thing.related.iter().map(|to| Relationship { object_id: id_of(to), qualifier: &to.noun });
            let object = OcelObject {
                id: id_of(&link),
                noun: &link.noun,
                attributes: thing.told,
                relationships: related.collect(),
            };
            text.push('\n');
            text.push_str(&json(&object));
        }
        Some(text)
    }

    /// Writes the types, and the end.
    pub(super) fn types(&self) -> String {
        format!("],\n\"eventTypes\":{},\n\"objectTypes\":{}}}\n", rows(&self.kinds), rows(&self.nouns))
    }
}

/// Attributes of an event that say nothing about the thing it is about.
const ABOUT_THE_RECORD: [&str; 3] = ["log_position", "log_actor", "log_version"];

fn rows(types: &BTreeMap<String, BTreeMap<String, Type>>) -> String {
    let row = |(name, attributes): (&'_ String, &'_ BTreeMap<String, Type>)| {
        let attributes = attributes.iter().map(|(name, of)| AttributeType { name, of: of.code() }).collect();
        json(&TypeRow { name, attributes })
    };
    let rows: Vec<String> = types.iter().map(row).collect();
    format!("[{}]", rows.join(",\n"))
}

impl Type {
    const fn code(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Boolean => "boolean",
            Self::Text => "string",
        }
    }
}

/// An attribute that was a number once and a word later is a text.
fn agree(types: &mut BTreeMap<String, Type>, name: &str, of: Type) {
    types
        .entry(name.to_owned())
        .and_modify(|known| {
            if *known != of {
                *known = Type::Text;
            }
        })
        .or_insert(of);
}

/// Ids of two nouns might be the same: a courier is a thing and somebody who acts.
fn id_of(link: &Link) -> String {
    format!("{}:{}", link.noun, link.id.hyphenated())
}

/// The single values of an event's body under their paths, and what is said about every event.
fn fields_of(event: &SealedEvent) -> BTreeMap<String, (Type, String)> {
    let mut fields = BTreeMap::new();
    let body: Value = serde_json::from_str(event.body.get()).unwrap_or_default();
    flatten("", &body, 0, &mut fields);
    fields.insert("log_position".to_owned(), (Type::Integer, event.position.to_string()));
    fields.insert("log_version".to_owned(), (Type::Integer, event.version.to_string()));
    fields.insert("log_actor".to_owned(), (Type::Text, event.actor.noun().to_owned()));
    fields
}

/// `quantity: { grams: 5 }` is the field `quantity_grams`. Lists are left out: what they name is touched.
fn flatten(path: &str, value: &Value, depth: usize, fields: &mut BTreeMap<String, (Type, String)>) {
    let single = match value {
        Value::Object(inner) if depth < DEPTH_MAX => {
            for (name, value) in inner {
                let path = if path.is_empty() { name.clone() } else { format!("{path}_{name}") };
                flatten(&path, value, depth.saturating_add(1), fields);
            }
            return;
        }
        Value::Number(number) => (Type::Integer, number.to_string()),
        Value::Bool(yes) => (Type::Boolean, yes.to_string()),
        Value::String(text) => (Type::Text, text.clone()),
        Value::Object(_) | Value::Array(_) | Value::Null => return,
    };
    if !path.is_empty() {
        fields.insert(path.to_owned(), single);
    }
}

fn json<T: Serialize>(value: &T) -> String {
    // Texts and numbers always serialise.
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_becomes_two_fields_and_a_list_none() {
        let body = serde_json::json!({ "quantity": { "grams": 5, "pieces": 1 }, "lots": ["a"], "why": "late" });
        let mut fields = BTreeMap::new();
        flatten("", &body, 0, &mut fields);
        assert_eq!(fields.keys().map(String::as_str).collect::<Vec<_>>(), ["quantity_grams", "quantity_pieces", "why"]);
    }

    #[test]
    fn an_attribute_of_two_minds_is_a_text() {
        let mut types = BTreeMap::new();
        agree(&mut types, "weight", Type::Integer);
        agree(&mut types, "weight", Type::Integer);
        assert_eq!(types["weight"].code(), "integer");
        agree(&mut types, "weight", Type::Text);
        assert_eq!(types["weight"].code(), "string");
    }
}
