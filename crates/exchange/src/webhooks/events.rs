//! What is told about webhooks. Never where one leads: an address may carry the receiver's own credential.

use events::Told;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct WebhookSubscribed {
    /// Empty for all.
    pub(super) kinds: Vec<String>,
}

impl Told for WebhookSubscribed {
    const KIND: &'static str = "webhook_subscribed";
    const VERSION: i64 = 1;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct WebhookEnded {}

impl Told for WebhookEnded {
    const KIND: &'static str = "webhook_ended";
    const VERSION: i64 = 1;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct WebhookSecretRenewed {}

impl Told for WebhookSecretRenewed {
    const KIND: &'static str = "webhook_secret_renewed";
    const VERSION: i64 = 1;
}
