//! A gate with a door, and people who knock.

use std::{collections::BTreeSet, future::Future, pin::Pin, sync::Arc};

use axum::{
    Extension, Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode},
    middleware,
};
use edge::{App, Workman};
use identity::{Hashing, Identity, IdentitySettings, NewUser, PasswordHash, Person, Role, SiteScope, Transport};
use kernel::{Clock, IdSource, Instant, JobId, Lang, Stamp, UserId};
use serde_json::Value;
use store::{
    Db, Migration, Tx,
    testing::{self, TestDb},
};
use tower::ServiceExt;

pub(crate) const LIST: &[Migration] =
    &[store::MIGRATION, events::MIGRATION, identity::MIGRATION, events::SEAL_QUEUE_MIGRATION];
pub(crate) const NOON: Instant = Instant::from_millis(1_774_666_800_000);
pub(crate) const PASSWORD: &str = "a pound of spinach";

pub(crate) struct Shop {
    pub(crate) db: Arc<TestDb>,
    pub(crate) app: App,
    pub(crate) identity: Identity,
    router: Router,
}

struct NoWorkman;

impl Workman for NoWorkman {
    fn perform_now<'a>(&'a self, _job: JobId) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async {})
    }
}

/// One shop on each engine.
pub(crate) async fn shops() -> Vec<Shop> {
    let mut shops = Vec::new();
    for db in testing::both(LIST).await {
        shops.push(Shop::open(db, Transport::Plain).await);
    }
    shops
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn code(&self) -> (u16, &str) {
        (self.status.as_u16(), self.body["code"].as_str().unwrap_or_default())
    }

    /// The cookie that was set, as a browser sends it back.
    pub(crate) fn cookie(&self) -> String {
        let set = self.headers["set-cookie"].to_str().expect("a cookie is text");
        set.split(';').next().expect("a cookie has a pair").to_owned()
    }
}

/// A browser that is signed in.
#[derive(Clone, Debug)]
pub(crate) struct Browser {
    pub(crate) cookie: String,
    pub(crate) csrf: String,
}

impl Browser {
    pub(crate) fn of(answer: &Answer) -> Self {
        let csrf = answer.body["csrf_token"].as_str().expect("a session has a CSRF token").to_owned();
        Self { cookie: answer.cookie(), csrf }
    }

    pub(crate) fn headers(&self) -> Vec<(&'static str, String)> {
        vec![("cookie", self.cookie.clone()), ("x-csrf-token", self.csrf.clone())]
    }
}

impl Shop {
    pub(crate) async fn open(db: TestDb, transport: Transport) -> Self {
        Self::at(Arc::new(db), transport).await
    }

    /// Another process over the same database.
    pub(crate) async fn beside(&self) -> Self {
        Self::at(Arc::clone(&self.db), Transport::Plain).await
    }

    async fn at(db: Arc<TestDb>, transport: Transport) -> Self {
        let settings = IdentitySettings { transport, hashing: Hashing::Demonstration, ..IdentitySettings::default() };
        let identity = Identity::open(&db, settings).await.expect("the gate opens");
        let app = App {
            db: Db::clone(&db),
            clock: Clock::stepped(NOON),
            ids: IdSource::seeded(7),
            gate: Arc::new(identity.clone()),
            workman: Arc::new(NoWorkman),
        };
        let (router, _) = identity::router().merge(events::router()).split_for_parts();
        let router = router
            .with_state(app.clone())
            .layer(Extension(identity.clone()))
            .layer(middleware::from_fn(edge::fingerprint))
            .layer(middleware::from_fn(edge::speak));
        Self { db, app, identity, router }
    }

    pub(crate) fn stamp(&self) -> Stamp {
        Stamp::system(self.app.clock.now(), &self.app.ids)
    }

    pub(crate) fn pass_minutes(&self, minutes: i64) {
        self.app.clock.advance_to(self.app.clock.now().plus_minutes(minutes));
    }

    /// Somebody with this role and [`PASSWORD`].
    pub(crate) async fn hire(&self, login: &str, role: Role) -> UserId {
        self.hire_as(login, role, Person::Staff, SiteScope::All).await
    }

    pub(crate) async fn hire_as(&self, login: &str, role: Role, person: Person, sites: SiteScope) -> UserId {
        let new = NewUser {
            login: login.to_owned(),
            name: format!("{login} 王"),
            lang: Lang::ZhHant,
            person,
            roles: BTreeSet::from([role]),
            sites,
            password: Some(PasswordHash::make(Hashing::Demonstration, PASSWORD).expect("the password is long enough")),
        };
        let stamp = self.stamp();
        self.db
            .write(async move |tx: &mut Tx| identity::create_user(tx, &stamp.again(), new.clone()).await)
            .await
            .expect("the user is created")
    }

    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, String)],
        body: Option<Value>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("accept-language", "en");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let body = match body {
            Some(json) => {
                request = request.header("content-type", "application/json");
                Body::from(json.to_string())
            }
            None => Body::empty(),
        };
        let request = request.body(body).expect("the request is whole");
        let response = self.router.clone().oneshot(request).await.expect("the router answers");
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 1 << 20).await.expect("the body arrives");
        let answer = Answer {
            status: parts.status,
            headers: parts.headers,
            body: serde_json::from_slice(&bytes).unwrap_or_default(),
        };
        if answer.status.is_client_error() || answer.status.is_server_error() {
            let (code, detail) = (&answer.body["code"], answer.body["detail"].as_str().unwrap_or_default());
            assert!(detail.len() > 9 && code != detail && !detail.contains('{'), "{code} has no words: {detail}");
        }
        answer
    }

    pub(crate) async fn knock(&self, login: &str, password: &str) -> Answer {
        let body = serde_json::json!({ "login": login, "password": password });
        self.call(Method::POST, "/session", &[], Some(body)).await
    }

    pub(crate) async fn browse(&self, login: &str) -> Browser {
        let answer = self.knock(login, PASSWORD).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        Browser::of(&answer)
    }

    pub(crate) async fn who(&self, headers: &[(&str, String)]) -> Answer {
        self.call(Method::GET, "/session", headers, None).await
    }
}

/// An idempotency key of its own.
pub(crate) fn key(number: u32) -> (&'static str, String) {
    ("idempotency-key", format!("key-number-{number}"))
}
