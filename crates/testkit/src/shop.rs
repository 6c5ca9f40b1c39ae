//! Opening the shop, and knocking at its door.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
};

use axum::{
    body::{Body, to_bytes},
    http::{Method, Request, Response},
};
use kernel::Instant;
use serde_json::{Value, json};
use server::{DEMO_PASSWORD, MqttSettings, NoticeSettings, Settings, TimeSetting, WebhookSettings};
use store::testing::{self, Room};
use tempfile::TempDir;
use tower::ServiceExt;

use crate::{Answer, Login};

/// When every shop in a box is founded: a Monday, 02:00 in Taipei.
pub const FOUNDED: &str = "2026-03-01T18:00:00Z";
/// 06:00 of the same day, when work begins.
pub const FIRST_MORNING: &str = "2026-03-01T22:00:00Z";
/// Longer answers than this are no answers.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// What kind of shop is opened.
#[derive(Clone, Debug)]
pub struct Opening {
    pub sites: u32,
    pub notices: Notices,
}

/// Where the shop's notices to customers go.
#[derive(Clone, Debug)]
pub enum Notices {
    /// Into a file, which [`Shop::customer`] reads.
    File,
    /// To whoever listens at this address.
    Address(String),
}

impl Default for Opening {
    fn default() -> Self {
        Self { sites: 2, notices: Notices::File }
    }
}

/// The demo company, open for business.
pub struct Shop {
    open: server::Shop,
    keys: AtomicU64,
    settings: Settings,
    // Dropped last: the books are closed before their room is cleared.
    room: Room,
    /// Where its notices lie.
    folder: TempDir,
}

impl Shop {
    /// A shop on every engine that can be had here.
    pub async fn on_both(opening: Opening) -> Vec<Self> {
        let mut shops = Vec::new();
        for room in testing::rooms().await {
            shops.push(Self::open(room, opening.clone()).await);
        }
        shops
    }

