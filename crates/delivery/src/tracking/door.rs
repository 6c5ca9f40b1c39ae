//! At the door: arrived, handed over with proof, or not; and the run's end.

use ::events::{Object, tell};
use ::store::Tx;
use kernel::{CourierId, CustomerId, CustomerOrderId, Instant, ParcelId, PlaceId, RunId, SiteId, Stamp, StopId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    TrackingRefusal, demand_departed, drivable, drivable_stop, eta,
    events::{AttemptFailed, RunFinished, StopArrived, StopHandedOver},
    loading::vehicle_of,
    rules::{CustodyStep, Failure, HandOver, NextStep, Onward, Proof, Punctuality, punctuality},
    store,
};
use crate::planning::{DeliveryRun, StopState, store as runs};

/// The courier stands before the door.
pub async fn arrive(tx: &mut Tx, stamp: &Stamp, stop: StopId) -> Result<StopId, TrackingRefusal> {
    let (run, stop) = drivable_stop(tx, stamp.by, stop).await?;
    demand_departed(&run)?;
    let expected_at = stop.sheet().eta.at;
    let stop = stop.arrive(stamp.at)?;
    store::save_stop(tx, &stop).await?;
    let sheet = stop.sheet();
    // What comes after waits until this door is done.
    refresh(tx, stamp, &run, Onward { from: sheet.position, at: stamp.at.plus_millis(sheet.service_ms) }).await?;
    let body = StopArrived { order: sheet.order, run: sheet.run, courier: run.sheet().courier, expected_at };
    tell(tx, stamp, Object::of(sheet.id), &[Object::of(sheet.order), Object::of(sheet.run)], &body).await?;
    Ok(sheet.id)
}

/// An order that is the customer's now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HandedOver {
    pub stop: StopId,
    pub run: RunId,
    pub site: SiteId,
    pub order: CustomerOrderId,
    pub customer: CustomerId,
    pub courier: CourierId,
    /// The vehicle's place in the stock journal.
    pub place: PlaceId,
    pub parcels: Vec<ParcelId>,
    pub at: Instant,
    pub punctuality: Punctuality,
}

/// Hands the order over. A code must be the customer's own. The hand-over has passed [`HandOver::parse`].
pub async fn hand_over(
    tx: &mut Tx,
    stamp: &Stamp,
    stop: StopId,
    hand_over: &HandOver,
) -> Result<HandedOver, TrackingRefusal> {
    let (run, stop) = drivable_stop(tx, stamp.by, stop).await?;
    demand_departed(&run)?;
    let order = stop.sheet().order;
    match &hand_over.proof {
        Proof::Code { code } => {
            if store::door_code(tx, order).await?.as_ref() != Some(code) {
                return Err(TrackingRefusal::WrongCode);
            }
        }
        Proof::Signature { .. } | Proof::Photo { .. } => {}
    }
    let stop = stop.hand_over(stamp.at, hand_over.clone())?;
    store::save_stop(tx, &stop).await?;
    let sheet = stop.sheet();
    let parcels = store::parcels_of_order(tx, order).await?;
    let parcels: Vec<ParcelId> =
        parcels.into_iter().filter(|parcel| parcel.is_aboard(sheet.run)).map(|parcel| parcel.parcel).collect();
    store::move_parcels(tx, stamp, &parcels, sheet.run, CustodyStep::HandedOver, None).await?;
    refresh(tx, stamp, &run, Onward { from: sheet.position, at: stamp.at }).await?;
    let body = StopHandedOver {
        order,
        customer: sheet.customer,
        run: sheet.run,
        courier: run.sheet().courier,
        attempt: sheet.attempt,
        proof: hand_over.proof.kind(),
        door_temperature: hand_over.door_temperature,
        punctuality: punctuality(stamp.at, sheet.window),
        punctuality_of_first_promise: punctuality(stamp.at, sheet.first_promise),
        parcels: parcels.clone(),
    };
    let mut also = vec![Object::of(order), Object::of(sheet.run), Object::of(run.sheet().courier)];
    also.extend(parcels.iter().copied().map(Object::of));
    tell(tx, stamp, Object::of(sheet.id), &also, &body).await?;
    Ok(HandedOver {
        stop: sheet.id,
        run: sheet.run,
        site: run.sheet().site,
        order,
        customer: sheet.customer,
        courier: run.sheet().courier,
        place: vehicle_of(tx, &run).await?.place,
        parcels,
        at: stamp.at,
        punctuality: punctuality(stamp.at, sheet.window),
    })
}

