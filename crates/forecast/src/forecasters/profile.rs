//! The weekday profile: the same weekdays of the past, the latest weighing most, corrected by how the last week
//! went against what they should have been.

use std::collections::BTreeMap;

use super::{Forecast, Strays};
use crate::{Day, Forecaster, Shelf, censoring::latent, number};

/// A forecast by weekday.
#[derive(Clone, Copy, Debug)]
pub struct WeekdayProfile {
    /// What a week that is one week older weighs.
    pub fading: f64,
    /// How many of the same weekdays are looked at.
    pub weeks: i64,
    /// How many of the last days say whether demand has moved to another level.
    pub span: i64,
    /// From how many past days the errors are taken.
    pub tested: i64,
}

impl Default for WeekdayProfile {
    fn default() -> Self {
        Self { fading: 0.85, weeks: 10, span: 7, tested: 56 }
    }
}

const WEEK: i64 = 7;
/// A level that has moved further than this in a week is an event, not a trend.
const LEVEL: std::ops::RangeInclusive<f64> = 0.4..=2.5;
/// Below so many tested days, nothing is known of the errors but that such goods stray.
const TESTED_MIN: usize = 10;
/// The errors of goods that nobody has watched yet, as a share of the demand of a day: from the lowest up.
const STRAY: [f64; 9] = [-0.6, -0.4, -0.25, -0.12, 0.0, 0.12, 0.3, 0.5, 0.8];

impl Forecaster for WeekdayProfile {
    fn name(&self) -> &'static str {
        "weekday-profile"
    }

    fn forecast(&self, history: &[Day], from: i64, days: usize) -> Option<Forecast> {
        let past: Vec<Day> = history.iter().copied().filter(|day| day.day < from).collect();
        let series = self.demand(&past);
        let first = *series.keys().next()?;
        let through = from + i64::try_from(days).ok()?;
        let means: Vec<f64> = (from..through).map(|day| self.expect(&series, from, day).unwrap_or(0.0)).collect();
        Some(Forecast {
            from,
            strays: Strays::Errors(self.errors(&series, first, from, &means)),
            means,
            history_days: past.len(),
            sold_out_days: past.iter().filter(|day| day.shelf != Shelf::Stocked).count(),
            alarm: None,
        })
    }
}

/// What was wanted on the days that have shown it.
type Series = BTreeMap<i64, f64>;

impl WeekdayProfile {
    /// Sales as demand. A day that ran out counts for what its share says; if nobody knows the hour, it counts only
    /// where it sold more than was to be expected, because then it has shown at least that.
    fn demand(&self, past: &[Day]) -> Series {
        let mut series = Series::new();
        for day in past {
            let wanted = match day.shelf {
                Shelf::Stocked => Some(day.sold),
                Shelf::SoldOut { share_bp } => latent(day.sold, share_bp).or(Some(day.sold)),
                Shelf::SoldOutSometime => None,
            };
            if let Some(wanted) = wanted {
                series.insert(day.day, number::float(wanted.max(0)));
            }
        }
        let known = series.clone();
        for day in past.iter().filter(|day| day.shelf == Shelf::SoldOutSometime) {
            let sold = number::float(day.sold.max(0));
            let expected = self.base(&known, day.day).or_else(|| mean(known.iter()));
            if expected.is_none_or(|expected| sold >= expected) {
                series.insert(day.day, sold);
            }
        }
        series
    }

    /// The demand of `day` as somebody would expect it at the beginning of `now`.
    fn expect(&self, series: &Series, now: i64, day: i64) -> Option<f64> {
        let base = self.base_before(series, now, day).or_else(|| mean(series.range(..now).rev().take(28)))?;
        Some(base * self.level(series, now))
    }

    fn base(&self, series: &Series, day: i64) -> Option<f64> {
        self.base_before(series, day, day)
    }

    /// The weighted mean of the same weekdays before `now`.
    fn base_before(&self, series: &Series, now: i64, day: i64) -> Option<f64> {
        let latest = day - (day - now).div_euclid(WEEK) * WEEK - WEEK;
        let (mut sum, mut weights, mut weight) = (0.0, 0.0, 1.0);
        for back in 0..self.weeks {
            if let Some(wanted) = series.get(&(latest - back * WEEK)) {
                sum += weight * wanted;
                weights += weight;
            }
            weight *= self.fading;
        }
        (weights > 0.0).then(|| sum / weights)
    }

    /// How the last days went against the weeks that the profile looks at.
    fn level(&self, series: &Series, now: i64) -> f64 {
        let block = |end: i64| mean(series.range(end - self.span..end));
        let Some(latest) = block(now) else { return 1.0 };
        let (mut sum, mut weights, mut weight) = (0.0, 0.0, 1.0);
        for back in 0..self.weeks {
            if let Some(earlier) = block(now - back * WEEK) {
                sum += weight * earlier;
                weights += weight;
            }
            weight *= self.fading;
        }
        if weights <= 0.0 || sum <= 0.0 {
            return 1.0;
        }
        (latest / (sum / weights)).clamp(*LEVEL.start(), *LEVEL.end())
    }

