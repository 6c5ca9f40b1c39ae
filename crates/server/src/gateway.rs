//! Notices over HTTP: one POST per message, to whoever carries words to customers.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use orders::notices::{Delivery, Gateway, GatewayFault, Message};
use reqwest::{Client, Url, redirect::Policy};
use tokio::net::lookup_host;

use crate::StartError;

const PATIENCE: Duration = Duration::from_secs(10);

/// Whether the gateway may stand inside the own network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Only public addresses, whatever a name resolves to.
    PublicOnly,
    /// The operator has said that this address is meant.
    PrivateToo,
}

/// Posts each message as JSON under its dedupe key; the receiver drops a key that it has seen.
pub(crate) struct HttpGateway {
    client: Client,
    url: Url,
    reach: Reach,
}

impl HttpGateway {
    pub(crate) fn new(url: &str, reach: Reach) -> Result<Self, StartError> {
        let url: Url = url.parse().map_err(|_| StartError::NoticesUrl(url.to_owned()))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(StartError::NoticesUrl(url.to_string()));
        }
        // A redirect could lead where the first address was not allowed to go.
        let client = Client::builder().timeout(PATIENCE).redirect(Policy::none()).no_proxy().build();
        Ok(Self { client: client.map_err(|error| StartError::NoticesUrl(error.to_string()))?, url, reach })
    }

    async fn post(&self, message: &Message) -> Result<(), GatewayFault> {
        self.demand_reachable().await?;
        let request = self.client.post(self.url.clone()).header("idempotency-key", &message.key).json(message);
        // The address is left out: it may carry the operator's credential.
        let answer = request.send().await.map_err(|error| GatewayFault(error.without_url().to_string()))?;
        if answer.status().is_success() { Ok(()) } else { Err(GatewayFault(format!("answered {}", answer.status()))) }
    }

    async fn demand_reachable(&self) -> Result<(), GatewayFault> {
        if self.reach == Reach::PrivateToo {
            return Ok(());
        }
        let host = self.url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let port = self.url.port_or_known_default().unwrap_or(443);
        let addresses = lookup_host((host, port)).await.map_err(|error| GatewayFault(error.to_string()))?;
        let addresses: Vec<SocketAddr> = addresses.collect();
        if addresses.is_empty() || addresses.iter().any(|address| !is_public(address.ip())) {
            return Err(GatewayFault("the gateway's address lies in a private network".to_owned()));
        }
        Ok(())
    }
}

impl Gateway for HttpGateway {
    fn send<'a>(&'a self, message: &'a Message) -> Delivery<'a> {
        Box::pin(self.post(message))
    }
}

/// Whether an address is one of the open internet's.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            let shared = first == 100 && (64..128).contains(&second);
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_broadcast()
                || v4.is_multicast()
                || v4.is_documentation()
                || shared
                || first == 0
                || first >= 240)
        }
        IpAddr::V6(v6) => {
            if let Some(v4) = v6.to_ipv4_mapped() {
                return is_public(IpAddr::V4(v4));
            }
            let first = v6.segments()[0];
            let (local, link_local) = (first & 0xFE00 == 0xFC00, first & 0xFFC0 == 0xFE80);
            !(v6.is_loopback() || v6.is_unspecified() || v6.is_multicast() || local || link_local)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_known_in_every_spelling() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "::1",
            "fc00::1",
            "fe80::1",
            "::ffff:10.0.0.1",
            "::",
        ] {
            assert!(!is_public(private.parse().expect("an address")), "{private}");
        }
        for public in ["1.1.1.1", "203.119.2.28", "2001:4860:4860::8888"] {
            assert!(is_public(public.parse().expect("an address")), "{public}");
        }
    }
}
