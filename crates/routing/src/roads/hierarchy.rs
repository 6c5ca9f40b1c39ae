//! A contraction hierarchy over the turns of a graph, and what it answers: ways, rows and whole matrices.
//!
//! A weight holds the time in its upper half and the length in its lower half, so that the shortest of the fastest
//! ways wins and both are known at the end. The weight of a turn is that of the segment it leads into.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::contraction::Contraction;
use super::graph::Graph;
use super::snap::{Snap, Spot};
use super::{Point, Way};

/// Further than any way that is found: twelve days of driving. Two of them can be added up, with or without a sign.
pub(super) const NOWHERE: u64 = 1 << 62;
pub(super) const NO_MIDDLE: u32 = u32::MAX;

/// An arc of the hierarchy; `middle` was contracted to make it, if it is a shortcut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arc {
    pub(super) node: u32,
    pub(super) middle: u32,
    pub(super) weight: u64,
}

impl Arc {
    /// The same arc with ranks instead of segments.
    fn among(self, rank: &[u32]) -> Self {
        let middle = if self.middle == NO_MIDDLE { NO_MIDDLE } else { rank[self.middle as usize] };
        Self { node: rank[self.node as usize], middle, ..self }
    }
}

/// For every segment the arcs to higher ones, and those that come from higher ones.
///
/// Its nodes are the segments by their rank, the least important first: what all searches pass lies together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hierarchy {
    /// The rank of every segment.
    pub(super) rank: Vec<u32>,
    /// The segment of every rank.
    pub(super) ranked: Vec<u32>,
    pub(super) first_up: Vec<u32>,
    pub(super) up: Vec<Arc>,
    pub(super) first_down: Vec<u32>,
    pub(super) down: Vec<Arc>,
}

/// Time and length of a whole segment in one number.
pub(super) fn weight(graph: &Graph, segment: u32) -> u64 {
    let segment = graph.segment(segment);
    joined(segment.ms, segment.metres)
}

fn joined(ms: u32, metres: u32) -> u64 {
    u64::from(ms) << 32 | u64::from(metres)
}

fn parted(weight: u64) -> (u32, u32) {
    ((weight >> 32) as u32, weight as u32)
}

impl Hierarchy {
    /// Contracts all segments, the least important first.
    pub fn contract(graph: &Graph) -> Self {
        let count = graph.len();
        let mut work = Contraction::over(graph);
        let mut queue: BinaryHeap<Reverse<(i64, u32)>> =
            (0..count as u32).map(|node| Reverse((work.importance(node), node))).collect();
        let (mut rank, mut ranked) = (vec![0u32; count], Vec::with_capacity(count));
        let mut removed = Vec::with_capacity(count);
        while let Some(Reverse((importance, node))) = queue.pop() {
            // If neighbours have gone since it was weighed and that made it more important, others come first.
            let now = if work.is_stale(node) { work.importance(node) } else { importance };
            if now > importance && queue.peek().is_some_and(|Reverse((next, _))| now > *next) {
                queue.push(Reverse((now, node)));
                continue;
            }
            rank[node as usize] = ranked.len() as u32;
            ranked.push(node);
            removed.push(work.remove(node));
        }
        let mut hierarchy = Self { rank, ranked, first_up: vec![0], first_down: vec![0], ..Self::default() };
        for (up, down) in &removed {
            for (arcs, first, list) in [
                (up, &mut hierarchy.first_up, &mut hierarchy.up),
                (down, &mut hierarchy.first_down, &mut hierarchy.down),
            ] {
                list.extend(arcs.iter().map(|arc| arc.among(&hierarchy.rank)));
                first.push(list.len() as u32);
            }
        }
        hierarchy
    }

    fn ups(&self, node: u32) -> &[Arc] {
        &self.up[self.first_up[node as usize] as usize..self.first_up[node as usize + 1] as usize]
    }

    fn downs(&self, node: u32) -> &[Arc] {
        &self.down[self.first_down[node as usize] as usize..self.first_down[node as usize + 1] as usize]
    }

