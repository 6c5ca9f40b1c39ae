//! Probes, their limits, and the times in which they are not judged.

use kernel::{Date, Instant, PlaceId, ProbeId, SiteId, Stamp, TemperatureClass, ZoneId};
use store::{FromRow, Question, Result, Row, Tx, args, sql};

use crate::coldchain::{
    band::{SiteBand, TemperatureBand},
    inhibits::Inhibit,
    machine::Inhibited,
    probes::Probe,
};

macro_rules! probe_columns {
    () => {
        "id, site, code, kind, zone, room, place, class, topic, gateway, calibrated_on, calibration_due, state, \
         registered_at, over, over_since, last_at, last_value, silent, revision"
    };
}

macro_rules! limit_columns {
    () => {
        "site, class, low, low_clear, high, clear, high_high, delay_minutes, missing_minutes, bears_minutes, \
         bears_far_minutes, bears_total_minutes, ambient, revision"
    };
}

sql! {
    PROBE = concat!("SELECT ", probe_columns!(), " FROM probe WHERE id = $1");
    PROBE_FOR_CHANGE = concat!("SELECT ", probe_columns!(), " FROM probe WHERE id = $1 {lock}");
    BY_CODE = concat!("SELECT ", probe_columns!(), " FROM probe WHERE site = $1 AND code = $2");
    BY_TOPIC = concat!("SELECT ", probe_columns!(), " FROM probe WHERE topic = $1");
    OF_SITE = concat!("SELECT ", probe_columns!(), " FROM probe WHERE site = $1 AND code > $2 ORDER BY code LIMIT $3");
    IN_ZONE = concat!("SELECT ", probe_columns!(), " FROM probe WHERE zone = $1 AND kind = 'probe' ORDER BY code {keep}");
    AT_PLACE = concat!("SELECT ", probe_columns!(), " FROM probe WHERE place = $1 AND kind = 'probe' ORDER BY code {keep}");
    /// Working probes that were not heard since, and of which nobody was told yet.
    QUIET = concat!(
        "SELECT ", probe_columns!(), " FROM probe
         WHERE kind = 'probe' AND state = 'working' AND silent = 0 AND COALESCE(last_at, registered_at) < $1
         ORDER BY site, code"
    );
    /// The one rule is `Watch::fall_silent`; this tells when it is worth asking.
    ANY_FALLEN_SILENT =
        "SELECT 1 FROM probe p LEFT JOIN temperature_limit l ON l.site = p.site AND l.class = p.class
         WHERE p.kind = 'probe' AND p.state = 'working' AND p.silent = 0
           AND COALESCE(p.last_at, p.registered_at) < $1 - 60000 * COALESCE(l.missing_minutes, $2)";
    TOPICS = "SELECT topic FROM probe WHERE (id = $1 OR gateway = $1) AND state = 'working' ORDER BY topic";
    ADD = concat!(
        "INSERT INTO probe (", probe_columns!(), ")
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)"
    );
    REMEMBER = "UPDATE probe SET over = $2, over_since = $3, last_at = $4, last_value = $5, silent = $6 WHERE id = $1";
    SET_CALIBRATION = "UPDATE probe SET calibrated_on = $2, calibration_due = $3, revision = revision + 1 WHERE id = $1";
    RETIRE = "UPDATE probe SET state = 'retired', over = 'fine', over_since = NULL, silent = 0, revision = revision + 1
              WHERE id = $1";
    LIMITS = concat!(
        "SELECT ", limit_columns!(), " FROM temperature_limit WHERE site = $1 AND class = $2 {keep}"
    );
    /// A site has a few classes, and most keep to the limits that everybody has.
    ALL_LIMITS = concat!("SELECT ", limit_columns!(), " FROM temperature_limit");
    SET_LIMITS = "INSERT INTO temperature_limit (site, class, low, low_clear, high, clear, high_high, delay_minutes,
                                                 missing_minutes, bears_minutes, bears_far_minutes,
                                                 bears_total_minutes, ambient, revision)
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1)
                  ON CONFLICT (site, class) DO UPDATE
                  SET low = excluded.low, low_clear = excluded.low_clear, high = excluded.high,
                      clear = excluded.clear, high_high = excluded.high_high,
                      delay_minutes = excluded.delay_minutes, missing_minutes = excluded.missing_minutes,
                      bears_minutes = excluded.bears_minutes, bears_far_minutes = excluded.bears_far_minutes,
                      bears_total_minutes = excluded.bears_total_minutes, ambient = excluded.ambient,
                      revision = temperature_limit.revision + 1";
    ADD_INHIBIT = "INSERT INTO alarm_inhibit (probe, kind, starts_at, ends_at, actor, actor_id, at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7)";
    // Served by alarm_inhibit_of.
    INHIBITS = "SELECT starts_at, ends_at FROM alarm_inhibit WHERE probe = $1 AND ends_at > $2 ORDER BY seq";
}

impl FromRow for Probe {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            site: row.get(1)?,
            code: row.get(2)?,
            kind: row.get(3)?,
            zone: row.get(4)?,
            room: row.get(5)?,
            place: row.get(6)?,
            class: row.get(7)?,
            topic: row.get(8)?,
            gateway: row.get(9)?,
            calibrated_on: row.get(10)?,
            calibration_due: row.get(11)?,
            state: row.get(12)?,
            registered_at: row.get(13)?,
            over: row.get(14)?,
            over_since: row.get(15)?,
            last_at: row.get(16)?,
            last_value: row.get(17)?,
            silent: row.get(18)?,
            revision: row.get(19)?,
        })
    }
}

