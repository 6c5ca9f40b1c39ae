//! SQL of count sheets, adjustments and write-offs: rows, nothing else.

use std::collections::BTreeSet;

use kernel::{
    Actor, AdjustmentId, CountSheetId, Date, Exactness, Instant, LotId, Measure, PlaceId, Quantity, SiteId, SkuId,
    Stamp, WriteOffId,
};
use store::{FromRow, Result, Row, StoreError, Tx, Uuid, args, row, sql};

use super::{
    Adjustment, CountVariance, ExpirySweep, ShrinkLine, WriteOff,
    rules::{
        AdjustmentState, Candidate, Count, CountLine, CountLineState, CountPlace, CountSheetState, DisposalReason,
        WriteOffState,
    },
};

const fn quantity(pieces: Option<i64>, grams: Option<i64>) -> Quantity {
    Quantity { pieces, grams, exactness: Exactness::Exact }
}

/// In the shape of the goods: what nobody counts of them is not a zero.
const fn shaped(measure: Measure, pieces: i64, grams: i64) -> Quantity {
    match measure {
        Measure::Counted => Quantity::pieces(pieces),
        Measure::Weighed => Quantity::grams(grams),
        Measure::CatchWeight => Quantity::weighing(pieces, grams),
    }
}

fn actor(row: &Row<'_>, at: usize, statement: &'static str) -> Result<Option<Actor>> {
    let (noun, id): (Option<String>, Option<Uuid>) = (row.get(at)?, row.get(at + 1)?);
    let Some(noun) = noun else { return Ok(None) };
    match Actor::from_filed(&noun, id) {
        Some(actor) => Ok(Some(actor)),
        None => Err(StoreError::Impossible { statement, column: "actor".to_owned(), found: noun }),
    }
}

/// A sheet without its lines.
pub(super) struct Head {
    pub(super) id: CountSheetId,
    pub(super) site: SiteId,
    pub(super) state: CountSheetState,
    pub(super) opened_at: Instant,
    pub(super) closed_at: Option<Instant>,
}

impl FromRow for Head {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let (id, site, state, opened_at, closed_at) = FromRow::from_row(row)?;
        Ok(Self { id, site, state, opened_at, closed_at })
    }
}

pub(super) async fn add_sheet(tx: &mut Tx, stamp: &Stamp, id: CountSheetId, site: SiteId) -> Result<()> {
    tx.put(ADD_SHEET, args![id, site, stamp.by.noun(), stamp.by.uuid(), stamp.at]).await
}

pub(super) async fn add_places(tx: &mut Tx, id: CountSheetId, places: &BTreeSet<PlaceId>) -> Result<()> {
    tx.put_many(ADD_PLACE, places.iter().map(|place| row![id, *place]).collect()).await
}

pub(super) async fn being_counted(tx: &mut Tx, place: PlaceId) -> Result<bool> {
    Ok(tx.one::<i64>(BEING_COUNTED, args![place]).await? > 0)
}

/// What the book has in a place, in the order of lot codes.
pub(super) async fn lots_in(tx: &mut Tx, place: PlaceId) -> Result<Vec<LotId>> {
    tx.all(LOTS_IN, args![place]).await
}

pub(super) async fn add_lines(
    tx: &mut Tx,
    id: CountSheetId,
    place: PlaceId,
    before: usize,
    lots: &[LotId],
) -> Result<()> {
    let first = i64::try_from(before).unwrap_or(i64::MAX).saturating_add(1);
    let rows = (first..).zip(lots).map(|(nth, lot)| row![id, place, *lot, nth]).collect();
    tx.put_many(ADD_LINE, rows).await
}

pub(super) async fn head(tx: &mut Tx, id: CountSheetId) -> Result<Option<Head>> {
    tx.optional(HEAD, args![id]).await
}

pub(super) async fn lock_head(tx: &mut Tx, id: CountSheetId) -> Result<Option<Head>> {
    tx.optional(LOCK_HEAD, args![id]).await
}

