//! Why the register refused.

use ::store::StoreError;
use axum::http::StatusCode;
use catalog::CatalogRefusal;
use edge::Problem;
use kernel::Date;

use super::QualificationKind;

#[derive(Debug, thiserror::Error)]
pub enum SuppliersRefusal {
    #[error("there is no such supplier")]
    NoSuchSupplier,
    #[error("the code {code} is taken")]
    CodeTaken { code: String },
    #[error("supplier {supplier} is admitted by somebody else than the one who entered it")]
    OwnSupplier { supplier: String },
    #[error("supplier {supplier} has not been admitted")]
    NotApproved { supplier: String },
    #[error("supplier {supplier} is suspended")]
    Suspended { supplier: String },
    #[error("supplier {supplier} has shown no {kind}")]
    QualificationMissing { supplier: String, kind: QualificationKind },
    #[error("the {kind} of supplier {supplier} is not valid on {on}, the last one ends on {valid_until}")]
    QualificationExpired { supplier: String, kind: QualificationKind, valid_until: Date, on: Date },
    #[error("supplier {supplier} is not admitted for {category}")]
    CategoryNotApproved { supplier: String, category: String },
    #[error("a price per {base} does not suit goods measured as {measure}")]
    PriceBaseUnsuited { base: &'static str, measure: &'static str },
    #[error("another price of {sku} begins on {from} and is not open")]
    PriceOverlaps { sku: String, from: Date },
    #[error("weights that are open begin on {from}")]
    WeightsBegin { from: Date },
    #[error("no weights are valid on {on}")]
    NoWeights { on: Date },
    #[error("supplier {supplier} has its scorecard of the period that ends on {until}")]
    AlreadyEvaluated { supplier: String, until: Date },
    #[error("nothing that supplier {supplier} could be judged by happened in the period")]
    NothingToJudge { supplier: String },
    #[error("the period ends on {until} and is not over")]
    PeriodNotOver { until: Date },
    #[error(transparent)]
    Catalog(#[from] CatalogRefusal),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<SuppliersRefusal> for Problem {
    fn from(refusal: SuppliersRefusal) -> Self {
        use SuppliersRefusal as R;
        let conflict = |slug| Self::new(StatusCode::CONFLICT, slug);
        match refusal {
            R::NoSuchSupplier => Self::new(StatusCode::NOT_FOUND, "suppliers/no-such-supplier"),
            R::CodeTaken { code } => conflict("suppliers/code-taken").with("code", code).field("code"),
            R::OwnSupplier { supplier } => {
                Self::new(StatusCode::FORBIDDEN, "suppliers/own-supplier").with("supplier", supplier)
            }
            R::NotApproved { supplier } => conflict("suppliers/not-approved").with("supplier", supplier),
            R::Suspended { supplier } => conflict("suppliers/suspended").with("supplier", supplier),
            R::QualificationMissing { supplier, kind } => {
                conflict("suppliers/qualification-missing").with("supplier", supplier).with("kind", kind)
            }
            R::QualificationExpired { supplier, kind, valid_until, on } => conflict("suppliers/qualification-expired")
                .with("supplier", supplier)
                .with("kind", kind)
                .with("valid_until", valid_until)
                .with("on", on),
            R::CategoryNotApproved { supplier, category } => {
                conflict("suppliers/category-not-approved").with("supplier", supplier).with("category", category)
            }
            R::PriceBaseUnsuited { base, measure } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "suppliers/price-base-unsuited")
                    .with("base", base)
                    .with("measure", measure)
                    .field("price/base")
            }
            R::PriceOverlaps { sku, from } => {
                conflict("suppliers/price-overlaps").with("sku", sku).with("from", from).field("valid_from")
            }
            R::WeightsBegin { from } => conflict("suppliers/weights-begin").with("from", from).field("valid_from"),
            R::NoWeights { on } => conflict("suppliers/no-weights").with("on", on),
            R::AlreadyEvaluated { supplier, until } => {
                conflict("suppliers/already-evaluated").with("supplier", supplier).with("until", until)
            }
            R::NothingToJudge { supplier } => conflict("suppliers/nothing-to-judge").with("supplier", supplier),
            R::PeriodNotOver { until } => {
                conflict("suppliers/period-not-over").with("until", until).field("period_until")
            }
            R::Catalog(refusal) => refusal.into(),
            R::Store(error) => error.into(),
        }
    }
}
