//! The chain of sealed events, recomputed from its published encoding (ADR 0006) and nothing else.

use sha2::{Digest, Sha256};
use store::{Db, StoreError, Tx, args, sql};
use uuid::Uuid;

use crate::{Breach, Finding, nothing};

sql! {
    BLOCKS = "SELECT number, first, last, previous_hash, hash, sealed_at FROM event_block
              WHERE number > $1 ORDER BY number LIMIT 64";
    EVENTS = "SELECT event_seal.position, event.id, event.at, event.actor, event.actor_id, event.kind, event.version,
                     event.noun, event.object, event.revision, event.body
              FROM event_seal JOIN event ON event.id = event_seal.event
              WHERE event_seal.position BETWEEN $1 AND $2 ORDER BY event_seal.position";
    LINKS = "SELECT event_seal.position, event_object.noun, event_object.object
             FROM event_seal JOIN event_object ON event_object.event = event_seal.event
             WHERE event_seal.position BETWEEN $1 AND $2
             ORDER BY event_seal.position, event_object.noun, event_object.object";
    LOOSE = "SELECT COUNT(*) FROM event
             WHERE NOT EXISTS (SELECT 1 FROM event_seal WHERE event_seal.event = event.id)
               AND NOT EXISTS (SELECT 1 FROM event_unsealed WHERE event_unsealed.event = event.id)";
}

type Block = (i64, i64, i64, Vec<u8>, Vec<u8>, i64);
type Event = (i64, Uuid, i64, String, Option<Uuid>, String, i64, String, Uuid, i64, String);
type Link = (i64, String, Uuid);

const LAW: &str = "every block of events hashes to what it says, and no event is loose";

/// Walks the chain from its first block to its last.
pub(crate) async fn blocks_are_whole(db: &Db) -> Result<Finding, StoreError> {
    let (mut number, mut last, mut previous) = (0, 0, vec![0; 32]);
    let breach = |block: i64, expected: i64, found: i64| Breach {
        noun: format!("block {block}"),
        id: nothing(),
        expected,
        found,
    };
    loop {
        // Block by block the database would have to plan, and perhaps to scan, as often as there are blocks.
        let (blocks, events, links): (Vec<Block>, Vec<Event>, Vec<Link>) = db
            .read(async move |tx: &mut Tx| -> Result<_, StoreError> {
                let blocks: Vec<Block> = tx.all(BLOCKS, args![number]).await?;
                let from = blocks.iter().map(|block| block.1).min().unwrap_or_default();
                let to = blocks.iter().map(|block| block.2).max().unwrap_or_default();
                Ok((blocks, tx.all(EVENTS, args![from, to]).await?, tx.all(LINKS, args![from, to]).await?))
            })
            .await?;
        if blocks.is_empty() {
            break;
        }
        for block in blocks {
            if block.0 != number + 1 {
                return Ok(Finding { law: LAW, checked: last, breaches: vec![breach(block.0, number + 1, block.0)] });
            }
            if block.1 != last + 1 || block.3 != previous {
                return Ok(Finding { law: LAW, checked: last, breaches: vec![breach(block.0, last + 1, block.1)] });
            }
            let (from, to) = (block.1, block.2);
            let events = within(&events, from, to, |event| event.0);
            let count = i64::try_from(events.len()).unwrap_or(i64::MAX);
            if count != to - from + 1 || hash(&block, events, within(&links, from, to, |link| link.0)) != block.4 {
                return Ok(Finding { law: LAW, checked: last, breaches: vec![breach(block.0, to - from + 1, count)] });
            }
            (number, last, previous) = (block.0, block.2, block.4);
        }
    }
    let loose: i64 = db.read(async |tx: &mut Tx| -> Result<i64, StoreError> { tx.one(LOOSE, args![]).await }).await?;
    let breaches = if loose == 0 { Vec::new() } else { vec![breach(number + 1, 0, loose)] };
    Ok(Finding { law: LAW, checked: last, breaches })
}

/// What stands at the positions `from..=to`, out of rows in the order of their positions.
fn within<T>(rows: &[T], from: i64, to: i64, position: impl Fn(&T) -> i64) -> &[T] {
    let begin = rows.partition_point(|row| position(row) < from);
    let end = rows.partition_point(|row| position(row) <= to);
    rows.get(begin..end).unwrap_or_default()
}

/// The hash of a block, from the encoding as ADR 0006 publishes it: numbers as eight bytes, the highest first;
/// texts behind their length; ids as their sixteen bytes, sixteen zeros where there is none.
fn hash((number, _, _, previous, _, sealed_at): &Block, events: &[Event], links: &[Link]) -> Vec<u8> {
    let mut block = Sha256::new();
    block.update(b"freshet block 1\n");
    block.update(previous);
    block.update(number.to_be_bytes());
    block.update(sealed_at.to_be_bytes());
    block.update(length(events.len()));
    for (position, id, at, actor, actor_id, kind, version, noun, object, revision, body) in events {
        block.update(position.to_be_bytes());
        block.update(id.as_bytes());
        block.update(at.to_be_bytes());
        text(&mut block, actor);
        block.update(actor_id.unwrap_or_default().as_bytes());
        text(&mut block, kind);
        block.update(version.to_be_bytes());
        text(&mut block, noun);
        block.update(object.as_bytes());
        block.update(revision.to_be_bytes());
        let mut touched: Vec<&Link> = links.iter().filter(|(at, ..)| at == position).collect();
        touched.sort_by(|a, b| (&a.1, a.2).cmp(&(&b.1, b.2)));
        block.update(length(touched.len()));
        for (_, noun, object) in touched {
            text(&mut block, noun);
            block.update(object.as_bytes());
        }
        text(&mut block, body);
    }
    block.finalize().to_vec()
}

fn text(block: &mut Sha256, words: &str) {
    block.update(length(words.len()));
    block.update(words.as_bytes());
}

fn length(of: usize) -> [u8; 8] {
    u64::try_from(of).unwrap_or(u64::MAX).to_be_bytes()
}
