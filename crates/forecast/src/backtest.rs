//! What forecasts would have been worth: made at several days of the past with what was known then, held against what
//! came.

use std::collections::BTreeMap;

use crate::parts::in_parts;
use crate::{Engine, Outlook, Series, Shelf, number};

/// How to look back.
#[derive(Clone, Debug)]
pub struct Backtest {
    /// How many times a forecast is made, the last one ending with the series.
    pub origins: usize,
    /// How many steps lie between two of them.
    pub apart: usize,
    /// Which quantiles are judged.
    pub levels: Vec<f64>,
    pub threads: usize,
}

/// Why nothing can be held against the past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BacktestError {
    /// No series is there at all.
    NoSeries,
    /// A series ends before enough of it lies behind the first origin: at least two seasons and one step.
    TooShort { key: String, steps: usize, needed: usize },
}

impl std::fmt::Display for BacktestError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoSeries => write!(out, "no series to look back on"),
            Self::TooShort { key, steps, needed } => {
                write!(out, "{key}: {steps} steps, so many origins and steps ahead need {needed}")
            }
        }
    }
}

impl std::error::Error for BacktestError {}

/// How good forecasts were. Every series counts alike, however much it sells; a series of which no step can be judged
/// counts nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Score {
    /// The mean distance in units of the mean step from season to season before the first origin.
    pub mase: f64,
    /// All distances by all demand.
    pub wape: f64,
    /// How much more was forecast than came, by all demand.
    pub bias: f64,
    /// By level, the pinball loss in the units of `mase`.
    pub pinball: Vec<(f64, f64)>,
    /// By pair of levels that enclose the middle (0.1 and 0.9), which share of the steps lay between them.
    pub coverage: Vec<(f64, f64, f64)>,
    /// The first such coverage by thirds of the origins, earliest first.
    pub coverage_by_third: [f64; 3],
}

/// What a look back has shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Of the median, which is what MASE asks for.
    pub engine: Score,
    /// Of the mean, for those who add days up.
    pub mean: Score,
    /// Of last season's sales.
    pub floor: Score,
    /// By series: the engine's MASE and the floor's.
    pub by_series: BTreeMap<String, (f64, f64)>,
    /// How many steps were judged.
    pub judged: usize,
}

/// Of one series.
#[derive(Clone, Debug, Default)]
struct Sums {
    judged: usize,
    distance: f64,
    excess: f64,
    demand: f64,
    pinball: Vec<f64>,
    within: Vec<usize>,
    thirds: [(usize, usize); 3],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Median,
    Mean,
    Floor,
}

/// Looks back.
///
/// ```
/// use forecast::backtest::{Backtest, run};
/// use forecast::{Engine, Series};
///
/// let sold: Vec<f64> = (0..200).map(|day| f64::from(40 + day * 7_919 % 17)).collect();
/// let past = Backtest { origins: 4, apart: 7, levels: vec![0.1, 0.5, 0.9], threads: 1 };
/// let report = run(&Engine::of(7, 7), &[Series::of("bread", 0, &sold)], &past).unwrap();
/// assert!(report.engine.mase < report.floor.mase);
/// ```
pub fn run(engine: &Engine, panel: &[Series], past: &Backtest) -> Result<Report, BacktestError> {
    against(engine, panel, panel, past)
}

