//! Step 3.2 訂單審核. Decides which orders may go on: by ordered rules, by the payment, and by a person for the rest.
//!
//! A normal order passes without a hand; what a rule doubts waits for the order desk with the reason; every rule
//! leaves its finding on the order, what passed too. It never holds an order without a reason and never lets one go
//! on whose payment is not authorised.

mod rules;
mod store;

pub mod events;
pub mod http;

use ::events::Object;
use ::store::{Question, StoreError, Tx};
use kernel::{CustomerOrderId, Instant, Stamp};
use ledger::ReservationState;

pub use rules::{DUPLICATE_MINUTES, Facts, Finding, Limits, Phone, Rule, Standing, Verdict, judge, outcome};

use crate::{
    intake,
    notices::Template,
    order::{
        CancelReason, CustomerOrder, DeclineReason, OrderRefusal, OrderState, PaymentEnd, Stage, end, lines_of, lock,
        save, tell_customer, touched,
    },
    outbound::OrderCancelled,
};
use events::{OrderAccepted, OrderDeclined, OrderHeld};

/// Writes the findings of an order that is being placed.
pub(crate) async fn record(
    tx: &mut Tx,
    stamp: &Stamp,
    order: CustomerOrderId,
    findings: &[Finding],
) -> Result<(), StoreError> {
    store::add(tx, order, 0, findings, stamp.at).await
}

/// The trace of an order.
pub async fn findings(tx: &mut Tx, order: CustomerOrderId) -> Result<Vec<Finding>, StoreError> {
    store::of_order(tx, order).await
}

/// The provider has set the bound aside: the order goes on, or waits for a person if a rule doubts it. An order that
/// ended meanwhile stays ended; its payment is let go by `accounts`.
pub async fn payment_authorised(tx: &mut Tx, stamp: &Stamp, order: CustomerOrderId) -> Result<Stage, OrderRefusal> {
    let mut order = lock(tx, order).await?;
    if order.state != OrderState::Placed {
        return Ok(order.state.stage());
    }
    if promises_lapsed(tx, &order).await? {
        give_up(tx, stamp, &mut order).await?;
        return Ok(order.state.stage());
    }
    let mut trace = findings(tx, order.id).await?;
    let known = trace.len();
    trace.push(Finding {
        rule: Rule::PaymentAuthorised,
        verdict: Verdict::Pass,
        fact: format!("{} {}", order.currency.code(), order.range.bound),
    });
    store::add(tx, order.id, known, &trace[known..], stamp.at).await?;
    match outcome(&trace) {
        Verdict::Pass => accept(tx, stamp, &mut order, WithoutHand::Yes).await?,
        Verdict::Hold(by) => {
            let next = order.state.hold(by)?;
            save(tx, stamp, &mut order, next).await?;
            let body = OrderHeld { number: order.number.clone(), by: by.code().to_owned() };
            ::events::tell(tx, stamp, Object::of(order.id), &touched(&order), &body).await?;
        }
        Verdict::Decline(why) => refuse(tx, stamp, &mut order, why, PaymentEnd::LetGo).await?,
    }
    Ok(order.state.stage())
}

/// The provider would not: the order is declined, its stock and its place in the window are free again.
pub async fn payment_declined(
    tx: &mut Tx,
    stamp: &Stamp,
    order: CustomerOrderId,
    reason: &str,
) -> Result<Stage, OrderRefusal> {
    let mut order = lock(tx, order).await?;
    if order.state != OrderState::Placed {
        return Ok(order.state.stage());
    }
    let why = DeclineReason::PaymentDeclined;
    add_finding(tx, stamp, &order, Rule::PaymentAuthorised, Verdict::Decline(why), reason).await?;
    refuse(tx, stamp, &mut order, why, PaymentEnd::DeclinedAlready).await?;
    Ok(order.state.stage())
}

