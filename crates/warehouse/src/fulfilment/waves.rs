//! Waves: what is released together, claimed by pickers in batches, and walked in the order of the bins.

use std::collections::BTreeSet;

use ::store::Tx;
use edge::{Revised, Sites};
use events::{Object, tell};
use kernel::{
    Actor, CustomerOrderId, Date, Instant, LotId, Measure, OrderLineId, PickTaskId, PlaceId, Quantity, ReleaseNoteId,
    ReservationId, SiteId, SkuId, Stamp, TemperatureClass, WaveId, Window,
};
use ledger::Bound;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    FulfilmentRefusal,
    events::{TasksClaimed, WaveFinished, WaveOpened},
    rules::{PickTask, ShortReason, TaskState, Wave, WaveState},
    store::{self, Line, NamedTask, Note},
    weight::Target,
};
use crate::works_at;

/// Lines of one release note; orders are smaller, and a note this long is a mistake.
const LINES_MAX: usize = 200;

/// An order line as binding has left it.
#[derive(Clone, Debug)]
pub struct TaskLine {
    pub order_line: OrderLineId,
    pub sku: SkuId,
    pub wanted: Quantity,
    pub bound: Vec<Bound>,
}

/// A wave as the lead sees it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct WaveCard {
    pub id: WaveId,
    pub site: SiteId,
    pub window: Window,
    pub opened_at: Instant,
    pub tasks_open: i64,
    pub state: WaveState,
    pub revision: i64,
}

impl Revised for WaveCard {
    fn revision(&self) -> i64 {
        self.revision
    }
}

impl From<Wave> for WaveCard {
    fn from(wave: Wave) -> Self {
        Self {
            id: wave.id,
            site: wave.site,
            window: wave.window,
            opened_at: wave.opened_at,
            tasks_open: wave.tasks_open,
            state: wave.state,
            revision: wave.revision,
        }
    }
}

/// How much of a wave a picker takes.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// Only tasks of this class: whoever wears the freezer coat takes the freezer.
    #[serde(default)]
    pub class: Option<TemperatureClass>,
    /// As many orders as the trolley has totes.
    #[schema(minimum = 1, maximum = 40)]
    pub orders_max: i64,
}

/// What a picker has now.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Claim {
    pub wave: WaveId,
    pub tasks: i64,
    pub notes: Vec<ReleaseNoteId>,
}

/// One stop on the way: a lot in a bin, for every order of the wave that wants it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PickStop {
    pub pick_sequence: i64,
    pub bin: PlaceId,
    pub bin_code: String,
    pub class: TemperatureClass,
    pub sku: SkuId,
    pub sku_code: String,
    pub sku_names: catalog::Names,
    pub measure: Measure,
    pub lot: LotId,
    pub lot_code: String,
    #[schema(value_type = Option<String>, format = Date)]
    pub use_by: Option<Date>,
    /// What the orders below want together.
    pub total: Quantity,
    pub tasks: Vec<StopTask>,
}

/// One order's share of a stop.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct StopTask {
    pub task: PickTaskId,
    pub note: ReleaseNoteId,
    pub order: CustomerOrderId,
    pub order_line: OrderLineId,
    pub quantity: Quantity,
    /// The grams that the scale may show; absent for goods that nobody weighs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grams_low: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grams_high: Option<i64>,
    pub picker: Option<Actor>,
    pub state: TaskState,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tote: Option<PlaceId>,
    pub revision: i64,
}

/// Where a page of a wave's walk begins: after this sequence, bin, lot and task.
pub type WalkKey = (i64, PlaceId, LotId, PickTaskId);

/// A task by itself.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TaskCard {
    pub id: PickTaskId,
    pub wave: WaveId,
    pub note: ReleaseNoteId,
    pub order: CustomerOrderId,
    pub order_line: OrderLineId,
    pub sku: SkuId,
    pub sku_code: String,
    pub lot: LotId,
    pub lot_code: String,
    pub bin: PlaceId,
    pub bin_code: String,
    pub class: TemperatureClass,
    pub quantity: Quantity,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grams_low: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grams_high: Option<i64>,
    pub picker: Option<Actor>,
    pub state: TaskState,
    pub picked: Quantity,
    pub short: Quantity,
    pub short_reason: Option<ShortReason>,
    pub revision: i64,
}

