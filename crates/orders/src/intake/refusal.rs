//! Why an order, or a window, is not taken.

use accounts::payments::PaymentRefusal;
use axum::http::StatusCode;
use catalog::CatalogRefusal;
use customers::CustomerRefusal;
use edge::Problem;
use kernel::{DeliveryWindowId, Instant, Measure, Money};
use ledger::LedgerRefusal;
use store::StoreError;

use crate::{allocation::AllocationRefusal, order::OrderRefusal};

#[derive(Debug, thiserror::Error)]
pub enum IntakeRefusal {
    #[error("the site has window {window} for that time already")]
    WindowExists { window: DeliveryWindowId },
    #[error("a capacity of {capacity} is below the {taken} orders that the window has")]
    CapacityBelowTaken { capacity: i64, taken: i64 },
    #[error("orders for this window were taken until {cut_off}")]
    PastCutOff { cut_off: Instant },
    #[error("the window has its {capacity} orders")]
    WindowFull { capacity: i64 },
    #[error("the desk says for whom it takes an order")]
    CustomerMissing,
    #[error("nobody has found this address on the map")]
    AddressNotLocated,
    #[error("line {line} names no product")]
    UnknownSku { line: usize },
    #[error("{code} of line {line} is no longer sold")]
    Delisted { line: usize, code: String },
    #[error("line {line} is not sold that way: it is {}", measure.code())]
    WrongMeasure { line: usize, measure: Measure },
    #[error("line {line} asks for more than {most}")]
    TooMuch { line: usize, most: i64 },
    #[error("line {line} is beyond all amounts")]
    TooLarge { line: usize },
    #[error("an order of {amount} is below the minimum of {minimum}")]
    BelowMinimum { amount: String, minimum: String },
    #[error(transparent)]
    Allocation(#[from] AllocationRefusal),
    #[error(transparent)]
    Order(#[from] OrderRefusal),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl IntakeRefusal {
    pub(super) fn below_minimum(amount: Money, minimum: Money, currency: kernel::Currency) -> Self {
        Self::BelowMinimum { amount: amount.display(currency), minimum: minimum.display(currency) }
    }
}

macro_rules! through_order {
    ($($refusal:ty),* $(,)?) => {$(
        impl From<$refusal> for IntakeRefusal {
            fn from(refusal: $refusal) -> Self {
                Self::Order(refusal.into())
            }
        }
    )*};
}

through_order!(CatalogRefusal, CustomerRefusal, LedgerRefusal, PaymentRefusal);

impl From<IntakeRefusal> for Problem {
    fn from(refusal: IntakeRefusal) -> Self {
        let conflict = |slug| Self::new(StatusCode::CONFLICT, slug);
        let unprocessable = |slug| Self::new(StatusCode::UNPROCESSABLE_ENTITY, slug);
        match refusal {
            IntakeRefusal::WindowExists { window } => conflict("intake/window-exists").with("window", window),
            IntakeRefusal::CapacityBelowTaken { capacity, taken } => conflict("intake/capacity-below-taken")
                .with("capacity", capacity)
                .with("taken", taken)
                .field("capacity"),
            // The same answers as allocation gives: a race is no other reason.
            IntakeRefusal::PastCutOff { cut_off } => AllocationRefusal::PastCutOff { cut_off }.into(),
            IntakeRefusal::WindowFull { capacity } => AllocationRefusal::WindowFull { capacity }.into(),
            IntakeRefusal::CustomerMissing => unprocessable("intake/customer-missing").field("customer"),
            IntakeRefusal::AddressNotLocated => unprocessable("intake/address-not-located").field("address"),
            IntakeRefusal::UnknownSku { line } => {
                unprocessable("intake/unknown-sku").with("line", line + 1).field(format!("lines/{line}/sku"))
            }
            IntakeRefusal::Delisted { line, code } => {
                conflict("intake/delisted").with("line", line + 1).with("code", code).field(format!("lines/{line}/sku"))
            }
            IntakeRefusal::WrongMeasure { line, measure } => unprocessable("intake/wrong-measure")
                .with("line", line + 1)
                .with("measure", measure.code())
                .field(format!("lines/{line}/quantity")),
            IntakeRefusal::TooMuch { line, most } => unprocessable("intake/too-much")
                .with("line", line + 1)
                .with("most", most)
                .field(format!("lines/{line}/quantity")),
            IntakeRefusal::TooLarge { line } => {
                unprocessable("intake/too-large").with("line", line + 1).field(format!("lines/{line}/quantity"))
            }
            IntakeRefusal::BelowMinimum { amount, minimum } => {
                conflict("intake/below-minimum").with("amount", amount).with("minimum", minimum).field("lines")
            }
            IntakeRefusal::Allocation(refusal) => refusal.into(),
            IntakeRefusal::Order(refusal) => refusal.into(),
            IntakeRefusal::Store(error) => error.into(),
        }
    }
}
