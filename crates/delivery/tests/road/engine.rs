//! The engine against a checker that shares no code with it.

use std::collections::BTreeMap;

use catalog::Position;
use delivery::planning::{
    Cargo, Hold, ShiftId, Skill, UnassignedReason, VehicleKind,
    engine::{Engine, Insertion, Problem, Solution, Tour, Visit},
    search::Search,
    travel::Roads,
};
use kernel::{CourierId, CustomerOrderId, Id, IdSource, Instant, Money, Stamp, VehicleId};
use proptest::prelude::*;

/// The search with a small budget, so that many cases are asked.
const HASTY: Search = Search { iterations_per_visit: 20, iterations_max: 1_000, seed: 1 };

const MORNING: Instant = Instant::from_millis(1_774_000_800_000);

/// Everything that a plan must keep, said once more and otherwise.
fn check(problem: &Problem, solution: &Solution) -> Result<(), String> {
    let mut seen: BTreeMap<CustomerOrderId, usize> = BTreeMap::new();
    let mut driven: Vec<usize> = Vec::new();
    for route in &solution.routes {
        let tour = &problem.tours[route.tour];
        if driven.contains(&route.tour) {
            return Err(format!("tour {} is driven twice", route.tour));
        }
        driven.push(route.tour);
        if route.calls.is_empty() {
            return Err("an empty route".to_owned());
        }
        check_room(problem, tour, &route.calls.iter().map(|call| call.visit).collect::<Vec<_>>())?;

        let (mut place, mut clock, mut metres) = (0, route.departs_at.millis(), 0);
        if clock < tour.ready.millis() {
            return Err("it leaves before it is ready".to_owned());
        }
        for call in &route.calls {
            let visit = &problem.visits[call.visit];
            *seen.entry(visit.order).or_default() += 1;
            let leg = problem.roads.metres(place, call.visit + 1);
            // Speed is metres per minute: whoever arrives has driven at least leg ÷ speed.
            clock += (leg * 60_000).div_euclid(tour.metres_per_minute);
            clock += i64::from((leg * 60_000) % tour.metres_per_minute != 0);
            if call.arrives_at.millis() != clock {
                return Err(format!("arrival {} where {clock} is driven", call.arrives_at.millis()));
            }
            if clock > visit.closes.millis() {
                return Err(format!("late at {}", visit.order));
            }
            clock = clock.max(visit.opens.millis()) + visit.service_ms;
            place = call.visit + 1;
            metres += leg;
        }
        let home = problem.roads.metres(place, 0);
        clock += (home * 60_000 + tour.metres_per_minute - 1) / tour.metres_per_minute;
        if route.returns_at.millis() != clock || clock > tour.back_by.millis() {
            return Err("the shift is over before the courier is back".to_owned());
        }
        if route.metres != metres + home {
            return Err("the metres do not add up".to_owned());
        }
    }
    for left in &solution.unassigned {
        *seen.entry(left.order).or_default() += 1;
        check_reason(problem, solution, left.order, left.reason)?;
    }
    for visit in &problem.visits {
        if seen.get(&visit.order) != Some(&1) {
            return Err(format!("{} stands {:?} times in the plan", visit.order, seen.get(&visit.order)));
        }
    }
    if seen.len() == problem.visits.len() { Ok(()) } else { Err("the plan has orders of its own".to_owned()) }
}

fn check_room(problem: &Problem, tour: &Tour, visits: &[usize]) -> Result<(), String> {
    let cargo: Vec<Cargo> = visits.iter().map(|visit| problem.visits[*visit].cargo).collect();
    let room = tour.capacity;
    for (has, of) in [
        (room.ambient, cargo.iter().map(|cargo| cargo.ambient).collect::<Vec<_>>()),
        (room.chilled, cargo.iter().map(|cargo| cargo.chilled).collect()),
        (room.frozen, cargo.iter().map(|cargo| cargo.frozen).collect()),
    ] {
        let grams: i64 = of.iter().map(|hold| hold.grams).sum();
        let crates: i64 = of.iter().map(|hold| hold.crates).sum();
        if grams > has.grams || crates > has.crates {
            return Err("the vehicle is overloaded".to_owned());
        }
    }
    for visit in visits {
        if let Some(missing) = problem.visits[*visit].skills.iter().find(|skill| !tour.skills.contains(skill)) {
            return Err(format!("a stop that needs {missing} is on a tour without it"));
        }
    }
    Ok(())
}

