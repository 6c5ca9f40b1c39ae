//! What others may learn from planning.

use kernel::{CourierId, CustomerOrderId, Instant, PlaceId, VehicleId, Window};
use serde::{Deserialize, Serialize};

use super::{
    rules::{ShiftId, VehicleKind},
    travel::Shortfall,
};

told! {
    VehicleOpened = "vehicle_opened" { code: String, kind: VehicleKind, place: PlaceId, }
    VehicleWithdrawn = "vehicle_withdrawn" { code: String, }
    ShiftSet = "shift_set" { courier: CourierId, vehicle: VehicleId, start: Instant, end: Instant, }
    ShiftCancelled = "shift_cancelled" { courier: CourierId, vehicle: VehicleId, }
    RunPlanned = "run_planned" {
        shift: ShiftId, courier: CourierId, vehicle: VehicleId, window: Window,
        departs_at: Instant, returns_at: Instant, metres: i64, orders: Vec<CustomerOrderId>,
    }
    /// Replaced by a new plan, or called off by the dispatcher.
    RunCancelled = "run_cancelled" { orders: Vec<CustomerOrderId>, }
    /// A window was planned without something that the settings ask for.
    PlanFellShort = "plan_fell_short" { window: Window, shortfalls: Vec<Shortfall>, }
    /// An order came off its run before the courier left.
    StopWithdrawn = "stop_withdrawn" { order: CustomerOrderId, reason: String, }
}
