//! A broker that is elsewhere: we are one of its clients.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use rumqttc::{
    AsyncClient, Event, EventLoop, MqttOptions, Packet, Publish, QoS, SubscribeFilter, SubscribeReasonCode, Transport,
};
use tokio::{
    sync::{oneshot, watch},
    time::{sleep, timeout},
};

use crate::{Answer, Broker, Intake, Taken, Unsettled, broker::until_closed};

/// How to reach a broker.
#[derive(Clone, Debug)]
pub struct ExternalSettings {
    /// `mqtt://broker.example:1883` or `mqtts://broker.example`.
    pub url: String,
    pub user: Option<String>,
    pub password: Option<String>,
    /// Unique at that broker.
    pub client_id: String,
    /// What to listen to.
    pub filters: Vec<String>,
}

/// Why settings name no broker.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no address of an MQTT broker")]
pub struct NoBroker(String);

const PACKET_MAX: usize = 256 * 1024;
const AGAIN_AFTER: Duration = Duration::from_secs(1);
const SETTLES_WITHIN: Duration = Duration::from_secs(10);
const REQUESTS_IN_LINE: usize = 64;

/// Our place at a broker elsewhere.
pub struct External {
    client: AsyncClient,
    /// Under which we speak to ourselves.
    barrier: String,
    barriers: Arc<Barriers>,
    /// Whether the broker has said yes to what we listen to.
    listening: watch::Receiver<bool>,
    closed: watch::Sender<bool>,
}

#[derive(Default)]
struct Barriers {
    next: AtomicU64,
    waiting: Mutex<HashMap<u64, oneshot::Sender<()>>>,
}

impl std::fmt::Debug for External {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("External").field("barrier", &self.barrier).finish_non_exhaustive()
    }
}

impl External {
    /// Begins to listen; connects again whenever the connection is lost.
    pub fn connect(settings: &ExternalSettings, intake: impl Intake) -> Result<Self, NoBroker> {
        let (host, port, transport) = address_of(&settings.url).ok_or_else(|| NoBroker(settings.url.clone()))?;
        let mut options = MqttOptions::new(settings.client_id.clone(), host, port);
        options.set_transport(transport);
        options.set_keep_alive(Duration::from_mins(1));
        // The broker keeps for us what comes while we are away, and until we have kept it ourselves.
        options.set_clean_session(false);
        options.set_manual_acks(true);
        options.set_max_packet_size(PACKET_MAX, PACKET_MAX);
        if let Some(user) = &settings.user {
            options.set_credentials(user.clone(), settings.password.clone().unwrap_or_default());
        }
        let (client, events) = AsyncClient::new(options, REQUESTS_IN_LINE);
        let barrier = format!("freshet/barrier/{}", settings.client_id);
        let mut filters: Vec<SubscribeFilter> =
            settings.filters.iter().map(|path| SubscribeFilter::new(path.clone(), QoS::AtLeastOnce)).collect();
        filters.push(SubscribeFilter::new(barrier.clone(), QoS::AtLeastOnce));
        let (barriers, closed) = (Arc::new(Barriers::default()), watch::channel(false).0);
        let (heard, listening) = watch::channel(false);
        let listener = Listener {
            client: client.clone(),
            filters,
            barrier: barrier.clone(),
            barriers: Arc::clone(&barriers),
            listening: heard,
            intake: Box::new(intake),
        };
        tokio::spawn(listener.listen(events, closed.subscribe()));
        Ok(Self { client, barrier, barriers, listening, closed })
    }
}

/// Host, port and transport of `mqtt://host:port` and `mqtts://host`.
fn address_of(url: &str) -> Option<(String, u16, Transport)> {
    let (transport, port, rest) = match url.split_once("://")? {
        ("mqtt" | "tcp", rest) => (Transport::tcp(), 1_883, rest),
        ("mqtts" | "ssl", rest) => (Transport::tls_with_default_config(), 8_883, rest),
        _ => return None,
    };
    let authority = rest.split('/').next()?;
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, given)) => (host, given.parse().ok()?),
        None => (authority, port),
    };
    (!host.is_empty() && !host.contains('@')).then(|| (host.to_owned(), port, transport))
}

impl Broker for External {
    fn address(&self) -> Option<SocketAddr> {
        None
    }