pub(super) async fn heads(
    tx: &mut Tx,
    site: SiteId,
    state: Option<CountSheetState>,
    after: (Instant, CountSheetId),
    rows: i64,
) -> Result<Vec<Head>> {
    match state {
        Some(state) => tx.all(HEADS_IN, args![site, after.0, after.1, rows, state]).await,
        None => tx.all(HEADS, args![site, after.0, after.1, rows]).await,
    }
}

pub(super) async fn places(tx: &mut Tx, id: CountSheetId) -> Result<Vec<CountPlace>> {
    let rows: Vec<(PlaceId, String)> = tx.all(PLACES, args![id]).await?;
    Ok(rows.into_iter().map(|(place, place_code)| CountPlace { place, place_code }).collect())
}

pub(super) async fn is_on(tx: &mut Tx, id: CountSheetId, place: PlaceId) -> Result<bool> {
    Ok(tx.one::<i64>(IS_ON, args![id, place]).await? > 0)
}

/// A line with everything that was counted on it.
pub(super) struct LineRow {
    pub(super) state: CountLineState,
    pub(super) counter: Option<Actor>,
    variance: CountVariance,
}

impl From<LineRow> for CountVariance {
    fn from(row: LineRow) -> Self {
        row.variance
    }
}

impl FromRow for LineRow {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let (measure, state): (Measure, CountLineState) = (row.get(6)?, row.get(7)?);
        let line = CountLine {
            place: row.get(0)?,
            place_code: row.get(1)?,
            lot: row.get(2)?,
            lot_code: row.get(3)?,
            sku: row.get(4)?,
            sku_code: row.get(5)?,
            measure,
            state,
        };
        let (counted_at, recounted_at): (Option<Instant>, Option<Instant>) = (row.get(12)?, row.get(19)?);
        let of = |at: Option<Instant>, pieces: usize| -> Result<Option<Quantity>> {
            if at.is_none() {
                return Ok(None);
            }
            let (pieces, grams): (Option<i64>, Option<i64>) = (row.get(pieces)?, row.get(pieces + 1)?);
            Ok(Some(shaped(measure, pieces.unwrap_or(0), grams.unwrap_or(0))))
        };
        let counter = actor(row, 13, LINES.name())?;
        Ok(Self {
            state,
            counter,
            variance: CountVariance {
                line,
                counted: of(counted_at, 8)?,
                book: of(counted_at, 10)?,
                counted_at,
                counter,
                recounted: of(recounted_at, 15)?,
                rebook: of(recounted_at, 17)?,
                recounted_at,
                recounter: actor(row, 20, LINES.name())?,
            },
        })
    }
}

/// Every line of a sheet, in the order of the way.
pub(super) async fn lines(tx: &mut Tx, id: CountSheetId) -> Result<Vec<LineRow>> {
    tx.all(LINES, args![id]).await
}

pub(super) async fn line(tx: &mut Tx, id: CountSheetId, place: PlaceId, lot: LotId) -> Result<Option<LineRow>> {
    tx.optional(LINE, args![id, place, lot]).await
}

pub(super) async fn save_count(
    tx: &mut Tx,
    id: CountSheetId,
    place: PlaceId,
    lot: LotId,
    count: &Count,
    state: CountLineState,
    is_recount: bool,
) -> Result<()> {
    let statement = if is_recount { SAVE_RECOUNT } else { SAVE_COUNT };
    let Count { counted, book, at, by } = count;
    tx.put(
        statement,
        args![
            id,
            place,
            lot,
            state,
            counted.pieces,
            counted.grams,
            book.pieces,
            book.grams,
            *at,
            by.noun(),
            by.uuid(),
        ],
    )
    .await
}

pub(super) async fn close_sheet(tx: &mut Tx, id: CountSheetId, at: Instant) -> Result<()> {
    tx.put(CLOSE_SHEET, args![id, at]).await
}

impl FromRow for Candidate {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let (place, place_code, lots, value, moves, differed, delicate, counted_at) = FromRow::from_row(row)?;
        Ok(Self { place, place_code, lots, value, moves, differed, delicate, counted_at })
    }
}

pub(super) async fn candidates(tx: &mut Tx, site: SiteId, since: Instant) -> Result<Vec<Candidate>> {
    tx.all(CANDIDATES, args![site, since]).await
}

