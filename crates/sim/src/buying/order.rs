//! From the empty shelf to the truck on its way: what is ordered, what the supplier says to it, what is announced.

use kernel::Date;
use serde_json::{Value, json};

use super::{Errand, Line, Load, Order, on};
use crate::{
    SimError,
    day::Doing,
    shop::{list, text},
    world::{Sku, World},
};

/// A line of an order has about so many SKUs per hundred orders of the day, whatever the SKU: an order of five lines
/// over two dozen SKUs.
const LINES_PER_HUNDRED_ORDERS: i64 = 21;
/// What an average line wants.
const GRAMS_PER_LINE: i64 = 800;
const PIECES_PER_TEN_LINES: i64 = 15;
/// How much more than the average day is kept, in hundredths: days differ.
const COVER_PCT: i64 = 135;

const DECLINES_PER_MILLE: i64 = 25;
const LATE_PER_MILLE: i64 = 60;
const SHORT_PER_MILLE: i64 = 40;

/// Trucks come between 04:20 and 05:30; a late one between 06:40 and 08:20.
const ARRIVES: (i64, i64) = (260, 330);
const ARRIVES_LATE: (i64, i64) = (400, 500);
/// A truck is announced so long before it comes.
const ANNOUNCED_BEFORE: i64 = 70;

/// What is wanted of a SKU.
pub(super) struct Want {
    /// Index into the site's SKUs.
    pub(super) sku: usize,
    pub(super) pieces: Option<i64>,
    pub(super) grams: Option<i64>,
}

/// Looks over the shelves and orders what the day will need, from each supplier what it is good for.
pub(super) async fn buy(world: &mut World, site: usize, day: u32) -> Result<(), SimError> {
    let Some(known) = world.sites.get(site) else { return Ok(()) };
    let (id, skus, time) = (known.id.clone(), known.skus.clone(), known.time.clone());
    let delivery_on = time.date(on(world, day, 12 * 60));
    let until = on(world, day, 22 * 60);
    world.awake("buyer").await?;
    let shelf = world.shop.all("buyer", &format!("/api/stock/skus?site={id}&deliver_by={until}")).await?;
    let orders = orders_of_a_day(world);
    let mut wants: Vec<Want> = Vec::new();
    for (at, sku) in skus.iter().enumerate() {
        let line = shelf.iter().find(|line| line.get("sku").and_then(Value::as_str) == Some(sku.id.as_str()));
        let sellable = line.and_then(|line| line.get("sellable").cloned()).unwrap_or_default();
        if let Some(want) = want(at, sku, orders, &sellable) {
            wants.push(want);
        }
    }
    let sellers: Vec<usize> = (0..world.buying.suppliers.len())
        .filter(|at| world.buying.suppliers.get(*at).is_some_and(|known| known.site == site && !known.is_wholesaler))
        .collect();
    for supplier in sellers {
        let Some(categories) = world.buying.suppliers.get(supplier).map(|known| known.categories) else { continue };
        let (theirs, others): (Vec<Want>, Vec<Want>) = wants
            .into_iter()
            .partition(|want| skus.get(want.sku).is_some_and(|sku| categories.contains(&sku.category.as_str())));
        wants = others;
        order(world, site, supplier, day, delivery_on, theirs).await?;
    }
    Ok(())
}

/// How many orders a site expects of a day.
fn orders_of_a_day(world: &World) -> i64 {
    let sites = i64::try_from(world.sites.len()).unwrap_or(1).max(1);
    i64::from(world.orders) / i64::from(world.days.max(1)) / sites + 2
}

/// What is missing of a SKU, in whole cases.
fn want(at: usize, sku: &Sku, orders: i64, sellable: &Value) -> Option<Want> {
    let has = |unit| sellable.get(unit).and_then(Value::as_i64).unwrap_or(0);
    let lines = orders * LINES_PER_HUNDRED_ORDERS / 100 + 2;
    let cases = |wanted: i64| (wanted.max(0) + sku.case_amount - 1) / sku.case_amount * sku.case_amount;
    if sku.measure == "weighed" {
        let grams = cases(lines * GRAMS_PER_LINE * COVER_PCT / 100 - has("grams"));
        return (grams > 0).then_some(Want { sku: at, pieces: None, grams: Some(grams) });
    }
    let pieces = cases(lines * PIECES_PER_TEN_LINES * COVER_PCT / 1000 + 1 - has("pieces"));
    (pieces > 0).then_some(Want { sku: at, pieces: Some(pieces), grams: None })
}

