//! Parcels and what is in them.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{CustomerOrderId, LotId, OrderLineId, ParcelId, PickTaskId, Quantity, ReleaseNoteId, SiteId, SkuId};
use store::{FromRow, Row, Stmt, StoreError, Tx, args, row, sql};

use super::{exact, is_exact, quantity};
use crate::fulfilment::rules::{Parcel, ParcelState};

macro_rules! parcel_columns {
    () => {
        "id, site, note, customer_order, code, class, packaging, net_grams, gross_grams, place, state, packed_at, \
         revision"
    };
}

impl FromRow for Parcel {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get(0)?,
            site: row.get(1)?,
            note: row.get(2)?,
            order: row.get(3)?,
            code: row.get(4)?,
            class: row.get(5)?,
            packaging: row.get(6)?,
            net_grams: row.get(7)?,
            gross_grams: row.get(8)?,
            place: row.get(9)?,
            state: row.get(10)?,
            packed_at: row.get(11)?,
            revision: row.get(12)?,
        })
    }
}

/// One task's goods inside a parcel.
#[derive(Clone, Debug)]
pub(in crate::fulfilment) struct Content {
    pub(in crate::fulfilment) parcel: ParcelId,
    pub(in crate::fulfilment) task: PickTaskId,
    pub(in crate::fulfilment) order_line: OrderLineId,
    pub(in crate::fulfilment) sku: SkuId,
    pub(in crate::fulfilment) lot: LotId,
    pub(in crate::fulfilment) quantity: Quantity,
}

/// The words on the label of goods.
#[derive(Clone, Debug)]
pub(in crate::fulfilment) struct Codes {
    pub(in crate::fulfilment) sku: String,
    pub(in crate::fulfilment) lot: String,
}

/// A content with the words on its label.
#[derive(Clone, Debug)]
pub(in crate::fulfilment) struct NamedContent {
    pub(in crate::fulfilment) content: Content,
    pub(in crate::fulfilment) codes: Codes,
}

impl FromRow for Content {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            parcel: row.get(0)?,
            task: row.get(1)?,
            order_line: row.get(2)?,
            sku: row.get(3)?,
            lot: row.get(4)?,
            quantity: quantity(row.get(5)?, row.get(6)?, exact(row.get(7)?)),
        })
    }
}

impl FromRow for NamedContent {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self { content: Content::from_row(row)?, codes: Codes { sku: row.get(8)?, lot: row.get(9)? } })
    }
}

pub(in crate::fulfilment) async fn add_parcel(
    tx: &mut Tx,
    parcel: &Parcel,
    expected_grams: i64,
) -> Result<(), StoreError> {
    tx.put(
        ADD_PARCEL,
        args![
            parcel.id,
            parcel.site,
            parcel.note,
            parcel.order,
            &parcel.code,
            parcel.class,
            &parcel.packaging,
            parcel.net_grams,
            parcel.gross_grams,
            parcel.place,
            parcel.state,
            parcel.packed_at,
            parcel.revision,
            expected_grams,
        ],
    )
    .await
}

pub(in crate::fulfilment) async fn add_contents(tx: &mut Tx, contents: &[Content]) -> Result<(), StoreError> {
    let rows = contents
        .iter()
        .map(|content| {
            row![
                content.parcel,
                content.task,
                content.order_line,
                content.sku,
                content.lot,
                content.quantity.pieces,
                content.quantity.grams,
                is_exact(content.quantity.exactness),
            ]
        })
        .collect();
    tx.put_many(ADD_CONTENT, rows).await
}

pub(in crate::fulfilment) async fn parcel(tx: &mut Tx, id: ParcelId) -> Result<Option<Parcel>, StoreError> {
    tx.optional(PARCEL, args![id]).await
}

/// The parcel, locked for whoever moves it.
pub(in crate::fulfilment) async fn lock_parcel(tx: &mut Tx, id: ParcelId) -> Result<Option<Parcel>, StoreError> {
    tx.optional(LOCK_PARCEL, args![id]).await
}

/// Several parcels, each locked for whoever moves them, by their ids: two who want the same never wait for each other
/// crosswise.
pub(in crate::fulfilment) async fn lock_parcels(
    tx: &mut Tx,
    ids: impl IntoIterator<Item = ParcelId>,
) -> Result<BTreeMap<ParcelId, Parcel>, StoreError> {
    several(tx, LOCK_PARCEL, ids).await
}

/// Those of `ids` that exist, in one question.
pub(in crate::fulfilment) async fn parcels_by_id(
    tx: &mut Tx,
    ids: impl IntoIterator<Item = ParcelId>,
) -> Result<BTreeMap<ParcelId, Parcel>, StoreError> {
    several(tx, PARCEL, ids).await
}

async fn several(
    tx: &mut Tx,
    statement: &'static Stmt,
    ids: impl IntoIterator<Item = ParcelId>,
) -> Result<BTreeMap<ParcelId, Parcel>, StoreError> {
    let ids: BTreeSet<ParcelId> = ids.into_iter().collect();
    let asked: Vec<_> = ids.iter().map(|id| row![*id]).collect();
    let found: Vec<Vec<Parcel>> = tx.all_many(statement, &asked).await?;
    Ok(found.into_iter().flatten().map(|parcel| (parcel.id, parcel)).collect())
}

