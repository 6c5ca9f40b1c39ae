//! Chapter 4 配送: from packed parcels to a customer who has said how it was.
//!
//! Plans routes, keeps couriers fit for their work, follows every run to the door, asks afterwards, and puts right
//! what went wrong. It knows orders and parcels by their ids only; `flows` brings the facts of other chapters.
#![deny(clippy::float_arithmetic)]

// Every step declares words of its own.
#[macro_use(codes)]
extern crate store;

#[macro_use]
mod told;

pub mod couriers;
pub mod feedback;
pub mod planning;
pub mod remedies;
pub mod tracking;

use edge::App;
use utoipa_axum::router::OpenApiRouter;

pub const MIGRATION: store::Migration =
    store::Migration::new(40, "delivery", include_str!("../../../migrations/0040_delivery.sql"));

/// The tables of causes and of what rules decided.
pub const REMEDIES: store::Migration =
    store::Migration::new(41, "remedies", include_str!("../../../migrations/0041_remedies.sql"));

/// The table of complaints that could not be joined at once.
pub const COMPLAINT_TRIES: store::Migration =
    store::Migration::new(98, "complaint_tries", include_str!("../../../migrations/0098_complaint_tries.sql"));

/// Indexes for what is asked per order, customer, courier and van.
pub const WALKS: store::Migration =
    store::Migration::new(101, "delivery_walks", include_str!("../../../migrations/0101_delivery_walks.sql"));

/// Which ratings' suggestions were taken on.
pub const HEARD_MIGRATION: store::Migration =
    store::Migration::new(102, "ratings_heard", include_str!("../../../migrations/0102_ratings_heard.sql"));

/// By what runs were measured, and what plans had to do without.
pub const TRAVEL_MIGRATION: store::Migration =
    store::Migration::new(103, "plan_travel", include_str!("../../../migrations/0103_plan_travel.sql"));

/// The routes of all five steps.
pub fn router() -> OpenApiRouter<App> {
    planning::http::router()
        .merge(couriers::http::router())
        .merge(tracking::http::router())
        .merge(feedback::http::router())
}
