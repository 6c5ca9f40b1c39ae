//! The buyer who knows all days to come: what the best orders would have cost. No rule can be better, so how near it
//! comes is what a rule is worth.
//!
//! The only trouble of such a buyer is the case: what does not come out even lies for a night, ends, or lacks. All ways
//! are followed at once, day by day; of those that lead to the same shelf only the cheapest goes on (dynamic
//! programming), so the answer is exact.

use std::collections::BTreeMap;

use super::shop::{Stock, Terms};
use crate::number;

/// Why no bound is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unbounded {
    /// Goods that come later than the next morning cannot be followed here.
    LongLead,
    /// More shelves would have to be told from each other than there is room for.
    TooManyWays { day: usize },
}

/// More shelves than these are not followed.
const WAYS_MOST: usize = 400_000;

/// The least that these days can cost, from empty shelves with nothing on order, as [`super::shop::trial`] counts it.
///
/// ```
/// use forecast::replenish::{clairvoyant::least_cost, shop::Terms};
///
/// // Cases of four: on the first day nothing is there, then a case serves two days, for the price of two nights.
/// let terms = Terms { pack: 4, ..Terms::default() };
/// let cost = least_cost(&terms, &[2, 2, 2, 2, 2]).unwrap();
/// assert!((cost - (2.0 * 0.6 + 4.0 * 0.01)).abs() < 1e-9);
/// ```
pub fn least_cost(terms: &Terms, demand: &[i64]) -> Result<f64, Unbounded> {
    if terms.lead != 1 {
        return Err(Unbounded::LongLead);
    }
    let mut ways: BTreeMap<Vec<i64>, f64> = BTreeMap::from([(vec![0; terms.life.max(1)], 0.0)]);
    for (day, wanted) in demand.iter().enumerate() {
        let mut next: BTreeMap<Vec<i64>, f64> = BTreeMap::new();
        // Nothing can come on the first morning.
        let served: i64 = demand.iter().skip(day).take(terms.life).sum();
        for (shelf, cost) in &ways {
            let room = if day == 0 { 0 } else { (served - shelf.iter().sum::<i64>()).max(0) };
            for quantity in quantities(terms, room) {
                let mut stock = Stock::of(shelf);
                stock.receive(quantity, terms.life);
                let lacking = stock.sell(*wanted, terms.issue);
                let outdated = stock.night();
                let cost = cost
                    + terms.lost * number::float(lacking)
                    + terms.outdated * number::float(outdated)
                    + terms.held * number::float(stock.whole());
                let known = next.entry(stock.by_life().to_vec()).or_insert(f64::INFINITY);
                *known = known.min(cost);
            }
        }
        if next.len() > WAYS_MOST {
            return Err(Unbounded::TooManyWays { day });
        }
        ways = next;
    }
    // An order of the last day outlasts it and costs nothing.
    Ok(ways.into_values().fold(f64::INFINITY, f64::min))
}

/// Nothing, and every number of whole cases up to the first that is enough for all that the goods can serve.
fn quantities(terms: &Terms, room: i64) -> impl Iterator<Item = i64> {
    let (least, pack) = (terms.whole(1.0), terms.pack.max(1));
    let enough = terms.whole(number::float(room));
    let more = (least..=enough).step_by(usize::try_from(pack).unwrap_or(1));
    std::iter::once(0).chain(more)
}

#[cfg(test)]
mod tests {
    use super::super::shop::{Issue, trial};
    use super::*;

    /// Every row of orders there is, tried one after the other.
    fn by_trial_of_all(terms: &Terms, demand: &[i64], most: i64) -> f64 {
        let choices: Vec<i64> = (0..=most).map(|cases| cases * terms.pack).collect();
        let rows = choices.len().pow(u32::try_from(demand.len()).unwrap());
        (0..rows)
            .map(|row| {
                let mut rest = row;
                let orders: Vec<i64> = demand
                    .iter()
                    .map(|_| {
                        let choice = choices[rest % choices.len()];
                        rest /= choices.len();
                        choice
                    })
                    .collect();
                trial(terms, demand, |morning| orders[morning.day]).cost
            })
            .fold(f64::INFINITY, f64::min)
    }

    #[test]
    fn no_row_of_orders_is_cheaper() {
        for (issue, life, pack) in [(Issue::Fefo, 2, 3), (Issue::Fefo, 3, 4), (Issue::Lifo, 2, 3)] {
            let terms = Terms { life, pack, issue, ..Terms::default() };
            for demand in [[2, 5, 1, 4, 0], [3, 3, 3, 3, 3], [1, 0, 7, 2, 2]] {
                let (told, tried) = (least_cost(&terms, &demand).unwrap(), by_trial_of_all(&terms, &demand, 4));
                assert!((told - tried).abs() < 1e-9, "{terms:?} {demand:?}: {told} {tried}");
            }
        }
    }

    #[test]
    fn who_may_buy_the_piece_lacks_on_the_first_day_alone() {
        let cost = least_cost(&Terms::default(), &[10, 12, 3, 40]).unwrap();
        assert!((cost - 6.0).abs() < 1e-9, "{cost}");
        assert_eq!(least_cost(&Terms { lead: 2, ..Terms::default() }, &[1]), Err(Unbounded::LongLead));
    }
}
