//! Settling: the provider's answer becomes state and money, once, however often it is heard.

use ::store::{Tx, args};
use events::Object;
use kernel::{CustomerOrderId, JobId, Money, PaymentId, Stamp};
use serde::{Deserialize, Serialize};

use super::{
    Answer, Intent, Payment, PaymentRefusal, PaymentState, Rest, StepKind,
    events::{PaymentAuthorised, PaymentCaptured, PaymentDeclined, PaymentRefunded, PaymentStepRefused, PaymentVoided},
    intend::queue_void,
    store::{self, Step, StepState},
};
use crate::{Account, Cause, Entry, Posting, post};

/// What became of one call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    pub payment: PaymentId,
    pub order: CustomerOrderId,
    pub kind: StepKind,
    pub amount: Money,
    pub outcome: Outcome,
    /// A void that had been wanted before the authorisation came.
    pub next: Option<Intent>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is done, and this answer said so first.
    Done,
    /// The provider would not.
    Refused { reason: String },
    /// The provider will say so by itself.
    Awaited,
    /// An answer that was heard before; nothing has changed.
    Before,
}

/// Records the provider's answer to a step, whichever it is.
pub async fn settle(tx: &mut Tx, stamp: &Stamp, step: JobId, answer: &Answer) -> Result<Recorded, PaymentRefusal> {
    let (step, payment) = open(tx, step).await?;
    let recorded = |outcome, next| Recorded {
        payment: payment.id,
        order: payment.order,
        kind: step.kind,
        amount: step.amount,
        outcome,
        next,
    };
    if step.state != StepState::Intended {
        return Ok(recorded(Outcome::Before, None));
    }
    match (step.kind, answer) {
        (_, Answer::Later) => Ok(recorded(Outcome::Awaited, None)),
        (StepKind::Authorise, Answer::Done { provider_reference, .. }) => {
            let next = authorised(tx, stamp, &step, &payment, provider_reference).await?;
            Ok(recorded(Outcome::Done, next))
        }
        (StepKind::Capture, Answer::Done { provider_reference, fee }) => {
            captured(tx, stamp, &step, &payment, provider_reference, *fee).await?;
            Ok(recorded(Outcome::Done, None))
        }
        (StepKind::Refund, Answer::Done { provider_reference, .. }) => {
            refunded(tx, stamp, &step, &payment, provider_reference).await?;
            Ok(recorded(Outcome::Done, None))
        }
        (StepKind::Void, Answer::Done { provider_reference, .. }) => {
            voided(tx, stamp, &step, &payment, provider_reference).await?;
            Ok(recorded(Outcome::Done, None))
        }
        (_, Answer::Declined { reason }) => {
            refused(tx, stamp, &step, &payment, reason).await?;
            Ok(recorded(Outcome::Refused { reason: reason.clone() }, None))
        }
    }
}

/// The provider has set the bound aside.
pub async fn record_authorised(
    tx: &mut Tx,
    stamp: &Stamp,
    step: JobId,
    provider_reference: &str,
) -> Result<Recorded, PaymentRefusal> {
    record(tx, stamp, step, StepKind::Authorise, done(provider_reference, Money::ZERO)).await
}

/// The provider would not set the bound aside.
pub async fn record_declined(
    tx: &mut Tx,
    stamp: &Stamp,
    step: JobId,
    reason: &str,
) -> Result<Recorded, PaymentRefusal> {
    record(tx, stamp, step, StepKind::Authorise, Answer::Declined { reason: reason.to_owned() }).await
}

/// The provider has taken the amount and keeps `fee` of it: debit provider clearing, credit customer receivable.
pub async fn record_captured(
    tx: &mut Tx,
    stamp: &Stamp,
    step: JobId,
    provider_reference: &str,
    fee: Money,
) -> Result<Recorded, PaymentRefusal> {
    record(tx, stamp, step, StepKind::Capture, done(provider_reference, fee)).await
}

/// The provider has given the amount back.
pub async fn record_refunded(
    tx: &mut Tx,
    stamp: &Stamp,
    step: JobId,
    provider_reference: &str,
) -> Result<Recorded, PaymentRefusal> {
    record(tx, stamp, step, StepKind::Refund, done(provider_reference, Money::ZERO)).await
}

/// The provider has let the authorisation go.
pub async fn record_voided(
    tx: &mut Tx,
    stamp: &Stamp,
    step: JobId,
    provider_reference: &str,
) -> Result<Recorded, PaymentRefusal> {
    record(tx, stamp, step, StepKind::Void, done(provider_reference, Money::ZERO)).await
}

fn done(provider_reference: &str, fee: Money) -> Answer {
    Answer::Done { provider_reference: provider_reference.to_owned(), fee }
}

async fn record(
    tx: &mut Tx,
    stamp: &Stamp,
    step: JobId,
    kind: StepKind,
    answer: Answer,
) -> Result<Recorded, PaymentRefusal> {
    let (found, _) = open(tx, step).await?;
    if found.kind != kind {
        return Err(PaymentRefusal::AnswerDoesNotFit { kind: found.kind });
    }
    settle(tx, stamp, step, &answer).await
}

/// The step and its payment, which is held first, so that two answers at once are heard one after the other.
async fn open(tx: &mut Tx, id: JobId) -> Result<(Step, Payment), PaymentRefusal> {
    let unknown = || PaymentRefusal::UnknownStep { step: id };
    let payment = store::locked_of_step(tx, id).await?.ok_or_else(unknown)?;
    let step = store::step(tx, id).await?.ok_or_else(unknown)?;
    Ok((step, payment))
}

