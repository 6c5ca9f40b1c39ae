//! A small warehouse for the tests: three zones with their bins, a lane, some totes, a few products; and people who
//! are what their name says.

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
use kernel::{
    Actor, Clock, Currency, CustomerOrderId, Date, DeciCelsius, Id, IdSource, Instant, JobId, Lang, LotId, Measure,
    Money, OrderLineId, PlaceId, Price, Quantity, ReleaseNoteId, SiteId, SiteTime, SkuId, Stamp, TemperatureClass,
    Unit, UserId, WaveId, Window,
};
use ledger::{LedgerRefusal, NewPlace, PlaceKind, Want};
use serde_json::{Value, json};
use store::{Db, Migration, Tx};
use tower::ServiceExt;
use uuid::Uuid;
use warehouse::{
    fulfilment::{self, FulfilmentRefusal, NewLabelSettings, NewPackaging, TaskLine},
    stock::{self, OpenedStock, Opening},
};

pub(crate) const MIGRATIONS: &[Migration] = &[
    store::MIGRATION,
    events::MIGRATION,
    identity::MIGRATION,
    catalog::MIGRATION,
    customers::MIGRATION,
    ledger::MIGRATION,
    accounts::MIGRATION,
    warehouse::MIGRATION,
    warehouse::COLDCHAIN_MIGRATION,
    warehouse::THERMAL_MIGRATION,
    warehouse::COUNTING,
    warehouse::RECALL,
    warehouse::RETURNS,
    events::SEAL_QUEUE_MIGRATION,
];

pub(crate) struct Shop {
    pub(crate) app: App,
    pub(crate) site: SiteId,
    pub(crate) spinach: Sku,
    pub(crate) cod: Sku,
    pub(crate) eggs: Sku,
    pub(crate) dumplings: Sku,
    router: Router,
    key: AtomicU64,
}

/// An order on the floor.
#[derive(Clone, Debug)]
pub(crate) struct Released {
    pub(crate) wave: WaveId,
    pub(crate) note: ReleaseNoteId,
    pub(crate) order: CustomerOrderId,
    pub(crate) lines: Vec<OrderLineId>,
}

/// Answer and status, as a handheld gets them.
pub(crate) type Answer = (StatusCode, Value);

/// People are known by a header here; identity knows them by more.
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
        let (duties, sites): (&[Duty], Sites) = match who {
            "picker" | "other picker" => (&[Duty::PickGoods, Duty::ReadStock], Sites::Only(vec![self.site])),
            "stranger" => (&[Duty::PickGoods, Duty::ReadStock, Duty::PackGoods], Sites::Only(Vec::new())),
            "packer" => (&[Duty::PackGoods, Duty::StageParcels, Duty::ReadStock], Sites::All),
            "lead" => (
                &[
                    Duty::ReadStock,
                    Duty::BlockLots,
                    Duty::TraceLots,
                    Duty::ManageCatalog,
                    Duty::ApproveAdjustments,
                    Duty::ReadIndicators,
                ],
                Sites::All,
            ),
            "counter" | "other counter" => (&[Duty::CountStock, Duty::ReadStock], Sites::Only(vec![self.site])),
            "inspector" => (&[Duty::ReadStock, Duty::BlockLots, Duty::LiftBlocks, Duty::TraceLots], Sites::All),
            _ => return Box::pin(async { Ok(Caller::nobody(Lang::En)) }),
        };
        let caller = Caller {
            actor: person(who),
            name: who.to_owned(),
            lang: Lang::En,
            duties: duties.iter().copied().collect::<BTreeSet<_>>(),
            sites,
        };
        Box::pin(async { Ok(caller) })
    }
}

struct Nobody;

impl Workman for Nobody {
    fn perform_now<'a>(&'a self, _job: JobId) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async {})
    }
}

pub(crate) fn person(who: &str) -> Actor {
    let number = who.bytes().fold(1_u128, |sum, byte| sum * 31 + u128::from(byte));
    Actor::Staff(UserId::from_uuid(Uuid::from_u128(number)))
}

pub(crate) fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn taipei() -> SiteTime {
    SiteTime::new("Asia/Taipei", 240).unwrap()
}

fn product(code: &str, measure: Measure, class: TemperatureClass, nominal: Option<i64>, tolerance_bp: i64) -> NewSku {
    serde_json::from_value(json!({
        "code": code,
        "names": { "en": code, "zh-Hant": code, "zh-Hans": code },
        "category": "food",
        "measure": measure.code(),
        "nominal_grams": nominal,
        "tolerance_bp": tolerance_bp,
        "temperature_class": class.code(),
        "shelf_life_days": null,
        "life_at_door_days": 1,
        "tax": TaxClasses { tw: TaxClass::Exempt, cn: TaxClass::Vat9 },
        "case_amount": 10,
    }))
    .unwrap()
}

