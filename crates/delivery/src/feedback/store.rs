//! SQL of requests, ratings and complaints.

use kernel::{
    ComplaintId, CourierId, CustomerId, CustomerOrderId, DeciCelsius, Instant, OrderLineId, RatingId, RunId, SiteId,
    StopId, SuggestionId,
};
use store::{FromRow, Question, Result, Row, Tx, args, row, sql};
use uuid::Uuid;

use super::{
    FeedbackRequest, Said,
    causes::LikelyCause,
    rules::{
        Answered, Complaint, ComplaintFacts, ComplaintKind, ComplaintSheet, ComplaintState, Finding, Rating, Stars,
    },
};
use crate::{
    planning::store::{changed_one, impossible},
    remedies::Verdict,
};

macro_rules! complaint_columns {
    () => {
        "id, site, customer_order, order_line, customer, kind, text, photo, made_at, revision, state, finding, answer,
         answered_at, closed_at"
    };
}

sql! {
    REQUEST = "SELECT customer_order, customer, site, run, courier, asked_at FROM feedback_request
               WHERE customer_order = $1";
    /// Served by `stop_history`.
    HAND_OVER = "SELECT s.id, s.customer, r.site, r.id, r.courier FROM stop s JOIN delivery_run r ON r.id = s.run
                 WHERE s.customer_order = $1 AND s.state = 'handed_over' ORDER BY s.id DESC LIMIT 1";
    ADD_REQUEST = "INSERT INTO feedback_request (customer_order, customer, site, run, courier, asked_at, stop)
                   VALUES ($1, $2, $3, $4, $5, $6, $7)";
    ADD_LINE = "INSERT INTO feedback_line (order_line, customer_order) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    ORDER_OF_LINE = "SELECT customer_order FROM feedback_line WHERE order_line = $1";

    RATING = "SELECT id, customer_order, goods, punctuality, courtesy, text, suggestion, at FROM rating
              WHERE customer_order = $1";
    ADD_RATING = "INSERT INTO rating (id, customer_order, goods, punctuality, courtesy, text, suggestion, at)
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    RATINGS = "SELECT g.id, g.customer_order, g.goods, g.punctuality, g.courtesy, g.text, g.suggestion, g.at
               FROM rating g JOIN feedback_request f ON f.customer_order = g.customer_order
               WHERE f.site = $1 AND g.id > $2 ORDER BY g.id LIMIT $3";

    COMPLAINED = "SELECT COUNT(*) FROM complaint WHERE order_line = $1 AND kind = $2";
    ADD_COMPLAINT = "INSERT INTO complaint (id, site, customer_order, order_line, customer, kind, text, photo, made_at,
                         revision, state)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'made')";
    COMPLAINT = concat!("SELECT ", complaint_columns!(), " FROM complaint WHERE id = $1 {lock}");
    COMPLAINT_TO_READ = concat!("SELECT ", complaint_columns!(), ", facts FROM complaint WHERE id = $1");
    SAVE_COMPLAINT = "UPDATE complaint
                      SET state = $2, finding = $3, answer = $4, answered_at = $5, closed_at = $6,
                          revision = revision + 1
                      WHERE id = $1 AND revision = $7";
    COMPLAINTS_OF_ORDER = concat!(
        "SELECT ", complaint_columns!(), " FROM complaint WHERE customer_order = $1 ORDER BY id"
    );
    /// Served by `complaint_site`.
    COMPLAINTS = concat!(
        "SELECT ", complaint_columns!(), " FROM complaint
         WHERE site = $1 AND (made_at > $2 OR (made_at = $2 AND id > $3))
           AND (state = $5 OR CAST($6 AS BIGINT) = 1)
           AND (CAST($8 AS BIGINT) = 1 OR EXISTS (
               SELECT 1 FROM remedy_review v WHERE v.complaint = complaint.id AND v.verdict = $7))
         ORDER BY made_at, id LIMIT $4"
    );
    /// What was left to a person stays unjoined. Served by `complaint_unjoined`.
    UNJOINED = "SELECT c.id FROM complaint c
                WHERE c.facts IS NULL AND NOT EXISTS (SELECT 1 FROM remedy_review v WHERE v.complaint = c.id)
                ORDER BY c.made_at, c.id LIMIT $1";
    /// Served by `complaint_unjoined`.
    ANY_UNJOINED = "SELECT 1 FROM complaint c
                    WHERE c.facts IS NULL AND NOT EXISTS (SELECT 1 FROM remedy_review v WHERE v.complaint = c.id)";
    /// Served by `rating_unheard`.
    ANY_UNHEARD = "SELECT 1 FROM rating g WHERE g.suggestion <> '' AND g.heard = 0";
    COUNT_TRY = "INSERT INTO complaint_try (complaint, tries, why, at) VALUES ($1, 1, $2, $3)
                 ON CONFLICT (complaint) DO UPDATE
                 SET tries = complaint_try.tries + 1, why = excluded.why, at = excluded.at
                 RETURNING tries";
    DOOR_TEMPERATURE = "SELECT s.door_decicelsius FROM stop s JOIN feedback_request f ON f.stop = s.id
                        WHERE f.customer_order = $1";
    CLEAR_LIKELY = "DELETE FROM likely_cause WHERE complaint = $1";
    ADD_LIKELY = "INSERT INTO likely_cause (complaint, nth, cause, points, evidence) VALUES ($1, $2, $3, $4, $5)";
    LIKELY = "SELECT cause, points, evidence FROM likely_cause WHERE complaint = $1 ORDER BY nth";
    UNHEARD = "SELECT g.id, f.site, f.customer, g.suggestion
               FROM rating g
               JOIN feedback_request f ON f.customer_order = g.customer_order
               WHERE g.suggestion <> '' AND g.heard = 0
               ORDER BY g.at, g.id
               LIMIT $1";
    HEARD = "UPDATE rating SET heard = 1 WHERE id = $1";
    TAKE_ON = "INSERT INTO rating_suggestion (rating, suggestion, at) VALUES ($1, $2, $3)";
    SAVE_FACTS = "UPDATE complaint SET facts = $2 WHERE id = $1";
    CLEAR_CAUSES = "DELETE FROM complaint_cause WHERE complaint = $1";
    ADD_CAUSE = "INSERT INTO complaint_cause (noun, object, complaint, made_at) VALUES ($1, $2, $3, $4)";
    /// Served by `complaint_cause_cluster`.
    ABOUT = "SELECT COUNT(*) FROM complaint_cause WHERE noun = $1 AND object = $2 AND made_at >= $3";
}

