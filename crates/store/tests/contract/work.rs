//! Jobs and leases.

use std::collections::BTreeMap;

use store::{
    Db, Result, Tx,
    jobs::{self, Job, NewJob},
    lease,
    testing::TestDb,
};
use uuid::Uuid;

use crate::id;

facts! {
    parallel_workers_never_share_a_job
    a_job_lives_until_it_is_done
    a_lease_has_one_holder
}

async fn enqueue(db: &Db, count: u128) {
    let queued: Result<()> = db
        .write(async move |tx: &mut Tx| {
            for number in 0..count {
                let key = number.to_string();
                let due_at = 1_000 - i64::try_from(number).unwrap();
                jobs::enqueue(tx, &NewJob { id: id(number), kind: "notice", key: &key, payload: "{}", due_at }).await?;
            }
            Ok(())
        })
        .await;
    queued.unwrap();
}

async fn parallel_workers_never_share_a_job(db: TestDb) {
    enqueue(&db, 200).await;

    let mut workers = Vec::new();
    for _ in 0..8 {
        let db = db.clone();
        workers.push(tokio::spawn(async move {
            let mut had = Vec::new();
            // SKIP LOCKED may leave a worker with nothing while others hold the rows.
            let mut idle = 0;
            while idle < 3 {
                let claimed: Result<Vec<Job>> =
                    db.write(async |tx: &mut Tx| jobs::claim(tx, "notice", 2_000, 60_000, 7).await).await;
                let claimed = claimed.unwrap();
                idle = if claimed.is_empty() { idle + 1 } else { 0 };
                assert!(claimed.len() <= 7);
                assert!(claimed.is_sorted_by_key(|job| job.due_at));
                had.extend(claimed.into_iter().map(|job| job.id));
            }
            had
        }));
    }
    let mut times: BTreeMap<Uuid, u32> = BTreeMap::new();
    for worker in workers {
        for id in worker.await.unwrap() {
            *times.entry(id).or_default() += 1;
        }
    }

    assert_eq!(times.len(), 200);
    assert!(times.values().all(|times| *times == 1));
}

async fn a_job_lives_until_it_is_done(db: TestDb) {
    enqueue(&db, 3).await;
    enqueue(&db, 3).await;

    let told: Result<()> = db
        .write(async |tx: &mut Tx| {
            assert_eq!(jobs::next_due(tx).await?, [("notice".to_owned(), 998)]);
            assert!(jobs::claim(tx, "letter", 2_000, 100, 9).await?.is_empty());
            assert!(jobs::claim(tx, "notice", 997, 100, 9).await?.is_empty());
            let claimed = jobs::claim(tx, "notice", 2_000, 100, 9).await?;
            assert_eq!(claimed.iter().map(|job| job.due_at).collect::<Vec<_>>(), [998, 999, 1_000]);
            assert_eq!((claimed[0].key.as_str(), claimed[0].payload.as_str(), claimed[0].attempts), ("2", "{}", 1));

            assert!(jobs::claim(tx, "notice", 2_099, 100, 9).await?.is_empty());
            assert_eq!(jobs::next_due(tx).await?, [("notice".to_owned(), 2_100)]);
            assert!(jobs::done(tx, claimed[0].id).await?);
            assert!(!jobs::done(tx, claimed[0].id).await?);
            assert!(jobs::retry(tx, claimed[1].id, 5_000, "the gateway is down").await?);
            assert!(jobs::bury(tx, claimed[2].id, "no such number").await?);
            assert_eq!(jobs::next_due(tx).await?, [("notice".to_owned(), 5_000)]);

            let again = jobs::claim(tx, "notice", 5_000, 100, 9).await?;
            assert_eq!((again.len(), again[0].attempts), (1, 2));
            assert_eq!(jobs::claim_one(tx, again[0].id, 5_099, 100).await?, None);
            let lapsed: Vec<Job> = jobs::claim_one(tx, again[0].id, 5_100, 100).await?.into_iter().collect();
            assert_eq!((lapsed.len(), lapsed[0].attempts), (1, 3));
            assert!(jobs::done(tx, lapsed[0].id).await?);
            assert_eq!(jobs::next_due(tx).await?, []);
            assert_eq!(jobs::purge(tx, 999, 10).await?, 1);
            Ok(())
        })
        .await;
    told.unwrap();
}

async fn a_lease_has_one_holder(db: TestDb) {
    let told: Result<()> = db
        .write(async |tx: &mut Tx| {
            assert!(lease::take(tx, "sealer", "a", 1_000, 100).await?);
            assert!(!lease::take(tx, "sealer", "b", 1_099, 100).await?);
            assert!(lease::take(tx, "sealer", "a", 1_099, 100).await?);
            assert!(lease::take(tx, "sweeper", "b", 1_099, 100).await?);
            assert!(lease::take(tx, "sealer", "b", 1_199, 100).await?);
            lease::release(tx, "sealer", "a").await?;
            assert!(!lease::take(tx, "sealer", "a", 1_200, 100).await?);
            lease::release(tx, "sealer", "b").await?;
            assert!(lease::take(tx, "sealer", "a", 1_200, 100).await?);
            Ok(())
        })
        .await;
    told.unwrap();
}
