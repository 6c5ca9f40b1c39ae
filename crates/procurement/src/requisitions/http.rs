//! Requisitions over HTTP.

use axum::extract::State;
use edge::{
    ApiJson, ApiPath, ApiQuery, App, By, Caller, Created, IdempotencyKey, IfMatch, Page, Paging, Problem, Tagged, duty,
    parse,
};
use kernel::{Instant, RequisitionId, SiteId, Stamp};
use serde::Deserialize;
use store::Tx;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{NewProposal, NewRequisition, OrderedRequisition, Requisition, RequisitionHead, RequisitionState, propose};
use crate::{demand_site, market::http::foreseen};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_requisitions, draft_requisition))
        .routes(routes!(propose_requisition))
        .routes(routes!(show_requisition, edit_requisition))
        .routes(routes!(submit_requisition))
        .routes(routes!(withdraw_requisition))
        .routes(routes!(order_requisition))
}

/// Which requisitions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Which {
    site: SiteId,
    /// Only in this state.
    state: Option<RequisitionState>,
    #[param(max_length = 400)]
    after: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// Requisitions of a site, latest first.
#[utoipa::path(get, path = "/requisitions", tag = "1.3 requisitions", operation_id = "list_requisitions",
    params(Which), responses((status = 200, body = Page<RequisitionHead>), (status = "4XX", body = Problem)))]
async fn list_requisitions(
    State(app): State<App>,
    by: By<duty::ReadPurchases>,
    ApiQuery(which): ApiQuery<Which>,
) -> Result<ApiJson<Page<RequisitionHead>>, Problem> {
    by.demand_site(which.site)?;
    let paging = Paging { after: which.after, limit: which.limit };
    let (before, rows) = (paging.key::<(Instant, RequisitionId)>()?, paging.rows()?);
    let found =
        app.read(async move |tx: &mut Tx| super::requisitions(tx, which.site, which.state, before, rows).await).await?;
    paging.page(found, |one| (one.drafted_at, one.id)).map(ApiJson)
}

/// Write a requisition.
#[utoipa::path(post, path = "/requisitions", tag = "1.3 requisitions", operation_id = "draft_requisition",
    request_body = NewRequisition, params(IdempotencyKey),
    responses((status = 201, body = Requisition), (status = "4XX", body = Problem)))]
async fn draft_requisition(
    State(app): State<App>,
    by: By<duty::RequestPurchase>,
    key: IdempotencyKey,
    ApiJson(new): ApiJson<NewRequisition>,
) -> Result<Created<Requisition>, Problem> {
    let new = new.parse()?;
    by.demand_site(new.site)?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| super::draft(tx, stamp, new.clone()).await)
        .await
        .map(Created)
}

/// Write a draft of everything that has to come on a day, each number with the sum behind it.
#[utoipa::path(post, path = "/requisitions/proposals", tag = "1.3 requisitions", operation_id = "propose_requisition",
    request_body = NewProposal, params(IdempotencyKey),
    responses((status = 201, body = Requisition), (status = "4XX", body = Problem)))]
async fn propose_requisition(
    State(app): State<App>,
    by: By<duty::RequestPurchase>,
    key: IdempotencyKey,
    ApiJson(new): ApiJson<NewProposal>,
) -> Result<Created<Requisition>, Problem> {
    let new = new.parse()?;
    by.demand_site(new.site)?;
    let (asked_at, asked) = (app.clock.now(), new.clone());
    let ground = app.read(async move |tx: &mut Tx| propose::ground(tx, asked_at, &asked).await).await?;
    // Thinking takes its time outside the writer; the shelf and what is on the way are read in it.
    let (pasts, days) = ground.asked();
    let foresight = foreseen(pasts, days).await?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        propose::propose(tx, stamp, new.clone(), &foresight).await
    })
    .await
    .map(Created)
}

/// One requisition, with how each proposed number came about.
#[utoipa::path(get, path = "/requisitions/{requisition}", tag = "1.3 requisitions", operation_id = "show_requisition",
    params(("requisition" = RequisitionId, Path)),
    responses((status = 200, body = Requisition), (status = "4XX", body = Problem)))]
async fn show_requisition(
    State(app): State<App>,
    by: By<duty::ReadPurchases>,
    ApiPath(requisition): ApiPath<RequisitionId>,
) -> Result<Tagged<Requisition>, Problem> {
    read(&app, &by, requisition).await.map(Tagged)
}

