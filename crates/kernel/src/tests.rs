#![expect(clippy::arithmetic_side_effects, reason = "the numbers of a test are small")]

use proptest::prelude::*;

use crate::*;

#[test]
fn a_taiwan_liang_is_thirty_seven_and_a_half_grams() {
    assert_eq!(Unit::TaiwanLiang.to_grams("2"), Ok(75));
    assert_eq!(Unit::TaiwanLiang.to_grams("1"), Err(UnitError::NotWholeGrams(NotWholeGrams { below: 37, above: 38 })));
    assert_eq!(Unit::TaiwanJin.to_grams("1.5"), Ok(900));
    assert_eq!(Unit::Jin.to_grams("0.01"), Ok(5));
}

#[test]
fn amounts_that_are_no_plain_decimals_are_refused() {
    for text in ["", ".", "1.", "-1", "1e3", "１", "1 000", "0x10", "1234567890123"] {
        assert!(matches!(Unit::Gram.to_grams(text), Err(UnitError::NotANumber(_))), "{text:?}");
    }
}

#[test]
fn a_price_is_rounded_once() {
    let cod = Price::per(Unit::TaiwanLiang, Money(25));
    assert_eq!(cod.of(Quantity::grams(600), Round::HalfUp), Some(Money(400)));
    assert_eq!(cod.of(Quantity::grams(1), Round::HalfUp), Some(Money(1)));
    assert_eq!(cod.of(Quantity::grams(1), Round::Down), Some(Money(0)));
    let eggs = Price::per_piece(Money(85));
    assert_eq!(eggs.of(Quantity::pieces(3), Round::HalfUp), Some(Money(255)));
}

#[test]
fn a_refund_mirrors_its_charge() {
    let price = Price::per(Unit::HundredGrams, Money(5));
    let charge = price.of(Quantity::grams(50), Round::HalfUp);
    let refund = price.of(Quantity::grams(-50), Round::HalfUp);
    assert_eq!((charge, refund), (Some(Money(3)), Some(Money(-3))));
}

#[test]
fn a_night_shift_belongs_to_the_day_on_which_it_began() {
    let taipei = SiteTime::new("Asia/Taipei", 240).expect("a known zone");
    let at: Instant = "2026-03-28T19:30:00Z".parse().expect("03:30 in Taipei");
    assert_eq!(taipei.date(at), jiff::civil::date(2026, 3, 29));
    assert_eq!(taipei.business_day(at), jiff::civil::date(2026, 3, 28));
    assert_eq!(taipei.clock_face(at), "03:30");
    assert_eq!(taipei.end_of(jiff::civil::date(2026, 3, 28)).to_string(), "2026-03-28T16:00:00.000Z");
}

#[test]
fn the_same_stamp_mints_the_same_ids_again() {
    let stamp = Stamp::system(Instant::from_millis(1_790_000_000_000), &IdSource::seeded(7));
    let first: [LotId; 3] = [stamp.mint(), stamp.mint(), stamp.mint()];
    let again = stamp.again();
    let second: [LotId; 3] = [again.mint(), again.mint(), again.mint()];
    assert_eq!(first, second);
    assert!(first.is_sorted(), "ids of one command sort in the order they were minted");
    assert_eq!(first[0].uuid().get_version_num(), 7);
}

#[test]
fn a_stepped_clock_never_goes_back() {
    let clock = Clock::stepped(Instant::from_millis(1000));
    assert!(clock.advance_to(Instant::from_millis(2000)));
    assert!(!clock.advance_to(Instant::from_millis(1500)));
    assert_eq!(clock.now(), Instant::from_millis(2000));
    assert!(!Clock::Real.advance_to(Instant::MAX));
}

#[test]
fn browsers_get_the_language_they_ask_for() {
    assert_eq!(Lang::from_accept_language("zh-TW,zh;q=0.9,en;q=0.5"), Some(Lang::ZhHant));
    assert_eq!(Lang::from_accept_language("fr, zh-CN;q=0.8"), Some(Lang::ZhHans));
    assert_eq!(Lang::from_accept_language("en-GB"), Some(Lang::En));
    assert_eq!(Lang::from_accept_language("fr"), None);
}

