//! Lots: one sheet, blocks, turns, movements, and the trace in both directions.

use ::store::Tx;
use edge::Sites;
use kernel::{Actor, BlockId, Date, Instant, LotId, OrderLineId, PlaceId, Quantity, Stamp};
use ledger::{
    Block, BlockFlags, Bound, Lot, LotState, LotTurn, PlaceKind, Reservation, Skipped, StockFilter, StockLine, Trace,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    StockRefusal,
    rules::{Direction, Stop},
    store,
};
use crate::works_at;

/// Places that the sheet of one lot lists at most.
const PLACES_MAX: i64 = 200;

/// All about one lot but its movements, which have pages of their own.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LotSheet {
    pub lot: Lot,
    /// Where it lies, in the house and on the road.
    pub stock: Vec<StockLine>,
    /// Lifted ones too, oldest first.
    pub blocks: Vec<Block>,
    pub turns: Vec<LotTurn>,
    /// The lots that went into it.
    pub parents: Vec<Relative>,
    /// The lots that it went into.
    pub children: Vec<Relative>,
}

/// A lot of the same family.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Relative {
    pub lot: LotId,
    pub lot_code: String,
    pub quantity: Quantity,
}

/// One move of a lot.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Movement {
    /// Its place in the journal.
    pub seq: i64,
    pub at: Instant,
    #[schema(value_type = String, format = Date)]
    pub day: Date,
    pub from: PlaceId,
    pub from_kind: PlaceKind,
    pub from_code: String,
    pub to: PlaceId,
    pub to_kind: PlaceKind,
    pub to_code: String,
    pub quantity: Quantity,
    pub cause_noun: String,
    pub cause: ::store::Uuid,
    pub by: Option<Actor>,
}

/// What an order line has of the stock, and which lots that would have run out sooner were passed over for it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LineClaim {
    pub reservation: Reservation,
    pub bounds: Vec<Bound>,
    pub skipped: Vec<Skipped>,
}

/// A trace, and the lots of it whose mass balance does not close.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LotTrace {
    pub direction: Direction,
    pub trace: Trace,
    pub unbalanced: Vec<LotId>,
}

/// One lot, if its site is the caller's.
pub async fn lot(tx: &mut Tx, sites: &Sites, id: LotId, now: Instant) -> Result<LotSheet, StockRefusal> {
    let lot = own_lot(tx, sites, id).await?;
    let stock = ledger::stock(tx, lot.site, StockFilter::Lot(id), now, None, PLACES_MAX).await?;
    let blocks = ledger::blocks_of(tx, id).await?;
    let turns = ledger::turns_of(tx, id).await?;
    let (parents, children) = (store::parents(tx, id).await?, store::children(tx, id).await?);
    Ok(LotSheet { lot, stock, blocks, turns, parents, children })
}

/// The lot whose label was scanned, if its site is the caller's.
pub async fn lot_by_code(tx: &mut Tx, sites: &Sites, code: &str, now: Instant) -> Result<LotSheet, StockRefusal> {
    let found = ledger::lot_by_code(tx, code).await?.ok_or(StockRefusal::NoSuchLot)?;
    lot(tx, sites, found.id, now).await
}

/// The moves of a lot in the order they were written.
pub async fn movements(
    tx: &mut Tx,
    sites: &Sites,
    id: LotId,
    after: Option<i64>,
    rows: i64,
) -> Result<Vec<Movement>, StockRefusal> {
    own_lot(tx, sites, id).await?;
    Ok(store::movements(tx, id, after.unwrap_or(0), rows).await?)
}

/// Blocks a lot for some uses; what the block forbids ends at once, on slips that are printed too.
pub async fn block(
    tx: &mut Tx,
    stamp: &Stamp,
    sites: &Sites,
    id: LotId,
    flags: BlockFlags,
    reason: &str,
) -> Result<Block, StockRefusal> {
    own_lot(tx, sites, id).await?;
    Ok(ledger::block(tx, stamp, id, flags, reason).await?)
}

/// Lifts a block. Whoever set it does not lift it.
pub async fn lift(tx: &mut Tx, stamp: &Stamp, sites: &Sites, id: BlockId, reason: &str) -> Result<Block, StockRefusal> {
    let Some((site, by)) = store::block(tx, id).await? else { return Err(StockRefusal::NoSuchBlock) };
    if !works_at(sites, site) {
        return Err(StockRefusal::NoSuchBlock);
    }
    if by == Some(stamp.by) {
        return Err(StockRefusal::SecondPersonNeeded);
    }
    Ok(ledger::lift(tx, stamp, id, reason).await?)
}

/// Stops a lot: quarantine, recall, condemn. Promises and bindings on it end in the same transaction.
pub async fn stop(
    tx: &mut Tx,
    stamp: &Stamp,
    sites: &Sites,
    id: LotId,
    to: Stop,
    reason: &str,
) -> Result<Lot, StockRefusal> {
    own_lot(tx, sites, id).await?;
    Ok(ledger::set_state(tx, stamp, id, to.into(), reason).await?)
}

/// Releases a lot for use. Whoever quarantined it does not release it.
pub async fn release(tx: &mut Tx, stamp: &Stamp, sites: &Sites, id: LotId, reason: &str) -> Result<Lot, StockRefusal> {
    own_lot(tx, sites, id).await?;
    Ok(ledger::set_state(tx, stamp, id, LotState::Approved, reason).await?)
}

/// Follows a lot to everybody who has it, or back to where it came from, with what came, went and is still here.
pub async fn trace(tx: &mut Tx, sites: &Sites, id: LotId, direction: Direction) -> Result<LotTrace, StockRefusal> {
    own_lot(tx, sites, id).await?;
    let trace = match direction {
        Direction::Forward => ledger::forward(tx, id).await?,
        Direction::Backward => ledger::backward(tx, id).await?,
    };
    let unbalanced = trace.lots.iter().filter(|traced| !traced.mass.holds()).map(|traced| traced.lot.id).collect();
    Ok(LotTrace { direction, trace, unbalanced })
}

/// What an order line has of the stock at the caller's sites, and why it has just these lots.
pub async fn claims(tx: &mut Tx, sites: &Sites, line: OrderLineId) -> Result<Vec<LineClaim>, StockRefusal> {
    let mut claims = Vec::new();
    for reservation in ledger::reservations_of(tx, line).await? {
        if works_at(sites, reservation.site) {
            let bounds = ledger::bounds_of(tx, reservation.id).await?;
            let skipped = ledger::skipped(tx, reservation.id).await?;
            claims.push(LineClaim { reservation, bounds, skipped });
        }
    }
    if claims.is_empty() { Err(StockRefusal::NoSuchLine) } else { Ok(claims) }
}

pub(super) async fn own_lot(tx: &mut Tx, sites: &Sites, id: LotId) -> Result<Lot, StockRefusal> {
    match ledger::lot(tx, id).await {
        Ok(lot) if works_at(sites, lot.site) => Ok(lot),
        Ok(_) | Err(ledger::LedgerRefusal::NoSuchLot) => Err(StockRefusal::NoSuchLot),
        Err(refusal) => Err(refusal.into()),
    }
}
