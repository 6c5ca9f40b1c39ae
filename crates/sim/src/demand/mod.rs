//! Real demand: the series of a file are the products of the shop, and what the file says was wanted on a day is what
//! the customers of that day want.
//!
//! Days keep their weekday and move into the calendar of the demonstration, whose papers and invoice numbers are of its
//! own years. Eight weeks are history; then orders are drawn until the demand of every day is spent.

mod file;

use std::collections::BTreeMap;

use jiff::ToSpan;
use serde_json::{Value, json};

pub use file::Demand;

use file::Series;

use crate::{
    DAY_MS, SimError,
    chance::Chance,
    customers::{Wanted, Wish},
    day::Doing,
    shop::{list, number, text},
    world::World,
};

/// Days that are known before the run starts.
const HISTORY_DAYS: i64 = 56;
/// What a product is listed under: dry goods that keep for some days.
const CATEGORY: &str = "grocery";
const SHELF_LIFE_DAYS: i64 = 10;
/// What a piece and 100 g cost, by currency, in its larger unit: so much that nobody's order is below the minimum.
const PRICES: [(&str, i64); 2] = [("TWD", 180), ("CNY", 36)];
/// What goods have cost, in hundredths of that.
const COST_PCT: i64 = 60;
const PRODUCT_COLUMNS: &str = "code,name_en,name_zh_hant,name_zh_hans,category,measure,tolerance_percent,\
                               estimate_buffer_percent,temperature,shelf_life_days,life_at_door_days,tax_tw,tax_cn,\
                               case_amount,price,price_per,price_site";
const SALES_COLUMNS: &str = "site,product,day,pieces,weight,revenue,cost";
/// A usual day takes about so many cases of a product, if it takes as many units.
const CASES_A_DAY: i64 = 10;
/// Products in one order.
const LINES: (i64, i64) = (2, 5);
/// What a line takes: pieces, or hundreds of grams.
const TAKES: (i64, i64) = (1, 4);
/// Orders come between 06:10 and 15:20.
const MINUTES: (i64, i64) = (10, 560);

/// What this run's customers want, and which orders came of it.
pub(crate) struct Wants {
    demand: Demand,
    baskets: Vec<Basket>,
    /// Orders by the day on which they were wanted.
    ordered: Vec<(u32, String)>,
}

/// One order that somebody will place.
#[derive(Clone, Debug)]
struct Basket {
    day: u32,
    site: usize,
    /// After 06:00.
    millis: i64,
    /// Index of a series, and how much of it.
    lines: Vec<(usize, i64)>,
}

impl Wants {
    /// Spreads every day's demand over sites and baskets until nothing is left.
    pub(crate) fn drawn(demand: Demand, sites: usize, days: u32, chance: &mut Chance) -> Self {
        let mut baskets = Vec::new();
        for day in 0..days {
            for site in 0..sites {
                let wanted = |series| share(demand.wanted(series, i64::from(day)), site, sites);
                let mut left: Vec<(usize, i64)> =
                    demand.series.iter().map(wanted).enumerate().filter(|(_, wanted)| *wanted > 0).collect();
                while !left.is_empty() {
                    let lines = fill(&demand, &mut left, chance);
                    let millis = chance.within(MINUTES.0, MINUTES.1) * 60_000 + chance.within(0, 59_999);
                    baskets.push(Basket { day, site, millis, lines });
                }
            }
        }
        Self { demand, baskets, ordered: Vec::new() }
    }

    /// How many orders it takes to spend the demand.
    pub(crate) fn orders(&self) -> u32 {
        u32::try_from(self.baskets.len()).unwrap_or(u32::MAX)
    }

    /// So many that hardly anybody has to order twice on a day.
    pub(crate) fn customers(&self) -> u32 {
        let mut by_day: BTreeMap<u32, u32> = BTreeMap::new();
        for basket in &self.baskets {
            *by_day.entry(basket.day).or_default() += 1;
        }
        by_day.into_values().max().unwrap_or(0)
    }

    /// Whether a product is one of the file's.
    pub(crate) fn lists(&self, code: &str) -> bool {
        self.demand.series.iter().any(|series| series.code == code)
    }
}

/// A site's share of a whole number; the shares add up to it.
fn share(whole: i64, site: usize, sites: usize) -> i64 {
    let (site, sites) = (i64::try_from(site).unwrap_or(0), i64::try_from(sites).unwrap_or(1).max(1));
    whole / sites + i64::from(site < whole % sites)
}

