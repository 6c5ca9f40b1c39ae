//! What was wanted on days that did not show it: because the goods ran out, or because nobody wrote the day down.
//!
//! A day without a record is thought like its neighbours. A day that ran out wanted at least what it sold. Where the hour
//! is known, what came by then is set against what is usual, each by its own certainty; where it is not, it wanted more than
//! it sold, and how much more is said by the law of such days (a gamma law) that makes all days together most likely, those
//! that showed their demand and those that did not. Days that ran out are never left out: they are the days of high demand.

use crate::gamma::Gamma;
use crate::optimise::{Search, lowest};
use crate::{Observation, Shelf, number};

/// A demand for every step, and whether it was seen or is only thought.
#[derive(Clone, Debug)]
pub struct Demand {
    pub values: Vec<f64>,
    /// Steps that showed their demand; only these are judged.
    pub shown: Vec<bool>,
    /// For steps that ran out, three values between which demand lies, each as likely.
    pub between: Vec<Option<[f64; 3]>>,
}

/// How many of the same steps of the season speak for one, on each side.
const SEASONS: usize = 26;
/// What a neighbour weighs that is one season further.
const FADING: f64 = 0.93;
/// Over how many steps on each side the level is read.
const LEVEL: usize = 10;
/// How often means and hidden demands are told from each other. More rounds change less than a hundredth.
const ROUNDS: usize = 12;
/// A day further off than so many times the middle distance is not one of the usual kind.
const ODD: f64 = 4.5;
/// A weekday that ran out every time could be anything. So many days that ran out only just are taken to have been seen.
const JUST_OUT: f64 = 5.0;
/// The share of what days stray that is the arrival of customers within the day; the rest is that days differ.
const ARRIVALS: f64 = 0.35;
/// How many days are asked, of either kind, how far they stray, and after how many rounds they are asked again.
const LIKELY_DAYS: usize = 100;
const LIKELY_AGAIN: usize = 6;
/// The logarithm of a dispersion lies within this of nothing: from next to none to that of goods by the gram.
const LOG_MOST: f64 = 14.0;
/// Three equally likely points with the spread of a whole bell lie this many deviations apart.
const APART: f64 = 1.224_744_871;

/// The demand behind the sales.
///
/// ```
/// use forecast::{Observation, Shelf, censored};
///
/// let of = |sold, shelf| Observation { sold: Some(sold), shelf };
/// let mut steps = vec![of(50.0, Shelf::Stocked); 70];
/// // One Saturday the strawberries were gone by noon, after six tenths of the day's demand.
/// steps[40] = of(30.0, Shelf::SoldOut { share_bp: 6_000 });
/// let demand = censored::demand(&steps, 7);
/// assert!((demand.values[40] - 50.0).abs() < 1.0);
/// ```
pub fn demand(steps: &[Observation], season: usize) -> Demand {
    let shown: Vec<bool> = steps.iter().map(|step| step.sold.is_some() && step.shelf == Shelf::Stocked).collect();
    let values: Vec<f64> = steps.iter().map(|step| step.sold.unwrap_or(0.0).max(0.0)).collect();
    let mut demand = Demand { values, shown, between: vec![None; steps.len()] };
    if demand.shown.contains(&false) {
        complete(steps, season, &mut demand);
    }
    demand
}

