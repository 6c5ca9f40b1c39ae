//! Refusals on the wire: RFC 9457 problem+json with a stable slug, in the reader's language.

use std::{collections::BTreeMap, fmt};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE},
    middleware::Next,
    response::{IntoResponse, Response},
};
use kernel::{Lang, speech};
use serde::Serialize;
use store::StoreError;
use utoipa::ToSchema;

use crate::Caller;

/// Why a request was refused. Nothing of a refused request is kept.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// `/errors#` and the slug: where the refusal is explained.
    #[serde(rename = "type")]
    kind: String,
    /// HTTP status, repeated for those who only see the body.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// The stable slug that programs match on: `ledger/short-stock`.
    code: &'static str,
    /// One sentence for people, in the reader's language.
    detail: String,
    /// JSON pointer-like path of the field that is at fault, if one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// The values inside the sentence, for programs.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    params: BTreeMap<&'static str, String>,
    /// All faults, where several are told at once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    /// Under which the server's log files this request.
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<String>,
}

/// One fault among several: a bad row of a file, a bad line of an order.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FieldError {
    pub field: String,
    pub code: String,
    pub detail: String,
}

/// The id under which a request is logged; the server's outermost layer sets it.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// The slug of a refusal, left in the answer for those who count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused(pub &'static str);

impl Problem {
    /// A refusal under its slug. The sentence comes from `locales/` and is filled in by [`Problem::with`].
    pub fn new(status: StatusCode, code: &'static str) -> Self {
        Self {
            kind: format!("/errors#{code}"),
            status: status.as_u16(),
            code,
            detail: String::new(),
            field: None,
            params: BTreeMap::new(),
            errors: Vec::new(),
            request: None,
        }
    }

    /// Adds a value that the sentence names.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.params.insert(name, value.to_string());
        self
    }

    /// Names the field at fault.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    #[must_use]
    pub fn errors(mut self, errors: Vec<FieldError>) -> Self {
        self.errors = errors;
        self
    }

    /// A field that cannot be taken as it is.
    pub fn invalid(field: impl Into<String>, reason: impl fmt::Display) -> Self {
        let field = field.into();
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "request/invalid")
            .with("field", &field)
            .with("reason", reason)
            .field(field)
    }

    /// The thing is not there, or not the caller's to see: the two are told alike.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "request/not-found")
    }

    /// A fault of ours. The cause goes to the log and never to the caller.
    pub fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = %error, "a request failed on our side");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "request/internal")
    }

    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// The field that the refusal names, as far as it names one.
    pub fn named_field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// The problem as one fault among several, under `field`, in the reader's language.
    pub fn as_fault(self, field: String, lang: Lang) -> FieldError {
        let spoken = self.spoken(lang, None);
        FieldError { field, code: spoken.code.to_owned(), detail: spoken.detail }
    }

    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The problem as a person with this language reads it.
    #[must_use]
    pub fn spoken(mut self, lang: Lang, request: Option<&RequestId>) -> Self {
        self.request = request.map(|RequestId(id)| id.clone());
        let mut params: Vec<speech::Param> = self.params.iter().map(|(name, value)| (*name, value.clone())).collect();
        params.push(("request", self.request.clone().unwrap_or_default()));
        self.detail = speech::say(lang, self.code, &params).unwrap_or_else(|| self.code.to_owned());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.code)
    }
}

impl std::error::Error for Problem {}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        // Everything else that the store can say is a fault of ours, whichever it is.
        if matches!(error, StoreError::Busy) {
            return Self::new(StatusCode::SERVICE_UNAVAILABLE, "request/busy");
        }
        if matches!(error, StoreError::KeyReused) {
            return Self::new(StatusCode::UNPROCESSABLE_ENTITY, "request/key-reused");
        }
        Self::internal(&error)
    }
}

impl IntoResponse for Problem {
    /// Hands the problem on inside the response; [`speak`] writes the body once the reader's language is known.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// The layer that gives every refusal its words. It stands outside all routes.
pub async fn speak(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let lang = Caller::language_of(&parts);
    let id = parts.extensions.get::<RequestId>().cloned();
    let mut response = next.run(Request::from_parts(parts, body)).await;
    let lang = response.extensions().get::<Lang>().copied().unwrap_or(lang);
    let Some(problem) = response.extensions_mut().remove::<Problem>().or_else(|| bare_refusal(response.status()))
    else {
        return response;
    };
    if problem.status < 500 {
        tracing::info!(slug = problem.code, status = problem.status, "refused");
    }
    response.extensions_mut().insert(Refused(problem.code));
    let retry_after = problem.params.get("seconds").and_then(|seconds| HeaderValue::from_str(seconds).ok());
    let body = serde_json::to_vec(&problem.spoken(lang, id.as_ref())).unwrap_or_default();
    *response.body_mut() = Body::from(body);
    response.headers_mut().remove(axum::http::header::CONTENT_LENGTH);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(axum::http::header::RETRY_AFTER, seconds);
    }
    response
}

/// What the router itself refuses carries no problem yet.
fn bare_refusal(status: StatusCode) -> Option<Problem> {
    match status {
        StatusCode::METHOD_NOT_ALLOWED => {
            Some(Problem::new(status, "request/method-not-allowed").with("method", "this method"))
        }
        StatusCode::PAYLOAD_TOO_LARGE => {
            Some(Problem::new(status, "request/too-large").with("limit", crate::BODY_MAX_BYTES))
        }
        StatusCode::REQUEST_TIMEOUT => Some(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "request/busy")),
        _ => None,
    }
}
