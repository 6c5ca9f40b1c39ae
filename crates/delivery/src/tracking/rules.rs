//! A stop and its states, proof of delivery, what a position is worth, and when the courier will be there.

use catalog::Position;
use kernel::{
    CustomerId, CustomerOrderId, DeciCelsius, Instant, ParcelId, PhotoId, RunId, StopId, TemperatureClass, Window,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::planning::{
    Cargo, Eta, StopState,
    distance::{great_circle_metres, road_metres},
};

codes! {
    FailureReason {
        CustomerAbsent = "customer_absent",
        WrongAddress = "wrong_address",
        Refused = "refused",
        Damaged = "damaged",
    }
    /// What happens to an order after a failed attempt.
    NextStep {
        /// The courier comes again at the end of the same run.
        TryAgainLater = "try_again_later",
        BackToWarehouse = "back_to_warehouse",
    }
    ProofKind {
        Code = "code",
        Signature = "signature",
        Photo = "photo",
    }
    #[schema(as = ParcelOnTheRoad)]
    ParcelState {
        Expected = "expected",
        Loaded = "loaded",
        LeftBehind = "left_behind",
        HandedOver = "handed_over",
        Returned = "returned",
    }
    /// One link of the chain of custody.
    CustodyStep {
        Loaded = "loaded",
        LeftBehind = "left_behind",
        HandedOver = "handed_over",
        Returned = "returned",
    }
    /// What a position is worth.
    Quality {
        Good = "good",
        /// Nobody drives that fast: a spoofed or a lost receiver.
        Teleport = "teleport",
        /// The phone's clock is ahead of ours.
        ClockAhead = "clock_ahead",
    }
    Punctuality {
        Early = "early",
        OnTime = "on_time",
        Late = "late",
    }
}

/// What is known of a stop from the moment it is planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StopSheet {
    pub id: StopId,
    pub run: RunId,
    pub sequence: i64,
    pub order: CustomerOrderId,
    pub customer: CustomerId,
    /// 1 for the first time that this order is driven to its door.
    pub attempt: i64,
    pub position: Position,
    pub window: Window,
    pub first_promise: Window,
    pub cargo: Cargo,
    pub service_ms: i64,
    pub eta: Eta,
    pub revision: i64,
}

/// A stop. Each state knows what has happened by then; a transition consumes the state before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    Planned(StopSheet),
    Arrived { sheet: StopSheet, at: Instant },
    HandedOver { sheet: StopSheet, arrived_at: Instant, at: Instant, hand_over: HandOver },
    Failed { sheet: StopSheet, arrived_at: Option<Instant>, at: Instant, failure: Failure },
    Withdrawn { sheet: StopSheet, at: Instant },
}

/// A stop that is in another state than the command needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StopIs(pub StopState);

impl Stop {
    pub const fn sheet(&self) -> &StopSheet {
        match self {
            Self::Planned(sheet)
            | Self::Arrived { sheet, .. }
            | Self::HandedOver { sheet, .. }
            | Self::Failed { sheet, .. }
            | Self::Withdrawn { sheet, .. } => sheet,
        }
    }

    pub const fn state(&self) -> StopState {
        match self {
            Self::Planned(_) => StopState::Planned,
            Self::Arrived { .. } => StopState::Arrived,
            Self::HandedOver { .. } => StopState::HandedOver,
            Self::Failed { .. } => StopState::Failed,
            Self::Withdrawn { .. } => StopState::Withdrawn,
        }
    }

    pub fn arrive(self, at: Instant) -> Result<Self, StopIs> {
        match self {
            Self::Planned(sheet) => Ok(Self::Arrived { sheet, at }),
            other @ (Self::Arrived { .. } | Self::HandedOver { .. } | Self::Failed { .. } | Self::Withdrawn { .. }) => {
                Err(StopIs(other.state()))
            }
        }
    }

    pub fn hand_over(self, at: Instant, hand_over: HandOver) -> Result<Self, StopIs> {
        match self {
            Self::Arrived { sheet, at: arrived_at } => Ok(Self::HandedOver { sheet, arrived_at, at, hand_over }),
            other @ (Self::Planned(_) | Self::HandedOver { .. } | Self::Failed { .. } | Self::Withdrawn { .. }) => {
                Err(StopIs(other.state()))
            }
        }
    }

