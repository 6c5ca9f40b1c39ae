//! The road network: an extract of OpenStreetMap becomes a graph, a contraction hierarchy on it, and travel matrices.
//!
//! Bytes in, bytes out: [`osm::read`] takes the bytes of a `.osm.pbf` file, [`Network::to_bytes`] gives what
//! [`Network::from_bytes`] takes. The graph is *edge-based*: its nodes are directed pieces of road and its arcs are
//! turns, so that a forbidden turn is a missing arc.
//!
//! What it leaves out: ferries, dimensions of lorries, live traffic, restrictions that lead over a way instead of a
//! node, and conditional ones.
//!
//! Whoever shows a route or a matrix made from OpenStreetMap shows [`ATTRIBUTION`] with it; a network saved from it
//! stays under the same licence.
//!
//! # Sources
//!
//! - R. Geisberger, P. Sanders, D. Schultes, D. Delling: *Contraction Hierarchies*, 2008.
//! - S. Knopp, P. Sanders, D. Schultes, F. Schulz, D. Wagner: *Computing Many-to-Many Shortest Paths Using Highway
//!   Hierarchies*, 2007: the buckets.
//! - The OpenStreetMap wiki on the PBF format, access tags and turn restrictions.

mod contraction;
mod graph;
mod hierarchy;
mod memory;
pub mod osm;
mod saved;
mod snap;

pub use graph::{Graph, Profile, Segment};
pub use hierarchy::{Climb, Hierarchy, Stops, dijkstra};
pub use memory::MatrixCache;
pub use saved::SavedError;
pub use snap::{Snap, Snapper};

use crate::model::{Matrix, ModelError, UNREACHABLE};

/// To be shown wherever a map, a route or a matrix made from OpenStreetMap is shown.
pub const ATTRIBUTION: &str = "© OpenStreetMap contributors, ODbL 1.0";

/// A place on the earth in ten-millionths of a degree, as OpenStreetMap counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    pub lat: i32,
    pub lon: i32,
}

impl Point {
    /// From degrees; `None` for what is not on the earth, not-a-number included.
    pub fn degrees(lat: f64, lon: f64) -> Option<Self> {
        let on_earth = (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon);
        on_earth.then(|| Self { lat: (lat * 1e7).round() as i32, lon: (lon * 1e7).round() as i32 })
    }

    /// Metres as the crow flies, by the plane that touches the earth between both: exact to a thousandth within a
    /// city. The same on every machine.
    pub fn metres_to(self, other: Self) -> f64 {
        let (dx, dy) = self.offset(other);
        (dx * dx + dy * dy).sqrt()
    }

    /// Metres east and north from here.
    fn offset(self, other: Self) -> (f64, f64) {
        let middle = (f64::from(self.lat) + f64::from(other.lat)) / 2e7;
        let mut turn = f64::from(other.lon) - f64::from(self.lon);
        if turn > 1.8e9 {
            turn -= 3.6e9;
        } else if turn < -1.8e9 {
            turn += 3.6e9;
        }
        let dy = (f64::from(other.lat) - f64::from(self.lat)) * METRES_PER_UNIT;
        (turn * METRES_PER_UNIT * cosine(middle), dy)
    }
}

/// A degree of a great circle is 111,195 metres long.
const METRES_PER_UNIT: f64 = 0.011_119_492_664;

/// Of an angle in degrees between −90 and 90, by its series: platforms differ, series do not.
fn cosine(degrees: f64) -> f64 {
    let x = degrees * (std::f64::consts::PI / 180.0);
    let (mut term, mut sum) = (1.0, 1.0);
    for n in 1..12 {
        term *= -x * x / f64::from((2 * n - 1) * (2 * n));
        sum += term;
    }
    sum
}

/// Travel without roads: as the crow flies, times a detour factor in percent, at one speed. For places without a map
/// and for tests.
pub fn great_circle(places: &[Point], kmh: u32, detour_percent: u32) -> Result<Matrix, ModelError> {
    let (mut ms, mut metres) = (Vec::new(), Vec::new());
    for from in places {
        for to in places {
            let way = (from.metres_to(*to) * f64::from(detour_percent) / 100.0).min(f64::from(UNREACHABLE - 1));
            metres.push(way as i32);
            ms.push((way * 3_600.0 / f64::from(kmh.max(1))).min(f64::from(UNREACHABLE - 1)) as i32);
        }
    }
    Matrix::new(places.len(), ms, metres)
}

/// Graph and hierarchy together, as they are saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    pub graph: Graph,
    pub hierarchy: Hierarchy,
}

/// A way between two places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    pub ms: u32,
    pub metres: u32,
    /// From where the first place meets the road to where the second one does.
    pub points: Vec<Point>,
}

impl Network {
    /// Prepares the hierarchy of a graph.
    pub fn prepare(graph: Graph) -> Self {
        let hierarchy = Hierarchy::contract(&graph);
        Self { graph, hierarchy }
    }

    /// The travel between all of these places; a place without a road near has no way from or to it.
    pub fn matrix(&self, places: &[Point]) -> Result<Matrix, ModelError> {
        let snapper = Snapper::over(&self.graph);
        let snaps: Vec<Option<Snap>> = places.iter().map(|&place| snapper.snap(&self.graph, place)).collect();
        let stops = Stops::new(&self.graph, &self.hierarchy, &snaps);
        let (mut ms, mut metres) = (Vec::new(), Vec::new());
        for (from, row) in stops.table(&self.graph).into_iter().enumerate() {
            for (to, cell) in row.into_iter().enumerate() {
                let same = from == to;
                let (time, way) = cell.map_or((UNREACHABLE, UNREACHABLE), |(time, way)| (time as i32, way as i32));
                ms.push(if same { 0 } else { time });
                metres.push(if same { 0 } else { way });
            }
        }
        Matrix::new(places.len(), ms, metres)
    }

    /// The fastest way between two places with its course.
    pub fn way(&self, from: Point, to: Point) -> Option<Way> {
        let snapper = Snapper::over(&self.graph);
        let (from, to) = (snapper.snap(&self.graph, from)?, snapper.snap(&self.graph, to)?);
        hierarchy::way(&self.graph, &self.hierarchy, &from, &to)
    }
}
