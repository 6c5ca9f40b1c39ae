//! Databases of a test's own, gone when the test is.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    ops::Deref,
    path::{Path, PathBuf},
    thread,
};

use tempfile::TempDir;
use tokio_postgres::{Config, NoTls};

use crate::{Db, Migration, Outlives, Result, lane::Answer};

/// Where the tests may make databases on a PostgreSQL server.
const SERVER: &str = "TEST_POSTGRES_URL";

/// A migrated database, deleted on drop.
#[derive(Debug)]
pub struct TestDb {
    // Closed before its room is cleared.
    db: Db,
    room: Room,
}

/// The room for one database of a test's own, empty at first and cleared on drop.
#[derive(Debug)]
pub struct Room(Place);

#[derive(Debug)]
enum Place {
    Folder(TempDir),
    Server { server: Box<Config>, name: String, url: String },
}

impl Deref for TestDb {
    type Target = Db;

    fn deref(&self) -> &Db {
        &self.db
    }
}

impl TestDb {
    /// The file of an embedded database.
    pub fn path(&self) -> Option<PathBuf> {
        match &self.room.0 {
            Place::Folder(folder) => Some(file_in(folder)),
            Place::Server { .. } => None,
        }
    }
}

impl Room {
    /// How the program is told of it: `sqlite:PATH` or `postgres://…`.
    pub fn url(&self) -> String {
        match &self.0 {
            Place::Folder(folder) => format!("sqlite:{}", file_in(folder).display()),
            Place::Server { url, .. } => url.clone(),
        }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let Place::Server { server, name, .. } = &self.0 else { return };
        let (server, drop_it) = (server.clone(), format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        // A thread, because the test's own runtime cannot be waited for here.
        let dropped = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.is_ok_and(|runtime| runtime.block_on(say(&server, &drop_it)).is_ok())
        });
        if !dropped.join().unwrap_or(false) {
            tracing::warn!(name, "a test database was left behind");
        }
    }
}

/// An embedded database.
pub async fn sqlite(list: &'static [Migration]) -> TestDb {
    let folder = folder();
    let db = Db::embedded(&file_in(&folder), Answer::AfterCommit, Outlives::PowerCut);
    let db = db.unwrap_or_else(|error| panic!("no embedded database: {error}"));
    migrated(TestDb { db, room: Room(Place::Folder(folder)) }, list).await
}

/// A database on the server at `TEST_POSTGRES_URL`, if there is one.
pub async fn postgres(list: &'static [Migration]) -> Option<TestDb> {
    let room = postgres_room().await?;
    let db = Db::open(&room.url()).await.unwrap_or_else(|error| panic!("cannot open {}: {error}", room.url()));
    Some(migrated(TestDb { db, room }, list).await)
}

/// Room for an embedded database.
pub fn sqlite_room() -> Room {
    Room(Place::Folder(folder()))
}

/// Room on the server at `TEST_POSTGRES_URL`, if there is one.
pub async fn postgres_room() -> Option<Room> {
    let Ok(url) = std::env::var(SERVER) else {
        eprintln!("skipped: no {SERVER}");
        return None;
    };
    let server: Config = url.parse().unwrap_or_else(|error| panic!("{SERVER}: {error}"));
    let name = format!("test_{:016x}", RandomState::new().build_hasher().finish());
    let made = say(&server, &format!("CREATE DATABASE {name}")).await;
    made.unwrap_or_else(|error| panic!("no database on {SERVER}: {error}"));
    Some(Room(Place::Server { server: Box::new(server), url: beside(&url, &name), name }))
}

/// Room on each engine that can be had here.
pub async fn rooms() -> Vec<Room> {
    let mut found = vec![sqlite_room()];
    found.extend(postgres_room().await);
    found
}

/// The address of another database on the server of `url`.
fn beside(url: &str, name: &str) -> String {
    let (address, options) = url.split_once('?').map_or((url, None), |(address, options)| (address, Some(options)));
    let scheme = address.find("://").map_or(0, |at| at + 3);
    let server = address[scheme..].find('/').map_or(address, |at| &address[..scheme + at]);
    options.map_or_else(|| format!("{server}/{name}"), |options| format!("{server}/{name}?{options}"))
}

/// One database of each engine that can be had here.
pub async fn both(list: &'static [Migration]) -> Vec<TestDb> {
    let mut found = vec![sqlite(list).await];
    found.extend(postgres(list).await);
    found
}

/// An embedded database with a fault: it answers before it commits. A kill test that does not catch it is no test.
#[doc(hidden)]
pub fn answering_too_early(path: &Path) -> Result<Db> {
    Db::embedded(path, Answer::BeforeCommit, Outlives::PowerCut)
}

async fn migrated(db: TestDb, list: &'static [Migration]) -> TestDb {
    db.migrate(list).await.unwrap_or_else(|error| panic!("the migrations do not run: {error}"));
    db
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap_or_else(|error| panic!("no temporary folder: {error}"))
}

fn file_in(folder: &TempDir) -> PathBuf {
    folder.path().join("test.db")
}

async fn say(server: &Config, sql: &str) -> Result<()> {
    let (client, connection) = server.connect(NoTls).await?;
    let connection = tokio::spawn(connection);
    let said = client.batch_execute(sql).await;
    connection.abort();
    Ok(said?)
}
