//! States of a payment and what each allows. Pure.

use kernel::Money;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{NewPayment, Payment, PaymentRefusal};

/// Providers' tokens are short; a longer one is not a token.
pub const TOKEN_MAX: usize = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentState {
    /// The provider has been asked, or is about to be.
    Requested,
    /// The amount is set aside on the customer's side.
    Authorised,
    /// Some or all of it is ours.
    Captured,
    /// Some or all of what was ours has gone back.
    Refunded,
    Declined,
    Voided,
}

impl PaymentState {
    pub const ALL: [Self; 6] =
        [Self::Requested, Self::Authorised, Self::Captured, Self::Refunded, Self::Declined, Self::Voided];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Authorised => "authorised",
            Self::Captured => "captured",
            Self::Refunded => "refunded",
            Self::Declined => "declined",
            Self::Voided => "voided",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// What a provider can be asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    Authorise,
    Capture,
    Refund,
    Void,
}

impl StepKind {
    pub const ALL: [Self; 4] = [Self::Authorise, Self::Capture, Self::Refund, Self::Void];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Authorise => "authorise",
            Self::Capture => "capture",
            Self::Refund => "refund",
            Self::Void => "void",
        }
    }

    pub const fn past(self) -> &'static str {
        match self {
            Self::Authorise => "authorised",
            Self::Capture => "captured",
            Self::Refund => "refunded",
            Self::Void => "voided",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// What becomes of an authorisation that a capture does not use up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rest {
    /// Another parcel of the order is still to be settled.
    Kept,
    /// This was the last capture; the rest is let go with it.
    Released,
}

impl Rest {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Released => "released",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Kept, Self::Released].into_iter().find(|rest| rest.code() == code)
    }
}

pub(super) fn check_new(new: &NewPayment) -> Result<(), PaymentRefusal> {
    if new.bound <= Money::ZERO || new.bound > Money::MAX {
        return Err(PaymentRefusal::BoundOutOfRange { bound: new.bound });
    }
    let plain = new.token.bytes().all(|byte| byte.is_ascii_graphic());
    if new.token.is_empty() || new.token.len() > TOKEN_MAX || !plain {
        return Err(PaymentRefusal::TokenOutOfRange);
    }
    Ok(())
}

pub(super) fn check_capture(payment: &Payment, wanted: Money) -> Result<(), PaymentRefusal> {
    positive(wanted)?;
    match payment.state {
        // A second parcel may be settled after the first was complained about.
        PaymentState::Authorised | PaymentState::Captured | PaymentState::Refunded => {}
        state @ (PaymentState::Requested | PaymentState::Declined | PaymentState::Voided) => {
            return Err(PaymentRefusal::NotReady { state, kind: StepKind::Capture });
        }
    }
    let left = payment.authorised - payment.released - payment.capturing;
    if wanted > left { Err(PaymentRefusal::AboveBound { wanted, left }) } else { Ok(()) }
}

pub(super) fn check_refund(payment: &Payment, wanted: Money) -> Result<(), PaymentRefusal> {
    positive(wanted)?;
    match payment.state {
        PaymentState::Captured | PaymentState::Refunded => {}
        state
        @ (PaymentState::Requested | PaymentState::Authorised | PaymentState::Declined | PaymentState::Voided) => {
            return Err(PaymentRefusal::NotReady { state, kind: StepKind::Refund });
        }
    }
    let left = payment.captured - payment.refunding;
    if wanted > left { Err(PaymentRefusal::AboveCaptured { wanted, left }) } else { Ok(()) }
}

/// Only a payment of which nothing was or is about to be captured can be voided.
pub(super) fn check_void(payment: &Payment) -> Result<(), PaymentRefusal> {
    match payment.state {
        PaymentState::Authorised if payment.capturing.is_zero() => Ok(()),
        PaymentState::Authorised => Err(PaymentRefusal::StepOpen { payment: payment.id }),
        state @ (PaymentState::Requested
        | PaymentState::Captured
        | PaymentState::Refunded
        | PaymentState::Declined
        | PaymentState::Voided) => Err(PaymentRefusal::NotReady { state, kind: StepKind::Void }),
    }
}

fn positive(amount: Money) -> Result<(), PaymentRefusal> {
    if amount > Money::ZERO { Ok(()) } else { Err(PaymentRefusal::NothingToMove { amount }) }
}
