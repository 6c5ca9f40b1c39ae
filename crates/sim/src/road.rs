//! The road: plans, vans, doors.

use kernel::Instant;
use serde_json::{Value, json};

use crate::{
    SimError, complaints, customers,
    day::Doing,
    shop::{Answer, list, number, text},
    world::{MICRODEGREES_PER_KILOMETRE, World},
};

/// One door of a run.
#[derive(Clone, Debug)]
pub(crate) struct Stop {
    id: String,
    order: String,
    latitude: i64,
    longitude: i64,
    rest: Vec<Stop>,
}

/// A van between lights and lorries: 21 km an hour.
const METRES_PER_MINUTE: i64 = 350;
/// Nobody opens, this often in a thousand.
const ABSENT_PER_MILLE: i64 = 15;
/// A dispatcher looks again whether the van is back.
const WAITS_FOR_VAN: i64 = 4;
const PLANS_MAX: u32 = 5;
const PLAN_AGAIN_AFTER: i64 = 25;

pub(crate) async fn plan(world: &mut World, site: usize, window: &str, attempt: u32) -> Result<(), SimError> {
    let Some(known) = world.sites.get(site) else { return Ok(()) };
    let (id, crews) = (known.id.clone(), known.couriers.clone());
    let path = "/api/plans";
    let body = json!({ "site": id, "delivery_window": window });
    let plan = world.shop.post("dispatcher", path, body).await?.done(path)?;
    world.tally.count("delivery", "plans");
    for run in list(&plan, "runs")? {
        let courier = text(run, "courier")?;
        let Some(crew) = crews.iter().position(|crew| crew.courier == courier) else { continue };
        let departs: Instant = moment(run, "departs_at")?;
        let at = departs.plus_minutes(-8).max(world.now.plus_minutes(1));
        let run = text(run, "run")?.to_owned();
        world.agenda.enter(at, Doing::Load { site, run, crew });
    }
    let unassigned = list(&plan, "unassigned")?;
    if attempt == 0 {
        world.tally.add("delivery", "unassigned_at_first", i64::try_from(unassigned.len()).unwrap_or(0));
    }
    // Late packed orders and those without room are planned again, when vans have come back.
    let still_packing = world.sites.get(site).is_some_and(|site| !site.totes_in_use.is_empty());
    if attempt + 1 < PLANS_MAX && (still_packing || !unassigned.is_empty()) {
        let window = window.to_owned();
        let again = world.now.plus_minutes(PLAN_AGAIN_AFTER);
        world.agenda.enter(again, Doing::Plan { site, window, attempt: attempt + 1 });
    }
    Ok(())
}

pub(crate) async fn load(world: &mut World, site: usize, run: String, crew: usize) -> Result<(), SimError> {
    // The van that shall be loaded is late with what it took before.
    if is_out(world, site, crew) {
        world.tally.count("delivery", "waits_for_a_van");
        world.agenda.enter(world.now.plus_minutes(WAITS_FOR_VAN), Doing::Load { site, run, crew });
        return Ok(());
    }
    let path = format!("/api/runs/{run}/loading");
    let loading = match world.shop.get("dispatcher", &path).await? {
        Answer::Done(loading) => loading,
        Answer::Refused(..) => return Ok(()),
    };
    // A later plan may have called the run off; its orders are on another.
    if matches!(text(&loading, "state")?, "cancelled" | "departed" | "finished") {
        return Ok(());
    }
    let missing = list(&loading, "missing")?.to_vec();
    for parcel in missing {
        let path = format!("/api/runs/{run}/loads");
        world.shop.post("dispatcher", &path, json!({ "parcel": text(&parcel, "parcel")? })).await?.done(&path)?;
        world.tally.count("delivery", "parcels_loaded");
    }
    world.agenda.enter(world.now.plus_minutes(6), Doing::Depart { site, run, crew });
    Ok(())
}

