//! Who talks to the shop, and what it says to them.

use axum::http::{HeaderMap, StatusCode};
use serde_json::Value;

/// Under which name somebody's requests go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    Nobody,
    /// A browser: cookie, and the token that a foreign page does not know.
    Session {
        cookie: String,
        csrf: String,
    },
    /// A program or a device.
    Bearer(String),
}

/// What the shop said.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// `Null` where the answer was empty or no JSON.
    pub body: Value,
}

impl Answer {
    /// Status and slug, as a test compares them; the slug is empty if it was no refusal.
    pub fn code(&self) -> (u16, &str) {
        (self.status.as_u16(), self.body["code"].as_str().unwrap_or_default())
    }

    /// The body of a success; anything else ends the test with the shop's own words.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!(self.status.is_success(), "{} {}", self.status, self.body);
        self.body
    }

    /// Whether a refusal speaks as all refusals do: problem+json with a slug, a sentence and its own status.
    pub fn is_problem(&self) -> bool {
        let media = self.headers.get("content-type").and_then(|media| media.to_str().ok()).unwrap_or_default();
        let slug = self.body["code"].as_str().unwrap_or_default();
        media == "application/problem+json"
            && slug.contains('/')
            && self.body["status"].as_u64() == Some(u64::from(self.status.as_u16()))
            && self.body["detail"].as_str().is_some_and(|detail| !detail.is_empty() && detail != slug)
    }
}
