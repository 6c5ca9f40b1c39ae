//! Imports over HTTP: one door per kind, each behind the duty that entering such a thing by hand demands.

use std::sync::Arc;

use ::store::Tx;
use axum::{
    extract::{DefaultBodyLimit, State},
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use catalog::Site;
use edge::{
    ApiBytes, ApiJson, ApiPath, ApiQuery, App, By, Caller, IdempotencyKey, Page, Paging, Problem, Sites,
    UPLOAD_MAX_BYTES, duty,
};
use kernel::Stamp;
use serde::Deserialize;
use sheets::Format;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    columns::Kind,
    run::{self, Halt, ImportRunId, ImportedFile, ImportedRow, Keeping, Report},
    store, templates,
};

/// The routes of this crate.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(import_products))
        .routes(routes!(import_suppliers))
        .routes(routes!(import_customers))
        .routes(routes!(import_quotes))
        .routes(routes!(import_sales))
        .routes(routes!(import_stock))
        .routes(routes!(import_orders))
        .routes(routes!(import_template))
        .routes(routes!(list_imports))
        .routes(routes!(list_imported_rows))
        .layer(DefaultBodyLimit::max(UPLOAD_MAX_BYTES))
}

/// How a file is taken.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Taking {
    /// Try it to the end and undo it: the answer says what it would have done.
    #[serde(default)]
    dry_run: bool,
}

/// Import products: new codes are listed, known ones changed.
#[utoipa::path(post, path = "/imports/products", tag = "0 imports", operation_id = "import_products",
    request_body(content = Vec<u8>, content_type = "text/csv"), params(Taking, IdempotencyKey),
    responses((status = 200, body = Report), (status = "4XX", body = Problem)))]
async fn import_products(
    State(app): State<App>,
    by: By<duty::ManageCatalog>,
    key: IdempotencyKey,
    ApiQuery(taking): ApiQuery<Taking>,
    file: ApiBytes,
) -> Result<ApiJson<Report>, Problem> {
    taken(&app, &by, key, Kind::Products, taking, file).await
}

/// Import suppliers with their papers; who may deliver is still decided by somebody else.
#[utoipa::path(post, path = "/imports/suppliers", tag = "0 imports", operation_id = "import_suppliers",
    request_body(content = Vec<u8>, content_type = "text/csv"), params(Taking, IdempotencyKey),
    responses((status = 200, body = Report), (status = "4XX", body = Problem)))]
async fn import_suppliers(
    State(app): State<App>,
    by: By<duty::ManageSuppliers>,
    key: IdempotencyKey,
    ApiQuery(taking): ApiQuery<Taking>,
    file: ApiBytes,
) -> Result<ApiJson<Report>, Problem> {
    taken(&app, &by, key, Kind::Suppliers, taking, file).await
}

/// Import customers with their door.
#[utoipa::path(post, path = "/imports/customers", tag = "0 imports", operation_id = "import_customers",
    request_body(content = Vec<u8>, content_type = "text/csv"), params(Taking, IdempotencyKey),
    responses((status = 200, body = Report), (status = "4XX", body = Problem)))]
async fn import_customers(
    State(app): State<App>,
    by: By<duty::ManageCustomers>,
    key: IdempotencyKey,
    ApiQuery(taking): ApiQuery<Taking>,
    file: ApiBytes,
) -> Result<ApiJson<Report>, Problem> {
    taken(&app, &by, key, Kind::Customers, taking, file).await
}

/// Import wholesale prices that were seen; what is known is replaced.
#[utoipa::path(post, path = "/imports/quotes", tag = "1.1 market", operation_id = "import_quotes",
    request_body(content = Vec<u8>, content_type = "text/csv"), params(Taking, IdempotencyKey),
    responses((status = 200, body = Report), (status = "4XX", body = Problem)))]
async fn import_quotes(
    State(app): State<App>,
    by: By<duty::ResearchMarket>,
    key: IdempotencyKey,
    ApiQuery(taking): ApiQuery<Taking>,
    file: ApiBytes,
) -> Result<ApiJson<Report>, Problem> {
    taken(&app, &by, key, Kind::Quotes, taking, file).await
}

