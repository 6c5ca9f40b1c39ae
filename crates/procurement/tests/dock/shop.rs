//! A shop in Taipei with a cold room, a freezer and a shelf, and the people who work at its dock. Everything that a
//! person does goes through HTTP.

use std::{
    collections::{BTreeMap, BTreeSet},
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
    http::{Request, StatusCode, header::CONTENT_TYPE, request::Parts},
    middleware::from_fn,
};
use catalog::{
    Hygiene, Listing, Names, NewSite, NewSku, NewZone, Odour, Position, Profile, Site, Sku, TaxClass, TaxClasses,
};
use edge::{App, Caller, Gate, Problem, Sites, Workman};
use identity::{
    NewUser, Person, SiteScope,
    roles::{self, Role},
};
use kernel::{
    Actor, Clock, Currency, Date, DeciCelsius, Id, IdSource, Instant, JobId, Lang, LotId, Measure, Money, Quantity,
    SiteId, Stamp, SupplierId, TemperatureClass, UserId, ZoneId,
};
use ledger::{NewPlace, PlaceKind, StockFilter};
use procurement::approvals::{self, ApprovalsRefusal, Level, NewApprovalRule};
use serde_json::{Value, json};
use store::{Migration, StoreError, Tx, testing::TestDb};
use tower::ServiceExt;
use uuid::Uuid;

const MIGRATIONS: &[Migration] = &[
    store::MIGRATION,
    events::MIGRATION,
    identity::MIGRATION,
    catalog::MIGRATION,
    customers::MIGRATION,
    ledger::MIGRATION,
    accounts::MIGRATION,
    procurement::MIGRATION,
    procurement::REQUISITIONS_MIGRATION,
    procurement::MARKET_MIGRATION,
    procurement::SCORECARDS_MIGRATION,
    procurement::APPROVAL_DUE_MIGRATION,
    events::SEAL_QUEUE_MIGRATION,
];

/// 2026-03-28 06:00 in Taipei.
const MORNING: Instant = Instant::from_millis(1_774_648_800_000);
pub(crate) const TODAY: &str = "2026-03-28";

/// Who may do what is read from the roles themselves, so that a story told here holds in the shop.
const STAFF: [(&str, Role); 15] = [
    ("buyer", Role::Buyer),
    ("second_buyer", Role::Buyer),
    ("buyer_lead", Role::BuyerLead),
    ("head", Role::DepartmentHead),
    ("gm", Role::GeneralManager),
    ("deputy", Role::OperationsManager),
    ("auditor", Role::FoodSafetyAuditor),
    ("receiver", Role::Receiver),
    ("colleague", Role::Receiver),
    ("inspector", Role::QualityInspector),
    ("second_inspector", Role::QualityInspector),
    ("lead", Role::WarehouseLead),
    ("clerk", Role::Accountant),
    ("finance", Role::FinanceController),
    ("cashier", Role::Cashier),
];

/// Knows the staff by name, as they stand in the register of users.
#[derive(Debug)]
struct Door(BTreeMap<String, UserId>);

impl Gate for Door {
    fn admit<'a>(
        &'a self,
        _app: &'a App,
        parts: &'a Parts,
    ) -> Pin<Box<dyn Future<Output = Result<Caller, Problem>> + Send + 'a>> {
        Box::pin(async move {
            let who = parts.headers.get("x-who").and_then(|who| who.to_str().ok()).unwrap_or_default();
            Ok(caller(who, &self.0))
        })
    }
}

fn caller(who: &str, users: &BTreeMap<String, UserId>) -> Caller {
    let known = |actor, roles: &[Role]| Caller {
        actor,
        name: who.to_owned(),
        lang: Lang::En,
        duties: roles::duties(roles.iter().copied()),
        sites: Sites::All,
    };
    if let Some(id) = who.strip_prefix("supplier:") {
        return known(Actor::Supplier(id.parse().unwrap()), &[Role::Supplier]);
    }
    // Somebody who has collected every role: only what is done to one object keeps them in their place.
    if who == "everybody" {
        return known(staff("everybody"), Role::ALL);
    }
    // Works at another site.
    if who == "stranger" {
        let elsewhere = Sites::Only(vec![SiteId::from_uuid(Uuid::from_u128(9))]);
        return Caller { sites: elsewhere, ..known(staff("stranger"), Role::ALL) };
    }
    match STAFF.iter().find(|(name, _)| *name == who) {
        Some((_, role)) => known(users.get(who).map_or(staff(who), |user| Actor::Staff(*user)), &[*role]),
        None => Caller::nobody(Lang::En),
    }
}

