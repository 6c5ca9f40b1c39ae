//! A plan that is being driven, and what happens to it.

#![expect(
    clippy::unwrap_used,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a test may stop, says what it measured, and its towns are small"
)]

use routing::check::check;
use routing::model::{Matrix, ModelError, Order, Plan, Problem, UNREACHABLE, Vehicle, Window};
use routing::replan::{Change, break_down, changes, delay, freeze, insert, offer, remove, swap};
use routing::roads::{Climb, Graph, Network, Point, Profile, Snapper, Stops, osm};
use routing::solve::{Budget, Clock, Settings, solve};

const HOUR: i64 = 3_600_000;

/// A town on a grid: doors spread by a fixed recipe, windows of two hours, vans of forty.
fn town(doors: usize, vans: usize) -> Problem {
    let at = |door: usize| ((door * 37 % 101) as i32, (door * 59 % 97) as i32);
    let places: Vec<(i32, i32)> = std::iter::once((50, 50)).chain((1..=doors).map(at)).collect();
    let (mut ms, mut metres) = (Vec::new(), Vec::new());
    for a in &places {
        for b in &places {
            let way = ((a.0 - b.0).abs() + (a.1 - b.1).abs()) * 100;
            metres.push(way);
            ms.push(way * 150);
        }
    }
    let order = |door: usize| {
        let opens = (door as i64 % 4) * 2 * HOUR;
        Order { service_ms: 180_000, ..Order::at(format!("door {door}"), door) }
            .within(Window::new(opens, opens + 2 * HOUR))
            .weighing(1)
    };
    let van = |number: usize| {
        let mut van = Vehicle::at(format!("van {number}"), 0, Window::new(-HOUR, 10 * HOUR));
        van.capacity[0] = 40;
        van.fixed_cost = 10_000;
        van
    };
    Problem {
        matrices: vec![Matrix::new(places.len(), ms, metres).unwrap()],
        orders: (1..=doors).map(order).collect(),
        vehicles: (0..vans).map(van).collect(),
        balance: None,
    }
}

fn settings(iterations: u64) -> Settings<'static> {
    Settings { budget: Budget::iterations(iterations), ..Settings::default() }
}

fn planned(problem: &Problem) -> Plan {
    let plan = solve(problem, None, &settings(3_000)).unwrap().plan;
    assert_eq!(check(problem, &plan).violations, []);
    assert_eq!(plan.unassigned, []);
    plan
}

fn last_order_left_out(problem: &Problem) -> (Problem, Plan) {
    let mut before = problem.clone();
    before.orders.pop();
    let plan = planned(&before);
    (before, plan)
}

#[test]
fn a_late_order_finds_its_place_and_costs_what_was_offered() {
    let problem = town(120, 12);
    let (before, plan) = last_order_left_out(&problem);
    let order = problem.orders.len() - 1;

    let offered = offer(&problem, &plan, order).unwrap().unwrap();
    let after = insert(&problem, &plan, &[order], &settings(0)).unwrap();

    let verdict = check(&problem, &after.plan);
    assert_eq!(verdict.violations, []);
    assert_eq!(verdict.cost.unserved, 0);
    let more = verdict.cost.total() - check(&before, &plan).cost.total();
    assert_eq!(more, offered.more);
    assert!(after.changes.contains(&Change::Assigned { order, vehicle: offered.vehicle }));
}

#[test]
fn thinking_longer_about_an_insertion_never_costs_more() {
    let problem = town(120, 12);
    let (_, plan) = last_order_left_out(&problem);
    let order = problem.orders.len() - 1;

    let at_once = insert(&problem, &plan, &[order], &settings(0)).unwrap();
    let later = insert(&problem, &plan, &[order], &settings(500)).unwrap();

    let cost = |plan: &Plan| check(&problem, plan).cost.total();
    assert_eq!(check(&problem, &later.plan).violations, []);
    assert!(cost(&later.plan) <= cost(&at_once.plan));
}

