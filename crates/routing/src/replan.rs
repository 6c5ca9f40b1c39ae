//! Changes to a plan that is being driven: who comes in, who drops out, who is late, who breaks down.
//!
//! What is frozen in [`Vehicle::frozen`](crate::model::Vehicle::frozen) stays as it is. Everything else may change, but
//! [`Settings::move_cost`] keeps orders with their vehicles unless moving them pays. [`changes`] lists what is
//! different afterwards.
//!
//! [`insert`] looks only around the new order, so that it answers within milliseconds on large plans; [`solve`] with
//! the old plan as a start looks everywhere.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::model::{DIMENSIONS, Matrix, ModelError, Order, Plan, Problem, Route, Trip, Unassigned};
use crate::solve::{Budget, Settings, solve};

/// Vehicles around a new order that are considered.
const VEHICLES_NEAR: usize = 8;
/// Unused vehicles of one kind that are considered.
const IDLE_OF_A_KIND: usize = 1;

/// What is different about an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "change")]
pub enum Change {
    /// Had no place and has one.
    Assigned { order: usize, vehicle: usize },
    /// Had a place and has none.
    Unassigned { order: usize, vehicle: usize },
    /// Rides with somebody else.
    Moved { order: usize, from: usize, to: usize },
    /// Comes after another order than before, with the same vehicle.
    Resequenced { order: usize, vehicle: usize },
}

/// A plan after a change, and what the change did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replanned {
    pub plan: Plan,
    pub changes: Vec<Change>,
}

/// What a place for an order would cost, for offering windows before anybody has promised one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Offer {
    pub vehicle: usize,
    /// More than the plan costs without it.
    pub more: i64,
}

/// Puts orders that no route of the plan names into it, around where they are. All of them end on a route or
/// unassigned; if the neighbourhood has no room, the whole plan is asked.
pub fn insert(
    problem: &Problem,
    plan: &Plan,
    orders: &[usize],
    settings: &Settings<'_>,
) -> Result<Replanned, ModelError> {
    refuse_unknown(problem, orders)?;
    let mut after = without(plan, orders);
    for &order in orders {
        after = insert_one(problem, &after, order, settings)?;
    }
    Ok(Replanned { changes: changes(plan, &after), plan: after })
}

/// The cheapest place for one order, without giving it away.
pub fn offer(problem: &Problem, plan: &Plan, order: usize) -> Result<Option<Offer>, ModelError> {
    refuse_unknown(problem, &[order])?;
    let before = without(plan, &[order]);
    let part = Part::around(problem, &before, order);
    let settings = Settings { budget: Budget::iterations(0), ..Settings::default() };
    let old = solve(&part.without_last(), Some(&part.plan), &settings)?;
    let new = solve(&part.problem, Some(&part.plan), &settings)?;
    let last = part.problem.orders.len() - 1;
    let vehicle = new.plan.routes.iter().find(|route| route.orders().any(|order| order == last));
    Ok(vehicle.map(|route| Offer { vehicle: part.vehicles[route.vehicle], more: new.cost - old.cost }))
}

/// Takes an order out. Nobody else changes place; everybody behind it may be earlier.
pub fn remove(problem: &Problem, plan: &Plan, order: usize) -> Result<Replanned, ModelError> {
    refuse_unknown(problem, &[order])?;
    let after = without(plan, &[order]);
    Ok(Replanned { changes: changes(plan, &after), plan: after })
}

