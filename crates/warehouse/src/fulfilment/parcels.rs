//! The parcels' way: to a lane, onto a van, to the door or back.

use std::collections::BTreeMap;

use ::store::Tx;
use edge::Sites;
use events::{Object, Told, tell};
use kernel::{
    CustomerOrderId, Instant, LotId, OrderLineId, ParcelId, PlaceId, Quantity, ReleaseNoteId, SiteId, Stamp,
    TemperatureClass,
};
use ledger::{Cause, Move, Purpose};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    FulfilmentRefusal,
    events::{ParcelHandedOver, ParcelLoaded, ParcelReturned, ParcelStaged, ParcelUnloaded},
    pack::{ParcelSheet, bench},
    rules::{Parcel, ParcelState, PickTask, ShortReason, TaskState},
    store::{self, Line, NamedContent},
};
use crate::works_at;

/// An order line as it leaves the bench: what the scale said, from which lots, and why less if less.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PackedLine {
    pub order_line: OrderLineId,
    pub quantity: Quantity,
    pub lots: Vec<(LotId, Quantity)>,
    pub short: Option<ShortReason>,
}

/// What a note sends, once every task of it is done and every gram of it is in a parcel; `None` before.
pub async fn packed(tx: &mut Tx, note: ReleaseNoteId) -> Result<Option<Vec<PackedLine>>, FulfilmentRefusal> {
    let Some(_known) = store::note(tx, note).await? else { return Err(FulfilmentRefusal::NoSuchNote) };
    let lines = store::lines_of(tx, note).await?;
    let tasks = store::tasks_of_note(tx, note).await?;
    Ok(all_packed(&tasks).then(|| lines.iter().map(|line| packed_line(line, &tasks)).collect()))
}

fn all_packed(tasks: &[PickTask]) -> bool {
    tasks.iter().all(|task| task.state != TaskState::Open && (task.tote.is_none() || task.parcel.is_some()))
}

fn packed_line(line: &Line, tasks: &[PickTask]) -> PackedLine {
    let mut lots: BTreeMap<LotId, Quantity> = BTreeMap::new();
    let mut short = (!line.unbound.is_nothing()).then_some(ShortReason::NoStock);
    for task in tasks.iter().filter(|task| task.order_line == line.order_line) {
        if !task.picked.is_nothing() {
            let sum = lots.entry(task.lot).or_insert(Quantity::NONE);
            *sum = sum.plus(task.picked).unwrap_or(*sum);
        }
        short = task.short_reason.or(short);
    }
    let quantity = Quantity::sum(lots.values().copied()).unwrap_or(Quantity::NONE);
    PackedLine { order_line: line.order_line, quantity, lots: lots.into_iter().collect(), short }
}

/// A parcel as it looks from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedParcel {
    pub id: ParcelId,
    /// SSCC-18.
    pub code: String,
    pub class: TemperatureClass,
    pub gross_grams: i64,
}

/// The parcels of an order without what is in them, in the order they were packed.
pub async fn closed_parcels_of(tx: &mut Tx, order: CustomerOrderId) -> Result<Vec<ClosedParcel>, FulfilmentRefusal> {
    let closed = |parcel: Parcel| {
        let Parcel { id, code, class, gross_grams, .. } = parcel;
        ClosedParcel { id, code, class, gross_grams }
    };
    Ok(store::parcels_of_order(tx, order).await?.into_iter().map(closed).collect())
}

/// The parcels of an order, in the order they were packed.
pub async fn parcels_of(tx: &mut Tx, order: CustomerOrderId) -> Result<Vec<ParcelSheet>, FulfilmentRefusal> {
    let parcels = store::parcels_of_order(tx, order).await?;
    sheets(tx, parcels).await
}

/// The same of several orders, in the order asked for.
pub async fn parcels_of_each(
    tx: &mut Tx,
    orders: &[CustomerOrderId],
) -> Result<Vec<Vec<ParcelSheet>>, FulfilmentRefusal> {
    let by_order = store::parcels_of_orders(tx, orders).await?;
    let counts: Vec<usize> = by_order.iter().map(Vec::len).collect();
    let mut all = sheets(tx, by_order.into_iter().flatten().collect()).await?.into_iter();
    Ok(counts.into_iter().map(|count| all.by_ref().take(count).collect()).collect())
}

/// The temperature classes of the parcels of several orders, in the order asked for: how a plan counts crates.
pub async fn classes_of_each(
    tx: &mut Tx,
    orders: &[CustomerOrderId],
) -> Result<Vec<Vec<TemperatureClass>>, FulfilmentRefusal> {
    let by_order = store::parcels_of_orders(tx, orders).await?;
    Ok(by_order.into_iter().map(|parcels| parcels.into_iter().map(|parcel| parcel.class).collect()).collect())
}

