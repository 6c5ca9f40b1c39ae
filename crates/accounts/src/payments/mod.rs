//! Payments: intended in a transaction, done by a job, settled in a transaction with the provider's answer.
//!
//! ```text
//! requested ─▶ authorised ─▶ captured ─▶ refunded
//!     │            └──────▶ voided
//!     └──▶ declined
//! ```
//!
//! A capture never exceeds what was authorised, the refunds never exceed what was captured: the sums of what is done
//! *and intended* are columns that only a conditional UPDATE moves, so two hands at once cannot both take the last
//! dollar. No provider is called while a transaction is open.

use ::store::StoreError;
use kernel::{Currency, CustomerId, CustomerOrderId, Instant, JobId, Money, PaymentId, SiteId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::JournalRefusal;

pub mod events;
pub mod http;
mod intend;
mod perform;
mod provider;
mod rules;
mod settle;
mod simulator;
mod store;
pub mod webhook;

pub use intend::{intend_capture, intend_refund, intend_void, request};
pub use perform::{Asked, HEAR, PERFORM, PerformError, Performed, ask, perform};
pub use provider::{Answer, Call, Echo, Fault, PaymentProvider, Reply};
pub use rules::{PaymentState, Rest, StepKind, TOKEN_MAX};
pub use settle::{
    Outcome, Recorded, record_authorised, record_captured, record_declined, record_refunded, record_voided, settle,
};
pub use simulator::Simulator;
pub use store::{live_payment, of_order, payment};

/// What a payment is asked for.
#[derive(Clone, Debug)]
pub struct NewPayment {
    pub order: CustomerOrderId,
    pub customer: CustomerId,
    pub site: SiteId,
    pub currency: Currency,
    /// The most that may ever be captured: the estimate's upper bound.
    pub bound: Money,
    /// What the customer's wallet or the provider's form gave us; means something to the provider only.
    pub token: String,
}

/// One thing the provider is to do, written down and queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Intent {
    pub payment: PaymentId,
    /// The job that will do it. Its id is the reference under which the provider knows the call, try after try.
    pub job: JobId,
}

/// A payment as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Payment {
    pub id: PaymentId,
    pub order: CustomerOrderId,
    pub customer: CustomerId,
    pub site: SiteId,
    pub currency: Currency,
    pub state: PaymentState,
    pub bound: Money,
    pub authorised: Money,
    /// Captured, and intended to be.
    pub capturing: Money,
    pub captured: Money,
    /// Let go again, or about to be: the scale said less, or the order was given up.
    pub released: Money,
    /// Refunded, and intended to be.
    pub refunding: Money,
    pub refunded: Money,
    /// Why the provider declined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declined: Option<String>,
    pub requested_at: Instant,
}

/// Why a payment does not go on.
#[derive(Debug, thiserror::Error)]
pub enum PaymentRefusal {
    #[error("payment {payment} is not known")]
    UnknownPayment { payment: PaymentId },
    #[error("payment step {step} is not known")]
    UnknownStep { step: JobId },
    #[error("a payment is bound to between 1 and {}, not {bound}", Money::MAX)]
    BoundOutOfRange { bound: Money },
    #[error("a payment token has 1 to {TOKEN_MAX} characters")]
    TokenOutOfRange,
    #[error("order {order} already has payment {payment}")]
    AlreadyRequested { order: CustomerOrderId, payment: PaymentId },
    #[error("an amount of {amount} is nothing to move")]
    NothingToMove { amount: Money },
    #[error("payment is {}, not ready to be {}", state.code(), kind.past())]
    NotReady { state: PaymentState, kind: StepKind },
    #[error("capture of {wanted} is above the {left} that is left of the authorised amount")]
    AboveBound { wanted: Money, left: Money },
    #[error("refund of {wanted} is above the {left} that was captured and not yet refunded")]
    AboveCaptured { wanted: Money, left: Money },
    #[error("something is still intended with payment {payment}")]
    StepOpen { payment: PaymentId },
    #[error("the provider's answer does not fit a step that is to {}", kind.code())]
    AnswerDoesNotFit { kind: StepKind },
    #[error(transparent)]
    Journal(#[from] JournalRefusal),
    #[error(transparent)]
    Store(#[from] StoreError),
}
