//! SQL of vehicles, shifts, runs and stops.

use std::collections::{BTreeMap, BTreeSet};

use catalog::Position;
use kernel::{CustomerId, CustomerOrderId, Instant, RunId, SiteId, StopId, VehicleId, Window};
use store::{Column, FromRow, Result, Row, StoreError, Tx, args, row, sql};

use super::{
    NewShift,
    rules::{
        Cargo, DeliveryRun, Drop, Hold, PlannedStop, RunSheet, RunState, Shift, ShiftId, Skill, Unassigned,
        UnassignedReason, Vehicle, VehicleKind,
    },
    travel::{Shortfall, TravelFault, TravelSource},
};

macro_rules! vehicle_columns {
    () => {
        "id, site, code, kind, ambient_grams, ambient_crates, chilled_grams, chilled_crates, frozen_grams,
         frozen_crates, skills, cost_per_run, cost_per_kilometre, place, state, revision"
    };
}

macro_rules! shift_columns {
    () => {
        "id, site, courier, vehicle, starts_at, ends_at, state"
    };
}

macro_rules! run_columns {
    () => {
        "id, site, window_start, window_end, shift, courier, vehicle, departs_at, returns_at, metres, state,
         loading_since, departed_at, closed_at, revision, measured_by"
    };
}
pub(crate) use run_columns;

