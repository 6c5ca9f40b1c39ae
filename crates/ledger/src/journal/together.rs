//! Several postings at once: what is carried out of one door is read, judged and written together.

use ::store::Tx;
use kernel::{Date, MoveId, SiteId, Stamp};

use super::{Cause, Entry, MOVES_MAX, Move, Posted, open_book, post, settle_shelves, store};
use crate::{LedgerRefusal, reserve, shelf};

/// Posts the moves of several causes for one business day of a site, all or none. Each cause is a posting of its own,
/// carried in the order given; the rows are locked, read and written once for all of them.
pub async fn post_each(
    tx: &mut Tx,
    stamp: &Stamp,
    site: SiteId,
    day: Date,
    causes: &[(Cause, Vec<Move>)],
) -> Result<Vec<Posted>, LedgerRefusal> {
    let moves: Vec<Move> = causes.iter().flat_map(|(_, moves)| moves).copied().collect();
    if moves.len() > MOVES_MAX || causes.iter().any(|(_, moves)| moves.is_empty()) {
        return one_by_one(tx, stamp, site, day, causes).await;
    }
    let mut book = open_book(tx, stamp, site, None, &moves).await?;
    let shelves = shelf::lock_or_open(tx, &book.shelves(site)).await?;
    store::load_holdings(tx, &mut book, &moves).await?;
    let mut entries = Vec::with_capacity(causes.len());
    for (cause, moves) in causes {
        let begun = book.moved().len();
        for each in moves {
            book.carry(each)?;
        }
        entries.push((
            Entry { cause: *cause, site, day, reason: None, freed: None, known: None },
            begun..book.moved().len(),
        ));
    }

    // From here on it is only written.
    for (place, lot, short) in book.overbound() {
        let undone = reserve::undo_bindings(tx, stamp, place, lot, short).await?;
        book.free(place, lot, undone);
        book.forget_freed(place, lot, undone);
    }
    let moved = book.moved();
    let postings: Vec<(&Entry<'_>, MoveId, &[_])> = entries
        .iter()
        .map(|(entry, span)| (entry, stamp.mint(), moved.get(span.clone()).unwrap_or_default()))
        .collect();
    store::append_each(tx, stamp, &postings).await?;
    store::save_holdings(tx, site, &book).await?;
    settle_shelves(tx, stamp, &book, shelves).await?;
    Ok(postings.into_iter().map(|(_, posting, moves)| Posted { posting, moves: moves.to_vec() }).collect())
}

/// The same with more moves than one book takes.
async fn one_by_one(
    tx: &mut Tx,
    stamp: &Stamp,
    site: SiteId,
    day: Date,
    causes: &[(Cause, Vec<Move>)],
) -> Result<Vec<Posted>, LedgerRefusal> {
    let mut posted = Vec::with_capacity(causes.len());
    for (cause, moves) in causes {
        posted.push(post(tx, stamp, *cause, site, day, moves).await?);
    }
    Ok(posted)
}