impl FromRow for Adjustment {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let impossible = |column: &str| StoreError::Impossible {
            statement: ADJUSTMENT.name(),
            column: column.to_owned(),
            found: "nobody".to_owned(),
        };
        Ok(Self {
            id: row.get(0)?,
            site: row.get(1)?,
            sheet: row.get(2)?,
            place: row.get(3)?,
            lot: row.get(4)?,
            lot_code: row.get(5)?,
            sku: row.get(6)?,
            variance: quantity(row.get(7)?, row.get(8)?),
            value: row.get(9)?,
            state: row.get(10)?,
            counter: actor(row, 11, ADJUSTMENT.name())?.ok_or_else(|| impossible("counter"))?,
            before: actor(row, 13, ADJUSTMENT.name())?,
            proposed_at: row.get(15)?,
            reason: row.get(16)?,
            because: row.get(17)?,
            decider: actor(row, 18, ADJUSTMENT.name())?,
            decided_at: row.get(20)?,
            entry: row.get(21)?,
        })
    }
}

pub(super) async fn add_adjustment(tx: &mut Tx, new: &Adjustment) -> Result<()> {
    tx.put(
        ADD_ADJUSTMENT,
        args![
            new.id,
            new.site,
            new.sheet,
            new.place,
            new.lot,
            new.sku,
            new.variance.pieces,
            new.variance.grams,
            new.value,
            new.counter.noun(),
            new.counter.uuid(),
            new.before.map(Actor::noun),
            new.before.and_then(Actor::uuid),
            new.proposed_at,
        ],
    )
    .await
}

pub(super) async fn lock_adjustment(tx: &mut Tx, id: AdjustmentId) -> Result<Option<Adjustment>> {
    // The row first, so that its lot's code can be read beside it.
    let _: Option<AdjustmentId> = tx.optional(LOCK_ADJUSTMENT, args![id]).await?;
    tx.optional(ADJUSTMENT, args![id]).await
}

pub(super) async fn decide(tx: &mut Tx, adjustment: &Adjustment) -> Result<()> {
    let changed = tx
        .execute(
            DECIDE,
            args![
                adjustment.id,
                adjustment.state,
                adjustment.value,
                adjustment.reason,
                adjustment.because.as_deref(),
                adjustment.decider.map(Actor::noun),
                adjustment.decider.and_then(Actor::uuid),
                adjustment.decided_at,
                adjustment.entry,
            ],
        )
        .await?;
    if changed == 1 { Ok(()) } else { Err(StoreError::Busy) }
}

pub(super) async fn adjustments(
    tx: &mut Tx,
    site: SiteId,
    state: AdjustmentState,
    after: (Instant, AdjustmentId),
    rows: i64,
) -> Result<Vec<Adjustment>> {
    tx.all(ADJUSTMENTS, args![site, state, after.0, after.1, rows]).await
}

impl FromRow for WriteOff {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let nobody = || StoreError::Impossible {
            statement: WRITE_OFF.name(),
            column: "proposer".to_owned(),
            found: "nobody".to_owned(),
        };
        let weighed_at: Option<Instant> = row.get(18)?;
        let gone = quantity(row.get(13)?, row.get(14)?);
        Ok(Self {
            id: row.get(0)?,
            site: row.get(1)?,
            place: row.get(2)?,
            place_code: row.get(3)?,
            lot: row.get(4)?,
            lot_code: row.get(5)?,
            sku: row.get(6)?,
            reason: row.get(7)?,
            quantity: quantity(row.get(8)?, row.get(9)?),
            state: row.get(10)?,
            proposer: actor(row, 11, WRITE_OFF.name())?.ok_or_else(nobody)?,
            gone: weighed_at.map(|_| gone),
            device: row.get(15)?,
            weigher: actor(row, 16, WRITE_OFF.name())?,
            weighed_at,
            value: row.get(19)?,
            witness: actor(row, 20, WRITE_OFF.name())?,
            disposed_at: row.get(22)?,
            entry: row.get(23)?,
            because: row.get(24)?,
            proposed_at: row.get(25)?,
        })
    }
}

