//! 2.1 meets the books: goods found on a shelf before the system was are worth something from the first day.

use accounts::{Account, Cause, Entry, Posting};
use axum::extract::State;
use edge::{ApiJson, App, By, Created, IdempotencyKey, Problem, Sites, duty};
use kernel::{Money, Stamp};
use store::Tx;
use utoipa_axum::{router::OpenApiRouter, routes};
use warehouse::stock::{self, OpenedStock, Opening};

use crate::FlowRefusal;

/// Enter goods that lay on a shelf before the system was.
#[utoipa::path(post, path = "/stock/openings", tag = "2.1 stock", operation_id = "open_stock", request_body = Opening,
    params(IdempotencyKey), responses((status = 201, body = OpenedStock), (status = "4XX", body = Problem)))]
async fn open_stock(
    State(app): State<App>,
    by: By<duty::OpenStock>,
    key: IdempotencyKey,
    ApiJson(opening): ApiJson<Opening>,
) -> Result<Created<OpenedStock>, Problem> {
    let opening = opening.parse()?;
    let sites = by.sites.clone();
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| open(tx, stamp, &sites, &opening).await)
        .await
        .map(Created)
}

/// Opens a lot for goods found, and books what they are worth.
pub async fn open(tx: &mut Tx, stamp: &Stamp, sites: &Sites, opening: &Opening) -> Result<OpenedStock, FlowRefusal> {
    let opened = stock::open(tx, stamp, sites, opening).await?;
    book(tx, stamp, &opened).await?;
    Ok(opened)
}

/// Goods in stock against the owners' opening balance.
async fn book(tx: &mut Tx, stamp: &Stamp, opened: &OpenedStock) -> Result<(), FlowRefusal> {
    if opened.value == Money::ZERO {
        return Ok(());
    }
    let site = catalog::site(tx, opened.site).await?;
    let stock = Posting::debit(Account::GoodsInStock, opened.value).goods(opened.sku, opened.lot);
    let entry = Entry::new(site.id, site.currency, Cause::of(opened.opening), "opening stock")
        .with(stock)
        .with(Posting::credit(Account::Opening, opened.value));
    accounts::post(tx, stamp, &entry).await?;
    Ok(())
}

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(open_stock))
}
