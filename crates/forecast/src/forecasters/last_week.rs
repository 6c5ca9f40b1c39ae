//! The rule of thumb: what the same days of last week sold. It knows no better day than that one, and no doubt.

use std::collections::BTreeMap;

use super::{Forecast, Strays};
use crate::{Day, Forecaster, Shelf, number};

/// What the same weekday sold when it was last seen, whether there was enough or not.
#[derive(Clone, Copy, Debug, Default)]
pub struct LastWeek;

const WEEK: i64 = 7;

impl Forecaster for LastWeek {
    fn name(&self) -> &'static str {
        "last-week"
    }

    fn forecast(&self, history: &[Day], from: i64, days: usize) -> Option<Forecast> {
        let past: BTreeMap<i64, &Day> = history.iter().filter(|day| day.day < from).map(|day| (day.day, day)).collect();
        let (oldest, _) = past.first_key_value()?;
        let sold = |day: i64| {
            let latest = day - (day - from).div_euclid(WEEK) * WEEK - WEEK;
            let mut weeks = (0..).map(|back| latest - back * WEEK).take_while(|day| day >= oldest);
            weeks.find_map(|day| past.get(&day)).map_or(0.0, |day| number::float(day.sold.max(0)))
        };
        let through = from + i64::try_from(days).ok()?;
        Some(Forecast {
            from,
            means: (from..through).map(sold).collect(),
            strays: Strays::Errors(Vec::new()),
            history_days: past.len(),
            sold_out_days: past.values().filter(|day| day.shelf != Shelf::Stocked).count(),
            alarm: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_last_week_sold_and_nothing_more() {
        // The day of the week before was not written down.
        let history: Vec<Day> =
            (0..21).filter(|day| *day != 16).map(|day| Day { day, sold: 10 + day, shelf: Shelf::Stocked }).collect();
        let told = LastWeek.forecast(&history, 21, 14).unwrap();
        assert_eq!([21, 23, 28].map(|day| told.mean_hundredths(day..day + 1)), [2_400, 1_900, 2_400]);
        assert_eq!(told.quantile_hundredths(21..23, 9_900), 2_400 + 2_500);
        assert!(LastWeek.forecast(&[], 21, 7).is_none());
    }
}
