//! The suppliers: entered by the buyer with their papers and prices, admitted by the head of department.

use serde_json::{Value, json};

use super::requisition;
use crate::{
    SimError,
    shop::text,
    world::{Sku, World},
};

/// One who sells to a site.
#[derive(Clone, Debug)]
pub(crate) struct Supplier {
    pub(crate) id: String,
    pub(crate) code: String,
    pub(crate) login: String,
    pub(crate) site: usize,
    pub(crate) person: &'static str,
    pub(crate) origin: &'static str,
    pub(crate) categories: &'static [&'static str],
    /// Steps in when another says no; costs more.
    pub(crate) is_wholesaler: bool,
}

struct Trade {
    code: &'static str,
    name: &'static str,
    person: &'static str,
    origin: &'static str,
    categories: &'static [&'static str],
    /// What it asks, in hundredths of the selling price.
    price_pct: i64,
}

const TRADES: [Trade; 7] = [
    Trade {
        code: "FARM",
        name: "西螺蔬菜合作社",
        person: "林小姐",
        origin: "雲林西螺",
        categories: &["vegetables"],
        price_pct: 60,
    },
    Trade {
        code: "ORCHARD",
        name: "大湖果園",
        person: "徐先生",
        origin: "苗栗大湖",
        categories: &["fruit"],
        price_pct: 60,
    },
    Trade {
        code: "BUTCHER", name: "信功肉品", person: "王先生", origin: "屏東", categories: &["meat"], price_pct: 62
    },
    Trade {
        code: "HARBOUR", name: "基隆漁行", person: "陳小姐", origin: "基隆", categories: &["fish"], price_pct: 62
    },
    Trade {
        code: "DAIRY",
        name: "四方乳品",
        person: "黃小姐",
        origin: "苗栗竹南",
        categories: &["dairy", "chilled"],
        price_pct: 65,
    },
    Trade {
        code: "STORE",
        name: "北部冷凍倉",
        person: "張先生",
        origin: "桃園",
        categories: &["frozen", "grocery"],
        price_pct: 65,
    },
    Trade {
        code: "WHOLESALE",
        name: "濱江批發",
        person: "吳先生",
        origin: "臺北濱江",
        categories: &["vegetables", "fruit", "meat", "fish", "dairy", "chilled", "frozen", "grocery"],
        price_pct: 70,
    },
];

/// The papers that the law asks of a supplier, and one that vouches for more.
const PAPERS: [&str; 3] = ["licence", "food_business", "food_safety_system"];

/// Enters the suppliers of every site.
pub(crate) async fn register(world: &mut World) -> Result<(), SimError> {
    for site in 0..world.sites.len() {
        for trade in &TRADES {
            register_one(world, site, trade).await?;
        }
    }
    requisition::remember_sales(world).await
}

async fn register_one(world: &mut World, at: usize, trade: &Trade) -> Result<(), SimError> {
    let Some(site) = world.sites.get(at) else { return Ok(()) };
    let sold = |sku: &&Sku| trade.categories.contains(&sku.category.as_str());
    let (today, skus): (_, Vec<Sku>) = (site.time.date(world.now), site.skus.iter().filter(sold).cloned().collect());
    // Nobody is admitted who has nothing for this shop.
    if skus.is_empty() {
        return Ok(());
    }
    let code = format!("{}-{}", site.code, trade.code);
    let new = json!({
        "code": code, "name": trade.name, "currency": site.currency, "lead_time_days": 0, "minimum_order": 100,
        "contact": { "person": trade.person, "phone": "02-25551234", "address": trade.origin },
    });
    let supplier = world.shop.post("buyer", "/api/suppliers", new).await?.done("/api/suppliers")?;
    let id = text(&supplier, "id")?.to_owned();
    for kind in PAPERS {
        let path = format!("/api/suppliers/{id}/qualifications");
        let paper = json!({
            "kind": kind, "number": format!("{code}-{kind}"), "valid_from": "2025-01-01", "valid_until": "2027-12-31",
        });
        world.shop.post("buyer", &path, paper).await?.done(&path)?;
    }
    for sku in &skus {
        let path = format!("/api/suppliers/{id}/prices");
        let price = json!({ "sku": sku.id, "price": asks(sku, trade.price_pct), "valid_from": today.to_string() });
        world.shop.post("buyer", &path, price).await?.done(&path)?;
        world.tally.count("purchasing", "prices_listed");
    }
    let path = format!("/api/suppliers/{id}/standing");
    let admitted = json!({ "standing": "approved", "categories": trade.categories, "reason": "visited and audited" });
    world.shop.post("head", &path, admitted).await?.done(&path)?;

    let login = code.to_lowercase();
    let user = json!({
        "login": login, "name": trade.person, "lang": "zh-Hant", "supplier": id, "roles": ["supplier"],
        "sites": "all", "password": world.password,
    });
    world.shop.post("admin", "/api/users", user).await?.done("/api/users")?;
    world.tally.count("purchasing", "suppliers_admitted");
    world.buying.suppliers.push(Supplier {
        id,
        code,
        login,
        site: at,
        person: trade.person,
        origin: trade.origin,
        categories: trade.categories,
        is_wholesaler: trade.code == "WHOLESALE",
    });
    Ok(())
}

/// So many hundredths of the selling price, per piece or per kilogram.
pub(super) fn asks(sku: &Sku, price_pct: i64) -> Value {
    let money = sku.price.get("money").and_then(Value::as_i64).unwrap_or(1);
    let grams = match sku.price.pointer("/base/weight").and_then(Value::as_str) {
        Some("jin") => 500,
        Some("taiwan_jin") => 600,
        Some("hundred_grams") => 100,
        Some("kilogram") => 1000,
        _ => 0,
    };
    if sku.measure == "counted" || grams == 0 {
        return json!({ "money": (money * price_pct / 100).max(1), "base": "piece" });
    }
    json!({ "money": (money * 1000 / grams * price_pct / 100).max(1), "base": { "weight": "kilogram" } })
}
