//! The whole truth about one tour: departures, rests, releases, time out of the cold, and what it all costs.
//!
//! A vehicle leaves on its first trip as late as it can without coming back later and without making anybody wait
//! longer than the soft promise; on later trips likewise. So its day is as short as its sequence allows.

use super::shop::{Shop, Van};
use crate::model::Rest;

/// Room to think in, kept between calls.
#[derive(Default)]
pub(super) struct Timing {
    /// Departure at each position when everything happens as early as it can, before and after the rest.
    early: Vec<i64>,
    early_rested: Vec<i64>,
    /// Where the state at this position had its rest: here or before.
    rested_here: Vec<bool>,
    begins: Vec<i64>,
    latest: Vec<i64>,
    /// Departures from the depot, one per trip, of the last tour that was timed.
    pub(super) departures: Vec<i64>,
    pub(super) rest: Option<Rest>,
}

/// After which position the driver rests, if he does.
struct RestAt(Option<usize>);

const NEVER: i64 = i64::MAX / 4;

impl Timing {
    /// What the tour costs, or `None` when it cannot be driven. `nodes` runs from the van's start to its end.
    pub(super) fn cost(&mut self, shop: &Shop, van_number: u32, nodes: &[u32]) -> Option<i64> {
        let van = &shop.vans[van_number as usize];
        let grid = shop.grid(van_number);
        let last = nodes.len() - 1;
        let mut metres = van.head_metres;
        for pair in nodes.windows(2) {
            metres += i64::from(grid.arc(pair[0], pair[1]));
        }
        let RestAt(rest_at) = self.as_early_as_possible(shop, van_number, nodes)?;
        let back = self.early[last];
        self.as_late_as_possible(shop, van_number, nodes, rest_at, back);
        let (late, back) = self.drive(shop, van_number, nodes, rest_at)?;
        let out = back - van.departed_ms.unwrap_or(self.departures[0]);
        if van.longest_ms.is_some_and(|longest| out > longest) {
            return None;
        }
        let balance = shop.balance.map_or(0, |balance| (out - balance.even_share_ms).max(0) * balance.cost_per_ms);
        Some(van.fixed + metres * van.per_metre + out * van.per_ms + late + van.head_late + balance)
    }

    /// Earliest departures, and after which position the rest is taken if there is one to take. Says whether the tour
    /// can be driven.
    fn as_early_as_possible(&mut self, shop: &Shop, van_number: u32, nodes: &[u32]) -> Option<RestAt> {
        let van = &shop.vans[van_number as usize];
        let grid = shop.grid(van_number);
        let last = nodes.len() - 1;
        for list in [&mut self.early, &mut self.early_rested, &mut self.begins] {
            list.clear();
            list.resize(nodes.len(), NEVER);
        }
        self.rested_here.clear();
        self.rested_here.resize(nodes.len(), false);
        let released = released(shop, &nodes[1..]);
        if van.started() {
            if released > van.trip_departed_ms {
                return None;
            }
            self.early[0] = van.free_ms;
        } else {
            self.early[0] = van.free_ms.max(released);
        }
        self.begins[0] = self.early[0];
        self.rest_after(van, 0);
        for position in 1..=last {
            let node = nodes[position];
            let way = grid.ms(nodes[position - 1], node);
            let step = |left: i64| -> Option<(i64, i64)> {
                if left >= NEVER {
                    return None;
                }
                let arrives = left + way;
                if shop.is_order(node) {
                    let begins = shop.begins(node, arrives)?;
                    Some((begins, begins + shop.service[node as usize]))
                } else if position == last {
                    (arrives <= van.closes_ms).then_some((arrives, arrives))
                } else {
                    let ready = (arrives + van.reload_ms).max(released_of(shop, nodes, position));
                    Some((ready, ready))
                }
            };
            let (tired, fresh) = (step(self.early[position - 1]), step(self.early_rested[position - 1]));
            if tired.is_none() && fresh.is_none() {
                return None;
            }
            if let Some((begins, leaves)) = tired {
                self.begins[position] = begins;
                self.early[position] = leaves;
            }
            if let Some((_, leaves)) = fresh {
                self.early_rested[position] = leaves;
            }
            if position < last && shop.is_order(node) {
                self.rest_after(van, position);
            }
        }
        if van.rest.is_none() {
            return Some(RestAt(None));
        }
        if self.early_rested[last] >= NEVER {
            return None;
        }
        self.early[last] = self.early_rested[last];
        (0..last).rev().find(|&position| self.rested_here[position]).map(|at| RestAt(Some(at)))
    }

