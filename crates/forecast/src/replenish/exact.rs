//! The small case that can be solved exactly: one product, a known law of demand, goods that come the next morning. Every
//! state of the shelf is judged by all that may ever follow (value iteration), so that rules of thumb and the engine's
//! own buyer can be measured against the best there is (the model of De Moor and others, 2022).

use super::policy::{Ahead, Scenario, ThinkAhead};
use super::shop::{Morning, Stock, Terms};
use super::supply::Supply;
use crate::gamma::Gamma;
use crate::number;

/// The case.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Goods as in [`Terms`]; the lead is one day and cases hold one unit.
    pub terms: Terms,
    /// What a tomorrow counts beside today, above 0 and below 1.
    pub discount: f64,
    pub order_most: i64,
    /// How likely a demand of 0, 1, 2, … is; adds up to one.
    pub demand: Vec<f64>,
}

/// Why a case cannot be solved.
#[derive(Clone, Debug, PartialEq)]
pub enum ModelError {
    /// Goods must live one through four days.
    Life { found: usize },
    /// Goods must come the next morning, in cases of one and without a least.
    Delivery,
    /// More states than can be gone through.
    TooLarge { states: usize, most: usize },
    /// A tomorrow must count more than nothing and less than today.
    Discount { found: f64 },
    /// Not a law: negative, not a number, or not adding up to one.
    NotALaw { sum: f64 },
}

impl std::fmt::Display for ModelError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Life { found } => write!(out, "life {found}: goods must live 1 through 4 days"),
            Self::Delivery => write!(out, "lead and pack must be 1 and the least nothing"),
            Self::TooLarge { states, most } => write!(out, "{states} states, at most {most} are gone through"),
            Self::Discount { found } => write!(out, "discount {found}: above 0 and below 1"),
            Self::NotALaw { sum } => write!(out, "the demand adds up to {sum}, or holds what is no probability"),
        }
    }
}

impl std::error::Error for ModelError {}

const STATES_MOST: usize = 20_000;
const DEMANDS_MOST: usize = 200;
/// Values are good to this share of the largest.
const NEAR: f64 = 1e-10;
const SWEEPS_MOST: usize = 20_000;
/// Demands rarer than this are left out when single days are thought through.
const RARE: f64 = 1e-4;

/// What happens on a day in a state, whatever is ordered.
struct Day {
    /// What the day costs on average.
    cost: f64,
    /// Where the shelf may stand the next morning before the order is put on it, and how likely that is.
    next: Vec<(usize, f64)>,
}

/// A case made ready.
pub struct Solver {
    model: Model,
    width: usize,
    days: Vec<Day>,
}

/// What to order in every state, and what it is worth.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// By state, see [`Solver::state`].
    pub order: Vec<i64>,
    /// What all days to come are worth from each state; costs are negative.
    pub value: Vec<f64>,
}

impl Solver {
    /// Makes a case ready.
    pub fn of(model: Model) -> Result<Self, ModelError> {
        let terms = &model.terms;
        if !(1..=4).contains(&terms.life) {
            return Err(ModelError::Life { found: terms.life });
        }
        if terms.lead != 1 || terms.pack != 1 || terms.minimum > 0 {
            return Err(ModelError::Delivery);
        }
        if !(model.discount > 0.0 && model.discount < 1.0) {
            return Err(ModelError::Discount { found: model.discount });
        }
        let sum: f64 = model.demand.iter().sum();
        let odd = model.demand.len() > DEMANDS_MOST || model.demand.iter().any(|share| !(0.0..=1.0).contains(share));
        if odd || (sum - 1.0).abs() > 1e-6 {
            return Err(ModelError::NotALaw { sum });
        }
        let width = usize::try_from(model.order_most.max(0)).unwrap_or(usize::MAX).saturating_add(1);
        let states = (0..terms.life).fold(1_usize, |states, _| states.saturating_mul(width));
        if states > STATES_MOST {
            return Err(ModelError::TooLarge { states, most: STATES_MOST });
        }
        let mut solver = Self { model, width, days: Vec::new() };
        solver.days = (0..states).map(|state| solver.day(state)).collect();
        Ok(solver)
    }

    /// The number of a shelf, what ends today first.
    pub fn state(&self, stock: &Stock) -> usize {
        stock
            .by_life()
            .iter()
            .rev()
            .fold(0, |state, units| state * self.width + usize::try_from(*units).unwrap_or(0).min(self.width - 1))
    }

    /// The shelf of a number.
    pub fn stock(&self, state: usize) -> Stock {
        let mut rest = state;
        let lives = (0..self.model.terms.life).map(|_| {
            let units = rest % self.width;
            rest /= self.width;
            i64::try_from(units).unwrap_or(0)
        });
        Stock::of(&lives.collect::<Vec<i64>>())
    }

    pub fn states(&self) -> usize {
        self.days.len()
    }

