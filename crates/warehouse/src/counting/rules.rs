//! What a count says against the book, who must look again, and who may sign. Pure.

use ::store::codes;
use accounts::WasteCause;
use kernel::{Actor, Currency, Instant, LotId, Measure, Money, PlaceId, Quantity, SiteId, SkuId};
use ledger::WasteReason;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::CountingRefusal;

codes! {
    CountSheetState {
        Open = "open",
        Closed = "closed",
    }
    CountLineState {
        /// Nobody has counted it yet.
        Open = "open",
        /// Count and book say the same.
        Agreed = "agreed",
        /// Another person counts it again.
        Recount = "recount",
        /// Count and book differ; an adjustment is proposed.
        Differs = "differs",
    }
    AdjustmentState {
        Proposed = "proposed",
        Posted = "posted",
        Rejected = "rejected",
    }
    WriteOffState {
        Proposed = "proposed",
        /// On the scale; a witness has still to sign.
        Weighed = "weighed",
        Disposed = "disposed",
        Withdrawn = "withdrawn",
    }
    /// What an approver holds to be the cause of a difference.
    AdjustmentReason {
        /// 腐壞
        Spoilage = "spoilage",
        /// 過期
        Expiry = "expiry",
        /// 破損
        Damage = "damage",
        /// 失竊
        Theft = "theft",
        /// Drip and drying 自然損耗.
        NaturalLoss = "natural_loss",
        /// Nobody knows: goods are missing, or more is there than the book has.
        Count = "count",
    }
    /// Why goods are thrown away.
    DisposalReason {
        Spoilage = "spoilage",
        Expiry = "expiry",
        Damage = "damage",
        Theft = "theft",
        /// Too warm for too long 失溫.
        Temperature = "temperature",
        Recall = "recall",
    }
}

impl AdjustmentReason {
    pub const fn in_the_ledger(self) -> WasteReason {
        match self {
            Self::Spoilage => WasteReason::Spoilage,
            Self::Expiry => WasteReason::Expiry,
            Self::Damage => WasteReason::Damage,
            Self::Theft => WasteReason::Theft,
            Self::NaturalLoss => WasteReason::NaturalLoss,
            Self::Count => WasteReason::Count,
        }
    }

    pub const fn in_the_books(self) -> WasteCause {
        match self {
            Self::Spoilage | Self::NaturalLoss => WasteCause::Spoilage,
            Self::Expiry => WasteCause::Expiry,
            Self::Damage => WasteCause::Damage,
            Self::Theft => WasteCause::Theft,
            Self::Count => WasteCause::Unexplained,
        }
    }
}

impl DisposalReason {
    pub const fn in_the_ledger(self) -> WasteReason {
        match self {
            Self::Spoilage => WasteReason::Spoilage,
            Self::Expiry => WasteReason::Expiry,
            Self::Damage => WasteReason::Damage,
            Self::Theft => WasteReason::Theft,
            Self::Temperature => WasteReason::Temperature,
            Self::Recall => WasteReason::Recall,
        }
    }

    pub const fn in_the_books(self) -> WasteCause {
        match self {
            Self::Spoilage => WasteCause::Spoilage,
            Self::Expiry => WasteCause::Expiry,
            Self::Damage => WasteCause::Damage,
            Self::Theft => WasteCause::Theft,
            Self::Temperature => WasteCause::ColdChain,
            Self::Recall => WasteCause::Recall,
        }
    }
}

/// How far a count may stray, and what a lead may sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountRules {
    /// A weight may differ by this share of the book without a second look …
    pub tolerance_bp: i64,
    /// … and by as much as two scales differ.
    pub tolerance_grams: i64,
    /// What is worth more is signed by finance.
    pub lead_limit: Money,
}

impl CountRules {
    /// The rules of the house: one percent, fifty grams, and a good lunch.
    pub const fn house(currency: Currency) -> Self {
        let lead_limit = match currency {
            Currency::Twd => Money(1_000),
            Currency::Cny => Money(20_000),
        };
        Self { tolerance_bp: 100, tolerance_grams: 50, lead_limit }
    }

    /// How much the weight of so much may differ.
    fn slack(self, book: Quantity) -> i64 {
        (book.grams_or_zero().saturating_mul(self.tolerance_bp) / 10_000).max(self.tolerance_grams)
    }
}

/// What somebody counted, and what the book held at that instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    pub counted: Quantity,
    pub book: Quantity,
    pub at: Instant,
    pub by: Actor,
}

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    Agreed,
    Recount,
    /// Counted less booked.
    Differs(Quantity),
}

impl Count {
    /// Counted less booked, in the dimensions that goods of this measure are kept in.
    pub fn variance(&self, measure: Measure) -> Quantity {
        let pieces = self.counted.pieces_or_zero().saturating_sub(self.book.pieces_or_zero());
        let grams = self.counted.grams_or_zero().saturating_sub(self.book.grams_or_zero());
        match measure {
            Measure::Counted => Quantity::pieces(pieces),
            Measure::Weighed => Quantity::grams(grams),
            Measure::CatchWeight => Quantity::weighing(pieces, grams),
        }
    }
}

