//! Conformance over HTTP.

use axum::extract::State;
use edge::{ApiJson, ApiPath, ApiQuery, App, By, Page, Paging, Problem, duty};
use kernel::{Id, Instant, ProcedureId, SiteId};
use serde::{Deserialize, Serialize};
use store::Tx;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    CaseState, Finding, FindingKind, Wait, Way,
    store::{self as rows, CaseKey, Span, Wanted},
};
use crate::authoring::{self, AuthoringRefusal};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show_conformance)).routes(routes!(list_cases))
}

/// The worst waits that a summary names.
const WAITS: i64 = 10;

/// Which site, and cases that began when.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct OfSite {
    site: SiteId,
    /// Cases that began at this instant or later.
    from: Option<Instant>,
    /// Cases that began before this instant.
    until: Option<Instant>,
}

/// How the cases of a procedure went.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
struct Conformance {
    procedure: ProcedureId,
    step: String,
    /// Cases that are through.
    ended: i64,
    open: i64,
    abandoned: i64,
    /// Ended without a finding.
    on_the_way: i64,
    /// `on_the_way` of `ended`, in hundredths of a percent; absent while none has ended.
    on_the_way_pct: Option<i64>,
    findings: Vec<Tally>,
    worst_waits: Vec<WaitOfCase>,
}

/// How many cases have one finding.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = ConformanceTally)]
struct Tally {
    kind: FindingKind,
    step: String,
    cases: i64,
    worst_minutes: i64,
}

/// The longest wait of one case.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
struct WaitOfCase {
    noun: String,
    object: Uuid,
    step: String,
    minutes: i64,
}

/// How many cases of a procedure went the written way, what went wrong with the others, and where they waited.
#[utoipa::path(get, path = "/procedures/{procedure}/conformance", tag = "5 procedures",
    operation_id = "show_conformance", params(("procedure" = ProcedureId, Path), OfSite),
    responses((status = 200, body = Conformance), (status = "4XX", body = Problem)))]
async fn show_conformance(
    State(app): State<App>,
    by: By<duty::ReadProcedures>,
    ApiPath(procedure): ApiPath<ProcedureId>,
    ApiQuery(OfSite { site, from, until }): ApiQuery<OfSite>,
) -> Result<ApiJson<Conformance>, Problem> {
    by.demand_site(site)?;
    let (from, until) = (from.unwrap_or(Instant::MIN), until.unwrap_or(Instant::MAX));
    let span = Span { procedure, site, from, until };
    app.read(async move |tx: &mut Tx| {
        let (_, step) = authoring::store::procedure(tx, procedure).await?.ok_or(AuthoringRefusal::NoSuchProcedure)?;
        let tally = rows::tally(tx, span).await?;
        let findings = rows::found(tx, span).await?;
        let waits = rows::worst(tx, span, WAITS).await?;
        Ok::<_, AuthoringRefusal>(summary((procedure, step), &tally, findings, waits))
    })
    .await
    .map(ApiJson)
}

fn summary(
    (procedure, step): (ProcedureId, String),
    tally: &[(CaseState, Way, i64)],
    findings: Vec<(FindingKind, String, i64, i64)>,
    waits: Vec<(String, Uuid, String, i64)>,
) -> Conformance {
    let count = |state: CaseState, ways: &[Way]| -> i64 {
        tally.iter().filter(|(of, way, _)| *of == state && ways.contains(way)).map(|(.., cases)| cases).sum()
    };
    let ended = count(CaseState::Ended, Way::ALL);
    let on_the_way = count(CaseState::Ended, &[Way::On]);
    Conformance {
        procedure,
        step,
        ended,
        open: count(CaseState::Open, Way::ALL),
        abandoned: count(CaseState::Abandoned, Way::ALL),
        on_the_way,
        on_the_way_pct: on_the_way.saturating_mul(10_000).saturating_add(ended / 2).checked_div(ended),
        findings: findings
            .into_iter()
            .map(|(kind, step, cases, worst_minutes)| Tally { kind, step, cases, worst_minutes })
            .collect(),
        worst_waits: waits
            .into_iter()
            .map(|(noun, object, step, minutes)| WaitOfCase { noun, object, step, minutes })
            .collect(),
    }
}

/// Which cases, and where the list goes on.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct WhichCases {
    site: SiteId,
    procedure: Option<ProcedureId>,
    /// The order, requisition, arrival or whatever else went through the procedure.
    object: Option<Uuid>,
    way: Option<Way>,
    state: Option<CaseState>,
    #[param(max_length = 400)]
    after: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// One case with what was found.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
struct CaseCard {
    procedure: ProcedureId,
    /// The number of the revision that it is judged by.
    revision: i64,
    /// What the object is: `customer_order`, `requisition`, `arrival`, `excursion` and so on.
    noun: String,
    object: Uuid,
    state: CaseState,
    way: Way,
    opened_at: Instant,
    ended_at: Option<Instant>,
    worst_wait: Option<Wait>,
    findings: Vec<Finding>,
}

/// The cases of a site with what was found, in the order in which they began.
#[utoipa::path(get, path = "/conformance/cases", tag = "5 procedures", operation_id = "list_conformance_cases",
    params(WhichCases), responses((status = 200, body = Page<CaseCard>), (status = "4XX", body = Problem)))]
async fn list_cases(
    State(app): State<App>,
    by: By<duty::ReadProcedures>,
    ApiQuery(which): ApiQuery<WhichCases>,
) -> Result<ApiJson<Page<CaseCard>>, Problem> {
    by.demand_site(which.site)?;
    let WhichCases { site, procedure, object, way, state, after, limit } = which;
    let paging = Paging { after, limit };
    let first: CaseKey = (Instant::MIN, Uuid::nil(), ProcedureId::from_uuid(Uuid::nil()));
    let (after, size) = (paging.key::<CaseKey>()?.unwrap_or(first), paging.rows()?);
    let wanted = Wanted { site, procedure, object, way, state };
    let cards = app
        .read(async move |tx: &mut Tx| {
            let cases = rows::cases(tx, wanted, after, size).await?;
            let findings = rows::findings(tx, &cases).await?;
            let card = |(case, findings): (rows::CaseRow, Vec<Finding>)| CaseCard {
                procedure: case.procedure,
                revision: case.revision,
                noun: case.noun,
                object: case.object,
                state: case.state,
                way: case.way,
                opened_at: case.opened_at,
                ended_at: case.ended_at,
                worst_wait: case.worst,
                findings,
            };
            Ok::<_, AuthoringRefusal>(cases.into_iter().zip(findings).map(card).collect::<Vec<_>>())
        })
        .await?;
    paging.page(cards, |card| (card.opened_at, card.object, card.procedure)).map(ApiJson)
}
