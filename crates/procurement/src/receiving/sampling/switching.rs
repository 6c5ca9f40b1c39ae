//! Which table a supplier has earned (ISO 2859-1 §9.3): sharper after rejections, milder after a long good run,
//! and none at all when sharper sampling goes on rejecting.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Plan;

/// The table in force for one supplier, product and class of fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SamplingSeverity)]
pub enum Severity {
    #[default]
    Normal,
    Tightened,
    Reduced,
    /// Sampling is discontinued: the supplier is blocked until it has corrected its ways.
    Stopped,
}

impl Severity {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Tightened => "tightened",
            Self::Reduced => "reduced",
            Self::Stopped => "stopped",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Normal, Self::Tightened, Self::Reduced, Self::Stopped].into_iter().find(|known| known.code() == code)
    }
}

/// What the switching rules remember between loads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = SamplingHistory)]
pub struct History {
    pub severity: Severity,
    /// Grows with every load that would have passed a stricter plan; at 30 reduced sampling may begin.
    pub score: i64,
    /// Verdicts of the latest original loads under normal sampling, newest last, at most four.
    pub recent: Vec<LotResult>,
    /// Loads accepted in a row under tightened sampling.
    pub accepted_in_a_row: i64,
    /// Loads rejected in this spell of tightened sampling.
    pub rejected_in_spell: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SampledLoad)]
pub enum LotResult {
    Accepted,
    Rejected,
}

/// What people must have confirmed before sampling may be reduced, or stay so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SamplingConditions)]
pub enum Conditions {
    /// Production is steady and the responsible authority agrees to reduced sampling.
    SteadyAndApproved,
    /// One of the two is missing.
    NotConfirmed,
}

impl Conditions {
    pub const fn code(self) -> &'static str {
        match self {
            Self::SteadyAndApproved => "steady_and_approved",
            Self::NotConfirmed => "not_confirmed",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        [Self::SteadyAndApproved, Self::NotConfirmed].into_iter().find(|known| known.code() == code)
    }
}

const SCORE_FOR_REDUCED: i64 = 30;
/// Two rejections within this many consecutive loads tighten the sampling.
const CONSECUTIVE_LOADS: usize = 5;
const REJECTIONS_TO_TIGHTEN: usize = 2;
const ACCEPTANCES_TO_LOOSEN: i64 = 5;
const REJECTIONS_TO_STOP: i64 = 5;

impl History {
    /// The history after one more original load; loads presented again after a rejection do not count.
    ///
    /// `stricter` is the plan of the next tighter column at the same letter in the normal table, if there is one.
    #[must_use]
    pub fn after(mut self, plan: Plan, stricter: Option<Plan>, faulty: i64, conditions: Conditions) -> Self {
        let result = if plan.accepts(faulty) { LotResult::Accepted } else { LotResult::Rejected };
        match self.severity {
            Severity::Normal => self.after_normal(result, plan, stricter, faulty, conditions),
            Severity::Tightened => self.after_tightened(result),
            Severity::Reduced => {
                if result == LotResult::Rejected || conditions == Conditions::NotConfirmed {
                    self = Self::default();
                }
                self
            }
            Severity::Stopped => self,
        }
    }

    fn after_normal(
        mut self,
        result: LotResult,
        plan: Plan,
        stricter: Option<Plan>,
        faulty: i64,
        conditions: Conditions,
    ) -> Self {
        self.score = match result {
            LotResult::Accepted if plan.accept < 2 => self.score + 2,
            LotResult::Accepted if stricter.is_some_and(|stricter| stricter.accepts(faulty)) => self.score + 3,
            LotResult::Accepted | LotResult::Rejected => 0,
        };
        self.recent.push(result);
        let rejections = self.recent.iter().filter(|result| **result == LotResult::Rejected).count();
        if rejections >= REJECTIONS_TO_TIGHTEN {
            return Self { severity: Severity::Tightened, ..Self::default() };
        }
        if self.recent.len() >= CONSECUTIVE_LOADS {
            self.recent.remove(0);
        }
        if self.score >= SCORE_FOR_REDUCED && conditions == Conditions::SteadyAndApproved {
            self.severity = Severity::Reduced;
        }
        self
    }

    fn after_tightened(mut self, result: LotResult) -> Self {
        match result {
            LotResult::Accepted => {
                self.accepted_in_a_row += 1;
                if self.accepted_in_a_row >= ACCEPTANCES_TO_LOOSEN { Self::default() } else { self }
            }
            LotResult::Rejected => {
                self.accepted_in_a_row = 0;
                self.rejected_in_spell += 1;
                if self.rejected_in_spell >= REJECTIONS_TO_STOP {
                    self.severity = Severity::Stopped;
                }
                self
            }
        }
    }

    /// The supplier has corrected its ways: sampling begins again, tightened.
    #[must_use]
    pub fn resumed(self) -> Self {
        match self.severity {
            Severity::Stopped => Self { severity: Severity::Tightened, ..Self::default() },
            Severity::Normal | Severity::Tightened | Severity::Reduced => self,
        }
    }
}
