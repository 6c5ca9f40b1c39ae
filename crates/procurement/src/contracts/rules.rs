//! Purchase orders and their terms. Pure.

use catalog::Sku;
use edge::{Problem, Revised, parse};
use kernel::{
    Actor, Currency, Date, DeciCelsius, Instant, Measure, Money, Price, PurchaseOrderId, PurchaseOrderLineId, Quantity,
    RequisitionId, Round, SiteId, SkuId, SupplierId, TemperatureClass,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ContractsRefusal;
use crate::{
    dates,
    receiving::sampling::{Aql, Level},
};

codes! {
    /// How far a purchase order has come.
    PurchaseOrderState {
        /// Sent to the supplier, who has not answered.
        Placed = "placed",
        /// The supplier is bound.
        Accepted = "accepted",
        Declined = "declined",
        /// Called off before the supplier answered.
        Cancelled = "cancelled",
        /// Some of it has reached a dock.
        PartlyReceived = "partly_received",
        /// All of it has.
        Received = "received",
        /// Nothing more is expected, neither goods nor invoices.
        Closed = "closed",
    }
}

impl PurchaseOrderState {
    pub const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Placed, Self::Accepted | Self::Declined | Self::Cancelled)
                | (Self::Accepted, Self::PartlyReceived | Self::Received)
                | (Self::PartlyReceived, Self::Received | Self::Closed)
                | (Self::Received, Self::Closed)
        )
    }

    /// Whether a truck may come for it.
    pub const fn awaits_goods(self) -> bool {
        match self {
            Self::Accepted | Self::PartlyReceived => true,
            Self::Placed | Self::Declined | Self::Cancelled | Self::Received | Self::Closed => false,
        }
    }
}

/// What both sides hold the goods of one line to. The inspection form is made from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Terms {
    /// Warmer than this in the core, the goods are refused at the dock. None for goods that travel as they are.
    #[schema(value_type = Option<i32>)]
    pub arrival_max: Option<DeciCelsius>,
    /// Whole days of life that must be left on arrival, the day itself not counted.
    pub remaining_life_min_days: i64,
    /// How far our scale and the supplier's may differ before it is a claim.
    pub weight_tolerance_bp: i64,
    /// How much more than ordered may be received.
    pub over_receipt_bp: i64,
    /// Faults that make a carton unfit to be sold as ordered.
    pub aql_major: Aql,
    /// Faults that a customer would forgive.
    pub aql_minor: Aql,
    pub level: Level,
    /// The price cut that both sides expect when goods are taken with a fault.
    pub concession_cut_bp: i64,
}

/// What a buyer wants other than customary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTerms {
    #[serde(default)]
    #[schema(value_type = Option<i32>, minimum = -900, maximum = 900)]
    pub arrival_max: Option<DeciCelsius>,
    #[serde(default)]
    #[schema(minimum = 0, maximum = 3650)]
    pub remaining_life_min_days: Option<i64>,
    #[serde(default)]
    #[schema(minimum = 0, maximum = 2000)]
    pub weight_tolerance_bp: Option<i64>,
    #[serde(default)]
    #[schema(minimum = 0, maximum = 2000)]
    pub over_receipt_bp: Option<i64>,
    #[serde(default)]
    pub aql_major: Option<Aql>,
    #[serde(default)]
    pub aql_minor: Option<Aql>,
    #[serde(default)]
    pub level: Option<Level>,
    #[serde(default)]
    #[schema(minimum = 0, maximum = 9000)]
    pub concession_cut_bp: Option<i64>,
}

impl NewTerms {
    fn parse(self, field: &str) -> Result<Self, Problem> {
        let bounds = [
            ("remaining_life_min_days", self.remaining_life_min_days, 3650),
            ("weight_tolerance_bp", self.weight_tolerance_bp, 2000),
            ("over_receipt_bp", self.over_receipt_bp, 2000),
            ("concession_cut_bp", self.concession_cut_bp, 9000),
        ];
        for (name, value, most) in bounds {
            if let Some(value) = value {
                parse::within(&format!("{field}/{name}"), value, 0, most)?;
            }
        }
        if self.arrival_max.is_some_and(|limit| !limit.is_plausible()) {
            let reason = "a limit lies between -90.0 and 90.0 degrees";
            return Err(Problem::invalid(format!("{field}/arrival_max"), reason));
        }
        Ok(self)
    }
}