#[test]
fn who_drops_out_leaves_the_others_in_their_sequence() {
    let problem = town(60, 6);
    let plan = planned(&problem);
    let order = plan.routes[0].trips[0].orders[1];

    let after = remove(&problem, &plan, order).unwrap();

    let left = after.changes.iter().filter(|change| matches!(change, Change::Unassigned { .. })).count();
    let behind = after.changes.iter().filter(|change| matches!(change, Change::Resequenced { .. })).count();
    assert_eq!((left, after.changes.len()), (1, 1 + behind));
    assert!(behind <= 1);
}

/// Two vans with a door each in the same wave.
fn two_that_may_change(plan: &Plan) -> (usize, usize) {
    let same_wave = |&(one, other): &(usize, usize)| one % 4 == other % 4;
    let (mine, yours) = (&plan.routes[0], &plan.routes[1]);
    mine.orders().flat_map(|one| yours.orders().map(move |other| (one, other))).find(same_wave).unwrap()
}

#[test]
fn two_orders_that_change_vans_leave_the_other_vans_alone() {
    let problem = town(120, 12);
    let plan = planned(&problem);
    let (one, other) = two_that_may_change(&plan);
    let [mine, yours] = [0, 1].map(|route: usize| plan.routes[route].vehicle);

    let settings = Settings { move_cost: 10_000_000, ..settings(200) };
    let after = swap(&problem, &plan, one, other, &settings).unwrap();

    assert_eq!(check(&problem, &after.plan).violations, []);
    assert_eq!(after.plan.unassigned, []);
    let moved: Vec<&Change> = after
        .changes
        .iter()
        .filter(|change| matches!(change, Change::Moved { .. } | Change::Unassigned { .. }))
        .collect();
    let mut expected =
        [Change::Moved { order: one, from: mine, to: yours }, Change::Moved { order: other, from: yours, to: mine }];
    expected.sort_by_key(|change| if let Change::Moved { order, .. } = change { *order } else { 0 });
    assert_eq!(moved, expected.iter().collect::<Vec<_>>());
    let stayed =
        |change: &Change| !matches!(change, Change::Resequenced { vehicle, .. } if ![mine, yours].contains(vehicle));
    assert!(after.changes.iter().all(stayed));
}

#[test]
fn who_cannot_change_vans_is_told_why() {
    let mut problem = town(120, 12);
    let plan = planned(&problem);
    let (one, other) = two_that_may_change(&plan);
    let (neighbour, vehicle) = (plan.routes[0].orders().find(|&order| order != one).unwrap(), plan.routes[0].vehicle);
    let refused = |problem: &Problem, plan: &Plan, other| swap(problem, plan, one, other, &settings(0)).unwrap_err();

    assert_eq!(refused(&problem, &plan, neighbour), ModelError::SameVehicle { one, other: neighbour, vehicle });
    let without_it = remove(&problem, &plan, one).unwrap().plan;
    assert_eq!(refused(&problem, &without_it, other), ModelError::NoOpenStop { order: one });
    problem.orders[one].pinned_to = Some(vehicle);
    assert_eq!(refused(&problem, &plan, other), ModelError::PinnedElsewhere { order: one, vehicle });
    problem.orders[one].pinned_to = None;
    freeze(&mut problem, &plan, 10 * HOUR);
    assert_eq!(refused(&problem, &plan, other), ModelError::NoOpenStop { order: one });
}