fn staff(name: &str) -> Actor {
    let letters = name.bytes().fold(0_u128, |sum, letter| sum * 31 + u128::from(letter));
    Actor::Staff(UserId::from_uuid(Uuid::from_u128(letters)))
}

struct NoJobs;

impl Workman for NoJobs {
    fn perform_now<'a>(&'a self, _job: JobId) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async {})
    }
}

/// One SKU that is bought.
#[derive(Clone, Debug)]
pub(crate) struct Goods {
    pub(crate) sku: Sku,
}

pub(crate) struct Shop {
    pub(crate) db: TestDb,
    router: Router,
    clock: Clock,
    keys: AtomicU64,
    pub(crate) site: Site,
    pub(crate) users: BTreeMap<String, UserId>,
    pub(crate) spinach: Goods,
    pub(crate) berries: Goods,
    pub(crate) eggs: Goods,
    pub(crate) cod: Goods,
    pub(crate) farm: SupplierId,
}

/// The shop on SQLite, and on PostgreSQL where there is one.
pub(crate) async fn shops() -> Vec<Shop> {
    let mut shops = Vec::new();
    for db in store::testing::both(MIGRATIONS).await {
        shops.push(open(db).await);
    }
    shops
}

async fn open(db: TestDb) -> Shop {
    let clock = Clock::stepped(MORNING);
    let stamp = Stamp::system(MORNING, &IdSource::seeded(1));
    let (site, skus, users) =
        db.write(async move |tx: &mut Tx| Ok::<_, StoreError>(furnish(tx, &stamp.again()).await)).await.unwrap();
    let app = App {
        db: db.clone(),
        clock: clock.clone(),
        ids: IdSource::seeded(7),
        gate: Arc::new(Door(users.clone())),
        workman: Arc::new(NoJobs),
    };
    let (router, _) = procurement::router().merge(accounts::router()).split_for_parts();
    let router = router.with_state(app).layer(from_fn(edge::fingerprint)).layer(from_fn(edge::speak));
    let [spinach, berries, eggs, cod] = skus.map(|sku| Goods { sku });
    let farm = SupplierId::from_uuid(Uuid::nil());
    let keys = AtomicU64::new(1);
    let mut shop = Shop { db, router, clock, keys, site, users, spinach, berries, eggs, cod, farm };
    shop.farm = shop.admit("FARM", &["leafy", "berries", "eggs", "fish"]).await;
    shop
}

async fn furnish(tx: &mut Tx, stamp: &Stamp) -> (Site, [Sku; 4], BTreeMap<String, UserId>) {
    let (draft, time) = NewSite {
        code: "TPE1".to_owned(),
        name: "臺北一倉".to_owned(),
        currency: Currency::Twd,
        time_zone: "Asia/Taipei".to_owned(),
        day_turns_at_minute: 240,
        profile: Profile::Tw,
        position: Position { latitude_microdegrees: 25_040_000, longitude_microdegrees: 121_510_000 },
        delivery_radius_metres: 20_000,
    }
    .parse()
    .unwrap();
    let site = catalog::open_site(tx, stamp, draft, time).await.unwrap();
    open_place(tx, stamp, site.id, PlaceKind::Dock, "DOCK", None).await;
    for (code, class, low, high, bins) in [
        ("COLD", TemperatureClass::Chilled, 0, 50, ["C-01", "C-02"]),
        ("ICE", TemperatureClass::Frozen, -250, -180, ["F-01", "F-02"]),
        ("DRY", TemperatureClass::Ambient, 100, 280, ["D-01", "D-02"]),
    ] {
        let new = NewZone { code: code.to_owned(), class, low: DeciCelsius(low), high: DeciCelsius(high) };
        let zone = catalog::open_zone(tx, stamp, site.id, new.parse().unwrap()).await.unwrap();
        for bin in bins {
            open_place(tx, stamp, site.id, PlaceKind::Bin, bin, Some(zone.id)).await;
        }
    }
    // Where no rule says who must sign, nothing may be bought. The dock's stories buy without asking anybody.
    let rule = NewApprovalRule {
        currency: Currency::Twd,
        level: Level::GeneralManager,
        above: Money(100_000_000),
        within_minutes: 240,
        valid_from: Date::constant(2026, 1, 1),
    };
    approvals::set_rule(tx, stamp, rule).await.unwrap();
    let berries = sku("BERRY", "berries", Measure::Weighed, Hygiene::Produce, 5);
    let eggs = NewSku { case_amount: 10, ..sku("EGGS", "eggs", Measure::Counted, Hygiene::Packaged, 20) };
    let cod = NewSku { nominal_grams: Some(1_800), ..sku("COD", "fish", Measure::CatchWeight, Hygiene::Raw, 6) };
    let mut skus = Vec::new();
    for new in [spinach(), berries, eggs, cod] {
        skus.push(catalog::list_sku(tx, stamp, new.parse().unwrap()).await.unwrap());
    }
    let mut users = BTreeMap::new();
    for (name, role) in STAFF {
        let new = NewUser {
            login: name.to_owned(),
            name: name.to_owned(),
            lang: Lang::En,
            person: Person::Staff,
            roles: BTreeSet::from([role]),
            sites: SiteScope::All,
            password: None,
        };
        users.insert(name.to_owned(), identity::create_user(tx, stamp, new).await.unwrap());
    }
    (site, skus.try_into().unwrap(), users)
}

