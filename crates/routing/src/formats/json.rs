//! Our own JSON: a [`Problem`] as it is written in [`crate::model`].

use super::{FormatError, not_too_long};
use crate::model::Problem;

/// Reads a problem and validates it.
pub fn read(text: &str) -> Result<Problem, FormatError> {
    not_too_long(text)?;
    let problem: Problem = serde_json::from_str(text).map_err(|error| FormatError::Json(error.to_string()))?;
    problem.validate()?;
    Ok(problem)
}