/// Takes one basket out of what is left of a day.
fn fill(demand: &Demand, left: &mut Vec<(usize, i64)>, chance: &mut Chance) -> Vec<(usize, i64)> {
    let kinds = usize::try_from(chance.within(LINES.0, LINES.1)).unwrap_or(2).min(left.len());
    let first = usize::try_from(chance.within(0, 999)).unwrap_or(0);
    let count = left.len();
    let mut lines = Vec::with_capacity(kinds);
    for nth in 0..kinds {
        let Some((series, rest)) = left.get_mut((first + nth) % count) else { continue };
        let unit = demand.series.get(*series).map_or(1, Series::unit);
        let take = chance.within(TAKES.0, TAKES.1) * unit;
        // A crumb that nobody would order alone goes with the rest of its line.
        let take = if *rest - take < unit { *rest } else { take };
        *rest -= take;
        lines.push((*series, take));
    }
    left.retain(|(_, rest)| *rest > 0);
    lines
}

/// Lists the products at every site by file, as a shop that moves in would.
pub(crate) async fn list_products(world: &mut World, demand: &Demand) -> Result<(), SimError> {
    let path = "/api/imports/products";
    let sites = world.shop.get("manager", "/api/sites").await?.done("/api/sites")?;
    for site in crate::world::items(&sites) {
        let (code, price) = (text(&site, "code")?, price_in(text(&site, "currency")?));
        let mut rows = vec![format!("{PRODUCT_COLUMNS}\r\n")];
        for series in &demand.series {
            let case = (demand.usual(series) / CASES_A_DAY / series.unit()).max(1) * series.unit();
            let (measure, tolerance, buffer, case, per) = if series.is_weighed {
                ("weighed", 8, 3, format!("{case} g"), "hundred_grams")
            } else {
                ("counted", 0, 0, case.to_string(), "piece")
            };
            let name = series.name.replace('"', "");
            rows.push(format!(
                "{},\"{name}\",\"{name}\",\"{name}\",{CATEGORY},{measure},{tolerance},{buffer},ambient,\
                 {SHELF_LIFE_DAYS},1,exempt,vat_9,{case},{price},{per},{code}\r\n",
                series.code,
            ));
        }
        let report = world.shop.send_file("manager", path, rows.concat()).await?.done(path)?;
        world.tally.add("files", "products_created", number(&report, "created")?);
    }
    Ok(())
}

fn price_in(currency: &str) -> i64 {
    PRICES.iter().find(|(known, _)| *known == currency).map_or(1, |(_, price)| *price)
}

/// In the night in which the shop is founded its last day is not over: the history up to then is entered.
pub(crate) async fn remember(world: &mut World) -> Result<(), SimError> {
    enter_history(world, -HISTORY_DAYS..-1).await
}

/// On the first morning the last day of the history is over.
pub(crate) async fn morning(world: &mut World, day: u32) -> Result<(), SimError> {
    if day == 0 { enter_history(world, -1..0).await } else { Ok(()) }
}

/// Enters what was sold on some days before the run, by file.
async fn enter_history(world: &mut World, days: std::ops::Range<i64>) -> Result<(), SimError> {
    let Some(wants) = &world.demand else { return Ok(()) };
    let mut rows = vec![format!("{SALES_COLUMNS}\r\n")];
    for (at, site) in world.sites.iter().enumerate() {
        let (first, price) = (site.time.date(world.start), price_in(&site.currency));
        for series in &wants.demand.series {
            for day in days.clone() {
                let sold = share(wants.demand.wanted(series, day), at, world.sites.len());
                let amount = if series.is_weighed { format!(",{sold} g") } else { format!("{sold},") };
                let (revenue, on) = (sold / series.unit() * price, first.saturating_add(day.days()));
                let cost = revenue * COST_PCT / 100;
                rows.push(format!("{},{},{on},{amount},{revenue},{cost}\r\n", site.code, series.code));
            }
        }
    }
    let path = "/api/imports/sales";
    world.awake("buyer").await?;
    let report = world.shop.send_file("buyer", path, rows.concat()).await?.done(path)?;
    world.tally.add("market", "sales_days_recorded", number(&report, "created")?);
    Ok(())
}

/// Enters the orders of all days into the agenda, each for somebody who lives near its site.
pub(crate) fn schedule(world: &mut World) {
    let Some(wants) = &world.demand else { return };
    let mut turns: BTreeMap<usize, usize> = BTreeMap::new();
    for basket in &wants.baskets {
        let neighbours = world.customers.iter().enumerate().filter(|(_, customer)| customer.site == basket.site);
        let neighbours: Vec<usize> = neighbours.map(|(at, _)| at).collect();
        let turn = turns.entry(basket.site).or_default();
        let Some(customer) = neighbours.get(*turn % neighbours.len().max(1)).copied() else { continue };
        *turn += 1;
        let goods = basket.lines.iter().filter_map(|(series, amount)| {
            Some(Wanted { code: wants.demand.series.get(*series)?.code.clone(), amount: *amount })
        });
        let wish = Wish::These { day: basket.day, goods: goods.collect() };
        let at = world.start.plus_millis(i64::from(basket.day) * DAY_MS + basket.millis);
        world.agenda.enter(at, Doing::Order { customer, wish });
    }
}

