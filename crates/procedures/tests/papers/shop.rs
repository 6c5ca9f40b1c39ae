//! A company with the shipped procedures, and a log that is told by hand.

use std::{collections::BTreeSet, future::Future, pin::Pin, sync::Arc};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, Request, StatusCode, request::Parts},
    middleware::from_fn,
};
use edge::{App, Caller, Duty, Gate, Problem, Sites, Workman};
use events::{Object, Told};
use kernel::{Actor, Clock, Id, IdSource, Instant, JobId, Lang, SiteId, Stamp};
use procedures::authoring::{self, AuthoringRefusal, Installed};
use serde_json::Value;
use store::{Migration, StoreError, Tx, testing::TestDb};
use tower::ServiceExt;

static MIGRATIONS: &[Migration] = &[
    store::MIGRATION,
    events::MIGRATION,
    identity::MIGRATION,
    procedures::MIGRATION,
    procedures::CASE_NOUNS_MIGRATION,
    events::SEAL_QUEUE_MIGRATION,
];

/// 2026-03-28 08:00 in Taipei.
pub(crate) const MORNING: Instant = Instant::from_millis(1_774_656_000_000);

pub(crate) struct Shop {
    pub(crate) db: TestDb,
    pub(crate) ids: IdSource,
    pub(crate) site: SiteId,
}

pub(crate) async fn shops() -> Vec<Shop> {
    let mut shops = Vec::new();
    for db in store::testing::both(MIGRATIONS).await {
        db.prepare_all().await.unwrap_or_else(|wrong| panic!("{}", wrong.join("\n")));
        let ids = IdSource::seeded(11);
        let site = Stamp::system(MORNING, &ids).mint();
        let shop = Shop { db, ids, site };
        let installed = shop.by(Actor::System, -600, authoring_install).await.unwrap();
        assert_eq!((installed.published, installed.in_review), (20, 0));
        shops.push(shop);
    }
    shops
}

async fn authoring_install(tx: &mut Tx, stamp: &Stamp) -> Result<Installed, AuthoringRefusal> {
    authoring::install_shipped(tx, stamp).await
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

    pub(crate) fn staff(&self) -> Actor {
        Actor::Staff(self.mint())
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
        Door { routes: Router::from(procedures::router()).with_state(app) }
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

    pub(crate) async fn put(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.ask(Method::PUT, path, Some(body)).await
    }
}
