//! Closing a release note: the scale has spoken for every line.

use ::store::Tx;
use accounts::payments::{self, Rest};
use events::Object;
use kernel::{CustomerOrderId, Id, Quantity, ReleaseNoteId, Stamp};

use super::{
    Due, NoteState, OutboundRefusal, Sent, Settlement,
    events::{LineShort, OrderSettled, SettledFact},
    rules, store,
};
use crate::{
    notices::{self, NewNotice, Params, Template},
    order::{
        CancelReason, CustomerOrder, OrderLine, OrderRefusal, OrderState, add_lots, lines_of, lock, save, settle_lines,
        tell_customer, touched,
    },
    outbound::OrderCancelled,
};

/// Settles what was sent. The order is packed at its final amount; the capture is intended, the rest of the
/// authorisation goes with it. An order of which nothing could be sent is cancelled and its payment let go.
pub async fn close(
    tx: &mut Tx,
    stamp: &Stamp,
    note: ReleaseNoteId,
    sent: &[Sent],
) -> Result<Settlement, OutboundRefusal> {
    let found = store::note(tx, note).await?.ok_or(OutboundRefusal::NoSuchNote { note })?;
    if found.state == NoteState::Closed {
        return Err(OutboundRefusal::NoteClosed { note });
    }
    let mut order = lock(tx, found.order).await?;
    let lines = lines_of(tx, order.id).await?;
    let dues: Vec<Due> = lines.iter().map(due).collect();
    let sent = explained(&lines, sent);
    let settlement = rules::settle(&dues, &sent)?;
    let next = order.state.pack(settlement.amount)?;

    if store::close(tx, note, stamp.at).await? == 0 {
        return Err(OutboundRefusal::NoteClosed { note });
    }
    settle_lines(tx, &settlement.lines).await?;
    let lots: Vec<_> = sent
        .iter()
        .flat_map(|line| line.lots.iter().map(|(lot, quantity)| (line.order_line, *lot, *quantity)))
        .collect();
    add_lots(tx, &lots).await?;
    pay(tx, stamp, &order, &settlement).await?;
    save(tx, stamp, &mut order, next).await?;
    tell(tx, stamp, &order, &lines, &sent, &settlement, note).await?;
    Ok(settlement)
}

/// What an order line was promised for.
fn due(line: &OrderLine) -> Due {
    Due {
        order_line: line.id,
        sku: line.sku,
        measure: line.measure,
        ordered: line.ordered,
        estimated: line.estimated,
        price: line.price,
        tax: line.tax,
        expected: line.range.expected,
        bound: line.range.bound,
    }
}

/// The report with what release already knew: a line that nothing was bound for was never picked, and one that was
/// bound in part is short by the rest.
fn explained(lines: &[OrderLine], sent: &[Sent]) -> Vec<Sent> {
    let mut sent = sent.to_vec();
    for line in lines {
        let Some(why) = line.short else { continue };
        match sent.iter_mut().find(|report| report.order_line == line.id) {
            Some(report) => {
                let less = line.measure.promised(report.quantity) < line.measure.promised(line.ordered);
                if less && report.short.is_none() {
                    report.short = Some(why);
                }
            }
            None => {
                sent.push(Sent { order_line: line.id, quantity: Quantity::NONE, lots: Vec::new(), short: Some(why) });
            }
        }
    }
    sent
}

async fn pay(
    tx: &mut Tx,
    stamp: &Stamp,
    order: &CustomerOrder,
    settlement: &Settlement,
) -> Result<(), OutboundRefusal> {
    let Some(payment) = order.payment else { return Ok(()) };
    if settlement.amount.is_zero() {
        payments::intend_void(tx, stamp, payment).await?;
    } else {
        payments::intend_capture(tx, stamp, payment, settlement.amount, Rest::Released).await?;
    }
    Ok(())
}

async fn tell(
    tx: &mut Tx,
    stamp: &Stamp,
    order: &CustomerOrder,
    lines: &[OrderLine],
    sent: &[Sent],
    settlement: &Settlement,
    note: ReleaseNoteId,
) -> Result<(), OutboundRefusal> {
    for line in &settlement.lines {
        let Some(why) = line.short else { continue };
        let known = lines.iter().any(|known| known.id == line.order_line && known.short.is_some());
        if !known {
            tell_short(tx, stamp, order, line.order_line, line.sku, why).await?;
        }
    }
    let lots_of = |line| {
        let report = sent.iter().find(|report| report.order_line == line);
        report.map(|report| report.lots.clone()).unwrap_or_default()
    };
    let facts = settlement
        .lines
        .iter()
        .map(|line| SettledFact {
            order_line: line.order_line,
            sku: line.sku,
            ordered: line.ordered,
            actual: line.actual,
            amount: line.amount,
            difference: line.difference,
            lots: lots_of(line.order_line),
        })
        .collect();
    let body = OrderSettled {
        number: order.number.clone(),
        note,
        amount: settlement.amount,
        expected: settlement.expected,
        bound: settlement.bound,
        lines: facts,
    };
    let mut objects = touched(order).to_vec();
    objects.extend(sent.iter().flat_map(|line| line.lots.iter().map(|(lot, _)| Object::of(*lot))));
    ::events::tell(tx, stamp, Object::of(order.id), &objects, &body).await.map_err(OrderRefusal::from)?;
    if let OrderState::Cancelled { why } = order.state {
        tell_nothing_sent(tx, stamp, order, why).await?;
    }
    Ok(())
}

async fn tell_nothing_sent(
    tx: &mut Tx,
    stamp: &Stamp,
    order: &CustomerOrder,
    why: CancelReason,
) -> Result<(), OutboundRefusal> {
    tell_customer(tx, stamp, order, Template::OrderCancelled, []).await?;
    let body = OrderCancelled { number: order.number.clone(), why: why.code().to_owned() };
    ::events::tell(tx, stamp, Object::of(order.id), &touched(order), &body).await?;
    Ok(())
}

/// Tells the customer and the log that a line is short, once per line.
pub(crate) async fn tell_short(
    tx: &mut Tx,
    stamp: &Stamp,
    order: &CustomerOrder,
    line: kernel::OrderLineId,
    sku: kernel::SkuId,
    why: super::ShortReason,
) -> Result<(), OrderRefusal> {
    let goods = catalog::sku(tx, sku).await?.names.in_lang(order.lang).to_owned();
    let params: Params =
        [("number", order.number.clone()), ("goods", goods)].map(|(name, value)| (name.to_owned(), value)).into();
    let new = NewNotice {
        customer: order.customer,
        order: Some(order.id),
        template: Template::LineShort,
        lang: order.lang,
        params,
        dedupe: format!("{}:{line}", Template::LineShort.code()),
    };
    notices::notify(tx, stamp, &new).await?;
    let objects = [Object::of(order.site), Object::of(order.customer), Object::of(sku)];
    let body = LineShort { number: order.number.clone(), order_line: line, sku, why };
    ::events::tell(tx, stamp, Object::of(order.id), &objects, &body).await?;
    Ok(())
}

/// The cause under which money of an order's sending is booked.
pub(super) fn cause(order: CustomerOrderId) -> accounts::Cause {
    accounts::Cause { noun: CustomerOrderId::NOUN, id: order.uuid() }
}
