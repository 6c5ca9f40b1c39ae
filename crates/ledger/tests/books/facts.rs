//! Facts about the ledger, one each, on both engines.

use std::collections::BTreeMap;

use crate::shop::{MIGRATIONS, Shop, date, lot_of, person, sku};
use kernel::{Instant, Measure, Quantity};
use ledger::{
    BlockFlag, BlockFlags, LedgerRefusal, LotState, Move, Pick, PlaceKind, ReservationState, Rest, Skip, Unusable,
    WasteReason, WriteOff,
};
use store::{Tx, args, sql, testing};

sql! {
    REWRITE = "UPDATE stock_move SET grams = 1 WHERE lot = $1";
    ERASE = "DELETE FROM stock_move WHERE lot = $1";
    OUTLIVE = "UPDATE lot SET usable_until = label_until + 1 WHERE id = $1";
    OUTLIVE_OPENLY = "UPDATE lot SET usable_until = label_until + 1, cut_short = -1 WHERE id = $1";
    OVERDRAW = "UPDATE balance SET grams = -1 WHERE lot = $1 AND solid = 1";
}

#[tokio::test]
async fn every_statement_fits_the_schema() {
    for db in testing::both(MIGRATIONS).await {
        db.prepare_all().await.unwrap();
    }
}

#[tokio::test]
async fn the_journal_refuses_to_be_rewritten_and_a_lot_to_outlive_its_label() {
    for db in testing::both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        let spinach = shop.sku(sku("spinach", Measure::Weighed)).await;
        let new = lot_of(&shop, spinach.id, Some("2026-03-30"));
        let lot = shop.stocked(new, Quantity::grams(20_000), shop.bin).await.id;

        for statement in [REWRITE, ERASE, OUTLIVE, OUTLIVE_OPENLY, OVERDRAW] {
            let refused = db.write(async move |tx: &mut Tx| tx.execute(statement, args![lot]).await.map(|_| ())).await;
            assert!(matches!(refused, Err(store::StoreError::Conflict(_))), "{refused:?}");
        }
    }
}

#[tokio::test]
async fn a_label_that_outlives_its_goods_is_told_and_not_believed() {
    for db in testing::both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        let berries = catalog::NewSku { shelf_life_days: Some(4), ..sku("strawberries", Measure::Weighed) };
        let berries = shop.sku(berries).await;
        let mut new = lot_of(&shop, berries.id, Some("2026-04-20"));
        new.harvested_on = Some(date("2026-03-27"));

        let opened = shop.lot(new).await;

        assert_eq!(opened.lot.usable_until, Some(shop.at("2026-04-01", 0)));
        assert!(matches!(opened.label, ledger::Label::OutlivesGoods { .. }));
    }
}

#[tokio::test]
async fn whoever_quarantined_a_lot_does_not_release_it() {
    for db in testing::both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        let cod = shop.sku(sku("cod", Measure::Weighed)).await;
        let lot = shop.stocked(lot_of(&shop, cod.id, None), Quantity::grams(9_000), shop.bin).await.id;
        shop.turn(lot, LotState::Quarantined, person(1)).await.unwrap();

        let own = shop.turn(lot, LotState::Approved, person(1)).await;
        let other = shop.turn(lot, LotState::Approved, person(2)).await;

        assert!(matches!(own, Err(LedgerRefusal::SecondPersonNeeded { .. })));
        assert_eq!(other.unwrap().state, LotState::Approved);
    }
}

