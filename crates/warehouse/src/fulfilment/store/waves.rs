//! Waves and the notes and lines in them.

use kernel::{CustomerOrderId, Instant, OrderLineId, Quantity, ReleaseNoteId, SiteId, SkuId, WaveId, Window};
use store::{FromRow, Row, StoreError, Tx, args, row, sql};

use crate::fulfilment::rules::Wave;

impl FromRow for Wave {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let (start, end): (Instant, Instant) = (row.get(2)?, row.get(3)?);
        let window = Window::new(start, end).map_err(|error| StoreError::Impossible {
            statement: WAVE.name(),
            column: "ends_at".to_owned(),
            found: error.to_string(),
        })?;
        Ok(Self {
            id: row.get(0)?,
            site: row.get(1)?,
            window,
            opened_at: row.get(4)?,
            tasks_open: row.get(5)?,
            state: row.get(6)?,
            revision: row.get(7)?,
        })
    }
}

/// A release note as the floor sees it.
#[derive(Clone, Copy, Debug)]
pub(in crate::fulfilment) struct Note {
    pub(in crate::fulfilment) note: ReleaseNoteId,
    pub(in crate::fulfilment) wave: WaveId,
    pub(in crate::fulfilment) site: SiteId,
    pub(in crate::fulfilment) order: CustomerOrderId,
}

impl FromRow for Note {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self { note: row.get(0)?, wave: row.get(1)?, site: row.get(2)?, order: row.get(3)? })
    }
}

/// An order line as it was released.
#[derive(Clone, Copy, Debug)]
pub(in crate::fulfilment) struct Line {
    pub(in crate::fulfilment) order_line: OrderLineId,
    pub(in crate::fulfilment) sku: SkuId,
    pub(in crate::fulfilment) wanted: Quantity,
    /// What no lot was bound for.
    pub(in crate::fulfilment) unbound: Quantity,
}

impl FromRow for Line {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let quantity = |pieces, grams| -> Result<Quantity, StoreError> {
            Ok(Quantity { pieces: row.get(pieces)?, grams: row.get(grams)?, ..Quantity::NONE })
        };
        Ok(Self { order_line: row.get(0)?, sku: row.get(1)?, wanted: quantity(2, 3)?, unbound: quantity(4, 5)? })
    }
}

pub(in crate::fulfilment) async fn add_wave(tx: &mut Tx, wave: &Wave) -> Result<(), StoreError> {
    tx.put(ADD_WAVE, args![wave.id, wave.site, wave.window.start(), wave.window.end(), wave.opened_at, wave.state])
        .await
}

pub(in crate::fulfilment) async fn wave(tx: &mut Tx, id: WaveId) -> Result<Option<Wave>, StoreError> {
    tx.optional(WAVE, args![id]).await
}

/// The wave, and whether the note is in a wave already, be it this or another.
pub(in crate::fulfilment) async fn wave_for_note(
    tx: &mut Tx,
    id: WaveId,
    note: ReleaseNoteId,
) -> Result<Option<(Wave, bool)>, StoreError> {
    let found: Option<WaveForNote> = tx.optional(WAVE_FOR_NOTE, args![id, note]).await?;
    Ok(found.map(|found| (found.wave, found.released)))
}

struct WaveForNote {
    wave: Wave,
    released: bool,
}

impl FromRow for WaveForNote {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let notes: i64 = row.get(8)?;
        Ok(Self { wave: Wave::from_row(row)?, released: notes > 0 })
    }
}

/// The waves of a site, latest first, after the page key.
pub(in crate::fulfilment) async fn waves(
    tx: &mut Tx,
    site: SiteId,
    before: Option<(Instant, WaveId)>,
    rows: i64,
) -> Result<Vec<Wave>, StoreError> {
    match before {
        None => tx.all(WAVES, args![site, rows]).await,
        Some((opened_at, id)) => tx.all(WAVES_BEFORE, args![site, opened_at, id, rows]).await,
    }
}

/// Counts new tasks in; a wave that was finished is open again.
pub(in crate::fulfilment) async fn count_in(tx: &mut Tx, wave: WaveId, more: i64) -> Result<(), StoreError> {
    tx.put(COUNT_IN, args![wave, more]).await
}

