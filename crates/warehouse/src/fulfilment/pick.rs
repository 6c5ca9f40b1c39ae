//! Picking: scan, weigh, put into a tote; and what to do when the lot is not there or may not be used.

use ::store::Tx;
use edge::{Problem, Sites, parse};
use events::{Object, tell};
use kernel::{Actor, Exactness, Instant, LotId, Measure, OrderLineId, PickTaskId, PlaceId, Quantity, Stamp};
use ledger::{Bound, Lot, Place, PlaceKind, Purpose, Reservation, Rest, Unusable};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    FulfilmentRefusal,
    events::{GoodsPicked, GoodsWeighed},
    goods,
    refusal::ScanOf,
    rules::{OpenTask, PickTask, ShortReason},
    scan::{self, Scanned},
    store::{self, Note},
    waves::{self, TaskCard},
    weight::{self, Scale, WEIGHINGS_MAX, Weighing, WeightReason},
};
use crate::works_at;

/// The scale that printed the label which was scanned.
const LABEL: &str = "label";

/// A pick as the handheld sends it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Picking {
    /// What the scanner read on the goods: a lot code, a GS1 label, or our own scale's label.
    #[schema(min_length = 1, max_length = 200)]
    pub scan: String,
    /// The code on the bin.
    #[schema(min_length = 1, max_length = 20, pattern = "^[A-Za-z0-9._-]+$")]
    pub bin: String,
    /// The code on the tote that the goods go into.
    #[schema(min_length = 1, max_length = 20, pattern = "^[A-Za-z0-9._-]+$")]
    pub tote: String,
    /// Each time something lay on the scale; empty when the scanned label carries the weight.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub weighings: Vec<Weighing>,
    /// Sent again after `fulfilment/outside-tolerance`, when the weight is meant.
    #[serde(default)]
    pub confirm: Option<Confirmation>,
}

/// Why a weight outside the band is meant that way.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WeightConfirmation)]
pub struct Confirmation {
    pub reason: WeightReason,
}

/// A pick that stops early.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Shortage {
    pub reason: ShortReason,
    /// What was found nevertheless; needs a tote.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub weighings: Vec<Weighing>,
    #[serde(default)]
    #[schema(min_length = 1, max_length = 20, pattern = "^[A-Za-z0-9._-]+$")]
    pub tote: Option<String>,
}

/// How a task ended.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum PickAnswer {
    /// In the tote.
    Picked { task: PickTaskId, quantity: Quantity },
    /// Less was taken from this lot; the rest waits at other bins.
    Rebound { task: PickTaskId, reason: ShortReason, quantity: Quantity, next: Vec<TaskCard> },
    /// Some of the line will not be sent; what could be found elsewhere waits in `next`.
    Short { task: PickTaskId, reason: ShortReason, quantity: Quantity, short: Quantity, next: Vec<TaskCard> },
}

/// What the scale showed, weighing by weighing; the total is what was sent of it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ScaleRecord {
    pub weighings: Vec<Weighed>,
    pub total: Quantity,
}

/// One weighing as it was.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Weighed {
    pub task: PickTaskId,
    pub nth: i64,
    pub lot: LotId,
    pub lot_code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pieces: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grams: Option<i64>,
    /// The scale; `label` for a printed weight, `hand` for what was only counted.
    pub device: String,
    pub at: Instant,
    pub by: Option<Actor>,
    /// When the goods went back to their shelf, if they did: then they are in no parcel and in no sum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub put_back_at: Option<Instant>,
}

impl Picking {
    pub fn parse(mut self) -> Result<Self, Problem> {
        self.scan = parse::text("scan", &self.scan, 1, scan::SCAN_MAX)?;
        self.bin = parse::code("bin", &self.bin, 20)?;
        self.tote = parse::code("tote", &self.tote, 20)?;
        parse_weighings(&self.weighings)?;
        Ok(self)
    }
}

impl Shortage {
    pub fn parse(mut self) -> Result<Self, Problem> {
        self.tote = self.tote.map(|tote| parse::code("tote", &tote, 20)).transpose()?;
        parse_weighings(&self.weighings)?;
        if self.reason == ShortReason::NoStock {
            return Err(Problem::invalid("reason", "a picker says what happened at the bin"));
        }
        if !self.weighings.is_empty() && self.tote.is_none() {
            return Err(Problem::invalid("tote", "what was found needs a tote"));
        }
        Ok(self)
    }
}

fn parse_weighings(weighings: &[Weighing]) -> Result<(), Problem> {
    parse::count("weighings", weighings, 0, WEIGHINGS_MAX)?;
    for (nth, weighing) in weighings.iter().enumerate() {
        let field = format!("weighings/{nth}");
        parse::quantity(&field, Quantity { pieces: weighing.pieces, grams: weighing.grams, ..Quantity::NONE })?;
        if let Some(scale) = &weighing.scale {
            parse::code(&format!("{field}/scale/device"), &scale.device, 40)?;
        }
    }
    Ok(())
}

