//! `freshet demo`: a server and a simulated company, two processes that meet at an address.

use std::{
    net::TcpListener,
    path::PathBuf,
    process::{ExitCode, Stdio},
    time::{Duration, Instant as Stopwatch},
};

use clap::{Args, ValueEnum};
use kernel::Instant;
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use crate::Failure;

#[derive(Args)]
pub(crate) struct DemoArgs {
    /// Days of trade.
    #[arg(long, default_value_t = 1)]
    days: u32,
    /// Orders in all, over all days and sites.
    #[arg(long, default_value_t = 50)]
    orders: u32,
    /// Sites; the second trades under the `cn` profile.
    #[arg(long, default_value_t = 1)]
    sites: u32,
    /// The same seed, the same days.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where the company's books are kept; a temporary embedded database if absent.
    #[arg(long)]
    database: Option<String>,
    /// As fast as the machine can, with a progress bar, and no client to look at.
    #[arg(long)]
    headless: bool,
    /// Virtual seconds per real second when somebody watches.
    #[arg(long, default_value_t = 600, conflicts_with = "headless")]
    speed: u32,
    /// Whether things go wrong on purpose; the report says which of them the shop has told somebody.
    #[arg(long, value_enum, default_value_t = FaultsWanted::Planted)]
    faults: FaultsWanted,
    /// Write the report here as JSON.
    #[arg(long)]
    report: Option<PathBuf>,
}

/// What may go wrong on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FaultsWanted {
    Planted,
    None,
}

impl FaultsWanted {
    /// The list of planted faults lies in a file without a name: the server has nothing that it could open.
    fn list(self) -> Result<sim::Faults, Failure> {
        match self {
            Self::Planted => Ok(sim::Faults::Planted(tempfile::tempfile().map_err(Failure::new)?)),
            Self::None => Ok(sim::Faults::None),
        }
    }
}

/// The first morning of every demonstration: a Monday, 06:00 in Taipei.
const FIRST_MORNING: &str = "2026-03-01T22:00:00Z";
/// The company is founded so many minutes before, while the market is still open: its first goods come before 06:00.
const FOUNDED_BEFORE_MINUTES: i64 = 4 * 60;
const START_PATIENCE: Duration = Duration::from_secs(30);

