//! What the scale may say: pure rules on weighings, targets and gross weights.

use kernel::{Exactness, Measure, Quantity, Ratio, Round};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Weighings of one pick; more means that somebody weighs leaf by leaf.
pub const WEIGHINGS_MAX: usize = 20;
/// Confirmed or not, a weight this far off has something else on the scale: half, and twice, the target.
const IMPLAUSIBLE_BELOW_BP: i64 = 5_000;
const IMPLAUSIBLE_ABOVE_BP: i64 = 20_000;

/// One reading of a scale, or one count by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Weighing {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub pieces: Option<i64>,
    /// Net grams, the tote's tare already taken off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub grams: Option<i64>,
    /// Absent only when nothing was weighed, or the weight is printed on the scanned label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<Scale>,
}

/// Which scale spoke, and whether it had settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Scale {
    #[schema(min_length = 1, max_length = 40, pattern = "^[A-Za-z0-9._-]+$")]
    pub device: String,
    pub stable: bool,
}

/// What is to be picked, and how far the hand may stray from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    pub measure: Measure,
    pub wanted: Quantity,
    pub tolerance_bp: i64,
}

/// On which side of the band a weight lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Under,
    Over,
}

impl Side {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Under => "under",
            Self::Over => "over",
        }
    }
}

/// Why a weight outside the band is meant that way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WeightReason {
    /// The piece cannot be cut: a whole fish, a melon.
    IndivisiblePiece,
    /// Nothing more of the lot was left in the bin.
    LastOfLot,
    /// The customer was asked and said yes.
    CustomerAgreed,
}

impl WeightReason {
    pub const ALL: [Self; 3] = [Self::IndivisiblePiece, Self::LastOfLot, Self::CustomerAgreed];

    pub const fn code(self) -> &'static str {
        match self {
            Self::IndivisiblePiece => "indivisible_piece",
            Self::LastOfLot => "last_of_lot",
            Self::CustomerAgreed => "customer_agreed",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// Who gives more cannot say that the bin ran out.
    pub const fn explains(self, side: Side) -> bool {
        match self {
            Self::IndivisiblePiece | Self::CustomerAgreed => true,
            Self::LastOfLot => matches!(side, Side::Under),
        }
    }

    /// The reasons that may be given for a weight on `side`.
    pub fn allowed(side: Side) -> Vec<Self> {
        Self::ALL.into_iter().filter(|reason| reason.explains(side)).collect()
    }
}

/// What is wrong with the weighings themselves.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeighingFault {
    #[error("{device} had not settled")]
    UnstableScale { device: String },
    #[error("a weight came without the scale that showed it")]
    NoScale,
    #[error("nothing was weighed or counted")]
    Nothing,
    #[error("goods sold by weight were not weighed")]
    NotWeighed,
    #[error("goods sold by the piece were not counted")]
    NotCounted,
    #[error("{picked} pieces where {wanted} are wanted")]
    WrongCount { wanted: i64, picked: i64 },
    #[error("{grams} g is not a weight of something that should weigh {target} g")]
    Implausible { grams: i64, target: i64 },
    #[error("{grams} g is {} the band of {low} g to {high} g", side.code())]
    OutsideTolerance { grams: i64, low: i64, high: i64, side: Side },
}

store::coded!(WeightReason);

/// Adds up the weighings of one pick; each kept as it was, the sum exact.
pub fn total(measure: Measure, weighings: &[Weighing]) -> Result<Quantity, WeighingFault> {
    let mut sum = Quantity::NONE;
    for weighing in weighings {
        match &weighing.scale {
            Some(Scale { device, stable: false }) => {
                return Err(WeighingFault::UnstableScale { device: device.clone() });
            }
            None if weighing.grams.is_some() => return Err(WeighingFault::NoScale),
            Some(_) | None => {}
        }
        let part = Quantity { pieces: weighing.pieces, grams: weighing.grams, exactness: Exactness::Exact };
        sum = sum.plus(part).filter(|sum| !sum.is_negative()).ok_or(WeighingFault::Nothing)?;
    }
    if !sum.is_plausible() {
        return Err(WeighingFault::Nothing);
    }
    match measure {
        Measure::Weighed | Measure::CatchWeight if sum.grams_or_zero() == 0 => Err(WeighingFault::NotWeighed),
        Measure::Counted | Measure::CatchWeight if sum.pieces_or_zero() == 0 => Err(WeighingFault::NotCounted),
        // Loose goods have no pieces, whatever the handheld sent.
        Measure::Weighed => Ok(Quantity { pieces: None, ..sum }),
        Measure::Counted | Measure::CatchWeight => Ok(sum),
    }
}

