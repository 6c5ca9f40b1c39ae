//! A rehearsal: buyers work through the last days that are known, each morning with what was known then, and are compared
//! over the same days.

use std::collections::BTreeMap;

use super::clairvoyant;
use super::joint::MarkDown;
use super::policy::{Added, Ahead, Reason, ThinkAhead, expected, last_week, up_to};
use super::sharing::{Limits, Wish, cut, share};
use super::shop::{Morning, Result, Shop, Terms};
use super::supply::{Luck, Supply};
use crate::engine::Learnt;
use crate::parts::in_parts;
use crate::{Engine, Series, number};

/// The rule of a buyer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Policy {
    /// What the same days of last week sold.
    LastWeek,
    /// What is expected until the next goods come, times `cover`, and what is expected to end.
    UpTo { cover: f64 },
    /// Every quantity thought through; later orders by `cover`, and a unit that lacks counts `goodwill` times its cost.
    Think { cover: f64, goodwill: f64 },
}

/// The numbers that are tried.
const COVERS: [f64; 3] = [1.5, 2.0, 2.4];
const GOODWILLS: [f64; 5] = [1.0, 1.2, 1.4, 1.6, 1.8];

/// What is rehearsed.
#[derive(Clone, Debug)]
pub struct Rehearsal {
    /// How many of the last days, of which the last ones only settle what was ordered.
    pub days: usize,
    pub settling: usize,
    /// As in the shop; the case of each product is a third of what it usually sells, unless `goods` says what it is.
    pub terms: Terms,
    /// How goods come.
    pub supply: Supply,
    /// What buyers take for that; none where they know it.
    pub believed: Option<Supply>,
    /// How what ends tonight may be marked down, by buyers who think.
    pub mark_down: Option<MarkDown>,
    /// Of the luck with which goods come. The same for every buyer.
    pub seed: u64,
    /// What all orders of one morning may take together.
    pub limits: Limits,
    /// By series, what is special about it.
    pub goods: BTreeMap<String, Good>,
    pub threads: usize,
}

impl Default for Rehearsal {
    /// Half a year of bread that comes every morning as ordered.
    fn default() -> Self {
        Self {
            days: 182,
            settling: 2,
            terms: Terms::default(),
            supply: Supply::default(),
            believed: None,
            mark_down: None,
            seed: 1,
            limits: Limits::none(),
            goods: BTreeMap::new(),
            threads: 1,
        }
    }
}

/// What is special about one product.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Good {
    /// How many units a case holds, and the least that is brought; as for all others where it is not said.
    pub pack: Option<i64>,
    pub minimum: Option<i64>,
    /// Money and room on the truck for a unit.
    pub price: f64,
    pub room: f64,
}

impl Default for Good {
    fn default() -> Self {
        Self { pack: None, minimum: None, price: 1.0, room: 1.0 }
    }
}

/// Why nothing can be rehearsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RehearsalError {
    NoSeries,
    /// The days leave no history to learn from: at least four weeks.
    TooShort {
        key: String,
        steps: usize,
        needed: usize,
    },
    /// Nothing is left to be judged.
    NoDays,
}

impl std::fmt::Display for RehearsalError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoSeries => write!(out, "no series to rehearse on"),
            Self::TooShort { key, steps, needed } => write!(out, "{key}: {steps} days, the rehearsal needs {needed}"),
            Self::NoDays => write!(out, "no day is left to rehearse"),
        }
    }
}

impl std::error::Error for RehearsalError {}

/// What a rule did with one product: over all days, and over their first half.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub key: String,
    pub whole: Result,
    pub first_half: Result,
}

impl Outcome {
    /// Over the second half: what the whole cost beyond the first.
    pub fn second_half_cost_per_unit(&self) -> f64 {
        let wanted = number::float(self.whole.wanted - self.first_half.wanted).max(1.0);
        (self.whole.cost - self.first_half.cost) / wanted
    }
}