/// Judges a line by its last count. A first count that strays too far is not believed; the second is, and counts
/// alone. A piece is a piece: only weights have a tolerance.
pub fn judge(measure: Measure, last: &Count, is_recount: bool, rules: CountRules) -> Judged {
    let variance = last.variance(measure);
    if variance.is_nothing() {
        return Judged::Agreed;
    }
    let near = variance.pieces_or_zero() == 0 && variance.grams_or_zero().saturating_abs() <= rules.slack(last.book);
    if near || is_recount { Judged::Differs(variance) } else { Judged::Recount }
}

/// A count in the shape that the lot is kept in.
pub(super) fn in_shape(measure: Measure, counted: Quantity) -> Result<Quantity, CountingRefusal> {
    let wrong = || CountingRefusal::WrongShape { measure: measure.code(), counted };
    let shaped = match (measure, counted.pieces, counted.grams) {
        (Measure::Counted, Some(pieces), None) => Quantity::pieces(pieces),
        (Measure::Weighed, None, Some(grams)) => Quantity::grams(grams),
        (Measure::CatchWeight, Some(pieces), Some(grams)) if (pieces == 0) == (grams == 0) => {
            Quantity::weighing(pieces, grams)
        }
        _ => return Err(wrong()),
    };
    let plausible = |number: Option<i64>| number.is_none_or(|number| (0..=Quantity::MAX).contains(&number));
    if plausible(shaped.pieces) && plausible(shaped.grams) { Ok(shaped) } else { Err(wrong()) }
}

/// Whether goods are missing: a difference may have a plus and a minus, and then the one that is paid for decides.
pub(super) fn is_missing(measure: Measure, variance: Quantity) -> bool {
    match measure.priced(variance) {
        0 => measure.promised(variance) < 0,
        priced => priced < 0,
    }
}

/// Both dimensions without their signs: what a price can be put on.
pub(super) fn size(variance: Quantity) -> Quantity {
    let size = |number: Option<i64>| number.map(i64::saturating_abs);
    Quantity { pieces: size(variance.pieces), grams: size(variance.grams), ..variance }
}

/// Up to where somebody may sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    Lead,
    Finance,
}

/// Whether somebody may sign for so much.
pub(super) fn demand_authority(authority: Authority, value: Money, rules: CountRules) -> Result<(), CountingRefusal> {
    match authority {
        Authority::Lead if value > rules.lead_limit => {
            Err(CountingRefusal::FinanceNeeded { value, limit: rules.lead_limit })
        }
        Authority::Lead | Authority::Finance => Ok(()),
    }
}

/// What is known of a place that might be counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) place: PlaceId,
    pub(super) place_code: String,
    pub(super) lots: i64,
    /// What lies there, at cost.
    pub(super) value: Money,
    /// Moves in and out in the days looked back on.
    pub(super) moves: i64,
    /// Counts that differed in the days looked back on.
    pub(super) differed: i64,
    /// Lots that are stopped, or near the end of their life.
    pub(super) delicate: i64,
    pub(super) counted_at: Option<Instant>,
}

/// A place worth counting, and why: points for each reason, explained by the numbers beside them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CountProposal {
    pub place: PlaceId,
    pub place_code: String,
    pub points: i64,
    pub value_points: i64,
    pub velocity_points: i64,
    pub risk_points: i64,
    pub age_points: i64,
    pub lots: i64,
    #[schema(value_type = i64)]
    pub value: Money,
    pub moves: i64,
    pub differed: i64,
    pub delicate: i64,
    pub counted_at: Option<Instant>,
}

const DAY_MS: i64 = 86_400_000;
/// A place that nobody has counted for so many days has all the points of age.
const DAYS_MAX: i64 = 30;
const POINTS_MAX: i64 = 10;

/// The places most worth counting: much value, much coming and going, trouble before, and not counted for long.
pub(super) fn propose(candidates: &[Candidate], now: Instant, most: usize) -> Vec<CountProposal> {
    let top = |of: fn(&Candidate) -> i64| candidates.iter().map(of).max().unwrap_or(0).max(1);
    let (most_value, most_moves) = (top(|place| place.value.minor()), top(|place| place.moves));
    let share = |part: i64, whole: i64| part.saturating_mul(POINTS_MAX) / whole;
    let mut proposals: Vec<CountProposal> = candidates
        .iter()
        .map(|place| {
            let days = place.counted_at.map_or(DAYS_MAX, |at| (now.since(at) / DAY_MS).clamp(0, DAYS_MAX));
            let value_points = share(place.value.minor(), most_value);
            let velocity_points = share(place.moves, most_moves);
            let risk_points = place.differed.saturating_mul(4).saturating_add(place.delicate.saturating_mul(2));
            let risk_points = risk_points.min(POINTS_MAX);
            let age_points = share(days, DAYS_MAX);
            CountProposal {
                place: place.place,
                place_code: place.place_code.clone(),
                points: value_points + velocity_points + risk_points + age_points,
                value_points,
                velocity_points,
                risk_points,
                age_points,
                lots: place.lots,
                value: place.value,
                moves: place.moves,
                differed: place.differed,
                delicate: place.delicate,
                counted_at: place.counted_at,
            }
        })
        .collect();
    proposals.sort_by(|a, b| (b.points, &a.place_code).cmp(&(a.points, &b.place_code)));
    proposals.truncate(most);
    proposals
}

