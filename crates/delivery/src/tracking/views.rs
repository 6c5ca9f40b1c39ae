//! What dispatchers and couriers see of a run.

use ::store::{FromRow, Result, Row, StoreError, Tx, args, sql};
use catalog::Position;
use kernel::{
    CourierId, CustomerOrderId, Instant, ParcelId, RunId, SiteId, StopId, TemperatureClass, VehicleId, Window,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    TrackingRefusal,
    rules::{FailureReason, NextStep, ParcelState},
    store,
};
use crate::planning::{
    Cargo, DeliveryRun, Door, Eta, RunState, StopState, Vehicle,
    store::{self as runs, cargo, position, run_columns, window},
    travel::TravelSource,
};

/// A parcel as delivery knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CarriedParcel {
    pub parcel: ParcelId,
    pub order: CustomerOrderId,
    pub label: String,
    pub class: TemperatureClass,
    pub grams: i64,
    pub state: ParcelState,
    pub run: Option<RunId>,
}

impl CarriedParcel {
    /// In this run's vehicle now.
    pub fn is_aboard(&self, run: RunId) -> bool {
        self.state == ParcelState::Loaded && self.run == Some(run)
    }
}

/// A run in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunCard {
    pub id: RunId,
    pub site: SiteId,
    pub window: Window,
    pub courier: CourierId,
    pub vehicle: VehicleId,
    pub state: RunState,
    pub planned_departure: Instant,
    pub planned_return: Instant,
    pub metres: i64,
    /// Where metres and times come from.
    #[serde(default)]
    pub measured_by: TravelSource,
    /// To be shown with a run that is planned by roads.
    pub attribution: Option<String>,
    pub loading_since: Option<Instant>,
    pub departed_at: Option<Instant>,
    /// Finished or cancelled.
    pub closed_at: Option<Instant>,
    pub revision: i64,
}

impl edge::Revised for RunCard {
    fn revision(&self) -> i64 {
        self.revision
    }
}

impl From<&DeliveryRun> for RunCard {
    fn from(run: &DeliveryRun) -> Self {
        let (loading_since, departed_at, closed_at) = match run {
            DeliveryRun::Planned(_) => (None, None, None),
            DeliveryRun::Loading { since, .. } => (Some(*since), None, None),
            DeliveryRun::Departed { loading_since, at, .. } => (Some(*loading_since), Some(*at), None),
            DeliveryRun::Finished { loading_since, departed_at, at, .. } => {
                (Some(*loading_since), Some(*departed_at), Some(*at))
            }
            DeliveryRun::Cancelled { at, .. } => (None, None, Some(*at)),
        };
        let sheet = run.sheet();
        Self {
            id: sheet.id,
            site: sheet.site,
            window: sheet.window,
            courier: sheet.courier,
            vehicle: sheet.vehicle,
            state: run.state(),
            planned_departure: sheet.departs_at,
            planned_return: sheet.returns_at,
            metres: sheet.metres,
            measured_by: sheet.measured_by,
            attribution: sheet.measured_by.attribution().map(str::to_owned),
            loading_since,
            departed_at,
            closed_at,
            revision: sheet.revision,
        }
    }
}

/// A stop without the customer's name, phone and note: what a dispatcher needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StopCard {
    pub id: StopId,
    pub sequence: i64,
    pub order: CustomerOrderId,
    pub attempt: i64,
    pub position: Position,
    pub window: Window,
    pub cargo: Cargo,
    pub planned_at: Instant,
    pub eta: Eta,
    pub state: StopState,
    pub arrived_at: Option<Instant>,
    pub closed_at: Option<Instant>,
    pub failure: Option<FailureReason>,
    pub next: Option<NextStep>,
}

/// A run with its stops.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunDetail {
    pub run: RunCard,
    pub stops: Vec<StopCard>,
}

/// What is aboard and what is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Loading {
    pub run: RunId,
    pub state: RunState,
    pub aboard: Vec<CarriedParcel>,
    /// In the reverse order of the stops: what is delivered last is loaded first.
    pub missing: Vec<CarriedParcel>,
    /// Orders of the run that are not packed yet.
    pub not_packed: Vec<CustomerOrderId>,
}

/// A courier's own run: with names, phones and notes for the doors that are not done with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MyRun {
    pub run: RunCard,
    pub vehicle: Vehicle,
    pub stops: Vec<MyStop>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MyStop {
    pub stop: StopCard,
    /// Gone once the stop is done with.
    pub door: Option<Door>,
    pub parcels: Vec<CarriedParcel>,
}

