//! What will be wanted. The past is read first, in one picture; forecasting takes its time outside of every transaction.

use std::collections::BTreeMap;

use ::store::Tx;
use catalog::{Listing, Sku};
use forecast::{Day, Forecast, Past, Shelf};
use kernel::{Date, SiteId, SkuId};

use super::{
    DemandForecast, ForecastDay, Forecasting, MarketRefusal, SalesDay, ShelfState, Straying, day_number, store,
};

/// More products than a site has.
pub(crate) const SKUS_MAX: i64 = 1_000;

/// What products sold at a site, up to the eve of a day.
#[derive(Debug)]
pub(crate) struct Pasts {
    forecasting: Forecasting,
    from: Date,
    skus: Vec<SkuId>,
    pasts: Vec<Past>,
}

/// Reads as much of the past of everything that is traded as the rule learns from. Of everything, because products tell
/// of each other: one that is `asked` for by itself is told as it would be beside the others.
pub(crate) async fn pasts(
    tx: &mut Tx,
    forecasting: Forecasting,
    site: SiteId,
    asked: Option<Sku>,
    from: Date,
) -> Result<Pasts, MarketRefusal> {
    let mut traded = catalog::skus(tx, None, None, SKUS_MAX).await?;
    traded.retain(|sku| sku.listing != Listing::Retired);
    // What is asked for is told even if it is retired, or stands behind more products than are read.
    traded.extend(asked.filter(|asked| traded.iter().all(|sku| sku.id != asked.id)));
    let skus: Vec<SkuId> = traded.iter().map(|sku: &Sku| sku.id).collect();
    let first = from.saturating_sub(jiff::Span::new().days(forecasting.learnt_days()));
    let eve = from.yesterday().unwrap_or(from);
    let known = store::known_days(tx, site, &skus, first, eve).await?;
    let open = store::open_days(tx, site, first, eve).await?;
    let days = known.iter().map(|known| known.joined(&open).iter().map(learnt).collect());
    let pasts = traded.into_iter().zip(days).map(|(sku, days)| Past { category: sku.category, days }).collect();
    Ok(Pasts { forecasting, from, skus, pasts })
}

fn learnt(day: &SalesDay) -> Day {
    let shelf = match (day.shelf, day.share_bp) {
        (ShelfState::Stocked, _) => Shelf::Stocked,
        (ShelfState::SoldOut, Some(share_bp)) => Shelf::SoldOut { share_bp },
        (ShelfState::SoldOut, None) => Shelf::SoldOutSometime,
    };
    Day { day: day_number(day.day), sold: day.amount, shelf }
}

impl Pasts {
    /// What will be wanted from the day on up to which the past is known, for so many days. Of products that nobody ever
    /// sold something is said only where their category tells it.
    pub(crate) fn foresee(&self, days: usize) -> Foresight {
        let rule = self.forecasting.rule();
        let told = rule.forecast_all(&self.pasts, day_number(self.from), days);
        let forecasts = self.skus.iter().zip(told).filter_map(|(sku, told)| Some((*sku, told?))).collect();
        Foresight { forecasting: self.forecasting, engine: rule.name(), from: self.from, forecasts }
    }
}

/// What will be wanted of each product.
#[derive(Debug)]
pub(crate) struct Foresight {
    pub(crate) forecasting: Forecasting,
    engine: &'static str,
    pub(crate) from: Date,
    forecasts: BTreeMap<SkuId, Forecast>,
}

impl Foresight {
    pub(crate) fn of(&self, sku: SkuId) -> Option<&Forecast> {
        self.forecasts.get(&sku)
    }

    /// One product's demand, told day by day.
    pub(crate) fn told(&self, site: SiteId, sku: SkuId, days: i64) -> Option<DemandForecast> {
        let found = self.of(sku)?;
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let told = (0..days).map(|nth| {
            let day = self.from.saturating_add(jiff::Span::new().days(nth));
            let at = day_number(day);
            let quantile = |bp| found.quantile_hundredths(at..at + 1, bp);
            ForecastDay {
                day,
                mean_hundredths: found.mean_hundredths(at..at + 1),
                p10_hundredths: quantile(1_000),
                p50_hundredths: quantile(5_000),
                p90_hundredths: quantile(9_000),
            }
        });
        Some(DemandForecast {
            site,
            sku,
            engine: self.engine.to_owned(),
            history_days: number(found.history_days()),
            sold_out_days: number(found.sold_out_days()),
            strays: found.alarm().map(Straying::from),
            days: told.collect(),
        })
    }
}