impl Revised for TaskCard {
    fn revision(&self) -> i64 {
        self.revision
    }
}

impl From<NamedTask> for TaskCard {
    fn from(named: NamedTask) -> Self {
        let NamedTask { task, order, lot_code, bin_code, sku_code, .. } = named;
        let band = task.target.band();
        Self {
            id: task.id,
            wave: task.wave,
            note: task.note,
            order,
            order_line: task.order_line,
            sku: task.sku,
            sku_code,
            lot: task.lot,
            lot_code,
            bin: task.bin,
            bin_code,
            class: task.class,
            quantity: task.target.wanted,
            grams_low: band.map(|(low, _)| low),
            grams_high: band.map(|(_, high)| high),
            picker: task.picker,
            state: task.state,
            picked: task.picked,
            short: task.short,
            short_reason: task.short_reason,
            revision: task.revision,
        }
    }
}

/// A release note as the packing bench sees it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct NotePick {
    pub note: ReleaseNoteId,
    pub wave: WaveId,
    pub site: SiteId,
    pub order: CustomerOrderId,
    pub tasks: Vec<TaskCard>,
}

/// Whose tasks a list shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    #[default]
    Everybody,
    Mine,
    Unclaimed,
}

/// Opens a wave for one delivery window of a site. It is empty; [`add_tasks`] fills it note by note.
pub async fn open_wave(tx: &mut Tx, stamp: &Stamp, site: SiteId, window: Window) -> Result<WaveId, FulfilmentRefusal> {
    catalog::site(tx, site).await?;
    let wave = Wave {
        id: stamp.mint(),
        site,
        window,
        opened_at: stamp.at,
        tasks_open: 0,
        state: WaveState::Open,
        revision: 1,
    };
    store::add_wave(tx, &wave).await?;
    tell(tx, stamp, Object::of(wave.id), &[Object::of(site)], &WaveOpened { site, window }).await?;
    Ok(wave.id)
}

/// Adds a release note to a wave: one task per order line, bound lot and bin. What binding could not find is short
/// from the beginning.
pub async fn add_tasks(
    tx: &mut Tx,
    stamp: &Stamp,
    wave: WaveId,
    note: ReleaseNoteId,
    order: CustomerOrderId,
    lines: &[TaskLine],
) -> Result<Vec<PickTaskId>, FulfilmentRefusal> {
    let known = store::wave_for_note(tx, wave, note).await?;
    let Some((known, released)) = known else { return Err(FulfilmentRefusal::NoSuchWave) };
    if known.state == WaveState::Finished {
        return Err(FulfilmentRefusal::WaveFinished);
    }
    if released {
        return Err(FulfilmentRefusal::NoteAlreadyReleased);
    }
    if lines.len() > LINES_MAX {
        return Err(FulfilmentRefusal::TooManyLines { lines: lines.len(), limit: LINES_MAX });
    }
    let of = Walk { wave, note, picker: None };
    let mut tasks = Vec::new();
    let mut released = Vec::new();
    let skus = catalog::skus_by_id(tx, lines.iter().map(|line| line.sku)).await?;
    for line in lines {
        let sku = skus.get(&line.sku).ok_or(catalog::CatalogRefusal::NoSuchSku)?;
        let whole = Target { measure: sku.measure, wanted: line.wanted, tolerance_bp: sku.tolerance_bp };
        let bound = Quantity::sum(line.bound.iter().map(|bound| bound.quantity)).unwrap_or(Quantity::NONE);
        released.push(Line {
            order_line: line.order_line,
            sku: line.sku,
            wanted: line.wanted,
            unbound: whole.rest(bound),
        });
        for bound in &line.bound {
            tasks.push(task_for(tx, stamp, of, line.order_line, sku, bound).await?);
        }
    }
    store::add_note(tx, &Note { note, wave, site: known.site, order }).await?;
    store::add_lines(tx, note, &released).await?;
    store::add_tasks(tx, &tasks, None, stamp).await?;
    count(tx, wave, tasks.len()).await?;
    Ok(tasks.iter().map(|task| task.id).collect())
}

/// Whom a new task is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk {
    pub(super) wave: WaveId,
    pub(super) note: ReleaseNoteId,
    pub(super) picker: Option<Actor>,
}

