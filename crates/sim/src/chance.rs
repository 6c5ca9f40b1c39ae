//! Chance from one seed. Every person and device of the simulation draws from a stream of its own, so that a new
//! kind of fault does not shuffle the days of everybody else.

/// A stream of draws (`SplitMix64`: Steele, Lea and Flood 2014).
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    /// The stream that `seed` gives to whoever is called `name`.
    pub(crate) fn of(seed: u64, name: &str) -> Self {
        let named = name.bytes().fold(seed ^ 0xCBF2_9CE4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
        });
        Self(named)
    }

    pub(crate) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let value = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        value ^ (value >> 31)
    }

    /// A whole number in `low..=high`.
    pub(crate) fn within(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high.saturating_sub(low)).unwrap_or(0).saturating_add(1);
        low.saturating_add(i64::try_from(self.draw() % span).unwrap_or(0))
    }

    /// True `per_mille` times in a thousand.
    pub(crate) fn happens(&mut self, per_mille: i64) -> bool {
        self.within(0, 999) < per_mille
    }

    /// One of the choices; `None` only of an empty list.
    pub(crate) fn pick<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        let last = i64::try_from(choices.len().checked_sub(1)?).ok()?;
        usize::try_from(self.within(0, last)).ok().and_then(|at| choices.get(at))
    }

    /// Roughly bell-shaped around `middle`, never further than `spread` from it: three draws averaged.
    pub(crate) fn around(&mut self, middle: i64, spread: i64) -> i64 {
        let sum: i64 = (0..3).map(|_| self.within(-spread, spread)).sum();
        middle + sum / 3
    }
}

#[cfg(test)]
mod tests {
    use super::Chance;

    #[test]
    fn the_same_seed_and_name_draw_the_same() {
        let draws = |seed, name| {
            let mut chance = Chance::of(seed, name);
            [chance.draw(), chance.draw(), chance.draw()]
        };
        assert_eq!(draws(1, "customers"), draws(1, "customers"));
        assert_ne!(draws(1, "customers"), draws(1, "couriers"));
        assert_ne!(draws(1, "customers"), draws(2, "customers"));
    }

    #[test]
    fn draws_stay_within_their_bounds() {
        let mut chance = Chance::of(3, "scales");
        for _ in 0..1000 {
            assert!((-5..=7).contains(&chance.within(-5, 7)));
            assert!((90..=110).contains(&chance.around(100, 10)));
        }
        assert!(!chance.happens(0));
        assert!(chance.happens(1000));
    }
}
