//! Waves, pick tasks and parcels as facts, and what may become of them. Pure: no clock, no database.

use catalog::Gtin;
use kernel::{
    Actor, CustomerOrderId, Instant, LotId, OrderLineId, ParcelId, PickTaskId, PlaceId, Quantity, ReleaseNoteId,
    ReservationId, SiteId, SkuId, TemperatureClass, WaveId, Window,
};
use store::codes;

use super::weight::Target;

codes! {
    WaveState {
        Open = "open",
        /// Its last task is done.
        Finished = "finished",
    }
}

codes! {
    TaskState {
        Open = "open",
        /// All of it is in a tote.
        Picked = "picked",
        /// Some of it, perhaps all, will not be sent.
        Shorted = "shorted",
        /// The rest of it goes on as another task, on another lot.
        Rebound = "rebound",
    }
}

codes! {
    /// Why less was sent than wanted.
    ShortReason {
        NotFound = "not_found",
        Damaged = "damaged",
        Expired = "expired",
        Blocked = "blocked",
        /// Binding found no lot when the order was released; nobody walked for it.
        NoStock = "no_stock",
    }
}

codes! {
    ParcelState {
        Packed = "packed",
        Staged = "staged",
        Loaded = "loaded",
        HandedOver = "handed_over",
        /// Back from a failed attempt, its cold clock unknown until an inspector has looked.
        Returned = "returned",
    }
}

/// A batch of work for one delivery window of one site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wave {
    pub id: WaveId,
    pub site: SiteId,
    pub window: Window,
    pub opened_at: Instant,
    pub tasks_open: i64,
    pub state: WaveState,
    pub revision: i64,
}

/// One walk to one bin, for one order line and one lot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PickTask {
    pub id: PickTaskId,
    pub wave: WaveId,
    pub note: ReleaseNoteId,
    pub order_line: OrderLineId,
    pub sku: SkuId,
    pub lot: LotId,
    pub bin: PlaceId,
    pub reservation: ReservationId,
    pub class: TemperatureClass,
    pub target: Target,
    pub pick_sequence: i64,
    pub picker: Option<Actor>,
    pub tote: Option<PlaceId>,
    pub parcel: Option<ParcelId>,
    pub state: TaskState,
    pub picked: Quantity,
    pub rebound: Quantity,
    pub short: Quantity,
    pub short_reason: Option<ShortReason>,
    pub revision: i64,
}

/// A task that waits for a hand. Only [`OpenTask::of`] makes one, so nothing is picked twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenTask(PickTask);

/// What became of a task: `picked + rebound + short` is what was bound, to the piece; loose goods within tolerance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    pub task: PickTaskId,
    pub revision: i64,
    pub state: TaskState,
    pub picked: Quantity,
    pub rebound: Quantity,
    pub short: Quantity,
    pub short_reason: Option<ShortReason>,
    pub tote: Option<PlaceId>,
}

/// Why a task cannot be worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotWorkable {
    #[error("the task is {}", .state.code())]
    AlreadyDone { state: TaskState },
    #[error("the task is not claimed by this picker")]
    NotClaimed,
}

impl OpenTask {
    /// The task as `picker` may work on it.
    pub fn of(task: PickTask, picker: Actor) -> Result<Self, NotWorkable> {
        match task.state {
            TaskState::Open => {}
            state @ (TaskState::Picked | TaskState::Shorted | TaskState::Rebound) => {
                return Err(NotWorkable::AlreadyDone { state });
            }
        }
        if task.picker != Some(picker) {
            return Err(NotWorkable::NotClaimed);
        }
        Ok(Self(task))
    }

    /// A task whose goods were bound elsewhere before anybody came to it; no picker has to ask for that.
    pub fn lost(task: PickTask) -> Result<Self, NotWorkable> {
        match task.state {
            TaskState::Open => Ok(Self(task)),
            state @ (TaskState::Picked | TaskState::Shorted | TaskState::Rebound) => {
                Err(NotWorkable::AlreadyDone { state })
            }
        }
    }

    pub const fn task(&self) -> &PickTask {
        &self.0
    }

    /// All of it is in `tote`.
    pub fn pick(self, weighed: Quantity, tote: PlaceId) -> Done {
        self.done(TaskState::Picked, weighed, Quantity::NONE, Quantity::NONE, None, Some(tote))
    }

    /// `picked` is in the tote, `missing` of the rest is not sent, and what is left of it goes on elsewhere.
    /// `missing` is in the dimension that is promised.
    pub fn give_up(self, picked: Quantity, tote: Option<PlaceId>, missing: i64, reason: ShortReason) -> Done {
        let target = Target { wanted: self.0.target.rest(picked), ..self.0.target };
        let short = target.part(missing);
        let rebound = target.rest(short);
        if short.is_nothing() {
            return self.done(TaskState::Rebound, picked, rebound, Quantity::NONE, None, tote);
        }
        self.done(TaskState::Shorted, picked, rebound, short, Some(reason), tote)
    }

