//! Sending: the goods leave with their invoice, and arrive.

use std::collections::BTreeMap;

use ::store::Tx;
use accounts::{
    Sheaf,
    costing::{self, Booking, Goods},
    invoices::{Buyer, LineKind, NewInvoice, NewLine, issue_into, live_numbers},
    journal,
};
use catalog::{CatalogRefusal, Sku};
use events::Object;
use kernel::{CustomerOrderId, InvoiceId, LotId, Money, Quantity, Round, SkuId, Stamp};
use ledger::{LedgerRefusal, Lot};

use super::{
    OutboundRefusal,
    close::cause,
    events::{OrderDispatched, OrderHandedOver},
};
use crate::{
    notices::Template,
    order::{
        CustomerOrder, LotsByLine, OrderLine, OrderRefusal, SentLine, lines_of_all, lock, lock_all, lots_of_all, save,
        tell_customer, touched,
    },
    people, review,
};

/// The goods of these orders leave: each has its invoice issued for exactly the grams that were sent, and their cost
/// booked. What all of them must know is asked once, so that a full vehicle asks hardly more than a single order.
pub async fn dispatch(
    tx: &mut Tx,
    stamp: &Stamp,
    orders: &[CustomerOrderId],
) -> Result<Vec<InvoiceId>, OutboundRefusal> {
    let mut leaving = Leaving::of(tx, orders).await?;
    let mut invoices = Vec::with_capacity(orders.len());
    for order in orders {
        invoices.push(send_off(tx, stamp, *order, &mut leaving).await?);
    }
    leaving.books.write(tx, stamp).await?;
    Ok(invoices)
}

async fn send_off(
    tx: &mut Tx,
    stamp: &Stamp,
    order: CustomerOrderId,
    leaving: &mut Leaving,
) -> Result<InvoiceId, OutboundRefusal> {
    let parting = leaving.orders.remove(&order).ok_or(OrderRefusal::NoSuchOrder { order })?;
    let Parting { mut order, lines, taken, buyer, invoiced } = parting;
    // Asked before the invoice takes its number.
    let settled = order.state.ready_to_dispatch()?;
    let invoice = NewInvoice {
        site: order.site,
        order: order.id,
        customer: order.customer,
        cause: accounts::Cause::of(settled.note),
        lines: invoice_lines(&order, &lines, &leaving.skus)?,
        buyer,
    };
    let issued = issue_into(tx, stamp, &mut leaving.books, invoice, invoiced).await?;
    book_cost(tx, stamp, &order, &taken, leaving).await?;
    let next = order.state.dispatch(issued.invoice)?;
    save(tx, stamp, &mut order, next).await?;
    let site = catalog::site(tx, order.site).await?;
    let eta = match order.eta {
        Some(eta) => review::moment(&site, eta),
        None => review::span_of(&site, &order),
    };
    tell_customer(tx, stamp, &order, Template::OrderOnTheWay, [("eta", eta)]).await?;
    let body = OrderDispatched { number: order.number.clone(), invoice: issued.invoice, amount: settled.amount };
    let mut objects = touched(&order).to_vec();
    objects.push(Object::of(issued.invoice));
    ::events::tell(tx, stamp, Object::of(order.id), &objects, &body).await?;
    Ok(issued.invoice)
}

/// The goods are in the customer's hands.
pub async fn hand_over(tx: &mut Tx, stamp: &Stamp, order: CustomerOrderId) -> Result<(), OutboundRefusal> {
    let mut order = lock(tx, order).await?;
    let next = order.state.hand_over()?;
    save(tx, stamp, &mut order, next).await?;
    let amount = order.state.settled().map_or(Money::ZERO, |settled| settled.amount).display(order.currency);
    tell_customer(tx, stamp, &order, Template::OrderDeliveredRate, [("amount", amount)]).await?;
    let in_window = i64::from(order.window.contains(stamp.at));
    let body = OrderHandedOver { number: order.number.clone(), in_window };
    ::events::tell(tx, stamp, Object::of(order.id), &touched(&order), &body).await?;
    Ok(())
}

/// Goods lines show the scale's grams at their full price; what the bound does not cover is taken off in a line of
/// its own, so that nobody has to explain a weight that does not match its price.
fn invoice_lines(
    order: &CustomerOrder,
    lines: &[OrderLine],
    skus: &BTreeMap<SkuId, Sku>,
) -> Result<Vec<NewLine>, OutboundRefusal> {
    let mut written = Vec::with_capacity(lines.len());
    for line in lines {
        let Some(sent) = sent(line) else { continue };
        let sku = skus.get(&line.sku).ok_or(CatalogRefusal::NoSuchSku)?;
        let name = sku.names.in_lang(order.lang).to_owned();
        let goods = line.price.of(sent.quantity, Round::HalfUp).unwrap_or(sent.amount);
        let own = |kind, gross, name| NewLine {
            kind,
            order_line: Some(line.id),
            sku: Some(line.sku),
            name,
            quantity: sent.quantity,
            price: line.price,
            gross,
            class: line.tax,
        };
        let excess = sent.amount - goods;
        written.push(own(LineKind::Goods, goods, name.clone()));
        if excess.is_negative() {
            written.push(NewLine {
                order_line: None,
                quantity: Quantity::NONE,
                ..own(LineKind::Discount, excess, name)
            });
        }
    }
    Ok(written)
}

