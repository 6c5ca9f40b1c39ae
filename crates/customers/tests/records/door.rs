//! Customers through the door: who may see what.

use std::{collections::BTreeSet, future::Future, pin::Pin, sync::Arc};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, Request, StatusCode, request::Parts},
    middleware::from_fn,
};
use edge::{App, Caller, Duty, Gate, Problem, Sites, Workman};
use kernel::{Actor, Clock, CustomerId, IdSource, JobId, Lang};
use serde_json::{Value, json};
use store::Db;
use tower::ServiceExt;

use crate::{MIGRATIONS, MORNING, home, stamp};

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

struct Door {
    routes: Router,
}

impl Door {
    fn of(db: &Db, actor: Actor, duties: &[Duty]) -> Self {
        let duties: BTreeSet<Duty> = duties.iter().copied().collect();
        let caller = Caller { actor, name: String::new(), lang: Lang::En, duties, sites: Sites::All };
        let app = App {
            db: db.clone(),
            clock: Clock::stepped(MORNING),
            ids: IdSource::Random,
            gate: Arc::new(Ajar(caller)),
            workman: Arc::new(Idle),
        };
        let routes = Router::from(customers::router()).with_state(app);
        Self { routes: routes.layer(from_fn(edge::fingerprint)).layer(from_fn(edge::speak)) }
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let mut request = Request::builder().method(method).uri(path);
        request = request.header("idempotency-key", format!("key-{path}"));
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        let answer = self.routes.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let status = answer.status();
        let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.ask(Method::GET, path, None).await
    }

    async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.ask(Method::POST, path, Some(body)).await
    }
}

fn wang_on_the_wire() -> Value {
    json!({
        "kind": "person", "standing": "registered", "name": "王小明", "phone": "0912-345-678",
        "langs": ["zh-Hant"], "allergies": "花生",
    })
}

#[tokio::test]
async fn staff_see_a_mask_unless_they_say_why() {
    for db in store::testing::both(MIGRATIONS).await {
        let clerk = Actor::Staff(stamp(&IdSource::Random, Actor::System).mint());
        let desk = Door::of(&db, clerk, &[Duty::ManageCustomers]);
        let reader = Door::of(&db, clerk, &[Duty::ReadPersonalData]);

        let (created, masked) = desk.post("/customers", wang_on_the_wire()).await;
        let (replayed, again) = desk.post("/customers", wang_on_the_wire()).await;
        assert_eq!((created, replayed), (StatusCode::CREATED, StatusCode::CREATED));
        assert_eq!((&masked, &masked["phone"], &masked["name"]), (&again, &json!("09••••••78"), &json!("王••")));

        let (_, page) = desk.get("/customers?limit=1").await;
        assert_eq!(page["items"], json!([masked]));
        let (_, found) = desk.post("/customers/lookup", json!({ "phone": "+886912345678" })).await;
        assert_eq!(found, masked);
        assert!(!page.to_string().contains("花生"));

        let path = format!("/customers/{}", masked["id"].as_str().unwrap());
        let (status, refused) = desk.get(&format!("{path}?purpose=complaint")).await;
        assert_eq!((status, &refused["code"]), (StatusCode::FORBIDDEN, &json!("identity/not-allowed")));
        assert_eq!(reader.get(&path).await.0, StatusCode::BAD_REQUEST);
        let (status, whole) = reader.get(&format!("{path}?purpose=complaint")).await;
        assert_eq!((status, &whole["customer"]["phone"]), (StatusCode::OK, &json!("+886912345678")));
    }
}

#[tokio::test]
async fn a_customer_sees_itself_and_nobody_else() {
    for db in store::testing::both(MIGRATIONS).await {
        let clerk = Actor::Staff(stamp(&IdSource::Random, Actor::System).mint());
        let desk = Door::of(&db, clerk, &[Duty::ManageCustomers]);
        let (_, wang) = desk.post("/customers", wang_on_the_wire()).await;
        let wang: CustomerId = wang["id"].as_str().unwrap().parse().unwrap();
        let own = Door::of(&db, Actor::Customer(wang), &[Duty::BeSomebody, Duty::PlaceOrders]);
        let other = Actor::Customer(stamp(&IdSource::Random, Actor::System).mint());
        let other = Door::of(&db, other, &[Duty::BeSomebody, Duty::PlaceOrders]);
        let home = serde_json::to_value(home()).unwrap();

        let (status, me) = own.get("/customers/me").await;
        assert_eq!((status, &me["name"]), (StatusCode::OK, &json!("王小明")));
        assert_eq!(own.post("/customers/me/addresses", home.clone()).await.0, StatusCode::CREATED);
        let decision = json!({ "purpose": "marketing", "choice": "given" });
        assert_eq!(own.post("/customers/me/consents", decision).await.0, StatusCode::CREATED);
        let (_, taken) = own.get("/customers/me/export").await;
        assert_eq!(taken["addresses"].as_array().map(Vec::len), Some(1));
        assert_eq!(taken["consents"][0]["choice"], json!("given"));

        assert_eq!(other.get("/customers/me").await.0, StatusCode::NOT_FOUND);
        assert_eq!(other.get("/customers/me/addresses").await.1, json!([]));
        assert_eq!(other.get(&format!("/customers/{wang}?purpose=delivery")).await.0, StatusCode::FORBIDDEN);
        let path = format!("/customers/{wang}/addresses");
        assert_eq!(other.post(&path, home).await.0, StatusCode::FORBIDDEN);
        assert_eq!(other.get("/customers").await.0, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn what_is_written_badly_is_refused_by_its_field() {
    for db in store::testing::both(MIGRATIONS).await {
        let clerk = Actor::Staff(stamp(&IdSource::Random, Actor::System).mint());
        let desk = Door::of(&db, clerk, &[Duty::ManageCustomers]);
        for (field, value) in [
            ("phone", json!("call me")),
            ("tax_id", json!("04595258")),
            ("name", json!("   ")),
            ("name", json!("x".repeat(81))),
            ("langs", json!(["tlh"])),
            ("price_group", json!("公司")),
            ("kind", json!("robot")),
        ] {
            let mut body = wang_on_the_wire();
            body[field] = value;
            let (status, problem) = desk.post("/customers", body).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{field}: {problem}");
            assert!(problem["field"].as_str().unwrap().starts_with(field), "{problem}");
        }
        let mut stranger = wang_on_the_wire();
        stranger["vip"] = json!(true);
        assert!(desk.post("/customers", stranger).await.0.is_client_error());
    }
}