    fn done(
        self,
        state: TaskState,
        picked: Quantity,
        rebound: Quantity,
        short: Quantity,
        short_reason: Option<ShortReason>,
        tote: Option<PlaceId>,
    ) -> Done {
        let Self(task) = self;
        Done { task: task.id, revision: task.revision, state, picked, rebound, short, short_reason, tote }
    }
}

impl PickTask {
    /// The task after its goods have gone back to their shelf: `missing` of them is not sent, and what is left goes on
    /// elsewhere. Only goods that still lie in a tote can go back.
    pub fn put_back(&self, missing: i64, reason: ShortReason) -> Option<Done> {
        if self.tote.is_none() || self.parcel.is_some() {
            return None;
        }
        let owed = Target { wanted: self.owed_for_picked(), ..self.target };
        let lost = owed.part(missing);
        let short = self.short.plus(lost)?;
        let short_reason = if lost.is_nothing() { self.short_reason } else { Some(reason) };
        Some(Done {
            task: self.id,
            revision: self.revision,
            state: if short_reason.is_some() { TaskState::Shorted } else { TaskState::Rebound },
            picked: Quantity::NONE,
            rebound: self.rebound.plus(owed.rest(lost))?,
            short,
            short_reason,
            tote: None,
        })
    }

    /// What the picked goods stood for: the target without what was short or went elsewhere. A hand that gave a few
    /// grams more did not make the customer want more.
    pub fn owed_for_picked(&self) -> Quantity {
        let gone = self.short.plus(self.rebound).unwrap_or(Quantity::NONE);
        self.target.rest(gone)
    }
}

/// A closed box with a label, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    pub id: ParcelId,
    pub site: SiteId,
    pub note: ReleaseNoteId,
    pub order: CustomerOrderId,
    pub code: String,
    pub class: TemperatureClass,
    pub packaging: String,
    pub net_grams: i64,
    pub gross_grams: i64,
    pub place: PlaceId,
    pub state: ParcelState,
    pub packed_at: Instant,
    pub revision: i64,
}

/// A step that a parcel in this state does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a parcel that is {} cannot be {}", .state.code(), .wanted.code())]
pub struct WrongStep {
    pub state: ParcelState,
    pub wanted: ParcelState,
}

impl Parcel {
    /// The parcel after it has come to `place`, or the reason why it cannot.
    pub fn come_to(self, state: ParcelState, place: PlaceId) -> Result<Self, WrongStep> {
        use ParcelState::{HandedOver, Loaded, Packed, Returned, Staged};
        match (self.state, state) {
            // Staged again is another lane; loaded back to staged is taken off before departure.
            (Packed | Staged | Loaded, Staged) | (Staged, Loaded) | (Loaded, HandedOver | Returned) => {
                Ok(Self { state, place, revision: self.revision.saturating_add(1), ..self })
            }
            (Packed | Staged | HandedOver | Returned, Packed | HandedOver | Returned)
            | (Loaded, Packed | Loaded)
            | (Packed | HandedOver | Returned, Loaded)
            | (HandedOver | Returned, Staged) => Err(WrongStep { state: self.state, wanted: state }),
        }
    }
}

/// Extension digit and GS1 company prefix, from which a site makes its parcel codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SsccPrefix(String);

/// An SSCC has 18 digits: prefix, serial number, check digit.
const SSCC_BODY_DIGITS: usize = 17;

