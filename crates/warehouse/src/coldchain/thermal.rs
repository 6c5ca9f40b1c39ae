//! How fast goods age, by temperature. Pure; the one place of the crate where a rate is a floating number.
//!
//! Remaining life = life at the reference temperature − ∫ rate(temperature) dt. What leaves this file is whole minutes,
//! rounded towards caution, and tenths of a degree.
#![expect(clippy::float_arithmetic, reason = "a rate law is a real function; its face is whole minutes")]

use edge::{Problem, parse};
use kernel::{DeciCelsius, SkuId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::curve::Step;

/// The gas constant in J/(mol·K), as the pharmacopoeia rounds it.
const GAS: f64 = 8.3144;
const FREEZING_KELVIN: f64 = 273.15;
const BANDS_MAX: usize = 20;

/// How the rate depends on the temperature. At `reference` an hour is an hour of life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "law", rename_all = "snake_case", deny_unknown_fields)]
pub enum Law {
    /// Every ten degrees the rate grows by the factor `q10_milli` ÷ 1000.
    Q10 {
        #[schema(minimum = 1000, maximum = 20_000)]
        q10_milli: i64,
    },
    /// By the energy that starts the decay.
    Arrhenius {
        #[schema(minimum = 1, maximum = 1_000_000)]
        joules_per_mol: i64,
    },
    /// Ratkowsky: the root of the rate grows evenly from a floor at which nothing grows.
    SquareRoot {
        #[schema(value_type = i32)]
        floor: DeciCelsius,
    },
    /// A Q10 that differs from range to range.
    Bands {
        #[schema(min_items = 1, max_items = 20)]
        bands: Vec<Band>,
    },
}

/// From this temperature on, until the next band begins. The lowest reaches down without end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Band {
    #[schema(value_type = i32)]
    pub from: DeciCelsius,
    #[schema(minimum = 1000, maximum = 20_000)]
    pub q10_milli: i64,
}

/// Goods that suffer from cold: below `below` they age faster with every degree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Chill {
    #[schema(value_type = i32)]
    pub below: DeciCelsius,
    #[schema(minimum = 1000, maximum = 20_000)]
    pub q10_milli: i64,
}

/// How one product ages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ThermalLaw {
    #[schema(value_type = i32)]
    pub reference: DeciCelsius,
    pub law: Law,
    #[serde(default)]
    pub chill: Option<Chill>,
}

/// The law of a product, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SkuThermalLaw {
    pub sku: SkuId,
    pub law: ThermalLaw,
    pub revision: i64,
}

impl edge::Revised for SkuThermalLaw {
    fn revision(&self) -> i64 {
        self.revision
    }
}

impl ThermalLaw {
    pub fn parse(mut self) -> Result<Self, Problem> {
        let plausible = |field: &str, temperature: DeciCelsius| {
            if temperature.is_plausible() {
                Ok(())
            } else {
                Err(Problem::invalid(field, "a temperature lies between -90.0 and 90.0 degrees"))
            }
        };
        plausible("reference", self.reference)?;
        match &mut self.law {
            Law::Q10 { q10_milli } => {
                parse::within("law/q10_milli", *q10_milli, 1_000, 20_000)?;
            }
            Law::Arrhenius { joules_per_mol } => {
                parse::within("law/joules_per_mol", *joules_per_mol, 1, 1_000_000)?;
            }
            Law::SquareRoot { floor } => {
                plausible("law/floor", *floor)?;
                if *floor >= self.reference {
                    return Err(Problem::invalid("law/floor", "the floor lies below the reference"));
                }
            }
            Law::Bands { bands } => {
                parse::count("law/bands", bands, 1, BANDS_MAX)?;
                bands.sort_by_key(|band| band.from);
                for band in bands.iter() {
                    plausible("law/bands", band.from)?;
                    parse::within("law/bands", band.q10_milli, 1_000, 20_000)?;
                }
                if bands.windows(2).any(|pair| pair.first().map(|band| band.from) == pair.last().map(|band| band.from))
                {
                    return Err(Problem::invalid("law/bands", "two bands begin at the same temperature"));
                }
            }
        }
        if let Some(chill) = self.chill {
            plausible("chill/below", chill.below)?;
            parse::within("chill/q10_milli", chill.q10_milli, 1_000, 20_000)?;
        }
        Ok(self)
    }