impl Target {
    /// The grams that the scale may show, both ends included; `None` for goods that nobody weighs.
    pub fn band(&self) -> Option<(i64, i64)> {
        match self.measure {
            Measure::Counted => None,
            Measure::Weighed | Measure::CatchWeight => {
                let grams = self.wanted.grams.filter(|grams| *grams > 0)?;
                let slack = basis_points(grams, self.tolerance_bp, Round::Down);
                Some((grams.saturating_sub(slack), grams.saturating_add(slack)))
            }
        }
    }

    /// Whether `weighed` fills the target. A weight outside the band passes only with a reason that explains its side.
    pub fn judge(&self, weighed: Quantity, confirmed: Option<WeightReason>) -> Result<(), WeighingFault> {
        if matches!(self.measure, Measure::Counted | Measure::CatchWeight) {
            let (wanted, picked) = (self.wanted.pieces_or_zero(), weighed.pieces_or_zero());
            if wanted != picked {
                return Err(WeighingFault::WrongCount { wanted, picked });
            }
        }
        let Some((low, high)) = self.band() else { return Ok(()) };
        let (grams, target) = (weighed.grams_or_zero(), self.wanted.grams_or_zero());
        let side = match (grams < low, grams > high) {
            (true, _) => Side::Under,
            (_, true) => Side::Over,
            (false, false) => return Ok(()),
        };
        let least = basis_points(target, IMPLAUSIBLE_BELOW_BP, Round::Down);
        let most = basis_points(target, IMPLAUSIBLE_ABOVE_BP, Round::Down);
        if grams < least || grams > most {
            return Err(WeighingFault::Implausible { grams, target });
        }
        match confirmed {
            Some(reason) if reason.explains(side) => Ok(()),
            Some(_) | None => Err(WeighingFault::OutsideTolerance { grams, low, high, side }),
        }
    }

    /// What a picker who stops early may have taken: less than the target, in the dimension that is promised.
    pub fn takes_part(&self, weighed: Quantity) -> Result<(), WeighingFault> {
        let (wanted, picked) = (self.measure.promised(self.wanted), self.measure.promised(weighed));
        if picked < wanted {
            return Ok(());
        }
        Err(WeighingFault::WrongCount { wanted, picked })
    }

    /// What is still owed when `picked` has been taken. Two of three fish were heavy: the third is still one fish of
    /// its usual weight, not what is left of the sum.
    pub fn rest(&self, picked: Quantity) -> Quantity {
        let left = self.measure.promised(self.wanted).saturating_sub(self.measure.promised(picked));
        self.part(left)
    }

    /// So much of the promised number, with its share of the other dimension.
    pub fn part(&self, amount: i64) -> Quantity {
        let whole = self.measure.promised(self.wanted);
        let amount = amount.clamp(0, whole);
        if amount == 0 {
            return Quantity::NONE;
        }
        let shares = self.wanted.split(&[amount, whole.saturating_sub(amount)]);
        shares.first().copied().unwrap_or(Quantity::NONE)
    }
}

/// One thing inside a parcel, as the weight check sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packed {
    /// Net grams; `None` when nobody knows what a piece weighs.
    pub grams: Option<i64>,
    pub exactness: Exactness,
    pub tolerance_bp: i64,
}

/// An empty box with its cool packs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tare {
    pub grams: i64,
    /// How far boxes of this kind differ from each other.
    pub tolerance_grams: i64,
}