/// Picks a task whole. A lot that may not be used at this moment is not picked: another is bound in its place.
pub async fn pick(
    tx: &mut Tx,
    stamp: &Stamp,
    sites: &Sites,
    id: PickTaskId,
    picking: &Picking,
) -> Result<PickAnswer, FulfilmentRefusal> {
    let (open, note) = open_task(tx, stamp, sites, id).await?;
    let task = open.task().clone();
    let known = ledger::to_pick(tx, task.reservation, task.lot).await?;
    let bin = ledger::place(tx, task.bin).await?;
    let scanned = scan::read(&picking.scan)?;
    demand_right_bin(&bin, &picking.bin)?;
    demand_right_goods(tx, &task, &note, &known.lot, &bin, (&scanned, &picking.scan)).await?;
    if let Some(reason) = unfit_for(stamp, &known.reservation, &known.lot, Purpose::Pick) {
        return give_up(tx, stamp, open, &note, (&[], None), reason).await;
    }
    if known.bound(task.lot, task.bin).is_none() {
        let found = goods::bind_again(tx, stamp, &task).await?;
        return settled(tx, stamp, open, &note, (Quantity::NONE, None), &found, ShortReason::NotFound).await;
    }
    let weighings = weighings_of(task.target.measure, &scanned, &picking.weighings);
    let weighed = weight::total(task.target.measure, &weighings)?;
    let confirmed = picking.confirm.map(|confirm| confirm.reason);
    task.target.judge(weighed, confirmed)?;
    let tote = tote_for(tx, &task, &note, &picking.tote).await?;

    let quantity = goods::take(tx, stamp, &task, &note, (weighed, tote.id), Rest::Release).await?;
    let outside = confirmed.filter(|_| task.target.judge(weighed, None).is_err());
    if store::end_task(tx, &open.pick(quantity, tote.id), outside, stamp.at).await? != 1 {
        return Err(FulfilmentRefusal::ChangedMeanwhile);
    }
    store::record_weighings(tx, stamp, &task, &weighings).await?;
    tell_picked(tx, stamp, &task, &note, (quantity, tote.id), (&weighings, outside)).await?;
    waves::count_out(tx, stamp, task.wave).await?;
    Ok(PickAnswer::Picked { task: id, quantity })
}

/// Stops a task short. What was found is picked; the rest is looked for on other lots; what is not found is not sent,
/// and stays on the books of its bin until somebody counts there.
pub async fn short(
    tx: &mut Tx,
    stamp: &Stamp,
    sites: &Sites,
    id: PickTaskId,
    shortage: &Shortage,
) -> Result<PickAnswer, FulfilmentRefusal> {
    let (open, note) = open_task(tx, stamp, sites, id).await?;
    let tote = match &shortage.tote {
        Some(code) if !shortage.weighings.is_empty() => Some(tote_for(tx, open.task(), &note, code).await?.id),
        Some(_) | None => None,
    };
    give_up(tx, stamp, open, &note, (&shortage.weighings, tote), shortage.reason).await
}

async fn give_up(
    tx: &mut Tx,
    stamp: &Stamp,
    open: OpenTask,
    note: &Note,
    (weighings, tote): (&[Weighing], Option<PlaceId>),
    reason: ShortReason,
) -> Result<PickAnswer, FulfilmentRefusal> {
    let task = open.task().clone();
    let mut picked = Quantity::NONE;
    if let Some(tote) = tote {
        let weighed = weight::total(task.target.measure, weighings)?;
        let wanted = task.target.measure.promised(task.target.wanted);
        task.target.takes_part(weighed).map_err(|_| FulfilmentRefusal::NothingShort { wanted })?;
        // The rest stays bound for a moment, so that it can be bound to another lot.
        picked = goods::take(tx, stamp, &task, note, (weighed, tote), Rest::Keep).await?;
        store::record_weighings(tx, stamp, &task, weighings).await?;
        tell_picked(tx, stamp, &task, note, (picked, tote), (weighings, None)).await?;
    }
    let found = goods::bind_elsewhere(tx, stamp, &task).await?;
    settled(tx, stamp, open, note, (picked, tote), &found, reason).await
}

