//! Exact fractions, for units and prices that no decimal holds.

use serde::{Deserialize, Serialize};

use crate::Round;

/// A positive fraction in lowest terms. 台兩 is `75/2` grams; no float could say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ratio {
    numerator: i64,
    denominator: i64,
}

impl Ratio {
    /// `None` unless both parts are positive.
    pub const fn new(numerator: i64, denominator: i64) -> Option<Self> {
        if numerator <= 0 || denominator <= 0 {
            return None;
        }
        let Some(divisor) = greatest_common_divisor(numerator, denominator) else { return None };
        match (numerator.checked_div(divisor), denominator.checked_div(divisor)) {
            (Some(numerator), Some(denominator)) => Some(Self { numerator, denominator }),
            _ => None,
        }
    }

    pub const fn numerator(self) -> i64 {
        self.numerator
    }

    pub const fn denominator(self) -> i64 {
        self.denominator
    }

    /// `value × self`, rounded once; `None` when the result leaves 64 bits.
    pub fn times(self, value: i64, round: Round) -> Option<i64> {
        divide(i128::from(value).checked_mul(i128::from(self.numerator))?, i128::from(self.denominator), round)
    }
}

const fn greatest_common_divisor(mut a: i64, mut b: i64) -> Option<i64> {
    while b != 0 {
        let Some(rest) = a.checked_rem(b) else { return None };
        a = b;
        b = rest;
    }
    Some(a)
}

/// `dividend ÷ divisor` with the remainder settled by `round`; `None` outside 64 bits or for a divisor ≤ 0.
pub(crate) fn divide(dividend: i128, divisor: i128, round: Round) -> Option<i64> {
    if divisor <= 0 {
        return None;
    }
    let floor = dividend.checked_div_euclid(divisor)?;
    let rest = dividend.checked_rem_euclid(divisor)?;
    let up = match round {
        Round::Down => false,
        Round::Up => rest > 0,
        // Half away from zero: −2.5 goes to −3 as 2.5 goes to 3, so that a refund mirrors its charge.
        Round::HalfUp => match rest.checked_mul(2)?.cmp(&divisor) {
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Equal => dividend >= 0,
            std::cmp::Ordering::Less => false,
        },
    };
    i64::try_from(floor.checked_add(i128::from(up))?).ok()
}
