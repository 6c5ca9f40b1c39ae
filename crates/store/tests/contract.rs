//! What every verb may rely on, on both engines. PostgreSQL takes part when `TEST_POSTGRES_URL` names a server.
#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use kernel::{Id, Instant, LotId, Measure, SkuId, Stamp};
use store::{
    Db, FromRow, Intake, Key, Left, Migration, Once, Result, Row, StoreError, Tx, args,
    jobs::{self, Job, NewJob},
    lease, row, sql,
    testing::{self, TestDb},
};
use uuid::Uuid;

static SHOP: [Migration; 2] = [
    store::MIGRATION,
    Migration::new(
        2,
        "lots",
        "CREATE TABLE lot (
             id UUID NOT NULL PRIMARY KEY,
             sku UUID NOT NULL,
             grams BIGINT NOT NULL,
             reserved BIGINT NOT NULL,
             use_by TEXT NOT NULL,
             label TEXT,
             seal {bytes},
             CHECK (reserved <= grams)
         );
         CREATE TABLE note (seq {rowid}, word TEXT NOT NULL UNIQUE);
         CREATE TABLE box (
             id BIGINT NOT NULL PRIMARY KEY,
             stands_on BIGINT REFERENCES box (id) DEFERRABLE INITIALLY DEFERRED
         )",
    ),
];

sql! {
    ADD = "INSERT INTO lot (id, sku, grams, reserved, use_by, label, seal) VALUES ($1, $2, $3, 0, $4, $5, $6)";
    RESERVE = "UPDATE lot SET reserved = reserved + $1 WHERE id = $2";
    /// Earliest use-by first; what is gone is gone.
    pub(crate) LOTS = "SELECT id, grams - reserved FROM lot
                       WHERE sku = $1 AND grams > reserved -- not $2
                       ORDER BY use_by, id
                       {lock}";
    LOT = "SELECT id, sku, grams, use_by, label, seal FROM lot WHERE id = $1";
    RESERVED = "SELECT reserved FROM lot WHERE id = $1";
    DISCARD = "DELETE FROM lot WHERE id = $1";
    GRAMS_AS_NAME = "SELECT grams FROM lot";
    HALF = "SELECT 0.5 * grams AS half FROM lot";
    SWAPPED = "SELECT word FROM note WHERE word <> $2 AND word = $1";
    NOTE = "INSERT INTO note (word) VALUES ($1)";
    NOTE_ONCE = "INSERT INTO note (word) VALUES ($1) ON CONFLICT DO NOTHING";
    NOTES = "SELECT word FROM note ORDER BY seq";
    NOTE_BACK = "INSERT INTO note (word) VALUES ($1) RETURNING seq";
    COUNT = "SELECT COUNT(*) FROM note";
    STACK = "INSERT INTO box (id, stands_on) VALUES ($1, $2)";
    BOXES = "SELECT COUNT(*) FROM box";
    KEPT = "SELECT COUNT(*) FROM note WHERE word <> $1 {keep}";
    ALIKE = "SELECT word FROM note WHERE word LIKE $1 ORDER BY seq";
}

/// What a verb of the trade may refuse with.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("the van has left")]
    VanHasLeft,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A lot as its columns have it, read by hand.
#[derive(Debug, PartialEq)]
struct Lot {
    id: LotId,
    sku: SkuId,
    grams: i64,
    use_by: jiff::civil::Date,
    label: Option<String>,
    seal: Option<Vec<u8>>,
}

impl FromRow for Lot {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            sku: row.get(1)?,
            grams: row.get(2)?,
            use_by: row.get(3)?,
            label: row.get(4)?,
            seal: row.get(5)?,
        })
    }
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn spinach() -> SkuId {
    SkuId::from_uuid(id(7))
}

async fn add_lots(db: &Db, grams: &'static [i64]) {
    let added: Result<()> = db
        .write(async move |tx: &mut Tx| {
            let lots = (0..).zip(grams).map(|(at, grams)| {
                row![id(at), spinach(), *grams, jiff::civil::date(2026, 3, 28), "spinach", None::<Vec<u8>>]
            });
            tx.put_many(ADD, lots.collect()).await
        })
        .await;
    added.unwrap();
}

async fn note(tx: &mut Tx, word: &str) -> Result<()> {
    tx.put(NOTE, args![word]).await
}

async fn notes(db: &Db) -> Vec<String> {
    db.read(async |tx: &mut Tx| tx.all(NOTES, args![]).await)
        .await
        .unwrap_or_else(|error: StoreError| panic!("{error}"))
}

async fn reserved(db: &Db, lot: u128) -> i64 {
    let found: Result<i64> = db.read(async move |tx: &mut Tx| tx.one(RESERVED, args![id(lot)]).await).await;
    found.unwrap()
}

fn on_sqlite(db: &TestDb) -> bool {
    db.path().is_some()
}