/// The gross weights that a closed parcel may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrossBand {
    pub expected: i64,
    pub low: i64,
    /// `None` when something of unknown weight is inside.
    pub high: Option<i64>,
}

/// Two scales of the house differ by so much at most.
const SCALES_DIFFER_BP: i64 = 50;
/// Counted goods stray from their nominal weight by at least so much.
const NOMINAL_STRAYS_BP: i64 = 300;

impl GrossBand {
    /// What the closed parcel should weigh: Σ actual grams and the packaging.
    ///
    /// The slack never grows beyond half of the lightest thing inside, or a heavy parcel would hide a forgotten
    /// bunch of herbs; the boxes' own spread is its floor.
    pub fn of(contents: &[Packed], tare: Tare) -> Option<Self> {
        let mut expected = tare.grams;
        let mut slack = tare.tolerance_grams;
        let mut lightest = i64::MAX;
        let mut known = true;
        for thing in contents {
            let Some(grams) = thing.grams else {
                known = false;
                continue;
            };
            let strays = match thing.exactness {
                Exactness::Exact => SCALES_DIFFER_BP,
                Exactness::Estimated => thing.tolerance_bp.max(NOMINAL_STRAYS_BP),
            };
            expected = expected.checked_add(grams)?;
            slack = slack.checked_add(basis_points(grams, strays, Round::Up))?;
            lightest = lightest.min(grams);
        }
        let slack = slack.min((lightest / 2).max(tare.tolerance_grams));
        Some(Self {
            expected,
            low: expected.saturating_sub(slack).max(0),
            high: known.then(|| expected.saturating_add(slack)),
        })
    }

    pub fn admits(&self, measured: i64) -> bool {
        measured >= self.low && self.high.is_none_or(|high| measured <= high)
    }
}

