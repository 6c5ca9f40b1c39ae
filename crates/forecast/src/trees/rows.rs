//! What a series shows before one step of its past, in a shape in which series of any size are alike.

use super::boost::Rows;
use crate::censored::Demand;
use crate::{Series, number};

/// Of so many seasons before an origin the same step is looked at, and the level read.
pub(super) const SEASONS: usize = 4;
/// How many numbers describe a step that is to be told.
pub(super) const WIDTH: usize = SEASONS + 10;
/// Stands for what is not known, below everything that could be.
const UNKNOWN: f64 = -1.0;

/// A step to be told: its features, and what usually sells.
pub(super) struct Case {
    pub(super) features: [f64; WIDTH],
    pub(super) level: f64,
}

/// One series, ready to be looked at from any of its steps.
#[derive(Clone, Copy)]
pub(super) struct Past<'a> {
    demand: &'a Demand,
    /// Where in its season the first step lies.
    phase: usize,
    season: usize,
}

impl<'a> Past<'a> {
    pub(super) fn of(series: &Series, demand: &'a Demand, season: usize) -> Self {
        let phase = series.first.rem_euclid(i64::try_from(season).unwrap_or(1).max(1));
        Self { demand, phase: usize::try_from(phase).unwrap_or(0), season }
    }

    /// The step `ahead` of `origin`, with as much as was known before it, of so many seasons. None where less than a season
    /// was known, or nothing sold.
    pub(super) fn case(&self, origin: usize, ahead: usize, seasons: usize) -> Option<Case> {
        let season = self.season;
        let known = self.demand.values.get(origin - origin.min(seasons * season)..origin)?;
        let count = known.len();
        let mean = |values: &[f64]| values.iter().sum::<f64>() / number::count(values.len()).max(1.0);
        let level = mean(known);
        if count < season || level <= 0.0 {
            return None;
        }
        let latest = |steps: usize| mean(&known[count - steps.min(count)..]) / level;
        let mut features = [UNKNOWN; WIDTH];
        let (same, others) = features.split_at_mut(SEASONS);
        let back = season - ahead % season;
        let (mut sum, mut seen) = (0.0, 0.0);
        for (nth, same) in same.iter_mut().enumerate() {
            if let Some(at) = count.checked_sub(back + nth * season) {
                *same = known[at] / level;
                sum += *same;
                seen += 1.0;
            }
        }
        let before = count.checked_sub(2 * season).map(|from| mean(&known[from..count - season]) / level);
        let stray = known.iter().map(|sold| (sold / level - 1.0).powi(2)).sum::<f64>() / number::count(count);
        let without = known.iter().filter(|sold| **sold <= 0.0).count();
        let told = [
            if seen > 0.0 { sum / seen } else { UNKNOWN },
            latest(season),
            before.unwrap_or(UNKNOWN),
            latest(season.div_ceil(2)),
            latest(1),
            number::count((self.phase + origin + ahead) % season),
            number::count(ahead),
            level.ln(),
            stray.sqrt(),
            number::count(without) / number::count(count),
        ];
        others.copy_from_slice(&told);
        Some(Case { features, level })
    }

    /// Rows of its past, `most` at most, evenly laid over all origins and steps ahead, and together as heavy as those of any
    /// other series.
    pub(super) fn rows(&self, horizon: usize, most: usize) -> Rows<WIDTH> {
        let values = &self.demand.values;
        let origins = values.len().saturating_sub(self.season);
        let mut every = (origins * horizon).div_ceil(most.max(1)).max(1);
        // In step with the horizon only some steps ahead would be seen.
        while every > 1 && !coprime(every, horizon) {
            every += 1;
        }
        let mut rows = Rows::default();
        let unit = unit(values, self.season);
        for (nth, at) in (0..origins * horizon).step_by(every).enumerate() {
            let (origin, ahead) = (self.season + at / horizon, at % horizon);
            let target = origin + ahead;
            // As much as is known of a young series, by turns, so that little is known of some.
            let seasons = 1 + nth % SEASONS;
            let Some(case) = (target < values.len()).then(|| self.case(origin, ahead, seasons)).flatten() else {
                continue;
            };
            let weight = case.level / unit;
            match self.demand.between[target] {
                Some(likely) => likely.iter().for_each(|came| rows.add(case.features, came / case.level, weight / 3.0)),
                None if self.demand.shown[target] => rows.add(case.features, values[target] / case.level, weight),
                None => {}
            }
        }
        let count = number::count(rows.came.len()).max(1.0);
        rows.weights.iter_mut().for_each(|weight| *weight /= count);
        rows
    }
}

/// What steps usually stray from season to season, and not next to nothing where nothing ever moved.
pub(super) fn unit(values: &[f64], season: usize) -> f64 {
    let level = values.iter().sum::<f64>() / number::count(values.len()).max(1.0);
    let strays = values.iter().zip(values.iter().skip(season)).map(|(before, after)| (after - before).abs());
    let stray = strays.sum::<f64>() / number::count(values.len().saturating_sub(season)).max(1.0);
    stray.max(0.1 * level).max(1e-9)
}

fn coprime(a: usize, b: usize) -> bool {
    let (mut a, mut b) = (a, b);
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::censored;

    #[test]
    fn series_of_any_size_look_alike() {
        let sold: Vec<f64> = (0..40).map(|day| f64::from(10 + day * 7_919 % 13)).collect();
        let case = |by: f64| {
            let series = Series::of("bread", 3, &sold.iter().map(|sold| by * sold).collect::<Vec<f64>>());
            let demand = censored::demand(&series.steps, 7);
            Past::of(&series, &demand, 7).case(40, 2, SEASONS).expect("it sells")
        };
        let (small, large) = (case(1.0), case(100.0));
        assert!((large.level / small.level - 100.0).abs() < 1e-9);
        let differ = (0..WIDTH).filter(|nth| (small.features[*nth] - large.features[*nth]).abs() > 1e-9);
        assert_eq!(differ.collect::<Vec<usize>>(), [SEASONS + 7], "only the level itself");
        // Step 42 is of the same weekday as step 35.
        assert!((small.features[0] * small.level - sold[35]).abs() < 1e-9);
    }

    #[test]
    fn every_series_is_as_heavy_and_a_step_that_ran_out_is_likely_values() {
        let mut series = Series::of("bread", 0, &[10.0, 12.0, 14.0, 9.0, 11.0, 13.0, 8.0].repeat(20));
        let heavy = |series: &Series, most: usize| {
            let demand = censored::demand(&series.steps, 7);
            let rows = Past::of(series, &demand, 7).rows(7, most);
            (rows.came.len(), rows.weights.iter().sum::<f64>())
        };
        let ((all, whole), (few, part)) = (heavy(&series, 10_000), heavy(&series, 50));
        assert!(all > 800 && few <= 50 && few > 30, "{all} {few}");
        assert!((whole / part - 1.0).abs() < 0.05, "{whole} {part}");
        series.steps[100].shelf = crate::Shelf::SoldOutSometime;
        assert_eq!(heavy(&series, 10_000).0, all + 2 * 7);
    }
}
