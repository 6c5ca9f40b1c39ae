//! A series of equally long steps: what was sold in each, and whether there was enough to sell.

use crate::Shelf;

/// What is known of one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observation {
    /// What was sold; none where nobody wrote it down or the product was not in the range.
    pub sold: Option<f64>,
    pub shelf: Shelf,
}

/// One product at one place, without gaps: a step that nobody wrote down is there, and unknown.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    pub key: String,
    /// What kind of goods it is; all of one kind speak for those of it that are new.
    pub category: String,
    /// The first step: days since a Monday (1970-01-05) for days, the number as written for other steps.
    pub first: i64,
    pub steps: Vec<Observation>,
    /// What else is known of every step and of steps ahead, by name: weather, prices, holidays. As long as `steps` plus
    /// what is known ahead; unknown values count as usual ones.
    pub regressors: Vec<Vec<Option<f64>>>,
}

impl Series {
    /// A series of which everything is known and nothing ran out.
    ///
    /// ```
    /// let eggs = forecast::Series::of("eggs", 0, &[12.0, 9.0, 14.0]);
    /// assert_eq!(eggs.known().len(), 3);
    /// ```
    pub fn of(key: &str, first: i64, sold: &[f64]) -> Self {
        let steps = sold.iter().map(|sold| Observation { sold: Some(*sold), shelf: Shelf::Stocked }).collect();
        Self { key: key.to_owned(), category: String::new(), first, steps, regressors: Vec::new() }
    }

    /// What was sold in the steps of which that is known.
    pub fn known(&self) -> Vec<f64> {
        self.steps.iter().filter_map(|step| step.sold).collect()
    }

    /// The same series as it was known at the beginning of step `at`. What is known ahead stays.
    #[must_use]
    pub fn before(&self, at: usize) -> Self {
        let steps = self.steps.iter().take(at).copied().collect();
        Self {
            steps,
            key: self.key.clone(),
            category: self.category.clone(),
            first: self.first,
            regressors: self.regressors.clone(),
        }
    }
}