sql! {
    ADD_VEHICLE = concat!(
        "INSERT INTO vehicle (", vehicle_columns!(), ")
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
    );
    VEHICLE = concat!("SELECT ", vehicle_columns!(), " FROM vehicle WHERE id = $1 {hold}");
    VEHICLE_FOR_CHANGE = concat!("SELECT ", vehicle_columns!(), " FROM vehicle WHERE id = $1 {lock}");
    VEHICLE_BY_CODE = concat!("SELECT ", vehicle_columns!(), " FROM vehicle WHERE site = $1 AND code = $2");
    VEHICLES = concat!("SELECT ", vehicle_columns!(), " FROM vehicle WHERE site = $1 AND code > $2 ORDER BY code LIMIT $3");
    VEHICLE_STATE = "UPDATE vehicle SET state = $2, revision = $3 WHERE id = $1 AND revision = $3 - 1";
    VEHICLE_SHIFTS = "SELECT COUNT(*) FROM shift WHERE vehicle = $1 AND state = 'open' AND ends_at > $2";

    ADD_SHIFT = concat!("INSERT INTO shift (", shift_columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7)");
    SHIFT = concat!("SELECT ", shift_columns!(), " FROM shift WHERE id = $1");
    SHIFT_FOR_CHANGE = concat!("SELECT ", shift_columns!(), " FROM shift WHERE id = $1 {lock}");
    SHIFT_STATE = "UPDATE shift SET state = $2 WHERE id = $1";
    SHIFT_RUNS = "SELECT COUNT(*) FROM delivery_run WHERE shift = $1 AND state <> 'cancelled'";
    OVERLAP = "SELECT starts_at, ends_at FROM shift
               WHERE (courier = $1 OR vehicle = $2) AND state = 'open' AND starts_at < $4 AND ends_at > $3
               ORDER BY starts_at LIMIT 1";
    /// Served by `shift_site`.
    SHIFTS = concat!(
        "SELECT ", shift_columns!(), " FROM shift
         WHERE site = $1 AND (starts_at > $2 OR (starts_at = $2 AND id > $3)) ORDER BY starts_at, id LIMIT $4"
    );
    SHIFTS_AROUND = concat!(
        "SELECT ", shift_columns!(), " FROM shift
         WHERE site = $1 AND state = 'open' AND starts_at < $3 AND ends_at > $2 ORDER BY starts_at, id"
    );
    LOCK_SHIFTS = "SELECT id FROM shift
                   WHERE site = $1 AND state = 'open' AND starts_at < $3 AND ends_at > $2 ORDER BY id {lock}";
    /// The tours of shifts that this window may not disturb: those of other windows, and those begun.
    BUSY = "SELECT r.shift, r.state, r.departs_at, r.returns_at, r.closed_at,
                   (SELECT COALESCE(o.closed_at, o.eta_at + o.service_ms) - (o.planned_at + o.service_ms) FROM stop o
                    WHERE o.run = r.id AND o.state <> 'withdrawn' ORDER BY o.sequence DESC LIMIT 1)
            FROM delivery_run r JOIN shift s ON s.id = r.shift
            WHERE r.site = $1 AND s.starts_at < $3 AND s.ends_at > $2
              AND (r.state IN ('loading', 'departed', 'finished')
                   OR (r.state = 'planned' AND (r.window_start <> $2 OR r.window_end <> $3)))
            ORDER BY r.shift, r.departs_at, r.id";

    ADD_RUN = concat!(
        "INSERT INTO delivery_run (", run_columns!(), ")
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'planned', NULL, NULL, NULL, $11, $12)"
    );
    RUN = concat!("SELECT ", run_columns!(), " FROM delivery_run WHERE id = $1 {hold}");
    RUN_FOR_CHANGE = concat!("SELECT ", run_columns!(), " FROM delivery_run WHERE id = $1 {lock} {keep}");
    PLANNED_RUNS = concat!(
        "SELECT ", run_columns!(), " FROM delivery_run
         WHERE site = $1 AND window_start = $2 AND window_end = $3 AND state = 'planned' ORDER BY id {lock}"
    );
    SAVE_RUN = "UPDATE delivery_run
                SET state = $2, loading_since = $3, departed_at = $4, closed_at = $5, revision = revision + 1
                WHERE id = $1 AND revision = $6";

    ADD_STOP = "INSERT INTO stop (id, run, sequence, customer_order, customer, attempt, latitude, longitude,
                    window_start, window_end, promised_start, promised_end, ambient_grams, ambient_crates,
                    chilled_grams, chilled_crates, frozen_grams, frozen_crates, service_ms, door_name, door_phone,
                    door_address, door_note, planned_at, eta_at, eta_earliest, eta_latest, state, revision)
                VALUES ($1, $2, $3, $4, $5,
                    (SELECT COUNT(*) + 1 FROM stop WHERE customer_order = $4 AND state = 'failed'),
                    $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25,
                    $26, 'planned', 1)";
    STOPS_UNDER_WAY = "SELECT s.customer_order FROM stop s JOIN delivery_run r ON r.id = s.run
                       WHERE r.site = $1 AND r.state IN ('loading', 'departed') AND s.state IN ('planned', 'arrived')
                       ORDER BY s.customer_order";
    PLANNED_STOPS = "SELECT s.id, s.customer_order FROM stop s JOIN delivery_run r ON r.id = s.run
                     WHERE r.site = $1 AND r.state = 'planned' AND s.state = 'planned' ORDER BY s.id";
    STOPS_TO_WITHDRAW = "SELECT customer_order FROM stop WHERE run = $1 AND state = 'planned' ORDER BY sequence";
    WITHDRAW_STOPS = "UPDATE stop SET state = 'withdrawn', closed_at = $2, revision = revision + 1
                      WHERE run = $1 AND state = 'planned'";
    WITHDRAW_STOP = "UPDATE stop SET state = 'withdrawn', closed_at = $2, revision = revision + 1
                     WHERE id = $1 AND state = 'planned'";
    ACTIVE_STOP = "SELECT id, run FROM stop WHERE customer_order = $1 AND state IN ('planned', 'arrived')";
    FORGET = "UPDATE stop SET door_name = '', door_phone = '', door_address = '', door_note = ''
              WHERE customer = $1 AND state IN ('handed_over', 'failed', 'withdrawn')";
    ADD_DOOR_CODE = "INSERT INTO door_code (customer_order, code) VALUES ($1, $2) ON CONFLICT DO NOTHING";

    CLEAR_UNASSIGNED = "DELETE FROM unassigned WHERE site = $1 AND window_start = $2 AND window_end = $3";
    ADD_UNASSIGNED = "INSERT INTO unassigned (site, window_start, window_end, customer_order, reason, skill, noted_at)
                      VALUES ($1, $2, $3, $4, $5, $6, $7)";
    UNASSIGNED = "SELECT customer_order, reason, skill FROM unassigned
                  WHERE site = $1 AND window_start = $2 AND window_end = $3 ORDER BY customer_order";
    CLEAR_SHORTFALLS = "DELETE FROM plan_shortfall WHERE site = $1 AND window_start = $2 AND window_end = $3";
    ADD_SHORTFALL = "INSERT INTO plan_shortfall (site, window_start, window_end, number, code, vehicle_kind, source,
                         fault, detail, noted_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    SHORTFALLS = "SELECT code, vehicle_kind, source, fault, detail FROM plan_shortfall
                  WHERE site = $1 AND window_start = $2 AND window_end = $3 ORDER BY number";
    RUNS_OF_WINDOW = concat!(
        "SELECT ", run_columns!(), " FROM delivery_run
         WHERE site = $1 AND window_start = $2 AND window_end = $3 AND state <> 'cancelled' ORDER BY departs_at, id"
    );
    STOPS_OF_PLAN = "SELECT id, customer_order, sequence, eta_at, eta_earliest, eta_latest FROM stop
                     WHERE run = $1 AND state <> 'withdrawn' ORDER BY sequence";
}

