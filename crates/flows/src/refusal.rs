//! Why a hand-over did not happen: always in the words of the context that refused.

use accounts::{JournalRefusal, payments::PaymentRefusal};
use catalog::CatalogRefusal;
use customers::CustomerRefusal;
use delivery::{feedback::FeedbackRefusal, planning::PlanningRefusal, tracking::TrackingRefusal};
use edge::Problem;
use ledger::LedgerRefusal;
use orders::{intake::IntakeRefusal, order::OrderRefusal, outbound::OutboundRefusal};
use store::StoreError;
use warehouse::{coldchain::ColdchainRefusal, fulfilment::FulfilmentRefusal, stock::StockRefusal};

macro_rules! refusals {
    ($($variant:ident($refusal:ty),)*) => {
        /// A refusal of one of the contexts.
        #[derive(Debug, thiserror::Error)]
        pub enum FlowRefusal {
            $(#[error(transparent)] $variant(#[from] $refusal),)*
        }

        impl From<FlowRefusal> for Problem {
            fn from(refusal: FlowRefusal) -> Self {
                match refusal {
                    $(FlowRefusal::$variant(refusal) => refusal.into(),)*
                }
            }
        }
    };
}

refusals! {
    Catalog(CatalogRefusal),
    Coldchain(ColdchainRefusal),
    Customer(CustomerRefusal),
    Feedback(FeedbackRefusal),
    Fulfilment(FulfilmentRefusal),
    Intake(IntakeRefusal),
    Journal(JournalRefusal),
    Ledger(LedgerRefusal),
    Order(OrderRefusal),
    Outbound(OutboundRefusal),
    Payment(PaymentRefusal),
    Planning(PlanningRefusal),
    Stock(StockRefusal),
    Store(StoreError),
    Tracking(TrackingRefusal),
}
