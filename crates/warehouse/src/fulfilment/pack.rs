//! Packing: totes become parcels of one temperature class, and the scale says whether anything was forgotten.

use std::collections::BTreeMap;

use ::store::Tx;
use edge::{Problem, Revised, Sites, parse};
use events::{Object, tell};
use kernel::{
    CustomerOrderId, Exactness, Instant, LotId, OrderLineId, ParcelId, PickTaskId, PlaceId, Quantity, ReleaseNoteId,
    ReservationId, SiteId, SkuId, Stamp, TemperatureClass,
};
use ledger::{Cause, Move, Place, PlaceKind, Purpose};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    FulfilmentRefusal,
    events::ParcelPacked,
    rules::{Parcel, ParcelState, PickTask, SsccPrefix, TaskState},
    store::{self, CodedTask, Codes, Content, NamedContent},
    waves::own_note,
    weight::{GrossBand, Packed, Tare},
};

/// A heavier parcel is a pallet, and a lighter one is air.
const GROSS_MAX_GRAMS: i64 = 100_000;
/// Totes or tasks that one parcel may name.
const NAMED_MAX: usize = 100;

/// A parcel as the packing bench closes it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewParcel {
    pub class: TemperatureClass,
    /// The tasks whose goods go in. With neither tasks nor totes: all that is picked of this class.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub tasks: Vec<PickTaskId>,
    /// The totes that are emptied into it.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub totes: Vec<String>,
    /// The box, by its code.
    #[schema(min_length = 1, max_length = 20, pattern = "^[A-Za-z0-9._-]+$")]
    pub packaging: String,
    /// What the closed parcel weighs.
    #[schema(minimum = 1, maximum = 100_000)]
    pub gross_grams: i64,
    /// The staging place where it is closed; the site's first one if absent.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 20, pattern = "^[A-Za-z0-9._-]+$")]
    pub bench: Option<String>,
}

impl NewParcel {
    pub fn parse(mut self) -> Result<Self, Problem> {
        self.packaging = parse::code("packaging", &self.packaging, 20)?;
        parse::within("gross_grams", self.gross_grams, 1, GROSS_MAX_GRAMS)?;
        parse::count("tasks", &self.tasks, 0, NAMED_MAX)?;
        parse::count("totes", &self.totes, 0, NAMED_MAX)?;
        for (nth, tote) in self.totes.iter().enumerate() {
            parse::code(&format!("totes/{nth}"), tote, 20)?;
        }
        self.bench = self.bench.map(|bench| parse::code("bench", &bench, 20)).transpose()?;
        Ok(self)
    }
}

/// A parcel and what is in it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ParcelSheet {
    pub id: ParcelId,
    pub site: SiteId,
    pub note: ReleaseNoteId,
    pub order: CustomerOrderId,
    /// SSCC-18.
    pub code: String,
    pub class: TemperatureClass,
    pub packaging: String,
    pub net_grams: i64,
    pub gross_grams: i64,
    pub place: PlaceId,
    pub state: ParcelState,
    pub packed_at: Instant,
    pub contents: Vec<ParcelContent>,
    pub revision: i64,
}

impl Revised for ParcelSheet {
    fn revision(&self) -> i64 {
        self.revision
    }
}

/// What is inside, by order line and lot.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ParcelContent {
    pub task: PickTaskId,
    pub order_line: OrderLineId,
    pub sku: SkuId,
    pub sku_code: String,
    pub lot: LotId,
    pub lot_code: String,
    pub quantity: Quantity,
}

impl From<NamedContent> for ParcelContent {
    fn from(named: NamedContent) -> Self {
        let NamedContent { content, codes } = named;
        Self {
            task: content.task,
            order_line: content.order_line,
            sku: content.sku,
            sku_code: codes.sku,
            lot: content.lot,
            lot_code: codes.lot,
            quantity: content.quantity,
        }
    }
}

impl ParcelSheet {
    pub(super) fn of(parcel: Parcel, contents: Vec<NamedContent>) -> Self {
        Self {
            id: parcel.id,
            site: parcel.site,
            note: parcel.note,
            order: parcel.order,
            code: parcel.code,
            class: parcel.class,
            packaging: parcel.packaging,
            net_grams: parcel.net_grams,
            gross_grams: parcel.gross_grams,
            place: parcel.place,
            state: parcel.state,
            packed_at: parcel.packed_at,
            contents: contents.into_iter().map(ParcelContent::from).collect(),
            revision: parcel.revision,
        }
    }
}

