//! Prices per their own base.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Measure, Money, Quantity, Unit, ratio};

/// Which way a remainder goes. Whoever divides says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// Towards minus infinity.
    Down,
    /// Towards plus infinity.
    Up,
    /// To the nearest, halves away from zero.
    HalfUp,
}

/// Money for a base amount of goods: NT$60 per 台斤, ¥12.80 per 500 g, NT$85 per piece.
///
/// The fraction is never carried out: an amount is `quantity × money ÷ base`, rounded once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Money for one base, tax included where prices are shown to consumers.
    #[schema(value_type = i64, minimum = 0)]
    pub money: Money,
    pub base: Base,
}

/// What the money of a [`Price`] buys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Base {
    Piece,
    /// A unit of weight, exact even when it is 37.5 g.
    Weight(Unit),
}

impl Base {
    /// `piece`, or the unit's code: how tables spell it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Piece => "piece",
            Self::Weight(unit) => unit.code(),
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        if code == "piece" { Some(Self::Piece) } else { Unit::from_code(code).map(Self::Weight) }
    }
}

impl Price {
    pub const fn per_piece(money: Money) -> Self {
        Self { money, base: Base::Piece }
    }

    pub const fn per(unit: Unit, money: Money) -> Self {
        Self { money, base: Base::Weight(unit) }
    }

    /// Whether the base is what goods of this measure are paid by.
    pub const fn suits(self, measure: Measure) -> bool {
        matches!(
            (self.base, measure),
            (Base::Piece, Measure::Counted) | (Base::Weight(_), Measure::Weighed | Measure::CatchWeight)
        )
    }

    /// The amount for `quantity`, rounded once. `None` when it leaves 64 bits.
    pub fn of(self, quantity: Quantity, round: Round) -> Option<Money> {
        let amount = match self.base {
            Base::Piece => quantity.pieces_or_zero().checked_mul(self.money.minor())?,
            Base::Weight(unit) => {
                let grams = unit.grams();
                let dividend = i128::from(quantity.grams_or_zero())
                    .checked_mul(i128::from(self.money.minor()))?
                    .checked_mul(i128::from(grams.denominator()))?;
                ratio::divide(dividend, i128::from(grams.numerator()), round)?
            }
        };
        Some(Money(amount))
    }
}
