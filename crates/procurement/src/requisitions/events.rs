//! What others may learn about requisitions.

use events::Told;
use kernel::{Money, PurchaseOrderId};
use serde::{Deserialize, Serialize};

use crate::{approvals::Level, told::told};

told! {
    RequisitionDrafted = "requisition_drafted" { number: String, value: Money, lines: usize, }
    RequisitionEdited = "requisition_edited" { number: String, value: Money, lines: usize, }
    RequisitionSubmitted = "requisition_submitted" {
        number: String,
        value: Money,
        /// What was held against the rules: the value, or more where purchases were split.
        amount: Money,
        round: i64,
        /// Who must sign, in this order.
        levels: Vec<Level>,
    }
    RequisitionApproved = "requisition_approved" { number: String, value: Money, }
    RequisitionRejected = "requisition_rejected" { number: String, level: Level, reason: String, }
    RequisitionReturned = "requisition_returned" { number: String, level: Level, reason: String, }
    RequisitionWithdrawn = "requisition_withdrawn" { number: String, reason: String, }
    RequisitionOrdered = "requisition_ordered" { number: String, orders: Vec<PurchaseOrderId>, }
}