async fn open_place(tx: &mut Tx, stamp: &Stamp, site: SiteId, kind: PlaceKind, code: &str, zone: Option<ZoneId>) {
    let new = NewPlace { site, kind, code: code.to_owned(), zone, holder: None, path: 1 };
    ledger::open_place(tx, stamp, new).await.unwrap();
}

fn spinach() -> NewSku {
    sku("SPINACH", "leafy", Measure::Weighed, Hygiene::Produce, 6)
}

fn sku(code: &str, category: &str, measure: Measure, hygiene: Hygiene, life: i64) -> NewSku {
    NewSku {
        code: code.to_owned(),
        names: Names::alike(code),
        category: category.to_owned(),
        measure,
        nominal_grams: None,
        tolerance_bp: 500,
        estimate_buffer_bp: 0,
        temperature_class: TemperatureClass::Chilled,
        shelf_life_days: Some(life),
        life_at_door_days: 1,
        tax: TaxClasses { tw: TaxClass::Exempt, cn: TaxClass::Vat9 },
        gtin: None,
        allergens: Vec::new(),
        odour: Odour::Neutral,
        hygiene,
        case_amount: 10_000,
        listing: Listing::Active,
    }
}

/// What the shop answered.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

impl Answer {
    /// The slug of a refusal.
    pub(crate) fn slug(&self) -> &str {
        assert!(!self.status.is_success(), "{}", self.body);
        self.body["code"].as_str().unwrap_or_default()
    }

    pub(crate) fn done(self) -> Value {
        assert!(self.status.is_success(), "{} {}", self.status, self.body);
        self.body
    }
}

impl Shop {
    /// Takes the spinach out of trade.
    pub(crate) async fn retire_spinach(&self) {
        let stamp = Stamp::system(MORNING, &IdSource::seeded(2));
        let retired = self.db.write(async move |tx: &mut Tx| {
            let gone = NewSku { listing: Listing::Retired, ..spinach() };
            catalog::upsert_sku(tx, &stamp.again(), gone.parse().unwrap()).await
        });
        assert_eq!(retired.await.unwrap().sku.listing, Listing::Retired);
    }

    pub(crate) async fn get(&self, who: &str, path: &str) -> Answer {
        self.send(Request::get(path).header("x-who", who), Body::empty()).await
    }

    pub(crate) async fn post(&self, who: &str, path: &str, body: Value) -> Answer {
        let key = format!("key-{:08}", self.keys.fetch_add(1, Ordering::Relaxed));
        let first = self.post_with(&key, who, path, body.clone()).await;
        // Every command that was done is sent once more, as a handheld does that has lost the answer.
        if first.status.is_success() {
            let replay = self.post_with(&key, who, path, body).await;
            assert_eq!((replay.status, &replay.body), (first.status, &first.body), "the replay of {path}");
        }
        first
    }

    pub(crate) async fn post_with(&self, key: &str, who: &str, path: &str, body: Value) -> Answer {
        let request = Request::post(path).header("x-who", who).header("idempotency-key", key);
        self.send(request.header(CONTENT_TYPE, "application/json"), Body::from(body.to_string())).await
    }

    pub(crate) async fn put(&self, who: &str, path: &str, body: Value) -> Answer {
        let request = Request::put(path).header("x-who", who).header(CONTENT_TYPE, "application/json");
        self.send(request, Body::from(body.to_string())).await
    }

