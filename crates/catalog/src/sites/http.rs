//! Sites and zones over HTTP.

use axum::extract::State;
use edge::{ApiJson, ApiPath, App, By, Created, IdempotencyKey, Problem, Tagged, duty};
use kernel::{SiteId, Stamp};
use store::Tx;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{NewSite, NewZone, SiteCard, Zone};
use crate::CatalogRefusal;

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_sites, open_site))
        .routes(routes!(show_site))
        .routes(routes!(list_zones, open_zone))
}

/// Every site that the caller works for.
#[utoipa::path(get, path = "/sites", tag = "0 catalog", operation_id = "list_sites",
    responses((status = 200, body = Vec<SiteCard>), (status = "4XX", body = Problem)))]
async fn list_sites(State(app): State<App>, by: By<duty::ReadCatalog>) -> Result<ApiJson<Vec<SiteCard>>, Problem> {
    let sites = app.read(async move |tx: &mut Tx| super::sites(tx).await).await?;
    Ok(ApiJson(sites.into_iter().filter(|site| by.works_at(site.id)).map(SiteCard::from).collect()))
}

/// One site.
#[utoipa::path(get, path = "/sites/{site}", tag = "0 catalog", operation_id = "show_site",
    params(("site" = SiteId, Path)), responses((status = 200, body = SiteCard), (status = "4XX", body = Problem)))]
async fn show_site(
    State(app): State<App>,
    by: By<duty::ReadCatalog>,
    ApiPath(site): ApiPath<SiteId>,
) -> Result<Tagged<SiteCard>, Problem> {
    by.demand_site(site)?;
    let site = app.read(async move |tx: &mut Tx| super::site(tx, site).await).await?;
    Ok(Tagged(site.into()))
}

/// Open a site.
#[utoipa::path(post, path = "/sites", tag = "0 catalog", operation_id = "open_site", request_body = NewSite,
    params(IdempotencyKey), responses((status = 201, body = SiteCard), (status = "4XX", body = Problem)))]
async fn open_site(
    State(app): State<App>,
    by: By<duty::ManageCatalog>,
    key: IdempotencyKey,
    ApiJson(draft): ApiJson<NewSite>,
) -> Result<Created<SiteCard>, Problem> {
    let (draft, time) = draft.parse()?;
    let card = app
        .once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
            let site = super::open_site(tx, stamp, draft.clone(), time.clone()).await?;
            Ok::<_, CatalogRefusal>(SiteCard::from(site))
        })
        .await?;
    Ok(Created(card))
}

/// The zones of a site.
#[utoipa::path(get, path = "/sites/{site}/zones", tag = "0 catalog", operation_id = "list_zones",
    params(("site" = SiteId, Path)), responses((status = 200, body = Vec<Zone>), (status = "4XX", body = Problem)))]
async fn list_zones(
    State(app): State<App>,
    by: By<duty::ReadCatalog>,
    ApiPath(site): ApiPath<SiteId>,
) -> Result<ApiJson<Vec<Zone>>, Problem> {
    by.demand_site(site)?;
    app.read(async move |tx: &mut Tx| super::zones_of(tx, site).await).await.map(ApiJson)
}

/// Open a zone in a site.
#[utoipa::path(post, path = "/sites/{site}/zones", tag = "0 catalog", operation_id = "open_zone",
    request_body = NewZone, params(("site" = SiteId, Path), IdempotencyKey),
    responses((status = 201, body = Zone), (status = "4XX", body = Problem)))]
async fn open_zone(
    State(app): State<App>,
    by: By<duty::ManageCatalog>,
    key: IdempotencyKey,
    ApiPath(site): ApiPath<SiteId>,
    ApiJson(draft): ApiJson<NewZone>,
) -> Result<Created<Zone>, Problem> {
    by.demand_site(site)?;
    let draft = draft.parse()?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| super::open_zone(tx, stamp, site, draft.clone()).await)
        .await
        .map(Created)
}
