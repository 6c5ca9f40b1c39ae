//! Crates on the scale: gross less tare is what came. Pure.

use std::collections::BTreeMap;

use catalog::Sku;
use edge::{Problem, parse};
use kernel::{Measure, Quantity};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ReceivingRefusal;

/// One crate, or a stack of them weighed at once.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewArrivalCrate)]
pub struct NewCrate {
    #[schema(minimum = 1, maximum = 10_000_000)]
    pub gross_grams: i64,
    /// What all crates of the stack weigh empty.
    pub tare: Tare,
    /// How many cartons stand on the scale; one, if nothing is said.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 1_000)]
    pub cartons: i64,
}

const fn one() -> i64 {
    1
}

/// How the tare is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tare {
    /// The code of a kind of crate; its weight counts once for each carton.
    Profile(String),
    /// Weighed empty: the tare of all that stands on the scale.
    Grams(i64),
}

/// A kind of crate and what it weighs empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TareProfile {
    #[schema(min_length = 1, max_length = 20, pattern = "^[A-Za-z0-9._-]+$")]
    pub code: String,
    #[schema(min_length = 1, max_length = 80)]
    pub name: String,
    #[schema(minimum = 1, maximum = 100_000)]
    pub grams: i64,
}

impl TareProfile {
    pub fn parse(mut self) -> Result<Self, Problem> {
        self.code = parse::code("code", &self.code, 20)?;
        self.name = parse::text("name", &self.name, 1, 80)?;
        parse::within("grams", self.grams, 1, 100_000)?;
        Ok(self)
    }
}

/// A crate with its tare looked up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ArrivalCrate)]
pub struct Crate {
    pub cartons: i64,
    pub gross_grams: i64,
    pub tare_grams: i64,
    pub profile: Option<String>,
}

/// What the scale and the counting hand say about a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scale {
    /// The units that samples are drawn from.
    pub(super) cartons: i64,
    pub(super) gross_grams: i64,
    pub(super) tare_grams: i64,
    /// Net, in the shape in which the SKU is kept.
    pub(super) received: Quantity,
    pub(super) crates: Vec<Crate>,
}

impl NewCrate {
    pub(super) fn parse(self, field: &str) -> Result<Self, Problem> {
        parse::within(&format!("{field}/gross_grams"), self.gross_grams, 1, 10_000_000)?;
        parse::within(&format!("{field}/cartons"), self.cartons, 1, 1_000)?;
        if let Tare::Grams(grams) = self.tare {
            parse::within(&format!("{field}/tare/grams"), grams, 0, 10_000_000)?;
        }
        Ok(self)
    }
}

/// Reads the scale: every tare is looked up, and what is left of the crates is what came.
pub(super) fn read(
    crates: Vec<NewCrate>,
    pieces: Option<i64>,
    sku: &Sku,
    profiles: &BTreeMap<String, TareProfile>,
) -> Result<Scale, ReceivingRefusal> {
    let crates = tared(crates, profiles)?;
    // A line has at most a thousand stacks of at most ten tonnes: far from the end of 64 bits.
    let sum = |of: fn(&Crate) -> i64| crates.iter().map(of).sum::<i64>();
    let (gross_grams, tare_grams) = (sum(|each| each.gross_grams), sum(|each| each.tare_grams));
    let received = received(sku.measure, (!crates.is_empty()).then_some(gross_grams - tare_grams), pieces)?;
    // Counted goods that nobody weighed come in cases of the size that the catalogue knows.
    let cases = (received.pieces_or_zero().max(1) - 1) / sku.case_amount.max(1) + 1;
    let cartons = if crates.is_empty() { cases } else { sum(|each| each.cartons) };
    Ok(Scale { cartons, gross_grams, tare_grams, received, crates })
}

/// Looks up every tare and refuses a crate that would weigh nothing.
fn tared(crates: Vec<NewCrate>, profiles: &BTreeMap<String, TareProfile>) -> Result<Vec<Crate>, ReceivingRefusal> {
    let mut weighed = Vec::with_capacity(crates.len());
    for (NewCrate { gross_grams, tare, cartons }, position) in crates.into_iter().zip(1..) {
        let (tare_grams, profile) = match tare {
            Tare::Grams(grams) => (grams, None),
            Tare::Profile(code) => match profiles.get(&code) {
                Some(known) => (known.grams.saturating_mul(cartons), Some(code)),
                None => return Err(ReceivingRefusal::NoSuchTareProfile { code }),
            },
        };
        if tare_grams >= gross_grams {
            return Err(ReceivingRefusal::TareAboveGross { position, gross_grams, tare_grams });
        }
        weighed.push(Crate { cartons, gross_grams, tare_grams, profile });
    }
    Ok(weighed)
}

/// Loose goods come by the scale alone, counted goods by the piece with the weight beside it if a scale has spoken,
/// fish by both.
fn received(measure: Measure, net_grams: Option<i64>, pieces: Option<i64>) -> Result<Quantity, ReceivingRefusal> {
    match (measure, pieces, net_grams) {
        (Measure::Weighed, None, Some(grams)) => Ok(Quantity::grams(grams)),
        (Measure::Counted, Some(pieces), None) => Ok(Quantity::pieces(pieces)),
        (Measure::Counted | Measure::CatchWeight, Some(pieces), Some(grams)) => Ok(Quantity::weighing(pieces, grams)),
        (Measure::Weighed | Measure::Counted | Measure::CatchWeight, _, _) => {
            Err(ReceivingRefusal::NotFullyWeighed { measure: measure.code() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profiles() -> BTreeMap<String, TareProfile> {
        let blue = TareProfile { code: "E2".to_owned(), name: "藍色周轉箱".to_owned(), grams: 2_000 };
        BTreeMap::from([(blue.code.clone(), blue)])
    }

    fn stack(gross_grams: i64, tare: Tare, cartons: i64) -> NewCrate {
        NewCrate { gross_grams, tare, cartons }
    }

    #[test]
    fn a_stack_of_crates_weighs_its_crates_once_each() {
        let crates = vec![
            stack(12_500, Tare::Profile("E2".to_owned()), 1),
            stack(36_000, Tare::Profile("E2".to_owned()), 3),
            stack(9_000, Tare::Grams(850), 1),
        ];
        let tares: Vec<i64> = tared(crates, &profiles()).unwrap().iter().map(|each| each.tare_grams).collect();
        assert_eq!(tares, [2_000, 6_000, 850]);
    }

    #[test]
    fn an_empty_crate_is_no_receipt() {
        let empty = tared(vec![stack(2_000, Tare::Profile("E2".to_owned()), 1)], &profiles());
        assert!(matches!(empty, Err(ReceivingRefusal::TareAboveGross { position: 1, .. })));
        let unknown = tared(vec![stack(2_000, Tare::Profile("E9".to_owned()), 1)], &profiles());
        assert!(matches!(unknown, Err(ReceivingRefusal::NoSuchTareProfile { .. })));
    }

    #[test]
    fn every_measure_is_received_in_its_own_shape() {
        assert_eq!(received(Measure::Weighed, Some(9_000), None).unwrap(), Quantity::grams(9_000));
        assert_eq!(received(Measure::CatchWeight, Some(9_000), Some(5)).unwrap(), Quantity::weighing(5, 9_000));
        assert_eq!(received(Measure::Counted, None, Some(30)).unwrap(), Quantity::pieces(30));
        assert!(received(Measure::CatchWeight, None, Some(5)).is_err());
        assert!(received(Measure::Weighed, Some(9_000), Some(5)).is_err());
    }
}
