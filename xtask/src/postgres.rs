//! A PostgreSQL of our own in a temporary folder, gone when its value is dropped.
//!
//! It keeps `fsync` on and the usual limits, because the tests measure durability and contention, not only SQL.
//! Never touches a server that somebody else started: with `TEST_POSTGRES_URL` set it only hands that address on.

use std::env;
use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::failure::Failure;
use crate::packages::{self, Package, User};
use crate::process;

/// The oldest release that the store promises to run on.
const OLDEST_MAJOR: u32 = 15;

/// `initdb` has just written the files, so a start is quick; a loaded two-core machine is not.
const READY_WITHIN: Duration = Duration::from_mins(1);

/// Between choosing a free port and binding it somebody else may take it.
const PORT_ATTEMPTS: u32 = 3;

const POSTGRESQL: Package = Package { name: "PostgreSQL 15 or newer", debian: "postgresql", homebrew: "postgresql@17" };

/// Where servers are installed outside PATH: a folder, and how the folders of the releases in it begin.
const KNOWN_FOLDERS: [(&str, &str); 5] = [
    ("/usr/lib/postgresql", ""),
    ("/usr", "pgsql-"),
    ("/opt/homebrew/opt", "postgresql@"),
    ("/usr/local/opt", "postgresql@"),
    ("/Applications/Postgres.app/Contents/Versions", ""),
];

/// Trust ends at the loopback address; the socket folder is closed to others by its mode.
const WHO_MAY_CONNECT: &str = "host all all 127.0.0.1/32 trust\n";

/// What the tests count on; the rest stays as a fresh installation has it.
const SETTINGS: [&str; 4] = ["listen_addresses=127.0.0.1", "fsync=on", "max_connections=200", "shared_buffers=256MB"];

/// The database that tests are pointed at.
pub(crate) enum Database {
    Given(String),
    Started(Postgres),
}

impl Database {
    /// The given server, or a fresh one from the programs that `Programs::find` found.
    pub(crate) fn obtain() -> Result<Self, Failure> {
        match given() {
            Some(url) => Ok(Self::Given(url)),
            None => Ok(Self::Started(Postgres::start(Programs::find_or_install()?)?)),
        }
    }

    pub(crate) fn url(&self) -> &str {
        match self {
            Self::Given(url) => url,
            Self::Started(server) => &server.url,
        }
    }

    /// A given address may carry a password and is not repeated in a log.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Given(_) => "using the server of TEST_POSTGRES_URL".to_owned(),
            Self::Started(server) => format!("PostgreSQL {} at {}", server.programs.major, server.url),
        }
    }
}

