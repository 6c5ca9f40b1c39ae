//! Complex exponential smoothing (Svetunkov and others, 2022): a level and what is not seen of it, moved together by a
//! complex speed, so that the series decides by itself how far a movement goes on. The season is a second state that
//! is added.

use super::{Ask, Paths, naive::mean, season};
use crate::optimise::{Search, lowest};

const LEARNT_FROM: usize = 1_100;
const SEASONS_AT_FIRST: usize = 8;

#[derive(Clone, Copy, Debug)]
struct Speeds {
    seen: f64,
    unseen: f64,
    season: f64,
}

impl Speeds {
    /// Inside the region where old errors fade.
    fn at(point: [f64; 3]) -> Self {
        let share = |number: f64| 1.0 / (1.0 + (-number).exp());
        Self { seen: 0.01 + 1.79 * share(point[0]), unseen: 0.5 + 1.0 * share(point[1]), season: share(point[2]) }
    }
}

#[derive(Clone, Debug)]
struct State {
    seen: f64,
    unseen: f64,
    season: Vec<f64>,
    next: usize,
}

impl State {
    fn at_first(history: &[f64], length: usize) -> Self {
        let early = &history[..history.len().min(SEASONS_AT_FIRST * length.max(2))];
        let season = if length < 2 { vec![0.0] } else { season::additive(early, length, 0) };
        let seen = mean(&history[..history.len().min(3 * length.max(4))]);
        Self { seen, unseen: seen / 1.1, season, next: 0 }
    }

    fn learn(&mut self, sold: f64, speeds: &Speeds) -> f64 {
        let error = sold - self.seen - self.season[self.next];
        self.go(error, speeds);
        self.season[self.next] += speeds.season * error;
        self.next += 1;
        if self.next == self.season.len() {
            self.next = 0;
        }
        error
    }

    fn go(&mut self, error: f64, speeds: &Speeds) {
        let (seen, unseen) = (self.seen, self.unseen);
        self.seen = seen - (1.0 - speeds.unseen) * unseen + (speeds.seen - speeds.unseen) * error;
        self.unseen = seen + (1.0 - speeds.seen) * unseen + (speeds.seen + speeds.unseen) * error;
    }

    fn tell(&self, horizon: usize, speeds: &Speeds, into: &mut Vec<f64>) {
        let mut ahead = Self { seen: self.seen, unseen: self.unseen, season: Vec::new(), next: 0 };
        for step in 0..horizon {
            into.push(ahead.seen + self.season[(self.next + step) % self.season.len()]);
            ahead.go(0.0, speeds);
        }
    }
}

pub(super) fn paths(ask: &Ask<'_>) -> Paths {
    let recent_from = ask.history.len().saturating_sub(LEARNT_FROM) / ask.season * ask.season;
    let recent = &ask.history[recent_from..];
    let first = State::at_first(recent, ask.season);
    let speeds = speeds(recent, &first, ask.season);
    let mut state = first;
    let mut paths = ask.empty();
    for (at, sold) in ask.history.iter().enumerate() {
        if at >= ask.first {
            state.tell(ask.horizon, &speeds, &mut paths.values);
        }
        if at >= recent_from {
            state.learn(*sold, &speeds);
        }
    }
    state.tell(ask.horizon, &speeds, &mut paths.values);
    paths
}

fn speeds(recent: &[f64], first: &State, season: usize) -> Speeds {
    let mut state = first.clone();
    let search = Search { asked_most: 160, near: 1e-5 };
    let mut errors = |point: [f64; 3]| {
        let speeds = Speeds::at(point);
        (state.seen, state.unseen, state.next) = (first.seen, first.unseen, 0);
        state.season.copy_from_slice(&first.season);
        let mut sum = 0.0;
        for (at, sold) in recent.iter().enumerate() {
            let error = state.learn(*sold, &speeds);
            if at >= season.max(3) {
                sum += error * error;
            }
        }
        sum.max(1e-12).ln()
    };
    let (point, _) = lowest([1.0, 0.2, -2.5], 0.7, search, |point| errors(*point));
    Speeds::at(point)
}

#[cfg(test)]
mod tests {
    use super::super::Model;

    #[test]
    fn a_week_that_repeats_is_told() {
        let bread = |day: usize| [40.0, 30.0, 30.0, 35.0, 50.0, 80.0, 70.0][day % 7];
        let history: Vec<f64> = (0..280).map(bread).collect();
        for (day, told) in Model::Ces.paths(&history, 7, 280, 7).from(280).iter().enumerate() {
            assert!((told - bread(day)).abs() < 2.0, "{day} {told}");
        }
    }
}