    /// An attempt may fail before the door is reached: an address that does not exist, a crate that fell.
    pub fn fail(self, at: Instant, failure: Failure) -> Result<Self, StopIs> {
        match self {
            Self::Planned(sheet) => Ok(Self::Failed { sheet, arrived_at: None, at, failure }),
            Self::Arrived { sheet, at: arrived_at } => {
                Ok(Self::Failed { sheet, arrived_at: Some(arrived_at), at, failure })
            }
            other @ (Self::HandedOver { .. } | Self::Failed { .. } | Self::Withdrawn { .. }) => {
                Err(StopIs(other.state()))
            }
        }
    }
}

/// How the customer showed that the goods are theirs now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Proof {
    /// The six digits that only the customer has been told.
    Code {
        #[schema(min_length = 6, max_length = 6, pattern = "^[0-9]{6}$")]
        code: String,
    },
    /// Signed by this name; the picture of the signature, if one was drawn, by its SHA-256.
    Signature {
        #[schema(min_length = 1, max_length = 80)]
        name: String,
        #[serde(default)]
        #[schema(min_length = 64, max_length = 64, pattern = "^[0-9a-f]{64}$")]
        sha256: Option<String>,
    },
    /// Left as agreed, with a picture of the door.
    Photo { photo: PhotoId },
}

impl Proof {
    pub const fn kind(&self) -> ProofKind {
        match self {
            Self::Code { .. } => ProofKind::Code,
            Self::Signature { .. } => ProofKind::Signature,
            Self::Photo { .. } => ProofKind::Photo,
        }
    }
}

/// What the courier enters at the door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOver {
    pub proof: Proof,
    /// Tenths of a degree, measured between two packs.
    #[serde(default)]
    #[schema(value_type = Option<i32>, minimum = -900, maximum = 900)]
    pub door_temperature: Option<DeciCelsius>,
}

impl HandOver {
    pub fn parse(mut self) -> Result<Self, edge::Problem> {
        match &mut self.proof {
            Proof::Code { code } => {
                if code.len() != 6 || !code.bytes().all(|digit| digit.is_ascii_digit()) {
                    return Err(edge::Problem::invalid("proof/code", "six digits belong here"));
                }
            }
            Proof::Signature { name, sha256 } => {
                *name = edge::parse::text("proof/name", name, 1, 80)?;
                let hash = |text: &String| {
                    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
                };
                if sha256.as_ref().is_some_and(|text| !hash(text)) {
                    return Err(edge::Problem::invalid("proof/sha256", "64 hexadecimal digits belong here"));
                }
            }
            Proof::Photo { .. } => {}
        }
        if self.door_temperature.is_some_and(|degrees| !degrees.is_plausible()) {
            return Err(edge::Problem::invalid("door_temperature", "a reading lies between -90.0 and 90.0 degrees"));
        }
        Ok(self)
    }
}

/// Why an attempt failed, and what happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    pub reason: FailureReason,
    pub next: NextStep,
}

impl Failure {
    /// Whether a second try makes sense: what was refused or damaged is not offered again.
    pub const fn allows_next_step(self) -> bool {
        match (self.reason, self.next) {
            (FailureReason::Refused | FailureReason::Damaged, NextStep::TryAgainLater) => false,
            (FailureReason::CustomerAbsent | FailureReason::WrongAddress, NextStep::TryAgainLater)
            | (_, NextStep::BackToWarehouse) => true,
        }
    }
}

/// Whether a hand-over kept its window.
pub fn punctuality(at: Instant, window: Window) -> Punctuality {
    if at < window.start() {
        Punctuality::Early
    } else if at <= window.end() {
        Punctuality::OnTime
    } else {
        Punctuality::Late
    }
}

/// A packed parcel that is to be loaded with its order. `flows` tells it when the release note closes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedParcel {
    pub parcel: ParcelId,
    pub label: String,
    pub class: TemperatureClass,
    pub grams: i64,
}

/// A parcel, or all parcels of an order that are not loaded, that stay at the dock although their run leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeftBehind {
    pub order: CustomerOrderId,
    /// Absent: whatever of the order is not loaded.
    #[serde(default)]
    pub parcel: Option<ParcelId>,
    #[schema(min_length = 1, max_length = 200)]
    pub reason: String,
}

