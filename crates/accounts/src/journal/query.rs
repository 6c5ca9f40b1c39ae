//! Sums of the journal. Every figure is added up from postings when it is asked for.

use std::collections::{BTreeMap, BTreeSet};

use ::store::{Result, Tx, args, row, sql};
use kernel::{CustomerOrderId, Date, EntryId, Instant, LotId, Money, SiteId, SkuId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Party, store::account_of};
use crate::{Account, chart::Statement};

/// One entry as it stands in the journal.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = PostedEntry)]
pub struct Posted {
    /// Its place in the journal; later entries have greater numbers.
    pub seq: i64,
    pub id: EntryId,
    pub site: SiteId,
    #[schema(value_type = String, format = Date)]
    pub day: Date,
    pub at: Instant,
    /// Who wrote it: `staff`, `customer`, `system` …
    pub by: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_id: Option<Uuid>,
    /// What made it necessary: `release_note`, `invoice`, `payment` …
    pub cause: String,
    pub cause_id: Uuid,
    pub memo: String,
    pub postings: Vec<PostedLine>,
}

/// One posting as it stands in the journal.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PostedLine {
    pub account: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub party: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub party_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<CustomerOrderId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sku: Option<SkuId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lot: Option<LotId>,
    /// Debit positive, credit negative.
    pub amount: Money,
}

/// One account over a range of days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BalanceLine {
    pub account: String,
    pub statement: Statement,
    pub debit: Money,
    pub credit: Money,
    /// Debit less credit.
    pub balance: Money,
}

/// What stands on one account of one party: a customer's debt, what a supplier is owed.
pub async fn party_balance(tx: &mut Tx, party: Party, account: Account) -> Result<Money> {
    tx.one(PARTY, args![party.id, account.code()]).await
}

/// What is still open between the customer and the order's invoices and payments; zero when it is settled.
pub async fn order_receivable(tx: &mut Tx, order: CustomerOrderId) -> Result<Money> {
    tx.one(ORDER_ACCOUNT, args![order, Account::CustomerReceivable.code()]).await
}

/// What the goods of a lot that are still in stock have cost. Lock the lot first when the answer decides a posting.
pub async fn value_of_lot(tx: &mut Tx, lot: LotId) -> Result<Money> {
    tx.one(LOT_ACCOUNT, args![lot, Account::GoodsInStock.code()]).await
}

/// The same of several lots, asked once for all.
pub async fn values_of_lots(tx: &mut Tx, lots: impl IntoIterator<Item = LotId>) -> Result<BTreeMap<LotId, Money>> {
    let lots: BTreeSet<LotId> = lots.into_iter().collect();
    let asked: Vec<_> = lots.iter().map(|lot| row![*lot, Account::GoodsInStock.code()]).collect();
    let values: Vec<Vec<Money>> = tx.all_many(LOT_ACCOUNT, &asked).await?;
    Ok(lots.into_iter().zip(values.into_iter().map(|value| value.into_iter().sum())).collect())
}

/// What the goods of a lot that an order was charged with have cost, less what came back.
pub async fn cost_of_goods(tx: &mut Tx, order: CustomerOrderId, lot: LotId) -> Result<Money> {
    tx.one(COST_OF_GOODS, args![order, lot, Account::CostOfGoodsSold.code()]).await
}

/// What was wasted at a site within the days, both included: account, product and amount, less what was found again.
pub async fn waste(tx: &mut Tx, site: SiteId, from: Date, to: Date) -> Result<Vec<(String, SkuId, Money)>> {
    tx.all(WASTE, args![site, from, to]).await
}

/// What the goods cost that were sold of each product within the days, both included.
pub async fn cost_by_sku(tx: &mut Tx, site: SiteId, from: Date, to: Date) -> Result<BTreeMap<SkuId, Money>> {
    let account = Account::CostOfGoodsSold.code();
    Ok(tx.all::<(SkuId, Money)>(COST_BY_SKU, args![site, account, from, to]).await?.into_iter().collect())
}

/// Debits and credits of every account of the site that moved within the days, both included.
pub async fn trial_balance(tx: &mut Tx, site: SiteId, from: Date, to: Date) -> Result<Vec<BalanceLine>> {
    let rows = tx.all::<(String, Money, Money)>(TRIAL_BALANCE, args![site, from, to]).await?;
    let mut lines = Vec::new();
    for account in Account::all() {
        let Some((_, debit, credit)) = rows.iter().find(|(code, _, _)| code == account.code()) else { continue };
        lines.push(BalanceLine {
            account: account.code().to_owned(),
            statement: account.statement(),
            debit: *debit,
            credit: *credit,
            balance: *debit - *credit,
        });
    }
    // An account that the chart does not know would vanish from the sum without this.
    for (code, _, _) in &rows {
        account_of(code)?;
    }
    Ok(lines)
}

