use exchange::webhooks::{NewWebhook, WebhookRefusal};
use identity::Secret;
use store::{Key, Once, testing};

use super::*;
use crate::{Settings, Shop, TimeSetting, choose_tls_provider, open};

const DAY_MS: i64 = 86_400_000;

#[tokio::test(flavor = "multi_thread")]
async fn what_has_had_its_time_is_dropped() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = format!("sqlite:{}", folder.path().join("shop").display());
    let settings = Settings { database, time: TimeSetting::Stepped, ..Settings::default() };
    choose_tls_provider();
    let shop = open(&settings).await.expect("a shop");
    let worker = &shop.worker;
    let now = worker.clock.now();
    assert_eq!(open_jobs(worker, Stamp::system(now, &worker.ids)).await, 1);
    finish_all(worker, now).await;
    assert_eq!(open_jobs(worker, Stamp::system(now, &worker.ids)).await, 0, "its key is taken");
    assert!(!is_known(worker, now).await);

    worker.forget(now.plus_millis(8 * DAY_MS)).await.expect("a look");

    assert_eq!(open_jobs(worker, Stamp::system(now, &worker.ids)).await, 1, "the key is free again");
    assert!(is_known(worker, now).await, "a queue may be late by a week");

    worker.forget(now.plus_millis(31 * DAY_MS)).await.expect("a look");

    assert!(!is_known(worker, now).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_house_is_looked_through_soon_after_the_business_day_turns() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = format!("sqlite:{}", folder.path().join("shop").display());
    let settings = Settings { database, time: TimeSetting::Stepped, ..Settings::default() };
    choose_tls_provider();
    let shop = open(&settings).await.expect("a shop");
    let worker = &shop.worker;
    let stamp = Stamp::system(worker.clock.now(), &worker.ids);
    let opened: Result<catalog::Site, catalog::CatalogRefusal> = worker
        .db
        .write(async move |tx: &mut Tx| {
            let (draft, time) = a_site().parse().expect("a site that can be opened");
            catalog::open_site(tx, &stamp.again(), draft, time).await
        })
        .await;
    let site = opened.expect("a site");
    let steps = Steps(Arc::clone(worker));

    // Day by day from noon to noon: each is looked through once, within a quarter of an hour of its beginning.
    let mut noon = worker.clock.now().plus_millis(DAY_MS / 2);
    for _ in 0..3 {
        steps.advance_to(noon).await.expect("a day");
        noon = noon.plus_millis(DAY_MS);
    }

    let told: Result<Vec<events::SealedEvent>, StoreError> =
        worker.db.read(async |tx: &mut Tx| events::read_after(tx, 0, 1_000).await).await;
    let swept: Vec<Instant> =
        told.expect("a log").into_iter().filter(|event| event.kind == "expiry_swept").map(|event| event.at).collect();
    assert_eq!(swept.len(), 3, "{swept:?}");
    for two in swept.windows(2) {
        assert_ne!(site.time.business_day(two[0]), site.time.business_day(two[1]));
    }
    for at in swept.iter().skip(1) {
        let before = at.plus_millis(-LOOK_EVERY_MS);
        assert_ne!(site.time.business_day(before), site.time.business_day(*at), "no later than that: {at:?}");
    }
}

/// A process that gave events their positions and died before it told anybody.
#[tokio::test(flavor = "multi_thread")]
async fn what_another_process_sealed_and_did_not_tell_is_told_by_the_next() {
    choose_tls_provider();
    for room in testing::rooms().await {
        let settings = Settings { database: room.url(), time: TimeSetting::Real, ..Settings::default() };
        let sealer = open(&settings).await.expect("a shop");
        let now = sealer.worker.clock.now();
        sealer.worker.work_until(now).await.expect("nothing waits");
        subscribe(&sealer).await;
        let position = sealer.worker.seal(now).await.expect("a position");
        assert!(position > 0);
        assert_eq!(waiting_calls(&sealer.worker).await, 0, "sealed, and told to nobody");
        // One process has the embedded database to itself. On a server the first may as well only hang, its lease in hand.
        let hangs = (!settings.database.starts_with("sqlite:")).then_some(sealer);

        let next = open(&settings).await.expect("a shop");
        next.worker.work_until(now).await.expect("a round");

        assert_eq!(waiting_calls(&next.worker).await, 1, "its own entry is what the webhook is told first");
        if let Some(hangs) = hangs {
            let again =
                webhooks::read_on(&hangs.worker.db, &hangs.worker.ids, now, position, &hangs.worker.read_to).await;
            assert_eq!(again.expect("a look"), 0, "and told once");
        }
    }
}

/// Enters a webhook that is told of webhooks.
async fn subscribe(shop: &Shop) {
    let new = NewWebhook {
        name: "partner".to_owned(),
        url: "https://partner.example/told".to_owned(),
        kinds: vec!["webhook_subscribed".to_owned()],
    };
    let stamp = Stamp::system(shop.worker.clock.now(), &shop.worker.ids);
    let subscribed: Result<_, WebhookRefusal> = shop
        .worker
        .db
        .write(async move |tx: &mut Tx| {
            webhooks::subscribe(tx, &stamp.again(), &new, &Secret::known("whsec_of_a_test")).await
        })
        .await;
    subscribed.expect("a webhook");
}

/// How many calls of receivers wait or were tried.
async fn waiting_calls(worker: &Worker) -> i64 {
    let counted: Result<_, StoreError> = worker.db.look(async |tx: &mut Tx| jobs::counted(tx).await).await;
    let counted = counted.expect("a count");
    counted.iter().filter(|(kind, _, _)| kind == webhooks::DELIVER).map(|(_, _, count)| count).sum()
}

fn a_site() -> catalog::NewSite {
    catalog::NewSite {
        code: "TPE".to_owned(),
        name: "Taipei".to_owned(),
        currency: kernel::Currency::Twd,
        time_zone: "Asia/Taipei".to_owned(),
        day_turns_at_minute: 240,
        profile: catalog::Profile::Tw,
        position: catalog::Position { latitude_microdegrees: 25_047_700, longitude_microdegrees: 121_517_000 },
        delivery_radius_metres: 12_000,
    }
}

/// Asks for a job under a key of its own; answers how many are open then.
async fn open_jobs(worker: &Worker, stamp: Stamp) -> i64 {
    let counted: Result<_, StoreError> = worker
        .db
        .write(async move |tx: &mut Tx| {
            let id = stamp.again().mint::<JobId>().uuid();
            let due_at = stamp.at.millis();
            jobs::enqueue(tx, &jobs::NewJob { id, kind: notices::NOTICE, key: "n", payload: "{}", due_at }).await?;
            jobs::counted(tx).await
        })
        .await;
    counted.expect("a count").iter().map(|(_, _, count)| count).sum()
}

async fn finish_all(worker: &Worker, now: Instant) {
    let finished: Result<(), StoreError> = worker
        .db
        .write(async move |tx: &mut Tx| {
            for job in jobs::claim(tx, notices::NOTICE, now.millis(), LEASE_MS, JOBS_AT_ONCE).await? {
                jobs::done(tx, job.id).await?;
            }
            Ok(())
        })
        .await;
    finished.expect("finished jobs");
}

/// Whether the answer to this request is kept; it is from now on.
async fn is_known(worker: &Worker, now: Instant) -> bool {
    let key = Key { caller: "picker".to_owned(), key: "k".to_owned(), request: [7; 32] };
    let asked: Result<Once<u8>, StoreError> = worker.db.once(key, now.millis(), async |_: &mut Tx| Ok(1)).await;
    asked.expect("an answer").is_replayed()
}