    /// Time and length from the end of one segment to the end of another, or `None` without a way.
    pub fn between(&self, from: u32, to: u32) -> Option<(u32, u32)> {
        let (mut there, mut back) = (Climb::new(self), Climb::new(self));
        there.run(self, Direction::Up, &[(from, 0)]);
        back.run(self, Direction::Down, &[(to, 0)]);
        let met = there.settled.iter().filter(|&&node| back.reached(node));
        let best = met.map(|&node| there.distance[node as usize] + back.distance[node as usize]).min();
        best.map(parted)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Up,
    Down,
}

/// A search that only climbs, and the room that it thinks in: whoever asks often keeps one.
pub struct Climb {
    distance: Vec<u64>,
    parent: Vec<u32>,
    settled: Vec<u32>,
    seen: Vec<u32>,
    heap: BinaryHeap<Reverse<(u64, u32)>>,
}

impl Climb {
    /// Room for searches in one hierarchy.
    pub fn new(hierarchy: &Hierarchy) -> Self {
        let count = hierarchy.first_up.len() - 1;
        Self {
            distance: vec![NOWHERE; count],
            parent: vec![u32::MAX; count],
            settled: Vec::new(),
            seen: Vec::new(),
            heap: BinaryHeap::new(),
        }
    }

    fn reached(&self, node: u32) -> bool {
        self.distance[node as usize] != NOWHERE
    }

    /// Climbs from segments with what was driven before them.
    fn run(&mut self, hierarchy: &Hierarchy, direction: Direction, seeds: &[(u32, u64)]) {
        for node in self.seen.drain(..) {
            self.distance[node as usize] = NOWHERE;
            self.parent[node as usize] = u32::MAX;
        }
        self.settled.clear();
        self.heap.clear();
        for &(segment, distance) in seeds {
            self.offer(hierarchy.rank[segment as usize], distance, u32::MAX);
        }
        while let Some(Reverse((distance, node))) = self.heap.pop() {
            if distance > self.distance[node as usize] {
                continue;
            }
            let (onward, against) = match direction {
                Direction::Up => (hierarchy.ups(node), hierarchy.downs(node)),
                Direction::Down => (hierarchy.downs(node), hierarchy.ups(node)),
            };
            // Whoever is reached faster over a higher node is on no fastest way from here.
            let stalled = against.iter().any(|arc| {
                let higher = self.distance[arc.node as usize];
                higher != NOWHERE && higher + arc.weight < distance
            });
            if stalled {
                continue;
            }
            self.settled.push(node);
            for arc in onward {
                self.offer(arc.node, distance + arc.weight, node);
            }
        }
    }

    /// What the last search has settled, and how far that is when `less` of it is not driven.
    fn found(&self, less: u64) -> impl Iterator<Item = (u32, i64)> {
        self.settled.iter().map(move |&node| (node, self.distance[node as usize] as i64 - less as i64))
    }

    /// Searches for where the ways to a place come from; answers what of them is not driven.
    fn run_to(&mut self, graph: &Graph, hierarchy: &Hierarchy, snap: &Snap) -> u64 {
        // A way into a segment counts all of it; what lies behind the spot is not driven.
        let most = snap.spots().map(|spot| rest_of(graph, spot)).max().unwrap_or(0);
        let seeds: Vec<(u32, u64)> = snap.spots().map(|spot| (spot.segment, most - rest_of(graph, spot))).collect();
        self.run(hierarchy, Direction::Down, &seeds);
        most
    }

