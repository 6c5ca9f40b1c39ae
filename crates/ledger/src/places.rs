//! Places 庫位: everywhere goods can be. Bins and vans, and the world outside: suppliers, customers, waste.

use std::{collections::BTreeSet, fmt};

use kernel::{Id, PlaceId, SiteId, Stamp, ZoneId};
use serde::{Deserialize, Serialize};
use store::{FromRow, Result, Row, StoreError, Tx, args, codes, row, sql};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::LedgerRefusal;

codes! {
    /// What kind of place. The first five and the vehicle hold goods and can never hold fewer than none; the others
    /// stand for the world outside, and their balance only says what has come from or gone to it.
    PlaceKind {
        Supplier = "supplier",
        Dock = "dock",
        /// A storage bin 儲位.
        Bin = "bin",
        /// A bin that pickers take from 揀貨位.
        PickFace = "pick_face",
        Staging = "staging",
        Tote = "tote",
        Vehicle = "vehicle",
        Customer = "customer",
        Waste = "waste",
        /// What a count or a scale has corrected.
        Adjustment = "adjustment",
        /// Where lots are cut, split and mixed into others.
        Production = "production",
    }
}

impl PlaceKind {
    /// Goods are really there.
    pub const fn is_solid(self) -> bool {
        match self {
            Self::Dock | Self::Bin | Self::PickFace | Self::Staging | Self::Tote | Self::Vehicle => true,
            Self::Supplier | Self::Customer | Self::Waste | Self::Adjustment | Self::Production => false,
        }
    }

    /// Orders are served from it.
    pub const fn is_shelf(self) -> bool {
        match self {
            Self::Bin | Self::PickFace => true,
            Self::Supplier
            | Self::Dock
            | Self::Staging
            | Self::Tote
            | Self::Vehicle
            | Self::Customer
            | Self::Waste
            | Self::Adjustment
            | Self::Production => false,
        }
    }

    /// Goods that go there are gone, whoever they were promised or bound to.
    pub(crate) const fn takes_what_is_bound(self) -> bool {
        match self {
            Self::Waste | Self::Adjustment | Self::Supplier => true,
            Self::Dock
            | Self::Bin
            | Self::PickFace
            | Self::Staging
            | Self::Tote
            | Self::Vehicle
            | Self::Customer
            | Self::Production => false,
        }
    }
}

/// Whose place it is: a supplier, a customer, a vehicle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Holder {
    pub noun: String,
    pub id: Uuid,
}

impl Holder {
    pub fn of<I: Id>(id: I) -> Self {
        Self { noun: I::NOUN.to_owned(), id: id.uuid() }
    }
}

/// A place in a site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Place {
    pub id: PlaceId,
    pub site: SiteId,
    pub kind: PlaceKind,
    pub code: String,
    pub zone: Option<ZoneId>,
    pub holder: Option<Holder>,
    /// Its rank on the picker's way through the house.
    pub path: i64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.code)
    }
}

/// A place to be opened.
#[derive(Clone, Debug)]
pub struct NewPlace {
    pub site: SiteId,
    pub kind: PlaceKind,
    pub code: String,
    pub zone: Option<ZoneId>,
    pub holder: Option<Holder>,
    pub path: i64,
}

/// Opens a place; its code is free among those of its kind at the site.
pub async fn open_place(tx: &mut Tx, stamp: &Stamp, new: NewPlace) -> Result<Place, LedgerRefusal> {
    if place_of(tx, new.site, new.kind, &new.code).await?.is_some() {
        return Err(LedgerRefusal::PlaceTaken { kind: new.kind, code: new.code });
    }
    let place = Place {
        id: stamp.mint(),
        site: new.site,
        kind: new.kind,
        code: new.code,
        zone: new.zone,
        holder: new.holder,
        path: new.path,
    };
    add(tx, &place).await?;
    Ok(place)
}

/// The place, which must exist.
pub async fn place(tx: &mut Tx, id: PlaceId) -> Result<Place, LedgerRefusal> {
    tx.optional(PLACE, args![id]).await?.ok_or(LedgerRefusal::NoSuchPlace)
}

/// Several places, all of which must exist, in the order of their ids.
pub(crate) async fn places(tx: &mut Tx, ids: &BTreeSet<PlaceId>) -> Result<Vec<Place>, LedgerRefusal> {
    let asked: Vec<_> = ids.iter().map(|id| row![*id]).collect();
    let mut places = Vec::with_capacity(ids.len());
    for mut found in tx.all_many(PLACE, &asked).await? {
        places.push(found.pop().ok_or(LedgerRefusal::NoSuchPlace)?);
    }
    Ok(places)
}

