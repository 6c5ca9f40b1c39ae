//! The books of a shop, on every engine.
#![expect(clippy::unwrap_used, reason = "a test stops where it stands")]

mod budgets;
mod door;
mod invoices;
mod journal;
mod payments;
mod shop;
mod stories;
