//! From the order to the truck on its way: what the supplier says to it, and what is announced.

use kernel::Date;
use serde_json::json;

use super::{Errand, Line, Load, Order, on, requisition};
use crate::{
    SimError,
    day::Doing,
    shop::text,
    world::{Sku, World},
};

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
        let wants: Vec<Want> = lines.iter().map(want).collect();
        return requisition::write(world, site, other, day, delivery_on, &wants).await;
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