#[tokio::test]
async fn a_part_of_a_quarantined_lot_needs_the_second_person_too() {
    for db in testing::both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        let cod = shop.sku(sku("cod", Measure::Weighed)).await;
        let whole = shop.stocked(lot_of(&shop, cod.id, None), Quantity::grams(9_000), shop.bin).await.id;
        shop.turn(whole, LotState::Quarantined, person(1)).await.unwrap();
        let (cause, day) = (shop.cause(), shop.day());
        let part = Move { lot: whole, from: shop.bin, to: shop.bin2, quantity: Quantity::grams(2_500) };

        let part =
            shop.run(async move |tx, stamp| ledger::split_lot(tx, stamp, cause, day, &part).await).await.unwrap();

        assert_eq!(shop.held(whole, shop.bin).await, Quantity::grams(6_500));
        assert_eq!(shop.held(part.id, shop.bin2).await, Quantity::grams(2_500));
        let own = shop.turn(part.id, LotState::Approved, person(1)).await;
        assert!(matches!(own, Err(LedgerRefusal::SecondPersonNeeded { .. })));
        let id = part.id;
        let trace = db.read(async move |tx: &mut Tx| ledger::backward(tx, id).await).await.unwrap();
        assert_eq!(trace.lots.iter().map(|traced| traced.lot.id).collect::<Vec<_>>(), [id, whole]);
        assert!(trace.lots.iter().all(|traced| traced.mass.holds()), "{trace:?}");
    }
}

#[tokio::test]
async fn a_lot_that_is_blocked_after_the_slip_was_printed_is_refused_at_the_shelf() {
    for db in testing::both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        let milk = shop.sku(sku("milk", Measure::Counted)).await;
        let first = shop.stocked(lot_of(&shop, milk.id, Some("2026-04-01")), Quantity::pieces(5), shop.bin).await.id;
        let second = shop.stocked(lot_of(&shop, milk.id, Some("2026-04-02")), Quantity::pieces(5), shop.bin).await.id;
        let evening = shop.at("2026-03-28", 20 * 60);
        let reserved = shop.promise(shop.want(1, milk.id, Quantity::pieces(3), evening)).await.unwrap().id;
        let bound = shop.bind(reserved).await.unwrap();
        assert_eq!(bound.bounds.iter().map(|bound| bound.lot).collect::<Vec<_>>(), [first]);

        let flags = BlockFlags::of(BlockFlag::NoPick);
        shop.run(async move |tx, stamp| ledger::block(tx, stamp, first, flags, "smells").await).await.unwrap();

        let pick = Pick {
            reservation: reserved,
            lot: first,
            place: shop.bin,
            actual: Quantity::pieces(3),
            to: shop.tote,
            rest: Rest::Release,
        };
        let (cause, day) = (shop.cause(), shop.day());
        let refused = shop.run(async move |tx, stamp| ledger::consume(tx, stamp, cause, day, &pick).await).await;
        assert!(
            matches!(refused, Err(LedgerRefusal::LotUnusable { why: Unusable::Blocked { .. }, .. })),
            "{refused:?}"
        );
        assert_eq!(shop.reservation(reserved).await.state, ReservationState::Promised);
        let bound = shop.bind(reserved).await.unwrap();
        assert_eq!(bound.bounds.iter().map(|bound| bound.lot).collect::<Vec<_>>(), [second]);
        assert_eq!(bound.skipped, [ledger::Skipped { lot: first, why: Skip::Blocked }]);
    }
}

#[tokio::test]
async fn the_latest_order_loses_its_cover_first_and_the_earliest_is_covered_first() {
    for db in testing::both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        let milk = shop.sku(sku("milk", Measure::Counted)).await;
        let good = shop.stocked(lot_of(&shop, milk.id, None), Quantity::pieces(5), shop.bin).await.id;
        let bad = shop.stocked(lot_of(&shop, milk.id, None), Quantity::pieces(5), shop.bin).await.id;
        let evening = shop.at("2026-03-28", 20 * 60);
        let mut orders = Vec::new();
        for nth in 1..=3 {
            shop.set_now(shop.now().plus_minutes(1));
            orders.push(shop.promise(shop.want(nth, milk.id, Quantity::pieces(3), evening)).await.unwrap().id);
        }

        shop.turn(bad, LotState::Quarantined, person(1)).await.unwrap();

        let (site, sku) = (shop.site, milk.id);
        let uncovered = db.read(async move |tx: &mut Tx| ledger::uncovered(tx, site, sku).await).await.unwrap();
        let lost: Vec<_> = uncovered.iter().map(|reservation| reservation.id).collect();
        assert_eq!(lost, [orders[2], orders[1]]);
        assert_eq!(shop.available(milk.id, evening).await, Quantity::pieces(2));

        // Two more come in by another lot: enough for one of the two, and the earlier one has it.
        shop.carry(good, shop.supplier, shop.bin, Quantity::pieces(1)).await.unwrap();
        assert_eq!(shop.reservation(orders[1]).await.state, ReservationState::Promised);
        assert_eq!(shop.reservation(orders[2]).await.state, ReservationState::Uncovered);

        shop.turn(bad, LotState::Approved, person(2)).await.unwrap();
        assert_eq!(shop.reservation(orders[2]).await.state, ReservationState::Promised);
    }
}

