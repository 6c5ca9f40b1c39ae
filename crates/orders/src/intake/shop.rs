//! What the shop shows: products that can be promised, at the price that is charged.

use ::store::Tx;
use catalog::{Channel, Names, PriceId};
use kernel::{Instant, Measure, Price, Quantity, SiteId, SkuId, TemperatureClass};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{IntakeRefusal, rules};
use crate::order::AmountRange;

/// Loose goods are shown by so much.
const SHOWN_GRAMS: i64 = 100;

/// One product as the shop shows it for a delivery time.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Product {
    pub sku: SkuId,
    pub code: String,
    pub names: Names,
    pub category: String,
    pub measure: Measure,
    pub class: TemperatureClass,
    pub price: Price,
    /// The entry of the price list: an order placed now names the same.
    pub price_source: PriceId,
    /// One piece, or 100 g of loose goods, with the weight that one has in the book.
    pub unit: Quantity,
    /// What one unit may come to; for goods sold by the weighed piece a true range.
    pub unit_range: AmountRange,
    /// How much can still be promised for that time; nothing when it is sold out.
    pub available: Quantity,
    pub availability: Availability,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    Available,
    SoldOut,
}

/// The products of a site for a delivery time, by code, beginning after `after`.
pub async fn products(
    tx: &mut Tx,
    site: SiteId,
    group: &str,
    deliver_by: Instant,
    now: Instant,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Product>, IntakeRefusal> {
    catalog::site(tx, site).await?;
    let listed = catalog::product_list(tx, site, Channel::Storefront, group, now, after, limit).await?;
    let mut offers = ledger::availability_of_all(tx, site, deliver_by).await?;
    let mut products = Vec::with_capacity(listed.len());
    for (sku, priced) in listed {
        let unit = match sku.measure {
            Measure::Counted | Measure::CatchWeight => Quantity::pieces(1),
            Measure::Weighed => Quantity::grams(SHOWN_GRAMS),
        };
        let Some(estimate) = rules::estimate(&sku, priced, unit) else { continue };
        let available = offers.remove(&sku.id).unwrap_or_default();
        let availability =
            if sku.measure.promised(available) > 0 { Availability::Available } else { Availability::SoldOut };
        products.push(Product {
            sku: sku.id,
            code: sku.code,
            names: sku.names,
            category: sku.category,
            measure: sku.measure,
            class: sku.temperature_class,
            price: priced.price,
            price_source: priced.source,
            unit: estimate.quantity,
            unit_range: estimate.range,
            available,
            availability,
        });
    }
    Ok(products)
}