/// Skills in one column, by code.
struct Skills(Vec<Skill>);

impl Column for Skills {
    fn decode(cell: store::Cell<'_>) -> std::result::Result<Self, String> {
        let text = String::decode(cell)?;
        let codes = text.split(',').filter(|code| !code.is_empty());
        codes
            .map(|code| Skill::from_code(code).ok_or_else(|| format!("{code:?}, not a skill")))
            .collect::<std::result::Result<_, _>>()
            .map(Self)
    }
}

fn skill_codes(skills: &[Skill]) -> String {
    skills.iter().map(|skill| skill.code()).collect::<Vec<_>>().join(",")
}

/// Six columns from `at` on.
pub(crate) fn cargo(row: &Row<'_>, at: usize) -> Result<Cargo> {
    let hold = |at| Ok::<_, StoreError>(Hold { grams: row.get(at)?, crates: row.get(at + 1)? });
    Ok(Cargo { ambient: hold(at)?, chilled: hold(at + 2)?, frozen: hold(at + 4)? })
}

/// Two columns from `at` on.
pub(crate) fn window(row: &Row<'_>, at: usize) -> Result<Window> {
    let (start, end) = (row.get(at)?, row.get(at + 1)?);
    Window::new(start, end).map_err(|error| impossible("window", error))
}

/// Two columns from `at` on.
pub(crate) fn position(row: &Row<'_>, at: usize) -> Result<Position> {
    Ok(Position { latitude_microdegrees: row.get(at)?, longitude_microdegrees: row.get(at + 1)? })
}

/// A row of this context that cannot be.
pub(crate) fn impossible(column: &str, found: impl std::fmt::Display) -> StoreError {
    StoreError::Impossible { statement: "delivery", column: column.to_owned(), found: found.to_string() }
}

impl FromRow for Vehicle {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let Skills(skills) = row.get(10)?;
        Ok(Self {
            id: row.get(0)?,
            site: row.get(1)?,
            code: row.get(2)?,
            kind: row.get(3)?,
            capacity: cargo(row, 4)?,
            skills,
            cost_per_run: row.get(11)?,
            cost_per_kilometre: row.get(12)?,
            place: row.get(13)?,
            state: row.get(14)?,
            revision: row.get(15)?,
        })
    }
}

impl FromRow for Shift {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let (id, site, courier, vehicle, start, end, state) = FromRow::from_row(row)?;
        Ok(Self { id, site, courier, vehicle, start, end, state })
    }
}

