//! Says why an order has no place, and what would give it one.

use super::NONE;
use super::shop::{NO_ROAD, Shop};
use super::timing::Timing;
use crate::model::{Reason, Relaxation, Unassigned};

/// Reasons for all absent orders, given the tours of the others.
pub(super) fn explain(shop: &Shop, tours: &[(u32, Vec<u32>)], absent: &[u32]) -> Vec<Unassigned> {
    let mut sorted = absent.to_vec();
    sorted.sort_unstable();
    let mut timing = Timing::default();
    let tell = |order| {
        let (reason, relaxation) = Case { shop, tours, order, timing: &mut timing }.tell();
        Unassigned { order: order as usize, reason, relaxation }
    };
    sorted.into_iter().map(tell).collect()
}

struct Case<'a> {
    shop: &'a Shop,
    tours: &'a [(u32, Vec<u32>)],
    order: u32,
    timing: &'a mut Timing,
}

impl Case<'_> {
    fn tell(&mut self) -> (Reason, Relaxation) {
        let shop = self.shop;
        let order = self.order as usize;
        let all = 0..shop.vans.len() as u32;
        let suitable: Vec<u32> = all.filter(|&van| shop.suits(self.order, van)).collect();
        if suitable.is_empty() {
            return (Reason::NoSkill, Relaxation::None);
        }
        let reached: Vec<u32> = suitable.into_iter().filter(|&van| self.reached(van)).collect();
        if reached.is_empty() {
            return (Reason::Unreachable, Relaxation::None);
        }
        let empty = [0; crate::model::DIMENSIONS];
        let carried: Vec<u32> = reached
            .iter()
            .copied()
            .filter(|&van| shop.fits(&empty, self.order, &shop.vans[van as usize].capacity))
            .collect();
        if carried.is_empty() {
            let relaxation = self.more_room(&reached, |_| empty);
            return (Reason::TooLarge, relaxation);
        }
        let alone: Vec<(u32, i64)> =
            carried.iter().copied().filter_map(|van| self.alone(van).map(|cost| (van, cost))).collect();
        if alone.is_empty() {
            return (Reason::OutOfTime, self.more_time(&carried));
        }
        if shop.miss[order] < shop.mandatory {
            let cheapest = alone.iter().map(|&(_, cost)| cost).min().unwrap_or(0);
            let inserted = carried.iter().filter_map(|&van| self.cheapest_in(van)).min();
            let needed = inserted.map_or(cheapest, |inserted| inserted.min(cheapest));
            if inserted.is_some() || self.idle(&alone).is_some() {
                let by = (needed - shop.miss[order]).max(1);
                return (Reason::NotWorthIt, Relaxation::HigherPrize { by });
            }
        }
        (Reason::NoRoom, self.room_or_time(&carried, &alone))
    }

    fn reached(&self, number: u32) -> bool {
        let (van, grid) = (&self.shop.vans[number as usize], self.shop.grid(number));
        let ways = [(van.start, self.order), (self.order, van.end)];
        ways.iter().all(|&(from, to)| grid.arc(from, to) < NO_ROAD && grid.ms(from, to) < i64::from(NO_ROAD))
    }

    /// What a tour with this order alone costs.
    fn alone(&mut self, number: u32) -> Option<i64> {
        let van = &self.shop.vans[number as usize];
        self.timing.cost(self.shop, number, &[van.start, self.order, van.end])
    }

    fn idle(&self, alone: &[(u32, i64)]) -> Option<u32> {
        let used = |van: u32| self.tours.iter().any(|(other, inner)| *other == van && !inner.is_empty());
        alone.iter().map(|&(van, _)| van).find(|&van| !used(van) && !self.shop.vans[van as usize].started())
    }

    fn inner(&self, van: u32) -> &[u32] {
        self.tours.iter().find(|(other, _)| *other == van).map_or(&[], |(_, inner)| inner)
    }

    fn load_of(&self, van: u32) -> crate::model::Load {
        let mut load = self.shop.vans[van as usize].head_load;
        for &node in self.inner(van).iter().filter(|&&node| self.shop.is_order(node)) {
            for (sum, more) in load.iter_mut().zip(self.shop.load[node as usize]) {
                *sum += more;
            }
        }
        load
    }

    /// Cheapest detour of a tour with room, if there is any that is in time.
    fn cheapest_in(&mut self, number: u32) -> Option<i64> {
        let van = &self.shop.vans[number as usize];
        let inner = self.inner(number).to_vec();
        if inner.is_empty() || !self.shop.fits(&self.load_of(number), self.order, &van.capacity) {
            return None;
        }
        let now = self.with(number, &inner)?;
        self.positions(number, &inner).map(|cost| cost - now)
    }

    fn with(&mut self, number: u32, inner: &[u32]) -> Option<i64> {
        let van = &self.shop.vans[number as usize];
        let nodes: Vec<u32> = [van.start].into_iter().chain(inner.iter().copied()).chain([van.end]).collect();
        self.timing.cost(self.shop, number, &nodes)
    }

    fn positions(&mut self, number: u32, inner: &[u32]) -> Option<i64> {
        let mut cheapest = None;
        for position in 0..=inner.len() {
            let mut longer = inner.to_vec();
            longer.insert(position, self.order);
            let cost = self.with(number, &longer);
            cheapest = cheapest.into_iter().chain(cost).min();
        }
        cheapest
    }

    /// The smallest excess of load over room, measured against the room itself so that dimensions compare.
    fn more_room(&self, vans: &[u32], load: impl Fn(u32) -> crate::model::Load) -> Relaxation {
        let mut smallest: Option<(i64, Relaxation)> = None;
        for &van in vans {
            let (load, room) = (load(van), self.shop.vans[van as usize].capacity);
            let more = self.shop.load[self.order as usize];
            let excess = (0..self.shop.dimensions).map(|dimension| {
                let by = load[dimension] + more[dimension] - room[dimension];
                (by.saturating_mul(1_000) / room[dimension].max(1), dimension, by)
            });
            let over: Vec<_> = excess.filter(|&(_, _, by)| by > 0).collect();
            // One dimension too small is one change; more of them are another vehicle.
            if let [(share, dimension, by)] = over[..]
                && smallest.as_ref().is_none_or(|(known, _)| share < *known)
            {
                smallest = Some((share, Relaxation::MoreRoom { vehicle: van as usize, dimension, by }));
            }
        }
        smallest.map_or(Relaxation::None, |(_, relaxation)| relaxation)
    }

    /// The least lateness over all places in the sequences of these vans, at the order's own window or at the end of
    /// the shift.
    fn more_time(&self, vans: &[u32]) -> Relaxation {
        let shop = self.shop;
        let mut least: Option<(i64, Relaxation)> = None;
        for &number in vans {
            let van = &shop.vans[number as usize];
            let inner = self.inner(number);
            if !shop.fits(&self.load_of(number), self.order, &van.capacity) && !inner.is_empty() {
                continue;
            }
            for position in 0..=inner.len() {
                let (late, over, others) = self.lateness(number, inner, position);
                if others {
                    continue;
                }
                let found = match (late, over) {
                    (by_ms, 0) if by_ms > 0 => (by_ms, Relaxation::LaterWindow { vehicle: number as usize, by_ms }),
                    (0, by_ms) if by_ms > 0 => (by_ms, Relaxation::LongerShift { vehicle: number as usize, by_ms }),
                    _ => continue,
                };
                if least.as_ref().is_none_or(|(known, _)| found.0 < *known) {
                    least = Some(found);
                }
            }
        }
        least.map_or(Relaxation::None, |(_, relaxation)| relaxation)
    }

    /// Drives a tour with the order in it: how late it is itself, how much the shift is overrun, and whether others
    /// would be late.
    fn lateness(&self, number: u32, inner: &[u32], position: usize) -> (i64, i64, bool) {
        let shop = self.shop;
        let (van, grid) = (&shop.vans[number as usize], shop.grid(number));
        let (mut clock, mut at, mut late) = (van.free_ms, van.start, 0);
        let (head, tail) = inner.split_at(position);
        let sequence: Vec<u32> = head.iter().copied().chain([self.order]).chain(tail.iter().copied()).collect();
        let release = sequence.iter().take_while(|&&node| shop.is_order(node)).map(|&o| shop.release[o as usize]);
        if !van.started() {
            clock = clock.max(release.max().unwrap_or(i64::MIN));
        }
        for node in sequence {
            clock += grid.ms(at, node);
            at = node;
            if !shop.is_order(node) {
                clock += van.reload_ms;
                continue;
            }
            match shop.begins(node, clock) {
                Some(begins) => clock = begins,
                None if node == self.order => late = clock - shop.closes[node as usize],
                None => return (0, 0, true),
            }
            clock += shop.service[node as usize];
        }
        (late, (clock + grid.ms(at, van.end) - van.closes_ms).max(0), false)
    }

    /// Room first if time is no problem, else time; another vehicle when neither alone would do.
    fn room_or_time(&mut self, carried: &[u32], alone: &[(u32, i64)]) -> Relaxation {
        let mut in_time = Vec::new();
        for &van in carried {
            let inner = self.inner(van).to_vec();
            if !inner.is_empty() && self.positions(van, &inner).is_some() {
                in_time.push(van);
            }
        }
        let room = self.more_room(&in_time, |van| self.load_of(van));
        if room != Relaxation::None {
            return room;
        }
        let time = self.more_time(carried);
        if time != Relaxation::None {
            return time;
        }
        let like = alone.iter().min_by_key(|&&(van, cost)| (cost, van)).map_or(NONE, |&(van, _)| van);
        if like == NONE { Relaxation::None } else { Relaxation::AnotherVehicle { like: like as usize } }
    }
}
