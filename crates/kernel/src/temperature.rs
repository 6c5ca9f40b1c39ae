//! Temperatures in tenths of a degree.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Tenths of a degree Celsius: 42 is 4.2 °C. Probes in the trade are no finer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct DeciCelsius(pub i32);

impl DeciCelsius {
    /// Readings outside −90.0…+90.0 °C are a broken probe, not food.
    pub const fn is_plausible(self) -> bool {
        self.0 >= -900 && self.0 <= 900
    }
}

impl fmt::Display for DeciCelsius {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let magnitude = self.0.unsigned_abs();
        write!(f, "{sign}{}.{} °C", magnitude.checked_div(10).unwrap_or(0), magnitude.checked_rem(10).unwrap_or(0))
    }
}

/// How goods must be kept, and so which zone, tote and van they may share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TemperatureClass {
    Ambient,
    Chilled,
    Frozen,
}

impl TemperatureClass {
    pub const ALL: [Self; 3] = [Self::Ambient, Self::Chilled, Self::Frozen];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Ambient => "ambient",
            Self::Chilled => "chilled",
            Self::Frozen => "frozen",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.code() == code)
    }
}
