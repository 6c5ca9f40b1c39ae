//! Telling: events into the log, in the transaction of the state that they describe.

use std::collections::BTreeMap;

use kernel::{EventId, Id, Instant, Stamp};
use serde::Serialize;
use store::{Left, StoreError, Tx, row, sql};
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
/// The event takes the next place in its subject's own order. It is written at the end of the transaction, with all
/// that the transaction tells: two that speak of one subject are in line for that row from there to their commit, and
/// for no other.
pub async fn tell<B: Told>(
    tx: &mut Tx,
    stamp: &Stamp,
    subject: Object,
    also: &[Object],
    body: &B,
) -> Result<EventId, StoreError> {
    let id: EventId = stamp.mint();
    let body = serde_json::to_string(body).map_err(|error| StoreError::Impossible {
        statement: "events::tell",
        column: B::KIND.to_owned(),
        found: error.to_string(),
    })?;
    let mut touched: Vec<Object> = also.iter().copied().filter(|object| *object != subject).collect();
    touched.sort_unstable();
    touched.dedup();
    let (actor, actor_id) = (stamp.by.noun(), stamp.by.uuid());
    let event = Event { id, at: stamp.at, actor, actor_id, kind: B::KIND, version: B::VERSION, subject, touched, body };
    leave(tx, event);
    Ok(id)
}

/// Apart from what is generic, so that the writing is compiled here and once.
fn leave(tx: &mut Tx, event: Event) {
    tx.leave(|untold: &mut Untold| untold.0.push(event));
}

/// What a transaction has to tell, in order.
#[derive(Default)]
struct Untold(Vec<Event>);

struct Event {
    id: EventId,
    at: Instant,
    actor: &'static str,
    actor_id: Option<Uuid>,
    kind: &'static str,
    version: i64,
    subject: Object,
    touched: Vec<Object>,
    body: String,
}

impl Left for Untold {
    async fn write(self, tx: &mut Tx) -> Result<(), StoreError> {
        let events = self.0;
        // In the order of the subjects, so that two transactions never wait for each other crosswise.
        let mut behind: BTreeMap<Object, i64> = BTreeMap::new();
        for event in &events {
            let more = behind.entry(event.subject).or_default();
            *more = more.saturating_add(1);
        }
        let heads = behind.iter().map(|(subject, more)| row![subject.noun, subject.id, *more]).collect();
        tx.put_many(RAISE_HEADS, heads).await?;
        let mut rows = Vec::with_capacity(events.len());
        for event in &events {
            // The head stands behind the last of the subject's events now: each takes its place from the end.
            let later = behind.entry(event.subject).or_default();
            *later = later.saturating_sub(1);
            let Event { id, at, actor, actor_id, kind, version, subject, body, .. } = event;
            rows.push(row![*id, *at, *actor, *actor_id, *kind, *version, subject.noun, subject.id, body, *later]);
        }
        tx.put_many(APPEND, rows).await?;
        let touched = events.iter().flat_map(|event| event.touched.iter().map(move |object| (event.id, object)));
        tx.put_many(TOUCH, touched.map(|(event, object)| row![event, object.noun, object.id]).collect()).await
    }
}

sql! {
    /// Whoever comes second for one object waits here until the first has committed.
    RAISE_HEADS = "INSERT INTO event_head (noun, object, revision)
                   VALUES ($1, $2, $3)
                   ON CONFLICT (noun, object) DO UPDATE SET revision = event_head.revision + excluded.revision";
    APPEND = "INSERT INTO event (id, at, actor, actor_id, kind, version, noun, object, body, revision)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9,
                      (SELECT revision FROM event_head WHERE noun = $7 AND object = $8) - $10)";
    TOUCH = "INSERT INTO event_object (event, noun, object) VALUES ($1, $2, $3)";
}
