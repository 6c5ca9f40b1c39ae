//! Whether trees are worth having: short series are told at the latest times at which a forecast was over, by themselves and
//! with trees that were grown on what the panel was then, and both are held against what came.

use super::rows::unit;
use super::{LEVELS, Trees, is_short};
use crate::drift::Drift;
use crate::engine::Learnt;
use crate::parts::in_parts;
use crate::{Engine, Observation, Series, Shelf, Used};

/// So many times are looked at, a horizon apart.
const TIMES: usize = 4;
/// More series would say the same.
const JUDGED_MOST: usize = 200;
/// Fewer cases show nothing.
const CASES_MIN: usize = 4;
/// Trees must bring so much of the loss. A short past cannot show more than that beyond its doubt; that forecasts of several
/// series and several minds are better on average is known from elsewhere (Makridakis et al., 2022).
const GAIN_MIN: f64 = 0.01;

/// How far one short series was told off at one time, in units of how it strays from season to season.
#[derive(Clone, Copy, Debug)]
struct Case {
    alone: f64,
    with_trees: f64,
}

/// Trees grown on a panel for those of it that are short, if such series were lately told better with the trees of then.
/// Nothing is done where none is short.
pub(crate) fn trusted(engine: &Engine, panel: &[Series], threads: usize) -> Option<Trees> {
    if !panel.iter().any(|series| is_short(series.steps.len(), engine.season)) {
        return None;
    }
    let mut cases = Vec::new();
    for time in 1..=TIMES {
        cases.extend(tried(engine, panel, time * engine.horizon, threads));
    }
    help(&cases).then(|| Trees::grown(panel, engine.season, engine.horizon, threads)).flatten()
}

fn help(cases: &[Case]) -> bool {
    let alone: f64 = cases.iter().map(|case| case.alone).sum();
    let with_trees: f64 = cases.iter().map(|case| case.with_trees).sum();
    cases.len() >= CASES_MIN && alone - with_trees > GAIN_MIN * alone
}

/// Short series as they would have been told `back` steps ago.
fn tried(engine: &Engine, panel: &[Series], back: usize, threads: usize) -> Vec<Case> {
    let known = known_before(panel, back);
    let was_short = |(known, series): &(&Series, &Series)| {
        known.steps.len() < series.steps.len() && is_short(known.steps.len(), engine.season)
    };
    let judged: Vec<(&Series, &Series)> = known.iter().zip(panel).filter(was_short).collect();
    let every = judged.len().div_ceil(JUDGED_MOST).max(1);
    let judged: Vec<(&Series, &Series)> = judged.into_iter().step_by(every).collect();
    if judged.is_empty() {
        return Vec::new();
    }
    let Some(trees) = Trees::grown(&known, engine.season, engine.horizon, threads) else { return Vec::new() };
    let case = |(known, series): &(&Series, &Series)| {
        let alone = engine.learn(known);
        let with_trees = engine.with_trees(alone.clone(), known, &trees);
        let came = series.steps.get(known.steps.len()..)?;
        let unit = unit(&alone.demand.values, engine.season);
        let off = |learnt: &Learnt| off(&engine.outlook(learnt, &Drift::none(), &LEVELS).quantiles, came) / unit;
        (with_trees.used == Used::Trees).then(|| Case { alone: off(&alone), with_trees: off(&with_trees) })
    };
    in_parts(&judged, threads, case).into_iter().flatten().collect()
}

/// A panel as it was known so many steps before the latest of its series ended.
fn known_before(panel: &[Series], back: usize) -> Vec<Series> {
    let whole = |steps: usize| i64::try_from(steps).unwrap_or(i64::MAX);
    let ends = panel.iter().map(|series| series.first.saturating_add(whole(series.steps.len())));
    let until = ends.max().unwrap_or(0).saturating_sub(whole(back));
    let steps = |series: &Series| usize::try_from(until.saturating_sub(series.first)).unwrap_or(0);
    panel.iter().map(|series| series.before(steps(series))).collect()
}

/// The pinball losses of the quantiles of each step. A step that ran out has not shown what was wanted.
fn off(quantiles: &[Vec<f64>], came: &[Observation]) -> f64 {
    let step = |(told, step): (&Vec<f64>, &Observation)| {
        let came = step.sold.filter(|_| step.shelf == Shelf::Stocked)?;
        let loss = |(level, told): (f64, &f64)| (level * (came - told)).max((level - 1.0) * (came - told));
        Some(LEVELS.into_iter().zip(told).map(loss).sum::<f64>())
    };
    quantiles.iter().zip(came).filter_map(step).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_must_bring_a_hundredth_and_be_seen_four_times() {
        let cases = |with_trees: f64, count: usize| vec![Case { alone: 1.0, with_trees }; count];
        assert!(help(&cases(0.98, 4)) && !help(&cases(0.98, 3)));
        assert!(!help(&cases(0.995, 9)) && !help(&cases(1.2, 9)) && !help(&[]));
    }

    #[test]
    fn a_panel_is_cut_at_one_time_and_not_at_one_length() {
        let panel =
            [Series::of("bread", 0, &[1.0; 30]), Series::of("rolls", 10, &[1.0; 12]), Series::of("new", 28, &[1.0; 2])];
        let known: Vec<usize> = known_before(&panel, 7).iter().map(|series| series.steps.len()).collect();
        assert_eq!(known, [23, 12, 0]);
    }
}
