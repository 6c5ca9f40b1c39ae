//! Backups of a working database, and what a restore refuses.
#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use store::{Db, Existing, Migration, Result, StoreError, Tx, args, restore, sql, testing};

static TALLIES: [Migration; 1] =
    [Migration::new(1, "tallies", "CREATE TABLE tally (seq {rowid}, pair BIGINT NOT NULL)")];

sql! {
    TALLY = "INSERT INTO tally (pair) VALUES ($1)";
    PAIRS = "SELECT pair, COUNT(*) FROM tally GROUP BY pair";
}

async fn pairs(db: &Db) -> Vec<(i64, i64)> {
    let found: Result<_> = db.read(async |tx: &mut Tx| tx.all(PAIRS, args![]).await).await;
    found.unwrap()
}

async fn tally(db: &Db, pair: i64) {
    let done: Result<()> = db
        .write(async move |tx: &mut Tx| {
            tx.put(TALLY, args![pair]).await?;
            tx.put(TALLY, args![pair]).await
        })
        .await;
    done.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_a_working_shop_has_no_halves() {
    let db = testing::sqlite(&TALLIES).await;
    let folder = tempfile::tempdir().unwrap();
    let (file, target) = (folder.path().join("copy.db"), folder.path().join("shop.db"));
    let open = Arc::new(AtomicBool::new(true));
    for pair in 0..200 {
        tally(&db, pair).await;
    }
    let (working, still) = ((*db).clone(), Arc::clone(&open));
    let shop = tokio::spawn(async move {
        let mut pair = 200;
        while still.load(Ordering::Relaxed) {
            tally(&working, pair).await;
            pair += 1;
        }
        pair
    });

    db.backup(&file).await.unwrap();
    open.store(false, Ordering::Relaxed);
    assert!(shop.await.unwrap() > 200);
    restore(&file, &target, Existing::Refuse).unwrap();

    let copy = Db::open(&format!("sqlite:{}", target.display())).await.unwrap();
    copy.migrate(&TALLIES).await.unwrap();
    let found = pairs(&copy).await;
    assert!(found.len() >= 200 && found.len() <= pairs(&db).await.len());
    assert!(found.iter().all(|(_, count)| *count == 2));
    assert!(matches!(db.backup(&file).await, Err(StoreError::Exists(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_overwrites_only_when_told_and_never_a_working_shop() {
    let db = testing::sqlite(&TALLIES).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("copy.db");
    let target = db.path().unwrap();
    tally(&db, 1).await;
    db.backup(&file).await.unwrap();
    tally(&db, 2).await;

    assert!(matches!(restore(&file, &target, Existing::Refuse), Err(StoreError::Exists(_))));
    assert!(matches!(restore(&file, &target, Existing::Replace), Err(StoreError::Busy)));
    assert_eq!(pairs(&db).await.len(), 2);

    let closed = folder.path().join("closed.db");
    fs::copy(&file, &closed).unwrap();
    restore(&file, &closed, Existing::Replace).unwrap();
    let copy = Db::open(&format!("sqlite:{}", closed.display())).await.unwrap();
    assert_eq!(pairs(&copy).await, [(1, 2)]);
}

#[tokio::test]
async fn a_broken_file_is_not_restored() {
    let folder = tempfile::tempdir().unwrap();
    let (file, target) = (folder.path().join("broken.db"), folder.path().join("shop.db"));
    fs::write(&file, "a shopping list").unwrap();

    assert!(matches!(restore(&file, &target, Existing::Refuse), Err(StoreError::Unsound(..))));
    let absent = folder.path().join("absent.db");
    assert!(matches!(restore(&absent, &target, Existing::Refuse), Err(StoreError::Unsound(..))));
    assert!(!target.exists() && !absent.exists());
}

#[tokio::test]
async fn postgres_has_its_own_backups() {
    let Some(db) = testing::postgres(&TALLIES).await else { return };
    let refused = db.backup(std::path::Path::new("/nowhere/copy.db")).await.unwrap_err();

    assert_eq!(
        refused.to_string(),
        "backup works on the embedded database only; use pg_dump and pg_restore for PostgreSQL"
    );
}
