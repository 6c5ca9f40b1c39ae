//! The floor: waves are released, pickers walk and weigh, packers close boxes.

use std::collections::BTreeMap;

use kernel::Instant;
use serde_json::{Value, json};

use crate::{
    SimError,
    day::Doing,
    shop::{Answer, list, number, text},
    world::World,
};

const PICKERS: u32 = 6;
const ORDERS_PER_BATCH: i64 = 12;
const SECONDS_PER_PICK: i64 = 30;
/// A bin is empty although the book says otherwise, this often in a thousand picks.
const NOT_FOUND_PER_MILLE: i64 = 8;

/// A hand reaches into the wrong crate, this often in a thousand picks; the scanner says so.
const MIS_SCANS_PER_MILLE: i64 = 12;

/// One order's share of a stop on the walk.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    id: String,
    note: String,
    lot: String,
    bin: String,
    class: String,
    measure: String,
    pieces: i64,
    low: i64,
    high: i64,
    grams: i64,
}

/// What a picker still has to walk.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    wave: String,
    window: String,
    start: Instant,
    picker: u32,
    tasks: Vec<Task>,
    /// The tote of each order on the trolley, by class: raw fish and bread do not share one.
    totes: BTreeMap<String, String>,
}

pub(crate) async fn release(
    world: &mut World,
    site: usize,
    window: String,
    start: Instant,
    _end: Instant,
) -> Result<(), SimError> {
    let Some(id) = world.sites.get(site).map(|site| site.id.clone()) else { return Ok(()) };
    let path = "/api/waves";
    let wave =
        world.shop.post("warehouse", path, json!({ "site": id, "delivery_window": window })).await?.done(path)?;
    let notes = list(&wave, "notes")?.to_vec();
    world.tally.count("fulfilment", "waves");
    world.tally.add("fulfilment", "release_notes", i64::try_from(notes.len()).unwrap_or(0));
    if notes.is_empty() {
        return Ok(());
    }
    let wave = text(&wave, "wave")?.to_owned();
    for note in &notes {
        // What binding found nothing for has no walk; its note is closed as it is.
        if number(note, "tasks")? == 0 {
            let note = text(note, "note")?.to_owned();
            world.agenda.enter(world.now.plus_minutes(2), Doing::Pack { site, note });
        }
    }
    for picker in 0..PICKERS {
        let at = world.now.plus_minutes(3).plus_millis(i64::from(picker) * 1000);
        let (wave, window) = (wave.clone(), window.clone());
        world.agenda.enter(at, Doing::Claim { site, wave, window, start, picker });
    }
    let planning = start.plus_minutes(-45).max(world.now.plus_minutes(10));
    world.agenda.enter(planning, Doing::Plan { site, window, attempt: 0 });
    Ok(())
}

pub(crate) async fn claim(
    world: &mut World,
    site: usize,
    wave: &str,
    window: &str,
    start: Instant,
    picker: u32,
) -> Result<(), SimError> {
    let path = format!("/api/waves/{wave}/claim");
    let claim = match world.shop.post("picker", &path, json!({ "orders_max": ORDERS_PER_BATCH })).await? {
        Answer::Done(claim) => claim,
        Answer::Refused(slug, problem) => match slug.as_str() {
            "fulfilment/nothing-to-claim" | "fulfilment/wave-finished" => return Ok(()),
            _ => return Err(SimError::Unexpected { path, slug, problem: problem.to_string() }),
        },
    };
    let notes: Vec<String> = list(&claim, "notes")?.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let tasks = open_tasks(world, wave, &notes).await?;
    let batch =
        Batch { wave: wave.to_owned(), window: window.to_owned(), start, picker, tasks, totes: BTreeMap::new() };
    go_on(world, site, batch);
    Ok(())
}

/// What the handheld shows for some orders, the first stop last.
async fn open_tasks(world: &mut World, wave: &str, notes: &[String]) -> Result<Vec<Task>, SimError> {
    let mut tasks = Vec::new();
    for stop in world.shop.all("picker", &format!("/api/waves/{wave}/tasks?whose=mine&state=open")).await? {
        for share in list(&stop, "tasks")? {
            if notes.iter().any(|note| Some(note.as_str()) == share.get("note").and_then(Value::as_str)) {
                tasks.push(task_of(&stop, share)?);
            }
        }
    }
    tasks.reverse();
    Ok(tasks)
}

