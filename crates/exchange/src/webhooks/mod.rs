//! Webhooks: another system is told of every event that it wants, signed, at least once, in messages that carry their
//! position.
//!
//! A webhook is a reader of the log. It reads on by position and makes a job of each event that it wants; the job is
//! tried again with growing pauses until the receiver says yes, and laid aside for a person after many tries. The
//! receiver tells doubles by the event's id and restores the order, if it needs one, by the position.
//!
//! Nothing is sent while a transaction is open, and never to a private address unless the operator has said so.

mod deliver;
mod events;
pub mod http;
mod refusal;
mod rules;
mod store;

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use ::events::{Object, tell};
use ::store::{Db, StoreError, Tx, jobs};
use identity::Secret;
use kernel::{Id, IdSource, Instant, Stamp, WebhookId};
use uuid::Uuid;

pub use deliver::{Call, Post, Posting, perform};
pub use refusal::WebhookRefusal;
pub use rules::{Delivery, DeliveryState, NewWebhook, Webhook, WebhookState, signature};

/// The kind of the jobs that call a receiver.
pub const DELIVER: &str = "webhook_delivery";
/// What every secret's text begins with.
pub const SECRET_PREFIX: &str = "whsec_";
/// More would slow every read of the log.
const WEBHOOKS_MAX: i64 = 50;
/// Events that one webhook reads at once.
const EVENTS_AT_ONCE: i64 = 200;

/// Enters a webhook that is told of everything sealed from now on.
pub async fn subscribe(
    tx: &mut Tx,
    stamp: &Stamp,
    new: &NewWebhook,
    secret: &Secret,
) -> Result<Webhook, WebhookRefusal> {
    if store::active(tx).await?.len() >= usize::try_from(WEBHOOKS_MAX).unwrap_or(usize::MAX) {
        return Err(WebhookRefusal::TooMany { most: WEBHOOKS_MAX });
    }
    let webhook = new.begun(stamp.mint(), stamp.at);
    store::add(tx, &webhook, secret.text()).await?;
    let tip = ::events::tip(tx).await?;
    ::events::advance(tx, &reader(webhook.id), tip).await?;
    let body = events::WebhookSubscribed { kinds: webhook.kinds.clone() };
    tell(tx, stamp, Object::of(webhook.id), &[], &body).await?;
    Ok(webhook)
}

/// Ends a webhook: what waits for it is not sent any more.
pub async fn unsubscribe(tx: &mut Tx, stamp: &Stamp, id: WebhookId) -> Result<(), WebhookRefusal> {
    webhook(tx, id).await?;
    if store::end(tx, id).await? == 1 {
        tell(tx, stamp, Object::of(id), &[], &events::WebhookEnded {}).await?;
    }
    Ok(())
}

/// Gives a webhook another secret; messages are signed with it from now on.
pub async fn renew_secret(
    tx: &mut Tx,
    stamp: &Stamp,
    id: WebhookId,
    secret: &Secret,
) -> Result<Webhook, WebhookRefusal> {
    let known = webhook(tx, id).await?;
    if known.state == WebhookState::Ended {
        return Err(WebhookRefusal::Ended);
    }
    store::set_secret(tx, id, secret.text()).await?;
    tell(tx, stamp, Object::of(id), &[], &events::WebhookSecretRenewed {}).await?;
    webhook(tx, id).await
}

/// The webhook, which must exist.
pub async fn webhook(tx: &mut Tx, id: WebhookId) -> Result<Webhook, WebhookRefusal> {
    store::webhook(tx, id).await?.ok_or(WebhookRefusal::NoSuchWebhook)
}

/// Sends a message again that was laid aside.
pub async fn send_again(tx: &mut Tx, stamp: &Stamp, id: WebhookId, position: i64) -> Result<Delivery, WebhookRefusal> {
    if webhook(tx, id).await?.state == WebhookState::Ended {
        return Err(WebhookRefusal::Ended);
    }
    let known = store::delivery(tx, id, position).await?.ok_or(WebhookRefusal::NoSuchDelivery)?;
    if known.state != DeliveryState::Dead {
        return Err(WebhookRefusal::NotDead { position });
    }
    store::revive(tx, id, position).await?;
    // The first job of this message is buried under its key; this try has one of its own.
    let job: Uuid = stamp.mint::<kernel::JobId>().uuid();
    enqueue(tx, job, &format!("{id}:{position}:{job}"), id, position, stamp.at).await?;
    store::delivery(tx, id, position).await?.ok_or(WebhookRefusal::NoSuchDelivery)
}

