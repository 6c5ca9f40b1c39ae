//! Binding: lots are chosen when the wave is released, first what expires first.

use std::collections::BTreeSet;

use ::store::{Tx, codes};
use kernel::{Instant, LotId, Quantity, ReservationId, Stamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Bound, Reservation, ReservationState, bounds_of, release, reservation, store};
use crate::{
    LedgerRefusal, quantities,
    shelf::{self, Shelf, Taken},
};

codes! {
    /// Why a lot that would have run out sooner was not taken.
    Skip {
        NotApproved = "not_approved",
        Blocked = "blocked",
        LifeTooShort = "life_too_short",
        /// The picker found it unfit or missing.
        SetAside = "set_aside",
    }
}

/// A lot that was passed over, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Skipped {
    pub lot: LotId,
    pub why: Skip,
}

/// What binding a reservation came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Binding {
    pub reservation: Reservation,
    /// Everything that is now bound to it.
    pub bounds: Vec<Bound>,
    pub skipped: Vec<Skipped>,
    /// What the shelf could not give; none when it gave all.
    pub short: Option<Quantity>,
}

enum Shortfall {
    Refuse,
    Accept,
}

/// Binds all that is open of a reservation to lots, or refuses. Binding what is bound already changes nothing.
pub async fn bind(tx: &mut Tx, stamp: &Stamp, id: ReservationId) -> Result<Binding, LedgerRefusal> {
    choose_one(tx, stamp, id, None, &Shortfall::Refuse).await
}

/// Binds what there is; the rest of the reservation is given up, and `short` says how much.
pub async fn bind_what_there_is(tx: &mut Tx, stamp: &Stamp, id: ReservationId) -> Result<Binding, LedgerRefusal> {
    choose_one(tx, stamp, id, None, &Shortfall::Accept).await
}

/// The same for several reservations, one after the other in their order, with a few questions for all of them.
pub async fn bind_each(tx: &mut Tx, stamp: &Stamp, ids: &[ReservationId]) -> Result<Vec<Binding>, LedgerRefusal> {
    choose(tx, stamp, ids, None, &Shortfall::Accept).await
}

/// Takes a reservation off a lot that the picker found unfit or missing, and binds what other lots can give.
pub async fn rebind_excluding(
    tx: &mut Tx,
    stamp: &Stamp,
    id: ReservationId,
    lot: LotId,
) -> Result<Binding, LedgerRefusal> {
    let known = reservation(tx, id).await?;
    shelf::lock(tx, &BTreeSet::from([(known.site, known.sku)])).await?;
    for bound in bounds_of(tx, id).await?.into_iter().filter(|bound| bound.lot == lot) {
        let known = reservation(tx, id).await?;
        release::undo(tx, stamp, known, &bound).await?;
    }
    choose_one(tx, stamp, id, Some(lot), &Shortfall::Accept).await
}

/// The lots that were passed over for a reservation.
pub async fn skipped(tx: &mut Tx, reservation: ReservationId) -> Result<Vec<Skipped>, LedgerRefusal> {
    let found = store::skipped(tx, reservation).await?;
    Ok(found.into_iter().map(|(lot, why)| Skipped { lot, why }).collect())
}

async fn choose_one(
    tx: &mut Tx,
    stamp: &Stamp,
    id: ReservationId,
    set_aside: Option<LotId>,
    shortfall: &Shortfall,
) -> Result<Binding, LedgerRefusal> {
    let mut bindings = choose(tx, stamp, &[id], set_aside, shortfall).await?;
    bindings.pop().ok_or(LedgerRefusal::NoSuchReservation)
}

