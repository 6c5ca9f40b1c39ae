//! The ordered rules of the review and the trace that they leave. Pure.

use kernel::{Currency, Money};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::order::{DeclineReason, ReviewHold, codes};

/// The rules, in the order in which they are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    AddressInArea,
    PhoneKnown,
    NoDuplicate,
    MinimumAmount,
    CustomerNotBlocked,
    AmountWithinHistory,
    StockPromised,
    /// Asked last, when the provider has answered.
    PaymentAuthorised,
    /// Not a rule: what a person decided about what a rule held back.
    Desk,
    /// Not a rule: the delivery window began before anybody decided.
    ReviewedInTime,
}

codes!(Rule {
    AddressInArea = "address_in_area",
    PhoneKnown = "phone_known",
    NoDuplicate = "no_duplicate",
    MinimumAmount = "minimum_amount",
    CustomerNotBlocked = "customer_not_blocked",
    AmountWithinHistory = "amount_within_history",
    StockPromised = "stock_promised",
    PaymentAuthorised = "payment_authorised",
    Desk = "desk",
    ReviewedInTime = "reviewed_in_time",
});

/// What a rule says about an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "verdict", content = "reason", rename_all = "snake_case")]
pub enum Verdict {
    Pass,
    Hold(ReviewHold),
    Decline(DeclineReason),
}

impl Verdict {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Hold(_) => "hold",
            Self::Decline(_) => "decline",
        }
    }

    pub const fn reason(self) -> Option<&'static str> {
        match self {
            Self::Pass => None,
            Self::Hold(by) => Some(by.code()),
            Self::Decline(why) => Some(why.code()),
        }
    }

    pub(crate) fn from_columns(code: &str, reason: Option<&str>) -> Option<Self> {
        match (code, reason) {
            ("pass", None) => Some(Self::Pass),
            ("hold", Some(by)) => ReviewHold::from_code(by).map(Self::Hold),
            ("decline", Some(why)) => DeclineReason::from_code(why).map(Self::Decline),
            _ => None,
        }
    }
}

/// One line of the trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReviewFinding)]
pub struct Finding {
    pub rule: Rule,
    #[serde(flatten)]
    pub verdict: Verdict,
    /// What the rule looked at, in figures: `4210 m of 15000 m`.
    pub fact: String,
}

/// Whether the number of a customer leads to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phone {
    Confirmed,
    /// Not confirmed, but goods were handed over there, or the desk has just spoken with them.
    Known,
    Unconfirmed,
}

/// Whether a customer may order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Good,
    Blocked,
}

/// What the rules look at when an order is placed.
#[derive(Clone, Debug)]
pub struct Facts {
    pub distance_metres: i64,
    pub radius_metres: i64,
    pub phone: Phone,
    /// The number of an order like this one, placed a moment ago.
    pub like_it: Option<String>,
    pub expected: Money,
    pub bound: Money,
    pub standing: Standing,
    /// Orders that this customer has received so far.
    pub received: i64,
    pub lines: usize,
}

/// The amounts that the rules compare with, in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Less is not worth the ride.
    pub minimum: Money,
    /// The most for somebody who never received an order.
    pub first_order: Money,
    /// The most for somebody who did, until they are well known.
    pub known: Money,
    /// From so many received orders on there is no limit.
    pub well_known_after: i64,
}

/// Two orders alike within so many minutes are one order and a nervous finger.
pub const DUPLICATE_MINUTES: i64 = 10;

impl Limits {
    pub const fn of(currency: Currency) -> Self {
        match currency {
            Currency::Twd => {
                Self { minimum: Money(150), first_order: Money(8_000), known: Money(30_000), well_known_after: 5 }
            }
            Currency::Cny => {
                Self { minimum: Money(3_000), first_order: Money(180_000), known: Money(680_000), well_known_after: 5 }
            }
        }
    }

    /// The most that a customer with so many received orders may be charged without a person looking.
    pub const fn for_history(self, received: i64) -> Option<Money> {
        if received >= self.well_known_after {
            None
        } else if received > 0 {
            Some(self.known)
        } else {
            Some(self.first_order)
        }
    }
}

