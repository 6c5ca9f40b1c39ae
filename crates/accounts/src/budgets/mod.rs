//! Budgets: what a department may spend on a category in a month, and what it has promised of it.
//!
//! Every amount is free, requested, committed or actual, and the four always add up to the budget. A move is written
//! to an append-only journal in the statement's own transaction; who asks for a budget that does not exist is
//! refused, and so is who asks for more than is free, unless finance says why.

use ::events::{Object, Told, tell};
use ::store::{StoreError, Tx, args};
use kernel::{BudgetId, Currency, Money, SiteId, Stamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::events::{BudgetActualised, BudgetCommitted, BudgetOpened, BudgetOverridden, BudgetReleased, BudgetReserved};
use crate::{Cause, JournalRefusal, journal::periods::known_site};

pub mod events;
pub mod http;
mod rules;
mod store;

pub use rules::{BudgetKey, NewBudget, Override, Sums};
pub use store::{BudgetMove, budget, budgets, moves};

/// A budget as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Budget {
    pub id: BudgetId,
    pub site: SiteId,
    pub department: String,
    pub category: String,
    /// `2026-03`.
    pub month: String,
    pub currency: Currency,
    pub amount: Money,
    /// Asked for and not yet ordered.
    pub requested: Money,
    /// Ordered and not yet invoiced.
    pub committed: Money,
    /// Invoiced.
    pub actual: Money,
    /// What is left; below zero where finance has overridden or an invoice came out higher.
    pub free: Money,
}

/// Why a budget is not moved.
#[derive(Debug, thiserror::Error)]
pub enum BudgetRefusal {
    #[error("no budget of {department} for {category} in {month}")]
    UnknownBudget { department: String, category: String, month: String },
    #[error("budget {budget} is not known")]
    NoSuchBudget { budget: BudgetId },
    #[error("{department} has a budget for {category} in {month}")]
    AlreadyExists { department: String, category: String, month: String },
    #[error("{month:?} is not a month")]
    NotAMonth { month: String },
    #[error("{amount} is not between 1 and {}", Money::MAX)]
    AmountOutOfRange { amount: Money },
    #[error("{wanted} is asked of a budget with {free} free")]
    OverBudget { wanted: Money, free: Money },
    #[error("{wanted} is taken of {held} that this claim has {}", stage.code())]
    NotHeld { wanted: Money, held: Money, stage: Stage },
    #[error("an override needs a reason of {min} to {max} characters")]
    ReasonMissing { min: usize, max: usize },
    #[error(transparent)]
    Journal(#[from] JournalRefusal),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where a claim's money stands before it is spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BudgetStage)]
pub enum Stage {
    Requested,
    Committed,
}

impl Stage {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Committed => "committed",
        }
    }
}

/// Opens a budget.
pub async fn open_budget(tx: &mut Tx, stamp: &Stamp, new: &NewBudget) -> Result<Budget, BudgetRefusal> {
    rules::check_new(new)?;
    let site = known_site(tx, new.key.site).await?;
    let id = stamp.mint::<BudgetId>();
    if store::insert(tx, id, new, site.currency).await? == 0 {
        let BudgetKey { department, category, month, .. } = new.key.clone();
        return Err(BudgetRefusal::AlreadyExists { department, category, month });
    }
    let opened = budget(tx, id).await?.ok_or(BudgetRefusal::NoSuchBudget { budget: id })?;
    let body = BudgetOpened {
        department: opened.department.clone(),
        category: opened.category.clone(),
        month: opened.month.clone(),
        amount: opened.amount,
    };
    tell(tx, stamp, Object::of(id), &[Object::of(opened.site)], &body).await?;
    Ok(opened)
}

/// The budget under that key. One that does not exist is a refusal, never an unlimited one.
pub async fn find(tx: &mut Tx, key: &BudgetKey) -> Result<Budget, BudgetRefusal> {
    let unknown = || BudgetRefusal::UnknownBudget {
        department: key.department.clone(),
        category: key.category.clone(),
        month: key.month.clone(),
    };
    store::by_key(tx, key).await?.ok_or_else(unknown)
}

/// Sets money aside for a claim: a requisition that asks for it. Refuses more than is free.
pub async fn reserve(
    tx: &mut Tx,
    stamp: &Stamp,
    budget: BudgetId,
    claim: Cause,
    amount: Money,
) -> Result<Budget, BudgetRefusal> {
    rules::positive(amount)?;
    let before = held(tx, budget).await?;
    if amount > before.free || tx.execute(store::RESERVE, args![budget, amount]).await? == 0 {
        return Err(BudgetRefusal::OverBudget { wanted: amount, free: before.free });
    }
    store::note(tx, stamp, budget, claim, "reserve", Sums { requested: amount, ..Sums::NONE }, None).await?;
    told(tx, stamp, budget, claim, &BudgetReserved { amount }).await
}

