//! Step 4.4 客戶反饋. Asks every customer after delivery, takes ratings and complaints, and closes the loop.
//!
//! A complaint names an order line; `flows` joins to it the lot, supplier, room, picker and courier that it concerns.
//! It never lets anybody speak for another's order, and never pays: that is step 4.5.

pub mod events;

mod causes;
pub(crate) mod http;
mod refusal;
mod rules;
mod store;

use ::events::{Object, tell};
use ::store::{Question, StoreError, Tx};
use edge::{Problem, parse};
use kernel::{
    Actor, ComplaintId, CourierId, CustomerId, CustomerOrderId, DeciCelsius, Id, Instant, OrderLineId, PhotoId,
    RatingId, RunId, SiteId, Stamp, SuggestionId,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::remedies::{self, Verdict};

pub use causes::{CauseKind, Evidence, LikelyCause, rank};
pub use refusal::FeedbackRefusal;
pub use rules::{
    Answered, Complaint, ComplaintFacts, ComplaintIs, ComplaintKind, ComplaintSheet, ComplaintState, Finding, Rating,
    Stars,
};

/// What a customer has been asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedbackRequest {
    pub order: CustomerOrderId,
    pub customer: CustomerId,
    pub site: SiteId,
    pub run: RunId,
    pub courier: CourierId,
    pub asked_at: Instant,
}

/// Asks the customer how an order was, once it has been handed over; complaints may then name one of `lines`.
/// Asking twice changes nothing.
pub async fn ask(
    tx: &mut Tx,
    stamp: &Stamp,
    order: CustomerOrderId,
    customer: CustomerId,
    lines: &[OrderLineId],
) -> Result<FeedbackRequest, FeedbackRefusal> {
    if let Some(asked) = store::request(tx, order).await? {
        return Ok(asked);
    }
    let done = store::hand_over_of(tx, order).await?.ok_or(FeedbackRefusal::NotHandedOver)?;
    if done.customer != customer {
        return Err(FeedbackRefusal::NoSuchOrder);
    }
    let request =
        FeedbackRequest { order, customer, site: done.site, run: done.run, courier: done.courier, asked_at: stamp.at };
    store::add_request(tx, &request, done.stop, lines).await?;
    let body = events::FeedbackAsked { customer, courier: request.courier, run: request.run };
    tell(tx, stamp, Object::of(order), &[Object::of(customer), Object::of(request.run)], &body).await?;
    Ok(request)
}

/// A rating to be given.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRating {
    #[schema(minimum = 1, maximum = 5)]
    pub goods: i64,
    #[schema(minimum = 1, maximum = 5)]
    pub time: i64,
    #[schema(minimum = 1, maximum = 5)]
    pub courier: i64,
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub text: String,
    /// What the shop should do better.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub suggestion: String,
}

impl NewRating {
    pub fn parse(mut self) -> Result<Self, Problem> {
        for (field, stars) in [("goods", self.goods), ("time", self.time), ("courier", self.courier)] {
            parse::within(field, stars, 1, 5)?;
        }
        self.text = parse::text("text", &self.text, 0, 2000)?;
        self.suggestion = parse::text("suggestion", &self.suggestion, 0, 2000)?;
        Ok(self)
    }
}

/// Takes the rating of the customer's own order, once.
pub async fn rate(
    tx: &mut Tx,
    stamp: &Stamp,
    order: CustomerOrderId,
    draft: NewRating,
) -> Result<Rating, FeedbackRefusal> {
    let request = own_request(tx, stamp.by, order).await?;
    if store::rating(tx, order).await?.is_some() {
        return Err(FeedbackRefusal::RatedAlready);
    }
    let stars = Stars { goods: draft.goods, time: draft.time, courier: draft.courier };
    let rating = Rating {
        id: stamp.mint::<RatingId>(),
        order,
        stars,
        text: draft.text,
        suggestion: draft.suggestion,
        at: stamp.at,
    };
    store::add_rating(tx, &rating).await?;
    let body = events::RatingGiven {
        order,
        customer: request.customer,
        courier: request.courier,
        run: request.run,
        stars,
        text: rating.text.clone(),
        suggestion: rating.suggestion.clone(),
    };
    let also = [Object::of(order), Object::of(request.courier), Object::of(request.run)];
    tell(tx, stamp, Object::of(rating.id), &also, &body).await?;
    Ok(rating)
}

