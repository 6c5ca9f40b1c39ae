//! The embedded broker and our place at one elsewhere, driven by a client that knows nothing of either.
#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use mqtt::{Answer, Broker, Device, Embedded, Encryption, External, ExternalSettings, Intake, Taken, Warden};
use rumqttc::{AsyncClient, ConnectionError, Event, EventLoop, MqttOptions, Packet, QoS};
use tokio::time::timeout;

const SOON: Duration = Duration::from_secs(10);

/// Two probes, and a server that may hear everything.
struct Doorman;

impl Warden for Doorman {
    fn admit<'a>(&'a self, name: &'a str, password: &'a str) -> Answer<'a, Option<Device>> {
        Box::pin(async move {
            let topics: &[&str] = match (name, password) {
                ("freezer", "ice") => &["freshet/probes/freezer/readings", "zigbee2mqtt/cold-room/A1"],
                ("dock", "wind") => &["freshet/probes/dock/readings"],
                ("server", "all") => &["freshet/#", "zigbee2mqtt/#"],
                _ => return None,
            };
            Some(Device { name: name.to_owned(), topics: topics.iter().map(|topic| (*topic).to_owned()).collect() })
        })
    }
}

/// Keeps what it is told, unless it is told to be out of order.
#[derive(Clone, Default)]
struct Book {
    lines: Arc<Mutex<Vec<(String, String)>>>,
    out_of_order: Arc<AtomicBool>,
}

impl Intake for Book {
    fn take<'a>(&'a self, topic: &'a str, payload: &'a [u8]) -> Answer<'a, Taken> {
        Box::pin(async move {
            // Slow enough that an acknowledgement which does not wait would be seen first.
            tokio::time::sleep(Duration::from_millis(20)).await;
            if self.out_of_order.load(Ordering::SeqCst) {
                return Taken::Later;
            }
            let text = String::from_utf8_lossy(payload).into_owned();
            self.lines.lock().unwrap().push((topic.to_owned(), text));
            Taken::Kept
        })
    }
}

impl Book {
    fn read(&self) -> Vec<String> {
        self.lines.lock().unwrap().iter().map(|(_, text)| text.clone()).collect()
    }
}

async fn broker(book: &Book) -> Embedded {
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
    Embedded::open(anywhere, Encryption::Plain, Doorman, book.clone()).await.unwrap()
}

fn client(broker: &Embedded, name: &str, password: &str) -> (AsyncClient, EventLoop) {
    let address = broker.address().unwrap();
    let mut options = MqttOptions::new(format!("{name}-client"), address.ip().to_string(), address.port());
    options.set_credentials(name, password);
    options.set_keep_alive(Duration::from_secs(5));
    AsyncClient::new(options, 10)
}

/// The next packet from the broker that `wanted` knows.
async fn wait_for(events: &mut EventLoop, wanted: impl Fn(&Packet) -> bool) -> Result<Packet, ConnectionError> {
    let seen = async {
        loop {
            if let Event::Incoming(packet) = events.poll().await?
                && wanted(&packet)
            {
                return Ok(packet);
            }
        }
    };
    timeout(SOON, seen).await.unwrap()
}

const fn is_ack(packet: &Packet) -> bool {
    matches!(packet, Packet::PubAck(_))
}

#[tokio::test]
async fn what_is_acknowledged_is_kept() {
    let book = Book::default();
    let broker = broker(&book).await;
    let (freezer, mut events) = client(&broker, "freezer", "ice");

    for nth in 0..5 {
        let text = format!("reading {nth}");
        freezer.publish("freshet/probes/freezer/readings", QoS::AtLeastOnce, false, text).await.unwrap();
        wait_for(&mut events, is_ack).await.unwrap();
        assert_eq!(book.read().len(), nth + 1, "an acknowledgement comes after the keeping");
    }
}

#[tokio::test]
async fn a_wrong_password_is_nobody() {
    let book = Book::default();
    let broker = broker(&book).await;

    for (name, password) in [("freezer", "fire"), ("thief", "ice"), ("dock", "ice")] {
        let (_client, mut events) = client(&broker, name, password);
        let refused = wait_for(&mut events, |packet| matches!(packet, Packet::ConnAck(_))).await;
        assert!(matches!(refused, Err(ConnectionError::ConnectionRefused(_))), "{name}: {refused:?}");
    }
}

#[tokio::test]
async fn a_device_speaks_under_its_own_topics_only() {
    let book = Book::default();
    let broker = broker(&book).await;
    let (dock, mut events) = client(&broker, "dock", "wind");

    dock.publish("freshet/probes/freezer/readings", QoS::AtLeastOnce, false, "a lie").await.unwrap();
    let ended = wait_for(&mut events, is_ack).await;

    assert!(ended.is_err(), "the connection ends without an acknowledgement");
    assert_eq!(book.read(), Vec::<String>::new());
}

