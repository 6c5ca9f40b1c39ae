//! Write-offs 報損 and the daily sweep of what has run out.

use ::store::{Question, Tx};
use kernel::{Date, Instant, LotId, PlaceId, Quantity, Stamp};
use serde::{Deserialize, Serialize};
use store::{args, codes};
use utoipa::ToSchema;

use super::{Cause, Entry, Move, Posted, carry, holdings_of};
use crate::{LedgerRefusal, Lot, LotState, PlaceKind, Remains, lots, places, usable::RUN_OUT};

codes! {
    /// Why goods were written off or corrected.
    WasteReason {
        /// 腐壞
        Spoilage = "spoilage",
        /// 過期
        Expiry = "expiry",
        /// 破損
        Damage = "damage",
        /// 失竊
        Theft = "theft",
        /// Too warm for too long 失溫.
        Temperature = "temperature",
        /// 召回銷毀
        Recall = "recall",
        /// Drip and drying 自然損耗.
        NaturalLoss = "natural_loss",
        /// What a count found 盤點差異.
        Count = "count",
        /// Taken as a sample for the quality decision 抽樣.
        Sample = "sample",
    }
}

/// Goods that go to waste.
#[derive(Clone, Copy, Debug)]
pub struct WriteOff {
    pub lot: LotId,
    pub place: PlaceId,
    /// None: all that is there.
    pub quantity: Option<Quantity>,
    pub reason: WasteReason,
}

/// A lot whose life has ended, and where what is left of it lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Expired {
    pub lot: Lot,
    pub remains: Vec<Remains>,
}

/// How many lots one sweep turns; the rest is for the next.
const SWEEP_MAX: i64 = 200;

/// Writes goods off. What is gone is gone: bindings on it are undone, and promises that nothing else covers are
/// marked uncovered.
pub async fn write_off(
    tx: &mut Tx,
    stamp: &Stamp,
    cause: Cause,
    day: Date,
    off: &WriteOff,
) -> Result<Posted, LedgerRefusal> {
    let from = places::place(tx, off.place).await?;
    let waste = places::the_place(tx, stamp, from.site, PlaceKind::Waste).await?;
    let quantity = if let Some(quantity) = off.quantity {
        quantity
    } else {
        let lot = lots::lot(tx, off.lot).await?;
        let held = holdings_of(tx, off.lot, lot.measure).await?;
        held.get(&off.place).map_or(Quantity::NONE, |(_, quantity)| *quantity)
    };
    let entry = Entry { cause, site: from.site, day, reason: Some(off.reason), freed: None, known: None };
    let gone = Move { lot: off.lot, from: from.id, to: waste.id, quantity };
    Ok(carry(tx, stamp, &entry, &[gone]).await?.posted)
}

/// Whether there is a lot for [`expire_lots`].
pub fn any_lot_run_out(now: Instant) -> Question {
    Question::new(RUN_OUT, args![now, 1])
}

/// Turns the lots whose life has ended into expired ones, at most 200 at a time; says where they lie, so that somebody
/// fetches them. Nothing is moved.
pub async fn expire_lots(tx: &mut Tx, stamp: &Stamp, now: Instant) -> Result<Vec<Expired>, LedgerRefusal> {
    let run_out: Vec<LotId> = tx.all(RUN_OUT, args![now, SWEEP_MAX]).await?;
    let mut expired = Vec::with_capacity(run_out.len());
    for id in run_out {
        let lot = lots::set_state(tx, stamp, id, LotState::Expired, "end of life").await?;
        let held = holdings_of(tx, id, lot.measure).await?;
        let remains = held
            .into_iter()
            .filter(|(_, (kind, quantity))| kind.is_solid() && !quantity.is_nothing())
            .map(|(place, (kind, quantity))| Remains { place, kind, quantity })
            .collect();
        expired.push(Expired { lot, remains });
    }
    Ok(expired)
}
