//! A command said twice is done once.

use std::collections::BTreeSet;

use store::{
    Db, Key, Once, Result, StoreError, Tx, args,
    testing::{self, TestDb},
};

use crate::{COUNT, NOTE_BACK, Refusal, SHOP, STACK, note, notes};

facts! {
    a_key_is_answered_twice_and_done_once
    a_refusal_keeps_no_key
    what_could_not_be_done_twice_is_answered_twice
    thirty_two_with_one_key_do_it_once
    old_keys_are_forgotten
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

/// What a command has done may be the very reason why it would be refused now, by a rule or by the database itself.
async fn what_could_not_be_done_twice_is_answered_twice(db: TestDb) {
    let leave = async |name: &'static str, request: u8| -> Result<Once<String>, Refusal> {
        db.once(key(name, request), 1_000, async |tx: &mut Tx| {
            if tx.one::<i64>(COUNT, args![]).await? > 0 {
                return Err(Refusal::VanHasLeft);
            }
            note(tx, "left").await?;
            Ok("at noon".to_owned())
        })
        .await
    };
    let stack = async |name: &'static str| -> Result<Once<()>> {
        db.once(key(name, 1), 1_000, async |tx: &mut Tx| tx.put(STACK, args![1_i64, None::<i64>]).await).await
    };

    assert_eq!(leave("van 1", 1).await.unwrap(), Once::Fresh("at noon".to_owned()));
    assert_eq!(leave("van 1", 1).await.unwrap(), Once::Replayed("at noon".to_owned()));
    assert!(matches!(leave("van 1", 2).await, Err(Refusal::Store(StoreError::KeyReused))));
    assert!(matches!(leave("van 2", 1).await, Err(Refusal::VanHasLeft)));
    assert_eq!(stack("box 1").await.unwrap(), Once::Fresh(()));
    assert_eq!(stack("box 1").await.unwrap(), Once::Replayed(()));
    assert!(stack("box 2").await.is_err(), "it stands there already");
    assert_eq!(notes(&db).await, ["left"]);
}

/// A replica that has heard of nothing yet, however long ago it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_lags_takes_no_answer_back() {
    let (Some(here), Some(behind)) = (testing::postgres_room().await, testing::postgres_room().await) else { return };
    for room in [&here, &behind] {
        Db::open(&room.url()).await.unwrap().migrate(&SHOP).await.unwrap();
    }
    let db = Db::open_with_replica(&here.url(), &behind.url()).await.unwrap();
    let stack = async || -> Result<Once<()>> {
        db.once(key("box 1", 1), 1_000, async |tx: &mut Tx| tx.put(STACK, args![1_i64, None::<i64>]).await).await
    };

    assert_eq!(stack().await.unwrap(), Once::Fresh(()));
    assert_eq!(stack().await.unwrap(), Once::Replayed(()));
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
