//! The three papers of a purchase order's lines, added up over all trucks and all invoices.

use std::collections::BTreeMap;

use ::store::Tx;
use catalog::Sku;
use kernel::{Currency, Money, Price, PurchaseOrderLineId, Ratio, Round};

use super::{
    ReceivingRefusal, SupplierInvoiceState, store,
    three_way::{self, Tolerances, Variance},
};
use crate::contracts::{PurchaseOrder, PurchaseOrderLine};

/// What order, receipts and invoices say about one line of an order, all of them together.
pub(super) struct Paper {
    price: Price,
    ordered: i64,
    tolerances: Tolerances,
    /// What was accepted, with and without a cut.
    accepted: i64,
    /// What was accepted, each gram counted by the share of its price that is owed; ten thousand for a full one.
    accepted_bp: i128,
    /// What the receipts were booked at.
    worth: Money,
    /// Invoiced so far, every booked invoice included.
    invoiced: i64,
    /// What approved invoices have settled, and cleared of the bookings.
    settled: i64,
    cleared: Money,
}

/// Money in ten-thousandths of the minor unit, so that a price cut loses nothing before the comparison.
const FINE: i64 = 10_000;

impl Paper {
    /// What strays when the line is invoiced at this price.
    pub(super) fn compare(&self, asked: Price) -> Result<Vec<Variance>, ReceivingRefusal> {
        let fine = |price: Price| {
            let minor = price.money.minor().checked_mul(FINE).ok_or(ReceivingRefusal::TooMuchMoney)?;
            Ok::<_, ReceivingRefusal>(Price { money: Money(minor), ..price })
        };
        let tolerances = Tolerances {
            price_over: Money(self.tolerances.price_over.minor() * FINE),
            price_under_told: Money(self.tolerances.price_under_told.minor() * FINE),
            ..self.tolerances
        };
        let papers = three_way::Line {
            ordered: self.ordered,
            order_price: self.agreed()?,
            accepted: self.accepted,
            invoiced: self.invoiced,
            invoice_price: fine(asked)?,
        };
        Ok(three_way::compare(papers, tolerances))
    }

    /// The price that is owed on average: a tenth of the load at a tenth less is one percent less for all of it.
    fn agreed(&self) -> Result<Price, ReceivingRefusal> {
        let money = i128::from(self.price.money.minor());
        let fine = match self.accepted {
            0 => money * i128::from(FINE),
            accepted => money * self.accepted_bp / i128::from(accepted),
        };
        let money = i64::try_from(fine).map_err(|_| ReceivingRefusal::TooMuchMoney)?;
        Ok(Price { money: Money(money), ..self.price })
    }

    /// Whether all that was accepted is invoiced, this amount included.
    pub(super) const fn is_settled_with(&self, amount: i64) -> bool {
        self.settled + amount >= self.accepted
    }

    /// How much of the bookings an amount clears: its share of what is left, all of it with the last.
    pub(super) fn clears(&self, amount: i64) -> Money {
        let (open, left) = (self.worth - self.cleared, self.accepted - self.settled);
        if amount >= left {
            return open;
        }
        let share = Ratio::new(amount, left).and_then(|share| share.times(open.minor(), Round::HalfUp));
        share.map_or(open, Money)
    }
}

/// Half a hundred of the currency's own units, and what else is customary.
fn tolerances(currency: Currency, over_receipt_bp: i64) -> Tolerances {
    let customary = Tolerances::default();
    let unit = 10_i64.saturating_pow(currency.exponent());
    Tolerances {
        price_over: Money(customary.price_over.minor() * unit),
        price_under_told: Money(customary.price_under_told.minor() * unit),
        over_receipt_bp,
        ..customary
    }
}