#[test]
fn what_is_driven_stays_as_it_was_driven() {
    let mut problem = town(120, 12);
    let plan = planned(&problem);
    freeze(&mut problem, &plan, 3 * HOUR);
    let frozen: usize = problem.vehicles.iter().flat_map(|van| &van.frozen).map(|trip| trip.stops.len()).sum();
    assert!(frozen > 30, "{frozen} stops are frozen");
    let busy: Vec<usize> = plan.routes.iter().map(|route| route.vehicle).collect();

    delay(&mut problem, busy[1], HOUR / 6).unwrap();
    break_down(&mut problem, busy[0]).unwrap();
    let settings = Settings { move_cost: 2_000, ..settings(2_000) };
    let answer = solve(&problem, Some(&plan), &settings).unwrap();

    let verdict = check(&problem, &answer.plan);
    assert_eq!(verdict.violations, []);
    let changed = changes(&plan, &answer.plan);
    let from_the_broken =
        changed.iter().filter(|change| matches!(change, Change::Moved { from, .. } if *from == busy[0]));
    assert!(from_the_broken.count() > 0);
    let others_moved = changed.iter().filter(|change| matches!(change, Change::Moved { from, .. } if *from != busy[0]));
    assert!(others_moved.count() < 20);
}

#[test]
fn a_high_price_of_moving_keeps_everybody_where_they_are() {
    let problem = town(80, 8);
    let plan = solve(&problem, None, &settings(5)).unwrap().plan;

    let settings = Settings { move_cost: 10_000_000, ..settings(2_000) };
    let answer = solve(&problem, Some(&plan), &settings).unwrap();

    let moved = changes(&plan, &answer.plan);
    assert!(moved.iter().all(|change| !matches!(change, Change::Moved { .. })));
}

/// Seconds that the system has given to this thread, as Linux tells them; it counts up when the thread gives way.
fn thread_seconds() -> f64 {
    std::thread::yield_now();
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}

/// Doors at pieces of road in a small country, the depot first.
fn doors_of(graph: &Graph, count: usize) -> Vec<Point> {
    let piece = |door: usize| graph.course((door * 7_919 % graph.len()) as u32)[0];
    (0..count).map(piece).collect()
}

/// `cargo test --workspace --test replan -- --ignored --nocapture`: one order more for a plan of a thousand stops, its
/// row and column of the matrix included.
#[test]
#[ignore = "measures; takes a minute"]
fn an_insertion_into_a_thousand_stops_takes_milliseconds() {
    const STOPS: usize = 1_000;
    const NEW: usize = 200;
    let Some(root) = std::env::var_os("FRESHET_TEST_DATA") else {
        println!("skipped: no data");
        return;
    };
    let bytes = std::fs::read(std::path::PathBuf::from(root).join("routing/osm/andorra.osm.pbf")).unwrap();
    let network = Network::prepare(Graph::build(&osm::read(&bytes).unwrap(), Profile::Van, None).unwrap());
    let (graph, hierarchy) = (&network.graph, &network.hierarchy);
    let places = doors_of(graph, 1 + STOPS + NEW);
    let (known, new) = places.split_at(1 + STOPS);
    let mut problem = town(STOPS, 60);
    problem.matrices = vec![network.matrix(known).unwrap()];
    let plan = planned(&problem);
    let snapper = Snapper::over(graph);
    let snaps: Vec<_> = known.iter().map(|&place| snapper.snap(graph, place)).collect();
    let stops = Stops::new(graph, hierarchy, &snaps);
    let mut climb = Climb::new(hierarchy);

    let mut took = Vec::new();
    for (number, &place) in new.iter().enumerate() {
        let mut after = problem.clone();
        let began = thread_seconds();
        let snap = snapper.snap(graph, place).unwrap();
        let cell = |way: &Option<(u32, u32)>| way.map_or((UNREACHABLE, UNREACHABLE), |(ms, m)| (ms as i32, m as i32));
        let from_it: Vec<_> = stops.row(&mut climb, graph, hierarchy, Some(&snap)).iter().map(cell).collect();
        let to_it: Vec<_> = stops.column(&mut climb, graph, hierarchy, &snap).iter().map(cell).collect();
        let place = after.matrices[0].add_place(&to_it, &from_it).unwrap();
        after.orders.push(Order { place, ..problem.orders[number].clone() });
        let inserted = insert(&after, &plan, &[STOPS], &settings(200)).unwrap();
        took.push(thread_seconds() - began);
        let verdict = check(&after, &inserted.plan);
        assert_eq!((verdict.violations, verdict.cost.unserved), (vec![], 0));
    }
    took.sort_by(f64::total_cmp);
    println!("half of {NEW} within {:.6} s, 99 % within {:.6} s", took[NEW / 2], took[NEW * 99 / 100]);
}