    async fn send(&self, request: axum::http::request::Builder, body: Body) -> Answer {
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let status = response.status();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        Answer { status, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
    }

    pub(crate) fn wait_minutes(&self, minutes: i64) {
        assert!(self.clock.advance_to(self.clock.now().plus_minutes(minutes)));
    }

    /// What the shop does every minute.
    pub(crate) async fn look_for_late_signatures(&self) {
        let stamp = Stamp::system(self.clock.now(), &IdSource::Random);
        let looked = self.db.write(async move |tx: &mut Tx| {
            if tx.any(&[approvals::any_signature_late(stamp.at)]).await? == [true] {
                approvals::escalate_late(tx, &stamp.again()).await?;
            }
            Ok::<_, ApprovalsRefusal>(())
        });
        looked.await.unwrap();
    }

    /// The supplier's login.
    pub(crate) fn farmer(&self) -> String {
        format!("supplier:{}", self.farm)
    }

    /// The price list of the farm: so much for a kilo.
    pub(crate) async fn list_price(&self, goods: &Goods, money: i64) {
        let price = json!({ "money": money, "base": { "weight": "kilogram" } });
        let new = json!({ "sku": goods.sku.id, "price": price, "valid_from": "2026-01-01" });
        self.post("buyer", &format!("/suppliers/{}/prices", self.farm), new).await.done();
    }

    /// A supplier that the buyer has entered, with its papers, and the head of department admitted.
    pub(crate) async fn admit(&self, code: &str, categories: &[&str]) -> SupplierId {
        let new = json!({
            "code": code, "name": "雲林蔬菜合作社", "currency": "TWD", "lead_time_days": 0, "minimum_order": 100,
            "contact": { "person": "林小姐", "phone": "05-5861234", "address": "雲林縣西螺鎮中山路1號" },
        });
        let supplier = self.post("buyer", "/suppliers", new).await.done();
        let id = supplier["id"].as_str().unwrap();
        for kind in ["licence", "food_business"] {
            let paper =
                json!({ "kind": kind, "number": "A-1", "valid_from": "2025-01-01", "valid_until": "2026-12-31" });
            self.post("buyer", &format!("/suppliers/{id}/qualifications"), paper).await.done();
        }
        let standing = json!({ "standing": "approved", "categories": categories, "reason": "audit passed" });
        self.post("head", &format!("/suppliers/{id}/standing"), standing).await.done();
        id.parse().unwrap()
    }

    /// A purchase order that its supplier has signed.
    pub(crate) async fn order(&self, lines: Value) -> Value {
        let new = json!({ "site": self.site.id, "supplier": self.farm, "delivery_on": TODAY, "lines": lines });
        let order = self.post("buyer", "/purchase-orders", new).await.done();
        self.sign(&order).await
    }

    pub(crate) async fn sign(&self, order: &Value) -> Value {
        let path = format!("/supplier/purchase-orders/{}", text(order, "id"));
        let contract = self.get(&self.farmer(), &format!("{path}/contract")).await.done();
        let yes = json!({ "reply": { "answer": "accept" }, "signed_by": "林小姐", "sha256": contract["sha256"] });
        self.post(&self.farmer(), &format!("{path}/answer"), yes).await.done()
    }

    /// So many kilos of spinach at 60 a kilo.
    pub(crate) async fn order_of(&self, goods: &Goods, kilos: i64) -> Value {
        let price = json!({ "money": 60, "base": { "weight": "kilogram" } });
        self.order(json!([{ "sku": goods.sku.id, "quantity": { "grams": kilos * 1_000 }, "price": price }])).await
    }

    pub(crate) async fn arrive(&self, order: &Value) -> String {
        let truck = json!({ "purchase_order": order["id"], "vehicle": "ABC-1234", "vehicle_temperature": 35 });
        text(&self.post("receiver", "/arrivals", truck).await.done(), "id")
    }

    /// A line of loose goods as it comes off the truck, in crates of ten kilos and what is left over.
    pub(crate) fn load(order: &Value, grams: i64, core: i64) -> Value {
        let crates: Vec<Value> = std::iter::repeat_n(10_000, usize::try_from(grams / 10_000).unwrap())
            .chain((grams % 10_000 > 0).then_some(grams % 10_000))
            .map(|net| json!({ "gross_grams": net + 2_000, "tare": { "grams": 2_000 } }))
            .collect();
        json!({
            "purchase_order_line": order["lines"][0]["id"], "crates": crates, "core": core,
            "label": { "supplier_lot": "A7", "harvested_on": TODAY, "origin": "雲林西螺" },
            "trace": { "reference": { "kind": "delivery_note", "number": "DN-1" } },
        })
    }

    /// Weighs in the first line of an order, off a new truck.
    pub(crate) async fn receive(&self, order: &Value, grams: i64, core: i64) -> Value {
        let arrival = self.arrive(order).await;
        let load = Self::load(order, grams, core);
        self.post("receiver", &format!("/arrivals/{arrival}/lines"), load).await.done()
    }

    /// The verdict of an inspector who answers the whole form, draws what it asks for, and finds so many faulty.
    pub(crate) async fn verdict(&self, line: &str, faulty: [i64; 3], parts: Value) -> Value {
        let form = self.get("inspector", &format!("/arrival-lines/{line}/form")).await.done();
        let drawn = |at: usize| {
            let sample = &form["samples"][at];
            json!({ "class": sample["class"], "drawn": sample["plan"]["sample"], "faulty": faulty[at] })
        };
        let criteria = form["criteria"].as_array().unwrap().iter();
        let findings = criteria.map(|asked| json!({ "criterion": asked["criterion"], "outcome": "conforms" }));
        json!({
            "drawn": [drawn(0), drawn(1), drawn(2)],
            "findings": findings.collect::<Vec<_>>(),
            "parts": parts,
        })
    }

    pub(crate) async fn judge(&self, weighed: &Value, faulty: [i64; 3], parts: Value) -> Answer {
        let line = text(&weighed["line"], "id");
        let verdict = self.verdict(&line, faulty, parts).await;
        self.post("inspector", &format!("/arrival-lines/{line}/verdict"), verdict).await
    }

    /// Takes a line whole, as ordered.
    pub(crate) async fn accept(&self, weighed: &Value) -> Value {
        let whole = json!([{ "disposition": "accept", "quantity": weighed["line"]["received"] }]);
        self.judge(weighed, [0, 0, 0], whole).await.done()
    }

    /// Refuses a line whole.
    pub(crate) async fn reject(&self, weighed: &Value, faulty: [i64; 3]) -> Value {
        let whole = json!([{
            "disposition": "reject", "quantity": weighed["line"]["received"], "reason": "not as ordered",
        }]);
        self.judge(weighed, faulty, whole).await.done()
    }

    /// Where a lot lies, by kind of place, in what it is kept by.
    pub(crate) async fn lies(&self, lot: &Value) -> Vec<(PlaceKind, i64)> {
        let (site, lot, now) = (self.site.id, id::<LotId>(lot), self.clock.now());
        let lines = self
            .db
            .read(async move |tx: &mut Tx| {
                Ok::<_, StoreError>(ledger::stock(tx, site, StockFilter::Lot(lot), now, None, 50).await.unwrap())
            })
            .await
            .unwrap();
        let amount = |on_hand: Quantity| on_hand.pieces.or(on_hand.grams).unwrap_or(0);
        lines.into_iter().map(|line| (line.place_kind, amount(line.on_hand))).collect()
    }

    /// What the books owe the farm on an account.
    pub(crate) async fn owed(&self, account: accounts::Account) -> i64 {
        let party = accounts::Party::of(self.farm);
        let balance = self.db.read(async move |tx: &mut Tx| accounts::journal::party_balance(tx, party, account).await);
        -balance.await.unwrap().minor()
    }

    /// What a lot stands in the books at.
    pub(crate) async fn value(&self, lot: &Value) -> i64 {
        let lot = id::<LotId>(lot);
        let value = self.db.read(async move |tx: &mut Tx| accounts::journal::value_of_lot(tx, lot).await);
        value.await.unwrap().minor()
    }

    /// The lot as the ledger has it.
    pub(crate) async fn lot(&self, lot: &Value) -> ledger::Lot {
        let lot = id::<LotId>(lot);
        let found = self.db.read(async move |tx: &mut Tx| Ok::<_, StoreError>(ledger::lot(tx, lot).await.unwrap()));
        found.await.unwrap()
    }

    /// The kinds of events that an object was told of, in order.
    pub(crate) async fn told(&self, noun: &'static str, object: &Value) -> Vec<String> {
        self.events(noun, object).await.into_iter().map(|event| event.kind).collect()
    }

    /// The events that an object was told of, in order.
    pub(crate) async fn events(&self, noun: &'static str, object: &Value) -> Vec<events::SealedEvent> {
        let object: Uuid = object.as_str().unwrap().parse().unwrap();
        events::seal(&self.db, self.clock.now(), "test").await.unwrap();
        let found = self.db.read(async move |tx: &mut Tx| {
            events::of_object(tx, noun, object, &edge::Paging { after: None, limit: Some(200) }).await
        });
        found.await.unwrap()
    }
}

pub(crate) fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_else(|| panic!("no {field} in {value}")).to_owned()
}

pub(crate) fn id<I: Id>(value: &Value) -> I {
    I::from_uuid(value.as_str().unwrap().parse().unwrap())
}