/// Counts a task out and answers how many are open now.
pub(in crate::fulfilment) async fn count_out(tx: &mut Tx, wave: WaveId) -> Result<i64, StoreError> {
    tx.one(COUNT_OUT, args![wave]).await
}

/// Finishes the wave if it is open and nothing in it is; answers how many rows changed.
pub(in crate::fulfilment) async fn finish_wave(tx: &mut Tx, wave: WaveId, at: Instant) -> Result<u64, StoreError> {
    tx.execute(FINISH_WAVE, args![wave, at]).await
}

pub(in crate::fulfilment) async fn add_note(tx: &mut Tx, note: &Note) -> Result<(), StoreError> {
    tx.put(ADD_NOTE, args![note.note, note.wave, note.site, note.order]).await
}

pub(in crate::fulfilment) async fn note(tx: &mut Tx, id: ReleaseNoteId) -> Result<Option<Note>, StoreError> {
    tx.optional(NOTE, args![id]).await
}

pub(in crate::fulfilment) async fn add_lines(
    tx: &mut Tx,
    note: ReleaseNoteId,
    lines: &[Line],
) -> Result<(), StoreError> {
    let rows = lines
        .iter()
        .map(|line| {
            row![
                line.order_line,
                note,
                line.sku,
                line.wanted.pieces,
                line.wanted.grams,
                line.unbound.pieces,
                line.unbound.grams,
            ]
        })
        .collect();
    tx.put_many(ADD_LINE, rows).await
}

pub(in crate::fulfilment) async fn lines_of(tx: &mut Tx, note: ReleaseNoteId) -> Result<Vec<Line>, StoreError> {
    tx.all(LINES, args![note]).await
}

sql! {
    ADD_WAVE = "INSERT INTO wave (id, site, starts_at, ends_at, opened_at, tasks_open, state, revision)
                VALUES ($1, $2, $3, $4, $5, 0, $6, 1)";
    WAVE = "SELECT id, site, starts_at, ends_at, opened_at, tasks_open, state, revision FROM wave WHERE id = $1";
    WAVE_FOR_NOTE = "SELECT id, site, starts_at, ends_at, opened_at, tasks_open, state, revision,
                            (SELECT COUNT(*) FROM pick_note n WHERE n.note = $2)
                     FROM wave WHERE id = $1";
    WAVES = "SELECT id, site, starts_at, ends_at, opened_at, tasks_open, state, revision
             FROM wave
             WHERE site = $1
             ORDER BY opened_at DESC, id DESC
             LIMIT $2";
    WAVES_BEFORE = "SELECT id, site, starts_at, ends_at, opened_at, tasks_open, state, revision
                    FROM wave
                    WHERE site = $1 AND (opened_at, id) < ($2, $3)
                    ORDER BY opened_at DESC, id DESC
                    LIMIT $4";
    COUNT_IN = "UPDATE wave
                SET tasks_open = tasks_open + $2, state = 'open', finished_at = NULL, revision = revision + 1
                WHERE id = $1";
    COUNT_OUT = "UPDATE wave
                 SET tasks_open = tasks_open - 1, revision = revision + 1
                 WHERE id = $1
                 RETURNING tasks_open";
    FINISH_WAVE = "UPDATE wave
                   SET state = 'finished', finished_at = $2, revision = revision + 1
                   WHERE id = $1 AND state = 'open' AND tasks_open = 0";
    ADD_NOTE = "INSERT INTO pick_note (note, wave, site, customer_order) VALUES ($1, $2, $3, $4)";
    NOTE = "SELECT note, wave, site, customer_order FROM pick_note WHERE note = $1 {stay}";
    ADD_LINE = "INSERT INTO pick_line
                    (order_line, note, sku, wanted_pieces, wanted_grams, unbound_pieces, unbound_grams)
                VALUES ($1, $2, $3, $4, $5, $6, $7)";
    LINES = "SELECT order_line, sku, wanted_pieces, wanted_grams, unbound_pieces, unbound_grams
             FROM pick_line
             WHERE note = $1
             ORDER BY order_line";
}
