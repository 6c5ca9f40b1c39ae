//! Waves, pick tasks and parcels over HTTP.

use axum::extract::State;
use edge::{
    ApiJson, ApiPath, ApiQuery, App, By, Created, Cursor, IdempotencyKey, Page, Paging, Problem, Tagged, duty, parse,
};
use kernel::{Instant, OrderLineId, ParcelId, PickTaskId, ReleaseNoteId, SiteId, Stamp, WaveId};
use serde::{Deserialize, Serialize};
use store::Tx;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::fulfilment::{
    self, Batch, Claim, NewParcel, NotePick, ParcelSheet, ParcelState, PickAnswer, PickStop, Picking, ScaleRecord,
    Shortage, TaskCard, TaskState, WalkKey, WaveCard, Whose,
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_waves))
        .routes(routes!(show_wave))
        .routes(routes!(walk_wave))
        .routes(routes!(claim_tasks))
        .routes(routes!(show_task))
        .routes(routes!(pick_task))
        .routes(routes!(short_task))
        .routes(routes!(put_back))
        .routes(routes!(task_record))
        .routes(routes!(line_record))
        .routes(routes!(show_note))
        .routes(routes!(list_note_parcels, pack_parcel))
        .routes(routes!(list_parcels))
        .routes(routes!(show_parcel))
        .routes(routes!(find_parcel))
        .routes(routes!(stage_parcel))
}

/// Which waves.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct WavesAt {
    site: SiteId,
    #[param(max_length = 400)]
    after: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// The waves of a site, latest first.
#[utoipa::path(get, path = "/waves", tag = "2.2 fulfilment", operation_id = "list_waves", params(WavesAt),
    responses((status = 200, body = Page<WaveCard>), (status = "4XX", body = Problem)))]
async fn list_waves(
    State(app): State<App>,
    by: By<duty::ReadStock>,
    ApiQuery(which): ApiQuery<WavesAt>,
) -> Result<ApiJson<Page<WaveCard>>, Problem> {
    by.demand_site(which.site)?;
    let paging = Paging { after: which.after, limit: which.limit };
    let (before, rows, site) = (paging.key::<(Instant, WaveId)>()?, paging.rows()?, which.site);
    let found = app.read(async move |tx: &mut Tx| fulfilment::waves(tx, site, before, rows).await).await?;
    paging.page(found, |wave| (wave.opened_at, wave.id)).map(ApiJson)
}

/// One wave.
#[utoipa::path(get, path = "/waves/{wave}", tag = "2.2 fulfilment", operation_id = "show_wave",
    params(("wave" = WaveId, Path)), responses((status = 200, body = WaveCard), (status = "4XX", body = Problem)))]
async fn show_wave(
    State(app): State<App>,
    by: By<duty::ReadStock>,
    ApiPath(wave): ApiPath<WaveId>,
) -> Result<Tagged<WaveCard>, Problem> {
    let sites = by.sites.clone();
    app.read(async move |tx: &mut Tx| fulfilment::wave(tx, &sites, wave).await).await.map(Tagged)
}

/// Which tasks of a wave.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct WhichTasks {
    /// Everybody's if absent.
    #[param(inline)]
    whose: Option<Whose>,
    /// In any state if absent.
    state: Option<TaskState>,
    #[param(max_length = 400)]
    after: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// The tasks of a wave in walking order, by bin and lot over all orders. A stop that a page cuts goes on in the next.
#[utoipa::path(get, path = "/waves/{wave}/tasks", tag = "2.2 fulfilment", operation_id = "walk_wave",
    params(("wave" = WaveId, Path), WhichTasks),
    responses((status = 200, body = Page<PickStop>), (status = "4XX", body = Problem)))]
async fn walk_wave(
    State(app): State<App>,
    by: By<duty::ReadStock>,
    ApiPath(wave): ApiPath<WaveId>,
    ApiQuery(which): ApiQuery<WhichTasks>,
) -> Result<ApiJson<Page<PickStop>>, Problem> {
    let paging = Paging { after: which.after, limit: which.limit };
    let page = (paging.key::<WalkKey>()?, paging.rows()?);
    let show = (which.whose.unwrap_or_default(), which.state);
    let (sites, picker) = (by.sites.clone(), by.actor);
    let (items, next) =
        app.read(async move |tx: &mut Tx| fulfilment::walk(tx, &sites, picker, wave, show, page).await).await?;
    Ok(ApiJson(Page { items, next: next.map(|key| Cursor::write(&key)) }))
}

