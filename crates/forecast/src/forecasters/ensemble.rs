//! The engine behind the shop's own face.

use super::{Forecast, Strays};
use crate::drift::Drift;
use crate::engine::{Learnt, Used, alarm};
use crate::parts::in_parts;
use crate::{Day, Engine, Forecaster, Observation, Past, Series, Shelf, number};

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
        let past = Past { days: history.to_vec(), ..Past::default() };
        self.forecast_all(&[past], from, days).pop().flatten()
    }

    fn forecast_all(&self, pasts: &[Past], from: i64, days: usize) -> Vec<Option<Forecast>> {
        // The year is read by whole weeks.
        let engine = Engine::of(WEEK, days.max(WEEK));
        let panel: Vec<Series> = pasts.iter().enumerate().map(|(nth, past)| series(nth, past, from)).collect();
        let peers = engine.peers(&panel, self.threads);
        let learnt = in_parts(&panel, self.threads, |series| engine.learn_beside(series, &peers));
        let drift = engine.drift(&learnt);
        let told = |(past, learnt): (&Past, &Learnt)| {
            let known: Vec<&Day> = past.days.iter().filter(|day| day.day < from).collect();
            // Of a product that nobody has sold, its category may tell.
            (!known.is_empty() || learnt.used == Used::Category).then(|| told(&engine, learnt, &drift, from, &known))
        };
        pasts.iter().zip(&learnt).map(told).collect()
    }
}

fn told(engine: &Engine, learnt: &Learnt, drift: &Drift, from: i64, known: &[&Day]) -> Forecast {
    let ahead = engine.ahead(learnt, drift);
    let days = engine.spreads(learnt, drift);
    Forecast {
        from,
        means: ahead.mean.clone(),
        strays: Strays::Ways { days, ahead },
        history_days: known.len(),
        sold_out_days: known.iter().filter(|day| day.shelf != Shelf::Stocked).count(),
        alarm: alarm(learnt, drift),
    }
}

/// The days before `from` without gaps: one that is not there is unknown. Products have no names here, only places.
fn series(nth: usize, product: &Past, from: i64) -> Series {
    let past = || product.days.iter().filter(|day| day.day < from);
    let first = past().map(|day| day.day).min().unwrap_or(from);
    let unknown = Observation { sold: None, shelf: Shelf::Stocked };
    let mut steps = vec![unknown; usize::try_from(from - first).unwrap_or(0)];
    for day in past() {
        if let Some(step) = usize::try_from(day.day - first).ok().and_then(|at| steps.get_mut(at)) {
            *step = Observation { sold: Some(number::float(day.sold.max(0))), shelf: day.shelf };
        }
    }
    Series { first, steps, category: product.category.clone(), ..Series::of(&nth.to_string(), first, &[]) }
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
    fn what_nobody_has_sold_is_told_from_its_category() {
        let past = |category: &str, days: Vec<Day>| Past { category: category.to_owned(), days };
        let mut pasts: Vec<Past> =
            (0..8).map(|nth| past("greens", days(140, |day| if day % 7 == 5 { 80 + nth } else { 40 + nth }))).collect();
        pasts.extend([past("greens", Vec::new()), past("fish", Vec::new())]);
        let told = Ensemble::default().forecast_all(&pasts, 140, 14);
        let new = told[8].as_ref().unwrap();
        assert_eq!((new.history_days(), new.alarm()), (0, None));
        let (saturday, sunday) = (new.mean_hundredths(145..146), new.mean_hundredths(146..147));
        assert!((7_500..9_500).contains(&saturday) && (3_500..5_500).contains(&sunday), "{saturday} {sunday}");
        assert!(told[9].is_none(), "nothing is sold as fish");
    }

    #[test]
    fn a_short_product_is_told_beside_what_longer_ones_have_shown() {
        // Every other week is strong. Of six products no more than five weeks are known.
        let sold = |nth: i64, day: i64| (50 + nth + day * 7_919 % 5) * if day / 7 % 2 == 0 { 1 } else { 2 };
        let from = |nth: i64| if nth < 8 { 0 } else { 140 - 35 };
        let past = |nth: i64| Past {
            days: days(140, |day| sold(nth, day)).into_iter().filter(|day| day.day >= from(nth)).collect(),
            ..Past::default()
        };
        let pasts: Vec<Past> = (0..14).map(past).collect();
        let beside = Ensemble::default().forecast_all(&pasts, 140, 7);
        let away = |told: &Forecast| (told.mean_hundredths(140..147) / 100 - 7 * (52 + 8)).abs();
        let alone = of(&pasts[8].days, 140);
        assert!(2 * away(beside[8].as_ref().unwrap()) < away(&alone), "{beside:?} {alone:?}");
    }

    #[test]
    fn a_forecast_that_strays_says_so() {
        let steady = days(140, |day| if day % 7 == 5 { 80 } else { 40 });
        assert_eq!(of(&steady, 140).alarm(), None);
        let swelling = days(140, |day| 40 + (day - 100).max(0) * 3);
        assert_eq!(of(&swelling, 140).alarm(), Some(crate::Alarm::MoreCame));
    }

    #[test]
    fn a_day_that_nobody_wrote_down_is_no_day_without_demand() {
        let mut history = days(84, |_| 40);
        history.retain(|day| day.day % 9 != 4);
        assert_eq!(of(&history, 84).mean_hundredths(84..85), 4_000);
    }
}
