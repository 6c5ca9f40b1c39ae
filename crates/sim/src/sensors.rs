//! The sensors of the company, and the people who answer when one of them calls.
//!
//! A probe hangs in every zone and speaks MQTT under its own credential, every five minutes by its own clock and a few
//! readings in one message. Doors are left open, a battery dies, and if the plan says so a freezer fails at night.

use std::{net::SocketAddr, time::Duration};

use kernel::Instant;
use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Packet, QoS};
use serde_json::{Value, json};

use crate::{
    DAY_MS, SimError,
    chance::Chance,
    day::Doing,
    shop::{Answer, Shop, list, number, text},
    world::{World, items},
};

/// Every probe measures so often, and sends what it measured so often.
const MEASURED_EVERY_MINUTES: i64 = 5;
const SENT_EVERY_MINUTES: i64 = 15;
const PATIENCE: Duration = Duration::from_mins(1);

/// What a freezer that failed is planted as: warmer than −12 °C for so long.
pub(crate) const FAILURE_MINUTES: i64 = 90;

/// The probes, and what becomes of the places where they hang.
pub(crate) struct Sensors {
    broker: SocketAddr,
    probes: Vec<Probe>,
    chance: Chance,
}

struct Probe {
    site: usize,
    id: String,
    topic: String,
    class: String,
    /// Times at which the place is warmer than it should be, in tenths of a degree above its usual.
    warm: Vec<(Instant, Instant, i64)>,
    /// Times at which it says nothing.
    mute: Vec<(Instant, Instant)>,
    client: AsyncClient,
    events: EventLoop,
}

impl Sensors {
    pub(crate) fn of(seed: u64, broker: SocketAddr) -> Self {
        Self { broker, probes: Vec::new(), chance: Chance::of(seed, "sensors") }
    }

    /// The probe of the freezer of a site.
    pub(crate) fn freezer_of(&self, site: usize) -> Option<&str> {
        let of_site = |probe: &&Probe| probe.site == site && probe.class == "frozen";
        self.probes.iter().find(of_site).map(|probe| probe.id.as_str())
    }

    /// Lets the freezer of a site fail from an instant on: the compressor stands still.
    pub(crate) fn fail(&mut self, site: usize, from: Instant) {
        let failed = |probe: &&mut Probe| probe.site == site && probe.class == "frozen";
        if let Some(probe) = self.probes.iter_mut().find(failed) {
            probe.warm.push((from, from.plus_minutes(FAILURE_MINUTES), 92));
        }
    }
}

/// How a class is kept, in tenths of a degree, and how far a reading is from it.
fn usual(class: &str) -> (i64, i64) {
    match class {
        "frozen" => (-202, 6),
        "chilled" => (31, 8),
        _ => (195, 20),
    }
}

/// Hangs a probe into every zone, gives it its secret, and says how the chilled goods age.
pub(crate) async fn install(world: &mut World) -> Result<(), SimError> {
    let broker = world.sensors.broker;
    let sites: Vec<String> = world.sites.iter().map(|site| site.id.clone()).collect();
    for (at, site) in sites.iter().enumerate() {
        let zones = world.shop.get("manager", &format!("/api/sites/{site}/zones")).await?.done("zones")?;
        for zone in items(&zones) {
            let probe = hang(world, broker, (at, site), &zone).await?;
            world.sensors.probes.push(probe);
        }
    }
    let mut chilled: Vec<(String, String)> = Vec::new();
    for site in &world.sites {
        let of_site = site.skus.iter().filter(|sku| sku.class == "chilled");
        chilled.extend(of_site.map(|sku| (sku.code.clone(), sku.id.clone())));
    }
    chilled.sort();
    chilled.dedup();
    for (_, sku) in chilled {
        let path = format!("/api/skus/{sku}/thermal-law");
        let law = json!({ "reference": 32, "law": { "law": "q10", "q10_milli": 2800 } });
        world.shop.put("manager", &path, law).await?.done(&path)?;
    }
    let last_morning = world.start.plus_millis(i64::from(world.days) * DAY_MS);
    let mut at = world.now;
    while at <= last_morning {
        world.agenda.enter(at, Doing::Sense);
        at = at.plus_minutes(SENT_EVERY_MINUTES);
    }
    trouble(world);
    Ok(())
}

