//! When the courier will be there: recomputed whenever something is known better, told to the customer, and watched
//! so that a late stop is seen before it is late.

use ::store::{StoreError, Tx};
use catalog::Position;
use kernel::{CourierId, CustomerOrderId, Instant, RunId, SiteId, StopId, Window};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    TrackingRefusal,
    rules::{Onward, etas},
    store,
};
use crate::planning::{DeliveryRun, Eta, RunState, StopState, Vehicle};

/// An expectation that moves by less is not written: nobody would notice, and every position would write every stop.
const WORTH_NOTING_MS: i64 = 60_000;

/// Recomputes the stops that are left.
pub(super) async fn refresh(
    tx: &mut Tx,
    now: Instant,
    run: &DeliveryRun,
    vehicle: &Vehicle,
    onward: Onward,
) -> Result<(), TrackingRefusal> {
    let stops = store::planned_stops(tx, run.sheet().id).await?;
    let fresh = etas(onward, now, vehicle.kind.metres_per_minute(), &stops);
    let worth_noting = stops.iter().zip(fresh).filter(|(stop, eta)| {
        let (moved, narrowed) = (eta.at.since(stop.eta.at), eta.latest.since(stop.eta.latest));
        moved.abs().max(narrowed.abs()) >= WORTH_NOTING_MS
    });
    Ok(store::save_etas(tx, worth_noting.map(|(stop, eta)| (stop.id, eta)).collect()).await?)
}

/// The same from where the courier was seen last; from the door, if the courier stands before one.
pub(super) async fn refresh_from_last_position(
    tx: &mut Tx,
    now: Instant,
    run: &DeliveryRun,
    vehicle: &Vehicle,
) -> Result<(), TrackingRefusal> {
    let run_id = run.sheet().id;
    let onward = match store::door_in_hand(tx, run_id).await? {
        Some((arrived_at, service_ms, from)) => Onward { from, at: arrived_at.plus_millis(service_ms) },
        None => match store::last_position(tx, run_id).await? {
            Some((at, from)) => Onward { from, at: at.max(now) },
            None => Onward { from: catalog::site(tx, run.sheet().site).await?.position, at: now },
        },
    };
    refresh(tx, now, run, vehicle, onward).await
}

/// The courier is shown on the customer's map when at most so many stops come before.
pub const SHOWN_WITHIN_STOPS: i64 = 2;

/// What a customer may know about the way of their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrderEta {
    pub order: CustomerOrderId,
    pub stop: StopId,
    pub state: StopState,
    pub run_state: RunState,
    pub window: Window,
    /// While the order is under way.
    pub eta: Option<Eta>,
    pub stops_before: i64,
    /// Where the courier is, once few stops come before; never for others' stops.
    pub courier_at: Option<Position>,
    /// What to say at the door.
    pub code: Option<String>,
    pub arrived_at: Option<Instant>,
    pub closed_at: Option<Instant>,
}

/// The way of an order as its customer may see it; `None` while it is on no run. Whose order it is, is for the
/// caller to check.
pub async fn eta_of_order(tx: &mut Tx, order: CustomerOrderId) -> Result<Option<OrderEta>, StoreError> {
    let Some(way) = store::way_of_order(tx, order).await? else { return Ok(None) };
    let open = match way.state {
        StopState::Planned | StopState::Arrived => true,
        StopState::HandedOver | StopState::Failed | StopState::Withdrawn => false,
    };
    let stops_before = if open { store::stops_before(tx, way.run, way.sequence).await? } else { 0 };
    let near = open && way.run_state == RunState::Departed && stops_before <= SHOWN_WITHIN_STOPS;
    let courier_at = if near { store::last_position(tx, way.run).await?.map(|(_, at)| at) } else { None };
    Ok(Some(OrderEta {
        order,
        stop: way.stop,
        state: way.state,
        run_state: way.run_state,
        window: way.window,
        eta: open.then_some(way.eta),
        stops_before,
        courier_at,
        code: if open { store::door_code(tx, order).await? } else { None },
        arrived_at: way.arrived_at,
        closed_at: way.closed_at,
    }))
}

codes! {
    /// What to do about a stop that may be late.
    Advice {
        /// It will be late: say so before the customer asks.
        TellCustomer = "tell_customer",
        /// The run should have left by now.
        CallCourier = "call_courier",
        /// Late only if the rest of the run goes badly.
        Watch = "watch",
    }
}

/// A stop that may miss its window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LateRisk {
    pub stop: StopId,
    pub run: RunId,
    pub order: CustomerOrderId,
    pub courier: CourierId,
    pub run_state: RunState,
    pub window: Window,
    pub eta: Eta,
    /// From the expected arrival to the end of the window; negative when it will be late.
    pub minutes_to_promise: i64,
    pub advice: Advice,
}

/// Stops that may miss their windows, the worst first.
pub async fn late_risk(tx: &mut Tx, site: SiteId, now: Instant) -> Result<Vec<LateRisk>, StoreError> {
    let mut risks = Vec::new();
    for row in store::stops_at_risk(tx, site).await? {
        // A run that is late to leave is late everywhere.
        let overdue = match row.run_state {
            RunState::Planned | RunState::Loading => now.since(row.departs_at).max(0),
            RunState::Departed | RunState::Finished | RunState::Cancelled => 0,
        };
        let eta = Eta {
            at: row.eta.at.plus_millis(overdue).max(now),
            earliest: row.eta.earliest.plus_millis(overdue),
            latest: row.eta.latest.plus_millis(overdue).max(now),
        };
        if eta.latest <= row.window.end() {
            continue;
        }
        let minutes_to_promise = row.window.end().minutes_since(eta.at);
        let advice = if overdue > 0 {
            Advice::CallCourier
        } else if minutes_to_promise < 0 {
            Advice::TellCustomer
        } else {
            Advice::Watch
        };
        risks.push(LateRisk {
            stop: row.stop,
            run: row.run,
            order: row.order,
            courier: row.courier,
            run_state: row.run_state,
            window: row.window,
            eta,
            minutes_to_promise,
            advice,
        });
    }
    risks.sort_by_key(|risk| (risk.minutes_to_promise, risk.stop));
    Ok(risks)
}