/// A reason is true: what it says can be counted in the problem.
fn check_reason(
    problem: &Problem,
    solution: &Solution,
    order: CustomerOrderId,
    reason: UnassignedReason,
) -> Result<(), String> {
    let at = problem.visits.iter().position(|visit| visit.order == order).ok_or("a reason for a strange order")?;
    let visit = &problem.visits[at];
    let able: Vec<(usize, &Tour)> = problem
        .tours
        .iter()
        .enumerate()
        .filter(|(_, tour)| visit.skills.iter().all(|skill| tour.skills.contains(skill)))
        .collect();
    let large: Vec<&(usize, &Tour)> =
        able.iter().filter(|(_, tour)| check_room(problem, tour, &[at]).is_ok()).collect();
    let drive =
        |tour: &Tour| (problem.roads.metres(0, at + 1) * 60_000 + tour.metres_per_minute - 1) / tour.metres_per_minute;
    let early: Vec<&&(usize, &Tour)> =
        large.iter().filter(|(_, tour)| tour.ready.millis() + drive(tour) <= visit.closes.millis()).collect();
    let back: Vec<usize> = early
        .iter()
        .filter(|(_, tour)| {
            let door = (tour.ready.millis() + drive(tour)).max(visit.opens.millis());
            door + visit.service_ms + drive(tour) <= tour.back_by.millis()
        })
        .map(|(index, _)| *index)
        .collect();
    // A courier who sits at the depot while an order that they could bring is left over is a bug.
    if let Some(idle) = back.iter().find(|index| !solution.routes.iter().any(|route| route.tour == **index)) {
        return Err(format!("tour {idle} stays at home while {order} is left: {reason:?}"));
    }
    let truth = match reason {
        UnassignedReason::NoVehicle => problem.tours.is_empty(),
        UnassignedReason::AddressNotLocated => false,
        UnassignedReason::SkillMissing { skill } => {
            !problem.tours.is_empty() && able.is_empty() && visit.skills.contains(&skill)
        }
        UnassignedReason::LargerThanAnyVehicle => !able.is_empty() && large.is_empty(),
        UnassignedReason::WindowUnreachable => !large.is_empty() && early.is_empty(),
        UnassignedReason::ShiftOver => !early.is_empty() && back.is_empty(),
        UnassignedReason::CapacityFull | UnassignedReason::NoTimeLeft => !back.is_empty(),
    };
    if truth { Ok(()) } else { Err(format!("{reason:?} is not why {order} was left")) }
}

#[derive(Clone, Debug)]
struct DoorSeed {
    north: i64,
    east: i64,
    opens: i64,
    length: i64,
    service: i64,
    grams: [i64; 3],
    dock: bool,
}

#[derive(Clone, Debug)]
struct TourSeed {
    speed: i64,
    start: i64,
    length: i64,
    kilos: [i64; 3],
    frozen: bool,
    dock: bool,
    cost: i64,
}

fn doors() -> impl Strategy<Value = Vec<DoorSeed>> {
    let grams = prop::array::uniform3(prop_oneof![Just(0_i64), 200..30_000_i64]);
    let door =
        (-90_000..90_000_i64, -90_000..90_000_i64, 0..6_i64, 30..180_i64, 1..12_i64, grams, prop::bool::weighted(0.1));
    let door = door.prop_map(|(north, east, opens, length, service, grams, dock)| DoorSeed {
        north,
        east,
        opens: opens * 30,
        length,
        service,
        grams,
        dock,
    });
    prop::collection::vec(door, 1..=60)
}

fn tours() -> impl Strategy<Value = Vec<TourSeed>> {
    let kilos = prop::array::uniform3(0..200_i64);
    let tour = (150..500_i64, 0..120_i64, 60..480_i64, kilos, any::<bool>(), any::<bool>(), 0..3_i64);
    let tour = tour.prop_map(|(speed, start, length, kilos, frozen, dock, cost)| TourSeed {
        speed,
        start,
        length,
        kilos,
        frozen,
        dock,
        cost,
    });
    prop::collection::vec(tour, 0..=6)
}

