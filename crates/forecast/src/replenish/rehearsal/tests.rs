use super::*;
use crate::replenish::shop::Issue;
use crate::replenish::supply::{Days, Deliveries, Refused};

#[test]
fn the_buyer_that_thinks_beats_last_week() {
    let sold = |nth: i32| -> Vec<f64> {
        let noise = |day: i32| f64::from((day * 7_919 + nth * 104_729) % 13) - 6.0;
        (0..250).map(|day| (20.0 + if day % 7 == 5 { 15.0 } else { 0.0 } + noise(day)).max(0.0)).collect()
    };
    let panel: Vec<Series> = (0..2).map(|nth| Series::of(&nth.to_string(), 0, &sold(nth))).collect();
    let stage = Rehearsal { days: 60, ..Rehearsal::default() }.stage(&panel).unwrap();
    let floor = stage.play(Policy::LastWeek, 1);
    let thought = stage.play(stage.tuned(1), 1);
    for (floor, thought) in floor.iter().zip(&thought) {
        assert!(thought.whole.cost_per_unit() < floor.whole.cost_per_unit(), "{floor:?} {thought:?}");
        assert_eq!(thought.whole.wanted, floor.whole.wanted);
        assert!(thought.first_half.wanted < thought.whole.wanted);
    }
}

#[test]
fn too_little_history_is_named() {
    let rehearsal = Rehearsal { days: 60, ..Rehearsal::default() };
    let refused = rehearsal.stage(&[Series::of("cod", 0, &[1.0; 70])]).err();
    assert_eq!(refused, Some(RehearsalError::TooShort { key: "cod".into(), steps: 70, needed: 88 }));
    assert_eq!(rehearsal.stage(&[]).err(), Some(RehearsalError::NoSeries));
}

fn bread(count: i32) -> Vec<Series> {
    let sold = |nth: i32| -> Vec<f64> {
        let noise = |day: i32| f64::from((day * 7_919 + nth * 104_729) % 13) - 6.0;
        (0..250).map(|day| (20.0 + if day % 7 == 5 { 15.0 } else { 0.0 } + noise(day)).max(0.0)).collect()
    };
    (0..count).map(|nth| Series::of(&nth.to_string(), 0, &sold(nth))).collect()
}

const THINK: Policy = Policy::Think { cover: 2.0, goodwill: 1.2 };

fn cost(outcomes: &[Outcome]) -> f64 {
    outcomes.iter().map(|one| one.whole.cost).sum()
}

#[test]
fn a_buyer_who_knows_how_goods_come_pays_less_for_it() {
    let supplies = [
        Supply { refused: Refused::around(0.2, 0.5).unwrap(), ..Supply::default() },
        Supply { late: Days::of(&[0.7, 0.2, 0.1]).unwrap(), ..Supply::default() },
        Supply { shorter: Days::of(&[0.4, 0.3, 0.3]).unwrap(), ..Supply::default() },
    ];
    for supply in supplies {
        let rehearsal = Rehearsal { days: 90, supply: supply.clone(), ..Rehearsal::default() };
        let unaware = Rehearsal { believed: Some(Supply::default()), ..rehearsal.clone() };
        let panel = bread(3);
        let (aware, unaware) = (rehearsal.stage(&panel).unwrap(), unaware.stage(&panel).unwrap());
        let (knows, does_not) = (aware.play(THINK, 2), unaware.play(THINK, 1));
        assert!(cost(&knows) < cost(&does_not), "{supply:?}: {} {}", cost(&knows), cost(&does_not));
        assert!(cost(&knows) < cost(&aware.play(Policy::LastWeek, 1)), "{supply:?}");
        // Twice the same.
        assert_eq!(knows, aware.play(THINK, 1));
    }
}

#[test]
fn an_order_tells_what_of_it_is_there_for_refusals_and_lateness() {
    let supply = Supply { refused: Refused::around(0.25, 0.5).unwrap(), ..Supply::default() };
    let told = |supply: Supply| {
        let goods = BTreeMap::from([("0".to_owned(), Good { pack: Some(1), ..Good::default() })]);
        let rehearsal = Rehearsal { days: 60, supply, goods, ..Rehearsal::default() };
        let reasons = rehearsal.stage(&bread(1)).unwrap().reasons(THINK, 1);
        reasons.into_iter().next().unwrap().1.unwrap()
    };
    let (reason, added) = told(supply);
    assert!(added.for_refusals > 0 && added.for_lateness == 0 && added.for_shorter_life == 0, "{added:?}");
    assert!((reason.refused - 0.25 * number::float(reason.ordered)).abs() < 1e-9);
    let (reason, added) = told(Supply::default());
    assert_eq!((added, reason.refused.to_bits()), (Added { for_refusals: 0, for_lateness: 0, for_shorter_life: 0 }, 0));
}