/// A person lets a held order go on.
pub async fn release(tx: &mut Tx, stamp: &Stamp, order: CustomerOrderId, note: &str) -> Result<Stage, OrderRefusal> {
    let mut order = lock(tx, order).await?;
    // Only what is held can be released: the payment of a placed order is still open.
    order.state.release_from_review()?;
    add_finding(tx, stamp, &order, Rule::Desk, Verdict::Pass, note).await?;
    accept(tx, stamp, &mut order, WithoutHand::No).await?;
    Ok(order.state.stage())
}

/// A person declines a held order; everything it held is free again.
pub async fn decline(tx: &mut Tx, stamp: &Stamp, order: CustomerOrderId, note: &str) -> Result<Stage, OrderRefusal> {
    let mut order = lock(tx, order).await?;
    let why = DeclineReason::ByDesk;
    order.state.decline(why)?;
    add_finding(tx, stamp, &order, Rule::Desk, Verdict::Decline(why), note).await?;
    refuse(tx, stamp, &mut order, why, PaymentEnd::LetGo).await?;
    Ok(order.state.stage())
}

/// Ends an order that waited too long: unpaid, or held when its window begins. Anything else is left as it is.
pub async fn expire(tx: &mut Tx, stamp: &Stamp, order: CustomerOrderId) -> Result<Stage, OrderRefusal> {
    let mut order = lock(tx, order).await?;
    match order.state {
        OrderState::Placed if stamp.at >= intake::unpaid_until(order.placed_at) => {
            give_up(tx, stamp, &mut order).await?;
        }
        OrderState::Held { .. } if stamp.at >= order.window.start() => {
            let why = DeclineReason::NotReviewedInTime;
            add_finding(tx, stamp, &order, Rule::ReviewedInTime, Verdict::Decline(why), "window began").await?;
            refuse(tx, stamp, &mut order, why, PaymentEnd::LetGo).await?;
        }
        OrderState::Placed
        | OrderState::Held { .. }
        | OrderState::Accepted
        | OrderState::Declined { .. }
        | OrderState::Cancelled { .. }
        | OrderState::Released { .. }
        | OrderState::Packed(_)
        | OrderState::Dispatched(_)
        | OrderState::HandedOver(_)
        | OrderState::Failed { .. } => {}
    }
    Ok(order.state.stage())
}

/// Ends an order whose payment came too late or not at all.
async fn give_up(tx: &mut Tx, stamp: &Stamp, order: &mut CustomerOrder) -> Result<(), OrderRefusal> {
    let why = CancelReason::PaymentTimedOut;
    let next = order.state.cancel(why)?;
    end(tx, stamp, order, next, PaymentEnd::LetGo).await?;
    tell_customer(tx, stamp, order, Template::OrderCancelled, []).await?;
    let body = OrderCancelled { number: order.number.clone(), why: why.code().to_owned() };
    ::events::tell(tx, stamp, Object::of(order.id), &touched(order), &body).await?;
    Ok(())
}

/// Whether the stock of an unpaid order has gone to others.
async fn promises_lapsed(tx: &mut Tx, order: &CustomerOrder) -> Result<bool, OrderRefusal> {
    let promises: Vec<_> = lines_of(tx, order.id).await?.into_iter().filter_map(|line| line.promise).collect();
    let reservations = ledger::reservations(tx, &promises).await?;
    Ok(reservations.iter().any(|reservation| match reservation.state {
        ReservationState::Released | ReservationState::Expired => true,
        ReservationState::Promised
        | ReservationState::Uncovered
        | ReservationState::Bound
        | ReservationState::Consumed => false,
    }))
}

/// Whether there is anything for [`sweep`].
pub(crate) fn anything_to_sweep(now: Instant) -> Question {
    store::anybody_waiting_too_long(unpaid_since(now), now)
}

/// Ends the orders that have waited too long, at most so many at once: the next sweep goes on.
pub(crate) async fn sweep(tx: &mut Tx, stamp: &Stamp) -> Result<(), OrderRefusal> {
    for order in store::waiting_too_long(tx, unpaid_since(stamp.at), stamp.at).await? {
        expire(tx, stamp, order).await?;
    }
    Ok(())
}

