//! The road over HTTP. Loading, departure, hand-over and failed attempts touch orders and stock and stand in `flows`.

use axum::extract::State;
use edge::{
    ApiJson, ApiPath, ApiQuery, App, By, Caller, Created, IdempotencyKey, Page, Paging, Problem, Tagged, duty, parse,
};
use kernel::{Id, Instant, ParcelId, RunId, SiteId, Stamp, StopId};
use serde::{Deserialize, Serialize};
use store::Tx;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    CustodyLink, Fix, LateRisk, Loading, MyRun, Received, RunCard, RunDetail, TrackingRefusal, positions::FIXES_MAX,
    store as rows, store::TrackPoint, views,
};
use crate::{
    couriers,
    planning::{RunState, store as runs},
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_runs))
        .routes(routes!(list_late_risk))
        .routes(routes!(show_run))
        .routes(routes!(show_loading))
        .routes(routes!(show_custody))
        .routes(routes!(show_track, send_positions))
        .routes(routes!(arrive))
        .routes(routes!(finish_run))
        .routes(routes!(show_my_run))
}

/// Which runs, and where the list goes on.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct WhichRuns {
    site: SiteId,
    /// Only windows that begin then or later.
    from: Option<Instant>,
    state: Option<RunState>,
    #[param(max_length = 400)]
    after: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// The runs of a site, by window.
#[utoipa::path(get, path = "/runs", tag = "4.3 tracking", operation_id = "list_runs", params(WhichRuns),
    responses((status = 200, body = Page<RunCard>), (status = "4XX", body = Problem)))]
async fn list_runs(
    State(app): State<App>,
    by: By<duty::ReadRuns>,
    ApiQuery(which): ApiQuery<WhichRuns>,
) -> Result<ApiJson<Page<RunCard>>, Problem> {
    by.demand_site(which.site)?;
    let paging = Paging { after: which.after, limit: which.limit };
    let first = (which.from.unwrap_or(Instant::MIN), RunId::from_uuid(Uuid::nil()));
    let (after, size) = (paging.key::<(Instant, RunId)>()?.unwrap_or(first), paging.rows()?);
    let found = app
        .read(async move |tx: &mut Tx| {
            views::runs_of_site(tx, which.site, which.state, after, size).await.map_err(TrackingRefusal::from)
        })
        .await?;
    paging.page(found, |run| (run.window.start(), run.id)).map(ApiJson)
}

/// Which site.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct OfSite {
    site: SiteId,
}

/// Stops that may miss their windows, the worst first, each with what to do about it.
#[utoipa::path(get, path = "/runs/late-risk", tag = "4.3 tracking", operation_id = "list_late_risk", params(OfSite),
    responses((status = 200, body = Vec<LateRisk>), (status = "4XX", body = Problem)))]
async fn list_late_risk(
    State(app): State<App>,
    by: By<duty::ReadRuns>,
    ApiQuery(which): ApiQuery<OfSite>,
) -> Result<ApiJson<Vec<LateRisk>>, Problem> {
    by.demand_site(which.site)?;
    let now = app.clock.now();
    app.read(async move |tx: &mut Tx| super::late_risk(tx, which.site, now).await.map_err(TrackingRefusal::from))
        .await
        .map(ApiJson)
}

/// One run with its stops.
#[utoipa::path(get, path = "/runs/{run}", tag = "4.3 tracking", operation_id = "show_run",
    params(("run" = RunId, Path)), responses((status = 200, body = RunDetail), (status = "4XX", body = Problem)))]
async fn show_run(
    State(app): State<App>,
    by: By<duty::ReadRuns>,
    ApiPath(run): ApiPath<RunId>,
) -> Result<Tagged<RunDetail>, Problem> {
    let detail = app.read(async move |tx: &mut Tx| super::run_detail(tx, run).await).await?;
    by.demand_site(detail.run.site)?;
    Ok(Tagged(detail))
}

impl edge::Revised for RunDetail {
    fn revision(&self) -> i64 {
        self.run.revision
    }
}

/// What is aboard a run and what is missing, in the order of loading.
#[utoipa::path(get, path = "/runs/{run}/loading", tag = "4.3 tracking", operation_id = "show_loading",
    params(("run" = RunId, Path)), responses((status = 200, body = Loading), (status = "4XX", body = Problem)))]
async fn show_loading(
    State(app): State<App>,
    by: By<duty::LoadRuns>,
    ApiPath(run): ApiPath<RunId>,
) -> Result<ApiJson<Loading>, Problem> {
    run_at_own_site(&app, &by, run).await?;
    app.read(async move |tx: &mut Tx| super::loading(tx, run).await).await.map(ApiJson)
}

/// A parcel's chain of custody, scan by scan.
#[utoipa::path(get, path = "/runs/{run}/parcels/{parcel}/custody", tag = "4.3 tracking", operation_id = "show_custody",
    params(("run" = RunId, Path), ("parcel" = ParcelId, Path)),
    responses((status = 200, body = Vec<CustodyLink>), (status = "4XX", body = Problem)))]
