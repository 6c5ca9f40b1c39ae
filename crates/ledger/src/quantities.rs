//! Quantities in the shape of their lot, and their columns.

use kernel::{Exactness, Measure, Quantity};

/// A quantity as its two columns have it: what nobody counted is not a zero.
pub(crate) const fn from_columns(pieces: Option<i64>, grams: Option<i64>, exactness: Exactness) -> Quantity {
    Quantity { pieces, grams, exactness }
}

/// What two sums amount to for goods of this measure.
pub(crate) fn shaped(measure: Measure, pieces: i64, grams: i64, exactness: Exactness) -> Quantity {
    match measure {
        Measure::Counted => Quantity { pieces: Some(pieces), grams: (grams != 0).then_some(grams), exactness },
        Measure::Weighed => Quantity { pieces: None, grams: Some(grams), exactness },
        Measure::CatchWeight => Quantity { pieces: Some(pieces), grams: Some(grams), exactness },
    }
}

/// So much of the promised number, as a quantity: pieces, or grams of loose goods.
pub(crate) const fn promised(measure: Measure, amount: i64) -> Quantity {
    match measure {
        Measure::Counted | Measure::CatchWeight => Quantity::pieces(amount),
        Measure::Weighed => Quantity::grams(amount),
    }
}

pub(crate) const fn exactness_code(exactness: Exactness) -> &'static str {
    match exactness {
        Exactness::Exact => "exact",
        Exactness::Estimated => "estimated",
    }
}

pub(crate) fn exactness(code: &str) -> Option<Exactness> {
    [Exactness::Exact, Exactness::Estimated].into_iter().find(|one| exactness_code(*one) == code)
}

pub(crate) const fn exactness_of_flag(estimated: bool) -> Exactness {
    if estimated { Exactness::Estimated } else { Exactness::Exact }
}
