//! Leases: of several processes, one seals, one sweeps, one plans. The clock is the caller's.

use crate::{Result, Tx, args, sql};

sql! {
    TAKE = "INSERT INTO lease (name, holder, until_ms)
            VALUES ($1, $2, $3)
            ON CONFLICT (name) DO UPDATE
            SET holder = excluded.holder, until_ms = excluded.until_ms
            WHERE lease.holder = excluded.holder OR lease.until_ms <= $4";
    RELEASE = "DELETE FROM lease WHERE name = $1 AND holder = $2";
}

/// Takes or renews a lease; `false` if somebody else holds it.
pub async fn take(tx: &mut Tx, name: &str, holder: &str, now: i64, ttl_ms: i64) -> Result<bool> {
    let until = now.saturating_add(ttl_ms);
    Ok(tx.execute(TAKE, args![name, holder, until, now]).await? == 1)
}

/// Gives a lease up early, so that the next process need not wait for its end.
pub async fn release(tx: &mut Tx, name: &str, holder: &str) -> Result<()> {
    tx.execute(RELEASE, args![name, holder]).await.map(|_| ())
}
