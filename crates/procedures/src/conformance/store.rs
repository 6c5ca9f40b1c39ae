//! SQL of marks, cases and findings.

use kernel::{Instant, ProcedureId, RevisionId, SiteId};
use store::{FromRow, Result, Row, Tx, args, row, sql};
use uuid::Uuid;

use super::{CaseState, Finding, FindingKind, Judged, Mark, Marks, Seen, Wait, Way};

sql! {
    MARK = "INSERT INTO conformance_mark (noun, object, kind, first_position, first_at, last_position, last_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (noun, object, kind) DO UPDATE
            SET first_at = CASE WHEN excluded.first_position < conformance_mark.first_position
                                THEN excluded.first_at ELSE conformance_mark.first_at END,
                first_position = CASE WHEN excluded.first_position < conformance_mark.first_position
                                      THEN excluded.first_position ELSE conformance_mark.first_position END,
                last_at = CASE WHEN excluded.last_position > conformance_mark.last_position
                               THEN excluded.last_at ELSE conformance_mark.last_at END,
                last_position = CASE WHEN excluded.last_position > conformance_mark.last_position
                                     THEN excluded.last_position ELSE conformance_mark.last_position END";
    MARKS = "SELECT kind, first_position, first_at, last_position, last_at
             FROM conformance_mark
             WHERE noun = $1 AND object = $2";
    PLACE = "INSERT INTO conformance_object (noun, object, site) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    SITE = "SELECT site FROM conformance_object WHERE noun = $1 AND object = $2";

    CASE = "INSERT INTO conformance_case (procedure, noun, object, revision, site, state, way, opened_at, ended_at,
                worst_step, worst_minutes, due_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            ON CONFLICT (procedure, noun, object) DO UPDATE
            SET revision = excluded.revision, site = excluded.site, state = excluded.state, way = excluded.way,
                opened_at = excluded.opened_at, ended_at = excluded.ended_at, worst_step = excluded.worst_step,
                worst_minutes = excluded.worst_minutes, due_at = excluded.due_at";
    CLEAR = "DELETE FROM conformance_finding WHERE procedure = $1 AND noun = $2 AND object = $3";
    FIND = "INSERT INTO conformance_finding (procedure, noun, object, kind, step, minutes_over, at)
            VALUES ($1, $2, $3, $4, $5, $6, $7)";
    /// Served by `conformance_case_due`.
    DUE = "SELECT procedure, noun, object FROM conformance_case WHERE due_at < $1 ORDER BY due_at, object LIMIT $2";

    CASES = "SELECT c.procedure, c.noun, c.object, r.number, c.state, c.way, c.opened_at, c.ended_at, c.worst_step,
                    c.worst_minutes
             FROM conformance_case c
             JOIN procedure_revision r ON r.id = c.revision
             WHERE c.site = $1
               AND (c.procedure = $2 OR CAST($3 AS BIGINT) = 1)
               AND c.way IN ($4, $5)
               AND c.state IN ($6, $7, $8)
               AND (c.object = $9 OR CAST($10 AS BIGINT) = 1)
               AND (c.opened_at > $11
                    OR (c.opened_at = $11 AND c.object > $12)
                    OR (c.opened_at = $11 AND c.object = $12 AND c.procedure > $13))
             ORDER BY c.opened_at, c.object, c.procedure
             LIMIT $14";
    FINDINGS = "SELECT kind, step, minutes_over, at
                FROM conformance_finding
                WHERE procedure = $1 AND noun = $2 AND object = $3
                ORDER BY kind, step";
    TALLY = "SELECT state, way, COUNT(*)
             FROM conformance_case
             WHERE procedure = $1 AND site = $2 AND opened_at >= $3 AND opened_at < $4
             GROUP BY state, way
             ORDER BY state, way";
    FOUND = "SELECT f.kind, f.step, COUNT(*), CAST(MAX(f.minutes_over) AS BIGINT)
             FROM conformance_finding f
             JOIN conformance_case c ON c.procedure = f.procedure AND c.noun = f.noun AND c.object = f.object
             WHERE c.procedure = $1 AND c.site = $2 AND c.opened_at >= $3 AND c.opened_at < $4
             GROUP BY f.kind, f.step
             ORDER BY f.kind, f.step";
    WORST = "SELECT noun, object, worst_step, worst_minutes
             FROM conformance_case
             WHERE procedure = $1 AND site = $2 AND opened_at >= $3 AND opened_at < $4 AND worst_minutes IS NOT NULL
             ORDER BY worst_minutes DESC, object
             LIMIT $5";
    /// Served by `conformance_finding_by_time`.
    BREACHES = "SELECT p.step, f.kind, f.step, COUNT(*), CAST(MAX(f.minutes_over) AS BIGINT)
                FROM conformance_finding f
                JOIN conformance_case c ON c.procedure = f.procedure AND c.noun = f.noun AND c.object = f.object
                JOIN procedure p ON p.id = f.procedure
                WHERE c.site = $1 AND f.at >= $2 AND f.at < $3
                GROUP BY p.step, f.kind, f.step
                ORDER BY p.step, f.kind, f.step";
}

