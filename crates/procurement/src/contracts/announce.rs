//! The supplier's notice 到貨通知 (ASN): what is on the truck, from which lots, and when it comes.

use ::events::{Object, tell};
use ::store::Tx;
use edge::{Problem, parse};
use kernel::{
    Date, Instant, PurchaseOrderId, PurchaseOrderLineId, Quantity, ShippingNoticeId, SiteId, Stamp, SupplierId,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ContractsRefusal, events::GoodsAnnounced, own_order, store};
use crate::dates;

/// A shipping notice as a supplier writes it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewShippingNotice {
    /// When the truck will be at the dock.
    pub eta: Instant,
    #[schema(min_length = 1, max_length = 20)]
    pub vehicle: String,
    /// The temperature logger that rides along.
    #[serde(default)]
    #[schema(max_length = 40)]
    pub logger: Option<String>,
    #[schema(min_items = 1, max_items = 100)]
    pub lines: Vec<NoticeLine>,
}

/// One supplier lot on the truck.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoticeLine {
    /// The line of the purchase order that it fulfils.
    pub purchase_order_line: PurchaseOrderLineId,
    #[schema(min_length = 1, max_length = 20)]
    pub supplier_lot: String,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub harvested_on: Option<Date>,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub produced_on: Option<Date>,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub use_by: Option<Date>,
    #[schema(minimum = 1, maximum = 100_000)]
    pub cases: i64,
    /// Pieces, and net grams by the supplier's scale.
    pub quantity: Quantity,
}

impl NewShippingNotice {
    pub fn parse(mut self) -> Result<Self, Problem> {
        self.vehicle = parse::text("vehicle", &self.vehicle, 1, 20)?;
        self.logger = self.logger.map(|logger| parse::text("logger", &logger, 1, 40)).transpose()?;
        parse::count("lines", &self.lines, 1, 100)?;
        for (at, line) in self.lines.iter_mut().enumerate() {
            line.supplier_lot = parse::text(&format!("lines/{at}/supplier_lot"), &line.supplier_lot, 1, 20)?;
            dates::plausible_if_any(&format!("lines/{at}/harvested_on"), line.harvested_on)?;
            dates::plausible_if_any(&format!("lines/{at}/produced_on"), line.produced_on)?;
            dates::plausible_if_any(&format!("lines/{at}/use_by"), line.use_by)?;
            parse::within(&format!("lines/{at}/cases"), line.cases, 1, 100_000)?;
            parse::quantity(&format!("lines/{at}/quantity"), line.quantity)?;
        }
        Ok(self)
    }
}

/// A shipping notice as the dock reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ShippingNotice {
    pub id: ShippingNoticeId,
    pub purchase_order: PurchaseOrderId,
    pub site: SiteId,
    pub supplier: SupplierId,
    pub eta: Instant,
    pub vehicle: String,
    pub logger: Option<String>,
    pub announced_at: Instant,
    pub lines: Vec<NoticeLine>,
}

impl ShippingNotice {
    /// What was announced of a line: of the supplier lot, if the label names one that was announced.
    pub(crate) fn announced(&self, line: PurchaseOrderLineId, supplier_lot: Option<&str>) -> Option<&NoticeLine> {
        let mut of_line = self.lines.iter().filter(|known| known.purchase_order_line == line);
        let named = of_line.clone().find(|known| Some(known.supplier_lot.as_str()) == supplier_lot);
        match (named, of_line.next(), of_line.next()) {
            (Some(named), _, _) => Some(named),
            // Only one lot was announced: the truck brings that one, whatever the label is called.
            (None, Some(only), None) => Some(only),
            (None, _, _) => None,
        }
    }
}

/// Announces a truck for an order that the supplier has accepted.
pub async fn announce(
    tx: &mut Tx,
    stamp: &Stamp,
    id: PurchaseOrderId,
    supplier: SupplierId,
    new: NewShippingNotice,
) -> Result<ShippingNotice, ContractsRefusal> {
    let order = own_order(tx, id, supplier).await?;
    if !order.head.state.awaits_goods() {
        return Err(ContractsRefusal::NotExpected { number: order.head.number, state: order.head.state });
    }
    for line in &new.lines {
        order.line(line.purchase_order_line)?;
    }
    let notice = ShippingNotice {
        id: stamp.mint(),
        purchase_order: id,
        site: order.head.site,
        supplier,
        eta: new.eta,
        vehicle: new.vehicle,
        logger: new.logger,
        announced_at: stamp.at,
        lines: new.lines,
    };
    store::add_notice(tx, &notice).await?;
    let body = GoodsAnnounced {
        number: order.head.number,
        eta: notice.eta,
        vehicle: notice.vehicle.clone(),
        lines: notice.lines.len(),
    };
    let also = [Object::of(id), Object::of(supplier), Object::of(order.head.site)];
    tell(tx, stamp, Object::of(notice.id), &also, &body).await?;
    Ok(notice)
}

/// The notice, which must exist.
pub async fn notice(tx: &mut Tx, id: ShippingNoticeId) -> Result<ShippingNotice, ContractsRefusal> {
    store::notice(tx, id).await?.ok_or(ContractsRefusal::NoSuchNotice)
}

/// The notices of an order, the first truck first.
pub async fn notices_of(tx: &mut Tx, order: PurchaseOrderId) -> Result<Vec<ShippingNotice>, ContractsRefusal> {
    Ok(store::notices_of(tx, order).await?)
}
