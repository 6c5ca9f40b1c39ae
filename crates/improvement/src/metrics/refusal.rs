//! Why figures were not shown.

use axum::http::StatusCode;
use catalog::CatalogRefusal;
use edge::Problem;
use store::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum MetricsRefusal {
    #[error("there is no indicator {name}")]
    NoSuchIndicator { name: String },
    #[error(transparent)]
    Catalog(#[from] CatalogRefusal),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<MetricsRefusal> for Problem {
    fn from(refusal: MetricsRefusal) -> Self {
        match refusal {
            MetricsRefusal::NoSuchIndicator { name } => {
                Self::new(StatusCode::NOT_FOUND, "metrics/no-such-indicator").with("name", name)
            }
            MetricsRefusal::Catalog(refusal) => refusal.into(),
            MetricsRefusal::Store(error) => error.into(),
        }
    }
}
