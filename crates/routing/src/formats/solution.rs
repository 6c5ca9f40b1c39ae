//! Solutions as sequences: the JSON that `freshet route solve` writes and the `.sol` of the benchmark libraries.

use serde::{Deserialize, Serialize};

use super::{FormatError, not_too_long};
use crate::check::timetable;
use crate::model::{Plan, Problem, Reason, Relaxation, Unassigned};

/// An order that was left out, in the numbers of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    pub id: String,
    #[serde(flatten)]
    pub reason: Reason,
    pub relaxation: Relaxation,
}

/// Routes of node numbers as a benchmark writes them; 0 between two customers is a reload.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Solution {
    pub routes: Vec<Vec<usize>>,
    /// Which vehicle drives each route; without it route `k` is vehicle `k`'s.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub driven_by: Vec<usize>,
    #[serde(default)]
    pub vehicles: usize,
    /// In the unit of the instance.
    #[serde(default)]
    pub distance: f64,
    /// In the unit of the published costs.
    #[serde(default)]
    pub cost: f64,
    #[serde(default)]
    pub unassigned: Vec<LeftOut>,
}

/// How often a route may reload: ten times what a vehicle may, so that the checker can say so. Beyond that it is noise.
const REPEATS_MAX: usize = 1_000;

/// Reads a solution in either form.
pub fn read(text: &str) -> Result<Solution, FormatError> {
    not_too_long(text)?;
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text).map_err(|error| FormatError::Json(error.to_string()));
    }
    let mut solution = Solution::default();
    for (index, raw) in text.lines().enumerate() {
        let line = raw.trim();
        if let Some(route) = line.strip_prefix("Route #") {
            let (_, nodes) = route.split_once(':').ok_or_else(|| FormatError::Unexpected {
                line: index + 1,
                expected: "Route #k: nodes",
                found: line.chars().take(60).collect(),
            })?;
            let node = |word: &str| {
                word.parse()
                    .map_err(|_| FormatError::NotANumber { line: index + 1, found: word.chars().take(40).collect() })
            };
            solution.routes.push(nodes.split_whitespace().map(node).collect::<Result<_, _>>()?);
        } else if let Some(cost) = line.strip_prefix("Cost:") {
            solution.cost = super::decimal(index + 1, cost.trim())?;
        }
    }
    if solution.routes.is_empty() {
        return Err(FormatError::Missing { section: "Route" });
    }
    Ok(solution)
}

impl Solution {
    /// The plan that these sequences mean, with times; orders that no route names are unassigned.
    ///
    /// Node `depots + k` is order `k`. Numbers that name nothing are refused.
    pub fn plan(&self, problem: &Problem, depots: usize) -> Result<Plan, FormatError> {
        let mut plan = Plan::default();
        let mut named = vec![false; problem.orders.len()];
        for (position, nodes) in self.routes.iter().enumerate().filter(|(_, nodes)| !nodes.is_empty()) {
            let vehicle = self.driven_by.get(position).copied().unwrap_or(position);
            if vehicle >= problem.vehicles.len() {
                return Err(FormatError::TooLarge { what: "the number of a vehicle" });
            }
            if nodes.len() > 2 * (problem.orders.len() + REPEATS_MAX)
                || nodes.iter().filter(|&&node| node == 0).count() > REPEATS_MAX
            {
                return Err(FormatError::TooLarge { what: "a route" });
            }
            let mut trips = vec![Vec::new()];
            for &node in nodes {
                if node == 0 {
                    trips.push(Vec::new());
                    continue;
                }
                let order = node.checked_sub(depots).filter(|&order| order < problem.orders.len());
                let order = order.ok_or(FormatError::TooLarge { what: "the number of a customer" })?;
                named[order] = true;
                if let Some(trip) = trips.last_mut() {
                    trip.push(order);
                }
            }
            plan.routes.push(timetable(problem, vehicle, &trips));
        }
        let left_out = named.iter().enumerate().filter(|(_, named)| !**named);
        plan.unassigned = left_out
            .map(|(order, _)| Unassigned { order, reason: Reason::NoRoom, relaxation: Relaxation::None })
            .collect();
        Ok(plan)
    }

    /// A plan as sequences. Vehicles are named one by one only when they are not all alike.
    pub fn of(problem: &Problem, plan: &Plan, depots: usize) -> Self {
        let alike = problem.vehicles.windows(2).all(|pair| {
            let mut other = pair[1].clone();
            other.id.clone_from(&pair[0].id);
            pair[0] == other
        });
        let mut solution = Self { vehicles: plan.routes.len(), ..Self::default() };
        for route in &plan.routes {
            let mut nodes = Vec::new();
            for (number, trip) in route.trips.iter().enumerate() {
                if number > 0 {
                    nodes.push(0);
                }
                nodes.extend(trip.orders.iter().map(|order| order + depots));
            }
            solution.routes.push(nodes);
            if !alike {
                solution.driven_by.push(route.vehicle);
            }
        }
        let left_out = |left: &Unassigned| LeftOut {
            id: problem.orders[left.order].id.clone(),
            reason: left.reason.clone(),
            relaxation: left.relaxation.clone(),
        };
        solution.unassigned = plan.unassigned.iter().map(left_out).collect();
        solution
    }
}