/// Reads everything under the locks of the shelves, chooses, and writes.
async fn choose(
    tx: &mut Tx,
    stamp: &Stamp,
    ids: &[ReservationId],
    set_aside: Option<LotId>,
    shortfall: &Shortfall,
) -> Result<Vec<Binding>, LedgerRefusal> {
    let keys: BTreeSet<shelf::Key> =
        store::by_ids(tx, ids).await?.iter().map(|known| (known.site, known.sku)).collect();
    shelf::lock(tx, &keys).await?;
    let known = store::by_ids(tx, ids).await?;
    let mut shelves = shelf::load_many(tx, &keys).await?;
    let mut bindings = Vec::with_capacity(ids.len());
    let mut touched: BTreeSet<shelf::Key> = BTreeSet::new();
    for known in known {
        let key = (known.site, known.sku);
        match known.state {
            ReservationState::Promised | ReservationState::Uncovered => {
                touched.insert(key);
                let goods = shelves.entry(key).or_default();
                bindings.push(choose_from(stamp, goods, &known, set_aside, shortfall)?);
            }
            ReservationState::Bound => {
                bindings.push(Binding { reservation: known, bounds: Vec::new(), skipped: Vec::new(), short: None });
            }
            state @ (ReservationState::Consumed | ReservationState::Released | ReservationState::Expired) => {
                return Err(LedgerRefusal::ReservationClosed { state });
            }
        }
    }
    write_chosen(tx, stamp.at, &bindings).await?;
    // What was bound before counts too.
    let mut changed = Vec::with_capacity(bindings.len());
    for (binding, bounds) in bindings.iter_mut().zip(store::bindings_of_each(tx, ids).await?) {
        binding.bounds = bounds;
        if binding.reservation.state != ReservationState::Bound {
            binding.reservation.state = settled(&binding.reservation, !binding.bounds.is_empty());
            changed.push(binding.reservation.clone());
        }
    }
    store::save_all(tx, &changed).await?;
    // Late orders and blocked shelves took goods that others were promised.
    let breached = |key: &shelf::Key| shelves.get(key).is_some_and(|goods| goods.breach().is_some());
    let (short, enough): (Vec<_>, Vec<_>) = touched.into_iter().partition(breached);
    for key in short {
        shelf::settle(tx, stamp, key).await?;
    }
    shelf::touch_all(tx, &enough).await?;
    Ok(bindings)
}

/// Writes what was chosen for each reservation and what was passed over, all of it in a few sets.
async fn write_chosen(tx: &mut Tx, at: Instant, bindings: &[Binding]) -> Result<(), LedgerRefusal> {
    let bounds: Vec<Bound> = bindings.iter().flat_map(|binding| binding.bounds.iter().copied()).collect();
    store::bind(tx, at, &bounds).await?;
    let of_each = |binding: &Binding| {
        let id = binding.reservation.id;
        binding.skipped.clone().into_iter().map(move |skipped| (id, skipped))
    };
    let skipped: Vec<(ReservationId, Skipped)> = bindings.iter().flat_map(of_each).collect();
    store::skip(tx, at, &skipped).await?;
    Ok(())
}

/// Takes the goods of one reservation off its shelf; nothing of it is open afterwards. Nothing is written yet, and its
/// state is for the caller, who knows what was bound to it before.
fn choose_from(
    stamp: &Stamp,
    goods: &mut Shelf,
    known: &Reservation,
    set_aside: Option<LotId>,
    shortfall: &Shortfall,
) -> Result<Binding, LedgerRefusal> {
    let target = known.measure.promised(known.open);
    let limit = if known.state == ReservationState::Promised {
        goods.withdraw(known.needed_until, known.amount);
        target
    } else {
        // Nothing stands behind it: it may have what nobody else was promised.
        target.min(goods.available(known.needed_until))
    };
    let at: Instant = known.needed_until.max(stamp.at);
    let (taken, passed) = goods.take(at, limit, set_aside);
    let total = taken.iter().map(|taken| taken.amount).fold(0, i64::saturating_add);
    let missing = target.saturating_sub(total);
    if missing > 0 && matches!(shortfall, Shortfall::Refuse) {
        return Err(LedgerRefusal::ShortStock {
            order_line: known.order_line,
            site: known.site,
            sku: known.sku,
            wanted: known.open,
            available: quantities::promised(known.measure, total),
        });
    }

    let weights: Vec<i64> = taken.iter().map(|taken| taken.amount).chain([missing]).collect();
    let mut shares = known.open.split(&weights);
    let short = shares.pop().filter(|_| missing > 0);
    let bind = |(taken, quantity): (Taken, Quantity)| {
        let Taken { lot, place, amount } = taken;
        Bound { reservation: known.id, lot, place, quantity, amount }
    };
    let bounds: Vec<Bound> = taken.into_iter().zip(shares).map(bind).collect();
    let skipped: Vec<Skipped> = passed.into_iter().map(|(lot, why)| Skipped { lot, why }).collect();
    let reservation = Reservation { open: Quantity::NONE, amount: 0, expires_at: None, ..*known };
    Ok(Binding { reservation, bounds, skipped, short })
}

/// The state of a reservation of which nothing is open any more.
pub(super) fn settled(reservation: &Reservation, has_bounds: bool) -> ReservationState {
    if has_bounds {
        ReservationState::Bound
    } else if reservation.picked.is_nothing() {
        ReservationState::Released
    } else {
        ReservationState::Consumed
    }
}
