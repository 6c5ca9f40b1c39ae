//! Customers come in by a code that is sent to their phone.

use kernel::{CustomerId, Instant, Lang, Stamp, TokenId};
use serde::{Deserialize, Serialize};
use store::{StoreError, Tx, args, jobs, sql};
use utoipa::ToSchema;

use crate::{
    IdentityRefusal,
    secret::{Verdict, is_signed, sign},
    throttle::{self, Counted},
};

/// The kind of job that carries a code to a phone; its payload is a [`CodeToSend`]. Notices do it.
pub const SIGN_IN_CODE_JOB: &str = "sign_in_code";
/// A code lives so long, and bears so many tries (the table says so too).
pub const CODE_MINUTES: i64 = 10;
pub const CODE_TRIES: i64 = 5;

/// A phone number in the one form in which it is compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Phone(String);

impl Phone {
    /// Takes what people write. A mobile number of Taiwan or the mainland may lack its country code.
    pub fn parse(written: &str) -> Result<Self, IdentityRefusal> {
        let kept: String = written.chars().filter(|letter| !" -().\u{3000}".contains(*letter)).collect();
        let (abroad, digits) = kept.strip_prefix('+').map_or(("", kept.as_str()), |digits| ("+", digits));
        if !(8..=15).contains(&digits.len()) || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(IdentityRefusal::NotAPhone);
        }
        Ok(Self(match (abroad, digits.len(), digits.strip_prefix('0')) {
            ("", 10, Some(mobile)) if mobile.starts_with('9') => format!("+886{mobile}"),
            ("", 11, None) if digits.starts_with('1') => format!("+86{digits}"),
            _ => format!("{abroad}{digits}"),
        }))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the sender of codes needs to know. The phone is asked of `customers`, which also knows whether it still is theirs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeToSend {
    pub customer: CustomerId,
    pub code: String,
    pub lang: Lang,
    pub expires_at: Instant,
}

/// A code is on its way, if the phone is a customer's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CodeRequested {
    /// Send it back with the code.
    pub challenge: TokenId,
    pub expires_at: Instant,
}

/// From now on whoever has this phone can sign in as this customer.
pub async fn enrol_customer(
    tx: &mut Tx,
    customer: CustomerId,
    phone: &Phone,
    lang: Lang,
) -> Result<(), IdentityRefusal> {
    let taken: Option<CustomerId> =
        tx.optional(BY_PHONE, args![phone.as_str()]).await?.map(|(customer, _): (_, Lang)| customer);
    if taken.is_some_and(|other| other != customer) {
        return Err(IdentityRefusal::PhoneTaken);
    }
    tx.put(ENROL, args![customer, phone.as_str(), lang]).await?;
    Ok(())
}

/// Erases what identity knows of a customer and ends their sessions.
pub async fn forget_customer(tx: &mut Tx, customer: CustomerId) -> Result<(), StoreError> {
    tx.put(FORGET_CODES, args![customer]).await?;
    tx.put(FORGET_SESSIONS, args![customer]).await?;
    tx.put(FORGET_LOGIN, args![customer]).await
}

/// Keeps a code under its hash and has it sent. A stranger's phone is answered like a customer's.
pub(crate) async fn request_code(
    tx: &mut Tx,
    stamp: &Stamp,
    key: &[u8],
    phone: &Phone,
    address: &str,
    code: &str,
) -> Result<CodeRequested, IdentityRefusal> {
    throttle::count(tx, stamp.at, &[Counted::Phone(phone.as_str()), Counted::Address(address)]).await?;
    let known: Option<(CustomerId, Lang)> = tx.optional(BY_PHONE, args![phone.as_str()]).await?;
    let challenge: TokenId = stamp.mint();
    let expires_at = stamp.at.plus_minutes(CODE_MINUTES);
    let customer = known.map(|(customer, _)| customer);
    if let Some((customer, lang)) = known {
        tx.put(REPLACE, args![customer]).await?;
        let to_send = CodeToSend { customer, code: code.to_owned(), lang, expires_at };
        let payload = serde_json::to_string(&to_send).map_err(|error| StoreError::Impossible {
            statement: "identity::phones::request_code",
            column: "payload".to_owned(),
            found: error.to_string(),
        })?;
        let job = stamp.mint::<kernel::JobId>();
        let (id, due_at, name) = (kernel::Id::uuid(job), stamp.at.millis(), challenge.to_string());
        jobs::enqueue(tx, &jobs::NewJob { id, kind: SIGN_IN_CODE_JOB, key: &name, payload: &payload, due_at }).await?;
    }
    tx.put(KEEP, args![challenge, customer, &hash(key, challenge, code), expires_at]).await?;
    Ok(CodeRequested { challenge, expires_at })
}

