//! From a door to the road: the nearest spot on a segment.

use super::Point;
use super::graph::Graph;

/// Doors further from every road than this have no road.
const REACH_METRES: f64 = 2_000.0;
/// Side of a cell in ten-millionths of a degree: about 300 metres north to south.
const CELL: i32 = 27_000;

/// A spot on one segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    pub segment: u32,
    /// How much of the segment lies before it, of [`Spot::WHOLE`].
    pub along: u32,
    /// Which piece of its course it lies on.
    pub(super) piece: u32,
}

impl Spot {
    /// All of a segment.
    pub const WHOLE: u32 = 1 << 16;
}

/// Where a door meets the road: a spot, and on a two-way road the same spot in the other direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snap {
    pub point: Point,
    spot: Spot,
    other_way: Option<Spot>,
}

impl Snap {
    pub fn spots(&self) -> impl Iterator<Item = &Spot> + Clone {
        std::iter::once(&self.spot).chain(&self.other_way)
    }
}

/// Pieces of road by where they are.
pub struct Snapper {
    /// Sorted by cell: row, column, segment, piece of its course.
    pieces: Vec<(i32, i32, u32, u32)>,
}

impl Snapper {
    /// Puts all pieces into cells.
    pub fn over(graph: &Graph) -> Self {
        let mut pieces = Vec::new();
        for number in 0..graph.len() as u32 {
            // The other direction has the same course and is found through this one.
            if graph.segment(number).backwards && twin(graph, number).is_some() {
                continue;
            }
            for (piece, ends) in graph.course(number).windows(2).enumerate() {
                let [a, b] = [ends[0], ends[1]];
                let cells = |low: i32, high: i32| low.div_euclid(CELL)..=high.div_euclid(CELL);
                // Nobody snaps across the line where the days change.
                if a.lon.abs_diff(b.lon) > 1_800_000_000 {
                    continue;
                }
                for row in cells(a.lat.min(b.lat), a.lat.max(b.lat)) {
                    let (west, east) = within_row(row, a, b);
                    for column in cells(west, east) {
                        pieces.push((row, column, number, piece as u32));
                    }
                }
            }
        }
        pieces.sort_unstable();
        Self { pieces }
    }

    /// The nearest spot on any road, if one is near.
    pub fn snap(&self, graph: &Graph, door: Point) -> Option<Snap> {
        let (row, column) = (door.lat.div_euclid(CELL), door.lon.div_euclid(CELL));
        let row_metres = f64::from(CELL) * super::METRES_PER_UNIT;
        let narrow = (row_metres * super::cosine(f64::from(door.lat) / 1e7)).max(1.0);
        let rings = (REACH_METRES / narrow).ceil().min(40.0) as i32;
        let mut best: Option<(f64, u32, u32, f64, Point)> = None;
        for ring in 0..=rings {
            // What a further ring holds is at least so far away.
            if best.as_ref().is_some_and(|found| found.0 < f64::from(ring - 1) * narrow.min(row_metres)) {
                break;
            }
            for r in row - ring..=row + ring {
                let edge = r == row - ring || r == row + ring;
                let step = if edge { 1 } else { (2 * ring).max(1) };
                for c in (column - ring..=column + ring).step_by(step as usize) {
                    let from = self.pieces.partition_point(|&(pr, pc, ..)| (pr, pc) < (r, c));
                    let here = self.pieces[from..].iter().take_while(|&&(pr, pc, ..)| (pr, pc) == (r, c));
                    for &(_, _, segment, piece) in here {
                        let course = graph.course(segment);
                        let (away, share, point) = nearest(door, course[piece as usize], course[piece as usize + 1]);
                        if away <= REACH_METRES && best.as_ref().is_none_or(|found| away < found.0) {
                            best = Some((away, segment, piece, share, point));
                        }
                    }
                }
            }
        }
        let (_, segment, piece, share, point) = best?;
        let course = graph.course(segment);
        let lengths: Vec<f64> = course.windows(2).map(|pair| pair[0].metres_to(pair[1])).collect();
        let whole: f64 = lengths.iter().sum();
        let before: f64 = lengths[..piece as usize].iter().sum::<f64>() + share * lengths[piece as usize];
        let along = if whole > 0.0 { (before / whole * f64::from(Spot::WHOLE)).round() as u32 } else { 0 };
        let along = along.min(Spot::WHOLE);
        let other_way = twin(graph, segment).map(|segment| Spot {
            segment,
            along: Spot::WHOLE - along,
            piece: lengths.len() as u32 - 1 - piece,
        });
        Some(Snap { point, spot: Spot { segment, along, piece }, other_way })
    }
}

/// How many rows a piece passes before it is worth knowing where it passes each.
const ROWS_MANY: i32 = 16;

/// From where to where a piece passes a row of cells: all of it when it is short, and else a little more than the line.
fn within_row(row: i32, a: Point, b: Point) -> (i32, i32) {
    let (west, east) = (a.lon.min(b.lon), a.lon.max(b.lon));
    let rows = a.lat.div_euclid(CELL).abs_diff(b.lat.div_euclid(CELL));
    if rows < ROWS_MANY.unsigned_abs() {
        return (west, east);
    }
    let at = |lat: i64| {
        let share = (lat - i64::from(a.lat)) * (i64::from(b.lon) - i64::from(a.lon));
        i64::from(a.lon) + share / (i64::from(b.lat) - i64::from(a.lat))
    };
    let (south, north) = (i64::from(row) * i64::from(CELL), (i64::from(row) + 1) * i64::from(CELL));
    let (one, other) = (at(south), at(north));
    let within = |lon: i64| lon.clamp(west.into(), east.into()) as i32;
    (within(one.min(other) - i64::from(CELL)), within(one.max(other) + i64::from(CELL)))
}

/// The other direction of a segment: it stands beside it.
fn twin(graph: &Graph, number: u32) -> Option<u32> {
    let segment = graph.segment(number);
    let is_twin = |&other: &u32| {
        (other as usize) < graph.len() && {
            let other = graph.segment(other);
            other.shape == segment.shape && other.backwards != segment.backwards
        }
    };
    [number.wrapping_sub(1), number + 1].into_iter().find(is_twin)
}

/// The nearest point of a straight piece: how far, which share of it lies before, and where.
fn nearest(door: Point, a: Point, b: Point) -> (f64, f64, Point) {
    let (ax, ay) = door.offset(a);
    let (bx, by) = door.offset(b);
    let (dx, dy) = (bx - ax, by - ay);
    let length = dx * dx + dy * dy;
    let share = if length > 0.0 { (-(ax * dx + ay * dy) / length).clamp(0.0, 1.0) } else { 0.0 };
    let (x, y) = (ax + share * dx, ay + share * dy);
    let between = |a: i32, b: i32| a + (share * f64::from(b - a)).round() as i32;
    ((x * x + y * y).sqrt(), share, Point { lat: between(a.lat, b.lat), lon: between(a.lon, b.lon) })
}
