//! `freshet bench`: how much a shop takes in, beside what the database alone can do on the same machine.

use std::{
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant as Stopwatch},
};

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::{Failure, child::Server};

#[derive(Args)]
pub(crate) struct BenchArgs {
    #[command(subcommand)]
    what: Bench,
}

#[derive(Subcommand)]
enum Bench {
    /// Orders of three to five lines on the full way in: price, review, window, promise, payment, events.
    Orders(OrdersArgs),
}

#[derive(Args)]
struct OrdersArgs {
    /// Where the orders are kept; a temporary embedded database if absent.
    #[arg(long)]
    database: Option<String>,
    /// Customers who order at the same time.
    #[arg(long, default_value_t = 64)]
    concurrency: u32,
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// The PostgreSQL server on which pgbench is run beside it; that of --database if it is one.
    #[arg(long)]
    pgbench: Option<String>,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The figures as JSON.
    #[arg(long)]
    json: bool,
}

/// One address may sign in so many people within an hour before it looks like somebody who guesses.
const CROWD_MAX: u32 = 128;

pub(crate) async fn bench(args: BenchArgs) -> Result<ExitCode, Failure> {
    let Bench::Orders(args) = args.what;
    orders(args).await
}

async fn orders(args: OrdersArgs) -> Result<ExitCode, Failure> {
    if !(1..=CROWD_MAX).contains(&args.concurrency) || !(1..=3600).contains(&args.seconds) {
        return Err(Failure::new(format!("1 to {CROWD_MAX} customers order for 1 to 3600 seconds")));
    }
    let folder = tempfile::tempdir().map_err(Failure::new)?;
    let database =
        args.database.clone().unwrap_or_else(|| format!("sqlite:{}", folder.path().join("bench.sqlite").display()));
    let on_postgres = !database.starts_with("sqlite:");
    let phones = sim::Phones::listen().await.map_err(Failure::new)?;
    let words = [
        "--demo-company".to_owned(),
        "--database".to_owned(),
        database.clone(),
        "--notices-url".to_owned(),
        phones.address(),
        "--notices-allow-private".to_owned(),
    ];
    let server = Server::start(words.into()).await?;
    let load = sim::Load {
        address: server.address(),
        phones,
        password: server::DEMO_PASSWORD.to_owned(),
        crowd: args.concurrency,
        seed: args.seed,
    };
    let crowd = sim::gather(&load).await.map_err(Failure::new)?;

    let before = (server.cpu(), if on_postgres { cpu_of_all("postgres") } else { None });
    let taken = sim::press(crowd, Duration::from_secs(args.seconds)).await.map_err(Failure::new)?;
    let after = (server.cpu(), if on_postgres { cpu_of_all("postgres") } else { None });
    server.stop().await?;

    let beside = args.pgbench.clone().or_else(|| on_postgres.then(|| database.clone()));
    let pgbench = match beside {
        Some(url) => pgbench(&url, args.concurrency, args.seconds).await,
        None => Value::Null,
    };
    let orders = taken.orders();
    let per_order = |before: Option<Duration>, after: Option<Duration>| {
        let spent = after?.checked_sub(before?)?.as_micros();
        u64::try_from(spent).ok()?.checked_div(orders)
    };
    let figures = json!({
        "bench": "orders",
        "engine": if on_postgres { "postgres" } else { "sqlite" },
        "concurrency": args.concurrency,
        "seconds": args.seconds,
        "build": env!("BUILT_AS"),
        "cores": std::thread::available_parallelism().map_or(0, std::num::NonZero::get),
        "orders": orders,
        "orders_per_second": per_second(orders, taken.took),
        "lines": taken.lines,
        "states": taken.states,
        "refused": taken.refused,
        "wait_ms": { "p50": millis(taken.wait(500)), "p95": millis(taken.wait(950)), "p99": millis(taken.wait(990)) },
        "server_cpu_us_per_order": per_order(before.0, after.0),
        "database_cpu_us_per_order": per_order(before.1, after.1),
        "pgbench": pgbench,
    });
    if args.json {
        say!("{}", serde_json::to_string_pretty(&figures).map_err(Failure::new)?);
    } else {
        for (name, value) in figures.as_object().into_iter().flatten() {
            say!("{name}: {value}");
        }
    }
    Ok(if orders > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whole orders a second.
fn per_second(orders: u64, took: Duration) -> u64 {
    u64::try_from(took.as_millis()).ok().and_then(|took| (orders * 1000).checked_div(took)).unwrap_or(0)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The processor time of every process of this name, where the system tells.
fn cpu_of_all(name: &str) -> Option<Duration> {
    let mut sum = Duration::ZERO;
    for entry in std::fs::read_dir("/proc").ok()?.flatten() {
        let is_one = std::fs::read_to_string(entry.path().join("comm")).is_ok_and(|comm| comm.trim() == name);
        if is_one {
            sum += crate::child::cpu_in(&entry.path()).unwrap_or_default();
        }
    }
    Some(sum)
}

/// `pgbench -N -M prepared` in a database of its own on the same server; why not, if it cannot be run.
async fn pgbench(url: &str, clients: u32, seconds: u64) -> Value {
    match try_pgbench(url, clients, seconds).await {
        Ok(figures) => figures,
        Err(why) => json!({ "skipped": why.to_string() }),
    }
}

async fn try_pgbench(url: &str, clients: u32, seconds: u64) -> Result<Value, Failure> {
    const SCALE: &str = "20";
    let folder = postgres_programs().ok_or_else(|| Failure::new("pgbench is not installed"))?;
    let name = format!("freshet_pgbench_{}", std::process::id());
    let own = beside(url, &name);
    run(&folder, "createdb", &["--maintenance-db", url, &name]).await?;
    let measured = async {
        run(&folder, "pgbench", &["-i", "-q", "-s", SCALE, &own]).await?;
        let (clients, seconds) = (clients.to_string(), seconds.to_string());
        let words = ["-N", "-M", "prepared", "-c", &clients, "-j", "2", "-T", &seconds, &own];
        let stopwatch = Stopwatch::now();
        let told = run(&folder, "pgbench", &words).await?;
        let tps =
            told.lines().find_map(|line| line.strip_prefix("tps = ")?.split(['.', ' ']).next()?.parse::<u64>().ok());
        let tps = tps.ok_or_else(|| Failure::new(format!("pgbench said no tps: {told}")))?;
        let took = millis(stopwatch.elapsed());
        Ok(json!({ "options": "-N -M prepared", "scale": SCALE, "transactions_per_second": tps, "took_ms": took }))
    }
    .await;
    run(&folder, "dropdb", &["--maintenance-db", url, &name]).await?;
    measured
}

async fn run(folder: &std::path::Path, program: &str, words: &[&str]) -> Result<String, Failure> {
    let done = Command::new(folder.join(program)).args(words).output().await.map_err(Failure::new)?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    Err(Failure::new(format!("{program}: {}", String::from_utf8_lossy(&done.stderr).trim())))
}

/// Another database on the server of `url`.
fn beside(url: &str, name: &str) -> String {
    let (address, options) = url.split_once('?').map_or((url, None), |(address, options)| (address, Some(options)));
    let from = address.find("://").map_or(0, |at| at + 3);
    let server = address.get(from..).and_then(|rest| rest.find('/')).map_or(address, |at| &address[..from + at]);
    options.map_or_else(|| format!("{server}/{name}"), |options| format!("{server}/{name}?{options}"))
}

/// The folder that pgbench lies in: on the path, or where Debian keeps each version.
fn postgres_programs() -> Option<PathBuf> {
    let on_path =
        std::env::var_os("PATH").into_iter().flat_map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.flatten().map(|entry| entry.path().join("bin")).collect())
        .unwrap_or_default();
    versions.sort();
    // The programs of one version together: on the path there may be wrappers without pgbench.
    versions.into_iter().rev().chain(on_path).find(|folder| folder.join("pgbench").is_file())
}
