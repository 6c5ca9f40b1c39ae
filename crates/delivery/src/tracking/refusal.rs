//! Why the road refused.

use axum::http::StatusCode;
use catalog::CatalogRefusal;
use edge::Problem;
use kernel::RunId;
use store::StoreError;

use super::rules::{ParcelState, StopIs};
use crate::{
    couriers::{CouriersRefusal, Unfit},
    planning::{RunIs, RunState, StopState},
};

#[derive(Debug, thiserror::Error)]
pub enum TrackingRefusal {
    #[error("there is no such run")]
    NoSuchRun,
    #[error("there is no such stop")]
    NoSuchStop,
    #[error("there is no such parcel")]
    NoSuchParcel,
    #[error("there is no run for the courier")]
    NoRun,
    #[error("the run is {state}")]
    RunIs { state: RunState },
    #[error("the stop is {state}")]
    StopIs { state: StopState },
    #[error("parcel {label} belongs to another run")]
    WrongRun { label: String, belongs_to: Option<RunId> },
    #[error("parcel {label} is {state}")]
    ParcelIs { label: String, state: ParcelState },
    #[error("the courier may not be given work: {0:?}")]
    CourierUnfit(Unfit),
    #[error("parcel {label} is frozen and courier or vehicle may not carry frozen goods")]
    NotForFrozen { label: String },
    #[error("{missing} parcels of the run are not loaded, among them {label}")]
    ParcelsMissing { missing: usize, label: String },
    #[error("{orders} orders of the run are not packed yet")]
    OrdersNotPacked { orders: usize },
    #[error("parcel {label} is loaded but its order is off the run")]
    ParcelToUnload { label: String },
    #[error("nothing of the run is loaded")]
    NothingLoaded,
    #[error("the code is not the customer's")]
    WrongCode,
    #[error("goods that were {reason} are not offered again")]
    NotOfferedAgain { reason: &'static str },
    #[error("{stops} stops of the run are open")]
    StopsOpen { stops: usize },
    #[error("{parcels} parcels are still aboard, among them {label}")]
    ParcelsAboard { parcels: usize, label: String },
    #[error(transparent)]
    Catalog(#[from] CatalogRefusal),
    #[error(transparent)]
    Couriers(#[from] CouriersRefusal),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<RunIs> for TrackingRefusal {
    fn from(RunIs(state): RunIs) -> Self {
        Self::RunIs { state }
    }
}

impl From<StopIs> for TrackingRefusal {
    fn from(StopIs(state): StopIs) -> Self {
        Self::StopIs { state }
    }
}

impl From<TrackingRefusal> for Problem {
    fn from(refusal: TrackingRefusal) -> Self {
        use TrackingRefusal as R;
        let conflict = |slug| Self::new(StatusCode::CONFLICT, slug);
        let absent = |slug| Self::new(StatusCode::NOT_FOUND, slug);
        match refusal {
            R::NoSuchRun => absent("tracking/no-such-run"),
            R::NoSuchStop => absent("tracking/no-such-stop"),
            R::NoSuchParcel => absent("tracking/no-such-parcel"),
            R::NoRun => absent("tracking/no-run"),
            R::RunIs { state } => conflict("tracking/run-is").with("state", state),
            R::StopIs { state } => conflict("tracking/stop-is").with("state", state),
            R::WrongRun { label, belongs_to } => {
                let run = belongs_to.map_or_else(|| "-".to_owned(), |run| run.to_string());
                conflict("tracking/wrong-run").with("label", label).with("run", run)
            }
            R::ParcelIs { label, state } => conflict("tracking/parcel-is").with("label", label).with("state", state),
            R::CourierUnfit(why) => crate::couriers::unfit(why),
            R::NotForFrozen { label } => conflict("tracking/not-for-frozen").with("label", label),
            R::ParcelsMissing { missing, label } => {
                conflict("tracking/parcels-missing").with("missing", missing).with("label", label)
            }
            R::OrdersNotPacked { orders } => conflict("tracking/orders-not-packed").with("orders", orders),
            R::ParcelToUnload { label } => conflict("tracking/parcel-to-unload").with("label", label),
            R::NothingLoaded => conflict("tracking/nothing-loaded"),
            R::WrongCode => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "tracking/wrong-code").field("proof/code"),
            R::NotOfferedAgain { reason } => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "tracking/not-offered-again")
                .with("reason", reason)
                .field("next"),
            R::StopsOpen { stops } => conflict("tracking/stops-open").with("stops", stops),
            R::ParcelsAboard { parcels, label } => {
                conflict("tracking/parcels-aboard").with("parcels", parcels).with("label", label)
            }
            R::Catalog(refusal) => refusal.into(),
            R::Couriers(refusal) => refusal.into(),
            R::Store(error) => error.into(),
        }
    }
}
