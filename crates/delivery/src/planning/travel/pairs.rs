//! Ways that a server has told before: tomorrow's plan knows most of its doors already.

use std::collections::BTreeMap;

use catalog::Position;
use routing::model::Matrix;

use super::NoTravel;

/// Milliseconds and metres.
pub(super) type Cell = (i32, i32);

/// Pairs that are remembered at most, at about 30 bytes each; then it begins anew.
const PAIRS_MAX: usize = 2_000_000;

/// Ways by their two ends.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    numbers: BTreeMap<(i64, i64), u32>,
    cells: BTreeMap<(u32, u32), Cell>,
}

/// What has to be asked: all ways from these places to those, by their positions in what is planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lacking {
    pub(super) from: Vec<usize>,
    pub(super) to: Vec<usize>,
}

impl Pairs {
    /// The fewest new places such that between all others every way is known, and what is lacking with them.
    pub(super) fn lacking(&mut self, places: &[Position]) -> Vec<Lacking> {
        if self.cells.len() + places.len() * places.len() > PAIRS_MAX {
            *self = Self::default();
        }
        let (mut settled, mut new): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
        for (place, at) in places.iter().enumerate() {
            let told = |other: &usize| {
                places
                    .get(*other)
                    .is_some_and(|other| self.cell(*at, *other).is_some() && self.cell(*other, *at).is_some())
            };
            if self.numbers.contains_key(&key(*at)) && settled.iter().all(told) {
                settled.push(place);
            } else {
                new.push(place);
            }
        }
        if new.is_empty() {
            return Vec::new();
        }
        let mut lacking = vec![Lacking { from: new.clone(), to: (0..places.len()).collect() }];
        if !settled.is_empty() {
            lacking.push(Lacking { from: settled, to: new });
        }
        lacking
    }

    pub(super) fn learn(&mut self, from: Position, to: Position, cell: Cell) {
        let ends = (self.number(from), self.number(to));
        self.cells.insert(ends, cell);
    }

    fn number(&mut self, at: Position) -> u32 {
        let next = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        *self.numbers.entry(key(at)).or_insert(next)
    }

    fn cell(&self, from: Position, to: Position) -> Option<Cell> {
        if from == to {
            return Some((0, 0));
        }
        self.cells.get(&(*self.numbers.get(&key(from))?, *self.numbers.get(&key(to))?)).copied()
    }

    /// All ways between these places, if every one is known.
    pub(super) fn matrix(&self, places: &[Position]) -> Result<Matrix, NoTravel> {
        let (mut ms, mut metres) = (Vec::new(), Vec::new());
        for from in places {
            for to in places {
                let (time, way) = self.cell(*from, *to).ok_or_else(|| NoTravel::garbled("a way was not told"))?;
                ms.push(time);
                metres.push(way);
            }
        }
        Matrix::new(places.len(), ms, metres).map_err(|error| NoTravel::garbled(error.to_string()))
    }
}

const fn key(at: Position) -> (i64, i64) {
    (at.latitude_microdegrees, at.longitude_microdegrees)
}
