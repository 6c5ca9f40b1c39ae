//! The temperature that goods were kept at, as a curve of steps, and what it comes to in minutes outside the limits.
//!
//! A reading holds until the next one. Silence is held for as long as a probe may be silent; what lies behind that is
//! charged as the worse of the last reading and a room without cooling, once late readings have had time to come.

use kernel::{DeciCelsius, Instant};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{band::TemperatureBand, machine::Sample};

/// A stretch of time at one temperature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub from: Instant,
    pub until: Instant,
    pub value: DeciCelsius,
    pub basis: Basis,
}

/// What a step rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Basis {
    Measured,
    /// Nobody measured; charged as a bad hour, or held while late readings may still come.
    Unknown,
}

/// The curve between two instants, from readings in order. The last reading before `from` may lead them. Before the
/// first reading nothing is known and nothing is charged: there was no probe.
///
/// Silence that began at or before `settled` is charged as a bad hour.
pub fn curve(samples: &[Sample], from: Instant, until: Instant, band: &TemperatureBand, settled: Instant) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for (nth, sample) in samples.iter().enumerate() {
        let next = samples.get(nth + 1).map_or(until, |next| next.at.min(until));
        let held_until = sample.at.plus_minutes(band.missing_minutes).min(next);
        push(&mut steps, sample.at.max(from), held_until, sample.value, Basis::Measured);
        let charged = if held_until <= settled { sample.value.max(band.ambient) } else { sample.value };
        push(&mut steps, held_until.max(from), next, charged, Basis::Unknown);
    }
    steps
}

fn push(steps: &mut Vec<Step>, from: Instant, until: Instant, value: DeciCelsius, basis: Basis) {
    if from >= until {
        return;
    }
    match steps.last_mut() {
        Some(last) if last.until == from && last.value == value && last.basis == basis => last.until = until,
        Some(_) | None => steps.push(Step { from, until, value, basis }),
    }
}

/// The worst of several curves: a lot is as warm as the warmest probe of its room says.
pub fn worst(curves: &[Vec<Step>]) -> Vec<Step> {
    let [first, rest @ ..] = curves else { return Vec::new() };
    rest.iter().fold(first.clone(), |sum, next| worse_of(&sum, next))
}

fn worse_of(a: &[Step], b: &[Step]) -> Vec<Step> {
    let mut cuts: Vec<Instant> = a.iter().chain(b).flat_map(|step| [step.from, step.until]).collect();
    cuts.sort_unstable();
    cuts.dedup();
    let (mut left, mut right) = (a.iter().peekable(), b.iter().peekable());
    let mut steps = Vec::new();
    for pair in cuts.windows(2) {
        let [from, until] = *pair else { continue };
        while left.next_if(|step| step.until <= from).is_some() {}
        while right.next_if(|step| step.until <= from).is_some() {}
        let here = |step: Option<&&Step>| step.filter(|step| step.from <= from).map(|step| **step);
        let step = match (here(left.peek()), here(right.peek())) {
            (Some(a), Some(b)) if b.value > a.value => b,
            (Some(a), Some(b)) => Step { basis: if a.value == b.value { a.basis.min(b.basis) } else { a.basis }, ..a },
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => continue,
        };
        push(&mut steps, from, until, step.value, step.basis);
    }
    steps
}

/// What goods went through outside their limits. Minutes are rounded up, towards caution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Dose {
    pub over_minutes: i64,
    /// Above `high_high`.
    pub far_minutes: i64,
    /// Tenths of a degree beyond the limit times minutes, in whole degree-minutes.
    pub degree_minutes: i64,
    /// Of these minutes nobody measured.
    pub unknown_minutes: i64,
    /// The warmest, or on the cold side the coldest.
    #[schema(value_type = Option<i32>)]
    pub peak: Option<DeciCelsius>,
}

/// What a curve comes to.
pub fn dose(steps: &[Step], band: &TemperatureBand) -> Dose {
    let (mut over, mut far, mut degrees, mut unknown) = (0_i64, 0_i64, 0_i64, 0_i64);
    let mut peak: Option<(i64, DeciCelsius)> = None;
    for step in steps {
        let length = step.until.since(step.from);
        if step.basis == Basis::Unknown {
            unknown += length;
        }
        if !band.is_over(step.value) {
            continue;
        }
        let above = i64::from(step.value.0) - i64::from(band.high.0);
        let below = band.low.map_or(0, |low| i64::from(low.0) - i64::from(step.value.0));
        let beyond = above.max(below);
        over += length;
        degrees += beyond * length;
        if step.value > band.high_high {
            far += length;
        }
        if peak.is_none_or(|(most, _)| beyond > most) {
            peak = Some((beyond, step.value));
        }
    }
    Dose {
        over_minutes: minutes_up(over),
        far_minutes: minutes_up(far),
        degree_minutes: minutes_up(degrees).div_euclid(10) + i64::from(minutes_up(degrees).rem_euclid(10) > 0),
        unknown_minutes: minutes_up(unknown),
        peak: peak.map(|(_, value)| value),
    }
}

