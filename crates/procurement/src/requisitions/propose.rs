//! The proposal: from what will be wanted, what is there and lasts, and what is on the way, to cases of each product
//! from the supplier that asks least. Every number is told with the sum behind it.

use std::collections::BTreeMap;

use ::store::Tx;
use catalog::{Listing, Site, Sku};
use edge::{Problem, parse};
use forecast::{Forecast, Netting};
use kernel::{Date, Instant, Measure, Money, Quantity, Round, SiteId, SkuId, Stamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Explanation, Explanations, NewRequisition, NewRequisitionLine, Requisition, RequisitionsRefusal, Specification,
};
use crate::{
    contracts, dates,
    market::{self, Forecasting, Foresight, Pasts, SKUS_MAX, day_number},
    suppliers::{self, Supplier, Weekday},
};

/// What is to be proposed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProposal {
    pub site: SiteId,
    /// The day on which the goods are to come.
    #[schema(value_type = String, format = Date)]
    pub needed_by: Date,
    /// Whose budget pays.
    #[schema(min_length = 1, max_length = 40, pattern = "^[A-Za-z0-9._-]+$")]
    pub department: String,
    /// How many of ten thousand days are to be served whole; 9,000 if nothing is said.
    #[serde(default)]
    #[schema(minimum = 5_000, maximum = 9_950)]
    pub service_bp: Option<i64>,
    /// By which rule demand is forecast; the engine's if none is named.
    #[serde(default)]
    pub forecasting: Option<Forecasting>,
}

const SERVICE_BP: i64 = 9_000;
/// Goods that keep for weeks are still bought for a few days: the shelf is small, and suppliers come often.
const DAYS_COVERED_MAX: i64 = 7;
/// How far ahead a day may be proposed for.
const DAYS_AHEAD_MAX: i64 = 14;
/// The most that goods with a long life are expected to sell in.
const LIFE_DAYS_MAX: i64 = 21;

impl NewProposal {
    pub fn parse(mut self) -> Result<Self, Problem> {
        self.department = parse::code("department", &self.department, 40)?;
        dates::plausible("needed_by", self.needed_by)?;
        if let Some(service) = self.service_bp {
            parse::within("service_bp", service, 5_000, 9_950)?;
        }
        Ok(self)
    }
}

/// What a proposal has to know before anybody thinks.
pub(super) struct Ground {
    pasts: Pasts,
    days: usize,
}

impl Ground {
    /// The past of every product, and how many days ahead are asked.
    pub(super) fn asked(self) -> (Pasts, usize) {
        (self.pasts, self.days)
    }
}

/// Reads the past of everything that the site may buy, as it is known `at`. Refuses no day: who asks again under one key
/// is answered as before, though the day be past by now.
pub(super) async fn ground(tx: &mut Tx, at: Instant, new: &NewProposal) -> Result<Ground, RequisitionsRefusal> {
    let site = catalog::site(tx, new.site).await?;
    let today = site.time.business_day(at);
    let days = days_ahead(today, new.needed_by).unwrap_or(0) + LIFE_DAYS_MAX.max(DAYS_COVERED_MAX);
    let forecasting = new.forecasting.unwrap_or(Forecasting::Ensemble);
    let pasts = market::pasts(tx, forecasting, site.id, None, today).await?;
    Ok(Ground { pasts, days: usize::try_from(days).unwrap_or(1) })
}

fn days_ahead(today: Date, needed_by: Date) -> Result<i64, RequisitionsRefusal> {
    let ahead = i64::from(today.until(needed_by).map_or(-1, |span| span.get_days()));
    let may = (0..=DAYS_AHEAD_MAX).contains(&ahead);
    if may { Ok(ahead) } else { Err(RequisitionsRefusal::NothingNeeded { needed_by }) }
}