impl FromRow for SiteBand {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let band = TemperatureBand {
            low: row.get(2)?,
            low_clear: row.get(3)?,
            high: row.get(4)?,
            clear: row.get(5)?,
            high_high: row.get(6)?,
            delay_minutes: row.get(7)?,
            missing_minutes: row.get(8)?,
            bears_minutes: row.get(9)?,
            bears_far_minutes: row.get(10)?,
            bears_total_minutes: row.get(11)?,
            ambient: row.get(12)?,
        };
        Ok(Self { site: row.get(0)?, class: row.get(1)?, band, revision: row.get(13)? })
    }
}

impl FromRow for Inhibited {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self { from: row.get(0)?, until: row.get(1)? })
    }
}

pub(in crate::coldchain) async fn probe(tx: &mut Tx, id: ProbeId) -> Result<Option<Probe>> {
    tx.optional(PROBE, args![id]).await
}

/// The probe, and nobody else takes readings of it until this transaction ends.
pub(in crate::coldchain) async fn probe_for_change(tx: &mut Tx, id: ProbeId) -> Result<Option<Probe>> {
    tx.optional(PROBE_FOR_CHANGE, args![id]).await
}

pub(in crate::coldchain) async fn probe_by_code(tx: &mut Tx, site: SiteId, code: &str) -> Result<Option<Probe>> {
    tx.optional(BY_CODE, args![site, code]).await
}

pub(in crate::coldchain) async fn probe_by_topic(tx: &mut Tx, topic: &str) -> Result<Option<Probe>> {
    tx.optional(BY_TOPIC, args![topic]).await
}

pub(in crate::coldchain) async fn probes(tx: &mut Tx, site: SiteId, after: &str, rows: i64) -> Result<Vec<Probe>> {
    tx.all(OF_SITE, args![site, after, rows]).await
}

pub(in crate::coldchain) async fn probes_in(tx: &mut Tx, zone: ZoneId) -> Result<Vec<Probe>> {
    tx.all(IN_ZONE, args![zone]).await
}

pub(in crate::coldchain) async fn probes_at(tx: &mut Tx, place: PlaceId) -> Result<Vec<Probe>> {
    tx.all(AT_PLACE, args![place]).await
}

pub(in crate::coldchain) async fn quiet_probes(tx: &mut Tx, since: Instant) -> Result<Vec<Probe>> {
    tx.all(QUIET, args![since]).await
}

/// Whether a probe has not been heard for longer than its class bears, which is `of_the_house` where the site says nothing.
pub(in crate::coldchain) fn any_fallen_silent(now: Instant, of_the_house: i64) -> Question {
    Question::new(ANY_FALLEN_SILENT, args![now, of_the_house])
}

pub(in crate::coldchain) async fn topics_of(tx: &mut Tx, device: ProbeId) -> Result<Vec<String>> {
    tx.all(TOPICS, args![device]).await
}

pub(in crate::coldchain) async fn add_probe(tx: &mut Tx, probe: &Probe) -> Result<()> {
    tx.put(
        ADD,
        args![
            probe.id,
            probe.site,
            &probe.code,
            probe.kind,
            probe.zone,
            probe.room.as_deref(),
            probe.place,
            probe.class,
            &probe.topic,
            probe.gateway,
            probe.calibrated_on,
            probe.calibration_due,
            probe.state,
            probe.registered_at,
            probe.over,
            probe.over_since,
            probe.last_at,
            probe.last_value,
            i64::from(probe.silent),
            probe.revision,
        ],
    )
    .await
}

pub(in crate::coldchain) async fn remember(tx: &mut Tx, probe: &Probe) -> Result<()> {
    let silent = i64::from(probe.silent);
    tx.put(REMEMBER, args![probe.id, probe.over, probe.over_since, probe.last_at, probe.last_value, silent]).await
}

pub(in crate::coldchain) async fn set_calibration(tx: &mut Tx, probe: ProbeId, on: Date, due: Date) -> Result<()> {
    tx.put(SET_CALIBRATION, args![probe, on, due]).await
}

pub(in crate::coldchain) async fn retire(tx: &mut Tx, probe: ProbeId) -> Result<()> {
    tx.put(RETIRE, args![probe]).await
}

pub(in crate::coldchain) async fn band(tx: &mut Tx, site: SiteId, class: TemperatureClass) -> Result<Option<SiteBand>> {
    tx.optional(LIMITS, args![site, class]).await
}

pub(in crate::coldchain) async fn all_bands(tx: &mut Tx) -> Result<Vec<SiteBand>> {
    tx.all(ALL_LIMITS, args![]).await
}

pub(in crate::coldchain) async fn set_band(
    tx: &mut Tx,
    site: SiteId,
    class: TemperatureClass,
    band: &TemperatureBand,
) -> Result<()> {
    tx.put(
        SET_LIMITS,
        args![
            site,
            class,
            band.low,
            band.low_clear,
            band.high,
            band.clear,
            band.high_high,
            band.delay_minutes,
            band.missing_minutes,
            band.bears_minutes,
            band.bears_far_minutes,
            band.bears_total_minutes,
            band.ambient,
        ],
    )
    .await
}

pub(in crate::coldchain) async fn add_inhibit(
    tx: &mut Tx,
    stamp: &Stamp,
    probe: ProbeId,
    inhibit: &Inhibit,
) -> Result<()> {
    let Inhibit { kind, starts_at, ends_at } = *inhibit;
    tx.put(ADD_INHIBIT, args![probe, kind, starts_at, ends_at, stamp.by.noun(), stamp.by.uuid(), stamp.at]).await
}

pub(in crate::coldchain) async fn inhibits_of(tx: &mut Tx, probe: ProbeId, since: Instant) -> Result<Vec<Inhibited>> {
    tx.all(INHIBITS, args![probe, since]).await
}
