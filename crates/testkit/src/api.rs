//! The API as its own document describes it: every operation, and requests that fit it.
//!
//! Whoever walks over [`Document::operations`] walks over those of tomorrow too.

use std::collections::BTreeMap;

use axum::http::Method;
use serde_json::{Map, Value, json};

/// One operation of the document.
#[derive(Clone, Debug)]
pub struct Operation {
    pub method: Method,
    /// The address with its `{names}`, without the server's prefix.
    pub path: String,
    pub id: String,
    pub parameters: Vec<Parameter>,
    /// The media type and the schema of the body, if one belongs here.
    pub body: Option<(String, Value)>,
    /// The schema of a good answer, if it is JSON.
    pub answer: Option<Value>,
}

/// One parameter of an operation.
#[derive(Clone, Debug)]
pub struct Parameter {
    pub name: String,
    /// `path`, `query` or `header`.
    pub place: String,
    pub required: bool,
    pub schema: Value,
}

impl Operation {
    /// `POST /orders/{order}/cancel`: how lists name it.
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    pub fn in_path(&self) -> impl Iterator<Item = &Parameter> {
        self.parameters.iter().filter(|parameter| parameter.place == "path")
    }

    pub fn in_query(&self) -> impl Iterator<Item = &Parameter> {
        self.parameters.iter().filter(|parameter| parameter.place == "query")
    }

    /// The whole address with these values for the path and this query.
    pub fn address(&self, path: &BTreeMap<String, String>, query: &[(String, String)]) -> String {
        let mut address = format!("/api{}", self.path);
        for (name, value) in path {
            address = address.replace(&format!("{{{name}}}"), &escaped(value));
        }
        let pairs: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        if pairs.is_empty() { address } else { format!("{address}?{}", pairs.join("&")) }
    }
}

/// The document, with its references at hand.
pub struct Document(Value);

impl Document {
    /// As the server generates it.
    pub fn generated() -> Self {
        let text = server::openapi_json().unwrap_or_else(|error| panic!("no document: {error}"));
        Self(serde_json::from_str(&text).unwrap_or_else(|error| panic!("the document is no JSON: {error}")))
    }

    /// Every operation, in the order of the addresses.
    pub fn operations(&self) -> Vec<Operation> {
        let mut found = Vec::new();
        let paths = self.0["paths"].as_object().cloned().unwrap_or_default();
        for (path, methods) in paths {
            for (method, operation) in methods.as_object().cloned().unwrap_or_default() {
                let Ok(method) = method.to_uppercase().parse() else { continue };
                found.push(read(method, &path, &operation));
            }
        }
        assert!(found.len() > 100, "the document lists {} operations only", found.len());
        found
    }

