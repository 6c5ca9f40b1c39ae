//! Purchase orders over HTTP: the buyer's side, and the supplier's own.

use axum::extract::State;
use edge::{
    ApiJson, ApiPath, ApiQuery, App, By, Caller, Created, IdempotencyKey, Page, Paging, Problem, Tagged, duty, parse,
};
use kernel::{Actor, Date, PurchaseOrderId, SiteId, Stamp, SupplierId};
use serde::Deserialize;
use store::Tx;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Contract, Direct, NewAnswer, NewPurchaseOrder, NewShippingNotice, PurchaseOrder, PurchaseOrderHead,
    PurchaseOrderState, ShippingNotice,
};
use crate::{approvals, demand_site};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_purchase_orders, place_purchase_order))
        .routes(routes!(show_purchase_order))
        .routes(routes!(show_contract))
        .routes(routes!(list_shipping_notices))
        .routes(routes!(cancel_purchase_order))
        .routes(routes!(close_purchase_order))
        .routes(routes!(answer_purchase_order))
        .routes(routes!(announce_goods))
        .routes(routes!(list_own_purchase_orders))
        .routes(routes!(show_own_purchase_order))
        .routes(routes!(show_own_contract))
}

/// Which orders.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Which {
    site: SiteId,
    /// Only in this state.
    state: Option<PurchaseOrderState>,
    #[param(max_length = 400)]
    after: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// Purchase orders of a site, latest day of delivery first.
#[utoipa::path(get, path = "/purchase-orders", tag = "1.5 contracts", operation_id = "list_purchase_orders",
    params(Which), responses((status = 200, body = Page<PurchaseOrderHead>), (status = "4XX", body = Problem)))]
async fn list_purchase_orders(
    State(app): State<App>,
    by: By<duty::ReadPurchases>,
    ApiQuery(which): ApiQuery<Which>,
) -> Result<ApiJson<Page<PurchaseOrderHead>>, Problem> {
    by.demand_site(which.site)?;
    let paging = Paging { after: which.after, limit: which.limit };
    let (before, rows) = (paging.key::<(Date, PurchaseOrderId)>()?, paging.rows()?);
    let found =
        app.read(async move |tx: &mut Tx| super::orders(tx, which.site, which.state, before, rows).await).await?;
    paging.page(found, |order| (order.delivery_on, order.id)).map(ApiJson)
}

/// Place a purchase order that needs nobody's signature. One that needs some is refused, and the attempt is kept.
#[utoipa::path(post, path = "/purchase-orders", tag = "1.5 contracts", operation_id = "place_purchase_order",
    request_body = NewPurchaseOrder, params(IdempotencyKey),
    responses((status = 201, body = PurchaseOrder), (status = "4XX", body = Problem)))]
async fn place_purchase_order(
    State(app): State<App>,
    by: By<duty::PlacePurchaseOrders>,
    key: IdempotencyKey,
    ApiJson(new): ApiJson<NewPurchaseOrder>,
) -> Result<Created<PurchaseOrder>, Problem> {
    let new = new.parse()?;
    by.demand_site(new.site)?;
    let done = app
        .once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| super::place_directly(tx, stamp, new.clone()).await)
        .await?;
    match done {
        Direct::Placed(order) => Ok(Created(*order)),
        // The attempt is what this command did, so that it stays although the purchase is refused.
        Direct::Refused(attempt) => Err(approvals::refused(&attempt).into()),
    }
}

/// One purchase order.
#[utoipa::path(get, path = "/purchase-orders/{order}", tag = "1.5 contracts", operation_id = "show_purchase_order",
    params(("order" = PurchaseOrderId, Path)),
    responses((status = 200, body = PurchaseOrder), (status = "4XX", body = Problem)))]
async fn show_purchase_order(
    State(app): State<App>,
    by: By<duty::ReadPurchases>,
    ApiPath(order): ApiPath<PurchaseOrderId>,
) -> Result<Tagged<PurchaseOrder>, Problem> {
    read_order(&app, &by, order).await.map(Tagged)
}

/// The contract of a purchase order, with the supplier's answer.
#[utoipa::path(get, path = "/purchase-orders/{order}/contract", tag = "1.5 contracts", operation_id = "show_contract",
    params(("order" = PurchaseOrderId, Path)),
    responses((status = 200, body = Contract), (status = "4XX", body = Problem)))]
