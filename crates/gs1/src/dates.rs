//! Dates of six digits.

/// A date as a label gives it: `YYMMDD`, where day 00 stands for the last day of the month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LabelDate {
    pub year: i32,
    pub month: u32,
    pub day: u32,
}

/// Reads `YYMMDD` in the century that lies nearest to `current_year`: 51 or more years ahead is the century before,
/// 50 or more behind is the next one.
pub fn label_date(digits: &str, current_year: i32) -> Option<LabelDate> {
    if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let two = |from: usize| digits.get(from..from.saturating_add(2))?.parse::<u32>().ok();
    let (yy, month, day) = (i32::try_from(two(0)?).ok()?, two(2)?, two(4)?);
    let century = current_year.saturating_sub(current_year.rem_euclid(100));
    let ahead = yy.saturating_sub(current_year.rem_euclid(100));
    let shift = match ahead {
        51.. => -100,
        ..=-50 => 100,
        _ => 0,
    };
    let year = century.saturating_add(shift).saturating_add(yy);
    let days = days_in(year, month)?;
    match day {
        0 => Some(LabelDate { year, month, day: days }),
        1.. if day <= days => Some(LabelDate { year, month, day }),
        _ => None,
    }
}

fn days_in(year: i32, month: u32) -> Option<u32> {
    let leap = year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0);
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => Some(31),
        4 | 6 | 9 | 11 => Some(30),
        2 => Some(if leap { 29 } else { 28 }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn date(year: i32, month: u32, day: u32) -> LabelDate {
        LabelDate { year, month, day }
    }

    #[test]
    fn a_century_is_the_nearest_one() {
        assert_eq!(label_date("260131", 2026), Some(date(2026, 1, 31)));
        assert_eq!(label_date("761231", 2026), Some(date(2076, 12, 31)), "fifty years ahead");
        assert_eq!(label_date("771231", 2026), Some(date(1977, 12, 31)), "fifty-one years ahead is the past");
        assert_eq!(label_date("490101", 2099), Some(date(2149, 1, 1)), "fifty years behind is the future");
        assert_eq!(label_date("500101", 2099), Some(date(2050, 1, 1)));
    }

    #[test]
    fn day_nought_is_the_last_of_the_month() {
        assert_eq!(label_date("280200", 2026), Some(date(2028, 2, 29)));
        assert_eq!(label_date("260200", 2026), Some(date(2026, 2, 28)));
    }

    #[test]
    fn a_day_that_no_month_has_is_none() {
        for wrong in ["260230", "261301", "260132", "26013", "26013x", "260431"] {
            assert_eq!(label_date(wrong, 2026), None, "{wrong}");
        }
    }
}