impl FromRow for DeliveryRun {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let sheet = RunSheet {
            id: row.get(0)?,
            site: row.get(1)?,
            window: window(row, 2)?,
            shift: row.get(4)?,
            courier: row.get(5)?,
            vehicle: row.get(6)?,
            departs_at: row.get(7)?,
            returns_at: row.get(8)?,
            metres: row.get(9)?,
            revision: row.get(14)?,
            measured_by: row.get(15)?,
        };
        let state: RunState = row.get(10)?;
        let times: (Option<Instant>, Option<Instant>, Option<Instant>) = (row.get(11)?, row.get(12)?, row.get(13)?);
        match (state, times) {
            (RunState::Planned, (None, None, None)) => Ok(Self::Planned(sheet)),
            (RunState::Loading, (Some(since), None, None)) => Ok(Self::Loading { sheet, since }),
            (RunState::Departed, (Some(loading_since), Some(at), None)) => {
                Ok(Self::Departed { sheet, loading_since, at })
            }
            (RunState::Finished, (Some(loading_since), Some(departed_at), Some(at))) => {
                Ok(Self::Finished { sheet, loading_since, departed_at, at })
            }
            (RunState::Cancelled, (None, None, Some(at))) => Ok(Self::Cancelled { sheet, at }),
            (state, times) => Err(impossible("delivery_run", format!("{state} with {times:?}"))),
        }
    }
}

impl FromRow for Unassigned {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let (order, code, skill): (CustomerOrderId, String, Option<Skill>) = FromRow::from_row(row)?;
        let reason = UnassignedReason::from_filed(&code, skill).ok_or_else(|| impossible("reason", code))?;
        Ok(Self { order, reason })
    }
}

impl FromRow for Shortfall {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let (code, vehicle, source, fault, detail): (String, _, _, _, String) = FromRow::from_row(row)?;
        match (code.as_str(), vehicle, source, fault) {
            ("roads_missing", Some(vehicle), Some(source), Some(fault)) => {
                Ok(Self::RoadsMissing { vehicle, source, fault, detail })
            }
            ("search_refused", None, None, None) => Ok(Self::SearchRefused { detail }),
            _ => Err(impossible("plan_shortfall", code)),
        }
    }
}

impl FromRow for PlannedStop {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let (stop, order, sequence, at, earliest, latest) = FromRow::from_row(row)?;
        Ok(Self { stop, order, sequence, eta: super::Eta { at, earliest, latest } })
    }
}

pub(super) async fn add_vehicle(tx: &mut Tx, vehicle: &Vehicle) -> Result<()> {
    let Cargo { ambient, chilled, frozen } = vehicle.capacity;
    tx.put(
        ADD_VEHICLE,
        args![
            vehicle.id,
            vehicle.site,
            &vehicle.code,
            vehicle.kind,
            ambient.grams,
            ambient.crates,
            chilled.grams,
            chilled.crates,
            frozen.grams,
            frozen.crates,
            skill_codes(&vehicle.skills),
            vehicle.cost_per_run,
            vehicle.cost_per_kilometre,
            vehicle.place,
            vehicle.state,
            vehicle.revision,
        ],
    )
    .await
}

pub(crate) async fn vehicle(tx: &mut Tx, id: VehicleId) -> Result<Option<Vehicle>> {
    tx.optional(VEHICLE, args![id]).await
}

/// Those of `ids` that exist, in one question.
pub(super) async fn vehicles_of(
    tx: &mut Tx,
    ids: impl IntoIterator<Item = VehicleId>,
) -> Result<BTreeMap<VehicleId, Vehicle>> {
    let ids: BTreeSet<VehicleId> = ids.into_iter().collect();
    let asked: Vec<_> = ids.iter().map(|id| row![*id]).collect();
    let found: Vec<Vec<Vehicle>> = tx.all_many(VEHICLE, &asked).await?;
    Ok(found.into_iter().flatten().map(|vehicle| (vehicle.id, vehicle)).collect())
}

