//! Step 4.1 路線規劃. Plans which courier drives which orders, in which sequence and when.
//!
//! A plan is four moves: [`problem`] gathers what there is to plan with, [`travel::survey`] measures the ways and
//! [`solve_with`] thinks, both without a database, and [`keep`] writes the runs if the ground has not moved meanwhile.
//! Every drop ends on a run or with a reason.
//! It never touches a run that somebody has begun to load, and never promises a window: that was done in step 3.

pub mod distance;
pub mod engine;
pub mod events;

pub(crate) mod http;
mod refusal;
mod rules;
pub mod search;
mod shifts;
pub(crate) mod store;
pub mod travel;
mod vehicles;

use std::collections::{BTreeMap, BTreeSet};

use ::events::{Object, tell};
use ::store::{StoreError, Tx};
use catalog::Position;
use kernel::{CustomerOrderId, Id, Instant, RunId, SiteId, Stamp, StopId, Window};

pub use refusal::PlanningRefusal;
pub use rules::{
    Cargo, DeliveryRun, Door, Drop, ETA_SPREAD_BASE_MS, ETA_SPREAD_PERCENT, Eta, Hold, Licence, Plan, PlannedRun,
    PlannedStop, RunIs, RunSheet, RunState, SERVICE_BASE_MS, SERVICE_MAX_MS, SERVICE_MS_PER_KILO, Shift, ShiftId,
    ShiftLeftOut, ShiftState, Skill, StopState, Unassigned, UnassignedReason, Vehicle, VehicleKind, VehicleState,
};
pub use shifts::{NewShift, cancel_shift, set_shift};
pub use vehicles::{NewVehicle, open_vehicle, withdraw_vehicle};

use crate::couriers::{self, CouriersRefusal, FrozenHandling};
use engine::{Engine, EngineKind, Problem, Route, Solution, Tour, Visit};
use travel::{Shortfall, Survey, TravelSource};

/// Between the end of the last tour, or the shift's first minute, and the departure: parcels are scanned and stowed.
pub const LOADING_MS: i64 = 600_000;
/// A plan aims to arrive so long before a window ends, because a day never drives as it was planned.
pub const ARRIVAL_RESERVE_MS: i64 = 1_200_000;
/// Drops of one plan: the table of distances grows with their square. More belong to more sites.
pub const DROPS_MAX: usize = 2_000;

/// What a plan stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brief {
    pub site: SiteId,
    pub window: Window,
    pub asked_at: Instant,
    pub drops: Vec<Drop>,
    pub visits: Vec<Visit>,
    pub tours: Vec<Tour>,
    /// The depot, then the doors of the visits.
    places: Vec<Position>,
    /// Drops that no engine can place.
    pub unplaceable: Vec<Unassigned>,
    pub under_way: Vec<CustomerOrderId>,
    pub left_out: Vec<ShiftLeftOut>,
}

/// A brief with the engine's answer, ready to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub brief: Brief,
    pub solution: Solution,
    /// Kinds of vehicle that are planned by roads, and by whose.
    pub measured_by: BTreeMap<VehicleKind, TravelSource>,
    pub shortfalls: Vec<Shortfall>,
}

/// Plans a window in one transaction, by the great circle: for small sites and tests. Large plans call the moves
/// themselves, with those between the first and the last outside the writer.
pub async fn plan(
    tx: &mut Tx,
    stamp: &Stamp,
    site: SiteId,
    window: Window,
    drops: &[Drop],
) -> Result<Plan, PlanningRefusal> {
    let brief = problem(tx, stamp.at, site, window, drops).await?;
    keep(tx, stamp, &solve(brief)).await
}

/// Gathers drops, shifts, vehicles and couriers for a window. Reads only.
pub async fn problem(
    tx: &mut Tx,
    asked_at: Instant,
    site: SiteId,
    window: Window,
    drops: &[Drop],
) -> Result<Brief, PlanningRefusal> {
    if drops.len() > DROPS_MAX {
        return Err(PlanningRefusal::TooManyDrops { drops: drops.len(), most: DROPS_MAX });
    }
    let depot = catalog::site(tx, site).await?;
    let (tours, left_out) = tours(tx, asked_at, &depot, window).await?;
    let on_the_move: BTreeSet<CustomerOrderId> = store::orders_under_way(tx, site).await?.into_iter().collect();

    let mut seen = BTreeSet::new();
    let (mut visits, mut places, mut unplaceable, mut under_way) =
        (Vec::new(), vec![depot.position], Vec::new(), Vec::new());
    for drop in drops.iter().filter(|drop| seen.insert(drop.order)) {
        if on_the_move.contains(&drop.order) {
            under_way.push(drop.order);
            continue;
        }
        let Some(position) = drop.position else {
            unplaceable.push(Unassigned { order: drop.order, reason: UnassignedReason::AddressNotLocated });
            continue;
        };
        places.push(position);
        visits.push(visit(drop));
    }
    Ok(Brief { site, window, asked_at, drops: drops.to_vec(), visits, tours, places, unplaceable, under_way, left_out })
}

