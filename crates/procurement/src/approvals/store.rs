//! SQL of rules, signatures, delegations, overrides, attempts and commitments.

use kernel::{
    Actor, BudgetId, Currency, Date, Instant, Money, PurchaseOrderId, RequisitionId, SiteId, SupplierId, UserId,
};
use serde::{Deserialize, Serialize};
use store::{FromRow, Question, Result, Row, Tx, args, row, sql};
use utoipa::ToSchema;

use super::{
    ApprovalRule, ApprovalRuleId, ApprovalStep, Delegation, DelegationId, Level, PurchaseAttempt, PurchaseAttemptId,
    StepState, Trace, rules::Commitment,
};
use crate::{filed, requisitions::RequisitionHead};

/// Finance's leave to go beyond what budgets have free.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = BudgetOverride)]
pub struct GrantedOverride {
    /// The round of submission that it lets through.
    pub round: i64,
    pub up_to: Money,
    pub reason: String,
    pub granted_by: Actor,
    pub granted_at: Instant,
}

macro_rules! rule_columns {
    () => {
        "id, currency, level, above, valid_from, valid_until, set_by, set_by_id, set_at, within_minutes"
    };
}

macro_rules! step_columns {
    () => {
        "round, position, level, state, decided_by, decided_by_id, on_behalf_of, delegation, comment, decided_at,
         within_minutes, due_at, escalated_to, escalated_at"
    };
}

macro_rules! delegation_columns {
    () => {
        "id, delegator, delegate, level, currency, limit_amount, valid_from, valid_until, reason, made_at, ended_at"
    };
}

macro_rules! attempt_columns {
    () => {
        "id, site, supplier, delivery_on, currency, value, amount, limit_amount, missing, rule, tried_by, \
         tried_by_id, tried_at"
    };
}

