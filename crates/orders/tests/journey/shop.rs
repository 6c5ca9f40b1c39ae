//! A shop in Taipei with fish, eggs and spinach on the shelf, two delivery windows, a till that really asks the
//! simulated provider, and people who knock at the door of the API.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use accounts::{
    Account,
    costing::{self, Booking, Goods},
    payments::{self, Outcome, Simulator, StepKind},
};
use axum::{
    Extension, Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, request::Parts},
    middleware,
};
use catalog::Sku;
use edge::{App, Caller, Gate, Problem, Sites, Workman};
use identity::{Hashing, Identity, IdentitySettings, Role, roles};
use kernel::{
    Actor, Clock, Currency, CustomerId, CustomerOrderId, Id, IdSource, Instant, JobId, Lang, LotId, Money, PlaceId,
    Price, PurchaseOrderId, Quantity, SiteId, SiteTime, SkuId, Stamp, Unit, UserId,
};
use ledger::{LotState, Move, NewLot, Source};
use orders::{outbound, review};
use serde_json::{Value, json};
use store::{
    Migration, StoreError, Tx, Uuid, jobs,
    testing::{self, TestDb},
};
use tower::ServiceExt;

use crate::company::{Company, Person, TAIPEI, found};

pub(crate) const MIGRATIONS: &[Migration] = &[
    store::MIGRATION,
    events::MIGRATION,
    identity::MIGRATION,
    catalog::MIGRATION,
    customers::MIGRATION,
    ledger::MIGRATION,
    accounts::MIGRATION,
    orders::MIGRATION,
    events::SEAL_QUEUE_MIGRATION,
];

pub(crate) struct Shop {
    pub(crate) app: App,
    pub(crate) identity: Identity,
    pub(crate) site: SiteId,
    pub(crate) time: SiteTime,
    pub(crate) fish: Sku,
    pub(crate) eggs: Sku,
    pub(crate) spinach: Sku,
    pub(crate) supplier: PlaceId,
    pub(crate) bin: PlaceId,
    pub(crate) tote: PlaceId,
    pub(crate) ann: Person,
    pub(crate) bob: Person,
    router: Router,
    keys: AtomicU64,
    _db: TestDb,
}

/// Who knocks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Who {
    Nobody,
    Customer(CustomerId),
    Staff(Role),
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn code(&self) -> (u16, &str) {
        (self.status.as_u16(), self.body["code"].as_str().unwrap_or_default())
    }

    pub(crate) fn ok(self) -> Value {
        assert!(self.status.is_success(), "{} {}", self.status, self.body);
        self.body
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
    let who = headers.get("x-who").map(|header| header.to_str().unwrap()).unwrap_or_default();
    match who.split_once(' ') {
        Some(("customer", id)) => Caller {
            actor: Actor::Customer(id.parse().unwrap()),
            duties: roles::duties([Role::Customer]),
            ..Caller::nobody(Lang::En)
        },
        Some(("staff", role)) => Caller {
            actor: Actor::Staff(UserId::from_uuid(Uuid::from_u128(9))),
            duties: roles::duties([Role::from_code(role).unwrap()]),
            sites: Sites::All,
            ..Caller::nobody(Lang::En)
        },
        _ => Caller::nobody(Lang::En),
    }
}

/// Asks the simulator and tells the order what it said, as the server's flow does.
pub(crate) struct Till {
    db: store::Db,
    clock: Clock,
    ids: IdSource,
    provider: Simulator,
}

impl Till {
    async fn work(&self, job: &jobs::Job) {
        let asked = payments::ask(&self.db, &self.clock, &self.provider, job).await;
        let Ok(Some(asked)) = asked else { return };
        let (stamp, id) = (Stamp::system(self.clock.now(), &self.ids), job.id);
        self.db
            .write(async move |tx: &mut Tx| {
                let stamp = stamp.again();
                let recorded = asked.settle(tx, &stamp).await.unwrap();
                match (recorded.kind, recorded.outcome) {
                    (StepKind::Authorise, Outcome::Done) => {
                        review::payment_authorised(tx, &stamp, recorded.order).await.unwrap();
                    }
                    (StepKind::Authorise, Outcome::Refused { reason }) => {
                        review::payment_declined(tx, &stamp, recorded.order, &reason).await.unwrap();
                    }
                    (StepKind::Capture, Outcome::Done) => {
                        outbound::refund(tx, &stamp, recorded.order).await.unwrap();
                    }
                    (_, Outcome::Done | Outcome::Refused { .. } | Outcome::Awaited | Outcome::Before) => {}
                }
                jobs::done(tx, id).await?;
                Ok::<_, StoreError>(())
            })
            .await
            .unwrap();
    }
}

impl Workman for Till {
    fn perform_now<'a>(&'a self, job: JobId) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async move {
            let now = self.clock.now().millis();
            let found: Option<jobs::Job> = self
                .db
                .write::<_, StoreError, _>(async move |tx: &mut Tx| jobs::claim_one(tx, job.uuid(), now, 1_000).await)
                .await
                .unwrap();
            if let Some(job) = found {
                self.work(&job).await;
            }
        })
    }
}

