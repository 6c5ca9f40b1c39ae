//! How far it is from door to door when no road map is at hand.
//!
//! Whole numbers only, so that a plan is the same to the metre on every machine.

use catalog::Position;

/// How much longer streets are than the straight line, in percent.
///
/// City grids measure 1.25 to 1.4; a site's own value comes with its road map.
pub const ROAD_FACTOR_PERCENT: i64 = 130;

const EARTH_RADIUS_METRES: i128 = 6_371_009;
/// 1 in fixed point.
const ONE: i128 = 1_000_000_000_000;
const PI: i128 = 3_141_592_653_590;
const HALF_TURN_MICRODEGREES: i128 = 180_000_000;

/// A point of the unit sphere in fixed point.
#[derive(Clone, Copy, Debug)]
struct OnSphere {
    x: i128,
    y: i128,
    z: i128,
}

/// Metres between two points along the great circle; exact to the metre within 1,000 km.
pub fn great_circle_metres(from: Position, to: Position) -> i64 {
    metres(on_sphere(from), on_sphere(to))
}

/// Metres by road, estimated: the great circle times [`ROAD_FACTOR_PERCENT`].
pub fn road_metres(from: Position, to: Position) -> i64 {
    by_road(great_circle_metres(from, to))
}

/// Road metres from every place to every other, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix {
    size: usize,
    metres: Vec<i64>,
}

impl Matrix {
    pub fn between(places: &[Position]) -> Self {
        let points: Vec<OnSphere> = places.iter().copied().map(on_sphere).collect();
        let metres = points.iter().flat_map(|from| points.iter().map(|to| by_road(metres(*from, *to)))).collect();
        Self { size: points.len(), metres }
    }

    /// Metres from the `from`th place to the `to`th; a place outside the matrix is nowhere near.
    pub fn metres(&self, from: usize, to: usize) -> i64 {
        let inside = to < self.size;
        self.metres.get(from * self.size + to).copied().filter(|_| inside).unwrap_or(UNREACHABLE_METRES)
    }
}

/// Twice round the earth.
const UNREACHABLE_METRES: i64 = 80_000_000;

fn by_road(straight: i64) -> i64 {
    (straight * ROAD_FACTOR_PERCENT + 99) / 100
}

fn metres(from: OnSphere, to: OnSphere) -> i64 {
    let (x, y, z) = (from.x - to.x, from.y - to.y, from.z - to.z);
    let chord = (x * x + y * y + z * z).isqrt();
    // The arc over a chord c of the unit sphere is 2·asin(c/2) = c + c³/24 + 3c⁵/640 + …
    let square = chord * chord / ONE;
    let cube = square * chord / ONE;
    let fifth = square * cube / ONE;
    let arc = chord + cube / 24 + fifth * 3 / 640;
    i64::try_from((arc * EARTH_RADIUS_METRES + ONE / 2) / ONE).unwrap_or(UNREACHABLE_METRES)
}

fn on_sphere(at: Position) -> OnSphere {
    let latitude = radians(at.latitude_microdegrees);
    let longitude = radians(at.longitude_microdegrees);
    let across = cosine(latitude);
    OnSphere { x: across * cosine(longitude) / ONE, y: across * sine(longitude) / ONE, z: sine(latitude) }
}

fn radians(microdegrees: i64) -> i128 {
    i128::from(microdegrees) * PI / HALF_TURN_MICRODEGREES
}

fn sine(angle: i128) -> i128 {
    series(angle, angle, 2)
}

fn cosine(angle: i128) -> i128 {
    series(ONE, angle, 1)
}

/// The Taylor series whose terms each follow from the last by −angle² ÷ (n·(n+1)), n rising by two.
fn series(first: i128, angle: i128, from: i128) -> i128 {
    let (mut sum, mut term, mut n) = (0, first, from);
    while term != 0 {
        sum += term;
        term = -(term * angle / ONE * angle / ONE) / (n * (n + 1));
        n += 2;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(latitude_microdegrees: i64, longitude_microdegrees: i64) -> Position {
        Position { latitude_microdegrees, longitude_microdegrees }
    }

    #[test]
    fn known_distances_are_met() {
        let taipei = at(25_033_964, 121_564_468);
        let kaohsiung = at(22_611_395, 120_300_293);
        // By an independent haversine in double precision with the same radius: 298,490.6 m.
        assert_eq!(great_circle_metres(taipei, kaohsiung), 298_491);
        assert_eq!(great_circle_metres(at(0, 0), at(1_000_000, 0)), 111_195);
        assert_eq!(great_circle_metres(at(0, 179_500_000), at(0, -179_500_000)), 111_195);
        assert_eq!(great_circle_metres(taipei, taipei), 0);
    }

    #[test]
    fn roads_are_longer_than_the_straight_line() {
        let (door, depot) = (at(25_040_000, 121_560_000), at(25_030_000, 121_500_000));
        assert_eq!(road_metres(door, depot), road_metres(depot, door));
        assert!(road_metres(door, depot) > great_circle_metres(door, depot));
    }
}
