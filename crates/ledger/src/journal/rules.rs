//! What a posting does to what the places hold. Pure: the book is read before and written after.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Exactness, LotId, Measure, PlaceId, Quantity, Ratio, Round, SiteId, SkuId};

use super::{Move, Moved};
use crate::{LedgerRefusal, Lot, Place, PlaceKind, quantities};

/// How far the weight of a piece may stray from the book before a typing error is likelier than a big fish.
const TIMES_OFF_MAX: i64 = 10;

/// What one place holds of one lot, and how this posting has changed it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Holding {
    pub(super) pieces: i64,
    pub(super) grams: i64,
    /// The promised number: pieces, or grams of loose goods.
    pub(super) amount: i64,
    pub(super) bound: i64,
    /// The row is there already.
    pub(super) known: bool,
    pub(super) delta: Delta,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Delta {
    pub(super) pieces: i64,
    pub(super) grams: i64,
    pub(super) amount: i64,
    pub(super) bound: i64,
    pub(super) estimated: bool,
}

/// The places and lots of one posting.
#[derive(Debug, Default)]
pub(super) struct Book {
    places: BTreeMap<PlaceId, Place>,
    lots: BTreeMap<LotId, Lot>,
    adjustment: Option<PlaceId>,
    held: BTreeMap<(PlaceId, LotId), Holding>,
    pairs: BTreeSet<(PlaceId, LotId)>,
    moved: Vec<Moved>,
}

impl Book {
    pub(super) fn add_place(&mut self, place: Place) {
        self.places.insert(place.id, place);
    }

    pub(super) fn add_adjustment(&mut self, place: Place) {
        self.adjustment = Some(place.id);
        self.add_place(place);
    }

    pub(super) fn add_lot(&mut self, lot: Lot) {
        self.lots.insert(lot.id, lot);
    }

    pub(super) fn weighs_pieces(&self) -> bool {
        self.lots.values().any(|lot| lot.measure == Measure::CatchWeight)
    }

    pub(super) fn place(&self, id: PlaceId) -> Result<&Place, LedgerRefusal> {
        self.places.get(&id).ok_or(LedgerRefusal::NoSuchPlace)
    }

    pub(super) fn lot(&self, id: LotId) -> Result<&Lot, LedgerRefusal> {
        self.lots.get(&id).ok_or(LedgerRefusal::NoSuchLot)
    }

    /// The shelves that the posting may touch: every lot's, if any shelf place takes part.
    pub(super) fn shelves(&self, site: SiteId) -> BTreeSet<(SiteId, SkuId)> {
        if self.places.values().any(|place| place.kind.is_shelf()) {
            self.lots.values().map(|lot| (site, lot.sku)).collect()
        } else {
            BTreeSet::new()
        }
    }

    /// What the moves take from and bring to solid places: the rows that have to be read, in key order.
    pub(super) fn solid_pairs(&self, moves: &[Move]) -> BTreeSet<(PlaceId, LotId)> {
        let ends = moves.iter().flat_map(|each| [(each.from, each.lot), (each.to, each.lot)]);
        ends.filter(|(place, _)| self.places.get(place).is_some_and(|place| place.kind.is_solid())).collect()
    }

    pub(super) fn hold(&mut self, place: PlaceId, lot: LotId, holding: Holding) {
        self.held.insert((place, lot), holding);
    }

    /// So much is no longer bound, as far as the moves are concerned.
    pub(super) fn free(&mut self, place: PlaceId, lot: LotId, amount: i64) {
        let holding = self.held.entry((place, lot)).or_default();
        holding.bound = holding.bound.saturating_sub(amount);
        holding.delta.bound = holding.delta.bound.saturating_sub(amount);
        self.pairs.insert((place, lot));
    }

    /// The freed amount has been written already.
    pub(super) fn forget_freed(&mut self, place: PlaceId, lot: LotId, amount: i64) {
        let holding = self.held.entry((place, lot)).or_default();
        holding.delta.bound = holding.delta.bound.saturating_add(amount);
    }

