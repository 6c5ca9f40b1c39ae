//! Notices over HTTP: one POST per message, to whoever carries words to customers.

use exchange::Reach;
use orders::notices::{Delivery, Gateway, GatewayFault, Message};
use reqwest::Url;

use crate::{
    StartError,
    outgoing::{Outgoing, reason},
};

/// Posts each message as JSON under its dedupe key; the receiver drops a key that it has seen.
pub(crate) struct HttpGateway {
    out: Outgoing,
    url: Url,
}

impl HttpGateway {
    pub(crate) fn new(url: &str, reach: Reach) -> Result<Self, StartError> {
        let url: Url = url.parse().map_err(|_| StartError::NoticesUrl(url.to_owned()))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(StartError::NoticesUrl(url.to_string()));
        }
        Ok(Self { out: Outgoing::new(reach).map_err(|error| StartError::NoticesUrl(error.to_string()))?, url })
    }

    async fn post(&self, message: &Message) -> Result<(), GatewayFault> {
        let request = self.out.to(&self.url).map_err(GatewayFault)?;
        let request = request.header("idempotency-key", &message.key).json(message);
        // The address is left out: it may carry the operator's credential.
        let answer = request.send().await.map_err(|error| GatewayFault(reason(&error.without_url())))?;
        if answer.status().is_success() { Ok(()) } else { Err(GatewayFault(format!("answered {}", answer.status()))) }
    }
}

impl Gateway for HttpGateway {
    fn send<'a>(&'a self, message: &'a Message) -> Delivery<'a> {
        Box::pin(self.post(message))
    }
}
