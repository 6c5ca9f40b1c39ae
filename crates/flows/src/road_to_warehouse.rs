//! 4.3 meets 3.4 and 2.2: an attempt failed. What goes back to the warehouse is not charged, and an inspector decides
//! about the goods.

use axum::extract::State;
use delivery::tracking::{self, AttemptOutcome, Failure, FailureReason, FromTheRoad, NextStep, Returned};
use edge::{ApiJson, ApiPath, App, By, IdempotencyKey, Problem, duty};
use kernel::{ParcelId, RunId, Stamp, StopId};
use ledger::PlaceKind;
use orders::{order::FailReason, outbound};
use serde::{Deserialize, Serialize};
use store::Tx;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use warehouse::fulfilment;

use crate::{
    FlowRefusal,
    route_to_road::{demand_own_run, demand_own_stop},
};

/// Record a failed attempt, and what happens next with the order.
#[utoipa::path(post, path = "/stops/{stop}/fail", tag = "4.3 tracking", operation_id = "fail_attempt",
    request_body = Failure, params(("stop" = StopId, Path), IdempotencyKey),
    responses((status = 200, body = AttemptOutcome), (status = "4XX", body = Problem)))]
async fn fail_attempt(
    State(app): State<App>,
    by: By<duty::DriveRuns>,
    key: IdempotencyKey,
    ApiPath(stop): ApiPath<StopId>,
    ApiJson(failure): ApiJson<Failure>,
) -> Result<ApiJson<AttemptOutcome>, Problem> {
    let sites = by.sites.clone();
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        demand_own_stop(tx, &sites, stop).await?;
        failed(tx, stamp, stop, failure).await
    })
    .await
    .map(ApiJson)
}

async fn failed(tx: &mut Tx, stamp: &Stamp, stop: StopId, failure: Failure) -> Result<AttemptOutcome, FlowRefusal> {
    let outcome = tracking::fail_attempt(tx, stamp, stop, failure).await?;
    match failure.next {
        NextStep::TryAgainLater => {}
        NextStep::BackToWarehouse => {
            let why = match failure.reason {
                FailureReason::CustomerAbsent => FailReason::CustomerAbsent,
                FailureReason::WrongAddress => FailReason::AddressWrong,
                FailureReason::Refused => FailReason::Refused,
                FailureReason::Damaged => FailReason::Damaged,
            };
            outbound::fail(tx, stamp, outcome.order, why).await?;
        }
    }
    Ok(outcome)
}

/// A parcel that is scanned off a run.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReturnScan)]
struct Scan {
    parcel: ParcelId,
}

/// Take a parcel off a run: unloaded before it leaves, or brought back from a failed attempt.
#[utoipa::path(post, path = "/runs/{run}/returns", tag = "4.3 tracking", operation_id = "take_parcel_back",
    request_body = Scan, params(("run" = RunId, Path), IdempotencyKey),
    responses((status = 200, body = Returned), (status = "4XX", body = Problem)))]
async fn take_parcel_back(
    State(app): State<App>,
    by: By<duty::LoadRuns>,
    key: IdempotencyKey,
    ApiPath(run): ApiPath<RunId>,
    ApiJson(scan): ApiJson<Scan>,
) -> Result<ApiJson<Returned>, Problem> {
    let sites = by.sites.clone();
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        demand_own_run(tx, &sites, run).await?;
        taken_back(tx, stamp, run, scan.parcel).await
    })
    .await
    .map(ApiJson)
}

async fn taken_back(tx: &mut Tx, stamp: &Stamp, run: RunId, parcel: ParcelId) -> Result<Returned, FlowRefusal> {
    let back = tracking::take_back(tx, stamp, run, parcel).await?;
    let site = fulfilment::site_of(tx, parcel).await?;
    match back.from_the_road {
        FromTheRoad::Unloaded => {
            let lane = ledger::the_place(tx, stamp, site, PlaceKind::Staging).await?;
            fulfilment::unload(tx, stamp, parcel, lane.id).await?;
        }
        FromTheRoad::BroughtBack => {
            let dock = ledger::the_place(tx, stamp, site, PlaceKind::Dock).await?;
            fulfilment::returned(tx, stamp, parcel, dock.id).await?;
        }
    }
    Ok(back)
}

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(fail_attempt)).routes(routes!(take_parcel_back))
}
