//! The law of nested lives. Pure.

use std::collections::BTreeMap;

use kernel::{Instant, LotId, PlaceId};

use crate::{
    LotLife, PlaceKind, Purpose, Skip, Unusable,
    usable::{fefo, usable},
};

/// The goods of a shelf that are not bound, and what is promised of them by the time until which it is needed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shelf {
    pub(crate) supplies: Vec<Supply>,
    promised: BTreeMap<Instant, i64>,
}

/// What is free of one lot.
#[derive(Clone, Debug)]
pub(crate) struct Supply {
    pub(crate) lot: LotId,
    pub(crate) life: LotLife,
    pub(crate) spots: Vec<Spot>,
}

/// What is free of one lot in one place.
#[derive(Clone, Debug)]
pub(crate) struct Spot {
    pub(crate) place: PlaceId,
    pub(crate) kind: PlaceKind,
    /// Rank on the picker's way.
    pub(crate) path: i64,
    pub(crate) free: i64,
}

/// So much of a lot in a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) lot: LotId,
    pub(crate) place: PlaceId,
    pub(crate) amount: i64,
}

impl Supply {
    fn free(&self) -> i64 {
        self.spots.iter().map(|spot| spot.free).fold(0, i64::saturating_add)
    }
}

impl Shelf {
    pub(crate) fn new(supplies: Vec<Supply>, promised: impl IntoIterator<Item = (Instant, i64)>) -> Self {
        let mut shelf = Self { supplies, promised: BTreeMap::new() };
        for (needed, amount) in promised {
            shelf.promise(needed, amount);
        }
        shelf
    }

    /// What is free and may be promised to a need at `at`.
    fn free_at(&self, at: Instant) -> i64 {
        let able = self.supplies.iter().filter(|supply| usable(&supply.life, at, Purpose::Promise).is_ok());
        able.map(Supply::free).fold(0, i64::saturating_add)
    }

    fn promised_from(&self, at: Instant) -> i64 {
        self.promised.range(at..).map(|(_, amount)| *amount).fold(0, i64::saturating_add)
    }

    fn slack(&self, at: Instant) -> i64 {
        self.free_at(at).saturating_sub(self.promised_from(at))
    }

    /// How much more can be promised to a need at `at`. A promise for then weighs on every earlier time too: goods
    /// that live that long are no longer there for the others.
    pub(crate) fn available(&self, at: Instant) -> i64 {
        let earlier = self.promised.range(..at).map(|(needed, _)| self.slack(*needed));
        earlier.fold(self.slack(at), i64::min).max(0)
    }

    /// The latest time for which more is promised than is usable then.
    pub(crate) fn breach(&self) -> Option<Instant> {
        self.promised.keys().rev().copied().find(|needed| self.slack(*needed) < 0)
    }

    pub(crate) fn promise(&mut self, needed: Instant, amount: i64) {
        let sum = self.promised.entry(needed).or_default();
        *sum = sum.saturating_add(amount);
    }

    pub(crate) fn withdraw(&mut self, needed: Instant, amount: i64) {
        let sum = self.promised.entry(needed).or_default();
        *sum = sum.saturating_sub(amount);
        if *sum <= 0 {
            self.promised.remove(&needed);
        }
    }

    /// Takes `wanted` of what is usable at `at`, first what expires first, and says which earlier lots it passed over.
    /// Taking the earliest that is good enough never harms another promise: every lot between the two times would
    /// have been taken instead.
    pub(crate) fn take(
        &mut self,
        at: Instant,
        wanted: i64,
        set_aside: Option<LotId>,
    ) -> (Vec<Taken>, Vec<(LotId, Skip)>) {
        let (mut taken, mut skipped) = (Vec::new(), Vec::new());
        let mut left = wanted;
        self.supplies.sort_by_key(|supply| fefo(&supply.life, supply.lot));
        for supply in &mut self.supplies {
            if left <= 0 {
                break;
            }
            let why = if set_aside == Some(supply.lot) {
                Some(Skip::SetAside)
            } else {
                usable(&supply.life, at, Purpose::Bind).err().map(Skip::from)
            };
            if let Some(why) = why {
                skipped.push((supply.lot, why));
                continue;
            }
            // Pick faces before storage, and then along the picker's way.
            supply.spots.sort_by_key(|spot| (spot.kind != PlaceKind::PickFace, spot.path, spot.place));
            for spot in &mut supply.spots {
                let amount = spot.free.min(left);
                if amount > 0 {
                    spot.free = spot.free.saturating_sub(amount);
                    left = left.saturating_sub(amount);
                    taken.push(Taken { lot: supply.lot, place: spot.place, amount });
                }
            }
        }
        (taken, skipped)
    }
}

