//! From the dock into a bin 上架: the right zone, neighbours that get along, and a clock that stops.

use std::collections::BTreeMap;

use ::events::{Object, tell};
use ::store::Tx;
use catalog::{Sku, Zone};
use edge::{Problem, parse};
use kernel::{Actor, Instant, LotId, PlaceId, PutAwayId, Quantity, SiteId, SkuId, Stamp, ZoneId};
use ledger::{Cause, Lot, Move, Place, PlaceKind, StockFilter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Arrival, ReceivingRefusal, arrive,
    events::GoodsPutAway,
    judge::{Part, Whereabouts},
    rules::Disposition,
    shelving::{self, Bin, Guest, Neighbour, SuggestedBin},
    store,
};

/// A scan of a lot and a bin.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPutAway {
    pub lot: LotId,
    /// The code on the bin.
    #[schema(min_length = 1, max_length = 40)]
    pub bin: String,
    /// All that waits at the dock, if nothing is said.
    #[serde(default)]
    pub quantity: Option<Quantity>,
}

impl NewPutAway {
    pub fn parse(mut self) -> Result<Self, Problem> {
        self.bin = parse::text("bin", &self.bin, 1, 40)?;
        if let Some(quantity) = self.quantity {
            parse::quantity("quantity", quantity)?;
        }
        Ok(self)
    }
}

/// Goods that have reached their bin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PutAway {
    pub id: PutAwayId,
    pub lot: LotId,
    pub bin: PlaceId,
    pub bin_code: String,
    pub quantity: Quantity,
    /// From the truck's arrival to this shelf.
    pub dock_to_stock_minutes: i64,
    pub put_by: Actor,
    pub put_at: Instant,
}

/// What lies in the bins of one zone: more than this is a warehouse with other needs.
const STOCK_LINES_MAX: i64 = 5_000;
const SUGGESTIONS_MAX: usize = 5;

/// Puts judged goods into a bin of their zone. Quarantined goods are put away too: they wait in the cold and not at the
/// dock, and no order can have them.
pub async fn put_away(tx: &mut Tx, stamp: &Stamp, new: NewPutAway) -> Result<PutAway, ReceivingRefusal> {
    let Waiting { part, arrival, lot, sku, at_dock } = waiting(tx, stamp.at, new.lot).await?;
    let bin = scanned(tx, arrival.site, &new.bin).await?;
    let wanted = new.quantity.unwrap_or(at_dock);
    let bin = with_contents(tx, stamp.at, bin).await?;
    bin.admit(Guest { sku: &sku, use_by: lot.use_by, quantity: wanted })?;

    let id: PutAwayId = stamp.mint();
    let day = catalog::site(tx, arrival.site).await?.time.business_day(stamp.at);
    let moved = Move { lot: lot.id, from: arrival.dock, to: bin.place.id, quantity: wanted };
    let cause = Cause::of(arrival.id).line(part.line);
    let posted = ledger::post(tx, stamp, cause, arrival.site, day, &[moved]).await?;
    let put = PutAway {
        id,
        lot: lot.id,
        bin: bin.place.id,
        bin_code: bin.place.code,
        quantity: posted.brought_to(bin.place.id).unwrap_or(wanted),
        dock_to_stock_minutes: stamp.at.minutes_since(arrival.arrived_at),
        put_by: stamp.by,
        put_at: stamp.at,
    };
    store::add_put_away(tx, &put).await?;
    if sku.measure.promised(put.quantity) >= sku.measure.promised(at_dock) {
        store::set_whereabouts(tx, lot.id, Whereabouts::PutAway).await?;
        arrive::clear_when_empty(tx, arrival.id).await?;
    }
    let body = GoodsPutAway {
        sku: sku.id,
        bin: put.bin_code.clone(),
        quantity: put.quantity,
        dock_to_stock_minutes: put.dock_to_stock_minutes,
    };
    let mut also = arrival.around().to_vec();
    also.extend([Object::of(sku.id), Object::of(put.bin), Object::of(put.id)]);
    tell(tx, stamp, Object::of(lot.id), &also, &body).await?;
    Ok(put)
}

/// The bins that suit a lot at the dock, the best first.
pub async fn suggestions(tx: &mut Tx, at: Instant, lot: LotId) -> Result<Vec<SuggestedBin>, ReceivingRefusal> {
    let Waiting { arrival, lot, sku, at_dock, .. } = waiting(tx, at, lot).await?;
    let zones = catalog::zones_of(tx, arrival.site).await?;
    let mut bins = Vec::new();
    for zone in zones.into_iter().filter(|zone| zone.class == sku.temperature_class) {
        bins.extend(bins_of(tx, at, zone).await?);
    }
    let guest = Guest { sku: &sku, use_by: lot.use_by, quantity: at_dock };
    Ok(shelving::suggest(&bins, guest, SUGGESTIONS_MAX))
}

