use kernel::Unit;
use proptest::prelude::*;

use super::*;

fn part(disposition: Disposition, quantity: Quantity) -> NewPart {
    NewPart { disposition, quantity, cut_bp: None, reason: Some("as found".to_owned()) }
}

fn shares(received: Quantity, measure: Measure, parts: Vec<NewPart>) -> Result<Vec<Share>, ReceivingRefusal> {
    share_out(received, measure, parts, 1_000)
}

const WARM: Fault = Fault::TooWarm { probed: DeciCelsius(112), limit: DeciCelsius(70) };
const SHORT_LIVED: Fault = Fault::LifeTooShort { days: 2, wanted: 4 };

#[test]
fn strawberries_are_taken_in_four_parts() {
    let grams = Quantity::grams;
    let parts = vec![
        part(Disposition::Reject, grams(3_000)),
        part(Disposition::Accept, grams(40_000)),
        part(Disposition::Quarantine, grams(2_000)),
        part(Disposition::Concession, grams(5_000)),
    ];

    let shares = shares(grams(50_000), Measure::Weighed, parts).unwrap();

    let told: Vec<(Disposition, i64, i64)> =
        shares.iter().map(|share| (share.disposition, share.quantity.grams_or_zero(), share.cut_bp)).collect();
    let (accept, concession) = ((Disposition::Accept, 40_000, 0), (Disposition::Concession, 5_000, 1_000));
    assert_eq!(told, [accept, concession, (Disposition::Quarantine, 2_000, 0), (Disposition::Reject, 3_000, 0)]);
}

#[test]
fn a_gram_too_few_or_too_many_is_refused() {
    for grams in [49_999, 50_001] {
        let refused =
            shares(Quantity::grams(50_000), Measure::Weighed, vec![part(Disposition::Accept, Quantity::grams(grams))]);
        assert!(matches!(refused, Err(ReceivingRefusal::PartsDoNotAddUp { .. })), "{grams}");
    }
    let fish = Quantity::weighing(5, 9_000);
    let missing_piece =
        shares(fish, Measure::CatchWeight, vec![part(Disposition::Accept, Quantity::weighing(4, 9_000))]);
    assert!(matches!(missing_piece, Err(ReceivingRefusal::PartsDoNotAddUp { .. })));
}

#[test]
fn a_disposition_is_used_once() {
    let halves = vec![part(Disposition::Accept, Quantity::grams(1)), part(Disposition::Accept, Quantity::grams(1))];
    let refused = shares(Quantity::grams(2), Measure::Weighed, halves);
    assert!(matches!(refused, Err(ReceivingRefusal::DisposedTwice { disposition: Disposition::Accept })));
}

#[test]
fn warm_goods_are_held_or_refused_and_never_sold_cheaper() {
    for (disposition, allowed) in [
        (Disposition::Accept, false),
        (Disposition::Concession, false),
        (Disposition::Quarantine, true),
        (Disposition::Reject, true),
    ] {
        let share = shares(Quantity::grams(9), Measure::Weighed, vec![part(disposition, Quantity::grams(9))]).unwrap();
        assert_eq!(demand_allowed(&share, &[WARM]).is_ok(), allowed, "{disposition}");
    }
}

#[test]
fn short_life_may_be_taken_at_a_cut_price_but_not_as_ordered() {
    assert_eq!(bar(&[SHORT_LIVED]), Bar::Acceptance);
    assert_eq!(bar(&[SHORT_LIVED, WARM]), Bar::Taking);
    assert!(is_allowed(Disposition::Concession, Bar::Acceptance));
    assert!(!is_allowed(Disposition::Accept, Bar::Acceptance));
}

#[test]
fn a_blemish_that_customers_forgive_forbids_nothing() {
    assert_eq!(bar(&[Fault::Deviates { criterion: Criterion::Appearance }]), Bar::Nothing);
    assert_eq!(bar(&[Fault::Deviates { criterion: Criterion::EyesAndGills }]), Bar::Acceptance);
    assert_eq!(bar(&[Fault::Deviates { criterion: Criterion::Smell }]), Bar::Taking);
}

#[test]
fn the_cut_meets_the_exact_amount_and_is_rounded_once() {
    let per_jin = Price::per(Unit::TaiwanJin, Money(60));
    // 5 kg at 60 a 台斤 are 500; a tenth less is 450.
    assert_eq!(worth(per_jin, Quantity::grams(5_000), 1_000), Some(Money(450)));
    // 1234 g are 123.4; 7 % less is 114.762, not the 114.39 of a price that was rounded first.
    assert_eq!(worth(per_jin, Quantity::grams(1_234), 700), Some(Money(115)));
    assert_eq!(worth(per_jin, Quantity::grams(1_234), 10_000), Some(Money::ZERO));
    assert_eq!(worth(Price::per_piece(Money::MAX), Quantity::pieces(Quantity::MAX), 0), None);
}

#[test]
fn life_is_counted_in_whole_days_after_today() {
    let taipei = SiteTime::new("Asia/Taipei", 240).unwrap();
    let noon: Instant = "2026-03-28T04:00:00Z".parse().unwrap();
    let end_of = |day: &str| Some(taipei.end_of(day.parse().unwrap()));
    assert_eq!(days_left(&taipei, noon, end_of("2026-03-28")), Some(0));
    assert_eq!(days_left(&taipei, noon, end_of("2026-03-31")), Some(3));
    assert_eq!(days_left(&taipei, noon, end_of("2026-03-27")), Some(-1));
    assert_eq!(days_left(&taipei, noon, None), None);
}