/// Proposes goods; 0 when they are proposed already.
pub(super) async fn add_write_off(
    tx: &mut Tx,
    stamp: &Stamp,
    id: WriteOffId,
    site: SiteId,
    (place, lot, sku): (PlaceId, LotId, SkuId),
    quantity: Quantity,
    reason: DisposalReason,
) -> Result<u64> {
    tx.execute(
        ADD_WRITE_OFF,
        args![
            id,
            site,
            place,
            lot,
            sku,
            reason,
            quantity.pieces,
            quantity.grams,
            stamp.by.noun(),
            stamp.by.uuid(),
            stamp.at,
        ],
    )
    .await
}

pub(super) async fn lock_write_off(tx: &mut Tx, id: WriteOffId) -> Result<Option<WriteOff>> {
    let _: Option<WriteOffId> = tx.optional(LOCK_WRITE_OFF, args![id]).await?;
    tx.optional(WRITE_OFF, args![id]).await
}

pub(super) async fn open_write_off(tx: &mut Tx, place: PlaceId, lot: LotId) -> Result<Option<WriteOff>> {
    tx.optional(OPEN_WRITE_OFF, args![place, lot]).await
}

pub(super) async fn save_write_off(tx: &mut Tx, write_off: &WriteOff) -> Result<()> {
    let gone = write_off.gone.unwrap_or(Quantity::NONE);
    let changed = tx
        .execute(
            SAVE_WRITE_OFF,
            args![
                write_off.id,
                write_off.state,
                write_off.reason,
                gone.pieces,
                gone.grams,
                write_off.device.as_deref(),
                write_off.weigher.map(Actor::noun),
                write_off.weigher.and_then(Actor::uuid),
                write_off.weighed_at,
                write_off.value,
                write_off.witness.map(Actor::noun),
                write_off.witness.and_then(Actor::uuid),
                write_off.disposed_at,
                write_off.entry,
                write_off.because.as_deref(),
            ],
        )
        .await?;
    if changed == 1 { Ok(()) } else { Err(StoreError::Busy) }
}

pub(super) async fn write_offs(
    tx: &mut Tx,
    site: SiteId,
    state: WriteOffState,
    after: (Instant, WriteOffId),
    rows: i64,
) -> Result<Vec<WriteOff>> {
    tx.all(WRITE_OFFS, args![site, state, after.0, after.1, rows]).await
}

/// Goods that lie in the house and may never be used again.
pub(super) struct Unfit {
    pub(super) place: PlaceId,
    pub(super) lot: LotId,
    pub(super) sku: SkuId,
    pub(super) quantity: Quantity,
    pub(super) reason: DisposalReason,
}

impl FromRow for Unfit {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let (measure, state): (Measure, ledger::LotState) = (row.get(3)?, row.get(6)?);
        let reason = match state {
            ledger::LotState::Expired => DisposalReason::Expiry,
            ledger::LotState::Recalled => DisposalReason::Recall,
            ledger::LotState::Condemned
            | ledger::LotState::AtDock
            | ledger::LotState::Approved
            | ledger::LotState::Rejected
            | ledger::LotState::Quarantined => DisposalReason::Spoilage,
        };
        let quantity = shaped(measure, row.get(4)?, row.get(5)?);
        Ok(Self { place: row.get(0)?, lot: row.get(1)?, sku: row.get(2)?, quantity, reason })
    }
}

pub(super) async fn unfit(tx: &mut Tx, site: SiteId) -> Result<Vec<Unfit>> {
    tx.all(UNFIT, args![site]).await
}

pub(super) async fn is_swept(tx: &mut Tx, site: SiteId, day: Date) -> Result<bool> {
    Ok(tx.one::<i64>(IS_SWEPT, args![site, day]).await? > 0)
}

pub(super) async fn add_sweep(tx: &mut Tx, sweep: &ExpirySweep) -> Result<()> {
    tx.put(ADD_SWEEP, args![sweep.site, sweep.day, sweep.at, sweep.lots, sweep.write_offs]).await
}

impl FromRow for ExpirySweep {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let (site, day, at, lots, write_offs) = FromRow::from_row(row)?;
        Ok(Self { site, day, at, lots, write_offs })
    }
}

