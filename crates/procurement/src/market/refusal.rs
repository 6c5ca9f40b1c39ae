//! Why an observation was refused.

use ::store::StoreError;
use axum::http::StatusCode;
use catalog::CatalogRefusal;
use edge::Problem;
use kernel::Date;

#[derive(Debug, thiserror::Error)]
pub enum MarketRefusal {
    #[error("a price per {base} does not suit SKU {sku}")]
    PriceBaseUnsuited { sku: String, base: &'static str },
    #[error("{day} has not ended")]
    DayNotOver { day: Date },
    #[error("one day of one product stands twice in the rows")]
    RowTwice { day: Date },
    #[error("nothing is known of the sales of SKU {sku} at this site")]
    NoHistory { sku: String },
    #[error(transparent)]
    Catalog(#[from] CatalogRefusal),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<MarketRefusal> for Problem {
    fn from(refusal: MarketRefusal) -> Self {
        use MarketRefusal as R;
        let unprocessable = |slug| Self::new(StatusCode::UNPROCESSABLE_ENTITY, slug);
        match refusal {
            R::PriceBaseUnsuited { sku, base } => {
                unprocessable("market/price-base-unsuited").with("sku", sku).with("base", base)
            }
            R::DayNotOver { day } => unprocessable("market/day-not-over").with("day", day).field("rows"),
            R::RowTwice { day } => unprocessable("market/row-twice").with("day", day).field("rows"),
            R::NoHistory { sku } => Self::new(StatusCode::CONFLICT, "market/no-history").with("sku", sku),
            R::Catalog(refusal) => refusal.into(),
            R::Store(error) => error.into(),
        }
    }
}
