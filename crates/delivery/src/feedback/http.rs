//! Ratings and complaints over HTTP.

use axum::extract::State;
use edge::{ApiJson, ApiPath, ApiQuery, App, By, Caller, Created, IdempotencyKey, Page, Paging, Problem, duty, parse};
use kernel::{ComplaintId, CustomerOrderId, Id, Instant, Money, OrderLineId, PhotoId, RatingId, SiteId, Stamp};
use serde::{Deserialize, Serialize};
use store::Tx;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    Complaint, ComplaintFacts, ComplaintKind, ComplaintState, FeedbackRefusal, Finding, LikelyCause, NewComplaint,
    NewRating, Rating, store as rows,
};
use crate::remedies::{self, RemedyReview, Verdict};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show_feedback))
        .routes(routes!(rate_order))
        .routes(routes!(make_complaint))
        .routes(routes!(list_ratings))
        .routes(routes!(list_complaints))
        .routes(routes!(show_complaint))
        .routes(routes!(answer_complaint))
        .routes(routes!(close_complaint))
}

/// A complaint as its customer and lists show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct ComplaintCard {
    id: ComplaintId,
    order: CustomerOrderId,
    order_line: OrderLineId,
    kind: ComplaintKind,
    text: String,
    photo: Option<PhotoId>,
    state: ComplaintState,
    made_at: Instant,
    finding: Option<Finding>,
    answer: Option<String>,
    answered_at: Option<Instant>,
    /// What was given back, in the currency of the site.
    #[schema(value_type = Option<i64>)]
    refunded: Option<Money>,
}

impl ComplaintCard {
    fn of(complaint: &Complaint, refunded: Option<Money>) -> Self {
        let (sheet, answer) = (complaint.sheet(), complaint.given_answer());
        Self {
            id: sheet.id,
            order: sheet.order,
            order_line: sheet.order_line,
            kind: sheet.kind,
            text: sheet.text.clone(),
            photo: sheet.photo,
            state: complaint.state(),
            made_at: sheet.made_at,
            finding: answer.map(|answer| answer.finding),
            answer: answer.map(|answer| answer.text.clone()),
            answered_at: answer.map(|answer| answer.at),
            refunded,
        }
    }
}

/// What the customer was asked about and has said.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
struct Feedback {
    order: CustomerOrderId,
    asked_at: Instant,
    rating: Option<Rating>,
    complaints: Vec<ComplaintCard>,
}

/// What the caller was asked about their own order, and what they have said.
#[utoipa::path(get, path = "/orders/{order}/feedback", tag = "4.4 feedback", operation_id = "show_feedback",
    params(("order" = CustomerOrderId, Path)),
    responses((status = 200, body = Feedback), (status = "4XX", body = Problem)))]
async fn show_feedback(
    State(app): State<App>,
    by: By<duty::RateDeliveries>,
    ApiPath(order): ApiPath<CustomerOrderId>,
) -> Result<ApiJson<Feedback>, Problem> {
    let actor = by.actor;
    app.read(async move |tx: &mut Tx| {
        let request = super::own_request(tx, actor, order).await?;
        let rating = rows::rating(tx, order).await?;
        let mut complaints = Vec::new();
        for complaint in rows::complaints_of_order(tx, order).await? {
            let refunded = remedies::refunded(tx, complaint.sheet().id).await?;
            complaints.push(ComplaintCard::of(&complaint, refunded));
        }
        Ok::<_, FeedbackRefusal>(Feedback { order, asked_at: request.asked_at, rating, complaints })
    })
    .await
    .map(ApiJson)
}

/// Rate one's own order, once.
#[utoipa::path(post, path = "/orders/{order}/rating", tag = "4.4 feedback", operation_id = "rate_order",
    request_body = NewRating, params(("order" = CustomerOrderId, Path), IdempotencyKey),
    responses((status = 201, body = Rating), (status = "4XX", body = Problem)))]
