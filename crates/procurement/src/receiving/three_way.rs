//! May this supplier invoice be paid? Order, receipt and invoice are held against each other, line by line.
//!
//! Only what was accepted is paid for, at the ordered price; what strays further than the tolerances blocks the line
//! under its reason, and a person who did not enter the invoice releases it.

use kernel::{Money, Price, Quantity, Round};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How far an invoice may stray. Both limits of a pair must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Tolerances {
    /// PP: the over-price of a whole line, in minor units …
    pub price_over: Money,
    /// … and of one unit, in basis points of the ordered price.
    pub price_over_bp: i64,
    /// An under-price of a line above this is told to the buyer, who may have missed a credit; it blocks nothing.
    pub price_under_told: Money,
    /// More may arrive than was ordered, up to this many basis points.
    pub over_receipt_bp: i64,
}

impl Default for Tolerances {
    /// The defaults of the trade for a currency without cents; a site's profile sets its own.
    fn default() -> Self {
        Self { price_over: Money(50), price_over_bp: 200, price_under_told: Money(200), over_receipt_bp: 500 }
    }
}

/// One line as three papers tell it. Amounts are in the unit that the line is priced by: pieces or grams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    pub ordered: i64,
    pub order_price: Price,
    /// Accepted so far, over all partial receipts.
    pub accepted: i64,
    /// Invoiced so far, this invoice included.
    pub invoiced: i64,
    pub invoice_price: Price,
}

/// What keeps a line from being paid, or is worth a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = InvoiceVariance)]
pub enum Variance {
    /// More arrived than the tolerance allows: the receipt needs approval.
    OverReceipt,
    /// DW: invoiced before anything was received.
    NothingReceived,
    /// DQ: more invoiced than accepted.
    QuantityAboveReceipt,
    /// PP: dearer than ordered.
    PriceAboveOrder,
    /// Cheaper than ordered by more than a slip.
    PriceBelowOrder,
}

impl Variance {
    pub const fn code(self) -> &'static str {
        match self {
            Self::OverReceipt => "over_receipt",
            Self::NothingReceived => "nothing_received",
            Self::QuantityAboveReceipt => "quantity_above_receipt",
            Self::PriceAboveOrder => "price_above_order",
            Self::PriceBelowOrder => "price_below_order",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        [
            Self::OverReceipt,
            Self::NothingReceived,
            Self::QuantityAboveReceipt,
            Self::PriceAboveOrder,
            Self::PriceBelowOrder,
        ]
        .into_iter()
        .find(|known| known.code() == code)
    }

    /// Whether the line waits for somebody before it is paid.
    pub const fn blocks(self) -> bool {
        match self {
            Self::OverReceipt | Self::NothingReceived | Self::QuantityAboveReceipt | Self::PriceAboveOrder => true,
            Self::PriceBelowOrder => false,
        }
    }
}

store::coded!(Variance);

/// Holds the three papers of one line against each other. Prices must share one base.
pub fn compare(line: Line, tolerances: Tolerances) -> Vec<Variance> {
    let mut variances = Vec::new();
    if i128::from(line.accepted) * 10_000 > i128::from(line.ordered) * i128::from(10_000 + tolerances.over_receipt_bp) {
        variances.push(Variance::OverReceipt);
    }
    if line.invoiced == 0 {
        return variances;
    }
    if line.accepted == 0 {
        variances.push(Variance::NothingReceived);
    } else if line.invoiced > line.accepted {
        variances.push(Variance::QuantityAboveReceipt);
    }
    let over = line.invoice_price.money - line.order_price.money;
    let value = amount(line.invoiced, Price { money: over, ..line.order_price });
    let over_bp = i128::from(over.minor()) * 10_000;
    if value > tolerances.price_over
        || over_bp > i128::from(line.order_price.money.minor()) * i128::from(tolerances.price_over_bp)
    {
        variances.push(Variance::PriceAboveOrder);
    }
    if -value > tolerances.price_under_told {
        variances.push(Variance::PriceBelowOrder);
    }
    variances
}

/// `number` of what the price counts, at that price.
fn amount(number: i64, price: Price) -> Money {
    let quantity = match price.base {
        kernel::Base::Piece => Quantity::pieces(number),
        kernel::Base::Weight(_) => Quantity::grams(number),
    };
    // A line that leaves 64 bits is above every tolerance.
    price.of(quantity, Round::HalfUp).unwrap_or(Money(i64::MAX))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use serde_json::Value;

    use super::*;

    /// The tolerances of the vectors: 50.00 and 2 %, over-receipt 5 %, under-price told above 200.00; in cents.
    const CENTS: Tolerances = Tolerances {
        price_over: Money(5_000),
        price_over_bp: 200,
        price_under_told: Money(20_000),
        over_receipt_bp: 500,
    };

    fn line(ordered: i64, price: i64, accepted: i64, invoiced: i64, invoice_price: i64) -> Line {
        let per_piece = |minor| Price::per_piece(Money(minor));
        Line { ordered, order_price: per_piece(price), accepted, invoiced, invoice_price: per_piece(invoice_price) }
    }

    #[test]
    fn only_what_was_accepted_is_paid_for() {
        assert_eq!(compare(line(100, 1000, 98, 100, 1020), CENTS), [Variance::QuantityAboveReceipt]);
        assert_eq!(compare(line(100, 1000, 98, 98, 1020), CENTS), []);
    }

    #[test]
    fn a_dearer_invoice_is_blocked_by_share_or_by_sum() {
        assert_eq!(compare(line(100, 1000, 98, 98, 1021), CENTS), [Variance::PriceAboveOrder]);
        assert_eq!(compare(line(1000, 1000, 1000, 1000, 1006), CENTS), [Variance::PriceAboveOrder]);
    }

    #[test]
    fn an_invoice_before_the_goods_waits_for_them() {
        assert_eq!(compare(line(100, 1000, 0, 100, 1000), CENTS), [Variance::NothingReceived]);
    }

    #[test]
    fn a_little_more_may_arrive_than_was_ordered() {
        assert_eq!(compare(line(100, 1000, 105, 105, 1000), CENTS), []);
        assert_eq!(compare(line(100, 1000, 106, 0, 1000), CENTS), [Variance::OverReceipt]);
    }

    #[test]
    fn every_vector_of_the_oracle_is_met() {
        let Ok(folder) = std::env::var("FRESHET_TEST_DATA") else {
            println!("skipped: no data");
            return;
        };
        let file = PathBuf::from(folder).join("approvals/three_way_vectors.json");
        let vectors: Value = serde_json::from_str(&std::fs::read_to_string(file).expect("readable")).expect("JSON");
        for case in vectors["cases"].as_array().expect("cases") {
            let number = |name: &str| case[name].as_i64().expect("a number");
            let papers =
                line(number("po_qty"), number("po_price"), number("gr_qty"), number("inv_qty"), number("inv_price"));
            let found: Vec<&str> = compare(papers, CENTS)
                .into_iter()
                .map(|variance| match variance {
                    Variance::OverReceipt => "OVER_RECEIPT_APPROVAL",
                    Variance::NothingReceived => "DW",
                    Variance::QuantityAboveReceipt => "DQ",
                    Variance::PriceAboveOrder => "PP",
                    Variance::PriceBelowOrder => "PP_LOW_WARN",
                })
                .collect();
            let expected: Vec<&str> =
                case["expect"].as_array().expect("verdicts").iter().filter_map(Value::as_str).collect();
            let expected = if expected == ["PASS"] { Vec::new() } else { expected };
            assert_eq!(found, expected, "{case}");
        }
    }
}
