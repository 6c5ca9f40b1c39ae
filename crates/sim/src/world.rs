//! What the simulated people know: their shop, their city, what they still have to do.

use std::collections::{BTreeMap, VecDeque};

use kernel::{Instant, SiteTime};
use serde_json::Value;

use crate::{
    Demand, Phones, Plan, SimError,
    agenda::Agenda,
    buying,
    chance::Chance,
    day::Doing,
    demand::{self, Wants},
    partner::Partner,
    plants::Plants,
    report::Tally,
    sensors::Sensors,
    shop::{Shop, list, number, text},
};

pub(crate) struct World {
    pub(crate) shop: Shop,
    pub(crate) phones: Phones,
    pub(crate) agenda: Agenda<Doing>,
    pub(crate) now: Instant,
    pub(crate) start: Instant,
    pub(crate) days: u32,
    pub(crate) orders: u32,
    /// What a file says is wanted, if one does.
    pub(crate) demand: Option<Wants>,
    /// From which every stream of chance springs.
    pub(crate) seed: u64,
    pub(crate) password: String,
    pub(crate) sites: Vec<Site>,
    pub(crate) customers: Vec<Customer>,
    pub(crate) packagings: BTreeMap<String, Packaging>,
    pub(crate) tally: Tally,
    pub(crate) sensors: Sensors,
    pub(crate) plants: Plants,
    pub(crate) buying: buying::Book,
    /// What the rehearsal of a recall took.
    pub(crate) drill: Option<std::time::Duration>,
    pub(crate) shoppers: Chance,
    pub(crate) scales: Chance,
    pub(crate) streets: Chance,
    pub(crate) opinions: Chance,
    pub(crate) suppliers: Chance,
    pub(crate) hands: Chance,
    /// When somebody signed in last.
    signed_in: BTreeMap<String, Instant>,
    pub(crate) partner: Option<Partner>,
    pub(crate) desk: Chance,
}

/// A warehouse as its people know it.
pub(crate) struct Site {
    pub(crate) id: String,
    pub(crate) code: String,
    pub(crate) currency: String,
    pub(crate) time: SiteTime,
    pub(crate) latitude: i64,
    pub(crate) longitude: i64,
    pub(crate) radius: i64,
    pub(crate) phone_prefix: &'static str,
    pub(crate) skus: Vec<Sku>,
    pub(crate) couriers: Vec<Crew>,
    /// Totes that are free.
    pub(crate) totes: VecDeque<String>,
    /// Totes on trolleys and benches, by release note.
    pub(crate) totes_in_use: BTreeMap<String, Vec<String>>,
}

impl Site {
    /// Where somebody of its town lives: in a square about the warehouse that lies well inside the circle it delivers to.
    pub(crate) fn a_home(&self, chance: &mut Chance) -> (i64, i64) {
        let reach = self.radius / 2 * MICRODEGREES_PER_KILOMETRE / 1_000;
        (self.latitude + chance.within(-reach, reach), self.longitude + chance.within(-reach, reach))
    }
}

/// Millionths of a degree of latitude, which in the towns of the company is near enough for longitude.
pub(crate) const MICRODEGREES_PER_KILOMETRE: i64 = 9_000;

/// A product as buyers and shoppers see it.
#[derive(Clone, Debug)]
pub(crate) struct Sku {
    pub(crate) id: String,
    pub(crate) code: String,
    /// What stands on the supplier's label.
    pub(crate) gtin: Value,
    pub(crate) measure: String,
    pub(crate) class: String,
    pub(crate) nominal_grams: i64,
    pub(crate) category: String,
    /// What a case holds, in what the product is bought by.
    pub(crate) case_amount: i64,
    pub(crate) life_days: i64,
    /// Selling price for one piece, or for 1 kg.
    pub(crate) price: Value,
}

impl Sku {
    /// Grown, caught or slaughtered, and not made in a plant.
    pub(crate) fn is_harvested(&self) -> bool {
        ["vegetables", "fruit", "fish", "meat"].contains(&self.category.as_str())
    }
}