pub(super) async fn vehicle_for_change(tx: &mut Tx, id: VehicleId) -> Result<Option<Vehicle>> {
    tx.optional(VEHICLE_FOR_CHANGE, args![id]).await
}

pub(super) async fn vehicle_by_code(tx: &mut Tx, site: SiteId, code: &str) -> Result<Option<Vehicle>> {
    tx.optional(VEHICLE_BY_CODE, args![site, code]).await
}

pub(super) async fn vehicles(tx: &mut Tx, site: SiteId, after: &str, rows: i64) -> Result<Vec<Vehicle>> {
    tx.all(VEHICLES, args![site, after, rows]).await
}

pub(super) async fn save_vehicle_state(tx: &mut Tx, vehicle: &Vehicle) -> Result<()> {
    changed_one(tx.execute(VEHICLE_STATE, args![vehicle.id, vehicle.state, vehicle.revision]).await?)
}

pub(super) async fn vehicle_has_shifts(tx: &mut Tx, id: VehicleId, at: Instant) -> Result<bool> {
    Ok(tx.one::<i64>(VEHICLE_SHIFTS, args![id, at]).await? > 0)
}

pub(super) async fn add_shift(tx: &mut Tx, shift: &Shift) -> Result<()> {
    let Shift { id, site, courier, vehicle, start, end, state } = *shift;
    tx.put(ADD_SHIFT, args![id, site, courier, vehicle, start, end, state]).await
}

pub(super) async fn shift(tx: &mut Tx, id: ShiftId) -> Result<Option<Shift>> {
    tx.optional(SHIFT, args![id]).await
}

pub(super) async fn shift_for_change(tx: &mut Tx, id: ShiftId) -> Result<Option<Shift>> {
    tx.optional(SHIFT_FOR_CHANGE, args![id]).await
}

pub(super) async fn save_shift_state(tx: &mut Tx, shift: &Shift) -> Result<()> {
    changed_one(tx.execute(SHIFT_STATE, args![shift.id, shift.state]).await?)
}

pub(super) async fn shift_has_runs(tx: &mut Tx, id: ShiftId) -> Result<bool> {
    Ok(tx.one::<i64>(SHIFT_RUNS, args![id]).await? > 0)
}

pub(super) async fn overlapping_shift(tx: &mut Tx, draft: &NewShift) -> Result<Option<(Instant, Instant)>> {
    tx.optional(OVERLAP, args![draft.courier, draft.vehicle, draft.start, draft.end]).await
}

pub(super) async fn shifts(tx: &mut Tx, site: SiteId, after: (Instant, ShiftId), rows: i64) -> Result<Vec<Shift>> {
    tx.all(SHIFTS, args![site, after.0, after.1, rows]).await
}

pub(super) async fn shifts_around(tx: &mut Tx, site: SiteId, window: Window) -> Result<Vec<Shift>> {
    tx.all(SHIFTS_AROUND, args![site, window.start(), window.end()]).await
}

/// Plans of one window are kept one after the other.
pub(super) async fn lock_shifts(tx: &mut Tx, site: SiteId, window: Window) -> Result<()> {
    tx.all::<ShiftId>(LOCK_SHIFTS, args![site, window.start(), window.end()]).await.map(drop)
}

/// A tour that a shift is busy with.
pub(super) struct Busy {
    pub(super) shift: ShiftId,
    pub(super) departs_at: Instant,
    state: RunState,
    returns_at: Instant,
    closed_at: Option<Instant>,
    /// How much later than planned the last door is done with, or will be.
    late_ms: Option<i64>,
}