pub(in crate::fulfilment) async fn parcel_by_code(tx: &mut Tx, code: &str) -> Result<Option<Parcel>, StoreError> {
    tx.optional(PARCEL_BY_CODE, args![code]).await
}

pub(in crate::fulfilment) async fn parcels_of_order(
    tx: &mut Tx,
    order: CustomerOrderId,
) -> Result<Vec<Parcel>, StoreError> {
    tx.all(OF_ORDER, args![order]).await
}

/// The parcels of several orders, in the order asked for.
pub(in crate::fulfilment) async fn parcels_of_orders(
    tx: &mut Tx,
    orders: &[CustomerOrderId],
) -> Result<Vec<Vec<Parcel>>, StoreError> {
    let asked: Vec<_> = orders.iter().map(|order| row![*order]).collect();
    tx.all_many(OF_ORDER, &asked).await
}

pub(in crate::fulfilment) async fn parcels_of_note(
    tx: &mut Tx,
    note: ReleaseNoteId,
) -> Result<Vec<Parcel>, StoreError> {
    tx.all(OF_NOTE, args![note]).await
}

/// The parcels of a site in a state, oldest first.
pub(in crate::fulfilment) async fn parcels_in(
    tx: &mut Tx,
    site: SiteId,
    state: ParcelState,
    after: Option<ParcelId>,
    rows: i64,
) -> Result<Vec<Parcel>, StoreError> {
    match after {
        None => tx.all(IN_STATE, args![site, state, rows]).await,
        Some(after) => tx.all(IN_STATE_AFTER, args![site, state, rows, after]).await,
    }
}

pub(in crate::fulfilment) async fn contents(tx: &mut Tx, parcel: ParcelId) -> Result<Vec<NamedContent>, StoreError> {
    tx.all(CONTENTS, args![parcel]).await
}

/// What is in each of several parcels, in the order asked for.
pub(in crate::fulfilment) async fn contents_of(
    tx: &mut Tx,
    parcels: impl IntoIterator<Item = ParcelId>,
) -> Result<Vec<Vec<NamedContent>>, StoreError> {
    let asked: Vec<_> = parcels.into_iter().map(|parcel| row![parcel]).collect();
    tx.all_many(CONTENTS, &asked).await
}

/// Writes where several parcels have come to, each of which must be as it was read.
pub(in crate::fulfilment) async fn move_parcels(tx: &mut Tx, parcels: &[Parcel]) -> Result<(), StoreError> {
    let mut rows: Vec<_> =
        parcels.iter().map(|parcel| row![parcel.id, parcel.state, parcel.place, parcel.revision]).collect();
    rows.sort_unstable();
    tx.put_many(MOVE_PARCEL, rows).await
}

/// Writes where a parcel has come to; answers how many rows changed.
pub(in crate::fulfilment) async fn move_parcel(tx: &mut Tx, parcel: &Parcel) -> Result<u64, StoreError> {
    tx.execute(MOVE_PARCEL, args![parcel.id, parcel.state, parcel.place, parcel.revision]).await
}

sql! {
    ADD_PARCEL = concat!(
        "INSERT INTO parcel (", parcel_columns!(), ", expected_grams)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
    );
    ADD_CONTENT = "INSERT INTO parcel_content (parcel, task, order_line, sku, lot, pieces, grams, exact)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    PARCEL = concat!("SELECT ", parcel_columns!(), " FROM parcel WHERE id = $1");
    LOCK_PARCEL = concat!("SELECT ", parcel_columns!(), " FROM parcel WHERE id = $1 {lock}");
    PARCEL_BY_CODE = concat!("SELECT ", parcel_columns!(), " FROM parcel WHERE code = $1");
    OF_ORDER = concat!("SELECT ", parcel_columns!(), " FROM parcel WHERE customer_order = $1 ORDER BY id");
    OF_NOTE = concat!("SELECT ", parcel_columns!(), " FROM parcel WHERE note = $1 ORDER BY id");
    // Served by parcel_by_site.
    IN_STATE = concat!("SELECT ", parcel_columns!(), " FROM parcel WHERE site = $1 AND state = $2 ORDER BY id LIMIT $3");
    IN_STATE_AFTER = concat!(
        "SELECT ", parcel_columns!(), " FROM parcel WHERE site = $1 AND state = $2 AND id > $4 ORDER BY id LIMIT $3"
    );
    CONTENTS = "SELECT c.parcel, c.task, c.order_line, c.sku, c.lot, c.pieces, c.grams, c.exact, s.code, l.code
                FROM parcel_content c
                JOIN sku s ON s.id = c.sku
                JOIN lot l ON l.id = c.lot
                WHERE c.parcel = $1
                ORDER BY c.task {keep}";
    MOVE_PARCEL = "UPDATE parcel
                   SET state = $2, place = $3, revision = $4
                   WHERE id = $1 AND revision = $4 - 1";
}