async fn hang(
    world: &mut World,
    broker: SocketAddr,
    (at, site): (usize, &str),
    zone: &Value,
) -> Result<Probe, SimError> {
    let new = json!({
        "site": site, "code": format!("P-{}", text(zone, "code")?), "zone": text(zone, "id")?,
        "calibrated_on": "2026-01-15", "calibration_due": "2027-01-15",
    });
    let probe = world.shop.post("warehouse", "/api/probes", new).await?.done("/api/probes")?;
    let id = text(&probe, "id")?.to_owned();
    let path = format!("/api/probes/{id}/credential");
    let made = loop {
        match world.shop.post("warehouse", &path, json!({})).await? {
            // A server that died before its answer arrived has shown the secret to nobody: the next one counts.
            Answer::Refused(slug, _) if slug == "identity/secret-shown" && world.shop.outages.is_some() => {}
            made @ (Answer::Done(_) | Answer::Refused(..)) => break made.done(&path)?,
        }
    };
    let mut options = MqttOptions::new(id.clone(), broker.ip().to_string(), broker.port());
    options.set_credentials(id.clone(), text(&made, "secret")?);
    // Virtual hours pass while nobody looks after the connection, and real minutes may.
    options.set_keep_alive(Duration::from_hours(1));
    let (client, events) = AsyncClient::new(options, 10);
    world.tally.count("sensors", "probes");
    Ok(Probe {
        site: at,
        topic: text(&probe, "topic")?.to_owned(),
        class: text(zone, "class")?.to_owned(),
        id,
        warm: Vec::new(),
        mute: Vec::new(),
        client,
        events,
    })
}

/// What goes wrong in any warehouse: on some afternoons the door of a cold room stays open for too long, and now and
/// then a probe is not heard for most of an hour.
fn trouble(world: &mut World) {
    let (days, start) = (i64::from(world.days), world.start);
    let Sensors { probes, chance, .. } = &mut world.sensors;
    for day in 0..days {
        for probe in probes.iter_mut() {
            let minute = chance.within(5 * 60, 9 * 60) / MEASURED_EVERY_MINUTES * MEASURED_EVERY_MINUTES;
            let from = start.plus_millis(day * DAY_MS).plus_minutes(minute);
            if probe.class == "chilled" && chance.happens(400) {
                probe.warm.push((from, from.plus_minutes(50), 60));
            } else if chance.happens(120) {
                probe.mute.push((from, from.plus_minutes(55)));
            }
        }
    }
}

/// Every quarter of an hour: the probes send, and whoever is on duty looks at the screen.
pub(crate) async fn sense(world: &mut World) -> Result<(), SimError> {
    for at in 0..world.sensors.probes.len() {
        let readings = measured(&mut world.sensors, at, world.now);
        if readings.is_empty() {
            continue;
        }
        world.tally.add("sensors", "readings", i64::try_from(readings.len()).unwrap_or(0));
        let message = json!({ "readings": readings }).to_string();
        if let Some(probe) = world.sensors.probes.get_mut(at) {
            speak(probe, &world.shop, message).await?;
        }
    }
    look(world).await?;
    if world.now > world.start && world.now.since(world.start) % DAY_MS == 0 {
        sign_off(world).await?;
    }
    Ok(())
}

/// What a probe measured since it last sent.
fn measured(sensors: &mut Sensors, at: usize, now: Instant) -> Vec<Value> {
    let Sensors { probes, chance, .. } = sensors;
    let Some(probe) = probes.get(at) else { return Vec::new() };
    let (middle, spread) = usual(&probe.class);
    let mut readings = Vec::new();
    for back in [10, 5, 0] {
        let when = now.plus_minutes(-back);
        let noise = chance.around(0, spread);
        let within = |from: &Instant, until: &Instant| *from <= when && when < *until;
        if probe.mute.iter().any(|(from, until)| within(from, until)) {
            continue;
        }
        let warmer: i64 =
            probe.warm.iter().filter(|(from, until, _)| within(from, until)).map(|(_, _, by)| *by).max().unwrap_or(0);
        readings.push(json!({ "at": when, "decicelsius": middle + noise + warmer }));
    }
    readings
}

