//! Work that nobody waits for: jobs whose turn has come, sweeps that are due, events to be sealed.
//!
//! In real time it is looked for again and again; a stepped clock does all of it while it is moved, due time by due
//! time, so that a demonstration is the same on every machine.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicI64, Ordering},
    },
};

use accounts::payments::{self, PaymentProvider};
use edge::{Problem, Workman};
use events::Feed;
use exchange::webhooks;
use flows::{Due, FlowRefusal};
use identity::Identity;
use kernel::{Clock, Id, IdSource, Instant, JobId, Stamp};
use orders::{
    notices::{self, Gateway, Post},
    outbound::{self, OutboundRefusal, Refunded},
};
use procedures::conformance;
use store::{Db, StoreError, Tx, jobs};

/// How long a claimed job is ours. A worker that dies gives it up by silence.
const LEASE_MS: i64 = 60_000;
const JOBS_AT_ONCE: u32 = 32;
/// A provider that does not answer is asked again after this, doubled with every try.
const ASK_AGAIN_MS: i64 = 2_000;
const ASK_AGAIN_MAX_MS: i64 = 10 * 60_000;
/// A job that failed so often waits for a person.
const TRIES_MAX: i64 = 20;
/// Promises that ran out are looked for this often.
const SWEEP_EVERY_MS: i64 = 60_000;
/// What may wait is looked at this often; each lot is due some hours after it was looked at last.
const LOOK_EVERY_MS: i64 = 15 * 60_000;
/// The process documents read on this often: a case is judged once for all that it has told in between.
const JUDGE_EVERY_MS: i64 = 5 * 60_000;
/// What has had its time is dropped this often.
const FORGET_EVERY_MS: i64 = 3_600_000;
/// Finished jobs are kept this long for those who look into what was done.
const JOBS_KEPT_MS: i64 = 7 * 86_400_000;
/// A handheld that was without signal sends its queue within this time, and learns what became of it.
const ANSWERS_KEPT_MS: i64 = 30 * 86_400_000;
const PURGED_AT_ONCE: u32 = 500;
/// More rounds at one instant would be a job that makes itself anew for ever.
const ROUNDS_MAX: usize = 10_000;

/// Kinds in the order in which they are done when several are due at once.
const KINDS: [&str; 6] =
    [payments::PERFORM, payments::HEAR, outbound::REFUND, notices::SIGN_IN_CODE, notices::NOTICE, webhooks::DELIVER];

/// Does background work, one piece at a time.
pub(crate) struct Worker {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) ids: IdSource,
    pub(crate) provider: Arc<dyn PaymentProvider>,
    pub(crate) gateway: Arc<dyn Gateway>,
    /// Calls webhooks.
    pub(crate) out: Arc<dyn webhooks::Post>,
    pub(crate) identity: Identity,
    /// Where the links in notices lead.
    pub(crate) address: String,
    pub(crate) feed: Feed,
    /// Where sensors speak, once the server listens.
    pub(crate) sensors: OnceLock<Arc<dyn mqtt::Broker>>,
    /// Under which this process takes leases.
    pub(crate) name: String,
    /// When the sweeps were last done, by the shop's clock.
    pub(crate) swept_at: AtomicI64,
    /// When what may wait was last looked at.
    pub(crate) looked_at: AtomicI64,
    /// When the process documents last read on.
    pub(crate) judged_at: AtomicI64,
    /// When what had its time was last dropped.
    pub(crate) forgot_at: AtomicI64,
    /// How far this process has read the log on for the webhooks.
    pub(crate) read_to: webhooks::ReadTo,
}

/// The kinds of which jobs wait, each with the time from which the first of them can be claimed.
type Waiting = Vec<(String, i64)>;

/// What a look at the clock has led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Swept {
    /// A minute has not passed.
    NotYet,
    /// Nothing was due, and so no job was made.
    Nothing {
        log: Log,
    },
    Something,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Log {
    /// Nothing waits for a position, and nothing was sealed that the webhooks have not read.
    AsItWas,
    MayHaveGrown,
}

