//! 1.4 becomes 1.5: an approved requisition is ordered, one purchase order for each supplier and day, and what was
//! requested of the budgets is committed.

use std::collections::BTreeMap;

use ::events::{Object, tell};
use ::store::Tx;
use kernel::{BudgetId, Money, RequisitionId, Stamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Requisition, RequisitionState, RequisitionsRefusal, around, events::RequisitionOrdered, locked, turn};
use crate::{
    approvals,
    contracts::{self, PurchaseOrder},
};

/// A requisition and the purchase orders that it became.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OrderedRequisition {
    pub requisition: Requisition,
    pub orders: Vec<PurchaseOrder>,
}

/// Orders everything that was approved, at the prices that were signed.
pub async fn order(tx: &mut Tx, stamp: &Stamp, id: RequisitionId) -> Result<OrderedRequisition, RequisitionsRefusal> {
    let mut known = locked(tx, id).await?;
    known.head = turn(tx, &known.head, RequisitionState::Ordered).await?;
    let mut orders = Vec::new();
    for (new, lines) in known.orders() {
        let placed = contracts::place(tx, stamp, new).await?;
        let mut paid_by: BTreeMap<BudgetId, Money> = BTreeMap::new();
        for line in lines {
            let budget = accounts::budgets::find(tx, &known.budget_of(line)).await?.id;
            *paid_by.entry(budget).or_insert(Money::ZERO) += line.value;
        }
        for (budget, value) in paid_by {
            approvals::commit(tx, stamp, id, placed.head.id, budget, value).await?;
        }
        orders.push(placed);
    }
    let body = RequisitionOrdered {
        number: known.head.number.clone(),
        orders: orders.iter().map(|order| order.head.id).collect(),
    };
    let made = orders.iter().map(|order| Object::of(order.head.id));
    let also: Vec<Object> = around(&known).into_iter().chain(made).collect();
    tell(tx, stamp, Object::of(id), &also, &body).await?;
    Ok(OrderedRequisition { requisition: known, orders })
}
