//! The gamma law: how days of one kind stray whose customers come by chance, at a pace that is chance too.

use crate::number;

/// Values above zero with a mean and a shape; the smaller the shape, the further they stray.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gamma {
    pub(crate) shape: f64,
    pub(crate) scale: f64,
}

impl Gamma {
    /// The law of this mean whose variance is `dispersion` times the mean.
    pub(crate) fn of(mean: f64, dispersion: f64) -> Self {
        Self { shape: mean / dispersion, scale: dispersion }
    }

    /// The share of values below `value`.
    pub(crate) fn below(self, value: f64) -> f64 {
        lower(self.shape, value / self.scale)
    }

    /// The share of values above `value`. Keeps its digits where next to none are.
    pub(crate) fn above(self, value: f64) -> f64 {
        upper(self.shape, value / self.scale)
    }

    /// The mean of the `power`-th powers of all values above `value`; the power is small, and none may lie there.
    pub(crate) fn mean_above(self, value: f64, power: f64) -> f64 {
        let beyond = self.above(value);
        if beyond < FAR {
            // So far out the law falls like an exponential one.
            let x = (value / self.scale).max(self.shape + 1.0);
            return (value.max(0.0) + self.scale * x / (x + 1.0 - self.shape)).powf(power);
        }
        let whole = (log_gamma(self.shape + power) - log_gamma(self.shape)).exp() * self.scale.powf(power);
        whole * upper(self.shape + power, value / self.scale) / beyond
    }

    /// What of the values above `value` the share `level` stays below, by halving.
    pub(crate) fn quantile_above(self, value: f64, level: f64) -> f64 {
        let wanted = self.above(value) * (1.0 - level);
        let (mut low, mut high) = (value.max(0.0), value.max(0.0) + self.scale * (self.shape + 1.0));
        while self.above(high) > wanted && high < 1e15 {
            high *= 2.0;
        }
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if self.above(middle) > wanted {
                low = middle;
            } else {
                high = middle;
            }
        }
        f64::midpoint(low, high)
    }
}

/// Shares smaller than this have lost their digits where the law is taken for a normal one.
const FAR: f64 = 1e-6;
/// From this shape on the cube root of the law is normal to all digits that matter (Wilson and Hilferty, 1931).
const NORMAL_FROM: f64 = 400.0;

/// The share of a gamma law of this shape and scale one below `x`.
fn lower(shape: f64, x: f64) -> f64 {
    if shape > NORMAL_FROM {
        return number::normal(in_normal(shape, x));
    }
    if x < shape + 1.0 { series(shape, x) } else { (1.0 - fraction(shape, x)).max(0.0) }
}

fn in_normal(shape: f64, x: f64) -> f64 {
    3.0 * shape.sqrt() * ((x.max(0.0) / shape).cbrt() - 1.0 + 1.0 / (9.0 * shape))
}

/// The share above `x`.
fn upper(shape: f64, x: f64) -> f64 {
    if shape > NORMAL_FROM {
        return number::normal(-in_normal(shape, x));
    }
    if x < shape + 1.0 { (1.0 - series(shape, x)).max(0.0) } else { fraction(shape, x) }
}

/// The share below, by the series that converges fast for small `x` (DLMF 8.7.1).
fn series(shape: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let (mut term, mut sum, mut n) = (1.0 / shape, 1.0 / shape, shape);
    for _ in 0..10_000 {
        n += 1.0;
        term *= x / n;
        sum += term;
        if term < sum * 1e-16 {
            break;
        }
    }
    (sum * (shape * x.ln() - x - log_gamma(shape)).exp()).min(1.0)
}

/// The share above, by the continued fraction that converges fast for large `x` (DLMF 8.9.2, evaluated after Lentz).
fn fraction(shape: f64, x: f64) -> f64 {
    let mut even = x + 1.0 - shape;
    let (mut c, mut d) = (1e300, 1.0 / even);
    let mut sum = d;
    for n in 1..10_000_u32 {
        let n = f64::from(n);
        let odd = n * (shape - n);
        even += 2.0;
        d = 1.0 / (odd * d + even);
        c = even + odd / c;
        sum *= c * d;
        if (c * d - 1.0).abs() < 1e-15 {
            break;
        }
    }
    (sum * (shape * x.ln() - x - log_gamma(shape)).exp()).clamp(0.0, 1.0)
}

/// The logarithm of the gamma function (Stirling's series behind a shift).
fn log_gamma(x: f64) -> f64 {
    let (mut shift, mut x) = (0.0, x);
    while x < 10.0 {
        shift -= x.ln();
        x += 1.0;
    }
    let inverse = 1.0 / (x * x);
    let series = (1.0 / 12.0 - inverse * (1.0 / 360.0 - inverse * (1.0 / 1_260.0 - inverse / 1_680.0))) / x;
    shift + (x - 0.5) * x.ln() - x + 0.5 * std::f64::consts::TAU.ln() + series
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_those_of_the_tables() {
        // The law of shape one is the exponential one, and that of shape one half the square of a normal number.
        for x in [0.1, 1.0, 3.0, 30.0] {
            let exponential = Gamma { shape: 1.0, scale: 2.0 };
            assert!((exponential.above(x) / (-x / 2.0).exp() - 1.0).abs() < 1e-10, "{x}");
            assert!((exponential.above(x) + exponential.below(x) - 1.0).abs() < 1e-10, "{x}");
        }
        let square = Gamma { shape: 0.5, scale: 2.0 };
        assert!((square.above(3.841_459) - 0.05).abs() < 1e-7);
    }

    #[test]
    fn what_lies_above_is_told_by_its_mean_and_its_quantiles() {
        // Nothing is remembered: above four lies on average what lies above nothing, and four.
        let exponential = Gamma { shape: 1.0, scale: 3.0 };
        assert!((exponential.mean_above(4.0, 1.0) - 7.0).abs() < 1e-9);
        assert!((exponential.quantile_above(4.0, 0.5) - 4.0 - 3.0 * 2.0_f64.ln()).abs() < 1e-9);
        let days = Gamma::of(40.0, 2.5);
        assert!((days.mean_above(0.0, 1.0) - 40.0).abs() < 1e-9);
        assert!((days.mean_above(0.0, 2.0) - 1_600.0 - 2.5 * 40.0).abs() < 1e-6);
        assert!(days.mean_above(1e6, 1.0) >= 1e6);
    }
}
