//! The words of planning: what is to be delivered, by what and by whom, and how a run goes through its states.

use catalog::Position;
use kernel::{
    CourierId, CustomerId, CustomerOrderId, Id, Instant, Money, PlaceId, RunId, SiteId, StopId, TemperatureClass,
    VehicleId, Window,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::travel::{Shortfall, TravelSource};

/// One courier's time at the wheel of one vehicle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct ShiftId(Uuid);

impl Id for ShiftId {
    const NOUN: &'static str = "shift";

    fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    fn uuid(self) -> Uuid {
        self.0
    }
}

impl std::fmt::Display for ShiftId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

store::ids!(ShiftId);

codes! {
    /// What moves, and so how fast.
    VehicleKind {
        Van = "van",
        Truck = "truck",
        Motorcycle = "motorcycle",
        CargoBike = "cargo_bike",
    }
    VehicleState {
        InService = "in_service",
        Withdrawn = "withdrawn",
    }
    /// What a stop asks of vehicle and courier beyond room.
    Skill {
        /// Frozen goods: a vehicle that keeps them so, and a courier with the `frozen_handling` certificate.
        Frozen = "frozen",
        /// Pallets and roll cages at a shop's dock.
        BusinessDock = "business_dock",
        /// Goods that are sold to adults only.
        AgeCheck = "age_check",
    }
    ShiftState {
        Open = "open",
        Cancelled = "cancelled",
    }
    RunState {
        Planned = "planned",
        Loading = "loading",
        Departed = "departed",
        Finished = "finished",
        Cancelled = "cancelled",
    }
    StopState {
        Planned = "planned",
        Arrived = "arrived",
        HandedOver = "handed_over",
        Failed = "failed",
        /// Taken off its run before the courier came: planned anew, left behind, or its order called off.
        Withdrawn = "withdrawn",
    }
}

impl VehicleKind {
    /// City speed with its traffic lights; a road map with live speeds takes this over later.
    pub const fn metres_per_minute(self) -> i64 {
        match self {
            Self::Van => 350,
            Self::Truck => 300,
            Self::Motorcycle => 400,
            Self::CargoBike => 200,
        }
    }

    /// Whether its driver needs a licence.
    pub const fn licence(self) -> Licence {
        match self {
            Self::Van | Self::Truck | Self::Motorcycle => Licence::Needed,
            Self::CargoBike => Licence::NotNeeded,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Licence {
    Needed,
    NotNeeded,
}

/// Room, or what takes it, of one temperature class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    #[schema(minimum = 0, maximum = 50_000_000)]
    pub grams: i64,
    #[schema(minimum = 0, maximum = 10_000)]
    pub crates: i64,
}

/// Room, or what takes it, by temperature class: the classes of a van are boxes of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Cargo {
    #[serde(default)]
    pub ambient: Hold,
    #[serde(default)]
    pub chilled: Hold,
    #[serde(default)]
    pub frozen: Hold,
}

impl Cargo {
    pub const GRAMS_MAX: i64 = 50_000_000;
    pub const CRATES_MAX: i64 = 10_000;

    pub const fn of(self, class: TemperatureClass) -> Hold {
        match class {
            TemperatureClass::Ambient => self.ambient,
            TemperatureClass::Chilled => self.chilled,
            TemperatureClass::Frozen => self.frozen,
        }
    }

    pub const fn grams(self) -> i64 {
        self.ambient.grams + self.chilled.grams + self.frozen.grams
    }

    pub const fn crates(self) -> i64 {
        self.ambient.crates + self.chilled.crates + self.frozen.crates
    }

    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        const fn both(a: Hold, b: Hold) -> Hold {
            Hold { grams: a.grams + b.grams, crates: a.crates + b.crates }
        }
        Self {
            ambient: both(self.ambient, other.ambient),
            chilled: both(self.chilled, other.chilled),
            frozen: both(self.frozen, other.frozen),
        }
    }

    /// Whether all of it finds room in `capacity`, class by class.
    pub fn fits(self, capacity: Self) -> bool {
        TemperatureClass::ALL.into_iter().all(|class| {
            let (needs, room) = (self.of(class), capacity.of(class));
            needs.grams <= room.grams && needs.crates <= room.crates
        })
    }

    /// Whether something of it is frozen.
    pub const fn is_frozen(self) -> bool {
        self.frozen.grams > 0 || self.frozen.crates > 0
    }
}

/// Where the courier rings, as the customer left it with the order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Door {
    pub name: String,
    pub phone: String,
    pub address: String,
    pub note: String,
}

