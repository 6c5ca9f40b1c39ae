//! Excursions and what people did about them.

use kernel::{Actor, ExcursionId, Instant, ProbeId, SiteId, Stamp};
use store::{FromRow, Question, Result, Row, StoreError, Tx, Uuid, args, sql};

use crate::coldchain::{
    excursions::{Action, Excursion, Rung, Taken},
    machine::AlarmKind,
};

macro_rules! excursion_columns {
    () => {
        "id, site, probe, zone, place, class, kind, state, began_at, raised_at, noticed_at, ended_at, peak, rung, \
         next_rung_at, acknowledged_at, acknowledger, acknowledger_id, acted_at, closed_at, closer, closer_id, cause, \
         note, revision"
    };
}

sql! {
    EXCURSION = concat!("SELECT ", excursion_columns!(), " FROM excursion WHERE id = $1");
    FOR_CHANGE = concat!("SELECT ", excursion_columns!(), " FROM excursion WHERE id = $1 {lock}");
    // Served by excursion_of_site.
    OF_SITE = concat!(
        "SELECT ", excursion_columns!(), " FROM excursion
         WHERE site = $1 AND (raised_at, id) < ($2, $3) ORDER BY raised_at DESC, id DESC LIMIT $4"
    );
    OPEN_OF_SITE = concat!(
        "SELECT ", excursion_columns!(), " FROM excursion
         WHERE site = $1 AND (raised_at, id) < ($2, $3) AND closed_at IS NULL
         ORDER BY raised_at DESC, id DESC LIMIT $4"
    );
    // Served by excursion_of_probe, as the next three.
    COVERING_WARM = concat!(
        "SELECT ", excursion_columns!(), " FROM excursion
         WHERE probe = $1 AND kind <> 'silent' AND began_at <= $3 AND (ended_at IS NULL OR ended_at >= $2)
         ORDER BY began_at DESC, id DESC LIMIT 1 {lock}"
    );
    COVERING_SILENT = concat!(
        "SELECT ", excursion_columns!(), " FROM excursion
         WHERE probe = $1 AND kind = 'silent' AND began_at <= $3 AND (ended_at IS NULL OR ended_at >= $2)
         ORDER BY began_at DESC, id DESC LIMIT 1 {lock}"
    );
    TOUCHED = concat!(
        "SELECT ", excursion_columns!(), " FROM excursion
         WHERE probe = $1 AND closed_at IS NULL AND (ended_at IS NULL OR ended_at >= $2) ORDER BY began_at, id {lock}"
    );
    /// Times whose readings are not believed, or not yet decided about.
    NOT_COUNTED =
        "SELECT began_at, ended_at, CASE WHEN state = 'voided' THEN 1 ELSE 0 END FROM excursion
         WHERE probe = $1 AND kind <> 'silent' AND (state = 'voided' OR (closed_at IS NULL AND noticed_at > $2))
         ORDER BY began_at, id";
    // Served by excursion_on_ladder.
    ON_LADDER = concat!(
        "SELECT ", excursion_columns!(), " FROM excursion
         WHERE next_rung_at <= $1 ORDER BY next_rung_at, id LIMIT $2 {lock}"
    );
    ADD = concat!(
        "INSERT INTO excursion (", excursion_columns!(), ")
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
                 $23, $24, $25)"
    );
    SAVE = "UPDATE excursion
            SET kind = $2, state = $3, began_at = $4, ended_at = $5, peak = $6, rung = $7, next_rung_at = $8,
                acknowledged_at = $9, acknowledger = $10, acknowledger_id = $11, acted_at = $12, closed_at = $13,
                closer = $14, closer_id = $15, cause = $16, note = $17, revision = revision + 1
            WHERE id = $1";
    END_RUNNING = "UPDATE excursion SET ended_at = CASE WHEN raised_at > $2 THEN raised_at ELSE $2 END,
                                        revision = revision + 1
                   WHERE probe = $1 AND ended_at IS NULL";
    ADD_ACTION = "INSERT INTO excursion_action (excursion, action, note, actor, actor_id, at)
                  VALUES ($1, $2, $3, $4, $5, $6)";
    ACTIONS = "SELECT action, note, actor, actor_id, at FROM excursion_action WHERE excursion = $1 ORDER BY seq";
}

fn actor(noun: Option<String>, id: Option<Uuid>) -> Result<Option<Actor>> {
    let Some(noun) = noun else { return Ok(None) };
    Actor::from_filed(&noun, id).map(Some).ok_or_else(|| StoreError::Impossible {
        statement: EXCURSION.name(),
        column: "actor".to_owned(),
        found: format!("{noun} {id:?}"),
    })
}

impl FromRow for Excursion {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let rung: i64 = row.get(13)?;
        Ok(Self {
            id: row.get(0)?,
            site: row.get(1)?,
            probe: row.get(2)?,
            zone: row.get(3)?,
            place: row.get(4)?,
            class: row.get(5)?,
            kind: row.get(6)?,
            state: row.get(7)?,
            began_at: row.get(8)?,
            raised_at: row.get(9)?,
            noticed_at: row.get(10)?,
            ended_at: row.get(11)?,
            peak: row.get(12)?,
            rung: Rung::nth(rung),
            next_rung_at: row.get(14)?,
            acknowledged_at: row.get(15)?,
            acknowledged_by: actor(row.get(16)?, row.get(17)?)?,
            acted_at: row.get(18)?,
            closed_at: row.get(19)?,
            closed_by: actor(row.get(20)?, row.get(21)?)?,
            cause: row.get(22)?,
            note: row.get(23)?,
            revision: row.get(24)?,
        })
    }
}

