//! A shop whose log is short enough to be read whole.

use std::{collections::BTreeSet, future::Future, path::PathBuf, pin::Pin, sync::Arc};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, request::Parts},
    middleware,
};
use edge::{App, Caller, Duty, Gate, Problem, Sites, Workman};
use events::{Object, Told};
use kernel::{Actor, Clock, IdSource, Instant, JobId, Lang, LotId, PurchaseOrderId, SiteId, Stamp, UserId};
use serde::Serialize;
use serde_json::Value;
use store::{
    Migration, StoreError, Tx,
    testing::{self, TestDb},
};
use tower::ServiceExt;

const LIST: &[Migration] = &[store::MIGRATION, events::MIGRATION, events::SEAL_QUEUE_MIGRATION];
pub(crate) const NOON: Instant = Instant::from_millis(1_774_666_800_000);

/// Takes everybody for the auditor, except who says they are nobody or a picker.
struct OpenGate;

impl Gate for OpenGate {
    fn admit<'a>(
        &'a self,
        _app: &'a App,
        parts: &'a Parts,
    ) -> Pin<Box<dyn Future<Output = Result<Caller, Problem>> + Send + 'a>> {
        Box::pin(async move {
            let mut caller = Caller::nobody(Lang::En);
            match parts.headers.get("x-as").and_then(|who| who.to_str().ok()) {
                Some("nobody") => {}
                Some("picker") => {
                    caller.actor = Actor::System;
                    caller.duties = BTreeSet::from([Duty::PickGoods]);
                }
                Some(_) | None => {
                    caller.actor = Actor::System;
                    caller.duties = BTreeSet::from([Duty::ReadEvents]);
                    caller.sites = Sites::All;
                }
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

#[derive(Serialize)]
struct LotWeighed {
    quantity: Grams,
    scale: &'static str,
}

#[derive(Serialize)]
struct Grams {
    grams: i64,
}

impl Told for LotWeighed {
    const KIND: &'static str = "lot_weighed";
    const VERSION: i64 = 1;
}

pub(crate) struct Shop {
    db: TestDb,
    ids: IdSource,
    router: Router,
    pub(crate) lot: LotId,
    pub(crate) order: PurchaseOrderId,
    pub(crate) site: SiteId,
    pub(crate) receiver: UserId,
}

impl Shop {
    pub(crate) async fn both() -> Vec<Self> {
        testing::both(LIST).await.into_iter().map(Self::on).collect()
    }

    fn on(db: TestDb) -> Self {
        let ids = IdSource::seeded(3);
        let stamp = Stamp::system(NOON, &ids);
        let (lot, order, site, receiver) = (stamp.mint(), stamp.mint(), stamp.mint(), stamp.mint());
        let app = App {
            db: db.clone(),
            clock: Clock::stepped(NOON),
            ids: ids.clone(),
            gate: Arc::new(OpenGate),
            workman: Arc::new(NoWorkman),
        };
        let (router, _) = exchange::router().split_for_parts();
        let router = router.with_state(app).layer(middleware::from_fn(edge::speak));
        Self { db, ids, router, lot, order, site, receiver }
    }

    /// The receiver weighs the lot again, and the log is sealed.
    pub(crate) async fn weigh(&self, grams: i64, scale: &'static str) {
        let stamp = Stamp::new(NOON, Actor::Staff(self.receiver), Lang::En, &self.ids);
        let (lot, also) = (Object::of(self.lot), [Object::of(self.order), Object::of(self.site)]);
        let body = Arc::new(LotWeighed { quantity: Grams { grams }, scale });
        self.db
            .write::<_, StoreError, _>(async move |tx: &mut Tx| {
                events::tell(tx, &stamp.again(), lot, &also, body.as_ref()).await
            })
            .await
            .expect("the weight is told");
        events::seal(&self.db, NOON, "test").await.expect("the log is sealed");
    }

    /// Status, the position that the answer ends with, and its text.
    pub(crate) async fn get(&self, path: &str, who: &str) -> (u16, Option<String>, String) {
        let request = Request::get(path).header("x-as", who).body(Body::empty()).expect("the request is whole");
        let response = self.router.clone().oneshot(request).await.expect("the router answers");
        let status = response.status().as_u16();
        let last = response.headers().get("last-position").and_then(|last| last.to_str().ok()).map(str::to_owned);
        let bytes = to_bytes(response.into_body(), 1 << 22).await.expect("the body arrives");
        (status, last, String::from_utf8(bytes.to_vec()).expect("text"))
    }

    pub(crate) async fn json(&self, path: &str) -> Value {
        let (status, _, text) = self.get(path, "auditor").await;
        assert_eq!(status, 200, "{text}");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}

/// A JSON file of the public data, if it is here.
#[expect(clippy::print_stdout, reason = "what was skipped is counted from the test's output")]
pub(crate) fn public(path: &str) -> Option<Value> {
    let Ok(folder) = std::env::var("FRESHET_TEST_DATA") else {
        println!("skipped: no data");
        return None;
    };
    let text = std::fs::read_to_string(PathBuf::from(folder).join(path)).expect("the public data can be read");
    Some(serde_json::from_str(&text).expect("the public data is JSON"))
}
