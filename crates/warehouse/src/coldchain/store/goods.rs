//! What lots went through, and the decisions that wait for it.

use kernel::{Actor, ExcursionId, Instant, LotId, QuarantineId, SiteId, Stamp};
use store::{FromRow, Result, Row, StoreError, Tx, Uuid, args, sql};

use crate::coldchain::{
    curve::Dose,
    quarantine::{Exposure, Quarantine, QuarantineState},
};

macro_rules! quarantine_columns {
    () => {
        "q.id, q.site, q.excursion, q.lot, l.code, l.sku, q.why, q.state, q.opened_at, q.decided_at, q.decider, \
         q.decider_id, q.reason, q.revision"
    };
}

macro_rules! exposure_columns {
    () => {
        "e.excursion, e.lot, l.code, e.from_at, e.until_at, e.over_minutes, e.far_minutes, e.degree_minutes, \
         e.unknown_minutes, e.peak"
    };
}

sql! {
    EXPOSURE = concat!(
        "SELECT ", exposure_columns!(), " FROM exposure e JOIN lot l ON l.id = e.lot
         WHERE e.excursion = $1 AND e.lot = $2"
    );
    EXPOSURES = concat!(
        "SELECT ", exposure_columns!(), " FROM exposure e JOIN lot l ON l.id = e.lot
         WHERE e.excursion = $1 ORDER BY l.code"
    );
    // Those of a probe that was wrong do not count. Served by exposure_of_lot.
    OF_LOT = concat!(
        "SELECT ", exposure_columns!(), " FROM exposure e JOIN lot l ON l.id = e.lot
         JOIN excursion x ON x.id = e.excursion
         WHERE e.lot = $1 AND x.state <> 'voided' ORDER BY e.from_at, e.excursion"
    );
    PUT_EXPOSURE =
        "INSERT INTO exposure (excursion, lot, from_at, until_at, over_minutes, far_minutes, degree_minutes,
                               unknown_minutes, peak, revision)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1)
         ON CONFLICT (excursion, lot) DO UPDATE
         SET from_at = excluded.from_at, until_at = excluded.until_at, over_minutes = excluded.over_minutes,
             far_minutes = excluded.far_minutes, degree_minutes = excluded.degree_minutes,
             unknown_minutes = excluded.unknown_minutes, peak = excluded.peak, revision = exposure.revision + 1";
    QUARANTINE = concat!(
        "SELECT ", quarantine_columns!(), " FROM quarantine q JOIN lot l ON l.id = q.lot WHERE q.id = $1"
    );
    OF_EXCURSION = concat!(
        "SELECT ", quarantine_columns!(), " FROM quarantine q JOIN lot l ON l.id = q.lot
         WHERE q.excursion = $1 ORDER BY l.code"
    );
    // Served by quarantine_of_lot.
    OPEN_OF_LOT = concat!(
        "SELECT ", quarantine_columns!(), " FROM quarantine q JOIN lot l ON l.id = q.lot
         WHERE q.lot = $1 AND q.state = 'open' ORDER BY q.opened_at, q.id"
    );
    // Served by quarantine_of_site.
    OF_SITE = concat!(
        "SELECT ", quarantine_columns!(), " FROM quarantine q JOIN lot l ON l.id = q.lot
         WHERE q.site = $1 AND (q.opened_at, q.id) < ($2, $3) ORDER BY q.opened_at DESC, q.id DESC LIMIT $4"
    );
    OPEN_OF_SITE = concat!(
        "SELECT ", quarantine_columns!(), " FROM quarantine q JOIN lot l ON l.id = q.lot
         WHERE q.site = $1 AND (q.opened_at, q.id) < ($2, $3) AND q.state = 'open'
         ORDER BY q.opened_at DESC, q.id DESC LIMIT $4"
    );
    ADD = "INSERT INTO quarantine (id, site, excursion, lot, why, state, opened_at, revision)
           VALUES ($1, $2, $3, $4, $5, 'open', $6, 1)
           ON CONFLICT (excursion, lot) DO UPDATE
           SET state = 'open', opened_at = excluded.opened_at, decided_at = NULL, decider = NULL, decider_id = NULL,
               revision = quarantine.revision + 1";
    DECIDE = "UPDATE quarantine
              SET state = $2, decided_at = $3, decider = $4, decider_id = $5, reason = $6, revision = revision + 1
              WHERE lot = $1 AND state = 'open'";
}