/// One order that waits for a place on a run. `flows` makes it from what `orders` knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drop {
    pub order: CustomerOrderId,
    pub customer: CustomerId,
    /// `None` when nobody has found the address on the map; such a drop is named as not located, never lost.
    pub position: Option<Position>,
    /// The window that the customer was promised last.
    pub window: Window,
    /// The window that was promised first, by which couriers and indicators are judged.
    pub first_promise: Window,
    pub cargo: Cargo,
    /// Beyond `Frozen`, which follows from the cargo.
    pub skills: Vec<Skill>,
    /// Minutes at the door where experience knows better than the rule.
    pub service_minutes: Option<i64>,
    pub door: Door,
}

/// Parking, lift and signature.
pub const SERVICE_BASE_MS: i64 = 180_000;
/// Carrying: six seconds a kilogram.
pub const SERVICE_MS_PER_KILO: i64 = 6_000;
/// Nobody plans more than this at one door by rule.
pub const SERVICE_MAX_MS: i64 = 1_800_000;

impl Drop {
    /// How long the courier will be at the door.
    pub fn service_ms(&self) -> i64 {
        match self.service_minutes {
            Some(minutes) => minutes.clamp(0, 240) * 60_000,
            None => (SERVICE_BASE_MS + self.cargo.grams() / 1000 * SERVICE_MS_PER_KILO).min(SERVICE_MAX_MS),
        }
    }

    /// All skills that the stop asks for, sorted.
    pub fn needs(&self) -> Vec<Skill> {
        let mut skills = self.skills.clone();
        if self.cargo.is_frozen() {
            skills.push(Skill::Frozen);
        }
        skills.sort_unstable();
        skills.dedup();
        skills
    }
}

/// Why a drop is on no run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum UnassignedReason {
    /// No shift of a courier who may work overlaps the window.
    NoVehicle,
    /// Nobody knows where the door is.
    AddressNotLocated,
    /// No shift has this skill together with the others that the stop needs.
    SkillMissing { skill: Skill },
    /// Even an empty vehicle could not take it.
    LargerThanAnyVehicle,
    /// Even straight from the depot nobody arrives before the window ends.
    WindowUnreachable,
    /// It could be reached in time, but the shift would end before the courier is back.
    ShiftOver,
    /// Every vehicle that could go is full.
    CapacityFull,
    /// There is room, but no courier has the time beside the other stops.
    NoTimeLeft,
}

impl UnassignedReason {
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoVehicle => "no_vehicle",
            Self::AddressNotLocated => "address_not_located",
            Self::SkillMissing { .. } => "skill_missing",
            Self::LargerThanAnyVehicle => "larger_than_any_vehicle",
            Self::WindowUnreachable => "window_unreachable",
            Self::ShiftOver => "shift_over",
            Self::CapacityFull => "capacity_full",
            Self::NoTimeLeft => "no_time_left",
        }
    }

    pub const fn skill(self) -> Option<Skill> {
        match self {
            Self::SkillMissing { skill } => Some(skill),
            Self::NoVehicle
            | Self::AddressNotLocated
            | Self::LargerThanAnyVehicle
            | Self::WindowUnreachable
            | Self::ShiftOver
            | Self::CapacityFull
            | Self::NoTimeLeft => None,
        }
    }

    /// Reads back what [`UnassignedReason::code`] and [`UnassignedReason::skill`] filed.
    pub fn from_filed(code: &str, skill: Option<Skill>) -> Option<Self> {
        match (code, skill) {
            ("no_vehicle", None) => Some(Self::NoVehicle),
            ("address_not_located", None) => Some(Self::AddressNotLocated),
            ("skill_missing", Some(skill)) => Some(Self::SkillMissing { skill }),
            ("larger_than_any_vehicle", None) => Some(Self::LargerThanAnyVehicle),
            ("window_unreachable", None) => Some(Self::WindowUnreachable),
            ("shift_over", None) => Some(Self::ShiftOver),
            ("capacity_full", None) => Some(Self::CapacityFull),
            ("no_time_left", None) => Some(Self::NoTimeLeft),
            _ => None,
        }
    }
}