async fn settled(
    tx: &mut Tx,
    stamp: &Stamp,
    open: OpenTask,
    note: &Note,
    (picked, tote): (Quantity, Option<PlaceId>),
    found: &[Bound],
    reason: ShortReason,
) -> Result<PickAnswer, FulfilmentRefusal> {
    let ending = goods::Ending { open, picked, tote };
    let (done, next) = goods::settle(tx, stamp, note, ending, found, reason).await?;
    let (task, quantity) = (done.task, done.picked);
    Ok(match done.short_reason {
        Some(reason) => PickAnswer::Short { task, reason, quantity, short: done.short, next },
        None => PickAnswer::Rebound { task, reason, quantity, next },
    })
}

/// The task, locked, if the caller picks it at one of their sites, and behind it the shelf that it takes from: what is
/// read of lot and reservation from here on need not be read again before it is changed.
async fn open_task(
    tx: &mut Tx,
    stamp: &Stamp,
    sites: &Sites,
    id: PickTaskId,
) -> Result<(OpenTask, Note), FulfilmentRefusal> {
    let task = store::lock_task(tx, id).await?;
    let (task, note) = own_task(tx, sites, task).await?;
    let open = OpenTask::of(task, stamp.by)?;
    ledger::lock_shelves(tx, note.site, [open.task().sku]).await?;
    Ok((open, note))
}

pub(super) async fn own_task(
    tx: &mut Tx,
    sites: &Sites,
    task: Option<PickTask>,
) -> Result<(PickTask, Note), FulfilmentRefusal> {
    let Some(task) = task else { return Err(FulfilmentRefusal::NoSuchTask) };
    let Some(note) = store::note(tx, task.note).await? else { return Err(FulfilmentRefusal::NoSuchTask) };
    if works_at(sites, note.site) { Ok((task, note)) } else { Err(FulfilmentRefusal::NoSuchTask) }
}

fn demand_right_bin(bin: &Place, scanned: &str) -> Result<(), FulfilmentRefusal> {
    if bin.code == scanned {
        return Ok(());
    }
    Err(FulfilmentRefusal::WrongScan { of: ScanOf::Bin, expected: bin.code.clone(), scanned: scanned.to_owned() })
}

/// The label must name the lot. One that only names the product will do where the bin holds one lot of it.
async fn demand_right_goods(
    tx: &mut Tx,
    task: &PickTask,
    note: &Note,
    lot: &Lot,
    bin: &Place,
    (scanned, text): (&Scanned, &str),
) -> Result<(), FulfilmentRefusal> {
    if says_all(scanned, lot) {
        return Ok(());
    }
    let sku = catalog::sku(tx, task.sku).await?;
    let wrong = |of, expected: &str| FulfilmentRefusal::WrongScan {
        of,
        expected: expected.to_owned(),
        scanned: text.to_owned(),
    };
    if let Some(gtin) = &scanned.gtin {
        let expected = lot.gtin.as_deref().or(sku.gtin.as_ref().map(catalog::Gtin::as_str)).unwrap_or_default();
        if gtin.as_str() != expected {
            return Err(wrong(ScanOf::Product, if expected.is_empty() { &sku.code } else { expected }));
        }
    }
    if let Some(item) = &scanned.item {
        let meant = store::sku_of_item(tx, note.site, item).await?;
        if meant != Some(task.sku) {
            return Err(wrong(ScanOf::Product, &sku.code));
        }
    }
    match &scanned.lot {
        Some(_) if names(scanned, lot) => Ok(()),
        Some(_) => Err(wrong(ScanOf::Lot, &lot.code)),
        None if goods::lots_in_bin(tx, bin.id, task.sku).await? == 1 => Ok(()),
        None => Err(FulfilmentRefusal::LotNotNamed { bin: bin.code.clone(), sku: sku.code }),
    }
}

/// Whether the label names the lot, and no product but the lot's own: then the product need not be asked for.
fn says_all(scanned: &Scanned, lot: &Lot) -> bool {
    let of_lot = |gtin: &catalog::Gtin| lot.gtin.as_deref() == Some(gtin.as_str());
    scanned.item.is_none() && scanned.gtin.as_ref().is_none_or(of_lot) && names(scanned, lot)
}

/// A maker's box says the maker's lot, which is ours too as long as the product is right.
fn names(scanned: &Scanned, lot: &Lot) -> bool {
    let Some(code) = &scanned.lot else { return false };
    *code == lot.code || (scanned.gtin.is_some() && lot.supplier_lot.as_ref() == Some(code))
}

/// Why the lot may not be used now, if it may not: it must still be good when it arrives.
pub(super) fn unfit_for(stamp: &Stamp, reservation: &Reservation, lot: &Lot, purpose: Purpose) -> Option<ShortReason> {
    let at = reservation.needed_until.max(stamp.at);
    match ledger::usable(&lot.life(), at, purpose) {
        Ok(()) => None,
        Err(Unusable::NotApproved { .. } | Unusable::Blocked { .. }) => Some(ShortReason::Blocked),
        Err(Unusable::LifeTooShort { .. }) => Some(ShortReason::Expired),
    }
}

