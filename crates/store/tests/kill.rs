//! Killed at any moment, the embedded database keeps every write that it acknowledged, once.
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

use store::{Db, Migration, Result, Tx, args, sql, testing};

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

const FILE: &str = "KILL_TEST_FILE";
const FROM: &str = "KILL_TEST_FROM";
const FAULT: &str = "KILL_TEST_FAULT";
const WRITERS: i64 = 16;
/// Numbers of one child; no child lives long enough to use them up.
const SPAN: i64 = 10_000_000;

/// The child. Without its variables it is a test that passes.
#[test]
fn writes_until_it_is_killed() {
    let (Ok(file), Ok(from)) = (std::env::var(FILE), std::env::var(FROM)) else { return };
    let from: i64 = from.parse().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let db = match std::env::var(FAULT) {
            Ok(_) => testing::answering_too_early(Path::new(&file)).unwrap(),
            Err(_) => Db::open(&format!("sqlite:{file}")).await.unwrap(),
        };
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
fn killed(file: &Path, from: i64, after: Duration, faulty: bool) -> BTreeSet<i64> {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "writes_until_it_is_killed", "--nocapture"]);
    command.env(FILE, file).env(FROM, from.to_string()).stdout(Stdio::null()).stderr(Stdio::piped());
    if faulty {
        command.env(FAULT, "1");
    }
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

/// Every parcel in the file with its number of leaves.
async fn packed(file: &Path) -> Vec<(i64, i64)> {
    let db = Db::open(&format!("sqlite:{}", file.display())).await.unwrap();
    db.read(async |tx: &mut Tx| tx.all(PACKED, args![]).await)
        .await
        .unwrap_or_else(|e: store::StoreError| panic!("{e}"))
}

/// Kills `times` children over one file; answers how many acknowledged parcels were lost. Halves are never right.
async fn lost(times: i64, faulty: bool) -> (usize, usize) {
    let db = testing::sqlite(&PARCELS).await;
    let file = db.path().unwrap();
    let (mut lost, mut acknowledged) = (0, BTreeSet::new());
    for round in 0..times {
        // Uneven moments: the start of a group, its middle, a checkpoint.
        let after = Duration::from_millis(u64::try_from(20 + (round * 53) % 170).unwrap());
        acknowledged.extend(killed(&file, round * SPAN, after, faulty));
        let found = packed(&file).await;
        assert!(found.iter().all(|(_, leaves)| *leaves == 2), "a half or a double after round {round}");
        let stored: BTreeSet<i64> = found.into_iter().map(|(number, _)| number).collect();
        lost += acknowledged.difference(&stored).count();
        if faulty && lost > 0 {
            break;
        }
    }
    (lost, acknowledged.len())
}

#[tokio::test]
async fn no_acknowledged_write_is_lost_to_a_kill() {
    let (lost, acknowledged) = lost(16, false).await;

    assert_eq!(lost, 0, "of {acknowledged}");
    assert!(acknowledged > 1_000, "{acknowledged}");
}

#[tokio::test]
async fn a_lane_that_answers_too_early_is_caught() {
    let (lost, acknowledged) = lost(20, true).await;

    assert!(lost > 0, "none of {acknowledged}: this test cannot fail");
}
