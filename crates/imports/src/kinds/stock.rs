//! Opening stock: what was counted on the shelves before the system was. The key of a row is the line of the count
//! sheet.

use std::collections::BTreeMap;

use catalog::{Change, Sku};
use edge::{Problem, Sites};
use kernel::{Date, Id, Measure, Price, Quantity, SiteId, Stamp};
use ledger::PlaceKind;
use serde::Serialize;
use store::Tx;
use warehouse::stock::Opening;

use super::{Entered, Products, SitesByCode, site, wrong_measure};
use crate::{
    cells::{self, refused},
    columns::{Column, optional, required},
    entries::At,
    line::{BASES, Line},
    store::{KnownKeys, fingerprint},
};

pub(crate) const COLUMNS: &[Column] = &[
    required("reference", "2026-A-0001"),
    required("site", "TPE1"),
    required("place", "C-01"),
    required("product", "0042"),
    optional("pieces", ""),
    optional("weight", "12.5 台斤"),
    optional("use_by", "115/03/31"),
    optional("produced_on", "115/03/27"),
    optional("harvested_on", "2026-03-27"),
    optional("origin", "雲林西螺"),
    optional("supplier_lot", "L-2703"),
    required("unit_cost", "35"),
    required("cost_per", "taiwan_jin").one_of(BASES),
];

/// A row that was read.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    reference: String,
    site: SiteId,
    place: String,
    product: String,
    pieces: Option<i64>,
    grams: Option<i64>,
    use_by: Option<Date>,
    produced_on: Option<Date>,
    harvested_on: Option<Date>,
    origin: Option<String>,
    supplier_lot: Option<String>,
    unit_cost: Price,
}

pub(crate) fn read(line: &mut Line<'_>, sites: &SitesByCode) -> Option<Row> {
    let reference = line.code("reference", 40);
    let site = site(line, "site", sites).map(|site| (site.id, site.currency));
    let place = line.code("place", 20);
    let product = line.code("product", 32);
    let pieces = line.whole_if_any("pieces", 1, Quantity::MAX);
    let grams = line.may("weight", |cell| cells::grams(cell, 1..=Quantity::MAX));
    if !line.is_given("pieces") && !line.is_given("weight") {
        line.fault("weight", refused("imports/quantity-missing"));
    }
    let use_by = line.date_if_any("use_by");
    let produced_on = line.date_if_any("produced_on");
    let harvested_on = line.date_if_any("harvested_on");
    let origin = line.text_if_any("origin", 80);
    let supplier_lot = line.text_if_any("supplier_lot", 40);
    // Without a site there is no currency to read the cost in.
    let unit_cost = site.and_then(|(_, currency)| line.price("unit_cost", "cost_per", currency));
    let row = Row {
        reference: reference?,
        site: site?.0,
        place: place?,
        product: product?,
        pieces,
        grams,
        use_by,
        produced_on,
        harvested_on,
        origin,
        supplier_lot,
        unit_cost: unit_cost?,
    };
    line.faults.is_empty().then_some(row)
}

/// What rows of one file ask for again and again.
pub(crate) struct Shelves {
    places: BTreeMap<(SiteId, String), kernel::PlaceId>,
    products: Products,
}

impl Shelves {
    pub(crate) async fn of(tx: &mut Tx, rows: &[At<Row>]) -> Result<Self, Problem> {
        let products = Products::of(tx, rows.iter().map(|row| row.what.product.as_str())).await?;
        Ok(Self { places: BTreeMap::new(), products })
    }
}

impl Row {
    pub(crate) fn key(&self) -> &str {
        &self.reference
    }

    pub(crate) fn fingerprint(&self) -> String {
        fingerprint(self)
    }
}

/// Opens a lot for what the row found. What was entered once is put right by a count, not by another file.
pub(crate) async fn enter(
    tx: &mut Tx,
    stamp: &Stamp,
    sites: &Sites,
    shelves: &mut Shelves,
    known: &KnownKeys,
    row: &Row,
) -> Result<Entered, Problem> {
    if let Some(known) = known.get(&row.reference) {
        if known.fingerprint.as_deref() == Some(row.fingerprint().as_str()) {
            return Ok(Entered { change: Change::Same, object: known.object });
        }
        return Err(refused("imports/known-otherwise").with("key", &row.reference).field("reference"));
    }
    let place = place(tx, shelves, row).await?;
    let sku = shelves.products.sku(&row.product)?;
    let opening = Opening {
        place,
        sku: sku.id,
        quantity: quantity(sku, row)?,
        use_by: row.use_by,
        produced_on: row.produced_on,
        harvested_on: row.harvested_on,
        origin: row.origin.clone(),
        supplier_lot: row.supplier_lot.clone(),
        unit_cost: row.unit_cost,
    };
    let opened = flows::opening_to_stock::open(tx, stamp, sites, &opening).await?;
    Ok(Entered { change: Change::Created, object: opened.opening.uuid() })
}

/// The dimensions in which the product is kept, and no other.
fn quantity(sku: &Sku, row: &Row) -> Result<Quantity, Problem> {
    match (sku.measure, row.pieces, row.grams) {
        (Measure::Weighed, None, Some(grams)) => Ok(Quantity::grams(grams)),
        (Measure::Counted | Measure::CatchWeight, Some(pieces), None) => Ok(Quantity::pieces(pieces)),
        (Measure::CatchWeight, Some(pieces), Some(grams)) => Ok(Quantity::weighing(pieces, grams)),
        (Measure::Weighed | Measure::Counted | Measure::CatchWeight, _, _) => Err(wrong_measure(&sku.code)),
    }
}

async fn place(tx: &mut Tx, shelves: &mut Shelves, row: &Row) -> Result<kernel::PlaceId, Problem> {
    let key = (row.site, row.place.clone());
    if let Some(known) = shelves.places.get(&key) {
        return Ok(*known);
    }
    for kind in [PlaceKind::Bin, PlaceKind::PickFace] {
        if let Some(found) = ledger::place_of(tx, row.site, kind, &row.place).await? {
            shelves.places.insert(key, found.id);
            return Ok(found.id);
        }
    }
    Err(refused("imports/unknown-place").with("code", &row.place).field("place"))
}
