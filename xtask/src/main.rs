//! The workspace's own tool: run the shop, run every check, keep the tree tidy, write the generated files.
//!
//! It stands on three small crates, so that on a fresh machine the first command speaks within seconds.
//! Never decides anything about the product: it calls cargo, npm and PostgreSQL as a developer would.
#![expect(clippy::print_stdout, reason = "a command-line tool answers on standard output")]

mod checks;
mod client;
mod failure;
mod fixtures;
mod generated;
mod locales;
mod packages;
mod postgres;
mod process;
mod run;
mod tally;
mod tidy;
mod typesetter;
mod workspace;

use std::env;
use std::process::ExitCode;

use crate::checks::Options;
use crate::failure::Failure;
use crate::workspace::Workspace;

const USAGE: &str = "\
cargo xtask run [-- ARGS]     build the client and the program, then serve a demo company on one local port
cargo xtask test [OPTIONS]    every check and test, on SQLite and on PostgreSQL
    --keep-going              run the later stages too when one fails
    --skip-postgres           leave the PostgreSQL half of the tests out; they are counted as skipped
    --ci                      nothing may be left out: neither PostgreSQL nor the client
cargo xtask tidy              the rules of the tree that no compiler checks
cargo xtask gen               write the generated files, today docs/errors.md
cargo xtask fixtures          write fixtures/upgrade anew: a day's books of each engine, for later programs to open
cargo xtask postgres          start a throw-away PostgreSQL, print its address, stop it on Ctrl-C";

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    match obey(&words) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("{failure}");
            failure.exit_code()
        }
    }
}

fn obey(words: &[String]) -> Result<ExitCode, Failure> {
    let Some((command, rest)) = words.split_first() else {
        return Err(Failure::Missing(USAGE.to_owned()));
    };
    process::watch_signals()?;
    match command.as_str() {
        "run" => run::serve(&Workspace::find()?, rest),
        "test" => {
            let options = Options::parse(rest)?;
            Ok(checks::run(&Workspace::find()?, options))
        }
        "tidy" => tidy::command(&Workspace::find()?),
        "gen" => generated::write(&Workspace::find()?.root),
        "fixtures" => fixtures::write(&Workspace::find()?).map(|()| ExitCode::SUCCESS),
        "postgres" => postgres::serve_until_interrupted(),
        "help" | "--help" | "-h" => {
            println!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        unknown => Err(Failure::Missing(format!("there is no command `{unknown}`\n\n{USAGE}"))),
    }
}