impl Busy {
    /// When courier and vehicle are back, as far as it can be known at `now`: a late run comes back late.
    pub(super) fn until(&self, now: Instant) -> Instant {
        match self.state {
            RunState::Planned | RunState::Loading => self.returns_at.plus_millis(now.since(self.departs_at).max(0)),
            RunState::Departed => self.returns_at.plus_millis(self.late_ms.unwrap_or(0)).max(now),
            RunState::Finished | RunState::Cancelled => self.closed_at.unwrap_or(self.returns_at),
        }
    }
}

impl FromRow for Busy {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let (shift, state, departs_at, returns_at, closed_at, late_ms) = FromRow::from_row(row)?;
        Ok(Self { shift, departs_at, state, returns_at, closed_at, late_ms })
    }
}

pub(super) async fn busy_times(tx: &mut Tx, site: SiteId, window: Window) -> Result<Vec<Busy>> {
    tx.all(BUSY, args![site, window.start(), window.end()]).await
}

pub(super) async fn add_run(tx: &mut Tx, sheet: &RunSheet) -> Result<()> {
    tx.put(
        ADD_RUN,
        args![
            sheet.id,
            sheet.site,
            sheet.window.start(),
            sheet.window.end(),
            sheet.shift,
            sheet.courier,
            sheet.vehicle,
            sheet.departs_at,
            sheet.returns_at,
            sheet.metres,
            sheet.revision,
            sheet.measured_by,
        ],
    )
    .await
}

pub(crate) async fn run(tx: &mut Tx, id: RunId) -> Result<Option<DeliveryRun>> {
    tx.optional(RUN, args![id]).await
}

pub(crate) async fn run_for_change(tx: &mut Tx, id: RunId) -> Result<Option<DeliveryRun>> {
    tx.optional(RUN_FOR_CHANGE, args![id]).await
}

pub(super) async fn planned_runs(tx: &mut Tx, site: SiteId, window: Window) -> Result<Vec<DeliveryRun>> {
    tx.all(PLANNED_RUNS, args![site, window.start(), window.end()]).await
}

pub(super) async fn runs_of_window(tx: &mut Tx, site: SiteId, window: Window) -> Result<Vec<DeliveryRun>> {
    tx.all(RUNS_OF_WINDOW, args![site, window.start(), window.end()]).await
}

/// Writes the state that a transition has led to.
pub(crate) async fn save_run(tx: &mut Tx, run: &DeliveryRun) -> Result<()> {
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
    let done = tx
        .execute(SAVE_RUN, args![sheet.id, run.state(), loading_since, departed_at, closed_at, sheet.revision])
        .await?;
    changed_one(done)
}

/// Writes the stops of a run, each with its drop and the time that it takes there.
pub(super) async fn add_stops(tx: &mut Tx, sheet: &RunSheet, stops: &[(PlannedStop, &Drop, i64)]) -> Result<()> {
    let mut rows = Vec::with_capacity(stops.len());
    for (stop, drop, service_ms) in stops {
        let Some(at) = drop.position else { return Err(impossible("position", "a planned drop without one")) };
        let Cargo { ambient, chilled, frozen } = drop.cargo;
        rows.push(row![
            stop.stop,
            sheet.id,
            stop.sequence,
            stop.order,
            drop.customer,
            at.latitude_microdegrees,
            at.longitude_microdegrees,
            drop.window.start(),
            drop.window.end(),
            drop.first_promise.start(),
            drop.first_promise.end(),
            ambient.grams,
            ambient.crates,
            chilled.grams,
            chilled.crates,
            frozen.grams,
            frozen.crates,
            *service_ms,
            &drop.door.name,
            &drop.door.phone,
            &drop.door.address,
            &drop.door.note,
            stop.eta.at,
            stop.eta.at,
            stop.eta.earliest,
            stop.eta.latest,
        ]);
    }
    tx.put_many(ADD_STOP, rows).await
}

pub(super) async fn orders_under_way(tx: &mut Tx, site: SiteId) -> Result<Vec<CustomerOrderId>> {
    tx.all(STOPS_UNDER_WAY, args![site]).await
}

