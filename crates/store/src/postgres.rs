//! Transactions on PostgreSQL: BEGIN, writes and COMMIT are sent without waiting for one another, and what lost a
//! race runs again.

use std::{
    collections::VecDeque,
    future::ready,
    panic::AssertUnwindSafe,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, QueueMode, RecyclingMethod, Runtime};
use futures_util::{
    FutureExt, TryStreamExt,
    future::{BoxFuture, join},
};
use tokio_postgres::{Config, Error, NoTls, SimpleQueryMessage, Statement, error::SqlState};

use crate::{
    Param, Question, Result, Stmt, StoreError, Tx,
    kept::{Answer, Kept, Known},
    lane::last_words,
    question,
    statement::{Verb, counted, wide},
    tx::{Alone, On},
};

const CONNECTIONS: usize = 16;
/// How long a verb waits for one of them before it is refused.
const WAIT: Duration = Duration::from_secs(30);
/// Runs of a verb that loses to deadlocks, serialisation failures or a neighbour's idempotency key.
const RUNS: u32 = 10;
/// The pause before the second run; it doubles up to 64 times this.
const PAUSE: Duration = Duration::from_millis(1);
/// Statements on their way without an answer; bounds what one verb can keep in memory on either side.
const IN_FLIGHT: usize = 256;
/// A plan made for an empty table would scan and hash the full one later. Every statement of a verb has its index, so
/// one plan serves whatever arguments come: planned anew for each array, a set took longer to plan than to run. And a
/// plan that must scan nevertheless is priced so high that it would be compiled to machine code on every run, which
/// takes a hundred times as long as the statement. Tables are joined in the order in which they are written: while they
/// look empty every order looks the same, and a plan that begins at the wrong end is kept when they are full.
const SHORT_STATEMENTS: &str = "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off \
                                -c join_collapse_limit=1 -c plan_cache_mode=force_generic_plan -c jit=off";

/// What the server will tell. In a box, and so compiled here and optimised: what is only awaited is compiled where it is
/// awaited, once more in every crate that does.
type Told<'a, T> = BoxFuture<'a, Result<T>>;

/// How a transaction begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Write,
    Snapshot,
    /// One SELECT, and no transaction around it.
    Look,
    /// One statement that writes, and no transaction around it.
    Statement,
}

/// The pools of one database.
pub(crate) struct Server {
    writes: Pool,
    reads: Pool,
    known: Arc<Known>,
}

impl Server {
    pub(crate) async fn connect(config: &Config, replica: Option<&Config>) -> Result<Self> {
        let mut short = config.clone();
        let options = config.get_options().unwrap_or_default();
        short.options(format!("{options} {SHORT_STATEMENTS}").trim());
        let server =
            Self { writes: pool(short)?, reads: pool(replica.unwrap_or(config).clone())?, known: Arc::default() };
        // A wrong address shows now and not with the first order.
        drop(server.client(Access::Write).await?);
        Ok(server)
    }