/// Whole minutes of so many milliseconds, rounded up.
pub const fn minutes_up(millis: i64) -> i64 {
    millis.div_euclid(60_000) + if millis.rem_euclid(60_000) > 0 { 1 } else { 0 }
}

#[cfg(test)]
mod tests {
    use kernel::TemperatureClass;
    use proptest::prelude::*;

    use super::*;

    fn at(minutes: i64) -> Instant {
        Instant::MIN.plus_minutes(minutes)
    }

    fn samples(trace: &[(i64, i32)]) -> Vec<Sample> {
        trace.iter().map(|(minute, value)| Sample { at: at(*minute), value: DeciCelsius(*value) }).collect()
    }

    fn frozen() -> TemperatureBand {
        TemperatureBand::of_class(TemperatureClass::Frozen)
    }

    #[test]
    fn ninety_minutes_above_minus_twelve_are_ninety_minutes() {
        let trace: Vec<(i64, i32)> =
            (0..48).map(|nth| (nth * 5, if (10..28).contains(&nth) { -100 } else { -190 })).collect();
        let steps = curve(&samples(&trace), at(0), at(240), &frozen(), Instant::MIN);
        let dose = dose(&steps, &frozen());
        assert_eq!((dose.over_minutes, dose.far_minutes, dose.peak), (90, 90, Some(DeciCelsius(-100))));
        assert_eq!(dose.degree_minutes, 90 * 5);
    }

    #[test]
    fn a_stay_begins_in_the_middle_of_a_reading() {
        let steps = curve(&samples(&[(0, -100), (20, -190)]), at(5), at(30), &frozen(), Instant::MIN);
        assert_eq!(dose(&steps, &frozen()).over_minutes, 15);
    }

    #[test]
    fn an_unknown_hour_is_charged_as_a_bad_hour_once_it_is_settled() {
        let quiet = samples(&[(0, -190), (120, -190)]);
        let waiting = curve(&quiet, at(0), at(120), &frozen(), at(0));
        assert_eq!(dose(&waiting, &frozen()), Dose { unknown_minutes: 90, ..Dose::default() });
        let settled = curve(&quiet, at(0), at(120), &frozen(), at(1_000));
        let charged = dose(&settled, &frozen());
        assert_eq!((charged.over_minutes, charged.unknown_minutes, charged.peak), (90, 90, Some(frozen().ambient)));
    }

    #[test]
    fn two_probes_in_a_room_are_as_bad_as_the_worse() {
        let left = curve(&samples(&[(0, -190), (10, -100), (20, -190)]), at(0), at(30), &frozen(), Instant::MIN);
        let right = curve(&samples(&[(5, -190), (15, -90), (25, -190)]), at(0), at(30), &frozen(), Instant::MIN);
        assert_eq!(dose(&worst(&[left, right]), &frozen()).over_minutes, 15);
    }

    proptest! {
        /// The curve covers the time from the first reading on without gap or overlap, and reordering two curves
        /// changes nothing.
        #[test]
        fn nothing_is_counted_twice(
            a in proptest::collection::btree_map(0..500_i64, -250..50_i32, 1..30),
            b in proptest::collection::btree_map(0..500_i64, -250..50_i32, 1..30),
        ) {
            let line = |map: &std::collections::BTreeMap<i64, i32>| {
                let trace: Vec<(i64, i32)> = map.iter().map(|(at, value)| (*at, *value)).collect();
                curve(&samples(&trace), at(100), at(400), &frozen(), at(250))
            };
            let (one, other) = (line(&a), line(&b));
            let first = a.keys().next().copied().unwrap_or(400).clamp(100, 400);
            let covered: i64 = one.iter().map(|step| step.until.since(step.from)).sum();
            prop_assert_eq!(covered, (400 - first) * 60_000);
            prop_assert!(one.windows(2).all(|pair| pair[0].until == pair[1].from));
            let both = worst(&[one.clone(), other.clone()]);
            prop_assert_eq!(dose(&both, &frozen()), dose(&worst(&[other, one.clone()]), &frozen()));
            prop_assert!(dose(&both, &frozen()).over_minutes >= dose(&one, &frozen()).over_minutes);
        }
    }
}
