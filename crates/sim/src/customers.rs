//! Customers: they look at the shop, order for a window that suits them, and say afterwards how it was.

use serde_json::{Value, json};

use crate::{
    SimError, complaints,
    day::Doing,
    demand,
    shop::{Answer, list, text},
    world::{Customer, Sku, World, items},
};

/// Payment tokens by how often they come, per mille: most cards work.
const CARDS: [(&str, i64); 4] = [("sim:decline", 15), ("sim:timeout", 15), ("sim:twice", 20), ("sim:late", 0)];
/// A late answer of the provider leaves the order placed; the simulated customers wait for it.
const LINES_MAX: i64 = 7;
/// So many codes somebody asks for anew before they give up.
const CODES_MAX: u32 = 3;

/// What somebody who opens the shop is after.
#[derive(Clone, Debug)]
pub(crate) enum Wish {
    /// Whatever looks good.
    AsItComes,
    /// What a file says was wanted on a day.
    These { day: u32, goods: Vec<Wanted> },
}

/// So much of a product, in pieces or grams as it is sold.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) code: String,
    pub(crate) amount: i64,
}

pub(crate) async fn order(world: &mut World, customer: usize, wish: Wish) -> Result<(), SimError> {
    let Some(known) = world.customers.get(customer).cloned() else { return Ok(()) };
    sign_in(world, customer).await?;
    let path = format!("/api/shop/windows?lat={}&lon={}", known.latitude, known.longitude);
    let offered = world.shop.get(&known.who, &path).await?.done(&path)?;
    let windows = items(&offered);
    // Most want it as soon as it can be, some later.
    let later = usize::from(world.shoppers.happens(400)) + usize::from(world.shoppers.happens(250));
    let wanted = later.min(windows.len().saturating_sub(1));
    let Some(window) = windows.get(wanted) else {
        world.tally.count("orders", "no_window");
        return Ok(());
    };
    let lines = basket(world, &known, text(window, "end")?, &wish).await?;
    if lines.is_empty() {
        world.tally.count("orders", "nothing_left");
        return Ok(());
    }
    let body = json!({
        "address": known.address, "lines": lines, "payment_token": card(world),
        "window": { "start": text(window, "start")?, "end": text(window, "end")? },
    });
    world.tally.count("orders", "submitted");
    match world.shop.post(&known.who, "/api/orders", body).await? {
        Answer::Refused(slug, _) => world.tally.count("orders_refused", &slug),
        Answer::Done(order) => {
            let state = text(&order, "state")?.to_owned();
            world.tally.count("orders", &state);
            world.tally.add("orders", "lines", i64::try_from(list(&order, "lines")?.len()).unwrap_or(0));
            let id = text(&order, "id")?.to_owned();
            if state == "held" {
                let soon = world.now.plus_minutes(world.opinions.within(3, 15));
                world.agenda.enter(soon, Doing::Review { order: id.clone() });
            }
            world.tally.window_of(&id, text(&order, "window_end")?);
            if let Wish::These { day, .. } = wish {
                demand::came_of(world, day, &id);
            }
            world.tally.customer_of(id, customer);
        }
    }
    Ok(())
}

/// The desk calls, hears that the order is meant, and lets it go on.
pub(crate) async fn review(world: &mut World, order: &str) -> Result<(), SimError> {
    let path = format!("/api/orders/{order}/release");
    match world.shop.post("desk", &path, json!({ "because": "called back, the order is meant" })).await? {
        Answer::Done(order) => world.tally.count("orders_reviewed", text(&order, "state")?),
        Answer::Refused(slug, _) => world.tally.count("orders_reviewed", &slug),
    }
    Ok(())
}

/// A code comes to the phone; whoever has it is the customer.
pub(crate) async fn sign_in(world: &mut World, customer: usize) -> Result<(), SimError> {
    let Some(known) = world.customers.get(customer).cloned() else { return Ok(()) };
    if world.shop.is_signed_in(&known.who) {
        return Ok(());
    }
    let mut again = 0;
    loop {
        let path = "/api/sign-in-codes";
        let asked = world.shop.post(&known.who, path, json!({ "phone": known.phone })).await?.done(path)?;
        world.let_it_work().await?;
        let Some(code) = world.phones.take_code(&known.phone) else {
            // A server that died while it was about to send does so when its lease has run out; nobody waits for that.
            if world.shop.outages.is_some() && again < CODES_MAX {
                again += 1;
                continue;
            }
            return Err(SimError::Incomplete("a sign-in code on the phone", known.phone));
        };
        match world.shop.confirm_code(&known.who, text(&asked, "challenge")?, &code).await {
            // A server that died meanwhile may have taken the code, or sent two: whoever is refused asks for another.
            Err(SimError::Broken { status: 401, .. }) if world.shop.outages.is_some() && again < CODES_MAX => {
                again += 1;
            }
            signed_in => return signed_in,
        }
    }
}

