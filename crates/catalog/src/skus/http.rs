//! SKUs over HTTP.

use axum::extract::State;
use edge::{
    ApiJson, ApiPath, ApiQuery, App, By, Created, IdempotencyKey, IfMatch, Page, Paging, Problem, Tagged, duty,
};
use kernel::{SkuId, Stamp};
use serde::Deserialize;
use store::Tx;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{NewSku, Sku};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_skus, create_sku)).routes(routes!(show_sku, change_sku))
}

/// Which SKUs.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Which {
    /// Only this category.
    #[param(max_length = 32)]
    category: Option<String>,
    #[param(max_length = 400)]
    after: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// SKUs by code.
#[utoipa::path(get, path = "/skus", tag = "0 catalog", operation_id = "list_skus", params(Which),
    responses((status = 200, body = Page<Sku>), (status = "4XX", body = Problem)))]
async fn list_skus(
    State(app): State<App>,
    _by: By<duty::ReadCatalog>,
    ApiQuery(which): ApiQuery<Which>,
) -> Result<ApiJson<Page<Sku>>, Problem> {
    let paging = Paging { after: which.after, limit: which.limit };
    let (after, rows, category) = (paging.key::<String>()?, paging.rows()?, which.category);
    let found =
        app.read(async move |tx: &mut Tx| super::skus(tx, category.as_deref(), after.as_deref(), rows).await).await?;
    paging.page(found, |sku| sku.code.clone()).map(ApiJson)
}

/// One SKU.
#[utoipa::path(get, path = "/skus/{sku}", tag = "0 catalog", operation_id = "show_sku",
    params(("sku" = SkuId, Path)), responses((status = 200, body = Sku), (status = "4XX", body = Problem)))]
async fn show_sku(
    State(app): State<App>,
    _by: By<duty::ReadCatalog>,
    ApiPath(sku): ApiPath<SkuId>,
) -> Result<Tagged<Sku>, Problem> {
    app.read(async move |tx: &mut Tx| super::sku(tx, sku).await).await.map(Tagged)
}

/// Create a SKU.
#[utoipa::path(post, path = "/skus", tag = "0 catalog", operation_id = "create_sku", request_body = NewSku,
    params(IdempotencyKey), responses((status = 201, body = Sku), (status = "4XX", body = Problem)))]
async fn create_sku(
    State(app): State<App>,
    by: By<duty::ManageCatalog>,
    key: IdempotencyKey,
    ApiJson(draft): ApiJson<NewSku>,
) -> Result<Created<Sku>, Problem> {
    let draft = draft.parse()?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| super::list_sku(tx, stamp, draft.clone()).await)
        .await
        .map(Created)
}

/// Change a SKU; its code and its measure stay.
#[utoipa::path(put, path = "/skus/{sku}", tag = "0 catalog", operation_id = "change_sku", request_body = NewSku,
    params(("sku" = SkuId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = Sku), (status = "4XX", body = Problem)))]
async fn change_sku(
    State(app): State<App>,
    by: By<duty::ManageCatalog>,
    seen: IfMatch,
    ApiPath(sku): ApiPath<SkuId>,
    ApiJson(draft): ApiJson<NewSku>,
) -> Result<Tagged<Sku>, Problem> {
    let draft = draft.parse()?;
    app.write(&by, async move |tx: &mut Tx, stamp: &Stamp| {
        let known = super::sku(tx, sku).await?;
        seen.check(&known)?;
        if known.code != draft.code() {
            return Err(Problem::invalid("code", "the code of a SKU is on its labels and stays"));
        }
        let changed = super::change(tx, stamp, known, draft.clone()).await?;
        Ok(changed.sku)
    })
    .await
    .map(Tagged)
}