/// A courier with a van.
#[derive(Clone, Debug)]
pub(crate) struct Crew {
    pub(crate) courier: String,
    pub(crate) vehicle: String,
    pub(crate) login: String,
    /// On the road.
    pub(crate) is_out: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Customer {
    /// Under which their session is kept.
    pub(crate) who: String,
    pub(crate) phone: String,
    pub(crate) address: String,
    pub(crate) latitude: i64,
    pub(crate) longitude: i64,
    pub(crate) site: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct Packaging {
    pub(crate) code: String,
    pub(crate) tare: i64,
}

/// Staff who are signed in for the whole run.
const STAFF: [&str; 14] = [
    "admin",
    "manager",
    "warehouse",
    "picker",
    "packer",
    "desk",
    "dispatcher",
    "receiver",
    "inspector",
    "auditor",
    "buyer",
    "head",
    "accountant",
    "cashier",
];
/// Who has not signed in for so long does it again before the next thing they do.
const ASLEEP_AFTER_MINUTES: i64 = 6 * 60;

impl World {
    /// Signs the staff in and reads what the shop is made of.
    pub(crate) async fn open(plan: Plan) -> Result<Self, SimError> {
        let mut shop = Shop::at(&plan.address, &format!("sim-{}", plan.seed))?;
        shop.outages = plan.outages;
        shop.clock = Some(plan.opens);
        for login in STAFF {
            shop.sign_in(login, &plan.password).await?;
        }
        let mut packagings = BTreeMap::new();
        for box_kind in shop.all("packer", "/api/packagings").await? {
            let packaging =
                Packaging { code: text(&box_kind, "code")?.to_owned(), tare: number(&box_kind, "tare_grams")? };
            packagings.insert(text(&box_kind, "class")?.to_owned(), packaging);
        }
        let seed = plan.seed;
        let mut world = Self {
            shop,
            phones: plan.phones,
            agenda: Agenda::new(),
            now: plan.opens,
            start: plan.start,
            days: plan.days,
            orders: plan.orders,
            demand: None,
            seed,
            password: plan.password,
            sites: Vec::new(),
            customers: Vec::new(),
            packagings,
            tally: Tally::default(),
            sensors: Sensors::of(seed, plan.broker),
            plants: Plants::new(plan.faults),
            buying: buying::Book::of(plan.forecasting),
            drill: None,
            shoppers: Chance::of(seed, "shoppers"),
            scales: Chance::of(seed, "scales"),
            streets: Chance::of(seed, "streets"),
            opinions: Chance::of(seed, "opinions"),
            suppliers: Chance::of(seed, "suppliers"),
            hands: Chance::of(seed, "hands"),
            signed_in: BTreeMap::new(),
            partner: None,
            desk: Chance::of(seed, "desk"),
        };
        if let Some(demand) = &plan.demand {
            demand::list_products(&mut world, demand).await?;
        }
        let sites = world.shop.get("manager", "/api/sites").await?.done("/api/sites")?;
        for site in items(&sites) {
            let site = world.site(&site).await?;
            world.sites.push(site);
        }
        if let Some(demand) = plan.demand {
            world.trade_by(demand);
        }
        Ok(world)
    }

    /// Nothing is traded but what the file wants, and all of that.
    fn trade_by(&mut self, demand: Demand) {
        let wants = Wants::drawn(demand, self.sites.len(), self.days, &mut Chance::of(self.seed, "demand"));
        for site in &mut self.sites {
            site.skus.retain(|sku| wants.lists(&sku.code));
        }
        self.orders = wants.orders();
        self.demand = Some(wants);
    }

    /// Whoever works today signs in: a session of yesterday has gone to sleep.
    pub(crate) async fn clock_in(&mut self) -> Result<(), SimError> {
        let couriers = self.sites.iter().flat_map(|site| site.couriers.iter().map(|crew| crew.login.clone()));
        let logins: Vec<String> = STAFF.iter().map(|login| (*login).to_owned()).chain(couriers).collect();
        for login in logins {
            self.sign_in(&login).await?;
        }
        Ok(())
    }

    /// Signs somebody in who may have gone to sleep since they last did something.
    pub(crate) async fn awake(&mut self, login: &str) -> Result<(), SimError> {
        let last = self.signed_in.get(login);
        if last.is_some_and(|last| self.now.minutes_since(*last) < ASLEEP_AFTER_MINUTES) {
            return Ok(());
        }
        self.sign_in(login).await
    }

    /// Signs somebody in whom the shop does not know any more.
    pub(crate) async fn awake_anew(&mut self, login: &str) -> Result<(), SimError> {
        self.sign_in(login).await
    }

    async fn sign_in(&mut self, login: &str) -> Result<(), SimError> {
        self.shop.sign_in(login, &self.password).await?;
        self.signed_in.insert(login.to_owned(), self.now);
        Ok(())
    }

    /// The bins of a site that are kept at a temperature class, in the order of their codes.
    pub(crate) async fn bins_of_class(&mut self, site: &str, class: &str) -> Result<Vec<String>, SimError> {
        let path = format!("/api/sites/{site}/zones");
        let zones = self.shop.get("manager", &path).await?.done(&path)?;
        let zones: Vec<String> = items(&zones)
            .iter()
            .filter(|zone| zone["class"] == class)
            .filter_map(|zone| zone["id"].as_str().map(str::to_owned))
            .collect();
        let mut bins = Vec::new();
        for place in self.shop.all("warehouse", &format!("/api/places?site={site}")).await? {
            let in_class = place["zone"].as_str().is_some_and(|zone| zones.iter().any(|known| known == zone));
            if place["kind"] == "bin" && in_class {
                bins.push((text(&place, "code")?.to_owned(), text(&place, "id")?.to_owned()));
            }
        }
        bins.sort();
        Ok(bins.into_iter().map(|(_, bin)| bin).collect())
    }

    /// Lets time pass until `at`; the server has then done all that was due.
    pub(crate) async fn go_to(&mut self, at: Instant) -> Result<(), SimError> {
        if at > self.now {
            self.shop.move_clock(at).await?;
            self.now = at;
        }
        Ok(())
    }

    /// Lets the server do now what became due now.
    pub(crate) async fn let_it_work(&mut self) -> Result<(), SimError> {
        self.shop.move_clock(self.now).await
    }

    async fn site(&mut self, site: &Value) -> Result<Site, SimError> {
        let (id, code) = (text(site, "id")?.to_owned(), text(site, "code")?.to_owned());
        let position = site.get("position").cloned().unwrap_or_default();
        let zone = text(site, "time_zone")?;
        let time = SiteTime::new(zone, number(site, "day_turns_at_minute")?)
            .ok_or_else(|| SimError::Incomplete("a known time zone", zone.to_owned()))?;
        let mut skus = Vec::new();
        let deliver_by = self.now.plus_minutes(8 * 60);
        let prices: BTreeMap<String, Value> = self
            .shop
            .all("desk", &format!("/api/shop/products?site={id}&deliver_by={deliver_by}"))
            .await?
            .into_iter()
            .filter_map(|product| Some((product.get("code")?.as_str()?.to_owned(), product.get("price")?.clone())))
            .collect();
        for sku in self.shop.all("manager", "/api/skus").await? {
            let code = text(&sku, "code")?.to_owned();
            let Some(price) = prices.get(&code).cloned() else { continue };
            skus.push(Sku {
                id: text(&sku, "id")?.to_owned(),
                code,
                gtin: sku.get("gtin").cloned().unwrap_or_default(),
                measure: text(&sku, "measure")?.to_owned(),
                class: text(&sku, "temperature_class")?.to_owned(),
                nominal_grams: sku.get("nominal_grams").and_then(Value::as_i64).unwrap_or(0),
                category: text(&sku, "category")?.to_owned(),
                case_amount: number(&sku, "case_amount")?.max(1),
                life_days: sku.get("shelf_life_days").and_then(Value::as_i64).unwrap_or(365),
                price,
            });
        }
        skus.sort_by(|a, b| a.code.cmp(&b.code));
        let mut totes = Vec::new();
        for place in self.shop.all("warehouse", &format!("/api/places?site={id}")).await? {
            if text(&place, "kind")? == "tote" {
                totes.push(text(&place, "code")?.to_owned());
            }
        }
        totes.sort();
        let couriers = self.crews(&id, &code).await?;
        Ok(Site {
            phone_prefix: if zone == "Asia/Taipei" { "+8869" } else { "+8613" },
            latitude: number(&position, "latitude_microdegrees")?,
            longitude: number(&position, "longitude_microdegrees")?,
            radius: number(site, "delivery_radius_metres")?,
            id,
            code,
            currency: text(site, "currency")?.to_owned(),
            time,
            skus,
            couriers,
            totes: totes.into(),
            totes_in_use: BTreeMap::new(),
        })
    }

    /// Each courier has the van that was bought for them: both lists are in the order of their entry.
    async fn crews(&mut self, site: &str, code: &str) -> Result<Vec<Crew>, SimError> {
        let mut vehicles = self.shop.all("dispatcher", &format!("/api/vehicles?site={site}")).await?;
        vehicles.sort_by_key(|vehicle| vehicle.get("code").and_then(Value::as_str).unwrap_or_default().to_owned());
        let mut couriers = self.shop.all("dispatcher", &format!("/api/couriers?site={site}")).await?;
        couriers.sort_by_key(name_of);
        let mut crews = Vec::new();
        for (vehicle, file) in vehicles.iter().zip(&couriers) {
            // "TPE courier 7" signs in as tpe-courier7.
            let name = name_of(file);
            let login = format!("{}-courier{}", code.to_lowercase(), name.rsplit(' ').next().unwrap_or_default());
            self.shop.sign_in(&login, &self.password.clone()).await?;
            let courier = file.get("courier").filter(|courier| courier.is_object()).unwrap_or(file);
            crews.push(Crew {
                courier: text(courier, "id")?.to_owned(),
                vehicle: text(vehicle, "id")?.to_owned(),
                login,
                is_out: false,
            });
        }
        Ok(crews)
    }
}

fn name_of(file: &Value) -> String {
    let courier = file.get("courier").filter(|courier| courier.is_object()).unwrap_or(file);
    courier.get("name").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The lines of a list answer, wherever it keeps them.
pub(crate) fn items(answer: &Value) -> Vec<Value> {
    answer.as_array().cloned().or_else(|| list(answer, "items").ok().map(<[Value]>::to_vec)).unwrap_or_default()
}
