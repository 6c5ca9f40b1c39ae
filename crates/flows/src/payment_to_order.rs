//! The provider has answered: the order goes on, is declined, or gets its money back.

use accounts::payments::{Asked, Outcome, StepKind};
use kernel::Stamp;
use orders::{outbound, review};
use store::Tx;

use crate::FlowRefusal;

/// Writes the provider's answer into the books and tells the order what it means, in one transaction.
pub async fn settle(tx: &mut Tx, stamp: &Stamp, asked: &Asked) -> Result<(), FlowRefusal> {
    let recorded = asked.settle(tx, stamp).await?;
    match (recorded.kind, recorded.outcome) {
        (StepKind::Authorise, Outcome::Done) => {
            review::payment_authorised(tx, stamp, recorded.order).await?;
        }
        (StepKind::Authorise, Outcome::Refused { reason }) => {
            review::payment_declined(tx, stamp, recorded.order, &reason).await?;
        }
        // An order that failed while its capture was on the way gets the money back once it has been taken.
        (StepKind::Capture, Outcome::Done) => {
            outbound::refund(tx, stamp, recorded.order).await?;
        }
        (_, Outcome::Done | Outcome::Refused { .. } | Outcome::Awaited | Outcome::Before) => {}
    }
    Ok(())
}
