//! The verdict: samples, criteria and a four-way disposition, by somebody who did not weigh the goods.

use ::events::{Object, tell};
use ::store::Tx;
use accounts::costing::{Booking, Goods, goods_received};
use edge::{Duty, Problem, parse};
use identity::may;
use kernel::{Actor, ArrivalLineId, InspectionId, Instant, LotId, Money, Quantity, Stamp};
use ledger::{Cause, LotState, Move};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    ReceivingRefusal,
    case::Case,
    events::{GoodsJudged, JudgedPart, SupplierSamplingSwitched},
    form::{self, Criterion, SamplePlan},
    rules::{self, Bar, Disposition, Drawn, Fault, FaultClass, NewPart, Share},
    sampling::{self, Severity},
    store, weigh,
};

codes! {
    /// Where a part of a line is.
    Whereabouts {
        AtDock = "at_dock",
        PutAway = "put_away",
        Returned = "returned",
    }
}

codes! {
    /// What an inspector found about one criterion.
    Outcome {
        Conforms = "conforms",
        Deviates = "deviates",
    }
}

/// What an inspector found about one criterion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = InspectionFinding)]
pub struct Finding {
    pub criterion: Criterion,
    pub outcome: Outcome,
    #[serde(default)]
    #[schema(max_length = 500)]
    pub note: Option<String>,
}

/// A verdict as the inspector enters it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewArrivalVerdict)]
pub struct NewVerdict {
    /// What was drawn and found, for each class of fault.
    #[schema(min_items = 3, max_items = 3)]
    pub drawn: Vec<Drawn>,
    /// One for every criterion of the form.
    #[schema(max_items = 20)]
    pub findings: Vec<Finding>,
    /// At most one of each disposition; together what was received, to the gram and the piece.
    #[schema(min_items = 1, max_items = 4)]
    pub parts: Vec<NewPart>,
}

impl NewVerdict {
    pub fn parse(mut self) -> Result<Self, Problem> {
        parse::count("drawn", &self.drawn, 3, 3)?;
        for (at, drawn) in self.drawn.iter().enumerate() {
            parse::within(&format!("drawn/{at}/drawn"), drawn.drawn, 0, 1_000_000)?;
            parse::within(&format!("drawn/{at}/faulty"), drawn.faulty, 0, 1_000_000)?;
        }
        parse::count("findings", &self.findings, 0, 20)?;
        for (at, finding) in self.findings.iter_mut().enumerate() {
            if let Some(note) = &finding.note {
                finding.note = Some(parse::text(&format!("findings/{at}/note"), note, 0, 500)?);
            }
        }
        parse::count("parts", &self.parts, 1, 4)?;
        let parts = self.parts.into_iter().enumerate();
        self.parts = parts.map(|(at, part)| part.parse(&format!("parts/{at}"))).collect::<Result<_, _>>()?;
        Ok(self)
    }
}

/// A part of a line, with the lot that carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ArrivalPart)]
pub struct Part {
    pub lot: LotId,
    pub line: ArrivalLineId,
    /// As the inspector decided.
    pub disposition: Disposition,
    pub quantity: Quantity,
    pub cut_bp: i64,
    pub reason: String,
    /// What is owed for it, tax excluded.
    pub worth: Money,
    pub whereabouts: Whereabouts,
    /// What a second person made of a part that was quarantined.
    pub decided: Option<Decision>,
}

/// What became of a quarantined part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = QuarantineDecision)]
pub struct Decision {
    pub disposition: Disposition,
    pub reason: String,
    pub by: Actor,
    pub at: Instant,
}

impl Part {
    /// The disposition that holds now.
    pub fn stands(&self) -> Disposition {
        self.decided.as_ref().map_or(self.disposition, |decision| decision.disposition)
    }
}

/// A verdict as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ArrivalVerdict)]
pub struct Verdict {
    pub inspection: InspectionId,
    pub line: ArrivalLineId,
    /// What stood against the line.
    pub faults: Vec<Fault>,
    pub bar: Bar,
    pub parts: Vec<Part>,
    /// What is owed for the parts that were taken.
    pub worth: Money,
}

