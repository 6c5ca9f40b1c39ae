//! SQL of shelves.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Instant, LotId, PlaceId, SiteId, SkuId};
use store::{FromRow, Result, Row, Tx, args, row, sql};

use super::{
    Key,
    rules::{Shelf, Spot, Supply},
};
use crate::{LotLife, PlaceKind, Reservation, reserve::reservation_columns};

macro_rules! supply_columns {
    () => {
        "b.sku, b.lot, l.state, l.flags, l.usable_until, b.place, p.kind, p.path, b.amount - b.bound"
    };
}

sql! {
    LOCK = "SELECT uncovered FROM shelf WHERE site = $1 AND sku = $2 {lock} {keep}";
    LOCK_ALL_SITES = "SELECT site FROM shelf WHERE sku = $1 ORDER BY site {lock}";
    OPEN = "INSERT INTO shelf (site, sku, revision, uncovered) VALUES ($1, $2, 1, 0)
            ON CONFLICT (site, sku) DO NOTHING";
    TOUCH =
        "UPDATE shelf
         SET revision = revision + 1,
             uncovered = (SELECT COUNT(*) FROM reservation r
                          WHERE r.site = $1 AND r.sku = $2 AND r.state = 'uncovered')
         WHERE site = $1 AND sku = $2";
    /// Served by `balance_by_shelf`.
    SUPPLIES = concat!(
        "SELECT ", supply_columns!(), "
         FROM balance b JOIN lot l ON l.id = b.lot JOIN place p ON p.id = b.place
         WHERE b.site = $1 AND b.sku = $2 AND b.shelved = 1 AND b.amount > 0
         ORDER BY b.lot, b.place"
    );
    SUPPLIES_OF_SITE = concat!(
        "SELECT ", supply_columns!(), "
         FROM balance b JOIN lot l ON l.id = b.lot JOIN place p ON p.id = b.place
         WHERE b.site = $1 AND b.shelved = 1 AND b.amount > 0
         ORDER BY b.sku, b.lot, b.place"
    );
    PROMISED =
        "SELECT needed_until, CAST(SUM(amount) AS BIGINT) FROM reservation
         WHERE site = $1 AND sku = $2 AND state = 'promised' GROUP BY needed_until";
    PROMISED_OF_SITE =
        "SELECT sku, needed_until, CAST(SUM(amount) AS BIGINT) FROM reservation
         WHERE site = $1 AND state = 'promised' GROUP BY sku, needed_until";
    UNCOVERED = concat!(
        "SELECT ", reservation_columns!(), " FROM reservation
         WHERE site = $1 AND sku = $2 AND state = 'uncovered' ORDER BY placed_at, id"
    );
    PROMISED_LATEST_FIRST = concat!(
        "SELECT ", reservation_columns!(), " FROM reservation
         WHERE site = $1 AND sku = $2 AND state = 'promised' ORDER BY placed_at DESC, id DESC"
    );
    SITES_OF_LOT = "SELECT DISTINCT site FROM balance WHERE lot = $1 AND shelved = 1 ORDER BY site";
}

struct SupplyRow {
    sku: SkuId,
    lot: LotId,
    life: LotLife,
    spot: Spot,
}

impl FromRow for SupplyRow {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            sku: row.get(0)?,
            lot: row.get(1)?,
            life: LotLife { state: row.get(2)?, flags: row.get(3)?, usable_until: row.get(4)? },
            spot: Spot {
                place: row.get::<PlaceId>(5)?,
                kind: row.get::<PlaceKind>(6)?,
                path: row.get(7)?,
                free: row.get(8)?,
            },
        })
    }
}

/// Rows stand in the order of their lots, so that each lot's spots follow one another.
fn gathered(supplies: &mut Vec<Supply>, row: SupplyRow) {
    match supplies.last_mut() {
        Some(last) if last.lot == row.lot => last.spots.push(row.spot),
        Some(_) | None => supplies.push(Supply { lot: row.lot, life: row.life, spots: vec![row.spot] }),
    }
}