#[test]
fn sentences_carry_their_values() {
    let sentence = speech::say(Lang::En, "request/too-large", &[("limit", "4096".to_owned())]);
    assert_eq!(sentence.as_deref(), Some("The request is larger than 4096 bytes."));
    assert_eq!(speech::say(Lang::En, "no/such-key", &[]), None);
}

#[test]
fn minor_units_find_their_decimal_point() {
    assert_eq!(Money(1234).display(Currency::Twd), "TWD 1234");
    assert_eq!(Money(-1234).display(Currency::Cny), "CNY -12.34");
    assert_eq!(Money(5).display(Currency::Cny), "CNY 0.05");
}

fn quantity() -> impl Strategy<Value = Quantity> {
    (proptest::option::of(-1_000_000..1_000_000_i64), proptest::option::of(-1_000_000..1_000_000_i64), any::<bool>())
        .prop_map(|(pieces, grams, sure)| Quantity {
            pieces,
            grams,
            exactness: if sure { Exactness::Exact } else { Exactness::Estimated },
        })
}

proptest! {
    /// No gram, piece or cent is lost when a whole is shared out.
    #[test]
    fn shares_add_up(whole in -1_000_000_000..1_000_000_000_i64, weights in proptest::collection::vec(0..10_000_i64, 1..12)) {
        let shares = split(whole, &weights);
        if weights.iter().sum::<i64>() == 0 {
            prop_assert!(shares.is_empty());
        } else {
            prop_assert_eq!(shares.len(), weights.len());
            prop_assert_eq!(shares.iter().sum::<i64>(), whole);
        }
    }

    /// No share strays a whole unit from its exact part.
    #[test]
    fn shares_are_fair(whole in 0..1_000_000_i64, weights in proptest::collection::vec(1..1000_i64, 1..12)) {
        let total: i64 = weights.iter().sum();
        for (share, weight) in split(whole, &weights).iter().zip(&weights) {
            prop_assert!((share * total - whole * weight).abs() < total);
        }
    }

    #[test]
    fn quantities_add_in_any_order(a in quantity(), b in quantity(), c in quantity()) {
        prop_assert_eq!(a.plus(b), b.plus(a));
        prop_assert_eq!(a.plus(b).and_then(|ab| ab.plus(c)), b.plus(c).and_then(|bc| a.plus(bc)));
        prop_assert_eq!(a.plus(Quantity::NONE), Some(a));
    }

    #[test]
    fn a_quantity_is_the_sum_of_its_split(whole in quantity(), weights in proptest::collection::vec(1..100_i64, 1..8)) {
        prop_assert_eq!(Quantity::sum(whole.split(&weights)), Some(whole));
    }

    #[test]
    fn instants_survive_being_written(millis in 0..253_339_228_800_000_i64) {
        let at = Instant::from_millis(millis);
        let read: Instant = serde_json::from_str(&serde_json::to_string(&at).unwrap()).unwrap();
        prop_assert_eq!(read, at);
    }

    /// Splitting a weighed amount in two and pricing each never strays more than one unit from pricing the whole.
    #[test]
    fn pricing_in_two_parts_strays_one_unit_at_most(grams in 1..100_000_i64, cut in 0..100_000_i64, money in 0..5_000_i64) {
        let price = Price::per(Unit::TaiwanLiang, Money(money));
        let cut = cut.min(grams);
        let whole = price.of(Quantity::grams(grams), Round::HalfUp).unwrap();
        let parts = price.of(Quantity::grams(cut), Round::HalfUp).unwrap() + price.of(Quantity::grams(grams - cut), Round::HalfUp).unwrap();
        prop_assert!((whole - parts).minor().abs() <= 1);
    }
}
