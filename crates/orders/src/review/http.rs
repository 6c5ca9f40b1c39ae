//! The review over HTTP: a person decides about an order that a rule has held.

use ::store::Tx;
use axum::extract::State;
use edge::{ApiJson, ApiPath, App, By, Caller, IdempotencyKey, Problem, Tagged, duty, parse};
use kernel::{CustomerOrderId, Stamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{decline, release};
use crate::{
    intake::{Acknowledgement, acknowledge},
    order::{OrderRefusal, load},
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(release_order)).routes(routes!(decline_order))
}

/// Why the desk decides as it does; kept in the order's trace.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReviewDecision)]
pub struct Decision {
    #[schema(min_length = 1, max_length = 200)]
    pub because: String,
}

/// Let a held order go on.
#[utoipa::path(post, path = "/orders/{order}/release", tag = "3.2 review", operation_id = "release_order",
    request_body = Decision, params(("order" = CustomerOrderId, Path), IdempotencyKey),
    responses((status = 200, body = Acknowledgement), (status = "4XX", body = Problem)))]
async fn release_order(
    State(app): State<App>,
    by: By<duty::ReviewOrders>,
    key: IdempotencyKey,
    ApiPath(order): ApiPath<CustomerOrderId>,
    ApiJson(decision): ApiJson<Decision>,
) -> Result<Tagged<Acknowledgement>, Problem> {
    let because = parse::text("because", &decision.because, 1, 200)?;
    let caller = Caller::clone(&by);
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        at_the_callers_site(tx, &caller, order).await?;
        release(tx, stamp, order, &because).await?;
        acknowledge(tx, order).await
    })
    .await
    .map(Tagged)
}

/// Decline a held order; its stock, its place in the window and its payment are free again.
#[utoipa::path(post, path = "/orders/{order}/decline", tag = "3.2 review", operation_id = "decline_order",
    request_body = Decision, params(("order" = CustomerOrderId, Path), IdempotencyKey),
    responses((status = 200, body = Acknowledgement), (status = "4XX", body = Problem)))]
async fn decline_order(
    State(app): State<App>,
    by: By<duty::ReviewOrders>,
    key: IdempotencyKey,
    ApiPath(order): ApiPath<CustomerOrderId>,
    ApiJson(decision): ApiJson<Decision>,
) -> Result<Tagged<Acknowledgement>, Problem> {
    let because = parse::text("because", &decision.because, 1, 200)?;
    let caller = Caller::clone(&by);
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        at_the_callers_site(tx, &caller, order).await?;
        decline(tx, stamp, order, &because).await?;
        acknowledge(tx, order).await
    })
    .await
    .map(Tagged)
}

async fn at_the_callers_site(tx: &mut Tx, caller: &Caller, order: CustomerOrderId) -> Result<(), OrderRefusal> {
    let known = load(tx, order).await?;
    if caller.works_at(known.site) { Ok(()) } else { Err(OrderRefusal::NoSuchOrder { order }) }
}