/// Entries of a site, the newest first, `rows` of them from before the journal number `before`.
pub async fn entries(tx: &mut Tx, site: SiteId, before: Option<i64>, rows: i64) -> Result<Vec<Posted>> {
    let heads = tx.all::<Head>(HEADS, args![site, before.unwrap_or(i64::MAX), rows]).await?;
    with_postings(tx, heads).await
}

/// One entry, if the journal has it.
pub async fn entry(tx: &mut Tx, id: EntryId) -> Result<Option<Posted>> {
    let head = tx.optional::<Head>(HEAD, args![id]).await?;
    Ok(with_postings(tx, head.into_iter().collect()).await?.pop())
}

/// Entries that a document or an act has caused, in journal order.
pub async fn entries_caused_by(tx: &mut Tx, cause: Uuid) -> Result<Vec<Posted>> {
    let heads = tx.all::<Head>(HEADS_OF_CAUSE, args![cause]).await?;
    with_postings(tx, heads).await
}

type Head = (i64, EntryId, SiteId, Date, Instant, String, Option<Uuid>, String, Uuid, String);
type Line = (String, Option<String>, Option<Uuid>, Option<CustomerOrderId>, Option<SkuId>, Option<LotId>, Money);

async fn with_postings(tx: &mut Tx, heads: Vec<Head>) -> Result<Vec<Posted>> {
    let ids: Vec<_> = heads.iter().map(|head| row![head.1]).collect();
    let postings = tx.all_many::<Line, 1>(LINES, &ids).await?;
    let entries = heads.into_iter().zip(postings).map(|(head, lines)| {
        let (seq, id, site, day, at, by, by_id, cause, cause_id, memo) = head;
        let postings = lines
            .into_iter()
            .map(|(account, party, party_id, order, sku, lot, amount)| PostedLine {
                account,
                party,
                party_id,
                order,
                sku,
                lot,
                amount,
            })
            .collect();
        Posted { seq, id, site, day, at, by, by_id, cause, cause_id, memo, postings }
    });
    Ok(entries.collect())
}

sql! {
    /// Index `money_posting_party`.
    PARTY = "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT)
             FROM money_posting
             WHERE party_id = $1 AND account = $2";

    /// Index `money_posting_order`.
    ORDER_ACCOUNT = "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT)
                     FROM money_posting
                     WHERE customer_order = $1 AND account = $2";

    /// Index `money_posting_lot`.
    LOT_ACCOUNT = "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT)
                   FROM money_posting
                   WHERE lot = $1 AND account = $2";

    /// Index `money_posting_account`.
    COST_BY_SKU = "SELECT sku, CAST(SUM(amount) AS BIGINT)
                   FROM money_posting
                   WHERE site = $1 AND account = $2 AND day >= $3 AND day <= $4 AND sku IS NOT NULL
                   GROUP BY sku";

    /// Index `money_posting_account`.
    TRIAL_BALANCE = "SELECT account,
                            CAST(COALESCE(SUM(CASE WHEN amount > 0 THEN amount ELSE 0 END), 0) AS BIGINT),
                            CAST(COALESCE(SUM(CASE WHEN amount < 0 THEN -amount ELSE 0 END), 0) AS BIGINT)
                     FROM money_posting
                     WHERE site = $1 AND day >= $2 AND day <= $3
                     GROUP BY account
                     ORDER BY account";

    /// Index `money_posting_order`.
    COST_OF_GOODS = "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT)
                     FROM money_posting
                     WHERE customer_order = $1 AND lot = $2 AND account = $3";

    /// Index `money_posting_account`.
    WASTE = "SELECT account, sku, CAST(COALESCE(SUM(amount), 0) AS BIGINT)
             FROM money_posting
             WHERE site = $1 AND account LIKE 'waste_%' AND day >= $2 AND day <= $3 AND sku IS NOT NULL
             GROUP BY account, sku
             ORDER BY account, sku";

    /// Index `money_entry_site`.
    HEADS = "SELECT seq, id, site, day, at, by_noun, by_id, cause_noun, cause_id, memo
             FROM money_entry
             WHERE site = $1 AND seq < $2
             ORDER BY seq DESC
             LIMIT $3";

    HEAD = "SELECT seq, id, site, day, at, by_noun, by_id, cause_noun, cause_id, memo
            FROM money_entry
            WHERE id = $1";

    /// Index `money_entry_cause`.
    HEADS_OF_CAUSE = "SELECT seq, id, site, day, at, by_noun, by_id, cause_noun, cause_id, memo
                      FROM money_entry
                      WHERE cause_id = $1
                      ORDER BY seq";

    LINES = "SELECT account, party_noun, party_id, customer_order, sku, lot, amount
             FROM money_posting
             WHERE entry = $1
             ORDER BY seq";
}
