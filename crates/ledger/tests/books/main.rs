//! The ledger, driven as its callers drive it, on both engines.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod facts;
mod laws;
mod race;
mod shop;
mod tables;
mod twin;
