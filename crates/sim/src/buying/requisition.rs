//! Before anything is ordered it is asked for: the buyer reads the proposal and submits it, those whom the rules name
//! sign it one after the other, and only then it is ordered.
//!
//! On some days the head of department is away. The signature is lent to the operations manager for those days, so
//! that the shop does not stand still.

use kernel::Date;
use serde_json::{Value, json};

use super::{Asked, Errand, Line, Order, on, order::Want};
use crate::{
    DAY_MS, SimError,
    chance::Chance,
    day::Doing,
    demand,
    shop::{Answer, list, number, text},
    world::{Sku, World},
};

const DEPARTMENT: &str = "purchasing";
/// Nearly every day is to be served whole.
const SERVICE_BP: i64 = 9_500;
/// So often the head of department is away.
const AWAY_PER_MILLE: i64 = 350;
/// What a deputy may sign, in the smallest unit of any currency.
const LENT_LIMIT: i64 = 100_000_000;
/// A desk answers within so many minutes.
const DESK: (i64, i64) = (3, 9);
/// So often the last desk lets a purchase lie, and when the next one up has been asked.
const LEFT_LYING_PER_MILLE: i64 = 200;
const ESCALATED: i64 = 35;
/// The weeks that the shop sold before it had this system, and how far their days strayed, in hundredths.
const WEEKS_KNOWN: i64 = 8;
const STRAYED: (i64, i64) = (60, 140);
const ROWS_AT_ONCE: usize = 1_000;

/// Enters what was sold in the weeks before: without it nobody could say what tomorrow will want.
pub(super) async fn remember_sales(world: &mut World) -> Result<(), SimError> {
    if world.demand.is_some() {
        return demand::remember(world).await;
    }
    let mut chance = Chance::of(world.seed, "history");
    let mut rows = Vec::new();
    for site in 0..world.sites.len() {
        let usual = usual_day(world, site);
        let Some(known) = world.sites.get(site) else { continue };
        let today = known.time.business_day(world.now);
        for (sku, amount, money) in usual {
            for days in 1..=WEEKS_KNOWN * 7 {
                let day = today.saturating_add(jiff::Span::new().days(-days));
                let sold = amount * chance.within(STRAYED.0, STRAYED.1) / 100;
                let revenue = money.saturating_mul(sold) / amount.max(1);
                rows.push(json!({
                    "site": known.id, "sku": sku, "day": day.to_string(), "amount": sold, "revenue": revenue,
                    "cost": revenue * 6 / 10,
                }));
            }
        }
    }
    for some in rows.chunks(ROWS_AT_ONCE) {
        let path = "/api/market/sales";
        let done = world.shop.post("buyer", path, json!({ "rows": some })).await?.done(path)?;
        world.tally.add("market", "sales_days_recorded", number(&done, "created")?);
    }
    Ok(())
}

/// Lines of a product in a day per hundred orders: an order has five lines over two dozen products.
const LINES_PER_HUNDRED_ORDERS: i64 = 21;
/// What an average line wants.
const GRAMS_PER_LINE: i64 = 800;
const PIECES_PER_TEN_LINES: i64 = 15;

/// What a site sells of each product on a usual day, and for how much.
fn usual_day(world: &World, site: usize) -> Vec<(String, i64, i64)> {
    let sites = i64::try_from(world.sites.len()).unwrap_or(1).max(1);
    let orders = i64::from(world.orders) / i64::from(world.days.max(1)) / sites + 2;
    let lines = orders * LINES_PER_HUNDRED_ORDERS / 100 + 2;
    let Some(site) = world.sites.get(site) else { return Vec::new() };
    let sold = |sku: &Sku| {
        let asks = sku.price.get("money").and_then(Value::as_i64).unwrap_or(1);
        if sku.measure == "weighed" {
            return (sku.id.clone(), lines * GRAMS_PER_LINE, lines * GRAMS_PER_LINE * asks / 600);
        }
        let pieces = (lines * PIECES_PER_TEN_LINES + 9) / 10;
        (sku.id.clone(), pieces, pieces * asks)
    };
    site.skus.iter().map(sold).collect()
}

