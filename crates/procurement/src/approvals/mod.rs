//! Step 1.4 審批. Decides by rules that are data who must sign a purchase, in which order, and keeps every signature.
//!
//! A requisition passes the desks one after the other; each signs for one level, or somebody to whom that signature
//! was lent for some days. Never lets anybody sign what they asked for, or sign one purchase twice.

mod commitments;
mod delegations;
mod escalate;
pub mod events;
pub mod http;
mod refusal;
mod rules;
mod store;

use std::collections::BTreeSet;

use ::events::{Object, tell};
use ::store::Tx;
use accounts::budgets::{Budget, Override};
use edge::Duty;
use identity::exclusion::may;
use kernel::{Actor, Currency, Date, Instant, Money, RequisitionId, SiteId, Stamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub(crate) use commitments::{commit, free_rest, spend};
pub use delegations::{delegate, delegations, end_delegation};
pub use escalate::{any_signature_late, escalate_late};
pub use refusal::ApprovalsRefusal;
pub use rules::{
    ApprovalRule, ApprovalRuleId, ApprovalStep, Asked, DAYS_SUMMED, Decision, Delegation, DelegationId, Level,
    NewApprovalRule, NewDelegation, Overrun, PurchaseAttempt, PurchaseAttemptId, StepState, SupplierSum, Trace,
    Unsigned, Why,
};
pub use store::GrantedOverride;

use crate::requisitions::{self, Requisition, RequisitionHead, RequisitionState, RequisitionsRefusal};
use events::{ApprovalGiven, ApprovalRuleSet, BudgetOverrideGranted, UnapprovedPurchaseTried};

/// Sets from which amount on a level must sign. The open rule of the level ends on the day before.
pub async fn set_rule(tx: &mut Tx, stamp: &Stamp, new: NewApprovalRule) -> Result<ApprovalRule, ApprovalsRefusal> {
    let latest = store::latest_rule(tx, new.currency, new.level).await?;
    if let Some(latest) = &latest {
        let eve = new.valid_from.yesterday().ok().filter(|eve| latest.valid_from <= *eve);
        let Some(eve) = eve else {
            return Err(ApprovalsRefusal::RuleBegins { level: new.level, from: latest.valid_from });
        };
        store::end_rule(tx, latest.id, eve).await?;
    }
    let rule = ApprovalRule {
        id: stamp.mint(),
        currency: new.currency,
        level: new.level,
        above: new.above,
        within_minutes: new.within_minutes,
        valid_from: new.valid_from,
        valid_until: None,
        set_by: stamp.by,
        set_at: stamp.at,
    };
    store::add_rule(tx, &rule).await?;
    let body = ApprovalRuleSet { level: rule.level, above: rule.above, valid_from: rule.valid_from };
    tell(tx, stamp, Object::of(rule.id), &[], &body).await?;
    Ok(rule)
}

/// Every rule of a currency, by level and day.
pub async fn rules(tx: &mut Tx, currency: Currency) -> Result<Vec<ApprovalRule>, ApprovalsRefusal> {
    Ok(store::rules(tx, currency).await?)
}

/// The rules that are valid on a day. Where there are none, nothing may be bought.
async fn rules_on(tx: &mut Tx, currency: Currency, on: Date) -> Result<Vec<ApprovalRule>, ApprovalsRefusal> {
    let rules = store::rules_on(tx, currency, on).await?;
    if rules.is_empty() { Err(ApprovalsRefusal::NoRules { currency, on }) } else { Ok(rules) }
}

/// Who must sign a requisition, and the amount that decided it.
pub(crate) struct Routed {
    pub(crate) amount: Money,
    pub(crate) levels: Vec<Level>,
}

/// Begins a round of signatures for a requisition that is being submitted.
pub(crate) async fn route(
    tx: &mut Tx,
    stamp: &Stamp,
    asked: &Requisition,
    overrun: Option<Overrun>,
) -> Result<Routed, ApprovalsRefusal> {
    let head = &asked.head;
    let site = catalog::site(tx, head.site).await?;
    let rules = rules_on(tx, head.currency, site.time.business_day(stamp.at)).await?;
    let mut sums = Vec::new();
    for (supplier, value) in asked.by_supplier() {
        let since = since(stamp.at);
        let signed = store::requested_since(tx, head.requested_by, supplier, head.currency, since, head.id).await?;
        let unsigned = store::bought_unsigned_since(tx, head.requested_by, supplier, head.currency, since).await?;
        sums.push(SupplierSum { supplier, value, earlier: signed + unsigned });
    }
    let trace = rules::route(&rules, head.value, sums, overrun);
    let levels: Vec<Level> = trace.steps.iter().map(|step| step.level).collect();
    store::begin_round(tx, head, &trace, stamp.at).await?;
    Ok(Routed { amount: trace.amount, levels })
}

fn since(at: Instant) -> Instant {
    at.plus_minutes(-DAYS_SUMMED * 24 * 60)
}

/// Who signs, and what they are trusted with.
#[derive(Clone, Debug)]
pub struct Signer {
    pub actor: Actor,
    pub duties: BTreeSet<Duty>,
}

/// Signs, refuses or sends back the requisition for the level whose turn it is.
pub async fn decide(
    tx: &mut Tx,
    stamp: &Stamp,
    id: RequisitionId,
    signer: &Signer,
    decision: &Decision,
) -> Result<Requisition, ApprovalsRefusal> {
    let mut known = requisitions::locked(tx, id).await?;
    let number = known.head.number.clone();
    let steps = store::steps_of_round(tx, id, known.head.round).await?;
    let open = steps.iter().find(|step| step.state == StepState::Open);
    let (RequisitionState::Submitted, Some(step)) = (known.head.state, open) else {
        return Err(ApprovalsRefusal::NotSubmitted { number, state: known.head.state });
    };
    demand_other_hands(&known.head, &steps, signer, step.level)?;
    let lent = if step.may_be_signed_with(&signer.duties) {
        None
    } else {
        Some(delegations::lent(tx, stamp, &known, &steps, signer, step.level).await?)
    };
    let decided = ApprovalStep {
        state: decision.state(),
        decided_by: Some(stamp.by),
        on_behalf_of: lent.as_ref().map(|lent| lent.delegator),
        delegation: lent.as_ref().map(|lent| lent.id),
        comment: decision.said().map(str::to_owned),
        decided_at: Some(stamp.at),
        ..step.clone()
    };
    store::decide(tx, id, &decided).await?;
    let level = step.level;
    known.head = match decision {
        Decision::Approve { .. } => {
            let body = ApprovalGiven { number, level, on_behalf_of: decided.on_behalf_of };
            tell(tx, stamp, Object::of(id), &requisitions::around(&known), &body).await?;
            match steps.iter().filter(|step| step.state == StepState::Open).nth(1) {
                Some(next) => {
                    store::begin_turn(tx, id, next, stamp.at).await?;
                    known.head.clone()
                }
                None => requisitions::approved(tx, stamp, &known).await?,
            }
        }
        Decision::Reject { reason } => requisitions::rejected(tx, stamp, &known, level, reason).await?,
        Decision::Return { reason } => requisitions::returned(tx, stamp, &known, level, reason).await?,
    };
    Ok(known)
}

/// Nobody signs what they asked for, and nobody signs one round twice.
fn demand_other_hands(
    head: &RequisitionHead,
    steps: &[ApprovalStep],
    signer: &Signer,
    level: Level,
) -> Result<(), ApprovalsRefusal> {
    let number = || head.number.clone();
    may(&[(head.requested_by, Duty::RequestPurchase)], signer.actor, level.duty())
        .map_err(|_| ApprovalsRefusal::OwnRequisition { number: number() })?;
    // Neither their own signature, nor one that somebody gave in their name.
    let own = |step: &&ApprovalStep| {
        step.decided_by == Some(signer.actor) || step.on_behalf_of.map(Actor::Staff) == Some(signer.actor)
    };
    match steps.iter().find(own) {
        Some(_) => Err(ApprovalsRefusal::AlreadySigned { number: number() }),
        None => Ok(()),
    }
}

/// Lets a draft be submitted beyond what its budgets have free, because finance says so and why.
pub async fn grant_override(
    tx: &mut Tx,
    stamp: &Stamp,
    id: RequisitionId,
    reason: &str,
) -> Result<GrantedOverride, ApprovalsRefusal> {
    let known = requisitions::locked(tx, id).await?;
    let head = &known.head;
    if head.state != RequisitionState::Draft {
        return Err(ApprovalsRefusal::NotADraft { number: head.number.clone(), state: head.state });
    }
    may(&[(head.requested_by, Duty::RequestPurchase)], stamp.by, Duty::ApproveForFinance)
        .map_err(|_| ApprovalsRefusal::OwnRequisition { number: head.number.clone() })?;
    let why = Override::because(reason)?;
    let granted = GrantedOverride {
        round: head.round + 1,
        up_to: head.value,
        reason: why.reason().to_owned(),
        granted_by: stamp.by,
        granted_at: stamp.at,
    };
    store::grant(tx, id, &granted).await?;
    let body =
        BudgetOverrideGranted { number: head.number.clone(), up_to: granted.up_to, reason: granted.reason.clone() };
    tell(tx, stamp, Object::of(id), &requisitions::around(&known), &body).await?;
    Ok(granted)
}

/// Finance's leave for the round that a requisition is in.
pub(crate) async fn override_of(
    tx: &mut Tx,
    head: &RequisitionHead,
) -> Result<Option<GrantedOverride>, ApprovalsRefusal> {
    Ok(store::override_of(tx, head.id, head.round).await?)
}

/// Everything about the signatures of a requisition: who was asked and why, who said what, and what it does to the
/// budgets.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Trail {
    /// One for each time it was submitted.
    pub rounds: Vec<Trace>,
    pub steps: Vec<ApprovalStep>,
    pub overrides: Vec<GrantedOverride>,
    /// As they stand; what this requisition asks for is in `requested` once it is submitted.
    pub budgets: Vec<Budget>,
}