async fn rate_order(
    State(app): State<App>,
    by: By<duty::RateDeliveries>,
    key: IdempotencyKey,
    ApiPath(order): ApiPath<CustomerOrderId>,
    ApiJson(draft): ApiJson<NewRating>,
) -> Result<Created<Rating>, Problem> {
    let draft = draft.parse()?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| super::rate(tx, stamp, order, draft.clone()).await)
        .await
        .map(Created)
}

/// Complain about a line of one's own order.
#[utoipa::path(post, path = "/orders/{order}/complaints", tag = "4.4 feedback", operation_id = "make_complaint",
    request_body = NewComplaint, params(("order" = CustomerOrderId, Path), IdempotencyKey),
    responses((status = 201, body = ComplaintCard), (status = "4XX", body = Problem)))]
async fn make_complaint(
    State(app): State<App>,
    by: By<duty::RateDeliveries>,
    key: IdempotencyKey,
    ApiPath(order): ApiPath<CustomerOrderId>,
    ApiJson(draft): ApiJson<NewComplaint>,
) -> Result<Created<ComplaintCard>, Problem> {
    let draft = draft.parse()?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        let complaint = super::complain(tx, stamp, order, draft.clone()).await?;
        Ok::<_, FeedbackRefusal>(ComplaintCard::of(&complaint, None))
    })
    .await
    .map(Created)
}

/// Which site, and where the list goes on.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct OfSite {
    site: SiteId,
    #[param(max_length = 400)]
    after: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// The ratings of a site, in the order in which they were given.
#[utoipa::path(get, path = "/ratings", tag = "4.4 feedback", operation_id = "list_ratings", params(OfSite),
    responses((status = 200, body = Page<Rating>), (status = "4XX", body = Problem)))]
async fn list_ratings(
    State(app): State<App>,
    by: By<duty::AnswerComplaints>,
    ApiQuery(which): ApiQuery<OfSite>,
) -> Result<ApiJson<Page<Rating>>, Problem> {
    by.demand_site(which.site)?;
    let paging = Paging { after: which.after, limit: which.limit };
    let after = paging.key::<RatingId>()?.map_or_else(Uuid::nil, Id::uuid);
    let size = paging.rows()?;
    let found = app
        .read(async move |tx: &mut Tx| rows::ratings(tx, which.site, after, size).await.map_err(FeedbackRefusal::from))
        .await?;
    paging.page(found, |rating| rating.id).map(ApiJson)
}

/// Which complaints, and where the list goes on.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct WhichComplaints {
    site: SiteId,
    state: Option<ComplaintState>,
    /// Only those of which the rule made this: `left_to_person` are the desk's.
    review: Option<Verdict>,
    #[param(max_length = 400)]
    after: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// The complaints of a site, oldest first.
#[utoipa::path(get, path = "/complaints", tag = "4.4 feedback", operation_id = "list_complaints",
    params(WhichComplaints), responses((status = 200, body = Page<ComplaintCard>), (status = "4XX", body = Problem)))]
async fn list_complaints(
    State(app): State<App>,
    by: By<duty::AnswerComplaints>,
    ApiQuery(which): ApiQuery<WhichComplaints>,
) -> Result<ApiJson<Page<ComplaintCard>>, Problem> {
    by.demand_site(which.site)?;
    let paging = Paging { after: which.after, limit: which.limit };
    let first = (Instant::MIN, ComplaintId::from_uuid(Uuid::nil()));
    let (after, size) = (paging.key::<(Instant, ComplaintId)>()?.unwrap_or(first), paging.rows()?);
    let found = app
        .read(async move |tx: &mut Tx| {
            let mut cards = Vec::new();
            for complaint in rows::complaints(tx, which.site, (which.state, which.review), after, size).await? {
                let refunded = remedies::refunded(tx, complaint.sheet().id).await?;
                cards.push(ComplaintCard::of(&complaint, refunded));
            }
            Ok::<_, FeedbackRefusal>(cards)
        })
        .await?;
    paging.page(found, |card| (card.made_at, card.id)).map(ApiJson)
}

