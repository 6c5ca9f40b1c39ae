//! The HACCP record of a day 每日簽核: what was watched, what was outside, and that somebody looked at it.

use ::store::Tx;
use edge::{Problem, parse};
use events::{Object, tell};
use kernel::{Actor, Date, Instant, SiteId, Stamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ColdchainRefusal, events::HaccpDaySigned, life, probes::ProbeKind, store};

/// The figures of one business day of a site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DayFigures {
    pub probes: i64,
    pub readings: i64,
    pub doubtful_readings: i64,
    /// Of all probes together.
    pub minutes_watched: i64,
    pub minutes_over: i64,
    /// Longer than a probe may be silent.
    pub minutes_silent: i64,
    pub alarms: i64,
    pub quarantined: i64,
}

/// A day that was signed off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignedDay {
    pub figures: DayFigures,
    pub note: String,
    pub signed_at: Instant,
    pub signed_by: Actor,
}

/// The record of a day: its figures as they are now, and as they were signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HaccpDay {
    pub site: SiteId,
    #[schema(value_type = String, format = Date)]
    pub day: Date,
    pub from: Instant,
    pub until: Instant,
    pub figures: DayFigures,
    /// Alarms of the day that nobody has closed.
    pub alarms_open: i64,
    pub signed: Option<SignedDay>,
}

/// A signature under a day.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// What explains alarms that are still open; may be empty on a quiet day.
    #[serde(default)]
    #[schema(max_length = 500)]
    pub note: String,
}

/// An explanation of open alarms is a sentence, not a dot.
const EXPLANATION_MIN: usize = 10;
/// A site has tens of probes; more than this is a site with other needs.
const PROBES_MAX: i64 = 2_000;

impl Signature {
    pub fn parse(mut self) -> Result<Self, Problem> {
        self.note = parse::text("note", &self.note, 0, 500)?;
        Ok(self)
    }
}

/// The record of a day so far.
pub async fn day(tx: &mut Tx, site: SiteId, day: Date, now: Instant) -> Result<HaccpDay, ColdchainRefusal> {
    let known = catalog::site(tx, site).await?;
    let from = known.time.at(day, known.day_turns_at_minute);
    let until = known.time.at(day.tomorrow().unwrap_or(day), known.day_turns_at_minute);
    let seen_until = until.min(now).max(from);
    let mut figures = DayFigures::default();
    for probe in store::probes(tx, site, "", PROBES_MAX).await? {
        if probe.kind == ProbeKind::Gateway {
            continue;
        }
        let (readings, doubtful) = store::counts(tx, probe.id, from, seen_until).await?;
        let (watched, dose) = life::probe_dose(tx, probe.id, from, seen_until).await?;
        figures.probes += i64::from(watched > 0);
        figures.readings += readings;
        figures.doubtful_readings += doubtful;
        figures.minutes_watched += watched;
        figures.minutes_over += dose.over_minutes;
        figures.minutes_silent += dose.unknown_minutes;
    }
    let (alarms, alarms_open) = store::alarms_of_day(tx, site, from, until).await?;
    figures.alarms = alarms;
    figures.quarantined = store::quarantined_of_day(tx, site, from, until).await?;
    let signed = store::haccp(tx, site, day).await?;
    Ok(HaccpDay { site, day, from, until, figures, alarms_open, signed })
}

/// Signs a day off. Every alarm of it is closed, or explained.
pub async fn sign(
    tx: &mut Tx,
    stamp: &Stamp,
    site: SiteId,
    date: Date,
    signature: &Signature,
) -> Result<HaccpDay, ColdchainRefusal> {
    let record = day(tx, site, date, stamp.at).await?;
    if record.signed.is_some() {
        return Err(ColdchainRefusal::AlreadySigned { day: date });
    }
    if stamp.at < record.until {
        return Err(ColdchainRefusal::DayNotOver { day: date });
    }
    if record.alarms_open > 0 && signature.note.chars().count() < EXPLANATION_MIN {
        return Err(ColdchainRefusal::AlarmsOpen { open: record.alarms_open });
    }
    let figures = record.figures;
    store::add_haccp(tx, stamp, site, date, &figures, &signature.note).await?;
    let body = HaccpDaySigned {
        day: date,
        probes: figures.probes,
        readings: figures.readings,
        doubtful_readings: figures.doubtful_readings,
        minutes_watched: figures.minutes_watched,
        minutes_over: figures.minutes_over,
        minutes_silent: figures.minutes_silent,
        alarms: figures.alarms,
        quarantined: figures.quarantined,
        note: signature.note.clone(),
    };
    tell(tx, stamp, Object::of(site), &[], &body).await?;
    day(tx, site, date, stamp.at).await
}
