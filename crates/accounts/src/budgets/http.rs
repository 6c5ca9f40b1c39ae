//! Budgets on the wire.

use ::store::Tx;
use axum::{extract::State, http::StatusCode};
use edge::{ApiJson, ApiPath, ApiQuery, App, By, Created, IdempotencyKey, Page, Paging, Problem, duty};
use kernel::{BudgetId, SiteId, Stamp};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Budget, BudgetMove, BudgetRefusal, NewBudget, open_budget, store};

/// Whose budgets are wanted.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct BudgetQuery {
    pub site: SiteId,
    #[serde(default)]
    #[param(max_length = 400)]
    pub after: Option<String>,
    #[serde(default)]
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
}

/// List the budgets of a site, the latest month first.
#[utoipa::path(get, path = "/budgets", tag = "0 accounts", operation_id = "list_budgets", params(BudgetQuery),
    responses((status = 200, body = Page<Budget>), (status = "4XX", body = Problem)))]
async fn list_budgets(
    State(app): State<App>,
    by: By<duty::ReadAccounts>,
    ApiQuery(query): ApiQuery<BudgetQuery>,
) -> Result<ApiJson<Page<Budget>>, Problem> {
    by.demand_site(query.site)?;
    let paging = Paging { after: query.after, limit: query.limit };
    let (site, after, rows) = (query.site, paging.key::<(String, BudgetId)>()?, paging.rows()?);
    let found = app.read(async move |tx: &mut Tx| store::budgets(tx, site, after.clone(), rows).await).await?;
    paging.page(found, |budget| (budget.month.clone(), budget.id)).map(ApiJson)
}

/// Open a budget for a department, a category and a month.
#[utoipa::path(post, path = "/budgets", tag = "0 accounts", operation_id = "open_budget", request_body = NewBudget,
    params(IdempotencyKey), responses((status = 201, body = Budget), (status = "4XX", body = Problem)))]
async fn open(
    State(app): State<App>,
    by: By<duty::ManageBudgets>,
    key: IdempotencyKey,
    ApiJson(new): ApiJson<NewBudget>,
) -> Result<Created<Budget>, Problem> {
    let new = new.parse()?;
    by.demand_site(new.key.site)?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| open_budget(tx, stamp, &new).await).await.map(Created)
}

/// Read the journal of a budget, the oldest move first.
#[utoipa::path(get, path = "/budgets/{budget}/moves", tag = "0 accounts", operation_id = "list_budget_moves",
    params(("budget" = BudgetId, Path), Paging),
    responses((status = 200, body = Page<BudgetMove>), (status = "4XX", body = Problem)))]
async fn list_moves(
    State(app): State<App>,
    by: By<duty::ReadAccounts>,
    ApiPath(budget): ApiPath<BudgetId>,
    ApiQuery(paging): ApiQuery<Paging>,
) -> Result<ApiJson<Page<BudgetMove>>, Problem> {
    let (after, rows) = (paging.key::<i64>()?.unwrap_or(0), paging.rows()?);
    let (found, moves) = app
        .read(async move |tx: &mut Tx| {
            let found = store::budget(tx, budget).await?.ok_or(BudgetRefusal::NoSuchBudget { budget })?;
            Ok::<_, BudgetRefusal>((found, store::moves(tx, budget, after, rows).await?))
        })
        .await?;
    by.demand_site(found.site)?;
    paging.page(moves, |moved| moved.seq).map(ApiJson)
}

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_budgets, open)).routes(routes!(list_moves))
}

impl From<BudgetRefusal> for Problem {
    fn from(refusal: BudgetRefusal) -> Self {
        let conflict = |code| Self::new(StatusCode::CONFLICT, code);
        let unfit = |code| Self::new(StatusCode::UNPROCESSABLE_ENTITY, code);
        match refusal {
            BudgetRefusal::UnknownBudget { department, category, month } => conflict("budgets/unknown-budget")
                .with("department", department)
                .with("category", category)
                .with("month", month),
            BudgetRefusal::NoSuchBudget { .. } => Self::not_found(),
            BudgetRefusal::AlreadyExists { department, category, month } => conflict("budgets/already-exists")
                .with("department", department)
                .with("category", category)
                .with("month", month),
            BudgetRefusal::NotAMonth { month } => unfit("budgets/not-a-month").with("month", month).field("key/month"),
            BudgetRefusal::AmountOutOfRange { amount } => {
                unfit("budgets/amount-out-of-range").with("amount", amount).field("amount")
            }
            BudgetRefusal::OverBudget { wanted, free } => {
                conflict("budgets/over-budget").with("wanted", wanted).with("free", free)
            }
            BudgetRefusal::NotHeld { wanted, held, stage } => {
                conflict("budgets/not-held").with("wanted", wanted).with("held", held).with("stage", stage.code())
            }
            BudgetRefusal::ReasonMissing { min, max } => {
                unfit("budgets/reason-missing").with("min", min).with("max", max).field("reason")
            }
            BudgetRefusal::Journal(refusal) => Self::from(refusal),
            BudgetRefusal::Store(error) => Self::from(error),
        }
    }
}
