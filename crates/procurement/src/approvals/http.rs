//! Rules, signatures, delegations and attempts over HTTP.

use axum::extract::State;
use edge::{ApiJson, ApiPath, ApiQuery, App, By, Caller, Created, IdempotencyKey, Page, Paging, Problem, duty, parse};
use kernel::{Currency, Instant, RequisitionId, SiteId, Stamp};
use serde::Deserialize;
use store::Tx;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    ApprovalRule, Decision, Delegation, DelegationId, GrantedOverride, Level, NewApprovalRule, NewDelegation,
    PurchaseAttempt, PurchaseAttemptId, Signer, Trail, WaitingRequisition,
};
use crate::{
    demand_site,
    requisitions::{self, Requisition},
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_approval_rules, set_approval_rule))
        .routes(routes!(list_waiting))
        .routes(routes!(show_approvals, decide_requisition))
        .routes(routes!(grant_budget_override))
        .routes(routes!(list_delegations, lend_signature))
        .routes(routes!(end_delegation))
        .routes(routes!(list_purchase_attempts))
}

/// Which rules.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct WhichRules {
    currency: Currency,
}

/// Who must sign from which amount on, now and before.
#[utoipa::path(get, path = "/approval-rules", tag = "1.4 approvals", operation_id = "list_approval_rules",
    params(WhichRules), responses((status = 200, body = Vec<ApprovalRule>), (status = "4XX", body = Problem)))]
async fn list_approval_rules(
    State(app): State<App>,
    _by: By<duty::ReadPurchases>,
    ApiQuery(which): ApiQuery<WhichRules>,
) -> Result<ApiJson<Vec<ApprovalRule>>, Problem> {
    app.read(async move |tx: &mut Tx| super::rules(tx, which.currency).await).await.map(ApiJson)
}

/// Set from which amount on a level must sign.
#[utoipa::path(post, path = "/approval-rules", tag = "1.4 approvals", operation_id = "set_approval_rule",
    request_body = NewApprovalRule, params(IdempotencyKey),
    responses((status = 201, body = ApprovalRule), (status = "4XX", body = Problem)))]
async fn set_approval_rule(
    State(app): State<App>,
    by: By<duty::ApproveAsGeneralManager>,
    key: IdempotencyKey,
    ApiJson(new): ApiJson<NewApprovalRule>,
) -> Result<Created<ApprovalRule>, Problem> {
    let new = new.parse()?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| super::set_rule(tx, stamp, new).await).await.map(Created)
}

/// Whose turn.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct WhoseTurn {
    site: SiteId,
    /// Only those that wait for this level, or were brought before it because the one below was late.
    level: Option<Level>,
}

/// Requisitions that wait for a signature, the longest wait first.
#[utoipa::path(get, path = "/approvals", tag = "1.4 approvals", operation_id = "list_waiting_requisitions",
    params(WhoseTurn), responses((status = 200, body = Vec<WaitingRequisition>), (status = "4XX", body = Problem)))]
async fn list_waiting(
    State(app): State<App>,
    by: By<duty::ReadPurchases>,
    ApiQuery(which): ApiQuery<WhoseTurn>,
) -> Result<ApiJson<Vec<WaitingRequisition>>, Problem> {
    by.demand_site(which.site)?;
    let levels: Vec<Level> = which.level.into_iter().collect();
    app.read(async move |tx: &mut Tx| super::waiting(tx, which.site, &levels).await).await.map(ApiJson)
}

/// The signatures of a requisition: who was asked and why, who said what, and what it does to the budgets.
#[utoipa::path(get, path = "/requisitions/{requisition}/approvals", tag = "1.4 approvals",
    operation_id = "show_approvals", params(("requisition" = RequisitionId, Path)),
    responses((status = 200, body = Trail), (status = "4XX", body = Problem)))]
async fn show_approvals(
    State(app): State<App>,
    by: By<duty::ReadPurchases>,
    ApiPath(requisition): ApiPath<RequisitionId>,
) -> Result<ApiJson<Trail>, Problem> {
    let sites = by.sites.clone();
    app.read(async move |tx: &mut Tx| {
        let known = requisitions::requisition(tx, requisition).await?;
        demand_site(&sites, known.head.site)?;
        Ok::<_, Problem>(super::trail(tx, &known).await?)
    })
    .await
    .map(ApiJson)
}

/// Sign, reject or send back a requisition, for the level whose turn it is: by one's own duty or a lent signature.
#[utoipa::path(post, path = "/requisitions/{requisition}/approvals", tag = "1.4 approvals",
    operation_id = "decide_requisition", request_body = Decision,
    params(("requisition" = RequisitionId, Path), IdempotencyKey),
    responses((status = 201, body = Requisition), (status = "4XX", body = Problem)))]
