//! Exposure of lots by time in place, and the quality decision 隔離判定 about what was warm for too long.

use ::store::codes;
use std::collections::BTreeSet;

use ::store::Tx;
use edge::{Problem, Sites, parse};
use events::{Object, tell};
use kernel::{Actor, ExcursionId, Instant, LotId, QuarantineId, SiteId, SkuId, Stamp};
use ledger::{Area, Lot, LotState, Stay};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    ColdchainRefusal,
    band::TemperatureBand,
    curve::{self, Dose},
    events::{QuarantineDecided, QuarantineOpened},
    excursions::{self, Excursion, Taken, Voiding},
    machine::Sample,
    probes, store,
};
use crate::works_at;

codes! {
    /// Why a lot was stopped.
    QuarantineWhy {
        /// Outside its limits for longer than such goods bear.
        OverLimit = "over_limit",
        /// Nobody answered the alarm of its room.
        Unanswered = "unanswered",
    }
}

codes! {
    QuarantineState {
        Open = "open",
        Released = "released",
        /// Released with less life.
        Shortened = "shortened",
        Destroyed = "destroyed",
        /// The probe was wrong.
        Voided = "voided",
    }
}

/// What a lot went through in one excursion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Exposure {
    pub excursion: ExcursionId,
    pub lot: LotId,
    pub lot_code: String,
    pub from: Instant,
    pub until: Instant,
    pub dose: Dose,
}

/// A lot that waits for a quality decision, or has had it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Quarantine {
    pub id: QuarantineId,
    pub site: SiteId,
    pub excursion: ExcursionId,
    pub lot: LotId,
    pub lot_code: String,
    pub sku: SkuId,
    pub why: QuarantineWhy,
    pub state: QuarantineState,
    pub opened_at: Instant,
    pub decided_at: Option<Instant>,
    pub decided_by: Option<Actor>,
    pub reason: Option<String>,
    pub revision: i64,
}

/// An excursion with everything that belongs to it: the deviation record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExcursionSheet {
    pub excursion: Excursion,
    pub actions: Vec<Taken>,
    pub exposures: Vec<Exposure>,
    pub quarantines: Vec<Quarantine>,
}

/// The decision about one lot.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDisposition {
    pub decision: Disposition,
    #[schema(min_length = 3, max_length = 200)]
    pub reason: String,
}

/// What shall become of the goods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = ColdchainDisposition)]
pub enum Disposition {
    Release,
    /// Released, but good only before this instant.
    ShortenLife {
        until: Instant,
    },
    Destroy,
}

impl NewDisposition {
    pub fn parse(mut self) -> Result<Self, Problem> {
        self.reason = parse::text("reason", &self.reason, 3, 200)?;
        Ok(self)
    }
}

/// Works out what each lot went through that lay there, and stops those that were outside for too long. Answers which
/// products have less to sell now.
pub async fn expose(
    tx: &mut Tx,
    stamp: &Stamp,
    id: ExcursionId,
) -> Result<Option<(SiteId, BTreeSet<SkuId>)>, ColdchainRefusal> {
    let Some(mut excursion) = store::excursion(tx, id).await? else { return Ok(None) };
    let Some(area) = excursion.area() else { return Ok(None) };
    let until = excursion.ended_at.unwrap_or(stamp.at);
    let band = probes::band_of(tx, excursion.site, excursion.class).await?.band;
    let (coldest, warmest) = store::extremes(tx, excursion.probe, excursion.began_at, until).await?;
    let peak = if band.low.is_some() && excursion.kind == super::machine::AlarmKind::Low { coldest } else { warmest };
    if peak != excursion.peak {
        excursion.peak = peak;
        store::save_excursion(tx, &excursion).await?;
    }
    let samples = told_by(tx, &excursion, until).await?;
    let mut stopped = BTreeSet::new();
    for lot in ledger::lots_in(tx, excursion.site, area, excursion.began_at).await? {
        let Some(exposure) = exposed(tx, &excursion, area, until, &samples, &band, lot).await? else { continue };
        let before = store::exposure(tx, id, lot).await?;
        if before.as_ref() == Some(&exposure) {
            continue;
        }
        store::put_exposure(tx, &exposure).await?;
        if is_too_much(tx, lot, &exposure.dose, &band).await?
            && let Some(sku) = stop(tx, stamp, &excursion, &exposure, QuarantineWhy::OverLimit).await?
        {
            stopped.insert(sku);
        }
    }
    Ok(Some((excursion.site, stopped)))
}