#[tokio::test]
async fn what_the_scale_finds_is_booked_to_adjustment_when_the_last_fish_goes() {
    for db in testing::both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        let bream = shop.sku(sku("bream", Measure::CatchWeight)).await;
        let new = lot_of(&shop, bream.id, None);
        let lot = shop.stocked(new, Quantity::weighing(2, 1_200), shop.bin).await.id;

        shop.carry(lot, shop.bin, shop.tote, Quantity::weighing(1, 640)).await.unwrap();
        let last = shop.carry(lot, shop.bin, shop.tote, Quantity::weighing(1, 575)).await.unwrap();

        assert_eq!(last.moves.len(), 2, "{last:?}");
        assert_eq!(shop.held(lot, shop.bin).await, Quantity::NONE);
        assert_eq!(shop.held(lot, shop.tote).await, Quantity::weighing(2, 1_215));
        let trace = db.read(async move |tx: &mut Tx| ledger::forward(tx, lot).await).await.unwrap();
        let mass = trace.lots[0].mass;
        assert!(mass.holds(), "{mass:?}");
        assert_eq!(mass.came.grams, Some(1_215));
        let from: Vec<_> = trace.lots[0].came.iter().map(|leg| leg.kind).collect();
        assert_eq!(from, [PlaceKind::Supplier, PlaceKind::Adjustment]);
    }
}

#[tokio::test]
async fn what_the_scale_never_saw_is_booked_out_when_the_last_fish_goes() {
    for db in testing::both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        let bream = shop.sku(sku("bream", Measure::CatchWeight)).await;
        let new = lot_of(&shop, bream.id, None);
        let lot = shop.stocked(new, Quantity::weighing(2, 1_200), shop.bin).await.id;

        let all = shop.carry(lot, shop.bin, shop.tote, Quantity::weighing(2, 1_150)).await.unwrap();

        assert_eq!(all.moves.last().unwrap().quantity, Quantity::grams(50));
        assert_eq!(shop.held(lot, shop.bin).await, Quantity::NONE);
        let trace = db.read(async move |tx: &mut Tx| ledger::forward(tx, lot).await).await.unwrap();
        assert!(trace.lots[0].mass.holds());
        assert_eq!(trace.lots[0].went[0].kind, PlaceKind::Adjustment);
    }
}

#[tokio::test]
async fn a_late_order_that_takes_fresher_goods_uncovers_who_was_promised_them() {
    for db in testing::both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        let milk = shop.sku(sku("milk", Measure::Counted)).await;
        shop.stocked(lot_of(&shop, milk.id, Some("2026-03-28")), Quantity::pieces(3), shop.bin).await;
        let fresh = shop.stocked(lot_of(&shop, milk.id, Some("2026-03-29")), Quantity::pieces(3), shop.bin).await.id;
        let (today, tomorrow) = (shop.at("2026-03-28", 20 * 60), shop.at("2026-03-29", 20 * 60));
        let late = shop.promise(shop.want(1, milk.id, Quantity::pieces(2), today)).await.unwrap().id;
        let other = shop.promise(shop.want(2, milk.id, Quantity::pieces(3), tomorrow)).await.unwrap().id;

        shop.set_now(shop.at("2026-03-29", 30));
        let binding = shop.bind(late).await.unwrap();

        assert_eq!(binding.bounds.iter().map(|bound| bound.lot).collect::<Vec<_>>(), [fresh]);
        assert_eq!(shop.reservation(other).await.state, ReservationState::Uncovered);
    }
}