fn problem(doors: &[DoorSeed], tours: &[TourSeed]) -> Problem {
    let stamp = Stamp::system(MORNING, &IdSource::seeded(7));
    let depot = Position { latitude_microdegrees: 25_040_000, longitude_microdegrees: 121_510_000 };
    let mut places = vec![depot];
    let hold = |grams: i64| Hold { grams, crates: (grams + 9_999) / 10_000 };
    let visits = doors.iter().map(|door| {
        places.push(Position {
            latitude_microdegrees: depot.latitude_microdegrees + door.north,
            longitude_microdegrees: depot.longitude_microdegrees + door.east,
        });
        let [ambient, chilled, frozen] = door.grams.map(hold);
        let cargo = Cargo { ambient, chilled, frozen };
        let mut skills = Vec::new();
        if cargo.is_frozen() {
            skills.push(Skill::Frozen);
        }
        if door.dock {
            skills.push(Skill::BusinessDock);
        }
        let opens = MORNING.plus_minutes(door.opens);
        let closes = opens.plus_minutes(door.length);
        Visit { order: stamp.mint(), opens, closes, service_ms: door.service * 60_000, cargo, skills }
    });
    let visits: Vec<Visit> = visits.collect();
    let tours = tours.iter().map(|seed| {
        let [ambient, chilled, frozen] = seed.kilos.map(|kilos| hold(kilos * 1000));
        let mut skills = Vec::new();
        if seed.frozen {
            skills.push(Skill::Frozen);
        }
        if seed.dock {
            skills.push(Skill::BusinessDock);
        }
        Tour {
            shift: ShiftId::from_uuid(stamp.mint::<VehicleId>().uuid()),
            courier: stamp.mint::<CourierId>(),
            vehicle: stamp.mint(),
            kind: VehicleKind::Van,
            metres_per_minute: seed.speed,
            capacity: Cargo { ambient, chilled, frozen },
            skills,
            ready: MORNING.plus_minutes(seed.start),
            back_by: MORNING.plus_minutes(seed.start + seed.length),
            cost_per_run: Money(seed.cost * 100),
            cost_per_kilometre: Money(seed.cost * 5),
        }
    });
    Problem { visits, tours: tours.collect(), roads: Roads::great_circle(&places) }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// Every order is on one route or has a true reason; windows, room, skills and shifts are kept.
    #[test]
    fn no_order_is_lost_and_no_promise_of_a_plan_is_broken(doors in doors(), tours in tours()) {
        let problem = problem(&doors, &tours);
        for solution in [Insertion.plan(&problem), HASTY.plan(&problem)] {
            if let Err(why) = check(&problem, &solution) {
                prop_assert!(false, "{}", why);
            }
        }
    }

    /// The same problem has the same plan, to the millisecond.
    #[test]
    fn a_plan_is_the_same_on_every_machine(doors in doors(), tours in tours()) {
        let problem = problem(&doors, &tours);
        prop_assert_eq!(Insertion.plan(&problem), Insertion.plan(&problem));
        prop_assert_eq!(HASTY.plan(&problem), HASTY.plan(&problem));
    }
}

/// Doors all over town in four waves, and more vans than it takes.
fn busy_day(doors: i64) -> Problem {
    let door = |number: i64| DoorSeed {
        north: (number * 7919 % 181 - 90) * 900,
        east: (number * 6007 % 173 - 86) * 900,
        opens: number % 4 * 3,
        length: 120,
        service: 4,
        grams: [4_000 + number * 37 % 5_000, number * 53 % 3_000, 0],
        dock: false,
    };
    let van = TourSeed { speed: 350, start: 0, length: 480, kilos: [400, 200, 0], frozen: false, dock: false, cost: 2 };
    problem(&(0..doors).map(door).collect::<Vec<_>>(), &vec![van; 12])
}

/// Thousandths of the smallest coin, as both engines count.
fn money(problem: &Problem, solution: &Solution) -> i64 {
    let of_route = |route: &delivery::planning::engine::Route| {
        let tour = &problem.tours[route.tour];
        tour.cost_per_run.minor() * 1000 + tour.cost_per_kilometre.minor() * route.metres
    };
    solution.routes.iter().map(of_route).sum()
}

#[test]
fn search_drives_less_than_insertion_and_leaves_nobody_out() {
    let problem = busy_day(80);
    let (inserted, searched) = (Insertion.plan(&problem), Search::default().plan(&problem));

    check(&problem, &searched).unwrap();
    assert_eq!((inserted.unassigned.len(), searched.unassigned.len()), (0, 0));
    let (before, after) = (money(&problem, &inserted), money(&problem, &searched));
    assert!(after * 100 < before * 95, "{before} by insertion, {after} by search");
}

fn street(houses: i64) -> (Vec<DoorSeed>, Vec<TourSeed>) {
    let door = |house| DoorSeed {
        north: 0,
        east: house * 2_000,
        opens: 0,
        length: 180,
        service: 3,
        grams: [5_000, 0, 0],
        dock: false,
    };
    let van = TourSeed { speed: 350, start: 0, length: 240, kilos: [200, 100, 0], frozen: false, dock: false, cost: 1 };
    ((1..=houses).map(door).collect(), vec![van.clone(), van])
}

