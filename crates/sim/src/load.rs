//! A crowd that does nothing but order: how many orders a shop takes in when everybody comes at once.
//!
//! It reaches the shop as everybody does, over the public API; each of the crowd is a customer of their own who waits
//! for one answer before the next order.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant as Stopwatch},
};

use jiff::Span;
use kernel::{Instant, SiteTime};
use serde_json::{Value, json};

use crate::{
    Phones, SimError,
    chance::Chance,
    shop::{Answer, Shop, number, text},
    world::items,
};

/// What is to be measured.
pub struct Load {
    pub address: String,
    pub phones: Phones,
    pub password: String,
    /// Customers who order at the same time.
    pub crowd: u32,
    pub seed: u64,
}

/// A shop with goods, windows and a crowd before the door.
pub struct Crowd {
    customers: Vec<Shopper>,
}

struct Shopper {
    shop: Shop,
    who: String,
    address: String,
    windows: Vec<(Instant, Instant)>,
    skus: Vec<(String, String)>,
    chance: Chance,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Taken {
    /// Orders that exist, by the state they were answered with.
    pub states: BTreeMap<String, u64>,
    /// Orders that were not taken, by slug.
    pub refused: BTreeMap<String, u64>,
    pub lines: u64,
    /// How long each answer took, shortest first.
    pub waits: Vec<Duration>,
    pub took: Duration,
}

impl Taken {
    pub fn orders(&self) -> u64 {
        self.states.values().sum()
    }

    /// The wait that `per_mille` of a thousand answers did not exceed.
    pub fn wait(&self, per_mille: usize) -> Duration {
        let last = self.waits.len().saturating_sub(1);
        self.waits.get((self.waits.len() * per_mille / 1000).min(last)).copied().unwrap_or_default()
    }
}

/// Of every product nine hundred tonnes: as much as one document may say, and more than any crowd buys in minutes.
const STOCK_GRAMS: i64 = 900_000_000;
/// So long it may still be brought to a door.
const GOOD_FOR_DAYS: i64 = 30;
const WINDOW_ROOM: i64 = 100_000;
const CODE_PATIENCE: Duration = Duration::from_secs(20);

/// Fills the shelves, opens the windows of tomorrow and lets the crowd in.
pub async fn gather(load: &Load) -> Result<Crowd, SimError> {
    let mut office = Shop::at(&load.address, "crowd-office")?;
    for login in ["admin", "manager", "warehouse", "desk", "dispatcher"] {
        office.sign_in(login, &load.password).await?;
    }
    let clock = office.get("admin", "/api/clock").await?.done("/api/clock")?;
    let now: Instant = text(&clock, "at")?.parse().map_err(|_| SimError::Incomplete("a time", clock.to_string()))?;
    // Two runs on one database are two crowds.
    let run = now.millis();
    office = Shop::at(&load.address, &format!("crowd-{run}"))?;
    for login in ["manager", "warehouse", "desk", "dispatcher"] {
        office.sign_in(login, &load.password).await?;
    }
    let sites = office.get("manager", "/api/sites").await?.done("/api/sites")?;
    let sites = items(&sites);
    let site = sites.first().ok_or_else(|| SimError::Incomplete("a site", String::new()))?;
    let windows = open_windows(&mut office, site, now).await?;
    let skus = fill(&mut office, site, now).await?;
    let mut customers = Vec::new();
    for nth in 0..load.crowd {
        let seed = Chance::of(load.seed, &format!("crowd {nth}"));
        let (who, phone, address) = move_in(&mut office, site, run, nth).await?;
        let mut shop = Shop::at(&load.address, &format!("crowd-{run}-{nth}"))?;
        sign_in(&mut shop, &load.phones, &who, &phone).await?;
        let (windows, skus) = (windows.clone(), skus.clone());
        customers.push(Shopper { shop, who, address, windows, skus, chance: seed });
    }
    Ok(Crowd { customers })
}

/// Lets the crowd order for so long.
pub async fn press(crowd: Crowd, time: Duration) -> Result<Taken, SimError> {
    let stopwatch = Stopwatch::now();
    let mut people = tokio::task::JoinSet::new();
    for shopper in crowd.customers {
        people.spawn(shopper.order_until(stopwatch + time));
    }
    let mut all = Taken::default();
    while let Some(taken) = people.join_next().await {
        let taken = taken.map_err(|error| SimError::Incomplete("an end of a shopper", error.to_string()))??;
        for (state, count) in taken.states {
            *all.states.entry(state).or_default() += count;
        }
        for (slug, count) in taken.refused {
            *all.refused.entry(slug).or_default() += count;
        }
        all.lines += taken.lines;
        all.waits.extend(taken.waits);
    }
    all.waits.sort_unstable();
    all.took = stopwatch.elapsed();
    Ok(all)
}

impl Shopper {
    async fn order_until(mut self, end: Stopwatch) -> Result<Taken, SimError> {
        let mut taken = Taken::default();
        while Stopwatch::now() < end {
            let basket = self.basket();
            let lines = basket.len();
            let Some((start, until)) = self.chance.pick(&self.windows).copied() else { break };
            let order = json!({
                "address": self.address, "lines": basket, "payment_token": "sim:ok",
                "window": { "start": start, "end": until },
            });
            let stopwatch = Stopwatch::now();
            let answer = self.shop.post(&self.who, "/api/orders", order).await?;
            taken.waits.push(stopwatch.elapsed());
            match answer {
                Answer::Done(order) => {
                    *taken.states.entry(text(&order, "state")?.to_owned()).or_default() += 1;
                    taken.lines += u64::try_from(lines).unwrap_or(0);
                }
                Answer::Refused(slug, _) => *taken.refused.entry(slug).or_default() += 1,
            }
        }
        Ok(taken)
    }

