//! What a complaint is worth, and who may say so. Pure.

use std::collections::BTreeMap;

use kernel::{Currency, Instant, Money};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::RemedyRefusal;
use crate::feedback::ComplaintKind;

codes! {
    /// Who decides: nobody, by rule; somebody at the desk; their manager.
    Decider {
        Rule = "rule",
        Desk = "desk",
        Manager = "manager",
    }
    /// What the rule made of a complaint.
    #[schema(as = RemedyVerdict)]
    Verdict {
        Refunded = "refunded",
        LeftToPerson = "left_to_person",
    }
}

/// What the rule decided about a complaint, and why it did not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RemedyReview {
    pub verdict: Verdict,
    /// The refusal that leaves it to a person.
    pub why: Option<String>,
    pub at: Instant,
}

/// The rules of a site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Which share of the line's amount each kind of complaint gives back, in basis points.
    pub share_bp: BTreeMap<ComplaintKind, i64>,
    /// Up to which amount each may decide.
    #[schema(value_type = BTreeMap<String, i64>)]
    pub limit: BTreeMap<Decider, Money>,
}

impl Policy {
    /// The rules of the house: whole lines for what cannot be eaten, a fifth for a weight that was short.
    pub fn house(currency: Currency) -> Self {
        let share = |kind: &ComplaintKind| match kind {
            ComplaintKind::Freshness
            | ComplaintKind::Missing
            | ComplaintKind::Wrong
            | ComplaintKind::Damaged
            | ComplaintKind::Temperature => 10_000,
            ComplaintKind::Weight => 2_000,
        };
        let [rule, desk, manager] = match currency {
            Currency::Twd => [500, 2_000, 20_000],
            Currency::Cny => [10_000, 50_000, 500_000],
        };
        Self {
            share_bp: ComplaintKind::ALL.iter().map(|kind| (*kind, share(kind))).collect(),
            limit: [(Decider::Rule, Money(rule)), (Decider::Desk, Money(desk)), (Decider::Manager, Money(manager))]
                .into(),
        }
    }

    fn share_of(&self, kind: ComplaintKind) -> i64 {
        self.share_bp.get(&kind).copied().unwrap_or(0)
    }

    fn limit_of(&self, decider: Decider) -> Money {
        self.limit.get(&decider).copied().unwrap_or(Money::ZERO)
    }
}

/// What is claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    pub kind: ComplaintKind,
    /// What the customer paid for the line, tax included.
    pub line_amount: Money,
    /// What other complaints about the same line have given back already.
    pub refunded: Money,
}

/// How often the customer has complained lately, this complaint included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct History {
    pub orders: i64,
    pub complaints: i64,
}

/// Complaints are remembered for so many days.
pub const HISTORY_DAYS: i64 = 90;
/// Nobody is suspected for fewer complaints than this.
pub const COMPLAINTS_UNSUSPECTED: i64 = 3;
/// More complaints than this share of one's orders are looked at by a person, in percent.
pub const COMPLAINTS_PERCENT: i64 = 30;

impl History {
    /// Whether a person should look before money goes back.
    pub const fn is_unusual(self) -> bool {
        self.complaints > COMPLAINTS_UNSUSPECTED && self.complaints * 100 > self.orders * COMPLAINTS_PERCENT
    }
}

/// What the customer gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Remedy {
    #[schema(value_type = i64)]
    pub amount: Money,
    pub decider: Decider,
}

/// Decides a refund: the share of its kind, never more than is left of what was paid, never more than the decider
/// may give; a customer with an unusual history is left to a person.
pub fn decide(claim: Claim, history: History, decider: Decider, policy: &Policy) -> Result<Remedy, RemedyRefusal> {
    let left = claim.line_amount - claim.refunded;
    let amount = claim.line_amount.basis_points(policy.share_of(claim.kind)).min(left);
    if amount <= Money::ZERO {
        return Err(RemedyRefusal::NothingToRefund { paid: claim.line_amount, refunded: claim.refunded });
    }
    match decider {
        Decider::Rule if history.is_unusual() => {
            return Err(RemedyRefusal::UnusualHistory { complaints: history.complaints, orders: history.orders });
        }
        Decider::Rule | Decider::Desk | Decider::Manager => {}
    }
    let limit = policy.limit_of(decider);
    if amount > limit {
        return Err(RemedyRefusal::AboveLimit { amount, limit });
    }
    Ok(Remedy { amount, decider })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(kind: ComplaintKind, paid: i64, refunded: i64) -> Claim {
        Claim { kind, line_amount: Money(paid), refunded: Money(refunded) }
    }

    #[test]
    fn spoiled_spinach_is_refunded_whole_and_a_short_weight_by_a_fifth() {
        let policy = Policy::house(Currency::Twd);
        let worth = |kind| decide(claim(kind, 120, 0), History::default(), Decider::Rule, &policy).unwrap().amount;

        assert_eq!(worth(ComplaintKind::Freshness), Money(120));
        assert_eq!(worth(ComplaintKind::Weight), Money(24));
    }

    #[test]
    fn two_complaints_about_one_line_never_give_back_more_than_was_paid() {
        let policy = Policy::house(Currency::Twd);
        let again =
            |refunded| decide(claim(ComplaintKind::Damaged, 120, refunded), History::default(), Decider::Desk, &policy);

        assert_eq!(again(24).unwrap().amount, Money(96));
        assert!(matches!(again(120), Err(RemedyRefusal::NothingToRefund { .. })));
    }

    #[test]
    fn a_large_refund_needs_somebody_who_may_give_it() {
        let policy = Policy::house(Currency::Twd);
        let by = |decider| decide(claim(ComplaintKind::Missing, 1_800, 0), History::default(), decider, &policy);

        assert!(matches!(by(Decider::Rule), Err(RemedyRefusal::AboveLimit { limit: Money(500), .. })));
        assert_eq!(by(Decider::Desk).unwrap(), Remedy { amount: Money(1_800), decider: Decider::Desk });
    }

    #[test]
    fn who_complains_about_every_other_order_is_heard_by_a_person() {
        let policy = Policy::house(Currency::Twd);
        let (often, seldom) = (History { orders: 10, complaints: 5 }, History { orders: 40, complaints: 5 });
        let by = |history, decider| decide(claim(ComplaintKind::Freshness, 100, 0), history, decider, &policy);

        assert!(matches!(by(often, Decider::Rule), Err(RemedyRefusal::UnusualHistory { .. })));
        assert!(by(seldom, Decider::Rule).is_ok());
        assert!(by(often, Decider::Desk).is_ok());
    }
}
