//! Small shops drawn at random, with every feature of the model, for tests that state what always holds.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

use proptest::prelude::*;
use routing::check::check;
use routing::model::{Balance, Break, Matrix, Order, Plan, Problem, Reason, Relaxation, SoftLate, Vehicle, Window};
use routing::solve::{Budget, Objective, Settings, solve};

const HOUR: i64 = 3_600_000;

fn settings(iterations: u64) -> Settings<'static> {
    Settings { budget: Budget::iterations(iterations), ..Settings::default() }
}

/// Places on a grid of kilometres, ten minutes each, the ways out a little longer than the ways back.
fn roads(places: &[(i32, i32)]) -> Matrix {
    let (mut ms, mut metres) = (Vec::new(), Vec::new());
    for (from, a) in places.iter().enumerate() {
        for (to, b) in places.iter().enumerate() {
            let kilometres = (a.0 - b.0).abs() + (a.1 - b.1).abs();
            let uphill = if from < to { 100 } else { 0 };
            metres.push(if from == to { 0 } else { kilometres * 1_000 + uphill });
            ms.push(if from == to { 0 } else { kilometres * 600_000 + uphill * 60 });
        }
    }
    Matrix::new(places.len(), ms, metres).unwrap()
}

prop_compose! {
    fn order(number: usize)(
        weight in 1i64..40,
        crates in 0i64..3,
        start in 0i64..8,
        length in 1i64..6,
        second in proptest::option::weighted(0.2, 1i64..3),
        release in proptest::option::weighted(0.3, 0i64..3),
        skills in prop_oneof![4 => Just(0u64), 1 => Just(1u64)],
        tier in 0u8..4,
        prize in proptest::option::weighted(0.2, 0i64..60_000),
        soft in proptest::option::weighted(0.2, 0i64..8),
        cold in proptest::option::weighted(0.2, 1i64..4),
    ) -> Order {
        let mut windows = vec![Window::new(start * HOUR, (start + length) * HOUR)];
        if let Some(gap) = second {
            windows.push(Window::new((start + length + gap) * HOUR, (start + length + gap + 1) * HOUR));
        }
        Order {
            load: [weight, 0, crates, 0, 0, 0],
            windows,
            service_ms: 300_000,
            release_ms: release.map(|hour| hour * HOUR),
            skills,
            tier,
            prize,
            soft_late: soft.map(|hour| SoftLate { after_ms: hour * HOUR, cost_per_ms: 1 }),
            cold_limit_ms: cold.map(|hours| hours * HOUR),
            ..Order::at(format!("order {number}"), number + 2)
        }
    }
}

prop_compose! {
    fn vehicle(number: usize)(
        depot in 0usize..2,
        elsewhere in prop_oneof![4 => Just(false), 1 => Just(true)],
        capacity in 30i64..120,
        skills in 0u64..2,
        fixed in 0i64..20_000,
        per_metre in 1i64..4,
        per_ms in 0i64..2,
        trips in 1usize..4,
        rest in proptest::option::weighted(0.3, 2i64..5),
        longest in proptest::option::weighted(0.3, 4i64..9),
    ) -> Vehicle {
        let shift = Window::new(0, 12 * HOUR);
        Vehicle {
            end: if elsewhere { 1 - depot } else { depot },
            capacity: [capacity, 0, 5, 0, 0, 0],
            skills,
            fixed_cost: fixed,
            cost_per_metre: per_metre,
            cost_per_ms: per_ms,
            trips_max: trips,
            reload_ms: 600_000,
            rest: rest.map(|hour| Break { window: Window::new(hour * HOUR, (hour + 3) * HOUR), length_ms: HOUR / 2 }),
            max_duration_ms: longest.map(|hours| hours * HOUR),
            ..Vehicle::at(format!("van {number}"), depot, shift)
        }
    }
}

prop_compose! {
    fn shop()(size in 1usize..14, vans in 1usize..4)(
        orders in (0..size).map(order).collect::<Vec<_>>(),
        vehicles in (0..vans).map(vehicle).collect::<Vec<_>>(),
        places in proptest::collection::vec((0i32..8, 0i32..8), size + 2),
        even in proptest::option::weighted(0.3, 1i64..6),
    ) -> Problem {
        Problem {
            matrices: vec![roads(&places)],
            orders,
            vehicles,
            balance: even.map(|hours| Balance { even_share_ms: hours * HOUR, cost_per_ms: 1 }),
        }
    }
}

