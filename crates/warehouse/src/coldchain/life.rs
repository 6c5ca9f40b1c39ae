//! The remaining life of a lot, worked out anew from what it went through. A label date is never extended.

use ::store::Tx;
use edge::Sites;
use events::{Object, tell};
use kernel::{Instant, LotId, ProbeId, SiteId, SkuId, Stamp};
use ledger::{Lot, Stay};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    ColdchainRefusal,
    curve::{self, Basis, Dose, Step},
    events::ThermalLawSet,
    machine::Sample,
    probes::{self, Probe},
    quarantine::Exposure,
    store,
    thermal::{self, SkuThermalLaw, ThermalLaw},
};
use crate::works_at;

/// Late readings have a day to come before silence is charged, and people a day to decide about an excursion before
/// its readings shorten lives.
const SETTLED_AFTER_MINUTES: i64 = 24 * 60;
/// Lives are cut by whole half-hours, down: an end that wanders by minutes would be news every hour.
const CUT_MILLIS: i64 = 30 * 60_000;
/// A lot on the shelf is looked at this often, a few of them at a time.
const LOOKED_AT_EVERY_MINUTES: i64 = 6 * 60;
const LOOKED_AT_ONCE: i64 = 20;
/// At this energy, which the pharmacopoeia takes for most goods, the mean kinetic temperature is told.
const USUAL_JOULES_PER_MOL: i64 = 83_144;

/// The temperature history of a lot and what it left of its life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LotTemperature {
    pub lot: LotId,
    pub lot_code: String,
    pub stays: Vec<Stay>,
    /// How long it was watched by a probe, and how long of that nothing was heard.
    pub minutes_watched: i64,
    pub minutes_unknown: i64,
    /// Thousandths of a degree; says nothing of frozen goods.
    pub mean_kinetic_millicelsius: Option<i64>,
    pub exposures: Vec<Exposure>,
    /// How the product ages, if somebody has said it.
    pub law: Option<ThermalLaw>,
    /// Its life at the reference temperature when it was opened.
    pub life_minutes: Option<i64>,
    /// Used so far, every warm minute counted that was not voided.
    pub used_minutes: Option<i64>,
    /// Left at the reference temperature; negative when it is used up.
    pub remaining_minutes: Option<i64>,
    /// Until when the lot may be used, by the one rule.
    pub usable_until: Option<Instant>,
}

/// Which readings count.
#[derive(Clone, Copy)]
enum Counting {
    /// All that were not voided.
    Everything,
    /// Not those of an excursion that people still have to decide about.
    Decided,
}

/// Says how a product ages.
pub(super) async fn set_law(
    tx: &mut Tx,
    stamp: &Stamp,
    sku: SkuId,
    law: ThermalLaw,
) -> Result<SkuThermalLaw, ColdchainRefusal> {
    catalog::sku(tx, sku).await?;
    store::set_law(tx, sku, &law).await?;
    tell(tx, stamp, Object::of(sku), &[], &ThermalLawSet { law }).await?;
    self::law(tx, sku).await
}

/// How a product ages.
pub(super) async fn law(tx: &mut Tx, sku: SkuId) -> Result<SkuThermalLaw, ColdchainRefusal> {
    store::law(tx, sku).await?.ok_or(ColdchainRefusal::NoLaw)
}

/// The temperature history of a lot, if its site is the caller's.
pub async fn lot_temperature(
    tx: &mut Tx,
    sites: &Sites,
    id: LotId,
    now: Instant,
) -> Result<LotTemperature, ColdchainRefusal> {
    let lot = match ledger::lot(tx, id).await {
        Ok(lot) if works_at(sites, lot.site) => lot,
        Ok(_) | Err(ledger::LedgerRefusal::NoSuchLot) => return Err(ColdchainRefusal::NoSuchLot),
        Err(refusal) => return Err(refusal.into()),
    };
    let stays = ledger::stays_of(tx, id).await?;
    let until = last_here(&stays, now);
    let steps = history(tx, &stays, now, Counting::Everything).await?;
    let law = store::law(tx, lot.sku).await?.map(|law| law.law);
    let life_minutes = match (&law, store::life_of(tx, id).await?) {
        (Some(_), Some(minutes)) => Some(minutes),
        (Some(_), None) => lot.usable_until.map(|end| end.minutes_since(lot.opened_at)),
        (None, _) => None,
    };
    let used_minutes = law.as_ref().map(|law| used(law, &lot, &steps, until));
    let length = |basis: Option<Basis>| {
        let counted = steps.iter().filter(|step| basis.is_none_or(|basis| step.basis == basis));
        curve::minutes_up(counted.map(|step| step.until.since(step.from)).sum())
    };
    Ok(LotTemperature {
        lot: id,
        lot_code: lot.code,
        minutes_watched: length(None),
        minutes_unknown: length(Some(Basis::Unknown)),
        mean_kinetic_millicelsius: thermal::mean_kinetic_millicelsius(&steps, USUAL_JOULES_PER_MOL),
        exposures: store::exposures_of_lot(tx, id).await?,
        remaining_minutes: life_minutes.zip(used_minutes).map(|(life, used)| life.saturating_sub(used)),
        law,
        life_minutes,
        used_minutes,
        usable_until: lot.usable_until,
        stays,
    })
}

/// When the goods were last in the house.
fn last_here(stays: &[Stay], now: Instant) -> Instant {
    stays.iter().map(|stay| stay.until.unwrap_or(now)).max().unwrap_or(now).min(now)
}

