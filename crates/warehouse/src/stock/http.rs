//! Stock over HTTP.

use axum::extract::State;
use edge::{ApiJson, ApiPath, ApiQuery, App, By, Created, IdempotencyKey, Page, Paging, Problem, duty, parse};
use kernel::{BlockId, Instant, LotId, OrderLineId, PlaceId, Quantity, SiteId, SkuId, Stamp, ZoneId};
use ledger::{Block, BlockFlag, Lot, OnShelf, PlaceKind, StockFilter, StockKey, StockLine};
use serde::{Deserialize, Serialize};
use store::Tx;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Audit, LineClaim, LotSheet, LotTrace, Movement,
    rules::{self, Direction, NewBin, PlaceCard, PlaceKey, Stop},
};

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_stock))
        .routes(routes!(list_sku_stock))
        .routes(routes!(show_availability))
        .routes(routes!(list_audits))
        .routes(routes!(show_lot))
        .routes(routes!(find_lot))
        .routes(routes!(list_movements))
        .routes(routes!(trace_lot))
        .routes(routes!(list_claims))
        .routes(routes!(block_lot))
        .routes(routes!(lift_block))
        .routes(routes!(stop_lot))
        .routes(routes!(release_lot))
        .routes(routes!(list_places, open_place))
}

/// Which stock. Of SKU, lot, place and zone at most one.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct WhichStock {
    site: SiteId,
    sku: Option<SkuId>,
    lot: Option<LotId>,
    place: Option<PlaceId>,
    zone: Option<ZoneId>,
    #[param(max_length = 400)]
    after: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

impl WhichStock {
    fn filter(&self) -> Result<StockFilter, Problem> {
        match (self.sku, self.lot, self.place, self.zone) {
            (None, None, None, None) => Ok(StockFilter::Everything),
            (Some(sku), None, None, None) => Ok(StockFilter::Sku(sku)),
            (None, Some(lot), None, None) => Ok(StockFilter::Lot(lot)),
            (None, None, Some(place), None) => Ok(StockFilter::Place(place)),
            (None, None, None, Some(zone)) => Ok(StockFilter::Zone(zone)),
            _ => Err(Problem::invalid("sku", "of sku, lot, place and zone only one may be given")),
        }
    }
}

/// Live stock by lot and place: pieces and grams, bound, sellable, age, life left.
#[utoipa::path(get, path = "/stock", tag = "2.1 stock", operation_id = "list_stock", params(WhichStock),
    responses((status = 200, body = Page<StockLine>), (status = "4XX", body = Problem)))]
async fn list_stock(
    State(app): State<App>,
    by: By<duty::ReadStock>,
    ApiQuery(which): ApiQuery<WhichStock>,
) -> Result<ApiJson<Page<StockLine>>, Problem> {
    by.demand_site(which.site)?;
    let (site, filter, now) = (which.site, which.filter()?, app.clock.now());
    let paging = Paging { after: which.after, limit: which.limit };
    let (after, rows) = (paging.key::<StockKey>()?, paging.rows()?);
    let found = app.read(async move |tx: &mut Tx| ledger::stock(tx, site, filter, now, after, rows).await).await?;
    paging.page(found, StockLine::key).map(ApiJson)
}

/// Which SKUs' stock.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct WhichSkus {
    site: SiteId,
    /// For which delivery `sellable` is told; now if absent.
    #[param(value_type = Option<String>, format = DateTime)]
    deliver_by: Option<Instant>,
    #[param(max_length = 400)]
    after: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// Live stock by SKU: on hand, promised, bound, blocked, sellable.
#[utoipa::path(get, path = "/stock/skus", tag = "2.1 stock", operation_id = "list_sku_stock", params(WhichSkus),
    responses((status = 200, body = Page<OnShelf>), (status = "4XX", body = Problem)))]
async fn list_sku_stock(
    State(app): State<App>,
    by: By<duty::ReadStock>,
    ApiQuery(which): ApiQuery<WhichSkus>,
) -> Result<ApiJson<Page<OnShelf>>, Problem> {
    by.demand_site(which.site)?;
    let (site, now) = (which.site, app.clock.now());
    let deliver_by = which.deliver_by.unwrap_or(now);
    let paging = Paging { after: which.after, limit: which.limit };
    let (after, rows) = (paging.key::<String>()?, paging.rows()?);
    let found = app
        .read(async move |tx: &mut Tx| ledger::sku_stock(tx, site, now, deliver_by, after.as_deref(), rows).await)
        .await?;
    paging.page(found, |line| line.sku_code.clone()).map(ApiJson)
}