/// Asks every rule but the payment's, in order. The trace always holds them all: who reads it sees what passed, too.
pub fn judge(facts: &Facts, limits: Limits) -> Vec<Finding> {
    let pass_or = |passes: bool, otherwise: Verdict| if passes { Verdict::Pass } else { otherwise };
    let phone = match facts.phone {
        Phone::Confirmed => (Verdict::Pass, "confirmed"),
        Phone::Known => (Verdict::Pass, "known"),
        Phone::Unconfirmed => (Verdict::Hold(ReviewHold::PhoneUnconfirmed), "unconfirmed"),
    };
    let standing = match facts.standing {
        Standing::Good => (Verdict::Pass, "good standing"),
        Standing::Blocked => (Verdict::Decline(DeclineReason::CustomerBlocked), "blocked"),
    };
    let limit = limits.for_history(facts.received);
    let within = limit.is_none_or(|limit| facts.bound <= limit);
    let limit = limit.map_or_else(|| "no limit".to_owned(), |limit| limit.to_string());
    let finding = |rule, verdict, fact: String| Finding { rule, verdict, fact };
    vec![
        finding(
            Rule::AddressInArea,
            Verdict::Pass,
            format!("{} m of {} m", facts.distance_metres, facts.radius_metres),
        ),
        finding(Rule::PhoneKnown, phone.0, phone.1.to_owned()),
        finding(
            Rule::NoDuplicate,
            pass_or(facts.like_it.is_none(), Verdict::Hold(ReviewHold::Duplicate)),
            facts.like_it.clone().unwrap_or_else(|| "none".to_owned()),
        ),
        finding(Rule::MinimumAmount, Verdict::Pass, format!("{} of {}", facts.expected, limits.minimum)),
        finding(Rule::CustomerNotBlocked, standing.0, standing.1.to_owned()),
        finding(
            Rule::AmountWithinHistory,
            pass_or(within, Verdict::Hold(ReviewHold::AmountAboveHistory)),
            format!("{} of {limit}, {} received", facts.bound, facts.received),
        ),
        finding(Rule::StockPromised, Verdict::Pass, format!("{} lines", facts.lines)),
    ]
}

/// What the findings come to: the first decline, or else the first hold, or else nothing stands against the order.
pub fn outcome(findings: &[Finding]) -> Verdict {
    let mut outcome = Verdict::Pass;
    for finding in findings {
        match (finding.verdict, outcome) {
            (Verdict::Decline(_), _) => return finding.verdict,
            (Verdict::Hold(_), Verdict::Pass) => outcome = finding.verdict,
            (Verdict::Hold(_) | Verdict::Pass, _) => {}
        }
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts {
            distance_metres: 4_210,
            radius_metres: 15_000,
            phone: Phone::Confirmed,
            like_it: None,
            expected: Money(900),
            bound: Money(960),
            standing: Standing::Good,
            received: 3,
            lines: 4,
        }
    }

    fn verdict(facts: &Facts) -> Verdict {
        outcome(&judge(facts, Limits::of(Currency::Twd)))
    }

    #[test]
    fn a_normal_order_needs_no_hand() {
        let findings = judge(&facts(), Limits::of(Currency::Twd));
        assert_eq!(outcome(&findings), Verdict::Pass);
        let asked: Vec<Rule> = findings.iter().map(|finding| finding.rule).collect();
        assert_eq!(asked, Rule::ALL[..7], "the trace holds every rule, in order");
    }

    #[test]
    fn a_first_order_may_not_be_large() {
        let large = Facts { bound: Money(8_001), received: 0, ..facts() };
        assert_eq!(verdict(&large), Verdict::Hold(ReviewHold::AmountAboveHistory));
        assert_eq!(verdict(&Facts { received: 1, ..large.clone() }), Verdict::Pass);
        let canteen = Facts { bound: Money(900_000), received: 5, ..facts() };
        assert_eq!(verdict(&canteen), Verdict::Pass);
    }

    #[test]
    fn a_doubled_order_waits_for_a_person() {
        let doubled = Facts { like_it: Some("SO-TPE-260328-17".to_owned()), ..facts() };
        assert_eq!(verdict(&doubled), Verdict::Hold(ReviewHold::Duplicate));
    }

    #[test]
    fn a_block_outweighs_every_doubt() {
        let blocked = Facts { standing: Standing::Blocked, phone: Phone::Unconfirmed, ..facts() };
        assert_eq!(verdict(&blocked), Verdict::Decline(DeclineReason::CustomerBlocked));
    }

    #[test]
    fn the_first_doubt_gives_its_name() {
        let doubtful = Facts { phone: Phone::Unconfirmed, bound: Money(50_000), received: 0, ..facts() };
        assert_eq!(verdict(&doubtful), Verdict::Hold(ReviewHold::PhoneUnconfirmed));
    }
}