    /// Considers the rest between leaving this position and the next.
    fn rest_after(&mut self, van: &Van, position: usize) {
        let Some(rest) = van.rest else {
            return;
        };
        if self.early[position] >= NEVER {
            return;
        }
        let begins = self.early[position].max(rest.window.opens_ms);
        if begins <= rest.window.closes_ms && begins + rest.length_ms < self.early_rested[position] {
            self.early_rested[position] = begins + rest.length_ms;
            // A later place of rest that is better makes the earlier ones void from here on.
            self.rested_here[position] = true;
        }
    }

    /// Latest arrivals that still end the tour when it ends earliest.
    fn as_late_as_possible(&mut self, shop: &Shop, van_number: u32, nodes: &[u32], rest_at: Option<usize>, back: i64) {
        let van = &shop.vans[van_number as usize];
        let grid = shop.grid(van_number);
        let last = nodes.len() - 1;
        self.latest.clear();
        self.latest.resize(nodes.len(), back);
        for position in (0..last).rev() {
            let node = nodes[position];
            let mut leaves = self.latest[position + 1] - grid.ms(node, nodes[position + 1]);
            if let (Some(at), Some(rest)) = (rest_at, van.rest)
                && at == position
            {
                leaves = (leaves - rest.length_ms).min(rest.window.closes_ms);
            }
            self.latest[position] = if position == 0 {
                leaves
            } else if shop.is_order(node) {
                let mut begins = leaves - shop.service[node as usize];
                if let Some(soft) = shop.soft[node as usize] {
                    begins = begins.min(soft.after_ms.max(self.begins[position]));
                }
                shop.begins_by(node, begins).unwrap_or(begins)
            } else {
                leaves - van.reload_ms
            };
        }
    }

    /// Drives the tour with departures as late as possible; answers the cost of lateness and when it is back.
    fn drive(&mut self, shop: &Shop, van_number: u32, nodes: &[u32], rest_at: Option<usize>) -> Option<(i64, i64)> {
        let van = &shop.vans[van_number as usize];
        let grid = shop.grid(van_number);
        let last = nodes.len() - 1;
        self.departures.clear();
        self.rest = None;
        let mut clock = self.early[0];
        let mut departed = clock;
        if van.started() {
            departed = van.trip_departed_ms;
        } else {
            clock = clock.max(self.latest[0]);
            departed = departed.max(clock);
        }
        self.departures.push(departed);
        let (mut late, mut served) = (0, 0);
        for position in 0..=last {
            let node = nodes[position];
            if position > 0 {
                clock += grid.ms(nodes[position - 1], node);
                if position == last {
                    break;
                }
                if shop.is_order(node) {
                    let begins = shop.begins(node, clock)?;
                    if begins - departed > shop.cold[node as usize] {
                        return None;
                    }
                    if let Some(soft) = shop.soft[node as usize] {
                        late += (begins - soft.after_ms).max(0) * soft.cost_per_ms;
                    }
                    clock = begins + shop.service[node as usize];
                    served += 1;
                } else {
                    clock = (clock + van.reload_ms).max(released_of(shop, nodes, position));
                    clock = clock.max(self.latest[position] + van.reload_ms);
                    departed = clock;
                    self.departures.push(departed);
                }
            }
            if let (Some(at), Some(rest)) = (rest_at, van.rest)
                && at == position
            {
                let begins = clock.max(rest.window.opens_ms);
                if begins > rest.window.closes_ms {
                    return None;
                }
                self.rest = Some(Rest { after_orders: served, begins_ms: begins });
                clock = begins + rest.length_ms;
            }
        }
        (clock <= van.closes_ms).then_some((late, clock))
    }
}

/// When the last order of the trip that starts these nodes is ready.
fn released(shop: &Shop, nodes: &[u32]) -> i64 {
    let trip = nodes.iter().take_while(|&&node| shop.is_order(node));
    trip.map(|&order| shop.release[order as usize]).max().unwrap_or(i64::MIN)
}

fn released_of(shop: &Shop, nodes: &[u32], depot: usize) -> i64 {
    released(shop, &nodes[depot + 1..])
}
