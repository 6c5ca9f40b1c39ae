//! The money journal: double entry, append-only, every entry zero in sum.
//!
//! Writes what happened to money in the transaction in which it happened. Never changes an entry, never keeps a
//! running total: a balance is the sum of postings, so no row is hot and no total can disagree with its entries.

use ::store::{StoreError, Tx};
use kernel::{Currency, CustomerOrderId, Date, EntryId, Id, LotId, Money, SiteId, SkuId, Stamp};
use uuid::Uuid;

use crate::{Account, Sheaf};

pub mod events;
pub mod http;
pub mod periods;
mod query;
mod rules;
mod store;

pub use periods::{Lock, lock_period};
pub use query::{
    BalanceLine, Posted, PostedLine, cost_by_sku, cost_of_goods, entries, entries_caused_by, entry, order_receivable,
    party_balance, trial_balance, value_of_lot, values_of_lots, waste,
};
pub use rules::POSTINGS_MAX;
pub(crate) use store::write;

/// The object that made an entry necessary: `Cause::of(release_note)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause {
    pub noun: &'static str,
    pub id: Uuid,
}

/// Whose account a posting stands on: a customer, a supplier, a courier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Party {
    pub noun: &'static str,
    pub id: Uuid,
}

/// One entry to be written.
#[derive(Clone, Debug)]
pub struct Entry {
    pub site: SiteId,
    /// The site's currency; an entry in another is refused.
    pub currency: Currency,
    pub cause: Cause,
    pub memo: String,
    /// The business day it belongs to; `None` for the site's day at the stamp.
    pub day: Option<Date>,
    pub postings: Vec<Posting>,
}

/// One amount on one account: debit positive, credit negative, never zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posting {
    pub account: Account,
    pub party: Option<Party>,
    /// The order that the amount belongs to; contribution per order is summed by it.
    pub order: Option<CustomerOrderId>,
    pub sku: Option<SkuId>,
    pub lot: Option<LotId>,
    pub amount: Money,
}

/// Why an entry is refused.
#[derive(Debug, thiserror::Error)]
pub enum JournalRefusal {
    #[error("the postings of an entry sum to {sum} instead of 0")]
    Unbalanced { sum: i128 },
    #[error("an entry has {count} postings where 2 to {POSTINGS_MAX} belong")]
    PostingCount { count: usize },
    #[error("a posting of zero on {}", account.code())]
    ZeroPosting { account: Account },
    #[error("a posting of {amount} is beyond {}", Money::MAX)]
    TooLarge { amount: Money },
    #[error("an entry in {} at a site that trades in {}", given.code(), traded.code())]
    ForeignCurrency { given: Currency, traded: Currency },
    #[error("{day} is closed, the books are locked through {locked_through}")]
    PeriodLocked { day: Date, locked_through: Date },
    #[error("the books can only be locked further and only through a past day, not from {locked_through:?} to {asked}")]
    CannotLock { asked: Date, locked_through: Option<Date> },
    #[error(transparent)]
    Catalog(#[from] catalog::CatalogRefusal),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Writes one entry. Refuses unless it has at least two postings that sum to zero, in the site's currency, on a day
/// that is still open; writes nothing then.
pub async fn post(tx: &mut Tx, stamp: &Stamp, entry: &Entry) -> Result<EntryId, JournalRefusal> {
    let (id, day) = admit(tx, stamp, entry).await?;
    write(tx, stamp, &[(id, day, entry)]).await?;
    Ok(id)
}

/// Puts an entry to others that are written together; it is refused as [`post`] would refuse it.
pub(crate) async fn post_into(
    tx: &mut Tx,
    stamp: &Stamp,
    sheaf: &mut Sheaf,
    entry: Entry,
) -> Result<EntryId, JournalRefusal> {
    let (id, day) = admit(tx, stamp, &entry).await?;
    sheaf.entries.push((id, day, entry));
    Ok(id)
}

async fn admit(tx: &mut Tx, stamp: &Stamp, entry: &Entry) -> Result<(EntryId, Date), JournalRefusal> {
    rules::check(entry)?;
    let day = periods::open_day(tx, stamp, entry).await?;
    Ok((stamp.mint(), day))
}

/// Writes the mirror of an entry: every posting with its sign turned.
pub async fn reverse(
    tx: &mut Tx,
    stamp: &Stamp,
    entry: EntryId,
    cause: Cause,
    memo: &str,
) -> Result<EntryId, JournalRefusal> {
    let mut mirror = store::load(tx, entry).await?;
    mirror.cause = cause;
    memo.clone_into(&mut mirror.memo);
    mirror.day = None;
    for posting in &mut mirror.postings {
        posting.amount = -posting.amount;
    }
    post(tx, stamp, &mirror).await
}

impl Cause {
    pub fn of<I: Id>(id: I) -> Self {
        Self { noun: I::NOUN, id: id.uuid() }
    }
}

impl Party {
    pub fn of<I: Id>(id: I) -> Self {
        Self { noun: I::NOUN, id: id.uuid() }
    }
}

impl Entry {
    pub fn new(site: SiteId, currency: Currency, cause: Cause, memo: impl Into<String>) -> Self {
        Self { site, currency, cause, memo: memo.into(), day: None, postings: Vec::new() }
    }

    /// Adds a posting; one of zero is left out, because it says nothing.
    #[must_use]
    pub fn with(mut self, posting: Posting) -> Self {
        if !posting.amount.is_zero() {
            self.postings.push(posting);
        }
        self
    }

    /// Files the entry under an earlier day.
    #[must_use]
    pub fn dated(mut self, day: Date) -> Self {
        self.day = Some(day);
        self
    }
}

impl Posting {
    pub const fn debit(account: Account, amount: Money) -> Self {
        Self { account, party: None, order: None, sku: None, lot: None, amount }
    }

    pub fn credit(account: Account, amount: Money) -> Self {
        Self::debit(account, -amount)
    }

    #[must_use]
    pub fn party<I: Id>(mut self, party: I) -> Self {
        self.party = Some(Party::of(party));
        self
    }

    #[must_use]
    pub const fn order(mut self, order: CustomerOrderId) -> Self {
        self.order = Some(order);
        self
    }

    #[must_use]
    pub const fn goods(mut self, sku: SkuId, lot: LotId) -> Self {
        self.sku = Some(sku);
        self.lot = Some(lot);
        self
    }
}