/// Looks back on forecasts made from `panel`, and holds them against what was wanted in truth: the same series in the
/// same order, where what was written down is not what was wanted.
pub fn against(engine: &Engine, panel: &[Series], truth: &[Series], past: &Backtest) -> Result<Report, BacktestError> {
    if panel.is_empty() {
        return Err(BacktestError::NoSeries);
    }
    let needed = 2 * engine.season + 1 + engine.horizon + past.apart * past.origins.saturating_sub(1);
    if let Some(short) = panel.iter().find(|series| series.steps.len() < needed) {
        let (key, steps) = (short.key.clone(), short.steps.len());
        return Err(BacktestError::TooShort { key, steps, needed });
    }
    let pairs = pairs(&past.levels);
    let empty = || Sums { pinball: vec![0.0; past.levels.len()], within: vec![0; pairs.len()], ..Sums::default() };
    let mut sums: Vec<[Sums; 3]> = panel.iter().map(|_| [empty(), empty(), empty()]).collect();
    for origin in 0..past.origins {
        let back = engine.horizon + past.apart * (past.origins - 1 - origin);
        let known: Vec<Series> = panel.iter().map(|series| series.before(series.steps.len() - back)).collect();
        let told = engine.run(&known, &past.levels, past.threads);
        let third = origin * 3 / past.origins;
        for ((series, told), sums) in truth.iter().zip(&told).zip(&mut sums) {
            for (of, sums) in [Of::Median, Of::Mean, Of::Floor].into_iter().zip(sums) {
                judge(engine, series, told, of, third, past, &pairs, sums);
            }
        }
    }
    let scales: Vec<f64> = in_parts(truth, past.threads, |series| scale(series, engine, past)).into_iter().collect();
    let score = |of: usize| score(&sums, of, &scales, &past.levels, &pairs);
    let by_series = panel.iter().zip(&sums).zip(&scales).map(|((series, sums), scale)| {
        let mase = |of: &Sums| of.distance / number::count(of.judged).max(1.0) / scale;
        (series.key.clone(), (mase(&sums[0]), mase(&sums[2])))
    });
    Ok(Report {
        engine: score(0),
        mean: score(1),
        floor: score(2),
        by_series: by_series.collect(),
        judged: sums.iter().map(|sums| sums[0].judged).sum(),
    })
}

#[expect(clippy::too_many_arguments, reason = "one step of a loop, split off for the reader")]
fn judge(
    engine: &Engine,
    series: &Series,
    told: &Outlook,
    of: Of,
    third: usize,
    past: &Backtest,
    pairs: &[(usize, usize)],
    sums: &mut Sums,
) {
    let begin = usize::try_from(told.first - series.first).unwrap_or(0);
    for ahead in 0..engine.horizon {
        let Some(step) = series.steps.get(begin + ahead) else { continue };
        // A step that ran out has not shown what was wanted, so nothing can be held against it.
        let (Some(came), Shelf::Stocked) = (step.sold, step.shelf) else { continue };
        let forecast = match of {
            Of::Median => told.median[ahead],
            Of::Mean => told.mean[ahead],
            Of::Floor => last_season(series, begin, ahead, engine.season),
        };
        sums.judged += 1;
        sums.distance += (forecast - came).abs();
        sums.excess += forecast - came;
        sums.demand += came;
        let quantile = |at: usize| if of == Of::Floor { forecast } else { told.quantiles[ahead][at] };
        for (at, level) in past.levels.iter().enumerate() {
            let error = came - quantile(at);
            sums.pinball[at] += (level * error).max((level - 1.0) * error);
        }
        for (nth, (low, high)) in pairs.iter().enumerate() {
            let within = (quantile(*low)..=quantile(*high)).contains(&came);
            sums.within[nth] += usize::from(within);
            if nth == 0 {
                sums.thirds[third].0 += usize::from(within);
                sums.thirds[third].1 += 1;
            }
        }
    }
}

/// What the same step of the last season that is known sold, or the one before it.
fn last_season(series: &Series, begin: usize, ahead: usize, season: usize) -> f64 {
    let mut at = begin + ahead;
    while at >= begin {
        let Some(earlier) = at.checked_sub(season) else { return 0.0 };
        at = earlier;
    }
    loop {
        if let Some(sold) = series.steps[at].sold {
            return sold;
        }
        let Some(earlier) = at.checked_sub(season) else { return 0.0 };
        at = earlier;
    }
}