/// Publishes until the broker has acknowledged: what it acknowledged is kept. What it did not is said again, as a probe
/// with a memory does; the same reading twice is one reading.
async fn speak(probe: &mut Probe, shop: &Shop, message: String) -> Result<(), SimError> {
    let silent = |reason: &str| SimError::Broker { reason: reason.to_owned() };
    let acknowledged = async {
        loop {
            let spoken = probe.client.publish(&probe.topic, QoS::AtLeastOnce, false, message.clone().into_bytes());
            spoken.await.map_err(|error| silent(&error.to_string()))?;
            loop {
                match probe.events.poll().await {
                    Ok(Event::Incoming(Packet::PubAck(_))) => return Ok(()),
                    Ok(_) => {}
                    // The server may be starting anew.
                    Err(_) => break,
                }
            }
            if shop.outages.is_some() {
                // Or nobody would notice that its clock had stood still: the next command finds it open.
                shop.wait_for_return().await?;
            } else {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    };
    tokio::time::timeout(PATIENCE, acknowledged).await.map_err(|_| silent("no acknowledgement within a minute"))?
}

/// The shift lead sees what waits for an answer.
async fn look(world: &mut World) -> Result<(), SimError> {
    for site in 0..world.sites.len() {
        let Some(id) = world.sites.get(site).map(|site| site.id.clone()) else { continue };
        let open = world.shop.all("warehouse", &format!("/api/excursions?site={id}&open=true")).await?;
        for excursion in open.iter().filter(|one| one.get("state").and_then(Value::as_str) == Some("raised")) {
            let id = text(excursion, "id")?.to_owned();
            world.tally.count("alarms", text(excursion, "kind")?);
            let minutes = world.sensors.chance.within(2, 9);
            world.agenda.enter(world.now.plus_minutes(minutes), Doing::AnswerAlarm { excursion: id });
        }
    }
    Ok(())
}

/// Somebody acknowledges, goes and looks, and does what has to be done.
pub(crate) async fn answer(world: &mut World, excursion: &str) -> Result<(), SimError> {
    wake(world, "warehouse").await?;
    let path = format!("/api/excursions/{excursion}/acknowledge");
    let known = world.shop.post("warehouse", &path, json!({})).await?.done(&path)?;
    world.tally.count("alarms", "acknowledged");
    let (action, note) = match (text(&known, "kind")?, text(&known, "class")?) {
        ("silent", _) => ("probe_checked", "battery changed"),
        (_, "frozen") => ("technician_called", "compressor stands still, technician on the way, doors kept shut"),
        _ => ("door_closed", "a pallet stood in the door"),
    };
    let path = format!("/api/excursions/{excursion}/actions");
    world.shop.post("warehouse", &path, json!({ "action": action, "note": note })).await?.done(&path)?;
    let again = world.now.plus_minutes(20);
    world.agenda.enter(again, Doing::CloseAlarm { excursion: excursion.to_owned() });
    Ok(())
}

/// When the cold is back the alarm is closed, and an inspector decides about what was stopped.
pub(crate) async fn close(world: &mut World, excursion: &str) -> Result<(), SimError> {
    wake(world, "inspector").await?;
    let path = format!("/api/excursions/{excursion}");
    let sheet = world.shop.get("inspector", &path).await?.done(&path)?;
    let known = sheet.get("excursion").cloned().unwrap_or_default();
    if known.get("ended_at").is_none_or(Value::is_null) {
        let again = world.now.plus_minutes(20);
        world.agenda.enter(again, Doing::CloseAlarm { excursion: excursion.to_owned() });
        return Ok(());
    }
    let cause = match (text(&known, "kind")?, text(&known, "class")?) {
        ("silent", _) => "probe",
        (_, "frozen") => "unit_failure",
        _ => "door_open",
    };
    let path = format!("/api/excursions/{excursion}/close");
    let body = json!({ "cause": cause, "note": "looked at, and back within its limits" });
    world.shop.post("inspector", &path, body).await?.done(&path)?;
    world.tally.count("alarms", "closed");
    let mut stopped: Vec<(String, String)> = Vec::new();
    for quarantine in list(&sheet, "quarantines")?.iter().filter(|one| one.get("state") == Some(&json!("open"))) {
        stopped.push((text(quarantine, "lot_code")?.to_owned(), text(quarantine, "id")?.to_owned()));
    }
    stopped.sort();
    for (nth, (_, id)) in stopped.into_iter().enumerate() {
        world.tally.count("quarantines", "opened");
        let path = format!("/api/quarantines/{id}/decide");
        // The first carton opened has ice on its lid; the others are hard to the core.
        let decision = if nth == 0 {
            json!({ "decision": { "kind": "destroy" }, "reason": "thawed at the rim" })
        } else {
            json!({ "decision": { "kind": "release" }, "reason": "core at -15.5, packaging sound" })
        };
        match world.shop.post("inspector", &path, decision).await? {
            Answer::Done(decided) => world.tally.count("quarantines", text(&decided, "state")?),
            Answer::Refused(slug, _) => world.tally.count("quarantines", &slug),
        }
    }
    Ok(())
}

/// 06:00: the record of yesterday is signed.
async fn sign_off(world: &mut World) -> Result<(), SimError> {
    wake(world, "inspector").await?;
    for site in 0..world.sites.len() {
        let Some(site) = world.sites.get(site) else { continue };
        let day = site.time.business_day(world.now.plus_millis(-DAY_MS));
        let path = format!("/api/sites/{}/haccp/{day}/sign", site.id);
        let body = json!({ "note": "every alarm looked at by the shift, see its record" });
        let signed = world.shop.post("inspector", &path, body).await?.done(&path)?;
        let figures = signed.get("figures").cloned().unwrap_or_default();
        world.tally.count("haccp", "days_signed");
        for what in ["minutes_watched", "minutes_over", "minutes_silent", "alarms", "quarantined"] {
            world.tally.add("haccp", what, number(&figures, what)?);
        }
    }
    Ok(())
}

/// A session that slept through the night is begun anew.
async fn wake(world: &mut World, login: &str) -> Result<(), SimError> {
    let password = world.password.clone();
    world.shop.sign_in(login, &password).await
}
