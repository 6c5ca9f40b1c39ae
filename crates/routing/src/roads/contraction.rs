//! The work of contracting: a graph that shrinks, and what taking a segment out of it makes necessary.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::graph::Graph;
use super::hierarchy::{Arc, NO_MIDDLE, NOWHERE, weight};

/// Segments that a search for a way around settles at most, when weighing and when contracting. A way around that is
/// overlooked is a shortcut more for ever.
const WITNESS_WEIGHING: usize = 60;
const WITNESS_CONTRACTING: usize = 400;
/// How much a shortcut for every arc that goes weighs against a level of the hierarchy.
const SHORTCUTS_PER_ARC: i64 = 16;

/// The graph while it shrinks.
pub(super) struct Contraction {
    onward: Vec<Vec<Arc>>,
    backward: Vec<Vec<Arc>>,
    depth: Vec<u32>,
    /// Nodes that have lost a neighbour since they were weighed.
    stale: Vec<bool>,
    found: Vec<Found>,
    search: u32,
    heap: BinaryHeap<Reverse<(u64, u32)>>,
    /// Nodes that the present searches are for, by the contraction that seeks them.
    sought_by: Vec<u32>,
    seeking: u32,
    /// How far they are from the node that is contracted.
    leaving: Vec<u64>,
}

/// What a search knows of a node; together, because it is looked up everywhere.
#[derive(Clone, Copy, Default)]
struct Found {
    distance: u64,
    /// The last search that has seen it, and the last one that needs to know no more of it.
    seen_in: u32,
    judged_in: u32,
}

impl Contraction {
    pub(super) fn over(graph: &Graph) -> Self {
        let count = graph.len();
        let mut work = Self {
            onward: vec![Vec::new(); count],
            backward: vec![Vec::new(); count],
            depth: vec![0; count],
            stale: vec![false; count],
            found: vec![Found::default(); count],
            search: 0,
            heap: BinaryHeap::new(),
            sought_by: vec![0; count],
            seeking: 0,
            leaving: vec![0; count],
        };
        for from in 0..count as u32 {
            for &to in graph.turns_from(from) {
                if from != to {
                    work.link(from, to, NO_MIDDLE, weight(graph, to));
                }
            }
        }
        work
    }

    fn link(&mut self, from: u32, to: u32, middle: u32, weight: u64) {
        for (arcs, node) in [(&mut self.onward[from as usize], to), (&mut self.backward[to as usize], from)] {
            match arcs.iter_mut().find(|arc| arc.node == node) {
                Some(arc) if arc.weight <= weight => {}
                Some(arc) => *arc = Arc { node, middle, weight },
                None => arcs.push(Arc { node, middle, weight }),
            }
        }
    }

    /// Shortcuts that removing a node makes necessary.
    fn shortcuts(&mut self, node: u32, settle_most: usize, found: &mut Vec<(u32, u32, u64)>) {
        found.clear();
        // No search passes through the node, so that its arcs may lie beside while it is judged.
        let ins = std::mem::take(&mut self.backward[node as usize]);
        let outs = std::mem::take(&mut self.onward[node as usize]);
        let dearest = outs.iter().map(|arc| arc.weight).max().unwrap_or(0);
        self.seeking += 1;
        for leave in &outs {
            self.sought_by[leave.node as usize] = self.seeking;
            self.leaving[leave.node as usize] = leave.weight;
        }
        for enter in &ins {
            let sought = outs.iter().filter(|leave| leave.node != enter.node).count();
            self.around(enter, enter.weight + dearest, settle_most, sought);
            for leave in outs.iter().filter(|leave| leave.node != enter.node) {
                let through = enter.weight + leave.weight;
                let around = self.found[leave.node as usize];
                // What lies further than any way is none.
                if through < NOWHERE && (around.seen_in != self.search || around.distance > through) {
                    found.push((enter.node, leave.node, through));
                }
            }
        }
        self.backward[node as usize] = ins;
        self.onward[node as usize] = outs;
    }

    /// Distances from where an arc comes from, up to a limit, until every way through the node that it leads to has
    /// been judged or it is not worth looking.
    fn around(&mut self, enter: &Arc, limit: u64, settle_most: usize, mut sought: usize) {
        self.search += 1;
        self.heap.clear();
        // Nobody seeks the way back to where the search begins.
        self.found[enter.node as usize] = Found { distance: 0, seen_in: self.search, judged_in: self.search };
        self.heap.push(Reverse((0, enter.node)));
        let mut settled = 0;
        while let Some(Reverse((distance, node))) = self.heap.pop() {
            if distance > self.found[node as usize].distance {
                continue;
            }
            settled += 1;
            sought -= usize::from(self.judge(node));
            if sought == 0 || settled > settle_most {
                break;
            }
            for position in 0..self.onward[node as usize].len() {
                let arc = self.onward[node as usize][position];
                let further = distance + arc.weight;
                if further > limit {
                    continue;
                }
                let other = &mut self.found[arc.node as usize];
                if other.seen_in == self.search && further >= other.distance {
                    continue;
                }
                (other.seen_in, other.distance) = (self.search, further);
                self.heap.push(Reverse((further, arc.node)));
                // No need to settle what is near enough already.
                let near = further <= enter.weight + self.leaving[arc.node as usize];
                sought -= usize::from(near && self.judge(arc.node));
            }
        }
    }

    /// Whether a node is sought and was not judged in this search; now it is.
    fn judge(&mut self, node: u32) -> bool {
        let node = node as usize;
        let judged = self.sought_by[node] == self.seeking && self.found[node].judged_in != self.search;
        if judged {
            self.found[node].judged_in = self.search;
        }
        judged
    }

    /// The more shortcuts a node needs for each arc that goes with it, and the deeper the hierarchy below it, the later
    /// it goes. In thousandths of a level.
    pub(super) fn importance(&mut self, node: u32) -> i64 {
        let mut found = Vec::new();
        self.stale[node as usize] = false;
        self.shortcuts(node, WITNESS_WEIGHING, &mut found);
        let gone = self.onward[node as usize].len() + self.backward[node as usize].len();
        let share = 1_000 * SHORTCUTS_PER_ARC * found.len() as i64 / gone.max(1) as i64;
        1_000 * i64::from(self.depth[node as usize]) + share
    }

    /// Whether something around a node has changed since its importance was asked for.
    pub(super) fn is_stale(&self, node: u32) -> bool {
        self.stale[node as usize]
    }

    /// Takes a node out; answers its arcs to and from what remains.
    pub(super) fn remove(&mut self, node: u32) -> (Vec<Arc>, Vec<Arc>) {
        let mut found = Vec::new();
        self.shortcuts(node, WITNESS_CONTRACTING, &mut found);
        let up = std::mem::take(&mut self.onward[node as usize]);
        let down = std::mem::take(&mut self.backward[node as usize]);
        let depth = self.depth[node as usize] + 1;
        for arc in &up {
            self.backward[arc.node as usize].retain(|other| other.node != node);
            self.depth[arc.node as usize] = self.depth[arc.node as usize].max(depth);
        }
        for arc in &down {
            self.onward[arc.node as usize].retain(|other| other.node != node);
            self.depth[arc.node as usize] = self.depth[arc.node as usize].max(depth);
        }
        for arc in up.iter().chain(&down) {
            self.stale[arc.node as usize] = true;
        }
        for &(from, to, through) in &found {
            self.link(from, to, node, through);
        }
        (up, down)
    }
}
