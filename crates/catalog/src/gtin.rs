//! GTIN-14, the number under the bars.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

/// A GTIN of fourteen digits whose check digit is right. Shorter ones (EAN-13, UPC, EAN-8) are filled with zeros
/// in front, which is how GS1 stores them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, pattern = "^[0-9]{8,14}$", example = "04006381333931")]
pub struct Gtin(String);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GtinError {
    #[error("a GTIN has 8, 12, 13 or 14 digits")]
    Length,
    #[error("the check digit of {code} should be {expected}")]
    CheckDigit { code: String, expected: u32 },
}

impl Gtin {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The check digit that belongs behind `digits`: weights 3, 1, 3… from the right.
    pub fn check_digit(digits: &str) -> u32 {
        let sum: u32 = digits
            .bytes()
            .rev()
            .zip([3_u32, 1].into_iter().cycle())
            .map(|(digit, weight)| u32::from(digit.saturating_sub(b'0')).saturating_mul(weight))
            .fold(0, u32::saturating_add);
        10_u32.saturating_sub(sum % 10) % 10
    }
}

impl FromStr for Gtin {
    type Err = GtinError;

    fn from_str(text: &str) -> Result<Self, GtinError> {
        if !matches!(text.len(), 8 | 12 | 13 | 14) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(GtinError::Length);
        }
        let (body, check) = text.split_at(text.len().saturating_sub(1));
        let expected = Self::check_digit(body);
        if check != expected.to_string() {
            return Err(GtinError::CheckDigit { code: text.to_owned(), expected });
        }
        Ok(Self(format!("{text:0>14}")))
    }
}

impl fmt::Display for Gtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Gtin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Gtin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_of_the_standard_are_found() {
        assert_eq!(Gtin::check_digit("629104150021"), 3);
        assert_eq!(Gtin::check_digit("400638133393"), 1);
        assert_eq!(Gtin::check_digit("690123456789"), 2);
        assert_eq!(Gtin::check_digit("37610425002123456"), 9);
    }

    #[test]
    fn a_short_gtin_is_filled_with_zeros() {
        assert_eq!("4006381333931".parse::<Gtin>().unwrap().as_str(), "04006381333931");
    }

    #[test]
    fn a_wrong_digit_is_refused_with_the_right_one() {
        let wrong = "4006381333932".parse::<Gtin>();
        assert_eq!(wrong, Err(GtinError::CheckDigit { code: "4006381333932".to_owned(), expected: 1 }));
        assert_eq!("12345".parse::<Gtin>(), Err(GtinError::Length));
    }
}
