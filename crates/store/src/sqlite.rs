//! One connection to the embedded database.

use std::{path::Path, time::Duration};

use rusqlite::{CachedStatement, Connection, OpenFlags, config::DbConfig};

use crate::{
    FromRow, Outlives, Param, Result, Row, Stmt, StoreError,
    cell::RowOn,
    statement::{self, wide},
};

/// Longer than any backup or foreign tool should hold the file.
const BUSY: Duration = Duration::from_secs(5);
/// More than the statements of the whole program, so that none is prepared twice.
const PREPARED: usize = 2048;

/// A connection, and whether the verb that has it now wrote something.
#[derive(Debug)]
pub(crate) struct Embedded {
    pub(crate) connection: Connection,
    pub(crate) wrote: bool,
}

/// What a connection is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    Write(Outlives),
    Read,
}

impl Embedded {
    pub(crate) fn open(path: &Path, purpose: Use) -> Result<Self> {
        let connection = Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        connection.busy_timeout(BUSY)?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        // Otherwise a misspelt "column" in double quotes is a string, on this engine only.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
        // One plan for a statement. Otherwise a new value in a comparison may have it prepared anew, again and again.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA foreign_keys = ON;
             PRAGMA cache_size = -65536;
             PRAGMA temp_store = MEMORY;",
        )?;
        connection.execute_batch(match purpose {
            // NORMAL may lose the last commits when the power fails, and they have been answered by then.
            Use::Write(Outlives::PowerCut) => "PRAGMA synchronous = FULL",
            Use::Write(Outlives::SuddenDeath) => "PRAGMA synchronous = NORMAL",
            Use::Read => "PRAGMA query_only = ON",
        })?;
        Ok(Self { connection, wrote: false })
    }

    pub(crate) fn execute(&mut self, statement: &'static Stmt, args: &[Param<'_>]) -> Result<u64> {
        let Self { connection, wrote } = self;
        let mut prepared = bound(connection, statement, args)?;
        *wrote |= !prepared.readonly();
        Ok(wide(prepared.raw_execute()?))
    }

    pub(crate) fn all<R: FromRow>(&mut self, statement: &'static Stmt, args: &[Param<'_>]) -> Result<Vec<R>> {
        let mut found = Vec::new();
        self.each(statement, args, &mut |row| R::from_row(row).map(|row| found.push(row)))?;
        Ok(found)
    }

    /// Whether a SELECT finds a row.
    pub(crate) fn finds(&mut self, statement: &'static Stmt, args: &[Param<'_>]) -> Result<bool> {
        let mut prepared = bound(&self.connection, statement, args)?;
        Ok(prepared.raw_query().next()?.is_some())
    }

    /// Shows every row. Not generic, so that it is compiled here and not once for each type that is read.
    fn each(
        &mut self,
        statement: &'static Stmt,
        args: &[Param<'_>],
        see: &mut dyn FnMut(&Row<'_>) -> Result<()>,
    ) -> Result<()> {
        let Self { connection, wrote } = self;
        let mut prepared = bound(connection, statement, args)?;
        *wrote |= !prepared.readonly();
        let mut rows = prepared.raw_query();
        while let Some(row) = rows.next()? {
            see(&Row { statement: statement.name(), on: RowOn::Sqlite(row) })?;
        }
        Ok(())
    }

    pub(crate) fn batch(&mut self, sql: &str) -> Result<()> {
        self.wrote = true;
        Ok(self.connection.execute_batch(sql)?)
    }

    /// Runs one of the few statements that open and close transactions.
    pub(crate) fn say(&self, sql: &str) -> Result<()> {
        self.connection.prepare_cached(sql)?.raw_execute()?;
        Ok(())
    }

    /// Ends whatever transaction is open; SQLite may have ended it already.
    pub(crate) fn undo(&self) -> Result<()> {
        if self.connection.is_autocommit() { Ok(()) } else { self.say("ROLLBACK") }
    }

    pub(crate) fn plans(&self) -> Result<Vec<(&'static str, Vec<String>)>> {
        let plan = |statement: &'static Stmt| {
            let mut explained = self.connection.prepare(&format!("EXPLAIN QUERY PLAN {}", statement.sqlite()))?;
            let mut rows = explained.raw_query();
            let mut steps = Vec::new();
            while let Some(row) = rows.next()? {
                steps.push(row.get("detail")?);
            }
            Ok((statement.name(), steps))
        };
        statement::registered().map(plan).collect()
    }

    pub(crate) fn prepare(&self, statement: &'static Stmt) -> Result<()> {
        let prepared = self.connection.prepare_cached(statement.sqlite())?;
        statement.expects(prepared.parameter_count())
    }
}

fn bound<'c>(connection: &'c Connection, statement: &'static Stmt, args: &[Param<'_>]) -> Result<CachedStatement<'c>> {
    let mut prepared = connection.prepare_cached(statement.sqlite()).map_err(StoreError::from)?;
    for (index, arg) in args.iter().enumerate() {
        prepared.raw_bind_parameter(index + 1, arg)?;
    }
    Ok(prepared)
}
