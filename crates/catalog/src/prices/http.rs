//! Price lists over HTTP.

use ::store::Tx;
use axum::extract::State;
use edge::{ApiJson, ApiQuery, App, By, Created, IdempotencyKey, Page, Paging, Problem, duty};
use kernel::{Id, SiteId, SkuId, Stamp};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{NewPrice, PriceEntry, store};
use crate::CatalogRefusal;

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_prices, set_price))
}

/// Which prices.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Which {
    site: SiteId,
    /// Only those of this SKU.
    sku: Option<SkuId>,
    #[param(max_length = 400)]
    after: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// The price entries of a site, in the order in which they were entered.
#[utoipa::path(get, path = "/prices", tag = "0 catalog", operation_id = "list_prices", params(Which),
    responses((status = 200, body = Page<PriceEntry>), (status = "4XX", body = Problem)))]
async fn list_prices(
    State(app): State<App>,
    by: By<duty::ReadCatalog>,
    ApiQuery(which): ApiQuery<Which>,
) -> Result<ApiJson<Page<PriceEntry>>, Problem> {
    by.demand_site(which.site)?;
    let paging = Paging { after: which.after, limit: which.limit };
    let (after, rows) = (paging.key::<uuid::Uuid>()?, paging.rows()?);
    let (site, sku) = (which.site, which.sku);
    let found = app
        .read(async move |tx: &mut Tx| Ok::<_, CatalogRefusal>(store::page(tx, site, sku, after, rows).await?))
        .await?;
    paging.page(found, |entry| entry.id.uuid()).map(ApiJson)
}

/// Enter a price; an open price of the same list ends where this one begins.
#[utoipa::path(post, path = "/prices", tag = "0 catalog", operation_id = "set_price", request_body = NewPrice,
    params(IdempotencyKey), responses((status = 201, body = PriceEntry), (status = "4XX", body = Problem)))]
async fn set_price(
    State(app): State<App>,
    by: By<duty::ManageCatalog>,
    key: IdempotencyKey,
    ApiJson(new): ApiJson<NewPrice>,
) -> Result<Created<PriceEntry>, Problem> {
    by.demand_site(new.site)?;
    let new = new.parse()?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| super::set_price(tx, stamp, &new).await)
        .await
        .map(Created)
}
