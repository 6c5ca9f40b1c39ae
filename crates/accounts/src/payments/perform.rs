//! Performing: a job asks the provider and settles the answer. Safe to do twice, safe to be killed anywhere.

use ::store::{Db, StoreError, Tx, jobs};
use kernel::{Clock, Id, IdSource, JobId, Stamp};
use serde::{Deserialize, Serialize};

use super::{
    Answer, Call, Echo, Fault, PaymentProvider, PaymentRefusal, Recorded, StepKind, settle,
    store::{self, Step, StepState},
};

/// Jobs of this kind call the provider; the payload is the id of the step.
pub const PERFORM: &str = "payment";
/// Jobs of this kind bring an answer that the provider has sent by itself; the payload is a step and an answer.
pub const HEAR: &str = "payment_heard";

/// What became of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Performed {
    /// The answer is in the books, now or since before.
    Settled(Recorded),
    /// An earlier try had settled it already; the provider was not asked.
    Before,
    /// No answer; the job is to be tried again.
    NoAnswer(Fault),
}

/// What a provider said to a step, on its way into the books.
#[derive(Clone, Debug)]
pub struct Asked {
    pub step: JobId,
    pub answer: Answer,
    echoes: Vec<Echo>,
}

/// Why a job could not be performed at all.
#[derive(Debug, thiserror::Error)]
pub enum PerformError {
    #[error("job {job} of kind {kind} is not one of a payment: {reason}")]
    NotAPayment { job: uuid::Uuid, kind: String, reason: String },
    #[error("no answer from the provider")]
    Fault(#[from] Fault),
    #[error(transparent)]
    Refused(#[from] PaymentRefusal),
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Serialize, Deserialize)]
struct Heard {
    step: JobId,
    answer: Answer,
}

/// Does one job of kind [`PERFORM`] or [`HEAR`]. The worker finishes the job unless the outcome says
/// [`Performed::NoAnswer`].
pub async fn perform(
    db: &Db,
    clock: &Clock,
    ids: &IdSource,
    provider: &dyn PaymentProvider,
    job: &jobs::Job,
) -> Result<Performed, PerformError> {
    let asked = match ask(db, clock, provider, job).await {
        Ok(Some(asked)) => asked,
        Ok(None) => return Ok(Performed::Before),
        Err(PerformError::Fault(fault)) => return Ok(Performed::NoAnswer(fault)),
        Err(other) => return Err(other),
    };
    let stamp = Stamp::system(clock.now(), ids);
    let recorded = db
        .write(async move |tx: &mut Tx| {
            let stamp = stamp.again();
            asked.settle(tx, &stamp).await
        })
        .await?;
    Ok(Performed::Settled(recorded))
}

/// Asks the provider what a job is about, outside every transaction. `None` when the step is settled already.
pub async fn ask(
    db: &Db,
    clock: &Clock,
    provider: &dyn PaymentProvider,
    job: &jobs::Job,
) -> Result<Option<Asked>, PerformError> {
    let unfit = |reason: String| PerformError::NotAPayment { job: job.id, kind: job.kind.clone(), reason };
    let (id, heard) = match job.kind.as_str() {
        PERFORM => (job.payload.parse::<JobId>().map_err(|error| unfit(error.to_string()))?, None),
        HEAR => {
            let heard: Heard = serde_json::from_str(&job.payload).map_err(|error| unfit(error.to_string()))?;
            (heard.step, Some(heard.answer))
        }
        _ => return Err(unfit("unknown kind".to_owned())),
    };
    let found = db.look(async move |tx: &mut Tx| store::step(tx, id).await).await?;
    let step = found.ok_or(PaymentRefusal::UnknownStep { step: id })?;
    if step.state != StepState::Intended {
        return Ok(None);
    }
    if let Some(answer) = heard {
        return Ok(Some(Asked { step: id, answer, echoes: Vec::new() }));
    }
    let call = call(step, clock);
    let answer = match call.kind {
        StepKind::Authorise => provider.authorise(&call).await?,
        StepKind::Capture => provider.capture(&call).await?,
        StepKind::Refund => provider.refund(&call).await?,
        StepKind::Void => provider.void(&call).await?,
    };
    let echoes = provider.echoes(&call, &answer);
    Ok(Some(Asked { step: id, answer, echoes }))
}

impl Asked {
    /// Writes the answer into the books. A flow that has more to do with it calls this in its own transaction.
    pub async fn settle(&self, tx: &mut Tx, stamp: &Stamp) -> Result<Recorded, PaymentRefusal> {
        let recorded = settle(tx, stamp, self.step, &self.answer).await?;
        for (nth, echo) in self.echoes.iter().enumerate() {
            let heard = Heard { step: self.step, answer: echo.answer.clone() };
            let payload = serde_json::to_string(&heard).map_err(|error| StoreError::Impossible {
                statement: "accounts::payments::perform",
                column: "answer".to_owned(),
                found: error.to_string(),
            })?;
            let new = jobs::NewJob {
                id: stamp.mint::<JobId>().uuid(),
                kind: HEAR,
                key: &format!("{}#{nth}", self.step),
                payload: &payload,
                due_at: stamp.at.plus_millis(echo.after_ms).millis(),
            };
            jobs::enqueue(tx, &new).await?;
        }
        Ok(recorded)
    }
}

fn call(step: Step, clock: &Clock) -> Call {
    Call {
        kind: step.kind,
        reference: step.id.to_string(),
        token: step.token,
        amount: step.amount,
        currency: step.currency,
        authorisation: step.authorisation,
        rest: step.rest,
        at: clock.now(),
    }
}
