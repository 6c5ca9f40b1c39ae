//! The faded mean of the same steps of past seasons, moved to the level of the last two seasons.

use super::{Ask, Paths, naive::mean};

/// What a season that is one season older weighs.
const FADING: f64 = 0.85;
/// How many seasons are looked at.
const SEASONS: usize = 10;
/// Over how many of the last seasons the level is read.
const SPAN: usize = 2;
/// A level that has moved further than this is an event, not a trend.
const LEVEL: std::ops::RangeInclusive<f64> = 0.4..=2.5;

pub(super) fn paths(ask: &Ask<'_>) -> Paths {
    let sums = sums(ask.history);
    let mut paths = ask.empty();
    for origin in ask.origins() {
        let level = level(&sums, origin, ask.season);
        for step in 0..ask.horizon {
            let latest = (origin + step).checked_sub((step / ask.season + 1) * ask.season);
            let same = (0..SEASONS).filter_map(|back| ask.history.get(latest?.checked_sub(back * ask.season)?));
            let base = faded(same.copied()).unwrap_or_else(|| mean(&ask.history[..origin]));
            paths.values.push(base * level);
        }
    }
    paths
}

fn faded(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut weights, mut weight) = (0.0, 0.0, 1.0);
    for value in values {
        sum += weight * value;
        weights += weight;
        weight *= FADING;
    }
    (weights > 0.0).then(|| sum / weights)
}

fn sums(history: &[f64]) -> Vec<f64> {
    let running = history.iter().scan(0.0, |sum, sold| {
        *sum += sold;
        Some(*sum)
    });
    std::iter::once(0.0).chain(running).collect()
}

/// How the last seasons went against those that the mean looks at.
fn level(sums: &[f64], origin: usize, season: usize) -> f64 {
    let span = SPAN * season;
    let block = |back: usize| {
        let end = origin.checked_sub(back * season)?;
        Some(sums[end] - sums[end.checked_sub(span)?])
    };
    let Some(latest) = block(0) else { return 1.0 };
    match faded((0..SEASONS - SPAN).map_while(block)) {
        Some(usual) if usual > 0.0 => (latest / usual).clamp(*LEVEL.start(), *LEVEL.end()),
        Some(_) | None => 1.0,
    }
}
