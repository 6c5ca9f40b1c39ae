//! Counting over HTTP. Signing an adjustment and witnessing a disposal touch orders too and stand in `flows`.

use std::collections::BTreeSet;

use axum::extract::State;
use edge::{ApiJson, ApiPath, ApiQuery, App, By, Created, IdempotencyKey, Page, Paging, Problem, duty, parse};
use kernel::{AdjustmentId, CountSheetId, Date, Id, Instant, LotId, PlaceId, SiteId, Stamp, WriteOffId};
use serde::{Deserialize, Serialize};
use store::Tx;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    Adjustment, AdjustmentState, CountEntry, CountProposal, CountSheet, CountSheetState, CountVariance, DisposalReason,
    ExpirySweep, Shrink, Weighing, WriteOff, WriteOffState, store as rows,
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show_count_plan))
        .routes(routes!(list_count_sheets, open_count_sheet))
        .routes(routes!(show_count_sheet))
        .routes(routes!(enter_counts))
        .routes(routes!(close_count_sheet))
        .routes(routes!(list_count_variances))
        .routes(routes!(list_adjustments))
        .routes(routes!(reject_adjustment))
        .routes(routes!(list_write_offs, propose_write_off))
        .routes(routes!(weigh_write_off))
        .routes(routes!(withdraw_write_off))
        .routes(routes!(list_expiry_sweeps))
        .routes(routes!(show_shrink))
}

/// How many places are to be proposed.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct WhichPlan {
    site: SiteId,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// The bins most worth counting now, by value, velocity, risk and age of the last count.
#[utoipa::path(get, path = "/count-plan", tag = "2.4 counting", operation_id = "show_count_plan", params(WhichPlan),
    responses((status = 200, body = Vec<CountProposal>), (status = "4XX", body = Problem)))]
async fn show_count_plan(
    State(app): State<App>,
    by: By<duty::ApproveAdjustments>,
    ApiQuery(which): ApiQuery<WhichPlan>,
) -> Result<ApiJson<Vec<CountProposal>>, Problem> {
    by.demand_site(which.site)?;
    let most = usize::try_from(parse::within("limit", which.limit.unwrap_or(20), 1, 200)?).unwrap_or(20);
    let (site, now) = (which.site, app.clock.now());
    app.read(async move |tx: &mut Tx| super::plan(tx, site, now, most).await).await.map(ApiJson)
}

/// Which bins are to be counted.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewCountSheet {
    site: SiteId,
    #[schema(min_items = 1, max_items = 40)]
    places: Vec<PlaceId>,
}

/// Open a count sheet for some bins.
#[utoipa::path(post, path = "/count-sheets", tag = "2.4 counting", operation_id = "open_count_sheet",
    request_body = NewCountSheet, params(IdempotencyKey),
    responses((status = 201, body = CountSheet), (status = "4XX", body = Problem)))]
async fn open_count_sheet(
    State(app): State<App>,
    by: By<duty::ApproveAdjustments>,
    key: IdempotencyKey,
    ApiJson(new): ApiJson<NewCountSheet>,
) -> Result<Created<CountSheet>, Problem> {
    by.demand_site(new.site)?;
    parse::count("places", &new.places, 1, 40)?;
    let (site, places): (SiteId, BTreeSet<PlaceId>) = (new.site, new.places.into_iter().collect());
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| super::open(tx, stamp, site, &places).await)
        .await
        .map(Created)
}

/// Which sheets, and where the list goes on.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct WhichSheets {
    site: SiteId,
    state: Option<CountSheetState>,
    #[param(max_length = 400)]
    after: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// A sheet in a list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
struct CountSheetCard {
    id: CountSheetId,
    state: CountSheetState,
    opened_at: Instant,
    closed_at: Option<Instant>,
}

/// The count sheets of a site, oldest first.
#[utoipa::path(get, path = "/count-sheets", tag = "2.4 counting", operation_id = "list_count_sheets",
    params(WhichSheets), responses((status = 200, body = Page<CountSheetCard>), (status = "4XX", body = Problem)))]