/// The papers of every line of an order.
pub(super) async fn papers(
    tx: &mut Tx,
    order: &PurchaseOrder,
) -> Result<BTreeMap<PurchaseOrderLineId, Paper>, ReceivingRefusal> {
    let mut papers = BTreeMap::new();
    for line in &order.lines {
        let sku = catalog::sku(tx, line.sku).await?;
        papers.insert(line.id, paper(tx, order.head.currency, line, &sku).await?);
    }
    Ok(papers)
}

async fn paper(
    tx: &mut Tx,
    currency: Currency,
    line: &PurchaseOrderLine,
    sku: &Sku,
) -> Result<Paper, ReceivingRefusal> {
    let mut paper = Paper {
        price: line.price,
        ordered: sku.measure.priced(line.quantity),
        tolerances: tolerances(currency, line.terms.over_receipt_bp),
        accepted: 0,
        accepted_bp: 0,
        worth: Money::ZERO,
        invoiced: 0,
        settled: 0,
        cleared: Money::ZERO,
    };
    for part in store::parts_of_order_line(tx, line.id).await? {
        if part.stands().is_taken() {
            let amount = sku.measure.priced(part.quantity);
            paper.accepted += amount;
            paper.accepted_bp += i128::from(amount) * i128::from(10_000 - part.cut_bp);
            paper.worth += part.worth;
        }
    }
    for (amount, cleared, state) in store::invoiced_of_order_line(tx, line.id).await? {
        match state {
            SupplierInvoiceState::Withdrawn => {}
            SupplierInvoiceState::Blocked => paper.invoiced += amount,
            SupplierInvoiceState::Approved | SupplierInvoiceState::Paid => {
                paper.invoiced += amount;
                paper.settled += amount;
                paper.cleared += cleared;
            }
        }
    }
    Ok(paper)
}

#[cfg(test)]
mod tests {
    use kernel::Unit;
    use proptest::prelude::*;

    use super::*;

    fn paper(accepted: i64, accepted_bp: i128, invoiced: i64) -> Paper {
        Paper {
            price: Price::per(Unit::Kilogram, Money(100)),
            ordered: 100_000,
            tolerances: tolerances(Currency::Twd, 500),
            accepted,
            accepted_bp,
            worth: Money::ZERO,
            invoiced,
            settled: 0,
            cleared: Money::ZERO,
        }
    }

    fn asked(money: i64) -> Price {
        Price::per(Unit::Kilogram, Money(money))
    }

    #[test]
    fn a_price_cut_that_the_invoice_forgets_is_a_price_above_the_order() {
        // A fifth of the load at a cut of 15 %: 97 is owed on average, 100 is 3 % too much.
        let paper = paper(100_000, i128::from(80_000 * 10_000_i64 + 20_000 * 8_500), 100_000);
        assert_eq!(paper.compare(asked(100)).unwrap(), [Variance::PriceAboveOrder]);
        assert_eq!(paper.compare(asked(97)).unwrap(), []);
    }

    #[test]
    fn an_invoice_for_what_never_came_is_blocked() {
        assert_eq!(paper(0, 0, 5_000).compare(asked(100)).unwrap(), [Variance::NothingReceived]);
        let short = paper(98_000, 98_000 * 10_000, 100_000);
        assert_eq!(short.compare(asked(100)).unwrap(), [Variance::QuantityAboveReceipt]);
    }

    proptest! {
        /// However an order is invoiced, in whatever parts: the last gram clears the last coin of its bookings.
        #[test]
        fn the_last_gram_clears_the_last_coin(
            worth in 0_i64..1_000_000, parts in proptest::collection::vec(1_i64..50_000, 1..9),
        ) {
            let mut paper = Paper { worth: Money(worth), ..paper(parts.iter().sum(), 0, 0) };
            for part in parts {
                let cleared = paper.clears(part);
                prop_assert!(cleared >= Money::ZERO && cleared <= paper.worth - paper.cleared);
                paper.settled += part;
                paper.cleared += cleared;
            }
            prop_assert_eq!(paper.cleared, paper.worth);
        }
    }
}