/// `cargo xtask postgres`: for a developer who wants one to look at.
pub(crate) fn serve_until_interrupted() -> Result<ExitCode, Failure> {
    let mut database = Database::obtain()?;
    println!("TEST_POSTGRES_URL={}", database.url());
    let Database::Started(server) = &mut database else {
        println!("it was set already; nothing was started");
        return Ok(ExitCode::SUCCESS);
    };
    println!("stops on Ctrl-C");
    while process::pause().is_ok() {
        server.still_running()?;
    }
    println!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// Makes sure before a long run that there will be a server, so that nobody waits for the line to type.
pub(crate) fn prepare() -> Result<(), Failure> {
    match given() {
        Some(_) => Ok(()),
        None => Programs::find_or_install().map(|_programs| ()),
    }
}

/// A running server. Dropping it stops the server and removes its folder, also while a panic unwinds.
pub(crate) struct Postgres {
    url: String,
    child: Child,
    owner: Option<Account>,
    programs: Programs,
    // Fields drop in this order after `Drop::drop` has run: the folder goes last, when nothing writes to it.
    folder: TempDir,
}

impl Postgres {
    pub(crate) fn start(programs: Programs) -> Result<Self, Failure> {
        let owner = Account::of_server()?;
        let folder = TempDir::with_prefix("freshet-postgres-")
            .map_err(|error| Failure::Failed(format!("no temporary folder: {error}")))?;
        if let Some(owner) = owner {
            chown(folder.path(), Some(owner.uid), Some(owner.gid)).map_err(Failure::at(folder.path()))?;
        }
        programs.create_cluster(folder.path(), owner)?;

        let port = free_port()?;
        let child = programs.launch(folder.path(), owner, port)?;
        let mut server = Self { url: url(port), child, owner, programs, folder };
        for _retry in 1..PORT_ATTEMPTS {
            match server.wait_until_ready() {
                Err(Failure::Failed(_)) if server.log().contains("Address already in use") => {
                    let port = free_port()?;
                    server.child = server.programs.launch(server.folder.path(), owner, port)?;
                    server.url = url(port);
                }
                settled => return settled.map(|()| server),
            }
        }
        server.wait_until_ready().map(|()| server)
    }

    fn wait_until_ready(&mut self) -> Result<(), Failure> {
        let started = Instant::now();
        while started.elapsed() < READY_WITHIN {
            self.still_running()?;
            if self.says_ready() {
                return Ok(());
            }
            process::pause()?;
        }
        Err(Failure::Failed(format!("PostgreSQL was not ready in time\n{}", self.log())))
    }

    /// The server writes its state into the eighth line of `postmaster.pid`; `pg_ctl --wait` reads the same.
    fn says_ready(&self) -> bool {
        let pid_file = data(self.folder.path()).join("postmaster.pid");
        fs::read_to_string(pid_file).is_ok_and(|text| text.lines().nth(7).is_some_and(|line| line.trim() == "ready"))
    }

    fn still_running(&mut self) -> Result<(), Failure> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(Failure::Failed(format!("PostgreSQL ended ({status})\n{}", self.log()))),
            Err(error) => Err(Failure::Failed(format!("cannot watch PostgreSQL: {error}"))),
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(log_file(self.folder.path())).unwrap_or_default()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let mut stop = self.programs.command("pg_ctl", self.folder.path(), self.owner);
        // Immediate: nobody needs a checkpoint of files that are removed in the next line.
        stop.args(["stop", "--silent", "--mode", "immediate", "--pgdata"]).arg(data(self.folder.path()));
        stop.stderr(Stdio::null());
        if !stop.status().is_ok_and(|status| status.success()) {
            // Its children end by themselves when the postmaster is gone; an error means that it was gone already.
            let _ = self.child.kill();
        }
        // Reaps the process. Nothing is left to do about an error here.
        let _ = self.child.wait();
    }
}

/// A folder that holds `postgres`, `initdb` and `pg_ctl` of one release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Programs {
    major: u32,
    folder: PathBuf,
}

impl Programs {
    pub(crate) fn find_or_install() -> Result<Self, Failure> {
        if let Some(found) = Self::find() {
            return Ok(found);
        }
        packages::require(&POSTGRESQL)?;
        Self::find().ok_or_else(|| Failure::Missing(format!("{} is still missing", POSTGRESQL.name)))
    }

    /// The one on PATH when it is new enough, since somebody chose it; otherwise the newest that lies around.
    fn find() -> Option<Self> {
        on_path().into_iter().find_map(|folder| Self::at(&folder)).or_else(|| {
            let found = KNOWN_FOLDERS.iter().flat_map(|(parent, prefix)| releases(Path::new(parent), prefix));
            found.filter_map(|folder| Self::at(&folder)).max_by_key(|programs| programs.major)
        })
    }

    fn at(folder: &Path) -> Option<Self> {
        let complete = ["initdb", "pg_ctl"].iter().all(|name| folder.join(name).exists());
        let version = process::answer(Command::new(folder.join("postgres")).arg("--version"))?;
        let major = major_of(&version).filter(|major| complete && *major >= OLDEST_MAJOR)?;
        Some(Self { major, folder: folder.to_owned() })
    }

    fn create_cluster(&self, folder: &Path, owner: Option<Account>) -> Result<(), Failure> {
        let mut initdb = self.command("initdb", folder, owner);
        // The files need not be on disk before the server runs: a crash now only costs a new start.
        initdb.args(["--username", "postgres", "--auth", "trust", "--encoding", "UTF8", "--no-locale", "--no-sync"]);
        initdb.arg("--pgdata").arg(data(folder)).stdout(Stdio::null());
        process::run(&mut initdb)?;
        let hba = data(folder).join("pg_hba.conf");
        fs::write(&hba, WHO_MAY_CONNECT).map_err(Failure::at(&hba))
    }

    fn launch(&self, folder: &Path, owner: Option<Account>, port: u16) -> Result<Child, Failure> {
        let log = log_file(folder);
        let output = File::create(&log).map_err(Failure::at(&log))?;
        let errors = output.try_clone().map_err(Failure::at(&log))?;
        let mut server = self.command("postgres", folder, owner);
        server.arg("-D").arg(data(folder)).arg("-c").arg(format!("port={port}"));
        server.arg("-c").arg(format!("unix_socket_directories={}", folder.display()));
        for setting in SETTINGS {
            server.args(["-c", setting]);
        }
        // In a group of its own, so that Ctrl-C ends the tests first and the server after them.
        server.stdin(Stdio::null()).stdout(output).stderr(errors).process_group(0);
        server.spawn().map_err(|error| Failure::Failed(format!("cannot start PostgreSQL: {error}")))
    }