/// Import days of sales; what is known is replaced.
#[utoipa::path(post, path = "/imports/sales", tag = "1.1 market", operation_id = "import_sales",
    request_body(content = Vec<u8>, content_type = "text/csv"), params(Taking, IdempotencyKey),
    responses((status = 200, body = Report), (status = "4XX", body = Problem)))]
async fn import_sales(
    State(app): State<App>,
    by: By<duty::ResearchMarket>,
    key: IdempotencyKey,
    ApiQuery(taking): ApiQuery<Taking>,
    file: ApiBytes,
) -> Result<ApiJson<Report>, Problem> {
    taken(&app, &by, key, Kind::Sales, taking, file).await
}

/// Import what was counted on the shelves before the system was.
#[utoipa::path(post, path = "/imports/stock", tag = "0 imports", operation_id = "import_stock",
    request_body(content = Vec<u8>, content_type = "text/csv"), params(Taking, IdempotencyKey),
    responses((status = 200, body = Report), (status = "4XX", body = Problem)))]
async fn import_stock(
    State(app): State<App>,
    by: By<duty::OpenStock>,
    key: IdempotencyKey,
    ApiQuery(taking): ApiQuery<Taking>,
    file: ApiBytes,
) -> Result<ApiJson<Report>, Problem> {
    taken(&app, &by, key, Kind::Stock, taking, file).await
}

/// Import orders of another system: rows of one order number are one order. Their payments are asked for at once
/// after it, by the work behind the shop.
#[utoipa::path(post, path = "/imports/orders", tag = "3.1 intake", operation_id = "import_orders",
    request_body(content = Vec<u8>, content_type = "text/csv"), params(Taking, IdempotencyKey),
    responses((status = 200, body = Report), (status = "4XX", body = Problem)))]
async fn import_orders(
    State(app): State<App>,
    by: By<duty::TakeOrders>,
    key: IdempotencyKey,
    ApiQuery(taking): ApiQuery<Taking>,
    file: ApiBytes,
) -> Result<ApiJson<Report>, Problem> {
    taken(&app, &by, key, Kind::Orders, taking, file).await
}

async fn taken(
    app: &App,
    by: &Caller,
    key: IdempotencyKey,
    kind: Kind,
    taking: Taking,
    file: ApiBytes,
) -> Result<ApiJson<Report>, Problem> {
    let sites = own_sites(app, by).await?;
    let lang = by.lang;
    // Twenty thousand rows take longer to read than others should wait for an answer of theirs.
    let parsed = tokio::task::spawn_blocking(move || run::read(kind, &file.bytes, &sites, lang));
    let parsed = Arc::new(parsed.await.map_err(|error| Problem::internal(&error))??);
    let sites = by.sites.clone();
    if !taking.dry_run {
        return app
            .once(by, key, async move |tx: &mut Tx, stamp: &Stamp| {
                run::import(tx, stamp, &sites, &parsed, Keeping::Kept).await
            })
            .await
            .map(ApiJson);
    }
    let stamp = app.stamp(by);
    let tried = app
        .db
        .write(async move |tx: &mut Tx| run::import(tx, &stamp.again(), &sites, &parsed, Keeping::Rehearsed).await)
        .await;
    match tried {
        Ok(report) | Err(Halt::Rehearsed(report)) => Ok(ApiJson(report)),
        Err(halt) => Err(halt.into()),
    }
}

async fn own_sites(app: &App, by: &Caller) -> Result<Vec<Site>, Problem> {
    let mut sites = app.read(async |tx: &mut Tx| catalog::sites(tx).await).await?;
    sites.retain(|site| by.works_at(site.id));
    Ok(sites)
}

/// Which template.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Wanted {
    #[param(inline)]
    kind: Kind,
    /// csv or xlsx.
    #[param(max_length = 4)]
    format: Option<String>,
}

