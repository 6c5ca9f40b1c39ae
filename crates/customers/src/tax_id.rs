//! The numbers under which businesses pay tax.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::{PartialSchema, ToSchema};

/// 統一編號 (tw, eight digits) or 统一社会信用代码 (cn, eighteen characters), its check digit right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaxId(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TaxIdError {
    #[error("a tax id has 8 digits (tw) or 18 characters (cn)")]
    Shape,
    #[error("the check digit of the tax id is wrong")]
    CheckDigit,
}

impl TaxId {
    pub fn new(text: &str) -> Result<Self, TaxIdError> {
        let right = match text.len() {
            8 if text.bytes().all(|byte| byte.is_ascii_digit()) => taiwan(text),
            18 => mainland(text).ok_or(TaxIdError::Shape)?,
            _ => return Err(TaxIdError::Shape),
        };
        if right { Ok(Self(text.to_owned())) } else { Err(TaxIdError::CheckDigit) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Digits are weighted, the digits of each product added up; the sum is a multiple of five. A seven in the seventh
/// place weighs 28, whose digits are 10: either digit of that 10 may count.
fn taiwan(text: &str) -> bool {
    const WEIGHTS: [u32; 8] = [1, 2, 1, 2, 1, 2, 4, 1];
    let sum: u32 = text
        .bytes()
        .zip(WEIGHTS)
        .map(|(digit, weight)| {
            let product = u32::from(digit - b'0') * weight;
            product / 10 + product % 10
        })
        .sum();
    sum.is_multiple_of(5) || (text.as_bytes().get(6) == Some(&b'7') && (sum + 1).is_multiple_of(5))
}

/// GB 32100: weights are powers of three, modulo 31. `None` for a letter that the code does not use.
fn mainland(text: &str) -> Option<bool> {
    const LETTERS: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    let mut values = Vec::with_capacity(18);
    for letter in text.chars() {
        values.push(LETTERS.find(letter)?);
    }
    let (check, body) = values.split_last()?;
    let mut weight = 1;
    let mut sum = 0;
    for value in body {
        sum = (sum + value * weight) % 31;
        weight = weight * 3 % 31;
    }
    Some((31 - sum) % 31 == *check)
}

impl fmt::Display for TaxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for TaxId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for TaxId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl PartialSchema for TaxId {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .min_length(Some(8))
            .max_length(Some(18))
            .description(Some("統一編號 or 统一社会信用代码, with its check digit"))
            .into()
    }
}

impl ToSchema for TaxId {}

#[cfg(test)]
mod tests {
    use super::{TaxId, TaxIdError};

    #[test]
    fn check_digits_are_checked() {
        // 10458575 has a seven in the seventh place.
        for good in ["04595257", "10458575", "91350100M000100Y43"] {
            assert!(TaxId::new(good).is_ok(), "{good}");
        }
        for wrong in ["04595258", "91350100M000100Y44"] {
            assert_eq!(TaxId::new(wrong), Err(TaxIdError::CheckDigit), "{wrong}");
        }
        for bad in ["", "0459525", "0459525A", "91350100M000100I43", "91350100m000100Y43", "統一編號統一"] {
            assert_eq!(TaxId::new(bad), Err(TaxIdError::Shape), "{bad}");
        }
    }
}
