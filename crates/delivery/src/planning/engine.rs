//! The engine interface and the engine behind it. Pure: same problem, same solution, on every machine.
//!
//! [`Insertion`] stands here; [`Search`] takes its place without anybody noticing but the courier.

use kernel::{CourierId, CustomerOrderId, Instant, Money, VehicleId};
use serde::{Deserialize, Serialize};

use super::{
    rules::{Cargo, ShiftId, Skill, Unassigned, UnassignedReason, VehicleKind},
    search::Search,
    travel::Roads,
};

/// Everything an engine may know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub visits: Vec<Visit>,
    pub tours: Vec<Tour>,
    /// Place 0 is the depot, place `n + 1` the door of visit `n`.
    pub roads: Roads,
}

impl Problem {
    /// The way from one place to another as this tour drives it.
    pub fn leg(&self, tour: &Tour, from: usize, to: usize) -> Leg {
        if let Some(ways) = self.roads.measured(tour.kind) {
            return Leg { metres: ways.metres(from, to).into(), ms: ways.ms(from, to).into() };
        }
        let metres = self.roads.metres(from, to);
        Leg { metres, ms: tour.driving_ms(metres) }
    }
}

/// What lies between two places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    pub metres: i64,
    pub ms: i64,
}

/// One door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    pub order: CustomerOrderId,
    /// The courier waits until then.
    pub opens: Instant,
    /// Nobody is planned to arrive later.
    pub closes: Instant,
    pub service_ms: i64,
    pub cargo: Cargo,
    pub skills: Vec<Skill>,
}

/// One courier with one vehicle, from the depot and back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tour {
    pub shift: ShiftId,
    pub courier: CourierId,
    pub vehicle: VehicleId,
    /// Which roads it drives by.
    pub kind: VehicleKind,
    /// How fast it is where no roads are known.
    pub metres_per_minute: i64,
    pub capacity: Cargo,
    /// What vehicle and courier can do together.
    pub skills: Vec<Skill>,
    /// Loaded and able to leave.
    pub ready: Instant,
    /// Back at the depot by then.
    pub back_by: Instant,
    pub cost_per_run: Money,
    pub cost_per_kilometre: Money,
}

impl Tour {
    /// By the great circle.
    pub const fn driving_ms(&self, metres: i64) -> i64 {
        let speed = if self.metres_per_minute > 0 { self.metres_per_minute } else { 1 };
        // Rounded up: a plan that gains a millisecond at every stop is late by the end.
        (metres * 60_000 + speed - 1) / speed
    }

    fn can(&self, visit: &Visit) -> bool {
        visit.skills.iter().all(|skill| self.skills.contains(skill))
    }
}

/// What an engine answers: every visit is on one route or among the unassigned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Solution {
    pub routes: Vec<Route>,
    pub unassigned: Vec<Unassigned>,
    /// Why the route engine refused the problem, so that insertion alone has sequenced it.
    pub refused: Option<String>,
}

/// One tour with its visits in order of driving.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Index into [`Problem::tours`].
    pub tour: usize,
    pub departs_at: Instant,
    pub returns_at: Instant,
    pub metres: i64,
    pub calls: Vec<Call>,
}

/// One visit with its planned arrival, which may be before the window opens; then the courier waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Index into [`Problem::visits`].
    pub visit: usize,
    pub arrives_at: Instant,
}

/// Makes plans.
pub trait Engine {
    fn plan(&self, problem: &Problem) -> Solution;
}

/// Which engine a shop plans with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EngineKind {
    /// [`Search`].
    #[default]
    Search,
    /// [`Insertion`].
    Insertion,
}

impl Engine for EngineKind {
    fn plan(&self, problem: &Problem) -> Solution {
        match self {
            Self::Search => Search::default().plan(problem),
            Self::Insertion => Insertion.plan(problem),
        }
    }
}

/// Cheapest insertion, then 2-opt within routes and single moves between them, until nothing gets cheaper.
#[derive(Clone, Copy, Debug, Default)]
pub struct Insertion;

/// Improvement is near its end after a few rounds; the limit keeps the worst case linear.
const ROUNDS_MAX: usize = 8;

impl Engine for Insertion {
    fn plan(&self, problem: &Problem) -> Solution {
        let mut draft = Draft::empty(problem);
        let mut waiting = draft.insert(outermost_first(problem));
        for _ in 0..ROUNDS_MAX {
            let mut improved = draft.untangle();
            improved |= draft.relocate();
            let before = waiting.len();
            waiting = draft.insert(waiting);
            improved |= waiting.len() < before;
            if !improved {
                break;
            }
        }
        draft.solution(&waiting)
    }
}

