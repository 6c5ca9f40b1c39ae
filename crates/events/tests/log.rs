//! The log on both engines: told in the transaction, sealed in order, never skipped, never changed unseen.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use events::{Break, Chain, Object, SealedEvent, Told};
use kernel::{Actor, Id, IdSource, Instant, LotId, SiteId, Stamp, UserId};
use serde::{Deserialize, Serialize};
use store::{Db, Migration, StoreError, Tx, args, sql, testing};
use tokio::sync::Semaphore;
use uuid::Uuid;

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct LotWeighed {
    grams: i64,
    note: String,
}

impl Told for LotWeighed {
    const KIND: &'static str = "lot_weighed";
    const VERSION: i64 = 1;
}

const LIST: &[Migration] = &[store::MIGRATION, events::MIGRATION, events::SEAL_QUEUE_MIGRATION];
const NOON: Instant = Instant::from_millis(1_774_666_800_000);

fn lot(number: u128) -> LotId {
    LotId::from_uuid(Uuid::from_u128(number))
}

fn site() -> SiteId {
    SiteId::from_uuid(Uuid::from_u128(900))
}

fn stamp(ids: &IdSource) -> Stamp {
    Stamp::new(NOON, Actor::Staff(UserId::from_uuid(Uuid::from_u128(1))), kernel::Lang::En, ids)
}

async fn weigh(db: &Db, ids: &IdSource, number: u128, grams: i64) {
    let stamp = stamp(ids);
    db.write(async move |tx: &mut Tx| weigh_in(tx, &stamp.again(), number, grams).await)
        .await
        .expect("the weight is told");
}

async fn weigh_in(tx: &mut Tx, stamp: &Stamp, number: u128, grams: i64) -> Result<(), StoreError> {
    let body = LotWeighed { grams, note: "秤 \"A\"".to_owned() };
    events::tell(tx, stamp, Object::of(lot(number)), &[Object::of(site())], &body).await?;
    Ok(())
}

async fn all(db: &Db) -> Vec<SealedEvent> {
    db.read::<_, StoreError, _>(async |tx: &mut Tx| events::read_after(tx, 0, 10_000).await)
        .await
        .expect("the log is read")
}

async fn seal(db: &Db) -> i64 {
    events::seal(db, NOON, "this process").await.expect("the log is sealed").events
}

fn positions(events: &[SealedEvent]) -> Vec<i64> {
    events.iter().map(|event| event.position).collect()
}

#[tokio::test]
async fn a_reader_gets_what_was_told() {
    for db in testing::both(LIST).await {
        let ids = IdSource::seeded(1);

        weigh(&db, &ids, 7, 52_000).await;
        assert!(all(&db).await.is_empty(), "nothing is read before it is sealed");
        assert_eq!(seal(&db).await, 1);

        let [event] = &all(&db).await[..] else { panic!("one event was told") };
        assert_eq!((event.position, event.kind.as_str(), event.version), (1, "lot_weighed", 1));
        assert_eq!((event.at, event.actor), (NOON, Actor::Staff(UserId::from_uuid(Uuid::from_u128(1)))));
        assert_eq!((event.subject.noun.as_str(), event.subject.id, event.subject.revision), ("lot", lot(7).uuid(), 1));
        assert_eq!(event.touched("site"), Some(site().uuid()));
        let body: LotWeighed = event.body_as().unwrap();
        assert_eq!(body, LotWeighed { grams: 52_000, note: "秤 \"A\"".to_owned() });
        let of_site = db
            .read::<_, edge::Problem, _>(async |tx: &mut Tx| {
                events::of_object(tx, "site", site().uuid(), &edge::Paging::default()).await
            })
            .await
            .unwrap();
        assert_eq!(positions(&of_site), [1]);
        assert_eq!(of_site[0].also, event.also);
    }
}

#[tokio::test]
async fn a_refused_verb_has_told_nothing() {
    for db in testing::both(LIST).await {
        let stamp = stamp(&IdSource::seeded(1));

        let refused = db
            .write(async move |tx: &mut Tx| {
                weigh_in(tx, &stamp.again(), 7, 1).await?;
                Err::<(), _>(StoreError::Busy)
            })
            .await;

        assert!(refused.is_err());
        assert_eq!(seal(&db).await, 0);
    }
}