#[expect(clippy::print_stdout, reason = "the report is the command's output")]
pub(crate) async fn demo(args: DemoArgs) -> Result<ExitCode, Failure> {
    if !(1..=2).contains(&args.sites) || args.days == 0 || args.days > 60 || args.orders > 1_000_000 {
        return Err(Failure::new("a demonstration has 1 or 2 sites, 1 to 60 days and at most 1,000,000 orders"));
    }
    let folder = tempfile::tempdir().map_err(Failure::new)?;
    let database =
        args.database.clone().unwrap_or_else(|| format!("sqlite:{}", folder.path().join("demo.sqlite").display()));
    let start: Instant = FIRST_MORNING.parse().map_err(Failure::new)?;
    let opens = start.plus_minutes(-FOUNDED_BEFORE_MINUTES);
    let phones = sim::Phones::listen().await.map_err(Failure::new)?;
    let stopwatch = Stopwatch::now();
    let server = DemoServer::start(&args, &database, opens, &phones).await?;
    let started = stopwatch.elapsed();
    if !args.headless {
        println!("the shop at work: {} (sign in as manager, password {})", server.address, server::DEMO_PASSWORD);
    }
    let plan = sim::Plan {
        address: server.address.clone(),
        phones,
        opens,
        start,
        days: args.days,
        orders: args.orders,
        seed: args.seed,
        password: server::DEMO_PASSWORD.to_owned(),
        pace: if args.headless { sim::Pace::Headless } else { sim::Pace::Watched { speed: args.speed } },
        faults: args.faults.list()?,
    };
    let outcome = sim::run(plan).await;
    let ended = server.stop().await;
    let outcome = outcome.map_err(Failure::new)?;
    ended?;

    let findings = auditor::audit(&database).await.map_err(Failure::new)?;
    let report = json!({
        "run": outcome.report,
        "verify": serde_json::to_value(&findings).map_err(Failure::new)?,
        "timing": {
            "server_start_ms": millis(started),
            "simulated_ms": millis(outcome.took),
            "waited_for_server_ms": millis(outcome.waited),
            "recall_drill_ms": outcome.recall_drill.map(millis),
        },
    });
    if let Some(file) = &args.report {
        let text = serde_json::to_string_pretty(&report).map_err(Failure::new)?;
        std::fs::write(file, text).map_err(Failure::new)?;
    }
    print_report(&report["run"], 0);
    for law in &findings.laws {
        println!("{law}");
    }
    println!(
        "{:.1} s for {} days and {} commands",
        stopwatch.elapsed().as_secs_f32(),
        args.days,
        outcome.acknowledged.len()
    );
    let kept = match outcome.as_planned {
        sim::AsPlanned::Yes => true,
        sim::AsPlanned::No(broken) => {
            for promise in broken {
                println!("not kept: {promise}");
            }
            false
        }
    };
    Ok(if findings.is_clean() && kept { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The report as indented lines, for people.
#[expect(clippy::print_stdout, reason = "the report is the command's output")]
fn print_report(value: &Value, depth: usize) {
    let Some(fields) = value.as_object() else { return };
    for (name, value) in fields {
        let indent = "  ".repeat(depth);
        match value {
            Value::Object(_) => {
                println!("{indent}{name}");
                print_report(value, depth + 1);
            }
            Value::Array(values) if values.iter().any(Value::is_object) => {
                println!("{indent}{name}: {} entries", values.len());
            }
            Value::Array(values) => {
                let days: Vec<String> = values.iter().map(ToString::to_string).collect();
                println!("{indent}{name}: {}", days.join("  "));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => println!("{indent}{name}: {value}"),
        }
    }
}

/// The server process of a demonstration.
struct DemoServer {
    child: Child,
    address: String,
}

impl DemoServer {
    async fn start(args: &DemoArgs, database: &str, opens: Instant, phones: &sim::Phones) -> Result<Self, Failure> {
        let port = free_port()?;
        let program = std::env::current_exe().map_err(Failure::new)?;
        let mut command = Command::new(program);
        command
            .args(["serve", "--demo-company", "--database", database])
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .args(["--demo-sites", &args.sites.to_string()])
            .args(["--stepped-from", &opens.to_string(), "--stepped-seed", &args.seed.to_string()])
            .args(["--notices-url", &phones.address(), "--notices-allow-private"])
            // The partner whom the company tells of its vans listens on this machine.
            .env("FRESHET_WEBHOOKS__ALLOW_PRIVATE", "true")
            .env("FRESHET_LOG", std::env::var("FRESHET_LOG").unwrap_or_else(|_| "warn".to_owned()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true);
        let child = command.spawn().map_err(Failure::new)?;
        let mut server = Self { child, address: format!("http://127.0.0.1:{port}") };
        server.wait_until_ready(port).await?;
        Ok(server)
    }

    async fn wait_until_ready(&mut self, port: u16) -> Result<(), Failure> {
        let stopwatch = Stopwatch::now();
        while stopwatch.elapsed() < START_PATIENCE {
            if let Some(status) = self.child.try_wait().map_err(Failure::new)? {
                return Err(Failure::new(format!("the server ended at once ({status})")));
            }
            if sim::is_ready(&format!("http://127.0.0.1:{port}")).await {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err(Failure::new("the server did not become ready within 30 seconds"))
    }

    /// Asks the server to end as an operator would, and waits until its books are closed.
    async fn stop(mut self) -> Result<(), Failure> {
        if let Some(id) = self.child.id() {
            let told = Command::new("kill").args(["-TERM", &id.to_string()]).status().await;
            if !told.is_ok_and(|status| status.success()) {
                self.child.start_kill().map_err(Failure::new)?;
            }
        }
        let status = self.child.wait().await.map_err(Failure::new)?;
        if status.success() { Ok(()) } else { Err(Failure::new(format!("the server ended with {status}"))) }
    }
}

fn free_port() -> Result<u16, Failure> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(Failure::new)?;
    Ok(listener.local_addr().map_err(Failure::new)?.port())
}
