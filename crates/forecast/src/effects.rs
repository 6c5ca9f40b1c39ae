//! What is known of the days beside what they sold: prices, weather, festivals. What they do to demand is learnt from how
//! days differ from the days around them, in logarithms, shrunk towards what they do to all series together; the history is
//! cleaned of it, forecast as any other, and what the days ahead will do is put on again.

use crate::Series;
use crate::calendar::Calendar;
use crate::censored::Demand;
use crate::number;

/// How many days of evidence an effect needs to be believed by half: of days that are marked or not, and of numbers.
const DOUBT_OF_MARKS: f64 = 2.0;
const DOUBT_OF_NUMBERS: f64 = 16.0;
/// Fewer seasons of history teach nothing of the days beside their week.
pub(crate) const SEASONS_MIN: usize = 8;
/// No day is believed to sell more than so many times its usual, or less than its inverse.
const LOG_MOST: f64 = 3.0;
/// Over how many seasons on each side the level is read, and the same step of other seasons.
const LEVEL: usize = 3;
const SAME: usize = 8;
/// Over how many of the last steps it is judged whether effects help.
const JUDGED: usize = 365;
/// They must bring so much of the error, and so many times the doubt of the mean. A festival brings all of its gain in one
/// season of the year, which is once its doubt.
const GAIN_MIN: f64 = 0.01;
const SURE: f64 = 0.9;

/// What is known beside the sales of a series, ready to be learnt from: for each column a number for every step of the
/// history and of the steps ahead, 0 where a step is usual.
#[derive(Clone, Debug)]
pub(crate) struct Beside {
    columns: Vec<Vec<f64>>,
    doubts: Vec<f64>,
}

impl Beside {
    /// Of a series with its own columns and those of a calendar; none if there is nothing that differs.
    pub(crate) fn of(series: &Series, calendar: Option<Calendar>, horizon: usize) -> Option<Self> {
        let (known, steps) = (series.steps.len(), series.steps.len() + horizon);
        let mut beside = Self { columns: Vec::new(), doubts: Vec::new() };
        for column in &series.regressors {
            beside.add(&(0..steps).map(|at| column.get(at).copied().flatten()).collect::<Vec<_>>(), known);
        }
        for column in calendar.iter().flat_map(|calendar| calendar.columns(series.first, steps)) {
            beside.doubts.push(DOUBT_OF_MARKS);
            beside.columns.push(column);
        }
        beside.columns.iter().flatten().any(|value| value.abs() > 0.0).then_some(beside)
    }

    /// Numbers in units of how far they stray, marks of 0 and 1 as they are. What lies beyond anything seen yet counts as
    /// the outermost that was.
    fn add(&mut self, column: &[Option<f64>], known: usize) {
        let mut seen: Vec<f64> = column.iter().take(known).copied().flatten().collect();
        number::sort(&mut seen);
        let (Some(low), Some(high), Some(middle)) = (seen.first(), seen.last(), seen.get(seen.len() / 2)) else {
            self.columns.push(vec![0.0; column.len()]);
            self.doubts.push(DOUBT_OF_NUMBERS);
            return;
        };
        let marks = seen.iter().all(|value| value.abs() < 1e-12 || (value - 1.0).abs() < 1e-12);
        let count = number::count(seen.len());
        let mean = seen.iter().sum::<f64>() / count;
        let deviation = (seen.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt();
        let (usual, unit) = if marks { (*middle, 1.0) } else { (mean, deviation) };
        let scaled = |value: f64| if unit > 1e-12 { (value.clamp(*low, *high) - usual) / unit } else { 0.0 };
        self.columns.push(column.iter().map(|value| value.map_or(0.0, scaled)).collect());
        self.doubts.push(if marks { DOUBT_OF_MARKS } else { DOUBT_OF_NUMBERS });
    }

    fn log(&self, effects: &[f64], at: usize) -> f64 {
        let sum: f64 =
            self.columns.iter().zip(effects).filter_map(|(column, effect)| Some(effect * column.get(at)?)).sum();
        sum.clamp(-LOG_MOST, LOG_MOST)
    }
}

/// What was seen of the effects of columns: how often they differ together, and what sold with it. Sums, so that series
/// can be added to each other.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Evidence {
    together: Vec<Vec<f64>>,
    with_sales: Vec<f64>,
    doubts: Vec<f64>,
    squares: f64,
    count: f64,
}

