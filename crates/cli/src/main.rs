//! `freshet`: serve the shop, show it at work, prove its books.

#[macro_use]
mod told;

mod bench;
mod child;
mod demo;
mod export;
mod forecast;
mod heads;
mod import;
mod kill;
mod replenish;
mod roads;
mod route;
mod serve;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Freshet 鮮流: the daily work of a shop that sells fresh food online.
#[derive(Parser)]
#[command(name = "freshet", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the shop.
    Serve(serve::ServeArgs),
    /// Print the effective settings, secrets hidden.
    Check(serve::ServeArgs),
    /// Let a simulated company work through its days, and report.
    Demo(demo::DemoArgs),
    /// Measure how much the shop takes in.
    Bench(bench::BenchArgs),
    /// Prove the books: re-derive every balance from the journals and the log.
    Verify(verify::VerifyArgs),
    /// Import roads from OpenStreetMap; ask them for ways and matrices.
    Roads(roads::RoadsArgs),
    /// Plan delivery routes from a file, measure the planner, check a solution.
    Route(route::RouteArgs),
    /// Forecast demand from a file of sales, hold forecasts against the past.
    Forecast(forecast::ForecastArgs),
    /// Rehearse orders on real demand, solve a small case exactly.
    Replenish(replenish::ReplenishArgs),
    /// Take a file of products, suppliers, customers, quotes, sales, stock or orders: all of it, or nothing.
    Import(import::ImportArgs),
    /// Write a file to be filled in and imported.
    Template(import::TemplateArgs),
    /// Copy the embedded database to FILE while it is in use.
    Backup(serve::BackupArgs),
    /// Put a backup in the place of a database.
    Restore(serve::RestoreArgs),
    /// Write the log as a document of a standard.
    #[command(subcommand)]
    Export(export::Export),
    /// Keep the heads of the log's blocks outside, and check them.
    #[command(subcommand)]
    Heads(heads::Heads),
    /// Print the API as OpenAPI 3.1.
    Openapi,
}

/// Why a command ended badly, in the words for the person who typed it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(words: impl std::fmt::Display) -> Self {
        Self(words.to_string())
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    server::choose_tls_provider();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            told::beside(&format!("freshet: the machine gives no threads: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(async {
        match cli.command {
            Command::Serve(args) => serve::serve(args).await,
            Command::Check(args) => serve::check(&args),
            Command::Demo(args) => demo::demo(args).await,
            Command::Bench(args) => bench::bench(args).await,
            Command::Verify(args) => verify::verify(&args).await,
            Command::Roads(args) => roads::roads(&args),
            Command::Route(args) => route::route(&args),
            Command::Forecast(args) => forecast::forecast(&args),
            Command::Replenish(args) => replenish::replenish(&args),
            Command::Import(args) => import::import(args).await,
            Command::Template(args) => import::template(&args),
            Command::Backup(args) => serve::backup(&args).await,
            Command::Restore(args) => serve::restore(&args),
            Command::Export(what) => export::export(&what).await,
            Command::Heads(what) => heads::heads(&what).await,
            Command::Openapi => serve::openapi(),
        }
    });
    match done {
        Ok(code) => code,
        Err(failure) => {
            told::beside(&format!("freshet: {failure}"));
            ExitCode::FAILURE
        }
    }
}
