//! 倉儲 Warehouse: what is on the shelves, and how it gets from there into parcels.
//!
//! The stock journal itself is the ledger's; here people ask it, block its lots, pick from it and pack. Nothing here
//! knows a customer or a selling price: a release note comes in as lines of goods and leaves as parcels and actual grams.
#![deny(clippy::float_arithmetic)]

pub mod coldchain;
pub mod counting;
pub mod fulfilment;
pub mod stock;

use edge::{App, Sites};
use kernel::SiteId;
use store::Migration;
use utoipa_axum::router::OpenApiRouter;

/// The tables of this crate; those of the ledger come before.
pub const MIGRATION: Migration =
    Migration::new(20, "warehouse", include_str!("../../../migrations/0020_warehouse.sql")).with(
        include_str!("../../../migrations/0020_warehouse.sqlite.sql"),
        include_str!("../../../migrations/0020_warehouse.postgres.sql"),
    );

/// Step 2.3: probes, excursions, quarantines.
pub const COLDCHAIN_MIGRATION: Migration =
    Migration::new(21, "coldchain", include_str!("../../../migrations/0021_coldchain.sql")).with(
        include_str!("../../../migrations/0021_coldchain.sqlite.sql"),
        include_str!("../../../migrations/0021_coldchain.postgres.sql"),
    );

/// Step 2.3: how goods age, and the signed days.
pub const THERMAL_MIGRATION: Migration =
    Migration::new(22, "thermal", include_str!("../../../migrations/0022_thermal.sql")).with(
        include_str!("../../../migrations/0022_thermal.sqlite.sql"),
        include_str!("../../../migrations/0022_thermal.postgres.sql"),
    );

/// The tables of step 2.4; they stand on those of the accounts.
pub const COUNTING: Migration = Migration::new(24, "counting", include_str!("../../../migrations/0024_counting.sql"));

/// The tables of recalls.
pub const RECALL: Migration = Migration::new(25, "recall", include_str!("../../../migrations/0025_recall.sql"));

/// The tables of returned goods.
pub const RETURNS: Migration = Migration::new(26, "returns", include_str!("../../../migrations/0026_returns.sql"));

/// The routes of this crate.
pub fn router() -> OpenApiRouter<App> {
    stock::http::router()
        .merge(fulfilment::http::router())
        .merge(coldchain::http::router())
        .merge(counting::http::router())
}

/// Whether somebody who works at `sites` works at this one.
pub(crate) fn works_at(sites: &Sites, site: SiteId) -> bool {
    match sites {
        Sites::All => true,
        Sites::Only(own) => own.contains(&site),
    }
}
