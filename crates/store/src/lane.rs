//! The writer lane of the embedded database: one thread, one connection, and every verb that waits is run and
//! committed together with its neighbours. One fsync is shared by the group, and nobody is answered before it.
//!
//! A group is a bet that nobody refuses after writing, for savepoints cost a tenth of a verb. If the bet is lost
//! the group is undone and run again with a savepoint for each member.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::{Context, Poll, Waker},
    thread,
    time::{Duration, Instant},
};

use tokio::sync::{mpsc, oneshot};

use crate::{Result, StoreError, Tx, sqlite::Embedded, tx::On};

/// Members of one group: beyond this a group gains nothing more and its first member waits too long.
const GROUP_MEMBERS: usize = 256;
/// How long a group may collect before it commits.
const GROUP_TIME: Duration = Duration::from_millis(20);
/// After a lost bet, how many groups take savepoints: bounds the double work when refusals come in spells.
const CAREFUL_GROUPS: u32 = 32;
/// A verb that keeps everybody else waiting this long is logged.
const SLOW_VERB: Duration = Duration::from_millis(50);
/// Verbs in line; more wait at the door, where their clients can still give up.
const QUEUE: usize = 4096;

/// A waiting verb. It is boxed once; its future lives on the lane's stack.
pub(crate) trait Member: Send {
    /// Runs the verb with one poll. `false` if nothing of it may stay.
    fn run(&mut self, tx: &mut Tx) -> bool;
    /// Hands out the verdict, or what became of the transaction around it.
    fn answer(self: Box<Self>, fate: Result<()>);
    /// The client is gone, and the verb has not begun.
    fn abandoned(&self) -> bool;
}

struct Waiting<T, E, F> {
    verb: F,
    verdict: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Member for Waiting<T, E, F>
where
    F: AsyncFn(&mut Tx) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn run(&mut self, tx: &mut Tx) -> bool {
        tx.start_over();
        let verb = &self.verb;
        let polled = catch_unwind(AssertUnwindSafe(|| {
            let future = pin!(async {
                let value = verb(tx).await?;
                tx.write_what_was_left().await?;
                Ok(value)
            });
            // Every statement completes at once here, so a verb that is not done was waiting for something else.
            match future.poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(verdict) => verdict,
                Poll::Pending => Err(StoreError::ForeignAwait.into()),
            }
        }));
        let verdict = match polled {
            Ok(Ok(_)) if tx.failed => Err(StoreError::Poisoned.into()),
            Ok(verdict) => verdict,
            Err(panic) => Err(StoreError::Panicked(last_words(panic.as_ref())).into()),
        };
        let keeps = verdict.is_ok();
        self.verdict = Some(verdict);
        keeps
    }

    fn answer(self: Box<Self>, fate: Result<()>) {
        let verdict = match fate {
            Ok(()) => self.verdict.unwrap_or_else(|| Err(StoreError::Closed.into())),
            Err(lost) => Err(lost.into()),
        };
        // The client may be gone; its idempotency key will find the answer.
        drop(self.reply.send(verdict));
    }

    fn abandoned(&self) -> bool {
        self.reply.is_closed()
    }
}

/// What a panic said.
pub(crate) fn last_words(panic: &(dyn Any + Send)) -> String {
    let said = panic.downcast_ref::<&str>().map(|said| (*said).to_owned());
    said.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a word".to_owned())
}

/// A member and where its answer will arrive.
pub(crate) fn waiting<T, E, F>(verb: F) -> (Box<dyn Member>, oneshot::Receiver<Result<T, E>>)
where
    F: AsyncFn(&mut Tx) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    (Box::new(Waiting { verb, verdict: None, reply }), answer)
}

/// The line in front of a thread that runs members.
#[derive(Clone)]
pub(crate) struct Line(mpsc::Sender<Box<dyn Member>>);

impl Line {
    /// How many verbs wait in line.
    pub(crate) fn depth(&self) -> usize {
        self.0.max_capacity().saturating_sub(self.0.capacity())
    }

    pub(crate) fn new() -> (Self, mpsc::Receiver<Box<dyn Member>>) {
        let (line, queue) = mpsc::channel(QUEUE);
        (Self(line), queue)
    }

    /// Queues a member and waits for its answer.
    pub(crate) async fn ask<T, E: From<StoreError>>(
        &self,
        member: Box<dyn Member>,
        answer: oneshot::Receiver<Result<T, E>>,
    ) -> Result<T, E> {
        if self.0.send(member).await.is_err() {
            return Err(StoreError::Closed.into());
        }
        answer.await.unwrap_or_else(|_| Err(StoreError::Closed.into()))
    }
}

/// When the lane answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    AfterCommit,
    /// The fault that the kill test must be able to find.
    #[cfg(feature = "testing")]
    BeforeCommit,
}

/// Starts the lane; it ends when the last line to it is dropped.
pub(crate) fn start(connection: Embedded, answer: Answer) -> Result<Line> {
    let (line, mut queue) = Line::new();
    let run = move || {
        let mut tx = Tx::new(On::Sqlite(connection));
        let mut careful = 0_u32;
        let mut group: Vec<Box<dyn Member>> = Vec::new();
        loop {
            if group.is_empty() {
                let Some(member) = queue.blocking_recv() else { return };
                group.push(member);
            }
            while group.len() < GROUP_MEMBERS
                && let Ok(member) = queue.try_recv()
            {
                group.push(member);
            }
            group.retain(|member| !member.abandoned());
            match answer {
                Answer::AfterCommit => serve(&mut tx, &mut group, &mut careful),
                #[cfg(feature = "testing")]
                Answer::BeforeCommit => serve_too_early(&mut tx, &mut group),
            }
        }
    };
    spawned("store-lane", run)?;
    Ok(line)
}

