//! Parsing at the door: small checks that many steps share. Each refuses by the field's name.

use kernel::{Date, Money, Quantity};

use crate::Problem;

/// A text of `min..=max` characters without control characters, trimmed.
pub fn text(field: &str, value: &str, min: usize, max: usize) -> Result<String, Problem> {
    let value = value.trim();
    let length = value.chars().count();
    if value.chars().any(|letter| letter.is_control() && letter != '\n') {
        return Err(Problem::invalid(field, "control characters are not accepted"));
    }
    if length < min || length > max {
        return Err(Problem::invalid(field, format!("{length} characters where {min} to {max} belong")));
    }
    Ok(value.to_owned())
}

/// A code of ASCII letters, digits, `-`, `_` and `.`, as labels and scanners can carry.
pub fn code(field: &str, value: &str, max: usize) -> Result<String, Problem> {
    let plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if value.is_empty() || value.len() > max || !plain {
        return Err(Problem::invalid(field, format!("1 to {max} ASCII letters, digits, - _ . belong here")));
    }
    Ok(value.to_owned())
}

/// A quantity of one document: something, and not more than one document may hold.
pub fn quantity(field: &str, value: Quantity) -> Result<Quantity, Problem> {
    if value.is_plausible() {
        Ok(value)
    } else {
        Err(Problem::invalid(field, format!("{value} is not between one and {} in each dimension", Quantity::MAX)))
    }
}

/// An amount of zero or more, within bounds.
pub fn amount(field: &str, value: Money) -> Result<Money, Problem> {
    if value.is_negative() || value > Money::MAX {
        return Err(Problem::invalid(field, format!("{value} is not between 0 and {}", Money::MAX)));
    }
    Ok(value)
}

/// A whole number within bounds.
pub fn within(field: &str, value: i64, min: i64, max: i64) -> Result<i64, Problem> {
    if (min..=max).contains(&value) {
        Ok(value)
    } else {
        Err(Problem::invalid(field, format!("{value} is not between {min} and {max}")))
    }
}

/// A day of our era: columns that hold days compare them as text.
pub fn day(field: &str, value: Date) -> Result<Date, Problem> {
    if value.year() > 0 { Ok(value) } else { Err(Problem::invalid(field, format!("{value} is before our era"))) }
}

/// A list of at least `min` and at most `max` entries.
pub fn count<T>(field: &str, values: &[T], min: usize, max: usize) -> Result<(), Problem> {
    if (min..=max).contains(&values.len()) {
        Ok(())
    } else {
        Err(Problem::invalid(field, format!("{} entries where {min} to {max} belong", values.len())))
    }
}
