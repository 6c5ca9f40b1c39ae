//! Step 1.3 採購申請. What is wanted, in which quantity, from whom, by when, for whose money, and how each number came about.
//!
//! A requisition is written, edited and submitted by one buyer; submitting it sets the money aside and decides who must
//! sign. Never buys anything: that is done by purchase orders, after the last signature.

pub mod events;
mod explain;
pub mod http;
mod order;
mod propose;
mod refusal;
mod rules;
mod store;

use std::collections::{BTreeMap, BTreeSet};

use ::events::{Object, tell};
use ::store::Tx;
use accounts::{
    Cause,
    budgets::{self, Budget, BudgetRefusal, Override, Stage},
};
use catalog::{Listing, Site};
use kernel::{Actor, Date, Instant, Money, RequisitionId, SiteId, SkuId, Stamp};

pub use explain::Explanation;
pub use order::{OrderedRequisition, order};
pub use propose::NewProposal;
pub use refusal::RequisitionsRefusal;
pub use rules::{
    NewRequisition, NewRequisitionLine, Requisition, RequisitionHead, RequisitionLine, RequisitionState, Specification,
};

use crate::{
    approvals::{self, Overrun},
    contracts,
    numbers::{self, Series},
    suppliers,
};
use events::{
    RequisitionApproved, RequisitionDrafted, RequisitionEdited, RequisitionRejected, RequisitionReturned,
    RequisitionSubmitted, RequisitionWithdrawn,
};

/// Writes a requisition down. Nobody has to sign it yet.
pub async fn draft(tx: &mut Tx, stamp: &Stamp, new: NewRequisition) -> Result<Requisition, RequisitionsRefusal> {
    draft_explained(tx, stamp, new, &Explanations::new()).await
}

/// How proposed quantities came about, by product and day.
type Explanations = BTreeMap<(SkuId, Date), Explanation>;

async fn draft_explained(
    tx: &mut Tx,
    stamp: &Stamp,
    new: NewRequisition,
    explanations: &Explanations,
) -> Result<Requisition, RequisitionsRefusal> {
    let site = catalog::site(tx, new.site).await?;
    let lines = lines(tx, stamp, &site, new.lines, explanations).await?;
    let head = RequisitionHead {
        id: stamp.mint(),
        number: numbers::next(tx, Series::Requisition, &site, site.time.business_day(stamp.at)).await?,
        site: site.id,
        department: new.department,
        currency: site.currency,
        state: RequisitionState::Draft,
        reason: new.reason,
        value: worth(&lines)?,
        requested_by: stamp.by,
        drafted_at: stamp.at,
        submitted_at: None,
        round: 0,
        revision: 1,
    };
    let drafted = Requisition { head, lines };
    store::add(tx, &drafted).await?;
    let head = &drafted.head;
    let body = RequisitionDrafted { number: head.number.clone(), value: head.value, lines: drafted.lines.len() };
    tell(tx, stamp, Object::of(head.id), &[Object::of(head.site)], &body).await?;
    Ok(drafted)
}

/// Rewrites a draft. What was proposed for a line stays with it, so that the change can be judged later.
pub async fn edit(
    tx: &mut Tx,
    stamp: &Stamp,
    known: Requisition,
    new: NewRequisition,
) -> Result<Requisition, RequisitionsRefusal> {
    demand_own(&known.head, stamp.by)?;
    if known.head.state != RequisitionState::Draft {
        return Err(RequisitionsRefusal::NotADraft { number: known.head.number, state: known.head.state });
    }
    let site = catalog::site(tx, known.head.site).await?;
    let proposed: Explanations =
        known.lines.iter().filter_map(|line| Some(((line.sku, line.needed_by), line.explanation.clone()?))).collect();
    let lines = lines(tx, stamp, &site, new.lines, &proposed).await?;
    let head = RequisitionHead {
        department: new.department,
        reason: new.reason,
        value: worth(&lines)?,
        revision: known.head.revision + 1,
        ..known.head
    };
    let edited = Requisition { head, lines };
    store::rewrite(tx, &edited).await?;
    let head = &edited.head;
    let body = RequisitionEdited { number: head.number.clone(), value: head.value, lines: edited.lines.len() };
    tell(tx, stamp, Object::of(head.id), &[Object::of(head.site)], &body).await?;
    Ok(edited)
}

