//! Count sheets: opened for some bins, counted blind, counted again where count and book are far apart.

use std::collections::BTreeSet;

use ::events::{Object, tell};
use ::store::Tx;
use accounts::costing;
use edge::{Problem, Sites, parse};
use kernel::{Actor, AdjustmentId, CountSheetId, Instant, Money, PlaceId, Quantity, SiteId, Stamp};
use ledger::{Lot, PlaceKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Adjustment, CountingRefusal,
    events::{AdjustmentProposed, CountSheetClosed, CountSheetOpened, StockCounted},
    rules::{
        AdjustmentState, Count, CountLine, CountLineState, CountRules, CountSheet, CountSheetState, Judged, in_shape,
        judge, size,
    },
    store::{self, LineRow},
};
use crate::works_at;

/// More lines are more than one round.
const LINES_MAX: usize = 400;

/// Opens a sheet for some bins: everything that the book has in them becomes a line.
pub async fn open(
    tx: &mut Tx,
    stamp: &Stamp,
    site: SiteId,
    places: &BTreeSet<PlaceId>,
) -> Result<CountSheet, CountingRefusal> {
    for place in places {
        let place = ledger::place(tx, *place).await?;
        let countable = place.kind.is_shelf() || place.kind == PlaceKind::Dock;
        if place.site != site || !countable {
            return Err(CountingRefusal::NotCountable { place: place.to_string() });
        }
        if store::being_counted(tx, place.id).await? {
            return Err(CountingRefusal::BeingCounted { place: place.to_string() });
        }
    }
    let id: CountSheetId = stamp.mint();
    store::add_sheet(tx, stamp, id, site).await?;
    store::add_places(tx, id, places).await?;
    let mut lines = 0;
    for place in places {
        let lots = store::lots_in(tx, *place).await?;
        store::add_lines(tx, id, *place, lines, &lots).await?;
        lines += lots.len();
    }
    if lines > LINES_MAX {
        return Err(CountingRefusal::TooManyLines { lines, most: LINES_MAX });
    }
    let body = CountSheetOpened { places: places.len(), lines };
    let mut also = vec![Object::of(site)];
    also.extend(places.iter().copied().map(Object::of));
    tell(tx, stamp, Object::of(id), &also, &body).await?;
    blind(tx, id).await
}

/// One count of one lot in one bin.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CountEntry {
    pub place: PlaceId,
    /// What the label says.
    #[schema(min_length = 1, max_length = 20)]
    pub lot_code: String,
    /// Pieces of what is counted, grams of what is weighed, both of what is sold by the weighed piece; 0 for nothing.
    pub quantity: Quantity,
    /// When it was counted, if that was before now: moves since then do not spoil the count.
    #[serde(default)]
    pub counted_at: Option<Instant>,
}

impl CountEntry {
    pub fn parse(mut self) -> Result<Self, Problem> {
        self.lot_code = parse::code("lot_code", &self.lot_code, 20)?;
        Ok(self)
    }
}

/// Takes counts. What agrees is done; what strays is counted again by another person; what still differs is proposed
/// for adjustment. Answers the sheet as those who count see it.
pub async fn enter(
    tx: &mut Tx,
    stamp: &Stamp,
    sites: &Sites,
    sheet: CountSheetId,
    entries: &[CountEntry],
) -> Result<CountSheet, CountingRefusal> {
    let head = own_open(tx, sites, sheet).await?;
    let currency = catalog::site(tx, head.site).await?.currency;
    for entry in entries {
        take(tx, stamp, &head, entry, CountRules::house(currency)).await?;
    }
    blind(tx, sheet).await
}

async fn take(
    tx: &mut Tx,
    stamp: &Stamp,
    head: &store::Head,
    entry: &CountEntry,
    rules: CountRules,
) -> Result<(), CountingRefusal> {
    if !store::is_on(tx, head.id, entry.place).await? {
        return Err(CountingRefusal::NotOnSheet);
    }
    let lot = ledger::lot_by_code(tx, &entry.lot_code).await?.filter(|lot| lot.site == head.site);
    let lot = lot.ok_or(CountingRefusal::NoSuchLot)?;
    let counted = in_shape(lot.measure, entry.quantity)?;
    let at = entry.counted_at.unwrap_or(stamp.at);
    if at < head.opened_at || at > stamp.at {
        return Err(CountingRefusal::CountedOutside);
    }
    let line = store::line(tx, head.id, entry.place, lot.id).await?;
    // A lot that nobody expected in the bin is a line too.
    let before = match &line {
        None | Some(LineRow { state: CountLineState::Open, .. }) => None,
        Some(LineRow { state: CountLineState::Recount, counter: Some(counter), .. }) => Some(*counter),
        Some(_) => return Err(CountingRefusal::CountedAlready),
    };
    if before == Some(stamp.by) {
        return Err(CountingRefusal::OwnRecount);
    }
    if line.is_none() {
        let nth = store::lines(tx, head.id).await?.len();
        store::add_lines(tx, head.id, entry.place, nth, &[lot.id]).await?;
    }
    let book = ledger::held_at(tx, entry.place, lot.id, at).await?;
    let count = Count { counted, book, at, by: stamp.by };
    let judged = judge(lot.measure, &count, before.is_some(), rules);
    let state = match judged {
        Judged::Agreed => CountLineState::Agreed,
        Judged::Recount => CountLineState::Recount,
        Judged::Differs(_) => CountLineState::Differs,
    };
    store::save_count(tx, head.id, entry.place, lot.id, &count, state, before.is_some()).await?;
    let body = StockCounted { sheet: head.id, place: entry.place, counted, state };
    tell(tx, stamp, Object::of(lot.id), &[Object::of(head.id), Object::of(entry.place)], &body).await?;
    if let Judged::Differs(variance) = judged {
        propose(tx, stamp, head, entry.place, &lot, variance, before).await?;
    }
    Ok(())
}

