//! Sensors against a running server: what a broker acknowledged is known before the demonstration's clock moves.
#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

use std::{
    net::{SocketAddr, TcpListener},
    thread,
    time::Duration,
};

use mqtt::{Answer, Broker, Device, Embedded, Encryption, Intake, Taken, Warden};
use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Packet, QoS};
use serde_json::{Value, json};
use server::{DEMO_PASSWORD, MqttSettings, Settings, TimeSetting};

fn free_port() -> SocketAddr {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap()
}

/// A server with the demo company and a stepped clock, for as long as the test runs.
struct Running {
    address: String,
    client: reqwest::Client,
    cookie: String,
    csrf: String,
    commands: u32,
    _folder: tempfile::TempDir,
}

impl Running {
    async fn with(mqtt: MqttSettings) -> Self {
        server::choose_tls_provider();
        let folder = tempfile::tempdir().unwrap();
        let listen = free_port();
        let settings = Settings {
            database: format!("sqlite:{}", folder.path().join("shop.sqlite").display()),
            listen,
            time: TimeSetting::Stepped,
            demo_company: true,
            mqtt,
            notices: server::NoticeSettings { file: Some(folder.path().join("notices")), ..Default::default() },
            ..Settings::default()
        };
        // Its own thread and runtime: it ends with the test's process.
        thread::spawn(move || drop(tokio::runtime::Runtime::new().unwrap().block_on(server::serve(settings))));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let address = format!("http://{listen}");
        for _ in 0..600 {
            let answer = client.get(format!("{address}/readyz")).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Self { address, client, cookie: String::new(), csrf: String::new(), commands: 0, _folder: folder }
    }

    async fn sign_in(&mut self, login: &str) {
        let body = json!({ "login": login, "password": DEMO_PASSWORD });
        let answer = self.client.post(format!("{}/api/session", self.address)).json(&body).send().await.unwrap();
        let set = answer.headers().get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap());
        self.cookie = set.map(|cookie| cookie.split(';').next().unwrap().to_owned()).collect::<Vec<_>>().join("; ");
        let body: Value = answer.json().await.unwrap();
        body["csrf_token"].as_str().unwrap().clone_into(&mut self.csrf);
    }

    async fn get(&self, path: &str) -> Value {
        let request = self.client.get(format!("{}{path}", self.address)).header("cookie", &self.cookie);
        request.send().await.unwrap().json().await.unwrap()
    }

    async fn post(&mut self, path: &str, body: Value) -> Value {
        self.commands += 1;
        let request = self
            .client
            .post(format!("{}{path}", self.address))
            .header("cookie", &self.cookie)
            .header("x-csrf-token", &self.csrf)
            .header("idempotency-key", format!("command-{:04}", self.commands))
            .json(&body);
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let body: Value = answer.json().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {body}");
        body
    }

    /// A probe in the freezer, with its secret.
    async fn probe(&mut self) -> (String, String) {
        self.sign_in("manager").await;
        let site = self.get("/api/sites").await[0]["id"].clone();
        let zones = self.get(&format!("/api/sites/{}/zones", site.as_str().unwrap())).await;
        let freezer = zones.as_array().unwrap().iter().find(|zone| zone["class"] == "frozen").unwrap()["id"].clone();
        self.sign_in("warehouse").await;
        let probe = self.post("/api/probes", json!({ "site": site, "code": "P-1", "zone": freezer })).await;
        let id = probe["id"].as_str().unwrap().to_owned();
        let made = self.post(&format!("/api/probes/{id}/credential"), json!({})).await;
        (id, made["secret"].as_str().unwrap().to_owned())
    }

    async fn now(&mut self) -> kernel::Instant {
        self.get("/api/clock").await["at"].as_str().unwrap().parse().unwrap()
    }

    /// Moves the clock by minutes and says how many readings of the probe are known at once after.
    async fn readings_after(&mut self, probe: &str, minutes: i64) -> usize {
        let to = self.now().await.plus_minutes(minutes);
        self.sign_in("admin").await;
        self.post("/api/demo/clock", json!({ "to": to })).await;
        self.sign_in("warehouse").await;
        let page = self.get(&format!("/api/probes/{probe}/readings?limit=200")).await;
        page["items"].as_array().unwrap().len()
    }
}

