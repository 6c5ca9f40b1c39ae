//! Readings come in: late, doubled, in any order, and what they mean is worked out at once.

use ::store::codes;
use std::collections::BTreeSet;

use ::store::Tx;
use kernel::{DeciCelsius, ExcursionId, Instant, ProbeId, Stamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    ColdchainRefusal,
    band::TemperatureBand,
    excursions,
    machine::{Sample, Turn, Watch},
    payload::Spoken,
    probes::{self, Probe, ProbeKind, ProbeState},
    store,
};

codes! {
    /// Which way a reading came.
    #[schema(as = ReadingSource)]
    Source {
        Http = "http",
        Mqtt = "mqtt",
        /// A logger's file.
        File = "file",
    }
}

/// A clock that is ahead by more than this is wrong, and so is what it says.
const AHEAD_MINUTES_MAX: i64 = 5;

/// What became of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RecordedReadings)]
pub struct Recorded {
    pub probe: ProbeId,
    /// New ones.
    pub recorded: usize,
    /// Already there.
    pub known: usize,
    /// Older than what was there: the alarms were judged anew from them on.
    pub late: usize,
    /// The probe's calibration was overdue.
    pub doubtful: usize,
    /// Excursions that the readings belong to.
    pub excursions: Vec<ExcursionId>,
}

/// Keeps readings of a probe and judges them. The same reading twice is one reading.
pub async fn record(
    tx: &mut Tx,
    stamp: &Stamp,
    id: ProbeId,
    spoken: &[Spoken],
    source: Source,
) -> Result<Recorded, ColdchainRefusal> {
    // Who comes second for one probe waits here, so that every reading is judged once and in order.
    let mut probe = store::probe_for_change(tx, id).await?.ok_or(ColdchainRefusal::NoSuchProbe)?;
    if probe.kind == ProbeKind::Gateway {
        return Err(ColdchainRefusal::MeasuresNothing { code: probe.code });
    }
    if probe.state == ProbeState::Retired {
        return Err(ColdchainRefusal::Retired { code: probe.code });
    }
    let told = samples(stamp.at, spoken)?;
    let (Some(first), Some(last)) = (told.first().copied(), told.last().copied()) else {
        return Ok(Recorded { probe: id, recorded: 0, known: 0, late: 0, doubtful: 0, excursions: Vec::new() });
    };
    let there: BTreeSet<Sample> = store::between(tx, id, first.at, last.at).await?.into_iter().collect();
    let fresh: Vec<Sample> = told.into_iter().filter(|sample| !there.contains(sample)).collect();
    let site = catalog::site(tx, probe.site).await?;
    let kept: Vec<(Sample, bool)> = fresh
        .iter()
        .map(|sample| (*sample, probe.calibration_due.is_some_and(|due| site.time.date(sample.at) > due)))
        .collect();
    store::add_readings(tx, id, stamp.at, source, &kept).await?;

    let heard_at = probe.last_at.unwrap_or(Instant::MIN);
    let late = fresh.iter().filter(|sample| sample.at < heard_at).count();
    let excursions = match fresh.first() {
        None => Vec::new(),
        Some(oldest) => judge(tx, stamp, &mut probe, oldest.at, &fresh).await?,
    };
    Ok(Recorded {
        probe: id,
        recorded: fresh.len(),
        known: spoken.len().saturating_sub(fresh.len()),
        late,
        doubtful: kept.iter().filter(|(_, doubtful)| *doubtful).count(),
        excursions,
    })
}

/// What was said, in the order of its time.
fn samples(now: Instant, spoken: &[Spoken]) -> Result<Vec<Sample>, ColdchainRefusal> {
    let latest = now.plus_minutes(AHEAD_MINUTES_MAX);
    let mut told = BTreeSet::new();
    for (index, one) in spoken.iter().enumerate() {
        let at = one.at.unwrap_or(now);
        if at > latest {
            return Err(ColdchainRefusal::FromTheFuture { index, at, now });
        }
        told.insert(Sample { at, value: one.value });
    }
    Ok(told.into_iter().collect())
}

/// Goes on from what is known of the probe; when readings came late, from the last reading before them at which no
/// alarm can have stood.
async fn judge(
    tx: &mut Tx,
    stamp: &Stamp,
    probe: &mut Probe,
    from: Instant,
    fresh: &[Sample],
) -> Result<Vec<ExcursionId>, ColdchainRefusal> {
    let band = probes::band_of(tx, probe.site, probe.class).await?.band;
    let in_order = probe.last_at.is_none_or(|last| from > last);
    let (mut watch, samples) = if in_order && probe.last_at.is_some() {
        (probe.watch(), fresh.to_vec())
    } else {
        begin_anew(tx, probe, from, &band).await?
    };
    let since = samples.first().map_or(from, |sample| sample.at);
    let inhibited = store::inhibits_of(tx, probe.id, since).await?;
    let turns: Vec<Turn> = watch.run(&band, &inhibited, &samples);
    probe.remember(&watch);
    store::remember(tx, probe).await?;
    for turn in turns {
        excursions::follow(tx, stamp, probe, turn).await?;
    }
    excursions::end_what_is_over(tx, stamp, probe, &watch).await?;
    let touched = store::touched_by(tx, probe.id, from).await?;
    Ok(touched.into_iter().map(|excursion| excursion.id).collect())
}

async fn begin_anew(
    tx: &mut Tx,
    probe: &Probe,
    from: Instant,
    band: &TemperatureBand,
) -> Result<(Watch, Vec<Sample>), ColdchainRefusal> {
    let sure = store::last_within(tx, probe.id, from, band).await?;
    let start = sure.map_or(Instant::MIN, |sample| sample.at);
    let samples: Vec<Sample> = store::between(tx, probe.id, start, Instant::MAX).await?;
    let begun = samples.first().map_or(from, |sample| sample.at);
    // A probe is missed from its registration on, but nobody misses it before it first spoke.
    let watch = if sure.is_some() || probe.last_at.is_some() {
        Watch::from(begun)
    } else {
        Watch { heard_at: probe.registered_at.min(begun), ..probe.watch() }
    };
    Ok((watch, samples))
}

/// The readings of a probe from one instant to before another, page by page.
pub(super) async fn readings(
    tx: &mut Tx,
    probe: ProbeId,
    span: (Instant, Instant),
    after: Option<(Instant, DeciCelsius)>,
    rows: i64,
) -> Result<Vec<store::Kept>, ColdchainRefusal> {
    Ok(store::readings_page(tx, probe, span, after, rows).await?)
}
