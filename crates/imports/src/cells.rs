//! What people write into cells, read exactly. Pure; every refusal names what stood there.

use std::ops::RangeInclusive;

use axum::http::StatusCode;
use edge::Problem;
use kernel::{Currency, Date, Unit, UnitError};
use sheets::Cell;

/// Years in which a shop has papers.
const YEARS: std::ops::RangeInclusive<i16> = 2000..=2199;
/// The first year of the Republic is 1912.
const ROC_EPOCH: i16 = 1911;
/// Years below this are counted from it.
const ROC_YEARS_BELOW: i16 = 1000;

pub(crate) fn refused(code: &'static str) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code)
}

/// What stood in the cell, for the sentence that refuses it.
pub(crate) fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) | Cell::Number(text) => text.clone(),
        Cell::Date { year, month, day, .. } => format!("{year:04}-{month:02}-{day:02}"),
    }
}

/// A text of at most `max` characters.
pub(crate) fn text(cell: &Cell, max: usize) -> Result<String, Problem> {
    let text = shown(cell);
    if text.chars().any(|letter| letter.is_control() && letter != '\n') {
        return Err(refused("imports/control-character"));
    }
    if text.chars().count() > max { Err(refused("imports/too-long").with("most", max)) } else { Ok(text) }
}

/// A code. A workbook's number cell has lost the zeros in front of one, so it is not taken for one.
pub(crate) fn code(cell: &Cell, max: usize) -> Result<String, Problem> {
    let text = typed(cell)?;
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if plain && (1..=max).contains(&text.len()) {
        Ok(text)
    } else {
        Err(refused("imports/not-a-code").with("value", text).with("most", max))
    }
}

/// A text whose zeros count: a telephone number, a tax id.
pub(crate) fn typed(cell: &Cell) -> Result<String, Problem> {
    match cell {
        Cell::Number(number) => Err(refused("imports/code-as-number").with("value", number)),
        Cell::Empty | Cell::Text(_) | Cell::Date { .. } => Ok(shown(cell)),
    }
}

/// A whole number within bounds.
pub(crate) fn whole(cell: &Cell, min: i64, max: i64) -> Result<i64, Problem> {
    scaled(cell, 0, min, max)
}

/// A plain decimal as a whole number of its last place: `2.5` of two places is 250. More places than that are refused,
/// never rounded.
pub(crate) fn scaled(cell: &Cell, places: u32, min: i64, max: i64) -> Result<i64, Problem> {
    let text = half_width(&shown(cell));
    let not_a_number = || refused("imports/not-a-number").with("value", &text);
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.as_str()),
    };
    let plain = without_groups(digits).ok_or_else(not_a_number)?;
    let (whole, part) = plain.split_once('.').unwrap_or((plain.as_str(), ""));
    let all_digits = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 15 || !all_digits(whole) || !all_digits(part) || plain.ends_with('.') {
        return Err(not_a_number());
    }
    let width = usize::try_from(places).unwrap_or(0);
    let part = part.trim_end_matches('0');
    if part.len() > width {
        let code = if places == 0 { "imports/not-whole" } else { "imports/too-exact" };
        return Err(refused(code).with("value", &text).with("places", places));
    }
    let number: i64 = format!("{whole}{part:0<width$}").parse().map_err(|_| not_a_number())?;
    let number = sign * number;
    if (min..=max).contains(&number) {
        Ok(number)
    } else {
        let of = |bound: i64| decimal(bound, places);
        Err(refused("imports/out-of-range").with("value", &text).with("min", of(min)).with("max", of(max)))
    }
}

/// An amount of money in the currency's own decimals.
pub(crate) fn money(cell: &Cell, currency: Currency) -> Result<kernel::Money, Problem> {
    scaled(cell, currency.exponent(), 0, kernel::Money::MAX.minor()).map(kernel::Money)
}

/// `1,234.50` without its commas; a comma that groups no thousands is none of ours.
fn without_groups(digits: &str) -> Option<String> {
    let (whole, part) = digits.split_once('.').map_or((digits, None), |(whole, part)| (whole, Some(part)));
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let grouped = whole.contains(',');
    if grouped && (first.is_empty() || first.len() > 3) {
        return None;
    }
    let mut plain = first.to_owned();
    for group in groups {
        if group.len() != 3 {
            return None;
        }
        plain.push_str(group);
    }
    if let Some(part) = part {
        plain.push('.');
        plain.push_str(part);
    }
    Some(plain)
}

/// A whole number of the last place as people write it.
fn decimal(number: i64, places: u32) -> String {
    let scale = 10_i64.saturating_pow(places);
    let width = usize::try_from(places).unwrap_or(0);
    if places == 0 {
        return number.to_string();
    }
    let sign = if number < 0 { "-" } else { "" };
    let magnitude = number.unsigned_abs();
    let scale = scale.unsigned_abs().max(1);
    format!("{sign}{}.{:0width$}", magnitude / scale, magnitude % scale)
}

/// Digits of a Chinese keyboard are digits.
fn half_width(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            '０'..='９' => u32::from(letter)
                .checked_sub(u32::from('０'))
                .and_then(|digit| char::from_digit(digit, 10))
                .unwrap_or(letter),
            '．' => '.',
            '，' => ',',
            '／' => '/',
            '－' => '-',
            '：' => ':',
            other => other,
        })
        .collect()
}

