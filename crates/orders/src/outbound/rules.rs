//! What is paid for what was sent. Pure.

use std::collections::BTreeMap;

use catalog::TaxClass;
use kernel::{Exactness, LotId, Measure, Money, OrderLineId, Price, Quantity, Round, SkuId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::order::codes;

/// Why less was sent than was ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SentShortReason)]
pub enum ShortReason {
    /// No usable stock was left when lots were bound.
    NoStock,
    /// The shelf was empty although the book said otherwise.
    NotFound,
    Damaged,
    Expired,
    /// A quality decision is open on the lot.
    Blocked,
    /// What was there was too far from the ordered weight.
    OutOfTolerance,
}

codes!(ShortReason {
    NoStock = "no_stock",
    NotFound = "not_found",
    Damaged = "damaged",
    Expired = "expired",
    Blocked = "blocked",
    OutOfTolerance = "out_of_tolerance",
});

/// What one line was promised for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    pub order_line: OrderLineId,
    pub sku: SkuId,
    pub measure: Measure,
    pub ordered: Quantity,
    pub estimated: Quantity,
    pub price: Price,
    pub tax: TaxClass,
    /// The amount for the estimate.
    pub expected: Money,
    /// The most that may be charged for the line.
    pub bound: Money,
}

/// What the warehouse put into the parcels for one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Sent {
    pub order_line: OrderLineId,
    pub quantity: Quantity,
    pub lots: Vec<(LotId, Quantity)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short: Option<ShortReason>,
}

/// Why a line's amount is not what was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Difference {
    /// As estimated, to the last unit.
    None,
    /// The scale said less than the estimate 多退.
    Lighter,
    /// The scale said more, within the authorised bound 少補.
    Heavier,
    /// The scale said more than the bound covers; the excess is the shop's cost.
    Capped,
    /// Part or all of the line was not there.
    Short,
}

codes!(Difference {
    None = "none",
    Lighter = "lighter",
    Heavier = "heavier",
    Capped = "capped",
    Short = "short",
});

/// One line of a settlement sheet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SettledLine {
    pub order_line: OrderLineId,
    pub sku: SkuId,
    pub ordered: Quantity,
    pub estimated: Quantity,
    /// What the scale and the hand said.
    pub actual: Quantity,
    pub price: Price,
    pub tax: TaxClass,
    /// The amount for the estimate.
    pub expected: Money,
    /// price × actual, rounded once: what the goods are worth on the invoice.
    pub goods: Money,
    /// What is charged: the same, but never above the bound.
    pub amount: Money,
    pub bound: Money,
    /// `expected − amount`: positive comes back to the customer, negative is paid extra.
    pub refund: Money,
    pub difference: Difference,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub short: Option<ShortReason>,
}

/// What an order comes to, line by line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Settlement {
    pub lines: Vec<SettledLine>,
    /// Σ of the lines' amounts: what is captured and invoiced.
    pub amount: Money,
    pub expected: Money,
    /// What was authorised.
    pub bound: Money,
    /// `bound − amount`: let go again.
    pub let_go: Money,
    /// `expected − amount`.
    pub refund: Money,
}

/// Why what the warehouse reports cannot be settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettleRefusal {
    #[error("line {line} is not of this order, or is reported twice")]
    UnknownLine { line: OrderLineId },
    #[error("nothing is reported about line {line}")]
    MissingLine { line: OrderLineId },
    #[error("line {line} was ordered as {ordered}, {sent} is more")]
    MoreThanOrdered { line: OrderLineId, ordered: Quantity, sent: Quantity },
    #[error("line {line} is not weighed")]
    NotWeighed { line: OrderLineId },
    #[error("the lots of line {line} add up to {lots}, the line to {sent}")]
    LotsDisagree { line: OrderLineId, lots: Quantity, sent: Quantity },
    #[error("line {line} is short without a reason")]
    ShortUnexplained { line: OrderLineId },
    #[error("the amount of line {line} is beyond all bounds")]
    TooLarge { line: OrderLineId },
}

