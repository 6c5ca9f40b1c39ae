//! 4.5 meets 2.2 and the books: what came back undelivered is put onto a shelf again, or thrown away, as an inspector
//! decides; its cost goes back into stock, or on to waste.

use accounts::{
    costing::{self, Booking, Goods},
    journal,
};
use axum::extract::State;
use edge::{ApiJson, ApiPath, App, By, IdempotencyKey, Problem, Sites, duty, parse};
use kernel::{Id, Money, ParcelId, Stamp};
use serde::{Deserialize, Serialize};
use store::Tx;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use warehouse::fulfilment::{self, JudgedReturn, ReturnDecision};

use crate::FlowRefusal;

/// What the inspector decides about each lot of the parcel.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReturnDecisions {
    #[schema(min_items = 1, max_items = 200)]
    decisions: Vec<ReturnDecision>,
}

/// Decide about goods that came back undelivered.
#[utoipa::path(post, path = "/parcels/{parcel}/return-decision", tag = "4.5 remedies", operation_id = "judge_return",
    request_body = ReturnDecisions, params(("parcel" = ParcelId, Path), IdempotencyKey),
    responses((status = 200, body = JudgedReturn), (status = "4XX", body = Problem)))]
async fn judge_return(
    State(app): State<App>,
    by: By<duty::InspectGoods>,
    key: IdempotencyKey,
    ApiPath(parcel): ApiPath<ParcelId>,
    ApiJson(ReturnDecisions { decisions }): ApiJson<ReturnDecisions>,
) -> Result<ApiJson<JudgedReturn>, Problem> {
    parse::count("decisions", &decisions, 1, 200)?;
    let sites = by.sites.clone();
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| judged(tx, stamp, &sites, parcel, &decisions).await)
        .await
        .map(ApiJson)
}

async fn judged(
    tx: &mut Tx,
    stamp: &Stamp,
    sites: &Sites,
    parcel: ParcelId,
    decisions: &[ReturnDecision],
) -> Result<JudgedReturn, FlowRefusal> {
    let judged = fulfilment::judge_return(tx, stamp, sites, parcel, decisions).await?;
    let site = catalog::site(tx, judged.site).await?;
    let booking = Booking {
        site: site.id,
        currency: site.currency,
        cause: accounts::Cause { noun: ParcelId::NOUN, id: parcel.uuid() },
    };
    for line in &judged.lines {
        let lot = ledger::lot(tx, line.lot).await?;
        let Some(price) = lot.cost else { continue };
        // No more than the order was charged for the lot.
        let sold = journal::cost_of_goods(tx, judged.order, lot.id).await?.max(Money::ZERO);
        let cost = costing::at_cost(price, line.quantity, lot.nominal_grams).min(sold);
        let goods = [Goods { sku: lot.sku, lot: lot.id, cost }];
        costing::goods_restocked(tx, stamp, booking, judged.order, &goods).await?;
        if let Some(reason) = line.reason {
            costing::waste(tx, stamp, booking, reason.in_the_books(), &goods).await?;
        }
    }
    Ok(judged)
}

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(judge_return))
}
