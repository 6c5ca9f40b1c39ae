//! A rehearsal: buyers work through the last days that are known, each morning with what was known then, and are compared
//! over the same days.

use super::clairvoyant;
use super::policy::{Ahead, ThinkAhead, last_week, up_to};
use super::shop::{Morning, Result, Terms, trial};
use crate::engine::{Learnt, in_parts};
use crate::{Engine, Series, number};

/// The rule of a buyer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Policy {
    /// What the same days of last week sold.
    LastWeek,
    /// What is expected until the next goods come, times `cover`, and what is expected to end.
    UpTo { cover: f64 },
    /// Every quantity thought through; later orders by `cover`, and a unit that lacks counts `goodwill` times its cost.
    Think { cover: f64, goodwill: f64 },
}

/// The numbers that are tried.
const COVERS: [f64; 3] = [1.5, 2.0, 2.4];
const GOODWILLS: [f64; 5] = [1.0, 1.2, 1.4, 1.6, 1.8];

/// What is rehearsed.
#[derive(Clone, Debug)]
pub struct Rehearsal {
    /// How many of the last days, of which the last ones only settle what was ordered.
    pub days: usize,
    pub settling: usize,
    /// As in the shop; the case of each product is a third of what it usually sells.
    pub terms: Terms,
    pub threads: usize,
}

/// Why nothing can be rehearsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RehearsalError {
    NoSeries,
    /// The days leave no history to learn from: at least four weeks.
    TooShort {
        key: String,
        steps: usize,
        needed: usize,
    },
    /// Nothing is left to be judged.
    NoDays,
}

impl std::fmt::Display for RehearsalError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoSeries => write!(out, "no series to rehearse on"),
            Self::TooShort { key, steps, needed } => write!(out, "{key}: {steps} days, the rehearsal needs {needed}"),
            Self::NoDays => write!(out, "no day is left to rehearse"),
        }
    }
}

impl std::error::Error for RehearsalError {}

/// What a rule did with one product: over all days, and over their first half.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub key: String,
    pub whole: Result,
    pub first_half: Result,
}

impl Outcome {
    /// Over the second half: what the whole cost beyond the first.
    pub fn second_half_cost_per_unit(&self) -> f64 {
        let wanted = number::float(self.whole.wanted - self.first_half.wanted).max(1.0);
        (self.whole.cost - self.first_half.cost) / wanted
    }
}

/// Everything that is known on each morning, worked out once for all rules.
pub struct Stage {
    keys: Vec<String>,
    days: usize,
    terms: Vec<Terms>,
    /// By series: what was wanted on every day that is known, and on those that are rehearsed in whole units.
    sold: Vec<Vec<f64>>,
    demand: Vec<Vec<i64>>,
    /// By day and series.
    ahead: Vec<Vec<Ahead>>,
}

impl Rehearsal {
    /// Sets the stage: forecasts anew for every morning.
    pub fn stage(&self, panel: &[Series]) -> std::result::Result<Stage, RehearsalError> {
        if panel.is_empty() {
            return Err(RehearsalError::NoSeries);
        }
        if self.days <= self.settling {
            return Err(RehearsalError::NoDays);
        }
        let needed = self.days + 28;
        if let Some(short) = panel.iter().find(|series| series.steps.len() < needed) {
            let (key, steps) = (short.key.clone(), short.steps.len());
            return Err(RehearsalError::TooShort { key, steps, needed });
        }
        let engine = Engine::of(7, self.terms.lead + self.terms.life);
        let mornings: Vec<usize> = (0..self.days - self.settling).collect();
        let ahead = in_parts(&mornings, self.threads, |morning| {
            let learn = |series: &Series| engine.learn(&series.before(series.steps.len() - self.days + morning));
            let learnt: Vec<Learnt> = panel.iter().map(learn).collect();
            let drift = engine.drift(&learnt);
            learnt.iter().map(|one| engine.ahead(one, &drift)).collect()
        });
        let sold = |series: &Series| series.steps.iter().map(|step| step.sold.unwrap_or(0.0)).collect::<Vec<f64>>();
        let mut stage =
            Stage { keys: Vec::new(), days: self.days, terms: Vec::new(), sold: Vec::new(), demand: Vec::new(), ahead };
        for series in panel {
            let sold = sold(series);
            let (before, days) = sold.split_at(sold.len() - self.days);
            let mean = before.iter().sum::<f64>() / number::count(before.len());
            stage.keys.push(series.key.clone());
            stage.terms.push(Terms { pack: number::whole(mean / 3.0).max(1), ..self.terms });
            stage.demand.push(days[..mornings.len()].iter().map(|wanted| number::whole(*wanted)).collect());
            stage.sold.push(sold);
        }
        Ok(stage)
    }
}

