//! Planted faults: what goes wrong on purpose, and whether the shop tells anybody.
//!
//! A kind of fault is data: a name and three small functions that say where it may go, how it is done, and what a
//! person who looks would come across. Looking knows nothing of planting: every morning before 06:00 somebody looks for
//! every kind, and only the report holds what they came across against the list. So a run without faults looks just as
//! hard and must come across nothing.
//!
//! To add a kind: a file beside this one with its `KIND`, and a line in [`KINDS`].

mod freezer;
mod label;
mod purchase;

use std::{
    collections::BTreeMap,
    fs::File,
    future::Future,
    io::{Read, Seek, Write},
    pin::Pin,
};

use kernel::Instant;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{DAY_MS, SimError, chance::Chance, day::Doing, world::World};

/// Every kind of fault that is planted and looked for.
const KINDS: &[Kind] = &[freezer::KIND, label::KIND, purchase::KIND];

/// What a verb of a kind answers, once it has been to the shop and back.
pub(crate) type Step<'a, T> = Pin<Box<dyn Future<Output = Result<T, SimError>> + 'a>>;

/// One kind of fault.
pub(crate) struct Kind {
    /// What the report calls it.
    pub(crate) name: &'static str,
    /// Draws where and when; none if this company has no such place.
    pub(crate) place: fn(&World, &mut Chance) -> Option<Spot>,
    /// Does it at its moment, or prepares that it happens soon. Whoever has done it says so with [`was_done`].
    pub(crate) plant: for<'a> fn(&'a mut World, usize, Spot) -> Step<'a, ()>,
    /// Reads through the public API what somebody is shown, and tells the records that name this cause.
    pub(crate) look: for<'a> fn(&'a mut World) -> Step<'a, Vec<Finding>>,
}

/// Where a fault goes, in words of its kind.
#[derive(Clone, Debug)]
pub(crate) struct Spot {
    pub(crate) at: Instant,
    pub(crate) site: usize,
    /// A bin, a SKU, a supplier: by code, never by id.
    pub(crate) what: String,
}

/// A record that somebody was shown.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    /// The id of the thing that it names.
    pub(crate) object: String,
    /// Why, in the record's own word.
    pub(crate) cause: String,
}

/// Whether faults are planted, and where the list of them lies: a file that nobody else has a name for.
pub enum Faults {
    Planted(File),
    None,
}

/// One fault, as the list has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Plant {
    kind: String,
    site: usize,
    what: String,
    at: Instant,
    /// What a record must name; known when it is done.
    object: Option<String>,
    /// From when it could be seen.
    seen_from: Option<Instant>,
}

/// The list of this run's faults, and what was come across.
pub(crate) struct Plants {
    list: Vec<Plant>,
    file: Option<File>,
    /// What was come across, by kind and object: the cause, and the morning of the first look that showed it.
    found: BTreeMap<(&'static str, String), (String, Instant)>,
}

impl Plants {
    pub(crate) fn new(faults: Faults) -> Self {
        let file = match faults {
            Faults::Planted(file) => Some(file),
            Faults::None => None,
        };
        Self { list: Vec::new(), file, found: BTreeMap::new() }
    }

    fn write(&mut self) -> Result<(), SimError> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let text = serde_json::to_string_pretty(&self.list).map_err(|error| SimError::List(error.to_string()))?;
        let written = file.rewind().and_then(|()| file.set_len(0)).and_then(|()| file.write_all(text.as_bytes()));
        written.map_err(|error| SimError::List(error.to_string()))
    }

    fn read(&mut self) -> Result<Vec<Plant>, SimError> {
        let Some(file) = &mut self.file else { return Ok(Vec::new()) };
        let mut text = String::new();
        let read = file.rewind().and_then(|()| file.read_to_string(&mut text));
        read.map_err(|error| SimError::List(error.to_string()))?;
        serde_json::from_str(&text).map_err(|error| SimError::List(error.to_string()))
    }
}

/// How long before 06:00 somebody looks.
const BEFORE_MORNING_MS: i64 = 60_000;

