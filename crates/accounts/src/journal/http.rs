//! The journal on the wire: read by those who keep the books, never written by hand.

use ::store::Tx;
use axum::{extract::State, http::StatusCode};
use edge::{ApiJson, ApiPath, ApiQuery, App, By, Created, IdempotencyKey, Page, Paging, Problem, duty, parse};
use kernel::{Date, EntryId, SiteId, Stamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{BalanceLine, JournalRefusal, Lock, Posted, lock_period, query};

/// Which entries are wanted.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct JournalQuery {
    pub site: SiteId,
    #[serde(default)]
    #[param(max_length = 400)]
    pub after: Option<String>,
    #[serde(default)]
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
}

/// The days of a trial balance, both included.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Days {
    pub site: SiteId,
    #[param(value_type = String, format = Date)]
    pub from: Date,
    #[param(value_type = String, format = Date)]
    pub to: Date,
}

/// What every account of a site moved within some days. The balances sum to zero.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TrialBalance {
    pub site: SiteId,
    #[schema(value_type = String, format = Date)]
    pub from: Date,
    #[schema(value_type = String, format = Date)]
    pub to: Date,
    pub accounts: Vec<BalanceLine>,
}

/// Through which day the books are to be closed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LockThrough {
    #[schema(value_type = String, format = Date)]
    pub through: Date,
}

/// Read the money journal of a site, the newest entry first.
#[utoipa::path(get, path = "/money-entries", tag = "0 accounts", operation_id = "list_money_entries", params(JournalQuery),
    responses((status = 200, body = Page<Posted>), (status = "4XX", body = Problem)))]
async fn list_entries(
    State(app): State<App>,
    by: By<duty::ReadAccounts>,
    ApiQuery(query): ApiQuery<JournalQuery>,
) -> Result<ApiJson<Page<Posted>>, Problem> {
    by.demand_site(query.site)?;
    let paging = Paging { after: query.after, limit: query.limit };
    let (site, before, rows) = (query.site, paging.key::<i64>()?, paging.rows()?);
    let entries = app.read(async move |tx: &mut Tx| query::entries(tx, site, before, rows).await).await?;
    paging.page(entries, |entry| entry.seq).map(ApiJson)
}

/// Read one entry of the money journal.
#[utoipa::path(get, path = "/money-entries/{entry}", tag = "0 accounts", operation_id = "get_money_entry",
    params(("entry" = EntryId, Path)), responses((status = 200, body = Posted), (status = "4XX", body = Problem)))]
async fn get_entry(
    State(app): State<App>,
    by: By<duty::ReadAccounts>,
    ApiPath(entry): ApiPath<EntryId>,
) -> Result<ApiJson<Posted>, Problem> {
    let found = app.read(async move |tx: &mut Tx| query::entry(tx, entry).await).await?;
    let found = found.ok_or_else(Problem::not_found)?;
    by.demand_site(found.site)?;
    Ok(ApiJson(found))
}

/// Add up the accounts of a site over a range of days.
#[utoipa::path(get, path = "/trial-balance", tag = "0 accounts", operation_id = "get_trial_balance", params(Days),
    responses((status = 200, body = TrialBalance), (status = "4XX", body = Problem)))]
async fn trial_balance(
    State(app): State<App>,
    by: By<duty::ReadAccounts>,
    ApiQuery(days): ApiQuery<Days>,
) -> Result<ApiJson<TrialBalance>, Problem> {
    by.demand_site(days.site)?;
    if days.to < days.from {
        return Err(Problem::invalid("to", "the last day is before the first"));
    }
    let Days { site, from, to } = days;
    let accounts = app.read(async move |tx: &mut Tx| query::trial_balance(tx, site, from, to).await).await?;
    Ok(ApiJson(TrialBalance { site, from, to, accounts }))
}

/// Close the books of a site through a past day, for good.
#[utoipa::path(post, path = "/sites/{site}/books-lock", tag = "0 accounts", operation_id = "lock_books",
    request_body = LockThrough, params(("site" = SiteId, Path), IdempotencyKey),
    responses((status = 201, body = Lock), (status = "4XX", body = Problem)))]
async fn lock_books(
    State(app): State<App>,
    by: By<duty::KeepBooks>,
    key: IdempotencyKey,
    ApiPath(site): ApiPath<SiteId>,
    ApiJson(asked): ApiJson<LockThrough>,
) -> Result<Created<Lock>, Problem> {
    by.demand_site(site)?;
    let through = parse::day("through", asked.through)?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| lock_period(tx, stamp, site, through).await)
        .await
        .map(Created)
}

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_entries))
        .routes(routes!(get_entry))
        .routes(routes!(trial_balance))
        .routes(routes!(lock_books))
}

impl From<JournalRefusal> for Problem {
    fn from(refusal: JournalRefusal) -> Self {
        match refusal {
            // Nobody writes an entry by hand: one that does not balance is a fault of ours.
            JournalRefusal::Unbalanced { .. }
            | JournalRefusal::PostingCount { .. }
            | JournalRefusal::ZeroPosting { .. }
            | JournalRefusal::TooLarge { .. }
            | JournalRefusal::ForeignCurrency { .. } => Self::internal(&refusal),
            JournalRefusal::PeriodLocked { day, locked_through } => {
                Self::new(StatusCode::CONFLICT, "journal/period-locked")
                    .with("day", day)
                    .with("locked_through", locked_through)
            }
            JournalRefusal::CannotLock { asked, locked_through } => {
                Self::new(StatusCode::CONFLICT, "journal/cannot-lock")
                    .with("asked", asked)
                    .with("locked_through", locked_through.map_or_else(|| "-".to_owned(), |day| day.to_string()))
                    .field("through")
            }
            JournalRefusal::Catalog(refusal) => Self::from(refusal),
            JournalRefusal::Store(error) => Self::from(error),
        }
    }
}
