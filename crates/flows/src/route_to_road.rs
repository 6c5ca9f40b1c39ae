//! 2.2 meets 4.3 meets 3.4: parcels go aboard, and when the run leaves, the invoices are issued.

use axum::extract::State;
use delivery::tracking::{self, Departed, LeftBehind, Loaded, TrackingRefusal};
use edge::{ApiJson, ApiPath, App, By, IdempotencyKey, Problem, Sites, duty, parse};
use kernel::{ParcelId, RunId, Stamp, StopId};
use orders::outbound;
use serde::{Deserialize, Serialize};
use store::Tx;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use warehouse::fulfilment;

use crate::FlowRefusal;

/// A parcel that is scanned onto a run.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LoadScan)]
struct Scan {
    parcel: ParcelId,
}

/// Load a parcel onto a run.
#[utoipa::path(post, path = "/runs/{run}/loads", tag = "4.3 tracking", operation_id = "load_parcel", request_body = Scan,
    params(("run" = RunId, Path), IdempotencyKey),
    responses((status = 200, body = Loaded), (status = "4XX", body = Problem)))]
async fn load_parcel(
    State(app): State<App>,
    by: By<duty::LoadRuns>,
    key: IdempotencyKey,
    ApiPath(run): ApiPath<RunId>,
    ApiJson(scan): ApiJson<Scan>,
) -> Result<ApiJson<Loaded>, Problem> {
    let sites = by.sites.clone();
    app.once(&by, key, async move |tx, stamp| load(tx, stamp, &sites, run, scan.parcel).await).await.map(ApiJson)
}

async fn load(tx: &mut Tx, stamp: &Stamp, sites: &Sites, run: RunId, parcel: ParcelId) -> Result<Loaded, FlowRefusal> {
    demand_own_run(tx, sites, run).await?;
    let loaded = tracking::load(tx, stamp, run, parcel).await?;
    fulfilment::load(tx, stamp, parcel, loaded.place).await?;
    Ok(loaded)
}

/// A run of another site is not there.
pub(crate) async fn demand_own_run(tx: &mut Tx, sites: &Sites, run: RunId) -> Result<(), FlowRefusal> {
    let site = tracking::site_of_run(tx, run).await?;
    if sites.include(site) { Ok(()) } else { Err(TrackingRefusal::NoSuchRun.into()) }
}

/// A stop of another site is not there; that it is on the courier's own run, tracking sees to.
pub(crate) async fn demand_own_stop(tx: &mut Tx, sites: &Sites, stop: StopId) -> Result<(), FlowRefusal> {
    let site = tracking::site_of_stop(tx, stop).await?;
    if sites.include(site) { Ok(()) } else { Err(TrackingRefusal::NoSuchStop.into()) }
}

/// What stays behind, by name and reason.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Departure {
    #[serde(default)]
    #[schema(max_items = 200)]
    left_behind: Vec<LeftBehind>,
}

/// Send a run off: the goods are on the road, their invoices are issued.
#[utoipa::path(post, path = "/runs/{run}/depart", tag = "4.3 tracking", operation_id = "depart", request_body = Departure,
    params(("run" = RunId, Path), IdempotencyKey),
    responses((status = 200, body = Departed), (status = "4XX", body = Problem)))]
async fn depart(
    State(app): State<App>,
    by: By<duty::DriveRuns>,
    key: IdempotencyKey,
    ApiPath(run): ApiPath<RunId>,
    ApiJson(departure): ApiJson<Departure>,
) -> Result<ApiJson<Departed>, Problem> {
    parse::count("left_behind", &departure.left_behind, 0, 200)?;
    let sites = by.sites.clone();
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        demand_own_run(tx, &sites, run).await?;
        let departed = tracking::depart(tx, stamp, run, &departure.left_behind).await?;
        let aboard: Vec<_> = departed.orders.iter().map(|aboard| aboard.order).collect();
        outbound::dispatch(tx, stamp, &aboard).await?;
        Ok::<_, FlowRefusal>(departed)
    })
    .await
    .map(ApiJson)
}

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(load_parcel)).routes(routes!(depart))
}