impl Evidence {
    /// Of the first `until` steps of a series.
    pub(crate) fn of(beside: &Beside, demand: &Demand, until: usize, season: usize) -> Self {
        let (values, shown) = (&demand.values[..until], &demand.shown[..until]);
        let ground = ground(values);
        let logs: Vec<f64> = values.iter().map(|sold| (sold.max(0.0) + ground).ln()).collect();
        let own = |values: &[f64]| odd(values, shown, season);
        let sales = own(&logs);
        let columns: Vec<Vec<f64>> = beside.columns.iter().map(|column| own(&column[..until])).collect();
        let product = |a: &[f64], b: &[f64]| -> f64 {
            a.iter().zip(b).zip(shown).filter(|(_, shown)| **shown).map(|((a, b), _)| a * b).sum()
        };
        let together = columns.iter().map(|a| columns.iter().map(|b| product(a, b)).collect()).collect();
        let with_sales = columns.iter().map(|column| product(column, &sales)).collect();
        let count = number::count(shown.iter().filter(|shown| **shown).count());
        Self { together, with_sales, doubts: beside.doubts.clone(), squares: product(&sales, &sales), count }
    }

    /// Adds what another series saw, each counting by how little its days stray. Other columns say nothing of these.
    pub(crate) fn add(&mut self, other: &Self) {
        if self.doubts.is_empty() {
            self.doubts.clone_from(&other.doubts);
            self.with_sales = vec![0.0; other.doubts.len()];
            self.together = vec![vec![0.0; other.doubts.len()]; other.doubts.len()];
        }
        if self.doubts.len() != other.doubts.len() || other.squares <= 0.0 {
            return;
        }
        for (row, others) in self.together.iter_mut().zip(&other.together) {
            for (sum, other) in row.iter_mut().zip(others) {
                *sum += other;
            }
        }
        for (sum, other) in self.with_sales.iter_mut().zip(&other.with_sales) {
            *sum += other;
        }
        self.squares += other.squares;
        self.count += other.count;
    }

    /// The likely effects of each column, beginning from what is thought without any evidence.
    pub(crate) fn effects(&self, before: Option<&[f64]>) -> Vec<f64> {
        let before = before.filter(|before| before.len() == self.doubts.len());
        let prior = |at: usize| before.and_then(|before| before.get(at)).copied().unwrap_or(0.0);
        let mut rows: Vec<Vec<f64>> = self.together.clone();
        let mut wanted = self.with_sales.clone();
        for (at, doubt) in self.doubts.iter().enumerate() {
            if let (Some(cell), Some(wanted)) = (rows.get_mut(at).and_then(|row| row.get_mut(at)), wanted.get_mut(at)) {
                *cell += doubt;
                *wanted += doubt * prior(at);
            }
        }
        solved(rows, wanted)
    }
}

/// Solves the equations of a positive definite square of numbers, by elimination.
fn solved(mut rows: Vec<Vec<f64>>, mut wanted: Vec<f64>) -> Vec<f64> {
    let size = wanted.len();
    for at in 0..size {
        let (upper, lower) = rows.split_at_mut(at + 1);
        let Some(own) = upper.last() else { continue };
        let wanted_own = wanted[at];
        for (below, row) in lower.iter_mut().enumerate() {
            let share = row[at] / own[at];
            if share.abs() > 0.0 {
                row.iter_mut().zip(own).skip(at).for_each(|(cell, own)| *cell -= share * own);
                wanted[at + 1 + below] -= share * wanted_own;
            }
        }
    }
    let mut solution = vec![0.0; size];
    for at in (0..size).rev() {
        let known: f64 = rows[at].iter().zip(&solution).skip(at + 1).map(|(cell, effect)| cell * effect).sum();
        solution[at] = (wanted[at] - known) / rows[at][at];
    }
    solution
}

