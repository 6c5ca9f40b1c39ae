//! Prices for what ends: how low, and when, so that what is left brings the most.
//!
//! Demand falls with the price: at price `p` a day wants `a·e^(−b·p)` units (`a` at nothing, `b` by how much a unit of
//! money drives customers away). Stock is divisible here; a shop rounds.

use crate::number;

/// How customers take to a price.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Taste {
    /// What a day would want if it cost nothing.
    pub at_nothing: f64,
    /// By how much the logarithm of demand falls for each unit of money.
    pub driven_away: f64,
}

impl Taste {
    pub fn wanted(&self, price: f64) -> f64 {
        self.at_nothing * (-self.driven_away * price).exp()
    }
}

/// A price of a day, and what it is expected to sell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tag {
    pub price: f64,
    pub sells: f64,
}

/// The best price of the last day for so much stock, when a unit left over still brings `salvage`. None where taste or
/// stock say nothing.
///
/// ```
/// use forecast::replenish::markdown::{Taste, last_day};
///
/// let taste = Taste { at_nothing: 200.0, driven_away: 0.5 };
/// let plenty = last_day(taste, 100.0, 0.0).unwrap();
/// assert_eq!((plenty.price, plenty.sells.round()), (2.0, 74.0));
/// assert!((last_day(taste, 20.0, 0.0).unwrap().price - 4.605).abs() < 0.001);
/// ```
pub fn last_day(taste: Taste, stock: f64, salvage: f64) -> Option<Tag> {
    let sound = taste.at_nothing > 0.0 && taste.driven_away > 0.0 && stock > 0.0 && salvage >= 0.0;
    if !sound || ![taste.at_nothing, taste.driven_away, stock, salvage].iter().all(|number| number.is_finite()) {
        return None;
    }
    // Either the best price were there no end of stock, or the one that just clears it.
    let clearing = (taste.at_nothing / stock).ln() / taste.driven_away;
    let price = (salvage + 1.0 / taste.driven_away).max(clearing);
    Some(Tag { price, sells: taste.wanted(price).min(stock) })
}

/// Into how many steps a stock is divided.
const STEPS: usize = 100;
/// Further days than these are not looked through.
const DAYS_MOST: usize = 60;

/// The prices of several days for one stock that ends with the last of them, and what the whole brings; each day may want
/// something else. No price lies above `full`. None where a day says nothing.
pub fn days(tastes: &[Taste], stock: f64, salvage: f64, full: f64) -> Option<(Vec<Tag>, f64)> {
    if tastes.is_empty() || tastes.len() > DAYS_MOST || !full.is_finite() || full <= 0.0 {
        return None;
    }
    for taste in tastes {
        last_day(*taste, stock, salvage)?;
    }
    let step = stock / number::count(STEPS);
    // What so many steps of stock are worth at the end of each day, last day first.
    let mut worth: Vec<f64> = (0..=STEPS).map(|left| number::count(left) * step * salvage).collect();
    let mut choices: Vec<Vec<usize>> = Vec::new();
    for taste in tastes.iter().rev() {
        // At the full price some sell anyway; to sell less there is no price.
        let unforced = taste.wanted(full);
        let mut best = vec![0.0; STEPS + 1];
        let mut choice = vec![0; STEPS + 1];
        for have in 0..=STEPS {
            let mut top = (0, f64::NEG_INFINITY);
            for sold in 0..=have {
                let units = number::count(sold) * step;
                if units + step <= unforced && sold < have {
                    continue;
                }
                let price = if sold == 0 { full } else { (taste.at_nothing / units).ln() / taste.driven_away };
                let price = price.min(full);
                if price < 0.0 {
                    continue;
                }
                let value = units * price + worth[have - sold];
                if value > top.1 {
                    top = (sold, value);
                }
            }
            (choice[have], best[have]) = if top.1.is_finite() { top } else { (0, worth[have]) };
        }
        worth = best;
        choices.push(choice);
    }
    let mut have = STEPS;
    let tags = tastes.iter().zip(choices.iter().rev()).map(|(taste, choice)| {
        let sold = choice[have];
        have -= sold;
        let sells = number::count(sold) * step;
        let clearing = if sold == 0 { full } else { (taste.at_nothing / sells).ln() / taste.driven_away };
        Tag { price: clearing.clamp(0.0, full), sells }
    });
    Some((tags.collect(), worth[STEPS]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TASTE: Taste = Taste { at_nothing: 200.0, driven_away: 0.5 };

    #[test]
    fn one_day_of_several_is_the_last_day() {
        for stock in [20.0, 100.0] {
            let (tags, brings) = days(&[TASTE], stock, 0.0, 10.0).unwrap();
            let alone = last_day(TASTE, stock, 0.0).unwrap();
            assert!((tags[0].price - alone.price).abs() < 0.05, "{tags:?} {alone:?}");
            assert!((brings - alone.price * alone.sells).abs() < 0.5);
        }
    }

    #[test]
    fn two_days_bring_more_than_one_and_share_the_stock() {
        let (tags, two) = days(&[TASTE, TASTE], 60.0, 0.0, 10.0).unwrap();
        let (_, one) = days(&[TASTE], 60.0, 0.0, 10.0).unwrap();
        assert!(two > one);
        assert!((tags[0].sells + tags[1].sells - 60.0).abs() < 1e-6);
        assert!((tags[0].price - tags[1].price).abs() < 0.2, "{tags:?}");
    }

    #[test]
    fn what_cannot_be_priced_is_not() {
        assert_eq!(last_day(TASTE, 0.0, 0.0), None);
        assert_eq!(last_day(Taste { driven_away: f64::NAN, ..TASTE }, 5.0, 0.0), None);
        assert_eq!(days(&[], 5.0, 0.0, 3.0), None);
    }
}
