//! Step 4.3 實時跟蹤. Follows a run from the first scan to the last door: chain of custody, arrivals, proof.
//!
//! A run leaves only when every parcel is aboard or was left behind by name and reason. Milestones are events,
//! positions are measurements. It never moves stock or money: `flows` does, in the same transaction.

pub mod events;

mod door;
mod eta;
pub(crate) mod http;
mod loading;
mod positions;
mod refusal;
mod rules;
mod store;
mod views;

use ::store::{StoreError, Tx};
use kernel::{Actor, ParcelId, RunId, SiteId, StopId};

pub use door::{AttemptOutcome, HandedOver, arrive, fail_attempt, finish, hand_over};
pub use eta::{Advice, LateRisk, OrderEta, SHOWN_WITHIN_STOPS, eta_of_order, late_risk};
pub use loading::{Departed, DepartedOrder, FromTheRoad, Loaded, Returned, depart, expect, load, take_back};
pub use positions::{FIXES_MAX, Received, record_positions};
pub use refusal::TrackingRefusal;
pub use rules::{
    CLOCK_AHEAD_MS, CustodyStep, ExpectedParcel, Failure, FailureReason, Fix, HandOver, LeftBehind, NextStep, Onward,
    ParcelState, Proof, ProofKind, Punctuality, Quality, STRAY_METRES, Stop, StopIs, StopSheet,
    TELEPORT_METRES_PER_MINUTE, etas, punctuality, quality,
};
pub use store::CustodyLink;
pub use views::{CarriedParcel, Loading, MyRun, MyStop, RunCard, RunDetail, StopCard, loading, my_run, run_detail};

use crate::planning::{self, DeliveryRun};

/// A parcel's chain of custody, scan by scan.
pub async fn custody(tx: &mut Tx, parcel: ParcelId) -> Result<Vec<CustodyLink>, StoreError> {
    store::custody(tx, parcel).await
}

/// The site of a run that is about to change, for those who work at some sites only. The run is locked: nobody asks
/// for its site who does not mean to change it, and it is read once for both.
pub async fn site_of_run(tx: &mut Tx, run: RunId) -> Result<SiteId, TrackingRefusal> {
    let run = planning::store::run_for_change(tx, run).await?.ok_or(TrackingRefusal::NoSuchRun)?;
    Ok(run.sheet().site)
}

/// The site of a stop, its run locked likewise.
pub async fn site_of_stop(tx: &mut Tx, stop: StopId) -> Result<SiteId, TrackingRefusal> {
    let run = store::run_of_stop(tx, stop).await?.ok_or(TrackingRefusal::NoSuchStop)?;
    site_of_run(tx, run).await
}

/// The run, locked, if the one who acts may drive it: its own courier, or staff. To others it is not there.
async fn drivable(tx: &mut Tx, by: Actor, run: RunId) -> Result<DeliveryRun, TrackingRefusal> {
    let run = planning::store::run_for_change(tx, run).await?.ok_or(TrackingRefusal::NoSuchRun)?;
    if may_drive(by, &run) { Ok(run) } else { Err(TrackingRefusal::NoSuchRun) }
}

/// The stop and its run, locked, under the same condition.
async fn drivable_stop(tx: &mut Tx, by: Actor, stop: StopId) -> Result<(DeliveryRun, Stop), TrackingRefusal> {
    let run = store::run_of_stop(tx, stop).await?.ok_or(TrackingRefusal::NoSuchStop)?;
    let run = planning::store::run_for_change(tx, run).await?.ok_or(TrackingRefusal::NoSuchStop)?;
    if !may_drive(by, &run) {
        return Err(TrackingRefusal::NoSuchStop);
    }
    let stop = store::stop(tx, stop).await?.ok_or(TrackingRefusal::NoSuchStop)?;
    Ok((run, stop))
}

fn may_drive(by: Actor, run: &DeliveryRun) -> bool {
    match by {
        Actor::Courier(courier) => courier == run.sheet().courier,
        Actor::Staff(_) | Actor::System => true,
        Actor::Customer(_) | Actor::Supplier(_) | Actor::Device(_) | Actor::Anonymous => false,
    }
}

/// The run must be on the road.
fn demand_departed(run: &DeliveryRun) -> Result<(), TrackingRefusal> {
    match run {
        DeliveryRun::Departed { .. } => Ok(()),
        DeliveryRun::Planned(_)
        | DeliveryRun::Loading { .. }
        | DeliveryRun::Finished { .. }
        | DeliveryRun::Cancelled { .. } => Err(TrackingRefusal::RunIs { state: run.state() }),
    }
}