async fn show_custody(
    State(app): State<App>,
    by: By<duty::ReadRuns>,
    ApiPath((run, parcel)): ApiPath<(RunId, ParcelId)>,
) -> Result<ApiJson<Vec<CustodyLink>>, Problem> {
    run_at_own_site(&app, &by, run).await?;
    let chain =
        app.read(async move |tx: &mut Tx| rows::custody(tx, parcel).await.map_err(TrackingRefusal::from)).await?;
    // The parcel has been on this run, or it is nobody's business here.
    if chain.iter().any(|link| link.run == run) { Ok(ApiJson(chain)) } else { Err(Problem::not_found()) }
}

/// The track of a run, in the order in which it was driven.
#[utoipa::path(get, path = "/runs/{run}/positions", tag = "4.3 tracking", operation_id = "show_track",
    params(("run" = RunId, Path), Paging),
    responses((status = 200, body = Page<TrackPoint>), (status = "4XX", body = Problem)))]
async fn show_track(
    State(app): State<App>,
    by: By<duty::ReadRuns>,
    ApiPath(run): ApiPath<RunId>,
    ApiQuery(paging): ApiQuery<Paging>,
) -> Result<ApiJson<Page<TrackPoint>>, Problem> {
    run_at_own_site(&app, &by, run).await?;
    let (after, size) = (paging.key::<(Instant, i64)>()?.unwrap_or((Instant::MIN, -1)), paging.rows()?);
    let found = app
        .read(async move |tx: &mut Tx| rows::track(tx, run, after, size).await.map_err(TrackingRefusal::from))
        .await?;
    paging.page(found, |point| (point.at, point.sequence)).map(ApiJson)
}

/// A batch of positions.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Positions {
    #[schema(min_items = 1, max_items = 200)]
    positions: Vec<Fix>,
}

/// Send positions of the caller's own run. Late, doubled and disordered ones are welcome: their sequence numbers make
/// a second sending harmless, so this command needs no idempotency key.
#[utoipa::path(post, path = "/runs/{run}/positions", tag = "4.3 tracking", operation_id = "send_positions",
    request_body = Positions, params(("run" = RunId, Path)),
    responses((status = 200, body = Received), (status = "4XX", body = Problem)))]
async fn send_positions(
    State(app): State<App>,
    by: By<duty::DriveRuns>,
    ApiPath(run): ApiPath<RunId>,
    ApiJson(Positions { positions }): ApiJson<Positions>,
) -> Result<ApiJson<Received>, Problem> {
    parse::count("positions", &positions, 1, FIXES_MAX)?;
    for (at, fix) in positions.iter().enumerate() {
        parse::within(&format!("positions/{at}/sequence"), fix.sequence, 0, 1_000_000)?;
        parse::within(&format!("positions/{at}/accuracy_metres"), fix.accuracy_metres, 0, 100_000)?;
        fix.position.parse(&format!("positions/{at}/position"))?;
    }
    app.write(&by, async move |tx: &mut Tx, stamp: &Stamp| super::record_positions(tx, stamp, run, &positions).await)
        .await
        .map(ApiJson)
}

/// What was done, by id.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
struct Done<T> {
    id: T,
}

/// The courier stands before the door.
#[utoipa::path(post, path = "/stops/{stop}/arrive", tag = "4.3 tracking", operation_id = "arrive",
    params(("stop" = StopId, Path), IdempotencyKey),
    responses((status = 201, body = Done<StopId>), (status = "4XX", body = Problem)))]
async fn arrive(
    State(app): State<App>,
    by: By<duty::DriveRuns>,
    key: IdempotencyKey,
    ApiPath(stop): ApiPath<StopId>,
) -> Result<Created<Done<StopId>>, Problem> {
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        super::arrive(tx, stamp, stop).await.map(|id| Done { id })
    })
    .await
    .map(Created)
}

/// The courier is back: every door done with, nothing left aboard.
#[utoipa::path(post, path = "/runs/{run}/finish", tag = "4.3 tracking", operation_id = "finish_run",
    params(("run" = RunId, Path), IdempotencyKey),
    responses((status = 200, body = Done<RunId>), (status = "4XX", body = Problem)))]
async fn finish_run(
    State(app): State<App>,
    by: By<duty::DriveRuns>,
    key: IdempotencyKey,
    ApiPath(run): ApiPath<RunId>,
) -> Result<ApiJson<Done<RunId>>, Problem> {
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        super::finish(tx, stamp, run).await.map(|id| Done { id })
    })
    .await
    .map(ApiJson)
}

/// The run that the caller is on, or will be on next.
#[utoipa::path(get, path = "/my/run", tag = "4.3 tracking", operation_id = "show_my_run",
    responses((status = 200, body = MyRun), (status = "4XX", body = Problem)))]
async fn show_my_run(State(app): State<App>, by: By<duty::DriveRuns>) -> Result<ApiJson<MyRun>, Problem> {
    let courier = couriers::acting(by.actor)?;
    app.read(async move |tx: &mut Tx| super::my_run(tx, courier).await).await.map(ApiJson)
}

/// Refuses a run of another site, and to a courier the run of another courier.
async fn run_at_own_site(app: &App, by: &Caller, run: RunId) -> Result<(), Problem> {
    let found = app.read(async move |tx: &mut Tx| runs::run(tx, run).await?.ok_or(TrackingRefusal::NoSuchRun)).await?;
    if !super::may_drive(by.actor, &found) {
        return Err(TrackingRefusal::NoSuchRun.into());
    }
    by.demand_site(found.sheet().site)
}
