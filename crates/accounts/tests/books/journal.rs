//! The money journal: balanced, append-only, closed by day.

use crate::shop::{Shop, shops};
use accounts::{
    Account, Cause, Entry, JournalRefusal, Party, Posting, TaxClass,
    journal::{self, lock_period},
    post,
};
use kernel::{CustomerId, CustomerOrderId, Date, Money, SiteId, Stamp};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use store::{StoreError, Tx, args, sql};

fn sale(shop: &Shop, customer: CustomerId, order: CustomerOrderId, gross: i64) -> Entry {
    Entry::new(shop.taipei.id, shop.taipei.currency, Cause::of(order), "sale")
        .with(Posting::debit(Account::CustomerReceivable, Money(gross)).party(customer).order(order))
        .with(Posting::credit(Account::Sales(TaxClass::Exempt), Money(gross)).order(order))
}

#[tokio::test]
async fn every_statement_fits_the_schema() {
    for shop in shops().await {
        let count = shop.db.prepare_all().await.unwrap_or_else(|wrong| panic!("{}", wrong.join("\n")));
        assert!(count > 50, "{count}");
    }
}

#[tokio::test]
async fn a_balance_is_the_sum_of_its_postings() {
    for shop in shops().await {
        let (customer, order) = (shop.mint::<CustomerId>(), shop.mint::<CustomerOrderId>());
        for gross in [500, 120, 30] {
            let entry = sale(&shop, customer, order, gross);
            shop.run(async move |tx, stamp| post(tx, stamp, &entry).await).await.unwrap();
        }

        let party = Party::of(customer);
        let owed = shop
            .db
            .read(async move |tx: &mut Tx| journal::party_balance(tx, party, Account::CustomerReceivable).await)
            .await
            .unwrap();

        assert_eq!((owed, shop.owed(order).await), (Money(650), Money(650)));
        assert_eq!(shop.journal_sum(shop.taipei.id).await, 0);
        let site = shop.taipei.id;
        let newest = shop.db.read(async move |tx: &mut Tx| journal::entries(tx, site, None, 2).await).await.unwrap();
        assert_eq!(newest.iter().map(|entry| entry.postings[0].amount).collect::<Vec<_>>(), [Money(30), Money(120)]);
    }
}

#[tokio::test]
async fn a_reversed_entry_leaves_nothing() {
    for shop in shops().await {
        let (customer, order) = (shop.mint::<CustomerId>(), shop.mint::<CustomerOrderId>());
        let entry = sale(&shop, customer, order, 500);
        let id = shop.run(async move |tx, stamp| post(tx, stamp, &entry).await).await.unwrap();

        shop.run(async move |tx, stamp| journal::reverse(tx, stamp, id, Cause::of(order), "undone").await)
            .await
            .unwrap();

        assert_eq!(shop.owed(order).await, Money::ZERO);
        assert_eq!(shop.on_account(Account::Sales(TaxClass::Exempt)).await, Money::ZERO);
    }
}

#[tokio::test]
async fn what_does_not_balance_is_not_written() {
    for shop in shops().await {
        let (customer, order) = (shop.mint::<CustomerId>(), shop.mint::<CustomerOrderId>());
        let mut lame = sale(&shop, customer, order, 500);
        lame.postings[0].amount = Money(499);
        let mut lonely = sale(&shop, customer, order, 500);
        lonely.postings.truncate(1);
        let mut foreign = sale(&shop, customer, order, 500);
        foreign.currency = shop.shanghai.currency;
        let mut nothing = sale(&shop, customer, order, 500);
        nothing.postings.extend([Posting::debit(Account::Rounding, Money::ZERO)]);

        let refused = async |entry: Entry| shop.run(async move |tx, stamp| post(tx, stamp, &entry).await).await;

        assert!(matches!(refused(lame).await, Err(JournalRefusal::Unbalanced { sum: -1 })));
        assert!(matches!(refused(lonely).await, Err(JournalRefusal::PostingCount { count: 1 })));
        assert!(matches!(refused(foreign).await, Err(JournalRefusal::ForeignCurrency { .. })));
        assert!(matches!(refused(nothing).await, Err(JournalRefusal::ZeroPosting { .. })));
        assert_eq!(shop.owed(order).await, Money::ZERO);
    }
}

