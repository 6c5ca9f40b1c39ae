//! Review meetings and their actions over HTTP.

use axum::{Extension, extract::State};
use edge::{ApiJson, ApiPath, ApiQuery, App, By, Caller, Created, IdempotencyKey, Page, Paging, Problem, duty, parse};
use kernel::{ActionItemId, Actor, Id, MeetingId, SiteId, Stamp};
use serde::{Deserialize, Serialize};
use store::Tx;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    ActionItem, ActionState, BreachSource, Decision, Meeting, MeetingSheet, NewAction, NewDecision, store as rows,
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(call_meeting))
        .routes(routes!(list_meetings))
        .routes(routes!(show_meeting))
        .routes(routes!(take_decision))
        .routes(routes!(agree_action))
        .routes(routes!(close_meeting))
        .routes(routes!(list_actions))
        .routes(routes!(list_own_actions))
        .routes(routes!(finish_action))
}

/// Where a meeting is called.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewMeeting {
    site: SiteId,
}

/// Call a review meeting; the system prepares its agenda.
#[utoipa::path(post, path = "/meetings", tag = "6 meetings", operation_id = "call_meeting",
    request_body = NewMeeting, params(IdempotencyKey),
    responses((status = 201, body = MeetingSheet), (status = "4XX", body = Problem)))]
async fn call_meeting(
    State(app): State<App>,
    source: Option<Extension<BreachSource>>,
    by: By<duty::HoldMeetings>,
    key: IdempotencyKey,
    ApiJson(NewMeeting { site }): ApiJson<NewMeeting>,
) -> Result<Created<MeetingSheet>, Problem> {
    by.demand_site(site)?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        let breaches = match &source {
            Some(Extension(BreachSource(source))) => {
                let span = super::looks_back(tx, site, stamp.at).await?;
                source.between(tx, site, span.from, span.until).await?
            }
            None => Vec::new(),
        };
        super::call(tx, stamp, site, &breaches).await
    })
    .await
    .map(Created)
}

/// Which site, and where the list goes on.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct MeetingsOf {
    site: SiteId,
    #[param(max_length = 400)]
    after: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// The meetings of a site, oldest first.
#[utoipa::path(get, path = "/meetings", tag = "6 meetings", operation_id = "list_meetings", params(MeetingsOf),
    responses((status = 200, body = Page<Meeting>), (status = "4XX", body = Problem)))]
async fn list_meetings(
    State(app): State<App>,
    by: By<duty::HoldMeetings>,
    ApiQuery(which): ApiQuery<MeetingsOf>,
) -> Result<ApiJson<Page<Meeting>>, Problem> {
    by.demand_site(which.site)?;
    let paging = Paging { after: which.after, limit: which.limit };
    let after = paging.key::<MeetingId>()?.map_or_else(Uuid::nil, Id::uuid);
    let size = paging.rows()?;
    let found = app.read(async move |tx: &mut Tx| rows::of_site(tx, which.site, after, size).await).await?;
    paging.page(found, |meeting| meeting.id).map(ApiJson)
}

/// One meeting with its agenda, decisions and actions.
#[utoipa::path(get, path = "/meetings/{meeting}", tag = "6 meetings", operation_id = "show_meeting",
    params(("meeting" = MeetingId, Path)),
    responses((status = 200, body = MeetingSheet), (status = "4XX", body = Problem)))]
async fn show_meeting(
    State(app): State<App>,
    by: By<duty::HoldMeetings>,
    ApiPath(meeting): ApiPath<MeetingId>,
) -> Result<ApiJson<MeetingSheet>, Problem> {
    at_own_site(&app, &by, meeting).await.map(ApiJson)
}

/// Write a decision down.
#[utoipa::path(post, path = "/meetings/{meeting}/decisions", tag = "6 meetings", operation_id = "take_decision",
    request_body = NewDecision, params(("meeting" = MeetingId, Path), IdempotencyKey),
    responses((status = 201, body = Decision), (status = "4XX", body = Problem)))]
async fn take_decision(
    State(app): State<App>,
    by: By<duty::HoldMeetings>,
    key: IdempotencyKey,
    ApiPath(meeting): ApiPath<MeetingId>,
    ApiJson(new): ApiJson<NewDecision>,
) -> Result<Created<Decision>, Problem> {
    let new = new.parse()?;
    at_own_site(&app, &by, meeting).await?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| super::decide(tx, stamp, meeting, new.clone()).await)
        .await
        .map(Created)
}

/// Agree an action with an owner and a day.
#[utoipa::path(post, path = "/meetings/{meeting}/actions", tag = "6 meetings", operation_id = "agree_action",
    request_body = NewAction, params(("meeting" = MeetingId, Path), IdempotencyKey),
    responses((status = 201, body = ActionItem), (status = "4XX", body = Problem)))]
