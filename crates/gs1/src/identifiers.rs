//! The application identifiers that stand on food, its boxes and its papers, after the GS1 General Specifications.

/// What a part of a value is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Exactly so many digits.
    Digits(usize),
    /// Up to so many digits.
    DigitsTo(usize),
    /// Digits of which the last is a check digit.
    Checked(usize),
    /// `YYMMDD`; day 00 is the last of the month.
    Date,
    /// `HHMM`.
    Clock,
    /// Up to so many characters of the invariant set.
    TextTo(usize),
}

/// One identifier.
pub(crate) struct Identifier {
    /// Its digits; `n` stands for the number of decimals, 0 to 5.
    pub(crate) code: &'static str,
    pub(crate) parts: &'static [Part],
    /// Parts from here on may be missing.
    pub(crate) needed: usize,
    /// Whether its length is known to every scanner, so that no separator follows.
    pub(crate) predefined: Predefined,
    /// One of these groups must be on the label too; `00+02` is both.
    pub(crate) demands: &'static [&'static str],
    /// None of these may be on it.
    pub(crate) excludes: &'static [&'static str],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Predefined {
    Yes,
    No,
}

const ITEM: &[&str] = &["01", "02", "03", "8006", "8026"];
const TRADE: &[&str] = &["01", "02"];
const UNIT: &[&str] = &["00", "01"];
const MADE: &[&str] = &["01", "02", "03"];

const fn fixed(
    code: &'static str,
    parts: &'static [Part],
    demands: &'static [&'static str],
    excludes: &'static [&'static str],
) -> Identifier {
    Identifier { code, parts, needed: parts.len(), predefined: Predefined::Yes, demands, excludes }
}

const fn open(
    code: &'static str,
    parts: &'static [Part],
    demands: &'static [&'static str],
    excludes: &'static [&'static str],
) -> Identifier {
    Identifier { code, parts, needed: parts.len(), predefined: Predefined::No, demands, excludes }
}

pub(crate) static IDENTIFIERS: &[Identifier] = &[
    // Who and what.
    fixed("00", &[Part::Checked(18)], &[], &[]),
    fixed("01", &[Part::Checked(14)], &[], &["255", "37"]),
    fixed("02", &[Part::Checked(14)], &["37"], &["01", "03"]),
    fixed("03", &[Part::Checked(14)], &[], &["01", "02", "37", "235"]),
    open("10", &[Part::TextTo(20)], ITEM, &[]),
    // Produced, packed, best before, sell by, use by.
    fixed("11", &[Part::Date], ITEM, &[]),
    fixed("13", &[Part::Date], ITEM, &[]),
    fixed("15", &[Part::Date], ITEM, &[]),
    fixed("16", &[Part::Date], ITEM, &[]),
    fixed("17", &[Part::Date], &["01", "02", "03", "255", "8006", "8026"], &[]),
    fixed("20", &[Part::Digits(2)], ITEM, &[]),
    open("21", &[Part::TextTo(20)], &["01", "03", "8006"], &["235"]),
    open("22", &[Part::TextTo(20)], &["01"], &[]),
    open("240", &[Part::TextTo(30)], ITEM, &[]),
    open("254", &[Part::TextTo(20)], &["414"], &[]),
    // Pieces and net weight in kilograms, length, volume.
    open("30", &[Part::DigitsTo(8)], TRADE, &[]),
    fixed("310n", &[Part::Digits(6)], TRADE, &["310n"]),
    fixed("311n", &[Part::Digits(6)], TRADE, &["311n"]),
    fixed("315n", &[Part::Digits(6)], TRADE, &["315n"]),
    fixed("330n", &[Part::Digits(6)], UNIT, &["330n"]),
    open("37", &[Part::DigitsTo(8)], &["00+02", "00+8026"], &[]),
    open("400", &[Part::TextTo(30)], &[], &[]),
    open("401", &[Part::TextTo(30)], &[], &[]),
    open("402", &[Part::Checked(17)], &[], &[]),
    // Places and parties.
    fixed("410", &[Part::Checked(13)], &[], &[]),
    fixed("411", &[Part::Checked(13)], &[], &[]),
    fixed("412", &[Part::Checked(13)], &[], &[]),
    fixed("413", &[Part::Checked(13)], &[], &[]),
    fixed("414", &[Part::Checked(13)], &[], &[]),
    fixed("416", &[Part::Checked(13)], &[], &[]),
    fixed("417", &[Part::Checked(13)], &[], &[]),
    open("422", &[Part::Digits(3)], ITEM, &["426"]),
    // Food: expiry to the minute, catch area, first freezing, harvest, kind of water animal, gear, method.
    open("7002", &[Part::TextTo(30)], TRADE, &[]),
    open("7003", &[Part::Date, Part::Clock], MADE, &[]),
    open("7005", &[Part::TextTo(12)], TRADE, &[]),
    open("7006", &[Part::Date], TRADE, &[]),
    Identifier {
        code: "7007",
        parts: &[Part::Date, Part::Date],
        needed: 1,
        predefined: Predefined::No,
        demands: TRADE,
        excludes: &[],
    },
    open("7008", &[Part::TextTo(3)], TRADE, &[]),
    open("7009", &[Part::TextTo(10)], TRADE, &[]),
    open("7010", &[Part::TextTo(2)], MADE, &[]),
    // Crates, pools and other things that come back; pieces of a whole.
    Identifier {
        code: "8003",
        parts: &[Part::Checked(14), Part::TextTo(16)],
        needed: 1,
        predefined: Predefined::No,
        demands: &[],
        excludes: &[],
    },
    open("8004", &[Part::TextTo(30)], &[], &[]),
    open("8006", &[Part::Checked(14), Part::Digits(4)], &[], &["01", "03", "37"]),
    open("8026", &[Part::Checked(14), Part::Digits(4)], &["37"], &["02", "03", "8006"]),
];

/// The identifier that `code` is, with its decimals if it has some.
pub(crate) fn identifier(code: &str) -> Option<&'static Identifier> {
    IDENTIFIERS.iter().find(|known| matches(known.code, code))
}

/// Whether `code` is `pattern`, in which `n` stands for 0 to 5.
pub(crate) fn matches(pattern: &str, code: &str) -> bool {
    pattern.len() == code.len()
        && pattern
            .bytes()
            .zip(code.bytes())
            .all(|(wanted, found)| wanted == found || (wanted == b'n' && (b'0'..=b'5').contains(&found)))
}
