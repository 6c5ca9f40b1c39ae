//! `cargo xtask test`: every check and every test, in named stages with their times.
//!
//! Cheap stages come first, so that a misplaced comma costs seconds. The last line is always the count of tests.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::client::{Client, Readiness};
use crate::failure::Failure;
use crate::postgres::{self, Database};
use crate::process;
use crate::tally::Tally;
use crate::tidy;
use crate::typesetter::Typesetter;
use crate::workspace::Workspace;

/// The stages in their order. A new one is a line here and a function below.
const STAGES: [Stage; 9] = [
    Stage { name: "prepare", work: prepare },
    Stage { name: "format", work: format },
    Stage { name: "tidy", work: tidy_tree },
    Stage { name: "client", work: client },
    Stage { name: "clippy", work: clippy },
    Stage { name: "typesetter", work: typesetter },
    Stage { name: "postgres", work: start_postgres },
    Stage { name: "tests", work: tests },
    Stage { name: "docs", work: docs },
];

struct Stage {
    name: &'static str,
    work: fn(&mut Checks<'_>) -> Result<Done, Failure>,
}

enum Done {
    Whole,
    LeftOut(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AfterFailure {
    Stop,
    KeepGoing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Demand {
    /// Continuous integration: a stage that cannot run is a failure.
    Everything,
    WhatThisMachineCan,
    AllButPostgres,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Options {
    after_failure: AfterFailure,
    demand: Demand,
}

impl Options {
    pub(crate) fn parse(words: &[String]) -> Result<Self, Failure> {
        let mut options = Self { after_failure: AfterFailure::Stop, demand: Demand::WhatThisMachineCan };
        for word in words {
            match (word.as_str(), options.demand) {
                ("--keep-going", _) => options.after_failure = AfterFailure::KeepGoing,
                ("--ci", Demand::AllButPostgres) | ("--skip-postgres", Demand::Everything) => {
                    return Err(Failure::Missing("--ci may not skip PostgreSQL".to_owned()));
                }
                ("--ci", _) => options.demand = Demand::Everything,
                ("--skip-postgres", _) => options.demand = Demand::AllButPostgres,
                (unknown, _) => return Err(Failure::Missing(format!("`cargo xtask test` knows no `{unknown}`"))),
            }
        }
        Ok(options)
    }
}

/// What the stages hand to each other.
struct Checks<'a> {
    workspace: &'a Workspace,
    demand: Demand,
    database: Option<Database>,
    tally: Tally,
}

struct Line {
    name: &'static str,
    took: Duration,
    ending: String,
}

pub(crate) fn run(workspace: &Workspace, options: Options) -> ExitCode {
    let mut checks = Checks { workspace, demand: options.demand, database: None, tally: Tally::default() };
    let mut lines = Vec::new();
    let mut first_failure: Option<Failure> = None;
    for stage in &STAGES {
        if first_failure.is_some() && options.after_failure == AfterFailure::Stop || process::interrupted() {
            lines.push(Line { name: stage.name, took: Duration::ZERO, ending: "not run".to_owned() });
            continue;
        }
        println!("\n=== {}", stage.name);
        let started = Instant::now();
        let failed_before = checks.tally.failed();
        let ending = match (stage.work)(&mut checks) {
            Ok(Done::Whole) => "ok".to_owned(),
            Ok(Done::LeftOut(why)) => format!("left out: {why}"),
            Err(failure) => {
                if checks.tally.failed() == failed_before {
                    checks.tally.add_failed_stage();
                }
                let ending = format!("FAILED: {failure}");
                first_failure.get_or_insert(failure);
                ending
            }
        };
        println!("=== {}: {:.1} s, {ending}", stage.name, started.elapsed().as_secs_f64());
        lines.push(Line { name: stage.name, took: started.elapsed(), ending });
    }
    // Stopped before the summary, so that the counts stay the last line whatever the server says.
    drop(checks.database);
    println!("\n{}\n{}", summary(&lines), checks.tally.closing_line());
    first_failure.map_or(ExitCode::SUCCESS, |failure| failure.exit_code())
}

fn summary(lines: &[Line]) -> String {
    let total = Line { name: "all", took: lines.iter().map(|line| line.took).sum(), ending: String::new() };
    let row = |line: &Line| {
        // A failure may carry a whole log; its first line is enough here.
        let ending = line.ending.lines().next().unwrap_or_default();
        format!("{:<10} {:>8.1} s  {ending}", line.name, line.took.as_secs_f64()).trim_end().to_owned() + "\n"
    };
    lines.iter().chain([&total]).map(row).collect()
}

/// Learns within a second what would stop the run after minutes.
fn prepare(checks: &mut Checks<'_>) -> Result<Done, Failure> {
    if checks.demand != Demand::AllButPostgres {
        postgres::prepare()?;
    }
    match (Client::of(checks.workspace).readiness(), checks.demand) {
        (Readiness::NoNode(why), Demand::Everything) => Err(Failure::Missing(why)),
        _ => Ok(Done::Whole),
    }
}

fn format(checks: &mut Checks<'_>) -> Result<Done, Failure> {
    process::run(checks.workspace.cargo().args(["fmt", "--all", "--check"]))?;
    Ok(Done::Whole)
}

fn tidy_tree(checks: &mut Checks<'_>) -> Result<Done, Failure> {
    tidy::check(checks.workspace)?;
    Ok(Done::Whole)
}

fn client(checks: &mut Checks<'_>) -> Result<Done, Failure> {
    let client = Client::of(checks.workspace);
    match client.readiness() {
        Readiness::Nothing => Ok(Done::LeftOut("there is no client yet".to_owned())),
        Readiness::Ready => client.check().map(|()| Done::Whole),
        Readiness::NoNode(why) => {
            checks.tally.add_skipped_stage();
            Ok(Done::LeftOut(why))
        }
    }
}

/// A workspace of its own: what it says about a paper is checked here, that it compiles without complaint too.
fn typesetter(checks: &mut Checks<'_>) -> Result<Done, Failure> {
    let typesetter = Typesetter::of(checks.workspace);
    match Client::of(checks.workspace).readiness() {
        Readiness::Ready => typesetter.fetch_typefaces()?,
        Readiness::Nothing | Readiness::NoNode(_) if checks.demand == Demand::Everything => {
            return Err(Failure::Missing("the typefaces come from npm".to_owned()));
        }
        Readiness::Nothing | Readiness::NoNode(_) => {}
    }
    typesetter.build()?;
    let tally = &mut checks.tally;
    process::stream(typesetter.cargo("test").args(["--", "--show-output"]), |line| {
        if let Some(shown) = tally.read(line) {
            println!("{shown}");
        }
    })?;
    Ok(Done::Whole)
}

fn clippy(checks: &mut Checks<'_>) -> Result<Done, Failure> {
    let words = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    process::run(checks.workspace.cargo().args(words))?;
    Ok(Done::Whole)
}

fn start_postgres(checks: &mut Checks<'_>) -> Result<Done, Failure> {
    if checks.demand == Demand::AllButPostgres {
        return Ok(Done::LeftOut("--skip-postgres".to_owned()));
    }
    let database = Database::obtain()?;
    println!("{}", database.describe());
    checks.database = Some(database);
    Ok(Done::Whole)
}

fn tests(checks: &mut Checks<'_>) -> Result<Done, Failure> {
    // Every test program runs even when one fails: the counts are of all tests.
    let mut command = checks.workspace.cargo();
    command.args(["test", "--workspace", "--no-fail-fast", "--", "--show-output"]);
    match &checks.database {
        Some(database) => command.env("TEST_POSTGRES_URL", database.url()),
        None => command.env_remove("TEST_POSTGRES_URL"),
    };
    let tally = &mut checks.tally;
    process::stream(&mut command, |line| {
        if let Some(shown) = tally.read(line) {
            println!("{shown}");
        }
    })?;
    match (checks.demand, checks.tally.without_postgres()) {
        (Demand::Everything, missed) if missed > 0 => {
            Err(Failure::Failed(format!("{missed} tests ran without PostgreSQL although it was there")))
        }
        _ => Ok(Done::Whole),
    }
}

fn docs(checks: &mut Checks<'_>) -> Result<Done, Failure> {
    let mut command = checks.workspace.cargo();
    command.args(["doc", "--no-deps", "--workspace"]).env("RUSTDOCFLAGS", "-D warnings");
    process::run(&mut command)?;
    Ok(Done::Whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, Failure> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Options::parse(&words)
    }

    #[test]
    fn continuous_integration_may_not_skip_postgres() {
        assert!(matches!(parse("--ci --skip-postgres"), Err(Failure::Missing(_))));
        assert!(matches!(parse("--skip-postgres --ci"), Err(Failure::Missing(_))));
        assert_eq!(parse("--ci --keep-going").unwrap().demand, Demand::Everything);
    }

    #[test]
    fn the_summary_gives_each_stage_a_line_and_the_whole_time() {
        let took = Duration::from_millis(1_500);
        let ok = Line { name: "format", took, ending: "ok".to_owned() };
        let bad = Line { name: "tidy", took, ending: "FAILED: 2 findings\nand a long story".to_owned() };

        let table = summary(&[ok, bad]);

        assert_eq!(table.lines().count(), 3);
        assert!(table.contains("tidy            1.5 s  FAILED: 2 findings\n"));
        assert!(table.ends_with("all             3.0 s\n"));
    }
}
