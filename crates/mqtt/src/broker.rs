//! The embedded broker.

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use rumqttc::{
    ConnAck, Connect, ConnectReturnCode, Error, Packet, PubAck, Publish, QoS, SubAck, Subscribe, SubscribeReasonCode,
    UnsubAck, valid_filter, valid_topic,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Notify, Semaphore, broadcast, watch},
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};

use crate::{Answer, Broker, Device, Intake, Taken, Unsettled, Warden};

/// A day of readings in one message, and room.
const PACKET_MAX: usize = 256 * 1024;
/// Devices of a company, and room.
const CONNECTIONS_MAX: usize = 2_000;
/// Who connects says so at once.
const GREETING: Duration = Duration::from_secs(10);
/// Messages that a slow listener may be behind before it is let go.
const BEHIND_MAX: usize = 4_096;
/// Of a device that names no time of its own.
const KEEP_ALIVE: Duration = Duration::from_mins(20);

/// How bytes travel.
#[derive(Clone)]
pub enum Encryption {
    /// On loopback only.
    Plain,
    Tls(Arc<ServerConfig>),
}

impl std::fmt::Debug for Encryption {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Plain => "Plain",
            Self::Tls(_) => "Tls",
        })
    }
}

/// A broker in this process.
pub struct Embedded {
    address: SocketAddr,
    house: Arc<House>,
}

struct House {
    warden: Box<dyn Warden>,
    intake: Box<dyn Intake>,
    /// One message at a time: what is taken has an order, the same on every machine.
    turn: tokio::sync::Mutex<()>,
    spoken: broadcast::Sender<(String, Bytes)>,
    /// A device that connects again is the same device; its older connection ends.
    connected: Mutex<HashMap<String, Arc<Notify>>>,
    closed: watch::Sender<bool>,
    room: Arc<Semaphore>,
}

impl std::fmt::Debug for Embedded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Embedded").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Embedded {
    /// Listens. Port 0 takes any free one.
    pub async fn open(
        listen: SocketAddr,
        encryption: Encryption,
        warden: impl Warden,
        intake: impl Intake,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let house = Arc::new(House {
            warden: Box::new(warden),
            intake: Box::new(intake),
            turn: tokio::sync::Mutex::new(()),
            spoken: broadcast::channel(BEHIND_MAX).0,
            connected: Mutex::new(HashMap::new()),
            closed: watch::channel(false).0,
            room: Arc::new(Semaphore::new(CONNECTIONS_MAX)),
        });
        tokio::spawn(listen_at(listener, encryption, Arc::clone(&house)));
        Ok(Self { address, house })
    }
}

impl Broker for Embedded {
    fn address(&self) -> Option<SocketAddr> {
        Some(self.address)
    }

    /// An acknowledgement is sent after the message is kept, so that only a message without one can be under way: it
    /// has its turn to the end.
    fn settle(&self) -> Answer<'_, Result<(), Unsettled>> {
        Box::pin(async {
            drop(self.house.turn.lock().await);
            Ok(())
        })
    }

    fn close(&self) {
        self.house.closed.send_replace(true);
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.close();
    }
}

async fn listen_at(listener: TcpListener, encryption: Encryption, house: Arc<House>) {
    let closed = until_closed(house.closed.subscribe());
    tokio::pin!(closed);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut closed => return,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of file handles, as a rule: without a pause this would spin.
                tracing::warn!(%error, "a sensor could not connect");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let Ok(seat) = Arc::clone(&house.room).try_acquire_owned() else {
            tracing::warn!("{CONNECTIONS_MAX} sensors are connected, one more was turned away");
            continue;
        };
        let (house, encryption) = (Arc::clone(&house), encryption.clone());
        tokio::spawn(async move {
            if let Err(error) = welcome(stream, encryption, &house).await {
                tracing::debug!(%error, "a sensor's connection ended");
            }
            drop(seat);
        });
    }
}

