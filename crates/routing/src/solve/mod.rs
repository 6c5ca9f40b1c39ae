//! Makes plans: anytime, from nothing or from a plan that is there, the same for the same seed and iterations.
//!
//! The search is ruin and recreate by string removal under simulated annealing, with fleet reduction in front of it
//! when vehicles come first. Insertions are judged in constant time by earliest and latest times; where rests,
//! releases, durations, time out of the cold or soft promises matter, promising ones are timed exactly.

mod exact;
mod explain;
mod search;
mod shop;
mod timing;
mod tours;

use crate::model::{ModelError, Plan, Problem, Route, Trip};
use search::{Progress, Record, Search};
use shop::{NONE, Shop};
use timing::Timing;

/// Lends the time. The crate has none of its own.
pub trait Clock: Sync {
    /// Microseconds since any fixed instant, of whatever clock the caller counts by.
    fn now_us(&self) -> u64;
}

/// How long to think: until the first of both is spent.
#[derive(Clone, Copy, Default)]
pub struct Budget<'a> {
    /// Ruins and recreates, per thread.
    pub iterations: Option<u64>,
    /// Milliseconds by a clock, counted from the call.
    pub ms: Option<(u64, &'a dyn Clock)>,
}

impl<'a> Budget<'a> {
    /// The same answer on every machine.
    pub const fn iterations(iterations: u64) -> Self {
        Self { iterations: Some(iterations), ms: None }
    }

    /// As good as the time allows.
    pub const fn ms(ms: u64, clock: &'a dyn Clock) -> Self {
        Self { iterations: None, ms: Some((ms, clock)) }
    }
}

/// What is minimised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Objective {
    /// The bill alone.
    #[default]
    CostOnly,
    /// First the number of vehicles, then the bill.
    VehiclesFirst,
}

/// How to solve.
#[derive(Clone, Copy)]
pub struct Settings<'a> {
    pub budget: Budget<'a>,
    pub objective: Objective,
    pub seed: u64,
    /// Independent searches beside each other; the best one answers.
    pub threads: usize,
    /// What it costs that an order leaves the vehicle it had in the plan that we start from.
    pub move_cost: i64,
}

impl Default for Settings<'_> {
    fn default() -> Self {
        Self { budget: Budget::iterations(20_000), objective: Objective::CostOnly, seed: 1, threads: 1, move_cost: 0 }
    }
}

/// A plan and how it came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub plan: Plan,
    /// Cost of routes and prizes missed; equals [`crate::check::Bill::total`] when nothing without a prize is left
    /// out and no move cost is set.
    pub cost: i64,
    pub iterations: u64,
}

/// Solves a problem, starting from a plan if there is one.
///
/// Routes of the warm plan that cannot be driven any more are taken apart and planned anew. An order that cannot be
/// served is in [`Plan::unassigned`] with its reason.
pub fn solve(problem: &Problem, warm: Option<&Plan>, settings: &Settings<'_>) -> Result<Answer, ModelError> {
    problem.validate()?;
    let began_us = settings.budget.ms.map_or(0, |(_, clock)| clock.now_us());
    let stay = warm.filter(|_| settings.move_cost > 0).map(|plan| (plan, settings.move_cost));
    let shop = Shop::open(problem, stay);
    let threads = settings.threads.clamp(1, 64);
    let run = |thread: usize| search(problem, &shop, warm, settings, thread as u64, began_us);
    let answers: Vec<(Record, u64)> = if threads == 1 {
        vec![run(0)]
    } else {
        let run = &run;
        std::thread::scope(|scope| {
            let searches: Vec<_> = (0..threads).map(|thread| scope.spawn(move || run(thread))).collect();
            searches
                .into_iter()
                .map(|search| search.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        })
    };
    let iterations = answers.iter().map(|(_, iterations)| iterations).sum();
    let rank = |record: &Record| match settings.objective {
        Objective::CostOnly => (record.absent.len(), 0, record.cost),
        Objective::VehiclesFirst => (record.absent.len(), record.tours.len(), record.cost),
    };
    let record = answers.into_iter().map(|(record, _)| record).min_by_key(rank).unwrap_or_default();
    Ok(answer(problem, &shop, &record, iterations))
}

fn search(
    problem: &Problem,
    shop: &Shop,
    warm: Option<&Plan>,
    settings: &Settings<'_>,
    thread: u64,
    began_us: u64,
) -> (Record, u64) {
    let vehicles_first = settings.objective == Objective::VehiclesFirst;
    let seed = settings.seed.wrapping_mul(1_000_003).wrapping_add(thread);
    let mut search = Search::new(shop, seed, vehicles_first);
    if let Some(plan) = warm {
        search.warm(&sequences(problem, shop, plan));
    }
    search.construct();
    let mut progress = Meter::new(&settings.budget, began_us);
    let mut from = 0.0;
    if vehicles_first {
        let fewest = search.reduce_fleet(&mut progress, FLEET_SHARE);
        search.restore(&fewest);
        from = progress.spent().unwrap_or(1.0);
    }
    let best = search.improve(&mut progress, from, 1.0);
    (best, search.iterations)
}

/// Part of the budget that may go into saving vehicles.
const FLEET_SHARE: f64 = 0.4;

/// Reads the clock only as often as it is worth.
struct Meter<'a> {
    budget: Budget<'a>,
    began_us: u64,
    iterations: u64,
    next_look: u64,
    stride: u64,
    last_look_us: u64,
    spent: f64,
}