pub(crate) async fn depart(world: &mut World, site: usize, run: String, crew: usize) -> Result<(), SimError> {
    if is_out(world, site, crew) {
        world.agenda.enter(world.now.plus_minutes(WAITS_FOR_VAN), Doing::Depart { site, run, crew });
        return Ok(());
    }
    let Some(login) = login_of(world, site, crew) else { return Ok(()) };
    let path = format!("/api/runs/{run}/depart");
    world.shop.post(&login, &path, json!({})).await?.done(&path)?;
    world.tally.count("delivery", "runs");
    set_out(world, site, crew, true);
    let mine = world.shop.get(&login, "/api/my/run").await?.done("/api/my/run")?;
    let card = mine.get("run").cloned().unwrap_or_default();
    world.tally.add("delivery", "metres_planned", number(&card, "metres")?);
    if let Some(site) = world.sites.get(site) {
        world.tally.van_out(text(&card, "vehicle")?, site.time.date(world.now));
    }
    let mut stops: Vec<(Stop, Instant)> = Vec::new();
    for entry in list(&mine, "stops")? {
        let card = entry.get("stop").cloned().unwrap_or_default();
        if text(&card, "state")? != "planned" {
            continue;
        }
        let position = card.get("position").cloned().unwrap_or_default();
        let coordinate = |name| position.get(name).and_then(Value::as_i64).unwrap_or(0);
        let stop = Stop {
            id: text(&card, "id")?.to_owned(),
            order: text(&card, "order")?.to_owned(),
            latitude: coordinate("latitude_microdegrees"),
            longitude: coordinate("longitude_microdegrees"),
            rest: Vec::new(),
        };
        let eta = card.get("eta").cloned().unwrap_or_default();
        stops.push((stop, moment(&eta, "at")?));
    }
    world.tally.add("delivery", "doors_planned", i64::try_from(stops.len()).unwrap_or(0));
    let mut doors = stops.into_iter();
    if let Some((mut first, eta)) = doors.next() {
        first.rest = doors.map(|(stop, _)| stop).collect();
        let at = traffic(world, eta);
        world.agenda.enter(at, Doing::Arrive { site, run, crew, stop: Box::new(first) });
    }
    Ok(())
}

/// Streets are never as they were planned: a few minutes early, now and then a quarter of an hour late.
fn traffic(world: &mut World, eta: Instant) -> Instant {
    let minutes = if world.streets.happens(60) { world.streets.within(6, 15) } else { world.streets.within(-3, 4) };
    eta.plus_minutes(minutes).max(world.now.plus_minutes(1))
}

pub(crate) async fn arrive(
    world: &mut World,
    site: usize,
    run: String,
    crew: usize,
    stop: Stop,
) -> Result<(), SimError> {
    let Some(login) = login_of(world, site, crew) else { return Ok(()) };
    let sequence = world.tally.next_fix(&run);
    let fix = json!({
        "sequence": sequence, "at": world.now, "accuracy_metres": 12,
        "position": { "latitude_microdegrees": stop.latitude, "longitude_microdegrees": stop.longitude },
    });
    let path = format!("/api/runs/{run}/positions");
    world.shop.post(&login, &path, json!({ "positions": [fix] })).await?.done(&path)?;
    let path = format!("/api/stops/{}/arrive", stop.id);
    world.shop.post(&login, &path, json!({})).await?.done(&path)?;
    let door = world.now.plus_minutes(world.streets.within(2, 5));
    world.agenda.enter(door, Doing::HandOver { site, run, crew, stop: Box::new(stop) });
    Ok(())
}