async fn list_count_sheets(
    State(app): State<App>,
    by: By<duty::ReadStock>,
    ApiQuery(which): ApiQuery<WhichSheets>,
) -> Result<ApiJson<Page<CountSheetCard>>, Problem> {
    by.demand_site(which.site)?;
    let paging = Paging { after: which.after, limit: which.limit };
    let first = (Instant::MIN, CountSheetId::from_uuid(Uuid::nil()));
    let (after, size) = (paging.key::<(Instant, CountSheetId)>()?.unwrap_or(first), paging.rows()?);
    let (site, state) = (which.site, which.state);
    let found = app.read(async move |tx: &mut Tx| rows::heads(tx, site, state, after, size).await).await?;
    let cards = found
        .into_iter()
        .map(|rows::Head { id, state, opened_at, closed_at, .. }| CountSheetCard { id, state, opened_at, closed_at })
        .collect();
    paging.page(cards, |card| (card.opened_at, card.id)).map(ApiJson)
}

/// One sheet as it is counted: bins, lots, and no quantity.
#[utoipa::path(get, path = "/count-sheets/{sheet}", tag = "2.4 counting", operation_id = "show_count_sheet",
    params(("sheet" = CountSheetId, Path)),
    responses((status = 200, body = CountSheet), (status = "4XX", body = Problem)))]
async fn show_count_sheet(
    State(app): State<App>,
    by: By<duty::ReadStock>,
    ApiPath(sheet): ApiPath<CountSheetId>,
) -> Result<ApiJson<CountSheet>, Problem> {
    let sites = by.sites.clone();
    app.read(async move |tx: &mut Tx| super::sheet(tx, &sites, sheet).await).await.map(ApiJson)
}

/// What was counted.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Counts {
    #[schema(min_items = 1, max_items = 200)]
    counts: Vec<CountEntry>,
}

/// Enter counts of a sheet; a second one is entered by another person.
#[utoipa::path(post, path = "/count-sheets/{sheet}/counts", tag = "2.4 counting", operation_id = "enter_counts",
    request_body = Counts, params(("sheet" = CountSheetId, Path), IdempotencyKey),
    responses((status = 200, body = CountSheet), (status = "4XX", body = Problem)))]
async fn enter_counts(
    State(app): State<App>,
    by: By<duty::CountStock>,
    key: IdempotencyKey,
    ApiPath(sheet): ApiPath<CountSheetId>,
    ApiJson(Counts { counts }): ApiJson<Counts>,
) -> Result<ApiJson<CountSheet>, Problem> {
    parse::count("counts", &counts, 1, 200)?;
    let counts = counts.into_iter().map(CountEntry::parse).collect::<Result<Vec<_>, _>>()?;
    let sites = by.sites.clone();
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| super::enter(tx, stamp, &sites, sheet, &counts).await)
        .await
        .map(ApiJson)
}

/// Close a sheet on which every line is counted.
#[utoipa::path(post, path = "/count-sheets/{sheet}/close", tag = "2.4 counting", operation_id = "close_count_sheet",
    params(("sheet" = CountSheetId, Path), IdempotencyKey),
    responses((status = 200, body = CountSheet), (status = "4XX", body = Problem)))]
async fn close_count_sheet(
    State(app): State<App>,
    by: By<duty::ApproveAdjustments>,
    key: IdempotencyKey,
    ApiPath(sheet): ApiPath<CountSheetId>,
) -> Result<ApiJson<CountSheet>, Problem> {
    let sites = by.sites.clone();
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| super::close(tx, stamp, &sites, sheet).await)
        .await
        .map(ApiJson)
}

/// The lines of a sheet with what the book had when they were counted: for those who sign, not for those who count.
#[utoipa::path(get, path = "/count-sheets/{sheet}/variances", tag = "2.4 counting",
    operation_id = "list_count_variances", params(("sheet" = CountSheetId, Path)),
    responses((status = 200, body = Vec<CountVariance>), (status = "4XX", body = Problem)))]
async fn list_count_variances(
    State(app): State<App>,
    by: By<duty::ApproveAdjustments>,
    ApiPath(sheet): ApiPath<CountSheetId>,
) -> Result<ApiJson<Vec<CountVariance>>, Problem> {
    let sites = by.sites.clone();
    app.read(async move |tx: &mut Tx| super::variances(tx, &sites, sheet).await).await.map(ApiJson)
}