sql! {
    STOPS = "SELECT id, sequence, customer_order, attempt, latitude, longitude, window_start, window_end,
                    ambient_grams, ambient_crates, chilled_grams, chilled_crates, frozen_grams, frozen_crates,
                    planned_at, eta_at, eta_earliest, eta_latest, state, arrived_at, closed_at, failure, next_step,
                    door_name, door_phone, door_address, door_note
             FROM stop WHERE run = $1 AND state <> 'withdrawn' ORDER BY sequence";
    /// On the road before loading before planned; of these the one that leaves first.
    RUN_OF_COURIER = "SELECT id FROM delivery_run
                      WHERE courier = $1 AND state IN ('planned', 'loading', 'departed')
                      ORDER BY CASE state WHEN 'departed' THEN 0 WHEN 'loading' THEN 1 ELSE 2 END, departs_at, id
                      LIMIT 1";
    /// Served by `delivery_run_site`.
    RUNS = concat!(
        "SELECT ", run_columns!(), " FROM delivery_run
         WHERE site = $1 AND (window_start > $2 OR (window_start = $2 AND id > $3))
         ORDER BY window_start, id LIMIT $4"
    );
    RUNS_IN_STATE = concat!(
        "SELECT ", run_columns!(), " FROM delivery_run
         WHERE site = $1 AND (window_start > $2 OR (window_start = $2 AND id > $3)) AND state = $5
         ORDER BY window_start, id LIMIT $4"
    );
}

/// A row of [`STOPS`].
struct StopRow(StopCard, Door);

impl FromRow for StopRow {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let card = StopCard {
            id: row.get(0)?,
            sequence: row.get(1)?,
            order: row.get(2)?,
            attempt: row.get(3)?,
            position: position(row, 4)?,
            window: window(row, 6)?,
            cargo: cargo(row, 8)?,
            planned_at: row.get(14)?,
            eta: store::eta(row, 15)?,
            state: row.get(18)?,
            arrived_at: row.get(19)?,
            closed_at: row.get(20)?,
            failure: row.get(21)?,
            next: row.get(22)?,
        };
        let door = Door { name: row.get(23)?, phone: row.get(24)?, address: row.get(25)?, note: row.get(26)? };
        Ok(Self(card, door))
    }
}

/// The runs of a site by window, of one state or of all.
pub(super) async fn runs_of_site(
    tx: &mut Tx,
    site: SiteId,
    state: Option<RunState>,
    after: (Instant, RunId),
    rows: i64,
) -> Result<Vec<RunCard>, StoreError> {
    let runs: Vec<DeliveryRun> = match state {
        Some(state) => tx.all(RUNS_IN_STATE, args![site, after.0, after.1, rows, state]).await?,
        None => tx.all(RUNS, args![site, after.0, after.1, rows]).await?,
    };
    Ok(runs.iter().map(RunCard::from).collect())
}

/// A run with its stops.
pub async fn run_detail(tx: &mut Tx, run: RunId) -> Result<RunDetail, TrackingRefusal> {
    let run = runs::run(tx, run).await?.ok_or(TrackingRefusal::NoSuchRun)?;
    let stops: Vec<StopRow> = tx.all(STOPS, args![run.sheet().id]).await?;
    Ok(RunDetail { run: RunCard::from(&run), stops: stops.into_iter().map(|StopRow(card, _)| card).collect() })
}

/// What is aboard a run and what is missing, in the order of loading.
pub async fn loading(tx: &mut Tx, run: RunId) -> Result<Loading, TrackingRefusal> {
    let run = runs::run(tx, run).await?.ok_or(TrackingRefusal::NoSuchRun)?;
    let id = run.sheet().id;
    let parcels = store::parcels_of_run(tx, id).await?;
    let stops = store::open_stops(tx, id).await?;
    let packed = |order| parcels.iter().any(|parcel| parcel.order == order);
    let not_packed = stops.iter().map(|stop| stop.order).filter(|order| !packed(*order)).collect();
    let (aboard, mut missing): (Vec<_>, Vec<_>) = parcels.into_iter().partition(|parcel| parcel.is_aboard(id));
    let sequence = |order| stops.iter().find(|stop| stop.order == order).map(|stop| stop.sequence);
    missing.sort_by_key(|parcel| std::cmp::Reverse(sequence(parcel.order)));
    Ok(Loading { run: id, state: run.state(), aboard, missing, not_packed })
}

/// The run that a courier is on, or will be on next.
pub async fn my_run(tx: &mut Tx, courier: CourierId) -> Result<MyRun, TrackingRefusal> {
    let run: Option<RunId> = tx.optional(RUN_OF_COURIER, args![courier]).await?;
    let run = runs::run(tx, run.ok_or(TrackingRefusal::NoRun)?).await?.ok_or(TrackingRefusal::NoRun)?;
    let vehicle = super::loading::vehicle_of(tx, &run).await?;
    let rows: Vec<StopRow> = tx.all(STOPS, args![run.sheet().id]).await?;
    let parcels = store::parcels_of_run(tx, run.sheet().id).await?;
    let stops = rows.into_iter().map(|StopRow(stop, door)| {
        let door = match stop.state {
            StopState::Planned | StopState::Arrived => Some(door),
            StopState::HandedOver | StopState::Failed | StopState::Withdrawn => None,
        };
        let parcels = parcels.iter().filter(|parcel| parcel.order == stop.order).cloned().collect();
        MyStop { stop, door, parcels }
    });
    Ok(MyRun { run: RunCard::from(&run), vehicle, stops: stops.collect() })
}
