//! Books of an earlier program: this one opens them, brings their tables up to date, and finds them sound.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use store::testing;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/upgrade");

/// What one database may take, packed: whoever clones the history pays for it for ever.
const BYTES_MAX: u64 = 1_000_000;

/// The packed databases that are here. They are made when a version is; before the first there is none.
fn fixtures() -> Vec<PathBuf> {
    let found: Vec<PathBuf> =
        fs::read_dir(FIXTURES).map(|files| files.flatten().map(|file| file.path()).collect()).unwrap_or_default();
    if found.is_empty() {
        eprintln!("skipped: no data in fixtures/upgrade, `cargo xtask fixtures` makes it");
    }
    found
}

/// Unpacks a fixture. Where there is one of an engine there is one of the other.
fn unpacked(name: &str, to: &Path) -> PathBuf {
    let packed = Path::new(FIXTURES).join(name);
    assert!(packed.is_file(), "{} is missing: write it with `cargo xtask fixtures`", packed.display());
    let file = to.join(name.trim_end_matches(".gz"));
    let unpacked = File::create(&file).expect("a file");
    let done = Command::new("gzip").args(["-dc"]).arg(&packed).stdout(unpacked).status().expect("gzip runs");
    assert!(done.success());
    file
}

/// Serves the database once, as after an upgrade, and stops it again.
fn open_and_close(database: &str) {
    let mut server = Command::new(env!("CARGO_BIN_EXE_freshet"))
        .args(["serve", "--listen", "127.0.0.1:0", "--stepped-from", "2026-03-01T22:00:00Z", "--database", database])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut lines = BufReader::new(server.stdout.take().expect("its words")).lines();
    let opened = lines.any(|line| line.is_ok_and(|line| line.contains("is open at")));
    let stopped = Command::new("kill").args(["-TERM", &server.id().to_string()]).status().expect("kill runs");
    let ended = server.wait().expect("it ends");
    assert!(opened && stopped.success() && ended.success(), "{database}: opened {opened}, ended {ended}");
}

fn verify(database: &str) {
    let verified = Command::new(env!("CARGO_BIN_EXE_freshet")).args(["verify", "--database", database]).output();
    let verified = verified.expect("the program runs");
    let told = String::from_utf8_lossy(&verified.stdout).into_owned() + &String::from_utf8_lossy(&verified.stderr);
    assert!(verified.status.success(), "{told}");
    assert!(told.contains("every law holds"), "{told}");
}

#[test]
fn an_embedded_database_of_an_earlier_program_is_brought_up_to_date() {
    if fixtures().is_empty() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = unpacked("day.sqlite.gz", folder.path());
    let database = format!("sqlite:{}", file.display());

    open_and_close(&database);

    verify(&database);
}

#[tokio::test]
async fn a_postgres_database_of_an_earlier_program_is_brought_up_to_date() {
    if fixtures().is_empty() {
        return;
    }
    let Some(room) = testing::postgres_room().await else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let dump = unpacked("day.sql.gz", folder.path());
    let words = ["-q", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", "-d", &room.url(), "-f"];
    assert!(Command::new("psql").args(words).arg(&dump).status().expect("psql runs").success());

    open_and_close(&room.url());

    verify(&room.url());
}

#[test]
fn the_fixtures_are_small() {
    for file in fixtures() {
        let bytes = file.metadata().expect("its size").len();
        assert!((1..BYTES_MAX).contains(&bytes), "{}: {bytes} bytes", file.display());
    }
}