/// A judged part that waits at the dock.
struct Waiting {
    part: Part,
    arrival: Arrival,
    lot: Lot,
    sku: Sku,
    at_dock: Quantity,
}

async fn waiting(tx: &mut Tx, at: Instant, id: LotId) -> Result<Waiting, ReceivingRefusal> {
    let lot = ledger::lot(tx, id).await?;
    let part = match store::part(tx, id).await? {
        Some(part) => part,
        None if store::line_of_lot(tx, id).await?.is_some() => {
            return Err(ReceivingRefusal::NotJudged { lot: lot.code });
        }
        None => return Err(ReceivingRefusal::NotFromTheDock),
    };
    if part.stands() == Disposition::Reject {
        return Err(ReceivingRefusal::Rejected { lot: lot.code });
    }
    let line = store::line(tx, part.line).await?.ok_or(ReceivingRefusal::NoSuchLine)?;
    let arrival = arrive::arrival(tx, line.arrival).await?;
    let sku = catalog::sku(tx, lot.sku).await?;
    let lies = ledger::stock(tx, arrival.site, StockFilter::Lot(id), at, None, STOCK_LINES_MAX).await?;
    let at_dock = lies.iter().find(|line| line.place == arrival.dock).map(|line| line.on_hand);
    let Some(at_dock) = at_dock else { return Err(ReceivingRefusal::NotAtDock { lot: lot.code }) };
    Ok(Waiting { part, arrival, lot, sku, at_dock })
}

/// The bin or pick face whose code was scanned.
async fn scanned(tx: &mut Tx, site: SiteId, code: &str) -> Result<Place, ReceivingRefusal> {
    for kind in [PlaceKind::Bin, PlaceKind::PickFace] {
        if let Some(place) = ledger::place_of(tx, site, kind, code).await? {
            return Ok(place);
        }
    }
    Err(ReceivingRefusal::NoSuchBin { code: code.to_owned() })
}

async fn with_contents(tx: &mut Tx, at: Instant, place: Place) -> Result<Bin, ReceivingRefusal> {
    let zone = match place.zone {
        Some(zone) => Some(catalog::zone(tx, zone).await?),
        None => None,
    };
    let mut contents = contents(tx, at, place.site, StockFilter::Place(place.id)).await?;
    let holds = contents.remove(&place.id).unwrap_or_default();
    let capacity_grams = store::capacity(tx, place.id).await?;
    Ok(Bin { place, zone, holds, capacity_grams })
}

async fn bins_of(tx: &mut Tx, at: Instant, zone: Zone) -> Result<Vec<Bin>, ReceivingRefusal> {
    let id: ZoneId = zone.id;
    let mut contents = contents(tx, at, zone.site, StockFilter::Zone(id)).await?;
    let capacities = store::capacities(tx, zone.site).await?;
    let places = ledger::places_in(tx, zone.site, id).await?;
    let shelves = places.into_iter().filter(|place| place.kind.is_shelf());
    Ok(shelves
        .map(|place| Bin {
            holds: contents.remove(&place.id).unwrap_or_default(),
            capacity_grams: capacities.get(&place.id).copied(),
            zone: Some(zone.clone()),
            place,
        })
        .collect())
}

/// What lies where, with what is known of each product.
async fn contents(
    tx: &mut Tx,
    at: Instant,
    site: SiteId,
    filter: StockFilter,
) -> Result<BTreeMap<PlaceId, Vec<Neighbour>>, ReceivingRefusal> {
    let mut known: BTreeMap<SkuId, Sku> = BTreeMap::new();
    let mut contents: BTreeMap<PlaceId, Vec<Neighbour>> = BTreeMap::new();
    for line in ledger::stock(tx, site, filter, at, None, STOCK_LINES_MAX).await? {
        let sku = match known.get(&line.sku) {
            Some(sku) => sku.clone(),
            None => known.entry(line.sku).or_insert(catalog::sku(tx, line.sku).await?).clone(),
        };
        let neighbour = Neighbour { sku, use_by: line.use_by, quantity: line.on_hand };
        contents.entry(line.place).or_default().push(neighbour);
    }
    Ok(contents)
}

/// Says what a bin bears.
pub async fn set_capacity(tx: &mut Tx, site: SiteId, code: &str, grams: i64) -> Result<PlaceId, ReceivingRefusal> {
    let bin = scanned(tx, site, code).await?;
    store::set_capacity(tx, bin.id, grams).await?;
    Ok(bin.id)
}