/// Moves a demonstration's clock with the work that becomes due on the way.
#[derive(Clone)]
pub(crate) struct Steps(pub(crate) Arc<Worker>);

impl Steps {
    /// Goes forward from due time to due time and does the work of each before going on.
    pub(crate) async fn advance_to(&self, to: Instant) -> Result<(), Problem> {
        let worker = &self.0;
        // What sensors have said so far was said at the time that is about to pass.
        if let Some(sensors) = worker.sensors.get() {
            sensors.settle().await.map_err(|error| Problem::internal(&error))?;
        }
        let mut waiting = worker.waiting_jobs().await?;
        loop {
            let next = worker.next_due(&waiting).max(worker.clock.now()).min(to);
            worker.clock.advance_to(next);
            waiting = worker.work_on(next, waiting).await?;
            if next >= to && worker.next_due(&waiting) > to {
                return Ok(());
            }
        }
    }
}

impl Worker {
    /// Does everything that is due at `now`.
    pub(crate) async fn work_until(&self, now: Instant) -> Result<(), FlowRefusal> {
        let waiting = self.waiting_jobs().await?;
        self.work_on(now, waiting).await.map(drop)
    }

    /// Does everything that is due at `now`, while these jobs wait. Answers the jobs that wait then.
    async fn work_on(&self, now: Instant, mut waiting: Waiting) -> Result<Waiting, FlowRefusal> {
        let mut log = Log::MayHaveGrown;
        match self.sweep(now).await? {
            Swept::NotYet => {}
            Swept::Nothing { log: seen } => log = seen,
            Swept::Something => waiting = self.waiting_jobs().await?,
        }
        for _ in 0..ROUNDS_MAX {
            if self.do_due_jobs(now, &waiting).await? == 0 {
                break;
            }
            log = Log::MayHaveGrown;
            waiting = self.waiting_jobs().await?;
        }
        if log == Log::AsItWas {
            return Ok(waiting);
        }
        // Who wants to be told of what was sealed gets a job for it, which is done in the next round. It does not
        // matter who sealed: what another process has left untold, because it died, lies behind the position too.
        let tip = self.seal(now).await?;
        if self.read_to.position() < tip && webhooks::read_on(&self.db, &self.ids, now, tip, &self.read_to).await? > 0 {
            waiting = self.waiting_jobs().await?;
        }
        Ok(waiting)
    }

    /// The kinds of which jobs wait, each with the time from which the first of them can be claimed.
    async fn waiting_jobs(&self) -> Result<Waiting, StoreError> {
        self.db.look(async |tx: &mut Tx| jobs::next_due(tx).await).await
    }

    /// When there will be something to do: the first job, or the next sweep.
    fn next_due(&self, waiting: &[(String, i64)]) -> Instant {
        let sweep = self.swept_at.load(Ordering::Acquire).saturating_add(SWEEP_EVERY_MS);
        Instant::from_millis(waiting.iter().map(|(_, due)| *due).fold(sweep, i64::min))
    }

    async fn do_due_jobs(&self, now: Instant, waiting: &[(String, i64)]) -> Result<usize, StoreError> {
        let mut done = 0;
        let is_due = |kind: &&str| waiting.iter().any(|(waits, due)| waits == kind && *due <= now.millis());
        for kind in KINDS.into_iter().filter(is_due) {
            // Owned: a verb that captures a reference is not general enough for a task to be sent between threads.
            let kind = kind.to_owned();
            let claimed = self
                .db
                .act(async move |tx: &mut Tx| jobs::claim(tx, &kind, now.millis(), LEASE_MS, JOBS_AT_ONCE).await)
                .await?;
            done += claimed.len();
            for job in claimed {
                self.perform(&job).await?;
            }
        }
        Ok(done)
    }