/// How far this process has read for the webhooks. Up to there none of these wants anything that is not a job of its own
/// already. A webhook's own position is moved on when there was something for it, and by [`ReadTo::start_over`].
#[derive(Debug, Default)]
pub struct ReadTo(Mutex<(BTreeSet<WebhookId>, i64)>);

impl ReadTo {
    pub fn position(&self) -> i64 {
        self.known().1
    }

    /// The next reading begins where each webhook was told of something last.
    pub fn start_over(&self) {
        *self.known() = Default::default();
    }

    /// Where to read on for just these webhooks.
    fn of(&self, webhooks: &BTreeSet<WebhookId>) -> Option<i64> {
        let known = self.known();
        (known.0 == *webhooks).then_some(known.1)
    }

    fn reached(&self, webhooks: BTreeSet<WebhookId>, position: i64) {
        *self.known() = (webhooks, position);
    }

    fn known(&self) -> MutexGuard<'_, (BTreeSet<WebhookId>, i64)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads the log, which is sealed up to `tip`, on for every webhook, and makes a job of each event that one wants. Answers
/// how many jobs it made.
pub async fn read_on(db: &Db, ids: &IdSource, now: Instant, tip: i64, read_to: &ReadTo) -> Result<usize, StoreError> {
    let webhooks = db.look(async |tx: &mut Tx| store::active(tx).await).await?;
    let active = webhooks.iter().map(|webhook| webhook.id).collect();
    let mut made = 0_usize;
    if anything_wanted(db, &webhooks, read_to.of(&active)).await? {
        made = read_for_each(db, ids, now, webhooks).await?;
    }
    read_to.reached(active, tip);
    Ok(made)
}

/// Whether one of them may want an event behind `position`; `None` if nobody knows where to begin.
async fn anything_wanted(db: &Db, webhooks: &[Webhook], position: Option<i64>) -> Result<bool, StoreError> {
    let Some(position) = position else { return Ok(true) };
    if webhooks.is_empty() {
        return Ok(false);
    }
    let told = db.look(async move |tx: &mut Tx| ::events::kinds_after(tx, position, EVENTS_AT_ONCE).await).await?;
    let more = told.len() >= usize::try_from(EVENTS_AT_ONCE).unwrap_or(usize::MAX);
    Ok(more || told.iter().any(|(_, kind)| webhooks.iter().any(|webhook| webhook.wants(kind))))
}

async fn read_for_each(db: &Db, ids: &IdSource, now: Instant, webhooks: Vec<Webhook>) -> Result<usize, StoreError> {
    let mut made = 0_usize;
    for webhook in webhooks {
        loop {
            let (stamp, webhook) = (Stamp::system(now, ids), webhook.clone());
            let read = db.write(async move |tx: &mut Tx| read_page(tx, &stamp.again(), &webhook).await).await?;
            made = made.saturating_add(read.jobs);
            if read.events < EVENTS_AT_ONCE {
                break;
            }
        }
    }
    Ok(made)
}

struct Read {
    events: i64,
    jobs: usize,
}

async fn read_page(tx: &mut Tx, stamp: &Stamp, webhook: &Webhook) -> Result<Read, StoreError> {
    let reader = reader(webhook.id);
    let after = ::events::claim(tx, &reader).await?;
    let page = ::events::kinds_after(tx, after, EVENTS_AT_ONCE).await?;
    let Some(last) = page.last().map(|(position, _)| *position) else { return Ok(Read { events: 0, jobs: 0 }) };
    let mut made = 0_usize;
    for (position, _) in page.iter().filter(|(_, kind)| webhook.wants(kind)) {
        store::await_delivery(tx, webhook.id, *position).await?;
        let key = format!("{}:{position}", webhook.id);
        enqueue(tx, stamp.mint::<kernel::JobId>().uuid(), &key, webhook.id, *position, stamp.at).await?;
        made = made.saturating_add(1);
    }
    ::events::advance(tx, &reader, last).await?;
    Ok(Read { events: i64::try_from(page.len()).unwrap_or(i64::MAX), jobs: made })
}

async fn enqueue(
    tx: &mut Tx,
    job: Uuid,
    key: &str,
    webhook: WebhookId,
    position: i64,
    due: Instant,
) -> Result<(), StoreError> {
    let payload = format!("{webhook}:{position}");
    let new = jobs::NewJob { id: job, kind: DELIVER, key, payload: &payload, due_at: due.millis() };
    jobs::enqueue(tx, &new).await
}

fn reader(webhook: WebhookId) -> String {
    format!("webhook:{webhook}")
}