sql! {
    RULES = concat!("SELECT ", rule_columns!(), " FROM approval_rule WHERE currency = $1 ORDER BY level, valid_from");
    RULES_ON = concat!(
        "SELECT ", rule_columns!(), " FROM approval_rule
         WHERE currency = $1 AND valid_from <= $2 AND (valid_until IS NULL OR valid_until >= $2)
         ORDER BY above, level"
    );
    LATEST_RULE = concat!(
        "SELECT ", rule_columns!(), " FROM approval_rule WHERE currency = $1 AND level = $2 AND valid_until IS NULL"
    );
    ADD_RULE = concat!(
        "INSERT INTO approval_rule (", rule_columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
    );
    END_RULE = "UPDATE approval_rule SET valid_until = $2 WHERE id = $1";
    ADD_ROUND = "INSERT INTO requisition_round (requisition, round, amount, trace, submitted_at)
                 VALUES ($1, $2, $3, $4, $5)";
    ADD_STEP = "INSERT INTO requisition_step (requisition, round, position, level, state, within_minutes, due_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7)";
    BEGIN_TURN = "UPDATE requisition_step SET due_at = $4 WHERE requisition = $1 AND round = $2 AND position = $3";
    /// Served by `requisition_step_due`.
    LATE = "SELECT s.requisition
            FROM requisition_step s
            JOIN requisition r ON r.id = s.requisition AND r.round = s.round
            WHERE s.state = 'open' AND s.escalated_at IS NULL AND s.due_at < $1 AND r.state = 'submitted'
            ORDER BY s.due_at, s.requisition
            LIMIT $2";
    ESCALATE = "UPDATE requisition_step SET escalated_to = $4, escalated_at = $5
                WHERE requisition = $1 AND round = $2 AND position = $3";
    ROUNDS = "SELECT trace FROM requisition_round WHERE requisition = $1 ORDER BY round";
    AMOUNT = "SELECT amount FROM requisition_round WHERE requisition = $1 AND round = $2";
    STEPS = concat!(
        "SELECT ", step_columns!(), " FROM requisition_step WHERE requisition = $1 ORDER BY round, position"
    );
    STEPS_OF_ROUND = concat!(
        "SELECT ", step_columns!(), " FROM requisition_step WHERE requisition = $1 AND round = $2 ORDER BY position"
    );
    DECIDE = "UPDATE requisition_step
              SET state = $4, decided_by = $5, decided_by_id = $6, on_behalf_of = $7, delegation = $8, comment = $9,
                  decided_at = $10
              WHERE requisition = $1 AND round = $2 AND position = $3 AND state = 'open'";
    WAITING = "SELECT id FROM requisition WHERE site = $1 AND state = 'submitted' ORDER BY submitted_at, id LIMIT 200";
    /// Served by `requisition_by_requester`.
    REQUESTED_SINCE =
        "SELECT CAST(COALESCE(SUM(l.value), 0) AS BIGINT)
         FROM requisition r JOIN requisition_line l ON l.requisition = r.id
         WHERE r.requested_by_id = $1 AND l.supplier = $2 AND r.currency = $3 AND r.submitted_at >= $4 AND r.id <> $5
           AND r.state IN ('submitted', 'approved', 'ordered')";
    /// Served by `purchase_order_by_supplier`.
    BOUGHT_UNSIGNED_SINCE =
        "SELECT CAST(COALESCE(SUM(value), 0) AS BIGINT) FROM purchase_order
         WHERE placed_by_id = $1 AND supplier = $2 AND currency = $3 AND placed_at >= $4 AND requisition IS NULL
           AND state NOT IN ('declined', 'cancelled')";
    GRANT = "INSERT INTO budget_override (requisition, round, up_to, reason, granted_by, granted_by_id, granted_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (requisition, round) DO UPDATE
             SET up_to = $3, reason = $4, granted_by = $5, granted_by_id = $6, granted_at = $7";
    OVERRIDES = "SELECT round, up_to, reason, granted_by, granted_by_id, granted_at FROM budget_override
                 WHERE requisition = $1 ORDER BY round";
    OVERRIDE = "SELECT round, up_to, reason, granted_by, granted_by_id, granted_at FROM budget_override
                WHERE requisition = $1 AND round = $2";
    DELEGATION = concat!("SELECT ", delegation_columns!(), " FROM delegation WHERE id = $1");
    DELEGATIONS = concat!(
        "SELECT ", delegation_columns!(), " FROM delegation
         WHERE (made_at, id) < ($1, $2) ORDER BY made_at DESC, id DESC LIMIT $3"
    );
    /// Served by `delegation_to`.
    DELEGATIONS_TO = concat!(
        "SELECT ", delegation_columns!(), " FROM delegation
         WHERE delegate = $1 AND level = $2 AND currency = $3 AND valid_from <= $4 AND valid_until >= $4
           AND ended_at IS NULL
         ORDER BY id"
    );
    ADD_DELEGATION = concat!(
        "INSERT INTO delegation (", delegation_columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
    );
    END_DELEGATION = "UPDATE delegation SET ended_at = $2 WHERE id = $1";
    ADD_ATTEMPT = concat!(
        "INSERT INTO purchase_attempt (", attempt_columns!(), ")
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
    );
    /// Served by `purchase_attempt_by_site`.
    ATTEMPTS = concat!(
        "SELECT ", attempt_columns!(), " FROM purchase_attempt
         WHERE site = $1 AND (tried_at, id) < ($2, $3) ORDER BY tried_at DESC, id DESC LIMIT $4"
    );
    ADD_COMMITMENT = "INSERT INTO purchase_commitment (purchase_order, budget, requisition, committed, freed)
                      VALUES ($1, $2, $3, $4, $5)";
    COMMITMENTS = "SELECT purchase_order, budget, requisition, committed, freed FROM purchase_commitment
                   WHERE purchase_order = $1 ORDER BY budget";
    FREE = "UPDATE purchase_commitment SET freed = freed + $3 WHERE purchase_order = $1 AND budget = $2";
}

