//! Forms, verdicts, quarantined goods, and the suppliers' records.

use axum::extract::State;
use edge::{ApiJson, ApiPath, ApiQuery, App, By, Created, IdempotencyKey, Page, Problem, duty};
use kernel::{ArrivalId, ArrivalLineId, LotId, SkuId, Stamp, SupplierId};
use store::Tx;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{OfSite, at_own_dock, of_own_lot, on_own_line};
use crate::receiving::{
    self, Claim, InspectionForm, NewConditions, NewDecision, NewReturn, NewVerdict, Part, SamplingStanding,
    SupplierReturn, Verdict,
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show_inspection_form))
        .routes(routes!(judge_line))
        .routes(routes!(decide_quarantined_goods))
        .routes(routes!(return_goods))
        .routes(routes!(list_supplier_returns))
        .routes(routes!(list_claims))
        .routes(routes!(list_sampling_standings))
        .routes(routes!(confirm_sampling_conditions))
        .routes(routes!(resume_sampling))
}

/// What to look at, how many cartons to open, and what the facts already say.
#[utoipa::path(get, path = "/arrival-lines/{line}/form", tag = "1.6 receiving", operation_id = "show_inspection_form",
    params(("line" = ArrivalLineId, Path)),
    responses((status = 200, body = InspectionForm), (status = "4XX", body = Problem)))]
async fn show_inspection_form(
    State(app): State<App>,
    by: By<duty::InspectGoods>,
    ApiPath(line): ApiPath<ArrivalLineId>,
) -> Result<ApiJson<InspectionForm>, Problem> {
    let sites = by.sites.clone();
    app.read(async move |tx: &mut Tx| {
        on_own_line(tx, &sites, line).await?;
        Ok::<_, Problem>(receiving::form(tx, line).await?)
    })
    .await
    .map(ApiJson)
}

/// Judge a line: accept, concede, quarantine or reject, each with its quantity. Somebody else has weighed it.
#[utoipa::path(post, path = "/arrival-lines/{line}/verdict", tag = "1.6 receiving", operation_id = "judge_line",
    request_body = NewVerdict, params(("line" = ArrivalLineId, Path), IdempotencyKey),
    responses((status = 201, body = Verdict), (status = "4XX", body = Problem)))]
async fn judge_line(
    State(app): State<App>,
    by: By<duty::InspectGoods>,
    key: IdempotencyKey,
    ApiPath(line): ApiPath<ArrivalLineId>,
    ApiJson(new): ApiJson<NewVerdict>,
) -> Result<Created<Verdict>, Problem> {
    let (new, sites) = (new.parse()?, by.sites.clone());
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        on_own_line(tx, &sites, line).await?;
        Ok::<_, Problem>(receiving::judge(tx, stamp, line, new.clone()).await?)
    })
    .await
    .map(Created)
}

/// End a quarantine. Somebody else has judged the line.
#[utoipa::path(post, path = "/quarantined-lots/{lot}/decision", tag = "1.6 receiving",
    operation_id = "decide_quarantined_goods", request_body = NewDecision,
    params(("lot" = LotId, Path), IdempotencyKey),
    responses((status = 201, body = Part), (status = "4XX", body = Problem)))]
async fn decide_quarantined_goods(
    State(app): State<App>,
    by: By<duty::LiftBlocks>,
    key: IdempotencyKey,
    ApiPath(lot): ApiPath<LotId>,
    ApiJson(new): ApiJson<NewDecision>,
) -> Result<Created<Part>, Problem> {
    let (new, sites) = (new.parse()?, by.sites.clone());
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        of_own_lot(tx, &sites, lot).await?;
        Ok::<_, Problem>(receiving::decide(tx, stamp, lot, new.clone()).await?)
    })
    .await
    .map(Created)
}

/// Send rejected goods back with the truck that brought them.
#[utoipa::path(post, path = "/arrivals/{arrival}/returns", tag = "1.6 receiving", operation_id = "return_goods",
    request_body = NewReturn, params(("arrival" = ArrivalId, Path), IdempotencyKey),
    responses((status = 201, body = SupplierReturn), (status = "4XX", body = Problem)))]
async fn return_goods(
    State(app): State<App>,
    by: By<duty::ReceiveGoods>,
    key: IdempotencyKey,
    ApiPath(arrival): ApiPath<ArrivalId>,
    ApiJson(new): ApiJson<NewReturn>,
) -> Result<Created<SupplierReturn>, Problem> {
    let (new, sites) = (new.parse()?, by.sites.clone());
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        at_own_dock(tx, &sites, arrival).await?;
        Ok::<_, Problem>(receiving::return_note(tx, stamp, arrival, new.clone()).await?)
    })
    .await
    .map(Created)
}

