//! The books through the door: who may see and do what.

use std::{collections::BTreeSet, future::Future, pin::Pin, sync::Arc};

use accounts::{TaxClass, invoices};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, Request, StatusCode, request::Parts},
    middleware::from_fn,
};
use edge::{App, Caller, Duty, Gate, Problem, Sites, Workman};
use kernel::{Actor, Clock, CustomerId, IdSource, JobId, Lang, SiteId, Stamp, UserId};
use serde_json::{Value, json};
use store::{Db, Tx};
use tower::ServiceExt;

use crate::shop::{MORNING, Shop, shops};

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
    fn of(db: &Db, actor: Actor, sites: Sites, duties: &[Duty]) -> Self {
        let duties: BTreeSet<Duty> = duties.iter().copied().collect();
        let caller = Caller { actor, name: String::new(), lang: Lang::En, duties, sites };
        let app = App {
            db: db.clone(),
            clock: Clock::stepped(MORNING),
            ids: IdSource::Random,
            gate: Arc::new(Ajar(caller)),
            workman: Arc::new(Idle),
        };
        let routes = Router::from(accounts::router()).with_state(app);
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

fn finance(shop: &Shop, site: SiteId) -> Door {
    let duties = [Duty::BeSomebody, Duty::ReadAccounts, Duty::ManageBudgets, Duty::KeepBooks];
    Door::of(&shop.db, Actor::Staff(shop.mint::<UserId>()), Sites::Only(vec![site]), &duties)
}

fn buyer(shop: &Shop, customer: CustomerId) -> Door {
    let duties = [Duty::BeSomebody, Duty::PlaceOrders];
    Door::of(&shop.db, Actor::Customer(customer), Sites::Only(Vec::new()), &duties)
}

#[tokio::test]
async fn an_invoice_is_seen_by_its_buyer_and_by_the_books() {
    for shop in shops().await {
        let (taipei, shanghai) = (finance(&shop, shop.taipei.id), finance(&shop, shop.shanghai.id));
        let ranges = format!("/sites/{}/invoice-ranges", shop.taipei.id);
        let range = json!({ "period": "2026-03", "prefix": "AB", "first": 0, "last": 99 });
        assert_eq!(shanghai.post(&ranges, range.clone()).await.0, StatusCode::NOT_FOUND);
        assert_eq!(taipei.post(&ranges, range.clone()).await.0, StatusCode::CREATED);
        assert_eq!(taipei.get(&ranges).await.1[0]["next"], json!(0));
        let new = shop.invoice(vec![shop.spinach(1_240, 60, TaxClass::Exempt)]);
        let (order, customer) = (new.order, new.customer);
        let issued = shop
            .run(async move |tx: &mut Tx, stamp: &Stamp| invoices::issue_invoice(tx, stamp, &new).await)
            .await
            .unwrap();
        let path = format!("/invoices/{}", issued.invoice);

        let (status, seen) = buyer(&shop, customer).get(&path).await;
        assert_eq!((status, &seen["lines"][0]["quantity"]["grams"]), (StatusCode::OK, &json!(1_240)));
        let stranger = buyer(&shop, shop.mint());
        assert_eq!(stranger.get(&path).await.0, StatusCode::NOT_FOUND);
        assert_eq!(stranger.get(&format!("/customer-orders/{order}/invoices")).await.0, StatusCode::NOT_FOUND);
        assert_eq!(shanghai.get(&path).await.0, StatusCode::NOT_FOUND);
        assert_eq!(taipei.get(&format!("/customer-orders/{order}/invoices")).await.1[0], seen);

        let void = format!("{path}/void");
        let why = json!({ "reason": "wrong buyer" });
        assert_eq!(buyer(&shop, customer).post(&void, why.clone()).await.0, StatusCode::FORBIDDEN);
        assert_eq!(shanghai.post(&void, why.clone()).await.0, StatusCode::NOT_FOUND);
        let (status, voided) = taipei.post(&void, why.clone()).await;
        assert_eq!((status, &voided["state"]), (StatusCode::CREATED, &json!("voided")));
        assert_eq!(finance(&shop, shop.taipei.id).post(&void, why).await.1["code"], json!("invoices/voided"));
    }
}

#[tokio::test]
async fn the_journal_is_read_page_by_page() {
    for shop in shops().await {
        let (site, taipei) = (shop.taipei.id, finance(&shop, shop.taipei.id));
        taipei
            .post(
                &format!("/sites/{site}/invoice-ranges"),
                json!({ "period": "2026-03", "prefix": "AB", "first": 0, "last": 9 }),
            )
            .await;
        for _ in 0..3 {
            let new = shop.invoice(vec![shop.spinach(600, 105, TaxClass::Taxed5)]);
            shop.run(async move |tx: &mut Tx, stamp: &Stamp| invoices::issue_invoice(tx, stamp, &new).await)
                .await
                .unwrap();
        }

        let mut seen = Vec::new();
        let mut path = format!("/money-entries?site={site}&limit=2");
        loop {
            let (status, page) = taipei.get(&path).await;
            assert_eq!(status, StatusCode::OK, "{page}");
            seen.extend(page["items"].as_array().unwrap().clone());
            let Some(next) = page["next"].as_str() else { break };
            path = format!("/money-entries?site={site}&limit=2&after={next}");
        }

        assert_eq!(seen.len(), 3);
        let one = taipei.get(&format!("/money-entries/{}", seen[0]["id"].as_str().unwrap())).await.1;
        assert_eq!(one, seen[0]);
        let days = format!("/trial-balance?site={site}&from=2026-03-01&to=2026-03-31");
        let accounts = taipei.get(&days).await.1["accounts"].as_array().unwrap().clone();
        assert_eq!(accounts.iter().map(|account| account["balance"].as_i64().unwrap()).sum::<i64>(), 0);
        assert_eq!(accounts.len(), 3);
        let closed = taipei.post(&format!("/sites/{site}/books-lock"), json!({ "through": "2026-03-28" })).await;
        assert_eq!((closed.0, &closed.1["code"]), (StatusCode::CONFLICT, &json!("journal/cannot-lock")));
    }
}

#[tokio::test]
async fn a_budget_is_opened_once() {
    for shop in shops().await {
        let taipei = finance(&shop, shop.taipei.id);
        let new = |amount: i64, month: &str| {
            let key = json!({ "site": shop.taipei.id, "department": "kitchen", "category": "fish", "month": month });
            json!({ "key": key, "amount": amount })
        };

        assert_eq!(taipei.post("/budgets", new(0, "2026-03")).await.1["code"], json!("budgets/amount-out-of-range"));
        assert_eq!(taipei.post("/budgets", new(5, "2026-13")).await.1["code"], json!("budgets/not-a-month"));
        let (status, opened) = taipei.post("/budgets", new(5_000, "2026-03")).await;
        let listed = taipei.get(&format!("/budgets?site={}", shop.taipei.id)).await.1;
        let moves = taipei.get(&format!("/budgets/{}/moves", opened["id"].as_str().unwrap())).await.1;

        assert_eq!((status, &opened["free"]), (StatusCode::CREATED, &json!(5_000)));
        assert_eq!((&listed["items"][0], &moves["items"]), (&opened, &json!([])));
        let elsewhere = finance(&shop, shop.shanghai.id);
        assert_eq!(elsewhere.post("/budgets", new(5_000, "2026-04")).await.0, StatusCode::NOT_FOUND);
    }
}
