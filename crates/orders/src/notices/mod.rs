//! Step 3.5 客戶通知. Tells customers what becomes of their order, in their language.
//!
//! A notice is a row and a job in the transaction of what it tells, one per dedupe key; a worker hands it to the
//! gateway outside every transaction and tries again, ever later, until it is taken. It is never sent before what it
//! tells is durable, and never silently dropped: it ends as sent or, for people to see, as buried.

mod code;
mod gateway;
mod rules;
mod store;

pub mod events;
pub mod http;

use ::store::{Db, StoreError, Tx, jobs};
use identity::Identity;
use kernel::{Clock, CustomerId, CustomerOrderId, Id, IdSource, Instant, JobId, Lang, NoticeId, Stamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use gateway::{Delivery, FileSink, Gateway, GatewayFault, Message};
pub use rules::{NoticeState, Params, TRIES_MAX, Template, backoff_ms, write};

use crate::people;
use events::{NoticeBuried, NoticeSent};

/// Jobs of this kind hand a notice to the gateway; the payload is the id of the notice.
pub const NOTICE: &str = "notice";
/// Jobs of this kind carry a one-time code to a phone; `identity` queues them.
pub const SIGN_IN_CODE: &str = identity::phones::SIGN_IN_CODE_JOB;

/// A notice as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Notice {
    pub id: NoticeId,
    #[serde(skip)]
    pub dedupe: String,
    pub customer: CustomerId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<CustomerOrderId>,
    pub template: Template,
    pub lang: Lang,
    /// Kept to oneself: a sign-in code or a private link may be among them.
    #[serde(skip)]
    pub params: Params,
    pub state: NoticeState,
    pub tries: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    pub made_at: Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done_at: Option<Instant>,
}

/// What is to be told to whom.
#[derive(Clone, Debug)]
pub struct NewNotice {
    pub customer: CustomerId,
    pub order: Option<CustomerOrderId>,
    pub template: Template,
    pub lang: Lang,
    pub params: Params,
    /// Two notices under one key are one notice.
    pub dedupe: String,
}

/// What became of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Performed {
    Sent,
    /// An earlier try had ended it; the gateway was not asked.
    Before,
    /// Not taken; the job is due again then.
    Again {
        at: Instant,
        why: String,
    },
    Buried {
        why: String,
    },
}

/// Why a job could not be performed at all.
#[derive(Debug, thiserror::Error)]
pub enum PerformError {
    #[error("job {job} of kind {kind} names no notice")]
    NotANotice { job: ::store::Uuid, kind: String },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Writes a notice down and queues it. `None` when its key is known: it was told already.
pub async fn notify(tx: &mut Tx, stamp: &Stamp, new: &NewNotice) -> Result<Option<NoticeId>, StoreError> {
    let (id, job) = (stamp.mint::<NoticeId>(), stamp.mint::<JobId>());
    let params = serde_json::to_string(&new.params).map_err(|error| StoreError::Impossible {
        statement: "orders::notices::notify",
        column: "params".to_owned(),
        found: error.to_string(),
    })?;
    let row = store::NewRow {
        id,
        dedupe: &new.dedupe,
        customer: new.customer,
        order: new.order,
        template: new.template,
        lang: new.lang,
        params: &params,
        job,
        at: stamp.at,
    };
    if store::add(tx, &row).await? == 0 {
        return Ok(None);
    }
    let payload = id.to_string();
    let work =
        jobs::NewJob { id: job.uuid(), kind: NOTICE, key: &payload, payload: &payload, due_at: stamp.at.millis() };
    jobs::enqueue(tx, &work).await?;
    Ok(Some(id))
}

/// The way out of the house: who carries the words, and what links in them begin with.
#[derive(Clone, Copy)]
pub struct Post<'a> {
    pub gateway: &'a dyn Gateway,
    /// Signs the links that customers get.
    pub identity: &'a Identity,
    /// Where customers reach the shop: `https://shop.example`.
    pub address: &'a str,
}

/// Does one job of kind [`NOTICE`] or [`SIGN_IN_CODE`], and ends the job: done, due again, or buried. A worker that
/// dies between handing over and writing sends the message again under the same key.
pub async fn perform(
    db: &Db,
    clock: &Clock,
    ids: &IdSource,
    post: Post<'_>,
    job: &jobs::Job,
) -> Result<Performed, PerformError> {
    match job.kind.as_str() {
        NOTICE => perform_notice(db, clock, ids, post, job).await,
        SIGN_IN_CODE => code::perform(db, clock, post, job).await,
        _ => Err(PerformError::NotANotice { job: job.id, kind: job.kind.clone() }),
    }
}

