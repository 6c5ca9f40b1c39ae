//! Judges a plan by the words of the model alone.
//!
//! Shares no code with the solver: it walks every route minute by minute, as a driver would, and adds up the bill.
//! Slow and plain on purpose.

use serde::Serialize;

use crate::model::{DIMENSIONS, Matrix, Order, Plan, Problem, Rest, Route, Trip, UNREACHABLE, Vehicle};

/// A promise that a plan breaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "violation")]
pub enum Violation {
    #[error("route {route} names vehicle {vehicle}, which does not exist")]
    UnknownVehicle { route: usize, vehicle: usize },
    #[error("vehicle {vehicle} has two routes")]
    VehicleUsedTwice { vehicle: usize },
    #[error("order {order} does not exist")]
    UnknownOrder { order: usize },
    #[error("order {order} is named {times} times")]
    NotExactlyOnce { order: usize, times: usize },
    #[error("vehicle {vehicle} carries {load} in dimension {dimension} on trip {trip}, {capacity} fit")]
    OverCapacity { vehicle: usize, trip: usize, dimension: usize, load: i64, capacity: i64 },
    #[error("vehicle {vehicle} lacks a skill that order {order} asks for")]
    SkillMissing { vehicle: usize, order: usize },
    #[error("order {order} is pinned to vehicle {pinned_to} and rides with {vehicle}")]
    PinnedElsewhere { vehicle: usize, order: usize, pinned_to: usize },
    #[error("no road leads from place {from} to place {to} for vehicle {vehicle}")]
    NoRoad { vehicle: usize, from: usize, to: usize },
    #[error("vehicle {vehicle} reaches order {order} at {arrives_ms}, after its last window")]
    TooLate { vehicle: usize, order: usize, arrives_ms: i64 },
    #[error("vehicle {vehicle} leaves on trip {trip} at {departs_ms}, it is ready at {ready_ms}")]
    LeavesTooEarly { vehicle: usize, trip: usize, departs_ms: i64, ready_ms: i64 },
    #[error("vehicle {vehicle} leaves at {departs_ms} with order {order}, which is released at {release_ms}")]
    BeforeRelease { vehicle: usize, order: usize, departs_ms: i64, release_ms: i64 },
    #[error("vehicle {vehicle} is back at {back_ms}, its shift ends at {shift_ends_ms}")]
    ShiftOver { vehicle: usize, back_ms: i64, shift_ends_ms: i64 },
    #[error("vehicle {vehicle} is out for {duration_ms}, at most {max_ms} are allowed")]
    TooLong { vehicle: usize, duration_ms: i64, max_ms: i64 },
    #[error("vehicle {vehicle} makes {trips} trips, at most {max} are allowed")]
    TooManyTrips { vehicle: usize, trips: usize, max: usize },
    #[error("order {order} is out of the cold for {out_ms}, at most {max_ms} are allowed")]
    OutOfColdTooLong { vehicle: usize, order: usize, out_ms: i64, max_ms: i64 },
    #[error("the driver of vehicle {vehicle} does not rest as agreed")]
    RestMissed { vehicle: usize },
    #[error("the frozen part of vehicle {vehicle} was changed")]
    FrozenChanged { vehicle: usize },
    #[error("a trip of vehicle {vehicle} brings nothing")]
    EmptyTrip { vehicle: usize },
}

/// What a plan costs, part by part. Prizes are those of the orders left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Bill {
    pub vehicles: usize,
    pub metres: i64,
    pub duration_ms: i64,
    pub fixed: i64,
    pub distance: i64,
    pub time: i64,
    pub late: i64,
    pub balance: i64,
    pub prizes: i64,
    /// Orders without a prize that are left out.
    pub unserved: usize,
}

impl Bill {
    /// All parts together.
    pub const fn total(&self) -> i64 {
        self.fixed + self.distance + self.time + self.late + self.balance + self.prizes
    }
}

/// The finding: no violations means that the plan can be driven as written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verdict {
    pub violations: Vec<Violation>,
    pub cost: Bill,
}

