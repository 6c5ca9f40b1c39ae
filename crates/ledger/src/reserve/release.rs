//! Giving back: by the order, by the clock, or because the goods have failed.

use std::collections::BTreeSet;

use ::store::{Question, Tx};
use events::{Object, tell};
use kernel::{Instant, LotId, PlaceId, Quantity, ReservationId, Stamp};

use super::{Bound, Reservation, ReservationState, around, bind::settled, bounds_of, reservation, store};
use crate::{LedgerRefusal, events::BindingUndone, journal::Freed, shelf};

/// Gives back all that is not picked. Whoever waits for these goods is served at once. Giving back twice changes
/// nothing.
pub async fn release(tx: &mut Tx, stamp: &Stamp, id: ReservationId) -> Result<Reservation, LedgerRefusal> {
    let known = reservation(tx, id).await?;
    let key = (known.site, known.sku);
    shelf::lock(tx, &BTreeSet::from([key])).await?;
    let known = reservation(tx, id).await?;
    match known.state {
        ReservationState::Promised | ReservationState::Uncovered | ReservationState::Bound => {}
        ReservationState::Consumed | ReservationState::Released | ReservationState::Expired => return Ok(known),
    }
    for bound in bounds_of(tx, id).await? {
        store::unbind(tx, freed(&bound)).await?;
        store::drop_bound(tx, &bound).await?;
    }
    let state = settled(&known, false);
    let given_back = closed(&known, state);
    store::save(tx, &given_back).await?;
    shelf::settle(tx, stamp, key).await?;
    Ok(given_back)
}

/// Whether there is a promise for [`expire_promises`].
pub fn any_promise_lapsed(now: Instant) -> Question {
    store::any_lapsed(now)
}

/// Ends the promises that were not confirmed in time, at most 500 at once, and answers them.
pub async fn expire_promises(tx: &mut Tx, stamp: &Stamp, now: Instant) -> Result<Vec<Reservation>, LedgerRefusal> {
    let lapsed = store::lapsed(tx, now).await?;
    let keys: BTreeSet<shelf::Key> = lapsed.iter().map(|reservation| (reservation.site, reservation.sku)).collect();
    shelf::lock(tx, &keys).await?;
    let mut ended = Vec::with_capacity(lapsed.len());
    for each in lapsed {
        // Read again under the lock: it may have been confirmed or bound meanwhile.
        let known = reservation(tx, each.id).await?;
        if known.state.is_open() && known.expires_at.is_some_and(|at| at <= now) {
            let known = closed(&known, ReservationState::Expired);
            store::save(tx, &known).await?;
            ended.push(known);
        }
    }
    for key in keys {
        shelf::settle(tx, stamp, key).await?;
    }
    Ok(ended)
}

/// Undoes one binding: what it held is open again. The caller has locked the shelf, and settles it afterwards.
pub(crate) async fn undo(
    tx: &mut Tx,
    stamp: &Stamp,
    reservation: Reservation,
    bound: &Bound,
) -> Result<(), LedgerRefusal> {
    store::unbind(tx, freed(bound)).await?;
    store::drop_bound(tx, bound).await?;
    let state = if reservation.state == ReservationState::Uncovered {
        ReservationState::Uncovered
    } else {
        ReservationState::Promised
    };
    let reopened = Reservation {
        state,
        open: reservation.open.plus(bound.quantity).unwrap_or(bound.quantity),
        amount: reservation.amount.saturating_add(bound.amount),
        ..reservation
    };
    store::save(tx, &reopened).await?;
    let body =
        BindingUndone { order_line: reopened.order_line, lot: bound.lot, place: bound.place, quantity: bound.quantity };
    let mut also = around(&reopened);
    also.extend([Object::of(bound.lot), Object::of(bound.place)]);
    tell(tx, stamp, Object::of(reopened.id), &also, &body).await?;
    Ok(())
}

/// Undoes bindings on goods that are gone until at least `short` is free again, the latest placed first. Answers how
/// much that was.
pub(crate) async fn undo_bindings(
    tx: &mut Tx,
    stamp: &Stamp,
    place: PlaceId,
    lot: LotId,
    short: i64,
) -> Result<i64, LedgerRefusal> {
    let mut undone = 0_i64;
    for bound in store::bindings_of_goods(tx, lot, place).await? {
        if undone >= short {
            break;
        }
        let known = reservation(tx, bound.reservation).await?;
        undo(tx, stamp, known, &bound).await?;
        undone = undone.saturating_add(bound.amount);
    }
    Ok(undone)
}

const fn freed(bound: &Bound) -> Freed {
    Freed { place: bound.place, lot: bound.lot, amount: bound.amount }
}

const fn closed(reservation: &Reservation, state: ReservationState) -> Reservation {
    Reservation { state, open: Quantity::NONE, amount: 0, expires_at: None, ..*reservation }
}
