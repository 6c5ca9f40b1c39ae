//! Chapter 6 反饋與改進: what people suggest, what the figures say, and what a meeting makes of both.
//!
//! Every figure is added up from the event log and the money journal when it is asked for, and can be followed back
//! to the entries it rests on. Nothing here changes what another chapter has recorded.
#![deny(clippy::float_arithmetic)]

// Every step declares words of its own.
#[macro_use(codes)]
extern crate store;

#[macro_use]
mod told;

mod workflow;

pub mod meetings;
pub mod metrics;
pub mod suggestions;

use edge::App;
use utoipa_axum::router::OpenApiRouter;

pub const MIGRATION: store::Migration =
    store::Migration::new(60, "improvement", include_str!("../../../migrations/0060_improvement.sql"));

/// The routes of the chapter.
pub fn router() -> OpenApiRouter<App> {
    metrics::http::router().merge(suggestions::http::router()).merge(meetings::http::router())
}