/// Microseconds between two looks at the clock, roughly.
const LOOK_US: u64 = 200;

impl<'a> Meter<'a> {
    const fn new(budget: &Budget<'a>, began_us: u64) -> Self {
        Self { budget: *budget, began_us, iterations: 0, next_look: 0, stride: 1, last_look_us: began_us, spent: 0.0 }
    }
}

impl Progress for Meter<'_> {
    fn spent(&mut self) -> Option<f64> {
        let mut spent: f64 = 0.0;
        if let Some(iterations) = self.budget.iterations {
            if self.iterations >= iterations {
                return None;
            }
            spent = self.iterations as f64 / iterations.max(1) as f64;
        }
        if let Some((ms, clock)) = self.budget.ms
            && self.iterations >= self.next_look
        {
            let now_us = clock.now_us();
            let passed = now_us.saturating_sub(self.last_look_us);
            if passed < LOOK_US {
                self.stride = (self.stride * 2).min(4096);
            } else if passed > 2 * LOOK_US {
                self.stride = (self.stride / 2).max(1);
            }
            self.last_look_us = now_us;
            self.next_look = self.iterations + self.stride;
            self.spent = now_us.saturating_sub(self.began_us) as f64 / (ms.max(1) * 1_000) as f64;
        }
        self.iterations += 1;
        let spent = spent.max(self.spent);
        (spent < 1.0 && (self.budget.iterations.is_some() || self.budget.ms.is_some())).then_some(spent)
    }
}

/// The open part of a plan as the search writes it: without frozen stops, depots between trips.
fn sequences(problem: &Problem, shop: &Shop, plan: &Plan) -> Vec<(u32, Vec<u32>)> {
    let known = plan.routes.iter().filter(|route| route.vehicle < problem.vehicles.len());
    let open = known.map(|route| {
        let vehicle = &problem.vehicles[route.vehicle];
        let first_open = vehicle.frozen.len().saturating_sub(1);
        let mut nodes = Vec::new();
        for (number, trip) in route.trips.iter().enumerate().skip(first_open) {
            if number > first_open && (!nodes.is_empty() || !vehicle.frozen.is_empty()) {
                nodes.push(shop.vans[route.vehicle].depot);
            }
            let frozen = vehicle.frozen.get(number).map_or(0, |trip| trip.stops.len());
            nodes.extend(trip.orders.iter().skip(frozen).filter(|&&order| order < shop.orders).map(|&o| o as u32));
        }
        while nodes.last().is_some_and(|&node| !shop.is_order(node)) {
            nodes.pop();
        }
        (route.vehicle as u32, nodes)
    });
    open.collect()
}

fn answer(problem: &Problem, shop: &Shop, record: &Record, iterations: u64) -> Answer {
    let mut plan = Plan::default();
    for (van, inner) in &record.tours {
        plan.routes.push(route(problem, shop, *van, inner));
    }
    plan.unassigned = explain::explain(shop, &record.tours, &record.absent);
    Answer { plan, cost: record.cost, iterations }
}

/// A tour with its times, frozen stops in front.
fn route(problem: &Problem, shop: &Shop, number: u32, inner: &[u32]) -> Route {
    let van = &shop.vans[number as usize];
    let nodes: Vec<u32> = [van.start].into_iter().chain(inner.iter().copied()).chain([van.end]).collect();
    let mut timing = Timing::default();
    // A tour of the search can be driven; the checker, which shares no code with it, would name one that cannot.
    let _cost = timing.cost(shop, number, &nodes);
    let vehicle = &problem.vehicles[number as usize];
    let mut trips: Vec<Trip> = vehicle
        .frozen
        .iter()
        .map(|trip| Trip { departs_ms: trip.departed_ms, orders: trip.stops.iter().map(|stop| stop.order).collect() })
        .collect();
    let mut departures = timing.departures.iter().copied();
    let first = departures.next().unwrap_or(van.free_ms);
    if !van.started() {
        trips.push(Trip { departs_ms: first, orders: Vec::new() });
    }
    for &node in inner {
        if shop.is_order(node) {
            if let Some(trip) = trips.last_mut() {
                trip.orders.push(node as usize);
            }
        } else {
            trips.push(Trip { departs_ms: departures.next().unwrap_or(van.free_ms), orders: Vec::new() });
        }
    }
    let frozen_stops: usize = vehicle.frozen.iter().map(|trip| trip.stops.len()).sum();
    let rest = timing.rest.map(|mut rest| {
        rest.after_orders += frozen_stops;
        rest
    });
    Route { vehicle: number as usize, trips, rest }
}

#[cfg(test)]
mod tests;
