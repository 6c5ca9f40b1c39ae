//! The way out of the house: calls to addresses that others have given us.

use std::{io, net::SocketAddr, time::Duration};

use exchange::{
    Reach,
    webhooks::{Call, Post, Posting},
};
use reqwest::{
    Client, RequestBuilder, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::Policy,
};
use tokio::net::lookup_host;

const PATIENCE: Duration = Duration::from_secs(10);

/// Calls out, and only where it may.
pub(crate) struct Outgoing {
    client: Client,
    reach: Reach,
}

impl Outgoing {
    pub(crate) fn new(reach: Reach) -> Result<Self, reqwest::Error> {
        // A redirect could lead where the first address was not allowed to go.
        let client = Client::builder().timeout(PATIENCE).redirect(Policy::none()).no_proxy();
        // The address that is looked at is the one that is called: a name cannot change between the two.
        let client = client.dns_resolver(Allowed { reach }).build()?;
        Ok(Self { client, reach })
    }

    /// A POST to an address that may be called, or why not.
    pub(crate) fn to(&self, url: &Url) -> Result<RequestBuilder, String> {
        self.may_call(url).map(|()| self.client.post(url.clone()))
    }

    /// A GET of the same kind.
    pub(crate) fn from(&self, url: &Url) -> Result<RequestBuilder, String> {
        self.may_call(url).map(|()| self.client.get(url.clone()))
    }

    fn may_call(&self, url: &Url) -> Result<(), String> {
        let host = url.host_str().ok_or_else(|| "the address names no host".to_owned())?;
        // An address that is written as a number is never looked up.
        let literal = host.trim_matches(['[', ']']).parse().ok();
        if literal.is_some_and(|address| !self.reach.allows(address)) {
            return Err(PRIVATE.to_owned());
        }
        Ok(())
    }

    async fn send(&self, call: &Call) -> Result<u16, String> {
        let url: Url = call.url.parse().map_err(|_| "the address does not parse".to_owned())?;
        let mut request = self.to(&url)?.body(call.body.clone());
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        // The address is left out: it may carry the receiver's credential.
        let answer = request.send().await.map_err(|error| reason(&error.without_url()))?;
        Ok(answer.status().as_u16())
    }
}

/// The innermost cause: what a person can do something about.
pub(crate) fn reason(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

const PRIVATE: &str = "the address lies in a private network";

impl Post for Outgoing {
    fn post<'a>(&'a self, call: &'a Call) -> Posting<'a> {
        Box::pin(self.send(call))
    }
}

/// Resolves a name to the addresses that may be called; one that may not forbids the name.
struct Allowed {
    reach: Reach,
}

impl Resolve for Allowed {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.reach;
        Box::pin(async move {
            let found: Vec<SocketAddr> = lookup_host((name.as_str(), 0)).await?.collect();
            if found.iter().any(|address| !reach.allows(address.ip())) {
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, PRIVATE).into());
            }
            Ok::<Addrs, _>(Box::new(found.into_iter()))
        })
    }
}
