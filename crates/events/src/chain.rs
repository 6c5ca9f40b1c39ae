//! The chain: how blocks are hashed, and how anybody checks them. ADR 0006 gives the encoding for outsiders.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::{Db, StoreError, Tx, args, sql};
use utoipa::ToSchema;

use crate::{BlockHead, SealedEvent, read};

/// What stands before the first block.
pub(crate) const GENESIS: [u8; 32] = [0; 32];
/// The first bytes under every block's hash: another encoding would get another name.
const ENCODING: &[u8] = b"freshet block 1\n";
/// Blocks that one look at the database covers.
const BLOCKS_AT_ONCE: i64 = 64;

/// What a check of the whole chain found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "chain", rename_all = "snake_case")]
pub enum Chain {
    /// Every block hashes to what it says, every position is taken once, every event is sealed or waits for it.
    Sound { blocks: i64, events: i64, head: String },
    /// The first block that does not hold.
    Broken { block: i64, why: Break },
}

/// Why a block does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "break", rename_all = "snake_case")]
pub enum Break {
    /// A block before this one is missing.
    Gap { expected: i64 },
    /// Its positions do not begin where the block before ended.
    Span { expected: i64, first: i64 },
    /// It does not name the hash of the block before.
    Unlinked { expected: String },
    /// Its events are not one for each of its positions.
    Events { expected: i64, found: i64 },
    /// Something under its hash is not what was sealed.
    Hash { recomputed: String },
    /// Events are sealed behind the last block, or neither sealed nor waiting.
    Unfiled { events: i64 },
}

/// Why a list of block heads does not hold by itself, or not against one that was kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeadsBroken {
    #[error("block {block} does not follow on the one before")]
    Unlinked { block: i64 },
    #[error("block {block} is not the one that was kept")]
    Rewritten { block: i64 },
    #[error("block {block} was kept and is missing now")]
    Missing { block: i64 },
}

/// Recomputes every block from the events, in order, and names the first that does not hold.
pub async fn verify_chain(db: &Db) -> Result<Chain, StoreError> {
    let mut seen = Seen { number: 0, last: 0, hash: read::hex(&GENESIS) };
    loop {
        let from = seen.clone();
        let (seen_now, broken, more) = db
            .read(async move |tx: &mut Tx| {
                let mut seen = from.clone();
                let heads = read::blocks_after(tx, seen.number, BLOCKS_AT_ONCE).await?;
                for head in &heads {
                    let size = head.last.saturating_sub(head.first).saturating_add(1);
                    let events = read::read_after(tx, head.first.saturating_sub(1), size.clamp(1, 1 << 20)).await?;
                    let inside = events.into_iter().filter(|event| event.position <= head.last).collect::<Vec<_>>();
                    if let Some(why) = flaw(&seen, head, &inside) {
                        return Ok::<_, StoreError>((seen, Some((head.number, why)), Further::No));
                    }
                    seen = Seen { number: head.number, last: head.last, hash: head.hash.clone() };
                }
                if !heads.is_empty() {
                    return Ok((seen, None, Further::Yes));
                }
                let unfiled: i64 = tx.one(UNFILED, args![seen.last]).await?;
                let after = seen.number.saturating_add(1);
                let broken = (unfiled != 0).then_some((after, Break::Unfiled { events: unfiled }));
                Ok((seen, broken, Further::No))
            })
            .await?;
        if let Some((block, why)) = broken {
            return Ok(Chain::Broken { block, why });
        }
        seen = seen_now;
        match more {
            Further::Yes => {}
            Further::No => return Ok(Chain::Sound { blocks: seen.number, events: seen.last, head: seen.hash }),
        }
    }
}

#[derive(Clone, Copy)]
enum Further {
    Yes,
    No,
}

#[derive(Clone, Debug)]
struct Seen {
    number: i64,
    last: i64,
    hash: String,
}

fn flaw(seen: &Seen, head: &BlockHead, events: &[SealedEvent]) -> Option<Break> {
    let expected = seen.number.saturating_add(1);
    if head.number != expected {
        return Some(Break::Gap { expected });
    }
    let expected = seen.last.saturating_add(1);
    if head.first != expected || head.last < head.first {
        return Some(Break::Span { expected, first: head.first });
    }
    if head.previous_hash != seen.hash {
        return Some(Break::Unlinked { expected: seen.hash.clone() });
    }
    check_block(head, events).err()
}

