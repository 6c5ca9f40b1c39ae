//! GS1 Digital Links: keys as addresses, the form that EPCIS 2.0 prefers.

use std::fmt::Write as _;

use crate::{check_digit::check_digit, elements::is_invariant};

const HOST: &str = "https://id.gs1.org";

/// Goods of one lot: `…/01/{gtin}/10/{lot}`.
pub fn lot_class(gtin: &str, lot: &str) -> String {
    format!("{HOST}/01/{gtin}/10/{}", encoded(lot))
}

/// A crate, a parcel: `…/00/{sscc}`.
pub fn shipping_unit(sscc: &str) -> String {
    format!("{HOST}/00/{sscc}")
}

/// A place, and a spot inside it: `…/414/{gln}/254/{extension}`.
pub fn location(gln: &str, extension: Option<&str>) -> String {
    match extension {
        Some(extension) => format!("{HOST}/414/{gln}/254/{}", encoded(extension)),
        None => format!("{HOST}/414/{gln}"),
    }
}

/// A company: `…/417/{gln}`.
pub fn party(gln: &str) -> String {
    format!("{HOST}/417/{gln}")
}

/// The location number that a company gives to the `nth` of its places; `None` when the prefix leaves no room for it.
pub fn gln_of(company_prefix: &str, nth: usize) -> Option<String> {
    let room = 12_usize.checked_sub(company_prefix.len())?;
    let body = if room == 0 && nth == 0 { company_prefix.to_owned() } else { format!("{company_prefix}{nth:0room$}") };
    let digit = check_digit(&body)?;
    (body.len() == 12).then(|| format!("{body}{digit}"))
}

/// Whether a lot number or a spot's code can stand in a GS1 key of `most` characters.
pub fn fits(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(is_invariant)
}

/// The characters that a Digital Link writes as `%XX`.
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spot_with_a_slash_stays_one_step_of_the_path() {
        assert_eq!(location("4712345000006", Some("A/1 2")), "https://id.gs1.org/414/4712345000006/254/A%2F1%202");
    }

    #[test]
    fn location_numbers_of_a_company_are_thirteen_digits() {
        assert_eq!(gln_of("4012345", 5).as_deref(), Some("4012345000054"));
        assert_eq!(gln_of("4012345", 100_000), None, "no room");
        assert_eq!(gln_of("4012345x", 1), None);
    }
}
