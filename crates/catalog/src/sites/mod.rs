//! Sites 站點 and their zones 溫區: where goods are kept, in which law, calendar and currency.
//!
//! A site is opened once and stays; its currency and profile never change, because its journals are written in them.

pub mod http;
mod rules;
mod store;

use ::store::Tx;
use events::tell;
use kernel::{SiteId, Stamp, ZoneId};

pub use rules::{NewSite, NewZone, Position, Profile, Site, SiteCard, Zone};

use crate::{
    CatalogRefusal,
    events::{SiteOpened, ZoneOpened},
};

/// Opens a site. The draft has passed [`NewSite::parse`].
pub async fn open_site(
    tx: &mut Tx,
    stamp: &Stamp,
    draft: NewSite,
    time: kernel::SiteTime,
) -> Result<Site, CatalogRefusal> {
    if store::by_code(tx, &draft.code).await?.is_some() {
        return Err(CatalogRefusal::CodeTaken { code: draft.code });
    }
    let site = Site {
        id: stamp.mint(),
        code: draft.code,
        name: draft.name,
        currency: draft.currency,
        time_zone: draft.time_zone,
        day_turns_at_minute: draft.day_turns_at_minute,
        profile: draft.profile,
        position: draft.position,
        delivery_radius_metres: draft.delivery_radius_metres,
        revision: 1,
        time,
    };
    store::add(tx, &site).await?;
    tell(tx, stamp, ::events::Object::of(site.id), &[], &SiteOpened { code: site.code.clone(), profile: site.profile })
        .await?;
    Ok(site)
}

/// The site, which must exist.
pub async fn site(tx: &mut Tx, id: SiteId) -> Result<Site, CatalogRefusal> {
    store::by_id(tx, id).await?.ok_or(CatalogRefusal::NoSuchSite)
}

pub async fn site_by_code(tx: &mut Tx, code: &str) -> Result<Option<Site>, CatalogRefusal> {
    Ok(store::by_code(tx, code).await?)
}

/// Every site, by code. A company has tens of them, not thousands.
pub async fn sites(tx: &mut Tx) -> Result<Vec<Site>, CatalogRefusal> {
    Ok(store::every(tx).await?)
}

/// Opens a zone in a site.
pub async fn open_zone(tx: &mut Tx, stamp: &Stamp, site: SiteId, draft: NewZone) -> Result<Zone, CatalogRefusal> {
    let site = self::site(tx, site).await?;
    if store::zones_of(tx, site.id).await?.iter().any(|zone| zone.code == draft.code) {
        return Err(CatalogRefusal::CodeTaken { code: draft.code });
    }
    let zone = Zone {
        id: stamp.mint::<ZoneId>(),
        site: site.id,
        code: draft.code,
        class: draft.class,
        low: draft.low,
        high: draft.high,
    };
    store::add_zone(tx, &zone).await?;
    let body = ZoneOpened { code: zone.code.clone(), class: zone.class, low: zone.low, high: zone.high };
    tell(tx, stamp, ::events::Object::of(zone.id), &[::events::Object::of(site.id)], &body).await?;
    Ok(zone)
}

/// The zone, which must exist.
pub async fn zone(tx: &mut Tx, id: ZoneId) -> Result<Zone, CatalogRefusal> {
    store::zone(tx, id).await?.ok_or(CatalogRefusal::NoSuchZone)
}

/// The zones of a site, by code.
pub async fn zones_of(tx: &mut Tx, site: SiteId) -> Result<Vec<Zone>, CatalogRefusal> {
    Ok(store::zones_of(tx, site).await?)
}
