//! Migrations and the statements that stand on them, on both engines.

use store::{Db, Migration, Result, StoreError, Tx, args, sql, testing};
use uuid::Uuid;

const BINS: Migration =
    Migration::new(1, "bins", "CREATE TABLE bin (id UUID NOT NULL PRIMARY KEY, zone UUID, room BIGINT)");
/// Bins are closed, never deleted: the journal goes on naming them.
const KEPT: Migration = Migration::new(2, "kept", "CREATE TABLE tally (seq {rowid}, bin UUID NOT NULL REFERENCES bin)")
    .with(
        "CREATE TRIGGER bin_kept BEFORE DELETE ON bin BEGIN SELECT RAISE(ABORT, 'bins are closed; not deleted'); END;",
        "CREATE FUNCTION bin_kept() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN RAISE EXCEPTION 'bins are closed; not deleted'; END $$;
     CREATE TRIGGER bin_kept BEFORE DELETE ON bin FOR EACH ROW EXECUTE FUNCTION bin_kept();",
    );

static FIRST: [Migration; 1] = [BINS];
static BOTH: [Migration; 2] = [BINS, KEPT];
static EDITED: [Migration; 1] = [Migration { sql: "CREATE TABLE bin (id UUID NOT NULL)", ..BINS }];
static EDITED_TRIGGER: [Migration; 2] = [BINS, KEPT.with("SELECT 1", "SELECT 1")];
static LATER: [Migration; 2] = [BINS, Migration { number: 9, ..KEPT }];
static BETWEEN: [Migration; 3] = [BINS, Migration::new(5, "late", "SELECT 1"), Migration { number: 9, ..KEPT }];
static FAILING: [Migration; 2] =
    [BINS, Migration::new(2, "failing", "CREATE TABLE half (id BIGINT); CREATE TABEL rest (id BIGINT)")];
static REPAIRED: [Migration; 2] = [BINS, Migration::new(2, "whole", "CREATE TABLE half (id BIGINT)")];
static WHOLE: [Migration; 3] = [store::MIGRATION, Migration { number: 2, ..BINS }, Migration { number: 3, ..KEPT }];
static DISORDERED: [Migration; 2] = [KEPT, BINS];

sql! {
    OPEN = "INSERT INTO bin (id, zone, room) VALUES ($1, $2, 3)";
    OPEN_TEXT = "INSERT INTO bin (id, zone, room) VALUES ($1, $2, 3)";
    CLOSE = "DELETE FROM bin WHERE id = $1";
    TALLY = "INSERT INTO tally (bin) VALUES ($1) RETURNING seq";
    ROOM = "SELECT SUM(room) FROM bin WHERE id = $1";
    /// Which is not true: bins are closed.
    STAYS = "SELECT id FROM bin WHERE id = $1 {stay}";
    MISSPELT = "SELECT rooom FROM bin WHERE id = $1";
}

#[tokio::test]
async fn a_migration_runs_once_and_in_order() {
    for db in testing::both(&FIRST).await {
        db.migrate(&FIRST).await.unwrap();
        db.migrate(&BOTH).await.unwrap();
        db.migrate(&BOTH).await.unwrap();

        let disordered = db.migrate(&DISORDERED).await;
        assert!(matches!(disordered, Err(StoreError::Migration(1, _))), "{disordered:?}");
    }
}

#[tokio::test]
async fn edited_history_is_refused() {
    for db in testing::both(&BOTH).await {
        for edited in [&EDITED[..], &EDITED_TRIGGER[..]] {
            let refused = db.migrate(edited).await.unwrap_err();
            assert!(
                matches!(&refused, StoreError::Migration(_, why) if why.contains("edited"))
                    || matches!(refused, StoreError::NewerDatabase { found: 2, known: 1 }),
                "{refused:?}"
            );
        }
        assert!(matches!(db.migrate(&EDITED_TRIGGER).await, Err(StoreError::Migration(2, _))));
    }
    for db in testing::both(&FIRST).await {
        assert!(matches!(db.migrate(&EDITED).await, Err(StoreError::Migration(1, _))));
    }
}

