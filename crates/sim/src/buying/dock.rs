//! The dock: trucks are weighed in, looked through and cleared.

use serde_json::{Value, json};

use super::{DECIDING, Doubtful, Errand, INVOICING, Load, Order, Weighed, mislabelled, on, order};
use crate::{
    SimError,
    day::Doing,
    papers,
    shop::{list, number, text},
    world::World,
};

/// A cooling unit that gave up on the way, this often in a thousand loads.
const WARM_PER_MILLE: i64 = 12;
/// Fruit and vegetables with soft pieces among them, and how many of these loads fail their sample.
const SOFT_PER_MILLE: i64 = 110;
const FAILS_PER_MILLE: i64 = 250;
const CRATE_GRAMS: i64 = 1_500;

/// The truck is opened, and every line goes over the scale.
pub(super) async fn arrive(world: &mut World, order: Order, notice: &str, loads: Vec<Load>) -> Result<(), SimError> {
    let Some(seller) = world.buying.suppliers.get(order.supplier).cloned() else { return Ok(()) };
    let Some(skus) = world.sites.get(order.site).map(|site| site.skus.clone()) else { return Ok(()) };
    world.awake("receiver").await?;
    let truck = json!({
        "purchase_order": order.id, "notice": notice, "vehicle": order::vehicle(&seller.code),
        "vehicle_temperature": world.scales.within(15, 45),
    });
    let arrival = world.shop.post("receiver", "/api/arrivals", truck).await?.done("/api/arrivals")?;
    let arrival = text(&arrival, "id")?.to_owned();
    world.tally.count("receiving", "trucks");
    let mut lines = Vec::new();
    for load in loads {
        let Some(line) = order.lines.get(load.line) else { continue };
        let Some(sku) = skus.get(line.sku) else { continue };
        // Suppliers weigh wet, we weigh drained.
        let net = load.grams.map(|grams| world.suppliers.around(grams - grams / 150, grams / 100).max(1));
        let crates: Vec<Value> = net
            .iter()
            .map(|net| {
                let tare = CRATE_GRAMS * load.cases;
                json!({ "gross_grams": net + tare, "tare": { "grams": tare }, "cartons": load.cases })
            })
            .collect();
        let false_date = mislabelled::next(world, order.site, sku);
        let use_by = if false_date.is_some() {
            load.use_by.saturating_add(jiff::Span::new().days(mislabelled::DAYS_TOO_LONG))
        } else {
            load.use_by
        };
        let made = if sku.is_harvested() { "harvested_on" } else { "produced_on" };
        let weighed = json!({
            "purchase_order_line": line.id, "crates": crates, "pieces": load.pieces, "core": core(world, &sku.class),
            "label": {
                "gtin": sku.gtin, "supplier_lot": load.supplier_lot, made: load.made_on.to_string(), "use_by": use_by.to_string(),
                "origin": seller.origin, "certificate": format!("C-{}", load.supplier_lot),
            },
        });
        let path = format!("/api/arrivals/{arrival}/lines");
        let weighed = world.shop.post("receiver", &path, weighed).await?.done(&path)?;
        world.tally.count("receiving", "lines_weighed");
        if weighed.get("claim").is_some_and(Value::is_object) {
            world.tally.count("receiving", "short_weight_claims");
        }
        let entry = weighed.get("line").cloned().unwrap_or_default();
        if let Some(fault) = false_date {
            mislabelled::came(world, fault, text(&entry, "lot")?)?;
        }
        lines.push(Weighed {
            line: load.line,
            arrival_line: text(&entry, "id")?.to_owned(),
            received: entry.get("received").cloned().unwrap_or_default(),
        });
    }
    let next = world.now.plus_minutes(i64::try_from(lines.len()).unwrap_or(0) + world.scales.within(3, 8));
    world.agenda.enter(next, Doing::Buying(Errand::Inspect { order: Box::new(order), arrival, lines }));
    Ok(())
}