/// Walks every route of the plan and says what is wrong and what it costs.
pub fn check(problem: &Problem, plan: &Plan) -> Verdict {
    let mut verdict = Verdict::default();
    let mut named = vec![0usize; problem.orders.len()];
    let mut used = vec![false; problem.vehicles.len()];
    for (number, route) in plan.routes.iter().enumerate() {
        let Some(vehicle) = problem.vehicles.get(route.vehicle) else {
            verdict.violations.push(Violation::UnknownVehicle { route: number, vehicle: route.vehicle });
            continue;
        };
        if std::mem::replace(&mut used[route.vehicle], true) {
            verdict.violations.push(Violation::VehicleUsedTwice { vehicle: route.vehicle });
        }
        let mut known = true;
        for order in route.orders() {
            if let Some(times) = named.get_mut(order) {
                *times += 1;
            } else {
                known = false;
                verdict.violations.push(Violation::UnknownOrder { order });
            }
        }
        if known {
            Walk { problem, vehicle, route, verdict: &mut verdict }.all();
        }
    }
    for (number, vehicle) in problem.vehicles.iter().enumerate() {
        if !vehicle.frozen.is_empty() && !used[number] {
            verdict.violations.push(Violation::FrozenChanged { vehicle: number });
        }
    }
    for unassigned in &plan.unassigned {
        match (named.get_mut(unassigned.order), problem.orders.get(unassigned.order)) {
            (Some(times), Some(order)) => {
                *times += 1;
                match order.prize {
                    Some(prize) => verdict.cost.prizes += prize,
                    None => verdict.cost.unserved += 1,
                }
            }
            _ => verdict.violations.push(Violation::UnknownOrder { order: unassigned.order }),
        }
    }
    for (order, &times) in named.iter().enumerate() {
        if times != 1 {
            verdict.violations.push(Violation::NotExactlyOnce { order, times });
        }
    }
    verdict
}

/// One route on its way through the day.
struct Walk<'a> {
    problem: &'a Problem,
    vehicle: &'a Vehicle,
    route: &'a Route,
    verdict: &'a mut Verdict,
}

