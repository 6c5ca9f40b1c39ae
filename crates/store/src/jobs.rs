//! Work that must happen although the process may die: written in the transaction that makes it necessary, claimed
//! for a while by one worker, and so done at least once. What a job does must bear being done twice.

use uuid::Uuid;

use crate::{FromRow, Result, Row, Tx, args, sql};

sql! {
    ENQUEUE = "INSERT INTO job (id, kind, job_key, payload, state, due_at, leased_until, attempts)
               VALUES ($1, $2, $3, $4, 'open', $5, 0, 0)
               ON CONFLICT DO NOTHING";
    // By job_due; the rows are locked in the order in which they are due.
    CLAIM = "WITH due AS (
                 SELECT seq FROM job
                 WHERE state = 'open' AND kind = $1 AND due_at <= $2 AND leased_until <= $2
                 ORDER BY due_at, seq
                 LIMIT $4
                 {skip_locked}
             )
             UPDATE job
             SET leased_until = $3, attempts = attempts + 1
             WHERE seq IN (SELECT seq FROM due)
             RETURNING seq, id, kind, job_key, payload, due_at, attempts";
    CLAIM_ONE = "UPDATE job
                 SET leased_until = $3, attempts = attempts + 1
                 WHERE id = $1 AND state = 'open' AND due_at <= $2 AND leased_until <= $2
                 RETURNING seq, id, kind, job_key, payload, due_at, attempts";
    DONE = "UPDATE job SET state = 'done', error = NULL WHERE id = $1 AND state = 'open'";
    RETRY = "UPDATE job SET due_at = $2, leased_until = 0, error = $3 WHERE id = $1 AND state = 'open'";
    BURY = "UPDATE job SET state = 'buried', error = $2 WHERE id = $1 AND state = 'open'";
    NEXT_DUE = "SELECT kind, MIN(CASE WHEN leased_until > due_at THEN leased_until ELSE due_at END)
                FROM job WHERE state = 'open' GROUP BY kind ORDER BY kind";
    COUNTED = "SELECT kind, state, COUNT(*) FROM job WHERE state IN ('open', 'buried') GROUP BY kind, state ORDER BY kind, state";
    PURGE = "DELETE FROM job
             WHERE seq IN (SELECT seq FROM job WHERE state = 'done' AND due_at < $1 ORDER BY due_at LIMIT $2)";
}

/// A job to be done.
#[derive(Clone, Copy, Debug)]
pub struct NewJob<'a> {
    pub id: Uuid,
    /// Which worker does it.
    pub kind: &'a str,
    /// One job per key and kind: a second is the same work, and left out.
    pub key: &'a str,
    /// JSON.
    pub payload: &'a str,
    pub due_at: i64,
}

/// A job that is ours until its lease runs out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    pub id: Uuid,
    pub kind: String,
    pub key: String,
    pub payload: String,
    pub due_at: i64,
    /// Which attempt this is, from 1.
    pub attempts: i64,
    seq: i64,
}

impl FromRow for Job {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let (seq, id, kind, key, payload, due_at, attempts) = FromRow::from_row(row)?;
        Ok(Self { id, kind, key, payload, due_at, attempts, seq })
    }
}

/// Adds a job, unless its kind has one under that key already.
pub async fn enqueue(tx: &mut Tx, job: &NewJob<'_>) -> Result<()> {
    tx.put(ENQUEUE, args![job.id, job.kind, job.key, job.payload, job.due_at]).await
}

/// Takes up to `limit` due jobs of a kind, the longest due first. Another worker may take them when the lease has
/// run out.
pub async fn claim(tx: &mut Tx, kind: &str, now: i64, lease_ms: i64, limit: u32) -> Result<Vec<Job>> {
    let until = now.saturating_add(lease_ms);
    let mut jobs: Vec<Job> = tx.all(CLAIM, args![kind, now, until, limit]).await?;
    // RETURNING promises no order.
    jobs.sort_unstable_by_key(|job| (job.due_at, job.seq));
    Ok(jobs)
}

/// Takes this very job, if it is due and nobody else has it: for the one who waits for its outcome.
pub async fn claim_one(tx: &mut Tx, id: Uuid, now: i64, lease_ms: i64) -> Result<Option<Job>> {
    tx.optional(CLAIM_ONE, args![id, now, now.saturating_add(lease_ms)]).await
}

/// Finishes a job. `false` if it was no longer open.
pub async fn done(tx: &mut Tx, id: Uuid) -> Result<bool> {
    Ok(tx.execute(DONE, args![id]).await? == 1)
}

/// Gives a job back, to be tried again at `due_at`. `false` if it was no longer open.
pub async fn retry(tx: &mut Tx, id: Uuid, due_at: i64, error: &str) -> Result<bool> {
    Ok(tx.execute(RETRY, args![id, due_at, error]).await? == 1)
}

/// Lays a job aside for a person to look at, after too many attempts. `false` if it was no longer open.
pub async fn bury(tx: &mut Tx, id: Uuid, error: &str) -> Result<bool> {
    Ok(tx.execute(BURY, args![id, error]).await? == 1)
}

/// When the next job of each kind can be claimed, for the kinds that have one.
pub async fn next_due(tx: &mut Tx) -> Result<Vec<(String, i64)>> {
    tx.all(NEXT_DUE, args![]).await
}

/// How many jobs of each kind are open, and how many wait for a person.
pub async fn counted(tx: &mut Tx) -> Result<Vec<(String, String, i64)>> {
    tx.all(COUNTED, args![]).await
}

/// Deletes up to `limit` finished jobs that were due before `before_ms`; their keys may then be used again.
pub async fn purge(tx: &mut Tx, before_ms: i64, limit: u32) -> Result<u64> {
    tx.execute(PURGE, args![before_ms, limit]).await
}
