//! What goods cost, from the dock to the customer or the bin.
//!
//! A lot carries its landed cost into stock; what leaves takes its share of what is left, so that a lot that is gone
//! leaves no coin behind. Amounts come from the caller, who knows the weights; [`share`] says how to make them.

use kernel::{
    Base, Currency, CustomerOrderId, EntryId, LotId, Money, Price, Quantity, Round, SiteId, SkuId, Stamp, SupplierId,
    SupplierInvoiceId, split,
};
use store::Tx;

use crate::{Account, Cause, Entry, JournalRefusal, Posting, Sheaf, WasteCause, journal::post_into, post};

/// Goods of one lot and what they cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Goods {
    pub sku: SkuId,
    pub lot: LotId,
    pub cost: Money,
}

/// Where and why costs are booked.
#[derive(Clone, Copy, Debug)]
pub struct Booking {
    pub site: SiteId,
    pub currency: Currency,
    pub cause: Cause,
}

/// A cost of serving one order that is not its goods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderCost {
    Packaging,
    /// Picking and packing minutes at their rate.
    Labour,
    /// The order's share of its route.
    Delivery,
}

impl OrderCost {
    const fn account(self) -> Account {
        match self {
            Self::Packaging => Account::Packaging,
            Self::Labour => Account::Labour,
            Self::Delivery => Account::DeliveryCost,
        }
    }
}

/// The cost of `taken` out of `left` (grams or pieces) of a lot whose stock is worth `value`, half up; the last takes
/// all. Zero when nothing is taken.
pub fn share(value: Money, taken: i64, left: i64) -> Money {
    if taken >= left {
        return value;
    }
    let rest = left.saturating_sub(taken);
    split(value.minor(), &[taken, rest]).first().copied().map_or(Money::ZERO, Money)
}

/// What a quantity costs at a lot's own price; counted goods that were bought by weight cost what their nominal
/// weight costs.
pub fn at_cost(price: Price, quantity: Quantity, nominal_grams: Option<i64>) -> Money {
    let quantity = match (price.base, quantity.grams, nominal_grams) {
        (Base::Weight(_), None, Some(nominal)) => {
            Quantity { grams: quantity.pieces_or_zero().checked_mul(nominal), ..quantity }
        }
        (Base::Weight(_) | Base::Piece, _, _) => quantity,
    };
    price.of(quantity, Round::HalfUp).unwrap_or(Money::ZERO)
}

/// Goods were accepted at the dock: debit goods in stock, credit goods received not invoiced. `None` for goods that
/// cost nothing.
pub async fn goods_received(
    tx: &mut Tx,
    stamp: &Stamp,
    booking: Booking,
    supplier: SupplierId,
    goods: &[Goods],
) -> Result<Option<EntryId>, JournalRefusal> {
    let mut entry = booking.entry("goods received");
    for lot in goods {
        let owed = Posting::credit(Account::GoodsReceivedNotInvoiced, lot.cost).party(supplier);
        entry = entry.with(stock(lot, lot.cost)).with(owed.goods(lot.sku, lot.lot));
    }
    written(tx, stamp, entry).await
}

/// Accepted goods went back to the supplier: the mirror of [`goods_received`].
pub async fn goods_returned(
    tx: &mut Tx,
    stamp: &Stamp,
    booking: Booking,
    supplier: SupplierId,
    goods: &[Goods],
) -> Result<Option<EntryId>, JournalRefusal> {
    let mut entry = booking.entry("goods returned to supplier");
    for lot in goods {
        let owed = Posting::debit(Account::GoodsReceivedNotInvoiced, lot.cost).party(supplier);
        entry = entry.with(owed.goods(lot.sku, lot.lot)).with(stock(lot, -lot.cost));
    }
    written(tx, stamp, entry).await
}

/// Goods that were there before the system was: debit goods in stock, credit opening.
pub async fn goods_opened(
    tx: &mut Tx,
    stamp: &Stamp,
    booking: Booking,
    goods: &[Goods],
) -> Result<Option<EntryId>, JournalRefusal> {
    written(tx, stamp, against(booking.entry("opening stock"), goods, Account::Opening, None, Direction::Into)).await
}

/// Goods left with an order: debit cost of goods sold, credit goods in stock.
pub async fn goods_sold(
    tx: &mut Tx,
    stamp: &Stamp,
    booking: Booking,
    order: CustomerOrderId,
    goods: &[Goods],
) -> Result<Option<EntryId>, JournalRefusal> {
    written(tx, stamp, sold(booking, order, goods)).await
}

/// The same beside what else is written together.
pub async fn goods_sold_into(
    tx: &mut Tx,
    stamp: &Stamp,
    sheaf: &mut Sheaf,
    booking: Booking,
    order: CustomerOrderId,
    goods: &[Goods],
) -> Result<Option<EntryId>, JournalRefusal> {
    let entry = sold(booking, order, goods);
    if entry.postings.is_empty() {
        return Ok(None);
    }
    post_into(tx, stamp, sheaf, entry).await.map(Some)
}

fn sold(booking: Booking, order: CustomerOrderId, goods: &[Goods]) -> Entry {
    let entry = booking.entry("goods sold");
    against(entry, goods, Account::CostOfGoodsSold, Some(order), Direction::OutOf)
}