/// The walk to one bound lot in its bin.
pub(super) async fn task_for(
    tx: &mut Tx,
    stamp: &Stamp,
    of: Walk,
    order_line: OrderLineId,
    sku: &catalog::Sku,
    bound: &Bound,
) -> Result<PickTask, FulfilmentRefusal> {
    let bin = ledger::place(tx, bound.place).await?;
    // A lot that knows no weights still wants a band for its scale: the nominal weight of its pieces.
    let wanted = sku.estimate(bound.quantity).unwrap_or(bound.quantity);
    let reservation: ReservationId = bound.reservation;
    Ok(PickTask {
        id: stamp.mint(),
        wave: of.wave,
        note: of.note,
        order_line,
        sku: sku.id,
        lot: bound.lot,
        bin: bin.id,
        reservation,
        class: sku.temperature_class,
        target: Target { measure: sku.measure, wanted, tolerance_bp: sku.tolerance_bp },
        pick_sequence: bin.path,
        picker: of.picker,
        tote: None,
        parcel: None,
        state: TaskState::Open,
        picked: Quantity::NONE,
        rebound: Quantity::NONE,
        short: Quantity::NONE,
        short_reason: None,
        revision: 1,
    })
}

/// Counts new tasks into their wave.
pub(super) async fn count(tx: &mut Tx, wave: WaveId, tasks: usize) -> Result<(), FulfilmentRefusal> {
    let more = i64::try_from(tasks).unwrap_or(i64::MAX);
    if more > 0 {
        store::count_in(tx, wave, more).await?;
    }
    Ok(())
}

/// Counts a task that is done out of its wave, and closes the wave behind the last.
pub(super) async fn count_out(tx: &mut Tx, stamp: &Stamp, wave: WaveId) -> Result<(), FulfilmentRefusal> {
    if store::count_out(tx, wave).await? == 0 {
        finish_if_done(tx, stamp, wave).await?;
    }
    Ok(())
}

/// Finishes a wave in which nothing is left to pick; a wave that is being picked goes on. Whoever releases calls it
/// after the last note, in case binding found nothing at all.
pub async fn finish_if_done(tx: &mut Tx, stamp: &Stamp, wave: WaveId) -> Result<(), FulfilmentRefusal> {
    let Some(known) = store::wave(tx, wave).await? else { return Err(FulfilmentRefusal::NoSuchWave) };
    if store::finish_wave(tx, wave, stamp.at).await? == 1 {
        let body = WaveFinished { site: known.site };
        tell(tx, stamp, Object::of(wave), &[Object::of(known.site)], &body).await?;
    }
    Ok(())
}

/// Gives a picker the unclaimed tasks of so many orders, the earliest released first.
pub async fn claim(
    tx: &mut Tx,
    stamp: &Stamp,
    sites: &Sites,
    wave: WaveId,
    batch: Batch,
) -> Result<Claim, FulfilmentRefusal> {
    let known = own_wave(tx, sites, wave).await?;
    if known.state == WaveState::Finished {
        return Err(FulfilmentRefusal::WaveFinished);
    }
    let claimed = store::claim(tx, wave, batch.class, batch.orders_max, stamp.by, stamp.at).await?;
    if claimed.is_empty() {
        return Err(FulfilmentRefusal::NothingToClaim);
    }
    let tasks = i64::try_from(claimed.len()).unwrap_or(i64::MAX);
    let notes: Vec<ReleaseNoteId> = claimed.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    let body = TasksClaimed { tasks, orders: i64::try_from(notes.len()).unwrap_or(i64::MAX) };
    tell(tx, stamp, Object::of(wave), &[Object::of(known.site)], &body).await?;
    Ok(Claim { wave, tasks, notes })
}

/// The wave, if its site is the caller's.
pub async fn wave(tx: &mut Tx, sites: &Sites, id: WaveId) -> Result<WaveCard, FulfilmentRefusal> {
    Ok(own_wave(tx, sites, id).await?.into())
}

/// The waves of a site, latest first.
pub async fn waves(
    tx: &mut Tx,
    site: SiteId,
    before: Option<(Instant, WaveId)>,
    rows: i64,
) -> Result<Vec<WaveCard>, FulfilmentRefusal> {
    Ok(store::waves(tx, site, before, rows).await?.into_iter().map(WaveCard::from).collect())
}

