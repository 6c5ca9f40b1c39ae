//! Indicators over HTTP.

use axum::extract::State;
use edge::{ApiJson, ApiPath, ApiQuery, App, By, Page, Paging, Problem, duty};
use kernel::{Date, Instant, SiteId};
use serde::Deserialize;
use store::Tx;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{FigureEntry, Figures, IndicatorCard, dictionary};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_indicators)).routes(routes!(show_day)).routes(routes!(list_entries))
}

/// Every indicator: its unit, formula, owner and target.
#[utoipa::path(get, path = "/indicators", tag = "6 metrics", operation_id = "list_indicators",
    responses((status = 200, body = Vec<IndicatorCard>), (status = "4XX", body = Problem)))]
async fn list_indicators(by: By<duty::ReadIndicators>) -> ApiJson<Vec<IndicatorCard>> {
    ApiJson(dictionary().iter().map(|indicator| indicator.card(by.lang)).collect())
}

/// Which site, and which of its business days.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct SiteDay {
    site: SiteId,
    #[param(value_type = String, format = Date)]
    day: Date,
}

/// The figures of a site's business day.
#[utoipa::path(get, path = "/indicators/day", tag = "6 metrics", operation_id = "show_indicators_of_day",
    params(SiteDay), responses((status = 200, body = Figures), (status = "4XX", body = Problem)))]
async fn show_day(
    State(app): State<App>,
    by: By<duty::ReadIndicators>,
    ApiQuery(SiteDay { site, day }): ApiQuery<SiteDay>,
) -> Result<ApiJson<Figures>, Problem> {
    by.demand_site(site)?;
    app.read(async move |tx: &mut Tx| super::day(tx, site, day).await).await.map(ApiJson)
}

/// Which figure, and where the list goes on.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct OfFigure {
    site: SiteId,
    #[param(value_type = String, format = Date)]
    day: Date,
    #[param(max_length = 400)]
    after: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// The events or journal entries that a figure rests on, oldest first, each with what it brings.
#[utoipa::path(get, path = "/indicators/{name}/entries", tag = "6 metrics", operation_id = "list_entries_of_indicator",
    params(("name" = String, Path, max_length = 60), OfFigure),
    responses((status = 200, body = Page<FigureEntry>), (status = "4XX", body = Problem)))]
async fn list_entries(
    State(app): State<App>,
    by: By<duty::ReadIndicators>,
    ApiPath(name): ApiPath<String>,
    ApiQuery(which): ApiQuery<OfFigure>,
) -> Result<ApiJson<Page<FigureEntry>>, Problem> {
    by.demand_site(which.site)?;
    let paging = Paging { after: which.after, limit: which.limit };
    let (after, rows) = (paging.key::<(Instant, Uuid)>()?, usize::try_from(paging.rows()?).unwrap_or(usize::MAX));
    let entries = app.read(async move |tx: &mut Tx| super::entries(tx, which.site, which.day, &name).await).await?;
    let behind = |entry: &FigureEntry| after.is_none_or(|after| (entry.at, entry.id) > after);
    let page = entries.into_iter().filter(behind).take(rows).collect();
    paging.page(page, |entry| (entry.at, entry.id)).map(ApiJson)
}