async fn order(
    world: &mut World,
    site: usize,
    supplier: usize,
    day: u32,
    delivery_on: Date,
    wants: Vec<Want>,
) -> Result<(), SimError> {
    if wants.is_empty() {
        return Ok(());
    }
    let order = place(world, site, supplier, day, delivery_on, &wants).await?;
    let soon = world.now.plus_minutes(world.suppliers.within(8, 45));
    world.agenda.enter(soon, Doing::Buying(Errand::Answer { order: Box::new(order) }));
    Ok(())
}

/// Places a purchase order. The one place where the company commits itself to a supplier: whatever has to come before
/// an order, a requisition and its approvals, comes in here.
async fn place(
    world: &mut World,
    site: usize,
    supplier: usize,
    day: u32,
    delivery_on: Date,
    wants: &[Want],
) -> Result<Order, SimError> {
    let (Some(known), Some(seller)) = (world.sites.get(site), world.buying.suppliers.get(supplier)) else {
        return Err(SimError::Incomplete("a site and a supplier", format!("{site} {supplier}")));
    };
    let sku = |want: &Want| known.skus.get(want.sku).map(|sku| sku.id.clone()).unwrap_or_default();
    let quantity = |want: &Want| match want.grams {
        Some(grams) => json!({ "grams": grams }),
        None => json!({ "pieces": want.pieces }),
    };
    let lines: Vec<Value> = wants.iter().map(|want| json!({ "sku": sku(want), "quantity": quantity(want) })).collect();
    let body = json!({
        "site": known.id, "supplier": seller.id, "delivery_on": delivery_on.to_string(), "lines": lines,
    });
    let counted: Vec<bool> =
        wants.iter().map(|want| known.skus.get(want.sku).is_some_and(|sku| sku.measure == "counted")).collect();
    let path = "/api/purchase-orders";
    let placed = world.shop.post("buyer", path, body).await?.done(path)?;
    world.tally.count("purchasing", "orders");
    let mut lines = Vec::new();
    for ((want, line), counted) in wants.iter().zip(list(&placed, "lines")?).zip(counted) {
        world.tally.count("purchasing", "order_lines");
        lines.push(Line {
            id: text(line, "id")?.to_owned(),
            sku: want.sku,
            pieces: line.pointer("/quantity/pieces").and_then(Value::as_i64),
            grams: line.pointer("/quantity/grams").and_then(Value::as_i64),
            unit: if counted { "pieces" } else { "grams" },
            shipped: 0,
            taken: 0,
            worth: 0,
            is_cut: false,
        });
    }
    let (id, number) = (text(&placed, "id")?.to_owned(), text(&placed, "number")?.to_owned());
    Ok(Order { id, number, site, supplier, day, delivery_on, lines })
}

/// The supplier reads the contract and signs it, or says why not; then the wholesaler gets the order.
pub(super) async fn answer(world: &mut World, known: Order) -> Result<(), SimError> {
    let Some(seller) = world.buying.suppliers.get(known.supplier).cloned() else { return Ok(()) };
    world.awake(&seller.login).await?;
    let path = format!("/api/supplier/purchase-orders/{}", known.id);
    let contract = world.shop.get(&seller.login, &format!("{path}/contract")).await?.done(&path)?;
    let declines = !seller.is_wholesaler && world.suppliers.happens(DECLINES_PER_MILLE);
    let reply = if declines {
        json!({ "answer": "decline", "reason": "not enough of it on the field" })
    } else {
        json!({ "answer": "accept" })
    };
    let body = json!({ "reply": reply, "signed_by": seller.person, "sha256": text(&contract, "sha256")? });
    let path = format!("{path}/answer");
    world.shop.post(&seller.login, &path, body).await?.done(&path)?;
    if declines {
        world.tally.count("purchasing", "orders_declined");
        let other = world.buying.suppliers.iter().position(|other| other.site == seller.site && other.is_wholesaler);
        let Some(other) = other else { return Ok(()) };
        let Order { site, day, delivery_on, lines, .. } = known;
        let want = |line: &Line| match line.pieces {
            Some(pieces) => Want { sku: line.sku, pieces: Some(pieces), grams: None },
            None => Want { sku: line.sku, pieces: None, grams: line.grams },
        };
        world.awake("buyer").await?;
        return order(world, site, other, day, delivery_on, lines.iter().map(want).collect()).await;
    }
    world.tally.count("purchasing", "orders_accepted");
    let (earliest, latest) = if world.suppliers.happens(LATE_PER_MILLE) {
        world.tally.count("purchasing", "trucks_late");
        ARRIVES_LATE
    } else {
        ARRIVES
    };
    let minute = world.suppliers.within(earliest, latest);
    let arrives = on(world, known.day, minute);
    let leaves = arrives.plus_minutes(-ANNOUNCED_BEFORE).max(world.now.plus_minutes(1));
    world.agenda.enter(leaves, Doing::Buying(Errand::Announce { order: Box::new(known) }));
    Ok(())
}