/// For which delivery.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct WhichDelivery {
    site: SiteId,
    sku: SkuId,
    #[param(value_type = String, format = DateTime)]
    deliver_by: Instant,
}

/// What can still be promised.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StockAvailability)]
struct Availability {
    site: SiteId,
    sku: SkuId,
    deliver_by: Instant,
    /// Until then the goods must be good: the delivery and the SKU's life at the door.
    needed_until: Instant,
    available: Quantity,
}

/// How much of a SKU can still be promised to a delivery by a time.
#[utoipa::path(get, path = "/stock/availability", tag = "2.1 stock", operation_id = "show_availability",
    params(WhichDelivery), responses((status = 200, body = Availability), (status = "4XX", body = Problem)))]
async fn show_availability(
    State(app): State<App>,
    by: By<duty::ReadStock>,
    ApiQuery(which): ApiQuery<WhichDelivery>,
) -> Result<ApiJson<Availability>, Problem> {
    by.demand_site(which.site)?;
    let WhichDelivery { site, sku, deliver_by } = which;
    let (available, life) = app
        .read(async move |tx: &mut Tx| {
            let available = ledger::availability(tx, site, sku, deliver_by).await?;
            let sku = catalog::sku(tx, sku).await?;
            Ok::<_, super::StockRefusal>((available, sku.life_at_door_days))
        })
        .await?;
    let needed_until = ledger::needed_until(deliver_by, life);
    Ok(ApiJson(Availability { site, sku, deliver_by, needed_until, available }))
}

/// Which audits.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct WhichAudits {
    site: SiteId,
    #[param(max_length = 400)]
    after: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// The nightly self-audits of a site, latest first.
#[utoipa::path(get, path = "/stock/audits", tag = "2.1 stock", operation_id = "list_stock_audits",
    params(WhichAudits), responses((status = 200, body = Page<Audit>), (status = "4XX", body = Problem)))]
async fn list_audits(
    State(app): State<App>,
    by: By<duty::ReadStock>,
    ApiQuery(which): ApiQuery<WhichAudits>,
) -> Result<ApiJson<Page<Audit>>, Problem> {
    by.demand_site(which.site)?;
    let paging = Paging { after: which.after, limit: which.limit };
    let (before, rows, site) = (paging.key::<i64>()?, paging.rows()?, which.site);
    let found = app.read(async move |tx: &mut Tx| super::audits(tx, site, before, rows).await).await?;
    paging.page(found, |audit| audit.seq).map(ApiJson)
}

/// One lot: where it lies, its blocks and turns, what it was made of and what was made of it.
#[utoipa::path(get, path = "/lots/{lot}", tag = "2.1 stock", operation_id = "show_lot",
    params(("lot" = LotId, Path)), responses((status = 200, body = LotSheet), (status = "4XX", body = Problem)))]
async fn show_lot(
    State(app): State<App>,
    by: By<duty::ReadStock>,
    ApiPath(lot): ApiPath<LotId>,
) -> Result<ApiJson<LotSheet>, Problem> {
    let (sites, now) = (by.sites.clone(), app.clock.now());
    app.read(async move |tx: &mut Tx| super::lot(tx, &sites, lot, now).await).await.map(ApiJson)
}

/// The lot whose label was scanned.
#[utoipa::path(get, path = "/lots/by-code/{code}", tag = "2.1 stock", operation_id = "find_lot",
    params(("code" = String, Path)), responses((status = 200, body = LotSheet), (status = "4XX", body = Problem)))]
async fn find_lot(
    State(app): State<App>,
    by: By<duty::ReadStock>,
    ApiPath(code): ApiPath<String>,
) -> Result<ApiJson<LotSheet>, Problem> {
    let code = parse::code("code", &code, 20)?;
    let (sites, now) = (by.sites.clone(), app.clock.now());
    app.read(async move |tx: &mut Tx| super::lot_by_code(tx, &sites, &code, now).await).await.map(ApiJson)
}

