//! 商品目錄: what is sold, where, and for how much. Sites with their zones, SKUs, price lists.
//!
//! Every other context reads facts here and none writes them; the catalogue itself knows no stock, no order and no
//! supplier.
#![deny(clippy::float_arithmetic)]

mod gtin;
mod names;
mod refusal;

pub mod events;
pub mod prices;
pub mod sites;
pub mod skus;

pub use gtin::{Gtin, GtinError};
pub use names::Names;
pub use prices::{
    Channel, NewPrice, PriceEntry, PriceId, Priced, general_price, price_at, price_by_id, prices_at, product_list,
    set_general_price, set_price,
};
pub use refusal::CatalogRefusal;
pub use sites::{
    NewSite, NewZone, Position, Profile, Site, SiteCard, Zone, open_site, open_zone, site, site_by_code, sites, zone,
    zones_of,
};
pub use skus::{
    Allergen, Change, Hygiene, Listing, NewSku, Odour, Sku, SkuDraft, TaxClass, TaxClasses, Upserted, list_sku, sku,
    sku_by_code, skus, skus_by_code, skus_by_id, skus_of_codes, upsert_known, upsert_sku,
};

use edge::App;
use utoipa_axum::router::OpenApiRouter;

/// The tables of this crate.
pub const MIGRATION: store::Migration =
    store::Migration::new(4, "catalog", include_str!("../../../migrations/0004_catalog.sql"));

pub fn router() -> OpenApiRouter<App> {
    sites::http::router().merge(skus::http::router()).merge(prices::http::router())
}
