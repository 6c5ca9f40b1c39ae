//! Returned goods 退貨: what came back undelivered waits at the dock until an inspector decides. Nothing goes back onto
//! a shelf by itself, and nothing that was warm does.

use std::collections::{BTreeMap, BTreeSet};

use ::store::{Tx, args, sql};
use edge::Sites;
use events::{Object, Told, tell};
use kernel::{
    CustomerOrderId, DeciCelsius, Id, LotId, ParcelId, PlaceId, Quantity, SiteId, SkuId, Stamp, TemperatureClass,
};
use ledger::{Cause, Move, PlaceKind, Purpose};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{FulfilmentRefusal, ParcelState, store};
use crate::{counting::DisposalReason, works_at};

/// What an inspector decides about one lot of a parcel.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum ReturnDecision {
    /// Back onto a shelf of its class; chilled and frozen goods are measured first.
    Restock {
        lot: LotId,
        place: PlaceId,
        #[serde(default)]
        #[schema(value_type = Option<i32>)]
        core: Option<DeciCelsius>,
    },
    Waste {
        lot: LotId,
        reason: DisposalReason,
    },
}

impl ReturnDecision {
    const fn lot(self) -> LotId {
        match self {
            Self::Restock { lot, .. } | Self::Waste { lot, .. } => lot,
        }
    }
}

/// A returned parcel that is decided about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JudgedReturn {
    pub parcel: ParcelId,
    pub site: SiteId,
    pub order: CustomerOrderId,
    pub lines: Vec<JudgedReturnLine>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JudgedReturnLine {
    pub lot: LotId,
    pub sku: SkuId,
    pub quantity: Quantity,
    /// From loading to the verdict.
    pub out_minutes: i64,
    /// Where it lies again; absent when it went to waste.
    pub place: Option<PlaceId>,
    pub reason: Option<DisposalReason>,
}

#[derive(Debug, Serialize)]
struct ReturnJudged {
    order: CustomerOrderId,
    restocked: usize,
    wasted: usize,
    out_minutes: i64,
}

impl Told for ReturnJudged {
    const KIND: &'static str = "return_judged";
    const VERSION: i64 = 1;
}

/// Decides about every lot of a parcel that came back, and moves the goods. The money is the caller's.
pub async fn judge_return(
    tx: &mut Tx,
    stamp: &Stamp,
    sites: &Sites,
    id: ParcelId,
    decisions: &[ReturnDecision],
) -> Result<JudgedReturn, FulfilmentRefusal> {
    let parcel = store::lock_parcel(tx, id).await?.filter(|parcel| works_at(sites, parcel.site));
    let parcel = parcel.ok_or(FulfilmentRefusal::NoSuchParcel)?;
    if parcel.state != ParcelState::Returned {
        return Err(FulfilmentRefusal::NotReturned { state: parcel.state.code() });
    }
    if tx.one::<i64>(JUDGED, args![id]).await? > 0 {
        return Err(FulfilmentRefusal::ReturnJudged);
    }
    let mut inside: BTreeMap<LotId, (SkuId, Quantity)> = BTreeMap::new();
    for named in store::contents(tx, id).await? {
        let (sku, quantity) = (named.content.sku, named.content.quantity);
        let entry = inside.entry(named.content.lot).or_insert((sku, Quantity::NONE));
        entry.1 = entry.1.plus(quantity).unwrap_or(entry.1);
    }
    let decided: BTreeSet<LotId> = decisions.iter().map(|decision| decision.lot()).collect();
    if decided.len() != decisions.len() || !inside.keys().eq(decided.iter()) {
        return Err(FulfilmentRefusal::ReturnIncomplete { lots: inside.len() });
    }
    let out_minutes = out_minutes(tx, stamp, id).await?;
    let day = catalog::site(tx, parcel.site).await?.time.business_day(stamp.at);
    let mut lines = Vec::with_capacity(decisions.len());
    for decision in decisions {
        let lot = decision.lot();
        let Some((sku, quantity)) = inside.get(&lot).copied() else { continue };
        let (place, core, reason) = match *decision {
            ReturnDecision::Restock { place, core, .. } => {
                demand_fit(tx, stamp, lot, (place, parcel.class), core).await?;
                let back = Move { lot, from: parcel.place, to: place, quantity };
                ledger::post(tx, stamp, Cause::of(id), parcel.site, day, &[back]).await?;
                (Some(place), core, None)
            }
            ReturnDecision::Waste { reason, .. } => {
                let off = ledger::WriteOff {
                    lot,
                    place: parcel.place,
                    quantity: Some(quantity),
                    reason: reason.in_the_ledger(),
                };
                ledger::write_off(tx, stamp, Cause::of(id), day, &off).await?;
                (None, None, Some(reason))
            }
        };
        let word = if place.is_some() { "restock" } else { "waste" };
        let core = core.map(|core| i64::from(core.0));
        tx.put(
            ADD_VERDICT,
            args![
                id,
                lot,
                word,
                quantity.pieces,
                quantity.grams,
                out_minutes,
                core,
                place,
                reason,
                stamp.by.noun(),
                stamp.by.uuid(),
                stamp.at,
            ],
        )
        .await?;
        lines.push(JudgedReturnLine { lot, sku, quantity, out_minutes, place, reason });
    }
    let restocked = lines.iter().filter(|line| line.place.is_some()).count();
    let body = ReturnJudged { order: parcel.order, restocked, wasted: lines.len() - restocked, out_minutes };
    let mut also = vec![Object::of(parcel.order), Object::of(parcel.site)];
    also.extend(lines.iter().map(|line| Object::of(line.lot)));
    tell(tx, stamp, Object::of(id), &also, &body).await?;
    Ok(JudgedReturn { parcel: id, site: parcel.site, order: parcel.order, lines })
}

