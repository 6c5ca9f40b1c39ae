//! Adjustments 調整: a difference that a third person signs is booked, goods and money at once.

use ::events::{Object, tell};
use ::store::Tx;
use accounts::{
    costing::{self, Booking, Goods},
    journal,
};
use edge::{Duty, Problem, Sites, parse};
use kernel::{
    Actor, AdjustmentId, CountSheetId, EntryId, Instant, LotId, Money, PlaceId, Quantity, SiteId, SkuId, Stamp,
};
use ledger::{Cause, Correction, Lot, Moved, PlaceKind, StockFilter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    CountingRefusal,
    events::{AdjustmentPosted, AdjustmentRejected},
    rules::{AdjustmentReason, AdjustmentState, Authority, CountRules, demand_authority, is_missing, size},
    store,
};
use crate::works_at;

/// A difference between count and book, and what was decided about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Adjustment {
    pub id: AdjustmentId,
    pub site: SiteId,
    pub sheet: CountSheetId,
    pub place: PlaceId,
    pub lot: LotId,
    pub lot_code: String,
    pub sku: SkuId,
    /// Counted less booked: below zero where goods are missing.
    pub variance: Quantity,
    /// What it is worth at cost, missing or found.
    #[schema(value_type = i64)]
    pub value: Money,
    pub state: AdjustmentState,
    /// Whose count it rests on.
    pub counter: Actor,
    /// Who had counted before.
    pub before: Option<Actor>,
    pub proposed_at: Instant,
    pub reason: Option<AdjustmentReason>,
    pub because: Option<String>,
    pub decider: Option<Actor>,
    pub decided_at: Option<Instant>,
    /// Where it stands in the money journal; nothing for goods that cost nothing.
    pub entry: Option<EntryId>,
}

/// The signature under an adjustment.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AdjustmentApproval)]
pub struct Approval {
    pub reason: AdjustmentReason,
    #[serde(default)]
    #[schema(max_length = 500)]
    pub because: Option<String>,
}

impl Approval {
    pub fn parse(mut self) -> Result<Self, Problem> {
        self.because = self.because.map(|text| parse::text("because", &text, 1, 500)).transpose()?;
        Ok(self)
    }
}

/// Signs an adjustment and books it: goods between the bin and the site's adjustment, money between stock and waste.
/// Who counted does not sign, and a lead signs up to a limit.
pub async fn approve(
    tx: &mut Tx,
    stamp: &Stamp,
    sites: &Sites,
    authority: Authority,
    id: AdjustmentId,
    approval: &Approval,
) -> Result<Adjustment, CountingRefusal> {
    let mut adjustment = own_proposed(tx, sites, id).await?;
    demand_third(stamp.by, &adjustment)?;
    let site = catalog::site(tx, adjustment.site).await?;
    demand_authority(authority, adjustment.value, CountRules::house(site.currency))?;
    let lot = ledger::lot(tx, adjustment.lot).await?;
    let missing = is_missing(lot.measure, adjustment.variance);
    if !missing && approval.reason != AdjustmentReason::Count {
        return Err(CountingRefusal::ReasonUnsuited { reason: approval.reason });
    }

    let correction = Correction {
        lot: lot.id,
        place: adjustment.place,
        variance: adjustment.variance,
        reason: approval.reason.in_the_ledger(),
    };
    let cause = Cause::of(id).line(adjustment.sheet);
    let day = site.time.business_day(stamp.at);
    let moved = ledger::correct(tx, stamp, cause, day, &correction).await?;
    let net = net(&moved, adjustment.place);
    let cost = cost(tx, stamp.at, &lot, net).await?;
    let booking = Booking { site: site.id, currency: site.currency, cause: accounts::Cause::of(id) };
    let goods = [Goods { sku: lot.sku, lot: lot.id, cost }];
    adjustment.entry = if missing {
        costing::waste(tx, stamp, booking, approval.reason.in_the_books(), &goods).await?
    } else {
        costing::found(tx, stamp, booking, &goods).await?
    };
    adjustment.value = cost;
    adjustment.state = AdjustmentState::Posted;
    adjustment.reason = Some(approval.reason);
    adjustment.because.clone_from(&approval.because);
    decide(tx, stamp, &mut adjustment).await?;
    let body = AdjustmentPosted {
        place: adjustment.place,
        lot: lot.id,
        sku: lot.sku,
        variance: adjustment.variance,
        value: cost,
        reason: approval.reason,
        because: adjustment.because.clone(),
    };
    tell(tx, stamp, Object::of(id), &around(&adjustment), &body).await?;
    Ok(adjustment)
}

