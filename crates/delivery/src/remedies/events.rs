//! What others may learn from remedies.

use kernel::{ComplaintId, CustomerId, CustomerOrderId, EntryId, Money, OrderLineId};
use serde::{Deserialize, Serialize};

use super::rules::{Decider, Policy};

told! {
    RemedyGiven = "remedy_given" {
        complaint: ComplaintId, order: CustomerOrderId, order_line: OrderLineId, customer: CustomerId,
        amount: Money, decider: Decider, entry: Option<EntryId>,
    }
    RemedyPolicySet = "remedy_policy_set" { policy: Policy, }
}