impl FromRow for FeedbackRequest {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let (order, customer, site, run, courier, asked_at) = FromRow::from_row(row)?;
        Ok(Self { order, customer, site, run, courier, asked_at })
    }
}

impl FromRow for Rating {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let (id, order, goods, time, courier, text, suggestion, at) = FromRow::from_row(row)?;
        Ok(Self { id, order, stars: Stars { goods, time, courier }, text, suggestion, at })
    }
}

impl FromRow for Complaint {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let sheet = ComplaintSheet {
            id: row.get(0)?,
            site: row.get(1)?,
            order: row.get(2)?,
            order_line: row.get(3)?,
            customer: row.get(4)?,
            kind: row.get(5)?,
            text: row.get(6)?,
            photo: row.get(7)?,
            made_at: row.get(8)?,
            revision: row.get(9)?,
        };
        let state: ComplaintState = row.get(10)?;
        let said: (Option<Finding>, Option<String>, Option<Instant>) = (row.get(11)?, row.get(12)?, row.get(13)?);
        match (state, said, row.get::<Option<Instant>>(14)?) {
            (ComplaintState::Made, (None, None, None), None) => Ok(Self::Made(sheet)),
            (ComplaintState::Answered, (Some(finding), Some(text), Some(at)), None) => {
                Ok(Self::Answered { sheet, answer: Answered { finding, text, at } })
            }
            (ComplaintState::Closed, (Some(finding), Some(text), Some(answered_at)), Some(at)) => {
                Ok(Self::Closed { sheet, answer: Answered { finding, text, at: answered_at }, at })
            }
            (state, said, closed) => Err(impossible("complaint", format!("{state} with {said:?} {closed:?}"))),
        }
    }
}

