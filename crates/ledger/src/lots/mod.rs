//! Lots 批號: goods of one SKU that share origin and dates of life.
//!
//! A lot exists from the dock on, so that the part that is sent back has its genealogy too. Its state changes by
//! named turns only; blocks forbid single uses and are lifted one by one. Its life may be shortened, never lengthened.

mod blocks;
mod rules;
pub(crate) mod store;
mod turns;

use std::collections::{BTreeMap, BTreeSet};

use ::store::Tx;
use events::{Object, tell};
use kernel::{Date, Instant, LotId, Stamp, SupplierId};

pub(crate) use blocks::filed_actor;
pub use blocks::{Block, BlockFlag, BlockFlags, block, blocks_of, lift};
pub use rules::{Label, Lot, LotState, NewLot, Opened, Parent, Source};
pub use turns::{LotTurn, set_state, turns_of};

use crate::{
    Cause, LedgerRefusal, Move, PlaceKind,
    events::{LabelOutlivesGoods, LotLifeShortened, LotOpened, LotSplit},
    journal, places, shelf, usable,
};

/// Opens a lot at the dock. Nothing moves yet: the caller posts where the goods are.
///
/// A label that promises more life than harvest or production plus shelf life give is not believed: the lot lives as
/// long as the goods do, and the event says so.
pub async fn open_lot(tx: &mut Tx, stamp: &Stamp, new: NewLot) -> Result<Opened, LedgerRefusal> {
    let site = catalog::site(tx, new.site).await?;
    let sku = catalog::sku(tx, new.sku).await?;
    let label = new.label(sku.shelf_life_days);
    let label_until = new.use_by.map(|date| site.time.end_of(date));
    let lives_until = label.lives_through(&new).map(|date| site.time.end_of(date));
    let id: LotId = stamp.mint();
    let lot = Lot {
        id,
        site: site.id,
        sku: sku.id,
        code: rules::code(site.time.business_day(stamp.at), id),
        measure: sku.measure,
        nominal_grams: sku.nominal_grams,
        gtin: new.gtin.or(sku.gtin).map(|gtin| gtin.to_string()),
        supplier_lot: new.supplier_lot,
        supplier: new.supplier,
        produced_on: new.produced_on,
        harvested_on: new.harvested_on,
        use_by: new.use_by,
        origin: new.origin,
        source: new.source,
        cost: new.cost,
        opened_at: stamp.at,
        state: LotState::AtDock,
        flags: BlockFlags::NONE,
        usable_until: usable::earlier(label_until, lives_until),
    };
    store::add(tx, &lot, label_until).await?;
    tell_opened(tx, stamp, &lot).await?;
    if let Label::OutlivesGoods { use_by, made_on, shelf_life_days, lives_through } = label {
        let body = LabelOutlivesGoods { code: lot.code.clone(), use_by, made_on, shelf_life_days, lives_through };
        tell(tx, stamp, Object::of(lot.id), &around(&lot), &body).await?;
    }
    Ok(Opened { lot, label })
}

/// Splits a part off a lot where it stands, as a lot of its own that the part's verdict can be passed on. The part
/// has the dates, the origin and the state of the whole, and the whole for its parent.
pub async fn split_lot(tx: &mut Tx, stamp: &Stamp, cause: Cause, day: Date, part: &Move) -> Result<Lot, LedgerRefusal> {
    let whole = lot(tx, part.lot).await?;
    let production = places::the_place(tx, stamp, whole.site, PlaceKind::Production).await?;
    let label_until = store::label_until(tx, whole.id).await?;
    let id: LotId = stamp.mint();
    let site = catalog::site(tx, whole.site).await?;
    let child = Lot {
        id,
        code: rules::code(site.time.business_day(stamp.at), id),
        opened_at: stamp.at,
        flags: BlockFlags::NONE,
        ..whole.clone()
    };
    store::add(tx, &child, label_until).await?;
    turns::inherit(tx, whole.id, child.id).await?;
    blocks::inherit(tx, stamp, whole.id, child.id).await?;
    let taken = Move { lot: whole.id, from: part.from, to: production.id, quantity: part.quantity };
    let posted = journal::post(tx, stamp, cause, whole.site, day, &[taken]).await?;
    // The ledger may have completed the quantity; what goes in comes out again, to the gram.
    let quantity = posted.brought_to(production.id).unwrap_or(part.quantity);
    let given = Move { lot: child.id, from: production.id, to: part.to, quantity };
    journal::post(tx, stamp, cause, whole.site, day, &[given]).await?;
    store::add_parent(tx, child.id, whole.id, quantity, stamp.at).await?;
    tell_opened(tx, stamp, &child).await?;
    let body = LotSplit { parent: whole.id, child: child.id, quantity };
    tell(tx, stamp, Object::of(whole.id), &[Object::of(child.id)], &body).await?;
    lot(tx, child.id).await
}