/// One shop on each engine.
pub(crate) async fn shops() -> Vec<Shop> {
    let mut shops = Vec::new();
    for db in testing::both(MIGRATIONS).await {
        shops.push(Shop::open(db).await);
    }
    shops
}

impl Shop {
    /// Opens at 10:00 on Saturday, 28 March 2026, Taipei.
    pub(crate) async fn open(db: TestDb) -> Self {
        let (ids, time) = (IdSource::seeded(7), SiteTime::new(TAIPEI, 240).unwrap());
        let clock = Clock::stepped(time.at("2026-03-28".parse().unwrap(), 600));
        let settings = IdentitySettings { hashing: Hashing::Demonstration, ..IdentitySettings::default() };
        let identity = Identity::open(&db, settings).await.unwrap();
        let till = Till { db: db.clone(), clock: clock.clone(), ids: ids.clone(), provider: Simulator::default() };
        let app = App { db: db.clone(), clock, ids, gate: Arc::new(OpenGate), workman: Arc::new(till) };
        let (router, _) = orders::router().split_for_parts();
        let router = router
            .with_state(app.clone())
            .layer(Extension(identity.clone()))
            .layer(middleware::from_fn(edge::fingerprint))
            .layer(middleware::from_fn(edge::speak));
        let stamp = app.stamp(&Caller::nobody(Lang::En));
        let company =
            db.write(async move |tx: &mut Tx| Ok::<_, StoreError>(found(tx, &stamp.again()).await)).await.unwrap();
        let Company { site, goods: [fish, eggs, spinach], places: [supplier, bin, tote], people: [ann, bob] } = company;
        let shop = Self {
            app,
            identity,
            site,
            time,
            fish,
            eggs,
            spinach,
            supplier,
            bin,
            tote,
            ann,
            bob,
            router,
            keys: AtomicU64::new(0),
            _db: db,
        };
        shop.stock(&shop.fish, Quantity::weighing(10, 6_000), Price::per(Unit::Kilogram, Money(200))).await;
        shop.stock(&shop.eggs, Quantity::pieces(10), Price::per_piece(Money(40))).await;
        shop.stock(&shop.spinach, Quantity::grams(5_000), Price::per(Unit::Kilogram, Money(30))).await;
        for start in [16, 18] {
            shop.open_window(start, 100).await;
        }
        shop
    }

    pub(crate) async fn open_window(&self, start_hour: i64, capacity: i64) -> String {
        let window = json!({
            "site": self.site, "start": self.today(start_hour), "end": self.today(start_hour + 2),
            "cut_off": self.today(start_hour - 4), "capacity": capacity,
        });
        let opened = self.post(Who::Staff(Role::Dispatcher), "/windows", window).await.ok();
        opened["id"].as_str().unwrap().to_owned()
    }

    /// A sound lot on the shelf, good through tomorrow.
    pub(crate) async fn stock(&self, sku: &Sku, quantity: Quantity, cost: Price) -> LotId {
        let (site, sku, day) = (self.site, sku.id, self.time.business_day(self.app.clock.now()));
        let (supplier, bin) = (self.supplier, self.bin);
        self.run(async move |tx, stamp| {
            let source = Source::of(PurchaseOrderId::from_uuid(Uuid::from_u128(1)));
            let new = NewLot {
                site,
                sku,
                gtin: None,
                supplier_lot: None,
                supplier: None,
                produced_on: None,
                harvested_on: None,
                use_by: Some("2026-03-29".parse().unwrap()),
                origin: None,
                source,
                cost: Some(cost),
            };
            let lot = ledger::open_lot(tx, stamp, new).await.unwrap().lot.id;
            ledger::set_state(tx, stamp, lot, LotState::Approved, "sound").await.unwrap();
            let cause = ledger::Cause::of(PurchaseOrderId::from_uuid(Uuid::from_u128(1)));
            let moves = [Move { lot, from: supplier, to: bin, quantity }];
            ledger::post(tx, stamp, cause, site, day, &moves).await.unwrap();
            let booking = Booking { site, currency: Currency::Twd, cause: accounts::Cause::of(lot) };
            let worth = cost.of(quantity, kernel::Round::HalfUp).unwrap();
            costing::goods_opened(tx, stamp, booking, &[Goods { sku, lot, cost: worth }]).await.unwrap();
            lot
        })
        .await
    }

    /// A wall-clock hour of today.
    pub(crate) fn today(&self, hour: i64) -> Instant {
        self.time.at("2026-03-28".parse().unwrap(), hour * 60)
    }

