//! The laws of the ledger, re-derived from its tables by other means than its own, after random days of work.

use std::collections::BTreeMap;

use kernel::{Instant, LotId, Measure, PlaceId, Quantity, ReservationId, SkuId};
use ledger::{
    BlockFlag, BlockFlags, LedgerRefusal, LotState, Move, Pick, ReservationState, Rest, WasteReason, WriteOff,
};
use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
    test_runner::{Config, TestRunner},
};
use store::{
    Tx, args, sql,
    testing::{self, TestDb},
};

use crate::shop::{MIGRATIONS, Shop, lot_of, person, sku};

sql! {
    MOVES = "SELECT m.lot, l.measure, m.from_place, m.to_place, m.pieces, m.grams FROM stock_move m
             JOIN lot l ON l.id = m.lot ORDER BY m.seq";
    BALANCES = "SELECT place, lot, pieces, grams, amount, bound, solid FROM balance";
    OPEN = "SELECT id FROM reservation ORDER BY id";
    EMPTY_BUT_HEAVY = "SELECT COUNT(*) FROM balance b JOIN lot l ON l.id = b.lot
                       WHERE b.solid = 1 AND l.measure <> 'weighed' AND b.pieces = 0 AND b.grams > 0";
    BOUND = "SELECT place, lot, CAST(SUM(amount) AS BIGINT) FROM binding GROUP BY place, lot";
    BINDINGS = "SELECT b.reservation, b.lot, r.needed_until, r.state FROM binding b
                JOIN reservation r ON r.id = b.reservation";
    SHELVES = "SELECT site, sku, uncovered FROM shelf";
    SUPPLY = "SELECT l.state, l.flags, l.usable_until, b.amount - b.bound FROM balance b
              JOIN lot l ON l.id = b.lot JOIN place p ON p.id = b.place
              WHERE b.sku = $1 AND p.kind IN ('bin', 'pick_face')";
    DEMAND = "SELECT needed_until, amount FROM reservation WHERE sku = $1 AND state = 'promised'";
    UNCOVERED = "SELECT COUNT(*) FROM reservation WHERE sku = $1 AND state = 'uncovered'";
}

type Moved = (LotId, Measure, PlaceId, PlaceId, Option<i64>, Option<i64>);
type Balance = (PlaceId, LotId, i64, i64, i64, i64, bool);
type Goods = (LotState, BlockFlags, Option<Instant>, i64);

/// Everything that must be true at every commit.
pub(crate) async fn audit(shop: &Shop) {
    shop.db
        .read(async |tx: &mut Tx| {
            replay(tx).await?;
            bindings(tx).await?;
            claims(tx).await?;
            promises(tx).await
        })
        .await
        .unwrap();
}

/// I1 and I3: the moves from zero are the balances, dimension by dimension, and no solid place is in debt.
async fn replay(tx: &mut Tx) -> Result<(), LedgerRefusal> {
    let moves: Vec<Moved> = tx.all(MOVES, args![]).await?;
    let mut replayed: BTreeMap<(PlaceId, LotId), (i64, i64, i64)> = BTreeMap::new();
    for (lot, measure, from, to, pieces, grams) in moves {
        let promised = match measure {
            Measure::Counted | Measure::CatchWeight => pieces.unwrap_or(0),
            Measure::Weighed => grams.unwrap_or(0),
        };
        for (place, sign) in [(from, -1), (to, 1)] {
            let sums = replayed.entry((place, lot)).or_default();
            sums.0 += sign * pieces.unwrap_or(0);
            sums.1 += sign * grams.unwrap_or(0);
            sums.2 += sign * promised;
        }
    }
    let balances: Vec<Balance> = tx.all(BALANCES, args![]).await?;
    let mut kept = BTreeMap::new();
    let mut whole: BTreeMap<LotId, (i64, i64)> = BTreeMap::new();
    for (place, lot, pieces, grams, amount, bound, solid) in balances {
        assert!(!solid || (pieces >= 0 && grams >= 0), "{place} owes {pieces} pcs {grams} g of {lot}");
        assert!(bound >= 0 && (bound == 0 || bound <= amount), "{bound} bound of {amount} in {place}");
        let sums = whole.entry(lot).or_default();
        *sums = (sums.0 + pieces, sums.1 + grams);
        kept.insert((place, lot), (pieces, grams, amount));
    }
    kept.retain(|_, sums| *sums != (0, 0, 0));
    replayed.retain(|_, sums| *sums != (0, 0, 0));
    assert_eq!(replayed, kept, "the journal and the balances disagree");
    assert!(whole.values().all(|sums| *sums == (0, 0)), "goods have appeared or vanished: {whole:?}");
    Ok(())
}

