//! The log over HTTP: pages, block heads, and a stream that resumes.

use std::{collections::BTreeSet, future::Future, pin::Pin, sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    body::{Body, BodyDataStream, to_bytes},
    http::{Request, StatusCode, request::Parts},
    middleware,
};
use edge::{App, Caller, Duty, Gate, Problem, Sites, Workman};
use events::{Feed, Object, Told};
use futures_util::StreamExt;
use kernel::{Actor, Clock, Id, IdSource, Instant, JobId, Lang, LotId, Stamp};
use serde::Serialize;
use serde_json::Value;
use store::{
    Migration, StoreError, Tx,
    testing::{self, TestDb},
};
use tower::ServiceExt;
use uuid::Uuid;

const LIST: &[Migration] = &[store::MIGRATION, events::MIGRATION, events::SEAL_QUEUE_MIGRATION];
const NOON: Instant = Instant::from_millis(1_774_666_800_000);

#[derive(Serialize)]
struct LotWeighed {
    grams: i64,
}

impl Told for LotWeighed {
    const KIND: &'static str = "lot_weighed";
    const VERSION: i64 = 1;
}

/// Takes everybody for the auditor, except who says they are nobody.
struct OpenGate;

impl Gate for OpenGate {
    fn admit<'a>(
        &'a self,
        _app: &'a App,
        parts: &'a Parts,
    ) -> Pin<Box<dyn Future<Output = Result<Caller, Problem>> + Send + 'a>> {
        Box::pin(async move {
            let mut caller = Caller::nobody(Lang::En);
            if !parts.headers.contains_key("x-nobody") {
                caller.actor = Actor::System;
                caller.duties = BTreeSet::from([Duty::ReadEvents]);
                caller.sites = Sites::All;
            }
            Ok(caller)
        })
    }
}

struct NoWorkman;

impl Workman for NoWorkman {
    fn perform_now<'a>(&'a self, _job: JobId) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async {})
    }
}

struct Shop {
    db: TestDb,
    ids: IdSource,
    feed: Feed,
    router: Router,
}

impl Shop {
    fn open(db: TestDb) -> Self {
        let ids = IdSource::seeded(3);
        let app = App {
            db: db.clone(),
            clock: Clock::stepped(NOON),
            ids: ids.clone(),
            gate: Arc::new(OpenGate),
            workman: Arc::new(NoWorkman),
        };
        let feed = Feed::new();
        let (router, _) = events::router().split_for_parts();
        let router = router.with_state(app).layer(Extension(feed.clone())).layer(middleware::from_fn(edge::speak));
        Self { db, ids, feed, router }
    }

    async fn weigh(&self, grams: i64) {
        let stamp = Stamp::system(NOON, &self.ids);
        self.db
            .write::<_, StoreError, _>(async move |tx: &mut Tx| {
                let lot = LotId::from_uuid(Uuid::from_u128(7));
                events::tell(tx, &stamp.again(), Object::of(lot), &[], &LotWeighed { grams }).await
            })
            .await
            .expect("the weight is told");
        let sealed = events::seal(&self.db, NOON, "test").await.expect("the log is sealed");
        self.feed.advanced(sealed.position);
    }

    async fn get(&self, path: &str, header: Option<(&str, &str)>) -> (StatusCode, Body) {
        let mut request = Request::get(path);
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        let request = request.body(Body::empty()).expect("the request is whole");
        let response = self.router.clone().oneshot(request).await.expect("the router answers");
        (response.status(), response.into_body())
    }

    async fn json(&self, path: &str) -> (u16, Value) {
        let (status, body) = self.get(path, None).await;
        let bytes = to_bytes(body, 1 << 20).await.expect("the body arrives");
        (status.as_u16(), serde_json::from_slice(&bytes).expect("the body is JSON"))
    }
}

async fn next(stream: &mut BodyDataStream) -> Option<String> {
    let chunk = tokio::time::timeout(Duration::from_secs(10), stream.next()).await.expect("something comes");
    chunk.map(|bytes| String::from_utf8(bytes.expect("the stream holds").to_vec()).expect("events are text"))
}

#[tokio::test]
async fn a_lost_stream_resumes_behind_its_last_event_and_goes_on_live() {
    for db in testing::both(LIST).await {
        let shop = Shop::open(db);
        for grams in [100, 200, 300] {
            shop.weigh(grams).await;
        }

        let (status, body) = shop.get("/events/stream", Some(("last-event-id", "1"))).await;
        assert_eq!(status, 200);
        let mut stream = body.into_data_stream();
        for (position, grams) in [(2, 200), (3, 300)] {
            let told = next(&mut stream).await.unwrap();
            assert!(told.contains(&format!("id: {position}\n")) && told.contains("\"kind\":\"lot_weighed\""), "{told}");
            assert!(told.contains(&format!("{{\"grams\":{grams}}}")), "{told}");
        }

        shop.weigh(400).await;
        assert!(next(&mut stream).await.unwrap().contains("id: 4\n"));
        shop.feed.close();
        assert_eq!(next(&mut stream).await, None, "a server that stops ends its streams");
    }
}

#[tokio::test]
async fn who_follows_without_a_place_hears_only_what_is_new() {
    let shop = Shop::open(testing::sqlite(LIST).await);
    shop.weigh(100).await;

    let (_, body) = shop.get("/events/stream", None).await;
    shop.weigh(200).await;

    assert!(next(&mut body.into_data_stream()).await.unwrap().contains("id: 2\n"));
}

#[tokio::test]
async fn pages_keep_the_readers_place() {
    for db in testing::both(LIST).await {
        let shop = Shop::open(db);
        for grams in [100, 200, 300] {
            shop.weigh(grams).await;
        }

        let (_, page) = shop.json("/events?limit=2").await;
        assert_eq!((page["items"][1]["position"].as_i64(), page["next"].as_str()), (Some(2), Some("2")));
        let (_, page) = shop.json("/events?after=2").await;
        assert_eq!((page["items"][0]["body"]["grams"].as_i64(), page["next"].as_str()), (Some(300), Some("3")));
        let (_, page) = shop.json("/events?after=3").await;
        assert_eq!(page, serde_json::json!({ "items": [] }));

        let lot = Uuid::from_u128(7);
        let (_, first) = shop.json(&format!("/objects/lot/{lot}/events?limit=2")).await;
        let path = format!("/objects/lot/{lot}/events?limit=2&after={}", first["next"].as_str().unwrap());
        let (_, last) = shop.json(&path).await;
        assert_eq!((last["items"][0]["subject"]["revision"].as_i64(), last["next"].as_str()), (Some(3), None));

        let (_, blocks) = shop.json("/events/blocks?after=1").await;
        assert_eq!(blocks["items"][0]["number"], 2);
        assert_eq!(blocks["items"][1]["previous_hash"], blocks["items"][0]["hash"]);
    }
}

#[tokio::test]
async fn nonsense_is_refused_and_strangers_are_too() {
    let shop = Shop::open(testing::sqlite(LIST).await);
    for path in ["/events?after=-1", "/events?limit=0", "/events?limit=501", "/events/stream?after=-1"] {
        assert_eq!(shop.json(path).await.0, 422, "{path}");
    }
    assert_eq!(shop.json("/events?before=1").await.0, 400);
    assert_eq!(shop.json("/objects/lot/spinach/events").await.0, 404);
    assert_eq!(shop.get("/events/stream", Some(("last-event-id", "spinach"))).await.0, 422);
    for path in ["/events", "/events/stream", "/events/blocks"] {
        assert_eq!(shop.get(path, Some(("x-nobody", "1"))).await.0, 401, "{path}");
    }
}