/// Sound, complete, and billed as the solver says.
fn assert_sound(problem: &Problem, plan: &Plan, cost: Option<i64>) {
    let verdict = check(problem, plan);
    assert_eq!(verdict.violations, []);
    if let Some(cost) = cost.filter(|_| verdict.cost.unserved == 0) {
        assert_eq!(verdict.cost.total(), cost);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_plan_can_be_driven_and_costs_what_it_says(problem in shop(), seed in 0u64..1_000) {
        let answer = solve(&problem, None, &Settings { seed, ..settings(60) }).unwrap();
        assert_sound(&problem, &answer.plan, Some(answer.cost));
    }

    #[test]
    fn a_plan_that_is_there_is_never_made_worse(problem in shop(), seed in 0u64..1_000) {
        let first = solve(&problem, None, &Settings { seed, ..settings(20) }).unwrap();
        let second = solve(&problem, Some(&first.plan), &Settings { seed: seed + 1, ..settings(20) }).unwrap();

        assert_sound(&problem, &second.plan, Some(second.cost));
        assert!(second.cost <= first.cost);
    }

    #[test]
    fn the_same_seed_and_iterations_make_the_same_plan(problem in shop(), seed in 0u64..1_000) {
        let objective = Objective::VehiclesFirst;
        let first = solve(&problem, None, &Settings { seed, objective, ..settings(40) }).unwrap();
        let second = solve(&problem, None, &Settings { seed, objective, ..settings(40) }).unwrap();

        assert_eq!(first, second);
        assert_sound(&problem, &first.plan, Some(first.cost));
    }
}

fn two_doors() -> Problem {
    let day = Window::new(0, 10 * HOUR);
    Problem {
        matrices: vec![roads(&[(0, 0), (3, 0), (0, 4)])],
        orders: vec![
            Order::at("spinach", 1).within(Window::new(0, 2 * HOUR)).weighing(60),
            Order::at("cod", 2).within(Window::new(0, 4 * HOUR)).weighing(60),
        ],
        vehicles: vec![Vehicle { capacity: [100, 0, 0, 0, 0, 0], ..Vehicle::at("van", 0, day) }],
        balance: None,
    }
}

#[test]
fn a_full_van_names_the_room_that_is_missing() {
    let problem = two_doors();

    let answer = solve(&problem, None, &settings(200)).unwrap();

    let left = &answer.plan.unassigned[0];
    assert_eq!(left.reason, Reason::NoRoom);
    assert_eq!(left.relaxation, Relaxation::MoreRoom { vehicle: 0, dimension: 0, by: 20 });
}

#[test]
fn the_second_trip_serves_what_one_cannot_carry() {
    let mut problem = two_doors();
    problem.vehicles[0].trips_max = 2;

    let answer = solve(&problem, None, &settings(200)).unwrap();

    assert_eq!(answer.plan.unassigned, []);
    assert_eq!(answer.plan.routes[0].trips.len(), 2);
    assert_sound(&problem, &answer.plan, Some(answer.cost));
}

#[test]
fn a_window_that_nobody_can_reach_says_by_how_much() {
    let mut problem = two_doors();
    problem.orders[0].load[0] = 10;
    problem.orders[1].windows = vec![Window::new(0, HOUR / 2)];

    let answer = solve(&problem, None, &settings(200)).unwrap();

    // Four kilometres at ten minutes each, with the way uphill, against half an hour.
    let late = 4 * 600_000 + 6_000 - HOUR / 2;
    let left = answer.plan.unassigned.iter().find(|left| left.order == 1).unwrap();
    assert_eq!(left.reason, Reason::OutOfTime);
    assert_eq!(left.relaxation, Relaxation::LaterWindow { vehicle: 0, by_ms: late });
}

#[test]
fn what_weighs_more_than_any_van_carries_is_too_large() {
    let mut problem = two_doors();
    problem.orders[0].load[0] = 130;

    let answer = solve(&problem, None, &settings(200)).unwrap();

    let left = answer.plan.unassigned.iter().find(|left| left.order == 0).unwrap();
    assert_eq!(left.reason, Reason::TooLarge);
    assert_eq!(left.relaxation, Relaxation::MoreRoom { vehicle: 0, dimension: 0, by: 30 });
}

#[test]
fn a_prize_below_the_way_is_left() {
    let mut problem = two_doors();
    problem.orders[1].load[0] = 10;
    problem.orders[1].prize = Some(100);

    let answer = solve(&problem, None, &settings(200)).unwrap();

    assert_eq!(answer.plan.unassigned[0].order, 1);
    assert_eq!(answer.plan.unassigned[0].reason, Reason::NotWorthIt);
}

#[test]
fn the_driver_rests_between_two_doors() {
    let mut problem = two_doors();
    problem.orders[0].load[0] = 10;
    problem.vehicles[0].rest = Some(Break { window: Window::new(HOUR, 3 * HOUR), length_ms: HOUR / 2 });

    let answer = solve(&problem, None, &settings(200)).unwrap();

    assert!(answer.plan.routes[0].rest.is_some());
    assert_eq!(answer.plan.unassigned, []);
    assert_sound(&problem, &answer.plan, Some(answer.cost));
}