impl Walk<'_> {
    fn all(mut self) {
        self.loads_and_skills();
        self.frozen_part();
        let first_departure = self.route.trips.first().map_or(0, |trip| trip.departs_ms);
        let back = self.clockwork();
        let (vehicle, cost) = (self.vehicle, &mut self.verdict.cost);
        let duration_ms = back - first_departure;
        cost.vehicles += 1;
        cost.duration_ms += duration_ms;
        cost.fixed += vehicle.fixed_cost;
        cost.time += duration_ms * vehicle.cost_per_ms;
        if let Some(balance) = self.problem.balance {
            cost.balance += (duration_ms - balance.even_share_ms).max(0) * balance.cost_per_ms;
        }
        let number = self.route.vehicle;
        if back > vehicle.shift.closes_ms {
            let shift_ends_ms = vehicle.shift.closes_ms;
            self.breach(Violation::ShiftOver { vehicle: number, back_ms: back, shift_ends_ms });
        }
        match vehicle.max_duration_ms {
            Some(max_ms) if duration_ms > max_ms => {
                self.breach(Violation::TooLong { vehicle: number, duration_ms, max_ms });
            }
            Some(_) | None => {}
        }
    }

    fn breach(&mut self, violation: Violation) {
        self.verdict.violations.push(violation);
    }

    fn loads_and_skills(&mut self) {
        let (vehicle, number) = (self.vehicle, self.route.vehicle);
        if self.route.trips.len() > vehicle.trips_max {
            self.breach(Violation::TooManyTrips {
                vehicle: number,
                trips: self.route.trips.len(),
                max: vehicle.trips_max,
            });
        }
        for (trip_number, trip) in self.route.trips.iter().enumerate() {
            if trip.orders.is_empty() && trip_number >= vehicle.frozen.len() {
                self.breach(Violation::EmptyTrip { vehicle: number });
            }
            for dimension in 0..DIMENSIONS {
                let load: i64 = trip.orders.iter().map(|&order| self.problem.orders[order].load[dimension]).sum();
                let capacity = vehicle.capacity[dimension];
                if load > capacity {
                    self.breach(Violation::OverCapacity {
                        vehicle: number,
                        trip: trip_number,
                        dimension,
                        load,
                        capacity,
                    });
                }
            }
        }
        for index in self.route.orders() {
            let order = &self.problem.orders[index];
            if order.skills & vehicle.skills != order.skills {
                self.breach(Violation::SkillMissing { vehicle: number, order: index });
            }
            match order.pinned_to {
                Some(pinned_to) if pinned_to != number => {
                    self.breach(Violation::PinnedElsewhere { vehicle: number, order: index, pinned_to });
                }
                Some(_) | None => {}
            }
        }
    }

    fn frozen_part(&mut self) {
        let kept = self.vehicle.frozen.iter().enumerate().all(|(number, frozen)| {
            let last = number + 1 == self.vehicle.frozen.len();
            self.route.trips.get(number).is_some_and(|trip| {
                let begins =
                    frozen.stops.iter().map(|stop| stop.order).eq(trip.orders.iter().copied().take(frozen.stops.len()));
                begins && trip.departs_ms == frozen.departed_ms && (last || trip.orders.len() == frozen.stops.len())
            })
        });
        if !kept {
            self.breach(Violation::FrozenChanged { vehicle: self.route.vehicle });
        }
    }

    /// Drives the whole route and answers when the vehicle is back for good.
    fn clockwork(&mut self) -> i64 {
        let (problem, vehicle, number) = (self.problem, self.vehicle, self.route.vehicle);
        let matrix = &problem.matrices[vehicle.profile];
        let (mut clock, mut place, mut served) = (vehicle.shift.opens_ms, vehicle.start, 0);
        let mut rested = vehicle.rest.is_none();
        for (trip_number, trip) in self.route.trips.iter().enumerate() {
            let frozen = vehicle.frozen.get(trip_number);
            if trip_number > 0 {
                clock += self.drive(matrix, place, vehicle.start) + vehicle.reload_ms;
                place = vehicle.start;
            }
            if frozen.is_none() {
                if trip.departs_ms < clock {
                    let departs_ms = trip.departs_ms;
                    self.breach(Violation::LeavesTooEarly {
                        vehicle: number,
                        trip: trip_number,
                        departs_ms,
                        ready_ms: clock,
                    });
                }
                self.releases(trip);
            }
            clock = trip.departs_ms;
            rested |= self.rests_here(served, &mut clock);
            for (position, &index) in trip.orders.iter().enumerate() {
                let order = &problem.orders[index];
                clock += self.drive(matrix, place, order.place);
                place = order.place;
                served += 1;
                if let Some(stops) = frozen.map(|trip| &trip.stops).filter(|stops| position < stops.len()) {
                    clock = stops[position].left_ms;
                    if position + 1 == stops.len() {
                        rested |= self.rests_here(served, &mut clock);
                    }
                    continue;
                }
                clock = self.serve(index, order, clock, trip.departs_ms);
                rested |= self.rests_here(served, &mut clock);
            }
        }
        if !rested {
            self.breach(Violation::RestMissed { vehicle: number });
        }
        clock + self.drive(matrix, place, vehicle.end)
    }

    fn releases(&mut self, trip: &Trip) {
        for &index in &trip.orders {
            match self.problem.orders[index].release_ms {
                Some(release_ms) if release_ms > trip.departs_ms => self.breach(Violation::BeforeRelease {
                    vehicle: self.route.vehicle,
                    order: index,
                    departs_ms: trip.departs_ms,
                    release_ms,
                }),
                Some(_) | None => {}
            }
        }
    }

    /// Waits for the window if need be, serves, and answers when it is done.
    fn serve(&mut self, index: usize, order: &Order, arrives_ms: i64, departed_ms: i64) -> i64 {
        let vehicle = self.route.vehicle;
        let begins_ms = if order.windows.is_empty() {
            arrives_ms
        } else if let Some(window) = order.windows.iter().find(|window| window.closes_ms >= arrives_ms) {
            arrives_ms.max(window.opens_ms)
        } else {
            self.breach(Violation::TooLate { vehicle, order: index, arrives_ms });
            arrives_ms
        };
        if let Some(late) = order.soft_late {
            self.verdict.cost.late += (begins_ms - late.after_ms).max(0) * late.cost_per_ms;
        }
        match order.cold_limit_ms {
            Some(max_ms) if begins_ms - departed_ms > max_ms => {
                let out_ms = begins_ms - departed_ms;
                self.breach(Violation::OutOfColdTooLong { vehicle, order: index, out_ms, max_ms });
            }
            Some(_) | None => {}
        }
        begins_ms + order.service_ms
    }

    /// Takes the rest if the plan puts it here, and says whether it was a proper one.
    fn rests_here(&mut self, served: usize, clock: &mut i64) -> bool {
        let Some(Rest { after_orders, begins_ms }) = self.route.rest else {
            return false;
        };
        let Some(rest) = self.vehicle.rest else {
            return false;
        };
        if after_orders != served || begins_ms < *clock {
            return false;
        }
        *clock = begins_ms + rest.length_ms;
        (rest.window.opens_ms..=rest.window.closes_ms).contains(&begins_ms)
    }

    /// Pays for the way and answers how long it takes.
    fn drive(&mut self, matrix: &Matrix, from: usize, to: usize) -> i64 {
        let (ms, metres) = (matrix.ms(from, to), matrix.metres(from, to));
        if ms == UNREACHABLE || metres == UNREACHABLE {
            self.breach(Violation::NoRoad { vehicle: self.route.vehicle, from, to });
            return 0;
        }
        self.verdict.cost.metres += i64::from(metres);
        self.verdict.cost.distance += i64::from(metres) * self.vehicle.cost_per_metre;
        i64::from(ms)
    }
}

