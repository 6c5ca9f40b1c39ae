//! Corrections 盤差: what a count found different from the book, booked against the site's adjustment.

use ::store::{Tx, args, sql};
use kernel::{Date, Instant, LotId, Measure, PlaceId, Quantity, Stamp};

use super::{Cause, Entry, Move, Moved, WasteReason, carry};
use crate::{LedgerRefusal, Lot, PlaceKind, lots, places, quantities};

/// A difference to be booked.
#[derive(Clone, Copy, Debug)]
pub struct Correction {
    pub lot: LotId,
    pub place: PlaceId,
    /// Counted less booked; below zero where goods are missing.
    pub variance: Quantity,
    pub reason: WasteReason,
}

/// Books a difference between a place and the site's adjustment, and answers the moves. What is missing is missing:
/// bindings on it are undone, and promises that nothing else covers are marked uncovered.
///
/// A whole fish may be missing and its siblings be heavier than the book: pieces are moved first, then what the
/// grams still differ.
pub async fn correct(
    tx: &mut Tx,
    stamp: &Stamp,
    cause: Cause,
    day: Date,
    correction: &Correction,
) -> Result<Vec<Moved>, LedgerRefusal> {
    let lot = lots::lot(tx, correction.lot).await?;
    let place = places::place(tx, correction.place).await?;
    let adjustment = places::the_place(tx, stamp, place.site, PlaceKind::Adjustment).await?;
    let entry = Entry { cause, site: place.site, day, reason: Some(correction.reason), freed: None, known: Some(&lot) };
    let between = |missing: bool, quantity| {
        let (from, to) = if missing { (place.id, adjustment.id) } else { (adjustment.id, place.id) };
        Move { lot: lot.id, from, to, quantity }
    };
    let mut moved = Vec::new();
    let pieces = correction.variance.pieces_or_zero();
    if pieces != 0 {
        let quantity = with_their_weight(&lot, correction.variance);
        moved.extend(carry(tx, stamp, &entry, &[between(pieces < 0, quantity)]).await?.posted.moves);
    }
    // Counted goods are kept by the piece; their grams follow.
    let grams = match lot.measure {
        Measure::Counted => 0,
        Measure::Weighed | Measure::CatchWeight => {
            correction.variance.grams_or_zero().saturating_sub(net_grams(&moved, place.id))
        }
    };
    if grams != 0 {
        let quantity = Quantity::grams(grams.saturating_abs());
        moved.extend(carry(tx, stamp, &entry, &[between(grams < 0, quantity)]).await?.posted.moves);
    }
    if moved.is_empty() {
        return Err(LedgerRefusal::NothingMoves);
    }
    Ok(moved)
}

/// The pieces that differ, with the grams that go with them.
fn with_their_weight(lot: &Lot, variance: Quantity) -> Quantity {
    let (pieces, grams) = (variance.pieces_or_zero(), variance.grams_or_zero());
    let number = Quantity::pieces(pieces.saturating_abs());
    let nominal = lot.nominal_grams.map(|each| each.saturating_mul(pieces.saturating_abs()));
    match lot.measure {
        // What leaves takes its share of the grams in the book; what is found brings the weight of its kind.
        Measure::Counted if pieces < 0 => number,
        Measure::Counted | Measure::Weighed => Quantity { grams: nominal, ..number }.estimated(),
        Measure::CatchWeight => {
            let alike = (pieces < 0) == (grams < 0) && grams != 0;
            let likely = nominal.is_none_or(|nominal| {
                let grams = grams.saturating_abs();
                grams <= nominal.saturating_mul(2) && grams.saturating_mul(2) >= nominal
            });
            if alike && likely {
                Quantity { grams: Some(grams.saturating_abs()), ..number }
            } else {
                Quantity { grams: nominal.or(Some(grams.saturating_abs()).filter(|grams| *grams > 0)), ..number }
            }
        }
    }
}

/// What moves brought to a place less what they took from it, in grams.
fn net_grams(moves: &[Moved], place: PlaceId) -> i64 {
    moves.iter().fold(0, |sum: i64, each| {
        let grams = each.quantity.grams_or_zero();
        match (each.to == place, each.from == place) {
            (true, false) => sum.saturating_add(grams),
            (false, true) => sum.saturating_sub(grams),
            (true, true) | (false, false) => sum,
        }
    })
}

/// What a place held of a lot at an instant, by ledger time: what it holds now less what has moved since. The row is
/// locked, so that a move that is being written is either in both numbers or in neither.
pub async fn held_at(tx: &mut Tx, place: PlaceId, lot: LotId, at: Instant) -> Result<Quantity, LedgerRefusal> {
    let known = lots::lot(tx, lot).await?;
    let (pieces, grams): (i64, i64) = tx.optional(HELD, args![place, lot]).await?.unwrap_or_default();
    let (pieces_since, grams_since): (i64, i64) = tx.one(SINCE, args![place, lot, at]).await?;
    Ok(quantities::shaped(
        known.measure,
        pieces.saturating_sub(pieces_since),
        grams.saturating_sub(grams_since),
        kernel::Exactness::Exact,
    ))
}

sql! {
    HELD = "SELECT pieces, grams FROM balance WHERE place = $1 AND lot = $2 {lock}";
    /// Served by `stock_move_of_lot`.
    SINCE = "SELECT CAST(COALESCE(SUM(CASE WHEN to_place = $1 THEN COALESCE(pieces, 0)
                                           ELSE -COALESCE(pieces, 0) END), 0) AS BIGINT),
                    CAST(COALESCE(SUM(CASE WHEN to_place = $1 THEN COALESCE(grams, 0)
                                           ELSE -COALESCE(grams, 0) END), 0) AS BIGINT)
             FROM stock_move
             WHERE lot = $2 AND at > $3 AND (to_place = $1 OR from_place = $1)";
}
