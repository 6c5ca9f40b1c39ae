//! SQL of couriers' files, courses and months.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{CourierId, CourseId, Date, Instant, SiteId, UserId};
use store::{FromRow, Result, Row, Tx, args, row, sql};

use super::{
    Answer, Attempted, CHILLED_AT_DOOR_MAX, Certificate, Courier, CourierState, Document, DocumentKind,
    FROZEN_AT_DOOR_MAX, FROZEN_HANDLING, MonthFigures, Papers, Reminder, Syllabus,
};
use crate::planning::store::{changed_one, impossible};

macro_rules! courier_columns {
    () => {
        "id, site, name, phone, person, state, revision"
    };
}

sql! {
    ADD_COURIER = concat!("INSERT INTO courier (", courier_columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7)");
    COURIER = concat!("SELECT ", courier_columns!(), " FROM courier WHERE id = $1");
    COURIER_FOR_CHANGE = concat!("SELECT ", courier_columns!(), " FROM courier WHERE id = $1 {lock}");
    COURIER_OF_USER = concat!("SELECT ", courier_columns!(), " FROM courier WHERE person = $1");
    COURIERS = concat!("SELECT ", courier_columns!(), " FROM courier WHERE site = $1 AND id > $2 ORDER BY id LIMIT $3");
    SAVE_COURIER = "UPDATE courier SET person = $2, state = $3, revision = $4 WHERE id = $1 AND revision = $4 - 1";

    ADD_DOCUMENT = "INSERT INTO courier_document (courier, kind, expires_on, number, noted_at)
                    VALUES ($1, $2, $3, $4, $5)
                    ON CONFLICT (courier, kind, expires_on) DO UPDATE SET number = excluded.number";
    DOCUMENTS = "SELECT kind, number, expires_on FROM courier_document WHERE courier = $1
                 ORDER BY kind, expires_on DESC";
    /// What decides where a courier stands, in one answer: the state, every document and every certificate of a kind.
    STANDING = "SELECT 'state', state, CAST(NULL AS TEXT), CAST(NULL AS TEXT) FROM courier WHERE id = $1
                UNION ALL
                SELECT 'document', kind, CAST(NULL AS TEXT), expires_on FROM courier_document WHERE courier = $1
                UNION ALL
                SELECT 'certificate', code, earned_on, valid_until FROM certificate WHERE courier = $1 AND code = $2";
    ADD_CERTIFICATE = "INSERT INTO certificate (id, courier, course, code, earned_on, valid_until)
                       VALUES ($1, $2, $3, $4, $5, $6)";
    CERTIFICATES = "SELECT id, course, code, earned_on, valid_until FROM certificate WHERE courier = $1
                    ORDER BY code, valid_until DESC, id";
    PAPERS_UNTIL = "SELECT c.id, c.name, d.kind, MAX(d.expires_on)
                    FROM courier c JOIN courier_document d ON d.courier = c.id
                    WHERE c.site = $1 AND c.state = 'active'
                    GROUP BY c.id, c.name, d.kind HAVING MAX(d.expires_on) <= $2
                    UNION ALL
                    SELECT c.id, c.name, p.code, MAX(p.valid_until)
                    FROM courier c JOIN certificate p ON p.courier = c.id
                    WHERE c.site = $1 AND c.state = 'active'
                    GROUP BY c.id, c.name, p.code HAVING MAX(p.valid_until) <= $2";

    COURSE = "SELECT version, content FROM course WHERE id = $1";
    COURSE_BY_CODE = "SELECT id, version, content FROM course WHERE code = $1 {lock}";
    COURSES = "SELECT id, version, content FROM course ORDER BY code";
    SAVE_COURSE = "INSERT INTO course (id, code, version, pass_percent, attempts_max, validity_days, content)
                   VALUES ($1, $2, $3, $4, $5, $6, $7)
                   ON CONFLICT (code) DO UPDATE SET version = excluded.version, pass_percent = excluded.pass_percent,
                       attempts_max = excluded.attempts_max, validity_days = excluded.validity_days,
                       content = excluded.content";
    ATTEMPTS = "SELECT COUNT(*) FROM course_attempt WHERE course = $1 AND courier = $2";
    FAILED_ATTEMPTS = "SELECT COUNT(*) FROM course_attempt
                       WHERE course = $1 AND courier = $2 AND result = 'failed' AND at > $3";
    ADD_ATTEMPT = "INSERT INTO course_attempt (course, courier, number, version, at, score_percent, result, answers)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

    MONTH_RUNS = "SELECT COUNT(*) FROM delivery_run WHERE courier = $1 AND departed_at >= $2 AND departed_at < $3";
    MONTH_STOPS = "SELECT COUNT(*),
            CAST(COALESCE(SUM(CASE WHEN s.state = 'handed_over' THEN 1 ELSE 0 END), 0) AS BIGINT),
            CAST(COALESCE(SUM(CASE WHEN s.state = 'handed_over' AND s.closed_at >= s.promised_start
                                        AND s.closed_at <= s.promised_end THEN 1 ELSE 0 END), 0) AS BIGINT),
            CAST(COALESCE(SUM(CASE WHEN s.attempt = 1 THEN 1 ELSE 0 END), 0) AS BIGINT),
            CAST(COALESCE(SUM(CASE WHEN s.attempt = 1 AND s.state = 'handed_over' THEN 1 ELSE 0 END), 0) AS BIGINT),
            CAST(COALESCE(SUM(CASE WHEN s.state = 'handed_over' AND s.chilled_grams + s.chilled_crates
                                        + s.frozen_grams + s.frozen_crates > 0 THEN 1 ELSE 0 END), 0) AS BIGINT),
            CAST(COALESCE(SUM(CASE WHEN s.state = 'handed_over'
                    AND ((s.chilled_grams + s.chilled_crates > 0 AND s.door_decicelsius <= $4)
                         OR (s.chilled_grams + s.chilled_crates = 0 AND s.frozen_grams + s.frozen_crates > 0
                             AND s.door_decicelsius <= $5)) THEN 1 ELSE 0 END), 0) AS BIGINT)
        FROM stop s JOIN delivery_run r ON r.id = s.run
        WHERE r.courier = $1 AND s.closed_at >= $2 AND s.closed_at < $3 AND s.state IN ('handed_over', 'failed')";
    MONTH_RATINGS = "SELECT COUNT(*), CAST(COALESCE(SUM(g.courtesy), 0) AS BIGINT)
                     FROM rating g JOIN feedback_request f ON f.customer_order = g.customer_order
                     WHERE f.courier = $1 AND g.at >= $2 AND g.at < $3";
    /// What a courier answers for: goods that were whole and cold when they were loaded.
    MONTH_COMPLAINTS = "SELECT COUNT(*) FROM complaint c
                        JOIN feedback_request f ON f.customer_order = c.customer_order
                        WHERE f.courier = $1 AND c.answered_at >= $2 AND c.answered_at < $3
                          AND c.finding = 'upheld' AND c.kind IN ('damaged', 'temperature')";
}

