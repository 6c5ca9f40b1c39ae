//! SQL of put-aways and of what bins bear.

use std::collections::BTreeMap;

use kernel::{PlaceId, Quantity, SiteId};
use store::{Result, Tx, args, sql};

use crate::{filed, receiving::PutAway};

sql! {
    CAPACITY = "SELECT grams FROM bin_capacity WHERE place = $1";
    CAPACITIES = "SELECT c.place, c.grams FROM bin_capacity c JOIN place p ON p.id = c.place WHERE p.site = $1";
    SET_CAPACITY = "INSERT INTO bin_capacity (place, grams) VALUES ($1, $2)
                    ON CONFLICT (place) DO UPDATE SET grams = excluded.grams";
    ADD_PUT_AWAY = "INSERT INTO put_away (id, lot, bin, pieces, grams, exactness, dock_to_stock_minutes, put_by,
                                          put_by_id, put_at)
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
}

pub(in crate::receiving) async fn capacity(tx: &mut Tx, place: PlaceId) -> Result<Option<i64>> {
    tx.optional(CAPACITY, args![place]).await
}

pub(in crate::receiving) async fn capacities(tx: &mut Tx, site: SiteId) -> Result<BTreeMap<PlaceId, i64>> {
    let rows: Vec<(PlaceId, i64)> = tx.all(CAPACITIES, args![site]).await?;
    Ok(rows.into_iter().collect())
}

pub(in crate::receiving) async fn set_capacity(tx: &mut Tx, place: PlaceId, grams: i64) -> Result<()> {
    tx.put(SET_CAPACITY, args![place, grams]).await
}

pub(in crate::receiving) async fn add_put_away(tx: &mut Tx, put: &PutAway) -> Result<()> {
    let Quantity { pieces, grams, exactness } = put.quantity;
    tx.put(
        ADD_PUT_AWAY,
        args![
            put.id,
            put.lot,
            put.bin,
            pieces,
            grams,
            filed::exactness_code(exactness),
            put.dock_to_stock_minutes,
            put.put_by.noun(),
            put.put_by.uuid(),
            put.put_at,
        ],
    )
    .await
}
