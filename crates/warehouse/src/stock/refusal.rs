//! Why the stock desk is told no.

use axum::http::StatusCode;
use catalog::CatalogRefusal;
use edge::Problem;
use ledger::LedgerRefusal;
use store::StoreError;

use crate::fulfilment::FulfilmentRefusal;

#[derive(Debug, thiserror::Error)]
pub enum StockRefusal {
    #[error("there is no such site")]
    NoSuchSite,
    #[error("there is no such lot")]
    NoSuchLot,
    #[error("there is no such block")]
    NoSuchBlock,
    #[error("there is no such order line")]
    NoSuchLine,
    #[error("there is no such recall")]
    NoSuchRecall,
    #[error("the recall has nobody of that name left to reach")]
    NobodyToReach,
    #[error("the zone belongs to another site")]
    ZoneOfOtherSite,
    #[error("whoever blocked a lot does not lift the block")]
    SecondPersonNeeded,
    #[error("{place} is no shelf")]
    NotAShelf { place: String },
    #[error("a cost per {base} does not suit goods that are {measure}")]
    CostUnsuited { base: &'static str, measure: &'static str },
    #[error("the value of the opening is out of bounds")]
    ValueOutOfBounds,
    #[error(transparent)]
    Fulfilment(#[from] FulfilmentRefusal),
    #[error(transparent)]
    Ledger(#[from] LedgerRefusal),
    #[error(transparent)]
    Catalog(#[from] CatalogRefusal),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<StockRefusal> for Problem {
    fn from(refusal: StockRefusal) -> Self {
        use StockRefusal as R;
        let unprocessable = |slug| Self::new(StatusCode::UNPROCESSABLE_ENTITY, slug);
        match refusal {
            R::NoSuchSite => Self::new(StatusCode::NOT_FOUND, "stock/no-such-site"),
            R::NoSuchLot => Self::new(StatusCode::NOT_FOUND, "stock/no-such-lot"),
            R::NoSuchBlock => Self::new(StatusCode::NOT_FOUND, "stock/no-such-block"),
            R::NoSuchLine => Self::new(StatusCode::NOT_FOUND, "stock/no-such-line"),
            R::NoSuchRecall => Self::new(StatusCode::NOT_FOUND, "stock/no-such-recall"),
            R::NobodyToReach => Self::new(StatusCode::CONFLICT, "stock/nobody-to-reach"),
            R::ZoneOfOtherSite => unprocessable("stock/zone-of-other-site").field("zone"),
            R::SecondPersonNeeded => Self::new(StatusCode::CONFLICT, "stock/second-person-needed"),
            R::NotAShelf { place } => unprocessable("stock/not-a-shelf").with("place", place).field("place"),
            R::CostUnsuited { base, measure } => {
                unprocessable("stock/cost-unsuited").with("base", base).with("measure", measure).field("unit_cost/base")
            }
            R::ValueOutOfBounds => unprocessable("stock/value-out-of-bounds").field("unit_cost"),
            R::Fulfilment(refusal) => Self::from(refusal),
            R::Ledger(refusal) => Self::from(refusal),
            R::Catalog(refusal) => Self::from(refusal),
            R::Store(error) => Self::from(error),
        }
    }
}
