//! Boxes, parcel codes and item numbers over HTTP.

use axum::extract::State;
use edge::{ApiJson, ApiPath, ApiQuery, App, By, Created, IdempotencyKey, Page, Paging, Problem, Tagged, duty};
use kernel::{SiteId, Stamp};
use store::Tx;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::fulfilment::settings::{self, LabelItem, LabelSettings, NewLabelSettings, NewPackaging, Packaging};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_packagings, put_packaging))
        .routes(routes!(set_labels))
        .routes(routes!(show_labels))
        .routes(routes!(put_label_item))
}

/// The kinds of boxes, by code.
#[utoipa::path(get, path = "/packagings", tag = "2.2 fulfilment", operation_id = "list_packagings", params(Paging),
    responses((status = 200, body = Page<Packaging>), (status = "4XX", body = Problem)))]
async fn list_packagings(
    State(app): State<App>,
    _by: By<duty::ReadStock>,
    ApiQuery(paging): ApiQuery<Paging>,
) -> Result<ApiJson<Page<Packaging>>, Problem> {
    let (after, rows) = (paging.key::<String>()?, paging.rows()?);
    let found = app.read(async move |tx: &mut Tx| settings::packagings(tx, after.as_deref(), rows).await).await?;
    paging.page(found, |packaging| packaging.code.clone()).map(ApiJson)
}

/// Enter a kind of box with its tare, or correct it.
#[utoipa::path(post, path = "/packagings", tag = "2.2 fulfilment", operation_id = "put_packaging",
    request_body = NewPackaging, params(IdempotencyKey),
    responses((status = 201, body = Packaging), (status = "4XX", body = Problem)))]
async fn put_packaging(
    State(app): State<App>,
    by: By<duty::ManageCatalog>,
    key: IdempotencyKey,
    ApiJson(new): ApiJson<NewPackaging>,
) -> Result<Created<Packaging>, Problem> {
    let new = new.parse()?;
    app.once(&by, key, async move |tx: &mut Tx, _stamp: &Stamp| settings::put_packaging(tx, &new).await)
        .await
        .map(Created)
}

/// Set from what a site makes its parcel codes (SSCC).
#[utoipa::path(post, path = "/label-settings", tag = "2.2 fulfilment", operation_id = "set_label_settings",
    request_body = NewLabelSettings, params(IdempotencyKey),
    responses((status = 201, body = LabelSettings), (status = "4XX", body = Problem)))]
async fn set_labels(
    State(app): State<App>,
    by: By<duty::ManageCatalog>,
    key: IdempotencyKey,
    ApiJson(new): ApiJson<NewLabelSettings>,
) -> Result<Created<LabelSettings>, Problem> {
    let (site, prefix) = new.parse()?;
    by.demand_site(site)?;
    app.once(&by, key, async move |tx: &mut Tx, _stamp: &Stamp| settings::set_labels(tx, site, &prefix).await)
        .await
        .map(Created)
}

/// From what a site makes its parcel codes.
#[utoipa::path(get, path = "/label-settings/{site}", tag = "2.2 fulfilment", operation_id = "show_label_settings",
    params(("site" = SiteId, Path)),
    responses((status = 200, body = LabelSettings), (status = "4XX", body = Problem)))]
async fn show_labels(
    State(app): State<App>,
    by: By<duty::ReadStock>,
    ApiPath(site): ApiPath<SiteId>,
) -> Result<Tagged<LabelSettings>, Problem> {
    by.demand_site(site)?;
    app.read(async move |tx: &mut Tx| settings::labels(tx, site).await).await.map(Tagged)
}

/// Say which product an item number inside the site's in-store labels means.
#[utoipa::path(post, path = "/label-items", tag = "2.2 fulfilment", operation_id = "put_label_item",
    request_body = LabelItem, params(IdempotencyKey),
    responses((status = 201, body = LabelItem), (status = "4XX", body = Problem)))]
async fn put_label_item(
    State(app): State<App>,
    by: By<duty::ManageCatalog>,
    key: IdempotencyKey,
    ApiJson(item): ApiJson<LabelItem>,
) -> Result<Created<LabelItem>, Problem> {
    let item = item.parse()?;
    by.demand_site(item.site)?;
    app.once(&by, key, async move |tx: &mut Tx, _stamp: &Stamp| settings::put_label_item(tx, &item).await)
        .await
        .map(Created)
}