    pub(crate) fn client(&self, access: Access) -> Told<'_, Object> {
        Box::pin(async move {
            let pool = match access {
                Access::Write | Access::Statement => &self.writes,
                Access::Snapshot | Access::Look => &self.reads,
            };
            pool.get().await.map_err(|error| StoreError::Pool(error.to_string()))
        })
    }

    /// A changed table leaves prepared statements behind that no longer fit.
    pub(crate) fn forget_statements(&self) {
        self.writes.manager().statement_caches.clear();
        self.reads.manager().statement_caches.clear();
        self.known.clear();
    }

    /// Runs `verb` in a transaction of its own, and again when it lost a race.
    pub(crate) async fn run<T, E, F>(&self, access: Access, verb: F) -> Result<T, E>
    where
        F: AsyncFn(&mut Tx) -> Result<T, E>,
        E: From<StoreError>,
    {
        let mut pause = PAUSE;
        for _ in 1..RUNS {
            if let Some(verdict) = self.attempt(access, &verb).await {
                return verdict;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE * 64);
        }
        self.attempt(access, &verb).await.unwrap_or_else(|| Err(StoreError::Busy.into()))
    }

    /// One run. `None` if it lost a race; dropping the transaction undoes it.
    async fn attempt<T, E, F>(&self, access: Access, verb: &F) -> Option<Result<T, E>>
    where
        F: AsyncFn(&mut Tx) -> Result<T, E>,
        E: From<StoreError>,
    {
        let client = match self.client(access).await {
            Ok(client) => client,
            Err(error) => return Some(Err(error.into())),
        };
        let mut tx = Tx::new(On::Postgres(Flight::begin(client, Arc::clone(&self.known), access)));
        match access {
            Access::Look => tx.is_alone(Alone::Select),
            Access::Statement => tx.is_alone(Alone::Statement),
            Access::Write | Access::Snapshot => {}
        }
        let whole = async {
            let value = verb(&mut tx).await?;
            tx.write_what_was_left().await?;
            Ok(value)
        };
        let verdict = AssertUnwindSafe(whole).catch_unwind().await;
        if tx.again {
            return None;
        }
        match verdict {
            Ok(Ok(_)) if tx.failed => Some(Err(StoreError::Poisoned.into())),
            Ok(Ok(value)) => {
                let On::Postgres(flight) = &mut tx.on else { return Some(Err(StoreError::Closed.into())) };
                let ended =
                    if access == Access::Write { flight.commit().await } else { flight.settle().await.map(|_| ()) };
                match ended {
                    Ok(()) => Some(Ok(value)),
                    Err(StoreError::Busy) => None,
                    Err(error) => Some(Err(error.into())),
                }
            }
            Ok(Err(refusal)) => Some(Err(refusal)),
            Err(panic) => Some(Err(StoreError::Panicked(last_words(panic.as_ref())).into())),
        }
    }
}

fn pool(config: Config) -> Result<Pool> {
    let manager = Manager::from_config(config, NoTls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
    Pool::builder(manager)
        .max_size(CONNECTIONS)
        // The connection used last has most statements prepared and its caches warm.
        .queue_mode(QueueMode::Lifo)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(WAIT))
        .create_timeout(Some(WAIT))
        .build()
        .map_err(|error| StoreError::Pool(error.to_string()))
}

/// One transaction in flight. Dropped before its commit it queues a ROLLBACK behind whatever was sent, so the next
/// borrower of the connection finds it clean.
pub(crate) struct Flight {
    client: Arc<Object>,
    sent: VecDeque<Sent>,
    /// The answers that need not be fetched again in this transaction.
    kept: Kept,
    /// Those that no transaction of this program need fetch again.
    known: Arc<Known>,
    /// What this transaction has written with: rows of its own are not known to others before it commits.
    written: Vec<&'static Stmt>,
    open: bool,
}

/// A statement on its way: what it will answer, and what that must be.
struct Sent {
    answer: BoxFuture<'static, Result<u64, Error>>,
    demand: Demand,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Demand {
    /// It succeeds.
    Success,
    /// It changes so many rows.
    Rows(usize),
    /// It is the first to write its row; if it is not, another run will meet what the first has written.
    First,
}

impl std::fmt::Debug for Flight {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Flight").field("sent", &self.sent.len()).field("open", &self.open).finish_non_exhaustive()
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.sent.clear();
        if self.open {
            // One poll sends it; nobody waits for the answer.
            let rollback = pin!(self.client.batch_execute("ROLLBACK"));
            drop(rollback.poll(&mut Context::from_waker(Waker::noop())));
        }
    }
}

impl Flight {
    fn begin(client: Object, known: Arc<Known>, access: Access) -> Self {
        let begin = match access {
            Access::Write => "BEGIN",
            Access::Snapshot => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Access::Look | Access::Statement => return Self::over(client, known, false),
        };
        let mut flight = Self::over(client, known, true);
        let client = Arc::clone(&flight.client);
        flight.send(async move { client.batch_execute(begin).await.map(|()| 0) }, Demand::Success);
        flight
    }

    fn over(client: Object, known: Arc<Known>, open: bool) -> Self {
        let (sent, kept, written) = (VecDeque::new(), Kept::default(), Vec::new());
        Self { client: Arc::new(client), sent, kept, known, written, open }
    }