/// Writes a draft of everything that has to come on a day. Its requester reads, changes and submits it.
pub(super) async fn propose(
    tx: &mut Tx,
    stamp: &Stamp,
    new: NewProposal,
    foresight: &Foresight,
) -> Result<Requisition, RequisitionsRefusal> {
    let site = catalog::site(tx, new.site).await?;
    let today = foresight.from;
    let (from, service_bp) = (new.needed_by, new.service_bp.unwrap_or(SERVICE_BP));
    days_ahead(today, from)?;
    let claimed: BTreeMap<SkuId, i64> = ledger::sku_stock(tx, site.id, stamp.at, stamp.at, None, SKUS_MAX)
        .await?
        .into_iter()
        .map(|line| {
            let amount = |quantity| line.measure.promised(quantity);
            (line.sku, amount(line.promised) + amount(line.bound))
        })
        .collect();
    let mut wanted: Vec<Wanted> = Vec::new();
    for sku in catalog::skus(tx, None, None, SKUS_MAX).await? {
        if sku.listing == Listing::Retired {
            continue;
        }
        let Some((supplier, price)) = suppliers::cheapest(tx, site.currency, &sku, today, from).await? else {
            continue;
        };
        let span = Span { today, from, cover: days_covered(&supplier, &sku, from), life: life_days(&sku) };
        let Some(forecast) = foresight.of(sku.id) else { continue };
        let shop = Shop { site: &site, service_bp, claimed: &claimed, forecasting: foresight.forecasting };
        let explanation = explain(tx, stamp, shop, &sku, forecast, span).await?;
        wanted.push(Wanted { sku, supplier, price, explanation });
    }
    reach_minimums(&mut wanted);
    let chosen: Vec<&Wanted> = wanted.iter().filter(|one| one.explanation.proposed > 0).collect();
    if chosen.is_empty() {
        return Err(RequisitionsRefusal::NothingNeeded { needed_by: from });
    }
    let lines = chosen.iter().map(|one| NewRequisitionLine {
        sku: one.sku.id,
        quantity: quantity(&one.sku, one.explanation.proposed),
        needed_by: from,
        supplier: Some(one.supplier.id),
        price: Some(one.price),
        specification: Specification::default(),
        note: String::new(),
    });
    let draft = NewRequisition {
        site: site.id,
        department: new.department,
        reason: format!("proposed for {from}"),
        lines: lines.collect(),
    };
    let explanations: Explanations = chosen.iter().map(|one| ((one.sku.id, from), one.explanation.clone())).collect();
    super::draft_explained(tx, stamp, draft, &explanations).await
}

/// What one product needs, and from whom.
struct Wanted {
    sku: Sku,
    supplier: Supplier,
    price: kernel::Price,
    explanation: Explanation,
}

/// The days that decide about one product.
#[derive(Clone, Copy)]
struct Span {
    today: Date,
    /// The goods come.
    from: Date,
    /// For so many days they must last.
    cover: i64,
    /// For so many days they can be sold.
    life: i64,
}

fn day(first: Date, nth: i64) -> Date {
    first.saturating_add(jiff::Span::new().days(nth))
}

/// Until the supplier comes again, and never longer than the goods can be sold.
fn days_covered(supplier: &Supplier, sku: &Sku, from: Date) -> i64 {
    let again = (1..DAYS_COVERED_MAX).find(|nth| supplier.delivery_days.contains(&Weekday::of(day(from, *nth))));
    again.unwrap_or(DAYS_COVERED_MAX).min(life_days(sku))
}

/// On how many days goods can be sold that arrive with the least life that their contract allows, and are then still
/// as good at the door as the customer was promised.
fn life_days(sku: &Sku) -> i64 {
    let on_arrival = contracts::Terms::customary(sku).remaining_life_min_days;
    match sku.shelf_life_days {
        None => LIFE_DAYS_MAX,
        Some(_) => (on_arrival - sku.life_at_door_days + 1).clamp(1, LIFE_DAYS_MAX),
    }
}

/// What decides about every product alike.
#[derive(Clone, Copy)]
struct Shop<'a> {
    site: &'a Site,
    forecasting: Forecasting,
    service_bp: i64,
    /// Promised and bound, by SKU.
    claimed: &'a BTreeMap<SkuId, i64>,
}