/// The processor time of this thread.
struct ThreadTime;

impl Clock for ThreadTime {
    fn now_us(&self) -> u64 {
        (thread_seconds() * 1e6) as u64
    }
}

/// A day of 500 doors in three waves of two hours, of which the first has been driven; 20 more doors come last.
fn a_day_after_two_hours() -> (Problem, Plan) {
    const DOORS: usize = 500;
    const LATE: usize = 20;
    let mut problem = town(DOORS + LATE, 40);
    for (number, order) in problem.orders.iter_mut().enumerate() {
        let wave = if number < DOORS { number as i64 % 3 } else { 1 + number as i64 % 2 };
        order.windows = vec![Window::new(wave * 2 * HOUR, (wave + 1) * 2 * HOUR)];
    }
    let mut known = problem.clone();
    known.orders.truncate(DOORS);
    let settings = Settings { budget: Budget::ms(10_000, &ThreadTime), ..Settings::default() };
    let plan = solve(&known, None, &settings).unwrap().plan;
    assert_eq!((check(&known, &plan).violations, plan.unassigned.len()), (vec![], 0));
    freeze(&mut problem, &plan, 2 * HOUR);
    (problem, plan)
}

/// `cargo test --workspace --test replan -- --ignored --nocapture`: two hours into a day of 500 stops come 20 orders,
/// five vans are late and one breaks down. Thinking again takes less than a second, and what comes of it costs at most
/// a fiftieth more than what half a minute would have found for the same frozen stops.
#[test]
#[ignore = "measures; takes two minutes"]
fn a_day_gone_wrong_is_planned_again_within_a_second() {
    const MOVE_COST: i64 = 200;
    let (mut problem, plan) = a_day_after_two_hours();
    let frozen: usize = problem.vehicles.iter().flat_map(|van| &van.frozen).map(|trip| trip.stops.len()).sum();
    assert!((160..240).contains(&frozen), "{frozen} stops are frozen");
    let busy: Vec<usize> = plan.routes.iter().map(|route| route.vehicle).collect();
    for (late, minutes) in busy[1..6].iter().zip([10, 12, 15, 18, 20]) {
        delay(&mut problem, *late, minutes * 60_000).unwrap();
    }
    break_down(&mut problem, busy[0]).unwrap();

    let within = |ms, seed| Settings { budget: Budget::ms(ms, &ThreadTime), seed, ..settings(0) };
    let cost_of = |plan: &Plan| {
        let verdict = check(&problem, plan);
        assert_eq!((verdict.violations, verdict.cost.unserved), (vec![], 0));
        verdict.cost.total()
    };
    for seed in 1..=3 {
        let began = thread_seconds();
        let quick = solve(&problem, Some(&plan), &Settings { move_cost: MOVE_COST, ..within(800, seed) }).unwrap();
        let listed = changes(&plan, &quick.plan);
        let took = thread_seconds() - began;

        let thorough = solve(&problem, Some(&plan), &within(30_000, seed)).unwrap();

        let (cost, least) = (cost_of(&quick.plan), cost_of(&thorough.plan));
        let count = |kind: fn(&Change) -> bool| listed.iter().filter(|change| kind(change)).count();
        let assigned = count(|change| matches!(change, Change::Assigned { .. }));
        let moved = count(|change| matches!(change, Change::Moved { .. }));
        println!(
            "seed {seed}: {frozen} stops frozen, planned again in {took:.3} s, cost {cost} against {least} ({:+.2} %), \
             {} changed stops: {assigned} new, {moved} with another van",
            (cost - least) as f64 * 100.0 / least as f64,
            listed.len(),
        );
        assert!(took < 1.0, "{took} s");
        assert_eq!(assigned, 20);
        assert!(cost * 50 <= least * 51, "{cost} against {least}");
    }
}
