//! Ways that were asked for before: tomorrow's plan knows most of its doors already.

use std::collections::BTreeMap;
use std::ops::Deref;

use super::hierarchy::{Climb, Stops};
use super::snap::{Snap, Snapper};
use super::{Network, Point};
use crate::model::{Matrix, ModelError, UNREACHABLE};

/// Remembers the travel between places on one network, so that only what leads from and to new ones is searched for.
///
/// It answers what [`Network::matrix`] answers. Places are remembered until there would be more than agreed; then it
/// begins anew with those that are asked for. `n` places take about `8 n²` bytes. The network is lent (`&Network`) or
/// shared (`Arc<Network>`), as long as the cache lives.
///
/// ```
/// use routing::roads::{Graph, MatrixCache, Network, Point};
///
/// let corners: Vec<Point> = [(25.0, 121.0), (25.0, 121.01), (25.01, 121.0)]
///     .iter()
///     .filter_map(|&(lat, lon)| Point::degrees(lat, lon))
///     .collect();
/// let streets = [(0, 1, 90_000, 1_007), (1, 0, 90_000, 1_007), (0, 2, 100_000, 1_112), (2, 0, 100_000, 1_112)];
/// let network = Network::prepare(Graph::from_pieces(&corners, &streets));
/// let mut known = MatrixCache::over(&network, 1_000);
/// let two = known.matrix(&corners[..2])?;
/// let three = known.matrix(&corners)?;
/// assert_eq!(two.ms(0, 1), three.ms(0, 1));
/// assert_eq!(known.places(), 3);
/// # Ok::<(), routing::model::ModelError>(())
/// ```
pub struct MatrixCache<N: Deref<Target = Network>> {
    network: N,
    snapper: Snapper,
    climb: Climb,
    places_max: usize,
    stops: Stops,
    /// Which stop a place is.
    numbers: BTreeMap<Point, usize>,
    /// Milliseconds and metres from stop to stop.
    rows: Vec<Vec<(i32, i32)>>,
}

impl<N: Deref<Target = Network>> MatrixCache<N> {
    /// Knows nothing yet, and at most so many places later.
    pub fn over(network: N, places_max: usize) -> Self {
        Self {
            snapper: Snapper::over(&network.graph),
            climb: Climb::new(&network.hierarchy),
            network,
            places_max,
            stops: Stops::default(),
            numbers: BTreeMap::new(),
            rows: Vec::new(),
        }
    }

    /// How many places it knows.
    pub fn places(&self) -> usize {
        self.numbers.len()
    }

    /// The travel between all of these places; a place without a road near has no way from or to it.
    pub fn matrix(&mut self, places: &[Point]) -> Result<Matrix, ModelError> {
        if places.len() > self.places_max {
            return self.network.matrix(places);
        }
        let mut new = self.unknown(places);
        if self.places() + new.len() > self.places_max {
            self.forget();
            new = self.unknown(places);
        }
        self.learn(&new);
        let numbers: Vec<usize> = places.iter().filter_map(|place| self.numbers.get(place).copied()).collect();
        let (mut ms, mut metres) = (Vec::new(), Vec::new());
        for (from, row) in numbers.iter().map(|&number| &self.rows[number]).enumerate() {
            for (to, &number) in numbers.iter().enumerate() {
                let (time, way) = if from == to { (0, 0) } else { row[number] };
                ms.push(time);
                metres.push(way);
            }
        }
        Matrix::new(places.len(), ms, metres)
    }

    fn unknown(&self, places: &[Point]) -> Vec<Point> {
        let mut new: Vec<Point> = places.iter().filter(|place| !self.numbers.contains_key(place)).copied().collect();
        new.sort_unstable();
        new.dedup();
        new
    }

    fn forget(&mut self) {
        self.stops = Stops::default();
        self.numbers.clear();
        self.rows.clear();
    }

    fn learn(&mut self, new: &[Point]) {
        if new.is_empty() {
            return;
        }
        let Network { graph, hierarchy } = &*self.network;
        let snaps: Vec<Option<Snap>> = new.iter().map(|&place| self.snapper.snap(graph, place)).collect();
        self.stops.add(&mut self.climb, graph, hierarchy, &snaps);
        let cell = |way: Option<(u32, u32)>| way.map_or((UNREACHABLE, UNREACHABLE), |(ms, m)| (ms as i32, m as i32));
        let known = self.rows.len();
        for (number, &place) in (known..).zip(new) {
            self.numbers.insert(place, number);
            let column = self.stops.column_of(graph, number);
            for (row, way) in self.rows[..known].iter_mut().zip(column) {
                row.push(cell(way));
            }
            self.rows.push(self.stops.row_of(graph, number).into_iter().map(cell).collect());
        }
    }
}
