//! 採購 Procurement: who may deliver, what was ordered, and what the dock took of it.
//!
//! Goods come in here and nowhere else. A supplier is admitted before it is ordered from, a purchase order is a
//! contract before a truck arrives, a lot exists from the dock on, and money follows what was accepted. Nothing here
//! knows a customer: what is needed comes in as a wish and leaves as lots on a shelf.
#![deny(clippy::float_arithmetic)]

// Every step declares words of its own.
#[macro_use(codes)]
extern crate store;

mod dates;
mod filed;
mod numbers;
mod told;

pub mod approvals;
pub mod contracts;
pub mod market;
pub mod receiving;
pub mod requisitions;
pub mod suppliers;

use edge::{App, Problem, Sites};
use kernel::SiteId;
use utoipa_axum::router::OpenApiRouter;

/// The tables of this crate; those of the ledger come before.
pub const MIGRATION: store::Migration =
    store::Migration::new(10, "procurement", include_str!("../../../migrations/0010_procurement.sql"));

/// The tables of requisitions and signatures.
pub const REQUISITIONS_MIGRATION: store::Migration =
    store::Migration::new(11, "requisitions", include_str!("../../../migrations/0011_requisitions.sql"));

/// The tables of the market.
pub const MARKET_MIGRATION: store::Migration =
    store::Migration::new(12, "market", include_str!("../../../migrations/0012_market.sql"));

/// The tables of scorecards.
pub const SCORECARDS_MIGRATION: store::Migration =
    store::Migration::new(13, "scorecards", include_str!("../../../migrations/0013_scorecards.sql"));

/// Until when a signature is due, and who was asked as well when it was late.
pub const APPROVAL_DUE_MIGRATION: store::Migration =
    store::Migration::new(99, "approval_due", include_str!("../../../migrations/0099_approval_due.sql"));

/// The routes of this crate.
pub fn router() -> OpenApiRouter<App> {
    market::http::router()
        .merge(suppliers::http::router())
        .merge(requisitions::http::router())
        .merge(approvals::http::router())
        .merge(contracts::http::router())
        .merge(receiving::http::router())
}

/// Refuses work at a site that is not the caller's, as if there were nothing.
pub(crate) fn demand_site(sites: &Sites, site: SiteId) -> Result<(), Problem> {
    let own = match sites {
        Sites::All => true,
        Sites::Only(own) => own.contains(&site),
    };
    if own { Ok(()) } else { Err(Problem::not_found()) }
}
