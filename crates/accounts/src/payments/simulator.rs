//! The provider of demonstrations and tests: what it does is written in the token.
//!
//! `sim:ok` does everything, `sim:decline` declines, `sim:timeout` leaves the first call of each reference without an
//! answer, `sim:twice` repeats every answer a moment later, `sim:late` answers by webhook only. Unknown tokens are
//! declined, as a real provider would.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use kernel::Money;

use super::{Answer, Call, Echo, Fault, PaymentProvider, Reply, StepKind};

/// What a late webhook takes.
const LATE_MS: i64 = 90_000;
/// When a doubled answer comes again.
const TWICE_MS: i64 = 5_000;
/// 1.5 % of each capture, a common fee of card acquirers.
const FEE_BASIS_POINTS: i64 = 150;

/// Answers by the token; remembers only the calls it has let time out.
#[derive(Debug, Default)]
pub struct Simulator {
    timed_out: Mutex<BTreeSet<String>>,
}

impl Simulator {
    fn hear(&self, call: &Call) -> Result<Answer, Fault> {
        match call.token.as_str() {
            "sim:ok" | "sim:twice" => Ok(done(call)),
            "sim:late" => Ok(Answer::Later),
            "sim:timeout" => {
                let mut timed_out = self.timed_out.lock().unwrap_or_else(PoisonError::into_inner);
                // The second call of a reference succeeds and is forgotten, so that the memory stays small.
                if timed_out.remove(&call.reference) {
                    return Ok(done(call));
                }
                timed_out.insert(call.reference.clone());
                Err(Fault::TimedOut)
            }
            "sim:decline" => Ok(Answer::Declined { reason: "insufficient_funds".to_owned() }),
            _ => Ok(Answer::Declined { reason: "unknown_token".to_owned() }),
        }
    }
}

fn done(call: &Call) -> Answer {
    let fee = match call.kind {
        StepKind::Capture => call.amount.basis_points(FEE_BASIS_POINTS),
        StepKind::Authorise | StepKind::Refund | StepKind::Void => Money::ZERO,
    };
    Answer::Done { provider_reference: format!("sim-{}-{}", call.kind.code(), call.reference), fee }
}

impl PaymentProvider for Simulator {
    fn authorise<'a>(&'a self, call: &'a Call) -> Reply<'a> {
        Box::pin(async { self.hear(call) })
    }

    fn capture<'a>(&'a self, call: &'a Call) -> Reply<'a> {
        Box::pin(async { self.hear(call) })
    }

    fn void<'a>(&'a self, call: &'a Call) -> Reply<'a> {
        Box::pin(async { self.hear(call) })
    }

    fn refund<'a>(&'a self, call: &'a Call) -> Reply<'a> {
        Box::pin(async { self.hear(call) })
    }

    fn echoes(&self, call: &Call, answer: &Answer) -> Vec<Echo> {
        match (call.token.as_str(), answer) {
            ("sim:twice", Answer::Done { .. }) => vec![Echo { after_ms: TWICE_MS, answer: answer.clone() }],
            ("sim:late", Answer::Later) => vec![Echo { after_ms: LATE_MS, answer: done(call) }],
            _ => Vec::new(),
        }
    }
}
