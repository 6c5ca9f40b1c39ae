//! At the dock: parcels come aboard scan by scan, and the run leaves when none is missing.

use std::collections::BTreeMap;

use ::events::{Object, tell};
use ::store::Tx;
use kernel::{
    CourierId, CustomerId, CustomerOrderId, Instant, ParcelId, PlaceId, RunId, SiteId, Stamp, StopId, TemperatureClass,
    VehicleId,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    CarriedParcel, TrackingRefusal, eta,
    events::{ParcelLeftBehind, ParcelLoaded, ParcelReturned, RunDeparted},
    rules::{CustodyStep, ExpectedParcel, LeftBehind, Onward, ParcelState},
    store,
};
use crate::{
    couriers::{self, FrozenHandling},
    planning::{self, DeliveryRun, RunState, Skill, Vehicle, store as runs},
};

/// Notes which parcels an order consists of, when they have been packed. Telling it twice changes nothing.
pub async fn expect(tx: &mut Tx, order: CustomerOrderId, parcels: &[ExpectedParcel]) -> Result<(), TrackingRefusal> {
    Ok(store::expect_parcels(tx, order, parcels).await?)
}

/// A parcel that is aboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Loaded {
    pub run: RunId,
    pub parcel: ParcelId,
    pub order: CustomerOrderId,
    /// The vehicle's place in the stock journal.
    pub place: PlaceId,
    /// How many parcels of the run are not aboard yet.
    pub missing: i64,
}

/// Scans a parcel onto a run: by staff, or by the run's own courier. The first scan begins the loading; a second scan of the same parcel changes nothing.
pub async fn load(tx: &mut Tx, stamp: &Stamp, run: RunId, parcel: ParcelId) -> Result<Loaded, TrackingRefusal> {
    let run = super::drivable(tx, stamp.by, run).await?;
    let (carried, belongs_to) = store::parcel_to_load(tx, parcel).await?.ok_or(TrackingRefusal::NoSuchParcel)?;
    let id = run.sheet().id;
    if belongs_to != Some(id) {
        return Err(TrackingRefusal::WrongRun { label: carried.label, belongs_to });
    }
    let vehicle = vehicle_of(tx, &run).await?;
    let run = match (carried.state, run.state()) {
        (ParcelState::Loaded, RunState::Loading) if carried.run == Some(id) => run,
        (ParcelState::Loaded | ParcelState::HandedOver, _) => {
            return Err(TrackingRefusal::ParcelIs { label: carried.label, state: carried.state });
        }
        (ParcelState::Expected | ParcelState::LeftBehind | ParcelState::Returned, _) => {
            demand_fit(tx, stamp, &run, &vehicle, &carried).await?;
            take_aboard(tx, stamp, run, &carried).await?
        }
    };
    let missing = missing_parcels(&store::parcels_of_run(tx, run.sheet().id).await?, id);
    Ok(Loaded {
        run: id,
        parcel,
        order: carried.order,
        place: vehicle.place,
        missing: i64::try_from(missing).unwrap_or(i64::MAX),
    })
}

async fn take_aboard(
    tx: &mut Tx,
    stamp: &Stamp,
    run: DeliveryRun,
    carried: &CarriedParcel,
) -> Result<DeliveryRun, TrackingRefusal> {
    let begun = run.state();
    let run = run.load(stamp.at)?;
    let id = run.sheet().id;
    match begun {
        RunState::Planned => runs::save_run(tx, &run).await?,
        RunState::Loading | RunState::Departed | RunState::Finished | RunState::Cancelled => {}
    }
    store::move_parcels(tx, stamp, &[carried.parcel], id, CustodyStep::Loaded, None).await?;
    let body = ParcelLoaded { parcel: carried.parcel, order: carried.order, run: id };
    tell(tx, stamp, Object::of(carried.parcel), &[Object::of(carried.order), Object::of(id)], &body).await?;
    Ok(run)
}

/// Papers are looked at again at the dock: a plan may be days old.
async fn demand_fit(
    tx: &mut Tx,
    stamp: &Stamp,
    run: &DeliveryRun,
    vehicle: &Vehicle,
    carried: &CarriedParcel,
) -> Result<(), TrackingRefusal> {
    let site = catalog::site(tx, run.sheet().site).await?;
    let today = site.time.date(stamp.at);
    let standing = couriers::standing_on(tx, run.sheet().courier, today, vehicle.kind.licence()).await?;
    if let Some(why) = standing.unfit {
        return Err(TrackingRefusal::CourierUnfit(why));
    }
    match (carried.class, standing.frozen) {
        (TemperatureClass::Ambient | TemperatureClass::Chilled, _) => Ok(()),
        (TemperatureClass::Frozen, FrozenHandling::Certified) if vehicle.skills.contains(&Skill::Frozen) => Ok(()),
        (TemperatureClass::Frozen, FrozenHandling::Certified | FrozenHandling::NotCertified) => {
            Err(TrackingRefusal::NotForFrozen { label: carried.label.clone() })
        }
    }
}