/// Everything that is known on each morning, worked out once for all rules.
pub struct Stage {
    keys: Vec<String>,
    days: usize,
    terms: Vec<Terms>,
    goods: Vec<Good>,
    luck: Vec<Luck>,
    /// The first day that is rehearsed, in days since a Monday.
    first: Vec<i64>,
    supply: Supply,
    believed: Supply,
    mark_down: Option<MarkDown>,
    limits: Limits,
    /// By series: what was wanted on every day that is known, and on those that are rehearsed in whole units.
    sold: Vec<Vec<f64>>,
    demand: Vec<Vec<i64>>,
    /// By day and series.
    ahead: Vec<Vec<Ahead>>,
}

impl Rehearsal {
    /// Sets the stage: forecasts anew for every morning.
    pub fn stage(&self, panel: &[Series]) -> std::result::Result<Stage, RehearsalError> {
        if panel.is_empty() {
            return Err(RehearsalError::NoSeries);
        }
        if self.days <= self.settling {
            return Err(RehearsalError::NoDays);
        }
        let needed = self.days + 28;
        if let Some(short) = panel.iter().find(|series| series.steps.len() < needed) {
            let (key, steps) = (short.key.clone(), short.steps.len());
            return Err(RehearsalError::TooShort { key, steps, needed });
        }
        let believed = self.believed.clone().unwrap_or_else(|| self.supply.clone());
        let reach = self.terms.life.max(believed.deliveries.apart_most()) + believed.late.most();
        let engine = Engine::of(7, self.terms.lead + reach);
        let mornings: Vec<usize> = (0..self.days - self.settling).collect();
        let ahead = in_parts(&mornings, self.threads, |morning| {
            let learn = |series: &Series| engine.learn(&series.before(series.steps.len() - self.days + morning));
            let learnt: Vec<Learnt> = panel.iter().map(learn).collect();
            let drift = engine.drift(&learnt);
            learnt.iter().map(|one| engine.ahead(one, &drift)).collect()
        });
        let sold = |series: &Series| series.steps.iter().map(|step| step.sold.unwrap_or(0.0)).collect::<Vec<f64>>();
        let mut stage = Stage {
            keys: Vec::new(),
            days: self.days,
            terms: Vec::new(),
            goods: Vec::new(),
            luck: Vec::new(),
            first: Vec::new(),
            supply: self.supply.clone(),
            believed,
            mark_down: self.mark_down.clone(),
            limits: self.limits,
            sold: Vec::new(),
            demand: Vec::new(),
            ahead,
        };
        for series in panel {
            let sold = sold(series);
            let (before, days) = sold.split_at(sold.len() - self.days);
            let mean = before.iter().sum::<f64>() / number::count(before.len());
            let good = self.goods.get(&series.key).copied().unwrap_or_default();
            stage.terms.push(Terms {
                pack: good.pack.unwrap_or(number::whole(mean / 3.0)).max(1),
                minimum: good.minimum.unwrap_or(self.terms.minimum),
                ..self.terms
            });
            stage.goods.push(good);
            stage.luck.push(Luck::of(self.seed, &series.key));
            stage.first.push(series.first + i64::try_from(before.len()).unwrap_or(0));
            stage.keys.push(series.key.clone());
            stage.demand.push(days[..mornings.len()].iter().map(|wanted| number::whole(*wanted)).collect());
            stage.sold.push(sold);
        }
        Ok(stage)
    }
}

impl Stage {
    /// Lets a rule work on every product.
    pub fn play(&self, policy: Policy, threads: usize) -> Vec<Outcome> {
        let (whole, half) = (self.results(policy, 1, threads), self.results(policy, 2, threads));
        let both = whole.into_iter().zip(half);
        let outcome =
            |(key, (whole, first_half)): (&String, (Result, Result))| Outcome { key: key.clone(), whole, first_half };
        self.keys.iter().zip(both).map(outcome).collect()
    }

