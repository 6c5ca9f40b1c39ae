//! The dynamic optimised Theta model: half a straight line that is fitted anew at every step, half exponential
//! smoothing, on the series without its season (Fiorucci and others, 2016).

use super::{Ask, Paths, naive::mean, season};
use crate::optimise::{Search, lowest};

/// The season is read from so many of the latest ones.
const SEASONS: usize = 104;
/// A level that hardly moves would make the line the whole forecast.
const SLOWEST: f64 = 0.05;
const LEARNT_FROM: usize = 1_100;

#[derive(Clone, Copy, Debug)]
struct Speeds {
    level: f64,
    /// How much of the line is taken: 1 - 1/theta.
    line: f64,
}

impl Speeds {
    fn at(point: [f64; 2]) -> Self {
        let level = SLOWEST + (0.99 - SLOWEST) / (1.0 + (-point[0]).exp());
        Self { level, line: 1.0 / (1.0 + (-point[1]).exp()) }
    }
}

/// The level, and the line through everything so far.
#[derive(Clone, Copy, Debug)]
struct State {
    level: f64,
    mean: f64,
    start: f64,
    rise: f64,
    seen: f64,
    /// What the smoothing has forgotten so far: (1 - level) to the power of the steps seen.
    left: f64,
}

impl State {
    fn at_first(level: f64) -> Self {
        Self { level, mean: 0.0, start: 0.0, rise: 0.0, seen: 0.0, left: 1.0 }
    }

    fn next(&self, speeds: &Speeds) -> f64 {
        if self.seen < 1.0 {
            return self.level;
        }
        let line = self.left * self.start + (1.0 - self.left * (1.0 - speeds.level)) / speeds.level * self.rise;
        self.level + speeds.line * line
    }

    fn learn(&mut self, sold: f64, speeds: &Speeds) -> f64 {
        let error = sold - self.next(speeds);
        self.follow(sold, speeds);
        error
    }

    fn follow(&mut self, sold: f64, speeds: &Speeds) {
        self.level += speeds.level * (sold - self.level);
        let seen = self.seen;
        let mean = (seen * self.mean + sold) / (seen + 1.0);
        if seen >= 1.0 {
            self.rise = ((seen - 1.0) * self.rise + 6.0 * (sold - self.mean) / (seen + 1.0)) / (seen + 2.0);
        }
        self.mean = mean;
        self.start = mean - self.rise * (seen + 2.0) / 2.0;
        self.seen += 1.0;
        self.left *= 1.0 - speeds.level;
    }
}

pub(super) fn paths(ask: &Ask<'_>) -> Paths {
    let season = Seasonal::of(ask);
    let bare: Vec<f64> = ask.history.iter().enumerate().map(|(at, sold)| season.off(at, *sold)).collect();
    let recent = &bare[bare.len().saturating_sub(LEARNT_FROM)..];
    let level = mean(&recent[..recent.len().min(2 * ask.season.max(4))]);
    let speeds = speeds(recent, level, ask.season);
    let mut state = State::at_first(level);
    let mut paths = ask.empty();
    let skipped = bare.len() - recent.len();
    for (at, sold) in bare.iter().enumerate() {
        if at >= ask.first {
            tell(&state, &speeds, &season, at, ask.horizon, &mut paths.values);
        }
        if at >= skipped {
            state.follow(*sold, &speeds);
        }
    }
    tell(&state, &speeds, &season, bare.len(), ask.horizon, &mut paths.values);
    paths
}

fn tell(state: &State, speeds: &Speeds, season: &Seasonal, origin: usize, horizon: usize, into: &mut Vec<f64>) {
    let mut state = *state;
    for step in 0..horizon {
        let next = state.next(speeds);
        into.push(season.on(origin + step, next));
        // What is forecast is taken for what came, so that the line goes on.
        state.follow(next, speeds);
    }
}

fn speeds(bare: &[f64], level: f64, season: usize) -> Speeds {
    let search = Search { asked_most: 80, near: 1e-5 };
    let (point, _) = lowest([-1.0, 0.0], 1.0, search, |point| {
        let speeds = Speeds::at(*point);
        let mut state = State::at_first(level);
        let mut sum = 0.0;
        for (at, sold) in bare.iter().enumerate() {
            let error = state.learn(*sold, &speeds);
            if at >= season.max(3) {
                sum += error * error;
            }
        }
        sum.max(1e-12).ln()
    });
    Speeds::at(point)
}

/// A season that stays as it is.
enum Seasonal {
    Adds(Vec<f64>),
    Multiplies(Vec<f64>),
}

impl Seasonal {
    fn of(ask: &Ask<'_>) -> Self {
        if ask.season < 2 {
            return Self::Adds(vec![0.0]);
        }
        let from = ask.history.len().saturating_sub(SEASONS * ask.season);
        let recent = &ask.history[from..];
        if recent.iter().all(|sold| *sold > 0.0)
            && let Some(parts) = season::multiplying(recent, ask.season, from)
        {
            return Self::Multiplies(parts);
        }
        Self::Adds(season::additive(recent, ask.season, from))
    }

    fn off(&self, at: usize, sold: f64) -> f64 {
        match self {
            Self::Adds(adds) => sold - adds[at % adds.len()],
            Self::Multiplies(parts) => sold / parts[at % parts.len()],
        }
    }

    fn on(&self, at: usize, bare: f64) -> f64 {
        match self {
            Self::Adds(adds) => bare + adds[at % adds.len()],
            Self::Multiplies(parts) => bare * parts[at % parts.len()],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Model;

    #[test]
    fn a_line_with_a_season_goes_on() {
        let sold = |day: usize| crate::number::count(day) * 0.5 + if day % 7 == 5 { 60.0 } else { 30.0 };
        let history: Vec<f64> = (0..210).map(sold).collect();
        let paths = Model::Theta.paths(&history, 7, 210, 7);
        for (step, told) in paths.from(210).iter().enumerate() {
            let wanted = sold(210 + step);
            assert!((told / wanted - 1.0).abs() < 0.1, "{step}: {told} {wanted}");
        }
    }
}