/// The readings of the excursion's own probe, from the one that held when it began.
async fn told_by(tx: &mut Tx, excursion: &Excursion, until: Instant) -> Result<Vec<Sample>, ColdchainRefusal> {
    let mut samples: Vec<Sample> =
        store::last_before(tx, excursion.probe, excursion.began_at).await?.into_iter().collect();
    samples.extend(store::between(tx, excursion.probe, excursion.began_at, until).await?);
    Ok(samples)
}

async fn exposed(
    tx: &mut Tx,
    excursion: &Excursion,
    area: Area,
    until: Instant,
    samples: &[Sample],
    band: &TemperatureBand,
    lot: LotId,
) -> Result<Option<Exposure>, ColdchainRefusal> {
    let code = ledger::lot(tx, lot).await?.code;
    let there: Vec<(Instant, Instant)> = ledger::stays_of(tx, lot)
        .await?
        .iter()
        .filter(|stay| is_in(stay, area))
        .filter_map(|stay| stay.within(excursion.began_at, until))
        .collect();
    // Two bins of one room are one hour in the room, not two.
    let mut curves = Vec::new();
    for (from, to) in &there {
        curves.push(curve::curve(samples, *from, *to, band, Instant::MIN));
    }
    let (Some(from), Some(to)) = (there.iter().map(|span| span.0).min(), there.iter().map(|span| span.1).max()) else {
        return Ok(None);
    };
    let dose = curve::dose(&curve::worst(&curves), band);
    Ok(Some(Exposure { excursion: excursion.id, lot, lot_code: code, from, until: to, dose }))
}

fn is_in(stay: &Stay, area: Area) -> bool {
    match area {
        Area::Zone(zone) => stay.zone == Some(zone),
        Area::Place(place) => stay.place == place,
    }
}

/// In one excursion, far above, or in all of its life together.
async fn is_too_much(tx: &mut Tx, lot: LotId, dose: &Dose, band: &TemperatureBand) -> Result<bool, ColdchainRefusal> {
    if dose.over_minutes >= band.bears_minutes || dose.far_minutes >= band.bears_far_minutes {
        return Ok(true);
    }
    let total: i64 = store::exposures_of_lot(tx, lot).await?.iter().map(|one| one.dose.over_minutes).sum();
    Ok(total >= band.bears_total_minutes)
}

/// Stops a lot and opens its quality decision. A lot that is stopped already, or not yet judged, waits where it is.
async fn stop(
    tx: &mut Tx,
    stamp: &Stamp,
    excursion: &Excursion,
    exposure: &Exposure,
    why: QuarantineWhy,
) -> Result<Option<SkuId>, ColdchainRefusal> {
    let lot = ledger::lot(tx, exposure.lot).await?;
    if lot.state != LotState::Approved {
        return Ok(None);
    }
    let Dose { over_minutes, far_minutes, peak, .. } = exposure.dose;
    let reason = match why {
        QuarantineWhy::OverLimit => {
            format!("{over_minutes} minutes outside the limits, {}", excursions::name(excursion.id))
        }
        QuarantineWhy::Unanswered => format!("nobody answered the alarm, {}", excursions::name(excursion.id)),
    };
    ledger::set_state(tx, stamp, lot.id, LotState::Quarantined, &reason).await?;
    let quarantine = Quarantine {
        id: stamp.mint(),
        site: excursion.site,
        excursion: excursion.id,
        lot: lot.id,
        lot_code: lot.code.clone(),
        sku: lot.sku,
        why,
        state: QuarantineState::Open,
        opened_at: stamp.at,
        decided_at: None,
        decided_by: None,
        reason: None,
        revision: 1,
    };
    store::add_quarantine(tx, &quarantine).await?;
    let body = QuarantineOpened { lot: lot.id, code: lot.code, sku: lot.sku, why, over_minutes, far_minutes, peak };
    let also = around(&quarantine);
    tell(tx, stamp, Object::of(excursion.id), &also, &body).await?;
    Ok(Some(lot.sku))
}

fn around(quarantine: &Quarantine) -> [Object; 4] {
    [
        Object::of(quarantine.site),
        Object::of(quarantine.excursion),
        Object::of(quarantine.lot),
        Object::of(quarantine.sku),
    ]
}

/// Stops every lot of a room whose alarm nobody answered.
pub async fn stop_all(tx: &mut Tx, stamp: &Stamp, excursion: &Excursion) -> Result<BTreeSet<SkuId>, ColdchainRefusal> {
    let mut stopped = BTreeSet::new();
    let Some(area) = excursion.area() else { return Ok(stopped) };
    let until = excursion.ended_at.unwrap_or(stamp.at);
    let band = probes::band_of(tx, excursion.site, excursion.class).await?.band;
    let samples = told_by(tx, excursion, until).await?;
    for lot in ledger::lots_in(tx, excursion.site, area, excursion.began_at).await? {
        let Some(exposure) = exposed(tx, excursion, area, until, &samples, &band, lot).await? else { continue };
        store::put_exposure(tx, &exposure).await?;
        if let Some(sku) = stop(tx, stamp, excursion, &exposure, QuarantineWhy::Unanswered).await? {
            stopped.insert(sku);
        }
    }
    Ok(stopped)
}

