//! How much: pieces and grams side by side.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is bought, moved, promised, weighed and sold. Both dimensions travel together through every step,
/// so that the fish ordered by the piece is invoiced by the gram the scale showed and nobody converts.
///
/// A missing dimension is one that nobody counted; in sums it adds nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Quantity {
    /// Pieces, cases, bunches: whatever the SKU calls one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub pieces: Option<i64>,
    /// Net grams.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub grams: Option<i64>,
    #[serde(default)]
    pub exactness: Exactness,
}

/// Whether a scale and a hand have confirmed the numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Exactness {
    /// Counted and weighed.
    #[default]
    Exact,
    /// Calculated from a nominal weight; the scale has not spoken yet.
    Estimated,
}

impl Exactness {
    /// A sum is exact only if every part is.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Exact, Self::Exact) => Self::Exact,
            _ => Self::Estimated,
        }
    }
}

/// Which dimension decides: what a customer orders in, what is promised, and what is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Ordered and paid by the piece: a carton of eggs.
    Counted,
    /// Ordered and paid by weight: loose spinach.
    Weighed,
    /// Ordered by the piece, paid by the weight of the very piece: a whole fish 秤重商品.
    CatchWeight,
}

impl Measure {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Counted => "counted",
            Self::Weighed => "weighed",
            Self::CatchWeight => "catch_weight",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Counted, Self::Weighed, Self::CatchWeight].into_iter().find(|measure| measure.code() == code)
    }

    /// The number that stock is promised in: pieces, or grams for loose goods.
    pub fn promised(self, quantity: Quantity) -> i64 {
        match self {
            Self::Counted | Self::CatchWeight => quantity.pieces_or_zero(),
            Self::Weighed => quantity.grams_or_zero(),
        }
    }

    /// The number that is paid for: pieces, or grams of what was weighed.
    pub fn priced(self, quantity: Quantity) -> i64 {
        match self {
            Self::Counted => quantity.pieces_or_zero(),
            Self::Weighed | Self::CatchWeight => quantity.grams_or_zero(),
        }
    }
}

impl Quantity {
    /// Nothing, in no dimension: where sums begin.
    pub const NONE: Self = Self { pieces: None, grams: None, exactness: Exactness::Exact };
    /// The largest number of one dimension in one document; more is refused at the door.
    pub const MAX: i64 = 1_000_000_000;

    pub const fn grams(grams: i64) -> Self {
        Self { pieces: None, grams: Some(grams), exactness: Exactness::Exact }
    }

    pub const fn pieces(pieces: i64) -> Self {
        Self { pieces: Some(pieces), grams: None, exactness: Exactness::Exact }
    }

    /// So many pieces that weigh so much.
    pub const fn weighing(pieces: i64, grams: i64) -> Self {
        Self { pieces: Some(pieces), grams: Some(grams), exactness: Exactness::Exact }
    }

    #[must_use]
    pub const fn estimated(self) -> Self {
        Self { exactness: Exactness::Estimated, ..self }
    }

    pub const fn pieces_or_zero(self) -> i64 {
        match self.pieces {
            Some(pieces) => pieces,
            None => 0,
        }
    }

    pub const fn grams_or_zero(self) -> i64 {
        match self.grams {
            Some(grams) => grams,
            None => 0,
        }
    }

    /// No piece and no gram, whether counted as zero or not counted.
    pub const fn is_nothing(self) -> bool {
        self.pieces_or_zero() == 0 && self.grams_or_zero() == 0
    }

    /// Some dimension is below zero: a debt, which no shelf can hold.
    pub const fn is_negative(self) -> bool {
        self.pieces_or_zero() < 0 || self.grams_or_zero() < 0
    }

    /// Within the bounds of one document: no dimension negative or above [`Quantity::MAX`], at least one above zero.
    pub const fn is_plausible(self) -> bool {
        !self.is_negative()
            && !self.is_nothing()
            && self.pieces_or_zero() <= Self::MAX
            && self.grams_or_zero() <= Self::MAX
    }

    /// Both dimensions together; the sum is exact only if both are. `None` when it leaves 64 bits.
    pub fn plus(self, other: Self) -> Option<Self> {
        Some(Self {
            pieces: add(self.pieces, other.pieces).ok()?,
            grams: add(self.grams, other.grams).ok()?,
            exactness: self.exactness.and(other.exactness),
        })
    }

    /// What is left when `other` is taken away; may be negative.
    pub fn minus(self, other: Self) -> Option<Self> {
        self.plus(other.negated()?)
    }

    pub fn negated(self) -> Option<Self> {
        Some(Self { pieces: negate(self.pieces).ok()?, grams: negate(self.grams).ok()?, exactness: self.exactness })
    }

    /// Whether both dimensions of `other` fit into this.
    pub const fn covers(self, other: Self) -> bool {
        self.pieces_or_zero() >= other.pieces_or_zero() && self.grams_or_zero() >= other.grams_or_zero()
    }

    /// Sums any number of quantities.
    pub fn sum(parts: impl IntoIterator<Item = Self>) -> Option<Self> {
        parts.into_iter().try_fold(Self::NONE, Self::plus)
    }

    /// Shares the quantity out by `weights`; the shares add up to it, to the gram and the piece.
    /// Empty when the weights do not say how (none, negative, or all zero).
    pub fn split(self, weights: &[i64]) -> Vec<Self> {
        let by = |whole: Option<i64>| whole.map(|whole| crate::split(whole, weights));
        let (pieces, grams) = (by(self.pieces), by(self.grams));
        if pieces.as_ref().is_some_and(Vec::is_empty) || grams.as_ref().is_some_and(Vec::is_empty) {
            return Vec::new();
        }
        let share = |shares: &Option<Vec<i64>>, at: usize| shares.as_ref().and_then(|shares| shares.get(at).copied());
        (0..weights.len())
            .map(|at| Self { pieces: share(&pieces, at), grams: share(&grams, at), exactness: self.exactness })
            .collect()
    }
}

/// The number leaves 64 bits.
struct TooLarge;

/// A dimension that nobody counted adds nothing.
fn add(a: Option<i64>, b: Option<i64>) -> Result<Option<i64>, TooLarge> {
    match (a, b) {
        (None, None) => Ok(None),
        (Some(one), None) | (None, Some(one)) => Ok(Some(one)),
        (Some(a), Some(b)) => a.checked_add(b).map(Some).ok_or(TooLarge),
    }
}

fn negate(dimension: Option<i64>) -> Result<Option<i64>, TooLarge> {
    match dimension {
        None => Ok(None),
        Some(number) => number.checked_neg().map(Some).ok_or(TooLarge),
    }
}

impl fmt::Display for Quantity {
    /// `3 pcs`, `1250 g`, `3 pcs ~1250 g`: the form that messages carry.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let about = match self.exactness {
            Exactness::Exact => "",
            Exactness::Estimated => "~",
        };
        match (self.pieces, self.grams) {
            (Some(pieces), Some(grams)) => write!(f, "{pieces} pcs {about}{grams} g"),
            (Some(pieces), None) => write!(f, "{about}{pieces} pcs"),
            (None, Some(grams)) => write!(f, "{about}{grams} g"),
            (None, None) => f.write_str("nothing"),
        }
    }
}
