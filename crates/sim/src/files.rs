//! Restaurants whose orders come by file: the desk takes their list of customers once, with a slip that it puts right,
//! and their standing orders every morning.

use std::collections::BTreeMap;

use kernel::Date;
use serde_json::Value;

use crate::{
    SimError,
    day::Doing,
    shop::{Answer, number, text},
    world::{World, items},
};

/// Restaurants at each site.
const RESTAURANTS: usize = 2;
/// Of so many orders one comes by file.
const ORDERS_PER_FILE_ORDER: u32 = 10;
/// When the desk sends the file: minutes after the morning began. Its orders are for the afternoon.
const SENT_AFTER: i64 = 40;
const WINDOW: (&str, &str) = ("14:00", "16:00");
const SOLD_OUT: &str = "allocation/short-stock";

const CUSTOMER_COLUMNS: &str = "reference,kind,name,phone,languages,address,lift,latitude,longitude";
const ORDER_COLUMNS: &str = "order,customer,site,delivery_on,from,to,product,pieces,weight,payment";

/// How many of the run's orders come by file; they are part of its total.
pub(crate) fn orders_by_file(world: &World) -> u32 {
    // What a file of demand wants, people order themselves.
    if world.demand.is_some() {
        return 0;
    }
    let most = u32::try_from(world.sites.len() * RESTAURANTS).unwrap_or(0).saturating_mul(world.days);
    (world.orders / ORDERS_PER_FILE_ORDER).min(most)
}

/// The list of restaurants comes with a telephone number that is none: nothing of it is taken. Put right it is taken
/// whole, and a second time it changes nothing.
pub(crate) async fn enter_restaurants(world: &mut World) -> Result<(), SimError> {
    if orders_by_file(world) == 0 {
        return Ok(());
    }
    let path = "/api/imports/customers";
    world.awake("desk").await?;
    let right = restaurants(world);
    let slip = right.replacen("+8869", "call ", 1).replacen("+8613", "call ", 1);
    match world.shop.send_file("desk", path, slip).await? {
        Answer::Refused(slug, problem) => {
            world.tally.count("files", &slug);
            let faults = problem.get("errors").and_then(Value::as_array).map_or(0, Vec::len);
            world.tally.add("files", "faults_named", i64::try_from(faults).unwrap_or(0));
        }
        Answer::Done(_) => world.tally.count("files", "slip_taken"),
    }
    world.shop.send_file("desk", &format!("{path}?dry_run=true"), right.clone()).await?.done(path)?;
    for _ in 0..2 {
        let report = world.shop.send_file("desk", path, right.clone()).await?.done(path)?;
        world.tally.add("files", "customers_created", number(&report, "created")?);
        world.tally.add("files", "customers_same", number(&report, "same")?);
    }
    Ok(())
}

fn restaurants(world: &mut World) -> String {
    let mut rows = vec![format!("{CUSTOMER_COLUMNS}\r\n")];
    for (at, site) in world.sites.iter().enumerate() {
        for nth in 0..RESTAURANTS {
            let digits = if site.phone_prefix == "+8613" { 900_000_000 } else { 90_000_000 };
            let phone = format!("{}{}", site.phone_prefix, digits + at * 100 + nth);
            let lang = if at == 0 { "zh-Hant" } else { "zh-Hans" };
            let (latitude, longitude) = site.a_home(&mut world.desk);
            let (latitude, longitude) = (degrees(latitude), degrees(longitude));
            rows.push(format!(
                "R-{at}-{nth},business,Restaurant {at}-{nth},{phone},{lang},\"No. {nth}, Market Street\",no,{latitude},{longitude}\r\n"
            ));
        }
    }
    rows.concat()
}

/// Millionths as a decimal of degrees.
fn degrees(micro: i64) -> String {
    let sign = if micro < 0 { "-" } else { "" };
    let magnitude = micro.unsigned_abs();
    format!("{sign}{}.{:06}", magnitude / 1_000_000, magnitude % 1_000_000)
}

/// Enters today's standing orders into the agenda.
pub(crate) fn morning(world: &mut World, day: u32) {
    let (by_file, days) = (orders_by_file(world), world.days.max(1));
    let today = by_file / days + u32::from(day < by_file % days);
    if today > 0 {
        world.agenda.enter(world.now.plus_minutes(SENT_AFTER), Doing::StandingOrders { day, count: today });
    }
}

