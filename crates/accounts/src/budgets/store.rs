//! SQL of budgets.

use ::store::{FromRow, Result, Row, Tx, args, sql};
use kernel::{BudgetId, Currency, Instant, Money, SiteId, Stamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Budget, BudgetKey, NewBudget, Sums};
use crate::Cause;

/// One move of a budget's journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BudgetMove {
    pub seq: i64,
    /// `reserve`, `override`, `commit`, `actualise` or `release`.
    pub what: String,
    /// What the money is for: `requisition`, `purchase_order` …
    pub claim: String,
    pub claim_id: Uuid,
    pub requested: Money,
    pub committed: Money,
    pub actual: Money,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    pub at: Instant,
    pub by: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_id: Option<Uuid>,
}

impl FromRow for Budget {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let (amount, requested) = (row.get::<Money>(6)?, row.get::<Money>(7)?);
        let (committed, actual) = (row.get::<Money>(8)?, row.get::<Money>(9)?);
        Ok(Self {
            id: row.get(0)?,
            site: row.get(1)?,
            department: row.get(2)?,
            category: row.get(3)?,
            month: row.get(4)?,
            currency: row.get(5)?,
            amount,
            requested,
            committed,
            actual,
            free: amount - requested - committed - actual,
        })
    }
}

impl FromRow for BudgetMove {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            seq: row.get(0)?,
            what: row.get(1)?,
            claim: row.get(2)?,
            claim_id: row.get(3)?,
            requested: row.get(4)?,
            committed: row.get(5)?,
            actual: row.get(6)?,
            reason: row.get(7)?,
            at: row.get(8)?,
            by: row.get(9)?,
            by_id: row.get(10)?,
        })
    }
}

pub(super) async fn insert(tx: &mut Tx, id: BudgetId, new: &NewBudget, currency: Currency) -> Result<u64> {
    let BudgetKey { site, department, category, month } = &new.key;
    tx.execute(INSERT, args![id, *site, department, category, month, currency, new.amount]).await
}

/// One budget, if it exists.
pub async fn budget(tx: &mut Tx, id: BudgetId) -> Result<Option<Budget>> {
    tx.optional(BUDGET, args![id]).await
}

/// Budgets of a site, the latest month first, from behind `after` (month and id of the last one seen).
pub async fn budgets(tx: &mut Tx, site: SiteId, after: Option<(String, BudgetId)>, rows: i64) -> Result<Vec<Budget>> {
    match after {
        None => tx.all(FIRST, args![site, rows]).await,
        Some((month, id)) => tx.all(NEXT, args![site, &month, id, rows]).await,
    }
}

/// The journal of a budget, the oldest move first, from behind the move `after`.
pub async fn moves(tx: &mut Tx, budget: BudgetId, after: i64, rows: i64) -> Result<Vec<BudgetMove>> {
    tx.all(MOVES, args![budget, after, rows]).await
}

pub(super) async fn by_key(tx: &mut Tx, key: &BudgetKey) -> Result<Option<Budget>> {
    tx.optional(BY_KEY, args![key.site, &key.month, &key.department, &key.category]).await
}

pub(super) async fn locked(tx: &mut Tx, id: BudgetId) -> Result<Option<Budget>> {
    tx.optional(LOCKED, args![id]).await
}

pub(super) async fn claim(tx: &mut Tx, budget: BudgetId, claim: Cause) -> Result<Sums> {
    let (requested, committed, actual) = tx.one::<(Money, Money, Money)>(CLAIM, args![budget, claim.id]).await?;
    Ok(Sums { requested, committed, actual })
}

pub(super) async fn note(
    tx: &mut Tx,
    stamp: &Stamp,
    budget: BudgetId,
    claim: Cause,
    what: &str,
    moved: Sums,
    reason: Option<&str>,
) -> Result<()> {
    let row = args![
        budget,
        what,
        claim.noun,
        claim.id,
        moved.requested,
        moved.committed,
        moved.actual,
        reason,
        stamp.at,
        stamp.by.noun(),
        stamp.by.uuid()
    ];
    tx.put(NOTE, row).await
}

sql! {
    INSERT = "INSERT INTO budget (id, site, department, category, month, currency, amount)
              VALUES ($1, $2, $3, $4, $5, $6, $7)
              ON CONFLICT DO NOTHING";

    BUDGET = "SELECT id, site, department, category, month, currency, amount, requested, committed, actual
              FROM budget
              WHERE id = $1";

    LOCKED = "SELECT id, site, department, category, month, currency, amount, requested, committed, actual
              FROM budget
              WHERE id = $1 {lock}";

    /// Index `budget_key`.
    BY_KEY = "SELECT id, site, department, category, month, currency, amount, requested, committed, actual
              FROM budget
              WHERE site = $1 AND month = $2 AND department = $3 AND category = $4";

    FIRST = "SELECT id, site, department, category, month, currency, amount, requested, committed, actual
             FROM budget
             WHERE site = $1
             ORDER BY month DESC, id
             LIMIT $2";

    NEXT = "SELECT id, site, department, category, month, currency, amount, requested, committed, actual
            FROM budget
            WHERE site = $1 AND (month < $2 OR (month = $2 AND id > $3))
            ORDER BY month DESC, id
            LIMIT $4";

    MOVES = "SELECT seq, what, claim_noun, claim_id, requested, committed, actual, reason, at, by_noun, by_id
             FROM budget_move
             WHERE budget = $1 AND seq > $2
             ORDER BY seq
             LIMIT $3";

    /// Index `budget_move_claim`.
    CLAIM = "SELECT CAST(COALESCE(SUM(requested), 0) AS BIGINT),
                    CAST(COALESCE(SUM(committed), 0) AS BIGINT),
                    CAST(COALESCE(SUM(actual), 0) AS BIGINT)
             FROM budget_move
             WHERE budget = $1 AND claim_id = $2";

    NOTE = "INSERT INTO budget_move (budget, what, claim_noun, claim_id, requested, committed, actual, reason, at,
                                     by_noun, by_id)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

    pub(super) RESERVE = "UPDATE budget
                          SET requested = requested + $2
                          WHERE id = $1 AND requested + $2 + committed + actual <= amount";

    pub(super) RESERVE_OVER = "UPDATE budget SET requested = requested + $2 WHERE id = $1";

    pub(super) COMMIT = "UPDATE budget
                         SET requested = requested - $2, committed = committed + $3
                         WHERE id = $1 AND requested >= $2";

    pub(super) ACTUALISE = "UPDATE budget
                            SET committed = committed - $2, actual = actual + $3
                            WHERE id = $1 AND committed >= $2";

    pub(super) RELEASE = "UPDATE budget
                          SET requested = requested - $2, committed = committed - $3
                          WHERE id = $1 AND requested >= $2 AND committed >= $3";
}