/// Checks one block against its events, wherever both come from: a database, a file, another party's export.
pub fn check_block(head: &BlockHead, events: &[SealedEvent]) -> Result<(), Break> {
    let positions = head.first..=head.last;
    let expected = head.last.saturating_sub(head.first).saturating_add(1);
    if !events.iter().map(|event| event.position).eq(positions) {
        return Err(Break::Events { expected, found: i64::try_from(events.len()).unwrap_or(i64::MAX) });
    }
    let previous = unhex(&head.previous_hash).ok_or_else(|| Break::Unlinked { expected: read::hex(&GENESIS) })?;
    let recomputed = block_hash(head.number, head.sealed_at.millis(), &previous, events);
    let recomputed = read::hex(&recomputed);
    if recomputed == head.hash { Ok(()) } else { Err(Break::Hash { recomputed }) }
}

/// All block heads, for somebody outside to keep.
pub async fn export_heads(db: &Db) -> Result<Vec<BlockHead>, StoreError> {
    let mut heads: Vec<BlockHead> = Vec::new();
    loop {
        let after = heads.last().map_or(0, |head| head.number);
        let page = db.read(async move |tx: &mut Tx| read::blocks_after(tx, after, 10_000).await).await?;
        if page.is_empty() {
            return Ok(heads);
        }
        heads.extend(page);
    }
}

/// Checks heads offline: `shown` must be linked within itself, and still hold every head of `kept` unchanged.
pub fn check_heads(kept: &[BlockHead], shown: &[BlockHead]) -> Result<(), HeadsBroken> {
    for (before, head) in shown.iter().zip(shown.iter().skip(1)) {
        let follows = head.number == before.number.saturating_add(1)
            && head.first == before.last.saturating_add(1)
            && head.previous_hash == before.hash;
        if !follows {
            return Err(HeadsBroken::Unlinked { block: head.number });
        }
    }
    let by_number: BTreeMap<i64, &BlockHead> = shown.iter().map(|head| (head.number, head)).collect();
    for head in kept {
        match by_number.get(&head.number) {
            None => return Err(HeadsBroken::Missing { block: head.number }),
            Some(now) if *now != head => return Err(HeadsBroken::Rewritten { block: head.number }),
            Some(_) => {}
        }
    }
    Ok(())
}

/// The hash of a block over the hash before it and its events.
pub(crate) fn block_hash(number: i64, sealed_at: i64, previous: &[u8; 32], events: &[SealedEvent]) -> [u8; 32] {
    let mut block = Canonical::new();
    block.raw(ENCODING);
    block.raw(previous);
    block.number(number);
    block.number(sealed_at);
    block.length(events.len());
    for event in events {
        encode(&mut block, event);
    }
    Sha256::digest(&block.bytes).into()
}

fn encode(block: &mut Canonical, event: &SealedEvent) {
    use kernel::Id;
    block.number(event.position);
    block.raw(event.id.uuid().as_bytes());
    block.number(event.at.millis());
    block.text(event.actor.noun());
    // An actor without an id is written as sixteen zeros.
    block.raw(event.actor.uuid().unwrap_or_default().as_bytes());
    block.text(&event.kind);
    block.number(event.version);
    block.text(&event.subject.noun);
    block.raw(event.subject.id.as_bytes());
    block.number(event.subject.revision);
    block.length(event.also.len());
    for link in &event.also {
        block.text(&link.noun);
        block.raw(link.id.as_bytes());
    }
    block.text(event.body.get());
}

struct Canonical {
    bytes: Vec<u8>,
}

impl Canonical {
    const fn new() -> Self {
        Self { bytes: Vec::new() }
    }

    fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn number(&mut self, number: i64) {
        self.raw(&number.to_be_bytes());
    }

    fn length(&mut self, length: usize) {
        self.raw(&u64::try_from(length).unwrap_or(u64::MAX).to_be_bytes());
    }

    fn text(&mut self, text: &str) {
        self.length(text.len());
        self.raw(text.as_bytes());
    }
}

pub(crate) fn unhex(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u8> =
        text.chars().map(|digit| digit.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect::<Option<_>>()?;
    let bytes: Vec<u8> =
        digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect();
    if digits.len() == 64 { bytes.try_into().ok() } else { None }
}

sql! {
    /// Sealed behind the last block, sealed without an event, or told and neither sealed nor waiting.
    UNFILED = "SELECT CAST((SELECT COUNT(*) FROM event_seal WHERE position > $1) AS BIGINT)
                    + CAST((SELECT COUNT(*) FROM event e
                            WHERE NOT EXISTS (SELECT 1 FROM event_seal s WHERE s.event = e.id)
                              AND NOT EXISTS (SELECT 1 FROM event_unsealed u WHERE u.event = e.id)) AS BIGINT)";
}
