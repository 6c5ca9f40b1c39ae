//! The sealer: gives committed events their position and links them in blocks.

use std::collections::{BTreeMap, BTreeSet};

use kernel::Instant;
use store::{Db, Question, StoreError, Tx, args, lease, row, sql};
use uuid::Uuid;

use crate::{
    SealedEvent,
    chain::{GENESIS, block_hash},
    read::{self, Link},
};

/// Events in one block at most: one transaction that stays short under any backlog.
pub const BATCH_MAX: i64 = 512;
/// Blocks in one call at most, so that a sealer under a flood still answers to its lease.
const BLOCKS_MAX: i64 = 64;

/// What one call sealed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sealed {
    pub events: i64,
    pub blocks: i64,
    /// The last position that can be read now.
    pub position: i64,
    /// The call ended before what waited did.
    pub more: bool,
}

/// Seals what is committed and waits, block by block, if `holder` is the sealer now or can become it.
///
/// Whoever is not the sealer seals nothing and is told the position all the same. `holder` names the process; where
/// the clock stands still between steps it must be the same name after a restart, or the lease would never end.
pub async fn seal(db: &Db, now: Instant, holder: &str) -> Result<Sealed, StoreError> {
    let mut sealed = Sealed::default();
    // Looked at first, because an idle sealer should not make the database write.
    let (waiting, position): (bool, i64) = db.look(async |tx: &mut Tx| tx.one(PENDING, args![]).await).await?;
    if !waiting {
        sealed.position = position;
        return Ok(sealed);
    }
    while sealed.blocks < BLOCKS_MAX {
        let holder = holder.to_owned();
        let (events, position) = db.write(async move |tx: &mut Tx| seal_block(tx, now, &holder).await).await?;
        sealed.position = position;
        sealed.events = sealed.events.saturating_add(events);
        sealed.blocks = sealed.blocks.saturating_add(i64::from(events > 0));
        if events < BATCH_MAX {
            return Ok(sealed);
        }
    }
    Ok(Sealed { more: true, ..sealed })
}

/// Whether anything waits to be sealed, or was sealed behind this position.
pub fn anything_behind(position: i64) -> [Question; 2] {
    [Question::new(ANY_UNSEALED, args![]), Question::new(ANY_BEHIND, args![position])]
}

/// Seals one block; answers how many events it holds and the last position after it.
async fn seal_block(tx: &mut Tx, now: Instant, holder: &str) -> Result<(i64, i64), StoreError> {
    if !lease::take(tx, LEASE, holder, now.millis(), LEASE_MS).await? {
        return Ok((0, read::tip(tx).await?));
    }
    let begun: Option<Tip> = tx.optional(TIP, args![]).await?;
    let (tip, block, previous) = if let Some(tip) = begun {
        tip
    } else {
        tx.put(BEGIN_CHAIN, args![&GENESIS]).await?;
        tx.one::<Tip>(TIP, args![]).await?
    };
    let waiting: Vec<Waiting> = tx.all(WAITING, args![BATCH_MAX]).await?;
    let (Some(first), Some(last)) = (waiting.first().map(Waiting::seq), waiting.last().map(Waiting::seq)) else {
        return Ok((0, tip));
    };
    let mut links: BTreeMap<Uuid, Vec<Link>> = BTreeMap::new();
    for (event, noun, id) in tx.all::<(Uuid, String, Uuid)>(LINKS, args![first, last]).await? {
        links.entry(event).or_default().push(Link { noun, id });
    }

    let (mut events, seqs) = in_order(waiting);
    let mut position = tip;
    for event in &mut events {
        position = position.saturating_add(1);
        event.position = position;
        event.also = links.remove(&uuid(event)).unwrap_or_default();
        event.also.sort_unstable();
    }
    if events.is_empty() {
        return Ok((0, tip));
    }
    let number = block.saturating_add(1);
    let hash = block_hash(number, now.millis(), &previous, &events);

    tx.put_many(SEAL, events.iter().map(|event| row![event.position, event.id]).collect()).await?;
    tx.put_many(UNQUEUE, seqs.iter().map(|seq| row![*seq]).collect()).await?;
    tx.put(CLOSE_BLOCK, args![number, tip.saturating_add(1), position, &previous, &hash, now]).await?;
    // Exactly what was read must still be there: a sealer whose lease ran out under it stores nothing.
    if tx.execute(MOVE_TIP, args![position, number, &hash, tip]).await? != 1 {
        return Err(StoreError::Busy);
    }
    Ok((position.saturating_sub(tip), position))
}

