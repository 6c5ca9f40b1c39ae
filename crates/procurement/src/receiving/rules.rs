//! What the dock may take. Pure: no clock, no database, no async.

use edge::{Problem, parse};
use kernel::{Date, DeciCelsius, Exactness, Instant, Measure, Money, Price, Quantity, Ratio, Round, SiteTime};
use ledger::{Label, LotState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ReceivingRefusal, form::Criterion, sampling::Plan};

codes! {
    /// What becomes of a part of a line. The better ones come first.
    Disposition {
        /// Taken as ordered.
        Accept = "accept",
        /// Taken with a fault, at a cut price 讓步接收.
        Concession = "concession",
        /// Neither taken nor refused until a second person has decided 隔離待判.
        Quarantine = "quarantine",
        /// Goes back 拒收.
        Reject = "reject",
    }
}

impl Disposition {
    /// The state that the part's lot turns into.
    pub(super) const fn lot_state(self) -> LotState {
        match self {
            Self::Accept | Self::Concession => LotState::Approved,
            Self::Quarantine => LotState::Quarantined,
            Self::Reject => LotState::Rejected,
        }
    }

    /// Whether the goods become ours, and are owed for.
    pub(super) const fn is_taken(self) -> bool {
        match self {
            Self::Accept | Self::Concession => true,
            Self::Quarantine | Self::Reject => false,
        }
    }
}

codes! {
    /// How grave a fault of a carton is.
    FaultClass {
        /// A fault of safety: foreign matter, rot, residues, too warm. None is tolerated.
        Critical = "critical",
        /// Unfit to be sold as ordered.
        Major = "major",
        /// A customer would forgive it.
        Minor = "minor",
    }
}

codes! {
    /// What the facts forbid, from nothing to everything but waiting and refusing.
    Bar {
        Nothing = "nothing",
        /// The goods may be taken at a cut price, not as ordered.
        Acceptance = "acceptance",
        /// The goods may not be taken at any price.
        Taking = "taking",
    }
}

/// A fact that stands against a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "fault", rename_all = "snake_case")]
#[schema(as = ArrivalFault)]
pub enum Fault {
    TooWarm {
        #[schema(value_type = i32)]
        probed: DeciCelsius,
        #[schema(value_type = i32)]
        limit: DeciCelsius,
    },
    LifeTooShort {
        days: i64,
        wanted: i64,
    },
    /// The label promises days on which the goods are no longer good.
    LabelOutlivesGoods {
        #[schema(value_type = String, format = Date)]
        use_by: Date,
        #[schema(value_type = String, format = Date)]
        lives_through: Date,
    },
    SampleFailed {
        class: FaultClass,
        faulty: i64,
        accept: i64,
    },
    Deviates {
        criterion: Criterion,
    },
    /// The supplier has failed so often that its goods are taken no more until it has corrected its ways.
    SamplingStopped {
        class: FaultClass,
    },
}

impl Fault {
    pub const fn bar(self) -> Bar {
        match self {
            // Safety is not sold at a discount.
            Self::TooWarm { .. }
            // Nobody may sell food under a false date (食品安全法 art. 34, 食安法 §15): the goods wait for a decision.
            | Self::LabelOutlivesGoods { .. }
            | Self::SampleFailed { class: FaultClass::Critical, .. }
            | Self::SamplingStopped { .. } => Bar::Taking,
            Self::LifeTooShort { .. } | Self::SampleFailed { class: FaultClass::Major | FaultClass::Minor, .. } => {
                Bar::Acceptance
            }
            Self::Deviates { criterion } => match criterion.class() {
                FaultClass::Critical => Bar::Taking,
                FaultClass::Major => Bar::Acceptance,
                FaultClass::Minor => Bar::Nothing,
            },
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooWarm { probed, limit } => write!(f, "{probed} > {limit}"),
            Self::LifeTooShort { days, wanted } => write!(f, "{days} d < {wanted} d"),
            Self::LabelOutlivesGoods { use_by, lives_through } => {
                write!(f, "label_outlives_goods: {use_by} > {lives_through}")
            }
            Self::SampleFailed { class, faulty, accept } => write!(f, "{class}: {faulty} > {accept}"),
            Self::Deviates { criterion } => criterion.fmt(f),
            Self::SamplingStopped { class } => write!(f, "{class}: stopped"),
        }
    }
}

/// What all faults together forbid.
pub(super) fn bar(faults: &[Fault]) -> Bar {
    faults.iter().map(|fault| fault.bar()).max().unwrap_or(Bar::Nothing)
}

