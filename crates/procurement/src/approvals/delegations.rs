//! A signature lent for some days, within a limit: an approver on leave does not stop the shop.

use ::events::{Object, tell};
use ::store::Tx;
use edge::Duty;
use identity::{exclusion::excludes, roles, users};
use kernel::{Actor, Stamp, UserId};

use super::{
    ApprovalStep, ApprovalsRefusal, Delegation, DelegationId, Level, NewDelegation, Signer,
    events::{ApprovalDelegated, DelegationEnded},
    rules, store,
};
use crate::requisitions::Requisition;

/// Lends one's own signature. A borrowed one cannot be lent on, and nobody borrows it whose work it would sign off.
pub async fn delegate(
    tx: &mut Tx,
    stamp: &Stamp,
    signer: &Signer,
    new: NewDelegation,
) -> Result<Delegation, ApprovalsRefusal> {
    let level = new.level;
    let Actor::Staff(delegator) = stamp.by else { return Err(ApprovalsRefusal::NotYoursToLend { level }) };
    if !signer.duties.contains(&level.duty()) {
        return Err(ApprovalsRefusal::NotYoursToLend { level });
    }
    if new.delegate == delegator {
        return Err(ApprovalsRefusal::OwnDelegate);
    }
    let borrower = users::user(tx, new.delegate).await?;
    let duties = roles::duties(borrower.roles.iter().copied());
    let unfit = borrower.state != users::UserState::Active
        || !duties.contains(&Duty::ReadPurchases)
        || duties.iter().any(|duty| excludes(*duty, level.duty()))
        // Another signer of the chain would sign twice.
        || Level::ALL.iter().any(|other| duties.contains(&other.duty()));
    if unfit {
        return Err(ApprovalsRefusal::UnfitDelegate { level });
    }
    let lent = Delegation {
        id: stamp.mint(),
        delegator,
        delegate: new.delegate,
        level,
        currency: new.currency,
        limit: new.limit,
        valid_from: new.valid_from,
        valid_until: new.valid_until,
        reason: new.reason,
        made_at: stamp.at,
        ended_at: None,
    };
    store::add_delegation(tx, &lent).await?;
    let body = ApprovalDelegated {
        level,
        delegate: lent.delegate,
        valid_from: lent.valid_from,
        valid_until: lent.valid_until,
        limit: lent.limit,
        reason: lent.reason.clone(),
    };
    tell(tx, stamp, Object::of(lent.id), &[Object::of(delegator), Object::of(lent.delegate)], &body).await?;
    Ok(lent)
}

/// Takes a lent signature back before its last day. Only who lent it does.
pub async fn end_delegation(tx: &mut Tx, stamp: &Stamp, id: DelegationId) -> Result<Delegation, ApprovalsRefusal> {
    let known = store::delegation(tx, id).await?.ok_or(ApprovalsRefusal::NoSuchDelegation)?;
    if Actor::Staff(known.delegator) != stamp.by || known.ended_at.is_some() {
        return Err(ApprovalsRefusal::NoSuchDelegation);
    }
    store::end_delegation(tx, id, stamp.at).await?;
    tell(tx, stamp, Object::of(id), &[Object::of(known.delegate)], &DelegationEnded { level: known.level }).await?;
    Ok(Delegation { ended_at: Some(stamp.at), ..known })
}

/// Lent signatures, the latest first.
pub async fn delegations(
    tx: &mut Tx,
    before: Option<(kernel::Instant, DelegationId)>,
    limit: i64,
) -> Result<Vec<Delegation>, ApprovalsRefusal> {
    Ok(store::delegations(tx, before, limit).await?)
}

/// The signature that somebody borrows for this level of this requisition now.
pub(super) async fn lent(
    tx: &mut Tx,
    stamp: &Stamp,
    known: &Requisition,
    steps: &[ApprovalStep],
    signer: &Signer,
    level: Level,
) -> Result<Delegation, ApprovalsRefusal> {
    let number = || known.head.number.clone();
    let not_yours = || ApprovalsRefusal::NotYourStep { number: number(), level };
    let Actor::Staff(borrower) = signer.actor else { return Err(not_yours()) };
    let site = catalog::site(tx, known.head.site).await?;
    let today = site.time.business_day(stamp.at);
    let mut valid = Vec::new();
    for one in store::delegations_to(tx, borrower, level, known.head.currency, today).await? {
        if still_holds(tx, one.delegator, level).await? {
            valid.push(one);
        }
    }
    if valid.is_empty() {
        return Err(not_yours());
    }
    // Who signs for a level of this chain by their own right does not sign for a second.
    let in_chain = steps.iter().any(|step| signer.duties.contains(&step.level.duty()));
    let signed_already = |lender: UserId| {
        let lender = Some(Actor::Staff(lender));
        steps.iter().any(|step| step.decided_by == lender || step.on_behalf_of.map(Actor::Staff) == lender)
    };
    valid.retain(|one| Actor::Staff(one.delegator) != known.head.requested_by && !signed_already(one.delegator));
    let Some(best) = valid.into_iter().max_by_key(|one| (one.limit, one.id)).filter(|_| !in_chain) else {
        return Err(ApprovalsRefusal::AlreadyInChain { number: number() });
    };
    let amount = store::amount_of_round(tx, known.head.id, known.head.round).await?;
    if amount > best.limit {
        return Err(ApprovalsRefusal::AboveDelegation { level, limit: best.limit, amount });
    }
    Ok(best)
}

/// Who has left, or lost the duty, lends nothing any more.
async fn still_holds(tx: &mut Tx, lender: UserId, level: rules::Level) -> Result<bool, ApprovalsRefusal> {
    let lender = users::user(tx, lender).await?;
    let holds = roles::duties(lender.roles.iter().copied()).contains(&level.duty());
    Ok(holds && lender.state == users::UserState::Active)
}