    /// One of the programs, as the owner of the cluster and deaf to the caller's PostgreSQL settings.
    fn command(&self, name: &str, folder: &Path, owner: Option<Account>) -> Command {
        let mut command = Command::new(self.folder.join(name));
        command.current_dir(folder).env("HOME", folder).env("LC_ALL", "C");
        for (name, _value) in env::vars_os() {
            if name.to_string_lossy().starts_with("PG") {
                command.env_remove(name);
            }
        }
        if let Some(owner) = owner {
            command.uid(owner.uid).gid(owner.gid);
        }
        command
    }
}

/// The unprivileged user that owns the cluster when root starts it; PostgreSQL refuses to run as root.
#[derive(Debug, Clone, Copy)]
struct Account {
    uid: u32,
    gid: u32,
}

impl Account {
    fn of_server() -> Result<Option<Self>, Failure> {
        match packages::user() {
            User::Ordinary => Ok(None),
            User::Root => match Self::named("postgres").or_else(|| Self::named("nobody")) {
                Some(account) => Ok(Some(account)),
                None => Err(Failure::Missing("useradd --system postgres".to_owned())),
            },
        }
    }

    fn named(name: &str) -> Option<Self> {
        let number = |option: &str| process::answer(Command::new("id").args([option, name]))?.parse().ok();
        Some(Self { uid: number("-u")?, gid: number("-g")? })
    }
}

fn given() -> Option<String> {
    env::var("TEST_POSTGRES_URL").ok().filter(|url| !url.is_empty())
}

fn url(port: u16) -> String {
    format!("postgres://postgres@127.0.0.1:{port}/postgres")
}

fn data(folder: &Path) -> PathBuf {
    folder.join("data")
}

fn log_file(folder: &Path) -> PathBuf {
    folder.join("log")
}

fn free_port() -> Result<u16, Failure> {
    let bound = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    bound.map(|address| address.port()).map_err(|error| Failure::Failed(format!("no free port: {error}")))
}

/// Where links on PATH lead: a packager may link `initdb` there and leave `postgres` in its own folder.
fn on_path() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let programs = env::split_paths(&path).map(|folder| folder.join("initdb"));
    programs.filter_map(|program| Some(program.canonicalize().ok()?.parent()?.to_owned())).collect()
}

fn releases(parent: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(parent) else {
        return Vec::new();
    };
    let named = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with(prefix);
    entries.flatten().filter(named).map(|entry| entry.path().join("bin")).collect()
}

/// Reads `postgres (PostgreSQL) 15.14 (Debian …)`, and `18beta1` as 18.
fn major_of(version: &str) -> Option<u32> {
    let number = version.split_whitespace().nth(2)?;
    let digits = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
    number[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;
    use std::panic;

    use super::*;

    #[test]
    fn the_major_release_is_read_from_every_spelling() {
        assert_eq!(major_of("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)"), Some(15));
        assert_eq!(major_of("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major_of("postgres"), None);
    }

    #[test]
    fn releases_are_the_folders_with_the_prefix() {
        let opt = TempDir::new().unwrap();
        fs::create_dir_all(opt.path().join("postgresql@16/bin")).unwrap();
        fs::create_dir_all(opt.path().join("openssl@3/bin")).unwrap();

        assert_eq!(releases(opt.path(), "postgresql@"), [opt.path().join("postgresql@16/bin")]);
    }

    #[test]
    fn a_started_server_listens_and_is_gone_after_a_panic() {
        let Some(programs) = Programs::find() else {
            eprintln!("skipped: no PostgreSQL programs on this machine");
            return;
        };
        let server = Postgres::start(programs).unwrap();
        let folder = server.folder.path().to_owned();
        let address = server.url.trim_start_matches("postgres://postgres@").trim_end_matches("/postgres").to_owned();
        TcpStream::connect(&address).unwrap();

        let ended = panic::catch_unwind(panic::AssertUnwindSafe(move || {
            let _server = server;
            panic!("as a test would");
        }));

        assert!(ended.is_err());
        assert!(TcpStream::connect(&address).is_err());
        assert!(!folder.exists());
    }
}
