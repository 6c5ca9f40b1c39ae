//! Demand for fresh goods: how much will be wanted, how sure that is, and how much to buy for it. Pure, and on its own.
//!
//! Two faces. The shop's own is small: [`Forecaster`] takes whole numbers of whatever the caller counts in and answers in
//! hundredths of it, [`net`] says how much to buy; nothing floating leaves. The engine's is for whole sets of series:
//! [`Engine`] learns them, with quantiles ([`Outlook`]), [`backtest`] says what its forecasts would have been worth, and
//! [`table`] reads what people keep. It answers in floating numbers, in the unit that it was given.
//!
//! For both, a day on which the goods ran out has not shown its demand, and is never taken for a day of low demand
//! ([`Shelf`]).
//!
//! ```
//! use forecast::{Day, Forecaster, Shelf, WeekdayProfile};
//!
//! // Ten weeks of a baker who sells 40 on every day but Sunday, and 80 then.
//! let sold = |day: i64| if day.rem_euclid(7) == 6 { 80 } else { 40 };
//! let history: Vec<Day> = (0..70).map(|day| Day { day, sold: sold(day), shelf: Shelf::Stocked }).collect();
//!
//! let forecast = WeekdayProfile::default().forecast(&history, 70, 7).unwrap();
//! assert_eq!(forecast.mean_hundredths(70..71), 4_000);
//! assert_eq!(forecast.mean_hundredths(76..77), 8_000);
//! ```

pub mod backtest;
pub mod calendar;
pub mod censored;
mod censoring;
pub mod chance;
mod cold;
mod dates;
pub mod drift;
mod effects;
mod engine;
pub mod ensemble;
mod forecasters;
mod gamma;
pub mod masking;
pub mod models;
mod number;
mod optimise;
mod parts;
mod quantiles;
mod ranking;
pub mod replenish;
mod series;
pub mod table;
mod trees;

pub use censoring::{latent, shrunk_share_bp};
pub use engine::{Alarm, Engine, Learnt, Outlook, Peers, Used};
pub use forecasters::{Ensemble, Forecast, LastWeek, WeekdayProfile};
pub use ranking::{Rank, Seller, Variability, rank};
pub use replenish::{Netting, Plan, net};
pub use series::{Observation, Series};

/// One day of sales.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// Days since some Monday; negative before it.
    pub day: i64,
    pub sold: i64,
    pub shelf: Shelf,
}

/// What is known of one product.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// What it is sold as; products of one category tell of each other while one of them is new.
    pub category: String,
    /// In any order; a day that is not there is unknown.
    pub days: Vec<Day>,
}

/// Whether there was enough to sell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shelf {
    Stocked,
    /// It ran out when so many of ten thousand parts of such a day's demand have usually come.
    SoldOut {
        share_bp: i64,
    },
    /// It ran out, and nobody knows when: more was wanted than what was sold.
    SoldOutSometime,
}

/// What makes a forecast: [`Ensemble`] as well as can be, [`WeekdayProfile`] as a person would with a pencil, and
/// [`LastWeek`] as most shops do.
pub trait Forecaster {
    /// Under which its forecasts are told.
    fn name(&self) -> &'static str;

    /// The demand of `days` days from `from` on. None if the history shows nothing.
    fn forecast(&self, history: &[Day], from: i64, days: usize) -> Option<Forecast>;

    /// The same for products that are sold beside each other, in their order.
    fn forecast_all(&self, pasts: &[Past], from: i64, days: usize) -> Vec<Option<Forecast>> {
        pasts.iter().map(|past| self.forecast(&past.days, from, days)).collect()
    }
}
