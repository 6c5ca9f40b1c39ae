//! Budgets: requested, committed, actual and free always add up.

use accounts::{
    Cause,
    budgets::{self, Budget, BudgetKey, BudgetRefusal, NewBudget, Override, Stage},
};
use kernel::{BudgetId, Date, Money, RequisitionId, Stamp};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use store::{StoreError, Tx, args, sql};

use crate::shop::{MORNING, Shop, own_ids, shops, stamp};

fn key(shop: &Shop, category: &str) -> BudgetKey {
    BudgetKey::of_day(shop.taipei.id, "kitchen", category, Date::constant(2026, 3, 28))
}

async fn open(shop: &Shop, category: &str, amount: i64) -> Result<Budget, BudgetRefusal> {
    let new = NewBudget { key: key(shop, category), amount: Money(amount) };
    shop.run(async move |tx: &mut Tx, stamp: &Stamp| budgets::open_budget(tx, stamp, &new).await).await
}

#[tokio::test]
async fn an_unknown_budget_is_no_budget() {
    for shop in shops().await {
        open(&shop, "fish", 1_000).await.unwrap();
        let (fish, meat) = (key(&shop, "fish"), key(&shop, "meat"));

        let found = shop.db.read(async move |tx: &mut Tx| budgets::find(tx, &fish).await).await.unwrap();
        let unknown = shop.db.read(async move |tx: &mut Tx| budgets::find(tx, &meat).await).await;

        assert_eq!((found.free, found.month.as_str()), (Money(1_000), "2026-03"));
        assert!(matches!(unknown, Err(BudgetRefusal::UnknownBudget { .. })));
        assert!(matches!(open(&shop, "fish", 5).await, Err(BudgetRefusal::AlreadyExists { .. })));
    }
}

#[tokio::test]
async fn a_purchase_above_the_budget_needs_finance_and_a_reason() {
    for shop in shops().await {
        let budget = open(&shop, "fish", 1_000).await.unwrap().id;
        let claim = Cause::of(shop.mint::<RequisitionId>());

        let refused =
            shop.run(async move |tx, stamp| budgets::reserve(tx, stamp, budget, claim, Money(1_001)).await).await;
        let why = Override::because("typhoon, the market is closed on Monday").unwrap();
        let after = shop
            .run(async move |tx, stamp| budgets::reserve_over(tx, stamp, budget, claim, Money(1_001), &why).await)
            .await
            .unwrap();

        assert!(matches!(refused, Err(BudgetRefusal::OverBudget { wanted: Money(1_001), free: Money(1_000) })));
        assert!(matches!(Override::because("  so "), Err(BudgetRefusal::ReasonMissing { .. })));
        assert_eq!((after.requested, after.free), (Money(1_001), Money(-1)));
        let moves = shop.db.read(async move |tx: &mut Tx| budgets::moves(tx, budget, 0, 10).await).await.unwrap();
        assert_eq!(moves[0].reason.as_deref(), Some("typhoon, the market is closed on Monday"));
    }
}