    /// How many minutes of life a curve has used, rounded up.
    pub fn used_minutes(&self, steps: &[Step]) -> i64 {
        let used: f64 = steps.iter().map(|step| self.rate(step.value) * minutes(step.until.since(step.from))).sum();
        // A sum of many steps may lie a breath above the whole minute that it stands for.
        whole_minutes_up(used - 1e-6)
    }

    /// How many minutes of life pass in one minute at `at`.
    fn rate(&self, at: DeciCelsius) -> f64 {
        let usual = match &self.law {
            Law::Q10 { q10_milli } => factor(*q10_milli).powf((celsius(at) - celsius(self.reference)) / 10.0),
            Law::Arrhenius { joules_per_mol } => {
                let energy = whole(*joules_per_mol) / GAS;
                (-energy * (1.0 / kelvin(at) - 1.0 / kelvin(self.reference))).exp()
            }
            Law::SquareRoot { floor } => {
                let above = (celsius(at) - celsius(*floor)).max(0.0);
                (above / (celsius(self.reference) - celsius(*floor))).powi(2)
            }
            Law::Bands { bands } => (climb(bands, at) - climb(bands, self.reference)).exp(),
        };
        match self.chill {
            Some(chill) if at < chill.below => {
                usual.max(factor(chill.q10_milli).powf((celsius(chill.below) - celsius(at)) / 10.0))
            }
            Some(_) | None => usual,
        }
    }
}

/// ∫ ln Q10 ÷ 10 from 0 °C up (or down) to a temperature.
fn climb(bands: &[Band], to: DeciCelsius) -> f64 {
    let (low, high, sign) = if to.0 >= 0 { (0, to.0, 1.0) } else { (to.0, 0, -1.0) };
    let mut sum = 0.0;
    for (nth, band) in bands.iter().enumerate() {
        let from = if nth == 0 { i32::MIN } else { band.from.0 };
        let until = bands.get(nth + 1).map_or(i32::MAX, |next| next.from.0);
        let width = until.min(high).saturating_sub(from.max(low)).max(0);
        sum += f64::from(width) / 100.0 * factor(band.q10_milli).ln();
    }
    sign * sum
}

/// The mean kinetic temperature of a curve: the one at which as much would have decayed. It excuses no excursion and
/// says nothing of frozen goods. In thousandths of a degree, rounded up; `None` of nothing.
pub fn mean_kinetic_millicelsius(steps: &[Step], joules_per_mol: i64) -> Option<i64> {
    let energy = whole(joules_per_mol) / GAS;
    let (mut weight, mut sum) = (0.0, 0.0);
    for step in steps {
        let length = minutes(step.until.since(step.from));
        weight += length;
        sum += length * (-energy / kelvin(step.value)).exp();
    }
    if weight <= 0.0 {
        return None;
    }
    let mean = energy / -(sum / weight).ln() - FREEZING_KELVIN;
    Some(whole_minutes_up(mean * 1_000.0 - 1e-6))
}

fn celsius(temperature: DeciCelsius) -> f64 {
    f64::from(temperature.0) / 10.0
}

fn kelvin(temperature: DeciCelsius) -> f64 {
    celsius(temperature) + FREEZING_KELVIN
}

fn factor(milli: i64) -> f64 {
    whole(milli) / 1_000.0
}

/// Laws and their numbers are small; what is not is bounded at the door.
fn whole(number: i64) -> f64 {
    f64::from(i32::try_from(number).unwrap_or(i32::MAX))
}