/// The goods may still be sold, the shelf is of their class, and they were not warmer than it allows.
async fn demand_fit(
    tx: &mut Tx,
    stamp: &Stamp,
    lot: LotId,
    (place, class): (PlaceId, TemperatureClass),
    core: Option<DeciCelsius>,
) -> Result<(), FulfilmentRefusal> {
    ledger::demand_usable(tx, lot, stamp.at, Purpose::Bind).await?;
    let place = ledger::place(tx, place).await?;
    let (true, Some(zone)) = (place.kind.is_shelf(), place.zone) else {
        return Err(FulfilmentRefusal::NotAShelfOf { place: place.to_string(), class: class.code() });
    };
    let zone = catalog::zone(tx, zone).await?;
    if zone.class != class {
        return Err(FulfilmentRefusal::NotAShelfOf { place: place.to_string(), class: class.code() });
    }
    match (class, core) {
        (TemperatureClass::Chilled | TemperatureClass::Frozen, None) => Err(FulfilmentRefusal::ReturnUnmeasured),
        (TemperatureClass::Chilled | TemperatureClass::Frozen, Some(core)) if core > zone.high => {
            Err(FulfilmentRefusal::ReturnTooWarm { core, limit: zone.high })
        }
        (TemperatureClass::Ambient, _) | (TemperatureClass::Chilled | TemperatureClass::Frozen, Some(_)) => Ok(()),
    }
}

/// The cold clock: from the moment the parcel went aboard.
async fn out_minutes(tx: &mut Tx, stamp: &Stamp, id: ParcelId) -> Result<i64, FulfilmentRefusal> {
    for moved in ledger::moves_of_cause(tx, id.uuid()).await? {
        if ledger::place(tx, moved.to).await?.kind == PlaceKind::Vehicle {
            return Ok(stamp.at.minutes_since(moved.at).max(0));
        }
    }
    Ok(0)
}

sql! {
    JUDGED = "SELECT COUNT(*) FROM return_verdict WHERE parcel = $1";
    ADD_VERDICT = "INSERT INTO return_verdict (parcel, lot, decision, pieces, grams, out_minutes, core, place, reason,
                                               inspector, inspector_id, at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
}
