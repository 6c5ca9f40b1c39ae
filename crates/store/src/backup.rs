//! Backups of the embedded database. A copy is taken while the shop works, and is looked over before it is trusted.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, backup::StepResult};
use tokio::sync::oneshot;

use crate::{Result, StoreError, lane};

/// What [`restore`] does with a database that is already there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    Refuse,
    /// Replace it, provided that no program has it open.
    Replace,
}

/// Copies the database at `from`, on a thread of its own.
pub(crate) async fn copy(from: PathBuf, file: PathBuf) -> Result<()> {
    let (reply, answer) = oneshot::channel();
    lane::spawned("store-backup", move || drop(reply.send(copy_now(&from, &file))))?;
    answer.await.unwrap_or(Err(StoreError::Closed))
}

fn copy_now(from: &Path, file: &Path) -> Result<()> {
    refuse_existing(file)?;
    let partial = beside(file, ".partial");
    remove(&partial)?;
    let copied = copy_pages(from, &partial).and_then(|()| sound(&partial)).and_then(|()| settle(&partial, file));
    if copied.is_err() {
        // The first error is the one to tell.
        drop(remove(&partial));
    }
    copied
}

fn copy_pages(from: &Path, partial: &Path) -> Result<()> {
    let source = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut target = Connection::open(partial)?;
    // All pages in one step: it reads one snapshot beside the writers. Step by step, each write would begin it anew.
    if rusqlite::backup::Backup::new(&source, &mut target)?.step(-1)? != StepResult::Done {
        return Err(StoreError::Busy);
    }
    // One plain file, with no log that could be left behind.
    Ok(target.execute_batch("PRAGMA journal_mode = DELETE")?)
}

/// Puts a backup where a database belongs. Run it while no program serves `target`.
pub fn restore(file: &Path, target: &Path, existing: Existing) -> Result<()> {
    sound(file)?;
    match existing {
        Existing::Refuse => refuse_existing(target)?,
        Existing::Replace => refuse_open(target)?,
    }
    let partial = beside(target, ".partial");
    fs::copy(file, &partial).map_err(|error| StoreError::File(partial.clone(), error))?;
    // The old log must not be played over the new file.
    remove(&beside(target, "-wal"))?;
    remove(&beside(target, "-shm"))?;
    settle(&partial, target)
}

fn refuse_existing(file: &Path) -> Result<()> {
    if file.exists() { Err(StoreError::Exists(file.to_owned())) } else { Ok(()) }
}

/// A database that any connection has open cannot be locked exclusively.
fn refuse_open(target: &Path) -> Result<()> {
    if !target.exists() {
        return Ok(());
    }
    let lock = Connection::open_with_flags(target, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    lock.busy_timeout(Duration::ZERO)?;
    Ok(lock.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; ROLLBACK")?)
}

fn sound(file: &Path) -> Result<()> {
    let unsound = |why: String| StoreError::Unsound(file.to_owned(), why);
    let check = || -> rusqlite::Result<String> {
        let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
    };
    match check() {
        Ok(word) if word == "ok" => Ok(()),
        Ok(word) => Err(unsound(word)),
        Err(error) => Err(unsound(error.to_string())),
    }
}

/// Makes the finished file durable under its name.
fn settle(partial: &Path, file: &Path) -> Result<()> {
    let done = || -> io::Result<()> {
        File::open(partial)?.sync_all()?;
        fs::rename(partial, file)?;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()
    };
    done().map_err(|error| StoreError::File(file.to_owned(), error))
}

fn remove(file: &Path) -> Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StoreError::File(file.to_owned(), error)),
        _ => Ok(()),
    }
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
