//! `cargo xtask fixtures`: a small database of each engine, as this program leaves it, for later ones to open.

use std::{
    fs::{self, File},
    path::Path,
    process::{Command, Stdio},
};

use crate::{failure::Failure, postgres::Database, process, workspace::Workspace};

/// The smallest day in which every kind of thing happens.
const DAY: [&str; 8] = ["demo", "--headless", "--days", "1", "--orders", "6", "--seed", "11"];
/// Together; a repository carries them for ever.
const BYTES_MAX: u64 = 300_000;
/// The database of the dump, on whatever server there is.
const NAME: &str = "freshet_fixture";

/// Lets the simulated company live through a day on each engine and keeps what is in the books then.
pub(crate) fn write(workspace: &Workspace) -> Result<(), Failure> {
    process::run(workspace.cargo().args(["build", "--package", "cli", "--bin", "freshet"]))?;
    let program = workspace.target.join("debug/freshet");
    let folder = workspace.root.join("fixtures/upgrade");
    fs::create_dir_all(&folder).map_err(Failure::at(&folder))?;
    let rough = workspace.target.join("fixtures");
    fs::create_dir_all(&rough).map_err(Failure::at(&rough))?;

    let file = rough.join("day.sqlite");
    for ending in ["", "-wal", "-shm"] {
        // What an earlier try left would be a second day.
        drop(fs::remove_file(format!("{}{ending}", file.display())));
    }
    live(&program, &format!("sqlite:{}", file.display()))?;
    // A copy made by the program is one file, without the log beside it.
    let copy = rough.join("day.copy.sqlite");
    drop(fs::remove_file(&copy));
    let database = format!("sqlite:{}", file.display());
    process::run(Command::new(&program).arg("backup").arg(&copy).args(["--database", &database]))?;
    pack(&copy, &folder.join("day.sqlite.gz"))?;

    let server = Database::obtain()?;
    let own = format!("{}/{NAME}", server.url().rsplit_once('/').map_or(server.url(), |(server, _)| server));
    let say = |words: String| process::run(Command::new("psql").args(["-q", "-d", server.url(), "-c", &words]));
    say(format!("DROP DATABASE IF EXISTS {NAME} WITH (FORCE)"))?;
    say(format!("CREATE DATABASE {NAME}"))?;
    live(&program, &own)?;
    let dump = rough.join("day.sql");
    let words = ["--no-owner", "--no-privileges", "--no-comments", "--file"];
    process::run(Command::new("pg_dump").args(words).arg(&dump).args(["-d", &own]))?;
    say(format!("DROP DATABASE {NAME} WITH (FORCE)"))?;
    pack(&dump, &folder.join("day.sql.gz"))?;

    let size = |name: &str| fs::metadata(folder.join(name)).map_or(0, |file| file.len());
    let (embedded, plain) = (size("day.sqlite.gz"), size("day.sql.gz"));
    println!("fixtures/upgrade: day.sqlite.gz {embedded} bytes, day.sql.gz {plain} bytes");
    if embedded + plain > BYTES_MAX {
        return Err(Failure::Failed(format!("together more than {BYTES_MAX} bytes: make the day smaller")));
    }
    Ok(())
}

fn live(program: &Path, database: &str) -> Result<(), Failure> {
    // Whether so small a day keeps every promise in per cent does not matter here; that its books are sound, the
    // upgrade test asks.
    let folder = tempfile::tempdir().map_err(Failure::at(program))?;
    let report = folder.path().join("report.json");
    let status = Command::new(program)
        .args(DAY)
        .args(["--database", database, "--report"])
        .arg(&report)
        .stdout(Stdio::null())
        .status()
        .map_err(Failure::at(program))?;
    if report.exists() { Ok(()) } else { Err(Failure::Failed(format!("the day broke off ({status})"))) }
}

fn pack(from: &Path, to: &Path) -> Result<(), Failure> {
    let packed = File::create(to).map_err(Failure::at(to))?;
    // Without name and date, so that the same books make the same file.
    process::run(Command::new("gzip").args(["-9", "-n", "-c"]).arg(from).stdout(packed))
}