/// The last hand-over of an order.
pub(super) struct Done {
    pub(super) stop: StopId,
    pub(super) customer: CustomerId,
    pub(super) site: SiteId,
    pub(super) run: RunId,
    pub(super) courier: CourierId,
}

pub(super) async fn hand_over_of(tx: &mut Tx, order: CustomerOrderId) -> Result<Option<Done>> {
    let found: Option<(StopId, CustomerId, SiteId, RunId, CourierId)> = tx.optional(HAND_OVER, args![order]).await?;
    Ok(found.map(|(stop, customer, site, run, courier)| Done { stop, customer, site, run, courier }))
}

pub(super) async fn request(tx: &mut Tx, order: CustomerOrderId) -> Result<Option<FeedbackRequest>> {
    tx.optional(REQUEST, args![order]).await
}

pub(super) async fn add_request(
    tx: &mut Tx,
    request: &FeedbackRequest,
    stop: StopId,
    lines: &[OrderLineId],
) -> Result<()> {
    let FeedbackRequest { order, customer, site, run, courier, asked_at } = *request;
    tx.put(ADD_REQUEST, args![order, customer, site, run, courier, asked_at, stop]).await?;
    tx.put_many(ADD_LINE, lines.iter().map(|line| row![*line, order]).collect()).await
}

pub(super) async fn order_of_line(tx: &mut Tx, line: OrderLineId) -> Result<Option<CustomerOrderId>> {
    tx.optional(ORDER_OF_LINE, args![line]).await
}

pub(super) async fn rating(tx: &mut Tx, order: CustomerOrderId) -> Result<Option<Rating>> {
    tx.optional(RATING, args![order]).await
}

pub(super) async fn add_rating(tx: &mut Tx, rating: &Rating) -> Result<()> {
    let Stars { goods, time, courier } = rating.stars;
    tx.put(
        ADD_RATING,
        args![rating.id, rating.order, goods, time, courier, &rating.text, &rating.suggestion, rating.at],
    )
    .await
}

pub(super) async fn ratings(tx: &mut Tx, site: SiteId, after: Uuid, rows: i64) -> Result<Vec<Rating>> {
    tx.all(RATINGS, args![site, after, rows]).await
}

pub(super) async fn complained(tx: &mut Tx, line: OrderLineId, kind: ComplaintKind) -> Result<bool> {
    Ok(tx.one::<i64>(COMPLAINED, args![line, kind]).await? > 0)
}

pub(super) async fn add_complaint(tx: &mut Tx, sheet: &ComplaintSheet) -> Result<()> {
    let ComplaintSheet { id, site, order, order_line, customer, kind, text, photo, made_at, revision } = sheet;
    tx.put(ADD_COMPLAINT, args![*id, *site, *order, *order_line, *customer, *kind, text, *photo, *made_at, *revision])
        .await
}

pub(super) async fn complaint(tx: &mut Tx, id: ComplaintId) -> Result<Option<Complaint>> {
    tx.optional(COMPLAINT, args![id]).await
}

/// A complaint with what it concerns.
pub(super) struct WithFacts(pub(super) Complaint, pub(super) Option<ComplaintFacts>);

impl FromRow for WithFacts {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let facts: Option<String> = row.get(15)?;
        let facts = facts.map(|text| serde_json::from_str(&text).map_err(|error| impossible("facts", error)));
        Ok(Self(Complaint::from_row(row)?, facts.transpose()?))
    }
}

pub(super) async fn complaint_with_facts(tx: &mut Tx, id: ComplaintId) -> Result<Option<WithFacts>> {
    tx.optional(COMPLAINT_TO_READ, args![id]).await
}

/// Writes the state that a transition has led to.
pub(super) async fn save_complaint(tx: &mut Tx, complaint: &Complaint) -> Result<()> {
    let closed_at = match complaint {
        Complaint::Made(_) | Complaint::Answered { .. } => None,
        Complaint::Closed { at, .. } => Some(*at),
    };
    let answer = complaint.given_answer();
    let sheet = complaint.sheet();
    let done = tx
        .execute(
            SAVE_COMPLAINT,
            args![
                sheet.id,
                complaint.state(),
                answer.map(|answer| answer.finding),
                answer.map(|answer| answer.text.as_str()),
                answer.map(|answer| answer.at),
                closed_at,
                sheet.revision,
            ],
        )
        .await?;
    changed_one(done)
}