/// Rewrite one's own draft.
#[utoipa::path(put, path = "/requisitions/{requisition}", tag = "1.3 requisitions", operation_id = "edit_requisition",
    request_body = NewRequisition,
    params(("requisition" = RequisitionId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = Requisition), (status = "4XX", body = Problem)))]
async fn edit_requisition(
    State(app): State<App>,
    by: By<duty::RequestPurchase>,
    seen: IfMatch,
    ApiPath(requisition): ApiPath<RequisitionId>,
    ApiJson(new): ApiJson<NewRequisition>,
) -> Result<Tagged<Requisition>, Problem> {
    let new = new.parse()?;
    let sites = by.sites.clone();
    app.write(&by, async move |tx: &mut Tx, stamp: &Stamp| {
        let known = super::locked(tx, requisition).await?;
        demand_site(&sites, known.head.site)?;
        if known.head.site != new.site {
            return Err(Problem::invalid("site", "a requisition stays at its site"));
        }
        seen.check(&known)?;
        Ok(super::edit(tx, stamp, known, new.clone()).await?)
    })
    .await
    .map(Tagged)
}

/// Submit one's own draft: its money is set aside, and the rules say who must sign.
#[utoipa::path(post, path = "/requisitions/{requisition}/submit", tag = "1.3 requisitions",
    operation_id = "submit_requisition", params(("requisition" = RequisitionId, Path), IdempotencyKey),
    responses((status = 201, body = Requisition), (status = "4XX", body = Problem)))]
async fn submit_requisition(
    State(app): State<App>,
    by: By<duty::RequestPurchase>,
    key: IdempotencyKey,
    ApiPath(requisition): ApiPath<RequisitionId>,
) -> Result<Created<Requisition>, Problem> {
    let sites = by.sites.clone();
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        demand_site(&sites, super::requisition(tx, requisition).await?.head.site)?;
        Ok::<_, Problem>(super::submit(tx, stamp, requisition).await?)
    })
    .await
    .map(Created)
}

/// Why a requisition is given up.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EndOfRequisition {
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

/// Give up one's own requisition before it is ordered.
#[utoipa::path(post, path = "/requisitions/{requisition}/withdraw", tag = "1.3 requisitions",
    operation_id = "withdraw_requisition", request_body = EndOfRequisition,
    params(("requisition" = RequisitionId, Path), IdempotencyKey),
    responses((status = 201, body = Requisition), (status = "4XX", body = Problem)))]
async fn withdraw_requisition(
    State(app): State<App>,
    by: By<duty::RequestPurchase>,
    key: IdempotencyKey,
    ApiPath(requisition): ApiPath<RequisitionId>,
    ApiJson(end): ApiJson<EndOfRequisition>,
) -> Result<Created<Requisition>, Problem> {
    let reason = parse::text("reason", &end.reason, 1, 500)?;
    let sites = by.sites.clone();
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        demand_site(&sites, super::requisition(tx, requisition).await?.head.site)?;
        Ok::<_, Problem>(super::withdraw(tx, stamp, requisition, &reason).await?)
    })
    .await
    .map(Created)
}

/// Order what was approved: one purchase order for each supplier and day.
#[utoipa::path(post, path = "/requisitions/{requisition}/orders", tag = "1.3 requisitions",
    operation_id = "order_requisition", params(("requisition" = RequisitionId, Path), IdempotencyKey),
    responses((status = 201, body = OrderedRequisition), (status = "4XX", body = Problem)))]
async fn order_requisition(
    State(app): State<App>,
    by: By<duty::PlacePurchaseOrders>,
    key: IdempotencyKey,
    ApiPath(requisition): ApiPath<RequisitionId>,
) -> Result<Created<OrderedRequisition>, Problem> {
    let sites = by.sites.clone();
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        demand_site(&sites, super::requisition(tx, requisition).await?.head.site)?;
        Ok::<_, Problem>(super::order(tx, stamp, requisition).await?)
    })
    .await
    .map(Created)
}

async fn read(app: &App, caller: &Caller, id: RequisitionId) -> Result<Requisition, Problem> {
    let known = app.read(async move |tx: &mut Tx| super::requisition(tx, id).await).await?;
    caller.demand_site(known.head.site)?;
    Ok(known)
}