fn minutes(millis: i64) -> f64 {
    whole(millis.div_euclid(60_000)) + whole(millis.rem_euclid(60_000)) / 60_000.0
}

/// The next whole number up. What no counter can hold is the most that one can.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "a cast of a float saturates, which is the answer wanted"
)]
fn whole_minutes_up(number: f64) -> i64 {
    number.ceil() as i64
}

#[cfg(test)]
mod tests {
    use kernel::Instant;
    use proptest::prelude::*;
    use serde_json::Value;

    use super::{super::curve::Basis, *};

    /// Minutes at tenths of a degree.
    type History = &'static [(i64, i32)];

    fn steps(history: &[(i64, i32)]) -> Vec<Step> {
        let mut from = Instant::MIN;
        let mut steps = Vec::new();
        for (minutes, value) in history {
            let until = from.plus_minutes(*minutes);
            steps.push(Step { from, until, value: DeciCelsius(*value), basis: Basis::Measured });
            from = until;
        }
        steps
    }

    fn law(reference: i32, law: Law) -> ThermalLaw {
        ThermalLaw { reference: DeciCelsius(reference), law, chill: None }
    }

    /// Days left at the reference temperature, unrounded.
    fn left(law: &ThermalLaw, days: f64, history: &[(i64, i32)]) -> f64 {
        let used: f64 =
            steps(history).iter().map(|step| law.rate(step.value) * minutes(step.until.since(step.from))).sum();
        days - used / 1_440.0
    }

    fn close(found: f64, expected: f64) -> bool {
        (found - expected).abs() < 1e-6
    }

    #[test]
    fn the_written_vectors_hold_to_six_digits() {
        let q10 = |reference, q10_milli| law(reference, Law::Q10 { q10_milli });
        let cases: [(ThermalLaw, f64, History, f64); 6] = [
            (q10(0, 3_000), 14.0, &[(1_440, 0), (360, 100), (720, 50)], 11.383_975),
            (q10(40, 2_200), 10.0, &[(2_880, 40), (120, 200), (1_440, 60)], 6.534_960),
            (q10(20, 4_000), 7.0, &[(1_440, 20), (180, 120), (600, 40)], 4.950_205),
            (q10(0, 3_000), 8.0, &[(2_880, 20), (60, 250)], 4.859_019),
            (
                law(40, Law::Arrhenius { joules_per_mol: 83_144 }),
                10.0,
                &[(2_880, 40), (120, 200), (1_440, 60)],
                6.107_854,
            ),
            (
                law(20, Law::SquareRoot { floor: DeciCelsius(-100) }),
                7.0,
                &[(1_440, 20), (180, 120), (600, 40)],
                5.012_731,
            ),
        ];
        for (law, days, history, expected) in cases {
            let found = left(&law, days, history);
            assert!(close(found, expected), "{law:?}: {found} where {expected} belongs");
        }
    }

    fn vectors() -> Option<Value> {
        let Ok(folder) = std::env::var("FRESHET_TEST_DATA") else {
            println!("skipped: no data");
            return None;
        };
        let text = std::fs::read_to_string(format!("{folder}/coldchain/thermal_vectors.json")).unwrap();
        Some(serde_json::from_str(&text).unwrap())
    }

    fn tenths(value: &Value) -> i32 {
        super::super::payload::tenths(&value.to_string()).unwrap().0
    }