/// I4 for what is bound: as much as the balances say, and of lots that may be picked for that need.
async fn bindings(tx: &mut Tx) -> Result<(), LedgerRefusal> {
    let rows: Vec<(PlaceId, LotId, i64)> = tx.all(BOUND, args![]).await?;
    let bound: BTreeMap<_, _> = rows.into_iter().map(|(place, lot, amount)| ((place, lot), amount)).collect();
    let balances: Vec<Balance> = tx.all(BALANCES, args![]).await?;
    let noted: BTreeMap<_, _> = balances
        .into_iter()
        .filter(|balance| balance.5 > 0)
        .map(|(place, lot, _, _, _, bound, _)| ((place, lot), bound))
        .collect();
    assert_eq!(bound, noted, "bindings and balances disagree");
    let rows: Vec<(ReservationId, LotId, Instant, ReservationState)> = tx.all(BINDINGS, args![]).await?;
    for (reservation, lot, needed, state) in rows {
        assert!(
            !matches!(state, ReservationState::Released | ReservationState::Expired | ReservationState::Consumed),
            "{reservation} is {state} and still bound"
        );
        let lot = ledger::lot(tx, lot).await?;
        let sound = lot.state == LotState::Approved && lot.usable_until.is_none_or(|until| until > needed);
        assert!(sound, "{reservation} is bound to {lot:?}, needed until {needed}");
    }
    Ok(())
}

/// A reservation claims what is open of it, and what is wanted is open, bound or dealt with; no piece leaves its
/// weight behind.
async fn claims(tx: &mut Tx) -> Result<(), LedgerRefusal> {
    let ids: Vec<ReservationId> = tx.all(OPEN, args![]).await?;
    for id in ids {
        let known = ledger::reservation(tx, id).await?;
        let number = |quantity: Quantity| known.measure.promised(quantity);
        let bound: i64 = ledger::bounds_of(tx, id).await?.iter().map(|bound| number(bound.quantity)).sum();
        assert!(known.amount >= number(known.open), "{known:?} claims less than is open");
        assert!(number(known.open) + bound <= number(known.wanted), "{known:?} with {bound} bound wants too much");
    }
    let heavy: i64 = tx.one(EMPTY_BUT_HEAVY, args![]).await?;
    assert_eq!(heavy, 0, "grams without their pieces");
    Ok(())
}

/// I4 for what is promised: for every time t, no more is promised for t or later than is usable at t and free.
async fn promises(tx: &mut Tx) -> Result<(), LedgerRefusal> {
    let shelves: Vec<(kernel::SiteId, SkuId, i64)> = tx.all(SHELVES, args![]).await?;
    for (_, sku, uncovered) in shelves {
        let goods: Vec<Goods> = tx.all(SUPPLY, args![sku]).await?;
        let wants: Vec<(Instant, i64)> = tx.all(DEMAND, args![sku]).await?;
        for (at, _) in &wants {
            let promised: i64 = wants.iter().filter(|(needed, _)| needed >= at).map(|(_, amount)| amount).sum();
            let usable: i64 = goods
                .iter()
                .filter(|(state, flags, until, _)| {
                    let stopped = flags.flags().any(|flag| matches!(flag, BlockFlag::NoPromise | BlockFlag::NoSale));
                    *state == LotState::Approved && !stopped && until.is_none_or(|until| until > *at)
                })
                .map(|(.., free)| free)
                .sum();
            assert!(promised <= usable, "{promised} of {sku} promised for {at}, {usable} usable then");
        }
        let counted: i64 = tx.one(UNCOVERED, args![sku]).await?;
        assert_eq!(uncovered, counted, "uncovered reservations of {sku}");
    }
    Ok(())
}