/// The signatures of a requisition, from its first round on.
pub async fn trail(tx: &mut Tx, known: &Requisition) -> Result<Trail, ApprovalsRefusal> {
    let id = known.head.id;
    Ok(Trail {
        rounds: store::rounds(tx, id).await?,
        steps: store::steps(tx, id).await?,
        overrides: store::overrides(tx, id).await?,
        budgets: match requisitions::budgets_of(tx, known).await {
            Ok(budgets) => budgets,
            // A draft may name a budget that nobody has opened; submitting it is refused.
            Err(RequisitionsRefusal::Budget(accounts::budgets::BudgetRefusal::UnknownBudget { .. })) => Vec::new(),
            Err(refusal) => return Err(refusal.into()),
        },
    })
}

/// A requisition that waits for a signature.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct WaitingRequisition {
    #[serde(flatten)]
    pub requisition: RequisitionHead,
    /// The signature that it waits for, until when, and who was asked as well because it was late.
    pub turn: ApprovalStep,
}

/// Requisitions that wait for a signature of one of these levels, or were brought before it because the level below
/// was late; the longest wait first.
pub async fn waiting(tx: &mut Tx, site: SiteId, levels: &[Level]) -> Result<Vec<WaitingRequisition>, ApprovalsRefusal> {
    let mut found = Vec::new();
    for id in store::waiting(tx, site).await? {
        let known = requisitions::requisition(tx, id).await?;
        let steps = store::steps_of_round(tx, id, known.head.round).await?;
        let turn = steps.into_iter().find(|step| step.state == StepState::Open);
        if let Some(turn) = turn.filter(|turn| levels.is_empty() || turn.asks(levels)) {
            found.push(WaitingRequisition { requisition: known.head, turn });
        }
    }
    Ok(found)
}

