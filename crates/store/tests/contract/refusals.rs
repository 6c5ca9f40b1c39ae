//! A verb that refuses, fails or panics leaves nothing, and its neighbours alone.

use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::AtomicU32, atomic::Ordering},
};

use store::{Result, StoreError, Tx, args, testing::TestDb};

use crate::{BOXES, COUNT, NOTE, RESERVE, Refusal, STACK, add_lots, id, note, notes};

facts! {
    a_refusal_after_writing_leaves_nothing
    a_refusing_member_leaves_its_neighbours_alone
    a_refusal_may_rest_on_a_constraint
    who_fails_at_the_commit_fails_alone
    a_panic_is_undone_and_the_next_verb_runs
    a_swallowed_error_is_found_out
    a_statement_after_a_failed_one_is_refused
    a_pipelined_error_reaches_the_caller
    aborted_clients_never_leave_halves
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