/// The mean step from season to season before the first origin; one where nothing ever moved.
fn scale(series: &Series, engine: &Engine, past: &Backtest) -> f64 {
    let first = series.steps.len() - engine.horizon - past.apart * (past.origins - 1);
    let sold = |at: usize| series.steps[at].sold;
    let steps: Vec<f64> =
        (engine.season..first).filter_map(|at| Some((sold(at)? - sold(at - engine.season)?).abs())).collect();
    let mean = steps.iter().sum::<f64>() / number::count(steps.len()).max(1.0);
    if mean > 0.0 { mean } else { 1.0 }
}

/// The levels that enclose the middle, widest first.
fn pairs(levels: &[f64]) -> Vec<(usize, usize)> {
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for (low, level) in levels.iter().enumerate().filter(|(_, level)| **level < 0.5) {
        let other = levels.iter().position(|other| (other + level - 1.0).abs() < 1e-9);
        pairs.extend(other.map(|high| (low, high)));
    }
    pairs.sort_by(|a, b| levels[a.0].total_cmp(&levels[b.0]));
    pairs
}

fn score(sums: &[[Sums; 3]], of: usize, scales: &[f64], levels: &[f64], pairs: &[(usize, usize)]) -> Score {
    let told: Vec<(&Sums, f64)> =
        sums.iter().map(|sums| &sums[of]).zip(scales.iter().copied()).filter(|(sums, _)| sums.judged > 0).collect();
    let series = number::count(told.len()).max(1.0);
    let mean = |value: &dyn Fn(&Sums) -> f64, scaled: bool| {
        let each = told
            .iter()
            .map(|(sums, scale)| value(sums) / number::count(sums.judged) / if scaled { *scale } else { 1.0 });
        each.sum::<f64>() / series
    };
    let whole = |value: &dyn Fn(&Sums) -> f64| told.iter().map(|(sums, _)| value(sums)).sum::<f64>();
    let demand = whole(&|sums| sums.demand).max(1e-12);
    let third = |nth: usize| {
        let within = whole(&|sums| number::count(sums.thirds[nth].0));
        within / whole(&|sums| number::count(sums.thirds[nth].1)).max(1.0)
    };
    Score {
        mase: mean(&|sums| sums.distance, true),
        wape: whole(&|sums| sums.distance) / demand,
        bias: whole(&|sums| sums.excess) / demand,
        pinball: levels.iter().enumerate().map(|(at, level)| (*level, mean(&|sums| sums.pinball[at], true))).collect(),
        coverage: pairs
            .iter()
            .enumerate()
            .map(|(nth, (low, high))| {
                (levels[*low], levels[*high], mean(&|sums| number::count(sums.within[nth]), false))
            })
            .collect(),
        coverage_by_third: [third(0), third(1), third(2)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn past() -> Backtest {
        Backtest { origins: 3, apart: 7, levels: vec![0.1, 0.5, 0.9], threads: 1 }
    }

    #[test]
    fn what_repeats_is_told_without_error() {
        let sold: Vec<f64> = (0..150).map(|day| if day % 7 == 5 { 50.0 } else { 20.0 }).collect();
        let report = run(&Engine::of(7, 7), &[Series::of("cod", 0, &sold)], &past()).unwrap();
        assert!(report.engine.wape < 0.01, "{report:?}");
        assert_eq!((report.floor.mase, report.judged), (0.0, 21));
    }

    #[test]
    fn a_series_that_is_too_short_is_named() {
        let refused = run(&Engine::of(7, 7), &[Series::of("cod", 0, &[1.0; 20])], &past());
        assert_eq!(
            refused.expect_err("too short").to_string(),
            "cod: 20 steps, so many origins and steps ahead need 36"
        );
        assert_eq!(run(&Engine::of(7, 7), &[], &past()), Err(BacktestError::NoSeries));
    }

    #[test]
    fn days_that_ran_out_are_not_held_against_anybody() {
        let mut series = Series::of("cod", 0, &[10.0; 150]);
        for step in &mut series.steps[140..] {
            step.shelf = Shelf::SoldOutSometime;
        }
        let report = run(&Engine::of(7, 7), &[series], &past()).unwrap();
        assert_eq!(report.judged, 11);
    }
}
