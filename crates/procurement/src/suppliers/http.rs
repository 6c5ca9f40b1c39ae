//! Suppliers over HTTP.

use axum::extract::State;
use edge::{
    ApiJson, ApiPath, ApiQuery, App, By, Created, IdempotencyKey, IfMatch, Page, Paging, Problem, Tagged, duty, parse,
};
use kernel::{Date, ScorecardId, Stamp, SupplierId, SupplierPriceId};
use serde::Deserialize;
use store::Tx;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    NewQualification, NewScorecard, NewStanding, NewSupplier, NewSupplierPrice, NewWeights, Qualification, Scorecard,
    ScorecardWeights, Supplier, SupplierPrice,
};
use crate::dates;

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_suppliers, register_supplier))
        .routes(routes!(show_supplier, change_supplier))
        .routes(routes!(decide_standing))
        .routes(routes!(list_qualifications, record_qualification))
        .routes(routes!(list_expiring_qualifications))
        .routes(routes!(list_supplier_prices, set_supplier_price))
        .routes(routes!(list_scorecards, evaluate_supplier))
        .routes(routes!(list_scorecard_weights, set_scorecard_weights))
}

/// Suppliers by code.
#[utoipa::path(get, path = "/suppliers", tag = "1.2 suppliers", operation_id = "list_suppliers", params(Paging),
    responses((status = 200, body = Page<Supplier>), (status = "4XX", body = Problem)))]
async fn list_suppliers(
    State(app): State<App>,
    _by: By<duty::ReadPurchases>,
    ApiQuery(paging): ApiQuery<Paging>,
) -> Result<ApiJson<Page<Supplier>>, Problem> {
    let (after, rows) = (paging.key::<String>()?, paging.rows()?);
    let found = app.read(async move |tx: &mut Tx| super::suppliers(tx, after.as_deref(), rows).await).await?;
    paging.page(found, |supplier| supplier.code.clone()).map(ApiJson)
}

/// Enter a supplier.
#[utoipa::path(post, path = "/suppliers", tag = "1.2 suppliers", operation_id = "register_supplier",
    request_body = NewSupplier, params(IdempotencyKey),
    responses((status = 201, body = Supplier), (status = "4XX", body = Problem)))]
async fn register_supplier(
    State(app): State<App>,
    by: By<duty::ManageSuppliers>,
    key: IdempotencyKey,
    ApiJson(new): ApiJson<NewSupplier>,
) -> Result<Created<Supplier>, Problem> {
    let new = new.parse()?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| super::register(tx, stamp, new.clone()).await)
        .await
        .map(Created)
}

/// The scorecards of a supplier, the latest period first.
#[utoipa::path(get, path = "/suppliers/{supplier}/scorecards", tag = "1.2 suppliers", operation_id = "list_scorecards",
    params(("supplier" = SupplierId, Path), Paging),
    responses((status = 200, body = Page<Scorecard>), (status = "4XX", body = Problem)))]
async fn list_scorecards(
    State(app): State<App>,
    _by: By<duty::ReadPurchases>,
    ApiPath(supplier): ApiPath<SupplierId>,
    ApiQuery(paging): ApiQuery<Paging>,
) -> Result<ApiJson<Page<Scorecard>>, Problem> {
    let (before, rows) = (paging.key::<(Date, ScorecardId)>()?, paging.rows()?);
    let found = app
        .read(async move |tx: &mut Tx| {
            super::supplier(tx, supplier).await?;
            super::scorecards(tx, supplier, before, rows).await
        })
        .await?;
    paging.page(found, |card| (card.period_until, card.id)).map(ApiJson)
}

/// Compute how a supplier did in a period; the grade decides about its standing.
#[utoipa::path(post, path = "/suppliers/{supplier}/scorecards", tag = "1.2 suppliers",
    operation_id = "evaluate_supplier", request_body = NewScorecard,
    params(("supplier" = SupplierId, Path), IdempotencyKey),
    responses((status = 201, body = Scorecard), (status = "4XX", body = Problem)))]
