//! Why no remedy was given.

use axum::http::StatusCode;
use catalog::CatalogRefusal;
use edge::Problem;
use kernel::Money;
use store::StoreError;

use crate::feedback::{ComplaintKind, ComplaintState, FeedbackRefusal};

#[derive(Debug, thiserror::Error)]
pub enum RemedyRefusal {
    #[error("{paid} were paid for the line and {refunded} given back already")]
    NothingToRefund { paid: Money, refunded: Money },
    #[error("{complaints} complaints about {orders} orders are for a person to judge")]
    UnusualHistory { complaints: i64, orders: i64 },
    #[error("{amount} is above the limit of {limit}")]
    AboveLimit { amount: Money, limit: Money },
    #[error("{left} of the order's payment can be given back, {wanted} wanted")]
    NotPaidYet { wanted: Money, left: Money },
    #[error("the complaint was remedied already")]
    RemediedAlready,
    #[error("the complaint is {state}")]
    ComplaintIs { state: ComplaintState },
    #[error("a share of {share_bp} basis points for {kind} is not between 0 and 10000")]
    ShareOutOfRange { kind: ComplaintKind, share_bp: i64 },
    #[error(transparent)]
    Feedback(#[from] FeedbackRefusal),
    #[error(transparent)]
    Catalog(#[from] CatalogRefusal),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<RemedyRefusal> for Problem {
    fn from(refusal: RemedyRefusal) -> Self {
        use RemedyRefusal as R;
        let conflict = |slug| Self::new(StatusCode::CONFLICT, slug);
        match refusal {
            R::NothingToRefund { paid, refunded } => {
                conflict("remedies/nothing-to-refund").with("paid", paid).with("refunded", refunded)
            }
            R::UnusualHistory { complaints, orders } => {
                conflict("remedies/unusual-history").with("complaints", complaints).with("orders", orders)
            }
            R::AboveLimit { amount, limit } => {
                conflict("remedies/above-limit").with("amount", amount).with("limit", limit)
            }
            R::NotPaidYet { wanted, left } => {
                conflict("remedies/not-paid-yet").with("wanted", wanted).with("left", left)
            }
            R::RemediedAlready => conflict("remedies/remedied-already"),
            R::ComplaintIs { state } => conflict("remedies/complaint-is").with("state", state),
            R::ShareOutOfRange { kind, share_bp } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "remedies/share-out-of-range")
                    .with("kind", kind)
                    .with("share", share_bp)
                    .field(format!("share_bp/{kind}"))
            }
            R::Feedback(refusal) => refusal.into(),
            R::Catalog(refusal) => refusal.into(),
            R::Store(error) => error.into(),
        }
    }
}
