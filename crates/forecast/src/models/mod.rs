//! What a future day may be told from: models that learn from one series and say, for any day of the past as for today,
//! what they would have forecast with what was known then.

mod ces;
mod ets;
mod intermittent;
mod naive;
mod profile;
mod season;
mod theta;

use std::ops::RangeInclusive;

/// A way to forecast one series of equally long steps.
///
/// ```
/// use forecast::models::Model;
///
/// let weeks: Vec<f64> = (0..70).map(|day| if day % 7 == 6 { 80.0 } else { 40.0 }).collect();
/// let paths = Model::SeasonalNaive.paths(&weeks, 7, 70, 7);
/// assert_eq!(paths.from(70), [40.0, 40.0, 40.0, 40.0, 40.0, 40.0, 80.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Model {
    /// The same step of the last season.
    SeasonalNaive,
    /// The mean of the same step of the last eight seasons.
    SeasonalWindow,
    /// Exponential smoothing in the form that suits the history.
    Ets,
    /// Exponential smoothing with an additive season.
    EtsAdditive,
    /// The same with a slope that fades.
    EtsDamped,
    /// Exponential smoothing with a season that multiplies; only where every day sold something.
    EtsMultiplicative,
    /// Exponential smoothing without a season.
    EtsLevel,
    /// Optimised Theta of the deseasonalised series.
    Theta,
    /// Complex exponential smoothing with a season of its own.
    Ces,
    /// The faded mean of the same weekdays, moved to the level of the last weeks.
    Profile,
    /// Teunter, Syntetos and Babai: how likely a sale is, and how large.
    Tsb,
    /// Croston with the correction of Syntetos and Boylan: how far sales lie apart, and how large they are.
    Sba,
}

impl Model {
    pub const ALL: [Self; 12] = [
        Self::SeasonalNaive,
        Self::SeasonalWindow,
        Self::Ets,
        Self::EtsAdditive,
        Self::EtsDamped,
        Self::EtsMultiplicative,
        Self::EtsLevel,
        Self::Theta,
        Self::Ces,
        Self::Profile,
        Self::Tsb,
        Self::Sba,
    ];

    /// As people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::SeasonalNaive => "seasonal-naive",
            Self::SeasonalWindow => "seasonal-window",
            Self::Ets => "ets",
            Self::EtsAdditive => "ets-additive",
            Self::EtsDamped => "ets-damped",
            Self::EtsMultiplicative => "ets-multiplicative",
            Self::EtsLevel => "ets-level",
            Self::Theta => "theta",
            Self::Ces => "ces",
            Self::Profile => "profile",
            Self::Tsb => "tsb",
            Self::Sba => "sba",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|model| model.name() == name)
    }

    /// What it forecasts from every origin from `first` through the end of `history`, learnt on all of `history`: the
    /// few parameters know the whole, every state only what came before. The last origin is the forecast proper.
    ///
    /// A `season` below 2 or longer than half the history counts as none. An empty history forecasts nothing, zero.
    pub fn paths(self, history: &[f64], season: usize, first: usize, horizon: usize) -> Paths {
        let season = if season < 2 || history.len() < 2 * season { 1 } else { season };
        let ask = Ask { history, season, first: first.min(history.len()), horizon };
        if history.is_empty() {
            return Paths { first: 0, horizon, values: vec![0.0; horizon] };
        }
        match self {
            Self::SeasonalNaive => naive::last(&ask),
            Self::SeasonalWindow => naive::window(&ask, 8),
            Self::Ets => ets::best(&ask),
            Self::EtsAdditive => ets::paths(&ask, ets::Slope::None, ets::Season::Additive),
            Self::EtsDamped => ets::paths(&ask, ets::Slope::Damped, ets::Season::Additive),
            Self::EtsMultiplicative => ets::paths(&ask, ets::Slope::None, ets::Season::Multiplicative),
            Self::EtsLevel => ets::paths(&Ask { season: 1, ..ask }, ets::Slope::None, ets::Season::Additive),
            Self::Theta => theta::paths(&ask),
            Self::Ces => ces::paths(&ask),
            Self::Profile => profile::paths(&ask),
            Self::Tsb => intermittent::tsb(&ask),
            Self::Sba => intermittent::sba(&ask),
        }
    }
}

/// What a model is asked. The history is never empty, and a season of one is none.
#[derive(Clone, Copy, Debug)]
struct Ask<'a> {
    history: &'a [f64],
    season: usize,
    first: usize,
    horizon: usize,
}

impl Ask<'_> {
    fn origins(&self) -> RangeInclusive<usize> {
        self.first..=self.history.len()
    }

    fn empty(&self) -> Paths {
        let origins = self.history.len() + 1 - self.first;
        Paths { first: self.first, horizon: self.horizon, values: Vec::with_capacity(origins * self.horizon) }
    }
}

/// Forecasts from many origins: for origin `t` of the steps `t`, `t + 1`, … with what was known before `t`.
#[derive(Clone, Debug)]
pub struct Paths {
    first: usize,
    horizon: usize,
    values: Vec<f64>,
}

impl Paths {
    /// Zeros from every origin from `first` through `last`.
    pub(crate) fn nothing(first: usize, last: usize, horizon: usize) -> Self {
        Self { first, horizon, values: vec![0.0; (last + 1 - first) * horizon] }
    }

    /// Adds so much of other paths from the same origins.
    pub(crate) fn add(&mut self, other: &Self, weight: f64) {
        for (sum, told) in self.values.iter_mut().zip(&other.values) {
            *sum += weight * told;
        }
    }

    /// Nobody buys less than nothing.
    pub(crate) fn floor(&mut self) {
        for told in &mut self.values {
            *told = if told.is_finite() { told.max(0.0) } else { 0.0 };
        }
    }

    /// Changes every forecast, with the step that it is for.
    pub(crate) fn for_each(&mut self, change: impl Fn(usize, &mut f64)) {
        let (first, horizon) = (self.first, self.horizon.max(1));
        for (nth, told) in self.values.iter_mut().enumerate() {
            change(first + nth / horizon + nth % horizon, told);
        }
    }

    pub fn first(&self) -> usize {
        self.first
    }

    /// The last origin, from which nothing is known yet.
    pub fn last(&self) -> usize {
        self.first + (self.values.len() / self.horizon.max(1)).max(1) - 1
    }

    pub fn horizon(&self) -> usize {
        self.horizon
    }

    /// What was forecast from `origin`; empty where it was not asked.
    pub fn from(&self, origin: usize) -> &[f64] {
        let Some(row) = origin.checked_sub(self.first) else { return &[] };
        self.values.get(row * self.horizon..(row + 1) * self.horizon).unwrap_or_default()
    }
}
