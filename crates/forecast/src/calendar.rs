//! The festivals of Taiwan and of China as columns of numbers: the days themselves, the days before on which people buy for
//! them, and the days after on which they have enough.
//!
//! Lunar months are read from a table, so nothing depends on an almanac; before and behind it every day has none.

use crate::{dates, table};

/// Whose festivals count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calendar {
    Taiwan,
    China,
}

/// The first day of which the table knows the moon, 1990-01-27, and the years that it covers.
const FIRST_YEAR: i64 = 1_990;
const FIRST_NEW_YEAR: (i64, i64, i64) = (1_990, 1, 27);
/// A lunar year in a number: bits 15 through 4 say which of the months 1 through 12 have thirty days instead of
/// twenty-nine, the last four bits after which month a leap month follows (0: none), bit 16 whether that has thirty.
const YEARS: [u32; 71] = [
    0x0_4af5, 0x0_4970, 0x0_64b0, 0x0_74a3, 0x0_ea50, 0x0_6b58, 0x0_5ac0, 0x0_ab60, 0x0_96d5, 0x0_92e0, 0x0_c960,
    0x0_d954, 0x0_d4a0, 0x0_da50, 0x0_7552, 0x0_56a0, 0x0_abb7, 0x0_25d0, 0x0_92d0, 0x0_cab5, 0x0_a950, 0x0_b4a0,
    0x0_baa4, 0x0_ad50, 0x0_55d9, 0x0_4ba0, 0x0_a5b0, 0x1_5176, 0x0_52b0, 0x0_a930, 0x0_7954, 0x0_6aa0, 0x0_ad50,
    0x0_5b52, 0x0_4b60, 0x0_a6e6, 0x0_a4e0, 0x0_d260, 0x0_ea65, 0x0_d530, 0x0_5aa0, 0x0_76a3, 0x0_96d0, 0x0_4afb,
    0x0_4ad0, 0x0_a4d0, 0x1_d0b6, 0x0_d250, 0x0_d520, 0x0_dd45, 0x0_b5a0, 0x0_56d0, 0x0_55b2, 0x0_49b0, 0x0_a577,
    0x0_a4b0, 0x0_aa50, 0x1_b255, 0x0_6d20, 0x0_ada0, 0x1_4b63, 0x0_9370, 0x0_49f8, 0x0_4970, 0x0_64b0, 0x1_68a6,
    0x0_ea50, 0x0_6b20, 0x1_a6c4, 0x0_aae0, 0x0_92e0,
];

/// On which day of a year a festival falls.
#[derive(Clone, Copy, Debug)]
enum When {
    /// By the civil calendar: month and day.
    Civil(i64, i64),
    /// By the moon: month and day, never in a leap month.
    Lunar(i64, i64),
    /// 清明, when the sun stands at fifteen degrees.
    Qingming,
    /// 冬至, the shortest day.
    Solstice,
}

/// A festival, and how many days before it, on it and after it sell otherwise.
struct Festival {
    name: &'static str,
    when: When,
    /// The first civil year in which it is kept.
    since: i64,
    before: i64,
    days: i64,
    after: i64,
}

const fn festival(name: &'static str, when: When, before: i64, days: i64, after: i64) -> Festival {
    Festival { name, when, since: 0, before, days, after }
}

/// 元旦, 春節, 元宵, 清明, 端午, 中元, 中秋, 重陽, 冬至.
const COMMON: [Festival; 9] = [
    festival("new_year", When::Civil(1, 1), 2, 1, 0),
    festival("lunar_new_year", When::Lunar(1, 1), 7, 5, 4),
    festival("lantern", When::Lunar(1, 15), 1, 1, 0),
    festival("qingming", When::Qingming, 2, 1, 1),
    festival("dragon_boat", When::Lunar(5, 5), 4, 1, 1),
    festival("ghost", When::Lunar(7, 15), 2, 1, 0),
    festival("mid_autumn", When::Lunar(8, 15), 5, 1, 1),
    festival("double_ninth", When::Lunar(9, 9), 1, 1, 0),
    festival("winter_solstice", When::Solstice, 1, 1, 0),
];
/// 和平紀念日, 兒童節, 勞動節, 國慶日, and since 2025 教師節, 光復節 and 行憲紀念日.
const TAIWAN: [Festival; 7] = [
    festival("peace_memorial", When::Civil(2, 28), 1, 1, 0),
    festival("childrens_day", When::Civil(4, 4), 1, 1, 0),
    festival("labour_day", When::Civil(5, 1), 1, 1, 0),
    festival("national_day", When::Civil(10, 10), 1, 1, 0),
    Festival { since: 2_025, ..festival("teachers_day", When::Civil(9, 28), 1, 1, 0) },
    Festival { since: 2_025, ..festival("retrocession", When::Civil(10, 25), 1, 1, 0) },
    Festival { since: 2_025, ..festival("constitution_day", When::Civil(12, 25), 1, 1, 0) },
];
/// 勞動節 and 國慶節, both with the days off around them.
const CHINA: [Festival; 2] =
    [festival("labour_day", When::Civil(5, 1), 2, 5, 1), festival("national_day", When::Civil(10, 1), 3, 7, 1)];
