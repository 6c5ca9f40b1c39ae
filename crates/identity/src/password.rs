//! Passwords: argon2id, outside every transaction, a few at a time.

use std::sync::{Arc, OnceLock};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc},
};
use tokio::sync::Semaphore;

use crate::{IdentityRefusal, secret::Verdict};

/// The shortest password that is taken.
pub const PASSWORD_MIN: usize = 10;
/// Longer ones are refused, so that nobody makes the server hash a book.
pub(crate) const PASSWORD_MAX: usize = 200;

/// How dear one guess is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hashing {
    /// 19 MiB, two passes, one lane: the second of OWASP's equivalent settings for argon2id.
    #[default]
    Standard,
    /// For a demonstration whose passwords are printed on the screen anyway.
    Demonstration,
}

/// A password as it is kept: argon2id in PHC form, with its parameters and salt.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(hidden)")
    }
}

impl PasswordHash {
    /// Hashes on this very thread; for seeding. A server asks [`crate::Identity::hash_password`].
    pub fn make(hashing: Hashing, password: &str) -> Result<Self, IdentityRefusal> {
        let length = password.chars().count();
        if length < PASSWORD_MIN || password.len() > PASSWORD_MAX {
            return Err(IdentityRefusal::PasswordLength { min: PASSWORD_MIN, max: PASSWORD_MAX });
        }
        hashing.argon2().hash_password(password.as_bytes()).map(|hash| Self(hash.to_string())).map_err(unusable)
    }

    pub(crate) const fn kept(phc: String) -> Self {
        Self(phc)
    }

    pub(crate) fn phc(&self) -> &str {
        &self.0
    }

    fn verify(&self, password: &str) -> Result<Verdict, IdentityRefusal> {
        let hash = phc::PasswordHash::new(&self.0).map_err(unusable)?;
        let right = Argon2::default().verify_password(password.as_bytes(), &hash).is_ok();
        Ok(if right { Verdict::Right } else { Verdict::Wrong })
    }
}

impl Hashing {
    fn argon2(self) -> Argon2<'static> {
        let (kibibytes, passes, lanes) = match self {
            Self::Standard => (19 * 1024, 2, 1),
            Self::Demonstration => (64, 1, 1),
        };
        let params = Params::new(kibibytes, passes, lanes, None).unwrap_or_default();
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
    }
}

/// Hashes and checks, so many at once as the machine has cores: a flood of sign-ins waits here, and not in memory.
#[derive(Clone, Debug)]
pub(crate) struct Hasher {
    hashing: Hashing,
    permits: Arc<Semaphore>,
    /// Checked when the login is unknown, so that the answer takes as long as for one that exists.
    nobody: Arc<OnceLock<PasswordHash>>,
}

impl Hasher {
    pub(crate) fn new(hashing: Hashing) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { hashing, permits: Arc::new(Semaphore::new(cores)), nobody: Arc::default() }
    }

    pub(crate) async fn hash(&self, password: String) -> Result<PasswordHash, IdentityRefusal> {
        let hashing = self.hashing;
        self.aside(move || PasswordHash::make(hashing, &password)).await
    }

    /// Whether the password fits; against nobody's it never does, and takes as long.
    pub(crate) async fn verify(
        &self,
        kept: Option<PasswordHash>,
        password: String,
    ) -> Result<Verdict, IdentityRefusal> {
        let (hashing, nobody) = (self.hashing, self.nobody.clone());
        self.aside(move || {
            if let Some(kept) = kept {
                return kept.verify(&password);
            }
            nobody.get_or_init(|| dummy(hashing)).verify(&password).map(|_| Verdict::Wrong)
        })
        .await
    }

    async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, IdentityRefusal> + Send + 'static,
    ) -> Result<T, IdentityRefusal> {
        let _permit = self.permits.acquire().await.map_err(unusable)?;
        tokio::task::spawn_blocking(work).await.map_err(unusable)?
    }
}

fn dummy(hashing: Hashing) -> PasswordHash {
    PasswordHash::make(hashing, "nobody has this password").unwrap_or_else(|_| PasswordHash(String::new()))
}

fn unusable(error: impl std::fmt::Display) -> IdentityRefusal {
    IdentityRefusal::Unhashable(error.to_string())
}
