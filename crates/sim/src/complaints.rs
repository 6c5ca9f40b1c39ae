//! Customers who are not content: they complain about a line, are answered by rule or by the desk, and some say what
//! would be better.

use serde_json::{Value, json};

use crate::{
    SimError,
    chance::Chance,
    counts,
    day::Doing,
    shop::{Answer, list, text},
    world::World,
};

/// Of those who give few stars, so many in a thousand complain; of the others, so many.
const COMPLAIN_PER_MILLE: (i64, i64) = (600, 60);
const SUGGEST_PER_MILLE: i64 = 150;
/// When the desk answers what no rule has answered.
const DESK_MINUTE: i64 = 21 * 60 + 20;
const KINDS: [&str; 6] = ["freshness", "freshness", "weight", "missing", "damaged", "temperature"];
const SUGGESTIONS: [&str; 4] = [
    "A smaller bag for the herbs would do.",
    "Please ring once, not three times.",
    "Tell me in the morning which window it will be.",
    "Less ice in winter.",
];

/// What the customer of an order would do better, if they say so.
pub(crate) fn suggestion(world: &World, order: &str) -> &'static str {
    let mut thoughts = Chance::of(world.seed, &format!("suggestion {order}"));
    if thoughts.happens(SUGGEST_PER_MILLE) { thoughts.pick(&SUGGESTIONS).copied().unwrap_or_default() } else { "" }
}

/// Remembers to complain, if the goods were such.
pub(crate) fn may_complain(world: &mut World, customer: usize, order: &str, goods: i64) {
    let mut temper = Chance::of(world.seed, &format!("complaint {order}"));
    let per_mille = if goods <= 3 { COMPLAIN_PER_MILLE.0 } else { COMPLAIN_PER_MILLE.1 };
    if temper.happens(per_mille) {
        let later = world.now.plus_minutes(temper.within(3, 12));
        world.agenda.enter(later, Doing::Complain { customer, order: order.to_owned() });
    }
}

/// Complains about one line that came.
pub(crate) async fn complain(world: &mut World, customer: usize, order: &str) -> Result<(), SimError> {
    let Some(who) = world.customers.get(customer).map(|customer| customer.who.clone()) else { return Ok(()) };
    let mut temper = Chance::of(world.seed, &format!("complained {order}"));
    let path = format!("/api/orders/{order}");
    let read = world.shop.get(&who, &path).await?.done(&path)?;
    let came: Vec<&Value> = list(&read, "lines")?
        .iter()
        .filter(|line| line.get("amount").and_then(Value::as_i64).unwrap_or(0) > 0)
        .collect();
    let Some(line) = temper.pick(&came) else { return Ok(()) };
    let kind = temper.pick(&KINDS).copied().unwrap_or("freshness");
    let body = json!({ "order_line": text(line, "id")?, "kind": kind, "text": "not as it should be" });
    let path = format!("/api/orders/{order}/complaints");
    world.shop.post(&who, &path, body).await?.done(&path)?;
    world.tally.count("complaints", "made");
    world.tally.count("complaint_kinds", kind);
    Ok(())
}

/// Enters the desk's evening.
pub(crate) fn after(world: &mut World) {
    let evenings: Vec<_> = world
        .sites
        .iter()
        .enumerate()
        .map(|(at, site)| (at, site.time.at(site.time.date(world.now), DESK_MINUTE)))
        .collect();
    for (site, evening) in evenings {
        world.agenda.enter(evening, Doing::Answer { site });
    }
}

