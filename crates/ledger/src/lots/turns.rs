//! Turns: how a lot's state changes, by whom and why.

use events::{Object, tell};
use kernel::{Actor, Instant, LotId, Stamp};
use serde::{Deserialize, Serialize};
use store::{FromRow, Result, Row, Tx, args, sql};
use utoipa::ToSchema;

use super::{Lot, LotState, around, blocks::filed_actor, lot, store as lots};
use crate::{
    LedgerRefusal,
    events::{LotApproved, LotCondemned, LotExpired, LotQuarantined, LotRecalled, LotRejected},
    shelf,
};

/// One change of a lot's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LotTurn {
    pub from: LotState,
    pub to: LotState,
    pub reason: String,
    pub by: Actor,
    pub at: Instant,
}

/// Turns a lot into another state. What was quarantined by one person is released by another. A lot that is no longer
/// approved loses its bindings at once; promises that the rest of the shelf cannot cover are marked uncovered.
pub async fn set_state(
    tx: &mut Tx,
    stamp: &Stamp,
    id: LotId,
    to: LotState,
    reason: &str,
) -> Result<Lot, LedgerRefusal> {
    let known = lot(tx, id).await?;
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(LedgerRefusal::ReasonMissing);
    }
    // The shelf before the lot: whoever promises holds the shelf and reads the lot.
    shelf::lock_all_sites(tx, known.sku).await?;
    let known = lots::lock(tx, id).await?.ok_or(LedgerRefusal::NoSuchLot)?;
    if !known.state.may_become(to) {
        return Err(LedgerRefusal::NoSuchTurn { lot: known.code, from: known.state, to });
    }
    if known.state == LotState::Quarantined && to == LotState::Approved {
        demand_second_person(tx, stamp, &known).await?;
    }
    lots::set_state(tx, id, to).await?;
    tx.put(ADD, args![id, known.state, to, reason, stamp.by.noun(), stamp.by.uuid(), stamp.at]).await?;
    tell_turn(tx, stamp, &known, to, reason).await?;
    if to == LotState::Approved {
        shelf::lot_improved(tx, stamp, id).await?;
    } else {
        shelf::lot_worsened(tx, stamp, id).await?;
    }
    Ok(Lot { state: to, ..known })
}

async fn demand_second_person(tx: &mut Tx, stamp: &Stamp, lot: &Lot) -> Result<(), LedgerRefusal> {
    let turns = turns_of(tx, lot.id).await?;
    let quarantined = turns.iter().rev().find(|turn| turn.to == LotState::Quarantined);
    if quarantined.is_some_and(|turn| turn.by == stamp.by) {
        return Err(LedgerRefusal::SecondPersonNeeded { lot: lot.code.clone() });
    }
    Ok(())
}

async fn tell_turn(tx: &mut Tx, stamp: &Stamp, lot: &Lot, to: LotState, reason: &str) -> Result<(), LedgerRefusal> {
    let (of, also) = (Object::of(lot.id), around(lot));
    let (code, from, reason) = (lot.code.clone(), lot.state, reason.to_owned());
    match to {
        LotState::Approved => tell(tx, stamp, of, &also, &LotApproved { code, from, reason }).await?,
        LotState::Rejected => tell(tx, stamp, of, &also, &LotRejected { code, from, reason }).await?,
        LotState::Quarantined => tell(tx, stamp, of, &also, &LotQuarantined { code, from, reason }).await?,
        LotState::Condemned => tell(tx, stamp, of, &also, &LotCondemned { code, from, reason }).await?,
        LotState::Recalled => tell(tx, stamp, of, &also, &LotRecalled { code, from, reason }).await?,
        LotState::Expired => tell(tx, stamp, of, &also, &LotExpired { code, from, reason }).await?,
        // No turn leads back to the dock.
        LotState::AtDock => return Err(LedgerRefusal::NoSuchTurn { lot: code, from, to }),
    };
    Ok(())
}

/// Every change of a lot's state, in order.
pub async fn turns_of(tx: &mut Tx, lot: LotId) -> Result<Vec<LotTurn>, LedgerRefusal> {
    Ok(tx.all(TURNS, args![lot]).await?)
}

/// A part that is split off carries the history of the whole: who quarantined the whole does not release the part.
pub(super) async fn inherit(tx: &mut Tx, whole: LotId, part: LotId) -> Result<()> {
    tx.put(INHERIT, args![whole, part]).await
}

impl FromRow for LotTurn {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            from: row.get(0)?,
            to: row.get(1)?,
            reason: row.get(2)?,
            by: filed_actor(&row.get::<String>(3)?, row.get(4)?, TURNS.name())?,
            at: row.get(5)?,
        })
    }
}

sql! {
    ADD = "INSERT INTO lot_turn (lot, from_state, to_state, reason, actor, actor_id, at)
           VALUES ($1, $2, $3, $4, $5, $6, $7)";
    INHERIT = "INSERT INTO lot_turn (lot, from_state, to_state, reason, actor, actor_id, at)
               SELECT l.id, t.from_state, t.to_state, t.reason, t.actor, t.actor_id, t.at
               FROM lot_turn t JOIN lot l ON l.id = $2 WHERE t.lot = $1 ORDER BY t.seq";
    TURNS = "SELECT from_state, to_state, reason, actor, actor_id, at FROM lot_turn WHERE lot = $1 ORDER BY seq";
}