/// Which adjustments, and where the list goes on.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct WhichAdjustments {
    site: SiteId,
    /// Those that wait for a signature, if absent.
    state: Option<AdjustmentState>,
    #[param(max_length = 400)]
    after: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// The adjustments of a site in one state, oldest first.
#[utoipa::path(get, path = "/adjustments", tag = "2.4 counting", operation_id = "list_adjustments",
    params(WhichAdjustments), responses((status = 200, body = Page<Adjustment>), (status = "4XX", body = Problem)))]
async fn list_adjustments(
    State(app): State<App>,
    by: By<duty::ApproveAdjustments>,
    ApiQuery(which): ApiQuery<WhichAdjustments>,
) -> Result<ApiJson<Page<Adjustment>>, Problem> {
    by.demand_site(which.site)?;
    let paging = Paging { after: which.after, limit: which.limit };
    let first = (Instant::MIN, AdjustmentId::from_uuid(Uuid::nil()));
    let (after, size) = (paging.key::<(Instant, AdjustmentId)>()?.unwrap_or(first), paging.rows()?);
    let (site, state) = (which.site, which.state.unwrap_or(AdjustmentState::Proposed));
    let found = app.read(async move |tx: &mut Tx| rows::adjustments(tx, site, state, after, size).await).await?;
    paging.page(found, |adjustment| (adjustment.proposed_at, adjustment.id)).map(ApiJson)
}

/// Why somebody says no.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CountingObjection)]
struct Objection {
    #[schema(min_length = 3, max_length = 500)]
    because: String,
}

/// Refuse an adjustment: the book stays as it is.
#[utoipa::path(post, path = "/adjustments/{adjustment}/reject", tag = "2.4 counting",
    operation_id = "reject_adjustment", request_body = Objection,
    params(("adjustment" = AdjustmentId, Path), IdempotencyKey),
    responses((status = 200, body = Adjustment), (status = "4XX", body = Problem)))]
async fn reject_adjustment(
    State(app): State<App>,
    by: By<duty::ApproveAdjustments>,
    key: IdempotencyKey,
    ApiPath(adjustment): ApiPath<AdjustmentId>,
    ApiJson(objection): ApiJson<Objection>,
) -> Result<ApiJson<Adjustment>, Problem> {
    let because = parse::text("because", &objection.because, 3, 500)?;
    let sites = by.sites.clone();
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        super::reject(tx, stamp, &sites, adjustment, because.clone()).await
    })
    .await
    .map(ApiJson)
}

/// Which write-offs, and where the list goes on.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct WhichWriteOffs {
    site: SiteId,
    /// Those that are proposed, if absent.
    state: Option<WriteOffState>,
    #[param(max_length = 400)]
    after: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// The write-offs of a site in one state, oldest first.
#[utoipa::path(get, path = "/write-offs", tag = "2.4 counting", operation_id = "list_write_offs",
    params(WhichWriteOffs), responses((status = 200, body = Page<WriteOff>), (status = "4XX", body = Problem)))]
async fn list_write_offs(
    State(app): State<App>,
    by: By<duty::ReadStock>,
    ApiQuery(which): ApiQuery<WhichWriteOffs>,
) -> Result<ApiJson<Page<WriteOff>>, Problem> {
    by.demand_site(which.site)?;
    let paging = Paging { after: which.after, limit: which.limit };
    let first = (Instant::MIN, WriteOffId::from_uuid(Uuid::nil()));
    let (after, size) = (paging.key::<(Instant, WriteOffId)>()?.unwrap_or(first), paging.rows()?);
    let (site, state) = (which.site, which.state.unwrap_or(WriteOffState::Proposed));
    let found = app.read(async move |tx: &mut Tx| rows::write_offs(tx, site, state, after, size).await).await?;
    paging.page(found, |write_off| (write_off.proposed_at, write_off.id)).map(ApiJson)
}

/// Goods that somebody found unfit.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewWriteOff {
    place: PlaceId,
    lot: LotId,
    reason: DisposalReason,
}

/// Propose goods for writing off.
#[utoipa::path(post, path = "/write-offs", tag = "2.4 counting", operation_id = "propose_write_off",
    request_body = NewWriteOff, params(IdempotencyKey),
    responses((status = 201, body = WriteOff), (status = "4XX", body = Problem)))]
