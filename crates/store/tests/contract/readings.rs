//! Snapshots, looks, and answers that need not be fetched again.

use kernel::{Id, LotId, SkuId};
use store::{Question, Result, Tx, args, row, testing::TestDb};

use crate::{
    BOX, COUNT, KEPT, LOTS, NOTE, NOTE_BACK, NOTES, Refusal, STACK, STEAL, SWAPPED, add_lots, id, note, notes,
    on_sqlite, spinach,
};

facts! {
    a_reading_cannot_write
    a_reading_sees_what_was_answered_before
    a_look_asks_one_question
    several_questions_are_asked_at_once
    an_act_is_one_statement
    what_is_kept_follows_its_own_writes
    what_stays_is_known_once_it_is_there
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

async fn several_questions_are_asked_at_once(db: TestDb) {
    add_lots(&db, &[100, 200]).await;
    let ask = async |word: &'static str| {
        let asked: Result<[bool; 4]> = db
            .look(async move |tx: &mut Tx| {
                let lots = [spinach(), SkuId::from_uuid(id(99))].map(|sku| Question::new(LOTS, args![sku]));
                let [of_spinach, of_nothing] = lots;
                let swapped = Question::new(SWAPPED, args![word, "eel"]);
                tx.any(&[of_spinach, swapped, Question::new(BOX, args![1_i64]), of_nothing]).await
            })
            .await;
        asked.unwrap()
    };

    assert_eq!(ask("cod").await, [true, false, false, false]);
    let written: Result<()> = db.write(async |tx: &mut Tx| note(tx, "cod").await).await;
    written.unwrap();
    assert_eq!(ask("cod").await, [true, true, false, false]);
    assert_eq!(ask("eel").await, [true, false, false, false]);

    let twice: Result<[bool; 1]> = db
        .look(async |tx: &mut Tx| {
            tx.any(&[Question::new(BOX, args![1_i64])]).await?;
            tx.any(&[Question::new(BOX, args![2_i64])]).await
        })
        .await;
    assert!(twice.unwrap_err().is_bug(), "a look is one SELECT");
    for unsound in [Question::new(NOTE, args!["sly"]), Question::new(BOX, args![])] {
        let refused: Result<[bool; 2]> =
            db.write(async move |tx: &mut Tx| tx.any(&[Question::new(COUNT, args![]), unsound.clone()]).await).await;
        assert!(refused.unwrap_err().is_bug());
    }
    assert_eq!(notes(&db).await, ["cod"]);
}

async fn an_act_is_one_statement(db: TestDb) {
    let written: Result<i64> = db.act(async |tx: &mut Tx| tx.one(NOTE_BACK, args!["cod"]).await).await;
    assert_eq!(written.unwrap(), 1);
    let asked: Result<i64> = db.act(async |tx: &mut Tx| tx.one(COUNT, args![]).await).await;
    assert_eq!(asked.unwrap(), 1);

    let twice: Result<()> = db
        .act(async |tx: &mut Tx| {
            note(tx, "eel").await?;
            note(tx, "crab").await
        })
        .await;
    assert!(twice.unwrap_err().is_bug());
    let set: Result<()> = db.act(async |tx: &mut Tx| tx.put_many(NOTE, vec![row!["ling"], row!["hake"]]).await).await;
    assert!(set.unwrap_err().is_bug());
    let refused: Result<(), Refusal> = db.act(async |_: &mut Tx| Err(Refusal::VanHasLeft)).await;
    assert!(matches!(refused, Err(Refusal::VanHasLeft)));
    let wrong: Result<()> = db.act(async |tx: &mut Tx| tx.put(STACK, args![1_i64, 9_i64]).await).await;
    assert!(wrong.is_err(), "it would stand on a box that is not there");

    let after: Result<()> = db.write(async |tx: &mut Tx| note(tx, "dab").await).await;
    after.unwrap();
    assert_eq!(notes(&db).await.last().map(String::as_str), Some("dab"));
    assert!(!notes(&db).await.contains(&"ling".to_owned()));
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

/// A box is never moved: once committed and seen, nobody needs ask for it again. What is not there yet, or only in a
/// transaction that is undone, nobody knows.
async fn what_stays_is_known_once_it_is_there(db: TestDb) {
    let seen = async |boxes: &'static [i64]| -> Vec<Option<i64>> {
        let read: Result<Vec<Option<i64>>> = db
            .read(async move |tx: &mut Tx| {
                let mut seen = Vec::new();
                for number in boxes {
                    seen.push(tx.optional(BOX, args![*number]).await?);
                }
                let keys: Vec<_> = boxes.iter().map(|number| row![*number]).collect();
                let at_once: Vec<Vec<i64>> = tx.all_many(BOX, &keys).await?;
                assert_eq!(at_once.into_iter().map(|mut one| one.pop()).collect::<Vec<_>>(), seen);
                Ok(seen)
            })
            .await;
        read.unwrap()
    };
    assert_eq!(seen(&[1, 2, 3]).await, [None, None, None]);

    let refused: Result<(), Refusal> = db
        .write(async |tx: &mut Tx| {
            tx.put(STACK, args![1_i64, None::<i64>]).await?;
            assert_eq!(tx.one::<i64>(BOX, args![1_i64]).await?, 1, "its own it sees");
            Err(Refusal::VanHasLeft)
        })
        .await;
    assert!(matches!(refused, Err(Refusal::VanHasLeft)), "{refused:?}");
    assert_eq!(seen(&[1, 2]).await, [None, None], "and nobody else");

    let stacked: Result<()> = db
        .write(async |tx: &mut Tx| tx.put_many(STACK, vec![row![1_i64, None::<i64>], row![2_i64, None::<i64>]]).await)
        .await;
    stacked.unwrap();
    assert_eq!(seen(&[2, 3, 1, 2]).await, [Some(2), None, Some(1), Some(2)]);

    // Nothing in the product may do this; only so can it be seen who asks again.
    let stolen: Result<u64> = db.write(async |tx: &mut Tx| tx.execute(STEAL, args![1_i64]).await).await;
    assert_eq!(stolen.unwrap(), 1);
    let known = if on_sqlite(&db) { None } else { Some(1) };
    assert_eq!(seen(&[1, 3]).await, [known, None]);
}
