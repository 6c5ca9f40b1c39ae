//! SQL of the journal: two inserts and the reading back of one entry.

use ::store::{Result, StoreError, Tx, args, row, sql};
use kernel::{Currency, CustomerOrderId, Date, EntryId, LotId, Money, SiteId, SkuId, Stamp};
use uuid::Uuid;

use super::{Cause, Entry, Party, Posting};
use crate::Account;

/// Writes entries, each with its id and its day.
pub(crate) async fn write(tx: &mut Tx, stamp: &Stamp, entries: &[(EntryId, Date, &Entry)]) -> Result<()> {
    let heads = entries.iter().map(|(id, day, entry)| {
        row![
            *id,
            entry.site,
            entry.currency,
            *day,
            stamp.at,
            stamp.by.noun(),
            stamp.by.uuid(),
            entry.cause.noun,
            entry.cause.id,
            &entry.memo
        ]
    });
    tx.put_many(INSERT_ENTRY, heads.collect()).await?;
    let postings = entries.iter().flat_map(|(id, day, entry)| {
        entry.postings.iter().map(move |posting| {
            row![
                *id,
                entry.site,
                *day,
                posting.account.code(),
                posting.party.map(|party| party.noun),
                posting.party.map(|party| party.id),
                posting.order,
                posting.sku,
                posting.lot,
                posting.amount
            ]
        })
    });
    tx.put_many(INSERT_POSTING, postings.collect()).await
}

type PostingRow = (String, Option<String>, Option<Uuid>, Option<CustomerOrderId>, Option<SkuId>, Option<LotId>, Money);

/// The entry with its postings, as it was written; its cause is the caller's to set anew.
pub(super) async fn load(tx: &mut Tx, id: EntryId) -> Result<Entry> {
    let (site, currency, memo) = tx.one::<(SiteId, Currency, String)>(ENTRY, args![id]).await?;
    let mut entry = Entry::new(site, currency, Cause::of(id), memo);
    for (account, party_noun, party_id, order, sku, lot, amount) in tx.all::<PostingRow>(POSTINGS, args![id]).await? {
        let account = account_of(&account)?;
        let party = match (party_noun, party_id) {
            (Some(noun), Some(id)) => Some(Party { noun: party_noun_of(&noun)?, id }),
            _ => None,
        };
        entry.postings.push(Posting { account, party, order, sku, lot, amount });
    }
    Ok(entry)
}

pub(super) fn account_of(code: &str) -> Result<Account> {
    Account::from_code(code).ok_or_else(|| impossible("account", code))
}

/// Parties are named by ids of the kernel; any other noun was not written by this crate.
fn party_noun_of(noun: &str) -> Result<&'static str> {
    use kernel::{CourierId, CustomerId, Id, SupplierId};
    [CustomerId::NOUN, SupplierId::NOUN, CourierId::NOUN]
        .into_iter()
        .find(|known| *known == noun)
        .ok_or_else(|| impossible("party_noun", noun))
}

fn impossible(column: &str, found: &str) -> StoreError {
    StoreError::Impossible { statement: "accounts::journal", column: column.to_owned(), found: found.to_owned() }
}

sql! {
    INSERT_ENTRY = "INSERT INTO money_entry (id, site, currency, day, at, by_noun, by_id, cause_noun, cause_id, memo)
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

    INSERT_POSTING = "INSERT INTO money_posting (entry, site, day, account, party_noun, party_id, customer_order, sku, lot, amount)
                      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

    ENTRY = "SELECT site, currency, memo FROM money_entry WHERE id = $1";

    POSTINGS = "SELECT account, party_noun, party_id, customer_order, sku, lot, amount
                FROM money_posting
                WHERE entry = $1
                ORDER BY seq";
}
