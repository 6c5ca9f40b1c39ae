//! Places and stops as somebody enters them.

use edge::{Problem, parse};
use kernel::{PlaceId, SiteId, TemperatureClass, ZoneId};
use ledger::{LotState, PlaceKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A place to be opened.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBin {
    pub site: SiteId,
    /// dock, bin, pick_face, staging or tote; the others open by themselves.
    pub kind: PlaceKind,
    #[schema(min_length = 1, max_length = 20, pattern = "^[A-Za-z0-9._-]+$")]
    pub code: String,
    /// The temperature zone; bins and pick faces have one.
    #[serde(default)]
    pub zone: Option<ZoneId>,
    /// Its rank on the picker's way.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1_000_000)]
    pub pick_sequence: i64,
}

impl NewBin {
    pub fn parse(mut self) -> Result<Self, Problem> {
        self.code = parse::code("code", &self.code, 20)?;
        parse::within("pick_sequence", self.pick_sequence, 0, 1_000_000)?;
        match self.kind {
            PlaceKind::Bin | PlaceKind::PickFace if self.zone.is_none() => {
                Err(Problem::invalid("zone", "a bin lies in a temperature zone"))
            }
            PlaceKind::Dock | PlaceKind::Bin | PlaceKind::PickFace | PlaceKind::Staging | PlaceKind::Tote => Ok(self),
            PlaceKind::Supplier
            | PlaceKind::Vehicle
            | PlaceKind::Customer
            | PlaceKind::Waste
            | PlaceKind::Adjustment
            | PlaceKind::Production => Err(Problem::invalid("kind", "such a place opens by itself when it is needed")),
        }
    }
}

/// A place as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlaceCard {
    pub id: PlaceId,
    pub site: SiteId,
    pub kind: PlaceKind,
    pub code: String,
    pub zone: Option<ZoneId>,
    pub zone_code: Option<String>,
    /// The class of its zone.
    pub class: Option<TemperatureClass>,
    pub pick_sequence: i64,
}

/// Where a page of places begins: behind this rank, code and kind.
pub type PlaceKey = (i64, String, PlaceKind);

/// How a lot is stopped by hand. Receiving rejects, the daily sweep expires, and release is another duty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// For a quality decision 隔離.
    Quarantined,
    /// Called back by supplier, authority or ourselves.
    Recalled,
    /// Judged unfit; goes to waste.
    Condemned,
}

impl From<Stop> for LotState {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Quarantined => Self::Quarantined,
            Stop::Recalled => Self::Recalled,
            Stop::Condemned => Self::Condemned,
        }
    }
}

/// Which way a trace goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// To every customer who has it.
    Forward,
    /// To every supplier it came from.
    Backward,
}

/// A reason as a person gives it.
pub(crate) fn reason(reason: &str) -> Result<String, Problem> {
    parse::text("reason", reason, 3, 200)
}
