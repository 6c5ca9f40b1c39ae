//! Tax inside consumer prices: how much of a gross amount it is, by class.
//!
//! Prices to consumers include tax. The net amount is taken out of the gross sum of an invoice's class, once,
//! half up; the tax is the rest, so that net and tax always add up to what the customer pays.

use std::collections::BTreeMap;

use catalog::TaxClass;
use kernel::{Money, Ratio, Round};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

const WHOLE_BP: i64 = 10_000;

/// What is left of a gross amount without its tax, half up. `None` when the amount is beyond all bounds.
pub fn net(class: TaxClass, gross: Money) -> Option<Money> {
    // gross = net × (100 % + rate). A negative gross mirrors its charge.
    let whole = WHOLE_BP.checked_add(class.rate_bp())?;
    Ratio::new(WHOLE_BP, whole)?.times(gross.minor(), Round::HalfUp).map(Money)
}

/// One class on an invoice or an allowance. `gross = net + tax`, always.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClassTotal {
    pub class: TaxClass,
    pub gross: Money,
    pub net: Money,
    pub tax: Money,
}

/// The totals of a document by class, in the order of the classes; each is rounded once.
pub fn totals(lines: impl IntoIterator<Item = (TaxClass, Money)>) -> Option<Vec<ClassTotal>> {
    let mut gross = BTreeMap::<TaxClass, Money>::new();
    for (class, amount) in lines {
        *gross.entry(class).or_default() += amount;
    }
    gross
        .into_iter()
        .map(|(class, gross)| {
            let net = net(class, gross)?;
            Some(ClassTotal { class, gross, net, tax: gross - net })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Money, TaxClass, net, totals};

    #[test]
    fn taiwan_takes_five_percent_out_of_the_sum_half_up() {
        // 105 holds exactly 5. 11 ÷ 1.05 = 10.476 goes down to 10, 10 ÷ 1.05 = 9.524 goes up to 10.
        for (gross, expected) in
            [(105, 100), (11, 10), (10, 10), (21, 20), (1, 1), (0, 0), (1_000, 952), (-105, -100), (-11, -10)]
        {
            assert_eq!(net(TaxClass::Taxed5, Money(gross)), Some(Money(expected)), "{gross}");
        }
        assert_eq!(net(TaxClass::Exempt, Money(77)), Some(Money(77)));
        assert_eq!(net(TaxClass::Zero, Money(77)), Some(Money(77)));
    }

    #[test]
    fn the_mainland_takes_nine_and_thirteen() {
        assert_eq!(net(TaxClass::Vat9, Money(10_900)), Some(Money(10_000)));
        assert_eq!(net(TaxClass::Vat13, Money(11_300)), Some(Money(10_000)));
        assert_eq!(net(TaxClass::Vat9, Money(1_280)), Some(Money(1_174)));
    }

    #[test]
    fn a_class_is_rounded_once_and_not_line_by_line() {
        // Ten lines of 11 would lose 4.76 each by line; the sum of 110 holds 5.24, so 105 and 5.
        let found = totals(std::iter::repeat_n((TaxClass::Taxed5, Money(11)), 10)).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].gross, found[0].net, found[0].tax), (Money(110), Money(105), Money(5)));
    }

    proptest! {
        #[test]
        fn net_and_tax_are_the_gross(amounts in proptest::collection::vec((0_usize..5, 0_i64..1_000_000), 1..20)) {
            let lines = amounts.iter().map(|(class, gross)| (TaxClass::ALL[*class], Money(*gross)));
            let paid: Money = amounts.iter().map(|(_, gross)| Money(*gross)).sum();
            let found = totals(lines).unwrap();
            prop_assert_eq!(found.iter().map(|total| total.net + total.tax).sum::<Money>(), paid);
            prop_assert!(found.iter().all(|total| total.tax >= Money::ZERO));
        }
    }
}
