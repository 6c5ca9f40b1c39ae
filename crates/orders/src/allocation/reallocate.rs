//! Looking for other goods when those behind a promise have failed.

use ::store::Tx;
use kernel::{CustomerOrderId, OrderLineId, SiteId, SkuId, Stamp};
use ledger::ReservationState;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    order::{OrderRefusal, Stage, line_of, load, mark_short},
    outbound::{ShortReason, tell_short},
};

/// A line whose goods failed and for which the site has no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reallocated {
    pub order: CustomerOrderId,
    pub order_line: OrderLineId,
    pub sku: SkuId,
}

/// Answers for the promises of a shelf that its goods no longer cover. The ledger has already given them every other
/// lot of the site; what is left here is short: the line says so and the customer is told, the money is given back at
/// settlement. Goods that still come in time serve the line all the same.
pub async fn reallocate(
    tx: &mut Tx,
    stamp: &Stamp,
    site: SiteId,
    sku: SkuId,
) -> Result<Vec<Reallocated>, OrderRefusal> {
    let mut short = Vec::new();
    for reservation in ledger::uncovered(tx, site, sku).await? {
        if reservation.state != ReservationState::Uncovered {
            continue;
        }
        let Some((order, line)) = line_of(tx, reservation.order_line).await? else { continue };
        let order = load(tx, order).await?;
        // Who has not paid yet, or is gone already, has not been told anything to take back.
        let concerned = match order.state.stage() {
            Stage::Held | Stage::Accepted | Stage::Released => line.short.is_none(),
            Stage::Placed
            | Stage::Declined
            | Stage::Cancelled
            | Stage::Packed
            | Stage::Dispatched
            | Stage::HandedOver
            | Stage::Failed => false,
        };
        if concerned {
            mark_short(tx, line.id, ShortReason::NoStock).await?;
            tell_short(tx, stamp, &order, line.id, line.sku, ShortReason::NoStock).await?;
            short.push(Reallocated { order: order.id, order_line: line.id, sku });
        }
    }
    Ok(short)
}
