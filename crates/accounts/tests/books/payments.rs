//! Payments: never more captured than authorised, never more refunded than captured, whoever answers how often.

use std::collections::VecDeque;

use accounts::{
    Account,
    payments::{
        self, Answer, HEAR, Intent, NewPayment, Outcome, PERFORM, Payment, PaymentRefusal, PaymentState, Performed,
        Rest, Simulator,
    },
};
use kernel::{Clock, Instant, JobId, Money, PaymentId, Stamp};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use store::{Tx, jobs};

use crate::shop::{MORNING, Shop, own_ids, shops, stamp};

async fn request(shop: &Shop, new: &NewPayment) -> Intent {
    let new = new.clone();
    shop.run(async move |tx, stamp| payments::request(tx, stamp, &new).await).await.unwrap()
}

async fn authorised(shop: &Shop, bound: i64) -> (NewPayment, PaymentId) {
    let new = shop.payment(bound, "sim:ok");
    let intent = request(shop, &new).await;
    settle(shop, intent.job, yes(0)).await.unwrap();
    (new, intent.payment)
}

async fn settle(shop: &Shop, job: JobId, answer: Answer) -> Result<Outcome, PaymentRefusal> {
    let settled = shop.run(async move |tx, stamp| payments::settle(tx, stamp, job, &answer).await).await;
    settled.map(|recorded| recorded.outcome)
}

async fn capture(shop: &Shop, payment: PaymentId, amount: i64, rest: Rest) -> Result<Intent, PaymentRefusal> {
    shop.run(async move |tx, stamp| payments::intend_capture(tx, stamp, payment, Money(amount), rest).await).await
}

async fn refund(shop: &Shop, payment: PaymentId, amount: i64) -> Result<Intent, PaymentRefusal> {
    shop.run(async move |tx, stamp| payments::intend_refund(tx, stamp, payment, Money(amount)).await).await
}

async fn void(shop: &Shop, payment: PaymentId) -> Result<Option<Intent>, PaymentRefusal> {
    shop.run(async move |tx, stamp| payments::intend_void(tx, stamp, payment).await).await
}

async fn look(shop: &Shop, payment: PaymentId) -> Payment {
    shop.db.read(async move |tx: &mut Tx| payments::payment(tx, payment).await).await.unwrap().unwrap()
}

fn yes(fee: i64) -> Answer {
    Answer::Done { provider_reference: "p-1".to_owned(), fee: Money(fee) }
}

fn no() -> Answer {
    Answer::Declined { reason: "insufficient_funds".to_owned() }
}

/// Does every job that is due, as the server's worker would, and answers what became of each.
async fn work(shop: &Shop, provider: &Simulator, now: Instant) -> Vec<Performed> {
    let clock = Clock::stepped(now);
    let mut done = Vec::new();
    for kind in [PERFORM, HEAR] {
        let due =
            shop.db.write(async move |tx: &mut Tx| jobs::claim(tx, kind, now.millis(), 1_000, 50).await).await.unwrap();
        for job in due {
            let performed = payments::perform(&shop.db, &clock, &shop.ids, provider, &job).await.unwrap();
            let again = matches!(performed, Performed::NoAnswer(_));
            let id = job.id;
            let at = now.plus_millis(1_000).millis();
            shop.db
                .write(
                    async move |tx: &mut Tx| {
                        if again { jobs::retry(tx, id, at, "no answer").await } else { jobs::done(tx, id).await }
                    },
                )
                .await
                .unwrap();
            done.push(performed);
        }
    }
    done
}

#[tokio::test]
async fn a_capture_is_bound_and_the_rest_is_released() {
    for shop in shops().await {
        let (new, payment) = authorised(&shop, 1_000).await;

        let above = capture(&shop, payment, 1_001, Rest::Released).await;
        let intent = capture(&shop, payment, 940, Rest::Released).await.unwrap();
        settle(&shop, intent.job, yes(14)).await.unwrap();

        assert!(matches!(above, Err(PaymentRefusal::AboveBound { wanted: Money(1_001), left: Money(1_000) })));
        let after = look(&shop, payment).await;
        assert_eq!((after.state, after.captured, after.released), (PaymentState::Captured, Money(940), Money(60)));
        assert_eq!(shop.owed(new.order).await, Money(-940));
        assert_eq!(shop.on_account(Account::ProviderClearing).await, Money(926));
        assert_eq!(shop.on_account(Account::PaymentFees).await, Money(14));
        assert!(matches!(capture(&shop, payment, 1, Rest::Kept).await, Err(PaymentRefusal::AboveBound { .. })));
    }
}