pub(crate) async fn until_closed(mut closed: watch::Receiver<bool>) {
    // Whoever could close it is gone as well.
    drop(closed.wait_for(|closed| *closed).await);
}

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("{0}")]
    Malformed(Error),
    #[error("nothing was heard for too long")]
    Silent,
    #[error("{name} may not publish under {topic}")]
    NotItsTopic { name: String, topic: String },
    #[error("the protocol has no place for this here")]
    OutOfPlace,
    #[error("a message could not be kept and shall be sent again")]
    NotKept,
    #[error("the listener was too slow")]
    Behind,
}

async fn welcome(stream: TcpStream, encryption: Encryption, house: &Arc<House>) -> Result<(), Ended> {
    stream.set_nodelay(true)?;
    match encryption {
        Encryption::Plain => Session::new(stream).run(house).await,
        Encryption::Tls(config) => {
            let accepted = timeout(GREETING, TlsAcceptor::from(config).accept(stream)).await;
            Session::new(accepted.map_err(|_| Ended::Silent)??).run(house).await
        }
    }
}

/// One connection.
struct Session<S> {
    stream: S,
    buffer: BytesMut,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Session<S> {
    fn new(stream: S) -> Self {
        Self { stream, buffer: BytesMut::with_capacity(1_024) }
    }

    async fn run(mut self, house: &Arc<House>) -> Result<(), Ended> {
        let greeting = timeout(GREETING, self.greeting()).await.map_err(|_| Ended::Silent)??;
        let Some(Packet::Connect(connect)) = greeting else { return Err(Ended::OutOfPlace) };
        let Some(device) = self.admit(house, &connect).await? else { return Ok(()) };
        let ended_by_another = house.sit(&device, &connect.client_id);
        let mut spoken = house.spoken.subscribe();
        let closed = until_closed(house.closed.subscribe());
        tokio::pin!(closed);
        let mut listens_to: Vec<String> = Vec::new();
        let patience = match connect.keep_alive {
            0 => KEEP_ALIVE,
            // One and a half times, says the protocol.
            seconds => Duration::from_millis(u64::from(seconds) * 1_500),
        };
        loop {
            tokio::select! {
                packet = timeout(patience, self.read()) => match packet.map_err(|_| Ended::Silent)?? {
                    None | Some(Packet::Disconnect) => return Ok(()),
                    Some(Packet::Publish(publish)) => self.take(house, &device, publish).await?,
                    Some(Packet::Subscribe(subscribe)) => self.subscribe(&device, subscribe, &mut listens_to).await?,
                    Some(Packet::Unsubscribe(unsubscribe)) => {
                        listens_to.retain(|filter| !unsubscribe.topics.contains(filter));
                        self.write(Packet::UnsubAck(UnsubAck::new(unsubscribe.pkid))).await?;
                    }
                    Some(Packet::PingReq) => self.write(Packet::PingResp).await?,
                    // What we send without a number is answered by nothing.
                    Some(
                        Packet::Connect(_) | Packet::ConnAck(_) | Packet::PubAck(_) | Packet::PubRec(_)
                        | Packet::PubRel(_) | Packet::PubComp(_) | Packet::SubAck(_) | Packet::UnsubAck(_)
                        | Packet::PingResp,
                    ) => return Err(Ended::OutOfPlace),
                },
                message = spoken.recv() => {
                    let (topic, payload) = message.map_err(|_| Ended::Behind)?;
                    if listens_to.iter().any(|filter| rumqttc::matches(&topic, filter)) {
                        self.write(Packet::Publish(Publish::from_bytes(topic, QoS::AtMostOnce, payload))).await?;
                    }
                }
                () = ended_by_another.notified() => return Ok(()),
                () = &mut closed => return Ok(()),
            }
        }
    }

    async fn admit(&mut self, house: &House, connect: &Connect) -> Result<Option<Device>, Ended> {
        let found = match &connect.login {
            None => None,
            Some(login) => house.warden.admit(&login.username, &login.password).await,
        };
        let code = match (&found, connect.client_id.is_empty() && !connect.clean_session) {
            (_, true) => ConnectReturnCode::BadClientId,
            (None, false) => ConnectReturnCode::BadUserNamePassword,
            (Some(_), false) => ConnectReturnCode::Success,
        };
        self.write(Packet::ConnAck(ConnAck::new(code, false))).await?;
        Ok(found.filter(|_| code == ConnectReturnCode::Success))
    }

    /// A message under a topic that is not the device's ends the connection: MQTT 3.1.1 has no softer word for it.
    async fn take(&mut self, house: &House, device: &Device, publish: Publish) -> Result<(), Ended> {
        if !valid_topic(&publish.topic) || !device.may_publish(&publish.topic) {
            tracing::warn!(
                device = device.name,
                topic = publish.topic,
                "a sensor spoke under a topic that is not its own"
            );
            return Err(Ended::NotItsTopic { name: device.name.clone(), topic: publish.topic });
        }
        if publish.qos == QoS::ExactlyOnce {
            return Err(Ended::OutOfPlace);
        }
        let turn = house.turn.lock().await;
        let taken = house.intake.take(&publish.topic, &publish.payload).await;
        if taken == Taken::Later {
            return Err(Ended::NotKept);
        }
        // Nobody may be listening.
        drop(house.spoken.send((publish.topic, publish.payload)));
        drop(turn);
        if publish.qos == QoS::AtLeastOnce {
            self.write(Packet::PubAck(PubAck::new(publish.pkid))).await?;
        }
        Ok(())
    }

    async fn subscribe(
        &mut self,
        device: &Device,
        subscribe: Subscribe,
        listens_to: &mut Vec<String>,
    ) -> Result<(), Ended> {
        let mut codes = Vec::new();
        for filter in subscribe.filters {
            if valid_filter(&filter.path) && device.may_listen(&filter.path) {
                listens_to.push(filter.path);
                codes.push(SubscribeReasonCode::Success(QoS::AtMostOnce));
            } else {
                codes.push(SubscribeReasonCode::Failure);
            }
        }
        self.write(Packet::SubAck(SubAck::new(subscribe.pkid, codes))).await
    }

    /// The first packet. Whoever begins with anything but a CONNECT speaks another language and is not waited for.
    async fn greeting(&mut self) -> Result<Option<Packet>, Ended> {
        const CONNECT: u8 = 0x10;
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            return Ok(None);
        }
        match self.buffer.first() {
            Some(&CONNECT) => self.read().await,
            Some(_) | None => Err(Ended::OutOfPlace),
        }
    }

