//! Hot sellers: what earns, how steadily it sells, and where it goes.

use crate::number;

/// One product over a period.
#[derive(Clone, Debug)]
pub struct Seller<K> {
    pub key: K,
    /// What it earned: revenue less what the goods cost; may be a loss.
    pub margin: i64,
    /// What was sold each day of the period, days without a sale too.
    pub daily: Vec<i64>,
    /// What was sold in the period before, of the same length.
    pub before: i64,
}

/// Where a product stands among the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rank<K> {
    pub key: K,
    pub margin: i64,
    pub volume: i64,
    pub before: i64,
    /// A earns the first eight tenths of the margin, B up to nineteen twentieths, C the rest.
    pub by_margin: char,
    /// The same by volume.
    pub by_volume: char,
    pub variability: Variability,
    /// Standard deviation of the days over their mean, in hundredths of a percent; none without a sale.
    pub variation_bp: Option<i64>,
    /// Against the period before, in hundredths of a percent; none if there was nothing before.
    pub growth_bp: Option<i64>,
}

/// How steadily it sells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variability {
    /// Every day about the same.
    X,
    Y,
    /// Anything may happen.
    Z,
}

const A_THROUGH_BP: i128 = 8_000;
const B_THROUGH_BP: i128 = 9_500;
const X_BELOW_BP: i64 = 5_000;
const Y_BELOW_BP: i64 = 10_000;

/// Ranks products, what earns most first; what earns the same by volume, then by key.
pub fn rank<K: Ord + Clone>(mut sellers: Vec<Seller<K>>) -> Vec<Rank<K>> {
    sellers.sort_by(|a, b| {
        let volume = |seller: &Seller<K>| seller.daily.iter().sum::<i64>();
        (b.margin, volume(b)).cmp(&(a.margin, volume(a))).then_with(|| a.key.cmp(&b.key))
    });
    let margins: Vec<i64> = sellers.iter().map(|seller| seller.margin).collect();
    let volumes: Vec<i64> = sellers.iter().map(|seller| seller.daily.iter().sum()).collect();
    let (by_margin, by_volume) = (classes(&margins), classes(&volumes));
    let ranked = sellers.into_iter().zip(volumes).zip(by_margin.into_iter().zip(by_volume));
    ranked
        .map(|((seller, volume), (by_margin, by_volume))| {
            let variation_bp = variation_bp(&seller.daily);
            Rank {
                margin: seller.margin,
                volume,
                before: seller.before,
                by_margin,
                by_volume,
                variability: match variation_bp {
                    Some(bp) if bp <= X_BELOW_BP => Variability::X,
                    Some(bp) if bp <= Y_BELOW_BP => Variability::Y,
                    Some(_) | None => Variability::Z,
                },
                variation_bp,
                growth_bp: growth_bp(seller.before, volume),
                key: seller.key,
            }
        })
        .collect()
}

/// The class of each value, by the share that it and all larger ones have of the whole. What brings nothing is C.
fn classes(values: &[i64]) -> Vec<char> {
    let whole: i128 = values.iter().map(|value| i128::from(*value).max(0)).sum();
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(values.get(*at).copied().unwrap_or(0)));
    let mut classes = vec!['C'; values.len()];
    let mut before: i128 = 0;
    for at in order {
        let value = values.get(at).map_or(0, |value| i128::from(*value));
        // The one that crosses the line still belongs to the better class: A is never empty.
        let class = match before * 10_000 {
            _ if value <= 0 => 'C',
            share if share < A_THROUGH_BP * whole => 'A',
            share if share < B_THROUGH_BP * whole => 'B',
            _ => 'C',
        };
        before += value.max(0);
        if let Some(slot) = classes.get_mut(at) {
            *slot = class;
        }
    }
    classes
}

fn variation_bp(daily: &[i64]) -> Option<i64> {
    let count = number::count(daily.len());
    let mean = daily.iter().copied().map(number::float).sum::<f64>() / count.max(1.0);
    if mean <= 0.0 {
        return None;
    }
    let squares: f64 = daily.iter().map(|sold| (number::float(*sold) - mean).powi(2)).sum();
    Some(number::whole((squares / count).sqrt() / mean * 10_000.0))
}

fn growth_bp(before: i64, now: i64) -> Option<i64> {
    let change = (i128::from(now) - i128::from(before)) * 10_000;
    let bp = change.checked_div(i128::from(before.max(0)))?;
    i64::try_from(bp).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seller(key: &'static str, margin: i64, daily: &[i64], before: i64) -> Seller<&'static str> {
        Seller { key, margin, daily: daily.to_vec(), before }
    }

    #[test]
    fn a_few_earn_most() {
        let ranked = rank(vec![
            seller("parsley", 10, &[1, 0, 0, 9], 20),
            seller("strawberries", 700, &[10, 11, 10, 9], 20),
            seller("spinach", 200, &[100, 90, 110, 100], 400),
            seller("durian", -50, &[0, 0, 0, 1], 0),
            seller("eggs", 90, &[5, 5, 5, 5], 20),
        ]);

        let classes: Vec<(&str, char, char)> =
            ranked.iter().map(|rank| (rank.key, rank.by_margin, rank.by_volume)).collect();
        assert_eq!(
            classes,
            [
                ("strawberries", 'A', 'B'),
                ("spinach", 'A', 'A'),
                ("eggs", 'B', 'B'),
                ("parsley", 'C', 'C'),
                ("durian", 'C', 'C')
            ]
        );
    }

    #[test]
    fn steadiness_and_growth_are_told_apart() {
        let ranked = rank(vec![
            seller("eggs", 3, &[5, 5, 5, 5], 10),
            seller("parsley", 2, &[1, 0, 0, 9], 20),
            seller("durian", 1, &[0, 0, 0, 0], 0),
        ]);
        assert_eq!((ranked[0].variability, ranked[0].variation_bp), (Variability::X, Some(0)));
        assert_eq!((ranked[0].growth_bp, ranked[1].growth_bp), (Some(10_000), Some(-5_000)));
        assert_eq!(ranked[1].variability, Variability::Z);
        assert_eq!((ranked[2].variation_bp, ranked[2].growth_bp), (None, None));
    }
}