#[tokio::test]
async fn a_declined_payment_makes_room_for_the_next() {
    for shop in shops().await {
        let new = shop.payment(500, "sim:decline");
        let first = request(&shop, &new).await;
        let twice = new.clone();
        let refused = shop.run(async move |tx, stamp| payments::request(tx, stamp, &twice).await).await;
        assert!(matches!(refused, Err(PaymentRefusal::AlreadyRequested { .. })));

        assert_eq!(
            settle(&shop, first.job, no()).await.unwrap(),
            Outcome::Refused { reason: "insufficient_funds".to_owned() }
        );

        let second = request(&shop, &new).await;
        settle(&shop, second.job, yes(0)).await.unwrap();
        let order = new.order;
        let all = shop.db.read(async move |tx: &mut Tx| payments::of_order(tx, order).await).await.unwrap();
        let mut states: Vec<_> = all.iter().map(|payment| payment.state.code()).collect();
        states.sort_unstable();
        assert_eq!(states, ["authorised", "declined"]);
    }
}

#[tokio::test]
async fn a_refused_capture_gives_its_room_back() {
    for shop in shops().await {
        let (new, payment) = authorised(&shop, 300).await;

        let intent = capture(&shop, payment, 300, Rest::Released).await.unwrap();
        assert!(matches!(void(&shop, payment).await, Err(PaymentRefusal::StepOpen { .. })));
        settle(&shop, intent.job, no()).await.unwrap();

        assert_eq!(look(&shop, payment).await.capturing, Money::ZERO);
        assert_eq!(shop.owed(new.order).await, Money::ZERO);
        let intent = void(&shop, payment).await.unwrap().unwrap();
        settle(&shop, intent.job, yes(0)).await.unwrap();
        assert_eq!(look(&shop, payment).await.state, PaymentState::Voided);
    }
}

#[tokio::test]
async fn nothing_is_captured_behind_a_void() {
    for shop in shops().await {
        let (_, payment) = authorised(&shop, 300).await;
        let intent = void(&shop, payment).await.unwrap().unwrap();

        assert!(matches!(capture(&shop, payment, 1, Rest::Kept).await, Err(PaymentRefusal::AboveBound { .. })));
        assert!(matches!(void(&shop, payment).await, Err(PaymentRefusal::StepOpen { .. })));

        settle(&shop, intent.job, no()).await.unwrap();
        capture(&shop, payment, 300, Rest::Kept).await.unwrap();
    }
}

#[tokio::test]
async fn an_order_given_up_too_early_is_voided_when_the_yes_comes() {
    for shop in shops().await {
        let new = shop.payment(500, "sim:ok");
        let intent = request(&shop, &new).await;

        assert_eq!(void(&shop, intent.payment).await.unwrap(), None);
        let job = intent.job;
        let recorded =
            shop.run(async move |tx, stamp| payments::record_authorised(tx, stamp, job, "p-1").await).await.unwrap();

        settle(&shop, recorded.next.unwrap().job, yes(0)).await.unwrap();
        assert_eq!(look(&shop, intent.payment).await.state, PaymentState::Voided);
    }
}

#[tokio::test]
async fn the_simulator_does_what_the_token_says() {
    for shop in shops().await {
        let provider = Simulator::default();
        for (token, first, state) in [
            ("sim:ok", "done", PaymentState::Authorised),
            ("sim:twice", "done", PaymentState::Authorised),
            ("sim:decline", "refused", PaymentState::Declined),
            ("nonsense", "refused", PaymentState::Declined),
            ("sim:late", "awaited", PaymentState::Requested),
            ("sim:timeout", "no answer", PaymentState::Requested),
        ] {
            let intent = request(&shop, &shop.payment(500, token)).await;

            let performed = work(&shop, &provider, MORNING).await;

            let said = match &performed[..] {
                [Performed::NoAnswer(_)] => "no answer",
                [Performed::Settled(recorded)] => match recorded.outcome {
                    Outcome::Done => "done",
                    Outcome::Refused { .. } => "refused",
                    Outcome::Awaited => "awaited",
                    Outcome::Before => "before",
                },
                other => panic!("{token}: {other:?}"),
            };
            assert_eq!((said, look(&shop, intent.payment).await.state), (first, state), "{token}");

            // Two minutes later every webhook has come and every retry is made.
            work(&shop, &provider, MORNING.plus_minutes(2)).await;
            let end = if state == PaymentState::Requested { PaymentState::Authorised } else { state };
            assert_eq!(look(&shop, intent.payment).await.state, end, "{token}");
            assert!(work(&shop, &provider, MORNING.plus_minutes(9)).await.is_empty(), "{token}");
        }
    }
}