#[test]
fn one_street_is_driven_by_one_van_out_and_back() {
    let (doors, vans) = street(12);
    let problem = problem(&doors, &vans);

    let solution = Insertion.plan(&problem);

    check(&problem, &solution).unwrap();
    assert_eq!(solution.unassigned, []);
    let [route] = &solution.routes[..] else { panic!("one van is enough: {:?}", solution.routes.len()) };
    // Nobody drives further than to the end of the street and back; rounding each leg up adds a metre.
    assert!(route.metres <= 2 * problem.roads.metres(0, 12) + 26, "{}", route.metres);
}

#[test]
fn a_mutated_plan_is_caught_by_the_checker() {
    let (doors, vans) = street(6);
    let problem = problem(&doors, &vans);
    let sound = Insertion.plan(&problem);
    check(&problem, &sound).unwrap();

    let mut lost = sound.clone();
    lost.routes[0].calls.pop();
    assert!(check(&problem, &lost).is_err());

    let mut doubled = sound.clone();
    let first = doubled.routes[0].calls[0];
    doubled.routes[0].calls.push(first);
    assert!(check(&problem, &doubled).is_err());

    let mut early = sound;
    early.routes[0].calls[2].arrives_at = early.routes[0].calls[2].arrives_at.plus_millis(-60_000);
    assert!(check(&problem, &early).is_err());
}

#[test]
fn without_a_shift_every_order_hears_so() {
    let (doors, _) = street(3);
    let solution = Insertion.plan(&problem(&doors, &[]));

    assert!(solution.routes.is_empty());
    assert!(solution.unassigned.iter().all(|left| left.reason == UnassignedReason::NoVehicle));
    assert_eq!(solution.unassigned.len(), 3);
}

/// Doors within twelve kilometres of the depot and one window of 100 minutes, with more vans than it takes.
fn morning(doors: usize, seed: u64) -> Problem {
    let mut state = 0x0139_408d_cbbf_7a44 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1);
    let mut draw = |end: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        i64::try_from((state >> 11) % end).unwrap()
    };
    let mut seeds = Vec::new();
    while seeds.len() < doors {
        let (north, east) = (draw(216_000) - 108_000, draw(216_000) - 108_000);
        let grams = [1_000 + draw(6_000), 500 + draw(4_000), 0];
        let service = 3 + draw(2);
        if north * north + east * east <= 108_000 * 108_000 {
            seeds.push(DoorSeed { north, east, opens: 2, length: 100, service, grams, dock: false });
        }
    }
    let van =
        TourSeed { speed: 350, start: 0, length: 240, kilos: [400, 300, 100], frozen: true, dock: false, cost: 1 };
    let mut problem = problem(&seeds, &vec![van; 4 + doors / 8]);
    for tour in &mut problem.tours {
        (tour.cost_per_run, tour.cost_per_kilometre) = (Money(300), Money(6));
    }
    problem
}

/// `cargo test --workspace --test road -- --ignored --nocapture by_both_engines`: what mornings cost.
#[test]
#[ignore = "measures; takes a minute"]
fn mornings_by_both_engines() {
    const MORNINGS: u64 = 5;
    let engines: [(&str, &dyn Engine); 2] = [("insertion", &Insertion), ("search", &Search::default())];
    for doors in [15, 30, 60, 120, 240] {
        for (name, engine) in engines {
            let (mut vans, mut metres, mut cost, mut left) = (0, 0, 0, 0);
            for seed in 0..MORNINGS {
                let problem = morning(doors, seed);
                let solution = engine.plan(&problem);
                check(&problem, &solution).unwrap();
                vans += solution.routes.len();
                metres += solution.routes.iter().map(|route| route.metres).sum::<i64>();
                cost += money(&problem, &solution);
                left += solution.unassigned.len();
            }
            println!(
                "{MORNINGS} mornings of {doors} doors by {name}: {vans} runs, {metres} metres, \
                 {cost} thousandths of money, {left} left out"
            );
        }
    }
}

#[test]
fn what_the_route_engine_refuses_is_inserted_and_told() {
    let mut problem = busy_day(12);
    assert_eq!(Search::default().plan(&problem).refused, None);
    // A tour that is over before it begins is no tour, and no question for the engine.
    problem.tours[3].back_by = problem.tours[3].ready.plus_minutes(-30);

    let solution = Search::default().plan(&problem);

    let refused = solution.refused.clone().unwrap_or_default();
    assert!(refused.contains("vehicle 3") && refused.contains("ends before it begins"), "{refused}");
    check(&problem, &solution).unwrap();
    assert_eq!(solution.routes, Insertion.plan(&problem).routes);
    assert!(solution.unassigned.is_empty(), "{:?}", solution.unassigned);
}