async fn decide_requisition(
    State(app): State<App>,
    // Which signature it takes depends on the requisition; a delegate holds none of them.
    by: By<duty::ReadPurchases>,
    key: IdempotencyKey,
    ApiPath(requisition): ApiPath<RequisitionId>,
    ApiJson(decision): ApiJson<Decision>,
) -> Result<Created<Requisition>, Problem> {
    let (decision, sites, signer) = (decision.parse()?, by.sites.clone(), signer(&by));
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        demand_site(&sites, requisitions::requisition(tx, requisition).await?.head.site)?;
        Ok::<_, Problem>(super::decide(tx, stamp, requisition, &signer, &decision).await?)
    })
    .await
    .map(Created)
}

/// Why finance lets a draft pass that is above what is free.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewOverride {
    #[schema(min_length = 5, max_length = 300)]
    reason: String,
}

/// Let a draft be submitted beyond what its budgets have free.
#[utoipa::path(post, path = "/requisitions/{requisition}/budget-override", tag = "1.4 approvals",
    operation_id = "grant_budget_override", request_body = NewOverride,
    params(("requisition" = RequisitionId, Path), IdempotencyKey),
    responses((status = 201, body = GrantedOverride), (status = "4XX", body = Problem)))]
async fn grant_budget_override(
    State(app): State<App>,
    by: By<duty::ApproveForFinance>,
    key: IdempotencyKey,
    ApiPath(requisition): ApiPath<RequisitionId>,
    ApiJson(new): ApiJson<NewOverride>,
) -> Result<Created<GrantedOverride>, Problem> {
    let reason = parse::text("reason", &new.reason, 5, 300)?;
    let sites = by.sites.clone();
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        demand_site(&sites, requisitions::requisition(tx, requisition).await?.head.site)?;
        Ok::<_, Problem>(super::grant_override(tx, stamp, requisition, &reason).await?)
    })
    .await
    .map(Created)
}

/// Lent signatures, the latest first.
#[utoipa::path(get, path = "/delegations", tag = "1.4 approvals", operation_id = "list_delegations", params(Paging),
    responses((status = 200, body = Page<Delegation>), (status = "4XX", body = Problem)))]
async fn list_delegations(
    State(app): State<App>,
    _by: By<duty::ReadPurchases>,
    ApiQuery(paging): ApiQuery<Paging>,
) -> Result<ApiJson<Page<Delegation>>, Problem> {
    let (before, rows) = (paging.key::<(Instant, DelegationId)>()?, paging.rows()?);
    let found = app.read(async move |tx: &mut Tx| super::delegations(tx, before, rows).await).await?;
    paging.page(found, |lent| (lent.made_at, lent.id)).map(ApiJson)
}

/// Lend one's own signature for some days, up to an amount.
#[utoipa::path(post, path = "/delegations", tag = "1.4 approvals", operation_id = "lend_signature",
    request_body = NewDelegation, params(IdempotencyKey),
    responses((status = 201, body = Delegation), (status = "4XX", body = Problem)))]
async fn lend_signature(
    State(app): State<App>,
    by: By<duty::ReadPurchases>,
    key: IdempotencyKey,
    ApiJson(new): ApiJson<NewDelegation>,
) -> Result<Created<Delegation>, Problem> {
    let (new, signer) = (new.parse()?, signer(&by));
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| super::delegate(tx, stamp, &signer, new.clone()).await)
        .await
        .map(Created)
}

/// Take one's lent signature back.
#[utoipa::path(post, path = "/delegations/{delegation}/end", tag = "1.4 approvals", operation_id = "end_delegation",
    params(("delegation" = DelegationId, Path), IdempotencyKey),
    responses((status = 201, body = Delegation), (status = "4XX", body = Problem)))]
async fn end_delegation(
    State(app): State<App>,
    by: By<duty::ReadPurchases>,
    key: IdempotencyKey,
    ApiPath(delegation): ApiPath<DelegationId>,
) -> Result<Created<Delegation>, Problem> {
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| super::end_delegation(tx, stamp, delegation).await)
        .await
        .map(Created)
}

/// Where.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct WhichAttempts {
    site: SiteId,
    #[param(max_length = 400)]
    after: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// Purchases that were tried without the signatures that the rules ask for, latest first.
#[utoipa::path(get, path = "/purchase-attempts", tag = "1.4 approvals", operation_id = "list_purchase_attempts",
    params(WhichAttempts), responses((status = 200, body = Page<PurchaseAttempt>), (status = "4XX", body = Problem)))]
async fn list_purchase_attempts(
    State(app): State<App>,
    by: By<duty::ReadPurchases>,
    ApiQuery(which): ApiQuery<WhichAttempts>,
) -> Result<ApiJson<Page<PurchaseAttempt>>, Problem> {
    by.demand_site(which.site)?;
    let paging = Paging { after: which.after, limit: which.limit };
    let (before, rows) = (paging.key::<(Instant, PurchaseAttemptId)>()?, paging.rows()?);
    let found = app.read(async move |tx: &mut Tx| super::attempts(tx, which.site, before, rows).await).await?;
    paging.page(found, |one| (one.tried_at, one.id)).map(ApiJson)
}

fn signer(caller: &Caller) -> Signer {
    Signer { actor: caller.actor, duties: caller.duties.clone() }
}
