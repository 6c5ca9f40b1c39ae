//! The demo company: two warehouses, two dozen products and the people who work there.
//!
//! Only what a shop has before its first day stands here; customers, orders, purchases and shifts come through the
//! API, from whoever plays the shop.

mod purchasing;

use std::collections::BTreeSet;

use accounts::invoices::{NewRange, open_range};
use catalog::{NewPrice, NewSite, NewSku, NewZone, Profile};
use delivery::{couriers, planning};
use identity::{Hashing, NewUser, PasswordHash, Person, Role, SiteScope};
use kernel::{Clock, CourierId, IdSource, Lang, Price, SiteId, Stamp, TemperatureClass};
use ledger::{NewPlace, PlaceKind};
use serde::Deserialize;
use store::{Db, Tx};
use warehouse::fulfilment;

use crate::StartError;

/// What every demo login answers to. The server refuses these logins off loopback unless it is told otherwise.
pub const DEMO_PASSWORD: &str = "freshet-demo";

/// One login per role of the office and the floor.
pub const DEMO_LOGINS: &[(&str, Role)] = &[
    ("admin", Role::Administrator),
    ("manager", Role::OperationsManager),
    ("buyer", Role::Buyer),
    ("lead", Role::BuyerLead),
    ("head", Role::DepartmentHead),
    ("finance", Role::FinanceController),
    ("accountant", Role::Accountant),
    ("cashier", Role::Cashier),
    ("gm", Role::GeneralManager),
    ("receiver", Role::Receiver),
    ("inspector", Role::QualityInspector),
    // Who has quarantined goods does not decide about them.
    ("inspector2", Role::QualityInspector),
    ("warehouse", Role::WarehouseLead),
    ("picker", Role::Picker),
    ("picker2", Role::Picker),
    ("packer", Role::Packer),
    ("desk", Role::OrderDesk),
    ("dispatcher", Role::Dispatcher),
    ("auditor", Role::FoodSafetyAuditor),
];

/// The company as `company.json` describes it, in the words of the API.
#[derive(Deserialize)]
struct Company {
    sites: Vec<SitePlan>,
    skus: Vec<Product>,
    packaging: Vec<fulfilment::NewPackaging>,
    vans_per_site: usize,
}

#[derive(Deserialize)]
struct SitePlan {
    site: NewSite,
    zones: Vec<NewZone>,
    bins_per_zone: i64,
    totes: i64,
    sscc_prefix: String,
}

#[derive(Deserialize)]
struct Product {
    sku: NewSku,
    price: Prices,
}

#[derive(Clone, Copy, Deserialize)]
struct Prices {
    tw: Price,
    cn: Price,
}

/// Founds the company in an empty database; a database that has a site already is left as it is.
pub(crate) async fn found(db: &Db, clock: &Clock, ids: &IdSource, sites: u32) -> Result<(), StartError> {
    let has_sites = db.read(async |tx: &mut Tx| catalog::sites(tx).await.map(|sites| !sites.is_empty())).await;
    if has_sites.map_err(told)? {
        return Ok(());
    }
    // One hash for all: they share the password, and a start that hashes twenty times is a slow start.
    let password = PasswordHash::make(Hashing::Demonstration, DEMO_PASSWORD).map_err(told)?;
    let stamp = Stamp::system(clock.now(), ids);
    let sites = usize::try_from(sites).unwrap_or(1);
    db.write(async move |tx: &mut Tx| {
        let company: Company = serde_json::from_str(include_str!("company.json")).map_err(told)?;
        founded(tx, &stamp.again(), company, sites, &password).await
    })
    .await
}

async fn founded(
    tx: &mut Tx,
    stamp: &Stamp,
    company: Company,
    sites: usize,
    password: &PasswordHash,
) -> Result<(), StartError> {
    for packaging in company.packaging {
        fulfilment::put_packaging(tx, &packaging.parse().map_err(told)?).await.map_err(told)?;
    }
    let buying = purchasing::plan()?;
    buying.set_rules(tx, stamp).await?;
    buying.set_weights(tx, stamp).await?;
    let categories: BTreeSet<String> = company.skus.iter().map(|product| product.sku.category.clone()).collect();
    let mut prices = Vec::new();
    for product in company.skus {
        let sku = catalog::list_sku(tx, stamp, product.sku.parse().map_err(told)?).await.map_err(told)?;
        prices.push((sku.id, product.price));
    }
    for plan in company.sites.into_iter().take(sites) {
        let profile = plan.site.profile;
        let site = build(tx, stamp, plan).await?;
        for (sku, price) in &prices {
            let price = match profile {
                Profile::Tw => price.tw,
                Profile::Cn => price.cn,
            };
            let new = NewPrice {
                site,
                sku: *sku,
                channel: None,
                group: None,
                price,
                valid_from: stamp.at,
                valid_until: None,
            };
            catalog::set_price(tx, stamp, &new.parse().map_err(told)?).await.map_err(told)?;
        }
        buying.open_budgets(tx, stamp, site, profile, &categories).await?;
        fleet(tx, stamp, site, profile, company.vans_per_site, password).await?;
        if profile == Profile::Tw {
            invoice_numbers(tx, stamp, site).await?;
        }
    }
    let course = couriers::frozen_handling().map_err(told)?;
    couriers::teach(tx, stamp, course).await.map_err(told)?;
    for (login, role) in DEMO_LOGINS {
        let user = NewUser {
            login: (*login).to_owned(),
            name: (*login).to_owned(),
            lang: Lang::ZhHant,
            person: Person::Staff,
            roles: BTreeSet::from([*role]),
            sites: SiteScope::All,
            password: Some(password.clone()),
        };
        identity::create_user(tx, stamp, user).await.map_err(told)?;
    }
    Ok(())
}