    /// Says something to itself through the broker: when it is heard, everything is that was acknowledged before.
    fn settle(&self) -> Answer<'_, Result<(), Unsettled>> {
        Box::pin(async {
            // Before the broker has taken our filters, our own word would not come back.
            let mut listening = self.listening.clone();
            let listens = timeout(SETTLES_WITHIN, listening.wait_for(|listens| *listens)).await;
            if !listens.is_ok_and(|listens| listens.is_ok()) {
                return Err(Unsettled);
            }
            let number = self.barriers.next.fetch_add(1, Ordering::Relaxed);
            let (seen, wait) = oneshot::channel();
            self.barriers.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(number, seen);
            let spoken = self.client.publish(&self.barrier, QoS::AtLeastOnce, false, number.to_string().into_bytes());
            let heard = match timeout(SETTLES_WITHIN, spoken).await {
                Ok(Ok(())) => timeout(SETTLES_WITHIN, wait).await,
                Ok(Err(_)) | Err(_) => return Err(Unsettled),
            };
            match heard {
                Ok(Ok(())) => Ok(()),
                Ok(Err(_)) | Err(_) => Err(Unsettled),
            }
        })
    }

    fn close(&self) {
        self.closed.send_replace(true);
    }
}

impl Drop for External {
    fn drop(&mut self) {
        self.close();
    }
}

struct Listener {
    client: AsyncClient,
    filters: Vec<SubscribeFilter>,
    barrier: String,
    barriers: Arc<Barriers>,
    listening: watch::Sender<bool>,
    intake: Box<dyn Intake>,
}

impl Listener {
    async fn listen(self, mut events: EventLoop, closed: watch::Receiver<bool>) {
        let closed = until_closed(closed);
        tokio::pin!(closed);
        loop {
            let event = tokio::select! {
                event = events.poll() => event,
                () = &mut closed => return,
            };
            match event {
                // A new connection is one that may have forgotten what we listen to.
                Ok(Event::Incoming(Packet::ConnAck(_))) => {
                    if self.client.try_subscribe_many(self.filters.clone()).is_err() {
                        tracing::warn!("the MQTT broker could not be asked for its messages");
                    }
                }
                Ok(Event::Incoming(Packet::SubAck(answer))) => {
                    let listens = !answer.return_codes.contains(&SubscribeReasonCode::Failure);
                    if !listens {
                        tracing::error!("the MQTT broker does not let us listen to all that the settings name");
                    }
                    self.listening.send_replace(listens);
                }
                Ok(Event::Incoming(Packet::Publish(publish))) => self.hear(&publish).await,
                Ok(_) => {}
                Err(error) => {
                    self.listening.send_replace(false);
                    tracing::warn!(%error, "the MQTT broker is not reached and will be tried again");
                    sleep(AGAIN_AFTER).await;
                }
            }
        }
    }

    async fn hear(&self, publish: &Publish) {
        if publish.topic == self.barrier {
            let number = std::str::from_utf8(&publish.payload).ok().and_then(|text| text.parse().ok());
            let waiting = number.and_then(|number: u64| {
                self.barriers.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&number)
            });
            if let Some(waiting) = waiting {
                // Whoever waited may have lost patience.
                let _gone: Result<(), ()> = waiting.send(());
            }
        } else {
            while self.intake.take(&publish.topic, &publish.payload).await == Taken::Later {
                sleep(AGAIN_AFTER).await;
            }
        }
        if publish.qos == QoS::AtLeastOnce && self.client.try_ack(publish).is_err() {
            tracing::warn!(topic = publish.topic, "a message could not be acknowledged and will come again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::address_of;

    #[test]
    fn an_address_names_its_host_and_port() {
        let parts = |url: &str| address_of(url).map(|(host, port, _)| (host, port));
        assert_eq!(parts("mqtt://broker.example"), Some(("broker.example".to_owned(), 1_883)));
        assert_eq!(parts("mqtt://10.0.0.7:1900/"), Some(("10.0.0.7".to_owned(), 1_900)));
        for nonsense in ["broker.example", "http://broker.example", "mqtt://", "mqtt://u:p@broker", "mqtt://a:b"] {
            assert_eq!(parts(nonsense), None, "{nonsense}");
        }
    }
}
