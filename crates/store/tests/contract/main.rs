//! What every verb may rely on, on both engines. PostgreSQL takes part when `TEST_POSTGRES_URL` names a server.
#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

/// Each fact is a test per engine.
macro_rules! facts {
    ($($fact:ident)*) => {
        mod on_sqlite {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $fact() {
                super::$fact(store::testing::sqlite(&crate::SHOP).await).await;
            }
        )*}

        mod on_postgres {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $fact() {
                if let Some(db) = store::testing::postgres(&crate::SHOP).await {
                    super::$fact(db).await;
                }
            }
        )*}
    };
}

mod ends;
mod members;
mod once;
mod readings;
mod refusals;
mod sets;
mod values;
mod work;

use kernel::{Id, LotId, SkuId};
use store::{Db, FromRow, Migration, Result, Row, StoreError, Tx, args, row, sql, testing::TestDb};
use uuid::Uuid;

static SHOP: [Migration; 2] = [
    store::MIGRATION,
    Migration::new(
        2,
        "lots",
        "CREATE TABLE lot (
             id UUID NOT NULL PRIMARY KEY,
             sku UUID NOT NULL,
             grams BIGINT NOT NULL,
             reserved BIGINT NOT NULL,
             use_by TEXT NOT NULL,
             label TEXT,
             seal {bytes},
             CHECK (reserved <= grams)
         );
         CREATE TABLE note (seq {rowid}, word TEXT NOT NULL UNIQUE);
         CREATE TABLE box (
             id BIGINT NOT NULL PRIMARY KEY,
             stands_on BIGINT REFERENCES box (id) DEFERRABLE INITIALLY DEFERRED
         )",
    ),
];

sql! {
    pub(crate) ADD = "INSERT INTO lot (id, sku, grams, reserved, use_by, label, seal) VALUES ($1, $2, $3, 0, $4, $5, $6)";
    pub(crate) RESERVE = "UPDATE lot SET reserved = reserved + $1 WHERE id = $2";
    /// Earliest use-by first; what is gone is gone.
    pub(crate) LOTS = "SELECT id, grams - reserved FROM lot
                       WHERE sku = $1 AND grams > reserved -- not $2
                       ORDER BY use_by, id
                       {lock}";
    pub(crate) LOT = "SELECT id, sku, grams, use_by, label, seal FROM lot WHERE id = $1";
    pub(crate) RESERVED = "SELECT reserved FROM lot WHERE id = $1";
    pub(crate) DISCARD = "DELETE FROM lot WHERE id = $1";
    pub(crate) GRAMS_AS_NAME = "SELECT grams FROM lot";
    pub(crate) HALF = "SELECT 0.5 * grams AS half FROM lot";
    pub(crate) SWAPPED = "SELECT word FROM note WHERE word <> $2 AND word = $1";
    pub(crate) NOTE = "INSERT INTO note (word) VALUES ($1)";
    pub(crate) NOTE_ONCE = "INSERT INTO note (word) VALUES ($1) ON CONFLICT DO NOTHING";
    pub(crate) NOTES = "SELECT word FROM note ORDER BY seq";
    pub(crate) NOTE_BACK = "INSERT INTO note (word) VALUES ($1) RETURNING seq";
    pub(crate) COUNT = "SELECT COUNT(*) FROM note";
    pub(crate) STACK = "INSERT INTO box (id, stands_on) VALUES ($1, $2)";
    pub(crate) BOXES = "SELECT COUNT(*) FROM box";
    pub(crate) KEPT = "SELECT COUNT(*) FROM note WHERE word <> $1 {keep}";
    pub(crate) ALIKE = "SELECT word FROM note WHERE word LIKE $1 ORDER BY seq";
    pub(crate) STEAL = "UPDATE box SET stands_on = NULL, id = id + 100 WHERE id = $1 AND stands_on IS NULL";
    pub(crate) BOX = "SELECT id, stands_on FROM box WHERE id = $1 {stay}";
}

/// What a verb of the trade may refuse with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the van has left")]
    VanHasLeft,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A lot as its columns have it, read by hand.
#[derive(Debug, PartialEq)]
pub(crate) struct Lot {
    pub(crate) id: LotId,
    pub(crate) sku: SkuId,
    pub(crate) grams: i64,
    pub(crate) use_by: jiff::civil::Date,
    pub(crate) label: Option<String>,
    pub(crate) seal: Option<Vec<u8>>,
}

impl FromRow for Lot {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            sku: row.get(1)?,
            grams: row.get(2)?,
            use_by: row.get(3)?,
            label: row.get(4)?,
            seal: row.get(5)?,
        })
    }
}

pub(crate) fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub(crate) fn spinach() -> SkuId {
    SkuId::from_uuid(id(7))
}

pub(crate) async fn add_lots(db: &Db, grams: &'static [i64]) {
    let added: Result<()> = db
        .write(async move |tx: &mut Tx| {
            let lots = (0..).zip(grams).map(|(at, grams)| {
                row![id(at), spinach(), *grams, jiff::civil::date(2026, 3, 28), "spinach", None::<Vec<u8>>]
            });
            tx.put_many(ADD, lots.collect()).await
        })
        .await;
    added.unwrap();
}

pub(crate) async fn note(tx: &mut Tx, word: &str) -> Result<()> {
    tx.put(NOTE, args![word]).await
}

pub(crate) async fn notes(db: &Db) -> Vec<String> {
    db.read(async |tx: &mut Tx| tx.all(NOTES, args![]).await)
        .await
        .unwrap_or_else(|error: StoreError| panic!("{error}"))
}

pub(crate) async fn reserved(db: &Db, lot: u128) -> i64 {
    let found: Result<i64> = db.read(async move |tx: &mut Tx| tx.one(RESERVED, args![id(lot)]).await).await;
    found.unwrap()
}

pub(crate) fn on_sqlite(db: &TestDb) -> bool {
    db.path().is_some()
}
