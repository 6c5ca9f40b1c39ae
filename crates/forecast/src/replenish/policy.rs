//! Rules for a buyer, from the rule of thumb to thinking the next days through.

use std::ops::Range;

use super::shop::{Issue, Morning, Stock, Terms};
use crate::number;

/// A way the next days may go: what is wanted today, tomorrow, and so on, and how likely that is beside the others.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    pub weight: f64,
    pub demand: Vec<i64>,
}

/// What is expected, and all the ways it may go.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ahead {
    /// What is expected today, tomorrow, …; at least one day more than goods live after they came.
    pub mean: Vec<f64>,
    pub scenarios: Vec<Scenario>,
}

impl Ahead {
    /// What the demand of these days together stays below in the share `level` of all ways.
    pub fn sum_below(&self, days: Range<usize>, level: f64) -> f64 {
        let sum = |one: &Scenario| one.demand.get(days.clone()).unwrap_or_default().iter().sum::<i64>();
        let mut sums: Vec<(i64, f64)> = self.scenarios.iter().map(|one| (sum(one), one.weight)).collect();
        sums.sort_by_key(|(sum, _)| *sum);
        let wanted = level * sums.iter().map(|(_, weight)| weight).sum::<f64>();
        let mut passed = 0.0;
        let reached = sums.iter().find(|(_, weight)| {
            passed += weight;
            passed >= wanted
        });
        reached.or(sums.last()).map_or(0.0, |(sum, _)| number::float(*sum))
    }
}

/// Why so much is ordered.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    pub ordered: i64,
    /// What is expected until the goods after these come.
    pub expected: f64,
    /// What is there and on the way.
    pub position: i64,
    /// What of it is expected to end unsold before these goods come.
    pub ending: f64,
    /// What each quantity that was thought through would cost on average over the days that it can reach.
    pub thought: Vec<(i64, f64)>,
}

/// The rule of thumb: what was sold on the same day of last week, brought up from what is there.
pub fn last_week(terms: &Terms, morning: &Morning<'_>, same_day_last_week: &[f64]) -> i64 {
    let wanted: f64 = same_day_last_week.iter().sum();
    terms.whole(wanted - number::float(morning.position()))
}

/// Up to a level, and as much more as is expected to end before the order comes (Broekmeulen and van Donselaar, 2009).
pub fn up_to(terms: &Terms, morning: &Morning<'_>, level: f64, today: f64) -> i64 {
    let ending = (number::float(morning.stock.oldest()) - today).max(0.0);
    terms.whole(level - number::float(morning.position()) + ending)
}

/// Thinks every quantity through: each is ordered in every way the next days may go, later orders follow the level, and
/// what that costs on average decides. All quantities meet the same luck.
#[derive(Clone, Copy, Debug)]
pub struct ThinkAhead {
    /// Later orders fill up to what is expected times this.
    pub cover: f64,
}

