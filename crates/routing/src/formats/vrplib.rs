//! The VRPLIB dialect of the richer benchmarks: several depots, several trips with release times, prizes, mixed fleets.
//!
//! Read are the sections that those instances have; an unknown section or a value that we would silently ignore is
//! refused. Nodes are numbered from 1 in the file and from 0 in solutions, depots first.

use std::collections::BTreeMap;

use super::{FormatError, Rounding, decimal, not_too_long};
use crate::model::{ModelError, Order, Problem, Vehicle, Window};

/// A problem with what is needed to speak about it in the words of its file.
#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    pub name: String,
    pub kind: String,
    pub problem: Problem,
    /// Nodes that are depots; order `k` is node `k + depots`.
    pub depots: usize,
    /// Units of cost per unit of the published cost.
    pub cost_unit: i64,
}

/// Sections with rows that we read, and how many numbers a row has.
const SECTIONS: [(&str, usize); 11] = [
    ("NODE_COORD_SECTION", 3),
    ("DEMAND_SECTION", 2),
    ("TIME_WINDOW_SECTION", 3),
    ("SERVICE_TIME_SECTION", 2),
    ("RELEASE_TIME_SECTION", 2),
    ("PRIZE_SECTION", 2),
    ("CAPACITY_SECTION", 2),
    ("VEHICLES_FIXED_COST_SECTION", 2),
    ("VEHICLES_UNIT_DISTANCE_COST_SECTION", 2),
    ("VEHICLES_DEPOT_SECTION", 2),
    ("VEHICLES_RELOAD_DEPOT_SECTION", 2),
];
const HEADS: [&str; 9] = [
    "NAME",
    "COMMENT",
    "TYPE",
    "DIMENSION",
    "VEHICLES",
    "CAPACITY",
    "SERVICE_TIME",
    "EDGE_WEIGHT_TYPE",
    "VEHICLES_MAX_DURATION",
];
/// Vehicles of one file at most.
const VEHICLES_MAX: usize = 10_000;

struct Sheet<'a> {
    heads: BTreeMap<&'static str, (usize, &'a str)>,
    rows: BTreeMap<&'static str, Vec<(usize, Vec<f64>)>>,
    depots: Vec<usize>,
}

/// Reads an instance. The unit of its numbers follows from its type: `MDVRPTW` thousandths rounded to the nearest,
/// `HFVRP` ten-thousandths, all others tenths truncated.
pub fn read(text: &str) -> Result<Instance, FormatError> {
    not_too_long(text)?;
    let sheet = Sheet::read(text)?;
    let kind = sheet.text("TYPE")?;
    let rounding = match kind {
        "MDVRPTW" => Rounding::Nearest { factor: 1_000 },
        "HFVRP" => Rounding::Nearest { factor: 10_000 },
        _ => Rounding::Truncated { factor: 10 },
    };
    let factor = rounding.factor();
    match sheet.heads.get("EDGE_WEIGHT_TYPE") {
        Some((_, "EUC_2D")) => {}
        Some((line, found)) => return Err(unexpected(*line, "EUC_2D", found)),
        None => return Err(FormatError::Missing { section: "EDGE_WEIGHT_TYPE" }),
    }
    let nodes = sheet.count("DIMENSION")?;
    let vehicles = sheet.count("VEHICLES")?;
    if nodes > crate::model::PLACES_MAX {
        return Err(ModelError::TooManyPlaces { places: nodes, most: crate::model::PLACES_MAX }.into());
    }
    if vehicles > VEHICLES_MAX {
        return Err(FormatError::TooLarge { what: "the fleet" });
    }
    let depots = sheet.depots.len();
    if depots == 0 || depots >= nodes || sheet.depots.iter().enumerate().any(|(index, &node)| node != index + 1) {
        return Err(FormatError::Missing { section: "DEPOT_SECTION" });
    }

    let points: Vec<(f64, f64)> = sheet
        .table("NODE_COORD_SECTION", nodes)?
        .ok_or(FormatError::Missing { section: "NODE_COORD_SECTION" })?
        .into_iter()
        .map(|row| (row[0], row[1]))
        .collect();
    let column = |section, rows| -> Result<Option<Vec<f64>>, FormatError> {
        Ok(sheet.table(section, rows)?.map(|rows| rows.into_iter().map(|row| row[0]).collect()))
    };
    let whole = |number: f64| (number * factor as f64).round() as i64;
    let demands = column("DEMAND_SECTION", nodes)?;
    let windows = sheet.table("TIME_WINDOW_SECTION", nodes)?;
    let services = column("SERVICE_TIME_SECTION", nodes)?;
    let service = sheet.heads.get("SERVICE_TIME").map(|(line, word)| decimal(*line, word)).transpose()?;
    let releases = column("RELEASE_TIME_SECTION", nodes)?;
    let prizes = column("PRIZE_SECTION", nodes)?;
    let window = |node: usize| windows.as_ref().map(|rows| Window::new(whole(rows[node][0]), whole(rows[node][1])));
    let orders = (depots..nodes).map(|node| Order {
        windows: window(node).into_iter().collect(),
        service_ms: services.as_ref().map_or_else(|| whole(service.unwrap_or(0.0)), |rows| whole(rows[node])),
        release_ms: releases.as_ref().map(|rows| whole(rows[node])),
        prize: prizes.as_ref().map(|rows| whole(rows[node])),
        ..Order::at(node.to_string(), node).weighing(demands.as_ref().map_or(0, |rows| rows[node] as i64))
    });
    let orders: Vec<Order> = orders.collect();

    let shared_capacity = sheet.heads.get("CAPACITY").map(|(line, word)| decimal(*line, word)).transpose()?;
    let capacities = column("CAPACITY_SECTION", vehicles)?;
    let fixed = column("VEHICLES_FIXED_COST_SECTION", vehicles)?;
    let per_unit = column("VEHICLES_UNIT_DISTANCE_COST_SECTION", vehicles)?;
    let homes = column("VEHICLES_DEPOT_SECTION", vehicles)?;
    let reloads = column("VEHICLES_RELOAD_DEPOT_SECTION", vehicles)?;
    let longest = sheet.heads.get("VEHICLES_MAX_DURATION").map(|(line, word)| decimal(*line, word)).transpose()?;
    // Without windows time does not matter, and the day is as long as numbers are.
    let always = Window::new(0, crate::model::NUMBER_MAX);
    let mut fleet = Vec::with_capacity(vehicles);
    for number in 0..vehicles {
        let home = homes.as_ref().map_or(1.0, |rows| rows[number]);
        if !(1.0..=depots as f64).contains(&home) {
            return Err(FormatError::TooLarge { what: "the number of a depot" });
        }
        let home = home as usize - 1;
        if reloads.as_ref().is_some_and(|rows| rows[number] as usize != home + 1) {
            return Err(FormatError::TooLarge { what: "a reload depot that is not the vehicle's own" });
        }
        let mut vehicle = Vehicle::at((number + 1).to_string(), home, window(home).unwrap_or(always));
        if let Some(capacity) = capacities.as_ref().map(|rows| rows[number]).or(shared_capacity) {
            vehicle.capacity[0] = capacity as i64;
        }
        vehicle.fixed_cost = fixed.as_ref().map_or(0, |rows| whole(rows[number]));
        vehicle.cost_per_metre = per_unit.as_ref().map_or(1, |rows| rows[number] as i64);
        vehicle.max_duration_ms = longest.map(whole);
        vehicle.trips_max = if reloads.is_some() { orders.len().clamp(1, 100) } else { 1 };
        fleet.push(vehicle);
    }
    let problem = Problem { matrices: vec![rounding.matrix(&points)?], orders, vehicles: fleet, balance: None };
    problem.validate()?;
    // The mixed-fleet costs are published as a hundredth of what the file's own numbers add up to.
    let cost_unit = if kind == "HFVRP" { factor * 100 } else { 1 };
    let name = sheet.text("NAME")?.to_owned();
    Ok(Instance { name, kind: kind.to_owned(), problem, depots, cost_unit })
}

