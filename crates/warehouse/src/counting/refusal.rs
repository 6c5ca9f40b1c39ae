//! Why a count, an adjustment or a disposal was refused.

use accounts::JournalRefusal;
use axum::http::StatusCode;
use catalog::CatalogRefusal;
use edge::Problem;
use kernel::{Money, Quantity};
use ledger::LedgerRefusal;
use store::StoreError;

use super::rules::{AdjustmentReason, AdjustmentState, CountSheetState, WriteOffState};

#[derive(Debug, thiserror::Error)]
pub enum CountingRefusal {
    #[error("there is no such count sheet")]
    NoSuchSheet,
    #[error("there is no such adjustment")]
    NoSuchAdjustment,
    #[error("there is no such write-off")]
    NoSuchWriteOff,
    #[error("{place} is no dock, bin or pick face")]
    NotCountable { place: String },
    #[error("{place} is being counted already")]
    BeingCounted { place: String },
    #[error("{lines} lines are more than the {most} of one sheet")]
    TooManyLines { lines: usize, most: usize },
    #[error("the sheet is {state}")]
    SheetIs { state: CountSheetState },
    #[error("the place is not on the sheet")]
    NotOnSheet,
    #[error("there is no such lot")]
    NoSuchLot,
    #[error("{counted} does not suit goods that are {measure}")]
    WrongShape { measure: &'static str, counted: Quantity },
    #[error("the count was made before the sheet was opened, or will be made")]
    CountedOutside,
    #[error("the line has been counted")]
    CountedAlready,
    #[error("whoever counted first does not count again")]
    OwnRecount,
    #[error("{open} lines wait for a count and {recount} for a second one")]
    NotAllCounted { open: usize, recount: usize },
    #[error("the adjustment is {state}")]
    AdjustmentIs { state: AdjustmentState },
    #[error("whoever counted or weighed the goods does not sign for them")]
    OwnCount,
    #[error("{value} is above the {limit} that a lead may sign; finance signs")]
    FinanceNeeded { value: Money, limit: Money },
    #[error("goods that were found are not {reason}")]
    ReasonUnsuited { reason: AdjustmentReason },
    #[error("the write-off is {state}")]
    WriteOffIs { state: WriteOffState },
    #[error("a write-off is open for these goods")]
    WriteOffOpen,
    #[error("nothing of the lot lies there")]
    NothingThere,
    #[error("the place holds {held}, {weighed} were weighed")]
    MoreThanThere { held: Quantity, weighed: Quantity },
    #[error(transparent)]
    Ledger(#[from] LedgerRefusal),
    #[error(transparent)]
    Journal(#[from] JournalRefusal),
    #[error(transparent)]
    Catalog(#[from] CatalogRefusal),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<CountingRefusal> for Problem {
    fn from(refusal: CountingRefusal) -> Self {
        use CountingRefusal as R;
        let absent = |slug| Self::new(StatusCode::NOT_FOUND, slug);
        let conflict = |slug| Self::new(StatusCode::CONFLICT, slug);
        let unfit = |slug| Self::new(StatusCode::UNPROCESSABLE_ENTITY, slug);
        match refusal {
            R::NoSuchSheet => absent("counting/no-such-sheet"),
            R::NoSuchAdjustment => absent("counting/no-such-adjustment"),
            R::NoSuchWriteOff => absent("counting/no-such-write-off"),
            R::NotCountable { place } => unfit("counting/not-countable").with("place", place).field("places"),
            R::BeingCounted { place } => conflict("counting/being-counted").with("place", place).field("places"),
            R::TooManyLines { lines, most } => {
                unfit("counting/too-many-lines").with("lines", lines).with("most", most).field("places")
            }
            R::SheetIs { state } => conflict("counting/sheet-is").with("state", state),
            R::NotOnSheet => unfit("counting/not-on-sheet").field("counts/place"),
            R::NoSuchLot => unfit("counting/no-such-lot").field("lot"),
            R::WrongShape { measure, counted } => {
                unfit("counting/wrong-shape").with("measure", measure).with("counted", counted).field("quantity")
            }
            R::CountedOutside => unfit("counting/counted-outside").field("counted_at"),
            R::CountedAlready => conflict("counting/counted-already"),
            R::OwnRecount => conflict("counting/own-recount"),
            R::NotAllCounted { open, recount } => {
                conflict("counting/not-all-counted").with("open", open).with("recount", recount)
            }
            R::AdjustmentIs { state } => conflict("counting/adjustment-is").with("state", state),
            R::OwnCount => conflict("counting/own-count"),
            R::FinanceNeeded { value, limit } => {
                conflict("counting/finance-needed").with("value", value).with("limit", limit)
            }
            R::ReasonUnsuited { reason } => unfit("counting/reason-unsuited").with("reason", reason).field("reason"),
            R::WriteOffIs { state } => conflict("counting/write-off-is").with("state", state),
            R::WriteOffOpen => conflict("counting/write-off-open"),
            R::NothingThere => conflict("counting/nothing-there"),
            R::MoreThanThere { held, weighed } => {
                conflict("counting/more-than-there").with("held", held).with("weighed", weighed).field("quantity")
            }
            R::Ledger(refusal) => refusal.into(),
            R::Journal(refusal) => refusal.into(),
            R::Catalog(refusal) => refusal.into(),
            R::Store(error) => error.into(),
        }
    }
}
