//! `freshet demo`: a server and a simulated company, two processes that meet at an address.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant as Stopwatch},
};

use clap::{Args, ValueEnum};
use kernel::Instant;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::{
    Failure,
    child::{Server, free_port},
    kill::Killer,
};

#[derive(Args)]
pub(crate) struct DemoArgs {
    /// Days of trade.
    #[arg(long, default_value_t = 1)]
    days: u32,
    /// Orders in all, over all days and sites.
    #[arg(long, default_value_t = 50)]
    orders: u32,
    /// What is wanted each day, as `unique_id,ds,y`: a product for each series, eight weeks of history, then as many
    /// orders as it takes.
    #[arg(long, conflicts_with = "orders")]
    demand: Option<PathBuf>,
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
    /// What plans the routes: `search`, or `insertion` to compare with.
    #[arg(long, default_value = "search", value_parser = ["search", "insertion"])]
    planning_engine: String,
    /// By which rule the buyer lets the system forecast what to buy.
    #[arg(long, value_enum, default_value_t = BuyBy::Ensemble)]
    buy_by: BuyBy,
    /// Write the report here as JSON.
    #[arg(long)]
    report: Option<PathBuf>,
    /// Kill the server so often at random moments, start it again, and see what it remembers.
    #[arg(long, default_value_t = 0, requires = "headless", conflicts_with = "demand", hide = true)]
    kill: u32,
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

/// How the simulated buyer lets demand be forecast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum BuyBy {
    Ensemble,
    WeekdayProfile,
    LastWeek,
}

impl BuyBy {
    /// As the shop calls it.
    const fn rule(self) -> &'static str {
        match self {
            Self::Ensemble => "ensemble",
            Self::WeekdayProfile => "weekday_profile",
            Self::LastWeek => "last_week",
        }
    }
}

/// The first morning of a demonstration: a Monday, 06:00 in Taipei. One that follows a file of demand begins on the
/// weekday of the file.
const FIRST_MORNING: &str = "2026-03-01T22:00:00Z";
/// The company is founded so many minutes before, while the market is still open: its first goods come before 06:00.
const FOUNDED_BEFORE_MINUTES: i64 = 4 * 60;
const DAY_MINUTES: i64 = 24 * 60;
/// Requests of the simulated people for one order, from the cart to the rating; rather too few than too many.
const REQUESTS_PER_ORDER: u64 = 20;

