//! SQL of webhooks and their messages.

use kernel::{Instant, WebhookId};
use store::{FromRow, Result, Row, StoreError, Tx, args, sql};

use super::rules::{Delivery, Webhook};

/// What a message needs.
pub(super) struct Addressed {
    pub(super) webhook: Webhook,
    pub(super) secret: String,
}

impl FromRow for Webhook {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let kinds: String = row.get(3)?;
        Ok(Self {
            id: row.get(0)?,
            name: row.get(1)?,
            url: row.get(2)?,
            kinds: kinds.split(',').filter(|kind| !kind.is_empty()).map(str::to_owned).collect(),
            state: row.get(4)?,
            created_at: row.get(5)?,
            revision: row.get(6)?,
        })
    }
}

impl FromRow for Addressed {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self { webhook: Webhook::from_row(row)?, secret: row.get(7)? })
    }
}

impl FromRow for Delivery {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let (position, state, tries, answer, tried_at) = FromRow::from_row(row)?;
        Ok(Self { position, state, tries, answer, tried_at })
    }
}

pub(super) async fn add(tx: &mut Tx, webhook: &Webhook, secret: &str) -> Result<()> {
    let kinds = webhook.kinds.join(",");
    let Webhook { id, name, url, state, created_at, revision, .. } = webhook;
    tx.put(ADD, args![*id, name, url, secret, &kinds, *state, *created_at, *revision]).await
}

pub(super) async fn webhook(tx: &mut Tx, id: WebhookId) -> Result<Option<Webhook>> {
    tx.optional(WEBHOOK, args![id]).await
}

pub(super) async fn addressed(tx: &mut Tx, id: WebhookId) -> Result<Option<Addressed>> {
    tx.optional(ADDRESSED, args![id]).await
}

pub(super) async fn active(tx: &mut Tx) -> Result<Vec<Webhook>> {
    tx.all(ACTIVE, args![]).await
}

pub(super) async fn after(tx: &mut Tx, after: Option<WebhookId>, rows: i64) -> Result<Vec<Webhook>> {
    let after = after.map_or_else(uuid::Uuid::nil, kernel::Id::uuid);
    tx.all(LIST, args![after, rows]).await
}

pub(super) async fn end(tx: &mut Tx, id: WebhookId) -> Result<u64> {
    tx.execute(END, args![id]).await
}

pub(super) async fn set_secret(tx: &mut Tx, id: WebhookId, secret: &str) -> Result<()> {
    tx.put(SET_SECRET, args![id, secret]).await
}

pub(super) async fn await_delivery(tx: &mut Tx, id: WebhookId, position: i64) -> Result<()> {
    tx.put(AWAIT, args![id, position]).await
}

pub(super) async fn delivery(tx: &mut Tx, id: WebhookId, position: i64) -> Result<Option<Delivery>> {
    tx.optional(DELIVERY, args![id, position]).await
}

pub(super) async fn deliveries(
    tx: &mut Tx,
    id: WebhookId,
    state: Option<super::DeliveryState>,
    after: i64,
    rows: i64,
) -> Result<Vec<Delivery>> {
    match state {
        Some(state) => tx.all(DELIVERIES_IN, args![id, state, after, rows]).await,
        None => tx.all(DELIVERIES, args![id, after, rows]).await,
    }
}

pub(super) async fn revive(tx: &mut Tx, id: WebhookId, position: i64) -> Result<()> {
    tx.put(REVIVE, args![id, position]).await
}

pub(super) async fn tried(tx: &mut Tx, id: WebhookId, delivery: &Delivery) -> Result<()> {
    let Delivery { position, state, tries, answer, tried_at } = delivery;
    let tried_at: Option<Instant> = *tried_at;
    tx.put(TRIED, args![id, *position, *state, *tries, answer.as_deref(), tried_at]).await
}

sql! {
    ADD = "INSERT INTO webhook (id, name, url, secret, kinds, state, created_at, revision)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    WEBHOOK = "SELECT id, name, url, kinds, state, created_at, revision FROM webhook WHERE id = $1";
    ADDRESSED = "SELECT id, name, url, kinds, state, created_at, revision, secret FROM webhook WHERE id = $1";
    ACTIVE = "SELECT id, name, url, kinds, state, created_at, revision
              FROM webhook
              WHERE state = 'active'
              ORDER BY id";
    LIST = "SELECT id, name, url, kinds, state, created_at, revision
            FROM webhook
            WHERE id > $1
            ORDER BY id
            LIMIT $2";
    END = "UPDATE webhook SET state = 'ended', revision = revision + 1 WHERE id = $1 AND state = 'active'";
    SET_SECRET = "UPDATE webhook SET secret = $2, revision = revision + 1 WHERE id = $1";
    AWAIT = "INSERT INTO webhook_delivery (webhook, position, state, tries)
             VALUES ($1, $2, 'waiting', 0)
             ON CONFLICT (webhook, position) DO NOTHING";
    DELIVERY = "SELECT position, state, tries, answer, tried_at
                FROM webhook_delivery
                WHERE webhook = $1 AND position = $2";
    DELIVERIES = "SELECT position, state, tries, answer, tried_at
                  FROM webhook_delivery
                  WHERE webhook = $1 AND position > $2
                  ORDER BY position
                  LIMIT $3";
    /// Index `webhook_delivery_by_state`.
    DELIVERIES_IN = "SELECT position, state, tries, answer, tried_at
                     FROM webhook_delivery
                     WHERE webhook = $1 AND state = $2 AND position > $3
                     ORDER BY position
                     LIMIT $4";
    REVIVE = "UPDATE webhook_delivery SET state = 'waiting' WHERE webhook = $1 AND position = $2 AND state = 'dead'";
    TRIED = "UPDATE webhook_delivery
             SET state = $3, tries = $4, answer = $5, tried_at = $6
             WHERE webhook = $1 AND position = $2";
}
