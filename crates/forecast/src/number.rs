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
