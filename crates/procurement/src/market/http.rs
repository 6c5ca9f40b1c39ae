//! The market over HTTP.

use axum::extract::State;
use edge::{ApiJson, ApiQuery, App, By, Created, IdempotencyKey, Problem, duty, parse};
use kernel::{Date, SiteId, SkuId, Stamp};
use serde::{Deserialize, Serialize};
use store::Tx;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    DemandForecast, Forecasting, Foresight, HotSeller, MarketRefusal, NewPriceQuote, NewSalesDay, Pasts, PriceQuote,
    ROWS_MAX, Recorded, SalesDay, pasts,
};
use crate::dates;

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_sales, record_sales))
        .routes(routes!(list_quotes, record_quotes))
        .routes(routes!(rank_sellers))
        .routes(routes!(forecast_demand))
}

/// Days of sales.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SalesRows {
    #[schema(min_items = 1, max_items = 1_000)]
    rows: Vec<NewSalesDay>,
}

/// Record days of sales from a file or another system; what is known is replaced.
#[utoipa::path(post, path = "/market/sales", tag = "1.1 market", operation_id = "record_sales",
    request_body = SalesRows, params(IdempotencyKey),
    responses((status = 201, body = Recorded), (status = "4XX", body = Problem)))]
async fn record_sales(
    State(app): State<App>,
    by: By<duty::ResearchMarket>,
    key: IdempotencyKey,
    ApiJson(new): ApiJson<SalesRows>,
) -> Result<Created<Recorded>, Problem> {
    parse::count("rows", &new.rows, 1, ROWS_MAX)?;
    let mut rows = Vec::with_capacity(new.rows.len());
    for (at, row) in new.rows.into_iter().enumerate() {
        by.demand_site(row.site)?;
        rows.push(row.parse(&format!("rows/{at}"))?);
    }
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| super::record_sales(tx, stamp, &rows).await)
        .await
        .map(Created)
}

/// Wholesale prices that were seen.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct QuoteRows {
    #[schema(min_items = 1, max_items = 1_000)]
    rows: Vec<NewPriceQuote>,
}

/// Record wholesale prices that were seen; what is known is replaced.
#[utoipa::path(post, path = "/market/quotes", tag = "1.1 market", operation_id = "record_quotes",
    request_body = QuoteRows, params(IdempotencyKey),
    responses((status = 201, body = Recorded), (status = "4XX", body = Problem)))]
async fn record_quotes(
    State(app): State<App>,
    by: By<duty::ResearchMarket>,
    key: IdempotencyKey,
    ApiJson(new): ApiJson<QuoteRows>,
) -> Result<Created<Recorded>, Problem> {
    parse::count("rows", &new.rows, 1, ROWS_MAX)?;
    let mut rows = Vec::with_capacity(new.rows.len());
    for (at, row) in new.rows.into_iter().enumerate() {
        rows.push(row.parse(&format!("rows/{at}"))?);
    }
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| super::record_quotes(tx, stamp, &rows).await)
        .await
        .map(Created)
}

/// Which sales.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct WhichSales {
    site: SiteId,
    sku: SkuId,
    #[param(value_type = String, format = Date)]
    from: Date,
    #[param(value_type = String, format = Date)]
    through: Date,
}

/// More days than anybody compares.
const DAYS_MAX: i64 = 800;

fn span(from: Date, through: Date) -> Result<(), Problem> {
    dates::plausible("from", from)?;
    dates::plausible("through", through)?;
    let last = from.saturating_add(jiff::Span::new().days(DAYS_MAX));
    if through < from || through > last {
        return Err(Problem::invalid("through", format!("1 to {DAYS_MAX} days belong here")));
    }
    Ok(())
}

/// What was sold of a product, day by day: recorded, and settled by our own orders.
#[utoipa::path(get, path = "/market/sales", tag = "1.1 market", operation_id = "list_sales", params(WhichSales),
    responses((status = 200, body = Vec<SalesDay>), (status = "4XX", body = Problem)))]
async fn list_sales(
    State(app): State<App>,
    by: By<duty::ReadPurchases>,
    ApiQuery(which): ApiQuery<WhichSales>,
) -> Result<ApiJson<Vec<SalesDay>>, Problem> {
    by.demand_site(which.site)?;
    span(which.from, which.through)?;
    app.read(async move |tx: &mut Tx| super::history(tx, which.site, which.sku, which.from, which.through).await)
        .await
        .map(ApiJson)
}