    /// The next packet; `None` when the other side has gone. Loses nothing when it is dropped in the middle.
    async fn read(&mut self) -> Result<Option<Packet>, Ended> {
        loop {
            match Packet::read(&mut self.buffer, PACKET_MAX) {
                Ok(packet) => return Ok(Some(packet)),
                Err(Error::InsufficientBytes(_)) => {}
                Err(error) => return Err(Ended::Malformed(error)),
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        }
    }

    async fn write(&mut self, packet: Packet) -> Result<(), Ended> {
        let mut bytes = BytesMut::with_capacity(64);
        packet.write(&mut bytes, PACKET_MAX).map_err(Ended::Malformed)?;
        self.stream.write_all(&bytes).await?;
        Ok(self.stream.flush().await?)
    }
}

impl House {
    /// Takes the seat of a device; who sat there before has to go.
    fn sit(&self, device: &Device, client: &str) -> Arc<Notify> {
        let seat = Arc::new(Notify::new());
        let mut connected = self.connected.lock().unwrap_or_else(PoisonError::into_inner);
        // Who left stands here until another comes; a gone one hears nothing.
        connected.retain(|_, seat| Arc::strong_count(seat) > 1);
        if let Some(before) = connected.insert(format!("{}\n{client}", device.name), Arc::clone(&seat)) {
            before.notify_one();
        }
        seat
    }
}
