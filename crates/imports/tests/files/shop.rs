//! A shop in Taipei with a cold shelf and a delivery window; everything else comes by file, through the door.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, request::Parts},
    middleware,
};
use catalog::{NewSite, NewZone, Position, Profile};
use edge::{App, Caller, Gate, Problem, Sites, Workman};
use identity::{Role, roles};
use kernel::{
    Actor, Clock, Currency, DeciCelsius, Id, IdSource, Instant, JobId, Lang, SiteTime, Stamp, TemperatureClass, UserId,
};
use ledger::{NewPlace, PlaceKind};
use orders::intake::NewWindow;
use serde_json::Value;
use store::{
    Tx, Uuid,
    testing::{self, TestDb},
};
use tower::ServiceExt;

/// Enough for every kind of fault to stand far into a file; `FRESHET_IMPORT_ROWS=20000` asks for a shop's whole move.
const ROWS: usize = 1_000;

pub(crate) struct Shop {
    pub(crate) app: App,
    /// As many rows as its large files have.
    pub(crate) many: usize,
    router: Router,
    keys: AtomicU64,
    _db: TestDb,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    pub(crate) fn ok(&self) -> Value {
        assert!(self.status.is_success(), "{} {}", self.status, String::from_utf8_lossy(&self.bytes));
        self.json()
    }

    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The faults that the answer names, as `rows/38/price imports/not-a-number`.
    pub(crate) fn faults(&self) -> Vec<String> {
        let json = self.json();
        let faults = json["errors"].as_array().cloned().unwrap_or_default();
        let word = |fault: &Value, name: &str| fault[name].as_str().unwrap_or_default().to_owned();
        faults.iter().map(|fault| format!("{} {}", word(fault, "field"), word(fault, "code"))).collect()
    }
}

/// Believes the header: the tests of `identity` are elsewhere.
struct OpenGate;

impl Gate for OpenGate {
    fn admit<'a>(
        &'a self,
        _app: &'a App,
        parts: &'a Parts,
    ) -> Pin<Box<dyn Future<Output = Result<Caller, Problem>> + Send + 'a>> {
        Box::pin(async move { Ok(caller(&parts.headers)) })
    }
}

fn caller(headers: &HeaderMap) -> Caller {
    let text = |name: &str| headers.get(name).and_then(|header| header.to_str().ok()).unwrap_or_default().to_owned();
    let Some(role) = Role::from_code(&text("x-role")) else { return Caller::nobody(Lang::En) };
    let site = text("x-site").parse().map_or(Sites::All, |site| Sites::Only(vec![site]));
    Caller {
        actor: Actor::Staff(UserId::from_uuid(Uuid::from_u128(9))),
        duties: roles::duties([role]),
        sites: site,
        ..Caller::nobody(Lang::from_code(&text("x-lang")).unwrap_or(Lang::En))
    }
}

struct NoHaste;

impl Workman for NoHaste {
    fn perform_now<'a>(&'a self, _job: JobId) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async {})
    }
}

/// One shop on each engine.
pub(crate) async fn shops() -> Vec<Shop> {
    let mut shops = Vec::new();
    for db in testing::both(server::MIGRATIONS).await {
        shops.push(Shop::open(db).await);
    }
    shops
}

impl Shop {
    /// Opens at 06:00 on Saturday, 28 March 2026, Taipei.
    async fn open(db: TestDb) -> Self {
        let (ids, time) = (IdSource::seeded(7), SiteTime::new("Asia/Taipei", 240).unwrap());
        let clock = Clock::stepped(time.at("2026-03-28".parse().unwrap(), 360));
        let app = App { db: db.clone(), clock, ids, gate: Arc::new(OpenGate), workman: Arc::new(NoHaste) };
        let stamp = Stamp::system(app.clock.now(), &app.ids);
        app.db.write::<_, Problem, _>(async move |tx: &mut Tx| found(tx, &stamp.again()).await).await.unwrap();
        let (router, _) = imports::router().merge(catalog::router()).merge(procurement::router()).split_for_parts();
        let router = router
            .layer(middleware::from_fn(edge::fingerprint))
            .layer(middleware::from_fn(edge::speak))
            .with_state(app.clone());
        let many = std::env::var("FRESHET_IMPORT_ROWS").map_or(ROWS, |rows| rows.parse().expect("a number of rows"));
        Self { app, many, router, keys: AtomicU64::new(1), _db: db }
    }

    /// Sends a file as somebody with this role, reading English.
    pub(crate) async fn send(&self, role: Role, path: &str, file: &[u8]) -> Answer {
        self.send_in(Lang::En, role, path, file).await
    }

    pub(crate) async fn send_in(&self, lang: Lang, role: Role, path: &str, file: &[u8]) -> Answer {
        let key = format!("file-{:06}", self.keys.fetch_add(1, Ordering::Relaxed));
        self.ask(
            Request::post(path)
                .header("x-role", role.code())
                .header("x-lang", lang.code())
                .header("accept-language", lang.code())
                .header("idempotency-key", key)
                .header("content-type", "application/octet-stream")
                .body(Body::from(file.to_vec()))
                .unwrap(),
        )
        .await
    }

    pub(crate) async fn get(&self, role: Role, path: &str) -> Answer {
        self.ask(Request::get(path).header("x-role", role.code()).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn ask(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec();
        Answer { status, bytes }
    }

    /// How many facts of a kind the log holds.
    pub(crate) async fn told(&self, kind: &str) -> usize {
        let kind = kind.to_owned();
        let found: Vec<Counted> = self
            .app
            .db
            .read::<_, store::StoreError, _>(async move |tx: &mut Tx| tx.all(TOLD, store::args![kind.as_str()]).await)
            .await
            .unwrap();
        found.len()
    }
}

struct Counted;

impl store::FromRow for Counted {
    fn from_row(_row: &store::Row<'_>) -> store::Result<Self> {
        Ok(Self)
    }
}

store::sql! {
    TOLD = "SELECT id FROM event WHERE kind = $1";
}

async fn found(tx: &mut Tx, stamp: &Stamp) -> Result<(), Problem> {
    let new = NewSite {
        code: "TPE1".to_owned(),
        name: "內湖".to_owned(),
        currency: Currency::Twd,
        time_zone: "Asia/Taipei".to_owned(),
        day_turns_at_minute: 240,
        profile: Profile::Tw,
        position: Position { latitude_microdegrees: 25_078_000, longitude_microdegrees: 121_575_000 },
        delivery_radius_metres: 12_000,
    };
    let (draft, time) = new.parse()?;
    let site = catalog::open_site(tx, stamp, draft, time.clone()).await?.id;
    let chilled =
        NewZone { code: "C1".to_owned(), class: TemperatureClass::Chilled, low: DeciCelsius(0), high: DeciCelsius(50) };
    let zone = catalog::open_zone(tx, stamp, site, chilled).await?.id;
    for nth in 0..20 {
        let code = format!("C-{nth:02}");
        let bin = NewPlace { site, kind: PlaceKind::Bin, code, zone: Some(zone), holder: None, path: nth };
        ledger::open_place(tx, stamp, bin).await?;
    }
    let day = "2026-03-28".parse().unwrap();
    let at = |minute| -> Instant { time.at(day, minute) };
    let window = NewWindow { site, start: at(600), end: at(720), cut_off: at(540), capacity: 100_000 };
    orders::intake::open_window(tx, stamp, window).await?;
    Ok(())
}