    /// Sends now, by polling once; the answer is taken in order by `settle`.
    fn send(&mut self, answer: impl Future<Output = Result<u64, Error>> + Send + 'static, demand: Demand) {
        let mut answer: BoxFuture<'static, Result<u64, Error>> = Box::pin(answer);
        if let Poll::Ready(done) = answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            answer = Box::pin(ready(done));
        }
        self.sent.push_back(Sent { answer, demand });
    }

    /// Takes every outstanding answer; the last one's count.
    pub(crate) fn settle(&mut self) -> Told<'_, u64> {
        Box::pin(async move { settle(&mut self.sent).await })
    }

    async fn prepared(&mut self, sql: &str) -> Result<Statement> {
        match self.client.prepare_cached(sql).await {
            Ok(statement) => Ok(statement),
            // In a transaction that has failed nothing can be prepared: the first failure is the one to tell.
            Err(error) => self.settle().await.and(Err(error.into())),
        }
    }

    fn send_row<'a>(&'a mut self, statement: &'static Stmt, args: &'a [Param<'_>], demand: Demand) -> Told<'a, ()> {
        Box::pin(async move {
            self.writes_with(statement);
            let prepared = self.prepared(statement.postgres()).await?;
            let args: Vec<Param<'static>> = args.iter().map(Param::owned).collect();
            let client = Arc::clone(&self.client);
            self.send(async move { client.execute_raw(&prepared, &args).await }, demand);
            Ok(())
        })
    }

    pub(crate) fn claim<'a>(&'a mut self, statement: &'static Stmt, args: &'a [Param<'_>]) -> Told<'a, ()> {
        Box::pin(async move { self.send_row(statement, args, Demand::First).await })
    }

    pub(crate) fn put<'a>(&'a mut self, statement: &'static Stmt, args: &'a [Param<'_>]) -> Told<'a, ()> {
        Box::pin(async move {
            self.send_row(statement, args, Demand::Success).await?;
            if self.sent.len() >= IN_FLIGHT {
                self.settle().await?;
            }
            Ok(())
        })
    }

    pub(crate) fn execute<'a>(&'a mut self, statement: &'static Stmt, args: &'a [Param<'_>]) -> Told<'a, u64> {
        Box::pin(async move {
            self.send_row(statement, args, Demand::Success).await?;
            self.settle().await
        })
    }

    /// The rows in one statement, if it has a set form; else one after the other, pipelined.
    pub(crate) fn put_many<'a>(&'a mut self, statement: &'static Stmt, rows: &'a [&[Param<'_>]]) -> Told<'a, ()> {
        Box::pin(async move {
            let expected = (statement.verb() == Verb::Update).then_some(rows.len());
            if let [row] = rows {
                return self.send_row(statement, row, expected.map_or(Demand::Success, Demand::Rows)).await;
            }
            self.writes_with(statement);
            let Some(set) = self.set(statement).await? else { return self.put_each(statement, rows, expected).await };
            let columns: Vec<Vec<Param<'static>>> =
                columns(rows).map(|column| column.map(Param::owned).collect()).collect();
            let client = Arc::clone(&self.client);
            self.send(
                async move { client.execute_raw(&set, &columns).await },
                expected.map_or(Demand::Success, Demand::Rows),
            );
            Ok(())
        })
    }

    async fn put_each(
        &mut self,
        statement: &'static Stmt,
        rows: &[&[Param<'_>]],
        expected: Option<usize>,
    ) -> Result<()> {
        let Some(expected) = expected else {
            for row in rows {
                self.put(statement, row).await?;
            }
            return Ok(());
        };
        let mut changed = 0;
        for row in rows {
            changed += self.execute(statement, row).await?;
        }
        counted(expected, usize::try_from(changed).unwrap_or(usize::MAX))
    }

    pub(crate) fn answer<'a>(&'a mut self, statement: &'static Stmt, args: &'a [Param<'_>]) -> Told<'a, Arc<Answer>> {
        Box::pin(async move {
            if let Some(answer) = self.answered(statement, args) {
                return Ok(answer);
            }
            self.kept.doubt(statement);
            let prepared = self.prepared(statement.postgres()).await?;
            let answer = Answer::of_row_form(self.fetch(&prepared, args).await?);
            self.keep(statement, args, Arc::clone(&answer));
            Ok(answer)
        })
    }

    /// The answer for each set of arguments, in their order.
    pub(crate) fn answers<'a>(
        &'a mut self,
        statement: &'static Stmt,
        args: &'a [&[Param<'_>]],
    ) -> Told<'a, Vec<Arc<Answer>>> {
        Box::pin(async move {
            let mut answers: Vec<Option<Arc<Answer>>> =
                args.iter().map(|each| self.answered(statement, each)).collect();
            let missing: Vec<usize> = (0..args.len()).filter(|at| matches!(answers.get(*at), Some(None))).collect();
            let set = if missing.len() > 1 { self.set(statement).await? } else { None };
            let Some(set) = set else {
                let mut all = Vec::with_capacity(args.len());
                for each in args {
                    all.push(self.answer(statement, each).await?);
                }
                return Ok(all);
            };
            self.kept.doubt(statement);
            let asked: Vec<&[Param<'_>]> = missing.iter().filter_map(|at| args.get(*at).copied()).collect();
            let columns: Vec<Vec<&Param<'_>>> = columns(&asked).map(Iterator::collect).collect();
            let mut found: Vec<Vec<tokio_postgres::Row>> = Vec::new();
            found.resize_with(missing.len(), Vec::new);
            for row in self.fetch(&set, &columns).await? {
                let ord: i64 = row.try_get(0)?;
                let rows = usize::try_from(ord - 1).ok().and_then(|at| found.get_mut(at));
                rows.ok_or_else(|| statement.impossible("ord", ord.to_string()))?.push(row);
            }
            for ((at, each), rows) in missing.iter().zip(asked).zip(found) {
                let answer = Answer::of_set_form(rows);
                if let Some(place) = answers.get_mut(*at) {
                    *place = Some(Arc::clone(&answer));
                }
                self.keep(statement, each, answer);
            }
            Ok(answers.into_iter().flatten().collect())
        })
    }

    /// Answers all questions by one SELECT.
    pub(crate) fn any<'a>(&'a mut self, questions: &'a [Question], answers: &'a mut [bool]) -> Told<'a, ()> {
        Box::pin(async move {
            let prepared = self.prepared(&question::together(questions)).await?;
            let args: Vec<&Param<'_>> = questions.iter().flat_map(|question| &question.args).collect();
            for row in self.fetch(&prepared, &args).await? {
                for (at, answer) in answers.iter_mut().enumerate() {
                    *answer = row.try_get(at)?;
                }
            }
            Ok(())
        })
    }

    /// What is known of it already, from this transaction or for good.
    fn answered(&self, statement: &'static Stmt, args: &[Param<'_>]) -> Option<Arc<Answer>> {
        self.kept.answer(statement, args).or_else(|| self.known.answer(statement, args))
    }

    fn keep(&mut self, statement: &'static Stmt, args: &[Param<'_>], answer: Arc<Answer>) {
        // What is not there cannot be locked, and may be there the next time.
        let there = !answer.is_empty();
        if statement.stays() && there && !self.written.iter().any(|wrote| wrote.may_change(statement)) {
            self.known.keep(statement, args, answer);
        } else if statement.keeps() && (there || !statement.locks()) {
            self.kept.keep(statement, args, answer);
        }
    }

    /// A write: what it may have made untrue is asked anew.
    fn writes_with(&mut self, statement: &'static Stmt) {
        self.kept.doubt(statement);
        if !self.written.iter().any(|wrote| std::ptr::eq(*wrote, statement)) {
            self.written.push(statement);
        }
    }

    pub(crate) fn batch<'a>(&'a mut self, sql: &'a str) -> Told<'a, ()> {
        Box::pin(async move {
            self.settle().await?;
            Ok(self.client.batch_execute(sql).await?)
        })
    }

    /// The set form, typed by the parameters of the row form.
    async fn set(&mut self, statement: &'static Stmt) -> Result<Option<Statement>> {
        let row_form = self.prepared(statement.postgres()).await?;
        let types: Vec<&str> = row_form.params().iter().map(tokio_postgres::types::Type::name).collect();
        match statement.set(&types) {
            Some(sql) => self.prepared(sql).await.map(Some),
            None => Ok(None),
        }
    }

    /// Sends the query behind what is in flight and takes all the answers in order.
    async fn fetch<P>(&mut self, statement: &Statement, args: &[P]) -> Result<Vec<tokio_postgres::Row>>
    where
        P: tokio_postgres::types::ToSql + Sync,
    {
        let client = Arc::clone(&self.client);
        let rows = async { client.query_raw(statement, args).await?.try_collect::<Vec<_>>().await };
        let (settled, rows) = join(settle(&mut self.sent), rows).await;
        settled?;
        Ok(rows?)
    }

    fn commit(&mut self) -> Told<'_, ()> {
        Box::pin(async move {
            // A set that met the wrong number of rows must be known before the COMMIT leaves.
            if self.sent.iter().any(|sent| matches!(sent.demand, Demand::Rows(_))) {
                self.settle().await?;
            }
            let commit = self.client.batch_execute("COMMIT");
            // After a failed statement the server answers COMMIT with a ROLLBACK and no error: the failure is in `sent`.
            let (settled, committed) = join(settle(&mut self.sent), commit).await;
            self.open = committed.is_err();
            settled?;
            Ok(committed?)
        })
    }

    /// The steps of the plan of a statement, and behind them those of its set form.
    pub(crate) async fn plan(client: &Object, statement: &'static Stmt) -> Result<Vec<String>> {
        let row_form = client.prepare_cached(statement.postgres()).await?;
        let types: Vec<&str> = row_form.params().iter().map(tokio_postgres::types::Type::name).collect();
        let mut steps = explained(client, statement.postgres(), types.len()).await?;
        if let Some(set) = statement.set(&types) {
            steps.extend(explained(client, set, types.len()).await?);
        }
        Ok(steps)
    }

    /// Checks a statement and its set form against the schema.
    pub(crate) async fn prepare(client: &Object, statement: &'static Stmt) -> Result<()> {
        let row_form = client.prepare_cached(statement.postgres()).await?;
        statement.expects(row_form.params().len())?;
        let types: Vec<&str> = row_form.params().iter().map(tokio_postgres::types::Type::name).collect();
        if let Some(set) = statement.set(&types) {
            client.prepare_cached(set).await?;
        }
        Ok(())
    }
}