#[tokio::test]
async fn a_newer_database_is_refused() {
    for db in testing::both(&BOTH).await {
        let older = db.migrate(&FIRST).await.unwrap_err();

        assert!(matches!(older, StoreError::NewerDatabase { found: 2, known: 1 }));
        assert_eq!(
            older.to_string(),
            "the database has migration 2, this program knows migrations up to 1: use a newer program"
        );
    }
}

#[tokio::test]
async fn a_latecomer_is_refused() {
    for db in testing::both(&LATER).await {
        assert!(matches!(db.migrate(&BETWEEN).await, Err(StoreError::Migration(5, _))));
    }
}

#[tokio::test]
async fn a_failing_migration_leaves_nothing() {
    for db in testing::both(&FIRST).await {
        assert!(matches!(db.migrate(&FAILING).await, Err(StoreError::Migration(2, _))));

        // The number is free, and so is the table that the failing one had made already.
        db.migrate(&REPAIRED).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_runners_do_it_once() {
    for db in testing::both(&[]).await {
        let runs: Vec<_> = (0..6)
            .map(|_| {
                let db: Db = (*db).clone();
                tokio::spawn(async move { db.migrate(&BOTH).await })
            })
            .collect();
        for run in runs {
            run.await.unwrap().unwrap();
        }
    }
}

#[tokio::test]
async fn an_id_is_sixteen_bytes_on_both() {
    for db in testing::both(&BOTH).await {
        let bin = Uuid::from_u128(1);
        let opened: Result<i64> = db
            .write(async move |tx: &mut Tx| {
                tx.put(OPEN, args![bin, None::<Uuid>]).await?;
                tx.one(TALLY, args![bin]).await
            })
            .await;
        let as_text: Result<()> =
            db.write(async |tx: &mut Tx| tx.put(OPEN_TEXT, args!["0190-not-an-id", None::<Uuid>]).await).await;
        let unknown: Result<i64> = db.write(async |tx: &mut Tx| tx.one(TALLY, args![Uuid::nil()]).await).await;
        let closed: Result<u64> = db.write(async move |tx: &mut Tx| tx.execute(CLOSE, args![bin]).await).await;

        assert_eq!(opened.unwrap(), 1);
        assert!(as_text.is_err());
        assert!(matches!(unknown, Err(StoreError::Conflict(_))), "{unknown:?}");
        let said = closed.unwrap_err().to_string();
        assert!(said.contains("bins are closed; not deleted"), "{said}");
    }
}

#[tokio::test]
async fn a_sum_must_be_cast() {
    for db in testing::both(&BOTH).await {
        let bin = Uuid::from_u128(1);
        let sum: Result<Option<i64>> = db
            .write(async move |tx: &mut Tx| {
                tx.put(OPEN, args![bin, bin]).await?;
                tx.one(ROOM, args![bin]).await
            })
            .await;

        // PostgreSQL makes a NUMERIC of it, which may not cross.
        match db.path() {
            Some(_) => assert_eq!(sum.unwrap(), Some(3)),
            None => assert!(sum.unwrap_err().to_string().contains("type numeric")),
        }
    }
}

#[tokio::test]
async fn every_statement_is_prepared_and_what_does_not_fit_is_named() {
    for db in testing::both(&WHOLE).await {
        let wrong = db.prepare_all().await.unwrap_err();

        assert_eq!(wrong.len(), 2, "{wrong:#?}");
        assert_eq!(wrong[0], "schema::CLOSE: alters what schema::STAYS takes for unchanging");
        assert!(wrong[1].starts_with("schema::MISSPELT: ") && wrong[1].contains("rooom"), "{wrong:?}");
    }
}