/// Returns to suppliers, latest first.
#[utoipa::path(get, path = "/supplier-returns", tag = "1.6 receiving", operation_id = "list_supplier_returns",
    params(OfSite), responses((status = 200, body = Page<SupplierReturn>), (status = "4XX", body = Problem)))]
async fn list_supplier_returns(
    State(app): State<App>,
    by: By<duty::ReadPurchases>,
    ApiQuery(asked): ApiQuery<OfSite>,
) -> Result<ApiJson<Page<SupplierReturn>>, Problem> {
    let site = asked.site;
    by.demand_site(site)?;
    let (paging, before, rows) = asked.paging()?;
    let found = app.read(async move |tx: &mut Tx| receiving::returns(tx, site, before, rows).await).await?;
    paging.page(found, |back| (back.returned_at, back.id)).map(ApiJson)
}

/// Claims against suppliers, latest first.
#[utoipa::path(get, path = "/claims", tag = "1.6 receiving", operation_id = "list_claims", params(OfSite),
    responses((status = 200, body = Page<Claim>), (status = "4XX", body = Problem)))]
async fn list_claims(
    State(app): State<App>,
    by: By<duty::ReadPurchases>,
    ApiQuery(asked): ApiQuery<OfSite>,
) -> Result<ApiJson<Page<Claim>>, Problem> {
    let site = asked.site;
    by.demand_site(site)?;
    let (paging, before, rows) = asked.paging()?;
    let found = app.read(async move |tx: &mut Tx| receiving::claims(tx, site, before, rows).await).await?;
    paging.page(found, |claim| (claim.raised_at, claim.id)).map(ApiJson)
}

/// Which sampling a supplier has earned, by product and class of fault.
#[utoipa::path(get, path = "/suppliers/{supplier}/sampling", tag = "1.6 receiving",
    operation_id = "list_sampling_standings", params(("supplier" = SupplierId, Path)),
    responses((status = 200, body = Vec<SamplingStanding>), (status = "4XX", body = Problem)))]
async fn list_sampling_standings(
    State(app): State<App>,
    _by: By<duty::ReadPurchases>,
    ApiPath(supplier): ApiPath<SupplierId>,
) -> Result<ApiJson<Vec<SamplingStanding>>, Problem> {
    app.read(async move |tx: &mut Tx| receiving::sampling_standings(tx, supplier).await).await.map(ApiJson)
}

/// Confirm, or take back, that a product's production is steady and its sampling may be reduced.
#[utoipa::path(put, path = "/suppliers/{supplier}/sampling/{sku}", tag = "1.6 receiving",
    operation_id = "confirm_sampling_conditions", request_body = NewConditions,
    params(("supplier" = SupplierId, Path), ("sku" = SkuId, Path)),
    responses((status = 200, body = Vec<SamplingStanding>), (status = "4XX", body = Problem)))]
async fn confirm_sampling_conditions(
    State(app): State<App>,
    by: By<duty::ApproveSuppliers>,
    ApiPath((supplier, sku)): ApiPath<(SupplierId, SkuId)>,
    ApiJson(new): ApiJson<NewConditions>,
) -> Result<ApiJson<Vec<SamplingStanding>>, Problem> {
    app.write(&by, async move |tx: &mut Tx, _: &Stamp| {
        receiving::confirm_conditions(tx, supplier, sku, new.conditions).await
    })
    .await
    .map(ApiJson)
}

/// The supplier has corrected its ways: stopped sampling begins again, tightened.
#[utoipa::path(post, path = "/suppliers/{supplier}/sampling/{sku}/resume", tag = "1.6 receiving",
    operation_id = "resume_sampling", params(("supplier" = SupplierId, Path), ("sku" = SkuId, Path), IdempotencyKey),
    responses((status = 201, body = Vec<SamplingStanding>), (status = "4XX", body = Problem)))]
async fn resume_sampling(
    State(app): State<App>,
    by: By<duty::ApproveSuppliers>,
    key: IdempotencyKey,
    ApiPath((supplier, sku)): ApiPath<(SupplierId, SkuId)>,
) -> Result<Created<Vec<SamplingStanding>>, Problem> {
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        receiving::resume_sampling(tx, stamp, supplier, sku).await
    })
    .await
    .map(Created)
}