    fn offer(&mut self, node: u32, distance: u64, parent: u32) {
        let known = &mut self.distance[node as usize];
        if distance < *known {
            if *known == NOWHERE {
                self.seen.push(node);
            }
            *known = distance;
            self.parent[node as usize] = parent;
            self.heap.push(Reverse((distance, node)));
        }
    }
}

/// Seeds of a search that starts within segments: the turns at their ends.
fn leaving(graph: &Graph, snap: &Snap) -> Vec<(u32, u64)> {
    let mut seeds = Vec::new();
    for spot in snap.spots() {
        let rest = rest_of(graph, spot);
        seeds.extend(graph.turns_from(spot.segment).iter().map(|&to| (to, rest + weight(graph, to))));
    }
    seeds
}

/// From the spot to the end of its segment.
fn rest_of(graph: &Graph, spot: &Spot) -> u64 {
    let segment = graph.segment(spot.segment);
    let share = |whole: u32| (u64::from(whole) * u64::from(Spot::WHOLE - spot.along) / u64::from(Spot::WHOLE)) as u32;
    joined(share(segment.ms), share(segment.metres))
}

/// Within one segment, if the second spot comes later on it.
fn within(graph: &Graph, from: &Snap, to: &Snap) -> Option<(u64, u32)> {
    let pairs = from.spots().flat_map(|a| to.spots().map(move |b| (a, b)));
    let ahead = pairs.filter(|(a, b)| a.segment == b.segment && b.along >= a.along);
    ahead.map(|(a, b)| (rest_of(graph, a) - rest_of(graph, b), a.segment)).min()
}

/// Places on the roads, prepared so that the ways to and from all of them are found at once.
#[derive(Default)]
pub struct Stops {
    snaps: Vec<Option<Snap>>,
    /// Per stop, which ranks it climbs to and how far they are, and from which it is reached.
    climbs: Vec<Vec<(u32, i64)>>,
    descents: Vec<Vec<(u32, i64)>>,
    /// Per segment, the stops on it.
    on: Buckets,
    /// Per rank, from which on to which stop and how far it still is.
    arriving: Buckets,
    departing: Buckets,
}

#[derive(Default)]
struct Buckets {
    first: Vec<u32>,
    /// Less than nothing where a stop lies before the end of the segment that leads to it.
    entries: Vec<(u32, i64)>,
}

impl Buckets {
    /// From what is known per stop; within a bucket the stops come in their sequence.
    fn of(count: usize, lists: &[Vec<(u32, i64)>]) -> Self {
        let mut first = vec![0u32; count + 1];
        for &(node, _) in lists.iter().flatten() {
            first[node as usize + 1] += 1;
        }
        for node in 0..count {
            first[node + 1] += first[node];
        }
        let mut next = first.clone();
        let mut entries = vec![(0, 0); first[count] as usize];
        for (stop, list) in (0u32..).zip(lists) {
            for &(node, distance) in list {
                let place = &mut next[node as usize];
                entries[*place as usize] = (stop, distance);
                *place += 1;
            }
        }
        Self { first, entries }
    }

    fn at(&self, node: u32) -> &[(u32, i64)] {
        &self.entries[self.first[node as usize] as usize..self.first[node as usize + 1] as usize]
    }

    /// Adds what is left in the buckets to what a search has found.
    fn meet(&self, found: impl Iterator<Item = (u32, i64)>, best: &mut [i64]) {
        for (node, so_far) in found {
            for &(stop, further) in self.at(node) {
                let known = &mut best[stop as usize];
                *known = (*known).min(so_far + further);
            }
        }
    }
}

impl Stops {
    /// Prepares stops; those without a road near stay without ways.
    pub fn new(graph: &Graph, hierarchy: &Hierarchy, snaps: &[Option<Snap>]) -> Self {
        let mut stops = Self::default();
        stops.add(&mut Climb::new(hierarchy), graph, hierarchy, snaps);
        stops
    }

    /// Adds stops behind those that are known.
    pub fn add(&mut self, climb: &mut Climb, graph: &Graph, hierarchy: &Hierarchy, snaps: &[Option<Snap>]) {
        for snap in snaps {
            let (mut up, mut down) = (Vec::new(), Vec::new());
            if let Some(snap) = snap {
                climb.run(hierarchy, Direction::Up, &leaving(graph, snap));
                up.extend(climb.found(0));
                let less = climb.run_to(graph, hierarchy, snap);
                down.extend(climb.found(less));
            }
            self.climbs.push(up);
            self.descents.push(down);
        }
        self.snaps.extend_from_slice(snaps);
        let spots = |snap: &Option<Snap>| -> Vec<(u32, i64)> {
            snap.iter().flat_map(Snap::spots).map(|spot| (spot.segment, 0)).collect()
        };
        self.on = Buckets::of(graph.len(), &self.snaps.iter().map(spots).collect::<Vec<_>>());
        self.arriving = Buckets::of(graph.len(), &self.descents);
        self.departing = Buckets::of(graph.len(), &self.climbs);
    }

