//! 4.3 meets 2.2, 3.4 and 4.4: at the door the goods become the customer's, and the customer is asked how it was.

use axum::extract::State;
use delivery::{
    feedback,
    tracking::{self, HandOver, HandedOver},
};
use edge::{ApiJson, ApiPath, App, By, IdempotencyKey, Problem, duty};
use kernel::{Stamp, StopId};
use ledger::PlaceKind;
use orders::outbound;
use store::Tx;
use utoipa_axum::{router::OpenApiRouter, routes};
use warehouse::fulfilment;

use crate::{FlowRefusal, route_to_road::demand_own_stop};

/// Hand an order over at the door, with proof.
#[utoipa::path(post, path = "/stops/{stop}/hand-over", tag = "4.3 tracking", operation_id = "hand_over",
    request_body = HandOver, params(("stop" = StopId, Path), IdempotencyKey),
    responses((status = 200, body = HandedOver), (status = "4XX", body = Problem)))]
async fn hand_over(
    State(app): State<App>,
    by: By<duty::DriveRuns>,
    key: IdempotencyKey,
    ApiPath(stop): ApiPath<StopId>,
    ApiJson(proof): ApiJson<HandOver>,
) -> Result<ApiJson<HandedOver>, Problem> {
    let proof = proof.parse()?;
    let sites = by.sites.clone();
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        demand_own_stop(tx, &sites, stop).await?;
        handed_over(tx, stamp, stop, &proof).await
    })
    .await
    .map(ApiJson)
}

async fn handed_over(tx: &mut Tx, stamp: &Stamp, stop: StopId, proof: &HandOver) -> Result<HandedOver, FlowRefusal> {
    let done = tracking::hand_over(tx, stamp, stop, proof).await?;
    let door = ledger::place_for(tx, stamp, done.site, PlaceKind::Customer, done.customer).await?;
    fulfilment::hand_over(tx, stamp, &done.parcels, door.id).await?;
    outbound::hand_over(tx, stamp, done.order).await?;
    let lines = outbound::lines_on_board(tx, done.order).await?;
    feedback::ask(tx, stamp, done.order, done.customer, &lines).await?;
    Ok(done)
}

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(hand_over))
}
