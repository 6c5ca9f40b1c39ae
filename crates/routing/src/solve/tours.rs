//! Tours of all vans with earliest and latest times, what they cost, and the way back to how they were.

use super::shop::{NONE, Shop};
use super::timing::Timing;
use crate::model::{DIMENSIONS, Load};

/// The sequence of one van between its start and its end.
#[derive(Clone, Debug, Default)]
pub(super) struct Tour {
    pub(super) nodes: Vec<u32>,
    /// Metres from the node before to this one.
    pub(super) arcs: Vec<i32>,
    /// Earliest departure, and latest arrival that leaves the rest of the tour in time.
    pub(super) ready: Vec<i64>,
    pub(super) late: Vec<i64>,
    /// Which trip each position belongs to; a depot belongs to the trip that it begins.
    pub(super) trip_of: Vec<u16>,
    pub(super) loads: Vec<Load>,
    pub(super) metres: i64,
    pub(super) moved: i64,
    pub(super) cost: i64,
}

impl Tour {
    pub(super) const fn stops(&self) -> usize {
        self.nodes.len() - 2
    }

    fn copy_from(&mut self, other: &Self) {
        self.nodes.clone_from(&other.nodes);
        self.arcs.clone_from(&other.arcs);
        self.ready.clone_from(&other.ready);
        self.late.clone_from(&other.late);
        self.trip_of.clone_from(&other.trip_of);
        self.loads.clone_from(&other.loads);
        (self.metres, self.moved, self.cost) = (other.metres, other.moved, other.cost);
    }
}

/// All tours, and a journal of what an attempt has touched.
pub(super) struct Tours<'a> {
    pub(super) shop: &'a Shop,
    pub(super) tours: Vec<Tour>,
    pub(super) tour_of: Vec<u32>,
    pub(super) position_of: Vec<u32>,
    /// Vans with stops or on the road.
    pub(super) active: Vec<u32>,
    slot_of: Vec<u32>,
    /// Unused vans of each class, the next to take last.
    idle: Vec<Vec<u32>>,
    pub(super) absent: Vec<u32>,
    pub(super) cost: i64,
    pub(super) timing: Timing,
    journal: Vec<(u32, Tour)>,
    journaled: usize,
    touched_in: Vec<u64>,
    attempt: u64,
    absent_before: Vec<u32>,
    cost_before: i64,
}

impl<'a> Tours<'a> {
    /// Nobody drives yet.
    pub(super) fn idle(shop: &'a Shop) -> Self {
        let absent: Vec<u32> = (0..shop.orders as u32).filter(|&order| !shop.frozen[order as usize]).collect();
        let cost = absent.iter().map(|&order| shop.miss[order as usize]).sum();
        let mut all = Self {
            shop,
            tours: vec![Tour::default(); shop.vans.len()],
            tour_of: vec![NONE; shop.orders],
            position_of: vec![0; shop.orders],
            active: Vec::new(),
            slot_of: vec![NONE; shop.vans.len()],
            idle: shop.classes.iter().map(|class| class.iter().rev().copied().collect()).collect(),
            absent,
            cost,
            timing: Timing::default(),
            journal: Vec::new(),
            journaled: 0,
            touched_in: vec![0; shop.vans.len()],
            attempt: 0,
            absent_before: Vec::new(),
            cost_before: cost,
        };
        for number in 0..shop.vans.len() as u32 {
            let van = &shop.vans[number as usize];
            all.tours[number as usize].nodes = vec![van.start, van.end];
            all.refresh(number);
            all.cost += all.tours[number as usize].cost;
        }
        all
    }

    /// Begins an attempt that [`Self::undo`] can take back.
    pub(super) fn begin(&mut self) {
        self.attempt += 1;
        self.journaled = 0;
        self.absent_before.clone_from(&self.absent);
        self.cost_before = self.cost;
    }

    /// How many orders were absent when the attempt began; those behind them in [`Self::absent`] are new.
    pub(super) const fn absent_before(&self) -> usize {
        self.absent_before.len()
    }

