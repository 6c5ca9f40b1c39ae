//! The floor: what was sold on the same step of the last season, or of the last few.

use super::{Ask, Paths};
use crate::number;

pub(super) fn last(ask: &Ask<'_>) -> Paths {
    window(ask, 1)
}

/// The mean of the last `seasons` same steps, of fewer where the history is short.
pub(super) fn window(ask: &Ask<'_>, seasons: usize) -> Paths {
    let mut paths = ask.empty();
    for origin in ask.origins() {
        for step in 0..ask.horizon {
            let wanted = origin + step;
            // The last same step that lies before the origin, as many seasons back as the horizon needs.
            let back = (step / ask.season + 1) * ask.season;
            let same = (0..seasons).filter_map(|nth| ask.history.get(wanted.checked_sub(back + nth * ask.season)?));
            let (sum, count) = same.fold((0.0, 0), |(sum, count), sold| (sum + sold, count + 1));
            let known = if count > 0 { sum / number::count(count) } else { mean(&ask.history[..origin]) };
            paths.values.push(known);
        }
    }
    paths
}

pub(super) fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / number::count(values.len()) }
}
