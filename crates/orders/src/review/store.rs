//! Rows of the review's trace.

use kernel::{CustomerOrderId, Instant};
use store::{FromRow, Question, Result, Row, StoreError, Tx, args, row, sql};

use super::{Finding, Verdict};

sql! {
    ADD = "INSERT INTO order_finding (customer_order, nth, rule, verdict, reason, fact, at)
           VALUES ($1, $2, $3, $4, $5, $6, $7)";
    /// Served by `customer_order_waiting`.
    WAITING = "SELECT id FROM customer_order
               WHERE (state = 'placed' AND placed_at <= $1) OR (state = 'held' AND window_start <= $2)
               ORDER BY placed_at, id
               LIMIT $3";
    OF_ORDER = "SELECT rule, verdict, reason, fact FROM order_finding WHERE customer_order = $1 ORDER BY nth";
}

impl FromRow for Finding {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let (verdict, reason): (String, Option<String>) = (row.get(1)?, row.get(2)?);
        let known = Verdict::from_columns(&verdict, reason.as_deref()).ok_or_else(|| StoreError::Impossible {
            statement: OF_ORDER.name(),
            column: "verdict".to_owned(),
            found: format!("{verdict} {reason:?}"),
        })?;
        Ok(Self { rule: row.get(0)?, verdict: known, fact: row.get(3)? })
    }
}

/// Adds findings behind the `known` that are there.
pub(super) async fn add(
    tx: &mut Tx,
    order: CustomerOrderId,
    known: usize,
    findings: &[Finding],
    at: Instant,
) -> Result<()> {
    let first = i64::try_from(known).unwrap_or(i64::MAX);
    let rows = findings
        .iter()
        .zip(first..)
        .map(|(finding, nth)| {
            let verdict = finding.verdict;
            row![order, nth, finding.rule, verdict.code(), verdict.reason(), &finding.fact, at]
        })
        .collect();
    tx.put_many(ADD, rows).await
}

/// More wait for the next sweep, so that none holds up the writer for long.
const SWEPT_AT_ONCE: i64 = 200;

/// Whether there are such orders.
pub(super) fn anybody_waiting_too_long(unpaid_since: Instant, now: Instant) -> Question {
    Question::new(WAITING, args![unpaid_since, now, 1])
}

/// Orders that nobody has paid since `unpaid_since`, and held ones whose window has begun.
pub(super) async fn waiting_too_long(tx: &mut Tx, unpaid_since: Instant, now: Instant) -> Result<Vec<CustomerOrderId>> {
    tx.all(WAITING, args![unpaid_since, now, SWEPT_AT_ONCE]).await
}

pub(super) async fn of_order(tx: &mut Tx, order: CustomerOrderId) -> Result<Vec<Finding>> {
    tx.all(OF_ORDER, args![order]).await
}
