//! Orders as they are shown.

use catalog::{CatalogRefusal, Names, PriceId, Sku, TaxClass};
use edge::Revised;
use kernel::{
    Currency, CustomerId, CustomerOrderId, DeliveryWindowId, Id, Instant, InvoiceId, Measure, Money, OrderLineId,
    Price, Quantity, ReleaseNoteId, SiteId, SkuId, TemperatureClass, ZoneId,
};
use serde::{Deserialize, Serialize};
use store::{FromRow, Result, Row, Tx, args, sql};
use utoipa::ToSchema;

use super::{AmountRange, CustomerOrder, OrderChannel, OrderLine, Stage, Substitution, lines_of};
use crate::{
    outbound::{Difference, ShortReason},
    people::Contact,
    review::Finding,
};

/// One line as it is shown.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LineView {
    pub id: OrderLineId,
    pub sku: SkuId,
    pub code: String,
    pub names: Names,
    pub measure: Measure,
    pub class: TemperatureClass,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<ZoneId>,
    pub ordered: Quantity,
    /// With the weight that the pieces have in the book.
    pub estimated: Quantity,
    pub price: Price,
    /// The entry of the price list that the line is charged by.
    pub price_source: PriceId,
    pub tax: TaxClass,
    pub range: AmountRange,
    pub substitution: Substitution,
    /// What the scale and the hand said, once it is packed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<Quantity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<Difference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub short: Option<ShortReason>,
}

/// One order as it is shown to its customer and to staff.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OrderView {
    pub id: CustomerOrderId,
    pub number: String,
    pub site: SiteId,
    pub customer: CustomerId,
    /// Masked for readers who need not know.
    pub contact: Contact,
    pub channel: OrderChannel,
    pub state: Stage,
    /// Why it is held, declined, cancelled or failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    pub window: DeliveryWindowId,
    pub window_start: Instant,
    pub window_end: Instant,
    pub cancel_until: Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eta: Option<Instant>,
    pub note: String,
    pub currency: Currency,
    pub lines: Vec<LineView>,
    pub range: AmountRange,
    /// What is charged, once it is packed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release_note: Option<ReleaseNoteId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invoice: Option<InvoiceId>,
    pub review: Vec<Finding>,
    pub placed_at: Instant,
    pub changed_at: Instant,
    pub revision: i64,
}

impl Revised for OrderView {
    fn revision(&self) -> i64 {
        self.revision
    }
}

/// One order in a list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OrderCard {
    pub id: CustomerOrderId,
    pub number: String,
    pub site: SiteId,
    pub customer: CustomerId,
    pub state: Stage,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    pub window: DeliveryWindowId,
    pub window_start: Instant,
    pub window_end: Instant,
    pub currency: Currency,
    pub range: AmountRange,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    pub line_count: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eta: Option<Instant>,
    pub placed_at: Instant,
    pub revision: i64,
}

macro_rules! card_columns {
    () => {
        "id, number, site, customer, state, reason, delivery_window, window_start, window_end, currency, low, expected, \
         bound, amount, line_count, eta, placed_at, revision"
    };
}

sql! {
    // Newest first; served by `customer_order_by_age` and, narrowed, by the two other indexes.
    PAGE = concat!(
        "SELECT ", card_columns!(), " FROM customer_order
         WHERE (placed_at < $1 OR (placed_at = $1 AND id < $2))
           AND (CAST($3 AS UUID) IS NULL OR site = $3)
           AND (CAST($4 AS TEXT) IS NULL OR state = $4)
           AND (CAST($5 AS UUID) IS NULL OR delivery_window = $5)
           AND (CAST($6 AS UUID) IS NULL OR customer = $6)
         ORDER BY placed_at DESC, id DESC
         LIMIT $7"
    );
}

impl FromRow for OrderCard {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            number: row.get(1)?,
            site: row.get(2)?,
            customer: row.get(3)?,
            state: row.get(4)?,
            reason: row.get(5)?,
            window: row.get(6)?,
            window_start: row.get(7)?,
            window_end: row.get(8)?,
            currency: row.get(9)?,
            range: AmountRange { low: row.get(10)?, expected: row.get(11)?, bound: row.get(12)? },
            amount: row.get(13)?,
            line_count: row.get(14)?,
            eta: row.get(15)?,
            placed_at: row.get(16)?,
            revision: row.get(17)?,
        })
    }
}

/// Which orders a list shows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct OrderFilter {
    pub site: Option<SiteId>,
    pub state: Option<Stage>,
    pub window: Option<DeliveryWindowId>,
    pub customer: Option<CustomerId>,
}

/// Orders, newest first, behind the one that `after` names.
pub(crate) async fn page(
    tx: &mut Tx,
    filter: OrderFilter,
    after: Option<(Instant, CustomerOrderId)>,
    limit: i64,
) -> Result<Vec<OrderCard>> {
    let (at, id) = after.unwrap_or((Instant::MAX, CustomerOrderId::from_uuid(store::Uuid::max())));
    tx.all(PAGE, args![at, id, filter.site, filter.state, filter.window, filter.customer, limit]).await
}

/// The lines of an order with the names of their SKUs.
pub(crate) async fn line_views(tx: &mut Tx, order: CustomerOrderId) -> Result<Vec<LineView>, CatalogRefusal> {
    let lines = lines_of(tx, order).await?;
    let skus = catalog::skus_by_id(tx, lines.iter().map(|line| line.sku)).await?;
    let named =
        |line: &OrderLine| skus.get(&line.sku).map(|sku| shown_line(line, sku)).ok_or(CatalogRefusal::NoSuchSku);
    lines.iter().map(named).collect()
}

fn shown_line(line: &OrderLine, sku: &Sku) -> LineView {
    LineView {
        id: line.id,
        sku: line.sku,
        code: sku.code.clone(),
        names: sku.names.clone(),
        measure: line.measure,
        class: line.class,
        zone: line.zone,
        ordered: line.ordered,
        estimated: line.estimated,
        price: line.price,
        price_source: line.price_source,
        tax: line.tax,
        range: line.range,
        substitution: line.substitution,
        sent: line.sent.map(|sent| sent.quantity),
        amount: line.sent.map(|sent| sent.amount),
        difference: line.sent.map(|sent| sent.difference),
        short: line.short,
    }
}

/// The order as it is shown.
pub(crate) fn shown(order: CustomerOrder, lines: Vec<LineView>, contact: Contact, review: Vec<Finding>) -> OrderView {
    let state = order.state;
    OrderView {
        id: order.id,
        number: order.number,
        site: order.site,
        customer: order.customer,
        contact,
        channel: order.channel,
        state: state.stage(),
        reason: state.reason().map(str::to_owned),
        window: order.delivery_window,
        window_start: order.window.start(),
        window_end: order.window.end(),
        cancel_until: order.cancel_until,
        eta: order.eta,
        note: order.note,
        currency: order.currency,
        lines,
        range: order.range,
        amount: state.settled().map(|settled| settled.amount),
        release_note: state.note(),
        invoice: state.invoice(),
        review,
        placed_at: order.placed_at,
        changed_at: order.changed_at,
        revision: order.revision,
    }
}
