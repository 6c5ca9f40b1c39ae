//! Procedures over HTTP.

use axum::extract::State;
use edge::{ApiJson, ApiPath, ApiQuery, App, By, Created, IdempotencyKey, Page, Paging, Problem, duty, parse};
use identity::Role;
use kernel::{Actor, Instant, ProcedureId, RevisionId, Stamp};
use serde::{Deserialize, Serialize};
use store::Tx;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{AuthoringRefusal, Document, Revision, RevisionCard, Text, store as rows};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_procedures))
        .routes(routes!(show_procedure))
        .routes(routes!(show_revision))
        .routes(routes!(draft_revision))
        .routes(routes!(rewrite_revision))
        .routes(routes!(submit_revision))
        .routes(routes!(give_revision_back))
        .routes(routes!(approve_revision))
        .routes(routes!(publish_revision))
        .routes(routes!(retire_revision))
        .routes(routes!(acknowledge_revision))
        .routes(routes!(list_acknowledgements))
}

/// A procedure in the list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
struct ProcedureCard {
    id: ProcedureId,
    step: String,
    /// Of the revision in force, else of the newest.
    title: Option<Text>,
    owner: Option<Role>,
    /// The revision that counts now.
    current: Option<RevisionCard>,
    /// When the caller confirmed to have read it.
    acknowledged_at: Option<Instant>,
}

/// Every procedure, in the order of the workflow.
#[utoipa::path(get, path = "/procedures", tag = "5 procedures", operation_id = "list_procedures",
    responses((status = 200, body = Vec<ProcedureCard>), (status = "4XX", body = Problem)))]
async fn list_procedures(
    State(app): State<App>,
    by: By<duty::ReadProcedures>,
) -> Result<ApiJson<Vec<ProcedureCard>>, Problem> {
    let (reader, now) = (by.actor, app.clock.now());
    app.read(async move |tx: &mut Tx| {
        let mut cards = Vec::new();
        for (procedure, step) in rows::procedures(tx).await? {
            let revisions = rows::revisions(tx, procedure).await?;
            cards.push(card(tx, (procedure, step), &revisions, reader, now).await?);
        }
        Ok::<_, AuthoringRefusal>(cards)
    })
    .await
    .map(ApiJson)
}

/// A procedure with what it says now, and all its revisions.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
struct ProcedureSheet {
    procedure: ProcedureCard,
    document: Option<Document>,
    revisions: Vec<RevisionCard>,
}

/// One procedure: what it says now, and its revisions.
#[utoipa::path(get, path = "/procedures/{procedure}", tag = "5 procedures", operation_id = "show_procedure",
    params(("procedure" = ProcedureId, Path)),
    responses((status = 200, body = ProcedureSheet), (status = "4XX", body = Problem)))]
async fn show_procedure(
    State(app): State<App>,
    by: By<duty::ReadProcedures>,
    ApiPath(procedure): ApiPath<ProcedureId>,
) -> Result<ApiJson<ProcedureSheet>, Problem> {
    let (reader, now) = (by.actor, app.clock.now());
    app.read(async move |tx: &mut Tx| {
        let found = rows::procedure(tx, procedure).await?.ok_or(AuthoringRefusal::NoSuchProcedure)?;
        let revisions = rows::revisions(tx, procedure).await?;
        let procedure = card(tx, found, &revisions, reader, now).await?;
        let document = current(&revisions, now).map(|revision| revision.document.clone());
        let revisions = revisions.iter().map(RevisionCard::from).collect();
        Ok::<_, AuthoringRefusal>(ProcedureSheet { procedure, document, revisions })
    })
    .await
    .map(ApiJson)
}

/// A revision with what it says.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
struct RevisionSheet {
    revision: RevisionCard,
    document: Document,
}

impl From<Revision> for RevisionSheet {
    fn from(revision: Revision) -> Self {
        Self { revision: RevisionCard::from(&revision), document: revision.document }
    }
}

/// One revision.
#[utoipa::path(get, path = "/procedure-revisions/{revision}", tag = "5 procedures", operation_id = "show_revision",
    params(("revision" = RevisionId, Path)),
    responses((status = 200, body = RevisionSheet), (status = "4XX", body = Problem)))]
async fn show_revision(
    State(app): State<App>,
    _by: By<duty::ReadProcedures>,
    ApiPath(revision): ApiPath<RevisionId>,
) -> Result<ApiJson<RevisionSheet>, Problem> {
    let found = app.read(async move |tx: &mut Tx| seen(tx, revision).await).await?;
    Ok(ApiJson(found.into()))
}

/// A revision to be written.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Manuscript {
    document: Document,
    /// What is new, and why.
    #[schema(min_length = 1, max_length = 2000)]
    note: String,
}

impl Manuscript {
    fn parse(mut self) -> Result<Self, Problem> {
        self.document.check()?;
        self.note = parse::text("note", &self.note, 1, 2000)?;
        Ok(self)
    }
}

