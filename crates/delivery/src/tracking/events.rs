//! What others may learn from the road.

use kernel::{CourierId, CustomerId, CustomerOrderId, DeciCelsius, Instant, ParcelId, RunId, VehicleId};
use serde::{Deserialize, Serialize};

use super::rules::{FailureReason, NextStep, ProofKind, Punctuality};

told! {
    ParcelLoaded = "parcel_loaded" { parcel: ParcelId, order: CustomerOrderId, run: RunId, }
    ParcelLeftBehind = "parcel_left_behind" { parcel: ParcelId, order: CustomerOrderId, run: RunId, reason: String, }
    ParcelReturned = "parcel_returned" { parcel: ParcelId, order: CustomerOrderId, run: RunId, }
    RunDeparted = "run_departed" {
        courier: CourierId, vehicle: VehicleId, planned_at: Instant,
        orders: Vec<CustomerOrderId>, left_behind: Vec<CustomerOrderId>,
    }
    RunFinished = "run_finished" { courier: CourierId, vehicle: VehicleId, planned_at: Instant, }
    StopArrived = "stop_arrived" { order: CustomerOrderId, run: RunId, courier: CourierId, expected_at: Instant, }
    StopHandedOver = "stop_handed_over" {
        order: CustomerOrderId, customer: CustomerId, run: RunId, courier: CourierId, attempt: i64,
        proof: ProofKind, door_temperature: Option<DeciCelsius>,
        punctuality: Punctuality, punctuality_of_first_promise: Punctuality, parcels: Vec<ParcelId>,
    }
    AttemptFailed = "attempt_failed" {
        order: CustomerOrderId, customer: CustomerId, run: RunId, courier: CourierId, attempt: i64,
        reason: FailureReason, next: NextStep,
    }
}