/// A warehouse: its zones with their bins along the picker's way, the dock, the lanes and the totes.
async fn build(tx: &mut Tx, stamp: &Stamp, plan: SitePlan) -> Result<SiteId, StartError> {
    let (draft, time) = plan.site.parse().map_err(told)?;
    let site = catalog::open_site(tx, stamp, draft, time).await.map_err(told)?.id;
    let mut path = 0;
    for zone in plan.zones {
        let zone = catalog::open_zone(tx, stamp, site, zone.parse().map_err(told)?).await.map_err(told)?;
        for bin in 1..=plan.bins_per_zone {
            path += 10;
            let code = format!("{}-{bin:02}", zone.code);
            place(tx, stamp, NewPlace { site, kind: PlaceKind::Bin, code, zone: Some(zone.id), holder: None, path })
                .await?;
        }
    }
    let plain = |kind, code: String| NewPlace { site, kind, code, zone: None, holder: None, path: 0 };
    place(tx, stamp, plain(PlaceKind::Dock, "DOCK-1".to_owned())).await?;
    for class in TemperatureClass::ALL {
        place(tx, stamp, plain(PlaceKind::Staging, format!("LANE-{}", class.code().to_uppercase()))).await?;
    }
    for tote in 1..=plan.totes {
        place(tx, stamp, plain(PlaceKind::Tote, format!("T{tote:03}"))).await?;
    }
    let labels = fulfilment::NewLabelSettings { site, sscc_prefix: plan.sscc_prefix };
    let (site, prefix) = labels.parse().map_err(told)?;
    fulfilment::set_labels(tx, site, &prefix).await.map_err(told)?;
    Ok(site)
}

async fn place(tx: &mut Tx, stamp: &Stamp, new: NewPlace) -> Result<(), StartError> {
    ledger::open_place(tx, stamp, new).await.map(drop).map_err(told)
}

/// Vans, and for each a courier whose papers are in order. The exam for frozen goods they sit themselves.
async fn fleet(
    tx: &mut Tx,
    stamp: &Stamp,
    site: SiteId,
    profile: Profile,
    vans: usize,
    password: &PasswordHash,
) -> Result<(), StartError> {
    let site_code = catalog::site(tx, site).await.map_err(told)?.code;
    let phone_prefix = match profile {
        Profile::Tw => "+8869220000",
        Profile::Cn => "+86138000000",
    };
    for van in 1..=vans {
        let vehicle = serde_json::from_value(serde_json::json!({
            "site": site, "code": format!("{site_code}-VAN{van}"), "kind": "van", "skills": ["frozen"],
            "capacity": {
                "ambient": { "grams": 400_000, "crates": 60 },
                "chilled": { "grams": 300_000, "crates": 60 },
                "frozen": { "grams": 150_000, "crates": 40 },
            },
            "cost_per_run": 300, "cost_per_kilometre": 6,
        }));
        let vehicle: planning::NewVehicle = vehicle.map_err(told)?;
        planning::open_vehicle(tx, stamp, vehicle.parse().map_err(told)?).await.map_err(told)?;
        let courier = serde_json::from_value(serde_json::json!({
            "site": site, "name": format!("{site_code} courier {van}"), "phone": format!("{phone_prefix}{van:02}"),
            "documents": [
                { "kind": "health_certificate", "number": format!("H{van:05}"), "expires_on": "2027-12-31" },
                { "kind": "driving_licence", "number": format!("L{van:05}"), "expires_on": "2029-12-31" },
                { "kind": "insurance", "number": format!("I{van:05}"), "expires_on": "2027-12-31" },
            ],
        }));
        let courier: couriers::NewCourier = courier.map_err(told)?;
        let courier = couriers::take_on(tx, stamp, courier.parse().map_err(told)?).await.map_err(told)?.courier.id;
        let login = format!("{}-courier{van}", site_code.to_lowercase());
        courier_login(tx, stamp, login, courier, site, password).await?;
    }
    Ok(())
}

async fn courier_login(
    tx: &mut Tx,
    stamp: &Stamp,
    login: String,
    courier: CourierId,
    site: SiteId,
    password: &PasswordHash,
) -> Result<(), StartError> {
    let user = NewUser {
        name: login.clone(),
        login,
        lang: Lang::ZhHant,
        person: Person::Courier(courier),
        roles: BTreeSet::from([Role::Courier]),
        sites: SiteScope::Only(vec![site]),
        password: Some(password.clone()),
    };
    let user = identity::create_user(tx, stamp, user).await.map_err(told)?;
    couriers::link_login(tx, courier, user).await.map(drop).map_err(told)
}

/// Three periods of e-invoice numbers: a demonstration runs for weeks, not years.
async fn invoice_numbers(tx: &mut Tx, stamp: &Stamp, site: SiteId) -> Result<(), StartError> {
    const PERIODS: i64 = 3;
    let first = catalog::site(tx, site).await.map_err(told)?.time.date(stamp.at);
    let opening = i64::from(first.month() - (first.month() + 1) % 2);
    for nth in 0..PERIODS {
        let months = opening - 1 + 2 * nth;
        let period = format!("{:04}-{:02}", i64::from(first.year()) + months / 12, months % 12 + 1);
        let range = NewRange { period, prefix: "FR".to_owned(), first: 10_000_000, last: 19_999_999 };
        open_range(tx, stamp, site, &range).await.map_err(told)?;
    }
    Ok(())
}

/// What the founding of a company met; told once, to the person who starts the server.
fn told(error: impl std::fmt::Display) -> StartError {
    StartError::Company(error.to_string())
}