/// A sheet as those who count see it: what lies where, and never how much the book says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CountSheet {
    pub id: kernel::CountSheetId,
    pub site: SiteId,
    pub state: CountSheetState,
    pub opened_at: Instant,
    pub closed_at: Option<Instant>,
    pub places: Vec<CountPlace>,
    pub lines: Vec<CountLine>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CountPlace {
    pub place: PlaceId,
    pub place_code: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CountLine {
    pub place: PlaceId,
    pub place_code: String,
    pub lot: LotId,
    pub lot_code: String,
    pub sku: SkuId,
    pub sku_code: String,
    pub measure: Measure,
    pub state: CountLineState,
}

#[cfg(test)]
mod tests {
    use kernel::{Id, UserId};
    use uuid::Uuid;

    use super::*;

    fn count(counted: Quantity, book: Quantity) -> Count {
        let by = Actor::Staff(UserId::from_uuid(Uuid::from_u128(1)));
        Count { counted, book, at: Instant::from_millis(0), by }
    }

    const RULES: CountRules = CountRules::house(Currency::Twd);

    #[test]
    fn a_missing_carton_of_eggs_is_counted_again_and_then_believed() {
        let eggs = count(Quantity::pieces(11), Quantity::weighing(12, 7_200));
        assert_eq!(judge(Measure::Counted, &eggs, false, RULES), Judged::Recount);
        assert_eq!(judge(Measure::Counted, &eggs, true, RULES), Judged::Differs(Quantity::pieces(-1)));
    }

    #[test]
    fn spinach_that_dried_a_little_needs_no_second_look() {
        let spinach = |grams| count(Quantity::grams(grams), Quantity::grams(10_000));
        assert_eq!(judge(Measure::Weighed, &spinach(10_000), false, RULES), Judged::Agreed);
        assert_eq!(judge(Measure::Weighed, &spinach(9_900), false, RULES), Judged::Differs(Quantity::grams(-100)));
        assert_eq!(judge(Measure::Weighed, &spinach(9_899), false, RULES), Judged::Recount);
    }

    #[test]
    fn the_scale_of_a_few_leaves_is_not_sharper_than_scales_are() {
        let little = count(Quantity::grams(250), Quantity::grams(300));
        assert_eq!(judge(Measure::Weighed, &little, false, RULES), Judged::Differs(Quantity::grams(-50)));
    }

    #[test]
    fn a_count_has_the_shape_of_its_goods() {
        assert!(in_shape(Measure::Counted, Quantity::pieces(0)).is_ok());
        assert!(in_shape(Measure::Counted, Quantity::weighing(3, 5)).is_err());
        assert!(in_shape(Measure::Weighed, Quantity::pieces(3)).is_err());
        assert!(in_shape(Measure::CatchWeight, Quantity::weighing(0, 0)).is_ok());
        assert!(in_shape(Measure::CatchWeight, Quantity::weighing(0, 20)).is_err());
        assert!(in_shape(Measure::Weighed, Quantity::grams(-1)).is_err());
    }

    #[test]
    fn what_a_lead_may_not_sign_finance_may() {
        assert!(demand_authority(Authority::Lead, Money(1_000), RULES).is_ok());
        assert!(matches!(
            demand_authority(Authority::Lead, Money(1_001), RULES),
            Err(CountingRefusal::FinanceNeeded { value: Money(1_001), limit: Money(1_000) })
        ));
        assert!(demand_authority(Authority::Finance, Money(1_000_000), RULES).is_ok());
    }

    #[test]
    fn the_dear_and_busy_bin_is_counted_before_the_quiet_one() {
        let bin = |code: &str, value, moves, counted_at| Candidate {
            place: PlaceId::from_uuid(Uuid::nil()),
            place_code: code.to_owned(),
            lots: 1,
            value: Money(value),
            moves,
            differed: 0,
            delicate: 0,
            counted_at,
        };
        let now = Instant::from_millis(100 * DAY_MS);
        let (salt, crab) = (bin("A-01", 100, 1, None), bin("F-01", 10_000, 40, None));
        let counted = Candidate { counted_at: Some(now), ..bin("C-01", 10_000, 40, None) };
        let order: Vec<String> =
            propose(&[salt, crab, counted], now, 2).into_iter().map(|place| place.place_code).collect();
        assert_eq!(order, ["F-01", "C-01"]);
    }
}
