//! The problem as the inner loops want it: nodes numbered through, tables flat, vehicles that are alike together.

use std::sync::Arc;

use crate::model::{DIMENSIONS, Load, Plan, Problem, UNREACHABLE, Window};

/// What no road is counted as: more than any way, and two of them still fit into an `i32`.
pub(super) const NO_ROAD: i32 = 1 << 29;
/// No tour, no vehicle.
pub(super) const NONE: u32 = u32::MAX;
/// Neighbours that an order knows.
const NEIGHBOURS: usize = 120;

/// Travel of one profile between nodes, and the same seen from the other end.
pub(super) struct Grid {
    pub(super) nodes: usize,
    pub(super) time: Arc<Vec<i32>>,
    pub(super) metres: Arc<Vec<i32>>,
    pub(super) time_to: Arc<Vec<i32>>,
    pub(super) metres_to: Arc<Vec<i32>>,
}

impl Grid {
    pub(super) fn ms(&self, from: u32, to: u32) -> i64 {
        i64::from(self.time[from as usize * self.nodes + to as usize])
    }

    pub(super) fn arc(&self, from: u32, to: u32) -> i32 {
        self.metres[from as usize * self.nodes + to as usize]
    }
}

/// One vehicle, its frozen part folded into where and when it starts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Van {
    pub(super) profile: usize,
    /// Where it stands when the search takes over, and where it ends and reloads.
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) depot: u32,
    /// When it can leave `start`.
    pub(super) free_ms: i64,
    pub(super) closes_ms: i64,
    /// Set when the first trip has begun: then that departure stands.
    pub(super) departed_ms: Option<i64>,
    /// The departure of the trip under way.
    pub(super) trip_departed_ms: i64,
    pub(super) capacity: Load,
    /// What the frozen stops of the trip under way weigh.
    pub(super) head_load: Load,
    pub(super) head_metres: i64,
    pub(super) head_moved: i64,
    pub(super) head_late: i64,
    pub(super) skills: u64,
    pub(super) fixed: i64,
    pub(super) per_metre: i64,
    pub(super) per_ms: i64,
    pub(super) longest_ms: Option<i64>,
    pub(super) trips_left: usize,
    pub(super) reload_ms: i64,
    pub(super) rest: Option<crate::model::Break>,
    pub(super) class: usize,
}

impl Van {
    /// On the road already: has a tour even without open stops.
    pub(super) const fn started(&self) -> bool {
        self.departed_ms.is_some()
    }
}

pub(super) struct Shop {
    /// Orders are nodes `0..orders`, places of vehicles the nodes after them.
    pub(super) orders: usize,
    pub(super) grids: Vec<Grid>,
    pub(super) vans: Vec<Van>,
    /// Vans that are exchangeable, by class.
    pub(super) classes: Vec<Vec<u32>>,
    /// For each class those that could take over its tour as it is, itself not included.
    pub(super) refits: Vec<Vec<usize>>,
    pub(super) load: Vec<Load>,
    pub(super) dimensions: usize,
    pub(super) opens: Vec<i64>,
    pub(super) closes: Vec<i64>,
    /// All windows of the few orders that have several.
    pub(super) windows: Vec<Vec<Window>>,
    pub(super) service: Vec<i64>,
    pub(super) release: Vec<i64>,
    pub(super) skills: Vec<u64>,
    pub(super) pinned: Vec<u32>,
    /// What leaving the order out costs.
    pub(super) miss: Vec<i64>,
    pub(super) soft: Vec<Option<crate::model::SoftLate>>,
    pub(super) cold: Vec<i64>,
    /// The vehicle that an order should stay with, and what leaving it costs.
    pub(super) home: Vec<u32>,
    pub(super) move_cost: i64,
    pub(super) balance: Option<crate::model::Balance>,
    pub(super) neighbours: Vec<Vec<u32>>,
    /// Farness from the depot, to sort by.
    pub(super) far: Vec<i32>,
    /// Frozen orders: they are on no tour and not to be placed.
    pub(super) frozen: Vec<bool>,
    /// Some orders may be left out for a price.
    pub(super) prizes: bool,
    /// Some windows open later than others.
    pub(super) timed: bool,
    /// Insertions can be judged by earliest and latest times alone.
    pub(super) plain: bool,
    /// Above every cost that a plan may reasonably have.
    pub(super) mandatory: i64,
}

