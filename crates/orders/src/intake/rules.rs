//! What a customer asks for, and what it may come to. Pure.

use catalog::{Priced, Sku};
use edge::{Problem, parse};
use kernel::{AddressId, CustomerId, Instant, Measure, Money, Quantity, Ratio, Round, SkuId, Window};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::order::{AmountRange, LINES_MAX, Substitution};

/// Providers' tokens are short.
const TOKEN_MAX: usize = 200;
const NOTE_MAX: usize = 500;
/// The most of one SKU in one order: a tonne, or ten thousand pieces, is a supplier's business.
pub const PIECES_MAX: i64 = 10_000;
pub const GRAMS_MAX: i64 = 1_000_000;

/// An order as somebody writes it down.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrder {
    /// For whom; only the order desk says so, a customer orders for themselves.
    #[serde(default)]
    pub customer: Option<CustomerId>,
    /// One of the customer's addresses.
    pub address: AddressId,
    /// Start and end of a delivery window that the shop offers.
    pub window: Window,
    #[schema(min_items = 1, max_items = 100)]
    pub lines: Vec<NewLine>,
    /// What the customer's wallet or the provider's form gave.
    #[schema(min_length = 1, max_length = 200)]
    pub payment_token: String,
    #[serde(default)]
    #[schema(max_length = 500)]
    pub note: String,
}

/// One line as somebody writes it down.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLine {
    pub sku: SkuId,
    /// Pieces of what is sold by the piece, grams of loose goods.
    pub quantity: Quantity,
    #[serde(default)]
    pub substitution: Substitution,
}

impl NewOrder {
    /// Checks the bounds and adds up lines of the same SKU.
    pub fn parse(mut self) -> Result<Self, Problem> {
        parse::count("lines", &self.lines, 1, LINES_MAX)?;
        self.note = parse::text("note", &self.note, 0, NOTE_MAX)?;
        let plain = self.payment_token.bytes().all(|byte| byte.is_ascii_graphic());
        if self.payment_token.is_empty() || self.payment_token.len() > TOKEN_MAX || !plain {
            return Err(Problem::invalid("payment_token", "1 to 200 plain characters belong here"));
        }
        let mut merged: Vec<NewLine> = Vec::with_capacity(self.lines.len());
        for (at, line) in self.lines.iter().enumerate() {
            let field = format!("lines/{at}/quantity");
            parse::quantity(&field, line.quantity)?;
            match merged.iter_mut().find(|known| known.sku == line.sku) {
                Some(known) => {
                    let sum = known.quantity.plus(line.quantity);
                    known.quantity = sum.ok_or_else(|| Problem::invalid(&field, "too much"))?;
                }
                None => merged.push(*line),
            }
        }
        self.lines = merged;
        Ok(self)
    }
}

/// Why a line cannot be ordered as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineFault {
    /// Ordered in the dimension that the SKU is not sold in.
    WrongMeasure {
        measure: Measure,
    },
    TooMuch {
        most: i64,
    },
}

/// The quantity that the SKU is ordered in, and nothing beside it: pieces, or grams of loose goods.
pub fn ordered(measure: Measure, quantity: Quantity) -> Result<Quantity, LineFault> {
    let (asked, most) = match (measure, quantity.pieces, quantity.grams) {
        (Measure::Counted | Measure::CatchWeight, Some(pieces), None | Some(0)) if pieces > 0 => {
            (Quantity::pieces(pieces), PIECES_MAX)
        }
        (Measure::Weighed, None | Some(0), Some(grams)) if grams > 0 => (Quantity::grams(grams), GRAMS_MAX),
        (Measure::Counted | Measure::CatchWeight | Measure::Weighed, _, _) => {
            return Err(LineFault::WrongMeasure { measure });
        }
    };
    if measure.promised(asked) > most { Err(LineFault::TooMuch { most }) } else { Ok(asked) }
}

/// What a line is estimated to weigh and to cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    pub quantity: Quantity,
    pub range: AmountRange,
}

/// The estimate of a line: the nominal weight, and the amounts that tolerance allows below and above it. The bound is
/// rounded up and the rest is not, so that whatever the scale says within tolerance stays below the bound.
/// `None` when it is beyond all numbers.
pub fn estimate(sku: &Sku, priced: Priced, ordered: Quantity) -> Option<Estimate> {
    let quantity = sku.estimate(ordered)?;
    let lightest = lower_bound(sku, quantity)?;
    let heaviest = sku.upper_bound(quantity)?;
    let range = AmountRange {
        low: priced.price.of(lightest, Round::Down)?,
        expected: priced.price.of(quantity, Round::HalfUp)?,
        bound: priced.price.of(heaviest, Round::Up)?,
    };
    (range.bound <= Money::MAX).then_some(Estimate { quantity, range })
}

/// The least that a weight may become within tolerance.
fn lower_bound(sku: &Sku, quantity: Quantity) -> Option<Quantity> {
    let grams = match (sku.measure, quantity.grams) {
        (Measure::Weighed | Measure::CatchWeight, Some(grams)) => {
            let kept = 10_000_i64.checked_sub(sku.tolerance_bp)?;
            Some(Ratio::new(kept, 10_000)?.times(grams, Round::Down)?)
        }
        (Measure::Counted, grams) | (_, grams @ None) => grams,
    };
    Some(Quantity { grams, ..quantity })
}

/// The sum of the lines' ranges.
pub fn sum<'a>(ranges: impl IntoIterator<Item = &'a AmountRange>) -> AmountRange {
    let mut total = AmountRange::default();
    for range in ranges {
        total.low += range.low;
        total.expected += range.expected;
        total.bound += range.bound;
    }
    total
}

/// An order that nobody pays for is given up after so long.
pub const UNPAID_MINUTES: i64 = 15;

/// Until when the stock of an unpaid order is kept.
pub const fn unpaid_until(placed_at: Instant) -> Instant {
    placed_at.plus_minutes(UNPAID_MINUTES)
}