/// One thing that goes through a procedure.
pub(super) type Thing = (&'static str, Uuid);

pub(super) async fn add_marks<'a>(
    tx: &mut Tx,
    marks: impl Iterator<Item = (Thing, &'a str, Mark)>,
    sites: impl Iterator<Item = (Thing, Uuid)>,
) -> Result<()> {
    let rows = marks.map(|((noun, object), kind, Mark { first, last })| {
        row![noun, object, kind, first.position, first.at, last.position, last.at]
    });
    tx.put_many(MARK, rows.collect()).await?;
    let rows = sites.map(|((noun, object), site)| row![noun, object, site]);
    tx.put_many(PLACE, rows.collect()).await
}

/// The marks of each thing, in their order.
pub(super) async fn marks(tx: &mut Tx, things: &[Thing]) -> Result<Vec<Marks>> {
    let keys: Vec<_> = things.iter().map(|(noun, object)| row![*noun, *object]).collect();
    let found = tx.all_many::<(String, i64, Instant, i64, Instant), 2>(MARKS, &keys).await?;
    let seen = |position, at| Seen { position, at };
    let folded = found.into_iter().map(|rows| {
        rows.into_iter()
            .map(|(kind, first, first_at, last, last_at)| {
                (kind, Mark { first: seen(first, first_at), last: seen(last, last_at) })
            })
            .collect()
    });
    Ok(folded.collect())
}

/// The site of each thing, in their order.
pub(super) async fn sites(tx: &mut Tx, things: &[Thing]) -> Result<Vec<Option<SiteId>>> {
    let keys: Vec<_> = things.iter().map(|(noun, object)| row![*noun, *object]).collect();
    let found = tx.all_many::<SiteId, 2>(SITE, &keys).await?;
    Ok(found.into_iter().map(|rows| rows.first().copied()).collect())
}

/// A case with what it comes to.
pub(super) struct JudgedCase {
    pub(super) procedure: ProcedureId,
    pub(super) thing: Thing,
    pub(super) revision: RevisionId,
    pub(super) site: Option<SiteId>,
    pub(super) judged: Judged,
}

pub(super) async fn save(tx: &mut Tx, cases: &[JudgedCase]) -> Result<()> {
    let rows = cases.iter().map(|case| {
        let (judged, worst) = (&case.judged, case.judged.worst.as_ref());
        row![
            case.procedure,
            case.thing.0,
            case.thing.1,
            case.revision,
            case.site,
            judged.state(),
            judged.way(),
            judged.opened_at,
            judged.end.map(|(_, at)| at),
            worst.map(|worst| worst.step.as_str()),
            worst.map(|worst| worst.minutes),
            judged.due_at
        ]
    });
    tx.put_many(CASE, rows.collect()).await?;
    let rows = cases.iter().map(|case| row![case.procedure, case.thing.0, case.thing.1]);
    tx.put_many(CLEAR, rows.collect()).await?;
    let rows = cases.iter().flat_map(|case| {
        case.judged.findings.iter().map(|finding| {
            let Finding { kind, step, minutes_over, at } = finding;
            row![case.procedure, case.thing.0, case.thing.1, *kind, step, *minutes_over, *at]
        })
    });
    tx.put_many(FIND, rows.collect()).await
}

pub(super) async fn due(tx: &mut Tx, now: Instant, rows: i64) -> Result<Vec<(ProcedureId, String, Uuid)>> {
    tx.all(DUE, args![now, rows]).await
}

/// Which cases are wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) site: SiteId,
    pub(super) procedure: Option<ProcedureId>,
    pub(super) object: Option<Uuid>,
    pub(super) way: Option<Way>,
    pub(super) state: Option<CaseState>,
}