/// Closes a parcel: picked goods of one class leave their totes for a box, if the box weighs what it should.
pub async fn pack(
    tx: &mut Tx,
    stamp: &Stamp,
    sites: &Sites,
    note: ReleaseNoteId,
    new: &NewParcel,
) -> Result<ParcelSheet, FulfilmentRefusal> {
    let note = own_note(tx, sites, note).await?;
    let chosen = chosen_tasks(tx, note.site, note.note, new).await?;
    let (chosen, codes): (Vec<PickTask>, Vec<Codes>) =
        chosen.into_iter().map(|picked| (picked.task, picked.codes)).unzip();
    let Some(packaging) = store::packaging(tx, &new.packaging).await? else {
        return Err(FulfilmentRefusal::NoSuchPackaging { code: new.packaging.clone() });
    };
    if packaging.class != new.class {
        return Err(FulfilmentRefusal::UnsuitedPackaging { packaging: packaging.code, class: packaging.class });
    }
    demand_one_class(tx, new.class, &chosen).await?;
    demand_good_at_the_door(tx, stamp, &chosen).await?;
    let tare = Tare { grams: packaging.tare_grams, tolerance_grams: packaging.tolerance_grams };
    let band = weigh_check(&chosen, tare, new.gross_grams)?;
    let bench = bench(tx, note.site, new.bench.as_deref()).await?;
    let code = next_code(tx, note.site).await?;

    let parcel = Parcel {
        id: stamp.mint(),
        site: note.site,
        note: note.note,
        order: note.order,
        code,
        class: new.class,
        packaging: packaging.code,
        net_grams: chosen.iter().map(|task| task.picked.grams_or_zero()).sum(),
        gross_grams: new.gross_grams,
        place: bench.id,
        state: ParcelState::Packed,
        packed_at: stamp.at,
        revision: 1,
    };
    let contents: Vec<Content> = chosen
        .iter()
        .map(|task| Content {
            parcel: parcel.id,
            task: task.id,
            order_line: task.order_line,
            sku: task.sku,
            lot: task.lot,
            quantity: task.picked,
        })
        .collect();
    let day = catalog::site(tx, note.site).await?.time.business_day(stamp.at);
    ledger::post(tx, stamp, Cause::of(parcel.id), note.site, day, &moves(&chosen, bench.id)).await?;
    store::add_parcel(tx, &parcel, band.expected).await?;
    store::add_contents(tx, &contents).await?;
    let tasks: Vec<PickTaskId> = chosen.iter().map(|task| task.id).collect();
    store::put_into_parcel(tx, &tasks, parcel.id).await?;
    tell_packed(tx, stamp, &parcel, &contents, band).await?;
    let named = contents.into_iter().zip(codes).map(|(content, codes)| NamedContent { content, codes });
    Ok(ParcelSheet::of(parcel, named.collect()))
}

/// What is packed must still be as good at the door as the customer was told.
async fn demand_good_at_the_door(tx: &mut Tx, stamp: &Stamp, chosen: &[PickTask]) -> Result<(), FulfilmentRefusal> {
    let reservations: Vec<ReservationId> = chosen.iter().map(|task| task.reservation).collect();
    let reservations = ledger::reservations(tx, &reservations).await?;
    let needed = reservations.iter().map(|reservation| reservation.needed_until.max(stamp.at));
    let wanted: Vec<(LotId, Instant)> = chosen.iter().map(|task| task.lot).zip(needed).collect();
    ledger::demand_each_usable(tx, &wanted, Purpose::Pack).await?;
    Ok(())
}

/// The picked and not yet packed tasks that the packer named.
async fn chosen_tasks(
    tx: &mut Tx,
    site: SiteId,
    note: ReleaseNoteId,
    new: &NewParcel,
) -> Result<Vec<CodedTask>, FulfilmentRefusal> {
    let mut totes = Vec::new();
    for tote in &new.totes {
        let known = ledger::place_of(tx, site, PlaceKind::Tote, tote).await?;
        totes.push(known.ok_or_else(|| FulfilmentRefusal::UnknownTote { tote: tote.clone() })?.id);
    }
    let mut waiting = store::lock_tasks_of_note(tx, note).await?;
    waiting.retain(|picked| waits_for_bench(&picked.task));
    if let Some(stranger) = new.tasks.iter().find(|id| !waiting.iter().any(|picked| picked.task.id == **id)) {
        // The task may be another note's, still open, or packed already: in each case it is not here to be packed.
        let known = store::task(tx, *stranger).await?.filter(|task| task.note == note);
        return Err(match known {
            Some(task) if task.parcel.is_some() || task.state != TaskState::Open => FulfilmentRefusal::NothingToPack,
            Some(_) => FulfilmentRefusal::NotWorkable(super::rules::NotWorkable::NotClaimed),
            None => FulfilmentRefusal::NoSuchTask,
        });
    }
    let named = !new.tasks.is_empty() || !totes.is_empty();
    let is_chosen = |task: &PickTask| {
        if named {
            new.tasks.contains(&task.id) || task.tote.is_some_and(|tote| totes.contains(&tote))
        } else {
            task.class == new.class
        }
    };
    let chosen: Vec<CodedTask> = waiting.into_iter().filter(|picked| is_chosen(&picked.task)).collect();
    if chosen.is_empty() { Err(FulfilmentRefusal::NothingToPack) } else { Ok(chosen) }
}