/// One position of a courier, as the phone measured it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Fix {
    /// Counted by the phone from the beginning of the run; says which positions are duplicates.
    #[schema(minimum = 0, maximum = 1_000_000)]
    pub sequence: i64,
    pub at: Instant,
    pub position: Position,
    #[schema(minimum = 0, maximum = 100_000)]
    pub accuracy_metres: i64,
}

/// 150 km/h: a city van that is faster is not where it says.
pub const TELEPORT_METRES_PER_MINUTE: i64 = 2_500;
/// Receivers stray this far between streets of high houses.
pub const STRAY_METRES: i64 = 300;
/// Phones are set by hand now and then.
pub const CLOCK_AHEAD_MS: i64 = 300_000;

/// What a position is worth, next to the last good one before it.
pub fn quality(fix: &Fix, before: Option<(Instant, Position)>, now: Instant) -> Quality {
    if fix.at > now.plus_millis(CLOCK_AHEAD_MS) {
        return Quality::ClockAhead;
    }
    let Some((at, from)) = before else { return Quality::Good };
    let possible = STRAY_METRES + fix.accuracy_metres + fix.at.since(at).max(0) * TELEPORT_METRES_PER_MINUTE / 60_000;
    if great_circle_metres(from, fix.position) > possible { Quality::Teleport } else { Quality::Good }
}

/// Where and when the rest of a run begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Onward {
    pub from: Position,
    pub at: Instant,
}

/// When the courier will be at each of the stops that are left, in their sequence: driving, waiting for windows to
/// open, and service, one after the other; each with the interval of [`Eta::seen_from`].
pub fn etas(onward: Onward, now: Instant, metres_per_minute: i64, stops: &[StopSheet]) -> Vec<Eta> {
    let Onward { mut from, mut at } = onward;
    at = at.max(now);
    let mut etas = Vec::with_capacity(stops.len());
    for stop in stops {
        let driving = road_metres(from, stop.position) * 60_000 / metres_per_minute.max(1);
        let eta = Eta::seen_from(now, at.plus_millis(driving).max(stop.window.start()));
        at = eta.at.plus_millis(stop.service_ms);
        from = stop.position;
        etas.push(eta);
    }
    etas
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(latitude_microdegrees: i64) -> Position {
        Position { latitude_microdegrees, longitude_microdegrees: 121_500_000 }
    }

    fn fix(minute: i64, latitude: i64) -> Fix {
        Fix { sequence: minute, at: Instant::from_millis(minute * 60_000), position: at(latitude), accuracy_metres: 20 }
    }

    #[test]
    fn a_jump_across_the_city_in_a_minute_is_flagged_and_a_drive_is_not() {
        let (start, now) = ((Instant::from_millis(0), at(25_000_000)), Instant::from_millis(3_600_000));

        // 0.01° of latitude are 1,112 m.
        assert_eq!(quality(&fix(1, 25_010_000), Some(start), now), Quality::Good);
        assert_eq!(quality(&fix(1, 25_090_000), Some(start), now), Quality::Teleport);
        assert_eq!(quality(&fix(10, 25_090_000), Some(start), now), Quality::Good);
        assert_eq!(quality(&fix(90, 25_000_000), Some(start), now), Quality::ClockAhead);
    }

    #[test]
    fn an_interval_widens_with_the_distance() {
        let now = Instant::from_millis(0);
        let width = |minutes| {
            let eta = Eta::seen_from(now, now.plus_minutes(minutes));
            eta.latest.since(eta.at)
        };

        assert_eq!(width(0), 120_000);
        assert_eq!(width(60), 120_000 + 720_000);
    }

    #[test]
    fn what_was_refused_is_not_offered_again() {
        let failure = |reason, next| Failure { reason, next }.allows_next_step();

        assert!(!failure(FailureReason::Refused, NextStep::TryAgainLater));
        assert!(!failure(FailureReason::Damaged, NextStep::TryAgainLater));
        assert!(failure(FailureReason::CustomerAbsent, NextStep::TryAgainLater));
        assert!(FailureReason::ALL.iter().all(|reason| failure(*reason, NextStep::BackToWarehouse)));
    }
}
