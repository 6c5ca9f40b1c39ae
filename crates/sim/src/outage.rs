//! A server that dies: people wait until it is back and say again what they were not answered. Afterwards their own list
//! of everything that was ever acknowledged is held against what the shop says.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use kernel::Instant;
use reqwest::Method;
use serde_json::Value;

use crate::{
    SimError, customers,
    shop::{Acknowledged, Answer, Repeated, list, text},
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
    /// Commands that were said again under their own key, and answered as before without being done again.
    pub commands: u64,
    /// Commands whose doing stands in the log, at its moment and about their thing.
    pub told: u64,
    /// Things that people made by a command: each is in the log once, and no other of its kind is.
    pub things: u64,
    /// The orders among them.
    pub orders: u64,
    /// How often the same notice reached a phone at most.
    pub notice_sent_most_often: u32,
    pub forgotten: Vec<String>,
}

/// Holds every acknowledged command against what the shop says now: asked again, in its log, and in its lists.
pub(crate) async fn ask_again(world: &mut World) -> Result<Remembered, SimError> {
    world.clock_in().await?;
    // What the last moment told is sealed by the work of that moment, and readers see what is sealed.
    world.let_it_work().await?;
    let commands = world.shop.acknowledged.clone();
    let (_, notice_sent_most_often) = world.phones.counted();
    let mut remembered = Remembered { notice_sent_most_often, ..Remembered::default() };
    let log = Log::read(world).await?;
    remembered.look_for_traces(&commands, &log);
    let named = named_things(world, &commands).await?;
    remembered.look_for_doubles(&commands, &named, &log);
    remembered.count_orders(world, &named).await?;
    remembered.say_again(world, &commands).await?;
    Ok(remembered)
}

impl Remembered {
    /// Every command left its trace: an event of its moment that touches a thing of which it speaks.
    fn look_for_traces(&mut self, commands: &[Acknowledged], log: &Log) {
        for command in commands.iter().filter(|command| !is_untold(command)) {
            let mut things = ids_in(&command.answer);
            things.extend(command.path.split(['/', '?']).filter(|part| is_id(part)).map(str::to_owned));
            things.extend(ids_in(&command.body));
            let told = |thing: &String| command.at.is_some_and(|at| log.touched.contains(&(at, thing.clone())));
            if things.iter().any(told) {
                self.told += 1;
            } else {
                self.forgotten.push(format!("{} {} left no trace", command.method, command.path));
            }
        }
    }

    /// What was made at one moment in one way was acknowledged: a command that was done twice would have made another.
    /// What the shop itself makes later in somebody's name is nobody's command, but comes of one, and once.
    fn look_for_doubles(&mut self, commands: &[Acknowledged], named: &BTreeSet<String>, log: &Log) {
        let made: BTreeSet<&Beginning> =
            commands.iter().filter_map(|command| log.begun.get(identity(&command.answer).as_str()?)).collect();
        let mut come_of = BTreeSet::new();
        for (thing, beginning) in &log.begun {
            let kind = &beginning.kind;
            if named.contains(thing) {
                self.things += 1;
            } else if let Some(cause) = log.causes.get(thing) {
                if !named.contains(cause) {
                    self.forgotten.push(format!("{kind} {thing} comes of {cause}, which was never acknowledged"));
                } else if !come_of.insert((kind, cause)) {
                    self.forgotten.push(format!("{kind} {thing} comes of {cause} a second time"));
                }
            } else if made.contains(beginning) {
                self.forgotten.push(format!("{kind} {thing} was never acknowledged"));
            }
        }
    }

    /// The lists of the sites show every order that was acknowledged, and no other.
    async fn count_orders(&mut self, world: &mut World, named: &BTreeSet<String>) -> Result<(), SimError> {
        let sites: Vec<String> = world.sites.iter().map(|site| site.id.clone()).collect();
        let mut listed = BTreeSet::new();
        for site in sites {
            for order in world.shop.all("manager", &format!("/api/orders?site={site}")).await? {
                listed.insert(text(&order, "id")?.to_owned());
            }
        }
        for order in listed.difference(named) {
            self.forgotten.push(format!("order {order} was never acknowledged"));
        }
        self.orders = u64::try_from(listed.len()).unwrap_or(0);
        Ok(())
    }

    /// Every command that carries a key is answered as before, and not done again.
    async fn say_again(&mut self, world: &mut World, commands: &[Acknowledged]) -> Result<(), SimError> {
        let keyed = keyed_addresses(world).await?;
        let is_keyed = |command: &&Acknowledged| {
            command.method == Method::POST
                && !command.path.ends_with(REHEARSAL)
                && keyed.iter().any(|template| fits(template, &command.path))
        };
        for command in commands.iter().filter(is_keyed) {
            let wrong = match repeat(world, command).await? {
                Repeated::Known(answer) if identity(&answer) == identity(&command.answer) => None,
                // A secret is shown once; that it was shown is what is remembered.
                Repeated::Refused(slug) if slug == "identity/secret-shown" => None,
                Repeated::Known(answer) => Some(format!("{answer} after {}", command.answer)),
                Repeated::Anew => Some("done anew".to_owned()),
                Repeated::Refused(slug) => Some(slug),
            };
            match wrong {
                None => self.commands += 1,
                Some(wrong) => self.forgotten.push(format!("{} {}: {wrong}", command.method, command.path)),
            }
        }
        Ok(())
    }
}

