//! Readings: written once, asked for by time.

use kernel::{DeciCelsius, Instant, ProbeId};
use serde::{Deserialize, Serialize};
use store::{FromRow, Result, Row, Tx, args, row, sql};
use utoipa::ToSchema;

use crate::coldchain::{band::TemperatureBand, machine::Sample, record::Source};

sql! {
    // Served by reading_once, all of them.
    ADD = "INSERT INTO reading (probe, at, value, received_at, source, doubtful)
           VALUES ($1, $2, $3, $4, $5, $6)
           ON CONFLICT (probe, at, value) DO NOTHING";
    BETWEEN = "SELECT at, value FROM reading WHERE probe = $1 AND at >= $2 AND at <= $3 ORDER BY at, value";
    LAST_BEFORE = "SELECT at, value FROM reading WHERE probe = $1 AND at < $2 ORDER BY at DESC, value DESC LIMIT 1";
    LAST_WITHIN = "SELECT at, value FROM reading
                   WHERE probe = $1 AND at < $2 AND value <= $3 AND value >= $4
                   ORDER BY at DESC, value DESC LIMIT 1";
    EXTREMES = "SELECT MIN(value), MAX(value) FROM reading WHERE probe = $1 AND at >= $2 AND at <= $3";
    COUNTS = "SELECT COUNT(*), CAST(COALESCE(SUM(doubtful), 0) AS BIGINT)
              FROM reading WHERE probe = $1 AND at >= $2 AND at < $3";
    PAGE = "SELECT at, value, received_at, source, doubtful FROM reading
            WHERE probe = $1 AND at >= $2 AND at < $3 AND (at, value) > ($4, $5)
            ORDER BY at, value LIMIT $6";
}

/// A reading as it was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(in crate::coldchain) struct Kept {
    pub at: Instant,
    /// Tenths of a degree.
    #[schema(value_type = i32)]
    pub decicelsius: DeciCelsius,
    pub received_at: Instant,
    pub source: Source,
    /// The probe's calibration was overdue.
    pub doubtful: bool,
}

impl FromRow for Sample {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self { at: row.get(0)?, value: row.get(1)? })
    }
}

impl FromRow for Kept {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            at: row.get(0)?,
            decicelsius: row.get(1)?,
            received_at: row.get(2)?,
            source: row.get(3)?,
            doubtful: row.get(4)?,
        })
    }
}

pub(in crate::coldchain) async fn add(
    tx: &mut Tx,
    probe: ProbeId,
    received_at: Instant,
    source: Source,
    samples: &[(Sample, bool)],
) -> Result<()> {
    let rows = samples
        .iter()
        .map(|(sample, doubtful)| row![probe, sample.at, sample.value, received_at, source, i64::from(*doubtful)])
        .collect();
    tx.put_many(ADD, rows).await
}

/// The readings from one instant to another, both included, in order.
pub(in crate::coldchain) async fn between(
    tx: &mut Tx,
    probe: ProbeId,
    from: Instant,
    until: Instant,
) -> Result<Vec<Sample>> {
    tx.all(BETWEEN, args![probe, from, until]).await
}

pub(in crate::coldchain) async fn last_before(tx: &mut Tx, probe: ProbeId, at: Instant) -> Result<Option<Sample>> {
    tx.optional(LAST_BEFORE, args![probe, at]).await
}

/// The last reading before an instant at which no alarm can have stood.
pub(in crate::coldchain) async fn last_within(
    tx: &mut Tx,
    probe: ProbeId,
    at: Instant,
    band: &TemperatureBand,
) -> Result<Option<Sample>> {
    let low = band.low_clear.unwrap_or(DeciCelsius(i32::MIN));
    tx.optional(LAST_WITHIN, args![probe, at, band.clear, low]).await
}

pub(in crate::coldchain) async fn extremes(
    tx: &mut Tx,
    probe: ProbeId,
    from: Instant,
    until: Instant,
) -> Result<(Option<DeciCelsius>, Option<DeciCelsius>)> {
    tx.one(EXTREMES, args![probe, from, until]).await
}

/// How many readings there are from one instant to before another, and how many of them are doubtful.
pub(in crate::coldchain) async fn counts(
    tx: &mut Tx,
    probe: ProbeId,
    from: Instant,
    until: Instant,
) -> Result<(i64, i64)> {
    tx.one(COUNTS, args![probe, from, until]).await
}

pub(in crate::coldchain) async fn page(
    tx: &mut Tx,
    probe: ProbeId,
    (from, until): (Instant, Instant),
    after: Option<(Instant, DeciCelsius)>,
    rows: i64,
) -> Result<Vec<Kept>> {
    let (at, value) = after.unwrap_or((Instant::from_millis(i64::MIN), DeciCelsius(i32::MIN)));
    tx.all(PAGE, args![probe, from, until, at, value, rows]).await
}
