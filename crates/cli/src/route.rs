//! `freshet route`: plan from a file, measure on many, check what others planned.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::{Args, Subcommand, ValueEnum};
use routing::check::{self, Verdict};
use routing::formats::{Rounding, json, pragmatic, solomon, solution, vrplib};
use routing::model::{Plan, Problem};
use routing::solve::{Answer, Budget, Clock, Objective, Settings, solve};

use crate::Failure;
use crate::told::print;

/// Files longer than this are no instances.
const FILE_MAX: u64 = 64 << 20;

#[derive(Args)]
pub(crate) struct RouteArgs {
    #[command(subcommand)]
    command: RouteCommand,
}

#[derive(Subcommand)]
enum RouteCommand {
    /// Plan one instance and write the routes.
    Solve(SolveArgs),
    /// Plan all instances of a folder for several budgets and seeds.
    Bench(BenchArgs),
    /// Judge a solution with the checker that shares no code with the solver.
    Check(CheckArgs),
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Solomon,
    Vrplib,
    /// The JSON of `vrp-cli`: one delivery or service per job, at one place; what would not be kept is refused by name.
    PragmaticJson,
    Freshet,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CountedBy {
    /// Time of this thread on a processor: fair on a busy machine, for one thread only.
    Cpu,
    Wall,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Aim {
    Distance,
    Hierarchical,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Arcs {
    Dimacs,
    Exact,
}

#[derive(Clone, Args)]
struct Reading {
    /// How the instance is written; told from its name when left out.
    #[arg(long)]
    format: Option<Format>,
    /// How arcs of Solomon files become numbers; `exact` when vehicles come first, else `dimacs`.
    #[arg(long)]
    rounding: Option<Arcs>,
    /// What is minimised: what the file says, if it says so, else the distance.
    #[arg(long)]
    objective: Option<Aim>,
    /// Routing matrices of `pragmatic-json`, one file per profile; without them ways are as the crow flies.
    #[arg(long)]
    matrix: Vec<PathBuf>,
}

#[derive(Args)]
struct SolveArgs {
    file: PathBuf,
    #[command(flatten)]
    reading: Reading,
    #[arg(long, default_value_t = 1_000)]
    budget_ms: u64,
    /// Stop after so many iterations; alone it makes the answer the same on every machine.
    #[arg(long)]
    iterations: Option<u64>,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[arg(long, default_value_t = 1)]
    threads: usize,
    #[arg(long, default_value = "wall")]
    clock: CountedBy,
    /// Where to write; standard output when left out.
    #[arg(long)]
    out: Option<PathBuf>,
}

#[derive(Args)]
struct BenchArgs {
    #[arg(long)]
    instances: PathBuf,
    #[command(flatten)]
    reading: Reading,
    #[arg(long, value_delimiter = ',', default_value = "1000,5000,10000")]
    budgets_ms: Vec<u64>,
    #[arg(long, value_delimiter = ',', default_value = "1,2,3")]
    seeds: Vec<u64>,
    #[arg(long, default_value_t = 1)]
    threads: usize,
    #[arg(long, default_value = "cpu")]
    clock: CountedBy,
    #[arg(long)]
    out: PathBuf,
}

#[derive(Args)]
struct CheckArgs {
    instance: PathBuf,
    solution: PathBuf,
    #[command(flatten)]
    reading: Reading,
}

pub(crate) fn route(args: &RouteArgs) -> Result<ExitCode, Failure> {
    match &args.command {
        RouteCommand::Solve(args) => solve_one(args),
        RouteCommand::Bench(args) => bench(args),
        RouteCommand::Check(args) => check_one(args),
    }
}

/// An instance with what it takes to speak about it in its own numbers.
struct Instance {
    problem: Problem,
    /// Nodes before the first customer.
    depots: usize,
    /// Units of the problem's metres and of its costs per unit of the file.
    distance_unit: i64,
    cost_unit: i64,
    objective: Objective,
    /// The numbers of the file themselves, where double precision is the convention.
    exact: Option<solomon::Instance>,
}

fn read(path: &Path, reading: &Reading) -> Result<Instance, Failure> {
    let text = read_text(path)?;
    let wrong = |error| Failure::new(format!("{}: {error}", path.display()));
    let by_name = match path.extension().and_then(|ending| ending.to_str()) {
        Some("vrp") => Format::Vrplib,
        Some("json") => Format::Freshet,
        Some(_) | None => Format::Solomon,
    };
    let format = reading.format.unwrap_or(by_name);
    if format != Format::PragmaticJson && !reading.matrix.is_empty() {
        return Err(Failure::new("--matrix goes with --format pragmatic-json"));
    }
    let said = reading.objective.map(objective);
    let objective = said.unwrap_or(Objective::CostOnly);
    match format {
        Format::Solomon => {
            let instance = solomon::read(&text).map_err(wrong)?;
            let rounding = match (reading.rounding, objective) {
                (Some(Arcs::Exact), _) | (None, Objective::VehiclesFirst) => Rounding::Exact,
                (Some(Arcs::Dimacs), _) | (None, Objective::CostOnly) => Rounding::Dimacs,
            };
            let problem = instance.problem(rounding).map_err(wrong)?;
            let unit = rounding.factor();
            let exact = (rounding == Rounding::Exact).then_some(instance);
            Ok(Instance { problem, depots: 1, distance_unit: unit, cost_unit: unit, objective, exact })
        }
        Format::Vrplib => {
            let vrplib::Instance { problem, depots, cost_unit, .. } = vrplib::read(&text).map_err(wrong)?;
            Ok(Instance { problem, depots, distance_unit: 1, cost_unit, objective, exact: None })
        }
        Format::PragmaticJson => {
            let matrices = reading.matrix.iter().map(|path| read_text(path)).collect::<Result<Vec<_>, _>>()?;
            let pragmatic::Instance { problem, objective, .. } = pragmatic::read(&text, &matrices).map_err(wrong)?;
            let (cost_unit, objective) = (pragmatic::COST_UNIT, said.unwrap_or(objective));
            Ok(Instance { problem, depots: 1, distance_unit: 1, cost_unit, objective, exact: None })
        }
        Format::Freshet => {
            let problem = json::read(&text).map_err(wrong)?;
            Ok(Instance { problem, depots: 1, distance_unit: 1, cost_unit: 1, objective, exact: None })
        }
    }
}

fn read_text(path: &Path) -> Result<String, Failure> {
    let wrong = |error: std::io::Error| Failure::new(format!("{}: {error}", path.display()));
    let bytes = fs::metadata(path).map_err(wrong)?.len();
    if bytes > FILE_MAX {
        return Err(Failure::new(format!("{}: {bytes} bytes, at most {FILE_MAX} are read", path.display())));
    }
    fs::read_to_string(path).map_err(wrong)
}

struct Wall(Instant);

impl Clock for Wall {
    fn now_us(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

/// The time that the system has given to this thread, as Linux tells it.
struct ThreadTime;

const THREAD_TIME: &str = "/proc/thread-self/schedstat";

impl ThreadTime {
    fn read() -> Option<u64> {
        let text = fs::read_to_string(THREAD_TIME).ok()?;
        let nanoseconds: u64 = text.split(' ').next()?.parse().ok()?;
        Some(nanoseconds / 1_000)
    }
}

impl Clock for ThreadTime {
    fn now_us(&self) -> u64 {
        // A clock that has gone stops the search at once rather than never.
        Self::read().unwrap_or(u64::MAX)
    }
}

fn clock(counted_by: CountedBy, threads: usize) -> Result<Box<dyn Clock>, Failure> {
    match counted_by {
        CountedBy::Wall => Ok(Box::new(Wall(Instant::now()))),
        CountedBy::Cpu if threads != 1 => Err(Failure::new("--clock cpu counts one thread: use --threads 1")),
        CountedBy::Cpu if ThreadTime::read().is_none() => {
            Err(Failure::new(format!("--clock cpu needs {THREAD_TIME}, which this system has not: use --clock wall")))
        }
        CountedBy::Cpu => Ok(Box::new(ThreadTime)),
    }
}

fn objective(aim: Aim) -> Objective {
    match aim {
        Aim::Distance => Objective::CostOnly,
        Aim::Hierarchical => Objective::VehiclesFirst,
    }
}

fn solve_one(args: &SolveArgs) -> Result<ExitCode, Failure> {
    let instance = read(&args.file, &args.reading)?;
    let clock = clock(args.clock, args.threads)?;
    // With a number of iterations alone the clock must not decide.
    let budget = match args.iterations {
        Some(iterations) => Budget::iterations(iterations),
        None => Budget::ms(args.budget_ms, clock.as_ref()),
    };
    let settings =
        Settings { budget, objective: instance.objective, seed: args.seed, threads: args.threads, move_cost: 0 };
    let answer = solve(&instance.problem, None, &settings).map_err(Failure::new)?;
    let text = written(&instance, &answer)?;
    match &args.out {
        Some(path) => write(path, &text)?,
        None => print(&text),
    }
    Ok(ExitCode::SUCCESS)
}

/// The solution as text; refuses to write what the checker refuses.
fn written(instance: &Instance, answer: &Answer) -> Result<String, Failure> {
    let verdict = check::check(&instance.problem, &answer.plan);
    if let Some(violation) = verdict.violations.first() {
        return Err(Failure::new(format!("the checker refuses the plan: {violation}")));
    }
    let solution = in_its_numbers(instance, &answer.plan, &verdict);
    serde_json::to_string(&solution).map_err(Failure::new)
}

fn in_its_numbers(instance: &Instance, plan: &Plan, verdict: &Verdict) -> solution::Solution {
    let mut solution = solution::Solution::of(&instance.problem, plan, instance.depots);
    solution.distance = match &instance.exact {
        Some(exact) => exact.measure(&solution.routes).0,
        None => ratio(verdict.cost.metres, instance.distance_unit),
    };
    solution.cost = match &instance.exact {
        Some(_) => solution.distance,
        None => ratio(verdict.cost.total(), instance.cost_unit),
    };
    solution
}

#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "for people to read, after all sums are done")]
fn ratio(number: i64, unit: i64) -> f64 {
    number as f64 / unit as f64
}

fn bench(args: &BenchArgs) -> Result<ExitCode, Failure> {
    let wrong = |error: std::io::Error| Failure::new(format!("{}: {error}", args.instances.display()));
    let mut files = Vec::new();
    for entry in fs::read_dir(&args.instances).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        if path.extension().is_some_and(|ending| ["txt", "vrp"].iter().any(|known| ending == *known)) {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(Failure::new(format!("{}: no .txt or .vrp file", args.instances.display())));
    }
    for file in files {
        let instance = read(&file, &args.reading)?;
        let name = file.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        for &budget_ms in &args.budgets_ms {
            for &seed in &args.seeds {
                let clock = clock(args.clock, args.threads)?;
                let settings = Settings {
                    budget: Budget::ms(budget_ms, clock.as_ref()),
                    objective: instance.objective,
                    seed,
                    threads: args.threads,
                    move_cost: 0,
                };
                let answer = solve(&instance.problem, None, &settings).map_err(Failure::new)?;
                let text = written(&instance, &answer)?;
                let folder = args.out.join(seconds(budget_ms));
                fs::create_dir_all(&folder).map_err(Failure::new)?;
                write(&folder.join(format!("{name}.s{seed}.json")), &text)?;
                let verdict = check::check(&instance.problem, &answer.plan);
                let solution = in_its_numbers(&instance, &answer.plan, &verdict);
                print(&format!(
                    "{name} {budget_ms} ms seed {seed}: {} vehicles, distance {:.2}, cost {:.2}, {} iterations",
                    solution.vehicles, solution.distance, solution.cost, answer.iterations
                ));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// `1000` is `1`, `500` is `0.5`.
fn seconds(ms: u64) -> String {
    let fraction = format!("{:03}", ms % 1_000);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { (ms / 1_000).to_string() } else { format!("{}.{fraction}", ms / 1_000) }
}

fn check_one(args: &CheckArgs) -> Result<ExitCode, Failure> {
    let instance = read(&args.instance, &args.reading)?;
    let text = read_text(&args.solution)?;
    let wrong = |error| Failure::new(format!("{}: {error}", args.solution.display()));
    let solution = solution::read(&text).map_err(wrong)?;
    let (problem, depots) = (&instance.problem, instance.depots);
    let plan = solution.plan(problem, depots).map_err(wrong)?;
    let verdict = check::check(problem, &plan);
    let mut faults: Vec<String> = match &instance.exact {
        // Whole numbers round times up; in double precision the file's own numbers decide.
        Some(exact) => exact.measure(&solution.routes).1.err().into_iter().collect(),
        None => verdict.violations.iter().map(ToString::to_string).collect(),
    };
    if instance.exact.is_none() && verdict.cost.unserved > 0 {
        faults.push(format!("{} orders are not served", verdict.cost.unserved));
    }
    let measured = in_its_numbers(&instance, &plan, &verdict);
    print(&format!(
        "{} vehicles, distance {:.4}, cost {:.4}, {} left out",
        measured.vehicles,
        measured.distance,
        measured.cost,
        plan.unassigned.len()
    ));
    for fault in &faults {
        print(&format!("violated: {fault}"));
    }
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, format!("{text}\n")).map_err(|error| Failure::new(format!("{}: {error}", path.display())))
}
