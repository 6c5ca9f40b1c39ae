//! Lost races on PostgreSQL: the verb runs again, and what it did the first time is gone.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use store::{Migration, Result, StoreError, Tx, args, sql, testing};
use tokio::sync::Barrier;

static BINS: [Migration; 1] = [Migration::new(
    1,
    "bins",
    "CREATE TABLE bin (id BIGINT NOT NULL PRIMARY KEY, moves BIGINT NOT NULL);
     INSERT INTO bin VALUES (1, 0), (2, 0)",
)];

sql! {
    MOVE = "UPDATE bin SET moves = moves + 1 WHERE id = $1";
    MOVES = "SELECT moves FROM bin ORDER BY id";
    HELD = "SELECT moves FROM bin WHERE id = $1 {hold}";
    LOCKED = "SELECT moves FROM bin WHERE id = $1 {lock} {keep}";
    ADD = "INSERT INTO bin (id, moves) VALUES ($1, 0)";
    STRICT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ";
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_victim_of_a_deadlock_runs_again() {
    let Some(db) = testing::postgres(&BINS).await else { return };
    let (meet, runs) = (Arc::new(Barrier::new(2)), Arc::new(AtomicU32::new(0)));

    let movers: Vec<_> = [(1_i64, 2_i64), (2, 1)]
        .into_iter()
        .map(|(first, second)| {
            let (db, meet, runs) = ((*db).clone(), Arc::clone(&meet), Arc::clone(&runs));
            tokio::spawn(async move {
                let moved: Result<()> = db
                    .write(async move |tx: &mut Tx| {
                        let run = runs.fetch_add(1, Ordering::SeqCst);
                        tx.execute(MOVE, args![first]).await?;
                        if run < 2 {
                            meet.wait().await;
                        }
                        tx.put(MOVE, args![second]).await
                    })
                    .await;
                moved
            })
        })
        .collect();
    for mover in movers {
        mover.await.unwrap().unwrap();
    }

    // Three, or more when the victim comes back before its neighbour has woken up.
    assert!(runs.load(Ordering::SeqCst) >= 3);
    let moves: Result<Vec<i64>> = db.read(async |tx: &mut Tx| tx.all(MOVES, args![]).await).await;
    assert_eq!(moves.unwrap(), [2, 2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_loses_every_race_is_told_that_it_is_busy() {
    let Some(db) = testing::postgres(&BINS).await else { return };
    let runs = Arc::new(AtomicU32::new(0));

    let (neighbour, counted) = ((*db).clone(), Arc::clone(&runs));
    let moved: Result<()> = db
        .write(async move |tx: &mut Tx| {
            counted.fetch_add(1, Ordering::SeqCst);
            tx.put(STRICT, args![]).await?;
            let _: Vec<i64> = tx.all(MOVES, args![]).await?;
            // A neighbour changes what this one has read, every time.
            let changed: Result<u64> = neighbour.write(async |tx: &mut Tx| tx.execute(MOVE, args![1]).await).await;
            changed?;
            tx.put(MOVE, args![1]).await
        })
        .await;

    assert!(matches!(moved, Err(StoreError::Busy)), "{moved:?}");
    assert_eq!(runs.load(Ordering::SeqCst), 10);
    let moves: Result<Vec<i64>> = db.read(async |tx: &mut Tx| tx.all(MOVES, args![]).await).await;
    assert_eq!(moves.unwrap(), [10, 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_held_is_doubted_when_a_lock_is_taken_and_not_before() {
    let Some(db) = testing::postgres(&BINS).await else { return };

    let neighbour = (*db).clone();
    let moves_by_another = async move || {
        let moved: Result<u64> = neighbour.write(async |tx: &mut Tx| tx.execute(MOVE, args![1]).await).await;
        moved.unwrap();
    };
    let seen: Result<Vec<i64>> = db
        .write(async move |tx: &mut Tx| {
            let mut seen = vec![tx.one(HELD, args![1]).await?];
            moves_by_another().await;
            seen.push(tx.one(HELD, args![1]).await?);
            // Nothing is locked where nothing is.
            let nobody: Option<i64> = tx.optional(LOCKED, args![3]).await?;
            assert_eq!(nobody, None);
            seen.push(tx.one(HELD, args![1]).await?);
            moves_by_another().await;
            let _: i64 = tx.one(LOCKED, args![2]).await?;
            seen.push(tx.one(HELD, args![1]).await?);
            moves_by_another().await;
            // It is locked already, so nobody was waited for.
            let _: i64 = tx.one(LOCKED, args![2]).await?;
            seen.push(tx.one(HELD, args![1]).await?);
            // And a write of one's own is always seen.
            tx.put(MOVE, args![1]).await?;
            seen.push(tx.one(HELD, args![1]).await?);
            Ok(seen)
        })
        .await;

    assert_eq!(seen.unwrap(), [0, 0, 1, 2, 2, 4]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_claims_second_runs_again_and_meets_the_first() {
    let Some(db) = testing::postgres(&BINS).await else { return };
    let (meet, runs) = (Arc::new(Barrier::new(2)), Arc::new(AtomicU32::new(0)));

    let claimants: Vec<_> = [(); 2]
        .into_iter()
        .map(|()| {
            let (db, meet, runs) = ((*db).clone(), Arc::clone(&meet), Arc::clone(&runs));
            tokio::spawn(async move {
                let first: Result<bool> = db
                    .write(async move |tx: &mut Tx| {
                        let there: Option<i64> = tx.optional(HELD, args![7]).await?;
                        if runs.fetch_add(1, Ordering::SeqCst) < 2 {
                            meet.wait().await;
                        }
                        if there.is_some() {
                            return Ok(false);
                        }
                        tx.claim(ADD, args![7]).await?;
                        Ok(true)
                    })
                    .await;
                first.unwrap()
            })
        })
        .collect();
    let mut firsts = 0;
    for claimant in claimants {
        firsts += u32::from(claimant.await.unwrap());
    }

    assert_eq!(firsts, 1);
    assert_eq!(runs.load(Ordering::SeqCst), 3);
}