/// The moves of a lot, in the order they were written.
#[utoipa::path(get, path = "/lots/{lot}/movements", tag = "2.1 stock", operation_id = "list_lot_movements",
    params(("lot" = LotId, Path), Paging),
    responses((status = 200, body = Page<Movement>), (status = "4XX", body = Problem)))]
async fn list_movements(
    State(app): State<App>,
    by: By<duty::ReadStock>,
    ApiPath(lot): ApiPath<LotId>,
    ApiQuery(paging): ApiQuery<Paging>,
) -> Result<ApiJson<Page<Movement>>, Problem> {
    let (after, rows, sites) = (paging.key::<i64>()?, paging.rows()?, by.sites.clone());
    let found = app.read(async move |tx: &mut Tx| super::movements(tx, &sites, lot, after, rows).await).await?;
    paging.page(found, |movement| movement.seq).map(ApiJson)
}

/// Which way.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct WhichWay {
    direction: Direction,
}

/// Follow a lot to everybody who has it, or back to where it came from, with its mass balance.
#[utoipa::path(get, path = "/lots/{lot}/trace", tag = "2.1 stock", operation_id = "trace_lot",
    params(("lot" = LotId, Path), WhichWay),
    responses((status = 200, body = LotTrace), (status = "4XX", body = Problem)))]
async fn trace_lot(
    State(app): State<App>,
    by: By<duty::TraceLots>,
    ApiPath(lot): ApiPath<LotId>,
    ApiQuery(WhichWay { direction }): ApiQuery<WhichWay>,
) -> Result<ApiJson<LotTrace>, Problem> {
    let sites = by.sites.clone();
    app.read(async move |tx: &mut Tx| super::trace(tx, &sites, lot, direction).await).await.map(ApiJson)
}

/// All claims of one line.
#[derive(Debug, Serialize, ToSchema)]
struct LineClaims {
    claims: Vec<LineClaim>,
}

/// What an order line has of the stock, and which lots were passed over for it and why.
#[utoipa::path(get, path = "/order-lines/{line}/claims", tag = "2.1 stock", operation_id = "list_line_claims",
    params(("line" = OrderLineId, Path)),
    responses((status = 200, body = LineClaims), (status = "4XX", body = Problem)))]
async fn list_claims(
    State(app): State<App>,
    by: By<duty::ReadStock>,
    ApiPath(line): ApiPath<OrderLineId>,
) -> Result<ApiJson<LineClaims>, Problem> {
    let sites = by.sites.clone();
    let claims = app.read(async move |tx: &mut Tx| super::claims(tx, &sites, line).await).await?;
    Ok(ApiJson(LineClaims { claims }))
}

/// A block to be set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewBlock {
    /// What may no longer be done with the lot.
    #[schema(min_items = 1, max_items = 4)]
    flags: Vec<BlockFlag>,
    #[schema(min_length = 3, max_length = 200)]
    reason: String,
}

/// Block a lot for some uses.
#[utoipa::path(post, path = "/lots/{lot}/blocks", tag = "2.1 stock", operation_id = "block_lot",
    request_body = NewBlock, params(("lot" = LotId, Path), IdempotencyKey),
    responses((status = 201, body = Block), (status = "4XX", body = Problem)))]
async fn block_lot(
    State(app): State<App>,
    by: By<duty::BlockLots>,
    key: IdempotencyKey,
    ApiPath(lot): ApiPath<LotId>,
    ApiJson(new): ApiJson<NewBlock>,
) -> Result<Created<Block>, Problem> {
    parse::count("flags", &new.flags, 1, BlockFlag::ALL.len())?;
    let (flags, reason, sites) = (new.flags.into_iter().collect(), rules::reason(&new.reason)?, by.sites.clone());
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        super::block(tx, stamp, &sites, lot, flags, &reason).await
    })
    .await
    .map(Created)
}

/// Why somebody does what they do.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Because {
    #[schema(min_length = 3, max_length = 200)]
    reason: String,
}

/// Lift a block that somebody else has set.
#[utoipa::path(post, path = "/blocks/{block}/lift", tag = "2.1 stock", operation_id = "lift_block",
    request_body = Because, params(("block" = BlockId, Path), IdempotencyKey),
    responses((status = 200, body = Block), (status = "4XX", body = Problem)))]
