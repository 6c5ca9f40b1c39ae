//! Chapter 4 through its door: who may do what, and to which run.

use std::{collections::BTreeSet, future::Future, pin::Pin, sync::Arc};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, Request, StatusCode, request::Parts},
    middleware::from_fn,
};
use delivery::{couriers, planning::VehicleKind};
use edge::{App, Caller, Duty, Gate, Problem, Sites, Workman};
use kernel::{Actor, Clock, CourierId, IdSource, JobId, Lang, SiteId, TemperatureClass, UserId};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::shop::{MORNING, Shop, late_morning, right_answers, shops};

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

/// The door as one caller finds it, a quarter of an hour before noon.
pub(crate) struct Door(Router);

impl Door {
    pub(crate) fn of(shop: &Shop, actor: Actor, duties: &[Duty], sites: Vec<SiteId>) -> Self {
        let duties: BTreeSet<Duty> = duties.iter().copied().collect();
        let caller = Caller { actor, name: String::new(), lang: Lang::En, duties, sites: Sites::Only(sites) };
        let app = App {
            db: shop.db.clone(),
            clock: Clock::stepped(MORNING.plus_minutes(225)),
            ids: IdSource::Random,
            gate: Arc::new(Ajar(caller)),
            workman: Arc::new(Idle),
        };
        let routes = Router::from(delivery::router()).with_state(app);
        Self(routes.layer(from_fn(edge::fingerprint)).layer(from_fn(edge::speak)))
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let request = Request::builder().method(method).uri(path).header("idempotency-key", format!("key-{path}"));
        let request = match body {
            Some(body) => request.header("content-type", "application/json").body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        };
        let answer = self.0.clone().oneshot(request.unwrap()).await.unwrap();
        let status = answer.status();
        let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.ask(Method::GET, path, None).await
    }

    async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.ask(Method::POST, path, Some(body)).await
    }

    /// The slug with which a reading is refused.
    async fn refusal(&self, path: &str) -> Value {
        self.get(path).await.1["code"].clone()
    }
}

fn dispatcher(shop: &Shop) -> Door {
    let duties = [Duty::PlanRoutes, Duty::ManageCouriers, Duty::ReadRuns, Duty::LoadRuns, Duty::BeSomebody];
    Door::of(shop, Actor::Staff(shop.mint::<UserId>()), &duties, vec![shop.site])
}

fn courier(shop: &Shop, id: CourierId) -> Door {
    let duties = [Duty::DriveRuns, Duty::LoadRuns, Duty::BeSomebody];
    Door::of(shop, Actor::Courier(id), &duties, vec![shop.site])
}

