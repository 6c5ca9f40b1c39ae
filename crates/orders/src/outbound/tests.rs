use catalog::TaxClass;
use kernel::{IdSource, Instant, LotId, Measure, Money, OrderLineId, Price, Quantity, Round, SkuId, Stamp, Unit};
use proptest::prelude::*;

use super::rules::{Difference, Due, Sent, SettleRefusal, Settlement, ShortReason, settle};

fn stamp() -> Stamp {
    Stamp::system(Instant::from_millis(1_750_000_000_000), &IdSource::seeded(7))
}

/// Two whole fish at NT$300 per 台斤, about 600 g each, 10 % tolerance.
fn fish(stamp: &Stamp) -> Due {
    let price = Price::per(Unit::TaiwanJin, Money(300));
    Due {
        order_line: stamp.mint::<OrderLineId>(),
        sku: stamp.mint::<SkuId>(),
        measure: Measure::CatchWeight,
        ordered: Quantity::pieces(2),
        estimated: Quantity::weighing(2, 1200).estimated(),
        price,
        tax: TaxClass::Exempt,
        expected: Money(600),
        bound: Money(660),
    }
}

fn sent(stamp: &Stamp, due: &Due, quantity: Quantity, short: Option<ShortReason>) -> Sent {
    Sent { order_line: due.order_line, quantity, lots: vec![(stamp.mint::<LotId>(), quantity)], short }
}

#[test]
fn a_light_fish_gives_money_back() {
    let stamp = stamp();
    let due = fish(&stamp);
    let settled = settle(std::slice::from_ref(&due), &[sent(&stamp, &due, Quantity::weighing(2, 1130), None)]).unwrap();
    assert_eq!((settled.amount, settled.refund, settled.let_go), (Money(565), Money(35), Money(95)));
    assert_eq!(settled.lines[0].difference, Difference::Lighter);
    assert_eq!(settled.lines[0].actual, Quantity::weighing(2, 1130));
}

#[test]
fn a_heavy_fish_costs_the_shop_what_the_bound_does_not_cover() {
    let stamp = stamp();
    let due = fish(&stamp);
    let settled = settle(std::slice::from_ref(&due), &[sent(&stamp, &due, Quantity::weighing(2, 1500), None)]).unwrap();
    assert_eq!((settled.amount, settled.let_go), (Money(660), Money::ZERO));
    assert_eq!(settled.lines[0].difference, Difference::Capped);
    assert_eq!(settled.lines[0].actual.grams, Some(1500), "the sheet still shows what the scale said");
}

#[test]
fn a_missing_fish_is_not_charged_and_says_why() {
    let stamp = stamp();
    let due = fish(&stamp);
    let one = sent(&stamp, &due, Quantity::weighing(1, 610), Some(ShortReason::NotFound));
    let settled = settle(std::slice::from_ref(&due), &[one]).unwrap();
    assert_eq!((settled.amount, settled.lines[0].difference), (Money(305), Difference::Short));

    let unexplained = sent(&stamp, &due, Quantity::weighing(1, 610), None);
    let refused = settle(std::slice::from_ref(&due), &[unexplained]).unwrap_err();
    assert_eq!(refused, SettleRefusal::ShortUnexplained { line: due.order_line });
}

#[test]
fn nothing_sent_costs_nothing() {
    let stamp = stamp();
    let due = fish(&stamp);
    let none = Sent {
        order_line: due.order_line,
        quantity: Quantity::NONE,
        lots: Vec::new(),
        short: Some(ShortReason::NoStock),
    };
    let settled = settle(std::slice::from_ref(&due), &[none]).unwrap();
    assert_eq!((settled.amount, settled.let_go), (Money::ZERO, Money(660)));
}

#[test]
fn an_unweighed_fish_is_not_settled() {
    let stamp = stamp();
    let due = fish(&stamp);
    for guess in [Quantity::pieces(2), Quantity::weighing(2, 1200).estimated()] {
        let refused = settle(std::slice::from_ref(&due), &[sent(&stamp, &due, guess, None)]).unwrap_err();
        assert_eq!(refused, SettleRefusal::NotWeighed { line: due.order_line });
    }
}

#[test]
fn three_fish_are_not_two() {
    let stamp = stamp();
    let due = fish(&stamp);
    let three = sent(&stamp, &due, Quantity::weighing(3, 1800), None);
    assert!(matches!(settle(std::slice::from_ref(&due), &[three]), Err(SettleRefusal::MoreThanOrdered { .. })));
}

#[test]
fn lots_that_do_not_add_up_are_refused() {
    let stamp = stamp();
    let due = fish(&stamp);
    let mut lost = sent(&stamp, &due, Quantity::weighing(2, 1200), None);
    lost.lots = vec![(stamp.mint::<LotId>(), Quantity::weighing(2, 1190))];
    assert!(matches!(settle(std::slice::from_ref(&due), &[lost]), Err(SettleRefusal::LotsDisagree { .. })));
}

