//! `usable` and its SQL twin say the same, at every boundary, for every state, block and purpose.

use kernel::{Instant, Measure};
use ledger::{LotLife, LotState, Purpose, usable, usable_in_sql};
use proptest::{
    collection::vec,
    prelude::*,
    sample::select,
    test_runner::{Config, TestRunner},
};
use store::{Tx, args, sql, testing};

use crate::shop::{MIGRATIONS, Shop, lot_of, sku};

sql! {
    LIVE_AS = "UPDATE lot SET state = $2, flags = $3, usable_until = $4 WHERE id = $1";
}

/// A life, and how far from its end somebody asks.
fn question() -> impl Strategy<Value = (LotState, i64, Option<i64>, i64)> {
    let day = 86_400_000_i64;
    let end = proptest::option::weighted(0.9, select(vec![0, 1, 20_540 * day, 20_540 * day + 57_600_000]));
    let apart = prop_oneof![select(vec![-1, 0, 1, -1000, 1000, -day, day]), -3 * day..3 * day];
    (select(LotState::ALL.to_vec()), 0..16_i64, end, apart)
}

#[test]
fn the_function_and_its_sql_twin_are_one() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
    let (databases, lots) = runtime.block_on(async {
        let databases = testing::both(MIGRATIONS).await;
        let mut lots = Vec::new();
        for db in &databases {
            let shop = Shop::open(db).await;
            let cod = shop.sku(sku("cod", Measure::Weighed)).await;
            lots.push(shop.lot(lot_of(&shop, cod.id, None)).await.lot.id);
        }
        (databases, lots)
    });
    runner
        .run(&vec(question(), 40), |questions| {
            runtime.block_on(async {
                for (db, lot) in databases.iter().zip(&lots) {
                    let (lot, questions) = (*lot, questions.clone());
                    db.write(async move |tx: &mut Tx| {
                        for (state, flags, end, apart) in &questions {
                            tx.execute(LIVE_AS, args![lot, *state, *flags, *end]).await?;
                            let known = ledger::lot(tx, lot).await?;
                            let life: LotLife = known.life();
                            let at = Instant::from_millis(end.unwrap_or(0) + apart);
                            for purpose in Purpose::ALL {
                                let rust = usable(&life, at, *purpose).is_ok();
                                let sql = usable_in_sql(tx, lot, at, *purpose).await?;
                                assert_eq!(rust, sql, "{life:?} at {at} for {purpose}");
                            }
                        }
                        Ok::<_, ledger::LedgerRefusal>(())
                    })
                    .await
                    .unwrap();
                }
            });
            Ok(())
        })
        .unwrap();
}