pub(crate) async fn hand_over(
    world: &mut World,
    site: usize,
    run: String,
    crew: usize,
    stop: Stop,
) -> Result<(), SimError> {
    let Some(login) = login_of(world, site, crew) else { return Ok(()) };
    if world.streets.happens(ABSENT_PER_MILLE) {
        let path = format!("/api/stops/{}/fail", stop.id);
        let body = json!({ "reason": "customer_absent", "next": "back_to_warehouse" });
        world.shop.post(&login, &path, body).await?.done(&path)?;
        world.tally.count("delivery", "failed");
    } else {
        let path = format!("/api/stops/{}/hand-over", stop.id);
        let body = json!({ "proof": { "kind": "signature", "name": "Customer" }, "door_temperature": 45 });
        let done = world.shop.post(&login, &path, body).await?.done(&path)?;
        world.tally.count("delivery", "handed_over");
        world.tally.count("punctuality", text(&done, "punctuality")?);
        customers::will_rate(world, &stop.order);
    }
    next_door(world, site, run, crew, stop).await
}

async fn next_door(world: &mut World, site: usize, run: String, crew: usize, stop: Stop) -> Result<(), SimError> {
    let home = way_home(world, site, &stop);
    let mut doors = stop.rest.into_iter();
    let Some(mut next) = doors.next() else {
        let back = traffic(world, world.now.plus_minutes(home));
        world.agenda.enter(back, Doing::Return { site, run, crew });
        return Ok(());
    };
    next.rest = doors.collect();
    let path = format!("/api/runs/{run}");
    let detail = world.shop.get("dispatcher", &path).await?.done(&path)?;
    let eta = list(&detail, "stops")?
        .iter()
        .find(|card| card.get("id").and_then(Value::as_str) == Some(next.id.as_str()))
        .and_then(|card| card.get("eta").cloned())
        .unwrap_or_default();
    let at = traffic(world, moment(&eta, "at")?);
    world.agenda.enter(at, Doing::Arrive { site, run, crew, stop: Box::new(next) });
    Ok(())
}

/// Minutes from a door to the dock, along streets that cross at right angles.
fn way_home(world: &World, site: usize, from: &Stop) -> i64 {
    let Some(site) = world.sites.get(site) else { return 0 };
    let apart = (from.latitude - site.latitude).abs() + (from.longitude - site.longitude).abs();
    apart * 1_000 / MICRODEGREES_PER_KILOMETRE / METRES_PER_MINUTE
}

/// What nobody took comes back to the dock, and the run is over.
pub(crate) async fn come_back(world: &mut World, site: usize, run: &str, crew: usize) -> Result<(), SimError> {
    let Some(login) = login_of(world, site, crew) else { return Ok(()) };
    let path = format!("/api/runs/{run}/loading");
    let loading = world.shop.get("dispatcher", &path).await?.done(&path)?;
    for parcel in list(&loading, "aboard")? {
        let path = format!("/api/runs/{run}/returns");
        world.shop.post("dispatcher", &path, json!({ "parcel": text(parcel, "parcel")? })).await?.done(&path)?;
        world.tally.count("delivery", "parcels_returned");
        complaints::inspect(world, site, text(parcel, "parcel")?).await?;
    }
    let path = format!("/api/runs/{run}/finish");
    world.shop.post(&login, &path, json!({})).await?.done(&path)?;
    set_out(world, site, crew, false);
    Ok(())
}

/// Whether a crew is on the road with another run.
fn is_out(world: &World, site: usize, crew: usize) -> bool {
    world.sites.get(site).and_then(|site| site.couriers.get(crew)).is_some_and(|crew| crew.is_out)
}

fn set_out(world: &mut World, site: usize, crew: usize, is_out: bool) {
    if let Some(crew) = world.sites.get_mut(site).and_then(|site| site.couriers.get_mut(crew)) {
        crew.is_out = is_out;
    }
}

fn login_of(world: &World, site: usize, crew: usize) -> Option<String> {
    world.sites.get(site)?.couriers.get(crew).map(|crew| crew.login.clone())
}

fn moment(value: &Value, name: &'static str) -> Result<Instant, SimError> {
    let written = text(value, name)?;
    written.parse().map_err(|_| SimError::Incomplete(name, written.to_owned()))
}