/// Sets money aside beyond what is free, because finance says so and why. The caller has checked finance's duty.
pub async fn reserve_over(
    tx: &mut Tx,
    stamp: &Stamp,
    budget: BudgetId,
    claim: Cause,
    amount: Money,
    why: &Override,
) -> Result<Budget, BudgetRefusal> {
    rules::positive(amount)?;
    let before = held(tx, budget).await?;
    tx.execute(store::RESERVE_OVER, args![budget, amount]).await?;
    let moved = Sums { requested: amount, ..Sums::NONE };
    store::note(tx, stamp, budget, claim, "override", moved, Some(why.reason())).await?;
    let body = BudgetOverridden { amount, free_before: before.free, reason: why.reason().to_owned() };
    told(tx, stamp, budget, claim, &body).await
}

/// Turns `requested` of what the claim has reserved into a commitment of `committed`: the order is placed, perhaps
/// at another price. What it costs more must be free.
pub async fn commit(
    tx: &mut Tx,
    stamp: &Stamp,
    budget: BudgetId,
    claim: Cause,
    requested: Money,
    committed: Money,
) -> Result<Budget, BudgetRefusal> {
    rules::positive(committed)?;
    let before = held(tx, budget).await?;
    claimed(tx, budget, claim, requested, Stage::Requested).await?;
    let more = committed - requested;
    if more > Money::ZERO && more > before.free {
        return Err(BudgetRefusal::OverBudget { wanted: more, free: before.free });
    }
    tx.execute(store::COMMIT, args![budget, requested, committed]).await?;
    let moved = Sums { requested: -requested, committed, actual: Money::ZERO };
    store::note(tx, stamp, budget, claim, "commit", moved, None).await?;
    told(tx, stamp, budget, claim, &BudgetCommitted { requested, committed }).await
}

/// Turns `committed` of the claim into an actual cost of `actual`. A bill is written down whatever is free: the goods
/// are eaten, and a budget that hides them would lie.
pub async fn actualise(
    tx: &mut Tx,
    stamp: &Stamp,
    budget: BudgetId,
    claim: Cause,
    committed: Money,
    actual: Money,
) -> Result<Budget, BudgetRefusal> {
    rules::positive(actual)?;
    held(tx, budget).await?;
    claimed(tx, budget, claim, committed, Stage::Committed).await?;
    tx.execute(store::ACTUALISE, args![budget, committed, actual]).await?;
    let moved = Sums { requested: Money::ZERO, committed: -committed, actual };
    store::note(tx, stamp, budget, claim, "actualise", moved, None).await?;
    told(tx, stamp, budget, claim, &BudgetActualised { committed, actual }).await
}

/// Gives back what a claim no longer needs: it was refused, cancelled, or came short.
pub async fn release(
    tx: &mut Tx,
    stamp: &Stamp,
    budget: BudgetId,
    claim: Cause,
    stage: Stage,
    amount: Money,
) -> Result<Budget, BudgetRefusal> {
    rules::positive(amount)?;
    held(tx, budget).await?;
    claimed(tx, budget, claim, amount, stage).await?;
    let moved = match stage {
        Stage::Requested => Sums { requested: -amount, ..Sums::NONE },
        Stage::Committed => Sums { committed: -amount, ..Sums::NONE },
    };
    tx.execute(store::RELEASE, args![budget, -moved.requested, -moved.committed]).await?;
    store::note(tx, stamp, budget, claim, "release", moved, None).await?;
    told(tx, stamp, budget, claim, &BudgetReleased { stage: stage.code().to_owned(), amount }).await
}

/// What a claim still holds of a budget, by stage.
pub async fn claim_of(tx: &mut Tx, budget: BudgetId, claim: Cause) -> Result<Sums, StoreError> {
    store::claim(tx, budget, claim).await
}

/// The budget, held against other hands until this transaction ends.
async fn held(tx: &mut Tx, id: BudgetId) -> Result<Budget, BudgetRefusal> {
    store::locked(tx, id).await?.ok_or(BudgetRefusal::NoSuchBudget { budget: id })
}

/// Refuses to move more than the claim itself holds: nobody spends another's reservation.
async fn claimed(
    tx: &mut Tx,
    budget: BudgetId,
    claim: Cause,
    wanted: Money,
    stage: Stage,
) -> Result<(), BudgetRefusal> {
    let sums = store::claim(tx, budget, claim).await?;
    let held = match stage {
        Stage::Requested => sums.requested,
        Stage::Committed => sums.committed,
    };
    if wanted.is_negative() || wanted > held { Err(BudgetRefusal::NotHeld { wanted, held, stage }) } else { Ok(()) }
}

async fn told<B: Told>(
    tx: &mut Tx,
    stamp: &Stamp,
    id: BudgetId,
    claim: Cause,
    body: &B,
) -> Result<Budget, BudgetRefusal> {
    tell(tx, stamp, Object::of(id), &[Object { noun: claim.noun, id: claim.id }], body).await?;
    budget(tx, id).await?.ok_or(BudgetRefusal::NoSuchBudget { budget: id })
}
