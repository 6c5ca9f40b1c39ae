//! The papers of an order: the release slip for the hands, the settlement sheet for the customer.

use ::store::Tx;
use catalog::{Names, TaxClass};
use kernel::{
    Currency, CustomerOrderId, Instant, InvoiceId, LotId, Money, OrderLineId, Price, Quantity, ReleaseNoteId, SiteId,
    SkuId, TemperatureClass, ZoneId,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Difference, NoteState, OutboundRefusal, ReleaseNote, ShortReason, store};
use crate::order::{CustomerOrder, LineView, Stage, line_views, load, lots_of};

/// The settlement sheet of an order: what was ordered, what the scale said, and why the amount is what it is.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Sheet {
    pub order: CustomerOrderId,
    pub number: String,
    pub state: Stage,
    pub currency: Currency,
    pub lines: Vec<SheetLine>,
    /// The amount for the estimate.
    pub expected: Money,
    /// What was authorised.
    pub bound: Money,
    /// What is charged; absent until everything is weighed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// `expected − amount`: positive comes back, negative is paid extra.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invoice: Option<InvoiceId>,
}

/// One line of it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SheetLine {
    pub order_line: OrderLineId,
    pub sku: SkuId,
    pub names: Names,
    pub ordered: Quantity,
    pub estimated: Quantity,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual: Option<Quantity>,
    pub price: Price,
    pub tax: TaxClass,
    pub expected: Money,
    pub bound: Money,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<Difference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub short: Option<ShortReason>,
    /// The lots that were sent: the way back to the scale and the farm.
    pub lots: Vec<SlipLot>,
}

/// The slip that goes with the goods through the house.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Slip {
    pub note: ReleaseNoteId,
    pub number: String,
    pub order: CustomerOrderId,
    pub order_number: String,
    pub site: SiteId,
    pub window_start: Instant,
    pub window_end: Instant,
    pub state: NoteState,
    pub lines: Vec<SlipLine>,
    /// What the customer wrote for those who pack and bring.
    pub remark: String,
    pub opened_at: Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Instant>,
}

/// One line of it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SlipLine {
    pub order_line: OrderLineId,
    pub sku: SkuId,
    pub code: String,
    pub names: Names,
    pub class: TemperatureClass,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<ZoneId>,
    pub ordered: Quantity,
    /// Bound while the note is open, sent when it is closed.
    pub lots: Vec<SlipLot>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub short: Option<ShortReason>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SlipLot {
    pub lot: LotId,
    /// As printed on the label.
    pub code: String,
    pub quantity: Quantity,
}

/// The settlement sheet of an order that the caller may see.
pub async fn sheet(tx: &mut Tx, order: &CustomerOrder) -> Result<Sheet, OutboundRefusal> {
    let mut lots = lots_of(tx, order.id).await?;
    let mut lines = Vec::new();
    for line in line_views(tx, order.id).await? {
        let sent = named(tx, lots.remove(&line.id).unwrap_or_default()).await?;
        lines.push(sheet_line(line, sent));
    }
    let amount = order.state.settled().map(|settled| settled.amount);
    Ok(Sheet {
        order: order.id,
        number: order.number.clone(),
        state: order.state.stage(),
        currency: order.currency,
        lines,
        expected: order.range.expected,
        bound: order.range.bound,
        amount,
        refund: amount.map(|amount| order.range.expected - amount),
        invoice: order.state.invoice(),
    })
}

fn sheet_line(line: LineView, lots: Vec<SlipLot>) -> SheetLine {
    SheetLine {
        order_line: line.id,
        sku: line.sku,
        names: line.names,
        ordered: line.ordered,
        estimated: line.estimated,
        actual: line.sent,
        price: line.price,
        tax: line.tax,
        expected: line.range.expected,
        bound: line.range.bound,
        amount: line.amount,
        refund: line.amount.map(|amount| line.range.expected - amount),
        difference: line.difference,
        short: line.short,
        lots,
    }
}

/// The slip of a release note.
pub async fn slip(tx: &mut Tx, note: ReleaseNoteId) -> Result<Slip, OutboundRefusal> {
    let note = store::note(tx, note).await?.ok_or(OutboundRefusal::NoSuchNote { note })?;
    let order = load(tx, note.order).await?;
    let mut sent = lots_of(tx, order.id).await?;
    let mut lines = Vec::new();
    for line in line_views(tx, order.id).await? {
        let lots = match note.state {
            NoteState::Open => bound(tx, line.id).await?,
            NoteState::Closed => sent.remove(&line.id).unwrap_or_default(),
        };
        let lots = named(tx, lots).await?;
        lines.push(SlipLine {
            order_line: line.id,
            sku: line.sku,
            code: line.code,
            names: line.names,
            class: line.class,
            zone: line.zone,
            ordered: line.ordered,
            lots,
            short: line.short,
        });
    }
    Ok(filled(note, order, lines))
}

fn filled(note: ReleaseNote, order: CustomerOrder, lines: Vec<SlipLine>) -> Slip {
    Slip {
        note: note.id,
        number: note.number,
        order: order.id,
        order_number: order.number,
        site: note.site,
        window_start: order.window.start(),
        window_end: order.window.end(),
        state: note.state,
        lines,
        remark: order.note,
        opened_at: note.opened_at,
        closed_at: note.closed_at,
    }
}

async fn bound(tx: &mut Tx, line: OrderLineId) -> Result<Vec<(LotId, Quantity)>, OutboundRefusal> {
    let mut lots = Vec::new();
    for reservation in ledger::reservations_of(tx, line).await? {
        for bound in ledger::bounds_of(tx, reservation.id).await? {
            lots.push((bound.lot, bound.quantity));
        }
    }
    Ok(lots)
}

async fn named(tx: &mut Tx, lots: Vec<(LotId, Quantity)>) -> Result<Vec<SlipLot>, OutboundRefusal> {
    let mut named = Vec::with_capacity(lots.len());
    for (lot, quantity) in lots {
        let code = ledger::lot(tx, lot).await?.code;
        named.push(SlipLot { lot, code, quantity });
    }
    Ok(named)
}
