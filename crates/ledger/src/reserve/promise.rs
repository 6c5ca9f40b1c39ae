//! Promising: an order is told that its goods will be there, and they will.

use std::collections::{BTreeMap, BTreeSet};

use ::store::Tx;
use catalog::Sku;
use kernel::{Instant, Measure, OrderLineId, Quantity, ReservationId, SiteId, SkuId, Stamp};

use super::{Reservation, ReservationState, store, with_buffer, without_buffer};
use crate::{LedgerRefusal, quantities, shelf};

/// What an order line wants of a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Want {
    pub order_line: OrderLineId,
    pub site: SiteId,
    pub sku: SkuId,
    /// In pieces, or in grams for loose goods; the other dimension may stand beside it as an estimate.
    pub quantity: Quantity,
    /// The end of the promised window. The SKU's life at the door is added here, not by the caller.
    pub deliver_by: Instant,
    /// When the promise lapses unless it is confirmed; none for one that is paid or needs no payment.
    pub expires_at: Option<Instant>,
}

/// Promises all wants or none. Each is covered by goods that will still be good enough when they are needed, beside
/// everything that is promised already.
pub async fn promise(tx: &mut Tx, stamp: &Stamp, wants: &[Want]) -> Result<Vec<Reservation>, LedgerRefusal> {
    let keys: BTreeSet<shelf::Key> = wants.iter().map(|want| (want.site, want.sku)).collect();
    let skus: BTreeMap<SkuId, Sku> = catalog::skus_by_id(tx, keys.iter().map(|(_, sku)| *sku)).await?;
    if keys.iter().any(|(_, sku)| !skus.contains_key(sku)) {
        return Err(catalog::CatalogRefusal::NoSuchSku.into());
    }
    shelf::lock(tx, &keys).await?;
    let mut shelves = shelf::load_many(tx, &keys).await?;

    let mut promised = Vec::with_capacity(wants.len());
    for want in wants {
        let (Some(sku), Some(shelf)) = (skus.get(&want.sku), shelves.get_mut(&(want.site, want.sku))) else {
            return Err(LedgerRefusal::NoSuchReservation);
        };
        let reservation = drafted(stamp, want, sku)?;
        let available = shelf.available(reservation.needed_until);
        if reservation.amount > available {
            return Err(LedgerRefusal::ShortStock {
                order_line: want.order_line,
                site: want.site,
                sku: want.sku,
                wanted: want.quantity,
                available: quantities::promised(sku.measure, without_buffer(sku, available)),
            });
        }
        shelf.promise(reservation.needed_until, reservation.amount);
        promised.push(reservation);
    }

    store::add(tx, &promised).await?;
    shelf::touch_all(tx, &keys.into_iter().collect::<Vec<_>>()).await?;
    Ok(promised)
}

fn drafted(stamp: &Stamp, want: &Want, sku: &Sku) -> Result<Reservation, LedgerRefusal> {
    let implausible = || LedgerRefusal::Implausible { lot: sku.code.clone(), quantity: want.quantity };
    let wanted = in_shape(sku.measure, want.quantity);
    if !want.quantity.is_plausible() || sku.measure.promised(wanted) == 0 {
        return Err(implausible());
    }
    // An order that is late already needs goods that are good now.
    let due = want.deliver_by.max(stamp.at);
    Ok(Reservation {
        id: stamp.mint(),
        site: want.site,
        sku: want.sku,
        order_line: want.order_line,
        measure: sku.measure,
        state: ReservationState::Promised,
        wanted,
        open: wanted,
        amount: with_buffer(sku, wanted).ok_or_else(implausible)?,
        picked: Quantity::NONE,
        deliver_by: want.deliver_by,
        needed_until: shelf::needed_until(due, sku.life_at_door_days),
        expires_at: want.expires_at,
        placed_at: stamp.at,
    })
}

/// Loose goods are wanted in grams only; the grams of pieces are an estimate until a scale speaks.
pub(super) fn in_shape(measure: Measure, quantity: Quantity) -> Quantity {
    match measure {
        Measure::Weighed => Quantity { pieces: None, ..quantity },
        Measure::Counted | Measure::CatchWeight if quantity.grams.is_some() => quantity.estimated(),
        Measure::Counted | Measure::CatchWeight => quantity,
    }
}

/// Makes promises lasting: they are paid for, or need no payment.
pub async fn confirm(tx: &mut Tx, reservations: &[ReservationId]) -> Result<(), LedgerRefusal> {
    let mut lasting = BTreeSet::new();
    for known in store::by_ids(tx, reservations).await? {
        match known.state {
            ReservationState::Promised | ReservationState::Uncovered => {
                lasting.insert(known.id);
            }
            ReservationState::Bound | ReservationState::Consumed => {}
            state @ (ReservationState::Released | ReservationState::Expired) => {
                return Err(LedgerRefusal::ReservationClosed { state });
            }
        }
    }
    store::confirm(tx, &lasting).await?;
    Ok(())
}