    /// Three to five different products, as households buy them.
    fn basket(&mut self) -> Vec<Value> {
        let wanted = usize::try_from(self.chance.within(3, 5)).unwrap_or(3);
        let mut chosen: Vec<(String, String)> = Vec::new();
        while chosen.len() < wanted {
            match self.chance.pick(&self.skus) {
                Some(sku) if !chosen.contains(sku) => chosen.push(sku.clone()),
                Some(_) => {}
                None => break,
            }
        }
        let line = |(sku, measure): (String, String)| {
            let quantity = if measure == "weighed" { json!({ "grams": 500 }) } else { json!({ "pieces": 1 }) };
            json!({ "sku": sku, "quantity": quantity, "substitution": "refund" })
        };
        chosen.into_iter().map(line).collect()
    }
}

async fn open_windows(office: &mut Shop, site: &Value, now: Instant) -> Result<Vec<(Instant, Instant)>, SimError> {
    let zone = text(site, "time_zone")?;
    let time = SiteTime::new(zone, number(site, "day_turns_at_minute")?)
        .ok_or_else(|| SimError::Incomplete("a known time zone", zone.to_owned()))?;
    let tomorrow = time.date(now).saturating_add(Span::new().days(1));
    let mut windows = Vec::new();
    for hour in [10, 14, 18] {
        let (start, end) = (time.at(tomorrow, hour * 60), time.at(tomorrow, (hour + 2) * 60));
        let cut_off = time.at(tomorrow, (hour - 2) * 60);
        let body = json!({
            "site": text(site, "id")?, "start": start, "end": end, "cut_off": cut_off, "capacity": WINDOW_ROOM,
        });
        // A crowd that comes a second time finds the windows open.
        if let Answer::Refused(slug, problem) = office.post("dispatcher", "/api/windows", body).await?
            && !slug.starts_with("intake/")
        {
            return Err(SimError::Unexpected { path: "/api/windows".to_owned(), slug, problem: problem.to_string() });
        }
        windows.push((start, end));
    }
    Ok(windows)
}

/// Opens more of every product than anybody can order; answers each with how it is measured.
async fn fill(office: &mut Shop, site: &Value, now: Instant) -> Result<Vec<(String, String)>, SimError> {
    let id = text(site, "id")?.to_owned();
    let zones = office.get("manager", &format!("/api/sites/{id}/zones")).await?.done("zones")?;
    let places = office.all("warehouse", &format!("/api/places?site={id}&kind=bin")).await?;
    let mut skus = Vec::new();
    for sku in office.all("manager", "/api/skus").await? {
        let class = text(&sku, "temperature_class")?;
        let zone = items(&zones).into_iter().find(|zone| zone.get("class").and_then(Value::as_str) == Some(class));
        let zone = zone.as_ref().and_then(|zone| zone.get("id")).cloned();
        let Some(bin) = places.iter().find(|place| place.get("zone") == zone.as_ref()) else { continue };
        let measure = text(&sku, "measure")?.to_owned();
        let nominal = sku.get("nominal_grams").and_then(Value::as_i64).unwrap_or(1).max(1);
        let pieces = STOCK_GRAMS / nominal;
        let days = GOOD_FOR_DAYS + number(&sku, "life_at_door_days")?;
        let use_by = Instant::from_millis(now.millis() + days * crate::DAY_MS).to_string();
        let use_by = use_by.get(..10).unwrap_or_default();
        let (quantity, base) = match measure.as_str() {
            "weighed" => (json!({ "grams": STOCK_GRAMS }), json!({ "weight": "kilogram" })),
            "catch_weight" => (json!({ "pieces": pieces, "grams": pieces * nominal }), json!({ "weight": "kilogram" })),
            _ => (json!({ "pieces": pieces }), json!("piece")),
        };
        let body = json!({
            "place": text(bin, "id")?, "sku": text(&sku, "id")?, "quantity": quantity, "use_by": use_by,
            "origin": "for the crowd", "unit_cost": { "money": 1, "base": base },
        });
        office.post("manager", "/api/stock/openings", body).await?.done("/api/stock/openings")?;
        skus.push((text(&sku, "id")?.to_owned(), measure));
    }
    Ok(skus)
}

async fn move_in(office: &mut Shop, site: &Value, run: i64, nth: u32) -> Result<(String, String, String), SimError> {
    let position = site.get("position").cloned().unwrap_or_default();
    let phone = format!("+8869{:08}", (run / 1000 * 131 + i64::from(nth)).rem_euclid(100_000_000));
    let name = format!("Shopper {nth}");
    let body = json!({
        "kind": "person", "standing": "registered", "name": name, "phone": phone, "langs": ["en"],
    });
    let customer = office.post("desk", "/api/customers", body).await?.done("/api/customers")?;
    let path = format!("/api/customers/{}/addresses", text(&customer, "id")?);
    let body = json!({
        "recipient": name, "text": format!("No. {nth}, Harvest Road"), "lift": "yes", "floor": "3",
        "latitude_microdegrees": number(&position, "latitude_microdegrees")? + i64::from(nth) * 90,
        "longitude_microdegrees": number(&position, "longitude_microdegrees")?,
    });
    let address = office.post("desk", &path, body).await?.done(&path)?;
    Ok((format!("shopper-{nth}"), phone, text(&address, "address")?.to_owned()))
}

async fn sign_in(shop: &mut Shop, phones: &Phones, who: &str, phone: &str) -> Result<(), SimError> {
    let path = "/api/sign-in-codes";
    let asked = shop.post(who, path, json!({ "phone": phone })).await?.done(path)?;
    let challenge = text(&asked, "challenge")?.to_owned();
    let stopwatch = Stopwatch::now();
    while stopwatch.elapsed() < CODE_PATIENCE {
        if let Some(code) = phones.take_code(phone) {
            return shop.confirm_code(who, &challenge, &code).await;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Err(SimError::Incomplete("a sign-in code on the phone", phone.to_owned()))
}
