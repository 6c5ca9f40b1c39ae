//! Rows of customer orders.

use std::collections::BTreeSet;

use catalog::Position;
use kernel::{CustomerId, CustomerOrderId, DeliveryWindowId, Id, Instant, InvoiceId, Money, SiteId, Stamp, Window};
use store::{FromRow, Result, Row, Stmt, StoreError, Tx, args, row, sql};

use super::{AmountRange, CustomerOrder, OrderRefusal, OrderState, Stage, state::StateColumns};

macro_rules! order_columns {
    () => {
        "id, number, site, customer, channel, lang, delivery_window, window_start, window_end, cancel_until, address, \
         latitude_microdegrees, longitude_microdegrees, distance_metres, note, currency, low, expected, bound, payment, \
         state, reason, release_note, amount, invoice, placed_at, changed_at, eta, revision"
    };
}

sql! {
    ORDER = concat!("SELECT ", order_columns!(), " FROM customer_order WHERE id = $1 {hold}");
    ORDER_LOCKED = concat!("SELECT ", order_columns!(), " FROM customer_order WHERE id = $1 {lock}");
    ADD_ORDER = concat!(
        "INSERT INTO customer_order (", order_columns!(), ", taken_by, line_count)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
                 $23, $24, $25, $26, $27, $28, $29, $30, $31)"
    );
    /// The revision that was read must still be there: two hands at once cannot both move an order.
    SAVE_ORDER = "UPDATE customer_order
                  SET state = $3, reason = $4, release_note = $5, amount = $6, invoice = $7, changed_at = $8,
                      dispatched_at = CASE WHEN $3 = 'dispatched' THEN CAST($8 AS BIGINT) ELSE dispatched_at END,
                      closed_at = CASE WHEN $3 IN ('declined', 'cancelled', 'handed_over', 'failed')
                                       THEN CAST($8 AS BIGINT) ELSE closed_at END,
                      revision = revision + 1
                  WHERE id = $1 AND revision = $2";
    SET_ETA = "UPDATE customer_order SET eta = $2 WHERE id = $1";
    /// Served by `customer_order_of_window`.
    OF_WINDOW = "SELECT id FROM customer_order
                 WHERE site = $1 AND delivery_window = $2 AND state = $3
                 ORDER BY placed_at, id";
    NEXT_NUMBER = "INSERT INTO order_number (kind, site, day, last)
                   VALUES ($1, $2, $3, 1)
                   ON CONFLICT (kind, site, day) DO UPDATE SET last = order_number.last + 1
                   RETURNING last";
    /// Served by `customer_order_of_customer`.
    LIKE_IT = "SELECT number FROM customer_order
               WHERE customer = $1 AND placed_at >= $2 AND delivery_window = $3 AND expected = $4 AND line_count = $5
                 AND state NOT IN ('declined', 'cancelled')
               ORDER BY placed_at DESC, id DESC
               LIMIT 1";
    HANDED_OVER = "SELECT COUNT(*) FROM customer_order WHERE customer = $1 AND state = 'handed_over'";
}

impl FromRow for CustomerOrder {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let impossible = |column: &str, found: String| StoreError::Impossible {
            statement: ORDER.name(),
            column: column.to_owned(),
            found,
        };
        let window =
            Window::new(row.get(7)?, row.get(8)?).map_err(|error| impossible("window_end", error.to_string()))?;
        let (stage, reason): (Stage, Option<String>) = (row.get(20)?, row.get(21)?);
        let columns = StateColumns {
            stage,
            reason: reason.as_deref(),
            note: row.get(22)?,
            amount: row.get::<Option<Money>>(23)?,
            invoice: row.get::<Option<InvoiceId>>(24)?,
        };
        let state = OrderState::from_columns(&columns)
            .ok_or_else(|| impossible("state", format!("{} {reason:?} without its facts", stage.code())))?;
        Ok(Self {
            id: row.get(0)?,
            number: row.get(1)?,
            site: row.get(2)?,
            customer: row.get(3)?,
            channel: row.get(4)?,
            lang: row.get(5)?,
            delivery_window: row.get(6)?,
            window,
            cancel_until: row.get(9)?,
            address: row.get(10)?,
            position: Position { latitude_microdegrees: row.get(11)?, longitude_microdegrees: row.get(12)? },
            distance_metres: row.get(13)?,
            note: row.get(14)?,
            currency: row.get(15)?,
            range: AmountRange { low: row.get(16)?, expected: row.get(17)?, bound: row.get(18)? },
            payment: row.get(19)?,
            state,
            placed_at: row.get(25)?,
            changed_at: row.get(26)?,
            eta: row.get(27)?,
            revision: row.get(28)?,
        })
    }
}

/// The order as it stands; not-found when there is none.
pub(crate) async fn load(tx: &mut Tx, id: CustomerOrderId) -> Result<CustomerOrder, OrderRefusal> {
    tx.optional(ORDER, args![id]).await?.ok_or(OrderRefusal::NoSuchOrder { order: id })
}

/// Several orders as they stand, in the order asked for; not-found when one is missing.
pub(crate) async fn load_all(tx: &mut Tx, ids: &[CustomerOrderId]) -> Result<Vec<CustomerOrder>, OrderRefusal> {
    several(tx, ORDER, ids).await
}