impl Stage {
    /// Lets a rule work on every product.
    pub fn play(&self, policy: Policy, threads: usize) -> Vec<Outcome> {
        let products: Vec<usize> = (0..self.keys.len()).collect();
        in_parts(&products, threads, |product| Outcome {
            key: self.keys[*product].clone(),
            whole: self.one(*product, policy, self.demand[*product].len()),
            first_half: self.one(*product, policy, self.demand[*product].len() / 2),
        })
    }

    /// What each product would have cost by unit wanted if all days had been known before. None where that cannot be told.
    pub fn least_cost_per_unit(&self, threads: usize) -> Vec<Option<f64>> {
        let products: Vec<usize> = (0..self.keys.len()).collect();
        in_parts(&products, threads, |product| {
            let demand = &self.demand[*product];
            let cost = clairvoyant::least_cost(&self.terms[*product], demand).ok()?;
            Some(cost / number::float(demand.iter().sum()).max(1.0))
        })
    }

    /// The numbers that cost least by unit wanted over the first half, all products alike.
    pub fn tuned(&self, threads: usize) -> Policy {
        let tried: Vec<Policy> =
            COVERS.into_iter().flat_map(|cover| GOODWILLS.map(|goodwill| Policy::Think { cover, goodwill })).collect();
        let costs = in_parts(&tried, threads, |policy| {
            let half = |product: usize| self.one(product, *policy, self.demand[product].len() / 2).cost_per_unit();
            let floor =
                |product: usize| self.one(product, Policy::LastWeek, self.demand[product].len() / 2).cost_per_unit();
            (0..self.keys.len()).map(|product| half(product) / floor(product).max(1e-9)).sum::<f64>()
        });
        let best = tried.iter().zip(&costs).min_by(|a, b| a.1.total_cmp(b.1));
        best.map_or(Policy::LastWeek, |(policy, _)| *policy)
    }

    fn one(&self, product: usize, policy: Policy, days: usize) -> Result {
        let terms = &self.terms[product];
        let history = &self.sold[product];
        let begin = history.len() - self.days;
        trial(terms, &self.demand[product][..days], |morning| {
            let now = begin + morning.day;
            Self::order(terms, policy, morning, &history[..now], &self.ahead[morning.day][product])
        })
    }

    fn order(terms: &Terms, policy: Policy, morning: &Morning<'_>, history: &[f64], ahead: &Ahead) -> i64 {
        match policy {
            Policy::LastWeek => {
                let from = history.len() - 7;
                last_week(terms, morning, &history[from..=from + terms.lead])
            }
            Policy::UpTo { cover } => {
                let expected: f64 = ahead.mean.iter().take(terms.lead + 1).sum();
                up_to(terms, morning, cover * expected, ahead.mean.first().copied().unwrap_or(0.0))
            }
            Policy::Think { cover, goodwill } => {
                let felt = Terms { lost: terms.lost * goodwill, ..*terms };
                ThinkAhead { cover }.order(&felt, morning, ahead).ordered
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_buyer_that_thinks_beats_last_week() {
        let sold = |nth: i32| -> Vec<f64> {
            let noise = |day: i32| f64::from((day * 7_919 + nth * 104_729) % 13) - 6.0;
            (0..250).map(|day| (20.0 + if day % 7 == 5 { 15.0 } else { 0.0 } + noise(day)).max(0.0)).collect()
        };
        let panel: Vec<Series> = (0..2).map(|nth| Series::of(&nth.to_string(), 0, &sold(nth))).collect();
        let stage = Rehearsal { days: 60, settling: 2, terms: Terms::default(), threads: 1 }.stage(&panel).unwrap();
        let floor = stage.play(Policy::LastWeek, 1);
        let thought = stage.play(stage.tuned(1), 1);
        for (floor, thought) in floor.iter().zip(&thought) {
            assert!(thought.whole.cost_per_unit() < floor.whole.cost_per_unit(), "{floor:?} {thought:?}");
            assert_eq!(thought.whole.wanted, floor.whole.wanted);
            assert!(thought.first_half.wanted < thought.whole.wanted);
        }
    }

    #[test]
    fn too_little_history_is_named() {
        let rehearsal = Rehearsal { days: 60, settling: 2, terms: Terms::default(), threads: 1 };
        let refused = rehearsal.stage(&[Series::of("cod", 0, &[1.0; 70])]).err();
        assert_eq!(refused, Some(RehearsalError::TooShort { key: "cod".into(), steps: 70, needed: 88 }));
        assert_eq!(rehearsal.stage(&[]).err(), Some(RehearsalError::NoSeries));
    }
}
