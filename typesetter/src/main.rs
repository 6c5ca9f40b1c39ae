//! The typesetter: one document in as facts, one PDF out.
//!
//! A program of its own, because a typesetter remembers everything it ever set: this one ends after each document, and
//! a document that hangs is one process that is stopped. It reads one request from standard input, writes the PDF to
//! standard output and what a proof-reader should know to standard error. It opens no file and no connection.

mod codes;
mod press;

use std::{
    io::{self, Read as _, Write as _},
    process::ExitCode,
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What is to be set.
#[derive(Deserialize)]
struct Request {
    template: String,
    /// en, zh-Hant or zh-Hans: which typeface comes first.
    lang: String,
    /// The document's own number, printed as bars and as a square.
    #[serde(default)]
    code: Option<String>,
    /// What the template says between the facts, in the reader's language.
    words: Map<String, Value>,
    facts: Map<String, Value>,
}

/// What a proof-reader should know.
#[derive(Debug, Serialize)]
pub(crate) struct Proof {
    /// Characters that no typeface has.
    pub(crate) missing: String,
    pub(crate) warnings: Vec<String>,
    pub(crate) pages: usize,
}

/// A request is one document; a shop's longest contract stays far below.
const REQUEST_MAX: u64 = 4 << 20;

/// The exit codes that the server reads.
mod ends {
    pub(crate) const NO_TYPEFACE: u8 = 3;
    pub(crate) const BAD_REQUEST: u8 = 4;
    pub(crate) const NOT_SET: u8 = 5;
}

fn main() -> ExitCode {
    let wants_text = std::env::args().nth(1).as_deref() == Some("--text");
    let mut input = Vec::new();
    if let Err(error) = io::stdin().take(REQUEST_MAX).read_to_end(&mut input) {
        return fail(ends::BAD_REQUEST, &error.to_string());
    }
    let request: Request = match serde_json::from_slice(&input) {
        Ok(request) => request,
        Err(error) => return fail(ends::BAD_REQUEST, &error.to_string()),
    };
    if press::faces().is_empty() {
        return fail(ends::NO_TYPEFACE, "no typeface was built into this program");
    }
    let Some(template) = press::template(&request.template) else {
        return fail(ends::BAD_REQUEST, "no such template");
    };
    let mut facts = Map::new();
    if let Some(code) = &request.code {
        match codes::drawn(code) {
            Ok(drawn) => facts.extend(drawn),
            Err(why) => return fail(ends::BAD_REQUEST, &why),
        }
    }
    facts.insert("lang".to_owned(), Value::from(request.lang.clone()));
    facts.insert("words".to_owned(), Value::Object(request.words));
    facts.insert("facts".to_owned(), Value::Object(request.facts));
    let facts = serde_json::to_vec(&facts).unwrap_or_default();
    match press::set(template, &request.lang, facts) {
        Ok(sheet) => {
            let out = if wants_text { sheet.text.into_bytes() } else { sheet.pdf };
            let proof = serde_json::to_string(&sheet.proof).unwrap_or_default();
            let written = io::stdout().write_all(&out).and_then(|()| writeln!(io::stderr(), "{proof}"));
            if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::from(ends::NOT_SET) }
        }
        Err(why) => fail(ends::NOT_SET, &why),
    }
}

fn fail(code: u8, why: &str) -> ExitCode {
    // Whoever reads it is gone if this fails; the exit code still tells.
    drop(writeln!(io::stderr(), "{why}"));
    ExitCode::from(code)
}
