//! Files of a shop: small ones with every kind of fault, and large ones as a shop that moves in would send.
#![expect(clippy::unwrap_used, reason = "a story stops where it cannot go on")]

mod generator;
mod shop;

mod large;
mod small;