    /// Time and metres from a place to every stop.
    pub fn row(
        &self,
        climb: &mut Climb,
        graph: &Graph,
        hierarchy: &Hierarchy,
        from: Option<&Snap>,
    ) -> Vec<Option<(u32, u32)>> {
        let Some(from) = from else { return vec![None; self.snaps.len()] };
        climb.run(hierarchy, Direction::Up, &leaving(graph, from));
        self.reached(graph, from, climb.found(0))
    }

    /// Time and metres to every stop from a place that climbs so.
    fn reached(&self, graph: &Graph, from: &Snap, found: impl Iterator<Item = (u32, i64)>) -> Vec<Option<(u32, u32)>> {
        let mut best = vec![UNMET; self.snaps.len()];
        self.arriving.meet(found, &mut best);
        self.shorten(from, &mut best, |other| within(graph, from, other));
        best.into_iter().map(known).collect()
    }

    /// Time and metres from every stop to a place.
    pub fn column(
        &self,
        climb: &mut Climb,
        graph: &Graph,
        hierarchy: &Hierarchy,
        to: &Snap,
    ) -> Vec<Option<(u32, u32)>> {
        let less = climb.run_to(graph, hierarchy, to);
        self.reaching(graph, to, climb.found(less))
    }

    /// Time and metres from every stop to a place that is reached so.
    fn reaching(&self, graph: &Graph, to: &Snap, found: impl Iterator<Item = (u32, i64)>) -> Vec<Option<(u32, u32)>> {
        let mut best = vec![UNMET; self.snaps.len()];
        self.departing.meet(found, &mut best);
        self.shorten(to, &mut best, |other| within(graph, other, to));
        best.into_iter().map(known).collect()
    }

    /// Stops on the same segment as a place may be reached without leaving it.
    fn shorten(&self, place: &Snap, best: &mut [i64], direct: impl Fn(&Snap) -> Option<(u64, u32)>) {
        for &(stop, _) in place.spots().flat_map(|spot| self.on.at(spot.segment)) {
            let way = self.snaps[stop as usize].as_ref().and_then(&direct);
            if let Some((distance, _)) = way {
                let known = &mut best[stop as usize];
                *known = (*known).min(distance as i64);
            }
        }
    }

    /// Time and metres between all stops, row by row.
    pub fn table(&self, graph: &Graph) -> Vec<Vec<Option<(u32, u32)>>> {
        (0..self.snaps.len()).map(|stop| self.row_of(graph, stop)).collect()
    }

    /// Time and metres from one of the stops to every stop.
    pub fn row_of(&self, graph: &Graph, stop: usize) -> Vec<Option<(u32, u32)>> {
        match &self.snaps[stop] {
            Some(from) => self.reached(graph, from, self.climbs[stop].iter().copied()),
            None => vec![None; self.snaps.len()],
        }
    }