impl FromRow for Courier {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let (id, site, name, phone, user, state, revision) = FromRow::from_row(row)?;
        Ok(Self { id, site, name, phone, user, state, revision })
    }
}

impl FromRow for Document {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let (kind, number, expires_on) = FromRow::from_row(row)?;
        Ok(Self { kind, number, expires_on })
    }
}

impl FromRow for Certificate {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let (id, course, code, earned_on, valid_until) = FromRow::from_row(row)?;
        Ok(Self { id, course, code, earned_on, valid_until })
    }
}

impl FromRow for Reminder {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let (courier, name, paper, last_day) = FromRow::from_row(row)?;
        Ok(Self { courier, name, paper, last_day })
    }
}

pub(super) async fn add_courier(tx: &mut Tx, courier: &Courier) -> Result<()> {
    let Courier { id, site, name, phone, user, state, revision } = courier;
    tx.put(ADD_COURIER, args![*id, *site, name, phone, *user, *state, *revision]).await
}

pub(crate) async fn courier(tx: &mut Tx, id: CourierId) -> Result<Option<Courier>> {
    tx.optional(COURIER, args![id]).await
}

pub(super) async fn courier_for_change(tx: &mut Tx, id: CourierId) -> Result<Option<Courier>> {
    tx.optional(COURIER_FOR_CHANGE, args![id]).await
}

pub(super) async fn courier_of_user(tx: &mut Tx, user: UserId) -> Result<Option<Courier>> {
    tx.optional(COURIER_OF_USER, args![user]).await
}

pub(super) async fn couriers(tx: &mut Tx, site: SiteId, after: CourierId, rows: i64) -> Result<Vec<Courier>> {
    tx.all(COURIERS, args![site, after, rows]).await
}

/// Writes login and state under the next revision.
pub(super) async fn save_courier(tx: &mut Tx, courier: &mut Courier) -> Result<()> {
    courier.revision += 1;
    let done = tx.execute(SAVE_COURIER, args![courier.id, courier.user, courier.state, courier.revision]).await?;
    changed_one(done)
}

pub(super) async fn add_document(tx: &mut Tx, courier: CourierId, document: &Document, at: Instant) -> Result<()> {
    tx.put(ADD_DOCUMENT, args![courier, document.kind, document.expires_on, &document.number, at]).await
}

pub(super) async fn documents(tx: &mut Tx, courier: CourierId) -> Result<Vec<Document>> {
    tx.all(DOCUMENTS, args![courier]).await
}

pub(super) async fn add_certificate(tx: &mut Tx, courier: CourierId, paper: &Certificate) -> Result<()> {
    let Certificate { id, course, code, earned_on, valid_until } = paper;
    tx.put(ADD_CERTIFICATE, args![*id, courier, *course, code, *earned_on, *valid_until]).await
}

pub(super) async fn certificates(tx: &mut Tx, courier: CourierId) -> Result<Vec<Certificate>> {
    tx.all(CERTIFICATES, args![courier]).await
}

