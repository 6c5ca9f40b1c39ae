//! Several models tell more than the best of them: their mean, weighed by how well each would have done on this series.

use crate::models::{Model, Paths};
use crate::number;

/// A model, and the season it looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    pub model: Model,
    pub season: usize,
}

impl Member {
    /// The members for steps of this season. Hours repeat by the day and by the week.
    pub fn usual(season: usize) -> Vec<Self> {
        let of = |model, season| Self { model, season };
        let mut members = vec![of(Model::Ets, season), of(Model::Theta, season), of(Model::Ces, season)];
        if season == HOURS {
            let week = HOURS * 7;
            let weekly = [Model::SeasonalNaive, Model::SeasonalWindow, Model::EtsAdditive, Model::Theta, Model::Ces];
            members.extend(weekly.map(|model| of(model, week)));
        }
        members
    }
}

const HOURS: usize = 24;

/// How strongly a member that did better is preferred: weights go by this power of the mean error. Members whose errors
/// differ by a hundredth weigh nearly the same, one that errs by a third more weighs next to nothing.
const PREFERENCE: f64 = 10.0;

/// What the members forecast together, and what each of them weighed.
#[derive(Clone, Debug)]
pub struct Blend {
    pub paths: Paths,
    /// Adds up to one.
    pub weights: Vec<(Member, f64)>,
}

/// Blends the forecasts of `members` from every origin from `first` on. `known` says which steps may be judged.
pub fn blend(history: &[f64], known: &[bool], members: &[Member], first: usize, horizon: usize) -> Blend {
    let told: Vec<Paths> =
        members.iter().map(|member| member.model.paths(history, member.season, first, horizon)).collect();
    let errors: Vec<f64> = told.iter().map(|paths| error(paths, history, known)).collect();
    let weights = weights(&errors);
    let mut paths = Paths::nothing(first.min(history.len()), history.len(), horizon);
    for (one, weight) in told.iter().zip(&weights) {
        paths.add(one, *weight);
    }
    paths.floor();
    Blend { paths, weights: members.iter().copied().zip(weights).collect() }
}

fn weights(errors: &[f64]) -> Vec<f64> {
    let best = errors.iter().copied().fold(f64::INFINITY, f64::min);
    if !best.is_finite() || best <= 0.0 {
        let exact = |error: &f64| f64::from(u8::from(*error <= best || !best.is_finite()));
        let count = errors.iter().map(exact).sum::<f64>().max(1.0);
        return errors.iter().map(|error| exact(error) / count).collect();
    }
    let raw: Vec<f64> = errors.iter().map(|error| (best / error).powf(PREFERENCE)).collect();
    let sum: f64 = raw.iter().sum();
    raw.iter().map(|weight| weight / sum).collect()
}

/// Origins further back than this do not speak for a member any more.
const JUDGED: usize = 182;

/// The mean distance of what was forecast from what came, over the latest origins and all steps ahead.
pub(crate) fn error(paths: &Paths, history: &[f64], known: &[bool]) -> f64 {
    let (mut sum, mut count) = (0.0, 0_usize);
    for origin in paths.first().max(history.len().saturating_sub(JUDGED))..history.len() {
        for ((told, came), known) in paths.from(origin).iter().zip(&history[origin..]).zip(&known[origin..]) {
            if *known {
                sum += (told.max(0.0) - came).abs();
                count += 1;
            }
        }
    }
    if count == 0 { f64::INFINITY } else { sum / number::count(count) }
}

/// The mean distance of what was forecast from what came for each origin from `from` on that can be judged. Which those
/// are depends on the history alone.
pub(crate) fn errors(paths: &Paths, history: &[f64], known: &[bool], from: usize) -> Vec<f64> {
    let of = |origin: usize| {
        let told = paths.from(origin).iter().zip(&history[origin..]).zip(&known[origin..]);
        let (sum, count) = told
            .filter(|(_, known)| **known)
            .fold((0.0, 0_usize), |(sum, count), ((told, came), _)| (sum + (told.max(0.0) - came).abs(), count + 1));
        (count > 0).then(|| sum / number::count(count))
    };
    (paths.first().max(from)..history.len()).filter_map(of).collect()
}
