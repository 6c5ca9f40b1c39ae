//! How goods age, the lives that were computed, and the signed days.

use kernel::{DeciCelsius, Instant, LotId, SiteId, SkuId, Stamp};
use store::{Result, StoreError, Tx, args, row, sql};

use crate::coldchain::{
    haccp::{DayFigures, SignedDay},
    thermal::{Band, Chill, Law, SkuThermalLaw, ThermalLaw},
};

sql! {
    LAW = "SELECT law, reference, q10_milli, joules_per_mol, floor, chill_below, chill_q10_milli, revision
           FROM thermal_law WHERE sku = $1";
    BANDS = "SELECT from_temp, q10_milli FROM thermal_band WHERE sku = $1 ORDER BY from_temp";
    DROP_BANDS = "DELETE FROM thermal_band WHERE sku = $1";
    ADD_BAND = "INSERT INTO thermal_band (sku, from_temp, q10_milli) VALUES ($1, $2, $3)";
    SET_LAW = "INSERT INTO thermal_law (sku, law, reference, q10_milli, joules_per_mol, floor, chill_below,
                                        chill_q10_milli, revision)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1)
               ON CONFLICT (sku) DO UPDATE
               SET law = excluded.law, reference = excluded.reference, q10_milli = excluded.q10_milli,
                   joules_per_mol = excluded.joules_per_mol, floor = excluded.floor,
                   chill_below = excluded.chill_below, chill_q10_milli = excluded.chill_q10_milli,
                   revision = thermal_law.revision + 1";
    LIFE = "SELECT life_minutes FROM lot_thermal WHERE lot = $1";
    BEGIN_LIFE = "INSERT INTO lot_thermal (lot, life_minutes, aged_at) VALUES ($1, $2, $3)
                  ON CONFLICT (lot) DO NOTHING";
    AGE = "UPDATE lot_thermal SET aged_at = $2 WHERE lot = $1";
    // The longest not looked at first. Served by balance_by_shelf.
    DUE = "SELECT b.lot, MIN(COALESCE(a.aged_at, 0))
           FROM balance b
           JOIN thermal_law t ON t.sku = b.sku
           JOIN lot l ON l.id = b.lot
           LEFT JOIN lot_thermal a ON a.lot = b.lot
           WHERE b.site = $1 AND b.shelved = 1 AND b.amount > 0 AND l.state IN ('approved', 'quarantined')
             AND COALESCE(a.aged_at, 0) < $2
           GROUP BY b.lot
           ORDER BY 2, 1
           LIMIT $3";
    HACCP = "SELECT probes, readings, doubtful_readings, minutes_watched, minutes_over, minutes_silent, alarms,
                    quarantined, note, signed_at, signer, signer_id
             FROM haccp_record WHERE site = $1 AND day = $2";
    ADD_HACCP = "INSERT INTO haccp_record (site, day, probes, readings, doubtful_readings, minutes_watched,
                                           minutes_over, minutes_silent, alarms, quarantined, note, signed_at,
                                           signer, signer_id)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    ALARMS = "SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN closed_at IS NULL THEN 1 ELSE 0 END), 0) AS BIGINT)
              FROM excursion WHERE site = $1 AND raised_at >= $2 AND raised_at < $3";
    QUARANTINED = "SELECT COUNT(*) FROM quarantine WHERE site = $1 AND opened_at >= $2 AND opened_at < $3";
}

type LawRow =
    (String, DeciCelsius, Option<i64>, Option<i64>, Option<DeciCelsius>, Option<DeciCelsius>, Option<i64>, i64);

pub(in crate::coldchain) async fn law(tx: &mut Tx, sku: SkuId) -> Result<Option<SkuThermalLaw>> {
    let row: Option<LawRow> = tx.optional(LAW, args![sku]).await?;
    let Some((code, reference, q10_milli, joules_per_mol, floor, below, chill_q10, revision)) = row else {
        return Ok(None);
    };
    let law = match (code.as_str(), q10_milli, joules_per_mol, floor) {
        ("q10", Some(q10_milli), None, None) => Law::Q10 { q10_milli },
        ("arrhenius", None, Some(joules_per_mol), None) => Law::Arrhenius { joules_per_mol },
        ("square_root", None, None, Some(floor)) => Law::SquareRoot { floor },
        ("bands", None, None, None) => {
            let bands: Vec<(DeciCelsius, i64)> = tx.all(BANDS, args![sku]).await?;
            Law::Bands { bands: bands.into_iter().map(|(from, q10_milli)| Band { from, q10_milli }).collect() }
        }
        _ => return Err(StoreError::Impossible { statement: LAW.name(), column: "law".to_owned(), found: code }),
    };
    let chill = below.zip(chill_q10).map(|(below, q10_milli)| Chill { below, q10_milli });
    Ok(Some(SkuThermalLaw { sku, law: ThermalLaw { reference, law, chill }, revision }))
}