/// Hands a draft to those who must sign it, and sets its money aside. A budget that is not there or has too little
/// free is a refusal, unless finance has granted an override.
pub async fn submit(tx: &mut Tx, stamp: &Stamp, id: RequisitionId) -> Result<Requisition, RequisitionsRefusal> {
    let mut asked = locked(tx, id).await?;
    demand_own(&asked.head, stamp.by)?;
    // Whatever the supplier would refuse is said now, and not after three people have signed.
    for (order, _) in asked.orders() {
        contracts::demand_placeable(tx, stamp, &order).await?;
    }
    if asked.head.state == RequisitionState::Draft {
        asked.head.round += 1;
        asked.head.submitted_at = Some(stamp.at);
        store::submit(tx, &asked.head).await?;
    }
    asked.head = turn(tx, &asked.head, RequisitionState::Submitted).await?;
    let overrun = set_aside(tx, stamp, &asked).await?;
    let routed = approvals::route(tx, stamp, &asked, overrun).await?;
    let body = RequisitionSubmitted {
        number: asked.head.number.clone(),
        value: asked.head.value,
        amount: routed.amount,
        round: asked.head.round,
        levels: routed.levels.clone(),
    };
    let skus = asked.lines.iter().map(|line| Object::of(line.sku));
    let also: Vec<Object> = around(&asked).into_iter().chain(skus).collect();
    tell(tx, stamp, Object::of(id), &also, &body).await?;
    // So small that no rule asks for a signature.
    if routed.levels.is_empty() {
        asked.head = approved(tx, stamp, &asked).await?;
    }
    Ok(asked)
}

/// Gives a requisition up before it is ordered; its money is free again.
pub async fn withdraw(
    tx: &mut Tx,
    stamp: &Stamp,
    id: RequisitionId,
    reason: &str,
) -> Result<Requisition, RequisitionsRefusal> {
    let mut known = locked(tx, id).await?;
    demand_own(&known.head, stamp.by)?;
    let held_money = known.head.state.holds_money();
    known.head = turn(tx, &known.head, RequisitionState::Withdrawn).await?;
    if held_money {
        give_back(tx, stamp, &known).await?;
    }
    let body = RequisitionWithdrawn { number: known.head.number.clone(), reason: reason.to_owned() };
    tell(tx, stamp, Object::of(id), &around(&known), &body).await?;
    Ok(known)
}

/// The last signature is given.
pub(crate) async fn approved(
    tx: &mut Tx,
    stamp: &Stamp,
    known: &Requisition,
) -> Result<RequisitionHead, RequisitionsRefusal> {
    let head = turn(tx, &known.head, RequisitionState::Approved).await?;
    let body = RequisitionApproved { number: head.number.clone(), value: head.value };
    tell(tx, stamp, Object::of(head.id), &around(known), &body).await?;
    Ok(head)
}

/// A signer says no, for good.
pub(crate) async fn rejected(
    tx: &mut Tx,
    stamp: &Stamp,
    known: &Requisition,
    level: approvals::Level,
    reason: &str,
) -> Result<RequisitionHead, RequisitionsRefusal> {
    let head = turn(tx, &known.head, RequisitionState::Rejected).await?;
    give_back(tx, stamp, known).await?;
    let body = RequisitionRejected { number: head.number.clone(), level, reason: reason.to_owned() };
    tell(tx, stamp, Object::of(head.id), &around(known), &body).await?;
    Ok(head)
}

/// A signer sends it back to its requester, who may change it and ask again.
pub(crate) async fn returned(
    tx: &mut Tx,
    stamp: &Stamp,
    known: &Requisition,
    level: approvals::Level,
    reason: &str,
) -> Result<RequisitionHead, RequisitionsRefusal> {
    let head = turn(tx, &known.head, RequisitionState::Draft).await?;
    give_back(tx, stamp, known).await?;
    let body = RequisitionReturned { number: head.number.clone(), level, reason: reason.to_owned() };
    tell(tx, stamp, Object::of(head.id), &around(known), &body).await?;
    Ok(head)
}

/// The requisition, which must exist.
pub async fn requisition(tx: &mut Tx, id: RequisitionId) -> Result<Requisition, RequisitionsRefusal> {
    store::requisition(tx, id).await?.ok_or(RequisitionsRefusal::NoSuchRequisition)
}

/// The requisition, and nobody else decides about it until this transaction ends.
pub(crate) async fn locked(tx: &mut Tx, id: RequisitionId) -> Result<Requisition, RequisitionsRefusal> {
    store::lock(tx, id).await?;
    requisition(tx, id).await
}

/// Requisitions of a site, latest first; a state, if given, narrows them.
pub async fn requisitions(
    tx: &mut Tx,
    site: SiteId,
    state: Option<RequisitionState>,
    before: Option<(Instant, RequisitionId)>,
    limit: i64,
) -> Result<Vec<RequisitionHead>, RequisitionsRefusal> {
    Ok(store::page(tx, site, state, before, limit).await?)
}

/// The budgets that a requisition asks of, as they stand.
pub(crate) async fn budgets_of(tx: &mut Tx, known: &Requisition) -> Result<Vec<Budget>, RequisitionsRefusal> {
    let mut found = Vec::new();
    for (key, _) in known.by_budget() {
        found.push(budgets::find(tx, &key).await?);
    }
    Ok(found)
}

