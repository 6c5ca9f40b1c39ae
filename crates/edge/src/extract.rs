//! Extractors that refuse in our own voice.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{StatusCode, header::CONTENT_TYPE, request::Parts},
    response::{IntoResponse, Response},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{App, Problem, UPLOAD_MAX_BYTES, by_name::ByName};

/// A JSON body, in or out.
#[derive(Clone, Copy, Debug)]
pub struct ApiJson<T>(pub T);

/// Parameters of the address after `?`.
#[derive(Clone, Copy, Debug)]
pub struct ApiQuery<T>(pub T);

/// The ids inside the address.
#[derive(Clone, Copy, Debug)]
pub struct ApiPath<T>(pub T);

/// A file as it was sent, with its media type.
#[derive(Clone, Debug)]
pub struct ApiBytes {
    pub media: String,
    pub bytes: Bytes,
}

impl<T: DeserializeOwned> FromRequest<App> for ApiJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        if !media_type(request.headers()).is_some_and(|media| media == "application/json" || media.ends_with("+json")) {
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "request/unsupported-media")
                .with("expected", "application/json"));
        }
        let body = Bytes::from_request(request, app).await.map_err(|refused| malformed(refused.body_text()))?;
        let mut json = serde_json::Deserializer::from_slice(&body);
        let value = serde_path_to_error::deserialize(ByName(&mut json)).map_err(|error| {
            let path = error.path().to_string().replace('.', "/");
            if error.inner().is_data() && path != "/" {
                // serde ends its sentence with a position in the text, which means nothing to a person at a form.
                let reason = error.inner().to_string();
                let reason = reason.split(" at line ").next().unwrap_or_default().to_owned();
                Problem::invalid(path, reason)
            } else {
                malformed(error.inner())
            }
        })?;
        json.end().map_err(malformed)?;
        Ok(Self(value))
    }
}

impl<T: Serialize> IntoResponse for ApiJson<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => ([(CONTENT_TYPE, "application/json")], body).into_response(),
            Err(error) => Problem::internal(&error).into_response(),
        }
    }
}

impl<T: DeserializeOwned> FromRequestParts<App> for ApiQuery<T> {
    type Rejection = Problem;

    #[expect(clippy::disallowed_types, reason = "the one place that wraps it")]
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        // PostgreSQL holds no text with a zero byte, and nobody writes one.
        if parts.uri.query().is_some_and(|query| query.contains("%00")) {
            return Err(malformed("a zero byte in the query"));
        }
        let query = axum::extract::Query::<T>::from_request_parts(parts, app).await;
        query.map(|query| Self(query.0)).map_err(|refused| malformed(refused.body_text()))
    }
}

impl<T: DeserializeOwned + Send> FromRequestParts<App> for ApiPath<T> {
    type Rejection = Problem;

    #[expect(clippy::disallowed_types, reason = "the one place that wraps it")]
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        // An address that holds no valid id names nothing.
        let path = axum::extract::Path::<T>::from_request_parts(parts, app).await;
        path.map(|path| Self(path.0)).map_err(|_| Problem::not_found())
    }
}

impl FromRequest<App> for ApiBytes {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let media = media_type(request.headers()).unwrap_or_default();
        let bytes = Bytes::from_request(request, app).await.map_err(|refused| malformed(refused.body_text()))?;
        if bytes.len() > UPLOAD_MAX_BYTES {
            return Err(
                Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "request/too-large").with("limit", UPLOAD_MAX_BYTES)
            );
        }
        Ok(Self { media, bytes })
    }
}

fn media_type(headers: &axum::http::HeaderMap) -> Option<String> {
    let header = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    Some(header.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

fn malformed(reason: impl std::fmt::Display) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "request/malformed").with("reason", reason)
}
