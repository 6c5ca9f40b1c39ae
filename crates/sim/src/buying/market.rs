//! Before the buyer asks for anything, the buyer has looked at what the market asks.

use serde_json::{Value, json};

use super::suppliers::asks;
use crate::{
    SimError,
    chance::Chance,
    shop::number,
    world::{Sku, World},
};

/// Around what a supplier asks, in hundredths of the selling price, and how far a market's day spreads from it.
const MIDDLE_PCT: (i64, i64) = (58, 66);
const SPREAD_PCT: i64 = 6;

/// Notes what the wholesale market asks today for everything that the site sells.
pub(super) async fn observe(world: &mut World, site: usize) -> Result<(), SimError> {
    let Some(known) = world.sites.get(site) else { return Ok(()) };
    let today = known.time.date(world.now);
    let mut chance = Chance::of(world.seed, &format!("market {} {today}", known.code));
    let mut rows = Vec::new();
    for sku in &known.skus {
        let middle_pct = chance.within(MIDDLE_PCT.0, MIDDLE_PCT.1);
        let (upper, middle) = (asked(sku, middle_pct + SPREAD_PCT), asks(sku, middle_pct));
        rows.push(json!({
            "market": format!("{} wholesale", known.code), "sku": sku.id, "day": today.to_string(),
            "currency": known.currency, "base": middle.get("base"), "upper": upper, "middle": middle.get("money"),
            "lower": asked(sku, middle_pct - SPREAD_PCT), "source": "the buyer at the market",
        }));
    }
    world.awake("buyer").await?;
    let path = "/api/market/quotes";
    let done = world.shop.post("buyer", path, json!({ "rows": rows })).await?.done(path)?;
    world.tally.add("market", "prices_observed", number(&done, "created")?);
    Ok(())
}

fn asked(sku: &Sku, price_pct: i64) -> Value {
    asks(sku, price_pct).get("money").cloned().unwrap_or_default()
}
