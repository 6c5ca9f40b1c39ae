//! One person of every role, and strangers: people of another site, who have every duty and no business here.

use edge::Duty;
use identity::Role;
use serde_json::{Value, json};
use server::{DEMO_LOGINS, DEMO_PASSWORD};
use sim::Phones;
use testkit::{
    Login, Shop,
    api::{Document, Known},
};

/// Somebody who holds one role.
pub(crate) struct Person {
    pub(crate) role: Role,
    pub(crate) login: Login,
}

impl Person {
    pub(crate) fn holds(&self, duty: Duty) -> bool {
        self.role.duties().contains(&duty)
    }
}

/// Everybody who works at the demo company, a customer, a supplier and a probe.
pub(crate) async fn everybody(shop: &Shop, document: &Document, phones: Option<&Phones>) -> Vec<Person> {
    let mut people = Vec::new();
    for (login, role) in DEMO_LOGINS {
        people.push(Person { role: *role, login: shop.staff(login).await });
    }
    people.push(Person { role: Role::Courier, login: shop.staff("tpe-courier1").await });
    people.extend(outsiders(shop, document, phones, "1").await);
    for role in Role::ALL {
        assert!(people.iter().any(|person| person.role == *role), "nobody is a {}", role.code());
    }
    people
}

/// People of a site of their own, at which nothing has ever happened; a customer who never ordered, a supplier who
/// was never asked, a courier who never drove.
pub(crate) async fn strangers(shop: &Shop, document: &Document, phones: Option<&Phones>) -> Vec<Person> {
    let (admin, manager, dispatcher) =
        (shop.staff("admin").await, shop.staff("manager").await, shop.staff("dispatcher").await);
    let site = shop.post(&manager, "/api/sites", elsewhere()).await.ok();
    let site = site["id"].as_str().unwrap_or_default().to_owned();
    let mut people = Vec::new();
    for (login, role) in DEMO_LOGINS {
        let login = format!("other-{login}");
        let mut user = user(&login, *role, &site);
        user["sites"] = json!({ "only": [site] });
        shop.post(&admin, "/api/users", user).await.ok();
        people.push(Person { role: *role, login: shop.staff(&login).await });
    }
    let courier = json!({ "site": site, "name": "Other Courier", "phone": "+886922999001", "documents": [] });
    let courier = shop.post(&dispatcher, "/api/couriers", courier).await.ok();
    let file = courier.get("courier").filter(|courier| courier.is_object()).unwrap_or(&courier);
    let mut user = user("other-courier", Role::Courier, &site);
    user["courier"] = file["id"].clone();
    let user = shop.post(&admin, "/api/users", user).await.ok();
    let path = format!("/api/couriers/{}/login", file["id"].as_str().unwrap_or_default());
    shop.post(&dispatcher, &path, json!({ "user": user["id"] })).await.ok();
    people.push(Person { role: Role::Courier, login: shop.staff("other-courier").await });
    people.extend(outsiders(shop, document, phones, "2").await);
    people
}

fn user(login: &str, role: Role, site: &str) -> Value {
    json!({
        "login": login, "name": login, "lang": "en", "roles": [role.code()], "sites": { "only": [site] },
        "password": DEMO_PASSWORD,
    })
}

/// A place of the same kind as the first, under another code.
fn elsewhere() -> Value {
    json!({
        "code": "KHH", "name": "Kaohsiung", "currency": "TWD", "time_zone": "Asia/Taipei", "day_turns_at_minute": 240,
        "profile": "tw", "position": { "latitude_microdegrees": 22_620_000, "longitude_microdegrees": 120_310_000 },
        "delivery_radius_metres": 8000,
    })
}

/// A customer, a supplier and a probe whom nobody knows yet.
async fn outsiders(shop: &Shop, document: &Document, phones: Option<&Phones>, mark: &str) -> Vec<Person> {
    let (admin, desk, buyer, lead) =
        (shop.staff("admin").await, shop.staff("desk").await, shop.staff("buyer").await, shop.staff("warehouse").await);
    let phone = format!("+88691100000{mark}");
    let customer = json!({
        "kind": "person", "standing": "registered", "name": "Ann", "phone": phone, "langs": ["en"],
    });
    shop.post(&desk, "/api/customers", customer).await.ok();

    let register = document.operations().into_iter().find(|operation| operation.name() == "POST /suppliers");
    let (_, schema) = register.and_then(|register| register.body).expect("suppliers are registered");
    let mut supplier = document.plausible(&schema, &Known::default());
    supplier["code"] = json!(format!("OUTSIDE{mark}"));
    let supplier = shop.post(&buyer, "/api/suppliers", supplier).await.ok();
    let login = format!("outside-supplier{mark}");
    let user = json!({
        "login": login, "name": login, "lang": "en", "roles": ["supplier"], "sites": "all",
        "supplier": supplier["id"], "password": DEMO_PASSWORD,
    });
    shop.post(&admin, "/api/users", user).await.ok();

    let sites = shop.get(&lead, "/api/sites").await.ok();
    let site = sites[0]["id"].clone();
    let gateway = json!({ "site": site, "code": format!("OUTSIDE{mark}"), "kind": "gateway" });
    let gateway = shop.post(&lead, "/api/probes", gateway).await.ok();
    let path = format!("/api/probes/{}/credential", gateway["id"].as_str().unwrap_or_default());
    let device = shop.post(&lead, &path, json!({})).await.ok();
    let secret = device["secret"].as_str().unwrap_or_default().to_owned();

    let customer = match phones {
        None => shop.customer(&phone).await,
        Some(phones) => {
            let challenge = shop.ask_for_code(&phone).await;
            shop.confirm(&challenge, &phones.take_code(&phone).expect("a code came")).await
        }
    };
    vec![
        Person { role: Role::Customer, login: customer },
        Person { role: Role::Supplier, login: shop.staff(&login).await },
        Person { role: Role::Device, login: Login::Bearer(secret) },
    ]
}
