//! What a second person makes of goods in quarantine.

use ::events::{Object, tell};
use ::store::Tx;
use edge::{Duty, Problem, parse};
use identity::may;
use kernel::{LotId, Money, Stamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    ReceivingRefusal,
    case::Case,
    events::QuarantinedGoodsDecided,
    judge::{self, Decision, Part},
    rules::{self, Disposition},
    store, weigh,
};

/// The end of a quarantine.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewQuarantineDecision)]
pub struct NewDecision {
    /// Anything but another quarantine.
    pub disposition: Disposition,
    /// The price cut of a concession; the contract's, if none is named.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 10_000)]
    pub cut_bp: Option<i64>,
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

impl NewDecision {
    pub fn parse(mut self) -> Result<Self, Problem> {
        self.reason = parse::text("reason", &self.reason, 1, 500)?;
        if let Some(cut) = self.cut_bp {
            parse::within("cut_bp", cut, 0, 10_000)?;
        }
        if self.disposition == Disposition::Quarantine {
            return Err(Problem::invalid("disposition", "a quarantine ends in another disposition"));
        }
        Ok(self)
    }
}

/// Decides about a quarantined part, whole. What the facts forbade at the dock they forbid now.
pub async fn decide(tx: &mut Tx, stamp: &Stamp, lot: LotId, new: NewDecision) -> Result<Part, ReceivingRefusal> {
    let mut part = store::part(tx, lot).await?.ok_or(ReceivingRefusal::NotFromTheDock)?;
    let case = Case::lock(tx, part.line).await?;
    let inspection = store::inspection(tx, part.line).await?.ok_or(ReceivingRefusal::NotFromTheDock)?;
    let code = ledger::lot(tx, lot).await?.code;
    if part.stands() != Disposition::Quarantine {
        return Err(ReceivingRefusal::NotQuarantined { lot: code, stands: part.stands() });
    }
    may(&[(inspection.by, Duty::InspectGoods)], stamp.by, Duty::LiftBlocks)?;
    if !rules::is_allowed(new.disposition, inspection.bar) {
        let disposition = new.disposition;
        return Err(ReceivingRefusal::NotAcceptable { disposition, faults: inspection.faults });
    }
    part.cut_bp = match new.disposition {
        Disposition::Concession => new.cut_bp.unwrap_or(case.terms().concession_cut_bp),
        Disposition::Accept | Disposition::Quarantine | Disposition::Reject => 0,
    };
    part.worth = if new.disposition.is_taken() {
        let worth = rules::worth(case.purchase_order_line.price, part.quantity, part.cut_bp);
        worth.ok_or(ReceivingRefusal::TooMuchMoney)?
    } else {
        Money::ZERO
    };
    let decision = Decision { disposition: new.disposition, reason: new.reason, by: stamp.by, at: stamp.at };

    judge::turn(tx, stamp, lot, decision.disposition, &decision.reason).await?;
    part.decided = Some(decision.clone());
    store::set_decided(tx, &part, &decision).await?;
    judge::book(tx, stamp, &case, std::slice::from_ref(&part)).await?;
    weigh::note_progress(tx, stamp, &case.order).await?;
    let body = QuarantinedGoodsDecided {
        line: part.line,
        disposition: decision.disposition,
        quantity: part.quantity,
        reason: decision.reason,
        worth: part.worth,
    };
    tell(tx, stamp, Object::of(lot), &case.arrival.around(), &body).await?;
    Ok(part)
}
