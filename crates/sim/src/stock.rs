//! What is on the shelves when the day begins.

use serde_json::json;

use crate::{SimError, world::World};

/// Enters the goods that were bought at the night market: enough for the day's orders and a little over.
pub(crate) async fn fill_the_shelves(world: &mut World, _day: u32) -> Result<(), SimError> {
    let sites = i64::try_from(world.sites.len()).unwrap_or(1).max(1);
    let orders_today = i64::from(world.orders) / i64::from(world.days.max(1)) / sites + 2;
    for at in 0..world.sites.len() {
        let Some(site) = world.sites.get(at) else { continue };
        let (today, skus) = (site.time.date(world.now), site.skus.clone());
        let count = i64::try_from(skus.len()).unwrap_or(1).max(1);
        for (nth, sku) in skus.iter().enumerate() {
            // Four lines an order, spread over the assortment, with a third more for the days that differ.
            let lines = orders_today * 4 / count + 1;
            let ordered = lines * 3 / 2 + 2;
            let (quantity, base) = match sku.measure.as_str() {
                "weighed" => (json!({ "grams": ordered * 900 }), json!({ "weight": "kilogram" })),
                "catch_weight" => {
                    let pieces = ordered * 2;
                    (json!({ "pieces": pieces, "grams": pieces * sku.nominal_grams }), json!({ "weight": "kilogram" }))
                }
                _ => (json!({ "pieces": ordered * 2 }), json!("piece")),
            };
            let Some(site) = world.sites.get(at) else { continue };
            let Some((_, bin)) = site.bins.get(&sku.class).and_then(|bins| bins.get(nth % bins.len().max(1))) else {
                continue;
            };
            let life = sku.life_days + world.buyers.within(0, 1);
            let use_by = today.saturating_add(jiff::Span::new().days(life.clamp(2, 700)));
            let cost = cost_of(&sku.price, &sku.measure);
            let body = json!({
                "place": bin, "sku": sku.id, "quantity": quantity, "use_by": use_by.to_string(),
                "origin": "night market", "unit_cost": { "money": cost, "base": base },
            });
            let path = "/api/stock/openings";
            world.shop.post("manager", path, body).await?.done(path)?;
            world.tally.count("stock", "lots_opened");
        }
    }
    Ok(())
}

/// Six tenths of the selling price, per piece or per kilogram.
fn cost_of(price: &serde_json::Value, measure: &str) -> i64 {
    let money = price.get("money").and_then(serde_json::Value::as_i64).unwrap_or(1);
    let grams = match price.pointer("/base/weight").and_then(serde_json::Value::as_str) {
        Some("jin") => 500,
        Some("taiwan_jin") => 600,
        Some("hundred_grams") => 100,
        Some("kilogram") => 1000,
        _ => 0,
    };
    let per_kilogram = if measure == "counted" || grams == 0 { money } else { money * 1000 / grams };
    (per_kilogram * 6 / 10).max(1)
}
