//! Sensors over MQTT: who may connect, and what becomes of what they say.

use std::{net::SocketAddr, sync::Arc};

use axum_server::tls_rustls::RustlsConfig;
use flows::FlowRefusal;
use identity::{Secret, devices};
use kernel::{Clock, IdSource, ProbeId, Stamp};
use mqtt::{Answer, Broker, Device, Embedded, Encryption, External, ExternalSettings, Intake, Taken, Warden};
use store::{Db, StoreError, Tx};
use warehouse::coldchain::{self, ColdchainRefusal, Source, payload};

use crate::{MqttSettings, StartError};

/// Where sensors expect a broker.
const USUAL_PORT: u16 = 1_883;

/// What the broker asks of the shop.
#[derive(Clone)]
struct Desk {
    db: Db,
    clock: Clock,
    ids: IdSource,
}

/// Opens the way for sensors that the settings ask for; none when they want none.
pub(crate) async fn open(
    settings: &MqttSettings,
    tls: Option<&RustlsConfig>,
    db: &Db,
    clock: &Clock,
    ids: IdSource,
) -> Result<Option<Arc<dyn Broker>>, StartError> {
    let desk = Desk { db: db.clone(), clock: clock.clone(), ids };
    if let Some(url) = &settings.url {
        let elsewhere = ExternalSettings {
            url: url.clone(),
            user: settings.user.clone(),
            password: settings.password.clone(),
            client_id: settings.client_id.clone(),
            filters: settings.filters.clone(),
        };
        let external = External::connect(&elsewhere, desk).map_err(|error| StartError::Mqtt(error.to_string()))?;
        return Ok(Some(Arc::new(external)));
    }
    if !settings.broker {
        return Ok(None);
    }
    let encryption = match (tls, settings.listen) {
        // Off loopback a credential does not travel in the clear; on it, plain sensors are welcome.
        (Some(tls), Some(listen)) if !listen.ip().is_loopback() => Encryption::Tls(tls.get_inner()),
        _ => Encryption::Plain,
    };
    let usual = SocketAddr::from(([127, 0, 0, 1], USUAL_PORT));
    let opened = match settings.listen {
        Some(listen) => Embedded::open(listen, encryption, desk.clone(), desk).await.map_err(|reason| (listen, reason)),
        None => {
            if let Ok(embedded) = Embedded::open(usual, encryption.clone(), desk.clone(), desk.clone()).await {
                Ok(embedded)
            } else {
                // Somebody else's broker has the usual port: any other will do, and is told.
                let any = SocketAddr::from(([127, 0, 0, 1], 0));
                Embedded::open(any, encryption, desk.clone(), desk).await.map_err(|reason| (any, reason))
            }
        }
    };
    let embedded = opened.map_err(|(address, reason)| StartError::Listen { address, reason })?;
    Ok(Some(Arc::new(embedded)))
}

impl Warden for Desk {
    fn admit<'a>(&'a self, name: &'a str, password: &'a str) -> Answer<'a, Option<Device>> {
        Box::pin(async move {
            let probe: ProbeId = name.parse().ok()?;
            let secret = Secret::known(password);
            let found = self
                .db
                .read(async move |tx: &mut Tx| {
                    let device = devices::device_of(tx, &secret).await?;
                    // The secret of one device under the name of another opens nothing.
                    match device.filter(|device| device.probe == probe) {
                        Some(device) => coldchain::topics_of(tx, device.probe).await.map(Some),
                        None => Ok(None),
                    }
                })
                .await;
            match found {
                Ok(topics) => topics.map(|topics| Device { name: name.to_owned(), topics }),
                Err(error) => {
                    tracing::error!(%error, "a sensor's credential could not be looked up");
                    None
                }
            }
        })
    }
}

impl Intake for Desk {
    fn take<'a>(&'a self, topic: &'a str, message: &'a [u8]) -> Answer<'a, Taken> {
        Box::pin(async move {
            let spoken = match payload::read(message) {
                Ok(spoken) => spoken,
                Err(payload::Unspoken::NoTemperature) => return Taken::Useless,
                Err(why) => {
                    tracing::warn!(topic, %why, "a sensor's message was not understood");
                    return Taken::Useless;
                }
            };
            let (stamp, topic_of) = (Stamp::system(self.clock.now(), &self.ids), topic.to_owned());
            let taken = self
                .db
                .write(async move |tx: &mut Tx| {
                    let probe = coldchain::probe_by_topic(tx, &topic_of).await?.ok_or(ColdchainRefusal::NoSuchProbe)?;
                    flows::take_readings(tx, &stamp.again(), probe.id, &spoken, Source::Mqtt).await
                })
                .await;
            match taken {
                Ok(_) => Taken::Kept,
                Err(FlowRefusal::Store(error) | FlowRefusal::Coldchain(ColdchainRefusal::Store(error))) => {
                    failed(topic, &error)
                }
                Err(refusal) => {
                    tracing::warn!(topic, %refusal, "a sensor's readings were refused");
                    Taken::Useless
                }
            }
        })
    }
}

fn failed(topic: &str, error: &StoreError) -> Taken {
    tracing::error!(topic, %error, "readings could not be kept and will come again");
    Taken::Later
}
