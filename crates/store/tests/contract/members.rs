//! Verbs in line: intake, tasks, and what only the embedded lane must bear.

use std::{
    sync::{Arc, atomic::AtomicU64, atomic::Ordering},
    time::Duration,
};

use store::{
    Db, Intake, Result, StoreError, Tx, args, row, sql,
    testing::{self, TestDb},
};

use crate::{ALIKE, COUNT, NOTE, Refusal, SHOP, note, notes, on_sqlite};

facts! {
    the_intake_answers_each_member
    a_verb_may_be_spawned
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
