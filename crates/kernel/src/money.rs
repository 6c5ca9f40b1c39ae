//! Money in minor units.

use std::{
    fmt,
    iter::Sum,
    ops::{Add, AddAssign, Neg, Sub, SubAssign},
};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An amount in the smallest unit of its site's currency: whole dollars in TWD, cents (分) in CNY.
///
/// The currency is not in the number. A document belongs to one site, a site trades in one currency, and
/// the document says which; two currencies never meet in one sum because two sites never meet in one document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct Money(pub i64);

impl Money {
    pub const ZERO: Self = Self(0);
    /// Larger amounts are refused at the door, so that sums of millions of them stay inside 64 bits.
    pub const MAX: Self = Self(1_000_000_000_000);

    pub const fn minor(self) -> i64 {
        self.0
    }

    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// `self × basis points ÷ 10,000`, rounded half up: a 5 % tax, a 2 % tolerance.
    #[must_use]
    pub fn basis_points(self, basis_points: i64) -> Self {
        let product = i128::from(self.0).saturating_mul(i128::from(basis_points));
        Self(crate::ratio::divide(product, 10_000, crate::Round::HalfUp).unwrap_or(i64::MAX))
    }

    /// The amount with its currency's decimal point: `NT$1,234` is `1234`, `¥12.34` is `12.34`.
    pub fn display(self, currency: Currency) -> String {
        let exponent = currency.exponent();
        if exponent == 0 {
            return format!("{} {}", currency.code(), self.0);
        }
        let scale = 10_u64.saturating_pow(exponent);
        let magnitude = self.0.unsigned_abs();
        let whole = magnitude.checked_div(scale).unwrap_or(0);
        let part = magnitude.checked_rem(scale).unwrap_or(0);
        let sign = if self.0 < 0 { "-" } else { "" };
        let width = usize::try_from(exponent).unwrap_or(2);
        format!("{} {sign}{whole}.{part:0width$}", currency.code())
    }
}

/// The currencies that the site profiles trade in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    /// 新臺幣. Shown and charged in whole dollars.
    Twd,
    /// 人民幣, in 分.
    Cny,
}

impl Currency {
    /// Decimal places of the minor unit.
    pub const fn exponent(self) -> u32 {
        match self {
            Self::Twd => 0,
            Self::Cny => 2,
        }
    }

    pub const fn code(self) -> &'static str {
        match self {
            Self::Twd => "TWD",
            Self::Cny => "CNY",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Twd, Self::Cny].into_iter().find(|currency| currency.code() == code)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

// Amounts are bounded to 10^12 at the door: nine million of the largest would be needed to leave 64 bits,
// and the overflow check of the build would still stop the sum rather than wrap it.
#[expect(clippy::arithmetic_side_effects, reason = "bounded by Money::MAX at the door")]
mod sums {
    use super::{Add, AddAssign, Money, Neg, Sub, SubAssign, Sum};

    impl Add for Money {
        type Output = Self;
        fn add(self, other: Self) -> Self {
            Self(self.0 + other.0)
        }
    }

    impl AddAssign for Money {
        fn add_assign(&mut self, other: Self) {
            self.0 += other.0;
        }
    }

    impl Sub for Money {
        type Output = Self;
        fn sub(self, other: Self) -> Self {
            Self(self.0 - other.0)
        }
    }

    impl SubAssign for Money {
        fn sub_assign(&mut self, other: Self) {
            self.0 -= other.0;
        }
    }

    impl Neg for Money {
        type Output = Self;
        fn neg(self) -> Self {
            Self(-self.0)
        }
    }

    impl Sum for Money {
        fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
            amounts.fold(Self::ZERO, Self::add)
        }
    }
}