/// What of a line is on board; `None` when it came to nothing.
fn sent(line: &OrderLine) -> Option<SentLine> {
    line.sent.filter(|sent| !sent.quantity.is_nothing())
}

/// What the goods have cost, by lot: the lot's own price for what was taken, never more than the lot is still worth.
async fn book_cost(
    tx: &mut Tx,
    stamp: &Stamp,
    order: &CustomerOrder,
    taken: &BTreeMap<LotId, Quantity>,
    leaving: &mut Leaving,
) -> Result<(), OutboundRefusal> {
    let mut goods = Vec::with_capacity(taken.len());
    for (id, quantity) in taken {
        let lot = leaving.lots.get(id).ok_or(LedgerRefusal::NoSuchLot)?;
        let Some(price) = lot.cost else { continue };
        let worth = leaving.worth.entry(*id).or_default();
        let cost = costing::at_cost(price, *quantity, lot.nominal_grams).min(*worth).max(Money::ZERO);
        // Another order of the same vehicle may have its share of what is left.
        *worth -= cost;
        goods.push(Goods { sku: lot.sku, lot: *id, cost });
    }
    let booking = Booking { site: order.site, currency: order.currency, cause: cause(order.id) };
    costing::goods_sold_into(tx, stamp, &mut leaving.books, booking, order.id, &goods).await?;
    Ok(())
}

/// Orders that leave together, locked, and what is known of them and of their goods.
struct Leaving {
    orders: BTreeMap<CustomerOrderId, Parting>,
    skus: BTreeMap<SkuId, Sku>,
    lots: BTreeMap<LotId, Lot>,
    /// What the stock of each lot is still worth.
    worth: BTreeMap<LotId, Money>,
    /// What is written at the end for all of them.
    books: Sheaf,
}

/// One of them.
struct Parting {
    order: CustomerOrder,
    lines: Vec<OrderLine>,
    taken: BTreeMap<LotId, Quantity>,
    buyer: Buyer,
    /// The number of an invoice that it has already.
    invoiced: Option<String>,
}

impl Leaving {
    async fn of(tx: &mut Tx, orders: &[CustomerOrderId]) -> Result<Self, OutboundRefusal> {
        let locked = lock_all(tx, orders.iter().copied()).await?;
        let ids: Vec<CustomerOrderId> = locked.iter().map(|order| order.id).collect();
        let at_sites: Vec<_> = locked.iter().map(|order| (order.id, order.site)).collect();
        let lines = lines_of_all(tx, &ids).await?;
        let lots = lots_of_all(tx, &ids).await?;
        let live = live_numbers(tx, &at_sites).await?;
        let tax_ids = people::tax_ids_of(tx, locked.iter().map(|order| order.customer)).await?;
        let parting = locked.into_iter().zip(lines).zip(lots).zip(live).map(|(((order, lines), lots), invoiced)| {
            let tax_id = tax_ids.get(&order.customer).cloned().flatten();
            let buyer = Buyer { tax_id, ..Buyer::default() };
            let taken = taken(&lines, &lots);
            (order.id, Parting { order, lines, taken, buyer, invoiced })
        });
        Self::with_goods(tx, parting.collect()).await
    }

    async fn with_goods(tx: &mut Tx, orders: BTreeMap<CustomerOrderId, Parting>) -> Result<Self, OutboundRefusal> {
        let lines = orders.values().flat_map(|parting| &parting.lines).filter(|line| sent(line).is_some());
        let skus = catalog::skus_by_id(tx, lines.map(|line| line.sku)).await?;
        let taken = orders.values().flat_map(|parting| parting.taken.keys().copied());
        let lots = ledger::lots_by_id(tx, taken).await?;
        let priced = lots.values().filter(|lot| lot.cost.is_some()).map(|lot| lot.id);
        let worth = journal::values_of_lots(tx, priced).await?;
        Ok(Self { orders, skus, lots, worth, books: Sheaf::default() })
    }
}

/// What the lines have taken of each lot.
fn taken(lines: &[OrderLine], lots: &LotsByLine) -> BTreeMap<LotId, Quantity> {
    let mut taken = BTreeMap::<LotId, Quantity>::new();
    for (lot, quantity) in lines.iter().filter_map(|line| lots.get(&line.id)).flatten() {
        let sum = taken.entry(*lot).or_default();
        *sum = sum.plus(*quantity).unwrap_or(*sum);
    }
    taken
}
