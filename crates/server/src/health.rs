//! Whether the server lives, whether it may be sent work, and what it has measured.

use std::fmt::Write as _;

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use edge::{App, Problem};
use sha2::{Digest, Sha256};
use store::{StoreError, Tx, args, jobs, sql};

use crate::{Settings, layers::Meter};

sql! {
    ANSWERS = "SELECT one FROM installation";
}

/// The process lives.
pub(crate) async fn alive() -> &'static str {
    "ok\n"
}

/// The database answers: the process may be sent work.
pub(crate) async fn ready(State(app): State<App>) -> Response {
    let answered = app
        .db
        .read(async |tx: &mut Tx| -> Result<i64, StoreError> {
            tx.one::<(i64,)>(ANSWERS, args![]).await.map(|(one,)| one)
        })
        .await;
    match answered {
        Ok(_) => "ready\n".into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response()
        }
    }
}

/// Who may read the figures.
#[derive(Clone)]
pub(crate) enum MetricsDoor {
    /// Whoever shows the token, whose hash this is.
    Token([u8; 32]),
    /// Nobody but this machine can ask.
    Loopback,
    Shut,
}

impl MetricsDoor {
    pub(crate) fn of(settings: &Settings) -> Self {
        match &settings.metrics_token {
            Some(token) => Self::Token(Sha256::digest(token).into()),
            None if settings.listen.ip().is_loopback() => Self::Loopback,
            None => Self::Shut,
        }
    }

    fn admits(&self, headers: &HeaderMap) -> bool {
        match self {
            Self::Loopback => true,
            Self::Shut => false,
            Self::Token(hash) => {
                let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
                // Hashes are compared, so that the time it takes says nothing about the token.
                shown
                    .and_then(|value| value.strip_prefix("Bearer "))
                    .is_some_and(|token| <[u8; 32]>::from(Sha256::digest(token)) == *hash)
            }
        }
    }
}

/// What was measured since the start, and what waits now, in the Prometheus text format.
pub(crate) async fn metrics(
    State(app): State<App>,
    axum::Extension(meter): axum::Extension<Meter>,
    axum::Extension(door): axum::Extension<MetricsDoor>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if !door.admits(&headers) {
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "identity/sign-in-required"));
    }
    let mut text = meter.rendered();
    let (unsealed, oldest, jobs) = app
        .read(async |tx: &mut Tx| {
            let (unsealed, oldest) = events::unsealed(tx).await?;
            Ok::<_, StoreError>((unsealed, oldest, jobs::counted(tx).await?))
        })
        .await?;
    let lag = oldest.map_or(0, |oldest| app.clock.now().since(oldest).max(0));
    _ = writeln!(text, "# TYPE freshet_unsealed_events gauge\nfreshet_unsealed_events {unsealed}");
    _ = writeln!(text, "# TYPE freshet_sealing_lag_milliseconds gauge\nfreshet_sealing_lag_milliseconds {lag}");
    if let Some(depth) = app.db.lane_depth() {
        _ = writeln!(text, "# TYPE freshet_writer_lane_depth gauge\nfreshet_writer_lane_depth {depth}");
    }
    _ = writeln!(text, "# TYPE freshet_jobs gauge");
    for (kind, state, count) in jobs {
        _ = writeln!(text, "freshet_jobs{{kind=\"{kind}\",state=\"{state}\"}} {count}");
    }
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response())
}