sql! {
    CHANGE_POSTING = "UPDATE money_posting SET amount = amount + 1 WHERE customer_order = $1";
    DROP_POSTING = "DELETE FROM money_posting WHERE customer_order = $1";
    CHANGE_ENTRY = "UPDATE money_entry SET memo = 'nothing' WHERE cause_id = $1";
    DROP_ENTRY = "DELETE FROM money_entry WHERE cause_id = $1";
}

#[tokio::test]
async fn nobody_changes_the_past() {
    for shop in shops().await {
        let (customer, order) = (shop.mint::<CustomerId>(), shop.mint::<CustomerOrderId>());
        let entry = sale(&shop, customer, order, 500);
        shop.run(async move |tx, stamp| post(tx, stamp, &entry).await).await.unwrap();

        for statement in [CHANGE_POSTING, DROP_POSTING, CHANGE_ENTRY, DROP_ENTRY] {
            let tried: Result<u64, StoreError> =
                shop.db.write(async move |tx: &mut Tx| tx.execute(statement, args![order]).await).await;
            assert!(matches!(tried, Err(StoreError::Conflict(_))), "{}: {tried:?}", statement.name());
        }

        assert_eq!(shop.owed(order).await, Money(500));
    }
}

#[tokio::test]
async fn a_closed_day_takes_no_entry() {
    for shop in shops().await {
        let (customer, order) = (shop.mint::<CustomerId>(), shop.mint::<CustomerOrderId>());
        let lock = async |site: SiteId, day: Date| {
            shop.run(async move |tx: &mut Tx, stamp: &Stamp| lock_period(tx, stamp, site, day).await).await
        };
        let book = async |day: Option<Date>| {
            let mut entry = sale(&shop, customer, order, 10);
            entry.day = day;
            shop.run(async move |tx, stamp| post(tx, stamp, &entry).await).await
        };
        let (twenty_seventh, today) = (Date::constant(2026, 3, 27), Date::constant(2026, 3, 28));
        book(Some(twenty_seventh)).await.unwrap();

        lock(shop.taipei.id, twenty_seventh).await.unwrap();

        assert!(matches!(book(Some(twenty_seventh)).await, Err(JournalRefusal::PeriodLocked { .. })));
        assert!(matches!(lock(shop.taipei.id, today).await, Err(JournalRefusal::CannotLock { .. })));
        assert!(matches!(lock(shop.taipei.id, twenty_seventh).await, Err(JournalRefusal::CannotLock { .. })));
        book(None).await.unwrap();
        lock(shop.shanghai.id, twenty_seventh).await.unwrap();
    }
}

#[test]
fn the_journal_sums_to_zero_whatever_is_written() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let shops = runtime.block_on(shops());
    let amounts = proptest::collection::vec((0_usize..32, -2_000_i64..2_000), 1..8);
    for shop in &shops {
        let mut runner = TestRunner::new(Config { cases: 60, ..Config::default() });
        let law = runner.run(&(amounts.clone(), proptest::bool::ANY), |(amounts, balance)| {
            let order = shop.mint::<CustomerOrderId>();
            let chart = Account::all();
            let mut entry = Entry::new(shop.taipei.id, shop.taipei.currency, Cause::of(order), "random");
            for (account, amount) in &amounts {
                entry = entry.with(Posting::debit(chart[account % chart.len()], Money(*amount)).order(order));
            }
            let sum: Money = entry.postings.iter().map(|posting| posting.amount).sum();
            if balance {
                entry = entry.with(Posting::credit(Account::Rounding, sum));
            }
            let sound = (balance || sum.is_zero()) && entry.postings.len() > 1;

            let done = runtime.block_on(shop.run(async move |tx, stamp| post(tx, stamp, &entry).await));

            prop_assert_eq!(done.is_ok(), sound, "{:?}", done);
            prop_assert_eq!(runtime.block_on(shop.journal_sum(shop.taipei.id)), 0);
            Ok(())
        });
        law.unwrap();
    }
}
