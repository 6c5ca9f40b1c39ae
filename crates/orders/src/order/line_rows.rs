//! Rows of order lines and of their lots.

use std::collections::BTreeMap;

use kernel::{Base, CustomerOrderId, LotId, OrderLineId, Price, Quantity};
use store::{FromRow, Result, Row, StoreError, Tx, args, row, sql};

use super::{AmountRange, OrderLine, SentLine};
use crate::outbound::{SettledLine, ShortReason};

macro_rules! line_columns {
    () => {
        "id, nth, sku, measure, class, zone, ordered_pieces, ordered_grams, estimated_pieces, estimated_grams, \
         price_money, price_base, price_source, tax, low, expected, bound, substitution, promise, sent_pieces, \
         sent_grams, amount, difference, short"
    };
}

sql! {
    LINES = concat!("SELECT ", line_columns!(), " FROM order_line WHERE customer_order = $1 ORDER BY nth {hold}");
    ADD_LINE = "INSERT INTO order_line (id, customer_order, nth, sku, measure, class, zone, ordered_pieces,
                    ordered_grams, estimated_pieces, estimated_grams, price_money, price_base, price_source, tax, low,
                    expected, bound, substitution, promise)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)";
    SETTLE_LINE = "UPDATE order_line
                   SET sent_pieces = $2, sent_grams = $3, amount = $4, difference = $5, short = $6
                   WHERE id = $1";
    MARK_SHORT = "UPDATE order_line SET short = $2 WHERE id = $1";
    ADD_LOT = "INSERT INTO order_line_lot (order_line, lot, pieces, grams) VALUES ($1, $2, $3, $4)";
    LOTS = "SELECT k.order_line, k.lot, k.pieces, k.grams
            FROM order_line_lot k
            JOIN order_line l ON l.id = k.order_line
            WHERE l.customer_order = $1
            ORDER BY l.nth, k.lot";
}

/// Lots of each line.
pub(crate) type LotsByLine = BTreeMap<OrderLineId, Vec<(LotId, Quantity)>>;

impl FromRow for OrderLine {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let base: String = row.get(11)?;
        let base = Base::from_code(&base).ok_or_else(|| StoreError::Impossible {
            statement: LINES.name(),
            column: "price_base".to_owned(),
            found: base,
        })?;
        let ordered = Quantity { pieces: row.get(6)?, grams: row.get(7)?, ..Quantity::NONE };
        let estimated = Quantity { pieces: row.get(8)?, grams: row.get(9)?, ..Quantity::NONE };
        // What the customer did not name is a guess until the scale has spoken.
        let estimated = if estimated == ordered { estimated } else { estimated.estimated() };
        let (amount, difference) = (row.get(21)?, row.get(22)?);
        let sent = match (amount, difference) {
            (Some(amount), Some(difference)) => Some(SentLine {
                quantity: Quantity { pieces: row.get(19)?, grams: row.get(20)?, ..Quantity::NONE },
                amount,
                difference,
            }),
            _ => None,
        };
        Ok(Self {
            id: row.get(0)?,
            nth: row.get(1)?,
            sku: row.get(2)?,
            measure: row.get(3)?,
            class: row.get(4)?,
            zone: row.get(5)?,
            ordered,
            estimated,
            price: Price { money: row.get(10)?, base },
            price_source: row.get(12)?,
            tax: row.get(13)?,
            range: AmountRange { low: row.get(14)?, expected: row.get(15)?, bound: row.get(16)? },
            substitution: row.get(17)?,
            promise: row.get(18)?,
            sent,
            short: row.get(23)?,
        })
    }
}

/// The lines of an order, as the customer wrote them down.
pub(crate) async fn lines_of(tx: &mut Tx, order: CustomerOrderId) -> Result<Vec<OrderLine>> {
    tx.all(LINES, args![order]).await
}