pub(crate) fn spawned(name: &str, run: impl FnOnce() + Send + 'static) -> Result<()> {
    let started = thread::Builder::new().name(name.to_owned()).spawn(run);
    started.map(|_| ()).map_err(|error| StoreError::Pool(error.to_string()))
}

/// How a group undoes a member that refuses after writing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Undo {
    Bet,
    Savepoint,
}

/// Why a group did not commit.
enum Broken {
    /// A member refused after writing, and there was no savepoint to go back to.
    Bet,
    /// The transaction ended for all; how many members had begun.
    Lost(usize),
    /// The transaction never began.
    Shut(StoreError),
}

/// Runs the head of the group in one transaction and answers it. What was not reached stays for the next.
fn serve(tx: &mut Tx, group: &mut Vec<Box<dyn Member>>, careful: &mut u32) {
    if group.len() < 2 {
        return group.drain(..).for_each(|member| run_alone(tx, member));
    }
    let mut undo = if *careful == 0 { Undo::Bet } else { Undo::Savepoint };
    *careful = careful.saturating_sub(1);
    loop {
        match run_group(tx, group, undo) {
            Ok(done) => return group.drain(..done).for_each(|member| member.answer(Ok(()))),
            Err(Broken::Bet) => (undo, *careful) = (Undo::Savepoint, CAREFUL_GROUPS),
            // A full disk ends the transaction of all. Alone, only the guilty fail.
            Err(Broken::Lost(begun)) => return group.drain(..begun).for_each(|member| run_alone(tx, member)),
            Err(Broken::Shut(why)) => {
                let busy = matches!(why, StoreError::Busy);
                let lost = || if busy { StoreError::Busy } else { StoreError::GroupLost(why.to_string()) };
                return group.drain(..).for_each(|member| member.answer(Err(lost())));
            }
        }
    }
}

fn run_group(tx: &mut Tx, group: &mut [Box<dyn Member>], undo: Undo) -> Result<usize, Broken> {
    begin(tx).map_err(Broken::Shut)?;
    let started = Instant::now();
    let mut begun = 0;
    for member in group {
        if begun > 0 && started.elapsed() >= GROUP_TIME {
            break;
        }
        begun += 1;
        let lost = |_| Broken::Lost(begun);
        if undo == Undo::Savepoint {
            embedded(tx).say("SAVEPOINT member").map_err(lost)?;
        }
        let keeps = run_timed(tx, member.as_mut());
        let embedded = embedded(tx);
        // A full disk or a failing one ends the transaction even when the member had only read; what follows would
        // be committed statement by statement.
        if embedded.connection.is_autocommit() {
            return Err(Broken::Lost(begun));
        }
        match (undo, keeps) {
            (Undo::Savepoint, true) => embedded.say("RELEASE member").map_err(lost)?,
            (Undo::Savepoint, false) => {
                embedded.say("ROLLBACK TO member").and_then(|()| embedded.say("RELEASE member")).map_err(lost)?;
            }
            (Undo::Bet, false) if embedded.wrote => {
                embedded.undo().map_err(lost)?;
                return Err(Broken::Bet);
            }
            (Undo::Bet, _) => {}
        }
        embedded.wrote = false;
    }
    if embedded(tx).say("COMMIT").is_err() {
        return Err(Broken::Lost(begun));
    }
    Ok(begun)
}

/// A transaction of the member's own, and its answer.
fn run_alone(tx: &mut Tx, mut member: Box<dyn Member>) {
    let mut run = || {
        begin(tx)?;
        let keeps = run_timed(tx, member.as_mut());
        let embedded = embedded(tx);
        if !keeps {
            return embedded.undo();
        }
        if embedded.connection.is_autocommit() {
            return Err(StoreError::GroupLost("the transaction ended inside the verb".to_owned()));
        }
        embedded.say("COMMIT")
    };
    let fate = run();
    member.answer(fate);
}

/// Ends what a broken group may have left open, and begins. IMMEDIATE: a deferred transaction that turns into a
/// writer fails at once when somebody else has written, without waiting.
fn begin(tx: &mut Tx) -> Result<()> {
    let embedded = embedded(tx);
    embedded.undo()?;
    embedded.wrote = false;
    embedded.say("BEGIN IMMEDIATE")
}

fn run_timed(tx: &mut Tx, member: &mut dyn Member) -> bool {
    let started = Instant::now();
    let keeps = member.run(tx);
    let elapsed = started.elapsed();
    if elapsed >= SLOW_VERB {
        tracing::warn!(elapsed_ms = elapsed.as_millis(), "a verb held up the writer lane");
    }
    keeps
}

fn embedded(tx: &mut Tx) -> &mut Embedded {
    match &mut tx.on {
        On::Sqlite(embedded) => embedded,
        On::Postgres(_) => unreachable!("the lane owns an embedded connection"),
    }
}

#[cfg(feature = "testing")]
fn serve_too_early(tx: &mut Tx, group: &mut Vec<Box<dyn Member>>) {
    if begin(tx).is_err() {
        return;
    }
    for mut member in group.drain(..) {
        member.run(tx);
        member.answer(Ok(()));
    }
    // Long enough that a kill falls between the answer and the commit.
    thread::sleep(Duration::from_millis(2));
    drop(embedded(tx).say("COMMIT"));
}
