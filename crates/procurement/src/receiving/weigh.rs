//! Weighing in: crates on the scale, the probe in the core, the label and the papers. The lot begins here.

use ::events::{Object, tell};
use ::store::Tx;
use catalog::{Site, Sku};
use edge::{Duty, Problem, parse};
use identity::may;
use kernel::{
    Actor, ArrivalId, ArrivalLineId, DeciCelsius, Instant, LotId, Measure, PurchaseOrderId, PurchaseOrderLineId,
    Quantity, SkuId, Stamp,
};
use ledger::{Cause, Label, Move, NewLot, PlaceKind, Source};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Arrival, Claim, ReceivingRefusal, arrive,
    claims::{self, ClaimKind},
    events::GoodsWeighedIn,
    judge::Part,
    rules, store,
    trace::{self, LabelFacts, Reference, SourceRecord, TraceFacts},
    weights::{self, Crate, NewCrate},
};
use crate::{
    contracts::{self, ContractsRefusal, Progress, PurchaseOrder, PurchaseOrderLine, ShippingNotice},
    suppliers::{self, Supplier},
};

codes! {
    /// How far a line at the dock has come.
    LineState {
        Weighed = "weighed",
        Judged = "judged",
    }
}

/// One line of an order as it comes off the truck.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewArrivalLine {
    /// The line of the purchase order.
    pub purchase_order_line: PurchaseOrderLineId,
    /// Every crate as it stood on the scale. Counted goods may come without.
    #[serde(default)]
    #[schema(max_items = 1000)]
    pub crates: Vec<NewCrate>,
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub pieces: Option<i64>,
    /// By the probe, in the core.
    #[serde(default)]
    #[schema(value_type = Option<i32>, minimum = -900, maximum = 900)]
    pub core: Option<DeciCelsius>,
    #[serde(default)]
    pub label: LabelFacts,
    #[serde(default)]
    pub trace: TraceFacts,
}

impl NewArrivalLine {
    pub fn parse(mut self) -> Result<Self, Problem> {
        parse::count("crates", &self.crates, 0, 1_000)?;
        let crates = self.crates.into_iter().enumerate();
        self.crates = crates.map(|(at, each)| each.parse(&format!("crates/{at}"))).collect::<Result<_, _>>()?;
        if let Some(pieces) = self.pieces {
            parse::within("pieces", pieces, 1, 1_000_000)?;
        }
        if self.core.is_some_and(|core| !core.is_plausible()) {
            return Err(Problem::invalid("core", "a reading lies between -90.0 and 90.0 degrees"));
        }
        self.label = self.label.parse()?;
        self.trace = self.trace.parse()?;
        Ok(self)
    }
}

/// A line at the dock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ArrivalLine {
    pub id: ArrivalLineId,
    pub arrival: ArrivalId,
    pub purchase_order: PurchaseOrderId,
    pub purchase_order_line: PurchaseOrderLineId,
    pub sku: SkuId,
    /// The lot that was opened for it.
    pub lot: LotId,
    pub state: LineState,
    /// The units that samples are drawn from.
    pub cartons: i64,
    pub gross_grams: i64,
    pub tare_grams: i64,
    /// Net.
    pub received: Quantity,
    #[schema(value_type = Option<i32>)]
    pub core: Option<DeciCelsius>,
    pub announced_grams: Option<i64>,
    pub record: SourceRecord,
    pub weighed_by: Actor,
    pub weighed_at: Instant,
    /// Each crate, in the order of the scale.
    pub crates: Vec<Crate>,
    /// What became of it; empty until it is judged.
    pub parts: Vec<Part>,
}

/// A line that has just come in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WeighedIn {
    pub line: ArrivalLine,
    /// What our label says: print it on every crate.
    pub lot_code: String,
    /// What the dates on the supplier's label are worth.
    pub label: Label,
    /// Whole days of life after today.
    pub days_left: Option<i64>,
    /// Proposed when the scale shows less than was announced.
    pub claim: Option<Claim>,
}

