//! From what happened to a grade. Pure.

use edge::{Problem, parse};
use kernel::{Actor, Date, Id, Instant, ScorecardId, SupplierId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::dates;

/// One set of weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct WeightsId(Uuid);

impl Id for WeightsId {
    const NOUN: &'static str = "scorecard_weights";

    fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    fn uuid(self) -> Uuid {
        self.0
    }
}

impl std::fmt::Display for WeightsId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

store::ids!(WeightsId);

codes! {
    /// What a supplier is judged by.
    ScorePart {
        /// What was accepted of what came.
        Quality = "quality",
        /// On its day, and in full.
        Delivery = "delivery",
        /// Against the market of the day.
        Price = "price",
        /// Trucks that were announced.
        Service = "service",
        /// Nothing that could make people ill.
        Safety = "safety",
    }
}

codes! {
    Grade {
        A = "a",
        B = "b",
        C = "c",
        /// May not be ordered from.
        D = "d",
    }
}

/// What each part counts, in hundredths of a percent; together the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ScorecardShares)]
pub struct Shares {
    #[schema(minimum = 0, maximum = 10_000)]
    pub quality_bp: i64,
    #[schema(minimum = 0, maximum = 10_000)]
    pub delivery_bp: i64,
    #[schema(minimum = 0, maximum = 10_000)]
    pub price_bp: i64,
    #[schema(minimum = 0, maximum = 10_000)]
    pub service_bp: i64,
    #[schema(minimum = 0, maximum = 10_000)]
    pub safety_bp: i64,
}

impl Shares {
    pub(super) const fn of(&self, part: ScorePart) -> i64 {
        match part {
            ScorePart::Quality => self.quality_bp,
            ScorePart::Delivery => self.delivery_bp,
            ScorePart::Price => self.price_bp,
            ScorePart::Service => self.service_bp,
            ScorePart::Safety => self.safety_bp,
        }
    }
}

/// Weights as they are set.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWeights {
    pub shares: Shares,
    #[schema(value_type = String, format = Date)]
    pub valid_from: Date,
}

impl NewWeights {
    pub fn parse(self) -> Result<Self, Problem> {
        dates::plausible("valid_from", self.valid_from)?;
        let mut sum = 0;
        for part in ScorePart::ALL {
            sum += parse::within(&format!("shares/{part}_bp"), self.shares.of(*part), 0, 10_000)?;
        }
        if sum == 10_000 { Ok(self) } else { Err(Problem::invalid("shares", format!("{sum} where 10000 belong"))) }
    }
}

/// Weights, and from when on they count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScorecardWeights {
    pub id: WeightsId,
    pub shares: Shares,
    #[schema(value_type = String, format = Date)]
    pub valid_from: Date,
    #[schema(value_type = Option<String>, format = Date)]
    pub valid_until: Option<Date>,
    pub set_by: Actor,
    pub set_at: Instant,
}

/// A part of a scorecard: its points in hundredths of a hundred, and what they were computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Score {
    pub part: ScorePart,
    /// None where nothing happened that could be judged; its weight is shared by the others.
    pub points_bp: Option<i64>,
    pub weight_bp: i64,
    /// What was good, of how much: see the part.
    pub good: i64,
    pub of: i64,
}

/// How a supplier did in a period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Scorecard {
    pub id: ScorecardId,
    pub supplier: SupplierId,
    #[schema(value_type = String, format = Date)]
    pub period_from: Date,
    #[schema(value_type = String, format = Date)]
    pub period_until: Date,
    pub scores: Vec<Score>,
    /// How often the facts forbade to take goods at all: one is enough to fail.
    pub critical_failures: i64,
    /// In hundredths of a hundred.
    pub total_bp: i64,
    pub grade: Grade,
    pub weights: WeightsId,
    pub computed_by: Actor,
    pub computed_at: Instant,
}

/// A period as it is asked for.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewScorecard {
    #[schema(value_type = String, format = Date)]
    pub period_from: Date,
    #[schema(value_type = String, format = Date)]
    pub period_until: Date,
}

impl NewScorecard {
    pub fn parse(self) -> Result<Self, Problem> {
        dates::plausible("period_from", self.period_from)?;
        dates::plausible("period_until", self.period_until)?;
        if self.period_until < self.period_from {
            return Err(Problem::invalid("period_until", "a period ends after it begins"));
        }
        Ok(self)
    }
}

/// Facts of a period: what was good, of how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fact {
    pub(super) part: ScorePart,
    pub(super) good: i64,
    pub(super) of: i64,
}

/// A critical failure of food safety caps everything else.
const CAPPED_BP: i64 = 5_900;

/// Weighs the facts. Parts without facts leave their weight to the others; without any fact there is nothing to say.
pub(super) fn weigh(facts: &[Fact], shares: &Shares, critical_failures: i64) -> Option<(Vec<Score>, i64, Grade)> {
    let scores: Vec<Score> = facts
        .iter()
        .map(|fact| Score {
            part: fact.part,
            points_bp: (fact.of > 0).then(|| (fact.good * 10_000 + fact.of / 2) / fact.of),
            weight_bp: shares.of(fact.part),
            good: fact.good,
            of: fact.of,
        })
        .collect();
    let judged = scores.iter().filter_map(|score| Some((score.points_bp?, score.weight_bp)));
    let (sum, weights) =
        judged.fold((0, 0), |(sum, weights), (points, weight)| (sum + points * weight, weights + weight));
    if weights == 0 {
        return None;
    }
    let total = (sum + weights / 2) / weights;
    let total = if critical_failures > 0 { total.min(CAPPED_BP) } else { total };
    Some((scores, total, grade(total)))
}

pub(super) const fn grade(total_bp: i64) -> Grade {
    match total_bp {
        9_000.. => Grade::A,
        7_500.. => Grade::B,
        6_000.. => Grade::C,
        _ => Grade::D,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARES: Shares =
        Shares { quality_bp: 3_500, delivery_bp: 3_000, price_bp: 1_500, service_bp: 1_000, safety_bp: 1_000 };

    fn facts(points: [i64; 5]) -> Vec<Fact> {
        ScorePart::ALL.iter().zip(points).map(|(part, good)| Fact { part: *part, good, of: 100 }).collect()
    }

    #[test]
    fn the_vector_of_the_trade() {
        let (_, total, grade) = weigh(&facts([92, 88, 75, 90, 100]), &SHARES, 0).unwrap();
        assert_eq!((total, grade), (8_885, Grade::B));
    }

    #[test]
    fn one_critical_failure_fails_the_best() {
        let (_, total, grade) = weigh(&facts([100; 5]), &SHARES, 1).unwrap();
        assert_eq!((total, grade), (5_900, Grade::D));
        let (_, total, _) = weigh(&facts([20; 5]), &SHARES, 1).unwrap();
        assert_eq!(total, 2_000);
    }

    #[test]
    fn grades_begin_where_they_begin() {
        assert_eq!(
            [9_000, 8_999, 7_500, 7_499, 6_000, 5_999].map(grade),
            [Grade::A, Grade::B, Grade::B, Grade::C, Grade::C, Grade::D]
        );
    }

    #[test]
    fn what_nobody_could_judge_leaves_its_weight_to_the_others() {
        let mut known = facts([90, 90, 0, 90, 90]);
        known[2].of = 0;
        let (scores, total, _) = weigh(&known, &SHARES, 0).unwrap();
        assert_eq!((scores[2].points_bp, total), (None, 9_000));
        assert!(weigh(&[], &SHARES, 0).is_none());
    }
}
