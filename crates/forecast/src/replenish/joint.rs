//! What ends tonight, offered at a lower price, and decided together with the order: who buys it today may leave the shelf
//! to fresher goods, or need none of what is ordered.
//!
//! A cut of the price draws customers who would not have come, and costs the difference with every customer who would have
//! paid the full price. Both are data of the shop: how strongly a cut draws is by goods and place.

use super::shop::{Issue, Stock};
use crate::number;

/// How near-expiry goods may be marked down, and how customers take to it.
#[derive(Clone, Debug, PartialEq)]
pub struct MarkDown {
    cuts: Vec<f64>,
    price: f64,
    drawn: f64,
    switched: f64,
}

/// A way to mark down that is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MarkDownError {
    /// Cuts are shares of the price, above 0 and below 1.
    Cut { found: f64 },
    /// A price is above nothing.
    Price { found: f64 },
    /// A cut to nothing draws 0 through 10 as a logarithm, and makes a share of 0 through 1 switch.
    Taste { drawn: f64, switched: f64 },
}

impl std::fmt::Display for MarkDownError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Cut { found } => write!(out, "a cut of {found}: above 0 and below 1 of the price"),
            Self::Price { found } => write!(out, "a price of {found}: above 0"),
            Self::Taste { drawn, switched } => {
                write!(out, "drawn by {drawn} and switching by {switched}: 0 through 10 and 0 through 1")
            }
        }
    }
}

impl std::error::Error for MarkDownError {}

/// What a day sold of which something was marked down.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Sale {
    pub(crate) lacking: i64,
    /// Units at the lower price: to customers who would have come anyway, and to those that it drew.
    pub(crate) usual: i64,
    pub(crate) drawn: i64,
    /// What was given away less what was earned beside.
    pub(crate) cost: f64,
}

impl MarkDown {
    /// `cuts` are the shares of the `price` by which a unit may be cheaper. A cut of `c` draws `e^(drawn·c) - 1` times what
    /// is wanted anyway, and of those who come anyway the share `switched` takes what is marked down where they find it.
    ///
    /// ```
    /// use forecast::replenish::joint::MarkDown;
    ///
    /// let mark = MarkDown::of(&[0.2, 0.5], 1.0, 2.0, 0.3).unwrap();
    /// // For each ten that come anyway.
    /// assert_eq!((mark.draws(10, 0.0), mark.draws(10, 0.5)), (0, 17));
    /// assert!(MarkDown::of(&[1.2], 1.0, 2.0, 0.3).is_err());
    /// ```
    pub fn of(cuts: &[f64], price: f64, drawn: f64, switched: f64) -> Result<Self, MarkDownError> {
        if let Some(found) = cuts.iter().copied().find(|cut| !(*cut > 0.0 && *cut < 1.0)) {
            return Err(MarkDownError::Cut { found });
        }
        if !(price > 0.0 && price.is_finite()) {
            return Err(MarkDownError::Price { found: price });
        }
        if !(0.0..=10.0).contains(&drawn) || !(0.0..=1.0).contains(&switched) {
            return Err(MarkDownError::Taste { drawn, switched });
        }
        Ok(Self { cuts: cuts.to_vec(), price, drawn, switched })
    }

    /// No cut, and the cuts that there are.
    pub(crate) fn choices(&self) -> impl Iterator<Item = f64> {
        std::iter::once(0.0).chain(self.cuts.iter().copied())
    }

    /// How many customers a cut draws on a day that wants so much anyway.
    pub fn draws(&self, wanted: i64, cut: f64) -> i64 {
        number::whole(number::float(wanted.max(0)) * ((self.drawn * cut).exp() - 1.0))
    }

    /// Sells a day on which what ends tonight is cheaper by `cut`. Some who come anyway take it, those come whom it draws, and
    /// who finds nothing else takes what is left of it.
    pub(crate) fn sell(&self, stock: &mut Stock, wanted: i64, cut: f64, issue: Issue) -> Sale {
        if cut <= 0.0 || stock.oldest() == 0 {
            return Sale { lacking: stock.sell(wanted, issue), ..Sale::default() };
        }
        let wanted = wanted.max(0);
        let switch = stock.take_oldest(number::whole(number::float(wanted) * self.switched));
        let drawn = stock.take_oldest(self.draws(wanted, cut));
        let left = stock.take_oldest(i64::MAX);
        let open = stock.sell(wanted - switch, issue);
        let late = open.min(left);
        stock.receive(left - late, 1);
        let usual = switch + late;
        let cost = self.price * (cut * number::float(usual) - (1.0 - cut) * number::float(drawn));
        Sale { lacking: open - late, usual, drawn, cost }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_is_sold_once_and_every_customer_served_once() {
        for seed in 0..500_i64 {
            let draw = |nth: i64, most: i64| (seed * 7_919 + nth * 104_729) % most;
            let mark = MarkDown::of(&[0.3], 2.0, 3.0, number::float(draw(1, 11)) / 10.0).unwrap();
            let mut stock = Stock::of(&[draw(2, 30), draw(3, 20), draw(4, 20)]);
            let (before, old, wanted) = (stock.whole(), stock.oldest(), draw(5, 60));
            let sale = mark.sell(&mut stock, wanted, 0.3, if seed % 2 == 0 { Issue::Fefo } else { Issue::Lifo });
            assert_eq!(before - stock.whole(), wanted - sale.lacking + sale.drawn, "{sale:?}");
            assert!(sale.usual + sale.drawn <= old && sale.usual <= wanted, "{sale:?}");
            assert!(sale.lacking == 0 || stock.whole() == 0, "{sale:?} {stock:?}");
            let given = 2.0 * (0.3 * number::float(sale.usual) - 0.7 * number::float(sale.drawn));
            assert!((sale.cost - given).abs() < 1e-9);
        }
    }

    #[test]
    fn without_a_cut_it_is_a_day_like_any() {
        let mark = MarkDown::of(&[0.3], 1.0, 3.0, 0.5).unwrap();
        let (mut marked, mut plain) = (Stock::of(&[5, 5]), Stock::of(&[5, 5]));
        let sale = mark.sell(&mut marked, 12, 0.0, Issue::Lifo);
        assert_eq!((sale.lacking, marked), (plain.sell(12, Issue::Lifo), plain));
    }
}
