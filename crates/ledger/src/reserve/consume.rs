//! Consuming: the picker has taken the goods, and the journal says so.

use std::collections::BTreeSet;

use ::store::Tx;
use kernel::{Date, LotId, PlaceId, Quantity, ReservationId, Stamp};

use super::{Bound, Reservation, bind::settled, bounds_of, reservation, store};
use crate::{
    Cause, LedgerRefusal, Lot, Move, Posted, Purpose,
    journal::{Carried, Entry, Freed, carry},
    shelf,
    usable::usable,
};

/// What a picker took for a reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pick {
    pub reservation: ReservationId,
    pub lot: LotId,
    pub place: PlaceId,
    /// As counted and weighed; nothing when the picker found nothing.
    pub actual: Quantity,
    /// The tote it went into.
    pub to: PlaceId,
    pub rest: Rest,
}

/// What a picker has to know before the goods leave their place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToPick {
    pub reservation: Reservation,
    pub lot: Lot,
    /// Everything that is bound to the reservation, by lot and place.
    pub bounds: Vec<Bound>,
}

impl ToPick {
    /// What of a lot in a place is kept for the reservation; a count or a write-off may have taken it away.
    pub fn bound(&self, lot: LotId, place: PlaceId) -> Option<&Bound> {
        self.bounds.iter().find(|bound| bound.lot == lot && bound.place == place)
    }
}

/// A reservation, what is bound to it, and the lot that a picker wants to take for it.
pub async fn to_pick(tx: &mut Tx, id: ReservationId, lot: LotId) -> Result<ToPick, LedgerRefusal> {
    if let Some(found) = store::to_pick(tx, id, lot).await? {
        return Ok(found);
    }
    reservation(tx, id).await?;
    Err(LedgerRefusal::NoSuchLot)
}

/// What becomes of the part of a binding that was not picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// It is free for others: the pick is done.
    Release,
    /// It stays bound: the picker goes on.
    Keep,
}

/// A pick as it stands in the books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumed {
    pub reservation: Reservation,
    /// None when nothing was taken.
    pub posted: Option<Posted>,
}

/// Consumes a binding: the goods go from the shelf to the tote, as weighed. A lot that has been blocked or has run
/// out since it was bound is refused, whatever the slip says.
pub async fn consume(
    tx: &mut Tx,
    stamp: &Stamp,
    cause: Cause,
    day: Date,
    pick: &Pick,
) -> Result<Consumed, LedgerRefusal> {
    let known = to_pick(tx, pick.reservation, pick.lot).await?.reservation;
    let key = (known.site, known.sku);
    shelf::lock(tx, &BTreeSet::from([key])).await?;
    let goods = to_pick(tx, known.id, pick.lot).await?;
    let (known, lot) = (&goods.reservation, &goods.lot);
    let at = known.needed_until.max(stamp.at);
    usable(&lot.life(), at, Purpose::Pick).map_err(|why| LedgerRefusal::LotUnusable { lot: lot.code.clone(), why })?;
    let bound = goods.bound(pick.lot, pick.place).copied();
    let bound = bound.ok_or_else(|| LedgerRefusal::NotBound { lot: lot.code.clone() })?;
    let taken = known.measure.promised(pick.actual);
    let kept = match pick.rest {
        Rest::Release => 0,
        Rest::Keep => bound.amount.saturating_sub(taken).max(0),
    };
    let freed = Freed { place: bound.place, lot: bound.lot, amount: bound.amount.saturating_sub(kept) };

    let (posted, undone) = if pick.actual.is_nothing() {
        store::unbind(tx, freed).await?;
        shelf::settle(tx, stamp, key).await?;
        (None, false)
    } else {
        let moved = Move { lot: lot.id, from: pick.place, to: pick.to, quantity: pick.actual };
        let entry = Entry { cause, site: known.site, day, reason: None, freed: Some(freed), known: Some(lot) };
        let Carried { posted, undone } = carry(tx, stamp, &entry, &[moved]).await?;
        (Some(posted), undone)
    };
    if kept > 0 {
        let rest = bound.quantity.split(&[freed.amount, kept]).pop().unwrap_or(bound.quantity);
        store::keep_bound(tx, &Bound { quantity: rest, amount: kept, ..bound }).await?;
    } else {
        store::drop_bound(tx, &bound).await?;
    }
    // Settling the shelf may have turned what is open, and undoing may have opened this one again.
    let (known, has_bounds) = if known.state.is_open() || undone {
        (reservation(tx, known.id).await?, !bounds_of(tx, known.id).await?.is_empty())
    } else {
        (known.clone(), kept > 0 || goods.bounds.len() > 1)
    };
    let actual = posted.as_ref().and_then(|posted| posted.brought_to(pick.to)).unwrap_or(Quantity::NONE);
    let picked = known.picked.plus(actual).unwrap_or(known.picked);
    let known = Reservation { picked, ..known };
    let state = if known.state.is_open() { known.state } else { settled(&known, has_bounds) };
    let reservation = Reservation { state, ..known };
    store::save(tx, &reservation).await?;
    Ok(Consumed { reservation, posted })
}