/// What became of a failed attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AttemptOutcome {
    pub stop: StopId,
    pub run: RunId,
    pub site: SiteId,
    pub order: CustomerOrderId,
    pub customer: CustomerId,
    pub failure: Failure,
    /// The second try at the end of the same run.
    pub again: Option<StopId>,
    /// The vehicle's place in the stock journal, where the parcels still are.
    pub place: PlaceId,
    pub parcels: Vec<ParcelId>,
}

/// The attempt failed. The order comes again at the end of the run, or goes back to the warehouse.
pub async fn fail_attempt(
    tx: &mut Tx,
    stamp: &Stamp,
    stop: StopId,
    failure: Failure,
) -> Result<AttemptOutcome, TrackingRefusal> {
    let (run, stop) = drivable_stop(tx, stamp.by, stop).await?;
    demand_departed(&run)?;
    if !failure.allows_next_step() {
        return Err(TrackingRefusal::NotOfferedAgain { reason: failure.reason.code() });
    }
    let from = match stop.state() {
        StopState::Arrived => Some(stop.sheet().position),
        StopState::Planned | StopState::HandedOver | StopState::Failed | StopState::Withdrawn => None,
    };
    let stop = stop.fail(stamp.at, failure)?;
    store::save_stop(tx, &stop).await?;
    let sheet = stop.sheet();
    let again = match failure.next {
        NextStep::TryAgainLater => {
            let again = stamp.mint();
            store::add_second_try(tx, sheet.id, again).await?;
            Some(again)
        }
        NextStep::BackToWarehouse => None,
    };
    let vehicle = vehicle_of(tx, &run).await?;
    match from {
        Some(from) => eta::refresh(tx, stamp.at, &run, &vehicle, Onward { from, at: stamp.at }).await?,
        None => eta::refresh_from_last_position(tx, stamp.at, &run, &vehicle).await?,
    }
    let parcels = store::parcels_of_order(tx, sheet.order).await?;
    let parcels =
        parcels.into_iter().filter(|parcel| parcel.is_aboard(sheet.run)).map(|parcel| parcel.parcel).collect();
    let body = AttemptFailed {
        order: sheet.order,
        customer: sheet.customer,
        run: sheet.run,
        courier: run.sheet().courier,
        attempt: sheet.attempt,
        reason: failure.reason,
        next: failure.next,
    };
    let also = [Object::of(sheet.order), Object::of(sheet.run), Object::of(run.sheet().courier)];
    tell(tx, stamp, Object::of(sheet.id), &also, &body).await?;
    Ok(AttemptOutcome {
        stop: sheet.id,
        run: sheet.run,
        site: run.sheet().site,
        order: sheet.order,
        customer: sheet.customer,
        failure,
        again,
        place: vehicle.place,
        parcels,
    })
}

/// The courier is back: every door is done with, and nothing is left in the vehicle.
pub async fn finish(tx: &mut Tx, stamp: &Stamp, run: RunId) -> Result<RunId, TrackingRefusal> {
    let run = drivable(tx, stamp.by, run).await?.finish(stamp.at)?;
    let sheet = run.sheet();
    let open = store::open_stops(tx, sheet.id).await?.len();
    if open > 0 {
        return Err(TrackingRefusal::StopsOpen { stops: open });
    }
    let aboard = store::parcels_aboard(tx, sheet.id).await?;
    if let Some(first) = aboard.first() {
        return Err(TrackingRefusal::ParcelsAboard { parcels: aboard.len(), label: first.label.clone() });
    }
    runs::save_run(tx, &run).await?;
    let body = RunFinished { courier: sheet.courier, vehicle: sheet.vehicle, planned_at: sheet.returns_at };
    let also = [Object::of(sheet.site), Object::of(sheet.courier), Object::of(sheet.vehicle)];
    tell(tx, stamp, Object::of(sheet.id), &also, &body).await?;
    Ok(sheet.id)
}

async fn refresh(tx: &mut Tx, stamp: &Stamp, run: &DeliveryRun, onward: Onward) -> Result<(), TrackingRefusal> {
    let vehicle = vehicle_of(tx, run).await?;
    eta::refresh(tx, stamp.at, run, &vehicle, onward).await
}