fn basis_points(grams: i64, basis_points: i64, round: Round) -> i64 {
    Ratio::new(basis_points, 10_000).and_then(|ratio| ratio.times(grams, round)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn settled(pieces: Option<i64>, grams: i64) -> Weighing {
        let scale = Scale { device: "SC-1".to_owned(), stable: true };
        Weighing { pieces, grams: Some(grams), scale: Some(scale) }
    }

    fn spinach() -> Target {
        Target { measure: Measure::Weighed, wanted: Quantity::grams(500), tolerance_bp: 300 }
    }

    fn two_cod() -> Target {
        Target { measure: Measure::CatchWeight, wanted: Quantity::weighing(2, 1600).estimated(), tolerance_bp: 1500 }
    }

    #[test]
    fn spinach_within_three_percent_is_taken() {
        assert_eq!(spinach().band(), Some((485, 515)));
        assert_eq!(spinach().judge(Quantity::grams(515), None), Ok(()));
        assert_eq!(
            spinach().judge(Quantity::grams(516), None),
            Err(WeighingFault::OutsideTolerance { grams: 516, low: 485, high: 515, side: Side::Over })
        );
    }

    #[test]
    fn sub_weighings_of_a_fish_add_up() {
        let weighed = total(Measure::CatchWeight, &[settled(Some(1), 912), settled(Some(1), 804)]).unwrap();
        assert_eq!(weighed, Quantity::weighing(2, 1716));
        assert_eq!(two_cod().judge(weighed, None), Ok(()));
    }

    #[test]
    fn a_swinging_scale_is_not_believed() {
        let mut weighing = settled(None, 500);
        weighing.scale = Some(Scale { device: "SC-1".to_owned(), stable: false });
        assert_eq!(
            total(Measure::Weighed, &[weighing]),
            Err(WeighingFault::UnstableScale { device: "SC-1".to_owned() })
        );
        let unscaled = Weighing { pieces: None, grams: Some(500), scale: None };
        assert_eq!(total(Measure::Weighed, &[unscaled]), Err(WeighingFault::NoScale));
    }

    #[test]
    fn a_reason_must_fit_its_side() {
        let heavy = Quantity::grams(600);
        assert!(spinach().judge(heavy, Some(WeightReason::CustomerAgreed)).is_ok());
        assert!(spinach().judge(heavy, Some(WeightReason::LastOfLot)).is_err());
        assert!(spinach().judge(Quantity::grams(400), Some(WeightReason::LastOfLot)).is_ok());
    }

    #[test]
    fn no_reason_makes_an_absurd_weight_right() {
        let crate_left_on = Quantity::grams(1001);
        assert_eq!(
            spinach().judge(crate_left_on, Some(WeightReason::CustomerAgreed)),
            Err(WeighingFault::Implausible { grams: 1001, target: 500 })
        );
    }

    #[test]
    fn a_third_fish_is_still_owed_at_its_usual_weight() {
        let three = Target { wanted: Quantity::weighing(3, 2400).estimated(), ..two_cod() };
        assert_eq!(three.rest(Quantity::weighing(2, 1900)), Quantity::weighing(1, 800).estimated());
        assert_eq!(three.rest(Quantity::NONE), Quantity::weighing(3, 2400).estimated());
    }

    #[test]
    fn a_forgotten_bunch_of_herbs_is_missed_by_the_scale() {
        let cabbage = Packed { grams: Some(9000), exactness: Exactness::Exact, tolerance_bp: 300 };
        let herbs = Packed { grams: Some(60), exactness: Exactness::Exact, tolerance_bp: 300 };
        let band = GrossBand::of(&[cabbage, herbs], Tare { grams: 400, tolerance_grams: 15 }).unwrap();
        assert_eq!(band, GrossBand { expected: 9460, low: 9430, high: Some(9490) });
        assert!(!band.admits(9400));
    }

    #[test]
    fn something_of_unknown_weight_leaves_the_band_open_above() {
        let unknown = Packed { grams: None, exactness: Exactness::Estimated, tolerance_bp: 0 };
        let band = GrossBand::of(&[unknown], Tare { grams: 400, tolerance_grams: 15 }).unwrap();
        assert!(band.admits(5000) && band.admits(400) && !band.admits(380));
    }

    proptest! {
        /// A weight passes unasked exactly when it is inside the band.
        #[test]
        fn the_band_decides(wanted in 1..100_000_i64, tolerance_bp in 0..5_000_i64, grams in 1..200_000_i64) {
            let target = Target { measure: Measure::Weighed, wanted: Quantity::grams(wanted), tolerance_bp };
            let (low, high) = target.band().unwrap();
            prop_assert!(low <= wanted && wanted <= high);
            prop_assert!((high - wanted) * 10_000 <= wanted * tolerance_bp);
            prop_assert_eq!(target.judge(Quantity::grams(grams), None).is_ok(), (low..=high).contains(&grams));
        }

        /// What is picked and what is still owed make up what was wanted.
        #[test]
        fn picked_and_owed_make_the_target(wanted in 1..100_000_i64, picked in 0..100_000_i64) {
            let picked = picked.min(wanted);
            let target = Target { measure: Measure::Weighed, wanted: Quantity::grams(wanted), tolerance_bp: 300 };
            let rest = target.rest(Quantity::grams(picked));
            prop_assert_eq!(rest.grams_or_zero() + picked, wanted);
            prop_assert_eq!(target.takes_part(Quantity::grams(picked)).is_ok(), !rest.is_nothing());
        }

        /// The honest parcel passes; the parcel that lacks anything heavier than twice the box's spread does not.
        #[test]
        fn the_weight_check_misses_nothing(
            grams in proptest::collection::vec(100..20_000_i64, 1..12),
            forgotten in 0..12_usize,
            tare in 0..2_000_i64,
        ) {
            let contents: Vec<Packed> = grams
                .iter()
                .map(|grams| Packed { grams: Some(*grams), exactness: Exactness::Exact, tolerance_bp: 300 })
                .collect();
            let band = GrossBand::of(&contents, Tare { grams: tare, tolerance_grams: 30 }).unwrap();
            let honest = grams.iter().sum::<i64>() + tare;
            prop_assert!(band.admits(honest));
            prop_assert!(!band.admits(honest - grams[forgotten % grams.len()]));
        }
    }
}
