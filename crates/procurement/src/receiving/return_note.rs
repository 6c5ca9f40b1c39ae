//! The way back 退貨單: rejected goods leave with the truck that brought them, signed for by its driver.

use std::collections::BTreeSet;

use ::events::{Object, tell};
use ::store::Tx;
use edge::{Problem, parse};
use kernel::{
    Actor, ArrivalId, Instant, LotId, Money, PurchaseOrderId, Quantity, SiteId, Stamp, SupplierId, SupplierReturnId,
};
use ledger::{Cause, Move, PlaceKind, StockFilter, StockLine};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Arrival, ReceivingRefusal, arrive,
    case::Case,
    claims::{self, ClaimKind},
    events::GoodsReturned,
    judge::{Part, Whereabouts},
    rules::{self, Disposition},
    store,
};
use crate::numbers::{self, Series};

/// What goes back, and who takes it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReturn {
    /// The rejected lots that go back; all of the arrival's, if none is named.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub lots: Vec<LotId>,
    /// The driver, by name.
    #[schema(min_length = 1, max_length = 80)]
    pub signed_by: String,
}

impl NewReturn {
    pub fn parse(mut self) -> Result<Self, Problem> {
        parse::count("lots", &self.lots, 0, 100)?;
        self.signed_by = parse::text("signed_by", &self.signed_by, 1, 80)?;
        Ok(self)
    }
}

/// Goods on their way back, with the evidence of who took them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SupplierReturn {
    pub id: SupplierReturnId,
    /// `RTV-TPE1-260328-1`.
    pub number: String,
    pub arrival: ArrivalId,
    pub purchase_order: PurchaseOrderId,
    pub site: SiteId,
    pub supplier: SupplierId,
    pub lines: Vec<ReturnedLot>,
    /// What the supplier may not invoice, tax excluded. Nothing of it was ever booked as ours.
    pub debit: Money,
    pub signed_by: String,
    pub returned_by: Actor,
    pub returned_at: Instant,
}

/// One lot that goes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReturnedLot {
    pub lot: LotId,
    pub quantity: Quantity,
    pub reason: String,
    pub value: Money,
}

/// A page holds every place where one lot can lie.
const PLACES_OF_A_LOT_MAX: i64 = 200;

/// Sends rejected parts of an arrival back to the supplier, from wherever they lie. A part in quarantine waits for its
/// decision and keeps nothing else from leaving.
pub async fn return_note(
    tx: &mut Tx,
    stamp: &Stamp,
    id: ArrivalId,
    new: NewReturn,
) -> Result<SupplierReturn, ReceivingRefusal> {
    let arrival = arrive::arrival(tx, id).await?;
    let site = catalog::site(tx, arrival.site).await?;
    let leaving = leaving(tx, &arrival, &new.lots).await?;
    let there = ledger::place_for(tx, stamp, site.id, PlaceKind::Supplier, arrival.supplier).await?.id;
    let mut moves = Vec::new();
    let mut lines = Vec::with_capacity(leaving.len());
    for part in &leaving {
        let lies = ledger::stock(tx, site.id, StockFilter::Lot(part.lot), stamp.at, None, PLACES_OF_A_LOT_MAX).await?;
        let back = |line: &StockLine| Move { lot: part.lot, from: line.place, to: there, quantity: line.on_hand };
        moves.extend(lies.iter().map(back));
        let quantity = Quantity::sum(lies.iter().map(|line| line.on_hand)).unwrap_or(part.quantity);
        let price = Case::load(tx, part.line).await?.purchase_order_line.price;
        let value = rules::worth(price, quantity, 0).ok_or(ReceivingRefusal::TooMuchMoney)?;
        let reason = part.decided.as_ref().map_or(&part.reason, |decision| &decision.reason).clone();
        lines.push((part.line, ReturnedLot { lot: part.lot, quantity, reason, value }));
    }

    let day = site.time.business_day(stamp.at);
    let back = SupplierReturn {
        id: stamp.mint(),
        number: numbers::next(tx, Series::SupplierReturn, &site, day).await?,
        arrival: arrival.id,
        purchase_order: arrival.purchase_order,
        site: site.id,
        supplier: arrival.supplier,
        debit: lines.iter().map(|(_, line)| line.value).sum(),
        lines: lines.iter().map(|(_, line)| line.clone()).collect(),
        signed_by: new.signed_by,
        returned_by: stamp.by,
        returned_at: stamp.at,
    };
    ledger::post(tx, stamp, Cause::of(back.id), site.id, day, &moves).await?;
    store::add_return(tx, &back).await?;
    for (line, lot) in lines {
        store::set_whereabouts(tx, lot.lot, Whereabouts::Returned).await?;
        claims::raise(tx, stamp, &arrival, line, ClaimKind::RejectedGoods, lot.quantity, lot.value).await?;
    }
    arrive::clear_when_empty(tx, arrival.id).await?;
    let body = GoodsReturned { number: back.number.clone(), lines: back.lines.clone(), debit: back.debit };
    let mut also = arrival.around().to_vec();
    also.extend(back.lines.iter().map(|line| Object::of(line.lot)));
    tell(tx, stamp, Object::of(back.id), &also, &body).await?;
    Ok(back)
}

/// The rejected parts that are named, or all that are still here. A named part that may not leave is refused.
async fn leaving(tx: &mut Tx, arrival: &Arrival, named: &[LotId]) -> Result<Vec<Part>, ReceivingRefusal> {
    let mut parts = store::parts_of_arrival(tx, arrival.id).await?;
    if named.is_empty() {
        parts.retain(|part| part.stands() == Disposition::Reject && part.whereabouts != Whereabouts::Returned);
        return if parts.is_empty() { Err(ReceivingRefusal::NothingToReturn) } else { Ok(parts) };
    }
    let named: BTreeSet<LotId> = named.iter().copied().collect();
    parts.retain(|part| named.contains(&part.lot));
    if parts.len() < named.len() {
        return Err(ReceivingRefusal::NotFromTheDock);
    }
    for part in &parts {
        demand_leaving(tx, part).await?;
    }
    Ok(parts)
}

async fn demand_leaving(tx: &mut Tx, part: &Part) -> Result<(), ReceivingRefusal> {
    let lot = ledger::lot(tx, part.lot).await?.code;
    match (part.stands(), part.whereabouts) {
        (Disposition::Reject, Whereabouts::AtDock | Whereabouts::PutAway) => Ok(()),
        (Disposition::Reject, Whereabouts::Returned) => Err(ReceivingRefusal::AlreadyReturned { lot }),
        (Disposition::Quarantine, _) => Err(ReceivingRefusal::QuarantineUndecided { lot }),
        (Disposition::Accept | Disposition::Concession, _) => Err(ReceivingRefusal::NotRejected { lot }),
    }
}

/// The return, which must exist.
pub async fn supplier_return(tx: &mut Tx, id: SupplierReturnId) -> Result<SupplierReturn, ReceivingRefusal> {
    store::supplier_return(tx, id).await?.ok_or(ReceivingRefusal::NoSuchReturn)
}

/// Returns of a site, latest first.
pub async fn returns(
    tx: &mut Tx,
    site: SiteId,
    before: Option<(Instant, SupplierReturnId)>,
    limit: i64,
) -> Result<Vec<SupplierReturn>, ReceivingRefusal> {
    Ok(store::returns(tx, site, before, limit).await?)
}