/// The lines of several orders, in the order asked for.
pub(crate) async fn lines_of_all(tx: &mut Tx, orders: &[CustomerOrderId]) -> Result<Vec<Vec<OrderLine>>> {
    let asked: Vec<_> = orders.iter().map(|order| row![*order]).collect();
    tx.all_many(LINES, &asked).await
}

pub(crate) async fn add_lines(tx: &mut Tx, order: CustomerOrderId, lines: &[OrderLine]) -> Result<()> {
    let rows = lines
        .iter()
        .map(|line| {
            row![
                line.id,
                order,
                line.nth,
                line.sku,
                line.measure,
                line.class,
                line.zone,
                line.ordered.pieces,
                line.ordered.grams,
                line.estimated.pieces,
                line.estimated.grams,
                line.price.money,
                line.price.base.code(),
                line.price_source,
                line.tax,
                line.range.low,
                line.range.expected,
                line.range.bound,
                line.substitution,
                line.promise,
            ]
        })
        .collect();
    tx.put_many(ADD_LINE, rows).await
}

pub(crate) async fn settle_lines(tx: &mut Tx, lines: &[SettledLine]) -> Result<()> {
    let rows = lines
        .iter()
        .map(|line| {
            let (pieces, grams) = (line.actual.pieces, line.actual.grams);
            row![line.order_line, pieces, grams, line.amount, line.difference, line.short]
        })
        .collect();
    tx.put_many(SETTLE_LINE, rows).await
}

pub(crate) async fn mark_short(tx: &mut Tx, line: OrderLineId, why: ShortReason) -> Result<()> {
    tx.put(MARK_SHORT, args![line, why]).await
}

/// Notes lots of lines; a lot named twice for one line is added up first.
pub(crate) async fn add_lots(tx: &mut Tx, lots: &[(OrderLineId, LotId, Quantity)]) -> Result<()> {
    let mut merged = BTreeMap::<(OrderLineId, LotId), Quantity>::new();
    for (line, lot, quantity) in lots {
        let sum = merged.entry((*line, *lot)).or_default();
        *sum = sum.plus(*quantity).unwrap_or(*sum);
    }
    let rows = merged
        .into_iter()
        .filter(|(_, quantity)| !quantity.is_nothing())
        .map(|((line, lot), quantity)| row![line, lot, quantity.pieces, quantity.grams])
        .collect();
    tx.put_many(ADD_LOT, rows).await
}

pub(crate) async fn lots_of(tx: &mut Tx, order: CustomerOrderId) -> Result<LotsByLine> {
    Ok(by_line(tx.all(LOTS, args![order]).await?))
}

/// The same of several orders, in the order asked for.
pub(crate) async fn lots_of_all(tx: &mut Tx, orders: &[CustomerOrderId]) -> Result<Vec<LotsByLine>> {
    let asked: Vec<_> = orders.iter().map(|order| row![*order]).collect();
    Ok(tx.all_many(LOTS, &asked).await?.into_iter().map(by_line).collect())
}

type LotRow = (OrderLineId, LotId, Option<i64>, Option<i64>);

fn by_line(rows: Vec<LotRow>) -> LotsByLine {
    let mut lots = LotsByLine::new();
    for (line, lot, pieces, grams) in rows {
        lots.entry(line).or_default().push((lot, Quantity { pieces, grams, ..Quantity::NONE }));
    }
    lots
}

/// A line by its id, and the order that it belongs to.
pub(crate) async fn line_of(tx: &mut Tx, line: OrderLineId) -> Result<Option<(CustomerOrderId, OrderLine)>> {
    let Some(order) = tx.optional::<CustomerOrderId>(ORDER_OF_LINE, args![line]).await? else { return Ok(None) };
    let found = lines_of(tx, order).await?.into_iter().find(|known| known.id == line);
    Ok(found.map(|found| (order, found)))
}

sql! {
    ORDER_OF_LINE = "SELECT customer_order FROM order_line WHERE id = $1";
}
