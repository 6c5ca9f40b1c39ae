//! Pick tasks and the scale record.

use kernel::{
    Actor, CustomerOrderId, Date, Exactness, Instant, LotId, Measure, OrderLineId, ParcelId, PickTaskId, PlaceId,
    Quantity, ReleaseNoteId, SkuId, Stamp, TemperatureClass, WaveId,
};
use store::{FromRow, Row, StoreError, Tx, Uuid, args, row, sql};

use super::{Codes, exact, is_exact, quantity};
use crate::fulfilment::{
    WalkKey,
    rules::{Done, PickTask, TaskState},
    weight::{Target, Weighing, WeightReason},
};

/// The columns of a task, as [`PickTask`] reads them.
macro_rules! task_columns {
    () => {
        "t.id, t.wave, t.note, t.order_line, t.sku, t.lot, t.bin, t.reservation, t.class, t.measure, t.tolerance_bp, \
         t.target_pieces, t.target_grams, t.pick_sequence, t.picker_noun, t.picker, t.state, t.picked_pieces, \
         t.picked_grams, t.picked_exact, t.short_pieces, t.short_grams, t.short_reason, t.tote, t.parcel, t.revision, \
         t.rebound_pieces, t.rebound_grams"
    };
}

/// A task with the words that stand on its screen.
#[derive(Clone, Debug)]
pub(in crate::fulfilment) struct NamedTask {
    pub(in crate::fulfilment) task: PickTask,
    pub(in crate::fulfilment) order: CustomerOrderId,
    pub(in crate::fulfilment) lot_code: String,
    pub(in crate::fulfilment) use_by: Option<Date>,
    pub(in crate::fulfilment) bin_code: String,
    pub(in crate::fulfilment) sku_code: String,
    pub(in crate::fulfilment) sku_names: catalog::Names,
}

impl FromRow for PickTask {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let measure: Measure = row.get(9)?;
        // What a whole fish will weigh is a guess until it lies on the scale.
        let wanted = match measure {
            Measure::Weighed => Exactness::Exact,
            Measure::Counted | Measure::CatchWeight => Exactness::Estimated,
        };
        let picker: Option<String> = row.get(14)?;
        let picker_id: Option<Uuid> = row.get(15)?;
        let picker = picker.and_then(|noun| Actor::from_filed(&noun, picker_id));
        Ok(Self {
            id: row.get(0)?,
            wave: row.get(1)?,
            note: row.get(2)?,
            order_line: row.get(3)?,
            sku: row.get(4)?,
            lot: row.get(5)?,
            bin: row.get(6)?,
            reservation: row.get(7)?,
            class: row.get(8)?,
            target: Target {
                measure,
                tolerance_bp: row.get(10)?,
                wanted: quantity(row.get(11)?, row.get(12)?, wanted),
            },
            pick_sequence: row.get(13)?,
            picker,
            state: row.get(16)?,
            picked: quantity(row.get(17)?, row.get(18)?, exact(row.get(19)?)),
            short: quantity(row.get(20)?, row.get(21)?, wanted),
            short_reason: row.get(22)?,
            tote: row.get(23)?,
            parcel: row.get(24)?,
            revision: row.get(25)?,
            rebound: quantity(row.get(26)?, row.get(27)?, wanted),
        })
    }
}

/// A task with the words on the label of its goods.
#[derive(Clone, Debug)]
pub(in crate::fulfilment) struct CodedTask {
    pub(in crate::fulfilment) task: PickTask,
    pub(in crate::fulfilment) codes: Codes,
}

impl FromRow for CodedTask {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self { task: PickTask::from_row(row)?, codes: Codes { sku: row.get(28)?, lot: row.get(29)? } })
    }
}

impl FromRow for NamedTask {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            task: PickTask::from_row(row)?,
            order: row.get(28)?,
            lot_code: row.get(29)?,
            use_by: row.get(30)?,
            bin_code: row.get(31)?,
            sku_code: row.get(32)?,
            sku_names: catalog::Names { en: row.get(33)?, zh_hant: row.get(34)?, zh_hans: row.get(35)? },
        })
    }
}