/// Gives times to sequences that came without any (a solution file of a benchmark): every vehicle leaves on its first
/// trip as late as it can without being back later, on the others as soon as it may. Takes `None` for a sequence that
/// cannot be driven in time however it leaves; [`check`] then says why.
pub fn timetable(problem: &Problem, vehicle: usize, trips: &[Vec<usize>]) -> Route {
    let truck = &problem.vehicles[vehicle];
    let leaving = |first_ms: i64| {
        let mut route = Route { vehicle, trips: Vec::new(), rest: None };
        let mut ready = first_ms;
        for orders in trips {
            let released = orders.iter().filter_map(|&order| problem.orders[order].release_ms).max();
            let departs_ms = ready.max(released.unwrap_or(i64::MIN));
            route.trips.push(Trip { departs_ms, orders: orders.clone() });
            let mut verdict = Verdict::default();
            // Only the time of coming back is of interest, and it is that of a vehicle that ends where it starts.
            let back = Walk { problem, vehicle: truck, route: &route, verdict: &mut verdict }.clockwork();
            ready = back + truck.reload_ms;
        }
        (ready, route)
    };
    let (mut early, mut late) = (truck.shift.opens_ms, truck.shift.closes_ms);
    let (back, route) = leaving(early);
    if back - truck.reload_ms > truck.shift.closes_ms {
        return route;
    }
    let sound = |first_ms: i64| {
        let (then, route) = leaving(first_ms);
        let mut verdict = Verdict::default();
        Walk { problem, vehicle: truck, route: &route, verdict: &mut verdict }.clockwork();
        then <= back && verdict.violations.is_empty()
    };
    if !sound(early) {
        return route;
    }
    while early < late {
        let middle = early + (late - early + 1) / 2;
        if sound(middle) { early = middle } else { late = middle - 1 }
    }
    leaving(early).1
}