/// Take the unclaimed tasks of some orders of a wave.
#[utoipa::path(post, path = "/waves/{wave}/claim", tag = "2.2 fulfilment", operation_id = "claim_tasks",
    request_body = Batch, params(("wave" = WaveId, Path), IdempotencyKey),
    responses((status = 200, body = Claim), (status = "4XX", body = Problem)))]
async fn claim_tasks(
    State(app): State<App>,
    by: By<duty::PickGoods>,
    key: IdempotencyKey,
    ApiPath(wave): ApiPath<WaveId>,
    ApiJson(batch): ApiJson<Batch>,
) -> Result<ApiJson<Claim>, Problem> {
    parse::within("orders_max", batch.orders_max, 1, 40)?;
    let sites = by.sites.clone();
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| fulfilment::claim(tx, stamp, &sites, wave, batch).await)
        .await
        .map(ApiJson)
}

/// One pick task.
#[utoipa::path(get, path = "/pick-tasks/{task}", tag = "2.2 fulfilment", operation_id = "show_pick_task",
    params(("task" = PickTaskId, Path)),
    responses((status = 200, body = TaskCard), (status = "4XX", body = Problem)))]
async fn show_task(
    State(app): State<App>,
    by: By<duty::ReadStock>,
    ApiPath(task): ApiPath<PickTaskId>,
) -> Result<Tagged<TaskCard>, Problem> {
    let sites = by.sites.clone();
    app.read(async move |tx: &mut Tx| fulfilment::task(tx, &sites, task).await).await.map(Tagged)
}

/// Pick: scan lot and bin, weigh, put into a tote. A lot that may not be used now is answered with another.
#[utoipa::path(post, path = "/pick-tasks/{task}/pick", tag = "2.2 fulfilment", operation_id = "pick",
    request_body = Picking, params(("task" = PickTaskId, Path), IdempotencyKey),
    responses((status = 200, body = PickAnswer), (status = "4XX", body = Problem)))]
async fn pick_task(
    State(app): State<App>,
    by: By<duty::PickGoods>,
    key: IdempotencyKey,
    ApiPath(task): ApiPath<PickTaskId>,
    ApiJson(picking): ApiJson<Picking>,
) -> Result<ApiJson<PickAnswer>, Problem> {
    let (picking, sites) = (picking.parse()?, by.sites.clone());
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        fulfilment::pick(tx, stamp, &sites, task, &picking).await
    })
    .await
    .map(ApiJson)
}

/// Stop short of the target: another lot is offered if there is one, otherwise the rest is not sent.
#[utoipa::path(post, path = "/pick-tasks/{task}/short", tag = "2.2 fulfilment", operation_id = "short_pick",
    request_body = Shortage, params(("task" = PickTaskId, Path), IdempotencyKey),
    responses((status = 200, body = PickAnswer), (status = "4XX", body = Problem)))]
async fn short_task(
    State(app): State<App>,
    by: By<duty::PickGoods>,
    key: IdempotencyKey,
    ApiPath(task): ApiPath<PickTaskId>,
    ApiJson(shortage): ApiJson<Shortage>,
) -> Result<ApiJson<PickAnswer>, Problem> {
    let (shortage, sites) = (shortage.parse()?, by.sites.clone());
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        fulfilment::short(tx, stamp, &sites, task, &shortage).await
    })
    .await
    .map(ApiJson)
}

/// Put picked goods back, because their lot was stopped before they were packed; others are looked for.
#[utoipa::path(post, path = "/pick-tasks/{task}/put-back", tag = "2.2 fulfilment", operation_id = "put_goods_back",
    params(("task" = PickTaskId, Path), IdempotencyKey),
    responses((status = 200, body = PickAnswer), (status = "4XX", body = Problem)))]
