//! SQL of payments. Every UPDATE names the state it starts from and the sum it may not pass.

use ::store::{FromRow, Result, Row, Tx, args, coded, sql};
use kernel::{CustomerOrderId, JobId, Money, PaymentId, Stamp};

use super::{NewPayment, Payment, PaymentState, Rest, StepKind};

coded!(PaymentState, StepKind, Rest, StepState);

/// One call to the provider, as it stands.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) id: JobId,
    pub(super) kind: StepKind,
    pub(super) amount: Money,
    pub(super) rest: Rest,
    pub(super) state: StepState,
    pub(super) token: String,
    pub(super) currency: kernel::Currency,
    pub(super) authorisation: Option<String>,
    /// Its void is wanted already, before the authorisation has come.
    pub(super) abandoned: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StepState {
    Intended,
    Done,
    Refused,
}

impl StepState {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }

    pub(super) fn from_code(code: &str) -> Option<Self> {
        [Self::Intended, Self::Done, Self::Refused].into_iter().find(|state| state.code() == code)
    }
}

impl FromRow for Payment {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            order: row.get(1)?,
            customer: row.get(2)?,
            site: row.get(3)?,
            currency: row.get(4)?,
            state: row.get(5)?,
            bound: row.get(6)?,
            authorised: row.get(7)?,
            capturing: row.get(8)?,
            captured: row.get(9)?,
            released: row.get(10)?,
            refunding: row.get(11)?,
            refunded: row.get(12)?,
            declined: row.get(13)?,
            requested_at: row.get(14)?,
        })
    }
}

impl FromRow for Step {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            kind: row.get(1)?,
            amount: row.get(2)?,
            rest: row.get(3)?,
            state: row.get(4)?,
            token: row.get(5)?,
            currency: row.get(6)?,
            authorisation: row.get(7)?,
            abandoned: row.get(8)?,
        })
    }
}

/// One payment, if it exists.
pub async fn payment(tx: &mut Tx, id: PaymentId) -> Result<Option<Payment>> {
    tx.optional(PAYMENT, args![id]).await
}

/// Every payment of the order, the oldest first.
pub async fn of_order(tx: &mut Tx, order: CustomerOrderId) -> Result<Vec<Payment>> {
    tx.all(OF_ORDER, args![order]).await
}

/// The payment of the order that is neither declined nor voided, if there is one.
pub async fn live_payment(tx: &mut Tx, order: CustomerOrderId) -> Result<Option<Payment>> {
    tx.optional(LIVE, args![order]).await
}

/// The payment, held against other hands until this transaction ends.
pub(super) async fn locked(tx: &mut Tx, id: PaymentId) -> Result<Option<Payment>> {
    tx.optional(LOCKED, args![id]).await
}

/// The payment of a step, held likewise; none when there is no such step.
pub(super) async fn locked_of_step(tx: &mut Tx, step: JobId) -> Result<Option<Payment>> {
    tx.optional(LOCKED_OF_STEP, args![step]).await
}

pub(super) async fn step(tx: &mut Tx, id: JobId) -> Result<Option<Step>> {
    tx.optional(STEP, args![id]).await
}

pub(super) async fn insert(tx: &mut Tx, stamp: &Stamp, id: PaymentId, new: &NewPayment) -> Result<()> {
    tx.put(INSERT, args![id, new.order, new.customer, new.site, new.currency, &new.token, new.bound, stamp.at]).await
}

pub(super) async fn insert_step(
    tx: &mut Tx,
    stamp: &Stamp,
    id: JobId,
    payment: PaymentId,
    kind: StepKind,
    amount: Money,
    rest: Rest,
) -> Result<()> {
    tx.put(INSERT_STEP, args![id, payment, kind, amount, rest, stamp.at]).await
}

