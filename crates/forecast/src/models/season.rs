//! How the steps of a season differ from each other.

use super::naive::mean;

/// What each step of a season adds to the mean, over the first or last seasons of a history; adds up to zero.
pub(super) fn additive(history: &[f64], season: usize, offset: usize) -> Vec<f64> {
    let level = smooth(history, season);
    let mut adds = vec![(0.0, 0.0); season];
    for (at, (sold, level)) in history.iter().zip(&level).enumerate() {
        let slot = &mut adds[(at + offset) % season];
        slot.0 += sold - level;
        slot.1 += 1.0;
    }
    let adds: Vec<f64> = adds.iter().map(|(sum, count): &(f64, f64)| sum / count.max(1.0)).collect();
    let middle = mean(&adds);
    adds.iter().map(|add| add - middle).collect()
}

/// By what each step of a season multiplies the mean; one on average. None where there is nothing to multiply.
pub(super) fn multiplying(history: &[f64], season: usize, offset: usize) -> Option<Vec<f64>> {
    let level = smooth(history, season);
    let mut parts = vec![(0.0, 0.0); season];
    for (at, (sold, level)) in history.iter().zip(&level).enumerate() {
        let slot = &mut parts[(at + offset) % season];
        slot.0 += sold;
        slot.1 += level;
    }
    let parts: Vec<f64> = parts.iter().map(|(sold, level): &(f64, f64)| sold / level).collect();
    let middle = mean(&parts);
    (middle > 0.0 && parts.iter().all(|part| part.is_finite() && *part > 0.0))
        .then(|| parts.iter().map(|part| part / middle).collect())
}

/// The centred mean over whole seasons; at the ends the nearest whole one.
pub(super) fn smooth(history: &[f64], season: usize) -> Vec<f64> {
    let count = history.len();
    if count < season {
        return vec![mean(history); count];
    }
    let mut sums = Vec::with_capacity(count + 1);
    let mut sum = 0.0;
    sums.push(sum);
    for sold in history {
        sum += sold;
        sums.push(sum);
    }
    let width = crate::number::count(season);
    (0..count)
        .map(|at| {
            let begin = at.saturating_sub(season / 2).min(count - season);
            (sums[begin + season] - sums[begin]) / width
        })
        .collect()
}