async fn authorised(
    tx: &mut Tx,
    stamp: &Stamp,
    step: &Step,
    payment: &Payment,
    provider_reference: &str,
) -> Result<Option<Intent>, PaymentRefusal> {
    changed(payment, step, tx.execute(store::AUTHORISED, args![payment.id, provider_reference]).await?)?;
    close(tx, stamp, step, provider_reference).await?;
    tell(tx, stamp, payment, &PaymentAuthorised { amount: payment.bound }).await?;
    if step.abandoned {
        return queue_void(tx, stamp, payment, payment.bound).await.map(Some);
    }
    Ok(None)
}

async fn captured(
    tx: &mut Tx,
    stamp: &Stamp,
    step: &Step,
    payment: &Payment,
    provider_reference: &str,
    fee: Money,
) -> Result<(), PaymentRefusal> {
    if fee.is_negative() || fee > step.amount {
        return Err(PaymentRefusal::AnswerDoesNotFit { kind: step.kind });
    }
    let released = match step.rest {
        Rest::Kept => Money::ZERO,
        Rest::Released => payment.authorised - payment.released - payment.capturing,
    };
    changed(payment, step, tx.execute(store::CAPTURED, args![payment.id, step.amount, released]).await?)?;
    close(tx, stamp, step, provider_reference).await?;
    let entry = Entry::new(payment.site, payment.currency, Cause::of(payment.id), "captured")
        .with(Posting::debit(Account::ProviderClearing, step.amount - fee).order(payment.order))
        .with(Posting::debit(Account::PaymentFees, fee).order(payment.order))
        .with(owed(payment, -step.amount));
    post(tx, stamp, &entry).await?;
    tell(tx, stamp, payment, &PaymentCaptured { amount: step.amount, fee, released }).await
}

async fn refunded(
    tx: &mut Tx,
    stamp: &Stamp,
    step: &Step,
    payment: &Payment,
    provider_reference: &str,
) -> Result<(), PaymentRefusal> {
    changed(payment, step, tx.execute(store::REFUNDED, args![payment.id, step.amount]).await?)?;
    close(tx, stamp, step, provider_reference).await?;
    let entry = Entry::new(payment.site, payment.currency, Cause::of(payment.id), "refunded")
        .with(owed(payment, step.amount))
        .with(Posting::credit(Account::ProviderClearing, step.amount).order(payment.order));
    post(tx, stamp, &entry).await?;
    tell(tx, stamp, payment, &PaymentRefunded { amount: step.amount }).await
}

async fn voided(
    tx: &mut Tx,
    stamp: &Stamp,
    step: &Step,
    payment: &Payment,
    provider_reference: &str,
) -> Result<(), PaymentRefusal> {
    changed(payment, step, tx.execute(store::VOIDED, args![payment.id]).await?)?;
    close(tx, stamp, step, provider_reference).await?;
    tell(tx, stamp, payment, &PaymentVoided { amount: step.amount }).await
}

/// The provider would not: what was intended is taken back, and somebody is told.
async fn refused(
    tx: &mut Tx,
    stamp: &Stamp,
    step: &Step,
    payment: &Payment,
    reason: &str,
) -> Result<(), PaymentRefusal> {
    let undone = match step.kind {
        StepKind::Authorise => tx.execute(store::DECLINED, args![payment.id, reason]).await?,
        StepKind::Capture => tx.execute(store::NOT_CAPTURED, args![payment.id, step.amount]).await?,
        StepKind::Refund => tx.execute(store::NOT_REFUNDED, args![payment.id, step.amount]).await?,
        StepKind::Void => tx.execute(store::NOT_VOIDED, args![payment.id]).await?,
    };
    changed(payment, step, undone)?;
    tx.put(store::SETTLE_STEP, args![step.id, StepState::Refused, None::<&str>, reason, stamp.at]).await?;
    match step.kind {
        StepKind::Authorise => tell(tx, stamp, payment, &PaymentDeclined { reason: reason.to_owned() }).await,
        StepKind::Capture | StepKind::Refund | StepKind::Void => {
            let body = PaymentStepRefused {
                step: step.kind.code().to_owned(),
                amount: step.amount,
                reason: reason.to_owned(),
            };
            tell(tx, stamp, payment, &body).await
        }
    }
}

fn owed(payment: &Payment, amount: Money) -> Posting {
    Posting::debit(Account::CustomerReceivable, amount).party(payment.customer).order(payment.order)
}

/// The conditional UPDATE met its row; the payment is locked, so anything else is a state that forbids the step.
fn changed(payment: &Payment, step: &Step, rows: u64) -> Result<(), PaymentRefusal> {
    let state: PaymentState = payment.state;
    if rows == 1 { Ok(()) } else { Err(PaymentRefusal::NotReady { state, kind: step.kind }) }
}

async fn close(tx: &mut Tx, stamp: &Stamp, step: &Step, provider_reference: &str) -> Result<(), PaymentRefusal> {
    let done = args![step.id, StepState::Done, provider_reference, None::<&str>, stamp.at];
    Ok(tx.put(store::SETTLE_STEP, done).await?)
}

async fn tell<B: events::Told>(tx: &mut Tx, stamp: &Stamp, payment: &Payment, body: &B) -> Result<(), PaymentRefusal> {
    let objects = [Object::of(payment.order), Object::of(payment.customer)];
    events::tell(tx, stamp, Object::of(payment.id), &objects, body).await?;
    Ok(())
}
