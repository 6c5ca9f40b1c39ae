//! Notices over HTTP: whether a customer was told, and the page behind the private link that they got.

use ::store::{StoreError, Tx};
use axum::extract::State;
use catalog::Names;
use edge::{ApiJson, ApiPath, ApiQuery, App, By, Guest, Page, Paging, Problem, duty};
use identity::{Identity, LinkPurpose};
use kernel::{Currency, CustomerOrderId, Id, Instant, Money, NoticeId, Price, Quantity, SiteId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Notice, NoticeState, store};
use crate::{
    order::{AmountRange, CustomerOrder, LineView, OrderRefusal, Stage, line_views, load, site_for},
    outbound::ShortReason,
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_notices)).routes(routes!(track))
}

/// What the holder of a private link sees of one order: never a name, a number or an address.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Tracking {
    pub number: String,
    pub state: Stage,
    pub window_start: Instant,
    pub window_end: Instant,
    /// When it is expected at the door, once it is on its way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eta: Option<Instant>,
    pub cancel_until: Instant,
    pub currency: Currency,
    pub lines: Vec<TrackedLine>,
    pub range: AmountRange,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
}

/// One line of it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TrackedLine {
    pub names: Names,
    pub ordered: Quantity,
    pub estimated: Quantity,
    pub price: Price,
    pub expected: Money,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<Quantity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub short: Option<ShortReason>,
}

/// Where an order is, for whoever holds its private link.
#[utoipa::path(get, path = "/track/{token}", tag = "3.5 notices", operation_id = "track",
    params(("token" = String, Path, description = "The last part of the private link")),
    responses((status = 200, body = Tracking), (status = "4XX", body = Problem)))]
async fn track(
    State(app): State<App>,
    Guest(_caller): Guest,
    identity: Identity,
    ApiPath(token): ApiPath<String>,
) -> Result<ApiJson<Tracking>, Problem> {
    // The link for rating shows the same page, with a form below.
    let now = app.clock.now();
    let linked = identity
        .open_link(&token, LinkPurpose::Track, now)
        .or_else(|_| identity.open_link(&token, LinkPurpose::Rate, now))?;
    if linked.noun != CustomerOrderId::NOUN {
        return Err(Problem::not_found());
    }
    let order = CustomerOrderId::from_uuid(linked.id);
    app.read(async move |tx: &mut Tx| {
        let order = load(tx, order).await?;
        let lines = line_views(tx, order.id).await?;
        Ok::<_, OrderRefusal>(tracking(order, lines))
    })
    .await
    .map(ApiJson)
}

fn tracking(order: CustomerOrder, lines: Vec<LineView>) -> Tracking {
    let lines = lines
        .into_iter()
        .map(|line| TrackedLine {
            names: line.names,
            ordered: line.ordered,
            estimated: line.estimated,
            price: line.price,
            expected: line.range.expected,
            sent: line.sent,
            amount: line.amount,
            short: line.short,
        })
        .collect();
    Tracking {
        number: order.number,
        state: order.state.stage(),
        window_start: order.window.start(),
        window_end: order.window.end(),
        eta: order.eta,
        cancel_until: order.cancel_until,
        currency: order.currency,
        lines,
        range: order.range,
        amount: order.state.settled().map(|settled| settled.amount),
    }
}

/// Which notices.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Which {
    /// Of the orders of this site; without it of all sites, for those who work for all.
    site: Option<SiteId>,
    #[param(inline)]
    state: Option<NoticeState>,
    #[param(max_length = 400)]
    after: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// Notices, oldest first; the words themselves are between us and the customer.
#[utoipa::path(get, path = "/notices", tag = "3.5 notices", operation_id = "list_notices", params(Which),
    responses((status = 200, body = Page<Notice>), (status = "4XX", body = Problem)))]
async fn list_notices(
    State(app): State<App>,
    by: By<duty::ReadOrders>,
    ApiQuery(which): ApiQuery<Which>,
) -> Result<ApiJson<Page<Notice>>, Problem> {
    let site = site_for(&by, which.site)?;
    let paging = Paging { after: which.after, limit: which.limit };
    let (after, rows, state) = (paging.key::<(Instant, NoticeId)>()?, paging.rows()?, which.state);
    let found = app
        .read(async move |tx: &mut Tx| Ok::<_, StoreError>(store::page(tx, after, state, site, rows).await?))
        .await?;
    paging.page(found, |notice| (notice.made_at, notice.id)).map(ApiJson)
}