impl FromRow for Taken {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let by = actor(Some(row.get(2)?), row.get(3)?)?.unwrap_or(Actor::System);
        Ok(Self { action: row.get(0)?, note: row.get(1)?, by, at: row.get(4)? })
    }
}

/// A time whose readings do not count.
#[derive(Clone, Copy, Debug)]
pub(in crate::coldchain) struct Excused {
    pub(in crate::coldchain) from: Instant,
    pub(in crate::coldchain) until: Option<Instant>,
    pub(in crate::coldchain) voided: bool,
}

impl FromRow for Excused {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self { from: row.get(0)?, until: row.get(1)?, voided: row.get(2)? })
    }
}

pub(in crate::coldchain) async fn excursion(tx: &mut Tx, id: ExcursionId) -> Result<Option<Excursion>> {
    tx.optional(EXCURSION, args![id]).await
}

pub(in crate::coldchain) async fn excursion_for_change(tx: &mut Tx, id: ExcursionId) -> Result<Option<Excursion>> {
    tx.optional(FOR_CHANGE, args![id]).await
}

/// Whether closed ones are wanted too.
pub(in crate::coldchain) async fn excursions(
    tx: &mut Tx,
    site: SiteId,
    only_open: bool,
    before: Option<(Instant, ExcursionId)>,
    rows: i64,
) -> Result<Vec<Excursion>> {
    let (at, id) = before.map_or((Instant::from_millis(i64::MAX), Uuid::max()), |(at, id)| (at, kernel::Id::uuid(id)));
    tx.all(if only_open { OPEN_OF_SITE } else { OF_SITE }, args![site, at, id, rows]).await
}

/// The excursion of a probe that a finding from `began` to `at` belongs to.
pub(in crate::coldchain) async fn covering(
    tx: &mut Tx,
    probe: ProbeId,
    kind: AlarmKind,
    began: Instant,
    at: Instant,
) -> Result<Option<Excursion>> {
    let statement = match kind {
        AlarmKind::Silent => COVERING_SILENT,
        AlarmKind::High | AlarmKind::HighHigh | AlarmKind::Low => COVERING_WARM,
    };
    tx.optional(statement, args![probe, began, at]).await
}

/// What is neither closed nor over before `since`.
pub(in crate::coldchain) async fn touched_by(tx: &mut Tx, probe: ProbeId, since: Instant) -> Result<Vec<Excursion>> {
    tx.all(TOUCHED, args![probe, since]).await
}

/// The times of a probe that were voided, and those that were noticed after `fresh` and wait for their decision.
pub(in crate::coldchain) async fn voided_or_open(tx: &mut Tx, probe: ProbeId, fresh: Instant) -> Result<Vec<Excused>> {
    tx.all(NOT_COUNTED, args![probe, fresh]).await
}

pub(in crate::coldchain) async fn due_on_ladder(tx: &mut Tx, now: Instant, rows: i64) -> Result<Vec<Excursion>> {
    tx.all(ON_LADDER, args![now, rows]).await
}

pub(in crate::coldchain) fn any_due_on_ladder(now: Instant) -> Question {
    Question::new(ON_LADDER, args![now, 1])
}

pub(in crate::coldchain) async fn add_excursion(tx: &mut Tx, new: &Excursion) -> Result<()> {
    tx.put(
        ADD,
        args![
            new.id,
            new.site,
            new.probe,
            new.zone,
            new.place,
            new.class,
            new.kind,
            new.state,
            new.began_at,
            new.raised_at,
            new.noticed_at,
            new.ended_at,
            new.peak,
            new.rung.number(),
            new.next_rung_at,
            new.acknowledged_at,
            new.acknowledged_by.map(Actor::noun),
            new.acknowledged_by.and_then(Actor::uuid),
            new.acted_at,
            new.closed_at,
            new.closed_by.map(Actor::noun),
            new.closed_by.and_then(Actor::uuid),
            new.cause,
            new.note.as_deref(),
            new.revision,
        ],
    )
    .await
}

pub(in crate::coldchain) async fn save_excursion(tx: &mut Tx, known: &Excursion) -> Result<()> {
    tx.put(
        SAVE,
        args![
            known.id,
            known.kind,
            known.state,
            known.began_at,
            known.ended_at,
            known.peak,
            known.rung.number(),
            known.next_rung_at,
            known.acknowledged_at,
            known.acknowledged_by.map(Actor::noun),
            known.acknowledged_by.and_then(Actor::uuid),
            known.acted_at,
            known.closed_at,
            known.closed_by.map(Actor::noun),
            known.closed_by.and_then(Actor::uuid),
            known.cause,
            known.note.as_deref(),
        ],
    )
    .await
}

/// The probe is out of use: what ran has ended.
pub(in crate::coldchain) async fn end_running(tx: &mut Tx, probe: ProbeId, at: Instant) -> Result<()> {
    tx.put(END_RUNNING, args![probe, at]).await
}

pub(in crate::coldchain) async fn add_action(
    tx: &mut Tx,
    stamp: &Stamp,
    excursion: ExcursionId,
    action: Action,
    note: &str,
) -> Result<()> {
    tx.put(ADD_ACTION, args![excursion, action, note, stamp.by.noun(), stamp.by.uuid(), stamp.at]).await
}

pub(in crate::coldchain) async fn actions_of(tx: &mut Tx, excursion: ExcursionId) -> Result<Vec<Taken>> {
    tx.all(ACTIONS, args![excursion]).await
}