impl FromRow for Exposure {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            excursion: row.get(0)?,
            lot: row.get(1)?,
            lot_code: row.get(2)?,
            from: row.get(3)?,
            until: row.get(4)?,
            dose: Dose {
                over_minutes: row.get(5)?,
                far_minutes: row.get(6)?,
                degree_minutes: row.get(7)?,
                unknown_minutes: row.get(8)?,
                peak: row.get(9)?,
            },
        })
    }
}

impl FromRow for Quarantine {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let decider: Option<String> = row.get(10)?;
        let id: Option<Uuid> = row.get(11)?;
        let decided_by = match decider {
            None => None,
            Some(noun) => Some(Actor::from_filed(&noun, id).ok_or_else(|| StoreError::Impossible {
                statement: QUARANTINE.name(),
                column: "decider".to_owned(),
                found: format!("{noun} {id:?}"),
            })?),
        };
        Ok(Self {
            id: row.get(0)?,
            site: row.get(1)?,
            excursion: row.get(2)?,
            lot: row.get(3)?,
            lot_code: row.get(4)?,
            sku: row.get(5)?,
            why: row.get(6)?,
            state: row.get(7)?,
            opened_at: row.get(8)?,
            decided_at: row.get(9)?,
            decided_by,
            reason: row.get(12)?,
            revision: row.get(13)?,
        })
    }
}

pub(in crate::coldchain) async fn exposure(
    tx: &mut Tx,
    excursion: ExcursionId,
    lot: LotId,
) -> Result<Option<Exposure>> {
    tx.optional(EXPOSURE, args![excursion, lot]).await
}

pub(in crate::coldchain) async fn exposures_of(tx: &mut Tx, excursion: ExcursionId) -> Result<Vec<Exposure>> {
    tx.all(EXPOSURES, args![excursion]).await
}

/// What a lot went through in all excursions that were none of a faulty probe.
pub(in crate::coldchain) async fn exposures_of_lot(tx: &mut Tx, lot: LotId) -> Result<Vec<Exposure>> {
    tx.all(OF_LOT, args![lot]).await
}

pub(in crate::coldchain) async fn put_exposure(tx: &mut Tx, of: &Exposure) -> Result<()> {
    let Dose { over_minutes, far_minutes, degree_minutes, unknown_minutes, peak } = of.dose;
    tx.put(
        PUT_EXPOSURE,
        args![
            of.excursion,
            of.lot,
            of.from,
            of.until,
            over_minutes,
            far_minutes,
            degree_minutes,
            unknown_minutes,
            peak
        ],
    )
    .await
}

pub(in crate::coldchain) async fn quarantine(tx: &mut Tx, id: QuarantineId) -> Result<Option<Quarantine>> {
    tx.optional(QUARANTINE, args![id]).await
}

pub(in crate::coldchain) async fn quarantines_of(tx: &mut Tx, excursion: ExcursionId) -> Result<Vec<Quarantine>> {
    tx.all(OF_EXCURSION, args![excursion]).await
}

pub(in crate::coldchain) async fn open_quarantines_of(tx: &mut Tx, lot: LotId) -> Result<Vec<Quarantine>> {
    tx.all(OPEN_OF_LOT, args![lot]).await
}

pub(in crate::coldchain) async fn quarantines(
    tx: &mut Tx,
    site: SiteId,
    only_open: bool,
    before: Option<(Instant, QuarantineId)>,
    rows: i64,
) -> Result<Vec<Quarantine>> {
    let (at, id) = before.map_or((Instant::from_millis(i64::MAX), Uuid::max()), |(at, id)| (at, kernel::Id::uuid(id)));
    tx.all(if only_open { OPEN_OF_SITE } else { OF_SITE }, args![site, at, id, rows]).await
}

pub(in crate::coldchain) async fn add_quarantine(tx: &mut Tx, new: &Quarantine) -> Result<()> {
    tx.put(ADD, args![new.id, new.site, new.excursion, new.lot, new.why, new.opened_at]).await
}

/// One decision about a lot answers every quarantine of it.
pub(in crate::coldchain) async fn decide_quarantines_of(
    tx: &mut Tx,
    stamp: &Stamp,
    lot: LotId,
    state: QuarantineState,
    reason: &str,
) -> Result<()> {
    tx.put(DECIDE, args![lot, state, stamp.at, stamp.by.noun(), stamp.by.uuid(), reason]).await
}
