//! 2.4 meets 3.3: a signed adjustment or a witnessed disposal takes goods off the shelf, and the orders that counted
//! on them look for others, in the same transaction.

use axum::extract::State;
use edge::{ApiJson, ApiPath, App, By, Caller, Duty, IdempotencyKey, Problem, duty};
use kernel::{AdjustmentId, Stamp, WriteOffId};
use orders::allocation;
use store::Tx;
use utoipa_axum::{router::OpenApiRouter, routes};
use warehouse::counting::{self, Adjustment, Approval, Authority, WriteOff};

use crate::FlowRefusal;

/// Sign an adjustment: goods and money are booked.
#[utoipa::path(post, path = "/adjustments/{adjustment}/approve", tag = "2.4 counting",
    operation_id = "approve_adjustment", request_body = Approval,
    params(("adjustment" = AdjustmentId, Path), IdempotencyKey),
    responses((status = 200, body = Adjustment), (status = "4XX", body = Problem)))]
async fn approve_adjustment(
    State(app): State<App>,
    by: By<duty::ApproveAdjustments>,
    key: IdempotencyKey,
    ApiPath(adjustment): ApiPath<AdjustmentId>,
    ApiJson(approval): ApiJson<Approval>,
) -> Result<ApiJson<Adjustment>, Problem> {
    let (approval, sites, authority) = (approval.parse()?, by.sites.clone(), authority_of(&by));
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        let posted = counting::approve(tx, stamp, &sites, authority, adjustment, &approval).await?;
        allocation::reallocate(tx, stamp, posted.site, posted.sku).await?;
        Ok::<_, FlowRefusal>(posted)
    })
    .await
    .map(ApiJson)
}

/// Sign as witness that weighed goods were thrown away: goods and money are booked.
#[utoipa::path(post, path = "/write-offs/{write_off}/witness", tag = "2.4 counting",
    operation_id = "witness_write_off", params(("write_off" = WriteOffId, Path), IdempotencyKey),
    responses((status = 200, body = WriteOff), (status = "4XX", body = Problem)))]
async fn witness_write_off(
    State(app): State<App>,
    by: By<duty::ApproveAdjustments>,
    key: IdempotencyKey,
    ApiPath(write_off): ApiPath<WriteOffId>,
) -> Result<ApiJson<WriteOff>, Problem> {
    let (sites, authority) = (by.sites.clone(), authority_of(&by));
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        let disposed = counting::witness(tx, stamp, &sites, authority, write_off).await?;
        allocation::reallocate(tx, stamp, disposed.site, disposed.sku).await?;
        Ok::<_, FlowRefusal>(disposed)
    })
    .await
    .map(ApiJson)
}

/// Finance signs for what is above a lead's limit.
fn authority_of(caller: &Caller) -> Authority {
    if caller.holds(Duty::ApproveLargeAdjustments) { Authority::Finance } else { Authority::Lead }
}

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(approve_adjustment)).routes(routes!(witness_write_off))
}
