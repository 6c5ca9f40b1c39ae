//! Killed at any moment, a program finds every write in its database that was acknowledged, once.
//!
//! This program runs itself as a child that writes numbered rows and says each number that was acknowledged; the
//! parent kills it and looks. The same test must catch a lane that answers before it commits.
#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use store::{
    Db, Migration, Outlives, Result, Tx, args, sql,
    testing::{self, Room},
};

static PARCELS: [Migration; 1] = [Migration::new(
    1,
    "parcels",
    "CREATE TABLE parcel (number BIGINT NOT NULL, leaf BIGINT NOT NULL);
     CREATE INDEX parcel_number ON parcel (number)",
)];

sql! {
    PACK = "INSERT INTO parcel (number, leaf) VALUES ($1, $2)";
    PACKED = "SELECT number, COUNT(*) FROM parcel GROUP BY number";
}

const URL: &str = "KILL_TEST_URL";
const FROM: &str = "KILL_TEST_FROM";
const PROMISE: &str = "KILL_TEST_PROMISE";
const WRITERS: i64 = 16;
/// Numbers of one child; no child lives long enough to use them up.
const SPAN: i64 = 10_000_000;

/// How the child holds its database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Promise {
    Outlives(Outlives),
    /// The fault that must be found: it answers before it commits.
    None,
}

impl Promise {
    const ALL: [Self; 3] = [Self::Outlives(Outlives::PowerCut), Self::Outlives(Outlives::SuddenDeath), Self::None];

    async fn open(self, url: &str) -> Db {
        match self {
            Self::Outlives(outlives) => Db::open_outliving(url, outlives).await.unwrap(),
            Self::None => testing::answering_too_early(Path::new(url.strip_prefix("sqlite:").unwrap())).unwrap(),
        }
    }
}

/// The child. Without its variables it is a test that passes.
#[test]
fn writes_until_it_is_killed() {
    let (Ok(url), Ok(from)) = (std::env::var(URL), std::env::var(FROM)) else { return };
    let from: i64 = from.parse().unwrap();
    let told = std::env::var(PROMISE).unwrap();
    let promise = Promise::ALL.into_iter().find(|promise| format!("{promise:?}") == told).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let db = promise.open(&url).await;
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let db = db.clone();
                tokio::spawn(async move {
                    for number in (from + writer..from + SPAN).step_by(usize::try_from(WRITERS).unwrap()) {
                        let packed: Result<()> = db
                            .write(async move |tx: &mut Tx| {
                                tx.put(PACK, args![number, 1]).await?;
                                tx.put(PACK, args![number, 2]).await
                            })
                            .await;
                        packed.unwrap();
                        // One write per line, past the buffer of the test harness.
                        let line = format!("packed {number}\n");
                        std::io::stderr().lock().write_all(line.as_bytes()).unwrap();
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }
    });
}

/// Lets a child write for a while and kills it; answers what it acknowledged.
fn killed(url: &str, from: i64, after: Duration, promise: Promise) -> BTreeSet<i64> {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "writes_until_it_is_killed", "--nocapture"]);
    command.env(URL, url).env(FROM, from.to_string()).env(PROMISE, format!("{promise:?}"));
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    // The clock runs from the first acknowledgement, however long the program took to start.
    let reader = thread::spawn(move || lines.map_while(std::result::Result::ok).collect::<Vec<_>>());
    thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
    let said = reader.join().unwrap();
    std::iter::once(first).chain(said).filter_map(|line| line.strip_prefix("packed ")?.parse().ok()).collect()
}

/// Every parcel in the database with its number of leaves.
async fn packed(url: &str) -> Vec<(i64, i64)> {
    let db = Db::open(url).await.unwrap();
    db.read(async |tx: &mut Tx| tx.all(PACKED, args![]).await)
        .await
        .unwrap_or_else(|e: store::StoreError| panic!("{e}"))
}

/// Kills `times` children over one database; answers how many acknowledged parcels were lost. Halves are never right.
async fn lost(room: Room, times: i64, promise: Promise) -> (usize, usize) {
    let url = room.url();
    Db::open(&url).await.unwrap().migrate(&PARCELS).await.unwrap();
    let (mut lost, mut acknowledged) = (0, BTreeSet::new());
    for round in 0..times {
        // Uneven moments: the start of a group, its middle, a checkpoint.
        let after = Duration::from_millis(u64::try_from(20 + (round * 53) % 170).unwrap());
        acknowledged.extend(killed(&url, round * SPAN, after, promise));
        let found = packed(&url).await;
        assert!(found.iter().all(|(_, leaves)| *leaves == 2), "a half or a double after round {round}");
        let stored: BTreeSet<i64> = found.into_iter().map(|(number, _)| number).collect();
        lost += acknowledged.difference(&stored).count();
        if promise == Promise::None && lost > 0 {
            break;
        }
    }
    (lost, acknowledged.len())
}

#[tokio::test]
async fn no_acknowledged_write_is_lost_to_a_kill() {
    let (lost, acknowledged) = lost(testing::sqlite_room(), 16, Promise::Outlives(Outlives::PowerCut)).await;

    assert_eq!(lost, 0, "of {acknowledged}");
    assert!(acknowledged > 1_000, "{acknowledged}");
}

#[tokio::test]
async fn no_write_is_lost_to_a_kill_that_does_not_wait_for_the_disk() {
    for room in testing::rooms().await {
        let url = room.url();
        let (lost, acknowledged) = lost(room, 8, Promise::Outlives(Outlives::SuddenDeath)).await;

        assert_eq!(lost, 0, "of {acknowledged} on {url}");
        assert!(acknowledged > 500, "{acknowledged} on {url}");
    }
}

#[tokio::test]
async fn a_lane_that_answers_too_early_is_caught() {
    let (lost, acknowledged) = lost(testing::sqlite_room(), 20, Promise::None).await;

    assert!(lost > 0, "none of {acknowledged}: this test cannot fail");
}
