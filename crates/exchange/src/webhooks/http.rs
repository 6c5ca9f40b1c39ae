//! Webhooks over HTTP, for administrators.

use ::store::Tx;
use axum::{Extension, extract::State, http::StatusCode};
use edge::{ApiJson, ApiPath, ApiQuery, App, By, Created, IdempotencyKey, Page, Paging, Problem, duty};
use identity::{IdentityRefusal, Secret, UnderSecret};
use kernel::{Stamp, WebhookId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Delivery, DeliveryState, NewWebhook, SECRET_PREFIX, Webhook, WebhookRefusal, store};
use crate::reach::Reach;

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_webhooks, subscribe_webhook))
        .routes(routes!(show_webhook, end_webhook))
        .routes(routes!(renew_webhook_secret))
        .routes(routes!(list_webhook_deliveries))
        .routes(routes!(send_webhook_again))
}

/// A webhook and its secret, which is shown this once.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct WebhookMade {
    webhook: Webhook,
    /// Messages are signed with it: `Freshet-Signature: t=<seconds>,v1=<HMAC-SHA256 of "seconds.body">`.
    secret: String,
}

impl WebhookMade {
    fn shown(made: UnderSecret<Webhook>, secret: &Secret) -> Result<Self, Problem> {
        Ok(Self { webhook: made.shown_with(secret)?, secret: secret.text().to_owned() })
    }
}

/// Every webhook, the ended ones too.
#[utoipa::path(get, path = "/webhooks", tag = "0 webhooks", operation_id = "list_webhooks", params(Paging),
    responses((status = 200, body = Page<Webhook>), (status = "4XX", body = Problem)))]
async fn list_webhooks(
    State(app): State<App>,
    _by: By<duty::ManageWebhooks>,
    ApiQuery(paging): ApiQuery<Paging>,
) -> Result<ApiJson<Page<Webhook>>, Problem> {
    let (after, rows) = (paging.key::<WebhookId>()?, paging.rows()?);
    let found = app.read(async move |tx: &mut Tx| store::after(tx, after, rows).await).await?;
    Ok(ApiJson(paging.page(found, |webhook| webhook.id)?))
}

/// One webhook.
#[utoipa::path(get, path = "/webhooks/{webhook}", tag = "0 webhooks", operation_id = "show_webhook",
    params(("webhook" = WebhookId, Path)), responses((status = 200, body = Webhook), (status = "4XX", body = Problem)))]
async fn show_webhook(
    State(app): State<App>,
    _by: By<duty::ManageWebhooks>,
    ApiPath(webhook): ApiPath<WebhookId>,
) -> Result<ApiJson<Webhook>, Problem> {
    app.read(async move |tx: &mut Tx| super::webhook(tx, webhook).await).await.map(ApiJson)
}

/// Enter a webhook. It is told of everything from now on, at least once; its secret is shown once, and a replay is
/// refused.
#[utoipa::path(post, path = "/webhooks", tag = "0 webhooks", operation_id = "subscribe_webhook",
    params(IdempotencyKey), request_body = NewWebhook,
    responses((status = 201, body = WebhookMade), (status = "4XX", body = Problem)))]
async fn subscribe_webhook(
    State(app): State<App>,
    by: By<duty::ManageWebhooks>,
    reach: Option<Extension<Reach>>,
    key: IdempotencyKey,
    ApiJson(new): ApiJson<NewWebhook>,
) -> Result<Created<WebhookMade>, Problem> {
    let new = new.parse(reach.map(|Extension(reach)| reach).unwrap_or_default())?;
    let secret = Secret::new(SECRET_PREFIX).map_err(IdentityRefusal::from)?;
    let kept = secret.clone();
    let made = app
        .once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
            let webhook = super::subscribe(tx, stamp, &new, &kept).await?;
            Ok::<_, WebhookRefusal>(UnderSecret::new(webhook, &kept))
        })
        .await?;
    Ok(Created(WebhookMade::shown(made, &secret)?))
}

