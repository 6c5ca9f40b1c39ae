//! SQL of sites and zones.

use kernel::{SiteId, SiteTime, ZoneId};
use store::{FromRow, Result, Row, StoreError, Tx, args, coded, sql};

use super::rules::{Position, Profile, Site, Zone};

coded!(Profile);

macro_rules! site_columns {
    () => {
        "id, code, name, currency, time_zone, day_turns_at_minute, profile, latitude_microdegrees, \
         longitude_microdegrees, delivery_radius_metres, revision"
    };
}

sql! {
    SITE = concat!("SELECT ", site_columns!(), " FROM site WHERE id = $1 {stay}");
    SITE_BY_CODE = concat!("SELECT ", site_columns!(), " FROM site WHERE code = $1");
    SITES = concat!("SELECT ", site_columns!(), " FROM site ORDER BY code {keep}");
    ADD_SITE = concat!(
        "INSERT INTO site (", site_columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
    );
    ZONE = "SELECT id, site, code, class, low_decicelsius, high_decicelsius FROM zone WHERE id = $1";
    ZONES = "SELECT id, site, code, class, low_decicelsius, high_decicelsius FROM zone WHERE site = $1 ORDER BY code";
    ADD_ZONE = "INSERT INTO zone (id, site, code, class, low_decicelsius, high_decicelsius)
                VALUES ($1, $2, $3, $4, $5, $6)";
}

impl FromRow for Site {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let time_zone: String = row.get(4)?;
        let day_turns_at_minute = row.get(5)?;
        // The zone was read when the site was opened; only a time zone database that lost it could fail here.
        let time = SiteTime::new(&time_zone, day_turns_at_minute).ok_or_else(|| StoreError::Impossible {
            statement: SITE.name(),
            column: "time_zone".to_owned(),
            found: time_zone.clone(),
        })?;
        Ok(Self {
            id: row.get(0)?,
            code: row.get(1)?,
            name: row.get(2)?,
            currency: row.get(3)?,
            time_zone,
            day_turns_at_minute,
            profile: row.get(6)?,
            position: Position { latitude_microdegrees: row.get(7)?, longitude_microdegrees: row.get(8)? },
            delivery_radius_metres: row.get(9)?,
            revision: row.get(10)?,
            time,
        })
    }
}

impl FromRow for Zone {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            site: row.get(1)?,
            code: row.get(2)?,
            class: row.get(3)?,
            low: row.get(4)?,
            high: row.get(5)?,
        })
    }
}

pub(super) async fn by_id(tx: &mut Tx, id: SiteId) -> Result<Option<Site>> {
    tx.optional(SITE, args![id]).await
}

pub(super) async fn by_code(tx: &mut Tx, code: &str) -> Result<Option<Site>> {
    tx.optional(SITE_BY_CODE, args![code]).await
}

pub(super) async fn every(tx: &mut Tx) -> Result<Vec<Site>> {
    tx.all(SITES, args![]).await
}

pub(super) async fn add(tx: &mut Tx, site: &Site) -> Result<()> {
    tx.put(
        ADD_SITE,
        args![
            site.id,
            &site.code,
            &site.name,
            site.currency,
            &site.time_zone,
            site.day_turns_at_minute,
            site.profile,
            site.position.latitude_microdegrees,
            site.position.longitude_microdegrees,
            site.delivery_radius_metres,
            site.revision,
        ],
    )
    .await
}

pub(super) async fn zone(tx: &mut Tx, id: ZoneId) -> Result<Option<Zone>> {
    tx.optional(ZONE, args![id]).await
}

pub(super) async fn zones_of(tx: &mut Tx, site: SiteId) -> Result<Vec<Zone>> {
    tx.all(ZONES, args![site]).await
}

pub(super) async fn add_zone(tx: &mut Tx, zone: &Zone) -> Result<()> {
    tx.put(ADD_ZONE, args![zone.id, zone.site, &zone.code, zone.class, zone.low, zone.high]).await
}
