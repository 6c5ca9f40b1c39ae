//! Intending: what the provider is to do is written down and queued; nothing has happened yet.

use ::store::{Tx, args, jobs};
use kernel::{Id, JobId, Money, PaymentId, Stamp};

use super::{
    Intent, NewPayment, PERFORM, Payment, PaymentRefusal, PaymentState, Rest, StepKind, events::PaymentRequested,
    rules, store,
};

/// Begins a payment and queues the authorisation of its bound.
pub async fn request(tx: &mut Tx, stamp: &Stamp, new: &NewPayment) -> Result<Intent, PaymentRefusal> {
    rules::check_new(new)?;
    if let Some(live) = store::live_payment(tx, new.order).await? {
        return Err(PaymentRefusal::AlreadyRequested { order: new.order, payment: live.id });
    }
    let payment = stamp.mint::<PaymentId>();
    store::insert(tx, stamp, payment, new).await?;
    let intent = queue(tx, stamp, payment, StepKind::Authorise, new.bound, Rest::Kept).await?;
    let objects = [events::Object::of(new.order), events::Object::of(new.customer)];
    events::tell(tx, stamp, events::Object::of(payment), &objects, &PaymentRequested { bound: new.bound }).await?;
    Ok(intent)
}

/// Queues the capture of an amount. Never more than is left of what was authorised.
pub async fn intend_capture(
    tx: &mut Tx,
    stamp: &Stamp,
    payment: PaymentId,
    amount: Money,
    rest: Rest,
) -> Result<Intent, PaymentRefusal> {
    let found = locked(tx, payment).await?;
    rules::check_capture(&found, amount)?;
    if tx.execute(store::INTEND_CAPTURE, args![payment, amount]).await? == 0 {
        let left = found.authorised - found.released - found.capturing;
        return Err(PaymentRefusal::AboveBound { wanted: amount, left });
    }
    queue(tx, stamp, payment, StepKind::Capture, amount, rest).await
}

/// Queues a refund. All refunds together never exceed what was captured.
pub async fn intend_refund(
    tx: &mut Tx,
    stamp: &Stamp,
    payment: PaymentId,
    amount: Money,
) -> Result<Intent, PaymentRefusal> {
    let found = locked(tx, payment).await?;
    rules::check_refund(&found, amount)?;
    if tx.execute(store::INTEND_REFUND, args![payment, amount]).await? == 0 {
        let left = found.captured - found.refunding;
        return Err(PaymentRefusal::AboveCaptured { wanted: amount, left });
    }
    queue(tx, stamp, payment, StepKind::Refund, amount, Rest::Kept).await
}

/// Queues the release of an authorisation of which nothing was captured. `None` while the provider is still being
/// asked for it: should the answer be yes, the void is queued then.
pub async fn intend_void(tx: &mut Tx, stamp: &Stamp, payment: PaymentId) -> Result<Option<Intent>, PaymentRefusal> {
    let found = locked(tx, payment).await?;
    if found.state == PaymentState::Requested {
        tx.execute(store::ABANDON, args![payment]).await?;
        return Ok(None);
    }
    rules::check_void(&found)?;
    if tx.one::<i64>(store::STEPS_OPEN, args![payment]).await? > 0 {
        return Err(PaymentRefusal::StepOpen { payment });
    }
    queue_void(tx, stamp, &found, found.authorised).await.map(Some)
}

pub(super) async fn queue_void(
    tx: &mut Tx,
    stamp: &Stamp,
    payment: &Payment,
    amount: Money,
) -> Result<Intent, PaymentRefusal> {
    if tx.execute(store::INTEND_VOID, args![payment.id]).await? == 0 {
        return Err(PaymentRefusal::StepOpen { payment: payment.id });
    }
    queue(tx, stamp, payment.id, StepKind::Void, amount, Rest::Released).await
}

pub(super) async fn locked(tx: &mut Tx, payment: PaymentId) -> Result<Payment, PaymentRefusal> {
    store::locked(tx, payment).await?.ok_or(PaymentRefusal::UnknownPayment { payment })
}

async fn queue(
    tx: &mut Tx,
    stamp: &Stamp,
    payment: PaymentId,
    kind: StepKind,
    amount: Money,
    rest: Rest,
) -> Result<Intent, PaymentRefusal> {
    let job = stamp.mint::<JobId>();
    store::insert_step(tx, stamp, job, payment, kind, amount, rest).await?;
    let name = job.to_string();
    let new = jobs::NewJob { id: job.uuid(), kind: PERFORM, key: &name, payload: &name, due_at: stamp.at.millis() };
    jobs::enqueue(tx, &new).await?;
    Ok(Intent { payment, job })
}
