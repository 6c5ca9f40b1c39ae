//! The stamp on every command: who, when, and where its new ids come from.

use std::sync::{
    Arc,
    atomic::{AtomicU32, AtomicU64, Ordering},
};

use uuid::Uuid;

use crate::{Actor, Id, Instant, Lang};

/// Who acts, when, in which language, with the source of the ids that the act will need.
///
/// A verb may be run twice (a deadlock, a lost group). [`Stamp::again`] begins the same ids anew, so that the
/// second run writes the same rows as the first would have.
#[derive(Debug)]
pub struct Stamp {
    pub at: Instant,
    pub by: Actor,
    pub lang: Lang,
    mint: Mint,
}

impl Stamp {
    pub fn new(at: Instant, by: Actor, lang: Lang, ids: &IdSource) -> Self {
        Self { at, by, lang, mint: Mint::new(at, ids.seed()) }
    }

    /// A stamp for work that no person asked for.
    pub fn system(at: Instant, ids: &IdSource) -> Self {
        Self::new(at, Actor::System, Lang::En, ids)
    }

    /// The next id of this command.
    pub fn mint<I: Id>(&self) -> I {
        I::from_uuid(self.mint.next())
    }

    /// The stamp of what somebody said before and the system does for them now. Its ids are others than ours.
    #[must_use]
    pub fn in_the_name_of(&self, by: Actor) -> Self {
        let (seed, _) = self.mint.next().as_u64_pair();
        Self { at: self.at, by, lang: self.lang, mint: Mint::new(self.at, self.mint.seed ^ seed.rotate_left(17)) }
    }

    /// The same stamp, its ids from the beginning: for the next run of the same verb.
    #[must_use]
    pub fn again(&self) -> Self {
        Self { at: self.at, by: self.by, lang: self.lang, mint: Mint::new(self.at, self.mint.seed) }
    }
}

/// A deterministic run of UUIDv7s: same instant and seed, same ids.
#[derive(Debug)]
pub struct Mint {
    at: Instant,
    seed: u64,
    issued: AtomicU32,
}

impl Mint {
    pub const fn new(at: Instant, seed: u64) -> Self {
        Self { at, seed, issued: AtomicU32::new(0) }
    }

    pub fn next(&self) -> Uuid {
        let nth = u64::from(self.issued.fetch_add(1, Ordering::Relaxed));
        let high = mix(self.seed.wrapping_add(nth.wrapping_mul(GOLDEN)));
        let low = mix(high ^ self.seed.rotate_left(32));
        let millis = u64::try_from(self.at.millis()).unwrap_or(0);
        // UUIDv7 (RFC 9562): 48 bits of time, then 12 bits that count within the command, then 62 mixed bits.
        let time = (millis & 0xFFFF_FFFF_FFFF) << 16;
        Uuid::from_u64_pair(time | 0x7000 | (nth & 0x0FFF), (low & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000)
    }
}

/// Where seeds come from: the machine's randomness, or a number so that a run can be repeated.
#[derive(Clone, Debug)]
pub enum IdSource {
    Random,
    Seeded(Arc<AtomicU64>),
}

impl IdSource {
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Arc::new(AtomicU64::new(mix(seed))))
    }

    fn seed(&self) -> u64 {
        match self {
            Self::Random => {
                getrandom::u64().unwrap_or_else(|error| unreachable!("the machine has no randomness: {error}"))
            }
            Self::Seeded(next) => mix(next.fetch_add(GOLDEN, Ordering::Relaxed)),
        }
    }
}

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// The finaliser of `SplitMix64` (Steele, Lea and Flood 2014): every input bit reaches every output bit.
const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}