/// What was placed before and is not paid will not be paid.
fn unpaid_since(now: Instant) -> Instant {
    now.plus_minutes(-intake::UNPAID_MINUTES)
}

/// Whether nobody had to look at an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WithoutHand {
    Yes,
    No,
}

async fn accept(
    tx: &mut Tx,
    stamp: &Stamp,
    order: &mut CustomerOrder,
    without: WithoutHand,
) -> Result<(), OrderRefusal> {
    let next = order.state.accept()?;
    let promises: Vec<_> = lines_of(tx, order.id).await?.into_iter().filter_map(|line| line.promise).collect();
    ledger::confirm(tx, &promises).await?;
    save(tx, stamp, order, next).await?;
    let site = catalog::site(tx, order.site).await?;
    let (range, currency) = (order.range, order.currency);
    let more = [
        ("window", span_of(&site, order)),
        ("expected", range.expected.display(currency)),
        ("bound", range.bound.display(currency)),
        ("cancel_until", moment(&site, order.cancel_until)),
    ];
    tell_customer(tx, stamp, order, Template::OrderConfirmed, more).await?;
    let without_a_hand = i64::from(without == WithoutHand::Yes);
    let body = OrderAccepted { number: order.number.clone(), without_a_hand };
    ::events::tell(tx, stamp, Object::of(order.id), &touched(order), &body).await?;
    Ok(())
}

async fn refuse(
    tx: &mut Tx,
    stamp: &Stamp,
    order: &mut CustomerOrder,
    why: DeclineReason,
    payment: PaymentEnd,
) -> Result<(), OrderRefusal> {
    let next = order.state.decline(why)?;
    end(tx, stamp, order, next, payment).await?;
    tell_declined(tx, stamp, order, why).await
}

/// Tells the customer and the log that an order was declined.
pub(crate) async fn tell_declined(
    tx: &mut Tx,
    stamp: &Stamp,
    order: &CustomerOrder,
    why: DeclineReason,
) -> Result<(), OrderRefusal> {
    let said = kernel::speech::say(order.lang, reason_key(why), &[]).unwrap_or_else(|| why.code().to_owned());
    tell_customer(tx, stamp, order, Template::OrderDeclined, [("reason", said)]).await?;
    let body = OrderDeclined { number: order.number.clone(), why: why.code().to_owned() };
    ::events::tell(tx, stamp, Object::of(order.id), &touched(order), &body).await?;
    Ok(())
}

/// What a customer is told; an abuse rule is not explained to whom it caught.
const fn reason_key(why: DeclineReason) -> &'static str {
    match why {
        DeclineReason::PaymentDeclined => "decline/payment-declined",
        DeclineReason::CustomerBlocked | DeclineReason::ByDesk => "decline/by-desk",
        DeclineReason::NotReviewedInTime => "decline/not-reviewed-in-time",
    }
}

async fn add_finding(
    tx: &mut Tx,
    stamp: &Stamp,
    order: &CustomerOrder,
    rule: Rule,
    verdict: Verdict,
    fact: &str,
) -> Result<(), StoreError> {
    let known = findings(tx, order.id).await?.len();
    store::add(tx, order.id, known, &[Finding { rule, verdict, fact: fact.to_owned() }], stamp.at).await
}

/// `03-28 18:00–20:00` on the site's wall clock.
pub(crate) fn span_of(site: &catalog::Site, order: &CustomerOrder) -> String {
    format!("{}–{}", moment(site, order.window.start()), site.time.clock_face(order.window.end()))
}

/// `03-28 18:00` on the site's wall clock.
pub(crate) fn moment(site: &catalog::Site, at: kernel::Instant) -> String {
    format!("{} {}", site.time.date(at).strftime("%m-%d"), site.time.clock_face(at))
}
