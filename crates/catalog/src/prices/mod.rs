//! Price lists 價目: per site, channel and customer group, with validity.
//!
//! A price is entered, never edited: a later one ends it, and an order line keeps the entry that it was charged by.

pub mod http;
mod rules;
mod store;

use ::store::Tx;
use events::{Object, tell};
use kernel::{Instant, SiteId, SkuId, Stamp};

pub use rules::{Channel, NewPrice, PriceEntry, PriceId, Priced};

use crate::{CatalogRefusal, Sku, events::PriceSet};
use rules::{Clash, Effect};

/// Enters a price. A price of the same list that is open ends where this one begins.
pub async fn set_price(tx: &mut Tx, stamp: &Stamp, new: &NewPrice) -> Result<PriceEntry, CatalogRefusal> {
    crate::site(tx, new.site).await?;
    let sku = crate::sku(tx, new.sku).await?;
    if !new.price.suits(sku.measure) {
        let (base, measure) = (new.price.base.code(), sku.measure.code());
        return Err(CatalogRefusal::PriceBaseUnsuited { base, measure });
    }
    let list = store::list(tx, new.site, new.sku, new.channel, new.group.as_deref()).await?;
    let effect = rules::fit(&list, new.valid_from, new.valid_until, stamp.at).map_err(|clash| match clash {
        Clash::Overlap { from } => CatalogRefusal::PriceOverlaps { from },
        Clash::Past { from } => CatalogRefusal::PriceInThePast { from },
    })?;
    let entry = PriceEntry {
        id: stamp.mint(),
        site: new.site,
        sku: new.sku,
        channel: new.channel,
        group: new.group.clone(),
        price: new.price,
        valid_from: new.valid_from,
        valid_until: new.valid_until,
    };
    if let Effect::Ends(open) = effect {
        store::end(tx, open, entry.valid_from).await?;
    }
    store::add(tx, &entry).await?;
    tell(tx, stamp, Object::of(sku.id), &[Object::of(entry.site)], &PriceSet { entry: entry.clone() }).await?;
    Ok(entry)
}

/// The price of a SKU for one customer at one time. Of the entries valid then, the most particular holds: one for
/// the customer's group before one for the channel, either before one for everybody.
pub async fn price_at(
    tx: &mut Tx,
    site: SiteId,
    sku: SkuId,
    channel: Channel,
    group: &str,
    at: Instant,
) -> Result<Priced, CatalogRefusal> {
    store::price_at(tx, site, sku, channel, group, at).await?.ok_or(CatalogRefusal::NoPrice { sku })
}

/// What everybody without a price of their own pays for a SKU at one time.
pub async fn general_price(
    tx: &mut Tx,
    site: SiteId,
    sku: SkuId,
    at: Instant,
) -> Result<Option<PriceEntry>, CatalogRefusal> {
    let list = store::list(tx, site, sku, None, None).await?;
    Ok(list.into_iter().find(|entry| entry.valid_from <= at && entry.valid_until.is_none_or(|until| at < until)))
}

/// The entry that an order line names as the source of its price.
pub async fn price_by_id(tx: &mut Tx, id: PriceId) -> Result<Option<PriceEntry>, CatalogRefusal> {
    Ok(store::by_id(tx, id).await?)
}

/// Active SKUs that have a price, by code, beginning after `after`.
pub async fn product_list(
    tx: &mut Tx,
    site: SiteId,
    channel: Channel,
    group: &str,
    at: Instant,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<(Sku, Priced)>, CatalogRefusal> {
    store::products(tx, site, channel, group, at, after.unwrap_or_default(), limit).await
}
