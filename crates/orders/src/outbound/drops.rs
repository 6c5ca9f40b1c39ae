//! What delivery needs to know of an order: where, when, how heavy, how cold.

use ::store::Tx;
use catalog::Position;
use kernel::{
    AddressId, CustomerId, CustomerOrderId, DeliveryWindowId, Instant, OrderLineId, Quantity, ReleaseNoteId, SiteId,
    SkuId, Stamp, TemperatureClass, Window,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::OutboundRefusal;
use crate::order::{self, CustomerOrder, OrderLine, Stage, lines_of, lines_of_all, load, load_all, of_window};

/// One order on its way to a door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Drop {
    pub order: CustomerOrderId,
    pub number: String,
    pub site: SiteId,
    pub customer: CustomerId,
    pub address: AddressId,
    pub position: Position,
    pub delivery_window: DeliveryWindowId,
    /// The window that was promised first; it is never moved.
    pub window: Window,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<ReleaseNoteId>,
    pub stage: Stage,
    /// What the lines weigh, by temperature class: as sent, or as estimated while nothing is weighed.
    pub grams: Vec<(TemperatureClass, i64)>,
    pub lines: Vec<DropLine>,
    /// For the courier: gate codes, where to leave it.
    pub remark: String,
}

/// One line of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DropLine {
    pub order_line: OrderLineId,
    pub sku: SkuId,
    pub class: TemperatureClass,
    pub quantity: Quantity,
}

impl Drop {
    pub fn total_grams(&self) -> i64 {
        self.grams.iter().map(|(_, grams)| *grams).sum()
    }

    /// The temperature classes on board, in their order.
    pub fn classes(&self) -> Vec<TemperatureClass> {
        self.grams.iter().map(|(class, _)| *class).collect()
    }
}

/// The orders of a window that are packed and wait for a run, in the order in which they were placed.
pub async fn deliverable(tx: &mut Tx, site: SiteId, window: DeliveryWindowId) -> Result<Vec<Drop>, OutboundRefusal> {
    let packed = of_window(tx, site, window, Stage::Packed).await?;
    let orders = load_all(tx, &packed).await?;
    let lines = lines_of_all(tx, &packed).await?;
    Ok(orders.into_iter().zip(lines).map(|(order, lines)| as_drop(order, lines)).collect())
}

/// One order as delivery sees it.
pub async fn drop_of(tx: &mut Tx, order: CustomerOrderId) -> Result<Drop, OutboundRefusal> {
    let order = load(tx, order).await?;
    let lines = lines_of(tx, order.id).await?;
    Ok(as_drop(order, lines))
}

/// The lines of which something comes to the door.
pub async fn lines_on_board(tx: &mut Tx, order: CustomerOrderId) -> Result<Vec<OrderLineId>, OutboundRefusal> {
    let lines = lines_of(tx, order).await?;
    Ok(lines.iter().filter(|line| !on_board(line).is_nothing()).map(|line| line.id).collect())
}

/// What of a line is carried: as sent, or as estimated while nothing is weighed.
fn on_board(line: &OrderLine) -> Quantity {
    line.sent.map_or(line.estimated, |sent| sent.quantity)
}

fn as_drop(order: CustomerOrder, all_lines: Vec<OrderLine>) -> Drop {
    let mut lines = Vec::new();
    let mut grams = Vec::<(TemperatureClass, i64)>::new();
    for line in all_lines {
        let quantity = on_board(&line);
        if quantity.is_nothing() {
            continue;
        }
        // A piece whose weight nobody knows is planned with the estimate.
        let weight = quantity.grams.or(line.estimated.grams).unwrap_or(0);
        match grams.iter_mut().find(|(class, _)| *class == line.class) {
            Some((_, sum)) => *sum += weight,
            None => grams.push((line.class, weight)),
        }
        lines.push(DropLine { order_line: line.id, sku: line.sku, class: line.class, quantity });
    }
    grams.sort_unstable_by_key(|(class, _)| *class);
    Drop {
        order: order.id,
        number: order.number,
        site: order.site,
        customer: order.customer,
        address: order.address,
        position: order.position,
        delivery_window: order.delivery_window,
        window: order.window,
        note: order.state.note(),
        stage: order.state.stage(),
        grams,
        lines,
        remark: order.note,
    }
}

/// Notes when the orders are expected at their doors, for the customers' pages.
pub async fn set_etas(
    tx: &mut Tx,
    _stamp: &Stamp,
    etas: Vec<(CustomerOrderId, Instant)>,
) -> Result<(), OutboundRefusal> {
    Ok(order::set_etas(tx, etas).await?)
}