async fn agree_action(
    State(app): State<App>,
    by: By<duty::HoldMeetings>,
    key: IdempotencyKey,
    ApiPath(meeting): ApiPath<MeetingId>,
    ApiJson(new): ApiJson<NewAction>,
) -> Result<Created<ActionItem>, Problem> {
    let new = new.parse()?;
    at_own_site(&app, &by, meeting).await?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| super::agree(tx, stamp, meeting, new.clone()).await)
        .await
        .map(Created)
}

/// What the meeting comes to.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MeetingMinutes)]
struct Minutes {
    #[schema(min_length = 1, max_length = 10000)]
    minutes: String,
}

/// Close a meeting that has decided something.
#[utoipa::path(post, path = "/meetings/{meeting}/close", tag = "6 meetings", operation_id = "close_meeting",
    request_body = Minutes, params(("meeting" = MeetingId, Path), IdempotencyKey),
    responses((status = 200, body = MeetingSheet), (status = "4XX", body = Problem)))]
async fn close_meeting(
    State(app): State<App>,
    by: By<duty::HoldMeetings>,
    key: IdempotencyKey,
    ApiPath(meeting): ApiPath<MeetingId>,
    ApiJson(Minutes { minutes }): ApiJson<Minutes>,
) -> Result<ApiJson<MeetingSheet>, Problem> {
    let minutes = parse::text("minutes", &minutes, 1, 10_000)?;
    at_own_site(&app, &by, meeting).await?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| super::close(tx, stamp, meeting, &minutes).await)
        .await
        .map(ApiJson)
}

/// Which actions, and where the list goes on.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ActionsOf {
    site: SiteId,
    state: Option<ActionState>,
    #[param(max_length = 400)]
    after: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// The actions of a site, oldest first.
#[utoipa::path(get, path = "/actions", tag = "6 meetings", operation_id = "list_actions", params(ActionsOf),
    responses((status = 200, body = Page<ActionItem>), (status = "4XX", body = Problem)))]
async fn list_actions(
    State(app): State<App>,
    by: By<duty::HoldMeetings>,
    ApiQuery(which): ApiQuery<ActionsOf>,
) -> Result<ApiJson<Page<ActionItem>>, Problem> {
    by.demand_site(which.site)?;
    let paging = Paging { after: which.after, limit: which.limit };
    let (after, size) = (behind(&paging)?, paging.rows()?);
    let found = app
        .read(async move |tx: &mut Tx| rows::actions_of_site(tx, which.site, which.state, after, size).await)
        .await?;
    paging.page(found, |action| action.id).map(ApiJson)
}

/// What the caller has taken on.
#[utoipa::path(get, path = "/actions/mine", tag = "6 meetings", operation_id = "list_own_actions", params(Paging),
    responses((status = 200, body = Page<ActionItem>), (status = "4XX", body = Problem)))]
async fn list_own_actions(
    State(app): State<App>,
    by: By<duty::Suggest>,
    ApiQuery(paging): ApiQuery<Paging>,
) -> Result<ApiJson<Page<ActionItem>>, Problem> {
    let (after, size) = (behind(&paging)?, paging.rows()?);
    let Actor::Staff(owner) = by.actor else {
        return paging.page(Vec::new(), |action: &ActionItem| action.id).map(ApiJson);
    };
    let found = app.read(async move |tx: &mut Tx| rows::of_owner(tx, owner, after, size).await).await?;
    paging.page(found, |action| action.id).map(ApiJson)
}

/// What came of an action.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ActionResult {
    #[schema(min_length = 1, max_length = 2000)]
    result: String,
}

/// Report one's own action as done.
#[utoipa::path(post, path = "/actions/{action}/finish", tag = "6 meetings", operation_id = "finish_action",
    request_body = ActionResult, params(("action" = ActionItemId, Path), IdempotencyKey),
    responses((status = 200, body = ActionItem), (status = "4XX", body = Problem)))]
async fn finish_action(
    State(app): State<App>,
    by: By<duty::Suggest>,
    key: IdempotencyKey,
    ApiPath(action): ApiPath<ActionItemId>,
    ApiJson(ActionResult { result }): ApiJson<ActionResult>,
) -> Result<ApiJson<ActionItem>, Problem> {
    let result = parse::text("result", &result, 1, 2000)?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| super::finish(tx, stamp, action, result.clone()).await)
        .await
        .map(ApiJson)
}

fn behind(paging: &Paging) -> Result<Uuid, Problem> {
    Ok(paging.key::<ActionItemId>()?.map_or_else(Uuid::nil, Id::uuid))
}

/// The meeting, if its site is one of the caller's.
async fn at_own_site(app: &App, by: &Caller, meeting: MeetingId) -> Result<MeetingSheet, Problem> {
    let found = app.read(async move |tx: &mut Tx| super::sheet(tx, meeting).await).await?;
    by.demand_site(found.meeting.site)?;
    Ok(found)
}