/// A complaint to be made.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewComplaint {
    pub order_line: OrderLineId,
    pub kind: ComplaintKind,
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub text: String,
    #[serde(default)]
    pub photo: Option<PhotoId>,
}

impl NewComplaint {
    pub fn parse(mut self) -> Result<Self, Problem> {
        self.text = parse::text("text", &self.text, 0, 2000)?;
        Ok(self)
    }
}

/// Takes a complaint about a line of the customer's own order; of one kind once for a line.
pub async fn complain(
    tx: &mut Tx,
    stamp: &Stamp,
    order: CustomerOrderId,
    draft: NewComplaint,
) -> Result<Complaint, FeedbackRefusal> {
    let request = own_request(tx, stamp.by, order).await?;
    if store::order_of_line(tx, draft.order_line).await? != Some(order) {
        return Err(FeedbackRefusal::NoSuchLine);
    }
    if store::complained(tx, draft.order_line, draft.kind).await? {
        return Err(FeedbackRefusal::ComplainedAlready { kind: draft.kind });
    }
    let sheet = ComplaintSheet {
        id: stamp.mint::<ComplaintId>(),
        site: request.site,
        order,
        order_line: draft.order_line,
        customer: request.customer,
        kind: draft.kind,
        text: draft.text,
        photo: draft.photo,
        made_at: stamp.at,
        revision: 1,
    };
    store::add_complaint(tx, &sheet).await?;
    let body = events::ComplaintMade {
        site: sheet.site,
        order,
        order_line: sheet.order_line,
        customer: sheet.customer,
        courier: request.courier,
        run: request.run,
        complaint_kind: sheet.kind,
        text: sheet.text.clone(),
        photo: sheet.photo,
    };
    let also = [Object::of(order), Object::of(sheet.order_line), Object::of(request.courier), Object::of(request.run)];
    tell(tx, stamp, Object::of(sheet.id), &also, &body).await?;
    Ok(Complaint::Made(sheet))
}

/// Adds what the complaint concerns. Joining again replaces what was known before.
pub async fn join(
    tx: &mut Tx,
    stamp: &Stamp,
    complaint: ComplaintId,
    facts: &ComplaintFacts,
) -> Result<(), FeedbackRefusal> {
    let complaint = store::complaint(tx, complaint).await?.ok_or(FeedbackRefusal::NoSuchComplaint)?;
    let sheet = complaint.sheet();
    store::save_facts(tx, sheet, facts).await?;
    let causes = facts.causes();
    let body = events::ComplaintJoined { order_line: sheet.order_line, causes: causes.len() };
    let mut also = vec![Object::of(sheet.order_line)];
    also.extend(causes.into_iter().map(|(noun, id)| Object { noun, id }));
    tell(tx, stamp, Object::of(sheet.id), &also, &body).await?;
    Ok(())
}

/// How many complaints since an instant concern one thing: many about one lot are one cause, not many customers.
pub async fn complaints_about<I: Id>(tx: &mut Tx, thing: I, since: Instant) -> Result<i64, StoreError> {
    store::complaints_about(tx, I::NOUN, thing.uuid(), since).await
}

/// Whether there are complaints that have still to be joined with what they concern, and suggestions inside ratings that
/// nobody has taken up.
pub fn anything_unheard() -> [Question; 2] {
    store::anything_unheard()
}

/// The complaints that have still to be joined with what they concern, the oldest first.
pub async fn unjoined(tx: &mut Tx, rows: i64) -> Result<Vec<ComplaintId>, StoreError> {
    store::unjoined(tx, rows).await
}

/// So often it is tried to join a complaint; then it takes a person.
pub const JOIN_TRIES: i64 = 5;

/// What follows when a complaint could not be joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotJoined {
    TryAgain,
    /// It stands in the desk's list and is not tried any more.
    LeftToPerson,
}

/// Notes that a complaint could not be joined. After some tries it is left to a person, who sees it among those that
/// the rule did not decide.
pub async fn note_not_joined(
    tx: &mut Tx,
    complaint: ComplaintId,
    why: &str,
    at: Instant,
) -> Result<NotJoined, StoreError> {
    if store::count_try(tx, complaint, why, at).await? < JOIN_TRIES {
        return Ok(NotJoined::TryAgain);
    }
    let refusal = Problem::from(FeedbackRefusal::NotJoined);
    remedies::review(tx, complaint, Verdict::LeftToPerson, Some(refusal.code()), at).await?;
    Ok(NotJoined::LeftToPerson)
}

