//! What others read from us: the log as OCEL 2.0 for process mining and as EPCIS 2.0 for partners, and webhooks.
//!
//! All of them are readers: they follow positions, change no state of the shop and decide nothing.
#![deny(clippy::float_arithmetic)]

mod asked;
mod reach;
mod span;

pub mod epcis;
pub mod ocel;
pub mod webhooks;

pub use reach::Reach;
pub use span::Span;

use edge::App;
use utoipa_axum::router::OpenApiRouter;

/// The tables of this crate.
pub const MIGRATION: store::Migration =
    store::Migration::new(83, "webhooks", include_str!("../../../migrations/0083_webhooks.sql"));

/// The routes of this crate.
pub fn router() -> OpenApiRouter<App> {
    ocel::http::router().merge(epcis::http::router()).merge(webhooks::http::router())
}
