//! Readers of the embedded database: a few threads, each over a snapshot of its own, beside the writer.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    Result, StoreError, Tx,
    lane::{self, Line, Member},
    sqlite::{Embedded, Use},
    tx::On,
};

const READERS: usize = 4;
/// A longer read would keep the write-ahead log from being folded back into the file.
const READ_TIME: Duration = Duration::from_secs(30);
/// How many steps of SQLite's machine between two looks at the clock.
const STEPS: i32 = 100_000;

/// Starts the readers; they end when the last line to them is dropped.
pub(crate) fn start(path: &Path) -> Result<Line> {
    let (line, queue) = Line::new();
    let queue = Arc::new(Mutex::new(queue));
    for number in 1..=READERS {
        let mut tx = Tx::new(On::Sqlite(Embedded::open(path, Use::Read)?));
        let queue = Arc::clone(&queue);
        lane::spawned(&format!("store-reader-{number}"), move || {
            loop {
                // Whoever holds the queue waits for the next read; the others wait for the queue.
                let next = queue.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
                let Some(member) = next else { return };
                if !member.abandoned() {
                    read(&mut tx, member);
                }
            }
        })?;
    }
    Ok(line)
}

fn read(tx: &mut Tx, mut member: Box<dyn Member>) {
    let began = begin(tx);
    if began.is_ok() {
        member.run(tx);
    }
    let fate = match &tx.on {
        On::Sqlite(embedded) => embedded.undo().and(began),
        On::Postgres(_) => Err(StoreError::Closed),
    };
    member.answer(fate);
}

/// Deferred: the snapshot is taken at the first read, and so after every write that was answered before.
fn begin(tx: &Tx) -> Result<()> {
    let On::Sqlite(embedded) = &tx.on else { return Err(StoreError::Closed) };
    let started = Instant::now();
    embedded.connection.progress_handler(STEPS, Some(move || started.elapsed() > READ_TIME))?;
    embedded.undo()?;
    embedded.say("BEGIN")
}
