//! Intake over HTTP: what the shop offers, delivery windows, and placing an order.

use ::store::Tx;
use axum::extract::State;
use axum::http::StatusCode;
use catalog::Position;
use edge::{
    ApiJson, ApiPath, ApiQuery, App, By, Caller, Created, Duty, Guest, IdempotencyKey, Page, Paging, Problem, Tagged,
    duty, parse,
};
use kernel::{Actor, CustomerId, DeliveryWindowId, Instant, SiteId, Stamp};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Acknowledgement, Capacity, DeliveryWindow, IntakeRefusal, NewOrder, NewWindow, OfferedWindow, Product, Taken,
    acknowledge, offered, open_window, place, products, resize_window, windows,
};
use crate::{
    order::{OrderChannel, OrderRefusal},
    people::{self, PUBLIC_GROUP},
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(shop_products))
        .routes(routes!(shop_windows))
        .routes(routes!(place_order))
        .routes(routes!(list_windows, open_a_window))
        .routes(routes!(set_capacity))
}

/// Where and for when.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Shelf {
    site: SiteId,
    /// The end of the delivery window: what is shown as available will still be good then.
    deliver_by: Instant,
    #[param(max_length = 400)]
    after: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// What the shop sells for a delivery time, and how much of it can still be promised.
#[utoipa::path(get, path = "/shop/products", tag = "3.1 intake", operation_id = "shop_products", params(Shelf),
    responses((status = 200, body = Page<Product>), (status = "4XX", body = Problem)))]
async fn shop_products(
    State(app): State<App>,
    Guest(caller): Guest,
    ApiQuery(shelf): ApiQuery<Shelf>,
) -> Result<ApiJson<Page<Product>>, Problem> {
    let now = app.clock.now();
    let paging = Paging { after: shelf.after, limit: shelf.limit };
    let (after, rows) = (paging.key::<String>()?, paging.rows()?);
    let (site, deliver_by) = (shelf.site, shelf.deliver_by.max(now));
    let found = app
        .read(async move |tx: &mut Tx| {
            let group = match caller.actor {
                Actor::Customer(customer) => people::group_of(&people::customer(tx, customer).await?).to_owned(),
                Actor::Staff(_)
                | Actor::Courier(_)
                | Actor::Supplier(_)
                | Actor::Device(_)
                | Actor::System
                | Actor::Anonymous => PUBLIC_GROUP.to_owned(),
            };
            products(tx, site, &group, deliver_by, now, after.as_deref(), rows).await
        })
        .await?;
    paging.page(found, |product| product.code.clone()).map(ApiJson)
}

/// A door on the map.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Door {
    /// Millionths of a degree.
    #[param(minimum = -90_000_000, maximum = 90_000_000)]
    lat: i64,
    /// Millionths of a degree.
    #[param(minimum = -180_000_000, maximum = 180_000_000)]
    lon: i64,
}

/// The delivery windows with room, of every site that delivers there.
#[utoipa::path(get, path = "/shop/windows", tag = "3.1 intake", operation_id = "shop_windows", params(Door),
    responses((status = 200, body = Vec<OfferedWindow>), (status = "4XX", body = Problem)))]
async fn shop_windows(
    State(app): State<App>,
    Guest(_caller): Guest,
    ApiQuery(door): ApiQuery<Door>,
) -> Result<ApiJson<Vec<OfferedWindow>>, Problem> {
    parse::within("lat", door.lat, -90_000_000, 90_000_000)?;
    parse::within("lon", door.lon, -180_000_000, 180_000_000)?;
    let (now, at) = (app.clock.now(), Position { latitude_microdegrees: door.lat, longitude_microdegrees: door.lon });
    app.read(async move |tx: &mut Tx| offered(tx, at, now).await).await.map(ApiJson)
}

/// Place an order: a customer for themselves, the order desk for a named customer. The answer says what the payment
/// provider has answered, if it was quick enough.
#[utoipa::path(post, path = "/orders", tag = "3.1 intake", operation_id = "place_order", request_body = NewOrder,
    params(IdempotencyKey), responses((status = 201, body = Acknowledgement), (status = "4XX", body = Problem)))]