/// What was probed and computed before anybody judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ArrivalFacts)]
pub struct Facts {
    /// In the core of the goods.
    #[schema(value_type = Option<i32>)]
    pub core: Option<DeciCelsius>,
    #[schema(value_type = Option<i32>)]
    pub core_max: Option<DeciCelsius>,
    /// Whole days of life after today; none for goods that do not spoil.
    pub days_left: Option<i64>,
    pub days_wanted: i64,
    /// What the dates on the label are worth.
    pub label: Label,
}

impl Facts {
    /// The faults that no inspector needs to find.
    pub(super) fn faults(self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if let (Some(probed), Some(limit)) = (self.core, self.core_max)
            && probed > limit
        {
            faults.push(Fault::TooWarm { probed, limit });
        }
        if let Some(days) = self.days_left
            && days < self.days_wanted
        {
            faults.push(Fault::LifeTooShort { days, wanted: self.days_wanted });
        }
        if let Label::OutlivesGoods { use_by, lives_through, .. } = self.label {
            faults.push(Fault::LabelOutlivesGoods { use_by, lives_through });
        }
        faults
    }
}

/// Whole days of life after today's: goods that are good through today have none left.
pub(super) fn days_left(time: &SiteTime, now: Instant, ends: Option<Instant>) -> Option<i64> {
    let last_good_day: Date = time.date(ends?.plus_millis(-1));
    Some(i64::from((last_good_day - time.date(now)).get_days()))
}

/// A part of a line as the inspector wants it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewArrivalPart)]
pub struct NewPart {
    pub disposition: Disposition,
    pub quantity: Quantity,
    /// The price cut of a concession; the contract's, if none is named.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 10_000)]
    pub cut_bp: Option<i64>,
    /// Why not plainly accepted.
    #[serde(default)]
    #[schema(max_length = 500)]
    pub reason: Option<String>,
}

impl NewPart {
    pub(super) fn parse(mut self, field: &str) -> Result<Self, Problem> {
        parse::quantity(&format!("{field}/quantity"), self.quantity)?;
        if let Some(cut) = self.cut_bp {
            parse::within(&format!("{field}/cut_bp"), cut, 0, 10_000)?;
        }
        let shortest = match self.disposition {
            Disposition::Accept => 0,
            Disposition::Concession | Disposition::Quarantine | Disposition::Reject => 1,
        };
        let reason = parse::text(&format!("{field}/reason"), self.reason.as_deref().unwrap_or(""), shortest, 500)?;
        self.reason = Some(reason);
        Ok(self)
    }
}

/// A part as it is decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) disposition: Disposition,
    pub(super) quantity: Quantity,
    pub(super) cut_bp: i64,
    pub(super) reason: String,
}

/// Shares a line out. The shares add up to what was received, to the gram and the piece; they come back in the order
/// of their dispositions. The grams of counted goods follow their pieces, as the ledger takes them.
pub(super) fn share_out(
    received: Quantity,
    measure: Measure,
    parts: Vec<NewPart>,
    contract_cut_bp: i64,
) -> Result<Vec<Share>, ReceivingRefusal> {
    let mut shares: Vec<Share> = parts
        .into_iter()
        .map(|part| Share {
            disposition: part.disposition,
            quantity: part.quantity,
            cut_bp: match part.disposition {
                Disposition::Concession => part.cut_bp.unwrap_or(contract_cut_bp),
                Disposition::Accept | Disposition::Quarantine | Disposition::Reject => 0,
            },
            reason: part.reason.unwrap_or_default(),
        })
        .collect();
    shares.sort_by_key(|share| share.disposition);
    if let Some(twice) = shares.windows(2).find(|pair| pair[0].disposition == pair[1].disposition) {
        return Err(ReceivingRefusal::DisposedTwice { disposition: twice[0].disposition });
    }
    if measure == Measure::Counted {
        weigh_counted(received, &mut shares);
    }
    let sum = Quantity::sum(shares.iter().map(|share| share.quantity));
    let whole = sum.filter(|sum| sum.covers(received) && received.covers(*sum));
    let shaped = |share: &Share| measure.promised(share.quantity) > 0 && measure.priced(share.quantity) > 0;
    if whole.is_none() || !shares.iter().all(shaped) {
        return Err(ReceivingRefusal::PartsDoNotAddUp { received, parts: sum.unwrap_or(Quantity::NONE) });
    }
    Ok(shares)
}

