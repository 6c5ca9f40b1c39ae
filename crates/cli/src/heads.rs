//! `freshet heads`: the heads of the log's blocks, to keep outside and to check later.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Subcommand};
use events::BlockHead;

use crate::Failure;

#[derive(Subcommand)]
pub(crate) enum Heads {
    /// Write the heads of all blocks to FILE, one JSON line each.
    Export(ExportArgs),
    /// Check that heads are linked, and that what is shown now still holds every head that was kept.
    Check(CheckArgs),
}

#[derive(Args)]
pub(crate) struct ExportArgs {
    /// The file to write.
    file: PathBuf,
    /// `sqlite:PATH` or `postgres://…`.
    #[arg(long, default_value = "sqlite:freshet.sqlite")]
    database: String,
}

#[derive(Args)]
pub(crate) struct CheckArgs {
    /// The heads that were kept.
    kept: PathBuf,
    /// A later export. Without it and without --database the kept heads are checked by themselves, offline.
    shown: Option<PathBuf>,
    /// The database whose heads are shown, instead of a file.
    #[arg(long, conflicts_with = "shown")]
    database: Option<String>,
}

pub(crate) async fn heads(what: &Heads) -> Result<ExitCode, Failure> {
    match what {
        Heads::Export(args) => export(args).await,
        Heads::Check(args) => check(args).await,
    }
}

async fn export(args: &ExportArgs) -> Result<ExitCode, Failure> {
    let heads = of_database(&args.database).await?;
    let mut text = String::new();
    for head in &heads {
        text.push_str(&serde_json::to_string(head).map_err(Failure::new)?);
        text.push('\n');
    }
    std::fs::write(&args.file, text).map_err(Failure::new)?;
    say!("{} holds {} block heads", args.file.display(), heads.len());
    Ok(ExitCode::SUCCESS)
}

/// A breach is the finding, not a failure of the command: it is told and ends with exit code 1.
async fn check(args: &CheckArgs) -> Result<ExitCode, Failure> {
    let kept = of_file(&args.kept)?;
    let shown = match (&args.shown, &args.database) {
        (Some(file), _) => of_file(file)?,
        (None, Some(database)) => of_database(database).await?,
        (None, None) => kept.clone(),
    };
    match events::check_heads(&kept, &shown) {
        Ok(()) => {
            say!("{} block heads are linked and hold all {} that were kept", shown.len(), kept.len());
            Ok(ExitCode::SUCCESS)
        }
        Err(broken) => {
            say!("the chain is broken: {broken}");
            Ok(ExitCode::FAILURE)
        }
    }
}

async fn of_database(database: &str) -> Result<Vec<BlockHead>, Failure> {
    let database = store::Db::open(database).await.map_err(Failure::new)?;
    events::export_heads(&database).await.map_err(Failure::new)
}

fn of_file(file: &Path) -> Result<Vec<BlockHead>, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| Failure::new(format!("{}: {error}", file.display())))?;
    let line = |(nth, line): (usize, &str)| {
        serde_json::from_str(line)
            .map_err(|error| Failure::new(format!("{} line {}: {error}", file.display(), nth.saturating_add(1))))
    };
    text.lines().enumerate().map(line).collect()
}