/// The hardest first: the earliest window, within it the door that is furthest from the depot.
pub(super) fn outermost_first(problem: &Problem) -> Vec<usize> {
    let mut visits: Vec<usize> = (0..problem.visits.len()).collect();
    visits.sort_by_key(|at| {
        let closes = problem.visits.get(*at).map(|visit| visit.closes);
        (closes, std::cmp::Reverse(problem.roads.metres(0, at + 1)), *at)
    });
    visits
}

/// Money first (in thousandths, so that metres count), time where money is equal.
pub(super) type Cost = (i64, i64);

const NOTHING: Cost = (0, 0);

fn less(after: Cost, before: Cost) -> Cost {
    (after.0 - before.0, after.1 - before.1)
}

/// Routes in the making: for each tour, its visits in order.
pub(super) struct Draft<'a> {
    problem: &'a Problem,
    orders: Vec<Vec<usize>>,
    costs: Vec<Cost>,
}

impl<'a> Draft<'a> {
    pub(super) fn empty(problem: &'a Problem) -> Self {
        Self { problem, orders: vec![Vec::new(); problem.tours.len()], costs: vec![NOTHING; problem.tours.len()] }
    }

    /// Puts each visit where it costs least, and answers those that fit nowhere.
    pub(super) fn insert(&mut self, visits: Vec<usize>) -> Vec<usize> {
        let mut waiting = Vec::new();
        for visit in visits {
            match self.cheapest_place(visit) {
                Some((tour, order, cost, _)) => self.set(tour, order, cost),
                None => waiting.push(visit),
            }
        }
        waiting
    }

    fn cheapest_place(&self, visit: usize) -> Option<(usize, Vec<usize>, Cost, Cost)> {
        let mut best: Option<(usize, Vec<usize>, Cost, Cost)> = None;
        for (tour, order) in self.orders.iter().enumerate() {
            if !self.has_room(tour, order, visit) {
                continue;
            }
            for at in 0..=order.len() {
                let mut longer = order.clone();
                longer.insert(at, visit);
                let Some(cost) = self.cost(tour, &longer) else { continue };
                let more = less(cost, self.cost_of(tour));
                if best.as_ref().is_none_or(|(.., least)| more < *least) {
                    best = Some((tour, longer, cost, more));
                }
            }
        }
        best
    }

    /// Reverses stretches of a route while that makes it cheaper.
    fn untangle(&mut self) -> bool {
        let mut improved = false;
        for tour in 0..self.orders.len() {
            let Some(order) = self.orders.get(tour).cloned() else { continue };
            let mut best = (order, self.cost_of(tour));
            for from in 0..best.0.len() {
                for to in from + 1..best.0.len() {
                    let mut turned = best.0.clone();
                    turned[from..=to].reverse();
                    if let Some(cost) = self.cost(tour, &turned).filter(|cost| *cost < best.1) {
                        best = (turned, cost);
                        improved = true;
                    }
                }
            }
            self.set(tour, best.0, best.1);
        }
        improved
    }

    /// Takes single visits out and puts them where they cost less.
    fn relocate(&mut self) -> bool {
        let mut improved = false;
        for tour in 0..self.orders.len() {
            let mut at = 0;
            while let Some(order) = self.orders.get(tour).filter(|order| at < order.len()).cloned() {
                let mut shorter = order.clone();
                let visit = shorter.remove(at);
                let old = self.cost_of(tour);
                // A route with one door fewer keeps its windows: it only gets earlier, and waiting absorbs that.
                let Some(cost) = self.cost(tour, &shorter) else {
                    at += 1;
                    continue;
                };
                self.set(tour, shorter, cost);
                let saved = less(old, cost);
                if let Some((to, longer, cost, _)) = self.cheapest_place(visit).filter(|(.., more)| *more < saved) {
                    self.set(to, longer, cost);
                    improved = true;
                } else {
                    self.set(tour, order, old);
                    at += 1;
                }
            }
        }
        improved
    }

    fn has_room(&self, tour: usize, order: &[usize], visit: usize) -> bool {
        let (Some(tour), Some(visit)) = (self.problem.tours.get(tour), self.problem.visits.get(visit)) else {
            return false;
        };
        tour.can(visit) && self.cargo(order).plus(visit.cargo).fits(tour.capacity)
    }

    fn cargo(&self, order: &[usize]) -> Cargo {
        order
            .iter()
            .filter_map(|visit| self.problem.visits.get(*visit))
            .fold(Cargo::default(), |cargo, visit| cargo.plus(visit.cargo))
    }

