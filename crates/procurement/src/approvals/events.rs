//! What others may learn about signatures.

use events::Told;
use kernel::{Date, Money, UserId};
use serde::{Deserialize, Serialize};

use super::Level;
use crate::told::told;

told! {
    ApprovalRuleSet = "approval_rule_set" { level: Level, above: Money, valid_from: Date, }
    ApprovalGiven = "approval_given" {
        number: String,
        level: Level,
        /// Whose signature it stands for, where a delegate signed.
        on_behalf_of: Option<UserId>,
    }
    /// A signature is late; a level above is asked as well, or the same one again where all above sign anyhow.
    ApprovalEscalated = "approval_escalated" { number: String, level: Level, to: Level, minutes_late: i64, }
    ApprovalDelegated = "approval_delegated" {
        level: Level,
        delegate: UserId,
        valid_from: Date,
        valid_until: Date,
        limit: Money,
        reason: String,
    }
    DelegationEnded = "delegation_ended" { level: Level, }
    BudgetOverrideGranted = "budget_override_granted" { number: String, up_to: Money, reason: String, }
    /// Somebody wanted to buy without the signatures that the rules ask for; nothing was bought.
    UnapprovedPurchaseTried = "unapproved_purchase_tried" {
        value: Money,
        /// With what the same person bought of the same supplier in the days before.
        amount: Money,
        limit: Money,
        missing: Vec<Level>,
        delivery_on: Date,
    }
}