async fn show_contract(
    State(app): State<App>,
    by: By<duty::ReadPurchases>,
    ApiPath(order): ApiPath<PurchaseOrderId>,
) -> Result<ApiJson<Contract>, Problem> {
    read_order(&app, &by, order).await?;
    app.read(async move |tx: &mut Tx| super::contract(tx, order).await).await.map(ApiJson)
}

/// The trucks announced for a purchase order.
#[utoipa::path(get, path = "/purchase-orders/{order}/shipping-notices", tag = "1.5 contracts",
    operation_id = "list_shipping_notices", params(("order" = PurchaseOrderId, Path)),
    responses((status = 200, body = Vec<ShippingNotice>), (status = "4XX", body = Problem)))]
async fn list_shipping_notices(
    State(app): State<App>,
    by: By<duty::ReadPurchases>,
    ApiPath(order): ApiPath<PurchaseOrderId>,
) -> Result<ApiJson<Vec<ShippingNotice>>, Problem> {
    read_order(&app, &by, order).await?;
    app.read(async move |tx: &mut Tx| super::notices_of(tx, order).await).await.map(ApiJson)
}

/// Why an order ends early.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EndOfOrder {
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

/// Call off an order that the supplier has not answered.
#[utoipa::path(post, path = "/purchase-orders/{order}/cancel", tag = "1.5 contracts",
    operation_id = "cancel_purchase_order", request_body = EndOfOrder,
    params(("order" = PurchaseOrderId, Path), IdempotencyKey),
    responses((status = 201, body = PurchaseOrder), (status = "4XX", body = Problem)))]
async fn cancel_purchase_order(
    State(app): State<App>,
    by: By<duty::PlacePurchaseOrders>,
    key: IdempotencyKey,
    ApiPath(order): ApiPath<PurchaseOrderId>,
    ApiJson(end): ApiJson<EndOfOrder>,
) -> Result<Created<PurchaseOrder>, Problem> {
    let reason = parse::text("reason", &end.reason, 1, 500)?;
    let sites = by.sites.clone();
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        demand_site(&sites, super::order(tx, order).await?.head.site)?;
        Ok::<_, Problem>(super::cancel(tx, stamp, order, &reason).await?)
    })
    .await
    .map(Created)
}

/// Close an order: what has not come is not coming.
#[utoipa::path(post, path = "/purchase-orders/{order}/close", tag = "1.5 contracts",
    operation_id = "close_purchase_order", request_body = EndOfOrder,
    params(("order" = PurchaseOrderId, Path), IdempotencyKey),
    responses((status = 201, body = PurchaseOrder), (status = "4XX", body = Problem)))]
async fn close_purchase_order(
    State(app): State<App>,
    by: By<duty::PlacePurchaseOrders>,
    key: IdempotencyKey,
    ApiPath(order): ApiPath<PurchaseOrderId>,
    ApiJson(end): ApiJson<EndOfOrder>,
) -> Result<Created<PurchaseOrder>, Problem> {
    let reason = parse::text("reason", &end.reason, 1, 500)?;
    let sites = by.sites.clone();
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        demand_site(&sites, super::order(tx, order).await?.head.site)?;
        Ok::<_, Problem>(super::close(tx, stamp, order, &reason).await?)
    })
    .await
    .map(Created)
}

/// Accept or decline one's own purchase order, signing the hash of its contract.
#[utoipa::path(post, path = "/supplier/purchase-orders/{order}/answer", tag = "1.5 contracts",
    operation_id = "answer_purchase_order", request_body = NewAnswer,
    params(("order" = PurchaseOrderId, Path), IdempotencyKey),
    responses((status = 201, body = PurchaseOrder), (status = "4XX", body = Problem)))]
async fn answer_purchase_order(
    State(app): State<App>,
    by: By<duty::AnswerPurchaseOrders>,
    key: IdempotencyKey,
    ApiPath(order): ApiPath<PurchaseOrderId>,
    ApiJson(new): ApiJson<NewAnswer>,
) -> Result<Created<PurchaseOrder>, Problem> {
    let (new, supplier) = (new.parse()?, supplier(&by)?);
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        super::answer(tx, stamp, order, supplier, new.clone()).await
    })
    .await
    .map(Created)
}

