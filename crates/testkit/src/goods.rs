//! What a story needs before it begins: goods on a shelf, a window to deliver in, somebody who lives nearby.

use kernel::{Instant, SiteTime};
use serde_json::{Value, json};

use crate::{Login, Shop};

/// A site as its people know it.
#[derive(Clone, Debug)]
pub struct Site {
    pub id: String,
    pub code: String,
    pub time: SiteTime,
    latitude: i64,
    longitude: i64,
}

/// Somebody who lives where a site delivers, signed in.
#[derive(Clone, Debug)]
pub struct Resident {
    pub login: Login,
    pub customer: String,
    pub address: String,
    pub phone: String,
}

/// A delivery window of today.
#[derive(Clone, Debug)]
pub struct Slot {
    pub id: String,
    pub start: Instant,
    pub end: Instant,
}

impl Shop {
    /// The sites of the company, by code.
    pub async fn sites(&self) -> Vec<Site> {
        let manager = self.staff("manager").await;
        let sites = self.get(&manager, "/api/sites").await.ok();
        let mut sites: Vec<Site> = sites.as_array().into_iter().flatten().map(site).collect();
        sites.sort_by(|one, other| other.code.cmp(&one.code));
        sites
    }

    /// The product with this code.
    pub async fn sku(&self, code: &str) -> Value {
        let manager = self.staff("manager").await;
        let skus = self.get(&manager, "/api/skus?limit=200").await.ok();
        let found = skus["items"].as_array().into_iter().flatten().find(|sku| sku["code"] == code);
        found.cloned().unwrap_or_else(|| panic!("no product {code}"))
    }

    /// Puts a lot of the product on a shelf of its temperature; good to be brought to a door for two days.
    pub async fn stock(&self, site: &Site, code: &str, quantity: Value) -> Value {
        let (manager, sku) = (self.staff("manager").await, self.sku(code).await);
        let zones = self.get(&manager, &format!("/api/sites/{}/zones", site.id)).await.ok();
        let zone = zones.as_array().into_iter().flatten().find(|zone| zone["class"] == sku["temperature_class"]);
        let zone = zone.unwrap_or_else(|| panic!("no zone for {code}"))["id"].clone();
        let lead = self.staff("warehouse").await;
        let bins = self.get(&lead, &format!("/api/places?site={}&kind=bin&limit=200", site.id)).await.ok();
        let bin = bins["items"].as_array().into_iter().flatten().find(|bin| bin["zone"] == zone);
        let bin = bin.unwrap_or_else(|| panic!("no bin for {code}"))["id"].clone();
        let now: Instant = self.now().await;
        let days = 2 + sku["life_at_door_days"].as_i64().unwrap_or_default();
        let use_by = site.time.date(now.plus_minutes(days * 24 * 60)).to_string();
        let base = if sku["measure"] == "counted" { json!("piece") } else { json!({ "weight": "kilogram" }) };
        let body = json!({
            "place": bin, "sku": sku["id"], "quantity": quantity, "use_by": use_by, "origin": "night market",
            "unit_cost": { "money": 20, "base": base },
        });
        self.post(&manager, "/api/stock/openings", body).await.ok()
    }

    /// Opens a window between two hours of today, whose cut-off is two hours before it.
    pub async fn window(&self, site: &Site, from: i64, until: i64, capacity: i64) -> Slot {
        let dispatcher = self.staff("dispatcher").await;
        let today = site.time.date(self.now().await);
        let at = |hour: i64| site.time.at(today, hour * 60);
        let body = json!({
            "site": site.id, "start": at(from), "end": at(until), "cut_off": at(from - 2), "capacity": capacity,
        });
        let window = self.post(&dispatcher, "/api/windows", body).await.ok();
        Slot { id: window["id"].as_str().unwrap_or_default().to_owned(), start: at(from), end: at(until) }
    }

    /// The time by the shop's clock.
    pub async fn now(&self) -> Instant {
        let admin = self.staff("admin").await;
        let clock = self.get(&admin, "/api/clock").await.ok();
        let at = clock["at"].as_str().and_then(|at| at.parse().ok());
        at.unwrap_or_else(|| panic!("{clock} is no time"))
    }

    /// Somebody moves in near the site, gives the desk a phone and an address, and signs in.
    pub async fn resident(&self, site: &Site, nth: u32) -> Resident {
        let (customer, address, phone) = self.move_in(site, nth).await;
        let login = self.customer(&phone).await;
        Resident { login, customer, address, phone }
    }

    /// The same without signing in.
    pub async fn move_in(&self, site: &Site, nth: u32) -> (String, String, String) {
        let desk = self.staff("desk").await;
        let phone = format!("+8869{:08}", 30_000_000 + nth);
        let (name, text) = (format!("Resident {nth}"), format!("No. {nth}, Harvest Road"));
        let body = json!({
            "kind": "person", "standing": "registered", "name": name, "phone": phone, "langs": ["en"],
        });
        let customer =
            self.post(&desk, "/api/customers", body).await.ok()["id"].as_str().unwrap_or_default().to_owned();
        let nudge = i64::from(nth % 100) * 90;
        let body = json!({
            "recipient": name, "text": text, "lift": "yes", "floor": "3",
            "latitude_microdegrees": site.latitude + nudge, "longitude_microdegrees": site.longitude - nudge,
        });
        let address = self.post(&desk, &format!("/api/customers/{customer}/addresses"), body).await.ok();
        (customer, address["address"].as_str().unwrap_or_default().to_owned(), phone)
    }
}

fn site(site: &Value) -> Site {
    let text = |name: &str| site[name].as_str().unwrap_or_default().to_owned();
    let number = |value: &Value| value.as_i64().unwrap_or_default();
    let time = SiteTime::new(&text("time_zone"), number(&site["day_turns_at_minute"]));
    Site {
        id: text("id"),
        code: text("code"),
        time: time.unwrap_or_else(|| panic!("{site} has no time")),
        latitude: number(&site["position"]["latitude_microdegrees"]),
        longitude: number(&site["position"]["longitude_microdegrees"]),
    }
}