pub(super) async fn sweeps(tx: &mut Tx, site: SiteId, before: &str, rows: i64) -> Result<Vec<ExpirySweep>> {
    tx.all(SWEEPS, args![site, before, rows]).await
}

impl FromRow for ShrinkLine {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let measure: Measure = row.get(3)?;
        Ok(Self {
            reason: row.get(0)?,
            sku: row.get(1)?,
            sku_code: row.get(2)?,
            supplier: row.get(4)?,
            quantity: shaped(measure, row.get(5)?, row.get(6)?),
        })
    }
}

pub(super) async fn lost(tx: &mut Tx, site: SiteId, from: Date, to: Date) -> Result<Vec<ShrinkLine>> {
    let mut lost: Vec<ShrinkLine> = tx.all(LOST, args![site, from, to]).await?;
    // Where the unknown supplier stands among the known is not the same on every engine.
    lost.sort_by(|a, b| (&a.sku_code, a.reason, a.supplier).cmp(&(&b.sku_code, b.reason, b.supplier)));
    Ok(lost)
}

macro_rules! lines {
    ($where:literal) => {
        concat!(
            "SELECT c.place, p.code, c.lot, l.code, l.sku, s.code, l.measure, c.state, c.counted_pieces,
                    c.counted_grams, c.book_pieces, c.book_grams, c.counted_at, c.counter, c.counter_id,
                    c.recounted_pieces, c.recounted_grams, c.rebook_pieces, c.rebook_grams, c.recounted_at,
                    c.recounter, c.recounter_id
             FROM count_line c
             JOIN place p ON p.id = c.place
             JOIN lot l ON l.id = c.lot
             JOIN sku s ON s.id = l.sku
             WHERE ",
            $where
        )
    };
}

macro_rules! adjustments {
    ($where:literal) => {
        concat!(
            "SELECT a.id, a.site, a.sheet, a.place, a.lot, l.code, a.sku, a.pieces, a.grams, a.value, a.state,
                    a.counter, a.counter_id, a.earlier, a.earlier_id, a.proposed_at, a.reason, a.because, a.decider,
                    a.decider_id, a.decided_at, a.entry
             FROM adjustment a
             JOIN lot l ON l.id = a.lot
             WHERE ",
            $where
        )
    };
}

macro_rules! write_offs {
    ($where:literal) => {
        concat!(
            "SELECT w.id, w.site, w.place, p.code, w.lot, l.code, w.sku, w.reason, w.pieces, w.grams, w.state,
                    w.proposer, w.proposer_id, w.gone_pieces, w.gone_grams, w.device, w.weigher, w.weigher_id,
                    w.weighed_at, w.value, w.witness, w.witness_id, w.disposed_at, w.entry, w.because, w.proposed_at
             FROM write_off w
             JOIN place p ON p.id = w.place
             JOIN lot l ON l.id = w.lot
             WHERE ",
            $where
        )
    };
}