    /// What each product would have cost by unit wanted if all days had been known before. None where that cannot be told:
    /// goods that come later than the next morning, not every morning or not as ordered, or that share something.
    pub fn least_cost_per_unit(&self, threads: usize) -> Vec<Option<f64>> {
        let told = self.supply == Supply::default() && self.limits.is_none();
        in_parts(&self.products(), threads, |product| {
            let demand = &self.demand[*product];
            let cost = told.then(|| clairvoyant::least_cost(&self.terms[*product], demand).ok())??;
            Some(cost / number::float(demand.iter().sum()).max(1.0))
        })
    }

    /// The numbers that cost least by unit wanted over the first half, all products alike.
    pub fn tuned(&self, threads: usize) -> Policy {
        let tried: Vec<Policy> =
            COVERS.into_iter().flat_map(|cover| GOODWILLS.map(|goodwill| Policy::Think { cover, goodwill })).collect();
        let floor = self.results(Policy::LastWeek, 2, threads);
        let costs = in_parts(&tried, threads, |policy| {
            let half = self.results(*policy, 2, 1);
            let to_floor = |(half, floor): (&Result, &Result)| half.cost_per_unit() / floor.cost_per_unit().max(1e-9);
            half.iter().zip(&floor).map(to_floor).sum::<f64>()
        });
        let best = tried.iter().zip(&costs).min_by(|a, b| a.1.total_cmp(b.1));
        best.map_or(Policy::LastWeek, |(policy, _)| *policy)
    }

    /// Why a rule that thinks ordered what it did on the last morning on which the supplier took an order, before it was
    /// fitted to what is shared. None for other rules, and where there was no such morning.
    pub fn reasons(&self, policy: Policy, threads: usize) -> Vec<(String, Option<(Reason, Added)>)> {
        in_parts(&self.products(), threads, |product| {
            let mut shop = self.shop(*product);
            let mut last = None;
            for wanted in &self.demand[*product] {
                shop.receive();
                let decision = self.decide(*product, policy, &shop.morning());
                if shop.orders_today() {
                    last = Some(shop.clone());
                }
                self.trade(&mut shop, decision.order, decision.cut, *wanted);
            }
            let why = last.and_then(|shop| self.why(*product, policy, &shop.morning()));
            (self.keys[*product].clone(), why)
        })
    }

    fn why(&self, product: usize, policy: Policy, morning: &Morning<'_>) -> Option<(Reason, Added)> {
        let Policy::Think { cover, goodwill } = policy else { return None };
        let terms = self.terms[product];
        let felt = Terms { lost: terms.lost * goodwill, ..terms };
        let (buyer, ahead) = (ThinkAhead { cover }, &self.ahead[morning.day][product]);
        let reason = self.thought(buyer, &felt, morning, ahead);
        let added = buyer.added(&felt, &self.believed, morning, ahead);
        Some((reason, added))
    }

    fn products(&self) -> Vec<usize> {
        (0..self.keys.len()).collect()
    }

    /// What comes of a rule over the first of so many equal parts of the days.
    fn results(&self, policy: Policy, parts: usize, threads: usize) -> Vec<Result> {
        if !self.limits.is_none() {
            return self.together(policy, parts);
        }
        in_parts(&self.products(), threads, |product| {
            let mut shop = self.shop(*product);
            let days = self.demand[*product].len() / parts;
            for wanted in &self.demand[*product][..days] {
                shop.receive();
                let decision = self.decide(*product, policy, &shop.morning());
                self.trade(&mut shop, decision.order, decision.cut, *wanted);
            }
            shop.result
        })
    }

