//! Customers' records, on every engine and through the door.
#![expect(clippy::unwrap_used, reason = "a test stops where it stands")]

mod door;
mod verbs;

use customers::{Addressing, CustomerKind, Lift, NewCustomer, Phone, Standing};
use kernel::{Actor, IdSource, Instant, Lang, Stamp};
use store::{Db, Migration, StoreError, Tx};

static MIGRATIONS: &[Migration] =
    &[store::MIGRATION, events::MIGRATION, identity::MIGRATION, customers::MIGRATION, events::SEAL_QUEUE_MIGRATION];

/// 2026-03-28 08:00 in Taipei.
const MORNING: Instant = Instant::from_millis(1_774_656_000_000);

fn stamp(ids: &IdSource, by: Actor) -> Stamp {
    Stamp::new(MORNING, by, Lang::ZhHant, ids)
}

async fn run<T, E, F>(db: &Db, ids: &IdSource, verb: F) -> Result<T, E>
where
    F: AsyncFn(&mut Tx, &Stamp) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    let stamp = stamp(ids, Actor::System);
    db.write(async move |tx: &mut Tx| {
        let stamp = stamp.again();
        verb(tx, &stamp).await
    })
    .await
}

fn phone(text: &str) -> Phone {
    Phone::parse(text).unwrap()
}

/// 王小明, who reads Chinese first and English second.
fn wang(number: &str) -> NewCustomer {
    NewCustomer {
        kind: CustomerKind::Person,
        standing: Standing::Registered,
        name: "王小明".to_owned(),
        tax_id: None,
        phone: Some(phone(number)),
        langs: vec![Lang::ZhHant, Lang::En],
        price_group: None,
        allergies: Some("花生".to_owned()),
    }
}

fn home() -> Addressing {
    Addressing {
        recipient: "王太太".to_owned(),
        phone: Some(phone("0922333444")),
        text: "臺北市信義區市府路 1 號".to_owned(),
        floor: Some("12F".to_owned()),
        lift: Lift::Yes,
        gate_code: Some("4711#".to_owned()),
        note: Some("請放管理室".to_owned()),
        latitude_microdegrees: Some(25_033_964),
        longitude_microdegrees: Some(121_564_468),
    }
}