/// Decides about a lot. One decision answers every quarantine of it.
pub async fn decide(
    tx: &mut Tx,
    stamp: &Stamp,
    sites: &Sites,
    id: QuarantineId,
    new: &NewDisposition,
) -> Result<(Quarantine, Lot), ColdchainRefusal> {
    let known = quarantine(tx, sites, id).await?;
    if known.state != QuarantineState::Open {
        return Err(ColdchainRefusal::AlreadyDecided { state: known.state });
    }
    let excursion = store::excursion(tx, known.excursion).await?.ok_or(ColdchainRefusal::NoSuchExcursion)?;
    let state = match new.decision {
        Disposition::Release | Disposition::ShortenLife { .. } if excursion.ended_at.is_none() => {
            return Err(ColdchainRefusal::StillRunning);
        }
        Disposition::Release => QuarantineState::Released,
        Disposition::ShortenLife { until } => {
            ledger::shorten_life(tx, stamp, known.lot, until, &new.reason).await?;
            QuarantineState::Shortened
        }
        Disposition::Destroy => QuarantineState::Destroyed,
    };
    let turn = match new.decision {
        Disposition::Release | Disposition::ShortenLife { .. } => LotState::Approved,
        Disposition::Destroy => LotState::Condemned,
    };
    let lot = ledger::set_state(tx, stamp, known.lot, turn, &new.reason).await?;
    answered(tx, stamp, &known, state, &new.reason).await?;
    Ok((quarantine(tx, sites, id).await?, lot))
}

async fn answered(
    tx: &mut Tx,
    stamp: &Stamp,
    known: &Quarantine,
    decision: QuarantineState,
    reason: &str,
) -> Result<(), ColdchainRefusal> {
    for open in store::open_quarantines_of(tx, known.lot).await? {
        let body =
            QuarantineDecided { lot: open.lot, code: open.lot_code.clone(), decision, reason: reason.to_owned() };
        tell(tx, stamp, Object::of(open.excursion), &around(&open), &body).await?;
    }
    store::decide_quarantines_of(tx, stamp, known.lot, decision, reason).await?;
    Ok(())
}

/// Declares that the probe was wrong: lots that were stopped for nothing else are free again. Life that was cut by the
/// hand of an inspector stays cut.
pub async fn void(
    tx: &mut Tx,
    stamp: &Stamp,
    sites: &Sites,
    id: ExcursionId,
    voiding: &Voiding,
) -> Result<ExcursionSheet, ColdchainRefusal> {
    let excursion = excursions::void(tx, stamp, sites, id, voiding).await?;
    for mine in store::quarantines_of(tx, id).await? {
        let open = store::open_quarantines_of(tx, mine.lot).await?;
        let by_others = open.iter().any(|other| other.excursion != id);
        if mine.state != QuarantineState::Open || by_others {
            continue;
        }
        if ledger::lot(tx, mine.lot).await?.state == LotState::Quarantined {
            ledger::set_state(tx, stamp, mine.lot, LotState::Approved, &voiding.proof).await?;
        }
        answered(tx, stamp, &mine, QuarantineState::Voided, &voiding.proof).await?;
    }
    sheet(tx, sites, excursion.id).await
}

/// The quarantine, if its site is the caller's.
pub async fn quarantine(tx: &mut Tx, sites: &Sites, id: QuarantineId) -> Result<Quarantine, ColdchainRefusal> {
    match store::quarantine(tx, id).await? {
        Some(found) if works_at(sites, found.site) => Ok(found),
        Some(_) | None => Err(ColdchainRefusal::NoSuchQuarantine),
    }
}

/// The quarantines of a site, latest first.
pub async fn quarantines(
    tx: &mut Tx,
    site: SiteId,
    only_open: bool,
    before: Option<(Instant, QuarantineId)>,
    rows: i64,
) -> Result<Vec<Quarantine>, ColdchainRefusal> {
    Ok(store::quarantines(tx, site, only_open, before, rows).await?)
}

/// All about one excursion.
pub async fn sheet(tx: &mut Tx, sites: &Sites, id: ExcursionId) -> Result<ExcursionSheet, ColdchainRefusal> {
    let excursion = excursions::excursion(tx, sites, id).await?;
    Ok(ExcursionSheet {
        actions: store::actions_of(tx, id).await?,
        exposures: store::exposures_of(tx, id).await?,
        quarantines: store::quarantines_of(tx, id).await?,
        excursion,
    })
}
