//! From settings to a shop that is open.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use axum_server::tls_rustls::RustlsConfig;
use edge::App;
use events::Feed;
use kernel::{Clock, IdSource, Instant, Stamp};
use procedures::authoring;
use store::{Db, Outlives, Tx};
use tokio::{signal, sync::watch};
use tracing_subscriber::{
    EnvFilter, Layer as _, filter::LevelFilter, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

use crate::{
    MIGRATIONS, Settings, StartError, TimeSetting, api, company, installation, sensors, telemetry::Traces, tls,
    worker::Worker,
};

/// A shop that is ready to answer: its routes and the work behind them.
pub struct Shop {
    pub app: App,
    pub router: Router,
    pub(crate) feed: Feed,
    pub(crate) worker: Arc<Worker>,
}

/// Where a demonstration's clock begins when nothing else is said: a Monday, 06:00 in Taipei.
const STEPPED_START: Instant = Instant::from_millis(1_772_402_400_000);
/// How long open requests may go on after the signal to stop.
const GRACE: Duration = Duration::from_secs(5);
/// Told apart from the seed of commands.
const SENSOR_SEED: u64 = 0x73_656E_736F_7273;
/// Background work looks for something to do this often.
const WORK_EVERY: Duration = Duration::from_millis(200);

/// Opens the database and assembles the shop on it, without listening.
pub async fn open(settings: &Settings) -> Result<Shop, StartError> {
    let outlives = match settings.time {
        TimeSetting::Real => Outlives::PowerCut,
        // A day passes in seconds: nobody waits for the disk at every one of its commands.
        TimeSetting::Stepped => Outlives::SuddenDeath,
    };
    let db = Db::open_outliving(&settings.database, outlives).await?;
    db.migrate(MIGRATIONS).await?;
    let (clock, ids) = match settings.time {
        TimeSetting::Real => (Clock::Real, IdSource::Random),
        TimeSetting::Stepped => {
            let start = settings.stepped_start.unwrap_or(STEPPED_START);
            installation::went_on(&db, start, settings.stepped_seed).await?
        }
    };
    installation::install(&db, settings.time, clock.now()).await?;
    let stamp = Stamp::system(clock.now(), &ids);
    db.write(async move |tx: &mut Tx| authoring::install_shipped(tx, &stamp.again()).await)
        .await
        .map_err(|error| StartError::Procedures(error.to_string()))?;
    if settings.demo_company {
        company::found(&db, &clock, &ids, settings.demo_sites).await?;
    }
    api::assemble(settings, db, clock, ids).await
}

impl Shop {
    /// Opens the way for sensors that the settings ask for, in the clear; answers where they speak. For who has
    /// assembled a shop and does not [`serve`] it.
    pub async fn hear_sensors(&self, settings: &Settings) -> Result<Option<SocketAddr>, StartError> {
        let sensors = self.open_to_sensors(settings, None).await?;
        Ok(sensors.and_then(|sensors| sensors.address()))
    }

    async fn open_to_sensors(
        &self,
        settings: &Settings,
        tls: Option<&RustlsConfig>,
    ) -> Result<Option<Arc<dyn mqtt::Broker>>, StartError> {
        let readings = match settings.time {
            TimeSetting::Real => self.app.ids.clone(),
            // Of their own, so that a reading that comes a moment sooner shifts no id of a command.
            TimeSetting::Stepped => IdSource::seeded(settings.stepped_seed ^ SENSOR_SEED),
        };
        let sensors = sensors::open(&settings.mqtt, tls, &self.app.db, &self.app.clock, readings).await?;
        if let Some(sensors) = &sensors {
            // The worker is new; nobody has set its sensors before.
            drop(self.worker.sensors.set(Arc::clone(sensors)));
        }
        Ok(sensors)
    }
}

/// Serves until the process is told to stop, then lets open requests end.
pub async fn serve(settings: Settings) -> Result<(), StartError> {
    let traces = Traces::begin(&settings.telemetry)?;
    log(&settings, traces.as_ref());
    let shop = open(&settings).await?;
    let tls = tls::prepare(&settings.tls).await?;
    let listener = std::net::TcpListener::bind(settings.listen)
        .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
        .map_err(|reason| StartError::Listen { address: settings.listen, reason })?;
    let address = listener.local_addr().unwrap_or(settings.listen);
    let sensors = shop.open_to_sensors(&settings, tls.as_ref().map(|tls| &tls.config)).await?;
    // Before anybody is told that the shop is open: who knows it may close it.
    let told_to_stop = told_to_stop().map_err(StartError::Served)?;
    welcome(&settings, address, tls.as_ref(), sensors.as_deref());

    let (stop, stopped) = watch::channel(false);
    let work = tokio::spawn(work_in_real_time(shop.app.clock.clone(), Arc::clone(&shop.worker), stopped));
    let handle = axum_server::Handle::new();
    tokio::spawn({
        let (handle, feed) = (handle.clone(), shop.feed);
        async move {
            told_to_stop.await;
            tracing::info!("stopping");
            if let Some(sensors) = sensors {
                sensors.close();
            }
            // Streams would keep the server open for as long as somebody watches.
            feed.close();
            handle.graceful_shutdown(Some(GRACE));
        }
    });
    let service = shop.router.into_make_service_with_connect_info::<SocketAddr>();
    let served = match tls {
        None => {
            let server = axum_server::from_tcp(listener).map_err(StartError::Served)?;
            server.handle(handle).serve(service).await
        }
        Some(tls) => {
            let server = axum_server::from_tcp_rustls(listener, tls.config).map_err(StartError::Served)?;
            server.handle(handle).serve(service).await
        }
    };
    // With a stepped clock the receiver is gone already.
    let _gone = stop.send(true);
    if let Err(error) = work.await {
        tracing::error!(%error, "background work had ended badly");
    }
    if let Some(traces) = traces {
        traces.end().await;
    }
    served.map_err(StartError::Served)
}

/// In real time the work is looked for again and again; a stepped clock does it when it is moved.
async fn work_in_real_time(clock: Clock, worker: Arc<Worker>, mut stopped: watch::Receiver<bool>) {
    if matches!(clock, Clock::Stepped(_)) {
        return;
    }
    loop {
        if let Err(error) = worker.work_until(clock.now()).await {
            tracing::error!(%error, "background work failed and will be tried again");
        }
        tokio::select! {
            () = tokio::time::sleep(WORK_EVERY) => {}
            _ = stopped.changed() => return,
        }
    }
}

/// Listens from now on for being told to stop; what it answers ends when that has happened.
fn told_to_stop() -> std::io::Result<impl Future<Output = ()> + Send> {
    #[cfg(unix)]
    {
        let mut interrupt = signal::unix::signal(signal::unix::SignalKind::interrupt())?;
        let mut terminate = signal::unix::signal(signal::unix::SignalKind::terminate())?;
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    Ok(async { drop(signal::ctrl_c().await) })
}

/// Tells the person at the terminal where the shop is and how to get in.
#[expect(
    clippy::print_stdout,
    reason = "the address and the logins are what the person who typed the command waits for"
)]
fn welcome(settings: &Settings, address: SocketAddr, tls: Option<&tls::Tls>, sensors: Option<&dyn mqtt::Broker>) {
    let scheme = if tls.is_some() { "https" } else { "http" };
    println!("Freshet 鮮流 is open at {scheme}://{address}");
    if let Some(sensors) = sensors.and_then(mqtt::Broker::address) {
        println!("sensors speak MQTT at {sensors}");
    }
    if let Some(fingerprint) = tls.and_then(|tls| tls.fingerprint.as_ref()) {
        println!("certificate SHA-256 {fingerprint}");
    }
    if settings.demo_company {
        println!("sign in with the password {} as:", company::DEMO_PASSWORD);
        for (login, role) in company::DEMO_LOGINS {
            println!("  {login:<12} {}", role.code());
        }
    }
}

/// Log lines to standard error, by `FRESHET_LOG=debug` and finer filters as `tracing` spells them, and spans to the
/// collector.
fn log(settings: &Settings, traces: Option<&Traces>) {
    let filter = EnvFilter::try_from_env("FRESHET_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = if settings.log_json { lines.json().boxed() } else { lines.boxed() };
    // However quiet the log is, a trace is whole.
    let spans = traces.map(|traces| traces.layer().with_filter(LevelFilter::INFO));
    // A second start in one process (tests) keeps the first log.
    drop(tracing_subscriber::registry().with(lines.with_filter(filter)).with(spans).try_init());
}
