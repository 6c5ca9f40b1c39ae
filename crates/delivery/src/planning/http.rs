//! Planning over HTTP. `POST /plans` needs the drops of step 3 and stands in `flows`.

use axum::extract::State;
use edge::{ApiJson, ApiPath, ApiQuery, App, By, Created, IdempotencyKey, Page, Paging, Problem, duty};
use kernel::{Id, Instant, RunId, SiteId, Stamp, VehicleId, Window};
use serde::{Deserialize, Serialize};
use store::Tx;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{NewShift, NewVehicle, Plan, PlanningRefusal, Shift, ShiftId, Vehicle, rules::DeliveryRun, store as rows};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_vehicles, open_vehicle))
        .routes(routes!(withdraw_vehicle))
        .routes(routes!(list_shifts, set_shift))
        .routes(routes!(cancel_shift))
        .routes(routes!(show_plan))
        .routes(routes!(cancel_run))
}

/// Which site, and where the list goes on.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct OfSite {
    site: SiteId,
    #[param(max_length = 400)]
    after: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// The vehicles of a site, by code.
#[utoipa::path(get, path = "/vehicles", tag = "4.1 planning", operation_id = "list_vehicles", params(OfSite),
    responses((status = 200, body = Page<Vehicle>), (status = "4XX", body = Problem)))]
async fn list_vehicles(
    State(app): State<App>,
    by: By<duty::ReadRuns>,
    ApiQuery(which): ApiQuery<OfSite>,
) -> Result<ApiJson<Page<Vehicle>>, Problem> {
    by.demand_site(which.site)?;
    let paging = Paging { after: which.after, limit: which.limit };
    let (after, size) = (paging.key::<String>()?.unwrap_or_default(), paging.rows()?);
    let found = app
        .read(async move |tx: &mut Tx| {
            rows::vehicles(tx, which.site, &after, size).await.map_err(PlanningRefusal::from)
        })
        .await?;
    paging.page(found, |vehicle| vehicle.code.clone()).map(ApiJson)
}

/// Take a vehicle into service.
#[utoipa::path(post, path = "/vehicles", tag = "4.1 planning", operation_id = "open_vehicle",
    request_body = NewVehicle, params(IdempotencyKey),
    responses((status = 201, body = Vehicle), (status = "4XX", body = Problem)))]
async fn open_vehicle(
    State(app): State<App>,
    by: By<duty::PlanRoutes>,
    key: IdempotencyKey,
    ApiJson(draft): ApiJson<NewVehicle>,
) -> Result<Created<Vehicle>, Problem> {
    by.demand_site(draft.site)?;
    let draft = draft.parse()?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| super::open_vehicle(tx, stamp, draft.clone()).await)
        .await
        .map(Created)
}

/// Take a vehicle out of service.
#[utoipa::path(post, path = "/vehicles/{vehicle}/withdraw", tag = "4.1 planning", operation_id = "withdraw_vehicle",
    params(("vehicle" = VehicleId, Path), IdempotencyKey),
    responses((status = 200, body = Vehicle), (status = "4XX", body = Problem)))]
async fn withdraw_vehicle(
    State(app): State<App>,
    by: By<duty::PlanRoutes>,
    key: IdempotencyKey,
    ApiPath(vehicle): ApiPath<VehicleId>,
) -> Result<ApiJson<Vehicle>, Problem> {
    let found = app.read(async move |tx: &mut Tx| vehicle_of(tx, vehicle).await).await?;
    by.demand_site(found.site)?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| super::withdraw_vehicle(tx, stamp, vehicle).await)
        .await
        .map(ApiJson)
}

async fn vehicle_of(tx: &mut Tx, vehicle: VehicleId) -> Result<Vehicle, PlanningRefusal> {
    rows::vehicle(tx, vehicle).await?.ok_or(PlanningRefusal::NoSuchVehicle)
}

/// The shifts of a site, by their beginning.
#[utoipa::path(get, path = "/shifts", tag = "4.1 planning", operation_id = "list_shifts", params(OfSite),
    responses((status = 200, body = Page<Shift>), (status = "4XX", body = Problem)))]
