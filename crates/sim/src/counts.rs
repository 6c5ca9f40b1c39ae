//! The night: some bins are counted, what differs is counted again and signed for, and what has run out is thrown
//! away before a witness.
//!
//! Shelves have no book of their own here: what lies there is what the shop thinks, but for the errors that hands
//! make, drawn from a stream of their own.

use serde_json::{Value, json};

use crate::{
    SimError,
    chance::Chance,
    day::Doing,
    shop::{Answer, list, text},
    world::World,
};

/// When the last van is back.
const NIGHT_MINUTE: i64 = 22 * 60 + 10;
/// When yesterday's goods are thrown away: the business day has turned and was swept.
const DISPOSAL_MINUTE: i64 = 4 * 60 + 40;
const BINS_A_NIGHT: usize = 4;
/// A shelf differs from its book this often in a thousand lines …
const DIFFERS_PER_MILLE: i64 = 120;
/// … and somebody miscounts this often what does not differ.
const MISCOUNTS_PER_MILLE: i64 = 40;

/// Enters the night that follows a morning.
pub(crate) fn after(world: &mut World, day: u32) {
    let evenings: Vec<_> = world
        .sites
        .iter()
        .enumerate()
        .map(|(at, site)| {
            let today = site.time.date(world.now);
            (
                at,
                site.time.at(today, NIGHT_MINUTE),
                site.time.at(today.saturating_add(jiff::Span::new().days(1)), DISPOSAL_MINUTE),
            )
        })
        .collect();
    for (site, night, morning) in evenings {
        world.agenda.enter(night, Doing::Count { site, day });
        world.agenda.enter(morning, Doing::Dispose { site });
    }
}

/// Counts the bins that the plan names, signs what differs, and closes the sheet.
pub(crate) async fn count(world: &mut World, site: usize, day: u32) -> Result<(), SimError> {
    let Some(id) = world.sites.get(site).map(|site| site.id.clone()) else { return Ok(()) };
    sign_in(world, &NIGHT_SHIFT).await?;
    let mut hands = Chance::of(world.seed, &format!("counters {site} {day}"));
    let path = format!("/api/count-plan?site={id}&limit={BINS_A_NIGHT}");
    let plan = world.shop.get("warehouse", &path).await?.done(&path)?;
    let places: Vec<&str> =
        plan.as_array().into_iter().flatten().filter_map(|bin| bin.get("place").and_then(Value::as_str)).collect();
    if places.is_empty() {
        return Ok(());
    }
    let path = "/api/count-sheets";
    let sheet = world.shop.post("warehouse", path, json!({ "site": id, "places": places })).await?.done(path)?;
    world.tally.count("counting", "sheets");
    let sheet_id = text(&sheet, "id")?.to_owned();
    let path = format!("/api/count-sheets/{sheet_id}/counts");
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for line in list(&sheet, "lines")? {
        let (seen, looked_at_well) = look(world, &id, line, &mut hands).await?;
        let entry =
            |quantity: &Value| json!({ "place": line["place"], "lot_code": line["lot_code"], "quantity": quantity });
        first.push(entry(&seen));
        second.push((line["place"].clone(), line["lot_code"].clone(), entry(&looked_at_well)));
        world.tally.count("counting", "lines");
    }
    if first.is_empty() {
        world.shop.post("warehouse", &format!("/api/count-sheets/{sheet_id}/close"), json!({})).await?.done(&path)?;
        return Ok(());
    }
    let after = world.shop.post("picker", &path, json!({ "counts": first })).await?.done(&path)?;
    let again: Vec<Value> = second
        .into_iter()
        .filter(|(place, lot, _)| {
            let lines = after["lines"].as_array().into_iter().flatten();
            lines
                .into_iter()
                .any(|line| line["place"] == *place && line["lot_code"] == *lot && line["state"] == "recount")
        })
        .map(|(_, _, entry)| entry)
        .collect();
    if !again.is_empty() {
        world.tally.add("counting", "recounts", i64::try_from(again.len()).unwrap_or(0));
        world.shop.post("picker2", &path, json!({ "counts": again })).await?.done(&path)?;
    }
    let path = format!("/api/count-sheets/{sheet_id}/close");
    let closed = world.shop.post("warehouse", &path, json!({})).await?.done(&path)?;
    for line in list(&closed, "lines")? {
        world.tally.count("counted_lines", text(line, "state")?);
    }
    sign(world, &id).await
}