/// The fault of every log that is read by insertion sequence.
#[tokio::test]
async fn what_commits_late_is_read_late_and_never_skipped() {
    let Some(db) = testing::postgres(LIST).await else { return };
    let ids = IdSource::seeded(1);
    let (told, may_commit) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let slow = {
        let (db, stamp, told, may_commit) = (db.clone(), stamp(&ids), told.clone(), may_commit.clone());
        // PostgreSQL lets a verb wait for something else; that is how this one commits last.
        tokio::spawn(async move {
            db.write(async move |tx: &mut Tx| {
                weigh_in(tx, &stamp.again(), 1, 100).await?;
                tx.one::<i64>(COUNT, args![]).await?;
                told.add_permits(1);
                may_commit.acquire().await.unwrap().forget();
                Ok::<_, StoreError>(())
            })
            .await
        })
    };
    told.acquire().await.unwrap().forget();

    // The second is told later, commits first, and is read first.
    weigh(&db, &ids, 2, 200).await;
    assert_eq!(seal(&db).await, 1);
    let first = all(&db).await;
    assert_eq!((positions(&first), first[0].subject.id), (vec![1], lot(2).uuid()));

    may_commit.add_permits(1);
    slow.await.unwrap().unwrap();
    assert_eq!(seal(&db).await, 1);
    let both = all(&db).await;
    assert_eq!(positions(&both), [1, 2]);
    assert_eq!(both[1].subject.id, lot(1).uuid());
    assert!(both[1].id < both[0].id, "the earlier id came last");
    assert!(matches!(events::verify_chain(&db).await.unwrap(), Chain::Sound { blocks: 2, events: 2, .. }));
}