impl FromRow for ApprovalRule {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            currency: row.get(1)?,
            level: row.get(2)?,
            above: row.get(3)?,
            valid_from: row.get(4)?,
            valid_until: row.get(5)?,
            set_by: filed::actor(row, 6, RULES)?,
            set_at: row.get(8)?,
            within_minutes: row.get(9)?,
        })
    }
}

impl FromRow for ApprovalStep {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            round: row.get(0)?,
            position: row.get(1)?,
            level: row.get(2)?,
            state: row.get(3)?,
            decided_by: filed::actor_if_any(row, 4, STEPS)?,
            on_behalf_of: row.get(6)?,
            delegation: row.get(7)?,
            comment: row.get(8)?,
            decided_at: row.get(9)?,
            within_minutes: row.get(10)?,
            due_at: row.get(11)?,
            escalated_to: row.get(12)?,
            escalated_at: row.get(13)?,
        })
    }
}

impl FromRow for GrantedOverride {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            round: row.get(0)?,
            up_to: row.get(1)?,
            reason: row.get(2)?,
            granted_by: filed::actor(row, 3, OVERRIDES)?,
            granted_at: row.get(5)?,
        })
    }
}

impl FromRow for Delegation {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            delegator: row.get(1)?,
            delegate: row.get(2)?,
            level: row.get(3)?,
            currency: row.get(4)?,
            limit: row.get(5)?,
            valid_from: row.get(6)?,
            valid_until: row.get(7)?,
            reason: row.get(8)?,
            made_at: row.get(9)?,
            ended_at: row.get(10)?,
        })
    }
}

impl FromRow for PurchaseAttempt {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let missing: String = row.get(8)?;
        Ok(Self {
            id: row.get(0)?,
            site: row.get(1)?,
            supplier: row.get(2)?,
            delivery_on: row.get(3)?,
            currency: row.get(4)?,
            value: row.get(5)?,
            amount: row.get(6)?,
            limit: row.get(7)?,
            missing: filed::read(&missing, Level::from_code, ATTEMPTS, "missing")?,
            rule: row.get(9)?,
            tried_by: filed::actor(row, 10, ATTEMPTS)?,
            tried_at: row.get(12)?,
        })
    }
}

impl FromRow for Commitment {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            purchase_order: row.get(0)?,
            budget: row.get(1)?,
            requisition: row.get(2)?,
            committed: row.get(3)?,
            freed: row.get(4)?,
        })
    }
}

pub(super) async fn rules(tx: &mut Tx, currency: Currency) -> Result<Vec<ApprovalRule>> {
    tx.all(RULES, args![currency]).await
}

pub(super) async fn rules_on(tx: &mut Tx, currency: Currency, on: Date) -> Result<Vec<ApprovalRule>> {
    tx.all(RULES_ON, args![currency, on]).await
}

pub(super) async fn latest_rule(tx: &mut Tx, currency: Currency, level: Level) -> Result<Option<ApprovalRule>> {
    tx.optional(LATEST_RULE, args![currency, level]).await
}

pub(super) async fn add_rule(tx: &mut Tx, rule: &ApprovalRule) -> Result<()> {
    tx.put(
        ADD_RULE,
        args![
            rule.id,
            rule.currency,
            rule.level,
            rule.above,
            rule.valid_from,
            rule.valid_until,
            rule.set_by.noun(),
            rule.set_by.uuid(),
            rule.set_at,
            rule.within_minutes,
        ],
    )
    .await
}

pub(super) async fn end_rule(tx: &mut Tx, rule: ApprovalRuleId, eve: Date) -> Result<()> {
    tx.put(END_RULE, args![rule, eve]).await
}

