//! Whether the server lives, whether it may be sent work, and what it has measured.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use edge::App;
use store::{StoreError, Tx, args, sql};

use crate::layers::Meter;

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

/// What was measured since the start, in the Prometheus text format.
pub(crate) async fn metrics(axum::Extension(meter): axum::Extension<Meter>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], meter.rendered()).into_response()
}