/// Each fact is a test per engine.
macro_rules! facts {
    ($($fact:ident)*) => {
        mod on_sqlite {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $fact() {
                super::$fact(super::testing::sqlite(&super::SHOP).await).await;
            }
        )*}

        mod on_postgres {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $fact() {
                if let Some(db) = super::testing::postgres(&super::SHOP).await {
                    super::$fact(db).await;
                }
            }
        )*}
    };
}

facts! {
    values_come_back_as_they_went
    an_impossible_value_is_named
    the_number_of_arguments_is_checked
    parameters_keep_their_numbers
    a_refusal_after_writing_leaves_nothing
    a_refusing_member_leaves_its_neighbours_alone
    a_refusal_may_rest_on_a_constraint
    who_fails_at_the_commit_fails_alone
    a_panic_is_undone_and_the_next_verb_runs
    a_swallowed_error_is_found_out
    a_statement_after_a_failed_one_is_refused
    a_pipelined_error_reaches_the_caller
    a_reading_cannot_write
    a_reading_sees_what_was_answered_before
    a_look_asks_one_question
    what_is_kept_follows_its_own_writes
    what_is_left_to_the_end_is_written_there_once
    what_a_refusal_left_is_written_by_nobody
    aborted_clients_never_leave_halves
    sets_do_what_loops_do
    a_set_of_updates_meets_one_row_each
    many_readings_keep_their_order
    a_row_that_must_be_there
    a_key_is_answered_twice_and_done_once
    a_refusal_keeps_no_key
    thirty_two_with_one_key_do_it_once
    old_keys_are_forgotten
    parallel_workers_never_share_a_job
    a_job_lives_until_it_is_done
    a_lease_has_one_holder
    the_intake_answers_each_member
    a_verb_may_be_spawned
}

async fn values_come_back_as_they_went(db: TestDb) {
    let lot = Lot {
        id: LotId::from_uuid(id(u128::MAX)),
        sku: spinach(),
        grams: i64::MIN,
        use_by: jiff::civil::date(2026, 3, 28),
        label: Some("菠菜 'x' $1".to_owned()),
        seal: Some(vec![0, 255, 16]),
    };

    let wanted = lot.id;
    let (label, seal) = (lot.label.clone(), lot.seal.clone());
    let stored: Result<Lot> = db
        .write(async move |tx: &mut Tx| {
            tx.put(ADD, args![wanted, spinach(), 1, jiff::civil::date(2026, 3, 28), label.as_deref(), seal.as_deref()])
                .await?;
            tx.one(LOT, args![wanted]).await
        })
        .await;

    assert_eq!(stored.unwrap(), Lot { grams: 1, ..lot });
    let stamp = Stamp::system(Instant::from_millis(1_774_656_000_000), &kernel::IdSource::seeded(1));
    let fresh: LotId = stamp.mint();
    let none: Result<(LotId, Option<String>, bool, Measure)> = db
        .write(async move |tx: &mut Tx| {
            tx.put(ADD, args![fresh, spinach(), 5, jiff::civil::date(2026, 1, 1), None::<&str>, None::<&[u8]>]).await?;
            sql! { MINTED = "SELECT id, label, CAST(1 AS BIGINT), CAST('weighed' AS TEXT) FROM lot WHERE id = $1"; }
            tx.one(MINTED, args![fresh]).await
        })
        .await;
    assert_eq!(none.unwrap(), (fresh, None, true, Measure::Weighed));
}

async fn an_impossible_value_is_named(db: TestDb) {
    add_lots(&db, &[500]).await;

    let as_name: Result<Vec<String>> = db.read(async |tx: &mut Tx| tx.all(GRAMS_AS_NAME, args![]).await).await;
    let half: Result<Vec<i64>> = db.read(async |tx: &mut Tx| tx.all(HALF, args![]).await).await;

    let error = as_name.unwrap_err();
    assert!(error.is_bug());
    assert_eq!(error.to_string(), "impossible value in contract::GRAMS_AS_NAME.grams: Int(500) where text belongs");
    assert!(matches!(half.unwrap_err(), StoreError::Impossible { column, .. } if column == "half"));
}

async fn the_number_of_arguments_is_checked(db: TestDb) {
    let short: Result<()> = db.write(async |tx: &mut Tx| tx.put(RESERVE, args![1]).await).await;

    assert_eq!(short.unwrap_err().to_string(), "impossible value in contract::RESERVE.parameters: 1 where 2 belong");
}

async fn parameters_keep_their_numbers(db: TestDb) {
    let found: Result<Option<String>> = db
        .write(async |tx: &mut Tx| {
            note(tx, "cod").await?;
            tx.optional(SWAPPED, args!["cod", "eel"]).await
        })
        .await;

    assert_eq!(found.unwrap().as_deref(), Some("cod"));
}

