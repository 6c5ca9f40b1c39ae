//! The recall of the last evening: first rehearsed and timed, then done.

use std::time::Instant as Stopwatch;

use serde_json::{Value, json};

use crate::{
    SimError, counts,
    day::Doing,
    shop::{list, text},
    world::World,
};

const RECALL_MINUTE: i64 = 21 * 60 + 35;
/// Lots that the inspector looks at before choosing one that many customers have.
const LOOKED_AT: usize = 8;

/// Enters the recall of the last day.
pub(crate) fn after(world: &mut World, day: u32) {
    if day + 1 != world.days {
        return;
    }
    let Some(site) = world.sites.first() else { return };
    let evening = site.time.at(site.time.date(world.now), RECALL_MINUTE);
    world.agenda.enter(evening, Doing::Recall { site: 0 });
}

pub(crate) async fn recall(world: &mut World, site: usize) -> Result<(), SimError> {
    let Some(id) = world.sites.get(site).map(|site| site.id.clone()) else { return Ok(()) };
    counts::sign_in(world, &["inspector", "desk"]).await?;
    let Some(lot) = choose(world, &id).await? else { return Ok(()) };
    let path = "/api/recalls";
    let body = |kind: &str| json!({ "lot": lot, "kind": kind, "reason": "residue above the limit" });

    let stopwatch = Stopwatch::now();
    let drill = world.shop.post("inspector", path, body("drill")).await?.done(path)?;
    world.drill = Some(stopwatch.elapsed());
    count(world, "recall_drill", &drill)?;

    let recall = world.shop.post("inspector", path, body("real")).await?.done(path)?;
    count(world, "recall", &recall)?;
    let path = format!("/api/recalls/{}/contacts", text(&recall, "id")?);
    let contacts = world.shop.get("desk", &path).await?.done(&path)?;
    let mut called: Vec<&str> =
        contacts.as_array().into_iter().flatten().filter_map(|contact| contact["customer"].as_str()).collect();
    called.sort_unstable();
    called.dedup();
    for customer in called {
        let path = format!("/api/recalls/{}/customers/{customer}/reach", text(&recall, "id")?);
        world.shop.post("desk", &path, json!({})).await?.done(&path)?;
        world.tally.count("recall", "customers_reached");
    }
    Ok(())
}

/// Among the first lots of the house the one that went through the most doors.
async fn choose(world: &mut World, site: &str) -> Result<Option<String>, SimError> {
    let mut stock = world.shop.all("inspector", &format!("/api/stock?site={site}")).await?;
    stock.sort_by_key(|line| {
        let word = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        (word("sku_code"), word("lot_code"))
    });
    stock.dedup_by_key(|line| line["lot"].as_str().map(str::to_owned));
    let mut chosen: Option<(usize, String)> = None;
    for line in stock.iter().take(LOOKED_AT) {
        let lot = text(line, "lot")?;
        let path = format!("/api/lots/{lot}/trace?direction=forward");
        let trace = world.shop.get("inspector", &path).await?.done(&path)?;
        let legs = trace["trace"]["lots"].as_array().into_iter().flatten();
        let doors = legs
            .flat_map(|traced| traced["went"].as_array().into_iter().flatten())
            .filter(|leg| leg["kind"] == "customer")
            .count();
        if chosen.as_ref().is_none_or(|(most, _)| doors > *most) {
            chosen = Some((doors, lot.to_owned()));
        }
    }
    Ok(chosen.map(|(_, lot)| lot))
}

fn count(world: &mut World, chapter: &str, recall: &Value) -> Result<(), SimError> {
    let size = |list: &[Value]| i64::try_from(list.len()).unwrap_or(0);
    world.tally.add(chapter, "lots", size(list(recall, "lots")?));
    world.tally.add(chapter, "orders", size(list(recall, "customers")?));
    world.tally.add(chapter, "balanced", i64::from(recall["balanced"] == true));
    for lot in list(recall, "lots")? {
        for part in ["came", "sold", "other", "on_hand"] {
            world.tally.add(chapter, &format!("grams_{part}"), lot[part]["grams"].as_i64().unwrap_or(0));
        }
    }
    Ok(())
}
