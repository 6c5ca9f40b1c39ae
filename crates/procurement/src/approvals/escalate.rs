//! A signature that is late is asked for further up as well: fresh goods do not wait for a desk.

use ::events::{Object, tell};
use ::store::{Question, Tx};
use kernel::{Instant, RequisitionId, Stamp};

use super::{ApprovalStep, ApprovalsRefusal, Level, StepState, events::ApprovalEscalated, store};
use crate::requisitions::{self, RequisitionState};

/// Late signatures that one look takes on.
const AT_ONCE: i64 = 100;

/// Whether there is a signature for [`escalate_late`].
pub fn any_signature_late(now: Instant) -> Question {
    store::any_late(now)
}

/// Puts every purchase that waits for a late signature into the list of a level above as well. Whoever was asked first
/// may still sign; who signs first has signed.
pub async fn escalate_late(tx: &mut Tx, stamp: &Stamp) -> Result<(), ApprovalsRefusal> {
    for id in store::late(tx, stamp.at, AT_ONCE).await? {
        escalate(tx, stamp, id).await?;
    }
    Ok(())
}

async fn escalate(tx: &mut Tx, stamp: &Stamp, id: RequisitionId) -> Result<(), ApprovalsRefusal> {
    let known = requisitions::locked(tx, id).await?;
    let steps = store::steps_of_round(tx, id, known.head.round).await?;
    let chain: Vec<Level> = steps.iter().map(|step| step.level).collect();
    let turn = steps.into_iter().find(|step| step.state == StepState::Open);
    // Somebody may have signed while we were looking.
    let (RequisitionState::Submitted, Some(step)) = (known.head.state, turn) else { return Ok(()) };
    let Some(due) = step.due_at.filter(|due| *due < stamp.at && step.escalated_at.is_none()) else { return Ok(()) };
    let to = step.level.stand_in(&chain);
    let late = ApprovalStep { escalated_to: Some(to), escalated_at: Some(stamp.at), ..step };
    store::escalate(tx, id, &late).await?;
    let minutes_late = stamp.at.since(due).div_euclid(60_000);
    let body = ApprovalEscalated { number: known.head.number.clone(), level: late.level, to, minutes_late };
    tell(tx, stamp, Object::of(id), &requisitions::around(&known), &body).await?;
    Ok(())
}
