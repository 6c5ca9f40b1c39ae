//! Price lists 價目: per site, channel and customer group, with validity.
//!
//! A price is entered, never edited: a later one ends it, and an order line keeps the entry that it was charged by.

pub mod http;
mod rules;
mod store;

use ::store::Tx;
use events::{Object, tell};
use kernel::{Instant, Price, SiteId, SkuId, Stamp};

pub use rules::{Channel, NewPrice, PriceEntry, PriceId, Priced};

use crate::{CatalogRefusal, Change, Sku, events::PriceSet};
use rules::{Clash, Effect};

/// Enters a price. A price of the same list that is open ends where this one begins.
pub async fn set_price(tx: &mut Tx, stamp: &Stamp, new: &NewPrice) -> Result<PriceEntry, CatalogRefusal> {
    crate::site(tx, new.site).await?;
    let sku = crate::sku(tx, new.sku).await?;
    let list = store::list(tx, new.site, new.sku, new.channel, new.group.as_deref()).await?;
    enter(tx, stamp, &sku, &list, new).await
}

/// Makes this what everybody pays for a SKU at a site from now on; says whether that changes anything.
pub async fn set_general_price(
    tx: &mut Tx,
    stamp: &Stamp,
    site: SiteId,
    sku: &Sku,
    price: Price,
) -> Result<Change, CatalogRefusal> {
    let list = store::list(tx, site, sku.id, None, None).await?;
    let known = holding(&list, stamp.at);
    if known.is_some_and(|known| known.price == price) {
        return Ok(Change::Same);
    }
    let change = if known.is_some() { Change::Changed } else { Change::Created };
    let (valid_from, valid_until) = (stamp.at, None);
    let new = NewPrice { site, sku: sku.id, channel: None, group: None, price, valid_from, valid_until };
    enter(tx, stamp, sku, &list, &new).await?;
    Ok(change)
}

/// Of the prices of a list the one that holds at a time.
fn holding(list: &[PriceEntry], at: Instant) -> Option<&PriceEntry> {
    list.iter().find(|entry| entry.valid_from <= at && entry.valid_until.is_none_or(|until| at < until))
}

/// Enters a price into its list.
async fn enter(
    tx: &mut Tx,
    stamp: &Stamp,
    sku: &Sku,
    list: &[PriceEntry],
    new: &NewPrice,
) -> Result<PriceEntry, CatalogRefusal> {
    if !new.price.suits(sku.measure) {
        let (base, measure) = (new.price.base.code(), sku.measure.code());
        return Err(CatalogRefusal::PriceBaseUnsuited { base, measure });
    }
    let effect = rules::fit(list, new.valid_from, new.valid_until, stamp.at).map_err(|clash| match clash {
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

/// The same for several SKUs, in their order; none where there is no price.
pub async fn prices_at(
    tx: &mut Tx,
    site: SiteId,
    skus: &[SkuId],
    channel: Channel,
    group: &str,
    at: Instant,
) -> Result<Vec<Option<Priced>>, CatalogRefusal> {
    Ok(store::prices_at(tx, site, skus, channel, group, at).await?)
}

/// What everybody without a price of their own pays for a SKU at one time.
pub async fn general_price(
    tx: &mut Tx,
    site: SiteId,
    sku: SkuId,
    at: Instant,
) -> Result<Option<PriceEntry>, CatalogRefusal> {
    let list = store::list(tx, site, sku, None, None).await?;
    Ok(holding(&list, at).cloned())
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
