//! Looking for the lowest point of a function that nobody can differentiate: the downhill simplex of Nelder and Mead.

/// How long to look.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Search {
    /// How often the function is asked at most.
    pub(crate) asked_most: usize,
    /// The simplex is small enough when its values differ by no more than this share of the lowest.
    pub(crate) near: f64,
}

/// The lowest point found from `start`, whose corners lie `step` apart. What is not a number counts as infinitely high.
/// The same start gives the same answer on every machine.
pub(crate) fn lowest<const N: usize>(
    start: [f64; N],
    step: f64,
    search: Search,
    mut value: impl FnMut(&[f64; N]) -> f64,
) -> ([f64; N], f64) {
    let mut asked = 0;
    let mut ask = |point: &[f64; N]| {
        asked += 1;
        let value = value(point);
        (if value.is_nan() { f64::INFINITY } else { value }, asked)
    };
    let mut corners = vec![(start, ask(&start).0)];
    for axis in 0..N {
        let mut corner = start;
        corner[axis] += step;
        corners.push((corner, ask(&corner).0));
    }
    loop {
        corners.sort_by(|a, b| a.1.total_cmp(&b.1));
        let (best, second_worst, worst) = (corners[0], corners[N - 1], corners[N]);
        let flat = worst.1 - best.1 <= search.near * best.1.abs();
        let centre = middle(&corners[..N]);
        let reflected = beyond(&centre, &worst.0, 1.0);
        if flat || !best.1.is_finite() {
            return best;
        }
        let (at_reflected, asked) = ask(&reflected);
        if asked >= search.asked_most {
            return if at_reflected < best.1 { (reflected, at_reflected) } else { best };
        }
        if at_reflected < best.1 {
            let expanded = beyond(&centre, &worst.0, 2.0);
            let at_expanded = ask(&expanded).0;
            corners[N] = if at_expanded < at_reflected { (expanded, at_expanded) } else { (reflected, at_reflected) };
        } else if at_reflected < second_worst.1 {
            corners[N] = (reflected, at_reflected);
        } else {
            let side = if at_reflected < worst.1 { 0.5 } else { -0.5 };
            let contracted = beyond(&centre, &worst.0, side);
            let at_contracted = ask(&contracted).0;
            if at_contracted < worst.1.min(at_reflected) {
                corners[N] = (contracted, at_contracted);
            } else {
                for corner in &mut corners[1..] {
                    let nearer = beyond(&best.0, &corner.0, -0.5);
                    *corner = (nearer, ask(&nearer).0);
                }
            }
        }
    }
}

fn middle<const N: usize>(corners: &[([f64; N], f64)]) -> [f64; N] {
    let mut centre = [0.0; N];
    for (corner, _) in corners {
        for (sum, part) in centre.iter_mut().zip(corner) {
            *sum += part;
        }
    }
    let count = crate::number::count(corners.len());
    centre.map(|sum| sum / count)
}

/// From `from` through `centre` and `times` as far on the other side.
fn beyond<const N: usize>(centre: &[f64; N], from: &[f64; N], times: f64) -> [f64; N] {
    let mut point = *centre;
    for (part, from) in point.iter_mut().zip(from) {
        *part += times * (*part - from);
    }
    point
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bottom_of_a_bent_valley_is_found() {
        let search = Search { asked_most: 2_000, near: 1e-14 };
        let valley = |point: &[f64; 2]| (1.0 - point[0]).powi(2) + 100.0 * (point[1] - point[0].powi(2)).powi(2);
        let (point, value) = lowest([-1.2, 1.0], 0.5, search, valley);
        assert!(value < 1e-8, "{point:?} {value}");
    }

    #[test]
    fn a_function_without_numbers_ends() {
        let search = Search { asked_most: 50, near: 1e-9 };
        let (point, value) = lowest([0.3], 0.5, search, |_| f64::NAN);
        assert!((point[0] - 0.3).abs() < 1e-12 && value.is_infinite());
    }
}
