//! The books of the search against the checker, which has its own.

use proptest::prelude::*;

use super::answer;
use super::exact::Chance;
use super::search::{Record, Search};
use super::shop::Shop;
use crate::check::check;
use crate::model::{Matrix, Order, Problem, Vehicle, Window};

const HOUR: i64 = 3_600_000;

/// Doors scattered over a plain, with what a case asks for.
fn scattered(seed: u64, doors: usize, trips: usize, prizes: bool, kinds: i64) -> Problem {
    let mut chance = Chance::new(seed);
    let places: Vec<(i64, i64)> = (0..=doors).map(|_| (chance.below(100) as i64, chance.below(100) as i64)).collect();
    let (mut ms, mut metres) = (Vec::new(), Vec::new());
    for a in &places {
        for b in &places {
            let way = (a.0 - b.0).abs() + (a.1 - b.1).abs() + if a < b { 3 } else { 0 };
            metres.push(way as i32);
            ms.push(way as i32 * 20_000);
        }
    }
    let mut orders = Vec::new();
    for door in 1..=doors {
        let opens = chance.below(6) as i64 * HOUR;
        let order = Order::at(door.to_string(), door).within(Window::new(opens, opens + 3 * HOUR));
        let mut order = order.weighing(1 + chance.below(9) as i64);
        order.service_ms = 60_000;
        order.prize = prizes.then(|| 20 + chance.below(150) as i64);
        order.release_ms = (trips > 1).then(|| chance.below(3) as i64 * HOUR);
        orders.push(order);
    }
    let vehicles = (0..6).map(|number| {
        let mut van = Vehicle::at(number.to_string(), 0, Window::new(-HOUR, 12 * HOUR));
        let kind = number % kinds;
        van.capacity[0] = 25 + 15 * kind;
        van.fixed_cost = 40 + 30 * kind;
        van.cost_per_metre = 1 + kind;
        van.trips_max = trips;
        van.reload_ms = 600_000;
        van
    });
    let vehicles = vehicles.collect();
    Problem { matrices: vec![Matrix::new(places.len(), ms, metres).unwrap()], orders, vehicles, balance: None }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_step_costs_what_the_checker_says(
        seed in any::<u64>(),
        doors in 5usize..40,
        trips in 1usize..3,
        prizes in any::<bool>(),
        kinds in 1i64..4,
    ) {
        let problem = scattered(seed, doors, trips, prizes, kinds);
        let shop = Shop::open(&problem, None);
        let mut search = Search::new(&shop, seed, false);
        search.construct();

        for step in 0..40 {
            let before = search.tours.cost;
            search.tours.begin();
            search.ruin_and_recreate();
            if step % 3 == 0 {
                search.tours.undo();
                prop_assert_eq!(search.tours.cost, before);
            }

            let record = Record::of(&search.tours);
            let plan = answer(&problem, &shop, &record, 0).plan;
            let verdict = check(&problem, &plan);
            prop_assert_eq!(&verdict.violations, &[]);
            let without_prize = record.absent.iter().filter(|&&order| problem.orders[order as usize].prize.is_none());
            let missed: i64 = without_prize.map(|&order| shop.miss[order as usize]).sum();
            prop_assert_eq!(verdict.cost.total() + missed, search.tours.cost);
        }
    }
}