/// What the customer of an order was asked about.
pub async fn asked_about(tx: &mut Tx, order: CustomerOrderId) -> Result<Option<FeedbackRequest>, FeedbackRefusal> {
    Ok(store::request(tx, order).await?)
}

/// What was measured at the door when the order was handed over.
pub async fn door_temperature(tx: &mut Tx, order: CustomerOrderId) -> Result<Option<DeciCelsius>, FeedbackRefusal> {
    Ok(store::door_temperature(tx, order).await?)
}

/// Notes the probable causes of a complaint, likeliest first, in place of those noted before.
pub async fn note_causes(tx: &mut Tx, complaint: ComplaintId, causes: &[LikelyCause]) -> Result<(), FeedbackRefusal> {
    Ok(store::note_causes(tx, complaint, causes).await?)
}

/// The probable causes of a complaint, likeliest first.
pub async fn likely_causes(tx: &mut Tx, complaint: ComplaintId) -> Result<Vec<LikelyCause>, FeedbackRefusal> {
    Ok(store::likely_causes(tx, complaint).await?)
}

/// What a customer suggested with a rating.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub rating: RatingId,
    pub site: SiteId,
    pub customer: CustomerId,
    pub text: String,
}

/// Suggestions inside ratings that nobody has taken up, the oldest first.
pub async fn unheard_suggestions(tx: &mut Tx, rows: i64) -> Result<Vec<Said>, StoreError> {
    store::unheard(tx, rows).await
}

/// Notes which suggestion came of a rating.
pub async fn heard(tx: &mut Tx, rating: RatingId, suggestion: SuggestionId, at: Instant) -> Result<(), StoreError> {
    store::heard(tx, rating, suggestion, at).await
}

/// Answers a complaint: upheld or not, and what the customer is told.
pub async fn answer(
    tx: &mut Tx,
    stamp: &Stamp,
    complaint: ComplaintId,
    finding: Finding,
    text: String,
) -> Result<Complaint, FeedbackRefusal> {
    let complaint = store::complaint(tx, complaint).await?.ok_or(FeedbackRefusal::NoSuchComplaint)?;
    let complaint = complaint.answer(Answered { finding, text: text.clone(), at: stamp.at })?;
    store::save_complaint(tx, &complaint).await?;
    let sheet = complaint.sheet();
    let body = events::ComplaintAnswered { order: sheet.order, customer: sheet.customer, finding, text };
    tell(tx, stamp, Object::of(sheet.id), &[Object::of(sheet.order), Object::of(sheet.customer)], &body).await?;
    Ok(complaint)
}

/// Closes an answered complaint: the customer has been told and what was promised is done.
pub async fn close(tx: &mut Tx, stamp: &Stamp, complaint: ComplaintId) -> Result<Complaint, FeedbackRefusal> {
    let complaint = store::complaint(tx, complaint).await?.ok_or(FeedbackRefusal::NoSuchComplaint)?;
    let complaint = complaint.close(stamp.at)?;
    store::save_complaint(tx, &complaint).await?;
    let sheet = complaint.sheet();
    let body = events::ComplaintClosed { order: sheet.order, customer: sheet.customer };
    tell(tx, stamp, Object::of(sheet.id), &[Object::of(sheet.order), Object::of(sheet.customer)], &body).await?;
    Ok(complaint)
}

/// The complaint with its row locked, which must exist.
pub async fn complaint(tx: &mut Tx, complaint: ComplaintId) -> Result<Complaint, FeedbackRefusal> {
    store::complaint(tx, complaint).await?.ok_or(FeedbackRefusal::NoSuchComplaint)
}

/// The request, if the one who acts is its customer. To others the order is not there.
async fn own_request(tx: &mut Tx, by: Actor, order: CustomerOrderId) -> Result<FeedbackRequest, FeedbackRefusal> {
    let customer = customer_of(by)?;
    let request = store::request(tx, order).await?.ok_or(FeedbackRefusal::NoSuchOrder)?;
    if request.customer == customer { Ok(request) } else { Err(FeedbackRefusal::NoSuchOrder) }
}

fn customer_of(by: Actor) -> Result<CustomerId, FeedbackRefusal> {
    match by {
        Actor::Customer(customer) => Ok(customer),
        Actor::Staff(_)
        | Actor::Courier(_)
        | Actor::Supplier(_)
        | Actor::Device(_)
        | Actor::System
        | Actor::Anonymous => Err(FeedbackRefusal::NoSuchOrder),
    }
}
