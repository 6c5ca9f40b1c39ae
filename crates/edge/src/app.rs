//! What every handler is given.

use std::{future::Future, pin::Pin, sync::Arc};

use kernel::{Clock, IdSource, JobId, Stamp};
use serde::{Serialize, de::DeserializeOwned};
use store::{Db, Key, StoreError, Tx};

use crate::{Caller, Gate, IdempotencyKey, Problem};

/// The running shop, as a handler sees it. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub db: Db,
    pub clock: Clock,
    pub ids: IdSource,
    pub gate: Arc<dyn Gate>,
    pub workman: Arc<dyn Workman>,
}

/// Does a durable job at once instead of when its turn comes, so that an answer can say how it ended.
/// If the work fails, the job stays in its queue and is done later.
pub trait Workman: Send + Sync {
    fn perform_now<'a>(&'a self, job: JobId) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;
}

impl App {
    /// The stamp for a command of `caller`, now.
    pub fn stamp(&self, caller: &Caller) -> Stamp {
        Stamp::new(self.clock.now(), caller.actor, caller.lang, &self.ids)
    }

    /// Runs a command once per idempotency key and answers after it is durable; a replay answers what the first run did.
    pub async fn once<T, E, F>(&self, caller: &Caller, key: IdempotencyKey, verb: F) -> Result<T, Problem>
    where
        F: AsyncFn(&mut Tx, &Stamp) -> Result<T, E> + Send + 'static,
        T: Serialize + DeserializeOwned + Send + 'static,
        E: From<StoreError> + Into<Problem> + Send + 'static,
    {
        let stamp = self.stamp(caller);
        let at = stamp.at.millis();
        let replay = key.replay;
        let key = Key { caller: caller.key_space(), key: key.key, request: key.fingerprint };
        let answer = self
            .db
            .once(key, at, async move |tx: &mut Tx| {
                let stamp = stamp.again();
                verb(tx, &stamp).await
            })
            .await
            .map_err(Into::<Problem>::into)?;
        if answer.is_replayed() {
            replay.note();
        }
        Ok(answer.into_inner())
    }

    /// Runs a command whose replay is harmless by itself (it sets a state rather than adds to one).
    pub async fn write<T, E, F>(&self, caller: &Caller, verb: F) -> Result<T, Problem>
    where
        F: AsyncFn(&mut Tx, &Stamp) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Into<Problem> + Send + 'static,
    {
        let stamp = self.stamp(caller);
        self.db
            .write(async move |tx: &mut Tx| {
                let stamp = stamp.again();
                verb(tx, &stamp).await
            })
            .await
            .map_err(Into::into)
    }

    /// Reads one consistent picture.
    pub async fn read<T, E, F>(&self, query: F) -> Result<T, Problem>
    where
        F: AsyncFn(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Into<Problem> + Send + 'static,
    {
        self.db.read(query).await.map_err(Into::into)
    }

    /// Reads what one SELECT answers.
    pub async fn look<T, E, F>(&self, query: F) -> Result<T, Problem>
    where
        F: AsyncFn(&mut Tx) -> Result<T, E> + Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Into<Problem> + Send + 'static,
    {
        self.db.look(query).await.map_err(Into::into)
    }
}
