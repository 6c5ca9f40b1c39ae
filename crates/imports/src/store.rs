//! SQL of imports.

use std::collections::BTreeMap;

use ::store::{FromRow, Result, Row, Tx, args, ids, row, sql};
use kernel::{Actor, Instant};
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    columns::Kind,
    run::{ImportRunId, ImportedFile, ImportedRow, Report},
};

ids!(ImportRunId);

/// Rows that go to the database in one set.
const SET: usize = 1_000;

sql! {
    KNOWN = "SELECT object, fingerprint FROM import_row WHERE kind = $1 AND row_key = $2";
    ADD_RUN = "INSERT INTO import_run (id, kind, file_sha256, row_count, created, changed, same, imported_by,
                                       imported_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    ADD_ROW = "INSERT INTO import_row (kind, row_key, object, fingerprint, run) VALUES ($1, $2, $3, $4, $5)";
    RUN = "SELECT id, kind, file_sha256, row_count, created, changed, same, imported_by, imported_at
           FROM import_run
           WHERE id = $1";
    /// Index `import_run_kind_latest`.
    RUNS = "SELECT id, kind, file_sha256, row_count, created, changed, same, imported_by, imported_at
            FROM import_run
            WHERE kind = $1 AND id < $2 AND ($3 = '' OR imported_by = $3)
            ORDER BY id DESC
            LIMIT $4";
    /// Index `import_row_run`.
    ROWS = "SELECT row_key, object FROM import_row WHERE run = $1 AND row_key > $2 ORDER BY row_key LIMIT $3";
}

/// What a key of an earlier file has become.
pub(crate) struct Known {
    pub(crate) object: Uuid,
    pub(crate) fingerprint: Option<String>,
}

impl FromRow for Known {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self { object: row.get(0)?, fingerprint: row.get(1)? })
    }
}

impl FromRow for ImportedFile {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            kind: row.get(1)?,
            file_sha256: row.get(2)?,
            rows: row.get(3)?,
            created: row.get(4)?,
            changed: row.get(5)?,
            same: row.get(6)?,
            imported_by: row.get(7)?,
            imported_at: row.get(8)?,
        })
    }
}

impl FromRow for ImportedRow {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self { key: row.get(0)?, object: row.get(1)? })
    }
}

/// What earlier files have made of some keys.
pub(crate) type KnownKeys = BTreeMap<String, Known>;

/// Looks the keys of a file up, a set at a time.
pub(crate) async fn known_objects(tx: &mut Tx, kind: Kind, keys: &[&str]) -> Result<KnownKeys> {
    let mut known = KnownKeys::new();
    for keys in keys.chunks(SET) {
        let asked: Vec<_> = keys.iter().map(|key| row![kind, *key]).collect();
        let found: Vec<Vec<Known>> = tx.all_many(KNOWN, &asked).await?;
        known.extend(keys.iter().zip(found).filter_map(|(key, mut found)| Some(((*key).to_owned(), found.pop()?))));
    }
    Ok(known)
}

/// A row that was taken for the first time, to be known by its key.
pub(crate) struct Remembered {
    pub(crate) key: String,
    pub(crate) object: Uuid,
    pub(crate) fingerprint: Option<String>,
}

/// Who imported a file, as lists show it.
pub(crate) fn filed(by: &Actor) -> String {
    match by.uuid() {
        Some(id) => format!("{} {id}", by.noun()),
        None => by.noun().to_owned(),
    }
}

pub(crate) async fn keep(
    tx: &mut Tx,
    report: &Report,
    by: &Actor,
    at: Instant,
    run: ImportRunId,
    rows: &[Remembered],
) -> Result<()> {
    let sha256 = report.file_sha256.as_str();
    tx.put(
        ADD_RUN,
        args![run, report.kind, sha256, report.rows, report.created, report.changed, report.same, filed(by), at],
    )
    .await?;
    for set in rows.chunks(SET) {
        let set = set
            .iter()
            .map(|known| row![report.kind, known.key.as_str(), known.object, known.fingerprint.as_deref(), run])
            .collect();
        tx.put_many(ADD_ROW, set).await?;
    }
    Ok(())
}

pub(crate) async fn run(tx: &mut Tx, id: ImportRunId) -> Result<Option<ImportedFile>> {
    tx.optional(RUN, args![id]).await
}

/// Files of a kind that `whose` took, or anybody if it is empty, the latest first, from before `before`.
pub(crate) async fn runs(
    tx: &mut Tx,
    kind: Kind,
    whose: &str,
    before: Option<ImportRunId>,
    limit: i64,
) -> Result<Vec<ImportedFile>> {
    let before = before.unwrap_or_else(ImportRunId::last);
    tx.all(RUNS, args![kind, before, whose, limit]).await
}

pub(crate) async fn rows(tx: &mut Tx, run: ImportRunId, after: &str, limit: i64) -> Result<Vec<ImportedRow>> {
    tx.all(ROWS, args![run, after, limit]).await
}

/// What a row says, so short that two can be compared: the same bytes for the same words.
pub(crate) fn fingerprint(row: &impl Serialize) -> String {
    let text = serde_json::to_vec(row).unwrap_or_default();
    hex(&Sha256::digest(&text))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    bytes.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]).collect()
}
