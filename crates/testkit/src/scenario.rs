//! Scenarios: pages of the user guide that are played as they are read.
//!
//! A page is Markdown. What stands in its fenced blocks happens, from top to bottom, in a shop of its own; the prose
//! between them is for people. There are these kinds of blocks:
//!
//! * `http`: a request. Its first line is the method and the path; then `As:` and who asks: a login of the demo company,
//!   the phone of a customer, `Bearer` and a device's secret, or `nobody`; whoever asked last, if it is left out. After an
//!   empty line the body, as JSON.
//! * `expect`: what the answer must be: the status, and as much of the body as matters. An object may have more fields
//!   than are named, a list more items unless none is expected; `"*"` stands for anything that is there.
//! * `clock`: the time of the day, at the first site, to which the shop works on: `08:30`, or `08:30 +1` tomorrow.
//! * `after`: the page before this one. What it has named is known here, and the shop is as it left it.
//!
//! `{{spinach}}` in an answer is given the value that stands there, the first time; from then on it means that value,
//! in answers and in requests. `{{password}}` is that of the demo company.

use std::{collections::BTreeMap, fmt};

use axum::http::Method;
use serde_json::Value;
use server::DEMO_PASSWORD;

use crate::{Answer, Login, Shop, Site};

/// A page, taken apart.
#[derive(Debug)]
pub struct Scenario {
    /// The page that it goes on from.
    pub after: Option<String>,
    blocks: Vec<Block>,
}

#[derive(Debug)]
struct Block {
    /// Of the page, from 1.
    line: usize,
    does: Does,
}

#[derive(Debug)]
enum Does {
    Ask { method: Method, path: String, by: Option<String>, body: Option<Value> },
    Expect { status: u16, body: Option<Value> },
    Wait { days: i64, minutes: i64 },
    Follow { page: String },
}

/// Where a page is not what happens, or cannot be read.
#[derive(Debug)]
pub struct Misread {
    pub line: usize,
    pub why: String,
}

impl fmt::Display for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

impl Scenario {
    /// Takes a page apart. Blocks of other kinds are for people, too.
    pub fn read(page: &str) -> Result<Self, Misread> {
        let mut blocks = Vec::new();
        let mut open: Option<(usize, &str, Vec<&str>)> = None;
        for (line, text) in (1..).zip(page.lines()) {
            match (text.strip_prefix("```"), &mut open) {
                (Some(kind), None) => open = Some((line, kind.trim(), Vec::new())),
                (Some(_), Some(_)) => {
                    if let Some((line, kind, lines)) = open.take()
                        && let Some(does) = read_block(kind, &lines).map_err(|why| Misread { line, why })?
                    {
                        blocks.push(Block { line, does });
                    }
                }
                (None, Some((_, _, lines))) => lines.push(text),
                (None, None) => {}
            }
        }
        if let Some((line, ..)) = open {
            return Err(Misread { line, why: "the block never ends".to_owned() });
        }
        let asked = |block: &&Block| matches!(block.does, Does::Ask { .. });
        let expected = blocks.windows(2).filter(|pair| match pair {
            [ask, expect] => asked(&ask) && matches!(expect.does, Does::Expect { .. }),
            _ => false,
        });
        if expected.count() != blocks.iter().filter(asked).count() {
            let line = blocks.last().map_or(1, |block| block.line);
            return Err(Misread { line, why: "a request is followed by what is expected of it".to_owned() });
        }
        let after = blocks.iter().find_map(|block| match &block.does {
            Does::Follow { page } => Some(page.clone()),
            Does::Ask { .. } | Does::Expect { .. } | Does::Wait { .. } => None,
        });
        Ok(Self { after, blocks })
    }

    /// How many requests it sends.
    pub fn requests(&self) -> usize {
        self.blocks.iter().filter(|block| matches!(block.does, Does::Ask { .. })).count()
    }