/// The place of this kind and code, as a scanner reads it.
pub async fn place_of(tx: &mut Tx, site: SiteId, kind: PlaceKind, code: &str) -> Result<Option<Place>, LedgerRefusal> {
    Ok(tx.optional(BY_CODE, args![site, kind, code]).await?)
}

/// The site's one place of a kind (its waste, its adjustment, its production), opened when first needed.
pub async fn the_place(tx: &mut Tx, stamp: &Stamp, site: SiteId, kind: PlaceKind) -> Result<Place, LedgerRefusal> {
    opened(tx, stamp, site, kind, kind.code().to_owned(), None).await
}

/// The place of a supplier, a customer or a vehicle at a site, opened when first needed.
pub async fn place_for<I: Id>(
    tx: &mut Tx,
    stamp: &Stamp,
    site: SiteId,
    kind: PlaceKind,
    holder: I,
) -> Result<Place, LedgerRefusal> {
    opened(tx, stamp, site, kind, holder.to_string(), Some(Holder::of(holder))).await
}

/// The places of a site of one kind, in the order of the picker's way.
pub async fn places_of(tx: &mut Tx, site: SiteId, kind: PlaceKind) -> Result<Vec<Place>, LedgerRefusal> {
    Ok(tx.all(OF_KIND, args![site, kind]).await?)
}

/// The places of a zone, in the order of the picker's way.
pub async fn places_in(tx: &mut Tx, site: SiteId, zone: ZoneId) -> Result<Vec<Place>, LedgerRefusal> {
    Ok(tx.all(IN_ZONE, args![site, zone]).await?)
}

async fn opened(
    tx: &mut Tx,
    stamp: &Stamp,
    site: SiteId,
    kind: PlaceKind,
    code: String,
    holder: Option<Holder>,
) -> Result<Place, LedgerRefusal> {
    if let Some(place) = place_of(tx, site, kind, &code).await? {
        return Ok(place);
    }
    let place = Place { id: stamp.mint(), site, kind, code, zone: None, holder, path: 0 };
    add(tx, &place).await?;
    // Two writers may open it at once on PostgreSQL; the one whose row stands is the place.
    place_of(tx, site, kind, &place.code).await?.ok_or(LedgerRefusal::NoSuchPlace)
}

async fn add(tx: &mut Tx, place: &Place) -> Result<()> {
    let holder = place.holder.as_ref();
    tx.put(
        ADD,
        args![
            place.id,
            place.site,
            place.kind,
            &place.code,
            place.zone,
            holder.map(|holder| holder.noun.as_str()),
            holder.map(|holder| holder.id),
            place.path,
        ],
    )
    .await
}

impl FromRow for Place {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let holder = match (row.get::<Option<String>>(5)?, row.get::<Option<Uuid>>(6)?) {
            (Some(noun), Some(id)) => Some(Holder { noun, id }),
            (None, None) => None,
            (noun, id) => {
                return Err(StoreError::Impossible {
                    statement: PLACE.name(),
                    column: "holder".to_owned(),
                    found: format!("{noun:?} {id:?}"),
                });
            }
        };
        Ok(Self {
            id: row.get(0)?,
            site: row.get(1)?,
            kind: row.get(2)?,
            code: row.get(3)?,
            zone: row.get(4)?,
            holder,
            path: row.get(7)?,
        })
    }
}

macro_rules! place_columns {
    () => {
        "id, site, kind, code, zone, holder_noun, holder, path"
    };
}

sql! {
    PLACE = concat!("SELECT ", place_columns!(), " FROM place WHERE id = $1 {stay}");
    BY_CODE = concat!("SELECT ", place_columns!(), " FROM place WHERE site = $1 AND kind = $2 AND code = $3 {stay}");
    OF_KIND = concat!("SELECT ", place_columns!(), " FROM place WHERE site = $1 AND kind = $2 ORDER BY path, code");
    IN_ZONE = concat!("SELECT ", place_columns!(), " FROM place WHERE site = $1 AND zone = $2 ORDER BY path, code");
    ADD = concat!(
        "INSERT INTO place (", place_columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (site, kind, code) DO NOTHING"
    );
}