impl Brief {
    /// What the engine is asked.
    fn problem(&self, roads: travel::Roads) -> Problem {
        Problem { visits: self.visits.clone(), tours: self.tours.clone(), roads }
    }
}

/// Thinks with the engine that shops plan with unless they are told otherwise, by the great circle. No database, no
/// clock: may take its time on another thread.
pub fn solve(brief: Brief) -> Draft {
    let survey = Survey::great_circle(&brief);
    solve_with(&EngineKind::default(), brief, survey)
}

/// The same with an engine of the caller's choice and the ways that were measured.
pub fn solve_with(engine: &dyn Engine, brief: Brief, survey: Survey) -> Draft {
    let Survey { roads, measured_by, mut shortfalls } = survey;
    let solution = engine.plan(&brief.problem(roads));
    shortfalls.extend(solution.refused.clone().map(|detail| Shortfall::SearchRefused { detail }));
    Draft { brief, solution, measured_by, shortfalls }
}

/// Writes the plan: replaces the window's runs that are still only planned. Refuses when shifts, vehicles, couriers
/// or runs have changed since the brief was gathered.
pub async fn keep(tx: &mut Tx, stamp: &Stamp, draft: &Draft) -> Result<Plan, PlanningRefusal> {
    let brief = &draft.brief;
    store::lock_shifts(tx, brief.site, brief.window).await?;
    let now = problem(tx, brief.asked_at, brief.site, brief.window, &brief.drops).await?;
    if now != *brief {
        return Err(PlanningRefusal::PlanOutdated);
    }
    let drops: BTreeMap<CustomerOrderId, &Drop> = brief.drops.iter().map(|drop| (drop.order, drop)).collect();
    let replaced = store::planned_runs(tx, brief.site, brief.window).await?;
    for run in replaced {
        cancel(tx, stamp, run).await?;
    }
    // An order whose window has changed leaves its place in the plan of the old one.
    let elsewhere = store::planned_stops(tx, brief.site).await?;
    for (stop, order) in elsewhere.into_iter().filter(|(_, order)| drops.contains_key(order)) {
        take_off(tx, stamp, stop, order, "replanned").await?;
    }
    let mut runs = Vec::with_capacity(draft.solution.routes.len());
    for route in &draft.solution.routes {
        runs.push(add_run(tx, stamp, draft, route, &drops).await?);
    }
    let unassigned: Vec<Unassigned> = draft.solution.unassigned.iter().chain(&brief.unplaceable).copied().collect();
    store::replace_unassigned(tx, brief.site, brief.window, stamp.at, &unassigned).await?;
    store::replace_shortfalls(tx, brief.site, brief.window, stamp.at, &draft.shortfalls).await?;
    if !draft.shortfalls.is_empty() {
        let body = events::PlanFellShort { window: brief.window, shortfalls: draft.shortfalls.clone() };
        tell(tx, stamp, Object::of(brief.site), &[], &body).await?;
    }
    Ok(Plan {
        attribution: attribution(&runs),
        shortfalls: draft.shortfalls.clone(),
        site: brief.site,
        window: brief.window,
        runs,
        unassigned,
        under_way: brief.under_way.clone(),
        left_out: brief.left_out.clone(),
    })
}

/// The plan of a window as it stands: its runs with their stops, what is on none, and what it had to do without.
pub async fn plan_of(tx: &mut Tx, site: SiteId, window: Window) -> Result<Plan, PlanningRefusal> {
    let mut runs = Vec::new();
    for run in store::runs_of_window(tx, site, window).await? {
        let stops = store::stops_of_plan(tx, run.sheet().id).await?;
        runs.push(PlannedRun::of(run.sheet(), stops));
    }
    let unassigned = store::unassigned(tx, site, window).await?;
    let shortfalls = store::shortfalls(tx, site, window).await?;
    let attribution = attribution(&runs);
    Ok(Plan { site, window, runs, unassigned, under_way: Vec::new(), left_out: Vec::new(), shortfalls, attribution })
}

