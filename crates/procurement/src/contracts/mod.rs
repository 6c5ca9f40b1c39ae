//! Step 1.5 下單與合同. Places purchase orders, each with one contract text that both sides can show later.
//!
//! An order goes to a supplier that may deliver it, the supplier answers to the very text that is kept, and announces
//! its trucks. Never changes what was agreed: a change is another order.

mod announce;
mod answer;
pub mod events;
pub mod http;
mod place;
mod refusal;
mod rules;
mod store;
mod text;

use ::events::{Object, tell};
use ::store::Tx;
use kernel::{Date, PurchaseOrderId, Quantity, SiteId, SkuId, Stamp, SupplierId};

pub use announce::{NewShippingNotice, NoticeLine, ShippingNotice, announce, notice, notices_of};
pub use answer::{Answered, NewAnswer, Reply, answer};
pub(crate) use place::demand_placeable;
pub use place::{Direct, place, place_directly};
pub use refusal::ContractsRefusal;
pub(crate) use rules::estimate;
pub use rules::{
    NewPurchaseOrder, NewPurchaseOrderLine, NewTerms, PurchaseOrder, PurchaseOrderHead, PurchaseOrderLine,
    PurchaseOrderState, Terms,
};
pub use store::Contract;

use crate::approvals;
use events::{PurchaseOrderCancelled, PurchaseOrderClosed, PurchaseOrderReceived};

/// Calls off an order that its supplier has not answered.
pub async fn cancel(
    tx: &mut Tx,
    stamp: &Stamp,
    id: PurchaseOrderId,
    reason: &str,
) -> Result<PurchaseOrder, ContractsRefusal> {
    let mut order = self::order(tx, id).await?;
    order.head = turn(tx, &order.head, PurchaseOrderState::Cancelled).await?;
    approvals::free_rest(tx, stamp, id).await?;
    let body = PurchaseOrderCancelled { number: order.head.number.clone(), reason: reason.to_owned() };
    tell(tx, stamp, Object::of(id), &around(&order.head), &body).await?;
    Ok(order)
}

/// Nothing more is expected of an order: what has not come is not coming.
pub async fn close(
    tx: &mut Tx,
    stamp: &Stamp,
    id: PurchaseOrderId,
    reason: &str,
) -> Result<PurchaseOrder, ContractsRefusal> {
    let mut order = self::order(tx, id).await?;
    order.head = turn(tx, &order.head, PurchaseOrderState::Closed).await?;
    approvals::free_rest(tx, stamp, id).await?;
    let body = PurchaseOrderClosed { number: order.head.number.clone(), reason: reason.to_owned() };
    tell(tx, stamp, Object::of(id), &around(&order.head), &body).await?;
    Ok(order)
}

/// How much of an order has reached a dock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    Some,
    Whole,
}

/// Notes that goods have come in. The dock calls it; what was agreed stays what it was.
pub(crate) async fn note_receipt(
    tx: &mut Tx,
    stamp: &Stamp,
    head: &PurchaseOrderHead,
    progress: Progress,
) -> Result<(), ContractsRefusal> {
    match progress {
        Progress::Some if head.state == PurchaseOrderState::Accepted => {
            turn(tx, head, PurchaseOrderState::PartlyReceived).await?;
        }
        Progress::Some => {}
        Progress::Whole => {
            turn(tx, head, PurchaseOrderState::Received).await?;
            let body = PurchaseOrderReceived { number: head.number.clone() };
            tell(tx, stamp, Object::of(head.id), &around(head), &body).await?;
        }
    }
    Ok(())
}

/// Takes an order into its next state, if the way leads there and nobody was faster.
async fn turn(
    tx: &mut Tx,
    head: &PurchaseOrderHead,
    to: PurchaseOrderState,
) -> Result<PurchaseOrderHead, ContractsRefusal> {
    if !head.state.may_become(to) || !store::turn(tx, head.id, head.state, to).await? {
        return Err(ContractsRefusal::NoSuchTurn { number: head.number.clone(), from: head.state, to });
    }
    Ok(PurchaseOrderHead { state: to, revision: head.revision + 1, ..head.clone() })
}

fn around(head: &PurchaseOrderHead) -> [Object; 2] {
    [Object::of(head.supplier), Object::of(head.site)]
}

/// The order, which must exist.
pub async fn order(tx: &mut Tx, id: PurchaseOrderId) -> Result<PurchaseOrder, ContractsRefusal> {
    store::order(tx, id).await?.ok_or(ContractsRefusal::NoSuchOrder)
}

/// The order, locked: what is received of it is added up by one truck at a time.
pub(crate) async fn locked_order(tx: &mut Tx, id: PurchaseOrderId) -> Result<PurchaseOrder, ContractsRefusal> {
    store::lock(tx, id).await?;
    order(tx, id).await
}

/// What is still to come of a product at a site between two days, and what stands at its docks: day and quantity.
pub(crate) async fn expected(
    tx: &mut Tx,
    site: SiteId,
    sku: SkuId,
    today: Date,
    through: Date,
) -> Result<Vec<(Date, Quantity)>, ContractsRefusal> {
    Ok(store::expected(tx, site, sku, today, through).await?)
}

/// A supplier's own order; another's is told as if there were none.
pub async fn own_order(
    tx: &mut Tx,
    id: PurchaseOrderId,
    supplier: SupplierId,
) -> Result<PurchaseOrder, ContractsRefusal> {
    let order = self::order(tx, id).await?;
    if order.head.supplier == supplier { Ok(order) } else { Err(ContractsRefusal::NoSuchOrder) }
}

/// The contract of an order: the text, its hash, and what the supplier said to it.
pub async fn contract(tx: &mut Tx, id: PurchaseOrderId) -> Result<Contract, ContractsRefusal> {
    store::contract(tx, id).await?.ok_or(ContractsRefusal::NoSuchOrder)
}

/// Orders of a site by day of delivery, latest first; a state, if given, narrows them.
pub async fn orders(
    tx: &mut Tx,
    site: SiteId,
    state: Option<PurchaseOrderState>,
    before: Option<(Date, PurchaseOrderId)>,
    limit: i64,
) -> Result<Vec<PurchaseOrderHead>, ContractsRefusal> {
    Ok(store::page(tx, site, state, before, limit).await?)
}

/// A supplier's own orders by day of delivery, latest first.
pub async fn orders_of(
    tx: &mut Tx,
    supplier: SupplierId,
    before: Option<(Date, PurchaseOrderId)>,
    limit: i64,
) -> Result<Vec<PurchaseOrderHead>, ContractsRefusal> {
    Ok(store::page_of(tx, supplier, before, limit).await?)
}
