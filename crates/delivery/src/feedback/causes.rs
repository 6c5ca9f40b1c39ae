//! What probably caused a complaint 原因: ranked by points, each with the evidence that a person can check. Pure.

use ::store::codes;
use kernel::DeciCelsius;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::rules::ComplaintKind;

codes! {
    /// Where in the chain the fault probably lies.
    CauseKind {
        /// The lot itself, and with it its supplier.
        Goods = "goods",
        /// The room in which it lay.
        Room = "room",
        /// Whoever picked it.
        Picking = "picking",
        /// The way to the door.
        Road = "road",
    }
}

/// One probable cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LikelyCause {
    pub cause: CauseKind,
    pub points: i64,
    /// What speaks for it, in figures.
    pub evidence: String,
}

/// What is known around a complaint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    pub kind: ComplaintKind,
    /// Other complaints of late about the same lots, picker and run.
    pub others_of_lots: i64,
    pub others_of_picker: i64,
    pub others_of_run: i64,
    /// Lots that have been stopped for a quality decision, before or since.
    pub stopped_lots: i64,
    /// What was measured at the door, and the most that the goods bear.
    pub door: Option<(DeciCelsius, DeciCelsius)>,
}

/// The probable causes, likeliest first. A kind of complaint points somewhere; facts weigh more than kinds.
pub fn rank(evidence: &Evidence) -> Vec<LikelyCause> {
    use ComplaintKind as K;
    let Evidence { kind, others_of_lots, others_of_picker, others_of_run, stopped_lots, door } = *evidence;
    let (goods, room, picking, road) = match kind {
        K::Freshness => (3, 1, 0, 1),
        K::Weight => (0, 0, 5, 0),
        K::Missing | K::Wrong => (0, 0, 5, 1),
        K::Damaged => (1, 0, 1, 4),
        K::Temperature => (0, 2, 0, 3),
    };
    let perishable = matches!(kind, K::Freshness | K::Temperature);
    let too_warm = door.filter(|(measured, limit)| measured > limit);
    let said = |count: i64, of: &str| format!("{count} more complaints about {of}");
    let mut causes = vec![
        LikelyCause {
            cause: CauseKind::Goods,
            points: goods + if goods > 0 { 3 * others_of_lots.min(5) } else { 0 },
            evidence: said(others_of_lots, "the lot"),
        },
        LikelyCause {
            cause: CauseKind::Room,
            points: room + if perishable { 4 * stopped_lots.min(2) } else { 0 },
            evidence: format!("{stopped_lots} lots stopped for a quality decision"),
        },
        LikelyCause {
            cause: CauseKind::Picking,
            points: picking + if picking > 0 { 2 * others_of_picker.min(5) } else { 0 },
            evidence: said(others_of_picker, "the picker"),
        },
        LikelyCause {
            cause: CauseKind::Road,
            points: road
                + if road > 0 { 2 * others_of_run.min(5) } else { 0 }
                + if perishable && too_warm.is_some() { 6 } else { 0 },
            evidence: match too_warm {
                Some((measured, limit)) => format!("{measured} at the door, {limit} at most"),
                None => said(others_of_run, "the run"),
            },
        },
    ];
    causes.retain(|cause| cause.points > 0);
    causes.sort_by_key(|cause| (std::cmp::Reverse(cause.points), cause.cause));
    causes
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Evidence = Evidence {
        kind: ComplaintKind::Freshness,
        others_of_lots: 0,
        others_of_picker: 0,
        others_of_run: 0,
        stopped_lots: 0,
        door: None,
    };

    fn first(evidence: Evidence) -> CauseKind {
        rank(&evidence)[0].cause
    }

    #[test]
    fn limp_spinach_is_the_lot_unless_it_was_warm_at_the_door() {
        assert_eq!(first(NOTHING), CauseKind::Goods);
        let warm = Some((DeciCelsius(121), DeciCelsius(70)));
        assert_eq!(first(Evidence { door: warm, ..NOTHING }), CauseKind::Road);
        assert_eq!(first(Evidence { door: warm, others_of_lots: 3, ..NOTHING }), CauseKind::Goods);
    }

    #[test]
    fn a_stopped_lot_speaks_for_its_room() {
        assert_eq!(first(Evidence { stopped_lots: 1, ..NOTHING }), CauseKind::Room);
    }

    #[test]
    fn what_is_missing_was_picked_wrong_and_what_is_broken_broke_on_the_way() {
        assert_eq!(first(Evidence { kind: ComplaintKind::Missing, ..NOTHING }), CauseKind::Picking);
        assert_eq!(first(Evidence { kind: ComplaintKind::Damaged, ..NOTHING }), CauseKind::Road);
    }
}
