//! The ways that steps may go together, where trees tell each of them alone: the series' own ways, with its values replaced by
//! the trees' of the same rank (ensemble copula coupling: Schefzik, Thorarinsdottir and Gneiting, 2013).

use super::{Likely, POINTS};
use crate::number;
use crate::replenish::policy::Scenario;

/// For each way of a series its twin among what trees tell, with `weight` among all of them.
pub(crate) fn twins(own: &[Scenario], likely: &[Likely], weight: f64) -> Vec<Scenario> {
    let all: f64 = own.iter().map(|way| way.weight).sum();
    let share = if all > 0.0 { weight / all } else { 0.0 };
    let mut twins: Vec<Scenario> = own
        .iter()
        .map(|way| Scenario { weight: share * way.weight, demand: Vec::with_capacity(likely.len()) })
        .collect();
    for (ahead, likely) in likely.iter().enumerate() {
        let mut order: Vec<usize> = (0..own.len()).collect();
        order.sort_by_key(|way| own[*way].demand.get(ahead));
        let mut passed = 0.0;
        for way in order {
            let middle = passed + own[way].weight / 2.0;
            passed += own[way].weight;
            twins[way].demand.push(number::whole(at(likely, middle / all.max(1e-300))));
        }
    }
    twins
}

/// The value at a share of all cases.
fn at(likely: &Likely, share: f64) -> f64 {
    let nth = usize::try_from(number::whole((share * number::count(POINTS)).floor())).unwrap_or(0);
    likely[nth.min(POINTS - 1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_twin_is_high_where_its_way_is_and_as_high_as_trees_tell() {
        let way = |demand: [i64; 2]| Scenario { weight: 2.0, demand: demand.to_vec() };
        let own = [way([5, 50]), way([9, 10])];
        let likely = [[0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0]; 2];

        let twins = twins(&own, &likely, 14.0);

        assert_eq!(twins.iter().map(|way| way.demand.clone()).collect::<Vec<_>>(), [[20, 70], [70, 20]]);
        assert!(twins.iter().all(|way| (way.weight - 7.0).abs() < 1e-9));
    }
}
