//! Exponential smoothing in the form of state space: a level, a slope that fades, and a season, each moved by the error
//! of the last forecast.

use super::{Ask, Paths, naive::mean, season};
use crate::number;
use crate::optimise::{Search, lowest};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slope {
    None,
    Damped,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Season {
    Additive,
    Multiplicative,
}

/// Start values are read from so many seasons.
const SEASONS_AT_FIRST: usize = 8;
/// Older days than these say nothing about how fast to learn.
const LEARNT_FROM: usize = 1_100;

#[derive(Clone, Copy, Debug)]
struct Speeds {
    level: f64,
    slope: f64,
    season: f64,
    /// What is left of the slope after a step.
    kept: f64,
}

impl Speeds {
    /// Every point of the plane is an admissible set of speeds.
    fn at(point: [f64; 4], slope: Slope, seasonal: bool) -> Self {
        let level = share(point[0]).clamp(0.001, 0.999);
        let (own_slope, kept) = match slope {
            Slope::None => (0.0, 0.0),
            Slope::Damped => (level * share(point[2]), 0.8 + 0.18 * share(point[3])),
        };
        let season = if seasonal { (1.0 - level) * share(point[1]) } else { 0.0 };
        Self { level, slope: own_slope, season, kept }
    }
}

fn share(number: f64) -> f64 {
    1.0 / (1.0 + (-number).exp())
}

#[derive(Clone, Debug)]
struct State {
    level: f64,
    slope: f64,
    season: Vec<f64>,
    /// The step of the season that comes next.
    next: usize,
}

impl State {
    fn at_first(history: &[f64], length: usize, kind: Season) -> Self {
        let seen = &history[..history.len().min(SEASONS_AT_FIRST * length.max(2))];
        let season = match kind {
            _ if length < 2 => vec![if kind == Season::Additive { 0.0 } else { 1.0 }],
            Season::Additive => season::additive(seen, length, 0),
            Season::Multiplicative => season::multiplying(seen, length, 0).unwrap_or_else(|| vec![1.0; length]),
        };
        let early = &history[..history.len().min(3 * length.max(4))];
        Self { level: mean(early), slope: 0.0, season, next: 0 }
    }

    /// Forecasts a step, sees what came, and learns. The error that was made, and the forecast.
    #[inline]
    fn learn(&mut self, sold: f64, speeds: &Speeds, kind: Season) -> (f64, f64) {
        let slope = speeds.kept * self.slope;
        let base = self.level + slope;
        let slot = &mut self.season[self.next];
        let (forecast, moved) = match kind {
            Season::Additive => {
                let forecast = base + *slot;
                let error = sold - forecast;
                *slot += speeds.season * error;
                (forecast, error)
            }
            Season::Multiplicative => {
                let forecast = base * *slot;
                let error = sold - forecast;
                let moved = error / slot.max(1e-6);
                *slot += speeds.season * error / base.max(1e-6);
                (forecast, moved)
            }
        };
        self.level = base + speeds.level * moved;
        self.slope = slope + speeds.slope * moved;
        self.next += 1;
        if self.next == self.season.len() {
            self.next = 0;
        }
        (sold - forecast, forecast)
    }

    fn tell(&self, horizon: usize, speeds: &Speeds, kind: Season, into: &mut Vec<f64>) {
        let (mut level, mut slope) = (self.level, self.slope);
        for step in 0..horizon {
            slope *= speeds.kept;
            level += slope;
            let season = self.season[(self.next + step) % self.season.len()];
            into.push(match kind {
                Season::Additive => level + season,
                Season::Multiplicative => level * season,
            });
        }
    }
}

/// One form of the model.
#[derive(Clone, Copy, Debug)]
struct Form {
    slope: Slope,
    kind: Season,
    length: usize,
}

pub(super) fn paths(ask: &Ask<'_>, slope: Slope, kind: Season) -> Paths {
    // A season that multiplies cannot come back from nothing.
    let kind = if ask.history.iter().any(|sold| *sold <= 0.0) { Season::Additive } else { kind };
    let form = Form { slope, kind, length: ask.season };
    told(ask, form, &learnt(ask.history, form).speeds)
}

/// The form that explains the history best for the numbers it needs (Akaike's criterion for short samples).
pub(super) fn best(ask: &Ask<'_>) -> Paths {
    let positive = ask.history.iter().all(|sold| *sold > 0.0);
    let forms = [
        Some(Form { slope: Slope::None, kind: Season::Additive, length: ask.season }),
        Some(Form { slope: Slope::Damped, kind: Season::Additive, length: ask.season }),
        (ask.season > 1).then_some(Form { slope: Slope::None, kind: Season::Additive, length: 1 }),
        (ask.season > 1 && positive).then_some(Form {
            slope: Slope::None,
            kind: Season::Multiplicative,
            length: ask.season,
        }),
    ];
    let learnt = forms.into_iter().flatten().map(|form| (form, learnt(ask.history, form)));
    let best = learnt.min_by(|a, b| a.1.criterion.total_cmp(&b.1.criterion));
    best.map_or_else(|| ask.empty(), |(form, learnt)| told(ask, form, &learnt.speeds))
}

fn told(ask: &Ask<'_>, form: Form, speeds: &Speeds) -> Paths {
    let mut state = State::at_first(ask.history, form.length, form.kind);
    let mut paths = ask.empty();
    for (at, sold) in ask.history.iter().enumerate() {
        if at >= ask.first {
            state.tell(ask.horizon, speeds, form.kind, &mut paths.values);
        }
        state.learn(*sold, speeds, form.kind);
    }
    state.tell(ask.horizon, speeds, form.kind, &mut paths.values);
    paths
}

struct Learnt {
    speeds: Speeds,
    criterion: f64,
}

/// The speeds that make the history most likely, errors of one step, the first season aside.
fn learnt(history: &[f64], Form { slope, kind, length }: Form) -> Learnt {
    let recent = &history[history.len().saturating_sub(LEARNT_FROM)..];
    let first = State::at_first(recent, length, kind);
    let mut state = first.clone();
    let seasonal = length > 1;
    // The same days are judged whatever the form, so that forms can be compared.
    let judged_from = LEAD.max(length).min(recent.len() / 2);
    let count = number::count(recent.len() - judged_from).max(1.0);
    let mut errors = |point: [f64; 4]| {
        let speeds = Speeds::at(point, slope, seasonal);
        state.level = first.level;
        state.slope = first.slope;
        state.season.copy_from_slice(&first.season);
        state.next = 0;
        let (mut sum, mut logs) = (0.0, 0.0);
        for (at, sold) in recent.iter().enumerate() {
            let (error, forecast) = state.learn(*sold, &speeds, kind);
            if at < judged_from {
                continue;
            }
            match kind {
                Season::Additive => sum += error * error,
                // The error is a share of what was forecast, so the likelihood asks for the forecast too.
                Season::Multiplicative => {
                    let forecast = forecast.max(1e-6);
                    sum += (error / forecast).powi(2);
                    logs += forecast.ln();
                }
            }
        }
        (sum / count).max(1e-12).ln() + 2.0 * logs / count
    };
    let search = Search { asked_most: 160, near: 1e-5 };
    let (point, lowest) = match (slope, seasonal) {
        (Slope::None, false) => {
            let ([level], value) = lowest([-1.5], 1.0, search, |at| errors([at[0], 0.0, 0.0, 0.0]));
            ([level, 0.0, 0.0, 0.0], value)
        }
        (Slope::None, true) => {
            let ([level, season], value) = lowest([-1.5, -2.5], 1.0, search, |at| errors([at[0], at[1], 0.0, 0.0]));
            ([level, season, 0.0, 0.0], value)
        }
        (Slope::Damped, _) => lowest([-1.5, -2.5, -2.5, 0.0], 1.0, search, |at| errors(*at)),
    };
    let numbers = number::count(length) + if slope == Slope::Damped { 4.0 } else { 1.0 };
    let short = 2.0 * numbers * (numbers + 1.0) / (count - numbers - 1.0).max(1.0);
    Learnt { speeds: Speeds::at(point, slope, seasonal), criterion: count * lowest + 2.0 * numbers + short }
}

/// The first days only bring the states into place.
const LEAD: usize = 7;

#[cfg(test)]
mod tests {
    use super::super::Model;

    fn bread(day: usize) -> f64 {
        [40.0, 30.0, 30.0, 35.0, 50.0, 80.0, 70.0][day % 7]
    }

    #[test]
    fn a_week_that_repeats_is_told_exactly() {
        let history: Vec<f64> = (0..140).map(bread).collect();
        for model in [Model::EtsAdditive, Model::EtsDamped, Model::EtsMultiplicative] {
            for (day, told) in model.paths(&history, 7, 140, 7).from(140).iter().enumerate() {
                assert!((told - bread(day)).abs() < 0.5, "{} {day} {told}", model.name());
            }
        }
    }

    #[test]
    fn a_demand_that_has_moved_is_followed() {
        let history: Vec<f64> = (0..210).map(|day| bread(day) * if day < 175 { 1.0 } else { 1.5 }).collect();
        for model in [Model::EtsAdditive, Model::EtsDamped, Model::EtsMultiplicative] {
            let week: f64 = model.paths(&history, 7, 210, 7).from(210).iter().sum();
            let wanted: f64 = (0..7).map(bread).sum::<f64>() * 1.5;
            assert!((week / wanted - 1.0).abs() < 0.08, "{} {week} {wanted}", model.name());
        }
    }
}
