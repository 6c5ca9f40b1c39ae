//! `cargo xtask fixtures`: a small database of each engine, as this program leaves it, for later ones to open.

use std::{
    fs::{self, File},
    path::Path,
    process::{Command, Stdio},
};

use crate::{failure::Failure, postgres::Database, process, workspace::Workspace};

/// The smallest day in which every kind of thing happens.
const DAY: [&str; 8] = ["demo", "--headless", "--days", "1", "--orders", "6", "--seed", "11"];
/// Of each; a repository carries them for ever.
const BYTES_MAX: u64 = 1_000_000;
/// The database of the dump, on whatever server there is.
const NAME: &str = "freshet_fixture";

/// Lets the simulated company live through a day on each engine and keeps what is in the books then.
pub(crate) fn write(workspace: &Workspace) -> Result<(), Failure> {
    // The program as the tests build it, beside the one that will open what it leaves: nothing is compiled twice.
    process::run(workspace.cargo().args(["test", "--workspace", "--no-run", "--test", "upgrade"]))?;
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
    let told = fs::read_to_string(&dump).map_err(Failure::at(&dump))?;
    fs::write(&dump, for_any_release(&told)).map_err(Failure::at(&dump))?;
    pack(&dump, &folder.join("day.sql.gz"))?;

    for name in ["day.sqlite.gz", "day.sql.gz"] {
        let bytes = fs::metadata(folder.join(name)).map_err(Failure::at(&folder))?.len();
        println!("fixtures/upgrade/{name}: {bytes} bytes");
        if bytes >= BYTES_MAX {
            return Err(Failure::Failed(format!("{name} takes {BYTES_MAX} bytes or more: make the day smaller")));
        }
    }
    Ok(())
}

/// The dump without the lines that only some releases of `psql` and of the server understand.
fn for_any_release(dump: &str) -> String {
    const OF_SOME: [&str; 3] = ["\\restrict ", "\\unrestrict ", "SET transaction_timeout "];
    let of_all = dump.lines().filter(|line| !OF_SOME.iter().any(|words| line.starts_with(words)));
    of_all.flat_map(|line| [line, "\n"]).collect()
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