/// The same on every engine: writers, a sealer and a reader at once; ids are minted before the writers queue, so
/// commits come in another order than ids.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_reader_between_writers_and_sealer_sees_every_event_once() {
    const WRITERS: u128 = 16;
    const EACH: i64 = 20;
    for db in testing::both(LIST).await {
        let ids = IdSource::seeded(1);
        let done = Arc::new(AtomicBool::new(false));
        let sealer = {
            let (db, done) = (db.clone(), done.clone());
            tokio::spawn(async move {
                while !done.load(Ordering::Relaxed) {
                    seal(&db).await;
                }
                seal(&db).await
            })
        };
        let reader = {
            let (db, done) = (db.clone(), done.clone());
            tokio::spawn(async move {
                let mut seen = Vec::new();
                loop {
                    let last = done.load(Ordering::Relaxed);
                    let after = seen.last().map_or(0, |event: &SealedEvent| event.position);
                    let page = db
                        .read::<_, StoreError, _>(async move |tx: &mut Tx| events::read_after(tx, after, 7).await)
                        .await
                        .unwrap();
                    if last && page.is_empty() {
                        return seen;
                    }
                    seen.extend(page);
                }
            })
        };

        let writers = (0..WRITERS).map(|writer| {
            let (db, ids) = (db.clone(), ids.clone());
            tokio::spawn(async move {
                for grams in 1..=EACH {
                    // Every other writer speaks of lot 0, so that they meet.
                    weigh(&db, &ids, if writer % 2 == 0 { 0 } else { writer }, grams).await;
                }
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
        while seal(&db).await > 0 {}
        done.store(true, Ordering::Relaxed);
        sealer.await.unwrap();
        let seen = reader.await.unwrap();

        let told = i64::try_from(WRITERS).unwrap() * EACH;
        assert_eq!(positions(&seen), (1..=told).collect::<Vec<_>>());
        for number in 0..WRITERS {
            let revisions: Vec<i64> = seen
                .iter()
                .filter(|event| event.subject.id == lot(number).uuid())
                .map(|event| event.subject.revision)
                .collect();
            assert!(
                revisions.iter().copied().eq(1..=i64::try_from(revisions.len()).unwrap()),
                "{number}: {revisions:?}"
            );
        }
        assert!(matches!(events::verify_chain(&db).await.unwrap(), Chain::Sound { events, .. } if events == told));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_sealers_never_give_one_position_twice() {
    for db in testing::both(LIST).await {
        let ids = IdSource::seeded(1);
        for number in 0..40 {
            weigh(&db, &ids, number, 1).await;
        }

        // The second holder's lease begins where the first one's has long run out: both believe they may.
        let late = NOON.plus_minutes(60);
        let (a, b) = (db.clone(), db.clone());
        let sealers = [
            tokio::spawn(async move { events::seal(&a, NOON, "a").await }),
            tokio::spawn(async move { events::seal(&b, late, "b").await }),
        ];
        let mut sealed = 0;
        for sealer in sealers {
            sealed += sealer.await.unwrap().map_or(0, |sealed| sealed.events);
        }
        sealed += events::seal(&db, late, "b").await.unwrap().events;

        assert_eq!(sealed, 40);
        assert_eq!(positions(&all(&db).await), (1..=40).collect::<Vec<_>>());
        assert!(matches!(events::verify_chain(&db).await.unwrap(), Chain::Sound { events: 40, .. }));
    }
}

#[tokio::test]
async fn who_is_not_the_sealer_seals_nothing() {
    for db in testing::both(LIST).await {
        let ids = IdSource::seeded(1);
        weigh(&db, &ids, 1, 1).await;
        events::seal(&db, NOON, "a").await.unwrap();
        weigh(&db, &ids, 2, 1).await;

        let other = events::seal(&db, NOON.plus_millis(10), "b").await.unwrap();

        assert_eq!((other.events, other.position), (0, 1));
        assert_eq!(events::seal(&db, NOON.plus_millis(20), "a").await.unwrap().events, 1);
    }
}

#[tokio::test]
async fn a_long_queue_becomes_several_blocks() {
    for db in testing::both(LIST).await {
        let stamp = stamp(&IdSource::seeded(1));
        let told = events::BATCH_MAX + 3;
        db.write(async move |tx: &mut Tx| {
            let stamp = stamp.again();
            for grams in 0..told {
                weigh_in(tx, &stamp, 1, grams).await?;
            }
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();

        let sealed = events::seal(&db, NOON, "a").await.unwrap();

        assert_eq!((sealed.events, sealed.blocks, sealed.position), (told, 2, told));
        let heads = events::export_heads(&db).await.unwrap();
        assert_eq!(
            heads.iter().map(|head| (head.first, head.last)).collect::<Vec<_>>(),
            [(1, events::BATCH_MAX), (events::BATCH_MAX + 1, told)]
        );
        assert_eq!(events::check_heads(&heads[..1], &heads), Ok(()));
    }
}

#[tokio::test]
async fn the_log_refuses_to_be_changed() {
    for db in testing::both(LIST).await {
        weigh(&db, &IdSource::seeded(1), 1, 52_000).await;
        seal(&db).await;

        for statement in [FORGE, SHIFT, DROP] {
            let refused = db.write(async move |tx: &mut Tx| tx.execute(statement, args![]).await).await;
            assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
        }
    }
}

#[tokio::test]
async fn a_changed_weight_is_found_in_its_block() {
    for db in testing::both(LIST).await {
        let ids = IdSource::seeded(1);
        for (number, grams) in [(1, 10_000), (2, 52_000), (3, 30_000)] {
            weigh(&db, &ids, number, grams).await;
            seal(&db).await;
        }
        let kept = events::export_heads(&db).await.unwrap();
        db.migrate(WITHOUT_TRIGGERS).await.unwrap();

        db.write(async |tx: &mut Tx| tx.execute(FORGE, args![]).await).await.unwrap();

        let broken = events::verify_chain(&db).await.unwrap();
        assert!(matches!(broken, Chain::Broken { block: 2, why: Break::Hash { .. } }), "{broken:?}");

        // Whoever recomputes the block to hide it, breaks with the heads kept outside.
        let Chain::Broken { why: Break::Hash { recomputed }, .. } = broken else { panic!("found above") };
        let mut forged = kept.clone();
        forged[1].hash.clone_from(&recomputed);
        assert_eq!(events::check_heads(&kept, &forged), Err(events::HeadsBroken::Unlinked { block: 3 }));
        forged[2].previous_hash = recomputed;
        assert_eq!(events::check_heads(&kept, &forged), Err(events::HeadsBroken::Rewritten { block: 2 }));
        assert_eq!(events::check_heads(&kept, &kept[..2]), Err(events::HeadsBroken::Missing { block: 3 }));
    }
}

#[tokio::test]
async fn an_event_pulled_out_of_the_log_is_missed() {
    for db in testing::both(LIST).await {
        let ids = IdSource::seeded(1);
        weigh(&db, &ids, 1, 1).await;
        weigh(&db, &ids, 2, 52_000).await;
        seal(&db).await;
        db.migrate(WITHOUT_TRIGGERS).await.unwrap();

        db.write(async |tx: &mut Tx| tx.execute(UNSEAL, args![]).await).await.unwrap();

        let broken = events::verify_chain(&db).await.unwrap();
        assert_eq!(broken, Chain::Broken { block: 1, why: Break::Events { expected: 2, found: 1 } });
    }
}

#[tokio::test]
async fn a_cursor_only_goes_on() {
    for db in testing::both(LIST).await {
        let walk = async |tx: &mut Tx| {
            assert_eq!(events::cursor(tx, "notices").await?, 0);
            assert_eq!(events::claim(tx, "notices").await?, 0);
            events::advance(tx, "notices", 5).await?;
            events::advance(tx, "notices", 3).await?;
            Ok::<_, StoreError>((events::cursor(tx, "notices").await?, events::cursor(tx, "webhooks").await?))
        };

        assert_eq!(db.write(walk).await.unwrap(), (5, 0));
    }
}

#[tokio::test]
async fn every_statement_fits_both_engines() {
    for db in testing::both(LIST).await {
        db.prepare_all().await.unwrap();
    }
}

#[tokio::test]
async fn a_follower_wakes_once_there_is_something_new() {
    let feed = events::Feed::new();
    let mut follower = feed.follow();

    feed.advanced(3);
    assert_eq!(follower.beyond(0).await, Some(3));
    feed.advanced(2);
    let waiting = tokio::spawn(async move { follower.beyond(3).await });
    feed.advanced(9);
    assert_eq!(waiting.await.unwrap(), Some(9));
    let mut late = feed.follow();
    feed.close();
    assert_eq!(late.beyond(9).await, None);
}

/// The published encoding, worked out by hand once: whoever changes it changes this number and ADR 0006.
#[test]
fn the_encoding_of_a_block_is_the_published_one() {
    let ids = IdSource::seeded(1);
    let event = SealedEvent {
        position: 1,
        id: stamp(&ids).mint(),
        at: NOON,
        actor: Actor::System,
        kind: "lot_weighed".to_owned(),
        version: 1,
        subject: events::Subject { noun: "lot".to_owned(), id: lot(7).uuid(), revision: 1 },
        also: vec![events::Link { noun: "site".to_owned(), id: site().uuid() }],
        body: serde_json::value::RawValue::from_string("{\"grams\":52000}".to_owned()).unwrap(),
    };
    let mut bytes = b"freshet block 1\n".to_vec();
    let number = |bytes: &mut Vec<u8>, number: i64| bytes.extend(number.to_be_bytes());
    let text = |bytes: &mut Vec<u8>, text: &str| {
        bytes.extend(u64::try_from(text.len()).unwrap().to_be_bytes());
        bytes.extend(text.as_bytes());
    };
    bytes.extend([0; 32]);
    number(&mut bytes, 1);
    number(&mut bytes, NOON.millis());
    number(&mut bytes, 1);
    number(&mut bytes, 1);
    bytes.extend(event.id.uuid().as_bytes());
    number(&mut bytes, NOON.millis());
    text(&mut bytes, "system");
    bytes.extend([0; 16]);
    text(&mut bytes, "lot_weighed");
    number(&mut bytes, 1);
    text(&mut bytes, "lot");
    bytes.extend(lot(7).uuid().as_bytes());
    number(&mut bytes, 1);
    number(&mut bytes, 1);
    text(&mut bytes, "site");
    bytes.extend(site().uuid().as_bytes());
    text(&mut bytes, "{\"grams\":52000}");
    let hash = {
        use sha2::Digest;
        use std::fmt::Write;
        sha2::Sha256::digest(&bytes).iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").unwrap();
            hex
        })
    };
    let head = events::BlockHead { number: 1, first: 1, last: 1, previous_hash: "0".repeat(64), hash, sealed_at: NOON };

    assert_eq!(events::check_block(&head, &[event]), Ok(()));
}

/// What somebody with the keys to the database could do.
const WITHOUT_TRIGGERS: &[Migration] = &[
    store::MIGRATION,
    events::MIGRATION,
    events::SEAL_QUEUE_MIGRATION,
    Migration::new(9_999, "sabotage", "CREATE TABLE sabotage (one BIGINT NOT NULL PRIMARY KEY)").with(
        "DROP TRIGGER event_no_update; DROP TRIGGER event_seal_no_delete;",
        "DROP TRIGGER event_no_change ON event; DROP TRIGGER event_seal_no_change ON event_seal;",
    ),
];

sql! {
    COUNT = "SELECT COUNT(*) FROM event";
    FORGE = "UPDATE event SET body = REPLACE(body, '52000', '42000')";
    SHIFT = "UPDATE event_seal SET position = position + 100";
    DROP = "DELETE FROM event";
    UNSEAL = "DELETE FROM event_seal WHERE position = 2";
}