/// Judges a line: checks the samples against their plans, lets the facts forbid what they forbid, shares the line out,
/// and books what was taken. The supplier's record moves on in the same breath.
pub async fn judge(
    tx: &mut Tx,
    stamp: &Stamp,
    line: ArrivalLineId,
    new: NewVerdict,
) -> Result<Verdict, ReceivingRefusal> {
    let case = Case::lock(tx, line).await?;
    case.demand_unjudged()?;
    may(&[(case.line.weighed_by, Duty::ReceiveGoods)], stamp.by, Duty::InspectGoods)?;
    let record = Record::read(tx, &case).await?;
    let faults = faults(&case, &record, &new)?;
    let shares = rules::share_out(case.line.received, case.sku.measure, new.parts, case.terms().concession_cut_bp)?;
    rules::demand_allowed(&shares, &faults)?;
    let priced = priced(&case, shares)?;

    let inspection: InspectionId = stamp.mint();
    let bar = rules::bar(&faults);
    store::add_inspection(tx, stamp, inspection, &case, bar, &faults).await?;
    store::add_findings(tx, inspection, &new.findings).await?;
    record.advance(tx, stamp, &case, inspection, &new.drawn).await?;
    let parts = part_company(tx, stamp, &case, priced).await?;
    book(tx, stamp, &case, &parts).await?;
    store::set_judged(tx, line).await?;
    weigh::note_progress(tx, stamp, &case.order).await?;
    let worth = parts.iter().map(|part| part.worth).sum();
    let verdict = Verdict { inspection, line, faults, bar, parts, worth };
    tell_judged(tx, stamp, &case, &verdict).await?;
    Ok(verdict)
}

/// Everything that stands against a line: what was measured, what the samples show, what the inspector saw.
fn faults(case: &Case, record: &Record, new: &NewVerdict) -> Result<Vec<Fault>, ReceivingRefusal> {
    demand_findings(case, &new.findings)?;
    let deviating = new.findings.iter().filter(|finding| finding.outcome == Outcome::Deviates);
    let mut faults = case.facts().faults();
    faults.extend(record.faults(&new.drawn)?);
    faults.extend(deviating.map(|finding| Fault::Deviates { criterion: finding.criterion }));
    Ok(faults)
}

/// Every criterion of the form is answered, once, and no other.
fn demand_findings(case: &Case, findings: &[Finding]) -> Result<(), ReceivingRefusal> {
    let mut asked = form::criteria(&case.sku);
    let mut answered: Vec<Criterion> = findings.iter().map(|finding| finding.criterion).collect();
    asked.sort_unstable();
    answered.sort_unstable();
    if asked == answered { Ok(()) } else { Err(ReceivingRefusal::FindingsMissing { criteria: asked }) }
}

/// The supplier's record with this product, and the plans that it has earned.
struct Record {
    major: store::Standing,
    minor: store::Standing,
    plans: [SamplePlan; 3],
}

impl Record {
    async fn read(tx: &mut Tx, case: &Case) -> Result<Self, ReceivingRefusal> {
        let (supplier, sku) = (case.arrival.supplier, case.sku.id);
        let major = store::locked_history(tx, supplier, sku, FaultClass::Major).await?;
        let minor = store::locked_history(tx, supplier, sku, FaultClass::Minor).await?;
        let plans = form::plans(case.line.cartons, &case.terms(), major.history.severity, minor.history.severity);
        Ok(Self { major, minor, plans })
    }

    /// What the samples say against the line.
    fn faults(&self, drawn: &[Drawn]) -> Result<Vec<Fault>, ReceivingRefusal> {
        let mut faults = Vec::new();
        for SamplePlan { class, plan, .. } in self.plans {
            faults.extend(rules::sampled(plan, found(drawn, class)?)?);
        }
        faults.extend(form::stopped(FaultClass::Major, &self.major.history));
        faults.extend(form::stopped(FaultClass::Minor, &self.minor.history));
        Ok(faults)
    }

    /// Files the samples, and takes the histories of both classes one load further.
    async fn advance(
        self,
        tx: &mut Tx,
        stamp: &Stamp,
        case: &Case,
        inspection: InspectionId,
        drawn: &[Drawn],
    ) -> Result<(), ReceivingRefusal> {
        let (supplier, sku, terms) = (case.arrival.supplier, case.sku.id, case.terms());
        for sample in self.plans {
            store::add_sample(tx, inspection, sample, found(drawn, sample.class)?).await?;
        }
        let [_, major, minor] = self.plans;
        for (standing, sample, aql) in [(self.major, major, terms.aql_major), (self.minor, minor, terms.aql_minor)] {
            let from: Severity = standing.history.severity;
            let stricter = sampling::stricter(case.line.cartons, terms.level, aql);
            let faulty = found(drawn, sample.class)?.faulty;
            let history = standing.history.after(sample.plan, stricter, faulty, standing.conditions);
            let to = history.severity;
            let standing = store::Standing { history, ..standing };
            store::save_history(tx, supplier, sku, sample.class, &standing).await?;
            if from != to {
                let body = SupplierSamplingSwitched { sku, class: sample.class, from, to };
                tell(tx, stamp, Object::of(supplier), &[Object::of(sku), Object::of(case.order.head.id)], &body)
                    .await?;
            }
        }
        Ok(())
    }
}