async fn place_order(
    State(app): State<App>,
    by: By<duty::BeSomebody>,
    key: IdempotencyKey,
    ApiJson(new): ApiJson<NewOrder>,
) -> Result<Created<Acknowledgement>, Problem> {
    let new = new.parse()?;
    let taken = taken_by(&by, new.customer)?;
    let placed =
        app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| place(tx, stamp, taken, &new).await).await?;
    if let Some(job) = placed.authorise {
        app.workman.perform_now(job).await;
    }
    let order = placed.order;
    app.read(async move |tx: &mut Tx| acknowledge(tx, order).await).await.map(Created)
}

/// For whom the caller may place an order.
fn taken_by(caller: &Caller, named: Option<CustomerId>) -> Result<Taken, Problem> {
    if let Actor::Customer(customer) = caller.actor
        && caller.holds(Duty::PlaceOrders)
    {
        if named.is_some_and(|named| named != customer) {
            return Err(Problem::not_found());
        }
        return Ok(Taken { channel: OrderChannel::Shop, customer });
    }
    if caller.holds(Duty::TakeOrders) {
        let customer = named.ok_or(IntakeRefusal::CustomerMissing)?;
        return Ok(Taken { channel: OrderChannel::Desk, customer });
    }
    Err(Problem::new(StatusCode::FORBIDDEN, "identity/not-allowed").with("duty", Duty::PlaceOrders.code()))
}

/// Which windows.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Calendar {
    site: SiteId,
    /// Those that start then or later.
    from: Option<Instant>,
    #[param(max_length = 400)]
    after: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// The delivery windows of a site, by start.
#[utoipa::path(get, path = "/windows", tag = "3.1 intake", operation_id = "list_windows", params(Calendar),
    responses((status = 200, body = Page<DeliveryWindow>), (status = "4XX", body = Problem)))]
async fn list_windows(
    State(app): State<App>,
    by: By<duty::ReadOrders>,
    ApiQuery(calendar): ApiQuery<Calendar>,
) -> Result<ApiJson<Page<DeliveryWindow>>, Problem> {
    by.demand_site(calendar.site)?;
    let paging = Paging { after: calendar.after, limit: calendar.limit };
    let rows = paging.rows()?;
    let after = match paging.key::<(Instant, DeliveryWindowId)>()? {
        Some((start, id)) => (start, Some(id)),
        None => (calendar.from.unwrap_or(Instant::MIN).plus_millis(-1), None),
    };
    let site = calendar.site;
    let found =
        app.read(async move |tx: &mut Tx| Ok::<_, IntakeRefusal>(windows::page(tx, site, after, rows).await?)).await?;
    paging.page(found, |window| (window.span().start(), window.id)).map(ApiJson)
}

/// Open a delivery window.
#[utoipa::path(post, path = "/windows", tag = "3.1 intake", operation_id = "open_window", request_body = NewWindow,
    params(IdempotencyKey), responses((status = 201, body = DeliveryWindow), (status = "4XX", body = Problem)))]
async fn open_a_window(
    State(app): State<App>,
    by: By<duty::ManageWindows>,
    key: IdempotencyKey,
    ApiJson(new): ApiJson<NewWindow>,
) -> Result<Created<DeliveryWindow>, Problem> {
    by.demand_site(new.site)?;
    let new = new.parse()?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| open_window(tx, stamp, new).await).await.map(Created)
}

/// Change how many orders a window takes; as many as it has closes it.
#[utoipa::path(post, path = "/windows/{window}/capacity", tag = "3.1 intake", operation_id = "resize_window",
    request_body = Capacity, params(("window" = DeliveryWindowId, Path), IdempotencyKey),
    responses((status = 200, body = DeliveryWindow), (status = "4XX", body = Problem)))]
async fn set_capacity(
    State(app): State<App>,
    by: By<duty::ManageWindows>,
    key: IdempotencyKey,
    ApiPath(window): ApiPath<DeliveryWindowId>,
    ApiJson(wanted): ApiJson<Capacity>,
) -> Result<Tagged<DeliveryWindow>, Problem> {
    let capacity = parse::within("capacity", wanted.capacity, 0, super::CAPACITY_MAX)?;
    let caller = Caller::clone(&by);
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        let known = windows::by_id(tx, window).await?;
        if !caller.works_at(known.site) {
            return Err(OrderRefusal::NoSuchWindow { window }.into());
        }
        resize_window(tx, stamp, window, capacity).await
    })
    .await
    .map(Tagged)
}