sql! {
    ADD_SHEET = "INSERT INTO count_sheet (id, site, state, opener, opener_id, opened_at)
                 VALUES ($1, $2, 'open', $3, $4, $5)";
    ADD_PLACE = "INSERT INTO count_place (sheet, place) VALUES ($1, $2)";
    BEING_COUNTED = "SELECT COUNT(*)
                     FROM count_place c JOIN count_sheet s ON s.id = c.sheet
                     WHERE c.place = $1 AND s.state = 'open'";
    LOTS_IN = "SELECT b.lot
               FROM balance b JOIN lot l ON l.id = b.lot
               WHERE b.place = $1 AND (b.pieces <> 0 OR b.grams <> 0)
               ORDER BY l.code";
    ADD_LINE = "INSERT INTO count_line (sheet, place, lot, nth, state) VALUES ($1, $2, $3, $4, 'open')";
    HEAD = "SELECT id, site, state, opened_at, closed_at FROM count_sheet WHERE id = $1";
    LOCK_HEAD = "SELECT id, site, state, opened_at, closed_at FROM count_sheet WHERE id = $1 {lock}";
    /// Served by `count_sheet_by_site`.
    HEADS = "SELECT id, site, state, opened_at, closed_at
             FROM count_sheet
             WHERE site = $1 AND (opened_at > $2 OR (opened_at = $2 AND id > $3))
             ORDER BY opened_at, id
             LIMIT $4";
    HEADS_IN = "SELECT id, site, state, opened_at, closed_at
                FROM count_sheet
                WHERE site = $1 AND (opened_at > $2 OR (opened_at = $2 AND id > $3)) AND state = $5
                ORDER BY opened_at, id
                LIMIT $4";
    PLACES = "SELECT c.place, p.code
              FROM count_place c JOIN place p ON p.id = c.place
              WHERE c.sheet = $1
              ORDER BY p.path, p.code";
    IS_ON = "SELECT COUNT(*) FROM count_place WHERE sheet = $1 AND place = $2";
    LINES = lines!("c.sheet = $1 ORDER BY p.path, p.code, c.nth");
    LINE = lines!("c.sheet = $1 AND c.place = $2 AND c.lot = $3");
    SAVE_COUNT = "UPDATE count_line
                  SET state = $4, counted_pieces = $5, counted_grams = $6, book_pieces = $7, book_grams = $8,
                      counted_at = $9, counter = $10, counter_id = $11
                  WHERE sheet = $1 AND place = $2 AND lot = $3";
    SAVE_RECOUNT = "UPDATE count_line
                    SET state = $4, recounted_pieces = $5, recounted_grams = $6, rebook_pieces = $7,
                        rebook_grams = $8, recounted_at = $9, recounter = $10, recounter_id = $11
                    WHERE sheet = $1 AND place = $2 AND lot = $3";
    CLOSE_SHEET = "UPDATE count_sheet SET state = 'closed', closed_at = $2 WHERE id = $1";

    /// What each bin holds and what befell it. The share of a lot's worth is by the promised number.
    CANDIDATES =
        "SELECT p.id, p.code, CAST(COUNT(held.lot) AS BIGINT), CAST(COALESCE(SUM(held.worth), 0) AS BIGINT),
                CAST(COALESCE(MAX(moved.moves), 0) AS BIGINT), CAST(COALESCE(MAX(counted.differed), 0) AS BIGINT),
                CAST(COALESCE(SUM(held.delicate), 0) AS BIGINT), MAX(counted.counted_at)
         FROM place p
         LEFT JOIN (SELECT b.place, b.lot, w.worth * b.amount / w.amount AS worth,
                           CASE WHEN l.state <> 'approved' OR l.flags <> 0 THEN 1 ELSE 0 END AS delicate
                    FROM balance b
                    JOIN lot l ON l.id = b.lot
                    JOIN (SELECT t.lot, CAST(SUM(t.amount) AS BIGINT) AS amount,
                                 CAST(COALESCE(MAX(m.worth), 0) AS BIGINT) AS worth
                          FROM balance t
                          LEFT JOIN (SELECT lot, CAST(SUM(amount) AS BIGINT) AS worth
                                     FROM money_posting
                                     WHERE account = 'goods_in_stock' AND lot IS NOT NULL
                                     GROUP BY lot) m ON m.lot = t.lot
                          WHERE t.site = $1 AND t.solid = 1 AND t.amount > 0
                          GROUP BY t.lot) w ON w.lot = b.lot
                    WHERE b.site = $1 AND b.shelved = 1 AND b.amount > 0) held ON held.place = p.id
         LEFT JOIN (SELECT place, COUNT(*) AS moves
                    FROM (SELECT from_place AS place FROM stock_move WHERE site = $1 AND at >= $2
                          UNION ALL
                          SELECT to_place AS place FROM stock_move WHERE site = $1 AND at >= $2) ends
                    GROUP BY place) moved ON moved.place = p.id
         LEFT JOIN (SELECT place, MAX(counted_at) AS counted_at,
                           SUM(CASE WHEN state = 'differs' AND counted_at >= $2 THEN 1 ELSE 0 END) AS differed
                    FROM count_line
                    GROUP BY place) counted ON counted.place = p.id
         WHERE p.site = $1 AND p.kind IN ('bin', 'pick_face')
         GROUP BY p.id, p.code
         ORDER BY p.code";

    ADD_ADJUSTMENT = "INSERT INTO adjustment (id, site, sheet, place, lot, sku, pieces, grams, value, state, counter,
                                              counter_id, earlier, earlier_id, proposed_at)
                      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'proposed', $10, $11, $12, $13, $14)";
    LOCK_ADJUSTMENT = "SELECT id FROM adjustment WHERE id = $1 {lock}";
    ADJUSTMENT = adjustments!("a.id = $1");
    /// Served by `adjustment_by_site`.
    ADJUSTMENTS = adjustments!(
        "a.site = $1 AND a.state = $2 AND (a.proposed_at > $3 OR (a.proposed_at = $3 AND a.id > $4))
         ORDER BY a.proposed_at, a.id LIMIT $5"
    );
    DECIDE = "UPDATE adjustment
              SET state = $2, value = $3, reason = $4, because = $5, decider = $6, decider_id = $7, decided_at = $8,
                  entry = $9
              WHERE id = $1 AND state = 'proposed'";

    ADD_WRITE_OFF = "INSERT INTO write_off (id, site, place, lot, sku, reason, pieces, grams, state, proposer,
                                            proposer_id, proposed_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'proposed', $9, $10, $11)
                     ON CONFLICT DO NOTHING";
    LOCK_WRITE_OFF = "SELECT id FROM write_off WHERE id = $1 {lock}";
    WRITE_OFF = write_offs!("w.id = $1");
    OPEN_WRITE_OFF = write_offs!("w.place = $1 AND w.lot = $2 AND w.state IN ('proposed', 'weighed')");
    /// Served by `write_off_by_site`.
    WRITE_OFFS = write_offs!(
        "w.site = $1 AND w.state = $2 AND (w.proposed_at > $3 OR (w.proposed_at = $3 AND w.id > $4))
         ORDER BY w.proposed_at, w.id LIMIT $5"
    );
    SAVE_WRITE_OFF = "UPDATE write_off
                      SET state = $2, reason = $3, gone_pieces = $4, gone_grams = $5, device = $6, weigher = $7,
                          weigher_id = $8, weighed_at = $9, value = $10, witness = $11, witness_id = $12,
                          disposed_at = $13, entry = $14, because = $15
                      WHERE id = $1 AND state IN ('proposed', 'weighed')";
    UNFIT = "SELECT b.place, b.lot, b.sku, l.measure, b.pieces, b.grams, l.state
             FROM balance b
             JOIN lot l ON l.id = b.lot
             JOIN place p ON p.id = b.place
             WHERE b.site = $1 AND b.solid = 1 AND (b.pieces > 0 OR b.grams > 0)
               AND l.state IN ('expired', 'recalled', 'condemned') AND p.kind IN ('dock', 'bin', 'pick_face')
             ORDER BY p.path, p.code, l.code";
    IS_SWEPT = "SELECT COUNT(*) FROM expiry_sweep WHERE site = $1 AND day = $2";
    ADD_SWEEP = "INSERT INTO expiry_sweep (site, day, at, lots, write_offs) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT DO NOTHING";
    SWEEPS = "SELECT site, day, at, lots, write_offs
              FROM expiry_sweep
              WHERE site = $1 AND day < $2
              ORDER BY day DESC
              LIMIT $3";
    /// What left the house for a reason, less what was found again. Served by `stock_move_of_day`.
    LOST = "SELECT m.reason, m.sku, s.code, l.measure, l.supplier,
                   CAST(SUM(CASE WHEN t.kind IN ('waste', 'adjustment') THEN COALESCE(m.pieces, 0)
                                 ELSE -COALESCE(m.pieces, 0) END) AS BIGINT),
                   CAST(SUM(CASE WHEN t.kind IN ('waste', 'adjustment') THEN COALESCE(m.grams, 0)
                                 ELSE -COALESCE(m.grams, 0) END) AS BIGINT)
            FROM stock_move m
            JOIN lot l ON l.id = m.lot
            JOIN sku s ON s.id = m.sku
            JOIN place t ON t.id = m.to_place
            WHERE m.site = $1 AND m.day >= $2 AND m.day <= $3 AND m.reason IS NOT NULL
            GROUP BY m.reason, m.sku, s.code, l.measure, l.supplier
            ORDER BY s.code, m.reason";
}