/// Refuses an adjustment: the count is not believed, and the book stays as it is.
pub async fn reject(
    tx: &mut Tx,
    stamp: &Stamp,
    sites: &Sites,
    id: AdjustmentId,
    because: String,
) -> Result<Adjustment, CountingRefusal> {
    let mut adjustment = own_proposed(tx, sites, id).await?;
    demand_third(stamp.by, &adjustment)?;
    adjustment.state = AdjustmentState::Rejected;
    adjustment.because = Some(because.clone());
    decide(tx, stamp, &mut adjustment).await?;
    let body = AdjustmentRejected { place: adjustment.place, lot: adjustment.lot, because };
    tell(tx, stamp, Object::of(id), &around(&adjustment), &body).await?;
    Ok(adjustment)
}

async fn decide(tx: &mut Tx, stamp: &Stamp, adjustment: &mut Adjustment) -> Result<(), CountingRefusal> {
    adjustment.decider = Some(stamp.by);
    adjustment.decided_at = Some(stamp.at);
    Ok(store::decide(tx, adjustment).await?)
}

/// Neither the first nor the second counter.
fn demand_third(by: Actor, adjustment: &Adjustment) -> Result<(), CountingRefusal> {
    let mut history = vec![(adjustment.counter, Duty::CountStock)];
    history.extend(adjustment.before.map(|before| (before, Duty::CountStock)));
    identity::may(&history, by, Duty::ApproveAdjustments).map_err(|_| CountingRefusal::OwnCount)
}

async fn own_proposed(tx: &mut Tx, sites: &Sites, id: AdjustmentId) -> Result<Adjustment, CountingRefusal> {
    let adjustment = store::lock_adjustment(tx, id).await?.filter(|found| works_at(sites, found.site));
    let adjustment = adjustment.ok_or(CountingRefusal::NoSuchAdjustment)?;
    match adjustment.state {
        AdjustmentState::Proposed => Ok(adjustment),
        state @ (AdjustmentState::Posted | AdjustmentState::Rejected) => Err(CountingRefusal::AdjustmentIs { state }),
    }
}

fn around(adjustment: &Adjustment) -> [Object; 5] {
    [
        Object::of(adjustment.site),
        Object::of(adjustment.sheet),
        Object::of(adjustment.lot),
        Object::of(adjustment.sku),
        Object::of(adjustment.place),
    ]
}

/// What moves brought to a place less what they took from it.
fn net(moves: &[Moved], place: PlaceId) -> Quantity {
    moves.iter().fold(Quantity::NONE, |sum, each| {
        let signed = if each.to == place { Some(each.quantity) } else { each.quantity.negated() };
        signed.and_then(|quantity| sum.plus(quantity)).unwrap_or(sum)
    })
}

/// Places that one lot lies in, at most; more are asked for page by page.
const PLACES_MAX: i64 = 500;

/// What goods that leave or come are worth: at the lot's own price, and never more than the books still have of it.
/// Who takes the last of a lot takes its last coin too.
pub(super) async fn cost(tx: &mut Tx, now: Instant, lot: &Lot, net: Quantity) -> Result<Money, CountingRefusal> {
    let Some(price) = lot.cost else { return Ok(Money::ZERO) };
    let at_cost = costing::at_cost(price, size(net), lot.nominal_grams);
    if !is_missing(lot.measure, net) {
        return Ok(at_cost);
    }
    let worth = journal::value_of_lot(tx, lot.id).await?.max(Money::ZERO);
    let left = ledger::stock(tx, lot.site, StockFilter::Lot(lot.id), now, None, PLACES_MAX).await?;
    let gone = left.iter().all(|line| line.on_hand.is_nothing() || is_outside(line.place_kind));
    Ok(if gone { worth } else { at_cost.min(worth) })
}

const fn is_outside(kind: PlaceKind) -> bool {
    !kind.is_solid()
}
