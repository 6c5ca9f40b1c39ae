//! What an entry must be before it is written. Pure.

use kernel::Money;

use super::{Entry, JournalRefusal, Posting};

/// A release note of 200 lines posts one cost per line and a handful of totals; more is a mistake.
pub const POSTINGS_MAX: usize = 1_000;

/// An entry is balanced, not empty, and made of plausible amounts.
pub(super) fn check(entry: &Entry) -> Result<(), JournalRefusal> {
    let count = entry.postings.len();
    if !(2..=POSTINGS_MAX).contains(&count) {
        return Err(JournalRefusal::PostingCount { count });
    }
    for Posting { account, amount, .. } in &entry.postings {
        if amount.is_zero() {
            return Err(JournalRefusal::ZeroPosting { account: *account });
        }
        if amount.minor().unsigned_abs() > Money::MAX.minor().unsigned_abs() {
            return Err(JournalRefusal::TooLarge { amount: *amount });
        }
    }
    zero_sum(&entry.postings)
}

/// Debits and credits of the postings are equal.
fn zero_sum(postings: &[Posting]) -> Result<(), JournalRefusal> {
    let sum: i128 = postings.iter().map(|posting| i128::from(posting.amount.minor())).sum();
    if sum == 0 { Ok(()) } else { Err(JournalRefusal::Unbalanced { sum }) }
}
