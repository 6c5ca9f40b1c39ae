//! One face over two databases: SQLite with a writer lane that commits in groups, and PostgreSQL. Feature code never
//! asks which of them it is on, and no other crate names one.
//!
//! A verb is an `async fn` over [`Tx`]. [`Db::write`] runs it in a transaction and answers when it is durable;
//! [`Db::once`] does so once per idempotency key; [`Db::read`] runs a query over a snapshot. What is a single statement
//! needs no transaction: [`Db::act`] and [`Db::look`]. Statements are declared with [`sql!`], arguments given with
//! [`args!`].
//!
//! It never goes on after a failed statement, never answers before the commit, and never lets a number, a text or
//! an id change its meaning between the engines.

mod backup;
mod cell;
mod codes;
mod db;
mod dialect;
mod error;
mod intake;
mod kept;
mod lane;
mod migrate;
mod once;
mod postgres;
mod question;
mod readers;
mod sqlite;
mod statement;
mod tx;

pub mod jobs;
pub mod lease;
#[cfg(feature = "testing")]
pub mod testing;

pub use backup::{Existing, restore};
#[doc(hidden)]
pub use cell::instead;
pub use cell::{Bind, Cell, Column, FromRow, Param, Row};
pub use db::{Db, Outlives};
pub use error::{Result, StoreError};
pub use intake::Intake;
pub use migrate::Migration;
pub use once::{Key, Once};
pub use question::Question;
#[doc(hidden)]
pub use statement::Registered;
pub use statement::Stmt;
pub use tx::{Left, Tx};

// For the macros.
#[doc(hidden)]
pub use {inventory, kernel::Id, uuid::Uuid};

/// The tables of this crate: idempotency keys, jobs, leases.
pub const MIGRATION: Migration = Migration::new(1, "store", include_str!("../../../migrations/0001_store.sql"));
