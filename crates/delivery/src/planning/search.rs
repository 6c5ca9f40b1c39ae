//! The route engine behind the engine interface: [`routing`] thinks for a number of iterations and not for a time, so
//! that the same problem has the same plan on every machine and every database.

use std::collections::BTreeMap;

use kernel::{Instant, TemperatureClass};
use routing::{
    model::{self, Load, Matrix, NUMBER_MAX, Order, UNREACHABLE, Vehicle, Window},
    solve::{self, Budget, Settings},
};

use super::{
    engine::{Draft, Engine, Problem, Solution, Tour, Visit, outermost_first},
    rules::{Cargo, Skill},
};

/// Ruin and recreate under simulated annealing, as [`routing::solve`] does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Search {
    /// More doors need more attempts, up to a point.
    pub iterations_per_visit: u64,
    pub iterations_max: u64,
    pub seed: u64,
}

impl Default for Search {
    fn default() -> Self {
        Self { iterations_per_visit: 400, iterations_max: 100_000, seed: 1 }
    }
}

impl Engine for Search {
    fn plan(&self, problem: &Problem) -> Solution {
        let mut draft = Draft::empty(problem);
        let mut waiting = outermost_first(problem);
        for (tour, order) in self.sequences(problem) {
            if let Some(cost) = draft.cost(tour, &order) {
                waiting.retain(|visit| !order.contains(visit));
                draft.set(tour, order, cost);
            }
        }
        let left = draft.insert(waiting);
        draft.solution(&left)
    }
}

impl Search {
    /// Each tour that is driven with its visits in their order. What the route engine refuses is left to insertion.
    fn sequences(&self, problem: &Problem) -> Vec<(usize, Vec<usize>)> {
        let Some(question) = question(problem) else { return Vec::new() };
        let visits = u64::try_from(problem.visits.len()).unwrap_or(u64::MAX);
        let iterations = visits.saturating_mul(self.iterations_per_visit).min(self.iterations_max);
        let settings = Settings { budget: Budget::iterations(iterations), seed: self.seed, ..Settings::default() };
        let Ok(answer) = solve::solve(&question, None, &settings) else { return Vec::new() };
        answer.plan.routes.iter().map(|route| (route.vehicle, route.orders().collect())).collect()
    }
}

/// What a thousandth of the smallest coin counts against a metre: where money is equal, the shorter way wins.
const MONEY: i64 = 16;

/// The problem in the words of the route engine, or `None` where there is nothing to think about.
fn question(problem: &Problem) -> Option<model::Problem> {
    let origin = problem.tours.iter().map(|tour| tour.ready).min()?;
    if problem.visits.is_empty() {
        return None;
    }
    let mut profiles = BTreeMap::new();
    let mut matrices = Vec::new();
    for tour in &problem.tours {
        if let std::collections::btree_map::Entry::Vacant(unknown) = profiles.entry(tour.metres_per_minute) {
            unknown.insert(matrices.len());
            matrices.push(matrix(problem, tour)?);
        }
    }
    let vehicle = |(number, tour): (usize, &Tour)| {
        let profile = profiles.get(&tour.metres_per_minute).copied().unwrap_or_default();
        let shift = Window::new(since(origin, tour.ready), since(origin, tour.back_by));
        Vehicle {
            profile,
            capacity: load(tour.capacity),
            skills: skills(&tour.skills),
            fixed_cost: tour.cost_per_run.minor().saturating_mul(1_000 * MONEY).clamp(0, NUMBER_MAX),
            cost_per_metre: tour.cost_per_kilometre.minor().saturating_mul(MONEY).clamp(0, NUMBER_MAX - 1) + 1,
            ..Vehicle::at(number.to_string(), DEPOT, shift)
        }
    };
    let order = |(number, visit): (usize, &Visit)| {
        let closes_ms = since(origin, visit.closes);
        let promised = Window::new(since(origin, visit.opens).min(closes_ms), closes_ms);
        Order {
            load: load(visit.cargo),
            service_ms: visit.service_ms,
            skills: skills(&visit.skills),
            ..Order::at(number.to_string(), DEPOT + 1 + number).within(promised)
        }
    };
    Some(model::Problem {
        orders: problem.visits.iter().enumerate().map(order).collect(),
        vehicles: problem.tours.iter().enumerate().map(vehicle).collect(),
        matrices,
        balance: None,
    })
}

/// The first place of the roads.
const DEPOT: usize = 0;

/// All ways as this tour drives them.
fn matrix(problem: &Problem, tour: &Tour) -> Option<Matrix> {
    let places = problem.visits.len() + 1;
    let (mut ms, mut metres) = (Vec::with_capacity(places * places), Vec::with_capacity(places * places));
    for (from, to) in (0..places).flat_map(|from| (0..places).map(move |to| (from, to))) {
        let way = problem.roads.metres(from, to);
        ms.push(i32::try_from(tour.driving_ms(way)).unwrap_or(UNREACHABLE));
        metres.push(i32::try_from(way).unwrap_or(UNREACHABLE));
    }
    Matrix::new(places, ms, metres).ok()
}

fn since(origin: Instant, at: Instant) -> i64 {
    at.since(origin).clamp(-NUMBER_MAX, NUMBER_MAX)
}

fn load(cargo: Cargo) -> Load {
    let [ambient, chilled, frozen] = TemperatureClass::ALL.map(|class| cargo.of(class));
    [ambient.grams, ambient.crates, chilled.grams, chilled.crates, frozen.grams, frozen.crates]
}

fn skills(of: &[Skill]) -> u64 {
    Skill::ALL.iter().zip(0u32..).filter(|(skill, _)| of.contains(skill)).map(|(_, bit)| 1 << bit).sum()
}
