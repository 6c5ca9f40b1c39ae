//! Days of the civil calendar as numbers, and back.

/// Days since a Monday (1970-01-05) of a date of the civil calendar.
///
/// ```
/// assert_eq!(forecast::table::day("1970-01-05"), Some(0));
/// assert_eq!(forecast::table::day("2026-02-29"), None);
/// ```
pub fn day(date: &str) -> Option<i64> {
    let bytes = date.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let part = |at: std::ops::Range<usize>| {
        let digits = date.get(at)?;
        digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse::<i64>().ok())?
    };
    let (year, month, day) = (part(0..4)?, part(5..7)?, part(8..10)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=longest).contains(&day) {
        return None;
    }
    Some(civil(year, month, day))
}

/// The day of a date that is known to be one.
pub(crate) fn civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468 - 4
}

/// The date of a day, the other way round.
///
/// ```
/// assert_eq!(forecast::table::date(forecast::table::day("2024-02-29").unwrap()), "2024-02-29");
/// ```
pub fn date(day: i64) -> String {
    let days = day + 719_468 + 4;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let (day, month) = (of_year - (153 * shifted + 2) / 5 + 1, if shifted < 10 { shifted + 3 } else { shifted - 9 });
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_agree_over_centuries() {
        for day_number in (-100_000..100_000).step_by(37) {
            assert_eq!(day(&date(day_number)), Some(day_number));
        }
    }
}
