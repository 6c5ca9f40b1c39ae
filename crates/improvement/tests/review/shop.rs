//! Two sites, people, and a log that is told by hand.

use std::{collections::BTreeSet, future::Future, pin::Pin, sync::Arc};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, Request, StatusCode, request::Parts},
    middleware::from_fn,
};
use catalog::{NewSite, Position, Profile};
use edge::{App, Caller, Duty, Gate, Problem, Sites, Workman};
use events::{Object, Told};
use identity::{NewUser, Role, SiteScope, users::Person};
use kernel::{Actor, Clock, Currency, CustomerId, Id, IdSource, Instant, JobId, Lang, SiteId, Stamp, UserId};
use serde_json::Value;
use store::{Db, Migration, StoreError, Tx, testing::TestDb};
use tower::ServiceExt;

static MIGRATIONS: &[Migration] = &[
    store::MIGRATION,
    events::MIGRATION,
    identity::MIGRATION,
    catalog::MIGRATION,
    customers::MIGRATION,
    accounts::MIGRATION,
    improvement::MIGRATION,
    events::SEAL_QUEUE_MIGRATION,
];

/// 2026-03-28 08:00 in Taipei; the business day turns at 04:00.
pub(crate) const MORNING: Instant = Instant::from_millis(1_774_656_000_000);
pub(crate) const TODAY: &str = "2026-03-28";

pub(crate) struct Shop {
    pub(crate) db: TestDb,
    pub(crate) ids: IdSource,
    pub(crate) taipei: SiteId,
    pub(crate) tainan: SiteId,
}

pub(crate) async fn shops() -> Vec<Shop> {
    let mut shops = Vec::new();
    for db in store::testing::both(MIGRATIONS).await {
        db.prepare_all().await.unwrap_or_else(|wrong| panic!("{}", wrong.join("\n")));
        let ids = IdSource::seeded(11);
        let taipei = open(&db, &ids, "TPE").await;
        let tainan = open(&db, &ids, "TNN").await;
        shops.push(Shop { db, ids, taipei, tainan });
    }
    shops
}

async fn open(db: &Db, ids: &IdSource, code: &str) -> SiteId {
    let draft = NewSite {
        code: code.to_owned(),
        name: code.to_owned(),
        currency: Currency::Twd,
        time_zone: "Asia/Taipei".to_owned(),
        day_turns_at_minute: 240,
        profile: Profile::Tw,
        position: Position { latitude_microdegrees: 25_000_000, longitude_microdegrees: 121_000_000 },
        delivery_radius_metres: 9_000,
    };
    let (draft, time) = draft.parse().unwrap();
    let stamp = Stamp::system(MORNING.plus_minutes(-10_000), ids);
    db.write(async move |tx: &mut Tx| {
        let opened = catalog::open_site(tx, &stamp.again(), draft.clone(), time.clone()).await;
        Ok::<_, StoreError>(opened.unwrap_or_else(|refusal| panic!("{refusal}")).id)
    })
    .await
    .unwrap()
}

impl Shop {
    pub(crate) fn mint<I: Id>(&self) -> I {
        Stamp::system(MORNING, &self.ids).mint()
    }

    /// Runs a verb as somebody, so many minutes after the morning.
    pub(crate) async fn by<T, E, F>(&self, actor: Actor, minute: i64, verb: F) -> Result<T, E>
    where
        F: AsyncFn(&mut Tx, &Stamp) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let stamp = Stamp::new(MORNING.plus_minutes(minute), actor, Lang::En, &self.ids);
        self.db.write(async move |tx: &mut Tx| verb(tx, &stamp.again()).await).await
    }

    /// Tells what another chapter would tell.
    pub(crate) async fn tell<B: Told + Clone + Send + Sync + 'static>(
        &self,
        actor: Actor,
        minute: i64,
        subject: Object,
        also: Vec<Object>,
        body: B,
    ) {
        self.by(actor, minute, async move |tx: &mut Tx, stamp: &Stamp| {
            events::tell(tx, stamp, subject, &also, &body).await
        })
        .await
        .unwrap_or_else(|error: StoreError| panic!("{error}"));
    }

    pub(crate) async fn hire(&self, login: &str, role: Role, sites: SiteScope) -> UserId {
        let new = NewUser {
            login: login.to_owned(),
            name: login.to_owned(),
            lang: Lang::ZhHant,
            person: Person::Staff,
            roles: BTreeSet::from([role]),
            sites,
            password: None,
        };
        self.by(Actor::System, 0, async move |tx: &mut Tx, stamp: &Stamp| {
            identity::create_user(tx, stamp, new.clone()).await
        })
        .await
        .unwrap()
    }

    pub(crate) fn staff(&self) -> Actor {
        Actor::Staff(self.mint())
    }

    pub(crate) fn customer(&self) -> Actor {
        Actor::Customer(self.mint::<CustomerId>())
    }

    /// The door as somebody with these duties finds it.
    pub(crate) fn door(&self, actor: Actor, sites: Sites, duties: &[Duty]) -> Door {
        let duties: BTreeSet<Duty> = duties.iter().copied().collect();
        let caller = Caller { actor, name: String::new(), lang: Lang::ZhHant, duties, sites };
        let app = App {
            db: self.db.clone(),
            clock: Clock::stepped(MORNING),
            ids: IdSource::Random,
            gate: Arc::new(Ajar(caller)),
            workman: Arc::new(Idle),
        };
        Door { routes: Router::from(improvement::router()).with_state(app) }
    }
}

/// Lets everybody in as the one caller it holds.
struct Ajar(Caller);

impl Gate for Ajar {
    fn admit<'a>(
        &'a self,
        _app: &'a App,
        _parts: &'a Parts,
    ) -> Pin<Box<dyn Future<Output = Result<Caller, Problem>> + Send + 'a>> {
        Box::pin(async { Ok(self.0.clone()) })
    }
}

struct Idle;

impl Workman for Idle {
    fn perform_now<'a>(&'a self, _job: JobId) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async {})
    }
}

pub(crate) struct Door {
    routes: Router,
}

impl Door {
    #[must_use]
    pub(crate) fn with<L>(self, layer: L) -> Self
    where
        L: Clone + Send + Sync + 'static,
    {
        Self { routes: self.routes.layer(axum::Extension(layer)) }
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let routes = self.routes.clone().layer(from_fn(edge::fingerprint)).layer(from_fn(edge::speak));
        let key = format!("key-{method}-{path}-{}", body.as_ref().map_or(0, |body| body.to_string().len()));
        let mut request = Request::builder().method(method).uri(path).header("idempotency-key", key);
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        let answer = routes.oneshot(request.body(body).unwrap()).await.unwrap();
        let status = answer.status();
        let body = to_bytes(answer.into_body(), 1 << 22).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.ask(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.ask(Method::POST, path, Some(body)).await
    }
}