/// What the probe shows, in tenths of a degree; goods that travel as they are, are not probed.
fn core(world: &mut World, class: &str) -> Option<i64> {
    let warm = world.suppliers.happens(WARM_PER_MILLE);
    match class {
        "chilled" if warm => Some(world.scales.within(85, 110)),
        "chilled" => Some(world.scales.within(20, 50)),
        "frozen" if warm => Some(world.scales.within(-110, -80)),
        "frozen" => Some(world.scales.within(-210, -170)),
        _ => None,
    }
}

/// How a load is shared out, in hundredths: accepted, taken at a cut price, quarantined, rejected.
type Shares = [i64; 4];

const SOUND: Shares = [100, 0, 0, 0];
const SOME_SOFT: Shares = [84, 8, 4, 4];
const MANY_SOFT: Shares = [0, 70, 15, 15];
const CUT_PRICE: Shares = [0, 100, 0, 0];
const DOUBTFUL: Shares = [0, 0, 100, 0];
const REFUSED: Shares = [0, 0, 0, 100];
const DISPOSITIONS: [&str; 4] = ["accept", "concession", "quarantine", "reject"];

/// What the inspector makes of a load.
struct Judged {
    shares: Shares,
    reason: &'static str,
    /// Which cartons have a fault, by class: critical, major, minor.
    faulty: [i64; 3],
    /// The criterion that deviates.
    deviates: &'static str,
    /// What the second inspector will make of what is quarantined.
    later: &'static str,
}

/// The inspector answers the form of every line, opens as many cartons as it asks for, and shares the line out.
pub(super) async fn inspect(
    world: &mut World,
    mut order: Order,
    arrival: String,
    lines: Vec<Weighed>,
) -> Result<(), SimError> {
    world.awake("inspector").await?;
    let (mut taken, mut doubtful, mut returned) = (Vec::new(), Vec::new(), false);
    for Weighed { line, arrival_line, received } in lines {
        let path = format!("/api/arrival-lines/{arrival_line}/form");
        let form = world.shop.get("inspector", &path).await?.done(&path)?;
        let judged = judge(world, &form)?;
        let path = format!("/api/arrival-lines/{arrival_line}/verdict");
        let verdict = world.shop.post("inspector", &path, verdict(&form, &judged, &received)?).await?.done(&path)?;
        let Some(line_known) = order.lines.get_mut(line) else { continue };
        for part in list(&verdict, "parts")? {
            let (lot, disposition) = (text(part, "lot")?.to_owned(), text(part, "disposition")?);
            world.tally.count("receiving", &format!("parts_{disposition}"));
            match disposition {
                "reject" => returned = true,
                "quarantine" => {
                    doubtful.push(Doubtful { line, lot: lot.clone(), disposition: judged.later });
                    taken.push(lot);
                }
                _ => {
                    line_known.take(part)?;
                    taken.push(lot);
                }
            }
        }
    }
    let next = world.now.plus_minutes(world.scales.within(6, 14));
    let (later, errand) = if doubtful.is_empty() {
        (on(world, order.day, INVOICING), Errand::Settle { order: Box::new(order.clone()) })
    } else {
        let (order, arrival) = (Box::new(order.clone()), arrival.clone());
        (on(world, order.day, DECIDING), Errand::Decide { order, arrival, lots: doubtful })
    };
    world.agenda.enter(later.max(next.plus_minutes(30)), Doing::Buying(errand));
    let order = Box::new(order);
    world.agenda.enter(next, Doing::Buying(Errand::Clear { order, arrival, taken, returned }));
    Ok(())
}

