//! Recall 召回: a lot and everything made of it is stopped, found to the gram, and everybody who has some of it is
//! listed. A drill does the same and stops nothing.

use ::store::codes;
use std::collections::BTreeMap;

use ::store::Tx;
use edge::{Problem, Sites, parse};
use events::{Object, Told, tell};
use kernel::{CustomerId, CustomerOrderId, Id, Instant, LotId, ParcelId, Quantity, RecallId, SiteId, SkuId, Stamp};
use ledger::{BlockFlag, BlockFlags, LotState, PlaceKind, TracedLot};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{StockRefusal, recall_rows as rows, rules::Direction};
use crate::{fulfilment, works_at};

codes! {
    RecallKind {
        Real = "real",
        /// Timed and scored, and nothing is stopped.
        Drill = "drill",
    }
}

/// A recall to be started.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRecall {
    pub lot: LotId,
    pub kind: RecallKind,
    /// What customers are told.
    #[schema(min_length = 3, max_length = 200)]
    pub reason: String,
}

impl NewRecall {
    pub fn parse(mut self) -> Result<Self, Problem> {
        self.reason = parse::text("reason", &self.reason, 3, 200)?;
        Ok(self)
    }
}

/// A recall with all that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Recall {
    pub id: RecallId,
    pub site: SiteId,
    pub lot: LotId,
    pub kind: RecallKind,
    pub reason: String,
    pub started_at: Instant,
    pub lots: Vec<RecallLot>,
    pub customers: Vec<RecallCustomer>,
    /// Whether every gram and piece of every lot of it is accounted for.
    pub balanced: bool,
}

/// One lot of the family: what came in is what was sold, went elsewhere, or is still here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecallLot {
    pub lot: LotId,
    /// Forward for the lot and what was made of it, backward for what it was made of.
    pub direction: Direction,
    pub generation: i64,
    pub came: Quantity,
    pub sold: Quantity,
    /// To suppliers, waste, corrections and other lots.
    pub other: Quantity,
    pub on_hand: Quantity,
}

impl RecallLot {
    /// Nothing is missing, to the piece and the gram.
    pub fn is_balanced(&self) -> bool {
        let out = Quantity::sum([self.sold, self.other, self.on_hand]);
        out.is_some_and(|out| {
            (out.pieces_or_zero(), out.grams_or_zero()) == (self.came.pieces_or_zero(), self.came.grams_or_zero())
        })
    }
}

/// Somebody who has some of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecallCustomer {
    pub customer: CustomerId,
    pub order: CustomerOrderId,
    pub lot: LotId,
    pub sku: SkuId,
    pub quantity: Quantity,
    pub reached_at: Option<Instant>,
}

#[derive(Debug, Serialize)]
struct RecallStarted {
    kind: RecallKind,
    reason: String,
    lots: usize,
    customers: usize,
    balanced: bool,
}

impl Told for RecallStarted {
    const KIND: &'static str = "recall_started";
    const VERSION: i64 = 1;
}

#[derive(Debug, Serialize)]
struct RecallCustomerReached {
    recall: RecallId,
}

impl Told for RecallCustomerReached {
    const KIND: &'static str = "recall_customer_reached";
    const VERSION: i64 = 1;
}

