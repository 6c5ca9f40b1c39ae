//! Chance from a seed: the same on every machine, and the same for every policy that is compared.

/// A stream of random numbers (SplitMix64). Not for secrets.
#[derive(Clone, Debug)]
pub struct Chance {
    state: u64,
}

impl Chance {
    /// The stream of a seed and of the thing it is for, so that things do not share their luck.
    pub fn of(seed: u64, thing: u64) -> Self {
        let mut chance = Self { state: seed ^ thing.wrapping_mul(0x9e37_79b9_7f4a_7c15) };
        chance.next();
        chance
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// At least 0 and below 1.
    pub fn share(&mut self) -> f64 {
        f64::from(u32::try_from(self.next() >> 32).unwrap_or(0)) / 4_294_967_296.0
    }

    /// Of the standard normal law.
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.share()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.share()).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_and_evenly() {
        let draw = |seed| {
            let mut chance = Chance::of(seed, 3);
            (0..1_000).map(|_| chance.share()).collect::<Vec<f64>>()
        };
        assert_eq!(draw(7), draw(7));
        assert!((draw(7).iter().sum::<f64>() / 1_000.0 - 0.5).abs() < 0.03);
        assert!((draw(7)[0] - draw(8)[0]).abs() > 1e-6);
    }
}
