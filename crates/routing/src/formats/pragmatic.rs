//! The JSON of `vrp-cli`, its *pragmatic* format: a problem with `plan.jobs` and `fleet`, and routing matrices beside
//! it. (Its documentation: reinterpretcat.github.io/vrp, *Concepts → Pragmatic format*.)
//!
//! Read are jobs of one delivery or one service at one place, with several windows, demands of up to six dimensions
//! and the skills that a vehicle must have; vehicle types with costs, a shift with start and end, reloads at the start,
//! a longest duration, and profiles with matrices or speeds. Without matrices the way between two places is as the
//! crow flies, at ten metres per second where a profile says no other speed.
//!
//! Refused by name is what a plan of ours would silently not keep: pickups, replacements, jobs of several tasks and
//! tasks of several places; skills of which one or none is wanted; orders, values, priorities, groups, compatibility,
//! relations, areas and clustering; breaks, dispatches, recharges, several shifts, a latest departure, an open end;
//! limits of distance or of stops, scaled profiles, resources, matrices by the hour; and all objectives but
//! unassigned jobs, tours and cost, in this sequence. An unknown field is refused as well.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::{FormatError, not_too_long};
use crate::model::{DIMENSIONS, Load, Matrix, ModelError, Order, PLACES_MAX, Problem, UNREACHABLE, Vehicle, Window};
use crate::roads::Point;
use crate::solve::Objective;

/// Units of our costs in one of the file's: its costs per metre and second are decimal fractions.
pub const COST_UNIT: i64 = 1_000_000;
/// Metres per second where a profile does not say.
const SPEED: f64 = 10.0;
/// Vehicles of one file at most.
const VEHICLES_MAX: usize = 10_000;
/// Skills that a problem can tell apart.
const SKILLS_MAX: usize = 64;

