//! Slowing down whoever guesses, per account, per phone and per address, by the clock of the stamp.
//!
//! A try is counted before it is judged, so that a hundred at once are a hundred.

use kernel::Instant;
use sha2::{Digest, Sha256};
use store::{StoreError, Tx, args, sql};

use crate::IdentityRefusal;

/// Whose tries are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted<'a> {
    Login(&'a str),
    Phone(&'a str),
    Address(&'a str),
}

impl Counted<'_> {
    /// Tries that cost nothing. A whole shop may sit behind one address.
    const fn free(self) -> i64 {
        match self {
            Self::Login(_) => 5,
            Self::Phone(_) => 3,
            Self::Address(_) => 300,
        }
    }

    fn subject(self) -> String {
        let (kind, name) = match self {
            Self::Login(name) => ("login", name),
            Self::Phone(name) => ("phone", name),
            Self::Address(name) => ("address", name),
        };
        let hash = Sha256::digest(name.as_bytes());
        hash.iter().take(16).fold(format!("{kind}:"), |text, byte| format!("{text}{byte:02x}"))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tries {
    tries: i64,
    blocked_until: Instant,
    last_at: Instant,
}

/// After an hour without a try nothing is remembered.
const FORGOTTEN_AFTER_MS: i64 = 60 * 60_000;
/// Nobody is locked out for longer, or an attacker could keep a colleague out for good.
const WAIT_MAX_MS: i64 = 15 * 60_000;

/// The counter after one more try at `now`, or how long to wait before it is allowed.
fn another(before: Option<Tries>, free: i64, now: Instant) -> Result<Tries, i64> {
    let before = before.filter(|tries| now.since(tries.last_at) < FORGOTTEN_AFTER_MS);
    let Some(before) = before else {
        return Ok(Tries { tries: 1, blocked_until: now, last_at: now });
    };
    if now < before.blocked_until {
        return Err(before.blocked_until.since(now));
    }
    let tries = before.tries.saturating_add(1);
    let doublings = tries.saturating_sub(free);
    let wait = match u32::try_from(doublings) {
        Ok(doublings) => 1_000_i64.saturating_mul(2_i64.saturating_pow(doublings)).min(WAIT_MAX_MS),
        Err(_) => 0,
    };
    Ok(Tries { tries, blocked_until: now.plus_millis(wait), last_at: now })
}

/// Counts one try of each, or refuses if one of them has to wait.
pub(crate) async fn count(tx: &mut Tx, now: Instant, who: &[Counted<'_>]) -> Result<(), IdentityRefusal> {
    let mut counted = Vec::with_capacity(who.len());
    for one in who {
        let subject = one.subject();
        let before = if let Some(before) = tx.optional::<(i64, Instant, Instant)>(TRIES, args![&subject]).await? {
            before
        } else {
            // The row first, so that two first tries at once stand in line for it.
            tx.put(ENROL, args![&subject]).await?;
            tx.one(TRIES, args![&subject]).await?
        };
        let before = Tries { tries: before.0, blocked_until: before.1, last_at: before.2 };
        let after = another(Some(before), one.free(), now)
            .map_err(|wait| IdentityRefusal::TooManyTries { seconds: wait.saturating_add(999) / 1_000 })?;
        counted.push((subject, after));
    }
    for (subject, after) in counted {
        tx.put(COUNT, args![&subject, after.tries, after.blocked_until, after.last_at]).await?;
    }
    Ok(())
}

/// Takes back what a right answer was counted for: all of an account's or phone's, one of an address's.
pub(crate) async fn forgive(tx: &mut Tx, who: &[Counted<'_>]) -> Result<(), StoreError> {
    for one in who {
        let subject = one.subject();
        match one {
            Counted::Login(_) | Counted::Phone(_) => tx.put(FORGET, args![&subject]).await?,
            Counted::Address(_) => tx.put(TAKE_BACK, args![&subject]).await?,
        }
    }
    Ok(())
}

pub(crate) async fn sweep(tx: &mut Tx, before: Instant) -> Result<(), StoreError> {
    tx.put(SWEEP, args![before]).await
}

sql! {
    TRIES = "SELECT tries, blocked_until, last_at FROM sign_in_throttle WHERE subject = $1 {lock}";
    ENROL = "INSERT INTO sign_in_throttle (subject, tries, blocked_until, last_at)
             VALUES ($1, 0, 0, 0)
             ON CONFLICT (subject) DO NOTHING";
    COUNT = "UPDATE sign_in_throttle SET tries = $2, blocked_until = $3, last_at = $4 WHERE subject = $1";
    FORGET = "DELETE FROM sign_in_throttle WHERE subject = $1";
    TAKE_BACK = "UPDATE sign_in_throttle SET tries = tries - 1, blocked_until = last_at WHERE subject = $1 AND tries > 0";
    SWEEP = "DELETE FROM sign_in_throttle WHERE last_at < $1";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_tries_are_free_and_then_each_waits_twice_as_long() {
        let mut now = Instant::from_millis(1_000_000);
        let mut tries = None;
        for _ in 0..4 {
            tries = Some(another(tries, 5, now).unwrap());
        }

        let mut waits = Vec::new();
        for _ in 0..5 {
            let after = another(tries, 5, now).unwrap();
            waits.push(after.blocked_until.since(now));
            assert_eq!(another(Some(after), 5, now), Err(after.blocked_until.since(now)));
            now = after.blocked_until;
            tries = Some(after);
        }

        assert_eq!(waits, [1_000, 2_000, 4_000, 8_000, 16_000]);
    }

    #[test]
    fn nobody_waits_longer_than_a_quarter_of_an_hour_and_an_hour_forgets() {
        let now = Instant::from_millis(1_000_000);
        let many = Tries { tries: 4_000, blocked_until: now, last_at: now };

        let blocked = another(Some(many), 5, now).unwrap();

        assert_eq!(blocked.blocked_until.since(now), WAIT_MAX_MS);
        assert_eq!(another(Some(blocked), 5, now.plus_minutes(60)).unwrap().tries, 1);
    }
}
