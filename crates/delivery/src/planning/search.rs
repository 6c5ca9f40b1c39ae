//! The route engine behind the engine interface: [`routing`] thinks for a number of iterations and not for a time, so
//! that the same problem has the same plan on every machine and every database.

use std::collections::BTreeMap;

use kernel::{Instant, TemperatureClass};
use routing::{
    model::{self, Load, Matrix, ModelError, NUMBER_MAX, Order, UNREACHABLE, Vehicle, Window},
    solve::{self, Budget, Settings},
};

use super::{
    engine::{Draft, Engine, Problem, Solution, Tour, Visit, outermost_first},
    rules::{Cargo, Skill, VehicleKind},
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
        // What the route engine refuses is left to insertion, and told.
        let (sequences, refused) = match self.sequences(problem) {
            Ok(sequences) => (sequences, None),
            Err(refusal) => (Vec::new(), Some(refusal.to_string())),
        };
        for (tour, order) in sequences {
            if let Some(cost) = draft.cost(tour, &order) {
                waiting.retain(|visit| !order.contains(visit));
                draft.set(tour, order, cost);
            }
        }
        let left = draft.insert(waiting);
        Solution { refused, ..draft.solution(&left) }
    }
}

/// A tour with its visits in their order.
type Sequence = (usize, Vec<usize>);

impl Search {
    /// Each tour that is driven.
    fn sequences(&self, problem: &Problem) -> Result<Vec<Sequence>, ModelError> {
        let Some(question) = question(problem)? else { return Ok(Vec::new()) };
        let visits = u64::try_from(problem.visits.len()).unwrap_or(u64::MAX);
        let iterations = visits.saturating_mul(self.iterations_per_visit).min(self.iterations_max);
        let settings = Settings { budget: Budget::iterations(iterations), seed: self.seed, ..Settings::default() };
        let answer = solve::solve(&question, None, &settings)?;
        Ok(answer.plan.routes.iter().map(|route| (route.vehicle, route.orders().collect())).collect())
    }
}

/// What a thousandth of the smallest coin counts against a metre: where money is equal, the shorter way wins.
const MONEY: i64 = 16;

/// The problem in the words of the route engine, or `None` where there is nothing to think about.
fn question(problem: &Problem) -> Result<Option<model::Problem>, ModelError> {
    let Some(origin) = problem.tours.iter().map(|tour| tour.ready).min() else { return Ok(None) };
    if problem.visits.is_empty() {
        return Ok(None);
    }
    let mut profiles = BTreeMap::new();
    let mut matrices = Vec::new();
    for tour in &problem.tours {
        if let std::collections::btree_map::Entry::Vacant(unknown) = profiles.entry(profile(problem, tour)) {
            unknown.insert(matrices.len());
            matrices.push(matrix(problem, tour)?);
        }
    }
    let vehicle = |(number, tour): (usize, &Tour)| {
        let ways = profiles.get(&profile(problem, tour)).copied().unwrap_or_default();
        let shift = Window::new(since(origin, tour.ready), since(origin, tour.back_by));
        Vehicle {
            profile: ways,
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
    Ok(Some(model::Problem {
        orders: problem.visits.iter().enumerate().map(order).collect(),
        vehicles: problem.tours.iter().enumerate().map(vehicle).collect(),
        matrices,
        balance: None,
    }))
}

/// The first place of the roads.
const DEPOT: usize = 0;

/// What tours that share a table of ways have in common: their roads, or their speed where none are known.
fn profile(problem: &Problem, tour: &Tour) -> (Option<VehicleKind>, i64) {
    match problem.roads.measured(tour.kind) {
        Some(_) => (Some(tour.kind), 0),
        None => (None, tour.metres_per_minute),
    }
}

/// All ways as this tour drives them.
fn matrix(problem: &Problem, tour: &Tour) -> Result<Matrix, ModelError> {
    if let Some(ways) = problem.roads.measured(tour.kind) {
        return Ok(ways.clone());
    }
    let places = problem.visits.len() + 1;
    let (mut ms, mut metres) = (Vec::with_capacity(places * places), Vec::with_capacity(places * places));
    for (from, to) in (0..places).flat_map(|from| (0..places).map(move |to| (from, to))) {
        let leg = problem.leg(tour, from, to);
        ms.push(i32::try_from(leg.ms).unwrap_or(UNREACHABLE));
        metres.push(i32::try_from(leg.metres).unwrap_or(UNREACHABLE));
    }
    Matrix::new(places, ms, metres)
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