fn waits_for_bench(task: &PickTask) -> bool {
    task.parcel.is_none() && task.tote.is_some()
}

/// A parcel never mixes classes: what must be frozen does not lie beside what must not freeze.
async fn demand_one_class(tx: &mut Tx, class: TemperatureClass, chosen: &[PickTask]) -> Result<(), FulfilmentRefusal> {
    let Some(other) = chosen.iter().find(|task| task.class != class) else { return Ok(()) };
    let sku = catalog::sku(tx, other.sku).await?;
    Err(FulfilmentRefusal::MixedClasses { wanted: class, found: other.class, sku: sku.code })
}

/// Σ actual grams and the box, against what the scale under the closed parcel shows.
fn weigh_check(chosen: &[PickTask], tare: Tare, measured: i64) -> Result<GrossBand, FulfilmentRefusal> {
    let contents: Vec<Packed> = chosen
        .iter()
        .map(|task| Packed {
            // Pieces that nobody weighed weigh what the book says.
            grams: task.picked.grams.or_else(|| task.target.part(task.target.measure.promised(task.picked)).grams),
            exactness: if task.picked.grams.is_some() { task.picked.exactness } else { Exactness::Estimated },
            tolerance_bp: task.target.tolerance_bp,
        })
        .collect();
    let unlikely = GrossBand { expected: measured, low: measured, high: Some(measured) };
    let band = GrossBand::of(&contents, tare).unwrap_or(unlikely);
    if band.admits(measured) {
        return Ok(band);
    }
    Err(FulfilmentRefusal::WeightCheck { expected: band.expected, measured, low: band.low, high: band.high })
}

/// The staging place that a packer names, or the first on the site's way.
pub(super) async fn bench(tx: &mut Tx, site: SiteId, code: Option<&str>) -> Result<Place, FulfilmentRefusal> {
    let unknown = |lane: &str| FulfilmentRefusal::UnknownLane { lane: lane.to_owned() };
    match code {
        Some(code) => ledger::place_of(tx, site, PlaceKind::Staging, code).await?.ok_or_else(|| unknown(code)),
        None => ledger::places_of(tx, site, PlaceKind::Staging).await?.into_iter().next().ok_or_else(|| unknown("—")),
    }
}

async fn next_code(tx: &mut Tx, site: SiteId) -> Result<String, FulfilmentRefusal> {
    let Some((prefix, serial)) = store::take_serial(tx, site).await? else {
        return Err(FulfilmentRefusal::NoLabelSettings);
    };
    let prefix = SsccPrefix::new(&prefix).ok_or(FulfilmentRefusal::NoLabelSettings)?;
    Ok(prefix.sscc(serial))
}

/// From each tote to the bench; several lines of one lot in one tote move together.
fn moves(chosen: &[PickTask], bench: PlaceId) -> Vec<Move> {
    let mut together: BTreeMap<(LotId, PlaceId), Quantity> = BTreeMap::new();
    for task in chosen {
        let Some(tote) = task.tote else { continue };
        let sum = together.entry((task.lot, tote)).or_insert(Quantity::NONE);
        *sum = sum.plus(task.picked).unwrap_or(*sum);
    }
    together.into_iter().map(|((lot, from), quantity)| Move { lot, from, to: bench, quantity }).collect()
}

async fn tell_packed(
    tx: &mut Tx,
    stamp: &Stamp,
    parcel: &Parcel,
    contents: &[Content],
    band: GrossBand,
) -> Result<(), FulfilmentRefusal> {
    let body = ParcelPacked {
        code: parcel.code.clone(),
        order: parcel.order,
        note: parcel.note,
        class: parcel.class,
        packaging: parcel.packaging.clone(),
        expected_grams: band.expected,
        gross_grams: parcel.gross_grams,
    };
    let mut also = vec![Object::of(parcel.order), Object::of(parcel.note), Object::of(parcel.site)];
    also.extend(contents.iter().map(|content| Object::of(content.lot)));
    tell(tx, stamp, Object::of(parcel.id), &also, &body).await?;
    Ok(())
}
