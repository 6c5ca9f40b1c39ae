//! Invoices on the wire: seen by the buyer and by those who keep the books, voided by the latter.

use ::store::Tx;
use axum::{extract::State, http::StatusCode};
use edge::{ApiJson, ApiPath, App, By, Caller, Created, Duty, IdempotencyKey, Problem, duty, parse};
use kernel::{Actor, CustomerOrderId, InvoiceId, SiteId, Stamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Invoice, InvoiceRefusal, NewRange, Range, numbers, store, void_invoice};

/// Why an invoice is voided.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Voiding {
    #[schema(min_length = 2, max_length = 200)]
    pub reason: String,
}

/// Read an invoice with its lines, totals and allowances.
#[utoipa::path(get, path = "/invoices/{invoice}", tag = "0 accounts", operation_id = "get_invoice",
    params(("invoice" = InvoiceId, Path)), responses((status = 200, body = Invoice), (status = "4XX", body = Problem)))]
async fn get_invoice(
    State(app): State<App>,
    by: By<duty::BeSomebody>,
    ApiPath(invoice): ApiPath<InvoiceId>,
) -> Result<ApiJson<Invoice>, Problem> {
    let found = app.read(async move |tx: &mut Tx| store::invoice(tx, invoice).await).await?;
    found.filter(|invoice| may_see(&by, invoice)).map(ApiJson).ok_or_else(Problem::not_found)
}

/// Read the invoices of an order, voided ones too.
#[utoipa::path(get, path = "/customer-orders/{order}/invoices", tag = "0 accounts",
    operation_id = "list_order_invoices", params(("order" = CustomerOrderId, Path)),
    responses((status = 200, body = Vec<Invoice>), (status = "4XX", body = Problem)))]
async fn order_invoices(
    State(app): State<App>,
    by: By<duty::BeSomebody>,
    ApiPath(order): ApiPath<CustomerOrderId>,
) -> Result<ApiJson<Vec<Invoice>>, Problem> {
    let mut invoices = app.read(async move |tx: &mut Tx| store::of_order(tx, order).await).await?;
    invoices.retain(|invoice| may_see(&by, invoice));
    if invoices.is_empty() { Err(Problem::not_found()) } else { Ok(ApiJson(invoices)) }
}

/// Void an invoice before its upload.
#[utoipa::path(post, path = "/invoices/{invoice}/void", tag = "0 accounts", operation_id = "void_invoice",
    request_body = Voiding, params(("invoice" = InvoiceId, Path), IdempotencyKey),
    responses((status = 201, body = Invoice), (status = "4XX", body = Problem)))]
async fn void(
    State(app): State<App>,
    by: By<duty::KeepBooks>,
    key: IdempotencyKey,
    ApiPath(invoice): ApiPath<InvoiceId>,
    ApiJson(asked): ApiJson<Voiding>,
) -> Result<Created<Invoice>, Problem> {
    let reason = parse::text("reason", &asked.reason, 2, 200)?;
    let sites = by.sites.clone();
    let voided = app
        .once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
            let unknown = || InvoiceRefusal::UnknownInvoice { invoice };
            let found = store::invoice(tx, invoice).await?.ok_or_else(unknown)?;
            match &sites {
                edge::Sites::Only(sites) if !sites.contains(&found.site) => return Err(unknown()),
                edge::Sites::Only(_) | edge::Sites::All => {}
            }
            void_invoice(tx, stamp, invoice, &reason).await?;
            store::invoice(tx, invoice).await?.ok_or_else(unknown)
        })
        .await?;
    Ok(Created(voided))
}

/// List the invoice number ranges of a site and what is left of them.
#[utoipa::path(get, path = "/sites/{site}/invoice-ranges", tag = "0 accounts", operation_id = "list_invoice_ranges",
    params(("site" = SiteId, Path)), responses((status = 200, body = Vec<Range>), (status = "4XX", body = Problem)))]
async fn list_ranges(
    State(app): State<App>,
    by: By<duty::ReadAccounts>,
    ApiPath(site): ApiPath<SiteId>,
) -> Result<ApiJson<Vec<Range>>, Problem> {
    by.demand_site(site)?;
    app.read(async move |tx: &mut Tx| numbers::ranges(tx, site).await).await.map(ApiJson)
}

/// Enter a range of invoice numbers that the tax office has assigned.
#[utoipa::path(post, path = "/sites/{site}/invoice-ranges", tag = "0 accounts", operation_id = "open_invoice_range",
    request_body = NewRange, params(("site" = SiteId, Path), IdempotencyKey),
    responses((status = 201, body = Range), (status = "4XX", body = Problem)))]
