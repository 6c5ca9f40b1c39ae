//! The floor over HTTP: waves, pick tasks, parcels, boxes and labels.

mod floor;
mod setup;

use edge::App;
use utoipa_axum::router::OpenApiRouter;

pub fn router() -> OpenApiRouter<App> {
    floor::router().merge(setup::router())
}