    /// Opens at [`FOUNDED`]; the clock stands until it is moved.
    pub async fn open(room: Room, opening: Opening) -> Self {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("no temporary folder: {error}"));
        let notices = match opening.notices {
            Notices::File => NoticeSettings { file: Some(notices_in(&folder)), ..NoticeSettings::default() },
            Notices::Address(url) => {
                NoticeSettings { url: Some(url), allow_private: true, ..NoticeSettings::default() }
            }
        };
        let settings = Settings {
            database: room.url(),
            time: TimeSetting::Stepped,
            stepped_start: FOUNDED.parse().ok(),
            demo_company: true,
            demo_sites: opening.sites,
            notices,
            webhooks: WebhookSettings { allow_private: true },
            mqtt: MqttSettings { listen: Some(SocketAddr::from(([127, 0, 0, 1], 0))), ..MqttSettings::default() },
            ..Settings::default()
        };
        server::choose_tls_provider();
        let open = assembled(&settings).await;
        Self { open, keys: AtomicU64::new(0), settings, room, folder }
    }

    /// Another server process on the same books.
    pub async fn reopened(self) -> Self {
        let Self { open, keys, settings, room, folder } = self;
        drop(open);
        let open = assembled(&settings).await;
        Self { open, keys, settings, room, folder }
    }

    /// The database, as `freshet --database` takes it.
    pub fn database(&self) -> String {
        self.room.url()
    }

    /// Serves on a port of its own for those who come over the wire; answers the address.
    pub async fn listen(&self) -> String {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.unwrap_or_else(|error| panic!("no port: {error}"));
        let address = listener.local_addr().unwrap_or_else(|error| panic!("no address: {error}"));
        let router = self.open.router.clone();
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://{address}")
    }

    /// Listens to sensors on a port of its own; answers the address.
    pub async fn hear_sensors(&self) -> SocketAddr {
        let heard = self.open.hear_sensors(&self.settings).await;
        heard.unwrap_or_else(|error| panic!("no broker: {error}")).unwrap_or_else(|| panic!("a broker of no address"))
    }

    /// Signs a member of staff or a courier in under the demo password.
    pub async fn staff(&self, login: &str) -> Login {
        self.enter("/api/session", json!({ "login": login, "password": DEMO_PASSWORD })).await
    }

    /// Signs a customer in with the code that comes to their phone.
    pub async fn customer(&self, phone: &str) -> Login {
        let challenge = self.ask_for_code(phone).await;
        let told = std::fs::read_to_string(notices_in(&self.folder)).unwrap_or_default();
        let code = told.lines().rev().find_map(|line| code_for(phone, line));
        self.confirm(&challenge, &code.unwrap_or_else(|| panic!("no code came to {phone}"))).await
    }

    /// Has a sign-in code sent to a phone; answers the challenge that it belongs to.
    pub async fn ask_for_code(&self, phone: &str) -> String {
        let asked = self.post(&Login::Nobody, "/api/sign-in-codes", json!({ "phone": phone })).await.ok();
        self.let_it_work().await;
        asked["challenge"].as_str().unwrap_or_default().to_owned()
    }

    /// Signs a customer in whose code came elsewhere.
    pub async fn confirm(&self, challenge: &str, code: &str) -> Login {
        self.enter(&format!("/api/sign-in-codes/{challenge}/confirm"), json!({ "code": code })).await
    }

    async fn enter(&self, path: &str, credential: Value) -> Login {
        let answer = self.post(&Login::Nobody, path, credential).await;
        let cookies = answer.headers.get_all("set-cookie").iter().filter_map(|cookie| cookie.to_str().ok());
        let cookie: Vec<&str> = cookies.filter_map(|cookie| cookie.split(';').next()).collect();
        let cookie = cookie.join("; ");
        let csrf = answer.ok()["csrf_token"].as_str().unwrap_or_default().to_owned();
        Login::Session { cookie, csrf }
    }

    /// Moves the clock; the answer comes when all work due by then is done.
    pub async fn go_to(&self, at: Instant) {
        let admin = self.staff("admin").await;
        self.post(&admin, "/api/demo/clock", json!({ "to": at })).await.ok();
    }

    /// Lets the shop do what became due now.
    pub async fn let_it_work(&self) {
        let admin = self.staff("admin").await;
        let now = self.get(&admin, "/api/clock").await.ok();
        self.post(&admin, "/api/demo/clock", json!({ "to": now["at"] })).await.ok();
    }

    pub async fn get(&self, who: &Login, path: &str) -> Answer {
        self.ask(who, Method::GET, path, None).await
    }

    /// Commands something, once, under a fresh key.
    pub async fn post(&self, who: &Login, path: &str, body: Value) -> Answer {
        self.ask(who, Method::POST, path, Some(&body)).await
    }

    pub async fn put(&self, who: &Login, path: &str, body: Value) -> Answer {
        self.ask(who, Method::PUT, path, Some(&body)).await
    }

    /// Commands something under a key of the caller's choice: a file of rows as its text, anything else as JSON.
    pub async fn post_under(&self, who: &Login, key: &str, path: &str, body: &Value) -> Answer {
        let (media, body) = match body.as_str() {
            Some(file) => ("text/csv", file.to_owned()),
            None => ("application/json", body.to_string()),
        };
        let request = Request::builder().method(Method::POST).uri(path).header("content-type", media);
        self.send(who, request.header("idempotency-key", key), Body::from(body)).await
    }

    /// Asks anything, with a fresh idempotency key for what is not a question.
    pub async fn ask(&self, who: &Login, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let mut request = Request::builder().method(method.clone()).uri(path);
        if method != Method::GET {
            request = request.header("idempotency-key", self.fresh_key());
        }
        let Some(body) = body else { return self.send(who, request, Body::empty()).await };
        self.send(who, request.header("content-type", "application/json"), Body::from(body.to_string())).await
    }

    pub fn fresh_key(&self) -> String {
        format!("testkit-{:08}", self.keys.fetch_add(1, Ordering::Relaxed))
    }

    /// Sends exactly this, whatever it is.
    pub async fn send(&self, who: &Login, request: axum::http::request::Builder, body: Body) -> Answer {
        let request = match who {
            Login::Nobody => request,
            Login::Session { cookie, csrf } => request.header("cookie", cookie).header("x-csrf-token", csrf),
            Login::Bearer(secret) => request.header("authorization", format!("Bearer {secret}")),
        };
        let request = request.body(body).unwrap_or_else(|error| panic!("no request: {error}"));
        let response: Response<Body> =
            self.open.router.clone().oneshot(request).await.unwrap_or_else(|never| match never {});
        let (parts, body) = response.into_parts();
        // A stream has no end to wait for; that it began is the answer.
        let streams = parts.headers.get("content-type").is_some_and(|media| media == "text/event-stream");
        let bytes = if streams { Ok(axum::body::Bytes::new()) } else { to_bytes(body, ANSWER_BYTES_MAX).await };
        let bytes = bytes.unwrap_or_else(|error| panic!("the answer broke off: {error}"));
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { status: parts.status, headers: parts.headers, body }
    }
}

fn notices_in(folder: &TempDir) -> PathBuf {
    folder.path().join("notices.jsonl")
}

async fn assembled(settings: &Settings) -> server::Shop {
    server::open(settings).await.unwrap_or_else(|error| panic!("the shop does not open: {error}"))
}

/// The six digits of a sign-in code, if this line of the notices file is one for `phone`.
fn code_for(phone: &str, line: &str) -> Option<String> {
    let message: Value = serde_json::from_str(line).ok()?;
    if message["to"].as_str()? != phone || message["template"].as_str()? != "sign_in_code" {
        return None;
    }
    let mut words = message["text"].as_str()?.split(|letter: char| !letter.is_ascii_digit());
    words.find(|digits| digits.len() == 6).map(str::to_owned)
}
