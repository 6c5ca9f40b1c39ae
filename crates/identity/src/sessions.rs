//! Sessions: what a browser holds after signing in. Each ends when it idles, when it is old, or when it is ended.

use events::Object;
use kernel::{CustomerId, Instant, SessionId, Stamp, UserId};
use store::{StoreError, Tx, args, sql};

use crate::{
    IdentityRefusal, Secret,
    events::{Means, SignedIn, SignedOut},
};

/// Whose session it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    User(UserId),
    Customer(CustomerId),
}

const HOUR_MS: i64 = 60 * 60_000;
const DAY_MS: i64 = 24 * HOUR_MS;

impl Holder {
    /// Without a request for so long the session is over: a shift and the night after it, or a month for a customer.
    pub const fn idle_ms(self) -> i64 {
        match self {
            Self::User(_) => 16 * HOUR_MS,
            Self::Customer(_) => 30 * DAY_MS,
        }
    }

    /// So old no session becomes.
    pub const fn lifetime_ms(self) -> i64 {
        match self {
            Self::User(_) => 7 * DAY_MS,
            Self::Customer(_) => 90 * DAY_MS,
        }
    }

    pub(crate) fn object(self) -> Object {
        match self {
            Self::User(user) => Object::of(user),
            Self::Customer(customer) => Object::of(customer),
        }
    }
}

/// Opens a session for somebody whom the caller has recognised, and ends the one that they came with, so that a
/// token planted before the sign-in is worth nothing after it.
pub(crate) async fn open(
    tx: &mut Tx,
    stamp: &Stamp,
    holder: Holder,
    means: Means,
    token: &Secret,
    came_with: Option<&Secret>,
) -> Result<SessionId, IdentityRefusal> {
    let (user, customer) = match holder {
        Holder::User(user) => (Some(user), None),
        Holder::Customer(customer) => (None, Some(customer)),
    };
    if let Some(old) = came_with {
        tx.put(END_TOKEN, args![&old.hash(), stamp.at]).await?;
    }
    let session: SessionId = stamp.mint();
    let idle_until = stamp.at.plus_millis(holder.idle_ms());
    let expires_at = stamp.at.plus_millis(holder.lifetime_ms());
    tx.put(OPEN, args![session, &token.hash(), user, customer, stamp.at, idle_until, expires_at]).await?;
    events::tell(tx, stamp, holder.object(), &[], &SignedIn { means }).await?;
    Ok(session)
}

/// Ends a session. One that has ended already is fine.
pub(crate) async fn end(tx: &mut Tx, stamp: &Stamp, session: SessionId, holder: Holder) -> Result<(), StoreError> {
    if tx.execute(END, args![session, stamp.at]).await? == 1 {
        events::tell(tx, stamp, holder.object(), &[], &SignedOut {}).await?;
    }
    Ok(())
}

/// Ends every session of a user but one.
pub(crate) async fn end_all(tx: &mut Tx, user: UserId, keep: Option<SessionId>, at: Instant) -> Result<(), StoreError> {
    tx.put(END_ALL, args![user, keep, at]).await
}

/// A request came in: the session may idle for as long again.
pub(crate) async fn touch(tx: &mut Tx, session: SessionId, idle_until: Instant) -> Result<(), StoreError> {
    tx.put(TOUCH, args![session, idle_until]).await
}

pub(crate) async fn sweep(tx: &mut Tx, before: Instant) -> Result<(), StoreError> {
    tx.put(SWEEP, args![before]).await
}

sql! {
    OPEN = "INSERT INTO session (id, token_hash, user_id, customer, created_at, idle_until, expires_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7)";
    END = "UPDATE session SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";
    END_TOKEN = "UPDATE session SET ended_at = $2 WHERE token_hash = $1 AND ended_at IS NULL";
    END_ALL = "UPDATE session SET ended_at = $3
               WHERE user_id = $1 AND ended_at IS NULL AND (CAST($2 AS UUID) IS NULL OR id <> $2)";
    TOUCH = "UPDATE session SET idle_until = $2 WHERE id = $1 AND ended_at IS NULL AND idle_until < $2";
    SWEEP = "DELETE FROM session WHERE expires_at < $1 OR idle_until < $1 OR ended_at < $1";
}