    #[test]
    fn the_lives_of_the_test_data_hold_to_six_digits() {
        let Some(vectors) = vectors() else { return };
        let mut checked = 0;
        for kind in ["q10", "arrhenius", "ratkowsky"] {
            for vector in vectors[kind].as_array().unwrap() {
                let thousandths = |name: &str| (vector[name].as_f64().unwrap() * 1_000.0).round();
                let law_of = match kind {
                    "q10" => Law::Q10 { q10_milli: whole_minutes_up(thousandths("q10")) },
                    "arrhenius" => Law::Arrhenius { joules_per_mol: whole_minutes_up(thousandths("ea_kj")) },
                    _ => Law::SquareRoot { floor: DeciCelsius(tenths(&vector["t_min"])) },
                };
                let law = law(tenths(&vector["t_ref"]), law_of);
                let history: Vec<(i64, i32)> = vector["history_min_c"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|step| (step[0].as_i64().unwrap(), tenths(&step[1])))
                    .collect();
                let found = left(&law, vector["sl_ref_days"].as_f64().unwrap(), &history);
                let expected = vector["remaining_days_at_ref"].as_f64().unwrap();
                assert!(close(found, expected), "{vector}: {found}");
                checked += 1;
            }
        }
        assert!(checked >= 6);
    }

    #[test]
    fn the_mean_kinetic_temperatures_of_the_test_data_hold() {
        let Some(vectors) = vectors() else { return };
        for vector in vectors["mkt"].as_array().unwrap() {
            let temperatures = vector["t"].as_array().unwrap();
            let history: Vec<(i64, i32)> = temperatures
                .iter()
                .enumerate()
                .map(|(nth, value)| (vector["minutes"][nth].as_i64().unwrap_or(1), tenths(value)))
                .collect();
            for (name, joules_per_mol) in [("mkt_83_144", 83_144), ("mkt_65", 65_000)] {
                let found = mean_kinetic_millicelsius(&steps(&history), joules_per_mol).unwrap();
                let expected = vector[name].as_f64().unwrap() * 1_000.0;
                // Rounded up to a thousandth; the vector is written to the ten-thousandth.
                assert!((whole(found) - expected).abs() <= 1.05, "{name} of {vector}: {found}");
                assert!(whole(found) >= expected - 0.06, "{name} of {vector}: {found} is rounded down");
            }
        }
    }

    #[test]
    fn bands_of_one_factor_are_one_factor() {
        let plain = law(0, Law::Q10 { q10_milli: 3_000 });
        let band = |from| Band { from: DeciCelsius(from), q10_milli: 3_000 };
        let banded = law(0, Law::Bands { bands: vec![band(0), band(100), band(200)] });
        for value in [-50, 0, 42, 100, 155, 300] {
            assert!(close(plain.rate(DeciCelsius(value)), banded.rate(DeciCelsius(value))), "{value}");
        }
    }

    #[test]
    fn each_band_has_its_own_climb() {
        let band = |from, q10_milli| Band { from: DeciCelsius(from), q10_milli };
        let banded = law(0, Law::Bands { bands: vec![band(0, 3_000), band(100, 2_500), band(200, 2_000)] });
        for (value, expected) in [(0, 1.0), (100, 3.0), (200, 7.5), (300, 15.0)] {
            let found = banded.rate(DeciCelsius(value));
            assert!(close(found, expected), "{value}: {found}");
        }
    }

    #[test]
    fn bananas_suffer_from_cold() {
        let chill = Some(Chill { below: DeciCelsius(120), q10_milli: 4_000 });
        let banana = ThermalLaw { chill, ..law(140, Law::Q10 { q10_milli: 2_500 }) };
        assert!(banana.rate(DeciCelsius(20)) > 3.9);
        assert!(banana.rate(DeciCelsius(130)) < 1.0);
    }

    proptest! {
        /// Warmer is never slower, and what is used is rounded up by less than a minute.
        #[test]
        fn life_runs_faster_when_warm(
            q10_milli in 1_000..8_000_i64, value in -300..300_i32, warmer in 1..200_i32, minutes in 1..5_000_i64,
        ) {
            let law = law(40, Law::Q10 { q10_milli });
            let cold = law.used_minutes(&steps(&[(minutes, value)]));
            let warm = law.used_minutes(&steps(&[(minutes, value + warmer)]));
            prop_assert!(warm >= cold);
            prop_assert_eq!(law.used_minutes(&steps(&[(minutes, 40)])), minutes);
        }
    }
}