/// Those of `ids` that exist, of whatever site.
pub async fn parcels_by_id(
    tx: &mut Tx,
    ids: impl IntoIterator<Item = ParcelId>,
) -> Result<Vec<ParcelSheet>, FulfilmentRefusal> {
    let parcels = store::parcels_by_id(tx, ids).await?;
    sheets(tx, parcels.into_values().collect()).await
}

/// The parcels of a release note, if its site is the caller's.
pub async fn parcels_of_note(
    tx: &mut Tx,
    sites: &Sites,
    note: ReleaseNoteId,
) -> Result<Vec<ParcelSheet>, FulfilmentRefusal> {
    let note = super::waves::own_note(tx, sites, note).await?;
    let parcels = store::parcels_of_note(tx, note.note).await?;
    sheets(tx, parcels).await
}

/// The parcels of a site in one state, the oldest first.
pub async fn parcels_in(
    tx: &mut Tx,
    site: SiteId,
    state: ParcelState,
    after: Option<ParcelId>,
    rows: i64,
) -> Result<Vec<ParcelSheet>, FulfilmentRefusal> {
    let parcels = store::parcels_in(tx, site, state, after, rows).await?;
    sheets(tx, parcels).await
}

async fn sheets(tx: &mut Tx, parcels: Vec<Parcel>) -> Result<Vec<ParcelSheet>, FulfilmentRefusal> {
    let contents = store::contents_of(tx, parcels.iter().map(|parcel| parcel.id)).await?;
    Ok(parcels.into_iter().zip(contents).map(|(parcel, contents)| ParcelSheet::of(parcel, contents)).collect())
}

async fn sheet(tx: &mut Tx, parcel: Parcel) -> Result<ParcelSheet, FulfilmentRefusal> {
    let contents = store::contents(tx, parcel.id).await?;
    Ok(ParcelSheet::of(parcel, contents))
}

/// A parcel, if its site is the caller's.
pub async fn parcel(tx: &mut Tx, sites: &Sites, id: ParcelId) -> Result<ParcelSheet, FulfilmentRefusal> {
    let parcel = store::parcel(tx, id).await?.filter(|parcel| works_at(sites, parcel.site));
    sheet(tx, parcel.ok_or(FulfilmentRefusal::NoSuchParcel)?).await
}

/// The parcel whose label a scanner has read.
pub async fn parcel_by_code(tx: &mut Tx, code: &str) -> Result<Option<ParcelSheet>, FulfilmentRefusal> {
    match store::parcel_by_code(tx, code).await? {
        Some(parcel) => Ok(Some(sheet(tx, parcel).await?)),
        None => Ok(None),
    }
}

/// The site whose parcel it is.
pub async fn site_of(tx: &mut Tx, id: ParcelId) -> Result<SiteId, FulfilmentRefusal> {
    let parcel = store::parcel(tx, id).await?;
    Ok(parcel.ok_or(FulfilmentRefusal::NoSuchParcel)?.site)
}

/// The order whose parcel it is, if there is such a parcel.
pub async fn order_of(tx: &mut Tx, id: ParcelId) -> Result<Option<CustomerOrderId>, FulfilmentRefusal> {
    Ok(store::parcel(tx, id).await?.map(|parcel| parcel.order))
}

/// Puts a parcel into a lane, where its van will look for it.
pub async fn stage(
    tx: &mut Tx,
    stamp: &Stamp,
    sites: &Sites,
    id: ParcelId,
    lane: &str,
) -> Result<ParcelSheet, FulfilmentRefusal> {
    let parcel = locked(tx, id).await?;
    if !works_at(sites, parcel.site) {
        return Err(FulfilmentRefusal::NoSuchParcel);
    }
    let place = bench(tx, parcel.site, Some(lane)).await?;
    let body = ParcelStaged { order: parcel.order, lane: place.code.clone() };
    bring(tx, stamp, parcel, ParcelState::Staged, place.id, &body).await
}

/// Loads a staged parcel onto a vehicle. Every lot in it must be fit to be sent at this moment.
pub async fn load(
    tx: &mut Tx,
    stamp: &Stamp,
    id: ParcelId,
    vehicle: PlaceId,
) -> Result<ParcelSheet, FulfilmentRefusal> {
    let parcel = locked(tx, id).await?;
    let mut lots: Vec<LotId> = store::contents(tx, id).await?.iter().map(|named| named.content.lot).collect();
    lots.sort_unstable();
    lots.dedup();
    let wanted: Vec<(LotId, Instant)> = lots.into_iter().map(|lot| (lot, stamp.at)).collect();
    ledger::demand_each_usable(tx, &wanted, Purpose::Ship).await?;
    let body = ParcelLoaded { order: parcel.order, vehicle };
    bring(tx, stamp, parcel, ParcelState::Loaded, vehicle, &body).await
}

