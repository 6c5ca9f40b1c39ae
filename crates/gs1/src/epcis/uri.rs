//! One form for every GS1 key: whether a partner writes an EPC URN or a Digital Link of its own host, two systems that
//! speak of one crate must write the same text under a hash.

use crate::check_digit::check_digit;

const HOST: &str = "https://id.gs1.org";

/// The canonical Digital Link of a GS1 key in any of its spellings; `None` for whatever is no GS1 key.
pub fn canonical(uri: &str) -> Option<String> {
    if let Some(rest) = uri.strip_prefix("urn:epc:") {
        return from_urn(rest);
    }
    let (scheme, address) = uri.split_once("://")?;
    matches!(scheme, "http" | "https").then_some(())?;
    from_link(address)
}

/// `id:sgtin:4012345.011111.9876`, `class:lgtin:…`, `idpat:sgtin:….*`.
fn from_urn(rest: &str) -> Option<String> {
    let mut words = rest.splitn(3, ':');
    let (kind, scheme, value) = (words.next()?, words.next()?, words.next()?);
    let mut parts = value.split('.');
    let prefix = parts.next().filter(|prefix| is_digits(prefix, 6..=12))?;
    let reference = parts.next()?;
    // A serial number may contain a dot.
    let rest: Vec<&str> = parts.collect();
    let serial = rest.join(".");
    let serial = serial.as_str();
    let pattern = kind == "idpat" && serial.ends_with('*');
    let path = match (kind, scheme) {
        ("id", "sgtin") => format!("01/{}/21/{}", gtin(prefix, reference)?, escaped(serial)),
        ("id", "upui") => format!("01/{}/235/{}", gtin(prefix, reference)?, escaped(serial)),
        ("class", "lgtin") => format!("01/{}/10/{}", gtin(prefix, reference)?, escaped(serial)),
        ("idpat", "sgtin") if pattern => format!("01/{}", gtin(prefix, reference)?),
        ("id", "sscc") => {
            let (extension, reference) = reference.split_at_checked(1)?;
            format!("00/{}", closed(&format!("{extension}{prefix}{reference}"), 17)?)
        }
        ("id", "sgln") if serial == "0" => format!("414/{}", closed(&format!("{prefix}{reference}"), 12)?),
        ("id", "sgln") => format!("414/{}/254/{}", closed(&format!("{prefix}{reference}"), 12)?, escaped(serial)),
        ("id", "pgln") => format!("417/{}", closed(&format!("{prefix}{reference}"), 12)?),
        ("id", "grai") => format!("8003/{}{}", closed(&format!("0{prefix}{reference}"), 13)?, escaped(serial)),
        ("idpat", "grai") if pattern => format!("8003/{}", closed(&format!("0{prefix}{reference}"), 13)?),
        ("id", "giai") => format!("8004/{prefix}{}", escaped(&with_rest(reference, serial))),
        ("id", "gsrn") => format!("8018/{}", closed(&format!("{prefix}{reference}"), 17)?),
        ("id", "gsrnp") => format!("8017/{}", closed(&format!("{prefix}{reference}"), 17)?),
        ("id", "gdti") => format!("253/{}{}", closed(&format!("{prefix}{reference}"), 12)?, escaped(serial)),
        ("idpat", "gdti") if pattern => format!("253/{}", closed(&format!("{prefix}{reference}"), 12)?),
        ("id", "sgcn") => format!("255/{}{serial}", closed(&format!("{prefix}{reference}"), 12)?),
        ("idpat", "sgcn") if pattern => format!("255/{}", closed(&format!("{prefix}{reference}"), 12)?),
        ("id", "cpi") => format!("8010/{}/8011/{serial}", escaped(&format!("{prefix}{reference}"))),
        ("idpat", "cpi") if pattern => format!("8010/{}", escaped(&format!("{prefix}{reference}"))),
        ("id", "ginc") => format!("401/{prefix}{}", escaped(&with_rest(reference, serial))),
        ("id", "gsin") => format!("402/{}", closed(&format!("{prefix}{reference}"), 16)?),
        ("id" | "idpat", "itip") => {
            let [piece, total, serial @ ..] = rest.as_slice() else { return None };
            let base = format!("8006/{}{piece}{total}", gtin(prefix, reference)?);
            if pattern { base } else { format!("{base}/21/{}", escaped(&serial.join("."))) }
        }
        _ => return None,
    };
    Some(format!("{HOST}/{path}"))
}

fn with_rest(reference: &str, serial: &str) -> String {
    if serial.is_empty() { reference.to_owned() } else { format!("{reference}.{serial}") }
}