sql! {
    PAYMENT = "SELECT id, customer_order, customer, site, currency, state, bound, authorised, capturing, captured,
                      released, refunding, refunded, declined, requested_at
               FROM payment
               WHERE id = $1";

    LOCKED = "SELECT id, customer_order, customer, site, currency, state, bound, authorised, capturing, captured,
                     released, refunding, refunded, declined, requested_at
              FROM payment
              WHERE id = $1 {lock}";

    LOCKED_OF_STEP = "SELECT id, customer_order, customer, site, currency, state, bound, authorised, capturing, captured,
                             released, refunding, refunded, declined, requested_at
                      FROM payment
                      WHERE id = (SELECT s.payment FROM payment_step s WHERE s.id = $1) {lock}";

    /// Index `payment_order`.
    OF_ORDER = "SELECT id, customer_order, customer, site, currency, state, bound, authorised, capturing, captured,
                       released, refunding, refunded, declined, requested_at
                FROM payment
                WHERE customer_order = $1
                ORDER BY requested_at, id";

    /// Index `payment_live`.
    LIVE = "SELECT id, customer_order, customer, site, currency, state, bound, authorised, capturing, captured,
                   released, refunding, refunded, declined, requested_at
            FROM payment
            WHERE customer_order = $1 AND state NOT IN ('declined', 'voided')";

    INSERT = "INSERT INTO payment (id, customer_order, customer, site, currency, state, token, bound, requested_at)
              VALUES ($1, $2, $3, $4, $5, 'requested', $6, $7, $8)";

    INSERT_STEP = "INSERT INTO payment_step (id, payment, kind, amount, rest, state, intended_at)
                   VALUES ($1, $2, $3, $4, $5, 'intended', $6)";

    STEP = "SELECT s.id, s.kind, s.amount, s.rest, s.state, p.token, p.currency, p.authorisation, p.abandoned
            FROM payment_step s
            JOIN payment p ON p.id = s.payment
            WHERE s.id = $1";

    /// Settles a step once; a second answer changes nothing.
    pub(super) SETTLE_STEP = "UPDATE payment_step
                              SET state = $2, provider_reference = $3, refused = $4, settled_at = $5
                              WHERE id = $1 AND state = 'intended'";

    pub(super) INTEND_CAPTURE = "UPDATE payment
                                 SET capturing = capturing + $2
                                 WHERE id = $1 AND state IN ('authorised', 'captured', 'refunded')
                                   AND capturing + $2 + released <= authorised";

    pub(super) INTEND_REFUND = "UPDATE payment
                                SET refunding = refunding + $2
                                WHERE id = $1 AND state IN ('captured', 'refunded') AND refunding + $2 <= captured";

    /// Released at once, so that no capture is intended behind the void.
    pub(super) INTEND_VOID = "UPDATE payment
                              SET released = authorised
                              WHERE id = $1 AND state = 'authorised' AND capturing = 0 AND released = 0";

    pub(super) NOT_VOIDED = "UPDATE payment SET released = 0 WHERE id = $1 AND state = 'authorised' AND capturing = 0";

    pub(super) ABANDON = "UPDATE payment SET abandoned = 1 WHERE id = $1 AND state = 'requested'";

    pub(super) STEPS_OPEN = "SELECT COUNT(*) FROM payment_step WHERE payment = $1 AND state = 'intended'";

    pub(super) AUTHORISED = "UPDATE payment
                             SET state = 'authorised', authorised = bound, authorisation = $2
                             WHERE id = $1 AND state = 'requested'";

    pub(super) DECLINED = "UPDATE payment SET state = 'declined', declined = $2 WHERE id = $1 AND state = 'requested'";

    pub(super) CAPTURED = "UPDATE payment
                           SET state = CASE WHEN state = 'refunded' THEN state ELSE 'captured' END,
                               captured = captured + $2, released = released + $3
                           WHERE id = $1 AND state IN ('authorised', 'captured', 'refunded')
                             AND captured + $2 <= capturing";

    pub(super) NOT_CAPTURED = "UPDATE payment SET capturing = capturing - $2 WHERE id = $1 AND captured <= capturing - $2";

    pub(super) REFUNDED = "UPDATE payment
                           SET state = 'refunded', refunded = refunded + $2
                           WHERE id = $1 AND state IN ('captured', 'refunded') AND refunded + $2 <= refunding";

    pub(super) NOT_REFUNDED = "UPDATE payment SET refunding = refunding - $2 WHERE id = $1 AND refunded <= refunding - $2";

    pub(super) VOIDED = "UPDATE payment
                         SET state = 'voided'
                         WHERE id = $1 AND state = 'authorised' AND capturing = 0 AND released = authorised";
}
