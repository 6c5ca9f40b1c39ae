//! Chapter 4 as its callers drive it: the engine against its checker, and stories of every step on both databases.
#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

mod couriers;
mod door;
mod engine;
mod feedback;
mod planning;
mod shop;
mod tracking;