fn client(broker: SocketAddr, name: &str, password: &str) -> (AsyncClient, EventLoop) {
    let mut options = MqttOptions::new(name, broker.ip().to_string(), broker.port());
    options.set_credentials(name, password);
    AsyncClient::new(options, 10)
}

/// Publishes and waits for the acknowledgement; `false` when the broker ends the connection instead.
async fn publish(client: &AsyncClient, events: &mut EventLoop, topic: &str, message: &Value) -> bool {
    client.publish(topic, QoS::AtLeastOnce, false, message.to_string()).await.unwrap();
    let acknowledged = async {
        loop {
            match events.poll().await {
                Ok(Event::Incoming(Packet::PubAck(_))) => return true,
                Ok(_) => {}
                Err(_) => return false,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), acknowledged).await.unwrap()
}

fn message(at: kernel::Instant, value: i64) -> Value {
    json!({ "readings": [{ "at": at, "decicelsius": value }] })
}

#[tokio::test]
async fn a_probe_speaks_to_the_embedded_broker_under_its_own_credential() {
    let broker = free_port();
    let mut shop = Running::with(MqttSettings { listen: Some(broker), ..MqttSettings::default() }).await;
    let (probe, secret) = shop.probe().await;
    let topic = format!("freshet/probes/{probe}/readings");
    let now = shop.now().await;
    let (sensor, mut events) = client(broker, &probe, &secret);

    for nth in 0..20 {
        assert!(publish(&sensor, &mut events, &topic, &message(now.plus_minutes(-nth), -190 - nth)).await);
    }
    assert!(publish(&sensor, &mut events, &topic, &message(now, -190)).await, "the same again is acknowledged again");
    let known = shop.readings_after(&probe, 1).await;
    let foreign = "freshet/probes/00000000-0000-7000-8000-000000000000/readings";
    let lied = publish(&sensor, &mut events, foreign, &message(now, 40)).await;
    let (thief, mut thief_events) = client(broker, &probe, "fd_guessed");
    let broke_in = publish(&thief, &mut thief_events, &topic, &message(now, 40)).await;

    assert_eq!(known, 20);
    assert!(!lied && !broke_in);
    let silent = shop.readings_after(&probe, 40).await;
    assert_eq!(silent, 20);
    let site = shop.get(&format!("/api/probes/{probe}")).await["site"].as_str().unwrap().to_owned();
    let alarms = shop.get(&format!("/api/excursions?site={site}")).await;
    assert_eq!(alarms["items"][0]["kind"], "silent", "{alarms}");
}

/// A broker of somebody else: it acknowledges at once and knows nothing of our shop.
struct Elsewhere;

impl Warden for Elsewhere {
    fn admit<'a>(&'a self, name: &'a str, _password: &'a str) -> Answer<'a, Option<Device>> {
        Box::pin(async move { Some(Device { name: name.to_owned(), topics: vec!["#".to_owned()] }) })
    }
}

impl Intake for Elsewhere {
    fn take<'a>(&'a self, _topic: &'a str, _payload: &'a [u8]) -> Answer<'a, Taken> {
        Box::pin(async { Taken::Kept })
    }
}

#[tokio::test]
async fn the_clock_waits_for_what_a_broker_elsewhere_has_acknowledged() {
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
    let elsewhere = Embedded::open(anywhere, Encryption::Plain, Elsewhere, Elsewhere).await.unwrap();
    let address = elsewhere.address().unwrap();
    let url = Some(format!("mqtt://{address}"));
    let user = Some("shop".to_owned());
    let settings = MqttSettings { url, user, filters: vec!["freshet/#".to_owned()], ..MqttSettings::default() };
    let mut shop = Running::with(settings).await;
    let (probe, _) = shop.probe().await;
    // The first move also waits until the server has found its broker.
    assert_eq!(shop.readings_after(&probe, 1).await, 0);
    let (sensor, mut events) = client(address, "gateway", "any");
    let topic = format!("freshet/probes/{probe}/readings");
    let now = shop.now().await;

    for round in 1..=5 {
        for nth in 0..20 {
            let at = now.plus_minutes(-nth).plus_millis(-round);
            assert!(publish(&sensor, &mut events, &topic, &message(at, -190)).await);
        }
        let known = shop.readings_after(&probe, 1).await;
        assert_eq!(known, usize::try_from(round).unwrap() * 20, "every acknowledged reading, at once");
    }
}
