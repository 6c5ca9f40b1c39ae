//! The words every context shares: ids, quantities, money, prices, temperatures, time and who did it.
//!
//! Nothing here reads a clock, a file or a database, and no number here is a float: a gram or a coin
//! that a rounding loses is a gram or a coin that the auditor finds missing.
#![deny(clippy::float_arithmetic, clippy::arithmetic_side_effects, clippy::indexing_slicing)]

mod actor;
mod id;
mod money;
mod price;
mod quantity;
mod ratio;
mod share;
mod stamp;
mod temperature;
mod time;
mod unit;

pub mod speech;

pub use actor::Actor;
pub use id::*;
pub use money::{Currency, Money};
pub use price::{Base, Price, Round};
pub use quantity::{Exactness, Measure, Quantity};
pub use ratio::Ratio;
pub use share::split;
pub use speech::Lang;
pub use stamp::{IdSource, Mint, Stamp};
pub use temperature::{DeciCelsius, TemperatureClass};
pub use time::{Clock, Date, Instant, SiteTime, Window, WindowError};
pub use unit::{NotWholeGrams, Unit, UnitError};

#[cfg(test)]
mod tests;