    fn day(&self, state: usize) -> Day {
        let terms = &self.model.terms;
        let mut day = Day { cost: 0.0, next: Vec::new() };
        for (wanted, likely) in self.model.demand.iter().enumerate().filter(|(_, likely)| **likely > 0.0) {
            let mut stock = self.stock(state);
            let lacking = stock.sell(i64::try_from(wanted).unwrap_or(0), terms.issue);
            let outdated = stock.night();
            let held = stock.whole();
            day.cost += likely
                * (terms.lost * number::float(lacking)
                    + terms.outdated * number::float(outdated)
                    + terms.held * number::float(held));
            let next = self.state(&stock);
            match day.next.iter_mut().find(|(state, _)| *state == next) {
                Some((_, share)) => *share += likely,
                None => day.next.push((next, *likely)),
            }
        }
        day
    }

    /// What ordering so much in a state is worth, when what follows is worth `value`.
    fn worth(&self, state: usize, order: usize, value: &[f64]) -> f64 {
        let day = &self.days[state];
        // What is ordered stands in the last place of the number.
        let fresh = order * self.days.len() / self.width;
        let follows: f64 = day.next.iter().map(|(next, likely)| likely * value[next + fresh]).sum();
        let bought = self.model.terms.bought * number::count(order);
        self.model.discount * follows - day.cost - bought
    }

    /// The best there is.
    pub fn best(&self) -> Solution {
        let mut value = vec![0.0; self.days.len()];
        for _ in 0..SWEEPS_MOST {
            let next: Vec<f64> = (0..value.len()).map(|state| self.best_in(state, &value).1).collect();
            let moved = moved(&value, &next);
            value = next;
            if moved {
                continue;
            }
            break;
        }
        self.improved(&value)
    }

    /// What is best in every state for one day, when what follows is worth `value`.
    pub fn improved(&self, value: &[f64]) -> Solution {
        let order = (0..value.len()).map(|state| number::whole(number::count(self.best_in(state, value).0))).collect();
        Solution { order, value: value.to_vec() }
    }

    fn best_in(&self, state: usize, value: &[f64]) -> (usize, f64) {
        let mut best = (0, f64::NEG_INFINITY);
        for order in 0..self.width {
            let worth = self.worth(state, order, value);
            // The smaller of equals, so that rounding does not decide.
            if worth > best.1 + 1e-9 {
                best = (order, worth);
            }
        }
        best
    }

    /// What a rule is worth that orders so much in each state.
    pub fn judge(&self, order: &[i64]) -> Solution {
        let order: Vec<usize> =
            order.iter().map(|order| usize::try_from(*order).unwrap_or(0).min(self.width - 1)).collect();
        let mut value = vec![0.0; self.days.len()];
        for _ in 0..SWEEPS_MOST {
            let next: Vec<f64> =
                order.iter().enumerate().map(|(state, order)| self.worth(state, *order, &value)).collect();
            let moved = moved(&value, &next);
            value = next;
            if !moved {
                break;
            }
        }
        Solution { order: order.iter().map(|order| i64::try_from(*order).unwrap_or(0)).collect(), value }
    }

    /// Up to a level.
    pub fn base_stock(&self, level: i64) -> Solution {
        self.judge(&self.rule(|stock| level - stock.whole()))
    }

    /// Up to a level, and as much more as is expected to end today.
    pub fn base_stock_and_ending(&self, level: i64) -> Solution {
        let mean: f64 =
            self.model.demand.iter().enumerate().map(|(wanted, likely)| number::count(wanted) * likely).sum();
        self.judge(
            &self.rule(|stock| level - stock.whole() + number::whole((number::float(stock.oldest()) - mean).max(0.0))),
        )
    }

    /// The engine's own buyer, told the law: every way the next days may go, as likely as it is; what lies behind them
    /// is worth what filling up to `level` makes of it.
    pub fn thinking(&self, level: i64) -> Solution {
        self.judge(&self.improved(&self.base_stock(level).value).order)
    }

    /// The engine's buyer as it stands in a shop, which looks no further than the goods live.
    pub fn thinking_shortly(&self, cover: f64) -> Solution {
        let terms = &self.model.terms;
        let mean: f64 =
            self.model.demand.iter().enumerate().map(|(wanted, likely)| number::count(wanted) * likely).sum();
        let days = terms.lead + terms.life;
        let mut scenarios = vec![Scenario { weight: 1.0, demand: Vec::new() }];
        for _ in 0..days {
            let grown = scenarios.iter().flat_map(|scenario| {
                self.model.demand.iter().enumerate().filter(|(_, likely)| **likely > RARE).map(|(wanted, likely)| {
                    let mut demand = scenario.demand.clone();
                    demand.push(i64::try_from(wanted).unwrap_or(0));
                    Scenario { weight: scenario.weight * likely, demand }
                })
            });
            scenarios = grown.filter(|scenario| scenario.weight > RARE / 10.0).collect();
        }
        let ahead = Ahead { mean: vec![mean; days], scenarios };
        let buyer = ThinkAhead { cover };
        let supply = Supply::default();
        let order = self.rule(|stock| {
            let morning = Morning { day: 0, date: 0, stock, on_order: &[0], overdue: &[] };
            buyer.order(terms, &supply, &morning, &ahead).ordered
        });
        self.judge(&order)
    }