/// What a person sees in a bin, at first and when they look again.
async fn look(world: &mut World, site: &str, line: &Value, hands: &mut Chance) -> Result<(Value, Value), SimError> {
    let (lot, place) = (text(line, "lot")?, text(line, "place")?);
    let stock = world.shop.all("warehouse", &format!("/api/stock?site={site}&lot={lot}")).await?;
    let held = stock.iter().find(|held| held["place"] == *place).map(|held| held["on_hand"].clone());
    let held = held.unwrap_or_default();
    let number = |name: &str| held.get(name).and_then(Value::as_i64).unwrap_or(0);
    let (pieces, grams) = (number("pieces"), number("grams"));
    let differs = hands.happens(DIFFERS_PER_MILLE);
    let miscounts = hands.happens(MISCOUNTS_PER_MILLE);
    let (fewer, lighter) = (hands.within(1, 2), hands.within(5, 60));
    let is = |off: bool| match text(line, "measure").unwrap_or_default() {
        "counted" => json!({ "pieces": if off { (pieces - fewer).max(0) } else { pieces } }),
        "weighed" => json!({ "grams": if off { (grams - grams * lighter / 1000).max(0) } else { grams } }),
        _ if pieces == 0 => json!({ "pieces": 0, "grams": 0 }),
        _ => {
            json!({ "pieces": pieces, "grams": if off { (grams - grams * lighter / 1000).max(pieces) } else { grams } })
        }
    };
    Ok((is(differs || miscounts), is(differs)))
}

/// The lead signs what a lead may sign; what is dearer is signed by finance.
async fn sign(world: &mut World, site: &str) -> Result<(), SimError> {
    for adjustment in world.shop.all("warehouse", &format!("/api/adjustments?site={site}")).await? {
        let missing = adjustment["variance"]["grams"].as_i64().unwrap_or(0) < 0;
        let pieces = adjustment["variance"]["pieces"].as_i64().unwrap_or(0);
        let reason = if missing && pieces == 0 { "natural_loss" } else { "count" };
        let path = format!("/api/adjustments/{}/approve", text(&adjustment, "id")?);
        let body = json!({ "reason": reason });
        let posted = match world.shop.post("warehouse", &path, body.clone()).await? {
            Answer::Done(posted) => posted,
            Answer::Refused(slug, _) if slug == "counting/finance-needed" => {
                world.tally.count("counting", "signed_by_finance");
                world.shop.post("finance", &path, body).await?.done(&path)?
            }
            Answer::Refused(slug, problem) => {
                return Err(SimError::Unexpected { path, slug, problem: problem.to_string() });
            }
        };
        world.tally.count("adjustments", text(&posted, "reason")?);
        world.tally.add("adjustments", "value", posted["value"].as_i64().unwrap_or(0));
    }
    Ok(())
}

