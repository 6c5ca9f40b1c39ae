//! What outbound tells.

use kernel::{InvoiceId, LotId, Money, OrderLineId, Quantity, ReleaseNoteId, SkuId};
use serde::{Deserialize, Serialize};

use super::{Difference, ShortReason};
use crate::intake::events::facts;

facts! {
    OrderCancelled = "order_cancelled" { number: String, why: String, }
    /// The release note is out; lots are bound.
    OrderReleased = "order_released" { number: String, note: ReleaseNoteId, lines: i64, short_lines: i64, }
    /// A line will not be sent, or not whole.
    LineShort = "line_short" { number: String, order_line: OrderLineId, sku: SkuId, why: ShortReason, }
    /// Everything is weighed and packed; these are the final amounts.
    OrderSettled = "order_settled" {
        number: String,
        note: ReleaseNoteId,
        amount: Money,
        expected: Money,
        bound: Money,
        lines: Vec<SettledFact>,
    }
    OrderDispatched = "order_dispatched" { number: String, invoice: InvoiceId, amount: Money, }
    /// `in_window` is 1 when it was handed over inside the window that was promised first.
    OrderHandedOver = "order_handed_over" { number: String, in_window: i64, }
    OrderFailed = "order_failed" { number: String, why: String, refund: Money, }
}

/// One line as it was settled, with the lots that went into the parcel.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SettledFact {
    pub order_line: OrderLineId,
    pub sku: SkuId,
    pub ordered: Quantity,
    pub actual: Quantity,
    pub amount: Money,
    pub difference: Difference,
    pub lots: Vec<(LotId, Quantity)>,
}
