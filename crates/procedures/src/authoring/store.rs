//! SQL of procedures, their revisions and who has read them.

use kernel::{Actor, Date, Instant, ProcedureId, RevisionId};
use serde::Serialize;
use store::{FromRow, Result, Row, StoreError, Tx, args, row, sql};
use uuid::Uuid;

use super::{Approval, Document, Revision, RevisionState, Stage, Validity};

macro_rules! columns {
    () => {
        "id, procedure, number, state, document, shipped, note, author, author_id, drafted_at, approver, approver_id,
         approved_at, valid_from, valid_until, review_due"
    };
}

sql! {
    ADD_PROCEDURE = "INSERT INTO procedure (id, step) VALUES ($1, $2)";
    LOCKED_PROCEDURE = "SELECT id, step FROM procedure WHERE id = $1 {lock}";
    PROCEDURE = "SELECT id, step FROM procedure WHERE id = $1";
    OF_STEP = "SELECT id, step FROM procedure WHERE step = $1 {lock}";
    PROCEDURES = "SELECT id, step FROM procedure ORDER BY step";

    ADD = "INSERT INTO procedure_revision (id, procedure, number, state, document, shipped, note, author, author_id,
               drafted_at, approver, approver_id, approved_at, valid_from, valid_until, review_due)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    SAVE = "UPDATE procedure_revision
            SET state = $2, document = $3, note = $4, approver = $5, approver_id = $6, approved_at = $7,
                valid_from = $8, valid_until = $9, review_due = $10
            WHERE id = $1 AND state = $11";
    LOCKED = concat!("SELECT ", columns!(), " FROM procedure_revision WHERE id = $1 {lock}");
    ONE = concat!("SELECT ", columns!(), " FROM procedure_revision WHERE id = $1");
    OF_PROCEDURE = concat!("SELECT ", columns!(), " FROM procedure_revision WHERE procedure = $1 ORDER BY number");
    /// Everything that is or was in force, the oldest first.
    IN_FORCE = concat!(
        "SELECT ", columns!(), " FROM procedure_revision
         WHERE state IN ('published', 'retired')
         ORDER BY procedure, valid_from, number"
    );

    ACKNOWLEDGE = "INSERT INTO procedure_acknowledgement (revision, reader, reader_id, at)
                   VALUES ($1, $2, $3, $4)
                   ON CONFLICT DO NOTHING";
    ACKNOWLEDGED = "SELECT at FROM procedure_acknowledgement WHERE revision = $1 AND reader = $2 AND reader_id = $3";
    READERS = "SELECT reader, reader_id, at
               FROM procedure_acknowledgement
               WHERE revision = $1 AND reader_id > $2
               ORDER BY reader_id
               LIMIT $3";
}

impl FromRow for Revision {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let text: String = row.get(4)?;
        let document: Document =
            serde_json::from_str(&text).map_err(|error| impossible("document", error.to_string()))?;
        let approver: Option<String> = row.get(10)?;
        let approval = match (approver, row.get::<Option<Instant>>(12)?) {
            (Some(noun), Some(at)) => Some(Approval { by: actor(&noun, row.get(11)?)?, at }),
            _ => None,
        };
        let validity = match (row.get::<Option<Instant>>(13)?, row.get::<Option<Date>>(15)?) {
            (Some(from), Some(review_due)) => Some(Validity { from, review_due }),
            _ => None,
        };
        let until: Option<Instant> = row.get(14)?;
        let stage = match (row.get::<RevisionState>(3)?, approval, validity, until) {
            (RevisionState::Draft, None, None, None) => Stage::Draft,
            (RevisionState::InReview, None, None, None) => Stage::InReview,
            (RevisionState::Approved, Some(approval), None, None) => Stage::Approved(approval),
            (RevisionState::Published, Some(approval), Some(validity), None) => Stage::Published { approval, validity },
            (RevisionState::Retired, Some(approval), Some(validity), Some(until)) => {
                Stage::Retired { approval, validity, until }
            }
            (state, approval, validity, until) => {
                return Err(impossible("state", format!("{state} with {approval:?} {validity:?} {until:?}")));
            }
        };
        Ok(Self {
            id: row.get(0)?,
            procedure: row.get(1)?,
            number: row.get(2)?,
            document,
            shipped: row.get(5)?,
            note: row.get(6)?,
            author: actor(&row.get::<String>(7)?, row.get(8)?)?,
            drafted_at: row.get(9)?,
            stage,
        })
    }
}

fn actor(noun: &str, id: Option<Uuid>) -> Result<Actor> {
    Actor::from_filed(noun, id).ok_or_else(|| impossible("actor", format!("{noun} {id:?}")))
}

pub(crate) fn impossible(column: &str, found: String) -> StoreError {
    StoreError::Impossible { statement: "procedures", column: column.to_owned(), found }
}

