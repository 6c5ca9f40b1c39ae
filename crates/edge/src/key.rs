//! The idempotency key of a command.

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
};
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::{
    IntoParams,
    openapi::{
        Required,
        path::{Parameter, ParameterBuilder, ParameterIn},
        schema::{ObjectBuilder, Type},
    },
};

use crate::{
    App, Problem,
    fingerprint::{Fingerprint, Replay},
};

/// Chosen by the client, one per command, kept for a replay after a lost answer. The handheld mints it offline.
#[derive(Clone, Debug)]
pub struct IdempotencyKey {
    pub(crate) key: String,
    pub(crate) fingerprint: [u8; 32],
    /// Where it is noted that the answer was given before.
    pub(crate) replay: Replay,
}

const HEADER: &str = "idempotency-key";
const LENGTH_MIN: usize = 8;
const LENGTH_MAX: usize = 100;

impl IdempotencyKey {
    /// A key for a command that comes from a file or a job instead of a request.
    pub fn of(key: impl Into<String>, fingerprint: [u8; 32]) -> Self {
        Self { key: key.into(), fingerprint, replay: Replay::default() }
    }

    /// The same key, for a request with a secret in it: what is kept of a request is a quick hash, which would give a
    /// password away. `told` is the request without its secret; a replay with another secret is answered like the first.
    pub fn over(mut self, told: &impl Serialize) -> Result<Self, Problem> {
        let told = serde_json::to_vec(told).map_err(|error| Problem::internal(&error))?;
        self.fingerprint = Sha256::digest(told).into();
        Ok(self)
    }

    /// The key of one command among many in a file: the same file sent again is the same commands.
    #[must_use]
    pub fn row(&self, row: usize) -> Self {
        Self::of(format!("{}#{row}", self.key), self.fingerprint)
    }
}

impl FromRequestParts<App> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, Problem> {
        let missing = || Problem::new(StatusCode::BAD_REQUEST, "request/key-missing").field("Idempotency-Key");
        let key = parts.headers.get(HEADER).and_then(|value| value.to_str().ok()).ok_or_else(missing)?;
        let plain = key.bytes().all(|byte| byte.is_ascii_graphic());
        if !plain || key.len() < LENGTH_MIN || key.len() > LENGTH_MAX {
            return Err(missing());
        }
        let Some(Fingerprint(fingerprint)) = parts.extensions.get::<Fingerprint>().copied() else {
            return Err(Problem::internal(&NoFingerprint));
        };
        let replay = parts.extensions.get::<Replay>().cloned().unwrap_or_default();
        Ok(Self { key: key.to_owned(), fingerprint, replay })
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the fingerprint layer does not stand before this route")]
struct NoFingerprint;

impl IntoParams for IdempotencyKey {
    fn into_params(_parameter_in: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![
            ParameterBuilder::new()
                .name("Idempotency-Key")
                .parameter_in(ParameterIn::Header)
                .required(Required::True)
                .description(Some(
                    "Chosen by the client, one per command; a replay answers what the first run did, under the header \
                     `Idempotent-Replayed: true`.",
                ))
                .schema(Some(
                    ObjectBuilder::new()
                        .schema_type(Type::String)
                        .min_length(Some(LENGTH_MIN))
                        .max_length(Some(LENGTH_MAX))
                        .pattern(Some("^[!-~]+$")),
                ))
                .build(),
        ]
    }
}
