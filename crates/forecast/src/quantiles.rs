//! How far demand may stray from what is forecast: the errors of the past, by steps ahead and weekday, latest first.
//!
//! Errors are taken in units of the root of what was forecast, as counts stray. They are the errors that would have been
//! made, so nothing is assumed of their shape (conformal prediction); an outer quantile is moved a little by each day on
//! which it was passed too often or too seldom (adaptive conformal inference).

use crate::number;

/// After so many steps an error weighs half.
const HALVED_AFTER: f64 = 180.0;
/// What an error of another weekday weighs beside one of the same.
const OTHER_WEEKDAY: f64 = 0.5;
/// How far the adapted quantile is trusted beside the counted one.
const ADAPTED: f64 = 0.3;
/// By what share of the usual error a quantile is moved by one day.
const PACE: f64 = 0.05;
/// Fewer errors than these are filled up from what goods that nobody has watched yet do.
pub(crate) const ERRORS_MIN: usize = 14;
/// The errors of unknown goods, as a share of what was forecast.
pub(crate) const STRAY: [f64; 9] = [-0.6, -0.4, -0.25, -0.12, 0.0, 0.12, 0.3, 0.5, 0.8];

/// An error of the past.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Miss {
    /// What came, and what had been forecast for it.
    pub(crate) came: f64,
    pub(crate) told: f64,
    /// How many steps ago.
    pub(crate) ago: usize,
    /// Whether the step was the same one of its season.
    pub(crate) same: bool,
    /// Which part of one step it stands for: a step that ran out stands there as several, each less.
    pub(crate) part: f64,
}

/// What an error of so many steps ago weighs.
pub(crate) fn weight(ago: usize, same: bool) -> f64 {
    let other = if same { 1.0 } else { OTHER_WEEKDAY };
    other * 0.5_f64.powf(number::count(ago) / HALVED_AFTER)
}

/// The errors of one step ahead, ready to be asked.
#[derive(Clone, Debug)]
pub(crate) struct Spread {
    /// In units of the root of what was forecast, with what each weighs; from the lowest up.
    errors: Vec<(f64, f64)>,
    /// The same in the order of time.
    in_time: Vec<f64>,
    /// What is added before the root is taken, so that little expected does not stray without bounds.
    ground: f64,
    /// How many errors there are that do not hang on each other, where that is known.
    worth: Option<f64>,
    /// By how much what others tell moves the mean away from what is forecast.
    pub(crate) pull: f64,
}

impl Spread {
    /// Of the misses, oldest first. `usual` is what sells on a usual step.
    pub(crate) fn of(misses: &[Miss], usual: f64) -> Self {
        let mut spread = Self::seen(misses, usual);
        if spread.errors.len() < ERRORS_MIN {
            let missing = number::count(ERRORS_MIN - spread.errors.len()) / number::count(STRAY.len());
            let unit = spread.unit(usual);
            spread.errors.extend(STRAY.map(|share| (share * usual.max(1.0) / unit, missing)));
        }
        spread.in_order()
    }

    /// The same beside values that others tell to be equally likely, when `told` is forecast. These stand for as many errors
    /// as would have been enough, so that they count less the more errors there are.
    pub(crate) fn beside(misses: &[Miss], usual: f64, told: f64, likely: &[f64]) -> Self {
        let mut spread = Self::seen(misses, usual);
        let (count, enough) = (number::count(likely.len()).max(1.0), number::count(ERRORS_MIN));
        let own: f64 = spread.errors.iter().map(|(_, weight)| weight).sum();
        let unit = spread.unit(told);
        spread.errors.extend(likely.iter().map(|likely| ((likely - told) / unit, enough / count)));
        spread.pull = enough / (enough + own) * (likely.iter().sum::<f64>() / count - told);
        spread.in_order()
    }

    fn seen(misses: &[Miss], usual: f64) -> Self {
        let mut spread =
            Self { errors: Vec::new(), in_time: Vec::new(), ground: 0.1 * usual + 1e-6, worth: None, pull: 0.0 };
        spread.in_time = misses.iter().map(|miss| (miss.came - miss.told) / spread.unit(miss.told)).collect();
        let weight = |miss: &Miss| miss.part * weight(miss.ago, miss.same);
        spread.errors = spread.in_time.iter().copied().zip(misses.iter().map(weight)).collect();
        spread
    }

