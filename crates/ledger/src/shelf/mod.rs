//! Shelves: what a site can promise of a SKU, and the law that promises and goods obey.
//!
//! Whoever promises, binds or changes what can be promised locks the shelf's row first. Goods that live longer can
//! serve every earlier need, so it is enough that for every time *t* no more is promised for *t* or later than is
//! usable at *t* and free (ADR 0004). The law holds at every commit: whatever takes goods away settles the shelf in
//! the same transaction.

mod rules;
mod store;

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use ::store::{StoreError, Tx};
use events::{Object, tell};
use kernel::{Instant, LotId, Quantity, SiteId, SkuId, Stamp};

use crate::{
    LedgerRefusal, Purpose, Reservation, ReservationState,
    events::{ReservationCovered, ReservationUncovered},
    lots, quantities, reserve,
    usable::usable,
};
pub(crate) use rules::{Shelf, Taken};

/// A site's shelf of one SKU.
pub(crate) type Key = (SiteId, SkuId);

/// Until when goods must be usable that are to be at the door by `deliver_by` and good for so many days after:
/// "two days" delivered on Monday evening means usable until Wednesday evening.
pub const fn needed_until(deliver_by: Instant, life_at_door_days: i64) -> Instant {
    deliver_by.plus_minutes(life_at_door_days.saturating_mul(24 * 60))
}

/// How much more can be promised for that delivery time: pieces, or grams of loose goods.
pub async fn availability(
    tx: &mut Tx,
    site: SiteId,
    sku: SkuId,
    deliver_by: Instant,
) -> Result<Quantity, LedgerRefusal> {
    let sku = catalog::sku(tx, sku).await?;
    let shelf = load(tx, (site, sku.id)).await?;
    Ok(offered(&shelf, &sku, deliver_by))
}

/// The same for several SKUs of one site, in their order.
pub async fn availabilities(
    tx: &mut Tx,
    site: SiteId,
    skus: &[&catalog::Sku],
    deliver_by: Instant,
) -> Result<Vec<Quantity>, LedgerRefusal> {
    let keys: BTreeSet<Key> = skus.iter().map(|sku| (site, sku.id)).collect();
    let shelves = store::load_many(tx, &keys).await?;
    let nothing = Shelf::default();
    let offer = |sku: &&catalog::Sku| offered(shelves.get(&(site, sku.id)).unwrap_or(&nothing), sku, deliver_by);
    Ok(skus.iter().map(offer).collect())
}

/// The same for everything that the site has on its shelves, by SKU; what has none is not in the answer.
pub async fn availability_of_all(
    tx: &mut Tx,
    site: SiteId,
    deliver_by: Instant,
) -> Result<BTreeMap<SkuId, Quantity>, LedgerRefusal> {
    let mut offers = BTreeMap::new();
    let shelves = store::load_site(tx, site).await?;
    for (id, sku) in catalog::skus_by_id(tx, shelves.keys().copied()).await? {
        if let Some(shelf) = shelves.get(&id) {
            offers.insert(id, offered(shelf, &sku, deliver_by));
        }
    }
    Ok(offers)
}

fn offered(shelf: &Shelf, sku: &catalog::Sku, deliver_by: Instant) -> Quantity {
    let available = shelf.available(needed_until(deliver_by, sku.life_at_door_days));
    quantities::promised(sku.measure, reserve::without_buffer(sku, available))
}

/// Locks what a site has of some SKUs, for who reads first and changes then: what is read behind the lock stays as it
/// is, and need not be read again.
pub async fn lock_shelves(
    tx: &mut Tx,
    site: SiteId,
    skus: impl IntoIterator<Item = SkuId>,
) -> Result<(), LedgerRefusal> {
    lock(tx, &skus.into_iter().map(|sku| (site, sku)).collect()).await?;
    Ok(())
}

/// Locks the shelves in key order; those that have never held anything are not there to be locked.
pub(crate) async fn lock(tx: &mut Tx, keys: &BTreeSet<Key>) -> Result<BTreeMap<Key, i64>, StoreError> {
    store::lock_many(tx, keys).await
}

/// Locks the shelves in key order and opens those that are new. Answers how many reservations each leaves uncovered.
pub(crate) async fn lock_or_open(tx: &mut Tx, keys: &BTreeSet<Key>) -> Result<BTreeMap<Key, i64>, StoreError> {
    let mut locked = store::lock_many(tx, keys).await?;
    for key in keys {
        if let Entry::Vacant(new) = locked.entry(*key) {
            store::open(tx, *key).await?;
            new.insert(store::lock(tx, *key).await?.unwrap_or(0));
        }
    }
    Ok(locked)
}

