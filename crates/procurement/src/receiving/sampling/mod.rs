//! How much of a load must be looked at: ISO 2859-1 (GB/T 2828.1) single sampling, with its switching rules.
//!
//! The three printed master tables are one rule seen thrice: along each diagonal of the table the acceptance number
//! is the same, and an arrow leads to the next cell of its column that holds a number. `plan` walks that rule;
//! `switching` decides which of the three tables a supplier has earned.

mod switching;
mod tables;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use switching::{Conditions, History, LotResult, Severity};

/// How sharply the sample grows with the load. II is the rule; the S levels are for tests that destroy the goods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = InspectionLevel)]
pub enum Level {
    #[serde(rename = "S-1")]
    S1,
    #[serde(rename = "S-2")]
    S2,
    #[serde(rename = "S-3")]
    S3,
    #[serde(rename = "S-4")]
    S4,
    I,
    #[default]
    II,
    III,
}

impl Level {
    const ALL: [Self; 7] = [Self::S1, Self::S2, Self::S3, Self::S4, Self::I, Self::II, Self::III];

    pub const fn code(self) -> &'static str {
        match self {
            Self::S1 => "S-1",
            Self::S2 => "S-2",
            Self::S3 => "S-3",
            Self::S4 => "S-4",
            Self::I => "I",
            Self::II => "II",
            Self::III => "III",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.code() == code)
    }
}

/// An acceptance quality limit: the share of faulty cartons that a supplier may run at. A column of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, pattern = "^[0-9.]{1,5}$", example = "1.0")]
pub struct Aql(usize);

/// What to draw and what to tolerate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = SamplingPlan)]
pub struct Plan {
    /// The row of the table that the plan was read from; an arrow may have led away from the load's own letter.
    pub letter: char,
    /// Units to draw.
    pub sample: i64,
    /// The load passes with up to this many faulty units in the sample.
    pub accept: i64,
    /// Whether the sample is the whole load.
    pub coverage: Coverage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SampleCoverage)]
pub enum Coverage {
    Sample,
    WholeLoad,
}

impl Plan {
    /// Whether so many faulty units in the sample still pass.
    pub const fn accepts(self, faulty: i64) -> bool {
        faulty <= self.accept
    }
}

impl Aql {
    /// 1.0 and 4.0: what the food trade runs at for faults of either class.
    pub const MAJOR: Self = Self(10);
    pub const MINOR: Self = Self(13);

    /// Reads a column's heading, such as `1.0` or `0.65`.
    pub fn from_code(code: &str) -> Option<Self> {
        tables::AQLS.iter().position(|aql| *aql == code).map(Self)
    }

    pub fn code(self) -> &'static str {
        tables::AQLS.get(self.0).copied().unwrap_or_default()
    }

    /// The next stricter column; the strictest has none.
    pub fn tighter(self) -> Option<Self> {
        self.0.checked_sub(1).map(Self)
    }
}

impl TryFrom<String> for Aql {
    type Error = String;

    fn try_from(code: String) -> Result<Self, String> {
        Self::from_code(&code).ok_or_else(|| format!("{code} is no acceptance quality limit of the tables"))
    }
}

impl From<Aql> for String {
    fn from(aql: Aql) -> Self {
        aql.code().to_owned()
    }
}

store::coded!(Aql, Conditions, Level, Severity);

/// The plan for a load of `units`. A load of one unit is inspected whole, as the smallest of the table.
pub fn plan(units: i64, level: Level, aql: Aql, severity: Severity) -> Plan {
    let row = tables::resolve(tables::letter(units, level), aql.0, severity);
    let coverage = if row.sample >= units { Coverage::WholeLoad } else { Coverage::Sample };
    Plan { letter: row.letter, sample: row.sample.min(units), accept: row.accept, coverage }
}

/// The plan that the switching score is measured against: the next tighter column of the normal table.
pub fn stricter(units: i64, level: Level, aql: Aql) -> Option<Plan> {
    aql.tighter().map(|tighter| plan(units, level, tighter, Severity::Normal))
}

#[cfg(test)]
mod tests;