/// The indicator digit stands before the company prefix, the item reference behind it.
fn gtin(prefix: &str, item: &str) -> Option<String> {
    let (indicator, item) = item.split_at_checked(1)?;
    closed(&format!("{indicator}{prefix}{item}"), 13)
}

fn closed(body: &str, length: usize) -> Option<String> {
    let digit = check_digit(body)?;
    (body.len() == length).then(|| format!("{body}{digit}"))
}

fn is_digits(text: &str, lengths: std::ops::RangeInclusive<usize>) -> bool {
    lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// What EPC URNs leave bare and Digital Links do not.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '!' => out.push_str("%21"),
            '(' => out.push_str("%28"),
            ')' => out.push_str("%29"),
            '*' => out.push_str("%2A"),
            '+' => out.push_str("%2B"),
            ',' => out.push_str("%2C"),
            ':' => out.push_str("%3A"),
            other => out.push(other),
        }
    }
    out
}

/// A primary key, the words it went by once, how long its value is, and the qualifiers that narrow it.
struct Key {
    code: &'static str,
    word: &'static str,
    shape: Shape,
    qualifiers: &'static [(&'static str, &'static str)],
}

#[derive(Clone, Copy)]
enum Shape {
    /// Digits only, of this length; shorter item numbers are filled with zeros.
    Digits(usize),
    /// So many digits, then whatever makes it single.
    DigitsThen(usize),
    Text,
}

const KEYS: &[Key] = &[
    Key { code: "00", word: "sscc", shape: Shape::Digits(18), qualifiers: &[] },
    Key {
        code: "01",
        word: "gtin",
        shape: Shape::Digits(14),
        qualifiers: &[("21", "ser"), ("235", "tpx"), ("10", "lot")],
    },
    Key { code: "253", word: "gdti", shape: Shape::DigitsThen(13), qualifiers: &[] },
    Key { code: "255", word: "gcn", shape: Shape::DigitsThen(13), qualifiers: &[] },
    Key { code: "401", word: "ginc", shape: Shape::Text, qualifiers: &[] },
    Key { code: "402", word: "gsin", shape: Shape::Digits(17), qualifiers: &[] },
    Key { code: "414", word: "gln", shape: Shape::Digits(13), qualifiers: &[("254", "glnx")] },
    Key { code: "417", word: "party", shape: Shape::Digits(13), qualifiers: &[] },
    Key { code: "8003", word: "grai", shape: Shape::DigitsThen(14), qualifiers: &[] },
    Key { code: "8004", word: "giai", shape: Shape::Text, qualifiers: &[] },
    Key { code: "8006", word: "itip", shape: Shape::Digits(18), qualifiers: &[("21", "ser"), ("10", "lot")] },
    Key { code: "8010", word: "cpid", shape: Shape::Text, qualifiers: &[("8011", "cpsn")] },
    Key { code: "8017", word: "gsrnp", shape: Shape::Digits(18), qualifiers: &[] },
    Key { code: "8018", word: "gsrn", shape: Shape::Digits(18), qualifiers: &[] },
];

/// Any host may serve Digital Links: what counts is the first step of the path that is a key with a fitting value.
fn from_link(address: &str) -> Option<String> {
    let path = address.split(['?', '#']).next()?;
    let steps: Vec<&str> = path.split('/').skip(1).collect();
    steps.iter().enumerate().find_map(|(at, step)| {
        let key = KEYS.iter().find(|key| key.code == *step || key.word == *step)?;
        let value = key.value(steps.get(at.checked_add(1)?)?)?;
        let mut link = format!("{HOST}/{}/{value}", key.code);
        let rest: Vec<&str> = steps.iter().skip(at.checked_add(2)?).copied().collect();
        let narrower = key.qualifiers.iter().find_map(|(code, word)| {
            let pair =
                rest.chunks_exact(2).find(|pair| pair.first().is_some_and(|name| name == code || name == word))?;
            pair.last().map(|value| (code, value))
        });
        if let Some((code, value)) = narrower {
            link = format!("{link}/{code}/{}", escaped(value));
        }
        Some(link)
    })
}

impl Key {
    fn value(&self, text: &str) -> Option<String> {
        match self.shape {
            Shape::Digits(14) if is_digits(text, 8..=14) => Some(format!("{text:0>14}")),
            Shape::Digits(length) if is_digits(text, length..=length) => Some(text.to_owned()),
            Shape::DigitsThen(length) if is_digits(text.get(..length)?, length..=length) => Some(escaped(text)),
            Shape::Text if text.starts_with(|first: char| first.is_ascii_digit()) => Some(escaped(text)),
            Shape::Digits(_) | Shape::DigitsThen(_) | Shape::Text => None,
        }
    }
}
