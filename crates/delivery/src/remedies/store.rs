//! SQL of remedies and their rules.

use kernel::{ComplaintId, CustomerId, EntryId, Instant, Money, OrderLineId, RemedyId, SiteId};
use store::{FromRow, Result, Row, Tx, args, row, sql};

use super::rules::{Decider, History, Policy, Remedy, RemedyReview, Verdict};
use crate::feedback::{ComplaintKind, ComplaintSheet};

sql! {
    SHARES = "SELECT kind, share_bp FROM remedy_share WHERE site = $1 ORDER BY kind";
    LIMITS = "SELECT decider, amount FROM remedy_limit WHERE site = $1 ORDER BY decider";
    SAVE_SHARE = "INSERT INTO remedy_share (site, kind, share_bp) VALUES ($1, $2, $3)
                  ON CONFLICT (site, kind) DO UPDATE SET share_bp = excluded.share_bp";
    SAVE_LIMIT = "INSERT INTO remedy_limit (site, decider, amount) VALUES ($1, $2, $3)
                  ON CONFLICT (site, decider) DO UPDATE SET amount = excluded.amount";
    ORDERS_SINCE = "SELECT COUNT(*) FROM feedback_request WHERE customer = $1 AND asked_at >= $2";
    COMPLAINTS_SINCE = "SELECT COUNT(*) FROM complaint WHERE customer = $1 AND made_at >= $2";
    REFUNDED = "SELECT amount FROM remedy WHERE complaint = $1";
    REFUNDED_FOR_LINE = "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM remedy WHERE order_line = $1";
    ADD_REMEDY = "INSERT INTO remedy (id, complaint, order_line, customer, amount, decider, entry, at)
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    ADD_REVIEW = "INSERT INTO remedy_review (complaint, verdict, why, at) VALUES ($1, $2, $3, $4)
                  ON CONFLICT DO NOTHING";
    REVIEW = "SELECT verdict, why, at FROM remedy_review WHERE complaint = $1";
}

impl FromRow for RemedyReview {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let (verdict, why, at) = FromRow::from_row(row)?;
        Ok(Self { verdict, why, at })
    }
}

pub(super) async fn add_review(
    tx: &mut Tx,
    complaint: ComplaintId,
    verdict: Verdict,
    why: Option<&str>,
    at: Instant,
) -> Result<()> {
    tx.put(ADD_REVIEW, args![complaint, verdict, why, at]).await
}

pub(super) async fn review(tx: &mut Tx, complaint: ComplaintId) -> Result<Option<RemedyReview>> {
    tx.optional(REVIEW, args![complaint]).await
}

pub(super) async fn shares(tx: &mut Tx, site: SiteId) -> Result<Vec<(ComplaintKind, i64)>> {
    tx.all(SHARES, args![site]).await
}

pub(super) async fn limits(tx: &mut Tx, site: SiteId) -> Result<Vec<(Decider, Money)>> {
    tx.all(LIMITS, args![site]).await
}

pub(super) async fn save_policy(tx: &mut Tx, site: SiteId, policy: &Policy) -> Result<()> {
    let shares = policy.share_bp.iter().map(|(kind, share)| row![site, *kind, *share]);
    tx.put_many(SAVE_SHARE, shares.collect()).await?;
    let limits = policy.limit.iter().map(|(decider, amount)| row![site, *decider, *amount]);
    tx.put_many(SAVE_LIMIT, limits.collect()).await
}

pub(super) async fn history(tx: &mut Tx, customer: CustomerId, since: Instant) -> Result<History> {
    let orders = tx.one(ORDERS_SINCE, args![customer, since]).await?;
    let complaints = tx.one(COMPLAINTS_SINCE, args![customer, since]).await?;
    Ok(History { orders, complaints })
}

pub(super) async fn refunded(tx: &mut Tx, complaint: ComplaintId) -> Result<Option<Money>> {
    tx.optional(REFUNDED, args![complaint]).await
}

pub(super) async fn refunded_for_line(tx: &mut Tx, line: OrderLineId) -> Result<Money> {
    tx.one(REFUNDED_FOR_LINE, args![line]).await
}

pub(super) async fn add_remedy(
    tx: &mut Tx,
    id: RemedyId,
    sheet: &ComplaintSheet,
    remedy: Remedy,
    entry: Option<EntryId>,
    at: Instant,
) -> Result<()> {
    let args = args![id, sheet.id, sheet.order_line, sheet.customer, remedy.amount, remedy.decider, entry, at];
    tx.put(ADD_REMEDY, args).await
}
