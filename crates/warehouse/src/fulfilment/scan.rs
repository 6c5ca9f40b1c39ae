//! What a scanner read: a lot code, a GS1 element string, or a label of our own scale.

use catalog::Gtin;

/// The longest text that one label can carry.
pub const SCAN_MAX: usize = 200;

/// What one scanned label says about the goods that carry it. Nothing is looked up here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scanned {
    /// The lot, as our label or the maker's names it.
    pub lot: Option<String>,
    pub gtin: Option<Gtin>,
    /// The item number inside an in-store label.
    pub item: Option<String>,
    /// Net weight printed on the label by the scale that made it.
    pub grams: Option<i64>,
    pub pieces: Option<i64>,
}

/// Why a text is no label that we can read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableScan {
    #[error("the label is empty or longer than {SCAN_MAX} characters")]
    Length,
    #[error("the check digit of {code} should be {expected}")]
    CheckDigit { code: String, expected: u32 },
    #[error("application identifier {identifier} is not one that a shelf label carries")]
    UnknownIdentifier { identifier: String },
    #[error("the value of application identifier {identifier} is malformed")]
    MalformedValue { identifier: String },
    #[error("the weight on the label is not whole grams")]
    NotWholeGrams,
}

/// Ends a field of variable length inside an element string.
const GROUP_SEPARATOR: char = '\u{1d}';
/// Our own scale's label: `L:<lot>;N:<pieces>;G:<grams>`; pieces and grams may be left out.
const OWN_LABEL: &str = "L:";

/// Reads a label. A text that has no known form is taken for a bare lot code.
pub fn read(text: &str) -> Result<Scanned, UnreadableScan> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > SCAN_MAX {
        return Err(UnreadableScan::Length);
    }
    for symbology in ["]C1", "]d2", "]Q3", "]e0"] {
        if let Some(elements) = text.strip_prefix(symbology) {
            return element_string(elements);
        }
    }
    if let Some(code) = text.strip_prefix("]E0") {
        return ean(code);
    }
    if let Some((_, path)) = text.split_once("://") {
        return digital_link(path);
    }
    if text.starts_with('(') {
        return bracketed(text);
    }
    if let Some(fields) = text.strip_prefix(OWN_LABEL) {
        return own_label(fields);
    }
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if digits && matches!(text.len(), 12 | 13) {
        return ean(text);
    }
    if text.contains(GROUP_SEPARATOR) || (text.starts_with("01") && text.len() >= 16 && leading_digits(text) >= 16) {
        return element_string(text);
    }
    Ok(Scanned { lot: Some(text.to_owned()), ..Scanned::default() })
}

fn own_label(fields: &str) -> Result<Scanned, UnreadableScan> {
    let mut parts = fields.split(';');
    let mut scanned = Scanned { lot: parts.next().map(str::to_owned), ..Scanned::default() };
    for part in parts {
        match part.split_once(':') {
            Some(("N", pieces)) => scanned.pieces = Some(number("N", pieces)?),
            Some(("G", grams)) => scanned.grams = Some(number("G", grams)?),
            Some((identifier, _)) => {
                return Err(UnreadableScan::UnknownIdentifier { identifier: identifier.to_owned() });
            }
            None => return Err(UnreadableScan::MalformedValue { identifier: part.to_owned() }),
        }
    }
    Ok(scanned)
}

/// EAN-13: a product's number, or with prefix 20–29 an in-store label `PP IIIII VVVVV C` whose value is grams.
fn ean(code: &str) -> Result<Scanned, UnreadableScan> {
    let gtin: Gtin = code.parse().map_err(|error| match error {
        catalog::GtinError::CheckDigit { code, expected } => UnreadableScan::CheckDigit { code, expected },
        catalog::GtinError::Length => UnreadableScan::Length,
    })?;
    let in_store = code.len() == 13 && code.starts_with('2');
    let (Some(item), Some(value)) = (code.get(2..7), code.get(7..12)) else { return Err(UnreadableScan::Length) };
    if in_store {
        return Ok(Scanned { item: Some(item.to_owned()), grams: Some(number("EAN", value)?), ..Scanned::default() });
    }
    Ok(Scanned { gtin: Some(gtin), ..Scanned::default() })
}

/// `(01)06901234567892(10)L1`, the form that people read.
fn bracketed(text: &str) -> Result<Scanned, UnreadableScan> {
    let mut scanned = Scanned::default();
    for element in text.split('(').skip(1) {
        let Some((identifier, value)) = element.split_once(')') else {
            return Err(UnreadableScan::MalformedValue { identifier: element.to_owned() });
        };
        let field = Field::of(identifier)?;
        scanned.take(identifier, &field, value)?;
    }
    Ok(scanned)
}

