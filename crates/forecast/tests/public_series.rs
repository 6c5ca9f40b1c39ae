//! Against the public series: a first forecast must at least beat last week.
#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use std::{collections::BTreeMap, path::PathBuf};

use forecast::{Day, Forecaster, Shelf, WeekdayProfile};

const WEEK: usize = 7;
const ORIGINS: usize = 4;

/// Days since a Monday (1970-01-05), by the civil calendar.
fn day_number(date: &str) -> i64 {
    let part = |at: std::ops::Range<usize>| date[at].parse::<i64>().unwrap();
    let (year, month, day) = (part(0..4), part(5..7), part(8..10));
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468 - 4
}

fn series(name: &str) -> Option<BTreeMap<String, Vec<(i64, i64)>>> {
    let Ok(folder) = std::env::var("FRESHET_TEST_DATA") else {
        eprintln!("skipped: no data");
        return None;
    };
    let text = std::fs::read_to_string(PathBuf::from(folder).join("forecast").join(name)).ok()?;
    let mut series: BTreeMap<String, Vec<(i64, i64)>> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let mut cells = line.split(',');
        let (Some(key), Some(date), Some(sold)) = (cells.next(), cells.next(), cells.next()) else { continue };
        // Tenths, because some sets were averaged by those who made them.
        let sold: f64 = sold.parse().unwrap();
        series.entry(key.to_owned()).or_default().push((day_number(date), tenths(sold)));
    }
    Some(series)
}

#[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "sales of a day")]
fn tenths(sold: f64) -> i64 {
    (sold * 10.0).round() as i64
}

/// Four weeks, each forecast at its beginning: the errors of ours and of last week in ten-thousandths of the mean
/// step from week to week before them (MASE), and how many days lay in the band of 80 %.
struct Tested {
    ours: i64,
    naive: i64,
    within: i64,
    all: i64,
}

fn tested(days: &[(i64, i64)]) -> Tested {
    let first = days.len() - WEEK * ORIGINS;
    let steps: i64 = (WEEK..first).map(|at| (days[at].1 - days[at - WEEK].1).abs() * 100).sum();
    let step = (steps / i64::try_from(first - WEEK).unwrap()).max(1);
    let mut sums = Tested { ours: 0, naive: 0, within: 0, all: 0 };
    for origin in 0..ORIGINS {
        let begin = first + WEEK * origin;
        let history: Vec<Day> =
            days[..begin].iter().map(|(day, sold)| Day { day: *day, sold: *sold, shelf: Shelf::Stocked }).collect();
        let forecast = WeekdayProfile::default().forecast(&history, days[begin].0, 28).unwrap();
        for at in begin..begin + WEEK {
            let (day, sold) = days[at];
            sums.ours += (forecast.mean_hundredths(day..day + 1) - sold * 100).abs();
            sums.naive += (days[at - WEEK].1 - sold).abs() * 100;
            let band = |bp| forecast.quantile_hundredths(day..day + 1, bp);
            sums.within += i64::from((band(1_000)..=band(9_000)).contains(&(sold * 100)));
            sums.all += 1;
        }
    }
    let scaled = |error: i64| error * 10_000 / sums.all / step;
    Tested { ours: scaled(sums.ours), naive: scaled(sums.naive), ..sums }
}

#[test]
fn the_weekday_profile_beats_last_week_on_public_series() {
    for name in ["french_bakery_daily.csv", "yaz_restaurant_daily.csv", "store_item_daily.csv", "m5_foods_daily.csv"] {
        let Some(series) = series(name) else { return };
        assert!(!series.is_empty(), "{name}");
        let tested: Vec<Tested> = series.values().map(|days| tested(days)).collect();
        let sum = |of: fn(&Tested) -> i64| tested.iter().map(of).sum::<i64>();
        let count = i64::try_from(tested.len()).unwrap();
        let (ours, naive) = (sum(|one| one.ours) / count, sum(|one| one.naive) / count);
        let coverage_bp = sum(|one| one.within) * 10_000 / sum(|one| one.all);
        eprintln!("{name}: MASE {ours}, of last week {naive} (ten-thousandths), band of 80 % holds {coverage_bp} bp");
        assert!(ours < naive * 95 / 100, "{name}: {ours} {naive}");
        assert!((6_500..=9_700).contains(&coverage_bp), "{name}: {coverage_bp}");
    }
}

#[test]
fn the_calendar_begins_on_a_monday() {
    assert_eq!(day_number("1970-01-05"), 0);
    assert_eq!(day_number("2026-03-28").rem_euclid(7), 5);
}