async fn list_shifts(
    State(app): State<App>,
    by: By<duty::ReadRuns>,
    ApiQuery(which): ApiQuery<OfSite>,
) -> Result<ApiJson<Page<Shift>>, Problem> {
    by.demand_site(which.site)?;
    let paging = Paging { after: which.after, limit: which.limit };
    let first = (Instant::MIN, ShiftId::from_uuid(Uuid::nil()));
    let (after, size) = (paging.key::<(Instant, ShiftId)>()?.unwrap_or(first), paging.rows()?);
    let found = app
        .read(async move |tx: &mut Tx| rows::shifts(tx, which.site, after, size).await.map_err(PlanningRefusal::from))
        .await?;
    paging.page(found, |shift| (shift.start, shift.id)).map(ApiJson)
}

/// Put a courier on a vehicle for a while.
#[utoipa::path(post, path = "/shifts", tag = "4.1 planning", operation_id = "set_shift", request_body = NewShift,
    params(IdempotencyKey), responses((status = 201, body = Shift), (status = "4XX", body = Problem)))]
async fn set_shift(
    State(app): State<App>,
    by: By<duty::PlanRoutes>,
    key: IdempotencyKey,
    ApiJson(draft): ApiJson<NewShift>,
) -> Result<Created<Shift>, Problem> {
    let draft = draft.parse()?;
    let vehicle = draft.vehicle;
    let found = app.read(async move |tx: &mut Tx| vehicle_of(tx, vehicle).await).await?;
    by.demand_site(found.site)?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| super::set_shift(tx, stamp, draft.clone()).await)
        .await
        .map(Created)
}

/// Cancel a shift that has no runs.
#[utoipa::path(post, path = "/shifts/{shift}/cancel", tag = "4.1 planning", operation_id = "cancel_shift",
    params(("shift" = ShiftId, Path), IdempotencyKey),
    responses((status = 200, body = Shift), (status = "4XX", body = Problem)))]
async fn cancel_shift(
    State(app): State<App>,
    by: By<duty::PlanRoutes>,
    key: IdempotencyKey,
    ApiPath(shift): ApiPath<ShiftId>,
) -> Result<ApiJson<Shift>, Problem> {
    let found = app.read(async move |tx: &mut Tx| shift_of(tx, shift).await).await?;
    by.demand_site(found.site)?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| super::cancel_shift(tx, stamp, shift).await)
        .await
        .map(ApiJson)
}

async fn shift_of(tx: &mut Tx, shift: ShiftId) -> Result<Shift, PlanningRefusal> {
    rows::shift(tx, shift).await?.ok_or(PlanningRefusal::NoSuchShift)
}

/// Which plan.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct WhichPlan {
    site: SiteId,
    start: Instant,
    end: Instant,
}

/// The plan of a window as it stands: its runs with their stops, and what is on none, with the reason.
#[utoipa::path(get, path = "/plans", tag = "4.1 planning", operation_id = "show_plan", params(WhichPlan),
    responses((status = 200, body = Plan), (status = "4XX", body = Problem)))]
async fn show_plan(
    State(app): State<App>,
    by: By<duty::ReadRuns>,
    ApiQuery(which): ApiQuery<WhichPlan>,
) -> Result<ApiJson<Plan>, Problem> {
    by.demand_site(which.site)?;
    let window = Window::new(which.start, which.end).map_err(|error| Problem::invalid("end", error))?;
    app.read(async move |tx: &mut Tx| super::plan_of(tx, which.site, window).await).await.map(ApiJson)
}

/// The run that was called off.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
struct RunCalledOff {
    run: RunId,
}

/// Call off a run that nobody has begun to load; its orders wait for the next plan.
#[utoipa::path(post, path = "/runs/{run}/cancel", tag = "4.1 planning", operation_id = "cancel_run",
    params(("run" = RunId, Path), IdempotencyKey),
    responses((status = 200, body = RunCalledOff), (status = "4XX", body = Problem)))]
async fn cancel_run(
    State(app): State<App>,
    by: By<duty::PlanRoutes>,
    key: IdempotencyKey,
    ApiPath(run): ApiPath<RunId>,
) -> Result<ApiJson<RunCalledOff>, Problem> {
    let found = app.read(async move |tx: &mut Tx| run_of(tx, run).await).await?;
    by.demand_site(found.sheet().site)?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        super::cancel_run(tx, stamp, run).await.map(|()| RunCalledOff { run })
    })
    .await
    .map(ApiJson)
}

async fn run_of(tx: &mut Tx, run: RunId) -> Result<DeliveryRun, PlanningRefusal> {
    rows::run(tx, run).await?.ok_or(PlanningRefusal::NoSuchRun)
}