impl SsccPrefix {
    /// `None` unless the prefix has 5 to 13 digits.
    pub fn new(digits: &str) -> Option<Self> {
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        (plain && (5..=13).contains(&digits.len())).then(|| Self(digits.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The code with this serial number; it begins anew when the numbers run out, which GS1 allows after a year.
    pub fn sscc(&self, serial: i64) -> String {
        let width = SSCC_BODY_DIGITS.saturating_sub(self.0.len());
        let numbers = 10_i64.saturating_pow(u32::try_from(width).unwrap_or(u32::MAX));
        let serial = serial.rem_euclid(numbers);
        let body = format!("{}{serial:0width$}", self.0);
        let check = Gtin::check_digit(&body);
        format!("{body}{check}")
    }
}

#[cfg(test)]
mod tests {
    use kernel::{Id, IdSource, Measure, Stamp, UserId};
    use proptest::prelude::*;

    use super::*;

    fn task(measure: Measure, wanted: Quantity) -> PickTask {
        let stamp = Stamp::system(Instant::from_millis(1_790_000_000_000), &IdSource::seeded(1));
        PickTask {
            id: stamp.mint(),
            wave: stamp.mint(),
            note: stamp.mint(),
            order_line: stamp.mint(),
            sku: stamp.mint(),
            lot: stamp.mint(),
            bin: stamp.mint(),
            reservation: stamp.mint(),
            class: TemperatureClass::Chilled,
            target: Target { measure, wanted, tolerance_bp: 300 },
            pick_sequence: 1,
            picker: Some(picker(1)),
            tote: None,
            parcel: None,
            state: TaskState::Open,
            picked: Quantity::NONE,
            rebound: Quantity::NONE,
            short: Quantity::NONE,
            short_reason: None,
            revision: 1,
        }
    }

    fn picker(number: u128) -> Actor {
        Actor::Staff(UserId::from_uuid(store::Uuid::from_u128(number)))
    }

    fn tote() -> PlaceId {
        PlaceId::from_uuid(store::Uuid::from_u128(9))
    }

    #[test]
    fn only_its_picker_works_on_an_open_task() {
        let spinach = task(Measure::Weighed, Quantity::grams(500));
        assert_eq!(OpenTask::of(spinach.clone(), picker(2)), Err(NotWorkable::NotClaimed));
        let picked = PickTask { state: TaskState::Picked, ..spinach };
        let refused = OpenTask::of(picked, picker(1));
        assert_eq!(refused, Err(NotWorkable::AlreadyDone { state: TaskState::Picked }));
    }

    #[test]
    fn what_finds_no_other_lot_is_short() {
        let eggs = OpenTask::of(task(Measure::Counted, Quantity::pieces(6)), picker(1)).unwrap();
        let done = eggs.give_up(Quantity::pieces(2), Some(tote()), 1, ShortReason::Damaged);
        assert_eq!((done.state, done.short), (TaskState::Shorted, Quantity::pieces(1)));
        assert_eq!(done.rebound, Quantity::pieces(3));
    }

    #[test]
    fn what_finds_another_lot_is_not_short() {
        let eggs = OpenTask::of(task(Measure::Counted, Quantity::pieces(6)), picker(1)).unwrap();
        let done = eggs.give_up(Quantity::NONE, None, 0, ShortReason::NotFound);
        assert_eq!((done.state, done.short, done.short_reason), (TaskState::Rebound, Quantity::NONE, None));
    }

    #[test]
    fn a_parcel_code_ends_in_its_check_digit() {
        let prefix = SsccPrefix::new("376104250").unwrap();
        assert_eq!(prefix.sscc(2_123_456), "376104250021234569");
        assert_eq!(prefix.sscc(102_123_456), "376104250021234569");
        assert_eq!(SsccPrefix::new("37A"), None);
    }

    #[test]
    fn a_parcel_takes_no_step_twice() {
        let stamp = Stamp::system(Instant::from_millis(1_790_000_000_000), &IdSource::seeded(1));
        let parcel = Parcel {
            id: stamp.mint(),
            site: stamp.mint(),
            note: stamp.mint(),
            order: stamp.mint(),
            code: "376104250021234569".to_owned(),
            class: TemperatureClass::Frozen,
            packaging: "BOX-F".to_owned(),
            net_grams: 500,
            gross_grams: 900,
            place: tote(),
            state: ParcelState::Packed,
            packed_at: stamp.at,
            revision: 1,
        };
        let refused = parcel.clone().come_to(ParcelState::Loaded, tote());
        assert_eq!(refused, Err(WrongStep { state: ParcelState::Packed, wanted: ParcelState::Loaded }));
        let loaded = parcel.come_to(ParcelState::Staged, tote()).unwrap().come_to(ParcelState::Loaded, tote()).unwrap();
        assert!(loaded.clone().come_to(ParcelState::Loaded, tote()).is_err());
        let back = loaded.come_to(ParcelState::Returned, tote()).unwrap();
        assert!(back.come_to(ParcelState::Loaded, tote()).is_err());
    }

    proptest! {
        /// However a task ends, nothing that was bound is forgotten: picked + rebound + short = bound.
        #[test]
        fn nothing_bound_is_forgotten(
            bound in 1..500_i64,
            picked in 0..500_i64,
            missing in 0..500_i64,
            measure in prop::sample::select(vec![Measure::Counted, Measure::Weighed, Measure::CatchWeight]),
        ) {
            let picked = picked.min(bound);
            let missing = missing.min(bound - picked);
            let of = |number: i64| match (number, measure) {
                (0, _) => Quantity::NONE,
                (number, Measure::Weighed) => Quantity::grams(number),
                (number, Measure::Counted) => Quantity::pieces(number),
                (number, Measure::CatchWeight) => Quantity::weighing(number, number * 700),
            };
            let open = OpenTask::of(task(measure, of(bound)), picker(1)).unwrap();
            let done = open.give_up(of(picked), Some(tote()), missing, ShortReason::NotFound);
            let sum = Quantity::sum([done.picked, done.rebound, done.short]).unwrap();
            prop_assert_eq!(sum, of(bound));
            prop_assert_eq!(measure.promised(done.short), missing);
            prop_assert_eq!(done.state == TaskState::Shorted, missing > 0);
        }
    }
}