async fn a_refusal_after_writing_leaves_nothing(db: TestDb) {
    let refused: Result<(), Refusal> = db
        .write(async |tx: &mut Tx| {
            note(tx, "late").await?;
            let _: i64 = tx.one(COUNT, args![]).await?;
            Err(Refusal::VanHasLeft)
        })
        .await;

    assert!(matches!(refused, Err(Refusal::VanHasLeft)));
    assert_eq!(notes(&db).await, Vec::<String>::new());
}

async fn a_refusing_member_leaves_its_neighbours_alone(db: TestDb) {
    let mut verbs = Vec::new();
    for number in 0..200_u32 {
        let db = db.clone();
        verbs.push(tokio::spawn(async move {
            let verdict: Result<(), Refusal> = db
                .write(async move |tx: &mut Tx| {
                    note(tx, &format!("first {number}")).await?;
                    let _: i64 = tx.one(COUNT, args![]).await?;
                    if number % 7 == 3 {
                        return Err(Refusal::VanHasLeft);
                    }
                    note(tx, &format!("second {number}")).await?;
                    Ok(())
                })
                .await;
            assert_eq!(verdict.is_err(), number % 7 == 3, "{verdict:?}");
        }));
    }
    for verb in verbs {
        verb.await.unwrap();
    }

    let expected: BTreeSet<String> = (0..200)
        .filter(|number| number % 7 != 3)
        .flat_map(|number| [format!("first {number}"), format!("second {number}")])
        .collect();
    let found = notes(&db).await;
    assert_eq!(found.len(), expected.len());
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected);
}

async fn a_refusal_may_rest_on_a_constraint(db: TestDb) {
    add_lots(&db, &[500]).await;

    let twice: Result<()> = db
        .write(async |tx: &mut Tx| {
            note(tx, "cod").await?;
            note(tx, "cod").await
        })
        .await;
    let over: Result<u64> = db.write(async |tx: &mut Tx| tx.execute(RESERVE, args![501, id(0)]).await).await;

    assert!(matches!(twice, Err(StoreError::Conflict(_))), "{twice:?}");
    assert!(matches!(over, Err(StoreError::Conflict(_))), "{over:?}");
    assert!(!over.unwrap_err().is_bug());
    assert_eq!(notes(&db).await, Vec::<String>::new());
}

async fn who_fails_at_the_commit_fails_alone(db: TestDb) {
    let mut verbs = Vec::new();
    for number in 0..100_i64 {
        let db = db.clone();
        verbs.push(tokio::spawn(async move {
            // The box below follows in the same transaction, or never.
            let stacked: Result<()> = db
                .write(async move |tx: &mut Tx| {
                    tx.put(STACK, args![number, 1_000 + number]).await?;
                    if number % 10 == 3 { Ok(()) } else { tx.put(STACK, args![1_000 + number, None::<i64>]).await }
                })
                .await;
            match stacked {
                Ok(()) => assert_ne!(number % 10, 3),
                Err(error) => assert!(number % 10 == 3 && matches!(error, StoreError::Conflict(_)), "{error}"),
            }
        }));
    }
    for verb in verbs {
        verb.await.unwrap();
    }

    let boxes: Result<i64> = db.read(async |tx: &mut Tx| tx.one(BOXES, args![]).await).await;
    assert_eq!(boxes.unwrap(), 180);
}

async fn a_panic_is_undone_and_the_next_verb_runs(db: TestDb) {
    let panicked: Result<()> = db
        .write(async |tx: &mut Tx| {
            note(tx, "dropped").await?;
            panic!("dropped the tray");
        })
        .await;
    let next: Result<()> = db.write(async |tx: &mut Tx| note(tx, "next").await).await;

    assert!(matches!(panicked, Err(StoreError::Panicked(said)) if said == "dropped the tray"));
    next.unwrap();
    assert_eq!(notes(&db).await, ["next"]);
}

async fn a_swallowed_error_is_found_out(db: TestDb) {
    let swallowed: Result<&str> = db
        .write(async |tx: &mut Tx| {
            note(tx, "cod").await?;
            drop(tx.execute(NOTE, args!["cod"]).await);
            Ok("all is well")
        })
        .await;

    assert!(matches!(swallowed, Err(StoreError::Poisoned)), "{swallowed:?}");
    assert_eq!(notes(&db).await, Vec::<String>::new());
}

async fn a_statement_after_a_failed_one_is_refused(db: TestDb) {
    let went_on: Result<()> = db
        .write(async |tx: &mut Tx| {
            tx.execute(NOTE, args!["cod"]).await?;
            drop(tx.execute(NOTE, args!["cod"]).await);
            note(tx, "eel").await
        })
        .await;

    assert!(matches!(went_on, Err(StoreError::Poisoned)), "{went_on:?}");
}

