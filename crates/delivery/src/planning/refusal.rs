//! Why planning refused.

use axum::http::StatusCode;
use catalog::CatalogRefusal;
use edge::Problem;
use kernel::Instant;
use ledger::LedgerRefusal;
use store::StoreError;

use super::rules::{RunIs, RunState};
use crate::couriers::{CouriersRefusal, Unfit};

#[derive(Debug, thiserror::Error)]
pub enum PlanningRefusal {
    #[error("there is no such vehicle")]
    NoSuchVehicle,
    #[error("there is no such shift")]
    NoSuchShift,
    #[error("there is no such run")]
    NoSuchRun,
    #[error("the vehicle code {code} is taken at this site")]
    VehicleCodeTaken { code: String },
    #[error("vehicle {code} has been withdrawn from service")]
    VehicleWithdrawn { code: String },
    #[error("vehicle {code} has shifts ahead of it")]
    VehicleHasShifts { code: String },
    #[error("courier and vehicle belong to different sites")]
    OtherSite,
    #[error("courier or vehicle is already at work from {start} to {end}")]
    ShiftOverlaps { start: Instant, end: Instant },
    #[error("the shift has runs")]
    ShiftHasRuns,
    #[error("the courier may not be given work: {0:?}")]
    CourierUnfit(Unfit),
    #[error("{drops} drops where at most {most} are planned at once")]
    TooManyDrops { drops: usize, most: usize },
    #[error("shifts, couriers or runs have changed since the plan was begun")]
    PlanOutdated,
    #[error("the run is {state}")]
    RunIs { state: RunState },
    #[error(transparent)]
    Catalog(#[from] CatalogRefusal),
    #[error(transparent)]
    Couriers(#[from] CouriersRefusal),
    #[error(transparent)]
    Ledger(#[from] LedgerRefusal),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<RunIs> for PlanningRefusal {
    fn from(RunIs(state): RunIs) -> Self {
        Self::RunIs { state }
    }
}

impl From<PlanningRefusal> for Problem {
    fn from(refusal: PlanningRefusal) -> Self {
        use PlanningRefusal as R;
        let conflict = |slug| Self::new(StatusCode::CONFLICT, slug);
        match refusal {
            R::NoSuchVehicle => Self::new(StatusCode::NOT_FOUND, "planning/no-such-vehicle"),
            R::NoSuchShift => Self::new(StatusCode::NOT_FOUND, "planning/no-such-shift"),
            R::NoSuchRun => Self::new(StatusCode::NOT_FOUND, "planning/no-such-run"),
            R::VehicleCodeTaken { code } => conflict("planning/vehicle-code-taken").with("code", code).field("code"),
            R::VehicleWithdrawn { code } => conflict("planning/vehicle-withdrawn").with("code", code).field("vehicle"),
            R::VehicleHasShifts { code } => conflict("planning/vehicle-has-shifts").with("code", code),
            R::OtherSite => conflict("planning/other-site"),
            R::ShiftOverlaps { start, end } => {
                conflict("planning/shift-overlaps").with("start", start).with("end", end)
            }
            R::ShiftHasRuns => conflict("planning/shift-has-runs"),
            R::CourierUnfit(why) => crate::couriers::unfit(why).field("courier"),
            R::TooManyDrops { drops, most } => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "planning/too-many-drops")
                .with("drops", drops)
                .with("most", most),
            R::PlanOutdated => conflict("planning/plan-outdated"),
            R::RunIs { state } => conflict("planning/run-is").with("state", state),
            R::Catalog(refusal) => refusal.into(),
            R::Couriers(refusal) => refusal.into(),
            R::Ledger(refusal) => refusal.into(),
            R::Store(error) => error.into(),
        }
    }
}