/// Calls off a run that nobody has begun to load; its orders wait for the next plan.
pub async fn cancel_run(tx: &mut Tx, stamp: &Stamp, run: RunId) -> Result<(), PlanningRefusal> {
    let run = store::run_for_change(tx, run).await?.ok_or(PlanningRefusal::NoSuchRun)?;
    cancel(tx, stamp, run).await
}

/// What became of an order that was called off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withdrawal {
    /// It was on this run and is no longer.
    Withdrawn {
        run: RunId,
    },
    NotPlanned,
}

/// Takes an order off its run before the courier leaves, because it was called off or changed.
pub async fn withdraw(tx: &mut Tx, stamp: &Stamp, order: CustomerOrderId) -> Result<Withdrawal, PlanningRefusal> {
    let Some((stop, run)) = store::active_stop_of(tx, order).await? else { return Ok(Withdrawal::NotPlanned) };
    let run = store::run_for_change(tx, run).await?.ok_or(PlanningRefusal::NoSuchRun)?;
    match run.state() {
        RunState::Planned | RunState::Loading => {}
        state @ (RunState::Departed | RunState::Finished | RunState::Cancelled) => {
            return Err(PlanningRefusal::RunIs { state });
        }
    }
    take_off(tx, stamp, stop, order, "called_off").await?;
    Ok(Withdrawal::Withdrawn { run: run.sheet().id })
}

/// Blanks names, phones and addresses of a customer at all doors that are done with. Answers how many.
pub async fn forget(tx: &mut Tx, customer: kernel::CustomerId) -> Result<u64, StoreError> {
    store::forget_doors(tx, customer).await
}

async fn cancel(tx: &mut Tx, stamp: &Stamp, run: DeliveryRun) -> Result<(), PlanningRefusal> {
    let run = run.cancel(stamp.at)?;
    let sheet = run.sheet();
    let orders = store::withdraw_stops_of(tx, sheet.id, stamp.at).await?;
    store::save_run(tx, &run).await?;
    let also: Vec<Object> = orders.iter().map(|order| Object::of(*order)).chain([Object::of(sheet.site)]).collect();
    tell(tx, stamp, Object::of(sheet.id), &also, &events::RunCancelled { orders }).await?;
    Ok(())
}

pub(crate) async fn take_off(
    tx: &mut Tx,
    stamp: &Stamp,
    stop: StopId,
    order: CustomerOrderId,
    reason: &str,
) -> Result<(), StoreError> {
    store::withdraw_stop(tx, stop, stamp.at).await?;
    let body = events::StopWithdrawn { order, reason: reason.to_owned() };
    tell(tx, stamp, Object::of(stop), &[Object::of(order)], &body).await?;
    Ok(())
}

async fn add_run(
    tx: &mut Tx,
    stamp: &Stamp,
    draft: &Draft,
    route: &Route,
    drops: &BTreeMap<CustomerOrderId, &Drop>,
) -> Result<PlannedRun, PlanningRefusal> {
    let brief = &draft.brief;
    let tour = brief.tours.get(route.tour).ok_or(PlanningRefusal::PlanOutdated)?;
    let sheet = RunSheet {
        id: stamp.mint(),
        site: brief.site,
        window: brief.window,
        shift: tour.shift,
        courier: tour.courier,
        vehicle: tour.vehicle,
        departs_at: route.departs_at,
        returns_at: route.returns_at,
        metres: route.metres,
        measured_by: draft.measured_by.get(&tour.kind).copied().unwrap_or(TravelSource::GreatCircle),
        revision: 1,
    };
    store::add_run(tx, &sheet).await?;
    let (mut stops, mut codes) = (Vec::with_capacity(route.calls.len()), Vec::with_capacity(route.calls.len()));
    for (sequence, call) in (1..).zip(&route.calls) {
        let visit = brief.visits.get(call.visit).ok_or(PlanningRefusal::PlanOutdated)?;
        let drop = drops.get(&visit.order).ok_or(PlanningRefusal::PlanOutdated)?;
        let eta = Eta::seen_from(route.departs_at, call.arrives_at.max(visit.opens));
        let stop = PlannedStop { stop: stamp.mint(), order: visit.order, sequence, eta };
        stops.push((stop, *drop, visit.service_ms));
        codes.push((visit.order, door_code(stamp)));
    }
    store::add_stops(tx, &sheet, &stops).await?;
    store::add_door_codes(tx, &codes).await?;
    let stops: Vec<PlannedStop> = stops.into_iter().map(|(stop, ..)| stop).collect();
    let body = events::RunPlanned {
        shift: sheet.shift,
        courier: sheet.courier,
        vehicle: sheet.vehicle,
        window: sheet.window,
        departs_at: sheet.departs_at,
        returns_at: sheet.returns_at,
        metres: sheet.metres,
        orders: stops.iter().map(|stop| stop.order).collect(),
    };
    let mut also = vec![Object::of(sheet.site), Object::of(sheet.courier), Object::of(sheet.vehicle)];
    also.extend(stops.iter().map(|stop| Object::of(stop.order)));
    tell(tx, stamp, Object::of(sheet.id), &also, &body).await?;
    Ok(PlannedRun::of(&sheet, stops))
}

