//! What purchase orders hold of the budgets: committed when they are placed, actual when their invoice is matched, free
//! again when they end.

use std::collections::BTreeMap;

use ::store::Tx;
use accounts::{
    Cause,
    budgets::{self, Stage},
};
use kernel::{BudgetId, Money, PurchaseOrderId, RequisitionId, SkuId, Stamp};

use super::{ApprovalsRefusal, rules::Commitment, store};
use crate::{contracts::PurchaseOrderHead, requisitions};

/// Turns what a requisition asked for into what an order commits.
pub(crate) async fn commit(
    tx: &mut Tx,
    stamp: &Stamp,
    requisition: RequisitionId,
    purchase_order: PurchaseOrderId,
    budget: BudgetId,
    value: Money,
) -> Result<(), ApprovalsRefusal> {
    if value.is_zero() {
        return Ok(());
    }
    budgets::commit(tx, stamp, budget, Cause::of(requisition), value, value).await?;
    let commitment = Commitment { purchase_order, budget, requisition, committed: value, freed: Money::ZERO };
    store::add_commitment(tx, &commitment).await?;
    Ok(())
}

/// Turns what an order commits into what its invoice really costs, by the SKUs that were invoiced.
pub(crate) async fn spend(
    tx: &mut Tx,
    stamp: &Stamp,
    order: &PurchaseOrderHead,
    invoiced: &[(SkuId, Money)],
) -> Result<(), ApprovalsRefusal> {
    // What a buyer bought below the limit has no budget of its own behind it.
    let Some(requisition) = order.requisition else { return Ok(()) };
    let known = requisitions::requisition(tx, requisition).await?;
    let mut costs: BTreeMap<BudgetId, Money> = BTreeMap::new();
    for (sku, value) in invoiced {
        let of_sku = |line: &&requisitions::RequisitionLine| {
            line.sku == *sku && line.supplier == order.supplier && line.needed_by == order.delivery_on
        };
        let Some(line) = known.lines.iter().find(of_sku) else { continue };
        let budget = budgets::find(tx, &known.budget_of(line)).await?.id;
        *costs.entry(budget).or_insert(Money::ZERO) += *value;
    }
    let commitments = store::commitments(tx, order.id).await?;
    for (budget, actual) in costs {
        if actual.is_zero() {
            continue;
        }
        let open = commitments.iter().find(|one| one.budget == budget).map_or(Money::ZERO, Commitment::open);
        let freed = open.min(actual);
        budgets::actualise(tx, stamp, budget, Cause::of(requisition), freed, actual).await?;
        store::free(tx, order.id, budget, freed).await?;
    }
    Ok(())
}

/// Nothing more comes of an order: what it still commits is free.
pub(crate) async fn free_rest(tx: &mut Tx, stamp: &Stamp, order: PurchaseOrderId) -> Result<(), ApprovalsRefusal> {
    for one in store::commitments(tx, order).await? {
        let rest = one.open();
        if rest > Money::ZERO {
            let claim = Cause::of(one.requisition);
            budgets::release(tx, stamp, one.budget, claim, Stage::Committed, rest).await?;
            store::free(tx, order, one.budget, rest).await?;
        }
    }
    Ok(())
}
