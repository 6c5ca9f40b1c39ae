//! Reading orders over HTTP: a customer their own, staff those of their sites, with the person masked.

use axum::extract::State;
use edge::{ApiJson, ApiPath, ApiQuery, App, By, Caller, Duty, Page, Paging, Problem, Sites, Tagged, duty};
use kernel::{Actor, CustomerId, CustomerOrderId, DeliveryWindowId, Instant, SiteId};
use serde::Deserialize;
use store::Tx;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{CustomerOrder, OrderCard, OrderRefusal, OrderView, Stage, line_views, load, view};
use crate::{
    people::{self, Eyes},
    review,
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_orders)).routes(routes!(read_order)).routes(routes!(my_orders))
}

/// Which orders.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Which {
    site: Option<SiteId>,
    #[param(inline)]
    state: Option<Stage>,
    window: Option<DeliveryWindowId>,
    customer: Option<CustomerId>,
    #[param(max_length = 400)]
    after: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// Orders, newest first.
#[utoipa::path(get, path = "/orders", tag = "3 orders", operation_id = "list_orders", params(Which),
    responses((status = 200, body = Page<OrderCard>), (status = "4XX", body = Problem)))]
async fn list_orders(
    State(app): State<App>,
    by: By<duty::ReadOrders>,
    ApiQuery(which): ApiQuery<Which>,
) -> Result<ApiJson<Page<OrderCard>>, Problem> {
    let site = site_for(&by, which.site)?;
    let filter = view::OrderFilter { site, state: which.state, window: which.window, customer: which.customer };
    page(&app, filter, Paging { after: which.after, limit: which.limit }).await
}

/// One's own orders, newest first.
#[utoipa::path(get, path = "/my/orders", tag = "3 orders", operation_id = "my_orders", params(Paging),
    responses((status = 200, body = Page<OrderCard>), (status = "4XX", body = Problem)))]
async fn my_orders(
    State(app): State<App>,
    by: By<duty::PlaceOrders>,
    ApiQuery(paging): ApiQuery<Paging>,
) -> Result<ApiJson<Page<OrderCard>>, Problem> {
    let Actor::Customer(customer) = by.actor else { return Err(Problem::not_found()) };
    let filter = view::OrderFilter { customer: Some(customer), ..view::OrderFilter::default() };
    page(&app, filter, paging).await
}

async fn page(app: &App, filter: view::OrderFilter, paging: Paging) -> Result<ApiJson<Page<OrderCard>>, Problem> {
    let (after, rows) = (paging.key::<(Instant, CustomerOrderId)>()?, paging.rows()?);
    let found =
        app.read(async move |tx: &mut Tx| Ok::<_, OrderRefusal>(view::page(tx, filter, after, rows).await?)).await?;
    paging.page(found, |card| (card.placed_at, card.id)).map(ApiJson)
}

/// One order: the customer's own, or one of the reader's sites with the person masked.
#[utoipa::path(get, path = "/orders/{order}", tag = "3 orders", operation_id = "read_order",
    params(("order" = CustomerOrderId, Path)),
    responses((status = 200, body = OrderView), (status = "4XX", body = Problem)))]
async fn read_order(
    State(app): State<App>,
    by: By<duty::BeSomebody>,
    ApiPath(order): ApiPath<CustomerOrderId>,
) -> Result<Tagged<OrderView>, Problem> {
    let caller = Caller::clone(&by);
    app.read(async move |tx: &mut Tx| {
        let order = load(tx, order).await?;
        let eyes = eyes(&caller, &order)?;
        let contact = people::contact(tx, order.customer, order.address, eyes).await?;
        let lines = line_views(tx, order.id).await?;
        let findings = match eyes {
            Eyes::Masked => review::findings(tx, order.id).await?,
            // Rules against abuse are not explained to those whom they caught.
            Eyes::Whole => Vec::new(),
        };
        Ok::<_, OrderRefusal>(view::shown(order, lines, contact, findings))
    })
    .await
    .map(Tagged)
}

/// Whose orders a list shows: those of the site that was named, of the caller's only one, or of all.
pub(crate) fn site_for(caller: &Caller, named: Option<SiteId>) -> Result<Option<SiteId>, Problem> {
    match (named, &caller.sites) {
        (Some(site), _) => {
            caller.demand_site(site)?;
            Ok(Some(site))
        }
        (None, Sites::All) => Ok(None),
        (None, Sites::Only(sites)) => match sites.as_slice() {
            [site] => Ok(Some(*site)),
            _ => Err(Problem::invalid("site", "say which of your sites")),
        },
    }
}

/// How the caller may see the order; an order that is not theirs is no order.
pub(crate) fn eyes(caller: &Caller, order: &CustomerOrder) -> Result<Eyes, OrderRefusal> {
    let own = caller.actor == Actor::Customer(order.customer);
    if own {
        return Ok(Eyes::Whole);
    }
    if caller.holds(Duty::ReadOrders) && caller.works_at(order.site) {
        return Ok(Eyes::Masked);
    }
    Err(OrderRefusal::NoSuchOrder { order: order.id })
}

/// Whether the caller may change the order: its customer, or somebody with `duty` at its site.
pub(crate) fn demand(caller: &Caller, order: &CustomerOrder, duty: Duty) -> Result<(), OrderRefusal> {
    let own = caller.actor == Actor::Customer(order.customer);
    if own || (caller.holds(duty) && caller.works_at(order.site)) {
        return Ok(());
    }
    Err(OrderRefusal::NoSuchOrder { order: order.id })
}