/// What is shown with runs: whose roads some of them are planned by.
fn attribution(runs: &[PlannedRun]) -> Option<String> {
    runs.iter().find_map(|run| run.measured_by.attribution()).map(str::to_owned)
}

/// Six digits from the random part of a fresh id; the courier cannot guess them from what their phone shows.
fn door_code(stamp: &Stamp) -> String {
    let random = stamp.mint::<StopId>().uuid().as_u64_pair().1;
    format!("{:06}", (random >> 8) % 1_000_000)
}

fn visit(drop: &Drop) -> Visit {
    let length = drop.window.end().since(drop.window.start());
    // A short window keeps three quarters of itself.
    let reserve = ARRIVAL_RESERVE_MS.min(length / 4);
    Visit {
        order: drop.order,
        opens: drop.window.start(),
        closes: drop.window.end().plus_millis(-reserve),
        service_ms: drop.service_ms(),
        cargo: drop.cargo,
        skills: drop.needs(),
    }
}

/// Every stretch of a shift in which courier and vehicle are free for this window.
async fn tours(
    tx: &mut Tx,
    asked_at: Instant,
    site: &catalog::Site,
    window: Window,
) -> Result<(Vec<Tour>, Vec<ShiftLeftOut>), PlanningRefusal> {
    let busy: Vec<(ShiftId, Instant, Instant)> = store::busy_times(tx, site.id, window)
        .await?
        .into_iter()
        .map(|busy| (busy.shift, busy.departs_at, busy.until(asked_at)))
        .collect();
    let (mut tours, mut left_out) = (Vec::new(), Vec::new());
    let shifts = store::shifts_around(tx, site.id, window).await?;
    let vehicles = store::vehicles_of(tx, shifts.iter().map(|shift| shift.vehicle)).await?;
    let papers = couriers::papers_of(tx, shifts.iter().map(|shift| shift.courier)).await?;
    for shift in shifts {
        let vehicle = vehicles.get(&shift.vehicle).ok_or(PlanningRefusal::NoSuchVehicle)?;
        let papers = papers.get(&shift.courier).ok_or(CouriersRefusal::NoSuchCourier)?;
        let standing = couriers::standing(papers, site.time.date(shift.start), vehicle.kind.licence());
        if let Some(why) = standing.unfit {
            left_out.push(ShiftLeftOut { shift: shift.id, courier: shift.courier, why });
            continue;
        }
        match vehicle.state {
            VehicleState::InService => {}
            VehicleState::Withdrawn => continue,
        }
        let taken = busy.iter().filter(|(of, ..)| *of == shift.id).map(|(_, from, until)| (*from, *until));
        for (from, until) in free_stretches((shift.start.max(asked_at), shift.end), taken) {
            if from >= window.end() || until <= window.start() || from.plus_millis(LOADING_MS) >= until {
                continue;
            }
            let mut skills = vehicle.skills.clone();
            match standing.frozen {
                FrozenHandling::Certified => {}
                FrozenHandling::NotCertified => skills.retain(|skill| *skill != Skill::Frozen),
            }
            tours.push(Tour {
                shift: shift.id,
                courier: shift.courier,
                vehicle: vehicle.id,
                kind: vehicle.kind,
                metres_per_minute: vehicle.kind.metres_per_minute(),
                capacity: vehicle.capacity,
                skills,
                ready: from.plus_millis(LOADING_MS),
                back_by: until,
                cost_per_run: vehicle.cost_per_run,
                cost_per_kilometre: vehicle.cost_per_kilometre,
            });
        }
    }
    Ok((tours, left_out))
}

/// What is left of a span when the taken spans are cut out; `taken` comes in order of its beginnings.
fn free_stretches(
    (start, end): (Instant, Instant),
    taken: impl Iterator<Item = (Instant, Instant)>,
) -> Vec<(Instant, Instant)> {
    let mut free = Vec::new();
    let mut from = start;
    for (begins, ends) in taken {
        if from < begins.min(end) {
            free.push((from, begins.min(end)));
        }
        from = from.max(ends);
    }
    if from < end {
        free.push((from, end));
    }
    free
}
