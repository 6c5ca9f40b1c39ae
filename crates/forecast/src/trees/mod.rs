//! What all series of a panel tell together of one that is short.
//!
//! A series of some weeks has shown its level and hardly anything else. How weeks go on, how soon a level moves and what a
//! quiet Monday says of the Tuesday can be seen in others, each in units of its own level. Trees for three quantiles are
//! grown on the past of all of them (pooled learning: Montero-Manso and Hyndman, 2021), and what they tell stands beside what
//! the series tells of itself (the linear pool of Stone, 1961), the less the more errors of its own it has.
//!
//! No series is told by trees that have seen it: series are dealt into folds, and each is told by the trees of the others.
//! So the quantiles hold on it what they held on those.

mod boost;
mod rows;
mod trial;
mod ways;

use std::collections::BTreeMap;

use crate::Series;
use crate::censored::{self, Demand};
use crate::engine::SEASONS_MIN;
use crate::parts::in_parts;

pub(crate) use trial::trusted;
pub(crate) use ways::twins;

use boost::{Forest, Rows};
use rows::{Past, SEASONS, WIDTH};

/// Series are dealt into so many folds.
const FOLDS: usize = 5;
/// More series would teach the same, and more rows of them.
const TEACHERS_MOST: usize = 500;
const ROWS_MOST: usize = 10_000;
/// From so many seasons on a series could speak for others that are new, and is told by itself.
const SHORT_SEASONS: usize = 12;
/// Which quantiles are grown.
const LEVELS: [f64; 3] = [0.1, 0.5, 0.9];
/// How many equally likely values stand for what may come: the quantiles .05, .15 and so on through .95.
const POINTS: usize = 10;
/// How far these lie from the middle, where the tenth and the ninetieth lie 1 away, as in a normal law on either side.
const APART: [f64; POINTS] = [-1.2835, -0.8087, -0.5263, -0.3007, -0.0981, 0.0981, 0.3007, 0.5263, 0.8087, 1.2835];

/// What one step may bring: values that are equally likely, from the lowest up.
pub(crate) type Likely = [f64; POINTS];

/// Trees of a panel, as it was known at some time.
#[derive(Clone, Debug)]
pub(crate) struct Trees {
    season: usize,
    horizon: usize,
    /// In which fold each series is that was learnt from.
    folds: BTreeMap<String, usize>,
    /// By fold, what the series of all others taught.
    forests: Vec<[Forest<WIDTH>; LEVELS.len()]>,
}

/// Whether a series has its own level, and little more.
pub(crate) fn is_short(steps: usize, season: usize) -> bool {
    (SEASONS_MIN * season..=SHORT_SEASONS * season).contains(&steps)
}

impl Trees {
    /// Grown on a panel; the answer does not depend on the threads. None of fewer than two series that teach anything.
    pub(crate) fn grown(panel: &[Series], season: usize, horizon: usize, threads: usize) -> Option<Self> {
        let known: Vec<&Series> = panel.iter().filter(|series| series.steps.len() > season).collect();
        let every = known.len().div_ceil(TEACHERS_MOST).max(1);
        let teachers: Vec<&Series> = known.into_iter().step_by(every).collect();
        let most = ROWS_MOST / teachers.len().max(1);
        let rows = in_parts(&teachers, threads, |series| {
            let demand = censored::demand(&series.steps, season);
            Past::of(series, &demand, season).rows(horizon, most)
        });
        let mut folds: BTreeMap<String, usize> = BTreeMap::new();
        for (series, _) in teachers.iter().zip(&rows).filter(|(_, rows)| !rows.came.is_empty()) {
            let next = folds.len() % FOLDS;
            folds.entry(series.key.clone()).or_insert(next);
        }
        let count = FOLDS.min(folds.len());
        let grown = |fold: &usize| {
            let mut others = Rows::default();
            for (series, rows) in teachers.iter().zip(&rows) {
                if folds.get(&series.key) != Some(fold) {
                    others.extend(rows);
                }
            }
            let [low, middle, high] = LEVELS.map(|level| Forest::learnt(&others, level));
            Some([low?, middle?, high?])
        };
        let numbers: Vec<usize> = (0..count).collect();
        let forests: Option<Vec<_>> = in_parts(&numbers, threads, grown).into_iter().collect();
        Some(Self { season, horizon, forests: forests.filter(|_| count > 1)?, folds })
    }

    /// What each of the steps ahead of a series may bring, by trees that have never seen it. None where it has sold nothing
    /// lately.
    pub(crate) fn tell(&self, series: &Series, demand: &Demand) -> Option<Vec<Likely>> {
        // One that was not learnt from is new to the trees of any fold.
        let forests = self.forests.get(self.folds.get(&series.key).copied().unwrap_or(0))?;
        let past = Past::of(series, demand, self.season);
        let told = |ahead: usize| {
            let case = past.case(demand.values.len(), ahead, SEASONS)?;
            let mut told = forests.each_ref().map(|forest| (case.level * forest.tell(&case.features)).max(0.0));
            told.sort_by(f64::total_cmp);
            let [low, middle, high] = told;
            let side = |apart: f64| if apart < 0.0 { middle - low } else { high - middle };
            Some(APART.map(|apart| (middle + apart * side(apart)).max(0.0)))
        };
        (0..self.horizon).map(told).collect()
    }
}
