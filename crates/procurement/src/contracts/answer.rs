//! What a supplier says to an order, with evidence of who said it and to which text.

use ::events::{Object, tell};
use ::store::Tx;
use edge::{Problem, parse};
use kernel::{Actor, ContractId, Instant, PurchaseOrderId, Stamp, SupplierId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    ContractsRefusal, PurchaseOrder, PurchaseOrderState,
    events::{PurchaseOrderAccepted, PurchaseOrderDeclined},
    own_order, store, turn,
};
use crate::approvals;

/// Yes or no.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "answer", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = ContractReply)]
pub enum Reply {
    Accept,
    Decline {
        #[schema(min_length = 1, max_length = 500)]
        reason: String,
    },
}

/// A supplier's answer as it is given.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAnswer {
    pub reply: Reply,
    /// Who signs, by name.
    #[schema(min_length = 1, max_length = 80)]
    pub signed_by: String,
    /// SHA-256 of the contract text that the signer has read.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub sha256: String,
}

impl NewAnswer {
    pub fn parse(mut self) -> Result<Self, Problem> {
        self.signed_by = parse::text("signed_by", &self.signed_by, 1, 80)?;
        if let Reply::Decline { reason } = &mut self.reply {
            *reason = parse::text("reply/reason", reason, 1, 500)?;
        }
        let hex = |digit: u8| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit);
        if self.sha256.len() != 64 || !self.sha256.bytes().all(hex) {
            return Err(Problem::invalid("sha256", "64 digits of lower-case hexadecimal belong here"));
        }
        Ok(self)
    }
}

/// The evidence that is kept: who, when, and what they had before their eyes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Answered {
    pub contract: ContractId,
    #[serde(flatten)]
    pub reply: Reply,
    pub signed_by: String,
    pub sha256: String,
    pub by: Actor,
    pub at: Instant,
}

/// Records the supplier's answer. An order is answered once, by its own supplier, and to the text that is kept.
pub async fn answer(
    tx: &mut Tx,
    stamp: &Stamp,
    id: PurchaseOrderId,
    supplier: SupplierId,
    new: NewAnswer,
) -> Result<PurchaseOrder, ContractsRefusal> {
    let mut order = own_order(tx, id, supplier).await?;
    let contract = store::contract(tx, id).await?.ok_or(ContractsRefusal::NoSuchOrder)?;
    if contract.sha256 != new.sha256 {
        return Err(ContractsRefusal::OtherText { number: order.head.number });
    }
    let to = match &new.reply {
        Reply::Accept => PurchaseOrderState::Accepted,
        Reply::Decline { .. } => PurchaseOrderState::Declined,
    };
    order.head = turn(tx, &order.head, to).await?;
    let answered = Answered {
        contract: contract.id,
        reply: new.reply,
        signed_by: new.signed_by,
        sha256: new.sha256,
        by: stamp.by,
        at: stamp.at,
    };
    store::add_answer(tx, &answered).await?;
    let also = [Object::of(supplier), Object::of(order.head.site), Object::of(contract.id)];
    let number = order.head.number.clone();
    match answered.reply {
        Reply::Accept => {
            let body = PurchaseOrderAccepted { number, sha256: answered.sha256, delivery_on: order.head.delivery_on };
            tell(tx, stamp, Object::of(id), &also, &body).await?;
        }
        Reply::Decline { reason } => {
            approvals::free_rest(tx, stamp, id).await?;
            tell(tx, stamp, Object::of(id), &also, &PurchaseOrderDeclined { number, reason }).await?;
        }
    }
    Ok(order)
}