    fn rule(&self, order: impl Fn(&Stock) -> i64) -> Vec<i64> {
        (0..self.states()).map(|state| order(&self.stock(state)).clamp(0, self.model.order_most)).collect()
    }

    /// How much worse a rule is than the best, from empty shelves on: 0.01 is one in a hundred.
    pub fn gap(best: &Solution, rule: &Solution) -> f64 {
        (best.value[0] - rule.value[0]) / best.value[0].abs().max(1e-12)
    }
}

fn moved(before: &[f64], after: &[f64]) -> bool {
    let most = after.iter().fold(1.0_f64, |most, value| most.max(value.abs()));
    before.iter().zip(after).any(|(before, after)| (before - after).abs() > NEAR * most)
}

/// The law of a gamma demand that is rounded to whole units; what lies beyond `most` counts as `most`.
///
/// ```
/// let law = forecast::replenish::exact::rounded_gamma(4.0, 0.5, 40);
/// let mean: f64 = (0..).zip(&law).map(|(wanted, likely)| f64::from(wanted) * likely).sum();
/// assert!((mean - 4.0).abs() < 0.01);
/// ```
pub fn rounded_gamma(mean: f64, variation: f64, most: usize) -> Vec<f64> {
    let law = Gamma::of(mean, mean * variation.powi(2));
    let below = |units: f64| law.below(units);
    (0..=most)
        .map(|units| {
            let units_f = number::count(units);
            let upper = if units == most { 1.0 } else { below(units_f + 0.5) };
            let lower = if units == 0 { 0.0 } else { below(units_f - 0.5) };
            (upper - lower).max(0.0)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::shop::Issue;
    use super::*;

    fn published(issue: Issue, outdated: f64) -> Solver {
        let terms = Terms { life: 2, lead: 1, pack: 1, minimum: 0, issue, bought: 3.0, lost: 5.0, outdated, held: 1.0 };
        let demand = rounded_gamma(4.0, 0.5, 60);
        Solver::of(Model { terms, discount: 0.99, order_most: 10, demand }).unwrap()
    }

    #[test]
    fn the_published_values_come_out() {
        for (issue, outdated, optimum, level, base) in [
            (Issue::Lifo, 7.0, -1_603.597, 5, -1_618.871),
            (Issue::Fefo, 7.0, -1_510.470, 6, -1_537.468),
            (Issue::Lifo, 10.0, -1_621.563, 5, -1_634.697),
        ] {
            let solver = published(issue, outdated);
            let best = solver.best();
            assert!((best.value[0] - optimum).abs() < 0.01, "{} {optimum}", best.value[0]);
            assert!((solver.base_stock(level).value[0] - base).abs() < 0.01);
            let thinking = Solver::gap(&best, &solver.thinking(level));
            assert!((0.0..=0.002).contains(&thinking), "{thinking}");
        }
        let fefo = published(Issue::Fefo, 7.0);
        assert!((fefo.base_stock_and_ending(7).value[0] + 1_536.202).abs() < 0.01);
    }

    #[test]
    fn the_published_orders_come_out() {
        // Rows: fresh units 0 and 4; columns: old units 0 through 8.
        let of = |solver: &Solver, fresh: i64| -> Vec<i64> {
            let best = solver.best();
            (0..=8).map(|old| best.order[solver.state(&Stock::of(&[old, fresh]))]).collect()
        };
        let (lifo, fefo) = (published(Issue::Lifo, 7.0), published(Issue::Fefo, 7.0));
        assert_eq!(of(&lifo, 0), [3; 9]);
        assert_eq!(of(&lifo, 4), [1; 9]);
        assert_eq!(of(&fefo, 0), [4; 9]);
        assert_eq!(of(&fefo, 4), [3, 2, 2, 1, 1, 1, 1, 0, 0]);
    }

    #[test]
    fn a_case_that_is_none_is_refused_by_name() {
        let solver = published(Issue::Fefo, 7.0);
        let model = |change: fn(&mut Model)| {
            let mut model = solver.model.clone();
            change(&mut model);
            Solver::of(model).err().map(|error| error.to_string()).unwrap_or_default()
        };
        assert_eq!(model(|model| model.terms.life = 9), "life 9: goods must live 1 through 4 days");
        assert_eq!(model(|model| model.discount = 1.0), "discount 1: above 0 and below 1");
        assert_eq!(model(|model| model.order_most = 5_000), "25010001 states, at most 20000 are gone through");
        assert_eq!(
            model(|model| model.demand = vec![0.5]),
            "the demand adds up to 0.5, or holds what is no probability"
        );
        assert_eq!(model(|model| model.terms.lead = 2), "lead and pack must be 1 and the least nothing");
    }
}
