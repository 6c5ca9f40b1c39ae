//! 2.2 meets 3.4: a window is released. Every accepted order of it gets its lots, its release note and its walk.

use axum::extract::State;
use edge::{ApiJson, App, By, Created, IdempotencyKey, Problem, duty};
use kernel::{CustomerOrderId, DeliveryWindowId, ReleaseNoteId, SiteId, Stamp, WaveId};
use orders::{intake, outbound};
use serde::{Deserialize, Serialize};
use store::Tx;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use warehouse::fulfilment::{self, TaskLine};

use crate::FlowRefusal;

/// The window to be picked now.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewWave {
    site: SiteId,
    delivery_window: DeliveryWindowId,
}

/// A wave with the release notes in it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
struct ReleasedWave {
    wave: WaveId,
    notes: Vec<ReleasedNote>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
struct ReleasedNote {
    note: ReleaseNoteId,
    order: CustomerOrderId,
    tasks: i64,
}

/// Release the accepted orders of a delivery window to the floor.
#[utoipa::path(post, path = "/waves", tag = "2.2 fulfilment", operation_id = "release_wave", request_body = NewWave,
    params(IdempotencyKey), responses((status = 201, body = ReleasedWave), (status = "4XX", body = Problem)))]
async fn release_wave(
    State(app): State<App>,
    by: By<duty::ReleaseWaves>,
    key: IdempotencyKey,
    ApiJson(new): ApiJson<NewWave>,
) -> Result<Created<ReleasedWave>, Problem> {
    by.demand_site(new.site)?;
    app.once(&by, key, async move |tx, stamp| release(tx, stamp, new).await).await.map(Created)
}

async fn release(tx: &mut Tx, stamp: &Stamp, new: NewWave) -> Result<ReleasedWave, FlowRefusal> {
    let window = intake::window(tx, new.site, new.delivery_window).await?;
    let orders = outbound::releasable(tx, new.site, new.delivery_window).await?;
    let wave = fulfilment::open_wave(tx, stamp, new.site, window.span()).await?;
    let mut notes = Vec::with_capacity(orders.len());
    for order in orders {
        let released = outbound::release(tx, stamp, order).await?;
        let lines: Vec<TaskLine> = released
            .lines
            .into_iter()
            .map(|line| TaskLine { order_line: line.order_line, sku: line.sku, wanted: line.wanted, bound: line.bound })
            .collect();
        let tasks = fulfilment::add_tasks(tx, stamp, wave, released.note, order, &lines).await?;
        notes.push(ReleasedNote { note: released.note, order, tasks: i64::try_from(tasks.len()).unwrap_or(i64::MAX) });
    }
    fulfilment::finish_if_done(tx, stamp, wave).await?;
    Ok(ReleasedWave { wave, notes })
}

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(release_wave))
}
