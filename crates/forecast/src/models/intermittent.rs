//! Goods that sell now and then: how likely or how far apart a sale is, and how large.

use super::{Ask, Paths, naive::mean};

/// The speeds that are tried. A search would only follow the noise.
const SPEEDS: [f64; 5] = [0.02, 0.05, 0.1, 0.2, 0.3];

/// A forecast that is the same for all steps ahead, and learns.
trait Steady: Clone {
    fn learn(&mut self, sold: f64);
    fn tell(&self) -> f64;
}

#[derive(Clone, Debug)]
struct Tsb {
    likely: f64,
    size: f64,
    speed: f64,
}

impl Steady for Tsb {
    fn learn(&mut self, sold: f64) {
        let came = f64::from(u8::from(sold > 0.0));
        self.likely += self.speed * (came - self.likely);
        if sold > 0.0 {
            self.size += self.speed * (sold - self.size);
        }
    }

    fn tell(&self) -> f64 {
        self.likely * self.size
    }
}

#[derive(Clone, Debug)]
struct Sba {
    apart: f64,
    waited: f64,
    size: f64,
    speed: f64,
}

impl Steady for Sba {
    fn learn(&mut self, sold: f64) {
        if sold > 0.0 {
            self.size += self.speed * (sold - self.size);
            self.apart += self.speed * (self.waited - self.apart);
            self.waited = 0.0;
        }
        self.waited += 1.0;
    }

    fn tell(&self) -> f64 {
        (1.0 - self.speed / 2.0) * self.size / self.apart.max(1.0)
    }
}

pub(super) fn tsb(ask: &Ask<'_>) -> Paths {
    let (likely, size) = at_first(ask.history);
    best(ask, |speed| Tsb { likely, size, speed })
}

pub(super) fn sba(ask: &Ask<'_>) -> Paths {
    let (likely, size) = at_first(ask.history);
    best(ask, |speed| Sba { apart: 1.0 / likely.max(0.01), waited: 1.0, size, speed })
}

/// How often something sold in the first weeks, and how much then.
fn at_first(history: &[f64]) -> (f64, f64) {
    let early = &history[..history.len().min(56)];
    let sales: Vec<f64> = early.iter().copied().filter(|sold| *sold > 0.0).collect();
    (crate::number::count(sales.len()) / crate::number::count(early.len()).max(1.0), mean(&sales))
}

fn best<S: Steady>(ask: &Ask<'_>, with: impl Fn(f64) -> S) -> Paths {
    let squares = |speed: f64| {
        let mut model = with(speed);
        let squares = ask.history.iter().map(|sold| {
            let error = sold - model.tell();
            model.learn(*sold);
            error * error
        });
        squares.sum::<f64>()
    };
    let speed = SPEEDS.into_iter().min_by(|a, b| squares(*a).total_cmp(&squares(*b))).unwrap_or(SPEEDS[2]);
    let mut model = with(speed);
    let mut paths = ask.empty();
    for at in 0..=ask.history.len() {
        if at >= ask.first {
            paths.values.extend(std::iter::repeat_n(model.tell(), ask.horizon));
        }
        if let Some(sold) = ask.history.get(at) {
            model.learn(*sold);
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::super::Model;

    #[test]
    fn cakes_that_sell_every_fourth_day_are_expected_by_the_quarter() {
        let history: Vec<f64> = (0..200).map(|day| if day % 4 == 3 { 8.0 } else { 0.0 }).collect();
        for model in [Model::Tsb, Model::Sba] {
            let told = model.paths(&history, 7, 200, 1).from(200)[0];
            assert!((1.7..=2.3).contains(&told), "{} {told}", model.name());
        }
    }

    #[test]
    fn goods_that_nobody_wants_any_more_fade() {
        let history: Vec<f64> = (0..300).map(|day| if day < 150 && day % 2 == 0 { 4.0 } else { 0.0 }).collect();
        assert!(Model::Tsb.paths(&history, 7, 300, 1).from(300)[0] < 0.4);
    }
}