/// A drop that is on no run, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Unassigned {
    pub order: CustomerOrderId,
    pub reason: UnassignedReason,
}

/// When a courier will be at the door, and how sure that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Eta {
    pub at: Instant,
    pub earliest: Instant,
    pub latest: Instant,
}

/// No arrival is known to less than this either way.
pub const ETA_SPREAD_BASE_MS: i64 = 120_000;
/// Every minute still to go adds so much uncertainty, in percent: traffic, lifts, earlier stops that take longer.
pub const ETA_SPREAD_PERCENT: i64 = 20;

impl Eta {
    /// `at ± (2 min + 20 % of the time from now until then)`: the further away, the wider.
    pub fn seen_from(now: Instant, at: Instant) -> Self {
        let at = at.max(now);
        let spread = ETA_SPREAD_BASE_MS + at.since(now) * ETA_SPREAD_PERCENT / 100;
        Self { at, earliest: at.plus_millis(-spread).max(now), latest: at.plus_millis(spread) }
    }
}

/// A vehicle as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Vehicle {
    pub id: VehicleId,
    pub site: SiteId,
    pub code: String,
    pub kind: VehicleKind,
    pub capacity: Cargo,
    pub skills: Vec<Skill>,
    /// What taking it out costs, before the first kilometre.
    #[schema(value_type = i64)]
    pub cost_per_run: Money,
    #[schema(value_type = i64)]
    pub cost_per_kilometre: Money,
    /// Its place in the stock journal: what is loaded moves there, what is handed over leaves from there.
    pub place: PlaceId,
    pub state: VehicleState,
    pub revision: i64,
}

/// A shift as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Shift {
    pub id: ShiftId,
    pub site: SiteId,
    pub courier: CourierId,
    pub vehicle: VehicleId,
    pub start: Instant,
    pub end: Instant,
    pub state: ShiftState,
}

/// What is known of a run from the moment it is planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunSheet {
    pub id: RunId,
    pub site: SiteId,
    pub window: Window,
    pub shift: ShiftId,
    pub courier: CourierId,
    pub vehicle: VehicleId,
    pub departs_at: Instant,
    pub returns_at: Instant,
    pub metres: i64,
    /// Where metres and times come from.
    pub measured_by: TravelSource,
    pub revision: i64,
}

/// A run. Each state knows what has happened by then; a transition consumes the state before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryRun {
    Planned(RunSheet),
    Loading { sheet: RunSheet, since: Instant },
    Departed { sheet: RunSheet, loading_since: Instant, at: Instant },
    Finished { sheet: RunSheet, loading_since: Instant, departed_at: Instant, at: Instant },
    Cancelled { sheet: RunSheet, at: Instant },
}

/// A run that is in another state than the command needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunIs(pub RunState);

impl DeliveryRun {
    pub const fn sheet(&self) -> &RunSheet {
        match self {
            Self::Planned(sheet)
            | Self::Loading { sheet, .. }
            | Self::Departed { sheet, .. }
            | Self::Finished { sheet, .. }
            | Self::Cancelled { sheet, .. } => sheet,
        }
    }