/// What somebody in the house does. Indexes choose among what there is at that moment.
#[derive(Clone, Debug)]
enum Command {
    Receive { sku: Index, days: i64, amount: i64 },
    Move { lot: Index, from: Index, to: Index, amount: i64 },
    Promise { sku: Index, hours: i64, amount: i64, lapses: bool },
    Bind { which: Index },
    BindSome { which: Index },
    Rebind { which: Index, lot: Index },
    Pick { which: Index, percent: i64, rest: bool },
    Release { which: Index },
    Turn { lot: Index, to: LotState, who: u128 },
    Block { lot: Index, flag: BlockFlag },
    Lift { lot: Index },
    Shorten { lot: Index, hours: i64 },
    Waste { lot: Index, place: Index, amount: i64 },
    Split { lot: Index, amount: i64 },
    Wait { hours: i64 },
    Sweep,
}

/// A lot is doubted and believed again more often than it is condemned.
const TURNS: [LotState; 6] = [
    LotState::Quarantined,
    LotState::Quarantined,
    LotState::Approved,
    LotState::Approved,
    LotState::Condemned,
    LotState::Recalled,
];

fn command() -> impl Strategy<Value = Command> {
    let index = any::<Index>;
    prop_oneof![
        3 => (index(), 1..7_i64, 10..40_i64).prop_map(|(sku, days, amount)| Command::Receive { sku, days, amount }),
        3 => (index(), index(), index(), 1..20_i64)
            .prop_map(|(lot, from, to, amount)| Command::Move { lot, from, to, amount }),
        9 => (index(), 1..60_i64, 1..12_i64, any::<bool>())
            .prop_map(|(sku, hours, amount, lapses)| Command::Promise { sku, hours, amount, lapses }),
        4 => index().prop_map(|which| Command::Bind { which }),
        1 => index().prop_map(|which| Command::BindSome { which }),
        1 => (index(), index()).prop_map(|(which, lot)| Command::Rebind { which, lot }),
        4 => (index(), 0..130_i64, any::<bool>())
            .prop_map(|(which, percent, rest)| Command::Pick { which, percent, rest }),
        1 => index().prop_map(|which| Command::Release { which }),
        1 => (index(), select(TURNS.to_vec()), 1..3_u128)
            .prop_map(|(lot, to, who)| Command::Turn { lot, to, who }),
        1 => (index(), select(BlockFlag::ALL.to_vec())).prop_map(|(lot, flag)| Command::Block { lot, flag }),
        1 => index().prop_map(|lot| Command::Lift { lot }),
        1 => (index(), -10..80_i64).prop_map(|(lot, hours)| Command::Shorten { lot, hours }),
        1 => (index(), index(), 1..20_i64).prop_map(|(lot, place, amount)| Command::Waste { lot, place, amount }),
        1 => (index(), 1..9_i64).prop_map(|(lot, amount)| Command::Split { lot, amount }),
        1 => (1..9_i64).prop_map(|hours| Command::Wait { hours }),
        1 => Just(Command::Sweep),
    ]
}

/// The house and what it has come to know.
struct House {
    shop: Shop,
    skus: Vec<catalog::Sku>,
    lots: Vec<(LotId, Measure)>,
    reservations: Vec<ReservationId>,
    lines: u128,
}

impl House {
    async fn open(db: &TestDb) -> Self {
        let shop = Shop::open(db).await;
        let mut skus = Vec::new();
        for (code, measure, at_door, buffer) in [
            ("spinach", Measure::Weighed, 0, 300),
            ("eggs", Measure::Counted, 1, 0),
            ("bream", Measure::CatchWeight, 0, 0),
        ] {
            let new = catalog::NewSku { life_at_door_days: at_door, estimate_buffer_bp: buffer, ..sku(code, measure) };
            skus.push(shop.sku(new).await);
        }
        Self { shop, skus, lots: Vec::new(), reservations: Vec::new(), lines: 0 }
    }