    /// Lets everything on the page happen.
    pub async fn play(&self, stage: &mut Stage<'_>) -> Result<(), Misread> {
        let mut answer = None;
        for Block { line, does } in &self.blocks {
            let misread = |why: String| Misread { line: *line, why };
            match does {
                Does::Follow { .. } => {}
                Does::Wait { days, minutes } => stage.wait(*days, *minutes).await.map_err(misread)?,
                Does::Ask { method, path, by, body } => {
                    let asked = stage.ask(method, path, by.as_deref(), body.as_ref()).await;
                    answer = Some(asked.map_err(misread)?);
                }
                Does::Expect { status, body } => {
                    let Some(answer) = answer.take() else { return Err(misread("nothing was asked".to_owned())) };
                    stage.compare(&answer, *status, body.as_ref()).map_err(misread)?;
                }
            }
        }
        Ok(())
    }
}

fn read_block(kind: &str, lines: &[&str]) -> Result<Option<Does>, String> {
    Ok(Some(match kind {
        "http" => read_request(lines)?,
        "expect" => {
            let (status, body) = lines.split_first().ok_or("an answer has a status")?;
            let status = status.trim().parse().map_err(|_| format!("{status} is no status"))?;
            Does::Expect { status, body: read_body(body)? }
        }
        "clock" => {
            let time = lines.first().ok_or("no time of the day")?;
            let (time, days) = time.split_once('+').unwrap_or((time, "0"));
            let days = days.trim().parse().map_err(|_| format!("{days} is no number of days"))?;
            Does::Wait { days, minutes: minutes_of(time).ok_or_else(|| format!("{time} is no time of the day"))? }
        }
        "after" => Does::Follow { page: lines.first().ok_or("after which page?")?.trim().to_owned() },
        _ => return Ok(None),
    }))
}

fn read_request(lines: &[&str]) -> Result<Does, String> {
    let mut lines = lines.iter();
    let first = lines.next().ok_or("a request has a first line")?;
    let (method, path) = first.split_once(' ').ok_or("a method and a path belong there")?;
    let method = method.parse().map_err(|_| format!("{method} is no method"))?;
    let mut by = None;
    for line in lines.by_ref().take_while(|line| !line.trim().is_empty()) {
        let (name, value) = line.split_once(':').ok_or_else(|| format!("{line} is no header"))?;
        match name {
            "As" => by = Some(value.trim().to_owned()),
            other => return Err(format!("nobody reads {other}")),
        }
    }
    let rest: Vec<&str> = lines.copied().collect();
    Ok(Does::Ask { method, path: path.trim().to_owned(), by, body: read_body(&rest)? })
}

fn read_body(lines: &[&str]) -> Result<Option<Value>, String> {
    let text = lines.join("\n");
    if text.trim().is_empty() {
        return Ok(None);
    }
    serde_json::from_str(&text).map(Some).map_err(|error| format!("the body is no JSON: {error}"))
}

/// `08:30` as minutes since midnight.
fn minutes_of(time: &str) -> Option<i64> {
    let (hours, minutes) = time.trim().split_once(':')?;
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    ((0..24).contains(&hours) && (0..60).contains(&minutes)).then_some(hours * 60 + minutes)
}

/// Where pages are played: who is signed in, and what the names mean by now.
pub struct Stage<'a> {
    shop: &'a Shop,
    site: Site,
    people: BTreeMap<String, Login>,
    last: Login,
    known: BTreeMap<String, Value>,
}

impl<'a> Stage<'a> {
    /// An empty stage in a shop.
    pub async fn of(shop: &'a Shop) -> Self {
        let first = shop.sites().await.into_iter().next();
        Self {
            shop,
            site: first.unwrap_or_else(|| panic!("a company without a site")),
            people: BTreeMap::new(),
            last: Login::Nobody,
            known: BTreeMap::from([("password".to_owned(), Value::from(DEMO_PASSWORD))]),
        }
    }

    async fn wait(&mut self, days: i64, minutes: i64) -> Result<(), String> {
        let now = self.shop.now().await;
        let to = self.site.time.at(self.site.time.date(now), days * 24 * 60 + minutes);
        if to < now {
            return Err("the clock only goes forward".to_owned());
        }
        self.shop.go_to(to).await;
        Ok(())
    }