/// Calls a lot back. What is here is stopped, unless it is a drill; whom to tell is the caller's.
pub async fn start_recall(tx: &mut Tx, stamp: &Stamp, sites: &Sites, new: &NewRecall) -> Result<Recall, StockRefusal> {
    let lot = super::lots::own_lot(tx, sites, new.lot).await?;
    let forward = ledger::forward(tx, lot.id).await?;
    let backward = ledger::backward(tx, lot.id).await?;
    match new.kind {
        RecallKind::Real => {
            for traced in &forward.lots {
                stop(tx, stamp, traced, &new.reason).await?;
            }
        }
        RecallKind::Drill => {}
    }
    let mut lots: Vec<RecallLot> = forward.lots.iter().map(|traced| accounted(traced, Direction::Forward)).collect();
    // The lot itself stands among those forward.
    let parents = backward.lots.iter().filter(|traced| traced.generation > 0);
    lots.extend(parents.map(|traced| accounted(traced, Direction::Backward)));
    let customers = customers(tx, &forward.lots).await?;
    let balanced = lots.iter().all(RecallLot::is_balanced);
    let recall = Recall {
        id: stamp.mint(),
        site: lot.site,
        lot: lot.id,
        kind: new.kind,
        reason: new.reason.clone(),
        started_at: stamp.at,
        lots,
        customers,
        balanced,
    };
    rows::add(tx, stamp, &recall).await?;
    let body = RecallStarted {
        kind: recall.kind,
        reason: recall.reason.clone(),
        lots: recall.lots.len(),
        customers: recall.customers.len(),
        balanced,
    };
    let mut also = vec![Object::of(recall.site)];
    also.extend(recall.lots.iter().map(|traced| Object::of(traced.lot)));
    tell(tx, stamp, Object::of(recall.id), &also, &body).await?;
    Ok(recall)
}

/// A lot that may become recalled does; one that is stopped for good already stays so; any other is kept from sale.
async fn stop(tx: &mut Tx, stamp: &Stamp, traced: &TracedLot, reason: &str) -> Result<(), StockRefusal> {
    let state = traced.lot.state;
    if state.may_become(LotState::Recalled) {
        ledger::set_state(tx, stamp, traced.lot.id, LotState::Recalled, reason).await?;
    } else if state != LotState::Recalled {
        ledger::block(tx, stamp, traced.lot.id, BlockFlags::of(BlockFlag::NoSale), reason).await?;
    }
    Ok(())
}

fn accounted(traced: &TracedLot, direction: Direction) -> RecallLot {
    let went = |to_customers: bool| {
        let legs = traced.went.iter().filter(|leg| (leg.kind == PlaceKind::Customer) == to_customers);
        Quantity::sum(legs.map(|leg| leg.quantity)).unwrap_or(Quantity::NONE)
    };
    RecallLot {
        lot: traced.lot.id,
        direction,
        generation: traced.generation,
        came: traced.mass.came,
        sold: went(true),
        other: went(false),
        on_hand: traced.mass.on_hand,
    }
}

/// Everybody who was handed some of these lots, by order, as the parcels say.
async fn customers(tx: &mut Tx, lots: &[TracedLot]) -> Result<Vec<RecallCustomer>, StockRefusal> {
    let mut found: BTreeMap<(CustomerOrderId, LotId), RecallCustomer> = BTreeMap::new();
    for traced in lots {
        for leg in traced.went.iter().filter(|leg| leg.kind == PlaceKind::Customer) {
            let Some(holder) = &leg.holder else { continue };
            let Some(order) = fulfilment::order_of(tx, ParcelId::from_uuid(leg.cause)).await? else { continue };
            let entry = found.entry((order, traced.lot.id)).or_insert(RecallCustomer {
                customer: CustomerId::from_uuid(holder.id),
                order,
                lot: traced.lot.id,
                sku: traced.lot.sku,
                quantity: Quantity::NONE,
                reached_at: None,
            });
            entry.quantity = entry.quantity.plus(leg.quantity).unwrap_or(entry.quantity);
        }
    }
    Ok(found.into_values().collect())
}

/// One recall, if its site is the caller's.
pub async fn recall(tx: &mut Tx, sites: &Sites, id: RecallId) -> Result<Recall, StockRefusal> {
    let found = rows::recall(tx, id).await?.filter(|found| works_at(sites, found.site));
    found.ok_or(StockRefusal::NoSuchRecall)
}

/// Notes that a customer was reached by telephone.
pub async fn reach(
    tx: &mut Tx,
    stamp: &Stamp,
    sites: &Sites,
    id: RecallId,
    customer: CustomerId,
) -> Result<Recall, StockRefusal> {
    recall(tx, sites, id).await?;
    if rows::reach(tx, stamp, id, customer).await? == 0 {
        return Err(StockRefusal::NobodyToReach);
    }
    tell(tx, stamp, Object::of(customer), &[Object::of(id)], &RecallCustomerReached { recall: id }).await?;
    recall(tx, sites, id).await
}