/// Begin a new revision of a procedure.
#[utoipa::path(post, path = "/procedures/{procedure}/revisions", tag = "5 procedures",
    operation_id = "draft_revision", request_body = Manuscript,
    params(("procedure" = ProcedureId, Path), IdempotencyKey),
    responses((status = 201, body = RevisionSheet), (status = "4XX", body = Problem)))]
async fn draft_revision(
    State(app): State<App>,
    by: By<duty::AuthorProcedures>,
    key: IdempotencyKey,
    ApiPath(procedure): ApiPath<ProcedureId>,
    ApiJson(manuscript): ApiJson<Manuscript>,
) -> Result<Created<RevisionSheet>, Problem> {
    let Manuscript { document, note } = manuscript.parse()?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        let drafted = super::draft(tx, stamp, procedure, document.clone(), note.clone()).await?;
        Ok::<_, AuthoringRefusal>(RevisionSheet::from(drafted))
    })
    .await
    .map(Created)
}

/// Write one's own draft anew.
#[utoipa::path(put, path = "/procedure-revisions/{revision}", tag = "5 procedures",
    operation_id = "rewrite_revision", request_body = Manuscript,
    params(("revision" = RevisionId, Path)),
    responses((status = 200, body = RevisionSheet), (status = "4XX", body = Problem)))]
async fn rewrite_revision(
    State(app): State<App>,
    by: By<duty::AuthorProcedures>,
    ApiPath(revision): ApiPath<RevisionId>,
    ApiJson(manuscript): ApiJson<Manuscript>,
) -> Result<ApiJson<RevisionSheet>, Problem> {
    let Manuscript { document, note } = manuscript.parse()?;
    app.write(&by, async move |tx: &mut Tx, stamp: &Stamp| {
        let rewritten = super::rewrite(tx, stamp, revision, document.clone(), note.clone()).await?;
        Ok::<_, AuthoringRefusal>(RevisionSheet::from(rewritten))
    })
    .await
    .map(ApiJson)
}

/// Hand a draft over for approval.
#[utoipa::path(post, path = "/procedure-revisions/{revision}/submit", tag = "5 procedures",
    operation_id = "submit_revision", params(("revision" = RevisionId, Path), IdempotencyKey),
    responses((status = 200, body = RevisionCard), (status = "4XX", body = Problem)))]
async fn submit_revision(
    State(app): State<App>,
    by: By<duty::AuthorProcedures>,
    key: IdempotencyKey,
    ApiPath(revision): ApiPath<RevisionId>,
) -> Result<ApiJson<RevisionCard>, Problem> {
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        let submitted = super::submit(tx, stamp, revision).await?;
        Ok::<_, AuthoringRefusal>(RevisionCard::from(&submitted))
    })
    .await
    .map(ApiJson)
}

/// Why something is given back or taken out of force.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RevisionReason)]
struct Why {
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// Give a revision back to its author.
#[utoipa::path(post, path = "/procedure-revisions/{revision}/give-back", tag = "5 procedures",
    operation_id = "give_revision_back", request_body = Why, params(("revision" = RevisionId, Path), IdempotencyKey),
    responses((status = 200, body = RevisionCard), (status = "4XX", body = Problem)))]
async fn give_revision_back(
    State(app): State<App>,
    by: By<duty::ApproveProcedures>,
    key: IdempotencyKey,
    ApiPath(revision): ApiPath<RevisionId>,
    ApiJson(Why { reason }): ApiJson<Why>,
) -> Result<ApiJson<RevisionCard>, Problem> {
    let reason = parse::text("reason", &reason, 1, 2000)?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        let returned = super::give_back(tx, stamp, revision, reason.clone()).await?;
        Ok::<_, AuthoringRefusal>(RevisionCard::from(&returned))
    })
    .await
    .map(ApiJson)
}

/// Approve what another has written.
#[utoipa::path(post, path = "/procedure-revisions/{revision}/approve", tag = "5 procedures",
    operation_id = "approve_revision", params(("revision" = RevisionId, Path), IdempotencyKey),
    responses((status = 200, body = RevisionCard), (status = "4XX", body = Problem)))]
async fn approve_revision(
    State(app): State<App>,
    by: By<duty::ApproveProcedures>,
    key: IdempotencyKey,
    ApiPath(revision): ApiPath<RevisionId>,
) -> Result<ApiJson<RevisionCard>, Problem> {
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        let approved = super::approve(tx, stamp, revision).await?;
        Ok::<_, AuthoringRefusal>(RevisionCard::from(&approved))
    })
    .await
    .map(ApiJson)
}

/// From when a revision counts.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct InForce {
    /// Absent for now.
    #[serde(default)]
    valid_from: Option<Instant>,
}

/// Put an approved revision in force.
#[utoipa::path(post, path = "/procedure-revisions/{revision}/publish", tag = "5 procedures",
    operation_id = "publish_revision", request_body = InForce,
    params(("revision" = RevisionId, Path), IdempotencyKey),
    responses((status = 200, body = RevisionCard), (status = "4XX", body = Problem)))]