/// Lets two orders change vehicles, as a dispatcher wishes it: each rides with the van that would have brought the
/// other, wherever it costs least there. Only these two vans think again, and [`Settings::move_cost`] keeps their other
/// orders where they are unless moving them pays.
///
/// An order that has no room with its new van is unassigned afterwards, with its reason: then keep the old plan.
pub fn swap(
    problem: &Problem,
    plan: &Plan,
    one: usize,
    other: usize,
    settings: &Settings<'_>,
) -> Result<Replanned, ModelError> {
    refuse_unknown(problem, &[one, other])?;
    let (first, second) = (open_stop(problem, plan, one)?, open_stop(problem, plan, other)?);
    if first == second {
        return Err(ModelError::SameVehicle { one, other, vehicle: first });
    }
    for (order, taker) in [(one, second), (other, first)] {
        match problem.orders[order].pinned_to {
            Some(vehicle) if vehicle != taker => return Err(ModelError::PinnedElsewhere { order, vehicle }),
            Some(_) | None => {}
        }
    }
    let before = without(plan, &[one, other]);
    let mut part = Part::of(problem, &before, &[first.min(second), first.max(second)], &[one, other]);
    let taken_by = |vehicle: usize| part.vehicles.iter().position(|&known| known == vehicle);
    let takers = [taken_by(second), taken_by(first)];
    let ours = part.problem.orders.len() - takers.len();
    for (order, taker) in part.problem.orders[ours..].iter_mut().zip(takers) {
        order.pinned_to = taker;
    }
    let answer = solve(&part.problem, Some(&part.plan), settings)?;
    let after = part.merge(&before, &answer.plan);
    Ok(Replanned { changes: changes(plan, &after), plan: after })
}

/// The vehicle that brings an order which is not frozen.
fn open_stop(problem: &Problem, plan: &Plan, order: usize) -> Result<usize, ModelError> {
    let route = plan.routes.iter().find(|route| route.orders().any(|known| known == order));
    let vehicle = route.map(|route| route.vehicle).filter(|&vehicle| {
        let frozen = problem.vehicles.get(vehicle).into_iter().flat_map(|vehicle| &vehicle.frozen);
        !frozen.flat_map(|trip| &trip.stops).any(|stop| stop.order == order)
    });
    vehicle.filter(|&vehicle| vehicle < problem.vehicles.len()).ok_or(ModelError::NoOpenStop { order })
}

/// Says that a vehicle is later than its frozen part tells: it leaves its last frozen stop, or the depot if it has
/// not begun, so much later. Plan again with [`solve`] and the old plan.
pub fn delay(problem: &mut Problem, vehicle: usize, by_ms: i64) -> Result<(), ModelError> {
    let places = problem.vehicles.len();
    let Some(late) = problem.vehicles.get_mut(vehicle) else {
        return Err(ModelError::UnknownVehicle { order: String::new(), vehicle: vehicle.max(places) });
    };
    match late.frozen.last_mut() {
        Some(trip) => match trip.stops.last_mut() {
            Some(stop) => stop.left_ms += by_ms,
            None => trip.departed_ms += by_ms,
        },
        None => late.shift.opens_ms = (late.shift.opens_ms + by_ms).min(late.shift.closes_ms),
    }
    Ok(())
}

/// Says that a vehicle goes no further. Its frozen stops stand, it ends where it is, and it takes nothing more; what
/// is pinned to it has no place until the caller unpins it.
pub fn break_down(problem: &mut Problem, vehicle: usize) -> Result<(), ModelError> {
    let Problem { vehicles, orders, .. } = problem;
    let Some(broken) = vehicles.get_mut(vehicle) else {
        return Err(ModelError::UnknownVehicle { order: String::new(), vehicle });
    };
    broken.rest = None;
    broken.trips_max = broken.frozen.len().max(1);
    let Some(trip) = broken.frozen.last() else {
        broken.capacity = [0; DIMENSIONS];
        broken.shift.closes_ms = broken.shift.opens_ms;
        return Ok(());
    };
    let mut on_board = [0; DIMENSIONS];
    for order in trip.stops.iter().filter_map(|stop| orders.get(stop.order)) {
        for (sum, load) in on_board.iter_mut().zip(order.load) {
            *sum += load;
        }
    }
    let last = trip.stops.last();
    let stopped_ms = last.map_or(trip.departed_ms, |stop| stop.left_ms);
    let place = last.and_then(|stop| orders.get(stop.order)).map_or(broken.start, |order| order.place);
    broken.capacity = on_board;
    broken.shift.closes_ms = stopped_ms.max(broken.shift.opens_ms);
    broken.end = place;
    Ok(())
}

