//! Binding: lots are chosen when the wave is released, first what expires first.

use std::collections::BTreeSet;

use ::store::{Tx, codes};
use kernel::{Instant, LotId, Quantity, ReservationId, Stamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Bound, Reservation, ReservationState, bounds_of, release, reservation, store};
use crate::{LedgerRefusal, quantities, shelf};

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
    choose(tx, stamp, id, None, &Shortfall::Refuse).await
}

/// Binds what there is; the rest of the reservation is given up, and `short` says how much.
pub async fn bind_what_there_is(tx: &mut Tx, stamp: &Stamp, id: ReservationId) -> Result<Binding, LedgerRefusal> {
    choose(tx, stamp, id, None, &Shortfall::Accept).await
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
    choose(tx, stamp, id, Some(lot), &Shortfall::Accept).await
}

/// The lots that were passed over for a reservation.
pub async fn skipped(tx: &mut Tx, reservation: ReservationId) -> Result<Vec<Skipped>, LedgerRefusal> {
    let found = store::skipped(tx, reservation).await?;
    Ok(found.into_iter().map(|(lot, why)| Skipped { lot, why }).collect())
}

async fn choose(
    tx: &mut Tx,
    stamp: &Stamp,
    id: ReservationId,
    set_aside: Option<LotId>,
    shortfall: &Shortfall,
) -> Result<Binding, LedgerRefusal> {
    let known = reservation(tx, id).await?;
    let key = (known.site, known.sku);
    shelf::lock(tx, &BTreeSet::from([key])).await?;
    let known = reservation(tx, id).await?;
    match known.state {
        ReservationState::Promised | ReservationState::Uncovered => {}
        ReservationState::Bound => {
            let bounds = bounds_of(tx, id).await?;
            return Ok(Binding { reservation: known, bounds, skipped: Vec::new(), short: None });
        }
        state @ (ReservationState::Consumed | ReservationState::Released | ReservationState::Expired) => {
            return Err(LedgerRefusal::ReservationClosed { state });
        }
    }

    let mut goods = shelf::load(tx, key).await?;
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
    let bounds: Vec<Bound> = taken
        .iter()
        .zip(shares)
        .map(|(taken, quantity)| Bound {
            reservation: id,
            lot: taken.lot,
            place: taken.place,
            quantity,
            amount: taken.amount,
        })
        .collect();
    for bound in &bounds {
        store::bind(tx, stamp.at, bound).await?;
    }
    let skipped: Vec<Skipped> = passed.into_iter().map(|(lot, why)| Skipped { lot, why }).collect();
    for each in &skipped {
        store::skip(tx, stamp.at, id, each.lot, each.why).await?;
    }
    let bounds = bounds_of(tx, id).await?;
    let reservation = Reservation {
        state: settled(&known, !bounds.is_empty()),
        open: Quantity::NONE,
        amount: 0,
        expires_at: None,
        ..known
    };
    store::save(tx, &reservation).await?;
    if goods.breach().is_some() {
        // Late orders and blocked shelves took goods that others were promised.
        shelf::settle(tx, stamp, key).await?;
    } else {
        shelf::touch(tx, key).await?;
    }
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
