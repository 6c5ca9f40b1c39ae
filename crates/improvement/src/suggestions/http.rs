//! Suggestions over HTTP.

use axum::extract::State;
use edge::{ApiJson, ApiPath, ApiQuery, App, By, Caller, Created, IdempotencyKey, Page, Paging, Problem, duty, parse};
use kernel::{Actor, Id, SiteId, Stamp, SuggestionId};
use serde::{Deserialize, Serialize};
use store::Tx;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{NewSuggestion, Suggestion, SuggestionCard, SuggestionState, SuggestionsRefusal, Triage, store as rows};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(make_suggestion))
        .routes(routes!(list_suggestions))
        .routes(routes!(list_own_suggestions))
        .routes(routes!(show_suggestion))
        .routes(routes!(vote_for_suggestion))
        .routes(routes!(answer_suggestion))
}

/// Say what would be better, and which step it is about.
#[utoipa::path(post, path = "/suggestions", tag = "6 suggestions", operation_id = "make_suggestion",
    request_body = NewSuggestion, params(IdempotencyKey),
    responses((status = 201, body = SuggestionCard), (status = "4XX", body = Problem)))]
async fn make_suggestion(
    State(app): State<App>,
    by: By<duty::Suggest>,
    key: IdempotencyKey,
    ApiJson(new): ApiJson<NewSuggestion>,
) -> Result<Created<SuggestionCard>, Problem> {
    let new = new.parse()?;
    if let Some(site) = new.site {
        by.demand_site(site)?;
    }
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| super::make(tx, stamp, new.clone(), None).await)
        .await
        .map(Created)
}

/// Which suggestions, and where the list goes on.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct WhichSuggestions {
    site: SiteId,
    state: Option<SuggestionState>,
    #[param(max_length = 400)]
    after: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// The suggestions about a site, and those about all sites, oldest first.
#[utoipa::path(get, path = "/suggestions", tag = "6 suggestions", operation_id = "list_suggestions",
    params(WhichSuggestions), responses((status = 200, body = Page<SuggestionCard>), (status = "4XX", body = Problem)))]
async fn list_suggestions(
    State(app): State<App>,
    by: By<duty::Suggest>,
    ApiQuery(which): ApiQuery<WhichSuggestions>,
) -> Result<ApiJson<Page<SuggestionCard>>, Problem> {
    by.demand_site(which.site)?;
    let paging = Paging { after: which.after, limit: which.limit };
    let (after, size, actor) = (behind(&paging)?, paging.rows()?, by.actor);
    let found = app
        .read(async move |tx: &mut Tx| {
            let found = rows::of_site(tx, which.site, which.state, after, size).await?;
            cards(tx, found, actor).await
        })
        .await?;
    paging.page(found, |card| card.id).map(ApiJson)
}

/// What the caller has suggested, and what became of it.
#[utoipa::path(get, path = "/suggestions/mine", tag = "6 suggestions", operation_id = "list_own_suggestions",
    params(Paging), responses((status = 200, body = Page<SuggestionCard>), (status = "4XX", body = Problem)))]
async fn list_own_suggestions(
    State(app): State<App>,
    by: By<duty::Suggest>,
    ApiQuery(paging): ApiQuery<Paging>,
) -> Result<ApiJson<Page<SuggestionCard>>, Problem> {
    let (after, size, actor) = (behind(&paging)?, paging.rows()?, by.actor);
    let found = app
        .read(async move |tx: &mut Tx| {
            let found = rows::by_author(tx, actor, after, size).await?;
            cards(tx, found, actor).await
        })
        .await?;
    paging.page(found, |card| card.id).map(ApiJson)
}

/// One suggestion.
#[utoipa::path(get, path = "/suggestions/{suggestion}", tag = "6 suggestions", operation_id = "show_suggestion",
    params(("suggestion" = SuggestionId, Path)),
    responses((status = 200, body = SuggestionCard), (status = "4XX", body = Problem)))]
async fn show_suggestion(
    State(app): State<App>,
    by: By<duty::Suggest>,
    ApiPath(suggestion): ApiPath<SuggestionId>,
) -> Result<ApiJson<SuggestionCard>, Problem> {
    own_site(&app, &by, suggestion).await.map(ApiJson)
}

/// Vote for a colleague's suggestion.
#[utoipa::path(post, path = "/suggestions/{suggestion}/votes", tag = "6 suggestions",
    operation_id = "vote_for_suggestion", params(("suggestion" = SuggestionId, Path), IdempotencyKey),
    responses((status = 201, body = SuggestionCard), (status = "4XX", body = Problem)))]
async fn vote_for_suggestion(
    State(app): State<App>,
    by: By<duty::Suggest>,
    key: IdempotencyKey,
    ApiPath(suggestion): ApiPath<SuggestionId>,
) -> Result<Created<SuggestionCard>, Problem> {
    own_site(&app, &by, suggestion).await?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| super::vote(tx, stamp, suggestion).await)
        .await
        .map(Created)
}

/// What becomes of a suggestion.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SuggestionAnswer {
    verdict: Triage,
    /// What its author reads.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// Accept or decline a suggestion, and say why.
#[utoipa::path(post, path = "/suggestions/{suggestion}/answer", tag = "6 suggestions",
    operation_id = "answer_suggestion", request_body = SuggestionAnswer,
    params(("suggestion" = SuggestionId, Path), IdempotencyKey),
    responses((status = 200, body = SuggestionCard), (status = "4XX", body = Problem)))]
async fn answer_suggestion(
    State(app): State<App>,
    by: By<duty::HoldMeetings>,
    key: IdempotencyKey,
    ApiPath(suggestion): ApiPath<SuggestionId>,
    ApiJson(answer): ApiJson<SuggestionAnswer>,
) -> Result<ApiJson<SuggestionCard>, Problem> {
    let reason = parse::text("reason", &answer.reason, 1, 2000)?;
    own_site(&app, &by, suggestion).await?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        super::answer(tx, stamp, suggestion, answer.verdict, reason.clone()).await
    })
    .await
    .map(ApiJson)
}

fn behind(paging: &Paging) -> Result<Uuid, Problem> {
    Ok(paging.key::<SuggestionId>()?.map_or_else(Uuid::nil, Id::uuid))
}

async fn cards(tx: &mut Tx, found: Vec<Suggestion>, reader: Actor) -> Result<Vec<SuggestionCard>, SuggestionsRefusal> {
    let voted = rows::voted(tx, &found, reader).await?;
    Ok(found.iter().zip(voted).map(|(one, voted)| one.card(reader, voted)).collect())
}

/// The suggestion, if the caller may see it and its site is one of theirs.
async fn own_site(app: &App, by: &Caller, suggestion: SuggestionId) -> Result<SuggestionCard, Problem> {
    let actor = by.actor;
    let card = app
        .read(async move |tx: &mut Tx| {
            let found = super::visible(rows::one(tx, suggestion).await?, actor)?;
            let mut cards = cards(tx, vec![found], actor).await?;
            cards.pop().ok_or(SuggestionsRefusal::NoSuchSuggestion)
        })
        .await?;
    if let Some(site) = card.site {
        by.demand_site(site)?;
    }
    Ok(card)
}