fn complete(steps: &[Observation], season: usize, demand: &mut Demand) {
    let mut roots: Vec<f64> = demand.values.iter().map(|sold| sold.sqrt()).collect();
    let told: Vec<bool> = steps.iter().map(|step| step.sold.is_some()).collect();
    let mut just_out = vec![None; steps.len()];
    let mut usual = smooth(&roots, &told, &just_out, season);
    let mut spread = spread(&roots, &usual, &demand.shown);
    let mut dispersion = dispersion(&demand.values, &usual, spread, &demand.shown);
    let is_counted = steps.iter().filter_map(|step| step.sold).all(|sold| sold.fract() == 0.0);
    let half = if is_counted { 0.5 } else { 0.0 };
    let is_hour_unknown = steps.iter().any(|step| step.shelf == Shelf::SoldOutSometime);
    for round in 0..ROUNDS {
        // A day on which the shop was closed says nothing of how days stray.
        let odd = ODD * middle_distance(&roots, &usual, &demand.shown);
        if is_hour_unknown && round % LIKELY_AGAIN == 0 {
            let of = |at: usize, sold: f64| Day { usual: usual[at], spread, dispersion, sold, half };
            dispersion = likely_dispersion(&known(steps, of, odd), dispersion);
        }
        let (mut squares, mut strays, mut means) = (0.0, 0.0, 0.0);
        for (at, step) in steps.iter().enumerate() {
            let Some(sold) = step.sold else { continue };
            let day = Day { usual: usual[at], spread, dispersion, sold: sold.max(0.0), half };
            if step.shelf == Shelf::Stocked && (roots[at] - usual[at]).abs() > odd {
                squares += spread.powi(2);
                continue;
            }
            let (root, square) = match step.shelf {
                Shelf::Stocked => (roots[at], (roots[at] - usual[at]).powi(2)),
                Shelf::SoldOut { share_bp } => {
                    let thought = day.by_the_hour(share_bp);
                    strays += (thought.mean - day.mean()).powi(2) + thought.deviation.powi(2);
                    means += day.mean();
                    thought.in_roots(usual[at])
                }
                Shelf::SoldOutSometime => {
                    just_out[at] = Some(sold.max(0.0).sqrt() + 0.8 * spread);
                    let beyond = day.beyond();
                    (beyond.root, beyond.mean - 2.0 * usual[at] * beyond.root + usual[at].powi(2))
                }
            };
            if step.shelf == Shelf::Stocked {
                strays += (sold - day.mean()).powi(2);
                means += day.mean();
            }
            roots[at] = root;
            squares += square;
        }
        let count = number::count(told.iter().filter(|told| **told).count()).max(1.0);
        spread = (squares / count).sqrt().max(1e-9);
        if !is_hour_unknown && means > 0.0 {
            dispersion = (strays / means).max(1e-9);
        }
        usual = smooth(&roots, &told, &just_out, season);
    }
    for (at, step) in steps.iter().enumerate() {
        let sold = step.sold.unwrap_or(0.0).max(0.0);
        let day = Day { usual: usual[at], spread, dispersion, sold, half };
        match (step.sold, step.shelf) {
            (None, _) => demand.values[at] = usual[at].powi(2) + spread.powi(2),
            (Some(_), Shelf::Stocked) => {}
            (Some(_), Shelf::SoldOut { share_bp }) => {
                let thought = day.by_the_hour(share_bp);
                demand.values[at] = thought.mean;
                demand.between[at] = Some([
                    (thought.mean - APART * thought.deviation).max(day.sold),
                    thought.mean,
                    thought.mean + APART * thought.deviation,
                ]);
            }
            (Some(_), Shelf::SoldOutSometime) => {
                demand.values[at] = day.beyond().mean;
                demand.between[at] = Some(day.sixths_beyond());
            }
        }
    }
}

/// A day as it would usually be, in roots, and what it sold.
#[derive(Clone, Copy, Debug)]
struct Day {
    usual: f64,
    spread: f64,
    /// The variance of such days by their mean.
    dispersion: f64,
    sold: f64,
    /// Half of the smallest piece that is sold; nothing where anything can be cut.
    half: f64,
}

#[derive(Clone, Copy, Debug)]
struct Thought {
    mean: f64,
    deviation: f64,
}

impl Thought {
    /// Its root, and how far that lies from the usual one, squared.
    fn in_roots(self, usual: f64) -> (f64, f64) {
        let root = self.mean.sqrt();
        let own = self.deviation / (2.0 * root.max(1e-9));
        (root, (root - usual).powi(2) + own.powi(2))
    }
}

impl Day {
    fn mean(self) -> f64 {
        (self.usual.max(0.0).powi(2) + self.spread.powi(2)).max(1e-9)
    }

    /// The demand of a day that ran out when such a share had usually come: what is usual and what came, each counted by
    /// how sure it is, say how fast customers came that day; the rest of the day went on like that.
    fn by_the_hour(self, share_bp: i64) -> Thought {
        let share = (number::float(share_bp) / 10_000.0).clamp(0.01, 1.0);
        let mean = self.mean();
        // Demand in units of which each comes by itself: then a gamma law of days meets a Poisson law of hours.
        let unit = ARRIVALS * self.dispersion;
        let shape = mean / ((1.0 - ARRIVALS) * self.dispersion);
        let pace = (shape + self.sold / unit) / (shape * unit / mean + share);
        let rest = pace * (1.0 - share);
        let sure = shape * unit / mean + share;
        let variance = rest + (1.0 - share).powi(2) * pace / sure;
        Thought { mean: self.sold + unit * rest, deviation: unit * variance.sqrt() }
    }

    /// The law of such days, and from where on the demand of a day lies that wanted more than was there: of goods sold by
    /// the piece, at least half a piece more.
    fn law(self) -> (Gamma, f64) {
        (Gamma::of(self.mean(), self.dispersion), self.sold + self.half)
    }

    /// How likely it is that a day wants just what this one sold: of goods by the piece to the piece, of others to within a
    /// hundredth.
    fn likely_just(self) -> f64 {
        let (law, _) = self.law();
        let half = if self.half > 0.0 { self.half } else { 0.005 * self.sold };
        law.below(self.sold + half) - law.below(self.sold - half)
    }