impl Shop {
    /// Opens at 08:00 on Saturday, 28 March 2026, Taipei.
    pub(crate) async fn open(db: &Db) -> Self {
        let ids = IdSource::seeded(7);
        let clock = Clock::stepped(taipei().at(date("2026-03-28"), 480));
        let stamp = Stamp::new(clock.now(), person("lead"), Lang::En, &ids);
        let (site, skus) = db
            .write(async move |tx: &mut Tx| {
                let stamp = stamp.again();
                furnish(tx, &stamp).await
            })
            .await
            .unwrap();
        let app = App { db: db.clone(), clock, ids, gate: Arc::new(Doorman { site }), workman: Arc::new(Nobody) };
        let (router, _document) = warehouse::router().split_for_parts();
        let router = router
            .with_state(app.clone())
            .layer(middleware::from_fn(edge::fingerprint))
            .layer(middleware::from_fn(edge::speak));
        let [spinach, cod, eggs, dumplings] = skus.try_into().unwrap();
        Self { app, site, spinach, cod, eggs, dumplings, router, key: AtomicU64::new(1) }
    }

    pub(crate) fn now(&self) -> Instant {
        self.app.clock.now()
    }

    /// Sixteen to eighteen o'clock today.
    fn window() -> Window {
        let today = date("2026-03-28");
        Window::new(taipei().at(today, 16 * 60), taipei().at(today, 18 * 60)).unwrap()
    }

    pub(crate) fn stamp(&self, who: &str) -> Stamp {
        Stamp::new(self.now(), person(who), Lang::En, &self.app.ids)
    }

    pub(crate) async fn get(&self, who: &str, path: &str) -> Answer {
        self.ask(who, "GET", path, None).await
    }

    pub(crate) async fn post(&self, who: &str, path: &str, body: Value) -> Answer {
        self.ask(who, "POST", path, Some(body)).await
    }