    fn cost_of(&self, tour: usize) -> Cost {
        self.costs.get(tour).copied().unwrap_or(NOTHING)
    }

    pub(super) fn cost(&self, tour: usize, order: &[usize]) -> Option<Cost> {
        if order.is_empty() {
            return Some(NOTHING);
        }
        let driven = self.drive(tour, order)?;
        let tour = self.problem.tours.get(tour)?;
        let money = tour.cost_per_run.minor() * 1000 + driven.metres * tour.cost_per_kilometre.minor();
        Some((money, driven.returns_at.since(driven.departs_at)))
    }

    pub(super) fn set(&mut self, tour: usize, order: Vec<usize>, cost: Cost) {
        if let (Some(place), Some(old)) = (self.orders.get_mut(tour), self.costs.get_mut(tour)) {
            *place = order;
            *old = cost;
        }
    }

    /// The tour driven in this order, or `None` if a window or the shift is missed.
    fn drive(&self, index: usize, order: &[usize]) -> Option<Route> {
        let tour = self.problem.tours.get(index)?;
        let way = |from: usize, to: usize| self.problem.leg(tour, from, to);
        let first = *order.first()?;
        // Leaving later than one must costs nobody anything; standing before a closed door does.
        let leave = self.problem.visits.get(first)?.opens.plus_millis(-way(0, first + 1).ms);
        let departs_at = leave.max(tour.ready);
        let (mut clock, mut place, mut metres) = (departs_at, 0, 0);
        let mut calls = Vec::with_capacity(order.len());
        for visit in order {
            let leg = way(place, visit + 1);
            let arrives_at = clock.plus_millis(leg.ms);
            let door = self.problem.visits.get(*visit)?;
            if arrives_at > door.closes {
                return None;
            }
            calls.push(Call { visit: *visit, arrives_at });
            clock = arrives_at.max(door.opens).plus_millis(door.service_ms);
            place = visit + 1;
            metres += leg.metres;
        }
        let leg = way(place, 0);
        let returns_at = clock.plus_millis(leg.ms);
        (returns_at <= tour.back_by).then_some(Route {
            tour: index,
            departs_at,
            returns_at,
            metres: metres + leg.metres,
            calls,
        })
    }

    pub(super) fn solution(&self, waiting: &[usize]) -> Solution {
        let mut routes = Vec::new();
        let mut unassigned = Vec::new();
        let mut leave = |visit: usize| {
            if let Some(door) = self.problem.visits.get(visit) {
                unassigned.push(Unassigned { order: door.order, reason: self.why_not(visit, door) });
            }
        };
        for (tour, order) in self.orders.iter().enumerate().filter(|(_, order)| !order.is_empty()) {
            match self.drive(tour, order) {
                Some(route) => routes.push(route),
                None => order.iter().copied().for_each(&mut leave),
            }
        }
        waiting.iter().copied().for_each(&mut leave);
        unassigned.sort_by_key(|left| left.order);
        Solution { routes, unassigned, refused: None }
    }

    /// The first question to which no tour has the answer.
    fn why_not(&self, visit: usize, door: &Visit) -> UnassignedReason {
        let mut tours: Vec<usize> = (0..self.problem.tours.len()).collect();
        if tours.is_empty() {
            return UnassignedReason::NoVehicle;
        }
        for skill in &door.skills {
            tours.retain(|at| self.problem.tours.get(*at).is_some_and(|tour| tour.skills.contains(skill)));
            if tours.is_empty() {
                return UnassignedReason::SkillMissing { skill: *skill };
            }
        }
        tours.retain(|at| self.problem.tours.get(*at).is_some_and(|tour| door.cargo.fits(tour.capacity)));
        if tours.is_empty() {
            return UnassignedReason::LargerThanAnyVehicle;
        }
        let reaches = |at: &usize| {
            self.problem
                .tours
                .get(*at)
                .is_some_and(|tour| tour.ready.plus_millis(self.problem.leg(tour, 0, visit + 1).ms) <= door.closes)
        };
        tours.retain(reaches);
        if tours.is_empty() {
            return UnassignedReason::WindowUnreachable;
        }
        tours.retain(|at| self.drive(*at, &[visit]).is_some());
        if tours.is_empty() {
            return UnassignedReason::ShiftOver;
        }
        let room = |at: &usize| self.orders.get(*at).is_some_and(|order| self.has_room(*at, order, visit));
        if tours.iter().any(room) { UnassignedReason::NoTimeLeft } else { UnassignedReason::CapacityFull }
    }
}
