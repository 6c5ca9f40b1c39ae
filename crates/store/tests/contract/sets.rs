//! Sets do what loops do.

use kernel::{Id, LotId};
use store::{Result, StoreError, Tx, args, row, testing::TestDb};

use crate::{ALIKE, DISCARD, LOTS, NOTE, NOTE_ONCE, NOTES, RESERVE, RESERVED, add_lots, id, note, reserved, spinach};

facts! {
    sets_do_what_loops_do
    a_set_of_updates_meets_one_row_each
    many_readings_keep_their_order
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