/// Whose tasks are wanted.
#[derive(Clone, Copy, Debug)]
pub(in crate::fulfilment) enum Whose {
    Everybody,
    Nobody,
    One(Actor),
}

pub(in crate::fulfilment) async fn add_tasks(
    tx: &mut Tx,
    tasks: &[PickTask],
    replaces: Option<PickTaskId>,
    stamp: &Stamp,
) -> Result<(), StoreError> {
    let rows = tasks
        .iter()
        .map(|task| {
            row![
                task.id,
                task.wave,
                task.note,
                task.order_line,
                task.sku,
                task.lot,
                task.bin,
                task.reservation,
                task.class,
                task.target.measure,
                task.target.tolerance_bp,
                task.target.wanted.pieces,
                task.target.wanted.grams,
                task.pick_sequence,
                replaces,
                task.picker.map(Actor::noun),
                task.picker.and_then(Actor::uuid),
                task.picker.map(|_| stamp.at),
                task.state,
            ]
        })
        .collect();
    tx.put_many(ADD_TASK, rows).await
}

pub(in crate::fulfilment) async fn task(tx: &mut Tx, id: PickTaskId) -> Result<Option<PickTask>, StoreError> {
    tx.optional(TASK, args![id]).await
}

/// The task, locked for whoever works on it.
pub(in crate::fulfilment) async fn lock_task(tx: &mut Tx, id: PickTaskId) -> Result<Option<PickTask>, StoreError> {
    tx.optional(LOCK_TASK, args![id]).await
}

pub(in crate::fulfilment) async fn named_task(tx: &mut Tx, id: PickTaskId) -> Result<Option<NamedTask>, StoreError> {
    tx.optional(NAMED_TASK, args![id]).await
}

/// The tasks of a wave in walking order.
pub(in crate::fulfilment) async fn walk(
    tx: &mut Tx,
    wave: WaveId,
    whose: Whose,
    state: Option<TaskState>,
    after: Option<WalkKey>,
    rows: i64,
) -> Result<Vec<NamedTask>, StoreError> {
    let (claimed, noun, id) = match whose {
        Whose::Everybody => ("any", "", None),
        Whose::Nobody => ("no", "", None),
        Whose::One(picker) => ("by", picker.noun(), picker.uuid()),
    };
    let state = state.map_or("any", TaskState::code);
    let (sequence, bin, lot, task) = after.map_or((i64::MIN, None, None, None), |(sequence, bin, lot, task)| {
        (sequence, Some(bin), Some(lot), Some(task))
    });
    match (bin, lot, task) {
        (Some(bin), Some(lot), Some(task)) => {
            tx.all(WALK_AFTER, args![wave, claimed, noun, id, state, rows, sequence, bin, lot, task]).await
        }
        _ => tx.all(WALK, args![wave, claimed, noun, id, state, rows]).await,
    }
}

/// Gives every unclaimed task of up to `orders_max` notes to `picker`; answers each task's note.
pub(in crate::fulfilment) async fn claim(
    tx: &mut Tx,
    wave: WaveId,
    class: Option<TemperatureClass>,
    orders_max: i64,
    picker: Actor,
    at: Instant,
) -> Result<Vec<ReleaseNoteId>, StoreError> {
    let class = class.map_or("any", TemperatureClass::code);
    tx.all(CLAIM, args![wave, class, picker.noun(), picker.uuid(), at, orders_max]).await
}

/// Writes how a task ended; answers how many rows changed, which is none if it had ended before.
pub(in crate::fulfilment) async fn end_task(
    tx: &mut Tx,
    done: &Done,
    confirmed: Option<WeightReason>,
    at: Instant,
) -> Result<u64, StoreError> {
    tx.execute(
        END_TASK,
        args![
            done.task,
            done.revision,
            done.state,
            done.picked.pieces,
            done.picked.grams,
            is_exact(done.picked.exactness),
            done.rebound.pieces,
            done.rebound.grams,
            done.short.pieces,
            done.short.grams,
            done.short_reason,
            confirmed,
            done.tote,
            at,
        ],
    )
    .await
}