/// Freezes what a plan has begun by an instant: trips that have left, and in them the stops that are left by then or
/// whose vehicle is already on its way to them.
pub fn freeze(problem: &mut Problem, plan: &Plan, now_ms: i64) {
    use crate::model::{FrozenStop, FrozenTrip};
    for route in &plan.routes {
        let times = stop_times(problem, route);
        let mut times = times.into_iter();
        let mut frozen = Vec::new();
        for trip in &route.trips {
            let stops: Vec<(usize, i64, i64)> =
                trip.orders.iter().filter_map(|&order| times.next().map(|(from, left)| (order, from, left))).collect();
            if trip.departs_ms > now_ms {
                break;
            }
            let begun = stops.into_iter().take_while(|&(_, set_out_ms, _)| set_out_ms <= now_ms);
            let stops = begun.map(|(order, _, left_ms)| FrozenStop { order, left_ms }).collect();
            frozen.push(FrozenTrip { departed_ms: trip.departs_ms, stops });
        }
        let frozen_stops: usize = frozen.iter().map(|trip| trip.stops.len()).sum();
        if let Some(vehicle) = problem.vehicles.get_mut(route.vehicle) {
            if route.rest.is_some_and(|rest| rest.after_orders < frozen_stops) {
                vehicle.rest = None;
            }
            vehicle.frozen = frozen;
        }
    }
}

/// For every stop of a route: when the vehicle sets out for it and when it leaves it.
fn stop_times(problem: &Problem, route: &Route) -> Vec<(i64, i64)> {
    let Some(vehicle) = problem.vehicles.get(route.vehicle) else {
        return Vec::new();
    };
    let matrix = &problem.matrices[vehicle.profile];
    let mut times = Vec::new();
    let frozen: Vec<i64> = vehicle.frozen.iter().flat_map(|trip| &trip.stops).map(|stop| stop.left_ms).collect();
    for trip in &route.trips {
        let (mut clock, mut place) = (trip.departs_ms, vehicle.start);
        for index in &trip.orders {
            let Some(order) = problem.orders.get(*index) else { continue };
            if let (Some(rest), Some(taken)) = (vehicle.rest, route.rest)
                && taken.after_orders == times.len()
            {
                clock = taken.begins_ms + rest.length_ms;
            }
            let set_out = clock;
            clock += i64::from(matrix.ms(place, order.place));
            place = order.place;
            let window = order.windows.iter().find(|window| window.closes_ms >= clock);
            clock = window.map_or(clock, |window| clock.max(window.opens_ms)) + order.service_ms;
            if let Some(&left) = frozen.get(times.len()) {
                clock = left;
            }
            times.push((set_out, clock));
        }
    }
    times
}

/// What is different between two plans for the same problem, in the sequence of the orders' numbers.
pub fn changes(before: &Plan, after: &Plan) -> Vec<Change> {
    let places = |plan: &Plan| {
        let mut places = BTreeMap::new();
        for route in &plan.routes {
            let mut previous = None;
            for order in route.orders() {
                places.insert(order, (route.vehicle, previous));
                previous = Some(order);
            }
        }
        places
    };
    let (old, new) = (places(before), places(after));
    let orders: BTreeSet<usize> = old.keys().chain(new.keys()).copied().collect();
    let mut changes = Vec::new();
    for order in orders {
        changes.extend(match (old.get(&order), new.get(&order)) {
            (None, Some(&(vehicle, _))) => Some(Change::Assigned { order, vehicle }),
            (Some(&(vehicle, _)), None) => Some(Change::Unassigned { order, vehicle }),
            (Some(&(from, _)), Some(&(to, _))) if from != to => Some(Change::Moved { order, from, to }),
            (Some((vehicle, previous)), Some((_, now))) if previous != now => {
                Some(Change::Resequenced { order, vehicle: *vehicle })
            }
            _ => None,
        });
    }
    changes
}

fn refuse_unknown(problem: &Problem, orders: &[usize]) -> Result<(), ModelError> {
    match orders.iter().find(|&&order| order >= problem.orders.len()) {
        Some(&order) => Err(ModelError::UnknownOrder { what: "the change".to_owned(), order }),
        None => Ok(()),
    }
}