    /// How likely it is that a day wants more than this one sold.
    fn likely_beyond(self) -> f64 {
        let (law, from) = self.law();
        law.above(from)
    }

    fn beyond(self) -> Beyond {
        let (law, from) = self.law();
        let mean = |power: f64| law.mean_above(from, power);
        Beyond { root: mean(0.5), mean: mean(1.0).max(self.sold) }
    }

    /// The first, third and fifth sixth of what it may have been.
    fn sixths_beyond(self) -> [f64; 3] {
        let (law, from) = self.law();
        [1.0, 3.0, 5.0].map(|sixths: f64| law.quantile_above(from, sixths / 6.0))
    }
}

/// Days that showed their demand, and days that wanted more than they showed.
struct Known {
    shown: Vec<Day>,
    out: Vec<Day>,
}

/// The known days of either kind, but for those that are not of the usual kind.
fn known(steps: &[Observation], day: impl Fn(usize, f64) -> Day, odd: f64) -> Known {
    let mut known = Known { shown: Vec::new(), out: Vec::new() };
    for (at, step) in steps.iter().enumerate() {
        let Some(sold) = step.sold else { continue };
        let day = day(at, sold.max(0.0));
        match step.shelf {
            Shelf::Stocked if (day.sold.sqrt() - day.usual).abs() <= odd => known.shown.push(day),
            Shelf::SoldOutSometime => known.out.push(day),
            Shelf::Stocked | Shelf::SoldOut { .. } => {}
        }
    }
    known
}

/// By how much more than their mean days vary: what makes the known days most likely.
fn likely_dispersion(known: &Known, start: f64) -> f64 {
    let unlikely = |days: &[Day], log: f64, likely: fn(Day) -> f64| {
        let every = days.len().div_ceil(LIKELY_DAYS).max(1);
        let some = days.iter().step_by(every).map(|day| Day { dispersion: log.exp(), ..*day });
        -number::count(every) * some.map(|day| likely(day).max(1e-12).ln()).sum::<f64>()
    };
    let search = Search { asked_most: 24, near: 1e-4 };
    let whole =
        |log: f64| unlikely(&known.shown, log, Day::likely_just) + unlikely(&known.out, log, Day::likely_beyond);
    let ([log], _) = lowest([start.ln()], 0.5, search, |[log]| whole(log.clamp(-LOG_MOST, LOG_MOST)));
    log.clamp(-LOG_MOST, LOG_MOST).exp()
}

/// What lies beyond what was sold, on average: its root, and itself.
#[derive(Clone, Copy, Debug)]
struct Beyond {
    root: f64,
    mean: f64,
}

/// What each step would usually be: the level of the days around it, times what the same steps of other seasons were by
/// the level around them.
fn smooth(roots: &[f64], told: &[bool], just_out: &[Option<f64>], season: usize) -> Vec<f64> {
    let (mut sums, mut counts) = (vec![0.0; roots.len() + 1], vec![0.0; roots.len() + 1]);
    for at in 0..roots.len() {
        let counts_for = f64::from(u8::from(told[at]));
        sums[at + 1] = sums[at] + counts_for * roots[at];
        counts[at + 1] = counts[at] + counts_for;
    }
    let whole = sums[roots.len()] / counts[roots.len()].max(1.0);
    let around = LEVEL.max(3 * season / 2);
    let level = |at: usize| {
        let (from, through) = (at.saturating_sub(around), (at + around + 1).min(roots.len()));
        // A little of the whole, for weeks of which nothing is known.
        (sums[through] - sums[from] + 0.1 * whole) / (counts[through] - counts[from] + 0.1)
    };
    let levels: Vec<f64> = (0..roots.len()).map(|at| level(at).max(1e-6)).collect();
    let same_steps = |at: usize| {
        let (mut sum, mut weights, mut weight) = (0.0, 0.0, 1.0);
        for seasons in 0..=SEASONS {
            let (earlier, later) = (at.checked_sub(seasons * season), at + seasons * season);
            for at in [earlier, (seasons > 0).then_some(later)].into_iter().flatten() {
                if told.get(at) == Some(&true) {
                    sum += weight * roots[at] / levels[at];
                    weights += weight;
                }
            }
            weight *= FADING;
        }
        let mut share = if weights > 0.0 { sum / weights } else { 1.0 };
        if let Some(just_out) = just_out[at] {
            share = (sum + JUST_OUT * just_out / levels[at]) / (weights + JUST_OUT);
        }
        share
    };
    (0..roots.len()).map(|at| same_steps(at) * levels[at]).collect()
}

