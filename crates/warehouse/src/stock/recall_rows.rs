//! Rows of recalls.

use kernel::{CustomerId, Exactness, Quantity, RecallId, Stamp};
use store::{FromRow, Result, Row, Tx, args, row, sql};

use super::recall::{Recall, RecallCustomer, RecallLot};
use super::rules::Direction;

/// The quantity whose pieces, grams and exactness stand in three columns from `first` on.
fn quantity(row: &Row<'_>, first: usize) -> Result<Quantity> {
    let some = |number: i64| (number != 0).then_some(number);
    Ok(Quantity {
        pieces: some(row.get(first)?),
        grams: some(row.get(first + 1)?),
        exactness: if row.get(first + 2)? { Exactness::Exact } else { Exactness::Estimated },
    })
}

const fn is_exact(quantity: Quantity) -> bool {
    matches!(quantity.exactness, Exactness::Exact)
}

const fn code(direction: Direction) -> &'static str {
    match direction {
        Direction::Forward => "forward",
        Direction::Backward => "backward",
    }
}

pub(super) async fn add(tx: &mut Tx, stamp: &Stamp, recall: &Recall) -> Result<()> {
    tx.put(
        ADD,
        args![
            recall.id,
            recall.site,
            recall.lot,
            recall.kind,
            recall.reason.as_str(),
            stamp.by.noun(),
            stamp.by.uuid(),
            recall.started_at,
        ],
    )
    .await?;
    let lots = (1_i64..)
        .zip(&recall.lots)
        .map(|(nth, lot)| {
            row![
                recall.id,
                lot.lot,
                nth,
                code(lot.direction),
                lot.generation,
                lot.came.pieces_or_zero(),
                lot.came.grams_or_zero(),
                is_exact(lot.came),
                lot.sold.pieces_or_zero(),
                lot.sold.grams_or_zero(),
                is_exact(lot.sold),
                lot.other.pieces_or_zero(),
                lot.other.grams_or_zero(),
                is_exact(lot.other),
                lot.on_hand.pieces_or_zero(),
                lot.on_hand.grams_or_zero(),
                is_exact(lot.on_hand),
            ]
        })
        .collect();
    tx.put_many(ADD_LOT, lots).await?;
    let customers = recall
        .customers
        .iter()
        .map(|one| {
            let (pieces, grams) = (one.quantity.pieces_or_zero(), one.quantity.grams_or_zero());
            row![recall.id, one.customer, one.order, one.lot, one.sku, pieces, grams, is_exact(one.quantity)]
        })
        .collect();
    tx.put_many(ADD_CUSTOMER, customers).await
}

impl FromRow for RecallLot {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let direction: String = row.get(1)?;
        let direction = if direction == "forward" { Direction::Forward } else { Direction::Backward };
        Ok(Self {
            lot: row.get(0)?,
            direction,
            generation: row.get(2)?,
            came: quantity(row, 3)?,
            sold: quantity(row, 6)?,
            other: quantity(row, 9)?,
            on_hand: quantity(row, 12)?,
        })
    }
}

impl FromRow for RecallCustomer {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            customer: row.get(0)?,
            order: row.get(1)?,
            lot: row.get(2)?,
            sku: row.get(3)?,
            quantity: quantity(row, 4)?,
            reached_at: row.get(7)?,
        })
    }
}

pub(super) async fn recall(tx: &mut Tx, id: RecallId) -> Result<Option<Recall>> {
    let found: Option<Head> = tx.optional(RECALL, args![id]).await?;
    let Some(Head(mut recall)) = found else { return Ok(None) };
    recall.lots = tx.all(LOTS, args![id]).await?;
    recall.customers = tx.all(CUSTOMERS, args![id]).await?;
    recall.balanced = recall.lots.iter().all(RecallLot::is_balanced);
    Ok(Some(recall))
}

struct Head(Recall);

impl FromRow for Head {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self(Recall {
            id: row.get(0)?,
            site: row.get(1)?,
            lot: row.get(2)?,
            kind: row.get(3)?,
            reason: row.get(4)?,
            started_at: row.get(5)?,
            lots: Vec::new(),
            customers: Vec::new(),
            balanced: false,
        }))
    }
}

pub(super) async fn reach(tx: &mut Tx, stamp: &Stamp, id: RecallId, customer: CustomerId) -> Result<u64> {
    tx.execute(REACH, args![id, customer, stamp.at, stamp.by.noun(), stamp.by.uuid()]).await
}

sql! {
    ADD = "INSERT INTO recall (id, site, lot, kind, reason, starter, starter_id, started_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    ADD_LOT = "INSERT INTO recall_lot (recall, lot, nth, direction, generation, came_pieces, came_grams, came_exact,
                                       sold_pieces, sold_grams, sold_exact, other_pieces, other_grams,
                                       other_exact, on_hand_pieces, on_hand_grams, on_hand_exact)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    ADD_CUSTOMER = "INSERT INTO recall_customer (recall, customer, customer_order, lot, sku, pieces, grams, exact)
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    RECALL = "SELECT id, site, lot, kind, reason, started_at FROM recall WHERE id = $1";
    LOTS = "SELECT lot, direction, generation, came_pieces, came_grams, came_exact, sold_pieces, sold_grams,
                   sold_exact, other_pieces, other_grams, other_exact, on_hand_pieces, on_hand_grams,
                   on_hand_exact
            FROM recall_lot
            WHERE recall = $1
            ORDER BY nth";
    CUSTOMERS = "SELECT customer, customer_order, lot, sku, pieces, grams, exact, reached_at
                 FROM recall_customer
                 WHERE recall = $1
                 ORDER BY customer_order, lot";
    REACH = "UPDATE recall_customer SET reached_at = $3, reacher = $4, reacher_id = $5
             WHERE recall = $1 AND customer = $2 AND reached_at IS NULL";
}