/// The desk sends the day's file. What review doubts, the desk looks at; what is taken is picked with the others.
pub(crate) async fn send_standing_orders(world: &mut World, day: u32, count: u32) -> Result<(), SimError> {
    let path = "/api/imports/orders";
    world.awake("desk").await?;
    let mut orders = standing_orders(world, day, count);
    world.tally.add("orders", "submitted", i64::from(count));
    let report = loop {
        let file = format!("{ORDER_COLUMNS}\r\n{}", orders.concat().concat());
        match world.shop.send_file("desk", path, file).await? {
            Answer::Done(report) => break report,
            Answer::Refused(slug, problem) => {
                world.tally.count("files", &slug);
                orders = without_sold_out(world, orders, &problem);
                if orders.is_empty() {
                    return Ok(());
                }
            }
        }
    };
    world.tally.add("files", "orders_created", number(&report, "created")?);
    // The provider is asked by the work behind the shop.
    world.let_it_work().await?;
    let run = text(&report, "run")?.to_owned();
    let rows = world.shop.get("desk", &format!("/api/imports/{run}/rows?limit=200")).await?.done("rows")?;
    for row in items(&rows) {
        let id = text(&row, "object")?.to_owned();
        let order = world.shop.get("desk", &format!("/api/orders/{id}")).await?.done("order")?;
        let state = text(&order, "state")?.to_owned();
        world.tally.count("orders", &state);
        world.tally.window_of(&id, text(&order, "window_end")?);
        if state == "held" {
            let soon = world.now.plus_minutes(world.desk.within(3, 15));
            world.agenda.enter(soon, Doing::Review { order: id });
        }
    }
    Ok(())
}

/// A file is taken whole or not at all. Where a shelf is short of something, the desk tells that restaurant and sends
/// the file again without its order; with any other fault nothing of the file is left to send.
fn without_sold_out(world: &mut World, orders: Vec<StandingOrder>, problem: &Value) -> Vec<StandingOrder> {
    let faults = problem.get("errors").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut faulty_rows = BTreeMap::new();
    for fault in faults {
        let word = |name| fault.get(name).and_then(Value::as_str).unwrap_or_default();
        let row = word("field").split('/').nth(1).and_then(|row| row.parse::<usize>().ok());
        faulty_rows.insert(row.unwrap_or(0), word("code").to_owned());
    }
    let are_all_sold_out = !faulty_rows.is_empty() && faulty_rows.values().all(|slug| slug == SOLD_OUT);
    // The heading is the first row of the file.
    let mut next_row = 2;
    let mut left = Vec::new();
    for order in orders {
        let rows = next_row..next_row + order.len();
        next_row = rows.end;
        match faulty_rows.range(rows).next() {
            Some((_, slug)) => world.tally.count("orders_refused", slug),
            None if are_all_sold_out => left.push(order),
            None => world.tally.count("orders_refused", "imports/bad-rows"),
        }
    }
    left
}

/// The rows of one order.
type StandingOrder = Vec<String>;

/// Two or three products an order, in the units that kitchens write.
fn standing_orders(world: &mut World, day: u32, count: u32) -> Vec<StandingOrder> {
    let mut orders = Vec::new();
    let sites = world.sites.len();
    for nth in 0..usize::try_from(count).unwrap_or(0) {
        let (at, restaurant) = (nth % sites, nth / sites % RESTAURANTS);
        let Some(site) = world.sites.get(at) else { continue };
        let today: Date = site.time.date(world.now);
        let (code, skus) = (site.code.clone(), site.skus.clone());
        let lines = usize::try_from(world.desk.within(2, 3)).unwrap_or(2);
        let first = usize::try_from(world.desk.within(0, 1_000)).unwrap_or(0);
        let mut rows = Vec::new();
        for line in 0..lines {
            let Some(sku) = skus.get((first + line * 3) % skus.len().max(1)) else { continue };
            let amount = match sku.measure.as_str() {
                "weighed" => format!(",{} 公斤", world.desk.within(1, 2)),
                _ => format!("{},", world.desk.within(1, 2)),
            };
            rows.push(format!(
                "STANDING-{day}-{nth},R-{at}-{restaurant},{code},{today},{},{},{},{amount},sim:ok\r\n",
                WINDOW.0, WINDOW.1, sku.code
            ));
        }
        orders.push(rows);
    }
    orders
}
