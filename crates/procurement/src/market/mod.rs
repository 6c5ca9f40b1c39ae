//! Step 1.1 市場調研. What was sold, what the market asks, what sells best, and what will be wanted.
//!
//! Sales come from files, from other systems, and from every order that is settled here. A day on which the goods ran
//! out has not shown its demand and is never taken for a weak one. Never decides what is bought.

pub mod events;
mod forecasting;
pub mod http;
mod refusal;
mod rules;
mod store;

use std::collections::{BTreeMap, BTreeSet};

use ::events::{Object, tell};
use ::store::Tx;
use catalog::Sku;
use forecast::Seller;
use kernel::{Date, Money, SiteId, SkuId, Stamp};

pub(crate) use forecasting::{Foresight, Pasts, SKUS_MAX, pasts};
pub use refusal::MarketRefusal;
pub use rules::{
    DemandForecast, ForecastDay, Forecasting, HotSeller, NewPriceQuote, NewSalesDay, PriceQuote, Recorded, Sale,
    SalesDay, ShelfState, Straying, Variability,
};

use events::{QuotesRecorded, SalesRecorded};
pub(crate) use rules::day_number;

/// As many rows as one command takes.
pub const ROWS_MAX: usize = 1_000;

/// Rows that cannot be recorded, counted from zero, and why.
pub type Unfit = BTreeMap<usize, MarketRefusal>;

/// Which of these days of sales cannot be recorded; of all of them the products must be known.
pub async fn unfit_sales(tx: &mut Tx, stamp: &Stamp, rows: &[NewSalesDay]) -> Result<Unfit, MarketRefusal> {
    skus_of(tx, rows.iter().map(|row| row.sku)).await?;
    let mut todays = BTreeMap::new();
    for site in rows.iter().map(|row| row.site).collect::<BTreeSet<_>>() {
        todays.insert(site, catalog::site(tx, site).await?.time.business_day(stamp.at));
    }
    let mut unfit = Unfit::new();
    let mut seen = BTreeSet::new();
    for (nth, row) in rows.iter().enumerate() {
        let day = row.day;
        if todays.get(&row.site).is_some_and(|today| day >= *today) {
            unfit.insert(nth, MarketRefusal::DayNotOver { nth, day });
        } else if !seen.insert((row.site, row.sku, day)) {
            unfit.insert(nth, MarketRefusal::RowTwice { nth, day });
        }
    }
    Ok(unfit)
}

/// Records days of sales. A day that is known is replaced, so that a file can be sent again.
pub async fn record_sales(tx: &mut Tx, stamp: &Stamp, rows: &[NewSalesDay]) -> Result<Recorded, MarketRefusal> {
    if let Some((_, refusal)) = unfit_sales(tx, stamp, rows).await?.pop_first() {
        return Err(refusal);
    }
    let (mut done, mut by_site) = (Recorded::default(), BTreeMap::new());
    let mut news = Vec::new();
    for (row, known) in rows.iter().zip(store::sales_days(tx, rows).await?) {
        done.count(known.as_ref(), row);
        by_site.entry(row.site).or_insert_with(Recorded::default).count(known.as_ref(), row);
        if known.as_ref() != Some(row) {
            news.push(row);
        }
    }
    store::put_sales_days(tx, stamp, &news).await?;
    for (site, done) in by_site {
        let days = || rows.iter().filter(move |row| row.site == site).map(|row| row.day);
        let (Some(from), Some(through)) = (days().min(), days().max()) else { continue };
        let body = SalesRecorded { rows: done.rows, created: done.created, changed: done.changed, from, through };
        tell(tx, stamp, Object::of(site), &[], &body).await?;
    }
    Ok(done)
}

/// Records wholesale prices. A price that is known is replaced, so that a file can be sent again.
pub async fn record_quotes(tx: &mut Tx, stamp: &Stamp, rows: &[NewPriceQuote]) -> Result<Recorded, MarketRefusal> {
    let skus = skus_of(tx, rows.iter().map(|row| row.sku)).await?;
    let mut seen = BTreeSet::new();
    for (nth, row) in rows.iter().enumerate() {
        let price = kernel::Price { money: row.middle, base: row.base };
        if let Some(sku) = skus.get(&row.sku).filter(|sku| !price.suits(sku.measure)) {
            return Err(MarketRefusal::PriceBaseUnsuited { nth, sku: sku.code.clone(), base: row.base.code() });
        }
        if !seen.insert((row.sku, row.market.as_str(), row.grade.as_str(), row.day)) {
            return Err(MarketRefusal::RowTwice { nth, day: row.day });
        }
    }
    let (mut done, mut by_sku) = (Recorded::default(), BTreeMap::new());
    let mut news = Vec::new();
    for (row, known) in rows.iter().zip(store::quotes_known(tx, rows).await?) {
        let seen = known.as_ref().map(|known| &known.seen);
        done.count(seen, row);
        by_sku.entry(row.sku).or_insert_with(Recorded::default).count(seen, row);
        match known {
            Some(known) if known.seen == *row => {}
            Some(known) => news.push((known.id, row)),
            None => news.push((stamp.mint(), row)),
        }
    }
    store::put_quotes(tx, stamp, &news).await?;
    for (sku, done) in by_sku {
        let days = || rows.iter().filter(move |row| row.sku == sku).map(|row| row.day);
        let (Some(from), Some(through)) = (days().min(), days().max()) else { continue };
        let body = QuotesRecorded { rows: done.rows, created: done.created, changed: done.changed, from, through };
        tell(tx, stamp, Object::of(sku), &[], &body).await?;
    }
    Ok(done)
}

