//! Units of weight, exact.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Ratio;

/// A unit people trade in. Each is an exact number of grams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Gram,
    Kilogram,
    /// 100 g, as fishmongers and delicatessens price.
    HundredGrams,
    /// 市斤 (斤), 500 g.
    Jin,
    /// 台斤, 600 g.
    TaiwanJin,
    /// 台兩, 37.5 g.
    TaiwanLiang,
}

/// The amount is not a whole number of grams; these two are its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotWholeGrams {
    pub below: i64,
    pub above: i64,
}

/// Why an amount in a unit was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    #[error("{0} is not a plain decimal number")]
    NotANumber(String),
    #[error("not whole grams; the nearest are {} g and {} g", .0.below, .0.above)]
    NotWholeGrams(NotWholeGrams),
    #[error("the amount is too large")]
    TooLarge,
}

impl Unit {
    pub const ALL: [Self; 6] =
        [Self::Gram, Self::Kilogram, Self::HundredGrams, Self::Jin, Self::TaiwanJin, Self::TaiwanLiang];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Gram => "gram",
            Self::Kilogram => "kilogram",
            Self::HundredGrams => "hundred_grams",
            Self::Jin => "jin",
            Self::TaiwanJin => "taiwan_jin",
            Self::TaiwanLiang => "taiwan_liang",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|unit| unit.code() == code)
    }

    /// Exact grams of one unit.
    pub const fn grams(self) -> Ratio {
        const fn whole(grams: i64) -> Ratio {
            fraction(grams, 1)
        }
        const fn fraction(numerator: i64, denominator: i64) -> Ratio {
            match Ratio::new(numerator, denominator) {
                Some(ratio) => ratio,
                None => panic!("a unit is a positive fraction"),
            }
        }
        const GRAM: Ratio = whole(1);
        const KILOGRAM: Ratio = whole(1000);
        const HUNDRED_GRAMS: Ratio = whole(100);
        const JIN: Ratio = whole(500);
        const TAIWAN_JIN: Ratio = whole(600);
        const TAIWAN_LIANG: Ratio = fraction(75, 2);
        match self {
            Self::Gram => GRAM,
            Self::Kilogram => KILOGRAM,
            Self::HundredGrams => HUNDRED_GRAMS,
            Self::Jin => JIN,
            Self::TaiwanJin => TAIWAN_JIN,
            Self::TaiwanLiang => TAIWAN_LIANG,
        }
    }

    /// Turns a plain decimal such as `1.5` into whole grams, or says which whole grams lie beside it.
    pub fn to_grams(self, amount: &str) -> Result<i64, UnitError> {
        let (digits, scale) = plain_decimal(amount)?;
        let ratio = self.grams();
        let dividend = digits.checked_mul(i128::from(ratio.numerator())).ok_or(UnitError::TooLarge)?;
        let divisor = scale.checked_mul(i128::from(ratio.denominator())).ok_or(UnitError::TooLarge)?;
        let below = dividend.checked_div_euclid(divisor).ok_or(UnitError::TooLarge)?;
        let below = i64::try_from(below).map_err(|_| UnitError::TooLarge)?;
        if dividend.checked_rem_euclid(divisor) == Some(0) {
            return Ok(below);
        }
        let above = below.checked_add(1).ok_or(UnitError::TooLarge)?;
        Err(UnitError::NotWholeGrams(NotWholeGrams { below, above }))
    }
}

/// `12.50` as `(1250, 100)`. No sign, no exponent, at most twelve digits on either side.
fn plain_decimal(text: &str) -> Result<(i128, i128), UnitError> {
    const DIGITS_MAX: usize = 12;
    let refused = || UnitError::NotANumber(text.to_owned());
    let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let digits_only = |digits: &str| digits.len() <= DIGITS_MAX && digits.bytes().all(|digit| digit.is_ascii_digit());
    if whole.is_empty() || !digits_only(whole) || !digits_only(part) || text.trim().ends_with('.') {
        return Err(refused());
    }
    let digits: i128 = format!("{whole}{part}").parse().map_err(|_| refused())?;
    let scale = 10_i128.checked_pow(u32::try_from(part.len()).map_err(|_| refused())?).ok_or_else(refused)?;
    Ok((digits, scale))
}
