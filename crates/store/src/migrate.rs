//! Migrations: numbered, one text for both engines, each run once and never edited after.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::{
    Db, Result, StoreError, Tx, args,
    dialect::{self, Engine},
    sql,
};

/// Any number that no other program would lock on this server.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7022026032800)";
const HISTORY: &str = "CREATE TABLE IF NOT EXISTS migration (
    number BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL
)";

sql! {
    APPLIED = "SELECT number, checksum FROM migration ORDER BY number";
    RECORD = "INSERT INTO migration (number, name, checksum) VALUES ($1, $2, $3)";
}

/// One step of the schema.
///
/// The shared text may say `UUID`, `{rowid}` for a key the database counts up, and `{bytes}`; the engines split it
/// into statements themselves. What one engine needs of its own, such as a trigger, runs after it.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    pub number: i64,
    pub name: &'static str,
    pub sql: &'static str,
    pub sqlite: Option<&'static str>,
    pub postgres: Option<&'static str>,
}

impl Migration {
    pub const fn new(number: i64, name: &'static str, sql: &'static str) -> Self {
        Self { number, name, sql, sqlite: None, postgres: None }
    }

    /// With a text for each engine after the shared one.
    #[must_use]
    pub const fn with(self, sqlite: &'static str, postgres: &'static str) -> Self {
        Self { sqlite: Some(sqlite), postgres: Some(postgres), ..self }
    }

    /// Over all the texts, so that the same history has the same sums on both engines.
    fn checksum(&self) -> String {
        let mut sum = Sha256::new();
        for text in [self.sql, self.sqlite.unwrap_or_default(), self.postgres.unwrap_or_default()] {
            sum.update(text.as_bytes());
            sum.update([0]);
        }
        let nibbles = sum.finalize().into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
        nibbles.filter_map(|nibble| char::from_digit(nibble.into(), 16)).collect()
    }

    fn texts(&self, engine: Engine) -> Vec<String> {
        let own = match engine {
            Engine::Sqlite => self.sqlite,
            Engine::Postgres => self.postgres,
        };
        [Some(self.sql), own].into_iter().flatten().map(|text| dialect::schema(engine, text)).collect()
    }
}

/// A list without a lifetime to its name: the compiler cannot yet see that a verb which captures a reference, were
/// it `'static`, may cross threads.
#[derive(Clone, Copy)]
struct List(&'static [Migration]);

pub(crate) async fn run(db: &Db, list: &'static [Migration]) -> Result<()> {
    if let Some(pair) = list.windows(2).find(|pair| pair[0].number >= pair[1].number) {
        return Err(StoreError::Migration(pair[1].number, format!("stands behind {}", pair[0].number)));
    }
    let (engine, list) = (db.engine(), List(list));
    let applied = db
        .write(async move |tx: &mut Tx| {
            alone(tx, engine).await?;
            tx.batch(HISTORY).await?;
            history(tx, list).await
        })
        .await?;
    for migration in list.0.iter().filter(|migration| !applied.contains_key(&migration.number)).copied() {
        db.write(async move |tx: &mut Tx| step(tx, engine, list, migration).await).await?;
    }
    Ok(())
}

/// Keeps other runners out to the end of the transaction. The embedded database has one writer anyway.
async fn alone(tx: &mut Tx, engine: Engine) -> Result<()> {
    match engine {
        Engine::Sqlite => Ok(()),
        Engine::Postgres => tx.batch(LOCK).await,
    }
}

/// What has been applied, checked against what this program knows.
async fn history(tx: &mut Tx, list: List) -> Result<BTreeMap<i64, String>> {
    let applied: BTreeMap<i64, String> = tx.all(APPLIED, args![]).await?.into_iter().collect();
    let known = list.0.last().map_or(0, |last| last.number);
    for (&number, checksum) in &applied {
        let Some(migration) = list.0.iter().find(|migration| migration.number == number) else {
            return Err(StoreError::NewerDatabase { found: number, known });
        };
        if migration.checksum() != *checksum {
            let edited = format!("{} was edited after it had been applied", migration.name);
            return Err(StoreError::Migration(number, edited));
        }
    }
    Ok(applied)
}

async fn step(tx: &mut Tx, engine: Engine, list: List, migration: Migration) -> Result<()> {
    alone(tx, engine).await?;
    let applied = history(tx, list).await?;
    // Another runner may have been faster.
    if applied.contains_key(&migration.number) {
        return Ok(());
    }
    // Two databases with the same numbers must have had the same history.
    if let Some((&last, _)) = applied.last_key_value()
        && last > migration.number
    {
        return Err(StoreError::Migration(migration.number, format!("comes before {last}, which has been applied")));
    }
    for text in migration.texts(engine) {
        let named = |error| StoreError::Migration(migration.number, format!("{}: {error}", migration.name));
        tx.batch(&text).await.map_err(named)?;
    }
    tx.execute(RECORD, args![migration.number, migration.name, migration.checksum()]).await?;
    tracing::info!(number = migration.number, name = migration.name, "applied a migration");
    Ok(())
}
