//! One transaction, as a verb sees it.

use std::any::Any;

use futures_util::future::BoxFuture;

use crate::{
    FromRow, Param, Question, Result, Stmt, StoreError,
    postgres::Flight,
    sqlite::Embedded,
    statement::{Verb, counted},
};

/// One transaction, opened and closed by [`Db`](crate::Db) only: there is no begin, commit or rollback here, so
/// none can be forgotten.
///
/// After a failed statement it refuses every further one, and whatever the verb answers, nothing of it is stored:
/// SQLite would have gone on, PostgreSQL would have answered COMMIT with a silent ROLLBACK.
#[derive(Debug)]
pub struct Tx {
    pub(crate) on: On,
    pub(crate) failed: bool,
    /// The verb lost a race that it would win in another run.
    pub(crate) again: bool,
    /// It is one statement, and so whole without a transaction around it.
    alone: Option<Alone>,
    /// What is written at the end, once for all.
    left: Vec<Box<dyn Leaving>>,
}

/// What is left to the end of a transaction, and there written once for all that asked for it: ten events of a verb
/// take no more statements than one, and their rows are locked for as short a time as can be.
pub trait Left: Any + Default + Send {
    /// Writes all of it.
    fn write(self, tx: &mut Tx) -> impl Future<Output = Result<()>> + Send;
}

/// [`Left`] without its type.
trait Leaving: Send {
    fn as_any(&mut self) -> &mut dyn Any;
    fn write(self: Box<Self>, tx: &mut Tx) -> BoxFuture<'_, Result<()>>;
}

impl<L: Left> Leaving for L {
    fn as_any(&mut self) -> &mut dyn Any {
        self
    }

    fn write(self: Box<Self>, tx: &mut Tx) -> BoxFuture<'_, Result<()>> {
        Box::pin(Left::write(*self, tx))
    }
}

impl std::fmt::Debug for dyn Leaving {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Leaving")
    }
}

/// What may still be asked without a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alone {
    Select,
    Statement,
    Nothing,
}

#[derive(Debug)]
pub(crate) enum On {
    Sqlite(Embedded),
    Postgres(Flight),
}

impl Tx {
    pub(crate) const fn new(on: On) -> Self {
        Self { on, failed: false, again: false, alone: None, left: Vec::new() }
    }

    /// Nothing is left of the verb before.
    pub(crate) fn start_over(&mut self) {
        (self.failed, self.again, self.alone) = (false, false, None);
        self.left.clear();
    }

    /// Leaves something to the end of the transaction; `add` puts it to what others have left there.
    pub fn leave<L: Left>(&mut self, add: impl FnOnce(&mut L)) {
        if let Some(there) = self.left.iter_mut().find_map(|left| left.as_any().downcast_mut()) {
            return add(there);
        }
        let mut first = L::default();
        add(&mut first);
        self.left.push(Box::new(first));
    }

    /// Writes what was left so far: for who reads it in the same transaction. At the end it is done for everybody.
    pub async fn write_what_was_left(&mut self) -> Result<()> {
        while !self.left.is_empty() {
            for left in std::mem::take(&mut self.left) {
                left.write(self).await?;
            }
        }
        Ok(())
    }

    /// From here on only this may be asked.
    pub(crate) const fn is_alone(&mut self, may: Alone) {
        self.alone = Some(may);
    }