/// Sold goods came back and an inspector put them into stock again: the mirror of [`goods_sold`].
pub async fn goods_restocked(
    tx: &mut Tx,
    stamp: &Stamp,
    booking: Booking,
    order: CustomerOrderId,
    goods: &[Goods],
) -> Result<Option<EntryId>, JournalRefusal> {
    let entry = booking.entry("goods restocked");
    written(tx, stamp, against(entry, goods, Account::CostOfGoodsSold, Some(order), Direction::Into)).await
}

/// Goods were lost: debit waste by cause, credit goods in stock.
pub async fn waste(
    tx: &mut Tx,
    stamp: &Stamp,
    booking: Booking,
    cause: WasteCause,
    goods: &[Goods],
) -> Result<Option<EntryId>, JournalRefusal> {
    written(tx, stamp, against(booking.entry("waste"), goods, Account::Waste(cause), None, Direction::OutOf)).await
}

/// A count found more than the book had: debit goods in stock, credit unexplained waste.
pub async fn found(
    tx: &mut Tx,
    stamp: &Stamp,
    booking: Booking,
    goods: &[Goods],
) -> Result<Option<EntryId>, JournalRefusal> {
    let account = Account::Waste(WasteCause::Unexplained);
    written(tx, stamp, against(booking.entry("found in a count"), goods, account, None, Direction::Into)).await
}

/// A supplier's invoice was matched: what was received becomes payable, a price difference is a variance.
pub async fn supplier_invoiced(
    tx: &mut Tx,
    stamp: &Stamp,
    booking: Booking,
    supplier: SupplierId,
    invoice: SupplierInvoiceId,
    amounts: SupplierAmounts,
) -> Result<Option<EntryId>, JournalRefusal> {
    let SupplierAmounts { received, net, tax } = amounts;
    let entry = booking
        .entry(&format!("supplier invoice {invoice}"))
        .with(Posting::debit(Account::GoodsReceivedNotInvoiced, received).party(supplier))
        .with(Posting::debit(Account::PurchaseVariance, net - received).party(supplier))
        .with(Posting::debit(Account::InputTax, tax).party(supplier))
        .with(Posting::credit(Account::SupplierPayable, net + tax).party(supplier));
    written(tx, stamp, entry).await
}

/// What a supplier's invoice says against what was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SupplierAmounts {
    /// What the receipts that it matches were booked at.
    pub received: Money,
    /// What it asks for, without tax.
    pub net: Money,
    pub tax: Money,
}

/// Serving an order cost something: debit the cost with the order on it, credit accrued costs.
pub async fn cost_of_order(
    tx: &mut Tx,
    stamp: &Stamp,
    booking: Booking,
    order: CustomerOrderId,
    costs: &[(OrderCost, Money)],
) -> Result<Option<EntryId>, JournalRefusal> {
    let total: Money = costs.iter().map(|(_, amount)| *amount).sum();
    let mut entry = booking.entry("cost of order");
    for (cost, amount) in costs {
        entry = entry.with(Posting::debit(cost.account(), *amount).order(order));
    }
    written(tx, stamp, entry.with(Posting::credit(Account::AccruedCosts, total))).await
}

#[derive(Clone, Copy)]
enum Direction {
    Into,
    OutOf,
}

fn against(
    mut entry: Entry,
    goods: &[Goods],
    account: Account,
    order: Option<CustomerOrderId>,
    direction: Direction,
) -> Entry {
    for lot in goods {
        let into_stock = match direction {
            Direction::Into => lot.cost,
            Direction::OutOf => -lot.cost,
        };
        let mut other = Posting::credit(account, into_stock).goods(lot.sku, lot.lot);
        other.order = order;
        entry = entry.with(other).with(stock(lot, into_stock));
    }
    entry
}

fn stock(goods: &Goods, amount: Money) -> Posting {
    Posting::debit(Account::GoodsInStock, amount).goods(goods.sku, goods.lot)
}

async fn written(tx: &mut Tx, stamp: &Stamp, entry: Entry) -> Result<Option<EntryId>, JournalRefusal> {
    if entry.postings.is_empty() {
        return Ok(None);
    }
    post(tx, stamp, &entry).await.map(Some)
}

impl Booking {
    fn entry(self, memo: &str) -> Entry {
        Entry::new(self.site, self.currency, self.cause, memo)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Money, share};

    #[test]
    fn the_last_gram_takes_the_last_coin() {
        assert_eq!(share(Money(100), 333, 1_000), Money(33));
        assert_eq!(share(Money(67), 667, 667), Money(67));
        assert_eq!(share(Money(100), 0, 1_000), Money(0));
        assert_eq!(share(Money(0), 5, 10), Money(0));
    }

    proptest! {
        #[test]
        fn a_lot_that_is_sold_out_leaves_nothing(value in 0_i64..1_000_000, takes in proptest::collection::vec(1_i64..500, 1..30)) {
            let mut left: i64 = takes.iter().sum();
            let mut worth = Money(value);
            for taken in takes {
                let cost = share(worth, taken, left);
                prop_assert!(cost >= Money::ZERO && cost <= worth);
                worth -= cost;
                left -= taken;
            }
            prop_assert_eq!(worth, Money::ZERO);
        }
    }
}