/// What was weighed, or what the scale that printed the label had weighed.
fn weighings_of(measure: Measure, scanned: &Scanned, weighings: &[Weighing]) -> Vec<Weighing> {
    let Some(grams) = scanned.grams.filter(|_| weighings.is_empty()) else { return weighings.to_vec() };
    let scale = Some(Scale { device: LABEL.to_owned(), stable: true });
    // A label with a weight and no count is the label of one piece.
    let pieces = match measure {
        Measure::Weighed => None,
        Measure::Counted | Measure::CatchWeight => scanned.pieces.or(Some(1)),
    };
    vec![Weighing { pieces, grams: Some(grams), scale }]
}

/// The tote, if it is empty or holds goods of this note and class.
async fn tote_for(tx: &mut Tx, task: &PickTask, note: &Note, code: &str) -> Result<Place, FulfilmentRefusal> {
    let tote = ledger::place_of(tx, note.site, PlaceKind::Tote, code).await?;
    let tote = tote.ok_or_else(|| FulfilmentRefusal::UnknownTote { tote: code.to_owned() })?;
    for (holder, class) in store::in_tote(tx, tote.id).await? {
        if holder != task.note {
            return Err(FulfilmentRefusal::ToteTaken { tote: tote.code });
        }
        if class != task.class {
            return Err(FulfilmentRefusal::ToteOfOtherClass { tote: tote.code, holds: class });
        }
    }
    Ok(tote)
}

async fn tell_picked(
    tx: &mut Tx,
    stamp: &Stamp,
    task: &PickTask,
    note: &Note,
    (quantity, tote): (Quantity, PlaceId),
    (weighings, outside_tolerance): (&[Weighing], Option<WeightReason>),
) -> Result<(), FulfilmentRefusal> {
    let also = [
        Object::of(task.lot),
        Object::of(task.order_line),
        Object::of(note.order),
        Object::of(note.note),
        Object::of(note.site),
    ];
    let body = GoodsWeighed { task: task.id, lot: task.lot, weighings: weighings.to_vec(), outside_tolerance };
    tell(tx, stamp, Object::of(task.id), &also, &body).await?;
    let body = GoodsPicked {
        order: note.order,
        order_line: task.order_line,
        sku: task.sku,
        lot: task.lot,
        bin: task.bin,
        tote,
        quantity,
    };
    tell(tx, stamp, Object::of(task.id), &also, &body).await?;
    Ok(())
}

/// One pick task, if its site is the caller's.
pub async fn task(tx: &mut Tx, sites: &Sites, id: PickTaskId) -> Result<TaskCard, FulfilmentRefusal> {
    let task = store::task(tx, id).await?;
    let (task, _note) = own_task(tx, sites, task).await?;
    let named = store::named_task(tx, task.id).await?;
    named.map(TaskCard::from).ok_or(FulfilmentRefusal::NoSuchTask)
}

/// What the scale showed for one task.
pub async fn task_record(tx: &mut Tx, sites: &Sites, id: PickTaskId) -> Result<ScaleRecord, FulfilmentRefusal> {
    let task = store::task(tx, id).await?;
    let (task, _note) = own_task(tx, sites, task).await?;
    Ok(record(store::weighings_of_task(tx, task.id).await?))
}

/// What the scale showed for an order line: where the grams of its invoice come from.
pub async fn scale_record(tx: &mut Tx, sites: &Sites, line: OrderLineId) -> Result<ScaleRecord, FulfilmentRefusal> {
    let own = store::sites_of_line(tx, line).await?;
    if !own.iter().any(|site| works_at(sites, *site)) {
        return Err(FulfilmentRefusal::NoSuchLine);
    }
    Ok(record(store::weighings_of_line(tx, line).await?))
}

fn record(weighings: Vec<store::Weighed>) -> ScaleRecord {
    let sent = weighings.iter().filter(|weighed| weighed.put_back_at.is_none());
    let parts =
        sent.map(|weighed| Quantity { pieces: weighed.pieces, grams: weighed.grams, exactness: Exactness::Exact });
    let total = Quantity::sum(parts).unwrap_or(Quantity::NONE);
    let weighings = weighings
        .into_iter()
        .map(|weighed| Weighed {
            task: weighed.task,
            nth: weighed.nth,
            lot: weighed.lot,
            lot_code: weighed.lot_code,
            pieces: weighed.pieces,
            grams: weighed.grams,
            device: weighed.device,
            at: weighed.at,
            by: weighed.by,
            put_back_at: weighed.put_back_at,
        })
        .collect();
    ScaleRecord { weighings, total }
}