/// Weighs in one line: what it brought, how warm it was, where it comes from. Opens its lot and books it from the
/// supplier to the dock. May be called again for the same line, for the next truck or the next supplier lot.
pub async fn weigh(
    tx: &mut Tx,
    stamp: &Stamp,
    arrival: ArrivalId,
    new: NewArrivalLine,
) -> Result<WeighedIn, ReceivingRefusal> {
    let truck = Unloading::begin(tx, arrival, new.purchase_order_line).await?;
    truck.demand_expected(stamp, &new)?;
    let scale = weights::read(new.crates, new.pieces, &truck.sku, &store::tare_profiles(tx).await?)?;
    truck.demand_room(tx, scale.received).await?;
    let record = truck.source_record(stamp, &new.label, new.trace)?;

    let id: ArrivalLineId = stamp.mint();
    let opened = ledger::open_lot(tx, stamp, truck.lot(id, &new.label)).await?;
    let line = ArrivalLine {
        id,
        arrival: truck.arrival.id,
        purchase_order: truck.order.head.id,
        purchase_order_line: truck.line.id,
        sku: truck.sku.id,
        lot: opened.lot.id,
        state: LineState::Weighed,
        cartons: scale.cartons,
        gross_grams: scale.gross_grams,
        tare_grams: scale.tare_grams,
        received: scale.received,
        core: new.core,
        announced_grams: truck.announced_grams(&new.label),
        record,
        weighed_by: stamp.by,
        weighed_at: stamp.at,
        crates: scale.crates,
        parts: Vec::new(),
    };
    store::add_line(tx, &line).await?;
    store::reopen(tx, truck.arrival.id).await?;
    truck.bring_to_dock(tx, stamp, &line).await?;
    let claim = truck.claim_short_weight(tx, stamp, &line).await?;
    contracts::note_receipt(tx, stamp, &truck.order.head, Progress::Some).await?;
    truck.tell(tx, stamp, &line, &opened.lot.code).await?;
    let days_left = rules::days_left(&truck.site.time, stamp.at, opened.lot.usable_until);
    Ok(WeighedIn { line, lot_code: opened.lot.code, label: opened.label, days_left, claim })
}

/// A truck with one line of its order on the dock, about to be weighed.
struct Unloading {
    arrival: Arrival,
    order: PurchaseOrder,
    line: PurchaseOrderLine,
    sku: Sku,
    site: Site,
    supplier: Supplier,
    notice: Option<ShippingNotice>,
}

impl Unloading {
    async fn begin(tx: &mut Tx, id: ArrivalId, line: PurchaseOrderLineId) -> Result<Self, ReceivingRefusal> {
        let arrival = arrive::arrival(tx, id).await?;
        // Two trucks of one order are added up one after the other.
        let order = contracts::locked_order(tx, arrival.purchase_order).await?;
        let line = order.line(line)?.clone();
        let sku = catalog::sku(tx, line.sku).await?;
        let site = catalog::site(tx, arrival.site).await?;
        let supplier = suppliers::supplier(tx, arrival.supplier).await?;
        let notice = match arrival.notice {
            Some(notice) => Some(contracts::notice(tx, notice).await?),
            None => None,
        };
        Ok(Self { arrival, order, line, sku, site, supplier, notice })
    }

    /// Refuses goods that nobody waits for, hands that ordered them, and what was not probed or cannot be true.
    fn demand_expected(&self, stamp: &Stamp, new: &NewArrivalLine) -> Result<(), ReceivingRefusal> {
        let head = &self.order.head;
        if !head.state.awaits_goods() {
            let (number, state) = (head.number.clone(), head.state);
            return Err(ContractsRefusal::NotExpected { number, state }.into());
        }
        may(&[(head.placed_by, Duty::PlacePurchaseOrders)], stamp.by, Duty::ReceiveGoods)?;
        if new.core.is_none() && self.line.terms.arrival_max.is_some() {
            return Err(ReceivingRefusal::ProbeMissing { sku: self.sku.code.clone() });
        }
        let today = self.site.time.date(stamp.at);
        match new.label.harvested_on.max(new.label.produced_on) {
            Some(made_on) if made_on > today => Err(ReceivingRefusal::MadeInTheFuture { made_on, today }),
            Some(_) | None => Ok(()),
        }
    }

    /// Refuses more than was ordered and both sides tolerate. What was rejected has left room for better.
    async fn demand_room(&self, tx: &mut Tx, weighed: Quantity) -> Result<(), ReceivingRefusal> {
        let kept = store::kept_of_order(tx, self.order.head.id).await?;
        let amount = |quantity| self.sku.measure.promised(quantity);
        let received = kept.get(&self.line.id).copied().map_or(0, amount);
        let (ordered, weighed) = (amount(self.line.quantity), amount(weighed));
        let room = rules::room(ordered, received, self.line.terms.over_receipt_bp);
        if weighed <= room {
            return Ok(());
        }
        Err(ReceivingRefusal::OverReceipt { sku: self.sku.code.clone(), ordered, received, weighed, room })
    }