/// Takes a requisition into its next state, if the way leads there and nobody was faster.
pub(crate) async fn turn(
    tx: &mut Tx,
    head: &RequisitionHead,
    to: RequisitionState,
) -> Result<RequisitionHead, RequisitionsRefusal> {
    if !head.state.may_become(to) || !store::turn(tx, head.id, head.state, to).await? {
        return Err(RequisitionsRefusal::NoSuchTurn { number: head.number.clone(), from: head.state, to });
    }
    Ok(RequisitionHead { state: to, revision: head.revision + 1, ..head.clone() })
}

/// Reserves what each budget pays. Answers by how much the worst of them is overrun with finance's leave.
async fn set_aside(tx: &mut Tx, stamp: &Stamp, asked: &Requisition) -> Result<Option<Overrun>, RequisitionsRefusal> {
    let claim = Cause::of(asked.head.id);
    let mut worst: Option<Overrun> = None;
    for (key, wanted) in asked.by_budget() {
        let budget = budgets::find(tx, &key).await?;
        if wanted <= budget.free {
            budgets::reserve(tx, stamp, budget.id, claim, wanted).await?;
            continue;
        }
        let Some(granted) = approvals::override_of(tx, &asked.head).await? else {
            return Err(BudgetRefusal::OverBudget { wanted, free: budget.free }.into());
        };
        if granted.up_to < asked.head.value {
            return Err(RequisitionsRefusal::OverrideTooSmall { up_to: granted.up_to, value: asked.head.value });
        }
        let why = Override::because(&granted.reason)?;
        budgets::reserve_over(tx, stamp, budget.id, claim, wanted, &why).await?;
        let overrun = Overrun::of(&budget, wanted);
        if worst.as_ref().is_none_or(|known| known.over_bp < overrun.over_bp) {
            worst = Some(overrun);
        }
    }
    Ok(worst)
}

/// Frees what is still reserved for a requisition.
async fn give_back(tx: &mut Tx, stamp: &Stamp, known: &Requisition) -> Result<(), RequisitionsRefusal> {
    let claim = Cause::of(known.head.id);
    for (key, _) in known.by_budget() {
        let budget = budgets::find(tx, &key).await?;
        let held = budgets::claim_of(tx, budget.id, claim).await?.requested;
        if held > Money::ZERO {
            budgets::release(tx, stamp, budget.id, claim, Stage::Requested, held).await?;
        }
    }
    Ok(())
}

/// The lines as they will be kept: each traded, with somebody who may deliver it, at a price.
async fn lines(
    tx: &mut Tx,
    stamp: &Stamp,
    site: &Site,
    wanted: Vec<NewRequisitionLine>,
    proposed: &Explanations,
) -> Result<Vec<RequisitionLine>, RequisitionsRefusal> {
    let mut seen = BTreeSet::new();
    let mut lines = Vec::with_capacity(wanted.len());
    for (new, position) in wanted.into_iter().zip(1..) {
        let sku = catalog::sku(tx, new.sku).await?;
        if sku.listing == Listing::Retired {
            return Err(contracts::ContractsRefusal::Retired { sku: sku.code }.into());
        }
        let supplier = if let Some(supplier) = new.supplier {
            suppliers::supplier(tx, supplier).await?.id
        } else {
            let day = site.time.business_day(stamp.at);
            let offer = suppliers::cheapest(tx, site.currency, &sku, day, new.needed_by).await?;
            let nobody = || RequisitionsRefusal::NoSupplier { sku: sku.code.clone(), needed_by: new.needed_by };
            offer.ok_or_else(nobody)?.0.id
        };
        if !seen.insert((supplier, new.needed_by, sku.id)) {
            return Err(RequisitionsRefusal::LineTwice { sku: sku.code });
        }
        let list = suppliers::price_on(tx, supplier, sku.id, new.needed_by).await?.map(|list| list.price);
        let (quantity, price, value) = contracts::estimate(&sku, new.quantity, new.price.or(list))?;
        lines.push(RequisitionLine {
            id: stamp.mint(),
            position,
            sku: sku.id,
            category: sku.category,
            supplier,
            needed_by: new.needed_by,
            quantity,
            price,
            value,
            specification: new.specification,
            note: new.note,
            explanation: proposed.get(&(sku.id, new.needed_by)).cloned(),
        });
    }
    Ok(lines)
}

fn worth(lines: &[RequisitionLine]) -> Result<Money, RequisitionsRefusal> {
    let value: Money = lines.iter().map(|line| line.value).sum();
    if value > Money::MAX { Err(RequisitionsRefusal::TooLarge { most: Money::MAX }) } else { Ok(value) }
}

/// A draft is its writer's: what others change, they would have asked for.
fn demand_own(head: &RequisitionHead, by: Actor) -> Result<(), RequisitionsRefusal> {
    if head.requested_by == by { Ok(()) } else { Err(RequisitionsRefusal::NotYours { number: head.number.clone() }) }
}

/// What else an event about a requisition speaks of.
pub(crate) fn around(known: &Requisition) -> Vec<Object> {
    let suppliers = known.by_supplier().into_keys().map(Object::of);
    suppliers.chain([Object::of(known.head.site)]).collect()
}