#[test]
fn two_scales_may_differ_by_the_tolerance_and_no_more() {
    assert_eq!(short_weight(50_000, 48_500, 300), None);
    assert_eq!(short_weight(50_000, 48_499, 300), Some(1_501));
    assert_eq!(short_weight(50_000, 51_000, 300), None);
}

#[test]
fn a_line_has_room_for_what_is_tolerated_and_is_whole_when_it_nearly_is() {
    assert_eq!(room(100_000, 0, 500), 105_000);
    assert_eq!(room(100_000, 104_000, 500), 1_000);
    assert_eq!(room(100_000, 106_000, 500), 0);
    assert!(is_whole(100_000, 97_000, 300));
    assert!(!is_whole(100_000, 96_999, 300));
}

#[test]
fn a_sample_smaller_than_planned_proves_nothing() {
    let plan = Plan { letter: 'H', sample: 50, accept: 1, coverage: crate::receiving::sampling::Coverage::Sample };
    let drawn = |drawn, faulty| sampled(plan, Drawn { class: FaultClass::Major, drawn, faulty });
    assert!(matches!(drawn(49, 0), Err(ReceivingRefusal::TooFewDrawn { .. })));
    assert!(matches!(drawn(50, 51), Err(ReceivingRefusal::MoreFaultyThanDrawn { .. })));
    assert_eq!(drawn(50, 1).unwrap(), None);
    assert_eq!(drawn(50, 2).unwrap(), Some(Fault::SampleFailed { class: FaultClass::Major, faulty: 2, accept: 1 }));
}

/// Any way to deal out a number over up to four dispositions, each of which gets something.
fn dealt(whole: i64, cuts: &[i64], dispositions: &[Disposition]) -> Vec<(Disposition, i64)> {
    let parts = i64::try_from(dispositions.len()).unwrap();
    let weights: Vec<i64> = dispositions.iter().enumerate().map(|(at, _)| cuts[at % cuts.len()] + 1).collect();
    let rest = kernel::split(whole - parts, &weights);
    dispositions.iter().copied().zip(rest.into_iter().map(|share| share + 1)).collect()
}

fn some_dispositions() -> impl Strategy<Value = Vec<Disposition>> {
    proptest::sample::subsequence(Disposition::ALL.to_vec(), 1..=4).prop_shuffle()
}

proptest! {
    /// Whatever the dock decides, accepted + concession + quarantined + rejected is what was weighed.
    #[test]
    fn the_dock_balances(
        grams in 4_i64..900_000, pieces in 4_i64..5_000, cuts in proptest::collection::vec(0_i64..1_000, 4),
        dispositions in some_dispositions(), measure in proptest::sample::select(vec![
            Measure::Counted, Measure::Weighed, Measure::CatchWeight,
        ]),
    ) {
        let received = match measure {
            Measure::Weighed => Quantity::grams(grams),
            Measure::Counted | Measure::CatchWeight => Quantity::weighing(pieces, grams),
        };
        let (by_piece, by_gram) = (dealt(pieces, &cuts, &dispositions), dealt(grams, &cuts, &dispositions));
        let parts = by_piece.iter().zip(&by_gram).map(|((disposition, pieces), (_, grams))| {
            part(*disposition, match measure {
                Measure::Weighed => Quantity::grams(*grams),
                Measure::Counted => Quantity::pieces(*pieces),
                Measure::CatchWeight => Quantity::weighing(*pieces, *grams),
            })
        });

        let shares = shares(received, measure, parts.collect()).unwrap();

        let sum = Quantity::sum(shares.iter().map(|share| share.quantity)).unwrap();
        prop_assert_eq!((sum.pieces, sum.grams), (received.pieces, received.grams));
        prop_assert!(shares.iter().all(|share| !share.quantity.is_negative() && !share.quantity.is_nothing()));
    }

    /// A line whose parts are not what was weighed is refused, whichever way it is wrong.
    #[test]
    fn nothing_is_lost_or_invented(grams in 10_i64..900_000, wrong in -9_i64..10, accept in 1_i64..9) {
        let parts = vec![
            part(Disposition::Accept, Quantity::grams(accept)),
            part(Disposition::Reject, Quantity::grams(grams - accept + wrong)),
        ];
        let shared = shares(Quantity::grams(grams), Measure::Weighed, parts);
        prop_assert_eq!(shared.is_ok(), wrong == 0 && grams > accept);
    }

    /// A cut never makes goods dearer, and never takes more than it says by more than a rounding.
    #[test]
    fn a_cut_takes_its_share(grams in 1_i64..1_000_000, money in 0_i64..100_000, cut in 0_i64..10_001) {
        let price = Price::per(Unit::Kilogram, Money(money));
        let (full, less) = (worth(price, Quantity::grams(grams), 0), worth(price, Quantity::grams(grams), cut));
        let (full, less) = (full.unwrap(), less.unwrap());
        prop_assert!(less <= full && less >= Money::ZERO);
        let exact = i128::from(grams) * i128::from(money) * i128::from(10_000 - cut);
        prop_assert!((i128::from(less.minor()) * 10_000_000 - exact).abs() <= 5_010_000);
    }
}
