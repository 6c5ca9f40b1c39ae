//! The customer order itself, which the steps of this chapter hand on to each other: its state, its lines, its rows.

mod ending;
mod line_rows;
mod refusal;
mod rows;
mod state;
mod view;

pub(crate) mod http;

pub(crate) use ending::{PaymentEnd, end, tell_customer};
pub(crate) use http::{demand, eyes, site_for};
pub(crate) use line_rows::{
    LotsByLine, add_lines, add_lots, line_of, lines_of, lines_of_all, lots_of, lots_of_all, mark_short, settle_lines,
};
pub use refusal::OrderRefusal;
pub(crate) use rows::{
    NumberKind, add, handed_over_to, like_it, load, load_all, lock, lock_all, next_number, of_window, save, set_etas,
    touched,
};
pub(crate) use state::codes;
pub use state::{CancelReason, DeclineReason, FailReason, Invoiced, NotReady, OrderState, ReviewHold, Settled, Stage};
pub(crate) use view::line_views;
pub use view::{LineView, OrderCard, OrderView};

use catalog::{Position, PriceId, TaxClass};
use kernel::{
    AddressId, Currency, CustomerId, CustomerOrderId, DeliveryWindowId, Instant, Lang, Measure, Money, OrderLineId,
    PaymentId, Price, Quantity, ReservationId, SiteId, SkuId, TemperatureClass, Window, ZoneId,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::outbound::{Difference, ShortReason};

/// The most lines that one order may have; a household's week fits in many times.
pub const LINES_MAX: usize = 100;

/// Who wrote the order down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderChannel {
    /// The customer, in the shop.
    Shop,
    /// The order desk, on the telephone.
    Desk,
    /// A file of orders.
    File,
}

codes!(OrderChannel {
    Shop = "shop",
    Desk = "desk",
    File = "file",
});

/// What to do with a line that is not there on the day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Substitution {
    /// Leave it out and give the money back.
    #[default]
    Refund,
    /// No substitute; the same, said by somebody who was asked.
    None,
}

codes!(Substitution {
    Refund = "refund",
    None = "none",
});

/// One customer order, as it stands.
#[derive(Clone, Debug)]
pub struct CustomerOrder {
    pub id: CustomerOrderId,
    pub number: String,
    pub site: SiteId,
    pub customer: CustomerId,
    pub channel: OrderChannel,
    pub lang: Lang,
    pub delivery_window: DeliveryWindowId,
    pub window: Window,
    pub cancel_until: Instant,
    pub address: AddressId,
    pub position: Position,
    pub distance_metres: i64,
    pub note: String,
    pub currency: Currency,
    /// The amount range of the estimate, and the most that may ever be charged.
    pub range: AmountRange,
    pub payment: Option<PaymentId>,
    pub state: OrderState,
    pub placed_at: Instant,
    pub changed_at: Instant,
    pub eta: Option<Instant>,
    pub revision: i64,
}

/// What goods sold by weight may come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AmountRange {
    /// If every piece is as light as tolerance allows.
    pub low: Money,
    /// For the estimated weight.
    pub expected: Money,
    /// If every piece is as heavy as tolerance allows: what is authorised, and the most that is charged.
    pub bound: Money,
}

/// One SKU of an order.
#[derive(Clone, Debug)]
pub struct OrderLine {
    pub id: OrderLineId,
    pub nth: i64,
    pub sku: SkuId,
    pub measure: Measure,
    pub class: TemperatureClass,
    pub zone: Option<ZoneId>,
    pub ordered: Quantity,
    pub estimated: Quantity,
    pub price: Price,
    pub price_source: PriceId,
    pub tax: TaxClass,
    pub range: AmountRange,
    pub substitution: Substitution,
    pub promise: Option<ReservationId>,
    pub sent: Option<SentLine>,
    pub short: Option<ShortReason>,
}

/// What became of a line when everything was weighed and packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SentLine {
    pub quantity: Quantity,
    pub amount: Money,
    pub difference: Difference,
}