impl Shop {
    pub(super) fn open(problem: &Problem, stay: Option<(&Plan, i64)>) -> Self {
        let orders = problem.orders.len();
        let mut places: Vec<usize> = problem.orders.iter().map(|order| order.place).collect();
        let mut node_of_place = std::collections::BTreeMap::new();
        let mut node = |place: usize, places: &mut Vec<usize>| -> u32 {
            *node_of_place.entry(place).or_insert_with(|| {
                places.push(place);
                (places.len() - 1) as u32
            })
        };
        let home = homes(problem, stay.map(|(plan, _)| plan));
        let move_cost = stay.map_or(0, |(_, cost)| cost);
        let mut frozen = vec![false; orders];
        let mut vans: Vec<Van> = Vec::with_capacity(problem.vehicles.len());
        for (number, vehicle) in problem.vehicles.iter().enumerate() {
            let matrix = &problem.matrices[vehicle.profile];
            let depot = node(vehicle.start, &mut places);
            let mut van = Van {
                profile: vehicle.profile,
                start: depot,
                end: node(vehicle.end, &mut places),
                depot,
                free_ms: vehicle.shift.opens_ms,
                closes_ms: vehicle.shift.closes_ms,
                departed_ms: vehicle.frozen.first().map(|trip| trip.departed_ms),
                trip_departed_ms: vehicle.frozen.last().map_or(0, |trip| trip.departed_ms),
                capacity: vehicle.capacity,
                head_load: [0; DIMENSIONS],
                head_metres: 0,
                head_moved: 0,
                head_late: 0,
                skills: vehicle.skills,
                fixed: vehicle.fixed_cost,
                per_metre: vehicle.cost_per_metre,
                per_ms: vehicle.cost_per_ms,
                longest_ms: vehicle.max_duration_ms,
                trips_left: vehicle.trips_max - vehicle.frozen.len().saturating_sub(1),
                reload_ms: vehicle.reload_ms,
                rest: vehicle.rest,
                class: 0,
            };
            let mut at = vehicle.start;
            for trip in &vehicle.frozen {
                if at != vehicle.start {
                    van.head_metres += i64::from(matrix.metres(at, vehicle.start));
                    at = vehicle.start;
                }
                van.free_ms = trip.departed_ms;
                van.head_load = [0; DIMENSIONS];
                for stop in &trip.stops {
                    let order = &problem.orders[stop.order];
                    frozen[stop.order] = true;
                    van.head_metres += i64::from(matrix.metres(at, order.place));
                    at = order.place;
                    van.free_ms = stop.left_ms;
                    if home[stop.order] != NONE && home[stop.order] as usize != number {
                        van.head_moved += move_cost;
                    }
                    for (sum, load) in van.head_load.iter_mut().zip(order.load) {
                        *sum += load;
                    }
                }
            }
            if van.started() {
                van.start = node(at, &mut places);
            }
            vans.push(van);
        }
        let (classes, refits) = classes(&mut vans, &problem.orders);
        let grids: Vec<Grid> = problem.matrices.iter().map(|matrix| grid(matrix, &places)).collect();
        let dimensions = (0..DIMENSIONS)
            .rev()
            .find(|&dimension| problem.orders.iter().any(|order| order.load[dimension] > 0))
            .map_or(0, |last| last + 1);

        let earliest = vans.iter().map(|van| van.free_ms).min().unwrap_or(0);
        let release: Vec<i64> = problem.orders.iter().map(|order| order.release_ms.unwrap_or(i64::MIN)).collect();
        let plain_van =
            |van: &Van| van.trips_left == 1 && van.rest.is_none() && van.longest_ms.is_none() && van.per_ms == 0;
        let plain = vans.iter().all(plain_van)
            && problem.balance.is_none()
            && release.iter().all(|&release| release <= earliest)
            && vans.iter().all(|van| !van.started() || release.iter().all(|&at| at <= van.trip_departed_ms))
            && problem.orders.iter().all(|order| order.soft_late.is_none() && order.cold_limit_ms.is_none());

        let longest_arc = grids
            .iter()
            .flat_map(|grid| grid.metres.iter())
            .filter(|&&arc| arc < NO_ROAD)
            .max()
            .map_or(1, |&arc| i64::from(arc));
        let dearest = |cost: fn(&Van) -> i64| vans.iter().map(cost).max().unwrap_or(0);
        // However many are left out, what that costs can be added up.
        let bearable = (1 << 46).min((1 << 52) / (orders as i64 + 1));
        let detour = (4 * longest_arc).saturating_mul(dearest(|van| van.per_metre)).min(bearable);
        let day = vans.iter().map(|van| van.closes_ms.saturating_sub(van.free_ms)).max().unwrap_or(0);
        let hours = day.min(1 << 32).saturating_mul(dearest(|van| van.per_ms)).min(bearable);
        let mandatory = (detour + hours + dearest(|van| van.fixed) + move_cost + 1).min(bearable);
        let miss = problem
            .orders
            .iter()
            .map(|order| order.prize.unwrap_or_else(|| mandatory << (3 * u32::from(3 - order.tier.min(3)))));

        let first = &grids[0];
        let neighbours = (0..orders as u32).map(|order| neighbours_of(first, order, orders)).collect();
        let depot = vans[0].start;
        Self {
            prizes: problem.orders.iter().any(|order| order.prize.is_some()),
            timed: problem.orders.iter().any(|order| !order.windows.is_empty()),
            far: (0..orders as u32).map(|order| first.arc(depot, order)).collect(),
            miss: miss.collect(),
            opens: problem.orders.iter().map(|o| o.windows.first().map_or(i64::MIN / 4, |w| w.opens_ms)).collect(),
            closes: problem.orders.iter().map(|o| o.windows.last().map_or(i64::MAX / 4, |w| w.closes_ms)).collect(),
            windows: problem
                .orders
                .iter()
                .map(|order| if order.windows.len() > 1 { order.windows.clone() } else { Vec::new() })
                .collect(),
            load: problem.orders.iter().map(|order| order.load).collect(),
            service: problem.orders.iter().map(|order| order.service_ms).collect(),
            skills: problem.orders.iter().map(|order| order.skills).collect(),
            pinned: problem.orders.iter().map(|order| order.pinned_to.map_or(NONE, |van| van as u32)).collect(),
            soft: problem.orders.iter().map(|order| order.soft_late).collect(),
            cold: problem.orders.iter().map(|order| order.cold_limit_ms.unwrap_or(i64::MAX)).collect(),
            balance: problem.balance,
            orders,
            grids,
            vans,
            classes,
            refits,
            dimensions,
            release,
            home,
            move_cost,
            neighbours,
            frozen,
            plain,
            mandatory,
        }
    }