    /// Time and metres from every stop to one of them.
    pub fn column_of(&self, graph: &Graph, stop: usize) -> Vec<Option<(u32, u32)>> {
        match &self.snaps[stop] {
            Some(to) => self.reaching(graph, to, self.descents[stop].iter().copied()),
            None => vec![None; self.snaps.len()],
        }
    }
}

/// Further than any way, and a way more still fits.
const UNMET: i64 = i64::MAX / 2;

fn known(met: i64) -> Option<(u32, u32)> {
    (met < UNMET).then(|| parted(met as u64))
}

/// The fastest way with its course.
pub(super) fn way(graph: &Graph, hierarchy: &Hierarchy, from: &Snap, to: &Snap) -> Option<Way> {
    let (mut there, mut back) = (Climb::new(hierarchy), Climb::new(hierarchy));
    there.run(hierarchy, Direction::Up, &leaving(graph, from));
    let mut best: Option<(u64, Vec<u32>)> = None;
    for spot in to.spots() {
        back.run(hierarchy, Direction::Down, &[(spot.segment, 0)]);
        let met = there.settled.iter().filter(|&&node| back.reached(node));
        let meeting = met.map(|&node| (there.distance[node as usize] + back.distance[node as usize], node)).min();
        let Some((distance, node)) = meeting else { continue };
        let driven = distance.saturating_sub(rest_of(graph, spot));
        if distance < NOWHERE && best.as_ref().is_none_or(|(known, _)| driven < *known) {
            let mut nodes = vec![node];
            let mut at = node;
            while there.parent[at as usize] != u32::MAX {
                at = there.parent[at as usize];
                nodes.push(at);
            }
            nodes.reverse();
            at = node;
            while back.parent[at as usize] != u32::MAX {
                at = back.parent[at as usize];
                nodes.push(at);
            }
            best = unpacked(hierarchy, &nodes).map(|segments| (driven, segments)).or(best);
        }
    }
    let direct = within(graph, from, to);
    let ((driven, segments), one) = match (best, direct) {
        (Some(best), Some((distance, segment))) if distance <= best.0 => ((distance, vec![segment]), true),
        (None, Some((distance, segment))) => ((distance, vec![segment]), true),
        (Some(best), _) => (best, false),
        (None, None) => return None,
    };
    let (ms, metres) = parted(driven);
    Some(Way { ms, metres, points: course(graph, from, to, &segments, one) })
}

/// Segments of a sequence of hierarchy nodes, shortcuts resolved. No fastest way passes a segment twice; a hierarchy
/// that says so is none.
fn unpacked(hierarchy: &Hierarchy, nodes: &[u32]) -> Option<Vec<u32>> {
    let mut driven: Vec<u32> = nodes.first().copied().into_iter().collect();
    let mut open: Vec<(u32, u32)> = nodes.windows(2).map(|pair| (pair[0], pair[1])).rev().collect();
    while let Some((from, to)) = open.pop() {
        let up = hierarchy.ups(from).iter().find(|arc| arc.node == to);
        let arc = up.or_else(|| hierarchy.downs(to).iter().find(|arc| arc.node == from));
        match arc.map(|arc| arc.middle) {
            Some(middle) if middle != NO_MIDDLE => open.extend([(middle, to), (from, middle)]),
            Some(_) | None => driven.push(to),
        }
        if driven.len() > hierarchy.ranked.len() {
            return None;
        }
    }
    Some(driven.into_iter().map(|node| hierarchy.ranked[node as usize]).collect())
}

fn course(graph: &Graph, from: &Snap, to: &Snap, segments: &[u32], one: bool) -> Vec<Point> {
    let mut points = vec![from.point];
    if !one {
        // The first segment is left at its end; which of the spots it was follows from the turn that comes next.
        let first = segments.first().copied();
        let start = from.spots().find(|spot| first.is_some_and(|next| graph.turns_from(spot.segment).contains(&next)));
        if let Some(spot) = start {
            points.extend(after(graph, spot));
        }
        for &segment in &segments[..segments.len().saturating_sub(1)] {
            points.extend(graph.course(segment).into_iter().skip(1));
        }
    }
    let last = segments.last().copied();
    if let Some(spot) = to.spots().find(|spot| Some(spot.segment) == last) {
        let start =
            if one { from.spots().find(|spot| Some(spot.segment) == last).map_or(0, |spot| spot.piece) } else { 0 };
        let course = graph.course(spot.segment);
        points.extend(course.iter().take(spot.piece as usize + 1).skip(start as usize + 1).copied());
    }
    points.push(to.point);
    points.dedup();
    points
}

/// The course of a segment behind a spot.
fn after(graph: &Graph, spot: &Spot) -> Vec<Point> {
    graph.course(spot.segment).into_iter().skip(spot.piece as usize + 1).collect()
}

/// Plain Dijkstra over the turns: time and length from the end of a segment to the ends of all others, by their
/// numbers. Slow; what tests compare with, and how faster ways are measured.
pub fn dijkstra(graph: &Graph, from: u32) -> Vec<Option<(u32, u32)>> {
    let mut distance = vec![NOWHERE; graph.len()];
    let mut heap = BinaryHeap::from([Reverse((0u64, from))]);
    distance[from as usize] = 0;
    while let Some(Reverse((so_far, node))) = heap.pop() {
        if so_far > distance[node as usize] {
            continue;
        }
        for &to in graph.turns_from(node) {
            let further = so_far + weight(graph, to);
            if further < distance[to as usize] {
                distance[to as usize] = further;
                heap.push(Reverse((further, to)));
            }
        }
    }
    distance.into_iter().map(|distance| (distance != NOWHERE).then(|| parted(distance))).collect()
}