/// `0106901234567892310300125010AB12␝217`, the form that scanners send.
fn element_string(text: &str) -> Result<Scanned, UnreadableScan> {
    let mut scanned = Scanned::default();
    let mut rest = text.trim_start_matches(GROUP_SEPARATOR);
    while !rest.is_empty() {
        let (identifier, field) = leading_field(rest)?;
        let after = rest.get(identifier.len()..).unwrap_or_default();
        let value = match field.length {
            Length::Fixed(length) => after
                .get(..length)
                .ok_or_else(|| UnreadableScan::MalformedValue { identifier: identifier.to_owned() })?,
            Length::UpTo(_) => after.split(GROUP_SEPARATOR).next().unwrap_or_default(),
        };
        scanned.take(identifier, &field, value)?;
        rest = after.get(value.len()..).unwrap_or_default().trim_start_matches(GROUP_SEPARATOR);
    }
    Ok(scanned)
}

/// `https://id.gs1.org/01/{gtin}/10/{lot}?3103=001250`.
fn digital_link(address: &str) -> Result<Scanned, UnreadableScan> {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let mut scanned = Scanned::default();
    let mut steps = path.split('/').skip(1);
    while let (Some(identifier), Some(value)) = (steps.next(), steps.next()) {
        let field = Field::of(identifier)?;
        scanned.take(identifier, &field, value)?;
    }
    for (identifier, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        if let Ok(field) = Field::of(identifier) {
            scanned.take(identifier, &field, value)?;
        }
    }
    Ok(scanned)
}

enum Length {
    Fixed(usize),
    UpTo(usize),
}

/// What the value of an application identifier tells a picker.
enum Meaning {
    Gtin,
    Lot,
    /// Kilograms with so many decimals.
    Kilograms(u32),
    Pieces,
    /// Dates and serial numbers: the lot's own record knows better.
    PassedOver,
}

struct Field {
    length: Length,
    meaning: Meaning,
}

impl Field {
    /// The identifiers that stand on food labels, after the GS1 syntax dictionary.
    fn of(identifier: &str) -> Result<Self, UnreadableScan> {
        let (length, meaning) = match identifier {
            "00" => (Length::Fixed(18), Meaning::PassedOver),
            "01" | "02" => (Length::Fixed(14), Meaning::Gtin),
            "10" => (Length::UpTo(20), Meaning::Lot),
            "11" | "13" | "15" | "16" | "17" | "7007" => (Length::Fixed(6), Meaning::PassedOver),
            "7003" => (Length::Fixed(10), Meaning::PassedOver),
            "21" => (Length::UpTo(20), Meaning::PassedOver),
            "30" | "37" => (Length::UpTo(8), Meaning::Pieces),
            "410" | "414" => (Length::Fixed(13), Meaning::PassedOver),
            "3100" => (Length::Fixed(6), Meaning::Kilograms(0)),
            "3101" => (Length::Fixed(6), Meaning::Kilograms(1)),
            "3102" => (Length::Fixed(6), Meaning::Kilograms(2)),
            "3103" => (Length::Fixed(6), Meaning::Kilograms(3)),
            "3104" => (Length::Fixed(6), Meaning::Kilograms(4)),
            "3105" => (Length::Fixed(6), Meaning::Kilograms(5)),
            other => return Err(UnreadableScan::UnknownIdentifier { identifier: other.to_owned() }),
        };
        Ok(Self { length, meaning })
    }
}

/// Identifiers have two to four digits; the shortest known one that fits is the one.
fn leading_field(text: &str) -> Result<(&str, Field), UnreadableScan> {
    (2..=4)
        .filter_map(|length| text.get(..length))
        .find_map(|identifier| Field::of(identifier).ok().map(|field| (identifier, field)))
        .ok_or_else(|| UnreadableScan::UnknownIdentifier { identifier: text.chars().take(4).collect() })
}