#[tokio::test]
async fn nobody_spends_anothers_reservation() {
    for shop in shops().await {
        let budget = open(&shop, "fish", 1_000).await.unwrap().id;
        let (mine, theirs) = (Cause::of(shop.mint::<RequisitionId>()), Cause::of(shop.mint::<RequisitionId>()));
        shop.run(async move |tx, stamp| budgets::reserve(tx, stamp, budget, theirs, Money(600)).await).await.unwrap();
        shop.run(async move |tx, stamp| budgets::reserve(tx, stamp, budget, mine, Money(100)).await).await.unwrap();

        let refused = shop
            .run(async move |tx, stamp| budgets::commit(tx, stamp, budget, mine, Money(101), Money(101)).await)
            .await;

        assert!(matches!(
            refused,
            Err(BudgetRefusal::NotHeld { wanted: Money(101), held: Money(100), stage: Stage::Requested })
        ));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_requests_reserve_no_more_than_there_is() {
    for shop in shops().await {
        let budget = open(&shop, "fish", 1_000).await.unwrap().id;

        let mut asked = Vec::new();
        for _ in 0..16 {
            let (db, ids) = (shop.db.clone(), own_ids());
            asked.push(tokio::spawn(async move {
                let stamp = stamp(&ids, MORNING);
                db.write(async move |tx: &mut Tx| {
                    let stamp = stamp.again();
                    let claim = Cause::of(stamp.mint::<RequisitionId>());
                    budgets::reserve(tx, &stamp, budget, claim, Money(90)).await
                })
                .await
            }));
        }
        let mut granted = 0;
        for one in asked {
            granted += i64::from(one.await.unwrap().is_ok());
        }

        assert_eq!(granted, 11);
        let after = shop.db.read(async move |tx: &mut Tx| budgets::budget(tx, budget).await).await.unwrap().unwrap();
        assert_eq!((after.requested, after.free), (Money(990), Money(10)));
    }
}

sql! {
    FOLD = "SELECT CAST(COALESCE(SUM(requested), 0) AS BIGINT), CAST(COALESCE(SUM(committed), 0) AS BIGINT),
                   CAST(COALESCE(SUM(actual), 0) AS BIGINT)
            FROM budget_move
            WHERE budget = $1";
}

#[derive(Clone, Debug)]
enum Command {
    Reserve(i64),
    Over(i64),
    Commit(i64, i64),
    Actualise(i64, i64),
    Release(Stage, i64),
}

fn command() -> impl Strategy<Value = (usize, Command)> {
    let amount = || -3_i64..120;
    let kind = prop_oneof![
        4 => amount().prop_map(Command::Reserve),
        1 => amount().prop_map(Command::Over),
        3 => (amount(), amount()).prop_map(|(requested, committed)| Command::Commit(requested, committed)),
        3 => (amount(), amount()).prop_map(|(committed, actual)| Command::Actualise(committed, actual)),
        2 => (prop_oneof![Just(Stage::Requested), Just(Stage::Committed)], amount())
            .prop_map(|(stage, amount)| Command::Release(stage, amount)),
    ];
    (0_usize..3, kind)
}

#[test]
fn a_budget_adds_up_whatever_is_asked_of_it() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let shops = runtime.block_on(shops());
    for shop in &shops {
        let mut nth = 0;
        let commands = proptest::collection::vec(command(), 50..80);
        let mut runner = TestRunner::new(Config { cases: 20, ..Config::default() });
        let nth = std::cell::RefCell::new(&mut nth);
        let law = runner.run(&commands, |commands| {
            **nth.borrow_mut() += 1;
            let category = format!("random-{}", nth.borrow());
            runtime.block_on(async {
                let budget = open(shop, &category, 1_000).await.unwrap().id;
                let claims = [(); 3].map(|()| Cause::of(shop.mint::<RequisitionId>()));
                for (claim, command) in commands {
                    let before = look(shop, budget).await;
                    let done = run(shop, budget, claims[claim], command.clone()).await;
                    let after = look(shop, budget).await;

                    prop_assert_eq!(after.requested + after.committed + after.actual + after.free, Money(1_000));
                    prop_assert_eq!(after == before, done.is_err(), "{:?} {:?}", command, done);
                    prop_assert!(after.requested >= Money::ZERO && after.committed >= Money::ZERO);
                    let overdrawn = after.free.is_negative() && after.free < before.free;
                    let allowed = matches!(command, Command::Over(_) | Command::Actualise(..));
                    prop_assert!(!overdrawn || allowed, "{:?}", command);
                    let fold = shop
                        .db
                        .read(async move |tx: &mut Tx| {
                            let fold: Result<(Money, Money, Money), StoreError> = tx.one(FOLD, args![budget]).await;
                            fold
                        })
                        .await
                        .unwrap();
                    prop_assert_eq!(fold, (after.requested, after.committed, after.actual));
                }
                Ok(())
            })
        });
        law.unwrap();
    }
}

async fn look(shop: &Shop, budget: BudgetId) -> Budget {
    shop.db.read(async move |tx: &mut Tx| budgets::budget(tx, budget).await).await.unwrap().unwrap()
}

async fn run(shop: &Shop, budget: BudgetId, claim: Cause, command: Command) -> Result<Budget, BudgetRefusal> {
    shop.run(async move |tx: &mut Tx, stamp: &Stamp| match command {
        Command::Reserve(amount) => budgets::reserve(tx, stamp, budget, claim, Money(amount)).await,
        Command::Over(amount) => {
            let why = Override::because("a typhoon is coming")?;
            budgets::reserve_over(tx, stamp, budget, claim, Money(amount), &why).await
        }
        Command::Commit(requested, committed) => {
            budgets::commit(tx, stamp, budget, claim, Money(requested), Money(committed)).await
        }
        Command::Actualise(committed, actual) => {
            budgets::actualise(tx, stamp, budget, claim, Money(committed), Money(actual)).await
        }
        Command::Release(stage, amount) => budgets::release(tx, stamp, budget, claim, stage, Money(amount)).await,
    })
    .await
}
