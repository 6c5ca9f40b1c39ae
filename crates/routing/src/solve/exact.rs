//! Chance and the few functions of analysis that the search needs, the same to the last bit on every machine.
//!
//! The platform's `ln` and `exp` differ between libraries; additions, products and quotients do not.

/// xoshiro256++ by D. Blackman and S. Vigna, seeded by splitmix64; both are in the public domain.
#[derive(Clone, Debug)]
pub(super) struct Chance {
    state: [u64; 4],
}

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        let mut mixed = seed;
        let mut next = || {
            mixed = mixed.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let z = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        };
        Self { state: [next(), next(), next(), next()] }
    }

    pub(super) const fn bits(&mut self) -> u64 {
        let s = &mut self.state;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// A whole number below `end`, which is at least 1. The bias is below one in four billion for our sizes.
    pub(super) const fn below(&mut self, end: usize) -> usize {
        (((self.bits() >> 32) * end as u64) >> 32) as usize
    }

    /// From 0 up to but without 1.
    pub(super) const fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(super) fn shuffle<T>(&mut self, cards: &mut [T]) {
        for last in (1..cards.len()).rev() {
            cards.swap(last, self.below(last + 1));
        }
    }
}

/// The natural logarithm of a positive number.
pub(super) fn ln(x: f64) -> f64 {
    let (mut mantissa, mut exponent) = (x, 0.0);
    while mantissa > 1.5 {
        mantissa /= 2.0;
        exponent += 1.0;
    }
    while mantissa < 0.75 {
        mantissa *= 2.0;
        exponent -= 1.0;
    }
    // ln m = 2 artanh((m − 1) / (m + 1)); the argument is at most a fifth, so twelve terms are exact enough.
    let y = (mantissa - 1.0) / (mantissa + 1.0);
    let (mut power, mut sum) = (y, 0.0);
    for term in 0..12 {
        sum += power / f64::from(2 * term + 1);
        power *= y * y;
    }
    2.0 * sum + exponent * std::f64::consts::LN_2
}

/// e to the power of a number.
pub(super) fn exp(x: f64) -> f64 {
    // Halve until small, sum the series, square back.
    let (mut small, mut halvings) = (x, 0);
    while small.abs() > 0.125 {
        small /= 2.0;
        halvings += 1;
    }
    let (mut term, mut sum) = (1.0, 1.0);
    for n in 1..12 {
        term *= small / f64::from(n);
        sum += term;
    }
    for _ in 0..halvings {
        sum *= sum;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::{exp, ln};

    #[test]
    fn logarithm_and_power_agree_with_the_platform_to_ten_digits() {
        for x in [1e-9, 0.003, 0.5, 0.75, 1.0, 1.5, 2.0, 77.7, 1e9] {
            assert!((ln(x) - x.ln()).abs() < 1e-10 * x.ln().abs().max(1.0), "ln {x}");
        }
        for x in [-20.0, -1.0, -0.1, 0.0, 0.3, 5.0] {
            assert!((exp(x) - x.exp()).abs() < 1e-9 * x.exp(), "exp {x}");
        }
    }
}