/// Throws away what was proposed: a picker weighs, the lead watches and signs.
pub(crate) async fn dispose(world: &mut World, site: usize) -> Result<(), SimError> {
    let Some(id) = world.sites.get(site).map(|site| site.id.clone()) else { return Ok(()) };
    sign_in(world, &NIGHT_SHIFT).await?;
    for write_off in world.shop.all("picker", &format!("/api/write-offs?site={id}")).await? {
        let of = text(&write_off, "id")?.to_owned();
        let path = format!("/api/stock?site={id}&lot={}", text(&write_off, "lot")?);
        let stock = world.shop.all("warehouse", &path).await?;
        let held = stock.iter().find(|held| held["place"] == write_off["place"]);
        let measure = measure_of(world, site, text(&write_off, "sku")?);
        let Some(quantity) = held.map(|held| whole(&held["on_hand"], &measure)) else {
            let path = format!("/api/write-offs/{of}/withdraw");
            world.shop.post("warehouse", &path, json!({ "because": "gone before" })).await?.done(&path)?;
            world.tally.count("disposal", "withdrawn");
            continue;
        };
        let path = format!("/api/write-offs/{of}/weigh");
        let body = json!({ "quantity": quantity, "device": "SCALE-1" });
        world.shop.post("picker", &path, body).await?.done(&path)?;
        let path = format!("/api/write-offs/{of}/witness");
        let disposed = match world.shop.post("warehouse", &path, json!({})).await? {
            Answer::Done(disposed) => disposed,
            Answer::Refused(slug, _) if slug == "counting/finance-needed" => {
                world.shop.post("finance", &path, json!({})).await?.done(&path)?
            }
            Answer::Refused(slug, problem) => {
                return Err(SimError::Unexpected { path, slug, problem: problem.to_string() });
            }
        };
        world.tally.count("disposal", text(&disposed, "reason")?);
        world.tally.add("disposal", "value", disposed["value"].as_i64().unwrap_or(0));
        world.tally.add("disposal", "grams", disposed["gone"]["grams"].as_i64().unwrap_or(0));
    }
    Ok(())
}

/// All that lies there, as the scale will show it: what is sold by the piece and not by weight is only counted.
fn whole(on_hand: &Value, measure: &str) -> Value {
    match measure {
        "counted" => json!({ "pieces": on_hand["pieces"] }),
        "weighed" => json!({ "grams": on_hand["grams"] }),
        _ => json!({ "pieces": on_hand["pieces"], "grams": on_hand["grams"] }),
    }
}

fn measure_of(world: &World, site: usize, sku: &str) -> String {
    let known = world.sites.get(site).and_then(|site| site.skus.iter().find(|known| known.id == sku));
    known.map(|sku| sku.measure.clone()).unwrap_or_default()
}

/// Whoever works at night signs in: a session of the day has gone to sleep.
pub(crate) async fn sign_in(world: &mut World, logins: &[&str]) -> Result<(), SimError> {
    for login in logins {
        let password = world.password.clone();
        world.shop.sign_in(login, &password).await?;
    }
    Ok(())
}

const NIGHT_SHIFT: [&str; 4] = ["picker", "picker2", "warehouse", "finance"];

/// A shelf that nobody emptied: goods with today for their last day, found behind the others.
pub(crate) async fn forgotten_goods(world: &mut World, day: u32) -> Result<(), SimError> {
    for at in 0..world.sites.len() {
        let mut hands = Chance::of(world.seed, &format!("forgotten {at} {day}"));
        let Some(site) = world.sites.get(at) else { continue };
        let today = site.time.date(world.now);
        let fresh: Vec<_> = site.skus.iter().filter(|sku| sku.measure == "weighed").cloned().collect();
        let Some(sku) = hands.pick(&fresh).cloned() else { continue };
        let id = site.id.clone();
        let bins = world.bins_of_class(&id, &sku.class).await?;
        let Some(bin) = hands.pick(&bins).cloned() else { continue };
        let body = json!({
            "place": bin, "sku": sku.id, "quantity": { "grams": hands.within(4, 20) * 100 },
            "use_by": today.to_string(), "origin": "behind the others",
            "unit_cost": { "money": 60, "base": { "weight": "kilogram" } },
        });
        let path = "/api/stock/openings";
        world.shop.post("manager", path, body).await?.done(path)?;
        world.tally.count("stock", "lots_forgotten");
    }
    Ok(())
}