    /// Runs a statement and answers how many rows it changed.
    pub async fn execute(&mut self, statement: &'static Stmt, args: &[Param<'_>]) -> Result<u64> {
        self.usable(statement, args.len())?;
        let done = match &mut self.on {
            On::Sqlite(embedded) => embedded.execute(statement, args),
            On::Postgres(flight) => flight.execute(statement, args).await,
        };
        self.noted(done)
    }

    /// Runs a statement without waiting for it. On PostgreSQL its error arrives with the next read or the commit.
    pub async fn put(&mut self, statement: &'static Stmt, args: &[Param<'_>]) -> Result<()> {
        self.usable(statement, args.len())?;
        let sent = match &mut self.on {
            On::Sqlite(embedded) => embedded.execute(statement, args).map(|_| ()),
            On::Postgres(flight) => flight.put(statement, args).await,
        };
        self.noted(sent)
    }

    /// Inserts a row that only the first of two transactions may write, without waiting for it. The other runs again
    /// and meets what the first has written.
    pub async fn claim(&mut self, statement: &'static Stmt, args: &[Param<'_>]) -> Result<()> {
        self.usable(statement, args.len())?;
        let sent = match &mut self.on {
            // One writer at a time: nobody came before.
            On::Sqlite(embedded) => embedded.execute(statement, args).map(|_| ()),
            On::Postgres(flight) => flight.claim(statement, args).await,
        };
        self.noted(sent)
    }

    /// Runs a statement for every row: a loop on SQLite, one set on PostgreSQL. An UPDATE must change one row for
    /// each; two that choose the same row are refused, so add them up first.
    pub async fn put_many<const N: usize>(
        &mut self,
        statement: &'static Stmt,
        rows: Vec<[Param<'_>; N]>,
    ) -> Result<()> {
        self.usable(statement, N)?;
        if rows.is_empty() {
            return Ok(());
        }
        if self.alone.is_some() && rows.len() > 1 {
            return self.noted(Err(statement.impossible("statement", "a set where one statement stands alone")));
        }
        let distinct = statement.distinct(&rows);
        self.noted(distinct)?;
        let sent = match &mut self.on {
            On::Sqlite(embedded) => {
                let changed = rows.iter().try_fold(0, |sum, row| Ok(sum + embedded.execute(statement, row)?));
                changed.and_then(|changed| match statement.verb() {
                    Verb::Update => counted(rows.len(), usize::try_from(changed).unwrap_or(usize::MAX)),
                    Verb::Select | Verb::Insert | Verb::Delete | Verb::Other => Ok(()),
                })
            }
            On::Postgres(flight) => {
                let rows: Vec<&[Param<'_>]> = rows.iter().map(<[Param<'_>; N]>::as_slice).collect();
                flight.put_many(statement, &rows).await
            }
        };
        self.noted(sent)
    }

    /// The one row that must be there; none or several are impossible.
    pub async fn one<R: FromRow>(&mut self, statement: &'static Stmt, args: &[Param<'_>]) -> Result<R> {
        let found = self.optional(statement, args).await?;
        let row = found.ok_or_else(|| statement.impossible("row", "none where one belongs"));
        self.noted(row)
    }

    /// The row, if it is there; several are impossible.
    pub async fn optional<R: FromRow>(&mut self, statement: &'static Stmt, args: &[Param<'_>]) -> Result<Option<R>> {
        let mut rows = self.all(statement, args).await?;
        let last = rows.pop();
        let single =
            if rows.is_empty() { Ok(last) } else { Err(statement.impossible("row", "several where one belongs")) };
        self.noted(single)
    }

    /// Every row, in the order of the statement.
    pub async fn all<R: FromRow>(&mut self, statement: &'static Stmt, args: &[Param<'_>]) -> Result<Vec<R>> {
        self.usable(statement, args.len())?;
        let rows = match &mut self.on {
            On::Sqlite(embedded) => embedded.all(statement, args),
            On::Postgres(flight) => match flight.answer(statement, args).await {
                Ok(answer) => answer.read(statement),
                Err(error) => Err(error),
            },
        };
        self.noted(rows)
    }

    /// The rows for each set of arguments, in their order: a loop on SQLite, one LATERAL join on PostgreSQL.
    pub async fn all_many<R: FromRow, const N: usize>(
        &mut self,
        statement: &'static Stmt,
        args: &[[Param<'_>; N]],
    ) -> Result<Vec<Vec<R>>> {
        self.usable(statement, N)?;
        let rows = match &mut self.on {
            On::Sqlite(embedded) => args.iter().map(|each| embedded.all(statement, each)).collect(),
            On::Postgres(flight) => {
                let args: Vec<&[Param<'_>]> = args.iter().map(<[Param<'_>; N]>::as_slice).collect();
                let answers = flight.answers(statement, &args).await;
                answers.and_then(|answers| answers.iter().map(|answer| answer.read(statement)).collect())
            }
        };
        self.noted(rows)
    }

    /// Whether each question has an answer: one SELECT on PostgreSQL, however many they are.
    pub async fn any<const N: usize>(&mut self, questions: &[Question; N]) -> Result<[bool; N]> {
        let Some(first) = questions.first() else { return Ok([false; N]) };
        self.usable(first.statement, first.args.len())?;
        let sound = questions.iter().try_for_each(Question::sound);
        self.noted(sound)?;
        let mut answers = [false; N];
        let asked = match &mut self.on {
            On::Sqlite(embedded) => {
                answers.iter_mut().zip(questions).try_for_each(|(answer, Question { statement, args })| {
                    *answer = embedded.finds(statement, args)?;
                    Ok(())
                })
            }
            On::Postgres(flight) => flight.any(questions, &mut answers).await,
        };
        self.noted(asked).map(|()| answers)
    }

    /// Several statements without arguments, straight from a migration.
    pub(crate) async fn batch(&mut self, sql: &str) -> Result<()> {
        if self.failed {
            return Err(StoreError::Poisoned);
        }
        let done = match &mut self.on {
            On::Sqlite(embedded) => embedded.batch(sql),
            On::Postgres(flight) => flight.batch(sql).await,
        };
        self.noted(done)
    }

    fn usable(&mut self, statement: &'static Stmt, count: usize) -> Result<()> {
        if self.failed {
            return Err(StoreError::Poisoned);
        }
        let allowed = statement.expects(count).and(match self.alone {
            None | Some(Alone::Statement) => Ok(()),
            Some(Alone::Select) if statement.verb() == Verb::Select => Ok(()),
            Some(Alone::Select | Alone::Nothing) => {
                Err(statement.impossible("statement", "more than the one that may stand alone"))
            }
        });
        self.alone = self.alone.and(Some(Alone::Nothing));
        self.noted(allowed)
    }

    fn noted<T>(&mut self, outcome: Result<T>) -> Result<T> {
        if let Err(error) = &outcome {
            self.failed = true;
            self.again |= matches!(error, StoreError::Busy);
        }
        outcome
    }
}