/// Announce a truck for one's own purchase order.
#[utoipa::path(post, path = "/supplier/purchase-orders/{order}/shipping-notices", tag = "1.5 contracts",
    operation_id = "announce_goods", request_body = NewShippingNotice,
    params(("order" = PurchaseOrderId, Path), IdempotencyKey),
    responses((status = 201, body = ShippingNotice), (status = "4XX", body = Problem)))]
async fn announce_goods(
    State(app): State<App>,
    by: By<duty::AnswerPurchaseOrders>,
    key: IdempotencyKey,
    ApiPath(order): ApiPath<PurchaseOrderId>,
    ApiJson(new): ApiJson<NewShippingNotice>,
) -> Result<Created<ShippingNotice>, Problem> {
    let (new, supplier) = (new.parse()?, supplier(&by)?);
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        super::announce(tx, stamp, order, supplier, new.clone()).await
    })
    .await
    .map(Created)
}

/// A supplier's own purchase orders, latest day of delivery first.
#[utoipa::path(get, path = "/supplier/purchase-orders", tag = "1.5 contracts",
    operation_id = "list_own_purchase_orders", params(Paging),
    responses((status = 200, body = Page<PurchaseOrderHead>), (status = "4XX", body = Problem)))]
async fn list_own_purchase_orders(
    State(app): State<App>,
    by: By<duty::AnswerPurchaseOrders>,
    ApiQuery(paging): ApiQuery<Paging>,
) -> Result<ApiJson<Page<PurchaseOrderHead>>, Problem> {
    let supplier = supplier(&by)?;
    let (before, rows) = (paging.key::<(Date, PurchaseOrderId)>()?, paging.rows()?);
    let found = app.read(async move |tx: &mut Tx| super::orders_of(tx, supplier, before, rows).await).await?;
    paging.page(found, |order| (order.delivery_on, order.id)).map(ApiJson)
}

/// One of a supplier's own purchase orders.
#[utoipa::path(get, path = "/supplier/purchase-orders/{order}", tag = "1.5 contracts",
    operation_id = "show_own_purchase_order", params(("order" = PurchaseOrderId, Path)),
    responses((status = 200, body = PurchaseOrder), (status = "4XX", body = Problem)))]
async fn show_own_purchase_order(
    State(app): State<App>,
    by: By<duty::AnswerPurchaseOrders>,
    ApiPath(order): ApiPath<PurchaseOrderId>,
) -> Result<Tagged<PurchaseOrder>, Problem> {
    let supplier = supplier(&by)?;
    app.read(async move |tx: &mut Tx| super::own_order(tx, order, supplier).await).await.map(Tagged)
}

/// The contract of one of a supplier's own purchase orders: the text to read and the hash to sign.
#[utoipa::path(get, path = "/supplier/purchase-orders/{order}/contract", tag = "1.5 contracts",
    operation_id = "show_own_contract", params(("order" = PurchaseOrderId, Path)),
    responses((status = 200, body = Contract), (status = "4XX", body = Problem)))]
async fn show_own_contract(
    State(app): State<App>,
    by: By<duty::AnswerPurchaseOrders>,
    ApiPath(order): ApiPath<PurchaseOrderId>,
) -> Result<ApiJson<Contract>, Problem> {
    let supplier = supplier(&by)?;
    app.read(async move |tx: &mut Tx| {
        super::own_order(tx, order, supplier).await?;
        super::contract(tx, order).await
    })
    .await
    .map(ApiJson)
}

/// The supplier that a login speaks for; whoever speaks for none has no orders of their own.
fn supplier(caller: &Caller) -> Result<SupplierId, Problem> {
    match caller.actor {
        Actor::Supplier(supplier) => Ok(supplier),
        Actor::Staff(_)
        | Actor::Courier(_)
        | Actor::Customer(_)
        | Actor::Device(_)
        | Actor::System
        | Actor::Anonymous => Err(Problem::not_found()),
    }
}

async fn read_order(app: &App, caller: &Caller, order: PurchaseOrderId) -> Result<PurchaseOrder, Problem> {
    let order = app.read(async move |tx: &mut Tx| super::order(tx, order).await).await?;
    caller.demand_site(order.head.site)?;
    Ok(order)
}
