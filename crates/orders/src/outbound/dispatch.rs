//! Sending: the goods leave with their invoice, and arrive.

use std::collections::BTreeMap;

use ::store::Tx;
use accounts::{
    costing::{self, Booking, Goods},
    invoices::{Buyer, LineKind, NewInvoice, NewLine, issue_invoice},
    journal,
};
use events::Object;
use kernel::{CustomerOrderId, InvoiceId, LotId, Money, Quantity, Round, Stamp};

use super::{
    OutboundRefusal,
    close::cause,
    events::{OrderDispatched, OrderHandedOver},
};
use crate::{
    notices::Template,
    order::{CustomerOrder, LotsByLine, OrderLine, lines_of, lock, lots_of, save, tell_customer, touched},
    people, review,
};

/// The goods leave: the invoice is issued for exactly the grams that were sent, and their cost is booked.
pub async fn dispatch(tx: &mut Tx, stamp: &Stamp, order: CustomerOrderId) -> Result<InvoiceId, OutboundRefusal> {
    let mut order = lock(tx, order).await?;
    // Asked before the invoice takes its number.
    let settled = order.state.ready_to_dispatch()?;
    let lines = lines_of(tx, order.id).await?;
    let invoice = NewInvoice {
        site: order.site,
        order: order.id,
        customer: order.customer,
        cause: accounts::Cause::of(settled.note),
        lines: invoice_lines(tx, &order, &lines).await?,
        buyer: buyer(tx, &order).await?,
    };
    let issued = issue_invoice(tx, stamp, &invoice).await?;
    let lots = lots_of(tx, order.id).await?;
    book_cost(tx, stamp, &order, &lines, &lots).await?;
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
async fn invoice_lines(
    tx: &mut Tx,
    order: &CustomerOrder,
    lines: &[OrderLine],
) -> Result<Vec<NewLine>, OutboundRefusal> {
    let mut written = Vec::with_capacity(lines.len());
    for line in lines {
        let Some(sent) = line.sent.filter(|sent| !sent.quantity.is_nothing()) else { continue };
        let sku = catalog::sku(tx, line.sku).await?;
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

async fn buyer(tx: &mut Tx, order: &CustomerOrder) -> Result<Buyer, OutboundRefusal> {
    let tax_id = people::tax_id_of(tx, order.customer).await?;
    Ok(Buyer { tax_id, ..Buyer::default() })
}

/// What the goods have cost, by lot: the lot's own price for what was taken, never more than the lot is still worth.
async fn book_cost(
    tx: &mut Tx,
    stamp: &Stamp,
    order: &CustomerOrder,
    lines: &[OrderLine],
    lots: &LotsByLine,
) -> Result<(), OutboundRefusal> {
    let mut taken = BTreeMap::<LotId, Quantity>::new();
    for (lot, quantity) in lines.iter().filter_map(|line| lots.get(&line.id)).flatten() {
        let sum = taken.entry(*lot).or_default();
        *sum = sum.plus(*quantity).unwrap_or(*sum);
    }
    let mut goods = Vec::with_capacity(taken.len());
    for (id, quantity) in taken {
        let lot = ledger::lot(tx, id).await?;
        let Some(price) = lot.cost else { continue };
        let worth = journal::value_of_lot(tx, id).await?;
        let cost = costing::at_cost(price, quantity, lot.nominal_grams).min(worth).max(Money::ZERO);
        goods.push(Goods { sku: lot.sku, lot: id, cost });
    }
    let booking = Booking { site: order.site, currency: order.currency, cause: cause(order.id) };
    costing::goods_sold(tx, stamp, booking, order.id, &goods).await?;
    Ok(())
}