/// What is added before logarithms are taken, so that a day without a sale is very little and not nothing.
fn ground(values: &[f64]) -> f64 {
    0.1 * values.iter().sum::<f64>() / number::count(values.len()).max(1.0) + 1e-6
}

/// How each step differs from the level around it and from the same steps of the seasons around it.
fn odd(values: &[f64], shown: &[bool], season: usize) -> Vec<f64> {
    let count = values.len();
    let (mut sums, mut counts) = (vec![0.0; count + 1], vec![0.0; count + 1]);
    for at in 0..count {
        let told = f64::from(u8::from(shown[at]));
        sums[at + 1] = sums[at] + told * values[at];
        counts[at + 1] = counts[at] + told;
    }
    let around = LEVEL * season;
    let level = |at: usize| {
        let (from, through) = (at.saturating_sub(around), (at + around + 1).min(count));
        (sums[through] - sums[from]) / f64::max(counts[through] - counts[from], 1.0)
    };
    let apart: Vec<f64> = values.iter().enumerate().map(|(at, value)| value - level(at)).collect();
    let same = |at: usize| {
        let begin = at - (at / season).min(SAME) * season;
        let steps = (begin..count.min(at + SAME * season + 1)).step_by(season).filter(|at| shown[*at]);
        let (sum, count) = steps.fold((0.0, 0.0), |(sum, count), at| (sum + apart[at], count + 1.0));
        sum / f64::max(count, 1.0)
    };
    (0..count).map(|at| apart[at] - same(at)).collect()
}

/// What is known beside a series, what it does, and the ground on which it is counted.
#[derive(Clone, Debug)]
pub(crate) struct Effects {
    beside: Beside,
    each: Vec<f64>,
    ground: f64,
}

impl Effects {
    pub(crate) fn of(beside: &Beside, each: Vec<f64>, history: &[f64]) -> Self {
        Self { beside: beside.clone(), each, ground: ground(history) }
    }

    /// The history as it would have been on usual days.
    pub(crate) fn cleaned(&self, history: &[f64]) -> Vec<f64> {
        let clean = |(at, sold): (usize, &f64)| self.times(*sold, -self.beside.log(&self.each, at));
        history.iter().enumerate().map(clean).collect()
    }

    /// A forecast of a usual day, for this one.
    pub(crate) fn put_on(&self, told: f64, at: usize) -> f64 {
        self.times(told, self.beside.log(&self.each, at))
    }

    /// By what a step sells more or less than a usual one.
    pub(crate) fn factor(&self, at: usize) -> f64 {
        self.beside.log(&self.each, at).exp()
    }

    fn times(&self, sold: f64, log: f64) -> f64 {
        ((sold + self.ground) * log.exp() - self.ground).max(0.0)
    }
}

/// From which step on it is judged whether effects help; what came before teaches them.
pub(crate) fn judged_from(steps: usize) -> usize {
    steps - JUDGED.min(steps / 2)
}

/// Whether forecasts erred less with effects than without. Both give the mean error of each origin that could be judged;
/// what whole seasons bring is held against how it strays.
pub(crate) fn help(without: &[f64], with: &[f64], season: usize) -> bool {
    let gains: Vec<f64> = without
        .chunks(season)
        .zip(with.chunks(season))
        .map(|(without, with)| without.iter().sum::<f64>() - with.iter().sum::<f64>())
        .collect();
    let count = number::count(gains.len());
    let mean = gains.iter().sum::<f64>() / count.max(1.0);
    let variance = gains.iter().map(|gain| (gain - mean).powi(2)).sum::<f64>() / (count - 1.0).max(1.0);
    let enough = mean * count > GAIN_MIN * without.iter().sum::<f64>();
    gains.len() >= 4 && enough && mean > SURE * (variance / count).sqrt()
}