/// A complaint with all that it concerns.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
struct ComplaintDetail {
    complaint: ComplaintCard,
    /// Lot, supplier, room, picker, courier: absent until they have been joined, a moment after the complaint.
    facts: Option<ComplaintFacts>,
    /// What probably caused it, likeliest first.
    likely: Vec<LikelyCause>,
    /// What the rule decided; absent until it has looked.
    review: Option<RemedyReview>,
}

/// One complaint with the lots, suppliers, rooms and people that it concerns.
#[utoipa::path(get, path = "/complaints/{complaint}", tag = "4.4 feedback", operation_id = "show_complaint",
    params(("complaint" = ComplaintId, Path)),
    responses((status = 200, body = ComplaintDetail), (status = "4XX", body = Problem)))]
async fn show_complaint(
    State(app): State<App>,
    by: By<duty::AnswerComplaints>,
    ApiPath(complaint): ApiPath<ComplaintId>,
) -> Result<ApiJson<ComplaintDetail>, Problem> {
    detail_at_own_site(&app, &by, complaint).await.map(ApiJson)
}

/// The desk's answer.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ComplaintAnswer {
    finding: Finding,
    /// What the customer is told.
    #[schema(min_length = 1, max_length = 2000)]
    text: String,
}

/// Answer a complaint.
#[utoipa::path(post, path = "/complaints/{complaint}/answer", tag = "4.4 feedback", operation_id = "answer_complaint",
    request_body = ComplaintAnswer, params(("complaint" = ComplaintId, Path), IdempotencyKey),
    responses((status = 200, body = ComplaintCard), (status = "4XX", body = Problem)))]
async fn answer_complaint(
    State(app): State<App>,
    by: By<duty::AnswerComplaints>,
    key: IdempotencyKey,
    ApiPath(complaint): ApiPath<ComplaintId>,
    ApiJson(answer): ApiJson<ComplaintAnswer>,
) -> Result<ApiJson<ComplaintCard>, Problem> {
    let text = parse::text("text", &answer.text, 1, 2000)?;
    detail_at_own_site(&app, &by, complaint).await?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        let answered = super::answer(tx, stamp, complaint, answer.finding, text.clone()).await?;
        let refunded = remedies::refunded(tx, complaint).await?;
        Ok::<_, FeedbackRefusal>(ComplaintCard::of(&answered, refunded))
    })
    .await
    .map(ApiJson)
}

/// Close an answered complaint.
#[utoipa::path(post, path = "/complaints/{complaint}/close", tag = "4.4 feedback", operation_id = "close_complaint",
    params(("complaint" = ComplaintId, Path), IdempotencyKey),
    responses((status = 200, body = ComplaintCard), (status = "4XX", body = Problem)))]
async fn close_complaint(
    State(app): State<App>,
    by: By<duty::AnswerComplaints>,
    key: IdempotencyKey,
    ApiPath(complaint): ApiPath<ComplaintId>,
) -> Result<ApiJson<ComplaintCard>, Problem> {
    detail_at_own_site(&app, &by, complaint).await?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        let closed = super::close(tx, stamp, complaint).await?;
        let refunded = remedies::refunded(tx, complaint).await?;
        Ok::<_, FeedbackRefusal>(ComplaintCard::of(&closed, refunded))
    })
    .await
    .map(ApiJson)
}

/// The complaint, if its site is one of the caller's.
async fn detail_at_own_site(app: &App, by: &Caller, complaint: ComplaintId) -> Result<ComplaintDetail, Problem> {
    let (site, detail) = app
        .read(async move |tx: &mut Tx| {
            let rows::WithFacts(found, facts) =
                rows::complaint_with_facts(tx, complaint).await?.ok_or(FeedbackRefusal::NoSuchComplaint)?;
            let refunded = remedies::refunded(tx, complaint).await?;
            let likely = super::likely_causes(tx, complaint).await?;
            let review = remedies::reviewed(tx, complaint).await?;
            Ok::<_, FeedbackRefusal>((
                found.sheet().site,
                ComplaintDetail { complaint: ComplaintCard::of(&found, refunded), facts, likely, review },
            ))
        })
        .await?;
    by.demand_site(site)?;
    Ok(detail)
}
