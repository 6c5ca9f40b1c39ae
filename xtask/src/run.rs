//! `cargo xtask run`: from a fresh clone to a shop in the browser.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use crate::client::{Client, Readiness};
use crate::failure::Failure;
use crate::process;
use crate::typesetter::Typesetter;
use crate::workspace::Workspace;

/// What a first build takes on two cores; measure again when a heavy crate joins.
const FIRST_BUILD_MINUTES: u32 = 10;

const LISTEN: &str = "127.0.0.1:8080";

/// Builds the client and the program, then becomes the program.
pub(crate) fn serve(workspace: &Workspace, words: &[String]) -> Result<ExitCode, Failure> {
    let extra = match words.split_first() {
        None => words,
        Some((separator, extra)) if separator == "--" => extra,
        Some((unknown, _)) => {
            return Err(Failure::Missing(format!("`{unknown}` goes behind two dashes: cargo xtask run -- {unknown}")));
        }
    };
    build_client(workspace)?;
    if !workspace.has_binary("cli", "freshet") {
        return Err(Failure::Failed(
            "crates/cli with its program `freshet` is not there yet: nothing to run".to_owned(),
        ));
    }
    build_program(workspace)?;
    build_typesetter(workspace)?;

    let run_folder = workspace.target.join("run");
    fs::create_dir_all(&run_folder).map_err(Failure::at(&run_folder))?;
    let shown = run_folder.strip_prefix(&workspace.root).unwrap_or(&run_folder);
    let database = format!("sqlite:{}/freshet.sqlite", shown.display());
    let program = workspace.target.join("debug/freshet");
    let mut freshet = Command::new(&program);
    freshet.current_dir(&workspace.root).args(arguments(&database, extra));
    // Taking our place gives it the terminal, its signals and its exit status.
    Err(Failure::at(&program)(freshet.exec()))
}

fn build_client(workspace: &Workspace) -> Result<(), Failure> {
    let client = Client::of(workspace);
    match client.readiness() {
        Readiness::Nothing => Ok(()),
        Readiness::Ready => client.build(),
        Readiness::NoNode(why) => {
            println!("{why}: the browser page will be a stub that says so; everything else works");
            Ok(())
        }
    }
}

fn build_typesetter(workspace: &Workspace) -> Result<(), Failure> {
    let typesetter = Typesetter::of(workspace);
    match Client::of(workspace).readiness() {
        Readiness::Ready => typesetter.fetch_typefaces()?,
        Readiness::Nothing | Readiness::NoNode(_) => {
            println!("without Node there are no typefaces: papers are refused; everything else works");
        }
    }
    typesetter.build()
}

fn build_program(workspace: &Workspace) -> Result<(), Failure> {
    if !workspace.target.join("debug/freshet").exists() {
        println!(
            "A first build takes about {FIRST_BUILD_MINUTES} minutes on two cores and fetches what it is made of; \
             later ones take seconds."
        );
    }
    process::run(workspace.cargo().args(["build", "--package", "cli", "--bin", "freshet"]))
}

/// Our words first, then the user's; where the user names an option of ours, theirs stands alone.
fn arguments(database: &str, extra: &[String]) -> Vec<String> {
    let mut arguments = vec!["serve".to_owned(), "--demo-company".to_owned()];
    for (option, value) in [("--database", database), ("--listen", LISTEN)] {
        let assigned = format!("{option}=");
        if !extra.iter().any(|word| word == option || word.starts_with(&assigned)) {
            arguments.extend([option.to_owned(), value.to_owned()]);
        }
    }
    arguments.extend(extra.iter().filter(|word| *word != "--demo-company").cloned());
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATABASE: &str = "sqlite:target/run/freshet.sqlite";

    #[test]
    fn without_words_the_demo_company_is_served_on_the_agreed_port() {
        let line = arguments(DATABASE, &[]).join(" ");

        assert_eq!(line, "serve --demo-company --database sqlite:target/run/freshet.sqlite --listen 127.0.0.1:8080");
    }

    #[test]
    fn an_option_of_the_user_replaces_ours() {
        let extra = ["--listen=127.0.0.1:9000", "--config", "shop.toml"].map(str::to_owned);

        let line = arguments(DATABASE, &extra).join(" ");

        assert_eq!(line, format!("serve --demo-company --database {DATABASE} {}", extra.join(" ")));
    }
}
