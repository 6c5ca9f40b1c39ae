//! One evaluation of a supplier for each period: quality, delivery, price, service and safety, from receipts and orders,
//! by weights that are data. The grade decides what may be ordered next.

mod rules;
mod store;

use ::events::{Object, tell};
use ::store::Tx;
use kernel::{Date, Price, ScorecardId, Stamp, SupplierId};

pub use rules::{Grade, NewScorecard, NewWeights, Score, ScorePart, Scorecard, ScorecardWeights, Shares, WeightsId};

use super::{
    SuppliersRefusal,
    events::{ScorecardComputed, SupplierStandingChanged},
    rules::{Supplier, SupplierStanding, comparable},
};
use rules::Fact;

/// Sets what each part counts from a day on. The open weights end on the day before.
pub async fn set_weights(tx: &mut Tx, stamp: &Stamp, new: NewWeights) -> Result<ScorecardWeights, SuppliersRefusal> {
    if let Some(open) = store::open_weights(tx).await? {
        let eve = new.valid_from.yesterday().ok().filter(|eve| open.valid_from <= *eve);
        let Some(eve) = eve else { return Err(SuppliersRefusal::WeightsBegin { from: open.valid_from }) };
        store::end_weights(tx, open.id, eve).await?;
    }
    let weights = ScorecardWeights {
        id: stamp.mint(),
        shares: new.shares,
        valid_from: new.valid_from,
        valid_until: None,
        set_by: stamp.by,
        set_at: stamp.at,
    };
    store::add_weights(tx, &weights).await?;
    Ok(weights)
}

/// Every set of weights, the latest first.
pub async fn weights(tx: &mut Tx) -> Result<Vec<ScorecardWeights>, SuppliersRefusal> {
    Ok(store::weights(tx).await?)
}

/// Computes how a supplier did in a period, once, and lets the grade decide about its standing.
pub async fn evaluate(
    tx: &mut Tx,
    stamp: &Stamp,
    known: Supplier,
    new: NewScorecard,
) -> Result<Scorecard, SuppliersRefusal> {
    let code = || known.code.clone();
    if store::exists(tx, known.id, new).await? {
        return Err(SuppliersRefusal::AlreadyEvaluated { supplier: code(), until: new.period_until });
    }
    let sites = catalog::sites(tx).await?;
    let todays = sites.iter().filter(|site| site.currency == known.currency);
    if todays.map(|site| site.time.business_day(stamp.at)).min().is_none_or(|today| new.period_until >= today) {
        return Err(SuppliersRefusal::PeriodNotOver { until: new.period_until });
    }
    let weights = store::weights_on(tx, new.period_until).await?;
    let weights = weights.ok_or(SuppliersRefusal::NoWeights { on: new.period_until })?;
    let facts = facts(tx, known.id, new).await?;
    let critical_failures = store::critical_failures(tx, known.id, new).await?;
    let weighed = rules::weigh(&facts, &weights.shares, critical_failures);
    let Some((scores, total_bp, grade)) = weighed else {
        return Err(SuppliersRefusal::NothingToJudge { supplier: code() });
    };
    let card = Scorecard {
        id: stamp.mint(),
        supplier: known.id,
        period_from: new.period_from,
        period_until: new.period_until,
        scores,
        critical_failures,
        total_bp,
        grade,
        weights: weights.id,
        computed_by: stamp.by,
        computed_at: stamp.at,
    };
    store::add(tx, &card).await?;
    let body = ScorecardComputed { total_bp, grade, from: new.period_from, until: new.period_until };
    tell(tx, stamp, Object::of(card.id), &[Object::of(known.id)], &body).await?;
    decide(tx, stamp, known, grade).await?;
    Ok(card)
}

/// A and B may deliver, C is watched, D may not be ordered from. Who is suspended is admitted again by a person only.
async fn decide(tx: &mut Tx, stamp: &Stamp, known: Supplier, grade: Grade) -> Result<(), SuppliersRefusal> {
    let to = match (known.standing, grade) {
        (SupplierStanding::Registered | SupplierStanding::Suspended, _) => return Ok(()),
        (SupplierStanding::Approved | SupplierStanding::Probation, Grade::A | Grade::B) => SupplierStanding::Approved,
        (SupplierStanding::Approved | SupplierStanding::Probation, Grade::C) => SupplierStanding::Probation,
        (SupplierStanding::Approved | SupplierStanding::Probation, Grade::D) => SupplierStanding::Suspended,
    };
    if to == known.standing {
        return Ok(());
    }
    let decided = Supplier { standing: to, revision: known.revision + 1, ..known.clone() };
    super::store::change(tx, &decided).await?;
    let body = SupplierStandingChanged {
        from: known.standing,
        to,
        categories: decided.categories.clone(),
        reason: format!("graded {grade}"),
    };
    tell(tx, stamp, Object::of(known.id), &[], &body).await?;
    Ok(())
}

/// How much of each part was good in the period.
async fn facts(tx: &mut Tx, supplier: SupplierId, period: NewScorecard) -> Result<Vec<Fact>, SuppliersRefusal> {
    /// What a whole is counted in, so that shares of lines can be added.
    const WHOLE: i64 = 10_000;
    let (mut quality, mut lines) = (0, 0);
    for (received, accepted, conceded) in store::judged_lines(tx, supplier, period).await? {
        // What was taken with a cut in price is half of what was promised.
        let good = accepted * 2 + conceded;
        quality += good.saturating_mul(WHOLE) / (received * 2).max(1);
        lines += 1;
    }
    let (mut in_full, mut ordered) = (0, 0);
    for (wanted, came) in store::due_lines(tx, supplier, period).await? {
        ordered += 1;
        // The scales of two yards differ by a little.
        in_full += i64::from(came.saturating_mul(100) >= wanted.saturating_mul(95));
    }
    let (mut price, mut priced) = (0, 0);
    for (paid, market) in store::prices_paid(tx, supplier, period).await? {
        if let Some(points) = against_market(paid, market) {
            price += points;
            priced += 1;
        }
    }
    let (announced, arrivals) = store::arrivals(tx, supplier, period).await?;
    let failures = store::critical_failures(tx, supplier, period).await?;
    let fact = |part, good, of| Fact { part, good, of };
    Ok(vec![
        fact(ScorePart::Quality, quality, lines * WHOLE),
        fact(ScorePart::Delivery, in_full, ordered),
        fact(ScorePart::Price, price, priced * WHOLE),
        fact(ScorePart::Service, announced, arrivals),
        fact(ScorePart::Safety, (lines - failures).max(0), lines),
    ])
}

/// All points at the market's price or below; each percent above it costs one.
fn against_market(paid: Price, market: Price) -> Option<i64> {
    let (paid, market) = (comparable(paid)?.minor(), comparable(market)?.minor());
    let above_bp = (paid - market).max(0).saturating_mul(10_000).checked_div(market)?;
    Some((10_000 - above_bp).max(0))
}

/// The scorecards of a supplier, the latest period first.
pub async fn scorecards(
    tx: &mut Tx,
    supplier: SupplierId,
    before: Option<(Date, ScorecardId)>,
    limit: i64,
) -> Result<Vec<Scorecard>, SuppliersRefusal> {
    Ok(store::page(tx, supplier, before, limit).await?)
}
