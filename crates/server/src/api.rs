//! All routes under one roof, and the document that describes them.

use std::sync::{Arc, atomic::AtomicI64};

use accounts::payments::Simulator;
use axum::{Extension, Router, handler::HandlerWithoutStateExt, middleware, routing::get};
use edge::App;
use events::Feed;
use exchange::Reach;
use flows::review_to_procedure::Conformance;
use identity::{Hashing, Identity, IdentitySettings, Transport};
use improvement::meetings::BreachSource;
use kernel::{Clock, IdSource};
use orders::notices::{FileSink, Gateway};
use store::Db;
use tower::ServiceBuilder;
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer};
use utoipa::openapi::{ContactBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, ServerBuilder};
use utoipa_axum::router::OpenApiRouter;

use crate::{
    Settings, StartError, assets, clock,
    gateway::HttpGateway,
    health::{self, MetricsDoor},
    layers::{self, Limiter, Meter},
    outgoing::Outgoing,
    roads,
    start::Shop,
    worker::{Steps, Worker},
};

const NOTICES_FILE: &str = "freshet-notices.jsonl";

/// The API as OpenAPI 3.1, generated from the code.
pub fn openapi_json() -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(&api().into_openapi())
}

/// Every route of the API, without the state that answers.
fn api() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(description())
        .merge(events::router())
        .merge(identity::router())
        .merge(catalog::router())
        .merge(customers::router())
        .merge(accounts::router())
        .merge(procurement::router())
        .merge(warehouse::router())
        .merge(orders::router())
        .merge(delivery::router())
        .merge(procedures::router())
        .merge(improvement::router())
        .merge(flows::router())
        .merge(exchange::router())
        .merge(imports::router())
        .merge(papers::router())
        .merge(clock::router())
}

fn description() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Freshet 鮮流")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "The daily work of a shop that sells fresh food online. Refusals are problem+json with a stable code; \
             commands carry an Idempotency-Key; lists go on from the cursor in `next`.",
        ))
        .license(Some(LicenseBuilder::new().name("MIT OR Apache-2.0").identifier(Some("MIT OR Apache-2.0")).build()))
        .contact(Some(ContactBuilder::new().name(Some("The Freshet developers")).build()))
        .build();
    OpenApiBuilder::new().info(info).servers(Some([ServerBuilder::new().url("/api").build()])).build()
}

/// Puts the shop together on an open, migrated database.
pub(crate) async fn assemble(settings: &Settings, db: Db, clock: Clock, ids: IdSource) -> Result<Shop, StartError> {
    let tls = settings.tls.self_signed || settings.tls.certificate.is_some();
    let identity = Identity::open(
        &db,
        IdentitySettings {
            link_secret: settings.link_secret.clone(),
            transport: if tls { Transport::Tls } else { Transport::Plain },
            hashing: if settings.demo_company { Hashing::Demonstration } else { Hashing::Standard },
        },
    )
    .await
    .map_err(|error| StartError::Identity(error.to_string()))?;
    let travel = roads::travel(&settings.planning)?;
    let feed = Feed::new();
    let webhook_reach = reach(settings.webhooks.allow_private);
    let worker = Arc::new(Worker {
        name: holder(&clock),
        db: db.clone(),
        clock: clock.clone(),
        ids: ids.clone(),
        provider: Arc::new(Simulator::default()),
        gateway: gateway(settings)?,
        out: Arc::new(Outgoing::new(webhook_reach).map_err(|error| StartError::Webhooks(error.to_string()))?),
        identity: identity.clone(),
        address: settings.address(),
        feed: feed.clone(),
        sensors: std::sync::OnceLock::new(),
        swept_at: AtomicI64::new(0),
        looked_at: AtomicI64::new(0),
        judged_at: AtomicI64::new(0),
        forgot_at: AtomicI64::new(0),
        read_to: exchange::webhooks::ReadTo::default(),
    });
    let app = App { db, clock, ids, gate: Arc::new(identity.clone()), workman: Arc::<Worker>::clone(&worker) };
    let meter = Meter::default();
    let openapi = openapi_json().map_err(|error| StartError::Identity(error.to_string()))?;
    let described = move || {
        let openapi = openapi.clone();
        async move { ([(axum::http::header::CONTENT_TYPE, "application/json")], openapi) }
    };
    let (routes, _) = api().split_for_parts();
    let routes = routes
        .layer(Extension(Steps(Arc::clone(&worker))))
        .layer(Extension(identity))
        .layer(Extension(settings.planning.engine))
        .layer(Extension(travel))
        .layer(Extension(feed.clone()))
        .layer(Extension(webhook_reach))
        .layer(Extension(BreachSource(Arc::new(Conformance))))
        .layer(middleware::from_fn(edge::fingerprint));
    let around = ServiceBuilder::new()
        .layer(middleware::from_fn(layers::identify))
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn_with_state(meter.clone(), layers::measure))
        .layer(middleware::from_fn(edge::speak))
        .layer(CatchPanicLayer::custom(layers::panicked))
        .layer(middleware::from_fn_with_state(Limiter::new(settings.requests_per_second), layers::limit));
    let router = Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/api/openapi.json", get(described))
        .route("/api/docs", get(assets::reference))
        .nest("/api", routes)
        .fallback_service(assets::serve.into_service())
        .layer(Extension(meter))
        .layer(Extension(MetricsDoor::of(settings)))
        .layer(around)
        .with_state(app.clone());
    Ok(Shop { app, router, feed, worker })
}

/// Under which this process takes leases. A stepped clock stands still while nobody moves it, so a lease of a process
/// that died would not run out; there is only one process then, and it takes its own lease again.
fn holder(clock: &Clock) -> String {
    match clock {
        Clock::Real => format!("{:016x}", getrandom::u64().unwrap_or(0)),
        Clock::Stepped(_) => "demonstration".to_owned(),
    }
}

fn gateway(settings: &Settings) -> Result<Arc<dyn Gateway>, StartError> {
    let notices = &settings.notices;
    if let Some(url) = &notices.url {
        return Ok(Arc::new(HttpGateway::new(url, reach(notices.allow_private))?));
    }
    let file = notices.file.clone().unwrap_or_else(|| NOTICES_FILE.into());
    Ok(Arc::new(FileSink::new(file)))
}

const fn reach(allow_private: bool) -> Reach {
    if allow_private { Reach::PrivateToo } else { Reach::PublicOnly }
}