    /// Ann's order for two fish, a box of eggs and a pound of spinach.
    pub(crate) fn basket(&self, who: Person, token: &str) -> Value {
        json!({
            "address": who.address,
            "window": { "start": self.today(18), "end": self.today(20) },
            "lines": [
                { "sku": self.fish.id, "quantity": { "pieces": 2 } },
                { "sku": self.eggs.id, "quantity": { "pieces": 1 }, "substitution": "none" },
                { "sku": self.spinach.id, "quantity": { "grams": 600 } },
            ],
            "payment_token": token,
            "note": "ring twice",
        })
    }

    pub(crate) async fn place(&self, who: Person, token: &str) -> Value {
        self.post(Who::Customer(who.customer), "/orders", self.basket(who, token)).await.ok()
    }

    pub(crate) async fn get(&self, who: Who, path: &str) -> Answer {
        self.send(Method::GET, who, path, None, "").await
    }

    pub(crate) async fn post(&self, who: Who, path: &str, body: Value) -> Answer {
        let key = format!("key-{:06}", self.keys.fetch_add(1, Ordering::SeqCst));
        self.post_once(who, path, body, &key).await
    }

    pub(crate) async fn post_once(&self, who: Who, path: &str, body: Value, key: &str) -> Answer {
        self.send(Method::POST, who, path, Some(body), key).await
    }

    async fn send(&self, method: Method, who: Who, path: &str, body: Option<Value>, key: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("idempotency-key", key);
        match who {
            Who::Nobody => {}
            Who::Customer(customer) => request = request.header("x-who", format!("customer {customer}")),
            Who::Staff(role) => request = request.header("x-who", format!("staff {}", role.code())),
        }
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let status = response.status();
        let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        Answer { status, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
    }

    /// Runs one verb in a transaction of its own.
    pub(crate) async fn run<T, F>(&self, verb: F) -> T
    where
        F: AsyncFn(&mut Tx, &Stamp) -> T + Send + 'static,
        T: Send + 'static,
    {
        let stamp = Stamp::new(self.app.clock.now(), Actor::System, Lang::En, &self.app.ids);
        self.app.db.write(async move |tx: &mut Tx| Ok::<_, StoreError>(verb(tx, &stamp.again()).await)).await.unwrap()
    }

    pub(crate) async fn read<T, F>(&self, query: F) -> T
    where
        F: AsyncFn(&mut Tx) -> T + Send + 'static,
        T: Send + 'static,
    {
        self.app.db.read(async move |tx: &mut Tx| Ok::<_, StoreError>(query(tx).await)).await.unwrap()
    }

    /// Does the payment jobs that are due now.
    pub(crate) async fn do_payments(&self) {
        loop {
            let now = self.app.clock.now().millis();
            let claim = async move |tx: &mut Tx, _: &Stamp| {
                let mut due = Vec::new();
                for kind in [payments::PERFORM, payments::HEAR] {
                    due.extend(jobs::claim(tx, kind, now, 1, 32).await.unwrap());
                }
                due
            };
            let due = self.run(claim).await;
            if due.is_empty() {
                return;
            }
            for job in due {
                let till = Till {
                    db: self.app.db.clone(),
                    clock: self.app.clock.clone(),
                    ids: self.app.ids.clone(),
                    provider: Simulator::default(),
                };
                till.work(&job).await;
            }
        }
    }

    pub(crate) async fn available(&self, sku: SkuId) -> Quantity {
        let (site, by) = (self.site, self.today(20));
        self.read(async move |tx| ledger::availability(tx, site, sku, by).await.unwrap()).await
    }

    pub(crate) async fn on_account(&self, account: Account) -> Money {
        let (site, from, to) = (self.site, "1970-01-01".parse().unwrap(), "9000-01-01".parse().unwrap());
        let lines =
            self.read(async move |tx| accounts::journal::trial_balance(tx, site, from, to).await.unwrap()).await;
        lines.iter().find(|line| line.account == account.code()).map_or(Money::ZERO, |line| line.balance)
    }

    pub(crate) async fn owed(&self, order: CustomerOrderId) -> Money {
        self.read(async move |tx| accounts::journal::order_receivable(tx, order).await.unwrap()).await
    }

    pub(crate) async fn payment(&self, order: CustomerOrderId) -> payments::Payment {
        self.read(async move |tx| payments::of_order(tx, order).await.unwrap().pop().unwrap()).await
    }

    /// The kinds of events about an order, as they were told.
    pub(crate) async fn told(&self, order: CustomerOrderId) -> Vec<String> {
        events::seal(&self.app.db, self.app.clock.now(), "test").await.unwrap();
        let paging = edge::Paging { after: None, limit: Some(200) };
        let found = self
            .read(async move |tx| events::of_object(tx, CustomerOrderId::NOUN, order.uuid(), &paging).await.unwrap())
            .await;
        found.into_iter().filter(|event| event.subject.id == order.uuid()).map(|event| event.kind).collect()
    }
}

pub(crate) fn id_of(order: &Value) -> CustomerOrderId {
    order["id"].as_str().unwrap().parse().unwrap()
}
