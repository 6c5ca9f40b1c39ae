//! Why an observation was refused.

use ::store::StoreError;
use axum::http::StatusCode;
use catalog::CatalogRefusal;
use edge::Problem;
use kernel::Date;

#[derive(Debug, thiserror::Error)]
pub enum MarketRefusal {
    #[error("a price per {base} does not suit SKU {sku}")]
    PriceBaseUnsuited { nth: usize, sku: String, base: &'static str },
    #[error("{day} has not ended")]
    DayNotOver { nth: usize, day: Date },
    #[error("one day of one product stands twice in the rows")]
    RowTwice { nth: usize, day: Date },
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
            R::PriceBaseUnsuited { nth, sku, base } => unprocessable("market/price-base-unsuited")
                .with("sku", sku)
                .with("base", base)
                .field(format!("rows/{nth}/base")),
            R::DayNotOver { nth, day } => {
                unprocessable("market/day-not-over").with("day", day).field(format!("rows/{nth}/day"))
            }
            R::RowTwice { nth, day } => {
                unprocessable("market/row-twice").with("day", day).field(format!("rows/{nth}/day"))
            }
            R::NoHistory { sku } => Self::new(StatusCode::CONFLICT, "market/no-history").with("sku", sku),
            R::Catalog(refusal) => refusal.into(),
            R::Store(error) => error.into(),
        }
    }
}