    pub(super) fn grid(&self, van: u32) -> &Grid {
        &self.grids[self.vans[van as usize].profile]
    }

    pub(super) const fn is_order(&self, node: u32) -> bool {
        (node as usize) < self.orders
    }

    /// When service begins after arriving at `at`, or `None` when it is too late for every window.
    pub(super) fn begins(&self, order: u32, at: i64) -> Option<i64> {
        let order = order as usize;
        if at > self.closes[order] {
            return None;
        }
        let windows = &self.windows[order];
        if windows.is_empty() {
            return Some(at.max(self.opens[order]));
        }
        windows.iter().find(|window| window.closes_ms >= at).map(|window| at.max(window.opens_ms))
    }

    /// The latest beginning of service not after `limit`, or `None` when no window has opened by then.
    pub(super) fn begins_by(&self, order: u32, limit: i64) -> Option<i64> {
        let order = order as usize;
        if limit < self.opens[order] {
            return None;
        }
        let windows = &self.windows[order];
        if windows.is_empty() {
            return Some(limit.min(self.closes[order]));
        }
        windows.iter().rev().find(|window| window.opens_ms <= limit).map(|window| limit.min(window.closes_ms))
    }

    /// What it costs that an order rides with this van instead of the one it was promised to.
    pub(super) fn moved(&self, order: u32, van: u32) -> i64 {
        let home = self.home[order as usize];
        if home == NONE || home == van { 0 } else { self.move_cost }
    }

    /// May ride with the van at all, time and room aside.
    pub(super) fn suits(&self, order: u32, van: u32) -> bool {
        let (order, skills) = (order as usize, self.vans[van as usize].skills);
        self.skills[order] & skills == self.skills[order] && (self.pinned[order] == NONE || self.pinned[order] == van)
    }

