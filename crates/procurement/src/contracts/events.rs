//! What others may learn about purchase orders.

use events::Told;
use kernel::{Date, Instant, Money, RequisitionId, SkuId};
use serde::{Deserialize, Serialize};

use crate::told::told;

told! {
    PurchaseOrderPlaced = "purchase_order_placed" {
        number: String,
        delivery_on: Date,
        value: Money,
        skus: Vec<SkuId>,
        requisition: Option<RequisitionId>,
        /// Of the contract text that was sent.
        sha256: String,
    }
    PurchaseOrderAccepted = "purchase_order_accepted" { number: String, sha256: String, delivery_on: Date, }
    PurchaseOrderDeclined = "purchase_order_declined" { number: String, reason: String, }
    PurchaseOrderCancelled = "purchase_order_cancelled" { number: String, reason: String, }
    GoodsAnnounced = "goods_announced" { number: String, eta: Instant, vehicle: String, lines: usize, }
    PurchaseOrderReceived = "purchase_order_received" { number: String, }
    PurchaseOrderClosed = "purchase_order_closed" { number: String, reason: String, }
}