async fn propose(
    tx: &mut Tx,
    stamp: &Stamp,
    head: &store::Head,
    place: PlaceId,
    lot: &Lot,
    variance: Quantity,
    before: Option<Actor>,
) -> Result<(), CountingRefusal> {
    let value = lot.cost.map_or(Money::ZERO, |price| costing::at_cost(price, size(variance), lot.nominal_grams));
    let adjustment = Adjustment {
        id: stamp.mint::<AdjustmentId>(),
        site: head.site,
        sheet: head.id,
        place,
        lot: lot.id,
        lot_code: lot.code.clone(),
        sku: lot.sku,
        variance,
        value,
        state: AdjustmentState::Proposed,
        counter: stamp.by,
        before,
        proposed_at: stamp.at,
        reason: None,
        because: None,
        decider: None,
        decided_at: None,
        entry: None,
    };
    store::add_adjustment(tx, &adjustment).await?;
    let body = AdjustmentProposed { sheet: head.id, place, lot: lot.id, sku: lot.sku, variance, value };
    let also = [Object::of(head.site), Object::of(head.id), Object::of(lot.id), Object::of(place)];
    tell(tx, stamp, Object::of(adjustment.id), &also, &body).await?;
    Ok(())
}

/// Closes a sheet on which nothing waits for a count.
pub async fn close(
    tx: &mut Tx,
    stamp: &Stamp,
    sites: &Sites,
    sheet: CountSheetId,
) -> Result<CountSheet, CountingRefusal> {
    let head = own_open(tx, sites, sheet).await?;
    let lines = store::lines(tx, sheet).await?;
    let in_state = |state| lines.iter().filter(|line| line.state == state).count();
    let (open, recount) = (in_state(CountLineState::Open), in_state(CountLineState::Recount));
    if open + recount > 0 {
        return Err(CountingRefusal::NotAllCounted { open, recount });
    }
    store::close_sheet(tx, sheet, stamp.at).await?;
    let body = CountSheetClosed { lines: lines.len(), differ: in_state(CountLineState::Differs) };
    tell(tx, stamp, Object::of(sheet), &[Object::of(head.site)], &body).await?;
    blind(tx, sheet).await
}

/// A sheet as those who count see it, if its site is the caller's.
pub async fn sheet(tx: &mut Tx, sites: &Sites, id: CountSheetId) -> Result<CountSheet, CountingRefusal> {
    let sheet = blind(tx, id).await?;
    if works_at(sites, sheet.site) { Ok(sheet) } else { Err(CountingRefusal::NoSuchSheet) }
}

/// A line as those who sign see it: count beside book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CountVariance {
    #[serde(flatten)]
    pub line: CountLine,
    pub counted: Option<Quantity>,
    pub book: Option<Quantity>,
    pub counted_at: Option<Instant>,
    pub counter: Option<Actor>,
    pub recounted: Option<Quantity>,
    /// What the book held at the second count.
    pub rebook: Option<Quantity>,
    pub recounted_at: Option<Instant>,
    pub recounter: Option<Actor>,
}

/// The lines of a sheet with what the book had.
pub async fn variances(tx: &mut Tx, sites: &Sites, id: CountSheetId) -> Result<Vec<CountVariance>, CountingRefusal> {
    sheet(tx, sites, id).await?;
    Ok(store::lines(tx, id).await?.into_iter().map(CountVariance::from).collect())
}

async fn blind(tx: &mut Tx, id: CountSheetId) -> Result<CountSheet, CountingRefusal> {
    let head = store::head(tx, id).await?.ok_or(CountingRefusal::NoSuchSheet)?;
    let lines = store::lines(tx, id).await?.into_iter().map(|row| CountVariance::from(row).line).collect();
    let places = store::places(tx, id).await?;
    let store::Head { site, state, opened_at, closed_at, .. } = head;
    Ok(CountSheet { id, site, state, opened_at, closed_at, places, lines })
}

async fn own_open(tx: &mut Tx, sites: &Sites, id: CountSheetId) -> Result<store::Head, CountingRefusal> {
    let head = store::lock_head(tx, id).await?.ok_or(CountingRefusal::NoSuchSheet)?;
    if !works_at(sites, head.site) {
        return Err(CountingRefusal::NoSuchSheet);
    }
    match head.state {
        CountSheetState::Open => Ok(head),
        CountSheetState::Closed => Err(CountingRefusal::SheetIs { state: head.state }),
    }
}