impl Scanned {
    fn take(&mut self, identifier: &str, field: &Field, value: &str) -> Result<(), UnreadableScan> {
        let malformed = || UnreadableScan::MalformedValue { identifier: identifier.to_owned() };
        let fits = match field.length {
            Length::Fixed(length) => value.len() == length,
            Length::UpTo(length) => !value.is_empty() && value.len() <= length,
        };
        if !fits {
            return Err(malformed());
        }
        match field.meaning {
            Meaning::Gtin => {
                self.gtin = Some(value.parse().map_err(|error| match error {
                    catalog::GtinError::CheckDigit { code, expected } => UnreadableScan::CheckDigit { code, expected },
                    catalog::GtinError::Length => malformed(),
                })?);
            }
            Meaning::Lot => self.lot = Some(value.to_owned()),
            Meaning::Kilograms(decimals) => self.grams = Some(grams(number(identifier, value)?, decimals)?),
            Meaning::Pieces => self.pieces = Some(number(identifier, value)?),
            Meaning::PassedOver => {}
        }
        Ok(())
    }
}

/// `value` kilograms with `decimals` decimals, in grams.
fn grams(value: i64, decimals: u32) -> Result<i64, UnreadableScan> {
    let too_fine = UnreadableScan::NotWholeGrams;
    if let Some(zeros) = 3_u32.checked_sub(decimals) {
        return value.checked_mul(10_i64.pow(zeros)).ok_or(too_fine);
    }
    let divisor = 10_i64.pow(decimals.saturating_sub(3));
    if value % divisor == 0 { Ok(value / divisor) } else { Err(too_fine) }
}

fn number(identifier: &str, digits: &str) -> Result<i64, UnreadableScan> {
    let malformed = || UnreadableScan::MalformedValue { identifier: identifier.to_owned() };
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) || digits.len() > 9 {
        return Err(malformed());
    }
    digits.parse().map_err(|_| malformed())
}

fn leading_digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gtin(code: &str) -> Gtin {
        code.parse().unwrap()
    }

    #[test]
    fn an_element_string_names_gtin_lot_and_weight() {
        let scanned = read("0106901234567892310300125010AB12\u{1d}217").unwrap();
        assert_eq!(
            scanned,
            Scanned {
                lot: Some("AB12".to_owned()),
                gtin: Some(gtin("06901234567892")),
                grams: Some(1250),
                ..Scanned::default()
            }
        );
        assert_eq!(read("(01)06901234567892(3103)001250(10)AB12(21)7").unwrap(), scanned);
        assert_eq!(read("]C10106901234567892310300125010AB12\u{1d}217").unwrap(), scanned);
        assert_eq!(read("https://id.gs1.org/01/06901234567892/10/AB12?17=260131&3103=001250").unwrap(), scanned);
    }

    #[test]
    fn a_use_by_date_before_the_lot_is_passed_over() {
        let scanned = read("01069012345678921726013110L20260105A").unwrap();
        assert_eq!((scanned.lot.as_deref(), scanned.gtin), (Some("L20260105A"), Some(gtin("06901234567892"))));
    }

    #[test]
    fn an_in_store_label_carries_its_item_and_its_grams() {
        let scanned = read("2100123012503").unwrap();
        assert_eq!((scanned.item.as_deref(), scanned.grams), (Some("00123"), Some(1250)));
        let scanned = read("2254321008759").unwrap();
        assert_eq!((scanned.item.as_deref(), scanned.grams), (Some("54321"), Some(875)));
        assert!(matches!(read("2100123012509"), Err(UnreadableScan::CheckDigit { expected: 3, .. })));
    }

    #[test]
    fn our_own_scale_label_names_lot_pieces_and_grams() {
        let scanned = read("L:SP-0328-01;N:2;G:1732").unwrap();
        assert_eq!((scanned.lot.as_deref(), scanned.pieces, scanned.grams), (Some("SP-0328-01"), Some(2), Some(1732)));
        assert_eq!(read("L:SP-0328-01;X:2"), Err(UnreadableScan::UnknownIdentifier { identifier: "X".to_owned() }));
    }

    #[test]
    fn anything_else_is_a_bare_lot_code() {
        assert_eq!(read(" SP-0328-01 ").unwrap().lot.as_deref(), Some("SP-0328-01"));
        assert_eq!(read(""), Err(UnreadableScan::Length));
        assert_eq!(read(&"x".repeat(201)), Err(UnreadableScan::Length));
    }

    #[test]
    fn a_weight_finer_than_a_gram_is_refused() {
        assert_eq!(read("(01)06901234567892(3105)123456"), Err(UnreadableScan::NotWholeGrams));
        assert_eq!(read("(01)06901234567892(3104)012500").unwrap().grams, Some(1250));
    }

    proptest::proptest! {
        /// Whatever a broken scanner sends, reading it never panics.
        #[test]
        fn no_label_breaks_the_reader(text in "\\PC{0,60}|[0-9\u{1d}()\\]:;/LNG]{0,60}") {
            let _answer = read(&text);
        }
    }
}