    /// How the last days would have been forecast, and how far that was off: against the root of what was expected, as
    /// counts stray, and where hardly anything was expected against that of a usual day. What sells now and then would
    /// otherwise seem to stray without bounds, the more so the smaller its unit is.
    fn errors(&self, series: &Series, first: i64, now: i64, means: &[f64]) -> Vec<f64> {
        // Three weeks are the least that a weekday can be judged by.
        let begin = (now - self.tested).max(first + 3 * WEEK);
        let usual = mean(series.iter()).unwrap_or(1.0).max(1.0);
        let mut errors: Vec<f64> = (begin..now)
            .filter_map(|day| {
                let (wanted, expected) = (series.get(&day)?, self.expect(series, day, day)?);
                Some((wanted - expected) / expected.max(usual).sqrt())
            })
            .collect();
        if errors.len() < TESTED_MIN {
            let daily = means.iter().sum::<f64>() / number::count(means.len()).max(1.0);
            errors = STRAY.iter().map(|share| share * daily.max(1.0).sqrt()).collect();
        }
        number::sort(&mut errors);
        errors
    }
}

fn mean<'a>(days: impl Iterator<Item = (&'a i64, &'a f64)>) -> Option<f64> {
    let (sum, count) = days.fold((0.0, 0_usize), |(sum, count), (_, wanted)| (sum + wanted, count + 1));
    (count > 0).then(|| sum / number::count(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn week(sold: impl Fn(i64) -> i64, shelf: impl Fn(i64) -> Shelf) -> Vec<Day> {
        (0..84).map(|day| Day { day, sold: sold(day), shelf: shelf(day) }).collect()
    }

    fn of(history: &[Day]) -> Forecast {
        WeekdayProfile::default().forecast(history, 84, 14).unwrap()
    }

    #[test]
    fn a_sold_out_day_is_no_day_of_low_demand() {
        // Every Saturday the strawberries were gone at noon, after six tenths of the day's demand.
        let sold = |day: i64| if day % 7 == 5 { 30 } else { 20 };
        let known =
            of(&week(sold, |day| if day % 7 == 5 { Shelf::SoldOut { share_bp: 6_000 } } else { Shelf::Stocked }));
        assert_eq!(known.mean_hundredths(89..90), 5_000);

        // Nobody wrote the hour down: only the Saturdays on which enough was there tell what is wanted.
        let sold = |day: i64| if day % 14 == 5 { 12 } else { 40 };
        let unknown = of(&week(sold, |day| if day % 14 == 5 { Shelf::SoldOutSometime } else { Shelf::Stocked }));
        assert_eq!(unknown.mean_hundredths(89..90), 4_000);
        assert_eq!(unknown.sold_out_days(), 6);
    }

    #[test]
    fn a_demand_that_has_grown_is_followed() {
        let grown = of(&week(|day| if day < 70 { 100 } else { 150 }, |_| Shelf::Stocked));
        let next_week = grown.mean_hundredths(84..91);
        assert!((95_000..=115_000).contains(&next_week), "{next_week}");
    }

    #[test]
    fn quantiles_rise_and_days_add_up() {
        let noisy = of(&week(|day| 50 + (day * 7_919) % 31, |_| Shelf::Stocked));
        let rising: Vec<i64> = [1_000, 5_000, 9_000, 9_900].map(|bp| noisy.quantile_hundredths(84..86, bp)).to_vec();
        assert!(rising.is_sorted(), "{rising:?}");
        assert!(rising[0] < rising[3]);
        let days = noisy.mean_hundredths(84..85) + noisy.mean_hundredths(85..86);
        assert!((days - noisy.mean_hundredths(84..86)).abs() <= 1);
    }

    #[test]
    fn goods_that_sell_now_and_then_are_not_expected_by_the_hundredweight() {
        // Cakes, by the gram: on every ninth day four kilograms, on the others none.
        let cakes = of(&week(|day| if day % 9 == 0 { 4_000 } else { 0 }, |_| Shelf::Stocked));
        for day in 84..91 {
            let surely = cakes.quantile_hundredths(day..day + 1, 9_500);
            assert!(surely <= 4 * 400_000, "{surely} on day {day}");
        }
    }

    #[test]
    fn nothing_is_said_of_goods_that_nobody_sold() {
        assert!(WeekdayProfile::default().forecast(&[], 84, 7).is_none());
        let few = [Day { day: 80, sold: 10, shelf: Shelf::Stocked }];
        let forecast = WeekdayProfile::default().forecast(&few, 84, 1).unwrap();
        assert_eq!(forecast.mean_hundredths(84..85), 1_000);
        assert!(forecast.quantile_hundredths(84..85, 9_000) > 1_000);
    }
}