    fn unit(&self, told: f64) -> f64 {
        (told.max(0.0) + self.ground).sqrt()
    }

    fn in_order(mut self) -> Self {
        self.errors.sort_by(|a, b| a.0.total_cmp(&b.0));
        self
    }

    /// Of what came by what was told for others, both with `ground` put on, when `told` is told here; `worth` of these
    /// errors do not hang on each other.
    pub(crate) fn of_ratios(ratios: &[f64], told: f64, ground: f64, worth: f64) -> Self {
        let ground = ground.max(1e-6);
        let unit = (told.max(0.0) + ground).sqrt();
        let mut errors: Vec<(f64, f64)> =
            ratios.iter().map(|ratio| ((ratio - 1.0) * (told + ground) / unit, 1.0)).collect();
        errors.sort_by(|a, b| a.0.total_cmp(&b.0));
        Self { errors, in_time: Vec::new(), ground, worth: Some(worth.max(1.0)), pull: 0.0 }
    }

    /// What stays above demand in the share `level` of all cases when `told` is forecast. Never below zero.
    pub(crate) fn quantile(&self, told: f64, level: f64) -> f64 {
        let counted = self.counted(level);
        let outer = (level - 0.5).abs() > 0.25 && self.in_time.len() >= ERRORS_MIN;
        let error = if outer { counted + ADAPTED * (self.adapted(level, counted) - counted) } else { counted };
        (told + error * (told.max(0.0) + self.ground).sqrt()).max(0.0)
    }

    /// The weighed empirical quantile, half a step wider for the error that is to come.
    fn counted(&self, level: f64) -> f64 {
        let sum: f64 = self.errors.iter().map(|(_, weight)| weight).sum();
        let squares: f64 = self.errors.iter().map(|(_, weight)| weight * weight).sum();
        let worth = self.worth.unwrap_or(sum * sum / squares.max(1e-300));
        let wanted =
            if level < 0.5 { 1.0 - (1.0 - level) * (worth + 1.0) / worth } else { level * (worth + 1.0) / worth };
        let wanted = if (level - 0.5).abs() < 1e-9 { 0.5 } else { wanted } * sum;
        let (mut passed, mut before): (f64, Option<(f64, f64)>) = (0.0, None);
        for (error, weight) in &self.errors {
            let middle = passed + weight / 2.0;
            if middle >= wanted {
                return before
                    .map_or(*error, |(lower, at)| lower + (wanted - at) / (middle - at).max(1e-300) * (error - lower));
            }
            before = Some((*error, middle));
            passed += weight;
        }
        before.map_or(0.0, |(error, _)| error)
    }

    /// The quantile after every day of the past has moved it.
    fn adapted(&self, level: f64, start: f64) -> f64 {
        let usual =
            self.in_time.iter().map(|error| error.abs()).sum::<f64>() / number::count(self.in_time.len()).max(1.0);
        self.in_time.iter().fold(start, |at, error| {
            let below = f64::from(u8::from(*error <= at));
            at + PACE * usual * (level - below)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn misses(came: impl Fn(usize) -> f64, count: usize) -> Vec<Miss> {
        (0..count)
            .map(|at| Miss { came: came(at), told: 50.0, ago: count - at, same: at % 7 == 0, part: 1.0 })
            .collect()
    }

    #[test]
    fn eight_of_ten_days_lie_between_the_tenth_and_the_ninetieth() {
        let came = |at: usize| number::count(at * 7_919 % 101);
        let spread = Spread::of(&misses(came, 365), 50.0);
        let (low, high) = (spread.quantile(50.0, 0.1), spread.quantile(50.0, 0.9));
        assert!((5.0..=15.0).contains(&low) && (85.0..=95.0).contains(&high), "{low} {high}");
    }

    #[test]
    fn a_product_that_nobody_has_watched_strays_widely() {
        let spread = Spread::of(&[], 40.0);
        assert!(spread.quantile(40.0, 0.9) > 60.0, "{}", spread.quantile(40.0, 0.9));
        assert!(spread.quantile(40.0, 0.1) < 25.0);
        assert!(spread.quantile(0.0, 0.01) >= 0.0);
    }
}
