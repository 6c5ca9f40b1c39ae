//! How sensors speak to the shop: MQTT 3.1.1, by an embedded broker or by one that is elsewhere.
//!
//! The embedded broker knows two qualities of service and no sessions that outlive their connection, which is what
//! probes and gateways need. What sets it apart is that it acknowledges a message only after it is kept for good, and
//! that a device may publish under the topics of its own list and no other. It speaks of no temperature: who may
//! connect is said by a [`Warden`], what becomes of a message by an [`Intake`].

mod broker;
mod external;

use std::{future::Future, net::SocketAddr, pin::Pin};

pub use broker::{Embedded, Encryption};
pub use external::{External, ExternalSettings, NoBroker};

/// What a future of these traits is: sent between threads, and as long-lived as what it borrows.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A device that has shown its credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    pub name: String,
    /// What it may publish under and listen to; `+` and `#` as MQTT has them.
    pub topics: Vec<String>,
}

impl Device {
    fn may_publish(&self, topic: &str) -> bool {
        self.topics.iter().any(|filter| rumqttc::matches(topic, filter))
    }

    /// A filter is allowed when all that it could bring is on the list.
    fn may_listen(&self, filter: &str) -> bool {
        self.topics.iter().any(|own| covers(own, filter))
    }
}

/// Whether every topic of `filter` is one of `own` as well.
fn covers(own: &str, filter: &str) -> bool {
    let (mut own, mut filter) = (own.split('/'), filter.split('/'));
    loop {
        match (own.next(), filter.next()) {
            (Some("#"), _) | (None, None) => return true,
            (Some("+"), Some(level)) if level != "#" => {}
            (Some(known), Some(level)) if known == level => {}
            (Some(_) | None, _) => return false,
        }
    }
}

/// Knows the devices and their topics.
pub trait Warden: Send + Sync + 'static {
    /// The device with this name and password; `None` for anybody else.
    fn admit<'a>(&'a self, name: &'a str, password: &'a str) -> Answer<'a, Option<Device>>;
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// For good: the sender may forget it.
    Kept,
    /// It will not be better when it is sent again.
    Useless,
    /// It could not be kept now; the sender shall send it again.
    Later,
}

/// Takes what devices say.
pub trait Intake: Send + Sync + 'static {
    /// Answers when the message is kept for good, or never will be.
    fn take<'a>(&'a self, topic: &'a str, payload: &'a [u8]) -> Answer<'a, Taken>;
}

/// Where messages come from.
pub trait Broker: Send + Sync {
    /// Where devices connect to, if that is here.
    fn address(&self) -> Option<SocketAddr>;

    /// Returns when every message has been taken that its sender had an acknowledgement for before this was called.
    fn settle(&self) -> Answer<'_, Result<(), Unsettled>>;

    /// Takes no more connections and lets go of those there are.
    fn close(&self);
}

/// The broker elsewhere did not answer in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the MQTT broker did not answer in time")]
pub struct Unsettled;

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn a_list_covers_what_lies_within_it() {
        for (own, filter) in
            [("#", "freshet/#"), ("a/#", "a/b/+"), ("a/#", "a"), ("a/+/c", "a/b/c"), ("a/+", "a/+"), ("a/b", "a/b")]
        {
            assert!(covers(own, filter), "{own} and {filter}");
        }
        for (own, filter) in [("a/+", "a/#"), ("a/b", "a/+"), ("a/b", "a/b/c"), ("a/+", "a"), ("a/#", "b/#")] {
            assert!(!covers(own, filter), "{own} and {filter}");
        }
    }
}