/// The unit by what people call it: codes, 繁體, 简体, English.
pub(crate) fn unit(name: &str) -> Option<Unit> {
    Some(match name.trim().to_lowercase().as_str() {
        "g" | "gram" | "grams" | "公克" | "克" => Unit::Gram,
        "kg" | "kilogram" | "kilograms" | "公斤" | "千克" => Unit::Kilogram,
        "100g" | "100 g" | "hundred_grams" | "百克" | "百公克" => Unit::HundredGrams,
        "斤" | "市斤" | "jin" => Unit::Jin,
        "台斤" | "臺斤" | "taiwan_jin" => Unit::TaiwanJin,
        "台兩" | "臺兩" | "台两" | "taiwan_liang" => Unit::TaiwanLiang,
        _ => return None,
    })
}

/// A weight: `1.5 台斤`, `900`, `0.6kg`. A bare number is grams. What is not whole grams is refused with its neighbours.
pub(crate) fn grams(cell: &Cell, bounds: RangeInclusive<i64>) -> Result<i64, Problem> {
    let written = half_width(&shown(cell));
    let end = written.find(|letter: char| !(letter.is_ascii_digit() || ".,".contains(letter))).unwrap_or(written.len());
    let (amount, name) = written.split_at(end);
    let not_a_weight = || refused("imports/not-a-weight").with("value", &written);
    let measured = match name.trim() {
        "" => Unit::Gram,
        name => unit(name).ok_or_else(|| refused("imports/unit-unknown").with("value", name))?,
    };
    let amount = without_groups(amount).ok_or_else(not_a_weight)?;
    let grams = measured.to_grams(&amount).map_err(|error| match error {
        UnitError::NotWholeGrams(near) => refused("imports/not-whole-grams")
            .with("value", &written)
            .with("below", near.below)
            .with("above", near.above),
        UnitError::NotANumber(_) | UnitError::TooLarge => not_a_weight(),
    })?;
    if bounds.contains(&grams) {
        return Ok(grams);
    }
    let (min, max) = (format!("{} g", bounds.start()), format!("{} g", bounds.end()));
    Err(refused("imports/out-of-range").with("value", &written).with("min", min).with("max", max))
}

/// A date of the common calendar or of the Republic: `2026-03-28`, `2026/3/28`, `20260328`, `115/3/28`, `1150328`,
/// `民國115年3月28日`.
pub(crate) fn date(cell: &Cell) -> Result<Date, Problem> {
    if let Cell::Date { year, month, day, .. } = cell {
        return civil(*year, i64::from(*month), i64::from(*day)).ok_or_else(|| not_a_date(cell));
    }
    let written = half_width(&shown(cell));
    let bare = ["民國", "民国", "西元", "公元", "ROC"]
        .iter()
        .find_map(|era| written.strip_prefix(era))
        .unwrap_or(&written)
        .trim();
    let parts: Vec<&str> =
        bare.split(['-', '/', '.', '年', '月', '日']).map(str::trim).filter(|part| !part.is_empty()).collect();
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let read = match parts.as_slice() {
        [year, month, day] if [year, month, day].iter().all(|part| digits(part)) => {
            Some(((*year).to_owned(), (*month).to_owned(), (*day).to_owned()))
        }
        // Without marks between them, month and day are the last four digits.
        [run] if digits(run) && matches!(run.len(), 6..=8) => {
            let (year, rest) = run.split_at(run.len().saturating_sub(4));
            let (month, day) = rest.split_at(2);
            Some((year.to_owned(), month.to_owned(), day.to_owned()))
        }
        _ => None,
    };
    let (year, month, day) = read.ok_or_else(|| not_a_date(cell))?;
    let number = |part: &str| part.parse::<i64>().ok();
    let year = year.parse::<i16>().ok();
    match (year, number(&month), number(&day)) {
        (Some(year), Some(month), Some(day)) => civil(year, month, day).ok_or_else(|| not_a_date(cell)),
        _ => Err(not_a_date(cell)),
    }
}

fn civil(year: i16, month: i64, day: i64) -> Option<Date> {
    let year = if year < ROC_YEARS_BELOW { year.checked_add(ROC_EPOCH)? } else { year };
    if !YEARS.contains(&year) {
        return None;
    }
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

fn not_a_date(cell: &Cell) -> Problem {
    refused("imports/not-a-date").with("value", shown(cell))
}

/// Minutes after midnight: `10:00`, `9:30`.
pub(crate) fn minute(cell: &Cell) -> Result<i64, Problem> {
    if let Cell::Date { minute, .. } = cell {
        return Ok(*minute);
    }
    let written = half_width(&shown(cell));
    let read = written.split_once(':').and_then(|(hour, minute)| {
        let hour: i64 = hour.trim().parse().ok()?;
        let minute: i64 = minute.trim().get(..2)?.parse().ok()?;
        ((0..=24).contains(&hour) && (0..60).contains(&minute)).then_some(hour * 60 + minute)
    });
    read.filter(|minute| *minute <= 24 * 60).ok_or_else(|| refused("imports/not-a-time").with("value", &written))
}

#[cfg(test)]
mod tests;