/// The days of offerings and of meals without meat, 初一 and 十五.
const OFFERINGS: &str = "lunar_1st_and_15th";

/// A day that the table of the moon does not reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BeyondCalendar {
    pub date: String,
}

impl std::fmt::Display for BeyondCalendar {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let last = FIRST_YEAR + i64::try_from(YEARS.len()).unwrap_or(0) - 1;
        write!(out, "{}: the moon is known from {} through {last}", self.date, FIRST_YEAR + 1)
    }
}

impl std::error::Error for BeyondCalendar {}

impl Calendar {
    /// Whether the moon of all these days is known; `first` through `last` count from a Monday (1970-01-05).
    pub fn reaches(first: i64, last: i64) -> Result<(), BeyondCalendar> {
        let ends = FIRST_YEAR + i64::try_from(YEARS.len()).unwrap_or(0);
        let known = dates::civil(FIRST_YEAR + 1, 1, 1)..dates::civil(ends, 1, 1);
        match [first, last].into_iter().find(|day| !known.contains(day)) {
            Some(day) => Err(BeyondCalendar { date: table::date(day) }),
            None => Ok(()),
        }
    }

    fn festivals(self) -> impl Iterator<Item = &'static Festival> {
        let own: &[Festival] = match self {
            Self::Taiwan => &TAIWAN,
            Self::China => &CHINA,
        };
        COMMON.iter().chain(own)
    }

    /// The names of the columns, in their order.
    ///
    /// ```
    /// let names = forecast::calendar::Calendar::Taiwan.names();
    /// assert!(names.contains(&"mid_autumn_before".to_owned()));
    /// ```
    pub fn names(self) -> Vec<String> {
        let of = |one: &Festival| {
            let mut names = vec![format!("{}_before", one.name), one.name.to_owned()];
            names.extend((one.after > 0).then(|| format!("{}_after", one.name)));
            names
        };
        self.festivals().flat_map(of).chain([OFFERINGS.to_owned()]).collect()
    }

    /// The columns for so many days from `first` on: 1 on the days themselves; before and after them the nearer the more.
    pub fn columns(self, first: i64, days: usize) -> Vec<Vec<f64>> {
        let last = first.saturating_add(i64::try_from(days).unwrap_or(i64::MAX));
        let years = year(first) - 1..=year(last) + 1;
        let mut columns = Vec::new();
        for one in self.festivals() {
            let (mut before, mut on, mut after) = (vec![0.0; days], vec![0.0; days], vec![0.0; days]);
            let starts = years.clone().filter(|year| *year >= one.since).filter_map(|year| starts(one.when, year));
            for start in starts {
                let end = start + one.days;
                mark(&mut before, first, (1..=one.before).map(|back| (start - back, fading(back, one.before))));
                mark(&mut on, first, (start..end).map(|day| (day, 1.0)));
                mark(&mut after, first, (1..=one.after).map(|on| (end + on - 1, fading(on, one.after))));
            }
            columns.extend([before, on]);
            columns.extend((one.after > 0).then_some(after));
        }
        let mut offerings = vec![0.0; days];
        for months in years.filter_map(months) {
            mark(&mut offerings, first, months.flat_map(|(_, begin, _)| [(begin, 1.0), (begin + 14, 1.0)]));
        }
        columns.push(offerings);
        columns
    }
}

/// 1 on the nearest of so many days, less on each that is further away.
fn fading(away: i64, most: i64) -> f64 {
    1.0 - crate::number::float(away - 1) / crate::number::float(most)
}

fn mark(column: &mut [f64], first: i64, days: impl Iterator<Item = (i64, f64)>) {
    for (day, share) in days {
        if let Some(slot) = usize::try_from(day - first).ok().and_then(|at| column.get_mut(at)) {
            *slot = share;
        }
    }
}

fn year(day: i64) -> i64 {
    table::date(day).get(..4).and_then(|year| year.parse().ok()).unwrap_or(0)
}

/// The first day of a festival of a civil year; of a lunar one of the lunar year that begins in it.
fn starts(when: When, year: i64) -> Option<i64> {
    match when {
        When::Civil(month, day) => Some(dates::civil(year, month, day)),
        When::Lunar(month, day) => {
            let (_, begin, _) = months(year)?.find(|(number, _, is_leap)| *number == month && !is_leap)?;
            Some(begin + day - 1)
        }
        When::Qingming => {
            let (of, hundredths) = if year >= 2_000 { (year - 2_000, 481) } else { (year - 1_900, 559) };
            Some(dates::civil(year, 4, (of * 2_422 + hundredths * 100).div_euclid(10_000) - of.div_euclid(4)))
        }
        When::Solstice => {
            let is_early = match year.rem_euclid(4) {
                1 => year >= 1_993,
                2 => year >= 2_022,
                3 => year >= 2_059,
                _ => false,
            };
            Some(dates::civil(year, 12, if is_early { 21 } else { 22 }))
        }
    }
}