/// Writes that a task's goods are on their shelf again; answers how many rows changed.
pub(in crate::fulfilment) async fn put_back(tx: &mut Tx, done: &Done, at: Instant) -> Result<u64, StoreError> {
    tx.execute(
        PUT_BACK,
        args![
            done.task,
            done.revision,
            done.state,
            done.rebound.pieces,
            done.rebound.grams,
            done.short.pieces,
            done.short.grams,
            done.short_reason,
            at,
        ],
    )
    .await
}

pub(in crate::fulfilment) async fn tasks_of_note(
    tx: &mut Tx,
    note: ReleaseNoteId,
) -> Result<Vec<PickTask>, StoreError> {
    tx.all(TASKS_OF_NOTE, args![note]).await
}

pub(in crate::fulfilment) async fn named_tasks_of_note(
    tx: &mut Tx,
    note: ReleaseNoteId,
) -> Result<Vec<NamedTask>, StoreError> {
    tx.all(NAMED_TASKS_OF_NOTE, args![note]).await
}

/// Locks the tasks of a note, so that two benches cannot pack the same goods.
pub(in crate::fulfilment) async fn lock_tasks_of_note(
    tx: &mut Tx,
    note: ReleaseNoteId,
) -> Result<Vec<CodedTask>, StoreError> {
    tx.all(LOCK_TASKS_OF_NOTE, args![note]).await
}

/// The open tasks of the same binding's order line, but for the one at hand; locked.
pub(in crate::fulfilment) async fn other_open_tasks(
    tx: &mut Tx,
    at_hand: &PickTask,
) -> Result<Vec<PickTask>, StoreError> {
    tx.all(OTHER_OPEN_TASKS, args![at_hand.note, at_hand.reservation, at_hand.id]).await
}

/// Changes how much an open task is to fetch.
pub(in crate::fulfilment) async fn set_target(
    tx: &mut Tx,
    task: PickTaskId,
    wanted: Quantity,
) -> Result<(), StoreError> {
    tx.put(SET_TARGET, args![task, wanted.pieces, wanted.grams]).await
}

pub(in crate::fulfilment) async fn lots_in_bin(tx: &mut Tx, bin: PlaceId, sku: SkuId) -> Result<i64, StoreError> {
    tx.one(LOTS_IN_BIN, args![bin, sku]).await
}

/// The note and the class of what is in a tote and not yet packed; one row, because a tote serves one at a time.
pub(in crate::fulfilment) async fn in_tote(
    tx: &mut Tx,
    tote: PlaceId,
) -> Result<Vec<(ReleaseNoteId, TemperatureClass)>, StoreError> {
    tx.all(IN_TOTE, args![tote]).await
}

pub(in crate::fulfilment) async fn put_into_parcel(
    tx: &mut Tx,
    tasks: &[PickTaskId],
    parcel: ParcelId,
) -> Result<(), StoreError> {
    let rows = tasks.iter().map(|task| row![*task, parcel]).collect();
    tx.put_many(PUT_INTO_PARCEL, rows).await
}

/// One line of the scale record.
#[derive(Clone, Debug)]
pub(in crate::fulfilment) struct Weighed {
    pub(in crate::fulfilment) task: PickTaskId,
    pub(in crate::fulfilment) nth: i64,
    pub(in crate::fulfilment) lot: LotId,
    pub(in crate::fulfilment) lot_code: String,
    pub(in crate::fulfilment) pieces: Option<i64>,
    pub(in crate::fulfilment) grams: Option<i64>,
    pub(in crate::fulfilment) device: String,
    pub(in crate::fulfilment) at: Instant,
    pub(in crate::fulfilment) by: Option<Actor>,
    pub(in crate::fulfilment) put_back_at: Option<Instant>,
}

impl FromRow for Weighed {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let (noun, id): (String, Option<Uuid>) = (row.get(8)?, row.get(9)?);
        Ok(Self {
            task: row.get(0)?,
            nth: row.get(1)?,
            lot: row.get(2)?,
            lot_code: row.get(3)?,
            pieces: row.get(4)?,
            grams: row.get(5)?,
            device: row.get(6)?,
            at: row.get(7)?,
            by: Actor::from_filed(&noun, id),
            put_back_at: row.get(10)?,
        })
    }
}

