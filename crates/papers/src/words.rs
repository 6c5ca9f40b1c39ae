//! The words of a paper in the reader's language, and numbers as people write them.

use catalog::Names;
use kernel::{Base, Currency, Instant, Lang, Money, Price, Quantity, SiteTime, speech};
use serde_json::{Map, Value};

/// Every word under `paper.<name>.`, and those that all papers share.
pub(crate) fn labels(lang: Lang, name: &str) -> Map<String, Value> {
    let mut words = Map::new();
    for prefix in ["paper.any.".to_owned(), format!("paper.{name}.")] {
        for key in speech::keys() {
            if let Some(word) = key.strip_prefix(&prefix) {
                words.insert(word.to_owned(), say(lang, key, &[]).into());
            }
        }
    }
    words
}

pub(crate) fn say(lang: Lang, key: &str, params: &[speech::Param]) -> String {
    speech::say(lang, key, params).unwrap_or_else(|| key.to_owned())
}

/// The SKU's name for a reader of this language.
pub(crate) fn name(lang: Lang, names: &Names) -> String {
    names.in_lang(lang).to_owned()
}

/// `3 件 · 1,250 g`: both dimensions, an estimate marked.
pub(crate) fn quantity(lang: Lang, quantity: Quantity) -> String {
    let about = match quantity.exactness {
        kernel::Exactness::Exact => "",
        kernel::Exactness::Estimated => "≈",
    };
    let pieces = quantity.pieces.map(|pieces| say(lang, "paper.any.pieces", &[("count", grouped(pieces))]));
    let grams = quantity.grams.map(|grams| format!("{about}{} g", grouped(grams)));
    [pieces, grams].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// Money in the currency's own decimals, its code behind.
pub(crate) fn money(currency: Currency, money: Money) -> String {
    let shown = money.display(currency);
    let amount = shown.split_once(' ').map_or(shown.as_str(), |(_, amount)| amount);
    let (whole, part) = amount.split_once('.').map_or((amount, None), |(whole, part)| (whole, Some(part)));
    let grouped = whole.parse().map_or_else(|_| whole.to_owned(), grouped);
    match part {
        Some(part) => format!("{grouped}.{part} {}", currency.code()),
        None => format!("{grouped} {}", currency.code()),
    }
}

pub(crate) fn price(lang: Lang, currency: Currency, price: Price) -> String {
    let base = match price.base {
        Base::Piece => "piece",
        Base::Weight(unit) => unit.code(),
    };
    format!("{} / {}", money(currency, price.money), say(lang, &format!("import.word.{base}"), &[]))
}

/// Hundredths of a percent as a percentage.
pub(crate) fn percent(basis_points: i64) -> String {
    let (whole, part) = (basis_points / 100, basis_points.rem_euclid(100));
    if part == 0 { format!("{whole} %") } else { format!("{whole}.{part:02} %") }
}

/// Day and minute on the site's wall.
pub(crate) fn moment(time: &SiteTime, at: Instant) -> String {
    format!("{} {}", time.date(at), time.clock_face(at))
}

fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut grouped = String::new();
    for (nth, digit) in digits.chars().enumerate() {
        if nth > 0 && (digits.len() - nth).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if number < 0 { format!("-{grouped}") } else { grouped }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_write_them() {
        assert_eq!(money(Currency::Twd, Money(1_234_567)), "1,234,567 TWD");
        assert_eq!(money(Currency::Cny, Money(123_456)), "1,234.56 CNY");
        assert_eq!(quantity(Lang::ZhHant, Quantity::weighing(3, 1_850)), "3 件 · 1,850 g");
        assert_eq!(quantity(Lang::En, Quantity::grams(900)), "900 g");
        assert_eq!(percent(250), "2.50 %");
        assert_eq!(percent(1_000), "10 %");
    }
}
