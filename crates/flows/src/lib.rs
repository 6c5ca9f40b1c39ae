//! Hand-overs between contexts, one short file each. Read in this order they are the value chain.
//!
//! A flow calls verbs of two or more contexts in one transaction and decides nothing by itself: what may happen is
//! said by the contexts, that it happens together is said here.

mod complaint_to_remedy;
mod count_to_orders;
mod drop_to_feedback;
mod excursion_to_quarantine;
mod life_to_orders;
mod lot_to_recall;
mod order_to_drop;
mod pack_to_route;
mod pack_to_settlement;
mod refusal;
mod return_to_stock;
mod road_to_warehouse;
mod route_to_road;
mod settlement_to_market;
mod wave_to_pick;

pub mod complaint_to_cause;
pub mod opening_to_stock;
pub mod payment_to_order;
pub mod review_to_procedure;

use edge::App;
use utoipa_axum::router::OpenApiRouter;

pub use excursion_to_quarantine::{look_at_lives, take_readings, watch};
pub use life_to_orders::{Due, due, look_around, sweep};
pub use refusal::FlowRefusal;

/// The routes that touch more than one context.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(opening_to_stock::router())
        .merge(count_to_orders::router())
        .merge(wave_to_pick::router())
        .merge(pack_to_settlement::router())
        .merge(pack_to_route::router())
        .merge(route_to_road::router())
        .merge(drop_to_feedback::router())
        .merge(road_to_warehouse::router())
        .merge(excursion_to_quarantine::router())
        .merge(complaint_to_remedy::router())
        .merge(lot_to_recall::router())
        .merge(return_to_stock::router())
}