/// The months of the lunar year that begins in a civil one: number, first day, and whether it is a leap month.
fn months(year: i64) -> Option<impl Iterator<Item = (i64, i64, bool)>> {
    let nth = usize::try_from(year - FIRST_YEAR).ok().filter(|nth| *nth < YEARS.len())?;
    let (from_year, from_month, from_day) = FIRST_NEW_YEAR;
    let earlier: i64 = YEARS.iter().take(nth).map(|bits| lengths(*bits).map(|(_, days, _)| days).sum::<i64>()).sum();
    let mut begin = dates::civil(from_year, from_month, from_day) + earlier;
    Some(lengths(*YEARS.get(nth)?).map(move |(number, days, is_leap)| {
        let first = begin;
        begin += days;
        (number, first, is_leap)
    }))
}

/// The months of a lunar year: number, how many days, and whether it is a leap month.
fn lengths(bits: u32) -> impl Iterator<Item = (i64, i64, bool)> {
    let leap = i64::from(bits & 0xf);
    (1..=12_i64).flat_map(move |month| {
        let own = 29 + i64::from(bits >> (16 - month) & 1);
        let after = (leap == month).then(|| (month, 29 + i64::from(bits >> 16 & 1), true));
        [Some((month, own, false)), after].into_iter().flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(date: &str) -> i64 {
        table::day(date).unwrap()
    }

    fn falls(when: When, dates: &[&str]) {
        for date in dates {
            let year: i64 = date[..4].parse().unwrap();
            assert_eq!(starts(when, year).map(table::date).as_deref(), Some(*date), "{when:?}");
        }
    }

    #[test]
    fn the_festivals_fall_where_they_fell_and_will_fall() {
        let new_years =
            ["1995-01-31", "2000-02-05", "2020-01-25", "2023-01-22", "2024-02-10", "2026-02-17", "2033-01-31"];
        falls(When::Lunar(1, 1), &new_years);
        falls(When::Lunar(5, 5), &["2020-06-25", "2023-06-22", "2026-06-19"]);
        falls(When::Lunar(8, 15), &["2020-10-01", "2023-09-29", "2025-10-06", "2026-09-25", "2033-09-08"]);
        falls(When::Lunar(7, 15), &["2025-09-06", "2026-08-27"]);
        falls(When::Qingming, &["2023-04-05", "2024-04-04", "2025-04-04", "2026-04-05"]);
        falls(When::Solstice, &["2021-12-21", "2023-12-22", "2026-12-21"]);
    }

    #[test]
    fn a_lunar_year_ends_where_the_next_begins_for_seventy_years() {
        for year in FIRST_YEAR..FIRST_YEAR + 70 {
            let ends = months(year).unwrap().last().unwrap().1;
            let next = months(year + 1).unwrap().next().unwrap().1;
            assert!((29..=30).contains(&(next - ends)), "{year}");
            // The new year is the second or third new moon behind the solstice.
            let after_solstice = next - starts(When::Solstice, year).unwrap();
            assert!((29..=61).contains(&after_solstice), "{year}: {after_solstice}");
        }
    }

    #[test]
    fn the_days_before_count_the_nearer_the_more() {
        let names = Calendar::Taiwan.names();
        let columns = Calendar::Taiwan.columns(day("2026-02-01"), 40);
        assert_eq!(names.len(), columns.len());
        let of = |name: &str, date: &str| {
            let at = names.iter().position(|known| known == name).unwrap();
            columns[at][usize::try_from(day(date) - day("2026-02-01")).unwrap()]
        };
        assert_eq!(of("lunar_new_year_before", "2026-02-16").to_bits(), 1.0_f64.to_bits());
        assert!(of("lunar_new_year_before", "2026-02-12") > of("lunar_new_year_before", "2026-02-10"));
        assert!(of("lunar_new_year_before", "2026-02-10") > 0.0 && of("lunar_new_year_before", "2026-02-09") < 1e-9);
        assert!(of("lunar_new_year", "2026-02-17") > 0.9 && of("lunar_new_year", "2026-02-22") < 1e-9);
        assert!(of("lunar_new_year_after", "2026-02-22") > 0.9);
        assert!(of("lunar_1st_and_15th", "2026-03-03") > 0.9 && of("peace_memorial", "2026-02-28") > 0.9);
    }

    #[test]
    fn a_day_without_a_known_moon_is_named() {
        assert!(Calendar::reaches(day("2019-01-01"), day("2060-12-31")).is_ok());
        let beyond = Calendar::reaches(day("2026-01-01"), day("2061-01-01")).expect_err("beyond").to_string();
        assert_eq!(beyond, "2061-01-01: the moon is known from 1991 through 2060");
    }
}