    async fn ask(&self, who: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
        let key = self.key.fetch_add(1, Ordering::SeqCst);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(WHO, who)
            .header("idempotency-key", format!("key-{key:08}"))
            .header("content-type", "application/json")
            .header("accept-language", "en")
            .body(body.map_or_else(Body::empty, |body| Body::from(body.to_string())))
            .unwrap();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let bytes = to_bytes(answer.into_body(), 4_000_000).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    pub(crate) async fn place(&self, kind: PlaceKind, code: &str) -> PlaceId {
        let (site, code) = (self.site, code.to_owned());
        let found = self.app.db.read(async move |tx: &mut Tx| ledger::place_of(tx, site, kind, &code).await).await;
        found.unwrap().unwrap().id
    }

    /// A sound lot on the shelf.
    pub(crate) async fn stock(&self, sku: &Sku, bin: &str, quantity: Quantity, use_by: &str) -> OpenedStock {
        let base = match sku.measure {
            Measure::Counted => Price::per_piece(Money(20)),
            Measure::Weighed | Measure::CatchWeight => Price::per(Unit::Kilogram, Money(80)),
        };
        let opening = Opening {
            place: self.place(PlaceKind::Bin, bin).await,
            sku: sku.id,
            quantity,
            use_by: Some(date(use_by)),
            produced_on: None,
            harvested_on: None,
            origin: Some("Yunlin".to_owned()),
            supplier_lot: None,
            unit_cost: base,
        };
        let stamp = self.stamp("lead");
        self.app
            .db
            .write(async move |tx: &mut Tx| stock::open(tx, &stamp.again(), &Sites::All, &opening).await)
            .await
            .unwrap()
    }

    /// An order that wants these goods: promised, bound first what expires first, and put on the floor.
    pub(crate) async fn release(&self, wants: &[(SkuId, Quantity)]) -> Released {
        let (site, window, stamp) = (self.site, Self::window(), self.stamp("lead"));
        let wave =
            self.app.db.write(async move |tx: &mut Tx| fulfilment::open_wave(tx, &stamp.again(), site, window).await);
        let wave = wave.await.unwrap();
        self.released(wave, wants).await
    }

    /// Another order in the same wave.
    pub(crate) async fn add_to(&self, other: &Released, wants: &[(SkuId, Quantity)]) -> Released {
        self.released(other.wave, wants).await
    }

    async fn released(&self, wave: WaveId, wants: &[(SkuId, Quantity)]) -> Released {
        let stamp = self.stamp("lead");
        let (site, deliver_by, wants) = (self.site, Self::window().end(), wants.to_vec());
        self.app
            .db
            .write(async move |tx: &mut Tx| {
                let stamp = stamp.again();
                let (note, order): (ReleaseNoteId, CustomerOrderId) = (stamp.mint(), stamp.mint());
                let mut lines = Vec::new();
                for (sku, quantity) in &wants {
                    let order_line: OrderLineId = stamp.mint();
                    let (sku, quantity) = (*sku, *quantity);
                    let want = Want { order_line, site, sku, quantity, deliver_by, expires_at: None };
                    let promised = ledger::promise(tx, &stamp, &[want]).await?;
                    let bound = ledger::bind(tx, &stamp, promised[0].id).await?.bounds;
                    lines.push(TaskLine { order_line, sku, wanted: quantity, bound });
                }
                fulfilment::add_tasks(tx, &stamp, wave, note, order, &lines).await?;
                let lines = lines.iter().map(|line| line.order_line).collect();
                Ok::<_, FulfilmentRefusal>(Released { wave, note, order, lines })
            })
            .await
            .unwrap()
    }

    /// Releases an order and gives all of it to the picker.
    pub(crate) async fn claimed(&self, wants: &[(SkuId, Quantity)]) -> Released {
        let released = self.release(wants).await;
        let path = format!("/waves/{}/claim", released.wave);
        let (status, body) = self.post("picker", &path, json!({ "orders_max": 4 })).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        released
    }

    /// The tasks of a note, in walking order.
    pub(crate) async fn tasks(&self, released: &Released) -> Vec<Value> {
        let (status, body) = self.get("packer", &format!("/release-notes/{}/tasks", released.note)).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body["tasks"].as_array().unwrap().clone()
    }

    /// Picks a task as it should be picked.
    pub(crate) async fn pick(&self, task: &Value, tote: &str, weighings: Value) -> Answer {
        let body = json!({ "scan": task["lot_code"], "bin": task["bin_code"], "tote": tote, "weighings": weighings });
        self.pick_with(task, body).await
    }

    pub(crate) async fn pick_with(&self, task: &Value, body: Value) -> Answer {
        let path = format!("/pick-tasks/{}/pick", task["id"].as_str().unwrap());
        self.post("picker", &path, body).await
    }

    pub(crate) async fn pack(&self, released: &Released, body: Value) -> Answer {
        self.post("packer", &format!("/release-notes/{}/parcels", released.note), body).await
    }

    /// What lies of a lot in a place.
    pub(crate) async fn held(&self, lot: LotId, place: PlaceId) -> Quantity {
        let (site, now, filter) = (self.site, self.now(), ledger::StockFilter::Lot(lot));
        let lines =
            self.app.db.read(async move |tx: &mut Tx| ledger::stock(tx, site, filter, now, None, 200).await).await;
        lines.unwrap().into_iter().find(|line| line.place == place).map_or(Quantity::NONE, |line| line.on_hand)
    }

    /// The nightly audit, now.
    pub(crate) async fn audit(&self) -> stock::Audit {
        let (site, stamp) = (self.site, self.stamp("lead"));
        self.app.db.write(async move |tx: &mut Tx| stock::audit(tx, &stamp.again(), site).await).await.unwrap()
    }
}

/// One weighing on a scale that has settled.
pub(crate) fn grams(grams: i64) -> Value {
    json!([{ "grams": grams, "scale": { "device": "SC-1", "stable": true } }])
}

async fn furnish(tx: &mut Tx, stamp: &Stamp) -> Result<(SiteId, Vec<Sku>), FulfilmentRefusal> {
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
    let mut path = 10;
    for (class, low, high) in [
        (TemperatureClass::Ambient, 50, 280),
        (TemperatureClass::Chilled, 0, 70),
        (TemperatureClass::Frozen, -300, -150),
    ] {
        let code = class.code().chars().next().unwrap().to_ascii_uppercase();
        let zone =
            NewZone { code: code.to_string(), class, low: DeciCelsius(low), high: DeciCelsius(high) }.parse().unwrap();
        let zone = catalog::open_zone(tx, stamp, site, zone).await?.id;
        for bin in 1..=3 {
            open(tx, stamp, site, PlaceKind::Bin, format!("{code}-{bin:02}"), Some(zone), path).await?;
            path += 10;
        }
        let packaging = NewPackaging { code: format!("BOX-{code}"), class, tare_grams: 300, tolerance_grams: 10 };
        fulfilment::put_packaging(tx, &packaging.parse().unwrap()).await?;
    }
    open(tx, stamp, site, PlaceKind::Staging, "LANE-1".to_owned(), None, 1).await?;
    open(tx, stamp, site, PlaceKind::Staging, "LANE-2".to_owned(), None, 2).await?;
    open(tx, stamp, site, PlaceKind::Dock, "DOCK-1".to_owned(), None, 0).await?;
    for tote in 1..=9 {
        open(tx, stamp, site, PlaceKind::Tote, format!("T{tote:03}"), None, 0).await?;
    }
    let labels = NewLabelSettings { site, sscc_prefix: "347112345".to_owned() };
    let (site, prefix) = labels.parse().unwrap();
    fulfilment::set_labels(tx, site, &prefix).await?;
    let mut skus = Vec::new();
    for new in [
        product("SPINACH", Measure::Weighed, TemperatureClass::Chilled, None, 300),
        product("COD", Measure::CatchWeight, TemperatureClass::Chilled, Some(800), 1500),
        product("EGGS", Measure::Counted, TemperatureClass::Ambient, Some(600), 0),
        product("DUMPLINGS", Measure::Counted, TemperatureClass::Frozen, Some(500), 0),
    ] {
        skus.push(catalog::list_sku(tx, stamp, new.parse().unwrap()).await?);
    }
    Ok((site, skus))
}

async fn open(
    tx: &mut Tx,
    stamp: &Stamp,
    site: SiteId,
    kind: PlaceKind,
    code: String,
    zone: Option<kernel::ZoneId>,
    path: i64,
) -> Result<(), LedgerRefusal> {
    ledger::open_place(tx, stamp, NewPlace { site, kind, code, zone, holder: None, path }).await.map(drop)
}
