//! How goods come to the shop that is rehearsed: by options, or learnt from what came before.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use forecast::Series;
use forecast::replenish::joint::MarkDown;
use forecast::replenish::policy::{Added, Reason};
use forecast::replenish::rehearsal::{Good, Outcome};
use forecast::replenish::sharing::Limits;
use forecast::replenish::shop::Terms;
use forecast::replenish::supply::{Days, Deliveries, Refused, Supply};
use forecast::table::cells;
use serde_json::{Value, json};

use crate::Failure;

#[derive(Args)]
pub(super) struct Supplied {
    /// On which days of the week goods come; every day when left out. One order is placed for each delivery.
    #[arg(long, value_delimiter = ',')]
    deliveries: Vec<Weekday>,
    /// How likely a delivery is 0, 1, 2, … days late, like 0.9,0.08,0.02.
    #[arg(long, value_delimiter = ',', conflicts_with = "receipts")]
    late: Vec<f64>,
    /// How likely 0, 1, 2, … days of the life are gone at the door.
    #[arg(long, value_delimiter = ',')]
    shorter: Vec<f64>,
    /// Which share of a delivery is refused at the door on average.
    #[arg(long, conflicts_with = "receipts")]
    refused: Option<f64>,
    /// By how many times that share deliveries stray.
    #[arg(long, default_value_t = 1.0)]
    refused_stray: f64,
    /// Deliveries that came before: a CSV of days_late,brought,refused, from which lateness and refusals are learnt.
    #[arg(long)]
    receipts: Option<PathBuf>,
    /// Buyers take it that all comes in time and is good.
    #[arg(long)]
    unaware: bool,
    /// The seed of the luck with which goods come; the same for every buyer.
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// The least units that the supplier brings of a product.
    #[arg(long, default_value_t = 0)]
    minimum: i64,
    /// How many units a case holds; a third of what a day usually sells when left out.
    #[arg(long)]
    pack: Option<i64>,
    /// Money that the orders of one morning may cost together.
    #[arg(long)]
    budget: Option<f64>,
    /// Room that they may take on the truck together.
    #[arg(long)]
    truck: Option<f64>,
    /// By which shares of its price what ends tonight may be cheaper, like 0.2,0.4; rules that think decide it with the order.
    #[arg(long, value_delimiter = ',')]
    mark_down: Vec<f64>,
    /// The price of a unit, in the money of --lost and --outdated; their sum when left out.
    #[arg(long)]
    price: Option<f64>,
    /// How strongly a cut draws: a cut of c makes e^(drawn c) times as many come.
    #[arg(long, default_value_t = 2.0)]
    drawn: f64,
    /// Which share of those who come anyway takes what is marked down where they find it.
    #[arg(long, default_value_t = 0.3)]
    switched: f64,
    /// A CSV of unique_id and any of pack, minimum, price, room (for a unit); 1 money and 1 room where it says nothing.
    #[arg(long)]
    goods: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Weekday {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// No case holds more, and no least is larger.
const UNITS_MOST: i64 = 1_000_000;

impl Supplied {
    /// Whether everything is as it is when no option is given.
    pub(super) fn is_plain(&self) -> bool {
        let chances = self.deliveries.is_empty() && self.late.is_empty() && self.shorter.is_empty();
        let files = self.receipts.is_none() && self.goods.is_none();
        chances && files && self.refused.is_none() && self.pack.is_none() && self.minimum == 0 && self.shares_nothing()
    }

    fn shares_nothing(&self) -> bool {
        self.budget.is_none() && self.truck.is_none() && self.mark_down.is_empty()
    }

    /// How what ends may be marked down, if it may.
    pub(super) fn marking(&self, terms: &Terms) -> Result<Option<MarkDown>, Failure> {
        if self.mark_down.is_empty() {
            return Ok(None);
        }
        let price = self.price.unwrap_or(terms.lost + terms.outdated);
        let mark = MarkDown::of(&self.mark_down, price, self.drawn, self.switched);
        mark.map(Some).map_err(|error| Failure::new(format!("--mark-down: {error}")))
    }

    pub(super) fn supply(&self) -> Result<Supply, Failure> {
        let named = |option: &str, error: &dyn std::fmt::Display| Failure::new(format!("--{option}: {error}"));
        let weekdays: Vec<usize> = self.deliveries.iter().map(|weekday| weekday.place()).collect();
        let days = |option: &str, chances: &[f64]| {
            if chances.is_empty() { Ok(Days::none()) } else { Days::of(chances).map_err(|error| named(option, &error)) }
        };
        let mut supply = Supply {
            deliveries: if weekdays.is_empty() {
                Deliveries::daily()
            } else {
                Deliveries::on(&weekdays).map_err(|error| named("deliveries", &error))?
            },
            late: days("late", &self.late)?,
            shorter: days("shorter", &self.shorter)?,
            refused: Refused::around(self.refused.unwrap_or(0.0), self.refused_stray)
                .map_err(|error| named("refused", &error))?,
        };
        if let Some(path) = &self.receipts {
            let receipts = receipts(path)?;
            let late: Vec<usize> = receipts.iter().map(|(late, ..)| *late).collect();
            let refused: Vec<(i64, i64)> = receipts.iter().map(|(_, brought, refused)| (*brought, *refused)).collect();
            supply.late = Days::learnt(&late);
            supply.refused = Refused::learnt(&refused);
        }
        Ok(supply)
    }

    /// What buyers take for it, where they do not know better.
    pub(super) fn believed(&self, supply: &Supply) -> Option<Supply> {
        self.unaware.then(|| Supply { deliveries: supply.deliveries, ..Supply::default() })
    }

    pub(super) fn minimum(&self) -> Result<i64, Failure> {
        if (0..=UNITS_MOST).contains(&self.minimum) {
            return Ok(self.minimum);
        }
        Err(Failure::new(format!("--minimum {}: 0 through {UNITS_MOST}", self.minimum)))
    }

    pub(super) fn limits(&self) -> Result<Limits, Failure> {
        let most = |option: &str, most: Option<f64>| match most {
            None => Ok(f64::INFINITY),
            Some(most) if most >= 0.0 && most.is_finite() => Ok(most),
            Some(most) => Err(Failure::new(format!("--{option} {most}: not below 0"))),
        };
        Ok(Limits { money: most("budget", self.budget)?, room: most("truck", self.truck)? })
    }

    /// What is special about each product.
    pub(super) fn goods(&self, series: &[Series]) -> Result<BTreeMap<String, Good>, Failure> {
        if let Some(pack) = self.pack.filter(|pack| !(1..=UNITS_MOST).contains(pack)) {
            return Err(Failure::new(format!("--pack {pack}: 1 through {UNITS_MOST}")));
        }
        let usual = Good { pack: self.pack, ..Good::default() };
        let mut goods: BTreeMap<String, Good> = series.iter().map(|one| (one.key.clone(), usual)).collect();
        let Some(path) = &self.goods else { return Ok(goods) };
        for row in rows(path, &["unique_id"], &["pack", "minimum", "price", "room"])? {
            let key = row.cells[0].clone();
            let Some(good) = goods.get_mut(&key) else {
                return Err(row.wrong(&format!("{key} is no series of the sales")));
            };
            let [pack, minimum, price, room] = [1, 2, 3, 4].map(|at| row.cells.get(at).map_or("", String::as_str));
            *good = Good {
                pack: row.units("pack", pack, 1)?.or(good.pack),
                minimum: row.units("minimum", minimum, 0)?,
                price: row.number("price", price)?.unwrap_or(1.0),
                room: row.number("room", room)?.unwrap_or(1.0),
            };
        }
        Ok(goods)
    }

    /// Adds to a report how goods came.
    pub(super) fn tell(&self, report: &mut Value, supply: &Supply, ours: &[Outcome]) {
        let daily: Vec<bool> = (0..7).map(|day| supply.deliveries.comes(day)).collect();
        report["supply"] = json!({
            "deliveries": daily,
            "late_days": supply.late.mean(),
            "shorter_days": supply.shorter.mean(),
            "refused": supply.refused.mean(),
            "aware": !self.unaware,
            "budget": self.budget,
            "truck": self.truck,
            "mark_down": self.mark_down,
        });
        report["refused"] = json!(refused(ours));
        if let Some(rows) = report["by_series"].as_array_mut() {
            for (row, ours) in rows.iter_mut().zip(ours) {
                row["refused"] = json!(ours.whole.refused);
                row["marked_down"] = json!(ours.whole.marked);
                row["drawn"] = json!(ours.whole.drawn);
            }
        }
    }
}

impl Weekday {
    /// Monday is 0.
    fn place(self) -> usize {
        Self::value_variants().iter().position(|weekday| *weekday == self).unwrap_or(0)
    }
}

/// The share of all that was ordered which was refused.
pub(super) fn refused(ours: &[Outcome]) -> f64 {
    let sum = |of: fn(&Outcome) -> i64| ours.iter().map(of).sum::<i64>();
    let (refused, ordered) = (sum(|one| one.whole.refused), sum(|one| one.whole.ordered).max(1));
    // Shares are told to the millionth; sums of units are far smaller than what that leaves room for.
    f64::from(i32::try_from(refused.saturating_mul(1_000_000) / ordered).unwrap_or(i32::MAX)) / 1_000_000.0
}

/// Why each last order is as large as it is.
pub(super) fn reasons(reasons: &[(String, Option<(Reason, Added)>)]) -> Value {
    let one = |(key, why): &(String, Option<(Reason, Added)>)| {
        let Some((reason, added)) = why else { return json!({"series": key, "why": null}) };
        json!({"series": key, "why": {
            "ordered": reason.ordered,
            "covers_days": reason.covers,
            "expected": reason.expected,
            "position": reason.position,
            "ending": reason.ending,
            "refused": reason.refused,
            "cut": reason.cut,
            "added_for_refusals": added.for_refusals,
            "added_for_lateness": added.for_lateness,
            "added_for_shorter_life": added.for_shorter_life,
            "thought": reason.thought,
        }})
    };
    reasons.iter().map(one).collect()
}

/// By delivery: how many days it was late, what it brought, and what of it was refused.
fn receipts(path: &Path) -> Result<Vec<(usize, i64, i64)>, Failure> {
    let rows = rows(path, &["days_late", "brought", "refused"], &[])?;
    let of = |row: &Row<'_>| {
        let units = |name: &str, at: usize| row.units(name, &row.cells[at], 0).map(Option::unwrap_or_default);
        let (late, brought, refused) = (units("days_late", 0)?, units("brought", 1)?, units("refused", 2)?);
        if refused > brought {
            return Err(row.wrong(&format!("refused {refused} of {brought} that were brought")));
        }
        Ok((usize::try_from(late).unwrap_or(usize::MAX), brought, refused))
    };
    rows.iter().map(of).collect()
}

/// A row of a small file, its cells in the order in which they were asked for.
struct Row<'a> {
    path: &'a Path,
    line: usize,
    cells: Vec<String>,
}