pub(super) async fn lock(tx: &mut Tx, key: Key) -> Result<Option<i64>> {
    tx.optional(LOCK, args![key.0, key.1]).await
}

/// Locks shelves in the order of their keys; what has never held anything is not there to be locked.
pub(super) async fn lock_many(tx: &mut Tx, keys: &BTreeSet<Key>) -> Result<BTreeMap<Key, i64>> {
    let asked: Vec<_> = keys.iter().map(|(site, sku)| row![*site, *sku]).collect();
    let found: Vec<Vec<i64>> = tx.all_many(LOCK, &asked).await?;
    Ok(keys.iter().zip(found).filter_map(|(key, mut uncovered)| Some((*key, uncovered.pop()?))).collect())
}

pub(super) async fn lock_all_sites(tx: &mut Tx, sku: SkuId) -> Result<()> {
    let _: Vec<SiteId> = tx.all(LOCK_ALL_SITES, args![sku]).await?;
    Ok(())
}

pub(super) async fn open(tx: &mut Tx, key: Key) -> Result<()> {
    tx.put(OPEN, args![key.0, key.1]).await
}

/// A shelf that was never opened is not there to be touched.
pub(super) async fn touch(tx: &mut Tx, key: Key) -> Result<()> {
    tx.put(TOUCH, args![key.0, key.1]).await
}

/// Touches shelves that are there, in the order of their keys.
pub(super) async fn touch_all(tx: &mut Tx, keys: &[Key]) -> Result<()> {
    let keys: BTreeSet<Key> = keys.iter().copied().collect();
    tx.put_many(TOUCH, keys.into_iter().map(|(site, sku)| row![site, sku]).collect()).await
}

pub(super) async fn load(tx: &mut Tx, key: Key) -> Result<Shelf> {
    let mut shelves = load_many(tx, &BTreeSet::from([key])).await?;
    Ok(shelves.remove(&key).unwrap_or_default())
}

/// Several shelves in two questions.
pub(super) async fn load_many(tx: &mut Tx, keys: &BTreeSet<Key>) -> Result<BTreeMap<Key, Shelf>> {
    let asked: Vec<_> = keys.iter().map(|(site, sku)| row![*site, *sku]).collect();
    let rows: Vec<Vec<SupplyRow>> = tx.all_many(SUPPLIES, &asked).await?;
    let promised: Vec<Vec<(Instant, i64)>> = tx.all_many(PROMISED, &asked).await?;
    let mut shelves = BTreeMap::new();
    for ((key, rows), promised) in keys.iter().zip(rows).zip(promised) {
        let mut supplies = Vec::new();
        for row in rows {
            gathered(&mut supplies, row);
        }
        shelves.insert(*key, Shelf::new(supplies, promised));
    }
    Ok(shelves)
}

pub(super) async fn load_site(tx: &mut Tx, site: SiteId) -> Result<BTreeMap<SkuId, Shelf>> {
    let rows: Vec<SupplyRow> = tx.all(SUPPLIES_OF_SITE, args![site]).await?;
    let promised: Vec<(SkuId, Instant, i64)> = tx.all(PROMISED_OF_SITE, args![site]).await?;
    let mut shelves: BTreeMap<SkuId, Shelf> = BTreeMap::new();
    for row in rows {
        gathered(&mut shelves.entry(row.sku).or_default().supplies, row);
    }
    for (sku, needed, amount) in promised {
        shelves.entry(sku).or_default().promise(needed, amount);
    }
    Ok(shelves)
}

pub(super) async fn uncovered(tx: &mut Tx, key: Key) -> Result<Vec<Reservation>> {
    tx.all(UNCOVERED, args![key.0, key.1]).await
}

pub(super) async fn promised_latest_first(tx: &mut Tx, key: Key) -> Result<Vec<Reservation>> {
    tx.all(PROMISED_LATEST_FIRST, args![key.0, key.1]).await
}

pub(super) async fn sites_of_lot(tx: &mut Tx, lot: LotId) -> Result<Vec<SiteId>> {
    tx.all(SITES_OF_LOT, args![lot]).await
}
