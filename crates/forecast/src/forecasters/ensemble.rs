//! The engine behind the shop's own face.

use super::{Forecast, Strays};
use crate::drift::Drift;
use crate::engine::Learnt;
use crate::{Day, Engine, Forecaster, Observation, Series, Shelf, number};

/// The engine of days, over all products together: what their years have in common counts for each.
#[derive(Clone, Copy, Debug)]
pub struct Ensemble {
    /// On how many threads it thinks. The answer does not depend on it.
    pub threads: usize,
}

impl Default for Ensemble {
    fn default() -> Self {
        Self { threads: 1 }
    }
}

const WEEK: usize = 7;

impl Forecaster for Ensemble {
    fn name(&self) -> &'static str {
        "ensemble"
    }

    fn forecast(&self, history: &[Day], from: i64, days: usize) -> Option<Forecast> {
        self.forecast_all(&[history.to_vec()], from, days).pop().flatten()
    }

    fn forecast_all(&self, histories: &[Vec<Day>], from: i64, days: usize) -> Vec<Option<Forecast>> {
        // The year is read by whole weeks.
        let engine = Engine::of(WEEK, days.max(WEEK));
        let panel: Vec<Series> = histories.iter().map(|history| series(history, from)).collect();
        let learnt = crate::engine::in_parts(&panel, self.threads, |series| engine.learn(series));
        let drift = engine.drift(&learnt);
        let told = |(history, learnt): (&Vec<Day>, &Learnt)| {
            let past = || history.iter().filter(|day| day.day < from);
            let known = past().count();
            (known > 0).then(|| told(&engine, learnt, &drift, from).of(known, past()))
        };
        histories.iter().zip(&learnt).map(told).collect()
    }
}

fn told(engine: &Engine, learnt: &Learnt, drift: &Drift, from: i64) -> Forecast {
    let ahead = engine.ahead(learnt, drift);
    let days = engine.spreads(learnt, drift);
    let means = ahead.mean.clone();
    Forecast { from, means, strays: Strays::Ways { days, ahead }, history_days: 0, sold_out_days: 0 }
}

impl Forecast {
    fn of<'a>(self, history_days: usize, past: impl Iterator<Item = &'a Day>) -> Self {
        let sold_out_days = past.filter(|day| day.shelf != Shelf::Stocked).count();
        Self { history_days, sold_out_days, ..self }
    }
}

/// The days before `from` without gaps: one that is not there is unknown.
fn series(history: &[Day], from: i64) -> Series {
    let past = || history.iter().filter(|day| day.day < from);
    let first = past().map(|day| day.day).min().unwrap_or(from);
    let unknown = Observation { sold: None, shelf: Shelf::Stocked };
    let mut steps = vec![unknown; usize::try_from(from - first).unwrap_or(0)];
    for day in past() {
        if let Some(step) = usize::try_from(day.day - first).ok().and_then(|at| steps.get_mut(at)) {
            *step = Observation { sold: Some(number::float(day.sold.max(0))), shelf: day.shelf };
        }
    }
    Series { first, steps, ..Series::of("", first, &[]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(count: i64, sold: impl Fn(i64) -> i64) -> Vec<Day> {
        (0..count).map(|day| Day { day, sold: sold(day), shelf: Shelf::Stocked }).collect()
    }

    fn of(history: &[Day], from: i64) -> Forecast {
        Ensemble::default().forecast(history, from, 21).unwrap()
    }

    #[test]
    fn a_saturday_is_told_from_saturdays() {
        let told = of(&days(84, |day| if day % 7 == 5 { 80 } else { 40 }), 84);
        assert_eq!([89, 90].map(|day| told.mean_hundredths(day..day + 1)), [8_000, 4_000]);
        assert_eq!(told.mean_hundredths(84..91), 32_000);
        assert_eq!(told.history_days(), 84);
    }

    #[test]
    fn many_days_together_stray_less_than_each() {
        let told = of(&days(140, |day| 50 + (day * 7_919) % 31), 140);
        let above =
            |days: std::ops::Range<i64>| told.quantile_hundredths(days.clone(), 9_000) - told.mean_hundredths(days);
        let alone: i64 = (140..147).map(|day| above(day..day + 1)).sum();
        assert!(above(140..147) < alone, "{} {alone}", above(140..147));
        let rising = [1_000, 5_000, 9_000, 9_900].map(|bp| told.quantile_hundredths(140..150, bp));
        assert!(rising.is_sorted() && rising[0] < rising[3], "{rising:?}");
    }

    #[test]
    fn little_is_known_of_what_was_hardly_sold() {
        for count in [1, 5, 20, 40] {
            let told = of(&days(count, |day| 20 + day % 3), count);
            let (mean, surely) =
                (told.mean_hundredths(count..count + 3), told.quantile_hundredths(count..count + 3, 9_500));
            assert!((6_000..6_600).contains(&mean) && surely > mean, "{count} days: {mean} {surely}");
        }
        assert!(Ensemble::default().forecast(&[], 84, 7).is_none());
    }

    #[test]
    fn a_day_that_nobody_wrote_down_is_no_day_without_demand() {
        let mut history = days(84, |_| 40);
        history.retain(|day| day.day % 9 != 4);
        assert_eq!(of(&history, 84).mean_hundredths(84..85), 4_000);
    }
}
