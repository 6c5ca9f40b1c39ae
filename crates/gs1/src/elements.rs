//! Element strings: what a scanner sends, and what people read under the bars.

use crate::{
    check_digit::is_checked,
    dates::label_date,
    identifiers::{Identifier, Part, Predefined, identifier, matches},
};

/// Ends a field whose length no scanner knows beforehand.
const SEPARATOR: char = '\u{1d}';
/// What scanners put before an element string: GS1-128, GS1 DataMatrix, GS1 QR, GS1 DataBar.
const SYMBOLOGIES: [&str; 4] = ["]C1", "]d2", "]Q3", "]e0"];
/// Longer than any label carries.
const LENGTH_MAX: usize = 400;
/// Any year serves to see whether six digits are a date: 2000 has a 29 February.
const SOME_YEAR: i32 = 2000;

/// The fields of one label, in the order in which they stood on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ElementString {
    fields: Vec<(String, String)>,
}

/// Why a text is no label.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("the label is empty or longer than {LENGTH_MAX} characters")]
    Length,
    #[error("{found} begins no application identifier that stands on food")]
    Identifier { found: String },
    #[error("the value {value} of ({identifier}) is malformed")]
    Value { identifier: String, value: String },
    #[error("the check digit of {value} in ({identifier}) is wrong")]
    CheckDigit { identifier: String, value: String },
    #[error("({identifier}) stands twice with different values")]
    Twice { identifier: String },
    #[error("({identifier}) needs {demands} beside it")]
    Alone { identifier: String, demands: String },
    #[error("({identifier}) and ({other}) exclude each other")]
    Together { identifier: String, other: String },
}

impl ElementString {
    /// Every field with its identifier.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(identifier, value)| (identifier.as_str(), value.as_str()))
    }

    /// The value of one identifier.
    pub fn get(&self, identifier: &str) -> Option<&str> {
        self.fields().find(|(known, _)| *known == identifier).map(|(_, value)| value)
    }

    /// Net weight (310n) in grams; `None` without one, or when it is finer than a gram.
    pub fn net_grams(&self) -> Option<i64> {
        let (code, value) = self.fields().find(|(code, _)| matches("310n", code))?;
        let decimals = code.chars().last()?.to_digit(10)?;
        let number: i64 = value.parse().ok()?;
        if let Some(zeros) = 3_u32.checked_sub(decimals) {
            return number.checked_mul(10_i64.checked_pow(zeros)?);
        }
        let parts = 10_i64.checked_pow(decimals.saturating_sub(3))?;
        if number.checked_rem(parts)? == 0 { number.checked_div(parts) } else { None }
    }

    fn add(&mut self, code: &str, value: &str) -> Result<(), Unreadable> {
        match self.get(code) {
            Some(known) if known == value => Ok(()),
            Some(_) => Err(Unreadable::Twice { identifier: code.to_owned() }),
            None => {
                self.fields.push((code.to_owned(), value.to_owned()));
                Ok(())
            }
        }
    }

    /// Which fields belong together and which must not meet.
    fn paired(self) -> Result<Self, Unreadable> {
        let has = |pattern: &str| self.fields().any(|(code, _)| matches(pattern, code));
        for (code, _) in self.fields() {
            let Some(known) = identifier(code) else { continue };
            let satisfied = known.demands.is_empty() || known.demands.iter().any(|group| group.split('+').all(has));
            if !satisfied {
                let demands = known.demands.join(", ");
                return Err(Unreadable::Alone { identifier: code.to_owned(), demands });
            }
            // An identifier never excludes itself, though its pattern may match it.
            let foe = self
                .fields()
                .find(|(other, _)| *other != code && known.excludes.iter().any(|pattern| matches(pattern, other)));
            if let Some((other, _)) = foe {
                return Err(Unreadable::Together { identifier: code.to_owned(), other: other.to_owned() });
            }
        }
        Ok(self)
    }
}

/// Reads what a scanner sent: identifiers and values without brackets, open fields ended by a group separator.
pub fn scanned(text: &str) -> Result<ElementString, Unreadable> {
    let text = SYMBOLOGIES.iter().find_map(|symbology| text.strip_prefix(symbology)).unwrap_or(text);
    if text.is_empty() || text.len() > LENGTH_MAX {
        return Err(Unreadable::Length);
    }
    let mut read = ElementString::default();
    let mut rest = text.trim_start_matches(SEPARATOR);
    while !rest.is_empty() {
        let (code, known) = leading(rest)?;
        let after = rest.get(code.len()..).unwrap_or_default();
        let value = match known.predefined {
            Predefined::Yes => {
                let length: usize = known.parts.iter().map(|part| part.longest()).sum();
                after.get(..length).ok_or_else(|| malformed(code, after))?
            }
            Predefined::No => after.split(SEPARATOR).next().unwrap_or_default(),
        };
        known.demand(code, value)?;
        read.add(code, value)?;
        rest = after.get(value.len()..).unwrap_or_default().trim_start_matches(SEPARATOR);
    }
    read.paired()
}

/// Reads `(01)06901234567892(10)L1`, the form that people read.
pub fn bracketed(text: &str) -> Result<ElementString, Unreadable> {
    if text.is_empty() || text.len() > LENGTH_MAX {
        return Err(Unreadable::Length);
    }
    let Some(inside) = text.strip_prefix('(') else {
        return Err(Unreadable::Identifier { found: text.chars().take(4).collect() });
    };
    let mut read = ElementString::default();
    for field in inside.split('(') {
        let unknown = || Unreadable::Identifier { found: field.chars().take(4).collect() };
        let (code, value) = field.split_once(')').ok_or_else(unknown)?;
        let known = identifier(code).ok_or_else(unknown)?;
        known.demand(code, value)?;
        read.add(code, value)?;
    }
    read.paired()
}