fn found(drawn: &[Drawn], class: FaultClass) -> Result<Drawn, ReceivingRefusal> {
    let of_class = drawn.iter().find(|drawn| drawn.class == class);
    of_class.copied().ok_or(ReceivingRefusal::ClassNotDrawn { class })
}

/// The shares with what each is worth: nothing unless it is taken.
fn priced(case: &Case, shares: Vec<Share>) -> Result<Vec<(Share, Money)>, ReceivingRefusal> {
    let price = case.purchase_order_line.price;
    let worth = |share: &Share| {
        if share.disposition.is_taken() {
            rules::worth(price, share.quantity, share.cut_bp).ok_or(ReceivingRefusal::TooMuchMoney)
        } else {
            Ok(Money::ZERO)
        }
    };
    shares.into_iter().map(|share| worth(&share).map(|worth| (share, worth))).collect()
}

/// Splits the line's lot at the dock, so that each part has a lot of its own with the whole for its parent. The first
/// part keeps the lot, and with it the labels that are on the crates.
async fn part_company(
    tx: &mut Tx,
    stamp: &Stamp,
    case: &Case,
    shares: Vec<(Share, Money)>,
) -> Result<Vec<Part>, ReceivingRefusal> {
    let dock = case.arrival.dock;
    let cause = Cause::of(case.arrival.id).line(case.line.id);
    let mut parts = Vec::with_capacity(shares.len());
    for (at, (share, worth)) in shares.into_iter().enumerate() {
        let lot = if at == 0 {
            case.lot.id
        } else {
            let part = Move { lot: case.lot.id, from: dock, to: dock, quantity: share.quantity };
            ledger::split_lot(tx, stamp, cause, case.day(stamp), &part).await?.id
        };
        parts.push(Part {
            lot,
            line: case.line.id,
            disposition: share.disposition,
            quantity: share.quantity,
            cut_bp: share.cut_bp,
            reason: share.reason,
            worth,
            whereabouts: Whereabouts::AtDock,
            decided: None,
        });
    }
    // Only now, because a part takes over the state of the whole that it is split from.
    for part in &parts {
        turn(tx, stamp, part.lot, part.disposition, &part.reason).await?;
        store::add_part(tx, part).await?;
    }
    Ok(parts)
}

/// Passes a verdict on to a lot. Goods whose life ended at the dock are sent back as they are.
pub(super) async fn turn(
    tx: &mut Tx,
    stamp: &Stamp,
    lot: LotId,
    disposition: Disposition,
    reason: &str,
) -> Result<(), ReceivingRefusal> {
    let state = ledger::lot(tx, lot).await?.state;
    if disposition == Disposition::Reject && state == LotState::Expired {
        return Ok(());
    }
    let reason = if reason.is_empty() { "accepted at the dock" } else { reason };
    ledger::set_state(tx, stamp, lot, disposition.lot_state(), reason).await?;
    Ok(())
}

/// Goods that were taken stand in the books from now on, against the invoice that is still to come.
pub(super) async fn book(tx: &mut Tx, stamp: &Stamp, case: &Case, parts: &[Part]) -> Result<(), ReceivingRefusal> {
    let booking =
        Booking { site: case.site.id, currency: case.site.currency, cause: accounts::Cause::of(case.line.id) };
    let goods = |part: &Part| Goods { sku: case.sku.id, lot: part.lot, cost: part.worth };
    let taken: Vec<Goods> = parts.iter().filter(|part| part.stands().is_taken()).map(goods).collect();
    goods_received(tx, stamp, booking, case.arrival.supplier, &taken).await?;
    Ok(())
}

async fn tell_judged(tx: &mut Tx, stamp: &Stamp, case: &Case, verdict: &Verdict) -> Result<(), ReceivingRefusal> {
    let part = |part: &Part| JudgedPart {
        lot: part.lot,
        disposition: part.disposition,
        quantity: part.quantity,
        cut_bp: part.cut_bp,
        reason: part.reason.clone(),
        worth: part.worth,
    };
    let body = GoodsJudged {
        line: verdict.line,
        sku: case.sku.id,
        received: case.line.received,
        faults: verdict.faults.clone(),
        parts: verdict.parts.iter().map(part).collect(),
    };
    let mut also = case.arrival.around().to_vec();
    also.push(Object::of(case.sku.id));
    also.push(Object::of(verdict.inspection));
    also.extend(verdict.parts.iter().map(|part| Object::of(part.lot)));
    tell(tx, stamp, Object::of(case.arrival.id), &also, &body).await?;
    Ok(())
}
