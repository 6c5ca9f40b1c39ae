//! What the days came to, counted by those who lived them and asked of the shop.

use std::collections::{BTreeMap, BTreeSet};

use kernel::Date;
use serde_json::{Value, json};

use crate::{AsPlanned, SimError, demand, figures, partner, plants, shop::text, world::World};

/// Running counts of the simulated people.
#[derive(Default)]
pub(crate) struct Tally {
    counts: BTreeMap<String, BTreeMap<String, i64>>,
    windows: BTreeMap<String, String>,
    customers: BTreeMap<String, usize>,
    fixes: BTreeMap<String, i64>,
    vans: BTreeSet<(String, Date)>,
}

impl Tally {
    pub(crate) fn count(&mut self, chapter: &str, what: &str) {
        self.add(chapter, what, 1);
    }

    pub(crate) fn add(&mut self, chapter: &str, what: &str, number: i64) {
        *self.counts.entry(chapter.to_owned()).or_default().entry(what.to_owned()).or_default() += number;
    }

    pub(crate) fn of(&self, chapter: &str, what: &str) -> i64 {
        self.counts.get(chapter).and_then(|chapter| chapter.get(what)).copied().unwrap_or(0)
    }

    /// A van that goes out, on whatever errand of its day.
    pub(crate) fn van_out(&mut self, vehicle: &str, day: Date) {
        self.vans.insert((vehicle.to_owned(), day));
    }

    /// How the plans were driven: vans count once a day, metres as they were planned.
    fn road(&self) -> Value {
        let runs = self.of("delivery", "runs");
        let doors = self.of("delivery", "doors_planned");
        json!({
            "metres_per_order": self.of("delivery", "metres_planned").checked_div(doors),
            "orders_per_run": doors.checked_div(runs),
            "runs": runs,
            "van_days": self.vans.len(),
            "on_time_pct": percent(self.on_time(), self.of("delivery", "handed_over")),
        })
    }

    fn on_time(&self) -> i64 {
        self.of("punctuality", "in_window") + self.of("punctuality", "on_time")
    }

    pub(crate) fn window_of(&mut self, order: &str, end: &str) {
        self.windows.insert(order.to_owned(), end.to_owned());
    }

    pub(crate) fn customer_of(&mut self, order: String, customer: usize) {
        self.customers.insert(order, customer);
    }

    pub(crate) fn who_ordered(&self, order: &str) -> Option<usize> {
        self.customers.get(order).copied()
    }

    /// The sequence number of a run's next position.
    pub(crate) fn next_fix(&mut self, run: &str) -> i64 {
        let next = self.fixes.entry(run.to_owned()).or_insert(-1);
        *next += 1;
        *next
    }
}

/// Shares that a shop must reach, in hundredths.
const ACCEPTED_PCT: i64 = 95;
const HANDED_OVER_PCT: i64 = 95;
const IN_WINDOW_PCT: i64 = 85;
const LINE_FILL_PCT: i64 = 93;

pub(crate) async fn of(world: &mut World) -> Result<(Value, AsPlanned), SimError> {
    world.clock_in().await?;
    let mut states: BTreeMap<String, i64> = BTreeMap::new();
    let sites: Vec<String> = world.sites.iter().map(|site| site.id.clone()).collect();
    for site in sites {
        for order in world.shop.all("manager", &format!("/api/orders?site={site}")).await? {
            *states.entry(text(&order, "state")?.to_owned()).or_default() += 1;
        }
    }
    let demand = demand::report(world).await?;
    let (faults, unfound) = plants::compared(world)?;
    let published = partner::published(world).await?;
    let steps = figures::of_steps(world).await?;
    let conformance = figures::of_cases(world).await?;
    let (messages_lost, lost_and_come) = world.phones.lost();
    let (notices, most) = world.phones.counted();
    let tally = &world.tally;
    let submitted = tally.of("orders", "submitted");
    // An answer of the payment provider may come late: what was accepted is known at the end.
    let never_accepted = ["placed", "held", "declined", "cancelled"];
    let accepted: i64 =
        states.iter().filter(|(state, _)| !never_accepted.contains(&state.as_str())).map(|(_, orders)| orders).sum();
    // As it ended: an order whose first card was declined may have been paid with another.
    let declined = states.get("declined").copied().unwrap_or(0);
    let handed_over = tally.of("delivery", "handed_over");
    let full_lines: i64 =
        ["none", "lighter", "heavier", "capped"].iter().map(|how| tally.of("settled_lines", how)).sum();
    let lines = full_lines + tally.of("settled_lines", "short");
    // An order whose card was declined was refused for a true reason and is not counted against the shop.
    let shares = [
        ("accepted", percent(accepted, submitted - declined), ACCEPTED_PCT),
        ("handed_over", percent(handed_over, accepted), HANDED_OVER_PCT),
        ("in_first_window", percent(tally.on_time(), handed_over), IN_WINDOW_PCT),
        ("line_fill", percent(full_lines, lines), LINE_FILL_PCT),
    ];
    let mut broken: Vec<String> = shares
        .iter()
        .filter(|(_, reached, wanted)| reached.is_some_and(|reached| reached < *wanted))
        .map(|(name, reached, wanted)| format!("{name}: {}% where {wanted}% belong", reached.unwrap_or(0)))
        .collect();
    broken.extend(unfound);
    let shares: BTreeMap<&str, Option<i64>> = shares.iter().map(|(name, reached, _)| (*name, *reached)).collect();
    let mut report = json!({
        "days": world.days,
        "orders_asked": world.orders,
        "shares_pct": shares,
        "order_states": states,
        "counts": tally.counts,
        "road": tally.road(),
        "faults": faults,
        "steps": steps,
        "conformance": conformance,
        "messages_lost_at_first": messages_lost,
        "messages_lost_and_come": lost_and_come,
        "notices": notices,
        "published": published,
        "notice_sent_most_often": most,
        "refusals": world.shop.refusals,
        "broken": broken,
    });
    // A run that draws its own demand has nothing to hold it against.
    if let Some(demand) = demand {
        report["demand"] = demand;
    }
    let as_planned = if broken.is_empty() { AsPlanned::Yes } else { AsPlanned::No(broken) };
    Ok((report, as_planned))
}

fn percent(part: i64, whole: i64) -> Option<i64> {
    (part * 100).checked_div(whole)
}