    /// Vans whose tours this attempt has touched.
    pub(super) fn touched(&self) -> impl Iterator<Item = u32> {
        self.journal[..self.journaled].iter().map(|(van, _)| *van)
    }

    pub(super) fn is_touched(&self, van: u32) -> bool {
        self.touched_in[van as usize] == self.attempt
    }

    fn touch(&mut self, van: u32) {
        if self.is_touched(van) {
            return;
        }
        self.touched_in[van as usize] = self.attempt;
        if self.journaled == self.journal.len() {
            self.journal.push((van, Tour::default()));
        }
        let (number, copy) = &mut self.journal[self.journaled];
        *number = van;
        copy.copy_from(&self.tours[van as usize]);
        self.journaled += 1;
    }

    /// Takes the attempt back.
    pub(super) fn undo(&mut self) {
        for entry in 0..self.journaled {
            let van = self.journal[entry].0;
            for &node in &self.tours[van as usize].nodes {
                if self.shop.is_order(node) && self.tour_of[node as usize] == van {
                    self.tour_of[node as usize] = NONE;
                }
            }
        }
        for entry in 0..self.journaled {
            let van = self.journal[entry].0;
            std::mem::swap(&mut self.tours[van as usize], &mut self.journal[entry].1);
            self.place(van, 0);
            self.keep_active(van);
        }
        std::mem::swap(&mut self.absent, &mut self.absent_before);
        self.cost = self.cost_before;
    }

    /// The next unused van of a class.
    pub(super) fn next_idle(&self, class: usize) -> Option<u32> {
        self.idle[class].last().copied()
    }

    fn keep_active(&mut self, van: u32) {
        let number = van as usize;
        let wanted = self.tours[number].stops() > 0 || self.shop.vans[number].started();
        let class = self.shop.vans[number].class;
        match (wanted, self.slot_of[number]) {
            (true, NONE) => {
                self.slot_of[number] = self.active.len() as u32;
                self.active.push(van);
                self.idle[class].retain(|&idle| idle != van);
            }
            (false, slot) if slot != NONE => {
                self.active.swap_remove(slot as usize);
                if let Some(&moved) = self.active.get(slot as usize) {
                    self.slot_of[moved as usize] = slot;
                }
                self.slot_of[number] = NONE;
                self.idle[class].push(van);
            }
            (true | false, _) => {}
        }
    }

    fn place(&mut self, van: u32, from: usize) {
        for (position, &node) in self.tours[van as usize].nodes.iter().enumerate().skip(from) {
            if self.shop.is_order(node) {
                self.tour_of[node as usize] = van;
                self.position_of[node as usize] = position as u32;
            }
        }
    }

