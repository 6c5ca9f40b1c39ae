//! May these goods be used, and for what? The only answer in the system.
//!
//! Everything that lists, promises, binds, picks, packs or ships asks [`usable`], or its one SQL twin below it. The
//! columns that hold dates of life are compared nowhere else; a property test holds the two equal.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Date, Instant, LotId};
use serde::{Deserialize, Serialize};
use store::{StoreError, Tx, args, codes, sql};
use utoipa::ToSchema;

use crate::{
    LedgerRefusal,
    lots::{self, BlockFlag, BlockFlags, Lot, LotState},
};

/// What decides about a lot's use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LotLife {
    pub state: LotState,
    pub flags: BlockFlags,
    /// The first instant at which the goods are no longer usable; none for goods that do not spoil.
    pub usable_until: Option<Instant>,
}

codes! {
    /// What the goods are wanted for.
    #[schema(as = UsePurpose)]
    Purpose {
        /// Shown in the shop.
        List = "list",
        /// Promised to a delivery time, without a lot.
        Promise = "promise",
        /// Chosen for an order line.
        Bind = "bind",
        /// Taken from the shelf.
        Pick = "pick",
        /// Put into a parcel.
        Pack = "pack",
        /// Sent on the road.
        Ship = "ship",
    }
}

impl Purpose {
    /// The blocks that forbid it. A block against sale forbids everything.
    pub const fn forbidden_by(self) -> BlockFlags {
        let flag = match self {
            Self::List | Self::Pack => return BlockFlags::of(BlockFlag::NoSale),
            Self::Promise => BlockFlag::NoPromise,
            Self::Bind | Self::Pick => BlockFlag::NoPick,
            Self::Ship => BlockFlag::NoShip,
        };
        BlockFlags::of(BlockFlag::NoSale).and(BlockFlags::of(flag))
    }
}

/// Why goods may not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, thiserror::Error)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Unusable {
    /// Not yet judged, or judged otherwise than sound.
    #[error("the lot is {state}")]
    NotApproved { state: LotState },
    /// A block forbids this use.
    #[error("blocked: {flags}")]
    Blocked { flags: BlockFlags },
    /// The goods are needed longer than they live.
    #[error("usable only before {until}")]
    LifeTooShort { until: Instant },
}

/// Whether goods of this life may be used for `purpose` at `at`. The end of life is exclusive: a lot that is usable
/// until midnight is usable through the last instant before it, so a label's own day counts in full.
pub fn usable(life: &LotLife, at: Instant, purpose: Purpose) -> Result<(), Unusable> {
    if life.state != LotState::Approved {
        return Err(Unusable::NotApproved { state: life.state });
    }
    let flags = life.flags.common(purpose.forbidden_by());
    if !flags.is_empty() {
        return Err(Unusable::Blocked { flags });
    }
    match life.usable_until {
        Some(until) if until <= at => Err(Unusable::LifeTooShort { until }),
        Some(_) | None => Ok(()),
    }
}

/// The same as SQL, over a table named `l`: `$at` and `$forbidden` are the marks of the instant and of
/// [`Purpose::forbidden_by`].
macro_rules! usable_sql {
    ($at:literal, $forbidden:literal) => {
        concat!(
            "(l.state = 'approved' AND (l.flags & CAST(",
            $forbidden,
            " AS BIGINT)) = 0 AND (l.usable_until IS NULL OR l.usable_until > CAST(",
            $at,
            " AS BIGINT)))"
        )
    };
}
pub(crate) use usable_sql;

sql! {
    /// The twin by itself, for the test that holds it equal.
    TWIN = concat!("SELECT COUNT(*) FROM lot l WHERE l.id = $1 AND ", usable_sql!("$2", "$3"));
    /// Lots of any site whose life has ended and whose state does not say so yet. Served by `lot_by_life`, site by site:
    /// CROSS says that the sites come first.
    pub(crate) RUN_OUT =
        "SELECT l.id FROM site s CROSS JOIN lot l
         WHERE l.site = s.id AND l.state IN ('at_dock', 'approved', 'quarantined') AND l.usable_until <= $1
         ORDER BY l.usable_until, l.id LIMIT $2";
}

/// What the SQL twin says about a lot.
#[doc(hidden)]
pub async fn usable_in_sql(tx: &mut Tx, lot: LotId, at: Instant, purpose: Purpose) -> Result<bool, StoreError> {
    let found: i64 = tx.one(TWIN, args![lot, at, purpose.forbidden_by()]).await?;
    Ok(found == 1)
}

/// Refuses when the lot may not be used for `purpose` at `at`: how pack and ship ask.
pub async fn demand_usable(tx: &mut Tx, lot: LotId, at: Instant, purpose: Purpose) -> Result<(), LedgerRefusal> {
    demand_each_usable(tx, &[(lot, at)], purpose).await
}

/// The same for several lots, each at its own instant, in their order.
pub async fn demand_each_usable(
    tx: &mut Tx,
    wanted: &[(LotId, Instant)],
    purpose: Purpose,
) -> Result<(), LedgerRefusal> {
    let ids: BTreeSet<LotId> = wanted.iter().map(|(lot, _)| *lot).collect();
    let known: BTreeMap<LotId, Lot> = lots::lots(tx, &ids).await?.into_iter().map(|lot| (lot.id, lot)).collect();
    for (id, at) in wanted {
        let lot = known.get(id).ok_or(LedgerRefusal::NoSuchLot)?;
        usable(&lot.life(), *at, purpose).map_err(|why| LedgerRefusal::LotUnusable { lot: lot.code.clone(), why })?;
    }
    Ok(())
}

/// First expiring first: the order in which lots are taken. Goods without an end come last.
pub(crate) fn fefo(life: &LotLife, lot: LotId) -> (Instant, LotId) {
    (life.usable_until.unwrap_or(Instant::MAX), lot)
}

/// Whether a label promises days on which the goods are no longer good.
pub(crate) fn label_outlives(use_by: Date, lives_through: Date) -> bool {
    lives_through < use_by
}

/// The earlier of two ends of life.
pub(crate) fn earlier(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (Some(end), None) | (None, Some(end)) => Some(end),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIDNIGHT: Instant = Instant::from_millis(1_774_800_000_000);

    fn spinach(flags: BlockFlags) -> LotLife {
        LotLife { state: LotState::Approved, flags, usable_until: Some(MIDNIGHT) }
    }

    #[test]
    fn the_label_day_counts_to_its_last_instant() {
        let spinach = spinach(BlockFlags::NONE);
        assert_eq!(usable(&spinach, MIDNIGHT.plus_millis(-1), Purpose::Ship), Ok(()));
        assert_eq!(usable(&spinach, MIDNIGHT, Purpose::Ship), Err(Unusable::LifeTooShort { until: MIDNIGHT }));
    }

    #[test]
    fn a_block_forbids_its_own_use_and_a_stop_of_sale_forbids_all() {
        let early = MIDNIGHT.plus_minutes(-600);
        let no_pick = spinach(BlockFlags::of(BlockFlag::NoPick));
        assert_eq!(usable(&no_pick, early, Purpose::Promise), Ok(()));
        assert!(usable(&no_pick, early, Purpose::Pick).is_err());
        for purpose in Purpose::ALL {
            assert!(usable(&spinach(BlockFlags::of(BlockFlag::NoSale)), early, *purpose).is_err());
        }
    }

    #[test]
    fn salt_never_ends() {
        let salt = LotLife { usable_until: None, ..spinach(BlockFlags::NONE) };
        assert_eq!(usable(&salt, Instant::MAX, Purpose::Promise), Ok(()));
    }
}
