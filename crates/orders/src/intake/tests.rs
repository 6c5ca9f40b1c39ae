use catalog::{Hygiene, Listing, Names, NewSku, Odour, PriceId, Priced, Sku, TaxClass, TaxClasses};
use kernel::{Id, Measure, Money, Price, Quantity, Round, SkuId, TemperatureClass, Unit};
use proptest::prelude::*;
use store::Uuid;

use super::{LineFault, NewOrder, estimate, ordered};

fn sku(measure: Measure, nominal_grams: Option<i64>, tolerance_bp: i64) -> Sku {
    let new = NewSku {
        code: "FISH".to_owned(),
        names: Names::alike("fish"),
        category: "fresh".to_owned(),
        measure,
        nominal_grams,
        tolerance_bp,
        estimate_buffer_bp: 0,
        temperature_class: TemperatureClass::Chilled,
        shelf_life_days: None,
        life_at_door_days: 0,
        tax: TaxClasses { tw: TaxClass::Exempt, cn: TaxClass::Vat9 },
        gtin: None,
        allergens: Vec::new(),
        odour: Odour::Neutral,
        hygiene: Hygiene::Raw,
        case_amount: 1,
        listing: Listing::Active,
    };
    Sku {
        id: SkuId::from_uuid(Uuid::from_u128(1)),
        code: new.code,
        names: new.names,
        category: new.category,
        measure: new.measure,
        nominal_grams: new.nominal_grams,
        tolerance_bp: new.tolerance_bp,
        estimate_buffer_bp: new.estimate_buffer_bp,
        temperature_class: new.temperature_class,
        shelf_life_days: new.shelf_life_days,
        life_at_door_days: new.life_at_door_days,
        tax: new.tax,
        gtin: new.gtin,
        allergens: new.allergens,
        odour: new.odour,
        hygiene: new.hygiene,
        case_amount: new.case_amount,
        listing: new.listing,
        revision: 1,
    }
}

fn priced(price: Price) -> Priced {
    Priced { price, source: PriceId::from_uuid(Uuid::from_u128(2)) }
}

#[test]
fn a_fish_is_estimated_by_its_nominal_weight() {
    let fish = sku(Measure::CatchWeight, Some(600), 1_000);
    let estimate = estimate(&fish, priced(Price::per(Unit::TaiwanJin, Money(300))), Quantity::pieces(2)).unwrap();

    assert_eq!(estimate.quantity, Quantity::weighing(2, 1_200).estimated());
    let range = estimate.range;
    assert_eq!((range.low, range.expected, range.bound), (Money(540), Money(600), Money(660)));
}

#[test]
fn goods_are_ordered_the_way_they_are_sold() {
    assert_eq!(ordered(Measure::Counted, Quantity::pieces(3)), Ok(Quantity::pieces(3)));
    assert_eq!(ordered(Measure::Weighed, Quantity::grams(600)), Ok(Quantity::grams(600)));
    for (measure, wrong) in [
        (Measure::Counted, Quantity::grams(600)),
        (Measure::CatchWeight, Quantity::weighing(1, 600)),
        (Measure::Weighed, Quantity::pieces(3)),
        (Measure::Weighed, Quantity::NONE),
    ] {
        assert_eq!(ordered(measure, wrong), Err(LineFault::WrongMeasure { measure }), "{wrong}");
    }
    assert_eq!(ordered(Measure::Counted, Quantity::pieces(10_001)), Err(LineFault::TooMuch { most: 10_000 }));
}

#[test]
fn the_door_refuses_what_cannot_be_meant() {
    let order = |token: &str, pieces: i64| {
        let written = serde_json::json!({
            "address": Uuid::from_u128(3),
            "window": { "start": "2026-03-28T10:00:00Z", "end": "2026-03-28T12:00:00Z" },
            "lines": [{ "sku": Uuid::from_u128(1), "quantity": { "pieces": pieces } }],
            "payment_token": token,
        });
        serde_json::from_value::<NewOrder>(written).unwrap().parse()
    };
    assert!(order("sim:ok", 1).is_ok());
    for (token, pieces) in [("", 1), ("a token", 1), ("sim:ok", 0), ("sim:ok", -1), ("sim:ok", 1_000_000_001)] {
        assert_eq!(order(token, pieces).unwrap_err().code(), "request/invalid", "{token} {pieces}");
    }
}

proptest! {
    /// Whatever the scale says within tolerance is never above what was authorised, and never below what was shown.
    #[test]
    fn the_range_holds_every_weight_within_tolerance(
        pieces in 1..200_i64,
        nominal in 1..5_000_i64,
        tolerance_bp in 0..5_000_i64,
        money in 0..100_000_i64,
        unit in proptest::sample::select(Unit::ALL.to_vec()),
        stray in 0..=10_000_i64,
    ) {
        let fish = sku(Measure::CatchWeight, Some(nominal), tolerance_bp);
        let price = Price::per(unit, Money(money));
        let estimate = estimate(&fish, priced(price), Quantity::pieces(pieces)).unwrap();
        let grams = pieces * nominal;
        let (least, most) = (grams * (10_000 - tolerance_bp) / 10_000, grams * (10_000 + tolerance_bp) / 10_000);
        let scale = least + (most - least) * stray / 10_000;

        let charged = price.of(Quantity::weighing(pieces, scale), Round::HalfUp).unwrap();

        prop_assert!(estimate.range.low <= estimate.range.expected && estimate.range.expected <= estimate.range.bound);
        prop_assert!(estimate.range.low <= charged && charged <= estimate.range.bound);
    }
}
