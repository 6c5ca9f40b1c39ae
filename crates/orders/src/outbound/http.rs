//! Outbound over HTTP: cancelling, the settlement sheet, the slip. Waves and closes touch the warehouse too and stand
//! in `flows`.

use ::store::Tx;
use axum::extract::State;
use edge::{ApiJson, ApiPath, App, By, Caller, Duty, IdempotencyKey, Problem, Tagged, duty};
use kernel::{Actor, CustomerOrderId, ReleaseNoteId, Stamp};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{OutboundRefusal, Sheet, Slip, cancel, sheet, slip};
use crate::{
    intake::{Acknowledgement, acknowledge},
    order::{CancelReason, demand, eyes, load},
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(cancel_order)).routes(routes!(read_settlement)).routes(routes!(read_slip))
}

/// Cancel an order that was not released: the customer their own, the order desk any of its sites.
#[utoipa::path(post, path = "/orders/{order}/cancel", tag = "3.4 outbound", operation_id = "cancel_order",
    params(("order" = CustomerOrderId, Path), IdempotencyKey),
    responses((status = 200, body = Acknowledgement), (status = "4XX", body = Problem)))]
async fn cancel_order(
    State(app): State<App>,
    by: By<duty::BeSomebody>,
    key: IdempotencyKey,
    ApiPath(order): ApiPath<CustomerOrderId>,
) -> Result<Tagged<Acknowledgement>, Problem> {
    let caller = Caller::clone(&by);
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        let known = load(tx, order).await?;
        demand(&caller, &known, Duty::TakeOrders)?;
        let why = match caller.actor {
            Actor::Customer(_) => CancelReason::ByCustomer,
            Actor::Staff(_)
            | Actor::Courier(_)
            | Actor::Supplier(_)
            | Actor::Device(_)
            | Actor::System
            | Actor::Anonymous => CancelReason::ByDesk,
        };
        cancel(tx, stamp, order, why).await?;
        Ok::<_, OutboundRefusal>(acknowledge(tx, order).await?)
    })
    .await
    .map(Tagged)
}

/// What was ordered, what the scale said, and why the amount is what it is.
#[utoipa::path(get, path = "/orders/{order}/settlement", tag = "3.4 outbound", operation_id = "read_settlement",
    params(("order" = CustomerOrderId, Path)),
    responses((status = 200, body = Sheet), (status = "4XX", body = Problem)))]
async fn read_settlement(
    State(app): State<App>,
    by: By<duty::BeSomebody>,
    ApiPath(order): ApiPath<CustomerOrderId>,
) -> Result<ApiJson<Sheet>, Problem> {
    let caller = Caller::clone(&by);
    app.read(async move |tx: &mut Tx| {
        let order = load(tx, order).await?;
        eyes(&caller, &order)?;
        sheet(tx, &order).await
    })
    .await
    .map(ApiJson)
}

/// The release slip 出庫單 of a note, with the lots that are bound or were sent.
#[utoipa::path(get, path = "/release-notes/{note}", tag = "3.4 outbound", operation_id = "read_slip",
    params(("note" = ReleaseNoteId, Path)),
    responses((status = 200, body = Slip), (status = "4XX", body = Problem)))]
async fn read_slip(
    State(app): State<App>,
    by: By<duty::ReadOrders>,
    ApiPath(note): ApiPath<ReleaseNoteId>,
) -> Result<ApiJson<Slip>, Problem> {
    let caller = Caller::clone(&by);
    app.read(async move |tx: &mut Tx| {
        let slip = slip(tx, note).await?;
        if caller.works_at(slip.site) { Ok(slip) } else { Err(OutboundRefusal::NoSuchNote { note }) }
    })
    .await
    .map(ApiJson)
}