    async fn ask(
        &mut self,
        method: &Method,
        path: &str,
        by: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Answer, String> {
        if let Some(name) = by {
            let name = self.in_text(name)?;
            self.last = self.signed_in(&name).await;
        }
        let path = self.in_text(path)?;
        let body = body.map(|body| self.meant(body)).transpose()?;
        Ok(self.shop.ask(&self.last, method.clone(), &path, body.as_ref()).await)
    }

    async fn signed_in(&mut self, name: &str) -> Login {
        if let Some(login) = self.people.get(name) {
            return login.clone();
        }
        let login = match name {
            "nobody" => Login::Nobody,
            phone if phone.starts_with('+') => self.shop.customer(phone).await,
            who => match who.strip_prefix("Bearer ") {
                Some(secret) => Login::Bearer(secret.to_owned()),
                None => self.shop.staff(who).await,
            },
        };
        self.people.insert(name.to_owned(), login.clone());
        login
    }

    /// A text with its names replaced by what they mean.
    fn in_text(&self, text: &str) -> Result<String, String> {
        let mut rest = text;
        let mut whole = String::new();
        while let Some((before, name, after)) = name_in(rest) {
            whole.push_str(before);
            match self.known.get(name) {
                Some(Value::String(known)) => whole.push_str(known),
                Some(other) => whole.push_str(&other.to_string()),
                None => return Err(format!("nobody has said what {{{{{name}}}}} is")),
            }
            rest = after;
        }
        whole.push_str(rest);
        Ok(whole)
    }

    /// A body with its names replaced; one that stands alone keeps its kind.
    fn meant(&self, value: &Value) -> Result<Value, String> {
        Ok(match value {
            Value::String(text) => match alone(text) {
                Some(name) => self.known.get(name).cloned().ok_or_else(|| format!("nobody has said what {text} is"))?,
                None => Value::String(self.in_text(text)?),
            },
            Value::Array(items) => Value::Array(items.iter().map(|item| self.meant(item)).collect::<Result<_, _>>()?),
            Value::Object(fields) => {
                let meant = |(name, value): (&String, &Value)| Ok((name.clone(), self.meant(value)?));
                Value::Object(fields.iter().map(meant).collect::<Result<_, String>>()?)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        })
    }

    fn compare(&mut self, answer: &Answer, status: u16, body: Option<&Value>) -> Result<(), String> {
        if answer.status.as_u16() != status {
            return Err(format!("{} where {status} was expected: {}", answer.status, answer.body));
        }
        let Some(expected) = body else { return Ok(()) };
        let mut known = self.known.clone();
        fits(expected, &answer.body, "", &mut known).map_err(|why| format!("{why}, in {}", answer.body))?;
        self.known = known;
        Ok(())
    }
}

/// Whether `found` is what was expected; names learn what they mean on the way.
fn fits(expected: &Value, found: &Value, at: &str, known: &mut BTreeMap<String, Value>) -> Result<(), String> {
    match (expected, found) {
        (Value::String(any), found) if any == "*" && !found.is_null() => Ok(()),
        (Value::String(text), found) if alone(text).is_some() => {
            let name = alone(text).unwrap_or_default();
            let meant = known.entry(name.to_owned()).or_insert_with(|| found.clone());
            if meant == found { Ok(()) } else { Err(format!("{at} is {found} and not {meant}")) }
        }
        (Value::Object(expected), Value::Object(found)) => expected.iter().try_for_each(|(name, value)| {
            let there = found.get(name).unwrap_or(&Value::Null);
            fits(value, there, &format!("{at}/{name}"), known)
        }),
        // Nothing expected is an expectation, too.
        (Value::Array(expected), Value::Array(found)) if expected.is_empty() && !found.is_empty() => {
            Err(format!("{at} is not empty"))
        }
        (Value::Array(expected), Value::Array(found)) => {
            let mut missing = 0;
            let found: Vec<&Value> = found.iter().collect();
            *known = each_finds_its_own(expected, 0, &found, known, &mut missing)
                .ok_or_else(|| format!("{at}/{missing} is not there"))?;
            Ok(())
        }
        (expected, found) if expected == found => Ok(()),
        (expected, found) => Err(format!("{at} is {found} and not {expected}")),
    }
}

/// What is known when every expected item from the `nth` on has found one that no other has; where there is no such way,
/// `missing` is the furthest that had none.
fn each_finds_its_own(
    expected: &[Value],
    nth: usize,
    found: &[&Value],
    known: &BTreeMap<String, Value>,
    missing: &mut usize,
) -> Option<BTreeMap<String, Value>> {
    let Some(item) = expected.get(nth) else { return Some(known.clone()) };
    *missing = nth.max(*missing);
    found.iter().enumerate().find_map(|(at, there)| {
        let mut learned = known.clone();
        fits(item, there, "", &mut learned).ok()?;
        let others: Vec<&Value> = [&found[..at], &found[at + 1..]].concat();
        each_finds_its_own(expected, nth + 1, &others, &learned, missing)
    })
}

/// The name that is the whole text.
fn alone(text: &str) -> Option<&str> {
    text.strip_prefix("{{")?.strip_suffix("}}").filter(|name| !name.contains('{'))
}

/// The first name in a text, what stands before it and what follows.
fn name_in(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("{{")?;
    let (name, after) = rest.split_once("}}")?;
    Some((before, name, after))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::{Scenario, fits};

    #[test]
    fn an_answer_may_say_more_than_was_expected() {
        let found = json!({ "lots": [{ "code": "A", "grams": 500 }, { "code": "B", "grams": 700 }], "at": "now" });
        let mut known = BTreeMap::new();
        let expected = json!({ "lots": [{ "code": "B", "grams": "{{grams}}" }], "at": "*" });
        assert_eq!(fits(&expected, &found, "", &mut known), Ok(()));
        assert_eq!(known["grams"], json!(700));
    }

    #[test]
    fn an_answer_that_is_another_is_told_with_its_place() {
        let mut known = BTreeMap::from([("grams".to_owned(), json!(700))]);
        let found = json!({ "lot": { "grams": 500 } });
        let wrong = fits(&json!({ "lot": { "grams": "{{grams}}" } }), &found, "", &mut known);
        assert_eq!(wrong, Err("/lot/grams is 500 and not 700".to_owned()));
        assert!(fits(&json!({ "note": "*" }), &found, "", &mut known).is_err());
        assert!(fits(&json!([]), &json!([{ "alarm": 1 }]), "", &mut known).is_err(), "an empty list is empty");
        assert_eq!(fits(&json!([]), &json!([]), "", &mut known), Ok(()));
        let twice = json!([{ "alarm": "*" }, { "alarm": 1 }]);
        assert_eq!(fits(&twice, &json!([{ "alarm": 1 }]), "", &mut known), Err("/1 is not there".to_owned()));
        assert_eq!(fits(&twice, &json!([{ "alarm": 1 }, { "alarm": 2 }]), "", &mut known), Ok(()));
        assert!(fits(&json!({ "lot": [] }), &found, "", &mut known).is_err());
        assert_eq!(fits(&Value::Null, &Value::Null, "", &mut known), Ok(()));
    }

    #[test]
    fn a_page_that_cannot_be_played_is_refused() {
        let asked = "# One\n```http\nGET /api/clock\nAs: admin\n```\n";
        let answered = format!("{asked}Then:\n```expect\n200\n{{ \"at\": \"*\" }}\n```\n");
        assert_eq!(Scenario::read(&answered).map(|scenario| scenario.requests()).ok(), Some(1));
        assert!(Scenario::read(asked).is_err(), "nothing is expected");
        assert!(Scenario::read("```http\nGET /api/clock").is_err(), "it never ends");
        assert!(Scenario::read("```clock\n25:00\n```").is_err(), "no such time");
        assert!(Scenario::read("```expect\n200\n{ at\n```").is_err(), "no JSON");
        assert_eq!(Scenario::read("```sh\nls\n```\n").map(|scenario| scenario.requests()).ok(), Some(0));
    }
}