#[tokio::test]
async fn a_capture_that_is_performed_and_heard_again_is_booked_once() {
    for shop in shops().await {
        let provider = Simulator::default();
        let new = shop.payment(500, "sim:twice");
        let intent = request(&shop, &new).await;
        work(&shop, &provider, MORNING).await;
        capture(&shop, intent.payment, 480, Rest::Released).await.unwrap();

        // The worker dies after the books are written and before the job is finished.
        let clock = Clock::stepped(MORNING);
        let claimed = shop
            .db
            .write(async move |tx: &mut Tx| jobs::claim(tx, PERFORM, MORNING.millis(), 0, 9).await)
            .await
            .unwrap();
        for _ in 0..3 {
            for job in &claimed {
                payments::perform(&shop.db, &clock, &shop.ids, &provider, job).await.unwrap();
            }
        }
        work(&shop, &provider, MORNING.plus_minutes(2)).await;

        assert_eq!(look(&shop, intent.payment).await.captured, Money(480));
        assert_eq!(shop.owed(new.order).await, Money(-480));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_hands_capture_no_more_than_was_authorised() {
    for shop in shops().await {
        let (_, payment) = authorised(&shop, 1_000).await;

        let mut hands = Vec::new();
        for _ in 0..16 {
            let (db, ids) = (shop.db.clone(), own_ids());
            hands.push(tokio::spawn(async move {
                let stamp = stamp(&ids, MORNING);
                db.write(async move |tx: &mut Tx| {
                    let stamp = stamp.again();
                    payments::intend_capture(tx, &stamp, payment, Money(150), Rest::Kept).await
                })
                .await
            }));
        }
        let mut taken = 0;
        for hand in hands {
            match hand.await.unwrap() {
                Ok(_) => taken += 1,
                Err(PaymentRefusal::AboveBound { .. }) => {}
                Err(other) => panic!("{other}"),
            }
        }

        assert_eq!(taken, 6);
        assert_eq!(look(&shop, payment).await.capturing, Money(900));
    }
}

#[derive(Clone, Debug)]
enum Command {
    Capture(i64, Rest),
    Refund(i64),
    Void,
    /// The provider answers the oldest open step.
    Yes,
    No,
    Later,
    /// It repeats its last answer.
    Again,
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        3 => (-5_i64..400, prop_oneof![4 => Just(Rest::Kept), 1 => Just(Rest::Released)])
            .prop_map(|(amount, rest)| Command::Capture(amount, rest)),
        3 => (-5_i64..300).prop_map(Command::Refund),
        1 => Just(Command::Void),
        6 => Just(Command::Yes),
        1 => Just(Command::No),
        1 => Just(Command::Later),
        2 => Just(Command::Again),
    ]
}

#[test]
fn no_sequence_of_commands_takes_or_gives_back_too_much() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let shops = runtime.block_on(shops());
    for shop in &shops {
        let mut runner = TestRunner::new(Config { cases: 24, ..Config::default() });
        let commands = proptest::collection::vec(command(), 50..80);
        let law = runner.run(&(1_i64..1_000, commands), |(bound, commands)| {
            let new = shop.payment(bound, "sim:ok");
            runtime.block_on(async {
                let first = request(shop, &new).await;
                let payment = first.payment;
                let mut open = VecDeque::from([first.job]);
                let mut last = None;
                for command in commands {
                    match command {
                        Command::Capture(amount, rest) => {
                            open.extend(capture(shop, payment, amount, rest).await.ok().map(|intent| intent.job));
                        }
                        Command::Refund(amount) => {
                            open.extend(refund(shop, payment, amount).await.ok().map(|intent| intent.job));
                        }
                        Command::Void => open.extend(void(shop, payment).await.ok().flatten().map(|intent| intent.job)),
                        Command::Yes | Command::No => {
                            let Some(job) = open.pop_front() else { continue };
                            let answer = if matches!(command, Command::Yes) { yes(0) } else { no() };
                            settle(shop, job, answer.clone()).await.unwrap();
                            last = Some((job, answer));
                        }
                        Command::Later => {
                            let Some(job) = open.front() else { continue };
                            assert_eq!(settle(shop, *job, Answer::Later).await.unwrap(), Outcome::Awaited);
                        }
                        Command::Again => {
                            let Some((job, answer)) = last.clone() else { continue };
                            assert_eq!(settle(shop, job, answer).await.unwrap(), Outcome::Before);
                        }
                    }
                    let now = look(shop, payment).await;
                    prop_assert!(now.authorised <= now.bound);
                    prop_assert!(now.captured <= now.capturing && now.capturing + now.released <= now.authorised);
                    prop_assert!(now.refunded <= now.refunding && now.refunding <= now.captured);
                    prop_assert_eq!(shop.owed(new.order).await, now.refunded - now.captured);
                }
                Ok(())
            })
        });
        law.unwrap();
        assert_eq!(runtime.block_on(shop.journal_sum(shop.taipei.id)), 0);
    }
}

#[tokio::test]
async fn a_payment_of_nothing_is_refused() {
    for shop in shops().await {
        for (bound, token) in [(0, "sim:ok"), (-5, "sim:ok"), (10, ""), (10, "付款")] {
            let new = shop.payment(bound, token);
            let refused =
                shop.run(async move |tx: &mut Tx, stamp: &Stamp| payments::request(tx, stamp, &new).await).await;
            assert!(refused.is_err(), "{bound} {token}");
        }
    }
}