/// Where the list of cases goes on.
pub(super) type CaseKey = (Instant, Uuid, ProcedureId);

pub(super) struct CaseRow {
    pub(super) procedure: ProcedureId,
    pub(super) noun: String,
    pub(super) object: Uuid,
    pub(super) revision: i64,
    pub(super) state: CaseState,
    pub(super) way: Way,
    pub(super) opened_at: Instant,
    pub(super) ended_at: Option<Instant>,
    pub(super) worst: Option<Wait>,
}

impl FromRow for CaseRow {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let (step, minutes): (Option<String>, Option<i64>) = (row.get(8)?, row.get(9)?);
        Ok(Self {
            procedure: row.get(0)?,
            noun: row.get(1)?,
            object: row.get(2)?,
            revision: row.get(3)?,
            state: row.get(4)?,
            way: row.get(5)?,
            opened_at: row.get(6)?,
            ended_at: row.get(7)?,
            worst: step.zip(minutes).map(|(step, minutes)| Wait { step, minutes }),
        })
    }
}

pub(super) async fn cases(tx: &mut Tx, wanted: Wanted, after: CaseKey, rows: i64) -> Result<Vec<CaseRow>> {
    let Wanted { site, procedure, object, way, state } = wanted;
    let ways = way.map_or([Way::On, Way::Off], |way| [way; 2]);
    let states = state.map_or([CaseState::Open, CaseState::Ended, CaseState::Abandoned], |state| [state; 3]);
    tx.all(
        CASES,
        args![
            site,
            procedure.unwrap_or(after.2),
            procedure.is_none(),
            ways[0],
            ways[1],
            states[0],
            states[1],
            states[2],
            object.unwrap_or_default(),
            object.is_none(),
            after.0,
            after.1,
            after.2,
            rows
        ],
    )
    .await
}

pub(super) async fn findings(tx: &mut Tx, cases: &[CaseRow]) -> Result<Vec<Vec<Finding>>> {
    let keys: Vec<_> = cases.iter().map(|case| row![case.procedure, &case.noun, case.object]).collect();
    let found = tx.all_many::<(FindingKind, String, i64, Instant), 3>(FINDINGS, &keys).await?;
    let of = |(kind, step, minutes_over, at)| Finding { kind, step, minutes_over, at };
    Ok(found.into_iter().map(|rows| rows.into_iter().map(of).collect()).collect())
}

/// The cases of a procedure at a site that began in a span.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) procedure: ProcedureId,
    pub(super) site: SiteId,
    pub(super) from: Instant,
    pub(super) until: Instant,
}

pub(super) async fn tally(tx: &mut Tx, span: Span) -> Result<Vec<(CaseState, Way, i64)>> {
    tx.all(TALLY, args![span.procedure, span.site, span.from, span.until]).await
}

pub(super) async fn found(tx: &mut Tx, span: Span) -> Result<Vec<(FindingKind, String, i64, i64)>> {
    tx.all(FOUND, args![span.procedure, span.site, span.from, span.until]).await
}

pub(super) async fn worst(tx: &mut Tx, span: Span, rows: i64) -> Result<Vec<(String, Uuid, String, i64)>> {
    tx.all(WORST, args![span.procedure, span.site, span.from, span.until, rows]).await
}

pub(super) async fn breaches(
    tx: &mut Tx,
    site: SiteId,
    (from, until): (Instant, Instant),
) -> Result<Vec<(String, FindingKind, String, i64, i64)>> {
    tx.all(BREACHES, args![site, from, until]).await
}