async fn explain(
    tx: &mut Tx,
    stamp: &Stamp,
    shop: Shop<'_>,
    sku: &Sku,
    forecast: &Forecast,
    span: Span,
) -> Result<Explanation, RequisitionsRefusal> {
    let Shop { site, forecasting, service_bp, claimed } = shop;
    let Span { today, from, cover, life } = span;
    let (first, begin) = (day_number(today), day_number(from));
    let mean = |at: i64| whole(forecast.mean_hundredths(at..at + 1));
    let mut demand_before: Vec<i64> = (first..begin).map(mean).collect();
    // Of today's demand, a part is sold already and a part is promised; both are gone from the shelf.
    if let Some(today_left) = demand_before.first_mut() {
        let sold = market::history(tx, site.id, sku.id, today, today).await?.first().map_or(0, |day| day.amount);
        let promised = claimed.get(&sku.id).copied().unwrap_or(0);
        *today_left = (*today_left - sold - promised).max(0);
    }
    let demand: Vec<i64> = (begin..begin + cover).map(mean).collect();
    let mut usable = Vec::new();
    for nth in 0..(begin - first + cover) {
        let by = site.time.end_of(day(today, nth)).max(stamp.at);
        usable.push(sku.measure.promised(ledger::availability(tx, site.id, sku.id, by).await?));
    }
    if usable.first() == Some(&0) {
        market::note_sold_out(tx, stamp, site.id, sku.id).await?;
    }
    let expected = contracts::expected(tx, site.id, sku.id, today, from).await?;
    let inbound: Vec<i64> = (0..=begin - first)
        .map(|nth| {
            let on = day(today, nth);
            // A truck that is late is still on its way.
            let due = expected.iter().filter(|(due, _)| *due == on || (nth == 0 && *due < on));
            due.map(|(_, quantity)| sku.measure.promised(*quantity)).sum()
        })
        .collect();
    let sells_in_life = up(forecast.quantile_hundredths(begin..begin + life, service_bp));
    let netting = Netting {
        demand_before: &demand_before,
        demand: &demand,
        target: up(forecast.quantile_hundredths(begin..begin + cover, service_bp)),
        usable: &usable,
        inbound: &inbound,
        case: sku.case_amount,
        sells_in_life,
    };
    let plan = forecast::net(&netting);
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    Ok(Explanation {
        covers_from: from,
        covers_through: day(from, cover - 1),
        forecasting,
        history_days: count(forecast.history_days()),
        sold_out_days: count(forecast.sold_out_days()),
        demand_before: demand_before.iter().sum(),
        demand: demand.iter().sum(),
        service_bp,
        target: netting.target,
        usable: usable.first().copied().unwrap_or(0),
        expires: plan.expires,
        left: plan.left,
        inbound: plan.inbound,
        need: plan.need,
        case_amount: sku.case_amount,
        sells_in_life,
        cases: plan.cases,
        cases_for_minimum: 0,
        proposed: plan.proposed,
    })
}

/// Adds cases where a supplier's order would be below its minimum: of what lasts longest beyond its need, one after the
/// other, and never more than sells in its life. What cannot be reached is left to the buyer.
fn reach_minimums(wanted: &mut [Wanted]) {
    let suppliers: BTreeMap<_, Money> =
        wanted.iter().map(|one| (one.supplier.id, one.supplier.minimum_order)).collect();
    for (supplier, minimum) in suppliers {
        let own = |one: &&Wanted| one.supplier.id == supplier && one.explanation.proposed > 0;
        if !wanted.iter().any(|one| own(&one)) {
            continue;
        }
        loop {
            let value: Money = wanted.iter().filter(own).map(worth).sum();
            if value >= minimum {
                break;
            }
            let best = wanted
                .iter_mut()
                .filter(|one| one.supplier.id == supplier && one.explanation.proposed > 0 && room(one) >= 0)
                .max_by_key(|one| (room(one) * 1_000 / one.explanation.sells_in_life.max(1), one.sku.id));
            let Some(best) = best else { break };
            best.explanation.cases += 1;
            best.explanation.cases_for_minimum += 1;
            best.explanation.proposed += best.explanation.case_amount;
        }
    }
}

/// How much more of a product could still be sold in its life once another case is added.
fn room(one: &Wanted) -> i64 {
    let sum = &one.explanation;
    sum.sells_in_life - sum.left - sum.inbound - sum.proposed - sum.case_amount
}

fn worth(one: &Wanted) -> Money {
    let quantity = one.sku.estimate(quantity(&one.sku, one.explanation.proposed));
    quantity.and_then(|quantity| one.price.of(quantity, Round::HalfUp)).unwrap_or(Money::ZERO)
}

/// So much, in what the SKU is bought by.
fn quantity(sku: &Sku, amount: i64) -> Quantity {
    match sku.measure {
        Measure::Counted | Measure::CatchWeight => Quantity::pieces(amount),
        Measure::Weighed => Quantity::grams(amount),
    }
}

/// Hundredths as whole ones, to the nearest.
fn whole(hundredths: i64) -> i64 {
    (hundredths + 50).div_euclid(100)
}

/// Hundredths as whole ones that are enough.
fn up(hundredths: i64) -> i64 {
    (hundredths + 99).div_euclid(100)
}
