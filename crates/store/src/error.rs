//! What can go wrong below the verbs. A refusal of the business is never one of these.

use std::{io, path::PathBuf};

use rusqlite::ErrorCode;
use tokio_postgres::error::SqlState;

/// A failure of the store, or of a verb that broke its rules.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A row that cannot exist, or a statement used against its text.
    #[error("impossible value in {statement}.{column}: {found}")]
    Impossible { statement: &'static str, column: String, found: String },
    /// A constraint of the schema said no.
    #[error("the database refused a conflicting row: {0}")]
    Conflict(String),
    /// Somebody else held the rows, and went on holding them through every attempt.
    #[error("the database is busy")]
    Busy,
    /// A set of updates that did not meet one row each: expected, then found.
    #[error("expected to change {0} rows, but {1} answered")]
    Count(u64, u64),
    #[error("the verb awaited something other than its transaction; nothing of it is stored")]
    ForeignAwait,
    #[error("the verb panicked and nothing of it is stored: {0}")]
    Panicked(String),
    /// A verb went on after a failed statement, or called that a success.
    #[error("the verb went on after a failed statement; nothing of it is stored")]
    Poisoned,
    /// The transaction that several verbs shared could not be run at all.
    #[error("the shared transaction was lost: {0}")]
    GroupLost(String),
    #[error("migration {0}: {1}")]
    Migration(i64, String),
    /// The database was written by a later program than this one.
    #[error("the database has migration {found}, this program knows migrations up to {known}: use a newer program")]
    NewerDatabase { found: i64, known: i64 },
    /// An idempotency key came back with another request than its first.
    #[error("the idempotency key was already used for a different request")]
    KeyReused,
    #[error("the database is closed")]
    Closed,
    #[error("cannot open this database: {0}")]
    Url(String),
    #[error("{0} works on the embedded database only; use pg_dump and pg_restore for PostgreSQL")]
    EmbeddedOnly(&'static str),
    /// A file that a backup or a restore would have overwritten.
    #[error("{0} already exists")]
    Exists(PathBuf),
    #[error("{0}: not a sound database: {1}")]
    Unsound(PathBuf, String),
    #[error("{0}: {1}")]
    File(PathBuf, io::Error),
    #[error("sqlite: {0}")]
    Sqlite(rusqlite::Error),
    #[error("postgres: {}", whole(.0))]
    Postgres(tokio_postgres::Error),
    #[error("no connection to the database: {0}")]
    Pool(String),
}

pub type Result<T, E = StoreError> = std::result::Result<T, E>;

impl StoreError {
    /// Whether a programmer, not an operator, has to act: such an error is answered with 500 and logged loudly.
    pub fn is_bug(&self) -> bool {
        match self {
            Self::Sqlite(rusqlite::Error::SqliteFailure(cause, _)) => {
                [ErrorCode::Unknown, ErrorCode::ReadOnly, ErrorCode::TypeMismatch, ErrorCode::ParameterOutOfRange]
                    .contains(&cause.code)
            }
            Self::Impossible { .. }
            | Self::Count(..)
            | Self::ForeignAwait
            | Self::Panicked(_)
            | Self::Poisoned
            | Self::Sqlite(_) => true,
            // Classes of SQLSTATE: impossible values, a write in a read, and texts that do not fit the schema.
            Self::Postgres(cause) => cause
                .code()
                .is_some_and(|code| ["21", "22", "25", "42"].iter().any(|class| code.code().starts_with(class))),
            Self::Conflict(_)
            | Self::Busy
            | Self::GroupLost(_)
            | Self::Migration(..)
            | Self::NewerDatabase { .. }
            | Self::KeyReused
            | Self::Closed
            | Self::Url(_)
            | Self::EmbeddedOnly(_)
            | Self::Exists(_)
            | Self::Unsound(..)
            | Self::File(..)
            | Self::Pool(_) => false,
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::ConstraintViolation) => Self::Conflict(error.to_string()),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            _ => Self::Sqlite(error),
        }
    }
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(code) = error.code() else { return Self::Postgres(error) };
        // Triggers that guard append-only tables raise P0001, as SQLite's raise a constraint violation.
        if code.code().starts_with("23") || *code == SqlState::RAISE_EXCEPTION {
            return Self::Conflict(whole(&error));
        }
        let waits_again =
            [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED, SqlState::LOCK_NOT_AVAILABLE];
        if waits_again.contains(code) { Self::Busy } else { Self::Postgres(error) }
    }
}

/// The server's own words: the driver's `Display` says no more than "db error".
fn whole(error: &tokio_postgres::Error) -> String {
    error.as_db_error().map_or_else(
        || error.to_string(),
        |said| match said.detail() {
            Some(detail) => format!("{} ({detail}, SQLSTATE {})", said.message(), said.code().code()),
            None => format!("{} (SQLSTATE {})", said.message(), said.code().code()),
        },
    )
}