/// The products that rows name, each looked up once.
async fn skus_of(tx: &mut Tx, named: impl Iterator<Item = SkuId>) -> Result<BTreeMap<SkuId, Sku>, MarketRefusal> {
    let mut skus = BTreeMap::new();
    for sku in named.collect::<BTreeSet<_>>() {
        skus.insert(sku, catalog::sku(tx, sku).await?);
    }
    Ok(skus)
}

/// Notes what a settled order has sold. The flow that settles it calls this in the same transaction.
pub async fn note_sales(tx: &mut Tx, stamp: &Stamp, site: SiteId, sales: &[Sale]) -> Result<(), MarketRefusal> {
    let day = catalog::site(tx, site).await?.time.business_day(stamp.at);
    store::add_sales(tx, site, day, sales, stamp.at).await?;
    let sold_out = sales.iter().filter(|sale| sale.shelf == ShelfState::SoldOut).map(|sale| sale.sku);
    Ok(store::note_sold_out(tx, site, sold_out, day, stamp.at).await?)
}

/// Notes that a shelf was found empty while people were buying.
pub async fn note_sold_out(tx: &mut Tx, stamp: &Stamp, site: SiteId, sku: SkuId) -> Result<(), MarketRefusal> {
    let day = catalog::site(tx, site).await?.time.business_day(stamp.at);
    Ok(store::note_sold_out(tx, site, [sku], day, stamp.at).await?)
}

/// What was sold of a product, day by day, both days included. A day on which the shop sold other things and none of
/// this is a day of zero, from its first sale on.
pub async fn history(
    tx: &mut Tx,
    site: SiteId,
    sku: SkuId,
    from: Date,
    through: Date,
) -> Result<Vec<SalesDay>, MarketRefusal> {
    let known = store::known_days(tx, site, &[sku], from, through).await?.pop().unwrap_or_default();
    let open = match known.first() {
        Some(first) => store::open_days(tx, site, first, through).await?,
        None => Vec::new(),
    };
    Ok(known.joined(&open))
}

/// Ranks what sold in the days up to `through`, against as many days before.
pub async fn hot_sellers(tx: &mut Tx, site: SiteId, through: Date, days: i64) -> Result<Vec<HotSeller>, MarketRefusal> {
    let back = |count: i64| through.saturating_sub(jiff::Span::new().days(count));
    let (from, before) = (back(days - 1), back(2 * days - 1));
    let costs: BTreeMap<SkuId, Money> = accounts::journal::cost_by_sku(tx, site, from, through).await?;
    let mut sellers = Vec::new();
    let mut codes = BTreeMap::new();
    for sku in store::skus_sold(tx, site, before, through).await? {
        let known: Sku = catalog::sku(tx, sku).await?;
        let sold = history(tx, site, sku, before, through).await?;
        let period: Vec<&SalesDay> = sold.iter().filter(|day| day.day >= from).collect();
        let recorded = store::recorded_cost(tx, site, sku, from, through).await?;
        let cost = costs.get(&sku).copied().unwrap_or(Money::ZERO) + recorded;
        let revenue: Money = period.iter().map(|day| day.revenue).sum();
        let mut daily: Vec<i64> = period.iter().map(|day| day.amount).collect();
        // Days of which nothing is known were days without a sale.
        daily.resize(usize::try_from(days).unwrap_or(0).max(daily.len()), 0);
        let earlier = sold.iter().filter(|day| day.day < from).map(|day| day.amount).sum();
        sellers.push(Seller { key: sku, margin: (revenue - cost).minor(), daily, before: earlier });
        codes.insert(sku, known.code);
    }
    let ranked = forecast::rank(sellers).into_iter().map(|rank| HotSeller {
        sku: rank.key,
        sku_code: codes.get(&rank.key).cloned().unwrap_or_default(),
        margin: Money(rank.margin),
        volume: rank.volume,
        volume_before: rank.before,
        by_margin: rank.by_margin,
        by_volume: rank.by_volume,
        variability: rank.variability.into(),
        variation_bp: rank.variation_bp,
        growth_bp: rank.growth_bp,
    });
    Ok(ranked.collect())
}

/// Prices of a product that were seen, the latest day first.
pub async fn quotes(tx: &mut Tx, sku: SkuId, from: Date, through: Date) -> Result<Vec<PriceQuote>, MarketRefusal> {
    catalog::sku(tx, sku).await?;
    Ok(store::quotes(tx, sku, from, through).await?)
}