#[tokio::test]
async fn reservations_that_are_bound_together_share_what_there_is_in_their_order() {
    for db in testing::both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        let milk = shop.sku(sku("milk", Measure::Counted)).await;
        let near = shop.stocked(lot_of(&shop, milk.id, Some("2026-03-28")), Quantity::pieces(4), shop.bin).await.id;
        let fresh = shop.stocked(lot_of(&shop, milk.id, Some("2026-03-29")), Quantity::pieces(3), shop.bin).await.id;
        let bad = shop.stocked(lot_of(&shop, milk.id, Some("2026-03-29")), Quantity::pieces(3), shop.bin).await.id;
        let evening = shop.at("2026-03-28", 20 * 60);
        let mut orders = Vec::new();
        for (nth, pieces) in [(1, 1), (2, 2), (3, 2), (4, 3)] {
            shop.set_now(shop.now().plus_minutes(1));
            orders.push(shop.promise(shop.want(nth, milk.id, Quantity::pieces(pieces), evening)).await.unwrap().id);
        }
        shop.turn(bad, LotState::Quarantined, person(1)).await.unwrap();
        shop.bind(orders[0]).await.unwrap();

        let asked = [orders[3], orders[0], orders[1], orders[2]];
        let bindings = shop.run(async move |tx, stamp| ledger::bind_each(tx, stamp, &asked).await).await.unwrap();

        let taken: Vec<BTreeMap<_, _>> = bindings
            .iter()
            .map(|binding| binding.bounds.iter().map(|bound| (bound.lot, bound.amount)).collect())
            .collect();
        // The first is not covered, so that it has what nobody was promised; the second was bound before.
        let shared = BTreeMap::from([(near, 1), (fresh, 1)]);
        assert_eq!(taken, [[(near, 2)].into(), [(near, 1)].into(), shared, [(fresh, 2)].into()]);
        let short: Vec<_> = bindings.iter().map(|binding| binding.short).collect();
        assert_eq!(short, [Some(Quantity::pieces(1)), None, None, None]);
        assert!(bindings.iter().zip(asked).all(|(binding, id)| binding.reservation.id == id));
    }
}

#[tokio::test]
async fn a_fish_does_not_weigh_ten_times_its_book() {
    for db in testing::both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        let bream = shop.sku(sku("bream", Measure::CatchWeight)).await;
        let lot = shop.sound_lot(lot_of(&shop, bream.id, None)).await.id;

        let typed = shop.carry(lot, shop.supplier, shop.dock, Quantity::weighing(1, 61_000)).await;

        assert!(matches!(typed, Err(LedgerRefusal::Implausible { .. })), "{typed:?}");
    }
}

#[tokio::test]
async fn what_was_bound_and_is_thrown_away_is_looked_for_again() {
    for db in testing::both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        let cod = shop.sku(sku("cod", Measure::Weighed)).await;
        let lot = shop.stocked(lot_of(&shop, cod.id, None), Quantity::grams(1_000), shop.bin).await.id;
        let evening = shop.at("2026-03-28", 20 * 60);
        let early = shop.promise(shop.want(1, cod.id, Quantity::grams(400), evening)).await.unwrap().id;
        shop.set_now(shop.now().plus_minutes(1));
        let late = shop.promise(shop.want(2, cod.id, Quantity::grams(600), evening)).await.unwrap().id;
        shop.bind(early).await.unwrap();
        shop.bind(late).await.unwrap();
        let moved = shop.carry(lot, shop.bin, shop.bin2, Quantity::grams(100)).await;
        assert!(matches!(moved, Err(LedgerRefusal::ShortAtPlace { .. })), "bound goods stay: {moved:?}");

        let (cause, day) = (shop.cause(), shop.day());
        let off =
            WriteOff { lot, place: shop.bin, quantity: Some(Quantity::grams(500)), reason: WasteReason::Spoilage };
        shop.run(async move |tx, stamp| ledger::write_off(tx, stamp, cause, day, &off).await).await.unwrap();

        assert_eq!(shop.reservation(early).await.state, ReservationState::Bound);
        assert_eq!(shop.reservation(late).await.state, ReservationState::Uncovered);
        assert_eq!(shop.available(cod.id, evening).await, Quantity::grams(100));
    }
}