async fn tell_opened(tx: &mut Tx, stamp: &Stamp, lot: &Lot) -> Result<(), LedgerRefusal> {
    let body = LotOpened {
        code: lot.code.clone(),
        site: lot.site,
        sku: lot.sku,
        supplier_lot: lot.supplier_lot.clone(),
        produced_on: lot.produced_on,
        harvested_on: lot.harvested_on,
        use_by: lot.use_by,
        usable_until: lot.usable_until,
        origin: lot.origin.clone(),
        source: lot.source.clone(),
    };
    tell(tx, stamp, Object::of(lot.id), &around(lot), &body).await?;
    Ok(())
}

/// The lot, which must exist.
pub async fn lot(tx: &mut Tx, id: LotId) -> Result<Lot, LedgerRefusal> {
    store::lot_row(tx, id).await?.ok_or(LedgerRefusal::NoSuchLot)
}

/// Several lots, all of which must exist, in the order of their ids.
pub(crate) async fn lots(tx: &mut Tx, ids: &BTreeSet<LotId>) -> Result<Vec<Lot>, LedgerRefusal> {
    let found = store::lot_rows(tx, ids).await?;
    found.into_iter().map(|lot| lot.ok_or(LedgerRefusal::NoSuchLot)).collect()
}

/// Those of `ids` that exist, in one question.
pub async fn lots_by_id(
    tx: &mut Tx,
    ids: impl IntoIterator<Item = LotId>,
) -> Result<BTreeMap<LotId, Lot>, LedgerRefusal> {
    let found = store::lot_rows(tx, &ids.into_iter().collect()).await?;
    Ok(found.into_iter().flatten().map(|lot| (lot.id, lot)).collect())
}

/// The lot whose label a scanner has read.
pub async fn lot_by_code(tx: &mut Tx, code: &str) -> Result<Option<Lot>, LedgerRefusal> {
    Ok(store::by_code(tx, code).await?)
}

/// The lots that a supplier's lot number names, oldest first: where a recall begins.
pub async fn lots_of_supplier_lot(tx: &mut Tx, supplier_lot: &str) -> Result<Vec<Lot>, LedgerRefusal> {
    Ok(store::of_supplier_lot(tx, supplier_lot).await?)
}

/// The lots that one document opened.
pub async fn lots_of_source(tx: &mut Tx, source: &Source) -> Result<Vec<Lot>, LedgerRefusal> {
    Ok(store::of_source(tx, source).await?)
}

/// Brings the end of a lot's life forward, because its remaining life was recomputed from what it went through.
/// A later end than the lot has is not taken: neither the label nor an earlier warm hour is ever undone.
pub async fn shorten_life(
    tx: &mut Tx,
    stamp: &Stamp,
    id: LotId,
    until: Instant,
    reason: &str,
) -> Result<Lot, LedgerRefusal> {
    let known = lot(tx, id).await?;
    if usable::earlier(known.usable_until, Some(until)) == known.usable_until {
        return Ok(known);
    }
    shelf::lock_all_sites(tx, known.sku).await?;
    store::set_life(tx, id, until).await?;
    let body = LotLifeShortened {
        code: known.code.clone(),
        was_usable_until: known.usable_until,
        usable_until: until,
        reason: reason.to_owned(),
    };
    tell(tx, stamp, Object::of(id), &around(&known), &body).await?;
    shelf::lot_worsened(tx, stamp, id).await?;
    lot(tx, id).await
}

/// The things that every event of a lot touches.
fn around(lot: &Lot) -> Vec<Object> {
    let mut touched = vec![Object::of(lot.site), Object::of(lot.sku)];
    touched.extend(lot.supplier.map(|supplier: SupplierId| Object::of(supplier)));
    touched
}
