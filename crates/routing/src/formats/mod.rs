//! Texts that problems and solutions come in: [`solomon`], [`vrplib`], the JSON of others ([`pragmatic`]), our own
//! ([`json`]), and [`solution`].
//!
//! Every parser refuses by name what it does not understand, and none reads more than [`TEXT_MAX`] bytes.

pub mod json;
pub mod pragmatic;
pub mod solomon;
pub mod solution;
pub mod vrplib;

use crate::model::{Matrix, ModelError, PLACES_MAX};

/// Bytes of a text at most: a megabyte is a generous thousand customers.
pub const TEXT_MAX: usize = 64 << 20;

/// Why a text is no problem and no solution.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    #[error("the text has {bytes} bytes, at most {most} are read")]
    TooLong { bytes: usize, most: usize },
    #[error("line {line}: expected {expected}, found {found:?}")]
    Unexpected { line: usize, expected: &'static str, found: String },
    #[error("line {line}: {found:?} is not a number that we can use")]
    NotANumber { line: usize, found: String },
    #[error("section {section} is missing")]
    Missing { section: &'static str },
    #[error("{what} is missing")]
    Lacking { what: &'static str },
    #[error("section {section} has {found} rows, {expected} were announced")]
    Incomplete { section: &'static str, found: usize, expected: usize },
    #[error("{what} is too large or too far away for exact arithmetic")]
    TooLarge { what: &'static str },
    #[error("{found:?} is not a time as RFC 3339 writes it")]
    NotATime { found: String },
    #[error("{}{what}: this is not planned here", if whose.is_empty() { String::new() } else { format!("{whose}: ") })]
    NotPlanned { whose: String, what: &'static str },
    #[error("this is not the JSON that we read: {0}")]
    Json(String),
    #[error(transparent)]
    Model(#[from] ModelError),
}

/// How the arcs of a benchmark become whole numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rounding {
    /// Arcs truncated to one decimal; the unit is a tenth.
    #[default]
    Dimacs,
    /// Double precision as near as whole numbers come: the unit is a ten-thousandth, and travel times are rounded up,
    /// so that what is in time here is in time there.
    Exact,
    /// Arcs times a factor, truncated.
    Truncated { factor: u32 },
    /// Arcs times a factor, rounded to the nearest.
    Nearest { factor: u32 },
}

impl Rounding {
    /// Units of the problem per unit of the file.
    pub fn factor(self) -> i64 {
        match self {
            Self::Dimacs => 10,
            Self::Exact => 10_000,
            Self::Truncated { factor } | Self::Nearest { factor } => i64::from(factor),
        }
    }

    /// The matrix of points in a plane.
    fn matrix(self, points: &[(f64, f64)]) -> Result<Matrix, FormatError> {
        if points.len() > PLACES_MAX {
            return Err(ModelError::TooManyPlaces { places: points.len(), most: PLACES_MAX }.into());
        }
        let factor = self.factor() as f64;
        let cells = points.len() * points.len();
        let (mut ms, mut metres) = (Vec::with_capacity(cells), Vec::with_capacity(cells));
        for from in points {
            for to in points {
                let arc = euclid(*from, *to) * factor;
                let (time, way) = match self {
                    Self::Dimacs | Self::Truncated { .. } => (arc.floor(), arc.floor()),
                    Self::Nearest { .. } => (arc.round(), arc.round()),
                    Self::Exact => (arc.ceil(), arc.round()),
                };
                // Half of what fits, so that the sum of two legs still does.
                if !(0.0..f64::from(i32::MAX / 2)).contains(&time) {
                    return Err(FormatError::TooLarge { what: "an arc" });
                }
                ms.push(time as i32);
                metres.push(way as i32);
            }
        }
        Ok(Matrix::new(points.len(), ms, metres)?)
    }
}

fn euclid(a: (f64, f64), b: (f64, f64)) -> f64 {
    let (dx, dy) = (a.0 - b.0, a.1 - b.1);
    (dx * dx + dy * dy).sqrt()
}

fn not_too_long(text: &str) -> Result<(), FormatError> {
    if text.len() > TEXT_MAX {
        return Err(FormatError::TooLong { bytes: text.len(), most: TEXT_MAX });
    }
    Ok(())
}

/// A decimal number of a benchmark file: finite and of a size that exact arithmetic bears.
fn decimal(line: usize, word: &str) -> Result<f64, FormatError> {
    let wrong = || FormatError::NotANumber { line, found: word.chars().take(40).collect() };
    let number: f64 = word.parse().map_err(|_| wrong())?;
    if number.is_finite() && number.abs() < 1e9 { Ok(number) } else { Err(wrong()) }
}