#[tokio::test]
async fn an_unconfirmed_promise_lapses_and_a_confirmed_one_stays() {
    for db in testing::both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        let milk = shop.sku(sku("milk", Measure::Counted)).await;
        shop.stocked(lot_of(&shop, milk.id, None), Quantity::pieces(4), shop.bin).await;
        let evening = shop.at("2026-03-28", 20 * 60);
        let deadline = Some(shop.now().plus_minutes(15));
        let mut want = shop.want(1, milk.id, Quantity::pieces(2), evening);
        want.expires_at = deadline;
        let paid = shop.promise(want).await.unwrap().id;
        want.order_line = Shop::line(2);
        let left = shop.promise(want).await.unwrap().id;
        shop.run(async move |tx, _| ledger::confirm(tx, &[paid]).await).await.unwrap();

        shop.set_now(shop.now().plus_minutes(15));
        let now = shop.now();
        let ask = async || {
            let asked = shop.run(async move |tx, _| Ok(tx.any(&[ledger::any_promise_lapsed(now)]).await?)).await;
            asked.unwrap()
        };
        assert_eq!(ask().await, [true]);
        let lapsed = shop.run(async move |tx, stamp| ledger::expire_promises(tx, stamp, now).await).await.unwrap();
        assert_eq!(ask().await, [false], "a confirmed one never lapses");

        assert_eq!(lapsed.iter().map(|reservation| reservation.id).collect::<Vec<_>>(), [left]);
        assert_eq!(shop.reservation(paid).await.state, ReservationState::Promised);
        assert_eq!(shop.available(milk.id, evening).await, Quantity::pieces(2));
    }
}

#[tokio::test]
async fn two_weighings_of_one_line_add_up_and_the_rest_is_free_again() {
    for db in testing::both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        let cod = shop.sku(sku("cod", Measure::Weighed)).await;
        let lot = shop.stocked(lot_of(&shop, cod.id, None), Quantity::grams(1_000), shop.bin).await.id;
        let evening = shop.at("2026-03-28", 20 * 60);
        let reserved = shop.promise(shop.want(1, cod.id, Quantity::grams(400), evening)).await.unwrap().id;
        shop.bind(reserved).await.unwrap();

        for (grams, rest) in [(192, Rest::Keep), (167, Rest::Release)] {
            let pick = Pick {
                reservation: reserved,
                lot,
                place: shop.bin,
                actual: Quantity::grams(grams),
                to: shop.tote,
                rest,
            };
            let (cause, day) = (shop.cause(), shop.day());
            shop.run(async move |tx, stamp| ledger::consume(tx, stamp, cause, day, &pick).await).await.unwrap();
        }

        let done = shop.reservation(reserved).await;
        assert_eq!((done.state, done.picked), (ReservationState::Consumed, Quantity::grams(359)));
        assert_eq!(shop.available(cod.id, evening).await, Quantity::grams(641));
        assert_eq!(shop.held(lot, shop.tote).await, Quantity::grams(359));
    }
}

#[tokio::test]
async fn a_buffer_is_kept_for_the_hand_that_does_not_cut_to_the_gram() {
    for db in testing::both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        let cod = catalog::NewSku { estimate_buffer_bp: 1_000, ..sku("cod", Measure::Weighed) };
        let cod = shop.sku(cod).await;
        shop.stocked(lot_of(&shop, cod.id, None), Quantity::grams(1_000), shop.bin).await;
        let evening = shop.at("2026-03-28", 20 * 60);

        assert_eq!(shop.available(cod.id, evening).await, Quantity::grams(909));
        let reserved = shop.promise(shop.want(1, cod.id, Quantity::grams(500), evening)).await.unwrap();
        assert_eq!(reserved.amount, 550);
        let bound = shop.bind(reserved.id).await.unwrap();
        assert_eq!(bound.bounds[0].amount, 500);
        assert_eq!(shop.available(cod.id, evening).await, Quantity::grams(454));
    }
}

