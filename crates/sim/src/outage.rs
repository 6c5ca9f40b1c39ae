//! A server that dies: people wait until it is back and say again what they were not answered; afterwards everything
//! that was ever acknowledged is asked again under its own key.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use serde_json::Value;

use crate::{
    SimError, customers,
    shop::{Acknowledged, Answer, text},
    world::World,
};

/// Counts the requests of a run, for whoever pulls the plug between two of them or in the middle of one.
#[derive(Clone, Debug, Default)]
pub struct Pulse(Arc<AtomicU64>);

impl Pulse {
    pub fn beats(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    pub(crate) fn beat(&self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}

/// What the shop still knew of what it had said yes to.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Remembered {
    /// Commands that were asked again and answered as before.
    pub commands: u64,
    /// Orders that were acknowledged, each of which exists once, and no other.
    pub orders: u64,
    /// How often the same notice reached a phone at most.
    pub notice_sent_most_often: u32,
    pub forgotten: Vec<String>,
}

/// Asks every acknowledged command again, and counts the orders.
pub(crate) async fn ask_again(world: &mut World) -> Result<Remembered, SimError> {
    world.clock_in().await?;
    let keyed = keyed_addresses(world).await?;
    let (_, notice_sent_most_often) = world.phones.counted();
    let mut remembered = Remembered { notice_sent_most_often, ..Remembered::default() };
    let mut ordered: BTreeMap<String, String> = BTreeMap::new();
    for command in world.shop.acknowledged.clone() {
        if !keyed.iter().any(|template| fits(template, &command.path)) {
            continue;
        }
        match repeat(world, &command).await? {
            Answer::Done(answer) if identity(&answer) == identity(&command.answer) => remembered.commands += 1,
            Answer::Done(answer) => {
                remembered.forgotten.push(format!("{}: {answer} after {}", command.path, command.answer));
            }
            Answer::Refused(slug, _) => remembered.forgotten.push(format!("{}: {slug}", command.path)),
        }
        if command.path == "/api/orders" {
            let id = text(&command.answer, "id")?.to_owned();
            if let Some(before) = ordered.insert(id.clone(), command.key.clone()) {
                remembered.forgotten.push(format!("{before} and {} are one order, {id}", command.key));
            }
        }
    }
    let mut existing = BTreeSet::new();
    let sites: Vec<String> = world.sites.iter().map(|site| site.id.clone()).collect();
    for site in sites {
        for order in world.shop.all("manager", &format!("/api/orders?site={site}")).await? {
            existing.insert(text(&order, "id")?.to_owned());
        }
    }
    let acknowledged: BTreeSet<String> = ordered.keys().cloned().collect();
    for id in existing.symmetric_difference(&acknowledged) {
        remembered.forgotten.push(format!("order {id} exists and was never acknowledged, or the other way round"));
    }
    remembered.orders = u64::try_from(acknowledged.len()).unwrap_or(0);
    Ok(remembered)
}

/// Sends the command again; whoever has been signed out meanwhile signs in first.
async fn repeat(world: &mut World, command: &Acknowledged) -> Result<Answer, SimError> {
    let answer = world.shop.repeat(command).await?;
    let customer = world.customers.iter().position(|customer| customer.who == command.who);
    if let (Answer::Refused(slug, _), Some(customer)) = (&answer, customer)
        && slug.starts_with("identity/")
    {
        world.shop.forget(&command.who);
        customers::sign_in(world, customer).await?;
        return world.shop.repeat(command).await;
    }
    Ok(answer)
}

/// What a command made: its id, or the whole answer where it has none. The rest of a thing may have moved on since.
fn identity(answer: &Value) -> &Value {
    answer.get("id").unwrap_or(answer)
}

/// Addresses whose commands carry an idempotency key, as the API's document says.
async fn keyed_addresses(world: &mut World) -> Result<Vec<String>, SimError> {
    let path = "/api/openapi.json";
    let document = world.shop.get("admin", path).await?.done(path)?;
    let paths = document.get("paths").and_then(Value::as_object).cloned().unwrap_or_default();
    let is_keyed = |operation: &Value| {
        let parameters = operation.pointer("/post/parameters").and_then(Value::as_array);
        let mut names = parameters.into_iter().flatten().filter_map(|parameter| parameter.get("name"));
        names.any(|name| name == "Idempotency-Key")
    };
    Ok(paths.iter().filter(|(_, operation)| is_keyed(operation)).map(|(path, _)| format!("/api{path}")).collect())
}

fn fits(template: &str, path: &str) -> bool {
    let (template, path): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len() && template.iter().zip(&path).all(|(own, part)| own.starts_with('{') || own == part)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn an_address_fits_its_template_only() {
        assert!(fits("/api/orders/{order}/cancel", "/api/orders/7/cancel"));
        assert!(!fits("/api/orders/{order}/cancel", "/api/orders/7/release"));
        assert!(!fits("/api/orders", "/api/orders/7"));
    }
}