/// The buyer reads what the system proposes for a day, and submits it as it is.
pub(super) async fn propose(world: &mut World, site: usize, day: u32) -> Result<(), SimError> {
    let Some(known) = world.sites.get(site) else { return Ok(()) };
    let delivery_on = known.time.date(on(world, day, 12 * 60));
    let body = json!({
        "site": known.id, "needed_by": delivery_on.to_string(), "department": DEPARTMENT, "service_bp": SERVICE_BP,
        "forecasting": world.buying.forecasting,
    });
    world.awake("buyer").await?;
    let path = "/api/requisitions/proposals";
    let proposed = match world.shop.post("buyer", path, body).await? {
        // What lies on the shelves is enough.
        Answer::Refused(slug, _) if slug == "requisitions/nothing-needed" => {
            world.tally.count("requisitions", "nothing_needed");
            return Ok(());
        }
        answer @ (Answer::Done(_) | Answer::Refused(..)) => answer.done(path)?,
    };
    world.tally.count("requisitions", "proposed");
    for line in list(&proposed, "lines")? {
        world.tally.count("requisitions", "lines_proposed");
        let cases = line.pointer("/explanation/cases_for_minimum").and_then(Value::as_i64).unwrap_or(0);
        world.tally.add("requisitions", "cases_for_minimum", cases);
    }
    submit(world, site, day, delivery_on, &proposed).await
}

/// The buyer writes by hand what another supplier shall bring.
pub(super) async fn write(
    world: &mut World,
    site: usize,
    supplier: usize,
    day: u32,
    delivery_on: Date,
    wants: &[Want],
) -> Result<(), SimError> {
    let (Some(known), Some(seller)) = (world.sites.get(site), world.buying.suppliers.get(supplier)) else {
        return Ok(());
    };
    let line = |want: &Want| {
        let sku = known.skus.get(want.sku).map(|sku| sku.id.clone()).unwrap_or_default();
        let quantity = match want.grams {
            Some(grams) if want.pieces.is_none() => json!({ "grams": grams }),
            Some(_) | None => json!({ "pieces": want.pieces }),
        };
        json!({
            "sku": sku, "quantity": quantity, "supplier": seller.id, "needed_by": delivery_on.to_string(),
            "note": "the first supplier has declined",
        })
    };
    let body = json!({
        "site": known.id, "department": DEPARTMENT, "reason": "another supplier has declined",
        "lines": wants.iter().map(line).collect::<Vec<_>>(),
    });
    world.awake("buyer").await?;
    let path = "/api/requisitions";
    let written = world.shop.post("buyer", path, body).await?.done(path)?;
    world.tally.count("requisitions", "written");
    submit(world, site, day, delivery_on, &written).await
}

async fn submit(world: &mut World, site: usize, day: u32, delivery_on: Date, drafted: &Value) -> Result<(), SimError> {
    let id = text(drafted, "id")?.to_owned();
    let path = format!("/api/requisitions/{id}/submit");
    match world.shop.post("buyer", &path, Value::Null).await? {
        // What the only other supplier may not deliver either is not bought today.
        Answer::Refused(slug, _) if slug == "contracts/sampling-stopped" => {
            world.tally.count("requisitions", "not_submitted");
            return Ok(());
        }
        answer @ (Answer::Done(_) | Answer::Refused(..)) => answer.done(&path)?,
    };
    world.tally.count("requisitions", "submitted");
    let path = format!("/api/requisitions/{id}/approvals");
    let trail = world.shop.get("buyer", &path).await?.done(&path)?;
    let steps = list(&trail, "steps")?.iter().map(|step| text(step, "level").map(str::to_owned));
    let levels = steps.collect::<Result<Vec<_>, _>>()?;
    next(world, Asked { id, site, day, delivery_on, levels, is_left_lying: false });
    Ok(())
}

/// The requisition goes to the next desk, or back to the buyer.
fn next(world: &mut World, mut asked: Asked) {
    let mut desk = Chance::of(world.seed, &format!("desk {} {}", world.now, asked.levels.len()));
    let minutes = desk.within(DESK.0, DESK.1);
    asked.is_left_lying = asked.levels.len() == 1 && desk.happens(LEFT_LYING_PER_MILLE);
    let soon = world.now.plus_minutes(if asked.is_left_lying { ESCALATED } else { minutes });
    world.agenda.enter(soon, Doing::Buying(Errand::Sign { asked: Box::new(asked) }));
}

/// The desk whose turn it is signs; behind the last one the buyer orders.
pub(super) async fn sign(world: &mut World, mut asked: Asked) -> Result<(), SimError> {
    if asked.levels.is_empty() {
        return order(world, asked).await;
    }
    let level = asked.levels.remove(0);
    let signer = match level.as_str() {
        level if asked.is_left_lying => found_late(world, &asked, level).await?,
        "buying" => "lead",
        "finance" => "finance",
        "general_manager" => "gm",
        _ if is_away(world) => "manager",
        _ => "head",
    };
    if signer == "manager" {
        lend(world, &asked).await?;
        world.tally.count("requisitions", "signed_by_a_delegate");
    }
    world.awake(signer).await?;
    let path = format!("/api/requisitions/{}/approvals", asked.id);
    world.shop.post(signer, &path, json!({ "decision": "approve" })).await?.done(&path)?;
    world.tally.count("requisitions", "signatures");
    next(world, asked);
    Ok(())
}

