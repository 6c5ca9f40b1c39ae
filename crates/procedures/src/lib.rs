//! Chapter 5 流程文檔: how each step is to be done, who answers for it, in what time, and whether it is done so.
//!
//! A procedure is data: its steps name the events that prove them, so that the log says which cases left the written
//! way. It never stops anybody's work; it shows where the work and the paper part.
#![deny(clippy::float_arithmetic)]

// Every step declares words of its own.
#[macro_use(codes)]
extern crate store;

#[macro_use]
mod told;

pub mod authoring;
pub mod conformance;

use edge::App;
use utoipa_axum::router::OpenApiRouter;

pub const MIGRATION: store::Migration =
    store::Migration::new(50, "procedures", include_str!("../../../migrations/0050_procedures.sql"));
/// More things go through procedures than at first.
pub const CASE_NOUNS_MIGRATION: store::Migration =
    store::Migration::new(97, "case_nouns", include_str!("../../../migrations/0097_case_nouns.sql")).with(
        include_str!("../../../migrations/0097_case_nouns.sqlite.sql"),
        include_str!("../../../migrations/0097_case_nouns.postgres.sql"),
    );

/// The routes of the chapter.
pub fn router() -> OpenApiRouter<App> {
    authoring::http::router().merge(conformance::http::router())
}