    fn quantity(measure: Measure, amount: i64) -> Quantity {
        match measure {
            Measure::Counted => Quantity { grams: Some(amount * 61), ..Quantity::pieces(amount) },
            Measure::Weighed => Quantity::grams(amount * 137),
            // The scale never agrees with the book.
            Measure::CatchWeight => Quantity::weighing(amount, amount * (550 + amount * 7 % 100)),
        }
    }

    /// The bins first and most, because that is where goods are.
    fn places(&self) -> [PlaceId; 8] {
        let shop = &self.shop;
        [shop.bin, shop.bin, shop.bin, shop.bin2, shop.face, shop.dock, shop.tote, shop.customer]
    }

    async fn act(&mut self, command: &Command) -> Result<(), LedgerRefusal> {
        let shop = self.shop.clone();
        let (cause, day, now) = (shop.cause(), shop.day(), shop.now());
        let lot = |index: &Index| (!self.lots.is_empty()).then(|| *index.get(&self.lots));
        let which = |index: &Index| (!self.reservations.is_empty()).then(|| *index.get(&self.reservations));
        match command {
            Command::Receive { sku, days, amount } => {
                let sku = sku.get(&self.skus);
                let use_by = shop.time.date(now.plus_minutes(days * 1440)).to_string();
                let quantity = Self::quantity(sku.measure, *amount);
                let lot = shop.stocked(lot_of(&shop, sku.id, Some(&use_by)), quantity, shop.bin).await;
                self.lots.push((lot.id, sku.measure));
            }
            Command::Move { lot: index, from, to, amount } => {
                let Some((lot, measure)) = lot(index) else { return Ok(()) };
                let (from, to) = (*from.get(&self.places()), *to.get(&self.places()));
                shop.carry(lot, from, to, Self::quantity(measure, *amount)).await?;
            }
            Command::Promise { sku, hours, amount, lapses } => {
                let sku = sku.get(&self.skus);
                self.lines += 1;
                let quantity = Self::quantity(sku.measure, *amount);
                let mut want = shop.want(self.lines, sku.id, quantity, now.plus_minutes(hours * 60));
                want.expires_at = lapses.then(|| now.plus_minutes(60));
                self.reservations.push(shop.promise(want).await?.id);
            }
            Command::Bind { which: index } => {
                let Some(id) = which(index) else { return Ok(()) };
                shop.bind(id).await?;
            }
            Command::BindSome { which: index } => {
                let Some(id) = which(index) else { return Ok(()) };
                shop.run(async move |tx, stamp| ledger::bind_what_there_is(tx, stamp, id).await).await?;
            }
            Command::Rebind { which: index, lot: at } => {
                let (Some(id), Some((lot, _))) = (which(index), lot(at)) else { return Ok(()) };
                shop.run(async move |tx, stamp| ledger::rebind_excluding(tx, stamp, id, lot).await).await?;
            }
            Command::Pick { which: index, percent, rest } => {
                let Some(id) = which(index) else { return Ok(()) };
                let rest = if *rest { Rest::Keep } else { Rest::Release };
                let (percent, tote) = (*percent, shop.tote);
                shop.run(async move |tx, stamp| {
                    let bounds = ledger::bounds_of(tx, id).await?;
                    let Some(bound) = bounds.first() else { return Ok(()) };
                    let lot = ledger::lot(tx, bound.lot).await?;
                    let taken = bound.amount * percent / 100;
                    let actual = match lot.measure {
                        Measure::Counted => Quantity::pieces(taken),
                        Measure::Weighed => Quantity::grams(taken),
                        Measure::CatchWeight => Quantity::weighing(taken, taken * 640),
                    };
                    let pick = Pick { reservation: id, lot: lot.id, place: bound.place, actual, to: tote, rest };
                    let picked = ledger::consume(tx, stamp, cause, day, &pick).await.map(|_| ());
                    // I9: what the hand took was sound at that moment, however it had been doubted since it was bound.
                    let stopped = lot.flags.flags().any(|flag| matches!(flag, BlockFlag::NoPick | BlockFlag::NoSale));
                    let dead = lot.usable_until.is_some_and(|until| until <= now);
                    let unfit = lot.state != LotState::Approved || stopped || dead;
                    assert!(picked.is_err() || actual.is_nothing() || !unfit, "picked at {now}: {lot:?}");
                    picked
                })
                .await?;
            }
            Command::Release { which: index } => {
                let Some(id) = which(index) else { return Ok(()) };
                shop.run(async move |tx, stamp| ledger::release(tx, stamp, id).await).await?;
            }
            Command::Turn { lot: index, to, who } => {
                let Some((lot, _)) = lot(index) else { return Ok(()) };
                shop.turn(lot, *to, person(*who)).await?;
            }
            Command::Block { lot: index, flag } => {
                let Some((lot, _)) = lot(index) else { return Ok(()) };
                let flags = BlockFlags::of(*flag);
                shop.run(async move |tx, stamp| ledger::block(tx, stamp, lot, flags, "doubt").await).await?;
            }
            Command::Lift { lot: index } => {
                let Some((lot, _)) = lot(index) else { return Ok(()) };
                shop.run(async move |tx, stamp| {
                    let blocks = ledger::blocks_of(tx, lot).await?;
                    match blocks.iter().find(|block| block.lifted_at.is_none()) {
                        Some(block) => ledger::lift(tx, stamp, block.id, "settled").await.map(|_| ()),
                        None => Ok(()),
                    }
                })
                .await?;
            }
            Command::Shorten { lot: index, hours } => {
                let Some((lot, _)) = lot(index) else { return Ok(()) };
                let until = now.plus_minutes(hours * 60);
                shop.run(async move |tx, stamp| ledger::shorten_life(tx, stamp, lot, until, "warm").await).await?;
            }
            Command::Waste { lot: index, place, amount } => {
                let Some((lot, measure)) = lot(index) else { return Ok(()) };
                let quantity = (*amount < 15).then(|| Self::quantity(measure, *amount));
                let places = self.places();
                let place = place.get(&places[..7]);
                let off = WriteOff { lot, place: *place, quantity, reason: WasteReason::Spoilage };
                shop.run(async move |tx, stamp| ledger::write_off(tx, stamp, cause, day, &off).await).await?;
            }
            Command::Split { lot: index, amount } => {
                let Some((lot, measure)) = lot(index) else { return Ok(()) };
                let quantity = Self::quantity(measure, *amount);
                let part = Move { lot, from: shop.bin, to: shop.bin2, quantity };
                let part = shop.run(async move |tx, stamp| ledger::split_lot(tx, stamp, cause, day, &part).await);
                self.lots.push((part.await?.id, measure));
            }
            Command::Wait { hours } => shop.set_now(now.plus_minutes(hours * 60)),
            Command::Sweep => {
                shop.run(async move |tx, stamp| {
                    ledger::expire_lots(tx, stamp, now).await?;
                    ledger::expire_promises(tx, stamp, now).await.map(|_| ())
                })
                .await?;
            }
        }
        Ok(())
    }