/// Adds to the scale record of a task, each weighing as it was.
pub(in crate::fulfilment) async fn record_weighings(
    tx: &mut Tx,
    stamp: &Stamp,
    task: &PickTask,
    weighings: &[Weighing],
) -> Result<(), StoreError> {
    let rows = (1_i64..)
        .zip(weighings)
        .map(|(nth, weighing)| {
            let device = match &weighing.scale {
                Some(scale) => scale.device.as_str(),
                None => HAND,
            };
            row![
                task.id,
                nth,
                task.lot,
                weighing.pieces,
                weighing.grams,
                device,
                stamp.at,
                stamp.by.noun(),
                stamp.by.uuid(),
            ]
        })
        .collect();
    tx.put_many(RECORD_WEIGHING, rows).await
}

/// What was only counted was counted by hand.
const HAND: &str = "hand";

pub(in crate::fulfilment) async fn weighings_of_line(
    tx: &mut Tx,
    line: OrderLineId,
) -> Result<Vec<Weighed>, StoreError> {
    tx.all(WEIGHINGS_OF_LINE, args![line]).await
}

pub(in crate::fulfilment) async fn weighings_of_task(
    tx: &mut Tx,
    task: PickTaskId,
) -> Result<Vec<Weighed>, StoreError> {
    tx.all(WEIGHINGS_OF_TASK, args![task]).await
}

/// The sites at which a line was picked.
pub(in crate::fulfilment) async fn sites_of_line(
    tx: &mut Tx,
    line: OrderLineId,
) -> Result<Vec<kernel::SiteId>, StoreError> {
    tx.all(SITES_OF_LINE, args![line]).await
}

macro_rules! named {
    ($rest:literal) => {
        concat!(
            "SELECT ",
            task_columns!(),
            ", n.customer_order, l.code, l.use_by, p.code, s.code, s.name_en, s.name_zh_hant, s.name_zh_hans
             FROM pick_task t
             JOIN pick_note n ON n.note = t.note
             JOIN lot l ON l.id = t.lot
             JOIN place p ON p.id = t.bin
             JOIN sku s ON s.id = t.sku ",
            $rest
        )
    };
}

/// `$2` is `any`, `no` or `by`, with the picker in `$3` and `$4`; `$5` is a state or `any`.
macro_rules! of_wave {
    ($rest:literal) => {
        concat!(
            "WHERE t.wave = $1
               AND (CAST($2 AS TEXT) = 'any'
                    OR (CAST($2 AS TEXT) = 'no' AND t.picker_noun IS NULL)
                    OR (CAST($2 AS TEXT) = 'by' AND t.picker_noun = $3 AND t.picker = $4))
               AND (CAST($5 AS TEXT) = 'any' OR t.state = $5) ",
            $rest
        )
    };
}

macro_rules! weighings {
    ($rest:literal) => {
        concat!(
            "SELECT w.task, w.nth, w.lot, l.code, w.pieces, w.grams, w.device, w.at, w.actor, w.actor_id,
                    t.put_back_at
             FROM weighing w
             JOIN pick_task t ON t.id = w.task
             JOIN lot l ON l.id = w.lot ",
            $rest
        )
    };
}

