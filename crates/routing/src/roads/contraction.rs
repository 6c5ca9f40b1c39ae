//! The work of contracting: a graph that shrinks, and what taking a segment out of it makes necessary.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::graph::Graph;
use super::hierarchy::{Arc, NO_MIDDLE, weight};

/// Segments that a search for a way around settles at most, when weighing and when contracting. A way around that is
/// overlooked is a shortcut more for ever.
const WITNESS_WEIGHING: usize = 60;
const WITNESS_CONTRACTING: usize = 400;
/// How much a shortcut for every arc that goes weighs against a level of the hierarchy.
const SHORTCUTS_PER_ARC: i64 = 4;

/// The graph while it shrinks.
pub(super) struct Contraction {
    onward: Vec<Vec<Arc>>,
    backward: Vec<Vec<Arc>>,
    depth: Vec<u32>,
    distance: Vec<u64>,
    seen_in: Vec<u32>,
    search: u32,
    heap: BinaryHeap<Reverse<(u64, u32)>>,
    /// Nodes that the present searches are for, by the contraction that seeks them.
    sought_by: Vec<u32>,
    seeking: u32,
}

impl Contraction {
    pub(super) fn over(graph: &Graph) -> Self {
        let count = graph.len();
        let mut work = Self {
            onward: vec![Vec::new(); count],
            backward: vec![Vec::new(); count],
            depth: vec![0; count],
            distance: vec![0; count],
            seen_in: vec![0; count],
            search: 0,
            heap: BinaryHeap::new(),
            sought_by: vec![0; count],
            seeking: 0,
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
        let (ins, outs) = (self.backward[node as usize].clone(), self.onward[node as usize].clone());
        let dearest = outs.iter().map(|arc| arc.weight).max().unwrap_or(0);
        self.seeking += 1;
        for leave in &outs {
            self.sought_by[leave.node as usize] = self.seeking;
        }
        for enter in &ins {
            let sought = outs.iter().filter(|leave| leave.node != enter.node).count();
            self.around(enter.node, node, enter.weight + dearest, settle_most, sought);
            for leave in outs.iter().filter(|leave| leave.node != enter.node) {
                let through = enter.weight + leave.weight;
                let known = self.seen_in[leave.node as usize] == self.search;
                if !known || self.distance[leave.node as usize] > through {
                    found.push((enter.node, leave.node, through));
                }
            }
        }
    }

    /// Distances from a node that avoid another, until all that are sought are known or it is not worth looking.
    fn around(&mut self, from: u32, avoid: u32, limit: u64, settle_most: usize, mut sought: usize) {
        self.search += 1;
        self.heap.clear();
        self.distance[from as usize] = 0;
        self.seen_in[from as usize] = self.search;
        self.heap.push(Reverse((0, from)));
        let mut settled = 0;
        while let Some(Reverse((distance, node))) = self.heap.pop() {
            if distance > self.distance[node as usize] {
                continue;
            }
            settled += 1;
            if node != from && self.sought_by[node as usize] == self.seeking {
                sought -= 1;
            }
            if sought == 0 || distance > limit || settled > settle_most {
                break;
            }
            for arc in &self.onward[node as usize] {
                if arc.node == avoid {
                    continue;
                }
                let further = distance + arc.weight;
                let other = arc.node as usize;
                if self.seen_in[other] != self.search || further < self.distance[other] {
                    self.seen_in[other] = self.search;
                    self.distance[other] = further;
                    self.heap.push(Reverse((further, arc.node)));
                }
            }
        }
    }

    /// The more shortcuts a node needs for each arc that goes with it, and the deeper the hierarchy below it, the later
    /// it goes. In thousandths of a level.
    pub(super) fn importance(&mut self, node: u32) -> i64 {
        let mut found = Vec::new();
        self.shortcuts(node, WITNESS_WEIGHING, &mut found);
        let gone = self.onward[node as usize].len() + self.backward[node as usize].len();
        let share = 1_000 * SHORTCUTS_PER_ARC * found.len() as i64 / gone.max(1) as i64;
        1_000 * i64::from(self.depth[node as usize]) + share
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
        for &(from, to, through) in &found {
            self.link(from, to, node, through);
        }
        (up, down)
    }
}