/// The tasks of a wave in walking order, and the key after which the next page begins.
pub async fn walk(
    tx: &mut Tx,
    sites: &Sites,
    picker: Actor,
    wave: WaveId,
    show: (Whose, Option<TaskState>),
    page: (Option<WalkKey>, i64),
) -> Result<(Vec<PickStop>, Option<WalkKey>), FulfilmentRefusal> {
    let known = own_wave(tx, sites, wave).await?;
    let (whose, state) = show;
    let whose = match whose {
        Whose::Everybody => store::Whose::Everybody,
        Whose::Mine => store::Whose::One(picker),
        Whose::Unclaimed => store::Whose::Nobody,
    };
    let (after, rows) = page;
    let mut tasks = store::walk(tx, known.id, whose, state, after, rows).await?;
    let size = usize::try_from(rows.saturating_sub(1)).unwrap_or(usize::MAX);
    let more = tasks.len() > size;
    tasks.truncate(size);
    let next = if more { tasks.last().map(walk_key) } else { None };
    Ok((stops(tasks), next))
}

fn walk_key(named: &NamedTask) -> WalkKey {
    (named.task.pick_sequence, named.task.bin, named.task.lot, named.task.id)
}

/// Tasks in walking order, those of one lot in one bin together.
fn stops(tasks: Vec<NamedTask>) -> Vec<PickStop> {
    let mut stops: Vec<PickStop> = Vec::new();
    for named in tasks {
        let here = stops.last_mut().filter(|stop| stop.bin == named.task.bin && stop.lot == named.task.lot);
        let band = named.task.target.band();
        let share = StopTask {
            task: named.task.id,
            note: named.task.note,
            order: named.order,
            order_line: named.task.order_line,
            quantity: named.task.target.wanted,
            grams_low: band.map(|(low, _)| low),
            grams_high: band.map(|(_, high)| high),
            picker: named.task.picker,
            state: named.task.state,
            tote: named.task.tote,
            revision: named.task.revision,
        };
        match here {
            Some(stop) => {
                stop.total = stop.total.plus(share.quantity).unwrap_or(stop.total);
                stop.tasks.push(share);
            }
            None => stops.push(PickStop {
                pick_sequence: named.task.pick_sequence,
                bin: named.task.bin,
                bin_code: named.bin_code,
                class: named.task.class,
                sku: named.task.sku,
                sku_code: named.sku_code,
                sku_names: named.sku_names,
                measure: named.task.target.measure,
                lot: named.task.lot,
                lot_code: named.lot_code,
                use_by: named.use_by,
                total: share.quantity,
                tasks: vec![share],
            }),
        }
    }
    stops
}

/// A release note with its tasks, if its site is the caller's.
pub async fn note(tx: &mut Tx, sites: &Sites, id: ReleaseNoteId) -> Result<NotePick, FulfilmentRefusal> {
    let known = own_note(tx, sites, id).await?;
    let tasks = store::named_tasks_of_note(tx, id).await?;
    Ok(NotePick {
        note: known.note,
        wave: known.wave,
        site: known.site,
        order: known.order,
        tasks: tasks.into_iter().map(TaskCard::from).collect(),
    })
}

/// The order that a note is for and the site that packs it, if that is the caller's.
pub async fn order_and_site(
    tx: &mut Tx,
    sites: &Sites,
    id: ReleaseNoteId,
) -> Result<(CustomerOrderId, SiteId), FulfilmentRefusal> {
    let known = own_note(tx, sites, id).await?;
    Ok((known.order, known.site))
}

pub(super) async fn own_wave(tx: &mut Tx, sites: &Sites, id: WaveId) -> Result<Wave, FulfilmentRefusal> {
    let wave = store::wave(tx, id).await?;
    wave.filter(|wave| works_at(sites, wave.site)).ok_or(FulfilmentRefusal::NoSuchWave)
}

pub(super) async fn own_note(tx: &mut Tx, sites: &Sites, id: ReleaseNoteId) -> Result<Note, FulfilmentRefusal> {
    let note = store::note(tx, id).await?;
    note.filter(|note| works_at(sites, note.site)).ok_or(FulfilmentRefusal::NoSuchNote)
}