/// Settles what was sent against what was due. Charges for exactly the grams and pieces that were sent, line by line,
/// and never more than a line's bound.
pub fn settle(due: &[Due], sent: &[Sent]) -> Result<Settlement, SettleRefusal> {
    let mut reported = BTreeMap::new();
    for line in sent {
        let known = due.iter().any(|due| due.order_line == line.order_line);
        if !known || reported.insert(line.order_line, line).is_some() {
            return Err(SettleRefusal::UnknownLine { line: line.order_line });
        }
    }
    let mut lines = Vec::with_capacity(due.len());
    for due in due {
        let Some(sent) = reported.get(&due.order_line) else {
            return Err(SettleRefusal::MissingLine { line: due.order_line });
        };
        lines.push(settle_line(due, sent)?);
    }
    let sum = |of: fn(&SettledLine) -> Money| lines.iter().map(of).sum::<Money>();
    let (amount, expected, bound) = (sum(|line| line.amount), sum(|line| line.expected), sum(|line| line.bound));
    Ok(Settlement { lines, amount, expected, bound, let_go: bound - amount, refund: expected - amount })
}

fn settle_line(due: &Due, sent: &Sent) -> Result<SettledLine, SettleRefusal> {
    let line = due.order_line;
    let actual = sent.quantity;
    check(due, sent)?;
    let charged = due.price.of(actual, Round::HalfUp).ok_or(SettleRefusal::TooLarge { line })?;
    let amount = charged.min(due.bound);
    let difference = if sent.short.is_some() {
        Difference::Short
    } else if charged > due.bound {
        Difference::Capped
    } else {
        match amount.cmp(&due.expected) {
            std::cmp::Ordering::Less => Difference::Lighter,
            std::cmp::Ordering::Equal => Difference::None,
            std::cmp::Ordering::Greater => Difference::Heavier,
        }
    };
    Ok(SettledLine {
        order_line: line,
        sku: due.sku,
        ordered: due.ordered,
        estimated: due.estimated,
        actual,
        price: due.price,
        tax: due.tax,
        expected: due.expected,
        goods: charged,
        amount,
        bound: due.bound,
        refund: due.expected - amount,
        difference,
        short: sent.short,
    })
}

fn check(due: &Due, sent: &Sent) -> Result<(), SettleRefusal> {
    let (line, actual) = (due.order_line, sent.quantity);
    let too_large = SettleRefusal::TooLarge { line };
    let lots = Quantity::sum(sent.lots.iter().map(|(_, quantity)| *quantity)).ok_or(too_large)?;
    let same = (lots.pieces_or_zero(), lots.grams_or_zero()) == (actual.pieces_or_zero(), actual.grams_or_zero());
    if !same || actual.is_negative() {
        return Err(SettleRefusal::LotsDisagree { line, lots, sent: actual });
    }
    let less = match due.measure {
        Measure::Counted | Measure::CatchWeight => {
            if actual.pieces_or_zero() > due.ordered.pieces_or_zero() {
                return Err(SettleRefusal::MoreThanOrdered { line, ordered: due.ordered, sent: actual });
            }
            actual.pieces_or_zero() < due.ordered.pieces_or_zero()
        }
        // Loose goods are never cut to the gram; only an empty bag is short by itself.
        Measure::Weighed => actual.is_nothing(),
    };
    if less && sent.short.is_none() {
        return Err(SettleRefusal::ShortUnexplained { line });
    }
    let weighed = match due.measure {
        Measure::Counted => true,
        Measure::Weighed | Measure::CatchWeight => {
            actual.is_nothing() || (actual.exactness == Exactness::Exact && actual.grams.is_some_and(|grams| grams > 0))
        }
    };
    if weighed { Ok(()) } else { Err(SettleRefusal::NotWeighed { line }) }
}
