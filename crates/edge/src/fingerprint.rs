//! What exactly was asked: the hash that tells a replay from a second command under the same key.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::Request,
    http::{HeaderName, HeaderValue, Method, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};

use crate::Problem;

/// The largest body of a plain command.
pub const BODY_MAX_BYTES: usize = 1 << 20;
/// The largest file that may be sent up: 20,000 rows of products fit well inside.
pub const UPLOAD_MAX_BYTES: usize = 16 << 20;

/// SHA-256 of method, path with query, and body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fingerprint(pub(crate) [u8; 32]);

/// Says of an answer that it was given before, so that a client knows that nothing was done twice.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Whether the answer of this request was given before.
#[derive(Clone, Debug, Default)]
pub(crate) struct Replay(Arc<AtomicBool>);

impl Replay {
    pub(crate) fn note(&self) {
        self.0.store(true, Ordering::Release);
    }
}

/// The layer that reads the body of a command once, within its limit, notes what was asked, and says of the answer
/// when it was given before.
pub async fn fingerprint(request: Request, next: Next) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let limit = if parts.uri.path().contains("/imports/") { UPLOAD_MAX_BYTES } else { BODY_MAX_BYTES };
    let Ok(body) = to_bytes(body, limit).await else {
        return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "request/too-large").with("limit", limit).into_response();
    };
    parts.extensions.insert(of(parts.method.as_str(), &parts.uri.to_string(), &body));
    let replay = Replay::default();
    parts.extensions.insert(replay.clone());
    let mut answer = next.run(Request::from_parts(parts, Body::from(body))).await;
    if replay.0.load(Ordering::Acquire) {
        answer.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    answer
}

fn of(method: &str, target: &str, body: &Bytes) -> Fingerprint {
    let mut hash = Sha256::new();
    for part in [method.as_bytes(), target.as_bytes(), body.as_ref()] {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    Fingerprint(hash.finalize().into())
}
