//! Those outside who read what the shop publishes: a partner with a webhook, and whoever fetches the documents.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpListener;

use crate::{
    SimError,
    shop::{Answer, list, text},
    world::World,
};

/// What the partner wants to be told of: when vans leave, and when goods fail.
const KINDS: [&str; 3] = ["lot_quarantined", "lot_recalled", "run_departed"];

/// A partner's server.
#[derive(Clone)]
pub(crate) struct Partner {
    address: SocketAddr,
    desk: Arc<Mutex<Desk>>,
}

#[derive(Default)]
struct Desk {
    secret: String,
    /// How often each event came, by its id.
    told: BTreeMap<String, u32>,
    /// Messages whose signature was wrong.
    forged: u32,
}

impl Partner {
    async fn listen() -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let partner = Self { address: listener.local_addr()?, desk: Arc::default() };
        let router = Router::new().route("/told", post(receive)).with_state(partner.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(partner)
    }

    fn desk(&self) -> std::sync::MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets a partner be told. A shop that may not call into the own network says so, and nobody is told.
pub(crate) async fn subscribe(world: &mut World) -> Result<(), SimError> {
    let Ok(partner) = Partner::listen().await else { return Ok(()) };
    let url = format!("http://{}/told", partner.address);
    let body = json!({ "name": "partner", "url": url, "kinds": KINDS });
    if let Answer::Done(made) = world.shop.post("admin", "/api/webhooks", body).await? {
        text(&made, "secret")?.clone_into(&mut partner.desk().secret);
        world.partner = Some(partner);
    }
    Ok(())
}

async fn receive(State(partner): State<Partner>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (Some(event), Some(signature)) = (header("idempotency-key"), header("freshet-signature")) else {
        return StatusCode::BAD_REQUEST;
    };
    let mut desk = partner.desk();
    if !is_signed(&desk.secret, &signature, &body) {
        desk.forged += 1;
        return StatusCode::UNAUTHORIZED;
    }
    *desk.told.entry(event).or_default() += 1;
    StatusCode::NO_CONTENT
}

/// Whether `t=<seconds>,v1=<hex>` is the HMAC of the seconds, a dot and the body.
fn is_signed(secret: &str, signature: &str, body: &[u8]) -> bool {
    let Some((time, tag)) = signature.split_once(",v1=") else { return false };
    let Some(seconds) = time.strip_prefix("t=") else { return false };
    let digits: Option<Vec<u8>> = tag
        .as_bytes()
        .chunks(2)
        .map(|pair| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok()))
        .collect();
    let (Some(tag), Ok(mut mac)) = (digits, Hmac::<Sha256>::new_from_slice(secret.as_bytes())) else { return false };
    mac.update(seconds.as_bytes());
    mac.update(b".");
    mac.update(body);
    mac.verify_slice(&tag).is_ok()
}

/// What the partner was told, and what the documents of the standards hold.
pub(crate) async fn published(world: &mut World) -> Result<Value, SimError> {
    let ocel = world.shop.get("auditor", "/api/exports/ocel").await?.done("/api/exports/ocel")?;
    let epcis = world.shop.get("auditor", "/api/exports/epcis").await?.done("/api/exports/epcis")?;
    let steps = epcis.get("epcisBody").map(|body| list(body, "eventList")).transpose()?.unwrap_or_default();
    let mut by_step: BTreeMap<String, i64> = BTreeMap::new();
    for step in steps {
        *by_step.entry(text(step, "bizStep")?.to_owned()).or_default() += 1;
    }
    let told = world.partner.as_ref().map(|partner| {
        let desk = partner.desk();
        json!({ "events": desk.told.len(), "most_often": desk.told.values().max(), "forged": desk.forged })
    });
    Ok(json!({
        "ocel": {
            "events": list(&ocel, "events")?.len(),
            "objects": list(&ocel, "objects")?.len(),
            "object_types": list(&ocel, "objectTypes")?.len(),
        },
        "epcis": by_step,
        "webhook": told,
    }))
}