/// End a webhook. What waits for it is not sent any more.
#[utoipa::path(delete, path = "/webhooks/{webhook}", tag = "0 webhooks", operation_id = "end_webhook",
    params(("webhook" = WebhookId, Path)), responses((status = 204), (status = "4XX", body = Problem)))]
async fn end_webhook(
    State(app): State<App>,
    by: By<duty::ManageWebhooks>,
    ApiPath(webhook): ApiPath<WebhookId>,
) -> Result<StatusCode, Problem> {
    app.write(&by, async move |tx: &mut Tx, stamp: &Stamp| super::unsubscribe(tx, stamp, webhook).await).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Give a webhook another secret, which is shown once. The old one signs nothing from now on.
#[utoipa::path(post, path = "/webhooks/{webhook}/secret", tag = "0 webhooks", operation_id = "renew_webhook_secret",
    params(("webhook" = WebhookId, Path), IdempotencyKey),
    responses((status = 201, body = WebhookMade), (status = "4XX", body = Problem)))]
async fn renew_webhook_secret(
    State(app): State<App>,
    by: By<duty::ManageWebhooks>,
    key: IdempotencyKey,
    ApiPath(webhook): ApiPath<WebhookId>,
) -> Result<Created<WebhookMade>, Problem> {
    let secret = Secret::new(SECRET_PREFIX).map_err(IdentityRefusal::from)?;
    let kept = secret.clone();
    let made = app
        .once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
            let webhook = super::renew_secret(tx, stamp, webhook, &kept).await?;
            Ok::<_, WebhookRefusal>(UnderSecret::new(webhook, &kept))
        })
        .await?;
    Ok(Created(WebhookMade::shown(made, &secret)?))
}

/// Which messages are wanted.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Only these; `dead` are those that were given up.
    #[serde(default)]
    state: Option<DeliveryState>,
    /// The `next` of the page before; absent for the first.
    #[serde(default)]
    #[param(max_length = 400)]
    after: Option<String>,
    /// How many at most, 1 to 200; 50 if absent.
    #[serde(default)]
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// The messages of a webhook and how they went, by position.
#[utoipa::path(get, path = "/webhooks/{webhook}/deliveries", tag = "0 webhooks",
    operation_id = "list_webhook_deliveries", params(("webhook" = WebhookId, Path), Wanted),
    responses((status = 200, body = Page<Delivery>), (status = "4XX", body = Problem)))]
async fn list_webhook_deliveries(
    State(app): State<App>,
    _by: By<duty::ManageWebhooks>,
    ApiPath(webhook): ApiPath<WebhookId>,
    ApiQuery(wanted): ApiQuery<Wanted>,
) -> Result<ApiJson<Page<Delivery>>, Problem> {
    let paging = Paging { after: wanted.after, limit: wanted.limit };
    let (after, rows, state) = (paging.key::<i64>()?.unwrap_or(0), paging.rows()?, wanted.state);
    let found = app
        .read(async move |tx: &mut Tx| {
            super::webhook(tx, webhook).await?;
            Ok::<_, WebhookRefusal>(store::deliveries(tx, webhook, state, after, rows).await?)
        })
        .await?;
    Ok(ApiJson(paging.page(found, |delivery| delivery.position)?))
}

/// Send a message again that was given up.
#[utoipa::path(post, path = "/webhooks/{webhook}/deliveries/{position}/again", tag = "0 webhooks",
    operation_id = "send_webhook_again",
    params(("webhook" = WebhookId, Path), ("position" = i64, Path), IdempotencyKey),
    responses((status = 200, body = Delivery), (status = "4XX", body = Problem)))]
async fn send_webhook_again(
    State(app): State<App>,
    by: By<duty::ManageWebhooks>,
    key: IdempotencyKey,
    ApiPath((webhook, position)): ApiPath<(WebhookId, i64)>,
) -> Result<ApiJson<Delivery>, Problem> {
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| super::send_again(tx, stamp, webhook, position).await)
        .await
        .map(ApiJson)
}