impl Terms {
    /// The terms of the trade for a SKU, where the buyer says nothing else.
    pub fn customary(sku: &Sku) -> Self {
        let (weight_tolerance_bp, over_receipt_bp) = match sku.measure {
            Measure::Counted => (0, 500),
            // Suppliers weigh wet, we weigh drained.
            Measure::Weighed => (300, 500),
            // No two fish weigh the same: ten percent on the case is how the trade writes it.
            Measure::CatchWeight => (300, 1000),
        };
        Self {
            // Warmer than this is refused on receipt (DB31/T 388).
            arrival_max: match sku.temperature_class {
                TemperatureClass::Ambient => None,
                TemperatureClass::Chilled => Some(DeciCelsius(70)),
                TemperatureClass::Frozen => Some(DeciCelsius(-120)),
            },
            // Half of the life is ours; and what the customer was promised must be in it, with a day to sell.
            remaining_life_min_days: sku
                .shelf_life_days
                .map_or(0, |days| ((days + 1) / 2).max(sku.life_at_door_days + 1).min(days)),
            weight_tolerance_bp,
            over_receipt_bp,
            aql_major: Aql::MAJOR,
            aql_minor: Aql::MINOR,
            level: Level::II,
            concession_cut_bp: 1_000,
        }
    }

    /// These terms, with what the buyer wants otherwise.
    #[must_use]
    pub fn with(self, wanted: NewTerms) -> Self {
        Self {
            arrival_max: wanted.arrival_max.or(self.arrival_max),
            remaining_life_min_days: wanted.remaining_life_min_days.unwrap_or(self.remaining_life_min_days),
            weight_tolerance_bp: wanted.weight_tolerance_bp.unwrap_or(self.weight_tolerance_bp),
            over_receipt_bp: wanted.over_receipt_bp.unwrap_or(self.over_receipt_bp),
            aql_major: wanted.aql_major.unwrap_or(self.aql_major),
            aql_minor: wanted.aql_minor.unwrap_or(self.aql_minor),
            level: wanted.level.unwrap_or(self.level),
            concession_cut_bp: wanted.concession_cut_bp.unwrap_or(self.concession_cut_bp),
        }
    }
}

/// A purchase order to be placed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPurchaseOrder {
    pub site: SiteId,
    pub supplier: SupplierId,
    #[schema(value_type = String, format = Date)]
    pub delivery_on: Date,
    /// The approved requisition that it fulfils; set by ordering the requisition, never from outside.
    #[serde(skip)]
    pub requisition: Option<RequisitionId>,
    #[schema(min_items = 1, max_items = 100)]
    pub lines: Vec<NewPurchaseOrderLine>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPurchaseOrderLine {
    pub sku: SkuId,
    /// In what the SKU is bought by: pieces, or grams of loose goods.
    pub quantity: Quantity,
    /// The supplier's list price on the day of delivery, if none is named.
    #[serde(default)]
    pub price: Option<Price>,
    #[serde(default)]
    pub terms: NewTerms,
}

/// The longest order a buyer writes in one go; a truck carries no more lines.
const LINES_MAX: usize = 100;

impl NewPurchaseOrder {
    pub fn parse(self) -> Result<Self, Problem> {
        dates::plausible("delivery_on", self.delivery_on)?;
        parse::count("lines", &self.lines, 1, LINES_MAX)?;
        for (at, line) in self.lines.iter().enumerate() {
            parse::quantity(&format!("lines/{at}/quantity"), line.quantity)?;
            if let Some(price) = line.price {
                parse::amount(&format!("lines/{at}/price/money"), price.money)?;
            }
            line.terms.parse(&format!("lines/{at}/terms"))?;
        }
        Ok(self)
    }
}

/// What identifies a purchase order and how it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PurchaseOrderHead {
    pub id: PurchaseOrderId,
    /// `PO-TPE1-260328-7`.
    pub number: String,
    pub site: SiteId,
    pub supplier: SupplierId,
    pub state: PurchaseOrderState,
    pub currency: Currency,
    #[schema(value_type = String, format = Date)]
    pub delivery_on: Date,
    pub requisition: Option<RequisitionId>,
    /// What it comes to as ordered, tax excluded.
    pub value: Money,
    pub placed_by: Actor,
    pub placed_at: Instant,
    pub revision: i64,
}