    /// The schema behind a reference, and the name that it goes by.
    pub fn resolved<'a>(&'a self, schema: &'a Value) -> (&'a Value, Option<&'a str>) {
        let Some(reference) = schema["$ref"].as_str() else { return (schema, None) };
        let name = reference.rsplit('/').next();
        let found = self.0.pointer(reference.trim_start_matches('#'));
        (found.unwrap_or_else(|| panic!("{reference} leads nowhere")), name)
    }

    /// Collects the ids in an answer by their type: `CustomerOrderId` → the orders that it names.
    pub fn ids_in(&self, answer: &Value, schema: &Value, known: &mut Known) {
        let (schema, name) = self.resolved(schema);
        if let (Some(name), Some(id)) = (name, answer.as_str())
            && schema["format"] == "uuid"
        {
            known.meet(name, id);
            return;
        }
        for choice in ["oneOf", "allOf", "anyOf"] {
            for one in schema[choice].as_array().into_iter().flatten() {
                self.ids_in(answer, one, known);
            }
        }
        for (field, of) in schema["properties"].as_object().into_iter().flatten() {
            if let Some(value) = answer.get(field) {
                self.ids_in(value, of, known);
            }
        }
        for value in answer.as_array().into_iter().flatten() {
            self.ids_in(value, &schema["items"], known);
        }
    }

    /// Where an answer is not what the document says: the field, and what is wrong with it.
    pub fn misfits(&self, answer: &Value, schema: &Value) -> Vec<String> {
        let mut found = Vec::new();
        self.compare(answer, schema, "", &mut found);
        found
    }

    fn compare(&self, value: &Value, schema: &Value, at: &str, found: &mut Vec<String>) {
        let (schema, _) = self.resolved(schema);
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.compare(value, part, at, found);
        }
        if let Some(choices) = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array()) {
            let fits = choices.iter().any(|choice| {
                let mut wrong = Vec::new();
                self.compare(value, choice, at, &mut wrong);
                wrong.is_empty()
            });
            if !fits {
                found.push(format!("{at} is none of its choices"));
            }
        }
        if let Some(words) = schema["enum"].as_array()
            && !words.contains(value)
        {
            found.push(format!("{at} is {value}, not one of its words"));
        }
        let kinds = kinds_of(schema);
        if kinds.is_empty() {
            return;
        }
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.is_f64() => "number",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        if !kinds.contains(&kind) {
            found.push(format!("{at} is {kind} and not {kinds:?}"));
        }
        for field in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if value.is_object() && value.get(field).is_none() {
                found.push(format!("{at} lacks {field}"));
            }
        }
        for (field, schema) in schema["properties"].as_object().into_iter().flatten() {
            if let Some(value) = value.get(field) {
                self.compare(value, schema, &format!("{at}/{field}"), found);
            }
        }
        if let Some(first) = value.as_array().and_then(|items| items.first()) {
            self.compare(first, &schema["items"], &format!("{at}/0"), found);
        }
    }

    /// A value that fits the schema: only what is required, with ids that exist where one is known.
    pub fn plausible(&self, schema: &Value, known: &Known) -> Value {
        self.fitting(schema, known, Wanted::Required, 0)
    }

    /// A value that fits the schema, with everything that may be said.
    pub fn complete(&self, schema: &Value, known: &Known) -> Value {
        self.fitting(schema, known, Wanted::Everything, 0)
    }

    fn fitting(&self, schema: &Value, known: &Known, wanted: Wanted, depth: usize) -> Value {
        const DEPTH_MAX: usize = 12;
        let (schema, name) = self.resolved(schema);
        if depth > DEPTH_MAX {
            return Value::Null;
        }
        let inner = |schema: &Value| self.fitting(schema, known, wanted, depth + 1);
        if let Some(choices) = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array()) {
            let chosen = choices.iter().find(|choice| choice["type"] != "null").unwrap_or(&Value::Null);
            let mut value = inner(chosen);
            // Fields beside the choice belong to every variant.
            if let (Some(fields), Some(beside)) = (value.as_object_mut(), Self::fields(schema, &inner, wanted)) {
                fields.extend(beside);
            }
            return value;
        }
        if let Some(parts) = schema["allOf"].as_array() {
            let mut whole = Map::new();
            for part in parts {
                let part = inner(part);
                let Value::Object(fields) = part else { return part };
                whole.extend(fields);
            }
            whole.extend(Self::fields(schema, &inner, wanted).unwrap_or_default());
            return Value::Object(whole);
        }
        if let Some(first) = schema["enum"].as_array().and_then(|values| values.first()) {
            return first.clone();
        }
        match kind_of(schema) {
            "object" => Value::Object(Self::fields(schema, &inner, wanted).unwrap_or_default()),
            "array" => {
                let least = schema["minItems"].as_u64().unwrap_or(0).max(u64::from(wanted == Wanted::Everything));
                (0..least).map(|_| inner(&schema["items"])).collect()
            }
            "integer" | "number" => {
                let low = schema["minimum"].as_i64().unwrap_or(1);
                json!(low.max(1).min(schema["maximum"].as_i64().unwrap_or(i64::MAX)))
            }
            "boolean" => json!(true),
            "string" => json!(text_for(schema, name, known)),
            _ => Value::Null,
        }
    }

    fn fields(schema: &Value, inner: &dyn Fn(&Value) -> Value, wanted: Wanted) -> Option<Map<String, Value>> {
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let properties = schema["properties"].as_object()?;
        let chosen = properties
            .iter()
            .filter(|(name, _)| wanted == Wanted::Everything || required.contains(&name.as_str()))
            .map(|(name, schema)| (name.clone(), inner(schema)));
        Some(chosen.collect())
    }

    /// Values for the path, with ids that exist where one is known.
    pub fn path_of(&self, operation: &Operation, known: &Known) -> BTreeMap<String, String> {
        let values = operation.in_path().map(|parameter| (parameter.name.clone(), self.word(parameter, known)));
        values.collect()
    }

    /// Whether a thing is known for every id in the path.
    pub fn leads_somewhere(&self, operation: &Operation, known: &Known) -> bool {
        operation.in_path().all(|parameter| {
            let (schema, name) = self.resolved(&parameter.schema);
            schema["format"] == "uuid" && name.is_some_and(|name| known.first(name).is_some())
        })
    }

    /// The required part of the query.
    pub fn query_of(&self, operation: &Operation, known: &Known) -> Vec<(String, String)> {
        let required = operation.in_query().filter(|parameter| parameter.required);
        required.map(|parameter| (parameter.name.clone(), self.word(parameter, known))).collect()
    }

    fn word(&self, parameter: &Parameter, known: &Known) -> String {
        let value = self.plausible(&parameter.schema, known);
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    }
}

/// How much of a schema's fields a value shall have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Required,
    Everything,
}

/// Ids of things that exist, by their type.
#[derive(Clone, Debug, Default)]
pub struct Known(BTreeMap<String, Vec<String>>);

impl Known {
    pub fn meet(&mut self, name: &str, id: &str) {
        let ids = self.0.entry(name.to_owned()).or_default();
        if !ids.iter().any(|known| known == id) {
            ids.push(id.to_owned());
        }
    }

    pub fn first(&self, name: &str) -> Option<&str> {
        self.all(name).first().map(String::as_str)
    }