/// What decides where each of several couriers stands; of one who is not there, nothing.
pub(super) async fn papers(
    tx: &mut Tx,
    couriers: impl IntoIterator<Item = CourierId>,
) -> Result<BTreeMap<CourierId, Papers>> {
    let couriers: BTreeSet<CourierId> = couriers.into_iter().collect();
    let asked: Vec<_> = couriers.iter().map(|courier| row![*courier, FROZEN_HANDLING]).collect();
    let mut found = BTreeMap::new();
    for (courier, rows) in couriers.into_iter().zip(tx.all_many(STANDING, &asked).await?) {
        if let Some(papers) = gathered(rows)? {
            found.insert(courier, papers);
        }
    }
    Ok(found)
}

type PaperRow = (String, String, Option<Date>, Option<Date>);

fn gathered(rows: Vec<PaperRow>) -> Result<Option<Papers>> {
    let (mut state, mut documents, mut frozen) = (None, Vec::new(), Vec::new());
    for (what, code, from, until) in rows {
        match (what.as_str(), from, until) {
            ("state", None, None) => {
                state = Some(CourierState::from_code(&code).ok_or_else(|| impossible("state", code))?);
            }
            ("document", None, Some(until)) => {
                let kind = DocumentKind::from_code(&code).ok_or_else(|| impossible("kind", code))?;
                documents.push((kind, until));
            }
            ("certificate", Some(from), Some(until)) => frozen.push((from, until)),
            _ => return Err(impossible("papers", what)),
        }
    }
    Ok(state.map(|state| Papers { state, documents, frozen }))
}

pub(super) async fn papers_until(tx: &mut Tx, site: SiteId, until: Date) -> Result<Vec<Reminder>> {
    tx.all(PAPERS_UNTIL, args![site, until]).await
}

pub(super) async fn course(tx: &mut Tx, id: CourseId) -> Result<Option<(i64, Syllabus)>> {
    let found: Option<(i64, String)> = tx.optional(COURSE, args![id]).await?;
    found.map(|(version, content)| Ok((version, syllabus(&content)?))).transpose()
}

pub(super) async fn course_by_code(tx: &mut Tx, code: &str) -> Result<Option<(CourseId, i64, Syllabus)>> {
    let found: Option<(CourseId, i64, String)> = tx.optional(COURSE_BY_CODE, args![code]).await?;
    found.map(|(id, version, content)| Ok((id, version, syllabus(&content)?))).transpose()
}

pub(super) async fn courses(tx: &mut Tx) -> Result<Vec<(CourseId, i64, Syllabus)>> {
    let found: Vec<(CourseId, i64, String)> = tx.all(COURSES, args![]).await?;
    found.into_iter().map(|(id, version, content)| Ok((id, version, syllabus(&content)?))).collect()
}

pub(super) async fn save_course(tx: &mut Tx, id: CourseId, version: i64, taught: &Syllabus) -> Result<()> {
    let content = serde_json::to_string(taught).map_err(|error| impossible("content", error))?;
    let Syllabus { code, pass_percent, attempts_max, validity_days, .. } = taught;
    tx.put(SAVE_COURSE, args![id, code, version, *pass_percent, *attempts_max, *validity_days, content]).await
}

fn syllabus(content: &str) -> Result<Syllabus> {
    serde_json::from_str(content).map_err(|error| impossible("content", error))
}

pub(super) async fn attempts(tx: &mut Tx, course: CourseId, courier: CourierId) -> Result<i64> {
    tx.one(ATTEMPTS, args![course, courier]).await
}

pub(super) async fn failed_attempts(tx: &mut Tx, course: CourseId, courier: CourierId, since: Instant) -> Result<i64> {
    tx.one(FAILED_ATTEMPTS, args![course, courier, since]).await
}

pub(super) async fn add_attempt(
    tx: &mut Tx,
    courier: CourierId,
    version: i64,
    attempted: &Attempted,
    answers: &[Answer],
    at: Instant,
) -> Result<()> {
    let answers = serde_json::to_string(answers).map_err(|error| impossible("answers", error))?;
    let Attempted { course, number, score_percent, result, .. } = attempted;
    tx.put(ADD_ATTEMPT, args![*course, courier, *number, version, at, *score_percent, *result, answers]).await
}

pub(super) async fn month_figures(
    tx: &mut Tx,
    courier: CourierId,
    (from, until): (Instant, Instant),
) -> Result<MonthFigures> {
    let runs = tx.one(MONTH_RUNS, args![courier, from, until]).await?;
    let limits = (CHILLED_AT_DOOR_MAX, FROZEN_AT_DOOR_MAX);
    let (attempts, handed_over, on_time, first, first_handed_over, cold, within) =
        tx.one(MONTH_STOPS, args![courier, from, until, limits.0, limits.1]).await?;
    let (ratings, courtesy_sum) = tx.one(MONTH_RATINGS, args![courier, from, until]).await?;
    Ok(MonthFigures {
        runs,
        attempts,
        handed_over,
        on_time,
        first_attempts: first,
        first_attempts_handed_over: first_handed_over,
        ratings,
        courtesy_sum,
        cold_hand_overs: cold,
        cold_within_limit: within,
        complaints_upheld: tx.one(MONTH_COMPLAINTS, args![courier, from, until]).await?,
    })
}