/// One SKU of a purchase order, with its terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PurchaseOrderLine {
    pub id: PurchaseOrderLineId,
    /// From 1, as the contract counts.
    pub position: i64,
    pub sku: SkuId,
    /// As ordered; grams of pieces are estimated from their nominal weight.
    pub quantity: Quantity,
    pub price: Price,
    pub value: Money,
    pub terms: Terms,
}

/// A purchase order with everything that was agreed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PurchaseOrder {
    #[serde(flatten)]
    pub head: PurchaseOrderHead,
    pub lines: Vec<PurchaseOrderLine>,
}

impl Revised for PurchaseOrder {
    fn revision(&self) -> i64 {
        self.head.revision
    }
}

impl PurchaseOrder {
    /// The line, which must be on this order.
    pub fn line(&self, id: PurchaseOrderLineId) -> Result<&PurchaseOrderLine, ContractsRefusal> {
        self.lines.iter().find(|line| line.id == id).ok_or(ContractsRefusal::NoSuchLine)
    }
}

/// A line as it will be ordered: shaped, priced, with its terms.
pub(super) struct Agreed {
    pub(super) quantity: Quantity,
    pub(super) price: Price,
    pub(super) value: Money,
    pub(super) terms: Terms,
}

/// What a wish comes to at a price: its quantity with the weight that it is estimated at, the price, and the value.
pub(crate) fn estimate(
    sku: &Sku,
    wanted: Quantity,
    price: Option<Price>,
) -> Result<(Quantity, Price, Money), ContractsRefusal> {
    let line = NewPurchaseOrderLine { sku: sku.id, quantity: wanted, price, terms: NewTerms::default() };
    let Agreed { quantity, price, value, .. } = agree(sku, &line, None)?;
    Ok((quantity, price, value))
}

/// Settles what a line comes to. The price, if any, is the supplier's list price of the day.
pub(super) fn agree(
    sku: &Sku,
    wanted: &NewPurchaseOrderLine,
    list_price: Option<Price>,
) -> Result<Agreed, ContractsRefusal> {
    let code = || sku.code.clone();
    let shaped = match (sku.measure, wanted.quantity.pieces, wanted.quantity.grams) {
        (Measure::Weighed, None, Some(_)) | (Measure::Counted | Measure::CatchWeight, Some(_), None) => true,
        (Measure::Weighed | Measure::Counted | Measure::CatchWeight, _, _) => false,
    };
    if !shaped || wanted.quantity.is_nothing() {
        return Err(ContractsRefusal::WrongMeasure { sku: code(), measure: sku.measure.code() });
    }
    let price = wanted.price.or(list_price).ok_or_else(|| ContractsRefusal::NoPrice { sku: code() })?;
    if !price.suits(sku.measure) {
        return Err(ContractsRefusal::PriceBaseUnsuited { sku: code(), base: price.base.code() });
    }
    let too_large = || ContractsRefusal::TooLarge { sku: code() };
    let quantity = sku.estimate(wanted.quantity).ok_or_else(too_large)?;
    let value = price.of(quantity, Round::HalfUp).filter(|value| *value <= Money::MAX).ok_or_else(too_large)?;
    Ok(Agreed { quantity, price, value, terms: Terms::customary(sku).with(wanted.terms) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_answered_once_and_received_until_it_is_whole() {
        use PurchaseOrderState as S;
        assert!(S::Placed.may_become(S::Accepted));
        assert!(!S::Declined.may_become(S::Accepted));
        assert!(!S::Accepted.may_become(S::Cancelled));
        assert!(S::PartlyReceived.may_become(S::Received));
        for next in S::ALL {
            assert!(!S::Closed.may_become(*next), "{next}");
        }
    }

    #[test]
    fn what_a_buyer_does_not_say_stays_customary() {
        let customary = Terms {
            arrival_max: Some(DeciCelsius(70)),
            remaining_life_min_days: 4,
            weight_tolerance_bp: 300,
            over_receipt_bp: 500,
            aql_major: Aql::MAJOR,
            aql_minor: Aql::MINOR,
            level: Level::II,
            concession_cut_bp: 1_000,
        };
        let wanted = NewTerms { arrival_max: Some(DeciCelsius(50)), ..NewTerms::default() };
        assert_eq!(customary.with(wanted), Terms { arrival_max: Some(DeciCelsius(50)), ..customary });
    }
}
