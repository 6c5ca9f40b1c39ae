//! Between whole numbers at the face and floating ones inside.

/// Far more than any shop sells in a day, and exact in both worlds.
const MOST: f64 = 4_000_000_000_000.0;

/// A whole number as a floating one.
#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "sales are far below 2^52")]
pub(crate) fn float(number: i64) -> f64 {
    number as f64
}

/// A count as a floating number.
pub(crate) fn count(number: usize) -> f64 {
    i64::try_from(number).map_or(MOST, float)
}

/// The nearest whole number.
#[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "bounded on the line above")]
pub(crate) fn whole(number: f64) -> i64 {
    if number.is_nan() {
        return 0;
    }
    let bounded = number.clamp(-MOST * 100.0, MOST * 100.0).round();
    bounded as i64
}

/// In hundredths.
pub(crate) fn hundredths(number: f64) -> i64 {
    whole(number * 100.0)
}

/// The value that `bp` of ten thousand do not pass, with the small-sample step of conformal prediction: the
/// ⌈(n + 1) q⌉-th of n. `sorted` begins with the lowest.
pub(crate) fn quantile(sorted: &[f64], bp: i64) -> f64 {
    let bp = usize::try_from(bp.clamp(0, 10_000)).unwrap_or(0);
    let nth = ((sorted.len() + 1) * bp).div_ceil(10_000).clamp(1, sorted.len().max(1));
    sorted.get(nth - 1).copied().unwrap_or(0.0)
}

pub(crate) fn sort(values: &mut [f64]) {
    values.sort_by(f64::total_cmp);
}

/// The density of the standard normal law.
pub(crate) fn normal_density(z: f64) -> f64 {
    (-z * z / 2.0).exp() / std::f64::consts::TAU.sqrt()
}

/// The share of the standard normal law below `z`, to seven digits (Abramowitz and Stegun 26.2.17).
pub(crate) fn normal(z: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * z.abs());
    let tail = [0.319_381_530, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429];
    let sum = tail.iter().rev().fold(0.0, |sum, part| (sum + part) * t);
    let above = normal_density(z) * sum;
    if z >= 0.0 { 1.0 - above } else { above }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_normal_law_is_that_of_the_tables() {
        for (z, share) in [(0.0, 0.5), (1.0, 0.841_344_7), (-1.959_964, 0.025), (2.575_829, 0.995)] {
            assert!((normal(z) - share).abs() < 2e-7, "{z}");
        }
    }
}
