//! Telling: one event into the log, in the transaction of the state that it describes.

use kernel::{EventId, Id, Stamp};
use serde::Serialize;
use store::{StoreError, Tx, args, row, sql};
use uuid::Uuid;

/// A body that can be told: what happened, in the past tense, with its version.
///
/// ```
/// #[derive(serde::Serialize)]
/// struct LotQuarantined { grams: i64 }
///
/// impl events::Told for LotQuarantined {
///     const KIND: &'static str = "lot_quarantined";
///     const VERSION: i64 = 1;
/// }
/// ```
pub trait Told: Serialize {
    /// Past tense, snake_case: `lot_quarantined`.
    const KIND: &'static str;
    /// Raised when a field changes its meaning; readers meet old versions for ever.
    const VERSION: i64;
}

/// A thing that an event speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Object {
    pub noun: &'static str,
    pub id: Uuid,
}

impl Object {
    pub fn of<I: Id>(id: I) -> Self {
        Self { noun: I::NOUN, id: id.uuid() }
    }
}

/// Appends one event about `subject`, which also touches the objects of `also`.
///
/// The event takes the next place in its subject's own order. Two transactions that speak of one subject are in
/// line for that row from here to their commit, and for no other; so tell last.
pub async fn tell<B: Told>(
    tx: &mut Tx,
    stamp: &Stamp,
    subject: Object,
    also: &[Object],
    body: &B,
) -> Result<EventId, StoreError> {
    let event: EventId = stamp.mint();
    let text = serde_json::to_string(body).map_err(|error| StoreError::Impossible {
        statement: "events::tell",
        column: B::KIND.to_owned(),
        found: error.to_string(),
    })?;
    // All four are pipelined: the subject's new revision is read back by the insert itself.
    tx.put(RAISE_HEAD, args![subject.noun, subject.id]).await?;
    tx.put(
        APPEND,
        args![event, stamp.at, stamp.by.noun(), stamp.by.uuid(), B::KIND, B::VERSION, subject.noun, subject.id, &text,],
    )
    .await?;
    let mut touched: Vec<Object> = also.iter().copied().filter(|object| *object != subject).collect();
    touched.sort_unstable();
    touched.dedup();
    if !touched.is_empty() {
        let rows = touched.iter().map(|object| row![event, object.noun, object.id]).collect();
        tx.put_many(TOUCH, rows).await?;
    }
    tx.put(AWAIT_SEAL, args![event]).await?;
    Ok(event)
}

sql! {
    /// Whoever comes second for one object waits here until the first has committed.
    RAISE_HEAD = "INSERT INTO event_head (noun, object, revision)
                  VALUES ($1, $2, 1)
                  ON CONFLICT (noun, object) DO UPDATE SET revision = event_head.revision + 1";
    APPEND = "INSERT INTO event (id, at, actor, actor_id, kind, version, noun, object, body, revision)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9,
                      (SELECT revision FROM event_head WHERE noun = $7 AND object = $8))";
    TOUCH = "INSERT INTO event_object (event, noun, object) VALUES ($1, $2, $3)";
    AWAIT_SEAL = "INSERT INTO event_unsealed (seq, event) SELECT seq, id FROM event WHERE id = $1";
}