/// Who signs what the desk below has let lie: they find it in their own list.
async fn found_late(world: &mut World, asked: &Asked, level: &str) -> Result<&'static str, SimError> {
    let (above, signer) = match level {
        "buying" => ("department", "head"),
        "department" => ("finance", "finance"),
        _ => ("general_manager", "gm"),
    };
    world.awake(signer).await?;
    let Some(site) = world.sites.get(asked.site) else { return Ok(signer) };
    let path = format!("/api/approvals?site={}&level={above}", site.id);
    let waiting = world.shop.get(signer, &path).await?.done(&path)?;
    let escalated = |one: &&Value| {
        one.get("id").and_then(Value::as_str) == Some(asked.id.as_str())
            && one.pointer("/turn/escalated_to").and_then(Value::as_str) == Some(above)
    };
    let found = waiting.as_array().is_some_and(|waiting| waiting.iter().any(|one| escalated(&one)));
    world.tally.count("requisitions", if found { "escalated" } else { "left_lying_unnoticed" });
    Ok(signer)
}

/// Whether the head of department is away today. The same answer all day long.
fn is_away(world: &World) -> bool {
    let day = world.now.since(world.start).div_euclid(DAY_MS);
    Chance::of(world.seed, &format!("away {day}")).happens(AWAY_PER_MILLE)
}

/// The head lends the signature before leaving, once for each day and currency.
async fn lend(world: &mut World, asked: &Asked) -> Result<(), SimError> {
    let Some(site) = world.sites.get(asked.site) else { return Ok(()) };
    let (today, currency) = (site.time.business_day(world.now), site.currency.clone());
    if !world.buying.lent.insert((today, currency.clone())) {
        return Ok(());
    }
    let path = "/api/users";
    let users = world.shop.all("admin", path).await?;
    let login = |user: &&Value| user.get("login").and_then(Value::as_str) == Some("manager");
    let Some(manager) = users.iter().find(login) else { return Ok(()) };
    let body = json!({
        "delegate": text(manager, "id")?, "level": "department", "currency": currency, "limit": LENT_LIMIT,
        "valid_from": today.to_string(), "valid_until": today.to_string(), "reason": "away today",
    });
    world.awake("head").await?;
    world.shop.post("head", "/api/delegations", body).await?.done("/api/delegations")?;
    world.tally.count("requisitions", "signatures_lent");
    Ok(())
}

/// What was approved is ordered: a purchase order for each supplier.
async fn order(world: &mut World, asked: Asked) -> Result<(), SimError> {
    world.awake("buyer").await?;
    let path = format!("/api/requisitions/{}/orders", asked.id);
    let ordered = world.shop.post("buyer", &path, Value::Null).await?.done(&path)?;
    world.tally.count("requisitions", "ordered");
    for placed in list(&ordered, "orders")? {
        let Some(order) = remembered(world, &asked, placed)? else { continue };
        world.tally.count("purchasing", "orders");
        let soon = world.now.plus_minutes(world.suppliers.within(8, 45));
        world.agenda.enter(soon, Doing::Buying(Errand::Answer { order: Box::new(order) }));
    }
    Ok(())
}

/// A purchase order as the simulated people remember it.
fn remembered(world: &mut World, asked: &Asked, placed: &Value) -> Result<Option<Order>, SimError> {
    let seller = text(placed, "supplier")?;
    let Some(supplier) = world.buying.suppliers.iter().position(|known| known.id == seller) else { return Ok(None) };
    let Some(site) = world.sites.get(asked.site) else { return Ok(None) };
    let mut lines = Vec::new();
    for line in list(placed, "lines")? {
        let id = text(line, "sku")?;
        let Some(sku) = site.skus.iter().position(|sku| sku.id == id) else { continue };
        let counted = site.skus.get(sku).is_some_and(|sku| sku.measure == "counted");
        lines.push(Line {
            id: text(line, "id")?.to_owned(),
            sku,
            pieces: line.pointer("/quantity/pieces").and_then(Value::as_i64),
            grams: line.pointer("/quantity/grams").and_then(Value::as_i64),
            unit: if counted { "pieces" } else { "grams" },
            shipped: 0,
            taken: 0,
            worth: 0,
            is_cut: false,
        });
    }
    world.tally.add("purchasing", "order_lines", i64::try_from(lines.len()).unwrap_or(0));
    Ok(Some(Order {
        id: text(placed, "id")?.to_owned(),
        number: text(placed, "number")?.to_owned(),
        site: asked.site,
        supplier,
        day: asked.day,
        delivery_on: asked.delivery_on,
        lines,
    }))
}