/// Remembers which order came of a day's demand.
pub(crate) fn came_of(world: &mut World, day: u32, order: &str) {
    if let Some(wants) = &mut world.demand {
        wants.ordered.push((day, order.to_owned()));
    }
}

/// What of a product was wanted, ordered and handed over, day by day.
#[derive(Clone, Debug, Default)]
struct Days {
    wanted: Vec<i64>,
    ordered: Vec<i64>,
    handed_over: Vec<i64>,
}

impl Days {
    fn of(days: usize) -> Self {
        Self { wanted: vec![0; days], ordered: vec![0; days], handed_over: vec![0; days] }
    }

    fn add(&mut self, other: &Self) {
        let sum = |to: &mut [i64], of: &[i64]| to.iter_mut().zip(of).for_each(|(to, of)| *to += of);
        sum(&mut self.wanted, &other.wanted);
        sum(&mut self.ordered, &other.ordered);
        sum(&mut self.handed_over, &other.handed_over);
    }

    fn told(&self) -> Value {
        json!({ "wanted": self.wanted, "ordered": self.ordered, "handed_over": self.handed_over })
    }
}

/// Orders in these states are nobody's any more, or never were.
const NOT_ORDERED: [&str; 4] = ["placed", "held", "declined", "cancelled"];

/// What was wanted, what of it was ordered, and what of that was handed over: by day, in all and of every product.
pub(crate) async fn report(world: &mut World) -> Result<Option<Value>, SimError> {
    let Some(wants) = &world.demand else { return Ok(None) };
    let (demand, ordered) = (wants.demand.clone(), wants.ordered.clone());
    let mut products: BTreeMap<String, Days> = BTreeMap::new();
    for series in &demand.series {
        let mut days = Days::of(usize::try_from(world.days).unwrap_or(0));
        days.wanted = (0..i64::from(world.days)).map(|day| demand.wanted(series, day)).collect();
        products.insert(series.code.clone(), days);
    }
    for (day, order) in ordered {
        let path = format!("/api/orders/{order}");
        let order = world.shop.get("manager", &path).await?.done(&path)?;
        let state = text(&order, "state")?;
        if NOT_ORDERED.contains(&state) {
            continue;
        }
        for line in list(&order, "lines")? {
            let Some(days) = products.get_mut(text(line, "code")?) else { continue };
            let unit = if text(line, "measure")? == "weighed" { "grams" } else { "pieces" };
            let amount = |of: &str| line.pointer(&format!("/{of}/{unit}")).and_then(Value::as_i64).unwrap_or(0);
            let day = usize::try_from(day).unwrap_or(usize::MAX);
            if let Some(sum) = days.ordered.get_mut(day) {
                *sum += amount("ordered");
            }
            if let Some(sum) = days.handed_over.get_mut(day).filter(|_| state == "handed_over") {
                *sum += amount("sent");
            }
        }
    }
    Ok(Some(told(world.days, &demand, &products)))
}

fn told(days: u32, demand: &Demand, products: &BTreeMap<String, Days>) -> Value {
    let nothing = Days::of(usize::try_from(days).unwrap_or(0));
    let (mut pieces, mut grams) = (nothing.clone(), nothing);
    for series in &demand.series {
        let Some(days) = products.get(&series.code) else { continue };
        if series.is_weighed { grams.add(days) } else { pieces.add(days) }
    }
    let products: BTreeMap<&str, Value> = products.iter().map(|(code, days)| (code.as_str(), days.told())).collect();
    json!({ "from": demand.from.to_string(), "pieces": pieces.told(), "grams": grams.told(), "products": products })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn baskets_spend_the_demand_of_the_day_to_the_gram() {
        let file = "unique_id,ds,y\nEGGS,2011-01-29,3\nEGGS,2011-03-26,7\nBREAD,2011-03-26,31.57\n";
        let demand = Demand::read(file).unwrap();
        for (seed, sites) in (1..=20).flat_map(|seed| [(seed, 1), (seed, 2)]) {
            let wants = Wants::drawn(demand.clone(), sites, 1, &mut Chance::of(seed, "demand"));
            let lines = || wants.baskets.iter().flat_map(|basket| &basket.lines);
            let spent = |of: usize| lines().filter(|(series, _)| *series == of).map(|(_, amount)| amount).sum::<i64>();
            assert_eq!((spent(0), spent(1)), (3_157, 7), "seed {seed}, {sites} sites");
            assert!(lines().all(|(series, amount)| *amount >= if *series == 0 { 100 } else { 1 }), "no crumbs");
        }
    }
}
