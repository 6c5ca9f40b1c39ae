//! Supplier invoices: booked, matched, released, paid; by different hands.

use axum::extract::State;
use edge::{ApiJson, ApiPath, ApiQuery, App, By, Caller, Created, IdempotencyKey, Page, Problem, duty};
use kernel::{SiteId, Stamp, SupplierInvoiceId};
use serde::Deserialize;
use store::Tx;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{OfSite, of_own_invoice};
use crate::{
    contracts, demand_site,
    receiving::{self, InvoiceReason, NewSupplierInvoice, Released, SupplierInvoice, SupplierInvoiceState},
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_supplier_invoices, book_supplier_invoice))
        .routes(routes!(show_supplier_invoice))
        .routes(routes!(match_supplier_invoice))
        .routes(routes!(withdraw_supplier_invoice))
        .routes(routes!(release_invoice_quantity))
        .routes(routes!(release_invoice_price))
        .routes(routes!(pay_supplier_invoice))
}

/// Which invoices.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Which {
    site: SiteId,
    /// Only in this state: `blocked` is the mismatch queue.
    state: Option<SupplierInvoiceState>,
    #[param(max_length = 400)]
    after: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// Supplier invoices of a site, latest first.
#[utoipa::path(get, path = "/supplier-invoices", tag = "1.6 receiving", operation_id = "list_supplier_invoices",
    params(Which), responses((status = 200, body = Page<SupplierInvoice>), (status = "4XX", body = Problem)))]
async fn list_supplier_invoices(
    State(app): State<App>,
    by: By<duty::ReadPurchases>,
    ApiQuery(Which { site, state, after, limit }): ApiQuery<Which>,
) -> Result<ApiJson<Page<SupplierInvoice>>, Problem> {
    by.demand_site(site)?;
    let (paging, before, rows) = OfSite { site, after, limit }.paging()?;
    let found = app.read(async move |tx: &mut Tx| receiving::invoices(tx, site, state, before, rows).await).await?;
    paging.page(found, |invoice| (invoice.booked_at, invoice.id)).map(ApiJson)
}

/// Book a supplier's invoice and hold it against order and receipts.
#[utoipa::path(post, path = "/supplier-invoices", tag = "1.6 receiving", operation_id = "book_supplier_invoice",
    request_body = NewSupplierInvoice, params(IdempotencyKey),
    responses((status = 201, body = SupplierInvoice), (status = "4XX", body = Problem)))]
async fn book_supplier_invoice(
    State(app): State<App>,
    by: By<duty::BookSupplierInvoices>,
    key: IdempotencyKey,
    ApiJson(new): ApiJson<NewSupplierInvoice>,
) -> Result<Created<SupplierInvoice>, Problem> {
    let (new, sites) = (new.parse()?, by.sites.clone());
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        demand_site(&sites, contracts::order(tx, new.purchase_order).await?.head.site)?;
        Ok::<_, Problem>(receiving::book_invoice(tx, stamp, new.clone()).await?)
    })
    .await
    .map(Created)
}

/// One supplier invoice.
#[utoipa::path(get, path = "/supplier-invoices/{invoice}", tag = "1.6 receiving",
    operation_id = "show_supplier_invoice", params(("invoice" = SupplierInvoiceId, Path)),
    responses((status = 200, body = SupplierInvoice), (status = "4XX", body = Problem)))]
async fn show_supplier_invoice(
    State(app): State<App>,
    by: By<duty::ReadPurchases>,
    ApiPath(invoice): ApiPath<SupplierInvoiceId>,
) -> Result<ApiJson<SupplierInvoice>, Problem> {
    let invoice = app.read(async move |tx: &mut Tx| receiving::invoice(tx, invoice).await).await?;
    by.demand_site(invoice.site)?;
    Ok(ApiJson(invoice))
}

/// Hold a blocked invoice against the receipts again: the goods it was ahead of may have come.
#[utoipa::path(post, path = "/supplier-invoices/{invoice}/match", tag = "1.6 receiving",
    operation_id = "match_supplier_invoice", params(("invoice" = SupplierInvoiceId, Path), IdempotencyKey),
    responses((status = 201, body = SupplierInvoice), (status = "4XX", body = Problem)))]
async fn match_supplier_invoice(
    State(app): State<App>,
    by: By<duty::BookSupplierInvoices>,
    key: IdempotencyKey,
    ApiPath(invoice): ApiPath<SupplierInvoiceId>,
) -> Result<Created<SupplierInvoice>, Problem> {
    let sites = by.sites.clone();
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        of_own_invoice(tx, &sites, invoice).await?;
        Ok::<_, Problem>(receiving::match_again(tx, stamp, invoice).await?)
    })
    .await
    .map(Created)
}