async fn lift_block(
    State(app): State<App>,
    by: By<duty::LiftBlocks>,
    key: IdempotencyKey,
    ApiPath(block): ApiPath<BlockId>,
    ApiJson(because): ApiJson<Because>,
) -> Result<ApiJson<Block>, Problem> {
    let (reason, sites) = (rules::reason(&because.reason)?, by.sites.clone());
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| super::lift(tx, stamp, &sites, block, &reason).await)
        .await
        .map(ApiJson)
}

/// A stop to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewStop {
    to: Stop,
    #[schema(min_length = 3, max_length = 200)]
    reason: String,
}

/// Quarantine, recall or condemn a lot.
#[utoipa::path(post, path = "/lots/{lot}/state", tag = "2.1 stock", operation_id = "stop_lot",
    request_body = NewStop, params(("lot" = LotId, Path), IdempotencyKey),
    responses((status = 200, body = Lot), (status = "4XX", body = Problem)))]
async fn stop_lot(
    State(app): State<App>,
    by: By<duty::BlockLots>,
    key: IdempotencyKey,
    ApiPath(lot): ApiPath<LotId>,
    ApiJson(new): ApiJson<NewStop>,
) -> Result<ApiJson<Lot>, Problem> {
    let (to, reason, sites) = (new.to, rules::reason(&new.reason)?, by.sites.clone());
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| super::stop(tx, stamp, &sites, lot, to, &reason).await)
        .await
        .map(ApiJson)
}

/// Release a lot that somebody else has quarantined.
#[utoipa::path(post, path = "/lots/{lot}/release", tag = "2.1 stock", operation_id = "release_lot",
    request_body = Because, params(("lot" = LotId, Path), IdempotencyKey),
    responses((status = 200, body = Lot), (status = "4XX", body = Problem)))]
async fn release_lot(
    State(app): State<App>,
    by: By<duty::LiftBlocks>,
    key: IdempotencyKey,
    ApiPath(lot): ApiPath<LotId>,
    ApiJson(because): ApiJson<Because>,
) -> Result<ApiJson<Lot>, Problem> {
    let (reason, sites) = (rules::reason(&because.reason)?, by.sites.clone());
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| super::release(tx, stamp, &sites, lot, &reason).await)
        .await
        .map(ApiJson)
}

/// Which places.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct WhichPlaces {
    site: SiteId,
    /// All that are in the house if absent.
    kind: Option<PlaceKind>,
    #[param(max_length = 400)]
    after: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// The places in the house, in the order of the picker's way.
#[utoipa::path(get, path = "/places", tag = "2.1 stock", operation_id = "list_places", params(WhichPlaces),
    responses((status = 200, body = Page<PlaceCard>), (status = "4XX", body = Problem)))]
async fn list_places(
    State(app): State<App>,
    by: By<duty::ReadStock>,
    ApiQuery(which): ApiQuery<WhichPlaces>,
) -> Result<ApiJson<Page<PlaceCard>>, Problem> {
    by.demand_site(which.site)?;
    let paging = Paging { after: which.after, limit: which.limit };
    let (after, rows) = (paging.key::<PlaceKey>()?, paging.rows()?);
    let (site, kind) = (which.site, which.kind);
    let found = app.read(async move |tx: &mut Tx| super::places(tx, site, kind, after.clone(), rows).await).await?;
    paging.page(found, |place| (place.pick_sequence, place.code.clone(), place.kind)).map(ApiJson)
}

/// Open a bin, a pick face, a tote, a lane or a dock.
#[utoipa::path(post, path = "/places", tag = "2.1 stock", operation_id = "open_place", request_body = NewBin,
    params(IdempotencyKey), responses((status = 201, body = PlaceCard), (status = "4XX", body = Problem)))]
async fn open_place(
    State(app): State<App>,
    by: By<duty::ManageCatalog>,
    key: IdempotencyKey,
    ApiJson(new): ApiJson<NewBin>,
) -> Result<Created<PlaceCard>, Problem> {
    let (new, sites) = (new.parse()?, by.sites.clone());
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| super::open_place(tx, stamp, &sites, &new).await)
        .await
        .map(Created)
}