async fn open_range(
    State(app): State<App>,
    by: By<duty::KeepBooks>,
    key: IdempotencyKey,
    ApiPath(site): ApiPath<SiteId>,
    ApiJson(new): ApiJson<NewRange>,
) -> Result<Created<Range>, Problem> {
    by.demand_site(site)?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| numbers::open_range(tx, stamp, site, &new).await)
        .await
        .map(Created)
}

fn may_see(caller: &Caller, invoice: &Invoice) -> bool {
    match caller.actor {
        Actor::Customer(customer) => customer == invoice.customer,
        Actor::Staff(_)
        | Actor::Courier(_)
        | Actor::Supplier(_)
        | Actor::Device(_)
        | Actor::System
        | Actor::Anonymous => caller.holds(Duty::ReadAccounts) && caller.works_at(invoice.site),
    }
}

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(get_invoice))
        .routes(routes!(order_invoices))
        .routes(routes!(void))
        .routes(routes!(list_ranges, open_range))
}

impl From<InvoiceRefusal> for Problem {
    fn from(refusal: InvoiceRefusal) -> Self {
        let conflict = |code| Self::new(StatusCode::CONFLICT, code);
        let unfit = |code| Self::new(StatusCode::UNPROCESSABLE_ENTITY, code);
        match refusal {
            InvoiceRefusal::UnknownInvoice { .. } => Self::not_found(),
            InvoiceRefusal::AlreadyInvoiced { order, number } => {
                conflict("invoices/already-invoiced").with("order", order).with("number", number)
            }
            InvoiceRefusal::LineCount { count } => {
                unfit("invoices/line-count").with("count", count).with("max", super::LINES_MAX)
            }
            InvoiceRefusal::LineMismatch { line, gross, expected } => unfit("invoices/line-mismatch")
                .with("line", line)
                .with("gross", gross)
                .with("expected", expected)
                .field(format!("lines/{}/gross", line - 1)),
            InvoiceRefusal::WrongSign { line, kind, gross } => unfit("invoices/wrong-sign")
                .with("line", line)
                .with("kind", kind.code())
                .with("gross", gross)
                .field(format!("lines/{}/gross", line - 1)),
            InvoiceRefusal::ForeignTaxClass { class, profile } => {
                unfit("invoices/foreign-tax-class").with("class", class.code()).with("profile", profile.code())
            }
            InvoiceRefusal::NegativeClass { class, gross } => {
                unfit("invoices/negative-class").with("class", class.code()).with("gross", gross)
            }
            InvoiceRefusal::NothingToInvoice => unfit("invoices/nothing-to-invoice"),
            InvoiceRefusal::DonatedByBusiness => unfit("invoices/donated-by-business"),
            InvoiceRefusal::NumbersExhausted { period } => {
                conflict("invoices/numbers-exhausted").with("period", period)
            }
            InvoiceRefusal::BadRange { given, reason } => {
                unfit("invoices/bad-range").with("given", given).with("reason", reason)
            }
            InvoiceRefusal::RangeOverlaps { prefix, first, last } => {
                conflict("invoices/range-overlaps").with("prefix", prefix).with("first", first).with("last", last)
            }
            InvoiceRefusal::BadCarrier { given } => unfit("invoices/bad-carrier").with("given", given).field("carrier"),
            InvoiceRefusal::BadDonationCode { given } => {
                unfit("invoices/bad-donation-code").with("given", given).field("donation")
            }
            InvoiceRefusal::Voided { number } => conflict("invoices/voided").with("number", number),
            InvoiceRefusal::AlreadyUploaded { number } => conflict("invoices/already-uploaded").with("number", number),
            InvoiceRefusal::HasAllowances { number } => conflict("invoices/has-allowances").with("number", number),
            InvoiceRefusal::AboveLine { line, wanted, left } => {
                conflict("invoices/above-line").with("line", line).with("wanted", wanted).with("left", left)
            }
            InvoiceRefusal::AboveClass { class, wanted, left } => {
                conflict("invoices/above-class").with("class", class.code()).with("wanted", wanted).with("left", left)
            }
            InvoiceRefusal::UnknownLine { line } => conflict("invoices/unknown-line").with("line", line),
            InvoiceRefusal::NotWaiting { seq } => conflict("invoices/not-waiting").with("upload", seq),
            InvoiceRefusal::Journal(refusal) => Self::from(refusal),
            InvoiceRefusal::Store(error) => Self::from(error),
        }
    }
}