#[test]
fn every_line_is_reported_once() {
    let stamp = stamp();
    let due = fish(&stamp);
    let line = sent(&stamp, &due, Quantity::weighing(2, 1200), None);
    assert!(matches!(settle(std::slice::from_ref(&due), &[]), Err(SettleRefusal::MissingLine { .. })));
    assert!(matches!(
        settle(std::slice::from_ref(&due), &[line.clone(), line.clone()]),
        Err(SettleRefusal::UnknownLine { .. })
    ));
    assert!(matches!(settle(&[], &[line]), Err(SettleRefusal::UnknownLine { .. })));
}

/// A line as intake writes it: expected from the estimate, bound from the estimate and its tolerance.
fn line() -> impl Strategy<Value = (Measure, i64, i64, i64, i64, i64)> {
    let measure = prop_oneof![Just(Measure::Counted), Just(Measure::Weighed), Just(Measure::CatchWeight)];
    (measure, 1..50_i64, 1..5_000_i64, 0..100_000_i64, 0..5_000_i64, 0..20_000_i64)
}

fn settled(lines: &[(Measure, i64, i64, i64, i64, i64)]) -> (Vec<Due>, Settlement) {
    let stamp = stamp();
    let mut dues = Vec::new();
    let mut reports = Vec::new();
    for (measure, pieces, nominal, money, tolerance_bp, stray_bp) in lines.iter().copied() {
        let grams = pieces * nominal;
        let most = (grams * (10_000 + tolerance_bp) + 9_999) / 10_000;
        let scale = grams * stray_bp / 10_000;
        let (price, ordered, estimated, upper, actual) = match measure {
            Measure::Counted => {
                let all = Quantity::pieces(pieces);
                (Price::per_piece(Money(money)), all, all, all, Quantity::pieces(pieces.min(scale)))
            }
            Measure::Weighed => {
                let all = Quantity::grams(grams);
                (Price::per(Unit::TaiwanLiang, Money(money)), all, all, Quantity::grams(most), Quantity::grams(scale))
            }
            Measure::CatchWeight => {
                let estimate = Quantity::weighing(pieces, grams).estimated();
                let actual = if scale == 0 { Quantity::NONE } else { Quantity::weighing(pieces, scale) };
                (
                    Price::per(Unit::Kilogram, Money(money)),
                    Quantity::pieces(pieces),
                    estimate,
                    Quantity::weighing(pieces, most),
                    actual,
                )
            }
        };
        let due = Due {
            order_line: stamp.mint(),
            sku: stamp.mint(),
            measure,
            ordered,
            estimated,
            price,
            tax: TaxClass::Taxed5,
            expected: price.of(estimated, Round::HalfUp).unwrap(),
            bound: price.of(upper, Round::Up).unwrap(),
        };
        let less = actual.is_nothing() || (measure != Measure::Weighed && actual.pieces_or_zero() < pieces);
        reports.push(sent(&stamp, &due, actual, less.then_some(ShortReason::NotFound)));
        dues.push(due);
    }
    let settlement = settle(&dues, &reports).unwrap();
    (dues, settlement)
}

proptest! {
    /// Whatever the scale says, a customer never pays more than was authorised, on any line.
    #[test]
    fn settlement_never_exceeds_the_bound(lines in proptest::collection::vec(line(), 1..12)) {
        let (dues, settlement) = settled(&lines);
        for (due, line) in dues.iter().zip(&settlement.lines) {
            prop_assert!(line.amount <= due.bound);
            prop_assert!(!line.amount.is_negative());
        }
        prop_assert!(settlement.amount <= settlement.bound);
        prop_assert_eq!(settlement.amount + settlement.let_go, settlement.bound);
    }

    /// What is charged is the sum of the lines, and what was expected is what is charged and what comes back.
    #[test]
    fn what_is_charged_is_the_sum_of_the_lines(lines in proptest::collection::vec(line(), 1..12)) {
        let (dues, settlement) = settled(&lines);
        prop_assert_eq!(settlement.amount, settlement.lines.iter().map(|line| line.amount).sum::<Money>());
        prop_assert_eq!(settlement.expected, dues.iter().map(|due| due.expected).sum::<Money>());
        prop_assert_eq!(settlement.expected, settlement.amount + settlement.refund);
        prop_assert_eq!(settlement.refund, settlement.lines.iter().map(|line| line.refund).sum::<Money>());
    }

    /// Within tolerance the customer pays for exactly the grams of the scale.
    #[test]
    fn within_tolerance_every_gram_is_paid(lines in proptest::collection::vec(line(), 1..12)) {
        let (dues, settlement) = settled(&lines);
        for (due, line) in dues.iter().zip(&settlement.lines) {
            if line.difference != Difference::Capped && line.difference != Difference::Short {
                prop_assert_eq!(Some(line.amount), due.price.of(line.actual, Round::HalfUp));
            }
        }
    }
}
