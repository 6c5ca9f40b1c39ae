//! The simulated company: customers, staff and vans that work through days of trade.
//!
//! It knows the server by address and logins and speaks nothing but the public API. Time is virtual and moves from one
//! thing on the agenda to the next; every draw comes from the seed, so that a run can be repeated to the byte.

mod agenda;
mod buying;
mod chance;
mod complaints;
mod counts;
mod customers;
mod day;
mod demand;
mod figures;
mod files;
mod floor;
mod load;
mod meeting;
mod outage;
mod papers;
mod partner;
mod phones;
mod plants;
mod recall;
mod report;
mod road;
mod sensors;
mod setup;
mod shop;
mod suggestions;
mod world;

use std::time::{Duration, Instant as Stopwatch};

use indicatif::{ProgressBar, ProgressStyle};
use kernel::Instant;
use serde_json::Value;

pub use demand::Demand;
pub use load::{Crowd, Load, Taken, gather, press};
pub use outage::{Pulse, Remembered};
pub use phones::Phones;
pub use plants::Faults;
pub use shop::{Acknowledged, SimError};

use world::World;

/// What is to be simulated.
pub struct Plan {
    /// Where the server is.
    pub address: String,
    /// Where sensors speak MQTT.
    pub broker: std::net::SocketAddr,
    /// Where notices arrive; the server was told this address.
    pub phones: Phones,
    /// When the shop is founded, in the night before its first day.
    pub opens: Instant,
    /// 06:00 at the first site on the first day.
    pub start: Instant,
    pub days: u32,
    /// Over all days and sites; where there is a demand, as many as it takes.
    pub orders: u32,
    /// What is wanted each day; without it customers take what they like.
    pub demand: Option<Demand>,
    pub seed: u64,
    /// By which rule the buyer lets the shop forecast.
    pub forecasting: &'static str,
    pub password: String,
    pub pace: Pace,
    pub faults: Faults,
    /// Set when the server will be killed now and then: people wait for it, and at the end they ask what it remembers.
    pub outages: Option<Pulse>,
}

/// How fast virtual time passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As fast as the server answers.
    Headless,
    /// So many virtual seconds per real one, for people who watch.
    Watched { speed: u32 },
}

/// What came of it.
pub struct Outcome {
    /// The same for the same seed, on either database.
    pub report: Value,
    /// Whether the shop did what a shop must.
    pub as_planned: AsPlanned,
    pub took: Duration,
    /// How much of that was waiting for the server.
    pub waited: Duration,
    /// What the rehearsal of a recall took, trace and list together.
    pub recall_drill: Option<Duration>,
    /// Every command that the server said yes to.
    pub acknowledged: Vec<Acknowledged>,
    /// After outages: what the server still knew of it.
    pub remembered: Option<Remembered>,
}

/// The verdict over a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AsPlanned {
    Yes,
    /// What was promised and not kept.
    No(Vec<String>),
}

/// Simulates the plan from its first morning to the night of its last day.
pub async fn run(plan: Plan) -> Result<Outcome, SimError> {
    let stopwatch = Stopwatch::now();
    let pace = plan.pace;
    let mut world = World::open(plan).await?;
    setup::open_the_shop(&mut world).await?;
    let bar = progress(pace, u64::from(world.days));
    let start = world.now;
    while let Some((at, what)) = world.agenda.next() {
        wait(pace, world.now, at).await;
        world.go_to(at).await?;
        day::happen(&mut world, what).await?;
        bar.set_position(u64::try_from(at.since(start) / DAY_MS).unwrap_or(0));
        bar.set_message(format!("{} on the agenda", world.agenda.len()));
    }
    bar.finish_and_clear();
    let (report, as_planned) = report::of(&mut world).await?;
    let remembered = if world.shop.outages.is_some() { Some(outage::ask_again(&mut world).await?) } else { None };
    Ok(Outcome {
        report,
        as_planned,
        took: stopwatch.elapsed(),
        waited: world.shop.waited,
        recall_drill: world.drill,
        acknowledged: world.shop.acknowledged,
        remembered,
    })
}

/// Whether a server answers that it may be sent work.
pub async fn is_ready(address: &str) -> bool {
    let Ok(client) = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(2)).build() else {
        return false;
    };
    client.get(format!("{address}/readyz")).send().await.is_ok_and(|answer| answer.status().is_success())
}

const DAY_MS: i64 = 86_400_000;

fn progress(pace: Pace, days: u64) -> ProgressBar {
    match pace {
        Pace::Headless => {
            let style = ProgressStyle::with_template("{bar:30} day {pos}/{len}  {elapsed}  {msg}");
            ProgressBar::new(days).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        }
        Pace::Watched { .. } => ProgressBar::hidden(),
    }
}

async fn wait(pace: Pace, from: Instant, to: Instant) {
    if let Pace::Watched { speed } = pace {
        let virtual_ms = u64::try_from(to.since(from)).unwrap_or(0);
        tokio::time::sleep(Duration::from_millis(virtual_ms / u64::from(speed.max(1)))).await;
    }
}
