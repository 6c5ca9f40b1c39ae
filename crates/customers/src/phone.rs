//! Telephone numbers as they are dialled from anywhere.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::{PartialSchema, ToSchema};

/// A number in E.164 form: `+886912345678`. National forms of Taiwan and the Mainland are taken and written out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Phone(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a telephone number: + and 8 to 15 digits, or a national number of Taiwan or the Mainland")]
pub struct PhoneError;

impl Phone {
    /// Reads `0912-345-678`, `02 2720 8889`, `13800138000`, `+886 912 345 678`, `00886912345678`.
    pub fn parse(text: &str) -> Result<Self, PhoneError> {
        let mut dialled = String::new();
        for letter in text.trim().chars() {
            match letter {
                '0'..='9' => dialled.push(letter),
                '+' if dialled.is_empty() => dialled.push(letter),
                ' ' | '-' | '(' | ')' | '.' => {}
                _ => return Err(PhoneError),
            }
        }
        let international = if let Some(digits) = dialled.strip_prefix('+') {
            digits.to_owned()
        } else if let Some(digits) = dialled.strip_prefix("00") {
            digits.to_owned()
        } else if let Some(digits) = dialled.strip_prefix('0') {
            if !(8..=9).contains(&digits.len()) {
                return Err(PhoneError);
            }
            format!("886{digits}")
        } else if dialled.len() == 11 && dialled.starts_with('1') {
            format!("86{dialled}")
        } else {
            return Err(PhoneError);
        };
        if (8..=15).contains(&international.len()) && !international.starts_with('0') {
            Ok(Self(format!("+{international}")))
        } else {
            Err(PhoneError)
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it is dialled at home: `0912345678`, `13800138000`; other countries keep the international form.
    pub fn national(&self) -> String {
        if let Some(rest) = self.0.strip_prefix("+886") {
            return format!("0{rest}");
        }
        match self.0.strip_prefix("+86") {
            Some(rest) => rest.to_owned(),
            None => self.0.clone(),
        }
    }

    /// Enough to recognise a number that one knows: `09••••••78`.
    pub fn masked(&self) -> String {
        let digits: Vec<char> = self.national().chars().collect();
        let last = digits.len().saturating_sub(2);
        let shown = |at: usize| at < 2 || at >= last;
        digits.iter().enumerate().map(|(at, digit)| if shown(at) { *digit } else { '•' }).collect()
    }
}

impl FromStr for Phone {
    type Err = PhoneError;

    fn from_str(text: &str) -> Result<Self, PhoneError> {
        Self::parse(text)
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Phone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Phone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl PartialSchema for Phone {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .min_length(Some(8))
            .max_length(Some(24))
            .description(Some("E.164, or a national number of Taiwan or the Mainland"))
            .into()
    }
}

impl ToSchema for Phone {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Phone;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for (written, dialled) in [
            ("0912-345-678", "+886912345678"),
            ("(02) 2720 8889", "+886227208889"),
            ("13800138000", "+8613800138000"),
            ("+886 912 345 678", "+886912345678"),
            ("00886912345678", "+886912345678"),
            ("+1 202 555 0143", "+12025550143"),
        ] {
            assert_eq!(Phone::parse(written).unwrap().as_str(), dialled, "{written}");
        }
        for bad in
            ["", "12345", "phone", "+12", "+1234567890123456", "0912+345678", "+0912345678", "０９１２３４５６７８"]
        {
            assert!(Phone::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_masked_number_shows_four_digits() {
        assert_eq!(Phone::parse("0912345678").unwrap().masked(), "09••••••78");
        assert_eq!(Phone::parse("13800138000").unwrap().masked(), "13•••••••00");
    }

    proptest! {
        #[test]
        fn whatever_is_read_reads_again(text in "[+0-9 ()-]{0,20}") {
            if let Ok(phone) = Phone::parse(&text) {
                prop_assert_eq!(Phone::parse(phone.as_str()).unwrap(), phone.clone());
                prop_assert_eq!(phone.masked().chars().filter(|letter| *letter != '•').count(), 4);
            }
        }
    }
}