/// Holds a purchase that nobody has signed against the rules. What is above the limit is not bought; that it was tried
/// is kept, because somebody must be able to see it.
pub(crate) async fn tried_unsigned(
    tx: &mut Tx,
    stamp: &Stamp,
    purchase: Unsigned<'_>,
) -> Result<Option<PurchaseAttempt>, ApprovalsRefusal> {
    let site = catalog::site(tx, purchase.site).await?;
    let rules = rules_on(tx, purchase.currency, site.time.business_day(stamp.at)).await?;
    let earlier =
        store::bought_unsigned_since(tx, stamp.by, purchase.supplier, purchase.currency, since(stamp.at)).await?;
    let sum = SupplierSum { supplier: purchase.supplier, value: purchase.value, earlier };
    let trace = rules::route(&rules, purchase.value, vec![sum], None);
    let Some(rule) = rules::limit(&rules).filter(|_| !trace.steps.is_empty()) else { return Ok(None) };
    let attempt = PurchaseAttempt {
        id: stamp.mint(),
        site: purchase.site,
        supplier: purchase.supplier,
        delivery_on: purchase.delivery_on,
        currency: purchase.currency,
        value: purchase.value,
        amount: trace.amount,
        limit: rule.above,
        missing: trace.steps.iter().map(|step| step.level).collect(),
        rule: rule.id,
        tried_by: stamp.by,
        tried_at: stamp.at,
    };
    store::add_attempt(tx, &attempt).await?;
    let body = UnapprovedPurchaseTried {
        value: attempt.value,
        amount: attempt.amount,
        limit: attempt.limit,
        missing: attempt.missing.clone(),
        delivery_on: attempt.delivery_on,
    };
    let skus = purchase.skus.iter().copied().map(Object::of);
    let also: Vec<Object> = [Object::of(attempt.supplier), Object::of(attempt.site)].into_iter().chain(skus).collect();
    tell(tx, stamp, Object::of(attempt.id), &also, &body).await?;
    Ok(Some(attempt))
}

/// What the buyer is told whose purchase was kept as an attempt.
pub(crate) fn refused(attempt: &PurchaseAttempt) -> ApprovalsRefusal {
    ApprovalsRefusal::ApprovalMissing {
        value: attempt.value,
        amount: attempt.amount,
        limit: attempt.limit,
        missing: attempt.missing.iter().map(|level| level.code()).collect::<Vec<_>>().join(", "),
    }
}

/// Purchases that were tried at a site without their signatures, latest first.
pub async fn attempts(
    tx: &mut Tx,
    site: SiteId,
    before: Option<(Instant, PurchaseAttemptId)>,
    limit: i64,
) -> Result<Vec<PurchaseAttempt>, ApprovalsRefusal> {
    Ok(store::attempts(tx, site, before, limit).await?)
}