fn task_of(stop: &Value, share: &Value) -> Result<Task, SimError> {
    let quantity = share.get("quantity").cloned().unwrap_or_default();
    let grams = quantity.get("grams").and_then(Value::as_i64).unwrap_or(0);
    Ok(Task {
        id: text(share, "task")?.to_owned(),
        note: text(share, "note")?.to_owned(),
        lot: text(stop, "lot_code")?.to_owned(),
        bin: text(stop, "bin_code")?.to_owned(),
        class: text(stop, "class")?.to_owned(),
        measure: text(stop, "measure")?.to_owned(),
        pieces: quantity.get("pieces").and_then(Value::as_i64).unwrap_or(0),
        low: share.get("grams_low").and_then(Value::as_i64).unwrap_or(grams),
        high: share.get("grams_high").and_then(Value::as_i64).unwrap_or(grams),
        grams,
    })
}

/// The next bin, or the next batch when the trolley is done.
fn go_on(world: &mut World, site: usize, mut batch: Batch) {
    let at = world.now.plus_millis(SECONDS_PER_PICK * 1000);
    if let Some(task) = batch.tasks.pop() {
        world.agenda.enter(at, Doing::Pick { site, task: Box::new(task), then: Box::new(batch) });
    } else {
        let Batch { wave, window, start, picker, .. } = batch;
        world.agenda.enter(at, Doing::Claim { site, wave, window, start, picker });
    }
}

pub(crate) async fn pick(world: &mut World, site: usize, task: Task, mut batch: Batch) -> Result<(), SimError> {
    let tote = tote_for(world, site, &mut batch, &task);
    let answer = if world.scales.happens(NOT_FOUND_PER_MILLE) {
        let path = format!("/api/pick-tasks/{}/short", task.id);
        world.shop.post("picker", &path, json!({ "reason": "not_found" })).await?
    } else {
        weigh(world, &task, &tote).await?
    };
    let answer = match answer {
        Answer::Done(answer) => answer,
        // The lot was stopped while the picker walked; what takes its place is on the handheld now.
        Answer::Refused(slug, _) if slug == "fulfilment/task-already-done" => {
            world.tally.count("picks", "stopped_on_the_way");
            let of_trolley = batch.tasks.iter().map(|other| other.note.clone());
            let notes: Vec<String> = of_trolley.chain([task.note.clone()]).collect();
            batch.tasks = open_tasks(world, &batch.wave, &notes).await?;
            walk_on(world, site, &task.note, batch);
            return Ok(());
        }
        Answer::Refused(slug, problem) => {
            let path = format!("/api/pick-tasks/{}/pick", task.id);
            return Err(SimError::Unexpected { path, slug, problem: problem.to_string() });
        }
    };
    let outcome = text(&answer, "outcome")?.to_owned();
    world.tally.count("picks", &outcome);
    if let Some(more) = answer.get("next").and_then(Value::as_array) {
        for card in more {
            let id = text(card, "id")?.to_owned();
            // What could be found elsewhere may lie where this picker is going anyway: that walk has grown.
            batch.tasks.retain(|known| known.id != id);
            batch.tasks.push(Task {
                id,
                note: text(card, "note")?.to_owned(),
                lot: text(card, "lot_code")?.to_owned(),
                bin: text(card, "bin_code")?.to_owned(),
                class: text(card, "class")?.to_owned(),
                measure: task.measure.clone(),
                pieces: card.pointer("/quantity/pieces").and_then(Value::as_i64).unwrap_or(0),
                low: card.get("grams_low").and_then(Value::as_i64).unwrap_or(0),
                high: card.get("grams_high").and_then(Value::as_i64).unwrap_or(0),
                grams: card.pointer("/quantity/grams").and_then(Value::as_i64).unwrap_or(0),
            });
        }
    }
    walk_on(world, site, &task.note, batch);
    Ok(())
}

/// An order of which nothing is left to pick goes to the bench; the trolley goes on.
fn walk_on(world: &mut World, site: usize, note: &str, batch: Batch) {
    if !batch.tasks.iter().any(|other| other.note == note) {
        world.agenda.enter(world.now.plus_minutes(2), Doing::Pack { site, note: note.to_owned() });
    }
    go_on(world, site, batch);
}