/// A minute without a probe is a minute of life, as the label says.
fn used(law: &ThermalLaw, lot: &Lot, steps: &[Step], until: Instant) -> i64 {
    let watched: i64 = steps.iter().map(|step| step.until.since(step.from)).sum();
    let unwatched = until.since(lot.opened_at).saturating_sub(watched).max(0);
    law.used_minutes(steps).saturating_add(curve::minutes_up(unwatched))
}

/// The curve of a lot over all of its stays: the worst probe of each place, or else of its zone.
async fn history(tx: &mut Tx, stays: &[Stay], now: Instant, counting: Counting) -> Result<Vec<Step>, ColdchainRefusal> {
    let settled = now.plus_minutes(-SETTLED_AFTER_MINUTES);
    let mut curves = Vec::new();
    for stay in stays {
        let (from, until) = (stay.from, stay.until.unwrap_or(now));
        let mut watching = store::probes_at(tx, stay.place).await?;
        if let (true, Some(zone)) = (watching.is_empty(), stay.zone) {
            watching = store::probes_in(tx, zone).await?;
        }
        let mut told = Vec::new();
        for probe in &watching {
            let band = probes::band_of(tx, probe.site, probe.class).await?.band;
            let samples = believed(tx, probe, from, until, settled, counting).await?;
            told.push(curve::curve(&samples, from, until, &band, settled));
        }
        curves.push(curve::worst(&told));
    }
    Ok(curve::worst(&curves))
}

/// The readings of a probe that count. In a time that does not count, the last one before it holds.
async fn believed(
    tx: &mut Tx,
    probe: &Probe,
    from: Instant,
    until: Instant,
    settled: Instant,
    counting: Counting,
) -> Result<Vec<Sample>, ColdchainRefusal> {
    let mut samples: Vec<Sample> = store::last_before(tx, probe.id, from).await?.into_iter().collect();
    samples.extend(store::between(tx, probe.id, from, until).await?);
    let not_counted: Vec<store::Excused> = store::voided_or_open(tx, probe.id, settled)
        .await?
        .into_iter()
        .filter(|excused| match counting {
            Counting::Everything => excused.voided,
            Counting::Decided => true,
        })
        .collect();
    if not_counted.is_empty() {
        return Ok(samples);
    }
    let mut held = None;
    Ok(samples
        .into_iter()
        .filter_map(|sample| {
            let excused = not_counted
                .iter()
                .any(|time| time.from <= sample.at && time.until.is_none_or(|until| sample.at < until));
            if excused {
                return held.map(|value| Sample { value, ..sample });
            }
            held = Some(sample.value);
            Some(sample)
        })
        .collect())
}

/// Works out a lot's life anew and brings its end forward if it has become shorter. Answers the product if it has.
pub async fn recompute(tx: &mut Tx, stamp: &Stamp, id: LotId) -> Result<Option<SkuId>, ColdchainRefusal> {
    let lot = ledger::lot(tx, id).await?;
    let (Some(law), Some(end)) = (store::law(tx, lot.sku).await?, lot.usable_until) else { return Ok(None) };
    let life = match store::life_of(tx, id).await? {
        Some(minutes) => minutes,
        None => end.minutes_since(lot.opened_at).max(0),
    };
    store::begin_life(tx, id, life, stamp.at).await?;
    store::age_lot(tx, id, stamp.at).await?;
    let stays = ledger::stays_of(tx, id).await?;
    let steps = history(tx, &stays, stamp.at, Counting::Decided).await?;
    let remaining = life.saturating_sub(used(&law.law, &lot, &steps, stamp.at));
    let until = stamp.at.plus_minutes(remaining);
    let until = Instant::from_millis(until.millis().div_euclid(CUT_MILLIS).saturating_mul(CUT_MILLIS));
    let after = ledger::shorten_life(tx, stamp, id, until, "used up faster by what it went through").await?;
    Ok((after.usable_until != lot.usable_until).then_some(lot.sku))
}

/// Looks at the lots of a site that were not looked at for long. Answers which products have less life now.
pub async fn look_at_lives(tx: &mut Tx, stamp: &Stamp, site: SiteId) -> Result<Vec<SkuId>, ColdchainRefusal> {
    let before = stamp.at.plus_minutes(-LOOKED_AT_EVERY_MINUTES);
    let mut shortened = Vec::new();
    for lot in store::aged_lots_due(tx, site, before, LOOKED_AT_ONCE).await? {
        shortened.extend(recompute(tx, stamp, lot).await?);
    }
    Ok(shortened)
}

/// The lots that one excursion touched.
pub async fn exposed_lots(tx: &mut Tx, excursion: kernel::ExcursionId) -> Result<Vec<LotId>, ColdchainRefusal> {
    Ok(store::exposures_of(tx, excursion).await?.into_iter().map(|exposure| exposure.lot).collect())
}

/// A probe over a time: its minutes watched, outside the limits and unknown.
pub(super) async fn probe_dose(
    tx: &mut Tx,
    probe: ProbeId,
    from: Instant,
    until: Instant,
) -> Result<(i64, Dose), ColdchainRefusal> {
    let Some(probe) = store::probe(tx, probe).await? else { return Ok((0, Dose::default())) };
    let band = probes::band_of(tx, probe.site, probe.class).await?.band;
    let samples = believed(tx, &probe, from, until, Instant::MAX, Counting::Everything).await?;
    let steps = curve::curve(&samples, from, until, &band, Instant::MIN);
    let heard: Vec<Step> = steps.iter().copied().filter(|step| step.basis == Basis::Measured).collect();
    let unknown = curve::dose(&steps, &band).unknown_minutes;
    let watched = curve::minutes_up(heard.iter().map(|step| step.until.since(step.from)).sum()) + unknown;
    Ok((watched, Dose { unknown_minutes: unknown, ..curve::dose(&heard, &band) }))
}
