//! 2.1 meets 3.3, 3.5 and the customers: a recalled lot is stopped, orders look for other goods, and everybody who has
//! some of it is told and called.

use std::collections::BTreeSet;

use axum::extract::State;
use customers::ReadPurpose;
use edge::{ApiJson, ApiPath, App, By, Created, IdempotencyKey, Problem, Sites, duty};
use kernel::{CustomerId, CustomerOrderId, Id, Instant, Quantity, RecallId, SkuId, Stamp};
use orders::{allocation, outbound};
use serde::{Deserialize, Serialize};
use store::Tx;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use warehouse::stock::{self, NewRecall, Recall, RecallKind};

use crate::FlowRefusal;

/// Call a lot back, or rehearse it.
#[utoipa::path(post, path = "/recalls", tag = "2.1 stock", operation_id = "start_recall", request_body = NewRecall,
    params(IdempotencyKey), responses((status = 201, body = Recall), (status = "4XX", body = Problem)))]
async fn start_recall(
    State(app): State<App>,
    by: By<duty::RecallLots>,
    key: IdempotencyKey,
    ApiJson(new): ApiJson<NewRecall>,
) -> Result<Created<Recall>, Problem> {
    let (new, sites) = (new.parse()?, by.sites.clone());
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| started(tx, stamp, &sites, &new).await)
        .await
        .map(Created)
}

async fn started(tx: &mut Tx, stamp: &Stamp, sites: &Sites, new: &NewRecall) -> Result<Recall, FlowRefusal> {
    let recall = stock::start_recall(tx, stamp, sites, new).await?;
    match recall.kind {
        RecallKind::Drill => return Ok(recall),
        RecallKind::Real => {}
    }
    let mut skus = BTreeSet::new();
    for traced in &recall.lots {
        skus.insert(ledger::lot(tx, traced.lot).await?.sku);
    }
    for sku in skus {
        allocation::reallocate(tx, stamp, recall.site, sku).await?;
    }
    let mut told: BTreeSet<(CustomerOrderId, SkuId)> = BTreeSet::new();
    for one in &recall.customers {
        if told.insert((one.order, one.sku)) {
            outbound::tell_recall(tx, stamp, one.order, recall.id.uuid(), one.sku, &recall.reason).await?;
        }
    }
    Ok(recall)
}

/// One recall: its lots with their mass balance, and who has some of them.
#[utoipa::path(get, path = "/recalls/{recall}", tag = "2.1 stock", operation_id = "show_recall",
    params(("recall" = RecallId, Path)), responses((status = 200, body = Recall), (status = "4XX", body = Problem)))]
async fn show_recall(
    State(app): State<App>,
    by: By<duty::TraceLots>,
    ApiPath(recall): ApiPath<RecallId>,
) -> Result<ApiJson<Recall>, Problem> {
    let sites = by.sites.clone();
    app.read(async move |tx: &mut Tx| stock::recall(tx, &sites, recall).await).await.map(ApiJson)
}

/// Somebody to be called.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
struct RecallContact {
    customer: CustomerId,
    name: String,
    phone: Option<String>,
    order: CustomerOrderId,
    sku: SkuId,
    quantity: Quantity,
    reached_at: Option<Instant>,
}

/// The list for the telephone: names and numbers of everybody who has some of a recalled lot. Reading it is recorded.
#[utoipa::path(get, path = "/recalls/{recall}/contacts", tag = "2.1 stock", operation_id = "list_recall_contacts",
    params(("recall" = RecallId, Path)),
    responses((status = 200, body = Vec<RecallContact>), (status = "4XX", body = Problem)))]
async fn list_recall_contacts(
    State(app): State<App>,
    by: By<duty::ReadPersonalData>,
    ApiPath(recall): ApiPath<RecallId>,
) -> Result<ApiJson<Vec<RecallContact>>, Problem> {
    let sites = by.sites.clone();
    app.write(&by, async move |tx: &mut Tx, stamp: &Stamp| {
        let recall = stock::recall(tx, &sites, recall).await?;
        let mut contacts = Vec::with_capacity(recall.customers.len());
        for one in recall.customers {
            let whole = customers::read_whole(tx, stamp, one.customer, ReadPurpose::Recall).await?.customer;
            contacts.push(RecallContact {
                customer: one.customer,
                name: whole.name,
                phone: whole.phone.map(|phone| phone.to_string()),
                order: one.order,
                sku: one.sku,
                quantity: one.quantity,
                reached_at: one.reached_at,
            });
        }
        Ok::<_, FlowRefusal>(contacts)
    })
    .await
    .map(ApiJson)
}

/// Note that a customer was reached.
#[utoipa::path(post, path = "/recalls/{recall}/customers/{customer}/reach", tag = "2.1 stock",
    operation_id = "reach_recall_customer",
    params(("recall" = RecallId, Path), ("customer" = CustomerId, Path), IdempotencyKey),
    responses((status = 200, body = Recall), (status = "4XX", body = Problem)))]
async fn reach_recall_customer(
    State(app): State<App>,
    by: By<duty::ReadPersonalData>,
    key: IdempotencyKey,
    ApiPath((recall, customer)): ApiPath<(RecallId, CustomerId)>,
) -> Result<ApiJson<Recall>, Problem> {
    let sites = by.sites.clone();
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| stock::reach(tx, stamp, &sites, recall, customer).await)
        .await
        .map(ApiJson)
}

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(start_recall))
        .routes(routes!(show_recall))
        .routes(routes!(list_recall_contacts))
        .routes(routes!(reach_recall_customer))
}
