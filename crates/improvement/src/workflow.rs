//! The numbers of the workflow's steps, which everything here is filed under.

use edge::Problem;

/// Every step, as its document numbers it.
const STEPS: [&str; 22] = [
    "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "2.1", "2.2", "2.3", "2.4", "3.1", "3.2", "3.3", "3.4", "3.5", "4.1",
    "4.2", "4.3", "4.4", "4.5", "5", "6",
];

/// A step of the workflow, or a refusal that names the field.
pub(crate) fn step(field: &str, code: &str) -> Result<String, Problem> {
    if STEPS.contains(&code) {
        Ok(code.to_owned())
    } else {
        Err(Problem::invalid(field, format!("{code:?} is no step of the workflow: 1.1 to 4.5, 5 or 6")))
    }
}