/// Looks a load over. What was measured comes first; what is soft, only a hand finds.
fn judge(world: &mut World, form: &Value) -> Result<Judged, SimError> {
    let plain = |shares, reason, later| Judged { shares, reason, faulty: [0; 3], deviates: "", later };
    let faults: Vec<&str> =
        list(form, "faults")?.iter().filter_map(|fault| fault.get("fault").and_then(Value::as_str)).collect();
    if faults.contains(&"label_outlives_goods") {
        return Ok(plain(DOUBTFUL, "the label outlives the goods", "reject"));
    }
    match text(form, "bar")? {
        "taking" => return Ok(plain(REFUSED, "too warm", "reject")),
        "acceptance" => return Ok(plain(CUT_PRICE, "short of life", "reject")),
        _ => {}
    }
    let asked = list(form, "criteria")?;
    let by_hand = asked.iter().any(|asked| asked.get("criterion").and_then(Value::as_str) == Some("firmness"));
    if !by_hand || !world.suppliers.happens(SOFT_PER_MILLE) {
        return Ok(plain(SOUND, "", "reject"));
    }
    world.tally.count("receiving", "lines_soft");
    let [_, major, minor] = samples(form)?;
    if world.suppliers.happens(FAILS_PER_MILLE) && major.0 > major.1 {
        let faulty = [0, major.1 + 1, 0];
        return Ok(Judged { faulty, deviates: "firmness", ..plain(MANY_SOFT, "soft, the sample failed", "reject") });
    }
    let faulty = [0, 0, minor.1.min(minor.0)];
    Ok(Judged { faulty, deviates: "firmness", ..plain(SOME_SOFT, "some of it soft", "concession") })
}

/// Of each class of fault: how many cartons to open, and with how many faulty ones the load still passes.
fn samples(form: &Value) -> Result<[(i64, i64); 3], SimError> {
    let mut read = [(0, 0); 3];
    for (sample, read) in list(form, "samples")?.iter().zip(&mut read) {
        let plan = sample.get("plan").cloned().unwrap_or_default();
        *read = (number(&plan, "sample")?, number(&plan, "accept")?);
    }
    Ok(read)
}

fn verdict(form: &Value, judged: &Judged, received: &Value) -> Result<Value, SimError> {
    let mut drawn = Vec::new();
    for ((class, (sample, _)), faulty) in ["critical", "major", "minor"].iter().zip(samples(form)?).zip(judged.faulty) {
        drawn.push(json!({ "class": class, "drawn": sample, "faulty": faulty }));
    }
    let mut findings = Vec::new();
    for asked in list(form, "criteria")? {
        let criterion = text(asked, "criterion")?;
        let outcome = if criterion == judged.deviates { "deviates" } else { "conforms" };
        findings.push(json!({ "criterion": criterion, "outcome": outcome }));
    }
    Ok(json!({ "drawn": drawn, "findings": findings, "parts": parts(received, judged.shares, judged.reason) }))
}

/// Shares a line out, to the gram and the piece: the first part keeps what rounding leaves.
fn parts(received: &Value, shares: Shares, reason: &str) -> Vec<Value> {
    let has = |unit| received.get(unit).and_then(Value::as_i64);
    let (pieces, grams) = (has("pieces"), has("grams"));
    let part = |amount: Option<i64>, share: i64| amount.map(|amount| amount * share / 100);
    let mut left = (pieces, grams);
    let mut parts: Vec<(&str, Option<i64>, Option<i64>)> = Vec::new();
    let chosen = || DISPOSITIONS.into_iter().zip(shares).filter(|(_, share)| *share > 0);
    for (disposition, share) in chosen().skip(1) {
        let (some, weighing) = (part(pieces, share), part(grams, share));
        // A hundredth of three crates is nothing that could be carried away.
        if some == Some(0) || weighing == Some(0) {
            continue;
        }
        left = (left.0.zip(some).map(|(left, some)| left - some), left.1.zip(weighing).map(|(left, some)| left - some));
        parts.push((disposition, some, weighing));
    }
    parts.extend(chosen().next().map(|(disposition, _)| (disposition, left.0, left.1)));
    parts
        .into_iter()
        .map(|(disposition, pieces, grams)| {
            json!({
                "disposition": disposition, "quantity": { "pieces": pieces, "grams": grams },
                "reason": if disposition == "accept" { "" } else { reason },
            })
        })
        .collect()
}