#[tokio::test]
async fn a_device_listens_to_its_own_topics_only() {
    let book = Book::default();
    let broker = broker(&book).await;
    let (freezer, mut freezer_events) = client(&broker, "freezer", "ice");
    let (server, mut server_events) = client(&broker, "server", "all");
    let is_suback = |packet: &Packet| matches!(packet, Packet::SubAck(_));

    freezer.subscribe("freshet/#", QoS::AtMostOnce).await.unwrap();
    let refused = wait_for(&mut freezer_events, is_suback).await.unwrap();
    server.subscribe("freshet/#", QoS::AtMostOnce).await.unwrap();
    let granted = wait_for(&mut server_events, is_suback).await.unwrap();
    freezer.publish("freshet/probes/freezer/readings", QoS::AtLeastOnce, false, "-18.5").await.unwrap();
    wait_for(&mut freezer_events, is_ack).await.unwrap();
    let heard = wait_for(&mut server_events, |packet| matches!(packet, Packet::Publish(_))).await.unwrap();

    let code = |packet: Packet| {
        let Packet::SubAck(ack) = packet else { panic!("no answer to a subscription") };
        ack.return_codes
    };
    assert_eq!(code(refused), [rumqttc::SubscribeReasonCode::Failure]);
    assert_eq!(code(granted), [rumqttc::SubscribeReasonCode::Success(QoS::AtMostOnce)]);
    assert!(matches!(heard, Packet::Publish(publish) if publish.payload == "-18.5"));
}

#[tokio::test]
async fn what_could_not_be_kept_is_not_acknowledged() {
    let book = Book::default();
    let broker = broker(&book).await;
    let (freezer, mut events) = client(&broker, "freezer", "ice");
    book.out_of_order.store(true, Ordering::SeqCst);

    freezer.publish("zigbee2mqtt/cold-room/A1", QoS::AtLeastOnce, false, "4.2").await.unwrap();
    assert!(wait_for(&mut events, is_ack).await.is_err(), "no acknowledgement for what is not kept");
    book.out_of_order.store(false, Ordering::SeqCst);
    freezer.publish("zigbee2mqtt/cold-room/A1", QoS::AtLeastOnce, false, "4.2").await.unwrap();
    let acknowledged = wait_for(&mut events, is_ack).await;

    assert!(acknowledged.is_ok());
    assert_eq!(book.read(), ["4.2"]);
}

#[tokio::test]
async fn pings_are_answered_and_a_second_connection_takes_the_seat() {
    let book = Book::default();
    let broker = broker(&book).await;
    let (_first, mut first_events) = client(&broker, "freezer", "ice");
    wait_for(&mut first_events, |packet| matches!(packet, Packet::PingResp)).await.unwrap();

    let (_second, mut second_events) = client(&broker, "freezer", "ice");
    wait_for(&mut second_events, |packet| matches!(packet, Packet::ConnAck(_))).await.unwrap();

    assert!(wait_for(&mut first_events, |_| false).await.is_err(), "one device, one seat");
}

#[tokio::test]
async fn nonsense_on_the_wire_ends_one_connection_and_no_other() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let book = Book::default();
    let broker = broker(&book).await;
    let address = broker.address().unwrap();

    for nonsense in
        [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0x10, 0xFF, 0xFF, 0xFF, 0x7F], &[0xF0, 0x02, 1, 2], &[0x30, 0x00]]
    {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream.write_all(nonsense).await.unwrap();
        let mut rest = Vec::new();
        // A reset is an end as well.
        drop(timeout(SOON, stream.read_to_end(&mut rest)).await.unwrap());
    }
    let (freezer, mut events) = client(&broker, "freezer", "ice");
    freezer.publish("freshet/probes/freezer/readings", QoS::AtLeastOnce, false, "fine").await.unwrap();

    assert!(wait_for(&mut events, is_ack).await.is_ok());
}

#[tokio::test]
async fn at_a_broker_elsewhere_everything_acknowledged_is_taken_before_it_is_settled() {
    let elsewhere = broker(&Book::default()).await;
    let book = Book::default();
    let address = elsewhere.address().unwrap();
    let settings = ExternalSettings {
        url: format!("mqtt://{address}"),
        user: Some("server".to_owned()),
        password: Some("all".to_owned()),
        client_id: "shop".to_owned(),
        filters: vec!["freshet/#".to_owned(), "zigbee2mqtt/#".to_owned()],
    };
    let ours = External::connect(&settings, book.clone()).unwrap();
    ours.settle().await.unwrap();
    let (freezer, mut events) = client(&elsewhere, "freezer", "ice");

    for nth in 0..10 {
        let text = format!("reading {nth}");
        freezer.publish("freshet/probes/freezer/readings", QoS::AtLeastOnce, false, text).await.unwrap();
        wait_for(&mut events, is_ack).await.unwrap();
    }
    ours.settle().await.unwrap();

    assert_eq!(book.read(), (0..10).map(|nth| format!("reading {nth}")).collect::<Vec<_>>());
}
