//! The meeting of the last evening: the system has prepared the agenda, people decide and take on.

use serde_json::{Value, json};

use crate::{
    SimError, counts,
    day::Doing,
    shop::{list, text},
    world::World,
};

const MEETING_MINUTE: i64 = 21 * 60 + 50;

/// Enters the meeting of the last day.
pub(crate) fn after(world: &mut World, day: u32) {
    if day + 1 != world.days {
        return;
    }
    let evenings: Vec<_> = world
        .sites
        .iter()
        .enumerate()
        .map(|(at, site)| (at, site.time.at(site.time.date(world.now), MEETING_MINUTE)))
        .collect();
    for (site, evening) in evenings {
        world.agenda.enter(evening, Doing::Meet { site });
    }
}

pub(crate) async fn meet(world: &mut World, site: usize) -> Result<(), SimError> {
    let Some(known) = world.sites.get(site) else { return Ok(()) };
    let (id, today) = (known.id.clone(), known.time.date(world.now));
    counts::sign_in(world, &["manager"]).await?;
    let path = "/api/meetings";
    let sheet = world.shop.post("manager", path, json!({ "site": id })).await?.done(path)?;
    world.tally.count("meetings", "held");
    let agenda = list(&sheet, "agenda")?.to_vec();
    for item in &agenda {
        world.tally.count("agenda", text(item, "topic")?);
    }
    let meeting = sheet.pointer("/meeting/id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let first = agenda.first().and_then(|item| item["text"].as_str()).unwrap_or("the week went as written").to_owned();
    let mut decision = json!({ "text": format!("look into: {first}") });
    if let Some(nth) = agenda.first().and_then(|item| item["nth"].as_i64()) {
        decision["item"] = json!(nth);
    }
    let path = format!("/api/meetings/{meeting}/decisions");
    world.shop.post("manager", &path, decision).await?.done(&path)?;
    world.tally.count("meetings", "decisions");

    let me = world.shop.get("manager", "/api/session").await?.done("/api/session")?;
    let owner = me.pointer("/actor/id").cloned().unwrap_or_default();
    let due = today.saturating_add(jiff::Span::new().days(7));
    let path = format!("/api/meetings/{meeting}/actions");
    let body = json!({ "text": format!("mend: {first}"), "owner": owner, "due_on": due.to_string() });
    world.shop.post("manager", &path, body).await?.done(&path)?;
    world.tally.count("meetings", "actions");
    let path = format!("/api/meetings/{meeting}/close");
    world.shop.post("manager", &path, json!({ "minutes": "decided and taken on" })).await?.done(&path)?;
    Ok(())
}
