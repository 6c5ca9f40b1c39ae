//! Secrets: random on the way out, hashed at rest, compared in constant time.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::IdentityRefusal;

/// 256 random bits, as a person or a program carries them. Shown once; only its hash is kept.
#[derive(Clone)]
pub struct Secret {
    text: String,
}

/// The machine gave no randomness. Nothing can be trusted then, so nothing is issued.
#[derive(Debug, thiserror::Error)]
#[error("the machine has no randomness: {0}")]
pub struct NoRandomness(getrandom::Error);

impl Secret {
    /// A new secret whose text begins with `prefix`, so that scanners find one that leaked.
    pub fn new(prefix: &'static str) -> Result<Self, NoRandomness> {
        Ok(Self { text: format!("{prefix}{}", URL_SAFE_NO_PAD.encode(random()?)) })
    }

    /// One that somebody presented or a demonstration prescribed.
    pub fn known(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is kept. Enough bits need no salt and no slow hash.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.text.as_bytes()).into()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// A thing made under a secret, as the record of idempotency keeps it: with the secret's hash, never the secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UnderSecret<T> {
    thing: T,
    secret_hash: [u8; 32],
}

impl<T> UnderSecret<T> {
    pub fn new(thing: T, secret: &Secret) -> Self {
        Self { thing, secret_hash: secret.hash() }
    }

    /// The thing, to be shown with its secret; refused if this is a replay, whose secret is not the one that was kept.
    pub fn shown_with(self, secret: &Secret) -> Result<T, IdentityRefusal> {
        if self.secret_hash == secret.hash() { Ok(self.thing) } else { Err(IdentityRefusal::SecretShown) }
    }
}

/// 32 bytes that nobody can guess.
pub(crate) fn random() -> Result<[u8; 32], NoRandomness> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(NoRandomness)?;
    Ok(bytes)
}

/// Six digits, each as likely as any.
pub(crate) fn six_digits() -> Result<String, NoRandomness> {
    // The largest multiple of a million below 2^32: what lies above would favour small codes.
    const FAIR: u32 = 4_294_000_000;
    loop {
        let number = getrandom::u32().map_err(NoRandomness)?;
        if number < FAIR {
            return Ok(format!("{:06}", number % 1_000_000));
        }
    }
}

/// HMAC-SHA256 over the parts, each with its length, so that no two lists of parts give the same bytes.
pub(crate) fn sign(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    mac(key, parts).finalize().into_bytes().into()
}

/// Whether `tag` is the signature of the parts, in constant time.
pub(crate) fn is_signed(key: &[u8], parts: &[&[u8]], tag: &[u8]) -> Verdict {
    if mac(key, parts).verify_slice(tag).is_ok() { Verdict::Right } else { Verdict::Wrong }
}

/// How a presented secret compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Right,
    Wrong,
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Hmac<Sha256> {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { unreachable!("HMAC takes a key of any length") };
    for part in parts {
        mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(part);
    }
    mac
}

/// The token that a page must send back with what it changes. Whoever has it has read an answer to this session.
pub(crate) fn csrf_token(session: &Secret) -> String {
    URL_SAFE_NO_PAD.encode(sign(session.text().as_bytes(), &[CSRF]))
}

pub(crate) fn is_csrf_token(session: &Secret, presented: &str) -> Verdict {
    URL_SAFE_NO_PAD.decode(presented).map_or(Verdict::Wrong, |tag| is_signed(session.text().as_bytes(), &[CSRF], &tag))
}

const CSRF: &[u8] = b"freshet csrf 1";
