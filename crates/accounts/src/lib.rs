//! 帳務 Accounts: the money journal, payments, tax and invoices, budgets, and what an order is worth.
//!
//! Money is a double-entry journal beside the stock journal: append-only, every entry sums to zero, and every total
//! is a sum of its postings. An entry is written in the transaction of its cause and never corrected, only answered
//! by another. Nothing here talks to the world inside a transaction: what a payment provider must do is intended
//! first, done by a job, and settled when the answer is known.

mod chart;
mod sheaf;

pub mod budgets;
pub mod contribution;
pub mod costing;
pub mod invoices;
pub mod journal;
pub mod payments;
pub mod tax;

use edge::App;
use utoipa_axum::router::OpenApiRouter;

pub use catalog::TaxClass;
pub use chart::{Account, Statement, WasteCause};
pub use journal::{Cause, Entry, JournalRefusal, Party, Posting, post};
pub use sheaf::Sheaf;

/// The tables of this crate.
pub const MIGRATION: store::Migration =
    store::Migration::new(7, "accounts", include_str!("../../../migrations/0007_accounts.sql")).with(
        include_str!("../../../migrations/0007_accounts.sqlite.sql"),
        include_str!("../../../migrations/0007_accounts.postgres.sql"),
    );

/// The routes of this crate.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(journal::http::router())
        .merge(invoices::http::router())
        .merge(payments::http::router())
        .merge(budgets::http::router())
}
