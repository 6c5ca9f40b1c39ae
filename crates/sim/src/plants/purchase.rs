//! A purchase above the limit, tried by a buyer who has asked nobody.

use serde_json::{Value, json};

use super::{Finding, Kind, Spot, Step, was_done};
use crate::{
    DAY_MS, SimError,
    chance::Chance,
    shop::{list, text},
    world::World,
};

pub(super) const KIND: Kind = Kind { name: "unapproved_purchase", place, plant, look };

/// Between the morning and the evening of a day.
const MINUTES: (i64, i64) = (60, 12 * 60);
/// Far more than a buyer may order alone.
const CASES: i64 = 200;

fn place(world: &World, chance: &mut Chance) -> Option<Spot> {
    let day = chance.within(0, i64::from(world.days) - 1);
    let at = world.start.plus_millis(day * DAY_MS).plus_minutes(chance.within(MINUTES.0, MINUTES.1));
    let last = i64::try_from(world.buying.suppliers.len()).ok()? - 1;
    let supplier = world.buying.suppliers.get(usize::try_from(chance.within(0, last.max(0))).ok()?)?;
    Some(Spot { at, site: supplier.site, what: supplier.code.clone() })
}

/// The buyer orders for the day after, as if the rules were for others. The refusal is the shop's business; that it
/// was tried is what somebody must be shown.
fn plant(world: &mut World, entry: usize, spot: Spot) -> Step<'_, ()> {
    Box::pin(async move {
        let Some(seller) = world.buying.suppliers.iter().find(|known| known.code == spot.what).cloned() else {
            return Ok(());
        };
        let Some(site) = world.sites.get(spot.site) else { return Ok(()) };
        let offered = |sku: &&crate::world::Sku| seller.categories.contains(&sku.category.as_str());
        let Some(sku) = site.skus.iter().find(offered) else { return Ok(()) };
        let amount = sku.case_amount * CASES;
        let quantity = if sku.measure == "weighed" { json!({ "grams": amount }) } else { json!({ "pieces": amount }) };
        let tomorrow = site.time.business_day(world.now).saturating_add(jiff::Span::new().days(1));
        let body = json!({
            "site": site.id, "supplier": seller.id, "delivery_on": tomorrow.to_string(),
            "lines": [{ "sku": sku.id, "quantity": quantity }],
        });
        world.awake("buyer").await?;
        world.shop.post("buyer", "/api/purchase-orders", body).await?;
        was_done(world, entry, &seller.id)
    })
}

/// The auditor reads which purchases were tried without the signatures that they need.
fn look(world: &mut World) -> Step<'_, Vec<Finding>> {
    Box::pin(async move {
        let mut found = Vec::new();
        for at in 0..world.sites.len() {
            let Some(site) = world.sites.get(at).map(|site| site.id.clone()) else { continue };
            for attempt in world.shop.all("auditor", &format!("/api/purchase-attempts?site={site}")).await? {
                let missing: Vec<&str> = list(&attempt, "missing")?.iter().filter_map(Value::as_str).collect();
                let cause = format!("above the limit without: {}", missing.join(", "));
                found.push(Finding { object: text(&attempt, "supplier")?.to_owned(), cause });
            }
        }
        Ok::<_, SimError>(found)
    })
}