async fn put_back(
    State(app): State<App>,
    by: By<duty::PackGoods>,
    key: IdempotencyKey,
    ApiPath(task): ApiPath<PickTaskId>,
) -> Result<ApiJson<PickAnswer>, Problem> {
    let sites = by.sites.clone();
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| fulfilment::put_back(tx, stamp, &sites, task).await)
        .await
        .map(ApiJson)
}

/// What the scale showed for one task.
#[utoipa::path(get, path = "/pick-tasks/{task}/scale-record", tag = "2.2 fulfilment",
    operation_id = "show_task_scale_record", params(("task" = PickTaskId, Path)),
    responses((status = 200, body = ScaleRecord), (status = "4XX", body = Problem)))]
async fn task_record(
    State(app): State<App>,
    by: By<duty::ReadStock>,
    ApiPath(task): ApiPath<PickTaskId>,
) -> Result<ApiJson<ScaleRecord>, Problem> {
    let sites = by.sites.clone();
    app.read(async move |tx: &mut Tx| fulfilment::task_record(tx, &sites, task).await).await.map(ApiJson)
}

/// What the scale showed for an order line: where the grams on the invoice come from.
#[utoipa::path(get, path = "/order-lines/{line}/scale-record", tag = "2.2 fulfilment",
    operation_id = "show_line_scale_record", params(("line" = OrderLineId, Path)),
    responses((status = 200, body = ScaleRecord), (status = "4XX", body = Problem)))]
async fn line_record(
    State(app): State<App>,
    by: By<duty::ReadStock>,
    ApiPath(line): ApiPath<OrderLineId>,
) -> Result<ApiJson<ScaleRecord>, Problem> {
    let sites = by.sites.clone();
    app.read(async move |tx: &mut Tx| fulfilment::scale_record(tx, &sites, line).await).await.map(ApiJson)
}

/// A release note with its tasks, as the packing bench sees it.
#[utoipa::path(get, path = "/release-notes/{note}/tasks", tag = "2.2 fulfilment", operation_id = "show_note_tasks",
    params(("note" = ReleaseNoteId, Path)),
    responses((status = 200, body = NotePick), (status = "4XX", body = Problem)))]
async fn show_note(
    State(app): State<App>,
    by: By<duty::ReadStock>,
    ApiPath(note): ApiPath<ReleaseNoteId>,
) -> Result<ApiJson<NotePick>, Problem> {
    let sites = by.sites.clone();
    app.read(async move |tx: &mut Tx| fulfilment::note(tx, &sites, note).await).await.map(ApiJson)
}

/// All that one note has in boxes.
#[derive(Debug, Serialize, ToSchema)]
struct NoteParcels {
    parcels: Vec<ParcelSheet>,
}

/// The parcels of a release note.
#[utoipa::path(get, path = "/release-notes/{note}/parcels", tag = "2.2 fulfilment",
    operation_id = "list_note_parcels", params(("note" = ReleaseNoteId, Path)),
    responses((status = 200, body = NoteParcels), (status = "4XX", body = Problem)))]
async fn list_note_parcels(
    State(app): State<App>,
    by: By<duty::ReadStock>,
    ApiPath(note): ApiPath<ReleaseNoteId>,
) -> Result<ApiJson<NoteParcels>, Problem> {
    let sites = by.sites.clone();
    let parcels = app.read(async move |tx: &mut Tx| fulfilment::parcels_of_note(tx, &sites, note).await).await?;
    Ok(ApiJson(NoteParcels { parcels }))
}

/// Close a parcel of one temperature class; its weight is checked against what should be inside.
#[utoipa::path(post, path = "/release-notes/{note}/parcels", tag = "2.2 fulfilment", operation_id = "pack_parcel",
    request_body = NewParcel, params(("note" = ReleaseNoteId, Path), IdempotencyKey),
    responses((status = 201, body = ParcelSheet), (status = "4XX", body = Problem)))]