    pub(super) fn fits(&self, load: &Load, order: u32, capacity: &Load) -> bool {
        let more = &self.load[order as usize];
        (0..self.dimensions).all(|dimension| load[dimension] + more[dimension] <= capacity[dimension])
    }
}

fn homes(problem: &Problem, plan: Option<&Plan>) -> Vec<u32> {
    let mut home = vec![NONE; problem.orders.len()];
    for route in plan.iter().flat_map(|plan| &plan.routes) {
        for order in route.orders() {
            if let Some(home) = home.get_mut(order) {
                *home = route.vehicle as u32;
            }
        }
    }
    home
}

fn grid(matrix: &crate::model::Matrix, places: &[usize]) -> Grid {
    let nodes = places.len();
    let cell = |cell: i32| if cell == UNREACHABLE { NO_ROAD } else { cell.min(NO_ROAD) };
    let table = |of: &dyn Fn(usize, usize) -> i32| {
        let mut table = Vec::with_capacity(nodes * nodes);
        for &from in places {
            table.extend(places.iter().map(|&to| cell(of(from, to))));
        }
        table
    };
    let time = Arc::new(table(&|from, to| matrix.ms(from, to)));
    let metres = table(&|from, to| matrix.metres(from, to));
    // The same numbers in one place are in the cache together.
    let metres = if metres == *time { Arc::clone(&time) } else { Arc::new(metres) };
    let turned = |table: &Arc<Vec<i32>>| {
        let mut turned = vec![0; nodes * nodes];
        for from in 0..nodes {
            for to in 0..nodes {
                turned[to * nodes + from] = table[from * nodes + to];
            }
        }
        if turned == **table { Arc::clone(table) } else { Arc::new(turned) }
    };
    let (time_to, metres_to) = (turned(&time), turned(&metres));
    Grid { nodes, time, metres, time_to, metres_to }
}

fn neighbours_of(grid: &Grid, order: u32, orders: usize) -> Vec<u32> {
    let away = |other: u32| i64::from(grid.arc(order, other)) + i64::from(grid.arc(other, order));
    let mut others: Vec<(i64, u32)> =
        (0..orders as u32).filter(|&other| other != order).map(|other| (away(other), other)).collect();
    if others.len() > NEIGHBOURS {
        others.select_nth_unstable(NEIGHBOURS);
        others.truncate(NEIGHBOURS);
    }
    others.sort_unstable();
    // The order itself comes first: a ruin begins with its seed.
    std::iter::once(order).chain(others.into_iter().map(|(_, other)| other)).collect()
}

/// Vans are exchangeable when nothing but their number tells them apart; those on the road or named by an order stand
/// alone.
fn classes(vans: &mut [Van], orders: &[crate::model::Order]) -> (Vec<Vec<u32>>, Vec<Vec<usize>>) {
    let mut named = vec![false; vans.len()];
    for van in orders.iter().filter_map(|order| order.pinned_to) {
        named[van] = true;
    }
    let mut classes: Vec<Vec<u32>> = Vec::new();
    for number in 0..vans.len() {
        let alone = vans[number].started() || named[number];
        let known = classes.iter().position(|members| {
            let first = members[0] as usize;
            let mut same = vans[number].clone();
            same.class = vans[first].class;
            !alone && !vans[first].started() && !named[first] && same == vans[first]
        });
        let class = known.unwrap_or_else(|| {
            classes.push(Vec::new());
            classes.len() - 1
        });
        vans[number].class = class;
        classes[class].push(number as u32);
    }
    let refits = (0..classes.len()).map(|from| {
        let old = &vans[classes[from][0] as usize];
        let takes_over = |to: usize| {
            let first = classes[to][0] as usize;
            let mut like = vans[first].clone();
            (like.capacity, like.fixed, like.per_metre, like.class) =
                (old.capacity, old.fixed, old.per_metre, old.class);
            to != from && !old.started() && like == *old && !named[first] && !named[classes[from][0] as usize]
        };
        (0..classes.len()).filter(|&to| takes_over(to)).collect()
    });
    let refits = refits.collect();
    (classes, refits)
}