/// The desk decides what the rule left to people, asks the manager above its limit, and closes what is answered.
pub(crate) async fn answer(world: &mut World, site: usize) -> Result<(), SimError> {
    let Some(id) = world.sites.get(site).map(|site| site.id.clone()) else { return Ok(()) };
    counts::sign_in(world, &["desk", "manager"]).await?;
    for complaint in world.shop.all("desk", &format!("/api/complaints?site={id}&state=made")).await? {
        decide(world, text(&complaint, "id")?).await?;
    }
    for complaint in world.shop.all("desk", &format!("/api/complaints?site={id}&state=answered")).await? {
        let path = format!("/api/complaints/{}", text(&complaint, "id")?);
        let detail = world.shop.get("desk", &path).await?.done(&path)?;
        if let Some(first) = detail["likely"].as_array().and_then(|likely| likely.first()) {
            world.tally.count("complaint_causes", text(first, "cause")?);
        }
        if detail.pointer("/review/verdict").and_then(Value::as_str) == Some("refunded") {
            world.tally.count("complaints", "refunded_by_rule");
        }
        world.tally.add("complaints", "refunded", complaint["refunded"].as_i64().unwrap_or(0));
        let path = format!("{path}/close");
        world.shop.post("desk", &path, json!({})).await?.done(&path)?;
        world.tally.count("complaints", "closed");
    }
    Ok(())
}

async fn decide(world: &mut World, complaint: &str) -> Result<(), SimError> {
    let path = format!("/api/complaints/{complaint}/remedy");
    for (login, word) in [("desk", "refunded_by_desk"), ("manager", "refunded_by_manager")] {
        match world.shop.post(login, &path, json!({})).await? {
            Answer::Done(_) => {
                world.tally.count("complaints", word);
                return Ok(());
            }
            Answer::Refused(slug, _) if slug == "remedies/above-limit" => {}
            Answer::Refused(slug, _) => {
                world.tally.count("remedies_refused", &slug);
                // Not taken yet, or nothing is left: the desk looks again tomorrow, or says no.
                if slug != "remedies/not-paid-yet" {
                    let path = format!("/api/complaints/{complaint}/answer");
                    let body = json!({ "finding": "not_upheld", "text": "nothing is left to give back" });
                    world.shop.post("desk", &path, body).await?.done(&path)?;
                }
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Goods that came back: what is still cold goes onto a shelf of its class, what is not is thrown away.
pub(crate) async fn inspect(world: &mut World, site: usize, parcel: &str) -> Result<(), SimError> {
    const TOO_WARM_PER_MILLE: i64 = 250;
    let mut thermometer = Chance::of(world.seed, &format!("returned {parcel}"));
    let path = format!("/api/parcels/{parcel}");
    let sheet = world.shop.get("packer", &path).await?.done(&path)?;
    let class = text(&sheet, "class")?.to_owned();
    let mut lots: Vec<String> =
        list(&sheet, "contents")?.iter().filter_map(|inside| inside["lot"].as_str().map(str::to_owned)).collect();
    lots.sort_unstable();
    lots.dedup();
    let Some(site_id) = world.sites.get(site).map(|site| site.id.clone()) else { return Ok(()) };
    let bin = world.bins_of_class(&site_id, &class).await?.first().cloned();
    let core = match class.as_str() {
        "frozen" => -190,
        _ => 35,
    };
    let mut decisions = Vec::new();
    for lot in &lots {
        let is_warm = thermometer.happens(TOO_WARM_PER_MILLE);
        let path = format!("/api/lots/{lot}");
        let known = world.shop.get("inspector", &path).await?.done(&path)?;
        let is_sound = known.pointer("/lot/state").and_then(Value::as_str) == Some("approved")
            && known.pointer("/lot/flags").and_then(Value::as_array).is_none_or(Vec::is_empty);
        match &bin {
            Some(bin) if is_sound && !is_warm => {
                decisions.push(json!({ "decision": "restock", "lot": lot, "place": bin, "core": core }));
                world.tally.count("returns", "restocked");
            }
            _ => {
                decisions.push(json!({ "decision": "waste", "lot": lot, "reason": "temperature" }));
                world.tally.count("returns", "thrown_away");
            }
        }
    }
    let path = format!("/api/parcels/{parcel}/return-decision");
    world.shop.post("inspector", &path, json!({ "decisions": decisions })).await?.done(&path)?;
    Ok(())
}