async fn evaluate_supplier(
    State(app): State<App>,
    by: By<duty::ApproveSuppliers>,
    key: IdempotencyKey,
    ApiPath(supplier): ApiPath<SupplierId>,
    ApiJson(new): ApiJson<NewScorecard>,
) -> Result<Created<Scorecard>, Problem> {
    let new = new.parse()?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        let known = super::supplier(tx, supplier).await?;
        super::evaluate(tx, stamp, known, new).await
    })
    .await
    .map(Created)
}

/// What each part of a scorecard counts, now and before.
#[utoipa::path(get, path = "/scorecard-weights", tag = "1.2 suppliers", operation_id = "list_scorecard_weights",
    responses((status = 200, body = Vec<ScorecardWeights>), (status = "4XX", body = Problem)))]
async fn list_scorecard_weights(
    State(app): State<App>,
    _by: By<duty::ReadPurchases>,
) -> Result<ApiJson<Vec<ScorecardWeights>>, Problem> {
    app.read(async |tx: &mut Tx| super::weights(tx).await).await.map(ApiJson)
}

/// Set what each part of a scorecard counts from a day on.
#[utoipa::path(post, path = "/scorecard-weights", tag = "1.2 suppliers", operation_id = "set_scorecard_weights",
    request_body = NewWeights, params(IdempotencyKey),
    responses((status = 201, body = ScorecardWeights), (status = "4XX", body = Problem)))]
async fn set_scorecard_weights(
    State(app): State<App>,
    by: By<duty::ApproveAsGeneralManager>,
    key: IdempotencyKey,
    ApiJson(new): ApiJson<NewWeights>,
) -> Result<Created<ScorecardWeights>, Problem> {
    let new = new.parse()?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| super::set_weights(tx, stamp, new).await)
        .await
        .map(Created)
}

/// One supplier.
#[utoipa::path(get, path = "/suppliers/{supplier}", tag = "1.2 suppliers", operation_id = "show_supplier",
    params(("supplier" = SupplierId, Path)),
    responses((status = 200, body = Supplier), (status = "4XX", body = Problem)))]
async fn show_supplier(
    State(app): State<App>,
    _by: By<duty::ReadPurchases>,
    ApiPath(supplier): ApiPath<SupplierId>,
) -> Result<Tagged<Supplier>, Problem> {
    app.read(async move |tx: &mut Tx| super::supplier(tx, supplier).await).await.map(Tagged)
}

/// Change what a buyer knows about a supplier.
#[utoipa::path(put, path = "/suppliers/{supplier}", tag = "1.2 suppliers", operation_id = "change_supplier",
    request_body = NewSupplier, params(("supplier" = SupplierId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = Supplier), (status = "4XX", body = Problem)))]
async fn change_supplier(
    State(app): State<App>,
    by: By<duty::ManageSuppliers>,
    seen: IfMatch,
    ApiPath(supplier): ApiPath<SupplierId>,
    ApiJson(new): ApiJson<NewSupplier>,
) -> Result<Tagged<Supplier>, Problem> {
    let new = new.parse()?;
    app.write(&by, async move |tx: &mut Tx, stamp: &Stamp| {
        let known = super::supplier(tx, supplier).await?;
        seen.check(&known)?;
        Ok::<_, Problem>(super::change(tx, stamp, known, new.clone()).await?)
    })
    .await
    .map(Tagged)
}

/// Admit, watch or suspend a supplier; somebody else has entered it.
#[utoipa::path(post, path = "/suppliers/{supplier}/standing", tag = "1.2 suppliers", operation_id = "decide_standing",
    request_body = NewStanding, params(("supplier" = SupplierId, Path), IdempotencyKey),
    responses((status = 201, body = Supplier), (status = "4XX", body = Problem)))]
async fn decide_standing(
    State(app): State<App>,
    by: By<duty::ApproveSuppliers>,
    key: IdempotencyKey,
    ApiPath(supplier): ApiPath<SupplierId>,
    ApiJson(new): ApiJson<NewStanding>,
) -> Result<Created<Supplier>, Problem> {
    let new = new.parse()?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        super::decide_standing(tx, stamp, supplier, new.clone()).await
    })
    .await
    .map(Created)
}

/// The papers of a supplier, expired ones too.
#[utoipa::path(get, path = "/suppliers/{supplier}/qualifications", tag = "1.2 suppliers",
    operation_id = "list_qualifications", params(("supplier" = SupplierId, Path)),
    responses((status = 200, body = Vec<Qualification>), (status = "4XX", body = Problem)))]
