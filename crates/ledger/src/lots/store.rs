//! SQL of lots.

use std::collections::BTreeSet;

use kernel::{Base, Instant, LotId, Money, Price, Quantity};
use store::{FromRow, Result, Row, StoreError, Tx, args, row, sql};

use super::{BlockFlags, Lot, LotState, Parent, Source};
use crate::quantities;

macro_rules! lot_columns {
    () => {
        "id, site, sku, code, measure, nominal_grams, gtin, supplier_lot, supplier, produced_on, harvested_on, use_by, \
         origin, source_noun, source, cost_money, cost_base, opened_at, state, flags, usable_until"
    };
}

sql! {
    LOT = concat!("SELECT ", lot_columns!(), " FROM lot WHERE id = $1 {hold}");
    LOCK = concat!("SELECT ", lot_columns!(), " FROM lot WHERE id = $1 {lock}");
    BY_CODE = concat!("SELECT ", lot_columns!(), " FROM lot WHERE code = $1");
    OF_SUPPLIER_LOT = concat!("SELECT ", lot_columns!(), " FROM lot WHERE supplier_lot = $1 ORDER BY opened_at, id");
    OF_SOURCE =
        concat!("SELECT ", lot_columns!(), " FROM lot WHERE source = $1 AND source_noun = $2 ORDER BY opened_at, id");
    LABEL_UNTIL = "SELECT label_until FROM lot WHERE id = $1";
    ADD = concat!(
        "INSERT INTO lot (", lot_columns!(), ", label_until, cut_short)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)"
    );
    SET_STATE = "UPDATE lot SET state = $2 WHERE id = $1";
    SET_FLAGS = "UPDATE lot SET flags = $2 WHERE id = $1";
    SET_LIFE = "UPDATE lot SET usable_until = $2, cut_short = label_until - $2 WHERE id = $1";
    ADD_PARENT = "INSERT INTO lot_parent (child, parent, pieces, grams, at) VALUES ($1, $2, $3, $4, $5)";
    PARENTS = "SELECT parent, pieces, grams FROM lot_parent WHERE child = $1 ORDER BY parent";
    CHILDREN = "SELECT child, pieces, grams FROM lot_parent WHERE parent = $1 ORDER BY child";
}

pub(crate) use lot_columns;

impl FromRow for Lot {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let cost = match (row.get::<Option<Money>>(15)?, row.get::<Option<String>>(16)?) {
            (Some(money), Some(base)) => {
                let base = Base::from_code(&base).ok_or_else(|| StoreError::Impossible {
                    statement: LOT.name(),
                    column: "cost_base".to_owned(),
                    found: base,
                })?;
                Some(Price { money, base })
            }
            _ => None,
        };
        Ok(Self {
            id: row.get(0)?,
            site: row.get(1)?,
            sku: row.get(2)?,
            code: row.get(3)?,
            measure: row.get(4)?,
            nominal_grams: row.get(5)?,
            gtin: row.get(6)?,
            supplier_lot: row.get(7)?,
            supplier: row.get(8)?,
            produced_on: row.get(9)?,
            harvested_on: row.get(10)?,
            use_by: row.get(11)?,
            origin: row.get(12)?,
            source: Source { noun: row.get(13)?, id: row.get(14)? },
            cost,
            opened_at: row.get(17)?,
            state: row.get(18)?,
            flags: row.get(19)?,
            usable_until: row.get(20)?,
        })
    }
}

impl FromRow for Parent {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let quantity = quantities::from_columns(row.get(1)?, row.get(2)?, kernel::Exactness::Exact);
        Ok(Self { lot: row.get(0)?, quantity })
    }
}

pub(crate) async fn lot_row(tx: &mut Tx, id: LotId) -> Result<Option<Lot>> {
    tx.optional(LOT, args![id]).await
}

/// Each lot, or none, in the order of the ids.
pub(crate) async fn lot_rows(tx: &mut Tx, ids: &BTreeSet<LotId>) -> Result<Vec<Option<Lot>>> {
    let asked: Vec<_> = ids.iter().map(|id| row![*id]).collect();
    let found: Vec<Vec<Lot>> = tx.all_many(LOT, &asked).await?;
    Ok(found.into_iter().map(|mut rows| rows.pop()).collect())
}

/// The lot, and nobody else changes it until this transaction ends.
pub(crate) async fn lock(tx: &mut Tx, id: LotId) -> Result<Option<Lot>> {
    tx.optional(LOCK, args![id]).await
}

pub(super) async fn by_code(tx: &mut Tx, code: &str) -> Result<Option<Lot>> {
    tx.optional(BY_CODE, args![code]).await
}

pub(super) async fn of_supplier_lot(tx: &mut Tx, supplier_lot: &str) -> Result<Vec<Lot>> {
    tx.all(OF_SUPPLIER_LOT, args![supplier_lot]).await
}

pub(super) async fn of_source(tx: &mut Tx, source: &Source) -> Result<Vec<Lot>> {
    tx.all(OF_SOURCE, args![source.id, &source.noun]).await
}

pub(super) async fn label_until(tx: &mut Tx, id: LotId) -> Result<Option<Instant>> {
    tx.one(LABEL_UNTIL, args![id]).await
}

pub(super) async fn add(tx: &mut Tx, lot: &Lot, label_until: Option<Instant>) -> Result<()> {
    let cut_short = label_until.zip(lot.usable_until).map(|(label, life)| label.since(life));
    tx.put(
        ADD,
        args![
            lot.id,
            lot.site,
            lot.sku,
            &lot.code,
            lot.measure,
            lot.nominal_grams,
            lot.gtin.as_deref(),
            lot.supplier_lot.as_deref(),
            lot.supplier,
            lot.produced_on,
            lot.harvested_on,
            lot.use_by,
            lot.origin.as_deref(),
            &lot.source.noun,
            lot.source.id,
            lot.cost.map(|cost| cost.money),
            lot.cost.map(|cost| cost.base.code()),
            lot.opened_at,
            lot.state,
            lot.flags,
            lot.usable_until,
            label_until,
            cut_short,
        ],
    )
    .await
}

pub(super) async fn set_state(tx: &mut Tx, id: LotId, state: LotState) -> Result<()> {
    tx.put(SET_STATE, args![id, state]).await
}

pub(super) async fn set_flags(tx: &mut Tx, id: LotId, flags: BlockFlags) -> Result<()> {
    tx.put(SET_FLAGS, args![id, flags]).await
}

pub(super) async fn set_life(tx: &mut Tx, id: LotId, until: Instant) -> Result<()> {
    tx.put(SET_LIFE, args![id, until]).await
}

pub(super) async fn add_parent(
    tx: &mut Tx,
    child: LotId,
    parent: LotId,
    quantity: Quantity,
    at: Instant,
) -> Result<()> {
    tx.put(ADD_PARENT, args![child, parent, quantity.pieces, quantity.grams, at]).await
}

/// The lots that went into `child`.
pub(crate) async fn parents(tx: &mut Tx, child: LotId) -> Result<Vec<Parent>> {
    tx.all(PARENTS, args![child]).await
}

/// The lots that `parent` went into.
pub(crate) async fn children(tx: &mut Tx, parent: LotId) -> Result<Vec<Parent>> {
    tx.all(CHILDREN, args![parent]).await
}
