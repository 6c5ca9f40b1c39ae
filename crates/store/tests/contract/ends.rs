//! What is left to the end of a transaction.

use store::{Left, Result, StoreError, Tx, args, testing::TestDb};

use crate::{COUNT, Refusal, note, notes};

facts! {
    what_is_left_to_the_end_is_written_there_once
    what_a_refusal_left_is_written_by_nobody
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
