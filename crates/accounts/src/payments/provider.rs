//! The port to whoever moves customers' money.

use std::{future::Future, pin::Pin};

use kernel::{Currency, Instant, Money};
use serde::{Deserialize, Serialize};

use super::{Rest, StepKind};

/// One call to the provider. The same reference is the same call, however often it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub kind: StepKind,
    pub reference: String,
    pub token: String,
    pub amount: Money,
    pub currency: Currency,
    /// What the provider called the authorisation; `None` while asking for it.
    pub authorisation: Option<String>,
    /// Whether a capture is the last one.
    pub rest: Rest,
    pub at: Instant,
}

/// What the provider said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// Done, under the provider's own reference; `fee` is what it keeps of a capture.
    Done {
        provider_reference: String,
        fee: Money,
    },
    Declined {
        reason: String,
    },
    /// Taken on; the answer will come by webhook.
    Later,
}

/// No answer. Whether the call was heard is not known; asking again under the same reference is safe.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("the payment provider did not answer in time")]
    TimedOut,
    #[error("the payment provider cannot be reached: {0}")]
    Unreachable(String),
}

/// An answer that the provider sends by itself, some time after a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Echo {
    pub after_ms: i64,
    pub answer: Answer,
}

/// An answer that is awaited.
pub type Reply<'a> = Pin<Box<dyn Future<Output = Result<Answer, Fault>> + Send + 'a>>;

/// Authorises, captures, voids and refunds. Never called while a transaction is open.
pub trait PaymentProvider: Send + Sync {
    /// Sets the amount aside.
    fn authorise<'a>(&'a self, call: &'a Call) -> Reply<'a>;

    /// Takes some or all of what was set aside.
    fn capture<'a>(&'a self, call: &'a Call) -> Reply<'a>;

    /// Lets go of what was set aside.
    fn void<'a>(&'a self, call: &'a Call) -> Reply<'a>;

    /// Gives back some or all of what was taken.
    fn refund<'a>(&'a self, call: &'a Call) -> Reply<'a>;

    /// What a provider inside this process will say by itself afterwards; one outside comes to the webhook instead.
    fn echoes(&self, _call: &Call, _answer: &Answer) -> Vec<Echo> {
        Vec::new()
    }
}