/// How far shown days lie from the usual, half of them nearer.
fn middle_distance(roots: &[f64], usual: &[f64], shown: &[bool]) -> f64 {
    let days = roots.iter().zip(usual).zip(shown).filter(|(_, shown)| **shown);
    let mut distances: Vec<f64> = days.map(|((root, usual), _)| (root - usual).abs()).collect();
    number::sort(&mut distances);
    distances.get(distances.len() / 2).copied().unwrap_or(0.0)
}

fn spread(roots: &[f64], usual: &[f64], shown: &[bool]) -> f64 {
    let middle = middle_distance(roots, usual, shown);
    if middle > 0.0 { 1.48 * middle } else { usual.first().map_or(0.3, |usual| 0.3 * usual).max(0.3) }
}

/// The variance of shown days by their mean.
fn dispersion(values: &[f64], usual: &[f64], spread: f64, shown: &[bool]) -> f64 {
    let days = values.iter().zip(usual).zip(shown).filter(|(_, shown)| **shown);
    let (strays, means) = days.fold((0.0, 0.0), |(strays, means), ((value, usual), _)| {
        let mean = usual.powi(2) + spread.powi(2);
        (strays + (value - mean).powi(2), means + mean)
    });
    if means > 0.0 { (strays / means).max(1e-9) } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sold: f64, shelf: Shelf) -> Observation {
        Observation { sold: Some(sold), shelf }
    }

    fn wanted(day: usize) -> f64 {
        let week = [30.0, 25.0, 25.0, 30.0, 40.0, 60.0, 50.0][day % 7];
        let noise = number::count(day * 7_919 % 101) / 100.0 - 0.5;
        (week * (1.0 + 0.5 * noise)).round()
    }

    /// A shop that holds so much more than a usual day wants.
    fn sold(day: usize, stock: f64, shelf: impl Fn(f64) -> Shelf) -> Observation {
        let most = ([30.0, 25.0, 25.0, 30.0, 40.0, 60.0, 50.0][day % 7] * stock).round();
        let wanted = wanted(day);
        if wanted > most { of(most, shelf(most / wanted)) } else { of(wanted, Shelf::Stocked) }
    }

    fn total(values: &[f64]) -> f64 {
        values.iter().sum()
    }

    #[test]
    fn the_hour_brings_back_what_was_wanted() {
        let share = |share: f64| Shelf::SoldOut { share_bp: number::whole(share * 10_000.0) };
        let steps: Vec<Observation> = (0..280).map(|day| sold(day, 1.1, share)).collect();
        let truth: Vec<f64> = (0..280).map(wanted).collect();
        let seen: f64 = steps.iter().filter_map(|step| step.sold).sum();
        let thought = total(&demand(&steps, 7).values);
        assert!(seen < total(&truth) * 0.985);
        assert!((thought / total(&truth) - 1.0).abs() < 0.005, "{thought} {}", total(&truth));
    }

    #[test]
    fn without_the_hour_the_likely_rest_is_thought() {
        let steps: Vec<Observation> = (0..280).map(|day| sold(day, 1.1, |_| Shelf::SoldOutSometime)).collect();
        let truth: Vec<f64> = (0..280).map(wanted).collect();
        let thought = demand(&steps, 7);
        assert!((total(&thought.values) / total(&truth) - 1.0).abs() < 0.015, "{}", total(&thought.values));
        for ((step, value), between) in steps.iter().zip(&thought.values).zip(&thought.between) {
            assert!(*value >= step.sold.unwrap_or(0.0));
            assert!(between.is_none_or(|points| points.is_sorted() && points[0] >= step.sold.unwrap_or(0.0)));
        }
    }

    #[test]
    fn a_day_out_of_the_range_is_no_day_without_demand() {
        let mut steps: Vec<Observation> = (0..140).map(|day| of(wanted(day), Shelf::Stocked)).collect();
        for step in &mut steps[60..74] {
            step.sold = None;
        }
        let demand = demand(&steps, 7);
        let (thought, truth) = (total(&demand.values[60..74]), (60..74).map(wanted).sum::<f64>());
        assert!((thought / truth - 1.0).abs() < 0.15, "{thought} {truth}");
        assert!(!demand.shown[60] && demand.shown[59]);
    }

    #[test]
    fn nothing_known_is_nothing_thought() {
        let steps = [Observation { sold: None, shelf: Shelf::Stocked }; 3];
        assert!(demand(&steps, 7).values.iter().all(|value| value.is_finite()));
        let always = [of(5.0, Shelf::SoldOutSometime); 30];
        assert!(demand(&always, 7).values.iter().all(|value| (5.0..50.0).contains(value)));
    }
}
