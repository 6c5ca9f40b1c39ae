//! How far it is, as the crow flies, in whole metres: the same number on every machine, because no float rounds it.

use catalog::Position;

/// The Earth's mean radius (IUGG).
const EARTH_RADIUS_METRES: i128 = 6_371_009;
/// One, in the fixed point of this file.
const ONE: i128 = 1_000_000_000_000_000;
const PI: i128 = 3_141_592_653_589_793;
const MICRODEGREES_OF_HALF_TURN: i128 = 180_000_000;

/// The great-circle distance (haversine formula).
pub fn great_circle_metres(from: Position, to: Position) -> i64 {
    let (phi_from, phi_to) = (radians(from.latitude_microdegrees), radians(to.latitude_microdegrees));
    let half_phi = (phi_to - phi_from) / 2;
    let half_lambda = (radians(to.longitude_microdegrees) - radians(from.longitude_microdegrees)) / 2;
    let parallel = times(cosine(phi_from), cosine(phi_to));
    let haversine =
        times(sine(half_phi), sine(half_phi)) + times(parallel, times(sine(half_lambda), sine(half_lambda)));
    let half_angle = arc_sine((haversine.clamp(0, ONE) * ONE).isqrt());
    i64::try_from((2 * EARTH_RADIUS_METRES * half_angle + ONE / 2) / ONE).unwrap_or(i64::MAX)
}

fn radians(microdegrees: i64) -> i128 {
    i128::from(microdegrees) * PI / MICRODEGREES_OF_HALF_TURN
}

const fn times(a: i128, b: i128) -> i128 {
    a * b / ONE
}

/// The Taylor series, until a term vanishes; angles here are within half a turn, where it converges fast.
fn sine(angle: i128) -> i128 {
    let square = times(angle, angle);
    let (mut sum, mut term, mut nth) = (angle, angle, 1_i128);
    while term != 0 {
        term = -times(term, square) / ((nth + 1) * (nth + 2));
        sum += term;
        nth += 2;
    }
    sum
}

fn cosine(angle: i128) -> i128 {
    sine(PI / 2 - angle)
}

/// The angle between 0 and a quarter turn with this sine, by halving: the sine only grows there.
fn arc_sine(wanted: i128) -> i128 {
    let (mut low, mut high) = (0, PI / 2);
    while low < high {
        let middle = i128::midpoint(low, high + 1);
        if sine(middle) <= wanted {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use catalog::Position;
    use proptest::prelude::*;

    use super::great_circle_metres;

    const fn at(latitude_microdegrees: i64, longitude_microdegrees: i64) -> Position {
        Position { latitude_microdegrees, longitude_microdegrees }
    }

    const TAIPEI: Position = at(25_047_760, 121_517_060);
    const KAOHSIUNG: Position = at(22_639_720, 120_302_580);

    #[test]
    fn known_distances_are_met() {
        assert_eq!(great_circle_metres(TAIPEI, TAIPEI), 0);
        // One degree of a meridian, and a quarter and half of the globe.
        assert_eq!(great_circle_metres(at(0, 0), at(1_000_000, 0)), 111_195);
        assert_eq!(great_circle_metres(at(0, 0), at(90_000_000, 0)), 10_007_558);
        assert_eq!(great_circle_metres(at(0, 0), at(0, 180_000_000)), 20_015_115);
        // By an independent haversine in double precision with the same radius: 294,872.4 m.
        assert_eq!(great_circle_metres(TAIPEI, KAOHSIUNG), 294_872);
    }

    #[test]
    fn the_date_line_is_no_wall() {
        assert_eq!(great_circle_metres(at(0, 179_500_000), at(0, -179_500_000)), 111_195);
    }

    fn anywhere() -> impl Strategy<Value = Position> {
        (-90_000_000..=90_000_000_i64, -180_000_000..=180_000_000_i64).prop_map(|(lat, lon)| at(lat, lon))
    }

    proptest! {
        #[test]
        fn there_is_as_far_as_back(a in anywhere(), b in anywhere()) {
            let there = great_circle_metres(a, b);
            prop_assert_eq!(there, great_circle_metres(b, a));
            prop_assert!((0..=20_015_115).contains(&there));
        }

        #[test]
        fn a_detour_is_never_shorter(a in anywhere(), b in anywhere(), c in anywhere()) {
            prop_assert!(great_circle_metres(a, b) <= great_circle_metres(a, c) + great_circle_metres(c, b) + 2);
        }
    }
}