/// A file to be filled in: headings in the caller's language, an example row, and in a workbook the words to choose.
#[utoipa::path(get, path = "/imports/template", tag = "0 imports", operation_id = "import_template", params(Wanted),
    responses((status = 200, body = Vec<u8>, content_type = "text/csv"), (status = "4XX", body = Problem)))]
async fn import_template(by: By<duty::BeSomebody>, ApiQuery(wanted): ApiQuery<Wanted>) -> Result<Response, Problem> {
    demand_duty(&by, wanted.kind)?;
    let named = wanted.format.as_deref().unwrap_or("csv");
    let format = Format::from_ending(named)
        .ok_or_else(|| Problem::invalid("format", format!("{named} is neither csv nor xlsx")))?;
    let bytes = templates::template(wanted.kind, format, by.lang).map_err(|error| Problem::internal(&error))?;
    let name = format!("attachment; filename=\"freshet-{}.{}\"", wanted.kind.code(), format.ending());
    Ok(([(CONTENT_TYPE, format.media_type().to_owned()), (CONTENT_DISPOSITION, name)], bytes).into_response())
}

/// Which files.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Which {
    #[param(inline)]
    kind: Kind,
    #[param(max_length = 400)]
    after: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// Files of a kind that were taken, the latest first: one's own, and for those who work at every site all of them.
#[utoipa::path(get, path = "/imports", tag = "0 imports", operation_id = "list_imports", params(Which),
    responses((status = 200, body = Page<ImportedFile>), (status = "4XX", body = Problem)))]
async fn list_imports(
    State(app): State<App>,
    by: By<duty::BeSomebody>,
    ApiQuery(which): ApiQuery<Which>,
) -> Result<ApiJson<Page<ImportedFile>>, Problem> {
    demand_duty(&by, which.kind)?;
    let paging = Paging { after: which.after, limit: which.limit };
    let (before, rows, kind) = (paging.key::<ImportRunId>()?, paging.rows()?, which.kind);
    let whose = whose(&by);
    let found = app.read(async move |tx: &mut Tx| store::runs(tx, kind, &whose, before, rows).await).await?;
    paging.page(found, |file| file.id).map(ApiJson)
}

/// What the keys of a file became: which customer, which opening, which order.
#[utoipa::path(get, path = "/imports/{run}/rows", tag = "0 imports", operation_id = "list_imported_rows",
    params(("run" = ImportRunId, Path), Paging),
    responses((status = 200, body = Page<ImportedRow>), (status = "4XX", body = Problem)))]
async fn list_imported_rows(
    State(app): State<App>,
    by: By<duty::BeSomebody>,
    ApiPath(run): ApiPath<ImportRunId>,
    ApiQuery(paging): ApiQuery<Paging>,
) -> Result<ApiJson<Page<ImportedRow>>, Problem> {
    let (after, rows) = (paging.key::<String>()?, paging.rows()?);
    let caller = Caller::clone(&by);
    let found = app
        .read(async move |tx: &mut Tx| {
            let file = store::run(tx, run).await?.ok_or_else(Problem::not_found)?;
            let whose = whose(&caller);
            if !caller.holds(file.kind.duty()) || !(whose.is_empty() || file.imported_by == whose) {
                return Err(Problem::not_found());
            }
            Ok::<_, Problem>(store::rows(tx, run, after.as_deref().unwrap_or_default(), rows).await?)
        })
        .await?;
    paging.page(found, |row| row.key.clone()).map(ApiJson)
}

/// Whose files the caller sees; empty for everybody's.
fn whose(by: &Caller) -> String {
    match by.sites {
        Sites::All => String::new(),
        Sites::Only(_) => store::filed(&by.actor),
    }
}

/// Templates and past files are for those who may import the kind.
fn demand_duty(by: &Caller, kind: Kind) -> Result<(), Problem> {
    if by.holds(kind.duty()) {
        Ok(())
    } else {
        let code = kind.duty().code();
        Err(Problem::new(axum::http::StatusCode::FORBIDDEN, "identity/not-allowed").with("duty", code))
    }
}
