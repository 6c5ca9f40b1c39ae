//! Who wants to be told what, and how a message is signed. Pure.

use std::net::IpAddr;

use edge::{Problem, parse};
use hmac::{Hmac, KeyInit, Mac};
use kernel::{Instant, WebhookId};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use utoipa::ToSchema;

use super::WebhookRefusal;
use crate::reach::Reach;

/// Kinds that one webhook may name.
const KINDS_MAX: usize = 100;

/// A webhook that somebody wants.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    #[schema(min_length = 1, max_length = 80)]
    pub name: String,
    /// Where messages are posted; `https`, unless the server may call private addresses.
    #[schema(min_length = 1, max_length = 500)]
    pub url: String,
    /// Kinds of events, such as `lot_quarantined`; absent or empty for all.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub kinds: Vec<String>,
}

/// A webhook as it is shown. Its secret is never shown again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Webhook {
    pub id: WebhookId,
    pub name: String,
    pub url: String,
    /// Empty for all.
    pub kinds: Vec<String>,
    pub state: WebhookState,
    pub created_at: Instant,
    pub revision: i64,
}

/// Whether a webhook is told anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WebhookState {
    Active,
    Ended,
}

/// How one message went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Delivery {
    /// Of the event in the log.
    pub position: i64,
    pub state: DeliveryState,
    pub tries: i64,
    /// What the receiver answered, or why it could not be asked, at the last try.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tried_at: Option<Instant>,
}

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It will be tried, or tried again.
    Waiting,
    Delivered,
    /// Given up after many tries; a person sends it again.
    Dead,
}

impl WebhookState {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Ended => "ended",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Active, Self::Ended].into_iter().find(|state| state.code() == code)
    }
}

impl DeliveryState {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Waiting, Self::Delivered, Self::Dead].into_iter().find(|state| state.code() == code)
    }
}

store::coded!(WebhookState);
store::coded!(DeliveryState);

impl NewWebhook {
    pub fn parse(mut self, reach: Reach) -> Result<Self, Problem> {
        self.name = parse::text("name", &self.name, 1, 80)?;
        self.url = parse::text("url", &self.url, 1, 500)?;
        demand_address(&self.url, reach)?;
        parse::count("kinds", &self.kinds, 0, KINDS_MAX)?;
        for (nth, kind) in self.kinds.iter_mut().enumerate() {
            *kind = parse::code(&format!("kinds/{nth}"), kind, 60)?;
        }
        self.kinds.sort();
        self.kinds.dedup();
        Ok(self)
    }

    pub(super) fn begun(&self, id: WebhookId, at: Instant) -> Webhook {
        Webhook {
            id,
            name: self.name.clone(),
            url: self.url.clone(),
            kinds: self.kinds.clone(),
            state: WebhookState::Active,
            created_at: at,
            revision: 1,
        }
    }
}

impl Webhook {
    pub(super) fn wants(&self, kind: &str) -> bool {
        self.kinds.is_empty() || self.kinds.iter().any(|wanted| wanted == kind)
    }
}

/// What can be seen from the text of the address: names are looked at again when they are called.
fn demand_address(url: &str, reach: Reach) -> Result<(), Problem> {
    let malformed = || Problem::invalid("url", "not an address that begins with https://");
    let (scheme, rest) = url.split_once("://").ok_or_else(malformed)?;
    match (scheme, reach) {
        ("https", _) | ("http", Reach::PrivateToo) => {}
        _ => return Err(malformed()),
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    if host.is_empty() || url.chars().any(|letter| letter.is_whitespace() || letter.is_control()) {
        return Err(malformed());
    }
    let forbidden = match host.parse::<IpAddr>() {
        Ok(address) => !reach.allows(address),
        Err(_) => reach == Reach::PublicOnly && (host == "localhost" || host.ends_with(".localhost")),
    };
    if forbidden { Err(WebhookRefusal::PrivateAddress.into()) } else { Ok(()) }
}

/// The signature of a message: `t=<seconds since 1970>,v1=<HMAC-SHA256 of "seconds.body">` in hexadecimal.
///
/// The receiver computes it anew with the secret it was given, compares in constant time, and refuses a time that is
/// far from its own, so that an old message cannot be played again.
pub fn signature(secret: &str, at: Instant, body: &str) -> String {
    use std::fmt::Write as _;
    let seconds = at.millis().div_euclid(1_000);
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        unreachable!("HMAC takes a key of any length")
    };
    mac.update(format!("{seconds}.{body}").as_bytes());
    let mut text = format!("t={seconds},v1=");
    for byte in mac.finalize().into_bytes() {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The pause before the next try, doubled with every one; `None` when it is time to give up, after about a day.
pub(super) const fn backoff_ms(tries: i64) -> Option<i64> {
    const FIRST_MS: i64 = 5_000;
    const LONGEST_MS: i64 = 3 * 3_600_000;
    const TRIES_MAX: i64 = 20;
    if tries >= TRIES_MAX {
        return None;
    }
    let doublings = if tries < 12 { tries } else { 12 };
    let wait = FIRST_MS << doublings;
    Some(if wait < LONGEST_MS { wait } else { LONGEST_MS })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_inside_the_house_is_refused_unless_it_is_meant() {
        for private in ["https://127.0.0.1/hook", "https://[::1]:8443/", "https://localhost/x", "https://me@10.0.0.7/"]
        {
            let refused = demand_address(private, Reach::PublicOnly).expect_err(private);
            assert_eq!(refused.code(), "webhooks/private-address", "{private}");
            assert!(demand_address(private, Reach::PrivateToo).is_ok(), "{private}");
        }
        assert!(demand_address("https://partner.example/hook?key=1", Reach::PublicOnly).is_ok());
        for malformed in
            ["http://partner.example/", "ftp://partner.example", "partner.example", "https:///x", "https://a b/"]
        {
            let refused = demand_address(malformed, Reach::PublicOnly).expect_err(malformed);
            assert_eq!(refused.code(), "request/invalid", "{malformed}");
        }
    }

    #[test]
    fn a_message_is_signed_over_its_time_and_its_body() {
        let at = Instant::from_millis(1_774_666_800_123);
        let signed = signature("whsec_test", at, "{\"position\":1}");
        // Computed with another program: HMAC-SHA256 of `1774666800.{"position":1}`.
        let elsewhere = "f6a1075d7bbffd58f4ae09d917a289cc221e16088df3bd74dbb11d6d2a687b1d";
        assert_eq!(signed, format!("t=1774666800,v1={elsewhere}"));
        assert_ne!(signed, signature("whsec_other", at, "{\"position\":1}"));
        assert_ne!(signed, signature("whsec_test", at, "{\"position\":2}"));
        assert_ne!(signed, signature("whsec_test", at.plus_millis(1_000), "{\"position\":1}"));
    }

    #[test]
    fn pauses_grow_and_end_after_about_a_day() {
        let pauses: Vec<i64> = (1..).map_while(backoff_ms).collect();
        assert!(pauses.windows(2).all(|pair| pair[0] <= pair[1]));
        assert_eq!((pauses.len(), pauses[0]), (19, 10_000));
        let hours = pauses.iter().sum::<i64>() / 3_600_000;
        assert!((20..=32).contains(&hours), "{hours}");
    }
}
