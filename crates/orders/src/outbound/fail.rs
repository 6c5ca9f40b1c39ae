//! Taking back: cancelled before release, or brought back undelivered.

use ::store::{StoreError, Tx, jobs};
use accounts::{
    invoices::{AllowanceLine, LineKind, NewAllowance, invoice, issue_allowance},
    payments,
};
use events::Object;
use kernel::{CustomerOrderId, Id, JobId, Money, Stamp};

use super::{
    OutboundRefusal,
    close::cause,
    events::{OrderCancelled, OrderFailed},
};
use crate::{
    notices::Template,
    order::{
        CancelReason, FailReason, Invoiced, OrderState, PaymentEnd, end, load, lock, lots_of, save, tell_customer,
        touched,
    },
};

/// Jobs of this kind give the money of a failed order back once it has been captured; the payload is the order's id.
pub const REFUND: &str = "order_refund";

/// What became of a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refunded {
    /// The provider will be asked to give it back.
    Intended(Money),
    /// The capture is still on its way; ask again later.
    Waiting,
    /// Nothing was taken, or all of it has gone back.
    Nothing,
}

/// Cancels an order that was not released; everything it held is free again.
pub async fn cancel(
    tx: &mut Tx,
    stamp: &Stamp,
    order: CustomerOrderId,
    why: CancelReason,
) -> Result<(), OutboundRefusal> {
    let mut order = lock(tx, order).await?;
    let next = order.state.cancel(why)?;
    end(tx, stamp, &mut order, next, PaymentEnd::LetGo).await?;
    tell_customer(tx, stamp, &order, Template::OrderCancelled, []).await?;
    let body = OrderCancelled { number: order.number.clone(), why: why.code().to_owned() };
    ::events::tell(tx, stamp, Object::of(order.id), &touched(&order), &body).await?;
    Ok(())
}

/// The goods come back undelivered: an allowance takes back the whole invoice and the money is given back. Where the
/// goods go is decided by an inspector; nothing moves here.
pub async fn fail(tx: &mut Tx, stamp: &Stamp, order: CustomerOrderId, why: FailReason) -> Result<(), OutboundRefusal> {
    let mut order = lock(tx, order).await?;
    let next = order.state.fail(why)?;
    if let OrderState::Dispatched(invoiced) = order.state {
        take_back(tx, stamp, order.id, invoiced, why).await?;
    }
    save(tx, stamp, &mut order, next).await?;
    if refund(tx, stamp, order.id).await? == Refunded::Waiting {
        refund_later(tx, stamp, order.id).await?;
    }
    let said = kernel::speech::say(order.lang, reason_key(why), &[]).unwrap_or_else(|| why.code().to_owned());
    tell_customer(tx, stamp, &order, Template::OrderFailed, [("reason", said)]).await?;
    let amount = order.state.settled().map_or(Money::ZERO, |settled| settled.amount);
    let body = OrderFailed { number: order.number.clone(), why: why.code().to_owned(), refund: amount };
    let mut objects = touched(&order).to_vec();
    objects.extend(lots_of(tx, order.id).await?.into_values().flatten().map(|(lot, _)| Object::of(lot)));
    ::events::tell(tx, stamp, Object::of(order.id), &objects, &body).await?;
    Ok(())
}

/// Intends the refund of a failed order, as soon as there is something to give back. Safe to ask again.
pub async fn refund(tx: &mut Tx, stamp: &Stamp, order: CustomerOrderId) -> Result<Refunded, OutboundRefusal> {
    let order = load(tx, order).await?;
    let (OrderState::Failed { .. }, Some(payment)) = (order.state, order.payment) else {
        return Ok(Refunded::Nothing);
    };
    let Some(payment) = payments::payment(tx, payment).await? else { return Ok(Refunded::Nothing) };
    let left = payment.captured - payment.refunding;
    if left > Money::ZERO {
        payments::intend_refund(tx, stamp, payment.id, left).await?;
        return Ok(Refunded::Intended(left));
    }
    // Intended but not yet taken: the provider has still to answer.
    if payment.capturing > payment.captured { Ok(Refunded::Waiting) } else { Ok(Refunded::Nothing) }
}

const REFUND_AGAIN_MINUTES: i64 = 2;

async fn refund_later(tx: &mut Tx, stamp: &Stamp, order: CustomerOrderId) -> Result<(), StoreError> {
    let payload = order.to_string();
    let due_at = stamp.at.plus_minutes(REFUND_AGAIN_MINUTES).millis();
    let job = stamp.mint::<JobId>().uuid();
    jobs::enqueue(tx, &jobs::NewJob { id: job, kind: REFUND, key: &payload, payload: &payload, due_at }).await
}

/// An allowance over everything that was charged.
async fn take_back(
    tx: &mut Tx,
    stamp: &Stamp,
    order: CustomerOrderId,
    invoiced: Invoiced,
    why: FailReason,
) -> Result<(), OutboundRefusal> {
    let Some(issued) = invoice(tx, invoiced.invoice).await? else { return Ok(()) };
    // A discount belongs to the goods line of its SKU: what was charged for the goods is the sum of the two.
    let discount_on = |sku| -> Money {
        let of_sku = |line: &&accounts::invoices::Line| line.kind == LineKind::Discount && line.sku == sku;
        issued.lines.iter().filter(of_sku).map(|line| line.gross).sum()
    };
    let lines: Vec<AllowanceLine> = issued
        .lines
        .iter()
        .filter(|line| line.kind == LineKind::Goods)
        .map(|line| AllowanceLine {
            line: line.line,
            quantity: Some(line.quantity),
            gross: line.gross - line.allowed + discount_on(line.sku),
        })
        .filter(|line| line.gross > Money::ZERO)
        .collect();
    if lines.is_empty() {
        return Ok(());
    }
    let reason = format!("delivery failed: {}", why.code());
    issue_allowance(tx, stamp, &NewAllowance { invoice: issued.id, reason, cause: cause(order), lines }).await?;
    Ok(())
}

const fn reason_key(why: FailReason) -> &'static str {
    match why {
        FailReason::CustomerAbsent => "fail/customer-absent",
        FailReason::AddressWrong => "fail/address-wrong",
        FailReason::Refused => "fail/refused",
        FailReason::Damaged | FailReason::TooWarm => "fail/not-good-enough",
        FailReason::VehicleBroken => "fail/vehicle-broken",
    }
}
