//! Keys, amounts and reasons of budgets. Pure.

use edge::{Problem, parse};
use kernel::{Date, Money, SiteId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::BudgetRefusal;

const REASON_MIN: usize = 5;
const REASON_MAX: usize = 300;

/// What a budget is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BudgetKey {
    pub site: SiteId,
    #[schema(min_length = 1, max_length = 40, pattern = "^[A-Za-z0-9._-]+$")]
    pub department: String,
    /// The category of the goods, as the catalogue spells it.
    #[schema(min_length = 1, max_length = 40)]
    pub category: String,
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub month: String,
}

/// A budget to be opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBudget {
    pub key: BudgetKey,
    #[schema(value_type = i64, minimum = 1, maximum = 1_000_000_000_000_i64)]
    pub amount: Money,
}

/// Why finance lets a claim pass that is above what is free.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    reason: String,
}

/// Amounts by stage; as a move, what each changes by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    pub requested: Money,
    pub committed: Money,
    pub actual: Money,
}

impl BudgetKey {
    /// The key of the month that a day lies in.
    pub fn of_day(site: SiteId, department: &str, category: &str, day: Date) -> Self {
        let month = format!("{:04}-{:02}", day.year(), day.month());
        Self { site, department: department.to_owned(), category: category.to_owned(), month }
    }
}

impl NewBudget {
    /// Checks the bounds of what came from outside.
    pub fn parse(mut self) -> Result<Self, Problem> {
        self.key.department = parse::code("key/department", &self.key.department, 40)?;
        self.key.category = parse::text("key/category", &self.key.category, 1, 40)?;
        Ok(self)
    }
}

impl Override {
    pub fn because(reason: &str) -> Result<Self, BudgetRefusal> {
        let reason = reason.trim();
        if (REASON_MIN..=REASON_MAX).contains(&reason.chars().count()) {
            Ok(Self { reason: reason.to_owned() })
        } else {
            Err(BudgetRefusal::ReasonMissing { min: REASON_MIN, max: REASON_MAX })
        }
    }

    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl Sums {
    pub const NONE: Self = Self { requested: Money::ZERO, committed: Money::ZERO, actual: Money::ZERO };
}

pub(super) fn check_new(new: &NewBudget) -> Result<(), BudgetRefusal> {
    positive(new.amount)?;
    let month = &new.key.month;
    let is_month = month.len() == 7 && format!("{month}-01").parse::<Date>().is_ok();
    if is_month { Ok(()) } else { Err(BudgetRefusal::NotAMonth { month: month.clone() }) }
}

pub(super) fn positive(amount: Money) -> Result<(), BudgetRefusal> {
    if amount > Money::ZERO && amount <= Money::MAX { Ok(()) } else { Err(BudgetRefusal::AmountOutOfRange { amount }) }
}
