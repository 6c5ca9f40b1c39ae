//! 訂單 Orders: from the customer's wish to the customer's door.
//!
//! Every step moves one thing, the customer order, along its states ([`order::OrderState`]): intake promises and
//! prices it, review lets it go on, allocation finds the goods, outbound sends and settles it, notices tell. Contexts
//! beside this one meet it through `flows`, which call the verbs of the steps with plain ids.

mod people;

pub mod allocation;
pub mod intake;
pub mod notices;
pub mod order;
pub mod outbound;
pub mod review;

use edge::App;
use kernel::{Instant, Stamp};
use store::{Question, Tx};
use utoipa_axum::router::OpenApiRouter;

pub use order::{CancelReason, DeclineReason, FailReason, OrderRefusal, OrderState, ReviewHold, Stage};
pub use people::{Contact, PUBLIC_GROUP};

/// The tables of this crate.
pub const MIGRATION: store::Migration =
    store::Migration::new(30, "orders", include_str!("../../../migrations/0030_orders.sql"));

/// Whether the clock has made anything due for [`sweep`].
pub fn anything_to_sweep(now: Instant) -> Question {
    review::anything_to_sweep(now)
}

/// What is due by the clock alone, every minute: orders that were never paid, or held until their window began.
pub async fn sweep(tx: &mut Tx, stamp: &Stamp) -> Result<(), OrderRefusal> {
    review::sweep(tx, stamp).await
}

/// The routes of this crate.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(intake::http::router())
        .merge(order::http::router())
        .merge(review::http::router())
        .merge(outbound::http::router())
        .merge(notices::http::router())
}