impl ThinkAhead {
    /// The quantity that costs least, the smallest of equals.
    pub fn order(self, terms: &Terms, morning: &Morning<'_>, ahead: &Ahead) -> Reason {
        let expected: f64 = ahead.mean.iter().take(terms.lead + 1).sum();
        let position = morning.position();
        let today = ahead.mean.first().copied().unwrap_or(0.0);
        let ending = (number::float(morning.stock.oldest()) - today).max(0.0);
        let mut thought: Vec<(i64, f64)> = Vec::new();
        let most = terms.whole(2.0 * most(terms, ahead)).max(terms.pack);
        let mut quantity = 0;
        let mut risen = 0;
        while quantity <= most && risen < 3 {
            let cost = self.cost(terms, morning, ahead, quantity);
            risen = if thought.iter().any(|(_, other)| *other < cost) { risen + 1 } else { 0 };
            thought.push((quantity, cost));
            quantity = terms.whole(number::float(quantity + 1));
        }
        let best = thought.iter().min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(quantity, _)| *quantity);
        Reason { ordered: best, expected, position, ending, thought }
    }

    fn cost(self, terms: &Terms, morning: &Morning<'_>, ahead: &Ahead, quantity: i64) -> f64 {
        let days = terms.lead + terms.life;
        let mut on_order = Vec::with_capacity(terms.lead);
        let mut stock = Stock::empty(terms.life);
        let (mut sum, mut weights) = (0.0, 0.0);
        for scenario in &ahead.scenarios {
            on_order.clear();
            on_order.extend_from_slice(morning.on_order);
            on_order[terms.lead - 1] = quantity;
            stock.clone_from(morning.stock);
            let mut cost = terms.bought * number::float(quantity);
            for day in 0..days.min(scenario.demand.len()) {
                if day > 0 {
                    stock.receive(on_order[0], terms.life);
                    on_order.rotate_left(1);
                    // The last orders only matter behind the days that are looked at.
                    on_order[terms.lead - 1] =
                        if day + terms.lead < days { self.later(terms, &stock, &on_order, ahead, day) } else { 0 };
                }
                let lacking = stock.sell(scenario.demand[day], terms.issue);
                let outdated = stock.night();
                cost += terms.lost * number::float(lacking)
                    + terms.outdated * number::float(outdated)
                    + terms.held * number::float(stock.whole());
                cost += terms.bought * if day > 0 { number::float(on_order[terms.lead - 1]) } else { 0.0 };
            }
            // What is left is worth what it would cost to buy.
            cost -= terms.bought * number::float(stock.whole() + on_order.iter().sum::<i64>());
            sum += scenario.weight * cost;
            weights += scenario.weight;
        }
        sum / weights.max(1e-12)
    }

    fn later(self, terms: &Terms, stock: &Stock, on_order: &[i64], ahead: &Ahead, day: usize) -> i64 {
        let mean = |at: usize| ahead.mean.get(at).copied().unwrap_or(0.0);
        let expected: f64 = (day..=day + terms.lead).map(mean).sum();
        let known: i64 = on_order[..terms.lead - 1].iter().sum();
        let ending = (number::float(stock.oldest()) - mean(day)).max(0.0);
        terms.whole(self.cover * expected - number::float(stock.whole() + known) + ending)
    }
}

/// The most that the days could want which an order can serve.
fn most(terms: &Terms, ahead: &Ahead) -> f64 {
    let served = |scenario: &Scenario| scenario.demand.iter().skip(terms.lead).take(terms.life).sum::<i64>();
    number::float(ahead.scenarios.iter().map(served).max().unwrap_or(0))
}

/// What of a stock is expected to end unsold, by day, when so much is wanted each day and nothing else comes.
pub fn expected_ending(stock: &Stock, means: &[f64], issue: Issue) -> Vec<i64> {
    let mut stock = stock.clone();
    means
        .iter()
        .map(|mean| {
            stock.sell(number::whole(*mean), issue);
            stock.night()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ahead(demand: &[&[i64]]) -> Ahead {
        let scenarios: Vec<Scenario> =
            demand.iter().map(|demand| Scenario { weight: 1.0, demand: demand.to_vec() }).collect();
        let mean = |day: usize| {
            let sum: i64 = scenarios.iter().map(|scenario| scenario.demand[day]).sum();
            number::float(sum) / number::count(scenarios.len())
        };
        Ahead { mean: (0..4).map(mean).collect(), scenarios }
    }

    #[test]
    fn a_certain_demand_is_ordered_just() {
        let stock = Stock::of(&[0, 10, 0]);
        let morning = Morning { day: 0, stock: &stock, on_order: &[0] };
        let reason = ThinkAhead { cover: 1.0 }.order(&Terms::default(), &morning, &ahead(&[&[10, 12, 10, 10]]));
        assert_eq!(reason.ordered, 12);
        assert_eq!((reason.position, reason.thought[0].0), (10, 0));
    }

    #[test]
    fn what_ends_tonight_is_replaced() {
        let stock = Stock::of(&[8, 0, 0]);
        let morning = Morning { day: 0, stock: &stock, on_order: &[0] };
        assert_eq!(up_to(&Terms::default(), &morning, 20.0, 5.0), 15);
        assert_eq!(expected_ending(&stock, &[5.0, 5.0], Issue::Fefo), [3, 0]);
    }

    #[test]
    fn the_dearer_it_is_to_lack_the_more_is_ordered() {
        let stock = Stock::empty(3);
        let morning = Morning { day: 0, stock: &stock, on_order: &[0] };
        let uncertain = ahead(&[&[5, 2, 2, 2], &[5, 9, 9, 9], &[5, 20, 4, 4]]);
        let order = |lost: f64| {
            ThinkAhead { cover: 1.0 }.order(&Terms { lost, ..Terms::default() }, &morning, &uncertain).ordered
        };
        assert!(order(0.1) < order(0.6) && order(0.6) <= order(5.0));
    }
}