/// The truck is loaded: what is on it, from which lots, and when it will be there.
pub(super) async fn announce(world: &mut World, mut order: Order) -> Result<(), SimError> {
    let Some(seller) = world.buying.suppliers.get(order.supplier).cloned() else { return Ok(()) };
    let Some(skus) = world.sites.get(order.site).map(|site| site.skus.clone()) else { return Ok(()) };
    let mut loads = Vec::new();
    for at in 0..order.lines.len() {
        let Some(line) = order.lines.get_mut(at) else { continue };
        let Some(sku) = skus.get(line.sku) else { continue };
        let share = if world.suppliers.happens(SHORT_PER_MILLE) {
            world.tally.count("purchasing", "lines_short");
            world.suppliers.within(60, 85)
        } else {
            100
        };
        let part = |amount: i64| (amount * share / 100).max(1);
        world.buying.lots += 1;
        let made_on = made_on(sku, order.delivery_on);
        let (pieces, grams) = (line.pieces.map(part), line.grams.map(part));
        line.shipped = if sku.measure == "counted" { pieces.unwrap_or(0) } else { grams.unwrap_or(0) };
        let amount = if sku.measure == "weighed" { grams } else { pieces };
        loads.push(Load {
            line: at,
            supplier_lot: format!("{}-{}", order.delivery_on.strftime("%y%m%d"), world.buying.lots),
            made_on,
            use_by: made_on.saturating_add(jiff::Span::new().days(sku.life_days)),
            cases: (amount.unwrap_or(1) - 1) / sku.case_amount + 1,
            pieces,
            // Counted goods are not weighed, neither there nor here.
            grams: if sku.measure == "counted" { None } else { grams },
        });
    }
    let arrives = world.now.plus_minutes(ANNOUNCED_BEFORE);
    let line = |load: &Load| {
        let id = order.lines.get(load.line).map(|line| line.id.clone());
        json!({
            "purchase_order_line": id, "supplier_lot": load.supplier_lot, "use_by": load.use_by.to_string(),
            "cases": load.cases, "quantity": { "pieces": load.pieces, "grams": load.grams },
        })
    };
    let body = json!({
        "eta": arrives, "vehicle": vehicle(&seller.code), "lines": loads.iter().map(line).collect::<Vec<_>>(),
    });
    world.awake(&seller.login).await?;
    let path = format!("/api/supplier/purchase-orders/{}/shipping-notices", order.id);
    let notice = world.shop.post(&seller.login, &path, body).await?.done(&path)?;
    let notice = text(&notice, "id")?.to_owned();
    world.agenda.enter(arrives, Doing::Buying(Errand::Arrive { order: Box::new(order), notice, loads }));
    Ok(())
}

/// Fresh goods are of yesterday, what keeps for weeks has been on a shelf before.
fn made_on(sku: &Sku, delivery_on: Date) -> Date {
    let age = if sku.life_days > 60 { sku.life_days / 20 } else { 1 };
    delivery_on.saturating_add(jiff::Span::new().days(-age))
}

pub(super) fn vehicle(code: &str) -> String {
    format!("{}-1", code.chars().take(16).collect::<String>())
}