#[tokio::test]
async fn a_dispatcher_sets_up_a_site_and_sees_no_other() {
    for shop in shops().await {
        let desk = dispatcher(&shop);
        let site = shop.site;
        let hold = json!({ "grams": 100_000, "crates": 20 });
        let van = json!({ "site": site, "code": "VAN-1", "kind": "van", "capacity": { "ambient": hold } });

        let (created, van) = desk.post("/vehicles", van.clone()).await;
        assert_eq!((created, &van["state"]), (StatusCode::CREATED, &json!("in_service")));
        let papers = json!([
            { "kind": "health_certificate", "number": "H-1", "expires_on": "2026-12-31" },
            { "kind": "driving_licence", "number": "L-1", "expires_on": "2030-12-31" },
        ]);
        let chen = json!({ "site": site, "name": "陳大文", "phone": "0912-345-678", "documents": papers });
        let (created, file) = desk.post("/couriers", chen).await;
        assert_eq!((created, &file["documents"][0]["kind"]), (StatusCode::CREATED, &json!("driving_licence")));
        let shift = json!({
            "courier": file["courier"]["id"], "vehicle": van["id"],
            "start": "2026-03-20T00:30:00Z", "end": "2026-03-20T09:00:00Z",
        });
        let (created, shift) = desk.post("/shifts", shift).await;
        assert_eq!(created, StatusCode::CREATED, "{shift}");
        let (_, shifts) = desk.get(&format!("/shifts?site={site}&limit=1")).await;
        assert_eq!(shifts["items"], json!([shift]));
        let (_, due) = desk.get(&format!("/couriers/reminders?site={site}&until=2027-01-31")).await;
        assert_eq!(due[0]["paper"], json!("health_certificate"));
        let path = format!("/couriers/{}/assessment?month=2026-03", file["courier"]["id"].as_str().unwrap());
        assert_eq!(desk.get(&path).await.1["figures"]["attempts"], json!(0));

        let elsewhere = shop.mint::<SiteId>();
        for path in ["vehicles", "shifts", "couriers", "runs", "runs/late-risk"] {
            assert_eq!(desk.get(&format!("/{path}?site={elsewhere}")).await.0, StatusCode::NOT_FOUND, "{path}");
        }
        let stranger = Door::of(&shop, Actor::Staff(shop.mint::<UserId>()), &[Duty::ManageCouriers], vec![elsewhere]);
        assert_eq!(stranger.get(&path).await.0, StatusCode::NOT_FOUND);
        let nobody = Door::of(&shop, Actor::Staff(shop.mint::<UserId>()), &[Duty::ReadRuns], vec![site]);
        assert_eq!(nobody.get(&path).await.0, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn a_courier_has_their_own_run_and_no_other() {
    for shop in shops().await {
        let van = shop.vehicle("VAN-1", VehicleKind::Van, vec![]).await;
        let (chen, lin) = (shop.courier("陳大文").await.courier.id, shop.courier("林美玲").await.courier.id);
        shop.shift(chen, &van, 60, 480).await;
        let drop = shop.drop(1_000);
        let plan = shop.plan(std::slice::from_ref(&drop)).await;
        let (run, stop) = (plan.runs[0].run, plan.runs[0].stops[0].stop);
        let parcel = shop.pack(drop.order, TemperatureClass::Ambient).await;
        shop.load(run, parcel).await.unwrap();
        shop.depart(run).await.unwrap();
        let (own, other, desk) = (courier(&shop, chen), courier(&shop, lin), dispatcher(&shop));

        let (_, mine) = own.get("/my/run").await;
        assert_eq!((&mine["run"]["id"], &mine["stops"][0]["door"]["name"]), (&json!(run), &json!("王小明")));
        assert_eq!(other.refusal("/my/run").await, json!("tracking/no-run"));
        let arrived = other.post(&format!("/stops/{stop}/arrive"), json!({})).await;
        assert_eq!((arrived.0, &arrived.1["code"]), (StatusCode::NOT_FOUND, &json!("tracking/no-such-stop")));
        assert_eq!(other.refusal(&format!("/runs/{run}/loading")).await, json!("tracking/no-such-run"));
        let fix = json!({
            "sequence": 1, "at": "2026-03-20T03:40:00Z", "accuracy_metres": 10,
            "position": { "latitude_microdegrees": 25_040_000, "longitude_microdegrees": 121_511_000 },
        });
        let batch = json!({ "positions": [fix] });
        let path = format!("/runs/{run}/positions");
        assert_eq!(other.post(&path, batch.clone()).await.0, StatusCode::NOT_FOUND);
        assert_eq!(own.post(&path, batch.clone()).await.1["accepted"], json!(1));
        assert_eq!(own.post(&path, batch).await.1["duplicates"], json!(1));
        assert_eq!(own.get(&path).await.0, StatusCode::FORBIDDEN);

        // The dispatcher sees the road, but not who lives there.
        let (_, detail) = desk.get(&format!("/runs/{run}")).await;
        assert_eq!(detail["stops"][0]["order"], json!(drop.order));
        assert!(!detail.to_string().contains("王小明"));
        assert_eq!(desk.get(&path).await.1["items"][0]["quality"], json!("good"));
        let window = late_morning();
        let path = format!("/plans?site={}&start={}&end={}", shop.site, window.start(), window.end());
        assert_eq!(desk.get(&path).await.1["runs"][0]["run"], json!(run));
        let path = format!("/runs?site={}&state=departed", shop.site);
        assert_eq!(desk.get(&path).await.1["items"][0]["id"], json!(run));
        // Seven minutes before the window ends the van is a minute away: late only if something goes wrong.
        let (status, risks) = desk.get(&format!("/runs/late-risk?site={}", shop.site)).await;
        assert_eq!((status, risks), (StatusCode::OK, json!([])));
        let arrived = own.post(&format!("/stops/{stop}/arrive"), json!({})).await;
        assert_eq!((arrived.0, &arrived.1["id"]), (StatusCode::CREATED, &json!(stop)));
        let (_, links) = desk.get(&format!("/runs/{run}/parcels/{parcel}/custody")).await;
        assert_eq!(links[0]["step"], json!("loaded"));
    }
}

#[tokio::test]
async fn an_exam_shows_its_questions_and_keeps_its_answers() {
    for shop in shops().await {
        let chen = shop.courier("陳大文").await.courier.id;
        let (desk, own) = (dispatcher(&shop), courier(&shop, chen));
        let syllabus = couriers::frozen_handling().unwrap();
        let (created, course) = desk.post("/courses", json!(syllabus)).await;
        assert_eq!(created, StatusCode::CREATED, "{course}");

        let path = format!("/courses/{}", course["id"].as_str().unwrap());
        let (_, seen) = own.get(&path).await;
        assert_eq!(seen["questions"].as_array().map(Vec::len), Some(syllabus.questions.len()));
        assert_eq!(seen["questions"][0].get("right"), None);
        let attempt = json!({ "answers": right_answers(&syllabus) });
        assert_eq!(desk.post(&format!("{path}/attempts"), attempt.clone()).await.0, StatusCode::FORBIDDEN);
        let (created, passed) = own.post(&format!("{path}/attempts"), attempt).await;
        assert_eq!((created, &passed["result"]), (StatusCode::CREATED, &json!("passed")));
        assert_eq!(own.get("/my/courier-file").await.1["certificates"][0]["code"], json!("frozen_handling"));
        assert_eq!(own.get("/my/assessment?month=2026-03").await.1["training_bp"], json!(10_000));

        let mut broken = json!(syllabus);
        broken["questions"][0]["right"] = json!(3);
        let refused = Door::of(&shop, Actor::Staff(shop.mint()), &[Duty::ManageCouriers], vec![shop.site]);
        let (status, why) = refused.post("/courses", broken).await;
        assert_eq!((status, &why["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("questions/0/right")));
    }
}

#[tokio::test]
async fn customers_speak_for_their_own_orders_and_the_desk_answers() {
    for shop in shops().await {
        let done = crate::feedback::delivered(&shop).await;
        let customer = |actor| Door::of(&shop, actor, &[Duty::RateDeliveries], Vec::new());
        let (own, other) = (customer(Actor::Customer(done.customer)), customer(Actor::Customer(shop.mint())));
        let desk = Door::of(&shop, Actor::Staff(shop.mint()), &[Duty::AnswerComplaints], vec![shop.site]);
        let order = done.order;
        let stars = json!({ "goods": 4, "time": 5, "courier": 5, "text": "菠菜很新鮮" });

        assert_eq!(other.post(&format!("/orders/{order}/rating"), stars.clone()).await.0, StatusCode::NOT_FOUND);
        assert_eq!(own.post(&format!("/orders/{order}/rating"), stars).await.0, StatusCode::CREATED);
        let complaint = json!({ "order_line": done.line, "kind": "weight", "text": "少了一把" });
        let (created, made) = own.post(&format!("/orders/{order}/complaints"), complaint).await;
        assert_eq!((created, &made["state"]), (StatusCode::CREATED, &json!("made")));
        let (_, page) = desk.get(&format!("/complaints?site={}&state=made", shop.site)).await;
        assert_eq!(page["items"], json!([made]));
        let path = format!("/complaints/{}", made["id"].as_str().unwrap());
        let answer = json!({ "finding": "upheld", "text": "已退款，謝謝您告訴我們" });
        assert_eq!(desk.post(&format!("{path}/answer"), answer).await.1["state"], json!("answered"));
        assert_eq!(desk.post(&format!("{path}/close"), json!({})).await.1["state"], json!("closed"));
        assert_eq!(desk.get(&path).await.1["facts"], Value::Null);
        let (_, said) = own.get(&format!("/orders/{order}/feedback")).await;
        assert_eq!((&said["rating"]["goods"], &said["complaints"][0]["finding"]), (&json!(4), &json!("upheld")));
        assert_eq!(other.refusal(&format!("/orders/{order}/feedback")).await, json!("feedback/no-such-order"));
        let (_, ratings) = desk.get(&format!("/ratings?site={}", shop.site)).await;
        assert_eq!(ratings["items"][0]["text"], json!("菠菜很新鮮"));
    }
}
