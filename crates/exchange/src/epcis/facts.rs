//! What the steps name: lots, places, parcels and sites, asked of those who keep them.

use std::collections::{BTreeMap, BTreeSet};

use catalog::Site;
use kernel::{CustomerOrderId, Id, LotId, ParcelId, PlaceId};
use ledger::{LedgerRefusal, Lot, Place};
use store::{StoreError, Tx};
use uuid::Uuid;
use warehouse::fulfilment::{self, FulfilmentRefusal, ParcelSheet};

use super::steps::{Goods, Spot, Step, What};

/// The ids that a page of steps names.
#[derive(Clone, Default)]
pub(super) struct Wanted {
    lots: BTreeSet<Uuid>,
    places: BTreeSet<Uuid>,
    parcels: BTreeSet<Uuid>,
    orders: BTreeSet<Uuid>,
}

/// What those ids name.
#[derive(Default)]
pub(super) struct Facts {
    pub(super) lots: BTreeMap<Uuid, Lot>,
    pub(super) places: BTreeMap<Uuid, Place>,
    pub(super) parcels: BTreeMap<Uuid, ParcelSheet>,
    /// The parcels of an order.
    pub(super) orders: BTreeMap<Uuid, Vec<Uuid>>,
    pub(super) sites: BTreeMap<Uuid, SiteFacts>,
}

/// A site with its location number, if its company prefix is known.
pub(super) struct SiteFacts {
    pub(super) site: Site,
    pub(super) gln: Option<String>,
}

impl Wanted {
    pub(super) fn by(steps: &[Step]) -> Self {
        let mut wanted = Self::default();
        for step in steps {
            if let Some(Spot::Place(place)) = step.spot {
                wanted.places.insert(place);
            }
            match &step.what {
                What::Goods { goods } => wanted.lots.extend(goods.iter().map(|goods| goods.lot)),
                What::Named { lot } | What::Destroyed { goods: Goods { lot, .. } } => wanted.lots.extend([*lot]),
                What::Parcels { parcels } => wanted.parcels.extend(parcels),
                What::ParcelsOf { orders } => wanted.orders.extend(orders),
                What::Packed { parcel } | What::Carried { parcel, .. } => wanted.parcels.extend([*parcel]),
                What::Split { whole, part, .. } => wanted.lots.extend([*whole, *part]),
            }
        }
        wanted
    }
}

/// Reads what is wanted. What is not there is left out, and so are the steps that would name it.
pub(super) async fn read(tx: &mut Tx, wanted: Wanted) -> Result<Facts, StoreError> {
    let mut facts = Facts::default();
    for place in wanted.places {
        let found = of_ledger(ledger::place(tx, PlaceId::from_uuid(place)).await)?;
        facts.places.extend(found.map(|found| (place, found)));
    }
    let orders: Vec<_> = wanted.orders.iter().copied().map(CustomerOrderId::from_uuid).collect();
    let by_order = of_floor(fulfilment::parcels_of_each(tx, &orders).await)?.unwrap_or_default();
    for (order, sheets) in wanted.orders.into_iter().zip(by_order) {
        facts.orders.insert(order, sheets.iter().map(|sheet| sheet.id.uuid()).collect());
        facts.parcels.extend(sheets.into_iter().map(|sheet| (sheet.id.uuid(), sheet)));
    }
    let others = wanted.parcels.into_iter().filter(|parcel| !facts.parcels.contains_key(parcel));
    let others: Vec<_> = others.map(ParcelId::from_uuid).collect();
    let sheets = of_floor(fulfilment::parcels_by_id(tx, others).await)?.unwrap_or_default();
    facts.parcels.extend(sheets.into_iter().map(|sheet| (sheet.id.uuid(), sheet)));
    let inside = facts.parcels.values().flat_map(|sheet| &sheet.contents).map(|content| content.lot.uuid());
    let lots: Vec<_> = wanted.lots.into_iter().chain(inside).map(LotId::from_uuid).collect();
    let found = of_ledger(ledger::lots_by_id(tx, lots).await)?.unwrap_or_default();
    facts.lots = found.into_iter().map(|(id, lot)| (id.uuid(), lot)).collect();
    facts.sites = sites(tx).await?;
    Ok(facts)
}

/// Several sites may share a company prefix: the oldest has the company's first location number.
async fn sites(tx: &mut Tx) -> Result<BTreeMap<Uuid, SiteFacts>, StoreError> {
    let mut sites = match catalog::sites(tx).await {
        Ok(sites) => sites,
        Err(catalog::CatalogRefusal::Store(error)) => return Err(error),
        Err(_) => Vec::new(),
    };
    sites.sort_by_key(|site| site.id);
    let mut numbered: BTreeMap<String, usize> = BTreeMap::new();
    let mut found = BTreeMap::new();
    for site in sites {
        let labels = of_floor(fulfilment::labels(tx, site.id).await)?;
        // The first digit of the prefix of parcel codes is the extension digit, the rest is the company's.
        let prefix = labels.and_then(|labels| labels.sscc_prefix.get(1..).map(str::to_owned));
        let gln = prefix.and_then(|prefix| {
            let nth = numbered.entry(prefix.clone()).or_default();
            let gln = gs1::gln_of(&prefix, *nth);
            *nth = nth.saturating_add(1);
            gln
        });
        found.insert(site.id.uuid(), SiteFacts { site, gln });
    }
    Ok(found)
}

fn of_ledger<T>(answer: Result<T, LedgerRefusal>) -> Result<Option<T>, StoreError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(LedgerRefusal::Store(error)) => Err(error),
        Err(_) => Ok(None),
    }
}

fn of_floor<T>(answer: Result<T, FulfilmentRefusal>) -> Result<Option<T>, StoreError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(FulfilmentRefusal::Store(error)) => Err(error),
        Err(_) => Ok(None),
    }
}