/// The customer, if this is the code. A wrong try counts, so the caller lets the transaction commit.
pub(crate) async fn try_code(
    tx: &mut Tx,
    now: Instant,
    key: &[u8],
    challenge: TokenId,
    code: &str,
) -> Result<Option<CustomerId>, IdentityRefusal> {
    let found: Option<(Option<CustomerId>, [u8; 32])> = tx.optional(TRY, args![challenge, now, CODE_TRIES]).await?;
    let Some((Some(customer), kept)) = found else { return Ok(None) };
    match is_signed(key, &parts(challenge, code).each_ref().map(Vec::as_slice), &kept) {
        Verdict::Wrong => Ok(None),
        Verdict::Right => {
            tx.put(USE, args![challenge]).await?;
            let phone: Option<String> = tx.optional(PHONE_OF, args![customer]).await?;
            if let Some(phone) = phone {
                throttle::forgive(tx, &[Counted::Phone(&phone)]).await?;
            }
            Ok(Some(customer))
        }
    }
}

/// The customer, if they can still come in.
pub(crate) async fn is_enrolled(tx: &mut Tx, customer: CustomerId) -> Result<Option<CustomerId>, StoreError> {
    let phone: Option<String> = tx.optional(PHONE_OF, args![customer]).await?;
    Ok(phone.map(|_| customer))
}

pub(crate) async fn sweep(tx: &mut Tx, before: Instant) -> Result<(), StoreError> {
    tx.put(SWEEP, args![before]).await
}

/// With the server's key under it, a million guesses at a stolen hash are worth nothing.
fn hash(key: &[u8], challenge: TokenId, code: &str) -> [u8; 32] {
    sign(key, &parts(challenge, code).each_ref().map(Vec::as_slice))
}

fn parts(challenge: TokenId, code: &str) -> [Vec<u8>; 3] {
    let challenge = kernel::Id::uuid(challenge);
    [b"freshet code 1".to_vec(), challenge.as_bytes().to_vec(), code.as_bytes().to_vec()]
}

sql! {
    BY_PHONE = "SELECT customer, lang FROM customer_login WHERE phone = $1";
    PHONE_OF = "SELECT phone FROM customer_login WHERE customer = $1";
    ENROL = "INSERT INTO customer_login (customer, phone, lang)
             VALUES ($1, $2, $3)
             ON CONFLICT (customer) DO UPDATE SET phone = excluded.phone, lang = excluded.lang";
    KEEP = "INSERT INTO sign_in_code (id, customer, code_hash, state, tries, expires_at) VALUES ($1, $2, $3, 'open', 0, $4)";
    // By sign_in_code_open.
    REPLACE = "UPDATE sign_in_code SET state = 'replaced' WHERE customer = $1 AND state = 'open'";
    TRY = "UPDATE sign_in_code SET tries = tries + 1
           WHERE id = $1 AND state = 'open' AND expires_at > $2 AND tries < $3
           RETURNING customer, code_hash";
    USE = "UPDATE sign_in_code SET state = 'used' WHERE id = $1";
    FORGET_CODES = "DELETE FROM sign_in_code WHERE customer = $1";
    FORGET_SESSIONS = "DELETE FROM session WHERE customer = $1";
    FORGET_LOGIN = "DELETE FROM customer_login WHERE customer = $1";
    SWEEP = "DELETE FROM sign_in_code WHERE expires_at < $1";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_phone_is_one_phone_however_it_is_written() {
        for (written, kept) in [
            ("0912-345-678", "+886912345678"),
            ("+886 912 345 678", "+886912345678"),
            ("138 0013 8000", "+8613800138000"),
            ("(02) 2345-6789", "0223456789"),
        ] {
            assert_eq!(Phone::parse(written).unwrap().as_str(), kept, "{written}");
        }
        for written in ["", "110", "spinach", "+12345678901234567", "0912 345 67x"] {
            assert!(Phone::parse(written).is_err(), "{written}");
        }
    }
}