    /// Works out everything about a tour from its nodes. Says whether it can be driven as far as times tell; what
    /// only [`Timing`] knows is asked there by whoever proposes a change.
    pub(super) fn refresh(&mut self, number: u32) -> bool {
        let shop = self.shop;
        let van = &shop.vans[number as usize];
        let grid = shop.grid(number);
        let tour = &mut self.tours[number as usize];
        let length = tour.nodes.len();
        let last = length - 1;
        tour.arcs.clear();
        tour.arcs.push(0);
        tour.metres = van.head_metres;
        for pair in tour.nodes.windows(2) {
            let arc = grid.arc(pair[0], pair[1]);
            tour.arcs.push(arc);
            tour.metres += i64::from(arc);
        }
        tour.moved = van.head_moved;
        tour.loads.clear();
        tour.loads.push(van.head_load);
        tour.trip_of.clear();
        for (position, &node) in tour.nodes.iter().enumerate() {
            if shop.is_order(node) {
                tour.moved += shop.moved(node, number);
                if let Some(load) = tour.loads.last_mut() {
                    for (sum, more) in load.iter_mut().zip(shop.load[node as usize]) {
                        *sum += more;
                    }
                }
            } else if position > 0 && position < last {
                tour.loads.push([0; DIMENSIONS]);
            }
            tour.trip_of.push(tour.loads.len() as u16 - 1);
        }
        tour.ready.clear();
        tour.ready.resize(length, 0);
        tour.late.clear();
        tour.late.resize(length, van.closes_ms);
        let mut sound = true;
        tour.ready[0] = van.free_ms;
        if !shop.plain && !van.started() {
            tour.ready[0] = tour.ready[0].max(released_after(shop, &tour.nodes, 0));
        }
        for position in 1..length {
            let node = tour.nodes[position];
            let arrives = tour.ready[position - 1] + grid.ms(tour.nodes[position - 1], node);
            tour.ready[position] = if shop.is_order(node) {
                let begins = shop.begins(node, arrives).unwrap_or_else(|| {
                    sound = false;
                    arrives
                });
                begins + shop.service[node as usize]
            } else if position < last {
                (arrives + van.reload_ms).max(released_after(shop, &tour.nodes, position))
            } else {
                sound &= arrives <= van.closes_ms;
                arrives
            };
        }
        for position in (0..last).rev() {
            let node = tour.nodes[position];
            let leaves = tour.late[position + 1] - grid.ms(node, tour.nodes[position + 1]);
            tour.late[position] = if shop.is_order(node) {
                let begins = leaves - shop.service[node as usize];
                shop.begins_by(node, begins).unwrap_or(begins)
            } else if position > 0 {
                leaves - van.reload_ms
            } else {
                leaves
            };
        }
        tour.cost = if last == 1 && !van.started() {
            0
        } else if shop.plain {
            van.fixed + tour.metres * van.per_metre + tour.moved
        } else {
            let cost = self.timing.cost(shop, number, &tour.nodes);
            sound &= cost.is_some();
            // A tour that others have made impossible is worth repairing.
            cost.unwrap_or(shop.mandatory) + tour.moved
        };
        sound
    }

    /// Whether every tour can. One that lost a stop may wait so long for the next that its driver never rests or its
    /// goods grow warm; the search may pass through such a state and never remembers it.
    pub(super) fn can_be_driven(&self) -> bool {
        self.shop.plain || self.active.iter().all(|&van| self.tours[van as usize].cost < self.shop.mandatory)
    }

    /// Takes the new shape of a tour into the books.
    fn settle(&mut self, van: u32, from: usize) {
        let before = self.tours[van as usize].cost;
        self.refresh(van);
        self.cost += self.tours[van as usize].cost - before;
        self.place(van, from);
        self.keep_active(van);
    }

    /// Takes the marked orders out of a tour; they are absent afterwards.
    pub(super) fn take_out(&mut self, van: u32, out: impl Fn(usize, u32) -> bool) {
        self.touch(van);
        let shop = self.shop;
        let tour = &mut self.tours[van as usize];
        let last = tour.nodes.len() - 1;
        let (mut kept, mut removed) = (0, 0);
        for position in 0..=last {
            let node = tour.nodes[position];
            if position > 0 && position < last && shop.is_order(node) && out(position, node) {
                self.tour_of[node as usize] = NONE;
                self.absent.push(node);
                self.cost += shop.miss[node as usize];
                removed += 1;
                continue;
            }
            // A depot right after a depot is a trip that brings nothing.
            let empty_trip = position > 0
                && kept > 0
                && !shop.is_order(node)
                && !shop.is_order(tour.nodes[kept - 1])
                && (kept > 1 || (position < last && !shop.vans[van as usize].started()));
            if empty_trip && position < last {
                continue;
            }
            if empty_trip && kept > 1 {
                kept -= 1;
            }
            tour.nodes[kept] = node;
            kept += 1;
        }
        if removed > 0 {
            tour.nodes.truncate(kept);
            self.settle(van, 1);
        }
    }

    /// Puts an absent order before a position, with depots around it as the pattern says.
    pub(super) fn put_in(&mut self, order: u32, van: u32, position: usize, pattern: Pattern) {
        if self.shop.plain {
            self.touch(van);
            self.slip_in(order, van, position);
            return;
        }
        self.touch(van);
        let depot = self.shop.vans[van as usize].depot;
        let nodes = &mut self.tours[van as usize].nodes;
        match pattern {
            Pattern::Alone => nodes.insert(position, order),
            Pattern::BeforeDepot => {
                nodes.insert(position, depot);
                nodes.insert(position, order);
            }
            Pattern::AfterDepot => {
                nodes.insert(position, order);
                nodes.insert(position, depot);
            }
        }
        self.cost -= self.shop.miss[order as usize];
        self.settle(van, position);
    }

