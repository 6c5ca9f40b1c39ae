//! Papers over HTTP: beside the JSON that says the same, behind the same duties and for the same eyes.

use ::store::Tx;
use axum::{
    extract::State,
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use edge::{ApiPath, ApiQuery, App, By, Caller, Problem, duty};
use kernel::{Actor, Lang, PurchaseOrderId, ReleaseNoteId, SupplierReturnId};
use orders::outbound;
use procurement::{
    contracts,
    receiving::{self, ReceivingRefusal},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{Paper, contract, return_note, slip, typeset};

/// The routes of this crate.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(print_contract))
        .routes(routes!(print_own_contract))
        .routes(routes!(print_return_note))
        .routes(routes!(print_slip))
}

/// In which language.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Reader {
    /// The caller's own, if none is named.
    #[param(inline)]
    lang: Option<Lang>,
}

/// The contract 合同 of a purchase order as PDF.
#[utoipa::path(get, path = "/purchase-orders/{order}/contract.pdf", tag = "1.5 contracts",
    operation_id = "print_contract", params(("order" = PurchaseOrderId, Path), Reader),
    responses((status = 200, body = Vec<u8>, content_type = "application/pdf"), (status = "4XX", body = Problem)))]
async fn print_contract(
    State(app): State<App>,
    by: By<duty::ReadPurchases>,
    ApiPath(order): ApiPath<PurchaseOrderId>,
    ApiQuery(reader): ApiQuery<Reader>,
) -> Result<Response, Problem> {
    let (caller, lang) = (Caller::clone(&by), reader.lang.unwrap_or(by.lang));
    let paper = app
        .read(async move |tx: &mut Tx| {
            let order = contracts::order(tx, order).await?;
            caller.demand_site(order.head.site)?;
            let site = catalog::site(tx, order.head.site).await?;
            contract::paper(lang, &site, &order, &contracts::contract(tx, order.head.id).await?)
        })
        .await?;
    printed(&paper).await
}

/// The contract of one of a supplier's own purchase orders as PDF.
#[utoipa::path(get, path = "/supplier/purchase-orders/{order}/contract.pdf", tag = "1.5 contracts",
    operation_id = "print_own_contract", params(("order" = PurchaseOrderId, Path), Reader),
    responses((status = 200, body = Vec<u8>, content_type = "application/pdf"), (status = "4XX", body = Problem)))]
async fn print_own_contract(
    State(app): State<App>,
    by: By<duty::AnswerPurchaseOrders>,
    ApiPath(order): ApiPath<PurchaseOrderId>,
    ApiQuery(reader): ApiQuery<Reader>,
) -> Result<Response, Problem> {
    let Actor::Supplier(supplier) = by.actor else { return Err(Problem::not_found()) };
    let lang = reader.lang.unwrap_or(by.lang);
    let paper = app
        .read(async move |tx: &mut Tx| {
            let order = contracts::own_order(tx, order, supplier).await?;
            let site = catalog::site(tx, order.head.site).await?;
            contract::paper(lang, &site, &order, &contracts::contract(tx, order.head.id).await?)
        })
        .await?;
    printed(&paper).await
}

/// The return note 退貨單 of goods that go back with the truck, as PDF, for its driver to sign and take along.
#[utoipa::path(get, path = "/supplier-returns/{return}/note.pdf", tag = "1.6 receiving",
    operation_id = "print_return_note", params(("return" = SupplierReturnId, Path), Reader),
    responses((status = 200, body = Vec<u8>, content_type = "application/pdf"), (status = "4XX", body = Problem)))]
async fn print_return_note(
    State(app): State<App>,
    by: By<duty::ReadPurchases>,
    ApiPath(back): ApiPath<SupplierReturnId>,
    ApiQuery(reader): ApiQuery<Reader>,
) -> Result<Response, Problem> {
    let (caller, lang) = (Caller::clone(&by), reader.lang.unwrap_or(by.lang));
    let paper = app
        .read(async move |tx: &mut Tx| {
            let back = receiving::supplier_return(tx, back).await?;
            if !caller.works_at(back.site) {
                return Err(Problem::from(ReceivingRefusal::NoSuchReturn));
            }
            Ok(return_note::paper(lang, &return_note::returned(tx, back).await?))
        })
        .await?;
    printed(&paper).await
}

/// The outbound slip 出庫單 of a release note as PDF, with its number as bars and as a square.
#[utoipa::path(get, path = "/release-notes/{note}/slip.pdf", tag = "3.4 outbound", operation_id = "print_slip",
    params(("note" = ReleaseNoteId, Path), Reader),
    responses((status = 200, body = Vec<u8>, content_type = "application/pdf"), (status = "4XX", body = Problem)))]
async fn print_slip(
    State(app): State<App>,
    by: By<duty::ReadOrders>,
    ApiPath(note): ApiPath<ReleaseNoteId>,
    ApiQuery(reader): ApiQuery<Reader>,
) -> Result<Response, Problem> {
    let (caller, lang) = (Caller::clone(&by), reader.lang.unwrap_or(by.lang));
    let paper = app
        .read(async move |tx: &mut Tx| {
            let slip = outbound::slip(tx, note).await?;
            if !caller.works_at(slip.site) {
                return Err(Problem::from(outbound::OutboundRefusal::NoSuchNote { note }));
            }
            let site = catalog::site(tx, slip.site).await?;
            Ok(slip::paper(lang, &site, &slip))
        })
        .await?;
    printed(&paper).await
}

async fn printed(paper: &Paper) -> Result<Response, Problem> {
    let pdf = typeset(paper).await?;
    let number = paper.code.as_deref().unwrap_or(paper.template);
    let name = format!("inline; filename=\"{number}-{}.pdf\"", paper.lang.code());
    Ok(([(CONTENT_TYPE, "application/pdf".to_owned()), (CONTENT_DISPOSITION, name)], pdf).into_response())
}