async fn pack_parcel(
    State(app): State<App>,
    by: By<duty::PackGoods>,
    key: IdempotencyKey,
    ApiPath(note): ApiPath<ReleaseNoteId>,
    ApiJson(new): ApiJson<NewParcel>,
) -> Result<Created<ParcelSheet>, Problem> {
    let (new, sites) = (new.parse()?, by.sites.clone());
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| fulfilment::pack(tx, stamp, &sites, note, &new).await)
        .await
        .map(Created)
}

/// Which parcels.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ParcelsAt {
    site: SiteId,
    state: ParcelState,
    #[param(max_length = 400)]
    after: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// The parcels of a site in one state, oldest first.
#[utoipa::path(get, path = "/parcels", tag = "2.2 fulfilment", operation_id = "list_parcels", params(ParcelsAt),
    responses((status = 200, body = Page<ParcelSheet>), (status = "4XX", body = Problem)))]
async fn list_parcels(
    State(app): State<App>,
    by: By<duty::ReadStock>,
    ApiQuery(which): ApiQuery<ParcelsAt>,
) -> Result<ApiJson<Page<ParcelSheet>>, Problem> {
    by.demand_site(which.site)?;
    let paging = Paging { after: which.after, limit: which.limit };
    let (after, rows) = (paging.key::<ParcelId>()?, paging.rows()?);
    let (site, state) = (which.site, which.state);
    let found = app.read(async move |tx: &mut Tx| fulfilment::parcels_in(tx, site, state, after, rows).await).await?;
    paging.page(found, |parcel| parcel.id).map(ApiJson)
}

/// One parcel with its contents by lot.
#[utoipa::path(get, path = "/parcels/{parcel}", tag = "2.2 fulfilment", operation_id = "show_parcel",
    params(("parcel" = ParcelId, Path)),
    responses((status = 200, body = ParcelSheet), (status = "4XX", body = Problem)))]
async fn show_parcel(
    State(app): State<App>,
    by: By<duty::ReadStock>,
    ApiPath(parcel): ApiPath<ParcelId>,
) -> Result<Tagged<ParcelSheet>, Problem> {
    let sites = by.sites.clone();
    app.read(async move |tx: &mut Tx| fulfilment::parcel(tx, &sites, parcel).await).await.map(Tagged)
}

/// The parcel whose label was scanned.
#[utoipa::path(get, path = "/parcels/by-code/{code}", tag = "2.2 fulfilment", operation_id = "find_parcel",
    params(("code" = String, Path)),
    responses((status = 200, body = ParcelSheet), (status = "4XX", body = Problem)))]
async fn find_parcel(
    State(app): State<App>,
    by: By<duty::ReadStock>,
    ApiPath(code): ApiPath<String>,
) -> Result<Tagged<ParcelSheet>, Problem> {
    let code = parse::code("code", &code, 20)?;
    let found = app.read(async move |tx: &mut Tx| fulfilment::parcel_by_code(tx, &code).await).await?;
    let parcel = found.filter(|parcel| by.works_at(parcel.site)).ok_or_else(Problem::not_found)?;
    Ok(Tagged(parcel))
}

/// Where a parcel is put down.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Lane {
    /// The code of a staging place.
    #[schema(min_length = 1, max_length = 20, pattern = "^[A-Za-z0-9._-]+$")]
    lane: String,
}

/// Put a parcel into a lane, where its van will look for it.
#[utoipa::path(post, path = "/parcels/{parcel}/stage", tag = "2.2 fulfilment", operation_id = "stage_parcel",
    request_body = Lane, params(("parcel" = ParcelId, Path), IdempotencyKey),
    responses((status = 200, body = ParcelSheet), (status = "4XX", body = Problem)))]
async fn stage_parcel(
    State(app): State<App>,
    by: By<duty::StageParcels>,
    key: IdempotencyKey,
    ApiPath(parcel): ApiPath<ParcelId>,
    ApiJson(Lane { lane }): ApiJson<Lane>,
) -> Result<Tagged<ParcelSheet>, Problem> {
    let (lane, sites) = (parse::code("lane", &lane, 20)?, by.sites.clone());
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        fulfilment::stage(tx, stamp, &sites, parcel, &lane).await
    })
    .await
    .map(Tagged)
}
