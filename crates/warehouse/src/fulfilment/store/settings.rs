//! Packaging and the numbers of a site's labels.

use kernel::{SiteId, SkuId, TemperatureClass};
use store::{FromRow, Row, StoreError, Tx, args, sql};

use crate::fulfilment::settings::{LabelSettings, Packaging};

impl FromRow for Packaging {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            code: row.get(0)?,
            class: row.get(1)?,
            tare_grams: row.get(2)?,
            tolerance_grams: row.get(3)?,
            revision: row.get(4)?,
        })
    }
}

pub(in crate::fulfilment) async fn put_packaging(
    tx: &mut Tx,
    code: &str,
    class: TemperatureClass,
    tare_grams: i64,
    tolerance_grams: i64,
) -> Result<i64, StoreError> {
    tx.one(PUT_PACKAGING, args![code, class, tare_grams, tolerance_grams]).await
}

pub(in crate::fulfilment) async fn packaging(tx: &mut Tx, code: &str) -> Result<Option<Packaging>, StoreError> {
    tx.optional(PACKAGING, args![code]).await
}

pub(in crate::fulfilment) async fn packagings(
    tx: &mut Tx,
    after: Option<&str>,
    rows: i64,
) -> Result<Vec<Packaging>, StoreError> {
    tx.all(PACKAGINGS, args![after.unwrap_or_default(), rows]).await
}

pub(in crate::fulfilment) async fn put_labels(
    tx: &mut Tx,
    site: SiteId,
    sscc_prefix: &str,
) -> Result<(i64, i64), StoreError> {
    tx.one(PUT_LABELS, args![site, sscc_prefix]).await
}

pub(in crate::fulfilment) async fn labels(tx: &mut Tx, site: SiteId) -> Result<Option<LabelSettings>, StoreError> {
    let row: Option<(String, i64, i64)> = tx.optional(LABELS, args![site]).await?;
    Ok(row.map(|(sscc_prefix, sscc_next, revision)| LabelSettings { site, sscc_prefix, sscc_next, revision }))
}

/// Takes the next serial number of the site's parcel codes.
pub(in crate::fulfilment) async fn take_serial(tx: &mut Tx, site: SiteId) -> Result<Option<(String, i64)>, StoreError> {
    tx.optional(TAKE_SERIAL, args![site]).await
}

pub(in crate::fulfilment) async fn put_label_item(
    tx: &mut Tx,
    site: SiteId,
    item: &str,
    sku: SkuId,
) -> Result<(), StoreError> {
    tx.put(PUT_LABEL_ITEM, args![site, item, sku]).await
}

pub(in crate::fulfilment) async fn sku_of_item(
    tx: &mut Tx,
    site: SiteId,
    item: &str,
) -> Result<Option<SkuId>, StoreError> {
    tx.optional(SKU_OF_ITEM, args![site, item]).await
}

sql! {
    PUT_PACKAGING = "INSERT INTO packaging (code, class, tare_grams, tolerance_grams, revision)
                     VALUES ($1, $2, $3, $4, 1)
                     ON CONFLICT (code) DO UPDATE
                     SET class = excluded.class, tare_grams = excluded.tare_grams,
                         tolerance_grams = excluded.tolerance_grams, revision = packaging.revision + 1
                     RETURNING revision";
    PACKAGING = "SELECT code, class, tare_grams, tolerance_grams, revision FROM packaging WHERE code = $1";
    PACKAGINGS = "SELECT code, class, tare_grams, tolerance_grams, revision
                  FROM packaging
                  WHERE code > $1
                  ORDER BY code
                  LIMIT $2";
    PUT_LABELS = "INSERT INTO label_setting (site, sscc_prefix, sscc_next, revision)
                  VALUES ($1, $2, 1, 1)
                  ON CONFLICT (site) DO UPDATE
                  SET sscc_prefix = excluded.sscc_prefix, revision = label_setting.revision + 1
                  RETURNING sscc_next, revision";
    LABELS = "SELECT sscc_prefix, sscc_next, revision FROM label_setting WHERE site = $1";
    TAKE_SERIAL = "UPDATE label_setting
                   SET sscc_next = sscc_next + 1
                   WHERE site = $1
                   RETURNING sscc_prefix, sscc_next - 1";
    PUT_LABEL_ITEM = "INSERT INTO label_item (site, item, sku)
                      VALUES ($1, $2, $3)
                      ON CONFLICT (site, item) DO UPDATE SET sku = excluded.sku";
    SKU_OF_ITEM = "SELECT sku FROM label_item WHERE site = $1 AND item = $2";
}