async fn propose_write_off(
    State(app): State<App>,
    by: By<duty::CountStock>,
    key: IdempotencyKey,
    ApiJson(new): ApiJson<NewWriteOff>,
) -> Result<Created<WriteOff>, Problem> {
    let sites = by.sites.clone();
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        super::propose_write_off(tx, stamp, &sites, (new.place, new.lot), new.reason).await
    })
    .await
    .map(Created)
}

/// Put goods to be written off on the scale.
#[utoipa::path(post, path = "/write-offs/{write_off}/weigh", tag = "2.4 counting", operation_id = "weigh_write_off",
    request_body = Weighing, params(("write_off" = WriteOffId, Path), IdempotencyKey),
    responses((status = 200, body = WriteOff), (status = "4XX", body = Problem)))]
async fn weigh_write_off(
    State(app): State<App>,
    by: By<duty::CountStock>,
    key: IdempotencyKey,
    ApiPath(write_off): ApiPath<WriteOffId>,
    ApiJson(weighing): ApiJson<Weighing>,
) -> Result<ApiJson<WriteOff>, Problem> {
    let (weighing, sites) = (weighing.parse()?, by.sites.clone());
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        super::weigh(tx, stamp, &sites, write_off, &weighing).await
    })
    .await
    .map(ApiJson)
}

/// Take a proposal for writing off back.
#[utoipa::path(post, path = "/write-offs/{write_off}/withdraw", tag = "2.4 counting",
    operation_id = "withdraw_write_off", request_body = Objection,
    params(("write_off" = WriteOffId, Path), IdempotencyKey),
    responses((status = 200, body = WriteOff), (status = "4XX", body = Problem)))]
async fn withdraw_write_off(
    State(app): State<App>,
    by: By<duty::ApproveAdjustments>,
    key: IdempotencyKey,
    ApiPath(write_off): ApiPath<WriteOffId>,
    ApiJson(objection): ApiJson<Objection>,
) -> Result<ApiJson<WriteOff>, Problem> {
    let because = parse::text("because", &objection.because, 3, 500)?;
    let sites = by.sites.clone();
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        super::withdraw(tx, stamp, &sites, write_off, because.clone()).await
    })
    .await
    .map(ApiJson)
}

/// Which sweeps, and where the list goes on.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct WhichSweeps {
    site: SiteId,
    #[param(max_length = 400)]
    after: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// The daily searches for what has run out, latest first.
#[utoipa::path(get, path = "/expiry-sweeps", tag = "2.4 counting", operation_id = "list_expiry_sweeps",
    params(WhichSweeps), responses((status = 200, body = Page<ExpirySweep>), (status = "4XX", body = Problem)))]
async fn list_expiry_sweeps(
    State(app): State<App>,
    by: By<duty::ReadStock>,
    ApiQuery(which): ApiQuery<WhichSweeps>,
) -> Result<ApiJson<Page<ExpirySweep>>, Problem> {
    by.demand_site(which.site)?;
    let paging = Paging { after: which.after, limit: which.limit };
    let (before, size) = (paging.key::<String>()?.unwrap_or_else(|| "9999-12-31".to_owned()), paging.rows()?);
    let site = which.site;
    let found = app.read(async move |tx: &mut Tx| rows::sweeps(tx, site, &before, size).await).await?;
    paging.page(found, |sweep| sweep.day.to_string()).map(ApiJson)
}

/// The business days of a report, both included.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct WhichDays {
    site: SiteId,
    #[param(value_type = String, format = Date)]
    from: Date,
    #[param(value_type = String, format = Date)]
    to: Date,
}

/// Shrink and waste of a site by cause, product and supplier, from the two journals.
#[utoipa::path(get, path = "/shrink", tag = "2.4 counting", operation_id = "show_shrink", params(WhichDays),
    responses((status = 200, body = Shrink), (status = "4XX", body = Problem)))]
async fn show_shrink(
    State(app): State<App>,
    by: By<duty::ReadIndicators>,
    ApiQuery(days): ApiQuery<WhichDays>,
) -> Result<ApiJson<Shrink>, Problem> {
    by.demand_site(days.site)?;
    let WhichDays { site, from, to } = days;
    if to < from {
        return Err(Problem::invalid("to", "the last day is before the first"));
    }
    app.read(async move |tx: &mut Tx| super::shrink(tx, site, from, to).await).await.map(ApiJson)
}