/// Draws the places of this run's faults, and enters the looks of every morning.
pub(crate) fn lay_out(world: &mut World) -> Result<(), SimError> {
    if world.plants.file.is_some() {
        for (nth, kind) in (0..).zip(KINDS) {
            let mut chance = Chance::of(world.seed, &format!("fault {}", kind.name));
            let Some(spot) = (kind.place)(world, &mut chance) else { continue };
            let Spot { at, site, what } = spot.clone();
            let plant = Plant { kind: kind.name.to_owned(), site, what, at, object: None, seen_from: None };
            let entry = world.plants.list.len();
            world.plants.list.push(plant);
            world.agenda.enter(at, Doing::Plant { kind: nth, entry, spot });
        }
        world.plants.write()?;
    }
    for day in 0..=world.days {
        let morning = world.start.plus_millis(i64::from(day) * DAY_MS - BEFORE_MORNING_MS);
        world.agenda.enter(morning, Doing::LookAround);
    }
    Ok(())
}

/// A fault's moment has come.
pub(crate) async fn plant(world: &mut World, kind: usize, entry: usize, spot: Spot) -> Result<(), SimError> {
    match KINDS.get(kind) {
        Some(kind) => (kind.plant)(world, entry, spot).await,
        None => Ok(()),
    }
}

/// A fault has been done to this object and can be seen from now on.
pub(crate) fn was_done(world: &mut World, entry: usize, object: &str) -> Result<(), SimError> {
    let now = world.now;
    if let Some(plant) = world.plants.list.get_mut(entry) {
        plant.object = Some(object.to_owned());
        plant.seen_from = Some(now);
    }
    world.plants.write()
}

/// Before 06:00 somebody looks through what the shop shows, for every kind of fault.
pub(crate) async fn look_around(world: &mut World) -> Result<(), SimError> {
    world.clock_in().await?;
    for kind in KINDS {
        for Finding { object, cause } in (kind.look)(world).await? {
            let now = world.now;
            world.plants.found.entry((kind.name, object)).or_insert((cause, now));
        }
    }
    Ok(())
}

/// The list of faults held against what was come across, and what does not agree.
pub(crate) fn compared(world: &mut World) -> Result<(Value, Vec<String>), SimError> {
    let list = world.plants.read()?;
    let found = &world.plants.found;
    let (mut entries, mut broken) = (Vec::new(), Vec::new());
    for plant in &list {
        let record = plant.object.as_ref().and_then(|object| {
            found.iter().find(|((kind, known), _)| *kind == plant.kind && known == object).map(|(_, record)| record)
        });
        let deadline = plant.seen_from.map(|seen_from| next_morning(world.start, seen_from));
        let in_time = record.is_some_and(|(_, looked)| deadline.is_some_and(|deadline| *looked <= deadline));
        if !in_time {
            broken.push(format!("{} at {} was not found by the next morning", plant.kind, plant.what));
        }
        entries.push(json!({
            "kind": plant.kind, "site": plant.site, "what": plant.what, "planted_at": plant.at,
            "seen_from": plant.seen_from, "found": in_time,
            "cause": record.map(|(cause, _)| cause.clone()),
        }));
    }
    let planted = |kind: &str, object: &String| {
        list.iter().any(|plant| plant.kind == kind && plant.object.as_ref() == Some(object))
    };
    let mut unplanted: BTreeMap<&str, u64> = BTreeMap::new();
    for (kind, _) in found.keys().filter(|(kind, object)| !planted(kind, object)) {
        *unplanted.entry(kind).or_default() += 1;
    }
    broken.extend(unplanted.iter().map(|(kind, times)| format!("{kind} was told {times} times and never planted")));
    let hits = entries.iter().filter(|entry| entry.get("found") == Some(&Value::Bool(true))).count();
    let report = json!({ "planted": entries.len(), "found": hits, "list": entries, "told_and_not_planted": unplanted });
    Ok((report, broken))
}

/// The look of the first morning after an instant.
fn next_morning(start: Instant, seen_from: Instant) -> Instant {
    let days = seen_from.plus_millis(BEFORE_MORNING_MS).since(start).div_euclid(DAY_MS) + 1;
    start.plus_millis(days * DAY_MS - BEFORE_MORNING_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_of_the_evening_is_due_before_the_next_morning() {
        let start: Instant = "2026-03-01T22:00:00Z".parse().unwrap();
        let look = |day: i64| start.plus_millis(day * DAY_MS - BEFORE_MORNING_MS);
        assert_eq!(next_morning(start, start), look(1));
        assert_eq!(next_morning(start, start.plus_minutes(14 * 60)), look(1));
        // What could first be seen at the very look is due at the one after it.
        assert_eq!(next_morning(start, look(1)), look(2));
        assert_eq!(next_morning(start, start.plus_minutes(24 * 60)), look(2));
    }
}