    /// I1 over genealogy: what came into every lot is what went out of it and what is left.
    async fn weigh_up(&self) {
        for (lot, _) in &self.lots {
            let lot = *lot;
            let trace = self.shop.db.read(async move |tx: &mut Tx| ledger::forward(tx, lot).await).await.unwrap();
            for traced in trace.lots {
                assert!(traced.mass.holds(), "{:?}", traced.mass);
            }
        }
    }
}

async fn live(db: &TestDb, commands: &[Command]) {
    let mut house = House::open(db).await;
    for command in commands {
        if let Err(LedgerRefusal::Store(error)) = house.act(command).await {
            panic!("{command:?}: {error}");
        }
        audit(&house.shop).await;
    }
    house.weigh_up().await;
}

fn lives(cases: u32, open: impl AsyncFn() -> Option<TestDb>) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    runner
        .run(&vec(command(), 60..120), |commands| {
            runtime.block_on(async {
                if let Some(db) = open().await {
                    live(&db, &commands).await;
                }
            });
            Ok(())
        })
        .unwrap();
}

#[test]
fn the_laws_hold_after_every_command() {
    lives(40, async || Some(testing::sqlite(MIGRATIONS).await));
}

#[test]
fn the_laws_hold_after_every_command_on_postgres() {
    if std::env::var("TEST_POSTGRES_URL").is_ok() {
        lives(4, async || testing::postgres(MIGRATIONS).await);
    }
}