async fn perform_notice(
    db: &Db,
    clock: &Clock,
    ids: &IdSource,
    post: Post<'_>,
    job: &jobs::Job,
) -> Result<Performed, PerformError> {
    let unfit = || PerformError::NotANotice { job: job.id, kind: job.kind.clone() };
    let id: NoticeId = job.payload.parse().map_err(|_| unfit())?;
    let notice = db.look(async move |tx: &mut Tx| store::notice(tx, id).await).await?.ok_or_else(unfit)?;
    let to_whom = notice.customer;
    let phone = db.look(async move |tx: &mut Tx| people::phone_of(tx, to_whom).await).await?;
    let outcome = match (notice.state, phone) {
        (NoticeState::Sent | NoticeState::Buried, _) => Performed::Before,
        (NoticeState::Queued | NoticeState::Failed, None) => Performed::Buried { why: NO_RECIPIENT.to_owned() },
        (NoticeState::Queued | NoticeState::Failed, Some(to)) => {
            let message = message(&notice, to, post, clock.now());
            match post.gateway.send(&message).await {
                Ok(()) => Performed::Sent,
                Err(fault) => match backoff_ms(notice.tries.saturating_add(1)) {
                    Some(wait) => Performed::Again { at: clock.now().plus_millis(wait), why: fault.to_string() },
                    None => Performed::Buried { why: fault.to_string() },
                },
            }
        }
    };
    let stamp = Stamp::system(clock.now(), ids);
    let (ended, job) = (outcome.clone(), job.id);
    db.write(async move |tx: &mut Tx| end(tx, &stamp.again(), &notice, &ended, job).await).await?;
    Ok(outcome)
}

/// Whoever asked to be forgotten has no number any more.
const NO_RECIPIENT: &str = "no_recipient";

/// The words, with the private link signed only now: it is not kept beside the order.
fn message(notice: &Notice, to: String, post: Post<'_>, at: Instant) -> Message {
    let mut params = notice.params.clone();
    if let (Some((page, purpose)), Some(order)) = (notice.template.link(), notice.order) {
        let until = notice.made_at.plus_minutes(LINK_DAYS * 24 * 60);
        let token = post.identity.link_for(::events::Object::of(order), purpose, until);
        params.insert("link".to_owned(), format!("{}/{page}/{token}", post.address));
    }
    Message {
        key: notice.dedupe.clone(),
        notice: Some(notice.id),
        to,
        template: notice.template,
        lang: notice.lang,
        text: rules::write(notice.template, notice.lang, &params),
        at,
    }
}

/// A link answers until the refund window has closed.
const LINK_DAYS: i64 = 45;

/// Writes down how a try ended, with the job.
async fn end(
    tx: &mut Tx,
    stamp: &Stamp,
    notice: &Notice,
    outcome: &Performed,
    job: ::store::Uuid,
) -> Result<(), StoreError> {
    let mut touched = vec![::events::Object::of(notice.customer)];
    touched.extend(notice.order.map(::events::Object::of));
    let (template, tries) = (notice.template.code().to_owned(), notice.tries.saturating_add(1));
    match outcome {
        Performed::Before => {
            jobs::done(tx, job).await?;
        }
        Performed::Sent => {
            let first = store::sent(tx, notice.id, stamp.at).await? == 1;
            jobs::done(tx, job).await?;
            if first {
                let body = NoticeSent { template, tries };
                ::events::tell(tx, stamp, ::events::Object::of(notice.id), &touched, &body).await?;
            }
        }
        Performed::Again { at, why } => {
            store::failed(tx, notice.id, why).await?;
            jobs::retry(tx, job, at.millis(), why).await?;
        }
        Performed::Buried { why } => {
            let first = store::buried(tx, notice.id, why, stamp.at).await? == 1;
            jobs::bury(tx, job, why).await?;
            if first {
                let body = NoticeBuried { template, tries, failure: why.clone() };
                ::events::tell(tx, stamp, ::events::Object::of(notice.id), &touched, &body).await?;
            }
        }
    }
    Ok(())
}

/// What was told about an order, in order.
pub async fn of_order(tx: &mut Tx, order: CustomerOrderId) -> Result<Vec<Notice>, StoreError> {
    store::of_order(tx, order).await
}