impl Row<'_> {
    fn wrong(&self, what: &str) -> Failure {
        Failure::new(format!("{}: row {}: {what}", self.path.display(), self.line))
    }

    fn units(&self, name: &str, cell: &str, least: i64) -> Result<Option<i64>, Failure> {
        if cell.is_empty() {
            return Ok(None);
        }
        let units = cell.parse().ok().filter(|units| (least..=UNITS_MOST).contains(units));
        let wrong = || self.wrong(&format!("{name} {cell:?} is no whole number from {least} through {UNITS_MOST}"));
        units.map(Some).ok_or_else(wrong)
    }

    fn number(&self, name: &str, cell: &str) -> Result<Option<f64>, Failure> {
        if cell.is_empty() {
            return Ok(None);
        }
        let number = cell.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0);
        number.map(Some).ok_or_else(|| self.wrong(&format!("{name} {cell:?} is no number from 0 on")))
    }
}

/// The rows of a small file with these columns and any of those; a column that is not there is empty in every row.
fn rows<'a>(path: &'a Path, needed: &[&str], others: &[&str]) -> Result<Vec<Row<'a>>, Failure> {
    let wrong = |error: &dyn std::fmt::Display| Failure::new(format!("{}: {error}", path.display()));
    let text = fs::read_to_string(path).map_err(|error| wrong(&error))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty());
    let head = lines.next().map(|(_, line)| cells(line)).ok_or_else(|| wrong(&"the file is empty"))?;
    let place = |name: &str| head.iter().position(|cell| cell.trim().eq_ignore_ascii_case(name));
    if let Some(missing) = needed.iter().find(|name| place(name).is_none()) {
        return Err(wrong(&format!("row 1: no column {missing}")));
    }
    let asked: Vec<Option<usize>> = needed.iter().chain(others).map(|name| place(name)).collect();
    let row = |(at, line): (usize, &str)| {
        let found = cells(line);
        if found.len() != head.len() {
            return Err(wrong(&format!("row {}: {} cells, the head has {}", at + 1, found.len(), head.len())));
        }
        let cell = |at: &Option<usize>| at.map_or_else(String::new, |at| found[at].trim().to_owned());
        Ok(Row { path, line: at + 1, cells: asked.iter().map(cell).collect() })
    };
    lines.map(row).collect()
}
