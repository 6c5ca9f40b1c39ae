//! SQL of the journal and of the balances that follow it.

use std::collections::BTreeMap;

use kernel::{LotId, Measure, MoveId, PlaceId, SiteId, Stamp};
use store::{FromRow, Result, Row, StoreError, Tx, args, row, sql};
use uuid::Uuid;

use super::{
    Entry, Filed, Move, Moved,
    rules::{Book, Holding},
};
use crate::{LedgerRefusal, PlaceKind, quantities};

sql! {
    HOLDING = "SELECT pieces, grams, amount, bound FROM balance WHERE place = $1 AND lot = $2 {lock}";
    CHANGE_HOLDING =
        "UPDATE balance
         SET pieces = pieces + $3, grams = grams + $4, amount = amount + $5, bound = bound + $6,
             estimated = CASE WHEN estimated = 1 THEN 1 ELSE CAST($7 AS BIGINT) END
         WHERE place = $1 AND lot = $2";
    ADD_HOLDING =
        "INSERT INTO balance (place, lot, site, sku, solid, shelved, pieces, grams, amount, bound, estimated)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10)
         ON CONFLICT (place, lot) DO UPDATE
         SET pieces = balance.pieces + excluded.pieces, grams = balance.grams + excluded.grams,
             amount = balance.amount + excluded.amount,
             estimated = CASE WHEN balance.estimated = 1 THEN 1 ELSE excluded.estimated END";
    APPEND =
        "INSERT INTO stock_move (posting, site, sku, lot, from_place, to_place, pieces, grams, exactness, cause_noun,
                                 cause, cause_line, reason, actor, actor_id, at, day)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    OF_LOT =
        "SELECT seq, posting, lot, sku, from_place, to_place, pieces, grams, exactness, cause_noun, cause, cause_line,
                reason, actor, actor_id, at, day
         FROM stock_move WHERE lot = $1 ORDER BY seq";
    OF_CAUSE =
        "SELECT seq, posting, lot, sku, from_place, to_place, pieces, grams, exactness, cause_noun, cause, cause_line,
                reason, actor, actor_id, at, day
         FROM stock_move WHERE cause = $1 ORDER BY seq";
    HOLDINGS_OF =
        "SELECT b.place, p.kind, b.pieces, b.grams, b.estimated
         FROM balance b JOIN place p ON p.id = b.place
         WHERE b.lot = $1 ORDER BY b.place";
}

impl FromRow for Filed {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let exactness: String = row.get(8)?;
        let exactness = quantities::exactness(&exactness).ok_or_else(|| StoreError::Impossible {
            statement: OF_LOT.name(),
            column: "exactness".to_owned(),
            found: exactness,
        })?;
        Ok(Self {
            seq: row.get(0)?,
            posting: row.get(1)?,
            lot: row.get(2)?,
            sku: row.get(3)?,
            from: row.get(4)?,
            to: row.get(5)?,
            quantity: quantities::from_columns(row.get(6)?, row.get(7)?, exactness),
            cause_noun: row.get(9)?,
            cause: row.get(10)?,
            cause_line: row.get(11)?,
            reason: row.get(12)?,
            by: crate::lots::filed_actor(&row.get::<String>(13)?, row.get(14)?, OF_LOT.name())?,
            at: row.get(15)?,
            day: row.get(16)?,
        })
    }
}

/// Reads what the solid places of the book hold, each row locked, in key order.
pub(super) async fn load_holdings(tx: &mut Tx, book: &mut Book, moves: &[Move]) -> Result<(), LedgerRefusal> {
    let pairs = book.solid_pairs(moves);
    let asked: Vec<_> = pairs.iter().map(|(place, lot)| row![*place, *lot]).collect();
    let found: Vec<Vec<(i64, i64, i64, i64)>> = tx.all_many(HOLDING, &asked).await?;
    for ((place, lot), mut held) in pairs.into_iter().zip(found) {
        if let Some((pieces, grams, amount, bound)) = held.pop() {
            let holding = Holding { pieces, grams, amount, bound, known: true, ..Holding::default() };
            book.hold(place, lot, holding);
        }
    }
    Ok(())
}

pub(super) async fn save_holdings(tx: &mut Tx, site: SiteId, book: &Book) -> Result<()> {
    let (known, new): (Vec<_>, Vec<_>) = book.changed().partition(|(_, _, holding)| holding.known);
    let changes = known.into_iter().map(|(place, lot, holding)| {
        let delta = holding.delta;
        row![place.id, lot.id, delta.pieces, delta.grams, delta.amount, delta.bound, delta.estimated]
    });
    tx.put_many(CHANGE_HOLDING, changes.collect()).await?;
    let additions = new.into_iter().map(|(place, lot, holding)| {
        let (delta, kind) = (holding.delta, place.kind);
        row![
            place.id,
            lot.id,
            site,
            lot.sku,
            kind.is_solid(),
            kind.is_shelf(),
            delta.pieces,
            delta.grams,
            delta.amount,
            delta.estimated
        ]
    });
    tx.put_many(ADD_HOLDING, additions.collect()).await
}

pub(super) async fn append(
    tx: &mut Tx,
    stamp: &Stamp,
    entry: &Entry<'_>,
    posting: MoveId,
    moves: &[Moved],
) -> Result<()> {
    append_each(tx, stamp, &[(entry, posting, moves)]).await
}

/// Writes several postings, one behind the other.
pub(super) async fn append_each(tx: &mut Tx, stamp: &Stamp, postings: &[(&Entry<'_>, MoveId, &[Moved])]) -> Result<()> {
    let moves =
        postings.iter().flat_map(|(entry, posting, moves)| moves.iter().map(move |moved| (entry, posting, moved)));
    let rows = moves
        .map(|(entry, posting, moved)| {
            row![
                *posting,
                entry.site,
                moved.sku,
                moved.lot,
                moved.from,
                moved.to,
                moved.quantity.pieces,
                moved.quantity.grams,
                quantities::exactness_code(moved.quantity.exactness),
                entry.cause.noun,
                entry.cause.id,
                entry.cause.line,
                entry.reason,
                stamp.by.noun(),
                stamp.by.uuid(),
                stamp.at,
                entry.day,
            ]
        })
        .collect();
    tx.put_many(APPEND, rows).await
}

pub(super) async fn of_lot(tx: &mut Tx, lot: LotId) -> Result<Vec<Filed>> {
    tx.all(OF_LOT, args![lot]).await
}

pub(super) async fn of_cause(tx: &mut Tx, cause: Uuid) -> Result<Vec<Filed>> {
    tx.all(OF_CAUSE, args![cause]).await
}

pub(super) async fn holdings_of(
    tx: &mut Tx,
    lot: LotId,
    measure: Measure,
) -> Result<BTreeMap<PlaceId, (PlaceKind, kernel::Quantity)>> {
    let rows: Vec<(PlaceId, PlaceKind, i64, i64, bool)> = tx.all(HOLDINGS_OF, args![lot]).await?;
    let held = rows.into_iter().map(|(place, kind, pieces, grams, estimated)| {
        let exactness = quantities::exactness_of_flag(estimated);
        (place, (kind, quantities::shaped(measure, pieces, grams, exactness)))
    });
    Ok(held.collect())
}
