//! A small warehouse with a cold room and a freezer, probes in them, and people who are what their name says.

use std::{
    collections::BTreeSet,
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
    http::{Request, StatusCode, request::Parts},
    middleware,
};
use catalog::{NewSite, NewSku, NewZone, Position, Profile, Sku, TaxClass, TaxClasses};
use edge::{App, Caller, Duty, Gate, Problem, Sites, Workman};
use flows::Due;
use kernel::{
    Actor, Clock, Currency, Date, DeciCelsius, Id, IdSource, Instant, JobId, Lang, LotId, Measure, Money, PlaceId,
    Price, ProbeId, Quantity, SiteId, SiteTime, Stamp, TemperatureClass, UserId, ZoneId,
};
use ledger::{Lot, NewPlace, PlaceKind};
use serde_json::{Value, json};
use store::{Migration, Tx, testing::TestDb};
use tower::ServiceExt;
use uuid::Uuid;
use warehouse::stock::{self, Opening, StockRefusal};

pub(crate) const MIGRATIONS: &[Migration] = &[
    store::MIGRATION,
    events::MIGRATION,
    identity::MIGRATION,
    catalog::MIGRATION,
    customers::MIGRATION,
    ledger::MIGRATION,
    accounts::MIGRATION,
    procurement::MIGRATION,
    procurement::REQUISITIONS_MIGRATION,
    warehouse::MIGRATION,
    warehouse::COLDCHAIN_MIGRATION,
    warehouse::THERMAL_MIGRATION,
    warehouse::COUNTING,
    warehouse::RECALL,
    warehouse::RETURNS,
    orders::MIGRATION,
    delivery::MIGRATION,
    delivery::REMEDIES,
    procurement::APPROVAL_DUE_MIGRATION,
    delivery::WALKS,
    delivery::HEARD_MIGRATION,
    events::SEAL_QUEUE_MIGRATION,
];

pub(crate) struct Shop {
    pub(crate) app: App,
    pub(crate) site: SiteId,
    pub(crate) cold_room: ZoneId,
    pub(crate) freezer: ZoneId,
    pub(crate) strawberries: Sku,
    pub(crate) dumplings: Sku,
    router: Router,
    key: AtomicU64,
    _db: TestDb,
}

/// Answer and status.
pub(crate) type Answer = (StatusCode, Value);

struct Doorman {
    site: SiteId,
}

const WHO: &str = "x-who";

impl Gate for Doorman {
    fn admit<'a>(
        &'a self,
        _app: &'a App,
        parts: &'a Parts,
    ) -> Pin<Box<dyn Future<Output = Result<Caller, Problem>> + Send + 'a>> {
        let who = parts.headers.get(WHO).and_then(|who| who.to_str().ok()).unwrap_or_default();
        let lead: &[Duty] = &[Duty::ReadStock, Duty::AnswerAlarms, Duty::BlockLots, Duty::ManageSensors];
        let here = Sites::Only(vec![self.site]);
        let (actor, duties, sites): (Actor, &[Duty], Sites) = match who {
            "lead" => (person(who), lead, here),
            "stranger" => (person(who), lead, Sites::Only(Vec::new())),
            "manager" => (person(who), &[Duty::ManageCatalog, Duty::ReadCatalog, Duty::OpenStock], Sites::All),
            "counter" => (person(who), &[Duty::CountStock, Duty::ReadStock], here),
            "signer" => (person(who), &[Duty::ApproveAdjustments, Duty::ReadStock], here),
            "stranger to the site" => (person(who), &[Duty::ApproveAdjustments], Sites::Only(Vec::new())),
            "jack of all trades" => (person(who), &[Duty::CountStock, Duty::ApproveAdjustments], here),
            "finance" => {
                let duties = &[Duty::ApproveAdjustments, Duty::ApproveLargeAdjustments, Duty::ReadIndicators];
                (person(who), duties, here)
            }
            "recaller" => (person(who), &[Duty::RecallLots, Duty::TraceLots], here),
            "stranger recaller" => (person(who), &[Duty::RecallLots, Duty::TraceLots], Sites::Only(Vec::new())),
            "picker" => (person(who), &[Duty::ReadStock, Duty::PickGoods], here),
            "inspector" => {
                (person(who), &[Duty::ReadStock, Duty::AnswerAlarms, Duty::LiftBlocks, Duty::InspectGoods], here)
            }
            probe => match probe.parse::<ProbeId>() {
                Ok(probe) => (Actor::Device(probe), &[Duty::RecordReadings], here),
                Err(_) => return Box::pin(async { Ok(Caller::nobody(Lang::En)) }),
            },
        };
        let duties = duties.iter().copied().collect::<BTreeSet<_>>();
        let caller = Caller { actor, name: who.to_owned(), lang: Lang::En, duties, sites };
        Box::pin(async { Ok(caller) })
    }
}

struct Nobody;