async fn a_pipelined_error_reaches_the_caller(db: TestDb) {
    let at_commit: Result<()> = db
        .write(async |tx: &mut Tx| {
            note(tx, "cod").await?;
            note(tx, "cod").await?;
            note(tx, "eel").await
        })
        .await;
    let at_read: Result<i64> = db
        .write(async |tx: &mut Tx| {
            note(tx, "cod").await?;
            note(tx, "cod").await?;
            tx.one(COUNT, args![]).await
        })
        .await;

    assert!(matches!(at_commit, Err(StoreError::Conflict(_))), "{at_commit:?}");
    assert!(matches!(at_read, Err(StoreError::Conflict(_))), "{at_read:?}");
    assert_eq!(notes(&db).await, Vec::<String>::new());
}

async fn a_reading_cannot_write(db: TestDb) {
    let put: Result<()> = db.read(async |tx: &mut Tx| note(tx, "sly").await).await;
    let executed: Result<u64> = db.read(async |tx: &mut Tx| tx.execute(NOTE, args!["sly"]).await).await;

    assert!(put.unwrap_err().is_bug());
    assert!(executed.unwrap_err().is_bug());
    assert_eq!(notes(&db).await, Vec::<String>::new());
}

async fn a_reading_sees_what_was_answered_before(db: TestDb) {
    for number in 1..=50_i64 {
        let written: Result<()> = db.write(async move |tx: &mut Tx| note(tx, &number.to_string()).await).await;
        written.unwrap();
        let count: Result<i64> = db.read(async |tx: &mut Tx| tx.one(COUNT, args![]).await).await;
        assert_eq!(count.unwrap(), number);
    }
}

async fn a_look_asks_one_question(db: TestDb) {
    add_lots(&db, &[100, 200]).await;
    let written: Result<()> = db.write(async |tx: &mut Tx| note(tx, "cod").await).await;
    written.unwrap();

    let seen: Result<Vec<String>> = db.look(async |tx: &mut Tx| tx.all(NOTES, args![]).await).await;
    let set: Result<Vec<Vec<(LotId, i64)>>> =
        db.look(async |tx: &mut Tx| tx.all_many(LOTS, &[row![spinach()], row![id(99)]]).await).await;
    let twice: Result<i64> = db
        .look(async |tx: &mut Tx| {
            let _first: i64 = tx.one(COUNT, args![]).await?;
            tx.one(COUNT, args![]).await
        })
        .await;
    let put: Result<()> = db.look(async |tx: &mut Tx| note(tx, "sly").await).await;

    assert_eq!(seen.unwrap(), ["cod"]);
    assert_eq!(set.unwrap().iter().map(Vec::len).collect::<Vec<_>>(), [2, 0]);
    assert!(twice.unwrap_err().is_bug());
    assert!(put.unwrap_err().is_bug());
    assert_eq!(notes(&db).await, ["cod"], "and whoever comes after a failed look reads as before");
}

async fn what_is_kept_follows_its_own_writes(db: TestDb) {
    let counts: Result<Vec<i64>> = db
        .write(async |tx: &mut Tx| {
            let mut counts = Vec::new();
            for (box_of_fish, word) in [(1_i64, "cod"), (2, "eel"), (3, "crab")] {
                counts.push(tx.one(KEPT, args!["eel"]).await?);
                counts.push(tx.one(KEPT, args!["none"]).await?);
                note(tx, word).await?;
                tx.put(STACK, args![box_of_fish, None::<i64>]).await?;
            }
            counts.push(tx.one(KEPT, args!["eel"]).await?);
            Ok(counts)
        })
        .await;

    assert_eq!(counts.unwrap(), [0, 0, 1, 1, 1, 2, 2]);
}

