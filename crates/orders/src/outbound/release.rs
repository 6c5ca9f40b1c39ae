//! Releasing: lots are bound and the release note is out.

use ::store::Tx;
use events::Object;
use kernel::{CustomerOrderId, DeliveryWindowId, OrderLineId, Quantity, ReleaseNoteId, SiteId, SkuId, Stamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{NoteState, OutboundRefusal, ReleaseNote, ShortReason, close::tell_short, events::OrderReleased, store};
use crate::order::{NumberKind, Stage, lines_of, lock, mark_short, next_number, of_window, save, touched};

/// An order that hands can begin on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Released {
    pub note: ReleaseNoteId,
    pub number: String,
    pub order: CustomerOrderId,
    pub lines: Vec<ReleasedLine>,
}

/// One line with the lots that it is to be picked from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReleasedLine {
    pub order_line: OrderLineId,
    pub sku: SkuId,
    /// What the customer ordered.
    pub wanted: Quantity,
    /// Empty when nothing could be bound: there is nothing to pick.
    pub bound: Vec<ledger::Bound>,
    /// What no lot could give.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub short: Option<Quantity>,
}

/// The accepted orders of a window, in the order in which they were placed.
pub async fn releasable(
    tx: &mut Tx,
    site: SiteId,
    window: DeliveryWindowId,
) -> Result<Vec<CustomerOrderId>, OutboundRefusal> {
    Ok(of_window(tx, site, window, Stage::Accepted).await?)
}

/// Which order a release note is for.
pub async fn order_of(tx: &mut Tx, note: ReleaseNoteId) -> Result<CustomerOrderId, OutboundRefusal> {
    Ok(store::note(tx, note).await?.ok_or(OutboundRefusal::NoSuchNote { note })?.order)
}

/// Binds the lines of an accepted order to lots, first what expires first, and makes its release note. A line for
/// which nothing is left is short: the customer is told, and it is not charged.
pub async fn release(tx: &mut Tx, stamp: &Stamp, order: CustomerOrderId) -> Result<Released, OutboundRefusal> {
    let mut order = lock(tx, order).await?;
    let note = stamp.mint::<ReleaseNoteId>();
    let next = order.state.release(note)?;
    let site = catalog::site(tx, order.site).await?;
    let lines = lines_of(tx, order.id).await?;
    let promised = || lines.iter().filter_map(|line| Some((line.sku, line.promise?)));
    ledger::lock_shelves(tx, order.site, promised().map(|(sku, _)| sku)).await?;
    let promises: Vec<_> = promised().map(|(_, promise)| promise).collect();
    let mut bindings = ledger::bind_each(tx, stamp, &promises).await?.into_iter();
    let mut released = Vec::with_capacity(lines.len());
    for line in &lines {
        let binding = line.promise.and_then(|_| bindings.next());
        let (bound, short) = match binding {
            Some(binding) => (binding.bounds, binding.short),
            None => (Vec::new(), Some(line.ordered)),
        };
        if short.is_some() && line.short.is_none() {
            mark_short(tx, line.id, ShortReason::NoStock).await?;
            tell_short(tx, stamp, &order, line.id, line.sku, ShortReason::NoStock).await?;
        }
        let each = ReleasedLine { order_line: line.id, sku: line.sku, wanted: line.ordered, bound, short };
        released.push(each);
    }
    let lines = released;

    let number = next_number(tx, stamp, &site, NumberKind::ReleaseNote).await?;
    let row = ReleaseNote {
        id: note,
        number: number.clone(),
        order: order.id,
        site: order.site,
        window: order.delivery_window,
        state: NoteState::Open,
        opened_at: stamp.at,
        closed_at: None,
    };
    store::add(tx, &row).await?;
    save(tx, stamp, &mut order, next).await?;
    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let body = OrderReleased {
        number: order.number.clone(),
        note,
        lines: count(lines.len()),
        short_lines: count(lines.iter().filter(|line| line.short.is_some()).count()),
    };
    let mut objects = touched(&order).to_vec();
    objects.extend(lines.iter().flat_map(|line| line.bound.iter().map(|bound| Object::of(bound.lot))));
    ::events::tell(tx, stamp, Object::of(order.id), &objects, &body).await?;
    Ok(Released { note, number, order: order.id, lines })
}
