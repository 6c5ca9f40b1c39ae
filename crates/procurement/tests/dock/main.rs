//! Stories of the dock, from the supplier's register to the money, on both engines and through HTTP.
#![expect(clippy::unwrap_used, reason = "a story stops where it cannot go on")]

mod buying;
mod grades;
mod laws;
mod market;
mod money;
mod orders;
mod shelves;
mod shop;
mod verdicts;