/// A run that has left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Departed {
    pub run: RunId,
    pub site: SiteId,
    pub courier: CourierId,
    pub vehicle: VehicleId,
    /// The vehicle's place in the stock journal.
    pub place: PlaceId,
    pub at: Instant,
    /// What is aboard, in the order of the stops.
    pub orders: Vec<DepartedOrder>,
    /// Orders of which nothing is aboard; they wait for the next plan.
    pub left_behind: Vec<CustomerOrderId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DepartedOrder {
    pub order: CustomerOrderId,
    pub customer: CustomerId,
    pub stop: StopId,
    pub parcels: Vec<ParcelId>,
}

/// Sends the run off. Refused while a parcel of it is missing, unless it is left behind with a reason.
pub async fn depart(
    tx: &mut Tx,
    stamp: &Stamp,
    run: RunId,
    left_behind: &[LeftBehind],
) -> Result<Departed, TrackingRefusal> {
    let run = super::drivable(tx, stamp.by, run).await?;
    let run = run.depart(stamp.at)?;
    let sheet = run.sheet().clone();
    let parcels = store::parcels_of_run(tx, sheet.id).await?;
    let stops = store::open_stops(tx, sheet.id).await?;
    demand_complete(&parcels, &stops, left_behind, sheet.id)?;

    let mut orders = Vec::new();
    let mut left = Vec::new();
    let mut by_order: BTreeMap<CustomerOrderId, Vec<&CarriedParcel>> = BTreeMap::new();
    for parcel in &parcels {
        by_order.entry(parcel.order).or_default().push(parcel);
    }
    for stop in stops {
        let own = by_order.remove(&stop.order).unwrap_or_default();
        let (aboard, missing): (Vec<_>, Vec<_>) = own.into_iter().partition(|parcel| parcel.is_aboard(sheet.id));
        for parcel in missing {
            leave(tx, stamp, parcel, sheet.id, reason_for(left_behind, parcel).unwrap_or_default()).await?;
        }
        if aboard.is_empty() {
            let reason = left_behind.iter().find(|left| left.order == stop.order);
            let reason = reason.map_or("left_behind", |left| left.reason.as_str());
            planning::take_off(tx, stamp, stop.id, stop.order, reason).await?;
            left.push(stop.order);
        } else {
            let parcels = aboard.into_iter().map(|parcel| parcel.parcel).collect();
            orders.push(DepartedOrder { order: stop.order, customer: stop.customer, stop: stop.id, parcels });
        }
    }
    if orders.is_empty() {
        return Err(TrackingRefusal::NothingLoaded);
    }
    runs::save_run(tx, &run).await?;
    let vehicle = vehicle_of(tx, &run).await?;
    let depot = catalog::site(tx, sheet.site).await?.position;
    eta::refresh(tx, stamp.at, &run, &vehicle, Onward { from: depot, at: stamp.at }).await?;
    let body = RunDeparted {
        courier: sheet.courier,
        vehicle: sheet.vehicle,
        planned_at: sheet.departs_at,
        orders: orders.iter().map(|order| order.order).collect(),
        left_behind: left.clone(),
    };
    let mut also = vec![Object::of(sheet.site), Object::of(sheet.courier), Object::of(sheet.vehicle)];
    also.extend(orders.iter().map(|order| Object::of(order.order)));
    tell(tx, stamp, Object::of(sheet.id), &also, &body).await?;
    Ok(Departed {
        run: sheet.id,
        site: sheet.site,
        courier: sheet.courier,
        vehicle: sheet.vehicle,
        place: vehicle.place,
        at: stamp.at,
        orders,
        left_behind: left,
    })
}