/// The plan without some orders. Trips that bring nothing are gone.
fn without(plan: &Plan, orders: &[usize]) -> Plan {
    let mut plan = plan.clone();
    for route in &mut plan.routes {
        let mut served = 0;
        let rest = route.rest;
        for trip in &mut route.trips {
            trip.orders.retain(|order| {
                let stays = !orders.contains(order);
                // The rest stays between the same neighbours.
                if let Some(moved) = &mut route.rest
                    && !stays
                    && rest.is_some_and(|rest| served < rest.after_orders)
                {
                    moved.after_orders -= 1;
                }
                served += 1;
                stays
            });
        }
        route.trips.retain(|trip| !trip.orders.is_empty());
    }
    plan.routes.retain(|route| !route.trips.is_empty());
    plan.unassigned.retain(|left| !orders.contains(&left.order));
    plan
}

fn insert_one(problem: &Problem, plan: &Plan, order: usize, settings: &Settings<'_>) -> Result<Plan, ModelError> {
    let part = Part::around(problem, plan, order);
    let last = part.problem.orders.len() - 1;
    let answer = solve(&part.problem, Some(&part.plan), settings)?;
    let placed = !answer.plan.unassigned.iter().any(|left| left.order == last);
    if placed || part.vehicles.len() == problem.vehicles.len() {
        return Ok(part.merge(plan, &answer.plan));
    }
    // Nobody near has room; somebody far may.
    let part = Part::of(problem, plan, &(0..problem.vehicles.len()).collect::<Vec<_>>(), &[order]);
    let answer = solve(&part.problem, Some(&part.plan), settings)?;
    Ok(part.merge(plan, &answer.plan))
}

/// A few vehicles with their orders and some orders more, as a problem of its own.
struct Part {
    problem: Problem,
    plan: Plan,
    orders: Vec<usize>,
    vehicles: Vec<usize>,
}

impl Part {
    fn around(problem: &Problem, plan: &Plan, order: usize) -> Self {
        let here = problem.orders[order].place;
        let matrix = &problem.matrices[0];
        let away = |other: usize| {
            let there = problem.orders[other].place;
            i64::from(matrix.metres(here, there)) + i64::from(matrix.metres(there, here))
        };
        let mut stops: Vec<(i64, usize, usize)> = Vec::new();
        for route in &plan.routes {
            // One stop per route says how near it comes.
            let nearest = route.orders().map(|other| (away(other), other)).min();
            stops.extend(nearest.map(|(metres, other)| (metres, other, route.vehicle)));
        }
        stops.sort_unstable();
        let mut vehicles: BTreeSet<usize> = stops.iter().take(VEHICLES_NEAR).map(|&(_, _, vehicle)| vehicle).collect();
        vehicles.extend(problem.orders[order].pinned_to);
        let busy: BTreeSet<usize> = plan.routes.iter().map(|route| route.vehicle).collect();
        let mut kinds: Vec<(usize, usize)> = Vec::new();
        for (number, vehicle) in problem.vehicles.iter().enumerate().filter(|(number, _)| !busy.contains(number)) {
            let same = |&(known, _): &(usize, usize)| {
                let mut like = problem.vehicles[known].clone();
                like.id.clone_from(&vehicle.id);
                like == *vehicle
            };
            match kinds.iter().position(same) {
                Some(kind) if kinds[kind].1 >= IDLE_OF_A_KIND => continue,
                Some(kind) => kinds[kind].1 += 1,
                None => kinds.push((number, 1)),
            }
            vehicles.insert(number);
        }
        Self::of(problem, plan, &vehicles.into_iter().collect::<Vec<_>>(), &[order])
    }