impl<'a> Sheet<'a> {
    fn read(text: &'a str) -> Result<Self, FormatError> {
        let mut sheet = Self { heads: BTreeMap::new(), rows: BTreeMap::new(), depots: Vec::new() };
        let mut section: Option<(&'static str, usize)> = None;
        let mut in_depots = false;
        for (index, raw) in text.lines().enumerate() {
            let (line, words) = (index + 1, raw.trim());
            if words.is_empty() {
                continue;
            }
            if words == "EOF" {
                break;
            }
            if words.starts_with(|c: char| c.is_ascii_alphabetic()) {
                let name = words.split([':', ' ', '\t']).next().unwrap_or_default();
                in_depots = name == "DEPOT_SECTION";
                section = SECTIONS.into_iter().find(|(known, _)| *known == name);
                if let Some((known, _)) = section {
                    if sheet.rows.insert(known, Vec::new()).is_some() {
                        return Err(unexpected(line, "every section once", name));
                    }
                } else if let Some(head) = HEADS.into_iter().find(|known| *known == name) {
                    let value = words.split_once(':').map_or("", |(_, value)| value.trim());
                    sheet.heads.insert(head, (line, value));
                } else if !in_depots {
                    return Err(unexpected(line, "a section that we read", name));
                }
                continue;
            }
            let numbers = words.split_whitespace().map(|word| decimal(line, word)).collect::<Result<Vec<_>, _>>()?;
            match section {
                Some((known, width)) if numbers.len() == width => {
                    if let Some(rows) = sheet.rows.get_mut(known) {
                        rows.push((line, numbers));
                    }
                }
                None if in_depots && numbers.len() == 1 => {
                    if numbers[0] >= 1.0 {
                        sheet.depots.push(numbers[0] as usize);
                    }
                }
                Some(_) | None => return Err(unexpected(line, "a row of its section", words)),
            }
        }
        Ok(sheet)
    }

    fn text(&self, head: &'static str) -> Result<&'a str, FormatError> {
        self.heads.get(head).map(|(_, value)| *value).ok_or(FormatError::Missing { section: head })
    }

    fn count(&self, head: &'static str) -> Result<usize, FormatError> {
        let (line, word) = *self.heads.get(head).ok_or(FormatError::Missing { section: head })?;
        match word.parse() {
            Ok(0) | Err(_) => Err(FormatError::NotANumber { line, found: word.chars().take(40).collect() }),
            Ok(count) => Ok(count),
        }
    }

    /// The rows of a section without their numbers, which must run from 1.
    fn table(&self, section: &'static str, expected: usize) -> Result<Option<Vec<&[f64]>>, FormatError> {
        let Some(rows) = self.rows.get(section) else {
            return Ok(None);
        };
        if rows.len() != expected {
            return Err(FormatError::Incomplete { section, found: rows.len(), expected });
        }
        let mut table = Vec::with_capacity(expected);
        for (index, (line, row)) in rows.iter().enumerate() {
            if row[0] as usize != index + 1 {
                return Err(unexpected(*line, "rows numbered from 1", &row[0].to_string()));
            }
            table.push(&row[1..]);
        }
        Ok(Some(table))
    }
}

fn unexpected(line: usize, expected: &'static str, found: &str) -> FormatError {
    FormatError::Unexpected { line, expected, found: found.chars().take(60).collect() }
}