/// Rows of arguments as the columns of a set.
fn columns<'r, 'p>(rows: &'r [&'r [Param<'p>]]) -> impl Iterator<Item = impl Iterator<Item = &'r Param<'p>>> {
    let width = rows.first().map_or(0, |row| row.len());
    (0..width).map(move |at| rows.iter().filter_map(move |row| row.get(at)))
}

/// The plan that serves whatever arguments come.
async fn explained(client: &Object, sql: &str, params: usize) -> Result<Vec<String>> {
    let unknown = vec!["NULL"; params].join(", ");
    let given = if params == 0 { String::new() } else { format!("({unknown})") };
    client.batch_execute(&format!("PREPARE explained AS {sql}")).await?;
    let told = client.simple_query(&format!("EXPLAIN (COSTS OFF) EXECUTE explained{given}")).await?;
    client.batch_execute("DEALLOCATE explained").await?;
    let step = |message| {
        let SimpleQueryMessage::Row(row) = message else { return None };
        row.get(0).map(|step| step.trim().to_owned())
    };
    Ok(told.into_iter().filter_map(step).collect())
}

async fn settle(sent: &mut VecDeque<Sent>) -> Result<u64> {
    let mut count = 0;
    while let Some(Sent { answer, demand }) = sent.pop_front() {
        count = match answer.await {
            Err(error) if demand == Demand::First && error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {
                return Err(StoreError::Busy);
            }
            answered => answered?,
        };
        if let Demand::Rows(expected) = demand
            && wide(expected) != count
        {
            return Err(StoreError::Count(wide(expected), count));
        }
    }
    Ok(count)
}