/// Which prices.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct WhichQuotes {
    sku: SkuId,
    #[param(value_type = String, format = Date)]
    from: Date,
    #[param(value_type = String, format = Date)]
    through: Date,
}

/// Wholesale prices of a product, the latest day first.
#[utoipa::path(get, path = "/market/quotes", tag = "1.1 market", operation_id = "list_quotes", params(WhichQuotes),
    responses((status = 200, body = Vec<PriceQuote>), (status = "4XX", body = Problem)))]
async fn list_quotes(
    State(app): State<App>,
    _by: By<duty::ReadPurchases>,
    ApiQuery(which): ApiQuery<WhichQuotes>,
) -> Result<ApiJson<Vec<PriceQuote>>, Problem> {
    span(which.from, which.through)?;
    app.read(async move |tx: &mut Tx| super::quotes(tx, which.sku, which.from, which.through).await).await.map(ApiJson)
}

/// Which period.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct WhichPeriod {
    site: SiteId,
    /// The last day of the period.
    #[param(value_type = String, format = Date)]
    through: Date,
    /// 28 if none is named.
    #[param(minimum = 1, maximum = 366)]
    days: Option<i64>,
}

/// Rank what sells: by margin and volume, by steadiness, and against the period before.
#[utoipa::path(get, path = "/market/ranking", tag = "1.1 market", operation_id = "rank_sellers", params(WhichPeriod),
    responses((status = 200, body = Vec<HotSeller>), (status = "4XX", body = Problem)))]
async fn rank_sellers(
    State(app): State<App>,
    by: By<duty::ReadPurchases>,
    ApiQuery(which): ApiQuery<WhichPeriod>,
) -> Result<ApiJson<Vec<HotSeller>>, Problem> {
    by.demand_site(which.site)?;
    dates::plausible("through", which.through)?;
    let days = parse::within("days", which.days.unwrap_or(28), 1, 366)?;
    app.read(async move |tx: &mut Tx| super::hot_sellers(tx, which.site, which.through, days).await).await.map(ApiJson)
}

/// Which days.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct WhichDemand {
    site: SiteId,
    sku: SkuId,
    /// The first day that is forecast; what was sold before it is learnt from.
    #[param(value_type = String, format = Date)]
    from: Date,
    /// 7 if none is named.
    #[param(minimum = 1, maximum = 28)]
    days: Option<i64>,
    /// By which rule; the engine's if none is named.
    forecasting: Option<Forecasting>,
}

/// Forecast what will be wanted of a product, day by day, with how sure that is.
#[utoipa::path(get, path = "/market/forecast", tag = "1.1 market", operation_id = "forecast_demand",
    params(WhichDemand), responses((status = 200, body = DemandForecast), (status = "4XX", body = Problem)))]
async fn forecast_demand(
    State(app): State<App>,
    by: By<duty::ReadPurchases>,
    ApiQuery(which): ApiQuery<WhichDemand>,
) -> Result<ApiJson<DemandForecast>, Problem> {
    by.demand_site(which.site)?;
    dates::plausible("from", which.from)?;
    let days = parse::within("days", which.days.unwrap_or(7), 1, 28)?;
    let forecasting = which.forecasting.unwrap_or(Forecasting::Ensemble);
    let (code, pasts) = app
        .read(async move |tx: &mut Tx| {
            let sku = catalog::sku(tx, which.sku).await?;
            let code = sku.code.clone();
            Ok::<_, MarketRefusal>((code, pasts(tx, forecasting, which.site, Some(sku), which.from).await?))
        })
        .await?;
    let foresight = foreseen(pasts, usize::try_from(days).unwrap_or(1)).await?;
    let told = foresight.told(which.site, which.sku, days);
    told.map(ApiJson).ok_or_else(|| MarketRefusal::NoHistory { sku: code }.into())
}

/// Forecasts where it holds nobody up.
pub(crate) async fn foreseen(pasts: Pasts, days: usize) -> Result<Foresight, Problem> {
    tokio::task::spawn_blocking(move || pasts.foresee(days)).await.map_err(|error| Problem::internal(&error))
}