/// Send a blocked invoice back to the supplier.
#[utoipa::path(post, path = "/supplier-invoices/{invoice}/withdrawal", tag = "1.6 receiving",
    operation_id = "withdraw_supplier_invoice", request_body = InvoiceReason,
    params(("invoice" = SupplierInvoiceId, Path), IdempotencyKey),
    responses((status = 201, body = SupplierInvoice), (status = "4XX", body = Problem)))]
async fn withdraw_supplier_invoice(
    State(app): State<App>,
    by: By<duty::BookSupplierInvoices>,
    key: IdempotencyKey,
    ApiPath(invoice): ApiPath<SupplierInvoiceId>,
    ApiJson(new): ApiJson<InvoiceReason>,
) -> Result<Created<SupplierInvoice>, Problem> {
    let (new, sites) = (new.parse()?, by.sites.clone());
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        of_own_invoice(tx, &sites, invoice).await?;
        Ok::<_, Problem>(receiving::withdraw(tx, stamp, invoice, &new.reason).await?)
    })
    .await
    .map(Created)
}

/// Let differences of quantity pass. Somebody else has booked the invoice.
#[utoipa::path(post, path = "/supplier-invoices/{invoice}/release-quantity", tag = "1.6 receiving",
    operation_id = "release_invoice_quantity", request_body = InvoiceReason,
    params(("invoice" = SupplierInvoiceId, Path), IdempotencyKey),
    responses((status = 201, body = SupplierInvoice), (status = "4XX", body = Problem)))]
async fn release_invoice_quantity(
    State(app): State<App>,
    by: By<duty::ReleaseInvoiceQuantity>,
    key: IdempotencyKey,
    ApiPath(invoice): ApiPath<SupplierInvoiceId>,
    ApiJson(new): ApiJson<InvoiceReason>,
) -> Result<Created<SupplierInvoice>, Problem> {
    release(&app, &by, key, invoice, Released::Quantity, new).await
}

/// Let differences of price pass. Somebody else has booked the invoice.
#[utoipa::path(post, path = "/supplier-invoices/{invoice}/release-price", tag = "1.6 receiving",
    operation_id = "release_invoice_price", request_body = InvoiceReason,
    params(("invoice" = SupplierInvoiceId, Path), IdempotencyKey),
    responses((status = 201, body = SupplierInvoice), (status = "4XX", body = Problem)))]
async fn release_invoice_price(
    State(app): State<App>,
    by: By<duty::ReleaseInvoicePrice>,
    key: IdempotencyKey,
    ApiPath(invoice): ApiPath<SupplierInvoiceId>,
    ApiJson(new): ApiJson<InvoiceReason>,
) -> Result<Created<SupplierInvoice>, Problem> {
    release(&app, &by, key, invoice, Released::Price, new).await
}

async fn release(
    app: &App,
    by: &Caller,
    key: IdempotencyKey,
    invoice: SupplierInvoiceId,
    released: Released,
    new: InvoiceReason,
) -> Result<Created<SupplierInvoice>, Problem> {
    let (new, sites) = (new.parse()?, by.sites.clone());
    app.once(by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        of_own_invoice(tx, &sites, invoice).await?;
        Ok::<_, Problem>(receiving::release(tx, stamp, invoice, released, new.clone()).await?)
    })
    .await
    .map(Created)
}

/// Pay an approved invoice. Whoever ordered, received or booked it does not.
#[utoipa::path(post, path = "/supplier-invoices/{invoice}/payment", tag = "1.6 receiving",
    operation_id = "pay_supplier_invoice", params(("invoice" = SupplierInvoiceId, Path), IdempotencyKey),
    responses((status = 201, body = SupplierInvoice), (status = "4XX", body = Problem)))]
async fn pay_supplier_invoice(
    State(app): State<App>,
    by: By<duty::PaySuppliers>,
    key: IdempotencyKey,
    ApiPath(invoice): ApiPath<SupplierInvoiceId>,
) -> Result<Created<SupplierInvoice>, Problem> {
    let sites = by.sites.clone();
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        of_own_invoice(tx, &sites, invoice).await?;
        Ok::<_, Problem>(receiving::pay(tx, stamp, invoice).await?)
    })
    .await
    .map(Created)
}
