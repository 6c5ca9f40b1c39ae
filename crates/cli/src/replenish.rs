//! `freshet replenish`: let buyers work through the last days of real demand, and solve the small case exactly.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use forecast::replenish::exact::{Model, Solver, rounded_gamma};
use forecast::replenish::rehearsal::{Outcome, Policy, Rehearsal};
use forecast::replenish::shop::{Issue, Stock, Terms};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Failure;
use crate::forecast::read;
use crate::told::print;

mod supplied;

#[derive(Args)]
pub(crate) struct ReplenishArgs {
    #[command(subcommand)]
    command: ReplenishCommand,
}

#[derive(Subcommand)]
enum ReplenishCommand {
    /// Let a buyer work through the last days of every series of a file, beside one who orders what last week sold.
    Simulate(Box<SimulateArgs>),
    /// Solve a small case exactly, and say how far rules of thumb and the engine's buyer are from the best.
    Exact(ExactArgs),
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Rule {
    /// What the same days of last week sold.
    LastWeek,
    /// What is expected, times --cover, and what is expected to end.
    UpTo,
    /// Every quantity thought through, with --cover and --goodwill.
    Think,
    /// The same with the numbers that cost least over the first half of the days.
    Tuned,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Handing {
    Fefo,
    Lifo,
}

#[derive(Args)]
struct SimulateArgs {
    file: PathBuf,
    #[arg(long, default_value = "tuned")]
    policy: Rule,
    /// How many of the last days are taken, the last --settling of them only for orders to come in.
    #[arg(long, default_value_t = 182)]
    days: usize,
    #[arg(long, default_value_t = 2)]
    settling: usize,
    /// For how many days goods can be sold, the day on which they come included.
    #[arg(long, default_value_t = Terms::default().life)]
    life: usize,
    /// How many days after the order goods come.
    #[arg(long, default_value_t = Terms::default().lead)]
    lead: usize,
    #[arg(long, default_value = "fefo")]
    issue: Handing,
    /// What a unit costs that somebody wanted and did not get, that ended unsold, that stayed for a night.
    #[arg(long, default_value_t = Terms::default().lost)]
    lost: f64,
    #[arg(long, default_value_t = Terms::default().outdated)]
    outdated: f64,
    #[arg(long, default_value_t = Terms::default().held)]
    held: f64,
    #[arg(long, default_value_t = 2.0)]
    cover: f64,
    #[arg(long, default_value_t = 1.3)]
    goodwill: f64,
    #[command(flatten)]
    supplied: supplied::Supplied,
    /// Tell why each product's last order is as large as it is; in JSON, of rules that think.
    #[arg(long, requires = "json")]
    reasons: bool,
    #[arg(long, default_value_t = 1)]
    threads: usize,
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct ExactArgs {
    /// JSON: life, issue, discount, order_cost, shortage_cost, waste_cost, holding_cost, order_most, demand.
    file: PathBuf,
    #[arg(long)]
    json: bool,
}

pub(crate) fn replenish(args: &ReplenishArgs) -> Result<ExitCode, Failure> {
    match &args.command {
        ReplenishCommand::Simulate(args) => simulate(args),
        ReplenishCommand::Exact(args) => exact(args),
    }
}

fn simulate(args: &SimulateArgs) -> Result<ExitCode, Failure> {
    for (name, number) in [
        ("lost", args.lost),
        ("outdated", args.outdated),
        ("held", args.held),
        ("cover", args.cover),
        ("goodwill", args.goodwill),
    ] {
        if !(0.0..=1_000.0).contains(&number) {
            return Err(Failure::new(format!("--{name} {number}: 0 through 1000")));
        }
    }
    for (name, days) in [("life", args.life), ("lead", args.lead)] {
        if !(1..=60).contains(&days) {
            return Err(Failure::new(format!("--{name} {days}: 1 through 60 days")));
        }
    }
    if args.lead > 6 {
        return Err(Failure::new(format!("--lead {}: at most 6 days, so that last week says something", args.lead)));
    }
    let table = read(&args.file)?;
    let terms = Terms {
        life: args.life,
        lead: args.lead,
        issue: match args.issue {
            Handing::Fefo => Issue::Fefo,
            Handing::Lifo => Issue::Lifo,
        },
        lost: args.lost,
        outdated: args.outdated,
        held: args.held,
        minimum: args.supplied.minimum()?,
        ..Terms::default()
    };
    let supply = args.supplied.supply()?;
    let rehearsal = Rehearsal {
        days: args.days,
        settling: args.settling,
        terms,
        believed: args.supplied.believed(&supply),
        mark_down: args.supplied.marking(&terms)?,
        supply,
        seed: args.supplied.seed,
        limits: args.supplied.limits()?,
        goods: args.supplied.goods(&table.series)?,
        threads: args.threads,
    };
    let stage =
        rehearsal.stage(&table.series).map_err(|error| Failure::new(format!("{}: {error}", args.file.display())))?;
    let policy = match args.policy {
        Rule::LastWeek => Policy::LastWeek,
        Rule::UpTo => Policy::UpTo { cover: args.cover },
        Rule::Think => Policy::Think { cover: args.cover, goodwill: args.goodwill },
        Rule::Tuned => stage.tuned(args.threads),
    };
    let (ours, floor) = (stage.play(policy, args.threads), stage.play(Policy::LastWeek, args.threads));
    let told = Compared::of(&ours, &floor);
    if args.json {
        let mut told = told.in_json(policy, &ours, &floor);
        if !args.supplied.is_plain() {
            args.supplied.tell(&mut told, &rehearsal.supply, &ours);
        }
        if args.reasons {
            told["reasons"] = supplied::reasons(&stage.reasons(policy, args.threads));
        }
        print(&told.to_string());
        return Ok(ExitCode::SUCCESS);
    }
    print(&format!("{policy:?} on {} series", ours.len()));
    print(&format!(
        "cost for a unit wanted {:.4}, {:.4} of last week's rule (first half {:.4}, second {:.4}), better on {} series",
        told.cost, told.ratio, told.first_half, told.second_half, told.wins
    ));
    print(&format!("fill {:.4}, thrown away {:.4} of what was ordered", told.fill, told.waste));
    if rehearsal.supply.refused.mean() > 0.0 {
        print(&format!("refused at the door {:.4} of what was ordered", supplied::refused(&ours)));
    }
    Ok(ExitCode::SUCCESS)
}

/// Means over the series, each counting alike.
struct Compared {
    cost: f64,
    ratio: f64,
    first_half: f64,
    second_half: f64,
    fill: f64,
    waste: f64,
    wins: usize,
}

impl Compared {
    fn of(ours: &[Outcome], floor: &[Outcome]) -> Self {
        let mean = |of: &dyn Fn(&Outcome, &Outcome) -> f64| {
            let count = f64::from(u32::try_from(ours.len()).unwrap_or(u32::MAX)).max(1.0);
            ours.iter().zip(floor).map(|(ours, floor)| of(ours, floor)).sum::<f64>() / count
        };
        let by = |ours: f64, floor: f64| if floor > 0.0 { ours / floor } else { 1.0 };
        Self {
            cost: mean(&|ours, _| ours.whole.cost_per_unit()),
            ratio: mean(&|ours, floor| by(ours.whole.cost_per_unit(), floor.whole.cost_per_unit())),
            first_half: mean(&|ours, floor| by(ours.first_half.cost_per_unit(), floor.first_half.cost_per_unit())),
            second_half: mean(&|ours, floor| by(ours.second_half_cost_per_unit(), floor.second_half_cost_per_unit())),
            fill: mean(&|ours, _| ours.whole.fill()),
            waste: mean(&|ours, _| ours.whole.waste()),
            wins: ours.iter().zip(floor).filter(|(ours, floor)| ours.whole.cost < floor.whole.cost).count(),
        }
    }

    fn in_json(&self, policy: Policy, ours: &[Outcome], floor: &[Outcome]) -> Value {
        let each = ours.iter().zip(floor).map(|(ours, floor)| {
            json!({
                "series": ours.key,
                "cost": ours.whole.cost,
                "cost_last_week": floor.whole.cost,
                "wanted": ours.whole.wanted,
                "sold": ours.whole.sold,
                "ordered": ours.whole.ordered,
                "outdated": ours.whole.outdated,
            })
        });
        json!({
            "policy": format!("{policy:?}"),
            "series": ours.len(),
            "cost_per_unit": self.cost,
            "to_last_week": self.ratio,
            "to_last_week_first_half": self.first_half,
            "to_last_week_second_half": self.second_half,
            "fill": self.fill,
            "waste": self.waste,
            "wins": self.wins,
            "by_series": each.collect::<Vec<_>>(),
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    life: usize,
    issue: CaseIssue,
    discount: f64,
    order_cost: f64,
    shortage_cost: f64,
    waste_cost: f64,
    holding_cost: f64,
    order_most: i64,
    demand: Law,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum CaseIssue {
    #[serde(alias = "fifo")]
    Fefo,
    Lifo,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Law {
    /// Rounded to whole units.
    Gamma { mean: f64, variation: f64 },
    /// How likely 0, 1, 2, … are.
    Shares(Vec<f64>),
}

/// Demands above this are counted as this.
const DEMAND_MOST: usize = 150;
/// The covers with which the engine's buyer is tried.
const COVERS: [f64; 4] = [0.9, 1.0, 1.1, 1.2];

fn exact(args: &ExactArgs) -> Result<ExitCode, Failure> {
    let wrong = |error: &dyn std::fmt::Display| Failure::new(format!("{}: {error}", args.file.display()));
    let text = fs::read_to_string(&args.file).map_err(|error| wrong(&error))?;
    let case: Case = serde_json::from_str(&text).map_err(|error| wrong(&error))?;
    let demand = match case.demand {
        Law::Gamma { mean, variation } if mean > 0.0 && mean <= 50.0 && (0.1..=2.0).contains(&variation) => {
            rounded_gamma(mean, variation, DEMAND_MOST)
        }
        Law::Gamma { mean, variation } => {
            let told = format!("gamma demand: mean {mean} through 50, variation {variation} from 0.1 through 2");
            return Err(wrong(&told));
        }
        Law::Shares(shares) => shares,
    };
    let terms = Terms {
        life: case.life,
        lead: 1,
        pack: 1,
        minimum: 0,
        issue: match case.issue {
            CaseIssue::Fefo => Issue::Fefo,
            CaseIssue::Lifo => Issue::Lifo,
        },
        bought: case.order_cost,
        lost: case.shortage_cost,
        outdated: case.waste_cost,
        held: case.holding_cost,
    };
    let model = Model { terms, discount: case.discount, order_most: case.order_most, demand };
    let solver = Solver::of(model).map_err(|error| wrong(&error))?;
    let best = solver.best();
    let by_value = |rule: &dyn Fn(i64) -> forecast::replenish::exact::Solution| {
        let rules = (0..=3 * case.order_most).map(|level| (level, rule(level)));
        rules.max_by(|a, b| a.1.value[0].total_cmp(&b.1.value[0]).then(b.0.cmp(&a.0)))
    };
    let (Some((level, base)), Some((ending_level, ending))) =
        (by_value(&|level| solver.base_stock(level)), by_value(&|level| solver.base_stock_and_ending(level)))
    else {
        return Err(wrong(&"no level to fill up to"));
    };
    let thinking = solver.thinking(level);
    let shortly = COVERS.map(|cover| (cover, Solver::gap(&best, &solver.thinking_shortly(cover))));
    let gap = |rule| Solver::gap(&best, rule);
    if args.json {
        let orders = (0..solver.states()).map(|state| {
            json!({"by_life": solver.stock(state).by_life(), "order": best.order[state], "value": best.value[state]})
        });
        let told = json!({
            "value_from_empty": best.value[solver.state(&Stock::empty(case.life))],
            "base_stock": {"level": level, "value": base.value[0], "gap": gap(&base)},
            "base_stock_and_ending": {"level": ending_level, "value": ending.value[0], "gap": gap(&ending)},
            "engine": {"value": thinking.value[0], "gap": gap(&thinking)},
            "engine_short_sighted": shortly.map(|(cover, gap)| json!({"cover": cover, "gap": gap})),
            "policy": orders.collect::<Vec<_>>(),
        });
        print(&told.to_string());
        return Ok(ExitCode::SUCCESS);
    }
    print(&format!("the best is worth {:.3} from empty shelves", best.value[0]));
    print(&format!("filling up to {level}: {:.3}, gap {:.3} %", base.value[0], 100.0 * gap(&base)));
    print(&format!(
        "filling up to {ending_level} and what ends: {:.3}, gap {:.3} %",
        ending.value[0],
        100.0 * gap(&ending)
    ));
    print(&format!("the engine's buyer: {:.3}, gap {:.4} %", thinking.value[0], 100.0 * gap(&thinking)));
    for (cover, gap) in shortly {
        print(&format!("the same looking no further than goods live, cover {cover}: gap {:.4} %", 100.0 * gap));
    }
    Ok(ExitCode::SUCCESS)
}
