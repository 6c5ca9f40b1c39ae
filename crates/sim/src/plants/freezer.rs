//! A freezer above −12 °C for 90 minutes, at night when nobody looks.

use kernel::Instant;
use serde_json::Value;

use super::{Finding, Kind, Spot, Step, was_done};
use crate::{
    DAY_MS, SimError,
    chance::Chance,
    shop::{list, text},
    world::World,
};

pub(super) const KIND: Kind = Kind { name: "freezer_warm", place, plant, look };

/// Between 21:00 and 02:30, so that the ninety minutes are over before anybody comes.
const FROM_MINUTE: i64 = 15 * 60;
const UNTIL_MINUTE: i64 = 20 * 60 + 30;
/// Frozen goods warmer than this, in tenths of a degree, are no longer taken for frozen.
const LIMIT: i64 = -120;

fn place(world: &World, chance: &mut Chance) -> Option<Spot> {
    let day = chance.within(0, i64::from(world.days) - 1);
    let last = i64::try_from(world.sites.len()).ok()? - 1;
    let site = usize::try_from(chance.within(0, last)).ok()?;
    let minute = chance.within(FROM_MINUTE / 5, UNTIL_MINUTE / 5) * 5;
    let at = world.start.plus_millis(day * DAY_MS).plus_minutes(minute);
    Some(Spot { at, site, what: "the freezer".to_owned() })
}

#[expect(clippy::needless_pass_by_value, reason = "every kind is planted by a function of this shape")]
fn plant(world: &mut World, entry: usize, spot: Spot) -> Step<'_, ()> {
    Box::pin(async move {
        let Spot { at, site, .. } = spot;
        world.sensors.fail(site, at);
        let Some(probe) = world.sensors.freezer_of(site).map(str::to_owned) else { return Ok(()) };
        was_done(world, entry, &probe)
    })
}

/// The food safety auditor goes through the alarms of the night: freezers that were too warm, and what was stopped.
fn look(world: &mut World) -> Step<'_, Vec<Finding>> {
    Box::pin(async move {
        let mut found = Vec::new();
        for at in 0..world.sites.len() {
            let Some(site) = world.sites.get(at).map(|site| site.id.clone()) else { continue };
            for excursion in world.shop.all("auditor", &format!("/api/excursions?site={site}")).await? {
                let began: Instant = text(&excursion, "began_at")?
                    .parse()
                    .map_err(|_| SimError::Incomplete("began_at", excursion.to_string()))?;
                let peak = excursion.get("peak").and_then(Value::as_i64);
                let frozen = excursion.get("class").and_then(Value::as_str) == Some("frozen");
                if !frozen || began < world.now.plus_millis(-DAY_MS) || peak.is_none_or(|peak| peak <= LIMIT) {
                    continue;
                }
                let path = format!("/api/excursions/{}", text(&excursion, "id")?);
                let sheet = world.shop.get("auditor", &path).await?.done(&path)?;
                let lots = list(&sheet, "quarantines")?.len();
                let cause = format!("{}, {lots} lots quarantined", text(&excursion, "kind")?);
                found.push(Finding { object: text(&excursion, "probe")?.to_owned(), cause });
            }
        }
        Ok(found)
    })
}
