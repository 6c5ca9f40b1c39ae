//! Labels that a shop's own scale prints: an EAN-13 whose digits mean what the shop has agreed.

use std::str::FromStr;

use crate::check_digit::is_checked;

/// What each of the thirteen digits means: `P` prefix, `I` item, `V` value in grams, `C` check digit.
///
/// ```
/// let layout: gs1::Layout = "PPIIIIIVVVVVC".parse().expect("a layout");
/// let label = layout.read("2100123012503").expect("a label");
/// assert_eq!((label.item.as_str(), label.grams), ("00123", 1250));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout(String);

/// What a label says under its layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InStoreLabel {
    pub prefix: String,
    pub item: String,
    pub grams: i64,
}

/// Why a layout or a label cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    #[error("a layout has thirteen letters of P, I, V and ends with its only C")]
    Layout,
    #[error("an in-store label has thirteen digits and begins with 20 to 29")]
    Digits,
    #[error("the check digit of {code} is wrong")]
    CheckDigit { code: String },
}

const DIGITS: usize = 13;

impl FromStr for Layout {
    type Err = LayoutError;

    fn from_str(text: &str) -> Result<Self, LayoutError> {
        let letters = text.chars().all(|letter| "PIVC".contains(letter));
        let closes = text.ends_with('C') && text.matches('C').count() == 1;
        let whole = text.len() == DIGITS && text.starts_with("PP") && text.contains('I') && text.contains('V');
        if letters && closes && whole { Ok(Self(text.to_owned())) } else { Err(LayoutError::Layout) }
    }
}

impl Layout {
    pub fn read(&self, code: &str) -> Result<InStoreLabel, LayoutError> {
        let digits = code.len() == DIGITS && code.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || !code.starts_with('2') {
            return Err(LayoutError::Digits);
        }
        if !is_checked(code) {
            return Err(LayoutError::CheckDigit { code: code.to_owned() });
        }
        let of = |letter: char| {
            self.0.chars().zip(code.chars()).filter(move |(meaning, _)| *meaning == letter).map(|(_, digit)| digit)
        };
        let grams = of('V').collect::<String>().parse().map_err(|_| LayoutError::Digits)?;
        Ok(InStoreLabel { prefix: of('P').collect(), item: of('I').collect(), grams })
    }
}
