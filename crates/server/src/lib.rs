//! The assembly: settings, all routers under one roof, background work, the embedded client.
//!
//! Nothing is decided here. A rule that appears in this crate is in the wrong room.

mod api;
mod assets;
mod clock;
mod company;
mod gateway;
mod health;
mod installation;
mod layers;
mod outgoing;
mod roads;
mod sensors;
mod settings;
mod start;
mod telemetry;
mod tls;
mod worker;

use store::{Migration, StoreError};

pub use api::openapi_json;
pub use company::{DEMO_LOGINS, DEMO_PASSWORD};
pub use roads::travel;
pub use settings::{
    MqttSettings, NoticeSettings, PlanningSettings, Settings, SettingsError, TimeSetting, TlsSettings, WebhookSettings,
    without_password,
};
pub use start::{Shop, open, serve};
pub use tls::choose_provider as choose_tls_provider;

/// Every table of the shop, in the order of the dependency arrow.
pub static MIGRATIONS: &[Migration] = &[
    store::MIGRATION,
    events::MIGRATION,
    identity::MIGRATION,
    catalog::MIGRATION,
    customers::MIGRATION,
    ledger::MIGRATION,
    accounts::MIGRATION,
    procurement::MIGRATION,
    procurement::REQUISITIONS_MIGRATION,
    procurement::MARKET_MIGRATION,
    procurement::SCORECARDS_MIGRATION,
    warehouse::MIGRATION,
    warehouse::COLDCHAIN_MIGRATION,
    warehouse::THERMAL_MIGRATION,
    warehouse::COUNTING,
    warehouse::RECALL,
    warehouse::RETURNS,
    orders::MIGRATION,
    delivery::MIGRATION,
    delivery::REMEDIES,
    procedures::MIGRATION,
    improvement::MIGRATION,
    MIGRATION,
    imports::MIGRATION,
    exchange::MIGRATION,
    procedures::CASE_NOUNS_MIGRATION,
    delivery::COMPLAINT_TRIES,
    procurement::APPROVAL_DUE_MIGRATION,
    ledger::WALKS_MIGRATION,
    delivery::WALKS,
    delivery::HEARD_MIGRATION,
    delivery::TRAVEL_MIGRATION,
    events::SEAL_QUEUE_MIGRATION,
];

const MIGRATION: Migration = Migration::new(70, "server", include_str!("../../../migrations/0070_server.sql"));

/// Why the server does not start, in the words for the person who started it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the database: {0}")]
    Store(#[from] StoreError),
    #[error("this database was created for trade; its clock is never stepped")]
    NotADemonstration,
    #[error("this database was created for a demonstration with a stepped clock; serve it with --stepped-from")]
    OnlyADemonstration,
    #[error("the certificate cannot be used: {0}")]
    Certificate(std::io::Error),
    #[error("no certificate could be made: {0}")]
    SelfSigned(String),
    #[error("cannot listen on {address}: {reason}")]
    Listen { address: std::net::SocketAddr, reason: std::io::Error },
    #[error("the sensors' broker: {0}")]
    Mqtt(String),
    #[error("the server stopped: {0}")]
    Served(std::io::Error),
    #[error("{0} is no address that notices can be sent to")]
    NoticesUrl(String),
    #[error("the roads that vehicles drive by: {0}")]
    Roads(String),
    #[error("calls to webhooks: {0}")]
    Webhooks(String),
    #[error("traces cannot go to {endpoint}: {reason}")]
    Telemetry { endpoint: String, reason: String },
    #[error("{0}")]
    Identity(String),
    #[error("the process documents: {0}")]
    Procedures(String),
    #[error("the demo company: {0}")]
    Company(String),
}
