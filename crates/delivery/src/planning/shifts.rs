//! Shifts: who drives what, when. Given only to couriers whose papers are in order on that day.

use ::events::{Object, tell};
use ::store::Tx;
use edge::Problem;
use kernel::{CourierId, Instant, Stamp, VehicleId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    PlanningRefusal,
    events::{ShiftCancelled, ShiftSet},
    rules::{Shift, ShiftId, ShiftState, VehicleState},
    store,
};
use crate::couriers::{self, CouriersRefusal};

/// Nobody drives longer in one stretch.
const SHIFT_MAX_MS: i64 = 14 * 3_600_000;

/// A shift to be set.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewShift {
    pub courier: CourierId,
    pub vehicle: VehicleId,
    pub start: Instant,
    pub end: Instant,
}

impl NewShift {
    pub fn parse(self) -> Result<Self, Problem> {
        if self.start >= self.end || self.end.since(self.start) > SHIFT_MAX_MS {
            return Err(Problem::invalid("end", "a shift ends after it starts, within 14 hours"));
        }
        Ok(self)
    }
}

/// Puts a courier on a vehicle for a while.
pub async fn set_shift(tx: &mut Tx, stamp: &Stamp, draft: NewShift) -> Result<Shift, PlanningRefusal> {
    let vehicle = store::vehicle_for_change(tx, draft.vehicle).await?.ok_or(PlanningRefusal::NoSuchVehicle)?;
    match vehicle.state {
        VehicleState::InService => {}
        VehicleState::Withdrawn => return Err(PlanningRefusal::VehicleWithdrawn { code: vehicle.code }),
    }
    let courier = couriers::courier_for_change(tx, draft.courier).await?.ok_or(CouriersRefusal::NoSuchCourier)?;
    if courier.site != vehicle.site {
        return Err(PlanningRefusal::OtherSite);
    }
    let site = catalog::site(tx, vehicle.site).await?;
    let day = site.time.date(draft.start);
    if let Some(why) = couriers::standing_on(tx, courier.id, day, vehicle.kind.licence()).await?.unfit {
        return Err(PlanningRefusal::CourierUnfit(why));
    }
    if let Some((start, end)) = store::overlapping_shift(tx, &draft).await? {
        return Err(PlanningRefusal::ShiftOverlaps { start, end });
    }
    let shift = Shift {
        id: stamp.mint(),
        site: vehicle.site,
        courier: courier.id,
        vehicle: vehicle.id,
        start: draft.start,
        end: draft.end,
        state: ShiftState::Open,
    };
    store::add_shift(tx, &shift).await?;
    let body = ShiftSet { courier: shift.courier, vehicle: shift.vehicle, start: shift.start, end: shift.end };
    let also = [Object::of(shift.site), Object::of(shift.courier), Object::of(shift.vehicle)];
    tell(tx, stamp, Object::of(shift.id), &also, &body).await?;
    Ok(shift)
}

/// Cancels a shift that has no runs; planned ones are called off or planned anew first.
pub async fn cancel_shift(tx: &mut Tx, stamp: &Stamp, shift: ShiftId) -> Result<Shift, PlanningRefusal> {
    let mut shift = store::shift_for_change(tx, shift).await?.ok_or(PlanningRefusal::NoSuchShift)?;
    match shift.state {
        ShiftState::Open => {}
        ShiftState::Cancelled => return Ok(shift),
    }
    if store::shift_has_runs(tx, shift.id).await? {
        return Err(PlanningRefusal::ShiftHasRuns);
    }
    shift.state = ShiftState::Cancelled;
    store::save_shift_state(tx, &shift).await?;
    let body = ShiftCancelled { courier: shift.courier, vehicle: shift.vehicle };
    tell(tx, stamp, Object::of(shift.id), &[Object::of(shift.courier), Object::of(shift.vehicle)], &body).await?;
    Ok(shift)
}
