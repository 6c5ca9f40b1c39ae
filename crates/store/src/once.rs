//! Idempotency: a request that is sent twice is done once, and answered twice.

use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Serialize, de::DeserializeOwned};

use crate::{Db, Result, StoreError, Tx, args, dialect::Engine, sql};

/// Old keys that one transaction deletes: a purge must not hold up the lane.
const PURGE_ROWS: i64 = 1000;

sql! {
    FIND = "SELECT request, answer FROM idempotency WHERE caller = $1 AND once_key = $2";
    KEEP = "INSERT INTO idempotency (caller, once_key, request, answer, at_ms) VALUES ($1, $2, $3, $4, $5)";
    PURGE = "DELETE FROM idempotency
             WHERE (caller, once_key) IN
                   (SELECT caller, once_key FROM idempotency WHERE at_ms < $1 ORDER BY at_ms LIMIT $2)";
}

/// What makes two requests the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Who asks. Two callers may use the same key.
    pub caller: String,
    /// What the caller calls the request.
    pub key: String,
    /// SHA-256 of the request, so that a key used for something else is noticed.
    pub request: [u8; 32],
}

/// An answer, and whether it was given before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Once<T> {
    Fresh(T),
    Replayed(T),
}

impl<T> Once<T> {
    pub fn into_inner(self) -> T {
        match self {
            Self::Fresh(answer) | Self::Replayed(answer) => answer,
        }
    }

    pub const fn is_replayed(&self) -> bool {
        matches!(self, Self::Replayed(_))
    }
}

impl Db {
    /// Runs `verb` once for `key`, in the transaction that stores its answer, and repeats that answer ever after.
    /// A refusal stores nothing: the caller may put things right and try again with the same key.
    ///
    /// On PostgreSQL a key is taken for new until something speaks against it, which spares nearly every command a
    /// question: a key that was kept before fails the COMMIT, and the next run finds it; and what was done before may be
    /// why the command is refused, so a refusal is the answer only if the key is not there.
    pub async fn once<T, E, F>(&self, key: Key, at_ms: i64, verb: F) -> Result<Once<T>, E>
    where
        F: AsyncFn(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Serialize + DeserializeOwned + Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let trusting = self.engine() == Engine::Postgres;
        let (kept, doubtful) = (key.clone(), AtomicBool::new(!trusting));
        let done = self
            .write(async move |tx: &mut Tx| {
                if doubtful.swap(true, Ordering::Relaxed)
                    && let Some(answer) = replay(tx, &key).await?
                {
                    return Ok(Once::Replayed(answer));
                }
                let answer = verb(tx).await?;
                keep(tx, &key, at_ms, &answer).await?;
                Ok(Once::Fresh(answer))
            })
            .await;
        match done {
            Err(refusal) if trusting => {
                // Where it was written: a replica may not know it yet.
                let before = self.act(async move |tx: &mut Tx| replay(tx, &kept).await).await?;
                before.map(Once::Replayed).ok_or(refusal)
            }
            done => done,
        }
    }

    /// Forgets keys from before `before_ms`; answers how many.
    pub async fn once_purge(&self, before_ms: i64) -> Result<u64> {
        let mut purged = 0;
        loop {
            let count: u64 =
                self.act(async move |tx: &mut Tx| tx.execute(PURGE, args![before_ms, PURGE_ROWS]).await).await?;
            if count == 0 {
                return Ok(purged);
            }
            purged += count;
        }
    }
}

async fn replay<T: DeserializeOwned>(tx: &mut Tx, key: &Key) -> Result<Option<T>> {
    let stored: Option<(Vec<u8>, String)> = tx.optional(FIND, args![&key.caller, &key.key]).await?;
    let Some((request, answer)) = stored else { return Ok(None) };
    if request != key.request {
        return Err(StoreError::KeyReused);
    }
    serde_json::from_str(&answer).map(Some).map_err(|error| FIND.impossible("answer", error.to_string()))
}

async fn keep<T: Serialize>(tx: &mut Tx, key: &Key, at_ms: i64, answer: &T) -> Result<()> {
    let answer = serde_json::to_string(answer).map_err(|error| KEEP.impossible("answer", error.to_string()))?;
    // Somebody else may have kept the key since we looked: then all of ours is undone and theirs repeated.
    tx.claim(KEEP, args![&key.caller, &key.key, &key.request, &answer, at_ms]).await
}