/// Gives counted shares their grams: each that is taken off gets its proportion of what is left, the first keeps the
/// rest.
fn weigh_counted(received: Quantity, shares: &mut [Share]) {
    let mut left = received;
    let Some((kept, taken)) = shares.split_first_mut() else { return };
    for share in taken.iter_mut() {
        let pieces = share.quantity.pieces_or_zero();
        let grams = left.grams.and_then(|grams| Ratio::new(pieces, left.pieces_or_zero())?.times(grams, Round::HalfUp));
        let exactness = if grams.is_some() { Exactness::Estimated } else { received.exactness };
        share.quantity = Quantity { pieces: Some(pieces), grams, exactness };
        left = left.minus(share.quantity).unwrap_or(left);
    }
    kept.quantity.grams = left.grams;
    kept.quantity.exactness = if taken.is_empty() { received.exactness } else { left.exactness };
}

/// Refuses shares that the facts forbid.
pub(super) fn demand_allowed(shares: &[Share], faults: &[Fault]) -> Result<(), ReceivingRefusal> {
    match shares.iter().find(|share| !is_allowed(share.disposition, bar(faults))) {
        None => Ok(()),
        Some(share) => {
            let told = faults.iter().filter(|fault| fault.bar() > Bar::Nothing).map(ToString::to_string);
            let faults = told.collect::<Vec<_>>().join("; ");
            Err(ReceivingRefusal::NotAcceptable { disposition: share.disposition, faults })
        }
    }
}

pub(super) const fn is_allowed(disposition: Disposition, bar: Bar) -> bool {
    match (disposition, bar) {
        (Disposition::Accept, Bar::Acceptance | Bar::Taking) | (Disposition::Concession, Bar::Taking) => false,
        (Disposition::Accept | Disposition::Concession | Disposition::Quarantine | Disposition::Reject, _) => true,
    }
}

/// What goods are worth at a price less a cut, rounded to the minor unit.
pub(super) fn worth(price: Price, quantity: Quantity, cut_bp: i64) -> Option<Money> {
    // Ten thousand times too much first, so that the cut meets the exact amount and not a rounded one.
    let paid_bp = 10_000_i64.checked_sub(cut_bp)?;
    let scaled = Price { money: Money(price.money.minor().checked_mul(paid_bp)?), ..price };
    let amount = scaled.of(quantity, Round::HalfUp)?;
    let money = Money(Ratio::new(1, 10_000)?.times(amount.minor(), Round::HalfUp)?);
    (money <= Money::MAX).then_some(money)
}

/// Whether the net weight is further below the announced one than two scales may differ; by how much, then.
pub(super) fn short_weight(announced_grams: i64, net_grams: i64, tolerance_bp: i64) -> Option<i64> {
    let least = i128::from(announced_grams) * i128::from(10_000 - tolerance_bp);
    (i128::from(net_grams) * 10_000 < least).then(|| announced_grams - net_grams)
}

/// What may still be received of a line, in what it is bought by.
pub(super) fn room(ordered: i64, received: i64, over_receipt_bp: i64) -> i64 {
    let most = i128::from(ordered) * i128::from(10_000 + over_receipt_bp) / 10_000;
    i64::try_from(most).unwrap_or(i64::MAX).saturating_sub(received).max(0)
}

/// Whether so much is all that was ordered, as far as two scales can tell.
pub(super) fn is_whole(ordered: i64, received: i64, tolerance_bp: i64) -> bool {
    i128::from(received) * 10_000 >= i128::from(ordered) * i128::from(10_000 - tolerance_bp)
}

/// What was drawn and found of one class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Drawn {
    pub class: FaultClass,
    /// Cartons opened and looked through.
    #[schema(minimum = 0, maximum = 1_000_000)]
    pub drawn: i64,
    /// How many of them have a fault of this class.
    #[schema(minimum = 0, maximum = 1_000_000)]
    pub faulty: i64,
}

/// Checks that a sample was drawn as planned and says whether it passed.
pub(super) fn sampled(plan: Plan, drawn: Drawn) -> Result<Option<Fault>, ReceivingRefusal> {
    if drawn.drawn < plan.sample {
        let Drawn { class, drawn, .. } = drawn;
        return Err(ReceivingRefusal::TooFewDrawn { class, drawn, sample: plan.sample });
    }
    if drawn.faulty > drawn.drawn {
        return Err(ReceivingRefusal::MoreFaultyThanDrawn { class: drawn.class });
    }
    let Drawn { class, faulty, .. } = drawn;
    Ok((!plan.accepts(faulty)).then_some(Fault::SampleFailed { class, faulty, accept: plan.accept }))
}

#[cfg(test)]
mod tests;
