//! From entries to figures. Pure.

use std::{cmp::Reverse, collections::BTreeMap};

use kernel::Instant;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::dictionary::{Indicator, IndicatorUnit, Reduction};

pub(super) const SECOND: i64 = 1_000;
pub(super) const MINUTE: i64 = 60_000;
/// Whoever scans nothing for longer has been somewhere else.
pub(super) const LONGEST_PAUSE: i64 = 15 * MINUTE;

/// What one entry brings: a part, and the whole that it is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) part: i64,
    pub(super) whole: i64,
}

impl Part {
    pub(super) const fn of(part: i64) -> Self {
        Self { part, whole: 1 }
    }
}

codes! {
    /// Where an entry stands.
    Book {
        Event = "event",
        /// The money journal.
        Entry = "entry",
    }
}

/// One entry behind a figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FigureEntry {
    pub book: Book,
    pub id: Uuid,
    pub at: Instant,
    pub part: i64,
    pub whole: i64,
}

/// One figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Figure {
    pub name: String,
    /// Absent when there is nothing that it could be of.
    pub value: Option<i64>,
    pub unit: IndicatorUnit,
    /// How many entries it rests on.
    pub of: i64,
}

/// The figure that these entries make.
pub(super) fn figure(indicator: &Indicator, entries: &[FigureEntry]) -> Figure {
    Figure {
        name: indicator.name.to_owned(),
        value: reduce(indicator.reduction, entries),
        unit: indicator.unit,
        of: i64::try_from(entries.len()).unwrap_or(i64::MAX),
    }
}

fn reduce(reduction: Reduction, entries: &[FigureEntry]) -> Option<i64> {
    let parts = entries.iter().map(|entry| i128::from(entry.part)).sum::<i128>();
    let whole = entries.iter().map(|entry| i128::from(entry.whole)).sum::<i128>();
    match reduction {
        Reduction::Count => i64::try_from(entries.len()).ok(),
        Reduction::Sum => i64::try_from(parts).ok(),
        Reduction::Median => ranked(entries, 50),
        Reduction::Ninetieth => ranked(entries, 90),
        Reduction::Share => half_up(parts.checked_mul(10_000)?, whole),
        Reduction::Mean { scale } => half_up(parts.checked_mul(i128::from(scale))?, whole),
        Reduction::PerHour => half_up(parts.checked_mul(i128::from(60 * MINUTE) * 100)?, whole),
    }
}

/// The part at a percentile by nearest rank: the smallest that so many percent do not exceed.
fn ranked(entries: &[FigureEntry], percent: usize) -> Option<i64> {
    let mut parts: Vec<i64> = entries.iter().map(|entry| entry.part).collect();
    parts.sort_unstable();
    let rank = (parts.len().checked_mul(percent)?).div_ceil(100);
    parts.get(rank.checked_sub(1)?).copied()
}

fn half_up(dividend: i128, divisor: i128) -> Option<i64> {
    if divisor <= 0 {
        return None;
    }
    i64::try_from((dividend * 2 + divisor).div_euclid(divisor * 2)).ok()
}

/// One scan of one person.
pub(super) struct Scan {
    pub(super) by: Uuid,
    pub(super) at: Instant,
    pub(super) event: Uuid,
    pub(super) is_pick: bool,
}

/// The pauses before scans, as long as somebody was at work; a pick counts one.
pub(super) fn paces(mut scans: Vec<Scan>) -> Vec<FigureEntry> {
    scans.sort_by_key(|scan| (scan.by, scan.at, scan.event));
    let mut last: BTreeMap<Uuid, Instant> = BTreeMap::new();
    let mut paces = Vec::new();
    for scan in scans {
        let before = last.insert(scan.by, scan.at);
        let Some(pause) = before.map(|before| scan.at.since(before)).filter(|pause| *pause <= LONGEST_PAUSE) else {
            continue;
        };
        let part = i64::from(scan.is_pick);
        paces.push(FigureEntry { book: Book::Event, id: scan.event, at: scan.at, part, whole: pause });
    }
    paces
}

/// Oldest first, so that pages can follow on each other.
pub(super) fn in_order(mut entries: Vec<FigureEntry>) -> Vec<FigureEntry> {
    entries.sort_by_key(|entry| (entry.at, entry.id));
    entries
}

/// How far each figure is from its target, the farthest first: what a meeting should look at.
pub(super) fn misses<'a>(figures: &'a [Figure], of: impl Fn(&str) -> Option<&'static Indicator>) -> Vec<Miss<'a>> {
    let mut misses: Vec<Miss<'a>> = figures
        .iter()
        .filter_map(|figure| {
            let indicator = of(&figure.name)?;
            let (value, target) = (figure.value?, indicator.target?);
            indicator.misses(value).then_some(Miss { figure, indicator, value, target })
        })
        .collect();
    misses.sort_by_key(|miss| (Reverse(miss.gap()), miss.figure.name.as_str()));
    misses
}

/// A figure that missed its target.
#[derive(Clone, Copy, Debug)]
pub struct Miss<'a> {
    pub figure: &'a Figure,
    pub indicator: &'static Indicator,
    pub value: i64,
    pub target: i64,
}

impl Miss<'_> {
    /// The distance in hundredths of the target; of a target of zero, in hundreds.
    fn gap(&self) -> i64 {
        let off = i128::from(self.value.abs_diff(self.target)) * 100;
        i64::try_from(off / i128::from(self.target.unsigned_abs().max(1))).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(parts: &[(i64, i64)]) -> Vec<FigureEntry> {
        let entry = |(part, whole): &(i64, i64)| FigureEntry {
            book: Book::Event,
            id: Uuid::nil(),
            at: Instant::MIN,
            part: *part,
            whole: *whole,
        };
        parts.iter().map(entry).collect()
    }

    #[test]
    fn the_vectors_of_the_kpi_dictionary_hold() {
        assert_eq!(reduce(Reduction::Share, &entries(&[(480, 500)])), Some(9_600));
        assert_eq!(reduce(Reduction::Share, &entries(&[(1_164, 1_200)])), Some(9_700));
        assert_eq!(reduce(Reduction::Share, &entries(&[(15_000, 12_000_000)])), Some(13), "0.125 % is 12.5 bp");
        assert_eq!(reduce(Reduction::PerHour, &entries(&[(6_000, 48 * 60 * MINUTE)])), Some(12_500));
    }

    #[test]
    fn ranks_are_the_nearest() {
        let minutes = entries(&[(40, 1), (10, 1), (30, 1), (20, 1)]);

        assert_eq!(reduce(Reduction::Median, &minutes), Some(20));
        assert_eq!(reduce(Reduction::Ninetieth, &minutes), Some(40));
        assert_eq!(reduce(Reduction::Median, &[]), None);
        assert_eq!(reduce(Reduction::Share, &[]), None);
        assert_eq!((reduce(Reduction::Count, &[]), reduce(Reduction::Sum, &[])), (Some(0), Some(0)));
    }

    #[test]
    fn a_break_is_no_work() {
        let scan = |minute: i64, nth: u128, is_pick| Scan {
            by: Uuid::from_u128(1),
            at: Instant::from_millis(0).plus_minutes(minute),
            event: Uuid::from_u128(nth),
            is_pick,
        };

        let paces =
            paces(vec![scan(0, 1, false), scan(2, 2, true), scan(4, 3, true), scan(50, 4, true), scan(51, 5, true)]);

        assert_eq!(paces.len(), 3);
        assert_eq!(reduce(Reduction::PerHour, &paces), Some(3_600));
    }
}