    async fn perform(&self, job: &jobs::Job) -> Result<(), StoreError> {
        match job.kind.as_str() {
            notices::NOTICE | notices::SIGN_IN_CODE => {
                let post = Post { gateway: self.gateway.as_ref(), identity: &self.identity, address: &self.address };
                match notices::perform(&self.db, &self.clock, &self.ids, post, job).await {
                    Ok(_) => Ok(()),
                    Err(error) => self.try_again(job, &error.to_string()).await,
                }
            }
            outbound::REFUND => self.refund(job).await,
            webhooks::DELIVER => webhooks::perform(&self.db, &self.clock, self.out.as_ref(), job).await,
            payments::PERFORM | payments::HEAR => self.perform_payment(job).await,
            unknown => self.bury(job, &format!("nobody does jobs of kind {unknown}")).await,
        }
    }

    /// Asks the provider, then writes its answer, what follows from it for the order, and the job's end in one
    /// transaction.
    async fn perform_payment(&self, job: &jobs::Job) -> Result<(), StoreError> {
        let asked = match payments::ask(&self.db, &self.clock, self.provider.as_ref(), job).await {
            Ok(asked) => asked,
            Err(error) => return self.try_again(job, &error.to_string()).await,
        };
        let (stamp, id) = (Stamp::system(self.clock.now(), &self.ids), job.id);
        let settled = self
            .db
            .write(async move |tx: &mut Tx| {
                let stamp = stamp.again();
                if let Some(asked) = &asked {
                    flows::payment_to_order::settle(tx, &stamp, asked).await?;
                }
                jobs::done(tx, id).await?;
                Ok::<_, FlowRefusal>(())
            })
            .await;
        match settled {
            Ok(()) => Ok(()),
            Err(error) => self.try_again(job, &error.to_string()).await,
        }
    }

    /// Gives the money of a failed order back, once it has been taken.
    async fn refund(&self, job: &jobs::Job) -> Result<(), StoreError> {
        let Ok(order) = job.payload.parse() else { return self.bury(job, "the payload names no order").await };
        let (stamp, id) = (Stamp::system(self.clock.now(), &self.ids), job.id);
        let refunded = self
            .db
            .write(async move |tx: &mut Tx| {
                let refunded = outbound::refund(tx, &stamp.again(), order).await?;
                if refunded != Refunded::Waiting {
                    jobs::done(tx, id).await?;
                }
                Ok::<_, OutboundRefusal>(refunded)
            })
            .await;
        match refunded {
            Ok(Refunded::Waiting) => self.try_again(job, "the capture is still on its way").await,
            Ok(Refunded::Intended(_) | Refunded::Nothing) => Ok(()),
            Err(error) => self.try_again(job, &error.to_string()).await,
        }
    }

    async fn try_again(&self, job: &jobs::Job, why: &str) -> Result<(), StoreError> {
        if job.attempts >= TRIES_MAX {
            return self.bury(job, why).await;
        }
        tracing::warn!(job.id = %job.id, job.kind, why, "a job will be tried again");
        let doublings = u32::try_from(job.attempts.clamp(0, 20)).unwrap_or(0);
        let wait = ASK_AGAIN_MS.saturating_mul(1 << doublings).min(ASK_AGAIN_MAX_MS);
        let (id, due, why) = (job.id, self.clock.now().plus_millis(wait).millis(), why.to_owned());
        self.db.act(async move |tx: &mut Tx| jobs::retry(tx, id, due, &why).await).await.map(drop)
    }

    async fn bury(&self, job: &jobs::Job, why: &str) -> Result<(), StoreError> {
        tracing::error!(job.id = %job.id, job.kind, why, "a job waits for a person");
        let (id, why) = (job.id, why.to_owned());
        self.db.act(async move |tx: &mut Tx| jobs::bury(tx, id, &why).await).await.map(drop)
    }

