//! Opening stock 期初庫存: what was on the shelf before the system was.

use ::store::{Id, Tx};
use edge::{Problem, Sites, parse};
use events::{Object, tell};
use kernel::{AdjustmentId, Date, LotId, Money, PlaceId, Price, Quantity, SiteId, SkuId, Stamp};
use ledger::{Cause, Label, LotState, Move, NewLot, PlaceKind, Source};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{StockRefusal, events::StockOpened};
use crate::works_at;

/// How journals and lots name the document.
const NOUN: &str = "stock_opening";

/// Goods found on a shelf.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    pub place: PlaceId,
    pub sku: SkuId,
    pub quantity: Quantity,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub use_by: Option<Date>,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub produced_on: Option<Date>,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub harvested_on: Option<Date>,
    /// Where it was grown, caught or made.
    #[serde(default)]
    #[schema(max_length = 80)]
    pub origin: Option<String>,
    #[serde(default)]
    #[schema(max_length = 40)]
    pub supplier_lot: Option<String>,
    /// What it cost, tax excluded.
    pub unit_cost: Price,
}

impl Opening {
    pub fn parse(mut self) -> Result<Self, Problem> {
        self.quantity = parse::quantity("quantity", self.quantity)?;
        parse::amount("unit_cost/money", self.unit_cost.money)?;
        self.origin = self.origin.map(|origin| parse::text("origin", &origin, 1, 80)).transpose()?;
        self.supplier_lot = self.supplier_lot.map(|lot| parse::text("supplier_lot", &lot, 1, 40)).transpose()?;
        Ok(self)
    }
}

/// A lot that was opened for goods found.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OpenedStock {
    /// The document under which journal and accounts file it.
    pub opening: AdjustmentId,
    pub site: SiteId,
    pub lot: LotId,
    pub lot_code: String,
    pub sku: SkuId,
    pub place: PlaceId,
    pub quantity: Quantity,
    /// What the goods are worth at cost: the amount of the money side.
    #[schema(value_type = i64)]
    pub value: Money,
    pub label: Label,
}

/// Opens a sound lot for goods found on a shelf: from the site's adjustment place to the shelf. The money side is the
/// caller's, by `value`.
pub async fn open(tx: &mut Tx, stamp: &Stamp, sites: &Sites, opening: &Opening) -> Result<OpenedStock, StockRefusal> {
    let place = ledger::place(tx, opening.place).await?;
    if !works_at(sites, place.site) {
        return Err(StockRefusal::Ledger(ledger::LedgerRefusal::NoSuchPlace));
    }
    if !place.kind.is_shelf() {
        return Err(StockRefusal::NotAShelf { place: place.to_string() });
    }
    let (site, sku) = (catalog::site(tx, place.site).await?, catalog::sku(tx, opening.sku).await?);
    let cost = opening.unit_cost;
    if !cost.suits(sku.measure) {
        return Err(StockRefusal::CostUnsuited { base: cost.base.code(), measure: sku.measure.code() });
    }
    // Pieces bring their nominal weight along, so that the packing scale has something to check them against.
    let quantity = sku.estimate(opening.quantity).unwrap_or(opening.quantity);
    let value = cost.of(quantity, kernel::Round::HalfUp).filter(|value| *value <= Money::MAX);
    let value = value.ok_or(StockRefusal::ValueOutOfBounds)?;

    let document: AdjustmentId = stamp.mint();
    let source = Source { noun: NOUN.to_owned(), id: document.uuid() };
    let opened = ledger::open_lot(
        tx,
        stamp,
        NewLot {
            site: site.id,
            sku: sku.id,
            gtin: None,
            supplier_lot: opening.supplier_lot.clone(),
            supplier: None,
            produced_on: opening.produced_on,
            harvested_on: opening.harvested_on,
            use_by: opening.use_by,
            origin: opening.origin.clone(),
            source,
            cost: Some(cost),
        },
    )
    .await?;
    let lot = opened.lot;
    let found = ledger::the_place(tx, stamp, site.id, PlaceKind::Adjustment).await?;
    let cause = Cause { noun: NOUN, id: document.uuid(), line: None };
    let day = site.time.business_day(stamp.at);
    let moved = Move { lot: lot.id, from: found.id, to: place.id, quantity };
    let posted = ledger::post(tx, stamp, cause, site.id, day, &[moved]).await?;
    let quantity = posted.brought_to(place.id).unwrap_or(quantity);
    ledger::set_state(tx, stamp, lot.id, LotState::Approved, "opening stock").await?;
    let body = StockOpened { lot: lot.id, sku: sku.id, place: place.id, quantity };
    let also = [Object::of(site.id), Object::of(sku.id), Object::of(lot.id)];
    tell(tx, stamp, Object::of(document), &also, &body).await?;
    Ok(OpenedStock {
        opening: document,
        site: site.id,
        lot: lot.id,
        lot_code: lot.code,
        sku: sku.id,
        place: place.id,
        quantity,
        value,
        label: opened.label,
    })
}
