//! What has to stand before the first customer comes: people who know their exam, customers who live somewhere, and
//! every morning windows and shifts.

use serde_json::json;

use crate::{
    DAY_MS, SimError, buying,
    customers::Wish,
    day::Doing,
    demand, files, partner, plants,
    shop::text,
    suggestions,
    world::{Customer, World},
};

/// Delivery windows of a day, in minutes after midnight: start, end, cut-off.
const WINDOWS: [(i64, i64, i64); 5] =
    [(600, 720, 480), (720, 840, 600), (840, 960, 720), (960, 1080, 840), (1080, 1200, 960)];
/// A van manages so many doors in a window of two hours, loading and the way back included; the dispatcher offers no
/// more than that.
const DOORS_PER_VAN: usize = 5;
const SHIFT: (i64, i64) = (510, 1290);
/// Customers per hundred orders: most come back.
const CUSTOMERS_PER_HUNDRED_ORDERS: u32 = 30;
const CUSTOMERS_MIN: u32 = 3;
const CUSTOMERS_MAX: u32 = 600;

/// What couriers learn in the course on frozen goods: question and right answer, as the lessons say.
const FROZEN_ANSWERS: [(&str, i64); 5] = [("precool", 1), ("limit", 2), ("absent", 0), ("measure", 1), ("outside", 0)];

pub(crate) async fn open_the_shop(world: &mut World) -> Result<(), SimError> {
    partner::subscribe(world).await?;
    sit_the_exam(world).await?;
    crate::sensors::install(world).await?;
    buying::register(world).await?;
    files::enter_restaurants(world).await?;
    let wanted = match &world.demand {
        Some(wants) => wants.customers(),
        None => world.orders * CUSTOMERS_PER_HUNDRED_ORDERS / 100,
    };
    for nth in 0..wanted.clamp(CUSTOMERS_MIN, CUSTOMERS_MAX) {
        register(world, nth).await?;
    }
    for day in 0..world.days {
        let morning = world.start.plus_millis(i64::from(day) * DAY_MS);
        world.agenda.enter(morning, Doing::Morning { day });
    }
    buying::enter(world);
    if world.demand.is_some() {
        demand::schedule(world);
    } else {
        spread_orders(world);
    }
    suggestions::enter(world);
    plants::lay_out(world)
}

async fn sit_the_exam(world: &mut World) -> Result<(), SimError> {
    let logins: Vec<String> =
        world.sites.iter().flat_map(|site| site.couriers.iter().map(|crew| crew.login.clone())).collect();
    for login in logins {
        let courses = world.shop.get(&login, "/api/courses").await?.done("/api/courses")?;
        for course in crate::world::items(&courses) {
            let id = text(&course, "id")?.to_owned();
            let answers: Vec<_> = FROZEN_ANSWERS
                .iter()
                .map(|(question, choice)| json!({ "question": question, "choice": choice }))
                .collect();
            let path = format!("/api/courses/{id}/attempts");
            let attempted = world.shop.post(&login, &path, json!({ "answers": answers })).await?.done(&path)?;
            world.tally.count("couriers", text(&attempted, "result")?);
        }
    }
    Ok(())
}

/// A customer moves into the delivery area of a site.
async fn register(world: &mut World, nth: u32) -> Result<(), SimError> {
    let at = usize::try_from(nth).unwrap_or(0) % world.sites.len().max(1);
    let Some(site) = world.sites.get(at) else { return Ok(()) };
    let (latitude, longitude) = site.a_home(&mut world.streets);
    let phone = format!("{}{:08}", site.phone_prefix, 10_000_000 + nth);
    let phone = if site.phone_prefix == "+8613" { format!("+8613{:09}", 800_000_000 + nth) } else { phone };
    let lang = if at == 0 { "zh-Hant" } else { "zh-Hans" };
    let body = json!({
        "kind": "person", "standing": "registered", "name": format!("Customer {nth}"), "phone": phone, "langs": [lang],
    });
    let customer = world.shop.post("desk", "/api/customers", body).await?.done("/api/customers")?;
    let id = text(&customer, "id")?.to_owned();
    let path = format!("/api/customers/{id}/addresses");
    let address = json!({
        "recipient": format!("Customer {nth}"), "text": format!("No. {}, Harvest Road", nth + 1), "lift": "yes",
        "floor": format!("{}", nth % 20 + 1), "latitude_microdegrees": latitude, "longitude_microdegrees": longitude,
    });
    let address = world.shop.post("desk", &path, address).await?.done(&path)?;
    let address = text(&address, "address")?.to_owned();
    world.customers.push(Customer { who: format!("customer-{nth}"), phone, address, latitude, longitude, site: at });
    Ok(())
}

/// Orders come between 06:10 and 15:20, for the windows whose cut-off has not passed.
fn spread_orders(world: &mut World) {
    let days = i64::from(world.days.max(1));
    for nth in 0..i64::from(world.orders - files::orders_by_file(world)) {
        let day = nth % days;
        let minute = world.shoppers.within(10, 560);
        let second = world.shoppers.within(0, 59_999);
        let who = world.shoppers.within(0, i64::try_from(world.customers.len()).unwrap_or(1) - 1);
        let at = world.start.plus_millis(day * DAY_MS).plus_minutes(minute).plus_millis(second);
        let customer = usize::try_from(who).unwrap_or(0);
        world.agenda.enter(at, Doing::Order { customer, wish: Wish::AsItComes });
    }
}

/// 06:00 at every site.
pub(crate) async fn morning(world: &mut World, _day: u32) -> Result<(), SimError> {
    for at in 0..world.sites.len() {
        let Some(site) = world.sites.get(at) else { continue };
        let today = site.time.date(world.now);
        let (id, crews) = (site.id.clone(), site.couriers.clone());
        let moment = |minute| site.time.at(today, minute);
        let spans = WINDOWS.map(|(start, end, cut_off)| (moment(start), moment(end), moment(cut_off)));
        let shift = (moment(SHIFT.0), moment(SHIFT.1));
        let capacity = crews.len() * DOORS_PER_VAN;
        for (start, end, cut_off) in spans {
            let body = json!({ "site": id, "start": start, "end": end, "cut_off": cut_off, "capacity": capacity });
            let window = world.shop.post("dispatcher", "/api/windows", body).await?.done("/api/windows")?;
            let window = text(&window, "id")?.to_owned();
            world.agenda.enter(cut_off.plus_millis(1000), Doing::Release { site: at, window, start, end });
        }
        for crew in crews {
            let body = json!({ "courier": crew.courier, "vehicle": crew.vehicle, "start": shift.0, "end": shift.1 });
            world.shop.post("dispatcher", "/api/shifts", body).await?.done("/api/shifts")?;
        }
    }
    Ok(())
}