#[test]
fn who_is_brought_goods_twice_a_week_orders_twice_a_week_and_for_longer() {
    let supply = Supply { deliveries: Deliveries::on(&[0, 3]).unwrap(), ..Supply::default() };
    let terms = Terms { life: 6, ..Terms::default() };
    let rehearsal = Rehearsal { days: 92, terms, supply, ..Rehearsal::default() };
    let stage = rehearsal.stage(&bread(2)).unwrap();
    for policy in [Policy::LastWeek, Policy::UpTo { cover: 1.2 }, THINK] {
        for outcome in stage.play(policy, 1) {
            assert!(outcome.whole.fill() > 0.7, "{policy:?} {outcome:?}");
        }
    }
    let (thought, floor) = (stage.play(THINK, 1), stage.play(Policy::LastWeek, 1));
    assert!(cost(&thought) < cost(&floor), "{} {}", cost(&thought), cost(&floor));
    let (reason, _) = stage.reasons(THINK, 1).remove(0).1.unwrap();
    // Ordered on Sunday for Monday through Wednesday, or on Wednesday for Thursday through Sunday.
    assert!([4, 5].contains(&reason.covers), "{reason:?}");
}

#[test]
fn what_ends_is_marked_down_where_that_pays_and_less_is_thrown_away() {
    let terms = Terms { issue: Issue::Lifo, ..Terms::default() };
    let stage = |mark_down: Option<MarkDown>| {
        Rehearsal { days: 92, terms, mark_down, ..Rehearsal::default() }.stage(&bread(3)).unwrap().play(THINK, 1)
    };
    let mark = |drawn: f64| Some(MarkDown::of(&[0.2, 0.4], 1.0, drawn, 0.3).unwrap());
    let (without, with, unmoved) = (stage(None), stage(mark(2.0)), stage(mark(0.0)));
    let sum = |outcomes: &[Outcome], of: fn(&Result) -> i64| outcomes.iter().map(|one| of(&one.whole)).sum::<i64>();
    assert!(cost(&with) < cost(&without), "{} {}", cost(&with), cost(&without));
    assert!(sum(&with, |one| one.outdated) < sum(&without, |one| one.outdated));
    assert!(sum(&with, |one| one.drawn) > 0 && sum(&with, |one| one.marked) >= sum(&with, |one| one.drawn));
    assert_eq!(sum(&without, |one| one.marked), 0);
    // Whom no price draws is given less away, and only to leave the fresh to those who take it.
    assert!(sum(&unmoved, |one| one.drawn) == 0 && cost(&unmoved) <= cost(&without) + 1e-9);
}

#[test]
fn no_morning_costs_more_than_there_is_money_or_room_and_scarce_money_is_spent_well() {
    let panel = bread(3);
    let goods = [("0", 3.0), ("1", 1.0), ("2", 1.0)];
    let goods: BTreeMap<String, Good> = goods
        .map(|(key, price)| (key.to_owned(), Good { price, pack: Some(5), minimum: Some(10), ..Good::default() }))
        .into();
    let stage = |limits: Limits| {
        Rehearsal { days: 72, limits, goods: goods.clone(), ..Rehearsal::default() }.stage(&panel).unwrap()
    };
    let free = stage(Limits::none());
    let plenty = stage(Limits { money: 1e6, room: 1e6 });
    assert_eq!(free.play(THINK, 1), plenty.play(THINK, 1));
    let scarce = stage(Limits { money: 70.0, room: 60.0 });
    let (thought, floor) = (scarce.play(THINK, 1), scarce.play(Policy::LastWeek, 1));
    for outcomes in [&thought, &floor] {
        let spent: f64 = outcomes.iter().map(|one| number::float(one.whole.ordered) * goods[&one.key].price).sum();
        assert!(spent <= 70.0 * 70.0, "{spent}");
    }
    assert!(cost(&free.play(THINK, 1)) < cost(&thought) && cost(&thought) < cost(&floor));
    // What is dear is done without first.
    assert!(thought[0].whole.fill() < thought[1].whole.fill(), "{thought:?}");
    assert!(scarce.least_cost_per_unit(1).iter().all(Option::is_none));
}