    /// Completes the source record with what we know ourselves, and refuses it where the law would.
    fn source_record(
        &self,
        stamp: &Stamp,
        label: &LabelFacts,
        mut facts: TraceFacts,
    ) -> Result<SourceRecord, ReceivingRefusal> {
        let Supplier { name, contact, .. } = &self.supplier;
        facts.lot_code = facts.lot_code.or_else(|| label.supplier_lot.clone());
        facts.source = facts.source.or_else(|| Some(format!("{name}, {}", contact.address)));
        facts.reference = facts.reference.or_else(|| self.notice.as_ref().map(Reference::to_notice));
        let gaps = trace::missing(label, &facts);
        let missing = trace::demanded(&self.sku.category, &gaps);
        if !missing.is_empty() {
            return Err(ReceivingRefusal::SourceIncomplete { sku: self.sku.code.clone(), missing });
        }
        Ok(SourceRecord {
            lot_code: facts.lot_code,
            source: facts.source,
            reference: facts.reference,
            received_on: self.site.time.date(stamp.at),
            certificate: label.certificate.clone(),
            completeness_bp: trace::completeness_bp(gaps.len()),
        })
    }

    fn lot(&self, source: ArrivalLineId, label: &LabelFacts) -> NewLot {
        NewLot {
            site: self.site.id,
            sku: self.sku.id,
            gtin: label.gtin.clone(),
            supplier_lot: label.supplier_lot.clone(),
            supplier: Some(self.supplier.id),
            produced_on: label.produced_on,
            harvested_on: label.harvested_on,
            use_by: label.use_by,
            origin: label.origin.clone(),
            source: Source::of(source),
            cost: Some(self.line.price),
        }
    }

    fn announced_grams(&self, label: &LabelFacts) -> Option<i64> {
        let announced = self.notice.as_ref()?.announced(self.line.id, label.supplier_lot.as_deref())?;
        announced.quantity.grams
    }

    async fn bring_to_dock(&self, tx: &mut Tx, stamp: &Stamp, line: &ArrivalLine) -> Result<(), ReceivingRefusal> {
        let site = &self.site;
        let from = ledger::place_for(tx, stamp, site.id, PlaceKind::Supplier, self.supplier.id).await?.id;
        let brought = Move { lot: line.lot, from, to: self.arrival.dock, quantity: line.received };
        let cause = Cause::of(self.arrival.id).line(line.id);
        ledger::post(tx, stamp, cause, site.id, site.time.business_day(stamp.at), &[brought]).await?;
        Ok(())
    }

    /// Suppliers weigh wet, we weigh drained; what is short beyond that is theirs.
    async fn claim_short_weight(
        &self,
        tx: &mut Tx,
        stamp: &Stamp,
        line: &ArrivalLine,
    ) -> Result<Option<Claim>, ReceivingRefusal> {
        let (Some(announced), Some(net)) = (line.announced_grams, line.received.grams) else { return Ok(None) };
        let tolerance = self.line.terms.weight_tolerance_bp;
        let Some(short) = rules::short_weight(announced, net, tolerance).map(Quantity::grams) else { return Ok(None) };
        let amount = rules::worth(self.line.price, short, 0).ok_or(ReceivingRefusal::TooMuchMoney)?;
        claims::raise(tx, stamp, &self.arrival, line.id, ClaimKind::ShortWeight, short, amount).await.map(Some)
    }

    async fn tell(
        &self,
        tx: &mut Tx,
        stamp: &Stamp,
        line: &ArrivalLine,
        lot_code: &str,
    ) -> Result<(), ReceivingRefusal> {
        let body = GoodsWeighedIn {
            line: line.id,
            sku: line.sku,
            lot: line.lot,
            lot_code: lot_code.to_owned(),
            received: line.received,
            gross_grams: line.gross_grams,
            tare_grams: line.tare_grams,
            announced_grams: line.announced_grams,
            core: line.core,
            completeness_bp: line.record.completeness_bp,
        };
        let mut also = self.arrival.around().to_vec();
        also.extend([Object::of(line.lot), Object::of(line.sku)]);
        tell(tx, stamp, Object::of(self.arrival.id), &also, &body).await?;
        Ok(())
    }
}

/// Takes an order to `received` when every line of it has come and is judged. What was rejected has not come.
pub(super) async fn note_progress(tx: &mut Tx, stamp: &Stamp, order: &PurchaseOrder) -> Result<(), ReceivingRefusal> {
    if !order.head.state.awaits_goods() || store::unjudged_of_order(tx, order.head.id).await? > 0 {
        return Ok(());
    }
    let kept = store::kept_of_order(tx, order.head.id).await?;
    for line in &order.lines {
        let measure: Measure = catalog::sku(tx, line.sku).await?.measure;
        let came = kept.get(&line.id).map_or(0, |kept| measure.promised(*kept));
        if !rules::is_whole(measure.promised(line.quantity), came, line.terms.weight_tolerance_bp) {
            return Ok(());
        }
    }
    contracts::note_receipt(tx, stamp, &order.head, Progress::Whole).await?;
    Ok(())
}
