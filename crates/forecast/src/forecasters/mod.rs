//! The shop's own face: days of whole numbers in, hundredths out, by whichever rule somebody has chosen.

mod ensemble;
mod last_week;
mod profile;

use std::ops::Range;

use crate::quantiles::Spread;
use crate::replenish::policy::Ahead;
use crate::{Alarm, number};

pub use ensemble::Ensemble;
pub use last_week::LastWeek;
pub use profile::WeekdayProfile;

/// The demand that is expected, and how far it may stray.
#[derive(Clone, Debug)]
pub struct Forecast {
    from: i64,
    means: Vec<f64>,
    strays: Strays,
    history_days: usize,
    sold_out_days: usize,
    alarm: Option<Alarm>,
}

/// How far demand may stray from what is expected.
#[derive(Clone, Debug)]
enum Strays {
    /// Errors of the past in units of the root of what was forecast, from the lowest up.
    Errors(Vec<f64>),
    /// Each day by itself, and the ways in which all of them may go together.
    Ways { days: Vec<Spread>, ahead: Ahead },
}

impl Forecast {
    /// What is expected over these days together, in hundredths.
    pub fn mean_hundredths(&self, days: Range<i64>) -> i64 {
        number::hundredths(self.within(&days).iter().sum())
    }

    /// What the demand of these days together stays below in `bp` of ten thousand cases, in hundredths. Never below
    /// zero.
    pub fn quantile_hundredths(&self, days: Range<i64>, bp: i64) -> i64 {
        let at = self.places(&days);
        let mean: f64 = self.within(&days).iter().sum();
        let quantile = match &self.strays {
            Strays::Errors(errors) => mean + number::quantile(errors, bp) * mean.max(0.0).sqrt(),
            Strays::Ways { days, ahead } => match days.get(at.clone()) {
                Some([day]) => day.quantile(mean, number::float(bp) / 10_000.0),
                _ => ahead.sum_below(at, number::float(bp) / 10_000.0),
            },
        };
        number::hundredths(quantile.max(0.0))
    }

    /// On how many days it was learnt.
    pub fn history_days(&self) -> usize {
        self.history_days
    }

    /// How many of them were sold out.
    pub fn sold_out_days(&self) -> usize {
        self.sold_out_days
    }

    /// Whether what came lately lay mostly on one side of what this rule had forecast, if it looks back.
    pub fn alarm(&self) -> Option<Alarm> {
        self.alarm
    }

    fn places(&self, days: &Range<i64>) -> Range<usize> {
        let place = |day: i64| usize::try_from(day.saturating_sub(self.from)).unwrap_or(0).min(self.means.len());
        place(days.start)..place(days.end)
    }

    fn within(&self, days: &Range<i64>) -> &[f64] {
        self.means.get(self.places(days)).unwrap_or_default()
    }
}