pub(super) async fn complaints_of_order(tx: &mut Tx, order: CustomerOrderId) -> Result<Vec<Complaint>> {
    tx.all(COMPLAINTS_OF_ORDER, args![order]).await
}

pub(super) async fn complaints(
    tx: &mut Tx,
    site: SiteId,
    (state, review): (Option<ComplaintState>, Option<Verdict>),
    after: (Instant, ComplaintId),
    rows: i64,
) -> Result<Vec<Complaint>> {
    let (any_state, any_review) = (state.is_none(), review.is_none());
    let state = state.unwrap_or(ComplaintState::Made);
    let review = review.unwrap_or(Verdict::LeftToPerson);
    tx.all(COMPLAINTS, args![site, after.0, after.1, rows, state, any_state, review, any_review]).await
}

/// How often it was tried by now.
pub(super) async fn count_try(tx: &mut Tx, id: ComplaintId, why: &str, at: Instant) -> Result<i64> {
    tx.one(COUNT_TRY, args![id, why, at]).await
}

pub(super) async fn save_facts(tx: &mut Tx, sheet: &ComplaintSheet, facts: &ComplaintFacts) -> Result<()> {
    let text = serde_json::to_string(facts).map_err(|error| impossible("facts", error))?;
    tx.put(SAVE_FACTS, args![sheet.id, text]).await?;
    tx.put(CLEAR_CAUSES, args![sheet.id]).await?;
    let rows = facts.causes().into_iter().map(|(noun, object)| row![noun, object, sheet.id, sheet.made_at]).collect();
    tx.put_many(ADD_CAUSE, rows).await
}

pub(super) async fn complaints_about(tx: &mut Tx, noun: &str, object: Uuid, since: Instant) -> Result<i64> {
    tx.one(ABOUT, args![noun, object, since]).await
}

pub(super) fn anything_unheard() -> [Question; 2] {
    [Question::new(ANY_UNJOINED, args![]), Question::new(ANY_UNHEARD, args![])]
}

pub(super) async fn unjoined(tx: &mut Tx, rows: i64) -> Result<Vec<ComplaintId>> {
    tx.all(UNJOINED, args![rows]).await
}

pub(super) async fn door_temperature(tx: &mut Tx, order: CustomerOrderId) -> Result<Option<DeciCelsius>> {
    Ok(tx.optional::<Option<DeciCelsius>>(DOOR_TEMPERATURE, args![order]).await?.flatten())
}

impl FromRow for LikelyCause {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let (cause, points, evidence) = FromRow::from_row(row)?;
        Ok(Self { cause, points, evidence })
    }
}

pub(super) async fn note_causes(tx: &mut Tx, complaint: ComplaintId, causes: &[LikelyCause]) -> Result<()> {
    tx.put(CLEAR_LIKELY, args![complaint]).await?;
    let rows = (1_i64..)
        .zip(causes)
        .map(|(nth, likely)| row![complaint, nth, likely.cause, likely.points, likely.evidence.as_str()])
        .collect();
    tx.put_many(ADD_LIKELY, rows).await
}

pub(super) async fn likely_causes(tx: &mut Tx, complaint: ComplaintId) -> Result<Vec<LikelyCause>> {
    tx.all(LIKELY, args![complaint]).await
}

impl FromRow for Said {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let (rating, site, customer, text) = FromRow::from_row(row)?;
        Ok(Self { rating, site, customer, text })
    }
}

pub(super) async fn unheard(tx: &mut Tx, rows: i64) -> Result<Vec<Said>> {
    tx.all(UNHEARD, args![rows]).await
}

pub(super) async fn heard(tx: &mut Tx, rating: RatingId, suggestion: SuggestionId, at: Instant) -> Result<()> {
    tx.put(HEARD, args![rating]).await?;
    tx.put(TAKE_ON, args![rating, suggestion, at]).await
}
