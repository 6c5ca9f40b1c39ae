//! Trucks at the dock and what comes off them.

use axum::extract::State;
use edge::{ApiJson, ApiPath, ApiQuery, App, By, Created, IdempotencyKey, Page, Problem, duty};
use kernel::{ArrivalId, Date, SiteId, Stamp};
use serde::Deserialize;
use store::Tx;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{OfSite, at_own_dock};
use crate::{
    contracts, dates, demand_site,
    receiving::{self, Arrival, ArrivalReport, DockSchedule, NewArrival, NewArrivalLine, TareProfile, WeighedIn},
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show_dock_schedule))
        .routes(routes!(list_arrivals, arrive))
        .routes(routes!(show_arrival))
        .routes(routes!(weigh_line))
        .routes(routes!(list_tare_profiles, set_tare_profile))
}

/// Which docks, through which day.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Through {
    site: SiteId,
    #[param(value_type = String, format = Date)]
    through: Date,
}

/// Who is due at the docks, and who stands there.
#[utoipa::path(get, path = "/docks/schedule", tag = "1.6 receiving", operation_id = "show_dock_schedule",
    params(Through), responses((status = 200, body = DockSchedule), (status = "4XX", body = Problem)))]
async fn show_dock_schedule(
    State(app): State<App>,
    by: By<duty::ReadPurchases>,
    ApiQuery(asked): ApiQuery<Through>,
) -> Result<ApiJson<DockSchedule>, Problem> {
    by.demand_site(asked.site)?;
    dates::plausible("through", asked.through)?;
    app.read(async move |tx: &mut Tx| receiving::dock_schedule(tx, asked.site, asked.through).await).await.map(ApiJson)
}

/// Arrivals of a site, latest first.
#[utoipa::path(get, path = "/arrivals", tag = "1.6 receiving", operation_id = "list_arrivals", params(OfSite),
    responses((status = 200, body = Page<Arrival>), (status = "4XX", body = Problem)))]
async fn list_arrivals(
    State(app): State<App>,
    by: By<duty::ReadPurchases>,
    ApiQuery(asked): ApiQuery<OfSite>,
) -> Result<ApiJson<Page<Arrival>>, Problem> {
    let site = asked.site;
    by.demand_site(site)?;
    let (paging, before, rows) = asked.paging()?;
    let found = app.read(async move |tx: &mut Tx| receiving::arrivals(tx, site, before, rows).await).await?;
    paging.page(found, |arrival| (arrival.arrived_at, arrival.id)).map(ApiJson)
}

/// A truck stands at the dock.
#[utoipa::path(post, path = "/arrivals", tag = "1.6 receiving", operation_id = "arrive", request_body = NewArrival,
    params(IdempotencyKey), responses((status = 201, body = Arrival), (status = "4XX", body = Problem)))]
async fn arrive(
    State(app): State<App>,
    by: By<duty::ReceiveGoods>,
    key: IdempotencyKey,
    ApiJson(new): ApiJson<NewArrival>,
) -> Result<Created<Arrival>, Problem> {
    let (new, sites) = (new.parse()?, by.sites.clone());
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        demand_site(&sites, contracts::order(tx, new.purchase_order).await?.head.site)?;
        Ok::<_, Problem>(receiving::arrive(tx, stamp, new.clone()).await?)
    })
    .await
    .map(Created)
}

/// An arrival with its lines and what became of them.
#[utoipa::path(get, path = "/arrivals/{arrival}", tag = "1.6 receiving", operation_id = "show_arrival",
    params(("arrival" = ArrivalId, Path)),
    responses((status = 200, body = ArrivalReport), (status = "4XX", body = Problem)))]
async fn show_arrival(
    State(app): State<App>,
    by: By<duty::ReadPurchases>,
    ApiPath(arrival): ApiPath<ArrivalId>,
) -> Result<ApiJson<ArrivalReport>, Problem> {
    let report = app.read(async move |tx: &mut Tx| receiving::arrival_report(tx, arrival).await).await?;
    by.demand_site(report.arrival.site)?;
    Ok(ApiJson(report))
}

/// Weigh in one line: crates, probe, label and papers. Its lot begins here.
#[utoipa::path(post, path = "/arrivals/{arrival}/lines", tag = "1.6 receiving", operation_id = "weigh_line",
    request_body = NewArrivalLine, params(("arrival" = ArrivalId, Path), IdempotencyKey),
    responses((status = 201, body = WeighedIn), (status = "4XX", body = Problem)))]
async fn weigh_line(
    State(app): State<App>,
    by: By<duty::ReceiveGoods>,
    key: IdempotencyKey,
    ApiPath(arrival): ApiPath<ArrivalId>,
    ApiJson(new): ApiJson<NewArrivalLine>,
) -> Result<Created<WeighedIn>, Problem> {
    let (new, sites) = (new.parse()?, by.sites.clone());
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        at_own_dock(tx, &sites, arrival).await?;
        Ok::<_, Problem>(receiving::weigh(tx, stamp, arrival, new.clone()).await?)
    })
    .await
    .map(Created)
}

/// The kinds of crates and what they weigh empty.
#[utoipa::path(get, path = "/tare-profiles", tag = "1.6 receiving", operation_id = "list_tare_profiles",
    responses((status = 200, body = Vec<TareProfile>), (status = "4XX", body = Problem)))]
async fn list_tare_profiles(
    State(app): State<App>,
    _by: By<duty::ReadPurchases>,
) -> Result<ApiJson<Vec<TareProfile>>, Problem> {
    app.read(async move |tx: &mut Tx| receiving::tare_profiles(tx).await).await.map(ApiJson)
}

/// Say what an empty crate of a kind weighs.
#[utoipa::path(put, path = "/tare-profiles", tag = "1.6 receiving", operation_id = "set_tare_profile",
    request_body = TareProfile, responses((status = 200, body = TareProfile), (status = "4XX", body = Problem)))]
async fn set_tare_profile(
    State(app): State<App>,
    by: By<duty::ManageCatalog>,
    ApiJson(profile): ApiJson<TareProfile>,
) -> Result<ApiJson<TareProfile>, Problem> {
    let profile = profile.parse()?;
    app.write(&by, async move |tx: &mut Tx, _: &Stamp| receiving::set_tare_profile(tx, profile.clone()).await)
        .await
        .map(ApiJson)
}
