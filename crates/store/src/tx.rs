//! One transaction, as a verb sees it.

use crate::{
    FromRow, Param, Result, Stmt, StoreError,
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
    /// It is only a look: one SELECT, and so of one moment without a transaction around it.
    look: Option<Look>,
}

#[derive(Debug, PartialEq, Eq)]
enum Look {
    Open,
    Taken,
}

#[derive(Debug)]
pub(crate) enum On {
    Sqlite(Embedded),
    Postgres(Flight),
}

impl Tx {
    pub(crate) const fn new(on: On) -> Self {
        Self { on, failed: false, again: false, look: None }
    }

    /// From here on one SELECT may be asked.
    pub(crate) const fn look_once(&mut self) {
        self.look = Some(Look::Open);
    }

    /// The look is over; a reader serves the next with the same transaction.
    pub(crate) const fn looked(&mut self) {
        self.look = None;
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
            On::Postgres(flight) => flight.put_many(statement, rows).await,
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
            On::Postgres(flight) => flight.all(statement, args).await,
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
            On::Postgres(flight) => flight.all_many(statement, args).await,
        };
        self.noted(rows)
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

    /// Marks the transaction as one to be undone and run again.
    pub(crate) const fn raced(&mut self) -> StoreError {
        self.failed = true;
        self.again = true;
        StoreError::Busy
    }

    fn usable(&mut self, statement: &'static Stmt, count: usize) -> Result<()> {
        if self.failed {
            return Err(StoreError::Poisoned);
        }
        let allowed = statement.expects(count).and(match &self.look {
            None => Ok(()),
            Some(Look::Open) if statement.verb() == Verb::Select => Ok(()),
            Some(_) => Err(statement.impossible("statement", "more than the one SELECT of a look")),
        });
        if self.look.is_some() {
            self.look = Some(Look::Taken);
        }
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
