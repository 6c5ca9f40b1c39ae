//! The stock journal 庫存流水: every move has a from and a to, is written once and never touched again.
//!
//! What a place holds is the sum of its moves; the balance is kept in the same transaction. A place that holds goods
//! never holds fewer than none.

mod correct;
mod rules;
mod store;
mod together;
mod waste;

use std::collections::{BTreeMap, BTreeSet};

use ::store::Tx;
use kernel::{Actor, Date, Id, Instant, LotId, Measure, MoveId, PlaceId, Quantity, SiteId, SkuId, Stamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub use correct::{Correction, correct, held_at};
pub use together::post_each;
pub use waste::{Expired, WasteReason, WriteOff, any_lot_run_out, expire_lots, write_off};

use crate::{LedgerRefusal, Lot, PlaceKind, lots, places, reserve, shelf};
use rules::Book;

/// The most moves in one posting: a whole delivery of many lots, and still short for one transaction.
pub const MOVES_MAX: usize = 500;

/// The document that moved the goods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause {
    pub noun: &'static str,
    pub id: Uuid,
    pub line: Option<Uuid>,
}

impl Cause {
    pub fn of<I: Id>(id: I) -> Self {
        Self { noun: I::NOUN, id: id.uuid(), line: None }
    }

    /// The line of the document.
    #[must_use]
    pub fn line<I: Id>(self, line: I) -> Self {
        Self { line: Some(line.uuid()), ..self }
    }
}

/// Goods that go from one place to another.
///
/// Loose goods move in grams, counted goods in pieces, catch-weight goods in both. The grams of counted goods follow
/// their pieces. Grams of catch-weight goods that nobody weighed are taken in proportion and marked as estimated;
/// what the scale finds more or less than the book when the last piece goes is booked to the site's adjustment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    pub lot: LotId,
    pub from: PlaceId,
    pub to: PlaceId,
    pub quantity: Quantity,
}

/// A move as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Moved {
    pub lot: LotId,
    pub sku: SkuId,
    pub from: PlaceId,
    pub to: PlaceId,
    pub quantity: Quantity,
}

/// What was posted, completed by the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PostedMoves)]
pub struct Posted {
    pub posting: MoveId,
    pub moves: Vec<Moved>,
}

impl Posted {
    /// What went into a place; `None` when nothing did.
    pub fn brought_to(&self, place: PlaceId) -> Option<Quantity> {
        let mut arrived = self.moves.iter().filter(|moved| moved.to == place).map(|moved| moved.quantity).peekable();
        arrived.peek()?;
        Quantity::sum(arrived)
    }
}

/// A move as the journal keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Filed {
    /// Its place in the journal.
    pub seq: i64,
    pub posting: MoveId,
    pub lot: LotId,
    pub sku: SkuId,
    pub from: PlaceId,
    pub to: PlaceId,
    pub quantity: Quantity,
    pub cause_noun: String,
    pub cause: Uuid,
    pub cause_line: Option<Uuid>,
    pub reason: Option<WasteReason>,
    pub by: Actor,
    pub at: Instant,
    #[schema(value_type = String, format = Date)]
    pub day: Date,
}

/// Posts moves of one cause, all or none, for a business day of a site.
///
/// Bound goods stay where they are: only waste, adjustment and the way back to the supplier take them, and undo the
/// bindings they break. Promises that the rest can no longer cover are marked uncovered.
pub async fn post(
    tx: &mut Tx,
    stamp: &Stamp,
    cause: Cause,
    site: SiteId,
    day: Date,
    moves: &[Move],
) -> Result<Posted, LedgerRefusal> {
    let entry = Entry { cause, site, day, reason: None, freed: None, known: None };
    Ok(carry(tx, stamp, &entry, moves).await?.posted)
}

/// What stands over the moves of one posting.
pub(crate) struct Entry<'a> {
    pub(crate) cause: Cause,
    pub(crate) site: SiteId,
    pub(crate) day: Date,
    pub(crate) reason: Option<WasteReason>,
    /// A binding that the moves consume.
    pub(crate) freed: Option<Freed>,
    /// A lot that need not be read again: what a book asks of it never changes.
    pub(crate) known: Option<&'a Lot>,
}

/// So much of a lot in a place is no longer bound.
#[derive(Clone, Copy)]
pub(crate) struct Freed {
    pub(crate) place: PlaceId,
    pub(crate) lot: LotId,
    pub(crate) amount: i64,
}

