//! Why nothing could be done with an order, whatever the step was.

use accounts::{JournalRefusal, invoices::InvoiceRefusal, payments::PaymentRefusal};
use axum::http::StatusCode;
use catalog::CatalogRefusal;
use customers::CustomerRefusal;
use edge::Problem;
use kernel::{CustomerOrderId, DeliveryWindowId};
use ledger::LedgerRefusal;
use store::StoreError;

use super::NotReady;

#[derive(Debug, thiserror::Error)]
pub enum OrderRefusal {
    #[error("there is no order {order}")]
    NoSuchOrder { order: CustomerOrderId },
    #[error("there is no delivery window {window} at that site")]
    NoSuchWindow { window: DeliveryWindowId },
    #[error("order {order} was changed by somebody else meanwhile")]
    ChangedMeanwhile { order: CustomerOrderId },
    #[error(transparent)]
    NotReady(#[from] NotReady),
    #[error(transparent)]
    Catalog(#[from] CatalogRefusal),
    #[error(transparent)]
    Customer(#[from] CustomerRefusal),
    #[error(transparent)]
    Ledger(#[from] LedgerRefusal),
    #[error(transparent)]
    Payment(#[from] PaymentRefusal),
    #[error(transparent)]
    Invoice(#[from] InvoiceRefusal),
    #[error(transparent)]
    Journal(#[from] JournalRefusal),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<OrderRefusal> for Problem {
    fn from(refusal: OrderRefusal) -> Self {
        match refusal {
            // Another's order is no order: the two are told alike.
            OrderRefusal::NoSuchOrder { .. } | OrderRefusal::NoSuchWindow { .. } => Self::not_found(),
            OrderRefusal::ChangedMeanwhile { order } => {
                Self::new(StatusCode::CONFLICT, "orders/changed-meanwhile").with("order", order)
            }
            OrderRefusal::NotReady(NotReady { stage, wanted }) => {
                Self::new(StatusCode::CONFLICT, "orders/not-ready").with("state", stage.code()).with("wanted", wanted)
            }
            OrderRefusal::Catalog(refusal) => refusal.into(),
            OrderRefusal::Customer(refusal) => refusal.into(),
            OrderRefusal::Ledger(refusal) => refusal.into(),
            OrderRefusal::Payment(refusal) => refusal.into(),
            OrderRefusal::Invoice(refusal) => refusal.into(),
            OrderRefusal::Journal(refusal) => refusal.into(),
            OrderRefusal::Store(error) => error.into(),
        }
    }
}