    /// The same where all products share money and a truck: each morning all orders are made, then they are fitted.
    fn together(&self, policy: Policy, parts: usize) -> Vec<Result> {
        let mut shops: Vec<Shop<'_>> = self.products().into_iter().map(|product| self.shop(product)).collect();
        let days = self.demand.first().map_or(0, |demand| demand.len() / parts);
        for day in 0..days {
            shops.iter_mut().for_each(Shop::receive);
            let decisions: Vec<Decision> =
                shops.iter().enumerate().map(|(product, shop)| self.decide(product, policy, &shop.morning())).collect();
            let orders = self.fitted(&decisions);
            for (product, shop) in shops.iter_mut().enumerate() {
                self.trade(shop, orders[product], decisions[product].cut, self.demand[product][day]);
            }
        }
        shops.into_iter().map(|shop| shop.result).collect()
    }

    /// Orders that were thought through share what is scarce by what it saves, others are cut alike.
    fn fitted(&self, decisions: &[Decision]) -> Vec<i64> {
        let wish = |(product, decision): (usize, &Decision)| {
            let Good { price, room, .. } = self.goods[product];
            Wish { thought: decision.thought.clone(), price, room }
        };
        let wishes: Vec<Wish> = decisions.iter().enumerate().map(wish).collect();
        if wishes.iter().all(|wish| !wish.thought.is_empty()) {
            return share(&wishes, self.limits.money, self.limits.room);
        }
        let orders = decisions.iter().zip(&self.terms).zip(wishes);
        let orders: Vec<(i64, Terms, Wish)> =
            orders.map(|((decision, terms), wish)| (decision.order, *terms, wish)).collect();
        cut(&orders, self.limits)
    }

    fn trade(&self, shop: &mut Shop<'_>, order: i64, cut: f64, wanted: i64) {
        match &self.mark_down {
            Some(mark) => shop.trade_marked(order, wanted, mark, cut),
            None => shop.trade(order, wanted),
        }
    }

    fn shop(&self, product: usize) -> Shop<'_> {
        Shop::open(&self.terms[product], &self.supply, &self.luck[product], self.first[product])
    }

    /// What a rule decides on a morning. Only rules that think mark down, and they do on days without an order too.
    fn decide(&self, product: usize, policy: Policy, morning: &Morning<'_>) -> Decision {
        let (terms, supply) = (&self.terms[product], &self.believed);
        let orders = self.supply.orders_on(morning.date, terms.lead);
        if !orders && (self.mark_down.is_none() || !matches!(policy, Policy::Think { .. })) {
            return Decision { order: 0, cut: 0.0, thought: vec![(0, 0.0)] };
        }
        let history = &self.sold[product][..self.sold[product].len() - self.days + morning.day];
        let ahead = &self.ahead[morning.day][product];
        let plain = |order| Decision { order, cut: 0.0, thought: Vec::new() };
        match policy {
            Policy::LastWeek => {
                // Of days further ahead than last week tells, the same day of last week again.
                let same = |ahead: usize| history[history.len() - 7 + ahead % 7];
                let sold: Vec<f64> = (0..supply.covers(morning.date, terms.lead)).map(same).collect();
                plain(last_week(terms, morning, &sold))
            }
            Policy::UpTo { cover } => {
                let expected = expected(terms, supply, morning, ahead);
                let today = ahead.mean.first().copied().unwrap_or(0.0);
                plain(up_to(terms, supply, morning, cover * expected, today))
            }
            Policy::Think { cover, goodwill } => {
                let felt = Terms { lost: terms.lost * goodwill, ..*terms };
                let reason = self.thought(ThinkAhead { cover }, &felt, morning, ahead);
                Decision { order: reason.ordered, cut: reason.cut, thought: reason.thought }
            }
        }
    }

    fn thought(&self, buyer: ThinkAhead, felt: &Terms, morning: &Morning<'_>, ahead: &Ahead) -> Reason {
        match &self.mark_down {
            Some(mark) => buyer.order_and_mark(felt, &self.believed, morning, ahead, mark),
            None => buyer.order(felt, &self.believed, morning, ahead),
        }
    }
}

/// What is done on a morning.
struct Decision {
    order: i64,
    cut: f64,
    /// What each quantity would cost, where that was thought through.
    thought: Vec<(i64, f64)>,
}

#[cfg(test)]
mod tests;