    /// Puts an order into a tour of one trip and follows the times only as far as they change.
    fn slip_in(&mut self, order: u32, number: u32, position: usize) {
        let shop = self.shop;
        let (van, grid) = (&shop.vans[number as usize], shop.grid(number));
        let tour = &mut self.tours[number as usize];
        let (before, after) = (tour.nodes[position - 1], tour.nodes[position]);
        let (there, onward) = (grid.arc(before, order), grid.arc(order, after));
        tour.metres += i64::from(there) + i64::from(onward) - i64::from(tour.arcs[position]);
        tour.moved += shop.moved(order, number);
        tour.nodes.insert(position, order);
        tour.arcs[position] = onward;
        tour.arcs.insert(position, there);
        tour.trip_of.push(0);
        for (sum, more) in tour.loads[0].iter_mut().zip(shop.load[order as usize]) {
            *sum += more;
        }
        tour.ready.insert(position, i64::MIN);
        tour.late.insert(position, i64::MIN);
        let last = tour.nodes.len() - 1;
        for at in position..=last {
            let node = tour.nodes[at];
            let arrives = tour.ready[at - 1] + grid.ms(tour.nodes[at - 1], node);
            let leaves = if at < last {
                shop.begins(node, arrives).unwrap_or(arrives) + shop.service[node as usize]
            } else {
                arrives
            };
            if std::mem::replace(&mut tour.ready[at], leaves) == leaves {
                break;
            }
        }
        for at in (0..=position).rev() {
            let node = tour.nodes[at];
            let leaves = tour.late[at + 1] - grid.ms(node, tour.nodes[at + 1]);
            let latest = if at > 0 {
                let begins = leaves - shop.service[node as usize];
                shop.begins_by(node, begins).unwrap_or(begins)
            } else {
                leaves
            };
            if std::mem::replace(&mut tour.late[at], latest) == latest {
                break;
            }
        }
        let cost = van.fixed + tour.metres * van.per_metre + tour.moved;
        self.cost += cost - tour.cost - shop.miss[order as usize];
        tour.cost = cost;
        self.place(number, position);
        self.keep_active(number);
    }

    /// Hands a whole tour to an unused van.
    pub(super) fn hand_over(&mut self, from: u32, to: u32) {
        self.touch(from);
        self.touch(to);
        let (start, end) = (self.shop.vans[from as usize].start, self.shop.vans[from as usize].end);
        let nodes = std::mem::replace(&mut self.tours[from as usize].nodes, vec![start, end]);
        self.tours[to as usize].nodes = nodes;
        self.settle(from, 1);
        self.settle(to, 1);
    }

    /// Replaces a tour's nodes between start and end.
    pub(super) fn lay(&mut self, van: u32, inner: &[u32]) {
        self.touch(van);
        let (start, end) = (self.shop.vans[van as usize].start, self.shop.vans[van as usize].end);
        let nodes = &mut self.tours[van as usize].nodes;
        nodes.clear();
        nodes.push(start);
        nodes.extend_from_slice(inner);
        nodes.push(end);
        self.settle(van, 1);
    }

    /// Forgets those that have a place.
    pub(super) fn drop_present(&mut self) {
        let tour_of = &self.tour_of;
        self.absent.retain(|&order| tour_of[order as usize] == NONE);
    }
}

fn released_after(shop: &Shop, nodes: &[u32], depot: usize) -> i64 {
    let trip = nodes[depot + 1..].iter().take_while(|&&node| shop.is_order(node));
    trip.map(|&order| shop.release[order as usize]).max().unwrap_or(i64::MIN)
}

/// How an order comes into a tour: into a trip, or as a trip of its own before or after one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    Alone,
    BeforeDepot,
    AfterDepot,
}