    pub fn all(&self, name: &str) -> &[String] {
        self.0.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether this is the id of anything that exists.
    pub fn has(&self, id: &str) -> bool {
        self.0.values().any(|ids| ids.iter().any(|known| known == id))
    }

    /// Forgets all but these of one type.
    pub fn only(&mut self, name: &str, ids: Vec<String>) {
        self.0.insert(name.to_owned(), ids);
    }

    pub fn kinds(&self) -> impl Iterator<Item = (&str, usize)> {
        self.0.iter().map(|(name, ids)| (name.as_str(), ids.len()))
    }
}

/// An id that nothing has.
pub const NOBODYS_ID: &str = "0195f0aa-0000-7000-8000-00000000dead";

fn read(method: Method, path: &str, operation: &Value) -> Operation {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let parameters = operation["parameters"].as_array().into_iter().flatten().map(|parameter| Parameter {
        name: text(&parameter["name"]),
        place: text(&parameter["in"]),
        required: parameter["required"] == true,
        schema: parameter["schema"].clone(),
    });
    let content = operation["requestBody"]["content"].as_object().and_then(|content| content.iter().next());
    let good = operation["responses"].as_object().into_iter().flatten().find(|(status, _)| status.starts_with('2'));
    Operation {
        method,
        path: path.to_owned(),
        id: text(&operation["operationId"]),
        parameters: parameters.collect(),
        body: content.map(|(media, content)| (media.clone(), content["schema"].clone())),
        answer: good.map(|(_, good)| good["content"]["application/json"]["schema"].clone()),
    }
}

/// The type of a schema; of several the one that is not null.
pub fn kind_of(schema: &Value) -> &str {
    let plain = if schema["properties"].is_object() { "object" } else { "null" };
    kinds_of(schema).into_iter().find(|kind| *kind != "null").unwrap_or(plain)
}

/// The types that a schema allows, as it lists them.
fn kinds_of(schema: &Value) -> Vec<&str> {
    let listed = schema["type"].as_array().into_iter().flatten().filter_map(Value::as_str);
    schema["type"].as_str().into_iter().chain(listed).collect()
}

fn text_for(schema: &Value, name: Option<&str>, known: &Known) -> String {
    match schema["format"].as_str() {
        Some("uuid") => name.and_then(|name| known.first(name)).unwrap_or(NOBODYS_ID).to_owned(),
        Some("date") => "2026-03-02".to_owned(),
        Some("date-time") => "2026-03-02T10:00:00Z".to_owned(),
        Some(_) | None => {
            if let Some(pattern) = schema["pattern"].as_str() {
                return matching(pattern);
            }
            let least = schema["minLength"].as_u64().unwrap_or(0).max(1);
            "fresh".chars().cycle().take(usize::try_from(least.max(5)).unwrap_or(5)).collect()
        }
    }
}

/// The shortest text that matches one of our plain patterns: character classes with a count, one after the other.
fn matching(pattern: &str) -> String {
    let mut text = String::new();
    let mut rest = pattern.trim_start_matches('^').trim_end_matches('$').chars().peekable();
    while let Some(letter) = rest.next() {
        let one = if letter == '[' {
            let class: String = rest.by_ref().take_while(|letter| *letter != ']').collect();
            // A class that begins with a mark would begin a word with it.
            if class.contains("0-9") && !class.contains("a-z") { '1' } else { class.chars().next().unwrap_or('a') }
        } else {
            letter
        };
        let times = match rest.peek() {
            Some('{') => {
                let count: String = rest.by_ref().take_while(|letter| *letter != '}').collect();
                count.trim_start_matches('{').split(',').next().and_then(|least| least.parse().ok()).unwrap_or(1)
            }
            Some('+' | '*' | '?') => {
                rest.next();
                1
            }
            _ => 1,
        };
        text.extend(std::iter::repeat_n(one, times));
    }
    // Keys and codes have a least length that their pattern does not say.
    text
}

fn nibble(half: u8) -> char {
    char::from_digit(u32::from(half), 16).unwrap_or('0').to_ascii_uppercase()
}

fn escaped(value: &str) -> String {
    let mut text = String::new();
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.extend(['%', nibble(byte >> 4), nibble(byte & 0xF)]);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_met() {
        assert_eq!(matching("^[0-9]{4}-[0-9]{2}$"), "1111-11");
        assert_eq!(matching("^[A-Z]{2}$"), "AA");
        assert_eq!(matching("^[A-Za-z0-9._-]+$"), "A");
        assert_eq!(matching("^[0-9]{8,14}$"), "11111111");
    }

    #[test]
    fn addresses_carry_anything() {
        let operation = read(Method::GET, "/lots/by-code/{code}", &json!({}));
        let path = BTreeMap::from([("code".to_owned(), "a/b c".to_owned())]);
        let query = [("after".to_owned(), "\u{0}".to_owned())];
        assert_eq!(operation.address(&path, &query), "/api/lots/by-code/a%2Fb%20c?after=%00");
    }
}
