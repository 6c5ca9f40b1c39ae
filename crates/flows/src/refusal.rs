//! Why a hand-over did not happen: always in the words of the context that refused.

use accounts::{JournalRefusal, invoices::InvoiceRefusal, payments::PaymentRefusal};
use catalog::CatalogRefusal;
use customers::CustomerRefusal;
use delivery::{
    feedback::FeedbackRefusal, planning::PlanningRefusal, remedies::RemedyRefusal, tracking::TrackingRefusal,
};
use edge::Problem;
use improvement::suggestions::SuggestionsRefusal;
use ledger::LedgerRefusal;
use orders::{intake::IntakeRefusal, order::OrderRefusal, outbound::OutboundRefusal};
use procurement::approvals::ApprovalsRefusal;
use store::StoreError;
use warehouse::{
    coldchain::ColdchainRefusal, counting::CountingRefusal, fulfilment::FulfilmentRefusal, stock::StockRefusal,
};

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
    Approval(ApprovalsRefusal),
    Catalog(CatalogRefusal),
    Coldchain(ColdchainRefusal),
    Counting(CountingRefusal),
    Customer(CustomerRefusal),
    Feedback(FeedbackRefusal),
    Fulfilment(FulfilmentRefusal),
    Intake(IntakeRefusal),
    Invoice(InvoiceRefusal),
    Journal(JournalRefusal),
    Ledger(LedgerRefusal),
    Order(OrderRefusal),
    Outbound(OutboundRefusal),
    Payment(PaymentRefusal),
    Planning(PlanningRefusal),
    Remedy(RemedyRefusal),
    Stock(StockRefusal),
    Store(StoreError),
    Suggestion(SuggestionsRefusal),
    Tracking(TrackingRefusal),
}