/// Every parcel of every open stop is aboard or left behind by name, and nothing else is aboard.
fn demand_complete(
    parcels: &[CarriedParcel],
    stops: &[super::StopSheet],
    left_behind: &[LeftBehind],
    run: RunId,
) -> Result<(), TrackingRefusal> {
    let on_run = |order| stops.iter().any(|stop| stop.order == order);
    if let Some(stray) = parcels.iter().find(|parcel| parcel.is_aboard(run) && !on_run(parcel.order)) {
        return Err(TrackingRefusal::ParcelToUnload { label: stray.label.clone() });
    }
    let left_whole = |order| left_behind.iter().any(|left| left.order == order && left.parcel.is_none());
    let unpacked =
        stops.iter().filter(|stop| !parcels.iter().any(|parcel| parcel.order == stop.order) && !left_whole(stop.order));
    let unpacked = unpacked.count();
    if unpacked > 0 {
        return Err(TrackingRefusal::OrdersNotPacked { orders: unpacked });
    }
    let missing: Vec<&CarriedParcel> = parcels
        .iter()
        .filter(|parcel| on_run(parcel.order) && !parcel.is_aboard(run) && reason_for(left_behind, parcel).is_none())
        .collect();
    match missing.first() {
        Some(first) => Err(TrackingRefusal::ParcelsMissing { missing: missing.len(), label: first.label.clone() }),
        None => Ok(()),
    }
}

fn reason_for<'a>(left_behind: &'a [LeftBehind], parcel: &CarriedParcel) -> Option<&'a str> {
    let named = left_behind
        .iter()
        .find(|left| left.order == parcel.order && left.parcel.is_none_or(|named| named == parcel.parcel));
    named.map(|left| left.reason.as_str())
}

fn missing_parcels(parcels: &[CarriedParcel], run: RunId) -> usize {
    parcels.iter().filter(|parcel| !parcel.is_aboard(run)).count()
}

async fn leave(
    tx: &mut Tx,
    stamp: &Stamp,
    parcel: &CarriedParcel,
    run: RunId,
    reason: &str,
) -> Result<(), TrackingRefusal> {
    store::move_parcels(tx, stamp, &[parcel.parcel], run, CustodyStep::LeftBehind, Some(reason)).await?;
    let body = ParcelLeftBehind { parcel: parcel.parcel, order: parcel.order, run, reason: reason.to_owned() };
    tell(tx, stamp, Object::of(parcel.parcel), &[Object::of(parcel.order), Object::of(run)], &body).await?;
    Ok(())
}

/// A parcel that is back at the dock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Returned {
    pub run: RunId,
    pub parcel: ParcelId,
    pub order: CustomerOrderId,
    /// The vehicle's place in the stock journal.
    pub place: PlaceId,
    /// Whether the run had left with it.
    pub from_the_road: FromTheRoad,
}

codes! {
    FromTheRoad {
        /// The run had not left: the goods are still at the dock in the stock journal.
        Unloaded = "unloaded",
        /// The goods are in the vehicle's place in the stock journal.
        BroughtBack = "brought_back",
    }
}

/// Scans a parcel off a run: unloaded before it leaves, or brought back after a failed attempt.
pub async fn take_back(tx: &mut Tx, stamp: &Stamp, run: RunId, parcel: ParcelId) -> Result<Returned, TrackingRefusal> {
    let run = super::drivable(tx, stamp.by, run).await?;
    let carried = store::parcel_for_change(tx, parcel).await?.ok_or(TrackingRefusal::NoSuchParcel)?;
    let id = run.sheet().id;
    if !carried.is_aboard(id) {
        return Err(TrackingRefusal::ParcelIs { label: carried.label, state: carried.state });
    }
    let from_the_road = match run.state() {
        RunState::Loading => FromTheRoad::Unloaded,
        RunState::Departed => FromTheRoad::BroughtBack,
        state @ (RunState::Planned | RunState::Finished | RunState::Cancelled) => {
            return Err(TrackingRefusal::RunIs { state });
        }
    };
    if let (FromTheRoad::BroughtBack, Some((stop, _))) = (from_the_road, runs::active_stop_of(tx, carried.order).await?)
    {
        let open = store::stop(tx, stop).await?.ok_or(TrackingRefusal::NoSuchStop)?;
        return Err(TrackingRefusal::StopIs { state: open.state() });
    }
    let place = vehicle_of(tx, &run).await?.place;
    store::move_parcels(tx, stamp, &[parcel], id, CustodyStep::Returned, None).await?;
    let body = ParcelReturned { parcel, order: carried.order, run: id };
    tell(tx, stamp, Object::of(parcel), &[Object::of(carried.order), Object::of(id)], &body).await?;
    Ok(Returned { run: id, parcel, order: carried.order, place, from_the_road })
}

/// The vehicle of a run; a foreign key says that it is there.
pub(super) async fn vehicle_of(tx: &mut Tx, run: &DeliveryRun) -> Result<Vehicle, TrackingRefusal> {
    runs::vehicle(tx, run.sheet().vehicle).await?.ok_or(TrackingRefusal::NoSuchRun)
}