async fn publish_revision(
    State(app): State<App>,
    by: By<duty::ApproveProcedures>,
    key: IdempotencyKey,
    ApiPath(revision): ApiPath<RevisionId>,
    ApiJson(InForce { valid_from }): ApiJson<InForce>,
) -> Result<ApiJson<RevisionCard>, Problem> {
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        let published = super::publish(tx, stamp, revision, valid_from).await?;
        Ok::<_, AuthoringRefusal>(RevisionCard::from(&published))
    })
    .await
    .map(ApiJson)
}

/// Take a revision out of force without another in its place.
#[utoipa::path(post, path = "/procedure-revisions/{revision}/retire", tag = "5 procedures",
    operation_id = "retire_revision", request_body = Why, params(("revision" = RevisionId, Path), IdempotencyKey),
    responses((status = 200, body = RevisionCard), (status = "4XX", body = Problem)))]
async fn retire_revision(
    State(app): State<App>,
    by: By<duty::ApproveProcedures>,
    key: IdempotencyKey,
    ApiPath(revision): ApiPath<RevisionId>,
    ApiJson(Why { reason }): ApiJson<Why>,
) -> Result<ApiJson<RevisionCard>, Problem> {
    let reason = parse::text("reason", &reason, 1, 2000)?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        let retired = super::retire(tx, stamp, revision, reason.clone()).await?;
        Ok::<_, AuthoringRefusal>(RevisionCard::from(&retired))
    })
    .await
    .map(ApiJson)
}

/// Confirm that one has read a revision in force.
#[utoipa::path(post, path = "/procedure-revisions/{revision}/acknowledgements", tag = "5 procedures",
    operation_id = "acknowledge_revision", params(("revision" = RevisionId, Path), IdempotencyKey),
    responses((status = 201, body = RevisionCard), (status = "4XX", body = Problem)))]
async fn acknowledge_revision(
    State(app): State<App>,
    by: By<duty::ReadProcedures>,
    key: IdempotencyKey,
    ApiPath(revision): ApiPath<RevisionId>,
) -> Result<Created<RevisionCard>, Problem> {
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        let read = super::acknowledge(tx, stamp, revision).await?;
        Ok::<_, AuthoringRefusal>(RevisionCard::from(&read))
    })
    .await
    .map(Created)
}

/// Who has confirmed to have read a revision.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = ProcedureAcknowledgement)]
struct Acknowledgement {
    reader: Actor,
    at: Instant,
}

/// Who has confirmed to have read a revision.
#[utoipa::path(get, path = "/procedure-revisions/{revision}/acknowledgements", tag = "5 procedures",
    operation_id = "list_acknowledgements", params(("revision" = RevisionId, Path), Paging),
    responses((status = 200, body = Page<Acknowledgement>), (status = "4XX", body = Problem)))]
async fn list_acknowledgements(
    State(app): State<App>,
    _by: By<duty::AuthorProcedures>,
    ApiPath(revision): ApiPath<RevisionId>,
    ApiQuery(paging): ApiQuery<Paging>,
) -> Result<ApiJson<Page<Acknowledgement>>, Problem> {
    let (after, size) = (paging.key::<Uuid>()?.unwrap_or_default(), paging.rows()?);
    let found = app
        .read(async move |tx: &mut Tx| {
            seen(tx, revision).await?;
            Ok::<_, AuthoringRefusal>(rows::readers(tx, revision, after, size).await?)
        })
        .await?;
    let page = paging.page(found, |(_, id, _)| *id)?;
    let items = page.items.into_iter().map(|(reader, _, at)| Acknowledgement { reader, at }).collect();
    Ok(ApiJson(Page { items, next: page.next }))
}

async fn seen(tx: &mut Tx, revision: RevisionId) -> Result<Revision, AuthoringRefusal> {
    rows::revision(tx, revision).await?.ok_or(AuthoringRefusal::NoSuchRevision)
}

fn current(revisions: &[Revision], now: Instant) -> Option<&Revision> {
    revisions.iter().rev().find(|revision| {
        let validity = revision.validity();
        validity.is_some_and(|(validity, until)| validity.from <= now && until.is_none_or(|until| now < until))
    })
}

async fn card(
    tx: &mut Tx,
    (id, step): (ProcedureId, String),
    revisions: &[Revision],
    reader: Actor,
    now: Instant,
) -> Result<ProcedureCard, AuthoringRefusal> {
    let current = current(revisions, now);
    let known = current.or(revisions.last());
    let acknowledged_at = match current {
        Some(current) => rows::acknowledged(tx, &[current.id], reader).await?.pop().flatten(),
        None => None,
    };
    Ok(ProcedureCard {
        id,
        step,
        title: known.map(|revision| revision.document.title.clone()),
        owner: known.map(|revision| revision.document.owner),
        current: current.map(RevisionCard::from),
        acknowledged_at,
    })
}