pub(super) async fn add_procedure(tx: &mut Tx, id: ProcedureId, step: &str) -> Result<()> {
    tx.put(ADD_PROCEDURE, args![id, step]).await
}

pub(super) async fn locked_procedure(tx: &mut Tx, id: ProcedureId) -> Result<Option<(ProcedureId, String)>> {
    tx.optional(LOCKED_PROCEDURE, args![id]).await
}

pub(crate) async fn procedure(tx: &mut Tx, id: ProcedureId) -> Result<Option<(ProcedureId, String)>> {
    tx.optional(PROCEDURE, args![id]).await
}

pub(super) async fn of_step(tx: &mut Tx, step: &str) -> Result<Option<ProcedureId>> {
    Ok(tx.optional::<(ProcedureId, String)>(OF_STEP, args![step]).await?.map(|(id, _)| id))
}

pub(super) async fn procedures(tx: &mut Tx) -> Result<Vec<(ProcedureId, String)>> {
    tx.all(PROCEDURES, args![]).await
}

pub(super) async fn add(tx: &mut Tx, revision: &Revision) -> Result<()> {
    let document = text_of(&revision.document)?;
    let (approval, validity) = (revision.approval(), revision.validity());
    tx.put(
        ADD,
        args![
            revision.id,
            revision.procedure,
            revision.number,
            revision.state(),
            document,
            revision.shipped,
            &revision.note,
            revision.author.noun(),
            revision.author.uuid(),
            revision.drafted_at,
            approval.map(|approval| approval.by.noun()),
            approval.and_then(|approval| approval.by.uuid()),
            approval.map(|approval| approval.at),
            validity.map(|(validity, _)| validity.from),
            validity.and_then(|(_, until)| until),
            validity.map(|(validity, _)| validity.review_due)
        ],
    )
    .await
}

/// Saves a revision that was in state `before` when it was read.
pub(super) async fn save(tx: &mut Tx, revision: &Revision, before: RevisionState) -> Result<()> {
    let document = text_of(&revision.document)?;
    let (approval, validity) = (revision.approval(), revision.validity());
    let changed = tx
        .execute(
            SAVE,
            args![
                revision.id,
                revision.state(),
                document,
                &revision.note,
                approval.map(|approval| approval.by.noun()),
                approval.and_then(|approval| approval.by.uuid()),
                approval.map(|approval| approval.at),
                validity.map(|(validity, _)| validity.from),
                validity.and_then(|(_, until)| until),
                validity.map(|(validity, _)| validity.review_due),
                before
            ],
        )
        .await?;
    if changed == 1 { Ok(()) } else { Err(StoreError::Busy) }
}

pub(super) async fn locked(tx: &mut Tx, id: RevisionId) -> Result<Option<Revision>> {
    tx.optional(LOCKED, args![id]).await
}

pub(super) async fn revision(tx: &mut Tx, id: RevisionId) -> Result<Option<Revision>> {
    tx.optional(ONE, args![id]).await
}

pub(super) async fn revisions(tx: &mut Tx, procedure: ProcedureId) -> Result<Vec<Revision>> {
    tx.all(OF_PROCEDURE, args![procedure]).await
}

pub(crate) async fn in_force(tx: &mut Tx) -> Result<Vec<Revision>> {
    tx.all(IN_FORCE, args![]).await
}

/// Answers whether it is new.
pub(super) async fn acknowledge(tx: &mut Tx, revision: RevisionId, reader: Actor, at: Instant) -> Result<bool> {
    Ok(tx.execute(ACKNOWLEDGE, args![revision, reader.noun(), reader.uuid(), at]).await? == 1)
}

/// When the reader acknowledged each of these, in their order.
pub(super) async fn acknowledged(tx: &mut Tx, revisions: &[RevisionId], reader: Actor) -> Result<Vec<Option<Instant>>> {
    let Some(reader_id) = reader.uuid() else { return Ok(vec![None; revisions.len()]) };
    let keys: Vec<_> = revisions.iter().map(|revision| row![*revision, reader.noun(), reader_id]).collect();
    let found = tx.all_many::<Instant, 3>(ACKNOWLEDGED, &keys).await?;
    Ok(found.into_iter().map(|rows| rows.first().copied()).collect())
}

pub(super) async fn readers(
    tx: &mut Tx,
    revision: RevisionId,
    after: Uuid,
    rows: i64,
) -> Result<Vec<(Actor, Uuid, Instant)>> {
    let found = tx.all::<(String, Uuid, Instant)>(READERS, args![revision, after, rows]).await?;
    found.into_iter().map(|(noun, id, at)| Ok((actor(&noun, Some(id))?, id, at))).collect()
}

fn text_of<T: Serialize>(document: &T) -> Result<String> {
    serde_json::to_string(document).map_err(|error| impossible("document", error.to_string()))
}