    /// Where more is bound than is left, and by how much.
    pub(super) fn overbound(&self) -> Vec<(PlaceId, LotId, i64)> {
        let short = |holding: &Holding| holding.bound.saturating_sub(holding.amount);
        let held = self.held.iter().filter(|(_, holding)| holding.bound > 0 && short(holding) > 0);
        held.map(|((place, lot), holding)| (*place, *lot, short(holding))).collect()
    }

    pub(super) fn moved(&self) -> &[Moved] {
        &self.moved
    }

    /// The rows that changed.
    pub(super) fn changed(&self) -> impl Iterator<Item = (&Place, &Lot, &Holding)> {
        self.pairs.iter().filter_map(|(place, lot)| {
            let holding = self.held.get(&(*place, *lot))?;
            Some((self.places.get(place)?, self.lots.get(lot)?, holding))
        })
    }

    /// Whether the shelves have less of some lot of this SKU that is free.
    pub(super) fn took_from(&self, sku: SkuId) -> bool {
        self.free_by_lot(sku).into_values().any(|free| free < 0)
    }

    pub(super) fn brought_to(&self, sku: SkuId) -> bool {
        self.free_by_lot(sku).into_values().any(|free| free > 0)
    }

    fn free_by_lot(&self, sku: SkuId) -> BTreeMap<LotId, i64> {
        let mut free: BTreeMap<LotId, i64> = BTreeMap::new();
        for (place, lot, holding) in self.changed() {
            if lot.sku == sku && place.kind.is_shelf() {
                let net = holding.delta.amount.saturating_sub(holding.delta.bound);
                let sum = free.entry(lot.id).or_default();
                *sum = sum.saturating_add(net);
            }
        }
        free
    }

    /// Carries one move, or refuses it. Checks stand in the order in which a person would ask them.
    pub(super) fn carry(&mut self, each: &Move) -> Result<(), LedgerRefusal> {
        let (from, to) = (self.place(each.from)?.clone(), self.place(each.to)?.clone());
        if from.id == to.id {
            return Err(LedgerRefusal::SamePlace { place: from.to_string() });
        }
        let lot = self.lot(each.lot)?.clone();
        let held = self.held.get(&(from.id, lot.id)).copied().unwrap_or_default();
        let quantity = complete(&lot, &from, &to, &held, each.quantity)?;
        if from.kind.is_solid() {
            demand_free(&lot, &from, &to, &held, quantity)?;
        }
        let drift = from.kind.is_solid() && lot.measure == Measure::CatchWeight;
        let missing = quantity.grams_or_zero().saturating_sub(held.grams);
        if drift && missing > 0 {
            // The scale finds more than the book has: the book is put right before the goods go.
            self.adjust(&lot, from.id, missing)?;
        }
        self.write(&lot, from.id, to.id, quantity);
        let left = self.held.get(&(from.id, lot.id)).copied().unwrap_or_default();
        if drift && left.pieces == 0 && left.grams > 0 {
            // The last piece is gone and the book still has grams: the scale never saw them.
            self.adjust(&lot, from.id, left.grams.saturating_neg())?;
        }
        Ok(())
    }

    /// Books grams between a place and the site's adjustment, as the scale has it.
    fn adjust(&mut self, lot: &Lot, place: PlaceId, grams: i64) -> Result<(), LedgerRefusal> {
        let adjustment = self.adjustment.ok_or(LedgerRefusal::NoSuchPlace)?;
        let (from, to) = if grams > 0 { (adjustment, place) } else { (place, adjustment) };
        if from != to {
            self.write(lot, from, to, Quantity::grams(grams.saturating_abs()));
        }
        Ok(())
    }