impl Workman for Nobody {
    fn perform_now<'a>(&'a self, _job: JobId) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async {})
    }
}

fn person(who: &str) -> Actor {
    let number = who.bytes().fold(1_u128, |sum, byte| sum * 31 + u128::from(byte));
    Actor::Staff(UserId::from_uuid(Uuid::from_u128(number)))
}

fn taipei() -> SiteTime {
    SiteTime::new("Asia/Taipei", 240).unwrap()
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn product(code: &str, class: TemperatureClass, shelf_life_days: i64) -> NewSku {
    serde_json::from_value(json!({
        "code": code,
        "names": { "en": code, "zh-Hant": code, "zh-Hans": code },
        "category": "food",
        "measure": Measure::Counted.code(),
        "nominal_grams": 300,
        "tolerance_bp": 0,
        "temperature_class": class.code(),
        "shelf_life_days": shelf_life_days,
        "life_at_door_days": 1,
        "tax": TaxClasses { tw: TaxClass::Exempt, cn: TaxClass::Vat9 },
        "case_amount": 10,
    }))
    .unwrap()
}

/// Every engine that can be had here, each with a shop of its own.
pub(crate) async fn shops() -> Vec<Shop> {
    let mut shops = Vec::new();
    for db in store::testing::both(MIGRATIONS).await {
        shops.push(Shop::open(db).await);
    }
    shops
}

impl Shop {
    /// Opens at 08:00 on Saturday, 28 March 2026, Taipei: midnight in UTC.
    async fn open(db: TestDb) -> Self {
        let ids = IdSource::seeded(7);
        let clock = Clock::stepped(taipei().at(date("2026-03-28"), 480));
        let stamp = Stamp::new(clock.now(), person("manager"), Lang::En, &ids);
        let (site, [cold_room, freezer], [strawberries, dumplings]) = db
            .write(async move |tx: &mut Tx| {
                let stamp = stamp.again();
                furnish(tx, &stamp).await
            })
            .await
            .unwrap();
        let app = App { db: (*db).clone(), clock, ids, gate: Arc::new(Doorman { site }), workman: Arc::new(Nobody) };
        let (router, _document) = warehouse::router().merge(flows::router()).split_for_parts();
        let router = router
            .with_state(app.clone())
            .layer(middleware::from_fn(edge::fingerprint))
            .layer(middleware::from_fn(edge::speak));
        Self { app, site, cold_room, freezer, strawberries, dumplings, router, key: AtomicU64::new(1), _db: db }
    }

    pub(crate) fn now(&self) -> Instant {
        self.app.clock.now()
    }

    pub(crate) async fn get(&self, who: &str, path: &str) -> Answer {
        self.ask(who, "GET", path, "application/json", None).await
    }

    pub(crate) async fn post(&self, who: &str, path: &str, body: Value) -> Answer {
        self.ask(who, "POST", path, "application/json", Some(body.to_string())).await
    }

    pub(crate) async fn put(&self, who: &str, path: &str, body: Value) -> Answer {
        self.ask(who, "PUT", path, "application/json", Some(body.to_string())).await
    }

    pub(crate) async fn post_file(&self, who: &str, path: &str, text: &str) -> Answer {
        self.ask(who, "POST", path, "text/csv", Some(text.to_owned())).await
    }

    async fn ask(&self, who: &str, method: &str, path: &str, media: &str, body: Option<String>) -> Answer {
        let key = self.key.fetch_add(1, Ordering::SeqCst);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(WHO, who)
            .header("idempotency-key", format!("key-{key:08}"))
            .header("content-type", media)
            .header("accept-language", "en")
            .body(body.map_or_else(Body::empty, Body::from))
            .unwrap();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let bytes = to_bytes(answer.into_body(), 4_000_000).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// Asks and expects to be answered.
    pub(crate) async fn done(&self, who: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.post(who, path, body).await;
        assert!(status.is_success(), "{path}: {status} {answer}");
        answer
    }

    pub(crate) async fn read(&self, who: &str, path: &str) -> Value {
        let (status, answer) = self.get(who, path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {answer}");
        answer
    }

    /// Lets minutes pass, each asked first what it has brought, as the shop's own clock does it.
    pub(crate) async fn wait(&self, minutes: i64) {
        for _ in 0..minutes {
            self.app.clock.advance_to(self.now().plus_minutes(1));
            let stamp = Stamp::system(self.now(), &self.app.ids);
            self.app
                .db
                .write(async move |tx: &mut Tx| {
                    if flows::due(tx, stamp.at, 0).await?.contains(&Due::Sweep) {
                        flows::sweep(tx, &stamp.again()).await?;
                    }
                    flows::look_around(tx, &stamp.again()).await
                })
                .await
                .unwrap();
        }
    }

    pub(crate) async fn probe(&self, code: &str, zone: ZoneId) -> String {
        let probe = self.done("lead", "/probes", json!({ "site": self.site, "code": code, "zone": zone })).await;
        probe["id"].as_str().unwrap().to_owned()
    }

    /// Sends readings of minutes before now, as `(minutes ago, tenths)`.
    pub(crate) async fn send(&self, probe: &str, readings: &[(i64, i32)]) -> Value {
        let readings: Vec<Value> = readings
            .iter()
            .map(|(ago, value)| json!({ "at": self.now().plus_minutes(-ago), "decicelsius": value }))
            .collect();
        self.done(probe, &format!("/probes/{probe}/readings"), json!({ "readings": readings })).await
    }

    /// Lets time pass in steps of five minutes, the probe saying the same in each.
    pub(crate) async fn keep_at(&self, probe: &str, minutes: i64, value: i32) {
        for _ in 0..minutes / 5 {
            self.wait(5).await;
            self.send(probe, &[(0, value)]).await;
        }
    }

    pub(crate) async fn excursions(&self) -> Vec<Value> {
        let page = self.read("lead", &format!("/excursions?site={}", self.site)).await;
        page["items"].as_array().unwrap().clone()
    }

    pub(crate) async fn quarantines(&self) -> Vec<Value> {
        let page = self.read("inspector", &format!("/quarantines?site={}", self.site)).await;
        page["items"].as_array().unwrap().clone()
    }

    pub(crate) async fn place(&self, code: &str) -> PlaceId {
        let (site, code) = (self.site, code.to_owned());
        let found =
            self.app.db.read(async move |tx: &mut Tx| ledger::place_of(tx, site, PlaceKind::Bin, &code).await).await;
        found.unwrap().unwrap().id
    }

    /// A sound lot on a shelf.
    pub(crate) async fn stock(&self, sku: &Sku, bin: &str, pieces: i64, use_by: &str) -> LotId {
        let opening = Opening {
            place: self.place(bin).await,
            sku: sku.id,
            quantity: Quantity::pieces(pieces),
            use_by: Some(date(use_by)),
            produced_on: None,
            harvested_on: None,
            origin: None,
            supplier_lot: None,
            unit_cost: Price::per_piece(Money(20)),
        };
        let stamp = Stamp::new(self.now(), person("manager"), Lang::En, &self.app.ids);
        self.app
            .db
            .write(async move |tx: &mut Tx| stock::open(tx, &stamp.again(), &Sites::All, &opening).await)
            .await
            .unwrap()
            .lot
    }

    pub(crate) async fn lot(&self, lot: LotId) -> Lot {
        self.app.db.read(async move |tx: &mut Tx| ledger::lot(tx, lot).await).await.unwrap()
    }

    /// How many events of a kind were told.
    pub(crate) async fn told(&self, kind: &'static str) -> usize {
        let all = (Instant::MIN, Instant::MAX);
        let told =
            self.app.db.read(async move |tx: &mut Tx| events::told_between(tx, &[kind], all, None, 1_000).await).await;
        told.unwrap().len()
    }
}

async fn furnish(tx: &mut Tx, stamp: &Stamp) -> Result<(SiteId, [ZoneId; 2], [Sku; 2]), StockRefusal> {
    let new = NewSite {
        code: "TPE1".to_owned(),
        name: "Neihu".to_owned(),
        currency: Currency::Twd,
        time_zone: "Asia/Taipei".to_owned(),
        day_turns_at_minute: 240,
        profile: Profile::Tw,
        position: Position { latitude_microdegrees: 25_078_000, longitude_microdegrees: 121_575_000 },
        delivery_radius_metres: 12_000,
    };
    let (draft, time) = new.parse().unwrap();
    let site = catalog::open_site(tx, stamp, draft, time).await?.id;
    let mut zones = Vec::new();
    for (code, class, low, high) in
        [("C", TemperatureClass::Chilled, 0, 60), ("F", TemperatureClass::Frozen, -300, -180)]
    {
        let zone = NewZone { code: code.to_owned(), class, low: DeciCelsius(low), high: DeciCelsius(high) };
        let zone = catalog::open_zone(tx, stamp, site, zone.parse().unwrap()).await?.id;
        for bin in 1..=3 {
            let code = format!("{code}-{bin:02}");
            let place = NewPlace { site, kind: PlaceKind::Bin, code, zone: Some(zone), holder: None, path: bin };
            ledger::open_place(tx, stamp, place).await?;
        }
        zones.push(zone);
    }
    let strawberries = product("STRAWBERRY", TemperatureClass::Chilled, 30);
    let dumplings = product("DUMPLING", TemperatureClass::Frozen, 270);
    let strawberries = catalog::list_sku(tx, stamp, strawberries.parse().unwrap()).await?;
    let dumplings = catalog::list_sku(tx, stamp, dumplings.parse().unwrap()).await?;
    Ok((site, zones.try_into().unwrap(), [strawberries, dumplings]))
}