pub(in crate::coldchain) async fn set_law(tx: &mut Tx, sku: SkuId, law: &ThermalLaw) -> Result<()> {
    let (code, q10_milli, joules_per_mol, floor): (&str, Option<i64>, Option<i64>, Option<DeciCelsius>) = match &law.law
    {
        Law::Q10 { q10_milli } => ("q10", Some(*q10_milli), None, None),
        Law::Arrhenius { joules_per_mol } => ("arrhenius", None, Some(*joules_per_mol), None),
        Law::SquareRoot { floor } => ("square_root", None, None, Some(*floor)),
        Law::Bands { .. } => ("bands", None, None, None),
    };
    let (below, chill_q10) = (law.chill.map(|chill| chill.below), law.chill.map(|chill| chill.q10_milli));
    tx.put(DROP_BANDS, args![sku]).await?;
    tx.put(SET_LAW, args![sku, code, law.reference, q10_milli, joules_per_mol, floor, below, chill_q10]).await?;
    if let Law::Bands { bands } = &law.law {
        tx.put_many(ADD_BAND, bands.iter().map(|band| row![sku, band.from, band.q10_milli]).collect()).await?;
    }
    Ok(())
}

pub(in crate::coldchain) async fn life_of(tx: &mut Tx, lot: LotId) -> Result<Option<i64>> {
    tx.optional(LIFE, args![lot]).await
}

pub(in crate::coldchain) async fn begin_life(tx: &mut Tx, lot: LotId, minutes: i64, at: Instant) -> Result<()> {
    tx.put(BEGIN_LIFE, args![lot, minutes, at]).await
}

pub(in crate::coldchain) async fn age_lot(tx: &mut Tx, lot: LotId, at: Instant) -> Result<()> {
    tx.put(AGE, args![lot, at]).await
}

/// Lots on the shelves of a site whose life was last computed before `before`.
pub(in crate::coldchain) async fn aged_lots_due(
    tx: &mut Tx,
    site: SiteId,
    before: Instant,
    rows: i64,
) -> Result<Vec<LotId>> {
    let due: Vec<(LotId, i64)> = tx.all(DUE, args![site, before, rows]).await?;
    Ok(due.into_iter().map(|(lot, _)| lot).collect())
}

pub(in crate::coldchain) async fn haccp(tx: &mut Tx, site: SiteId, day: kernel::Date) -> Result<Option<SignedDay>> {
    tx.optional(HACCP, args![site, day]).await
}

impl store::FromRow for SignedDay {
    fn from_row(row: &store::Row<'_>) -> Result<Self> {
        let (noun, id): (String, Option<store::Uuid>) = (row.get(10)?, row.get(11)?);
        let by = kernel::Actor::from_filed(&noun, id).ok_or_else(|| StoreError::Impossible {
            statement: HACCP.name(),
            column: "signer".to_owned(),
            found: noun,
        })?;
        Ok(Self {
            figures: DayFigures {
                probes: row.get(0)?,
                readings: row.get(1)?,
                doubtful_readings: row.get(2)?,
                minutes_watched: row.get(3)?,
                minutes_over: row.get(4)?,
                minutes_silent: row.get(5)?,
                alarms: row.get(6)?,
                quarantined: row.get(7)?,
            },
            note: row.get(8)?,
            signed_at: row.get(9)?,
            signed_by: by,
        })
    }
}

pub(in crate::coldchain) async fn add_haccp(
    tx: &mut Tx,
    stamp: &Stamp,
    site: SiteId,
    day: kernel::Date,
    figures: &DayFigures,
    note: &str,
) -> Result<()> {
    tx.put(
        ADD_HACCP,
        args![
            site,
            day,
            figures.probes,
            figures.readings,
            figures.doubtful_readings,
            figures.minutes_watched,
            figures.minutes_over,
            figures.minutes_silent,
            figures.alarms,
            figures.quarantined,
            note,
            stamp.at,
            stamp.by.noun(),
            stamp.by.uuid(),
        ],
    )
    .await
}

/// How many alarms of a time there are, and how many of them are open.
pub(in crate::coldchain) async fn alarms_of_day(
    tx: &mut Tx,
    site: SiteId,
    from: Instant,
    until: Instant,
) -> Result<(i64, i64)> {
    tx.one(ALARMS, args![site, from, until]).await
}

pub(in crate::coldchain) async fn quarantined_of_day(
    tx: &mut Tx,
    site: SiteId,
    from: Instant,
    until: Instant,
) -> Result<i64> {
    tx.one(QUARANTINED, args![site, from, until]).await
}