#[tokio::test]
async fn the_picker_is_given_another_lot_and_what_is_missing_is_said() {
    for db in testing::both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        let milk = shop.sku(sku("milk", Measure::Counted)).await;
        let first = shop.stocked(lot_of(&shop, milk.id, Some("2026-04-01")), Quantity::pieces(5), shop.face).await.id;
        let second = shop.stocked(lot_of(&shop, milk.id, Some("2026-04-02")), Quantity::pieces(2), shop.bin).await.id;
        let evening = shop.at("2026-03-28", 20 * 60);
        let reserved = shop.promise(shop.want(1, milk.id, Quantity::pieces(3), evening)).await.unwrap().id;
        shop.bind(reserved).await.unwrap();

        let again =
            shop.run(async move |tx, stamp| ledger::rebind_excluding(tx, stamp, reserved, first).await).await.unwrap();

        assert_eq!(again.bounds.iter().map(|bound| (bound.lot, bound.amount)).collect::<Vec<_>>(), [(second, 2)]);
        assert_eq!(again.short, Some(Quantity::pieces(1)));
        assert_eq!(again.skipped, [ledger::Skipped { lot: first, why: Skip::SetAside }]);
    }
}

#[tokio::test]
async fn the_boundary_day_ends_at_midnight_of_the_site_and_the_sweep_finds_it() {
    for db in testing::both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        let tofu = shop.sku(sku("tofu", Measure::Counted)).await;
        let new = lot_of(&shop, tofu.id, Some("2026-03-30"));
        let lot = shop.stocked(new, Quantity::pieces(3), shop.bin).await;
        let midnight = shop.at("2026-03-31", 0);
        let last = midnight.plus_millis(-1);
        let sweep = async |now: Instant| {
            shop.set_now(now);
            let expired = shop.run(async move |tx, stamp| {
                let [any] = tx.any(&[ledger::any_lot_run_out(now)]).await?;
                let expired = ledger::expire_lots(tx, stamp, now).await?;
                assert_eq!(any, !expired.is_empty(), "it is told before whether there is one");
                Ok(expired)
            });
            expired.await.unwrap()
        };

        assert_eq!(lot.usable_until, Some(midnight));
        assert_eq!(shop.available(tofu.id, last).await, Quantity::pieces(3));
        assert_eq!(shop.available(tofu.id, midnight).await, Quantity::pieces(0));
        assert_eq!(sweep(last).await, []);
        let swept = sweep(midnight).await;
        assert_eq!(swept[0].lot.id, lot.id);
        assert_eq!(swept[0].lot.state, LotState::Expired);
        assert_eq!(swept[0].remains[0].place, shop.bin);
        assert_eq!(sweep(midnight).await, []);
    }
}

#[tokio::test]
async fn postings_that_go_together_stand_apart_in_the_journal_and_none_takes_what_another_took() {
    for db in testing::both(MIGRATIONS).await {
        let shop = Shop::open(&db).await;
        let spinach = shop.sku(sku("spinach", Measure::Weighed)).await;
        let lot = shop.stocked(lot_of(&shop, spinach.id, None), Quantity::grams(20_000), shop.bin).await.id;
        let (site, day, from, to) = (shop.site, shop.day(), shop.bin, shop.customer);
        let causes = [shop.cause(), shop.cause()];
        let together = async |grams: [i64; 2]| {
            let moves = grams.map(|grams| vec![Move { lot, from, to, quantity: Quantity::grams(grams) }]);
            let each: Vec<_> = causes.into_iter().zip(moves).collect();
            shop.run(async move |tx, stamp| ledger::post_each(tx, stamp, site, day, &each).await).await
        };

        let refused = together([5_000, 16_000]).await;
        assert!(matches!(refused, Err(LedgerRefusal::ShortAtPlace { .. })), "{refused:?}");
        assert_eq!(shop.held(lot, from).await, Quantity::grams(20_000));

        let posted = together([5_000, 6_000]).await.unwrap();
        assert_eq!(shop.held(lot, from).await, Quantity::grams(9_000));
        assert_eq!(shop.available(spinach.id, shop.now()).await, Quantity::grams(9_000));
        for ((cause, posted), grams) in causes.into_iter().zip(posted).zip([5_000, 6_000]) {
            let filed = shop.run(async move |tx, _| ledger::moves_of_cause(tx, cause.id).await).await.unwrap();
            let filed: Vec<_> = filed.iter().map(|filed| (filed.posting, filed.quantity.grams)).collect();
            assert_eq!(filed, [(posted.posting, Some(grams))]);
        }
    }
}
