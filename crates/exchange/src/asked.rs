//! What an export is asked for.

use axum::http::HeaderName;
use edge::{App, Problem};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::span::Span;

/// Where the next document begins.
pub(crate) const LAST_POSITION: HeaderName = HeaderName::from_static("last-position");
/// Events in one document: the things that they touch are kept in memory until its end.
const EVENTS_MAX: i64 = 200_000;

/// Which part of the log is wanted.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Positions {
    /// The last position of the document before; 0 or absent for the beginning of the log.
    #[serde(default)]
    #[param(minimum = 0)]
    after: i64,
    /// How many events at most, 1 to 200000; as many if absent.
    #[serde(default = "Positions::limit")]
    #[param(minimum = 1, maximum = 200_000)]
    limit: i64,
}

impl Positions {
    const fn limit() -> i64 {
        EVENTS_MAX
    }

    pub(crate) async fn span(self, app: &App) -> Result<Span, Problem> {
        edge::parse::within("after", self.after, 0, i64::MAX)?;
        edge::parse::within("limit", self.limit, 1, EVENTS_MAX)?;
        Ok(Span::sealed(&app.db, self.after, self.limit).await?)
    }
}