impl From<Unusable> for Skip {
    fn from(why: Unusable) -> Self {
        match why {
            Unusable::NotApproved { .. } => Self::NotApproved,
            Unusable::Blocked { .. } => Self::Blocked,
            Unusable::LifeTooShort { .. } => Self::LifeTooShort,
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::Id;
    use uuid::Uuid;

    use super::*;
    use crate::{BlockFlag, BlockFlags, LotState};

    const TODAY: Instant = Instant::from_millis(1_000);
    const TOMORROW: Instant = Instant::from_millis(2_000);

    fn milk(nth: u128, until: impl Into<Option<Instant>>, free: i64) -> Supply {
        Supply {
            lot: LotId::from_uuid(Uuid::from_u128(nth)),
            life: LotLife { state: LotState::Approved, flags: BlockFlags::NONE, usable_until: until.into() },
            spots: vec![Spot { place: PlaceId::from_uuid(Uuid::nil()), kind: PlaceKind::Bin, path: 0, free }],
        }
    }

    const fn after(at: Instant) -> Instant {
        at.plus_millis(1)
    }

    #[test]
    fn short_lived_goods_serve_today_and_not_tomorrow() {
        let mut shelf = Shelf::new(vec![milk(1, after(TODAY), 6), milk(2, after(TOMORROW), 10)], []);
        assert_eq!((shelf.available(TODAY), shelf.available(TOMORROW)), (16, 10));

        shelf.promise(TOMORROW, 10);
        assert_eq!((shelf.available(TODAY), shelf.available(TOMORROW)), (6, 0));

        shelf.promise(TODAY, 6);
        assert_eq!((shelf.available(TODAY), shelf.available(TOMORROW)), (0, 0));
        assert_eq!(shelf.breach(), None);
    }

    #[test]
    fn a_need_today_beyond_the_short_lived_takes_from_tomorrow() {
        let shelf = Shelf::new(vec![milk(1, after(TODAY), 6), milk(2, after(TOMORROW), 10)], [(TODAY, 9)]);
        assert_eq!((shelf.available(TODAY), shelf.available(TOMORROW)), (7, 7));
    }

    /// The vector of the design: A has 10 with three days left, B has 6 with one; 5 are reserved; delivery is tomorrow
    /// and the customer is promised two days. B fails, A leaves 5. (Inbound goods are not promised here.)
    #[test]
    fn goods_that_will_be_too_old_at_the_door_do_not_count() {
        let day = 86_400_000;
        let delivery = Instant::from_millis(day);
        let needed = super::super::needed_until(delivery, 2);
        let a = milk(1, after(Instant::from_millis(3 * day)), 10);
        let b = milk(2, after(Instant::from_millis(day)), 6);
        let shelf = Shelf::new(vec![a, b], [(needed, 5)]);
        assert_eq!(shelf.available(needed), 5);
    }

    #[test]
    fn a_breach_is_found_where_it_is() {
        let shelf = Shelf::new(vec![milk(1, after(TODAY), 6)], [(TODAY, 5), (TOMORROW, 1)]);
        assert_eq!(shelf.breach(), Some(TOMORROW));
    }

    #[test]
    fn what_expires_first_is_taken_first_and_what_is_passed_over_is_named() {
        let mut blocked = milk(3, after(TODAY), 9);
        blocked.life.flags = BlockFlags::of(BlockFlag::NoPick);
        let mut shelf =
            Shelf::new(vec![milk(4, None, 9), milk(1, after(TOMORROW), 4), blocked, milk(2, after(TODAY), 3)], []);
        let (taken, skipped) = shelf.take(TODAY, 8, None);
        let amounts: Vec<_> = taken.iter().map(|taken| (taken.lot.uuid().as_u128(), taken.amount)).collect();
        assert_eq!(amounts, [(2, 3), (1, 4), (4, 1)]);
        assert_eq!(skipped, [(LotId::from_uuid(Uuid::from_u128(3)), Skip::Blocked)]);
    }
}
