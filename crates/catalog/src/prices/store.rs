//! SQL of price lists.

use kernel::{Base, Instant, Price, SiteId, SkuId};
use store::{FromRow, Result, Row, StoreError, Tx, args, coded, ids, row, sql};
use uuid::Uuid;

use super::rules::{ANY, Channel, PriceEntry, PriceId, Priced};
use crate::Sku;

coded!(Channel);
ids!(PriceId);

macro_rules! price_columns {
    () => {
        "id, site, sku, channel, customer_group, money, base, valid_from, valid_until"
    };
}

// Group before channel before everybody: '*' sorts below every letter, so the particular comes first.
macro_rules! the_most_particular {
    () => {
        "SELECT p.id, p.money, p.base FROM price p
         WHERE p.site = $1 AND p.sku = $2 AND p.channel IN ('*', $3) AND p.customer_group IN ('*', $4)
           AND p.valid_from <= $5 AND (p.valid_until IS NULL OR p.valid_until > $5)
         ORDER BY CASE p.customer_group WHEN '*' THEN 1 ELSE 0 END, CASE p.channel WHEN '*' THEN 1 ELSE 0 END
         LIMIT 1"
    };
}

sql! {
    /// Served by the key `price_begins_once`.
    LIST = concat!(
        "SELECT ", price_columns!(), " FROM price
         WHERE site = $1 AND sku = $2 AND channel = $3 AND customer_group = $4 ORDER BY valid_from {lock}"
    );
    PRICE = concat!("SELECT ", price_columns!(), " FROM price WHERE id = $1");
    PRICES = concat!("SELECT ", price_columns!(), " FROM price WHERE site = $1 AND id > $2 ORDER BY id LIMIT $3");
    PRICES_OF_SKU = concat!(
        "SELECT ", price_columns!(), " FROM price WHERE site = $1 AND sku = $4 AND id > $2 ORDER BY id LIMIT $3"
    );
    PRICE_AT = the_most_particular!();
    ACTIVE = "SELECT s.id FROM sku s
              WHERE s.code > $1 AND s.listing = 'active'
                AND EXISTS (SELECT 1 FROM price p
                            WHERE p.site = $3 AND p.sku = s.id AND p.channel IN ('*', $4)
                              AND p.customer_group IN ('*', $5)
                              AND p.valid_from <= $6 AND (p.valid_until IS NULL OR p.valid_until > $6))
              ORDER BY s.code LIMIT $2";
    ADD = concat!("INSERT INTO price (", price_columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
    END = "UPDATE price SET valid_until = $2 WHERE id = $1 AND valid_until IS NULL";
}

/// `*` is what the tables write for "any".
fn narrowed(code: String) -> Option<String> {
    (code != ANY).then_some(code)
}

fn base(code: &str) -> Result<Base> {
    Base::from_code(code).ok_or_else(|| StoreError::Impossible {
        statement: PRICE.name(),
        column: "base".to_owned(),
        found: code.to_owned(),
    })
}

impl FromRow for PriceEntry {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let channel = match narrowed(row.get(3)?) {
            Some(_) => Some(row.get::<Channel>(3)?),
            None => None,
        };
        Ok(Self {
            id: row.get(0)?,
            site: row.get(1)?,
            sku: row.get(2)?,
            channel,
            group: narrowed(row.get(4)?),
            price: Price { money: row.get(5)?, base: base(&row.get::<String>(6)?)? },
            valid_from: row.get(7)?,
            valid_until: row.get(8)?,
        })
    }
}

impl FromRow for Priced {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self { source: row.get(0)?, price: Price { money: row.get(1)?, base: base(&row.get::<String>(2)?)? } })
    }
}

pub(super) async fn list(
    tx: &mut Tx,
    site: SiteId,
    sku: SkuId,
    channel: Option<Channel>,
    group: Option<&str>,
) -> Result<Vec<PriceEntry>> {
    tx.all(LIST, args![site, sku, channel.map_or(ANY, Channel::code), group.unwrap_or(ANY)]).await
}

pub(super) async fn by_id(tx: &mut Tx, id: PriceId) -> Result<Option<PriceEntry>> {
    tx.optional(PRICE, args![id]).await
}

pub(super) async fn page(
    tx: &mut Tx,
    site: SiteId,
    sku: Option<SkuId>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<PriceEntry>> {
    let after = after.unwrap_or_default();
    match sku {
        Some(sku) => tx.all(PRICES_OF_SKU, args![site, after, limit, sku]).await,
        None => tx.all(PRICES, args![site, after, limit]).await,
    }
}

pub(super) async fn price_at(
    tx: &mut Tx,
    site: SiteId,
    sku: SkuId,
    channel: Channel,
    group: &str,
    at: Instant,
) -> Result<Option<Priced>> {
    tx.optional(PRICE_AT, args![site, sku, channel, group, at]).await
}

/// The same for several SKUs in one question, in their order.
pub(super) async fn prices_at(
    tx: &mut Tx,
    site: SiteId,
    skus: &[SkuId],
    channel: Channel,
    group: &str,
    at: Instant,
) -> Result<Vec<Option<Priced>>> {
    let asked: Vec<_> = skus.iter().map(|sku| row![site, *sku, channel, group, at]).collect();
    Ok(tx.all_many(PRICE_AT, &asked).await?.into_iter().map(|mut found| found.pop()).collect())
}

pub(super) async fn products(
    tx: &mut Tx,
    site: SiteId,
    channel: Channel,
    group: &str,
    at: Instant,
    after: &str,
    limit: i64,
) -> Result<Vec<(Sku, Priced)>, crate::CatalogRefusal> {
    let ids: Vec<SkuId> = tx.all(ACTIVE, args![after, limit, site, channel, group, at]).await?;
    let mut skus = crate::skus_by_id(tx, ids.iter().copied()).await?;
    let prices = prices_at(tx, site, &ids, channel, group, at).await?;
    let mut products = Vec::with_capacity(ids.len());
    for (id, priced) in ids.iter().zip(prices) {
        let (Some(sku), Some(priced)) = (skus.remove(id), priced) else { continue };
        products.push((sku, priced));
    }
    Ok(products)
}

pub(super) async fn add(tx: &mut Tx, entry: &PriceEntry) -> Result<()> {
    tx.put(
        ADD,
        args![
            entry.id,
            entry.site,
            entry.sku,
            entry.channel.map_or(ANY, Channel::code),
            entry.group.as_deref().unwrap_or(ANY),
            entry.price.money,
            entry.price.base.code(),
            entry.valid_from,
            entry.valid_until,
        ],
    )
    .await
}

pub(super) async fn end(tx: &mut Tx, id: PriceId, at: Instant) -> Result<()> {
    tx.put(END, args![id, at]).await
}