pub(super) async fn planned_stops(tx: &mut Tx, site: SiteId) -> Result<Vec<(StopId, CustomerOrderId)>> {
    tx.all(PLANNED_STOPS, args![site]).await
}

pub(super) async fn stops_of_plan(tx: &mut Tx, run: RunId) -> Result<Vec<PlannedStop>> {
    tx.all(STOPS_OF_PLAN, args![run]).await
}

/// Withdraws every stop of a run that is called off; answers their orders.
pub(super) async fn withdraw_stops_of(tx: &mut Tx, run: RunId, at: Instant) -> Result<Vec<CustomerOrderId>> {
    let orders = tx.all(STOPS_TO_WITHDRAW, args![run]).await?;
    tx.put(WITHDRAW_STOPS, args![run, at]).await?;
    Ok(orders)
}

pub(super) async fn withdraw_stop(tx: &mut Tx, stop: StopId, at: Instant) -> Result<()> {
    changed_one(tx.execute(WITHDRAW_STOP, args![stop, at]).await?)
}

pub(crate) async fn active_stop_of(tx: &mut Tx, order: CustomerOrderId) -> Result<Option<(StopId, RunId)>> {
    tx.optional(ACTIVE_STOP, args![order]).await
}

pub(super) async fn forget_doors(tx: &mut Tx, customer: CustomerId) -> Result<u64> {
    tx.execute(FORGET, args![customer]).await
}

/// An order that has a code keeps it.
pub(super) async fn add_door_codes(tx: &mut Tx, codes: &[(CustomerOrderId, String)]) -> Result<()> {
    tx.put_many(ADD_DOOR_CODE, codes.iter().map(|(order, code)| row![*order, code]).collect()).await
}

pub(super) async fn replace_unassigned(
    tx: &mut Tx,
    site: SiteId,
    window: Window,
    at: Instant,
    unassigned: &[Unassigned],
) -> Result<()> {
    let (start, end) = (window.start(), window.end());
    tx.put(CLEAR_UNASSIGNED, args![site, start, end]).await?;
    let rows =
        unassigned.iter().map(|left| row![site, start, end, left.order, left.reason.code(), left.reason.skill(), at]);
    tx.put_many(ADD_UNASSIGNED, rows.collect()).await
}

pub(super) async fn unassigned(tx: &mut Tx, site: SiteId, window: Window) -> Result<Vec<Unassigned>> {
    tx.all(UNASSIGNED, args![site, window.start(), window.end()]).await
}

pub(super) async fn replace_shortfalls(
    tx: &mut Tx,
    site: SiteId,
    window: Window,
    at: Instant,
    shortfalls: &[Shortfall],
) -> Result<()> {
    let (start, end) = (window.start(), window.end());
    tx.put(CLEAR_SHORTFALLS, args![site, start, end]).await?;
    let rows = (1_i64..).zip(shortfalls).map(|(number, shortfall)| match shortfall {
        Shortfall::RoadsMissing { vehicle, source, fault, detail } => {
            let (vehicle, source, fault) = (Some(*vehicle), Some(*source), Some(*fault));
            row![site, start, end, number, "roads_missing", vehicle, source, fault, detail, at]
        }
        Shortfall::SearchRefused { detail } => {
            let (vehicle, source, fault) = (None::<VehicleKind>, None::<TravelSource>, None::<TravelFault>);
            row![site, start, end, number, "search_refused", vehicle, source, fault, detail, at]
        }
    });
    tx.put_many(ADD_SHORTFALL, rows.collect()).await
}

pub(super) async fn shortfalls(tx: &mut Tx, site: SiteId, window: Window) -> Result<Vec<Shortfall>> {
    tx.all(SHORTFALLS, args![site, window.start(), window.end()]).await
}

/// A change that must have met its row.
pub(crate) fn changed_one(rows: u64) -> Result<()> {
    if rows == 1 { Ok(()) } else { Err(StoreError::Count(1, rows)) }
}
