//! Why the floor is told no.

use axum::http::StatusCode;
use catalog::CatalogRefusal;
use edge::Problem;
use kernel::{DeciCelsius, TemperatureClass};
use ledger::LedgerRefusal;
use store::StoreError;

use super::{
    rules::{NotWorkable, WrongStep},
    scan::{SCAN_MAX, UnreadableScan},
    weight::{WeighingFault, WeightReason},
};

/// What a scan was meant to name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanOf {
    Lot,
    Bin,
    Product,
}

impl ScanOf {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Lot => "lot",
            Self::Bin => "bin",
            Self::Product => "product",
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum FulfilmentRefusal {
    #[error("there is no such wave")]
    NoSuchWave,
    #[error("there is no such pick task")]
    NoSuchTask,
    #[error("there is no such release note")]
    NoSuchNote,
    #[error("there is no such parcel")]
    NoSuchParcel,
    #[error("the parcel is {state} and has not come back")]
    NotReturned { state: &'static str },
    #[error("the parcel is decided about")]
    ReturnJudged,
    #[error("each of the {lots} lots of the parcel is decided about once")]
    ReturnIncomplete { lots: usize },
    #[error("{place} is no shelf for {class} goods")]
    NotAShelfOf { place: String, class: &'static str },
    #[error("chilled and frozen goods are measured before they go back")]
    ReturnUnmeasured,
    #[error("{core} is above the {limit} of the shelf")]
    ReturnTooWarm { core: DeciCelsius, limit: DeciCelsius },
    #[error("there is no such order line")]
    NoSuchLine,
    #[error("there is no packaging {code}")]
    NoSuchPackaging { code: String },
    #[error("the site has no prefix for its parcel codes")]
    NoLabelSettings,
    #[error("the wave is finished")]
    WaveFinished,
    #[error("the release note is already in a wave")]
    NoteAlreadyReleased,
    #[error("{lines} lines where at most {limit} belong")]
    TooManyLines { lines: usize, limit: usize },
    #[error("nothing is left to claim")]
    NothingToClaim,
    #[error(transparent)]
    NotWorkable(#[from] NotWorkable),
    #[error(transparent)]
    UnreadableScan(#[from] UnreadableScan),
    #[error("{} {expected} is wanted, {scanned} was scanned", .of.code())]
    WrongScan { of: ScanOf, expected: String, scanned: String },
    #[error("the label names no lot and {bin} holds several of {sku}")]
    LotNotNamed { bin: String, sku: String },
    #[error("there is no tote {tote} at this site")]
    UnknownTote { tote: String },
    #[error("tote {tote} holds another order's goods")]
    ToteTaken { tote: String },
    #[error("tote {tote} holds {} goods", .holds.code())]
    ToteOfOtherClass { tote: String, holds: TemperatureClass },
    #[error(transparent)]
    Weighing(#[from] WeighingFault),
    #[error("all {wanted} are there; nothing is short")]
    NothingShort { wanted: i64 },
    #[error("nothing of the note waits to be packed there")]
    NothingToPack,
    #[error("nothing of the task lies in a tote")]
    NothingToPutBack,
    #[error("lot {lot} may be sent; pack it")]
    StillFit { lot: String },
    #[error("{sku} is {} and does not go into a {} parcel", .found.code(), .wanted.code())]
    MixedClasses { wanted: TemperatureClass, found: TemperatureClass, sku: String },
    #[error("packaging {packaging} is for {} goods", .class.code())]
    UnsuitedPackaging { packaging: String, class: TemperatureClass },
    #[error("the parcel weighs {measured} g where {expected} g are expected")]
    WeightCheck { expected: i64, measured: i64, low: i64, high: Option<i64> },
    #[error("there is no staging lane {lane} at this site")]
    UnknownLane { lane: String },
    #[error(transparent)]
    WrongStep(#[from] WrongStep),
    #[error("somebody else was faster")]
    ChangedMeanwhile,
    #[error(transparent)]
    Ledger(#[from] LedgerRefusal),
    #[error(transparent)]
    Catalog(#[from] CatalogRefusal),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<FulfilmentRefusal> for Problem {
    fn from(refusal: FulfilmentRefusal) -> Self {
        use FulfilmentRefusal as R;
        let conflict = |slug| Self::new(StatusCode::CONFLICT, slug);
        let unprocessable = |slug| Self::new(StatusCode::UNPROCESSABLE_ENTITY, slug);
        match refusal {
            // What lies at another site is told like what is not there.
            R::NoSuchWave => Self::new(StatusCode::NOT_FOUND, "fulfilment/no-such-wave"),
            R::NoSuchTask => Self::new(StatusCode::NOT_FOUND, "fulfilment/no-such-task"),
            R::NoSuchNote => Self::new(StatusCode::NOT_FOUND, "fulfilment/no-such-note"),
            R::NoSuchParcel => Self::new(StatusCode::NOT_FOUND, "fulfilment/no-such-parcel"),
            R::NotReturned { state } => Self::new(StatusCode::CONFLICT, "fulfilment/not-returned").with("state", state),
            R::ReturnJudged => Self::new(StatusCode::CONFLICT, "fulfilment/return-judged"),
            R::ReturnIncomplete { lots } => {
                unprocessable("fulfilment/return-incomplete").with("lots", lots).field("decisions")
            }
            R::NotAShelfOf { place, class } => {
                unprocessable("fulfilment/not-a-shelf-of").with("place", place).with("class", class).field("place")
            }
            R::ReturnUnmeasured => unprocessable("fulfilment/return-unmeasured").field("core"),
            R::ReturnTooWarm { core, limit } => Self::new(StatusCode::CONFLICT, "fulfilment/return-too-warm")
                .with("core", core)
                .with("limit", limit)
                .field("core"),
            R::NoSuchLine => Self::new(StatusCode::NOT_FOUND, "fulfilment/no-such-line"),
            R::NoSuchPackaging { code } => {
                unprocessable("fulfilment/no-such-packaging").with("code", code).field("packaging")
            }
            R::NoLabelSettings => conflict("fulfilment/no-label-settings"),
            R::WaveFinished => conflict("fulfilment/wave-finished"),
            R::NoteAlreadyReleased => conflict("fulfilment/note-already-released"),
            R::TooManyLines { lines, limit } => {
                unprocessable("fulfilment/too-many-lines").with("lines", lines).with("limit", limit)
            }
            R::NothingToClaim => conflict("fulfilment/nothing-to-claim"),
            R::NotWorkable(NotWorkable::AlreadyDone { state }) => {
                conflict("fulfilment/task-already-done").with("state", state.code())
            }
            R::NotWorkable(NotWorkable::NotClaimed) => conflict("fulfilment/task-not-claimed"),
            R::UnreadableScan(fault) => unreadable(&fault),
            R::WrongScan { of, expected, scanned } => conflict("fulfilment/wrong-scan")
                .with("of", of.code())
                .with("expected", expected)
                .with("scanned", scanned)
                .field(match of {
                    ScanOf::Lot | ScanOf::Product => "scan",
                    ScanOf::Bin => "bin",
                }),
            R::LotNotNamed { bin, sku } => {
                conflict("fulfilment/lot-not-named").with("bin", bin).with("sku", sku).field("scan")
            }
            R::UnknownTote { tote } => unprocessable("fulfilment/unknown-tote").with("tote", tote).field("tote"),
            R::ToteTaken { tote } => conflict("fulfilment/tote-taken").with("tote", tote).field("tote"),
            R::ToteOfOtherClass { tote, holds } => {
                conflict("fulfilment/tote-of-other-class").with("tote", tote).with("holds", holds.code()).field("tote")
            }
            R::Weighing(fault) => weighing(&fault),
            R::NothingShort { wanted } => {
                conflict("fulfilment/nothing-short").with("wanted", wanted).field("weighings")
            }
            R::NothingToPack => conflict("fulfilment/nothing-to-pack"),
            R::NothingToPutBack => conflict("fulfilment/nothing-to-put-back"),
            R::StillFit { lot } => conflict("fulfilment/still-fit").with("lot", lot),
            R::MixedClasses { wanted, found, sku } => conflict("fulfilment/mixed-classes")
                .with("wanted", wanted.code())
                .with("found", found.code())
                .with("sku", sku)
                .field("class"),
            R::UnsuitedPackaging { packaging, class } => conflict("fulfilment/unsuited-packaging")
                .with("packaging", packaging)
                .with("class", class.code())
                .field("packaging"),
            R::WeightCheck { expected, measured, low, high } => {
                let high = high.map_or_else(|| "—".to_owned(), |high| high.to_string());
                conflict("fulfilment/weight-check")
                    .with("expected", expected)
                    .with("measured", measured)
                    .with("low", low)
                    .with("high", high)
                    .field("gross_grams")
            }
            R::UnknownLane { lane } => unprocessable("fulfilment/unknown-lane").with("lane", lane).field("lane"),
            R::WrongStep(WrongStep { state, wanted }) => {
                conflict("fulfilment/wrong-step").with("state", state.code()).with("wanted", wanted.code())
            }
            R::ChangedMeanwhile => conflict("fulfilment/changed-meanwhile"),
            R::Ledger(refusal) => Self::from(refusal),
            R::Catalog(refusal) => Self::from(refusal),
            R::Store(error) => Self::from(error),
        }
    }
}

fn unreadable(fault: &UnreadableScan) -> Problem {
    let refused = |slug| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, slug).field("scan");
    match fault {
        UnreadableScan::Length => refused("fulfilment/scan-length").with("limit", SCAN_MAX),
        UnreadableScan::CheckDigit { code, expected } => {
            refused("fulfilment/scan-check-digit").with("code", code).with("expected", expected)
        }
        UnreadableScan::UnknownIdentifier { identifier } => {
            refused("fulfilment/scan-unknown-identifier").with("identifier", identifier)
        }
        UnreadableScan::MalformedValue { identifier } => {
            refused("fulfilment/scan-malformed").with("identifier", identifier)
        }
        UnreadableScan::NotWholeGrams => refused("fulfilment/scan-not-whole-grams"),
    }
}

fn weighing(fault: &WeighingFault) -> Problem {
    let refused = |slug| Problem::new(StatusCode::CONFLICT, slug).field("weighings");
    match fault {
        WeighingFault::UnstableScale { device } => refused("fulfilment/unstable-scale").with("device", device),
        WeighingFault::NoScale => refused("fulfilment/no-scale"),
        WeighingFault::Nothing => refused("fulfilment/nothing-weighed"),
        WeighingFault::NotWeighed => refused("fulfilment/not-weighed"),
        WeighingFault::NotCounted => refused("fulfilment/not-counted"),
        WeighingFault::WrongCount { wanted, picked } => {
            refused("fulfilment/wrong-count").with("wanted", wanted).with("picked", picked)
        }
        WeighingFault::Implausible { grams, target } => {
            refused("fulfilment/implausible-weight").with("grams", grams).with("target", target)
        }
        WeighingFault::OutsideTolerance { grams, low, high, side } => refused("fulfilment/outside-tolerance")
            .with("grams", grams)
            .with("low", low)
            .with("high", high)
            .with("side", side.code())
            // The handheld asks for one of these and sends the pick again.
            .with(
                "reasons",
                WeightReason::allowed(*side).iter().map(|reason| reason.code()).collect::<Vec<_>>().join(", "),
            ),
    }
}
