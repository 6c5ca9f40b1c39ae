//! A lot whose label outlives its harvest date plus life, on one of the day's trucks.

use serde_json::Value;

use super::{Finding, Kind, Spot, Step};
use crate::{
    DAY_MS, SimError,
    buying::mislabelled::Waiting,
    chance::Chance,
    shop::{list, text},
    world::World,
};

pub(super) const KIND: Kind = Kind { name: "label_outlives_goods", place, plant, look };

/// In the night before a day, before the first truck has come.
const HOURS_BEFORE_MORNING: i64 = 2;
/// Even a quiet day has so many fresh lots; of a file's few products perhaps one, and surely only on the first day,
/// when the shelves are empty.
const LOTS: i64 = 3;

fn place(world: &World, chance: &mut Chance) -> Option<Spot> {
    let (days, lots) = if world.demand.is_some() { (1, 1) } else { (i64::from(world.days), LOTS) };
    let day = chance.within(0, days - 1);
    let last = i64::try_from(world.sites.len()).ok()? - 1;
    let site = usize::try_from(chance.within(0, last)).ok()?;
    let nth = chance.within(1, lots);
    let at = world.start.plus_millis(day * DAY_MS).plus_minutes(-HOURS_BEFORE_MORNING * 60);
    Some(Spot { at, site, what: nth.to_string() })
}

fn plant(world: &mut World, entry: usize, spot: Spot) -> Step<'_, ()> {
    Box::pin(async move {
        let nth: i64 = spot.what.parse().unwrap_or(1);
        world.buying.mislabelled.push(Waiting { entry, site: spot.site, lots_before: nth - 1 });
        Ok(())
    })
}

/// The buyer goes through the arrivals of the last day: what stood against their lines.
fn look(world: &mut World) -> Step<'_, Vec<Finding>> {
    Box::pin(async move {
        let since = world.now.plus_millis(-DAY_MS).plus_minutes(-60);
        let mut found = Vec::new();
        for at in 0..world.sites.len() {
            let Some(site) = world.sites.get(at).map(|site| site.id.clone()) else { continue };
            for arrival in world.shop.all("buyer", &format!("/api/arrivals?site={site}")).await? {
                let arrived: kernel::Instant = text(&arrival, "arrived_at")?
                    .parse()
                    .map_err(|_| SimError::Incomplete("arrived_at", arrival.to_string()))?;
                if arrived < since {
                    continue;
                }
                let path = format!("/api/arrivals/{}", text(&arrival, "id")?);
                let report = world.shop.get("buyer", &path).await?.done(&path)?;
                found.extend(told(&report)?);
            }
        }
        Ok(found)
    })
}

fn told(report: &Value) -> Result<Vec<Finding>, SimError> {
    let mut found = Vec::new();
    for inspection in list(report, "inspections")? {
        let cause = text(inspection, "faults")?;
        if !cause.contains("label_outlives_goods") {
            continue;
        }
        let line = text(inspection, "line")?;
        for known in list(report, "lines")?.iter().filter(|known| known.get("id").and_then(Value::as_str) == Some(line))
        {
            found.push(Finding { object: text(known, "lot")?.to_owned(), cause: cause.to_owned() });
        }
    }
    Ok(found)
}
