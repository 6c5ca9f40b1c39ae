//! Signed links: what a notice carries, so that a customer sees one order without signing in.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use events::Object;
use kernel::Instant;
use uuid::Uuid;

use crate::{
    IdentityRefusal,
    secret::{Verdict, is_signed, sign},
};

/// What a link opens, and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkPurpose {
    /// See where an order is.
    Track,
    /// Rate a delivery and complain about it.
    Rate,
    /// Be signed in as a customer.
    SignIn,
}

impl LinkPurpose {
    const ALL: [Self; 3] = [Self::Track, Self::Rate, Self::SignIn];

    const fn code(self) -> &'static str {
        match self {
            Self::Track => "track",
            Self::Rate => "rate",
            Self::SignIn => "sign_in",
        }
    }
}

/// The thing that a link opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkedObject {
    pub noun: String,
    pub id: Uuid,
    pub purpose: LinkPurpose,
    pub expires_at: Instant,
}

/// What stands before the signed parts: another layout gets another name.
const LAYOUT: &[u8] = b"freshet link 1";

/// The text of a link: `purpose.noun.id.expiry.signature`, safe in an address.
pub(crate) fn write(key: &[u8], object: Object, purpose: LinkPurpose, expires_at: Instant) -> String {
    let tag = signature(key, object.noun, object.id, purpose, expires_at);
    let id = URL_SAFE_NO_PAD.encode(object.id.as_bytes());
    format!("{}.{}.{id}.{}.{}", purpose.code(), object.noun, expires_at.millis(), URL_SAFE_NO_PAD.encode(tag))
}

/// Reads a link for `purpose`; forged, expired and misused ones are refused alike.
pub(crate) fn read(
    key: &[u8],
    text: &str,
    purpose: LinkPurpose,
    now: Instant,
) -> Result<LinkedObject, IdentityRefusal> {
    let link = parse(key, text).ok_or(IdentityRefusal::LinkRefused)?;
    if link.purpose == purpose && now < link.expires_at { Ok(link) } else { Err(IdentityRefusal::LinkRefused) }
}

fn parse(key: &[u8], text: &str) -> Option<LinkedObject> {
    let mut parts = text.split('.');
    let (purpose, noun, id, expires_at, tag) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let purpose = LinkPurpose::ALL.into_iter().find(|known| known.code() == purpose)?;
    let id = Uuid::from_slice(&URL_SAFE_NO_PAD.decode(id).ok()?).ok()?;
    let expires_at = Instant::from_millis(expires_at.parse().ok()?);
    let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
    let parts: [&[u8]; 5] =
        [LAYOUT, purpose.code().as_bytes(), noun.as_bytes(), id.as_bytes(), &expires_at.millis().to_be_bytes()];
    match is_signed(key, &parts, &tag) {
        Verdict::Right => Some(LinkedObject { noun: noun.to_owned(), id, purpose, expires_at }),
        Verdict::Wrong => None,
    }
}

fn signature(key: &[u8], noun: &str, id: Uuid, purpose: LinkPurpose, expires_at: Instant) -> [u8; 32] {
    sign(key, &[LAYOUT, purpose.code().as_bytes(), noun.as_bytes(), id.as_bytes(), &expires_at.millis().to_be_bytes()])
}

#[cfg(test)]
mod tests {
    use kernel::{CustomerOrderId, Id};

    use super::*;

    const NOON: Instant = Instant::from_millis(1_774_666_800_000);

    #[test]
    fn a_link_opens_one_thing_for_one_purpose_until_it_expires() {
        let order = CustomerOrderId::from_uuid(Uuid::from_u128(7));
        let text = write(b"key", Object::of(order), LinkPurpose::Track, NOON.plus_minutes(60));

        let link = read(b"key", &text, LinkPurpose::Track, NOON).unwrap();

        assert_eq!((link.noun.as_str(), link.id), ("customer_order", order.uuid()));
        assert!(read(b"key", &text, LinkPurpose::Rate, NOON).is_err(), "for something else");
        assert!(read(b"key", &text, LinkPurpose::Track, NOON.plus_minutes(60)).is_err(), "expired");
        assert!(read(b"other", &text, LinkPurpose::Track, NOON).is_err(), "signed by another");
        let longer =
            text.replace(&NOON.plus_minutes(60).millis().to_string(), &NOON.plus_minutes(90).millis().to_string());
        assert!(read(b"key", &longer, LinkPurpose::Track, NOON).is_err(), "made to last longer");
        for broken in ["", ".", "track", "track.customer_order.x.1.y", &format!("{text}.z")] {
            assert!(read(b"key", broken, LinkPurpose::Track, NOON).is_err(), "{broken}");
        }
    }
}
