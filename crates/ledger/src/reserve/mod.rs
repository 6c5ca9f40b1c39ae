//! Reservations 佔用: from the promise at the order to the pick from the shelf.
//!
//! A promise takes a number from the shelf and no lot. Binding chooses lots, first what expires first. The pick
//! consumes the binding through the journal. A failed lot undoes its bindings and the promise looks for other goods.

mod bind;
mod consume;
mod promise;
mod release;
mod store;

use ::store::Tx;
use ::store::codes;
use catalog::Sku;
use events::Object;
use kernel::{Instant, LotId, Measure, OrderLineId, PlaceId, Quantity, Ratio, ReservationId, Round, SiteId, SkuId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use bind::{Binding, Skip, Skipped, bind, bind_each, bind_what_there_is, rebind_excluding, skipped};
pub use consume::{Consumed, Pick, Rest, ToPick, consume, to_pick};
pub use promise::{Want, confirm, promise};
pub use release::{any_promise_lapsed, expire_promises, release};
pub(crate) use release::{undo, undo_bindings};
pub(crate) use store::{bindings_of_lot, reservation_columns, save};

use crate::{LedgerRefusal, shelf};

codes! {
    /// How far a reservation has come.
    ReservationState {
        /// Covered by the shelf, without a lot.
        Promised = "promised",
        /// The goods behind it have failed, and none has come in their place.
        Uncovered = "uncovered",
        /// All of it is bound to lots.
        Bound = "bound",
        /// Picked, as far as it was bound.
        Consumed = "consumed",
        /// Given back.
        Released = "released",
        /// Not confirmed in time.
        Expired = "expired",
    }
}

impl ReservationState {
    /// Whether something of it still waits for goods.
    pub const fn is_open(self) -> bool {
        match self {
            Self::Promised | Self::Uncovered => true,
            Self::Bound | Self::Consumed | Self::Released | Self::Expired => false,
        }
    }
}

/// A claim on stock for one order line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reservation {
    pub id: ReservationId,
    pub site: SiteId,
    pub sku: SkuId,
    pub order_line: OrderLineId,
    pub measure: Measure,
    pub state: ReservationState,
    /// What was asked for.
    pub wanted: Quantity,
    /// What is not bound yet.
    pub open: Quantity,
    /// What the open part takes from the shelf: pieces, or grams with the SKU's buffer.
    pub amount: i64,
    pub picked: Quantity,
    /// The end of the promised window.
    pub deliver_by: Instant,
    /// Until then the goods must be usable: the end of the window and the SKU's life at the door.
    pub needed_until: Instant,
    pub expires_at: Option<Instant>,
    pub placed_at: Instant,
}

/// So much of a lot in a place is kept for a reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Bound {
    pub reservation: ReservationId,
    pub lot: LotId,
    pub place: PlaceId,
    /// What to pick; the grams of pieces are an estimate.
    pub quantity: Quantity,
    /// What it takes from the place: pieces, or grams of loose goods.
    pub amount: i64,
}

/// The reservation, which must exist.
pub async fn reservation(tx: &mut Tx, id: ReservationId) -> Result<Reservation, LedgerRefusal> {
    store::by_id(tx, id).await?.ok_or(LedgerRefusal::NoSuchReservation)
}

/// Several reservations, all of which must exist, in the order of `ids`.
pub async fn reservations(tx: &mut Tx, ids: &[ReservationId]) -> Result<Vec<Reservation>, LedgerRefusal> {
    store::by_ids(tx, ids).await
}

/// The reservations of an order line, oldest first.
pub async fn reservations_of(tx: &mut Tx, order_line: OrderLineId) -> Result<Vec<Reservation>, LedgerRefusal> {
    Ok(store::of_line(tx, order_line).await?)
}

/// The open bindings of a reservation, by lot and place.
pub async fn bounds_of(tx: &mut Tx, reservation: ReservationId) -> Result<Vec<Bound>, LedgerRefusal> {
    Ok(store::bindings_of(tx, reservation).await?)
}

/// Reservations that the shelf no longer covers, the latest placed first: who has to look for other goods.
pub async fn uncovered(tx: &mut Tx, site: SiteId, sku: SkuId) -> Result<Vec<Reservation>, LedgerRefusal> {
    Ok(shelf::uncovered(tx, (site, sku)).await?)
}

/// The things that every event of a reservation touches.
pub(crate) fn around(reservation: &Reservation) -> Vec<Object> {
    vec![Object::of(reservation.order_line), Object::of(reservation.site), Object::of(reservation.sku)]
}

/// What a promise of `quantity` takes from the shelf. A hand that cuts loose goods does not stop at the gram, so
/// more of them is kept than was asked for.
fn with_buffer(sku: &Sku, quantity: Quantity) -> Option<i64> {
    let amount = sku.measure.promised(quantity);
    match sku.measure {
        Measure::Counted | Measure::CatchWeight => Some(amount),
        Measure::Weighed => {
            Ratio::new(10_000_i64.checked_add(sku.estimate_buffer_bp)?, 10_000)?.times(amount, Round::Up)
        }
    }
}

/// The most that can be asked for when so much is left on the shelf.
pub(crate) fn without_buffer(sku: &Sku, amount: i64) -> i64 {
    match sku.measure {
        Measure::Counted | Measure::CatchWeight => amount,
        Measure::Weighed => Ratio::new(10_000, 10_000_i64.saturating_add(sku.estimate_buffer_bp))
            .and_then(|share| share.times(amount, Round::Down))
            .unwrap_or(0),
    }
}