/// A problem, and what its file says beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    /// Order `k` is job `k` of the file.
    pub problem: Problem,
    pub objective: Objective,
    /// The instant, in milliseconds since 1970, that the times of the problem are counted from.
    pub origin_ms: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProblemText {
    plan: PlanText,
    fleet: Fleet,
    objectives: Option<Vec<OneOrMore>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanText {
    jobs: Vec<Job>,
    relations: Option<Value>,
    areas: Option<Value>,
    clustering: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Job {
    id: String,
    deliveries: Option<Vec<Task>>,
    services: Option<Vec<Task>>,
    pickups: Option<Value>,
    replacements: Option<Value>,
    skills: Option<Skills>,
    value: Option<Value>,
    priority: Option<Value>,
    group: Option<Value>,
    compatibility: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Skills {
    /// As older versions write it.
    All(Vec<String>),
    Rules(SkillRules),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SkillRules {
    all_of: Option<Vec<String>>,
    one_of: Option<Value>,
    none_of: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Task {
    places: Vec<Place>,
    demand: Option<Vec<i64>>,
    order: Option<Value>,
    #[serde(rename = "tag")]
    _tag: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    location: Location,
    duration: f64,
    times: Option<Vec<(String, String)>>,
    #[serde(rename = "tag")]
    _tag: Option<Value>,
}

#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(untagged)]
enum Location {
    Degrees { lat: f64, lng: f64 },
    Row { index: usize },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fleet {
    vehicles: Vec<VehicleType>,
    profiles: Vec<Profile>,
    resources: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct VehicleType {
    type_id: String,
    vehicle_ids: Vec<String>,
    profile: ProfileUse,
    costs: Costs,
    shifts: Vec<Shift>,
    capacity: Vec<i64>,
    skills: Option<Vec<String>>,
    limits: Option<Limits>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileUse {
    matrix: String,
    scale: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Costs {
    #[serde(default)]
    fixed: f64,
    distance: f64,
    time: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shift {
    start: ShiftEnd,
    end: Option<ShiftEnd>,
    reloads: Option<Vec<Reload>>,
    breaks: Option<Value>,
    dispatch: Option<Value>,
    recharges: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShiftEnd {
    earliest: Option<String>,
    latest: Option<String>,
    location: Location,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Reload {
    location: Location,
    duration: f64,
    times: Option<Value>,
    resource_id: Option<Value>,
    #[serde(rename = "tag")]
    _tag: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Limits {
    #[serde(alias = "shiftTime")]
    max_duration: Option<f64>,
    max_distance: Option<Value>,
    tour_size: Option<Value>,
    allowed_areas: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Profile {
    name: String,
    speed: Option<f64>,
}

/// Newer versions list objectives, older ones lists of them.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    More(Vec<ObjectiveText>),
    One(ObjectiveText),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ObjectiveText {
    r#type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct MatrixText {
    profile: Option<String>,
    timestamp: Option<Value>,
    travel_times: Vec<i64>,
    distances: Vec<i64>,
    error_codes: Option<Vec<i64>>,
}

/// Reads a problem, and its matrices if there are any: one per profile, by its name or, without names, in the sequence
/// of the profiles. Rows are the places as the file names them first, jobs before vehicles, or their `index`.
pub fn read(text: &str, matrices: &[String]) -> Result<Instance, FormatError> {
    not_too_long(text)?;
    let file: ProblemText = serde_json::from_str(text).map_err(|error| json(&error))?;
    let ProblemText { plan, fleet, objectives } = file;
    let nowhere = String::new;
    refuse(&nowhere, "relations", given(plan.relations.as_ref()))?;
    refuse(&nowhere, "areas", given(plan.areas.as_ref()))?;
    refuse(&nowhere, "clustering", given(plan.clustering.as_ref()))?;
    refuse(&nowhere, "resources", given(fleet.resources.as_ref()))?;

    let mut file = Reader { places: Places::default(), skills: BTreeMap::new(), origin_ms: origin_ms(&fleet)? };
    let orders = plan.jobs.iter().map(|job| file.order(job)).collect::<Result<Vec<_>, _>>()?;
    let mut vehicles = Vec::new();
    for kind in &fleet.vehicles {
        let vehicle = file.vehicle(kind, &fleet.profiles)?;
        if vehicles.len() + kind.vehicle_ids.len() > VEHICLES_MAX {
            return Err(FormatError::TooLarge { what: "the fleet" });
        }
        vehicles.extend(kind.vehicle_ids.iter().map(|id| Vehicle { id: id.clone(), ..vehicle.clone() }));
    }
    let matrices = file.places.matrices(&fleet.profiles, matrices)?;
    let problem = Problem { matrices, orders, vehicles, balance: None };
    problem.validate()?;
    Ok(Instance { problem, objective: objective(objectives)?, origin_ms: file.origin_ms })
}

fn json(error: &serde_json::Error) -> FormatError {
    FormatError::Json(error.to_string())
}

/// Names what a plan of ours would not keep.
fn refuse(whose: &dyn Fn() -> String, what: &'static str, present: bool) -> Result<(), FormatError> {
    if present { Err(FormatError::NotPlanned { whose: whose(), what }) } else { Ok(()) }
}

/// Whether a field says anything.
fn given(field: Option<&Value>) -> bool {
    field.is_some_and(|value| value.as_array().is_none_or(|list| !list.is_empty()))
}

/// Times are counted from the first start of a shift: those since 1970 are larger than a problem's numbers may be.
fn origin_ms(fleet: &Fleet) -> Result<i64, FormatError> {
    let starts =
        fleet.vehicles.iter().flat_map(|kind| &kind.shifts).map(|shift| instant(shift.start.earliest.as_ref()));
    let starts = starts.collect::<Result<Vec<_>, _>>()?;
    starts.into_iter().min().ok_or(FormatError::Model(ModelError::NoVehicle))
}

fn instant(text: Option<&String>) -> Result<i64, FormatError> {
    let text = text.ok_or(FormatError::Lacking { what: "the earliest start or the latest end of a shift" })?;
    let instant: Timestamp =
        text.parse().map_err(|_| FormatError::NotATime { found: text.chars().take(40).collect() })?;
    Ok(instant.as_millisecond())
}

/// Seconds or costs as whole units.
fn whole(what: &'static str, number: f64, units: f64) -> Result<i64, FormatError> {
    let scaled = (number * units).round();
    // Not-a-number is in no range.
    if (0.0..=crate::model::NUMBER_MAX as f64).contains(&scaled) {
        Ok(scaled as i64)
    } else {
        Err(FormatError::TooLarge { what })
    }
}

fn load(given: &[i64]) -> Result<Load, FormatError> {
    let mut load = [0; DIMENSIONS];
    let Some(filled) = load.get_mut(..given.len()) else {
        return Err(FormatError::TooLarge { what: "the number of dimensions of a load" });
    };
    filled.copy_from_slice(given);
    Ok(load)
}

fn objective(given: Option<Vec<OneOrMore>>) -> Result<Objective, FormatError> {
    let Some(given) = given else { return Ok(Objective::VehiclesFirst) };
    let mut names = Vec::new();
    for entry in given {
        match entry {
            OneOrMore::One(one) => names.push(one.r#type),
            OneOrMore::More(more) => {
                refuse(&String::new, "objectives of the same rank", more.len() > 1)?;
                names.extend(more.into_iter().map(|one| one.r#type));
            }
        }
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    match names.strip_prefix(&["minimize-unassigned"]).unwrap_or(&names) {
        ["minimize-tours", "minimize-cost"] => Ok(Objective::VehiclesFirst),
        ["minimize-cost"] => Ok(Objective::CostOnly),
        _ => Err(FormatError::NotPlanned {
            whose: String::new(),
            what: "objectives but unassigned jobs, tours and cost, in this sequence",
        }),
    }
}

struct Reader {
    places: Places,
    /// Which bit stands for a skill.
    skills: BTreeMap<String, usize>,
    origin_ms: i64,
}

impl Reader {
    fn order(&mut self, job: &Job) -> Result<Order, FormatError> {
        let whose = || format!("job {}", job.id);
        for (what, present) in [
            ("pickups", given(job.pickups.as_ref())),
            ("replacements", given(job.replacements.as_ref())),
            ("a value", given(job.value.as_ref())),
            ("a priority", given(job.priority.as_ref())),
            ("a group", given(job.group.as_ref())),
            ("compatibility", given(job.compatibility.as_ref())),
        ] {
            refuse(&whose, what, present)?;
        }
        let tasks: Vec<&Task> = job.deliveries.iter().chain(&job.services).flatten().collect();
        let [task] = tasks[..] else {
            return Err(FormatError::NotPlanned { whose: whose(), what: "any other number of tasks than one" });
        };
        refuse(&whose, "an order of tasks", given(task.order.as_ref()))?;
        let [place] = &task.places[..] else {
            return Err(FormatError::NotPlanned { whose: whose(), what: "any other number of places than one" });
        };
        let mut order = Order::at(job.id.clone(), self.places.number(place.location)?);
        order.service_ms = whole("a duration", place.duration, 1_000.0)?;
        order.load = load(task.demand.as_deref().unwrap_or_default())?;
        for (opens, closes) in place.times.iter().flatten() {
            order.windows.push(self.window(Some(opens), Some(closes))?);
        }
        order.windows.sort_by_key(|window| window.opens_ms);
        order.skills = match &job.skills {
            None => 0,
            Some(Skills::All(names)) => self.skills(names)?,
            Some(Skills::Rules(SkillRules { all_of, one_of, none_of })) => {
                refuse(&whose, "skills of which one is wanted", given(one_of.as_ref()))?;
                refuse(&whose, "skills of which none is wanted", given(none_of.as_ref()))?;
                self.skills(all_of.as_deref().unwrap_or_default())?
            }
        };
        Ok(order)
    }

    /// One vehicle of a kind.
    fn vehicle(&mut self, kind: &VehicleType, profiles: &[Profile]) -> Result<Vehicle, FormatError> {
        let whose = || format!("vehicle type {}", kind.type_id);
        let [shift] = &kind.shifts[..] else {
            return Err(FormatError::NotPlanned { whose: whose(), what: "any other number of shifts than one" });
        };
        let limits = kind.limits.as_ref();
        for (what, present) in [
            ("breaks", given(shift.breaks.as_ref())),
            ("dispatches", given(shift.dispatch.as_ref())),
            ("recharges", given(shift.recharges.as_ref())),
            ("a latest departure", shift.start.latest.is_some()),
            ("an earliest end", shift.end.as_ref().is_some_and(|end| end.earliest.is_some())),
            ("a limit of distance", limits.is_some_and(|limits| given(limits.max_distance.as_ref()))),
            ("a limit of stops", limits.is_some_and(|limits| given(limits.tour_size.as_ref()))),
            ("areas", limits.is_some_and(|limits| given(limits.allowed_areas.as_ref()))),
            ("a scaled profile", kind.profile.scale.is_some_and(|scale| (scale - 1.0).abs() > f64::EPSILON)),
        ] {
            refuse(&whose, what, present)?;
        }
        let Some(end) = &shift.end else {
            return Err(FormatError::NotPlanned { whose: whose(), what: "an open end" });
        };
        let profile = profiles.iter().position(|profile| profile.name == kind.profile.matrix);
        let mut vehicle = Vehicle::at(
            kind.type_id.clone(),
            self.places.number(shift.start.location)?,
            self.window(shift.start.earliest.as_ref(), end.latest.as_ref())?,
        );
        vehicle.end = self.places.number(end.location)?;
        // A profile that nobody describes is refused with the number that it would have.
        vehicle.profile = profile.unwrap_or(profiles.len());
        vehicle.capacity = load(&kind.capacity)?;
        vehicle.skills = self.skills(kind.skills.as_deref().unwrap_or_default())?;
        vehicle.fixed_cost = whole("a fixed cost", kind.costs.fixed, COST_UNIT as f64)?;
        vehicle.cost_per_metre = whole("a cost of distance", kind.costs.distance, COST_UNIT as f64)?;
        vehicle.cost_per_ms = whole("a cost of time", kind.costs.time, COST_UNIT as f64 / 1_000.0)?;
        let longest = limits.and_then(|limits| limits.max_duration);
        vehicle.max_duration_ms = longest.map(|longest| whole("a longest duration", longest, 1_000.0)).transpose()?;
        let reloads = shift.reloads.as_deref().unwrap_or_default();
        for reload in reloads {
            let elsewhere = reload.location != shift.start.location;
            refuse(&whose, "a reload elsewhere than at the start", elsewhere)?;
            let tied = given(reload.times.as_ref()) || given(reload.resource_id.as_ref());
            refuse(&whose, "a reload with times or a resource", tied)?;
            let others = reloads.iter().any(|other| (other.duration - reload.duration).abs() > f64::EPSILON);
            refuse(&whose, "reloads that differ in length", others)?;
            vehicle.reload_ms = whole("a duration", reload.duration, 1_000.0)?;
        }
        vehicle.trips_max = 1 + reloads.len();
        Ok(vehicle)
    }

    fn window(&self, opens: Option<&String>, closes: Option<&String>) -> Result<Window, FormatError> {
        Ok(Window::new(instant(opens)? - self.origin_ms, instant(closes)? - self.origin_ms))
    }

    fn skills(&mut self, names: &[String]) -> Result<u64, FormatError> {
        let mut bits = 0;
        for name in names {
            let next = self.skills.len();
            let bit = *self.skills.entry(name.clone()).or_insert(next);
            if bit >= SKILLS_MAX {
                return Err(FormatError::TooLarge { what: "the number of skills" });
            }
            bits |= 1 << bit;
        }
        Ok(bits)
    }
}

/// The places of a file in the sequence in which it names them.
#[derive(Default)]
struct Places {
    points: Vec<Point>,
    /// Rows that the file names itself.
    rows: usize,
}

impl Places {
    fn number(&mut self, location: Location) -> Result<usize, FormatError> {
        match location {
            Location::Row { index } => {
                self.rows = self.rows.max(index.saturating_add(1));
                Ok(index)
            }
            Location::Degrees { lat, lng } => {
                let point =
                    Point::degrees(lat, lng).ok_or(FormatError::TooLarge { what: "a latitude or longitude" })?;
                if let Some(known) = self.points.iter().position(|&known| known == point) {
                    return Ok(known);
                }
                self.points.push(point);
                Ok(self.points.len() - 1)
            }
        }
    }

    fn matrices(&self, profiles: &[Profile], texts: &[String]) -> Result<Vec<Matrix>, FormatError> {
        if self.rows > 0 && !self.points.is_empty() {
            return Err(FormatError::NotPlanned { whose: String::new(), what: "places both by degrees and by index" });
        }
        let places = self.rows.max(self.points.len());
        if places > PLACES_MAX {
            return Err(ModelError::TooManyPlaces { places, most: PLACES_MAX }.into());
        }
        if texts.is_empty() {
            if self.rows > 0 {
                return Err(FormatError::Lacking { what: "a matrix for places that have an index" });
            }
            return profiles.iter().map(|profile| self.as_the_crow_flies(profile.speed.unwrap_or(SPEED))).collect();
        }
        let mut known = Vec::new();
        for text in texts {
            not_too_long(text)?;
            let matrix: MatrixText = serde_json::from_str(text).map_err(|error| json(&error))?;
            refuse(&String::new, "matrices by the hour", given(matrix.timestamp.as_ref()))?;
            known.push(matrix);
        }
        let of = |(number, profile): (usize, &Profile)| {
            let named = known.iter().find(|matrix| matrix.profile.as_ref() == Some(&profile.name));
            let matrix = named.or_else(|| known.get(number).filter(|matrix| matrix.profile.is_none()));
            matrix.ok_or(FormatError::Lacking { what: "the matrix of a profile" })?.matrix(number, places)
        };
        profiles.iter().enumerate().map(of).collect()
    }

    fn as_the_crow_flies(&self, metres_per_second: f64) -> Result<Matrix, FormatError> {
        if !(0.001..=1_000.0).contains(&metres_per_second) {
            return Err(FormatError::TooLarge { what: "a speed" });
        }
        let (mut ms, mut metres) = (Vec::new(), Vec::new());
        for from in &self.points {
            for to in &self.points {
                let way = from.metres_to(*to);
                metres.push(cell(way)?);
                ms.push(cell(way * 1_000.0 / metres_per_second)?);
            }
        }
        Ok(Matrix::new(self.points.len(), ms, metres)?)
    }
}

impl MatrixText {
    fn matrix(&self, profile: usize, places: usize) -> Result<Matrix, FormatError> {
        let cells = self.travel_times.len();
        let square = (1..=PLACES_MAX).find(|side| side * side >= cells).unwrap_or(PLACES_MAX);
        let codes = self.error_codes.as_deref();
        let short = cells != square * square || self.distances.len() != cells || square < places;
        if short || codes.is_some_and(|codes| codes.len() != cells) {
            return Err(ModelError::MatrixNotSquare { profile, places, cells }.into());
        }
        let (mut ms, mut metres) = (Vec::with_capacity(cells), Vec::with_capacity(cells));
        for (number, (seconds, way)) in self.travel_times.iter().zip(&self.distances).enumerate() {
            let without_road = codes.is_some_and(|codes| codes[number] != 0);
            ms.push(if without_road { UNREACHABLE } else { cell(*seconds as f64 * 1_000.0)? });
            metres.push(if without_road { UNREACHABLE } else { cell(*way as f64)? });
        }
        Ok(Matrix::new(square, ms, metres)?)
    }
}

/// Half of what fits at most, so that the sum of two legs still does.
fn cell(number: f64) -> Result<i32, FormatError> {
    if (0.0..f64::from(i32::MAX / 2)).contains(&number) {
        Ok(number.round() as i32)
    } else {
        Err(FormatError::TooLarge { what: "an arc" })
    }
}