/// The waiting events in the order they may be sealed: by insertion, but none before its subject's last one.
/// What cannot be placed yet is left for a later block.
fn in_order(waiting: Vec<Waiting>) -> (Vec<SealedEvent>, Vec<i64>) {
    let mut placed: BTreeSet<(String, Uuid, i64)> = BTreeSet::new();
    let (mut events, mut seqs) = (Vec::new(), Vec::new());
    let mut left = waiting;
    loop {
        let before = left.len();
        let mut deferred = Vec::new();
        for one in left {
            let subject = &one.event.subject;
            let key = |revision: i64| (subject.noun.clone(), subject.id, revision);
            let free = subject.revision == 1
                || one.predecessor_sealed
                || placed.contains(&key(subject.revision.saturating_sub(1)));
            if free {
                placed.insert(key(subject.revision));
                seqs.push(one.seq());
                events.push(one.event);
            } else {
                deferred.push(one);
            }
        }
        if deferred.is_empty() || deferred.len() == before {
            return (events, seqs);
        }
        left = deferred;
    }
}

fn uuid(event: &SealedEvent) -> Uuid {
    use kernel::Id;
    event.id.uuid()
}

/// The end of the chain: position, block and hash.
type Tip = (i64, i64, [u8; 32]);

/// A told event before it has a position; until then its `position` is its place in the queue.
struct Waiting {
    event: SealedEvent,
    predecessor_sealed: bool,
}

impl Waiting {
    const fn seq(&self) -> i64 {
        self.event.position
    }
}

impl store::FromRow for Waiting {
    fn from_row(row: &store::Row<'_>) -> Result<Self, StoreError> {
        Ok(Self { event: read::EventRow::from_row(row)?.0, predecessor_sealed: row.get(11)? })
    }
}

const LEASE: &str = "sealer";
/// Long enough for a block under load; the next sealer waits this long after a crash.
const LEASE_MS: i64 = 5_000;

sql! {
    BEGIN_CHAIN = "INSERT INTO event_tip (one, position, block, hash) VALUES (1, 0, 0, $1) ON CONFLICT (one) DO NOTHING";
    ANY_UNSEALED = "SELECT 1 FROM event_unsealed";
    ANY_BEHIND = "SELECT 1 FROM event_tip WHERE one = 1 AND position > $1";
    PENDING = "SELECT EXISTS (SELECT 1 FROM event_unsealed),
                      COALESCE((SELECT position FROM event_tip WHERE one = 1), 0)";
    TIP = "SELECT position, block, hash FROM event_tip WHERE one = 1 {lock}";
    /// Counted, because what merely EXISTS may be answered out of a table hashed from the whole log.
    WAITING = "SELECT u.seq, e.id, e.at, e.actor, e.actor_id, e.kind, e.version, e.noun, e.object, e.revision, e.body,
                      (SELECT COUNT(*)
                       FROM event p
                       JOIN event_seal s ON s.event = p.id
                       WHERE p.noun = e.noun AND p.object = e.object AND p.revision = e.revision - 1) > 0
               FROM event_unsealed u
               JOIN event e ON e.id = u.event
               ORDER BY u.seq
               LIMIT $1";
    LINKS = "SELECT o.event, o.noun, o.object
             FROM event_unsealed u
             JOIN event_object o ON o.event = u.event
             WHERE u.seq >= $1 AND u.seq <= $2
             ORDER BY u.seq";
    SEAL = "INSERT INTO event_seal (position, event) VALUES ($1, $2)";
    UNQUEUE = "DELETE FROM event_unsealed WHERE seq = $1";
    CLOSE_BLOCK = "INSERT INTO event_block (number, first, last, previous_hash, hash, sealed_at)
                   VALUES ($1, $2, $3, $4, $5, $6)";
    MOVE_TIP = "UPDATE event_tip SET position = $1, block = $2, hash = $3 WHERE one = 1 AND position = $4";
}

#[cfg(test)]
mod tests {
    use kernel::{Actor, EventId, Id};
    use serde_json::value::RawValue;

    use super::*;
    use crate::Subject;

    fn told(seq: i64, lot: u128, revision: i64, predecessor_sealed: bool) -> Waiting {
        let subject = Subject { noun: "lot".to_owned(), id: Uuid::from_u128(lot), revision };
        let event = SealedEvent {
            position: seq,
            id: EventId::from_uuid(Uuid::from_u128(u128::try_from(seq).unwrap())),
            at: Instant::from_millis(0),
            actor: Actor::System,
            kind: "lot_weighed".to_owned(),
            version: 1,
            subject,
            also: Vec::new(),
            body: RawValue::from_string("{}".to_owned()).unwrap(),
        };
        Waiting { event, predecessor_sealed }
    }

    #[test]
    fn a_lots_second_event_waits_for_its_first() {
        let spinach_backwards =
            vec![told(1, 7, 3, false), told(2, 7, 2, false), told(3, 8, 1, false), told(4, 7, 1, false)];

        let (events, seqs) = in_order(spinach_backwards);

        assert_eq!(seqs, [3, 4, 2, 1]);
        assert_eq!(events.iter().map(|event| event.subject.revision).collect::<Vec<_>>(), [1, 1, 2, 3]);
    }

    #[test]
    fn what_follows_a_missing_event_stays_in_the_queue() {
        let (_, seqs) = in_order(vec![told(1, 7, 2, false), told(2, 9, 5, true), told(3, 9, 6, false)]);

        assert_eq!(seqs, [2, 3]);
    }
}