/// What was taken reaches the bin that the shop suggests; what was rejected leaves with the truck.
pub(super) async fn clear(
    world: &mut World,
    order: &Order,
    arrival: &str,
    taken: Vec<String>,
    returned: bool,
) -> Result<(), SimError> {
    world.awake("receiver").await?;
    for lot in taken {
        let path = format!("/api/lots/{lot}/put-away-suggestions");
        let bins = world.shop.get("receiver", &path).await?.done(&path)?;
        let Some(bin) = bins.as_array().and_then(|bins| bins.first()) else {
            world.tally.count("receiving", "lots_without_a_bin");
            continue;
        };
        let body = json!({ "lot": lot, "bin": text(bin, "code")? });
        let put = world.shop.post("receiver", "/api/put-aways", body).await?.done("/api/put-aways")?;
        world.tally.count("receiving", "put_aways");
        world.tally.add("receiving", "dock_to_stock_minutes", number(&put, "dock_to_stock_minutes")?);
    }
    if returned { send_back(world, order, arrival).await } else { Ok(()) }
}

async fn send_back(world: &mut World, order: &Order, arrival: &str) -> Result<(), SimError> {
    let Some(driver) = world.buying.suppliers.get(order.supplier).map(|seller| seller.person) else { return Ok(()) };
    let path = format!("/api/arrivals/{arrival}/returns");
    let back = world.shop.post("receiver", &path, json!({ "signed_by": driver })).await?.done(&path)?;
    world.tally.count("receiving", "returns");
    world.tally.add("receiving", "lots_returned", i64::try_from(list(&back, "lines")?.len()).unwrap_or(0));
    papers::return_note(world, text(&back, "id")?).await
}

/// A second inspector decides; what is refused now waits for nobody and goes back with the supplier's driver.
pub(super) async fn decide(
    world: &mut World,
    mut order: Order,
    arrival: &str,
    lots: Vec<Doubtful>,
) -> Result<(), SimError> {
    let who = "inspector2";
    world.awake(who).await?;
    let mut rejected = false;
    for Doubtful { line, lot, disposition } in lots {
        let path = format!("/api/quarantined-lots/{lot}/decision");
        let body = json!({ "disposition": disposition, "reason": "looked at again" });
        let part = world.shop.post(who, &path, body).await?.done(&path)?;
        world.tally.count("receiving", &format!("decided_{disposition}"));
        if disposition == "reject" {
            rejected = true;
        } else if let Some(line) = order.lines.get_mut(line) {
            line.take(&part)?;
        }
    }
    if rejected {
        world.awake("receiver").await?;
        send_back(world, &order, arrival).await?;
    }
    let at = on(world, order.day, INVOICING).max(world.now.plus_minutes(20));
    world.agenda.enter(at, Doing::Buying(Errand::Settle { order: Box::new(order) }));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(parts: &[Value], unit: &str) -> i64 {
        parts.iter().filter_map(|part| part.pointer(&format!("/quantity/{unit}"))?.as_i64()).sum()
    }

    #[test]
    fn mangoes_are_shared_out_to_the_piece_and_the_gram() {
        let received = json!({ "pieces": 48, "grams": 21_637 });
        let shared = parts(&received, SOME_SOFT, "soft");
        assert_eq!((sum(&shared, "pieces"), sum(&shared, "grams")), (48, 21_637));
        assert_eq!(shared.len(), 4);
    }

    #[test]
    fn nobody_carries_a_hundredth_of_three_crates_away() {
        let received = json!({ "pieces": 3 });
        assert_eq!(parts(&received, SOME_SOFT, "soft").len(), 1);
        assert_eq!(sum(&parts(&received, MANY_SOFT, "soft"), "pieces"), 3);
    }
}