/// A file that is only tried leaves nothing, not even its key.
const REHEARSAL: &str = "?dry_run=true";

/// Commands of which the log has nothing to tell: measurements, and what is only asked or tried. That a code was asked
/// for tells nobody that there is a customer with that phone.
fn is_untold(command: &Acknowledged) -> bool {
    let measures = ["/positions", "/readings"].iter().any(|end| command.path.ends_with(end));
    let asks = ["/api/customers/lookup", "/api/sign-in-codes"].contains(&command.path.as_str());
    measures || asks || command.path.ends_with(REHEARSAL)
}

/// What the shop makes by itself in a person's name, by its first event, and the noun of what it makes it of.
const MADE_OF: [(&str, &str); 1] = [("suggestion_made", "rating")];

/// What the log tells of the run.
#[derive(Default)]
struct Log {
    /// What was touched when.
    touched: BTreeSet<(Instant, String)>,
    /// Things of which a person told first.
    begun: BTreeMap<String, Beginning>,
    /// Those of them that the shop made itself, and of what.
    causes: BTreeMap<String, String>,
}

/// The first event of a thing.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Beginning {
    at: Instant,
    kind: String,
}

impl Log {
    async fn read(world: &mut World) -> Result<Self, SimError> {
        let (mut log, mut seen, mut after) = (Self::default(), BTreeSet::new(), "0".to_owned());
        loop {
            let path = format!("/api/events?limit=500&after={after}");
            let page = world.shop.get("auditor", &path).await?.done(&path)?;
            for event in list(&page, "items")? {
                log.note(event, &mut seen)?;
            }
            match page.get("next").and_then(Value::as_str) {
                Some(next) => next.clone_into(&mut after),
                None => return Ok(log),
            }
        }
    }

    fn note(&mut self, event: &Value, seen: &mut BTreeSet<String>) -> Result<(), SimError> {
        let at = text(event, "at")?;
        let at: Instant = at.parse().map_err(|_| SimError::Incomplete("an instant", at.to_owned()))?;
        let subject = event.get("subject").cloned().unwrap_or_default();
        let subject = text(&subject, "id")?.to_owned();
        let by = event.pointer("/actor/kind").and_then(Value::as_str).unwrap_or_default();
        let mut also = Vec::new();
        for link in list(event, "also")? {
            also.push((text(link, "noun")?, text(link, "id")?.to_owned()));
        }
        if seen.insert(subject.clone()) && by != "system" {
            let kind = text(event, "kind")?.to_owned();
            let is_cause = |noun: &str| MADE_OF.contains(&(kind.as_str(), noun));
            if let Some((_, cause)) = also.iter().find(|(noun, _)| is_cause(noun)) {
                self.causes.insert(subject.clone(), cause.clone());
            }
            self.begun.insert(subject.clone(), Beginning { at, kind });
        }
        self.touched.extend(also.into_iter().map(|(_, thing)| (at, thing)));
        self.touched.insert((at, subject));
        Ok(())
    }
}

/// Everything that an acknowledged command named: in its answer, and for a file of orders in the list of its rows.
async fn named_things(world: &mut World, commands: &[Acknowledged]) -> Result<BTreeSet<String>, SimError> {
    let mut named: BTreeSet<String> = commands.iter().flat_map(|command| ids_in(&command.answer)).collect();
    for command in commands.iter().filter(|command| command.path.starts_with("/api/imports/")) {
        let Some(run) = command.answer.get("run").and_then(Value::as_str) else { continue };
        // A file that is gone is missed where its traces are looked for.
        let rows = world.shop.get("desk", &format!("/api/imports/{run}/rows?limit=200")).await?;
        if let Answer::Done(rows) = rows {
            named.extend(ids_in(&rows));
        }
    }
    Ok(named)
}

/// Sends the command again; whoever has been signed out meanwhile signs in first.
async fn repeat(world: &mut World, command: &Acknowledged) -> Result<Repeated, SimError> {
    let answer = world.shop.repeat(command).await?;
    match &answer {
        Repeated::Refused(slug) if slug == "identity/sign-in-required" || slug == "identity/session-ended" => {}
        Repeated::Refused(_) | Repeated::Known(_) | Repeated::Anew => return Ok(answer),
    }
    world.shop.forget(&command.who);
    match world.customers.iter().position(|customer| customer.who == command.who) {
        Some(customer) => customers::sign_in(world, customer).await?,
        None => world.awake_anew(&command.who).await?,
    }
    world.shop.repeat(command).await
}

/// What a command made: its id, or the whole answer where it has none. The rest of a thing may have moved on since.
fn identity(answer: &Value) -> &Value {
    answer.get("id").unwrap_or(answer)
}

fn ids_in(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) if is_id(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(ids_in).collect(),
        Value::Object(fields) => fields.values().flat_map(ids_in).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

fn is_id(text: &str) -> bool {
    text.len() == 36 && text.bytes().filter(|byte| *byte == b'-').count() == 4
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