pub(super) async fn begin_round(tx: &mut Tx, head: &RequisitionHead, trace: &Trace, at: Instant) -> Result<()> {
    let text =
        serde_json::to_string(trace).map_err(|error| filed::impossible(ADD_ROUND, "trace", error.to_string()))?;
    tx.put(ADD_ROUND, args![head.id, head.round, trace.amount, &text, at]).await?;
    let steps = trace.steps.iter().zip(1_i64..);
    let rows = steps.map(|(step, position)| {
        let due = (position == 1).then(|| at.plus_minutes(step.within_minutes));
        row![head.id, head.round, position, step.level, StepState::Open, step.within_minutes, due]
    });
    tx.put_many(ADD_STEP, rows.collect()).await
}

/// The clock of a step runs from its turn on.
pub(super) async fn begin_turn(
    tx: &mut Tx,
    requisition: RequisitionId,
    step: &ApprovalStep,
    at: Instant,
) -> Result<()> {
    let due = at.plus_minutes(step.within_minutes);
    tx.put(BEGIN_TURN, args![requisition, step.round, step.position, due]).await
}

/// Requisitions whose turn was over before then and nobody else was asked, the longest wait first.
pub(super) async fn late(tx: &mut Tx, at: Instant, rows: i64) -> Result<Vec<RequisitionId>> {
    tx.all(LATE, args![at, rows]).await
}

pub(super) fn any_late(at: Instant) -> Question {
    Question::new(LATE, args![at, 1])
}

pub(super) async fn escalate(tx: &mut Tx, requisition: RequisitionId, late: &ApprovalStep) -> Result<()> {
    tx.put(ESCALATE, args![requisition, late.round, late.position, late.escalated_to, late.escalated_at]).await
}

pub(super) async fn rounds(tx: &mut Tx, requisition: RequisitionId) -> Result<Vec<Trace>> {
    let texts: Vec<String> = tx.all(ROUNDS, args![requisition]).await?;
    let read = |text: String| serde_json::from_str(&text).map_err(|_| filed::impossible(ROUNDS, "trace", text));
    texts.into_iter().map(read).collect()
}

pub(super) async fn amount_of_round(tx: &mut Tx, requisition: RequisitionId, round: i64) -> Result<Money> {
    tx.one(AMOUNT, args![requisition, round]).await
}

pub(super) async fn steps(tx: &mut Tx, requisition: RequisitionId) -> Result<Vec<ApprovalStep>> {
    tx.all(STEPS, args![requisition]).await
}

pub(super) async fn steps_of_round(tx: &mut Tx, requisition: RequisitionId, round: i64) -> Result<Vec<ApprovalStep>> {
    tx.all(STEPS_OF_ROUND, args![requisition, round]).await
}

pub(super) async fn decide(tx: &mut Tx, requisition: RequisitionId, step: &ApprovalStep) -> Result<()> {
    let by = step.decided_by.unwrap_or(Actor::System);
    tx.put(
        DECIDE,
        args![
            requisition,
            step.round,
            step.position,
            step.state,
            by.noun(),
            by.uuid(),
            step.on_behalf_of,
            step.delegation,
            step.comment.as_deref(),
            step.decided_at,
        ],
    )
    .await
}

pub(super) async fn waiting(tx: &mut Tx, site: SiteId) -> Result<Vec<RequisitionId>> {
    tx.all(WAITING, args![site]).await
}

/// What somebody has asked of a supplier in other requisitions since then, unless it was refused.
pub(super) async fn requested_since(
    tx: &mut Tx,
    by: Actor,
    supplier: SupplierId,
    currency: Currency,
    since: Instant,
    except: RequisitionId,
) -> Result<Money> {
    tx.one(REQUESTED_SINCE, args![by.uuid(), supplier, currency, since, except]).await
}

/// What somebody has bought of a supplier without any signature since then.
pub(super) async fn bought_unsigned_since(
    tx: &mut Tx,
    by: Actor,
    supplier: SupplierId,
    currency: Currency,
    since: Instant,
) -> Result<Money> {
    tx.one(BOUGHT_UNSIGNED_SINCE, args![by.uuid(), supplier, currency, since]).await
}

