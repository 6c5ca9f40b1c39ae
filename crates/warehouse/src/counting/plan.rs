//! What to count next 盤點計劃: a proposal that explains itself.

use ::store::Tx;
use kernel::{Instant, SiteId};

use super::{
    CountingRefusal,
    rules::{CountProposal, propose},
    store,
};

/// Moves and differences of so many days speak for a count.
const LOOKS_BACK_MS: i64 = 7 * 86_400_000;

/// The bins of a site most worth counting, by value, velocity, risk and the time since they were counted.
pub async fn plan(tx: &mut Tx, site: SiteId, now: Instant, most: usize) -> Result<Vec<CountProposal>, CountingRefusal> {
    let candidates = store::candidates(tx, site, now.plus_millis(-LOOKS_BACK_MS)).await?;
    Ok(propose(&candidates, now, most))
}