sql! {
    ADD_TASK = "INSERT INTO pick_task (id, wave, note, order_line, sku, lot, bin, reservation, class, measure,
                                       tolerance_bp, target_pieces, target_grams, pick_sequence, replaces,
                                       picker_noun, picker, claimed_at, state, revision)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, 1)";
    TASK = concat!("SELECT ", task_columns!(), " FROM pick_task t WHERE t.id = $1");
    LOCK_TASK = concat!("SELECT ", task_columns!(), " FROM pick_task t WHERE t.id = $1 {lock}");
    NAMED_TASK = named!("WHERE t.id = $1");
    // Served by pick_task_by_wave.
    WALK = concat!(named!(""), of_wave!("ORDER BY t.pick_sequence, t.bin, t.lot, t.id LIMIT $6"));
    WALK_AFTER = concat!(
        named!(""),
        of_wave!("AND (t.pick_sequence, t.bin, t.lot, t.id) > ($7, $8, $9, $10)
                  ORDER BY t.pick_sequence, t.bin, t.lot, t.id LIMIT $6")
    );
    CLAIM = "UPDATE pick_task
             SET picker_noun = $3, picker = $4, claimed_at = $5, revision = revision + 1
             WHERE wave = $1 AND state = 'open' AND picker_noun IS NULL
               AND (CAST($2 AS TEXT) = 'any' OR class = $2)
               AND note IN (SELECT DISTINCT o.note
                            FROM pick_task o
                            WHERE o.wave = $1 AND o.state = 'open' AND o.picker_noun IS NULL
                              AND (CAST($2 AS TEXT) = 'any' OR o.class = $2)
                            ORDER BY o.note
                            LIMIT $6)
             RETURNING note";
    END_TASK = "UPDATE pick_task
                SET state = $3, picked_pieces = $4, picked_grams = $5, picked_exact = $6, rebound_pieces = $7,
                    rebound_grams = $8, short_pieces = $9, short_grams = $10, short_reason = $11,
                    weight_reason = $12, tote = $13, done_at = $14, revision = revision + 1
                WHERE id = $1 AND revision = $2 AND state = 'open'";
    /// What was picked is on its shelf again; the scale record stays, and says so.
    PUT_BACK = "UPDATE pick_task
                SET state = $3, picked_pieces = NULL, picked_grams = NULL, rebound_pieces = $4, rebound_grams = $5,
                    short_pieces = $6, short_grams = $7, short_reason = $8, tote = NULL, put_back_at = $9,
                    revision = revision + 1
                WHERE id = $1 AND revision = $2 AND tote IS NOT NULL AND parcel IS NULL";
    TASKS_OF_NOTE = concat!("SELECT ", task_columns!(), " FROM pick_task t WHERE t.note = $1 ORDER BY t.id");
    NAMED_TASKS_OF_NOTE = named!("WHERE t.note = $1 ORDER BY t.pick_sequence, t.id");
    /// The codes are asked for in columns, so that the rows of SKU and lot are not locked with the task.
    LOCK_TASKS_OF_NOTE = concat!(
        "SELECT ", task_columns!(), ", (SELECT s.code FROM sku s WHERE s.id = t.sku),
                (SELECT l.code FROM lot l WHERE l.id = t.lot)
         FROM pick_task t WHERE t.note = $1 ORDER BY t.id {lock}"
    );
    OTHER_OPEN_TASKS = concat!(
        "SELECT ", task_columns!(), " FROM pick_task t
         WHERE t.note = $1 AND t.reservation = $2 AND t.id <> $3 AND t.state = 'open' ORDER BY t.id {lock}"
    );
    SET_TARGET = "UPDATE pick_task SET target_pieces = $2, target_grams = $3, revision = revision + 1
                  WHERE id = $1 AND state = 'open'";
    LOTS_IN_BIN = "SELECT COUNT(*) FROM balance WHERE place = $1 AND sku = $2 AND amount > 0";
    // Served by pick_task_in_tote.
    IN_TOTE = "SELECT DISTINCT note, class FROM pick_task WHERE tote = $1 AND parcel IS NULL";
    PUT_INTO_PARCEL = "UPDATE pick_task SET parcel = $2, revision = revision + 1 WHERE id = $1 AND parcel IS NULL";
    RECORD_WEIGHING = "INSERT INTO weighing (task, nth, lot, pieces, grams, device, at, actor, actor_id)
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    WEIGHINGS_OF_LINE = weighings!("WHERE t.order_line = $1 ORDER BY w.seq");
    WEIGHINGS_OF_TASK = weighings!("WHERE w.task = $1 ORDER BY w.nth");
    SITES_OF_LINE = "SELECT DISTINCT n.site
                     FROM pick_line l
                     JOIN pick_note n ON n.note = l.note
                     WHERE l.order_line = $1";
}