    fn write(&mut self, lot: &Lot, from: PlaceId, to: PlaceId, quantity: Quantity) {
        let amount = lot.measure.promised(quantity);
        let estimated = quantity.exactness == Exactness::Estimated;
        for (place, sign) in [(from, -1_i64), (to, 1)] {
            let holding = self.held.entry((place, lot.id)).or_default();
            let add = |to: &mut i64, number: i64| *to = to.saturating_add(number.saturating_mul(sign));
            add(&mut holding.pieces, quantity.pieces_or_zero());
            add(&mut holding.grams, quantity.grams_or_zero());
            add(&mut holding.amount, amount);
            add(&mut holding.delta.pieces, quantity.pieces_or_zero());
            add(&mut holding.delta.grams, quantity.grams_or_zero());
            add(&mut holding.delta.amount, amount);
            holding.delta.estimated |= estimated;
            self.pairs.insert((place, lot.id));
        }
        self.moved.push(Moved { lot: lot.id, sku: lot.sku, from, to, quantity });
    }
}

/// The quantity in the shape that the lot is kept in, with the dimension that nobody measured filled in.
fn complete(lot: &Lot, from: &Place, to: &Place, held: &Holding, asked: Quantity) -> Result<Quantity, LedgerRefusal> {
    let wrong = || LedgerRefusal::WrongShape { lot: lot.code.clone(), measure: lot.measure.code(), quantity: asked };
    let implausible = || LedgerRefusal::Implausible { lot: lot.code.clone(), quantity: asked };
    if asked.is_nothing() {
        return Err(LedgerRefusal::NothingMoves);
    }
    if !asked.is_plausible() {
        return Err(implausible());
    }
    let (pieces, grams) = (asked.pieces_or_zero(), asked.grams_or_zero());
    match lot.measure {
        Measure::Weighed if pieces != 0 => Err(wrong()),
        Measure::Weighed => Ok(Quantity { pieces: None, ..asked }),
        Measure::Counted if pieces == 0 => Err(wrong()),
        Measure::Counted if from.kind.is_solid() => {
            let share = share(held, pieces);
            let exactness = if share.is_some() && pieces != held.pieces {
                asked.exactness.and(Exactness::Estimated)
            } else {
                asked.exactness
            };
            Ok(Quantity { pieces: Some(pieces), grams: share, exactness })
        }
        Measure::Counted => Ok(asked),
        Measure::CatchWeight if pieces == 0 => {
            // Drip, drying and the scale take grams from pieces that stay.
            let only_weight = |place: &Place| matches!(place.kind, PlaceKind::Adjustment | PlaceKind::Waste);
            if only_weight(from) || only_weight(to) { Ok(Quantity { pieces: None, ..asked }) } else { Err(wrong()) }
        }
        Measure::CatchWeight if grams == 0 => {
            let share = share(held, pieces).filter(|_| from.kind.is_solid()).ok_or_else(wrong)?;
            Ok(Quantity { grams: Some(share), ..asked }.estimated())
        }
        Measure::CatchWeight => {
            let nominal = lot.nominal_grams.unwrap_or(0).saturating_mul(pieces);
            let most = nominal.saturating_mul(TIMES_OFF_MAX);
            let weighed = grams.saturating_mul(TIMES_OFF_MAX);
            if nominal > 0 && (grams > most || weighed < nominal) {
                return Err(implausible());
            }
            Ok(asked)
        }
    }
}

/// The grams that belong to so many of the pieces held; the last piece takes what is left.
fn share(held: &Holding, pieces: i64) -> Option<i64> {
    if held.grams <= 0 || pieces > held.pieces {
        return None;
    }
    Ratio::new(pieces, held.pieces)?.times(held.grams, Round::HalfUp)
}

fn demand_free(lot: &Lot, from: &Place, to: &Place, held: &Holding, wanted: Quantity) -> Result<(), LedgerRefusal> {
    let bound = if to.kind.takes_what_is_bound() { 0 } else { held.bound.max(0) };
    let free = held.amount.saturating_sub(bound);
    let only_weight = lot.measure == Measure::CatchWeight && wanted.pieces_or_zero() == 0;
    let short = if only_weight { wanted.grams_or_zero() > held.grams } else { lot.measure.promised(wanted) > free };
    if !short {
        return Ok(());
    }
    let available =
        if only_weight { Quantity::grams(held.grams) } else { quantities::promised(lot.measure, free.max(0)) };
    Err(LedgerRefusal::ShortAtPlace { place: from.to_string(), lot: lot.code.clone(), wanted, available })
}