/// Locks the shelves of a SKU at every site, for a change to one of its lots.
pub(crate) async fn lock_all_sites(tx: &mut Tx, sku: SkuId) -> Result<(), StoreError> {
    store::lock_all_sites(tx, sku).await
}

pub(crate) async fn load(tx: &mut Tx, key: Key) -> Result<Shelf, StoreError> {
    store::load(tx, key).await
}

pub(crate) async fn load_many(tx: &mut Tx, keys: &BTreeSet<Key>) -> Result<BTreeMap<Key, Shelf>, StoreError> {
    store::load_many(tx, keys).await
}

/// Notes that shelves have changed, so that who waited for their rows reads them anew. All of them are there.
pub(crate) async fn touch_all(tx: &mut Tx, keys: &[Key]) -> Result<(), StoreError> {
    store::touch_all(tx, keys).await
}

/// Brings the promises of a shelf back under its law: promises that the goods no longer cover are marked uncovered,
/// the latest placed first; uncovered ones that fit again are covered, the earliest placed first.
pub(crate) async fn settle(tx: &mut Tx, stamp: &Stamp, key: Key) -> Result<(), LedgerRefusal> {
    let mut shelf = load(tx, key).await?;
    let mut waiting = store::uncovered(tx, key).await?;
    let before: BTreeSet<_> = waiting.iter().map(|reservation| reservation.id).collect();
    if shelf.breach().is_some() {
        let mut promised = store::promised_latest_first(tx, key).await?;
        while let Some(at) = shelf.breach() {
            let Some(nth) = promised.iter().position(|reservation| reservation.needed_until >= at) else { break };
            let failed = promised.remove(nth);
            shelf.withdraw(failed.needed_until, failed.amount);
            waiting.push(failed);
        }
    }
    waiting.sort_by_key(|reservation| (reservation.placed_at, reservation.id));
    for reservation in waiting {
        let covered = reservation.amount <= shelf.available(reservation.needed_until);
        if covered {
            shelf.promise(reservation.needed_until, reservation.amount);
        }
        match (before.contains(&reservation.id), covered) {
            (true, true) => turn(tx, stamp, reservation, ReservationState::Promised).await?,
            (false, false) => turn(tx, stamp, reservation, ReservationState::Uncovered).await?,
            (true, false) | (false, true) => {}
        }
    }
    store::touch(tx, key).await?;
    Ok(())
}

async fn turn(
    tx: &mut Tx,
    stamp: &Stamp,
    reservation: Reservation,
    state: ReservationState,
) -> Result<(), LedgerRefusal> {
    let turned = Reservation { state, ..reservation };
    reserve::save(tx, &turned).await?;
    let (of, also) = (Object::of(turned.id), reserve::around(&turned));
    let (order_line, quantity, deliver_by) = (turned.order_line, turned.open, turned.deliver_by);
    if state == ReservationState::Uncovered {
        tell(tx, stamp, of, &also, &ReservationUncovered { order_line, quantity, deliver_by }).await?;
    } else {
        tell(tx, stamp, of, &also, &ReservationCovered { order_line, quantity, deliver_by }).await?;
    }
    Ok(())
}

/// A lot may be used for less than before: bindings that it can no longer serve are undone, and the shelves settled.
/// The caller has locked the shelves.
pub(crate) async fn lot_worsened(tx: &mut Tx, stamp: &Stamp, id: LotId) -> Result<(), LedgerRefusal> {
    let lot = lots::lot(tx, id).await?;
    let life = lot.life();
    let mut sites: BTreeSet<SiteId> = store::sites_of_lot(tx, id).await?.into_iter().collect();
    for bound in reserve::bindings_of_lot(tx, id).await? {
        let reservation = reserve::reservation(tx, bound.reservation).await?;
        if usable(&life, reservation.needed_until, Purpose::Pick).is_err() {
            sites.insert(reservation.site);
            reserve::undo(tx, stamp, reservation, &bound).await?;
        }
    }
    for site in sites {
        settle(tx, stamp, (site, lot.sku)).await?;
    }
    Ok(())
}

/// A lot may be used again: whoever waited for goods is served. The caller has locked the shelves.
pub(crate) async fn lot_improved(tx: &mut Tx, stamp: &Stamp, id: LotId) -> Result<(), LedgerRefusal> {
    let lot = lots::lot(tx, id).await?;
    for site in store::sites_of_lot(tx, id).await? {
        settle(tx, stamp, (site, lot.sku)).await?;
    }
    Ok(())
}

/// The reservations of a shelf that its goods no longer cover, the latest placed first.
pub(crate) async fn uncovered(tx: &mut Tx, key: Key) -> Result<Vec<Reservation>, StoreError> {
    let mut waiting = store::uncovered(tx, key).await?;
    waiting.reverse();
    Ok(waiting)
}