/// What was posted, and whether bindings were undone for it.
pub(crate) struct Carried {
    pub(crate) posted: Posted,
    pub(crate) undone: bool,
}

pub(crate) async fn carry(
    tx: &mut Tx,
    stamp: &Stamp,
    entry: &Entry<'_>,
    moves: &[Move],
) -> Result<Carried, LedgerRefusal> {
    let mut book = open_book(tx, stamp, entry.site, entry.known, moves).await?;
    let shelves = shelf::lock_or_open(tx, &book.shelves(entry.site)).await?;
    store::load_holdings(tx, &mut book, moves).await?;
    if let Some(freed) = entry.freed {
        book.free(freed.place, freed.lot, freed.amount);
    }
    for each in moves {
        book.carry(each)?;
    }

    // From here on it is only written.
    let overbound = book.overbound();
    let undone = !overbound.is_empty();
    for (place, lot, short) in overbound {
        let freed = reserve::undo_bindings(tx, stamp, place, lot, short).await?;
        book.free(place, lot, freed);
        book.forget_freed(place, lot, freed);
    }
    let posting: MoveId = stamp.mint();
    let moved = book.moved().to_vec();
    store::append(tx, stamp, entry, posting, &moved).await?;
    store::save_holdings(tx, entry.site, &book).await?;
    settle_shelves(tx, stamp, &book, shelves).await?;
    Ok(Carried { posted: Posted { posting, moves: moved }, undone })
}

/// Settles the shelves that goods were taken from, or brought to while somebody waited for them.
async fn settle_shelves(
    tx: &mut Tx,
    stamp: &Stamp,
    book: &Book,
    shelves: impl IntoIterator<Item = (shelf::Key, i64)>,
) -> Result<(), LedgerRefusal> {
    let unsettled =
        |(key, uncovered): &(shelf::Key, i64)| book.took_from(key.1) || (*uncovered > 0 && book.brought_to(key.1));
    let (unsettled, enough): (Vec<_>, Vec<_>) = shelves.into_iter().partition(unsettled);
    for (key, _) in unsettled {
        shelf::settle(tx, stamp, key).await?;
    }
    shelf::touch_all(tx, &enough.into_iter().map(|(key, _)| key).collect::<Vec<_>>()).await?;
    Ok(())
}

/// Reads the places and lots that the moves name, and refuses those that cannot be meant.
async fn open_book(
    tx: &mut Tx,
    stamp: &Stamp,
    site: SiteId,
    known: Option<&Lot>,
    moves: &[Move],
) -> Result<Book, LedgerRefusal> {
    if moves.is_empty() {
        return Err(LedgerRefusal::NothingMoves);
    }
    if moves.len() > MOVES_MAX {
        return Err(LedgerRefusal::TooManyMoves);
    }
    let mut book = Book::default();
    let ends: BTreeSet<PlaceId> = moves.iter().flat_map(|each| [each.from, each.to]).collect();
    for place in places::places(tx, &ends).await? {
        if place.site != site {
            return Err(LedgerRefusal::OtherSite { place: place.to_string() });
        }
        book.add_place(place);
    }
    let mut moving: BTreeSet<LotId> = moves.iter().map(|each| each.lot).collect();
    if let Some(known) = known.filter(|known| moving.remove(&known.id)) {
        book.add_lot(known.clone());
    }
    for lot in lots::lots(tx, &moving).await? {
        book.add_lot(lot);
    }
    if book.weighs_pieces() {
        let adjustment = places::the_place(tx, stamp, site, PlaceKind::Adjustment).await?;
        book.add_adjustment(adjustment);
    }
    Ok(book)
}

/// The moves of a lot, in the order in which they were written.
pub async fn moves_of_lot(tx: &mut Tx, lot: LotId) -> Result<Vec<Filed>, LedgerRefusal> {
    Ok(store::of_lot(tx, lot).await?)
}

/// The moves of a document, in the order in which they were written.
pub async fn moves_of_cause(tx: &mut Tx, cause: Uuid) -> Result<Vec<Filed>, LedgerRefusal> {
    Ok(store::of_cause(tx, cause).await?)
}

/// What each place holds of a lot.
pub(crate) async fn holdings_of(
    tx: &mut Tx,
    lot: LotId,
    measure: Measure,
) -> Result<BTreeMap<PlaceId, (PlaceKind, Quantity)>, LedgerRefusal> {
    Ok(store::holdings_of(tx, lot, measure).await?)
}