    /// The new orders come last.
    fn of(problem: &Problem, plan: &Plan, vehicles: &[usize], new: &[usize]) -> Self {
        let routes: Vec<&Route> = plan.routes.iter().filter(|route| vehicles.contains(&route.vehicle)).collect();
        let mut orders: Vec<usize> = routes.iter().flat_map(|route| route.orders()).collect();
        let listed: BTreeSet<usize> = orders.iter().copied().collect();
        let frozen = vehicles.iter().flat_map(|&vehicle| &problem.vehicles[vehicle].frozen);
        orders.extend(frozen.flat_map(|trip| &trip.stops).map(|stop| stop.order).filter(|o| !listed.contains(o)));
        orders.extend(new);
        let number_of: BTreeMap<usize, usize> = orders.iter().enumerate().map(|(new, &old)| (old, new)).collect();
        let vehicle_of: BTreeMap<usize, usize> = vehicles.iter().enumerate().map(|(new, &old)| (old, new)).collect();
        let mut places: BTreeSet<usize> = orders.iter().map(|&order| problem.orders[order].place).collect();
        places.extend(vehicles.iter().flat_map(|&v| [problem.vehicles[v].start, problem.vehicles[v].end]));
        let places: Vec<usize> = places.into_iter().collect();
        let place_of: BTreeMap<usize, usize> = places.iter().enumerate().map(|(new, &old)| (old, new)).collect();
        let small = Problem {
            matrices: problem.matrices.iter().map(|matrix| matrix.part(&places)).collect::<Vec<Matrix>>(),
            orders: orders
                .iter()
                .map(|&order| {
                    let mut small: Order = problem.orders[order].clone();
                    small.place = place_of[&small.place];
                    // A vehicle outside of this part may not bring it, nor may anybody here.
                    small.pinned_to = small.pinned_to.and_then(|vehicle| vehicle_of.get(&vehicle).copied());
                    small
                })
                .collect(),
            vehicles: vehicles
                .iter()
                .map(|&vehicle| {
                    let mut small = problem.vehicles[vehicle].clone();
                    (small.start, small.end) = (place_of[&small.start], place_of[&small.end]);
                    for stop in small.frozen.iter_mut().flat_map(|trip| &mut trip.stops) {
                        stop.order = number_of[&stop.order];
                    }
                    small
                })
                .collect(),
            balance: problem.balance,
        };
        let renamed = routes.iter().map(|route| Route {
            vehicle: vehicle_of[&route.vehicle],
            trips: renumber(&route.trips, |order| number_of[&order]),
            rest: route.rest,
        });
        let plan = Plan { routes: renamed.collect(), unassigned: Vec::new() };
        Self { problem: small, plan, orders, vehicles: vehicles.to_vec() }
    }

    fn without_last(&self) -> Problem {
        let mut problem = self.problem.clone();
        problem.orders.pop();
        problem
    }

    /// The whole plan with this part of it replaced.
    fn merge(&self, plan: &Plan, part: &Plan) -> Plan {
        let mut merged = plan.clone();
        merged.routes.retain(|route| !self.vehicles.contains(&route.vehicle));
        merged.routes.extend(part.routes.iter().map(|route| Route {
            vehicle: self.vehicles[route.vehicle],
            trips: renumber(&route.trips, |order| self.orders[order]),
            rest: route.rest,
        }));
        merged.routes.sort_by_key(|route| route.vehicle);
        merged.unassigned.extend(part.unassigned.iter().map(|left| Unassigned {
            order: self.orders[left.order],
            reason: left.reason.clone(),
            relaxation: self.outside(&left.relaxation),
        }));
        merged.unassigned.sort_by_key(|left| left.order);
        merged
    }

    fn outside(&self, relaxation: &crate::model::Relaxation) -> crate::model::Relaxation {
        use crate::model::Relaxation::{AnotherVehicle, HigherPrize, LaterWindow, LongerShift, MoreRoom, None};
        match *relaxation {
            LaterWindow { vehicle, by_ms } => LaterWindow { vehicle: self.vehicles[vehicle], by_ms },
            LongerShift { vehicle, by_ms } => LongerShift { vehicle: self.vehicles[vehicle], by_ms },
            MoreRoom { vehicle, dimension, by } => MoreRoom { vehicle: self.vehicles[vehicle], dimension, by },
            AnotherVehicle { like } => AnotherVehicle { like: self.vehicles[like] },
            HigherPrize { by } => HigherPrize { by },
            None => None,
        }
    }
}

fn renumber(trips: &[Trip], number: impl Fn(usize) -> usize) -> Vec<Trip> {
    let renumbered = |trip: &Trip| Trip {
        departs_ms: trip.departs_ms,
        orders: trip.orders.iter().map(|&order| number(order)).collect(),
    };
    trips.iter().map(renumbered).collect()
}
