//! Copies of a series as a shop would have written them that ran out now and then: to learn what running out does to
//! forecasts, and whether it is undone. The demand itself stays known to whoever judges.

use crate::chance::Chance;
use crate::{Observation, Series, Shelf, number};

/// How often the copy runs out, and what is written down of it.
#[derive(Clone, Copy, Debug)]
pub struct Mask {
    /// The share of days that run out, 0 through 1.
    pub sold_out: f64,
    pub written: Written,
    pub stock: Stock,
    pub seed: u64,
}

/// What the shop has of a product in the morning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stock {
    /// Always filled up to the same level.
    Level,
    /// So much more than the same weekdays of the last weeks wanted.
    Weekday,
}

/// What a shop writes down of a day that ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// The hour; the share that had come by then is read from the hours of days that did not run out.
    Hour,
    /// That it ran out.
    Day,
    /// Nothing: sales are taken for demand.
    Nothing,
}

const HOURS: usize = 14;
/// Weeks whose same days make the stock of a day.
const WEEKS: usize = 8;
/// How far the stock of a day strays from what it ought to be.
const STOCK_STRAYS: f64 = 0.15;
/// A day's demand comes in so many parcels at most.
const PARCELS_MOST: usize = 400;
/// How many days of the chain's profile stand beside the product's own days.
const OTHER_DAYS: f64 = 8.0;

/// The series as the shop writes it.
pub fn masked(series: &Series, season: usize, mask: Mask) -> Series {
    let demand: Vec<f64> = series.steps.iter().map(|step| step.sold.unwrap_or(0.0)).collect();
    let mut chance =
        Chance::of(mask.seed, series.key.bytes().fold(7, |sum, byte| sum * 31 % 1_000_003 + u64::from(byte)));
    let usual = usual_stock(&demand, season, mask.stock, &mut chance);
    let factor = factor(&demand, &usual, mask.sold_out);
    let profile = profile(&mut chance);
    let days: Vec<Vec<f64>> = demand.iter().map(|wanted| hours(*wanted, &profile, &mut chance)).collect();
    let stock: Vec<f64> = demand.iter().zip(&usual).map(|(wanted, usual)| stock(*wanted, usual * factor)).collect();
    let learnt = learnt(&days, &demand, &stock, &profile);
    let mut copy = series.clone();
    for (at, step) in copy.steps.iter_mut().enumerate().filter(|(at, _)| demand[*at] > stock[*at]) {
        let shelf = match mask.written {
            Written::Hour => Shelf::SoldOut {
                share_bp: number::whole(share_by_then(&days[at], stock[at], &learnt) * 10_000.0).max(1),
            },
            Written::Day => Shelf::SoldOutSometime,
            Written::Nothing => Shelf::Stocked,
        };
        *step = Observation { sold: step.sold.map(|_| stock[at]), shelf };
    }
    copy
}

/// Whole pieces where the demand is whole.
fn stock(wanted: f64, stock: f64) -> f64 {
    if (wanted - wanted.round()).abs() < 1e-9 { stock.round().max(1.0) } else { stock }
}

fn usual_stock(demand: &[f64], season: usize, stock: Stock, chance: &mut Chance) -> Vec<f64> {
    let mean = demand.iter().sum::<f64>() / number::count(demand.len()).max(1.0);
    let of = |at: usize| {
        let same: Vec<f64> =
            (1..=WEEKS).filter_map(|back| demand.get(at.checked_sub(back * season)?).copied()).collect();
        let base = if same.is_empty() { mean } else { same.iter().sum::<f64>() / number::count(same.len()) };
        // Even what hardly sells has something on the shelf.
        base.max(0.3 * mean)
    };
    let of = |at: usize| if stock == Stock::Level { mean } else { of(at) };
    (0..demand.len()).map(|at| of(at) * (STOCK_STRAYS * chance.normal()).exp()).collect()
}

/// By what the stock must be multiplied so that just this share of days runs out.
fn factor(demand: &[f64], usual: &[f64], sold_out: f64) -> f64 {
    let mut ratios: Vec<f64> =
        demand.iter().zip(usual).filter(|(_, usual)| **usual > 0.0).map(|(wanted, usual)| wanted / usual).collect();
    number::sort(&mut ratios);
    let bp = number::whole((1.0 - sold_out.clamp(0.0, 1.0)) * 10_000.0);
    number::quantile(&ratios, bp)
}

/// Two busy times of a day, drawn for each product.
fn profile(chance: &mut Chance) -> Vec<f64> {
    let (morning, evening) = (2.0 + 2.0 * chance.share(), 9.0 + 2.0 * chance.share());
    let bell = |hour: f64, middle: f64| (-(hour - middle).powi(2) / 5.0).exp();
    let raw: Vec<f64> =
        (0..HOURS).map(|hour| 0.15 + bell(number::count(hour), morning) + bell(number::count(hour), evening)).collect();
    let sum: f64 = raw.iter().sum();
    raw.iter().map(|share| share / sum).collect()
}

/// The demand of a day by hours.
fn hours(wanted: f64, profile: &[f64], chance: &mut Chance) -> Vec<f64> {
    let mut hours = vec![0.0; profile.len()];
    let parcels = usize::try_from(number::whole(wanted.ceil())).unwrap_or(0).min(PARCELS_MOST);
    for _ in 0..parcels {
        let mut at = chance.share();
        let hour = profile.iter().position(|share| {
            at -= share;
            at < 0.0
        });
        hours[hour.unwrap_or(profile.len() - 1)] += wanted / number::count(parcels);
    }
    hours
}

/// The profile as the days that did not run out show it, leaning on what is usual elsewhere.
fn learnt(days: &[Vec<f64>], demand: &[f64], stock: &[f64], elsewhere: &[f64]) -> Vec<f64> {
    let mean = demand.iter().sum::<f64>() / number::count(demand.len()).max(1.0);
    let mut sums: Vec<f64> = elsewhere.iter().map(|share| share * mean * OTHER_DAYS).collect();
    for (day, _) in days.iter().zip(demand.iter().zip(stock)).filter(|(_, (wanted, stock))| wanted <= stock) {
        for (sum, came) in sums.iter_mut().zip(day) {
            *sum += came;
        }
    }
    let whole: f64 = sums.iter().sum();
    sums.iter().map(|sum| sum / whole.max(1e-12)).collect()
}

/// Which share of a day usually has come by the middle of the hour in which the stock ended.
fn share_by_then(day: &[f64], stock: f64, learnt: &[f64]) -> f64 {
    let (mut sold, mut share) = (0.0, 0.0);
    for (came, usual) in day.iter().zip(learnt) {
        sold += came;
        if sold >= stock {
            return (share + usual / 2.0).clamp(0.0001, 1.0);
        }
        share += usual;
    }
    1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_runs_out_as_often_as_asked_and_sells_no_more_than_was_wanted() {
        let sold: Vec<f64> = (0..400).map(|day| f64::from(20 + day * 7_919 % 23)).collect();
        let bread = Series::of("bread", 0, &sold);
        for written in [Written::Hour, Written::Day] {
            let copy = masked(&bread, 7, Mask { sold_out: 0.15, written, stock: Stock::Level, seed: 5 });
            let out = copy.steps.iter().filter(|step| step.shelf != Shelf::Stocked).count();
            assert!((50..=70).contains(&out), "{out}");
            assert!(copy.steps.iter().zip(&sold).all(|(step, wanted)| step.sold.is_some_and(|sold| sold <= *wanted)));
            assert_eq!(copy, masked(&bread, 7, Mask { sold_out: 0.15, written, stock: Stock::Level, seed: 5 }));
        }
    }
}
