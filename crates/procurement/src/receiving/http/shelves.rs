//! From the dock to the shelf.

use axum::extract::State;
use edge::{ApiJson, ApiPath, App, By, Created, IdempotencyKey, Problem, duty, parse};
use kernel::{LotId, PlaceId, SiteId, Stamp};
use serde::{Deserialize, Serialize};
use store::Tx;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::of_own_lot;
use crate::receiving::{self, NewPutAway, PutAway, SuggestedBin};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(put_goods_away)).routes(routes!(suggest_bins)).routes(routes!(set_bin_capacity))
}

/// Put judged goods into the bin whose code was scanned.
#[utoipa::path(post, path = "/put-aways", tag = "1.6 receiving", operation_id = "put_goods_away",
    request_body = NewPutAway, params(IdempotencyKey),
    responses((status = 201, body = PutAway), (status = "4XX", body = Problem)))]
async fn put_goods_away(
    State(app): State<App>,
    by: By<duty::PutGoodsAway>,
    key: IdempotencyKey,
    ApiJson(new): ApiJson<NewPutAway>,
) -> Result<Created<PutAway>, Problem> {
    let (new, sites) = (new.parse()?, by.sites.clone());
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        of_own_lot(tx, &sites, new.lot).await?;
        Ok::<_, Problem>(receiving::put_away(tx, stamp, new.clone()).await?)
    })
    .await
    .map(Created)
}

/// The bins that suit a lot at the dock, the best first.
#[utoipa::path(get, path = "/lots/{lot}/put-away-suggestions", tag = "1.6 receiving", operation_id = "suggest_bins",
    params(("lot" = LotId, Path)),
    responses((status = 200, body = Vec<SuggestedBin>), (status = "4XX", body = Problem)))]
async fn suggest_bins(
    State(app): State<App>,
    by: By<duty::PutGoodsAway>,
    ApiPath(lot): ApiPath<LotId>,
) -> Result<ApiJson<Vec<SuggestedBin>>, Problem> {
    let (sites, now) = (by.sites.clone(), app.clock.now());
    app.read(async move |tx: &mut Tx| {
        of_own_lot(tx, &sites, lot).await?;
        Ok::<_, Problem>(receiving::suggestions(tx, now, lot).await?)
    })
    .await
    .map(ApiJson)
}

/// What a bin bears.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BinCapacity {
    site: SiteId,
    /// The code on the bin.
    #[schema(min_length = 1, max_length = 40)]
    bin: String,
    #[schema(minimum = 1, maximum = 100_000_000)]
    grams: i64,
}

/// The bin that was meant.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
struct BinWithCapacity {
    place: PlaceId,
    grams: i64,
}

/// Say what a bin bears.
#[utoipa::path(put, path = "/bin-capacities", tag = "1.6 receiving", operation_id = "set_bin_capacity",
    request_body = BinCapacity, responses((status = 200, body = BinWithCapacity), (status = "4XX", body = Problem)))]
async fn set_bin_capacity(
    State(app): State<App>,
    by: By<duty::ManageCatalog>,
    ApiJson(new): ApiJson<BinCapacity>,
) -> Result<ApiJson<BinWithCapacity>, Problem> {
    by.demand_site(new.site)?;
    let code = parse::text("bin", &new.bin, 1, 40)?;
    let grams = parse::within("grams", new.grams, 1, 100_000_000)?;
    let place = app
        .write(&by, async move |tx: &mut Tx, _: &Stamp| receiving::set_capacity(tx, new.site, &code, grams).await)
        .await?;
    Ok(ApiJson(BinWithCapacity { place, grams }))
}