async fn list_qualifications(
    State(app): State<App>,
    _by: By<duty::ReadPurchases>,
    ApiPath(supplier): ApiPath<SupplierId>,
) -> Result<ApiJson<Vec<Qualification>>, Problem> {
    app.read(async move |tx: &mut Tx| super::qualifications(tx, supplier).await).await.map(ApiJson)
}

/// Record a paper.
#[utoipa::path(post, path = "/suppliers/{supplier}/qualifications", tag = "1.2 suppliers",
    operation_id = "record_qualification", request_body = NewQualification,
    params(("supplier" = SupplierId, Path), IdempotencyKey),
    responses((status = 201, body = Qualification), (status = "4XX", body = Problem)))]
async fn record_qualification(
    State(app): State<App>,
    by: By<duty::ManageSuppliers>,
    key: IdempotencyKey,
    ApiPath(supplier): ApiPath<SupplierId>,
    ApiJson(new): ApiJson<NewQualification>,
) -> Result<Created<Qualification>, Problem> {
    let new = new.parse()?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| super::qualify(tx, stamp, supplier, new.clone()).await)
        .await
        .map(Created)
}

/// From when, and how far ahead.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Ahead {
    /// The first day looked at.
    #[param(value_type = String, format = Date)]
    on: Date,
    /// So many days after it.
    #[param(minimum = 0, maximum = 365)]
    within_days: i64,
}

const EXPIRING_MAX: i64 = 500;

/// Papers that end soon and are not renewed yet, the first to end first.
#[utoipa::path(get, path = "/qualifications/expiring", tag = "1.2 suppliers",
    operation_id = "list_expiring_qualifications", params(Ahead),
    responses((status = 200, body = Vec<Qualification>), (status = "4XX", body = Problem)))]
async fn list_expiring_qualifications(
    State(app): State<App>,
    _by: By<duty::ReadPurchases>,
    ApiQuery(ahead): ApiQuery<Ahead>,
) -> Result<ApiJson<Vec<Qualification>>, Problem> {
    dates::plausible("on", ahead.on)?;
    let days = parse::within("within_days", ahead.within_days, 0, 365)?;
    let through = ahead.on.saturating_add(jiff::Span::new().days(days));
    app.read(async move |tx: &mut Tx| super::expiring(tx, ahead.on, through, EXPIRING_MAX).await).await.map(ApiJson)
}

/// The price list of a supplier.
#[utoipa::path(get, path = "/suppliers/{supplier}/prices", tag = "1.2 suppliers",
    operation_id = "list_supplier_prices", params(("supplier" = SupplierId, Path), Paging),
    responses((status = 200, body = Page<SupplierPrice>), (status = "4XX", body = Problem)))]
async fn list_supplier_prices(
    State(app): State<App>,
    _by: By<duty::ReadPurchases>,
    ApiPath(supplier): ApiPath<SupplierId>,
    ApiQuery(paging): ApiQuery<Paging>,
) -> Result<ApiJson<Page<SupplierPrice>>, Problem> {
    let (after, rows) = (paging.key::<SupplierPriceId>()?, paging.rows()?);
    let found = app.read(async move |tx: &mut Tx| super::prices(tx, supplier, after, rows).await).await?;
    paging.page(found, |price| price.id).map(ApiJson)
}

/// Enter what a supplier asks for a SKU.
#[utoipa::path(post, path = "/suppliers/{supplier}/prices", tag = "1.2 suppliers",
    operation_id = "set_supplier_price", request_body = NewSupplierPrice,
    params(("supplier" = SupplierId, Path), IdempotencyKey),
    responses((status = 201, body = SupplierPrice), (status = "4XX", body = Problem)))]
async fn set_supplier_price(
    State(app): State<App>,
    by: By<duty::ManageSuppliers>,
    key: IdempotencyKey,
    ApiPath(supplier): ApiPath<SupplierId>,
    ApiJson(new): ApiJson<NewSupplierPrice>,
) -> Result<Created<SupplierPrice>, Problem> {
    let new = new.parse()?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| super::set_price(tx, stamp, supplier, new.clone()).await)
        .await
        .map(Created)
}