pub(crate) async fn demo(args: DemoArgs) -> Result<ExitCode, Failure> {
    if !(1..=2).contains(&args.sites) || args.days == 0 || args.days > 60 || args.orders > 1_000_000 {
        return Err(Failure::new("a demonstration has 1 or 2 sites, 1 to 60 days and at most 1,000,000 orders"));
    }
    let folder = tempfile::tempdir().map_err(Failure::new)?;
    let database =
        args.database.clone().unwrap_or_else(|| format!("sqlite:{}", folder.path().join("demo.sqlite").display()));
    let demand = args.demand.as_deref().map(read_demand).transpose()?;
    let monday: Instant = FIRST_MORNING.parse().map_err(Failure::new)?;
    let start = monday.plus_minutes(demand.as_ref().map_or(0, sim::Demand::days_after_monday) * DAY_MINUTES);
    let opens = start.plus_minutes(-FOUNDED_BEFORE_MINUTES);
    let phones = sim::Phones::listen().await.map_err(Failure::new)?;
    let stopwatch = Stopwatch::now();
    let broker = SocketAddr::from(([127, 0, 0, 1], free_port()?));
    let server = Server::start(words(&args, &database, opens, &phones, broker)).await?;
    let started = stopwatch.elapsed();
    if !args.headless {
        say!("the shop at work: {} (sign in as manager, password {})", server.address(), server::DEMO_PASSWORD);
    }
    let pulse = sim::Pulse::default();
    let plan = sim::Plan {
        address: server.address(),
        broker,
        phones,
        opens,
        start,
        days: args.days,
        orders: args.orders,
        demand,
        seed: args.seed,
        forecasting: args.buy_by.rule(),
        password: server::DEMO_PASSWORD.to_owned(),
        pace: if args.headless { sim::Pace::Headless } else { sim::Pace::Watched { speed: args.speed } },
        faults: args.faults.list()?,
        outages: (args.kill > 0).then(|| pulse.clone()),
    };
    let server = Arc::new(Mutex::new(server));
    let apart = u64::from(args.orders) * REQUESTS_PER_ORDER / u64::from(args.kill.max(1));
    let killer = Killer::start(Arc::clone(&server), pulse, args.kill, apart, args.seed);
    let outcome = sim::run(plan).await;
    let killed = killer.end().await;
    let server = Arc::into_inner(server).ok_or_else(|| Failure::new("somebody still holds the server"))?;
    let ended = server.into_inner().stop().await;
    let outcome = outcome.map_err(Failure::new)?;
    let killed = killed?;
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
        "kills": outcome.remembered.as_ref().map(|remembered| json!({ "killed": killed, "remembered": remembered })),
    });
    if let Some(file) = &args.report {
        let text = serde_json::to_string_pretty(&report).map_err(Failure::new)?;
        std::fs::write(file, text).map_err(Failure::new)?;
    }
    print_report(&report["run"], 0);
    for law in &findings.laws {
        say!("{law}");
    }
    say!(
        "{:.1} s for {} days and {} commands",
        stopwatch.elapsed().as_secs_f32(),
        args.days,
        outcome.acknowledged.len()
    );
    let kept = match outcome.as_planned {
        sim::AsPlanned::Yes => true,
        sim::AsPlanned::No(broken) => {
            for promise in broken {
                say!("not kept: {promise}");
            }
            false
        }
    };
    let remembers = outcome.remembered.is_none_or(|remembered| remembers(&remembered, killed, args.kill));
    Ok(if findings.is_clean() && kept && remembers { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read_demand(file: &Path) -> Result<sim::Demand, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| Failure::new(format!("{}: {error}", file.display())))?;
    sim::Demand::read(&text).map_err(Failure::new)
}

/// Whether a server that was killed kept everything that it had said yes to, and tells what it did not.
fn remembers(remembered: &sim::Remembered, killed: u32, wanted: u32) -> bool {
    say!(
        "killed {killed} times; {} commands are remembered and {} told of, {} things and {} orders exist once, no notice \
         came more than {} times",
        remembered.commands,
        remembered.told,
        remembered.things,
        remembered.orders,
        remembered.notice_sent_most_often
    );
    for forgotten in &remembered.forgotten {
        say!("forgotten: {forgotten}");
    }
    if killed < wanted {
        say!("the day ended after {killed} of {wanted} kills: give it more orders");
    }
    remembered.forgotten.is_empty() && killed == wanted && remembered.notice_sent_most_often <= 2
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The report as indented lines, for people.
fn print_report(value: &Value, depth: usize) {
    let Some(fields) = value.as_object() else { return };
    for (name, value) in fields {
        let indent = "  ".repeat(depth);
        match value {
            Value::Object(_) => {
                say!("{indent}{name}");
                print_report(value, depth + 1);
            }
            Value::Array(values) if values.iter().any(Value::is_object) => {
                say!("{indent}{name}: {} entries", values.len());
            }
            Value::Array(values) => {
                let days: Vec<String> = values.iter().map(ToString::to_string).collect();
                say!("{indent}{name}: {}", days.join("  "));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => say!("{indent}{name}: {value}"),
        }
    }
}

/// What `freshet serve` is told for a demonstration.
fn words(args: &DemoArgs, database: &str, opens: Instant, phones: &sim::Phones, broker: SocketAddr) -> Vec<String> {
    let plain = |word: &str| word.to_owned();
    vec![
        plain("--demo-company"),
        plain("--database"),
        plain(database),
        plain("--demo-sites"),
        args.sites.to_string(),
        plain("--stepped-from"),
        opens.to_string(),
        plain("--stepped-seed"),
        args.seed.to_string(),
        plain("--notices-url"),
        phones.address(),
        plain("--notices-allow-private"),
        plain("--mqtt-listen"),
        broker.to_string(),
        plain("--planning-engine"),
        args.planning_engine.clone(),
    ]
}