    pub const fn state(&self) -> RunState {
        match self {
            Self::Planned(_) => RunState::Planned,
            Self::Loading { .. } => RunState::Loading,
            Self::Departed { .. } => RunState::Departed,
            Self::Finished { .. } => RunState::Finished,
            Self::Cancelled { .. } => RunState::Cancelled,
        }
    }

    /// The first scan begins the loading; later scans find it begun.
    pub fn load(self, at: Instant) -> Result<Self, RunIs> {
        match self {
            Self::Planned(sheet) => Ok(Self::Loading { sheet, since: at }),
            loading @ Self::Loading { .. } => Ok(loading),
            other @ (Self::Departed { .. } | Self::Finished { .. } | Self::Cancelled { .. }) => {
                Err(RunIs(other.state()))
            }
        }
    }

    pub fn depart(self, at: Instant) -> Result<Self, RunIs> {
        match self {
            Self::Loading { sheet, since } => Ok(Self::Departed { sheet, loading_since: since, at }),
            other @ (Self::Planned(_) | Self::Departed { .. } | Self::Finished { .. } | Self::Cancelled { .. }) => {
                Err(RunIs(other.state()))
            }
        }
    }

    pub fn finish(self, at: Instant) -> Result<Self, RunIs> {
        match self {
            Self::Departed { sheet, loading_since, at: departed_at } => {
                Ok(Self::Finished { sheet, loading_since, departed_at, at })
            }
            other @ (Self::Planned(_) | Self::Loading { .. } | Self::Finished { .. } | Self::Cancelled { .. }) => {
                Err(RunIs(other.state()))
            }
        }
    }

    /// Only a run that nobody has begun to load can be called off; later its stops are left behind one by one.
    pub fn cancel(self, at: Instant) -> Result<Self, RunIs> {
        match self {
            Self::Planned(sheet) => Ok(Self::Cancelled { sheet, at }),
            other @ (Self::Loading { .. } | Self::Departed { .. } | Self::Finished { .. } | Self::Cancelled { .. }) => {
                Err(RunIs(other.state()))
            }
        }
    }
}

/// A plan as it stands after it was kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Plan {
    pub site: SiteId,
    pub window: Window,
    pub runs: Vec<PlannedRun>,
    pub unassigned: Vec<Unassigned>,
    /// Orders of the request that are on a run which is being loaded or on the road; they stay there.
    pub under_way: Vec<CustomerOrderId>,
    /// Shifts that could not be used, and why.
    pub left_out: Vec<ShiftLeftOut>,
    /// What the plan had to do without; empty when all went as the settings ask.
    #[serde(default)]
    pub shortfalls: Vec<Shortfall>,
    /// To be shown with the plan when runs of it are planned by roads.
    #[serde(default)]
    pub attribution: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlannedRun {
    pub run: RunId,
    pub courier: CourierId,
    pub vehicle: VehicleId,
    pub departs_at: Instant,
    pub returns_at: Instant,
    pub metres: i64,
    /// Where metres and times come from.
    #[serde(default)]
    pub measured_by: TravelSource,
    pub stops: Vec<PlannedStop>,
}

impl PlannedRun {
    /// A run as its plan shows it.
    pub(super) const fn of(sheet: &RunSheet, stops: Vec<PlannedStop>) -> Self {
        Self {
            run: sheet.id,
            courier: sheet.courier,
            vehicle: sheet.vehicle,
            departs_at: sheet.departs_at,
            returns_at: sheet.returns_at,
            metres: sheet.metres,
            measured_by: sheet.measured_by,
            stops,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlannedStop {
    pub stop: StopId,
    pub order: CustomerOrderId,
    pub sequence: i64,
    pub eta: Eta,
}

/// A shift that planning had to leave out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ShiftLeftOut {
    pub shift: ShiftId,
    pub courier: CourierId,
    pub why: crate::couriers::Unfit,
}
