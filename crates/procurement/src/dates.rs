//! Dates at the door: a year that nobody lives in is a slip of the finger.

use edge::Problem;
use kernel::Date;

const YEARS: std::ops::RangeInclusive<i16> = 2000..=2199;

/// A date that a paper of the trade can bear.
pub(crate) fn plausible(field: &str, date: Date) -> Result<Date, Problem> {
    if YEARS.contains(&date.year()) {
        Ok(date)
    } else {
        Err(Problem::invalid(field, format!("a year between {} and {} belongs here", YEARS.start(), YEARS.end())))
    }
}

/// The same for a date that may be left out.
pub(crate) fn plausible_if_any(field: &str, date: Option<Date>) -> Result<Option<Date>, Problem> {
    date.map(|date| plausible(field, date)).transpose()
}
