//! The signature of a provider's webhook: HMAC-SHA256 over the moment and the body.

use kernel::Instant;
use sha2::{Digest, Sha256};

/// How far a webhook's moment may lie from ours; an older one could be a recording.
const DRIFT_MAX_MS: i64 = 5 * 60_000;
const BLOCK: usize = 64;

/// Why a webhook is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Forged {
    #[error("the signature is not 64 hexadecimal digits")]
    Unreadable,
    #[error("the signature is of another body, moment or secret")]
    WrongSignature,
    #[error("the webhook was signed too long ago or in the future")]
    Stale,
}

/// Believes a webhook whose `signature` is the HMAC-SHA256 of `"{millis}." + body` under the shared secret, in hex,
/// made within five minutes of `now`.
pub fn verify(secret: &[u8], signed_at: Instant, body: &[u8], signature: &str, now: Instant) -> Result<(), Forged> {
    let given = from_hex(signature).ok_or(Forged::Unreadable)?;
    let mut message = format!("{}.", signed_at.millis()).into_bytes();
    message.extend_from_slice(body);
    // Every byte is compared, so that the time taken tells nothing about the first wrong one.
    let wrong =
        hmac_sha256(secret, &message).iter().zip(given).fold(0_u8, |wrong, (ours, theirs)| wrong | (ours ^ theirs));
    if wrong != 0 {
        return Err(Forged::WrongSignature);
    }
    if now.since(signed_at).abs() > DRIFT_MAX_MS {
        return Err(Forged::Stale);
    }
    Ok(())
}

/// RFC 2104.
fn hmac_sha256(secret: &[u8], message: &[u8]) -> [u8; 32] {
    let mut key = [0_u8; BLOCK];
    if secret.len() > BLOCK {
        key[..32].copy_from_slice(&Sha256::digest(secret));
    } else {
        key[..secret.len()].copy_from_slice(secret);
    }
    let padded = |pad: u8| key.map(|byte| byte ^ pad);
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize().into()
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0_u8; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{Forged, Instant, hmac_sha256, verify};

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).map(char::from).collect()
    }

    #[test]
    fn the_vectors_of_rfc_4231_hold() {
        assert_eq!(
            hex(&hmac_sha256(&[0x0b; 20], b"Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
        assert_eq!(
            hex(&hmac_sha256(b"Jefe", b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            hex(&hmac_sha256(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }

    #[test]
    fn a_webhook_is_believed_once_it_is_signed_fresh_and_whole() {
        let (secret, body, at) =
            (b"spinach".as_slice(), b"{\"answer\":\"done\"}".as_slice(), Instant::from_millis(1_000_000));
        let signature = hex(&hmac_sha256(secret, &[b"1000000.".as_slice(), body].concat()));

        assert_eq!(verify(secret, at, body, &signature, at.plus_minutes(4)), Ok(()));
        assert_eq!(verify(secret, at, body, &signature, at.plus_minutes(6)), Err(Forged::Stale));
        assert_eq!(verify(secret, at, b"{}", &signature, at), Err(Forged::WrongSignature));
        assert_eq!(verify(b"cod", at, body, &signature, at), Err(Forged::WrongSignature));
        assert_eq!(verify(secret, at.plus_millis(1), body, &signature, at), Err(Forged::WrongSignature));
        assert_eq!(verify(secret, at, body, "0", at), Err(Forged::Unreadable));
    }
}
