//! SQL of the money journal behind the indicators.

use accounts::Account;
use kernel::{Date, Instant, Money, SiteId};
use store::{Result, Tx, row, sql};
use uuid::Uuid;

sql! {
    /// Index `money_posting_account`.
    POSTINGS = "SELECT p.entry, e.at, p.amount
                FROM money_posting p
                JOIN money_entry e ON e.id = p.entry
                WHERE p.site = $1 AND p.account = $2 AND p.day >= $3 AND p.day <= $4
                ORDER BY p.seq";
}

/// One posting of the days.
pub(super) struct Posting {
    pub(super) entry: Uuid,
    pub(super) at: Instant,
    pub(super) account: Account,
    pub(super) amount: Money,
}

/// What the days, both included, have brought on these accounts of a site.
pub(super) async fn postings(
    tx: &mut Tx,
    site: SiteId,
    accounts: &[Account],
    (first, last): (Date, Date),
) -> Result<Vec<Posting>> {
    let keys: Vec<_> = accounts.iter().map(|account| row![site, account.code(), first, last]).collect();
    let found = tx.all_many::<(Uuid, Instant, Money), 4>(POSTINGS, &keys).await?;
    let rows = accounts.iter().zip(found).flat_map(|(account, rows)| {
        rows.into_iter().map(|(entry, at, amount)| Posting { entry, at, account: *account, amount })
    });
    Ok(rows.collect())
}
