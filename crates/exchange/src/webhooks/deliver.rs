//! One message to one receiver.

use std::{future::Future, pin::Pin};

use ::store::{Db, StoreError, Tx, jobs};
use events::SealedEvent;
use kernel::{Clock, Instant, WebhookId};

use super::{
    rules::{Delivery, DeliveryState, WebhookState, backoff_ms, signature},
    store::{self, Addressed},
};

/// One message on its way out.
#[derive(Clone, Debug)]
pub struct Call {
    pub url: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

/// The status that came back, or why none did.
pub type Posting<'a> = Pin<Box<dyn Future<Output = Result<u16, String>> + Send + 'a>>;

/// Carries messages out of the house. Never called while a transaction is open.
pub trait Post: Send + Sync {
    fn post<'a>(&'a self, call: &'a Call) -> Posting<'a>;
}

/// Does one job of kind [`super::DELIVER`] and ends it: done, due again, or laid aside. A worker that dies between
/// posting and writing posts again, under the same event id.
pub async fn perform(db: &Db, clock: &Clock, out: &dyn Post, job: &jobs::Job) -> Result<(), StoreError> {
    let Some((webhook, position)) = addressee(&job.payload) else {
        return end(db, job, Ending::Buried("the payload names no message")).await;
    };
    let found = db.read(async move |tx: &mut Tx| look_up(tx, webhook, position).await).await?;
    let Some((addressed, known, event)) = found else {
        return end(db, job, Ending::Buried("the message or its event is not there")).await;
    };
    // Whoever ended the webhook wants nothing more; whoever said yes has it.
    if addressed.webhook.state == WebhookState::Ended || known.state == DeliveryState::Delivered {
        return end(db, job, Ending::Done).await;
    }
    let call = message(&addressed, &event, clock.now());
    let answer = out.post(&call).await;
    let tried = after_try(&known, &answer, clock.now());
    let ending = match tried.state {
        DeliveryState::Delivered => Ending::Done,
        DeliveryState::Dead => Ending::Buried("the receiver did not take the message"),
        DeliveryState::Waiting => Ending::Again(clock.now().plus_millis(backoff_ms(tried.tries).unwrap_or(0))),
    };
    let (id, ending_job) = (job.id, ending);
    db.write(async move |tx: &mut Tx| {
        store::tried(tx, webhook, &tried).await?;
        finish(tx, id, ending_job).await
    })
    .await
}

/// How a job ends.
#[derive(Clone, Copy)]
enum Ending {
    Done,
    Again(Instant),
    Buried(&'static str),
}

async fn end(db: &Db, job: &jobs::Job, ending: Ending) -> Result<(), StoreError> {
    let id = job.id;
    db.act(async move |tx: &mut Tx| finish(tx, id, ending).await).await
}

async fn finish(tx: &mut Tx, job: ::store::Uuid, ending: Ending) -> Result<(), StoreError> {
    match ending {
        Ending::Done => jobs::done(tx, job).await,
        Ending::Again(at) => jobs::retry(tx, job, at.millis(), "the receiver did not take the message").await,
        Ending::Buried(why) => jobs::bury(tx, job, why).await,
    }
    .map(drop)
}

fn addressee(payload: &str) -> Option<(WebhookId, i64)> {
    let (webhook, position) = payload.split_once(':')?;
    Some((webhook.parse().ok()?, position.parse().ok()?))
}

async fn look_up(
    tx: &mut Tx,
    webhook: WebhookId,
    position: i64,
) -> Result<Option<(Addressed, Delivery, SealedEvent)>, StoreError> {
    let addressed = store::addressed(tx, webhook).await?;
    let delivery = store::delivery(tx, webhook, position).await?;
    let event = events::read_after(tx, position.saturating_sub(1), 1).await?.pop();
    Ok(addressed.zip(delivery).zip(event).map(|((addressed, delivery), event)| (addressed, delivery, event)))
}

/// The event as the log's own list shows it, signed.
fn message(addressed: &Addressed, event: &SealedEvent, at: Instant) -> Call {
    // An event that was read from the log is JSON already.
    let body = serde_json::to_string(event).unwrap_or_default();
    let headers = vec![
        ("content-type", "application/json".to_owned()),
        ("freshet-webhook", addressed.webhook.id.to_string()),
        ("freshet-event", event.kind.clone()),
        ("freshet-position", event.position.to_string()),
        ("freshet-signature", signature(&addressed.secret, at, &body)),
        ("idempotency-key", event.id.to_string()),
    ];
    Call { url: addressed.webhook.url.clone(), headers, body }
}

/// Longer answers are cut: they are for a person's eye.
const ANSWER_MAX: usize = 200;

fn after_try(known: &Delivery, answer: &Result<u16, String>, at: Instant) -> Delivery {
    let tries = known.tries.saturating_add(1);
    let (state, text) = match answer {
        Ok(status @ 200..=299) => (DeliveryState::Delivered, status.to_string()),
        Ok(status) => (still(tries), status.to_string()),
        Err(why) => (still(tries), why.chars().take(ANSWER_MAX).collect()),
    };
    Delivery { state, tries, answer: Some(text), tried_at: Some(at), position: known.position }
}

const fn still(tries: i64) -> DeliveryState {
    if backoff_ms(tries).is_some() { DeliveryState::Waiting } else { DeliveryState::Dead }
}