    /// What is due by the clock alone: promises that ran out.
    async fn sweep(&self, now: Instant) -> Result<Swept, FlowRefusal> {
        if !is_time(&self.swept_at, now, SWEEP_EVERY_MS) {
            return Ok(Swept::NotYet);
        }
        let read_to = self.read_to.position();
        let due = self.db.look(async move |tx: &mut Tx| flows::due(tx, now, read_to).await).await?;
        let is_due = |what| due.contains(&what);
        if is_due(Due::Sweep) {
            let stamp = Stamp::system(now, &self.ids);
            self.db.write(async move |tx: &mut Tx| flows::sweep(tx, &stamp.again()).await).await?;
        }
        let look = is_time(&self.looked_at, now, LOOK_EVERY_MS);
        if look {
            let stamp = Stamp::system(now, &self.ids);
            self.db.write(async move |tx: &mut Tx| flows::look_around(tx, &stamp.again()).await).await?;
        }
        // Complaints are joined with their causes and remedied by rule, each in a transaction of its own.
        if is_due(Due::Complaints) {
            flows::complaint_to_cause::look_into_all(&self.db, &self.ids, now).await?;
        }
        // What customers suggested with their ratings becomes a suggestion.
        if is_due(Due::Suggestions) {
            flows::review_to_procedure::take_suggestions(&self.db, &self.ids, now).await?;
        }
        let judge = is_time(&self.judged_at, now, JUDGE_EVERY_MS);
        if judge {
            self.judge(now).await?;
        }
        self.forget(now).await?;
        Ok(match due.as_slice() {
            [] if !look && !judge => Swept::Nothing { log: Log::AsItWas },
            [Due::Log] if !look && !judge => Swept::Nothing { log: Log::MayHaveGrown },
            _ => Swept::Something,
        })
    }

    /// The process documents read on: which cases have left the written way.
    async fn judge(&self, now: Instant) -> Result<(), FlowRefusal> {
        for _ in 0..ROUNDS_MAX {
            let read = self.db.write(async move |tx: &mut Tx| conformance::read_on(tx, now).await).await?;
            if !read.more {
                break;
            }
        }
        Ok(())
    }

    /// Drops what nobody can use any more, now and then: ended sessions and codes, finished jobs, answers that are kept
    /// for those who ask twice.
    async fn forget(&self, now: Instant) -> Result<(), FlowRefusal> {
        if !is_time(&self.forgot_at, now, FORGET_EVERY_MS) {
            return Ok(());
        }
        self.db.write(async move |tx: &mut Tx| identity::sweep(tx, now).await).await?;
        let finished_before = now.millis().saturating_sub(JOBS_KEPT_MS);
        let purge = async move |tx: &mut Tx| jobs::purge(tx, finished_before, PURGED_AT_ONCE).await;
        while self.db.act(purge).await? == u64::from(PURGED_AT_ONCE) {}
        self.db.once_purge(now.millis().saturating_sub(ANSWERS_KEPT_MS)).await?;
        self.read_to.start_over();
        Ok(())
    }

    /// Gives positions to what was told and wakes those who listen. Answers the last position.
    async fn seal(&self, now: Instant) -> Result<i64, StoreError> {
        loop {
            let sealed = events::seal(&self.db, now, &self.name).await?;
            if sealed.events > 0 {
                self.feed.advanced(sealed.position);
            }
            if !sealed.more {
                return Ok(sealed.position);
            }
        }
    }
}

/// Whether so long has passed since it was done last; if so it counts as done now.
fn is_time(last: &AtomicI64, now: Instant, every_ms: i64) -> bool {
    let due = now.millis() >= last.load(Ordering::Acquire).saturating_add(every_ms);
    if due {
        last.store(now.millis(), Ordering::Release);
    }
    due
}

impl Workman for Worker {
    fn perform_now<'a>(&'a self, job: JobId) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async move {
            let now = self.clock.now().millis();
            let claimed =
                self.db.act(async move |tx: &mut Tx| jobs::claim_one(tx, job.uuid(), now, LEASE_MS).await).await;
            let done = match claimed {
                Ok(Some(job)) => self.perform(&job).await,
                Ok(None) => Ok(()),
                Err(error) => Err(error),
            };
            if let Err(error) = done {
                tracing::warn!(%job, %error, "a job could not be done at once and keeps its turn");
            }
        })
    }
}

#[cfg(test)]
mod tests;