/// What the customer puts into the basket: only what the shop shows as available, and no more of it than there is.
async fn basket(world: &mut World, known: &Customer, deliver_by: &str, wish: &Wish) -> Result<Vec<Value>, SimError> {
    let Some(site) = world.sites.get(known.site) else { return Ok(Vec::new()) };
    let (id, skus) = (site.id.clone(), site.skus.clone());
    let shelf = world.shop.all(&known.who, &format!("/api/shop/products?site={id}&deliver_by={deliver_by}")).await?;
    let available = |sku: &Sku, unit: &str| {
        let product = shelf.iter().find(|product| product.get("sku").and_then(Value::as_str) == Some(sku.id.as_str()));
        product.and_then(|product| product.get("available")?.get(unit)?.as_i64()).unwrap_or(0)
    };
    let mut lines = Vec::new();
    for (sku, amount) in chosen(world, &skus, wish) {
        let unit = if sku.measure == "weighed" { "grams" } else { "pieces" };
        if available(sku, unit) < amount {
            world.tally.count("orders", "lines_sold_out");
            continue;
        }
        lines.push(json!({ "sku": sku.id, "quantity": { unit: amount }, "substitution": "refund" }));
    }
    Ok(lines)
}

/// What the customer would take of what the shop lists, and how much of it.
fn chosen<'s>(world: &mut World, skus: &'s [Sku], wish: &Wish) -> Vec<(&'s Sku, i64)> {
    let goods = match wish {
        Wish::AsItComes => world.shoppers.within(4, LINES_MAX),
        Wish::These { goods, .. } => {
            let listed = |wanted: &Wanted| Some((skus.iter().find(|sku| sku.code == wanted.code)?, wanted.amount));
            return goods.iter().filter_map(listed).collect();
        }
    };
    let mut chosen: Vec<&Sku> = Vec::new();
    for _ in 0..goods {
        if let Some(sku) = world.shoppers.pick(skus)
            && !chosen.iter().any(|known| known.id == sku.id)
        {
            chosen.push(sku);
        }
    }
    let shoppers = &mut world.shoppers;
    let some = |sku: &'s Sku| match sku.measure.as_str() {
        "weighed" => (sku, shoppers.within(4, 12) * 100),
        _ => (sku, shoppers.within(1, 2)),
    };
    chosen.into_iter().map(some).collect()
}

fn card(world: &mut World) -> &'static str {
    let mut drawn = world.shoppers.within(0, 999);
    for (token, per_mille) in CARDS {
        if drawn < per_mille {
            return token;
        }
        drawn -= per_mille;
    }
    "sim:ok"
}

/// Remembers to ask the customer's opinion some hours after the door.
pub(crate) fn will_rate(world: &mut World, order: &str) {
    let Some(customer) = world.tally.who_ordered(order) else { return };
    if !world.opinions.happens(600) {
        return;
    }
    let later = world.now.plus_minutes(world.opinions.within(40, 180));
    world.agenda.enter(later, Doing::Rate { customer, order: order.to_owned() });
}

pub(crate) async fn rate(world: &mut World, customer: usize, order: &str) -> Result<(), SimError> {
    let Some(who) = world.customers.get(customer).map(|customer| customer.who.clone()) else { return Ok(()) };
    let goods = world.opinions.around(4, 2).clamp(1, 5);
    let suggestion = complaints::suggestion(world, order);
    let body = json!({
        "goods": goods, "time": world.opinions.around(5, 1).clamp(1, 5), "courier": world.opinions.around(5, 1).clamp(1, 5),
        "text": "", "suggestion": suggestion,
    });
    let path = format!("/api/orders/{order}/rating");
    world.shop.post(&who, &path, body).await?.done(&path)?;
    world.tally.count("feedback", "ratings");
    world.tally.add("feedback", "goods_points", goods);
    world.tally.add("feedback", "suggestions", i64::from(!suggestion.is_empty()));
    complaints::may_complain(world, customer, order, goods);
    Ok(())
}
