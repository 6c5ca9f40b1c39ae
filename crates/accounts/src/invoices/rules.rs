//! What an invoice must be before it takes a number. Pure.

use catalog::Profile;
use kernel::{Date, Money, Round};

use super::{Handling, InvoiceRefusal, LineKind, NewInvoice, NewLine};
use crate::tax::{ClassTotal, totals};

/// An order has at most 200 lines; each may bring a discount beside it.
pub const LINES_MAX: usize = 400;

/// A phone carrier 手機條碼: `/` and seven characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carrier(String);

/// 捐贈碼: three to seven digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DonationCode(String);

/// Two months that begin with an odd one: for these the tax office sets numbers aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvoicePeriod(String);

impl Carrier {
    pub fn new(text: &str) -> Result<Self, InvoiceRefusal> {
        let allowed = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_uppercase() || b"+.-".contains(&byte);
        match text.strip_prefix('/') {
            Some(rest) if rest.len() == 7 && rest.bytes().all(allowed) => Ok(Self(text.to_owned())),
            _ => Err(InvoiceRefusal::BadCarrier { given: text.to_owned() }),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl DonationCode {
    pub fn new(text: &str) -> Result<Self, InvoiceRefusal> {
        if (3..=7).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvoiceRefusal::BadDonationCode { given: text.to_owned() })
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl InvoicePeriod {
    /// The period of a day: `2026-03` for March and April.
    pub fn of(day: Date) -> Self {
        let month = if day.month() % 2 == 0 { day.month() - 1 } else { day.month() };
        Self(format!("{:04}-{month:02}", day.year()))
    }

    /// `2026-03`; an even month begins no period.
    pub fn parse(text: &str) -> Option<Self> {
        let day: Date = format!("{text}-01").parse().ok()?;
        let period = Self::of(day);
        (period.0 == text).then_some(period)
    }

    /// Where numbers do not end with a period (cn).
    pub(super) fn all() -> Self {
        Self("all".to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Judges lines and buyer, and adds up the classes.
pub(super) fn judge(new: &NewInvoice, profile: Profile) -> Result<Vec<ClassTotal>, InvoiceRefusal> {
    let count = new.lines.len();
    if !(1..=LINES_MAX).contains(&count) {
        return Err(InvoiceRefusal::LineCount { count });
    }
    if new.buyer.tax_id.is_some() && matches!(new.buyer.handling, Handling::Donated(_)) {
        return Err(InvoiceRefusal::DonatedByBusiness);
    }
    for (at, line) in new.lines.iter().enumerate() {
        judge_line(at + 1, line, profile)?;
    }
    let classes =
        totals(new.lines.iter().map(|line| (line.class, line.gross))).ok_or(InvoiceRefusal::NothingToInvoice)?;
    if let Some(total) = classes.iter().find(|total| total.gross.is_negative()) {
        return Err(InvoiceRefusal::NegativeClass { class: total.class, gross: total.gross });
    }
    if classes.iter().all(|total| total.gross.is_zero()) {
        return Err(InvoiceRefusal::NothingToInvoice);
    }
    Ok(classes)
}

fn judge_line(number: usize, line: &NewLine, profile: Profile) -> Result<(), InvoiceRefusal> {
    if !line.class.exists_in(profile) {
        return Err(InvoiceRefusal::ForeignTaxClass { class: line.class, profile });
    }
    let sign_fits = match line.kind {
        LineKind::Goods | LineKind::Fee => line.gross >= Money::ZERO,
        LineKind::Discount => line.gross <= Money::ZERO,
    };
    if !sign_fits || line.gross.minor().unsigned_abs() > Money::MAX.minor().unsigned_abs() {
        return Err(InvoiceRefusal::WrongSign { line: number, kind: line.kind, gross: line.gross });
    }
    // The invoice shows the same grams as the scale, or it is not issued.
    if line.kind == LineKind::Goods {
        let expected = line.price.of(line.quantity, Round::HalfUp).unwrap_or(Money::MAX);
        if expected != line.gross {
            return Err(InvoiceRefusal::LineMismatch { line: number, gross: line.gross, expected });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Carrier, Date, DonationCode, InvoicePeriod};

    #[test]
    fn a_carrier_is_a_slash_and_seven() {
        for good in ["/ABC1234", "/+.-0000", "/ZZZZZZZ"] {
            assert!(Carrier::new(good).is_ok(), "{good}");
        }
        for bad in ["ABC12345", "/abc1234", "/ABC123", "/ABC12345", "/ABC 234", "/ABC123字", ""] {
            assert!(Carrier::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_donation_code_is_three_to_seven_digits() {
        for good in ["123", "25885", "1234567"] {
            assert!(DonationCode::new(good).is_ok(), "{good}");
        }
        for bad in ["12", "12345678", "12a", "", "１２３"] {
            assert!(DonationCode::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_period_begins_in_an_odd_month() {
        assert_eq!(InvoicePeriod::of(Date::constant(2026, 4, 30)).as_str(), "2026-03");
        assert_eq!(InvoicePeriod::of(Date::constant(2026, 12, 31)).as_str(), "2026-11");
        assert!(InvoicePeriod::parse("2026-03").is_some());
        assert!(InvoicePeriod::parse("2026-04").is_none());
        assert!(InvoicePeriod::parse("2026-13").is_none());
    }
}
