//! The supplier's money: the invoice is held against order and receipt, and paid by somebody who did neither.

use serde_json::{Value, json};

use super::{Line, Order};
use crate::{SimError, shop::text, world::World};

/// An invoice for all that left the supplier's yard, whatever the dock made of it.
const FOR_ALL_PER_MILLE: i64 = 60;

/// The supplier's invoice comes; one that asks for too much is sent back and comes again, right. Then it is paid, and an
/// order that was not delivered in full is closed.
pub(super) async fn settle(world: &mut World, order: Order) -> Result<(), SimError> {
    for login in ["accountant", "cashier", "buyer"] {
        world.awake(login).await?;
    }
    let mut number = format!("{}-A", order.number);
    let asks_too_much = order.lines.iter().any(|line| line.shipped > line.taken + line.taken / 50);
    if asks_too_much && world.suppliers.happens(FOR_ALL_PER_MILLE * 4) {
        let lines: Vec<Value> = order.lines.iter().filter(|line| line.shipped > 0).map(for_all).collect();
        let invoice = book(world, &order, &number, lines).await?;
        world.tally.count("invoices", text(&invoice, "state")?);
        if text(&invoice, "state")? == "blocked" {
            let path = format!("/api/supplier-invoices/{}/withdrawal", text(&invoice, "id")?);
            let reason = json!({ "reason": "invoiced more than was accepted" });
            world.shop.post("accountant", &path, reason).await?.done(&path)?;
            world.tally.count("invoices", "sent_back");
            number = format!("{}-B", order.number);
        } else {
            pay(world, &invoice).await?;
            return close(world, &order).await;
        }
    }
    let lines: Vec<Value> = order.lines.iter().filter(|line| line.taken > 0).map(for_taken).collect();
    if !lines.is_empty() {
        let invoice = book(world, &order, &number, lines).await?;
        world.tally.count("invoices", text(&invoice, "state")?);
        if text(&invoice, "state")? == "approved" {
            pay(world, &invoice).await?;
        }
    }
    close(world, &order).await
}

fn for_all(line: &Line) -> Value {
    json!({ "purchase_order_line": line.id, "amount": line.shipped })
}

/// What was taken, at the price of the order; with a cut part in it, at what that comes to on average.
fn for_taken(line: &Line) -> Value {
    if !line.is_cut {
        return json!({ "purchase_order_line": line.id, "amount": line.taken });
    }
    let (money, base) = if line.unit == "pieces" {
        (line.worth / line.taken, json!("piece"))
    } else {
        (line.worth * 1000 / line.taken, json!({ "weight": "kilogram" }))
    };
    json!({ "purchase_order_line": line.id, "amount": line.taken, "price": { "money": money, "base": base } })
}

async fn book(world: &mut World, order: &Order, number: &str, lines: Vec<Value>) -> Result<Value, SimError> {
    let body = json!({
        "purchase_order": order.id, "number": number, "invoiced_on": order.delivery_on.to_string(), "lines": lines,
    });
    let path = "/api/supplier-invoices";
    world.shop.post("accountant", path, body).await?.done(path)
}

async fn pay(world: &mut World, invoice: &Value) -> Result<(), SimError> {
    let path = format!("/api/supplier-invoices/{}/payment", text(invoice, "id")?);
    let paid = world.shop.post("cashier", &path, json!({})).await?.done(&path)?;
    world.tally.count("invoices", text(&paid, "state")?);
    Ok(())
}

/// What has not come by now is not coming.
async fn close(world: &mut World, order: &Order) -> Result<(), SimError> {
    let path = format!("/api/purchase-orders/{}", order.id);
    let known = world.shop.get("buyer", &path).await?.done(&path)?;
    if text(&known, "state")? == "partly_received" {
        let path = format!("{path}/close");
        let reason = json!({ "reason": "the rest is not coming" });
        world.shop.post("buyer", &path, reason).await?.done(&path)?;
        world.tally.count("purchasing", "orders_closed_short");
    }
    Ok(())
}