/// No identifier of the list is the beginning of another, so the first that fits is the one.
fn leading(text: &str) -> Result<(&str, &'static Identifier), Unreadable> {
    (2..=4)
        .filter_map(|length| text.get(..length))
        .find_map(|code| identifier(code).map(|known| (code, known)))
        .ok_or_else(|| Unreadable::Identifier { found: text.chars().take(4).collect() })
}

fn malformed(identifier: &str, value: &str) -> Unreadable {
    Unreadable::Value { identifier: identifier.to_owned(), value: value.to_owned() }
}

impl Part {
    const fn longest(self) -> usize {
        match self {
            Self::Digits(length) | Self::DigitsTo(length) | Self::Checked(length) | Self::TextTo(length) => length,
            Self::Date => 6,
            Self::Clock => 4,
        }
    }
}

impl Identifier {
    /// Cuts the value into its parts and looks at each.
    fn demand(&self, code: &str, value: &str) -> Result<(), Unreadable> {
        let mut rest = value;
        for (nth, part) in self.parts.iter().enumerate() {
            if rest.is_empty() && nth >= self.needed {
                break;
            }
            // A part of open length is always the last.
            let open = matches!(part, Part::DigitsTo(_) | Part::TextTo(_));
            let length = if open { rest.len() } else { part.longest() };
            let piece = rest.get(..length).ok_or_else(|| malformed(code, value))?;
            let digits = piece.bytes().all(|byte| byte.is_ascii_digit());
            let fits = match part {
                Part::DigitsTo(most) => digits && (1..=*most).contains(&piece.len()),
                Part::Checked(_) if digits && !is_checked(piece) => {
                    return Err(Unreadable::CheckDigit { identifier: code.to_owned(), value: piece.to_owned() });
                }
                Part::Digits(_) | Part::Checked(_) => digits,
                Part::Date => label_date(piece, SOME_YEAR).is_some(),
                Part::Clock => {
                    digits && piece.get(..2).is_some_and(|hour| hour < "24") && piece.get(2..).is_some_and(|m| m < "60")
                }
                Part::TextTo(most) => (1..=*most).contains(&piece.len()) && piece.bytes().all(is_invariant),
            };
            if !fits {
                return Err(malformed(code, value));
            }
            rest = rest.get(length..).unwrap_or_default();
        }
        if rest.is_empty() { Ok(()) } else { Err(malformed(code, value)) }
    }
}

/// The 82 characters that every GS1 carrier can hold.
pub(crate) const fn is_invariant(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'"'
                | b'%'
                | b'&'
                | b'\''
                | b'('
                | b')'
                | b'*'
                | b'+'
                | b','
                | b'-'
                | b'.'
                | b'/'
                | b':'
                | b';'
                | b'<'
                | b'='
                | b'>'
                | b'?'
                | b'_'
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identifiers::IDENTIFIERS;

    #[test]
    fn no_identifier_begins_another() {
        for (nth, one) in IDENTIFIERS.iter().enumerate() {
            for other in IDENTIFIERS.iter().skip(nth + 1) {
                assert!(!one.code.starts_with(other.code) && !other.code.starts_with(one.code), "{}", other.code);
            }
        }
    }

    #[test]
    fn a_crate_of_spinach_names_lot_and_weight() {
        let read = scanned("]C10106901234567892310300125010AB12\u{1d}217").expect("a label");
        assert_eq!(read.get("10"), Some("AB12"));
        assert_eq!(read.net_grams(), Some(1250));
        assert_eq!(bracketed("(01)06901234567892(3103)001250(10)AB12(21)7"), Ok(read));
    }

    #[test]
    fn two_weights_on_one_label_are_refused() {
        let refused = bracketed("(01)06901234567892(3103)001250(3102)000125").expect_err("which of the two?");
        assert!(matches!(refused, Unreadable::Together { .. }), "{refused}");
    }

    #[test]
    fn harvest_may_be_a_day_or_a_span() {
        assert!(bracketed("(01)06901234567892(7007)260328").is_ok());
        assert!(bracketed("(01)06901234567892(7007)260328260330").is_ok());
        assert!(bracketed("(01)06901234567892(7007)26032826").is_err());
        assert!(bracketed("(01)06901234567892(7003)2601312460").is_err(), "no such hour");
    }

    #[test]
    fn a_weight_finer_than_a_gram_is_none() {
        let of = |text: &str| bracketed(text).expect("a label").net_grams();
        assert_eq!(of("(01)06901234567892(3105)123456"), None);
        assert_eq!(of("(01)06901234567892(3104)012500"), Some(1250));
        assert_eq!(of("(01)06901234567892(3100)000002"), Some(2000));
    }

    proptest::proptest! {
        /// Whatever a broken scanner sends, reading it never panics.
        #[test]
        fn no_label_breaks_the_reader(text in "\\PC{0,60}|[0-9\u{1d}()\\]CdQ]{0,80}") {
            let _answers = (scanned(&text), bracketed(&text));
        }

        /// What is read from brackets is read again from the scanner's form.
        #[test]
        fn both_forms_say_the_same(lot in "[A-Z0-9-]{1,20}", grams in 0..999_999_u32) {
            let people = bracketed(&format!("(01)06901234567892(3103){grams:06}(10){lot}(21)7")).expect("a label");
            let scanner = scanned(&format!("01069012345678923103{grams:06}10{lot}\u{1d}217")).expect("a label");
            proptest::prop_assert_eq!(people.net_grams(), Some(i64::from(grams)));
            proptest::prop_assert_eq!(people, scanner);
        }
    }
}