/// Words that are noted at the end, as one.
#[derive(Default)]
struct Words(Vec<&'static str>);

impl Left for Words {
    async fn write(self, tx: &mut Tx) -> Result<()> {
        note(tx, &self.0.join(" ")).await
    }
}

async fn what_is_left_to_the_end_is_written_there_once(db: TestDb) {
    let counts: Result<(i64, i64)> = db
        .write(async |tx: &mut Tx| {
            tx.leave(|words: &mut Words| words.0.push("cod"));
            tx.leave(|words: &mut Words| words.0.push("eel"));
            let before = tx.one(COUNT, args![]).await?;
            tx.write_what_was_left().await?;
            let written = tx.one(COUNT, args![]).await?;
            tx.leave(|words: &mut Words| words.0.push("crab"));
            Ok((before, written))
        })
        .await;

    assert_eq!(counts.unwrap(), (0, 1));
    assert_eq!(notes(&db).await, ["cod eel", "crab"]);
}

async fn what_a_refusal_left_is_written_by_nobody(db: TestDb) {
    let refused: Result<(), Refusal> = db
        .write(async |tx: &mut Tx| {
            tx.leave(|words: &mut Words| words.0.push("cod"));
            Err(Refusal::VanHasLeft)
        })
        .await;
    assert!(matches!(refused, Err(Refusal::VanHasLeft)), "{refused:?}");
    let next: Result<()> = db.write(async |tx: &mut Tx| note(tx, "eel").await).await;
    next.unwrap();
    let twice: Result<()> = db
        .write(async |tx: &mut Tx| {
            tx.leave(|words: &mut Words| words.0.push("eel"));
            Ok(())
        })
        .await;

    assert!(matches!(twice, Err(StoreError::Conflict(_))), "what fails at the end fails the verb: {twice:?}");
    assert_eq!(notes(&db).await, ["eel"]);
}

async fn aborted_clients_never_leave_halves(db: TestDb) {
    let answered = Arc::new(AtomicU32::new(0));
    let mut clients = Vec::new();
    for number in 0..300_u32 {
        let (db, answered) = (db.clone(), Arc::clone(&answered));
        clients.push(tokio::spawn(async move {
            let done: Result<()> = db
                .write(async move |tx: &mut Tx| {
                    note(tx, &format!("left {number}")).await?;
                    note(tx, &format!("right {number}")).await
                })
                .await;
            done.unwrap();
            answered.fetch_add(1, Ordering::Relaxed);
        }));
        if number % 3 == 0 {
            tokio::task::yield_now().await;
        }
        if number % 5 == 0 {
            clients[usize::try_from(number).unwrap() / 2].abort();
            clients.last().unwrap().abort();
        }
    }
    for client in clients {
        drop(client.await);
    }
    // What a client did not wait for may still be in the lane; this stands behind it.
    let last: Result<()> = db.write(async |_: &mut Tx| Ok(())).await;
    last.unwrap();

    let found = notes(&db).await;
    let halves = |half: &str| -> BTreeSet<String> {
        found.iter().filter_map(|word| word.strip_prefix(half)).map(str::to_owned).collect()
    };
    assert_eq!(halves("left"), halves("right"));
    assert!(u32::try_from(halves("left").len()).unwrap() >= answered.load(Ordering::Relaxed));
}

async fn sets_do_what_loops_do(db: TestDb) {
    add_lots(&db, &[100, 200, 300]).await;

    let done: Result<Vec<String>> = db
        .write(async |tx: &mut Tx| {
            tx.put_many(RESERVE, vec![row![10, id(0)], row![20, id(1)], row![30, id(2)]]).await?;
            tx.put_many(NOTE, (0..600).map(|number| row![format!("note {number}")]).collect()).await?;
            tx.put_many(NOTE_ONCE, vec![row!["note 1"], row!["new"], row!["note 2"]]).await?;
            tx.put_many(DISCARD, vec![row![id(2)], row![id(9)]]).await?;
            tx.put_many(NOTE, Vec::<[store::Param<'_>; 1]>::new()).await?;
            tx.all(NOTES, args![]).await
        })
        .await;

    let mut expected: Vec<String> = (0..600).map(|number| format!("note {number}")).collect();
    expected.push("new".to_owned());
    assert_eq!(done.unwrap(), expected);
    assert_eq!((reserved(&db, 0).await, reserved(&db, 1).await), (10, 20));
    let gone: Result<Option<i64>> = db.read(async |tx: &mut Tx| tx.optional(RESERVED, args![id(2)]).await).await;
    assert_eq!(gone.unwrap(), None);
}

async fn a_set_of_updates_meets_one_row_each(db: TestDb) {
    add_lots(&db, &[100, 200]).await;

    let missing: Result<()> =
        db.write(async |tx: &mut Tx| tx.put_many(RESERVE, vec![row![1, id(0)], row![1, id(8)]]).await).await;
    let single: Result<()> = db.write(async |tx: &mut Tx| tx.put_many(RESERVE, vec![row![1, id(8)]]).await).await;
    let twice: Result<()> = db
        .write(async |tx: &mut Tx| tx.put_many(RESERVE, vec![row![1, id(0)], row![2, id(0)], row![3, id(1)]]).await)
        .await;

    assert!(matches!(missing, Err(StoreError::Count(2, 1))), "{missing:?}");
    assert!(matches!(single, Err(StoreError::Count(1, 0))), "{single:?}");
    assert!(matches!(twice, Err(StoreError::Count(3, 2))), "{twice:?}");
    assert_eq!((reserved(&db, 0).await, reserved(&db, 1).await), (0, 0));
}

async fn many_readings_keep_their_order(db: TestDb) {
    add_lots(&db, &[100, 200, 300]).await;

    let lots: Result<Vec<Vec<(LotId, i64)>>> =
        db.write(async |tx: &mut Tx| tx.all_many(LOTS, &[row![id(99)], row![spinach()], row![id(98)]]).await).await;
    let alike: Result<Vec<Vec<String>>> = db
        .write(async |tx: &mut Tx| {
            for word in ["cod", "eel", "crab", "cockle"] {
                note(tx, word).await?;
            }
            tx.all_many(ALIKE, &[row!["e%"], row!["co%"], row!["x%"], row!["c%"]]).await
        })
        .await;
    let none: Result<Vec<Vec<String>>> = db.read(async |tx: &mut Tx| tx.all_many::<_, 1>(ALIKE, &[]).await).await;

    let lot = |number: u128, grams: i64| (LotId::from_uuid(id(number)), grams);
    assert_eq!(lots.unwrap(), [vec![], vec![lot(0, 100), lot(1, 200), lot(2, 300)], vec![]]);
    assert_eq!(alike.unwrap(), [vec!["eel"], vec!["cod", "cockle"], vec![], vec!["cod", "crab", "cockle"]]);
    assert_eq!(none.unwrap(), Vec::<Vec<String>>::new());
}

async fn a_row_that_must_be_there(db: TestDb) {
    let none: Result<i64> = db.read(async |tx: &mut Tx| tx.one(RESERVED, args![id(1)]).await).await;
    let several: Result<Option<String>> = db
        .write(async |tx: &mut Tx| {
            let seq: i64 = tx.one(NOTE_BACK, args!["cod"]).await?;
            assert_eq!(seq, 1);
            note(tx, "eel").await?;
            tx.optional(NOTES, args![]).await
        })
        .await;

    assert!(matches!(none, Err(StoreError::Impossible { column, .. }) if column == "row"));
    assert!(matches!(several, Err(StoreError::Impossible { column, .. }) if column == "row"));
}

fn key(name: &str, request: u8) -> Key {
    Key { caller: "web".to_owned(), key: name.to_owned(), request: [request; 32] }
}

async fn a_key_is_answered_twice_and_done_once(db: TestDb) {
    let place = async |request: u8| -> Result<Once<(i64, String)>> {
        db.once(key("order 1", request), 1_000, async |tx: &mut Tx| {
            let seq = tx.one(NOTE_BACK, args!["order"]).await?;
            Ok::<_, StoreError>((seq, "placed".to_owned()))
        })
        .await
    };

    let answer = (1, "placed".to_owned());
    assert_eq!(place(1).await.unwrap(), Once::Fresh(answer.clone()));
    assert_eq!(place(1).await.unwrap(), Once::Replayed(answer.clone()));
    assert!(place(1).await.unwrap().is_replayed());
    assert!(matches!(place(2).await, Err(StoreError::KeyReused)));
    assert_eq!(place(1).await.unwrap().into_inner(), answer);
    assert_eq!(notes(&db).await, ["order"]);
}

async fn a_refusal_keeps_no_key(db: TestDb) {
    let refused: Result<Once<()>, Refusal> = db
        .once(key("order 1", 1), 1_000, async |tx: &mut Tx| {
            note(tx, "order").await?;
            Err(Refusal::VanHasLeft)
        })
        .await;
    let allowed: Result<Once<()>, Refusal> =
        db.once(key("order 1", 1), 2_000, async |tx: &mut Tx| Ok(note(tx, "order").await?)).await;

    assert!(matches!(refused, Err(Refusal::VanHasLeft)));
    assert_eq!(allowed.unwrap(), Once::Fresh(()));
    assert_eq!(notes(&db).await, ["order"]);
}

async fn thirty_two_with_one_key_do_it_once(db: TestDb) {
    let mut clients = Vec::new();
    for number in 0..32_i64 {
        let db = db.clone();
        clients.push(tokio::spawn(async move {
            db.once(key("order 1", 1), 1_000, async move |tx: &mut Tx| {
                note(tx, &format!("order of {number}")).await?;
                Ok::<_, StoreError>(number)
            })
            .await
        }));
    }
    let mut answers = Vec::new();
    for client in clients {
        answers.push(client.await.unwrap().unwrap());
    }

    assert_eq!(answers.iter().filter(|answer| !answer.is_replayed()).count(), 1);
    let numbers: BTreeSet<i64> = answers.into_iter().map(Once::into_inner).collect();
    assert_eq!(numbers.len(), 1);
    assert_eq!(notes(&db).await, [format!("order of {}", numbers.first().unwrap())]);
}

async fn old_keys_are_forgotten(db: TestDb) {
    for (name, at_ms) in [("old", 1_000), ("older", 500), ("new", 2_000)] {
        let kept: Result<Once<()>> = db.once(key(name, 1), at_ms, async |_: &mut Tx| Ok(())).await;
        kept.unwrap();
    }

    assert_eq!(db.once_purge(2_000).await.unwrap(), 2);
    let replayed: Result<Once<()>> = db.once(key("new", 1), 3_000, async |_: &mut Tx| Ok(())).await;
    assert!(replayed.unwrap().is_replayed());
}

async fn enqueue(db: &Db, count: u128) {
    let queued: Result<()> = db
        .write(async move |tx: &mut Tx| {
            for number in 0..count {
                let key = number.to_string();
                let due_at = 1_000 - i64::try_from(number).unwrap();
                jobs::enqueue(tx, &NewJob { id: id(number), kind: "notice", key: &key, payload: "{}", due_at }).await?;
            }
            Ok(())
        })
        .await;
    queued.unwrap();
}

async fn parallel_workers_never_share_a_job(db: TestDb) {
    enqueue(&db, 200).await;

    let mut workers = Vec::new();
    for _ in 0..8 {
        let db = db.clone();
        workers.push(tokio::spawn(async move {
            let mut had = Vec::new();
            // SKIP LOCKED may leave a worker with nothing while others hold the rows.
            let mut idle = 0;
            while idle < 3 {
                let claimed: Result<Vec<Job>> =
                    db.write(async |tx: &mut Tx| jobs::claim(tx, "notice", 2_000, 60_000, 7).await).await;
                let claimed = claimed.unwrap();
                idle = if claimed.is_empty() { idle + 1 } else { 0 };
                assert!(claimed.len() <= 7);
                assert!(claimed.is_sorted_by_key(|job| job.due_at));
                had.extend(claimed.into_iter().map(|job| job.id));
            }
            had
        }));
    }
    let mut times: BTreeMap<Uuid, u32> = BTreeMap::new();
    for worker in workers {
        for id in worker.await.unwrap() {
            *times.entry(id).or_default() += 1;
        }
    }

    assert_eq!(times.len(), 200);
    assert!(times.values().all(|times| *times == 1));
}

async fn a_job_lives_until_it_is_done(db: TestDb) {
    enqueue(&db, 3).await;
    enqueue(&db, 3).await;

    let told: Result<()> = db
        .write(async |tx: &mut Tx| {
            assert_eq!(jobs::next_due(tx).await?, [("notice".to_owned(), 998)]);
            assert!(jobs::claim(tx, "letter", 2_000, 100, 9).await?.is_empty());
            assert!(jobs::claim(tx, "notice", 997, 100, 9).await?.is_empty());
            let claimed = jobs::claim(tx, "notice", 2_000, 100, 9).await?;
            assert_eq!(claimed.iter().map(|job| job.due_at).collect::<Vec<_>>(), [998, 999, 1_000]);
            assert_eq!((claimed[0].key.as_str(), claimed[0].payload.as_str(), claimed[0].attempts), ("2", "{}", 1));

            assert!(jobs::claim(tx, "notice", 2_099, 100, 9).await?.is_empty());
            assert_eq!(jobs::next_due(tx).await?, [("notice".to_owned(), 2_100)]);
            assert!(jobs::done(tx, claimed[0].id).await?);
            assert!(!jobs::done(tx, claimed[0].id).await?);
            assert!(jobs::retry(tx, claimed[1].id, 5_000, "the gateway is down").await?);
            assert!(jobs::bury(tx, claimed[2].id, "no such number").await?);
            assert_eq!(jobs::next_due(tx).await?, [("notice".to_owned(), 5_000)]);

            let again = jobs::claim(tx, "notice", 5_000, 100, 9).await?;
            assert_eq!((again.len(), again[0].attempts), (1, 2));
            assert_eq!(jobs::claim_one(tx, again[0].id, 5_099, 100).await?, None);
            let lapsed: Vec<Job> = jobs::claim_one(tx, again[0].id, 5_100, 100).await?.into_iter().collect();
            assert_eq!((lapsed.len(), lapsed[0].attempts), (1, 3));
            assert!(jobs::done(tx, lapsed[0].id).await?);
            assert_eq!(jobs::next_due(tx).await?, []);
            assert_eq!(jobs::purge(tx, 999, 10).await?, 1);
            Ok(())
        })
        .await;
    told.unwrap();
}

async fn a_lease_has_one_holder(db: TestDb) {
    let told: Result<()> = db
        .write(async |tx: &mut Tx| {
            assert!(lease::take(tx, "sealer", "a", 1_000, 100).await?);
            assert!(!lease::take(tx, "sealer", "b", 1_099, 100).await?);
            assert!(lease::take(tx, "sealer", "a", 1_099, 100).await?);
            assert!(lease::take(tx, "sweeper", "b", 1_099, 100).await?);
            assert!(lease::take(tx, "sealer", "b", 1_199, 100).await?);
            lease::release(tx, "sealer", "a").await?;
            assert!(!lease::take(tx, "sealer", "a", 1_200, 100).await?);
            lease::release(tx, "sealer", "b").await?;
            assert!(lease::take(tx, "sealer", "a", 1_200, 100).await?);
            Ok(())
        })
        .await;
    told.unwrap();
}

async fn the_intake_answers_each_member(db: TestDb) {
    let intake = Intake::new(&db, 2, async |tx: &mut Tx, words: &[String]| -> Result<Vec<String>, Refusal> {
        if words.iter().any(|word| word == "poison") {
            return Err(Refusal::VanHasLeft);
        }
        tx.put_many(NOTE, words.iter().map(|word| row![word]).collect()).await?;
        Ok(words.iter().map(|word| format!("noted {word}")).collect())
    });
    let intake = Arc::new(intake);

    let mut clients = Vec::new();
    for number in 0..300_u64 {
        let intake = Arc::clone(&intake);
        clients.push(tokio::spawn(async move {
            let word = if number % 100 == 50 { "poison".to_owned() } else { format!("word {number}") };
            (word.clone(), intake.ask(number % 3, word).await)
        }));
    }

    for client in clients {
        let (word, answer) = client.await.unwrap();
        match answer {
            Ok(answer) => assert_eq!(answer, format!("noted {word}")),
            Err(refusal) => assert!(word == "poison" && matches!(refusal, Refusal::VanHasLeft), "{refusal}"),
        }
    }
    assert_eq!(notes(&db).await.len(), 297);
}

async fn a_verb_may_be_spawned(db: TestDb) {
    // As axum does it: the whole call must be Send, borrowed text and several statements included.
    let owned: Db = (*db).clone();
    let spawned = tokio::spawn(async move {
        let word = String::from("cod");
        let written: Result<i64> = owned
            .write(async move |tx: &mut Tx| {
                note(tx, &word).await?;
                tx.put_many(NOTE, vec![row![&word[..1]]]).await?;
                let _: Vec<Vec<String>> = tx.all_many(ALIKE, &[row![&word], row!["x"]]).await?;
                tx.one(COUNT, args![]).await
            })
            .await;
        written.unwrap()
    });
    assert_eq!(spawned.await.unwrap(), 2);

    let waited: Result<&str> = db
        .write(async |_: &mut Tx| {
            tokio::task::yield_now().await;
            Ok("waited")
        })
        .await;
    if on_sqlite(&db) {
        assert!(matches!(waited, Err(StoreError::ForeignAwait)), "{waited:?}");
    } else {
        assert_eq!(waited.unwrap(), "waited");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_verb_that_awaits_something_else_leaves_nothing() {
    let db = testing::sqlite(&SHOP).await;

    let foreign: Result<()> = db
        .write(async |tx: &mut Tx| {
            note(tx, "half").await?;
            std::future::pending::<()>().await;
            Ok(())
        })
        .await;
    let timer: Result<()> = db
        .write(async |tx: &mut Tx| {
            note(tx, "half").await?;
            tokio::time::sleep(Duration::from_millis(1)).await;
            Ok(())
        })
        .await;

    assert!(matches!(foreign, Err(StoreError::ForeignAwait)), "{foreign:?}");
    assert!(matches!(timer, Err(StoreError::Panicked(_))), "{timer:?}");
    assert_eq!(notes(&db).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_fails_only_those_who_meet_it() {
    let db = testing::sqlite(&SHOP).await;
    sql! { LIMIT = "PRAGMA max_page_count = 80"; }
    let limited: Result<Vec<i64>> = db.write(async |tx: &mut Tx| tx.all(LIMIT, args![]).await).await;
    limited.unwrap();

    let stored = Arc::new(AtomicU64::new(0));
    let mut clients = Vec::new();
    for number in 0..400_u32 {
        let (db, stored) = (db.clone(), Arc::clone(&stored));
        clients.push(tokio::spawn(async move {
            let verdict: Result<()> =
                db.write(async move |tx: &mut Tx| note(tx, &format!("{number:01000}")).await).await;
            match verdict {
                Ok(()) => drop(stored.fetch_add(1, Ordering::Relaxed)),
                Err(error) => assert!(error.to_string().contains("full") && !error.is_bug(), "{error}"),
            }
        }));
    }
    for client in clients {
        client.await.unwrap();
    }

    let stored = stored.load(Ordering::Relaxed);
    assert!((10..390).contains(&stored), "{stored}");
    assert_eq!(u64::try_from(notes(&db).await.len()).unwrap(), stored);
}

#[tokio::test]
async fn a_misspelt_address_is_refused() {
    for url in ["mysql://shop", "sqlite:", "sqlite::memory:", "postgres://[", "shop.db"] {
        assert!(matches!(Db::open(url).await, Err(StoreError::Url(_))), "{url}");
    }
    let nobody = Db::open("postgresql://nobody@127.0.0.1:1/none").await;
    assert!(matches!(nobody, Err(StoreError::Pool(_))), "{nobody:?}");
}