/// Takes a parcel off a vehicle before it departs, back into a lane.
pub async fn unload(tx: &mut Tx, stamp: &Stamp, id: ParcelId, lane: PlaceId) -> Result<ParcelSheet, FulfilmentRefusal> {
    let parcel = locked(tx, id).await?;
    if parcel.state != ParcelState::Loaded {
        return Err(super::rules::WrongStep { state: parcel.state, wanted: ParcelState::Staged }.into());
    }
    let body = ParcelUnloaded { order: parcel.order, lane };
    bring(tx, stamp, parcel, ParcelState::Staged, lane, &body).await
}

/// Hands all parcels of one door over, from the vehicle to the customer's place. Each is a posting and an event of its
/// own.
pub async fn hand_over(
    tx: &mut Tx,
    stamp: &Stamp,
    ids: &[ParcelId],
    customer: PlaceId,
) -> Result<(), FulfilmentRefusal> {
    let mut locked = store::lock_parcels(tx, ids.iter().copied()).await?;
    let contents = store::contents_of(tx, ids.iter().copied()).await?;
    let (mut brought, mut postings) = (Vec::with_capacity(ids.len()), Vec::with_capacity(ids.len()));
    for (id, contents) in ids.iter().zip(&contents) {
        let parcel = locked.remove(id).ok_or(FulfilmentRefusal::NoSuchParcel)?;
        let from = parcel.place;
        brought.push(parcel.come_to(ParcelState::HandedOver, customer)?);
        if from != customer {
            postings.push((Cause::of(*id), moves_of(contents, from, customer)));
        }
    }
    // One door is one order's, and an order is one site's: the ledger refuses places of another.
    let Some(site) = brought.first().map(|parcel| parcel.site) else { return Ok(()) };
    let day = catalog::site(tx, site).await?.time.business_day(stamp.at);
    if !postings.is_empty() {
        ledger::post_each(tx, stamp, site, day, &postings).await?;
    }
    store::move_parcels(tx, &brought).await?;
    for parcel in &brought {
        let also = [Object::of(parcel.order), Object::of(parcel.note), Object::of(parcel.site)];
        let body = ParcelHandedOver { order: parcel.order, parcel: parcel.id };
        tell(tx, stamp, Object::of(parcel.id), &also, &body).await?;
    }
    Ok(())
}

/// Brings a parcel back from a failed attempt: from the vehicle to the dock, where an inspector decides.
pub async fn returned(
    tx: &mut Tx,
    stamp: &Stamp,
    id: ParcelId,
    dock: PlaceId,
) -> Result<ParcelSheet, FulfilmentRefusal> {
    let parcel = locked(tx, id).await?;
    let body = ParcelReturned { order: parcel.order, dock };
    bring(tx, stamp, parcel, ParcelState::Returned, dock, &body).await
}

/// Moves a parcel and everything in it.
async fn bring(
    tx: &mut Tx,
    stamp: &Stamp,
    parcel: Parcel,
    state: ParcelState,
    to: PlaceId,
    body: &impl Told,
) -> Result<ParcelSheet, FulfilmentRefusal> {
    let from = parcel.place;
    let parcel = parcel.come_to(state, to)?;
    let contents = store::contents(tx, parcel.id).await?;
    if from != to {
        let moves = moves_of(&contents, from, to);
        let day = catalog::site(tx, parcel.site).await?.time.business_day(stamp.at);
        ledger::post(tx, stamp, Cause::of(parcel.id), parcel.site, day, &moves).await?;
    }
    if store::move_parcel(tx, &parcel).await? != 1 {
        return Err(FulfilmentRefusal::ChangedMeanwhile);
    }
    let also = [Object::of(parcel.order), Object::of(parcel.note), Object::of(parcel.site)];
    tell(tx, stamp, Object::of(parcel.id), &also, body).await?;
    Ok(ParcelSheet::of(parcel, contents))
}

/// What is in a parcel as moves of the ledger, one a lot.
fn moves_of(contents: &[NamedContent], from: PlaceId, to: PlaceId) -> Vec<Move> {
    let mut together: BTreeMap<LotId, Quantity> = BTreeMap::new();
    for named in contents {
        let sum = together.entry(named.content.lot).or_insert(Quantity::NONE);
        *sum = sum.plus(named.content.quantity).unwrap_or(*sum);
    }
    together.into_iter().map(|(lot, quantity)| Move { lot, from, to, quantity }).collect()
}

async fn locked(tx: &mut Tx, id: ParcelId) -> Result<Parcel, FulfilmentRefusal> {
    store::lock_parcel(tx, id).await?.ok_or(FulfilmentRefusal::NoSuchParcel)
}
