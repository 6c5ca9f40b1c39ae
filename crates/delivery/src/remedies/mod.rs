//! Step 4.5 退換補償. Decides what a complaint gives back, by rule, and keeps it with its order line and money entry.
//!
//! The money itself moves in the money journal, in the same transaction, by way of `flows`. It never gives back more
//! than was paid for the line.

pub mod events;

mod refusal;
mod rules;
mod store;

use ::events::{Object, tell};
use ::store::{StoreError, Tx};
use kernel::{ComplaintId, CustomerId, EntryId, Instant, Money, OrderLineId, RemedyId, SiteId, Stamp};

pub use refusal::RemedyRefusal;
pub use rules::{
    COMPLAINTS_PERCENT, COMPLAINTS_UNSUSPECTED, Claim, Decider, HISTORY_DAYS, History, Policy, Remedy, RemedyReview,
    Verdict, decide,
};

use crate::feedback::{self, Complaint, ComplaintState, Finding};

const DAY_MS: i64 = 86_400_000;

/// The rules of a site: those of the house, where the site has none of its own.
pub async fn policy(tx: &mut Tx, site: SiteId) -> Result<Policy, RemedyRefusal> {
    let mut policy = Policy::house(catalog::site(tx, site).await?.currency);
    policy.share_bp.extend(store::shares(tx, site).await?);
    policy.limit.extend(store::limits(tx, site).await?);
    Ok(policy)
}

/// Gives a site rules of its own; what `policy` does not name stays as it was.
pub async fn set_policy(tx: &mut Tx, stamp: &Stamp, site: SiteId, policy: &Policy) -> Result<(), RemedyRefusal> {
    for (kind, share_bp) in &policy.share_bp {
        if !(0..=10_000).contains(share_bp) {
            return Err(RemedyRefusal::ShareOutOfRange { kind: *kind, share_bp: *share_bp });
        }
    }
    store::save_policy(tx, site, policy).await?;
    let body = events::RemedyPolicySet { policy: policy.clone() };
    tell(tx, stamp, Object::of(site), &[], &body).await?;
    Ok(())
}

/// How often a customer has complained lately.
pub async fn history(tx: &mut Tx, customer: CustomerId, now: Instant) -> Result<History, StoreError> {
    store::history(tx, customer, now.plus_millis(-HISTORY_DAYS * DAY_MS)).await
}

/// The claim of a complaint, given what was paid for its line.
pub async fn claim(tx: &mut Tx, complaint: ComplaintId, line_amount: Money) -> Result<Claim, RemedyRefusal> {
    let complaint = feedback::complaint(tx, complaint).await?;
    let sheet = complaint.sheet();
    let refunded = store::refunded_for_line(tx, sheet.order_line).await?;
    Ok(Claim { kind: sheet.kind, line_amount, refunded })
}

/// The complaint, if it may still be remedied: it was not, it is open, and it was not found to be without ground.
pub async fn demand_open(tx: &mut Tx, complaint: ComplaintId) -> Result<Complaint, RemedyRefusal> {
    let complaint = feedback::complaint(tx, complaint).await?;
    let sheet = complaint.sheet();
    match (complaint.state(), complaint.given_answer().map(|answer| answer.finding)) {
        (ComplaintState::Closed, _) | (ComplaintState::Answered, Some(Finding::NotUpheld)) => {
            return Err(RemedyRefusal::ComplaintIs { state: complaint.state() });
        }
        (ComplaintState::Made | ComplaintState::Answered, _) => {}
    }
    if store::refunded(tx, sheet.id).await?.is_some() {
        return Err(RemedyRefusal::RemediedAlready);
    }
    Ok(complaint)
}

/// Keeps a remedy with the money entry that paid it. A complaint is remedied once, and not after it was found to be
/// without ground.
pub async fn record(
    tx: &mut Tx,
    stamp: &Stamp,
    complaint: ComplaintId,
    remedy: Remedy,
    line_amount: Money,
    entry: Option<EntryId>,
) -> Result<RemedyId, RemedyRefusal> {
    let complaint = demand_open(tx, complaint).await?;
    let sheet = complaint.sheet();
    let refunded = store::refunded_for_line(tx, sheet.order_line).await?;
    if remedy.amount <= Money::ZERO || refunded + remedy.amount > line_amount {
        return Err(RemedyRefusal::NothingToRefund { paid: line_amount, refunded });
    }
    let id: RemedyId = stamp.mint();
    store::add_remedy(tx, id, sheet, remedy, entry, stamp.at).await?;
    let body = events::RemedyGiven {
        complaint: sheet.id,
        order: sheet.order,
        order_line: sheet.order_line,
        customer: sheet.customer,
        amount: remedy.amount,
        decider: remedy.decider,
        entry,
    };
    let also =
        [Object::of(sheet.id), Object::of(sheet.order), Object::of(sheet.order_line), Object::of(sheet.customer)];
    tell(tx, stamp, Object::of(id), &also, &body).await?;
    Ok(id)
}

/// What a complaint gave back, if anything.
pub async fn refunded(tx: &mut Tx, complaint: ComplaintId) -> Result<Option<Money>, StoreError> {
    store::refunded(tx, complaint).await
}

/// What all complaints about a line gave back.
pub async fn refunded_for_line(tx: &mut Tx, line: OrderLineId) -> Result<Money, StoreError> {
    store::refunded_for_line(tx, line).await
}

/// Notes what the rule made of a complaint, once.
pub async fn review(
    tx: &mut Tx,
    complaint: ComplaintId,
    verdict: Verdict,
    why: Option<&str>,
    at: Instant,
) -> Result<(), StoreError> {
    store::add_review(tx, complaint, verdict, why, at).await
}

/// What the rule made of a complaint.
pub async fn reviewed(tx: &mut Tx, complaint: ComplaintId) -> Result<Option<RemedyReview>, StoreError> {
    store::review(tx, complaint).await
}