/// The scale shows what a hand has cut: near the target, hardly ever on it.
async fn weigh(world: &mut World, task: &Task, tote: &str) -> Result<Answer, SimError> {
    let weighing = match task.measure.as_str() {
        "counted" => json!({ "pieces": task.pieces }),
        measure => {
            let half = (task.high - task.low) / 2;
            let middle = i64::midpoint(task.low, task.high);
            let grams = world.scales.around(middle, half.max(1) * 9 / 10).max(1);
            world.tally.add("picks", "grams_off", (grams - task.grams).abs());
            let scale = json!({ "device": "SCALE-1", "stable": true });
            if measure == "weighed" {
                json!({ "grams": grams, "scale": scale })
            } else {
                json!({ "pieces": task.pieces, "grams": grams, "scale": scale })
            }
        }
    };
    let body = json!({ "scan": task.lot, "bin": task.bin, "tote": tote, "weighings": [weighing] });
    let path = format!("/api/pick-tasks/{}/pick", task.id);
    if world.hands.happens(MIS_SCANS_PER_MILLE) {
        let mut wrong = body.clone();
        wrong["scan"] = json!("L000000-00000000");
        match world.shop.post("picker", &path, wrong).await? {
            Answer::Refused(slug, _) => world.tally.count("mis_scans", &slug),
            Answer::Done(picked) => return Err(SimError::Incomplete("a refusal of the wrong lot", picked.to_string())),
        }
    }
    match world.shop.post("picker", &path, body).await? {
        // The bin held less than the book said: what a hand cut too generously before is missing now.
        Answer::Refused(slug, _) if slug == "ledger/short-at-place" => {
            world.tally.count("picks", "bin_ran_out");
            let path = format!("/api/pick-tasks/{}/short", task.id);
            world.shop.post("picker", &path, json!({ "reason": "not_found" })).await
        }
        answer @ (Answer::Done(_) | Answer::Refused(..)) => Ok(answer),
    }
}

fn tote_for(world: &mut World, site: usize, batch: &mut Batch, task: &Task) -> String {
    let key = format!("{} {}", task.note, task.class);
    if let Some(tote) = batch.totes.get(&key) {
        return tote.clone();
    }
    let Some(site) = world.sites.get_mut(site) else { return String::new() };
    let tote = site.totes.pop_front().unwrap_or_default();
    site.totes_in_use.entry(task.note.clone()).or_default().push(tote.clone());
    batch.totes.insert(key, tote.clone());
    tote
}

/// A packer empties an order's totes into boxes by temperature class, weighs them, and closes the note.
pub(crate) async fn pack(world: &mut World, site: usize, note: &str) -> Result<(), SimError> {
    let path = format!("/api/release-notes/{note}/tasks");
    let sheet = world.shop.get("packer", &path).await?.done(&path)?;
    let mut by_class: BTreeMap<String, (Vec<String>, i64)> = BTreeMap::new();
    for task in list(&sheet, "tasks")? {
        let picked = task.get("picked").cloned().unwrap_or_default();
        let pieces = picked.get("pieces").and_then(Value::as_i64).unwrap_or(0);
        let grams = picked.get("grams").and_then(Value::as_i64).unwrap_or(0);
        if pieces + grams == 0 {
            continue;
        }
        let net = if grams > 0 { grams } else { pieces * nominal(world, site, text(task, "sku_code")?) };
        let (tasks, weight) = by_class.entry(text(task, "class")?.to_owned()).or_default();
        tasks.push(text(task, "id")?.to_owned());
        *weight += net;
    }
    for (class, (tasks, net)) in by_class {
        let Some(packaging) = world.packagings.get(&class).cloned() else { continue };
        let gross = net + packaging.tare + world.scales.within(-5, 5);
        let body = json!({ "class": class, "tasks": tasks, "packaging": packaging.code, "gross_grams": gross });
        let path = format!("/api/release-notes/{note}/parcels");
        let parcel = world.shop.post("packer", &path, body).await?.done(&path)?;
        let id = text(&parcel, "id")?;
        let path = format!("/api/parcels/{id}/stage");
        let lane = format!("LANE-{}", class.to_uppercase());
        world.shop.post("packer", &path, json!({ "lane": lane })).await?.done(&path)?;
        world.tally.count("fulfilment", "parcels");
    }
    if let Some(site) = world.sites.get_mut(site) {
        let emptied = site.totes_in_use.remove(note).unwrap_or_default();
        site.totes.extend(emptied);
    }
    let path = format!("/api/release-notes/{note}/close");
    let settlement = world.shop.post("packer", &path, json!({})).await?.done(&path)?;
    world.tally.count("settlement", "orders");
    world.tally.add("settlement", "amount", number(&settlement, "amount")?);
    world.tally.add("settlement", "expected", number(&settlement, "expected")?);
    for line in list(&settlement, "lines")? {
        world.tally.count("settled_lines", text(line, "difference")?);
    }
    Ok(())
}

fn nominal(world: &World, site: usize, code: &str) -> i64 {
    let site = world.sites.get(site);
    site.and_then(|site| site.skus.iter().find(|sku| sku.code == code)).map_or(0, |sku| sku.nominal_grams)
}
