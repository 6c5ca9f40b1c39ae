//! A file of demand: a row per series and day, `unique_id,ds,y`. Pure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use kernel::Date;

use super::HISTORY_DAYS;
use crate::SimError;

const HEADING: &str = "unique_id,ds,y";
/// More series than a demonstration shows.
const SERIES_MAX: usize = 200;
/// The most that one day of a series may want: beyond it a file is no shop's.
const UNITS_MAX: i64 = 1_000_000;
/// Of a series' own name so much goes into the product's code.
const CODE_LETTERS: usize = 24;

/// What a file of demand says: one product for each series, and how much of it was wanted on each day.
///
/// Series with broken amounts are goods sold by weight, in hundreds of grams; the others are counted. The first eight
/// weeks are known history; the run starts on the day after them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    pub(super) series: Vec<Series>,
    /// The first day of the run, in the calendar of the file.
    pub(super) from: Date,
}

/// One product's demand by day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Series {
    pub(super) name: String,
    /// Under which the shop lists it.
    pub(super) code: String,
    pub(super) is_weighed: bool,
    /// Pieces, or grams of what is weighed. A day that is not there wanted nothing.
    days: BTreeMap<Date, i64>,
}

impl Demand {
    /// Reads a file.
    pub fn read(file: &str) -> Result<Self, SimError> {
        let mut rows = (1..).zip(file.trim_start_matches('\u{feff}').lines());
        if rows.next().map(|(_, heading)| heading.trim()) != Some(HEADING) {
            return Err(wrong(1, &format!("the heading is not {HEADING}")));
        }
        let mut read: BTreeMap<String, BTreeMap<Date, i64>> = BTreeMap::new();
        for (row, line) in rows.filter(|(_, line)| !line.trim().is_empty()) {
            let (name, day, hundredths) = cells(line).map_err(|why| wrong(row, why))?;
            if read.entry(name).or_default().insert(day, hundredths).is_some() {
                return Err(wrong(row, "the day stands twice"));
            }
            if read.len() > SERIES_MAX {
                return Err(wrong(row, &format!("more than {SERIES_MAX} series")));
            }
        }
        let days: BTreeSet<Date> = read.values().flat_map(|days| days.keys().copied()).collect();
        let first = days.first().ok_or_else(|| wrong(2, "no day stands in the file"))?;
        let from = first.saturating_add(HISTORY_DAYS.days());
        if days.last().is_none_or(|last| *last < from) {
            return Err(SimError::Demand(format!("it holds no day after the {HISTORY_DAYS} of history")));
        }
        let series = (0..).zip(read).map(|(nth, (name, days))| Series::of(nth, name, days)).collect();
        Ok(Self { series, from })
    }

    /// How many days after a Monday the run starts, so that every day keeps its weekday.
    pub fn days_after_monday(&self) -> i64 {
        i64::from(self.from.weekday().to_monday_zero_offset())
    }

    /// What a series wants on a day of the run, counted from zero; days of history come before it.
    pub(super) fn wanted(&self, series: &Series, day: i64) -> i64 {
        series.days.get(&self.from.saturating_add(day.days())).copied().unwrap_or(0)
    }

    /// What a series wanted on a usual day of its history.
    pub(super) fn usual(&self, series: &Series) -> i64 {
        (-HISTORY_DAYS..0).map(|day| self.wanted(series, day)).sum::<i64>() / HISTORY_DAYS
    }
}

impl Series {
    fn of(nth: usize, name: String, hundredths: BTreeMap<Date, i64>) -> Self {
        let is_weighed = hundredths.values().any(|amount| amount % 100 != 0);
        // A unit of weighed goods is 100 g, so its hundredths are grams.
        let amount = |hundredths| if is_weighed { hundredths } else { hundredths / 100 };
        let days = hundredths.into_iter().map(|(day, hundredths)| (day, amount(hundredths))).collect();
        let plain = name.chars().filter(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(*letter));
        let code = format!("D{nth:03}-{}", plain.take(CODE_LETTERS).collect::<String>());
        Self { name, code, is_weighed, days }
    }

    /// What `1` in the file means: a piece, or 100 g.
    pub(super) const fn unit(&self) -> i64 {
        if self.is_weighed { 100 } else { 1 }
    }
}

fn wrong(row: usize, why: &str) -> SimError {
    SimError::Demand(format!("row {row}: {why}"))
}

/// The name, the day and the hundredths of a unit. A name may hold commas.
fn cells(line: &str) -> Result<(String, Date, i64), &'static str> {
    let mut cells = line.trim().rsplitn(3, ',');
    let (Some(amount), Some(day), Some(name)) = (cells.next(), cells.next(), cells.next()) else {
        return Err("three cells belong here");
    };
    let day: Date = day.trim().parse().map_err(|_| "the day is no date")?;
    let hundredths = hundredths(amount.trim()).ok_or("the amount is no plain decimal")?;
    if hundredths > UNITS_MAX * 100 {
        return Err("the amount is out of bounds");
    }
    Ok((name.trim_matches('"').to_owned(), day, hundredths))
}

/// `36.75` as 3675. Such files are written from binary fractions: `31.500000000000004` is 3150, to the nearest.
fn hundredths(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 12 || !digits(whole) || !digits(part) {
        return None;
    }
    let thousandths: i64 = format!("{whole}{:0<3}", part.get(..3).unwrap_or(part)).parse().ok()?;
    Some((thousandths + 5) / 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) const FILE: &str = "unique_id,ds,y\nEGGS,2011-01-29,3\nEGGS,2011-03-26,7\n\
                                   \"BREAD, DARK\",2011-03-26,31.500000000000004\n";

    #[test]
    fn broken_amounts_are_weighed_and_whole_ones_counted() {
        let demand = Demand::read(FILE).unwrap();
        let read: Vec<(&str, &str, bool, i64)> = demand
            .series
            .iter()
            .map(|series| (series.name.as_str(), series.code.as_str(), series.is_weighed, demand.wanted(series, 0)))
            .collect();
        assert_eq!(read, [("BREAD, DARK", "D000-BREADDARK", true, 3_150), ("EGGS", "D001-EGGS", false, 7)]);
        assert_eq!(demand.wanted(&demand.series[1], -56), 3);
    }

    #[test]
    fn the_run_begins_on_the_weekday_of_the_file() {
        // The day after eight weeks from 29 January 2011, both Saturdays.
        assert_eq!(Demand::read(FILE).unwrap().days_after_monday(), 5);
    }

    #[test]
    fn a_file_of_another_shape_is_refused_with_its_row() {
        for (file, told) in [
            ("id,day,y\n", "row 1"),
            ("unique_id,ds,y\nEGGS,2011-01-29\n", "row 2"),
            ("unique_id,ds,y\nEGGS,soon,3\n", "row 2"),
            ("unique_id,ds,y\nEGGS,2011-01-29,-3\n", "row 2"),
            ("unique_id,ds,y\nEGGS,2011-01-29,3\n\nEGGS,2011-01-29,3\n", "row 4"),
            ("unique_id,ds,y\nEGGS,2011-01-29,3\n", "no day after the 56 of history"),
        ] {
            let refused = Demand::read(file).unwrap_err().to_string();
            assert!(refused.contains(told), "{refused}");
        }
    }
}
