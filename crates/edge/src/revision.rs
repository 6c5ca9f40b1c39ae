//! Revisions on the wire: `ETag` out, `If-Match` in.

use axum::{
    extract::FromRequestParts,
    http::{
        HeaderValue, StatusCode,
        header::{ETAG, IF_MATCH},
        request::Parts,
    },
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::{ApiJson, App, Problem};

/// A thing that counts its changes.
pub trait Revised {
    fn revision(&self) -> i64;
}

/// Answers with the thing and its revision as `ETag`.
#[derive(Clone, Copy, Debug)]
pub struct Tagged<T>(pub T);

impl<T: Serialize + Revised> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let tag = HeaderValue::from_str(&format!("\"{}\"", self.0.revision()));
        let mut response = ApiJson(self.0).into_response();
        if let Ok(tag) = tag {
            response.headers_mut().insert(ETAG, tag);
        }
        response
    }
}

/// The revision that the caller has seen; a change on top of another is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IfMatch(pub Option<i64>);

impl IfMatch {
    /// Refuses when the thing has changed since the caller read it.
    pub fn check(self, thing: &impl Revised) -> Result<(), Problem> {
        match self.0 {
            Some(seen) if seen != thing.revision() => Err(changed_meanwhile()),
            Some(_) | None => Ok(()),
        }
    }
}

impl FromRequestParts<App> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, Problem> {
        let Some(header) = parts.headers.get(IF_MATCH) else { return Ok(Self(None)) };
        let tag = header.to_str().unwrap_or_default().trim();
        if tag == "*" {
            return Ok(Self(None));
        }
        let revision = tag.trim_start_matches("W/").trim_matches('"').parse().map_err(|_| changed_meanwhile())?;
        Ok(Self(Some(revision)))
    }
}

fn changed_meanwhile() -> Problem {
    Problem::new(StatusCode::PRECONDITION_FAILED, "request/changed-meanwhile")
}
