//! Values, rows and arguments: what goes in comes out, or is named.

use kernel::{Id, Instant, LotId, Measure, Stamp};
use store::{Result, StoreError, Tx, args, sql, testing::TestDb};

use crate::{
    ADD, GRAMS_AS_NAME, HALF, LOT, Lot, NOTE_BACK, NOTES, RESERVE, RESERVED, SWAPPED, add_lots, id, note, spinach,
};

facts! {
    values_come_back_as_they_went
    an_impossible_value_is_named
    the_number_of_arguments_is_checked
    parameters_keep_their_numbers
    a_row_that_must_be_there
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
