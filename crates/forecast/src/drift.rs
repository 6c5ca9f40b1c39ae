//! What the same weeks of earlier years did to forecasts: summers that rise, Januaries that fall.
//!
//! A model of one short season follows the year late. How late, it has shown a year ago: there, over all products
//! together, forecasts were short or long by some share. That share is taken again, as far as the last year shows that it
//! comes again.

use std::collections::BTreeMap;

use crate::models::Paths;
use crate::number;

const WEEK: i64 = 7;
/// A year of whole weeks.
const YEAR: i64 = 52 * WEEK;
/// Neighbouring origins on each side that speak for the same time of year.
const AROUND: i64 = 5;
/// How many years back are asked.
const YEARS: i64 = 2;
/// The days on which it is tested whether the share comes again, and how long they speak for each other.
const TESTED: i64 = 400;
const BLOCK: i64 = 28;
/// How many blocks without any drift are taken to have been seen before: one good season is not yet a law.
const BLOCKS_AGAINST: f64 = 5.0;
/// Fewer blocks prove nothing.
const BLOCKS_MIN: usize = 4;

/// One series, as far as it says something of the year.
#[derive(Clone, Copy, Debug)]
pub struct Witness<'a> {
    /// The day of `history[0]`.
    pub first_day: i64,
    pub history: &'a [f64],
    pub paths: &'a Paths,
}

/// By what forecasts are to be multiplied, by the day from which they are made.
#[derive(Clone, Debug, Default)]
pub struct Drift {
    /// For each week ahead: by origin, the logarithm of what came by what was forecast.
    weeks: Vec<BTreeMap<i64, f64>>,
    again: Vec<f64>,
}

impl Drift {
    /// A series of fewer days says nothing of the year.
    pub(crate) const DAYS_MIN: usize = 380;

    /// Nothing comes again.
    pub fn none() -> Self {
        Self::default()
    }

    /// Reads the drift from what forecasts of all series would have been. Series count alike, whatever their size.
    pub fn read(witnesses: &[Witness<'_>]) -> Self {
        let horizon = witnesses.iter().map(|one| one.paths.horizon()).max().unwrap_or(0);
        let weeks: Vec<BTreeMap<i64, f64>> = (0..horizon / 7).map(|week| logs(witnesses, week * 7)).collect();
        let again = weeks.iter().map(again).collect();
        Self { weeks, again }
    }

    /// How much of what happened a year ago comes again, in the first week ahead: 0 through 1.
    pub fn comes_again(&self) -> f64 {
        self.again.first().copied().unwrap_or(0.0)
    }

    /// By what to multiply what is forecast from `day` for `ahead` days later.
    pub fn factor(&self, day: i64, ahead: usize) -> f64 {
        let week = (ahead / 7).min(self.weeks.len().saturating_sub(1));
        let (Some(logs), Some(again)) = (self.weeks.get(week), self.again.get(week)) else { return 1.0 };
        if *again <= 0.0 { 1.0 } else { (again * earlier(logs, day).unwrap_or(0.0)).exp() }
    }
}

/// By origin, what came in the week `ahead` by what was forecast for it. Only whole weeks that are over.
fn logs(witnesses: &[Witness<'_>], ahead: usize) -> BTreeMap<i64, f64> {
    let mut sums: BTreeMap<i64, (f64, f64)> = BTreeMap::new();
    for one in witnesses {
        let mean = one.history.iter().sum::<f64>() / number::count(one.history.len()).max(1.0);
        if mean <= 0.0 {
            continue;
        }
        for origin in one.paths.first()..one.history.len().saturating_sub(ahead + 6) {
            let came: f64 = one.history[origin + ahead..origin + ahead + 7].iter().sum();
            let told: f64 = one.paths.from(origin).iter().skip(ahead).take(7).sum();
            let sum = sums.entry(one.first_day + i64::try_from(origin).unwrap_or(0)).or_default();
            sum.0 += came / mean;
            sum.1 += told / mean;
        }
    }
    let log = |(day, (came, told)): (i64, (f64, f64))| (came > 0.0 && told > 0.0).then(|| (day, (came / told).ln()));
    sums.into_iter().filter_map(log).collect()
}

/// What happened around the same day of earlier years.
fn earlier(logs: &BTreeMap<i64, f64>, day: i64) -> Option<f64> {
    let mut years = Vec::new();
    for year in 1..=YEARS {
        let middle = day - year * YEAR;
        let around: Vec<f64> = logs.range(middle - AROUND..=middle + AROUND).map(|(_, log)| *log).collect();
        if i64::try_from(around.len()).is_ok_and(|count| count > AROUND) {
            years.push(around.iter().sum::<f64>() / number::count(around.len()));
        }
    }
    (!years.is_empty()).then(|| years.iter().sum::<f64>() / number::count(years.len()))
}

/// How much of the earlier years the last year repeated, less what chance alone would give.
fn again(logs: &BTreeMap<i64, f64>) -> f64 {
    let Some((last, _)) = logs.last_key_value() else { return 0.0 };
    let mut blocks: BTreeMap<i64, (f64, f64)> = BTreeMap::new();
    for (day, log) in logs.range(last - TESTED..) {
        if let Some(earlier) = earlier(logs, *day) {
            let block = blocks.entry((last - day) / BLOCK).or_default();
            block.0 += earlier * log;
            block.1 += earlier * earlier;
        }
    }
    let (both, own) = blocks.values().fold((0.0, 0.0), |sum, block| (sum.0 + block.0, sum.1 + block.1));
    if blocks.len() < BLOCKS_MIN || own <= 0.0 {
        return 0.0;
    }
    let share = both / own;
    let count = number::count(blocks.len());
    let strayed: f64 = blocks.values().map(|block| (block.0 - share * block.1).powi(2)).sum();
    let chance = strayed / own.powi(2) * count / (count - 1.0);
    if share <= 0.0 {
        return 0.0;
    }
    let beyond_chance = (share * (1.0 - chance / share.powi(2)).max(0.0)).min(1.0);
    beyond_chance * count / (count + BLOCKS_AGAINST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::Model;

    fn drift(history: &[f64]) -> Drift {
        let paths = Model::EtsAdditive.paths(history, 7, 56, 7);
        Drift::read(&[Witness { first_day: 0, history, paths: &paths }])
    }

    #[test]
    fn a_summer_that_comes_every_year_is_seen_coming() {
        let ice = |day: i64| if (150..240).contains(&day.rem_euclid(YEAR)) { 200.0 } else { 100.0 };
        let history: Vec<f64> = (0..2 * YEAR + 150).map(ice).collect();
        let drift = drift(&history);
        assert!(drift.comes_again() > 0.5, "{}", drift.comes_again());
        assert!(drift.factor(2 * YEAR + 150, 0) > 1.2, "{}", drift.factor(2 * YEAR + 150, 0));
    }

    #[test]
    fn one_year_shows_nothing_of_the_next() {
        let history: Vec<f64> = (0..300).map(|day| 100.0 + f64::from(day % 7)).collect();
        let told = [drift(&history).factor(300, 0), Drift::none().factor(300, 3)];
        assert!(told.iter().all(|factor| (factor - 1.0).abs() < 1e-12), "{told:?}");
    }
}