pub(super) async fn grant(tx: &mut Tx, requisition: RequisitionId, granted: &GrantedOverride) -> Result<()> {
    let by = granted.granted_by;
    tx.put(
        GRANT,
        args![requisition, granted.round, granted.up_to, &granted.reason, by.noun(), by.uuid(), granted.granted_at],
    )
    .await
}

pub(super) async fn overrides(tx: &mut Tx, requisition: RequisitionId) -> Result<Vec<GrantedOverride>> {
    tx.all(OVERRIDES, args![requisition]).await
}

pub(super) async fn override_of(
    tx: &mut Tx,
    requisition: RequisitionId,
    round: i64,
) -> Result<Option<GrantedOverride>> {
    tx.optional(OVERRIDE, args![requisition, round]).await
}

pub(super) async fn delegation(tx: &mut Tx, id: DelegationId) -> Result<Option<Delegation>> {
    tx.optional(DELEGATION, args![id]).await
}

pub(super) async fn delegations(
    tx: &mut Tx,
    before: Option<(Instant, DelegationId)>,
    limit: i64,
) -> Result<Vec<Delegation>> {
    let (at, id) = before.map_or((Instant::MAX, uuid::Uuid::max()), |(at, id)| (at, kernel::Id::uuid(id)));
    tx.all(DELEGATIONS, args![at, id, limit]).await
}

pub(super) async fn delegations_to(
    tx: &mut Tx,
    delegate: UserId,
    level: Level,
    currency: Currency,
    on: Date,
) -> Result<Vec<Delegation>> {
    tx.all(DELEGATIONS_TO, args![delegate, level, currency, on]).await
}

pub(super) async fn add_delegation(tx: &mut Tx, lent: &Delegation) -> Result<()> {
    tx.put(
        ADD_DELEGATION,
        args![
            lent.id,
            lent.delegator,
            lent.delegate,
            lent.level,
            lent.currency,
            lent.limit,
            lent.valid_from,
            lent.valid_until,
            &lent.reason,
            lent.made_at,
            lent.ended_at,
        ],
    )
    .await
}

pub(super) async fn end_delegation(tx: &mut Tx, id: DelegationId, at: Instant) -> Result<()> {
    tx.put(END_DELEGATION, args![id, at]).await
}

pub(super) async fn add_attempt(tx: &mut Tx, attempt: &PurchaseAttempt) -> Result<()> {
    let missing = filed::written(attempt.missing.iter().map(|level| level.code()));
    tx.put(
        ADD_ATTEMPT,
        args![
            attempt.id,
            attempt.site,
            attempt.supplier,
            attempt.delivery_on,
            attempt.currency,
            attempt.value,
            attempt.amount,
            attempt.limit,
            &missing,
            attempt.rule,
            attempt.tried_by.noun(),
            attempt.tried_by.uuid(),
            attempt.tried_at,
        ],
    )
    .await
}

pub(super) async fn attempts(
    tx: &mut Tx,
    site: SiteId,
    before: Option<(Instant, PurchaseAttemptId)>,
    limit: i64,
) -> Result<Vec<PurchaseAttempt>> {
    let (at, id) = before.map_or((Instant::MAX, uuid::Uuid::max()), |(at, id)| (at, kernel::Id::uuid(id)));
    tx.all(ATTEMPTS, args![site, at, id, limit]).await
}

pub(super) async fn add_commitment(tx: &mut Tx, commitment: &Commitment) -> Result<()> {
    let Commitment { purchase_order, budget, requisition, committed, freed } = *commitment;
    tx.put(ADD_COMMITMENT, args![purchase_order, budget, requisition, committed, freed]).await
}

pub(super) async fn commitments(tx: &mut Tx, order: PurchaseOrderId) -> Result<Vec<Commitment>> {
    tx.all(COMMITMENTS, args![order]).await
}

pub(super) async fn free(tx: &mut Tx, order: PurchaseOrderId, budget: BudgetId, amount: Money) -> Result<()> {
    tx.put(FREE, args![order, budget, amount]).await
}
