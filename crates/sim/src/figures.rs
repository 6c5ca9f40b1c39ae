//! What the shop itself says about its days: the indicators of every step, and how its cases went.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    DAY_MS, SimError,
    shop::{list, number, text},
    world::{World, items},
};

/// By site and step: the speed and the effect of each business day, in the order of the days.
pub(crate) async fn of_steps(world: &mut World) -> Result<Value, SimError> {
    let mut cards: BTreeMap<String, (String, String)> = BTreeMap::new();
    for card in items(&world.shop.get("manager", "/api/indicators").await?.done("/api/indicators")?) {
        let place = (text(&card, "step")?.to_owned(), text(&card, "kind")?.to_owned());
        cards.insert(text(&card, "name")?.to_owned(), place);
    }
    let mut sites = BTreeMap::new();
    for at in 0..world.sites.len() {
        let Some(site) = world.sites.get(at) else { continue };
        let (id, code, time) = (site.id.clone(), site.code.clone(), site.time.clone());
        let mut steps: BTreeMap<String, BTreeMap<String, BTreeMap<String, Vec<Value>>>> = BTreeMap::new();
        for day in 0..world.days {
            let date = time.date(world.start.plus_millis(i64::from(day) * DAY_MS));
            let path = format!("/api/indicators/day?site={id}&day={date}");
            let told = world.shop.get("manager", &path).await?.done(&path)?;
            for figure in list(&told, "figures")? {
                let name = text(figure, "name")?.to_owned();
                let Some((step, kind)) = cards.get(&name).cloned() else { continue };
                let value = figure.get("value").cloned().unwrap_or(Value::Null);
                steps.entry(step).or_default().entry(kind).or_default().entry(name).or_default().push(value);
            }
        }
        // What nothing was counted of on any day says nothing.
        for kinds in steps.values_mut() {
            for figures in kinds.values_mut() {
                figures.retain(|_, days| days.iter().any(|day| !day.is_null()));
            }
            kinds.retain(|_, figures| !figures.is_empty());
        }
        steps.retain(|_, kinds| !kinds.is_empty());
        sites.insert(code, steps);
    }
    Ok(json!(sites))
}

/// By site and procedure: how many cases went the written way, and what was found about the others.
pub(crate) async fn of_cases(world: &mut World) -> Result<Value, SimError> {
    let procedures = items(&world.shop.get("manager", "/api/procedures").await?.done("/api/procedures")?);
    let mut sites = BTreeMap::new();
    for at in 0..world.sites.len() {
        let Some((id, code)) = world.sites.get(at).map(|site| (site.id.clone(), site.code.clone())) else { continue };
        let mut steps: BTreeMap<String, Value> = BTreeMap::new();
        for procedure in &procedures {
            let path = format!("/api/procedures/{}/conformance?site={id}", text(procedure, "id")?);
            let told = world.shop.get("manager", &path).await?.done(&path)?;
            let (ended, open) = (number(&told, "ended")?, number(&told, "open")?);
            if ended + open == 0 {
                continue;
            }
            let mut found: BTreeMap<String, i64> = BTreeMap::new();
            for finding in list(&told, "findings")? {
                let what = format!("{} {}", text(finding, "kind")?, text(finding, "step")?);
                *found.entry(what).or_default() += number(finding, "cases")?;
            }
            let case = json!({
                "ended": ended, "open": open, "on_the_way": number(&told, "on_the_way")?,
                "on_the_way_pct": told.get("on_the_way_pct"), "findings": found,
            });
            steps.insert(text(&told, "step")?.to_owned(), case);
        }
        sites.insert(code, steps);
    }
    Ok(json!(sites))
}