/// Several orders, each held against other hands until this transaction ends: one after the other by their ids, so
/// that two who want the same never wait for each other crosswise.
pub(crate) async fn lock_all(
    tx: &mut Tx,
    ids: impl IntoIterator<Item = CustomerOrderId>,
) -> Result<Vec<CustomerOrder>, OrderRefusal> {
    let ids: BTreeSet<CustomerOrderId> = ids.into_iter().collect();
    several(tx, ORDER_LOCKED, &ids.into_iter().collect::<Vec<_>>()).await
}

async fn several(
    tx: &mut Tx,
    statement: &'static Stmt,
    ids: &[CustomerOrderId],
) -> Result<Vec<CustomerOrder>, OrderRefusal> {
    let asked: Vec<_> = ids.iter().map(|id| row![*id]).collect();
    let found: Vec<Vec<CustomerOrder>> = tx.all_many(statement, &asked).await?;
    let there = |(id, mut rows): (&CustomerOrderId, Vec<_>)| rows.pop().ok_or(OrderRefusal::NoSuchOrder { order: *id });
    ids.iter().zip(found).map(there).collect()
}

/// The order, held against other hands until this transaction ends.
pub(crate) async fn lock(tx: &mut Tx, id: CustomerOrderId) -> Result<CustomerOrder, OrderRefusal> {
    tx.optional(ORDER_LOCKED, args![id]).await?.ok_or(OrderRefusal::NoSuchOrder { order: id })
}

pub(crate) async fn add(tx: &mut Tx, stamp: &Stamp, order: &CustomerOrder, line_count: i64) -> Result<()> {
    let state = order.state;
    let taken_by = stamp.by.noun();
    tx.put(
        ADD_ORDER,
        args![
            order.id,
            &order.number,
            order.site,
            order.customer,
            order.channel,
            order.lang,
            order.delivery_window,
            order.window.start(),
            order.window.end(),
            order.cancel_until,
            order.address,
            order.position.latitude_microdegrees,
            order.position.longitude_microdegrees,
            order.distance_metres,
            &order.note,
            order.currency,
            order.range.low,
            order.range.expected,
            order.range.bound,
            order.payment,
            state.stage(),
            state.reason(),
            state.note(),
            state.settled().map(|settled| settled.amount),
            state.invoice(),
            order.placed_at,
            order.changed_at,
            order.eta,
            order.revision,
            taken_by,
            line_count,
        ],
    )
    .await
}

/// Moves the order on to `next`. Refuses when somebody else has moved it since it was read.
pub(crate) async fn save(
    tx: &mut Tx,
    stamp: &Stamp,
    order: &mut CustomerOrder,
    next: OrderState,
) -> Result<(), OrderRefusal> {
    let amount = next.settled().map(|settled| settled.amount);
    // An order that ends after its release keeps the note that it was released by.
    let note = next.note().or(order.state.note());
    let arguments =
        args![order.id, order.revision, next.stage(), next.reason(), note, amount, next.invoice(), stamp.at,];
    if tx.execute(SAVE_ORDER, arguments).await? != 1 {
        return Err(OrderRefusal::ChangedMeanwhile { order: order.id });
    }
    order.state = next;
    order.changed_at = stamp.at;
    order.revision = order.revision.saturating_add(1);
    Ok(())
}

pub(crate) async fn set_etas(tx: &mut Tx, mut etas: Vec<(CustomerOrderId, Instant)>) -> Result<()> {
    // By the ids of the orders, as everybody locks them.
    etas.sort_unstable();
    tx.put_many(SET_ETA, etas.into_iter().map(|(order, eta)| row![order, eta]).collect()).await
}

/// The orders of a window in one state, in the order in which they were placed.
pub(crate) async fn of_window(
    tx: &mut Tx,
    site: SiteId,
    window: DeliveryWindowId,
    stage: Stage,
) -> Result<Vec<CustomerOrderId>> {
    tx.all(OF_WINDOW, args![site, window, stage]).await
}

/// Which numbers are counted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NumberKind {
    SalesOrder,
    ReleaseNote,
}

/// The next human number of a kind at a site: `SO-TPE-260328-17`. A refused transaction leaves no gap.
pub(crate) async fn next_number(tx: &mut Tx, stamp: &Stamp, site: &catalog::Site, kind: NumberKind) -> Result<String> {
    let kind = match kind {
        NumberKind::SalesOrder => "SO",
        NumberKind::ReleaseNote => "RN",
    };
    let day = site.time.business_day(stamp.at);
    let count: i64 = tx.one(NEXT_NUMBER, args![kind, site.id, day]).await?;
    Ok(format!("{kind}-{}-{}-{count}", site.code, day.strftime("%y%m%d")))
}

/// The number of an order of the same customer for the same window, size and amount, placed since `since`.
pub(crate) async fn like_it(
    tx: &mut Tx,
    customer: CustomerId,
    since: Instant,
    window: DeliveryWindowId,
    expected: Money,
    line_count: i64,
) -> Result<Option<String>> {
    tx.optional(LIKE_IT, args![customer, since, window, expected, line_count]).await
}

/// How many orders this customer has received.
pub(crate) async fn handed_over_to(tx: &mut Tx, customer: CustomerId) -> Result<i64> {
    tx.one(HANDED_OVER, args![customer]).await
}

/// The objects that an event about an order touches besides it.
pub(crate) fn touched(order: &CustomerOrder) -> [events::Object; 3] {
    let note = order.state.note().map_or(order.delivery_window.uuid(), Id::uuid);
    let noun = if order.state.note().is_some() { kernel::ReleaseNoteId::NOUN } else { DeliveryWindowId::NOUN };
    [events::Object::of(order.site), events::Object::of(order.customer), events::Object { noun, id: note }]
}
